//! Files that nest deeply or go on from one thing to the next without end: each is answered or refused, and none ends
//! the process.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use expect_test::expect;
use serde_json::{Value, json};
use tombstone::behavior::{Behavior, LoadOptions};
use tombstone::clock::Timestamp;
use tombstone::control::Control;
use tombstone::emulator::{Emulator, EmulatorOptions, Provider};
use tombstone::finding::{Finding, Severity};
use tombstone::message::Body;
use tombstone::openapi::{Contract, Overlay};
use tombstone::yaml::Document;

const CONTRACT: &str = "\
openapi: 3.1.0
info: { title: Deep, version: '1' }
paths:
  /x: { get: { operationId: x, responses: { '200': { description: fine, content: { application/json: { schema: {} } } } } } }
";

/// What a behavior file of the contract answers, or the findings in it.
fn answer(behavior: &str) -> Result<Value, String> {
    let mut findings = Vec::new();
    let emulator = load(behavior, &mut findings);
    let error = findings.iter().find(|finding| finding.severity == Severity::Error);
    if let Some(error) = error {
        return Err(error.to_string());
    }
    let emulator = emulator.unwrap();
    let request = http::Request::builder().uri("/deep/x").body(Body::empty()).unwrap();
    let response = emulator.handle(request, Timestamp(0)).response;
    Ok(serde_json::from_slice(response.body()).unwrap())
}

fn load(behavior: &str, findings: &mut Vec<Finding>) -> Option<Emulator> {
    let records = "tombstone: 1\nrecords: {}\n";
    let provider = provider((behavior, records), true, findings)?;
    Some(Emulator::new(vec![provider], &EmulatorOptions::default(), findings))
}

/// The contract with a behavior file and records, whose answers are held against it if `vet`.
fn provider(
    (behavior, records): (&str, &str),
    vet: bool,
    findings: &mut Vec<Finding>,
) -> Option<Provider> {
    let document = Document::parse("openapi.yaml", CONTRACT, findings)?;
    let contract = Arc::new(Contract::load(&document, findings)?);
    let document = Document::parse_strictly("behavior.yaml", behavior, findings)?;
    let options = LoadOptions { vet, ..LoadOptions::default() };
    let behavior = Behavior::load(&document, &contract, &options, findings)?;
    let document = Document::parse("default.yaml", records, findings)?;
    let fixtures = behavior.fixtures(&document, Timestamp(0), vet, findings);
    let (name, records_beside) = ("deep".into(), None);
    Some(Provider { name, behavior, fixtures, is_built_in: false, records_beside })
}

/// Named expressions of which each reads the one before, in this order or the other way around.
fn chain(length: usize, is_reversed: bool) -> String {
    let mut lets: Vec<String> = vec!["      n0: '1'\n".to_owned()];
    lets.extend(
        (1..length).map(|number| format!("      n{number}: ([n{}] | first) + 1\n", number - 1)),
    );
    if is_reversed {
        lets.reverse();
    }
    format!(
        "tombstone: 1\noperations:\n  x:\n    let:\n{}    rules: [{{ respond: 200, body: '{{{{ n{} }}}}' }}]\n",
        lets.concat(),
        length - 1
    )
}

#[test]
fn named_expressions_in_a_row_have_an_end() {
    for is_reversed in [false, true] {
        assert_eq!(answer(&chain(64, is_reversed)), Ok(64.into()));
    }
    for (length, is_reversed) in [(65, false), (65, true), (1000, false)] {
        let told = answer(&chain(length, is_reversed)).unwrap_err();
        let (_, message) = told.lines().next().unwrap().split_once(' ').unwrap();
        expect!["error: takes more than 64 named expressions in a row (write some of them as one)"]
            .assert_eq(message);
    }
    assert!(answer(&chain(5000, true)).is_err());
}

