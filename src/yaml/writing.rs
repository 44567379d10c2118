//! Values as YAML text, in the style of the project's own files: what fits in a line is written in one.
//!
//! Must not know what the values mean.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::printable::push_json_escape;

/// From this column on what can be broken goes on in the next line.
const COLUMNS_MAX: usize = 110;

/// Texts that YAML 1.1 or 1.2 reads as something else.
const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];

/// Adds an entry of a map, with everything below it: `key: value`, `indent` spaces from the left.
pub(crate) fn push_entry(text: &mut String, indent: usize, key: &str, value: &Value) {
    push_named(text, indent, &format!("{:indent$}{}:", "", scalar(key, false)), value);
}

/// Adds a value after what is there of its line already.
fn push_named(text: &mut String, indent: usize, begun: &str, value: &Value) {
    text.push_str(begun);
    let flow = flow(value);
    let last = begun.rsplit('\n').next().unwrap_or(begun);
    // A list of maps is read better one below the other.
    let is_table = value.as_array().is_some_and(|items| items.iter().any(Value::is_object));
    let is_short = !is_table && last.chars().count() + 1 + flow.chars().count() <= COLUMNS_MAX;
    match value {
        Value::Object(members) if !is_short && !members.is_empty() => {
            text.push('\n');
            push_members(text, indent + 2, members);
        }
        Value::Array(items) if !is_short && !items.is_empty() => {
            text.push('\n');
            for item in items {
                push_item(text, indent + 2, item);
            }
        }
        _ => {
            let _ = writeln!(text, " {}", if value.is_string() { plain(value) } else { flow });
        }
    }
}

fn push_members(text: &mut String, indent: usize, members: &Map<String, Value>) {
    for (key, value) in members {
        push_entry(text, indent, key, value);
    }
}

fn push_item(text: &mut String, indent: usize, item: &Value) {
    let flow = flow(item);
    let is_short = indent + 2 + flow.chars().count() <= COLUMNS_MAX;
    match item {
        Value::Object(members) if !is_short && !members.is_empty() => {
            // Its first entry stands behind the dash, the others below that.
            let mut block = String::new();
            push_members(&mut block, indent + 2, members);
            let _ = write!(text, "{:indent$}- {}", "", block.trim_start());
        }
        Value::Array(items) if !is_short && !items.is_empty() => {
            let mut block = String::new();
            for item in items {
                push_item(&mut block, indent + 2, item);
            }
            let _ = write!(text, "{:indent$}- {}", "", block.trim_start());
        }
        _ => {
            let _ = writeln!(
                text,
                "{:indent$}- {}",
                "",
                if item.is_string() { plain(item) } else { flow }
            );
        }
    }
}

/// A text as it can stand alone in a line.
fn plain(value: &Value) -> String {
    value.as_str().map(|text| scalar(text, false)).unwrap_or_default()
}

/// A value in one line.
fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text, true),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", "))
        }
        Value::Object(members) if members.is_empty() => "{}".to_owned(),
        Value::Object(members) => {
            let members = members
                .iter()
                .map(|(key, value)| format!("{}: {}", scalar(key, true), flow(value)));
            format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// A text, quoted where it would be read as something else.
fn scalar(text: &str, is_in_flow: bool) -> String {
    let is_escaped = |one: char| one.is_control() || is_special(one);
    if text.chars().any(is_escaped) {
        // A text of JSON is one of YAML, and the one form with escapes; JSON need not escape all that YAML must.
        let mut escaped = String::new();
        for one in Value::from(text).to_string().chars() {
            if is_escaped(one) {
                push_json_escape(&mut escaped, one);
            } else {
                escaped.push(one);
            }
        }
        return escaped;
    }
    let is_plain = |one: char| one.is_alphanumeric() || " _./()-+=<>|*?$`".contains(one);
    let is_plain = |one: char| is_plain(one) || (!is_in_flow && ",;[]{}!&%".contains(one));
    let begins = text.starts_with(|one: char| one.is_alphabetic() || "/_$".contains(one));
    let is_word = WORDS.contains(&text.to_lowercase().as_str());
    if begins && !is_word && !text.ends_with(' ') && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

/// Whether a character counts as a line's end or as none at all.
fn is_special(one: char) -> bool {
    matches!(one, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' | '\u{85}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::yaml::Document;

    fn written(value: &Value) -> String {
        let mut text = String::new();
        push_entry(&mut text, 0, "root", value);
        text
    }

    fn read(text: &str) -> Value {
        let findings = &mut Vec::new();
        let document = Document::parse("text", text, findings);
        assert!(findings.is_empty(), "{findings:?} in\n{text}");
        document.unwrap().into_root()["root"].clone()
    }

    #[test]
    fn what_fits_in_a_line_is_in_one() {
        let rule = json!({ "respond": 200, "body": "{{ made.pet | view }}" });
        assert_eq!(written(&rule), "root: { respond: 200, body: '{{ made.pet | view }}' }\n");
        assert_eq!(written(&json!("pet is none")), "root: pet is none\n");
        assert_eq!(written(&json!(["a, b", 1, null])), "root: ['a, b', 1, null]\n");
    }

    #[test]
    fn what_does_not_is_broken_at_its_entries() {
        let long = "x".repeat(60);
        let value = json!({ "rules": [{ "when": long, "then": long }, { "respond": 204 }] });
        let expected = format!(
            "root:\n  rules:\n    - when: {long}\n      then: {long}\n    - {{ respond: 204 }}\n"
        );
        assert_eq!(written(&value), expected);
    }

    #[test]
    fn texts_that_mean_something_else_are_quoted() {
        for text in [
            "",
            "true",
            "No",
            "~",
            "200",
            "1.5",
            "2020-01-01",
            "- a",
            "a: b",
            "a #b",
            " a",
            "a ",
            "'",
            "\"",
            "*a",
            "@a",
            "a\nb",
            "é",
            "\u{feff}",
            "0x1f",
            "\u{7f}",
            "it\u{92}s",
            "\u{85}",
            "\u{2028}",
            "\u{ffff}",
            ".5",
            "=",
            "<<",
            "a\tb",
            "null",
        ] {
            assert_eq!(read(&written(&json!(text))), json!(text));
            assert_eq!(read(&written(&json!({ text: [text] }))), json!({ text: [text] }));
        }
    }

    #[test]
    fn what_is_empty_stays_so_however_long_its_line_is() {
        let long = "x".repeat(120);
        let value = json!({ (long.as_str()): {}, "deep": [{ (long.as_str()): [] }] });
        assert_eq!(read(&written(&value)), value);
        let mut deep = json!([{}]);
        for _ in 0..60 {
            deep = json!([deep, long]);
        }
        assert_eq!(read(&written(&deep)), deep);
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,12}".prop_map(Value::from),
            "[a-z:#,'\"{}\\[\\] \n-]{0,70}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map("[a-z0-9:# '-]{0,8}", inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value in value()) {
            prop_assert_eq!(read(&written(&value)), value);
        }
    }
}
