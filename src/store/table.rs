//! One resource's records and indexes, which always say the same.
//!
//! Must not know other tables: whether a reference leads somewhere is not decided here.

use std::sync::Arc;

use imbl::ordmap::DiffItem;
use imbl::{OrdMap, OrdSet};

use super::counter::{Counter, GoneNumbers};
use super::index::IndexEntry;
use super::key::Key;
use super::model::ResourceModel;
use super::ranked::Ranked;
use super::record::{Change, Difference, Record};
use super::traces::Former;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct RecordTable {
    pub(super) records: OrdMap<Key, Arc<Record>>,
    /// For each unique entry of the model: the value, and the key of the record that has it.
    pub(super) unique: Box<[OrdMap<Key, Key>]>,
    /// For each relation: the key referred to, and the key of the record that refers. One flat set, because a
    /// set for each target would cost a tree node for every record that anything refers to.
    pub(super) references: Box<[OrdSet<(Key, Key)>]>,
    /// For each group of properties that the model orders by.
    pub(super) ordered: Box<[Ordered]>,
    /// When records fall due.
    pub(super) due: OrdSet<(i64, Key)>,
    /// The highest whole number that ever was a key here, at least 0: what comes next is counted on from it, and a key
    /// that was deleted is not given again.
    pub(super) last_number: i64,
    /// What counts on in the records.
    pub(super) counters: Arc<[Counter]>,
    /// The numbers that counters gave and that are gone.
    pub(super) gone: GoneNumbers,
    pub(super) history: History,
    remembers_deleted: bool,
    /// About what the records take in memory, each in full.
    pub(super) bytes: usize,
}

/// What was done to a table.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    /// The keys of records that were deleted, where the model asks for them.
    pub(super) deleted: OrdSet<Key>,
    /// How many commits have changed something here and were not taken back.
    pub(super) commits: u64,
}

impl PartialEq for History {
    /// Tables with the same records are the same, however they came to have them.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Records ordered by some of their properties.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ordered {
    properties: Arc<[String]>,
    entries: Ranked<Arc<IndexEntry>>,
}

impl Ordered {
    fn new(properties: &Vec<String>) -> Self {
        Self { properties: properties.as_slice().into(), entries: Ranked::default() }
    }

    fn apply(&mut self, key: &Key, before: Option<&Record>, after: Option<&Record>) {
        let entry = |record: &Record| Arc::new(self.entry(key, record));
        let (before, after) = (before.map(entry), after.map(entry));
        if before == after {
            return;
        }
        if let Some(before) = before {
            self.entries.remove(&before);
        }
        if let Some(after) = after {
            self.entries.insert(after);
        }
    }

    /// Adds the records of these keys, none of which is there.
    pub(super) fn fill<'r>(&mut self, records: impl Iterator<Item = (&'r Key, &'r Arc<Record>)>) {
        let mut entries: Vec<_> =
            records.map(|(key, record)| Arc::new(self.entry(key, record))).collect();
        if self.entries.len() > 0 {
            for entry in entries {
                self.entries.insert(entry);
            }
            return;
        }
        entries.sort_unstable();
        self.entries = Ranked::of_sorted(&entries);
    }

    /// About what the entry of a record takes in memory.
    fn bytes_of(&self, record: &Record) -> usize {
        let fields = record.fields();
        let texts = self.properties.iter().filter_map(|property| fields.get(property)?.as_str());
        ORDERED_BYTES + texts.map(str::len).sum::<usize>()
    }

    /// The entry of a record.
    pub(super) fn entry(&self, key: &Key, record: &Record) -> IndexEntry {
        IndexEntry::of(&self.properties, key, &record.fields())
    }

    pub(super) fn entries(&self) -> &Ranked<Arc<IndexEntry>> {
        &self.entries
    }
}

/// What a record takes beside its own bytes: its key and its places in the indexes.
pub(super) const PLACE_BYTES: usize = 128;

/// What a place in an ordered index takes beside the texts that it is ordered by.
const ORDERED_BYTES: usize = 192;

impl RecordTable {
    /// About what a record takes in memory, with its places in the indexes.
    pub(super) fn bytes_of(&self, record: &Record) -> usize {
        let ordered = self.ordered.iter().map(|index| index.bytes_of(record));
        record.bytes() + PLACE_BYTES + ordered.sum::<usize>()
    }

    pub(super) fn new(model: &ResourceModel) -> Self {
        Self {
            records: OrdMap::new(),
            unique: vec![OrdMap::new(); model.unique.len()].into(),
            references: vec![OrdSet::new(); model.relations.len()].into(),
            ordered: model.ordered.iter().map(Ordered::new).collect(),
            due: OrdSet::new(),
            last_number: 0,
            counters: model.counters.as_slice().into(),
            gone: GoneNumbers::new(),
            history: History::default(),
            remembers_deleted: model.remembers_deleted,
            bytes: 0,
        }
    }

