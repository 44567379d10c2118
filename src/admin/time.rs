//! Time: a sandbox's clock, and the jobs that wait for it.
//!
//! Must not know what jobs do.

use axum::{Extension, Json};
use serde_json::{Value, json};

use crate::admin::did::changed;
use crate::admin::extract::{Names, Sent, Shared};
use crate::admin::refusal::Refusal;
use crate::clock::system_now;
use crate::control::{ClockRequest, ClockView, Control, clock_change};
use crate::message::Account;

pub(super) async fn clock(
    Shared(emulator): Shared,
    Names(name): Names<String>,
) -> Result<Json<ClockView>, Refusal> {
    Ok(Json(Control::new(&emulator.guard(), &name, system_now())?.clock()?))
}

pub(super) async fn change_clock(
    Shared(emulator): Shared,
    Names(name): Names<String>,
    Sent(request): Sent<ClockRequest>,
) -> Result<(Extension<Account>, Json<ClockView>), Refusal> {
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
    Shared(emulator): Shared,
    Names(name): Names<String>,
) -> Result<Json<Value>, Refusal> {
    let jobs = Control::new(&emulator.guard(), &name, system_now())?.jobs()?;
    Ok(Json(json!({ "jobs": jobs })))
}

pub(super) async fn job(
    Shared(emulator): Shared,
    Names((name, id)): Names<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    Ok(Json(Control::new(&emulator.guard(), &name, system_now())?.job(&id)?))
}

pub(super) async fn run_job(
    Shared(emulator): Shared,
    Names((name, id)): Names<(String, String)>,
) -> Result<(Extension<Account>, Json<Value>), Refusal> {
    let (job, changes) = Control::new(&emulator.guard(), &name, system_now())?.run_job(&id)?;
    Ok((changed(&name, "ran the job", changes), Json(job)))
}

pub(super) async fn cancel_job(
    Shared(emulator): Shared,
    Names((name, id)): Names<(String, String)>,
) -> Result<(Extension<Account>, Json<Value>), Refusal> {
    let (job, changes) = Control::new(&emulator.guard(), &name, system_now())?.cancel_job(&id)?;
    Ok((changed(&name, "canceled the job", changes), Json(job)))
}
