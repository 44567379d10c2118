//! A body that does not fit its schema, made to fit: what is wrong is taken from what is documented, or left out.
//!
//! Must not know where the body came from.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;

use crate::openapi::{SchemaId, Schemas};
use crate::pointer::{child, tokens};
use crate::validation::{Violation, response_violations};

/// How often what is wrong is looked for again: what was mended in one place may show what is wrong in it.
const ROUNDS_MAX: usize = 6;

/// The value with what does not fit replaced by what `documented`, a value that fits, has there, and all that was wrong;
/// `None` where it cannot be made to fit.
pub(super) fn mended(
    schemas: &Schemas,
    schema: SchemaId,
    value: &Value,
    documented: &Value,
) -> Option<(Value, Vec<Violation>)> {
    let mut told: Vec<Violation> = Vec::new();
    let mut value = value.clone();
    let mut attempts: HashMap<String, usize> = HashMap::new();
    for _ in 0..ROUNDS_MAX {
        let violations = response_violations(schemas, schema, &value);
        if violations.is_empty() {
            return Some((value, told));
        }
        // From the back, so that the places of items that come before stay as they are.
        for violation in violations.iter().rev() {
            let attempt = attempts.entry(violation.pointer.clone()).or_default();
            mend(&mut value, violation, documented, *attempt);
            *attempt += 1;
        }
        told.extend(
            violations
                .into_iter()
                .filter(|violation| !told.contains(violation))
                .collect::<Vec<_>>(),
        );
    }
    None
}

fn mend(value: &mut Value, violation: &Violation, documented: &Value, attempt: usize) {
    let pointer = &violation.pointer;
    match (violation.keyword.as_str(), &violation.property) {
        ("required", Some(name)) => {
            let Some(Value::Object(members)) = value.pointer_mut(pointer) else { return };
            if let Some(instead) = in_documented(documented, &child(pointer, name)) {
                members.insert(name.clone(), instead.clone());
                return;
            }
            replace(value, pointer, documented, attempt);
        }
        ("additionalProperties" | "unevaluatedProperties", Some(name)) => {
            if let Some(Value::Object(members)) = value.pointer_mut(pointer) {
                members.shift_remove(name);
            }
        }
        _ => replace(value, pointer, documented, attempt),
    }
}

/// Puts what is documented in a place; where nothing is, or just what is there, the place is left out. Of an object, what
/// is documented first only completes what is there, then has its values, and only then takes its place.
fn replace(value: &mut Value, pointer: &str, documented: &Value, attempt: usize) {
    let Some(there) = value.pointer_mut(pointer) else { return };
    match (in_documented(documented, pointer), there) {
        (Some(Value::Object(instead)), Value::Object(there)) if attempt < 2 => {
            let mut completed = instead.clone();
            let own = std::mem::take(there).into_iter();
            completed.extend(own.filter(|(name, _)| attempt == 0 || instead.contains_key(name)));
            *there = completed;
        }
        (Some(instead), there) if *instead != *there => *there = instead.clone(),
        _ => leave_out(value, pointer),
    }
}

fn leave_out(value: &mut Value, pointer: &str) {
    let Some((parent, _)) = pointer.rsplit_once('/') else { return };
    let last = tokens(pointer).last().unwrap_or(Cow::Borrowed(""));
    match value.pointer_mut(parent) {
        Some(Value::Object(members)) => {
            members.shift_remove(&*last);
        }
        Some(Value::Array(items)) => {
            if let Some(index) = last.parse().ok().filter(|index: &usize| *index < items.len()) {
                items.remove(index);
            }
        }
        _ => {}
    }
}

/// What a documented value has at a place; its first item stands for every item of a list.
fn in_documented<'d>(documented: &'d Value, pointer: &str) -> Option<&'d Value> {
    tokens(pointer).try_fold(documented, |at, token| match at {
        Value::Array(items) => items.first(),
        at => at.get(&*token),
    })
}
