//! Timbrix: deleting an organization, and the calls around it.

use serde_json::{Value, json};
use tombstone::catalog::Sources;
use tombstone::clock::Timestamp;

use super::row::{Call, D, I, Row, row};
use super::run::{emulator_of, handle, hold, noon};
use super::{gone, not_emulated};

const PAGE: &str = "docs.timbrix.mx, Delete organization";
const INTRODUCTION: &str = "docs.timbrix.mx, Introduction";
const NEST: &str = "github.com/nestjs/nest, the framework's defaults";
const EMULATED: &str = "`DELETE /organizations/{id}/members/{memberId}`, `GET /organizations/{id}/members`, \
                        `GET /organizations/{id}/invites`, `DELETE /organizations/{id}`, \
                        `GET /organizations/{id}` and 3 others";

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
        not_emulated(
            at(&format!("/timbrix{path}/members/invite"), "timbrix-owner").by("POST"),
            EMULATED,
        ),
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

fn call(method: &'static str, path: &str, token: &str) -> Call {
    let target = format!("/timbrix/organizations{path}");
    Call::new(method, &target).header("authorization", &format!("Bearer {token}"))
}

fn with_body(call: Call, body: &Value) -> Call {
    call.header("content-type", "application/json").body(body.to_string())
}

fn faults(sentences: &[&str]) -> Value {
    json!({ "statusCode": 400, "message": sentences, "error": "Bad Request" })
}

/// What the texts at `name` are in the records that a list answers with.
fn each(answer: &Value, name: &str) -> Vec<String> {
    answer.as_array().unwrap().iter().map(|one| one[name].as_str().unwrap().to_owned()).collect()
}

#[test]
fn timbrix_goes_through_the_life_of_an_organization() {
    let emulator = emulator_of(&Sources { vet: true, ..Sources::default() }, noon());
    let ask = |call: Call| handle(&emulator, &call, noon());
    let tomas = "timbrix-stranger";
    let body = json!({ "name": "Acme Corp", "slug": "acme-corp" });
    let created = ask(with_body(call("POST", "", tomas), &body));
    assert_eq!(created.status, 201);
    let id = created.json()["id"].as_str().unwrap().to_owned();
    let now = "2026-01-15T12:00:00.000Z";
    let owner = "1b0a6d1e-5f0c-4c8e-9a57-3d1f6f0c2a04";
    let profile = json!({
        "id": id, "name": "Acme Corp", "slug": "acme-corp", "logo": null, "plan": "free",
        "ownerId": owner, "createdAt": now, "updatedAt": now,
    });
    assert_eq!(created.json(), profile);

    let one = format!("/{id}");
    let (members, invites) = (format!("{one}/members"), format!("{one}/invites"));
    assert_eq!(each(&ask(call("GET", "", tomas)).json(), "slug"), ["norte-logistica", "acme-corp"]);
    assert_eq!(each(&ask(call("GET", &members, tomas)).json(), "role"), ["owner"]);
    assert_eq!(ask(call("GET", &invites, tomas)).json(), json!([]));
    let change =
        json!({ "name": "Acme", "logo": "https://acme.example/logo.png", "slug": "other" });
    let changed = ask(with_body(call("PUT", &one, tomas), &change)).json();
    assert_eq!((&changed["name"], &changed["slug"]), (&json!("Acme"), &json!("acme-corp")));
    assert_eq!(ask(call("GET", &one, tomas)).json()["logo"], "https://acme.example/logo.png");
    ask(with_body(call("PUT", &one, tomas), &json!({ "logo": null })));
    assert_eq!(ask(call("GET", &one, tomas)).json()["logo"], Value::Null);
    assert_eq!(ask(call("GET", &one, tomas)).json()["name"], "Acme");

    assert_eq!(ask(call("DELETE", &one, tomas)).status, 204);
    assert_eq!(each(&ask(call("GET", "", tomas)).json(), "slug"), ["norte-logistica"]);
    for path in [&one, &members, &invites] {
        assert_eq!(ask(call("GET", path, tomas)).status, 404);
    }
}

