//! Documented answers: what the contract alone says to a request, without a behavior file.
//!
//! Which response, which media type and which example is as Prism chooses them: users of contract mocks rely on that
//! order. Where Prism hides what it does (a status that is asked for gives way to another when the media type does not
//! suit), this does not. Must not know records, sandboxes or how a request was routed.

mod call;
mod choose;
mod headers;
mod judge;
mod refuse;
mod render;
mod unread;

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::Response;
use http::header::WWW_AUTHENTICATE;

use crate::documented::choose::Chosen;
use crate::documented::refuse::Refusal;
use crate::documented::render::Making;
use crate::finding::Finding;
use crate::finding::child;
use crate::ids::mixed;
use crate::ids::seed_of;
use crate::media;
use crate::openapi::Contract;
use crate::openapi::Direction;
use crate::openapi::Operation;
use crate::prefer::PREFERENCE_APPLIED;
use crate::prefer::Preferences;
use crate::sample;
use crate::sample::Unmet;
use crate::sample::Wish;
use crate::validation::Violation;
use crate::yaml::Document;

pub use call::Call;
pub use call::short_call;
pub use call::valid_call;
pub use choose::NotDocumented;
pub use render::Renderings;
pub use unread::UnreadBody;
pub use unread::unread_body;

/// The header of an operation that its document calls deprecated, as Prism sends it.
const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");

/// The header in which clients of Prism look for what is wrong; theirs is cut short where it is long, and then no JSON.
const PRISM_VIOLATIONS: HeaderName = HeaderName::from_static("sl-violations");

/// Schemas that [`check`] compiles to try values of answers, each time with all that it leads to. Of ordinary documents
/// that is every answer; where everything leads to everything, as in the largest, compiling each takes long, and what
/// comes after these is not tried.
const TRIED_MAX: usize = 20_000;

/// How answers are made where the contract alone gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches, as users give them")]
pub struct Options {
    /// Make bodies up from their schemas, passing over examples; and anew for each request.
    pub dynamic: bool,
    /// Answer 500 instead of a documented example that does not fit its schema.
    pub errors: bool,
    /// Make up properties that are not required, too.
    pub fill_properties: bool,
    /// Pass over the examples of media types.
    pub ignore_examples: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { dynamic: false, errors: false, fill_properties: true, ignore_examples: false }
    }
}

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

/// Where made-up values come from.
#[derive(Clone, Copy, Debug)]
pub struct Seeds {
    /// The same for all requests to a sandbox.
    pub steady: u64,
    /// Another for each request.
    pub fresh: u64,
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
}

/// Answers a request by its contract.
pub fn answer(asked: &Asked<'_>, seeds: Seeds, options: Options, kept: &Renderings) -> Answered {
    let operation = &asked.contract.operations[asked.number];
    let judged = judge::judge(asked, operation);
    let chosen = if judged.is_valid() {
        choose::for_valid(operation, asked.preferences, asked.headers)
    } else {
        choose::for_invalid(operation, asked.preferences, &judged)
    };
    let mut violations = judged.violations.clone();
    let given = chosen.and_then(|chosen| {
        let making = making(asked, &chosen, seeds, options);
        let rendered = kept.rendered(asked.contract, asked.number, &chosen, &making)?;
        violations.extend(rendered.misfits.iter().cloned());
        if options.errors && !rendered.misfits.is_empty() {
            return Err(Refusal::Misfit(rendered.misfits.clone()));
        }
        Ok((chosen, rendered))
    });
    let (mut response, documented) = match given {
        Ok((chosen, rendered)) => {
            let mut response = rendered.response();
            let applied = chosen.applied.applied();
            response.headers_mut().extend(applied.map(|applied| (PREFERENCE_APPLIED, applied)));
            if !violations.is_empty() {
                let told = refuse::prism_header(&violations);
                response.headers_mut().insert(PRISM_VIOLATIONS, told);
            }
            (response, Some(Arc::clone(&rendered.label)))
        }
        Err(refusal) => (refusal.into_response(&judged), None),
    };
    if response.status() == http::StatusCode::UNAUTHORIZED
        && let Some(challenge) = &judged.challenge
        && !response.headers().contains_key(WWW_AUTHENTICATE)
    {
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge.clone());
    }
    if let Some(unread) = judged.unread_body() {
        unread.complete(&mut response);
    }
    if operation.deprecated {
        response.headers_mut().entry(DEPRECATION).or_insert(HeaderValue::from_static("true"));
    }
    Answered { response, documented, violations }
}

/// How the body of a chosen response is made for a request.
fn making(asked: &Asked<'_>, chosen: &Chosen<'_>, seeds: Seeds, options: Options) -> Making {
    let preferences = asked.preferences;
    let is_dynamic = chosen.follows_preferences && preferences.dynamic.unwrap_or(options.dynamic);
    let operation = asked.contract.operations[asked.number].id.as_str();
    let seed = match &preferences.seed {
        Some(seed) if chosen.follows_preferences => mixed(seed_of(seed), operation),
        _ if is_dynamic => seeds.fresh,
        _ => mixed(seeds.steady, operation),
    };
    Making {
        seed,
        is_dynamic,
        // What follows from a seed alone is the same the next time.
        is_kept: !is_dynamic || preferences.seed.is_some(),
        passes_over_examples: is_dynamic || options.ignore_examples,
        fill_properties: options.fill_properties,
    }
}

/// The documented response of that status, with the example of that name, else its first, else made up; without a
/// status it is the lowest that has the example, success first. Nothing of a request is looked at.
pub fn forced(
    contract: &Contract,
    number: usize,
    code: Option<u16>,
    example: Option<&str>,
    seed: u64,
    kept: &Renderings,
) -> Result<Response<Bytes>, NotDocumented> {
    let operation = &contract.operations[number];
    let chosen = choose::by_name(operation, code, example)?;
    let making = Making {
        seed: mixed(seed, &operation.id),
        is_dynamic: false,
        is_kept: true,
        passes_over_examples: false,
        fill_properties: true,
    };
    let rendered = kept.rendered(contract, number, &chosen, &making);
    Ok(rendered.map_or_else(|_| chosen.bare(), |rendered| rendered.response()))
}

/// What of a contract's answers cannot be given as it is documented: known when it is loaded.
pub fn findings(contract: &Contract, findings: &mut Vec<Finding>) {
    let mut told = BTreeSet::new();
    for operation in &contract.operations {
        for (code, response) in &operation.responses {
            for (name, media) in &response.content {
                let is_known = !media::has_own_syntax(name)
                    || render::can_write(contract, name, media)
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

/// Whether an operation documents a response of that status with an example of that name.
pub fn documents(
    operation: &Operation,
    code: Option<u16>,
    example: Option<&str>,
) -> Result<(), NotDocumented> {
    choose::by_name(operation, code, example).map(drop)
}

#[cfg(test)]
mod tests;
