//! Which documented response a request gets, in which media type and with which example.
//!
//! Must not know how a body is made.

use std::collections::HashSet;
use std::fmt;

use bytes::Bytes;
use http::HeaderMap;
use http::Response;
use http::StatusCode;

use crate::documented::judge::Judged;
use crate::documented::refuse::Refusal;
use crate::media;
use crate::media::Choice;
use crate::openapi::MediaType;
use crate::openapi::Operation;
use crate::openapi::Response as Documented;
use crate::prefer::Preferences;

/// What a request that does not say gets where it is documented.
const JSON: &str = "application/json";

/// A documented response, and how it is to be given.
#[derive(Clone, Debug)]
pub(super) struct Chosen<'o> {
    pub(super) status: u16,
    pub(super) response: &'o Documented,
    /// Its number in the response's content, as it is documented and as it is sent; none for an empty body.
    pub(super) media: Option<ChosenMedia<'o>>,
    /// The example's name, if one was asked for.
    pub(super) example: Option<String>,
    /// Whether it answers what is wrong with the request.
    pub(super) is_refusal: bool,
    /// Whether `dynamic` and `seed` count for it.
    pub(super) follows_preferences: bool,
    /// The preferences that it honours.
    pub(super) applied: Preferences,
}

#[derive(Clone, Debug)]
pub(super) struct ChosenMedia<'o> {
    pub(super) number: usize,
    /// What `Content-Type` says: the documented media type, or for a range one that is in it.
    pub(super) name: String,
    pub(super) media: &'o MediaType,
    /// Whether the document has a range here.
    pub(super) is_range: bool,
}

/// What was asked for is not documented, and what is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotDocumented {
    /// The operation.
    pub operation: String,
    /// The status that was asked for.
    pub code: Option<u16>,
    /// The example that was asked for.
    pub example: Option<String>,
    /// The statuses that are documented.
    pub codes: Vec<String>,
    /// The examples that are documented, of that status if there is one.
    pub examples: Vec<String>,
}

impl fmt::Display for NotDocumented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, code, example, codes, examples } = self;
        let quoted = |names: &[String]| match names {
            [] => "none".to_owned(),
            names => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
        };
        match (code, example) {
            (Some(code), Some(example)) => write!(
                f,
                "`{operation}` documents no example `{example}` for {code}: it has {} there, and the codes {}",
                quoted(examples),
                quoted(codes)
            ),
            (Some(code), None) => {
                write!(f, "`{operation}` documents no response {code}: it has {}", quoted(codes))
            }
            (None, _) => write!(
                f,
                "`{operation}` documents no example `{}`: it has {}",
                example.as_deref().unwrap_or_default(),
                quoted(examples)
            ),
        }
    }
}

/// The response to a valid request.
pub(super) fn for_valid<'o>(
    operation: &'o Operation,
    preferences: &Preferences,
    headers: &HeaderMap,
) -> Result<Chosen<'o>, Refusal> {
    let (status, response) = match preferences.code {
        Some(code) => {
            let response = operation.response(code);
            (code, response.ok_or_else(|| not_documented(operation, Some(code), None))?)
        }
        None => success(operation).ok_or_else(|| Refusal::NoResponse(operation.id.clone()))?,
    };
    let example = preferences.example.as_deref();
    let media = acceptable(status, response, headers, example)?;
    if let Some(name) = example
        && !media.as_ref().is_some_and(|chosen| chosen.media.examples.contains_key(name))
    {
        let mut missing = not_documented(operation, Some(status), example);
        let accepted = media.iter().flat_map(|chosen| chosen.media.examples.keys());
        missing.examples = accepted.filter(|name| !name.is_empty()).cloned().collect();
        return Err(missing.into());
    }
    let mut applied = preferences.clone();
    if media.is_none() {
        (applied.dynamic, applied.seed) = (None, None);
    }
    Ok(Chosen {
        status,
        response,
        media,
        example: preferences.example.clone(),
        is_refusal: false,
        follows_preferences: true,
        applied,
    })
}

/// The response to a request that is not as the contract asks: the documented one of the first status that says so.
/// A status that is preferred does not count, and an example only where the preferred status is one of these.
pub(super) fn for_invalid<'o>(
    operation: &'o Operation,
    preferences: &Preferences,
    judged: &Judged,
) -> Result<Chosen<'o>, Refusal> {
    let expected = judged.expected();
    let documented = expected.iter().find_map(|code| Some((*code, exact(operation, *code)?)));
    let fallback = || Some((*expected.first()?, operation.responses.get("default")?));
    let (status, response) = documented.or_else(fallback).ok_or(Refusal::Invalid)?;
    let named = preferences.code.is_some_and(|code| expected.contains(&code));
    let example = preferences.example.as_deref().filter(|_| named);
    let all = || response.content.iter().enumerate();
    let exemplary = || all().filter(|(_, (_, media))| !media.examples.is_empty());
    let found = match example {
        // As for a valid request, an example that is asked for and not there is told.
        Some(name) if exemplary().next().is_some() => {
            let found = exemplary().find(|(_, (_, media))| media.examples.contains_key(name));
            Some(found.ok_or_else(|| not_documented(operation, Some(status), example))?)
        }
        _ => exemplary()
            .next()
            .or_else(|| all().find(|(_, (_, media))| media.schema.is_some()))
            .or_else(|| all().next()),
    };
    let media = found.map(|(number, (name, media))| ChosenMedia::of(number, name, media, None));
    let has = |name: &&str| {
        media.as_ref().is_some_and(|chosen| chosen.media.examples.contains_key(*name))
    };
    let example = example.filter(has).map(str::to_owned);
    let applied = Preferences {
        code: preferences.code.filter(|code| *code == status),
        example: example.clone(),
        dry_run: preferences.dry_run,
        ..Preferences::default()
    };
    Ok(Chosen {
        status,
        response,
        media,
        example,
        is_refusal: true,
        follows_preferences: false,
        applied,
    })
}

