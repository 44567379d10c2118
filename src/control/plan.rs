//! Plans: what a request would be answered and change, and the jobs it would start, made in a fork that nobody keeps.
//!
//! Must not know the journal's entries, and changes nothing.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Uri};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::behavior::next_task;
use crate::clock::Timestamp;
use crate::control::effects::{ChangeCounts, counts, effects};
use crate::control::entries::{EntryReader, milliseconds};
use crate::control::redact::Redactor;
use crate::control::views::{PlanView, PlannedAnswer, PlannedJobView, PlannedTaskView};
use crate::control::{Control, unfit};
use crate::emulator::{SANDBOX_HEADER, Simulation};
use crate::journal::{CapturedBody, MadeChanges, UndoStep};
use crate::message::{Body, Why};
use crate::problem::Problem;
use crate::sandbox::{SandboxState, TASKS_AT_ONCE_MAX, World};
use crate::store::Key;

/// So many changes does a plan show, and each task of it; their counts say the rest.
const PLANNED_CHANGES_MAX: usize = 1_000;

/// So many tasks are run ahead of time: a job can have ten thousand.
const PLANNED_TASKS_MAX: usize = 100;

/// So many header fields does a planned request have: no server takes more.
const PLANNED_HEADERS_MAX: usize = 100;

/// A request to plan, as written.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanRequest {
    /// The method.
    pub method: String,
    /// The path and query, as the server sees them: `/shop/v1/orders/5?force=true`.
    pub path: String,
    /// The header fields.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body: as JSON, or as text where it is one text.
    #[serde(default)]
    pub body: Option<Value>,
}

impl PlanRequest {
    fn read(&self) -> Result<(Parts, Body), Problem> {
        let mut problems = Vec::new();
        let mut request = http::Request::new(());
        match Method::from_bytes(self.method.as_bytes()) {
            Ok(method) => *request.method_mut() = method,
            Err(_) => problems.push(format!("`{}` is no method", self.method)),
        }
        match Uri::try_from(&self.path) {
            Ok(_) if self.path.starts_with("/@") => problems.push(format!(
                "`{}` names a sandbox: leave that out, the plan is for the one in its own path",
                self.path
            )),
            Ok(uri) if self.path.starts_with('/') => *request.uri_mut() = uri,
            Err(error) if self.path.starts_with('/') => {
                problems.push(format!("`path` cannot be asked for: {error}"));
            }
            _ => problems.push(format!("`{}` is no path: begin it with `/`", self.path)),
        }
        let count = self.headers.len();
        if count > PLANNED_HEADERS_MAX {
            problems.push(format!("{count} headers are more than {PLANNED_HEADERS_MAX}"));
        }
        for (name, value) in self.headers.iter().take(PLANNED_HEADERS_MAX) {
            match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                (Ok(name), Ok(value)) => drop(request.headers_mut().append(name, value)),
                _ => problems.push(format!("`{name}` cannot be sent as a header so")),
            }
        }
        if request.headers().contains_key(&SANDBOX_HEADER) {
            problems.push(format!(
                "`{SANDBOX_HEADER}` is among the headers: leave it out, the plan is for the sandbox in its path"
            ));
        }
        let body = match &self.body {
            None => Bytes::new(),
            Some(Value::String(text)) => Bytes::copy_from_slice(text.as_bytes()),
            Some(json) => {
                let json_type = HeaderValue::from_static("application/json");
                request.headers_mut().entry(CONTENT_TYPE).or_insert(json_type);
                Bytes::from(json.to_string())
            }
        };
        if problems.is_empty() {
            Ok((request.into_parts().0, Body::Complete(body)))
        } else {
            Err(unfit("this cannot be planned", &problems))
        }
    }
}

/// A job that the request would start, and its tasks.
struct PlannedJob {
    provider: usize,
    resource: usize,
    key: Key,
    name: Value,
    tasks_left: u64,
}

/// A task of such a job, run ahead of time.
struct PlannedTask {
    value: Value,
    due: Timestamp,
    why: Why,
    step: UndoStep,
}

