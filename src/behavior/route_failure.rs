//! How a provider answers a request that no operation takes.
//!
//! Must not know how requests are routed.

use http::request::Parts;

use crate::behavior::compiled::Behavior;
use crate::behavior::decision::{Decision, Moment};
use crate::behavior::scope::{RequestLine, Scope};
use crate::behavior::table::Rule;

/// Where a request could not be given to an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteFailure {
    /// No operation has the path.
    UnknownRoute,
    /// Operations have the path, but none the method.
    WrongMethod,
}

impl Behavior {
    /// Whether the file says how it answers when a request cannot be given to an operation.
    pub fn words_route_failure(&self, failure: RouteFailure) -> bool {
        !self.route_rules(failure).is_empty()
    }

    /// The answer to a request that no operation takes; `None` when the file does not say.
    pub fn fail_route(
        &self,
        failure: RouteFailure,
        parts: &Parts,
        path: &str,
        moment: &Moment<'_>,
    ) -> Option<Decision<'_>> {
        let rules = self.route_rules(failure);
        if rules.is_empty() {
            return None;
        }
        let snapshot = self.snapshot(moment);
        let line = RequestLine::of(parts, path);
        let scope = Scope { request: Some(line), ..Scope::at(&snapshot) };
        Some(self.first_answer(rules, &scope.into_value()).unwrap_or_else(|early| *early))
    }

    fn route_rules(&self, failure: RouteFailure) -> &[Rule] {
        match failure {
            RouteFailure::UnknownRoute => &self.unknown_route,
            RouteFailure::WrongMethod => &self.wrong_method,
        }
    }
}
