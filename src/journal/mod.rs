//! The request journal of a sandbox: what was asked, decided, changed and answered, in order and bounded.
//!
//! It keeps what cannot be found out again. Which rules were tried, and why, can: the changes since an entry lead back
//! to the records it was decided on. Must not know how anything is decided, nor access control.

mod exchange;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use crate::clock::{ClockChange, SandboxClock, Timestamp};
use crate::idempotency::KeptAnswers;
use crate::message::{Facts, Why};
use crate::store::{Change, Record, Traces};

pub use exchange::{CapturedBody, Exchange, ExchangeDraft, KEPT_BODY_BYTES_MAX};

/// Memory limit of all journals together, and their use of it.
#[derive(Debug)]
pub struct JournalBudget {
    /// The most entries of one journal.
    pub entries_max: usize,
    /// The most bytes of all journals.
    pub bytes_max: usize,
    used: AtomicUsize,
}

impl JournalBudget {
    /// Nothing used yet.
    pub fn new(entries_max: usize, bytes_max: usize) -> Self {
        Self { entries_max: entries_max.max(1), bytes_max, used: AtomicUsize::new(0) }
    }

    /// Estimated bytes of all journals together.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Returns true if some of them have to give something up.
    pub fn is_exceeded(&self) -> bool {
        self.used() > self.bytes_max
    }
}

/// One entry. A clone shares what is large, so that it can be read when the sandbox is no longer locked.
#[derive(Clone, Debug)]
pub struct JournalEntry {
    /// Its number in the sandbox, from 1; what `Tombstone-Request-Id` says.
    pub id: u64,
    /// Time by the system clock.
    pub real: Timestamp,
    /// Time by the sandbox's clock.
    pub at: Timestamp,
    /// The event.
    pub event: Event,
    /// Its changes, if any.
    pub step: Option<Arc<UndoStep>>,
    /// Whether it was undone since.
    pub undone: bool,
    bytes: usize,
}

/// The event that an entry records.
#[derive(Clone, Debug)]
pub enum Event {
    /// A request.
    Call(Arc<JournaledCall>),
    /// A task of a job that fell due.
    Task {
        /// The number of the provider whose job it is.
        provider: usize,
        /// Which task of which job, or what stopped it.
        why: Why,
    },
    /// Test data that was arranged, or a job that was steered, through the admin API.
    Edit {
        /// The number of the provider whose records changed.
        provider: usize,
        /// Description of what was done.
        what: String,
    },
    /// A change of the sandbox's clock.
    Clock(ClockChange),
    /// These entries were undone, in this order.
    Undo(Vec<u64>),
    /// These entries were done again, in this order.
    Redo(Vec<u64>),
}

/// A request, and how its answer came about.
#[derive(Debug)]
pub struct JournaledCall {
    /// The messages.
    pub exchange: Exchange,
    /// The decision, and how the answer was sent.
    pub facts: Arc<Facts>,
    /// When the sandbox was dropped before, if this request brought it back.
    pub restarted: Option<Timestamp>,
}

/// The changes of an entry, so that they can be undone.
#[derive(Clone, Debug)]
pub struct UndoStep {
    /// Changes of records, in the order in which they were made.
    pub made: Vec<MadeChanges>,
    /// Position in the id generator's sequence before and after.
    pub ids: (u128, u128),
    /// The clock before and after, where that changed.
    pub clock: Option<(SandboxClock, SandboxClock)>,
    /// The answers that are kept for repeated requests before and after, where these changed.
    pub answers: Option<(KeptAnswers, KeptAnswers)>,
}

/// Changes that were made together.
#[derive(Clone, Debug)]
pub struct MadeChanges {
    /// The number of the provider whose records changed.
    pub provider: usize,
    /// The changes.
    pub changes: Arc<[Change]>,
    /// What they changed beside the records, as it was before.
    pub traces: Traces,
    /// Whether they were taken back rather than made.
    pub reverted: bool,
}

