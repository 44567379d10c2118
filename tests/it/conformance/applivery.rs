//! Applivery: deleting an organization's workspace.

use serde_json::{Value, json};

use super::row::{Call, D, E, I, row};
use super::run::hold;
use super::{gone, not_emulated};

const PAGE: &str = "docs.applivery.com, Delete organization workspace permanently";
const OPENAPI: &str = "github.com/applivery/docs-front, OpenAPI";
const ACCOUNTS: &str = "docs.applivery.com, Service accounts";
const SKELETON: &str = "github.com/applivery/express-api-skeleton, errors";
const EXPRESS: &str = "npmjs.com/package/express-deliver 1.0.0, errors";
const EMULATED: &str = "`DELETE /v1/organizations/{organizationId}`";

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
        not_emulated(of("globex").by("GET"), EMULATED),
    ];
    hold("applivery", &rows);
}
