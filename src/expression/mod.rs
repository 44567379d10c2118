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
mod check;
mod direct;
mod filters;
mod json;
mod language;
mod lower;
mod reads;
mod template;
mod work;

use std::fmt;
use std::sync::Arc;

pub use minijinja::Value;
use minijinja::value::Object;

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
use self::direct::Direct;

/// Longest source of an expression, in bytes: a screen of text, and a bound on what compiling and
/// evaluating one can cost.
pub const EXPRESSION_BYTES_MAX: usize = 4096;

/// Instructions one evaluation may take. Expressions have no loops of their own, so that this is
/// far beyond what the longest source needs.
pub const EXPRESSION_FUEL_MAX: u64 = 20_000;

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
        let reason = match (error.kind(), error.detail()) {
            (minijinja::ErrorKind::OutOfFuel, _) => "takes too many steps".to_owned(),
            // The virtual machine's word for what is none here.
            (_, Some(detail)) => detail.replace("undefined", "none"),
            (kind, None) => kind.to_string(),
        };
        Self::new(expression, reason)
    }
}

/// A compiled expression.
#[derive(Clone)]
pub struct Expression {
    source: Arc<str>,
    compiled: Arc<Compiled>,
}

struct Compiled {
    machine: minijinja::Expression<'static, 'static>,
    /// The same without the virtual machine, for the many that can do without.
    direct: Option<Direct>,
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
        let lowered = lower::lower(source)?;
        let compiled = language::environment()
            .compile_expression_owned(lowered)
            .map_err(|error| lower::syntax_mistake(source, &error))?;
        let direct = lower::parse(source).ok().and_then(|expr| Direct::of(&expr));
        let compiled = Arc::new(Compiled { machine: compiled, direct });
        Ok(Self { source: source.trim().into(), compiled })
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
        match self.compiled.direct.as_ref().and_then(|direct| direct.eval(scope)) {
            Some(value) if !is_too_long(&value) => Ok(value),
            _ => self.eval_by_machine(scope),
        }
    }

    fn eval_by_machine(&self, scope: &Value) -> Result<Value, Failure> {
        let value = self
            .compiled
            .machine
            .eval(Value::from_object(Declared(scope.clone())))
            .map_err(|error| Failure::from_error(&self.source, &error))?;
        if is_too_long(&value) {
            return Err(Failure::new(
                &self.source,
                format!("gives a text of more than {TEXT_BYTES_MAX} bytes"),
            ));
        }
        Ok(value)
    }

    /// Whether its value counts as true: all but none, false, zero and what is empty.
    pub fn holds(&self, scope: &Value) -> Result<bool, Failure> {
        self.eval(scope).map(|value| value.is_true())
    }

    pub(crate) fn source_shared(&self) -> &Arc<str> {
        &self.source
    }
}

fn is_too_long(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.len() > TEXT_BYTES_MAX)
}

/// A scope in which what is not declared fails; the check has found it, unless it was not asked.
#[derive(Debug)]
struct Declared(Value);

impl Object for Declared {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let found = self.0.as_object().and_then(|scope| scope.get_value_by_str(key));
        if found.is_some() || language::is_function(key) {
            return found;
        }
        let reason = format!("name `{key}` is not declared");
        Some(minijinja::Error::new(minijinja::ErrorKind::UndefinedError, reason).into())
    }
}

#[cfg(test)]
mod tests;
