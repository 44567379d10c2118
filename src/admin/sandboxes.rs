//! Sandboxes: which there are, making, resetting and removing one, undo and redo, and its whole state.
//!
//! Must not know what is in them.

use axum::{Extension, Json};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::admin::did::{changed, did, entries};
use crate::admin::extract::{Names, Sent, Shared};
use crate::admin::refusal::Refusal;
use crate::clock::system_now;
use crate::control::{Control, SandboxSpec, SandboxView, StateCopy, TurnView, unfit};
use crate::journal::Back;
use crate::message::Account;

pub(super) async fn list(Shared(emulator): Shared) -> Json<Value> {
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
    Shared(emulator): Shared,
    Names(name): Names<String>,
) -> Result<Json<SandboxView>, Refusal> {
    Ok(Json(Control::new(&emulator.guard(), &name, system_now())?.sandbox()?))
}

pub(super) async fn put(
    Shared(emulator): Shared,
    Names(name): Names<String>,
    Sent(spec): Sent<SandboxSpec>,
) -> Result<(StatusCode, Extension<Account>, Json<SandboxView>), Refusal> {
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
    Shared(emulator): Shared,
    Names(name): Names<String>,
) -> Result<(StatusCode, Extension<Account>), Refusal> {
    Control::new(&emulator.guard(), &name, system_now())?.delete_sandbox()?;
    Ok((StatusCode::NO_CONTENT, did(&name, "removed the sandbox")))
}

pub(super) async fn reset(
    Shared(emulator): Shared,
    Names(name): Names<String>,
) -> Result<(Extension<Account>, Json<SandboxView>), Refusal> {
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
    Shared(emulator): Shared,
    Names(name): Names<String>,
    Sent(request): Sent<UndoRequest>,
) -> Result<(Extension<Account>, Json<TurnView>), Refusal> {
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
    Shared(emulator): Shared,
    Names(name): Names<String>,
    Sent(RedoRequest { steps }): Sent<RedoRequest>,
) -> Result<(Extension<Account>, Json<TurnView>), Refusal> {
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
    Shared(emulator): Shared,
    Names(name): Names<String>,
) -> Result<Json<StateCopy>, Refusal> {
    Ok(Json(Control::new(&emulator.guard(), &name, system_now())?.state_copy()?))
}

pub(super) async fn put_state(
    Shared(emulator): Shared,
    Names(name): Names<String>,
    Sent(state): Sent<Value>,
) -> Result<(Extension<Account>, Json<SandboxView>), Refusal> {
    let emulator = emulator.guard();
    let control = Control::new(&emulator, &name, system_now())?;
    control.put_state(state)?;
    Ok((did(&name, "replaced the state"), Json(control.sandbox()?)))
}
