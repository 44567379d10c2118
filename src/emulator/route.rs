//! Which operation takes a request, what the request prefers, and how it departs from the contract.
//!
//! Needs no records, so that nothing is locked meanwhile. Must not know what operations answer.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use http::request::Parts;

use crate::emulator::answer::Answer;
use crate::emulator::context::{RequestContext, host};
use crate::emulator::engine::Emulator;
use crate::emulator::mount::RouteTarget;
use crate::emulator::provider::AnsweredBy;
use crate::emulator::sent::SentPairs;
use crate::emulator::unrouted::{Unrouted, options};
use crate::prefer;
use crate::prefer::{Doubt, Preferences};
use crate::problem::Problem;
use crate::router::{Lookup, RouteMatch};
use crate::validation::{SentRequest, Validated};

/// A request as far as it can be judged without records.
pub(super) enum Routed {
    /// It calls an operation.
    Call(Box<OperationCall>),
    /// No operation takes it.
    Unrouted(Unrouted),
    /// It has its answer.
    Answered(Box<Answer>),
}

impl Routed {
    /// The operation that is called, by the numbers of its provider and in its contract, where it is still to answer.
    pub(super) fn place(&self) -> Option<(usize, usize)> {
        match self {
            Self::Call(call) => Some(call.place),
            _ => None,
        }
    }

    /// Returns true if it is only to be tried.
    pub(super) fn is_dry_run(&self) -> bool {
        matches!(self, Self::Call(call) if call.preferences.dry_run)
    }

    /// How long its answer is to be held back.
    pub(super) fn wait(&self) -> Option<Duration> {
        match self {
            Self::Call(call) => call.preferences.wait,
            _ => None,
        }
    }

    pub(super) fn take_doubt(&mut self) -> Option<Doubt> {
        match self {
            Self::Call(call) => call.doubt.take(),
            _ => None,
        }
    }
}

/// A request that found its operation.
pub(super) struct OperationCall {
    /// The numbers of the provider and of the operation in its contract.
    pub(super) place: (usize, usize),
    pub(super) answered_by: AnsweredBy,
    /// Values and violations of the request.
    pub(super) validated: Arc<Validated>,
    pub(super) preferences: Preferences,
    /// A name in it that is nearly one of ours.
    doubt: Option<Doubt>,
}

impl Emulator {
    /// Returns true if some operation has the path of a request, whatever its method.
    pub fn has_path(&self, parts: &Parts) -> bool {
        let address = self.mounts.locate(host(parts), parts.uri.path());
        self.mounts.has_path(address)
    }

    /// Finds the operation, reads what is preferred and validates.
    pub(super) fn route(&self, asked: &RequestContext<'_>) -> Routed {
        let RequestContext { parts, address, .. } = *asked;
        // About the server as a whole (RFC 9110 section 9.3.7), which takes whatever its paths take.
        if parts.method == Method::OPTIONS && parts.uri.path() == "*" {
            return Routed::Answered(Box::new(options(None)));
        }
        if let Some(answer) = self.not_served_host(asked) {
            return Routed::Answered(Box::new(answer));
        }
        let pairs = SentPairs::of(parts);
        match self.mounts.find(address, &parts.method, &|condition| pairs.value(condition)) {
            Lookup::Found(RouteMatch {
                value: RouteTarget::Operation { provider, operation },
                params,
            }) => match self.validate((*provider, *operation), &params, asked) {
                Ok(call) => Routed::Call(Box::new(call)),
                Err(answer) => Routed::Answered(answer),
            },
            Lookup::Found(RouteMatch {
                value: RouteTarget::NotEmulated { provider, number },
                ..
            }) => Routed::Answered(Box::new(self.not_emulated(*provider, *number, asked))),
            Lookup::WrongMethod { allow, .. } if parts.method == Method::OPTIONS => {
                Routed::Answered(Box::new(options(Some(&allow))))
            }
            Lookup::WrongMethod { allow, values } => {
                let mut providers: Vec<_> = values.iter().map(|target| target.provider()).collect();
                providers.sort_unstable();
                providers.dedup();
                Routed::Unrouted(Unrouted::WrongMethod { allow, providers })
            }
            Lookup::NotFound => Routed::Unrouted(Unrouted::UnknownRoute),
        }
    }

    /// Reads what a request prefers and holds it against its operation; an `Err` is the answer to one that cannot be read.
    fn validate(
        &self,
        place: (usize, usize),
        params: &[(&str, &str)],
        asked: &RequestContext<'_>,
    ) -> Result<OperationCall, Box<Answer>> {
        let RequestContext { parts, body, .. } = *asked;
        let query = parts.uri.query().unwrap_or_default();
        let mut preferences = Preferences::of(&parts.headers, query)
            .map_err(|error| Box::new(no_such_preference(error.to_string()).at(Some(place))))?;
        let (operation, emulated) = (self.operation(place), self.emulated(place));
        let doubt = preferences.doubt.take().or_else(|| {
            prefer::of_headers(&parts.headers, |name| {
                let mut declared = operation.parameters.iter();
                declared.any(|parameter| parameter.name.eq_ignore_ascii_case(name))
            })
        });
        let sent = SentRequest { path: params, query, headers: &parts.headers, body };
        let validated = Arc::new(emulated.validator.validate(&sent));
        let call = OperationCall {
            place,
            answered_by: emulated.answered_by,
            validated,
            preferences,
            doubt,
        };
        match self.refuse_unread(&call, asked) {
            Some(answer) => Err(Box::new(answer)),
            None => Ok(call),
        }
    }
}

/// The answer to a preference that is none.
pub(super) fn no_such_preference(detail: String) -> Answer {
    let status = http::StatusCode::UNPROCESSABLE_ENTITY;
    let problem =
        Problem::new(status, "no such preference", detail).of_type("UNPROCESSABLE_ENTITY");
    Answer::refused(problem, "preference")
}
