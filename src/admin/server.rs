//! What concerns the server as a whole: whether it is there, what it is, and everything back to the start.
//!
//! Must not know single sandboxes.

use axum::extract::State;
use axum::{Extension, Json};
use serde_json::{Value, json};

use crate::admin::did::to_all;

use crate::clock::system_now;
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

/// Everything back to the start: `default` as it began, and no other sandbox.
pub(super) async fn reset(State(emulator): State<Current>) -> (Extension<Account>, Json<Value>) {
    let dropped = emulator.guard().sandboxes().reset(system_now());
    let what = format!("reset `default`, other sandboxes dropped: {dropped}");
    (to_all(what), Json(json!({ "status": "reset", "sandboxes_dropped": dropped })))
}
