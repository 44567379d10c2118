//! Values and texts where a media type has place for just one of them.
//!
//! Must not know media types.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

use super::hints::Hints;

/// A value where there is place for a text only: null is none, and what has parts is JSON.
pub(super) fn scalar(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// The bytes that a text stands for.
pub(super) fn bytes(text: &str, hints: Hints<'_>) -> Vec<u8> {
    let decoded = match hints.text("contentEncoding") {
        Some("base64url") => URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok(),
        _ => hints.is_base64().then(|| STANDARD.decode(text).ok()).flatten(),
    };
    decoded.unwrap_or_else(|| text.as_bytes().to_vec())
}
