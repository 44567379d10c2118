//! An answer on its way out: what is sent, how it came about, and what it changed.
//!
//! Must not know how it is found.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Response;

use crate::clock::Timestamp;
use crate::coverage::Coverage;
use crate::journal::Call;
use crate::journal::Draft;
use crate::journal::Event;
use crate::journal::Step;
use crate::message::Delivery;
use crate::message::Rejected;
use crate::message::Tally;
use crate::message::Why;
use crate::problem::Problem;

/// An answer, and how it came about.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) response: Response<Bytes>,
    pub(super) why: Why,
    pub(super) provider: Option<usize>,
    pub(super) operation: Option<usize>,
    pub(super) rule: Option<u32>,
    /// What changed, as counts; in a dry run, what would have.
    pub(super) tally: Vec<Tally>,
    /// What changed, if it was kept.
    pub(super) step: Option<Step>,
    pub(super) dry_run: bool,
    /// The credential that did not do.
    pub(super) rejected: Option<Rejected>,
    /// The faults that struck.
    pub(super) faults: Vec<Arc<str>>,
    pub(super) delay: Duration,
    pub(super) delivery: Delivery,
}

impl Answer {
    /// An answer that changed nothing.
    pub(super) fn new(response: Response<Bytes>, why: Why) -> Self {
        Self {
            response,
            why,
            provider: None,
            operation: None,
            rule: None,
            tally: Vec::new(),
            step: None,
            dry_run: false,
            rejected: None,
            faults: Vec::new(),
            delay: Duration::ZERO,
            delivery: Delivery::Whole,
        }
    }

    /// An answer that no behavior file gave.
    pub(super) fn ours(response: Response<Bytes>, why: &'static str) -> Self {
        Self::new(response, Why::Stage(why))
    }

    /// A refusal in our own name.
    pub(super) fn refused(problem: Problem, why: &'static str) -> Self {
        Self::ours(problem.into_response(), why)
    }

    /// The same, of a provider.
    pub(super) fn of(mut self, provider: Option<usize>) -> Self {
        self.provider = provider;
        self
    }

    /// The same, to a call of an operation if one was found.
    pub(super) fn at(mut self, place: Option<(usize, usize)>) -> Self {
        if let Some((provider, operation)) = place {
            (self.provider, self.operation) = (Some(provider), Some(operation));
        }
        self
    }

    /// Counts what was exercised. What was only tried is not, nor is what we say in our own name.
    pub(super) fn count(&self, coverage: &mut Coverage) {
        let is_theirs = matches!(self.why, Why::Rule(_) | Why::Forced(_) | Why::Documented(_));
        let Some(provider) = self.provider.filter(|_| is_theirs && !self.dry_run) else { return };
        // The call did not happen, and nothing of an answer was sent.
        let is_lost =
            matches!(self.delivery, Delivery::Reset | Delivery::Empty | Delivery::Garbage);
        if is_lost && self.rule.is_none() {
            return;
        }
        if let Some(operation) = self.operation {
            coverage.answered(provider, operation, self.response.status().as_u16());
        }
        if let Some(rule) = self.rule {
            coverage.decided(provider, rule);
        }
    }

    /// What the journal keeps of it.
    pub(super) fn event(
        &mut self,
        draft: Draft,
        restarted: Option<Timestamp>,
    ) -> (Event, Option<Step>) {
        let call = Call {
            exchange: draft.answered(&self.response),
            provider: self.provider,
            operation: self.operation,
            why: self.why.clone(),
            rule: self.rule,
            dry_run: self.dry_run,
            faults: std::mem::take(&mut self.faults),
            delay: self.delay,
            delivery: self.delivery,
            restarted,
        };
        (Event::Call(Arc::new(call)), self.step.take())
    }
}
