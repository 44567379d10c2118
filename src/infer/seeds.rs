//! Records to start from: those that the contract has as examples, else made up.
//!
//! Must not know sandboxes.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Map, Value};

use crate::ids::{Ids, Pattern, ULID, UUID_V4};
use crate::infer::envelope;
use crate::infer::envelope::ItemEnvelope;
use crate::infer::resource::{Kind, Resource, Survey, path_parameter};
use crate::infer::server_made::is_marker;
use crate::infer::shape::{Body, literal, members, said, success};
use crate::openapi::{Direction, Operation, Schemas};
use crate::sample;
use crate::sample::SampleOptions;
use crate::validation::MessagePart;

/// Records that are taken from the examples of one list.
const EXAMPLES_MAX: usize = 20;

/// The most records of one resource that are made up.
pub(super) const SEEDS_MAX: usize = 1_000;

/// Records to start from, by resource. `count` is how many each resource that is below no other has, where the contract
/// has no example of it; one below another has one fewer.
pub(super) fn seeds(
    survey: &Survey<'_>,
    resources: &[Resource<'_>],
    count: usize,
) -> Map<String, Value> {
    let mut all: Vec<Vec<Map<String, Value>>> = Vec::new();
    for resource in resources {
        let is_empty = resource.kind == Kind::Single || resource.members.is_some();
        let own = if is_empty || count == 0 {
            Vec::new()
        } else {
            Seeder { survey, resources, resource, earlier: &all }.seeds(count.min(SEEDS_MAX))
        };
        all.push(own);
    }
    let named = resources.iter().zip(all).filter(|(_, own)| !own.is_empty());
    named
        .map(|(resource, own)| {
            let own = own.into_iter().map(|record| literal(&Value::Object(record))).collect();
            (resource.name.clone(), Value::Array(own))
        })
        .collect()
}

/// A record as the responses of a resource have it, made up.
pub(super) fn made_up(
    survey: &Survey<'_>,
    resource: &Resource<'_>,
    seed: u64,
    is_full: bool,
) -> Map<String, Value> {
    let Some((operation, is_list)) = responding(survey, resource) else { return Map::new() };
    let Some((_, response)) = success(operation) else { return Map::new() };
    let Some(body) = Body::of_response(survey.schemas, response) else { return Map::new() };
    let Some(value) = survey.made_up(body.id, is_full, seed) else { return Map::new() };
    let named = resource.named(&resource.key_name);
    let item = envelope::item(survey.schemas, body.schema, named);
    if let Some(found) = item.filter(|_| !is_list) {
        return unmarked(&found, unwrapped(&found, &value));
    }
    let list = envelope::list(survey.schemas, body.schema, named);
    let found = list.and_then(|list| {
        let first = envelope::at_path(&value, &list.path)?.get(0)?;
        Some(unmarked(&list.item, unwrapped(&list.item, first)))
    });
    found.unwrap_or_default()
}

/// A record without the marks of what is deleted or put aside.
fn unmarked(envelope: &ItemEnvelope<'_>, mut record: Map<String, Value>) -> Map<String, Value> {
    record.retain(|name, value| {
        if is_marker(name) && *value == Value::Bool(true) {
            *value = Value::Bool(false);
        }
        let is_time = is_marker(name) && value.is_string();
        !is_time || envelope.shape.get(name).is_some_and(|property| property.is_required)
    });
    record
}

/// An operation whose response has a record, and whether it lists several.
fn responding<'c>(survey: &Survey<'c>, resource: &Resource<'c>) -> Option<(&'c Operation, bool)> {
    let address = resource.addresses.first()?;
    let item = address.item.as_deref().unwrap_or(&address.collection);
    let tried = [
        (item, Method::GET),
        (&*address.collection, Method::POST),
        (item, Method::PUT),
        (item, Method::PATCH),
        (&*address.collection, Method::GET),
    ];
    tried.iter().find_map(|(path, method)| {
        let operation = survey.operation(path, method)?;
        let (_, response) = success(operation)?;
        let body = Body::of_response(survey.schemas, response)?;
        let named = resource.named(&resource.key_name);
        let has = envelope::item(survey.schemas, body.schema, named).is_some()
            || envelope::list(survey.schemas, body.schema, named).is_some();
        let is_list =
            resource.kind == Kind::Many && *path == address.collection && *method == Method::GET;
        has.then_some((operation, is_list))
    })
}

/// The record in a body.
fn unwrapped(envelope: &ItemEnvelope<'_>, body: &Value) -> Map<String, Value> {
    let at = envelope::at_path(body, &envelope.path);
    let at = if envelope.is_listed { at.and_then(|list| list.get(0)) } else { at };
    if !envelope.is_json_api {
        return members(at);
    }
    let mut record = members(at.and_then(|at| at.get("attributes")));
    record.extend(at.and_then(|at| at.get("id")).map(|id| ("id".to_owned(), id.clone())));
    record
}

