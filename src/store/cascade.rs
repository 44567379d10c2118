//! Planning a deletion: all that goes with it, and what becomes of the rest.
//!
//! Must not know why something is deleted, nor change anything.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::error::DeleteRefused;
use super::key::Key;
use super::model::OnDelete;
use super::path;
use super::record::{Change, Record};
use super::records::Store;

/// Says which properties of a record change when what it refers to is deleted; it is asked with the resource,
/// the relation and the record as it is before.
pub type UpdateFn<'u, E> = dyn FnMut(usize, usize, &Record) -> Result<Map<String, Value>, E> + 'u;

/// A reference to something that goes, from a record that may stay.
struct Loss {
    resource: usize,
    relation: usize,
    key: Key,
    target: Key,
}

impl Store {
    /// The changes that delete these records with all their consequences: first what goes, breadth first,
    /// then what changes, in the order it is reached. Targets that are not there are passed over.
    ///
    /// `update` is asked where a relation updates, and only for records that stay.
    pub fn plan_delete<E>(
        &self,
        targets: &[(usize, Key)],
        update: &mut UpdateFn<'_, E>,
    ) -> Result<Vec<Change>, DeleteRefused<E>> {
        let mut changes = Vec::new();
        let mut gone = HashSet::new();
        let mut losses = Vec::new();
        for (resource, key) in targets {
            self.take(*resource, key, &mut changes, &mut gone);
        }
        let mut next = 0;
        while next < changes.len() {
            self.follow(next, &mut changes, &mut gone, &mut losses);
            next += 1;
        }
        losses.retain(|loss| !gone.contains(&(loss.resource, loss.key.clone())));
        if losses.is_empty() {
            return Ok(changes);
        }
        self.check_restricted(&losses)?;
        self.mend(&losses, &mut changes, update)?;
        self.settle(&mut changes).map_err(DeleteRefused::Broken)?;
        Ok(changes)
    }

    fn take(
        &self,
        resource: usize,
        key: &Key,
        changes: &mut Vec<Change>,
        gone: &mut HashSet<(usize, Key)>,
    ) {
        if let Some(record) = self.get(resource, key)
            && gone.insert((resource, key.clone()))
        {
            let before = Some(Arc::clone(record));
            changes.push(Change { resource, key: key.clone(), before, after: None });
        }
    }

    /// Deletes or unlinks the records that refer to the record of this change.
    fn follow(
        &self,
        index: usize,
        changes: &mut Vec<Change>,
        gone: &mut HashSet<(usize, Key)>,
        losses: &mut Vec<Loss>,
    ) {
        let (target_resource, target) = (changes[index].resource, changes[index].key.clone());
        for &(resource, relation) in self.relations_to(target_resource) {
            let on_delete = self.schema.model.resources[resource].relations[relation].on_delete;
            for key in self.world[resource].referrers(relation, &target) {
                if on_delete == OnDelete::Cascade {
                    self.take(resource, key, changes, gone);
                } else {
                    let (key, target) = (key.clone(), target.clone());
                    losses.push(Loss { resource, relation, key, target });
                }
            }
        }
    }

    fn check_restricted<E>(&self, losses: &[Loss]) -> Result<(), DeleteRefused<E>> {
        for Loss { resource, relation, key, target } in losses {
            let model = &self.schema.model.resources[*resource];
            let of_model = &model.relations[*relation];
            if of_model.on_delete == OnDelete::Restrict {
                return Err(DeleteRefused::Restricted {
                    resource: model.name.clone(),
                    key: key.clone(),
                    relation: of_model.name.clone(),
                    place: (*resource, *relation),
                    target_resource: self.name(of_model.target),
                    target: target.clone(),
                });
            }
        }
        Ok(())
    }

    /// One change for each record that stays, with all that it loses.
    fn mend<E>(
        &self,
        losses: &[Loss],
        changes: &mut Vec<Change>,
        update: &mut UpdateFn<'_, E>,
    ) -> Result<(), DeleteRefused<E>> {
        let mut places: HashMap<(usize, &Key), usize> = HashMap::new();
        let mut losers: Vec<Vec<&Loss>> = Vec::new();
        for loss in losses {
            let index = *places.entry((loss.resource, &loss.key)).or_insert(losers.len());
            if index == losers.len() {
                losers.push(Vec::new());
            }
            losers[index].push(loss);
        }
        for losses in losers {
            let (resource, key) = (losses[0].resource, losses[0].key.clone());
            let before = self.get(resource, &key).cloned();
            let before = before.expect("a reference is indexed only while its record is there");
            let after = Some(Arc::new(self.mended(&before, &losses, update)?));
            changes.push(Change { resource, key, before: Some(before), after });
        }
        Ok(())
    }

    /// Unlinks one record that stays.
    fn mended<E>(
        &self,
        before: &Record,
        losses: &[&Loss],
        update: &mut UpdateFn<'_, E>,
    ) -> Result<Record, DeleteRefused<E>> {
        let model = &self.schema.model.resources[losses[0].resource];
        let mut fields = before.fields().into_owned();
        let mut detached = HashSet::new();
        let mut updated = HashSet::new();
        for Loss { resource, relation, target, .. } in losses {
            let of_model = &model.relations[*relation];
            if of_model.on_delete == OnDelete::Unlink {
                path::unlink(&of_model.by, &mut fields, target, of_model.unlinks_by_removal);
                continue;
            }
            // A list may lose several elements at once; the record is asked about once.
            if of_model.on_delete == OnDelete::Update && updated.insert(*relation) {
                let properties =
                    update(*resource, *relation, before).map_err(DeleteRefused::Update)?;
                fields.extend(properties);
            }
            detached.insert((*relation, target.clone()));
        }
        let detached = |relation, target: &Key| {
            before.is_detached(relation, target) || detached.contains(&(relation, target.clone()))
        };
        Record::read(model, &losses[0].key, fields, &detached).map_err(DeleteRefused::Broken)
    }
}
