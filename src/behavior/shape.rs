//! What a record of each resource has: its key, its properties, and its links to other records.
//!
//! Turns the `resources` of a behavior file into the store's model and into what expressions may read.
//! Must not know records.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use crate::behavior::format::{
    AnswerFormat, BehaviorFile, CounterFormat, FullCounterFormat, GeneratedKeyFormat, KeyFormat,
    OnDeleteFormat, OneOrMany, RelationFormat, ResourceFormat, ViewFormat,
};
use crate::behavior::new_key::{NewKey, Numbers, allows_null, property_schema};
use crate::behavior::notes::Notes;
use crate::behavior::record_schema::RecordSchema;
use crate::behavior::types::{SCHEMA_DEPTH_MAX, type_of_schema};
use crate::behavior::view::View;
use crate::expression::{Template, Type};
use crate::finding::did_you_mean;
use crate::jobs;
use crate::json::too_deep;
use crate::openapi::Schemas;
use crate::pointer::child;
use crate::store::{Change, Counter, Model, OnDelete, PropertyPath, Relation, ResourceModel};

/// Names that expressions give a meaning of their own, so that no resource can have them.
pub(crate) const RESERVED: [&str; 18] = [
    "path",
    "query",
    "header",
    "cookie",
    "body",
    "request",
    "principal",
    "credential",
    "credentials",
    "now",
    "settings",
    "violations",
    "failure",
    "outcome",
    "made",
    "list",
    "conflict",
    "record",
];

/// All resources of one provider, in the order of its behavior file.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    list: Vec<Shape>,
    numbers: BTreeMap<Arc<str>, usize>,
}

/// What a record of one resource has.
#[derive(Debug)]
pub(crate) struct Shape {
    /// The resource's name.
    pub(crate) name: Arc<str>,
    /// How a record gets its key where its properties do not say it.
    pub(crate) new_key: NewKey,
    /// The numbers of each counter of the store's model.
    pub(crate) counters: Vec<Numbers>,
    /// The schema that records fit.
    pub(crate) schema: Option<RecordSchema>,
    /// For each relation of the store's model: the properties that an `update` on delete sets.
    pub(crate) updates: Vec<Option<Template>>,
    /// For each relation: the answer that a `restrict` names, and its place in the file.
    pub(crate) restricts: Vec<Option<(AnswerFormat, String)>>,
    /// For each relation: the number of the resource that it leads to.
    targets: Vec<usize>,
    /// How records look outside, by the view's name.
    pub(crate) views: BTreeMap<String, View>,
    /// Links to other records by the names that expressions use.
    links: BTreeMap<Arc<str>, Link>,
    /// The properties that records can have; `None` where the file does not say.
    properties: Option<BTreeMap<String, Type>>,
}

/// A way from one record to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// Along a relation of this resource, by its number.
    To {
        /// The relation's number.
        relation: usize,
        /// Whether it leads to many records.
        many: bool,
    },
    /// Against a relation of another resource.
    From {
        /// The other resource's number.
        resource: usize,
        /// The number of its relation.
        relation: usize,
    },
}

impl Shapes {
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Shape> {
        self.list.iter()
    }

    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).copied()
    }

    pub(crate) fn by_name(&self, name: &str) -> Option<&Shape> {
        self.list.get(self.number(name)?)
    }

    /// The first of the changes whose record would not fit its schema, and all that does not. What a record keeps as it was
    /// is not looked at again.
    pub(crate) fn first_misfit(
        &self,
        schemas: &Schemas,
        changes: &mut [Change],
    ) -> Option<(usize, Vec<String>)> {
        for (index, change) in changes.iter_mut().enumerate() {
            let Some(after) = &mut change.after else { continue };
            if change.before.as_ref().is_some_and(|before| before.has_fields_of(after)) {
                continue;
            }
            if let Some(problem) = after.plain().and_then(|fields| too_deep(fields.values())) {
                return Some((index, vec![problem]));
            }
            let Some(schema) = &self[change.resource].schema else { continue };
            // It was planned just now, so that nobody else has it yet.
            let record = Arc::make_mut(after);
            if !schema.fits(record, schemas) {
                return Some((index, schema.problems(&record.fields(), schemas)));
            }
        }
        None
    }

    /// Advice for a resource name that does not exist.
    pub(crate) fn suggestion(&self, name: &str) -> Option<String> {
        did_you_mean(name, self.numbers.keys().map(AsRef::as_ref))
    }
}

impl std::ops::Index<usize> for Shapes {
    type Output = Shape;

    fn index(&self, number: usize) -> &Shape {
        &self.list[number]
    }
}

