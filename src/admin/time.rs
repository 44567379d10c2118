//! Time: a sandbox's clock, and the jobs that wait for it.
//!
//! Must not know what jobs do.

use axum::Json;
use serde_json::Value;
use serde_json::json;

use crate::admin::Refusal;
use crate::admin::Shared;
use crate::admin::extract::Names;
use crate::admin::extract::Sent;
use crate::clock::system_now;
use crate::control::ClockRequest;
use crate::control::ClockView;
use crate::control::Control;

pub(super) async fn clock(
    Shared(emulator): Shared,
    Names(name): Names<String>,
) -> Result<Json<ClockView>, Refusal> {
    Ok(Json(Control::new(&emulator.hold(), &name, system_now())?.clock()?))
}

pub(super) async fn change_clock(
    Shared(emulator): Shared,
    Names(name): Names<String>,
    Sent(request): Sent<ClockRequest>,
) -> Result<Json<ClockView>, Refusal> {
    let change = request.change()?;
    Ok(Json(Control::new(&emulator.hold(), &name, system_now())?.change_clock(change)?))
}

pub(super) async fn jobs(
    Shared(emulator): Shared,
    Names(name): Names<String>,
) -> Result<Json<Value>, Refusal> {
    let jobs = Control::new(&emulator.hold(), &name, system_now())?.jobs()?;
    Ok(Json(json!({ "jobs": jobs })))
}

pub(super) async fn job(
    Shared(emulator): Shared,
    Names((name, id)): Names<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    Ok(Json(Control::new(&emulator.hold(), &name, system_now())?.job(&id)?))
}

pub(super) async fn run_job(
    Shared(emulator): Shared,
    Names((name, id)): Names<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    Ok(Json(Control::new(&emulator.hold(), &name, system_now())?.run_job(&id)?))
}

pub(super) async fn cancel_job(
    Shared(emulator): Shared,
    Names((name, id)): Names<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    Ok(Json(Control::new(&emulator.hold(), &name, system_now())?.cancel_job(&id)?))
}
