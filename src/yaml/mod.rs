//! YAML and JSON text as values with their lines.
//!
//! Owns the one use of the YAML crate. Must not know what the documents mean.

mod document;
mod editing;
mod json;
mod lines;
mod mending;
mod parts;
mod reading;
mod scalar;
mod writing;

pub use document::Document;
pub(crate) use editing::{Editing, MergedPart, Updates};
pub(crate) use parts::{Origin, Part};
pub(crate) use writing::push_entry;

#[cfg(test)]
mod tests;
