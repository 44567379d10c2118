//! One provider's records at one moment, and what can be read of them.
//!
//! Must not know how changes are planned or made.

use std::ops::{Bound, Range};
use std::sync::{Arc, Weak};

use super::index::{IndexEntry, Sorted};
use super::key::Key;
use super::model::Model;
use super::ranked::Ranked;
use super::record::{Change, Difference, Record};
use super::table::RecordTable;
use crate::clock::Timestamp;

/// A record with its key, as reading gives it.
pub type KeyedRecord<'s> = (&'s Key, &'s Arc<Record>);

/// One provider's records. A clone is a fork: it copies two pointers, and shares all that neither changes.
#[derive(Clone, Debug)]
pub struct Store {
    pub(super) schema: Arc<Schema>,
    pub(super) world: Arc<Vec<Arc<RecordTable>>>,
}

/// A store at one moment, to compare it with one later.
#[derive(Clone, Debug)]
pub struct StoreMark(Weak<Vec<Arc<RecordTable>>>);

impl PartialEq for StoreMark {
    /// Returns true if both are of the same records. One that is of a store that has changed since is like no other.
    fn eq(&self, other: &Self) -> bool {
        // `Arc::make_mut` gives a store that has a weak pointer a new place, and the old one is not reused while it has.
        self.0.ptr_eq(&other.0)
    }
}

/// The model, and the relations that lead to each resource.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) model: Arc<Model>,
    pub(super) inverse: Vec<Vec<(usize, usize)>>,
}

impl Store {
    /// An empty store. `model` must have no [misfits](Model::check).
    pub fn new(model: Arc<Model>) -> Self {
        debug_assert_eq!(model.check(), []);
        let mut inverse = vec![Vec::new(); model.resources.len()];
        for (resource, of_resource) in model.resources.iter().enumerate() {
            for (number, relation) in of_resource.relations.iter().enumerate() {
                inverse[relation.target].push((resource, number));
            }
        }
        let tables = model.resources.iter().map(|resource| Arc::new(RecordTable::new(resource)));
        Self { world: Arc::new(tables.collect()), schema: Arc::new(Schema { model, inverse }) }
    }

    /// The model of the store.
    pub fn model(&self) -> &Arc<Model> {
        &self.schema.model
    }

    /// The relations that lead to a resource, as places of resource and relation.
    pub fn relations_to(&self, resource: usize) -> &[(usize, usize)] {
        &self.schema.inverse[resource]
    }

    /// The record of that key.
    pub fn get(&self, resource: usize, key: &Key) -> Option<&Arc<Record>> {
        self.world[resource].records.get(key)
    }

    /// Whether a record of that key was deleted and is not there again, where the model remembers that.
    pub fn was_deleted(&self, resource: usize, key: &Key) -> bool {
        let table = &self.world[resource];
        table.history.deleted.contains(key) && !table.records.contains_key(key)
    }

    /// Whether records of a resource are others than those that the store began with.
    pub fn has_changed(&self, resource: usize) -> bool {
        self.world[resource].history.commits > 0
    }

