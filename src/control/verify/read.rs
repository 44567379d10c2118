//! Expectations out of JSON, with everything that does not fit their form, each with its place.
//!
//! Must not know which names there are.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::control::unfit;
use crate::control::verify::format::{Calls, Expectation, PROBLEMS_MAX, Records, Verification};
use crate::finding::did_you_mean;
use crate::pointer::child;
use crate::problem::Problem;

impl Verification {
    /// Reads what is expected from JSON. What does not fit is told all at once, each with a JSON Pointer (RFC 6901).
    pub fn read(value: &Value) -> Result<Self, Problem> {
        let error = match serde_json::from_value(value.clone()) {
            // A list would be read as the members in their order.
            Ok(read) if value.is_object() => return Ok(read),
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        };
        let mut problems = Vec::new();
        explain(value, &mut problems);
        if problems.is_empty() {
            problems.push(error);
        }
        problems.truncate(PROBLEMS_MAX);
        Err(unfit("that cannot be verified", &problems))
    }
}

fn explain(value: &Value, problems: &mut Vec<String>) {
    let Value::Object(document) = value else {
        problems.push("the document is no object: write `{\"expectations\": [...]}`".to_owned());
        return;
    };
    members::<Verification>("", document, &["expectations"], problems);
    each(document.get("expectations"), "/expectations", problems, |pointer, item, problems| {
        let nested =
            ["calls", "order", "deleted", "created", "updated", "untouched", "exists", "absent"];
        members::<Expectation>(pointer, item, &nested, problems);
        for key in nested {
            let place = child(pointer, key);
            match (key, item.get(key)) {
                (_, None | Some(Value::Null)) => {}
                ("order", calls) => each(calls, &place, problems, |pointer, calls, problems| {
                    members::<Calls>(pointer, calls, &[], problems);
                }),
                ("calls", Some(Value::Object(calls))) => {
                    members::<Calls>(&place, calls, &[], problems);
                }
                (_, Some(Value::Object(records))) => {
                    members::<Records>(&place, records, &[], problems);
                }
                _ => problems.push(format!("`{place}` is no object")),
            }
        }
    });
}

/// Every object of a list.
fn each(
    list: Option<&Value>,
    pointer: &str,
    problems: &mut Vec<String>,
    explain: impl Fn(&str, &Map<String, Value>, &mut Vec<String>),
) {
    let items = match list {
        None => return,
        Some(Value::Array(items)) => items,
        Some(_) => {
            problems.push(format!("`{pointer}` is no list"));
            return;
        }
    };
    for (index, item) in items.iter().enumerate() {
        // The rest is not told anyway.
        if problems.len() >= PROBLEMS_MAX {
            return;
        }
        let place = child(pointer, index);
        match item {
            Value::Object(members) => explain(&place, members, problems),
            _ => problems.push(format!("`{place}` is no object")),
        }
    }
}

/// Every member that is not known, or whose value has no possible form; those of `nested` are looked at elsewhere.
fn members<T: DeserializeOwned + JsonSchema>(
    pointer: &str,
    members: &Map<String, Value>,
    nested: &[&str],
    problems: &mut Vec<String>,
) {
    let schema = schemars::schema_for!(T);
    let known: Vec<&str> = schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(Map::keys)
        .map(String::as_str)
        .collect();
    for (key, value) in members {
        let place = child(pointer, key);
        if !known.contains(&key.as_str()) {
            let near = did_you_mean(key, known.iter().copied());
            let hint = near.unwrap_or_else(|| format!("known are `{}`", known.join("`, `")));
            problems.push(format!("`{place}` is not known ({hint})"));
        } else if !nested.contains(&key.as_str()) {
            // No member needs another, so each can be read alone: one that is wrong hides none after it.
            let alone = Map::from_iter([(key.clone(), value.clone())]);
            if let Err(error) = serde_json::from_value::<T>(Value::Object(alone)) {
                problems.push(format!("`{place}` does not fit: {error}"));
            }
        }
    }
}
