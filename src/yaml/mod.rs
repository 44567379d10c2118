//! YAML and JSON text as values with their lines.
//!
//! Owns the one use of the YAML crate. Must not know what the documents mean.

mod document;
mod editing;
mod json;
mod lines;
mod mending;
mod reading;
mod scalar;

pub use document::Document;
pub(crate) use editing::{Editing, MergedPart, Updates};

#[cfg(test)]
mod tests;
