//! A world: the records of every provider, where made-up ids come from, the settings and the clock.
//!
//! Must not know requests, nor undo.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;

use crate::behavior::{Behavior, Moment, TaskDecision};
use crate::clock::{SandboxClock, Timestamp};
use crate::expression::Value;
use crate::idempotency::{KeptAnswers, ToKeep};
use crate::ids::Ids;
use crate::journal::{MadeChanges, UndoStep};
use crate::message::{ChangeKind, Tally, Why};
use crate::store::{Change, Conflict, Key, Staged, Store, Traces};

/// Everything that a request can read or change. A clone is a fork: it shares all that neither changes.
#[derive(Clone, Debug)]
pub struct World {
    stores: Vec<Store>,
    /// By provider, as its expressions see them.
    settings: Arc<[Value]>,
    ids: Ids,
    /// The answers that are given again to repeated requests.
    answers: KeptAnswers,
    /// Default limit, in bytes, on what records may take beside those that a world begins with.
    room: usize,
    /// Limit on the bytes of all records.
    bytes_max: usize,
    /// The world's clock.
    pub clock: SandboxClock,
}

/// The records would take more than a sandbox may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the records of this sandbox would take {bytes} bytes, and may take {max}: delete some, have the sandbox begin anew \
     with `POST /__admin/sandboxes/<name>/reset`, or start with a larger `--sandbox-bytes`"
)]
pub struct OutOfRoom {
    /// Estimated size in bytes with the changes.
    pub bytes: usize,
    /// Limit in bytes.
    pub max: usize,
}

/// Why changes were not made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NotCommitted {
    /// They do not fit what is there.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// They would be too much.
    #[error(transparent)]
    OutOfRoom(#[from] OutOfRoom),
}

impl World {
    /// A world with these records and settings, by the number of their provider.
    pub fn new(stores: Vec<Store>, settings: Arc<[Value]>, ids: Ids, clock: SandboxClock) -> Self {
        let answers = KeptAnswers::default();
        Self { stores, settings, ids, answers, room: usize::MAX, bytes_max: usize::MAX, clock }
    }

    /// The world with these answers for repeated requests.
    #[must_use]
    pub fn with_answers(mut self, answers: KeptAnswers) -> Self {
        self.answers = answers;
        self
    }

    /// The answers that are given again to repeated requests.
    pub fn answers(&self) -> &KeptAnswers {
        &self.answers
    }

    /// Keeps an answer for repeated requests, as a part of what the request did, where it did something.
    pub fn keep_answer(
        &mut self,
        keep: ToKeep,
        response: &Response<Bytes>,
        now: Timestamp,
        step: Option<&mut UndoStep>,
    ) {
        let before = self.answers.clone();
        let answer = keep.answered(response);
        self.answers.keep(keep.key, answer, now);
        if let Some(step) = step {
            step.answers = Some((before, self.answers.clone()));
        }
    }

    /// The world with another limit on how many bytes its records may grow by.
    #[must_use]
    pub fn with_room(mut self, room: usize) -> Self {
        (self.room, self.bytes_max) = (room, self.bytes().saturating_add(room));
        self
    }

    /// The world with the limit of another.
    #[must_use]
    pub fn bounded_as(mut self, other: &Self) -> Self {
        (self.room, self.bytes_max) = (other.room, other.bytes_max);
        self
    }

    /// Limit, in bytes, on the growth of the records.
    pub fn room(&self) -> usize {
        self.room
    }

    /// About what all records take, with the answers that are kept.
    pub fn bytes(&self) -> usize {
        self.stores.iter().map(Store::bytes).sum::<usize>() + self.answers.bytes()
    }

    /// An `Err` says how records that take `more` bytes than those there are would be too many.
    pub fn check_room(&self, more: usize) -> Result<(), OutOfRoom> {
        let bytes = self.bytes().saturating_add(more);
        if more == 0 || bytes <= self.bytes_max {
            return Ok(());
        }
        Err(OutOfRoom { bytes, max: self.bytes_max })
    }

    /// The records of a provider.
    pub fn store(&self, provider: usize) -> &Store {
        &self.stores[provider]
    }

    /// The records of every provider.
    pub fn stores(&self) -> &[Store] {
        &self.stores
    }

