//! Operations below a record that set one of its properties: `POST /orders/{id}/cancel`, `PUT /users/{id}/status`.
//!
//! Must not know how records are found.

use serde_json::{Map, Value, json};

use crate::infer::operations::task::{Task, Written};
use crate::infer::shape::{ObjectShape, said};
use crate::infer::words::words;
use crate::openapi::{Schemas, Types};

/// What is said of a record after an action, where that is not the verb with `ed` or `d`.
const OUTCOMES: [(&str, &[&str]); 13] = [
    ("cancel", &["canceled", "cancelled"]),
    ("complete", &["completed", "complete", "done"]),
    ("finish", &["finished", "done", "completed"]),
    ("activate", &["active", "activated"]),
    ("deactivate", &["inactive", "deactivated"]),
    ("reactivate", &["active"]),
    ("open", &["open", "opened"]),
    ("reopen", &["open", "opened", "reopened"]),
    ("unarchive", &["active", "open"]),
    ("unpublish", &["draft", "unpublished"]),
    ("pause", &["paused"]),
    ("resume", &["active", "running", "resumed"]),
    ("start", &["started", "running", "in_progress"]),
];

/// Verbs after which a property that is named after their opposite is false.
const OPPOSITES: [(&str, &str); 9] = [
    ("disable", "enabled"),
    ("deactivate", "active"),
    ("unarchive", "archived"),
    ("unpublish", "published"),
    ("unlock", "locked"),
    ("unpin", "pinned"),
    ("unstar", "starred"),
    ("unban", "banned"),
    ("reopen", "closed"),
];

/// Properties that say in which state a record is.
const STATES: [&str; 3] = ["status", "state", "phase"];

/// The most properties of a request that is about a part of a record.
const PARTS_MAX: usize = 4;

/// The property of a record that a verb sets, and its value then, as far as the schema tells.
pub(super) fn outcome<'c>(
    schemas: &'c Schemas,
    shape: &ObjectShape<'c>,
    verb: &str,
) -> Option<(&'c str, Value)> {
    let verb = words(verb).join("_");
    let known = OUTCOMES.iter().find(|(known, _)| *known == verb);
    let regular = regular(&verb);
    let after: Vec<&str> = match known {
        Some((_, after)) => after.to_vec(),
        None => regular.iter().map(String::as_str).collect(),
    };
    let listed =
        shape.properties.iter().filter(|(name, _)| is_state(name)).find_map(|(name, one)| {
            let values = said(schemas, one.schema, "enum")?.as_array()?;
            let value = values.iter().find(|value| {
                value.as_str().is_some_and(|text| after.contains(&text.to_lowercase().as_str()))
            })?;
            Some((*name, value.clone()))
        });
    let flag = |text: &str, value: bool| {
        let mut properties = shape.properties.iter();
        let (name, _) = properties.find(|(name, one)| {
            let own = words(name);
            let own = own.strip_prefix(&["is".to_owned()][..]).unwrap_or(&own);
            own.join("_") == text && is_flag(schemas.types(one.schema))
        })?;
        Some((*name, json!(value)))
    };
    let opposite = OPPOSITES.iter().find(|(known, _)| *known == verb);
    listed
        .or_else(|| opposite.and_then(|(_, property)| flag(property, false)))
        .or_else(|| after.iter().find_map(|text| flag(text, true)))
}

/// What a verb gives by rule: `lock` is `locked`, `archive` is `archived`, `ship` is `shipped`, `deny` is `denied`.
fn regular(verb: &str) -> Vec<String> {
    let last: String = verb.chars().last().into_iter().collect();
    let stem = verb.strip_suffix('y').map(|stem| format!("{stem}ied"));
    let others = [format!("{verb}ed"), format!("{verb}d"), format!("{verb}{last}ed")];
    others.into_iter().chain(stem).collect()
}

fn is_flag(types: Types) -> bool {
    let others = Types::STRING | Types::NUMBER | Types::ARRAY | Types::OBJECT;
    types & Types::BOOLEAN != Types::NONE && types & others == Types::NONE
}

fn is_state(name: &str) -> bool {
    words(name).last().is_some_and(|last| STATES.contains(&last.as_str()))
}

impl Task<'_, '_> {
    /// The operation sets a property of a record: the one that the last segment of its path is a verb for.
    pub(super) fn act(&self) -> Result<Written, String> {
        let verb = self.operation.template.trim_end_matches('/').rsplit('/').next();
        let found = self
            .resource
            .shape()
            .zip(verb)
            .and_then(|(shape, verb)| outcome(self.schemas(), shape, verb));
        let (property, value) = found.ok_or("it is not known what it changes")?;
        let (lets, mut rules) = self.begin_with_own();
        let made = format!("made.{}", self.resource.name);
        let (body, view) = self.record_body(&made, "changed").unzip();
        let mut rule = Map::new();
        rule.insert("update".into(), self.resource.one.as_str().into());
        rule.insert("merge".into(), json!({ property: value }));
        rule.extend(self.answer(body));
        if self.is_open() {
            let mut unknown = self.begin_unknown();
            unknown.extend(self.answer(None));
            rules.insert(0, Value::Object(unknown));
        }
        rules.push(Value::Object(rule));
        let notes = vec![format!("`{property}` is {value} then")];
        Ok(Written { format: Self::written(lets, rules), view: view.flatten(), notes })
    }

    /// Whether the request has a few properties of the record and no others, and the record is answered.
    pub(in crate::infer) fn changes_a_part(&self) -> bool {
        let Some((_, Some(sent))) = self.sent() else { return false };
        let Some(known) = self.resource.shape() else { return false };
        let is_part = sent.properties.len() <= PARTS_MAX
            && sent.names().all(|name| known.get(name).is_some());
        is_part && self.sent_item().is_none() && self.record_body(&self.resource.one, "").is_some()
    }
}
