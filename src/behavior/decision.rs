//! A request to decide, the moment it is decided at, and what was decided.
//!
//! Must not know how.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Response, StatusCode};

use crate::clock::Timestamp;
use crate::expression::Value;
use crate::idempotency::{KeptAnswers, ToKeep};
use crate::ids::Ids;
use crate::message::{Body, Facts, Why};
use crate::problem::Problem;
use crate::response::Decided;
use crate::store::{Staged, Store};
use crate::validation::Validated;

/// A request that got as far as its operation.
pub struct Call<'c> {
    /// The number of the operation in the contract.
    pub operation: usize,
    /// Method, path and headers.
    pub parts: &'c Parts,
    /// The path as the provider sees it, without the prefix it is mounted under.
    pub path: &'c str,
    /// The body as it came.
    pub body: &'c Body,
    /// What the request carries, and how it violates the contract.
    pub validated: Arc<Validated>,
}

/// What a decision works on: the records of one moment, and what is needed to make new ones.
pub struct Moment<'m> {
    /// The provider's records. Not changed here.
    pub store: &'m Store,
    /// The values of the behavior file's settings here, from [`settings_over`](crate::behavior::Behavior::settings_over).
    pub settings: &'m Value,
    /// The number of the provider, and the answers that are given again to repeated requests.
    pub answers: (usize, &'m KeptAnswers),
    /// Where made-up ids come from.
    pub ids: &'m mut Ids,
    /// The sandbox's time.
    pub now: Timestamp,
}

/// What was decided: the answer, why, and the changes to commit if it is given.
#[derive(Debug)]
pub struct Decision<'b> {
    /// The answer.
    pub answer: RuleAnswer<'b>,
    /// What decided: the rule, by its place in [`Behavior::rules`](crate::behavior::Behavior::rules), how long it holds the answer back, and the credential
    /// that did not do.
    pub facts: Facts,
    /// Changes to the store, none of them committed yet, if there are any.
    pub changes: Option<Arc<Staged>>,
    /// Whether the answer is to be kept for repeated requests, and for which.
    pub keep: Option<ToKeep>,
}

impl Decision<'_> {
    /// An answer at once, that no rule gave and that changes nothing.
    pub(super) fn new(response: Response<Bytes>, why: Why) -> Self {
        let answer = RuleAnswer::Undocumented(response);
        Self { answer, facts: Facts::of(why), changes: None, keep: None }
    }
}

/// What is answered.
#[derive(Debug)]
pub enum RuleAnswer<'b> {
    /// A documented response, still to be written.
    Documented(Decided<'b>),
    /// Something of which nothing is documented.
    Undocumented(Response<Bytes>),
}

impl RuleAnswer<'_> {
    /// The status.
    pub fn status(&self) -> u16 {
        match self {
            Self::Documented(decided) => decided.status,
            Self::Undocumented(response) => response.status().as_u16(),
        }
    }
}

/// Our own answer where a behavior file asks for something that cannot be, for that is never passed off as the provider's.
/// `place` is what the log calls the rule.
pub fn fault(place: &str, message: impl Into<String>) -> (Response<Bytes>, Why) {
    let detail = format!("{place}: {}", message.into());
    let title = "the behavior file cannot answer this";
    let problem = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, title, detail.clone());
    (problem.into_response(), Why::Fault(detail))
}
