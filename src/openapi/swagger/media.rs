//! `consumes` and `produces`: media types, and where each is named.
//!
//! Must not know what is sent in them.

use serde_json::Value;

use super::conversion::Conversion;
use crate::yaml::{Origin, Part};

/// Media types and where they are named.
pub(super) type MediaTypes = Vec<(String, Origin)>;

/// The media type of what names none.
pub(super) const JSON: &str = "application/json";
/// The media type of files that name none.
pub(super) const BYTES: &str = "application/octet-stream";
/// The media type of form fields.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";
/// The media type of form fields with files among them.
pub(super) const MULTIPART: &str = "multipart/form-data";

impl Conversion<'_> {
    /// The media types of a `consumes` or `produces`, if it is there.
    pub(super) fn media_types(&mut self, part: Option<Part>) -> Option<MediaTypes> {
        let part = part.filter(|part| !part.value().is_null())?;
        let origin = part.origin().clone();
        let items = match part.items() {
            Ok(items) => items,
            Err(part) => {
                let name = part.value().as_str().map(str::to_owned);
                let message = "the media types are not a list";
                self.warn(&origin, message, "write a list of texts such as `application/json`");
                return Some(name.into_iter().map(|name| (name, origin.clone())).collect());
            }
        };
        let mut found = MediaTypes::new();
        for item in items {
            let origin = item.origin().clone();
            match item.value() {
                Value::String(name) if found.iter().all(|(known, _)| known != name) => {
                    found.push((name.clone(), origin));
                }
                Value::String(_) => {}
                _ => self.warn(
                    &origin,
                    "a media type is not a text and is left out",
                    "write `application/json`",
                ),
            }
        }
        Some(found)
    }
}

/// Media types, or one that follows from a place where there are none.
pub(super) fn or_default(types: &MediaTypes, default: &str, origin: &Origin) -> MediaTypes {
    if types.is_empty() { vec![(default.to_owned(), origin.clone())] } else { types.clone() }
}

/// Returns true if form fields are sent in a media type.
pub(super) fn is_of_forms(name: &str) -> bool {
    matches!(&*essence(name), FORM | MULTIPART)
}

/// Returns true if the two name the same media types in the same order.
pub(super) fn are_alike(one: &MediaTypes, other: &MediaTypes) -> bool {
    one.iter().map(|(name, _)| name).eq(other.iter().map(|(name, _)| name))
}

/// A media type without its parameters.
pub(super) fn essence(name: &str) -> String {
    name.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}
