//! Determinism: the same requests on the same seed at the same time are answered with the same bytes, run after run and
//! sandbox after sandbox.

use std::fmt::Write;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tombstone::clock::ClockChange;
use tombstone::emulator::{Emulator, EmulatorOptions};
use tombstone::message::Reply;

use crate::harness::{Call, FROZEN, Trial, erase, world};

/// Every call that the fixtures of all providers show, in order.
fn shown(emulator: &Emulator) -> Vec<Call> {
    let calls = emulator.overview().into_iter().flat_map(|provider| {
        provider.calls.iter().map(move |shown| Call {
            method: shown.method.clone(),
            target: format!("/{}{}", provider.name, shown.target),
            headers: shown.headers.clone(),
            body: shown.body.as_ref().map(ToString::to_string).unwrap_or_default(),
        })
    });
    calls.collect()
}

/// All of an answer but for the name of the sandbox.
fn transcript(reply: &Reply) -> String {
    let mut text = format!("{}\n", reply.response.status());
    for (name, value) in reply.response.headers() {
        if name != "tombstone-sandbox" {
            writeln!(text, "{name}: {}", value.to_str().unwrap()).unwrap();
        }
    }
    let body = String::from_utf8_lossy(reply.response.body());
    let changes = &reply.account.changes;
    writeln!(
        text,
        "{body}\n{:?} {:?} {:?} {changes:?}",
        reply.delay, reply.delivery, reply.account.facts.why
    )
    .unwrap();
    text
}

/// What one of the requests of a run is.
#[derive(Clone, Debug)]
enum Step {
    /// One that is shown, its body otherwise, and by a path or a query that says something else.
    Call {
        which: usize,
        body: Option<Value>,
        suffix: &'static str,
        preference: Option<&'static str>,
    },
    Advance(i64),
    Undo(usize),
}

fn body() -> impl Strategy<Value = Option<Value>> {
    let ids = prop::sample::select(vec![
        "yourOrganizationId1",
        "northwind-studio",
        "cedar-health",
        "none",
        "",
        "yourUserId1",
        "ines",
        "é\u{202e}",
    ]);
    let list = prop::collection::vec(ids, 0..4).prop_map(|ids| json!(ids));
    let odd = prop_oneof![
        Just(Value::Null),
        Just(json!(7)),
        Just(json!({})),
        any::<String>().prop_map(Value::from)
    ];
    let part = prop_oneof![4 => list, 1 => odd].boxed();
    let data = (part.clone(), prop::option::of(part)).prop_map(|(first, second)| {
        let mut data = json!({ "organizationIds": first });
        if let Some(second) = second {
            data["userIds"] = second;
        }
        json!({ "data": data })
    });
    prop::option::of(
        prop_oneof![6 => data, 1 => any::<f64>().prop_map(|number| json!({ "data": number }))],
    )
}

fn step(calls: usize) -> impl Strategy<Value = Step> {
    let suffix =
        prop::sample::select(vec!["", "", "", "", "?force=true", "?force=maybe", "/x", "%ff"]);
    let preference = prop::sample::select(vec![
        None,
        None,
        None,
        None,
        Some("dry-run"),
        Some("code=404"),
        Some("code=418"),
        Some("code=abc"),
    ]);
    let call =
        (0..calls, body(), suffix, preference).prop_map(|(which, body, suffix, preference)| {
            Step::Call { which, body, suffix, preference }
        });
    prop_oneof![12 => call, 2 => (0_i64..20_000).prop_map(Step::Advance), 1 => (1_usize..3).prop_map(Step::Undo)]
}

/// All that comes of a run in one sandbox, and what it is in the end.
fn run(trial: &Trial<'_>, calls: &[Call], steps: &[Step]) -> Vec<String> {
    let mut told = Vec::new();
    for step in steps {
        told.push(match step {
            Step::Call { which, body, suffix, preference } => {
                let mut call = calls[*which].clone();
                call.target.push_str(suffix);
                if let Some(body) = body {
                    call.body = body.to_string();
                }
                if let Some(preference) = preference {
                    call = call.with("prefer", preference);
                }
                transcript(&trial.ask(&call))
            }
            Step::Advance(ms) => {
                format!("{:?}", trial.control().change_clock(ClockChange::Advance(*ms)).unwrap())
            }
            Step::Undo(steps) => {
                format!("{:?}", trial.control().undo(tombstone::journal::Back::Steps(*steps)))
            }
        });
    }
    told.push(trial.state().to_string());
    told
}

fn options() -> EmulatorOptions {
    EmulatorOptions { seed: 42, clock: FROZEN, ..EmulatorOptions::default() }
}

/// A sandbox in which faults strike by chance.
fn begin<'e>(emulator: &'e Emulator, name: &'e str) -> Trial<'e> {
    let trial = Trial::new(emulator, name);
    let spec = json!({ "faults": [
        { "probability": 0.1, "answer": { "status": 503 } },
        { "probability": 0.2, "delay": { "lognormal": { "median": "90ms", "sigma": 0.5 } } },
        { "probability": 0.05, "connection": "garbage", "commit": true },
    ] });
    trial.control().put_sandbox(&serde_json::from_value(spec).unwrap()).unwrap();
    trial
}

fn assert_same(left: &[String], right: &[String]) -> Result<(), TestCaseError> {
    for (number, (left, right)) in left.iter().zip(right).enumerate() {
        prop_assert_eq!(left, right, "request {}", number);
    }
    prop_assert_eq!(left.len(), right.len());
    Ok(())
}

#[test]
fn all_calls_that_are_shown_are_answered_with_the_same_bytes() {
    let (one, other) = (world(&options()), world(&options()));
    let calls = shown(&one);
    assert!(calls.len() >= 30, "{}", calls.len());
    let steps: Vec<Step> = (0..calls.len())
        .chain(0..calls.len())
        .map(|which| Step::Call { which, body: None, suffix: "", preference: None })
        .collect();
    let plain = run(&Trial::new(&one, "default"), &calls, &steps);
    assert_same(&run(&Trial::new(&other, "other"), &calls, &steps), &plain).unwrap();
    // What the system clock shows does not matter.
    assert_same(&run(&Trial::new(&one, "later").at(86_400_000), &calls, &steps), &plain).unwrap();
    assert_ne!(run(&begin(&one, "struck"), &calls, &steps), plain);
}

#[test]
fn whatever_is_asked_is_answered_with_the_same_bytes() {
    let (one, other) = (world(&options()), world(&options()));
    let calls = shown(&one);
    let steps = prop::collection::vec(step(calls.len()), 1..40);
    let mut runner =
        TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
    let result = runner.run(&steps, |steps| {
        let first = run(&begin(&one, "first"), &calls, &steps);
        assert_same(&run(&begin(&one, "second"), &calls, &steps), &first)?;
        assert_same(&run(&begin(&other, "elsewhere"), &calls, &steps), &first)?;
        // A reset begins the same again.
        let again = Trial::new(&one, "first");
        again.control().reset().unwrap();
        assert_same(&run(&again, &calls, &steps), &first)
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn another_seed_makes_up_other_ids() {
    let emulator = world(&options());
    let job = |name: &str, seed: u64| {
        let trial = Trial::new(&emulator, name);
        trial
            .control()
            .put_sandbox(&serde_json::from_value(json!({ "seed": seed })).unwrap())
            .unwrap();
        trial.start(&erase(&["ines"]))
    };
    let plain = Trial::new(&emulator, "plain").start(&erase(&["ines"]));
    assert_eq!(job("a", 42), plain);
    assert_ne!(job("b", 43), plain);
    assert_eq!(job("b", 42), plain);
}
