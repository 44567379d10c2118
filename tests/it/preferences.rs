//! What a caller prefers: to try without consequences, or to be answered what the contract documents.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tombstone::message::{Delivery, Reply, Why};
use tombstone::sandbox::SandboxState;

use crate::harness::{
    Call, Trial, applivery, difference, erase, erase_in, frozen, header, json_of, partoo, progress,
    timbrix, velt_organizations, world,
};

const APPLIED: &str = "preference-applied";

/// Looks at what a sandbox holds.
fn look<R>(trial: &Trial<'_>, look: impl FnOnce(&SandboxState) -> R) -> R {
    let sandbox = trial.emulator.sandboxes().find(trial.name).unwrap();
    trial.emulator.sandboxes().look(&sandbox, look).unwrap()
}

/// How often anything was exercised.
fn exercised(trial: &Trial<'_>) -> usize {
    look(trial, |state| {
        let operations =
            (0..4).flat_map(|provider| (0..40).map(move |operation| (provider, operation)));
        let answers = operations
            .flat_map(|(provider, operation)| state.coverage.answers(provider, operation));
        let rules = (0..4).flat_map(|provider| (0..1000).map(move |rule| (provider, rule)));
        let decisions = rules.map(|(provider, rule)| state.coverage.decisions(provider, rule));
        answers
            .map(|(_, count)| count)
            .chain(decisions)
            .map(|count| usize::try_from(count).unwrap())
            .sum()
    })
}

fn headers(reply: &Reply, without: &[&str]) -> Vec<(String, String)> {
    let all = reply.response.headers().iter();
    let all = all.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    all.filter(|(name, _)| !without.contains(&name.as_str())).collect()
}

#[test]
fn an_answer_is_held_back_for_one_request() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    trial.control().reset().unwrap();
    for (prefer, delay_ms, applied) in [
        ("wait=2s", 2_000, Some("wait=2000ms")),
        ("dry-run, wait=500ms", 500, Some("dry-run, wait=500ms")),
        // As RFC 7240 has it: how long the client waits at most.
        ("wait=10", 0, None),
    ] {
        let reply = trial.ask(&partoo("44").with("prefer", prefer));
        assert_eq!(reply.delay.as_millis(), delay_ms, "{prefer}");
        assert_eq!(header(&reply, APPLIED), applied, "{prefer}");
    }
    let refused = trial.ask(&partoo("44").with("prefer", "wait=soon"));
    assert_eq!(refused.response.status(), 422);
    assert_eq!(trial.ask(&partoo("44")).delay.as_millis(), 0);
}

#[test]
fn a_dry_run_answers_as_the_call_would_and_changes_nothing() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    trial.control().reset().unwrap();
    let invalid = Call { body: "{".to_owned(), ..velt_organizations(&[]) };
    let anonymous = Call { headers: Vec::new(), ..partoo("43") };
    let calls = [
        partoo("43"),
        partoo("42"),
        partoo("999"),
        applivery("globex"),
        applivery("acme"),
        timbrix(),
        velt_organizations(&["yourOrganizationId1", "none"]),
        erase(&["yourUserId1"]),
        progress("dsQuvPmIynANgPLLEhCm"),
        invalid,
        anonymous,
    ];
    for call in calls {
        let before = trial.state();
        let counted = exercised(&trial);
        let dry = trial.ask(&call.clone().with("prefer", "dry-run"));
        assert_eq!(difference(&trial.state(), &before), "", "{call:?}");
        assert_eq!(exercised(&trial), counted);
        assert_eq!(header(&dry, APPLIED), Some("dry-run"));
        let done = trial.ask(&call);
        assert_eq!(header(&done, APPLIED), None);
        assert_eq!(dry.response.status(), done.response.status(), "{call:?}");
        assert_eq!(dry.response.body(), done.response.body(), "{call:?}");
        let without = [APPLIED, "tombstone-request-id"];
        assert_eq!(headers(&dry, &without), headers(&done, &without));
        assert_eq!(dry.account.facts.why, done.account.facts.why);
        assert_eq!(dry.account.changes, done.account.changes);
        assert!(dry.account.facts.dry_run && !done.account.facts.dry_run);
        assert!(exercised(&trial) > counted);
    }
    let tried = |state: &SandboxState| {
        let calls = state.journal.entries().filter_map(|entry| match &entry.event {
            tombstone::journal::Event::Call(call) => {
                Some((call.facts.dry_run, entry.step.is_some()))
            }
            _ => None,
        });
        calls.collect::<Vec<_>>()
    };
    let tried = look(&trial, tried);
    assert_eq!(tried.len(), 22);
    assert!(tried.iter().step_by(2).all(|entry| *entry == (true, false)));
}

