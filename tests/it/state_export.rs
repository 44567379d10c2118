//! The whole state of a sandbox as a document: taken out, put in elsewhere, and refused where it cannot be.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tombstone::clock::ClockChange;
use tombstone::emulator::EmulatorOptions;

use crate::harness::{
    NOON, Trial, applivery, difference, erase, frozen, header, json_of, partoo, progress,
    status_of, timbrix, told, velt_organizations, world,
};

#[test]
fn what_a_state_has_as_sandboxes_begin_is_shared_with_them() {
    let emulator = world(&EmulatorOptions::default());
    let trial = Trial::new(&emulator, "a");
    assert_eq!(trial.status(&partoo("43")), 200);
    let state = trial.state();
    let copy = Trial { name: "copy", ..trial };
    copy.control().put_state(state.clone()).unwrap();
    assert_eq!(difference(&copy.state(), &state), "");
    let sandbox = emulator.sandboxes().find("copy").unwrap();
    let begun = &emulator.sandboxes().baseline().world;
    let compared = emulator.sandboxes().look(&sandbox, |copied| {
        let stores = copied.world.stores().iter().zip(begun.stores());
        let untouched = stores.filter(|(own, begun)| own.is_untouched_since(begun)).count();
        (untouched, begun.stores().len())
    });
    let (untouched, all) = compared.unwrap();
    assert_eq!(untouched, all - 1, "all but the one that was called");
}

/// A sandbox in which much has happened: a running job, references to what is gone, a fault, another time and setting.
fn eventful(trial: &Trial<'_>) -> Value {
    let spec = json!({ "seed": 11, "settings": { "velt": { "erasure_time": "1m" } } });
    trial.control().put_sandbox(&serde_json::from_value(spec).unwrap()).unwrap();
    trial.add_fault(
        json!({ "path": "/nothing/**", "probability": 0.5, "answer": { "status": 503 } }),
    );
    for call in [
        partoo("43"),
        applivery("globex"),
        timbrix(),
        erase(&["yourUserId1", "maya"]),
        erase(&["ines"]),
    ] {
        assert!(trial.ask(&call).response.status().is_success());
    }
    trial.advance(24_000);
    let loose = json!({ "id": "loose", "organization_id": "bluebird-labs", "parent_folder_id": "gone", "folder_name": "L" });
    assert_eq!(trial.put("velt/folders/bluebird-labs,loose", loose), 201);
    trial.state()
}

#[test]
fn a_state_that_is_put_back_is_the_same_and_goes_on_in_the_same_way() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    let state = eventful(&trial);
    let detached = state["providers"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|one| one["detached"].as_array().unwrap());
    assert!(detached.count() >= 2, "something refers to what is gone");
    let copy = Trial { name: "copy", ..trial };
    copy.control().put_state(state.clone()).unwrap();
    assert_eq!(difference(&copy.state(), &state), "");
    // As text, as it is kept in a file, and over another world.
    let elsewhere = frozen();
    let far = Trial::new(&elsewhere, "far");
    far.ask(&partoo("42?force=true"));
    far.control().put_state(serde_json::from_str(&state.to_string()).unwrap()).unwrap();
    assert_eq!(far.state().to_string(), state.to_string());
    let goes_on = |trial: &Trial<'_>| {
        let mut told = vec![trial.start(&erase(&["tom"]))];
        trial.advance(20_000);
        trial.put(
            "velt/folders/bluebird-labs,gone",
            json!({ "id": "gone", "organization_id": "bluebird-labs", "folder_name": "G" }),
        );
        trial
            .control()
            .delete_record("velt", "folders", &["bluebird-labs".to_owned(), "gone".to_owned()])
            .unwrap();
        told.push(trial.state().to_string());
        trial.advance(60_000);
        told.push(trial.state().to_string());
        told
    };
    let expected = goes_on(&trial);
    assert!(expected[1].contains(r#""loose""#), "what was detached goes with no deletion");
    assert_eq!(goes_on(&copy), expected);
    assert_eq!(goes_on(&far), expected);
}

#[test]
fn what_happened_before_a_state_was_put_is_not_undone_and_a_reset_leads_to_the_beginning() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    trial.control().reset().unwrap();
    let begun = trial.state();
    trial.ask(&partoo("43"));
    let deleted = trial.state();
    trial.ask(&partoo("42?force=true"));
    trial.control().put_state(deleted.clone()).unwrap();
    assert_eq!(
        trial.control().undo(tombstone::journal::Back::Steps(1)).map_err(status_of).unwrap_err(),
        409
    );
    assert_eq!(trial.control().redo(1).map_err(status_of).unwrap_err(), 409);
    assert_eq!(header(&trial.ask(&partoo("43")), "tombstone-request-id"), Some("3"));
    trial.control().reset().unwrap();
    assert_eq!(difference(&trial.state()["providers"], &begun["providers"]), "");
    assert_eq!(trial.state()["clock"], begun["clock"]);
}

