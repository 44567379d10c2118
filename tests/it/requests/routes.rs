//! Requests that no operation takes.

use super::*;

#[test]
fn an_unknown_route_is_worded_as_its_provider_words_it() {
    let world = World::new();
    world.check(
        "DELETE /velt/v1/nothing",
        &[],
        "",
        &expect![[r#"
            404
            content-type: application/json

            {"error":{"message":"Not Found","status":"NOT_FOUND"}}
        "#]],
    );
    world.check(
        "DELETE /timbrix/nothing?a=b",
        &[],
        "",
        &expect![[r#"
            404
            content-type: application/json

            {"statusCode":404,"message":"Cannot DELETE /nothing","error":"Not Found"}
        "#]],
    );
    world.check(
        "GET /partoo",
        &[],
        "",
        &expect![[r#"
            404
            content-type: application/json

            {"errors":{"json":"Resource not found"}}
        "#]],
    );
    world.check(
        "GET /applivery/",
        &[],
        "",
        &expect![[r#"
            404
            content-type: application/json

            {"status":false,"error":{"code":1002,"message":"Route not found"}}
        "#]],
    );
}

#[test]
fn an_unknown_route_at_the_root_is_our_own_answer_and_says_what_is_near() {
    let world = World::new();
    world.check("DELETE /v1/organisations/acme", &[], "", &expect![[r#"
        404
        content-type: application/problem+json

        {"type":"urn:tombstone:errors#NO_PATH_MATCHED_ERROR","title":"no such operation","status":404,"detail":"no operation has this path; `near` lists the closest ones","near":["DELETE /v1/organizations/{organizationId}","GET /v1/organizations/{organizationId}","POST /v1/organizations/add","POST /v1/organizations/delete","POST /v1/organizations/update"],"providers":["applivery","partoo","timbrix","velt"]}
    "#]]);
    world.check("GET /", &[], "", &expect![[r#"
        404
        content-type: application/problem+json

        {"type":"urn:tombstone:errors#NO_PATH_MATCHED_ERROR","title":"no such operation","status":404,"detail":"no operation has this path; `near` lists the closest ones","near":["GET /organizations","POST /organizations","GET /organizations/{id}","GET /v1/organizations","GET /v2/api_keys"],"providers":["applivery","partoo","timbrix","velt"]}
    "#]]);
    world.check("DELETE /parto/org/42", &[PARTOO], "", &expect![[r#"
        404
        content-type: application/problem+json

        {"type":"urn:tombstone:errors#NO_PATH_MATCHED_ERROR","title":"no such operation","status":404,"detail":"no operation has this path; `near` lists the closest ones","near":["DELETE /v2/org/{org_id}","GET /v2/org/{org_id}","POST /v2/org/{org_id}","DELETE /api/organizations/{id}","GET /api/organizations/{id}"],"providers":["applivery","partoo","timbrix","velt"]}
    "#]]);
}

#[test]
fn a_wrong_method_is_worded_as_its_provider_words_it() {
    let world = World::new();
    world.check(
        "PATCH /partoo/org/42",
        &[],
        "",
        &expect![[r#"
            405
            content-type: application/json
            allow: GET, HEAD, POST, DELETE, OPTIONS

            {"errors":{"json":"Method not allowed"}}
        "#]],
    );
    world.check(
        "PATCH /velt/v1/organizations/delete",
        &[],
        "",
        &expect![[r#"
            400
            content-type: application/json

            {"error":{"message":"Bad Request","status":"INVALID_ARGUMENT"}}
        "#]],
    );
    world.check(
        "PATCH /timbrix/organizations/1",
        &[],
        "",
        &expect![[r#"
            404
            content-type: application/json

            {"statusCode":404,"message":"Cannot PATCH /organizations/1","error":"Not Found"}
        "#]],
    );
    world.check(
        "PATCH /applivery/v1/organizations/acme",
        &[],
        "",
        &expect![[r#"
            404
            content-type: application/json

            {"status":false,"error":{"code":1002,"message":"Route not found"}}
        "#]],
    );
    world.check(
        "BREW /partoo/org/42",
        &[],
        "",
        &expect![[r#"
            405
            content-type: application/json
            allow: GET, HEAD, POST, DELETE, OPTIONS

            {"errors":{"json":"Method not allowed"}}
        "#]],
    );
}

#[test]
fn a_wrong_method_at_the_root_is_worded_by_the_provider_if_it_is_one_providers() {
    let world = World::new();
    world.check(
        "PATCH /v2/org/42",
        &[],
        "",
        &expect![[r#"
            405
            content-type: application/json
            allow: GET, HEAD, POST, DELETE, OPTIONS

            {"errors":{"json":"Method not allowed"}}
        "#]],
    );
    world.check("PUT /v1/organizations/delete", &[], "", &expect![[r#"
            405
            content-type: application/problem+json
            allow: GET, HEAD, POST, DELETE, OPTIONS

            {"type":"urn:tombstone:errors#NO_METHOD_MATCHED_ERROR","title":"method not allowed","status":405,"detail":"`/v1/organizations/delete` answers GET, HEAD, POST, DELETE"}
        "#]]);
}

#[test]
fn what_the_real_api_has_and_the_sandbox_has_not_says_so() {
    let world = World::new();
    world.check("GET /partoo/user/me", &[PARTOO], "", &expect![[r#"
        501
        content-type: application/problem+json

        {"title":"not emulated","status":501,"detail":"the real API answers `GET /user/me`, and this sandbox does not: it emulates `GET /user/{user_id}`, `DELETE /user/{user_id}`, `GET /user/search`, `GET /business/{business_id}`, `DELETE /business/{business_id}` and 7 others"}
    "#]]);
    world.check("POST /v2/users/update", &[], "", &expect![[r#"
        501
        content-type: application/problem+json

        {"title":"not emulated","status":501,"detail":"the real API answers `POST /v2/users/update`, and this sandbox does not: it emulates `POST /v2/users/delete`, `POST /v2/users/add`, `POST /v2/users/get`, `POST /v2/organizations/update`, `POST /v1/users/delete` and 20 others"}
    "#]]);
}

#[test]
fn head_is_a_method_like_others() {
    let world = World::new();
    world.check("HEAD /partoo/org/42", &[PARTOO], "", &expect![[r#"
        200
        content-type: application/json

        {"org_id":42,"name":"Boulangerie Martin","alias":"boulangerie_martin","provider":"partoo","type":"enterprise","features":["presence_management","review_management"],"org_features":["presence_management","review_management"],"last_org_api_call":"05-11-2021","max_businesses":10}
    "#]]);
    world.check("HEAD /partoo/user/me", &[PARTOO], "", &expect![[r#"
        501
        content-type: application/problem+json

        {"title":"not emulated","status":501,"detail":"the real API answers `HEAD /user/me`, and this sandbox does not: it emulates `DELETE /user/{user_id}`, `GET /user/{user_id}`, `GET /user/search`, `DELETE /business/{business_id}`, `GET /business/{business_id}` and 7 others"}
    "#]]);
    world.check("HEAD /nowhere", &[], "", &expect![[r#"
        404
        content-type: application/problem+json

        {"type":"urn:tombstone:errors#NO_PATH_MATCHED_ERROR","title":"no such operation","status":404,"detail":"no operation has this path; `near` lists the closest ones","near":["GET /organizations","POST /organizations","DELETE /organizations/{id}","GET /organizations/{id}","PUT /organizations/{id}"],"providers":["applivery","partoo","timbrix","velt"]}
    "#]]);
}

#[test]
fn options_says_what_a_path_takes() {
    let world = World::new();
    world.check(
        "OPTIONS /partoo/org/42",
        &[],
        "",
        &expect![[r#"
            204
            allow: GET, HEAD, POST, DELETE, OPTIONS
        "#]],
    );
    world.check(
        "OPTIONS /v1/organizations/delete",
        &[],
        "",
        &expect![[r#"
            204
            allow: GET, HEAD, POST, DELETE, OPTIONS
        "#]],
    );
    world.check("OPTIONS /nowhere", &[], "", &expect![[r#"
        404
        content-type: application/problem+json

        {"type":"urn:tombstone:errors#NO_PATH_MATCHED_ERROR","title":"no such operation","status":404,"detail":"no operation has this path; `near` lists the closest ones","near":["GET /organizations","POST /organizations","DELETE /organizations/{id}","GET /organizations/{id}","PUT /organizations/{id}"],"providers":["applivery","partoo","timbrix","velt"]}
    "#]]);
    world.check(
        "OPTIONS *",
        &[],
        "",
        &expect![[r#"
            204
        "#]],
    );
}

#[test]
fn connect_leads_nowhere() {
    World::new().check("CONNECT example.com:443", &[], "", &expect![[r#"
        404
        content-type: application/problem+json

        {"type":"urn:tombstone:errors#NO_PATH_MATCHED_ERROR","title":"no such operation","status":404,"detail":"no operation has this path; `near` lists the closest ones","near":["GET /organizations","POST /organizations","DELETE /organizations/{id}","GET /organizations/{id}","PUT /organizations/{id}"],"providers":["applivery","partoo","timbrix","velt"]}
    "#]]);
}

#[test]
fn another_sandbox_is_another_world() {
    let world = World::new();
    let blue = [PARTOO, "tombstone-sandbox: blue"];
    for (line, fields, status) in [
        ("DELETE /partoo/org/43", &blue[..], 200),
        ("DELETE /partoo/org/43", &blue, 404),
        ("DELETE /@blue/partoo/org/43", &[PARTOO], 404),
        ("DELETE /@green/partoo/org/43", &[PARTOO], 200),
        ("DELETE /partoo/org/43", &[PARTOO, "tombstone-sandbox: default"], 200),
    ] {
        let request = line.split_once(' ').unwrap();
        let request = Request::builder().method(request.0).uri(request.1);
        let request = fields.iter().fold(request, |request, field| {
            let (name, value) = field.split_once(": ").unwrap();
            request.header(name, value)
        });
        let reply = world.emulator.handle(request.body(Body::empty()).unwrap(), world.now);
        assert_eq!(reply.response.status(), status, "{line}");
    }
}

#[test]
fn every_place_of_an_operation_is_the_same_operation() {
    let miss = "DELETE /partoo/org/999";
    let expected = World::new().says(miss, &[PARTOO], "");
    assert!(expected.starts_with("404\n"), "{expected}");
    for (line, host) in [
        ("DELETE /partoo/v2/org/999", "localhost"),
        ("DELETE /v2/org/999", "localhost:4010"),
        ("DELETE /v2/org/999", "api.partoo.co"),
        ("DELETE /v2/org/999", "API.Partoo.CO:4010"),
        ("DELETE /org/999", "api.sandbox.partoo.co:80"),
        ("DELETE /org/999", "partoo.localhost:4010"),
        ("DELETE /v2/org/999", "Partoo.LocalHost"),
        ("DELETE http://partoo.localhost:4010/org/999", "elsewhere.example"),
        ("DELETE https://api.partoo.co/v2/org/999", "velt.localhost"),
        ("DELETE /partoo/org/999", "velt.localhost"),
    ] {
        let host = format!("host: {host}");
        assert_eq!(World::new().says(line, &[PARTOO, &host], ""), expected, "{line} {host}");
    }
    let elsewhere = World::new().says("DELETE /org/999", &[PARTOO, "host: localhost"], "");
    assert!(elsewhere.contains("no such operation"), "{elsewhere}");
}

#[test]
fn documented_paths_answer_at_the_root_with_their_base_paths() {
    let id = "550e8400-e29b-41d4-a716-446655440000";
    for path in [
        format!("/organizations/{id}"),
        format!("/api/organizations/{id}"),
        format!("/timbrix/api/organizations/{id}"),
    ] {
        assert_eq!(World::new().status(&format!("DELETE {path}"), &[TIMBRIX], ""), 204, "{path}");
    }
    assert_eq!(World::new().status("DELETE /v2/org/42", &[PARTOO], ""), 400);
    assert_eq!(World::new().status("DELETE /v1/organizations/globex", &[APPLIVERY], ""), 200);
    assert_eq!(
        World::new().status("POST /v1/organizations/delete", &velt_fields(JSON), VELT_BODY),
        200
    );
    assert_eq!(
        World::new().status(
            "POST /v2/users/data/delete",
            &velt_fields(JSON),
            r#"{"data":{"userIds":["yourUserId1"]}}"#
        ),
        202
    );
}

#[test]
fn hosts_that_are_nobodys_do_not_matter() {
    for host in [
        "host: ",
        "host: :::",
        "host: [::1]:4010",
        "host: api.partoo.co.evil.example",
        "host: x.partoo.localhost",
    ] {
        assert_eq!(World::new().status("DELETE /org/43", &[PARTOO, host], ""), 404, "{host}");
        assert_eq!(
            World::new().status("DELETE /partoo/org/43", &[PARTOO, host], ""),
            200,
            "{host}"
        );
    }
}
