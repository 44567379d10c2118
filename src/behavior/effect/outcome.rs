//! What effects did, as expressions see it: `outcome` and `made`.
//!
//! Must not know how effects are planned.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use minijinja::value::{Enumerator, Object, ObjectRepr};
use serde_json::Value as Json;

use crate::behavior::records::{RecordList, Snapshot};
use crate::expression::{Value, from_json_owned};
use crate::store::{Change, Key, Staged};

/// `outcome` in a rule's templates: how many records its effects changed, and the record that the first is about.
pub(crate) struct Outcome {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) changes: Arc<[Change]>,
    /// The record that the first effect creates or changes. It is not among the changes where it had these values already.
    pub(crate) record: Option<(usize, Key)>,
}

/// What can be read of `outcome`.
pub(crate) const OUTCOME: [&str; 5] = ["deleted", "updated", "created", "record", "job"];

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outcome")
    }
}

impl Outcome {
    fn counted(&self, is_counted: fn(&Change) -> bool) -> Value {
        let mut hits = BTreeMap::new();
        for change in self.changes.iter().filter(|change| is_counted(change)) {
            let name = Arc::clone(&self.snapshot.shapes[change.resource].name);
            *hits.entry(name).or_default() += 1;
        }
        Value::from_object(Counts { snapshot: Arc::clone(&self.snapshot), hits })
    }

    /// The record that the effects are about, as they leave it.
    fn record(&self) -> Option<Value> {
        let changed = match &self.record {
            Some((resource, key)) => self
                .changes
                .iter()
                .find(|change| change.resource == *resource && change.key == *key)
                .map_or_else(|| self.snapshot.store.get(*resource, key), |it| it.after.as_ref()),
            None => self.changes.iter().find_map(|change| change.after.as_ref()),
        };
        changed.map(|record| from_json_owned(Json::Object(record.fields().into_owned())))
    }
}

impl Object for Outcome {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            "deleted" => Some(self.counted(|change| change.after.is_none())),
            "created" => Some(self.counted(|change| change.before.is_none())),
            "updated" => {
                Some(self.counted(|change| change.before.is_some() && change.after.is_some()))
            }
            "record" | "job" => self.record(),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&OUTCOME)
    }
}

/// Records by resource, such as `outcome.deleted`: 0 can be read of those with none, and they are not listed.
struct Counts {
    snapshot: Arc<Snapshot>,
    hits: BTreeMap<Arc<str>, usize>,
}

impl fmt::Debug for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(&self.hits).finish()
    }
}

impl Object for Counts {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        self.snapshot.shapes.number(name)?;
        Some(self.hits.get(name).copied().unwrap_or(0).into())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.hits.keys().map(|name| Value::from(&**name)).collect())
    }
}

/// The record that an effect created or changed, or all those of an effect that was made for each element of a list.
#[derive(Clone, Debug)]
pub(super) struct MadeRecords {
    /// What `made` calls them.
    pub(super) name: Arc<str>,
    pub(super) is_list: bool,
    resource: usize,
    keys: Vec<Key>,
}

impl MadeRecords {
    /// A list without any yet.
    pub(super) fn none(name: &Arc<str>) -> Self {
        Self { name: Arc::clone(name), is_list: true, resource: 0, keys: Vec::new() }
    }

    /// One record.
    pub(super) fn one(name: Arc<str>, resource: usize, key: Key) -> Self {
        Self { name, is_list: false, resource, keys: vec![key] }
    }

    pub(super) fn add(&mut self, resource: usize, key: Key) {
        self.resource = resource;
        self.keys.push(key);
    }
}

/// `made`: the records that effects created and changed, by name, as all effects so far leave them.
pub(super) struct Made {
    before: Arc<Snapshot>,
    /// Changes that `before` lacks.
    changes: Option<Arc<Staged>>,
    records: Vec<MadeRecords>,
    /// The records with the changes, since one was first read.
    after: OnceLock<Arc<Snapshot>>,
}

impl Made {
    /// As the records of `snapshot` are.
    pub(super) fn at(snapshot: Arc<Snapshot>, records: Vec<MadeRecords>) -> Self {
        Self { before: snapshot, changes: None, records, after: OnceLock::new() }
    }

    /// As they will be when `changes` are made to those of `before`.
    pub(super) fn after(
        before: Arc<Snapshot>,
        changes: Arc<Staged>,
        records: Vec<MadeRecords>,
    ) -> Self {
        Self { before, changes: Some(changes), records, after: OnceLock::new() }
    }

    fn snapshot(&self) -> &Arc<Snapshot> {
        self.after.get_or_init(|| {
            match self.changes.as_ref().map(|changes| changes.after()) {
                Some(Ok(store)) => self.before.with(store.clone()),
                // They were planned on these records; if they do not fit all the same, committing says so.
                Some(Err(_)) | None => Arc::clone(&self.before),
            }
        })
    }
}

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.records.iter().map(|record| &record.name)).finish()
    }
}

impl Object for Made {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<Value> {
        // Of several with one name, the last.
        let record = self.records.iter().rev().find(|record| *record.name == *name)?;
        let (snapshot, resource) = (self.snapshot(), record.resource);
        match record.keys.as_slice() {
            [key] if !record.is_list => Some(snapshot.record(resource, key)),
            keys => Some(RecordList::of(snapshot, resource, keys.to_vec())),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.records.iter().map(|it| Value::from(&*it.name)).collect())
    }
}
