//! A list one item after the other: JSON lines, JSON text sequences, server-sent events.
//!
//! Must not know schemas.

use serde_json::{Map, Value};

use super::text::scalar;

/// The fields of an event.
const FIELDS: [&str; 4] = ["event", "id", "retry", "data"];

/// The items of a list, or the one that something else is.
fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        one => std::slice::from_ref(one),
    }
}

/// One JSON text a line.
pub(super) fn lines(value: &Value) -> String {
    items(value).iter().flat_map(|item| [item.to_string(), "\n".to_owned()]).collect()
}

/// JSON texts between record separators and line feeds (RFC 7464 section 2.2).
pub(super) fn records(value: &Value) -> String {
    items(value)
        .iter()
        .flat_map(|item| ["\u{1e}".to_owned(), item.to_string(), "\n".to_owned()])
        .collect()
}

/// Each item as an event: a record that has `data` and beside it only what events have is one, else it is the data.
pub(super) fn events(value: &Value) -> String {
    items(value).iter().map(event).collect()
}

fn event(item: &Value) -> String {
    let is_event = |members: &&Map<String, Value>| {
        members.contains_key("data") && members.keys().all(|name| FIELDS.contains(&name.as_str()))
    };
    let mut text = String::new();
    match item.as_object().filter(is_event) {
        Some(members) => {
            for name in FIELDS {
                let value = members.get(name).filter(|value| !value.is_null());
                text.extend(value.map(|value| field(name, value)));
            }
        }
        None => text = field("data", item),
    }
    text + "\n"
}

/// A field for each line of a text: a line break would end it.
fn field(name: &str, value: &Value) -> String {
    let text = scalar(value).replace("\r\n", "\n").replace('\r', "\n");
    text.split('\n').flat_map(|line| [name, ": ", line, "\n"]).collect()
}
