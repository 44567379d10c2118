//! Integration tests: one binary, so that the library is linked once.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
#![expect(clippy::needless_pass_by_value, reason = "an expectation is written where it is used up")]

mod admin;
mod answers;
mod cli;
mod config;
mod conformance;
mod contracts;
mod depth;
mod documents;
mod embedded;
mod faults;
mod findings;
mod journal;
mod language;
mod log;
mod machines;
mod mock;
mod outlives;
mod paths;
mod preferences;
mod printed;
mod proof;
mod protocols;
mod records;
mod references;
mod replay;
mod requests;
mod safety;
mod sandboxes;
mod support;
mod time;
mod transfer;
mod trial;
mod undo;
mod watch;
mod wire;
