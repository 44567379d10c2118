//! All sandboxes by name: made on first use, found, woken when a task falls due, and dropped when idle.
//!
//! Must not know what happens in one. Work in a sandbox locks it; sandboxes share nothing that
//! changes but what all their journals may take.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use http::HeaderValue;
use indexmap::IndexMap;
use parking_lot::{Mutex, MutexGuard, RwLock};

use crate::blocking::aside;
use crate::clock::Timestamp;
use crate::coverage::Coverage;
use crate::journal::{JournalBudget, Listener};
use crate::sandbox::DEFAULT;
use crate::sandbox::signal::{ChangeSignal, Revisions};
use crate::sandbox::state::{Origin, SandboxHandover, SandboxState};

/// Number of names of dropped sandboxes that are remembered, so that a client that returns is told.
const DROPPED_MAX: usize = 10_000;

/// No time: never woken, never dropped.
const NEVER: i64 = i64::MAX;

/// Time a thread waits for a locked sandbox before it lets another thread do the rest of its work. A request locks a
/// sandbox for microseconds; a thread that is preempted meanwhile comes back within this time.
const LOCK_WAIT: Duration = Duration::from_millis(5);

/// A sandbox's state, locked.
type StateGuard<'s> = MutexGuard<'s, SandboxState>;

/// One sandbox.
#[derive(Debug)]
pub struct RegisteredSandbox {
    name: Arc<str>,
    /// Which of all there ever were it is: names come again.
    number: u64,
    header: HeaderValue,
    created: Timestamp,
    /// Idle limit in milliseconds; `NEVER` for none.
    idle_ms_max: AtomicI64,
    last_used: AtomicI64,
    /// When it is to be woken, by the system clock.
    wake: AtomicI64,
    /// One that waits a little before it sleeps: a decision takes a few microseconds, a sleep and its end as long again.
    state: Mutex<SandboxState>,
    /// Number of threads that handed on their other work and wait for the state.
    waiting_aside: AtomicUsize,
}

impl RegisteredSandbox {
    fn new(
        (name, number): (&str, u64),
        idle: Option<Duration>,
        state: SandboxState,
        real: Timestamp,
    ) -> Self {
        Self {
            name: name.into(),
            number,
            header: HeaderValue::from_str(name).expect("a name is made of unreserved characters"),
            created: real,
            idle_ms_max: AtomicI64::new(idle_ms(idle)),
            last_used: AtomicI64::new(real.0),
            wake: AtomicI64::new(NEVER),
            state: Mutex::new(state),
            waiting_aside: AtomicUsize::new(0),
        }
    }

    /// Its name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Its name, as a header says it.
    pub fn header(&self) -> &HeaderValue {
        &self.header
    }

    /// When it came to be.
    pub fn created(&self) -> Timestamp {
        self.created
    }

    /// When it was last used.
    pub fn last_used(&self) -> Timestamp {
        Timestamp(self.last_used.load(Ordering::Relaxed))
    }

    /// Idle limit after which it is dropped; `None` for none.
    pub fn idle_max(&self) -> Option<Duration> {
        let ms = self.idle_ms_max.load(Ordering::Relaxed);
        (ms != NEVER).then(|| Duration::from_millis(ms.unsigned_abs()))
    }

    fn is_expired(&self, real: Timestamp) -> bool {
        let idle = real.0.saturating_sub(self.last_used.load(Ordering::Relaxed));
        idle > self.idle_ms_max.load(Ordering::Relaxed)
    }

    fn lock(&self) -> StateGuard<'_> {
        // A panic while it was locked cannot have left it half changed: a commit is all or none.
        if let Some(state) = self.state.try_lock() {
            return state;
        }
        // Once one has waited in vain, the others that come do not: their waits would add up.
        let is_long = self.waiting_aside.load(Ordering::Relaxed) > 0;
        let soon = if is_long { None } else { self.state.try_lock_for(LOCK_WAIT) };
        soon.unwrap_or_else(|| {
            self.waiting_aside.fetch_add(1, Ordering::Relaxed);
            let state = aside(|| self.state.lock());
            self.waiting_aside.fetch_sub(1, Ordering::Relaxed);
            state
        })
    }

    /// Locks the state, unless it is locked.
    fn try_lock(&self) -> Option<StateGuard<'_>> {
        self.state.try_lock()
    }
}

