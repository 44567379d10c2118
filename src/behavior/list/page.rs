//! Cursors: where a page of a list ends, as a text that the caller hands back.
//!
//! Must not know lists.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value as Json, json};

use crate::store::{IndexEntry, Key, Scalar, Sorted};

/// The longest cursor that is read, in bytes.
const CURSOR_BYTES_MAX: usize = 8 * 1024;

/// A place in a list: beside a record, which need not be there any more.
#[derive(Debug, PartialEq)]
pub(super) struct Cursor {
    /// The value by which the record was ordered, where it was not by key alone.
    pub(super) value: Option<Sorted>,
    pub(super) key: Key,
    /// Whether the page before it is meant.
    pub(super) is_before: bool,
}

impl Cursor {
    /// The place beside a record; `has_order` says that the last of the entry's values is what the list is ordered by.
    pub(super) fn beside(entry: &IndexEntry, has_order: bool, is_before: bool) -> Self {
        let value = entry.values.last().filter(|_| has_order).cloned();
        Self { value, key: entry.key.clone(), is_before }
    }

    /// As a text.
    pub(super) fn write(&self) -> String {
        let parts: Vec<Json> = self.key.parts().iter().map(Scalar::to_json).collect();
        let value = self.value.as_ref().map(|value| match value {
            Sorted::Absent => json!([]),
            Sorted::Bool(truth) => json!([truth]),
            Sorted::Number(number) => json!([number]),
            Sorted::Text(text) => json!([&**text]),
            Sorted::Other => json!([[]]),
        });
        URL_SAFE_NO_PAD.encode(json!([u8::from(self.is_before), parts, value]).to_string())
    }

    /// From its text; `None` where it is none of ours.
    pub(super) fn read(text: &str) -> Option<Self> {
        if text.len() > CURSOR_BYTES_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (is_before, parts, value): (u8, Vec<Json>, Option<Vec<Json>>) =
            serde_json::from_slice(&bytes).ok()?;
        let parts = parts.iter().map(Scalar::from_json).collect::<Option<Vec<_>>>()?;
        let value = value.map(|value| Sorted::from(value.first()));
        (!parts.is_empty()).then(|| Self { value, key: Key::new(parts), is_before: is_before == 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_nothing_else_is() {
        let values =
            [None, Some(Sorted::Absent), Some(Sorted::Number(1.5)), Some(Sorted::Text("a".into()))];
        for value in values {
            let key = Key::new(vec![Scalar::from(7), Scalar::from("x")]);
            let cursor = Cursor { value, key, is_before: true };
            assert_eq!(Cursor::read(&cursor.write()).as_ref(), Some(&cursor));
        }
        for text in ["", "x", "WzBd", "W10", "WzAsW10sbnVsbF0"] {
            assert_eq!(Cursor::read(text), None, "{text}");
        }
    }
}