impl Shape {
    /// The link of that name, if there is one.
    pub(crate) fn link(&self, name: &str) -> Option<Link> {
        self.links.get(name).copied()
    }

    /// What can be read as `record.<name>`.
    pub(crate) fn property(&self, name: &str, shapes: &Shapes) -> Option<Type> {
        match (self.link(name), &self.properties) {
            (Some(Link::To { relation, many }), _) => {
                let target = Type::Record(self.target_name(relation, shapes));
                Some(if many { Type::List(Box::new(target)) } else { target })
            }
            (Some(Link::From { resource, .. }), _) => {
                Some(Type::List(Box::new(Type::Record(Arc::clone(&shapes[resource].name)))))
            }
            (None, Some(properties)) => properties.get(name).cloned(),
            (None, None) => Some(Type::Any),
        }
    }

    /// All names that can be read of a record, for suggestions.
    pub(crate) fn property_names(&self) -> Vec<String> {
        let links = self.links.keys().map(ToString::to_string);
        self.properties
            .iter()
            .flat_map(|properties| properties.keys().cloned())
            .chain(links)
            .collect()
    }

    /// The properties that records can have, as far as the file says.
    pub(crate) fn own_properties(&self) -> impl Iterator<Item = &str> {
        self.properties.iter().flat_map(BTreeMap::keys).map(String::as_str)
    }

    fn target_name(&self, relation: usize, shapes: &Shapes) -> Arc<str> {
        let target = self.targets[relation];
        Arc::clone(&shapes[target].name)
    }

    /// Whether records can have that property, as far as the file says.
    pub(crate) fn knows(&self, property: &str) -> bool {
        self.properties.as_ref().is_none_or(|properties| properties.contains_key(property))
    }
}

/// Reads the resources of a behavior file. What is wrong with them goes to `notes`; the rest is usable. Without `vet` the
/// schemas of records are known to be valid.
pub(crate) fn compile(
    file: &BehaviorFile,
    schemas: &Schemas,
    vet: bool,
    notes: &mut Notes<'_>,
) -> (Shapes, Model) {
    let names = file.resources.keys().enumerate();
    let numbers = names.map(|(number, name)| (name.as_str().into(), number)).collect();
    let mut shapes = Shapes { list: Vec::new(), numbers };
    let mut model = Model { resources: Vec::new() };
    for (name, format) in &file.resources {
        let place = child("/resources", name);
        if RESERVED.contains(&name.as_str()) {
            let message = format!("`{name}` means something else in expressions");
            notes.error(&place, message, "choose another name for the resource".to_owned());
        }
        let is_job = file.jobs.values().any(|job| job.record == *name);
        let mut shape = Shape {
            name: name.as_str().into(),
            new_key: NewKey::Alike,
            counters: Vec::new(),
            schema: record_schema(format, (is_job, vet), &place, schemas, notes),
            updates: Vec::new(),
            restricts: Vec::new(),
            targets: Vec::new(),
            views: views(&format.views, &place, notes),
            links: BTreeMap::new(),
            properties: None,
        };
        shape.properties = properties(&shape, format, is_job, schemas);
        shape.new_key = new_key(&shape, format, &place, schemas, notes);
        let mut relations = relations(format, &place, &mut shape, &shapes, file, notes);
        for relation in &mut relations {
            unlink_by_schema(relation, &shape, &place, schemas, notes);
        }
        let resource = ResourceModel {
            name: Arc::clone(&shape.name),
            key: key_properties(&format.key),
            unique: format.unique.iter().map(|group| group.as_slice().to_vec()).collect(),
            relations,
            counters: counters(format, &mut shape, &place, schemas, notes),
            ordered: Vec::new(),
            due: is_job.then(|| jobs::NEXT_DUE.to_owned()),
            remembers_deleted: format.remembers_deleted,
        };
        check_properties(&shape, &resource, &place, notes);
        model.resources.push(resource);
        shapes.list.push(shape);
    }
    link(&mut shapes, &model, notes);
    (shapes, model)
}

/// The views that can be honoured.
fn views(
    formats: &IndexMap<String, ViewFormat>,
    place: &str,
    notes: &mut Notes<'_>,
) -> BTreeMap<String, View> {
    let mut views = BTreeMap::new();
    for (name, format) in formats {
        let view = View::compile(format, &child(&format!("{place}/views"), name), notes);
        views.extend(view.map(|view| (name.clone(), view)));
    }
    views
}

/// The properties that make up a key.
fn key_properties(key: &KeyFormat) -> Vec<String> {
    match key {
        KeyFormat::Property(property) => vec![property.clone()],
        KeyFormat::Properties(properties) => properties.clone(),
        KeyFormat::Generated(generated) => vec![generated.field.clone()],
    }
}

