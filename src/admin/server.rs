//! What concerns the server as a whole: whether it is there, what it is, and everything back to the start.
//!
//! Must not know single sandboxes.

use axum::Json;
use serde_json::Value;
use serde_json::json;

use crate::admin::Shared;
use crate::clock::system_now;

pub(super) async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

pub(super) async fn version() -> Json<Value> {
    Json(json!({ "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") }))
}

/// Everything back to the start: `default` as it began, and no other sandbox.
pub(super) async fn reset(Shared(emulator): Shared) -> Json<Value> {
    emulator.hold().sandboxes().reset(system_now());
    Json(json!({ "status": "reset" }))
}