#[test]
fn what_is_nearly_an_instruction_is_refused_where_the_call_would_change_something() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    trial.control().reset().unwrap();
    let before = trial.state();
    for (name, value) in [
        ("prefer", "dry_run"),
        ("prefer", "respond-async, dryrun=true"),
        ("prefer", "cod=404"),
        ("prefer", "dry-run=perhaps"),
        ("tombstone-dry-run", "1"),
        ("tombstone-sanbox", "b"),
    ] {
        let refused = trial.ask(&partoo("43").with(name, value));
        assert_eq!(refused.response.status(), 422, "{name}: {value}");
        assert_eq!(refused.account.facts.why, Why::Stage("preference"));
        assert_eq!(refused.account.operation.as_deref(), Some("deleteOrganization"));
        assert_eq!(difference(&trial.state(), &before), "", "{name}: {value}");
    }
    let in_query = |query: &str| {
        let call = partoo("43");
        Call { target: format!("{}?{query}", call.target), ..call }
    };
    assert_eq!(trial.status(&in_query("__dryrun")), 422);
    assert_eq!(trial.status(&in_query("__dry-run")), 200);
    assert_eq!(trial.status(&partoo("43").with("prefer", "dry-run=1")), 200);
    assert_eq!(difference(&trial.state(), &before), "");
    // What changes nothing is answered, and what is of others is passed over.
    assert_eq!(trial.status(&partoo("999").with("prefer", "dry_run")), 404);
    assert_eq!(trial.status(&partoo("43").with("prefer", "respond-async, wait=9, mode=x")), 200);
    assert_eq!(trial.status(&partoo("43")), 404);
}

#[test]
fn a_dry_run_starts_no_job_and_uses_up_no_id() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    let spec = json!({ "settings": { "velt": { "erasure_time": 0, "acceptance_time": "3s" } } });
    trial.control().put_sandbox(&serde_json::from_value(spec).unwrap()).unwrap();
    let would = trial.ask(&erase(&["yourUserId1"]).with("prefer", "dry-run"));
    assert_eq!((would.tasks.len(), would.delay.as_secs()), (0, 3));
    assert_eq!(trial.control().jobs().unwrap().len(), 1);
    assert!(trial.record("velt/members/yourOrganizationId1,yourUserId1").is_some());
    assert_eq!(json_of(&would)["data"]["jobId"], json!(trial.start(&erase(&["yourUserId1"]))));
}

#[test]
fn what_was_due_is_done_before_a_dry_run() {
    let emulator = world(&tombstone::emulator::EmulatorOptions::default());
    let trial = Trial::new(&emulator, "a");
    let job = trial.start(&erase(&["yourUserId1"]));
    let later = trial.at(5_000);
    let progress = later.ask(&progress(&job).with("prefer", "dry-run"));
    assert_eq!(json_of(&progress)["result"]["data"]["tasksLeft"], 3);
}

#[test]
fn faults_do_not_strike_a_dry_run_nor_a_forced_answer() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    trial.add_fault(json!({ "times": 1, "delay": "5s", "answer": { "status": 503 } }));
    for preference in ["dry-run", "code=404"] {
        let reply = trial.ask(&partoo("43").with("prefer", preference));
        assert_ne!(reply.response.status(), 503);
        assert_eq!((reply.delay.as_secs(), reply.delivery), (0, Delivery::Whole));
    }
    assert_eq!(trial.control().fault("f1").unwrap()["matched"], 0);
    assert_eq!(trial.status(&partoo("43")), 503);
}

/// A call of each operation.
fn one_for_each_operation(trial: &Trial<'_>) -> Vec<(usize, usize, Call)> {
    let mut calls = Vec::new();
    for (provider, overview) in trial.emulator.overview().iter().enumerate() {
        for operation in 0..overview.operations.len() {
            let asked = &overview.operations[operation];
            let path =
                asked.path.split('/').map(|part| if part.starts_with('{') { "1" } else { part });
            // What forces an answer needs neither credentials nor a proper body.
            let call = Call {
                method: asked.method.parse().unwrap(),
                target: format!("/{}{}", overview.name, path.collect::<Vec<_>>().join("/")),
                headers: Vec::new(),
                body: String::new(),
            };
            calls.push((provider, operation, call));
        }
    }
    calls
}

