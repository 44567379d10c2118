//! What a sandbox holds at one time: its world, its journal, its faults and its coverage; and the way back.
//!
//! Must not know which sandboxes there are, nor HTTP.

use std::sync::Arc;

use crate::behavior::Behavior;
use crate::clock::{ClockChange, ClockStart, SandboxClock, Timestamp};
use crate::coverage::Coverage;
use crate::faults::FaultSet;
use crate::journal::{Back, Event, JournalBudget, OutOfReach, SandboxJournal, UndoStep, Way};
use crate::sandbox::world::{NotCommitted, TaskRun, World};
use crate::store::{Change, Conflict};

/// The state that a sandbox begins with and returns to on reset.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Its world, but for the clock.
    pub world: World,
    /// Its clock.
    pub clock: Beginning,
    /// Seed of generated ids and of chance in faults.
    pub seed: u64,
    /// The faults that it begins with.
    pub faults: FaultSet,
    /// The name of its fixture set.
    pub fixture_set: Arc<str>,
}

/// Initial clock of a sandbox.
#[derive(Clone, Copy, Debug)]
pub enum Beginning {
    /// Anew, each time.
    Start(ClockStart),
    /// As that of the sandbox it was made from.
    As(SandboxClock),
}

impl Origin {
    /// The world that begins when the system clock shows `real`.
    pub fn begin(&self, real: Timestamp) -> World {
        let clock = match self.clock {
            Beginning::Start(start) => start.begin(real),
            Beginning::As(clock) => clock,
        };
        let mut world = self.world.clone();
        world.clock = clock;
        world
    }
}

/// The contents of a sandbox, behind its lock.
#[derive(Debug)]
pub struct SandboxState {
    /// Its world.
    pub world: World,
    /// The initial state.
    pub origin: Arc<Origin>,
    /// The journal.
    pub journal: SandboxJournal,
    /// The injected faults.
    pub faults: FaultSet,
    /// Coverage of contracts and behaviors.
    pub coverage: Coverage,
    /// When it was dropped, where this is the first that happens in it since.
    pub restarted: Option<Timestamp>,
    /// It is no sandbox any more: look again.
    pub(super) is_gone: bool,
}

/// The state of a sandbox that the next emulator continues with.
#[derive(Clone, Debug)]
pub struct SandboxHandover {
    /// Its world.
    pub world: World,
    /// Its initial state from now on.
    pub origin: Arc<Origin>,
}

/// The result of an undo or redo.
#[derive(Clone, Debug)]
pub struct Turned {
    /// The entry that says so.
    pub id: u64,
    /// The entries, in the order in which they were taken back or made again.
    pub entries: Vec<u64>,
    /// All changes of it together.
    pub step: UndoStep,
}

impl Turned {
    /// This and then that.
    fn then(mut self, next: Self) -> Self {
        self.id = next.id;
        self.entries.extend(next.entries);
        self.step.made.extend(next.step.made);
        self.step.ids.1 = next.step.ids.1;
        let before = self.step.clock.or(next.step.clock).map(|(before, _)| before);
        let after = next.step.clock.or(self.step.clock).map(|(_, after)| after);
        self.step.clock = before.zip(after);
        let (earlier, later) = (self.step.answers.take(), next.step.answers);
        let after = later.as_ref().or(earlier.as_ref()).map(|(_, after)| after.clone());
        self.step.answers = earlier.or(later).map(|(before, _)| before).zip(after);
        self
    }
}

