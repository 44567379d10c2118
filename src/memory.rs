//! About how much memory JSON takes: what accounts and bounds of memory go by.
//!
//! Must not know what the JSON means.

use serde_json::{Map, Value};

/// Bytes of a member of an object beside its name and value: a place in a map that keeps their order.
const MEMBER_BYTES: usize = size_of::<(usize, String, Value)>() + 2 * size_of::<usize>();

/// Heap bytes of a value.
pub fn value_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        // Kept as it is written.
        Value::Number(number) => number.as_str().len(),
        Value::Array(items) => {
            items.iter().map(|item| size_of::<Value>() + value_bytes(item)).sum()
        }
        Value::Object(members) => members_bytes(members),
        _ => 0,
    }
}

/// Heap bytes of the members of an object.
pub fn members_bytes(members: &Map<String, Value>) -> usize {
    members.iter().map(|(name, value)| MEMBER_BYTES + name.len() + value_bytes(value)).sum()
}
