//! The journal: listed, single entries, requests that found no operation, as an archive, and plans.
//!
//! Must not know how entries are shown.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures_util::stream;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value, json};

use crate::admin::did::did;
use crate::admin::extract::{CurrentEmulator, JsonBody, PathNames, QueryForm};
use crate::admin::refusal::AdminProblem;
use crate::clock::system_now;
use crate::control::{Control, JournalPage, JournalQuery, PlanRequest};
use crate::message::Account;

pub(super) async fn list(
    CurrentEmulator(emulator): CurrentEmulator,
    PathNames(name): PathNames<String>,
    QueryForm(query): QueryForm<JournalQuery>,
) -> Result<Json<JournalPage>, AdminProblem> {
    Ok(Json(Control::new(&emulator.guard(), &name, system_now())?.requests(&query)?))
}

pub(super) async fn read(
    CurrentEmulator(emulator): CurrentEmulator,
    PathNames((name, id)): PathNames<(String, u64)>,
) -> Result<Json<Map<String, Value>>, AdminProblem> {
    Ok(Json(Control::new(&emulator.guard(), &name, system_now())?.request(id)?))
}

pub(super) async fn clear(
    CurrentEmulator(emulator): CurrentEmulator,
    PathNames(name): PathNames<String>,
) -> Result<(StatusCode, Extension<Account>), AdminProblem> {
    Control::new(&emulator.guard(), &name, system_now())?.clear_requests()?;
    Ok((StatusCode::NO_CONTENT, did(&name, "cleared the journal")))
}

pub(super) async fn unmatched(
    CurrentEmulator(emulator): CurrentEmulator,
    PathNames(name): PathNames<String>,
) -> Result<Json<Value>, AdminProblem> {
    let requests = Control::new(&emulator.guard(), &name, system_now())?.unmatched()?;
    Ok(Json(json!({ "requests": requests })))
}

/// The archive is made while it is sent: a journal may have tens of megabytes, and an archive several times as many.
pub(super) async fn har(
    CurrentEmulator(emulator): CurrentEmulator,
    PathNames(name): PathNames<String>,
) -> Result<Response, AdminProblem> {
    let mut archive = Control::new(&emulator.guard(), &name, system_now())?.archive()?;
    let pieces = std::iter::from_fn(move || {
        let emulator = emulator.guard();
        let control = Control::new(&emulator, &name, system_now());
        let piece = control.and_then(|control| control.archive_piece(&mut archive));
        piece.map_err(|problem| problem.to_string()).transpose()
    });
    let fields = [(CONTENT_TYPE, "application/json")];
    Ok((fields, Body::from_stream(stream::iter(pieces))).into_response())
}

pub(super) async fn plan(
    CurrentEmulator(emulator): CurrentEmulator,
    PathNames(name): PathNames<String>,
    JsonBody(request): JsonBody<PlanRequest>,
) -> Result<(Extension<Account>, Json<Map<String, Value>>), AdminProblem> {
    let plan = Control::new(&emulator.guard(), &name, system_now())?.plan(&request)?;
    Ok((did(&name, "planned a call, changed nothing"), Json(plan)))
}
