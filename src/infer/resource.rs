//! The resources of a contract: which paths lead to records of one kind, what identifies them, and whose they are.
//!
//! Must not know what operations do with them.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

use http::Method;
use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::behavior::RESERVED;
use crate::infer::envelope;
use crate::infer::envelope::{ItemEnvelope, Named};
use crate::infer::key;
use crate::infer::links;
use crate::infer::links::{Linked, Links};
use crate::infer::outcome::{Mark, RESTORING};
use crate::infer::paths;
use crate::infer::paths::{Argument, Place, Segment, anonymous, is_prefix, parameters, segments};
use crate::infer::shape::{Body, ObjectShape, is_number, said, success};
use crate::infer::verbs;
use crate::infer::words::{identifier, is_identifier, plain, singular_words, words};
use crate::openapi::{Contract, Direction, Location, Operation, Parameter, SchemaId, Schemas};
use crate::sample;
use crate::sample::SampleOptions;
use crate::validation::MessagePart;

/// Words of expressions, and names that templates give a meaning.
const WORDS: [&str; 22] = [
    "not", "and", "or", "in", "is", "if", "else", "for", "true", "false", "none", "null", "days",
    "hours", "minutes", "seconds", "weeks", "v", "item", "links", "loop", "self",
];

/// Whether a name means something else in expressions.
fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name) || WORDS.contains(&name)
}

/// One kind of record.
#[derive(Debug)]
pub(super) struct Resource<'c> {
    /// Its name in the behavior file.
    pub(super) name: String,
    /// The name of one record in expressions.
    pub(super) one: String,
    /// Its name in the singular, in words.
    pub(super) singular: Vec<String>,
    /// Its name as the path has it.
    pub(super) plural: String,
    /// What the parameter is called that picks a record, or the property that a link gives it; empty where there is none.
    pub(super) key_name: String,
    pub(super) kind: Kind,
    /// Where its records answer; where it was found comes first.
    pub(super) addresses: Vec<Address>,
    /// What the parameters of the first address's collection mean.
    pub(super) scope: Vec<ScopeProperty>,
    /// The resource that the scope picks a record of, and how many of the parameters do that.
    pub(super) parent: Option<(usize, usize)>,
    pub(super) key: KeyProperty,
    /// The resource whose records are put into it and taken out, where it is no more than that.
    pub(super) members: Option<usize>,
    /// How its records look outside, as far as the contract says.
    pub(super) record: Option<ItemEnvelope<'c>>,
    /// How records are marked that were deleted and can be restored; else they are gone.
    pub(super) mark: Option<Mark>,
    /// Whether it is asked which records were deleted.
    pub(super) remembers_deleted: bool,
    /// The views that answers need beside the records' own.
    pub(super) views: IndexMap<String, Value>,
}

/// How many records one scope has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Any number.
    Many,
    /// One.
    Single,
}

/// Where records of a resource answer.
#[derive(Clone, Debug)]
pub(super) struct Address {
    /// The path of all, with anonymous parameters.
    pub(super) collection: String,
    /// The path of one.
    pub(super) item: Option<String>,
    /// Whether its parameters are the resource's scope; else it has none.
    pub(super) is_scoped: bool,
}

/// What one parameter of a path before a record's own means.
#[derive(Clone, Debug)]
pub(super) struct ScopeProperty {
    /// The property that keeps it.
    pub(super) property: String,
    /// Whether records show it; else it is kept beside them.
    pub(super) is_shown: bool,
    pub(super) is_whole: bool,
}

/// What identifies the records of a resource.
#[derive(Clone, Debug)]
pub(super) struct KeyProperty {
    pub(super) property: String,
    /// Whether records show it; else it is kept beside them.
    pub(super) is_shown: bool,
    pub(super) is_whole: bool,
    /// Whether it identifies only within the scope.
    pub(super) is_scoped: bool,
    /// What it looks like.
    pub(super) schema: Map<String, Value>,
    /// How it was found, in words.
    pub(super) reason: String,
}