#[test]
fn a_running_clock_runs_on_from_where_the_state_has_it() {
    let emulator = world(&EmulatorOptions::default());
    let trial = Trial::new(&emulator, "a");
    let job = trial.start(&erase(&["yourUserId1"]));
    trial.control().change_clock(ClockChange::Rate(10.0)).unwrap();
    let state = trial.at(500).state();
    assert_eq!(
        state["clock"],
        json!({ "now": "2026-01-15T12:00:05.000Z", "frozen": false, "rate": 10.0 })
    );
    let copy = Trial { name: "copy", ..trial }.at(3_600_000);
    copy.control().put_state(state).unwrap();
    let left = |trial: &Trial<'_>| json_of(&trial.ask(&progress(&job)))["result"]["data"].clone();
    assert_eq!(left(&copy)["tasksLeft"], 3);
    assert_eq!(emulator.next_due(), Some(NOON.plus_ms(600)));
    assert_eq!(left(&copy.at(3_600_000 + 499))["tasksLeft"], 1);
    let end = json!(NOON.plus_ms(10_000).0);
    assert_eq!(left(&copy.at(3_600_000 + 500))["lastTaskCompletedTime"], end);
}

#[test]
fn everything_that_is_wrong_with_a_state_is_told_and_nothing_changes() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    let state = eventful(&trial);
    let mut wrong = state.clone();
    wrong["tombstone"] = json!(9);
    wrong["ids_position"] = json!("-1");
    wrong["clock"] = json!({ "now": "noon", "frozen": true, "rate": 1e9 });
    wrong["faults"] = json!([{ "answer": { "status": 99 } }]);
    wrong["providers"]["shop"] = json!({ "records": {} });
    let velt = &mut wrong["providers"]["velt"];
    velt["settings"]["erasure_time"] = json!("soon");
    velt["records"]["folder"] = json!([]);
    velt["records"]["organizations"][0]["organization_name"] = json!(5);
    velt["records"]["organizations"][1]["id"] = velt["records"]["organizations"][2]["id"].clone();
    velt["records"]["locations"][0]["document_id"] = json!("nowhere");
    velt["detached"][0]["relation"] = json!("friend");
    let refused = trial.control().put_state(wrong).map_err(told).unwrap_err();
    let problems: Vec<&str> =
        refused["problems"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    expect_test::expect![[r#"
        format 9 is not known here: this program reads format 1
        `noon` is no time for `clock.start`: write RFC 3339 such as `2030-01-01T00:00:00Z`
        `clock.rate` is `1000000000`: give a number from 0 to 1000000
        `ids_position` is `-1`: give a whole number up to 18446744073709551616 as text
        `faults/0`: `status` is 99 (write a number from 200 to 599)
        `providers/shop`: there is no such provider here
        `providers/velt`: `detached/0`: name a resource, a relation of its, and two keys
        `providers/velt`: `records/organizations/0`: at `/organization_name`: 5 is not of type "string"
        `providers/velt`: `records/folder`: there is no such resource (did you mean `folders`?)
        `providers/velt`: `records/organizations/2`: `organizations` has a record `harbor-press` already: give this one another key
        `providers/velt`: `records/folders/2`: `organization` of record `cedar-health,ch-policies` of `folders` refers to record `cedar-health` of `organizations`, which does not exist: add that record, or leave the reference out
        `providers/velt`: `records/documents/1`: `organization` of record `cedar-health,ch-handbook` of `documents` refers to record `cedar-health` of `organizations`, which does not exist: add that record, or leave the reference out
        `providers/velt`: `records/locations/0`: `document` of record `bb-interview-7` of `locations` refers to record `bluebird-labs,nowhere` of `documents`, which does not exist: add that record, or leave the reference out
        `providers/velt`: `soon` is no duration such as `10s`, `5m` or `24h`, and the job `eraseUserData` is to take so long"#]].assert_eq(&problems.join("\n"));
    assert_eq!(difference(&trial.state(), &state), "");
    assert!(trial.control().sandbox().unwrap().journal_entries > 5);
    // What could not be put makes no sandbox either.
    let none = Trial { name: "none", ..trial };
    assert_eq!(
        none.control().put_state(json!({ "tombstone": 1 })).map_err(status_of).unwrap_err(),
        422
    );
    assert_eq!(none.control().sandbox().map_err(status_of).err(), Some(404));
}

/// Takes a value out of a document, or puts another in its place, somewhere.
fn tear(document: &mut Value, path: &[u32], with: &Value) {
    let Some((step, rest)) = path.split_first() else { return };
    let step = *step as usize;
    let inner = match document {
        Value::Object(members) if !members.is_empty() => {
            let at = step % members.len();
            if rest.is_empty() && with.is_null() {
                let name = members.keys().nth(at).unwrap().clone();
                members.shift_remove(&name);
                return;
            }
            members.values_mut().nth(at)
        }
        Value::Array(items) if !items.is_empty() => {
            let at = step % items.len();
            items.get_mut(at)
        }
        other => {
            *other = with.clone();
            return;
        }
    };
    let inner = inner.unwrap();
    if rest.is_empty() { *inner = with.clone() } else { tear(inner, rest, with) }
}

#[test]
fn torn_states_are_refused_or_are_what_they_say() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    let state = eventful(&trial);
    let before = trial.state();
    let values = prop_oneof![
        Just(Value::Null),
        Just(json!("x")),
        Just(json!(-1)),
        Just(json!(u64::MAX)),
        Just(json!("340282366920938463463374607431768211455")),
        Just(json!(1e300)),
        Just(json!([])),
        Just(json!({ "state": "pending" })),
        Just(json!([{ "state": "pending", "value": "a", "due_ms": -5 }])),
    ];
    let mut runner =
        TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    let tears = prop::collection::vec((prop::collection::vec(any::<u32>(), 1..8), values), 1..4);
    let torn = Trial { name: "torn", ..trial };
    let result = runner.run(&tears, |tears| {
        let mut document = state.clone();
        for (path, with) in &tears {
            tear(&mut document, path, with);
        }
        torn.control().put_state(state.clone()).unwrap();
        match torn.control().put_state(document) {
            Err(problem) => {
                prop_assert_eq!(status_of(problem), 422);
                prop_assert_eq!(difference(&torn.state(), &state), "");
            }
            Ok(()) => {
                // Whatever it was, the sandbox works, and what comes out of it can be put in again.
                for call in [erase(&["maya"]), partoo("42"), velt_organizations(&["cedar-health"])]
                {
                    let status = torn.status(&call);
                    prop_assert!(status != 500, "{:?} {}", call, status);
                }
                torn.advance(120_000);
                let out = torn.state();
                torn.control().put_state(out.clone()).unwrap();
                prop_assert_eq!(difference(&torn.state(), &out), "");
            }
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    assert_eq!(difference(&trial.state(), &before), "");
}
