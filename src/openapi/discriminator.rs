//! `discriminator`: the alternative that a property names is the one a value is held against.
//!
//! Owns what the keyword becomes in a lowered document. Must not know how schemas are found.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::HashSet;

use indexmap::IndexMap;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::dialect;
use super::layout;
use super::lowering;
use super::lowering::follow;
use super::lowering::fragment;
use super::lowering::steps;
use crate::finding::Finding;
use crate::yaml::Document;

/// Where components are.
const COMPONENTS: &str = "/components/schemas";
/// Inside a schema that dispatches: itself without that, for the alternatives that are composed of it.
const UNDISPATCHED: &str = "$defs/undispatched";
/// Compositions within one another in which a property's values are looked for.
const DECLARED_DEPTH_MAX: usize = 8;
/// Schemas in which they are looked for: references multiply.
const DECLARED_MAX: usize = 1000;

/// One `discriminator` of a document.
#[derive(Debug)]
pub(super) struct Discriminator {
    /// The schema that has it.
    pub(super) pointer: String,
    /// `propertyName`.
    pub(super) property: String,
    /// Where its alternatives are: an entry of its `allOf`, and `oneOf` or `anyOf` under `else` there. Without
    /// alternatives the schema is a parent of those that are composed of it.
    pub(super) alternatives: Option<(usize, &'static str)>,
}

/// Which values of the property lead where.
struct Plan<'d> {
    of: &'d Discriminator,
    /// Names and the pointers they lead to: several where documents are ambiguous.
    branches: IndexMap<String, Vec<String>>,
}

/// Makes every discriminator choose. Those that cannot stay the alternatives that they are. Returns pointers to
/// the schemas that were added for references.
pub(super) fn dispatch(
    root: &mut Value,
    discriminators: &[Discriminator],
    document: &Document,
    findings: &mut Vec<Finding>,
) -> Vec<String> {
    let heirs = heirs(root);
    let plans: Vec<Plan<'_>> =
        discriminators.iter().map(|one| plan(root, one, &heirs, document, findings)).collect();
    let parents: HashMap<&str, &str> = plans
        .iter()
        .filter(|plan| plan.of.alternatives.is_none() && !plan.branches.is_empty())
        .map(|plan| (plan.of.pointer.as_str(), plan.of.property.as_str()))
        .collect();
    let mut rewritten = BTreeMap::new();
    let mut undispatched = BTreeSet::new();
    for plan in &plans {
        let parent = plan.of.pointer.as_str();
        let ways: BTreeSet<String> =
            plan.targets().flat_map(|target| ways_back(root, target, parent)).collect();
        for holder in ways {
            rewritten.insert(holder, parent);
            undispatched.insert(parent);
        }
    }
    let chosen: Vec<Option<Value>> = plans
        .iter()
        .map(|plan| {
            plan.choice(root, &mut |target| {
                let itself = target == plan.of.pointer;
                let chosen_by_same = parents.get(target) == Some(&plan.of.property.as_str());
                if !itself && !chosen_by_same {
                    return fragment(target);
                }
                let known = plans.iter().find(|plan| plan.of.pointer == target);
                undispatched.extend(known.map(|plan| plan.of.pointer.as_str()));
                fragment(&format!("{target}/{UNDISPATCHED}"))
            })
        })
        .collect();
    for (holder, parent) in rewritten {
        if let Some(Value::Object(map)) = root.pointer_mut(&holder) {
            let to = fragment(&format!("{parent}/{UNDISPATCHED}"));
            map.insert("$ref".to_owned(), Value::String(to));
        }
    }
    let mut added = Vec::new();
    for plan in plans.iter().filter(|plan| undispatched.contains(plan.of.pointer.as_str())) {
        added.extend(leave_undispatched(root, plan.of));
    }
    for (plan, choice) in plans.iter().zip(chosen) {
        install(root, plan.of, choice);
    }
    added
}

impl Plan<'_> {
    fn targets(&self) -> impl Iterator<Item = &str> {
        self.branches.values().flatten().map(String::as_str)
    }

    /// What objects are held against; `None` when nothing can be told apart.
    fn choice(&self, root: &Value, refer: &mut dyn FnMut(&str) -> String) -> Option<Value> {
        if self.branches.is_empty() {
            return None;
        }
        let property = self.of.property.as_str();
        let schema = root.pointer(&self.of.pointer);
        let mut choice = Map::new();
        let required = schema.and_then(|schema| schema.get("required")?.as_array());
        if !required.is_some_and(|names| names.iter().any(|name| name == property)) {
            choice.insert("required".to_owned(), json!([property]));
        }
        if schema.is_none_or(|schema| declared(root, schema, property, "").is_none()) {
            let names: Vec<&String> = self.branches.keys().collect();
            choice.insert("properties".to_owned(), json!({ property: { "enum": names } }));
        }
        let branches = self.branches.iter().map(|(name, targets)| {
            let mut targets: Vec<Value> =
                targets.iter().map(|target| json!({ "$ref": refer(target) })).collect();
            let then = match targets.len() {
                1 => targets.remove(0),
                _ => json!({ "anyOf": targets }),
            };
            let named =
                json!({ "required": [property], "properties": { property: { "const": name } } });
            json!({ "if": named, "then": then })
        });
        let branches: Vec<Value> = branches.collect();
        choice.insert("allOf".to_owned(), Value::Array(branches));
        Some(Value::Object(choice))
    }
}

