//! Applivery: deleting an organization's workspace, and the calls around it.

use serde_json::{Value, json};

use super::row::{Call, D, E, I, Row, row};
use super::run::{emulator, handle, hold, noon};
use super::{gone, not_emulated};

const PAGE: &str = "docs.applivery.com, Delete organization workspace permanently";
const OPENAPI: &str = "github.com/applivery/docs-front, OpenAPI";
const ACCOUNTS: &str = "docs.applivery.com, Service accounts";
const SKELETON: &str = "github.com/applivery/express-api-skeleton, errors";
const EXPRESS: &str = "npmjs.com/package/express-deliver 1.0.0, errors";
const EMULATED: &str = "`GET /v1/organizations/{organizationId}/collaborators/`, \
                        `GET /v1/organizations/{organizationId}/apps`, \
                        `GET /v1/organizations/{organizationId}`, \
                        `DELETE /v1/organizations/{organizationId}`, `GET /v1/organizations/` \
                        and 7 others";

const ACME: &str = "64b7f0c2a91d3e5f8a7c1b20";
const GLOBEX: &str = "64b7f0c2a91d3e5f8a7c1b21";

/// What goes with `globex`.
pub(super) const WORKSPACE: &[(&str, &str)] = &[
    ("organizations", GLOBEX),
    ("collaborators", "64b7f0c2a91d3e5f8a7c3002 64b7f0c2a91d3e5f8a7c3004"),
    ("applications", "64b7f0c2a91d3e5f8a7c4003"),
    ("builds", "64b7f0c2a91d3e5f8a7c5003"),
    ("devices", "64b7f0c2a91d3e5f8a7c6003"),
    ("activities", "64b7f0c2a91d3e5f8a7c7002 64b7f0c2a91d3e5f8a7c7003"),
];

pub(super) fn delete(organization: &str, token: &str) -> Call {
    at(&format!("/applivery/v1/organizations/{organization}"), token)
}

fn at(target: &str, token: &str) -> Call {
    Call::new("DELETE", target).header("authorization", &format!("Bearer {token}"))
}

/// By somebody who may.
fn of(organization: &str) -> Call {
    delete(organization, "applivery-admin")
}

pub(super) fn error(code: u16, message: &str) -> Value {
    json!({ "status": false, "error": { "code": code, "message": message } })
}

#[test]
fn applivery_deletes_a_workspace_as_documented() {
    let deleted = |situation, source, call| {
        row(situation, source, call)
            .answers(200, json!({ "status": true, "data": { "delete": "OK" } }))
            .changes(gone(WORKSPACE))
    };
    let path = "/v1/organizations/globex";
    let rows = [
        deleted("by slug", D(PAGE), of("globex")),
        deleted("by id", D(PAGE), of(GLOBEX)),
        deleted("by id in capitals", D(PAGE), of(&GLOBEX.to_uppercase())),
        deleted("by the documented path alone", D(PAGE), at(path, "applivery-admin")),
        deleted(
            "by the documented host",
            E("docs.applivery.com, Get organizations"),
            at(path, "applivery-admin").header("host", "api.applivery.io"),
        ),
        deleted(
            "the scheme in small letters",
            E(OPENAPI),
            of("globex").with("authorization", "bearer applivery-admin"),
        ),
        deleted(
            "a malformed body is ignored",
            I(EXPRESS),
            of("globex").header("content-type", "application/json").body("{"),
        ),
    ];
    hold("applivery", &rows);
}

#[test]
fn applivery_refuses_as_documented() {
    let subscribed = |situation, call| {
        let message = "Can not perform this action because there are active subscriptions";
        row(situation, D(PAGE), call).answers(400, error(5111, message))
    };
    let no_token = |situation, source, call| {
        row(situation, source, call).answers(401, error(4002, "No auth token"))
    };
    let invalid_token = |situation, source, call| {
        row(situation, source, call).answers(401, error(4004, "Invalid Token"))
    };
    let forbidden = |situation, call| {
        let message = "Forbidden - You are not allowed to perform this action";
        row(situation, I(SKELETON), call).answers(403, error(4003, message))
    };
    let not_found = |situation, source, call| {
        row(situation, source, call).answers(404, error(3001, "Entity not found"))
    };
    let rows = [
        subscribed("an active subscription", of("acme")),
        subscribed("an active subscription, by id", of(ACME)),
        no_token("no Authorization", D(PAGE), of("globex").without("authorization")),
        no_token("another scheme", I(PAGE), of("globex").with("authorization", "Basic YTpi")),
        no_token("an empty token", I(PAGE), of("globex").with("authorization", "Bearer ")),
        invalid_token("an unknown token", D(OPENAPI), delete("globex", "nobodys")),
        invalid_token("an expired token", I(SKELETON), delete("globex", "applivery-expired")),
        invalid_token("an app's token", I(ACCOUNTS), delete("globex", "applivery-app")),
        invalid_token("the token is judged before the id", I(SKELETON), delete("a_b", "nobodys")),
        forbidden("a viewer", delete("globex", "applivery-viewer")),
        forbidden("a viewer, of one with a subscription", delete("acme", "applivery-viewer")),
        forbidden("somebody who collaborates nowhere", delete("globex", "applivery-outsider")),
        not_found("an unknown slug", D(PAGE), of("initech")),
        not_found("an unknown id", D(PAGE), of("64b7f0c2a91d3e5f8a7cffff")),
        not_found(
            "an unknown slug comes before rights",
            I(PAGE),
            delete("initech", "applivery-outsider"),
        ),
        not_found("deleted a second time", I(PAGE), of("globex")).after(of(GLOBEX)),
        not_found("too short for a slug", I(PAGE), of("ab")),
        not_found("a character that no slug has", I(PAGE), of("a_b")),
        not_found("the backslash that the page's pattern lets through", I(PAGE), of("glo%5Cbex")),
        not_found("a percent sign", I(PAGE), of("%25%25%25")),
    ];
    hold("applivery", &rows);
}

