//! A JSON value as a body of a media type, or as a header.
//!
//! Owns which values a media type can carry. Must not know how one is chosen.

use bytes::Bytes;
use http::HeaderValue;
use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::openapi::{Encoding, SchemaId, Schemas};

use super::accept::fallback;
use super::hints::Hints;
use super::kind::MediaKind;
use super::text::{bytes, scalar};
use super::{delimited, form, kind, multipart, sequence, xml};

/// A body and the `Content-Type` it is sent with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenBody {
    /// The body.
    pub body: Bytes,
    /// The media type as it was asked for; a multipart one has its boundary.
    pub content_type: HeaderValue,
}

/// Writes a value as a body of a media type, by the schema where that has something to say. A text stands for a
/// body of its own wherever the media type is not one of JSON: documents give their examples so. `None`: there is no
/// way to write this value as this type (an image or a PDF from a record), or the type cannot stand in a header.
pub fn write(
    value: &Value,
    media_type: &str,
    schema: Option<(&Schemas, SchemaId)>,
) -> Option<WrittenBody> {
    write_encoded(value, media_type, schema, &IndexMap::new())
}

/// Writes a body with what the document says of the members of a multipart body.
pub fn write_encoded(
    value: &Value,
    media_type: &str,
    schema: Option<(&Schemas, SchemaId)>,
    encodings: &IndexMap<String, Encoding>,
) -> Option<WrittenBody> {
    let media_type = fallback(media_type);
    let media_kind = MediaKind::of(media_type);
    // JSON is written as it is, whatever the schema says.
    let schema = schema.filter(|_| media_kind != MediaKind::Json);
    let hints =
        schema.map_or_else(Hints::default, |(schemas, id)| Hints::new(schemas, schemas.schema(id)));
    let mut content_type = None;
    let body = match (media_kind, value) {
        (MediaKind::Binary, Value::String(text)) => bytes(text, hints),
        (MediaKind::Binary, _) if kind::has_own_syntax(media_type) => return None,
        // A vendor's own type, or one that says nothing of its bytes: the document's words for a value are JSON.
        (MediaKind::Json | MediaKind::Binary, value) => json(value),
        (MediaKind::Xml, Value::String(text)) if text.trim_start().starts_with('<') => {
            text.clone().into_bytes()
        }
        (MediaKind::Xml, value) => {
            let name = schema.and_then(|(schemas, id)| schemas.component(schemas.schema(id)));
            let item = schema.and_then(|(schemas, _)| schemas.component(hints.items().schema()?));
            xml::write(value, hints, name.as_deref(), item.as_deref())
        }
        (MediaKind::Multipart, value) => {
            let (body, bounded) = multipart::write(value, media_type, hints, encodings)?;
            content_type = Some(bounded);
            body
        }
        (_, Value::String(text)) => text.clone().into_bytes(),
        (MediaKind::JsonLines, value) => sequence::lines(value).into_bytes(),
        (MediaKind::JsonSequence, value) => sequence::records(value).into_bytes(),
        (MediaKind::Events, value) => sequence::events(value).into_bytes(),
        (MediaKind::Form, value) => form::write(value.as_object()?).into_bytes(),
        // YAML 1.2 has all of JSON in it.
        (MediaKind::Yaml, value) => format!("{value:#}\n").into_bytes(),
        (MediaKind::Csv, value) => {
            delimited::write(value).unwrap_or_else(|| scalar(value)).into_bytes()
        }
        (MediaKind::Text, value) => scalar(value).into_bytes(),
    };
    let content_type = HeaderValue::from_str(content_type.as_deref().unwrap_or(media_type)).ok()?;
    Some(WrittenBody { body: body.into(), content_type })
}

/// What stands for a body of which the document says no more than its media type: an empty object where no bytes at all
/// would not be a body of that type. An object, for clients of JSON look for members first.
pub fn empty_value(media_type: &str) -> Option<Value> {
    match MediaKind::of(fallback(media_type)) {
        MediaKind::Json | MediaKind::Xml | MediaKind::Yaml | MediaKind::Multipart => {
            Some(Value::Object(Map::new()))
        }
        _ => None,
    }
}

/// A documented header's value in style `simple`: lists `a,b`, records `k,v`, or `k=v` where they are exploded; what
/// is nested deeper is JSON text. `None`: it cannot stand in a header, or is null.
pub fn header_text(value: &Value, explode: bool) -> Option<HeaderValue> {
    let text = match value {
        Value::Null => return None,
        Value::Array(items) => items.iter().map(scalar).collect::<Vec<_>>().join(","),
        Value::Object(members) => {
            let between = if explode { '=' } else { ',' };
            let pair = |(name, value)| format!("{name}{between}{}", scalar(value));
            members.iter().map(pair).collect::<Vec<_>>().join(",")
        }
        value => scalar(value),
    };
    HeaderValue::from_bytes(text.as_bytes()).ok()
}

/// Not by its `Display`, which takes twice as long.
fn json(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).expect("a JSON value has no keys but texts")
}
