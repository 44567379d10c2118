//! Time in a sandbox: it stands still, is moved, and the tasks of jobs are done when it is their time.

use std::sync::Arc;

use serde_json::{Value, json};
use tombstone::catalog::Sources;
use tombstone::clock::{ClockChange, Timestamp};
use tombstone::control::{ClockRequest, JournalQuery};
use tombstone::emulator::EmulatorOptions;
use tombstone::journal::Back;

use crate::harness::{
    FROZEN, NOON, Trial, call, erase, erase_in, frozen, json_of, partoo, progress, status_of, told,
    velt_organizations, world, world_of,
};
use crate::support::Folder;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// How far a job is: the tasks left, and when the last was done.
fn left(trial: &Trial<'_>, job: &str) -> (Value, Value) {
    let data = json_of(&trial.ask(&progress(job)))["result"]["data"].clone();
    (data["tasksLeft"].clone(), data["lastTaskCompletedTime"].clone())
}

fn done(left: i64, ms: i64) -> (Value, Value) {
    (json!(left), json!(NOON.plus_ms(ms).0))
}

fn none_of(tasks: i64) -> (Value, Value) {
    (json!(tasks), Value::Null)
}

fn entries(trial: &Trial<'_>) -> Vec<(String, Timestamp)> {
    let sandbox = trial.emulator.sandboxes().find(trial.name).unwrap();
    let read = |state: &tombstone::sandbox::SandboxState| {
        let kind = |entry: &tombstone::journal::JournalEntry| format!("{:?}", entry.event);
        let kind = |entry| kind(entry).split(['(', ' ', '{']).next().unwrap().to_owned();
        state.journal.entries().map(|entry| (kind(entry), entry.at)).collect()
    };
    trial.emulator.sandboxes().look(&sandbox, read).unwrap()
}

#[test]
fn a_frozen_clock_waits_for_the_test() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    let job = trial.start(&erase(&["yourUserId1"]));
    let later = trial.at(DAY_MS);
    assert_eq!((left(&later, &job), emulator.next_due()), (none_of(5), None));
    let clock = later.control().clock().unwrap();
    assert_eq!((clock.now, clock.frozen), (NOON.to_rfc3339(), true));
    assert_eq!(clock.next_due, Some(NOON.plus_ms(2_000).to_rfc3339()));
    later.advance(1_999);
    assert_eq!(left(&later, &job), none_of(5));
    later.advance(1);
    assert_eq!(left(&later, &job), done(4, 2_000));
    later.advance(5_000);
    assert_eq!(left(&later, &job), done(2, 6_000));
    later.advance(DAY_MS);
    assert_eq!(left(&later, &job), done(0, 10_000));
}

#[test]
fn an_advance_runs_the_tasks_of_all_jobs_in_order_and_at_their_own_times() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    let first = trial.start(&erase_in(&["ines"], &["bluebird-labs", "cedar-health"]));
    trial.advance(1_000);
    let second =
        trial.start(&erase_in(&["ines"], &["bluebird-labs", "cedar-health", "harbor-press"]));
    let advanced = trial.control().change_clock(ClockChange::Advance(DAY_MS)).unwrap();
    assert_eq!((advanced.tasks_run, advanced.next_due), (5, None));
    assert_eq!(left(&trial, &first), done(0, 10_000));
    assert_eq!(left(&trial, &second), done(0, 11_000));
    let tasks: Vec<i64> = entries(&trial)
        .into_iter()
        .filter(|(kind, _)| kind == "Task")
        .map(|(_, at)| at.0 - NOON.0)
        .collect();
    assert_eq!(tasks, [4_333, 5_000, 7_666, 10_000, 11_000]);
    let job = json!(trial.control().job(&first).unwrap());
    let times = |job: &Value| -> Vec<Value> {
        let tasks = job["tasks"].as_array().unwrap();
        tasks.iter().map(|task| task["done_at"].clone()).collect()
    };
    assert_eq!(
        times(&job),
        [NOON.plus_ms(5_000), NOON.plus_ms(10_000)].map(|at| json!(at.to_rfc3339()))
    );
}

