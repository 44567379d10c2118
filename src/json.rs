//! JSON text, read into values that take no more memory than they need.
//!
//! A list or a map of `serde_json` grows in steps and keeps what it has grown to, by which a body of `[0],[0],…` takes
//! a hundred times its size. Must not know where texts come from.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Error, Map, Number, Value};

use crate::numbers;

/// How the parser hands over a number that is not an integer of 64 bits: as a map from this to its text.
pub(crate) const NUMBER: &str = "$serde_json::private::Number";

/// The most values that are read of a request's body: each takes some hundred bytes in memory, and two in the text.
pub(crate) const VALUES_MAX: usize = 2_000_000;

/// How deep what a sandbox has nests: the state of one is read to 128 levels, of which some are around its records,
/// settings and faults. A rule can put a record into itself with each request.
const KEPT_DEPTH_MAX: usize = 100;

/// Number of values in one.
pub(crate) fn count(value: &Value) -> usize {
    match value {
        Value::Object(map) => 1 + map.values().map(count).sum::<usize>(),
        Value::Array(items) => 1 + items.iter().map(count).sum::<usize>(),
        _ => 1,
    }
}

/// Why these members of a record, settings or a fault cannot be kept: they nest deeper than can be saved and read again.
pub(crate) fn too_deep<'v>(members: impl IntoIterator<Item = &'v Value>) -> Option<String> {
    let is_deep = members.into_iter().any(|value| is_deeper(value, KEPT_DEPTH_MAX));
    is_deep.then(|| format!("it nests deeper than {KEPT_DEPTH_MAX} levels"))
}

fn is_deeper(value: &Value, levels: usize) -> bool {
    match value {
        Value::Object(_) | Value::Array(_) if levels == 0 => true,
        Value::Object(members) => members.values().any(|value| is_deeper(value, levels - 1)),
        Value::Array(items) => items.iter().any(|value| is_deeper(value, levels - 1)),
        _ => false,
    }
}

/// Reads one value. Of equal keys the last one counts, nesting ends at 128 levels, and a number has a double near it.
pub(crate) fn read(text: &str) -> Result<Value, Error> {
    read_up_to(usize::MAX, text)
}

/// Reads one value that has at most this number of values in it.
pub(crate) fn read_up_to(values_max: usize, text: &str) -> Result<Value, Error> {
    let mut parser = serde_json::Deserializer::from_str(text);
    let mut open = OpenValues { values_max, ..OpenValues::default() };
    let value = ValueSeed { open: &mut open }.deserialize(&mut parser)?;
    parser.end()?;
    Ok(value)
}

/// The elements and members that are read of lists and maps that have not ended, the innermost last.
#[derive(Default)]
struct OpenValues {
    elements: Vec<Value>,
    members: Vec<(String, Value)>,
    /// Number of nested values that have been read.
    values: usize,
    values_max: usize,
}

impl OpenValues {
    /// Counts one value more.
    fn count<E: serde::de::Error>(&mut self) -> Result<(), E> {
        self.values += 1;
        if self.values > self.values_max {
            return Err(E::custom(format_args!("more than {} values", self.values_max)));
        }
        Ok(())
    }
}

struct ValueSeed<'o> {
    open: &'o mut OpenValues,
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let ValueSeed { open } = self;
        let start = open.elements.len();
        while let Some(element) = list.next_element_seed(ValueSeed { open: &mut *open })? {
            open.count()?;
            open.elements.push(element);
        }
        Ok(Value::Array(open.elements.drain(start..).collect()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let ValueSeed { open } = self;
        let start = open.members.len();
        while let Some(name) = map.next_key::<String>()? {
            if name == NUMBER && open.members.len() == start {
                let number: Number =
                    map.next_value::<String>()?.parse().map_err(A::Error::custom)?;
                return if numbers::is_finite(&number) {
                    Ok(Value::Number(number))
                } else {
                    Err(A::Error::custom("number out of range"))
                };
            }
            let value = map.next_value_seed(ValueSeed { open: &mut *open })?;
            open.count()?;
            open.members.push((name, value));
        }
        let mut members = Map::with_capacity(open.members.len() - start);
        members.extend(open.members.drain(start..));
        Ok(Value::Object(members))
    }
}

/// JSON Merge Patch, as RFC 7396 section 2 defines it.
pub(crate) fn merged(target: Value, patch: Value) -> Value {
    let Value::Object(patch) = patch else { return patch };
    let mut members = match target {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    for (name, value) in patch {
        if value.is_null() {
            members.shift_remove(&name);
        } else {
            let before = members.get_mut(&name).map_or(Value::Null, Value::take);
            members.insert(name, merged(before, value));
        }
    }
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_is_read_as_by_others() {
        for text in [
            "null",
            " true ",
            "\"a\\u00e9\\n\"",
            "0",
            "-1.50",
            "1e3",
            "[]",
            "{}",
            "[[],[1,[2]],{}]",
            r#"{"b":1,"a":{"c":[]},"b":2}"#,
            "[1,]",
            "[1",
            "{\"a\"}",
            "1 2",
            "",
            "nul",
            "\"\\ud800\"",
            "1234567890123456789012",
        ] {
            let (ours, theirs) = (read(text), serde_json::from_str::<Value>(text));
            let shown = |error: Error| error.to_string();
            assert_eq!(ours.map_err(shown), theirs.map_err(shown), "{text}");
        }
        assert_eq!(
            read("[1e400]").unwrap_err().to_string(),
            "number out of range at line 1 column 6"
        );
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        assert!(read(&deep).unwrap_err().to_string().contains("recursion limit"));
    }

    #[test]
    fn a_text_has_only_so_many_values() {
        for text in ["[0,[0]]", r#"{"a":{"b":[]}}"#, r#"[[],{"a":0}]"#] {
            assert_eq!(read_up_to(3, text).unwrap(), read(text).unwrap());
            let error = read_up_to(1, text).unwrap_err().to_string();
            assert!(error.starts_with("more than 1 values at line 1 "), "{error}");
        }
    }

    #[test]
    fn lists_take_what_they_need() {
        let Value::Array(list) = read("[[0],[0],[0]]").unwrap() else { panic!("it is a list") };
        assert_eq!(list.capacity(), 3);
        assert!(list.iter().all(|one| one.as_array().unwrap().len() == 1));
    }

    proptest! {
        #[test]
        fn any_text_is_read_as_by_others(text in r#"[\[\]{}",:0-9a-e.\-\\ntu ]{0,24}"#) {
            prop_assert_eq!(read(&text).ok(), serde_json::from_str::<Value>(&text).ok());
        }
    }

    #[test]
    fn a_merge_patch_does_what_its_standard_shows() {
        // RFC 7396, appendix A.
        let cases = [
            (json!({"a":"b"}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"b"}), json!({"b":"c"}), json!({"a":"b","b":"c"})),
            (json!({"a":"b"}), json!({"a":null}), json!({})),
            (json!({"a":["b"]}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":{"b":"c"}}), json!({"a":{"b":"d","c":null}}), json!({"a":{"b":"d"}})),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"a":"foo"}), json!(null), json!(null)),
            (json!({"e":null}), json!({"a":1}), json!({"e":null,"a":1})),
            (json!([1, 2]), json!({"a":"b","c":null}), json!({"a":"b"})),
            (json!({}), json!({"a":{"bb":{"ccc":null}}}), json!({"a":{"bb":{}}})),
        ];
        for (target, patch, result) in cases {
            assert_eq!(merged(target.clone(), patch.clone()), result, "{target} with {patch}");
        }
    }
}