/// How a record gets its key where its properties do not say it.
fn new_key(
    shape: &Shape,
    format: &ResourceFormat,
    place: &str,
    schemas: &Schemas,
    notes: &mut Notes<'_>,
) -> NewKey {
    let schema = shape.schema.as_ref().map(|schema| schema.schema(schemas));
    let of = |property: &str| property_schema(schema?, property, schemas);
    match &format.key {
        KeyFormat::Property(property) => NewKey::of_schema(of(property), schemas),
        KeyFormat::Properties(properties) => match properties.as_slice() {
            [property] => NewKey::of_schema(of(property), schemas),
            _ => NewKey::Given("it has several parts".to_owned()),
        },
        KeyFormat::Generated(GeneratedKeyFormat { field, pattern }) => {
            NewKey::of_pattern(pattern, of(field), schemas).unwrap_or_else(|reason| {
                let message = format!("no value can be made up for `{pattern}`: {reason}");
                notes.error(&format!("{place}/key/pattern"), message, None);
                NewKey::Alike
            })
        }
    }
}

/// The counters of a resource; those that cannot be honoured are left out.
fn counters(
    format: &ResourceFormat,
    shape: &mut Shape,
    place: &str,
    schemas: &Schemas,
    notes: &mut Notes<'_>,
) -> Vec<Counter> {
    let mut counters = Vec::new();
    let schema = shape.schema.as_ref().map(|schema| schema.schema(schemas));
    for (property, format) in &format.counters {
        let (within, reuses) = match format {
            CounterFormat::Within(within) => (Some(within), false),
            CounterFormat::Full(FullCounterFormat { within, reuse }) => (within.as_ref(), *reuse),
        };
        let schema = schema.and_then(|schema| property_schema(schema, property, schemas));
        match Numbers::of_schema(schema, schemas) {
            Ok(numbers) => {
                let within = within.map_or(&[][..], OneOrMany::as_slice);
                shape.counters.push(numbers);
                counters.push(Counter::new(property, within, reuses));
            }
            Err(reason) => {
                let message = format!("`{property}` cannot count on: {reason}");
                notes.error(&child(&format!("{place}/counters"), property), message, None);
            }
        }
    }
    counters
}

fn record_schema(
    format: &ResourceFormat,
    (is_job, vet): (bool, bool),
    place: &str,
    schemas: &Schemas,
    notes: &mut Notes<'_>,
) -> Option<RecordSchema> {
    let schema = format.schema.as_ref()?;
    let place = format!("{place}/schema");
    let Some(reference) = schema.get("$ref").and_then(Value::as_str) else {
        let schema = RecordSchema::inline(schema, is_job);
        if vet && let Some(flaw) = schema.flaw(schemas) {
            let hint = "mend it: until then nothing is held to it".to_owned();
            notes.error(&place, format!("the schema cannot be used: {flaw}"), hint);
        }
        return Some(schema);
    };
    let found = reference.strip_prefix('#').and_then(|pointer| schemas.at(pointer));
    if found.is_none() {
        let message = format!("`{reference}` is no schema of the contract");
        let hint = "write it as `#/components/schemas/<name>`".to_owned();
        notes.error(&format!("{place}/$ref"), message, hint);
    }
    found.map(|id| RecordSchema::of_contract(id, is_job))
}

/// A reference that is unlinked is null, or not there where its schema has no null; one that has to be there cannot be
/// unlinked.
fn unlink_by_schema(
    relation: &mut Relation,
    shape: &Shape,
    place: &str,
    schemas: &Schemas,
    notes: &mut Notes<'_>,
) {
    let (Some(schema), OnDelete::Unlink) = (&shape.schema, relation.on_delete) else { return };
    if relation.by.iter().any(PropertyPath::has_list) {
        return;
    }
    let Some(property) = relation.by.last().and_then(PropertyPath::property) else { return };
    let of_record = schema.schema(schemas);
    let Some(of_property) = property_schema(of_record, property, schemas) else { return };
    let is_list = matches!(
        shape.properties.as_ref().and_then(|known| known.get(property)),
        Some(Type::List(_))
    );
    if is_list || allows_null(of_property, schemas) {
        return;
    }
    relation.unlinks_by_removal = true;
    if schema.required(schemas).contains(property) {
        let message = format!("`unlink` takes `{property}` away, which the schema requires");
        let hint = "allow null there, or use `cascade`, `restrict` or `keep`".to_owned();
        let place = child(&format!("{place}/belongs_to"), &relation.name);
        notes.error(&format!("{place}/on_delete"), message, hint);
    }
}

