//! Lists and values in the words of a verdict, shortened.
//!
//! Must not know what they are of.

use serde_json::Value;

use crate::printable;

/// How many keys or requests one text names.
pub(super) const SHOWN_MAX: usize = 10;

/// How much of a value one text quotes, in characters.
const VALUE_CHARS_MAX: usize = 60;

/// The first of a list, and how many more there are.
pub(super) fn shown_list(items: impl Iterator<Item = String>, count_max: usize) -> String {
    let mut items: Vec<String> = items.collect();
    let more = items.len().saturating_sub(count_max);
    items.truncate(count_max);
    let shown = items.join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

/// A text as it is, another value as JSON; the start of a long one.
pub(super) fn shown_value(value: &Value) -> String {
    match value {
        Value::String(text) => shown_text(text),
        other => shown_text(&other.to_string()),
    }
}

pub(super) fn shown_text(text: &str) -> String {
    printable::shown(text, VALUE_CHARS_MAX)
}
