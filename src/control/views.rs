//! The forms in which journal entries, explanations, plans and jobs are read: by the admin API as JSON, by Rust programs
//! as they are.
//!
//! Must not know how any of them is made.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::control::effects::{ChangeCounts, ChangeView, EffectKind};
use crate::emulator::NearMiss;
use crate::jobs::JobProgress;

/// An entry of a journal, without credentials.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct EntryView {
    /// Its number in the sandbox.
    pub id: u64,
    /// `call`, `task`, `edit`, `clock`, `undo` or `redo`.
    pub kind: &'static str,
    /// When it happened by the sandbox's clock (RFC 3339).
    pub at: String,
    /// When it happened by the system clock (RFC 3339).
    pub real_at: String,
    /// Whether it was undone since.
    pub undone: bool,
    /// What happened.
    #[serde(flatten)]
    pub event: EventView,
    /// How many records changed.
    pub counts: ChangeCounts,
    /// The changed records, up to a limit.
    pub changes: Vec<ChangeView>,
    /// How many changed records are not listed.
    pub changes_left_off: usize,
    /// The changes as a tree, where one entry is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tree: Option<Vec<EffectNode>>,
    /// Why it came out so, where one entry is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<ExplanationView>,
    /// The operations nearest to a request that none takes, where such requests are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub near: Option<Vec<NearMiss>>,
}

impl EntryView {
    /// The call, if the entry is of one.
    pub fn call(&self) -> Option<&CallView> {
        match &self.event {
            EventView::Call(call) => Some(call),
            _ => None,
        }
    }
}

/// What happened, by the kind of the entry.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum EventView {
    /// A request was answered.
    Call(Box<CallView>),
    /// A task of a job was run, or records were edited.
    Edit {
        /// The provider.
        provider: String,
        /// What decided or was done, in words.
        why: Option<String>,
    },
    /// The clock was changed.
    Clock {
        /// How, in words.
        why: String,
    },
    /// Entries were undone or done again.
    Turn {
        /// Their numbers.
        entries: Vec<u64>,
    },
}

/// A request and its answer.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CallView {
    /// The provider, if the request was for one.
    pub provider: Option<String>,
    /// The `operationId`, if an operation takes the request.
    pub operation: Option<String>,
    /// The rule that decided.
    pub rule: Option<String>,
    /// What decided, in words.
    pub why: Option<String>,
    /// Whether it was a dry run.
    pub dry_run: bool,
    /// The ids of the faults that applied.
    pub faults: Vec<String>,
    /// How long the answer was delayed, in milliseconds.
    pub delay_ms: u64,
    /// How the answer was sent.
    pub delivery: DeliveryView,
    /// When the sandbox had been dropped, if this request brought it back (RFC 3339).
    pub restarted: Option<String>,
    /// The request.
    pub request: RequestView,
    /// The answer.
    pub response: ResponseView,
    /// How the request departs from the contract, as the answer's header has it.
    pub violations: Vec<Value>,
}

/// How an answer was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryView {
    /// Complete.
    Whole,
    /// The connection was reset.
    Reset,
    /// The connection was closed without an answer.
    Empty,
    /// Bytes that are not HTTP were sent.
    Garbage,
    /// The body was cut after so many bytes.
    Cut(usize),
    /// The body was sent in pieces.
    Trickle {
        /// Bytes of a piece.
        bytes: usize,
        /// The pause before each piece, in milliseconds.
        every_ms: u64,
    },
}

/// A request as it was kept.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RequestView {
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Header fields and body.
    #[serde(flatten)]
    pub message: MessageView,
}

/// An answer as it was kept.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ResponseView {
    /// The status.
    pub status: u16,
    /// Header fields and body.
    #[serde(flatten)]
    pub message: MessageView,
}

/// Header fields and body of a request or an answer.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct MessageView {
    /// The header fields in order.
    pub headers: Vec<HeaderView>,
    /// The body as JSON if it is JSON, else as text; null where it is empty or not text.
    pub body: Value,
    /// How many bytes the body had; null where it was too large or could not be decoded.
    pub body_bytes: Option<usize>,
    /// Whether only the beginning of the body was kept.
    pub body_truncated: bool,
}

/// A header field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HeaderView {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// Why a request was answered as it was.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ExplanationView {
    /// What decided, in a sentence.
    pub summary: String,
    /// The stages and rules that were tried, if any were.
    #[serde(flatten)]
    pub decision: Option<DecisionView>,
    /// The operations nearest to a request that none takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub near: Option<Vec<NearMiss>>,
}

