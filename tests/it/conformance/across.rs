//! What holds of all providers at once.

use serde_json::json;

use super::row::{Call, I, row};
use super::run::{changes, emulator, handle, hold, noon, records};
use super::{applivery, gone, partoo, timbrix, velt};

#[test]
fn a_second_deletion_of_the_same_organization_changes_nothing() {
    let emulator = emulator(noon());
    let twice = [
        (velt::delete(&["yourOrganizationId1"]), 200, 200),
        (timbrix::delete("550e8400-e29b-41d4-a716-446655440000", "timbrix-owner"), 204, 404),
        (partoo::delete("42?force=true", "partoo-provider-write"), 200, 404),
        (applivery::delete("globex", "applivery-admin"), 200, 404),
    ];
    for (call, first, second) in twice {
        let before = records(&emulator);
        assert_eq!(handle(&emulator, &call, noon()).status, first, "{}", call.target);
        let between = records(&emulator);
        assert_ne!(changes("", &before, &between, noon()), Vec::<String>::new());
        assert_eq!(handle(&emulator, &call, noon()).status, second, "{}", call.target);
        assert_eq!(records(&emulator), between, "{}", call.target);
    }
}

/// Each table compares the records of all providers; this is the same for a path that two of them could have.
#[test]
fn a_path_without_prefix_belongs_to_one_provider() {
    let root = "no page: where the sandbox mounts the documented paths";
    let not_found = applivery::error(3001, "Entity not found");
    let token = |target: &str| {
        Call::new("DELETE", target).header("authorization", "Bearer applivery-admin")
    };
    let rows = [
        row("`delete` as a slug", I(root), token("/v1/organizations/delete"))
            .answers(404, not_found),
        row("one provider's call with another's credentials", I(root), {
            token("/v1/organizations/globex").with("authorization", "Bearer timbrix-owner")
        })
        .answers(401, applivery::error(4004, "Invalid Token")),
        row("the version decides", I(root), token("/v1/organizations/globex"))
            .answers(200, json!({ "status": true, "data": { "delete": "OK" } }))
            .changes(gone(applivery::WORKSPACE)),
        row("without the version it is Timbrix's", I(root), token("/organizations/globex"))
            .answers(401, json!({ "statusCode": 401, "message": "Unauthorized" })),
    ];
    hold("applivery", &rows);
}

#[test]
fn a_path_that_no_provider_has_is_answered_by_the_sandbox() {
    let answer =
        handle(&emulator(noon()), &Call::new("DELETE", "/v1/organisations/globex"), noon());
    assert_eq!(answer.status, 404);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let near = answer.json()["near"].to_string();
    assert!(near.contains("DELETE /v1/organizations/{organizationId}"), "{near}");
}
