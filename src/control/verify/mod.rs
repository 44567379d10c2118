//! Verification: whether what is expected of calls, of records and of what is left behind holds.
//!
//! Must not know who expects it, nor what becomes of the verdict.

mod calls;
mod check;
mod effects;
mod format;
mod read;
mod run;
mod verdict;
mod words;

pub use format::Calls;
pub use format::Count;
pub use format::CountRange;
pub use format::EXPECTATIONS_MAX;
pub use format::Expectation;
pub use format::Records;
pub use format::Status;
pub use format::Verification;
pub use verdict::Outcome;
pub use verdict::Verdict;