/// The response of a status and with an example of a name, whatever is asked. It is JSON where there is some, and where
/// that has the example.
pub(super) fn by_name<'o>(
    operation: &'o Operation,
    code: Option<u16>,
    example: Option<&str>,
) -> Result<Chosen<'o>, NotDocumented> {
    let has = |response: &Documented| {
        example.is_none_or(|name| {
            response.content.values().any(|media| media.examples.contains_key(name))
        })
    };
    let found = match code {
        Some(code) => {
            operation.response(code).filter(|response| has(response)).map(|one| (code, one))
        }
        None => {
            let mut coded = coded(operation);
            coded.sort_by_key(|(code, _)| !(200..300).contains(code));
            coded.into_iter().find(|(_, response)| has(response))
        }
    };
    let (status, response) = found.ok_or_else(|| not_documented(operation, code, example))?;
    let media = exemplary(response, example);
    Ok(Chosen {
        status,
        response,
        media: media.map(|(number, name, media)| ChosenMedia::of(number, name, media, None)),
        example: example.map(str::to_owned),
        is_refusal: false,
        follows_preferences: false,
        applied: Preferences::default(),
    })
}

/// The media type that is given when nobody asks for another, or else the first that has the example.
fn exemplary<'o>(
    response: &'o Documented,
    example: Option<&str>,
) -> Option<(usize, &'o str, &'o MediaType)> {
    let has = |media: &MediaType| example.is_none_or(|name| media.examples.contains_key(name));
    let preferred = response.preferred().filter(|(_, _, media)| has(media));
    preferred.or_else(|| {
        let mut all = response.content.iter().enumerate();
        let found = all.find(|(_, (_, media))| has(media));
        found.map(|(number, (name, media))| (number, name.as_str(), media))
    })
}

impl Chosen<'_> {
    /// Its status and nothing else.
    pub(super) fn bare(&self) -> Response<Bytes> {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or_default();
        response
    }
}

impl<'o> ChosenMedia<'o> {
    /// A documented media type; of a range, what a client asked for or else the most usual type in it.
    fn of(number: usize, name: &str, media: &'o MediaType, asked: Option<&HeaderMap>) -> Self {
        let is_range = name.contains('*');
        let nothing = HeaderMap::new();
        let name = media::concrete(asked.unwrap_or(&nothing), name).into_owned();
        Self { number, name, media, is_range }
    }
}

/// The media type that suits a request; none where there is no body to give.
///
/// Of those that suit equally it is the first in the document, as for `*/*`. A request that says nothing gets JSON where
/// there is some. Only those that have the example of a name are offered, if one is asked for and there is one.
fn acceptable<'o>(
    status: u16,
    response: &'o Documented,
    headers: &HeaderMap,
    example: Option<&str>,
) -> Result<Option<ChosenMedia<'o>>, Refusal> {
    let content = &response.content;
    let has = |name: &str| content.values().any(|media| media.examples.contains_key(name));
    let example = example.filter(|name| has(name));
    let is_offered =
        |media: &MediaType| example.is_none_or(|name| media.examples.contains_key(name));
    let offered = || content.iter().filter(|(_, media)| is_offered(media)).map(|(name, _)| &**name);
    let Some(first) = offered().next() else { return Ok(None) };
    let name = match media::choose(headers, offered()) {
        Choice::Of(name) => name,
        Choice::Anything => offered().find(|name| media::essence(name) == JSON).unwrap_or(first),
        Choice::None if example.is_some() => return acceptable(status, response, headers, None),
        Choice::None if status == 204 => return Ok(None),
        Choice::None => return Err(Refusal::NotAcceptable(offered().map(str::to_owned).collect())),
    };
    let found = content.get_full(name);
    Ok(found.map(|(number, name, media)| ChosenMedia::of(number, name, media, Some(headers))))
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

/// The responses that have a status, the lowest first, then those for a class, as its first status, in their order.
fn coded(operation: &Operation) -> Vec<(u16, &Documented)> {
    let responses = || operation.responses.iter();
    let mut coded: Vec<(u16, &Documented)> =
        responses().filter_map(|(key, one)| Some((key.parse().ok()?, one))).collect();
    coded.sort_by_key(|(code, _)| *code);
    let class = |key: &str| Some(key.strip_suffix("XX")?.parse::<u16>().ok()? * 100);
    coded.extend(responses().filter_map(|(key, one)| Some((class(key)?, one))));
    coded
}

/// The response that is documented for a status itself, or for its class.
fn exact(operation: &Operation, code: u16) -> Option<&Documented> {
    let responses = &operation.responses;
    responses.get(&code.to_string()).or_else(|| responses.get(&format!("{}XX", code / 100)))
}

fn not_documented(
    operation: &Operation,
    code: Option<u16>,
    example: Option<&str>,
) -> NotDocumented {
    let of_code = code.and_then(|code| operation.response(code));
    let all: Vec<&Documented> = match of_code {
        Some(response) => vec![response],
        None => coded(operation).into_iter().map(|(_, response)| response).collect(),
    };
    let media = all.into_iter().flat_map(|response| response.content.values());
    let mut examples: Vec<String> =
        media.flat_map(|media| media.examples.keys()).cloned().collect();
    // One without a name cannot be asked for.
    let mut seen = HashSet::from([String::new()]);
    examples.retain(|name| seen.insert(name.clone()));
    NotDocumented {
        operation: operation.id.clone(),
        code,
        example: example.map(ToOwned::to_owned),
        codes: operation.responses.keys().cloned().collect(),
        examples,
    }
}
