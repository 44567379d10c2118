//! A request to an operation that has no rules.
//!
//! Must not know what is answered.

use http::HeaderMap;

use crate::openapi::Contract;
use crate::prefer::Preferences;
use crate::validation::Violation;

/// A request to an operation that the contract alone answers.
#[derive(Clone, Copy, Debug)]
pub struct ContractRequest<'a> {
    /// The contract.
    pub contract: &'a Contract,
    /// The number of the operation in it.
    pub number: usize,
    /// The request's headers.
    pub headers: &'a HeaderMap,
    /// The raw query, without its question mark.
    pub query: &'a str,
    /// Violations of the contract, credentials aside.
    pub violations: &'a [Violation],
    /// Its preferences.
    pub preferences: &'a Preferences,
}
