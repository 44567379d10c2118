//! What a verb makes of a record: `cancel` sets its status, `archive` a flag or the time of it, and `restore` takes the mark of
//! a deletion away.
//!
//! Must not know which operation asks.

use serde_json::Value;

use crate::infer::server_made::time;
use crate::infer::shape::{ObjectShape, Property, said};
use crate::infer::words::{member, words};
use crate::openapi::{Schemas, Types};

/// What is said of a record after a verb, where that is not the verb with `ed` or `d`.
const STATES_AFTER: [(&str, &[&str]); 16] = [
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
    ("restore", &["active", "restored"]),
    ("pause", &["paused"]),
    ("resume", &["active", "running", "resumed"]),
    ("start", &["started", "running", "in_progress"]),
    ("suspend", &["suspended", "inactive"]),
    ("send", &["sent"]),
];

/// Verbs, and what a record is no more after them.
const UNDONE: [(&str, &[&str]); 13] = [
    ("disable", &["enabled"]),
    ("deactivate", &["active"]),
    ("unarchive", &["archived"]),
    ("unpublish", &["published"]),
    ("unlock", &["locked"]),
    ("unpin", &["pinned"]),
    ("unstar", &["starred"]),
    ("unban", &["banned"]),
    ("reopen", &["closed"]),
    ("activate", &["suspended", "deactivated", "disabled"]),
    ("restore", AWAY),
    ("undelete", AWAY),
    ("recover", AWAY),
];

/// What is said of a record that is deleted and can be had back.
pub(super) const DELETED: [&str; 3] = ["deleted", "trashed", "removed"];

/// What is said of a record that may be restored.
const AWAY: &[&str] = &["deleted", "trashed", "removed", "archived"];

/// Verbs that bring back what was deleted.
pub(super) const RESTORING: [&str; 3] = ["restore", "undelete", "recover"];

/// Properties that say in which state a record is.
const STATES: [&str; 3] = ["status", "state", "phase"];

/// A property of a record, and what it is after a verb.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) property: String,
    /// The template of its value.
    pub(super) value: Value,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    State,
    Flag,
    Time,
    /// A time that is null, or not there where it cannot be.
    NoTime {
        is_null: bool,
    },
}

impl Outcome {
    /// The condition under which the record that `one` names is so.
    pub(super) fn holds(&self, one: &str) -> String {
        let property = member(one, &self.property);
        match self.kind {
            Kind::Time => format!("{property} is not none"),
            _ => property,
        }
    }

    /// What it makes, in words.
    pub(super) fn in_words(&self) -> String {
        let Self { property, value, kind } = self;
        match kind {
            Kind::Time => format!("`{property}` is the time then"),
            _ => format!("`{property}` is {value} then"),
        }
    }

    /// The property and its value; nothing where the record is not to have the property.
    pub(super) fn entry_of_new(&self) -> Option<(String, Value)> {
        let is_absent = self.kind == (Kind::NoTime { is_null: false });
        (!is_absent).then(|| (self.property.clone(), self.value.clone()))
    }

    /// What a rule says beside `update` to make a record so.
    pub(super) fn entry(&self) -> &'static str {
        // A merge takes away what is null in it.
        if self.kind == (Kind::NoTime { is_null: true }) { "set" } else { "merge" }
    }
}

/// What a verb makes of a record, as far as the schema of the records tells; all have the same [`Outcome::entry`].
pub(super) fn outcomes(schemas: &Schemas, shape: &ObjectShape<'_>, verb: &str) -> Vec<Outcome> {
    let verb = words(verb).join("_");
    let known = STATES_AFTER.iter().find(|(known, _)| *known == verb);
    let regular = regular(&verb);
    let after: Vec<&str> = match known {
        Some((_, after)) => after.to_vec(),
        None => regular.iter().map(String::as_str).collect(),
    };
    let undone = UNDONE.iter().find(|(known, _)| *known == verb);
    let undone = undone.into_iter().flat_map(|(_, texts)| texts.iter());
    let mut undone: Vec<Outcome> =
        undone.filter_map(|text| unmarked(schemas, shape, text)).collect();
    let entry = undone.first().map(Outcome::entry);
    undone.retain(|one| one.kind == Kind::Flag || Some(one.entry()) == entry);
    match state(schemas, shape, &after) {
        Some(state) => vec![state],
        None if !undone.is_empty() => undone,
        None => after.iter().find_map(|text| marked(schemas, shape, text)).into_iter().collect(),
    }
}