fn idle_ms(idle: Option<Duration>) -> i64 {
    idle.map_or(NEVER, |idle| i64::try_from(idle.as_millis()).unwrap_or(NEVER))
}

/// Limits on sandboxes.
#[derive(Clone, Copy, Debug)]
pub struct SandboxLimits {
    /// Maximum number of sandboxes beside `default`.
    pub sandboxes_max: usize,
    /// Idle limit of sandboxes that were made on first use.
    pub idle: Duration,
}

/// There are as many sandboxes as there can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there are {max} sandboxes, which is the most: delete some with `DELETE /__admin/sandboxes/<name>`, or start with \
     a larger `--sandboxes-max`"
)]
pub struct Full {
    /// Maximum number of sandboxes.
    pub max: usize,
}

/// All sandboxes.
pub struct SandboxRegistry {
    baseline: Arc<Origin>,
    budget: Arc<JournalBudget>,
    limits: SandboxLimits,
    default: Arc<RegisteredSandbox>,
    others: RwLock<IndexMap<Arc<str>, Arc<RegisteredSandbox>>>,
    /// When sandboxes are to be woken, earliest first. Locked after a sandbox, never before one.
    wakes: Mutex<BTreeMap<(i64, u64), Arc<str>>>,
    on_wake: Mutex<Option<Box<dyn Fn() + Send + Sync>>>,
    dropped: Mutex<IndexMap<u64, Timestamp>>,
    hashes: RandomState,
    /// Number of sandboxes ever made.
    made: AtomicU64,
    /// Coverage of sandboxes that are gone or were reset.
    retired: Mutex<Coverage>,
    changes: Arc<ChangeSignal>,
}

impl std::fmt::Debug for SandboxRegistry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").field("count", &self.count()).finish_non_exhaustive()
    }
}

impl SandboxRegistry {
    /// `default`, and others to come that begin like it.
    pub fn new(
        baseline: Origin,
        budget: JournalBudget,
        limits: SandboxLimits,
        real: Timestamp,
    ) -> Self {
        let (baseline, budget) = (Arc::new(baseline), Arc::new(budget));
        let state = SandboxState::new(Arc::clone(&baseline), Arc::clone(&budget), real);
        Self {
            default: Arc::new(RegisteredSandbox::new((DEFAULT, 0), None, state, real)),
            baseline,
            budget,
            limits,
            others: RwLock::default(),
            wakes: Mutex::default(),
            on_wake: Mutex::default(),
            dropped: Mutex::default(),
            hashes: RandomState::new(),
            made: AtomicU64::new(1),
            retired: Mutex::default(),
            changes: Arc::default(),
        }
    }

    /// How often something has changed that is in no journal.
    pub fn revisions(&self) -> Revisions {
        self.changes.revisions()
    }

    /// Counts a change of some sandbox's faults.
    pub fn note_faults(&self) {
        self.changes.note_faults();
    }

    /// Calls `listener` whenever [`SandboxRegistry::revisions`] have changed, until it is dropped.
    pub fn listen(&self, listener: &Arc<Listener>) {
        self.changes.listen(listener);
    }

    /// Initial state of sandboxes.
    pub fn baseline(&self) -> &Arc<Origin> {
        &self.baseline
    }

    /// Memory limit of all journals, and their use of it.
    pub fn budget(&self) -> &JournalBudget {
        &self.budget
    }

    /// Limits on sandboxes.
    pub fn limits(&self) -> SandboxLimits {
        self.limits
    }

    /// Number of sandboxes beside `default`.
    pub fn count(&self) -> usize {
        self.others.read().len()
    }