/// The properties that a record can have, as far as its schema and the program itself say.
fn properties(
    shape: &Shape,
    format: &ResourceFormat,
    is_job: bool,
    schemas: &Schemas,
) -> Option<BTreeMap<String, Type>> {
    let schema = shape.schema.as_ref()?.schema(schemas);
    let Type::Fields(fields) = type_of_schema(schema, schemas, SCHEMA_DEPTH_MAX) else {
        return None;
    };
    let mut fields = Arc::unwrap_or_clone(fields);
    if is_job {
        fields.extend(jobs::PROPERTIES.map(|property| (property.to_owned(), Type::Any)));
        fields.extend(key_properties(&format.key).into_iter().map(|name| (name, Type::Scalar)));
    }
    Some(fields)
}

/// What views hide inside of properties must be there, as far as the schema tells.
fn check_hidden(shape: &Shape, place: &str, notes: &mut Notes<'_>) {
    let Some(properties) = &shape.properties else { return };
    for (name, view) in &shape.views {
        for path in view.hidden_inside() {
            let Some((first, rest)) = path.split_first() else { continue };
            let mut at = properties.get(first);
            for name_inside in rest {
                while let Some(Type::List(element)) = at {
                    at = Some(&**element);
                }
                let known: Vec<&str> = match at {
                    Some(Type::Fields(fields)) => fields.keys().map(String::as_str).collect(),
                    Some(Type::Scalar) => Vec::new(),
                    _ => break,
                };
                if !known.contains(&name_inside.as_str()) {
                    let message = format!("`{}` leads to no property", path.join("."));
                    let hint = did_you_mean(name_inside, known.iter().copied());
                    notes.error(&format!("{place}/views/{name}/hide"), message, hint);
                    break;
                }
                if let Some(Type::Fields(fields)) = at {
                    at = fields.get(name_inside);
                }
            }
        }
    }
}

/// Every property that keys, unique groups and references name must be one that records can have.
fn check_properties(shape: &Shape, resource: &ResourceModel, place: &str, notes: &mut Notes<'_>) {
    check_hidden(shape, place, notes);
    let known: Vec<&str> =
        shape.properties.iter().flat_map(BTreeMap::keys).map(String::as_str).collect();
    let views = shape.views.iter().flat_map(|(name, view)| {
        let named = view.properties();
        named.map(move |(key, property)| (property, format!("{place}/views/{name}/{key}")))
    });
    let mut check = |property: &str, place: String| {
        if !shape.knows(property) {
            let message = format!("the schema of `{}` has no property `{property}`", shape.name);
            notes.error(&place, message, did_you_mean(property, known.iter().copied()));
        }
    };
    for (property, place) in views {
        check(property, place);
    }
    for property in &resource.key {
        check(property, format!("{place}/key"));
    }
    for (number, group) in resource.unique.iter().enumerate() {
        for property in group {
            check(property, format!("{place}/unique/{number}"));
        }
    }
    for counter in &resource.counters {
        let place = child(&format!("{place}/counters"), &counter.property);
        for property in counter.indexed() {
            check(&property, place.clone());
        }
    }
    for relation in &resource.relations {
        for path in &relation.by {
            check(
                path.root(),
                format!("{}/by", child(&format!("{place}/belongs_to"), &relation.name)),
            );
        }
    }
}

/// The relations of a resource; those that cannot be honoured are left out.
fn relations(
    format: &ResourceFormat,
    place: &str,
    shape: &mut Shape,
    shapes: &Shapes,
    file: &BehaviorFile,
    notes: &mut Notes<'_>,
) -> Vec<Relation> {
    let mut relations = Vec::new();
    for (name, relation) in &format.belongs_to {
        let place = child(&format!("{place}/belongs_to"), name);
        let Some(target) = shapes.number(&relation.resource) else {
            let message = format!("there is no resource `{}`", relation.resource);
            notes.error(
                &format!("{place}/resource"),
                message,
                shapes.suggestion(&relation.resource),
            );
            continue;
        };
        let Some(by) = paths(relation, &place, file, notes) else { continue };
        let (on_delete, update, restrict) = on_delete(relation, &place, notes);
        shape.targets.push(target);
        shape.updates.push(update);
        shape.restricts.push(restrict);
        relations.push(Relation {
            name: name.as_str().into(),
            inverse: relation.inverse.as_deref().map(Into::into),
            target,
            by,
            on_delete,
            optional: relation.optional,
            unlinks_by_removal: false,
        });
    }
    relations
}

