//! Timbrix: deleting an organization.

use serde_json::{Value, json};
use tombstone::catalog::Sources;

use super::row::{Call, D, I, row};
use super::run::{emulator_of, handle, hold, noon};
use super::{gone, not_emulated};

const PAGE: &str = "docs.timbrix.mx, Delete organization";
const INTRODUCTION: &str = "docs.timbrix.mx, Introduction";
const NEST: &str = "github.com/nestjs/nest, the framework's defaults";
const EMULATED: &str = "`DELETE /organizations/{id}`";

const ESQUINA: &str = "550e8400-e29b-41d4-a716-446655440000";
const NORTE: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

/// What goes with the first organization: all but users, sessions, and what Stripe keeps.
const FIRST: &[(&str, &str)] = &[
    ("organizations", ESQUINA),
    ("members", "member-1 member-2 member-3"),
    ("invitations", "invitation-1 invitation-2"),
    ("oauth_apps", "app_puntoDeVenta app_contabilidad"),
    ("oauth_tokens", "oauth-1 oauth-2 oauth-3"),
    ("webhooks", "webhook-1 webhook-2"),
    ("deliveries", "delivery-1 delivery-2 delivery-3"),
    ("api_keys", "key-1 key-2"),
];

const SECOND: &[(&str, &str)] = &[
    ("organizations", NORTE),
    ("members", "member-4 member-5"),
    ("invitations", "invitation-3"),
    ("oauth_apps", "app_embarques"),
    ("oauth_tokens", "oauth-4"),
    ("webhooks", "webhook-3"),
    ("deliveries", "delivery-4"),
    ("api_keys", "key-3"),
];

/// Everything in the first is gone, and its subscription cancelled.
fn first_gone() -> Vec<String> {
    let subscription = "~ subscriptions/sub_sandboxEsquina01 \
                        {\"organization_id\":null,\"status\":\"canceled\",\"canceled_at\":\"now\"}";
    [gone(FIRST), vec![subscription.into()]].concat()
}

/// Everything in the second is gone; its subscription was cancelled before, and keeps the date.
fn second_gone() -> Vec<String> {
    [gone(SECOND), vec!["~ subscriptions/sub_sandboxNorte0001 {\"organization_id\":null}".into()]]
        .concat()
}

pub(super) fn delete(id: &str, token: &str) -> Call {
    at(&format!("/timbrix/organizations/{id}"), token)
}

fn at(target: &str, token: &str) -> Call {
    Call::new("DELETE", target).header("authorization", &format!("Bearer {token}"))
}

fn error(status: u16, message: &str) -> Value {
    json!({ "statusCode": status, "message": message })
}

fn no_route(call: &str) -> Value {
    json!({ "statusCode": 404, "message": format!("Cannot {call}"), "error": "Not Found" })
}

#[test]
fn timbrix_deletes_an_organization_as_documented() {
    let deleted = |situation, source, call| {
        row(situation, source, call).answers_without_body(204).changes(first_gone())
    };
    let local = format!("/api/organizations/{ESQUINA}");
    let plain = format!("/organizations/{ESQUINA}");
    let good = delete(ESQUINA, "timbrix-owner");
    let rows = [
        deleted("the owner", D(PAGE), good.clone()),
        // curl -X DELETE http://localhost:3001/api/organizations/550e8400-e29b-41d4-a716-446655440000
        deleted(
            "the page's example",
            D(PAGE),
            at(&local, "timbrix-owner").header("host", "localhost:3001"),
        ),
        deleted(
            "by the page's other server",
            D(PAGE),
            at(&plain, "timbrix-owner").header("host", "sandbox.mintlify.com"),
        ),
        deleted("by the documented path alone", D(PAGE), at(&plain, "timbrix-owner")),
        deleted(
            "under the prefix with the base path",
            D(PAGE),
            at(&format!("/timbrix{local}"), "timbrix-owner"),
        ),
        deleted("an id in capitals", I(NEST), delete(&ESQUINA.to_uppercase(), "timbrix-owner")),
        deleted(
            "the scheme in small letters",
            I("RFC 9110, section 11.1"),
            good.clone().with("authorization", "bearer timbrix-owner"),
        ),
        deleted("the owner's OAuth token", I(INTRODUCTION), delete(ESQUINA, "timbrix-oauth-owner")),
        deleted(
            "a malformed body is ignored",
            I(NEST),
            good.clone().header("content-type", "application/json").body("{"),
        ),
        row(
            "another owner, of a cancelled subscription",
            D(PAGE),
            delete(NORTE, "timbrix-stranger"),
        )
        .answers_without_body(204)
        .changes(second_gone()),
    ];
    hold("timbrix", &rows);
}

#[test]
fn timbrix_refuses_as_documented() {
    let not_owner = |situation, source, call| {
        let message = "Access denied. Only the organization owner can delete the organization";
        row(situation, source, call).answers(403, error(403, message))
    };
    let not_found = |situation, source, call| {
        row(situation, source, call).answers(404, error(404, "Organization not found"))
    };
    let bad_id = json!({
        "statusCode": 400,
        "message": "Validation failed (uuid is expected)",
        "error": "Bad Request"
    });
    let good = delete(ESQUINA, "timbrix-owner");
    let rows = [
        not_owner("an admin", D(PAGE), delete(ESQUINA, "timbrix-admin")),
        not_owner("a member", D(PAGE), delete(ESQUINA, "timbrix-member")),
        not_owner("somebody who is no member", D(PAGE), delete(ESQUINA, "timbrix-stranger")),
        not_owner("a member's OAuth token", I(PAGE), delete(ESQUINA, "timbrix-oauth-member")),
        not_owner("the owner of another organization", D(PAGE), delete(NORTE, "timbrix-owner")),
        not_found("an unknown id", D(PAGE), delete(NOBODY, "timbrix-owner")),
        not_found(
            "an unknown id, for somebody who owns none",
            I(PAGE),
            delete(NOBODY, "timbrix-member"),
        ),
        not_found("deleted a second time", I(PAGE), good.clone()).after(good.clone()),
        row("a slug", I(NEST), delete("papeleria-la-esquina", "timbrix-owner"))
            .answers(400, bad_id.clone()),
        row("a UUID without hyphens", I(NEST), delete(&ESQUINA.replace('-', ""), "timbrix-owner"))
            .answers(400, bad_id),
    ];
    hold("timbrix", &rows);
}