    /// All of them, `default` first and then by name.
    pub fn list(&self) -> Vec<Arc<RegisteredSandbox>> {
        let mut others: Vec<_> = self.others.read().values().cloned().collect();
        others.sort_unstable_by(|left, right| left.name.cmp(&right.name));
        others.insert(0, Arc::clone(&self.default));
        others
    }

    /// The one that is always there.
    pub fn default_sandbox(&self) -> &RegisteredSandbox {
        &self.default
    }

    /// One by its name.
    pub fn find(&self, name: &str) -> Option<Arc<RegisteredSandbox>> {
        if name == DEFAULT {
            return Some(Arc::clone(&self.default));
        }
        self.others.read().get(name).cloned()
    }

    /// Works in a sandbox; it is made if there is none of the name, which must be [one](super::is_name).
    pub fn enter<R>(
        &self,
        name: &str,
        real: Timestamp,
        work: impl FnOnce(&RegisteredSandbox, &mut SandboxState) -> R,
    ) -> Result<R, Full> {
        loop {
            let found = self.find(name);
            let sandbox = found.map_or_else(|| self.make(name, real), Ok)?;
            let state = sandbox.lock();
            if !state.is_gone {
                sandbox.last_used.store(real.0, Ordering::Relaxed);
                return Ok(self.work(&sandbox, state, work));
            }
        }
    }

    /// Works in a sandbox that is there; `None` if there is none of the name.
    pub fn visit<R>(
        &self,
        name: &str,
        real: Timestamp,
        work: impl FnOnce(&RegisteredSandbox, &mut SandboxState) -> R,
    ) -> Option<R> {
        loop {
            let sandbox = self.find(name)?;
            let state = sandbox.lock();
            if !state.is_gone {
                sandbox.last_used.store(real.0, Ordering::Relaxed);
                return Some(self.work(&sandbox, state, work));
            }
        }
    }

    /// Looks into a sandbox without using it; `None` if it is gone.
    pub fn look<R>(
        &self,
        sandbox: &RegisteredSandbox,
        look: impl FnOnce(&SandboxState) -> R,
    ) -> Option<R> {
        let state = sandbox.lock();
        (!state.is_gone).then(|| look(&state))
    }

    /// Works in a sandbox that is to be woken, without using it; `None` if there is none of the name.
    pub fn wake<R>(&self, name: &str, work: impl FnOnce(&mut SandboxState) -> R) -> Option<R> {
        let sandbox = self.find(name)?;
        let state = sandbox.lock();
        (!state.is_gone).then(|| self.work(&sandbox, state, |_, state| work(state)))
    }

    fn work<R>(
        &self,
        sandbox: &Arc<RegisteredSandbox>,
        mut state: StateGuard<'_>,
        work: impl FnOnce(&RegisteredSandbox, &mut SandboxState) -> R,
    ) -> R {
        let result = work(sandbox, &mut state);
        let is_earlier = self.note_wake(sandbox, state.wake());
        drop(state);
        if is_earlier {
            self.announce();
        }
        if self.budget.is_exceeded() {
            self.shed();
        }
        result
    }

    /// Sets the wake-up time of a locked sandbox. Returns true if the wake-up timer must be re-armed; re-arming costs more
    /// than a delete, so skip it otherwise.
    fn note_wake(&self, sandbox: &Arc<RegisteredSandbox>, wake: Option<Timestamp>) -> bool {
        let wake = wake.map_or(NEVER, |wake| wake.0);
        let before = sandbox.wake.swap(wake, Ordering::Relaxed);
        if before == wake {
            return false;
        }
        let mut wakes = self.wakes.lock();
        wakes.remove(&(before, sandbox.number));
        let is_earlier = wakes.first_key_value().is_none_or(|((first, _), _)| wake < *first);
        if wake != NEVER {
            wakes.insert((wake, sandbox.number), Arc::clone(&sandbox.name));
        }
        is_earlier && wake != NEVER
    }

