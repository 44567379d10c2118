//! What is wrong with an expression: before it is used, and when it is evaluated.
//!
//! Must not know the language.

use std::fmt;
use std::sync::Arc;

/// Something wrong with an expression or template, found before it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// JSON Pointer to the place inside the template; empty for an expression.
    pub pointer: String,
    /// The problem.
    pub message: String,
    /// How to fix it.
    pub hint: Option<String>,
}

impl Mistake {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { pointer: String::new(), message: message.into(), hint: None }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }

    pub(super) fn at(self, pointer: &str) -> Self {
        Self { pointer: pointer.to_owned(), ..self }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// An expression that could not be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{expression}`: {reason}")]
pub struct Failure {
    /// The source of the expression.
    pub expression: Arc<str>,
    /// The failure.
    pub reason: String,
}

impl Failure {
    pub(crate) fn new(expression: &Arc<str>, reason: impl Into<String>) -> Self {
        Self { expression: Arc::clone(expression), reason: reason.into() }
    }

    pub(super) fn from_error(expression: &Arc<str>, error: &minijinja::Error) -> Self {
        let reason = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
        Self::new(expression, reason)
    }
}
