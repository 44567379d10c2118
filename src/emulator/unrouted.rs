//! Requests that no operation takes: unknown paths, wrong methods, and operations that are not emulated.
//!
//! Must not know what operations answer.

use std::sync::Arc;

use bytes::Bytes;
use http::header::ALLOW;
use http::{HeaderValue, Method, Response, StatusCode};
use serde_json::json;

use crate::behavior::{RouteFailure, RuleAnswer};
use crate::clock::Timestamp;
use crate::emulator::answer::Answer;
use crate::emulator::context::{RequestContext, host};
use crate::emulator::engine::Emulator;
use crate::emulator::mount::RouteTarget;
use crate::emulator::near_misses::prefix;
use crate::emulator::unserved::Unserved;
use crate::emulator::{pick, sent};
use crate::message::Why;
use crate::openapi::{Operation, called};
use crate::problem::Problem;
use crate::router::ConditionValues;
use crate::sandbox::{Full, OutOfRoom, World};

/// Maximum number of near templates in an answer.
const NEAR_MAX: usize = 5;

/// Why no operation takes a request.
pub(super) enum Unrouted {
    /// No operation has the path.
    UnknownRoute,
    /// Operations have the path, but none the method.
    WrongMethod {
        /// The methods that they have.
        allow: Vec<Method>,
        /// The numbers of the providers whose they are.
        providers: Vec<usize>,
    },
}

/// The path of a request below its sandbox, unless it begins with the name of a provider that is served.
fn path_without_name<'a>(asked: &RequestContext<'a>) -> Option<&'a str> {
    let (_, path) = pick::sandbox(&asked.parts.headers, asked.parts.uri.path()).ok()?;
    (path.len() == asked.address.path.len()).then_some(path)
}

/// The answer to a call of a provider whose files cannot be honoured.
fn not_served(unserved: &Unserved) -> Answer {
    let Unserved { provider, problems } = unserved;
    let detail = format!("`{provider}` is not served: `problems` says what is wrong with it");
    let problem = Problem::new(StatusCode::NOT_FOUND, "provider not served", detail)
        .with("problems", json!(problems));
    Answer::refused(problem, "provider not served")
}

impl Emulator {
    /// The answer to what no operation takes: in the words of the provider that is addressed, if it has any.
    pub(super) fn unrouted(
        &self,
        why: &Unrouted,
        asked: &RequestContext<'_>,
        world: &mut World,
        now: Timestamp,
    ) -> Answer {
        match why {
            Unrouted::UnknownRoute => {
                if let Some(answer) = self.not_served(asked) {
                    return answer;
                }
                let provider = asked.address.provider;
                let worded = provider.and_then(|provider| {
                    self.route_failure(provider, RouteFailure::UnknownRoute, asked, world, now)
                });
                worded.unwrap_or_else(|| self.unknown_route(asked)).of(provider)
            }
            Unrouted::WrongMethod { allow, providers } => {
                let provider = match providers.as_slice() {
                    [one] => Some(*one),
                    _ => None,
                };
                let worded = provider.and_then(|provider| {
                    self.route_failure(provider, RouteFailure::WrongMethod, asked, world, now)
                });
                let mut answer = worded.unwrap_or_else(|| wrong_method(allow, asked)).of(provider);
                // RFC 9110 section 15.5.6 asks for it with 405; a provider that answers otherwise sends none.
                if answer.response.status() == StatusCode::METHOD_NOT_ALLOWED {
                    answer.response.headers_mut().insert(ALLOW, allow_header(allow));
                }
                answer
            }
        }
    }

    /// The answer to an operation that the real service has and the sandbox has not.
    pub(super) fn not_emulated(
        &self,
        provider: usize,
        number: usize,
        asked: &RequestContext<'_>,
    ) -> Answer {
        let contract = self.providers[provider].contract();
        let operation = &contract.not_emulated[number];
        if let Some(reason) = &operation.reason {
            let (method, template, line) = (&operation.method, &operation.template, operation.line);
            let file = &operation.file;
            let detail = format!("`{method} {template}` is refused: {reason} ({file}:{line})");
            let title = "the document cannot be read here as it is meant";
            let problem = Problem::new(StatusCode::NOT_IMPLEMENTED, title, detail);
            return Answer::refused(problem, "cannot be read").of(Some(provider));
        }
        let detail = format!(
            "the real API answers `{} {}`, and this sandbox does not: it emulates {}",
            asked.parts.method,
            asked.address.path,
            self.what_is_emulated(provider, asked)
        );
        let problem = Problem::new(StatusCode::NOT_IMPLEMENTED, "not emulated", detail);
        Answer::refused(problem, "not emulated").of(Some(provider))
    }