#[test]
fn applivery_words_unknown_routes() {
    let no_route = |situation, call| {
        row(situation, I(EXPRESS), call)
            .answers(404, error(1002, "Route not found"))
            .without_header("allow")
    };
    let rows = [
        no_route("another method", of("globex").by("PATCH")),
        no_route("an unknown path", at("/applivery/v1/workspaces/globex", "applivery-admin")),
        no_route("no credentials are asked for", Call::new("DELETE", "/applivery/v1")),
        not_emulated(
            at("/applivery/v1/organizations/globex/workspace", "applivery-admin").by("GET"),
            EMULATED,
        ),
    ];
    hold("applivery", &rows);
}

fn call(method: &'static str, path: &str, who: &str) -> Call {
    Call::new(method, &format!("/applivery/v1/organizations/{path}"))
        .header("authorization", &format!("Bearer applivery-{who}"))
}

fn creating(who: &str, body: &Value) -> Call {
    call("POST", "", who).header("content-type", "application/json").body(body.to_string())
}

const DEVICE: &str = "acme/mdm/apple/enterprise/devices/64b7f0c2a91d3e5f8a7c6001";

#[test]
fn applivery_goes_through_the_life_of_an_organization() {
    let emulator = emulator(noon());
    let ask = |call: Call| handle(&emulator, &call, noon());
    let created = ask(creating("outsider", &json!({ "name": "Initech" }))).json();
    let id = created["data"]["id"].as_str().unwrap().to_owned();
    let now = "2026-01-15T12:00:00.000Z";
    let organization = json!({
        "id": id, "name": "Initech", "slug": "initech", "webSiteUrl": null,
        "subscriptions": [], "limits": {}, "createdAt": now, "updatedAt": now,
    });
    assert_eq!(created, json!({ "status": true, "data": organization }));
    let page = json!({
        "items": [organization], "totalDocs": 1, "limit": 10, "hasPrevPage": false,
        "hasNextPage": false, "page": 1, "totalPages": 1, "prevPage": null, "nextPage": null,
    });
    assert_eq!(ask(call("GET", "", "outsider")).json(), json!({ "status": true, "data": page }));
    assert_eq!(ask(call("GET", &id, "outsider")).json()["data"], organization);
    let people = ask(call("GET", "initech/collaborators/", "outsider")).json();
    assert_eq!(people["data"]["items"][0]["role"], "owner");
    for path in ["", "initech", "initech/apps", "initech/mdm/devices/", "initech/collaborators"] {
        let written = ask(call("GET", path, "outsider"));
        let mut other = call("GET", path, "outsider");
        other.target = match other.target.strip_suffix('/') {
            Some(without) => without.to_owned(),
            None => format!("{}/", other.target),
        };
        assert_eq!((written.status, written.body), (200, ask(other).body), "{path}");
    }
    assert_eq!(people["data"]["items"][0]["user"]["email"], "nadia@example.com");
    assert_eq!(ask(call("DELETE", "initech", "outsider")).status, 200);
    let left = ask(call("GET", "", "outsider")).json();
    assert_eq!((&left["data"]["items"], &left["data"]["totalPages"]), (&json!([]), &json!(1)));
    for path in ["initech", "initech/", "initech/apps", "initech/collaborators/"] {
        assert_eq!(ask(call("GET", path, "outsider")).status, 404, "{path}");
    }
}

#[test]
fn applivery_gives_an_organization_the_first_slug_that_is_free() {
    let emulator = emulator(noon());
    let slug = |name: &str| {
        let created = handle(&emulator, &creating("admin", &json!({ "name": name })), noon());
        created.json()["data"]["slug"].clone()
    };
    let names = ["Initech", "INITECH!", "Initech 1", "QA", "東京"];
    let slugs = ["initech", "initech-1", "initech-1-1", "org-qa", "org"];
    assert_eq!(names.map(slug), slugs.map(|slug| json!(slug)));
}

