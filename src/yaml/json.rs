//! JSON text into values with lines, at the speed of a JSON parser.
//!
//! Owns the short way for documents that are JSON. Must not know YAML.

use std::cell::Cell;
use std::{fmt, io};

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Value};

use super::lines::{LineTree, fitted};
use super::reading::ReadingNotes;
use crate::json::NUMBER;
use crate::numbers;

/// Reads a text that is one JSON value; the error is the parser's.
pub(super) fn read(
    text: &str,
    notes: &mut ReadingNotes,
) -> Result<(Value, LineTree), serde_json::Error> {
    let line = Cell::new(1);
    let mut lines = LineTree::default();
    let counting = Counting { rest: text.as_bytes(), line: &line };
    let mut deserializer = serde_json::Deserializer::from_reader(counting);
    let root =
        LinedValueSeed { line: &line, lines: &mut lines, notes }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok((root, lines))
}

/// Returns true if a text begins as a JSON list or object does, comments before it aside.
pub(super) fn begins(text: &str) -> bool {
    let mut rest = text.trim_start();
    while rest.starts_with("//") || rest.starts_with("/*") {
        rest = rest[comment_end(rest)..].trim_start();
    }
    rest.starts_with(['{', '['])
}

/// End of the comment that a text begins with.
fn comment_end(text: &str) -> usize {
    if text.starts_with("//") {
        text.find('\n').unwrap_or(text.len())
    } else {
        text[2..].find("*/").map_or(text.len(), |end| end + 4)
    }
}

/// The text without comments and trailing commas, which many tools accept; its lines stay where they are.
/// `None` if there are none.
pub(super) fn without_extras(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let end = match letter {
            '"' => string_end(rest),
            '/' if rest.starts_with("//") || rest.starts_with("/*") => 0,
            letter => letter.len_utf8(),
        };
        if end > 0 {
            if matches!(letter, '}' | ']') {
                let ended = plain.trim_end();
                if ended.ends_with(',') {
                    let comma = ended.len() - 1;
                    plain.replace_range(comma..=comma, " ");
                }
            }
            plain.push_str(&rest[..end]);
            rest = &rest[end..];
            continue;
        }
        let end = comment_end(rest);
        plain.extend(rest[..end].chars().filter(|letter| *letter == '\n'));
        rest = &rest[end..];
    }
    (plain != text).then_some(plain)
}

/// End of the string that a text begins with.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The parser takes one byte at a time and looks no further than the token at hand, so the line
/// breaks it has taken tell the line of that token.
struct Counting<'t> {
    rest: &'t [u8],
    line: &'t Cell<u32>,
}

impl io::Read for Counting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (Some((&byte, rest)), Some(slot)) = (self.rest.split_first(), buffer.first_mut())
        else {
            return Ok(0);
        };
        if byte == b'\n' || byte == b'\r' && rest.first() != Some(&b'\n') {
            self.line.set(self.line.get() + 1);
        }
        *slot = byte;
        self.rest = rest;
        Ok(1)
    }
}

struct LinedValueSeed<'r> {
    line: &'r Cell<u32>,
    lines: &'r mut LineTree,
    notes: &'r mut ReadingNotes,
}

impl<'de> DeserializeSeed<'de> for LinedValueSeed<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl LinedValueSeed<'_> {
    fn leaf(self, value: Value) -> Value {
        self.lines.open(self.line.get());
        value
    }
}

impl<'de> Visitor<'de> for LinedValueSeed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(self.leaf(Value::Null))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(self.leaf(Value::Bool(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(self.leaf(Value::from(value)))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(self.leaf(Value::from(value)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(self.leaf(Value::String(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let start = self.lines.open(self.line.get());
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(LinedValueSeed {
            line: self.line,
            lines: &mut *self.lines,
            notes: &mut *self.notes,
        })? {
            list.push(item);
        }
        self.lines.close(start);
        list.shrink_to_fit();
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let start = self.lines.open(self.line.get());
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if key == NUMBER && map.is_empty() {
                let text: String = entries.next_value()?;
                let number = text.parse().map_err(A::Error::custom)?;
                if !numbers::is_finite(&number) {
                    return Err(A::Error::custom("number out of range"));
                }
                return Ok(Value::Number(number));
            }
            let line = self.line.get();
            let child = self.lines.len();
            let value = entries.next_value_seed(LinedValueSeed {
                line: self.line,
                lines: &mut *self.lines,
                notes: &mut *self.notes,
            })?;
            match map.entry(key) {
                Entry::Vacant(slot) => {
                    self.lines.relocate(child, line);
                    slot.insert(value);
                }
                Entry::Occupied(slot) => {
                    self.lines.truncate(child);
                    self.notes.duplicate(line, slot.key());
                }
            }
        }
        self.lines.close(start);
        Ok(Value::Object(fitted(map)))
    }
}