    /// Returns true if records, answers, settings and ids are unchanged since one was forked from the other.
    pub fn is_untouched_since(&self, other: &Self) -> bool {
        let mut stores = self.stores.iter().zip(&other.stores);
        stores.all(|(store, other)| store.is_untouched_since(other))
            && Arc::ptr_eq(&self.settings, &other.settings)
            && self.answers.is_untouched_since(&other.answers)
            && self.ids_position() == other.ids_position()
    }

    /// The settings of every provider.
    pub fn settings(&self) -> &Arc<[Value]> {
        &self.settings
    }

    /// The generator of ids.
    pub fn ids(&self) -> &Ids {
        &self.ids
    }

    /// The next seed of the id generator, for values that are made up anew each time.
    pub fn next_seed(&mut self) -> u64 {
        self.ids.next_seed()
    }

    /// Position in the id generator's sequence.
    pub fn ids_position(&self) -> u128 {
        self.ids.position()
    }

    /// Goes to where [`World::ids_position`] was so.
    pub fn set_ids_position(&mut self, position: u128) {
        // To set it costs more than to look, and mostly it is there already.
        if self.ids.position() != position {
            self.ids.set_position(position);
        }
    }

    /// The state that a decision for a provider works on.
    pub fn moment(&mut self, provider: usize, now: Timestamp) -> Moment<'_> {
        let (store, settings) = (&self.stores[provider], &self.settings[provider]);
        Moment { store, settings, answers: (provider, &self.answers), ids: &mut self.ids, now }
    }

    /// Makes changes to a provider's records, all or none. `ids` is what was used up of the ids before they were
    /// planned; without changes, what was drawn is given back.
    pub fn commit(
        &mut self,
        provider: usize,
        changes: &Arc<[Change]>,
        ids: u128,
    ) -> Result<Option<UndoStep>, NotCommitted> {
        self.commit_by(provider, changes, ids, |store| store.commit(changes))
    }

    /// As [`World::commit`], for changes whose outcome may have been read already.
    pub fn commit_staged(
        &mut self,
        provider: usize,
        staged: Arc<Staged>,
        ids: u128,
    ) -> Result<Option<UndoStep>, NotCommitted> {
        let changes = Arc::clone(staged.changes());
        self.commit_by(provider, &changes, ids, |store| store.commit_staged(staged))
    }

    fn commit_by(
        &mut self,
        provider: usize,
        changes: &Arc<[Change]>,
        ids: u128,
        commit: impl FnOnce(&mut Store) -> Result<Traces, Conflict>,
    ) -> Result<Option<UndoStep>, NotCommitted> {
        if changes.is_empty() {
            self.set_ids_position(ids);
            return Ok(None);
        }
        if let Err(full) = self.check_room(self.stores[provider].growth(changes)) {
            self.set_ids_position(ids);
            return Err(full.into());
        }
        let traces = commit(&mut self.stores[provider])?;
        let changes = Arc::clone(changes);
        let made = vec![MadeChanges { provider, changes, traces, reverted: false }];
        Ok(Some(UndoStep { made, ids: (ids, self.ids.position()), clock: None, answers: None }))
    }

    /// Makes a step again, or takes one back if it is the [inverse](UndoStep::inverse) of one.
    pub fn take(&mut self, step: &UndoStep) -> Result<(), Conflict> {
        for (done, made) in step.made.iter().enumerate() {
            let taken = self.make(made, made.reverted);
            if let Err(conflict) = taken {
                for made in step.made[..done].iter().rev() {
                    // Back to where the step began, which was sound.
                    self.make(made, !made.reverted)?;
                }
                return Err(conflict);
            }
        }
        self.set_ids_position(step.ids.1);
        if let Some((_, after)) = step.clock {
            self.clock = after;
        }
        if let Some((_, after)) = &step.answers {
            self.answers = after.clone();
        }
        Ok(())
    }

    /// The world as it was before these steps, the newest first; `None` where they are not those that led here.
    pub fn rewound<'s>(mut self, steps: impl IntoIterator<Item = &'s UndoStep>) -> Option<Self> {
        for step in steps {
            self.take(&step.inverse()).ok()?;
        }
        Some(self)
    }

    fn make(&mut self, made: &MadeChanges, reverted: bool) -> Result<(), Conflict> {
        let store = &mut self.stores[made.provider];
        if reverted {
            store.revert(&made.changes, &made.traces)
        } else {
            store.commit(&made.changes).map(|_| ())
        }
    }

    /// When the next task of any job falls due, by this world's clock.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.stores.iter().filter_map(Store::next_due).map(|(due, _, _)| due).min()
    }

    /// Runs the earliest of the tasks that are due at `now`, at its own time.
    pub fn run_due<'b>(
        &mut self,
        behavior: impl Fn(usize) -> &'b Behavior,
        now: Timestamp,
    ) -> Option<TaskRun> {
        let next = self.stores.iter().enumerate().filter_map(|(provider, store)| {
            let (due, resource, key) = store.next_due()?;
            Some((due, provider, resource, key))
        });
        let (due, provider, resource, key) =
            next.min_by_key(|(due, provider, ..)| (*due, *provider))?;
        if due > now {
            return None;
        }
        let key = key.clone();
        let behavior = behavior(provider);
        let run = self.run_task(behavior, (provider, resource, &key), due);
        run.or_else(|| {
            let ids = self.ids.position();
            let ended = behavior.end_job(resource, &key, &self.moment(provider, due));
            Some(self.run((provider, resource, &key), ended, ids, due))
        })
    }

    /// Runs the next task of a job, at `now`; `None` where it has none.
    pub fn run_task(
        &mut self,
        behavior: &Behavior,
        (provider, resource, key): (usize, usize, &Key),
        now: Timestamp,
    ) -> Option<TaskRun> {
        let ids = self.ids.position();
        let task = behavior.run_task(resource, key, &mut self.moment(provider, now))?;
        Some(self.run((provider, resource, key), task, ids, now))
    }

    fn run(
        &mut self,
        (provider, resource, key): (usize, usize, &Key),
        task: TaskDecision,
        ids: u128,
        at: Timestamp,
    ) -> TaskRun {
        let mut changes: Arc<[Change]> = task.changes.into();
        let (why, step) = match self.commit(provider, &changes, ids) {
            Ok(step) => (task.why, step),
            Err(refused) => {
                // It is over all the same, or it would be tried for ever.
                let is_own = |change: &&Change| change.resource == resource && change.key == *key;
                changes = changes.iter().filter(is_own).cloned().collect();
                let step = self.commit(provider, &changes, ids);
                (Why::Fault(refused.to_string()), step.ok().flatten())
            }
        };
        let tally =
            step.as_ref().map_or_else(Vec::new, |_| tally(&self.stores[provider], &changes));
        TaskRun { provider, at, why, tally, step }
    }
}

