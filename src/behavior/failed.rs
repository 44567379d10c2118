//! How the service says that it failed itself.
//!
//! Must not know who asks.

use http::StatusCode;
use http::request::Parts;

use crate::behavior::compiled::Behavior;
use crate::behavior::decision::{Decision, Moment};
use crate::behavior::scope::{RequestLine, Scope};

impl Behavior {
    /// How the service says that it failed itself, if it says so with this status.
    pub fn internal_failure(
        &self,
        operation: usize,
        status: StatusCode,
        parts: &Parts,
        path: &str,
        moment: &Moment<'_>,
    ) -> Option<Decision<'_>> {
        let rules = &self.operations[operation].as_ref()?.failures.internal;
        let snapshot = self.snapshot(moment);
        let line = RequestLine::of(parts, path);
        let scope = Scope { request: Some(line), ..Scope::at(&snapshot) };
        let decision = self.first_answer(rules, &scope.into_value()).ok()?;
        (decision.answer.status() == status.as_u16()).then_some(decision)
    }
}
