//! `discriminator`: the alternative that a property names is the one a value is held against.
//!
//! Owns what the keyword becomes in a lowered document. Must not know how schemas are found.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use indexmap::{IndexMap, IndexSet};
use serde_json::{Map, Value, json};

use super::dialect;
use super::schema::{follow, fragment, reference, steps, target};
use crate::finding::Finding;
use crate::pointer::{Pointed, child, unescaped};
use crate::yaml::Document;

/// Pointer to the components.
const COMPONENTS: &str = "/components/schemas";
/// Inside a schema that dispatches: itself without that, for the alternatives that are composed of it.
const UNDISPATCHED: &str = "$defs/undispatched";
/// Compositions within one another in which a property's values are looked for.
const DECLARED_DEPTH_MAX: usize = 8;
/// Schemas in which they are looked for: references multiply.
const DECLARED_MAX: usize = 1000;
/// In a schema that discriminators lead to: by property, a schema of the names that do. No validator knows it; it is
/// for making values.
pub(super) const NAMED: &str = "x-tombstone-named";
/// Schemas between a discriminator and what it is mapped to that choose, too: those of all discriminators multiply.
const BETWEEN_MAX: usize = 10_000;

/// One `discriminator` of a document.
#[derive(Clone, Debug)]
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
struct DispatchPlan {
    of: Discriminator,
    /// The schema that has the discriminator, and those that hold it as an inline part of their `allOf`: a schema composed
    /// of one of them is a child.
    level: Vec<String>,
    /// Names and the pointers they lead to: several where documents are ambiguous.
    branches: IndexMap<String, Vec<String>>,
    /// Values that the mapping names.
    mapped: BTreeSet<String>,
    /// What holds for an object without the property, or with a value that leads nowhere.
    default: Option<String>,
}

/// Which components each schema is composed of with `allOf`, and the other way around.
struct Family {
    heirs: HashMap<String, Vec<String>>,
    parents: HashMap<String, Vec<String>>,
}

/// Makes every discriminator choose. Those that cannot stay the alternatives that they are. Returns pointers to
/// the schemas that were added for references.
pub(super) fn dispatch(
    root: &mut Value,
    discriminators: &[Discriminator],
    document: &Document,
    findings: &mut Vec<Finding>,
) -> Vec<String> {
    let family = Family::of(root);
    let mut plans: Vec<DispatchPlan> =
        discriminators.iter().map(|one| plan(root, one, &family, document, findings)).collect();
    plans.extend(between(root, &plans, &family));
    let mut undispatched = BTreeSet::new();
    let mut rewritten = BTreeMap::new();
    for plan in &plans {
        let targets = plan.targets();
        for (holder, to) in targets.flat_map(|target| ways_back(root, target, &plan.level)) {
            undispatched.insert(to.clone());
            rewritten.insert(holder, to);
        }
    }
    let choices = choices(root, &plans, &mut undispatched);
    for (holder, parent) in rewritten {
        if let Some(Value::Object(map)) = root.pointer_mut(&holder) {
            let to = fragment(&format!("{parent}/{UNDISPATCHED}"));
            map.insert("$ref".to_owned(), Value::String(to));
        }
    }
    name_targets(root, &plans);
    let mut entries: Vec<(&str, usize)> = plans
        .iter()
        .zip(choices)
        .filter_map(|(plan, choice)| Some((&*plan.of.pointer, install(root, &plan.of, choice)?)))
        .collect();
    entries.sort_unstable();
    undispatched.iter().filter_map(|pointer| leave_undispatched(root, pointer, &entries)).collect()
}

