//! The answer to what is expected: what held, and of the rest what was found instead.
//!
//! Must not know how that was decided.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether everything that was expected holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// Whether all of it does.
    pub passed: bool,
    /// What was expected, in order.
    pub expectations: Vec<ExpectationResult>,
}

/// Whether one expectation holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExpectationResult {
    /// What it is called, if it has a name.
    pub description: Option<String>,
    /// Whether it holds.
    pub passed: bool,
    /// What was expected, in words.
    pub expected: String,
    /// What was found, in words.
    pub found: String,
    /// What comes nearest to what was expected, and how it differs, where that can be told.
    pub nearest: Option<String>,
}

/// An expectation, held against what is.
pub(super) struct CheckResult {
    pub(super) passed: bool,
    pub(super) found: String,
    pub(super) nearest: Option<String>,
}

/// One line for each that holds, and four at most for each that does not: for the message of a failed test.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, outcome) in self.expectations.iter().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            write!(f, "{outcome}")?;
        }
        Ok(())
    }
}

impl ExpectationResult {
    /// What it is called: its description, or else what was expected.
    pub fn name(&self) -> &str {
        self.description.as_ref().unwrap_or(&self.expected)
    }
}

impl fmt::Display for ExpectationResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name();
        if self.passed {
            return write!(f, "pass  {name}");
        }
        write!(f, "FAIL  {name}")?;
        if self.description.is_some() {
            write!(f, "\n      expected {}", self.expected)?;
        }
        write!(f, "\n      found {}", self.found)?;
        match &self.nearest {
            Some(nearest) => write!(f, "\n      nearest {nearest}"),
            None => Ok(()),
        }
    }
}
