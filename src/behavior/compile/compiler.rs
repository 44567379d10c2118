//! What the parts of a behavior file are compiled against, and what they give.
//!
//! Must not know the parts.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::behavior::effect::OUTCOME;
use crate::behavior::format::BehaviorFile;
use crate::behavior::list::Indexes;
use crate::behavior::names::NamesInScope;
use crate::behavior::notes::Notes;
use crate::behavior::shape::Shapes;
use crate::behavior::table::RuleInfo;
use crate::expression::{Expression, Type};
use crate::openapi::{Contract, Operation};
use crate::store::Model;

/// Properties of a violation that expressions can read.
const VIOLATION: [&str; 7] = ["in", "pointer", "field", "keyword", "expected", "text", "message"];

/// A behavior file while it is compiled.
pub(super) struct Compiler<'c, 'd> {
    pub(super) file: &'c BehaviorFile,
    pub(super) contract: &'c Arc<Contract>,
    pub(super) shapes: &'c Shapes,
    pub(super) model: &'c Model,
    pub(super) names: NamesInScope<'c>,
    /// What can be read of `outcome`.
    pub(super) outcome: Type,
    pub(super) vet: bool,
    /// The jobs of the file, each with the resource that keeps its records.
    pub(super) job_records: IndexMap<String, Option<usize>>,
    /// The file's name, for labels.
    pub(super) name: &'c str,
    pub(super) notes: &'c mut Notes<'d>,
    /// The indexes that lists need so far, by the number of the resource.
    pub(super) indexes: Indexes,
    /// Every rule so far.
    pub(super) rules: Vec<RuleInfo>,
    /// Every delay so far, with its place.
    pub(super) delays: Vec<(String, Expression)>,
}

/// Where rules stand and what they may name.
pub(super) struct Table<'t> {
    pub(super) pointer: String,
    pub(super) title: String,
    pub(super) operation: Option<&'t Operation>,
    /// What kind of table it is, for [`RuleInfo`].
    pub(super) kind: &'static str,
    pub(super) names: NamesInScope<'t>,
    /// Names that have a value after effects only, beside `outcome` and `made`.
    pub(super) after: Vec<String>,
}

/// What can be read of `outcome`: counts of every resource.
pub(super) fn outcome_type(shapes: &Shapes) -> Type {
    let names = shapes.iter().map(|shape| shape.name.to_string());
    let counts = Type::fields(names.map(|name| (name, Type::Scalar)));
    Type::fields(OUTCOME.map(|name| match name {
        "record" | "job" => (name.to_owned(), Type::Any),
        _ => (name.to_owned(), counts.clone()),
    }))
}

/// What can be read of a violation.
pub(super) fn violation_type() -> Type {
    Type::fields(VIOLATION.map(|name| (name.to_owned(), Type::Any)))
}
