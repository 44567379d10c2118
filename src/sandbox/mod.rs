//! A sandbox: one isolated world of records, ids and jobs, and the way back to how it began.
//!
//! Must not know HTTP, routing or what a request is.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use crate::behavior::Behavior;
use crate::behavior::Moment;
use crate::clock::Timestamp;
use crate::ids::Ids;
use crate::message::ChangeKind;
use crate::message::Tally;
use crate::message::Why;
use crate::store::Change;
use crate::store::Conflict;
use crate::store::Store;

/// The name of the sandbox that is there without being asked for.
pub const DEFAULT: &str = "default";

/// So many due tasks are run on the way of one request or one wake-up: the rest are run by the next.
pub const TASKS_AT_ONCE_MAX: usize = 1_000;

/// Everything that a request can read or change: records by provider, and where made-up ids come from. A
/// clone is a fork: it shares all that neither changes.
#[derive(Clone, Debug)]
pub struct World {
    stores: Vec<Store>,
    ids: Ids,
}

impl World {
    /// A world with these records, by the number of their provider, whose ids follow from `seed`.
    pub fn new(stores: Vec<Store>, seed: u64) -> Self {
        Self { stores, ids: Ids::seeded(seed) }
    }

    /// The records of a provider.
    pub fn store(&self, provider: usize) -> &Store {
        &self.stores[provider]
    }

    /// What a decision for a provider works on.
    pub fn moment(&mut self, provider: usize, now: Timestamp) -> Moment<'_> {
        Moment { store: &self.stores[provider], ids: &mut self.ids, now }
    }

    /// Makes changes to a provider's records, all or none.
    pub fn commit(&mut self, provider: usize, changes: &[Change]) -> Result<(), Conflict> {
        self.stores[provider].commit(changes)
    }

    /// When the next task of any job falls due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.stores.iter().filter_map(Store::next_due).map(|(due, _, _)| due).min()
    }

    /// Runs the tasks that are due, in order and each at its own time, up to [`TASKS_AT_ONCE_MAX`].
    pub fn run_due<'b>(
        &mut self,
        behavior: impl Fn(usize) -> &'b Behavior,
        now: Timestamp,
    ) -> Vec<TaskRun> {
        let mut runs = Vec::new();
        while runs.len() < TASKS_AT_ONCE_MAX {
            let next = (0..self.stores.len())
                .filter_map(|provider| {
                    let (due, resource, key) = self.stores[provider].next_due()?;
                    Some((due, provider, resource, key.clone()))
                })
                .min_by_key(|(due, provider, ..)| (*due, *provider));
            let Some((due, provider, resource, key)) = next.filter(|(due, ..)| *due <= now) else {
                break;
            };
            let mut moment = self.moment(provider, due);
            let Some(task) = behavior(provider).run_task(resource, &key, &mut moment) else {
                break;
            };
            let (why, changes) = match self.commit(provider, &task.changes) {
                Ok(()) => (task.why, tally(&self.stores[provider], &task.changes)),
                Err(conflict) => (Why::Fault(conflict.to_string()), Vec::new()),
            };
            let is_stuck =
                self.stores[provider].next_due().is_some_and(|(_, _, next)| *next == key)
                    && changes.is_empty();
            runs.push(TaskRun { provider, due, why, changes });
            if is_stuck {
                break;
            }
        }
        runs
    }
}

/// A task of a job that was run.
#[derive(Debug)]
pub struct TaskRun {
    /// The number of the provider whose job it is.
    pub provider: usize,
    /// When it fell due.
    pub due: Timestamp,
    /// Which task of which job, or what stopped it.
    pub why: Why,
    /// What it changed.
    pub changes: Vec<Tally>,
}

/// Changes as counts for each resource and kind, in the order of their first.
pub fn tally(store: &Store, changes: &[Change]) -> Vec<Tally> {
    let mut tallies: Vec<Tally> = Vec::new();
    for change in changes {
        let kind = match (&change.before, &change.after) {
            (None, _) => ChangeKind::Created,
            // What is kept loses a reference, and looks as before.
            (Some(before), Some(after)) if before.fields == after.fields => continue,
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

/// One isolated world under a name, and how it began.
#[derive(Debug)]
pub struct Sandbox {
    name: Arc<str>,
    baseline: World,
    world: Mutex<World>,
}

impl Sandbox {
    /// A sandbox that begins as `baseline`.
    pub fn new(name: &str, baseline: World) -> Self {
        Self { name: name.into(), world: Mutex::new(baseline.clone()), baseline }
    }

    /// Its name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Its world, for one request at a time. Never hold it across a wait.
    pub fn world(&self) -> MutexGuard<'_, World> {
        // A panic while the world was locked cannot have left it half changed: a commit is all or none.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the world back to how it began.
    pub fn reset(&self) {
        *self.world() = self.baseline.clone();
    }
}