#[test]
fn a_running_clock_does_tasks_at_their_times_though_nobody_asked_then() {
    let emulator = world(&EmulatorOptions::default());
    let trial = Trial::new(&emulator, "a");
    let job = trial.start(&erase(&["yourUserId1"]));
    // Whoever looks first finds what is due done, an admin too.
    let state = trial.at(5_000).state();
    assert!(state.to_string().contains(r#""last_task_at":"2026-01-15T12:00:04.000Z""#));
    assert_eq!(left(&trial.at(9_000), &job), done(1, 8_000));
    let jobs = json!(trial.at(DAY_MS).control().jobs().unwrap());
    let jobs = jobs.as_array().unwrap();
    assert_eq!(jobs.iter().filter(|job| job["state"] == "succeeded").count(), 2);
    let times: Vec<i64> = entries(&trial)
        .iter()
        .filter(|(kind, _)| kind == "Task")
        .map(|(_, at)| at.0 - NOON.0)
        .collect();
    assert_eq!(times, [2_000, 4_000, 6_000, 8_000, 10_000]);
}

#[test]
fn a_clock_that_is_set_back_does_nothing_twice() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    let job = trial.start(&erase(&["yourUserId1"]));
    trial.advance(5_000);
    let set = |ms| trial.control().change_clock(ClockChange::Set(NOON.plus_ms(ms))).unwrap();
    assert_eq!(set(-DAY_MS).tasks_run, 0);
    assert_eq!(left(&trial, &job), done(3, 4_000));
    assert_eq!(set(7_000).tasks_run, 1);
    assert_eq!(left(&trial, &job), done(2, 6_000));
    // What was due before the clock was set back on a running clock was done then.
    let running = world(&EmulatorOptions::default());
    let trial = Trial::new(&running, "a");
    let job = trial.start(&erase(&["yourUserId1"]));
    trial.at(5_000).control().change_clock(ClockChange::Set(NOON)).unwrap();
    assert_eq!(left(&trial.at(5_000), &job), done(3, 4_000));
}

#[test]
fn a_rate_makes_a_day_pass_in_a_minute() {
    let emulator = world(&EmulatorOptions::default());
    let trial = Trial::new(&emulator, "a");
    let now = |trial: &Trial<'_>| trial.control().clock().unwrap().now;
    trial.control().change_clock(ClockChange::Rate(1_440.0)).unwrap();
    assert_eq!(now(&trial.at(60_000)), NOON.plus_ms(DAY_MS).to_rfc3339());
    trial.at(60_000).control().change_clock(ClockChange::Rate(0.0)).unwrap();
    assert_eq!(now(&trial.at(90_000)), NOON.plus_ms(DAY_MS).to_rfc3339());
    assert_eq!(emulator.next_due(), None);
    trial.at(90_000).control().change_clock(ClockChange::Rate(1.0)).unwrap();
    assert_eq!(now(&trial.at(91_000)), NOON.plus_ms(DAY_MS + 1_000).to_rfc3339());
}

#[test]
fn time_can_be_moved_to_the_ends_of_the_calendar_and_back() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    let job = trial.start(&erase(&["yourUserId1"]));
    for change in [
        ClockChange::Advance(i64::MAX),
        ClockChange::Set(Timestamp(i64::MIN)),
        ClockChange::Set(Timestamp(i64::MAX)),
        ClockChange::Advance(i64::MAX),
        ClockChange::Rate(f64::MAX),
        ClockChange::Resume,
    ] {
        trial.control().change_clock(change).unwrap();
        let far = trial.at(i64::MAX / 2);
        for call in [
            partoo("45"),
            partoo("43"),
            erase(&["ines"]),
            progress(&job),
            velt_organizations(&["none"]),
        ] {
            assert_ne!(far.status(&call), 500, "{change:?} {call:?}");
        }
        let state = far.state();
        far.control().put_state(state.clone()).unwrap();
        assert_eq!(crate::harness::difference(&far.state(), &state), "", "{change:?}");
    }
}

#[test]
fn a_job_is_finished_now_or_stopped() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    let (first, second) =
        (trial.start(&erase(&["yourUserId1"])), trial.start(&erase(&["yourUserId2"])));
    trial.advance(3_000);
    let ran = json!(trial.control().run_job(&first).unwrap().0);
    assert_eq!(
        (&ran["state"], &ran["tasks_left"], &ran["next_due_at"]),
        (&json!("succeeded"), &json!(0), &Value::Null)
    );
    assert_eq!(left(&trial, &first), done(0, 3_000));
    assert_eq!(trial.record("velt/members/yourOrganizationId1,yourUserId1"), None);
    let canceled = json!(trial.control().cancel_job(&second).unwrap().0);
    assert_eq!((&canceled["state"], &canceled["tasks_left"]), (&json!("canceled"), &json!(0)));
    let states: Vec<_> =
        canceled["tasks"].as_array().unwrap().iter().map(|task| task["state"].clone()).collect();
    assert_eq!(states, ["done", "canceled", "canceled", "canceled", "canceled"]);
    trial.advance(DAY_MS);
    assert!(trial.record("velt/members/yourOrganizationId1,yourUserId2").is_some());
    // Neither has anything left to do.
    let again = json!(trial.control().run_job(&first).unwrap().0);
    assert_eq!(again["last_task_at"], json!(NOON.plus_ms(3_000).to_rfc3339()));
    for job in [&first, &second] {
        assert_eq!(trial.control().cancel_job(job).map_err(status_of).unwrap_err(), 409);
    }
    assert_eq!(trial.control().run_job("none").map_err(status_of).unwrap_err(), 404);
}

