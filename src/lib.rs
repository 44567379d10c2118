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
//! emulator    `handle` is this list; what needs no records comes before the lock
//!   pick        which sandbox is meant, by header or path
//!   locate      whom the path or the host addresses
//!   route       method and path -> operation           (404, 405, 501)
//!               what is preferred; parameters and body against the schemas -> typed values and all violations
//!   enter       the sandbox is found or made, and locked
//!   run_due     the tasks of jobs that are due are run
//!   forced      a documented answer that is asked for, or else
//!   fault       the answer of a fault, or else
//!   decide      what answers the operation, which is known from the files: one documented response
//!     rules       credentials, the violations in the provider's order, then the first rule that holds,
//!                 which also gives a list of changes
//!     contract    without rules: the lowest success, or what says what is wrong
//!     write       the response is negotiated, made up where it has to be, and written with its headers
//!     commit      the changes are made, all or none
//!   apply_fault the answer is delayed or broken
//!   stamp       headers that every answer has
//!   record      the journal keeps what was asked, changed and answered; jobs that are due by now are run
//! server      http::Response -> bytes, whole or broken as a fault asks, and a line for the log
//! ```
//!
//! From [`emulator`] down everything is synchronous and does no IO: time comes in as a value, and randomness from a
//! seed. To follow a request, read [`emulator::Emulator::handle`] and what it calls, top to bottom. What one can do
//! beside the calls (undo, time, records, faults, proof) is in [`control`], which the admin API and programs that embed
//! the sandbox both use.
//!
//! # Code map
//!
//! A module uses only modules of lower layers; `tests/tidy.rs` holds this table against the imports.
//!
//! | layer | module | owns |
//! |---|---|---|
//! | 9 | [`cli`] [`config`] | what is asked for and printed; flags, environment and `tombstone.yaml` as one plain value |
//! | 9 | [`embedded`] | the sandbox inside a program of somebody else: for tests in Rust |
//! | 8 | [`server`] | sockets, HTTP/1 and HTTP/2, TLS, limits, the request log |
//! | 7 | [`admin`] | the JSON API under `/__admin` and its guard |
//! | 7 | [`catalog`] | finding and reading the files of each provider: built in, in folders, or documents named one by one |
//! | 6 | [`control`] | what one sees and does beside the calls |
//! | 5 | [`emulator`] | the request path, and where each provider answers |
//! | 4 | [`infer`] | what a behavior file would say, from the contract alone |
//! | 4 | [`sandbox`] | isolated worlds by name, what happened in each, and the way back |
//! | 3 | [`behavior`] | behavior and fixture files: decision tables, effects, credentials, tasks |
//! | 3 | [`documented`] | which response the contract alone gives |
//! | 3 | [`journal`] | entries with what they changed, bounded |
//! | 2 | [`router`] [`validation`] [`security`] [`store`] [`cors`] [`prefer`] [`faults`] [`coverage`] [`media`] [`sample`] | one stage each |
//! | 2 | [`response`] | a response that was decided on, made into bytes: negotiated, written, with its documented headers |
//! | 1 | [`openapi`] [`expression`] [`yaml`] [`jobs`] [`idempotency`] | contracts; expressions and templates; files with their lines; records of jobs; answers that are given again |
//! | 0 | [`message`] [`clock`] [`ids`] [`finding`] [`problem`] [`memory`] `blocking` `json` `numbers` `pointer` `printable` `singular` | plain values, and what they take |
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
pub mod config;
pub mod embedded;

pub mod server;

pub mod admin;
pub mod catalog;

pub mod control;

pub mod emulator;

pub mod infer;
pub mod sandbox;

pub mod behavior;
pub mod documented;
pub mod journal;

pub mod cors;
pub mod coverage;
pub mod faults;
pub mod media;
pub mod prefer;
pub mod response;
pub mod router;
pub mod sample;
pub mod security;
pub mod store;
pub mod validation;

pub mod expression;
pub mod jobs;
pub mod openapi;
pub mod yaml;

mod blocking;
pub mod clock;
pub mod finding;
pub mod idempotency;
pub mod ids;
mod json;
pub mod memory;
pub mod message;
mod numbers;
mod pointer;
mod printable;
pub mod problem;
mod singular;

pub use embedded::{Builder, Error, Sandbox, Tombstone};

/// The README's example, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
