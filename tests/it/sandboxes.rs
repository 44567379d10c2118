//! Sandboxes: made when they are asked for, isolated, bounded, dropped, and put back to how they began.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use serde_json::{Value, json};
use tombstone::catalog::Sources;
use tombstone::clock::{ClockChange, ClockStart, Stopwatch, Timestamp};
use tombstone::control::{Control, SandboxSpec};
use tombstone::emulator::EmulatorOptions;

use crate::harness::{
    FROZEN, NOON, Trial, applivery, call, erase, erase_in, frozen, header, json_of, partoo,
    status_of, timbrix, told, velt_organizations, world, world_of,
};
use crate::support::Folder;

const HOUR_MS: i64 = 60 * 60 * 1_000;
const RESTARTED: &str = "tombstone-sandbox-restarted";

fn spec(text: Value) -> SandboxSpec {
    serde_json::from_value(text).unwrap()
}

fn put(trial: &Trial<'_>, text: Value) -> bool {
    trial.control().put_sandbox(&spec(text)).unwrap()
}

fn names(trial: &Trial<'_>) -> Vec<String> {
    let sandboxes = Control::sandboxes(trial.emulator, trial.real);
    sandboxes.into_iter().map(|sandbox| sandbox.name.to_string()).collect()
}

#[test]
fn a_sandbox_is_made_on_first_use_by_header_and_by_path() {
    let emulator = frozen();
    let default = Trial::new(&emulator, "default");
    assert_eq!(names(&default), ["default"]);
    let one = Trial { name: "one", ..default };
    assert_eq!(header(&one.ask(&partoo("43")), "tombstone-sandbox"), Some("one"));
    let reply = default.send(&partoo("43").by_path("two"));
    assert_eq!(
        (reply.response.status().as_u16(), header(&reply, "tombstone-sandbox")),
        (200, Some("two"))
    );
    assert_eq!(names(&default), ["default", "one", "two"]);
    // Both ways lead to the same place, also together.
    assert_eq!(one.send(&partoo("43").by_path("one")).response.status(), 404);
    assert_eq!(
        Trial { name: "two", ..one }.ask(&partoo("43").by_path("two")).response.status(),
        404
    );
    assert_eq!(default.status(&partoo("43")), 200);
    assert_eq!(
        Control::new(&emulator, "three", NOON).unwrap().sandbox().map_err(status_of).unwrap_err(),
        404
    );
}

#[test]
fn names_that_are_none_are_refused_everywhere_and_make_nothing() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "default");
    let long = "x".repeat(129);
    for name in ["", "a b", "a/b", "a@b", ".", "..", "é", long.as_str()] {
        assert_eq!(
            Control::new(&emulator, name, NOON).map_err(status_of).unwrap_err(),
            400,
            "{name}"
        );
        if name.is_ascii() {
            let reply = trial.send(&partoo("43").with("tombstone-sandbox", name));
            assert_eq!(reply.response.status(), 400, "{name}");
            assert_eq!(header(&reply, "tombstone-sandbox"), Some("default"));
            assert_eq!(header(&reply, "tombstone-request-id"), None);
        }
    }
    assert_eq!(trial.send(&partoo("43").by_path("a%20b")).response.status(), 400);
    assert_eq!(
        trial.send(&partoo("43").with("tombstone-sandbox", "a").by_path("b")).response.status(),
        400
    );
    assert_eq!(names(&trial), ["default"]);
    for name in ["a", "A", "0", "~", "-", "_", "a.b", "...", &long[1..]] {
        assert_eq!(Trial { name, ..trial }.status(&partoo("43")), 200, "{name}");
    }
}

#[test]
fn what_happens_in_one_sandbox_is_not_seen_in_another() {
    let emulator = frozen();
    let one = Trial::new(&emulator, "one");
    let other = Trial { name: "other", ..one };
    other.control().reset().unwrap();
    let before = other.state();
    for call in [
        partoo("43"),
        applivery("globex"),
        timbrix(),
        velt_organizations(&["cedar-health"]),
        erase(&["ines"]),
    ] {
        assert!(one.ask(&call).response.status().is_success());
    }
    one.advance(HOUR_MS);
    one.put("partoo/organizations/77", json!({ "id": 77, "name": "x", "provider_id": 1 }));
    one.add_fault(json!({ "answer": { "status": 503 } }));
    assert_ne!(one.state(), before);
    assert_eq!(other.state(), before);
    assert_eq!(Trial { name: "default", ..one }.status(&partoo("43")), 200);
}

