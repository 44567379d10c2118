//! Planning what is written: records that come to be and properties that change.
//!
//! Must not know deletions, nor change anything.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::error::{Conflict, RecordError};
use super::key::Key;
use super::record;
use super::record::{Change, Record};
use super::records::Store;
use super::verify::ChangeBatch;
use crate::jobs::JobRecord;

/// One thing to write.
#[derive(Clone, Debug)]
pub enum Edit {
    /// A record that comes to be.
    Insert {
        /// The resource's place in the model.
        resource: usize,
        /// All its properties.
        fields: Map<String, Value>,
    },
    /// All properties of a record that is there, in place of those it has.
    Replace {
        /// The resource's place in the model.
        resource: usize,
        /// The record's key, which the properties must give it too.
        key: Key,
        /// All its properties.
        fields: Map<String, Value>,
    },
    /// Properties of a record that change; the others stay.
    Update {
        /// The resource's place in the model.
        resource: usize,
        /// The record's key.
        key: Key,
        /// The properties that change.
        properties: Map<String, Value>,
    },
}

impl Store {
    /// The change that adds a record.
    pub fn plan_insert(
        &self,
        resource: usize,
        fields: Map<String, Value>,
    ) -> Result<Vec<Change>, RecordError> {
        self.plan(vec![Edit::Insert { resource, fields }])
    }

    /// The change that sets some properties of a record; none where they are so already.
    pub fn plan_update(
        &self,
        resource: usize,
        key: &Key,
        properties: Map<String, Value>,
    ) -> Result<Vec<Change>, RecordError> {
        self.plan(vec![Edit::Update { resource, key: key.clone(), properties }])
    }

    /// The change that gives a record other properties, all of them; none where it has them already.
    pub fn plan_replace(
        &self,
        resource: usize,
        key: &Key,
        fields: Map<String, Value>,
    ) -> Result<Vec<Change>, RecordError> {
        self.plan(vec![Edit::Replace { resource, key: key.clone(), fields }])
    }

    /// The change that has a job go on.
    pub fn plan_job(
        &self,
        resource: usize,
        key: &Key,
        job: JobRecord,
    ) -> Result<Vec<Change>, RecordError> {
        let Some(before) = self.get(resource, key) else {
            return Err(RecordError::NoRecord { resource: self.name(resource), key: key.clone() });
        };
        let model = &self.schema.model.resources[resource];
        let after = Arc::new(before.with_job(model, key, job)?);
        let before = Some(Arc::clone(before));
        Ok(vec![Change { resource, key: key.clone(), before, after: Some(after) }])
    }

    /// The changes that do all of this together. References and unique values are judged by how things stand
    /// once all is done, so the edits may refer to each other in any order.
    pub fn plan(&self, edits: Vec<Edit>) -> Result<Vec<Change>, RecordError> {
        let mut changes: Vec<Change> = Vec::with_capacity(edits.len());
        let mut places: HashMap<(usize, Key), usize> = HashMap::new();
        for edit in edits {
            match edit {
                Edit::Insert { resource, fields } => {
                    let model = &self.schema.model.resources[resource];
                    let key = record::key_of(model, &fields)?;
                    let place = (resource, key.clone());
                    if self.get(resource, &key).is_some() || places.contains_key(&place) {
                        return Err(RecordError::KeyTaken { resource: self.name(resource), key });
                    }
                    places.insert(place, changes.len());
                    let after = Record::read(model, &key, fields, &|_, _| false)?;
                    let after = Some(Arc::new(after));
                    changes.push(Change { resource, key, before: None, after });
                }
                Edit::Replace { resource, key, fields } => {
                    self.rewrite((resource, key), |_| fields, &mut changes, &mut places)?;
                }
                Edit::Update { resource, key, properties } => {
                    let merge = |fields: &Map<String, Value>| {
                        let mut fields = fields.clone();
                        fields.extend(properties);
                        fields
                    };
                    self.rewrite((resource, key), merge, &mut changes, &mut places)?;
                }
            }
        }
        self.settle(&mut changes)?;
        changes.retain(|change| change.before != change.after);
        Ok(changes)
    }

    /// Plans other properties for a record that is there.
    fn rewrite(
        &self,
        (resource, key): (usize, Key),
        rewritten: impl FnOnce(&Map<String, Value>) -> Map<String, Value>,
        changes: &mut Vec<Change>,
        places: &mut HashMap<(usize, Key), usize>,
    ) -> Result<(), RecordError> {
        let index = *places.entry((resource, key.clone())).or_insert(changes.len());
        if index == changes.len() {
            let Some(before) = self.get(resource, &key).cloned() else {
                return Err(RecordError::NoRecord { resource: self.name(resource), key });
            };
            let after = Some(Arc::clone(&before));
            changes.push(Change { resource, key, before: Some(before), after });
        }
        let Change { resource, key, after, .. } = &mut changes[index];
        let after = after.as_mut().expect("edits leave a record there");
        let fields = rewritten(&after.fields());
        let model = &self.schema.model.resources[*resource];
        let detached = |relation, target: &Key| after.is_detached(relation, target);
        *after = Arc::new(Record::read(model, key, fields, &detached)?);
        Ok(())
    }

    /// Detaches the optional references that lead nowhere, and checks that everything fits.
    pub(super) fn settle(&self, changes: &mut [Change]) -> Result<(), RecordError> {
        self.detach_lost(changes)?;
        self.verify(&ChangeBatch::new(self, changes)?).map_err(|conflict| match conflict {
            Conflict::Broken(error) => error,
            Conflict::Changed { .. } | Conflict::Referred { .. } => {
                unreachable!("the plan was made from this very state: {conflict}")
            }
        })
    }

    /// Detaches the optional references that lead nowhere.
    pub(super) fn detach_lost(&self, changes: &mut [Change]) -> Result<(), RecordError> {
        let batch = ChangeBatch::new(self, changes)?;
        let mut settled = Vec::new();
        for (index, change) in changes.iter().enumerate() {
            if let Some(after) = &change.after
                && let Some(after) = self.settled(&batch, change.resource, after)
            {
                settled.push((index, after));
            }
        }
        for (index, after) in settled {
            changes[index].after = Some(Arc::new(after));
        }
        Ok(())
    }

    /// The record without the optional references that lead nowhere; none where it has none of them.
    fn settled(&self, batch: &ChangeBatch, resource: usize, after: &Record) -> Option<Record> {
        let relations = &self.schema.model.resources[resource].relations;
        let leads_nowhere = |number: usize, target: &Key| {
            let relation = &relations[number];
            relation.optional && !self.exists_after(batch, relation.target, target)
        };
        let any = (0..relations.len())
            .any(|number| after.references(number).any(|target| leads_nowhere(number, target)));
        any.then(|| {
            let mut settled = after.clone();
            settled.detach(&leads_nowhere);
            settled
        })
    }
}
