//! Many records at once, as a fixture has them: every problem is found, not the first.
//!
//! Must not know where the records come from.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::error::RecordError;
use super::key::Key;
use super::model::Model;
use super::record;
use super::record::{Change, Record};
use super::records::{KeyedRecord, Store};
use super::table::RecordTable;

/// A reference that leads nowhere for good: what it led to was deleted, or missing when it was written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Detached {
    /// The place of the resource whose record refers.
    pub resource: usize,
    /// The record's key.
    pub key: Key,
    /// The place of the relation.
    pub relation: usize,
    /// The key referred to.
    pub target: Key,
}

/// A record on its way in.
struct Incoming {
    position: usize,
    resource: usize,
    key: Key,
    record: Record,
}

/// All index entries of one resource's incoming records.
struct IndexEntries {
    records: Vec<(Key, Arc<Record>)>,
    unique: Vec<Vec<(Key, usize, Key)>>,
    references: Vec<Vec<(Key, Key)>>,
    due: Vec<(i64, Key)>,
}

impl Store {
    /// A store with these records, each with the place of its resource.
    ///
    /// References may lead to records that come later. `Err` has every problem, with the position of its
    /// record in the input.
    pub fn build(
        model: Arc<Model>,
        records: impl IntoIterator<Item = (usize, Map<String, Value>)>,
    ) -> Result<Self, Vec<(usize, RecordError)>> {
        let mut store = Self::new(model);
        store.extend(records)?;
        Ok(store)
    }

    /// Adds these records, all or none, as [`Store::build`] does.
    pub fn extend(
        &mut self,
        records: impl IntoIterator<Item = (usize, Map<String, Value>)>,
    ) -> Result<(), Vec<(usize, RecordError)>> {
        self.extend_detached(records, &HashSet::new())
    }

    /// Adds these records, all or none; the references in `detached` read as none though the properties say them.
    pub fn extend_detached(
        &mut self,
        records: impl IntoIterator<Item = (usize, Map<String, Value>)>,
        detached: &HashSet<Detached>,
    ) -> Result<(), Vec<(usize, RecordError)>> {
        let mut problems = Vec::new();
        let mut incoming = self.keyed(records, detached, &mut problems);
        self.attach(&mut incoming, &mut problems);
        let mut entries = self.entries(incoming);
        for (resource, of_resource) in entries.iter_mut().enumerate() {
            self.check_unique(resource, of_resource, &mut problems);
        }
        if !problems.is_empty() {
            problems.sort_by_key(|(position, _)| *position);
            return Err(problems);
        }
        let world = Arc::make_mut(&mut self.world);
        for (table, entries) in world.iter_mut().zip(entries) {
            if !entries.records.is_empty() {
                Arc::make_mut(table).fill(entries);
            }
        }
        Ok(())
    }

    /// A store with these records and no others, which shares with this one what both have: those that this one has of
    /// these keys, and new ones. `None` where they do not fit as they are; [`Store::extend_detached`] of an empty store
    /// says why.
    pub fn with_records(
        &self,
        mut kept: Vec<(usize, Key)>,
        new: impl IntoIterator<Item = (usize, Map<String, Value>)>,
        detached: &HashSet<Detached>,
    ) -> Option<Self> {
        let empty = Self::new(Arc::clone(self.model()));
        let mut problems = Vec::new();
        let found = empty.keyed(new, detached, &mut problems);
        kept.sort_unstable();
        let is_kept = |resource: usize, key: &Key| {
            kept.binary_search_by(|(other, kept)| (*other, kept).cmp(&(resource, key))).is_ok()
        };
        let is_twice = kept.windows(2).any(|two| two[0] == two[1])
            || found.iter().any(|one| is_kept(one.resource, &one.key));
        if !problems.is_empty() || is_twice {
            return None;
        }
        let is_there = |resource: usize, key: &Key| {
            is_kept(resource, key)
                || found.binary_search_by(|one| one.place().cmp(&(resource, key))).is_ok()
        };
        let mut changes = Vec::new();
        for resource in 0..self.world.len() {
            let gone = self.iter(resource).filter(|(key, _)| !is_there(resource, key));
            changes.extend(gone.map(|(key, record)| Change {
                resource,
                key: key.clone(),
                before: Some(Arc::clone(record)),
                after: None,
            }));
        }
        changes.extend(found.into_iter().filter_map(
            |Incoming { resource, key, record, .. }| {
                let before = self.get(resource, &key).cloned();
                let is_same = before.as_ref().is_some_and(|before| **before == record);
                (!is_same).then(|| Change { resource, key, before, after: Some(Arc::new(record)) })
            },
        ));
        let mut store = self.clone();
        if !changes.is_empty() {
            store.detach_lost(&mut changes).ok()?;
            store.commit(&changes).ok()?;
        }
        store.forget_last_numbers();
        Some(store)
    }