    /// The operations of a provider; of many, those nearest to what was asked for.
    fn what_is_emulated(&self, provider: usize, asked: &RequestContext<'_>) -> String {
        let operations = &self.providers[provider].contract().operations;
        if operations.len() <= NEAR_MAX {
            return operations.iter().map(named).collect::<Vec<_>>().join(", ");
        }
        let pairs = sent::SentPairs::of(asked.parts);
        let sent: &ConditionValues<'_> = &|it| pairs.value(it);
        let is_its = |target: RouteTarget| matches!(target, RouteTarget::Operation { provider: of, .. } if of == provider);
        let near = self.mounts.near(asked.address, &asked.parts.method, sent, is_its, NEAR_MAX);
        let named: Vec<String> = near
            .iter()
            .filter_map(|near| match *near.value {
                RouteTarget::Operation { operation, .. } => Some(named(&operations[operation])),
                RouteTarget::NotEmulated { .. } => None,
            })
            .collect();
        format!("{} and {} others", named.join(", "), operations.len() - named.len())
    }

    /// The answer to a call of a provider whose files cannot be honoured, so that it is not taken for a mistyped path.
    fn not_served(&self, asked: &RequestContext<'_>) -> Option<Answer> {
        let path = path_without_name(asked)?;
        self.unserved_at(host(asked.parts), path).map(not_served)
    }

    /// The same where its host name is called: no other may answer there.
    pub(super) fn not_served_host(&self, asked: &RequestContext<'_>) -> Option<Answer> {
        let unserved = self.unserved_host(host(asked.parts))?;
        path_without_name(asked).map(|_| not_served(unserved))
    }

    fn unknown_route(&self, asked: &RequestContext<'_>) -> Answer {
        let providers: Vec<_> = self.providers().map(Arc::clone).collect();
        let detail = if self.mounts.has_path(asked.address) {
            "each operation on this path asks for something of the query or of a header, bodies are not looked at for \
             it; `near` lists the closest ones"
        } else {
            "no operation has this path; `near` lists the closest ones"
        };
        let problem = Problem::new(StatusCode::NOT_FOUND, "no such operation", detail)
            .of_type("NO_PATH_MATCHED_ERROR")
            .with("near", json!(self.near(asked)))
            .with("providers", json!(providers));
        let problem = match self.unserved() {
            [] => problem,
            unserved => problem.with("unserved", json!(unserved)),
        };
        Answer::refused(problem, "unknown route")
    }

    /// The emulated operations nearest to what was asked for, as `METHOD /template`, under the prefix that was used.
    fn near(&self, asked: &RequestContext<'_>) -> Vec<String> {
        let RequestContext { parts, address, .. } = *asked;
        let pairs = sent::SentPairs::of(parts);
        let sent: &ConditionValues<'_> = &|it| pairs.value(it);
        let is_emulated = |target| matches!(target, RouteTarget::Operation { .. });
        let near = self.mounts.near(address, &parts.method, sent, is_emulated, NEAR_MAX);
        let prefix = prefix(parts, address);
        let shown = near.iter().map(|near| {
            let path = called(near.template, near.conditions);
            format!("{} {prefix}{path}", near.method)
        });
        shown.collect()
    }

    /// A provider's answer where no operation takes the request, if its behavior file has one.
    fn route_failure(
        &self,
        number: usize,
        failure: RouteFailure,
        asked: &RequestContext<'_>,
        world: &mut World,
        now: Timestamp,
    ) -> Option<Answer> {
        let moment = world.moment(number, now);
        let (parts, path) = (asked.parts, asked.address.path);
        let decision = self.behavior(number).fail_route(failure, parts, path, &moment)?;
        let RuleAnswer::Undocumented(response) = decision.answer else { return None };
        Some(Answer { facts: decision.facts, ..Answer::new(response, Why::Nothing) })
    }
}

fn wrong_method(allow: &[Method], asked: &RequestContext<'_>) -> Answer {
    let allowed: Vec<_> = allow.iter().map(Method::as_str).collect();
    let detail = format!("`{}` answers {}", asked.address.path, allowed.join(", "));
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method not allowed", detail)
        .of_type("NO_METHOD_MATCHED_ERROR");
    Answer::refused(problem, "wrong method")
}

/// Answer to `OPTIONS` for a path (RFC 9110 section 9.3.7); for the server as a whole without methods.
pub(super) fn options(allow: Option<&[Method]>) -> Answer {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    if let Some(allow) = allow {
        response.headers_mut().insert(ALLOW, allow_header(allow));
    }
    Answer::ours(response, "options")
}

fn allow_header(allow: &[Method]) -> HeaderValue {
    let mut names: Vec<&str> = allow.iter().map(Method::as_str).collect();
    names.push(Method::OPTIONS.as_str());
    names.dedup();
    HeaderValue::from_str(&names.join(", ")).expect("method names are tokens")
}

fn named(operation: &Operation) -> String {
    format!("`{} {}`", operation.method, operation.called())
}

impl From<OutOfRoom> for Problem {
    fn from(full: OutOfRoom) -> Self {
        Self::new(StatusCode::INSUFFICIENT_STORAGE, "sandbox full", full.to_string())
    }
}

impl From<Full> for Problem {
    fn from(full: Full) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "too many sandboxes", full.to_string())
    }
}