/// Schemas that objects of each plan are checked against. A chosen schema does not choose again by the same property.
fn choices(
    root: &Value,
    plans: &[DispatchPlan],
    undispatched: &mut BTreeSet<String>,
) -> Vec<Option<Value>> {
    let parents: HashSet<(&str, &str)> = plans
        .iter()
        .filter(|plan| plan.of.alternatives.is_none() && !plan.branches.is_empty())
        .flat_map(|plan| plan.level.iter().map(|at| (at.as_str(), plan.of.property.as_str())))
        .collect();
    let choice = |plan: &DispatchPlan| {
        plan.choice(root, &mut |target| {
            let itself = plan.level.iter().any(|at| at == target);
            let chosen_by_same = parents.contains(&(target, plan.of.property.as_str()));
            if !itself && !chosen_by_same {
                return fragment(target);
            }
            undispatched.insert(target.to_owned());
            fragment(&format!("{target}/{UNDISPATCHED}"))
        })
    };
    plans.iter().map(choice).collect()
}

/// Plans for the schemas between a discriminator and what it is mapped to, which have no name of their own there: a value
/// of such a schema is one of those below it.
fn between(root: &Value, plans: &[DispatchPlan], family: &Family) -> Vec<DispatchPlan> {
    let mut known: HashSet<(String, &str)> = HashSet::new();
    for plan in plans {
        known.extend(plan.level.iter().map(|at| (at.clone(), plan.of.property.as_str())));
    }
    let mut added = Vec::new();
    for plan in plans {
        let property = plan.of.property.as_str();
        let below = family.below(plan.level.iter().map(String::as_str));
        for middle in family.above(plan.mapped.iter().map(String::as_str)) {
            let is_between = below.contains(middle) && !plan.mapped.contains(middle);
            if !is_between || added.len() >= BETWEEN_MAX {
                continue;
            }
            if !known.insert((middle.to_owned(), property)) {
                continue;
            }
            let mut own = family.below(std::iter::once(middle));
            own.insert(middle);
            let mut branches = plan.branches.clone();
            for targets in branches.values_mut() {
                targets.retain(|target| own.contains(target.as_str()));
            }
            branches.retain(|_, targets| !targets.is_empty());
            let of = Discriminator {
                pointer: middle.to_owned(),
                property: property.to_owned(),
                alternatives: None,
            };
            let level = level(root, middle);
            let (mapped, default) = (BTreeSet::new(), None);
            added.push(DispatchPlan { of, level, branches, mapped, default });
        }
    }
    added
}

/// Notes in each schema that can be chosen by which names, for making a value of it alone.
fn name_targets(root: &mut Value, plans: &[DispatchPlan]) {
    for plan in plans {
        let property = plan.of.property.as_str();
        let mut names: IndexMap<&str, Vec<&str>> = IndexMap::new();
        for (name, targets) in &plan.branches {
            for target in targets.iter().filter(|target| !plan.level.contains(target)) {
                names.entry(target).or_default().push(name);
            }
        }
        for (target, names) in names {
            let Some(Value::Object(map)) = root.pointer_mut(target) else { continue };
            let by_property = map.entry(NAMED).or_insert_with(|| json!({}));
            if let Value::Object(by_property) = by_property {
                by_property.entry(property).or_insert_with(|| json!({ "enum": names }));
            }
        }
    }
}

/// A schema, and those around it that hold it as an inline part of their `allOf`.
fn level(root: &Value, pointer: &str) -> Vec<String> {
    let around = |pointer: &String| {
        let (list, number) = pointer.rsplit_once('/')?;
        let (schema, keyword) = list.rsplit_once('/')?;
        let items = root.find_at(list)?.as_array()?;
        let holds = keyword == "allOf" || (keyword == "anyOf" && number == "0" && or_null(items));
        holds.then(|| schema.to_owned())
    };
    std::iter::successors(Some(pointer.to_owned()), around).collect()
}

/// Returns true if these alternatives are what `nullable` became.
fn or_null(alternatives: &[Value]) -> bool {
    matches!(alternatives, [_, Value::Object(null)] if null.len() == 1 && null.get("type").is_some_and(|kind| kind == "null"))
}

