//! Jobs: which there are, and how one is finished now or stopped.
//!
//! Must not know what their tasks do.

use http::StatusCode;

use crate::behavior::next_task;
use crate::control::Control;
use crate::control::views::JobView;
use crate::jobs;
use crate::message::Tally;
use crate::problem::Problem;
use crate::sandbox::SandboxState;
use crate::store::Key;

/// A job, by its provider, its resource and its key.
struct JobPlace {
    provider: usize,
    resource: usize,
    key: Key,
}

impl Control<'_> {
    /// All jobs, by provider and key.
    pub fn jobs(&self) -> Result<Vec<JobView>, Problem> {
        self.visit(|_, state| {
            let mut views = Vec::new();
            for (provider, store) in state.world.stores().iter().enumerate() {
                for resource in self.emulator.behavior(provider).job_resources() {
                    for (key, _) in store.iter(resource) {
                        let place = JobPlace { provider, resource, key: key.clone() };
                        views.extend(self.view(state, &place));
                    }
                }
            }
            views
        })
    }

    /// One job by its key as text.
    pub fn job(&self, id: &str) -> Result<JobView, Problem> {
        self.visit(|_, state| {
            let place = self.job_place(state, id)?;
            self.view(state, &place).ok_or_else(|| no_such_job(id))
        })?
    }

    /// Runs all tasks of a job that are left, now; the job then, and what that changed.
    pub fn run_job(&self, id: &str) -> Result<(JobView, Vec<Tally>), Problem> {
        self.visit(|_, state| {
            let place = self.job_place(state, id)?;
            let now = state.world.clock.now(self.real);
            let behavior = self.emulator.behavior(place.provider);
            let store = state.world.store(place.provider);
            let record = store.get(place.resource, &place.key);
            if record.is_some_and(|record| next_task(record).is_some()) {
                state.enter_tasks_of(place.provider, format!("run job {id}"), self.real);
            }
            let mut changed = Vec::new();
            for _ in 0..jobs::TASKS_MAX {
                let of = (place.provider, place.resource, &place.key);
                let Some(run) = state.world.run_task(behavior, of, now) else { break };
                Tally::add(&mut changed, state.enter_task(run, self.real).tally);
            }
            let job = self.view(state, &place).ok_or_else(|| no_such_job(id))?;
            Ok((job, changed))
        })?
    }

    /// Stops a job: the tasks that are left are never run; the job then, and what that changed.
    pub fn cancel_job(&self, id: &str) -> Result<(JobView, Vec<Tally>), Problem> {
        self.visit(|_, state| {
            let place = self.job_place(state, id)?;
            let now = state.world.clock.now(self.real);
            let behavior = self.emulator.behavior(place.provider);
            let moment = state.world.moment(place.provider, now);
            let changes = behavior
                .cancel_job(place.resource, &place.key, &moment)
                .map_err(|why| Problem::new(StatusCode::CONFLICT, "not running", why))?;
            let what = format!("cancel job {id}");
            let tally = self.commit(state, place.provider, changes, what)?;
            let job = self.view(state, &place).ok_or_else(|| no_such_job(id))?;
            Ok((job, tally))
        })?
    }

    fn job_place(&self, state: &SandboxState, id: &str) -> Result<JobPlace, Problem> {
        for (provider, store) in state.world.stores().iter().enumerate() {
            for resource in self.emulator.behavior(provider).job_resources() {
                if let Some(key) = store.find_key(resource, id) {
                    return Ok(JobPlace { provider, resource, key: key.clone() });
                }
            }
        }
        Err(no_such_job(id))
    }

    fn view(&self, state: &SandboxState, place: &JobPlace) -> Option<JobView> {
        let store = state.world.store(place.provider);
        let record = store.get(place.resource, &place.key)?;
        Some(JobView {
            id: place.key.to_string(),
            provider: self.emulator.provider_name(place.provider).to_string(),
            resource: store.model().resources[place.resource].name.to_string(),
            progress: jobs::view(&record.fields()),
        })
    }
}

fn no_such_job(id: &str) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "no such job", format!("there is no job `{id}`"))
}
