//! Whether changes fit a state: the check that planning ends with, and that every commit repeats.
//!
//! Must not know how the changes were arrived at, nor change anything.

use std::sync::Arc;

use super::error::{Conflict, RecordError};
use super::key::{Key, Scalar};
use super::record;
use super::record::{Change, Record};
use super::records::Store;

/// Changes to be made together, found by their record.
pub(super) struct ChangeBatch<'c> {
    changes: &'c [Change],
    /// Places in `changes`, ordered by resource and key.
    order: Vec<usize>,
}

impl<'c> ChangeBatch<'c> {
    /// `Err` where a record changes twice.
    pub(super) fn new(store: &Store, changes: &'c [Change]) -> Result<Self, RecordError> {
        let place = |index: usize| (changes[index].resource, &changes[index].key);
        let mut order: Vec<usize> = (0..changes.len()).collect();
        order.sort_by(|left, right| place(*left).cmp(&place(*right)));
        match order.windows(2).find(|pair| place(pair[0]) == place(pair[1])) {
            Some(pair) => Err(RecordError::Twice {
                resource: store.name(changes[pair[0]].resource),
                key: changes[pair[0]].key.clone(),
            }),
            None => Ok(Self { changes, order }),
        }
    }

    pub(super) fn find(&self, resource: usize, key: &Key) -> Option<&'c Change> {
        let place = self.order.binary_search_by(|index| {
            let change = &self.changes[*index];
            (change.resource, &change.key).cmp(&(resource, key))
        });
        place.ok().map(|place| &self.changes[self.order[place]])
    }
}

impl Store {
    pub(super) fn name(&self, resource: usize) -> Arc<str> {
        self.schema.model.resources[resource].name.clone()
    }

    /// Returns true if a record is there once the changes are made.
    pub(super) fn exists_after(&self, batch: &ChangeBatch, resource: usize, key: &Key) -> bool {
        match batch.find(resource, key) {
            Some(change) => change.after.is_some(),
            None => self.get(resource, key).is_some(),
        }
    }

    /// Whether all promises of the model hold once the changes are made.
    pub(super) fn verify(&self, batch: &ChangeBatch) -> Result<(), Conflict> {
        let mut claims = Vec::new();
        for change in batch.changes {
            let current = self.get(change.resource, &change.key);
            if !same(current, change.before.as_ref()) {
                let (resource, key) = (self.name(change.resource), change.key.clone());
                return Err(Conflict::Changed { resource, key });
            }
            match &change.after {
                Some(after) => {
                    self.verify_fields(change, after)?;
                    self.verify_references(batch, change, after)?;
                    self.verify_unique(batch, change, after, &mut claims)?;
                }
                None => self.verify_unreferred(batch, change)?,
            }
        }
        claims.sort_unstable();
        match claims.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            Some(pair) => {
                let ((resource, unique, _), key) = &pair[1];
                Err(self.unique_taken(*resource, *unique, key, pair[0].1).into())
            }
            None => Ok(()),
        }
    }

    fn verify_fields(&self, change: &Change, after: &Record) -> Result<(), RecordError> {
        let model = &self.schema.model.resources[change.resource];
        if record::own_key_of(model, after)? != change.key {
            return Err(RecordError::KeyChanged {
                resource: model.name.clone(),
                key: change.key.clone(),
            });
        }
        debug_assert!(
            // Those of jobs are long, and go on often.
            after.job().is_some()
                || Record::read(
                    model,
                    &change.key,
                    after.fields().into_owned(),
                    &|relation, target| { after.is_detached(relation, target) }
                )
                .is_ok_and(|reread| reread == *after),
            "records are made by planning, and never changed afterwards"
        );
        Ok(())
    }

    /// References that the record had before lead somewhere still: that is checked where a target goes.
    fn verify_references(
        &self,
        batch: &ChangeBatch,
        change: &Change,
        after: &Record,
    ) -> Result<(), RecordError> {
        let model = &self.schema.model.resources[change.resource];
        for (number, relation) in model.relations.iter().enumerate() {
            for target in after.references(number) {
                if change.before.as_ref().is_some_and(|before| before.refers_to(number, target)) {
                    continue;
                }
                if !self.exists_after(batch, relation.target, target) {
                    return Err(self.dangling(change.resource, &change.key, number, target));
                }
            }
        }
        Ok(())
    }

    fn verify_unique<'c>(
        &self,
        batch: &ChangeBatch,
        change: &'c Change,
        after: &'c Record,
        claims: &mut Vec<((usize, usize, &'c Key), &'c Key)>,
    ) -> Result<(), RecordError> {
        let model = &self.schema.model.resources[change.resource];
        for number in 0..model.unique.len() {
            let Some(value) = after.unique(number) else { continue };
            let holder = self.world[change.resource].unique[number].get(value);
            if let Some(holder) = holder.filter(|holder| **holder != change.key) {
                let keeps = batch.find(change.resource, holder).is_none_or(|of_holder| {
                    let after = of_holder.after.as_ref();
                    after.and_then(|after| after.unique(number)) == Some(value)
                });
                if keeps {
                    return Err(self.unique_taken(change.resource, number, &change.key, holder));
                }
            }
            claims.push(((change.resource, number, value), &change.key));
        }
        Ok(())
    }

    fn verify_unreferred(&self, batch: &ChangeBatch, change: &Change) -> Result<(), Conflict> {
        for (resource, number) in self.relations_to(change.resource) {
            for referrer in self.world[*resource].referrers(*number, &change.key) {
                let stays = batch.find(*resource, referrer).is_none_or(|of_referrer| {
                    let after = of_referrer.after.as_ref();
                    after.is_some_and(|after| after.refers_to(*number, &change.key))
                });
                if stays {
                    return Err(Conflict::Referred {
                        resource: self.name(change.resource),
                        key: change.key.clone(),
                        referring: self.name(*resource),
                        relation: self.schema.model.resources[*resource].relations[*number]
                            .name
                            .clone(),
                        referrer: referrer.clone(),
                    });
                }
            }
        }
        Ok(())
    }

    pub(super) fn dangling(
        &self,
        resource: usize,
        key: &Key,
        number: usize,
        target: &Key,
    ) -> RecordError {
        let relation = &self.schema.model.resources[resource].relations[number];
        RecordError::Dangling {
            resource: self.name(resource),
            key: key.clone(),
            relation: relation.name.clone(),
            target_resource: self.name(relation.target),
            target: target.clone(),
            advice: match self.find_key(relation.target, &target.to_string()).map(Key::parts) {
                Some([Scalar::Int(_)]) => "there the key is a number, write it without quotes",
                Some([Scalar::Text(_)]) => "there the key is a text, write it in quotes",
                _ => "add that record, or leave the reference out",
            },
        }
    }

    pub(super) fn unique_taken(
        &self,
        resource: usize,
        unique: usize,
        key: &Key,
        holder: &Key,
    ) -> RecordError {
        let properties = &self.schema.model.resources[resource].unique[unique];
        let quoted: Vec<String> = properties.iter().map(|name| format!("`{name}`")).collect();
        RecordError::UniqueTaken {
            resource: self.name(resource),
            key: key.clone(),
            properties: quoted.join(" and ").into(),
            holder: holder.clone(),
        }
    }
}

/// Records are shared, so mostly it is the very same one.
fn same(left: Option<&Arc<Record>>, right: Option<&Arc<Record>>) -> bool {
    match (left, right) {
        (None, None) => true,
        (Some(left), Some(right)) => Arc::ptr_eq(left, right) || left == right,
        _ => false,
    }
}
