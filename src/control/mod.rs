//! What one can see and do beside the emulated calls: sandboxes, records, time, jobs, faults, the journal, and what
//! follows from it. The admin API and programs that embed the sandbox both go through here.
//!
//! Must not know HTTP servers, nor who may ask.

mod clock;
mod coverage;
mod effects;
mod entries;
mod explained;
mod faults;
mod har;
mod jobs;
mod journal;
mod kept_answers;
mod literals;
mod operations;
mod plan;
mod query;
mod records;
mod redact;
mod references;
mod residue;
mod sandboxes;
mod state;
mod tree;
mod turning;
mod verify;
mod views;

use http::StatusCode;
use serde_json::json;

use crate::clock::Timestamp;
use crate::emulator::Emulator;
use crate::problem::Problem;
use crate::sandbox::{NAME_RULE, RegisteredSandbox, SandboxState, TASKS_AT_ONCE_MAX, is_name};

pub use clock::{ClockRequest, ClockView};
pub use coverage::{
    CoverageView, OperationCoverage, ProviderCoverage, ResponseCoverage, RuleCoverage, Share,
};
pub use effects::{ChangeCounts, ChangeView, EffectKind};
pub use har::Archive;
pub use journal::{JournalPage, News};
pub use operations::{
    CallExampleView, CredentialView, DocumentedResponseView, OperationDetail, OperationView,
    ParameterView,
};
pub use plan::PlanRequest;
pub use query::JournalQuery;
pub use records::{RecordFilter, RecordPage};
pub use redact::logged_query;
pub use references::{DeletionView, ReferenceView, ReferencesView};
pub use residue::{
    HITS_MAX as RESIDUE_HITS_MAX, Match, Residue, ResidueHit, ResiduePlace, ResidueQuery,
    VALUE_CHARS_MAX as RESIDUE_VALUE_CHARS_MAX,
};
pub use sandboxes::{ClockSpec, SandboxSpec, SandboxView};
pub use state::{Restored, StateCopy, StateMark};
pub use turning::TurnView;
pub use verify::{
    Calls, Count, CountRange, EXPECTATIONS_MAX, Expectation, ExpectationResult, Records, Status,
    Verdict, Verification,
};

pub use views::{
    CallView, DecisionView, DeliveryView, EffectNode, EntryView, EventView, ExplanationView,
    HeaderView, JobView, MessageView, PlanView, PlannedAnswer, PlannedJobView, PlannedTaskView,
    ReadingView, RequestView, ResponseView, RuleView, SecurityView, StageView,
};

pub(crate) use entries::clock_change;

/// One sandbox, at one time by the system clock, for whoever may steer it.
#[derive(Clone, Copy, Debug)]
pub struct Control<'e> {
    emulator: &'e Emulator,
    name: &'e str,
    real: Timestamp,
}

impl<'e> Control<'e> {
    /// The sandbox `name`, when the system clock shows `real`. It need not be there yet: what changes something makes
    /// it, as an emulated call does; what only looks answers 404.
    pub fn new(emulator: &'e Emulator, name: &'e str, real: Timestamp) -> Result<Self, Problem> {
        if is_name(name) {
            return Ok(Self { emulator, name, real });
        }
        let detail = format!("no sandbox can be named `{name}`: use {NAME_RULE}");
        Err(Problem::new(StatusCode::BAD_REQUEST, "no such sandbox", detail))
    }

    /// Works in the sandbox as it is by now; it is made if it is not there.
    fn enter<R>(
        &self,
        work: impl FnOnce(&RegisteredSandbox, &mut SandboxState) -> R,
    ) -> Result<R, Problem> {
        let work = |sandbox: &RegisteredSandbox, state: &mut SandboxState| {
            self.run_due(state);
            work(sandbox, state)
        };
        self.emulator.sandboxes().enter(self.name, self.real, work).map_err(Problem::from)
    }

    /// Looks into the sandbox as it is by now.
    fn visit<R>(
        &self,
        work: impl FnOnce(&RegisteredSandbox, &mut SandboxState) -> R,
    ) -> Result<R, Problem> {
        self.visit_unchanged(|sandbox, state| {
            self.run_due(state);
            work(sandbox, state)
        })
    }

    /// Looks into the sandbox as it was left.
    fn visit_unchanged<R>(
        &self,
        work: impl FnOnce(&RegisteredSandbox, &mut SandboxState) -> R,
    ) -> Result<R, Problem> {
        let visited = self.emulator.sandboxes().visit(self.name, self.real, work);
        visited.ok_or_else(|| no_such_sandbox(self.name))
    }

    /// Runs the tasks that are due, so that nobody has to wake for them before somebody looks.
    fn run_due(&self, state: &mut SandboxState) {
        state.run_due(|number| self.emulator.behavior(number), self.real, TASKS_AT_ONCE_MAX);
    }

    /// Looks into the sandbox without using it: who only listens does not keep it.
    fn look<R>(&self, look: impl FnOnce(&SandboxState) -> R) -> Result<R, Problem> {
        let sandboxes = self.emulator.sandboxes();
        let found = sandboxes.find(self.name).and_then(|sandbox| sandboxes.look(&sandbox, look));
        found.ok_or_else(|| no_such_sandbox(self.name))
    }

    /// The number of a provider by its name.
    fn provider(&self, name: &str) -> Result<usize, Problem> {
        self.emulator.provider(name).ok_or_else(|| {
            let detail = format!("there is no provider `{name}` here");
            let providers: Vec<_> = self.emulator.providers().collect();
            Problem::new(StatusCode::NOT_FOUND, "no such provider", detail)
                .with("providers", json!(providers))
        })
    }

    /// The numbers of a provider and of a resource of its.
    fn place(&self, provider: &str, resource: &str) -> Result<(usize, usize), Problem> {
        let number = self.provider(provider)?;
        let behavior = self.emulator.behavior(number);
        let found = behavior.resource(resource).map(|resource| (number, resource));
        found.ok_or_else(|| {
            let detail = format!("`{provider}` has no resource `{resource}`");
            let resources: Vec<_> =
                behavior.model().resources.iter().map(|resource| &resource.name).collect();
            Problem::new(StatusCode::NOT_FOUND, "no such resource", detail)
                .with("resources", json!(resources))
        })
    }
}

fn no_such_sandbox(name: &str) -> Problem {
    let detail = format!(
        "there is no sandbox `{name}`: an emulated call or `PUT /__admin/sandboxes/{name}` makes it"
    );
    Problem::new(StatusCode::NOT_FOUND, "no such sandbox", detail)
}

/// So many problems does one answer list: who made more of them reads no further, and a body of a few megabytes can have
/// a million.
const PROBLEMS_MAX: usize = 100;

/// A request body that cannot be honoured, with what is wrong with it.
pub(crate) fn unfit(detail: &str, problems: &[String]) -> Problem {
    let listed = &problems[..problems.len().min(PROBLEMS_MAX)];
    let more = match problems.len() - listed.len() {
        0 => String::new(),
        left_off => format!("; and {left_off} more"),
    };
    let detail = format!("{detail}: {}{more}", listed.join("; "));
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unfit", detail).with("problems", json!(listed))
}