impl Control<'_> {
    /// What a request would do here now. Nothing is changed, and no trace of it is kept.
    pub fn plan(&self, request: &PlanRequest) -> Result<PlanView, Problem> {
        let (parts, body) = request.read()?;
        self.plan_call(&parts, &body)
    }

    /// The same of a request as the emulator takes it, whatever sandbox it names.
    pub fn plan_call(&self, parts: &Parts, body: &Body) -> Result<PlanView, Problem> {
        let (mut world, baseline) = self.fork();
        let now = world.clock.now(self.real);
        // As a call would find it.
        for _ in 0..TASKS_AT_ONCE_MAX {
            if world.run_due(|number| self.emulator.behavior(number), now).is_none() {
                break;
            }
        }
        let mut redactor = Redactor::new(self.emulator, vec![world.clone(), baseline]);
        let body = &self.emulator.decoded(&parts.headers, body.clone());
        let bytes = match body {
            Body::Complete(bytes) => &**bytes,
            _ => &[],
        };
        redactor.turn_to(parts, &String::from_utf8_lossy(bytes));
        let simulation = self.emulator.simulate(parts, body, &mut world, now)?;
        if let Some(step) = &simulation.step {
            redactor.learn(step);
        }
        let mut reader = EntryReader::new(self.emulator, redactor, PLANNED_CHANGES_MAX);
        let mut left = PLANNED_TASKS_MAX;
        let jobs: Vec<_> = self
            .jobs_of(simulation.step.as_ref())
            .into_iter()
            .map(|job| {
                let tasks = self.run_ahead(&job, &mut world, &mut left);
                (job, tasks)
            })
            .collect();
        for task in jobs.iter().flat_map(|(_, tasks)| tasks) {
            reader.redactor.learn(&task.step);
        }
        Ok(self.planned(parts, &simulation, &jobs, &reader))
    }

    /// A world like that of the sandbox, and as it began; as it will begin where there is no sandbox of the name yet.
    fn fork(&self) -> (World, World) {
        let of = |state: &SandboxState| (state.world.clone(), state.origin.world.clone());
        self.look(of).unwrap_or_else(|_| {
            let baseline = self.emulator.sandboxes().baseline();
            (baseline.begin(self.real), baseline.world.clone())
        })
    }

    /// The jobs that a step started.
    fn jobs_of(&self, step: Option<&UndoStep>) -> Vec<PlannedJob> {
        let mut planned = Vec::new();
        for made in step.iter().flat_map(|step| &step.made) {
            let keeps_jobs: Vec<usize> =
                self.emulator.behavior(made.provider).job_resources().collect();
            for change in made.changes.iter() {
                let (None, Some(after)) = (&change.before, &change.after) else { continue };
                if keeps_jobs.contains(&change.resource) {
                    planned.push(PlannedJob {
                        provider: made.provider,
                        resource: change.resource,
                        key: change.key.clone(),
                        name: after.get("job").map_or(Value::Null, Cow::into_owned),
                        tasks_left: after
                            .get("tasks_left")
                            .and_then(|left| left.as_u64())
                            .unwrap_or_default(),
                    });
                }
            }
        }
        planned
    }

    /// Runs the tasks of a job, each at its own time.
    fn run_ahead(&self, job: &PlannedJob, world: &mut World, left: &mut usize) -> Vec<PlannedTask> {
        let mut tasks = Vec::new();
        let behavior = self.emulator.behavior(job.provider);
        while *left > 0 {
            let record = world.store(job.provider).get(job.resource, &job.key);
            let Some(next) = record.and_then(|record| next_task(record)) else {
                break;
            };
            let of = (job.provider, job.resource, &job.key);
            let Some(run) = world.run_task(behavior, of, next.due) else { break };
            let is_stuck = run.step.is_none();
            let step = without(run.step, job);
            tasks.push(PlannedTask {
                value: next.element().clone(),
                due: next.due,
                why: run.why,
                step,
            });
            *left -= 1;
            if is_stuck {
                break;
            }
        }
        tasks
    }

    fn planned(
        &self,
        parts: &Parts,
        simulation: &Simulation,
        jobs: &[(PlannedJob, Vec<PlannedTask>)],
        reader: &EntryReader<'_>,
    ) -> PlanView {
        let facts = &simulation.facts;
        let steps = jobs.iter().flat_map(|(_, tasks)| tasks.iter().map(|task| &task.step));
        let length = simulation.response.body().len();
        let kept = CapturedBody { kept: length, total: Some(length) };
        let nearest =
            if facts.operation.is_some() { Vec::new() } else { self.emulator.near_misses(parts) };
        let effects = simulation.step.iter().flat_map(|step| effects(self.emulator, step));
        let effects: Vec<_> = effects.collect();
        let (changes, changes_left_off) = reader.records(&effects);
        PlanView {
            counts: self.sum(&simulation.step),
            counts_of_jobs: self.sum(steps),
            answer: PlannedAnswer {
                response: reader.response(&simulation.response, kept),
                delay_ms: milliseconds(facts.delay),
            },
            provider: facts.provider.map(|number| self.emulator.provider_name(number).to_string()),
            operation: facts
                .place()
                .map(|(provider, number)| self.emulator.operation_id(provider, number).to_string()),
            decided_by: match &facts.why {
                Why::Rule(label) => Some(label.to_string()),
                _ => None,
            },
            explanation: reader.explained(simulation, nearest),
            tree: reader.tree(&effects),
            changes,
            changes_left_off,
            jobs: jobs.iter().map(|(job, tasks)| self.planned_job(job, tasks, reader)).collect(),
        }
    }

    fn sum<'s>(&self, steps: impl IntoIterator<Item = &'s UndoStep>) -> ChangeCounts {
        let all: Vec<_> = steps.into_iter().flat_map(|step| effects(self.emulator, step)).collect();
        counts(self.emulator, &all)
    }

    fn planned_job(
        &self,
        job: &PlannedJob,
        tasks: &[PlannedTask],
        reader: &EntryReader<'_>,
    ) -> PlannedJobView {
        let shown = tasks.iter().map(|task| {
            let mut value = task.value.clone();
            reader.redactor.json(&mut value);
            let (counts, (changes, changes_left_off)) = reader.changes(Some(&task.step));
            let tree = reader.tree(&effects(self.emulator, &task.step));
            PlannedTaskView {
                value,
                due_at: task.due.to_rfc3339(),
                why: reader.why(&task.why),
                counts,
                tree,
                changes,
                changes_left_off,
            }
        });
        PlannedJobView {
            job: job.name.clone(),
            provider: self.emulator.provider_name(job.provider).to_string(),
            key: reader.redactor.key((job.provider, job.resource), &job.key),
            tasks: shown.collect(),
            tasks_left_off: job.tasks_left.saturating_sub(tasks.len() as u64),
        }
    }
}

/// What a task changed, but for the record of its job.
fn without(step: Option<UndoStep>, job: &PlannedJob) -> UndoStep {
    let mut step =
        step.unwrap_or(UndoStep { made: Vec::new(), ids: (0, 0), clock: None, answers: None });
    for made in step.made.iter_mut().filter(|made| made.provider == job.provider) {
        let others = made
            .changes
            .iter()
            .filter(|change| change.resource != job.resource || change.key != job.key)
            .cloned();
        let others: Arc<[_]> = others.collect();
        *made = MadeChanges { changes: others, ..made.clone() };
    }
    step
}
