//! From text to values: parameters and forms carry nothing but text, and the schema says what it means.
//!
//! Coercion never fails: text that cannot be what the schema asks for stays text, and the schema then says what
//! is wrong with it. Must not know where text comes from.

use std::collections::HashSet;

use serde_json::{Map, Number, Value};

use crate::numbers;
use crate::openapi::{Schemas, Types, parts_where};

/// Schemas that are looked at for the defaults of one value: compositions multiply.
const SCHEMAS_MAX: usize = 64;

/// So deep is a value looked into: JSON bodies end at 128 levels, and nothing else comes near.
const DEPTH_MAX: usize = 128;

/// Turns text (and lists and records of text) into what the schema means by it.
pub(super) fn coerce(schemas: &Schemas, schema: &Value, raw: Value) -> Value {
    coerce_within(schemas, Some(schema), raw, DEPTH_MAX)
}

fn coerce_within(schemas: &Schemas, schema: Option<&Value>, raw: Value, depth: usize) -> Value {
    if depth == 0 {
        return raw;
    }
    let Some(schema) = schema else { return undeclared(raw) };
    match raw {
        Value::String(text) => {
            let types = schemas.types(schema);
            if types.list() {
                // One name sent once, where a list is wanted, is a list of one; sent empty, it is empty.
                let items = if text.is_empty() { Vec::new() } else { vec![Value::String(text)] };
                return coerce_within(schemas, Some(schema), Value::Array(items), depth - 1);
            }
            coerce_text(types, text)
        }
        Value::Array(items) => {
            let item = item(schemas, schema);
            items.into_iter().map(|raw| coerce_within(schemas, item, raw, depth - 1)).collect()
        }
        Value::Object(members) => {
            let types = schemas.types(schema);
            // Where the schema does not tell a list from a record, what looks like a list is one.
            let listed = types.list()
                || (types.contains(Types::ARRAY)
                    && (!types.contains(Types::OBJECT) || counts_up(&members)));
            let members = match if listed { numbered(members) } else { Err(members) } {
                Ok(items) => {
                    return coerce_within(schemas, Some(schema), Value::Array(items), depth - 1);
                }
                Err(members) => members,
            };
            let members = members.into_iter().map(|(name, raw)| {
                let schema = property(schemas, schema, &name);
                let value = coerce_within(schemas, schema, raw, depth - 1);
                (name, value)
            });
            Value::Object(members.collect())
        }
        other => other,
    }
}

/// What no schema speaks of: what looks like a list is one.
fn undeclared(raw: Value) -> Value {
    match raw {
        Value::Object(members) if counts_up(&members) => {
            members.into_iter().map(|(_, raw)| undeclared(raw)).collect()
        }
        Value::Object(members) => {
            members.into_iter().map(|(name, raw)| (name, undeclared(raw))).collect()
        }
        other => other,
    }
}

/// The items of a record whose names are numbers, in their order; else the record.
fn numbered(members: Map<String, Value>) -> Result<Vec<Value>, Map<String, Value>> {
    let numbers: Option<Vec<usize>> = members.keys().map(|key| key.parse().ok()).collect();
    let Some(numbers) = numbers.filter(|numbers| !numbers.is_empty()) else { return Err(members) };
    let mut items: Vec<(usize, Value)> =
        numbers.into_iter().zip(members.into_iter().map(|(_, value)| value)).collect();
    items.sort_by_key(|(number, _)| *number);
    Ok(items.into_iter().map(|(_, value)| value).collect())
}

/// Returns true if the names are 0, 1, 2 and so on.
fn counts_up(members: &Map<String, Value>) -> bool {
    !members.is_empty() && members.keys().enumerate().all(|(number, key)| key.parse() == Ok(number))
}

/// The schema of the items of an array.
pub(super) fn item<'s>(schemas: &'s Schemas, schema: &'s Value) -> Option<&'s Value> {
    schemas.composed(schema).find_map(|keywords| keywords.get("items"))
}

/// The schema of one property of an object.
pub(super) fn property<'s>(
    schemas: &'s Schemas,
    schema: &'s Value,
    name: &str,
) -> Option<&'s Value> {
    let composed = || schemas.composed(schema);
    let declared = composed().find_map(|keywords| keywords.get("properties")?.get(name));
    declared.or_else(|| composed().find_map(|keywords| keywords.get("additionalProperties")))
}

/// The names of all declared properties, and whether others may be there on purpose.
pub(super) fn property_names<'s>(schemas: &'s Schemas, schema: &'s Value) -> (Vec<&'s str>, bool) {
    let mut names = Vec::new();
    let mut others = false;
    for keywords in schemas.composed(schema) {
        if let Some(Value::Object(properties)) = keywords.get("properties") {
            names.extend(properties.keys().map(String::as_str));
        }
        others |= keywords
            .get("additionalProperties")
            .is_some_and(|additional| *additional != Value::Bool(false));
    }
    (names, others)
}

