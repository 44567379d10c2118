//! Effects: what a rule or a job's task changes, planned as a list of changes and not yet committed.
//!
//! One file for each effect, with how it is read, planned and told in words; a new one is a file here, and its keys in
//! `format`. Must not know why it happens, nor what is answered.

mod create;
mod delete;
mod format;
mod outcome;
mod plan;
mod read;
mod replace;
mod start_job;
mod steps;
mod update;

pub use format::{EffectFormat, StepFormat};
pub(crate) use outcome::{OUTCOME, Outcome};
pub(crate) use plan::{Done, Job, Planner, Step, Stopped};
pub(crate) use read::EffectReader;
