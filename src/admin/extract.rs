//! What handlers take of a request, each with a refusal that says what is wrong and what to do.
//!
//! Must not know the routes.

use std::fmt::Display;

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, MatchedPath, Path, Query, Request};
use bytes::Bytes;
use http::request::Parts;
use http::{StatusCode, Uri};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::admin::contract;
use crate::admin::refusal::AdminProblem;
use crate::clock::system_now;
use crate::control::{Control, unfit};
use crate::emulator::Current;
use crate::json;
use crate::problem::Problem;

/// The names in the path, decoded.
pub(super) struct PathNames<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for PathNames<T> {
    type Rejection = AdminProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AdminProblem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(names)) => Ok(Self(names)),
            Err(rejection) => {
                let detail = format!("the path cannot be read: {}", rejection.body_text());
                Err(Problem::new(StatusCode::BAD_REQUEST, "bad path", detail).into())
            }
        }
    }
}

/// The query, as a form of its own; what it does not have is refused.
pub(super) struct QueryForm<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for QueryForm<T> {
    type Rejection = AdminProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AdminProblem> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(query)) => Ok(Self(query)),
            Err(rejection) => Err(bad_query(&rejection.body_text()).into()),
        }
    }
}

/// The problem of a query that asks for something there is not.
pub(super) fn bad_query(detail: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "bad query", detail)
}

/// The body as JSON; none is an empty object.
pub(super) struct JsonBody<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = AdminProblem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, AdminProblem> {
        let (head, body) = request.into_parts();
        // It was read under a limit before it came here.
        let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
        let bytes = if bytes.is_empty() { Bytes::from_static(b"{}") } else { bytes };
        let no_json = |error: &dyn Display| {
            let detail = format!("the body is no JSON: {error}");
            Problem::new(StatusCode::BAD_REQUEST, "no JSON", detail)
        };
        let text = std::str::from_utf8(&bytes).map_err(|error| no_json(&error))?;
        let value = json::read(text).map_err(|error| no_json(&error))?;
        let template = head.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let operation = (&head.method, template);
        let problems = contract::misplaced_lists(operation, &head.headers, (&bytes, &value));
        if !problems.is_empty() {
            return Err(unfit("the body cannot be read", &problems).into());
        }
        let body = serde_path_to_error::deserialize(value).map_err(|error| {
            let place = error.path().to_string();
            let place = if place == "." { "the body" } else { &place };
            let problem = format!("`{place}` does not fit: {}", error.inner());
            unfit("the body cannot be read", &[problem])
        })?;
        Ok(Self(body))
    }
}

/// The parts of a key, which is the last segment of a path: separated by commas, in the declared order; a comma inside
/// a part is `%2C`.
pub(super) fn key(uri: &Uri) -> Result<Vec<String>, AdminProblem> {
    key_at(uri, 0)
}

/// The same of a key that stands before the last segment.
pub(super) fn key_before(uri: &Uri) -> Result<Vec<String>, AdminProblem> {
    key_at(uri, 1)
}

fn key_at(uri: &Uri, from_end: usize) -> Result<Vec<String>, AdminProblem> {
    let raw = uri.path().rsplit('/').nth(from_end).unwrap_or_default();
    let decoded = raw.split(',').map(|part| {
        percent_decode_str(part).decode_utf8().map(std::borrow::Cow::into_owned).map_err(|_| {
            let detail = format!("`{part}` in the path does not decode to UTF-8");
            AdminProblem::from(Problem::new(StatusCode::BAD_REQUEST, "bad path", detail))
        })
    });
    decoded.collect()
}

/// The sandbox that the path names, in the emulator that answers now.
pub(super) struct NamedSandbox {
    pub(super) emulator: Current,
    pub(super) name: String,
}

/// The part of a path that all routes of a sandbox share.
#[derive(Deserialize)]
struct SandboxPath {
    name: String,
}

impl FromRequestParts<Current> for NamedSandbox {
    type Rejection = AdminProblem;

    async fn from_request_parts(parts: &mut Parts, state: &Current) -> Result<Self, AdminProblem> {
        let PathNames(SandboxPath { name }) = PathNames::from_request_parts(parts, state).await?;
        Ok(Self { emulator: state.clone(), name })
    }
}

impl NamedSandbox {
    /// Does work that does not wait in the sandbox, now.
    pub(super) fn with<R>(
        &self,
        work: impl FnOnce(Control<'_>) -> Result<R, Problem>,
    ) -> Result<R, AdminProblem> {
        let emulator = self.emulator.guard();
        let control = Control::new(&emulator, &self.name, system_now())?;
        Ok(work(control)?)
    }
}
