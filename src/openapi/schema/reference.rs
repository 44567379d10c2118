//! References between schemas: their texts, and what they lead to in a lowered document.
//!
//! Must not know how a document's own references were found: those of a lowered one are JSON Pointers.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::pointer::Pointed;

use super::keywords::parts_of_same_value;

/// References one after the other that are followed: loading cuts circles and longer chains.
pub(crate) const CHAIN_MAX: usize = 64;

/// Where the lowered document is for its own references; nothing is ever fetched from there.
///
/// With this scheme, which is that of documents without a URI, a validator does not keep one for each of its keywords:
/// they are a third of it.
pub(crate) const DOCUMENT_URI: &str = "json-schema:///document";

/// Characters that a URI must escape, in its path and query too, but for `%` (RFC 3986, section 2).
pub(crate) const NOT_IN_URI: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Characters that a fragment written from a text must escape (section 3.5).
const FRAGMENT: &AsciiSet = &NOT_IN_URI.add(b'#').add(b'%');

/// A JSON Pointer as the fragment of a reference.
pub(crate) fn fragment(pointer: &str) -> String {
    format!("#{}", utf8_percent_encode(pointer, FRAGMENT))
}

/// A reference in a lowered document, the other way around: its fragment as a JSON Pointer.
pub(crate) fn target(reference: &str) -> Option<String> {
    let encoded = reference.strip_prefix('#')?;
    Some(percent_decode_str(encoded).decode_utf8().ok()?.into_owned())
}

/// The text of the reference that stands in the place of a value. A property that is named `$ref` has a schema as its
/// value and no text, so it is none.
pub(crate) fn reference(value: &Value) -> Option<&str> {
    value.as_object()?.get("$ref")?.as_str()
}

/// The JSON Pointer that a schema's `$ref` leads to.
pub(crate) fn target_of(schema: &Map<String, Value>) -> Option<String> {
    target(schema.get("$ref")?.as_str()?)
}

/// A schema with the references at its top followed, and where it is.
pub(crate) fn follow<'r>(root: &'r Value, pointer: &str) -> (String, &'r Value) {
    let mut at = pointer.to_owned();
    let mut schema = root.find_at(pointer).unwrap_or(&Value::Null);
    // Circles and longer chains are cut before anything is served.
    for _ in 0..=CHAIN_MAX {
        let Some(next) = reference(schema).and_then(target) else { break };
        let Some(found) = root.find_at(&next) else { break };
        (at, schema) = (next, found);
    }
    (at, schema)
}

/// The references that a schema applies to the very value it is applied to itself: holder and target of each.
pub(crate) fn steps(root: &Value, pointer: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open: Vec<(String, &Value)> = Vec::new();
    open.extend(root.find_at(pointer).map(|schema| (pointer.to_owned(), schema)));
    while let Some((pointer, schema)) = open.pop() {
        let Value::Object(map) = schema else { continue };
        open.extend(parts_of_same_value(map).map(|part| (part.pointer(&pointer), part.schema)));
        found.extend(target_of(map).map(|to| (pointer, to)));
    }
    found
}

/// A URI reference against its base, as far as identifiers of schemas need it.
pub(crate) fn join(base: &str, reference: &str) -> String {
    let absolute = reference.split_once(':').is_some_and(|(scheme, _)| !scheme.contains('/'));
    if absolute || base.is_empty() {
        return reference.trim_start_matches("./").to_owned();
    }
    if reference.starts_with('/') {
        let authority = base.find("://").map_or(0, |at| at + 3);
        let end = base[authority..].find('/').map_or(base.len(), |at| authority + at);
        return format!("{}{reference}", &base[..end]);
    }
    let folder = base.rfind('/').map_or("", |at| &base[..=at]);
    format!("{folder}{}", reference.trim_start_matches("./"))
}
