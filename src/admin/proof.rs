//! Proof: what was exercised, where a value still occurs, and whether what is expected holds.
//!
//! Must not know how any of that is found out.

use axum::{Extension, Json};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use crate::admin::did::{did, to_all};
use crate::admin::extract::{CurrentEmulator, JsonBody, PathNames, QueryForm};
use crate::admin::refusal::AdminProblem;
use crate::clock::system_now;
use crate::control::{Control, CoverageView, Match, Residue, ResidueQuery, Verdict, Verification};
use crate::message::Account;

/// Whose coverage: of all providers unless one is named.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CoverageQuery {
    provider: Option<String>,
}

pub(super) async fn coverage(
    CurrentEmulator(emulator): CurrentEmulator,
    PathNames(name): PathNames<String>,
    QueryForm(query): QueryForm<CoverageQuery>,
) -> Result<Json<CoverageView>, AdminProblem> {
    let emulator = emulator.guard();
    let control = Control::new(&emulator, &name, system_now())?;
    Ok(Json(control.coverage(query.provider.as_deref())?))
}

pub(super) async fn coverage_of_all(
    CurrentEmulator(emulator): CurrentEmulator,
    QueryForm(query): QueryForm<CoverageQuery>,
) -> Result<Json<CoverageView>, AdminProblem> {
    Ok(Json(Control::coverage_of_all(&emulator.guard(), query.provider.as_deref())?))
}

pub(super) async fn forget_coverage(
    CurrentEmulator(emulator): CurrentEmulator,
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
    CurrentEmulator(emulator): CurrentEmulator,
    PathNames(name): PathNames<String>,
    QueryForm(form): QueryForm<ResidueForm>,
) -> Result<Json<Residue>, AdminProblem> {
    let ResidueForm { value, matching, journal, limit } = form;
    let asked = ResidueQuery::of(value);
    let limit = limit.unwrap_or(asked.limit);
    let query = ResidueQuery { matching, journal, limit, ..asked };
    Ok(Json(Control::new(&emulator.guard(), &name, system_now())?.residue(&query)?))
}

pub(super) async fn verify(
    CurrentEmulator(emulator): CurrentEmulator,
    PathNames(name): PathNames<String>,
    JsonBody(document): JsonBody<Value>,
) -> Result<(Extension<Account>, Json<Verdict>), AdminProblem> {
    let verification = Verification::read(&document)?;
    let verdict = Control::new(&emulator.guard(), &name, system_now())?.verify(&verification)?;
    let failed = verdict.expectations.iter().filter(|outcome| !outcome.passed).count();
    let what = format!("expectations that do not hold: {failed} of {}", verdict.expectations.len());
    Ok((did(&name, what), Json(verdict)))
}