/// Why nothing was undone or done again.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NotTurned {
    /// It is not in the journal.
    #[error(transparent)]
    OutOfReach(#[from] OutOfReach),
    /// The records have become others without the journal: a defect.
    #[error(transparent)]
    Conflict(#[from] Conflict),
}

impl SandboxState {
    /// A sandbox that begins so when the system clock shows `real`.
    pub fn new(origin: Arc<Origin>, budget: Arc<JournalBudget>, real: Timestamp) -> Self {
        Self {
            world: origin.begin(real),
            faults: origin.faults.clone(),
            origin,
            journal: SandboxJournal::new(budget),
            coverage: Coverage::default(),
            restarted: None,
            is_gone: false,
        }
    }

    /// Begins again, as `origin` says; what was exercised is handed out.
    pub fn restart(&mut self, origin: Arc<Origin>, real: Timestamp) -> Coverage {
        self.world = origin.begin(real);
        self.faults = origin.faults.clone();
        self.origin = origin;
        self.journal.restart();
        std::mem::take(&mut self.coverage)
    }

    /// This with another world. The journal and what was exercised go with it, if they mean the same there; a stream that reads
    /// along does so in any case.
    pub(super) fn succeeded(
        &mut self,
        next: SandboxHandover,
        budget: &Arc<JournalBudget>,
        has_history: bool,
    ) -> Self {
        let mut next = Self {
            world: next.world,
            origin: next.origin,
            journal: std::mem::replace(&mut self.journal, SandboxJournal::new(Arc::clone(budget))),
            faults: self.faults.clone(),
            coverage: std::mem::take(&mut self.coverage),
            restarted: self.restarted.take(),
            is_gone: false,
        };
        if !has_history {
            next.journal.clear();
            next.coverage = Coverage::default();
        }
        next
    }

    /// When, by the system clock, the next task falls due; `None` where that never comes by waiting.
    pub fn wake(&self) -> Option<Timestamp> {
        self.world.clock.real_time_of(self.world.next_due()?)
    }

    /// Runs the tasks that are due, in order and each at its own time, up to `most` of them.
    pub fn run_due<'b>(
        &mut self,
        behavior: impl Fn(usize) -> &'b Behavior,
        real: Timestamp,
        most: usize,
    ) -> Vec<TaskRun> {
        let now = self.world.clock.now(real);
        let mut runs = Vec::new();
        while runs.len() < most {
            let Some(run) = self.world.run_due(&behavior, now) else { break };
            // What could not even be noted as over would be due for ever.
            let is_stuck = run.step.is_none();
            runs.push(self.enter_task(run, real));
            if is_stuck {
                break;
            }
        }
        runs
    }

    /// Enters a task that was run. What it changed goes to the journal, which is bounded.
    pub fn enter_task(&mut self, mut run: TaskRun, real: Timestamp) -> TaskRun {
        let event = Event::Task { provider: run.provider, why: run.why.clone() };
        self.journal.enter(real, run.at, event, run.step.take());
        run
    }

    /// Makes changes outside of any call, and records them as `what`; returns the number of the entry.
    pub fn edit(
        &mut self,
        provider: usize,
        changes: Vec<Change>,
        what: String,
        real: Timestamp,
    ) -> Result<u64, NotCommitted> {
        let ids = self.world.ids_position();
        let step = self.world.commit(provider, &changes.into(), ids)?;
        let now = self.world.clock.now(real);
        Ok(self.journal.enter(real, now, Event::Edit { provider, what }, step))
    }

    /// Changes the clock; the tasks that become due are not run yet.
    pub fn change_clock(&mut self, change: ClockChange, real: Timestamp) -> u64 {
        let before = self.world.clock;
        let after = before.changed(change, real);
        self.world.clock = after;
        let ids = self.world.ids_position();
        let step = UndoStep {
            made: Vec::new(),
            ids: (ids, ids),
            clock: Some((before, after)),
            answers: None,
        };
        self.journal.enter(real, after.now(real), Event::Clock(change), Some(step))
    }

    /// Enters something that is done by tasks, which are entered after it: to undo it takes them back.
    pub fn enter_tasks_of(&mut self, provider: usize, what: String, real: Timestamp) -> u64 {
        let (ids, now) = (self.world.ids_position(), self.world.clock.now(real));
        let step = UndoStep { made: Vec::new(), ids: (ids, ids), clock: None, answers: None };
        self.journal.enter(real, now, Event::Edit { provider, what }, Some(step))
    }

    /// Takes back what was done. Where something was undone and done again since, what was done then is done again.
    pub fn undo(&mut self, back: Back, real: Timestamp) -> Result<Turned, NotTurned> {
        let Way { back, again } = self.journal.back(back)?;
        if back.is_empty() && !again.is_empty() {
            return self.make_again(again, real);
        }
        let steps = self.steps(&back).map(UndoStep::inverse).collect();
        let undone = self.turn(back, steps, Event::Undo, real)?;
        self.journal.mark_undone(&undone.entries);
        if again.is_empty() {
            return Ok(undone);
        }
        Ok(undone.then(self.make_again(again, real)?))
    }

    /// Makes so many of the steps that were undone again, all of them or none.
    pub fn redo(&mut self, steps: usize, real: Timestamp) -> Result<Turned, NotTurned> {
        let ids = self.journal.forward(steps)?;
        self.make_again(ids, real)
    }

    fn make_again(&mut self, ids: Vec<u64>, real: Timestamp) -> Result<Turned, NotTurned> {
        let steps = self.steps(&ids).cloned().collect();
        let turned = self.turn(ids, steps, Event::Redo, real)?;
        self.journal.mark_redone(&turned.entries);
        Ok(turned)
    }

    fn steps(&self, ids: &[u64]) -> impl Iterator<Item = &UndoStep> {
        ids.iter().filter_map(|id| self.journal.get(*id)?.step.as_deref())
    }

    fn turn(
        &mut self,
        entries: Vec<u64>,
        steps: Vec<UndoStep>,
        event: fn(Vec<u64>) -> Event,
        real: Timestamp,
    ) -> Result<Turned, NotTurned> {
        let (ids, clock) = (self.world.ids_position(), self.world.clock);
        let answers = self.world.answers().clone();
        for (taken, step) in steps.iter().enumerate() {
            if let Err(conflict) = self.world.take(step) {
                for step in steps[..taken].iter().rev() {
                    self.world.take(&step.inverse())?;
                }
                return Err(conflict.into());
            }
        }
        let changed_clock = (clock != self.world.clock).then_some((clock, self.world.clock));
        let changed_answers = (!answers.is_untouched_since(self.world.answers()))
            .then(|| (answers, self.world.answers().clone()));
        let step = UndoStep {
            made: steps.into_iter().flat_map(|step| step.made).collect(),
            ids: (ids, self.world.ids_position()),
            clock: changed_clock,
            answers: changed_answers,
        };
        let now = self.world.clock.now(real);
        let id = self.journal.enter(real, now, event(entries.clone()), Some(step.clone()));
        Ok(Turned { id, entries, step })
    }

    /// The world as it was before an entry; `None` where the journal does not have it.
    pub fn world_before(&self, id: u64) -> Option<World> {
        self.world.clone().rewound(self.journal.steps_back_to(id)?)
    }
}
