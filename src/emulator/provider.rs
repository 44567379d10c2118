//! A provider that is emulated, and its operations.
//!
//! Must not know where it answers.

use std::path::PathBuf;
use std::sync::Arc;

use crate::behavior::{Behavior, Fixtures};
use crate::openapi::Contract;
use crate::validation::RequestValidator;

/// One emulated API: its name, how it behaves, and the records it starts from.
#[derive(Debug)]
pub struct Provider {
    /// Its name, which is the first segment of its paths.
    pub name: Arc<str>,
    /// Its contract and decision tables.
    pub behavior: Behavior,
    /// The records it starts from, and calls that show them.
    pub fixtures: Fixtures,
    /// Whether its contract and behavior are built in, and not a user's files.
    pub is_built_in: bool,
    /// The file of records beside its document.
    pub records_beside: Option<PathBuf>,
}

impl Provider {
    pub(super) fn contract(&self) -> &Contract {
        self.behavior.contract()
    }
}

/// An operation, and the validator of its requests.
#[derive(Debug)]
pub(super) struct EmulatedOperation {
    pub(super) id: Arc<str>,
    pub(super) answered_by: AnsweredBy,
    pub(super) validator: RequestValidator,
}

/// What answers an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AnsweredBy {
    /// The rules of a behavior file.
    Rules,
    /// Rules that are inferred: what departs from the contract is answered by it alone.
    InferredRules,
    /// The contract alone.
    Contract,
}