/// How records say that they are deleted and can be had back.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    /// Of one that is.
    pub(super) set: Outcome,
    /// Of one that is not.
    pub(super) unset: Outcome,
}

impl Mark {
    /// The mark that records of this shape can have: a flag, or the time of the deletion.
    pub(super) fn of(schemas: &Schemas, shape: &ObjectShape<'_>) -> Option<Self> {
        DELETED.iter().find_map(|text| {
            let set = marked(schemas, shape, text)?;
            Some(Self { set, unset: unmarked(schemas, shape, text)? })
        })
    }
}

fn state(schemas: &Schemas, shape: &ObjectShape<'_>, after: &[&str]) -> Option<Outcome> {
    let mut states = shape.properties.iter().filter(|(name, _)| is_state(name));
    states.find_map(|(name, one)| {
        let values = said(schemas, one.schema, "enum")?.as_array()?;
        let value = values.iter().find(|value| {
            value.as_str().is_some_and(|text| after.contains(&text.to_lowercase().as_str()))
        })?;
        Some(Outcome { property: (*name).to_owned(), value: value.clone(), kind: Kind::State })
    })
}

/// The flag or the time that says that a record is so.
fn marked(schemas: &Schemas, shape: &ObjectShape<'_>, text: &str) -> Option<Outcome> {
    flag(schemas, shape, text, true).or_else(|| {
        let (name, property) = timed(schemas, shape, text)?;
        let value = time(schemas, property.schema, None)?.into();
        Some(Outcome { property: name.to_owned(), value, kind: Kind::Time })
    })
}

/// The flag or the time that says that a record is not so.
fn unmarked(schemas: &Schemas, shape: &ObjectShape<'_>, text: &str) -> Option<Outcome> {
    flag(schemas, shape, text, false).or_else(|| {
        let (name, property) = timed(schemas, shape, text)?;
        let is_null = schemas.types(property.schema) & Types::NULL != Types::NONE;
        let kind = Kind::NoTime { is_null };
        (is_null || !property.is_required).then(|| Outcome {
            property: name.to_owned(),
            value: Value::Null,
            kind,
        })
    })
}

fn flag(schemas: &Schemas, shape: &ObjectShape<'_>, text: &str, value: bool) -> Option<Outcome> {
    let mut properties = shape.properties.iter();
    let (name, _) = properties.find(|(name, one)| {
        let own = words(name);
        let own = own.strip_prefix(&["is".to_owned()][..]).unwrap_or(&own);
        own.join("_") == text && is_flag(schemas.types(one.schema))
    })?;
    Some(Outcome { property: (*name).to_owned(), value: value.into(), kind: Kind::Flag })
}

/// The property that has the time since which a record is so: `archived_at`.
fn timed<'s, 'c>(
    schemas: &Schemas,
    shape: &'s ObjectShape<'c>,
    text: &str,
) -> Option<(&'c str, &'s Property<'c>)> {
    let mut properties = shape.properties.iter();
    let found = properties.find(|(name, one)| {
        let own = words(name).join("_");
        let own = own.strip_prefix(text).and_then(|rest| rest.strip_prefix('_'));
        matches!(own, Some("at" | "on" | "date" | "time"))
            && time(schemas, one.schema, None).is_some()
    });
    found.map(|(name, one)| (*name, one))
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
