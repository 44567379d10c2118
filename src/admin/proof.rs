//! Proof: what was exercised, where a value still occurs, and whether what is expected holds.
//!
//! Must not know how any of that is found out.

use axum::extract::State;
use axum::{Extension, Json};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use crate::admin::did::{did, to_all};
use crate::admin::extract::{JsonBody, NamedSandbox, QueryForm};
use crate::admin::refusal::AdminProblem;
use crate::control::{Control, CoverageView, Match, Residue, ResidueQuery, Verdict, Verification};
use crate::emulator::Current;
use crate::message::Account;

/// Whose coverage: of all providers unless one is named.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CoverageQuery {
    provider: Option<String>,
}

pub(super) async fn coverage(
    sandbox: NamedSandbox,
    QueryForm(query): QueryForm<CoverageQuery>,
) -> Result<Json<CoverageView>, AdminProblem> {
    sandbox.with(|control| control.coverage(query.provider.as_deref())).map(Json)
}

pub(super) async fn coverage_of_all(
    State(emulator): State<Current>,
    QueryForm(query): QueryForm<CoverageQuery>,
) -> Result<Json<CoverageView>, AdminProblem> {
    Ok(Json(Control::coverage_of_all(&emulator.guard(), query.provider.as_deref())?))
}

pub(super) async fn forget_coverage(
    State(emulator): State<Current>,
) -> (StatusCode, Extension<Account>) {
    emulator.guard().sandboxes().forget_coverage();
    (StatusCode::NO_CONTENT, to_all("forgot what was exercised"))
}

/// What to look for, and where.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResidueForm {
    value: String,
    #[serde(default, rename = "match")]
    matching: Match,
    #[serde(default)]
    journal: bool,
    limit: Option<usize>,
}

pub(super) async fn residue(
    sandbox: NamedSandbox,
    QueryForm(form): QueryForm<ResidueForm>,
) -> Result<Json<Residue>, AdminProblem> {
    let ResidueForm { value, matching, journal, limit } = form;
    let asked = ResidueQuery::of(value);
    let limit = limit.unwrap_or(asked.limit);
    let query = ResidueQuery { matching, journal, limit, ..asked };
    sandbox.with(|control| control.residue(&query)).map(Json)
}

pub(super) async fn verify(
    sandbox: NamedSandbox,
    JsonBody(document): JsonBody<Value>,
) -> Result<(Extension<Account>, Json<Verdict>), AdminProblem> {
    let verification = Verification::read(&document)?;
    let verdict = sandbox.with(|control| control.verify(&verification))?;
    let failed = verdict.expectations.iter().filter(|outcome| !outcome.passed).count();
    let what = format!("expectations that do not hold: {failed} of {}", verdict.expectations.len());
    Ok((did(&sandbox.name, what), Json(verdict)))
}