    /// The record whose unique properties, those at place `unique`, have that value.
    pub fn find(&self, resource: usize, unique: usize, value: &Key) -> Option<KeyedRecord<'_>> {
        let key = self.world[resource].unique[unique].get(value)?;
        let found = self.world[resource].records.get_key_value(key);
        debug_assert!(found.is_some(), "a unique value is indexed only while its record is there");
        found
    }

    /// The key of an existing record that `text`, from a URL, means; a number is tried before a text, and the
    /// parts of a composite key are separated by `,`.
    pub fn find_key(&self, resource: usize, text: &str) -> Option<&Key> {
        let records = &self.world[resource].records;
        Key::readings(text, self.schema.model.resources[resource].key.len())
            .iter()
            .find_map(|key| records.get_key_value(key).map(|(key, _)| key))
    }

    /// The records of `resource` that refer by `relation` to the record of key `target`, ordered by key.
    pub fn referrers<'s>(
        &'s self,
        resource: usize,
        relation: usize,
        target: &Key,
    ) -> impl Iterator<Item = KeyedRecord<'s>> + use<'s> {
        let records = &self.world[resource].records;
        self.world[resource].referrers(relation, target).map(|key| {
            records
                .get_key_value(key)
                .expect("a reference is indexed only while its record is there")
        })
    }

    /// What `record`, of `resource`, refers to by `relation`, ordered by key; detached references read as
    /// none.
    pub fn targets(
        &self,
        resource: usize,
        relation: usize,
        record: &Record,
    ) -> Vec<KeyedRecord<'_>> {
        let target = self.schema.model.resources[resource].relations[relation].target;
        record.references(relation).filter_map(|key| self.entry(target, key)).collect()
    }

    /// The first of [`Store::targets`]: the one there is, for a reference that is in no list.
    pub fn target(
        &self,
        resource: usize,
        relation: usize,
        record: &Record,
    ) -> Option<KeyedRecord<'_>> {
        let target = self.schema.model.resources[resource].relations[relation].target;
        record.references(relation).find_map(|key| self.entry(target, key))
    }

    /// The record of that key, with the key as the store keeps it.
    pub fn entry(&self, resource: usize, key: &Key) -> Option<KeyedRecord<'_>> {
        self.world[resource].records.get_key_value(key)
    }

    /// All records of a resource, ordered by key.
    pub fn iter(
        &self,
        resource: usize,
    ) -> impl DoubleEndedIterator<Item = KeyedRecord<'_>> + ExactSizeIterator {
        self.world[resource].records.iter()
    }

    /// The places in an index of the records whose first values are these.
    pub fn places(&self, resource: usize, index: usize, values: &[Sorted]) -> Range<usize> {
        let ordered = self.ordered(resource, index);
        let start = ordered.partition_point(|entry| entry.values[..values.len()] < *values);
        let end = ordered.partition_point(|entry| entry.values[..values.len()] <= *values);
        start..end
    }

    /// How many entries of an index come before this one, which need not be there.
    pub fn place(&self, resource: usize, index: usize, entry: &IndexEntry) -> usize {
        self.ordered(resource, index).partition_point(|other| **other < *entry)
    }

    /// The entries at these places of an index, in order.
    pub fn entries_at(
        &self,
        resource: usize,
        index: usize,
        places: Range<usize>,
    ) -> Vec<Arc<IndexEntry>> {
        self.ordered(resource, index).at(places)
    }

    /// The entry that the record of that key has in an index.
    pub fn entry_of(&self, resource: usize, index: usize, key: &Key) -> Option<IndexEntry> {
        let record = self.get(resource, key)?;
        Some(self.world[resource].ordered[index].entry(key, record))
    }

    fn ordered(&self, resource: usize, index: usize) -> &Ranked<Arc<IndexEntry>> {
        self.world[resource].ordered[index].entries()
    }

    /// The records of a resource from that key on, or after it: for reading page by page.
    pub fn iter_from<'s>(
        &'s self,
        resource: usize,
        from: Bound<&Key>,
    ) -> impl Iterator<Item = KeyedRecord<'s>> + use<'s> {
        self.world[resource].records.range::<_, Key>((from, Bound::Unbounded))
    }

    /// The highest whole number that ever was a key of a resource, at least 0.
    pub fn last_number(&self, resource: usize) -> i64 {
        self.world[resource].last_number
    }

    /// The highest whole number that is a key of a resource, at least 0.
    pub fn highest_number(&self, resource: usize) -> i64 {
        let up_to = ..=Key::from(i64::MAX);
        let highest = self.world[resource].records.range::<_, Key>(up_to).next_back();
        highest.and_then(|(key, _)| key.number()).unwrap_or(0).max(0)
    }

    /// Raises [`Store::last_number`] to at least that, as it was where these records come from.
    pub fn raise_last_number(&mut self, resource: usize, number: i64) {
        if number > self.last_number(resource) {
            Arc::make_mut(&mut Arc::make_mut(&mut self.world)[resource]).last_number = number;
        }
    }

    /// Number of records of a resource.
    pub fn len(&self, resource: usize) -> usize {
        self.world[resource].records.len()
    }

    /// About what all records take in memory, each in full: those that other stores share, too.
    pub fn bytes(&self) -> usize {
        self.world.iter().map(|table| table.bytes).sum()
    }

    /// Bytes by which these changes would grow the records.
    pub fn growth(&self, changes: &[Change]) -> usize {
        let sum = |side: fn(&Change) -> Option<&Arc<Record>>| {
            let bytes = |change: &Change| {
                side(change).map(|record| self.world[change.resource].bytes_of(record))
            };
            changes.iter().filter_map(bytes).sum::<usize>()
        };
        sum(|change| change.after.as_ref()).saturating_sub(sum(|change| change.before.as_ref()))
    }

    /// Returns true if there is no record at all.
    pub fn is_empty(&self) -> bool {
        self.world.iter().all(|table| table.records.is_empty())
    }

    /// The records of a resource that are others than in `before`, a store of the same model, ordered by key. What both
    /// share is passed over whole, so that it takes as long as there are changes.
    pub fn changes_since<'s>(
        &'s self,
        before: &'s Self,
        resource: usize,
    ) -> impl Iterator<Item = Difference<'s>> + use<'s> {
        self.world[resource].changes_since(&before.world[resource])
    }

    /// The records of a resource that fall due at `now` or before it, earliest first.
    pub fn due_before(
        &self,
        resource: usize,
        now: Timestamp,
    ) -> impl Iterator<Item = (Timestamp, &Key)> {
        let due = self.world[resource].due.iter().map(|(due, key)| (Timestamp(*due), key));
        due.take_while(move |(due, _)| *due <= now)
    }

    /// When the next record falls due, and which: its resource and key.
    pub fn next_due<'s>(&'s self) -> Option<(Timestamp, usize, &'s Key)> {
        let earliest = |(resource, table): (usize, &'s Arc<RecordTable>)| {
            table.due.get_min().map(|(due, key)| (Timestamp(*due), resource, key))
        };
        self.world.iter().enumerate().filter_map(earliest).min()
    }

    /// Returns true if nothing was changed here since one was forked from the other; it may be that it was changed
    /// back.
    pub fn is_untouched_since(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.world, &other.world)
    }

    /// Equal for two stores of which one was forked from the other and neither changed since; compare only while
    /// both are there.
    pub fn identity(&self) -> usize {
        Arc::as_ptr(&self.world).addr()
    }

    /// A mark to detect later changes; it keeps no record in memory.
    pub fn mark(&self) -> StoreMark {
        StoreMark(Arc::downgrade(&self.world))
    }
}