impl UndoStep {
    /// The step that undoes this one.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let inverse = |made: &MadeChanges| MadeChanges { reverted: !made.reverted, ..made.clone() };
        Self {
            made: self.made.iter().rev().map(inverse).collect(),
            ids: (self.ids.1, self.ids.0),
            clock: self.clock.map(|(before, after)| (after, before)),
            answers: self.answers.clone().map(|(before, after)| (after, before)),
        }
    }

    /// The records as they were and as they are then.
    fn records(&self) -> impl Iterator<Item = &Arc<Record>> {
        let changes = self.made.iter().flat_map(|made| made.changes.iter());
        changes.flat_map(|change| change.before.iter().chain(&change.after))
    }

    /// About what it takes, but for what records share with each other. Most of what a change shows is shared with the
    /// world until something else changes it; counted in full it bounds the rest.
    fn bytes(&self) -> usize {
        let own = |record: &Arc<Record>| {
            size_of::<Change>() / 2 + record.bytes() - record.shared().map_or(0, |(_, bytes)| bytes)
        };
        let answers =
            self.answers.iter().map(|(before, after)| after.bytes().abs_diff(before.bytes()));
        let traces = self.made.iter().map(|made| made.traces.bytes());
        let more = answers.chain(traces).sum::<usize>();
        size_of::<Self>() + self.records().map(own).sum::<usize>() + more
    }
}

/// Called when something was entered. It must not wait.
pub type Listener = dyn Fn() + Send + Sync;

/// The journal of one sandbox.
#[derive(Debug)]
pub struct SandboxJournal {
    budget: Arc<JournalBudget>,
    entries: VecDeque<JournalEntry>,
    /// Entries that were undone and can be done again, the next at the end.
    undone: Vec<u64>,
    last_id: u64,
    /// How often it began anew.
    epoch: JournalEpoch,
    bytes: usize,
    /// Memory that records of the entries share, and by how many: it is counted once.
    shared: HashMap<usize, usize>,
    /// With what was entered last, all journals together took more than they may.
    is_over: bool,
    listeners: Listeners,
}

/// Listeners for new entries.
#[derive(Default)]
struct Listeners(Vec<Weak<Listener>>);

impl std::fmt::Debug for Listeners {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} listeners", self.0.len())
    }
}

/// Why something cannot be undone or done again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutOfReach {
    /// The journal does not go back so far.
    #[error("the journal does not reach back so far")]
    TooFar {
        /// The oldest entry that can be undone, if there is one.
        oldest: Option<u64>,
    },
    /// There is no entry of that number.
    #[error("there is no entry {id}")]
    NoSuchEntry {
        /// The number.
        id: u64,
        /// The oldest entry that can be undone, if there is one.
        oldest: Option<u64>,
    },
    /// Nothing was undone, or something new has happened since.
    #[error("there is nothing to do again")]
    NothingUndone,
}

/// The way to an earlier world: what is taken back, newest first, and what is then made again, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// Entries that are taken back.
    pub back: Vec<u64>,
    /// Entries that were taken back since then and had not been before.
    pub again: Vec<u64>,
}

/// How often a journal was emptied: between two equal ones, entries only came, or were given up one by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JournalEpoch {
    /// How often it began anew: the same number means another entry then.
    pub restarts: u64,
    /// How often its entries were forgotten, then or otherwise.
    pub clears: u64,
}

/// Where an undo stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Back {
    /// This number of actions, each with the tasks that ran after it.
    Steps(usize),
    /// To before this entry.
    Before(u64),
}

impl SandboxJournal {
    /// An empty one.
    pub fn new(budget: Arc<JournalBudget>) -> Self {
        Self {
            budget,
            entries: VecDeque::new(),
            undone: Vec::new(),
            last_id: 0,
            epoch: JournalEpoch::default(),
            bytes: 0,
            shared: HashMap::new(),
            is_over: false,
            listeners: Listeners::default(),
        }
    }

    /// The number that the next entry gets.
    pub fn next_id(&self) -> u64 {
        self.last_id + 1
    }