impl<'c> Resource<'c> {
    /// What it is called, for finding its records in a body.
    pub(super) fn named<'n>(&'n self, parameter: &'n str) -> Named<'n> {
        Named { singular: &self.singular, plural: &self.plural, parameter }
    }

    /// The properties that make the key.
    pub(super) fn key_columns(&self) -> Vec<&str> {
        let scope = self.scope.iter().map(|scope| scope.property.as_str());
        let own = Some(self.key.property.as_str()).filter(|_| self.kind == Kind::Many);
        match (self.kind, self.key.is_scoped) {
            (Kind::Single, _) if self.scope.is_empty() => vec![&self.key.property],
            (Kind::Single, _) | (_, true) => scope.chain(own).collect(),
            _ => own.into_iter().collect(),
        }
    }

    /// The properties that are kept beside records and not shown.
    pub(super) fn hidden(&self) -> Vec<&str> {
        let scope = self.scope.iter().filter(|scope| !scope.is_shown);
        let key = Some(&self.key).filter(|key| !key.is_shown && self.has_own_key());
        scope
            .map(|scope| scope.property.as_str())
            .chain(key.map(|key| key.property.as_str()))
            .collect()
    }

    /// Whether its key is more than the scope.
    pub(super) fn has_own_key(&self) -> bool {
        self.kind == Kind::Many || self.scope.is_empty()
    }

    pub(super) fn shape(&self) -> Option<&ObjectShape<'c>> {
        self.record.as_ref().map(|record| &record.shape)
    }

    /// The singular in words, for people.
    pub(super) fn in_words(&self) -> String {
        self.singular.join(" ")
    }
}

/// What resources are found in.
pub(super) struct Survey<'c> {
    pub(super) contract: &'c Contract,
    pub(super) schemas: &'c Schemas,
    pub(super) places: IndexMap<String, Place>,
    /// The paths of operations that are placed elsewhere than the document has them, and what picks their records, by their ids.
    renamed: HashMap<&'c str, (String, Option<Argument<'c>>)>,
    links: Links<'c>,
    /// Values that were made up before.
    pub(super) samples: RefCell<HashMap<SampleKey, Option<Value>>>,
    /// Steps that are left for making values up.
    steps: Cell<usize>,
    /// Schemas of which no value was found that fits.
    unmet: Cell<usize>,
}

/// The schema that a value is made up of, whether with all properties, and the seed.
type SampleKey = (SchemaId, bool, u64);

/// Contracts with more operations have their values taken as they are: to compile the schemas of all takes longer than to
/// read such a contract.
const CHECKED_OPERATIONS_MAX: usize = 300;

/// Steps of making up all values of one contract: a second or two. Ordinary values take some hundred. What
/// is left without a value is answered by the contract.
const STEPS_MAX: usize = 4_000_000;

/// Schemas without a value that fits, of which one is looked for at length; each may take a tenth of a second.
const UNMET_MAX: usize = 16;

/// Steps of making up one value with all that may be in it; a larger one has what it must have.
const VALUE_STEPS_MAX: usize = 600;

impl<'c> Survey<'c> {
    pub(super) fn new(contract: &'c Contract) -> Self {
        let mut places = paths::places(contract);
        let renamed = verbs::renamed(contract, &places);
        let renamed = verbs::place(&mut places, contract, renamed);
        Self {
            contract,
            schemas: &contract.schemas,
            places,
            renamed,
            links: links::links(contract),
            samples: RefCell::default(),
            steps: Cell::new(STEPS_MAX),
            unmet: Cell::default(),
        }
    }

