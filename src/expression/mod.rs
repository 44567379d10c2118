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
mod calls;
mod check;
mod compiled;
mod eval;
mod filters;
mod json;
mod language;
mod mistake;
mod operators;
mod parse;
mod reads;
mod template;
mod work;

pub use minijinja::Value;

pub use self::check::Names;
pub use self::check::Type;
pub use self::compiled::Expression;
pub use self::json::Holder;
pub use self::json::JSON_BYTES_MAX;
pub use self::json::JSON_DEPTH_MAX;
pub use self::json::from_json;
pub use self::json::from_json_shared;
pub use self::json::from_member;
pub use self::json::to_json;
pub use self::mistake::Failure;
pub use self::mistake::Mistake;
pub use self::parse::EXPRESSION_BYTES_MAX;
pub use self::template::Outline;
pub use self::template::TEMPLATE_BYTES_MAX;
pub use self::template::Template;
pub(crate) use self::work::Budget;
pub use self::work::ITEMS_MAX;
pub use self::work::STEPS_MAX;
pub use self::work::TEXT_BYTES_MAX;
pub(crate) use self::work::spend;

#[cfg(test)]
mod tests;
