//! A task of a job: what it changes when its time has come.
//!
//! Must not know when that is; the sandbox does.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::behavior::Behavior;
use crate::behavior::Moment;
use crate::behavior::effect::Job;
use crate::behavior::effect::Planner;
use crate::behavior::effect::Stopped;
use crate::behavior::scope::Overlay;
use crate::behavior::scope::Scope;
use crate::expression::from_json;
use crate::jobs;
use crate::jobs::DueTask;
use crate::message::Why;
use crate::store::Change;
use crate::store::Key;

/// A task that was due, and what it does.
#[derive(Debug)]
pub struct TaskDecision {
    /// The job's place in the behavior file, or what stopped the task.
    pub why: Why,
    /// Changes to commit: the task's own, and its job's record.
    pub changes: Vec<Change>,
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
        let record = Arc::clone(moment.store.get(resource, key)?);
        let task = jobs::next_task(&record.fields)?;
        let done = jobs::finish_task(&record.fields, task.index, moment.now);
        let job = self.jobs.iter().find(|job| *job.name == *task.job && job.record == resource);
        let (mut why, mut changes) = match job {
            None => (Why::Fault(format!("there is no job `{}`", task.job)), Vec::new()),
            Some(job) => match self.plan_task(job, task, moment) {
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
        match moment.store.plan_replace(resource, key, done) {
            Ok(own) => changes.extend(own),
            Err(error) => why = Why::Fault(error.to_string()),
        }
        Some(TaskDecision { why, changes })
    }

    /// What becomes of a job that says that it is due and has no task that could be: nothing of it is due any more.
    pub fn end_job(&self, resource: usize, key: &Key, moment: &Moment<'_>) -> TaskDecision {
        let record = moment.store.get(resource, key);
        let ended = record.map(|record| jobs::cancel(&record.fields)).unwrap_or_default();
        let planned = moment.store.plan_replace(resource, key, ended);
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
        let record = moment.store.get(resource, key);
        let running = record.filter(|record| jobs::next_task(&record.fields).is_some());
        let record = running.ok_or_else(|| format!("the job `{key}` has no task left to stop"))?;
        let canceled = jobs::cancel(&record.fields);
        moment.store.plan_replace(resource, key, canceled).map_err(|error| error.to_string())
    }

    fn plan_task(
        &self,
        job: &Job,
        task: DueTask,
        moment: &mut Moment<'_>,
    ) -> Result<Vec<Change>, String> {
        let snapshot = self.snapshot(moment.store);
        let mut args = task.args;
        args.insert(job.for_each.clone(), task.element);
        let names = vec![("args", from_json(&Json::Object(args)))];
        let scope = Overlay::over(&Scope::at(&snapshot, moment).into_value(), names);
        let mut planner = Planner {
            snapshot: &snapshot,
            jobs: &self.jobs,
            schemas: &self.contract.schemas,
            ids: moment.ids,
            now: moment.now,
            updated: None,
        };
        planner.plan(&job.effect, &scope).map_err(|stopped| match stopped {
            Stopped::Fault(message) => message,
            Stopped::Restricted { resource, .. } => {
                format!("`{}` restrict the deletion", self.shapes[resource].name)
            }
        })
    }
}
