//! The way back: whatever happened in a sandbox, undone it is as it was, and done again it is as it was then.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseResult, TestRunner};
use serde_json::{Value, json};
use tombstone::clock::{ClockChange, Timestamp};
use tombstone::emulator::{Emulator, EmulatorOptions};
use tombstone::journal::Back;

use crate::harness::{
    FROZEN, NOON, Trial, applivery, call, difference, erase, erase_in, frozen, json_of, partoo,
    progress, status_of, timbrix, told, velt_organizations, world,
};

/// One thing that happens in a sandbox.
#[derive(Clone, Debug)]
enum Act {
    Call(usize),
    Put(usize),
    Patch(usize),
    Delete(usize),
    Clock(ClockChange),
    RunJob(usize),
    CancelJob(usize),
}

/// What calls are made of: what changes something once, what always does, and what does not.
fn calls() -> Vec<crate::harness::Call> {
    vec![
        partoo("43"),
        partoo("42?force=true"),
        partoo("44"),
        applivery("globex"),
        applivery("acme"),
        timbrix(),
        velt_organizations(&["yourOrganizationId1"]),
        velt_organizations(&["northwind-studio", "cedar-health"]),
        erase(&["yourUserId1", "yourUserId2"]),
        erase_in(&["ines"], &["bluebird-labs", "nowhere"]),
        erase_in(&["tom", "maya"], &["harbor-press", "yourOrganizationId1", "northwind-studio"]),
        progress("dsQuvPmIynANgPLLEhCm"),
        partoo("43").with("prefer", "dry-run"),
        partoo("42").with("prefer", "code=404"),
        call("GET /nothing", &[], ""),
    ]
}

/// Records that can be made or be made otherwise.
fn puts() -> Vec<(&'static str, Value)> {
    let organization =
        |id: &str| json!({ "id": id, "workspace_id": "ws-sandbox", "organization_name": "New" });
    vec![
        ("velt/organizations/new-one", organization("new-one")),
        ("velt/organizations/cedar-health", organization("cedar-health")),
        (
            "velt/organizations/cedar-health",
            json!({ "id": "cedar-health", "workspace_id": "ws-other", "organization_name": "Moved" }),
        ),
        (
            "velt/members/new-one,ines",
            json!({ "organization_id": "new-one", "user_id": "ines", "name": "I", "email": "i@example.com" }),
        ),
        // A reference that may lead nowhere, and does unless that organization has been made.
        (
            "velt/folders/bluebird-labs,loose",
            json!({ "id": "loose", "organization_id": "bluebird-labs", "parent_folder_id": "gone", "folder_name": "L" }),
        ),
        (
            "velt/folders/bluebird-labs,gone",
            json!({ "id": "gone", "organization_id": "bluebird-labs", "parent_folder_id": null, "folder_name": "G" }),
        ),
    ]
}

fn patches() -> Vec<(&'static str, Value)> {
    vec![
        ("velt/organizations/bluebird-labs", json!({ "disabled": true })),
        ("velt/comments/822019", json!({ "mentions": [] })),
        ("velt/documents/yourOrganizationId1,yo-budget", json!({ "folder_id": "yo-launch" })),
        ("velt/documents/yourOrganizationId1,yo-landing-page", json!({ "folder_id": null })),
        ("velt/notifications/notification-1", json!({ "read": true, "text": "other" })),
    ]
}

const DELETIONS: [&str; 8] = [
    "velt/organizations/harbor-press",
    "velt/members/yourOrganizationId1,maya",
    "velt/documents/northwind-studio,nw-logo",
    "velt/folders/yourOrganizationId1,yo-launch",
    "velt/workspaces/ws-sandbox",
    "velt/folders/bluebird-labs,gone",
    "partoo/organizations/42",
    "applivery/organizations/64b7f0c2a91d3e5f8a7c1b20",
];