/// Text as the first of boolean, integer, number and null that it can be, else text. Nothing but text is tried
/// where nothing is known of the type. Text that is both a string and something else is the something else,
/// except that only a type without strings makes it null or a number that does not fit 64 bits.
pub(super) fn coerce_text(types: Types, text: String) -> Value {
    if types == Types::ANY {
        return Value::String(text);
    }
    let or_text = types.contains(Types::STRING);
    if types.contains(Types::BOOLEAN) && (text == "true" || text == "false") {
        return Value::Bool(text == "true");
    }
    let number = if types.contains(Types::NUMBER) {
        serde_json::from_str(&text).ok()
    } else if types.contains(Types::INTEGER) {
        integer(&text)
    } else {
        None
    };
    let is_wanted = |number: &Number| {
        let is_usual = number.is_i64() || number.is_u64();
        numbers::is_finite(number) && (!or_text || is_usual || text.contains(['.', 'e', 'E']))
    };
    if let Some(number) = number.filter(is_wanted) {
        return Value::Number(number);
    }
    if types.contains(Types::NULL) && !or_text && (text.is_empty() || text == "null") {
        return Value::Null;
    }
    Value::String(text)
}

/// Strict decimal: `42`, `-7`; not `042`, `+7`, `42.0`, `4e1`. It may have more digits than 64 bits hold, as in a JSON
/// body.
fn integer(text: &str) -> Option<Number> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let decimal = !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'));
    if !decimal {
        return None;
    }
    if digits == "0" {
        return Some(Number::from(0));
    }
    serde_json::from_str(text).ok()
}

/// Returns true if [`fill_defaults`] could find anything to fill in: what a schema can reach is looked through once. Of
/// one that
/// reaches more it is not told: to look is quick where a body is small, and at load it is asked for each operation.
pub(super) fn has_defaults(schemas: &Schemas, schema: &Value) -> bool {
    const REACHED_MAX: usize = 256;
    let mut seen: HashSet<*const Value> = HashSet::from([std::ptr::from_ref(schema)]);
    let mut open = vec![schema];
    while let Some(schema) = open.pop() {
        let Value::Object(keywords) = schema else { continue };
        if keywords.contains_key("default") || seen.len() > REACHED_MAX {
            return true;
        }
        let filled = parts_where(keywords, |name, _| matches!(name, "properties" | "items"));
        let reached = schemas.conjuncts(keywords).chain(filled.map(|part| part.schema));
        for schema in reached {
            if seen.insert(schema) {
                open.push(schema);
            }
        }
    }
    false
}

/// Fills in the defaults of properties that are not there, in objects that are.
pub(super) fn fill_defaults(schemas: &Schemas, schema: &Value, value: &mut Value) {
    fill_within(schemas, schema, value, DEPTH_MAX, &mut { SCHEMAS_MAX });
}

fn fill_within(
    schemas: &Schemas,
    schema: &Value,
    value: &mut Value,
    depth: usize,
    left: &mut usize,
) {
    let Value::Object(keywords) = schema else { return };
    if depth == 0 || *left == 0 || !(value.is_object() || value.is_array()) {
        return;
    }
    *left -= 1;
    for part in schemas.conjuncts(keywords) {
        fill_within(schemas, part, value, depth, left);
    }
    match value {
        Value::Object(members) => {
            let Some(Value::Object(properties)) = keywords.get("properties") else { return };
            for (name, schema) in properties {
                if let Some(value) = members.get_mut(name) {
                    fill_within(schemas, schema, value, depth - 1, &mut { SCHEMAS_MAX });
                } else if let Some(default) = default(schemas, schema) {
                    members.insert(name.clone(), default.clone());
                }
            }
        }
        Value::Array(items) => {
            let Some(schema) = keywords.get("items") else { return };
            for item in items {
                fill_within(schemas, schema, item, depth - 1, &mut { SCHEMAS_MAX });
            }
        }
        _ => {}
    }
}

fn default<'s>(schemas: &'s Schemas, schema: &'s Value) -> Option<&'s Value> {
    schema.get("default").or_else(|| schemas.follow(schema).get("default"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_becomes_what_its_types_allow() {
        let written = |text: &str| Value::Number(text.parse().unwrap());
        let rows = [
            (Types::BOOLEAN, "true", json!(true)),
            (Types::BOOLEAN, "True", json!("True")),
            (Types::BOOLEAN, "1", json!("1")),
            (Types::INTEGER, "42", json!(42)),
            (Types::INTEGER, "-0", json!(0)),
            (Types::INTEGER, "042", json!("042")),
            (Types::INTEGER, "+4", json!("+4")),
            (Types::INTEGER, "4.0", json!("4.0")),
            (Types::INTEGER, " 4", json!(" 4")),
            (Types::INTEGER, "18446744073709551615", json!(u64::MAX)),
            (Types::INTEGER, "18446744073709551616", written("18446744073709551616")),
            (Types::INTEGER, "-9223372036854775809", written("-9223372036854775809")),
            (Types::INTEGER | Types::STRING, "4", json!(4)),
            (
                Types::INTEGER | Types::STRING,
                "123456789012345678901234",
                json!("123456789012345678901234"),
            ),
            (Types::NUMBER, "4.50", written("4.50")),
            (Types::NUMBER, "1e999", json!("1e999")),
            (Types::NUMBER, "NaN", json!("NaN")),
            (Types::INTEGER | Types::NULL, "", json!(null)),
            (Types::INTEGER | Types::NULL, "null", json!(null)),
            (Types::STRING | Types::NULL, "", json!("")),
            (Types::STRING, "true", json!("true")),
            (Types::ANY, "true", json!("true")),
        ];
        for (types, text, expected) in rows {
            assert_eq!(coerce_text(types, text.to_owned()), expected, "{types:?} {text}");
        }
    }
}
