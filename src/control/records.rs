//! Records: what a test arranges before a call, and looks at after it.
//!
//! Must not know how records are kept.

use http::StatusCode;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::control::{Control, unfit};
use crate::message::Tally;
use crate::problem::Problem;
use crate::sandbox::{NotCommitted, SandboxState};
use crate::store::{Change, Edit, Key, Record, Scalar};
use crate::{numbers, sandbox};

/// What stays as it is in a path segment (RFC 3986, unreserved).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A resource, and where its records are.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ResourceView {
    /// Whose it is.
    pub provider: String,
    /// Its name.
    pub resource: String,
    /// The properties of its key.
    pub key: Vec<String>,
    /// How many records it has.
    pub count: usize,
    /// The path that lists them.
    pub href: String,
}

/// Some records of a resource, in the order of their keys.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RecordPage {
    /// How many there are that fit the filter.
    pub count: usize,
    /// Those asked for.
    pub records: Vec<Map<String, Value>>,
    /// The path that goes on; null at the end.
    pub next: Option<String>,
}

/// A condition on records: a property, and what its value is as text.
pub type RecordFilter = (String, String);

/// Whether a record has these values; a value that is no text is compared as JSON writes it.
pub(super) fn fits(record: &Record, filters: &[RecordFilter]) -> bool {
    filters
        .iter()
        .all(|(property, text)| record.get(property).is_some_and(|value| reads_as(&value, text)))
}

/// Whether a value is this text, or is written so in JSON; a number may be written in another way.
fn reads_as(value: &Value, text: &str) -> bool {
    match value {
        Value::String(value) => value == text,
        Value::Number(number) => {
            number.as_str() == text
                || text.parse().is_ok_and(|asked| numbers::are_equal(value, &Value::Number(asked)))
        }
        other => {
            let written = other.to_string();
            written == text
        }
    }
}