/// A task of a job that was run.
#[derive(Debug)]
pub struct TaskRun {
    /// The number of the provider whose job it is.
    pub provider: usize,
    /// When, by the world's clock.
    pub at: Timestamp,
    /// Which task of which job, or what stopped it.
    pub why: Why,
    /// Counts of the changes.
    pub tally: Vec<Tally>,
    /// The changes; at least that the task is over, unless that could not be noted or the journal has it.
    pub step: Option<UndoStep>,
}

/// Changes as counts for each resource and kind, in the order of their first.
pub fn tally(store: &Store, changes: &[Change]) -> Vec<Tally> {
    let mut tallies: Vec<Tally> = Vec::new();
    for change in changes {
        let kind = match (&change.before, &change.after) {
            // It is only remembered as deleted.
            (None, None) => continue,
            (None, _) => ChangeKind::Created,
            // What is kept loses a reference, and looks as before.
            (Some(before), Some(after)) if before.has_fields_of(after) => continue,
            (Some(_), Some(_)) => ChangeKind::Updated,
            (Some(_), None) => ChangeKind::Deleted,
        };
        let resource = &store.model().resources[change.resource].name;
        match tallies.iter_mut().find(|tally| tally.kind == kind && tally.resource == *resource) {
            Some(tally) => tally.count += 1,
            None => tallies.push(Tally { resource: Arc::clone(resource), kind, count: 1 }),
        }
    }
    tallies
}
