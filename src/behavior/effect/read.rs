//! What effects are read against: what they name is there, and what they write is what records can have.
//!
//! Must not know single effects.

use indexmap::IndexMap;
use serde_json::Value as Json;

use crate::behavior::names::expression;
use crate::behavior::new_key::NewKey;
use crate::behavior::notes::Notes;
use crate::behavior::shape::Shapes;
use crate::expression::{Expression, ScopeNames, Template, Type};
use crate::finding::did_you_mean;
use crate::openapi::Schemas;
use crate::pointer::child;
use crate::store::{Model, ResourceModel};

/// What effects are read against.
pub(crate) struct EffectReader<'r, 'd> {
    pub(crate) shapes: &'r Shapes,
    pub(crate) model: &'r Model,
    pub(crate) schemas: &'r Schemas,
    /// The jobs of the file, each with the resource that keeps its records.
    pub(crate) jobs: &'r IndexMap<String, Option<usize>>,
    pub(crate) notes: &'r mut Notes<'d>,
}

/// The records that an effect is about.
pub(super) struct Target {
    /// The type of one of them.
    pub(super) kind: Type,
    /// The number of their resource, where it is known.
    pub(super) number: Option<usize>,
}

impl EffectReader<'_, '_> {
    /// An expression for records, and what they are.
    pub(super) fn targets(
        &mut self,
        text: &str,
        pointer: &str,
        names: &dyn ScopeNames,
    ) -> Option<(Expression, Target)> {
        let (targets, kind) = expression(text, pointer, names, self.notes)?;
        let kind = match kind {
            Type::List(item) => *item,
            other => other,
        };
        if !matches!(kind, Type::Record(_) | Type::Any | Type::None) {
            let message = format!("`{text}` is no record and no list of records");
            self.notes.error(pointer, message, "name a record, such as `organization`".to_owned());
        }
        let number = match &kind {
            Type::Record(name) => self.shapes.number(name),
            _ => None,
        };
        Some((targets, Target { kind, number }))
    }

    /// The number of a resource.
    pub(super) fn resource(&mut self, name: &str, pointer: &str) -> Option<usize> {
        let found = self.shapes.number(name);
        if found.is_none() {
            let message = format!("there is no resource `{name}`");
            self.notes.error(pointer, message, self.shapes.suggestion(name));
        }
        found
    }

    /// The number of a job, and of the resource that keeps its records.
    pub(super) fn job(&mut self, name: &str, pointer: &str) -> Option<(usize, Option<usize>)> {
        let found = self.jobs.get_full(name).map(|(number, _, record)| (number, *record));
        if found.is_none() {
            let known = self.jobs.keys().map(String::as_str);
            let message = format!("there is no job `{name}`");
            self.notes.error(pointer, message, did_you_mean(name, known));
        }
        found
    }

    /// A template for properties of a record of that resource, where it is known.
    pub(super) fn properties(
        &mut self,
        format: &Json,
        pointer: &str,
        names: &dyn ScopeNames,
        resource: Option<usize>,
    ) -> Option<Template> {
        match Template::compile(format) {
            Ok(template) => {
                self.notes.mistakes(pointer, template.check(names));
                if let Some(resource) = resource {
                    self.check_known(resource, &template, pointer);
                }
                Some(template)
            }
            Err(mistakes) => {
                self.notes.mistakes(pointer, mistakes);
                None
            }
        }
    }

    /// Tells that an effect lacks its properties.
    pub(super) fn properties_missing(&mut self, pointer: &str, key: &str, what: &str) {
        let hint = format!("add `{key}`: {what}");
        self.notes.error(pointer, format!("`{key}` is missing"), hint);
    }

    /// A record that is made has its key, as far as that can be told before any request.
    pub(super) fn check_key(&mut self, resource: usize, with: &Template, pointer: &str) {
        let shape = &self.shapes[resource];
        let Some(given) = with.keys() else { return };
        let is_missing = |property: &&String| !given.contains(&property.as_str());
        for property in self.model.resources[resource].key.iter().filter(is_missing) {
            if let NewKey::Given(reason) = &shape.new_key {
                let message = format!("`{property}`, a key of `{}`, is not given", shape.name);
                let hint = format!("add it: {reason}, so that it is not made up");
                self.notes.error(pointer, message, hint);
            }
        }
    }

    /// A record has what its schema requires beside its key, as far as that can be told before any request.
    pub(super) fn check_required(&mut self, resource: usize, with: &Template, pointer: &str) {
        let shape = &self.shapes[resource];
        let Some(given) = with.keys() else { return };
        let ResourceModel { key, counters, .. } = &self.model.resources[resource];
        let counts = |property: &str| counters.iter().any(|counter| counter.property == property);
        let required = shape.schema.as_ref().map(|schema| schema.required(self.schemas));
        let required = required
            .into_iter()
            .flatten()
            .filter(|property| !key.contains(property) && !counts(property));
        for property in required.filter(|property| !given.contains(&property.as_str())) {
            let message = format!(
                "`{property}`, which the schema of `{}` requires, is not given",
                shape.name
            );
            self.notes.error(pointer, message, "add it".to_owned());
        }
    }

    /// Properties that are written are such as the records can have.
    fn check_known(&mut self, resource: usize, written: &Template, pointer: &str) {
        let shape = &self.shapes[resource];
        let unknown = written.keys().into_iter().flatten().filter(|name| !shape.knows(name));
        for name in unknown {
            let message = format!("the schema of `{}` has no property `{name}`", shape.name);
            let known = shape.own_properties();
            self.notes.error(&child(pointer, name), message, did_you_mean(name, known));
        }
    }
}
