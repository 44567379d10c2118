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

pub use format::{
    Calls, Count, CountRange, EXPECTATIONS_MAX, Expectation, Records, Status, Verification,
};
pub use verdict::{ExpectationResult, Verdict};