#[test]
fn simultaneous_deletions_of_one_organization_succeed_exactly_once() {
    let emulator = frozen();
    for round in 0..50 {
        let name = format!("round-{round}");
        let successes = AtomicUsize::new(0);
        let barrier = Barrier::new(4);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let trial = Trial::new(&emulator, &name);
                    barrier.wait();
                    let status = trial.status(&applivery("globex"));
                    assert!(status == 200 || status == 404, "{status}");
                    successes.fetch_add(usize::from(status == 200), Ordering::Relaxed);
                });
            }
        });
        assert_eq!(successes.into_inner(), 1, "round {round}");
    }
    assert_eq!(emulator.sandboxes().count(), 50);
}

#[test]
fn many_sandboxes_at_once_do_not_disturb_each_other() {
    let emulator = frozen();
    let first_job = Trial::new(&emulator, "reference").start(&erase(&["yourUserId1"]));
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (emulator, first_job) = (&emulator, &first_job);
            scope.spawn(move || {
                for number in 0..50 {
                    let name = format!("{thread}-{number}");
                    let trial = Trial::new(emulator, &name);
                    // Ids are made up from the seed of the sandbox alone.
                    assert_eq!(trial.start(&erase(&["yourUserId1"])), *first_job);
                    Trial::new(emulator, "shared").start(&erase(&[&name]));
                    assert_eq!(trial.status(&partoo("43")), 200);
                    assert_eq!(trial.status(&partoo("43")), 404);
                    trial.advance(HOUR_MS);
                    let jobs = trial.control().jobs().unwrap();
                    assert!(
                        jobs.iter().all(|job| job.progress.state == Some("succeeded".into())),
                        "{jobs:?}"
                    );
                    trial.control().undo(tombstone::journal::Back::Steps(2)).unwrap();
                    assert_eq!(trial.status(&partoo("43")), 200);
                    let last = trial.ask(&partoo("42"));
                    assert_eq!(header(&last, "tombstone-request-id"), Some("12"));
                }
            });
        }
    });
    let shared = Trial::new(&emulator, "shared");
    assert_eq!(shared.control().jobs().unwrap().len(), 201);
}

