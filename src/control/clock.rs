//! The clock of a sandbox: what it shows, and how it is moved.
//!
//! Must not know what happens when it is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::{ClockChange, RATE_MAX, SandboxClock, Timestamp, parse_duration_ms};
use crate::control::{Control, unfit};
use crate::message::Tally;
use crate::problem::Problem;
use crate::sandbox::{SandboxState, TASKS_PER_TURN};

/// So many tasks does one change of the clock run at most; the rest run with whatever comes next.
const TASKS_MAX: usize = 100_000;

/// What a sandbox's clock shows.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ClockView {
    /// The time, as RFC 3339 text in UTC.
    pub now: String,
    /// Whether it stands still.
    pub frozen: bool,
    /// How many times as fast as the system clock it runs, unless it stands still.
    pub rate: f64,
    /// When the next task of a job falls due.
    pub next_due: Option<String>,
    /// How many tasks of jobs were run because of the change that this answers.
    pub tasks_run: usize,
    /// What they changed, as counts.
    #[serde(skip)]
    pub changes: Vec<Tally>,
}

/// A change of the clock, as written; exactly one member.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ClockRequest {
    /// Forward by this duration: ISO 8601 (`PT24H`, `P30D`) or such as `24h`.
    pub advance: Option<String>,
    /// To this time (RFC 3339), which may lie in the past.
    pub set: Option<String>,
    /// Stand still.
    pub freeze: Option<bool>,
    /// Run again.
    pub resume: Option<bool>,
    /// Run so many times as fast as the system clock.
    pub rate: Option<f64>,
}

impl ClockRequest {
    /// The change that it asks for.
    pub fn change(&self) -> Result<ClockChange, Problem> {
        let mut changes = Vec::new();
        let mut problems = Vec::new();
        if let Some(text) = &self.advance {
            match parse_duration_ms(text) {
                Some(ms) if ms >= 0 => changes.push(ClockChange::Advance(ms)),
                Some(_) => problems.push(format!(
                    "`advance` goes forward, and `{text}` does not: use `set` to go back"
                )),
                None => problems.push(format!(
                    "`{text}` is no duration for `advance`: write such as `PT24H` or `24h`"
                )),
            }
        }
        if let Some(text) = &self.set {
            match Timestamp::parse(text) {
                Some(at) => changes.push(ClockChange::Set(at)),
                None => problems.push(format!(
                    "`{text}` is no time for `set`: write RFC 3339 such as `2030-01-01T00:00:00Z`"
                )),
            }
        }
        changes.extend(self.freeze.filter(|is| *is).map(|_| ClockChange::Freeze));
        changes.extend(self.resume.filter(|is| *is).map(|_| ClockChange::Resume));
        if let Some(rate) = self.rate {
            if (0.0..=RATE_MAX).contains(&rate) {
                changes.push(ClockChange::Rate(rate));
            } else {
                problems.push(format!("`rate` is `{rate}`: give a number from 0 to {RATE_MAX}"));
            }
        }
        match (changes.as_slice(), problems.is_empty()) {
            ([change], true) => Ok(*change),
            (_, false) => Err(unfit("the clock cannot be changed so", &problems)),
            _ => {
                let one =
                    "name one change: `advance`, `set`, `freeze: true`, `resume: true` or `rate`";
                Err(unfit("the clock cannot be changed so", &[one.to_owned()]))
            }
        }
    }
}

impl Control<'_> {
    /// What the clock shows.
    pub fn clock(&self) -> Result<ClockView, Problem> {
        self.visit(|_, state| self.clock_view(state, 0, Vec::new()))
    }

    /// Changes the clock, and runs the tasks that come due by it, in order and each at its own time.
    pub fn change_clock(&self, change: ClockChange) -> Result<ClockView, Problem> {
        let mut view = self.begin_clock_change(change)?;
        while self.run_some_tasks(&mut view)? {}
        Ok(view)
    }

    /// Changes the clock, and runs the first tasks that come due by it; [`Control::run_some_tasks`] is to be called until
    /// it says that it is done.
    pub fn begin_clock_change(&self, change: ClockChange) -> Result<ClockView, Problem> {
        self.enter(|_, state| {
            state.change_clock(change, self.real);
            let mut view = self.clock_view(state, 0, Vec::new());
            // Before the sandbox is let go: whoever wakes sandboxes hears of the change, and would run them uncounted.
            self.run_tasks(state, &mut view);
            view
        })
    }

    /// Runs some of the tasks that came due by a change of the clock, and adds them to what answers it; whether there
    /// may be more. In between, others can use the sandbox.
    pub fn run_some_tasks(&self, view: &mut ClockView) -> Result<bool, Problem> {
        self.visit_unchanged(|_, state| self.run_tasks(state, view))
    }

    /// Runs as many tasks as in one turn; whether there may be more.
    fn run_tasks(&self, state: &mut SandboxState, view: &mut ClockView) -> bool {
        let most = TASKS_PER_TURN.min(TASKS_MAX.saturating_sub(view.tasks_run));
        let runs = state.run_due(|number| self.emulator.behavior(number), self.real, most);
        let (count, mut changes) = (runs.len(), std::mem::take(&mut view.changes));
        Tally::add(&mut changes, runs.into_iter().flat_map(|run| run.tally));
        *view = self.clock_view(state, view.tasks_run + count, changes);
        most > 0 && count == most
    }

    fn clock_view(&self, state: &SandboxState, tasks_run: usize, changes: Vec<Tally>) -> ClockView {
        let clock: &SandboxClock = &state.world.clock;
        ClockView {
            now: clock.now(self.real).to_rfc3339(),
            frozen: clock.is_frozen(),
            rate: clock.rate(),
            next_due: state.world.next_due().map(Timestamp::to_rfc3339),
            tasks_run,
            changes,
        }
    }
}
