//! The journal: listed, single entries, requests that found no operation, as an archive, and plans.
//!
//! Must not know how entries are shown.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures_util::stream;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::admin::did::did;
use crate::admin::extract::{JsonBody, NamedSandbox, PathNames, QueryForm};
use crate::admin::refusal::AdminProblem;
use crate::control::{EntryView, JournalPage, JournalQuery, PlanRequest, PlanView};
use crate::message::Account;

pub(super) async fn list(
    sandbox: NamedSandbox,
    QueryForm(query): QueryForm<JournalQuery>,
) -> Result<Json<JournalPage>, AdminProblem> {
    sandbox.with(|control| control.requests(&query)).map(Json)
}

pub(super) async fn read(
    sandbox: NamedSandbox,
    PathNames((_, id)): PathNames<(String, u64)>,
) -> Result<Json<EntryView>, AdminProblem> {
    sandbox.with(|control| control.request(id)).map(Json)
}

pub(super) async fn clear(
    sandbox: NamedSandbox,
) -> Result<(StatusCode, Extension<Account>), AdminProblem> {
    sandbox.with(|control| control.clear_requests())?;
    Ok((StatusCode::NO_CONTENT, did(&sandbox.name, "cleared the journal")))
}

pub(super) async fn unmatched(sandbox: NamedSandbox) -> Result<Json<Value>, AdminProblem> {
    let requests = sandbox.with(|control| control.unmatched())?;
    Ok(Json(json!({ "requests": requests })))
}

/// The archive is made while it is sent: a journal may have tens of megabytes, and an archive several times as many.
pub(super) async fn har(sandbox: NamedSandbox) -> Result<Response, AdminProblem> {
    let mut archive = sandbox.with(|control| control.archive())?;
    let pieces = std::iter::from_fn(move || {
        let piece = sandbox.with(|control| control.archive_piece(&mut archive));
        piece.map_err(|_| "the sandbox is gone").transpose()
    });
    let fields = [(CONTENT_TYPE, "application/json")];
    Ok((fields, Body::from_stream(stream::iter(pieces))).into_response())
}

pub(super) async fn plan(
    sandbox: NamedSandbox,
    JsonBody(request): JsonBody<PlanRequest>,
) -> Result<(Extension<Account>, Json<PlanView>), AdminProblem> {
    let plan = sandbox.with(|control| control.plan(&request))?;
    Ok((did(&sandbox.name, "planned a call, changed nothing"), Json(plan)))
}
