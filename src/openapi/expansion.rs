//! How many schemas a document applies to one value, and what becomes of those that apply too many.
//!
//! Owns the count and its limit. Must not know what schemas say, nor how references were found.

use std::collections::{HashMap, HashSet};

use indexmap::IndexSet;
use serde_json::{Map, Value};

use super::schema::AppliesTo;
use super::{objects, schema};
use crate::finding::Finding;
use crate::pointer::Pointed;
use crate::yaml::Document;

/// Schemas that one schema applies to one value, each as often as something leads to it.
///
/// References multiply: 40 schemas that each refer to the next one twice come to a million millions, and validation
/// walks each of them. A union of a thousand alternatives comes to 4,000 with a discriminator; with 10,000, a value
/// takes milliseconds.
const UNFOLDED_MAX: usize = 10_000;

/// Schemas in one another that are applied to one value: validation goes that deep into the stack for each value that
/// is in another. Documents have 30 at most.
const HEIGHT_MAX: usize = 256;

/// Returns true if a keyword applies schemas to the very value it is applied to itself, or depends on what these have
/// looked at.
fn is_composing(keyword: &str) -> bool {
    let held = schema::applicator(keyword);
    held.is_some_and(|held| held.applies_to == AppliesTo::SameValue)
        || matches!(keyword, "$ref" | "unevaluatedProperties" | "unevaluatedItems")
}

/// A schema object on the way through what is applied to one value.
struct SchemaVisit<'r> {
    schema: &'r Map<String, Value>,
    pointer: String,
    open: Vec<(String, &'r Value)>,
    count: usize,
    height: usize,
}

/// A schema that applies too many others to one value.
struct Excess {
    pointer: String,
    /// Whether it is not their number but how many are in one another.
    is_height: bool,
}

/// Takes away what a schema is composed of where that comes to more than can be walked for each value. The innermost
/// of such schemas are the ones: all around them can stay. `targets` are what references lead to. Gives how many schemas
/// in one another are applied to one value at most.
pub(super) fn limit(
    root: &mut Value,
    pointers: &IndexSet<Box<str>>,
    targets: &IndexSet<String>,
    document: &Document,
    findings: &mut Vec<Finding>,
) -> usize {
    let (excessive, height) = excessive(root, pointers);
    if excessive.is_empty() {
        return height;
    }
    for Excess { pointer, is_height } in excessive {
        let Some(Value::Object(map)) = root.pointer_mut(&pointer) else { continue };
        map.retain(|keyword, _| !is_composing(keyword));
        let name = objects::name(&pointer);
        let (what, hint) = if is_height {
            let what = format!(
                "`{name}` applies more than {HEIGHT_MAX} schemas in one another to one value"
            );
            (what, "compose it of fewer schemas")
        } else {
            let what = format!(
                "`{name}` applies more than {UNFOLDED_MAX} schemas to one value, since references multiply"
            );
            (what, "compose it of fewer schemas, or refer to each of them once")
        };
        let message = format!(
            "{what}; all that it is composed of is left out, and anything is accepted in its place"
        );
        findings.push(document.warning(&pointer, message).hint(hint));
    }
    let lost: HashSet<&str> = targets
        .iter()
        .map(String::as_str)
        .filter(|target| root.find_at(target).is_none())
        .collect();
    if !lost.is_empty() {
        take_away(root, &lost);
    }
    height
}

/// The innermost schemas that apply too many others to one value. Each schema is counted once, however many lead to it.
fn excessive(root: &Value, pointers: &IndexSet<Box<str>>) -> (Vec<Excess>, usize) {
    let mut found = Vec::new();
    let mut counts: HashMap<*const Map<String, Value>, (usize, usize)> = HashMap::new();
    let mut highest = 0;
    let mut path: Vec<SchemaVisit<'_>> = Vec::new();
    for pointer in pointers {
        let Some(Value::Object(start)) = root.find_at(pointer) else { continue };
        if !counts.contains_key(&std::ptr::from_ref(start)) {
            path.push(visit(root, start, pointer.to_string()));
        }
        while let Some(top) = path.last_mut() {
            let Some((pointer, next)) = top.open.pop() else {
                let Some(SchemaVisit { schema, pointer, mut count, mut height, .. }) = path.pop()
                else {
                    break;
                };
                if count > UNFOLDED_MAX || height > HEIGHT_MAX {
                    found.push(Excess { pointer, is_height: count <= UNFOLDED_MAX });
                    (count, height) = (1, 1);
                }
                highest = highest.max(height);
                counts.insert(schema, (count, height));
                if let Some(before) = path.last_mut() {
                    before.add(count, height);
                }
                continue;
            };
            let Value::Object(next) = next else {
                top.add(1, 1);
                continue;
            };
            if let Some((count, height)) = counts.get(&std::ptr::from_ref(next)) {
                top.add(*count, *height);
                continue;
            }
            // Circles are cut before; should one be left, it has an end here.
            counts.insert(next, (1, 1));
            let visit = visit(root, next, pointer);
            path.push(visit);
        }
    }
    (found, highest)
}

impl SchemaVisit<'_> {
    /// Takes in what a schema inside this one comes to.
    fn add(&mut self, count: usize, height: usize) {
        self.count = self.count.saturating_add(count);
        self.height = self.height.max(height + 1);
    }
}

fn visit<'r>(root: &'r Value, map: &'r Map<String, Value>, pointer: String) -> SchemaVisit<'r> {
    let mut open: Vec<(String, &Value)> = Vec::new();
    let target = schema::target_of(map);
    open.extend(target.and_then(|to| root.find_at(&to).map(|found| (to, found))));
    open.extend(schema::parts_of_same_value(map).map(|part| (part.pointer(&pointer), part.schema)));
    SchemaVisit { schema: map, pointer, open, count: 1, height: 1 }
}

/// Takes away the references that led into what was left out.
fn take_away(value: &mut Value, lost: &HashSet<&str>) {
    match value {
        Value::Object(map) => {
            let target = schema::target_of(map);
            if target.is_some_and(|target| lost.contains(target.as_str())) {
                map.shift_remove("$ref");
            }
            map.values_mut().for_each(|value| take_away(value, lost));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| take_away(item, lost)),
        _ => {}
    }
}
