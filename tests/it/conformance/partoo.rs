//! Partoo: deleting an organization, by force where something is linked to it.

use serde_json::{Value, json};

use super::row::{Call, D, E, I, row};
use super::run::hold;
use super::{gone, not_emulated};

const PAGE: &str = "developers.partoo.co, Delete organization";
const OLDER: &str = "github.com/PartooHub/developers-website, OpenAPI of May 2021";
const ERRORS: &str = "developers.partoo.co, API fundamentals: errors";
const EMULATED: &str = "`DELETE /org/{org_id}`";

/// What goes with organization 42; its groups and keys are not named by the page.
const MARTIN: &[(&str, &str)] = &[
    ("organizations", "42"),
    ("groups", "310 311"),
    (
        "users",
        "5309c3a237bbc544d8e26737 5309c3a237bbc544d8e26738 5309c3a237bbc544d8e26739 \
         5309c3a237bbc544d8e2673a",
    ),
    ("businesses", "5409c35a97bbc544d8e26737 5409c35a97bbc544d8e26738 5409c35a97bbc544d8e26739"),
    ("api_keys", "3247"),
];

pub(super) fn delete(org: &str, key: &str) -> Call {
    at(&format!("/partoo/org/{org}"), key)
}

fn at(target: &str, key: &str) -> Call {
    Call::new("DELETE", target).header("x-APIKey", key)
}

/// By the key that may.
fn of(org: &str) -> Call {
    delete(org, "partoo-provider-write")
}

fn with_body(org: &str, body: impl AsRef<[u8]>) -> Call {
    of(org).header("content-type", "application/json").body(body)
}

fn done(org: u64) -> Value {
    json!({ "status": "success", "org_id": org })
}

fn wrong(json: &Value) -> Value {
    json!({ "errors": { "json": json } })
}

fn linked(businesses: u64, users: u64) -> Value {
    wrong(&json!({
        "businesses_count": businesses,
        "users_count": users,
        "description": "Organization still has businesses or users, please send force=true to force deletion."
    }))
}

#[test]
fn partoo_deletes_an_organization_as_documented() {
    let empty = |situation, source, call| {
        row(situation, source, call).answers(200, done(43)).changes(["- organizations/43"])
    };
    let write = "partoo-provider-write";
    let rows = [
        empty("an empty organization", D(PAGE), of("43")),
        empty(
            "by the production server's address",
            D(PAGE),
            at("/v2/org/43", write).header("host", "api.partoo.co"),
        ),
        empty(
            "by the sandbox server's address",
            D(PAGE),
            at("/v2/org/43", write).header("host", "api.sandbox.partoo.co"),
        ),
        empty("by the documented path alone", D(PAGE), at("/v2/org/43", write)),
        empty("under the prefix with the base path", D(PAGE), at("/partoo/v2/org/43", write)),
        empty(
            "the header in small letters",
            D("RFC 9110, section 5.1"),
            Call::new("DELETE", "/partoo/org/43").header("x-apikey", write),
        ),
        empty("force where nothing is linked", D(PAGE), of("43?force=true")),
        row("groups alone do not keep it", I(PAGE), of("45"))
            .answers(200, done(45))
            .changes(gone(&[("organizations", "45"), ("groups", "313")])),
    ];
    hold("partoo", &rows);
}

