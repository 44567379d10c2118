//! What the service itself writes into records: times, and marks of what was deleted.
//!
//! Must not know which operation writes.

use serde_json::{Map, Value};

use crate::infer::shape::{ObjectShape, said};
use crate::infer::words::words;
use crate::openapi::{Schemas, Types};

/// Words by which a property says when a record was made.
const CREATED: [&str; 4] = ["created", "creation", "inserted", "createdat"];

/// Words by which a property says when a record was changed.
const UPDATED: [&str; 6] =
    ["updated", "modified", "changed", "update", "modification", "updatedat"];

/// From here on, a number of a time is of milliseconds.
const MILLISECONDS_FROM: f64 = 1e11;

/// Which change a property tells the time of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stamp {
    Created,
    Updated,
}

/// The template of the time that a property tells, and of what; `None` where it tells none.
pub(super) fn template_of_time(
    schemas: &Schemas,
    name: &str,
    schema: &Value,
    example: Option<&Value>,
) -> Option<(Stamp, &'static str)> {
    let words = words(name);
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    let stamp = if has(&UPDATED) {
        Stamp::Updated
    } else if has(&CREATED) {
        Stamp::Created
    } else {
        return None;
    };
    let template = time(schemas, schema, example)?;
    // `created_by` and `update_count` tell no time.
    let is_of_other = words.last().is_some_and(|last| {
        matches!(last.as_str(), "by" | "count" | "id" | "user" | "total" | "reason" | "from")
    });
    (!is_of_other).then_some((stamp, template))
}

/// The template of the time that it is, as a property of a time has it; `None` of any other.
pub(super) fn time(
    schemas: &Schemas,
    schema: &Value,
    example: Option<&Value>,
) -> Option<&'static str> {
    let types = schemas.types(schema);
    let format = said(schemas, schema, "format").and_then(Value::as_str);
    let is_text = types & Types::STRING != Types::NONE && types != Types::ANY;
    match format {
        Some("date-time") if is_text => Some("{{ now }}"),
        Some("date") if is_text => Some("{{ now | date('%F') }}"),
        None if types & Types::INTEGER != Types::NONE && types & Types::STRING == Types::NONE => {
            Some(epoch(example))
        }
        Some("int64" | "unix-time" | "timestamp" | "int32")
            if types & Types::INTEGER != Types::NONE =>
        {
            Some(epoch(example))
        }
        None if is_text && example.and_then(Value::as_str).is_some_and(is_time) => {
            Some("{{ now }}")
        }
        _ => None,
    }
}

fn epoch(example: Option<&Value>) -> &'static str {
    match example.and_then(Value::as_f64) {
        Some(number) if number >= MILLISECONDS_FROM => "{{ now | epoch_ms }}",
        _ => "{{ now | epoch }}",
    }
}

fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 19
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && bytes[10] == b'T'
        && bytes[13] == b':'
}

/// The times that are written when a record is made, or when it is changed: those that the request does not say.
pub(super) fn stamps(
    schemas: &Schemas,
    shape: &ObjectShape<'_>,
    sent: Option<&ObjectShape<'_>>,
    record: &Map<String, Value>,
    is_new: bool,
) -> Map<String, Value> {
    let unsent = shape.properties.iter().filter(|(name, property)| {
        !property.is_write_only && sent.is_none_or(|sent| sent.get(name).is_none())
    });
    let stamped = unsent.filter_map(|(name, property)| {
        let (stamp, template) =
            template_of_time(schemas, name, property.schema, record.get(*name))?;
        (is_new || stamp == Stamp::Updated).then(|| ((*name).to_owned(), template.into()))
    });
    stamped.collect()
}

/// Whether a property marks records that are deleted or put aside: a new one has no such mark.
pub(super) fn is_marker(name: &str) -> bool {
    let words = words(name);
    ["deleted", "archived", "removed", "disabled", "revoked", "expired"]
        .iter()
        .any(|mark| words.iter().any(|word| word == mark))
}