impl Family {
    fn of(root: &Value) -> Family {
        fn parents(schema: &Value, found: &mut BTreeSet<String>) {
            let all = schema.get("allOf").and_then(Value::as_array);
            let any = schema.get("anyOf").and_then(Value::as_array);
            let any = any.filter(|items| or_null(items)).and_then(|items| items.first());
            for part in all.into_iter().flatten().chain(any) {
                found.extend(reference(part).and_then(target));
                parents(part, found);
            }
        }
        let mut family = Family { heirs: HashMap::new(), parents: HashMap::new() };
        let components = root.find_at(COMPONENTS).and_then(Value::as_object);
        for (name, schema) in components.into_iter().flatten() {
            let heir = child(COMPONENTS, name);
            let mut found = BTreeSet::new();
            parents(schema, &mut found);
            for parent in &found {
                family.heirs.entry(parent.clone()).or_default().push(heir.clone());
            }
            family.parents.insert(heir, found.into_iter().collect());
        }
        family
    }

    /// All that is composed of these schemas, nearest first.
    fn below<'f>(&'f self, schemas: impl Iterator<Item = &'f str>) -> IndexSet<&'f str> {
        reached(&self.heirs, schemas)
    }

    /// All that these schemas are composed of.
    fn above<'f>(&'f self, schemas: impl Iterator<Item = &'f str>) -> IndexSet<&'f str> {
        reached(&self.parents, schemas)
    }
}

fn reached<'f>(
    steps: &'f HashMap<String, Vec<String>>,
    schemas: impl Iterator<Item = &'f str>,
) -> IndexSet<&'f str> {
    let mut open: Vec<&str> = schemas.collect();
    let mut found = IndexSet::new();
    while let Some(at) = open.pop() {
        for next in steps.get(at).into_iter().flatten() {
            if found.insert(next.as_str()) {
                open.push(next);
            }
        }
    }
    found
}

impl DispatchPlan {
    fn targets(&self) -> impl Iterator<Item = &str> {
        self.branches.values().flatten().chain(&self.default).map(String::as_str)
    }

