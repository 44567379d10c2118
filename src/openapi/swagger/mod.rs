//! Swagger 2.0 (<https://spec.openapis.org/oas/v2.0.html>) as the `OpenAPI` 3 that it means, before it is read.
//!
//! Owns which part of the one becomes which of the other; each keeps its place in the file. Must not know what schemas
//! say, nor what is read out of the parts.

mod body;
mod conversion;
mod document;
mod media;
mod parameters;
mod paths;
mod places;
mod responses;
mod security;
mod servers;

use serde_json::Value;

use crate::finding::Finding;
use crate::yaml::Document;
use conversion::Conversion;

/// Key of a document that was converted.
const CONVERTED: &str = "x-tombstone-converted";

/// Returns true if a document is one of Swagger 2.0 as it is written.
pub(super) fn is_written(root: &Value) -> bool {
    let is_second = |name: &str| root.get(name).is_some_and(|version| major(version) == "2");
    let is_named = is_second("openapi") || is_second("swagger") && root.get("openapi").is_none();
    is_named && !is_converted(root)
}

/// Returns true if a document is one of Swagger 2.0 in the shape of `OpenAPI` 3.
pub(super) fn is_converted(root: &Value) -> bool {
    root.get(CONVERTED).is_some()
}

/// The first number of a version.
fn major(version: &Value) -> String {
    let text = version.as_str().map_or_else(|| version.to_string(), str::to_owned);
    text.split('.').next().unwrap_or_default().trim().to_owned()
}

/// Brings a Swagger 2.0 document into the shape of `OpenAPI` 3, in which it is read. Its lines and pointers stay those of
/// the file. Any other document is handed back as it is.
pub fn converted(document: Document, findings: &mut Vec<Finding>) -> Document {
    if !is_written(document.root()) {
        return document;
    }
    let written = document.root().clone();
    let mut conversion = Conversion::new(&written);
    let part = conversion.document(document.into_part());
    let part = conversion.elsewhere(part);
    let Conversion { findings: mut found, moved, .. } = conversion;
    let mut document = Document::of_part(part);
    places::lead(document.root_mut(), &written, &moved);
    found.sort_by(|a, b| (&a.file, a.line, &a.message).cmp(&(&b.file, b.line, &b.message)));
    found.dedup();
    findings.append(&mut found);
    document
}