/// Which names there are: those that are mapped, else what the alternative says of its property, else its own.
fn plan<'d>(
    root: &Value,
    of: &'d Discriminator,
    heirs: &HashMap<String, Vec<String>>,
    document: &Document,
    findings: &mut Vec<Finding>,
) -> Plan<'d> {
    let mut plan = Plan { of, branches: IndexMap::new() };
    let Some(targets) = targets(root, of, heirs) else { return plan };
    let mut mapped: HashSet<String> = HashSet::new();
    let mapping = root
        .pointer(&of.pointer)
        .and_then(|schema| schema.pointer("/discriminator/mapping")?.as_object());
    for (name, to) in mapping.into_iter().flatten() {
        let Some(target) = to.as_str().and_then(|to| mapping_target(root, to)) else { continue };
        if of.alternatives.is_some() && !targets.contains(&target) && target != of.pointer {
            let at = layout::child(&format!("{}/discriminator/mapping", of.pointer), name);
            let message = format!(
                "`{name}` is mapped to {}, which is not among the alternatives; it is left out",
                dialect::abbreviated(to)
            );
            findings.push(document.warning(&at, message));
            continue;
        }
        mapped.insert(target.clone());
        plan.branches.entry(name.clone()).or_default().push(target);
    }
    for target in targets.into_iter().filter(|target| !mapped.contains(target)) {
        let said = root
            .pointer(&target)
            .and_then(|schema| declared(root, schema, &of.property, &of.pointer));
        let implicit = implicit_name(&target);
        let names = match (said, implicit) {
            (Some(said), Some(implicit)) if said.contains(&implicit) => vec![implicit],
            (Some(said), _) => said,
            (None, Some(implicit)) => vec![implicit],
            // An alternative without a name: nothing can be chosen.
            (None, None) => return Plan { of, branches: IndexMap::new() },
        };
        for name in names {
            plan.branches.entry(name).or_default().push(target.clone());
        }
    }
    let allowed =
        root.pointer(&of.pointer).and_then(|schema| declared(root, schema, &of.property, ""));
    if let Some(allowed) = allowed {
        // Names that the schema's own property cannot have are not how this document names them.
        plan.branches.retain(|name, _| allowed.contains(name));
    }
    plan
}

/// The alternatives, or all that is composed of the schema. `None` when one of them can have no name.
fn targets(
    root: &Value,
    of: &Discriminator,
    heirs: &HashMap<String, Vec<String>>,
) -> Option<Vec<String>> {
    let mut found = Vec::new();
    if let Some((slot, keyword)) = of.alternatives {
        let place = format!("{}/allOf/{slot}/else/{keyword}", of.pointer);
        let items = root.pointer(&place)?.as_array()?;
        for (number, item) in items.iter().enumerate() {
            let reference = item.get("$ref").and_then(Value::as_str).and_then(lowering::target);
            if item.get("type").is_some_and(|kind| kind == "null") {
                continue;
            }
            found.push(reference.unwrap_or_else(|| format!("{place}/{number}")));
        }
        return Some(found);
    }
    let mut seen: HashSet<&str> = HashSet::from([of.pointer.as_str()]);
    let mut open = vec![of.pointer.as_str()];
    while let Some(parent) = open.pop() {
        for heir in heirs.get(parent).into_iter().flatten() {
            if seen.insert(heir) {
                found.push(heir.clone());
                open.push(heir);
            }
        }
    }
    Some(found)
}

/// The components that are composed of each schema with `allOf`.
fn heirs(root: &Value) -> HashMap<String, Vec<String>> {
    fn parents(schema: &Value, found: &mut BTreeSet<String>) {
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            let reference = part.get("$ref").and_then(Value::as_str);
            found.extend(reference.and_then(lowering::target));
            parents(part, found);
        }
    }
    let mut heirs: HashMap<String, Vec<String>> = HashMap::new();
    let components = root.pointer(COMPONENTS).and_then(Value::as_object);
    for (name, schema) in components.into_iter().flatten() {
        let mut found = BTreeSet::new();
        parents(schema, &mut found);
        for parent in found {
            heirs.entry(parent).or_default().push(layout::child(COMPONENTS, name));
        }
    }
    heirs
}

