//! Behavior: what a provider remembers, who may call, and the decision tables of its operations.
//!
//! Reads behavior and fixture files, and decides requests: it plans changes and never commits them. Must not
//! know sandboxes, mounting or HTTP servers.

mod answer;
mod arrange;
mod body_check;
mod call;
mod caller;
mod carry;
mod compile;
mod compiled;
mod decide;
mod decision;
mod effect;
mod explain;
mod failed;
mod fixture;
pub mod format;
mod forms;
mod list;
mod load;
mod names;
mod new_key;
mod notes;
mod one_or_many;
mod overlay;
mod precondition;
mod record_schema;
mod records;
mod repeated;
mod route_failure;
mod scope;
mod secrets;
mod settings;
mod shape;
mod span;
mod table;
mod task;
mod types;
mod view;

pub use arrange::GivenRecord;
pub use call::ExampleCall;
pub use carry::{Carried, LeftOut};
pub use compiled::Behavior;
pub use decision::{Call, Decision, Moment, RuleAnswer, fault};
pub use explain::{Explanation, Reading, RuleTried, Shown, StageOutcome};
pub use fixture::{CallValues, Fixtures};
pub use format::{FORMAT_VERSION, InferFormat};
pub use load::{InferredFile, LoadOptions};
pub use route_failure::RouteFailure;
pub use secrets::{SecretNames, Secrets};
pub(crate) use shape::RESERVED;
pub use table::RuleInfo;
pub use task::{TaskDecision, next_task};