#[test]
fn past_the_limit_new_sandboxes_are_refused_and_those_that_are_there_work() {
    let emulator =
        world(&EmulatorOptions { clock: FROZEN, sandboxes_max: 2, ..EmulatorOptions::default() });
    let trial = Trial::new(&emulator, "a");
    let told_by = |name| Trial { name, ..trial }.ask(&partoo("43"));
    for name in ["a", "b", "default"] {
        assert_eq!(told_by(name).response.status(), 200);
    }
    let full = told_by("c");
    assert_eq!(full.response.status(), 503);
    assert_eq!(header(&full, "tombstone-sandbox"), Some("default"));
    expect_test::expect![[r#"{"title":"too many sandboxes","status":503,"detail":"there are 2 sandboxes, which is the most: delete some with `DELETE /__admin/sandboxes/<name>`, or start with a larger `--sandboxes-max`"}"#]]
        .assert_eq(&json_of(&full).to_string());
    let control = Trial { name: "c", ..trial }.control();
    assert_eq!(control.put_sandbox(&SandboxSpec::default()).map_err(status_of), Err(503));
    assert_eq!(control.reset().map_err(status_of), Err(503));
    assert_eq!(told_by("a").response.status(), 404);
    Trial { name: "b", ..trial }.control().delete_sandbox().unwrap();
    assert_eq!(told_by("c").response.status(), 200);
    // When one has been unused for too long, there is room again.
    let later = trial.at(2 * HOUR_MS);
    assert_eq!(Trial { name: "d", ..later }.status(&partoo("43")), 200);
    assert_eq!(names(&later), ["default", "d"]);
}

#[test]
fn an_unused_sandbox_is_dropped_and_who_comes_back_is_told() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    trial.ask(&partoo("43"));
    assert_eq!(emulator.sweep(NOON.plus_ms(HOUR_MS)), 0);
    assert_eq!(trial.at(HOUR_MS).status(&partoo("43")), 404);
    assert_eq!(emulator.sweep(NOON.plus_ms(2 * HOUR_MS)), 0);
    // To look at all of them is not to use them.
    names(&trial.at(2 * HOUR_MS));
    let dropped = NOON.plus_ms(2 * HOUR_MS + 1);
    assert_eq!(emulator.sweep(dropped), 1);
    assert_eq!(names(&trial), ["default"]);
    let back = trial.at(3 * HOUR_MS).ask(&partoo("43"));
    assert_eq!(back.response.status(), 200);
    assert_eq!(header(&back, RESTARTED), Some(dropped.to_rfc3339().as_str()));
    assert_eq!(header(&back, "tombstone-request-id"), Some("1"));
    assert_eq!(header(&trial.at(3 * HOUR_MS).ask(&partoo("43")), RESTARTED), None);
    // The one that was never dropped does not say so, nor does one that somebody deleted.
    assert_eq!(header(&Trial::new(&emulator, "b").ask(&partoo("43")), RESTARTED), None);
    trial.control().delete_sandbox().unwrap();
    assert_eq!(header(&trial.ask(&partoo("43")), RESTARTED), None);
}

#[test]
fn a_sandbox_that_was_made_for_good_is_not_dropped() {
    let emulator = frozen();
    let kept = Trial::new(&emulator, "kept");
    assert!(put(&kept, json!({})));
    let short = Trial { name: "short", ..kept };
    assert!(put(&short, json!({ "ttl": "10s" })));
    let used = Trial { name: "used", ..kept };
    used.ask(&partoo("43"));
    assert!(!put(&used, json!({})));
    Trial { name: "default", ..kept }.control().put_sandbox(&spec(json!({ "ttl": "1s" }))).unwrap();
    let view =
        |trial: &Trial<'_>| serde_json::to_value(trial.control().sandbox().unwrap()).unwrap();
    assert_eq!(view(&kept)["idle_seconds_max"], Value::Null);
    assert_eq!(view(&short)["idle_seconds_max"], 10);
    assert_eq!(emulator.sweep(NOON.plus_ms(10_000)), 0);
    assert_eq!(emulator.sweep(NOON.plus_ms(10_001)), 1);
    assert_eq!(emulator.sweep(NOON.plus_ms(1_000 * HOUR_MS)), 0);
    assert_eq!(names(&kept), ["default", "kept", "used"]);
}

#[test]
fn a_sandbox_begins_from_another() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "template");
    put(&trial, json!({ "seed": 9, "settings": { "velt": { "erasure_time": "1m" } } }));
    trial.ask(&partoo("43"));
    trial.start(&erase(&["ines"]));
    trial.advance(24_000);
    trial.add_fault(
        json!({ "operation": "deleteOrganization", "times": 1, "answer": { "status": 503 } }),
    );
    let fork = Trial { name: "fork", ..trial };
    assert!(put(&fork, json!({ "from": "template" })));
    let begun = fork.state();
    assert_eq!(begun, trial.state());
    trial.advance(HOUR_MS);
    assert_eq!(fork.state(), begun);
    // Both would make up the same ids.
    assert_eq!(fork.start(&erase(&["tom"])), trial.start(&erase(&["tom"])));
    fork.advance(HOUR_MS);
    fork.control().reset().unwrap();
    assert_eq!(fork.state(), begun);
    // What it begins with can differ in single things.
    assert!(!put(&fork, json!({ "from": "template", "seed": 1, "faults": [] })));
    assert_eq!((&fork.state()["seed"], &fork.state()["faults"]), (&json!(1), &json!([])));
    assert_eq!(fork.status(&partoo("43")), 404);
    // One can begin from itself as it is.
    assert!(!put(&fork, json!({ "from": "fork" })));
    fork.control().reset().unwrap();
    assert_eq!(fork.status(&partoo("43")), 404);
}