#[test]
fn timbrix_lists_nothing_of_an_organization_that_is_deleted() {
    let emulator = emulator_of(&Sources { vet: true, ..Sources::default() }, noon());
    let ask = |call: Call| handle(&emulator, &call, noon());
    let members = format!("/{ESQUINA}/members");
    let people = |token| each(&ask(call("GET", &members, token)).json(), "id");
    assert_eq!(people("timbrix-member"), ["member-1", "member-2", "member-3"]);
    assert_eq!(ask(call("GET", "", "timbrix-oauth-member")).status, 200);

    // Ana is removed, and her OAuth token with her; her session goes on in the other organization.
    let remove = format!("{members}/member-3");
    assert_eq!(ask(call("DELETE", &remove, "timbrix-admin")).status, 204);
    assert_eq!(people("timbrix-owner"), ["member-1", "member-2"]);
    assert_eq!(ask(call("GET", "", "timbrix-oauth-member")).status, 401);
    let listed = |token| each(&ask(call("GET", "", token)).json(), "slug");
    assert_eq!(listed("timbrix-member"), ["norte-logistica"]);
    assert_eq!(listed("timbrix-oauth-owner"), ["papeleria-la-esquina"]);

    assert_eq!(ask(delete(ESQUINA, "timbrix-owner")).status, 204);
    assert_eq!(listed("timbrix-owner"), Vec::<String>::new());
    assert_eq!(listed("timbrix-admin"), Vec::<String>::new());
    assert_eq!(listed("timbrix-member"), ["norte-logistica"]);
    assert_eq!(ask(call("GET", &members, "timbrix-owner")).status, 404);
    let others = format!("/{NORTE}/members");
    let others = ask(call("GET", &others, "timbrix-member")).json();
    assert_eq!(each(&others, "id"), ["member-4", "member-5"]);
}

#[test]
fn timbrix_reads_as_documented() {
    let emulator = emulator_of(&Sources { vet: true, ..Sources::default() }, noon());
    let ask = |path: &str, token| handle(&emulator, &call("GET", path, token), noon()).json();
    let esquina = json!({
        "id": ESQUINA, "name": "Papelería La Esquina", "slug": "papeleria-la-esquina",
        "logo": null, "plan": "pro", "ownerId": "1b0a6d1e-5f0c-4c8e-9a57-3d1f6f0c2a01",
        "stripeCustomerId": "cus_sandboxEsquina01", "subscriptionStatus": "active",
        "createdAt": "2024-11-21T12:00:00.000Z", "updatedAt": "2026-01-06T12:00:00.000Z",
    });
    assert_eq!(ask(&format!("/{}", ESQUINA.to_uppercase()), "timbrix-member"), esquina);
    assert_eq!(ask("", "timbrix-owner"), json!([esquina]));
}

#[test]
fn timbrix_tells_members_and_invitations_with_their_users() {
    let person = |number: u8, email: &str, name: &str| {
        let id = format!("1b0a6d1e-5f0c-4c8e-9a57-3d1f6f0c2a0{number}");
        json!({ "id": id, "email": email, "name": name })
    };
    let emulator = emulator_of(&Sources { vet: true, ..Sources::default() }, noon());
    let ask = |path: &str, now| {
        let call = call("GET", &format!("/{ESQUINA}/{path}"), "timbrix-admin");
        handle(&emulator, &call, now).json()
    };
    let diego = person(2, "diego@example.com", "Diego Ramírez");
    assert_eq!(
        ask("members", noon())[1],
        json!({
            "id": "member-2", "role": "admin", "user": diego,
            "joinedAt": "2025-03-21T12:00:00.000Z",
        })
    );
    let lucia = person(1, "lucia@example.com", "Lucía Fernández");
    let second = json!({
        "id": "invitation-2", "email": "contabilidad@example.com", "role": "admin",
        "status": "pending", "expiresAt": "2026-01-17T12:00:00.000Z",
        "createdAt": "2026-01-10T12:00:00.000Z", "invitedBy": diego,
    });
    let first = json!({
        "id": "invitation-1", "email": "rocio@example.com", "role": "member",
        "status": "pending", "expiresAt": "2026-01-20T12:00:00.000Z",
        "createdAt": "2026-01-13T12:00:00.000Z", "invitedBy": lucia,
    });
    assert_eq!(ask("invites", noon()), json!([second, first]));
    let later = Timestamp::parse("2026-01-18T12:00:00Z").unwrap();
    assert_eq!(ask("invites", later), json!([first]), "the other one has expired");
}

