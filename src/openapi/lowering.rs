//! All schemas of a document brought to one dialect, in place, with every reference made to lead
//! somewhere inside the document.
//!
//! Owns the walk through schemas, `$ref`, `$id` and `$anchor`. Must not know operations.

use std::collections::{HashMap, HashSet};

use indexmap::IndexSet;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::dialect::Dialect;
use super::discriminator::Discriminator;
use super::references::Referred;
use super::schema::{
    Applicator, CHAIN_MAX, Holds, applicator, follow, fragment, join, steps, target,
};
use super::{
    bundle, dialect, direction, discriminator, expansion, objects, references, remote, schema,
};
use crate::finding::{Finding, did_you_mean};
use crate::json;
use crate::pointer::{Pointed, child};
use crate::yaml::Document;

/// The lowered document and where its schemas are.
pub(super) struct Lowered {
    pub(super) root: Value,
    pub(super) pointers: IndexSet<Box<str>>,
    /// Numbers of those that something else than a schema holds.
    pub(super) outermost: Vec<usize>,
    /// Whether a schema requires something of requests or of responses only.
    pub(super) has_directions: bool,
    /// Whether anything is `readOnly` or `writeOnly`.
    pub(super) has_sides: bool,
    /// Maximum nesting of schemas applied to one value.
    pub(super) height: usize,
}

/// A document whose schemas are being lowered.
pub(super) struct Lowering<'d> {
    document: &'d Document,
    dialect: Dialect,
    root: Value,
    /// Every schema that was lowered, by pointer.
    pointers: IndexSet<Box<str>>,
    /// References not yet looked at.
    references: Vec<Reference>,
    /// Schema resources: the document first, then each `$id`.
    resources: Vec<Resource>,
    anchors: HashMap<(usize, String), String>,
    /// Places whose content moved when null was admitted beside it: from, to.
    moved: Vec<(String, String)>,
    /// Target of a reference of the document itself.
    resolved: HashMap<String, Option<String>>,
    targets: IndexSet<String>,
    outermost: Vec<usize>,
    discriminators: Vec<Discriminator>,
    /// Whether anything is `readOnly` or `writeOnly`.
    has_sides: bool,
    /// Values that were copied to where a reference to them stood.
    copied: usize,
}

struct Resource {
    uri: String,
    pointer: String,
}

/// A schema on the way through references.
struct ReferenceVisit {
    target: String,
    /// The schema object that holds the reference to it.
    via: String,
    steps: Vec<(String, String)>,
    /// Number of references that follow one another from here.
    depth: usize,
}

/// Values that are copied to where references to them stand, all together: as many as the largest documents have.
const COPIED_MAX: usize = 5_000_000;

struct Reference {
    /// The schema object that holds it.
    pointer: String,
    keyword: &'static str,
    text: String,
    resource: usize,
}