#[test]
fn a_sandbox_begins_as_it_is_told() {
    let emulator = world(&EmulatorOptions::default());
    let trial = Trial::new(&emulator, "a");
    let told = json!({
        "seed": 5,
        "clock": { "start": "2030-06-01T00:00:00Z", "frozen": true, "rate": 2 },
        "settings": { "velt": { "erasure_time": "0s" }, "partoo": {} },
        "faults": [{ "operation": "deleteOrganization", "times": 1, "answer": { "status": 500 } }],
    });
    assert!(put(&trial, told));
    let begun = trial.state();
    assert_eq!(
        (&begun["seed"], &begun["clock"]["now"]),
        (&json!(5), &json!("2030-06-01T00:00:00.000Z"))
    );
    assert_eq!(begun["providers"]["velt"]["settings"]["erasure_time"], "0s");
    // Dates of fixtures are relative to the sandbox's own time.
    let folder = &trial.record("velt/folders/yourOrganizationId1,yo-launch").unwrap()["created_at"];
    assert_eq!(folder, "2030-04-22T00:00:00.000Z");
    assert_eq!(trial.at(HOUR_MS).status(&applivery("globex")), 500);
    assert_eq!(trial.status(&applivery("globex")), 200);
    assert_ne!(trial.state(), begun);
    trial.at(HOUR_MS).control().reset().unwrap();
    assert_eq!(trial.state(), begun);
    assert_eq!(trial.status(&applivery("globex")), 500);
    // The next time it is put it begins as any other, but for what is said.
    assert!(!put(&trial, json!({ "seed": 6 })));
    assert_eq!(trial.state()["clock"]["frozen"], false);
    assert_eq!(trial.state()["faults"], json!([]));
}

#[test]
fn a_sandbox_begins_with_a_fixture_set() {
    let folder = Folder::new("sandbox-sets");
    let velt = "tombstone: 1\nsettings: { erasure_time: 0s }\nrecords: { workspaces: [{ id: w, name: W, api_key: velt-sandbox-key }] }\n";
    folder.write("velt/bare.yaml", velt);
    let sources = Sources { fixtures: Some(folder.path.clone()), ..Sources::default() };
    let emulator =
        world_of(&sources, &EmulatorOptions { clock: FROZEN, ..EmulatorOptions::default() });
    let trial = Trial::new(&emulator, "a");
    put(&trial, json!({ "fixture_set": "bare" }));
    let state = trial.state();
    assert_eq!(state["fixture_set"], "bare");
    assert_eq!(state["providers"]["velt"]["settings"]["erasure_time"], "0s");
    assert_eq!(state["providers"]["velt"]["records"]["organizations"], json!([]));
    assert_eq!(trial.status(&partoo("43")), 200);
    // Settings that are said go over those of the set.
    put(&trial, json!({ "fixture_set": "bare", "settings": { "velt": { "erasure_time": "3s" } } }));
    assert_eq!(trial.state()["providers"]["velt"]["settings"]["erasure_time"], "3s");
    let none = trial.control().put_sandbox(&spec(json!({ "fixture_set": "none" })));
    assert_eq!(none.map_err(status_of), Err(422));
}

