//! Which documented response a request gets, and with which example.
//!
//! Must not know how a body is made.

use crate::documented::checked::CheckedRequest;
use crate::documented::refuse::ContractRefusal;
use crate::openapi::{Operation, Response as Documented};
use crate::prefer::Preferences;
use crate::response::{Accept, Decided, NotDocumented, coded};

/// The response to a valid request.
pub(super) fn for_valid<'o>(
    operation: &'o Operation,
    preferences: &Preferences,
) -> Result<Decided<'o>, ContractRefusal> {
    let (status, response) = match preferences.code {
        Some(code) => {
            let missing = || NotDocumented::of(operation, Some(code), None);
            (code, operation.response(code).ok_or_else(missing)?)
        }
        None => {
            success(operation).ok_or_else(|| ContractRefusal::NoResponse(operation.id.clone()))?
        }
    };
    Ok(Decided::documented(status, response, preferences.example.as_deref()))
}

/// The response to a request that is not as the contract asks: the documented one of the first status that says so.
/// A status that is preferred does not count, and an example only where the preferred status is one of these.
pub(super) fn for_invalid<'o>(
    operation: &'o Operation,
    preferences: &Preferences,
    request: &CheckedRequest,
) -> Result<Decided<'o>, ContractRefusal> {
    let expected = request.expected();
    let documented = expected.iter().find_map(|code| Some((*code, exact(operation, *code)?)));
    let fallback = || Some((*expected.first()?, operation.responses.get("default")?));
    let (status, response) = documented.or_else(fallback).ok_or(ContractRefusal::Invalid)?;
    let named = preferences.code.is_some_and(|code| expected.contains(&code));
    let example = preferences.example.as_deref().filter(|_| named);
    let all = || response.content.values().enumerate();
    let exemplary = || all().filter(|(_, media)| !media.examples.is_empty());
    let found = match example {
        // As for a valid request, an example that is asked for and not there is told.
        Some(name) if exemplary().next().is_some() => {
            let found = exemplary().find(|(_, media)| media.examples.contains_key(name));
            let missing = || NotDocumented::of(operation, Some(status), example);
            Some(found.ok_or_else(missing)?)
        }
        _ => exemplary()
            .next()
            .or_else(|| all().find(|(_, media)| media.schema.is_some()))
            .or_else(|| all().next()),
    };
    let has = |name: &&str| found.is_some_and(|(_, media)| media.examples.contains_key(*name));
    Ok(Decided {
        accept: found.map_or(Accept::Advises, |(number, _)| Accept::Ignored(number)),
        is_refusal: true,
        ..Decided::documented(status, response, example.filter(has))
    })
}

/// The lowest success, else `default` as 200, else the lowest that can be sent as an answer. A status comes before a class
/// of them (`2XX`).
fn success(operation: &Operation) -> Option<(u16, &Documented)> {
    let coded = coded(operation);
    let of_success = coded.iter().find(|(code, _)| (200..300).contains(code));
    of_success
        .copied()
        .or_else(|| operation.responses.get("default").map(|one| (200, one)))
        .or_else(|| coded.into_iter().find(|(code, _)| *code >= 200))
}

/// The response that is documented for a status itself, or for its class.
fn exact(operation: &Operation, code: u16) -> Option<&Documented> {
    let responses = &operation.responses;
    responses.get(&code.to_string()).or_else(|| responses.get(&format!("{}XX", code / 100)))
}