/// The place that a mapping names, by reference or by the name of a component.
fn mapping_target(root: &Value, name: &str) -> Option<String> {
    let pointer = match name.strip_prefix('#') {
        Some(_) => lowering::target(name)?,
        None => layout::child(COMPONENTS, name),
    };
    root.pointer(&pointer).map(|_| pointer)
}

fn implicit_name(target: &str) -> Option<String> {
    let name = target.strip_prefix(COMPONENTS)?.strip_prefix('/')?;
    (!name.contains('/')).then(|| name.replace("~1", "/").replace("~0", "~"))
}

/// The texts that a property can be, where its schema says so. What `except` says does not count.
fn declared(root: &Value, schema: &Value, property: &str, except: &str) -> Option<Vec<String>> {
    fn within(
        root: &Value,
        schema: &Value,
        property: &str,
        except: &str,
        depth: usize,
        left: &mut usize,
    ) -> Option<Vec<String>> {
        let depth = depth.checked_sub(1)?;
        *left = left.checked_sub(1)?;
        if let Some(target) = schema.get("$ref").and_then(Value::as_str).and_then(lowering::target)
        {
            let (at, target) = follow(root, &target);
            return if at == except {
                None
            } else {
                within(root, target, property, except, depth, left)
            };
        }
        let own = schema.get("properties").and_then(|properties| properties.get(property));
        let own = own.and_then(|own| {
            let reference = own.get("$ref").and_then(Value::as_str).and_then(lowering::target);
            let own = reference.map_or(own, |target| follow(root, &target).1);
            let text = |value: &Value| value.as_str().map(str::to_owned);
            match (own.get("const"), own.get("enum")) {
                (Some(value), _) => Some(text(value).into_iter().collect()),
                (None, Some(Value::Array(values))) => {
                    Some(values.iter().filter_map(text).collect())
                }
                _ => None,
            }
        });
        own.or_else(|| {
            let parts = schema.get("allOf")?.as_array()?;
            parts.iter().find_map(|part| within(root, part, property, except, depth, left))
        })
    }
    within(root, schema, property, except, DECLARED_DEPTH_MAX, &mut { DECLARED_MAX })
}

/// Who holds a reference by which a value of the schema at `start` would come to `parent` again.
fn ways_back(root: &Value, start: &str, parent: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut seen = HashSet::from([start.to_owned()]);
    let mut open = if start == parent { Vec::new() } else { vec![start.to_owned()] };
    while let Some(at) = open.pop() {
        for (holder, to) in steps(root, &at) {
            if to == parent {
                found.push(holder);
            } else if seen.insert(to.clone()) {
                open.push(to);
            }
        }
    }
    found
}

/// Puts the schema without its alternatives beside it, and returns where.
fn leave_undispatched(root: &mut Value, of: &Discriminator) -> Option<String> {
    let map = root.pointer_mut(&of.pointer)?.as_object_mut()?;
    let mut copy: Map<String, Value> = map
        .iter()
        .filter(|(keyword, _)| !matches!(keyword.as_str(), "$defs" | "discriminator"))
        .map(|(keyword, value)| (keyword.clone(), value.clone()))
        .collect();
    if let (Some((slot, _)), Some(Value::Array(all))) = (of.alternatives, copy.get_mut("allOf")) {
        if slot < all.len() {
            all.remove(slot);
        }
        if all.is_empty() {
            copy.shift_remove("allOf");
        }
    }
    let defs = map.entry("$defs").or_insert_with(|| json!({})).as_object_mut()?;
    defs.insert("undispatched".to_owned(), Value::Object(copy));
    Some(format!("{}/{UNDISPATCHED}", of.pointer))
}

fn install(root: &mut Value, of: &Discriminator, choice: Option<Value>) {
    let Some(Value::Object(map)) = root.pointer_mut(&of.pointer) else { return };
    let entry = match (of.alternatives, choice) {
        (Some((slot, _)), choice) => {
            let Some(Value::Object(entry)) = map.get_mut("allOf").and_then(|all| all.get_mut(slot))
            else {
                return;
            };
            // What is no object, and all where nothing can be chosen, is held against each alternative.
            let objects = choice.is_some();
            let condition = if objects { json!({ "type": "object" }) } else { json!(false) };
            entry.insert("if".to_owned(), condition);
            entry.extend(choice.map(|choice| ("then".to_owned(), choice)));
            return;
        }
        (None, Some(choice)) => json!({ "if": { "type": "object" }, "then": choice }),
        (None, None) => return,
    };
    if let Value::Array(all) = map.entry("allOf").or_insert_with(|| json!([])) {
        all.push(entry);
    }
}
