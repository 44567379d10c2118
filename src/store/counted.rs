//! The numbers that counters gave: the highest of a group, and those that are not given again because their record is gone.
//!
//! The highest is found in the index that the counter has; beside it only those numbers are kept that were higher and are
//! gone. Must not know when a number is asked for.

use std::sync::Arc;

use super::counter::{Counter, GoneNumber, Group, group_bytes};
use super::index::Sorted;
use super::record::Record;
use super::records::Store;
use super::table::RecordTable;
use super::traces::Former;

/// About what a number that is gone takes in memory, beside its group.
const GONE_BYTES: usize = 72;

impl Store {
    /// The highest number that ever was in a group, at least 0: of those that there are, where the counter gives numbers
    /// again.
    pub fn last_counted(&self, resource: usize, counter: usize, group: &Group) -> i64 {
        let table = &self.world[resource];
        let gone = table.gone.get(&(counter, group.clone())).copied().unwrap_or(0);
        gone.max(table.highest_counted(counter, group))
    }

    /// The numbers of a resource that are not given again.
    pub fn gone_numbers(&self, resource: usize) -> impl Iterator<Item = GoneNumber> {
        let counters = &self.schema.model.resources[resource].counters;
        self.world[resource].gone.iter().filter_map(|((counter, group), number)| {
            let property = counters.get(*counter)?.property.clone();
            Some(GoneNumber { property, group: group.clone(), number: *number })
        })
    }

    /// Takes note of a number that is not to be given again, as it was where these records come from. Returns false if no
    /// counter has such a property and such groups.
    pub fn add_gone_number(&mut self, resource: usize, gone: &GoneNumber) -> bool {
        let counters = &self.schema.model.resources[resource].counters;
        let fits = |counter: &Counter| {
            counter.property == gone.property && counter.within.len() == gone.group.len()
        };
        let Some(place) = counters.iter().position(fits) else { return false };
        let table = Arc::make_mut(&mut Arc::make_mut(&mut self.world)[resource]);
        let group = (place, gone.group.clone());
        if table.gone.get(&group).is_none_or(|known| *known < gone.number) {
            table.set_gone(&group, Some(gone.number));
        }
        true
    }
}

impl RecordTable {
    /// The highest number that a record of the group has, at least 0.
    fn highest_counted(&self, counter: usize, group: &Group) -> i64 {
        let entries = self.ordered[self.counters[counter].index].entries();
        // Numbers come before texts, of which a schema that was not there once may have let some in.
        let is_before = |values: &[Sorted]| {
            let (of_group, number) = values.split_at(group.len());
            of_group < group.as_slice()
                || of_group == group.as_slice()
                    && !matches!(number, [Sorted::Text(_) | Sorted::Other])
        };
        let end = entries.partition_point(|entry| is_before(&entry.values));
        let last = entries.at(end.saturating_sub(1)..end).pop();
        let last = last.filter(|entry| entry.values[..group.len()] == **group);
        let record = last.and_then(|entry| self.records.get(&entry.key));
        let number = record.and_then(|it| it.get(&self.counters[counter].property)?.as_i64());
        number.unwrap_or(0).max(0)
    }

    /// Notes the numbers that a record gives up, where they were the highest; passes on what it overwrites.
    pub(super) fn give_up_numbers(
        &mut self,
        before: Option<&Record>,
        after: Option<&Record>,
        overwritten: &mut dyn FnMut(Former),
    ) {
        let Some(before) = before else { return };
        for place in 0..self.counters.len() {
            let counter = &self.counters[place];
            let Some((group, number)) = counter.place(&before.fields()).filter(|_| !counter.reuses)
            else {
                continue;
            };
            let keeps = after
                .and_then(|after| counter.place(&after.fields()))
                .is_some_and(|kept| kept == (group.clone(), number));
            if !keeps && number > self.highest_counted(place, &group) {
                let place = (place, group);
                let known = self.gone.get(&place).copied();
                if known.is_none_or(|known| known < number) {
                    self.set_gone(&place, Some(number));
                    overwritten(Former::Gone(place, known));
                }
            }
        }
    }

    /// Sets the highest number that is gone of a counter's group, or removes it.
    pub(super) fn set_gone(&mut self, place: &(usize, Group), number: Option<i64>) {
        let bytes = GONE_BYTES + group_bytes(&place.1);
        let known = match number {
            Some(number) => self.gone.insert(place.clone(), number),
            None => self.gone.remove(place),
        };
        match (known, number) {
            (None, Some(_)) => self.bytes += bytes,
            (Some(_), None) => self.bytes = self.bytes.saturating_sub(bytes),
            _ => {}
        }
    }

    /// Forgets all numbers that are gone.
    pub(super) fn forget_gone(&mut self) {
        for place in self.gone.keys().cloned().collect::<Vec<_>>() {
            self.set_gone(&place, None);
        }
    }
}