    /// Enters what happened; the oldest entries go if there are too many. They go too where much is entered before the
    /// journals of others can be asked to give something up, so that what all take is past the limit by one entry only.
    pub fn enter(
        &mut self,
        real: Timestamp,
        at: Timestamp,
        event: Event,
        step: Option<UndoStep>,
    ) -> u64 {
        if step.is_some() && !matches!(event, Event::Undo(_) | Event::Redo(_)) {
            self.undone.clear();
        }
        let id = self.next_id();
        self.last_id = id;
        let of_event = match &event {
            Event::Call(call) => {
                size_of::<JournaledCall>() + size_of::<Facts>() + call.exchange.bytes()
            }
            Event::Edit { what, .. } => what.len(),
            Event::Undo(ids) | Event::Redo(ids) => size_of_val(&**ids),
            Event::Task { .. } | Event::Clock(_) => 0,
        };
        let bytes = size_of::<JournalEntry>() + of_event + step.as_ref().map_or(0, UndoStep::bytes);
        let step = step.map(Arc::new);
        while self.is_over && self.budget.is_exceeded() && self.forget_oldest() {}
        let shared = step.as_deref().map_or(0, |step| self.share(step));
        self.entries.push_back(JournalEntry { id, real, at, event, step, undone: false, bytes });
        self.bytes += bytes + shared;
        self.budget.used.fetch_add(bytes + shared, Ordering::Relaxed);
        while self.entries.len() > self.budget.entries_max {
            self.forget_oldest();
        }
        self.is_over = self.budget.is_exceeded();
        self.tell_listeners();
        id
    }

    fn tell_listeners(&mut self) {
        self.listeners.0.retain(|listener| match listener.upgrade() {
            Some(listener) => {
                listener();
                true
            }
            None => false,
        });
    }

    /// Gives the oldest entry up; `false` if there is none.
    pub fn forget_oldest(&mut self) -> bool {
        let Some(entry) = self.entries.pop_front() else { return false };
        let bytes = entry.bytes + entry.step.as_deref().map_or(0, |step| self.unshare(step));
        self.bytes -= bytes;
        self.budget.used.fetch_sub(bytes, Ordering::Relaxed);
        true
    }

    /// Counts what records of a step share; the bytes of what none had before.
    fn share(&mut self, step: &UndoStep) -> usize {
        let mut new = 0;
        for (place, bytes) in step.records().filter_map(|record| record.shared()) {
            let count = self.shared.entry(place).or_default();
            new += if *count == 0 { bytes } else { 0 };
            *count += 1;
        }
        new
    }

    /// Takes [`SandboxJournal::share`] back; the bytes of what none has any more.
    fn unshare(&mut self, step: &UndoStep) -> usize {
        let mut gone = 0;
        for (place, bytes) in step.records().filter_map(|record| record.shared()) {
            let Some(count) = self.shared.get_mut(&place) else { continue };
            *count -= 1;
            if *count == 0 {
                self.shared.remove(&place);
                gone += bytes;
            }
        }
        gone
    }

    /// Forgets all entries; their numbers are not given again.
    pub fn clear(&mut self) {
        while self.forget_oldest() {}
        self.entries.shrink_to_fit();
        self.undone.clear();
        self.epoch.clears += 1;
        self.tell_listeners();
    }

    /// Forgets everything, the numbers too.
    pub fn restart(&mut self) {
        self.clear();
        self.last_id = 0;
        self.epoch.restarts += 1;
    }

    /// How often it was emptied.
    pub fn epoch(&self) -> JournalEpoch {
        self.epoch
    }

    /// Calls `listener` at each new entry, and when they are forgotten, until it is dropped.
    pub fn listen(&mut self, listener: &Arc<Listener>) {
        self.listeners.0.push(Arc::downgrade(listener));
    }

