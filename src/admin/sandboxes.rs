//! Sandboxes: which there are, making, resetting and removing one, undo and redo, and its whole state.
//!
//! Must not know what is in them.

use axum::extract::State;
use axum::{Extension, Json};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::admin::did::{changed, did, entries};
use crate::admin::extract::{JsonBody, NamedSandbox};
use crate::admin::refusal::AdminProblem;
use crate::clock::system_now;
use crate::control::{Control, SandboxSpec, SandboxView, StateCopy, TurnView, unfit};
use crate::emulator::Current;
use crate::journal::Back;
use crate::message::Account;

pub(super) async fn list(State(emulator): State<Current>) -> Json<Value> {
    let emulator = emulator.guard();
    let limits = emulator.sandboxes().limits();
    let budget = emulator.sandboxes().budget();
    Json(json!({
        "sandboxes": Control::sandboxes(&emulator, system_now()),
        "sandboxes_max": limits.sandboxes_max,
        "journal_bytes": budget.used(),
        "journal_bytes_max": budget.bytes_max,
    }))
}

pub(super) async fn read(sandbox: NamedSandbox) -> Result<Json<SandboxView>, AdminProblem> {
    sandbox.with(|control| control.sandbox()).map(Json)
}

pub(super) async fn put(
    sandbox: NamedSandbox,
    JsonBody(spec): JsonBody<SandboxSpec>,
) -> Result<(StatusCode, Extension<Account>, Json<SandboxView>), AdminProblem> {
    let (is_new, view) =
        sandbox.with(|control| Ok((control.put_sandbox(&spec)?, control.sandbox()?)))?;
    let (status, what) = if is_new {
        (StatusCode::CREATED, "made the sandbox")
    } else {
        (StatusCode::OK, "began the sandbox anew")
    };
    Ok((status, did(&sandbox.name, what), Json(view)))
}

pub(super) async fn remove(
    sandbox: NamedSandbox,
) -> Result<(StatusCode, Extension<Account>), AdminProblem> {
    sandbox.with(|control| control.delete_sandbox())?;
    Ok((StatusCode::NO_CONTENT, did(&sandbox.name, "removed the sandbox")))
}

pub(super) async fn reset(
    sandbox: NamedSandbox,
) -> Result<(Extension<Account>, Json<SandboxView>), AdminProblem> {
    let view = sandbox.with(|control| {
        // One that is not there is not made: the name may be mistyped, and another still be as it was.
        control.sandbox()?;
        control.reset()?;
        control.sandbox()
    })?;
    Ok((did(&sandbox.name, "reset the sandbox"), Json(view)))
}

/// How far to go back: one step unless something is said.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct UndoRequest {
    steps: Option<usize>,
    to: Option<u64>,
}

pub(super) async fn undo(
    sandbox: NamedSandbox,
    JsonBody(request): JsonBody<UndoRequest>,
) -> Result<(Extension<Account>, Json<TurnView>), AdminProblem> {
    let back = match (request.steps, request.to) {
        (None, Some(id)) => Back::Before(id),
        (Some(steps), None) if steps > 0 => Back::Steps(steps),
        (None, None) => Back::Steps(1),
        (steps, to) => {
            let steps_alone = steps.is_some() && to.is_none();
            let detail = if steps_alone {
                "`steps` is `0`: give a number from 1 up"
            } else {
                "`steps` and `to` both say how far: give one of them"
            };
            return Err(unfit("that cannot be undone", &[detail.to_owned()]).into());
        }
    };
    let turned = sandbox.with(|control| control.undo(back))?;
    let what = format!("undid {}", entries(&turned.entries));
    Ok((changed(&sandbox.name, what, turned.changes.clone()), Json(turned)))
}

/// How far to go forward: one step unless something is said.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RedoRequest {
    steps: Option<usize>,
}

pub(super) async fn redo(
    sandbox: NamedSandbox,
    JsonBody(RedoRequest { steps }): JsonBody<RedoRequest>,
) -> Result<(Extension<Account>, Json<TurnView>), AdminProblem> {
    if steps == Some(0) {
        let problem = "`steps` is `0`: give a number from 1 up".to_owned();
        return Err(unfit("that cannot be done again", &[problem]).into());
    }
    let steps = steps.unwrap_or(1);
    let turned = sandbox.with(|control| control.redo(steps))?;
    let what = format!("did {} again", entries(&turned.entries));
    Ok((changed(&sandbox.name, what, turned.changes.clone()), Json(turned)))
}

pub(super) async fn read_state(sandbox: NamedSandbox) -> Result<Json<StateCopy>, AdminProblem> {
    sandbox.with(|control| control.state_copy()).map(Json)
}

pub(super) async fn put_state(
    sandbox: NamedSandbox,
    JsonBody(state): JsonBody<Value>,
) -> Result<(Extension<Account>, Json<SandboxView>), AdminProblem> {
    let view = sandbox.with(|control| {
        control.put_state(state)?;
        control.sandbox()
    })?;
    Ok((did(&sandbox.name, "replaced the state"), Json(view)))
}
