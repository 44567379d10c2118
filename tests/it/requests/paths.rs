//! Paths and parameters of requests: percent-encoding, types, queries.

use super::*;

#[test]
fn percent_encoding_is_decoded_in_segments_and_never_splits_them() {
    let world = World::new();
    world.table(
            &[
                "DELETE /applivery/v1/organizations/gl%6Fbex%2F",
                "DELETE /applivery/v1/organizations/acme%2Fx",
                "DELETE /applivery/v1/organizations/%61cme",
                "DELETE /applivery/v1/%6Frganizations/acme",
                "DELETE /applivery/v1%2Forganizations/acme",
                "DELETE /%61pplivery/v1/organizations/acme",
                "DELETE /applivery/v1/organizations/%00",
                "DELETE /applivery/v1/organizations/acme%00",
                "DELETE /applivery/v1/organizations/acme%20",
                "DELETE /applivery/v1/organizations/acme+",
                "DELETE /applivery/v1/organizations/%E2%80%AEacme",
            ],
            &[APPLIVERY],
            &expect![[r#"
                DELETE /applivery/v1/organizations/gl%6Fbex%2F
                    404 {"status":false,"error":{"code":3001,"message":"Entity not found"}}
                DELETE /applivery/v1/organizations/acme%2Fx
                    404 {"status":false,"error":{"code":3001,"message":"Entity not found"}}
                DELETE /applivery/v1/organizations/%61cme
                    400 {"status":false,"error":{"code":5111,"message":"Can not perform this action because there are active subscriptions"}}
                DELETE /applivery/v1/%6Frganizations/acme
                    400 {"status":false,"error":{"code":5111,"message":"Can not perform this action because there are active subscriptions"}}
                DELETE /applivery/v1%2Forganizations/acme
                    404 {"status":false,"error":{"code":1002,"message":"Route not found"}}
                DELETE /%61pplivery/v1/organizations/acme
                    404 {"type":"urn:tombstone:errors#NO_PATH_MATCHED_ERROR","title":"no such operation","status":404,"detail":"no operation has this path; `near` lists the closest ones","near":["DELETE /organizations/{id}/members/{memberId}","GET /api/organizations/{id}/members","GET /api/organizations/{id}/invites","GET /v1/organizations/{organizationId}/apps","GET /v1/organizations/{organizationId}/collaborators"],"providers":["applivery","partoo","timbrix","velt"]}
                DELETE /applivery/v1/organizations/%00
                    404 {"status":false,"error":{"code":3001,"message":"Entity not found"}}
                DELETE /applivery/v1/organizations/acme%00
                    404 {"status":false,"error":{"code":3001,"message":"Entity not found"}}
                DELETE /applivery/v1/organizations/acme%20
                    404 {"status":false,"error":{"code":3001,"message":"Entity not found"}}
                DELETE /applivery/v1/organizations/acme+
                    404 {"status":false,"error":{"code":3001,"message":"Entity not found"}}
                DELETE /applivery/v1/organizations/%E2%80%AEacme
                    404 {"status":false,"error":{"code":3001,"message":"Entity not found"}}
            "#]],
        );
}

#[test]
fn what_does_not_decode_is_refused() {
    let world = World::new();
    world.table(
        &[
            "DELETE /applivery/v1/organizations/%zz",
            "DELETE /applivery/v1/organizations/%",
            "DELETE /applivery/v1/organizations/%4",
            "DELETE /applivery/v1/organizations/%FF",
            "DELETE /applivery/v1/organizations/%C3%28",
            "DELETE /partoo/org/%FF",
            "DELETE /timbrix/organizations/%FF",
        ],
        &[APPLIVERY, PARTOO],
        &expect![[r#"
                DELETE /applivery/v1/organizations/%zz
                    404 {"status":false,"error":{"code":3001,"message":"Entity not found"}}
                DELETE /applivery/v1/organizations/%
                    404 {"status":false,"error":{"code":3001,"message":"Entity not found"}}
                DELETE /applivery/v1/organizations/%4
                    404 {"status":false,"error":{"code":3001,"message":"Entity not found"}}
                DELETE /applivery/v1/organizations/%FF
                    404 {"status":false,"error":{"code":3001,"message":"Entity not found"}}
                DELETE /applivery/v1/organizations/%C3%28
                    404 {"status":false,"error":{"code":3001,"message":"Entity not found"}}
                DELETE /partoo/org/%FF
                    400 {"errors":{"json":{"org_id":"is an incorrect value"}}}
                DELETE /timbrix/organizations/%FF
                    401 {"statusCode":401,"message":"Unauthorized"}
            "#]],
    );
    world.check("DELETE /partoo/org/%FF", &[PARTOO], "", &expect![[r#"
            400
            content-type: application/json
            tombstone-violations: [{"in":"path","pointer":"","field":"org_id","keyword":"encoding","expected":null,"text":"must be percent-encoded UTF-8"}]

            {"errors":{"json":{"org_id":"is an incorrect value"}}}
        "#]]);
    world.check("DELETE /partoo/org/4%zz2", &[PARTOO], "", &expect![[r#"
            400
            content-type: application/json
            tombstone-violations: [{"in":"path","pointer":"","field":"org_id","keyword":"encoding","expected":null,"text":"must be percent-encoded UTF-8"}]

            {"errors":{"json":{"org_id":"is an incorrect value"}}}
        "#]]);
    assert_eq!(
        world.status("DELETE /partoo/org/%34%32", &[PARTOO], ""),
        400,
        "42, which is not empty"
    );
}

#[test]
fn slashes_and_dots_are_part_of_a_path() {
    let world = World::new();
    world.table(
            &[
                "DELETE /partoo/org/43/",
                "DELETE /partoo//org/43",
                "DELETE //partoo/org/43",
                "DELETE /partoo/org//43",
                "DELETE /partoo/org/",
                "DELETE /partoo/org",
                "DELETE /partoo/./org/43",
                "DELETE /partoo/x/../org/43",
                "DELETE /partoo/org/%2e%2e/43",
                "DELETE /partoo/org/..",
                "DELETE /partoo/org/43;a=1",
                "DELETE /partoo/ORG/43",
                "DELETE /PARTOO/org/43",
            ],
            &[PARTOO],
            &expect![[r#"
                DELETE /partoo/org/43/
                    404 {"errors":{"json":"Resource not found"}}
                DELETE /partoo//org/43
                    404 {"errors":{"json":"Resource not found"}}
                DELETE //partoo/org/43
                    404 {"type":"urn:tombstone:errors#NO_PATH_MATCHED_ERROR","title":"no such operation","status":404,"detail":"no operation has this path; `near` lists the closest ones","near":["DELETE /v2/org/{org_id}","GET /v2/org/{org_id}","POST /v2/org/{org_id}","DELETE /api/organizations/{id}","GET /api/organizations/{id}"],"providers":["applivery","partoo","timbrix","velt"]}
                DELETE /partoo/org//43
                    404 {"errors":{"json":"Resource not found"}}
                DELETE /partoo/org/
                    404 {"errors":{"json":"Resource not found"}}
                DELETE /partoo/org
                    405 {"errors":{"json":"Method not allowed"}}
                DELETE /partoo/./org/43
                    404 {"errors":{"json":"Resource not found"}}
                DELETE /partoo/x/../org/43
                    404 {"errors":{"json":"Resource not found"}}
                DELETE /partoo/org/%2e%2e/43
                    404 {"errors":{"json":"Resource not found"}}
                DELETE /partoo/org/..
                    400 {"errors":{"json":{"org_id":"must be an integer"}}}
                DELETE /partoo/org/43;a=1
                    400 {"errors":{"json":{"org_id":"must be an integer"}}}
                DELETE /partoo/ORG/43
                    404 {"errors":{"json":"Resource not found"}}
                DELETE /PARTOO/org/43
                    404 {"type":"urn:tombstone:errors#NO_PATH_MATCHED_ERROR","title":"no such operation","status":404,"detail":"no operation has this path; `near` lists the closest ones","near":["DELETE /v2/org/{org_id}","GET /v2/org/{org_id}","POST /v2/org/{org_id}","DELETE /api/organizations/{id}","DELETE /v1/organizations/{organizationId}"],"providers":["applivery","partoo","timbrix","velt"]}
            "#]],
        );
}

#[test]
fn numbers_in_paths_are_numbers() {
    let world = World::new();
    world.table(
        &[
            "DELETE /partoo/org/abc",
            "DELETE /partoo/org/42.5",
            "DELETE /partoo/org/4e1",
            "DELETE /partoo/org/-1",
            "DELETE /partoo/org/%2042",
            "DELETE /partoo/org/99999999999999999999999999",
            "DELETE /partoo/org/9223372036854775807",
        ],
        &[PARTOO],
        &expect![[r#"
                DELETE /partoo/org/abc
                    400 {"errors":{"json":{"org_id":"must be an integer"}}}
                DELETE /partoo/org/42.5
                    400 {"errors":{"json":{"org_id":"must be an integer"}}}
                DELETE /partoo/org/4e1
                    400 {"errors":{"json":{"org_id":"must be an integer"}}}
                DELETE /partoo/org/-1
                    404 {"errors":{"json":"Resource not found"}}
                DELETE /partoo/org/%2042
                    400 {"errors":{"json":{"org_id":"must be an integer"}}}
                DELETE /partoo/org/99999999999999999999999999
                    404 {"errors":{"json":"Resource not found"}}
                DELETE /partoo/org/9223372036854775807
                    404 {"errors":{"json":"Resource not found"}}
            "#]],
    );
}

#[test]
fn a_slug_may_read_like_an_operation() {
    World::new().check(
        "DELETE /v1/organizations/delete",
        &[APPLIVERY],
        "",
        &expect![[r#"
            404
            content-type: application/json

            {"status":false,"error":{"code":3001,"message":"Entity not found"}}
        "#]],
    );
}