#[test]
fn templates_in_one_another_have_an_end() {
    let template = |levels: usize| {
        let body = (0..levels).fold("'{{ request.method }}'".to_owned(), |inner, number| {
            format!("{{ $for: 'i{number} in [1]', $value: {inner} }}")
        });
        format!("tombstone: 1\noperations:\n  x:\n    rules: [{{ respond: 200, body: {body} }}]\n")
    };
    let mut body = answer(&template(120)).unwrap();
    let mut levels = 0;
    while let Value::Array(mut items) = body {
        body = items.pop().unwrap();
        levels += 1;
    }
    assert_eq!((levels, body), (120, "GET".into()));
    let told = answer(&template(200)).unwrap_err();
    expect!["behavior.yaml:4: error: the template is nested too deeply"].assert_eq(&told);
}

#[test]
fn targets_of_overlays_nest_only_so_deep() {
    let read = |target: &str| {
        let text = format!(
            "overlay: 1.0.0\ninfo: {{ title: t, version: '1' }}\nactions:\n- {{ target: {target:?}, remove: true }}\n"
        );
        let mut findings = Vec::new();
        let overlay = Document::parse("o.yaml", &text, &mut findings).unwrap();
        let document = Document::parse("openapi.yaml", CONTRACT, &mut findings).unwrap();
        if let Some(overlay) = Overlay::read(&overlay, &mut findings) {
            overlay.apply(document, &mut findings);
        }
        findings.iter().fold(String::new(), |mut told, finding| {
            writeln!(told, "{finding}").unwrap();
            told
        })
    };
    let filters = |levels: usize| format!("${}{}", "[?@".repeat(levels), "]".repeat(levels));
    assert_eq!(read(&filters(3)), "");
    assert_eq!(
        read("$.paths[?@.get.operationId == '((((((((((((']"),
        "o.yaml:4: warning: the target selects nothing\n"
    );
    for target in [filters(9), filters(20), filters(3000)] {
        let told = read(&target);
        assert!(told.contains("brackets in one another") || told.contains("longer than"), "{told}");
    }
    expect![[r#"
        o.yaml:4: error: the target has more than 8 brackets in one another (select in several actions)
    "#]].assert_eq(&read(&filters(9)));
    let told = read(&format!("$[?{}@.a{}]", "(".repeat(9), ")".repeat(9)));
    expect![[r#"
        o.yaml:4: error: the target has more than 8 brackets in one another (select in several actions)
    "#]].assert_eq(&told);
    expect![[r#"
        o.yaml:4: error: the target is longer than 4096 bytes
    "#]]
    .assert_eq(&read(&format!("$[?{}@.a]", "@.a && ".repeat(2000))));
}

#[test]
fn an_overlay_of_many_actions_takes_little_and_one_that_searches_has_an_end() {
    let apply = |target: &str, count: usize| {
        let action = format!("- {{ target: {target:?}, update: {{ x-a: b }} }}\n");
        let text = format!(
            "overlay: 1.0.0\ninfo: {{ title: t, version: '1' }}\nactions:\n{}",
            action.repeat(count)
        );
        let mut findings = Vec::new();
        let overlay = Document::parse("o.yaml", &text, &mut findings).unwrap();
        let document = Document::parse("openapi.yaml", CONTRACT, &mut findings).unwrap();
        Overlay::read(&overlay, &mut findings).unwrap().apply(document, &mut findings);
        findings.first().map_or_else(String::new, ToString::to_string)
    };
    assert_eq!(apply("$.paths['/x'].get", 5000), "");
    // Each filter goes through the document again, for each value.
    let multiplied = "$..[?$.a[?$.b[?$.c && $.d && $.e && $.f && $.g && $.h]]]";
    expect!["o.yaml:4: error: the actions up to here look at more than 50000000 values; this one and those after it are left out (name places by their path, without `..`, `*` and filters)"].assert_eq(&apply(multiplied, 1));
}

#[test]
fn a_record_that_is_put_into_itself_nests_only_so_deep() {
    let behavior = "\
tombstone: 1
resources: { things: { key: id } }
operations:
  x:
    let: { thing: 'things[\"a\"]' }
    rules:
      - { when: thing is none, create: things, with: { id: a, v: 1 }, respond: 200, body: 0 }
      - { update: thing, set: { v: ['{{ record.v }}'] }, respond: 200, body: 1 }
";
    let mut findings = Vec::new();
    let emulator = load(behavior, &mut findings).unwrap();
    let ask = || {
        let request = http::Request::builder().uri("/deep/x").body(Body::empty()).unwrap();
        let response = emulator.handle(request, Timestamp(0)).response;
        serde_json::from_slice::<Value>(response.body()).unwrap()
    };
    assert_eq!(ask(), 0);
    for _ in 0..100 {
        assert_eq!(ask(), 1);
    }
    expect![[r#""x rule 2, behavior.yaml:8: record `a` of `things` would not fit its schema: it nests deeper than 100 levels""#]].assert_eq(&ask()["detail"].to_string());
}

/// A resource `things` of any records, whose key is `id`.
const THINGS: &str = "tombstone: 1
resources: { things: { key: id } }
operations:
  x:
    rules: [{ respond: 200, body: {} }]
";

/// Lists in one another.
fn nested(levels: usize) -> String {
    format!("{}1{}", "[".repeat(levels), "]".repeat(levels))
}

/// A thing that nests so deep, as a fixture has it.
fn with_thing(levels: usize) -> (Emulator, Vec<Finding>) {
    let mut findings = Vec::new();
    let records =
        format!("tombstone: 1\nrecords:\n  things: [{{ id: a, of: {} }}]\n", nested(levels));
    let provider = provider((THINGS, &records), false, &mut findings).unwrap();
    assert_eq!(provider.fixtures.store.len(0), usize::from(findings.is_empty()));
    (Emulator::new(vec![provider], &EmulatorOptions::default(), &mut Vec::new()), findings)
}

#[test]
fn what_is_loaded_nests_only_as_deep_as_what_can_be_saved_and_read_again() {
    let (_, findings) = with_thing(101);
    expect!["default.yaml:3: error: it nests deeper than 100 levels"]
        .assert_eq(&findings[0].to_string());
    let (emulator, findings) = with_thing(100);
    assert_eq!(findings, []);
    let control = |name: &'static str| Control::new(&emulator, name, Timestamp(0)).unwrap();
    control("a").ensure().unwrap();
    let text = serde_json::to_string(&control("a").state_copy().unwrap()).unwrap();
    control("b").put_state(serde_json::from_str(&text).unwrap()).unwrap();
    let mut restored = None;
    for name in ["c", "d"] {
        control(name).restore_state(&text, Duration::ZERO, &mut restored).unwrap();
        assert_eq!(control(name).state().unwrap(), control("a").state().unwrap());
    }
    let deeper = text.replace(&nested(100), &nested(101));
    for told in [
        control("a").put_state(serde_json::from_str(&deeper).unwrap()).unwrap_err(),
        control("a").restore_state(&deeper, Duration::ZERO, &mut restored).unwrap_err(),
    ] {
        assert!(
            format!("{:?}", told.into_response().body())
                .contains("it nests deeper than 100 levels")
        );
    }
    let deep_fault = |levels: usize| {
        let body: Value = serde_json::from_str(&nested(levels)).unwrap();
        json!({ "operation": "x", "answer": { "status": 500, "body": body } })
    };
    assert!(control("f").add_fault(&deep_fault(101)).is_err());
    control("f").add_fault(&deep_fault(100)).unwrap();
    let with_fault = serde_json::to_string(&control("f").state_copy().unwrap()).unwrap();
    control("g").restore_state(&with_fault, Duration::ZERO, &mut restored).unwrap();
    let settings = |levels: usize| format!("settings: {{ deep: {} }}\n", nested(levels)) + THINGS;
    assert_eq!(answer(&settings(100)), Ok(json!({})));
    expect!["behavior.yaml:1: error: it nests deeper than 100 levels"]
        .assert_eq(&answer(&settings(101)).unwrap_err());
    let deepest = text.replace(&nested(100), &nested(100_000));
    assert!(control("a").restore_state(&deepest, Duration::ZERO, &mut restored).is_err());
}
