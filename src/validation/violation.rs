//! A violation: one way in which a request departs from the contract, in parts that a provider can word anew.
//!
//! Must not know how violations are found.

use std::fmt::Write as _;

use http::HeaderValue;
use serde::Serialize;
use serde_json::Value;

use crate::openapi::Location;
use crate::printable::{push_json_escape, start_of};

/// Limit on the bytes of the header with all violations: it has to pass proxies that allow 8 KiB of headers.
pub const HEADER_BYTES_MAX: usize = 4096;

/// Limit on the bytes of each text of a violation: property names come from the client, and are echoed.
pub const PART_BYTES_MAX: usize = 512;

/// Maximum number of violations collected: more would not help, and a body of commas could hold a million.
pub const VIOLATIONS_MAX: usize = 100;

/// One way in which a request departs from the contract.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Violation {
    /// Which part of the request; `in` when serialized, as in `OpenAPI`.
    #[serde(rename = "in")]
    pub location: MessagePart,
    /// JSON Pointer to the value it is about, inside the body or the parameter's value. A missing or unexpected
    /// property is about the object that lacks or has it.
    pub pointer: String,
    /// The name that a user would say: `force`, `data.organizationIds[0]`. Empty for the body as a whole.
    pub field: String,
    /// What was not kept: a JSON Schema keyword, or one of `parse`, `media_type`, `body_required`, `too_large`,
    /// `content_encoding`, `encoding` and `style`; `schema` where it was not found which,
    /// and `left_out` for what says that there are more violations.
    pub keyword: String,
    /// Value of the keyword: a type's name, a limit, a pattern, the allowed values.
    pub expected: Option<Value>,
    /// A sentence without its subject: `must be a boolean`.
    pub text: String,
    /// The parameter that the value is of; empty for a body. `field` joins it with what is inside, and cannot be taken
    /// apart again where names have dots or brackets.
    #[serde(skip)]
    pub parameter: String,
    /// The property that the value at `pointer` lacks, or has and may not have.
    #[serde(skip)]
    pub property: Option<String>,
}

/// The part of a request that a violation is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MessagePart {
    /// A path parameter.
    Path,
    /// A query parameter.
    Query,
    /// A header.
    Header,
    /// A cookie.
    Cookie,
    /// The body.
    Body,
    /// The body of the answer: a documented example that does not fit its schema.
    Response,
}

impl MessagePart {
    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
            Self::Body => "body",
            Self::Response => "response",
        }
    }

    /// Returns true if it is a body, of the request or of the answer; all else are parameters.
    pub const fn is_body(self) -> bool {
        matches!(self, Self::Body | Self::Response)
    }
}

/// When a provider judges a violation, next to its credentials check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViolationStage {
    /// The body as such: readable, of the right type and size, and its outermost value.
    Envelope,
    /// A value inside the body.
    Body,
    /// A parameter.
    Parameters,
}

impl From<Location> for MessagePart {
    fn from(location: Location) -> Self {
        match location {
            Location::Path => Self::Path,
            Location::Query => Self::Query,
            Location::Header => Self::Header,
            Location::Cookie => Self::Cookie,
        }
    }
}

impl Violation {
    /// A violation about a whole parameter or body.
    pub(crate) fn new(
        location: MessagePart,
        field: &str,
        keyword: &str,
        expected: Option<Value>,
        text: impl Into<String>,
    ) -> Self {
        let field = bounded(field.to_owned());
        Self {
            location,
            pointer: String::new(),
            parameter: if location.is_body() { String::new() } else { field.clone() },
            field,
            keyword: bounded(keyword.to_owned()),
            expected,
            text: bounded(text.into()),
            property: None,
        }
    }

    /// The keys under which a table of messages is asked for its wording, the most specific first.
    pub fn message_keys(&self) -> Vec<String> {
        let mut keys = Vec::with_capacity(3);
        if matches!(self.keyword.as_str(), "type" | "format") {
            let named = match &self.expected {
                Some(Value::String(name)) => Some(name.as_str()),
                Some(Value::Array(names)) => {
                    names.iter().filter_map(Value::as_str).find(|name| *name != "null")
                }
                _ => None,
            };
            keys.extend(named.map(|name| format!("{}.{name}", self.keyword)));
        }
        keys.push(self.keyword.clone());
        keys.push("default".to_owned());
        keys
    }

    /// When a provider judges it.
    pub fn stage(&self) -> ViolationStage {
        match self.location {
            MessagePart::Body if self.pointer.is_empty() => ViolationStage::Envelope,
            MessagePart::Body | MessagePart::Response => ViolationStage::Body,
            MessagePart::Path | MessagePart::Query | MessagePart::Header | MessagePart::Cookie => {
                ViolationStage::Parameters
            }
        }
    }
}