fn act() -> impl Strategy<Value = Act> {
    let clock = prop_oneof![
        4 => (0_i64..8_000).prop_map(ClockChange::Advance),
        1 => (-5_000_i64..15_000).prop_map(|ms| ClockChange::Set(NOON.plus_ms(ms))),
        1 => (0_i64..2_000_000).prop_map(ClockChange::Advance),
    ];
    prop_oneof![
        8 => (0..calls().len()).prop_map(Act::Call),
        2 => (0..puts().len()).prop_map(Act::Put),
        2 => (0..patches().len()).prop_map(Act::Patch),
        3 => (0..DELETIONS.len()).prop_map(Act::Delete),
        4 => clock.prop_map(Act::Clock),
        1 => (0_usize..4).prop_map(Act::RunJob),
        1 => (0_usize..4).prop_map(Act::CancelJob),
    ]
}

/// Does it; what cannot be done is refused and changes nothing.
fn perform(trial: &Trial<'_>, act: &Act) {
    let control = trial.control();
    let parts = |path: &str| -> (String, String, Vec<String>) {
        let [provider, resource, key] = path.split('/').collect::<Vec<_>>()[..] else {
            panic!("{path}")
        };
        (provider.to_owned(), resource.to_owned(), key.split(',').map(ToOwned::to_owned).collect())
    };
    let job = |number: usize| {
        let jobs = control.jobs().unwrap();
        jobs.get(number).map(|job| job.id.clone())
    };
    match act {
        Act::Call(number) => drop(trial.ask(&calls()[*number])),
        Act::Put(number) => {
            let (path, fields) = &puts()[*number];
            trial.put(path, fields.clone());
        }
        Act::Patch(number) => {
            let (path, change) = &patches()[*number];
            let (provider, resource, key) = parts(path);
            drop(control.patch_record(
                &provider,
                &resource,
                &key,
                change.as_object().unwrap().clone(),
            ));
        }
        Act::Delete(number) => {
            let (provider, resource, key) = parts(DELETIONS[*number]);
            drop(control.delete_record(&provider, &resource, &key));
        }
        Act::Clock(change) => drop(control.change_clock(*change).unwrap()),
        Act::RunJob(number) => drop(job(*number).map(|id| control.run_job(&id))),
        Act::CancelJob(number) => drop(job(*number).map(|id| control.cancel_job(&id))),
    }
}

/// How many things there are that can be undone.
fn steps(trial: &Trial<'_>) -> usize {
    let sandbox = trial.emulator.sandboxes().find(trial.name).unwrap();
    let count = |most: usize| {
        let way = |state: &tombstone::sandbox::SandboxState| {
            state.journal.back(Back::Steps(most)).is_ok()
        };
        trial.emulator.sandboxes().look(&sandbox, way).unwrap()
    };
    (1..1_000).find(|most| !count(*most)).unwrap() - 1
}

fn last_id(trial: &Trial<'_>) -> u64 {
    trial.control().sandbox().unwrap().last_request_id
}