    /// When the next sandbox is to be woken, by the system clock.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.wakes.lock().first_key_value().map(|((wake, _), _)| Timestamp(*wake))
    }

    /// The sandboxes that are to be woken by now.
    pub fn to_wake(&self, real: Timestamp) -> Vec<Arc<str>> {
        let wakes = self.wakes.lock();
        wakes.range(..=(real.0, u64::MAX)).map(|(_, name)| Arc::clone(name)).collect()
    }

    /// Sets the function that is called whenever [`SandboxRegistry::next_wake`] may have become earlier. It must not
    /// block.
    pub fn on_wake(&self, call: Box<dyn Fn() + Send + Sync>) {
        *self.on_wake.lock() = Some(call);
    }

    fn announce(&self) {
        if let Some(call) = &*self.on_wake.lock() {
            call();
        }
    }

    fn make(&self, name: &str, real: Timestamp) -> Result<Arc<RegisteredSandbox>, Full> {
        if self.count() >= self.limits.sandboxes_max {
            self.sweep(real);
        }
        let mut others = self.others.write();
        if let Some(sandbox) = others.get(name) {
            return Ok(Arc::clone(sandbox));
        }
        if others.len() >= self.limits.sandboxes_max {
            return Err(Full { max: self.limits.sandboxes_max });
        }
        let mut state =
            SandboxState::new(Arc::clone(&self.baseline), Arc::clone(&self.budget), real);
        state.restarted = self.dropped.lock().shift_remove(&self.hashes.hash_one(name));
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let sandbox = RegisteredSandbox::new((name, number), Some(self.limits.idle), state, real);
        let sandbox = Arc::new(sandbox);
        others.insert(Arc::clone(&sandbox.name), Arc::clone(&sandbox));
        drop(others);
        self.changes.note_sandboxes();
        Ok(sandbox)
    }

    /// Makes a sandbox that begins as `origin` says, or has the one of that name begin so; whether it is new. It is
    /// dropped when unused for `idle`, or never.
    pub fn put(
        &self,
        name: &str,
        origin: Arc<Origin>,
        idle: Option<Duration>,
        real: Timestamp,
    ) -> Result<bool, Full> {
        let is_new = self.find(name).is_none();
        self.enter(name, real, |sandbox, state| {
            let exercised = state.restart(origin, real);
            self.retire(&exercised);
            state.restarted = None;
            let idle = if name == DEFAULT { NEVER } else { idle_ms(idle) };
            sandbox.idle_ms_max.store(idle, Ordering::Relaxed);
        })?;
        self.changes.note_sandboxes();
        Ok(is_new)
    }

    /// Removes a sandbox; `false` if there is none of the name, or it is `default`, which is always there.
    pub fn remove(&self, name: &str) -> bool {
        let removed = self.others.write().swap_remove(name);
        removed.is_some_and(|sandbox| {
            self.end(&sandbox, &mut sandbox.lock());
            self.changes.note_sandboxes();
            true
        })
    }

    /// Marks an unlisted sandbox as gone, so that waiters retry.
    fn end(&self, sandbox: &Arc<RegisteredSandbox>, state: &mut SandboxState) {
        state.is_gone = true;
        state.journal.clear();
        self.retire(&state.coverage);
        self.note_wake(sandbox, None);
    }

    /// Drops the sandboxes that were idle for too long; returns their number.
    pub fn sweep(&self, real: Timestamp) -> usize {
        let expired: Vec<_> =
            self.others.read().values().filter(|one| one.is_expired(real)).cloned().collect();
        let mut dropped = 0;
        for sandbox in expired {
            let mut others = self.others.write();
            // A locked sandbox is in use, and a thread that waits for it must not work in a dropped one.
            let Some(mut state) = sandbox.try_lock() else { continue };
            if state.is_gone || !sandbox.is_expired(real) {
                continue;
            }
            others.swap_remove(&sandbox.name);
            self.end(&sandbox, &mut state);
            drop((state, others));
            let mut names = self.dropped.lock();
            names.insert(self.hashes.hash_one(&*sandbox.name), real);
            if names.len() > DROPPED_MAX {
                names.shift_remove_index(0);
            }
            dropped += 1;
        }
        if dropped > 0 {
            self.changes.note_sandboxes();
        }
        dropped
    }

    /// Everything back to the start: `default` as it began, and no other sandbox; how many others there were.
    pub fn reset(&self, real: Timestamp) -> usize {
        let others = std::mem::take(&mut *self.others.write());
        for sandbox in others.values() {
            self.end(sandbox, &mut sandbox.lock());
        }
        self.dropped.lock().clear();
        self.visit(DEFAULT, real, |_, state| {
            let exercised = state.restart(Arc::clone(&self.baseline), real);
            self.retire(&exercised);
        });
        self.changes.note_sandboxes();
        others.len()
    }

    /// Continues these sandboxes of `previous`, `default` among them, in which nothing runs any more; others there are
    /// not, but those that were dropped are remembered.
    pub fn hand_over(
        &mut self,
        previous: &Self,
        handovers: Vec<(Arc<RegisteredSandbox>, SandboxHandover)>,
        has_history: bool,
    ) {
        self.budget = Arc::clone(&previous.budget);
        self.changes = Arc::clone(&previous.changes);
        self.hashes = previous.hashes.clone();
        self.dropped = Mutex::new(previous.dropped.lock().clone());
        self.made = AtomicU64::new(previous.made.load(Ordering::Relaxed));
        if has_history {
            self.retired = Mutex::new(previous.retired.lock().clone());
        }
        for (sandbox, next) in handovers {
            let state = sandbox.lock().succeeded(next, &self.budget, has_history);
            let next = Arc::new(RegisteredSandbox {
                name: Arc::clone(&sandbox.name),
                number: sandbox.number,
                header: sandbox.header.clone(),
                created: sandbox.created,
                idle_ms_max: AtomicI64::new(sandbox.idle_ms_max.load(Ordering::Relaxed)),
                last_used: AtomicI64::new(sandbox.last_used.load(Ordering::Relaxed)),
                wake: AtomicI64::new(NEVER),
                state: Mutex::new(state),
                waiting_aside: AtomicUsize::new(0),
            });
            self.note_wake(&next, next.lock().wake());
            if &*next.name == DEFAULT {
                self.default = next;
            } else {
                let mut others = self.others.write();
                others.insert(Arc::clone(&next.name), next);
            }
        }
        self.changes.note_files();
    }

    /// Keeps what was exercised in a sandbox that forgets it.
    pub fn retire(&self, exercised: &Coverage) {
        self.retired.lock().absorb(exercised);
    }

    /// Coverage of all sandboxes there ever were.
    pub fn coverage(&self) -> Coverage {
        let mut all = self.retired.lock().clone();
        for sandbox in self.list() {
            all.absorb(&sandbox.lock().coverage);
        }
        all
    }

    /// Forgets what was exercised so far, everywhere.
    pub fn forget_coverage(&self) {
        *self.retired.lock() = Coverage::default();
        for sandbox in self.list() {
            sandbox.lock().coverage = Coverage::default();
        }
    }

    /// Drops the oldest entries of journals, those of the longest unused sandboxes first, until all together take
    /// an eighth less than they may: so this is rare.
    fn shed(&self) {
        let target = self.budget.bytes_max / 8 * 7;
        let mut sandboxes = self.list();
        // Read once: others use them meanwhile.
        sandboxes.sort_by_cached_key(|sandbox| sandbox.last_used());
        // Twice: at first each keeps what was entered last.
        for keep in [1, 0] {
            for sandbox in &sandboxes {
                if self.budget.used() <= target {
                    return;
                }
                let journal = &mut sandbox.lock().journal;
                while journal.len() > keep && self.budget.used() > target {
                    journal.forget_oldest();
                }
            }
        }
    }
}
