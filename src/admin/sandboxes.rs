//! Sandboxes: which there are, making, resetting and removing one, undo and redo, and its whole state.
//!
//! Must not know what is in them.

use axum::{Extension, Json};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::admin::did::{changed, did, entries};
use crate::admin::extract::{CurrentEmulator, JsonBody, PathNames};
use crate::admin::refusal::AdminProblem;
use crate::clock::system_now;
use crate::control::{Control, SandboxSpec, SandboxView, StateCopy, TurnView, unfit};
use crate::journal::Back;
use crate::message::Account;

pub(super) async fn list(CurrentEmulator(emulator): CurrentEmulator) -> Json<Value> {
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

pub(super) async fn read(
    CurrentEmulator(emulator): CurrentEmulator,
    PathNames(name): PathNames<String>,
) -> Result<Json<SandboxView>, AdminProblem> {
    Ok(Json(Control::new(&emulator.guard(), &name, system_now())?.sandbox()?))
}

pub(super) async fn put(
    CurrentEmulator(emulator): CurrentEmulator,
    PathNames(name): PathNames<String>,
    JsonBody(spec): JsonBody<SandboxSpec>,
) -> Result<(StatusCode, Extension<Account>, Json<SandboxView>), AdminProblem> {
    let emulator = emulator.guard();
    let control = Control::new(&emulator, &name, system_now())?;
    let (status, what) = if control.put_sandbox(&spec)? {
        (StatusCode::CREATED, "made the sandbox")
    } else {
        (StatusCode::OK, "began the sandbox anew")
    };
    Ok((status, did(&name, what), Json(control.sandbox()?)))
}

pub(super) async fn remove(
    CurrentEmulator(emulator): CurrentEmulator,
    PathNames(name): PathNames<String>,
) -> Result<(StatusCode, Extension<Account>), AdminProblem> {
    Control::new(&emulator.guard(), &name, system_now())?.delete_sandbox()?;
    Ok((StatusCode::NO_CONTENT, did(&name, "removed the sandbox")))
}

pub(super) async fn reset(
    CurrentEmulator(emulator): CurrentEmulator,
    PathNames(name): PathNames<String>,
) -> Result<(Extension<Account>, Json<SandboxView>), AdminProblem> {
    let emulator = emulator.guard();
    let control = Control::new(&emulator, &name, system_now())?;
    // One that is not there is not made: the name may be mistyped, and another still be as it was.
    control.sandbox()?;
    control.reset()?;
    Ok((did(&name, "reset the sandbox"), Json(control.sandbox()?)))
}

/// How far to go back: one step unless something is said.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct UndoRequest {
    steps: Option<usize>,
    to: Option<u64>,
}

pub(super) async fn undo(
    CurrentEmulator(emulator): CurrentEmulator,
    PathNames(name): PathNames<String>,
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
    let turned = Control::new(&emulator.guard(), &name, system_now())?.undo(back)?;
    let what = format!("undid {}", entries(&turned.entries));
    Ok((changed(&name, what, turned.changes.clone()), Json(turned)))
}

/// How far to go forward: one step unless something is said.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RedoRequest {
    steps: Option<usize>,
}

pub(super) async fn redo(
    CurrentEmulator(emulator): CurrentEmulator,
    PathNames(name): PathNames<String>,
    JsonBody(RedoRequest { steps }): JsonBody<RedoRequest>,
) -> Result<(Extension<Account>, Json<TurnView>), AdminProblem> {
    if steps == Some(0) {
        let problem = "`steps` is `0`: give a number from 1 up".to_owned();
        return Err(unfit("that cannot be done again", &[problem]).into());
    }
    let steps = steps.unwrap_or(1);
    let turned = Control::new(&emulator.guard(), &name, system_now())?.redo(steps)?;
    let what = format!("did {} again", entries(&turned.entries));
    Ok((changed(&name, what, turned.changes.clone()), Json(turned)))
}

pub(super) async fn read_state(
    CurrentEmulator(emulator): CurrentEmulator,
    PathNames(name): PathNames<String>,
) -> Result<Json<StateCopy>, AdminProblem> {
    Ok(Json(Control::new(&emulator.guard(), &name, system_now())?.state_copy()?))
}

pub(super) async fn put_state(
    CurrentEmulator(emulator): CurrentEmulator,
    PathNames(name): PathNames<String>,
    JsonBody(state): JsonBody<Value>,
) -> Result<(Extension<Account>, Json<SandboxView>), AdminProblem> {
    let emulator = emulator.guard();
    let control = Control::new(&emulator, &name, system_now())?;
    control.put_state(state)?;
    Ok((did(&name, "replaced the state"), Json(control.sandbox()?)))
}
