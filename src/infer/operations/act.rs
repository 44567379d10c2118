//! Operations below a record that set one of its properties: `POST /orders/{id}/cancel`, `PUT /users/{id}/status`.
//!
//! Must not know how records are found.

use http::Method;
use serde_json::{Map, Value};

use crate::infer::operations::task::{Task, Written};
use crate::infer::outcome::{Outcome, RESTORING, outcomes};
use crate::infer::words::words;
use crate::validation::MessagePart;

/// Why nothing is inferred of an operation below a record.
const UNKNOWN: &str = "it is not known what it changes";

/// Words that begin the name of an operation that changes the record it is below.
const CHANGING: [&str; 6] = ["set", "update", "change", "edit", "rename", "modify"];

/// The most properties of a request that is about a part of a record.
const PARTS_MAX: usize = 4;

impl Task<'_, '_> {
    /// The operation sets a property of a record: the one that the last segment of its path is a verb for, or those that its
    /// request has.
    pub(super) fn act(&self) -> Result<Written, String> {
        let path = self.survey.path_of(self.operation);
        let verb = path.rsplit('/').next().unwrap_or_default();
        let shape = self.resource.shape();
        let outcomes = shape.map(|shape| outcomes(self.schemas(), shape, verb)).unwrap_or_default();
        let Some(first) = outcomes.first() else {
            let is_part = self.changes_a_part(verb);
            return if is_part { self.change() } else { Err(UNKNOWN.to_owned()) };
        };
        let lookup = self.own();
        let lookup = if RESTORING.contains(&verb) { lookup.with_deleted() } else { lookup };
        let (lets, mut rules) = self.begin_with(lookup);
        let made = format!("made.{}", self.resource.name);
        let (body, view) = self.record_body(&made, "changed").unzip();
        let mut rule = Map::new();
        rule.insert("update".into(), self.resource.one.as_str().into());
        let values = outcomes.iter().map(|one| (one.property.clone(), one.value.clone()));
        rule.insert(first.entry().into(), Value::Object(values.collect()));
        rule.extend(self.answer(body));
        if self.is_open() {
            let mut unknown = self.begin_unknown();
            unknown.extend(self.answer(None));
            rules.insert(0, Value::Object(unknown));
        }
        rules.push(Value::Object(rule));
        let notes = outcomes.iter().map(Outcome::in_words).collect();
        Ok(Written { format: Self::written(lets, rules), view: view.flatten(), notes })
    }

    /// Whether the request has a few properties of the record and no others, and the record is answered. A request that is
    /// posted may be about another record, such as a copy, unless the path says that it changes this one.
    fn changes_a_part(&self, verb: &str) -> bool {
        let Some((_, Some(sent))) = self.sent() else { return false };
        let Some(known) = self.resource.shape() else { return false };
        let arguments = self.arguments();
        let is_argument = |name: &str| {
            arguments.iter().any(|one| one.part == MessagePart::Body && one.name == name)
        };
        let parts: Vec<&str> = sent.names().filter(|name| !is_argument(name)).collect();
        let verb = words(verb);
        let says_so = self.operation.method != Method::POST
            || verb.first().is_some_and(|first| CHANGING.contains(&first.as_str()))
            || parts.iter().any(|part| verb.ends_with(&words(part)));
        says_so
            && !parts.is_empty()
            && parts.len() <= PARTS_MAX
            && parts.iter().all(|name| known.get(name).is_some())
            && self.sent_item().is_none()
            && self.record_body(&self.resource.one, "").is_some()
    }
}