    /// Its entries, oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &JournalEntry> + ExactSizeIterator {
        self.entries.iter()
    }

    /// Its entries after that number, oldest first.
    pub fn entries_after(&self, id: u64) -> impl Iterator<Item = &JournalEntry> {
        self.entries.range(self.entries.partition_point(|entry| entry.id <= id)..)
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns true if there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Estimated size in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The number of the newest entry there ever was.
    pub fn last_id(&self) -> u64 {
        self.last_id
    }

    /// An entry by its number.
    pub fn get(&self, id: u64) -> Option<&JournalEntry> {
        self.entries.get(self.place(id)?)
    }

    fn place(&self, id: u64) -> Option<usize> {
        self.entries.binary_search_by_key(&id, |entry| entry.id).ok()
    }

    /// The steps back to before an entry, newest first: reverted one after the other, they lead there.
    pub fn steps_back_to(&self, id: u64) -> Option<impl Iterator<Item = &UndoStep>> {
        let place = self.place(id)?;
        Some(self.entries.range(place..).rev().filter_map(|entry| entry.step.as_deref()))
    }

    /// The steps to undo.
    pub fn back(&self, back: Back) -> Result<Way, OutOfReach> {
        match back {
            Back::Before(id) => self.way_to_before(id),
            Back::Steps(steps) => self.steps_back(steps),
        }
    }

    /// Number of entries that were undone and can be done again.
    pub fn redoable(&self) -> usize {
        self.undone.len()
    }

    /// The steps that can be undone, newest first.
    pub fn undoable(&self) -> impl DoubleEndedIterator<Item = &JournalEntry> {
        self.entries.iter().rev().filter(|entry| entry.is_undoable())
    }

    fn oldest(&self) -> Option<u64> {
        self.undoable().next_back().map(|entry| entry.id)
    }

    fn steps_back(&self, steps: usize) -> Result<Way, OutOfReach> {
        let mut left = steps;
        let mut back = Vec::new();
        for entry in self.undoable() {
            if left == 0 {
                break;
            }
            back.push(entry.id);
            left -= usize::from(!matches!(entry.event, Event::Task { .. }));
        }
        let way = Way { back, again: Vec::new() };
        if left == 0 { Ok(way) } else { Err(OutOfReach::TooFar { oldest: self.oldest() }) }
    }

    fn way_to_before(&self, id: u64) -> Result<Way, OutOfReach> {
        let oldest = self.oldest();
        let Some(place) = self.place(id) else {
            return Err(match id {
                _ if id == 0 || id > self.last_id => OutOfReach::NoSuchEntry { id, oldest },
                _ => OutOfReach::TooFar { oldest },
            });
        };
        // Older entries that were done then and are not now, or the other way round.
        let mut turned: BTreeMap<u64, bool> = BTreeMap::new();
        for entry in self.entries.range(place..).rev() {
            let (ids, was_done) = match &entry.event {
                Event::Undo(ids) => (ids, true),
                Event::Redo(ids) => (ids, false),
                _ => continue,
            };
            turned.extend(ids.iter().filter(|of| **of < id).map(|of| (*of, was_done)));
        }
        if turned.keys().any(|of| self.place(*of).is_none()) {
            return Err(OutOfReach::TooFar { oldest });
        }
        let was_done = |entry: &JournalEntry| {
            entry.id < id && turned.get(&entry.id).copied().unwrap_or(!entry.undone)
        };
        let back = self.undoable().filter(|entry| !was_done(entry)).map(|entry| entry.id);
        let undone = self.entries.iter().filter(|entry| entry.undone);
        let again = undone.filter(|entry| was_done(entry)).map(|entry| entry.id);
        Ok(Way { back: back.collect(), again: again.collect() })
    }

    /// The steps to redo, in order: this number of those that were undone, each with the tasks that ran
    /// after it. Tasks that were undone without what came before them are a step.
    pub fn forward(&self, steps: usize) -> Result<Vec<u64>, OutOfReach> {
        let mut found = Vec::new();
        let mut left = steps;
        for id in self.undone.iter().rev() {
            let Some(entry) = self.get(*id) else { return Err(OutOfReach::NothingUndone) };
            let is_step = found.is_empty() || !matches!(entry.event, Event::Task { .. });
            if left == 0 && is_step {
                break;
            }
            left -= usize::from(is_step);
            found.push(*id);
        }
        if left == 0 { Ok(found) } else { Err(OutOfReach::NothingUndone) }
    }

    /// Marks entries as undone, in this order.
    pub fn mark_undone(&mut self, ids: &[u64]) {
        self.mark(ids, true);
        self.undone.extend(ids);
    }

    /// Marks entries as done again, in this order. What else was undone stays so if they were the next to be done again,
    /// and does not fit any more otherwise.
    pub fn mark_redone(&mut self, ids: &[u64]) {
        self.mark(ids, false);
        let rest = self.undone.len().saturating_sub(ids.len());
        let are_next = self.undone[rest..].iter().rev().eq(ids);
        self.undone.truncate(if are_next { rest } else { 0 });
    }

    fn mark(&mut self, ids: &[u64], undone: bool) {
        for id in ids {
            if let Some(place) = self.place(*id) {
                self.entries[place].undone = undone;
            }
        }
    }
}

