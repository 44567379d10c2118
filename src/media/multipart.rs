//! A value in parts, `multipart/*` (RFC 2046 section 5.1, and RFC 7578 for forms).
//!
//! Owns the boundary. Must not know other media types than those of its parts.

use std::fmt::Write as _;

use indexmap::IndexMap;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::openapi::Encoding;

use super::accept::fallback;
use super::hints::Hints;
use super::kind::{essence, parts};
use super::text::{bytes, scalar};

/// Bytes of the hash that are in a boundary: 128 bits occur nowhere else, and a boundary has 70 characters at most.
const BOUNDARY_BYTES: usize = 16;

/// A part: its fields and its content.
struct WrittenPart {
    head: String,
    content: Vec<u8>,
}

/// The body, and the media type with its boundary. A record has a part for each member, a list for each item; `None`
/// for all else, which has no parts.
pub(super) fn write(
    value: &Value,
    media_type: &str,
    hints: Hints<'_>,
    encodings: &IndexMap<String, Encoding>,
) -> Option<(Vec<u8>, String)> {
    let named = essence(media_type) == "multipart/form-data";
    let mut body_parts = Vec::new();
    match value {
        Value::Object(members) => {
            for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
                let hints = hints.property(name);
                let encoding = encodings.get(name);
                let asked = encoding.and_then(|encoding| encoding.content_types.first());
                let asked = asked.map(|asked| fallback(asked)).filter(|asked| is_field(asked));
                let name = named.then_some(name.as_str());
                let style = encoding.and_then(|encoding| encoding.style);
                match value {
                    Value::Array(items) if style.is_some_and(|(_, explode)| !explode) => {
                        let separator = style.map_or(",", |(style, _)| style.separator().0);
                        let joined = items.iter().map(scalar).collect::<Vec<_>>().join(separator);
                        body_parts.push(part(name, &joined.into(), hints, asked));
                    }
                    Value::Array(items) => {
                        let hints = hints.items();
                        body_parts.extend(items.iter().map(|item| part(name, item, hints, asked)));
                    }
                    value => body_parts.push(part(name, value, hints, asked)),
                }
            }
        }
        // The parts of a form have names.
        Value::Array(items) if !named => {
            body_parts.extend(items.iter().map(|item| part(None, item, hints.items(), None)));
        }
        _ => return None,
    }
    let boundary = boundary(&body_parts);
    let mut body = Vec::new();
    for WrittenPart { head, content } in body_parts {
        body.extend_from_slice(format!("--{boundary}\r\n{head}\r\n").as_bytes());
        body.extend_from_slice(&content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Some((body, bounded(media_type, &boundary)))
}

/// A part, of the media type that is asked for, else of one that suits its value.
fn part(name: Option<&str>, value: &Value, hints: Hints<'_>, asked: Option<&str>) -> WrittenPart {
    let (media_type, content) = match value {
        Value::String(text) if hints.is_binary() => {
            let media_type = hints.text("contentMediaType").filter(|text| is_field(text));
            (media_type.unwrap_or("application/octet-stream"), bytes(text, hints))
        }
        Value::Array(_) | Value::Object(_) => ("application/json", scalar(value).into_bytes()),
        value => ("text/plain; charset=utf-8", scalar(value).into_bytes()),
    };
    let media_type = asked.unwrap_or(media_type);
    let is_file = hints.is_binary() && value.is_string();
    let mut head = String::new();
    if let Some(name) = name {
        let name = quoted(name);
        let file = if is_file { format!("; filename={name}") } else { String::new() };
        head = format!("Content-Disposition: form-data; name={name}{file}\r\n");
    }
    head = format!("{head}Content-Type: {media_type}\r\n");
    WrittenPart { head, content }
}

/// A name as browsers write it, <https://html.spec.whatwg.org/multipage/form-control-infrastructure.html>, "escape a
/// multipart form data name".
fn quoted(name: &str) -> String {
    let name = name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
    format!("\"{name}\"")
}

/// Returns true if a document's text can stand in a field.
fn is_field(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// A text that the parts make and do not contain: to contain their own hash, they would have to be made for it.
fn boundary(parts: &[WrittenPart]) -> String {
    let mut hash = Sha256::new();
    for WrittenPart { head, content } in parts {
        hash.update(head);
        hash.update(content);
    }
    let mut boundary = "tombstone-".to_owned();
    for byte in hash.finalize().iter().take(BOUNDARY_BYTES) {
        write!(boundary, "{byte:02x}").expect("writing into memory does not fail");
    }
    boundary
}

/// The media type with this boundary, and with no other.
fn bounded(media_type: &str, boundary: &str) -> String {
    let is_other = |piece: &&str| {
        let name = piece.split('=').next().unwrap_or_default();
        !piece.is_empty() && !name.trim().eq_ignore_ascii_case("boundary")
    };
    let kept: Vec<&str> = parts(media_type, ';').filter(is_other).collect();
    format!("{}; boundary={boundary}", kept.join("; "))
}