#[test]
fn everything_that_is_wrong_with_how_a_sandbox_is_to_begin_is_told_and_nothing_changes() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    trial.ask(&partoo("43"));
    let before = trial.state();
    let wrong = json!({
        "from": "nobody",
        "fixture_set": "default",
        "clock": { "start": "soon", "rate": -1 },
        "settings": { "velt": { "erasure_tim": "1s", "acceptance_time": "2h" }, "shop": {} },
        "faults": [{}, { "operation": "deleteNothing", "answer": { "status": 500 } }],
        "ttl": "never",
    });
    let refused = trial.control().put_sandbox(&spec(wrong)).map_err(told).unwrap_err();
    let problems: Vec<&str> =
        refused["problems"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    expect_test::expect![[r#"
        `never` is no duration for `ttl`: write such as `1h`
        `from` and `fixture_set` both say which records: name one
        there is no sandbox `nobody` to begin from
        `soon` is no time for `clock.start`: write RFC 3339 such as `2030-01-01T00:00:00Z`
        `clock.rate` is `-1`: give a number from 0 to 1000000
        there is no provider `shop` to set anything of
        `velt`: there is no setting `erasure_tim` to change (did you mean `erasure_time`?)
        `velt`: `2h` is longer than an hour, the longest delay, and `/operations/deleteUserData/rules/0/delay` is to take so long
        `faults/0`: nothing happens: none of `delay`, `answer` and `connection` is given (give at least one of them)
        `faults/1`: there is no operation `deleteNothing` (did you mean `deleteOrganizationsV2`?)"#]].assert_eq(&problems.join("\n"));
    assert_eq!(trial.state(), before);
    assert_eq!(trial.control().sandbox().unwrap().journal_entries, 1);
}

#[test]
fn a_reset_of_everything_leaves_the_default_sandbox_as_it_began() {
    let emulator = frozen();
    let default = Trial::new(&emulator, "default");
    let begun = default.state();
    let other = Trial { name: "other", ..default };
    put(&other, json!({}));
    put(&default, json!({ "seed": 3, "faults": [{ "answer": { "status": 500 } }] }));
    default.ask(&partoo("43"));
    other.ask(&partoo("43"));
    emulator.sandboxes().reset(NOON);
    assert_eq!(names(&default), ["default"]);
    assert_eq!(default.state(), begun);
    assert_eq!(emulator.sandboxes().budget().used(), 0);
    let first = default.ask(&partoo("43"));
    assert_eq!(
        (first.response.status().as_u16(), header(&first, "tombstone-request-id")),
        (200, Some("1"))
    );
}

#[test]
fn a_deleted_sandbox_is_made_anew_by_the_next_request() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    put(&trial, json!({ "seed": 4 }));
    trial.ask(&partoo("43"));
    trial.control().delete_sandbox().unwrap();
    assert_eq!(trial.control().delete_sandbox().map_err(status_of), Err(404));
    assert_eq!(trial.control().sandbox().map_err(status_of).err(), Some(404));
    assert_eq!(trial.status(&partoo("43")), 200);
    assert_eq!(trial.state()["seed"], 0);
    let default = Trial { name: "default", ..trial };
    assert_eq!(default.control().delete_sandbox().map_err(status_of), Err(409));
}

#[test]
fn requests_that_race_with_deletions_work_in_one_sandbox_or_the_next() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    let (successes, removals) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..300 {
                    let status = trial.status(&partoo("43"));
                    assert!(status == 200 || status == 404, "{status}");
                    successes.fetch_add(usize::from(status == 200), Ordering::Relaxed);
                }
            });
        }
        scope.spawn(|| {
            for number in 0..300 {
                let dropped = if number % 3 == 0 {
                    emulator.sweep(Timestamp(i64::MAX)) > 0
                } else {
                    emulator.sandboxes().remove("a")
                };
                removals.fetch_add(usize::from(dropped), Ordering::Relaxed);
                std::thread::yield_now();
            }
        });
    });
    // Each sandbox of the name has that organization once, and is the first, the last, or both.
    let (successes, removals) = (successes.into_inner(), removals.into_inner());
    assert!((1..=removals + 1).contains(&successes), "{successes} of {removals}");
    emulator.sandboxes().reset(NOON);
    assert_eq!(emulator.sandboxes().budget().used(), 0);
}

#[test]
fn a_sandbox_that_nobody_calls_is_woken_for_its_jobs() {
    let emulator = world(&EmulatorOptions::default());
    let woken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&woken);
    emulator.on_work(Box::new(move || {
        count.fetch_add(1, Ordering::Relaxed);
    }));
    let late = Trial::new(&emulator, "late");
    let early = Trial { name: "early", ..late };
    late.start(&erase(&["ines"]));
    assert_eq!(
        (emulator.next_due(), woken.load(Ordering::Relaxed)),
        (Some(NOON.plus_ms(2_000)), 1)
    );
    put(&early, json!({ "settings": { "velt": { "erasure_time": "5s" } } }));
    early.start(&erase(&["ines"]));
    assert_eq!(
        (emulator.next_due(), woken.load(Ordering::Relaxed)),
        (Some(NOON.plus_ms(1_000)), 2)
    );
    // A clock that stands still is not waited for, one that runs faster sooner.
    early.control().change_clock(ClockChange::Freeze).unwrap();
    assert_eq!(emulator.next_due(), Some(NOON.plus_ms(2_000)));
    late.control().change_clock(ClockChange::Rate(4.0)).unwrap();
    assert_eq!(emulator.next_due(), Some(NOON.plus_ms(500)));
    assert!(emulator.run_due(NOON.plus_ms(499)).is_empty());
    let ran = emulator.run_due(NOON.plus_ms(1_000));
    assert_eq!(
        ran.iter().map(|task| task.sandbox.as_deref().unwrap()).collect::<Vec<_>>(),
        ["late"; 2]
    );
    assert_eq!(emulator.run_due(NOON.plus_ms(HOUR_MS)).len(), 3);
    assert_eq!(emulator.next_due(), None);
    early.at(HOUR_MS).control().change_clock(ClockChange::Resume).unwrap();
    assert_eq!(emulator.next_due(), Some(NOON.plus_ms(HOUR_MS + 1_000)));
    early.control().delete_sandbox().unwrap();
    assert_eq!(emulator.next_due(), None);
    // To be woken is not to be used.
    assert_eq!(emulator.sweep(NOON.plus_ms(HOUR_MS + 1)), 1);
}