impl JournalEntry {
    fn is_undoable(&self) -> bool {
        let is_own = !matches!(self.event, Event::Undo(_) | Event::Redo(_));
        is_own && self.step.is_some() && !self.undone
    }
}

impl Drop for SandboxJournal {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Option<UndoStep> =
        Some(UndoStep { made: Vec::new(), ids: (0, 0), clock: None, answers: None });

    fn enter(journal: &mut SandboxJournal, event: Event, step: Option<UndoStep>) -> u64 {
        journal.enter(Timestamp(0), Timestamp(0), event, step)
    }

    fn edit() -> Event {
        Event::Edit { provider: 0, what: "something".into() }
    }

    fn task() -> Event {
        Event::Task { provider: 0, why: Why::Nothing }
    }

    /// An edit, a task of its, an edit without a change, an edit and a task.
    fn journal() -> SandboxJournal {
        let mut journal = SandboxJournal::new(Arc::new(JournalBudget::new(10, 1 << 20)));
        for (event, step) in
            [(edit(), STEP), (task(), STEP), (edit(), None), (edit(), STEP), (task(), STEP)]
        {
            enter(&mut journal, event, step);
        }
        journal
    }

    fn back(journal: &SandboxJournal, back: Back) -> Result<Vec<u64>, OutOfReach> {
        let way = journal.back(back)?;
        assert!(way.again.is_empty());
        Ok(way.back)
    }

    fn undo(journal: &mut SandboxJournal, ids: &[u64]) -> u64 {
        let id = enter(journal, Event::Undo(ids.to_vec()), STEP);
        journal.mark_undone(ids);
        id
    }

    fn redo(journal: &mut SandboxJournal, ids: &[u64]) -> u64 {
        let id = enter(journal, Event::Redo(ids.to_vec()), STEP);
        journal.mark_redone(ids);
        id
    }

    #[test]
    fn a_step_takes_the_tasks_that_ran_after_it_along() {
        let journal = journal();
        assert_eq!(back(&journal, Back::Steps(1)), Ok(vec![5, 4]));
        assert_eq!(back(&journal, Back::Steps(2)), Ok(vec![5, 4, 2, 1]));
        assert_eq!(back(&journal, Back::Before(3)), Ok(vec![5, 4]));
        assert_eq!(back(&journal, Back::Before(5)), Ok(vec![5]));
        assert_eq!(back(&journal, Back::Steps(3)), Err(OutOfReach::TooFar { oldest: Some(1) }));
        let none = OutOfReach::NoSuchEntry { id: 6, oldest: Some(1) };
        assert_eq!(back(&journal, Back::Before(6)), Err(none));
    }

    #[test]
    fn what_was_undone_can_be_done_again_until_something_new_happens() {
        let mut journal = journal();
        assert_eq!(journal.forward(1), Err(OutOfReach::NothingUndone));
        undo(&mut journal, &[5, 4, 2, 1]);
        assert_eq!(journal.forward(1), Ok(vec![1, 2]));
        assert_eq!(journal.forward(2), Ok(vec![1, 2, 4, 5]));
        assert_eq!(journal.forward(3), Err(OutOfReach::NothingUndone));
        redo(&mut journal, &[1, 2]);
        assert_eq!(journal.forward(1), Ok(vec![4, 5]));
        assert_eq!(back(&journal, Back::Steps(1)), Ok(vec![2, 1]));
        enter(&mut journal, edit(), None);
        assert_eq!(journal.forward(1), Ok(vec![4, 5]));
        enter(&mut journal, edit(), STEP);
        assert_eq!(journal.forward(1), Err(OutOfReach::NothingUndone));
    }

