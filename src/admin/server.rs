//! What concerns the server as a whole: whether it is there, what it is, and everything back to the start.
//!
//! Must not know single sandboxes.

use axum::extract::State;
use axum::{Extension, Json};
use serde_json::{Value, json};

use crate::admin::did::to_all;
use crate::admin::extract::PathNames;
use crate::admin::refusal::AdminProblem;
use crate::clock::system_now;
use crate::control::{Control, OperationDetail};
use crate::emulator::Current;
use crate::message::Account;

/// That the server is there; with what is not served, if that is something.
pub(super) async fn health(State(emulator): State<Current>) -> Json<Value> {
    let emulator = emulator.snapshot();
    Json(match emulator.unserved() {
        [] => json!({ "status": "ok" }),
        unserved => json!({ "status": "degraded", "unserved": unserved }),
    })
}

pub(super) async fn version() -> Json<Value> {
    Json(json!({ "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") }))
}

pub(super) async fn operations(State(emulator): State<Current>) -> Json<Value> {
    Json(json!({ "operations": Control::operations(&emulator.snapshot()) }))
}

pub(super) async fn operation(
    State(emulator): State<Current>,
    PathNames((provider, id)): PathNames<(String, String)>,
) -> Result<Json<OperationDetail>, AdminProblem> {
    Ok(Json(Control::operation(&emulator.snapshot(), &provider, &id)?))
}

/// Everything back to the start: `default` as it began, and no other sandbox.
pub(super) async fn reset(State(emulator): State<Current>) -> (Extension<Account>, Json<Value>) {
    let dropped = emulator.guard().sandboxes().reset(system_now());
    let what = format!("reset `default`, other sandboxes dropped: {dropped}");
    (to_all(what), Json(json!({ "status": "reset", "sandboxes_dropped": dropped })))
}
