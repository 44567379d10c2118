//! A document's objects above the schemas, read into operations.
//!
//! Owns parameters, bodies, responses, security and references between them. Must not know what a
//! schema says, nor what anyone does with an operation.

mod content;
mod operations;
mod parameters;
mod reader;
mod responses;
mod security;
mod servers;

pub(super) use reader::{Reader, Sample};