struct Seeder<'s, 'c> {
    survey: &'s Survey<'c>,
    resources: &'s [Resource<'c>],
    resource: &'s Resource<'c>,
    /// The records of the resources before.
    earlier: &'s [Vec<Map<String, Value>>],
}

impl Seeder<'_, '_> {
    fn seeds(&self, count: usize) -> Vec<Map<String, Value>> {
        let parents = self.parents();
        if parents.is_empty() {
            return Vec::new();
        }
        let mut own: Vec<Map<String, Value>> = self.examples();
        let is_nested = self.resource.parent.is_some();
        let wanted = if is_nested { count.saturating_sub(1).max(1) } else { count };
        let mut seed = 0;
        let has_examples = !own.is_empty();
        if !has_examples {
            while own.len() < wanted && seed < wanted as u64 {
                own.push(made_up(self.survey, self.resource, seed, true));
                seed += 1;
            }
        }
        let mut taken: BTreeSet<String> = BTreeSet::new();
        let mut seeds = Vec::new();
        let called = self.called().filter(|key| self.fits(key));
        let has_called = |key: &Value| {
            own.iter().any(|record| record.get(&self.resource.key.property) == Some(key))
        };
        let copy = called.filter(|key| !has_called(key));
        let has_copy = copy.is_some();
        if let (Some(key), Some(first)) = (copy, own.first().cloned()) {
            let mut first = first;
            first.insert(self.resource.key.property.clone(), key);
            own.insert(0, first);
            own.truncate(wanted.max(own.len().saturating_sub(1)));
        }
        let is_made = !has_examples;
        for (number, mut record) in own.into_iter().enumerate() {
            if is_made && !(number == 0 && has_copy) {
                record.shift_remove(&self.resource.key.property);
            }
            if let (Some(mark), true) = (&self.resource.mark, is_made) {
                record.shift_remove(&mark.unset.property);
                record.extend(mark.unset.entry_of_new());
            }
            self.complete(&mut record, number, &parents[0], &mut taken);
            seeds.push(record);
        }
        seeds
    }

    /// The scopes in which there are records to begin with.
    fn parents(&self) -> Vec<Map<String, Value>> {
        let Some((parent, count)) = self.resource.parent else {
            // What is before it in its path is of no record: one of those that a call would have.
            let scope = self.resource.scope.iter().enumerate();
            let made = scope.map(|(number, one)| {
                (one.property.clone(), self.parameter(number).unwrap_or_else(|| "1".into()))
            });
            return vec![made.collect()];
        };
        let of = &self.resources[parent];
        let records = self.earlier.get(parent).map_or(&[][..], Vec::as_slice);
        records
            .iter()
            .take(1)
            .map(|record| {
                let scope = self.resource.scope.iter().enumerate();
                let made = scope.filter_map(|(number, one)| {
                    let value = if number + 1 == count {
                        record.get(&of.key.property).cloned()
                    } else if let Some(scope) = of.scope.get(number).filter(|_| number < count) {
                        record.get(&scope.property).cloned()
                    } else {
                        self.parameter(number)
                    };
                    Some((one.property.clone(), value?))
                });
                made.collect()
            })
            .collect()
    }

    /// The value that a call has for a parameter of the path.
    fn parameter(&self, number: usize) -> Option<Value> {
        let address = self.resource.addresses.first()?;
        let path = address.item.as_deref().unwrap_or(&address.collection);
        let place = self.survey.places.get(path)?;
        let operation = &self.survey.contract.operations[*place.operations.values().next()?];
        let argument = self.survey.arguments(operation).into_iter().nth(number)?;
        if argument.part != MessagePart::Path {
            return said(self.survey.schemas, argument.schema?, "example").cloned();
        }
        let schema = path_parameter(operation, &argument.name)?.schema?;
        let options =
            SampleOptions { fill_properties: false, ..SampleOptions::of(Direction::Request) };
        sample::sample(self.survey.schemas, schema, &options, 0).ok()
    }

    /// The key that a call has.
    fn called(&self) -> Option<Value> {
        self.resource.addresses.first()?.item.as_ref()?;
        let key = self.parameter(self.resource.scope.len()).filter(|_| self.is_exemplary())?;
        match (&key, self.resource.key.is_whole) {
            (Value::Number(_), true) | (Value::String(_), false) => Some(key),
            (Value::Number(number), false) => Some(number.to_string().into()),
            (Value::String(text), true) => text.parse::<i64>().ok().map(Value::from),
            _ => None,
        }
    }