    /// A value of a response that is made up of a schema: one that fits, where one is found.
    pub(super) fn made_up(&self, schema: SchemaId, is_full: bool, seed: u64) -> Option<Value> {
        let key = (self.schemas.canonical(schema), is_full, seed);
        if let Some(made) = self.samples.borrow().get(&key) {
            return made.clone();
        }
        let options = SampleOptions {
            direction: Direction::Response,
            fresh: seed > 0,
            fill_properties: is_full,
        };
        let made = self.first(schema, options, seed).map(|first| {
            let is_done = self.is_fit(schema, &first) || self.unmet.get() >= UNMET_MAX;
            if is_done { first } else { self.nearest(schema, options, seed).unwrap_or(first) }
        });
        self.samples.borrow_mut().insert(key, made.clone());
        made
    }

    /// The value that is built first.
    fn first(&self, schema: SchemaId, options: SampleOptions, seed: u64) -> Option<Value> {
        let mut steps = self.steps.get();
        let max = steps.min(VALUE_STEPS_MAX);
        let first = sample::unchecked(self.schemas, schema, &options, seed, max, &mut steps);
        self.steps.set(steps);
        first.ok()
    }

    /// The value that fits, or comes nearest.
    fn nearest(&self, schema: SchemaId, options: SampleOptions, seed: u64) -> Option<Value> {
        let nearest = sample::nearest(self.schemas, schema, &options, seed).ok();
        if !nearest.as_ref().is_some_and(|nearest| self.is_fit(schema, nearest)) {
            self.unmet.set(self.unmet.get() + 1);
        }
        nearest
    }

    /// Whether a value fits its schema. In a large contract each is taken for one that does: what does not is mended when it is
    /// sent.
    pub(super) fn is_fit(&self, schema: SchemaId, value: &Value) -> bool {
        self.contract.operations.len() > CHECKED_OPERATIONS_MAX
            || self.schemas.response_validator(schema).is_ok_and(|one| one.is_valid(value))
    }

