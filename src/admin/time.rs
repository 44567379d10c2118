//! Time: a sandbox's clock, and the jobs that wait for it.
//!
//! Must not know what jobs do.

use axum::{Extension, Json};
use serde_json::{Value, json};

use crate::admin::did::changed;
use crate::admin::extract::{JsonBody, NamedSandbox, PathNames};
use crate::admin::refusal::AdminProblem;
use crate::control::{ClockRequest, ClockView, JobView, clock_change};
use crate::message::Account;

pub(super) async fn clock(sandbox: NamedSandbox) -> Result<Json<ClockView>, AdminProblem> {
    sandbox.with(|control| control.clock()).map(Json)
}

pub(super) async fn change_clock(
    sandbox: NamedSandbox,
    JsonBody(request): JsonBody<ClockRequest>,
) -> Result<(Extension<Account>, Json<ClockView>), AdminProblem> {
    let change = request.change()?;
    let mut view = sandbox.with(|control| control.begin_clock_change(change))?;
    while sandbox.with(|control| control.run_some_tasks(&mut view))? {
        // Thousands of tasks take a while, in which others are to be answered.
        tokio::task::yield_now().await;
    }
    let ClockView { now, tasks_run, .. } = &view;
    let what = format!("clock: {}, now {now}, {tasks_run} tasks run", clock_change(change));
    Ok((changed(&sandbox.name, what, view.changes.clone()), Json(view)))
}

pub(super) async fn jobs(sandbox: NamedSandbox) -> Result<Json<Value>, AdminProblem> {
    let jobs = sandbox.with(|control| control.jobs())?;
    Ok(Json(json!({ "jobs": jobs })))
}

pub(super) async fn job(
    sandbox: NamedSandbox,
    PathNames((_, id)): PathNames<(String, String)>,
) -> Result<Json<JobView>, AdminProblem> {
    sandbox.with(|control| control.job(&id)).map(Json)
}

pub(super) async fn run_job(
    sandbox: NamedSandbox,
    PathNames((_, id)): PathNames<(String, String)>,
) -> Result<(Extension<Account>, Json<JobView>), AdminProblem> {
    let (job, changes) = sandbox.with(|control| control.run_job(&id))?;
    Ok((changed(&sandbox.name, "ran the job", changes), Json(job)))
}

pub(super) async fn cancel_job(
    sandbox: NamedSandbox,
    PathNames((_, id)): PathNames<(String, String)>,
) -> Result<(Extension<Account>, Json<JobView>), AdminProblem> {
    let (job, changes) = sandbox.with(|control| control.cancel_job(&id))?;
    Ok((changed(&sandbox.name, "canceled the job", changes), Json(job)))
}