#[test]
fn an_erasure_can_be_instant_by_sandbox_and_by_fixture_set() {
    let folder = Folder::new("instant-erasure");
    let text = std::fs::read_to_string("fixtures/velt/default.yaml").unwrap();
    let text = text.replace("records:\n", "settings: { erasure_time: 0s }\nrecords:\n");
    folder.write("velt/instant.yaml", &text);
    let sources = Sources { fixtures: Some(folder.path.clone()), ..Sources::default() };
    let emulator =
        world_of(&sources, &EmulatorOptions { clock: FROZEN, ..EmulatorOptions::default() });
    for (name, spec) in [
        ("by-setting", json!({ "settings": { "velt": { "erasure_time": 0 } } })),
        ("by-set", json!({ "fixture_set": "instant" })),
    ] {
        let trial = Trial::new(&emulator, name);
        trial.control().put_sandbox(&serde_json::from_value(spec).unwrap()).unwrap();
        let started = trial.ask(&erase(&["yourUserId1"]));
        assert_eq!(started.tasks.len(), 5);
        assert_eq!(trial.record("velt/members/yourOrganizationId1,yourUserId1"), None, "{name}");
        let job = json_of(&started)["data"]["jobId"].as_str().unwrap().to_owned();
        assert_eq!(left(&trial, &job), done(0, 0));
    }
    let other = Trial::new(&emulator, "other");
    let job = other.start(&erase(&["yourUserId1"]));
    assert_eq!(left(&other, &job), none_of(5));
}

#[test]
fn the_answer_to_an_erasure_can_take_its_time() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    assert_eq!(trial.ask(&erase(&["ines"])).delay.as_secs(), 0);
    let spec =
        json!({ "settings": { "velt": { "acceptance_time": "5m", "erasure_time": "24h" } } });
    trial.control().put_sandbox(&serde_json::from_value(spec).unwrap()).unwrap();
    let accepted = trial.ask(&erase(&["ines"]));
    assert_eq!((accepted.response.status().as_u16(), accepted.delay.as_secs()), (202, 300));
    assert_eq!(trial.ask(&erase(&[])).delay.as_secs(), 0);
    let job = json_of(&accepted)["data"]["jobId"].as_str().unwrap().to_owned();
    trial.advance(DAY_MS - 1);
    assert_eq!(left(&trial, &job).0, json!(1));
    trial.advance(1);
    assert_eq!(left(&trial, &job), done(0, DAY_MS));
}

#[test]
fn the_tasks_of_a_large_job_do_not_push_the_journal_past_its_bound() {
    let bytes_max = 1 << 20;
    let options = EmulatorOptions {
        clock: FROZEN,
        journal_bytes_max: bytes_max,
        ..EmulatorOptions::default()
    };
    let emulator = world(&options);
    let trial = Trial::new(&emulator, "a");
    let spec = json!({ "settings": { "velt": { "erasure_time": 0 } } });
    trial.control().put_sandbox(&serde_json::from_value(spec).unwrap()).unwrap();
    let organizations: Vec<String> = (0..300).map(|number| format!("o{number}")).collect();
    let organizations: Vec<&str> = organizations.iter().map(String::as_str).collect();
    let started = trial.ask(&erase_in(&["ines"], &organizations));
    assert_eq!(started.tasks.len(), 300);
    let job = json_of(&started)["data"]["jobId"].as_str().unwrap().to_owned();
    assert_eq!(left(&trial, &job), done(0, 0));
    let budget = emulator.sandboxes().budget();
    assert!((bytes_max / 2..=bytes_max).contains(&budget.used()), "{}", budget.used());
    // Each entry has what a task changes of its job: there is no room for all of them.
    assert!(trial.control().sandbox().unwrap().journal_entries < 300);
}