#[test]
fn applivery_lists_nothing_of_what_is_deleted() {
    let emulator = emulator(noon());
    let ask = |method, path: &str| handle(&emulator, &call(method, path, "admin"), noon());
    let listed = |path: &str| {
        let page = ask("GET", path).json();
        let name = |one: &Value| match one.get("name").or_else(|| one.get("displayName")) {
            Some(name) => name.as_str().unwrap().to_owned(),
            None => one["user"]["firstName"].as_str().unwrap().to_owned(),
        };
        page["data"]["items"].as_array().unwrap().iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(listed(""), ["Acme Field Services", "Globex Trading"]);
    assert_eq!(listed("?sort=name:desc&limit=1"), ["Globex Trading"]);
    assert_eq!(listed("?sort=name:desc&limit=1&page=2"), ["Acme Field Services"]);
    assert_eq!(listed("?sort=color:desc"), listed(""), "by what there is not is the default order");
    assert_eq!(listed("acme/mdm/devices/?search=van&name=desk"), [""; 0]);
    assert_eq!(listed("acme/apps?name=DISP"), ["Acme Dispatch"]);
    assert_eq!(listed("acme/mdm/devices/?search=desk"), ["Front desk"]);
    assert_eq!(listed("acme/mdm/devices/?name=VAN&type=apple"), ["Van 7 iPad"]);
    assert_eq!(listed("acme/collaborators/?tags=quality"), ["Víctor"]);

    assert_eq!(ask("DELETE", "acme/apps/acme-dispatch").status, 200);
    assert_eq!(listed("acme/apps"), ["Acme Inventory"]);
    assert_eq!(ask("GET", "acme/apps/acme-dispatch").status, 404);
    assert_eq!(ask("DELETE", DEVICE).status, 200);
    assert_eq!(listed("acme/mdm/devices/"), ["Front desk"]);
    assert_eq!(listed("acme/mdm/apple/enterprise/devices"), Vec::<String>::new());
    assert_eq!(ask("DELETE", "globex").status, 200);
    assert_eq!(listed(""), ["Acme Field Services"]);
    assert_eq!(ask("GET", "globex/apps").status, 404);
    assert_eq!(listed("acme/collaborators/"), ["Rosa", "Víctor"], "they stay where they were");
}

#[test]
fn applivery_tells_applications_and_devices() {
    let emulator = emulator(noon());
    let ask = |method, path: &str| handle(&emulator, &call(method, path, "viewer"), noon());
    assert_eq!(
        ask("GET", "acme/apps/acme-dispatch").json()["data"],
        json!({
            "id": "64b7f0c2a91d3e5f8a7c4001", "name": "Acme Dispatch", "slug": "acme-dispatch",
            "organization": ACME, "buildPlatforms": ["ios", "android"], "counts": { "builds": 2 },
        })
    );
    let device = json!({
        "id": "64b7f0c2a91d3e5f8a7c6001", "type": "apple", "subType": "device", "state": "ACTIVE",
        "organization": ACME, "displayName": "Van 7 iPad", "deviceType": "tablet",
        "createdAt": "2025-10-27T12:00:00.000Z",
    });
    assert_eq!(ask("GET", DEVICE).json()["data"], device);
}

fn refused(situation: &'static str, call: Call, status: u16, code: u16, message: &str) -> Row {
    row(situation, I(SKELETON), call).answers(status, error(code, message))
}

#[test]
fn applivery_refuses_who_may_not() {
    let forbidden = |situation, call| {
        let message = "Forbidden - You are not allowed to perform this action";
        refused(situation, call, 403, 4003, message)
    };
    let no_token = call("GET", "", "admin").without("authorization");
    let application = call("DELETE", "acme/apps/acme-dispatch", "viewer");
    let rows = [
        refused("no token", no_token, 401, 4002, "No auth token"),
        refused("an app's token", call("GET", "", "app"), 401, 4004, "Invalid Token"),
        forbidden("reading, from outside", call("GET", "acme", "outsider")),
        forbidden("listing, from outside", call("GET", "acme/apps", "outsider")),
        forbidden("a viewer deletes an application", application),
        forbidden("a viewer deletes a device", call("DELETE", DEVICE, "viewer")),
    ];
    hold("applivery", &rows);
}

#[test]
fn applivery_refuses_what_is_not_there_or_not_right() {
    let not_found = |situation, call| refused(situation, call, 404, 3001, "Entity not found");
    let invalid = |situation, call| refused(situation, call, 400, 3000, "Validation Error");
    let taken = creating("viewer", &json!({ "name": "Another", "slug": "acme" }));
    let other = call("GET", &DEVICE.replace("apple", "android"), "admin");
    let platform = call("GET", "acme/mdm/nokia/enterprise/devices", "admin");
    let role = call("GET", "acme/collaborators/?role=king", "admin");
    let rows = [
        refused("a slug that is taken", taken, 409, 5001, "Conflict"),
        not_found("no organization", call("GET", "initech/apps", "admin")),
        not_found("another's application", call("GET", "acme/apps/globex-orders", "admin")),
        not_found("a device under another platform", other),
        not_found("no platform", platform),
        invalid("no name", creating("admin", &json!({}))),
        invalid("a page of none", call("GET", "acme/apps?limit=0", "admin")),
        invalid("a page that is too large", call("GET", "?limit=101", "admin")),
        invalid("another role", role),
    ];
    hold("applivery", &rows);
}
