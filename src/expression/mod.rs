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

mod calls;
mod check;
mod compiled;
mod eval;
mod filters;
mod free_names;
mod json;
mod language;
mod mistake;
mod none;
mod operators;
mod parse;
mod template;
mod work;

pub use minijinja::Value;

pub use self::check::{ScopeNames, Type};
pub use self::compiled::Expression;
pub use self::json::{
    Holder, JSON_BYTES_MAX, JSON_DEPTH_MAX, from_json, from_json_owned, from_json_shared,
    from_member, to_json,
};
pub use self::mistake::{Failure, Mistake};
pub use self::parse::EXPRESSION_BYTES_MAX;
pub(crate) use self::template::loop_head;
pub use self::template::{Outline, TEMPLATE_BYTES_MAX, Template};
pub(crate) use self::work::{Budget, spend};
pub use self::work::{ITEMS_MAX, STEPS_MAX, TEXT_BYTES_MAX};

#[cfg(test)]
mod tests;