    /// Whether the contract says what a call has for a key.
    fn is_exemplary(&self) -> bool {
        let item = self.resource.addresses.first().and_then(|address| address.item.as_ref());
        let operations = item.and_then(|item| self.survey.places.get(item));
        let operations = operations.into_iter().flat_map(|place| place.operations.values());
        let mut schemas = operations.filter_map(|number| {
            let operation = &self.survey.contract.operations[*number];
            self.survey.arguments(operation).pop()?.schema
        });
        schemas.any(|schema| {
            let keywords = ["example", "examples", "default", "enum"];
            keywords.iter().any(|keyword| said(self.survey.schemas, schema, keyword).is_some())
        })
    }

    /// Whether a key is of the kind that records have.
    fn fits(&self, key: &Value) -> bool {
        match key {
            Value::Number(number) => self.resource.key.is_whole && number.as_i64().is_some(),
            Value::String(text) => !self.resource.key.is_whole && !text.is_empty(),
            _ => false,
        }
    }

    /// The records that the contract has as examples.
    fn examples(&self) -> Vec<Map<String, Value>> {
        let mut found: Vec<Map<String, Value>> = Vec::new();
        let named = self.resource.named(&self.resource.key_name);
        let schemas = self.survey.schemas;
        for address in &self.resource.addresses {
            let lists = self.survey.operation(&address.collection, &Method::GET);
            for (body, value) in
                lists.into_iter().flat_map(|one| example_bodies(self.survey.schemas, one))
            {
                let Some(list) = envelope::list(schemas, body.schema, named) else { continue };
                let items = envelope::at_path(value, &list.path).and_then(Value::as_array);
                let items = items.into_iter().flatten().take(EXAMPLES_MAX);
                found.extend(items.map(|item| unwrapped(&list.item, item)));
            }
            let reads =
                address.item.as_ref().and_then(|item| self.survey.operation(item, &Method::GET));
            for (body, value) in
                reads.into_iter().flat_map(|one| example_bodies(self.survey.schemas, one))
            {
                let Some(item) = envelope::item(schemas, body.schema, named) else { continue };
                found.push(unwrapped(&item, value));
            }
        }
        let key = &self.resource.key.property;
        let mut seen: BTreeSet<String> = BTreeSet::new();
        found.retain(|record| {
            let is_fit = record.len() > 1
                && (!self.resource.key.is_shown
                    || record.get(key).is_some_and(|key| self.fits(key)));
            is_fit && seen.insert(record.get(key).map_or_else(String::new, ToString::to_string))
        });
        found
    }

    /// Gives a record its key, one that no other has, and its place.
    fn complete(
        &self,
        record: &mut Map<String, Value>,
        number: usize,
        scope: &Map<String, Value>,
        taken: &mut BTreeSet<String>,
    ) {
        for (name, value) in scope {
            record.insert(name.clone(), value.clone());
        }
        let key = &self.resource.key;
        let own = record.get(&key.property).filter(|own| self.fits(own)).cloned();
        let given = own.filter(|own| !taken.contains(&own.to_string()));
        let made = given.unwrap_or_else(|| {
            let mut numbers = (number + 1..).map(|number| self.another(number));
            numbers.find(|one| !taken.contains(&one.to_string())).unwrap_or(Value::Null)
        });
        taken.insert(made.to_string());
        record.insert(key.property.clone(), made);
    }

    /// A key that is made up.
    fn another(&self, number: usize) -> Value {
        let key = &self.resource.key;
        if key.is_whole {
            let least = key.schema.get("minimum").and_then(Value::as_i64).unwrap_or(1).max(1);
            return (i64::try_from(number).unwrap_or(i64::MAX - 1) - 1 + least).into();
        }
        let text = made_text(&key.schema, number as u64);
        text.unwrap_or_else(|| format!("{}-{number}", self.resource.singular.join("-"))).into()
    }
}

/// The examples of an operation's success, each with what is documented of it.
fn example_bodies<'c>(
    schemas: &'c Schemas,
    operation: &'c Operation,
) -> impl Iterator<Item = (Body<'c>, &'c Value)> {
    let body = success(operation).and_then(|(_, response)| Body::of_response(schemas, response));
    body.into_iter().flat_map(|body| body.media.examples.values().map(move |value| (body, value)))
}

/// A text of a pattern or format that a key has.
fn made_text(schema: &Map<String, Value>, seed: u64) -> Option<String> {
    let pattern = match schema.get("format").and_then(Value::as_str) {
        Some("uuid") => UUID_V4,
        Some("ulid") => ULID,
        _ => schema.get("pattern")?.as_str()?,
    };
    Some(Ids::seeded(seed).sample(&Pattern::parse_bounded(pattern).ok()?))
}