    /// Schema that objects are checked against; `None` when nothing can be told apart.
    fn choice(&self, root: &Value, refer: &mut dyn FnMut(&str) -> String) -> Option<Value> {
        if self.branches.is_empty() {
            return None;
        }
        let property = self.of.property.as_str();
        let schema = root.find_at(&self.of.pointer);
        let mut choice = Map::new();
        let required = schema.and_then(|schema| schema.get("required")?.as_array());
        let is_required = required.is_some_and(|names| names.iter().any(|name| name == property));
        if !is_required && self.default.is_none() {
            choice.insert("required".to_owned(), json!([property]));
        }
        let is_open = schema.is_none_or(|schema| declared(root, schema, property, &[]).is_none());
        if is_open && self.default.is_none() {
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
        let mut branches: Vec<Value> = branches.collect();
        if let Some(default) = &self.default {
            let all: Vec<&String> = self.branches.keys().collect();
            let named =
                json!({ "required": [property], "properties": { property: { "enum": all } } });
            branches.push(json!({ "if": named, "else": { "$ref": refer(default) } }));
        }
        choice.insert("allOf".to_owned(), Value::Array(branches));
        Some(Value::Object(choice))
    }
}

/// Which names there are: those that are mapped, else what the alternative says of its property, else its own.
fn plan(
    root: &Value,
    of: &Discriminator,
    family: &Family,
    document: &Document,
    findings: &mut Vec<Finding>,
) -> DispatchPlan {
    let level = level(root, &of.pointer);
    let (branches, mapped) = (IndexMap::new(), BTreeSet::new());
    let mut plan = DispatchPlan { of: of.clone(), level, branches, mapped, default: None };
    let Some(targets) = targets(root, &plan, family) else { return plan };
    let said = root.find_at(&of.pointer).and_then(|schema| schema.get("discriminator"));
    if let Some(default) = said.and_then(|said| said.get("defaultMapping")) {
        plan.default = default_target(root, default, of, &targets);
        if plan.default.is_none() {
            let at = format!("{}/discriminator/defaultMapping", of.pointer);
            let message = "`defaultMapping` leads to none of the alternatives; it is left out";
            findings.push(document.warning(&at, message));
        }
    }
    let mapping = said.and_then(|said| said.get("mapping")?.as_object());
    for (name, to) in mapping.into_iter().flatten() {
        let Some(target) = to.as_str().and_then(|to| mapping_target(root, to)) else { continue };
        if of.alternatives.is_some() && !targets.contains(&target) && !plan.level.contains(&target)
        {
            let at = child(&format!("{}/discriminator/mapping", of.pointer), name);
            let message = format!(
                "`{name}` is mapped to {}, which is not among the alternatives; it is left out",
                dialect::abbreviated(to)
            );
            findings.push(document.warning(&at, message));
            continue;
        }
        plan.mapped.insert(target.clone());
        plan.branches.entry(name.clone()).or_default().push(target);
    }
    if !name_alternatives(root, &mut plan, targets) {
        return plan;
    }
    let allowed =
        root.find_at(&of.pointer).and_then(|schema| declared(root, schema, &of.property, &[]));
    if let Some(allowed) = allowed {
        // Names that the schema's own property cannot have are not how this document names them.
        plan.branches.retain(|name, _| allowed.contains(name));
    }
    plan
}

/// Names each alternative that no mapping does; whether each has a name, so that one can be chosen.
fn name_alternatives(root: &Value, plan: &mut DispatchPlan, targets: Vec<String>) -> bool {
    for target in targets {
        if plan.mapped.contains(&target) {
            continue;
        }
        let said = root
            .find_at(&target)
            .and_then(|schema| declared(root, schema, &plan.of.property, &plan.level));
        let implicit = implicit_name(&target);
        let names = match (said, implicit) {
            (Some(said), Some(implicit)) if said.contains(&implicit) => vec![implicit],
            (Some(said), _) => said,
            (None, Some(implicit)) => vec![implicit],
            // An alternative without a name: nothing can be chosen.
            (None, None) => {
                plan.branches.clear();
                return false;
            }
        };
        for name in names {
            plan.branches.entry(name).or_default().push(target.clone());
        }
    }
    true
}

/// Where `defaultMapping` leads, if to one of the alternatives.
fn default_target(
    root: &Value,
    default: &Value,
    of: &Discriminator,
    targets: &[String],
) -> Option<String> {
    let target = mapping_target(root, default.as_str()?)?;
    (of.alternatives.is_none() || targets.contains(&target)).then_some(target)
}

/// The alternatives, or all that is composed of the schema. `None` when one of them can have no name.
fn targets(root: &Value, plan: &DispatchPlan, family: &Family) -> Option<Vec<String>> {
    let Some((slot, keyword)) = plan.of.alternatives else {
        let level = || plan.level.iter().map(String::as_str);
        let below = family.below(level());
        return Some(
            below
                .into_iter()
                .filter(|at| !level().any(|own| own == *at))
                .map(str::to_owned)
                .collect(),
        );
    };
    let place = format!("{}/allOf/{slot}/else/{keyword}", plan.of.pointer);
    let items = root.find_at(&place)?.as_array()?;
    let mut found = Vec::new();
    for (number, item) in items.iter().enumerate() {
        let referred = reference(item).and_then(target);
        if item.get("type").is_some_and(|kind| kind == "null") {
            continue;
        }
        found.push(referred.unwrap_or_else(|| format!("{place}/{number}")));
    }
    Some(found)
}

/// The place that a mapping names, by reference or by the name of a component.
fn mapping_target(root: &Value, name: &str) -> Option<String> {
    let pointer = match name.strip_prefix('#') {
        Some(_) => target(name)?,
        None => child(COMPONENTS, name),
    };
    root.find_at(&pointer).map(|_| pointer)
}

/// The name of the component of that pointer.
pub(super) fn implicit_name(target: &str) -> Option<String> {
    let name = target.strip_prefix(COMPONENTS)?.strip_prefix('/')?;
    (!name.contains('/')).then(|| unescaped(name).into_owned())
}

/// The texts that a property can be, where its schema says so. What `except` says does not count.
fn declared(
    root: &Value,
    schema: &Value,
    property: &str,
    except: &[String],
) -> Option<Vec<String>> {
    fn within(
        root: &Value,
        schema: &Value,
        property: &str,
        except: &[String],
        depth: usize,
        left: &mut usize,
    ) -> Option<Vec<String>> {
        let depth = depth.checked_sub(1)?;
        *left = left.checked_sub(1)?;
        if let Some(target) = reference(schema).and_then(target) {
            let (at, target) = follow(root, &target);
            return if except.contains(&at) {
                None
            } else {
                within(root, target, property, except, depth, left)
            };
        }
        let own = schema.get("properties").and_then(|properties| properties.get(property));
        let own = own.and_then(|own| {
            let own = reference(own).and_then(target).map_or(own, |target| follow(root, &target).1);
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

/// The schemas with a reference by which a value of the schema at `start` would come to one of `level` again, and to which.
fn ways_back(root: &Value, start: &str, level: &[String]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut seen = HashSet::from([start.to_owned()]);
    let is_of_level = |at: &str| level.iter().any(|own| own == at);
    let mut open = if is_of_level(start) { Vec::new() } else { vec![start.to_owned()] };
    while let Some(at) = open.pop() {
        for (holder, to) in steps(root, &at) {
            if is_of_level(&to) {
                found.push((holder, to));
            } else if seen.insert(to.clone()) {
                open.push(to);
            }
        }
    }
    found
}

/// Puts a copy of the schema that does not dispatch beside it, and returns where. `entries` are all that dispatches, each
/// with its schema and its number in the `allOf` there, in order.
fn leave_undispatched(
    root: &mut Value,
    pointer: &str,
    entries: &[(&str, usize)],
) -> Option<String> {
    let map = root.find_at(pointer)?.as_object()?;
    let copy: Map<String, Value> = map
        .iter()
        .filter(|(keyword, _)| !matches!(keyword.as_str(), "$defs" | "discriminator"))
        .map(|(keyword, value)| (keyword.clone(), value.clone()))
        .collect();
    let first = entries.partition_point(|(at, _)| *at < pointer);
    let own = entries[first..].iter().take_while(|(at, _)| at.starts_with(pointer));
    let own = own.filter(|(at, _)| level(root, at).iter().any(|own| own == pointer));
    let own: Vec<(&str, usize)> = own.map(|(at, number)| (&at[pointer.len()..], *number)).collect();
    let mut copy = Value::Object(copy);
    // The last first: the numbers of those before stay as they are.
    for (inside, number) in own.into_iter().rev() {
        let Some(Value::Object(part)) = copy.pointer_mut(inside) else { continue };
        let Some(Value::Array(all)) = part.get_mut("allOf") else { continue };
        if number < all.len() {
            all.remove(number);
        }
        if all.is_empty() {
            part.shift_remove("allOf");
        }
    }
    let map = root.pointer_mut(pointer)?.as_object_mut()?;
    let defs = map.entry("$defs").or_insert_with(|| json!({})).as_object_mut()?;
    defs.insert("undispatched".to_owned(), copy);
    Some(format!("{pointer}/{UNDISPATCHED}"))
}

/// Makes a schema choose; returns the number of the entry in its `allOf` that does.
fn install(root: &mut Value, of: &Discriminator, choice: Option<Value>) -> Option<usize> {
    let map = root.pointer_mut(&of.pointer)?.as_object_mut()?;
    if let Some((slot, _)) = of.alternatives {
        let entry = map.get_mut("allOf")?.get_mut(slot)?.as_object_mut()?;
        // What is no object, and all where nothing can be chosen, is held against each alternative.
        let objects = choice.is_some();
        let condition = if objects { json!({ "type": "object" }) } else { json!(false) };
        entry.insert("if".to_owned(), condition);
        entry.extend(choice.map(|choice| ("then".to_owned(), choice)));
        return Some(slot);
    }
    let entry = json!({ "if": { "type": "object" }, "then": choice? });
    let all = map.entry("allOf").or_insert_with(|| json!([])).as_array_mut()?;
    all.push(entry);
    Some(all.len() - 1)
}