fn check(cases: u32, test: impl Fn(&Emulator, Vec<Act>, Vec<usize>) -> TestCaseResult) {
    let emulator = frozen();
    let acts = (prop::collection::vec(act(), 1..14), prop::collection::vec(0_usize..100, 8));
    let mut runner =
        TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let result = runner.run(&acts, |(acts, choices)| {
        emulator.sandboxes().reset(NOON);
        test(&emulator, acts, choices)
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn whatever_happened_is_undone_step_by_step_and_done_again() {
    check(150, |emulator, acts, choices| {
        let trial = Trial::new(emulator, "a");
        trial.control().reset().unwrap();
        // The state after so many steps.
        let mut states = vec![trial.state()];
        for act in &acts {
            perform(&trial, act);
            match steps(&trial) {
                same if same + 1 == states.len() => {
                    prop_assert_eq!(difference(&trial.state(), &states[same]), "");
                }
                next => {
                    prop_assert_eq!(next, states.len(), "one thing that was done is one step");
                    states.push(trial.state());
                }
            }
        }
        let mut at = states.len() - 1;
        for choice in choices {
            let back = choice % (at + 1);
            if back > 0 {
                trial.control().undo(Back::Steps(back)).unwrap();
                at -= back;
                prop_assert_eq!(difference(&trial.state(), &states[at]), "");
            }
            let forward = choice / 7 % (states.len() - at);
            if forward > 0 {
                trial.control().redo(forward).unwrap();
                at += forward;
                prop_assert_eq!(difference(&trial.state(), &states[at]), "");
            }
            prop_assert!(trial.control().redo(states.len() - at).is_err());
            prop_assert_eq!(steps(&trial), at);
        }
        // Something new is the end of what was undone.
        let later = states.len() - 1 - at;
        trial.advance(1);
        prop_assert!(later == 0 || trial.control().redo(1).is_err());
        trial.control().undo(Back::Steps(1)).unwrap();
        prop_assert_eq!(difference(&trial.state(), &states[at]), "");
        Ok(())
    });
}

#[test]
fn the_world_before_any_entry_can_be_gone_back_to() {
    check(150, |emulator, acts, choices| {
        let trial = Trial::new(emulator, "a");
        trial.control().reset().unwrap();
        // The state before the entry of that number, wherever something began with it.
        let mut before = vec![(1, trial.state())];
        for (act, choice) in acts.iter().zip(choices.iter().cycle()) {
            match choice {
                0..20 => drop(trial.control().undo(Back::Steps(1 + choice % 3))),
                20..30 => drop(trial.control().redo(1 + choice % 2)),
                30..45 => {
                    let to = 1 + *choice as u64 % last_id(&trial).max(1);
                    drop(trial.control().undo(Back::Before(to)));
                }
                _ => perform(&trial, act),
            }
            before.push((last_id(&trial) + 1, trial.state()));
        }
        for choice in choices {
            let (id, state) = &before[choice % before.len()];
            if *id <= last_id(&trial) {
                trial.control().undo(Back::Before(*id)).unwrap();
                prop_assert_eq!(difference(&trial.state(), state), "", "before {}", id);
            }
        }
        Ok(())
    });
}

#[test]
fn undo_is_told_by_entry_and_by_record() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    trial.ask(&partoo("43"));
    trial.ask(&partoo("43"));
    trial.ask(&velt_organizations(&["cedar-health"]));
    let undone = trial.control().undo(Back::Steps(2)).unwrap();
    assert_eq!((undone.id, &undone.entries[..]), (4, &[3, 1][..]));
    assert_eq!(undone.records["partoo/organizations"], 1);
    assert_eq!(undone.records["velt/organizations"], 1);
    let redone = trial.control().redo(1).unwrap();
    assert_eq!((redone.id, &redone.entries[..]), (5, &[1][..]));
    assert_eq!(redone.records.len(), 1);
}

#[test]
fn undoing_the_call_that_started_a_job_takes_its_tasks_along() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    trial.control().reset().unwrap();
    let begun = trial.state();
    let id = trial.start(&erase(&["yourUserId1"]));
    let started = trial.state();
    trial.advance(5_000);
    let midway = trial.state();
    trial.control().run_job(&id).unwrap();
    let done = trial.state();
    let entries = trial.control().undo(Back::Steps(1)).unwrap().entries;
    assert_eq!((entries.len(), trial.state()), (4, midway));
    trial.control().undo(Back::Before(1)).unwrap();
    assert_eq!(trial.state(), begun);
    trial.control().redo(1).unwrap();
    assert_eq!(trial.state(), started);
    trial.control().redo(2).unwrap();
    assert_eq!(trial.state(), done);
}

#[test]
fn tasks_alone_are_undone_and_done_again() {
    let emulator = world(&EmulatorOptions::default());
    let trial = Trial::new(&emulator, "a");
    trial.start(&erase(&["yourUserId1"]));
    let later = trial.at(5_000);
    let midway = later.state();
    assert_eq!(last_id(&later), 3);
    later.control().undo(Back::Before(3)).unwrap();
    later.control().redo(1).unwrap();
    assert_eq!(later.state(), midway);
    later.control().undo(Back::Before(2)).unwrap();
    later.control().redo(1).unwrap();
    assert_eq!(later.state(), midway);
}

#[test]
fn past_the_horizon_the_oldest_that_can_be_undone_is_told() {
    let emulator = world(&EmulatorOptions {
        clock: FROZEN,
        journal_entries_max: 3,
        ..EmulatorOptions::default()
    });
    let trial = Trial::new(&emulator, "a");
    let nothing = trial.control().undo(Back::Steps(1)).map_err(status_of);
    assert_eq!(nothing.unwrap_err(), 404);
    for id in ["43", "43"] {
        trial.ask(&partoo(id));
    }
    for organization in ["cedar-health", "harbor-press"] {
        trial.ask(&velt_organizations(&[organization]));
    }
    let refused = |back| told(trial.control().undo(back).unwrap_err());
    let texts = [Back::Steps(3), Back::Before(1), Back::Before(0), Back::Before(9)]
        .map(|back| refused(back).to_string());
    expect_test::expect![[r#"
        {"title":"out of reach","status":409,"detail":"the journal does not reach back so far: the oldest request that can be undone is 3","oldest":3}
        {"title":"out of reach","status":409,"detail":"the journal does not reach back so far: the oldest request that can be undone is 3","oldest":3}
        {"title":"out of reach","status":409,"detail":"there is no request 0 in the journal: the oldest request that can be undone is 3","oldest":3}
        {"title":"out of reach","status":409,"detail":"there is no request 9 in the journal: the oldest request that can be undone is 3","oldest":3}"#]].assert_eq(&texts.join("\n"));
    let state = trial.state();
    trial.control().undo(Back::Before(2)).unwrap();
    assert_ne!(trial.state(), state);
    // The entry of the undo itself has pushed one out.
    assert!(trial.control().redo(1).is_ok());
    let texts = told(trial.control().redo(2).unwrap_err()).to_string();
    expect_test::expect![[r#"{"title":"out of reach","status":409,"detail":"there are not so many steps to do again: nothing was undone, or something new has happened since"}"#]].assert_eq(&texts);
}

#[test]
fn undoing_a_change_of_the_clock_does_not_stop_time() {
    let emulator = world(&EmulatorOptions::default());
    let trial = Trial::new(&emulator, "a");
    let now = |trial: &Trial<'_>| Timestamp::parse(&trial.control().clock().unwrap().now).unwrap();
    trial.control().reset().unwrap();
    let changes = [
        ClockChange::Advance(3_600_000),
        ClockChange::Set(NOON.plus_ms(-86_400_000)),
        ClockChange::Freeze,
        ClockChange::Rate(60.0),
    ];
    for change in changes {
        trial.at(1_000).control().change_clock(change).unwrap();
        let later = now(&trial.at(10_000));
        assert_ne!(later, NOON.plus_ms(10_000));
        trial.at(20_000).control().undo(Back::Steps(1)).unwrap();
        assert_eq!(now(&trial.at(20_000)), NOON.plus_ms(20_000), "{change:?}");
        trial.at(30_000).control().redo(1).unwrap();
        assert_eq!(now(&trial.at(10_000)), later, "{change:?}");
        trial.at(30_000).control().undo(Back::Steps(1)).unwrap();
    }
    // What is undone between leaves the clock alone.
    trial.at(40_000).ask(&partoo("43"));
    trial.at(50_000).control().undo(Back::Steps(1)).unwrap();
    assert_eq!(now(&trial.at(60_000)), NOON.plus_ms(60_000));
}

#[test]
fn ids_that_were_made_up_and_undone_are_made_up_again() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    let first = trial.start(&erase(&["ines"]));
    let second = trial.start(&erase(&["ines"]));
    assert_ne!(first, second);
    trial.control().undo(Back::Steps(2)).unwrap();
    assert_eq!(json_of(&trial.ask(&progress(&first)))["error"]["message"], "Job not found.");
    assert_eq!(trial.start(&erase(&["tom"])), first);
}

#[test]
fn what_changes_nothing_leaves_what_was_undone_to_be_done_again() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    trial.ask(&partoo("43"));
    let deleted = trial.state();
    trial.control().undo(Back::Steps(1)).unwrap();
    for call in [
        partoo("999"),
        partoo("43").with("prefer", "dry-run"),
        partoo("43").with("prefer", "code=200"),
    ] {
        trial.ask(&call);
    }
    trial.add_fault(json!({ "answer": { "status": 503 }, "times": 1 }));
    assert_eq!(trial.status(&partoo("43")), 503);
    trial.control().redo(1).unwrap();
    assert_eq!(trial.state()["providers"], deleted["providers"]);
}