impl ExplanationView {
    /// An explanation that is no more than a sentence.
    pub(super) fn of(summary: impl Into<String>) -> Self {
        Self { summary: summary.into(), decision: None, near: None }
    }
}

/// How a behavior file decided.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DecisionView {
    /// The stages before the rules, in the provider's order.
    pub stages: Vec<StageView>,
    /// The rules, in order.
    pub rules: Vec<RuleView>,
    /// The named expressions that were read, and what they stand for.
    pub lets: IndexMap<String, String>,
    /// What the rule that held changes, in words.
    pub effect: Option<String>,
}

/// How a stage came out.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct StageView {
    /// Its name in behavior files.
    pub stage: &'static str,
    /// `passed`, `failed` or `not reached`.
    pub outcome: &'static str,
    /// The credentials, if the stage is about them and was reached.
    #[serde(flatten)]
    pub security: Option<SecurityView>,
    /// How the request departs from the contract.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub violations: Vec<Value>,
}

/// Which credentials were looked at.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SecurityView {
    /// The security schemes.
    pub schemes: Vec<String>,
    /// Why the credential was refused.
    pub reason: Option<&'static str>,
    /// The caller.
    pub principal: Value,
}

/// A rule, and how it came out.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RuleView {
    /// Its table, number and place in the file.
    pub rule: String,
    /// Its condition; null where it always holds.
    pub when: Option<String>,
    /// `held`, `not held`, `error` or `not reached`.
    pub outcome: &'static str,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What its condition read.
    pub values: Vec<ReadingView>,
}

/// Something that a condition read.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ReadingView {
    /// The expression.
    pub expression: String,
    /// Its value.
    pub value: Value,
}

/// Records of one resource that changed in one way for one reason.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct EffectNode {
    /// In which way they changed.
    pub kind: EffectKind,
    /// Whose they are.
    pub provider: String,
    /// The name of their resource.
    pub resource: String,
    /// The relation along which it came about; null at the top.
    pub relation: Option<String>,
    /// How many there are.
    pub count: usize,
    /// The keys of the first of them.
    pub keys: Vec<String>,
    /// What came about because of these.
    pub children: Vec<EffectNode>,
}

/// What a request would be answered and change.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PlanView {
    /// How many records it would change.
    pub counts: ChangeCounts,
    /// How many records the jobs that it starts would change.
    pub counts_of_jobs: ChangeCounts,
    /// The answer.
    pub answer: PlannedAnswer,
    /// The provider, if the request is for one.
    pub provider: Option<String>,
    /// The `operationId`, if an operation takes the request.
    pub operation: Option<String>,
    /// The rule that decides.
    pub decided_by: Option<String>,
    /// Why.
    pub explanation: ExplanationView,
    /// The changes as a tree.
    pub tree: Vec<EffectNode>,
    /// The changed records, up to a limit.
    pub changes: Vec<ChangeView>,
    /// How many changed records are not listed.
    pub changes_left_off: usize,
    /// The jobs that it would start.
    pub jobs: Vec<PlannedJobView>,
}

/// The answer of a planned request.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PlannedAnswer {
    /// Status, header fields and body.
    #[serde(flatten)]
    pub response: ResponseView,
    /// How long it would be delayed, in milliseconds.
    pub delay_ms: u64,
}

/// A job that a planned request would start.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PlannedJobView {
    /// Its name in the behavior file.
    pub job: Value,
    /// The provider.
    pub provider: String,
    /// Its key.
    pub key: String,
    /// Its tasks, up to a limit.
    pub tasks: Vec<PlannedTaskView>,
    /// How many tasks are not listed.
    pub tasks_left_off: u64,
}

/// A task of such a job.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PlannedTaskView {
    /// The value that it is about.
    pub value: Value,
    /// When it is due (RFC 3339).
    pub due_at: String,
    /// What decides, in words.
    pub why: Option<String>,
    /// How many records it would change.
    pub counts: ChangeCounts,
    /// The same as a tree.
    pub tree: Vec<EffectNode>,
    /// The changed records, up to a limit.
    pub changes: Vec<ChangeView>,
    /// How many changed records are not listed.
    pub changes_left_off: usize,
}

/// A job of a sandbox.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct JobView {
    /// Its key as text.
    pub id: String,
    /// The provider.
    pub provider: String,
    /// The resource that keeps it.
    pub resource: String,
    /// Its state, its tasks and their times.
    #[serde(flatten)]
    pub progress: JobProgress,
}
