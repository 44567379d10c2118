//! A value made up from a schema: valid against it, plausible, and the same for the same seed.
//!
//! Owns the search for a valid value: one is built, held against the compiled schema, and built again with other
//! choices at the places that were refused. Must not know operations, media types or HTTP.

mod choice;
mod list;
mod maker;
mod merged;
mod number;
mod object;
mod options;
mod pattern;
mod plausible;
mod search;
mod text;
mod turn;
mod words;

pub use options::SampleOptions;
pub use search::{SampleError, nearest, sample, unchecked};

#[cfg(test)]
mod tests;
