//! Faults of a sandbox: listed, added, replaced and taken out.
//!
//! Must not know what they do.

use axum::Json;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::admin::Refusal;
use crate::admin::Shared;
use crate::admin::extract::Names;
use crate::admin::extract::Sent;
use crate::clock::system_now;
use crate::control::Control;

pub(super) async fn list(
    Shared(emulator): Shared,
    Names(name): Names<String>,
) -> Result<Json<Value>, Refusal> {
    let faults = Control::new(&emulator.hold(), &name, system_now())?.faults()?;
    Ok(Json(json!({ "faults": faults })))
}

pub(super) async fn add(
    Shared(emulator): Shared,
    Names(name): Names<String>,
    Sent(fault): Sent<Value>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let fault = Control::new(&emulator.hold(), &name, system_now())?.add_fault(&fault)?;
    Ok((StatusCode::CREATED, Json(fault)))
}

pub(super) async fn read(
    Shared(emulator): Shared,
    Names((name, id)): Names<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    Ok(Json(Control::new(&emulator.hold(), &name, system_now())?.fault(&id)?))
}

pub(super) async fn put(
    Shared(emulator): Shared,
    Names((name, id)): Names<(String, String)>,
    Sent(fault): Sent<Value>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let (is_new, fault) =
        Control::new(&emulator.hold(), &name, system_now())?.put_fault(&id, &fault)?;
    Ok((if is_new { StatusCode::CREATED } else { StatusCode::OK }, Json(fault)))
}

pub(super) async fn remove(
    Shared(emulator): Shared,
    Names((name, id)): Names<(String, String)>,
) -> Result<StatusCode, Refusal> {
    Control::new(&emulator.hold(), &name, system_now())?.delete_fault(&id)?;
    Ok(StatusCode::NO_CONTENT)
}
