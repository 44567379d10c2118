//! Bodies that are one value after the other, as the list that a schema is asked of.
//!
//! Must not know schemas.

use serde_json::{Map, Value};

use super::json_text::parse_json;

/// Format of a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SequenceFormat {
    /// One JSON text a line.
    Lines,
    /// JSON texts after record separators (RFC 7464).
    Records,
    /// Server-sent events, <https://html.spec.whatwg.org/multipage/server-sent-events.html>.
    Events,
}

impl SequenceFormat {
    /// The format of a media type without parameters, if it is one of sequences.
    pub(super) fn of(essence: &str) -> Option<Self> {
        Some(match essence {
            "application/jsonl"
            | "application/ndjson"
            | "application/x-ndjson"
            | "application/x-jsonlines"
            | "application/json-lines" => Self::Lines,
            "text/event-stream" => Self::Events,
            "application/json-seq" => Self::Records,
            other if other.ends_with("+json-seq") => Self::Records,
            _ => return None,
        })
    }

    /// The list of values; the error says what is wrong with the body as a whole.
    pub(super) fn read(self, text: &str) -> Result<Value, String> {
        let pieces: Vec<&str> = match self {
            Self::Events => return Ok(events(text)),
            Self::Lines => text.lines().collect(),
            Self::Records => text.split('\u{1e}').collect(),
        };
        let pieces = pieces.into_iter().enumerate();
        let pieces = pieces.filter(|(_, piece)| !piece.trim().is_empty());
        let value = |(number, piece)| {
            let place = if self == Self::Lines { number + 1 } else { number };
            let name = if self == Self::Lines { "line" } else { "record" };
            parse_json(piece).map_err(|text| format!("{text}, in {name} {place}"))
        };
        pieces.map(value).collect::<Result<Vec<Value>, String>>().map(Value::Array)
    }
}

/// The events of a stream, each with the fields that it has; comments and other fields are passed over.
fn events(text: &str) -> Value {
    let mut found = Vec::new();
    let mut event = Map::new();
    for line in text.split('\n').map(|line| line.trim_end_matches('\r')).chain([""]) {
        if line.is_empty() {
            if event.contains_key("data") {
                found.push(Value::Object(std::mem::take(&mut event)));
            }
            event.clear();
            continue;
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match (name, event.get_mut("data")) {
            ("data", Some(Value::String(data))) => {
                data.push('\n');
                data.push_str(value);
            }
            ("data" | "event" | "id", _) => drop(event.insert(name.to_owned(), value.into())),
            ("retry", _) => {
                if let Ok(retry) = value.parse::<u64>() {
                    event.insert(name.to_owned(), retry.into());
                }
            }
            _ => {}
        }
    }
    Value::Array(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_sequence_is_the_list_of_its_values() {
        for (media_type, text, expected) in [
            ("application/jsonl", "{\"a\":1}\n\n2\r\n", Ok(json!([{"a": 1}, 2]))),
            ("application/jsonl", "1\n{", Err("line 2")),
            ("application/x-ndjson", "", Ok(json!([]))),
            ("application/json-seq", "\u{1e}{\n\"a\":1}\n\u{1e}2\n", Ok(json!([{"a": 1}, 2]))),
            ("application/geo+json-seq", "\u{1e}1\n\u{1e}x", Err("record 2")),
            (
                "text/event-stream",
                "event: a\ndata: one\ndata: two\nretry: 5\n\nid:7\nother: x\n: note\ndata:{}\n\nid: 8\n\n",
                Ok(
                    json!([{"event": "a", "data": "one\ntwo", "retry": 5}, {"id": "7", "data": "{}"}]),
                ),
            ),
        ] {
            let read = SequenceFormat::of(media_type).unwrap().read(text);
            match expected {
                Ok(expected) => assert_eq!(read, Ok(expected), "{text}"),
                Err(place) => assert!(read.unwrap_err().ends_with(place), "{text}"),
            }
        }
        assert_eq!(SequenceFormat::of("application/json"), None);
    }
}
