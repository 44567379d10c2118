//! The runner itself: a row that does not say what is, does not hold.

use serde_json::json;

use super::row::{D, Row, row};
use super::run::{emulator, faults, handle, noon, report};
use super::{gone, partoo};

/// A row that is right.
fn right() -> Row {
    row("an empty organization", D("a page"), partoo::delete("43", "partoo-provider-write"))
        .answers(200, json!({ "status": "success", "org_id": 43 }))
        .changes(["- organizations/43"])
}

fn is_found(wrong: Row, what: &str) {
    let emulator = emulator(noon());
    let ask = |call: &_| handle(&emulator, call, noon());
    let faults = faults("partoo", &wrong, &emulator, ask, noon());
    let [fault] = &*faults else { panic!("not one fault: {faults:#?}") };
    assert!(fault.starts_with(what), "{fault}");
    let report = report("partoo", &[wrong], &emulator, noon(), ask);
    assert!(report.contains("partoo: an empty organization (Documented(\"a page\"))"), "{report}");
}

#[test]
fn a_right_row_holds() {
    let emulator = emulator(noon());
    let ask = |call: &_| handle(&emulator, call, noon());
    assert_eq!(report("partoo", &[right()], &emulator, noon(), ask), "");
}

#[test]
fn a_wrong_status_is_found() {
    is_found(Row { status: 204, ..right() }, "status");
}

#[test]
fn a_wrong_body_is_found() {
    is_found(right().answers(200, json!({ "status": "success", "org_id": 42 })), "body");
}

#[test]
fn members_in_another_order_are_found() {
    is_found(right().answers(200, json!({ "org_id": 43, "status": "success" })), "body");
}

#[test]
fn a_wrong_header_is_found() {
    is_found(right().with_header("allow", "DELETE"), "allow");
}

#[test]
fn a_record_that_is_gone_and_not_named_is_found() {
    is_found(Row { changes: Vec::new(), ..right() }, "changes");
}

#[test]
fn a_record_that_is_named_and_not_gone_is_found() {
    is_found(right().changes(gone(&[("organizations", "43 42")])), "changes");
}

#[test]
fn a_row_that_is_marked_as_failing_and_holds_is_found() {
    let emulator = emulator(noon());
    let ask = |call: &_| handle(&emulator, call, noon());
    let mended = right().fails_because("organizations cannot be deleted");
    let told = report("partoo", &[mended], &emulator, noon(), ask);
    assert!(told.contains("holds by now"), "{told}");
    let failing = Row { status: 204, ..right() }.fails_because("it answers 200");
    assert_eq!(report("partoo", &[failing], &emulator, noon(), ask), "");
}
