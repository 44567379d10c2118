//! Answers that are asked for by name rather than decided: documented ones, and how the service says that it failed.
//!
//! Must not know who asks.

use std::fmt;

use bytes::Bytes;
use http::Method;
use http::Response;
use http::StatusCode;
use http::header::CONTENT_TYPE;

use crate::behavior::Behavior;
use crate::behavior::Decision;
use crate::behavior::Moment;
use crate::behavior::answer::content_type;
use crate::behavior::answer::preferred;
use crate::behavior::scope::RequestLine;
use crate::behavior::scope::Scope;
use crate::openapi::Operation;
use crate::openapi::Response as Documented;

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

impl Behavior {
    /// The documented response of that status, with the example of that name, else its first, as the body.
    ///
    /// Without a status it is the lowest that has the example, success first.
    pub fn documented(
        &self,
        operation: usize,
        code: Option<u16>,
        example: Option<&str>,
    ) -> Result<Response<Bytes>, NotDocumented> {
        let operation = &self.contract.operations[operation];
        let found = match code {
            Some(code) => {
                let response = operation.response(code);
                response.filter(|response| has_example(response, example)).map(|one| (code, one))
            }
            None => by_example(operation, example),
        };
        let Some((code, response)) = found else {
            return Err(not_documented(operation, code, example));
        };
        let mut answer = Response::new(Bytes::new());
        *answer.status_mut() = StatusCode::from_u16(code).unwrap_or_default();
        if let Some((media_type, media)) = preferred(response) {
            let body = match example {
                Some(name) => media.examples.get(name),
                None => media.examples.values().next(),
            };
            // Without an example there is nothing to send, and so nothing of a type.
            if let Some(body) = body {
                *answer.body_mut() = Bytes::from(body.to_string());
                answer.headers_mut().extend(content_type(media_type).map(|of| (CONTENT_TYPE, of)));
            }
        }
        Ok(answer)
    }

    /// How the service says that it failed itself, if it says so with this status.
    pub fn internal_failure(
        &self,
        operation: usize,
        status: StatusCode,
        method: &Method,
        path: &str,
        moment: &Moment<'_>,
    ) -> Option<Decision> {
        let rules = &self.operations[operation].as_ref()?.internal;
        let snapshot = self.snapshot(moment.store);
        let line = RequestLine { method: method.clone(), path: path.into() };
        let scope = Scope { request: Some(line), ..Scope::at(&snapshot, moment) };
        let decision = self.first_answer(rules, &scope.into_value()).ok()?;
        (decision.response.status() == status).then_some(decision)
    }
}

fn has_example(response: &Documented, example: Option<&str>) -> bool {
    let Some(name) = example else { return true };
    preferred(response).is_some_and(|(_, media)| media.examples.contains_key(name))
}

/// The lowest documented status that has an example, success first.
fn by_example<'o>(
    operation: &'o Operation,
    example: Option<&str>,
) -> Option<(u16, &'o Documented)> {
    let mut codes: Vec<u16> =
        operation.responses.keys().filter_map(|code| code.parse().ok()).collect();
    codes.sort_by_key(|code| (!(200..300).contains(code), *code));
    codes.into_iter().find_map(|code| {
        let response = operation.response(code)?;
        has_example(response, example).then_some((code, response))
    })
}

fn not_documented(
    operation: &Operation,
    code: Option<u16>,
    example: Option<&str>,
) -> NotDocumented {
    let of_code = code.and_then(|code| operation.response(code));
    let all: Vec<&Documented> = match of_code {
        Some(response) => vec![response],
        None => operation.responses.values().collect(),
    };
    let examples =
        all.into_iter().filter_map(preferred).flat_map(|(_, media)| media.examples.keys());
    let mut examples: Vec<String> = examples.cloned().collect();
    examples.dedup();
    NotDocumented {
        operation: operation.id.clone(),
        code,
        example: example.map(ToOwned::to_owned),
        codes: operation.responses.keys().cloned().collect(),
        examples,
    }
}
