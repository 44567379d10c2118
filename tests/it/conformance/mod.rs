//! Conformance: every situation that a vendor documents, or that had to be concluded, and what exactly is to come
//! of it: the answer, and which records are gone or changed afterwards.
//!
//! `row` is what a line of a table is, `run` makes its calls, and a file each has the tables of one provider.

mod across;
mod applivery;
mod calls;
mod jobs;
mod partoo;
mod row;
mod run;
mod runner;
mod timbrix;
mod velt;

use serde_json::json;

use self::row::{Call, I, Row, row};

/// The sandbox's own answer to a call that the real API would carry out.
fn not_emulated(call: Call, emulated: &str) -> Row {
    let (_, path) = call.target[1..].split_once('/').unwrap();
    let detail = format!(
        "the real API answers `{} /{path}`, and this sandbox does not: it emulates {emulated}",
        call.method
    );
    let body = json!({ "title": "not emulated", "status": 501, "detail": detail });
    row("an operation of theirs that is not emulated", I("no page: the sandbox's own answer"), call)
        .answers(501, body)
        .with_header("content-type", "application/problem+json")
}

/// The lines of records that are gone: resources, and their keys between spaces.
fn gone(resources: &[(&str, &str)]) -> Vec<String> {
    let lines = |(resource, keys): &(&str, &str)| {
        let line = |key: &str| format!("- {resource}/{key}");
        keys.split(' ').map(line).collect::<Vec<_>>()
    };
    resources.iter().flat_map(lines).collect()
}