impl Control<'_> {
    /// All resources of all providers.
    pub fn resources(&self) -> Result<Vec<ResourceView>, Problem> {
        self.visit(|_, state| {
            let mut views = Vec::new();
            for (provider, store) in state.world.stores().iter().enumerate() {
                let name = self.emulator.provider_name(provider);
                for (number, resource) in store.model().resources.iter().enumerate() {
                    views.push(ResourceView {
                        provider: name.to_string(),
                        resource: resource.name.to_string(),
                        key: resource.key.clone(),
                        count: store.len(number),
                        href: self.records_path(&name, &resource.name),
                    });
                }
            }
            views
        })
    }

    fn records_path(&self, provider: &str, resource: &str) -> String {
        let provider = utf8_percent_encode(provider, SEGMENT);
        let resource = utf8_percent_encode(resource, SEGMENT);
        format!("/__admin/sandboxes/{}/resources/{provider}/{resource}", self.name)
    }

    /// Some records of a resource: those that fit, `limit` of them from the `offset`th on.
    pub fn records(
        &self,
        provider: &str,
        resource: &str,
        filters: &[RecordFilter],
        (offset, limit): (usize, usize),
    ) -> Result<RecordPage, Problem> {
        let (number, of) = self.place(provider, resource)?;
        // A clone, so that nobody waits while a large resource is read.
        let store = self.visit(|_, state| state.world.store(number).clone())?;
        let hits = || store.iter(of).filter(|(_, record)| fits(record, filters));
        let count = if filters.is_empty() { store.len(of) } else { hits().count() };
        let records: Vec<_> = hits()
            .skip(offset)
            .take(limit)
            .map(|(_, record)| record.fields().into_owned())
            .collect();
        let end = offset.saturating_add(records.len());
        let next = (end < count && !records.is_empty()).then(|| {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.append_pair("offset", &end.to_string()).append_pair("limit", &limit.to_string());
            for (property, value) in filters {
                query.append_pair(property, value);
            }
            format!("{}?{}", self.records_path(provider, resource), query.finish())
        });
        Ok(RecordPage { count, records, next })
    }

    /// One record, by the parts of its key as a URL has them.
    pub fn record(
        &self,
        provider: &str,
        resource: &str,
        key: &[String],
    ) -> Result<Map<String, Value>, Problem> {
        let (number, of) = self.place(provider, resource)?;
        self.visit(|_, state| {
            let found = find(state, (number, of), key).and_then(|key| {
                state.world.store(number).get(of, &key).map(|record| record.fields().into_owned())
            });
            found.ok_or_else(|| no_such_record(provider, resource, key))
        })?
    }

    /// Has a record be as it is given: made if there is none of the key, and whole otherwise. Whether it was made, and
    /// the record.
    pub fn put_record(
        &self,
        provider: &str,
        resource: &str,
        key: &[String],
        mut fields: Map<String, Value>,
    ) -> Result<(bool, Map<String, Value>), Problem> {
        let (number, of) = self.place(provider, resource)?;
        self.enter(|_, state| {
            let model = state.world.store(number).model().clone();
            let properties = &model.resources[of].key;
            let found = find(state, (number, of), key);
            let is_new = found.is_none();
            let behavior = self.emulator.behavior(number);
            let is_number = behavior.has_number_keys(of, state.world.store(number));
            complete(&mut fields, (properties, is_number), key, found.as_ref())?;
            let edit = match found {
                Some(key) => Edit::Replace { resource: of, key, fields: fields.clone() },
                None => Edit::Insert { resource: of, fields: fields.clone() },
            };
            self.arrange(
                state,
                number,
                edit,
                format!("put {provider}/{resource}/{}", key.join(",")),
            )?;
            Ok((is_new, fields))
        })?
    }

    /// Changes some properties of a record, as JSON Merge Patch (RFC 7396) says; the record then.
    pub fn patch_record(
        &self,
        provider: &str,
        resource: &str,
        key: &[String],
        patch: Map<String, Value>,
    ) -> Result<Map<String, Value>, Problem> {
        let (number, of) = self.place(provider, resource)?;
        self.visit(|_, state| {
            let missing = || no_such_record(provider, resource, key);
            let found = find(state, (number, of), key).ok_or_else(missing)?;
            let record = state.world.store(number).get(of, &found).ok_or_else(missing)?;
            let before = Value::Object(record.fields().into_owned());
            let Value::Object(fields) = crate::json::merged(before, Value::Object(patch)) else {
                unreachable!("a patch that is an object gives one")
            };
            let edit = Edit::Replace { resource: of, key: found, fields: fields.clone() };
            let what = format!("patch {provider}/{resource}/{}", key.join(","));
            self.arrange(state, number, edit, what)?;
            Ok(fields)
        })?
    }

    fn arrange(
        &self,
        state: &mut SandboxState,
        provider: usize,
        edit: Edit,
        what: String,
    ) -> Result<Vec<Tally>, Problem> {
        let now = state.world.clock.now(self.real);
        let moment = state.world.moment(provider, now);
        let changes = self
            .emulator
            .behavior(provider)
            .arrange(vec![edit], &moment)
            .map_err(|problems| unfit("the record cannot be so", &problems))?;
        self.commit(state, provider, changes, what)
    }

    /// Deletes a record, with all the consequences that its relations name; what that changed.
    pub fn delete_record(
        &self,
        provider: &str,
        resource: &str,
        key: &[String],
    ) -> Result<Vec<Tally>, Problem> {
        let (number, of) = self.place(provider, resource)?;
        self.visit(|_, state| {
            let found = find(state, (number, of), key)
                .ok_or_else(|| no_such_record(provider, resource, key))?;
            let now = state.world.clock.now(self.real);
            let mut moment = state.world.moment(number, now);
            let changes = self
                .emulator
                .behavior(number)
                .arrange_deletion(of, &found, &mut moment)
                .map_err(|why| Problem::new(StatusCode::CONFLICT, "not deletable", why))?;
            let what = format!("delete {provider}/{resource}/{}", key.join(","));
            self.commit(state, number, changes, what)
        })?
    }

    pub(super) fn commit(
        &self,
        state: &mut SandboxState,
        provider: usize,
        changes: Vec<Change>,
        what: String,
    ) -> Result<Vec<Tally>, Problem> {
        let tally = sandbox::tally(state.world.store(provider), &changes);
        state.edit(provider, changes, what, self.real).map_err(|refused| match refused {
            NotCommitted::OutOfRoom(full) => full.into(),
            NotCommitted::Conflict(conflict) => {
                Problem::new(StatusCode::CONFLICT, "not possible", conflict.to_string())
            }
        })?;
        Ok(tally)
    }
}

/// The key of an existing record that these parts of a URL mean.
pub(super) fn find(
    state: &SandboxState,
    (provider, resource): (usize, usize),
    key: &[String],
) -> Option<Key> {
    state.world.store(provider).find_key(resource, &key.join(",")).cloned()
}

pub(super) fn no_such_record(provider: &str, resource: &str, key: &[String]) -> Problem {
    let detail =
        format!("`{resource}` of `{provider}` has no record with the key `{}`", key.join(","));
    Problem::new(StatusCode::NOT_FOUND, "no such record", detail)
}

/// Fills the properties of the key in from the path, and refuses others than there.
fn complete(
    fields: &mut Map<String, Value>,
    (properties, is_number): (&[String], bool),
    key: &[String],
    found: Option<&Key>,
) -> Result<(), Problem> {
    let refuse = |problem: String| Err(unfit("the record cannot be so", &[problem]));
    if properties.len() != key.len() {
        let shown = properties.join("`, `");
        return refuse(format!(
            "the key has {} parts (`{shown}`) and the path has {}: separate them by commas",
            properties.len(),
            key.len()
        ));
    }
    for (index, (property, text)) in properties.iter().zip(key).enumerate() {
        match fields.get(property) {
            Some(given) if reads_as(given, text) => {}
            Some(given) => {
                return refuse(format!(
                    "`{property}` is `{given}` in the body and `{text}` in the path: make them the same, or leave it \
                     out of the body"
                ));
            }
            None => {
                let part = found.and_then(|key| key.parts().get(index)).map(Scalar::to_json);
                let number = || text.parse::<i64>().ok().filter(|_| is_number).map(Value::from);
                let part = part.or_else(number).unwrap_or_else(|| Value::String(text.clone()));
                fields.insert(property.clone(), part);
            }
        }
    }
    Ok(())
}