    pub(super) fn operation(&self, path: &str, method: &Method) -> Option<&'c Operation> {
        let number = *self.places.get(path)?.operations.get(method)?;
        Some(&self.contract.operations[number])
    }

    /// The path that an operation is placed at, with anonymous parameters.
    pub(super) fn path_of(&self, operation: &Operation) -> String {
        match self.renamed.get(operation.id.as_str()) {
            Some((path, _)) => path.clone(),
            None => anonymous(&segments(&operation.template)),
        }
    }

    /// Whether an operation is placed elsewhere than the document has it.
    pub(super) fn is_renamed(&self, operation: &Operation) -> bool {
        self.renamed.contains_key(operation.id.as_str())
    }

    /// What names the record that such an operation is about.
    pub(super) fn named_by(&self, operation: &Operation) -> Option<&Argument<'c>> {
        self.renamed.get(operation.id.as_str())?.1.as_ref()
    }

    /// What a call of an operation says of the record that it is about, as the path has it that the operation is placed at.
    pub(super) fn arguments(&self, operation: &'c Operation) -> Vec<Argument<'c>> {
        let in_path = parameters(operation).into_iter().map(|name| {
            let declared = path_parameter(operation, &name);
            let schema = declared.and_then(|one| self.schema_of(one));
            Argument { part: MessagePart::Path, name, schema }
        });
        in_path.chain(self.named_by(operation).cloned()).collect()
    }

    /// What a call of an operation asks for: the parameters of its query, and the properties of its body where that is in their
    /// place.
    pub(super) fn asked(&self, operation: &'c Operation) -> Vec<Argument<'c>> {
        let queries = operation.parameters.iter().filter(|one| one.location == Location::Query);
        let queries = queries.map(|one| Argument {
            part: MessagePart::Query,
            name: one.name.clone(),
            schema: self.schema_of(one),
        });
        let body = Body::of_request(self.schemas, operation).filter(|_| self.is_renamed(operation));
        let body = body.and_then(|body| ObjectShape::of(self.schemas, body.schema));
        let properties = body.into_iter().flat_map(|shape| shape.properties);
        let properties = properties.map(|(name, property)| Argument {
            part: MessagePart::Body,
            name: name.to_owned(),
            schema: Some(property.schema),
        });
        queries.chain(properties).collect()
    }

    /// The writes at paths one segment below a record's own, where nothing is read.
    pub(super) fn below_item(&self, address: &Address) -> Vec<&'c Operation> {
        let Some(item) = &address.item else { return Vec::new() };
        let below = self.places.iter().filter(|(path, place)| {
            let last = path.strip_prefix(item.as_str()).and_then(|rest| rest.strip_prefix('/'));
            last.is_some_and(|last| !last.contains(['/', '{']))
                && !place.operations.contains_key(&Method::GET)
        });
        let writes = [Method::POST, Method::PUT, Method::PATCH];
        let numbers = below
            .flat_map(|(_, place)| writes.iter().filter_map(|method| place.operations.get(method)));
        numbers.map(|number| &self.contract.operations[*number]).collect()
    }

    fn has(&self, path: &str, methods: &[Method]) -> bool {
        let place = self.places.get(path);
        place.is_some_and(|place| methods.iter().any(|one| place.operations.contains_key(one)))
    }

    /// All resources; one that others are below comes before them.
    pub(super) fn resources(&self) -> Vec<Resource<'c>> {
        let mut paths: Vec<&String> = self.places.keys().collect();
        paths.sort_by_key(|path| path.matches('/').count());
        let mut resources: Vec<Resource<'c>> = Vec::new();
        let mut taken = HashSet::new();
        for path in paths {
            let found = match path.strip_suffix("/{}") {
                Some(collection) => self.pair(path, collection, &resources),
                None => self.single(path, &resources).or_else(|| self.unkeyed(path, &resources)),
            };
            let Some(mut found) = found else { continue };
            if let Some(flat) = self.flat(&found, &resources) {
                resources[flat].addresses.append(&mut found.addresses);
                adopt(found, &mut resources[flat]);
                continue;
            }
            found.mark = self.mark(&found);
            name(&mut found, &resources, &mut taken);
            resources.push(found);
        }
        resources
    }

    /// Records with a path each, whether or not there is one of them all.
    fn pair(&self, path: &str, collection: &str, known: &[Resource<'c>]) -> Option<Resource<'c>> {
        let place = &self.places[path];
        let all = [Method::GET, Method::PUT, Method::PATCH, Method::DELETE];
        if !self.has(path, &all) {
            return None;
        }
        let segments = &place.segments[..place.segments.len() - 1];
        let plural = segments.iter().rev().find_map(|segment| match segment {
            Segment::Literal(text) if !is_prefix(segment) => Some(text.clone()),
            _ => None,
        })?;
        let mut found = Self::begin(segments, plural, Kind::Many, known);
        let members = self.members(path, collection, &found, known);
        found.addresses = vec![Address {
            collection: collection.to_owned(),
            item: Some(path.to_owned()),
            is_scoped: true,
        }];
        let item = self.any_operation(path)?;
        if let Some(members) = members {
            self.find_scope(&mut found, item);
            found.members = Some(members);
            found.key = KeyProperty {
                property: format!("_{}", known[members].one),
                is_shown: false,
                is_scoped: true,
                reason: format!("puts one of `{}` in and takes it out", known[members].name),
                ..known[members].key.clone()
            };
            return Some(found);
        }
        let argument = self.arguments(item).pop()?;
        let linked = self.linked_key(place, collection);
        found.key_name = linked.clone().unwrap_or(argument.name);
        found.record = self.record(&found, path, collection, &found.key_name);
        self.find_scope(&mut found, item);
        self.find_key(&mut found, argument.schema, (path, collection));
        if linked.is_some_and(|linked| linked == found.key.property) {
            found.key.reason = format!("`{}` is what a link gives it", found.key.property);
        }
        Some(found)
    }

    /// The property that links give the last argument of the operations at a place: links from where the records are made or
    /// listed go before others.
    fn linked_key(&self, place: &Place, collection: &str) -> Option<String> {
        let links = place.operations.values().filter_map(|number| {
            let name = self.arguments(&self.contract.operations[*number]).pop().map(|one| one.name);
            self.links.get(&(*number, name?))
        });
        let linked: Vec<_> = links.flatten().collect();
        let own = linked.iter().find(|one| self.path_of(one.from) == collection);
        own.or_else(|| linked.first()).map(|one| one.property.clone())
    }

    /// The operations that make records of a resource at a path of another, as links from them to where one is read say.
    pub(super) fn linked_creates(&self, resource: &Resource<'c>) -> Vec<&'c Operation> {
        let item = resource.addresses[0].item.as_ref().filter(|_| resource.scope.is_empty());
        let place = item.and_then(|item| self.places.get(item));
        let read = place.and_then(|place| place.operations.get(&Method::GET));
        let linked = read.and_then(|number| {
            let name = self.arguments(&self.contract.operations[*number]).pop()?.name;
            self.links.get(&(*number, name))
        });
        let makes = |one: &&Linked<'c>| {
            let record = || {
                let (_, response) = success(one.from)?;
                let body = Body::of_response(self.schemas, response)?;
                envelope::item(self.schemas, body.schema, resource.named(&resource.key_name))
            };
            // What it answers is the record, and not one that refers to it.
            one.from.method == Method::POST
                && one.property == resource.key.property
                && record().is_some_and(|record| record.path == one.path)
        };
        linked.into_iter().flatten().filter(makes).map(|one| one.from).collect()
    }

    /// The resource whose records a path has ways to put into a group and to take out, and nothing else.
    fn members(
        &self,
        path: &str,
        collection: &str,
        found: &Resource<'c>,
        known: &[Resource<'c>],
    ) -> Option<usize> {
        let bare = |method: &Method| {
            self.operation(path, method).is_none_or(|operation| operation.request_body.is_none())
        };
        let is_membership = self.has(path, &[Method::PUT, Method::POST])
            && collection.contains("{}")
            && !self.has(path, &[Method::GET, Method::PATCH])
            && !self.has(collection, &[Method::POST])
            && [Method::PUT, Method::POST].iter().all(bare);
        // It is found by what the path has of its own.
        let is_around = |one: &Resource<'c>| {
            let of = one.addresses[0].collection.rsplit_once('/').map_or("", |(around, _)| around);
            one.scope.is_empty() || collection.strip_prefix(of).is_some_and(|r| r.starts_with('/'))
        };
        let is_elsewhere = |one: &Resource<'c>| {
            one.kind == Kind::Many
                && one.members.is_none()
                && one.addresses[0].item.is_some()
                && one.singular == found.singular
                && is_around(one)
        };
        let members = is_membership.then(|| known.iter().position(is_elsewhere)).flatten();
        members.filter(|members| found.parent.is_none_or(|(parent, _)| parent != *members))
    }

    /// A record of which a scope has one.
    fn single(&self, path: &str, known: &[Resource<'c>]) -> Option<Resource<'c>> {
        let place = &self.places[path];
        let Some(Segment::Literal(plural)) = place.segments.last() else { return None };
        let writes = [Method::PUT, Method::PATCH, Method::DELETE];
        let read = self.operation(path, &Method::GET)?;
        let has_items = self.places.contains_key(&format!("{path}/{{}}"));
        if !self.has(path, &writes) || self.has(path, &[Method::POST]) || has_items {
            return None;
        }
        let (_, response) = success(read)?;
        let body = Body::of_response(self.schemas, response)?;
        let segments = &place.segments[..place.segments.len() - 1];
        let mut found = Self::begin(segments, plural.clone(), Kind::Single, known);
        found.singular = words(plural);
        if envelope::list(self.schemas, body.schema, found.named("")).is_some() {
            return None;
        }
        found.record = envelope::item(self.schemas, body.schema, found.named(""));
        found.record.as_ref().filter(|record| !record.is_listed)?;
        found.addresses =
            vec![Address { collection: path.to_owned(), item: None, is_scoped: true }];
        self.find_scope(&mut found, read);
        found.key = KeyProperty {
            property: "_only".to_owned(),
            is_shown: false,
            is_whole: true,
            is_scoped: false,
            schema: Map::from_iter([("type".to_owned(), "integer".into())]),
            reason: "there is one".to_owned(),
        };
        Some(found)
    }

    /// Records that are listed and made, and have no path of their own.
    fn unkeyed(&self, path: &str, known: &[Resource<'c>]) -> Option<Resource<'c>> {
        let place = &self.places[path];
        let Some(Segment::Literal(plural)) = place.segments.last() else { return None };
        let read = self.operation(path, &Method::GET)?;
        let has_items = self.places.contains_key(&format!("{path}/{{}}"));
        if has_items || !self.has(path, &[Method::POST, Method::DELETE]) {
            return None;
        }
        let (_, response) = success(read)?;
        let body = Body::of_response(self.schemas, response)?;
        let segments = &place.segments[..place.segments.len() - 1];
        let mut found = Self::begin(segments, plural.clone(), Kind::Many, known);
        "id".clone_into(&mut found.key_name);
        let list = envelope::list(self.schemas, body.schema, found.named("id"))?;
        found.addresses =
            vec![Address { collection: path.to_owned(), item: None, is_scoped: true }];
        found.record = Some(list.item);
        self.find_scope(&mut found, read);
        self.find_key(&mut found, None, (path, path));
        Some(found)
    }

    fn begin(
        segments: &[Segment],
        plural: String,
        kind: Kind,
        known: &[Resource<'c>],
    ) -> Resource<'c> {
        Resource {
            name: String::new(),
            one: String::new(),
            singular: singular_words(&plural),
            plural,
            key_name: String::new(),
            kind,
            addresses: Vec::new(),
            scope: Vec::new(),
            parent: parent(segments, known),
            key: KeyProperty {
                property: "_key".to_owned(),
                is_shown: false,
                is_whole: false,
                is_scoped: false,
                schema: Map::new(),
                reason: String::new(),
            },
            members: None,
            record: None,
            mark: None,
            remembers_deleted: false,
            views: IndexMap::new(),
        }
    }

    fn any_operation(&self, path: &str) -> Option<&'c Operation> {
        let number = self.places.get(path)?.operations.values().next()?;
        Some(&self.contract.operations[*number])
    }

    /// What a record looks like: as it is read, made, changed or listed, else as it is sent.
    fn record(
        &self,
        of: &Resource<'c>,
        path: &str,
        collection: &str,
        parameter: &str,
    ) -> Option<ItemEnvelope<'c>> {
        let answered = |path: &str, method: &Method| {
            let (_, response) = success(self.operation(path, method)?)?;
            let body = Body::of_response(self.schemas, response)?;
            envelope::item(self.schemas, body.schema, of.named(parameter))
        };
        let listed = || {
            let (_, response) = success(self.operation(collection, &Method::GET)?)?;
            let body = Body::of_response(self.schemas, response)?;
            let list = envelope::list(self.schemas, body.schema, of.named(parameter))?;
            Some(list.item)
        };
        let sent = |path: &str, method: &Method| {
            let body = Body::of_request(self.schemas, self.operation(path, method)?)?;
            let shape = ObjectShape::of(self.schemas, body.schema)?;
            let wrapped = envelope::request_wrapper(self.schemas, &shape, of.named(parameter));
            let shape = wrapped.map_or(shape, |(_, inner)| inner);
            let key = key::find(self.schemas, &shape, parameter, &of.singular);
            Some(ItemEnvelope {
                path: Vec::new(),
                is_listed: false,
                is_json_api: false,
                is_key_outside: false,
                shape,
                schema: body.schema,
                key,
            })
        };
        let keyed = |found: &ItemEnvelope<'c>| found.key.is_some();
        let read = answered(path, &Method::GET);
        if read.is_some() {
            return read;
        }
        answered(collection, &Method::POST)
            .filter(keyed)
            .or_else(|| answered(path, &Method::PUT).filter(keyed))
            .or_else(|| answered(path, &Method::PATCH).filter(keyed))
            .or_else(listed)
            .or_else(|| sent(collection, &Method::POST))
            .or_else(|| sent(path, &Method::PUT))
    }

    /// Gives each parameter of the path before the record's own a property: the one that records show, else one beside them.
    fn find_scope(&self, found: &mut Resource<'c>, operation: &'c Operation) {
        let mut arguments = self.arguments(operation);
        if found.addresses[0].item.is_some() {
            arguments.pop();
        }
        let mut scope = Vec::new();
        for (number, Argument { name, schema, .. }) in arguments.iter().enumerate() {
            let is_whole = schema.is_some_and(|schema| is_number(self.schemas, schema));
            let wanted = plain(name);
            let shown = found.shape().and_then(|shape| {
                let mut properties = shape.properties.iter();
                properties.find(|(own, property)| {
                    let types = self.schemas.types(property.schema);
                    plain(own) == wanted
                        && wanted != "id"
                        && is_identifier(own)
                        && !property.is_write_only
                        && super::shape::is_scalar(types)
                        && is_number(self.schemas, property.schema) == is_whole
                })
            });
            let property = match shown {
                Some((own, _)) => (*own).to_owned(),
                None => format!("_{}", identifier(&words(name))),
            };
            let is_taken = |property: &String| {
                scope.iter().any(|one: &ScopeProperty| one.property == *property)
            };
            let property =
                if is_taken(&property) { format!("_{number}{property}") } else { property };
            scope.push(ScopeProperty { property, is_shown: shown.is_some(), is_whole });
        }
        found.scope = scope;
    }

    pub(super) fn schema_of(&self, parameter: &Parameter) -> Option<&'c Value> {
        parameter.schema.map(|id| self.schemas.schema(id))
    }

    fn find_key(
        &self,
        found: &mut Resource<'c>,
        declared: Option<&'c Value>,
        (path, collection): (&str, &str),
    ) {
        let key = found.record.as_ref().and_then(|record| record.key);
        let property = key.and_then(|(name, _)| found.shape()?.get(name).copied());
        let mut own = KeyProperty {
            reason: format!("no property is `{}`", found.key_name),
            ..found.key.clone()
        };
        let example = property.and_then(|property| said(self.schemas, property.schema, "example"));
        let example =
            example.or_else(|| declared.and_then(|one| said(self.schemas, one, "example")));
        own.schema = key::schema(self.schemas, property.map(|one| one.schema), declared, example);
        own.is_whole = own.schema.get("type") == Some(&"integer".into());
        if let Some((name, how)) = key {
            name.clone_into(&mut own.property);
            own.is_shown = true;
            own.reason = format!("`{name}` {}", how.in_words());
        }
        let is_sent = self.is_key_sent(&own, path, collection, found);
        // Where nobody else makes keys, each scope may have its own.
        let is_chosen = (key::is_chosen(&own.property) && is_sent)
            || self.operation(collection, &Method::POST).is_none();
        own.is_scoped = !found.scope.is_empty() && is_chosen;
        found.key = own;
    }

    /// Whether whoever makes a record has to say its key.
    fn is_key_sent(
        &self,
        key: &KeyProperty,
        path: &str,
        collection: &str,
        found: &Resource<'c>,
    ) -> bool {
        let Some(create) = self.operation(collection, &Method::POST) else {
            return self.has(path, &[Method::PUT]);
        };
        let body = Body::of_request(self.schemas, create);
        let shape = body.and_then(|body| ObjectShape::of(self.schemas, body.schema));
        let shape = shape.map(|shape| {
            let wrapped = envelope::request_wrapper(self.schemas, &shape, found.named(""));
            wrapped.map_or(shape, |(_, inner)| inner)
        });
        shape.is_some_and(|shape| shape.get(&key.property).is_some_and(|one| one.is_required))
    }

    /// How records are marked as deleted, where there is an operation that restores them.
    fn mark(&self, found: &Resource<'c>) -> Option<Mark> {
        let item = found.addresses[0].item.as_ref()?;
        RESTORING.iter().find(|verb| self.places.contains_key(&format!("{item}/{verb}")))?;
        Mark::of(self.schemas, found.shape()?)
    }

    /// The resource that one found below another is the same as: of the same name, with the same schema, and not below one.
    fn flat(&self, found: &Resource<'c>, known: &[Resource<'c>]) -> Option<usize> {
        let schema = |one: &Resource<'c>| {
            let record = one.record.as_ref()?;
            Some(std::ptr::from_ref(self.schemas.follow(record.schema)))
        };
        known.iter().position(|one| {
            one.kind == Kind::Many
                && found.kind == Kind::Many
                && one.scope.is_empty()
                && !found.scope.is_empty()
                && found.parent.is_some()
                && one.singular == found.singular
                && found.members.is_none()
                && schema(one).is_some()
                && schema(one) == schema(found)
                && one.addresses.iter().all(|address| {
                    !address.is_scoped || address.collection.matches("{}").count() == 0
                })
        })
    }
}

