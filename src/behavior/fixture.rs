//! Fixtures: the records that a sandbox starts from, read from a file and held against the behavior.
//!
//! Must not know sandboxes.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::behavior::call::ExampleCall;
use crate::behavior::compiled::Behavior;
use crate::behavior::format::{FORMAT_VERSION, FixtureFile, read};
use crate::behavior::names::NamesInScope;
use crate::behavior::notes::Notes;
use crate::clock::Timestamp;
use crate::expression::{Template, Value, to_json};
use crate::finding::Finding;
use crate::json::too_deep;
use crate::pointer::child;
use crate::store::Store;
use crate::validation::MessagePart;
use crate::yaml::Document;

/// What a fixture file gives: records to start from, and calls that show what they are for.
#[derive(Clone, Debug)]
pub struct Fixtures {
    /// The records.
    pub store: Store,
    /// The calls, to be made in this order.
    pub calls: Vec<ExampleCall>,
    /// Settings of the behavior that have another value with these records.
    pub settings: Map<String, Json>,
    /// Whether they are read from a file, and not inferred or none.
    pub is_of_file: bool,
    /// What calls say that name a record which is there, by the number of the operation, where that is known.
    pub places: BTreeMap<usize, CallValues>,
}

/// Values that a call has, by the part of it that they are in and their names: of parameters, and of properties of its body.
pub type CallValues = BTreeMap<(MessagePart, String), Json>;

impl Fixtures {
    /// No records at all.
    pub fn none(behavior: &Behavior) -> Self {
        let store = Store::new(Arc::clone(&behavior.model));
        Self {
            store,
            calls: Vec::new(),
            settings: Map::new(),
            places: BTreeMap::new(),
            is_of_file: false,
        }
    }
}

impl Behavior {
    /// What a fixture file gives. What is wrong goes to `findings`; the rest is usable.
    pub fn fixtures(
        &self,
        document: &Document,
        now: Timestamp,
        vet: bool,
        findings: &mut Vec<Finding>,
    ) -> Fixtures {
        load(self, document, now, vet, findings)
    }
}

/// The records and calls of a fixture file; those that can be had, where something is wrong.
fn load(
    behavior: &Behavior,
    document: &Document,
    now: Timestamp,
    vet: bool,
    findings: &mut Vec<Finding>,
) -> Fixtures {
    let Some(file) = read::<FixtureFile>(document, findings) else {
        return Fixtures::none(behavior);
    };
    let mut notes = Notes::new(document, findings);
    let calls = file.calls.iter().enumerate().filter_map(|(number, format)| {
        ExampleCall::compile(format, behavior.contract(), &child("/calls", number), &mut notes)
    });
    let calls = calls.collect();
    let mut settings = file.settings.clone();
    if let Err(problems) = behavior.settings_with(&settings) {
        settings.clear();
        notes.errors("/settings", problems);
    }
    let store = records(file, behavior, now, vet, &mut notes);
    Fixtures { store, calls, settings, places: BTreeMap::new(), is_of_file: true }
}

/// The records of a fixture file; those that can be had, where something is wrong.
fn records(
    file: FixtureFile,
    behavior: &Behavior,
    now: Timestamp,
    vet: bool,
    notes: &mut Notes<'_>,
) -> Store {
    let mut store = Store::new(Arc::clone(&behavior.model));
    if file.tombstone != FORMAT_VERSION {
        let message = format!("format {} is not known here", file.tombstone);
        notes.error("/tombstone", message, format!("this program reads format {FORMAT_VERSION}"));
        return store;
    }
    let scope = Value::from_pairs([("now", Value::from(now.to_rfc3339()))]);
    let mut pointers = Vec::new();
    let mut records = Vec::new();
    for (name, of_resource) in file.records {
        let place = child("/records", &name);
        let Some(number) = behavior.shapes.number(&name) else {
            let message = format!("the behavior has no resource `{name}`");
            notes.error(&place, message, behavior.shapes.suggestion(&name));
            continue;
        };
        let schema = behavior.shapes[number].schema.as_ref().filter(|_| vet);
        let schemas = &behavior.contract().schemas;
        for (index, fields) in of_resource.into_iter().enumerate() {
            let pointer = child(&place, index);
            let Some(fields) = rendered(fields, &pointer, behavior, &scope, notes) else {
                continue;
            };
            if let Some(problem) = too_deep(fields.values()) {
                notes.error(&pointer, problem, None);
                continue;
            }
            for misfit in schema.iter().flat_map(|schema| schema.misfits(&fields, schemas)) {
                notes.error(&format!("{pointer}{}", misfit.pointer), misfit.masked, None);
            }
            pointers.push(pointer);
            records.push((number, fields));
        }
    }
    if let Err(problems) = store.extend(records) {
        for (position, problem) in problems {
            notes.error(&pointers[position], problem.to_string(), None);
        }
    }
    store
}

/// A record with its templates filled in.
fn rendered(
    fields: Map<String, Json>,
    pointer: &str,
    behavior: &Behavior,
    scope: &Value,
    notes: &mut Notes<'_>,
) -> Option<Map<String, Json>> {
    if !fields.values().any(is_computed) {
        return Some(fields);
    }
    let template = match Template::compile(&Json::Object(fields)) {
        Ok(template) => template,
        Err(mistakes) => {
            notes.mistakes(pointer, mistakes);
            return None;
        }
    };
    let names = NamesInScope::everywhere(&behavior.shapes, &to_json(&behavior.settings)).only_now();
    let mistakes = template.check(&names);
    if !mistakes.is_empty() {
        notes.mistakes(pointer, mistakes);
        return None;
    }
    match template.render(scope) {
        Ok(Json::Object(fields)) => Some(fields),
        Ok(other) => {
            notes.error(pointer, format!("a record is an object, not `{other}`"), None);
            None
        }
        Err(failure) => {
            notes.error(pointer, failure.to_string(), None);
            None
        }
    }
}

fn is_computed(value: &Json) -> bool {
    match value {
        Json::String(text) => text.contains("{{"),
        Json::Array(items) => items.iter().any(is_computed),
        Json::Object(members) => members.values().any(is_computed),
        _ => false,
    }
}