impl<'d> Lowering<'d> {
    /// Lowers every schema that the document's structure holds.
    pub(super) fn new(
        document: &'d Document,
        dialect: Dialect,
        findings: &mut Vec<Finding>,
    ) -> Lowering<'d> {
        let mut lowering = Lowering {
            document,
            dialect,
            root: document_of_schemas(document),
            pointers: IndexSet::new(),
            references: Vec::new(),
            resources: vec![Resource { uri: String::new(), pointer: String::new() }],
            anchors: HashMap::new(),
            moved: Vec::new(),
            resolved: HashMap::new(),
            targets: IndexSet::new(),
            outermost: Vec::new(),
            discriminators: Vec::new(),
            has_sides: false,
            copied: 0,
        };
        for pointer in lowering.positions(findings) {
            lowering.lower_at(pointer, findings);
        }
        lowering.connect(findings);
        lowering
    }

    /// Where all schemas are that something else than a schema holds. Those of a sequence's items are made into one of
    /// the whole sequence, for a sequence is a list to schemas.
    fn positions(&mut self, findings: &mut Vec<Finding>) -> Vec<String> {
        let mut found = objects::schema_positions(&self.root);
        let mut whole = Vec::new();
        for pointer in &found {
            let Some(holder) = pointer.strip_suffix("/itemSchema") else { continue };
            let Some(Value::Object(media)) = self.root.pointer_mut(holder) else { continue };
            if self.dialect < Dialect::V32 {
                let message = "`itemSchema` is of OpenAPI 3.2; it is read so";
                findings.push(self.document.warning(pointer, message));
            }
            let items = json!({ "$ref": fragment(pointer) });
            match media.get_mut("schema") {
                // Both hold, and the items may be said only once.
                Some(Value::Object(schema))
                    if schema.contains_key("items") || schema.contains_key("$ref") =>
                {
                    let message = "`itemSchema` beside a `schema` of the whole is not applied";
                    let finding = self.document.warning(pointer, message);
                    findings.push(finding.hint("write `items` in the `schema`"));
                }
                Some(Value::Object(schema)) => drop(schema.insert("items".to_owned(), items)),
                Some(_) => {}
                None => {
                    let all = json!({ "type": "array", "items": items });
                    media.insert("schema".to_owned(), all);
                    whole.push(format!("{holder}/schema"));
                }
            }
        }
        found.extend(whole);
        found
    }

    /// The rules that the schemas follow.
    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The number of the schema at `pointer`, which is lowered now if nothing led there before.
    pub(super) fn schema(&mut self, pointer: &str, findings: &mut Vec<Finding>) -> Option<usize> {
        if !self.pointers.contains(pointer) {
            self.root.find_at(pointer)?;
            self.lower_at(pointer.to_owned(), findings);
            self.connect(findings);
        }
        self.pointers.get_index_of(pointer)
    }

    /// The lowered schema with a number, references at its top followed; and its pointer.
    pub(super) fn resolved(&self, number: usize) -> (String, &Value) {
        let pointer = self.pointers.get_index(number).map_or("", |pointer| &**pointer);
        follow(&self.root, pointer)
    }

    /// Ends the work: discriminators choose, what refers to itself without end is cut, so is what applies too many
    /// schemas to one value, and what only one direction requires is told apart.
    pub(super) fn finish(mut self, findings: &mut Vec<Finding>) -> Lowered {
        let discriminators = std::mem::take(&mut self.discriminators);
        if !discriminators.is_empty() {
            let added =
                discriminator::dispatch(&mut self.root, &discriminators, self.document, findings);
            self.pointers.extend(added.iter().map(|pointer| pointer.as_str().into()));
            self.targets.extend(added);
        }
        let targets = self.targets.clone();
        self.cut_cycles(findings);
        let height =
            expansion::limit(&mut self.root, &self.pointers, &targets, self.document, findings);
        let there = |pointer: &str| self.root.find_at(pointer).is_some();
        let pointers = &self.pointers;
        self.outermost.retain(|number| pointers.get_index(*number).is_some_and(|at| there(at)));
        let outermost = self.outermost.iter().filter_map(|number| self.pointers.get_index(*number));
        let has_directions =
            self.has_sides && direction::split(&mut self.root, outermost.map(|pointer| &**pointer));
        Lowered {
            root: self.root,
            pointers: self.pointers,
            outermost: self.outermost,
            has_directions,
            has_sides: self.has_sides,
            height,
        }
    }

    fn lower_at(&mut self, mut pointer: String, findings: &mut Vec<Finding>) {
        if self.pointers.contains(pointer.as_str()) {
            return;
        }
        let Some(slot) = self.root.pointer_mut(&pointer) else { return };
        let mut schema = slot.take();
        self.outermost.push(self.pointers.len());
        self.lower(&mut schema, &mut pointer, 0, findings);
        if let Some(slot) = self.root.pointer_mut(&pointer) {
            *slot = schema;
        }
    }

    fn lower(
        &mut self,
        schema: &mut Value,
        pointer: &mut String,
        resource: usize,
        findings: &mut Vec<Finding>,
    ) {
        if !self.pointers.insert(pointer.as_str().into()) {
            return;
        }
        let map = match schema {
            Value::Object(map) => map,
            Value::Bool(_) => return,
            Value::String(text) if dialect::boolean(text).is_some() => {
                let meant = dialect::boolean(text).unwrap_or(true);
                let message = format!("the schema is a text; it is read as `{meant}`");
                findings.push(self.document.warning(pointer, message));
                *schema = Value::Bool(meant);
                return;
            }
            other => {
                let shown = dialect::abbreviated(other);
                let message = format!("{shown} is not a schema; anything is accepted here");
                findings.push(self.document.warning(pointer, message));
                *other = Value::Object(Map::new());
                return;
            }
        };
        self.follow_keywords(map, pointer, findings);
        let outcome = dialect::lower(map, self.dialect);
        for flaw in outcome.flaws {
            let finding = self.document.warning(&child(pointer, &flaw.keyword), flaw.message);
            findings.push(match flaw.hint {
                Some(hint) => finding.hint(hint),
                None => finding,
            });
        }
        for keyword in outcome.moved {
            let from = child(pointer, &keyword);
            self.moved.push((from, format!("{pointer}/anyOf/0/{keyword}")));
        }
        self.has_sides |= ["readOnly", "writeOnly"]
            .iter()
            .any(|keyword| map.get(*keyword) == Some(&Value::Bool(true)));
        let resource = self.identify(map, pointer, resource);
        self.note_references(map, pointer, resource);
        self.discriminator(map, pointer, findings);
        schema::each_part_mut(map, pointer, &mut |part, pointer| {
            self.lower(part, pointer, resource, findings);
        });
    }

    /// References in the stead of what a keyword has: a map or list of schemas becomes one of references to its entries,
    /// so that nothing is there twice and circles stay as they are; all else is copied.
    fn follow_keywords(
        &mut self,
        map: &mut Map<String, Value>,
        pointer: &str,
        findings: &mut Vec<Finding>,
    ) {
        let mut lost = Vec::new();
        for (keyword, value) in map.iter_mut() {
            let at = || child(pointer, keyword);
            if let ("examples", Value::Array(items)) = (keyword.as_str(), &mut *value) {
                for (number, item) in items.iter_mut().enumerate() {
                    self.follow_data(item, || format!("{}/{number}", at()), findings);
                }
            }
            let Some(text) = schema::reference(value) else { continue };
            match (keyword.as_str(), applicator(keyword)) {
                (_, Some(Applicator { holds: Holds::One, .. })) => {}
                ("example", _) => self.follow_data(value, at, findings),
                (keyword, held) if held.is_some() || dialect::is_known(keyword) => {
                    match self.spread(text, value, held.is_none()) {
                        Some(spread) => {
                            *value = spread;
                            findings.push(references::unusual(self.document, &at()));
                        }
                        None => {
                            let at = child(&at(), "$ref");
                            findings.push(self.unresolved_at(&at, text, "it is left out"));
                            lost.push(keyword.to_owned());
                        }
                    }
                }
                _ => {}
            }
        }
        if lost.is_empty() {
            return;
        }
        map.retain(|keyword, _| !lost.contains(keyword));
    }

    /// Value that a reference in the stead of a keyword's value stands for.
    fn spread(&mut self, text: &str, written: &Value, is_copy: bool) -> Option<Value> {
        let found = references::find(self.document.root(), &target(text)?);
        let Referred::Value(at, found) = found else { return None };
        let link = |token: &str| json!({ "$ref": fragment(&child(&at, token)) });
        match found {
            found if is_copy => self.copy(found),
            Value::Object(entries) => {
                let beside = written.as_object()?.iter().filter(|(name, _)| *name != "$ref");
                let links = entries.keys().map(|name| (name.clone(), link(name)));
                let mut spread: Map<String, Value> = links.collect();
                spread.extend(beside.map(|(name, value)| (name.clone(), value.clone())));
                Some(Value::Object(spread))
            }
            Value::Array(items) => {
                Some((0..items.len()).map(|number| link(&number.to_string())).collect())
            }
            _ => None,
        }
    }

    /// Data that is a reference as a whole; what leads nowhere stays as it is.
    fn follow_data(
        &mut self,
        value: &mut Value,
        pointer: impl Fn() -> String,
        findings: &mut Vec<Finding>,
    ) {
        let Some(text) = references::whole_reference(value) else { return };
        let found = target(text).map(|target| references::find(self.document.root(), &target));
        let copied = match found {
            Some(Referred::Value(_, found)) => self.copy(found),
            _ => None,
        };
        findings.push(match copied {
            Some(copied) => {
                *value = copied;
                references::unusual(self.document, &pointer())
            }
            None => references::unfollowed(self.document, &pointer()),
        });
    }

    /// A copy, as long as not too much was copied.
    fn copy(&mut self, value: &Value) -> Option<Value> {
        self.copied += json::count(value);
        (self.copied <= COPIED_MAX).then(|| value.clone())
    }

    /// `$id` begins a resource of its own, `$anchor` names a place in it. Both are taken away:
    /// references are rewritten to pointers, so that one resource is enough for the validator.
    fn identify(&mut self, map: &mut Map<String, Value>, pointer: &str, resource: usize) -> usize {
        let mut resource = resource;
        if let Some(Value::String(id)) = map.shift_remove("$id") {
            let uri = join(&self.resources[resource].uri, id.trim_end_matches('#'));
            self.resources.push(Resource { uri, pointer: pointer.to_owned() });
            resource = self.resources.len() - 1;
        }
        for keyword in ["$anchor", "$dynamicAnchor"] {
            if let Some(Value::String(anchor)) = map.shift_remove(keyword) {
                self.anchors.entry((resource, anchor)).or_insert_with(|| pointer.to_owned());
            }
        }
        resource
    }

    fn note_references(&mut self, map: &Map<String, Value>, pointer: &str, resource: usize) {
        for keyword in ["$ref", "$dynamicRef"] {
            if let Some(Value::String(text)) = map.get(keyword) {
                let (pointer, text) = (pointer.to_owned(), text.clone());
                self.references.push(Reference { pointer, keyword, text, resource });
            }
        }
    }

    /// A `discriminator` chooses when all schemas are known; what it chooses from makes room for that now, while
    /// references to it can still be led there.
    fn discriminator(
        &mut self,
        map: &mut Map<String, Value>,
        pointer: &str,
        findings: &mut Vec<Finding>,
    ) {
        let Some(Value::Object(discriminator)) = map.get("discriminator") else { return };
        self.check_mapping(discriminator, pointer, findings);
        let Some(property) = discriminator.get("propertyName").and_then(Value::as_str) else {
            let at = child(pointer, "discriminator");
            let message = "`discriminator` has no `propertyName`; it is ignored";
            findings.push(self.document.warning(&at, message));
            return;
        };
        let (pointer, property) = (pointer.to_owned(), property.to_owned());
        let alternatives = ["oneOf", "anyOf"].into_iter().find_map(|keyword| {
            let alternatives = map.shift_remove(keyword)?;
            let all = map.entry("allOf").or_insert_with(|| Value::Array(Vec::new()));
            let all = all.as_array_mut().expect("a broken `allOf` was left out before");
            let slot = all.len();
            all.push(json!({ "else": { keyword: alternatives } }));
            let from = child(&pointer, keyword);
            self.moved.push((from, format!("{pointer}/allOf/{slot}/else/{keyword}")));
            Some((slot, keyword))
        });
        self.discriminators.push(Discriminator { pointer, property, alternatives });
    }

    fn check_mapping(
        &self,
        discriminator: &Map<String, Value>,
        pointer: &str,
        findings: &mut Vec<Finding>,
    ) {
        let Some(Value::Object(mapping)) = discriminator.get("mapping") else { return };
        for (value, name) in mapping {
            let there = name.as_str().is_some_and(|name| match name.strip_prefix('#') {
                Some(_) => target(name).is_some_and(|target| self.there(&target)),
                None => self.there(&child("/components/schemas", name)),
            });
            if !there {
                let at = child(&format!("{pointer}/discriminator/mapping"), value);
                let message = format!(
                    "`{value}` is mapped to {}, which is not in the document",
                    dialect::abbreviated(name)
                );
                findings.push(self.document.warning(&at, message));
            }
        }
    }

    /// The document as it was read knows what is there also while a part of the tree is taken out.
    fn there(&self, pointer: &str) -> bool {
        matches!(references::locate(self.document.root(), pointer), Referred::Value(..))
    }

    /// Makes every reference noted so far lead to a lowered schema; one that cannot is taken away.
    fn connect(&mut self, findings: &mut Vec<Finding>) {
        while let Some(reference) = self.references.pop() {
            let target = self.locate(&reference);
            if let Some(target) = &target {
                self.lower_at(target.clone(), findings);
                self.targets.insert(target.clone());
            } else {
                findings.push(self.unresolved(&reference));
            }
            let Some(Value::Object(map)) = self.root.pointer_mut(&reference.pointer) else {
                continue;
            };
            match target {
                Some(target) if reference.keyword == "$ref" => {
                    map.insert("$ref".to_owned(), Value::String(fragment(&target)));
                }
                Some(target) => {
                    map.shift_remove(reference.keyword);
                    map.entry("$ref").or_insert_with(|| Value::String(fragment(&target)));
                }
                None => {
                    map.shift_remove(reference.keyword);
                }
            }
        }
    }

    fn locate(&mut self, reference: &Reference) -> Option<String> {
        if reference.resource != 0 {
            return self.search(reference);
        }
        if let Some(known) = self.resolved.get(&reference.text) {
            return known.clone();
        }
        let found = self.search(reference);
        self.resolved.insert(reference.text.clone(), found.clone());
        found
    }

    fn search(&self, reference: &Reference) -> Option<String> {
        let (uri, encoded) = reference.text.split_once('#').unwrap_or((&reference.text, ""));
        let resource = if uri.is_empty() {
            reference.resource
        } else {
            let joined = join(&self.resources[reference.resource].uri, uri);
            let own = self.document.file().rsplit(['/', '\\']).next();
            self.resources
                .iter()
                .position(|resource| resource.uri == joined || resource.uri == uri)
                .or((own == Some(uri.trim_start_matches("./"))).then_some(0))?
        };
        let fragment = percent_decode_str(encoded).decode_utf8().ok()?;
        if !fragment.is_empty() && !fragment.starts_with('/') {
            let anchor = fragment.into_owned();
            return [resource, 0]
                .iter()
                .find_map(|resource| self.anchors.get(&(*resource, anchor.clone())).cloned());
        }
        // A schema with an `$id` is a document of its own, yet many mean the whole file by `#/`.
        let near = format!("{}{fragment}", self.resources[resource].pointer);
        [near, fragment.clone().into_owned()]
            .into_iter()
            .filter(|pointer| !pointer.is_empty())
            .find_map(|pointer| self.present(pointer))
            .or_else(|| match references::locate(self.document.root(), &fragment) {
                Referred::Value(pointer, _) if !pointer.is_empty() => self.present(pointer),
                _ => None,
            })
    }

    fn present(&self, pointer: String) -> Option<String> {
        if self.root.find_at(&pointer).is_some() {
            return Some(pointer);
        }
        let mut pointer = pointer;
        for (from, to) in &self.moved {
            let rest = pointer.strip_prefix(from.as_str());
            if let Some(rest) = rest.filter(|rest| rest.is_empty() || rest.starts_with('/')) {
                pointer = format!("{to}{rest}");
            }
        }
        self.root.find_at(&pointer).is_some().then_some(pointer)
    }

    fn unresolved(&self, reference: &Reference) -> Finding {
        let Reference { pointer, keyword, text, .. } = reference;
        self.unresolved_at(&child(pointer, keyword), text, "anything is accepted here")
    }

    fn unresolved_at(&self, at: &str, text: &str, so: &str) -> Finding {
        if !text.starts_with('#') {
            let message = format!("`{text}` is not in this document; {so}");
            return self.document.warning(at, message).hint(remote::advice_for_reference(text));
        }
        let message = format!("`{}` leads nowhere; {so}", bundle::shown(text));
        let finding = self.document.warning(at, message);
        let written =
            if self.dialect == Dialect::V20 { "#/definitions/" } else { "#/components/schemas/" };
        let name = text.strip_prefix(written);
        let schemas = references::find(self.document.root(), "/components/schemas").value();
        let schemas = schemas.and_then(Value::as_object);
        let hint = name
            .zip(schemas)
            .and_then(|(name, schemas)| did_you_mean(name, schemas.keys().map(String::as_str)));
        match hint {
            Some(hint) => finding.hint(hint),
            None => finding,
        }
    }

    /// A schema that applies itself to the same value never ends; the last step of such a circle
    /// is taken away. So is a step that makes a chain longer than a stack should be deep.
    fn cut_cycles(&mut self, findings: &mut Vec<Finding>) {
        let mut depths: HashMap<String, usize> = HashMap::new();
        for start in std::mem::take(&mut self.targets) {
            let mut on_path: HashSet<String> = HashSet::from([start.clone()]);
            let first = steps(&self.root, &start);
            let mut path =
                vec![ReferenceVisit { target: start, via: String::new(), steps: first, depth: 0 }];
            while let Some(visit) = path.last_mut() {
                let Some((via, to)) = visit.steps.pop() else {
                    let Some(ReferenceVisit { target, via, depth, .. }) = path.pop() else { break };
                    on_path.remove(&target);
                    if let Some(before) = path.last_mut() {
                        if depth >= CHAIN_MAX {
                            self.cut(
                                &via,
                                format!(
                                    "more than {CHAIN_MAX} references follow one another here; cut"
                                ),
                                findings,
                            );
                        } else {
                            before.depth = before.depth.max(depth + 1);
                        }
                    }
                    depths.insert(target, depth);
                    continue;
                };
                if on_path.contains(&to) {
                    let shown = self.document.written_at(&to);
                    let message =
                        format!("`{shown}` applies itself to the same value without end; cut here");
                    self.cut(&via, message, findings);
                } else if let Some(depth) = depths.get(&to).filter(|depth| **depth < CHAIN_MAX) {
                    visit.depth = visit.depth.max(depth + 1);
                } else {
                    on_path.insert(to.clone());
                    let steps =
                        if depths.contains_key(&to) { Vec::new() } else { steps(&self.root, &to) };
                    let depth = depths.get(&to).copied().unwrap_or(0);
                    path.push(ReferenceVisit { target: to, via, steps, depth });
                }
            }
        }
    }

    fn cut(&mut self, holder: &str, message: String, findings: &mut Vec<Finding>) {
        if let Some(Value::Object(map)) = self.root.pointer_mut(holder) {
            map.shift_remove("$ref");
        }
        findings.push(self.document.warning(&child(holder, "$ref"), message));
    }
}

/// What schemas are lowered in: the document without its prose, and with its schemas where they are referred to also
/// where a reference stands in the stead of their map, or of what holds that.
fn document_of_schemas(document: &Document) -> Value {
    let mut root = objects::without_prose(document.root());
    let place = child("/components", "schemas");
    let Referred::Value(at, Value::Object(schemas)) = references::find(document.root(), &place)
    else {
        return root;
    };
    if at == place {
        return root;
    }
    let links =
        schemas.keys().map(|name| (name.clone(), json!({ "$ref": fragment(&child(&at, name)) })));
    let mut all: Map<String, Value> = links.collect();
    let beside = document.root().pointer(&place).and_then(Value::as_object).cloned();
    all.extend(beside.into_iter().flatten().filter(|(name, _)| name != "$ref"));
    if let Value::Object(root) = &mut root
        && let Value::Object(components) =
            root.entry("components").or_insert_with(|| Value::Object(Map::new()))
    {
        components.insert("schemas".to_owned(), Value::Object(all));
    }
    root
}
