//! The page on the behavior language does what it says: its blocks are put together in their order and run.

use std::sync::Arc;

use serde_json::{Map, Value};
use tombstone::behavior::{Behavior, LoadOptions};
use tombstone::clock::Timestamp;
use tombstone::emulator::{Emulator, EmulatorOptions, Provider};
use tombstone::expression::{Expression, Value as Evaluated, to_json};
use tombstone::message::Body;
use tombstone::openapi::Contract;
use tombstone::yaml::Document;

const PAGE: &str = include_str!("../../docs/behavior-language.md");

/// When everything on the page happens.
const NOW: &str = "2030-01-01T00:00:00Z";

fn now() -> Timestamp {
    Timestamp::parse(NOW).unwrap()
}

/// The fenced blocks of the page: what they are, and their text.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let mut fenced = PAGE.split("```").skip(1).step_by(2);
    fenced.by_ref().map(|block| block.split_once('\n').unwrap()).collect()
}

fn parse(text: &str) -> Value {
    Document::parse("page.yaml", text, &mut Vec::new()).unwrap().root().clone()
}

/// Puts one file's members into another's, objects into objects.
fn add(to: &mut Map<String, Value>, more: &Map<String, Value>) {
    for (name, value) in more {
        match (to.get_mut(name), value) {
            (Some(Value::Object(inner)), Value::Object(more)) => add(inner, more),
            _ => {
                to.insert(name.clone(), value.clone());
            }
        }
    }
}

/// A server of the files as they are so far, which have no errors.
fn server(contract: &str, behavior: &Map<String, Value>, fixtures: &str) -> Emulator {
    let mut findings = Vec::new();
    let document = Document::parse("openapi.yaml", contract, &mut findings).unwrap();
    let contract = Arc::new(Contract::load(&document, &mut findings).unwrap());
    let text = serde_json::to_string_pretty(behavior).unwrap();
    let document = Document::parse("behavior.yaml", &text, &mut findings).unwrap();
    let options = LoadOptions { vet: true, ..LoadOptions::default() };
    let behavior = Behavior::load(&document, &contract, &options, &mut findings).unwrap();
    let document = Document::parse("default.yaml", fixtures, &mut findings).unwrap();
    let fixtures = behavior.fixtures(&document, now(), true, &mut findings);
    let provider = Provider {
        name: "pad".into(),
        behavior,
        fixtures,
        is_built_in: false,
        records_beside: None,
    };
    let options = EmulatorOptions { cors: false, ..EmulatorOptions::default() };
    let emulator = Emulator::new(vec![provider], &options, &mut findings);
    findings.retain(|finding| !finding.to_string().contains("the contract alone answers"));
    assert!(findings.is_empty(), "{findings:#?}");
    emulator
}

/// Makes the calls of a block: a line with the request, lines with headers, and one with the answer, of which `…` leaves out
/// the rest.
fn check_calls(emulator: &Emulator, block: &str) {
    for call in block.trim().split("\n\n") {
        let (asked, rest) = call.split_once('\n').unwrap();
        let (headers, answered) = rest.rsplit_once('\n').unwrap_or(("", rest));
        let mut parts = asked.splitn(3, ' ');
        let (method, path) = (parts.next().unwrap(), parts.next().unwrap());
        let mut request = http::Request::builder().method(method).uri(path);
        request = request.header("x-key", "ada-key").header("host", "localhost");
        for header in headers.lines() {
            let (name, value) = header.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        let body = parts.next().unwrap_or_default();
        let media = match (method, body.starts_with('[')) {
            ("PATCH", true) => "application/json-patch+json",
            ("PATCH", false) => "application/merge-patch+json",
            _ => "application/json",
        };
        if !body.is_empty() {
            request = request.header("content-type", media);
        }
        let response = emulator.handle(request.body(Body::from(body)).unwrap(), now()).response;
        let body = std::str::from_utf8(response.body()).unwrap();
        let answer = format!("{} {body}", response.status().as_u16());
        match answered.trim().strip_suffix('…') {
            Some(start) => assert!(answer.starts_with(start), "{asked}: {answer}"),
            None => assert_eq!(answer.trim(), answered.trim(), "{asked}"),
        }
    }
}

#[test]
fn its_blocks_are_sound_and_its_calls_are_answered_so() {
    let (mut contract, mut fixtures, mut behavior) = ("", "", Map::new());
    let mut calls = 0;
    for (kind, text) in blocks() {
        match kind {
            "yaml contract" => contract = text,
            "yaml fixtures" => fixtures = text,
            "yaml behavior" => add(&mut behavior, parse(text).as_object().unwrap()),
            "http" => {
                check_calls(&server(contract, &behavior, fixtures), text);
                calls += 1;
            }
            "expressions" => {}
            other => panic!("a block of `{other}` is not run"),
        }
    }
    assert!(calls >= 4, "{calls}");
}

#[test]
fn its_expressions_give_what_it_says() {
    let block = blocks().into_iter().find(|(kind, _)| *kind == "expressions").unwrap().1;
    let scope = Evaluated::from_pairs([("now", Evaluated::from(now().to_rfc3339()))]);
    for line in block.lines() {
        let (text, value) = line.split_at(48);
        let compiled = Expression::compile(text.trim());
        let compiled = compiled.unwrap_or_else(|mistake| panic!("{text}: {}", mistake.message));
        let given = compiled.eval(&scope).unwrap_or_else(|failure| panic!("{text}: {failure}"));
        assert_eq!(to_json(&given).to_string(), value.trim(), "{text}");
    }
}