    /// The record with just these properties, with its key.
    pub fn same_record(
        &self,
        resource: usize,
        fields: &Map<String, Value>,
    ) -> Option<KeyedRecord<'_>> {
        let key = record::key_of(&self.schema.model.resources[resource], fields).ok()?;
        self.entry(resource, &key).filter(|(_, record)| match record.plain() {
            Some(known) => known == fields,
            None => *record.fields() == *fields,
        })
    }

    /// Sets [`Store::last_number`] to the highest number that is a key, and forgets numbers that are gone.
    fn forget_last_numbers(&mut self) {
        for resource in 0..self.world.len() {
            if !self.world[resource].gone.is_empty() {
                Arc::make_mut(&mut Arc::make_mut(&mut self.world)[resource]).forget_gone();
            }
            let highest = self.highest_number(resource);
            if self.last_number(resource) != highest {
                Arc::make_mut(&mut Arc::make_mut(&mut self.world)[resource]).last_number = highest;
            }
        }
    }

    /// The records with their keys, ordered by resource and key, each key once.
    fn keyed(
        &self,
        records: impl IntoIterator<Item = (usize, Map<String, Value>)>,
        detached: &HashSet<Detached>,
        problems: &mut Vec<(usize, RecordError)>,
    ) -> Vec<Incoming> {
        let mut incoming = Vec::new();
        for (position, (resource, fields)) in records.into_iter().enumerate() {
            let model = &self.schema.model.resources[resource];
            let read = record::key_of(model, &fields).and_then(|key| {
                if self.get(resource, &key).is_some() {
                    return Err(RecordError::KeyTaken { resource: model.name.clone(), key });
                }
                let is_detached = |relation: usize, target: &Key| {
                    !detached.is_empty()
                        && detached.contains(&Detached {
                            resource,
                            key: key.clone(),
                            relation,
                            target: target.clone(),
                        })
                };
                let record = Record::read(model, &key, exact(fields), &is_detached)?;
                Ok(Incoming { position, resource, key, record })
            });
            match read {
                Ok(record) => incoming.push(record),
                Err(error) => problems.push((position, error)),
            }
        }
        // Stable: of two records with one key, the first stays.
        incoming.sort_by(|left, right| left.place().cmp(&right.place()));
        incoming.dedup_by(|later, first| {
            let same = later.place() == first.place();
            if same {
                let (resource, key) = (self.name(later.resource), later.key.clone());
                problems.push((later.position, RecordError::KeyTaken { resource, key }));
            }
            same
        });
        incoming
    }

    /// Detaches the optional references that lead nowhere; others that do are problems.
    fn attach(&self, incoming: &mut [Incoming], problems: &mut Vec<(usize, RecordError)>) {
        let mut detached: HashMap<usize, HashSet<(usize, Key)>> = HashMap::new();
        for (index, Incoming { position, resource, key, record }) in incoming.iter().enumerate() {
            let relations = &self.schema.model.resources[*resource].relations;
            for (number, relation) in relations.iter().enumerate() {
                for target in record.references(number) {
                    let place = (relation.target, target);
                    let comes =
                        incoming.binary_search_by(|other| other.place().cmp(&place)).is_ok();
                    if comes || self.get(relation.target, target).is_some() {
                        continue;
                    }
                    if relation.optional {
                        detached.entry(index).or_default().insert((number, target.clone()));
                    } else {
                        problems.push((*position, self.dangling(*resource, key, number, target)));
                    }
                }
            }
        }
        for (index, incoming) in incoming.iter_mut().enumerate() {
            if let Some(detached) = detached.get(&index) {
                incoming
                    .record
                    .detach(&|relation, target| detached.contains(&(relation, target.clone())));
            }
        }
    }

    fn entries(&self, incoming: Vec<Incoming>) -> Vec<IndexEntries> {
        let mut entries: Vec<IndexEntries> = self
            .schema
            .model
            .resources
            .iter()
            .map(|model| IndexEntries {
                records: Vec::new(),
                unique: model.unique.iter().map(|_| Vec::new()).collect(),
                references: model.relations.iter().map(|_| Vec::new()).collect(),
                due: Vec::new(),
            })
            .collect();
        for Incoming { position, resource, key, record } in incoming {
            let entries = &mut entries[resource];
            for (number, values) in entries.unique.iter_mut().enumerate() {
                values.extend(
                    record.unique(number).map(|value| (value.clone(), position, key.clone())),
                );
            }
            for (number, references) in entries.references.iter_mut().enumerate() {
                references.extend(record.references(number).map(|to| (to.clone(), key.clone())));
            }
            entries.due.extend(record.due().map(|due| (due, key.clone())));
            entries.records.push((key, Arc::new(record)));
        }
        entries
    }

    fn check_unique(
        &self,
        resource: usize,
        entries: &mut IndexEntries,
        problems: &mut Vec<(usize, RecordError)>,
    ) {
        for (number, values) in entries.unique.iter_mut().enumerate() {
            values.sort_unstable();
            for (value, position, key) in values.iter() {
                if let Some(holder) = self.world[resource].unique[number].get(value) {
                    problems.push((*position, self.unique_taken(resource, number, key, holder)));
                }
            }
            for same in values.chunk_by(|left, right| left.0 == right.0) {
                for (_, position, key) in &same[1..] {
                    let error = self.unique_taken(resource, number, key, &same[0].2);
                    problems.push((*position, error));
                }
            }
        }
    }
}

