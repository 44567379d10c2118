//! A compiled expression: what it is made of, and what can be asked of it.
//!
//! Must not know syntax or filters.

use std::fmt;
use std::sync::Arc;

use minijinja::Value;

use crate::expression::check::{ScopeNames, Type};
use crate::expression::eval::Tree;
use crate::expression::mistake::{Failure, Mistake};
use crate::expression::none::settled;
use crate::expression::work::Budget;
use crate::expression::{check, free_names, parse};

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
    pub fn check(&self, names: &dyn ScopeNames) -> (Type, Vec<Mistake>) {
        check::check(&self.source, names)
    }

    /// What it reads: the names in it, each with the properties that are read on from it (`organization.owner_id`), in
    /// the order in which they stand there. Each is an expression itself.
    pub fn reads(&self) -> Vec<String> {
        free_names::free_names(&self.source)
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