/// Gives a resource the scope of another that is the same one, below a third.
fn adopt<'c>(found: Resource<'c>, flat: &mut Resource<'c>) {
    for address in &mut flat.addresses {
        address.is_scoped = address.collection.contains("{}");
    }
    flat.scope = found.scope;
    flat.parent = found.parent;
}

/// A parameter of an operation's path.
pub(super) fn path_parameter<'c>(operation: &'c Operation, name: &str) -> Option<&'c Parameter> {
    operation.parameters.iter().find(|one| one.location == Location::Path && one.name == name)
}

/// The resource that a path is below, and how many parameters lead to a record of it.
fn parent(segments: &[Segment], known: &[Resource<'_>]) -> Option<(usize, usize)> {
    (1..=segments.len()).rev().find_map(|length| {
        let before = &segments[..length];
        matches!(before.last(), Some(Segment::Parameter(_))).then_some(())?;
        let path = anonymous(before);
        let parent = known.iter().position(|one| {
            one.addresses.iter().any(|address| {
                address.item.as_ref() == Some(&path) && (address.is_scoped || one.scope.is_empty())
            })
        })?;
        // Of one that has its scope from elsewhere, too, it is not known which.
        let is_plain = known[parent].addresses.len() == 1 || known[parent].scope.is_empty();
        is_plain.then(|| (parent, path.matches("{}").count()))
    })
}

/// Gives a resource names that no other has and that expressions can use; `taken` are those of the others.
fn name(found: &mut Resource<'_>, known: &[Resource<'_>], taken: &mut HashSet<String>) {
    let own = identifier(&words(&found.plural));
    let parent = found.parent.map(|(parent, _)| known[parent].one.as_str());
    let of_parent = parent.map(|parent| format!("{parent}_{own}"));
    let numbered = (2..).map(|number| format!("{own}_{number}"));
    let mut names = [own.clone()]
        .into_iter()
        .chain(of_parent)
        .chain([format!("{own}_records")])
        .chain(numbered);
    let is_free = |name: &String| !is_reserved(name) && !taken.contains(name);
    found.name = names.find(is_free).unwrap_or(own);
    let one = identifier(&found.singular);
    let mut ones = [one.clone(), format!("{one}_record"), format!("one_{one}")].into_iter();
    let is_free = |one: &String| *one != found.name && is_free(one);
    found.one = ones.find(is_free).unwrap_or_else(|| format!("{}_record", found.name));
    taken.extend([found.name.clone(), found.one.clone()]);
}
