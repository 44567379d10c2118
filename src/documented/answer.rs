//! The documented response to a request, or what is said where there is none.
//!
//! Must not know how a response is written.

use std::sync::Arc;

use bytes::Bytes;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderName, HeaderValue, Response, StatusCode};

use crate::documented::checked::CheckedRequest;
use crate::documented::refuse::ContractRefusal;
use crate::documented::request::ContractRequest;
use crate::documented::{checked, choose, refuse};
use crate::openapi::Operation;
use crate::prefer::Preferences;
use crate::response;
use crate::response::{Decided, Making, NotDocumented, RenderOptions, Renderings, Seeds};
use crate::validation::Violation;

/// The header of an operation that its document calls deprecated, as Prism sends it.
const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");

/// The header in which clients of Prism look for what is wrong; theirs is cut short where it is long, and then no JSON.
pub(super) const PRISM_VIOLATIONS: HeaderName = HeaderName::from_static("sl-violations");

/// An answer from the contract, and its reason.
#[derive(Debug)]
pub struct ContractAnswer {
    /// The answer.
    pub response: Response<Bytes>,
    /// Which documented response it is, in words; `None` where the sandbox says something in its own name.
    pub documented: Option<Arc<str>>,
    /// All that is wrong with the request and the answer, credentials included.
    pub violations: Vec<Violation>,
    /// The preferences that were honoured, as a header says them.
    pub applied: Option<HeaderValue>,
}

/// Answers a request by its contract.
pub fn answer(
    asked: &ContractRequest<'_>,
    seeds: Seeds,
    options: RenderOptions,
    kept: &Renderings,
) -> ContractAnswer {
    let operation = &asked.contract.operations[asked.number];
    let request = checked::check_request(asked, operation);
    let mut answered = match given(asked, &request, seeds, options, kept) {
        Ok(answered) => answered,
        Err(refusal) => {
            let mut violations = request.violations.clone();
            if let ContractRefusal::Misfit(misfits) = &refusal {
                violations.extend(misfits.iter().cloned());
            }
            let response = refusal.problem(&request).into_response();
            ContractAnswer { response, documented: None, violations, applied: None }
        }
    };
    let response = &mut answered.response;
    if response.status() == StatusCode::UNAUTHORIZED
        && let Some(challenge) = &request.challenge
        && !response.headers().contains_key(WWW_AUTHENTICATE)
    {
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge.clone());
    }
    if let Some(unread) = request.unread_body() {
        unread.complete(response);
    }
    if operation.deprecated {
        response.headers_mut().entry(DEPRECATION).or_insert(HeaderValue::from_static("true"));
    }
    answered
}

/// The documented response to a request.
fn given(
    asked: &ContractRequest<'_>,
    request: &CheckedRequest,
    seeds: Seeds,
    options: RenderOptions,
    kept: &Renderings,
) -> Result<ContractAnswer, ContractRefusal> {
    let (operation, preferences) = (&asked.contract.operations[asked.number], asked.preferences);
    let is_valid = request.is_valid();
    let decided = if is_valid {
        choose::for_valid(operation, preferences)?
    } else {
        choose::for_invalid(operation, preferences, request)?
    };
    let is_dynamic = is_valid && preferences.dynamic.unwrap_or(options.dynamic);
    let seed = preferences.seed.as_deref().filter(|_| is_valid);
    let making = Making::new(options, seeds, &operation.id, is_dynamic, seed);
    let written = kept.write(asked.contract, asked.number, &decided, asked.headers, &making)?;
    if options.errors && !written.misfits.is_empty() {
        return Err(ContractRefusal::Misfit(written.misfits));
    }
    let mut violations = request.violations.clone();
    violations.extend(written.misfits);
    let mut response = written.response;
    if !violations.is_empty() {
        response.headers_mut().insert(PRISM_VIOLATIONS, refuse::prism_header(&violations));
    }
    let applied = if is_valid {
        preferences.made(written.is_made)
    } else {
        Preferences {
            code: preferences.code.filter(|code| *code == decided.status),
            example: decided.example().map(str::to_owned),
            dry_run: preferences.dry_run,
            ..Preferences::default()
        }
    };
    let (documented, applied) = (Some(written.label), applied.applied());
    Ok(ContractAnswer { response, documented, violations, applied })
}

/// The documented response that a request asks for by status or by the name of an example. Without a status it is that of
/// a success, or else the lowest that has the example. Nothing else of a request is looked at.
pub fn preferred<'o>(
    operation: &'o Operation,
    preferences: &Preferences,
) -> Result<Decided<'o>, NotDocumented> {
    let example = preferences.example.as_deref();
    let (status, response) = match preferences.code {
        // Whether it has the example can depend on the media type.
        Some(code) => response::by_name(operation, Some(code), None)?,
        None => response::by_name(operation, None, example)?,
    };
    Ok(Decided::documented(status, response, example))
}
