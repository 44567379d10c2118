//! Media types of answers.
//!
//! Must not know which operation answers.
use crate::openapi::SchemaId;
use crate::openapi::Schemas;
use bytes::Bytes;
use http::HeaderMap;
use http::HeaderValue;
use serde_json::Value;
#[derive(Debug)]
pub enum Choice<'o> {
    Of(&'o str),
    Anything,
    None,
}
pub fn choose<'o>(accept: &HeaderMap, offered: impl IntoIterator<Item = &'o str>) -> Choice<'o> {
    let Some(a) = accept.get("accept").and_then(|a| a.to_str().ok()) else {
        return Choice::Anything;
    };
    if a.contains("*/*") {
        return Choice::Anything;
    }
    offered.into_iter().find(|o| a.contains(*o)).map_or(Choice::None, Choice::Of)
}
pub fn concrete(_offered: &str, _asked: Option<&HeaderMap>) -> String {
    "application/json".to_owned()
}
pub fn is_json(name: &str) -> bool {
    name.contains("json")
}
#[derive(Debug)]
pub struct Written {
    pub body: Bytes,
    pub content_type: HeaderValue,
}
pub fn write(
    value: &Value,
    media_type: &str,
    _schema: Option<(&Schemas, SchemaId)>,
) -> Option<Written> {
    Some(Written {
        body: value.to_string().into(),
        content_type: HeaderValue::from_str(media_type).ok()?,
    })
}
pub fn header_text(value: &Value, _explode: bool) -> Option<HeaderValue> {
    HeaderValue::from_str(&value.as_str().map_or_else(|| value.to_string(), str::to_owned)).ok()
}
