//! Decision tables, compiled.
//!
//! Must not know how they are read, nor in which order they are asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::StatusCode;
use serde::Serialize;

use crate::behavior::answer::Answer;
use crate::behavior::effect::Step;
use crate::behavior::format::OperationFormat;
use crate::behavior::list::ListPlan;
use crate::behavior::repeated::Idempotency;
use crate::behavior::scope::NamedExpression;
use crate::expression::Expression;

/// The decision table of one operation.
#[derive(Debug)]
pub(crate) struct OperationTable {
    pub(super) lets: Arc<[NamedExpression]>,
    /// The named expressions that read what effects did.
    pub(super) lets_after: Arc<[NamedExpression]>,
    /// The records that it lists.
    pub(super) list: Option<Arc<ListPlan>>,
    /// What gives the entity tag of what is asked for.
    pub(super) etag: Option<Expression>,
    /// What it says of repeated requests.
    pub(super) idempotency: Option<Idempotency>,
    pub(super) rules: Vec<Rule>,
    pub(super) failures: Failures,
    /// What `restrict` relations answer, by resource and relation.
    pub(super) restricts: BTreeMap<(usize, usize), Rule>,
    pub(super) supposed: Supposed,
}

/// What of an operation nobody has looked at yet.
#[derive(Debug)]
pub(super) struct Supposed {
    /// Why all of it is supposed; `None` where it is not.
    pub(super) inferred: Option<Arc<str>>,
    /// Query parameters that change nothing.
    pub(super) ignores: Box<[Box<str>]>,
}

impl Supposed {
    pub(super) fn of(format: &OperationFormat) -> Self {
        let ignores = format.ignores.iter().map(|name| name.as_str().into()).collect();
        Self { inferred: format.inferred.as_deref().map(Arc::from), ignores }
    }
}

/// What an operation answers where its rules are not asked, or cannot be carried out.
#[derive(Debug)]
pub(crate) struct Failures {
    pub(super) unauthenticated: Vec<Rule>,
    pub(super) invalid_request: Vec<Rule>,
    /// What is answered where an effect does not go with the records as they are.
    pub(super) conflict: Vec<Rule>,
    /// What is answered where the entity tag is not as the caller expects.
    pub(super) precondition_failed: Vec<Rule>,
    /// What is answered where another request was made with the same key.
    pub(super) idempotency_mismatch: Vec<Rule>,
    /// How the service says that it failed itself.
    pub(super) internal: Vec<Rule>,
}

impl Failures {
    /// All entries.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Rule> {
        let Self {
            unauthenticated,
            invalid_request,
            conflict,
            precondition_failed,
            idempotency_mismatch,
            internal,
        } = self;
        let all = [unauthenticated, invalid_request, conflict, precondition_failed];
        all.into_iter().chain([idempotency_mismatch, internal]).flatten()
    }
}

/// One line of a decision table.
#[derive(Debug)]
pub(crate) struct Rule {
    /// Its place in the list of all rules of the file.
    pub(super) number: u32,
    /// What the log calls it: its table, its number, and its place in the file.
    pub(super) label: Arc<str>,
    pub(super) when: Option<Expression>,
    pub(super) effects: Vec<Step>,
    pub(super) answer: Answer,
    /// How long the answer is held back.
    pub(super) delay: Option<Expression>,
}

/// A rule or failure entry, as others may know it.
#[derive(Clone, Debug, Serialize)]
pub struct RuleInfo {
    /// What the log calls it: its table, its number, and its place in the file.
    pub label: Arc<str>,
    /// The number of the operation in the contract, where it belongs to one.
    pub operation: Option<usize>,
    /// The status of its answer.
    #[serde(serialize_with = "as_number")]
    pub status: StatusCode,
    /// Whether the vendor does not document this behavior.
    pub inferred: bool,
    /// The table it stands in: `rules`, `restrict`, or the kind of failure.
    pub table: &'static str,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}
