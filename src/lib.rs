//! Practise the API calls you can't take back.
//!
//! Tombstone is a sandbox for APIs with destructive endpoints. It reads an API's `OpenAPI` document (the
//! *contract*), a *behavior file* (what the service remembers, who may call, and a decision table for each operation)
//! and *fixtures* (the records to start from), and then answers as the real service would, with its state, its status
//! codes and its bodies. Every provider is data: no provider has code here.
//!
//! # Request path
//!
//! ```text
//! server      bytes -> http::Request, under limits and timeouts
//! emulator    one function lists the stages and holds the branches:
//!   mount       whom the path or the host addresses
//!   router      method and path -> operation           (404, 405, 501)
//!   validation  parameters and body against the schemas -> typed values and all violations
//!   sandbox     the world is locked, and the tasks of jobs that are due are run
//!   behavior    credentials, the violations in the provider's order, then the rules:
//!               the first that holds gives one documented response and a list of changes
//!   store       commits the changes, all or none
//! server      http::Response -> bytes, and a line for the log
//! ```
//!
//! From [`emulator`] down everything is synchronous and does no IO: time comes in as a value, and randomness from a
//! seed. To follow a request, read [`emulator::Emulator::handle`] and what it calls, top to bottom.
//!
//! The README's section on Rust tests shows how to make one and call it.
//!
//! # Code map
//!
//! A module uses only modules of lower layers; `tests/tidy.rs` holds this table against the imports.
//!
//! | layer | module | owns |
//! |---|---|---|
//! | 8 | [`cli`] | what is asked for on the command line, and all that is printed |
//! | 7 | [`server`] | sockets, HTTP/1 and HTTP/2, TLS, limits, the request log |
//! | 6 | [`admin`] | the JSON API under `/__admin` and its guard |
//! | 6 | [`catalog`] | finding the files of each provider, built in or in folders |
//! | 5 | [`emulator`] | the request path, and where each provider answers |
//! | 4 | [`sandbox`] | one isolated world: records, ids, jobs that fall due; the way back |
//! | 3 | [`behavior`] | behavior and fixture files: decision tables, effects, credentials, tasks |
//! | 2 | [`router`] [`validation`] [`security`] [`store`] [`jobs`] [`cors`] | one stage each |
//! | 1 | [`openapi`] [`expression`] [`yaml`] | contracts; expressions and templates; files with their lines |
//! | 0 | [`message`] [`clock`] [`ids`] [`finding`] [`problem`] | plain values |
//!
//! # Invariants
//!
//! - Nothing is changed unless it was answered as done: a rule plans changes, its answer is rendered and held against
//!   the contract, and only then are they committed, all or none, under the lock they were planned under.
//! - What the provider does not document is never passed off as its answer: a rule names a documented response, a
//!   computed body is checked each time it is sent, and what cannot be answered so is a problem document of our own.
//! - All that can be wrong with files is found before the socket opens, all at once, with file and line.
//! - Nothing that a client or a file contains panics, hangs, or grows memory without bound: limits are named constants
//!   (`…_MAX`).
//! - The system clock is read in [`clock`] only, randomness is drawn in [`ids`] only, and iteration order is key order:
//!   the same calls on the same seed and time give the same bytes.
//! - Nothing opens an outbound connection.

// In reading order: the request path first, then what it stands on.
pub mod cli;

pub mod server;

pub mod admin;
pub mod catalog;

pub mod emulator;

pub mod sandbox;

pub mod behavior;

pub mod cors;
pub mod jobs;
pub mod router;
pub mod security;
pub mod store;
pub mod validation;

pub mod expression;
pub mod openapi;
pub mod yaml;

pub mod clock;
pub mod finding;
pub mod ids;
pub mod message;
pub mod problem;

/// The README's example, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
