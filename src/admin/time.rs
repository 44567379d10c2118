//! Time: a sandbox's clock, and the jobs that wait for it.
//!
//! Must not know what jobs do.

use axum::{Extension, Json};
use serde_json::{Value, json};

use crate::admin::did::changed;
use crate::admin::extract::{CurrentEmulator, JsonBody, PathNames};
use crate::admin::refusal::AdminProblem;
use crate::clock::system_now;
use crate::control::{ClockRequest, ClockView, Control, clock_change};
use crate::message::Account;

pub(super) async fn clock(
    CurrentEmulator(emulator): CurrentEmulator,
    PathNames(name): PathNames<String>,
) -> Result<Json<ClockView>, AdminProblem> {
    Ok(Json(Control::new(&emulator.guard(), &name, system_now())?.clock()?))
}

pub(super) async fn change_clock(
    CurrentEmulator(emulator): CurrentEmulator,
    PathNames(name): PathNames<String>,
    JsonBody(request): JsonBody<ClockRequest>,
) -> Result<(Extension<Account>, Json<ClockView>), AdminProblem> {
    let change = request.change()?;
    let real = system_now();
    let mut view = Control::new(&emulator.guard(), &name, real)?.begin_clock_change(change)?;
    while Control::new(&emulator.guard(), &name, real)?.run_some_tasks(&mut view)? {
        // Thousands of tasks take a while, in which others are to be answered.
        tokio::task::yield_now().await;
    }
    let ClockView { now, tasks_run, .. } = &view;
    let what = format!("clock: {}, now {now}, {tasks_run} tasks run", clock_change(change));
    Ok((changed(&name, what, view.changes.clone()), Json(view)))
}

pub(super) async fn jobs(
    CurrentEmulator(emulator): CurrentEmulator,
    PathNames(name): PathNames<String>,
) -> Result<Json<Value>, AdminProblem> {
    let jobs = Control::new(&emulator.guard(), &name, system_now())?.jobs()?;
    Ok(Json(json!({ "jobs": jobs })))
}

pub(super) async fn job(
    CurrentEmulator(emulator): CurrentEmulator,
    PathNames((name, id)): PathNames<(String, String)>,
) -> Result<Json<Value>, AdminProblem> {
    Ok(Json(Control::new(&emulator.guard(), &name, system_now())?.job(&id)?))
}

pub(super) async fn run_job(
    CurrentEmulator(emulator): CurrentEmulator,
    PathNames((name, id)): PathNames<(String, String)>,
) -> Result<(Extension<Account>, Json<Value>), AdminProblem> {
    let (job, changes) = Control::new(&emulator.guard(), &name, system_now())?.run_job(&id)?;
    Ok((changed(&name, "ran the job", changes), Json(job)))
}

pub(super) async fn cancel_job(
    CurrentEmulator(emulator): CurrentEmulator,
    PathNames((name, id)): PathNames<(String, String)>,
) -> Result<(Extension<Account>, Json<Value>), AdminProblem> {
    let (job, changes) = Control::new(&emulator.guard(), &name, system_now())?.cancel_job(&id)?;
    Ok((changed(&name, "canceled the job", changes), Json(job)))
}