    #[test]
    fn tasks_that_were_undone_alone_are_done_again_as_a_step() {
        let mut journal = journal();
        undo(&mut journal, &[5]);
        assert_eq!(journal.forward(1), Ok(vec![5]));
        undo(&mut journal, &[4]);
        assert_eq!(journal.forward(1), Ok(vec![4, 5]));
    }

    #[test]
    fn the_way_to_before_an_entry_knows_what_was_undone_and_done_again_since() {
        let mut journal = journal();
        let undone = undo(&mut journal, &[5, 4]);
        let before_undo = Way { back: vec![], again: vec![4, 5] };
        assert_eq!(journal.back(Back::Before(undone)), Ok(before_undo));
        let redone = redo(&mut journal, &[4, 5]);
        let before_redo = Way { back: vec![5, 4], again: vec![] };
        assert_eq!(journal.back(Back::Before(redone)), Ok(before_redo));
        assert_eq!(journal.back(Back::Before(undone)), Ok(Way::default()));
        let again = undo(&mut journal, &[5, 4]);
        let new = enter(&mut journal, edit(), STEP);
        let both = Way { back: vec![new], again: vec![4, 5] };
        assert_eq!(journal.back(Back::Before(again)), Ok(both));
        undo(&mut journal, &[new]);
        redo(&mut journal, &[4, 5]);
        assert_eq!(journal.forward(1), Err(OutOfReach::NothingUndone));
    }

    #[test]
    fn a_way_that_leads_past_the_oldest_entry_is_out_of_reach() {
        let mut journal = SandboxJournal::new(Arc::new(JournalBudget::new(3, 1 << 20)));
        for _ in 0..2 {
            enter(&mut journal, edit(), STEP);
        }
        let undone = undo(&mut journal, &[2, 1]);
        for _ in 0..2 {
            enter(&mut journal, edit(), STEP);
        }
        let too_far = OutOfReach::TooFar { oldest: Some(4) };
        assert_eq!(journal.back(Back::Before(undone)), Err(too_far));
    }

    #[test]
    fn much_at_once_takes_one_entry_more_than_all_may() {
        let budget = Arc::new(JournalBudget::new(1_000, 10_000));
        let mut journal = SandboxJournal::new(Arc::clone(&budget));
        for _ in 0..500 {
            enter(&mut journal, edit(), STEP);
            assert!(budget.used() < 10_500, "{}", budget.used());
        }
        assert!(budget.used() > 9_000 && journal.len() > 20);
    }

    #[test]
    fn the_oldest_go_and_the_horizon_is_told() {
        let budget = Arc::new(JournalBudget::new(3, 1 << 20));
        let mut journal = SandboxJournal::new(Arc::clone(&budget));
        for _ in 0..4 {
            enter(&mut journal, edit(), STEP);
        }
        assert_eq!(journal.entries().map(|entry| entry.id).collect::<Vec<_>>(), [2, 3, 4]);
        assert_eq!(back(&journal, Back::Before(1)), Err(OutOfReach::TooFar { oldest: Some(2) }));
        assert_eq!(budget.used(), journal.bytes());
        journal.clear();
        assert_eq!((budget.used(), journal.next_id()), (0, 5));
        enter(&mut journal, edit(), None);
        drop(journal);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn listeners_hear_of_entries_for_as_long_as_they_are_there() {
        let heard = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&heard);
        let listener: Arc<Listener> = Arc::new(move || {
            counter.fetch_add(1, Ordering::Relaxed);
        });
        let mut journal = journal();
        journal.listen(&listener);
        enter(&mut journal, edit(), None);
        drop(listener);
        enter(&mut journal, edit(), None);
        assert_eq!(heard.load(Ordering::Relaxed), 1);
    }
}
