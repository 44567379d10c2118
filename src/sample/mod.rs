//! A value made up from a schema: valid against it, plausible, and the same for the same seed.
//!
//! Owns the search for a valid value: one is built, held against the compiled schema, and built again with other
//! choices at the places that were refused. Must not know operations, media types or HTTP.

mod choice;
mod list;
mod maker;
mod number;
mod object;
mod pattern;
mod plausible;
mod search;
mod text;
mod turn;
mod view;
mod wish;
mod words;

pub use search::{Unmet, nearest, sample};
pub use wish::Wish;

#[cfg(test)]
mod tests;
