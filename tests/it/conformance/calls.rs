//! The calls that the banner prints: each answers as it says, and together they show all there is.

use std::collections::BTreeSet;

use super::row::Call;
use super::run::{emulator, handle, noon};

/// The operations that the example calls show whole.
const DELETIONS: &[&str] =
    &["deleteOrganization", "deleteOrganizations", "deleteUserData", "getUserDataDeletionStatus"];

#[test]
fn example_calls_made_in_order_answer_as_they_say() {
    let emulator = emulator(noon());
    for provider in emulator.overview() {
        for call in provider.calls {
            let target = format!("/{}{}", provider.name, call.target);
            let mut request = http::Request::builder().method(&call.method).uri(&target);
            for (name, value) in &call.headers {
                request = request.header(name, value);
            }
            let body = call.body.as_ref().map(ToString::to_string).unwrap_or_default();
            let request = request.body(body.as_str().into()).unwrap();
            let reply = emulator.handle(request, noon());
            let told = String::from_utf8_lossy(reply.response.body());
            assert_eq!(reply.response.status(), call.expect, "{target}: {}: {told}", call.shows);
        }
    }
}

#[test]
fn example_calls_show_every_response_that_a_request_can_reach() {
    let emulator = emulator(noon());
    for provider in emulator.overview() {
        for (number, operation) in provider.operations.iter().enumerate() {
            let calls = provider.calls.iter().filter(|call| call.operation == number);
            let shown: BTreeSet<_> = calls.map(|call| call.expect.as_str().to_owned()).collect();
            // No request makes the service itself fail.
            let is_reachable = |rule: &str| !rule.starts_with("internal of ");
            let documented: BTreeSet<_> = operation
                .responses
                .iter()
                .filter(|response| response.unreachable.is_none())
                .filter(|response| response.given_by.iter().any(|by| is_reachable(&by.rule)))
                .map(|response| response.status.to_owned())
                .collect();
            // Of the operations around the deletions one example is enough.
            let is_companion = !DELETIONS.contains(&operation.id);
            if is_companion && shown.iter().all(|status| status.starts_with('2')) {
                continue;
            }
            assert_eq!(shown, documented, "{} {}", provider.name, operation.id);
        }
    }
}

#[test]
fn example_calls_end_each_operation_with_what_it_is_for() {
    let emulator = emulator(noon());
    for provider in emulator.overview() {
        let by_operation: Vec<_> = provider.calls.iter().map(|call| call.operation).collect();
        assert!(
            by_operation.is_sorted(),
            "the banner prints {}'s calls in another order",
            provider.name
        );
        for chunk in provider.calls.chunk_by(|one, next| one.operation == next.operation) {
            let mut succeeds = chunk.iter().map(|call| call.expect.is_success());
            assert!(
                succeeds.clone().is_sorted() && succeeds.next_back() == Some(true),
                "{}",
                provider.name
            );
        }
    }
}

#[test]
fn the_credentials_that_are_listed_for_people_are_known() {
    let emulator = emulator(noon());
    let velt = Call::new("POST", "/velt/v2/users/data/delete/status")
        .header("x-velt-api-key", "velt-sandbox-key")
        .header("x-velt-auth-token", "velt-sandbox-token")
        .header("content-type", "application/json")
        .body(r#"{"data":{"jobId":"none"}}"#);
    assert_eq!(handle(&emulator, &velt, noon()).status, 404);
    for token in ["timbrix-owner", "timbrix-admin", "timbrix-member", "timbrix-stranger"] {
        let call = super::timbrix::delete("00000000-0000-0000-0000-000000000000", token);
        assert_eq!(handle(&emulator, &call, noon()).status, 404, "{token}");
    }
    for (key, status) in [
        ("partoo-provider-write", 404),
        ("partoo-provider-read", 403),
        ("partoo-org-admin", 403),
        ("partoo-revoked", 401),
    ] {
        let call = super::partoo::delete("999", key);
        assert_eq!(handle(&emulator, &call, noon()).status, status, "{key}");
    }
    for token in ["applivery-admin", "applivery-viewer"] {
        let call = super::applivery::delete("none", token);
        assert_eq!(handle(&emulator, &call, noon()).status, 404, "{token}");
    }
}