#[test]
fn the_server_wakes_for_a_sandbox_that_nobody_calls() {
    let server = crate::support::start();
    let fields = |body: &str| {
        format!(
            "Host: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
            body.len()
        )
    };
    let ask = |method: &str, target: &str, more: &str, body: &str| {
        let head = format!("{method} {target} HTTP/1.1\r\n{}{more}\r\n{body}", fields(body));
        server.ask(&head)
    };
    let spec = r#"{"settings":{"velt":{"erasure_time":"50ms"}}}"#;
    assert_eq!(ask("PUT", "/__admin/sandboxes/alone", "", spec).status, 201);
    // The list of all is looked at without using any.
    let records = || {
        let list = ask("GET", "/__admin/sandboxes", "", "").json();
        list["sandboxes"][1]["records"]["velt"].as_u64().unwrap()
    };
    let begun = records();
    let credentials =
        "x-velt-api-key: velt-sandbox-key\r\nx-velt-auth-token: velt-sandbox-token\r\n";
    let erase = erase(&["yourUserId1"]).body;
    let target = "/@alone/velt/v2/users/data/delete";
    assert_eq!(ask("POST", target, credentials, &erase).status, 202);
    let waited = Stopwatch::start();
    while records() >= begun {
        assert!(waited.elapsed() < crate::support::PATIENCE, "nobody was woken");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn ten_thousand_sandboxes_are_there_at_once_and_can_be_used() {
    let options = EmulatorOptions {
        clock: ClockStart::default(),
        sandbox_idle: Duration::from_secs(1),
        ..EmulatorOptions::default()
    };
    let emulator = world(&options);
    let names: Vec<String> = (0..10_000).map(|number| format!("s{number}")).collect();
    let budget = emulator.sandboxes().budget();
    for name in &names {
        assert_eq!(Trial::new(&emulator, name).status(&partoo("43")), 200);
        assert!(budget.used() <= budget.bytes_max);
    }
    assert_eq!(emulator.sandboxes().count(), 10_000);
    assert_eq!(Trial::new(&emulator, "one-more").status(&partoo("43")), 503);
    for name in names.iter().step_by(97) {
        let trial = Trial::new(&emulator, name);
        assert_eq!(trial.status(&partoo("43")), 404);
        assert_eq!(trial.control().sandbox().unwrap().journal_entries, 2);
        trial.control().undo(tombstone::journal::Back::Steps(1)).unwrap();
        assert_eq!(trial.status(&partoo("43")), 200);
    }
    assert_eq!(emulator.sweep(NOON.plus_ms(1_001)), 10_000);
    assert_eq!(budget.used(), 0);
}

#[test]
fn all_journals_together_take_what_they_may_and_the_longest_unused_give_up_first() {
    const ENTRY_BYTES_MAX: usize = 16 * 1024;
    let bytes_max = 200_000;
    let options = EmulatorOptions {
        clock: FROZEN,
        journal_bytes_max: bytes_max,
        ..EmulatorOptions::default()
    };
    let emulator = world(&options);
    let budget = emulator.sandboxes().budget();
    let unknown = call("GET /nothing", &[], &"x".repeat(1_000));
    let trial = |name| Trial::new(&emulator, name);
    let first = trial("first");
    for _ in 0..20 {
        first.ask(&unknown);
    }
    let views = |at: i64| Control::sandboxes(&emulator, NOON.plus_ms(at));
    let names: Vec<String> = (0..100).map(|number| format!("s{number}")).collect();
    for (turn, name) in (1..).zip(names.iter().cycle().take(500)) {
        Trial::new(&emulator, name).at(turn).ask(&unknown);
        assert!(budget.used() <= bytes_max + ENTRY_BYTES_MAX, "{}", budget.used());
        let sum: usize = views(turn).iter().map(|view| view.journal_bytes).sum();
        assert_eq!(sum, budget.used());
    }
    let views = views(500);
    let of = |name: &str| views.iter().find(|view| *view.name == *name).unwrap();
    // It keeps what was entered last for as long as others have more than that to give.
    assert!(of("first").journal_entries <= 1);
    assert!(of("s99").journal_entries >= 1);
    assert!(budget.used() > bytes_max / 2);
    let bytes_of_one = of("s99").journal_bytes / of("s99").journal_entries;
    assert!((1_000..3_000).contains(&bytes_of_one), "{bytes_of_one}");
}

#[test]
fn journals_are_kept_in_bounds_by_many_at_once() {
    let bytes_max = 100_000;
    let options = EmulatorOptions {
        clock: FROZEN,
        journal_bytes_max: bytes_max,
        ..EmulatorOptions::default()
    };
    let emulator = world(&options);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let emulator = &emulator;
            scope.spawn(move || {
                for number in 0..100 {
                    let name = format!("{thread}-{}", number % 7);
                    let trial = Trial::new(emulator, &name).at(number);
                    trial.ask(&velt_organizations(&["yourOrganizationId1"]));
                    trial.control().reset().unwrap();
                    trial.ask(&timbrix());
                }
            });
        }
    });
    let used = emulator.sandboxes().budget().used();
    assert!(used <= bytes_max, "{used}");
    emulator.sandboxes().reset(NOON);
    assert_eq!(emulator.sandboxes().budget().used(), 0);
}