/// Where the parts of the key referred to stand; as many as that key has.
fn paths(
    relation: &RelationFormat,
    place: &str,
    file: &BehaviorFile,
    notes: &mut Notes<'_>,
) -> Option<Vec<PropertyPath>> {
    let place = format!("{place}/by");
    let mut paths = Vec::new();
    for text in relation.by.as_slice() {
        match PropertyPath::parse(text) {
            Ok(path) => paths.push(path),
            Err(reason) => {
                notes.error(&place, format!("`{text}` is no path to a key: {reason}"), None);
            }
        }
    }
    let wanted = key_properties(&file.resources[&relation.resource].key);
    if paths.len() != relation.by.as_slice().len() {
        return None;
    }
    if paths.len() != wanted.len() {
        let message = format!(
            "`{}` has a key of {} ({}), but `by` names {}",
            relation.resource,
            wanted.len(),
            wanted.join(", "),
            paths.len()
        );
        notes.error(&place, message, "name one property for each part of the key".to_owned());
        return None;
    }
    Some(paths)
}

/// What happens on delete, the template of an `update`, and the answer and place of a `restrict`.
fn on_delete(
    relation: &RelationFormat,
    place: &str,
    notes: &mut Notes<'_>,
) -> (OnDelete, Option<Template>, Option<(AnswerFormat, String)>) {
    match &relation.on_delete {
        OnDeleteFormat::Cascade => (OnDelete::Cascade, None, None),
        OnDeleteFormat::Restrict => (OnDelete::Restrict, None, None),
        OnDeleteFormat::Unlink => (OnDelete::Unlink, None, None),
        OnDeleteFormat::Keep => (OnDelete::Keep, None, None),
        OnDeleteFormat::RestrictWith(format) => {
            let place = format!("{place}/on_delete/restrict");
            (OnDelete::Restrict, None, Some((format.restrict.answer.clone(), place)))
        }
        OnDeleteFormat::Update(format) => {
            let place = format!("{place}/on_delete/update");
            let template = Template::compile(&Value::Object(format.update.clone()))
                .map_err(|mistakes| notes.mistakes(&place, mistakes))
                .ok();
            (OnDelete::Update, template, None)
        }
    }
}

/// A relation that lays claim to a backward name: whether it asks for that name, and the link.
type Claim = (bool, Link);

/// Gives every record its links, forward by the relation's name and backward by its inverse.
fn link(shapes: &mut Shapes, model: &Model, notes: &mut Notes<'_>) {
    // A backward name that two relations lay claim to is no name, unless one of them asks for it.
    let mut backward: IndexMap<(usize, Arc<str>), Vec<Claim>> = IndexMap::new();
    for (resource, from) in model.resources.iter().enumerate() {
        for (relation, to) in from.relations.iter().enumerate() {
            let properties = shapes.list[resource].properties.as_ref();
            let holds_list = |path: &PropertyPath| {
                let kind =
                    properties.zip(path.property()).and_then(|(known, name)| known.get(name));
                path.has_list() || matches!(kind, Some(Type::List(_)))
            };
            let many = to.by.iter().any(holds_list);
            let place = child(&format!("{}/belongs_to", child("/resources", &from.name)), &to.name);
            add_link(
                &mut shapes.list[resource],
                &to.name,
                Link::To { relation, many },
                &place,
                notes,
            );
            let name = to.inverse.clone().unwrap_or_else(|| Arc::clone(&from.name));
            let claim = (to.inverse.is_some(), Link::From { resource, relation });
            backward.entry((to.target, name)).or_default().push(claim);
        }
    }
    for ((target, name), claims) in backward {
        let asked: Vec<_> = claims.iter().filter(|(asked, _)| *asked).collect();
        let place = child("/resources", &shapes[target].name);
        match (asked.as_slice(), claims.as_slice()) {
            ([(_, link)], _) | ([], [(_, link)]) => {
                add_link(&mut shapes.list[target], &name, *link, &place, notes);
            }
            ([], _) => {}
            _ => {
                let message =
                    format!("two relations to `{}` have the inverse `{name}`", shapes[target].name);
                notes.error(&place, message, "give one of them another `inverse`".to_owned());
            }
        }
    }
}

fn add_link(shape: &mut Shape, name: &Arc<str>, link: Link, place: &str, notes: &mut Notes<'_>) {
    let is_property = shape.properties.as_ref().is_some_and(|known| known.contains_key(&**name));
    if is_property || shape.links.contains_key(name) {
        let message = format!("`{}` has both a link and something else named `{name}`", shape.name);
        notes.error(place, message, "rename the relation, or give it an `inverse`".to_owned());
        return;
    }
    shape.links.insert(Arc::clone(name), link);
}