#[test]
fn timbrix_asks_for_a_token() {
    let unauthorized = |situation, call| {
        row(situation, I(INTRODUCTION), call).answers(401, error(401, "Unauthorized"))
    };
    let good = delete(ESQUINA, "timbrix-owner");
    let rows = [
        unauthorized("no token", good.clone().without("authorization")),
        unauthorized("an empty token", good.clone().with("authorization", "Bearer ")),
        unauthorized("an unknown token", delete(ESQUINA, "nobodys")),
        unauthorized("an expired session", delete(ESQUINA, "timbrix-expired")),
        unauthorized("an expired OAuth token", delete(ESQUINA, "timbrix-oauth-expired")),
        unauthorized(
            "another scheme",
            good.clone().with("authorization", "Basic dGltYnJpeC1vd25lcjo="),
        ),
        unauthorized(
            "an API key instead",
            good.clone().without("authorization").header("x-api-key", "sk_test_sandbox_pruebas"),
        ),
        unauthorized("an API key as the token", delete(ESQUINA, "sk_test_sandbox_pruebas")),
        unauthorized("the token is judged before the id", delete("not-a-uuid", "nobodys")),
    ];
    hold("timbrix", &rows);
}

#[test]
fn timbrix_words_unknown_routes_as_its_framework() {
    let no_route = |situation, call: Call, path: &str| {
        let body = no_route(&format!("{} {path}", call.method));
        row(situation, I(NEST), call).answers(404, body).without_header("allow")
    };
    let good = delete(ESQUINA, "timbrix-owner");
    let path = format!("/organizations/{ESQUINA}");
    let rows = [
        no_route("PATCH", good.clone().by("PATCH"), &path),
        no_route("POST", good.clone().by("POST"), &path),
        no_route("an unknown path", at("/timbrix/nothing", "timbrix-owner"), "/nothing"),
        no_route("no credentials are asked for", Call::new("GET", "/timbrix/nothing"), "/nothing"),
        not_emulated(good.by("GET"), EMULATED),
    ];
    hold("timbrix", &rows);
}

#[test]
fn timbrix_credentials_of_a_deleted_organization_are_dead_and_its_people_are_not() {
    let first = delete(ESQUINA, "timbrix-owner");
    let dead = |situation, token: &str| {
        row(situation, D(PAGE), delete(NORTE, token))
            .after(first.clone())
            .answers(401, error(401, "Unauthorized"))
    };
    let not_owner = "Access denied. Only the organization owner can delete the organization";
    let alive = |situation, token: &str| {
        row(situation, I(PAGE), delete(NORTE, token))
            .after(first.clone())
            .answers(403, error(403, not_owner))
    };
    let rows = [
        dead("an OAuth token of its owner", "timbrix-oauth-owner"),
        dead("an OAuth token of its member", "timbrix-oauth-member"),
        dead("its API key", "sk_test_sandbox_pruebas"),
        alive("the session of its owner", "timbrix-owner"),
        alive("the session of its admin", "timbrix-admin"),
        alive("the session of its member, who administers the other", "timbrix-member"),
        row(
            "an OAuth token of another organization",
            I(PAGE),
            delete(NORTE, "timbrix-oauth-stranger"),
        )
        .after(first)
        .answers_without_body(204)
        .changes(second_gone()),
    ];
    hold("timbrix", &rows);
}

/// Billing history is kept as it is. That it no longer leads to an organization shows in an expression only, so a
/// rule that reads it is put into a copy of the behavior file.
#[test]
fn kept_billing_history_leads_to_no_organization() {
    let copy = std::env::temp_dir().join(format!("tombstone-kept-{}", std::process::id()));
    let folder = copy.join("timbrix");
    std::fs::create_dir_all(&folder).unwrap();
    let specs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("specs/timbrix");
    std::fs::copy(specs.join("openapi.yaml"), folder.join("openapi.yaml")).unwrap();
    let behavior = std::fs::read_to_string(specs.join("behavior.yaml")).unwrap();
    let found = "      - when: organization is none\n        respond: 404\n";
    let reads = "      - when: billing_history['in_sandboxEsquina03'].organization is none and \
                 billing_history['in_sandboxEsquina03'].amount == 49900\n        respond: 404\n        \
                 patch: { message: kept }\n";
    assert!(behavior.contains(found));
    let behavior = behavior.replace(found, &format!("{reads}{found}"));
    std::fs::write(folder.join("behavior.yaml"), behavior).unwrap();
    let sources = Sources {
        specs: Some(copy.clone()),
        fixtures: Some(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")),
        only: vec!["timbrix".into()],
        ..Sources::default()
    };
    let emulator = emulator_of(&sources, noon());
    std::fs::remove_dir_all(&copy).unwrap();
    let ask = |call: &Call| handle(&emulator, call, noon());
    assert_eq!(ask(&delete(NOBODY, "timbrix-owner")).json()["message"], "Organization not found");
    assert_eq!(ask(&delete(ESQUINA, "timbrix-owner")).status, 204);
    assert_eq!(ask(&delete(NOBODY, "timbrix-owner")).json()["message"], "kept");
}