#[test]
fn a_change_of_the_clock_names_one_thing_that_can_be() {
    let problem = |text: Value| {
        let request: ClockRequest = serde_json::from_value(text).unwrap();
        match request.change() {
            Ok(change) => format!("{change:?}"),
            Err(problem) => told(problem)["detail"].as_str().unwrap().to_owned(),
        }
    };
    let texts = [
        json!({ "advance": "PT24H" }),
        json!({ "advance": "1h 30m" }),
        json!({ "set": "2030-01-01T00:00:00+01:00" }),
        json!({ "freeze": true }),
        json!({ "freeze": false }),
        json!({ "advance": "-1s" }),
        json!({ "advance": "P1M", "set": "tomorrow", "rate": 1e7 }),
        json!({ "rate": -1 }),
        json!({ "freeze": true, "rate": 2 }),
        json!({}),
    ]
    .map(problem);
    expect_test::expect![[r#"
        Advance(86400000)
        Advance(5400000)
        Set(Timestamp(1893452400000))
        Freeze
        the clock cannot be changed so: name one change: `advance`, `set`, `freeze: true`, `resume: true` or `rate`
        the clock cannot be changed so: `advance` goes forward, and `-1s` does not: use `set` to go back
        the clock cannot be changed so: `P1M` is no duration for `advance`: write such as `PT24H` or `24h`; `tomorrow` is no time for `set`: write RFC 3339 such as `2030-01-01T00:00:00Z`; `rate` is `10000000`: give a number from 0 to 1000000
        the clock cannot be changed so: `rate` is `-1`: give a number from 0 to 1000000
        the clock cannot be changed so: name one change: `advance`, `set`, `freeze: true`, `resume: true` or `rate`
        the clock cannot be changed so: name one change: `advance`, `set`, `freeze: true`, `resume: true` or `rate`"#]].assert_eq(&texts.join("\n"));
}

/// A job that deletes what its own record hangs on, and one whose tasks change their record.
const ODD: [(&str, &str); 2] = [
    (
        "specs/odd/openapi.yaml",
        r"
openapi: 3.1.0
info: { title: Odd, version: '1' }
paths:
  /close/{id}:
    parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
    post: { operationId: close, responses: { '202': { description: Begun } } }
  /mark/{id}:
    parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
    post: { operationId: mark, responses: { '202': { description: Begun } } }
",
    ),
    (
        "specs/odd/behavior.yaml",
        r"
tombstone: 1
settings: { span: 10s }
resources:
  shops: { key: id }
  jobs:
    key: { field: id, pattern: '[a-z]{8}' }
operations:
  close:
    rules: [{ start_job: closing, with: { shop: ['{{ path.id }}', two] }, respond: 202 }]
  mark:
    rules: [{ start_job: marking, with: { shop: ['{{ path.id }}', two] }, respond: 202 }]
jobs:
  closing: { record: jobs, for_each: shop, over: settings.span, delete: jobs.all() }
  marking: { record: jobs, for_each: shop, over: settings.span, update: jobs.all(), set: { state: marked } }
",
    ),
];

#[test]
fn a_job_that_touches_its_own_record_comes_to_an_end() {
    let folder = Folder::new("odd-jobs");
    for (file, text) in ODD {
        folder.write(file, text);
    }
    folder.write("fixtures/odd/default.yaml", "tombstone: 1\nrecords: { shops: [{ id: a }] }\n");
    let sources = Sources {
        specs: Some(folder.path.join("specs")),
        fixtures: Some(folder.path.join("fixtures")),
        only: vec!["odd".to_owned()],
        ..Sources::default()
    };
    let emulator =
        world_of(&sources, &EmulatorOptions { clock: FROZEN, ..EmulatorOptions::default() });
    let trial = Trial::new(&emulator, "a");
    for operation in ["mark", "close"] {
        assert_eq!(trial.status(&call(&format!("POST /odd/{operation}/a"), &[], "")), 202);
        let clock = trial.control().change_clock(ClockChange::Advance(DAY_MS)).unwrap();
        assert_eq!((clock.next_due, clock.tasks_run <= 2), (None, true), "{operation}");
    }
    assert!(trial.control().jobs().unwrap().is_empty());
}

#[test]
fn a_job_record_that_somebody_made_up_is_not_due_for_ever() {
    let emulator = world(&EmulatorOptions::default());
    let trial = Trial::new(&emulator, "a");
    let record = |tasks: Value, due: i64| {
        json!({ "job": "x", "state": "running", "args": {}, "tasks": tasks, "tasks_count": 1, "tasks_left": 1,
            "created_at": "2026-01-01T00:00:00Z", "last_task_at": null, "next_due_ms": due })
    };
    let pending = json!([{ "value": "a", "state": "pending", "due_ms": 1 }]);
    let unreadable = json!([{ "value": "a", "state": "pending" }]);
    for (number, record) in [
        record(json!([]), 5),
        record(unreadable, 5),
        record(pending, 5),
        record(json!([]), i64::MIN),
    ]
    .into_iter()
    .enumerate()
    {
        let path = format!(
            "velt/erasure_jobs/{}",
            "abcdefghijklmnopqrst".replace('a', &number.to_string())
        );
        assert_eq!(trial.put(&path, record), 201);
        let real = trial.start(&erase(&["ines"]));
        emulator.run_due(trial.at(20_000).real);
        assert_eq!(emulator.next_due(), None, "{path}");
        assert_eq!(left(&trial.at(20_000), &real), done(0, 10_000));
    }
}

#[test]
fn a_task_of_a_large_job_costs_what_it_changes() {
    let emulator = world(&EmulatorOptions { clock: FROZEN, ..EmulatorOptions::default() });
    let trial = Trial::new(&emulator, "a");
    let organizations: Vec<String> = (0..2_000).map(|number| format!("o_{number}")).collect();
    let organizations: Vec<&str> = organizations.iter().map(String::as_str).collect();
    for _ in 0..5 {
        assert_eq!(trial.status(&erase_in(&["yourUserId1"], &organizations)), 202);
    }
    let budget = emulator.sandboxes().budget();
    let before = budget.used();
    let clock = trial.control().change_clock(ClockChange::Advance(DAY_MS)).unwrap();
    assert_eq!((clock.tasks_run, clock.next_due), (10_000, None));
    // A thousand entries of which each has the job's record before and after.
    assert!(budget.used() - before < 20 << 20, "{} bytes", budget.used() - before);
    // What they have in common is counted once, and shown for some.
    let query = JournalQuery { limit: Some(500), ..JournalQuery::default() };
    let page = serde_json::to_string(&trial.control().requests(&query).unwrap()).unwrap();
    assert!(page.contains("changes_left_off\":1") && page.len() < 32 << 20, "{}", page.len());
    trial.control().clear_requests().unwrap();
    assert_eq!(budget.used(), 0);
}

#[test]
fn tasks_of_a_large_job_are_taken_back_and_done_again() {
    let emulator = world(&EmulatorOptions { clock: FROZEN, ..EmulatorOptions::default() });
    let trial = Trial::new(&emulator, "a");
    let organizations: Vec<String> = (0..300).map(|number| format!("o_{number}")).collect();
    let organizations: Vec<&str> = organizations.iter().map(String::as_str).collect();
    assert_eq!(trial.status(&erase_in(&["yourUserId1"], &organizations)), 202);
    let started = trial.control().state().unwrap();
    trial.control().change_clock(ClockChange::Advance(DAY_MS)).unwrap();
    let done = trial.control().state().unwrap();
    assert_ne!(started["providers"], done["providers"]);
    trial.control().undo(Back::Steps(1)).unwrap();
    assert_eq!(trial.control().state().unwrap(), started);
    trial.control().redo(1).unwrap();
    assert_eq!(trial.control().state().unwrap(), done);
    let other = Trial::new(&emulator, "b");
    other.control().put_state(started.clone()).unwrap();
    assert_eq!(other.control().state().unwrap(), started);
    other.control().change_clock(ClockChange::Advance(DAY_MS)).unwrap();
    assert_eq!(other.control().state().unwrap(), done);
}

/// Whoever wakes sandboxes is told of the change, and must not run the tasks before they are counted.
#[test]
fn a_change_of_the_clock_counts_the_tasks_that_it_runs_though_somebody_wakes_the_sandbox() {
    let emulator = Arc::new(frozen());
    let waker = Arc::downgrade(&emulator);
    emulator.on_work(Box::new(move || drop(waker.upgrade().unwrap().run_due(NOON))));
    let trial = Trial::new(&emulator, "a");
    trial.start(&erase(&["yourUserId1"]));
    let view = trial.control().change_clock(ClockChange::Advance(DAY_MS)).unwrap();
    assert_eq!(view.tasks_run, 5);
}