#[test]
fn every_documented_answer_of_every_operation_can_be_forced() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    trial.control().reset().unwrap();
    let before = trial.state();
    let mut forced = 0;
    for (provider, operation, call) in one_for_each_operation(&trial) {
        let contract = emulator.behavior(provider).contract();
        let operation = &contract.operations[operation];
        for (code, response) in &operation.responses {
            let media = response.content.values().next();
            let ask = |preference: &str| {
                let reply = trial.ask(&call.clone().with("prefer", preference));
                assert_eq!(reply.response.status().as_str(), code, "{} {preference}", operation.id);
                assert_eq!(header(&reply, APPLIED), Some(preference));
                assert!(
                    matches!(&reply.account.facts.why, Why::Forced(why) if why.contains(preference))
                );
                assert!(reply.account.changes.is_empty());
                String::from_utf8(reply.response.body().to_vec()).unwrap()
            };
            let first = media.and_then(|media| media.examples.values().next());
            assert_eq!(
                ask(&format!("code={code}")),
                first.map(Value::to_string).unwrap_or_default()
            );
            for (name, example) in media.iter().flat_map(|media| &media.examples) {
                assert_eq!(ask(&format!("code={code}, example={name}")), example.to_string());
                forced += 1;
            }
            forced += 1;
        }
    }
    assert!(forced > 40, "{forced}");
    assert_eq!(difference(&trial.state(), &before), "");
    assert_eq!(
        trial
            .control()
            .undo(tombstone::journal::Back::Steps(1))
            .map(drop)
            .unwrap_err()
            .into_response()
            .status(),
        409
    );
}

#[test]
fn an_example_can_be_forced_by_its_name_alone() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    for (provider, operation, call) in one_for_each_operation(&trial) {
        let contract = emulator.behavior(provider).contract();
        let responses = &contract.operations[operation].responses;
        let mut names: BTreeSet<&str> = BTreeSet::new();
        for response in responses.values() {
            names.extend(
                response
                    .content
                    .values()
                    .flat_map(|media| media.examples.keys().map(String::as_str)),
            );
        }
        for name in names {
            let reply = trial.ask(&call.clone().with("prefer", &format!("example=\"{name}\"")));
            let code = reply.response.status().as_str().to_owned();
            let example = &responses[code.as_str()].content.values().next().unwrap().examples[name];
            assert_eq!(json_of(&reply), *example);
        }
    }
}

#[test]
fn what_is_not_documented_is_refused_with_what_is() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    let tell = |call: Call, preference: &str| {
        let reply = trial.ask(&call.with("prefer", preference));
        assert_eq!(header(&reply, APPLIED), None);
        format!("{}", String::from_utf8_lossy(reply.response.body()))
    };
    let texts = [
        tell(partoo("43"), "code=418"),
        tell(partoo("43"), "code=404, example=nobody"),
        tell(partoo("43"), "example=nobody"),
        tell(erase_in(&["a"], &["b"]), "code=403, example=no_api_key"),
        tell(partoo("43"), "code=4XX"),
    ];
    expect_test::expect![[r#"
        {"type":"urn:tombstone:errors#NOT_FOUND","title":"The server cannot find the requested content","status":404,"detail":"`deleteOrganization` documents no response 418: it has `200`, `400`, `401`, `403`, `404`","codes":["200","400","401","403","404"],"examples":["deleted","still_has_resources","not_a_bool","not_an_integer","malformed","not_authenticated","not_allowed","not_found"]}
        {"type":"urn:tombstone:errors#NOT_FOUND","title":"The server cannot find the requested content","status":404,"detail":"`deleteOrganization` documents no example `nobody` for 404: it has `not_found` there, and the codes `200`, `400`, `401`, `403`, `404`","codes":["200","400","401","403","404"],"examples":["not_found"]}
        {"type":"urn:tombstone:errors#NOT_FOUND","title":"The server cannot find the requested content","status":404,"detail":"`deleteOrganization` documents no example `nobody`: it has `deleted`, `still_has_resources`, `not_a_bool`, `not_an_integer`, `malformed`, `not_authenticated`, `not_allowed`, `not_found`","codes":["200","400","401","403","404"],"examples":["deleted","still_has_resources","not_a_bool","not_an_integer","malformed","not_authenticated","not_allowed","not_found"]}
        {"type":"urn:tombstone:errors#NOT_FOUND","title":"The server cannot find the requested content","status":404,"detail":"`deleteUserData` documents no example `no_api_key` for 403: it has `bad_api_key`, `bad_auth_token` there, and the codes `202`, `400`, `403`, `500`","codes":["202","400","403","500"],"examples":["bad_api_key","bad_auth_token"]}
        {"type":"urn:tombstone:errors#UNPROCESSABLE_ENTITY","title":"no such preference","status":422,"detail":"`4XX` is not a valid status for `Prefer: code`: write three digits from 200 to 599"}"#]].assert_eq(&texts.join("\n"));
    // Nothing of that was an answer of theirs.
    assert_eq!(exercised(&trial), 0);
    // Unknown preferences are passed over (RFC 7240 section 2).
    assert_eq!(trial.status(&partoo("43").with("prefer", "respond-async, wait=5")), 200);
}