impl Incoming {
    fn place(&self) -> (usize, &Key) {
        (self.resource, &self.key)
    }
}

impl RecordTable {
    fn fill(&mut self, mut entries: IndexEntries) {
        let highest = entries.records.iter().filter_map(|(key, _)| key.number()).max();
        self.last_number = self.last_number.max(highest.unwrap_or(0));
        let bytes = entries.records.iter().map(|(_, record)| self.bytes_of(record));
        self.bytes += bytes.sum::<usize>();
        for index in &mut self.ordered {
            index.fill(entries.records.iter().map(|(key, record)| (key, record)));
        }
        insert_all(entries.records, |(key, record)| {
            self.records.insert(key, record);
        });
        for (index, values) in self.unique.iter_mut().zip(entries.unique) {
            insert_all(values, |(value, _, key)| {
                index.insert(value, key);
            });
        }
        for (index, mut references) in self.references.iter_mut().zip(entries.references) {
            references.sort_unstable();
            insert_all(references, |entry| {
                index.insert(entry);
            });
        }
        entries.due.sort_unstable();
        insert_all(entries.due, |entry| {
            self.due.insert(entry);
        });
    }
}

/// Inserts what is sorted so that the tree comes out full: a leaf that splits at its end stays half empty, so
/// every second entry is left for later and fills the other half.
fn insert_all<T>(sorted: Vec<T>, mut insert: impl FnMut(T)) {
    let mut later = Vec::with_capacity(sorted.len() / 2);
    for (number, entry) in sorted.into_iter().enumerate() {
        if number % 2 == 0 {
            insert(entry);
        } else {
            later.push(entry);
        }
    }
    later.into_iter().for_each(insert);
}

/// The properties without spare capacity: a fixture's records are many, and most never change.
fn exact(fields: Map<String, Value>) -> Map<String, Value> {
    let mut exact = Map::with_capacity(fields.len());
    exact.extend(fields);
    exact
}