/// All violations as a JSON array in ASCII. What does not fit is left off at the end, and a last element says
/// how many: `{"left_off":3}`.
pub fn violations_header(violations: &[Violation]) -> HeaderValue {
    json_header(violations)
}

/// A list as a JSON array in ASCII, in the bounds of [`violations_header`].
pub fn json_header<T: Serialize>(items: &[T]) -> HeaderValue {
    const LEFT_OFF_BYTES_MAX: usize = "{\"left_off\":18446744073709551615}]".len();
    let mut text = String::from("[");
    for (index, item) in items.iter().enumerate() {
        let before = text.len();
        if index > 0 {
            text.push(',');
        }
        push_ascii_json(&mut text, item);
        let is_last = index + 1 == items.len();
        let reserved = if is_last { 1 } else { LEFT_OFF_BYTES_MAX + 1 };
        if text.len() + reserved > HEADER_BYTES_MAX {
            text.truncate(before);
            let comma = if index > 0 { "," } else { "" };
            let _ = write!(text, "{comma}{{\"left_off\":{}}}", items.len() - index);
            break;
        }
    }
    text.push(']');
    // All but printable ASCII is escaped, so this never falls back.
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("[]"))
}

/// Appends JSON whose strings hold printable ASCII only.
fn push_ascii_json(text: &mut String, item: &impl Serialize) {
    let json = serde_json::to_string(item).expect("it holds nothing but JSON");
    if json.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        text.push_str(&json);
        return;
    }
    for character in json.chars() {
        match character {
            ' '..='~' => text.push(character),
            _ => push_json_escape(text, character),
        }
    }
}

/// The text, cut at [`PART_BYTES_MAX`].
pub(crate) fn bounded(mut text: String) -> String {
    const CUT: &str = "…";
    if text.len() > PART_BYTES_MAX {
        text.truncate(start_of(&text, PART_BYTES_MAX - CUT.len()).len());
        text.push_str(CUT);
    }
    text
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn violation(field: &str) -> Violation {
        Violation::new(
            MessagePart::Query,
            field,
            "type",
            Some(Value::from("boolean")),
            "must be a boolean",
        )
    }

    fn header(violations: &[Violation]) -> String {
        violations_header(violations).to_str().unwrap().to_owned()
    }

    #[test]
    fn the_header_is_json_in_ascii() {
        expect![[
            r#"[{"in":"query","pointer":"","field":"f\u00f6rce\ud83d\ude00\u007f\n","keyword":"type","expected":"boolean","text":"must be a boolean"}]"#
        ]]
        .assert_eq(&header(&[violation("förce😀\u{7f}\n")]));
        expect!["[]"].assert_eq(&header(&[]));
    }

    #[test]
    fn what_does_not_fit_the_header_is_counted() {
        let many = vec![violation("force"); 100];
        let text = header(&many);
        assert!(text.len() <= HEADER_BYTES_MAX, "{}", text.len());
        let entries: Vec<Value> = serde_json::from_str(&text).unwrap();
        expect![[r#"{"left_off":63} after 37"#]].assert_eq(&format!(
            "{} after {}",
            entries.last().unwrap(),
            entries.len() - 1
        ));
        let long = vec![violation(&"\u{1}".repeat(9999)); 2];
        let entries: Vec<Value> = serde_json::from_str(&header(&long)).unwrap();
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[1], json!({ "left_off": 1 }));
    }

    #[test]
    fn messages_are_looked_up_by_the_type_first() {
        let mut violation = violation("force");
        assert_eq!(violation.message_keys(), ["type.boolean", "type", "default"]);
        violation.expected = Some(json!(["null", "integer"]));
        assert_eq!(violation.message_keys(), ["type.integer", "type", "default"]);
        violation.keyword = "required".to_owned();
        assert_eq!(violation.message_keys(), ["required", "default"]);
    }

    #[test]
    fn stages_tell_the_envelope_from_what_is_in_it() {
        let mut violation = violation("force");
        assert_eq!(violation.stage(), ViolationStage::Parameters);
        violation.location = MessagePart::Body;
        assert_eq!(violation.stage(), ViolationStage::Envelope);
        violation.pointer = "/data".to_owned();
        assert_eq!(violation.stage(), ViolationStage::Body);
    }

    proptest! {
        #[test]
        fn the_header_is_always_json_and_bounded(fields in prop::collection::vec(".{0,80}", 0..80)) {
            let violations: Vec<Violation> =
                fields.iter().map(|field| violation(field)).collect();
            let text = header(&violations);
            prop_assert!(text.len() <= HEADER_BYTES_MAX);
            prop_assert!(serde_json::from_str::<Vec<Value>>(&text).is_ok());
        }
    }
}
