//! What one can see and do beside the emulated calls: sandboxes, records, time, jobs, faults, the journal, and what
//! follows from it. The admin API and programs that embed the sandbox both go through here.
//!
//! Must not know HTTP servers, nor who may ask.

mod clock;
mod effects;
mod entries;
mod explained;
mod faults;
mod har;
mod jobs;
mod journal;
mod literals;
mod plan;
mod query;
mod records;
mod redact;
mod sandboxes;
mod state;
mod turning;

use http::StatusCode;
use serde_json::json;

use crate::clock::Timestamp;
use crate::emulator::Emulator;
use crate::problem::Problem;
use crate::sandbox::NAME_RULE;
use crate::sandbox::Sandbox;
use crate::sandbox::State;
use crate::sandbox::is_name;

pub use clock::ClockRequest;
pub use clock::ClockView;
pub use effects::ChangeView;
pub use effects::Counts;
pub use effects::EffectKind;
pub use journal::JournalPage;
pub use journal::News;
pub use plan::PlanRequest;
pub use query::JournalQuery;
pub use records::Filter;
pub use records::RecordPage;
pub use sandboxes::ClockSpec;
pub use sandboxes::SandboxSpec;
pub use sandboxes::SandboxView;
pub use turning::TurnView;

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

    /// Works in the sandbox; it is made if it is not there.
    fn enter<R>(&self, work: impl FnOnce(&Sandbox, &mut State) -> R) -> Result<R, Problem> {
        self.emulator.sandboxes().enter(self.name, self.real, work).map_err(Problem::from)
    }

    /// Looks into the sandbox.
    fn visit<R>(&self, work: impl FnOnce(&Sandbox, &mut State) -> R) -> Result<R, Problem> {
        let visited = self.emulator.sandboxes().visit(self.name, self.real, work);
        visited.ok_or_else(|| no_such_sandbox(self.name))
    }

    /// Looks into the sandbox without using it: who only listens does not keep it.
    fn look<R>(&self, look: impl FnOnce(&State) -> R) -> Result<R, Problem> {
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

/// A request body that cannot be honoured, with everything that is wrong with it.
fn unfit(detail: &str, problems: &[String]) -> Problem {
    let all = problems.join("; ");
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unfit", format!("{detail}: {all}"))
        .with("problems", json!(problems))
}
