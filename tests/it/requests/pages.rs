//! What pages of other origins ask: preflights and headers of CORS.

use super::*;

const PAGE: &str = "origin: https://app.example";
const ASKS: [&str; 3] = [
    PAGE,
    "access-control-request-method: DELETE",
    "access-control-request-headers: x-apikey,content-type",
];

#[test]
fn a_preflight_is_granted_wherever_it_leads() {
    let world = World::new();
    let granted = world.says("OPTIONS /partoo/org/42", &ASKS, "");
    expect![[r#"
        204
        access-control-allow-methods: DELETE
        access-control-allow-headers: x-apikey,content-type
        access-control-max-age: 7200
        vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers
        access-control-allow-origin: https://app.example
        access-control-allow-credentials: true
        access-control-expose-headers: Tombstone-Sandbox, Tombstone-Sandbox-Restarted, Tombstone-Request-Id, Tombstone-Violations, Tombstone-Ignored, Tombstone-Replayed, Preference-Applied
    "#]].assert_eq(&granted);
    assert_eq!(world.says("OPTIONS /nowhere", &ASKS, ""), granted);
}

#[test]
fn success_and_errors_can_be_read_by_pages() {
    let world = World::new();
    world.check("DELETE /partoo/org/43", &[PAGE, PARTOO], "", &expect![[r#"
        200
        content-type: application/json
        access-control-allow-origin: https://app.example
        access-control-allow-credentials: true
        access-control-expose-headers: Tombstone-Sandbox, Tombstone-Sandbox-Restarted, Tombstone-Request-Id, Tombstone-Violations, Tombstone-Ignored, Tombstone-Replayed, Preference-Applied

        {"status":"success","org_id":43}
    "#]]);
    world.check("DELETE /partoo/org/43", &[PAGE, PARTOO], "", &expect![[r#"
        404
        content-type: application/json
        access-control-allow-origin: https://app.example
        access-control-allow-credentials: true
        access-control-expose-headers: Tombstone-Sandbox, Tombstone-Sandbox-Restarted, Tombstone-Request-Id, Tombstone-Violations, Tombstone-Ignored, Tombstone-Replayed, Preference-Applied

        {"errors":{"json":"Resource not found"}}
    "#]]);
    let origin = |line: &str, fields: &[&str]| {
        let reply = world.ask(line, fields, "");
        reply.response.headers()["access-control-allow-origin"].to_str().unwrap().to_owned()
    };
    for line in
        ["DELETE /nowhere", "GET /partoo/org/42", "PATCH /partoo/org/42", "DELETE /partoo/org/x"]
    {
        assert_eq!(origin(line, &[PAGE]), "https://app.example", "{line}");
    }
    assert_eq!(origin("DELETE /nowhere", &["origin: null"]), "null");
    assert_eq!(origin("DELETE /nowhere", &[PAGE, "tombstone-sandbox: x"]), "https://app.example");
}

#[test]
fn answers_to_others_vary_on_the_origin() {
    let world = World::new();
    for line in ["DELETE /partoo/org/43", "DELETE /nowhere"] {
        assert_eq!(world.ask(line, &[PARTOO], "").response.headers()["vary"], "Origin");
    }
}

#[test]
fn without_cors_no_page_may_read_and_a_preflight_is_options() {
    let world = World::of(
        &Sources::default(),
        &EmulatorOptions { cors: false, ..EmulatorOptions::default() },
    );
    world.check(
        "OPTIONS /partoo/org/42",
        &ASKS,
        "",
        &expect![[r#"
            204
            allow: GET, HEAD, POST, DELETE, OPTIONS
        "#]],
    );
    world.check(
        "DELETE /partoo/org/999",
        &[PAGE, PARTOO],
        "",
        &expect![[r#"
            404
            content-type: application/json

            {"errors":{"json":"Resource not found"}}
        "#]],
    );
    assert!(!world.ask("DELETE /partoo/org/999", &[], "").response.headers().contains_key("vary"));
}
