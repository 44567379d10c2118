//! JSON text in a request.
//!
//! Must not know which part of the request it is.

use serde_json::Value;

use crate::json;

/// The text as JSON, or what is wrong with it. A leading byte order mark is ignored (RFC 8259 section 8.1); of
/// duplicate keys the last one counts; nesting ends at 128 levels, and there are bounds on numbers and values.
pub(super) fn parse_json(text: &str) -> Result<Value, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    json::read_up_to(json::VALUES_MAX, text).map_err(|error| format!("must be valid JSON: {error}"))
}
