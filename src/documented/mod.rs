//! Documented answers: which response the contract alone gives to a request, without a behavior file.
//!
//! Which response and which example is as Prism chooses them: users of contract mocks rely on that
//! order. Where Prism hides what it does (a status that is asked for gives way to another when the media type does not
//! suit), this does not. Must not know records, sandboxes or how a request was routed.

mod call;
mod choose;
mod judge;
mod refuse;
mod unread;

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use crate::documented::judge::Judged;
use crate::documented::refuse::Refusal;
use crate::finding::{Finding, child};
use crate::openapi::{Contract, Direction, Operation};
use crate::prefer::Preferences;
use crate::response::{Decided, Making, NotDocumented, Offer, Options, Renderings, Seeds};
use crate::sample::{Unmet, Wish};
use crate::validation::Violation;
use crate::yaml::Document;
use crate::{media, response, sample};

pub use call::{Call, short_call, valid_call};
pub use unread::{UnreadBody, unread_body};

/// The header of an operation that its document calls deprecated, as Prism sends it.
const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");

/// The header in which clients of Prism look for what is wrong; theirs is cut short where it is long, and then no JSON.
const PRISM_VIOLATIONS: HeaderName = HeaderName::from_static("sl-violations");

/// Schemas that [`check`] compiles to try values of answers, each time with all that it leads to. Of ordinary documents
/// that is every answer; where everything leads to everything, as in the largest, compiling each takes long, and what
/// comes after these is not tried.
const TRIED_MAX: usize = 20_000;

/// A request to an operation that the contract alone answers.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The contract.
    pub contract: &'a Contract,
    /// The number of the operation in it.
    pub number: usize,
    /// The request's headers.
    pub headers: &'a HeaderMap,
    /// The raw query, without its question mark.
    pub query: &'a str,
    /// How the request departs from the contract, credentials aside.
    pub violations: &'a [Violation],
    /// What it prefers.
    pub preferences: &'a Preferences,
}

/// What is answered, and how it came about.
#[derive(Debug)]
pub struct Answered {
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
pub fn answer(asked: &Asked<'_>, seeds: Seeds, options: Options, kept: &Renderings) -> Answered {
    let operation = &asked.contract.operations[asked.number];
    let judged = judge::judge(asked, operation);
    let mut answered = match given(asked, &judged, seeds, options, kept) {
        Ok(answered) => answered,
        Err(refusal) => {
            let mut violations = judged.violations.clone();
            if let Refusal::Misfit(misfits) = &refusal {
                violations.extend(misfits.iter().cloned());
            }
            let response = refusal.problem(&judged).into_response();
            Answered { response, documented: None, violations, applied: None }
        }
    };
    let response = &mut answered.response;
    if response.status() == StatusCode::UNAUTHORIZED
        && let Some(challenge) = &judged.challenge
        && !response.headers().contains_key(WWW_AUTHENTICATE)
    {
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge.clone());
    }
    if let Some(unread) = judged.unread_body() {
        unread.complete(response);
    }
    if operation.deprecated {
        response.headers_mut().entry(DEPRECATION).or_insert(HeaderValue::from_static("true"));
    }
    answered
}

/// The documented response to a request.
fn given(
    asked: &Asked<'_>,
    judged: &Judged,
    seeds: Seeds,
    options: Options,
    kept: &Renderings,
) -> Result<Answered, Refusal> {
    let (operation, preferences) = (&asked.contract.operations[asked.number], asked.preferences);
    let is_valid = judged.is_valid();
    let decided = if is_valid {
        choose::for_valid(operation, preferences)?
    } else {
        choose::for_invalid(operation, preferences, judged)?
    };
    let is_dynamic = is_valid && preferences.dynamic.unwrap_or(options.dynamic);
    let seed = preferences.seed.as_deref().filter(|_| is_valid);
    let making = Making::new(options, seeds, &operation.id, is_dynamic, seed);
    let written = kept.write(asked.contract, asked.number, &decided, asked.headers, &making)?;
    if options.errors && !written.misfits.is_empty() {
        return Err(Refusal::Misfit(written.misfits));
    }
    let mut violations = judged.violations.clone();
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
    Ok(Answered { response, documented, violations, applied })
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

/// What of a contract's answers cannot be given as it is documented: known when it is loaded.
pub fn findings(contract: &Contract, findings: &mut Vec<Finding>) {
    let mut told = BTreeSet::new();
    for operation in &contract.operations {
        for (code, response) in &operation.responses {
            for offer in Offer::all(response) {
                let name = offer.name;
                let is_known = !media::has_own_syntax(name)
                    || offer.can_be_written(&contract.schemas)
                    || !told.insert((response.line, name));
                if !is_known {
                    let pointer = child(&child(&operation.pointer, "responses"), code);
                    let pointer = child(&child(&pointer, "content"), name);
                    let message = "no body can be written in this media type from a value with parts; the answer's is \
                                   left empty";
                    let finding = Finding::warning(&contract.file, response.line, pointer, message);
                    let hint = "give an example that is a text: its bytes are sent, decoded where the schema says \
                                `contentEncoding: base64`";
                    findings.push(finding.hint(hint));
                }
            }
        }
    }
}

/// Schemas of answers that no value was found for, each made up once: for `check`, which may take its time.
/// `document` is the one that the contract was loaded from.
pub fn check(contract: &Contract, document: &Document, findings: &mut Vec<Finding>) {
    let schemas = &contract.schemas;
    let wish = Wish::of(Direction::Response);
    let (mut tried, mut left) = (BTreeSet::new(), TRIED_MAX);
    for media in contract
        .operations
        .iter()
        .flat_map(|operation| operation.responses.values())
        .flat_map(|response| response.content.values())
        .filter(|media| media.examples.is_empty())
    {
        let Some(schema) = media.schema.filter(|schema| tried.insert(schemas.canonical(*schema)))
        else {
            continue;
        };
        let Some(less) = left.checked_sub(schemas.reach(schema)) else { break };
        left = less;
        // What cannot be compiled is told by the contract itself.
        let hint = match sample::sample(schemas, schema, &wish, 0) {
            Ok(_) | Err(Unmet::Schema(_)) => continue,
            Err(Unmet::Refused { path, reason }) if path.is_empty() => reason,
            Err(Unmet::Refused { path, reason }) => format!("at `{path}`, {reason}"),
            Err(unmet) => unmet.to_string(),
        };
        let pointer = schemas.pointer(schemas.canonical(schema));
        // A keyword that leaves no value was told when the document was loaded.
        let is_told = |known: &Finding| {
            known.pointer.starts_with(pointer) && known.message.ends_with("no value fits")
        };
        if !findings.iter().any(is_told) {
            let message = "no value was found that fits this schema; the nearest one is sent, with what is wrong in \
                           `Tombstone-Violations`";
            findings.push(document.warning(pointer, message).hint(hint));
        }
    }
}

#[cfg(test)]
mod tests;
