//! Integration tests: one binary, so that the library is linked once.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
#![expect(clippy::needless_pass_by_value, reason = "an expectation is written where it is used up")]

mod cli;
mod conformance;
mod findings;
mod journal;
mod language;
mod requests;
mod safety;
mod support;
mod wire;