#[test]
fn partoo_deletes_what_is_linked_by_force() {
    let forced = |situation, source, call| {
        row(situation, source, call).answers(200, done(42)).changes(gone(MARTIN))
    };
    let rows = [
        forced("force", D(PAGE), of("42?force=true")),
        forced("force as the prose writes it, in the query", I(PAGE), of("42?force=True")),
        forced("force as a digit", I(PAGE), of("42?force=1")),
        forced(
            "the page's prose: force=\"True\" in the body",
            D(PAGE),
            with_body("42", r#"{"force":"True"}"#),
        ),
        forced("force as a boolean in the body", I(PAGE), with_body("42", r#"{"force":true}"#)),
        forced(
            "the query wins over a body that says no",
            I(PAGE),
            with_body("42?force=true", r#"{"force":"False"}"#),
        ),
        forced(
            "the Content-Type of a DELETE is not looked at",
            E(ERRORS),
            of("42").header("content-type", "text/plain").body(r#"{"force":"True"}"#),
        ),
        forced("a body without Content-Type", E(ERRORS), of("42").body(r#"{"force":"True"}"#)),
    ];
    hold("partoo", &rows);
}

#[test]
fn partoo_refuses_as_documented() {
    let has_linked =
        |situation, source, call| row(situation, source, call).answers(400, linked(3, 4));
    let not_a_bool = |situation, call| {
        row(situation, I(OLDER), call).answers(400, wrong(&json!({ "force": "must be a bool" })))
    };
    let not_an_integer = |situation, call| {
        let body = wrong(&json!({ "org_id": "must be an integer" }));
        row(situation, I(OLDER), call).answers(400, body)
    };
    let malformed =
        |situation, call| row(situation, E(ERRORS), call).answers(400, wrong(&json!({})));
    let rows = [
        has_linked("businesses and users are linked", D(PAGE), of("42")),
        has_linked("force is false", D(PAGE), of("42?force=false")),
        has_linked(
            "force is \"False\", which is no reason to delete",
            I(PAGE),
            of("42?force=False"),
        ),
        has_linked("force is 0", I(PAGE), of("42?force=0")),
        has_linked("the older form says no", E(OLDER), with_body("42", r#"{"force":"False"}"#)),
        has_linked(
            "the query wins over a body that says yes",
            I(PAGE),
            with_body("42?force=false", r#"{"force":"True"}"#),
        ),
        has_linked("a body without force", I(PAGE), with_body("42", "{}")),
        row("one user is enough", D(PAGE), of("1")).answers(400, linked(0, 1)),
        not_a_bool("force is a word", of("42?force=maybe")),
        not_a_bool("force is a number", of("42?force=7")),
        not_a_bool("force is empty", of("42?force=")),
        not_a_bool("force is a word in the body", with_body("42", r#"{"force":"maybe"}"#)),
        not_a_bool("force is a number in the body", with_body("42", r#"{"force":7}"#)),
        not_a_bool("force is a fraction in the body", with_body("42", r#"{"force":1.5}"#)),
        not_a_bool("force is null in the body", with_body("42", r#"{"force":null}"#)),
        not_an_integer("the id is a word", of("boulangerie")),
        not_an_integer("the id is a fraction", of("42.5")),
        not_an_integer(
            "the id is judged before the role",
            delete("boulangerie", "partoo-org-admin"),
        ),
        malformed("malformed JSON", with_body("42", r#"{"force""#)),
        malformed("a body that is a list", with_body("42", "[]")),
    ];
    hold("partoo", &rows);
}

#[test]
fn partoo_lets_in_whom_it_documents() {
    let unauthenticated = |situation, call| {
        let body = json!({ "errors": { "authentication": "User not authenticated" } });
        row(situation, D(PAGE), call).answers(401, body)
    };
    let forbidden = |situation, source, call| {
        let body = json!({ "errors": { "authorization": "Operation not allowed" } });
        row(situation, source, call).answers(403, body)
    };
    let not_found = |situation, source, call| {
        row(situation, source, call).answers(404, wrong(&json!("Resource not found")))
    };
    let rows = [
        unauthenticated("no key", of("43").without("x-APIKey")),
        unauthenticated("an unknown key", delete("43", "nobodys")),
        unauthenticated("a revoked key", delete("43", "partoo-revoked")),
        unauthenticated("an expired key", delete("43", "partoo-expired")),
        unauthenticated("the key is judged before the id", delete("boulangerie", "nobodys")),
        forbidden("a key that may only read", D(PAGE), delete("43", "partoo-provider-read")),
        forbidden(
            "an ORG_ADMIN, of the own organization",
            E(OLDER),
            delete("42", "partoo-org-admin"),
        ),
        forbidden("an ORG_ADMIN, of another", E(OLDER), delete("43", "partoo-org-admin")),
        forbidden("force does not help", E(OLDER), delete("42?force=true", "partoo-org-admin")),
        forbidden(
            "the role is judged before the organization",
            I(OLDER),
            delete("999", "partoo-org-admin"),
        ),
        forbidden("an organization of another provider", I(PAGE), of("44")),
        forbidden("by force neither", I(PAGE), of("44?force=true")),
        not_found("an unknown organization", D(PAGE), of("999")),
        not_found("deleted a second time", I(PAGE), of("43")).after(of("43")),
        not_found("deleted by force a second time", I(PAGE), of("42?force=true"))
            .after(of("42?force=true")),
        unauthenticated(
            "a key of a user who went with the organization",
            delete("43", "partoo-org-admin"),
        )
        .after(of("42?force=true")),
    ];
    hold("partoo", &rows);
}

#[test]
fn partoo_words_unknown_routes() {
    let not_found = wrong(&json!("Resource not found"));
    let rows = [
        row("an unknown path", I(PAGE), at("/partoo/organization/42", "partoo-provider-write"))
            .answers(404, not_found.clone()),
        row("no credentials are asked for", I(PAGE), Call::new("DELETE", "/partoo/organization"))
            .answers(404, not_found),
        row("another method", I(PAGE), of("42").by("PUT"))
            .answers(405, wrong(&json!("Method not allowed")))
            .with_header("allow", "GET, HEAD, POST, DELETE, OPTIONS"),
        not_emulated(of("42").by("POST"), EMULATED),
    ];
    hold("partoo", &rows);
}
