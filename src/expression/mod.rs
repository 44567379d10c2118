//! Expressions and templates of behavior files: compiled once, checked before anything is served,
//! evaluated within limits.
//!
//! Owns the language, on the `minijinja` crate: which filters, tests, functions and methods there
//! are, what absence means, and how values and JSON turn into each other. Must not know what the
//! names in scope stand for: tables and records reach it as objects and as [`Type`]s.
//!
//! # Absence
//!
//! Whatever is declared but absent is none, and reading on from none is none. None is equal to
//! none only; it is neither less nor more than anything; it contains nothing and is in nothing but
//! a list that holds it. In a template, a property or element whose whole value is absent is left out,
//! and one that is explicitly none is null: `{{ x or none }}` writes null for what is absent. A filter that makes text, numbers or times gives none for none; a filter
//! over a list takes it for an empty one. Arithmetic with none fails.
//!
//! # What differs from plain Jinja
//!
//! `unique`, `sort`, `groupby`, `min` and `max` mind the case. `bool` reads text (`'False'` is
//! false) and refuses what is neither. Text is no list of letters. Text and numbers are not
//! ordered. Booleans and objects become text as JSON writes them. `now - days(3)` moves a time.

mod absence;
mod arithmetic;
mod check;
mod eval;
mod filters;
mod json;
mod language;
mod parse;
mod reads;
mod template;
mod work;

use std::fmt;
use std::sync::Arc;

pub use minijinja::Value;

pub use self::check::Names;
pub use self::check::Type;
pub use self::json::Holder;
pub use self::json::JSON_BYTES_MAX;
pub use self::json::JSON_DEPTH_MAX;
pub use self::json::from_json;
pub use self::json::from_json_shared;
pub use self::json::from_member;
pub use self::json::to_json;
pub use self::template::Outline;
pub use self::template::TEMPLATE_BYTES_MAX;
pub use self::template::Template;
pub(crate) use self::work::Budget;
pub use self::work::STEPS_MAX;
pub(crate) use self::work::spend;

use self::absence::settled;
use self::eval::Tree;

/// Longest source of an expression, in bytes: a screen of text, and a bound on what compiling and
/// evaluating one can cost.
pub const EXPRESSION_BYTES_MAX: usize = 4096;

/// Longest text that an expression may give, in bytes: more than any body that is let in.
pub const TEXT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Most elements that a filter goes through.
pub const ITEMS_MAX: usize = 1_000_000;

/// Something wrong with an expression or template, found before it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// JSON Pointer to the place inside the template; empty for an expression.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
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

    fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }

    fn at(self, pointer: &str) -> Self {
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
    /// What went wrong.
    pub reason: String,
}

impl Failure {
    pub(crate) fn new(expression: &Arc<str>, reason: impl Into<String>) -> Self {
        Self { expression: Arc::clone(expression), reason: reason.into() }
    }

    fn from_error(expression: &Arc<str>, error: &minijinja::Error) -> Self {
        let reason = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
        Self::new(expression, reason)
    }
}

/// A compiled expression.
#[derive(Clone)]
pub struct Expression {
    source: Arc<str>,
    tree: Arc<Tree>,
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.source).finish()
    }
}

impl Expression {
    /// Compiles an expression. Finds what needs no knowledge of the names in scope: wrong syntax,
    /// unknown filters, tests, functions and methods, and wrong numbers of arguments.
    pub fn compile(source: &str) -> Result<Self, Mistake> {
        let tree = Arc::new(parse::compile(source)?);
        Ok(Self { source: source.trim().into(), tree })
    }

    /// The text it was compiled from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Infers what it gives, and finds undeclared names, unknown properties and operations on what
    /// they cannot be done to.
    pub fn check(&self, names: &dyn Names) -> (Type, Vec<Mistake>) {
        check::check(&self.source, names)
    }

    /// What it reads: the names in it, each with the properties that are read on from it (`organization.owner_id`), in
    /// the order in which they stand there. Each is an expression itself.
    pub fn reads(&self) -> Vec<String> {
        reads::reads(&self.source)
    }

    /// Its value; what is absent is none.
    pub fn eval(&self, scope: &Value) -> Result<Value, Failure> {
        self.eval_as_is(scope).map(settled)
    }

    /// Its value; what is absent is undefined, which is told apart from an explicit none where a property is written.
    pub fn eval_as_is(&self, scope: &Value) -> Result<Value, Failure> {
        let _budget = Budget::or_begin();
        self.tree.eval(scope).map_err(|error| Failure::from_error(&self.source, &error))
    }

    /// Whether its value counts as true: all but none, false, zero and what is empty.
    pub fn holds(&self, scope: &Value) -> Result<bool, Failure> {
        self.eval(scope).map(|value| value.is_true())
    }

    pub(crate) fn source_shared(&self) -> &Arc<str> {
        &self.source
    }
}

#[cfg(test)]
mod tests;