#[test]
fn what_one_sandbox_holds_is_bounded() {
    let options =
        EmulatorOptions { clock: FROZEN, sandbox_bytes_max: 100_000, ..EmulatorOptions::default() };
    let emulator = world(&options);
    let trial = Trial::new(&emulator, "a");
    // With its places in the indexes of lists, such a record takes some ten thousand bytes.
    let name = "n".repeat(9_300);
    let put = |number: usize| {
        let alias = format!("a{number}");
        let fields = json!({ "id": number, "name": &name, "alias": alias, "provider": "p" });
        let fields = fields.as_object().unwrap().clone();
        trial.control().put_record("partoo", "organizations", &[number.to_string()], fields)
    };
    let made = (1_000..1_100).take_while(|number| put(*number).is_ok()).count();
    assert_eq!(made, 9);
    let full = put(2_000).unwrap_err().into_response();
    assert_eq!(full.status(), 507);
    let told = String::from_utf8(full.into_body().to_vec()).unwrap();
    assert!(told.contains("start with a larger `--sandbox-bytes`"), "{told}");
    let organizations: Vec<String> = (0..2_000).map(|number| format!("o_{number}")).collect();
    let organizations: Vec<&str> = organizations.iter().map(String::as_str).collect();
    let before = trial.control().state().unwrap();
    assert_eq!(trial.status(&erase_in(&["ines"], &organizations)), 507);
    assert!(trial.control().state().unwrap() == before, "nothing is changed");
    assert_eq!(trial.status(&partoo("43")), 200, "what makes room can be done");
    trial.control().delete_record("partoo", "organizations", &["1000".to_owned()]).unwrap();
    put(1_000).unwrap();
    let other = Trial { name: "b", ..trial };
    assert_eq!(other.status(&erase_in(&["ines"], &organizations[..100])), 202);
    let mut state = before;
    let records = state["providers"]["partoo"]["records"]["organizations"].as_array_mut().unwrap();
    records.extend(
        (3_000..3_010).map(
            |id| json!({ "id": id, "name": &name, "alias": format!("a{id}"), "provider": "p" }),
        ),
    );
    assert_eq!(other.control().put_state(state.clone()).unwrap_err().into_response().status(), 507);
    other.control().restore_state(&state.to_string(), Duration::ZERO, &mut None).unwrap();
    trial.control().reset().unwrap();
    put(1_000).unwrap();
}