fn wrong(situation: &'static str, call: Call, message: &str) -> Row {
    let body = json!({ "statusCode": 400, "message": message, "error": "Bad Request" });
    row(situation, I(NEST), call).answers(400, body)
}

#[test]
fn timbrix_refuses_the_calls_around_the_deletion_to_others() {
    let one = format!("/{ESQUINA}");
    let sub = |rest: &str| format!("{one}/{rest}");
    let denied = |situation, call: Call, what: &str| {
        let message = format!("Access denied. {what}");
        row(situation, I(PAGE), call).answers(403, error(403, &message))
    };
    let update = with_body(call("PUT", &one, "timbrix-admin"), &json!({ "name": "La Esquina" }));
    let remove = call("DELETE", &sub("members/member-2"), "timbrix-member");
    let strangers = "You are not a member of this organization";
    let owners = "Only the organization owner can update the organization";
    let removers = "Only organization owners and admins can remove members";
    let viewers = "Only organization owners and admins can view invitations";
    let members = call("GET", &sub("members"), "timbrix-stranger");
    let nobody = call("GET", "", "timbrix-owner").without("authorization");
    let rows = [
        denied("reading, by a stranger", call("GET", &one, "timbrix-stranger"), strangers),
        denied("members, to a stranger", members, strangers),
        denied("updating, by an admin", update, owners),
        denied("removing, by a member", remove, removers),
        denied("invitations, to a member", call("GET", &sub("invites"), "timbrix-member"), viewers),
        row("nobody lists", I(INTRODUCTION), nobody).answers(401, error(401, "Unauthorized")),
    ];
    hold("timbrix", &rows);
}

#[test]
fn timbrix_removes_no_owner_and_nobody_who_is_not_there() {
    let missing = |situation, call: Call, what: &str| {
        row(situation, I(PAGE), call).answers(404, error(404, what))
    };
    let remove =
        |member: &str| call("DELETE", &format!("/{ESQUINA}/members/{member}"), "timbrix-admin");
    let none = call("GET", &format!("/{NOBODY}"), "timbrix-owner");
    let slug = call("GET", "/papeleria", "timbrix-owner");
    let rows = [
        missing("reading none", none, "Organization not found"),
        missing("removing nobody", remove("member-9"), "Member not found"),
        missing("removing another's", remove("member-4"), "Member not found"),
        wrong("the owner", remove("member-1"), "Organization owner cannot be removed"),
        wrong("the only admin", remove("member-2"), "Cannot remove yourself as the only admin"),
        wrong("no UUID", slug, "Validation failed (uuid is expected)"),
    ];
    hold("timbrix", &rows);
}

#[test]
fn timbrix_says_what_is_wrong_with_a_body() {
    let invalid = |situation, call: Call, body: Value, sentences: &[&str]| {
        row(situation, I(NEST), with_body(call, &body)).answers(400, faults(sentences))
    };
    let create = || call("POST", "", "timbrix-owner");
    let update = call("PUT", &format!("/{ESQUINA}"), "timbrix-owner");
    let taken = with_body(create(), &json!({ "name": "Norte", "slug": "norte-logistica" }));
    let short = "name must be longer than or equal to 3 characters";
    let letters = "slug must match /^[a-z0-9-]+$/ regular expression";
    let neither = ["name must be a string", "slug must be a string"];
    let both = json!({ "name": "ab", "slug": "Acme Corp" });
    let rows = [
        invalid("nothing in it", create(), json!({}), &neither),
        invalid("too short, and other letters", create(), both, &[short, letters]),
        invalid("a short name", update, json!({ "name": "ab" }), &[short]),
        row("a slug that is taken", I(INTRODUCTION), taken)
            .answers(409, error(409, "Organization with this slug already exists")),
    ];
    hold("timbrix", &rows);
}
