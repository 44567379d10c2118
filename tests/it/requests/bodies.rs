//! Bodies of requests: media types, encodings, sizes, and what is wrong in them.

use super::*;

fn velt(world: &World, content_type: &'static str, body: impl Into<Vec<u8>>, expected: &Expect) {
    world.check(VELT_DELETE, &velt_fields(content_type), body, expected);
}

#[test]
fn malformed_json() {
    let world = World::new();
    velt(
        &world,
        JSON,
        "{\"data\":",
        &expect![[r#"
            400
            content-type: application/json
            tombstone-violations: [{"in":"body","pointer":"","field":"","keyword":"parse","expected":null,"text":"must be valid JSON: EOF while parsing a value at line 1 column 8"}]

            {"error":{"message":"Bad Request","status":"INVALID_ARGUMENT"}}
        "#]],
    );
    for body in [
        "{",
        "[1,",
        "{\"data\":{\"organizationIds\":[\"a\"]}} trailing",
        "{'a':1}",
        "nul",
        "\u{feff}{}",
        "NaN",
    ] {
        let reply = world.ask(VELT_DELETE, &velt_fields(JSON), body);
        assert_eq!(reply.response.status(), 400, "{body}");
    }
    let deep = "[".repeat(100_000);
    assert_eq!(world.status(VELT_DELETE, &velt_fields(JSON), &deep), 400);
}

#[test]
fn an_empty_body() {
    let world = World::new();
    velt(
        &world,
        JSON,
        "",
        &expect![[r#"
            400
            content-type: application/json
            tombstone-violations: [{"in":"body","pointer":"","field":"","keyword":"body_required","expected":null,"text":"must not be empty"}]

            {"error":{"message":"Bad Request","status":"INVALID_ARGUMENT"}}
        "#]],
    );
    velt(
        &world,
        "",
        "",
        &expect![[r#"
            400
            content-type: application/json
            tombstone-violations: [{"in":"body","pointer":"","field":"","keyword":"body_required","expected":null,"text":"must not be empty"}]

            {"error":{"message":"Bad Request","status":"INVALID_ARGUMENT"}}
        "#]],
    );
    velt(
        &world,
        JSON,
        " \r\n",
        &expect![[r#"
            400
            content-type: application/json
            tombstone-violations: [{"in":"body","pointer":"","field":"","keyword":"parse","expected":null,"text":"must be valid JSON: EOF while parsing a value at line 2 column 0"}]

            {"error":{"message":"Bad Request","status":"INVALID_ARGUMENT"}}
        "#]],
    );
}

#[test]
fn a_body_of_another_shape() {
    let world = World::new();
    let mut text = String::new();
    for body in [
        "[]",
        "null",
        "{}",
        r#"{"data":{"organizationIds":[]}}"#,
        r#"{"data":{"organizationIds":[1,null]}}"#,
        r#"{"data":{"organizationIds":"yourOrganizationId1"}}"#,
    ] {
        let reply = world.ask(VELT_DELETE, &velt_fields(JSON), body);
        writeln!(text, "{body}\n    {}", told(&reply)).unwrap();
    }
    expect![[r#"
            []
                400 [{"in":"body","pointer":"","field":"","keyword":"type","expected":"object","text":"must be an object"}]
            null
                400 [{"in":"body","pointer":"","field":"","keyword":"type","expected":"object","text":"must be an object"}]
            {}
                400 [{"in":"body","pointer":"","field":"data","keyword":"required","expected":null,"text":"is required"}]
            {"data":{"organizationIds":[]}}
                400 [{"in":"body","pointer":"/data/organizationIds","field":"data.organizationIds","keyword":"minItems","expected":1,"text":"must have at least 1 item"}]
            {"data":{"organizationIds":[1,null]}}
                400 [{"in":"body","pointer":"/data/organizationIds/0","field":"data.organizationIds[0]","keyword":"type","expected":"string","text":"must be a string"},{"in":"body","pointer":"/data/organizationIds/1","field":"data.organizationIds[1]","keyword":"type","expected":"string","text":"must be a string"}]
            {"data":{"organizationIds":"yourOrganizationId1"}}
                400 [{"in":"body","pointer":"/data/organizationIds","field":"data.organizationIds","keyword":"type","expected":"array","text":"must be an array"}]
        "#]].assert_eq(&text);
}

#[test]
fn many_violations_are_counted_in_a_bounded_header() {
    let world = World::new();
    let ids = vec!["1"; 5000].join(",");
    let body = format!(r#"{{"data":{{"organizationIds":[{ids}]}}}}"#);
    let reply = world.ask(VELT_DELETE, &velt_fields(JSON), body);
    assert_eq!(reply.response.status(), 400);
    let header = &reply.response.headers()["tombstone-violations"];
    let entries: Vec<Value> = serde_json::from_slice(header.as_bytes()).unwrap();
    expect![[r#"{"left_off":73} of 28"#]].assert_eq(&format!(
        "{} of {}",
        entries.last().unwrap(),
        entries.len()
    ));
}

#[test]
fn a_missing_content_type() {
    velt(
        &World::new(),
        "",
        VELT_BODY,
        &expect![[r#"
            400
            content-type: application/json
            tombstone-violations: [{"in":"body","pointer":"","field":"","keyword":"media_type","expected":"application/json","text":"must be sent with `Content-Type` `application/json`"}]

            {"error":{"message":"Bad Request","status":"INVALID_ARGUMENT"}}
        "#]],
    );
}

#[test]
fn another_content_type() {
    let world = World::new();
    velt(
        &world,
        "content-type: text/plain",
        VELT_BODY,
        &expect![[r#"
            400
            content-type: application/json
            tombstone-violations: [{"in":"body","pointer":"","field":"","keyword":"media_type","expected":"application/json","text":"must be sent with `Content-Type` `application/json`"}]

            {"error":{"message":"Bad Request","status":"INVALID_ARGUMENT"}}
        "#]],
    );
    velt(
        &world,
        "content-type: application/x-www-form-urlencoded",
        "data=1",
        &expect![[r#"
            400
            content-type: application/json
            tombstone-violations: [{"in":"body","pointer":"","field":"","keyword":"media_type","expected":"application/json","text":"must be sent with `Content-Type` `application/json`"}]

            {"error":{"message":"Bad Request","status":"INVALID_ARGUMENT"}}
        "#]],
    );
    for content_type in [
        "content-type: application/jsonp",
        "content-type: nonsense",
        "content-type: ;",
        "content-type: application/json, text/plain",
    ] {
        assert_eq!(
            world.status(VELT_DELETE, &velt_fields(content_type), VELT_BODY),
            400,
            "{content_type}"
        );
    }
}

#[test]
fn a_content_type_with_parameters_or_in_capitals_is_json() {
    for content_type in
        ["content-type: application/json; charset=utf-8", "content-type: Application/JSON"]
    {
        assert_eq!(
            World::new().status(VELT_DELETE, &velt_fields(content_type), VELT_BODY),
            200,
            "{content_type}"
        );
    }
}

#[test]
fn a_body_over_the_limit() {
    let world = World::new();
    let too_large = |line: &str, fields: &[&str]| {
        let (method, target) = line.split_once(' ').unwrap();
        let body = Body::TooLarge { limit: 10_485_760 };
        transcript(&world.call(
            method.parse().unwrap(),
            &target.parse().unwrap(),
            header_map(fields),
            body,
        ))
    };
    expect![[r#"
            413
            content-type: application/problem+json
            tombstone-violations: [{"in":"body","pointer":"","field":"","keyword":"too_large","expected":10485760,"text":"must not be larger than 10485760 bytes"}]

            {"type":"urn:tombstone:errors#BODY_TOO_LARGE","title":"Body too large","status":413,"detail":"the body must not be larger than 10485760 bytes; send less, or raise the limit with `--body-bytes`"}
        "#]].assert_eq(&too_large(VELT_DELETE, &velt_fields(JSON)));
    expect![[r#"
            413
            content-type: application/problem+json
            tombstone-violations: [{"in":"body","pointer":"","field":"","keyword":"too_large","expected":10485760,"text":"must not be larger than 10485760 bytes"}]

            {"type":"urn:tombstone:errors#BODY_TOO_LARGE","title":"Body too large","status":413,"detail":"the body must not be larger than 10485760 bytes; send less, or raise the limit with `--body-bytes`"}
        "#]].assert_eq(&too_large("DELETE /partoo/org/42", &[PARTOO, JSON]));
    expect![[r#"
        404
        content-type: application/problem+json

        {"type":"urn:tombstone:errors#NO_PATH_MATCHED_ERROR","title":"no such operation","status":404,"detail":"no operation has this path; `near` lists the closest ones","near":["POST /organizations","GET /organizations","DELETE /organizations/{id}","GET /organizations/{id}","PUT /organizations/{id}"],"providers":["applivery","partoo","timbrix","velt"]}
    "#]].assert_eq(&too_large("POST /nowhere", &[]));
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn an_encoded_body() {
    let world = World::new();
    let coded = |coding| [JSON, VELT[0], VELT[1], coding];
    let call = |coding, body: Vec<u8>| world.says(VELT_DELETE, &coded(coding), body);
    let reply = world.ask(VELT_DELETE, &coded("content-encoding: gzip"), gzip(VELT_BODY));
    assert_eq!(reply.response.status(), 200);
    assert_eq!(reply.account.changes[0].count, 1, "it was read");
    let state = world.emulator.sandboxes();
    let kept = state.look(state.default_sandbox(), |state| {
        match &state.journal.entries().next().unwrap().event {
            tombstone::journal::Event::Call(call) => call.exchange.request(),
            other => panic!("{other:?}"),
        }
    });
    let (head, body, _) = kept.unwrap();
    assert_eq!(
        (&head.headers["content-encoding"], &*body),
        (&HeaderValue::from_static("gzip"), VELT_BODY.as_bytes())
    );
    expect![[r#"
            415
            content-type: application/problem+json
            accept-encoding: gzip, deflate, br, zstd
            tombstone-violations: [{"in":"body","pointer":"","field":"","keyword":"content_encoding","expected":"gzip, deflate, br, zstd","text":"must not be encoded as `compress`: gzip, deflate, br, zstd can be read"}]

            {"type":"urn:tombstone:errors#INVALID_CONTENT_ENCODING","title":"Invalid content encoding","status":415,"detail":"the body must not be encoded as `compress`: gzip, deflate, br, zstd can be read"}
        "#]].assert_eq(&call("content-encoding: compress", gzip(VELT_BODY)));
    expect![[r#"
            400
            content-type: application/json
            tombstone-violations: [{"in":"body","pointer":"","field":"","keyword":"encoding","expected":"gzip","text":"must be encoded as `gzip`, as it says: incomplete deflate stream"}]

            {"error":{"message":"Bad Request","status":"INVALID_ARGUMENT"}}
        "#]].assert_eq(&call("content-encoding: gzip", gzip(VELT_BODY)[..20].to_vec()));
    let bomb = gzip(&" ".repeat(11 << 20));
    assert!(bomb.len() < 1 << 20);
    expect![[r#"
            413
            content-type: application/problem+json
            tombstone-violations: [{"in":"body","pointer":"","field":"","keyword":"too_large","expected":10485760,"text":"must not be larger than 10485760 bytes"}]

            {"type":"urn:tombstone:errors#BODY_TOO_LARGE","title":"Body too large","status":413,"detail":"the body must not be larger than 10485760 bytes; send less, or raise the limit with `--body-bytes`"}
        "#]].assert_eq(&call("content-encoding: gzip", bomb));
    // A call that takes no body does not read it.
    assert_eq!(
        world.status(
            "DELETE /timbrix/organizations/550e8400-e29b-41d4-a716-446655440000",
            &[TIMBRIX, "content-encoding: compress"],
            "x"
        ),
        204
    );
}

#[test]
fn invalid_utf_8() {
    let world = World::new();
    velt(
        &world,
        JSON,
        &b"{\"data\":{\"organizationIds\":[\"\xff\xfe\"]}}"[..],
        &expect![[r#"
            400
            content-type: application/json
            tombstone-violations: [{"in":"body","pointer":"","field":"","keyword":"parse","expected":null,"text":"must be UTF-8: invalid byte at line 1 column 30"}]

            {"error":{"message":"Bad Request","status":"INVALID_ARGUMENT"}}
        "#]],
    );
    velt(
        &world,
        JSON,
        &b"\xc3\x28"[..],
        &expect![[r#"
            400
            content-type: application/json
            tombstone-violations: [{"in":"body","pointer":"","field":"","keyword":"parse","expected":null,"text":"must be UTF-8: invalid byte at line 1 column 1"}]

            {"error":{"message":"Bad Request","status":"INVALID_ARGUMENT"}}
        "#]],
    );
}

#[test]
fn a_lone_surrogate_and_a_nul_are_text_or_refused() {
    let world = World::new();
    velt(
        &world,
        JSON,
        r#"{"data":{"organizationIds":["\ud800"]}}"#,
        &expect![[r#"
            400
            content-type: application/json
            tombstone-violations: [{"in":"body","pointer":"","field":"","keyword":"parse","expected":null,"text":"must be valid JSON: unexpected end of hex escape at line 1 column 36"}]

            {"error":{"message":"Bad Request","status":"INVALID_ARGUMENT"}}
        "#]],
    );
    velt(
        &world,
        JSON,
        r#"{"data":{"organizationIds":["\u0000"]}}"#,
        &expect![[r#"
            200
            content-type: application/json

            {"result":{"status":"success","message":"Organization(s) deleted successfully.","data":{"\u0000":{"success":false,"id":"93b885adfe0da089cdf634904fd59f71","message":"Organization does not exist"}}}}
        "#]],
    );
}

#[test]
fn a_body_where_none_is_taken_does_not_matter() {
    let line = "DELETE /timbrix/organizations/550e8400-e29b-41d4-a716-446655440000";
    assert_eq!(World::new().status(line, &[TIMBRIX, JSON], "{"), 204);
    assert_eq!(World::new().status(line, &[TIMBRIX], "\u{1}"), 204);
}

#[test]
fn an_optional_body_is_held_against_the_contract_when_it_is_there() {
    let world = World::new();
    let mut text = String::new();
    for (query, fields, body) in [
        ("", &[PARTOO, JSON][..], r#"{"force":"perhaps"}"#),
        ("", &[PARTOO, JSON], "{"),
        ("?force=perhaps", &[PARTOO], ""),
        ("?force=true", &[PARTOO, JSON], "[]"),
        ("", &[PARTOO, JSON], r#"{"force":true}"#),
    ] {
        let reply = world.ask(&format!("DELETE /partoo/org/42{query}"), fields, body);
        writeln!(text, "{query} {body}\n    {}", told(&reply)).unwrap();
    }
    expect![[r#"
             {"force":"perhaps"}
                400 [{"in":"body","pointer":"/force","field":"force","keyword":"pattern","expected":"^(?:[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[01])$","text":"must match the pattern `^(?:[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[01])$`"}]
             {
                400 [{"in":"body","pointer":"","field":"","keyword":"parse","expected":null,"text":"must be valid JSON: EOF while parsing an object at line 1 column 1"}]
            ?force=perhaps 
                400 [{"in":"query","pointer":"","field":"force","keyword":"pattern","expected":"^(?:[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[01])$","text":"must match the pattern `^(?:[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[01])$`"}]
            ?force=true []
                400 [{"in":"body","pointer":"","field":"","keyword":"type","expected":"object","text":"must be an object"}]
             {"force":true}
                200 none
        "#]].assert_eq(&text);
}
