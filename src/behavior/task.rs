//! A task of a job: what it changes when its time has come.
//!
//! Must not know when that is; the sandbox does.

use std::borrow::Cow;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr};
use serde_json::Value as Json;

use crate::behavior::compiled::Behavior;
use crate::behavior::decision::Moment;
use crate::behavior::effect::{Job, Planner};
use crate::behavior::overlay::Overlay;
use crate::behavior::scope::Scope;
use crate::expression::{Budget, Holder, Value, from_json, from_member};
use crate::jobs;
use crate::jobs::{DueTask, JobPlan, JobRecord};
use crate::message::Why;
use crate::store::{Change, Key, Record};

/// A task that was due, and what it does.
#[derive(Debug)]
pub struct TaskDecision {
    /// The job's place in the behavior file, or what stopped the task.
    pub why: Why,
    /// Changes to commit: the task's own, and its job's record.
    pub changes: Vec<Change>,
}

/// The job whose record it is, as far as it can go on.
fn job_of(record: &Record) -> Option<Cow<'_, JobRecord>> {
    match record.job() {
        Some(job) => Some(Cow::Borrowed(job)),
        None => JobRecord::adopt(&record.fields()).map(Cow::Owned),
    }
}

/// The next task of the job that a record is of; `None` when it is no job's, or none is left.
pub fn next_task(record: &Record) -> Option<DueTask> {
    job_of(record)?.next_task()
}

/// `args` in what a task does: the arguments of its job, which all its tasks share, and the element that it is for.
#[derive(Debug)]
struct TaskArgs {
    plan: Arc<JobPlan>,
    for_each: String,
    element: Value,
}

impl Object for TaskArgs {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<Value> {
        if name == self.for_each {
            return Some(self.element.clone());
        }
        from_member(&self.plan, name)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names = self.plan.args().map(String::as_str).filter(|name| *name != self.for_each);
        Enumerator::Values(names.chain([&*self.for_each]).map(Value::from).collect())
    }
}

impl Holder for JobPlan {
    fn member(&self, name: &str) -> Option<&Json> {
        self.arg(name)
    }
}

impl Behavior {
    /// What the next task of a job does; `None` when the record is no job's, or its job has no task left.
    ///
    /// A task that cannot be done is over all the same, or it would be tried for ever.
    pub fn run_task(
        &self,
        resource: usize,
        key: &Key,
        moment: &mut Moment<'_>,
    ) -> Option<TaskDecision> {
        let _budget = Budget::begin();
        let record = Arc::clone(moment.store.get(resource, key)?);
        let current = job_of(&record)?;
        let task = current.next_task()?;
        let done = current.finished(moment.now);
        let name = task.plan.job();
        let job = self.jobs.iter().find(|job| *job.name == *name && job.record == resource);
        let (mut why, mut changes) = match job {
            None => (Why::Fault(format!("there is no job `{name}`")), Vec::new()),
            Some(job) => match self.plan_task(job, &task, moment) {
                Ok(changes) => (Why::Rule(Arc::clone(&job.label)), changes),
                Err(message) => (Why::Fault(format!("{}: {message}", job.label)), Vec::new()),
            },
        };
        let is_own = |change: &Change| change.resource == resource && change.key == *key;
        match changes.iter().find(|change| is_own(change)) {
            // The job went with what it deleted.
            Some(Change { after: None, .. }) => return Some(TaskDecision { why, changes }),
            Some(_) => {
                let label = job.map_or("", |job| &*job.label);
                why = Why::Fault(format!("{label}: a task cannot change the record of its job"));
                changes.clear();
            }
            None => {}
        }
        match moment.store.plan_job(resource, key, done) {
            Ok(own) => changes.extend(own),
            Err(error) => why = Why::Fault(error.to_string()),
        }
        Some(TaskDecision { why, changes })
    }

    /// What becomes of a job that says that it is due and has no task that could be: nothing of it is due any more.
    pub fn end_job(&self, resource: usize, key: &Key, moment: &Moment<'_>) -> TaskDecision {
        let planned = match moment.store.get(resource, key) {
            Some(record) => match record.job() {
                Some(job) => moment.store.plan_job(resource, key, job.canceled()),
                None => {
                    let ended = jobs::end(record.fields().into_owned());
                    moment.store.plan_replace(resource, key, ended)
                }
            },
            None => Ok(Vec::new()),
        };
        let why = Why::Fault(format!("the job `{key}` is due and has no task that can be run"));
        TaskDecision { why, changes: planned.unwrap_or_default() }
    }

    /// The changes that stop a job: the tasks that are left are never run. An `Err` says why there is nothing to stop.
    pub fn cancel_job(
        &self,
        resource: usize,
        key: &Key,
        moment: &Moment<'_>,
    ) -> Result<Vec<Change>, String> {
        let job = moment.store.get(resource, key).and_then(|record| job_of(record));
        let running = job.filter(|job| job.next_task().is_some());
        let job = running.ok_or_else(|| format!("the job `{key}` has no task left to stop"))?;
        let changes = moment.store.plan_job(resource, key, job.canceled());
        changes.map_err(|error| error.to_string())
    }

    fn plan_task(
        &self,
        job: &Job,
        task: &DueTask,
        moment: &mut Moment<'_>,
    ) -> Result<Vec<Change>, String> {
        let snapshot = self.snapshot(moment);
        let element = from_json(task.element());
        let args =
            TaskArgs { plan: Arc::clone(&task.plan), for_each: job.for_each.clone(), element };
        let names = [("args", Value::from_object(args))];
        let scope = Overlay::over(&Scope::at(&snapshot).into_value(), names);
        let planner = Planner {
            snapshot: Arc::clone(&snapshot),
            jobs: &self.jobs,
            schemas: &self.contract.schemas,
            ids: moment.ids,
            now: moment.now,
        };
        let done = planner.run(&job.effects, &scope);
        done.map(|done| done.changes.changes().to_vec())
            .map_err(|stopped| stopped.message(&self.shapes))
    }
}
