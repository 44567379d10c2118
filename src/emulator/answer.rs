//! An answer on its way out: what is sent, how it came about, and what it changed.
//!
//! Must not know how it is found.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response};

use crate::behavior::Explanation;
use crate::coverage::Coverage;
use crate::faults::DELAY_MAX;
use crate::journal::UndoStep;
use crate::message::{Delivery, Facts, Tally, Why};
use crate::problem::Problem;

/// An answer, and how it came about.
#[derive(Debug)]
pub(super) struct Answer {
    /// The response without the headers that are stamped on it.
    pub(super) response: Response<Bytes>,
    /// Violations of the request and the answer, as its header says them.
    pub(super) violations: Option<HeaderValue>,
    /// The preferences that were honoured, as its header says them.
    pub(super) applied: Option<HeaderValue>,
    pub(super) facts: Facts,
    /// Explanation by the rules, if asked for.
    pub(super) explanation: Option<Box<Explanation>>,
    /// Counts of changes; in a dry run, of those that would be made.
    pub(super) tally: Vec<Tally>,
    /// The changes, if they were kept.
    pub(super) step: Option<UndoStep>,
}

impl Answer {
    /// An answer that changed nothing.
    pub(super) fn new(response: Response<Bytes>, why: Why) -> Self {
        Self {
            response,
            violations: None,
            applied: None,
            facts: Facts::of(why),
            explanation: None,
            tally: Vec::new(),
            step: None,
        }
    }

    /// The same, sent later, as its request prefers.
    pub(super) fn held_back(mut self, wait: Option<Duration>) -> Self {
        let Some(wait) = wait else { return self };
        self.facts.delay = self.facts.delay.saturating_add(wait).min(DELAY_MAX);
        let applied = format!("wait={}ms", wait.as_millis());
        let others = self.applied.take().map(|others| [others.as_bytes(), b", "].concat());
        let all = [others.unwrap_or_default(), applied.into_bytes()].concat();
        self.applied = HeaderValue::from_bytes(&all).ok();
        self
    }

    /// An answer that no behavior file gave.
    pub(super) fn ours(response: Response<Bytes>, why: &'static str) -> Self {
        Self::new(response, Why::Stage(why))
    }

    /// A refusal in our own name.
    pub(super) fn refused(problem: Problem, why: &'static str) -> Self {
        Self::ours(problem.into_response(), why)
    }

    /// The answer, attributed to a provider.
    pub(super) fn of(mut self, provider: Option<usize>) -> Self {
        self.facts.provider = provider;
        self
    }

    /// The answer, attributed to an operation if one was found.
    pub(super) fn at(mut self, place: Option<(usize, usize)>) -> Self {
        if let Some((provider, operation)) = place {
            (self.facts.provider, self.facts.operation) = (Some(provider), Some(operation));
        }
        self
    }

    /// Counts what was exercised. What was only tried is not, nor is what we say in our own name.
    pub(super) fn count(&self, coverage: &mut Coverage) {
        let Facts { provider, operation, why, rule, dry_run, delivery, .. } = &self.facts;
        let is_theirs = matches!(why, Why::Rule(_) | Why::Forced(_) | Why::Documented(_));
        let Some(provider) = provider.filter(|_| is_theirs && !dry_run) else { return };
        // The call did not happen, and nothing of an answer was sent.
        let is_lost = matches!(delivery, Delivery::Reset | Delivery::Empty | Delivery::Garbage);
        if is_lost && rule.is_none() {
            return;
        }
        if let Some(operation) = *operation {
            coverage.answered(provider, operation, self.response.status().as_u16());
        }
        if let Some(rule) = *rule {
            coverage.decided(provider, rule);
        }
    }
}