    /// The keys of the records that refer to `target`, in order.
    pub(super) fn referrers<'t>(
        &'t self,
        relation: usize,
        target: &Key,
    ) -> impl Iterator<Item = &'t Key> + use<'t> {
        let target = target.clone();
        self.references[relation]
            .range((target.clone(), Key::LEAST)..)
            .take_while(move |(referred, _)| *referred == target)
            .map(|(_, referrer)| referrer)
    }

    /// The records that are others than in `before`, in the order of their keys.
    pub(super) fn changes_since<'t>(
        &'t self,
        before: &'t Self,
    ) -> impl Iterator<Item = Difference<'t>> + use<'t> {
        before.records.diff(&self.records).map(|item| match item {
            DiffItem::Add(key, after) => Difference { key, before: None, after: Some(after) },
            DiffItem::Remove(key, before) => Difference { key, before: Some(before), after: None },
            DiffItem::Update { old: (_, before), new: (key, after) } => {
                Difference { key, before: Some(before), after: Some(after) }
            }
        })
    }

    /// Takes the unique values out of the index that the change gives up.
    pub(super) fn give_up(&mut self, change: &Change) {
        let Some(before) = &change.before else { return };
        for (number, index) in self.unique.iter_mut().enumerate() {
            let kept = change.after.as_ref().and_then(|after| after.unique(number));
            if let Some(value) = before.unique(number)
                && kept != Some(value)
            {
                index.remove(value);
            }
        }
    }

    /// Makes the rest of the change; passes on what it overwrites beside the records.
    pub(super) fn apply(&mut self, change: &Change, overwritten: &mut dyn FnMut(Former)) {
        let Change { key, before, after, .. } = change;
        let number = key.number().filter(|number| after.is_some() && *number > self.last_number);
        if let Some(number) = number {
            overwritten(Former::LastNumber(std::mem::replace(&mut self.last_number, number)));
        }
        let (before, after) = (before.as_deref(), after.as_deref());
        let bytes = |record: Option<&Record>| record.map_or(0, |record| self.bytes_of(record));
        self.bytes = (self.bytes + bytes(after)).saturating_sub(bytes(before));
        for (number, index) in self.unique.iter_mut().enumerate() {
            let kept = before.and_then(|before| before.unique(number));
            if let Some(value) = after.and_then(|after| after.unique(number))
                && kept != Some(value)
            {
                index.insert(value.clone(), key.clone());
            }
        }
        self.update_references(key, before, after);
        for index in &mut self.ordered {
            index.apply(key, before, after);
        }
        let (old, new) = (before.and_then(Record::due), after.and_then(Record::due));
        if old != new {
            if let Some(due) = old {
                self.due.remove(&(due, key.clone()));
            }
            if let Some(due) = new {
                self.due.insert((due, key.clone()));
            }
        }
        match &change.after {
            Some(record) => {
                self.records.insert(key.clone(), Arc::clone(record));
            }
            None => {
                self.records.remove(key);
                if self.remembers_deleted && self.history.deleted.insert(key.clone()).is_none() {
                    self.bytes += PLACE_BYTES;
                    overwritten(Former::NotDeleted(key.clone()));
                }
            }
        }
        self.give_up_numbers(before, after, overwritten);
    }

    /// Restores one thing that a change overwrote; `highest` is the highest number that is a key.
    pub(super) fn put_back(&mut self, former: &Former, highest: i64) {
        match former {
            Former::LastNumber(number) => self.last_number = highest.max(*number),
            Former::Gone(place, number) => self.set_gone(place, *number),
            Former::NotDeleted(key) => {
                if self.history.deleted.remove(key).is_some() {
                    self.bytes = self.bytes.saturating_sub(PLACE_BYTES);
                }
            }
        }
    }

    /// Updates the index of references.
    fn update_references(&mut self, key: &Key, before: Option<&Record>, after: Option<&Record>) {
        for (number, index) in self.references.iter_mut().enumerate() {
            let refers = |record: Option<&Record>, target: &Key| {
                record.is_some_and(|record| record.refers_to(number, target))
            };
            for target in before.into_iter().flat_map(|before| before.references(number)) {
                if !refers(after, target) {
                    index.remove(&(target.clone(), key.clone()));
                }
            }
            for target in after.into_iter().flat_map(|after| after.references(number)) {
                if !refers(before, target) {
                    index.insert((target.clone(), key.clone()));
                }
            }
        }
    }
}
