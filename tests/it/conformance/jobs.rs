//! Velt's erasure over time, which is a value here: what is done when, exactly what is erased, and nothing else.

use serde_json::{Value, json};
use tombstone::clock::Timestamp;
use tombstone::emulator::Emulator;

use super::row::Call;
use super::run::{changes, emulator, handle, is_auto_id, noon, records};
use super::{gone, velt};

const BOTH: &[&str] = &["yourUserId1", "yourUserId2"];

/// What the erasure of both users removes from `yourOrganizationId1`, and what it leaves of the others' comments.
fn erased_from_first() -> Vec<String> {
    let mut lines = gone(&[
        ("members", "yourOrganizationId1,yourUserId1 yourOrganizationId1,yourUserId2"),
        ("grants", "grant-1 grant-2"),
        ("contacts", "yourOrganizationId1,yourUserId1 yourOrganizationId1,yourUserId2"),
        ("comments", "822004 822011"),
        ("reactions", "reaction-1 reaction-2"),
        ("recordings", "recording-1"),
        ("notifications", "notification-1 notification-2 notification-4"),
    ]);
    lines.push(
        r#"~ comments/822019 {"mentions":[{"user_id":"tom","label":"Tom Becker"}]}"#.to_owned(),
    );
    lines.push(r#"~ comments/830127 {"mentions":[]}"#.to_owned());
    lines
}

fn erased_from_northwind() -> Vec<String> {
    let mut lines = gone(&[
        ("members", "northwind-studio,yourUserId1 northwind-studio,yourUserId2"),
        ("grants", "grant-4"),
        ("contacts", "northwind-studio,yourUserId1 northwind-studio,yourUserId2"),
        ("comments", "640381 640402"),
        ("reactions", "reaction-4"),
        ("recordings", "recording-2"),
        ("notifications", "notification-5 notification-6"),
    ]);
    lines.push(r#"~ comments/640395 {"mentions":[]}"#.to_owned());
    lines
}

fn erased_from_bluebird() -> Vec<String> {
    let mut lines = gone(&[
        ("members", "bluebird-labs,yourUserId1"),
        ("grants", "grant-5"),
        ("contacts", "bluebird-labs,yourUserId1"),
        ("notifications", "notification-7"),
    ]);
    lines.push(r#"~ comments/517730 {"mentions":[]}"#.to_owned());
    lines
}

fn at(seconds: i64) -> Timestamp {
    noon().plus_ms(seconds * 1_000)
}

fn assert_changes(before: &super::run::Records, emulator: &Emulator, mut expected: Vec<String>) {
    let mut changes = changes("velt", before, &records(emulator), noon());
    changes.retain(|line| !line.contains("erasure_jobs"));
    changes.sort();
    expected.sort();
    assert_eq!(changes, expected);
}

/// Starts a job at noon; its id.
fn start(emulator: &Emulator, call: &Call) -> String {
    let answer = handle(emulator, call, noon());
    assert_eq!(answer.status, 202, "{answer:?}");
    let id = answer.json()["data"]["jobId"].as_str().unwrap().to_owned();
    assert!(is_auto_id(&id), "{id}");
    id
}

/// How far a job is: whether it is done, the tasks left, when the last was done.
fn progress(emulator: &Emulator, job: &str, now: Timestamp) -> (bool, u64, Value) {
    let data = &handle(emulator, &velt::progress(job), now).json()["result"]["data"];
    let left = data["tasksLeft"].as_u64().unwrap();
    (data["isDeleteCompleted"].as_bool().unwrap(), left, data["lastTaskCompletedTime"].clone())
}

#[test]
fn an_erasure_of_two_users_everywhere_removes_theirs_and_nothing_else() {
    let emulator = emulator(noon());
    let before = records(&emulator);
    start(&emulator, &velt::erase(BOTH));
    assert_changes(&before, &emulator, Vec::new());
    emulator.run_due(at(10));
    let everywhere = [erased_from_first(), erased_from_northwind(), erased_from_bluebird()];
    assert_changes(&before, &emulator, everywhere.concat());
}

#[test]
fn organizations_that_are_listed_are_the_only_ones_in_scope() {
    let emulator = emulator(noon());
    let before = records(&emulator);
    start(&emulator, &velt::erase_in(BOTH, &["northwind-studio", "yourOrganizationId2"]));
    emulator.run_due(at(10));
    assert_changes(&before, &emulator, erased_from_northwind());
}

#[test]
fn unknown_users_and_organizations_have_nothing_to_erase() {
    let emulator = emulator(noon());
    let before = records(&emulator);
    start(&emulator, &velt::erase(&["nobody"]));
    start(&emulator, &velt::erase_in(BOTH, &["nowhere"]));
    emulator.run_due(at(10));
    assert_changes(&before, &emulator, Vec::new());
}

#[test]
fn only_the_first_thirty_users_are_erased() {
    let emulator = emulator(noon());
    let before = records(&emulator);
    let others: Vec<String> = (1..30).map(|number| format!("user-{number}")).collect();
    let mut users: Vec<&str> = others.iter().map(String::as_str).collect();
    users.extend(["yourUserId1", "ines"]);
    start(&emulator, &velt::erase_in(&users, &["bluebird-labs"]));
    emulator.run_due(at(10));
    assert_changes(&before, &emulator, erased_from_bluebird());
}

#[test]
fn tasks_fall_due_evenly_over_ten_seconds() {
    let emulator = emulator(noon());
    let before = records(&emulator);
    start(&emulator, &velt::erase(BOTH));
    for second in [2, 4, 6, 8, 10] {
        assert_eq!(emulator.next_due(), Some(at(second)));
        assert!(emulator.run_due(at(second).plus_ms(-1)).is_empty());
        assert_eq!(emulator.run_due(at(second)).len(), 1, "at {second} s");
    }
    assert_eq!(emulator.next_due(), None);
    let left = changes("velt", &before, &records(&emulator), noon());
    assert_eq!(left.iter().filter(|line| line.contains("erasure_jobs")).count(), 1);
}

#[test]
fn the_status_tells_before_midway_and_after() {
    let emulator = emulator(noon());
    let before = records(&emulator);
    let job = start(&emulator, &velt::erase(BOTH));
    assert_eq!(progress(&emulator, &job, noon()), (false, 5, Value::Null));
    // Tasks are done in the order of the organizations' ids, each at the moment it is due, though nobody asked then.
    assert_eq!(progress(&emulator, &job, at(5)), (false, 3, json!(at(4).0)));
    assert_changes(&before, &emulator, erased_from_bluebird());
    assert_eq!(progress(&emulator, &job, at(9)), (false, 1, json!(at(8).0)));
    assert_changes(&before, &emulator, [erased_from_bluebird(), erased_from_northwind()].concat());
    assert_eq!(progress(&emulator, &job, at(3_600)), (true, 0, json!(at(10).0)));
    assert_eq!(progress(&emulator, &job, at(7_200)), (true, 0, json!(at(10).0)));
}

#[test]
fn a_job_with_nothing_in_scope_is_done_at_once() {
    let emulator = emulator(noon());
    let other = velt::by_another_workspace;
    let job = start(&emulator, &other(velt::erase(BOTH)));
    let data =
        handle(&emulator, &other(velt::progress(&job)), noon()).json()["result"]["data"].clone();
    assert_eq!(data["isDeleteCompleted"], true);
    assert_eq!(data["tasksLeft"], 0);
}

#[test]
fn another_workspace_cannot_erase_here() {
    let emulator = emulator(noon());
    let before = records(&emulator);
    let call = velt::erase_in(BOTH, &["yourOrganizationId1"]);
    start(&emulator, &velt::by_another_workspace(call));
    emulator.run_due(at(10));
    assert_changes(&before, &emulator, Vec::new());
}

#[test]
fn a_repeated_erasure_is_another_job_that_finds_nothing_left() {
    let emulator = emulator(noon());
    let before = records(&emulator);
    let call = velt::erase_in(BOTH, &["northwind-studio"]);
    let first = start(&emulator, &call);
    let second = start(&emulator, &call);
    assert_ne!(first, second);
    emulator.run_due(at(10));
    assert_changes(&before, &emulator, erased_from_northwind());
    assert_eq!(progress(&emulator, &first, at(10)), (true, 0, json!(at(10).0)));
    assert_eq!(progress(&emulator, &second, at(10)), (true, 0, json!(at(10).0)));
}

#[test]
fn the_task_of_an_organization_that_was_deleted_meanwhile_does_nothing() {
    let emulator = emulator(noon());
    let before = records(&emulator);
    let job = start(&emulator, &velt::erase_in(BOTH, &["yourOrganizationId1", "northwind-studio"]));
    assert_eq!(handle(&emulator, &velt::delete(&["yourOrganizationId1"]), at(1)).status, 200);
    assert_changes(&before, &emulator, gone(velt::FIRST));
    emulator.run_due(at(5));
    assert_changes(&before, &emulator, gone(velt::FIRST));
    emulator.run_due(at(10));
    assert_changes(&before, &emulator, [gone(velt::FIRST), erased_from_northwind()].concat());
    assert_eq!(progress(&emulator, &job, at(10)), (true, 0, json!(at(10).0)));
}

#[test]
fn the_scope_is_that_of_the_call_and_not_of_the_task() {
    let emulator = emulator(noon());
    let job = start(&emulator, &velt::erase(&["ines"]));
    handle(&emulator, &velt::delete(&["harbor-press", "cedar-health"]), at(1));
    assert_eq!(progress(&emulator, &job, at(1)), (false, 5, Value::Null));
    assert_eq!(progress(&emulator, &job, at(10)), (true, 0, json!(at(10).0)));
}

#[test]
fn a_reset_forgets_running_jobs() {
    let emulator = emulator(noon());
    let before = records(&emulator);
    start(&emulator, &velt::erase(BOTH));
    emulator.sandboxes().reset(Timestamp(0));
    assert_eq!(emulator.next_due(), None);
    emulator.run_due(at(10));
    assert_eq!(records(&emulator), before);
}

/// What Velt tells of a user in an organization: the ids of comments, and how many reactions, recordings, notifications.
fn told(
    emulator: &Emulator,
    user: &str,
    organization: &str,
    now: Timestamp,
) -> (Value, [usize; 3]) {
    let answer = handle(emulator, &velt::user_data(user, organization, None), now);
    assert_eq!(answer.status, 200, "{answer:?}");
    let mut result = answer.json()["result"].take();
    assert_eq!(result["nextPageToken"], Value::Null);
    let data = result["data"].take();
    let count = |name: &str| data[name].as_array().unwrap().len();
    let comments = data["comments"].as_array().unwrap().iter();
    let counts = ["reactions", "recordings", "notifications"].map(count);
    (comments.map(|comment| comment["commentId"].clone()).collect(), counts)
}

#[test]
fn what_is_told_of_a_user_is_there_until_the_job_is_done_and_what_others_wrote_survives() {
    let emulator = emulator(noon());
    let of_first = |user, now| told(&emulator, user, "yourOrganizationId1", now);
    let before = (json!([822_004, 822_019, 830_127]), [1, 1, 1]);
    assert_eq!(of_first("yourUserId1", noon()), before);
    assert_eq!(of_first("maya", noon()), (json!([822_011, 822_019]), [0, 0, 3]));
    let job = start(&emulator, &velt::erase(BOTH));
    assert_eq!(of_first("yourUserId1", noon()), before, "the 202 is an acceptance");

    assert!(progress(&emulator, &job, at(10)).0);
    for user in BOTH {
        for organization in ["yourOrganizationId1", "northwind-studio", "bluebird-labs"] {
            assert_eq!(told(&emulator, user, organization, at(10)), (json!([]), [0, 0, 0]));
        }
    }
    // Of the others' comments only the mentions went, and with the erased what these had others told.
    assert_eq!(of_first("maya", at(10)), (json!([822_019]), [0, 0, 1]));
    assert_eq!(of_first("tom", at(10)), (json!([822_019, 830_127]), [1, 0, 1]));
    let data = handle(&emulator, &velt::user_data("maya", "yourOrganizationId1", None), at(10));
    let comment = data.json()["result"]["data"]["comments"][0].take();
    assert_eq!(comment["to"][0]["userId"], "tom");
    assert_eq!(comment["to"].as_array().unwrap().len(), 1);
    assert!(comment["commentText"].as_str().unwrap().contains("@Priya Nair"));
}
