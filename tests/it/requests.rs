//! What a client can send that is no proper call: each has a defined answer, and none changes anything.

#![expect(clippy::too_many_lines, reason = "snapshots are long")]

use std::fmt::Write;
use std::sync::Barrier;

use bytes::Bytes;
use expect_test::{Expect, expect};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use proptest::prelude::*;
use serde_json::{Map, Value};
use tombstone::catalog::Sources;
use tombstone::clock::{Timestamp, system_now};
use tombstone::emulator::{Emulator, EmulatorOptions};
use tombstone::message::{Body, Reply, Why};

use crate::support::{Folder, all_records, emulator_of};

const JSON: &str = "content-type: application/json";
const VELT: [&str; 2] =
    ["x-velt-api-key: velt-sandbox-key", "x-velt-auth-token: velt-sandbox-token"];
const PARTOO: &str = "x-APIKey: partoo-provider-write";
const TIMBRIX: &str = "authorization: Bearer timbrix-owner";
const APPLIVERY: &str = "authorization: Bearer applivery-admin";

const VELT_DELETE: &str = "POST /velt/v1/organizations/delete";
const VELT_BODY: &str = r#"{"data":{"organizationIds":["yourOrganizationId1"]}}"#;

/// An emulator at one moment, in which nothing changes unless it was answered as done.
struct World {
    emulator: Emulator,
    now: Timestamp,
}

impl World {
    fn new() -> Self {
        Self::of(&Sources::default(), &EmulatorOptions::default())
    }

    fn of(sources: &Sources, options: &EmulatorOptions) -> Self {
        Self { emulator: emulator_of(sources, options), now: system_now() }
    }

    /// Every record there is.
    fn state(&self) -> Vec<(String, Map<String, Value>)> {
        all_records(&self.emulator)
    }

    /// Makes a call, and holds its answer against what is true of all.
    fn call(&self, method: Method, target: &Uri, headers: HeaderMap, body: Body) -> Reply {
        let before = self.state();
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = target.clone();
        let asked: Vec<_> = headers.get_all("tombstone-sandbox").iter().cloned().collect();
        *request.headers_mut() = headers;
        let reply = self.emulator.handle(request, self.now);
        let (status, headers) = (reply.response.status(), reply.response.headers());
        let sandbox = &headers["tombstone-sandbox"];
        let in_path = target.path().split('/').nth(1).and_then(|first| first.strip_prefix('@'));
        let is_asked = asked.contains(sandbox) || in_path.is_some_and(|name| sandbox == name);
        assert!(sandbox == "default" || is_asked, "{target}: {sandbox:?}");
        if let Some(violations) = headers.get("tombstone-violations") {
            assert!(violations.len() <= 4096, "{target}: {} bytes", violations.len());
            assert!(serde_json::from_slice::<Vec<Value>>(violations.as_bytes()).is_ok());
        }
        if !status.is_success() {
            assert!(reply.account.changes.is_empty(), "{target}: {status} and changes");
            assert_eq!(self.state(), before, "{target}: {status} and changed");
        }
        reply
    }

    fn ask(&self, line: &str, fields: &[&str], body: impl Into<Vec<u8>>) -> Reply {
        let (method, target) = line.split_once(' ').unwrap();
        let method = method.parse().unwrap();
        let target = target.parse().unwrap_or_else(|error| panic!("{target}: {error}"));
        let body = Body::Complete(Bytes::from(body.into()));
        self.call(method, &target, header_map(fields), body)
    }

    /// The answer, as it reads.
    fn says(&self, line: &str, fields: &[&str], body: impl Into<Vec<u8>>) -> String {
        transcript(&self.ask(line, fields, body))
    }

    fn check(&self, line: &str, fields: &[&str], body: impl Into<Vec<u8>>, expected: &Expect) {
        expected.assert_eq(&self.says(line, fields, body));
    }

    fn status(&self, line: &str, fields: &[&str], body: &str) -> u16 {
        self.ask(line, fields, body).response.status().as_u16()
    }

    /// One line for each call: what was asked, and the status, the body and what the log says of it.
    fn table(&self, lines: &[&str], fields: &[&str], expected: &Expect) {
        let mut text = String::new();
        for line in lines {
            let reply = self.ask(line, fields, "");
            let body = std::str::from_utf8(reply.response.body()).unwrap();
            writeln!(text, "{line}\n    {} {body}", reply.response.status().as_u16()).unwrap();
        }
        expected.assert_eq(&text);
    }
}

fn header_map(fields: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for field in fields {
        let (name, value) = field.split_once(": ").unwrap();
        headers.append(HeaderName::try_from(name).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    headers
}

/// Status, headers but for the two that every answer has, and body.
fn transcript(reply: &Reply) -> String {
    let mut text = format!("{}\n", reply.response.status().as_u16());
    for (name, value) in reply.response.headers() {
        let is_usual = name == "tombstone-sandbox"
            || name == "tombstone-request-id"
            || name == "vary" && value == "Origin";
        if !is_usual {
            writeln!(text, "{name}: {}", value.to_str().unwrap()).unwrap();
        }
    }
    let body = std::str::from_utf8(reply.response.body()).unwrap();
    if !body.is_empty() {
        write!(text, "\n{body}\n").unwrap();
    }
    text
}

/// Status and violations, whatever words the provider has for them.
fn told(reply: &Reply) -> String {
    let violations = reply.response.headers().get("tombstone-violations");
    let violations = violations.map_or("none", |violations| violations.to_str().unwrap());
    format!("{} {violations}", reply.response.status().as_u16())
}

fn velt_fields(content_type: &'static str) -> Vec<&'static str> {
    [VELT[0], VELT[1], content_type].into_iter().filter(|field| !field.is_empty()).collect()
}

mod bodies {
    use super::*;

    fn velt(
        world: &World,
        content_type: &'static str,
        body: impl Into<Vec<u8>>,
        expected: &Expect,
    ) {
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

            {"type":"urn:tombstone:errors#NO_PATH_MATCHED_ERROR","title":"no such operation","status":404,"detail":"no operation has this path; `near` lists the closest ones","near":["DELETE /organizations/{id}","POST /v1/organizations/delete","DELETE /v1/organizations/{organizationId}","DELETE /v2/org/{org_id}","POST /v2/users/data/delete"],"providers":["applivery","partoo","timbrix","velt"]}
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
}

mod paths {
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
                    404 {"type":"urn:tombstone:errors#NO_PATH_MATCHED_ERROR","title":"no such operation","status":404,"detail":"no operation has this path; `near` lists the closest ones","near":["DELETE /api/organizations/{id}","DELETE /v1/organizations/{organizationId}","DELETE /v2/org/{org_id}","POST /v2/users/data/delete","POST /v1/organizations/delete"],"providers":["applivery","partoo","timbrix","velt"]}
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
                    404 {"type":"urn:tombstone:errors#NO_PATH_MATCHED_ERROR","title":"no such operation","status":404,"detail":"no operation has this path; `near` lists the closest ones","near":["DELETE /v2/org/{org_id}","DELETE /api/organizations/{id}","DELETE /v1/organizations/{organizationId}","POST /v1/organizations/delete","POST /v2/users/data/delete"],"providers":["applivery","partoo","timbrix","velt"]}
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
                    404 {"type":"urn:tombstone:errors#NO_PATH_MATCHED_ERROR","title":"no such operation","status":404,"detail":"no operation has this path; `near` lists the closest ones","near":["DELETE /v2/org/{org_id}","DELETE /api/organizations/{id}","DELETE /v1/organizations/{organizationId}","POST /v1/organizations/delete","POST /v2/users/data/delete"],"providers":["applivery","partoo","timbrix","velt"]}
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
}

mod routes {
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

            {"type":"urn:tombstone:errors#NO_PATH_MATCHED_ERROR","title":"no such operation","status":404,"detail":"no operation has this path; `near` lists the closest ones","near":["DELETE /v1/organizations/{organizationId}","POST /v1/organizations/delete","DELETE /api/organizations/{id}","DELETE /v2/org/{org_id}","POST /v2/users/data/delete"],"providers":["applivery","partoo","timbrix","velt"]}
        "#]]);
        world.check("GET /", &[], "", &expect![[r#"
            404
            content-type: application/problem+json

            {"type":"urn:tombstone:errors#NO_PATH_MATCHED_ERROR","title":"no such operation","status":404,"detail":"no operation has this path; `near` lists the closest ones","near":["DELETE /organizations/{id}","POST /v1/organizations/delete","DELETE /v1/organizations/{organizationId}","DELETE /v2/org/{org_id}","POST /v2/users/data/delete"],"providers":["applivery","partoo","timbrix","velt"]}
        "#]]);
        world.check("DELETE /parto/org/42", &[PARTOO], "", &expect![[r#"
            404
            content-type: application/problem+json

            {"type":"urn:tombstone:errors#NO_PATH_MATCHED_ERROR","title":"no such operation","status":404,"detail":"no operation has this path; `near` lists the closest ones","near":["DELETE /v2/org/{org_id}","DELETE /api/organizations/{id}","DELETE /v1/organizations/{organizationId}","POST /v1/organizations/delete","POST /v2/users/data/delete"],"providers":["applivery","partoo","timbrix","velt"]}
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
        world.check("GET /partoo/org/42", &[PARTOO], "", &expect![[r#"
            501
            content-type: application/problem+json

            {"title":"not emulated","status":501,"detail":"the real API answers `GET /org/42`, and this sandbox does not: it emulates `DELETE /org/{org_id}`"}
        "#]]);
        world.check("POST /v2/users/delete", &[], "", &expect![[r#"
            501
            content-type: application/problem+json

            {"title":"not emulated","status":501,"detail":"the real API answers `POST /v2/users/delete`, and this sandbox does not: it emulates `POST /v1/organizations/delete`, `POST /v2/users/data/delete`, `POST /v2/users/data/delete/status`"}
        "#]]);
    }

    #[test]
    fn head_is_a_method_like_others() {
        let world = World::new();
        world.check("HEAD /partoo/org/42", &[PARTOO], "", &expect![[r#"
            501
            content-type: application/problem+json

            {"title":"not emulated","status":501,"detail":"the real API answers `HEAD /org/42`, and this sandbox does not: it emulates `DELETE /org/{org_id}`"}
        "#]]);
        world.check("HEAD /nowhere", &[], "", &expect![[r#"
            404
            content-type: application/problem+json

            {"type":"urn:tombstone:errors#NO_PATH_MATCHED_ERROR","title":"no such operation","status":404,"detail":"no operation has this path; `near` lists the closest ones","near":["DELETE /organizations/{id}","POST /v1/organizations/delete","DELETE /v1/organizations/{organizationId}","DELETE /v2/org/{org_id}","POST /v2/users/data/delete"],"providers":["applivery","partoo","timbrix","velt"]}
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

            {"type":"urn:tombstone:errors#NO_PATH_MATCHED_ERROR","title":"no such operation","status":404,"detail":"no operation has this path; `near` lists the closest ones","near":["DELETE /organizations/{id}","POST /v1/organizations/delete","DELETE /v1/organizations/{organizationId}","DELETE /v2/org/{org_id}","POST /v2/users/data/delete"],"providers":["applivery","partoo","timbrix","velt"]}
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

            {"type":"urn:tombstone:errors#NO_PATH_MATCHED_ERROR","title":"no such operation","status":404,"detail":"no operation has this path; `near` lists the closest ones","near":["DELETE /organizations/{id}","POST /v1/organizations/delete","DELETE /v1/organizations/{organizationId}","DELETE /v2/org/{org_id}","POST /v2/users/data/delete"],"providers":["applivery","partoo","timbrix","velt"]}
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
            assert_eq!(
                World::new().status(&format!("DELETE {path}"), &[TIMBRIX], ""),
                204,
                "{path}"
            );
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
}

mod pages {
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
            access-control-expose-headers: Tombstone-Sandbox, Tombstone-Sandbox-Restarted, Tombstone-Request-Id, Tombstone-Violations, Preference-Applied
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
            access-control-expose-headers: Tombstone-Sandbox, Tombstone-Sandbox-Restarted, Tombstone-Request-Id, Tombstone-Violations, Preference-Applied

            {"status":"success","org_id":43}
        "#]]);
        world.check("DELETE /partoo/org/43", &[PAGE, PARTOO], "", &expect![[r#"
            404
            content-type: application/json
            access-control-allow-origin: https://app.example
            access-control-allow-credentials: true
            access-control-expose-headers: Tombstone-Sandbox, Tombstone-Sandbox-Restarted, Tombstone-Request-Id, Tombstone-Violations, Preference-Applied

            {"errors":{"json":"Resource not found"}}
        "#]]);
        let origin = |line: &str, fields: &[&str]| {
            let reply = world.ask(line, fields, "");
            reply.response.headers()["access-control-allow-origin"].to_str().unwrap().to_owned()
        };
        for line in [
            "DELETE /nowhere",
            "GET /partoo/org/42",
            "PATCH /partoo/org/42",
            "DELETE /partoo/org/x",
        ] {
            assert_eq!(origin(line, &[PAGE]), "https://app.example", "{line}");
        }
        assert_eq!(origin("DELETE /nowhere", &["origin: null"]), "null");
        assert_eq!(
            origin("DELETE /nowhere", &[PAGE, "tombstone-sandbox: x"]),
            "https://app.example"
        );
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
        assert!(
            !world.ask("DELETE /partoo/org/999", &[], "").response.headers().contains_key("vary")
        );
    }
}

/// The answers to the same call from many threads at once, in the order of their statuses and bodies.
fn at_once(world: &World, line: &str, fields: &[&str], body: &str) -> Vec<(u16, Bytes)> {
    const THREADS: usize = 8;
    let barrier = Barrier::new(THREADS);
    let (method, target) = line.split_once(' ').unwrap();
    let call = || {
        let mut request = Request::new(Body::from(body));
        *request.method_mut() = method.parse().unwrap();
        *request.uri_mut() = target.parse().unwrap();
        *request.headers_mut() = header_map(fields);
        barrier.wait();
        let response = world.emulator.handle(request, world.now).response;
        (response.status().as_u16(), response.into_body())
    };
    let mut answers = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(call)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    answers.sort_unstable();
    answers
}

#[test]
fn one_of_many_deletions_at_once_succeeds() {
    for (line, fields, done) in [
        ("DELETE /partoo/org/43", [PARTOO], 200),
        ("DELETE /timbrix/organizations/550e8400-e29b-41d4-a716-446655440000", [TIMBRIX], 204),
        ("DELETE /applivery/v1/organizations/globex", [APPLIVERY], 200),
    ] {
        let world = World::new();
        for round in 0..20 {
            world.emulator.sandboxes().reset(system_now());
            let answers = at_once(&world, line, &fields, "");
            assert_eq!(answers[0].0, done, "{line}, round {round}");
            assert!(answers[1..].iter().all(|(status, _)| *status == 404), "{line}: {answers:?}");
        }
    }
}

#[test]
fn one_of_many_listed_deletions_at_once_says_that_it_deleted() {
    let world = World::new();
    for round in 0..20 {
        world.emulator.sandboxes().reset(system_now());
        let answers = at_once(&world, VELT_DELETE, &velt_fields(JSON), VELT_BODY);
        let deleted = answers.iter().filter(|(status, body)| {
            assert_eq!(*status, 200);
            let body: Value = serde_json::from_slice(body).unwrap();
            body["result"]["data"]["yourOrganizationId1"]["success"] == true
        });
        assert_eq!(deleted.count(), 1, "round {round}");
    }
}

const SHOP_CONTRACT: &str = r#"
openapi: 3.1.0
info: { title: Shop, version: '1' }
paths:
  /carts/{id}:
    get:
      operationId: readCart
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      responses:
        '200': { description: The cart, content: { application/json: { schema: { type: object } } } }
    delete:
      operationId: deleteCart
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      responses:
        '200':
          description: Gone
          content:
            application/json:
              schema:
                type: object
                required: [id, total]
                properties: { id: { type: string }, total: { type: integer } }
        '404': { description: No such cart }
"#;

const SHOP_BEHAVIOR: &str = r#"tombstone: 1
resources:
  carts: { key: id }
operations:
  readCart:
    rules:
      - respond: 200
        body: { id: '{{ path.id }}' }
  deleteCart:
    let: { cart: 'carts[path.id]' }
    rules:
      - when: cart is none
        respond: 404
      - when: cart.total / cart.parts > 1000
        respond: 404
      - delete: cart
        respond: 200
        body: { id: '{{ cart.id }}', total: '{{ cart.total }}' }
"#;

const SHOP_FIXTURES: &str = r#"tombstone: 1
records:
  carts:
    - { id: good, total: 3, parts: 1 }
    - { id: unfit, total: half, parts: 1 }
    - { id: nothing, total: 3, parts: 0 }
    - { id: half, total: 1.5, parts: 1 }
"#;

/// A provider of our own, with rules that fail and no words for failures.
fn shop(name: &str) -> (World, Folder) {
    let folder = Folder::new(name);
    folder.write("specs/shop/openapi.yaml", SHOP_CONTRACT);
    folder.write("specs/shop/behavior.yaml", SHOP_BEHAVIOR);
    folder.write("fixtures/shop/default.yaml", SHOP_FIXTURES);
    let sources = Sources {
        specs: Some(folder.path.join("specs")),
        fixtures: Some(folder.path.join("fixtures")),
        only: vec!["shop".to_owned()],
        ..Sources::default()
    };
    (World::of(&sources, &EmulatorOptions::default()), folder)
}

#[test]
fn a_provider_without_words_for_failures_has_ours() {
    let (world, _folder) = shop("wordless");
    world.check("GET /shop/cart/good", &[], "", &expect![[r#"
        404
        content-type: application/problem+json

        {"type":"urn:tombstone:errors#NO_PATH_MATCHED_ERROR","title":"no such operation","status":404,"detail":"no operation has this path; `near` lists the closest ones","near":["GET /shop/carts/{id}","DELETE /shop/carts/{id}"],"providers":["shop"]}
    "#]]);
    world.check("PUT /shop/carts/good", &[], "", &expect![[r#"
        405
        content-type: application/problem+json
        allow: GET, HEAD, DELETE, OPTIONS

        {"type":"urn:tombstone:errors#NO_METHOD_MATCHED_ERROR","title":"method not allowed","status":405,"detail":"`/carts/good` answers GET, HEAD, DELETE"}
    "#]]);
    world.check("DELETE /shop/carts/%ff", &[], "", &expect![[r#"
        400
        content-type: application/problem+json
        tombstone-violations: [{"in":"path","pointer":"","field":"id","keyword":"encoding","expected":null,"text":"must be percent-encoded UTF-8"}]

        {"title":"invalid request","status":400,"detail":"the request departs from the contract: see `Tombstone-Violations`"}
    "#]]);
}

#[test]
fn head_answers_as_get_and_the_server_leaves_the_body_out() {
    let (world, _folder) = shop("head");
    let got = world.says("GET /shop/carts/good", &[], "");
    expect![[r#"
        200
        content-type: application/json

        {"id":"good"}
    "#]]
    .assert_eq(&got);
    assert_eq!(world.says("HEAD /shop/carts/good", &[], ""), got);
}

#[test]
fn a_rule_that_fails_or_lies_answers_500_and_does_nothing() {
    let (world, folder) = shop("failing");
    let said = |id: &str| {
        let reply = world.ask(&format!("DELETE /shop/carts/{id}"), &[], "");
        let place = folder.path.display().to_string();
        let log = match &reply.account.facts.why {
            Why::Rule(rule) => rule.to_string(),
            Why::Fault(fault) => fault.clone(),
            other => panic!("{other:?}"),
        };
        format!("{}\nlog: {log}\n", transcript(&reply)).replace(&place, "…")
    };
    expect![[r#"
        500
        content-type: application/problem+json

        {"title":"the behavior file cannot answer this","status":500,"detail":"deleteCart rule 2, …/specs/shop/behavior.yaml:14: `cart.total / cart.parts > 1000`: `/` is for numbers, not a text and a number"}

        log: deleteCart rule 2, …/specs/shop/behavior.yaml:14: `cart.total / cart.parts > 1000`: `/` is for numbers, not a text and a number
    "#]].assert_eq(&said("unfit"));
    expect![[r#"
        500
        content-type: application/problem+json

        {"title":"the behavior file cannot answer this","status":500,"detail":"deleteCart rule 2, …/specs/shop/behavior.yaml:14: `cart.total / cart.parts > 1000`: division by zero"}

        log: deleteCart rule 2, …/specs/shop/behavior.yaml:14: `cart.total / cart.parts > 1000`: division by zero
    "#]].assert_eq(&said("nothing"));
    expect![[r#"
        500
        content-type: application/problem+json

        {"title":"the behavior file cannot answer this","status":500,"detail":"deleteCart rule 3, …/specs/shop/behavior.yaml:16: the body does not fit the documented schema /paths/~1carts~1{id}/delete/responses/200/content/application~1json/schema: at `/total`: 1.5 is not of type \"integer\""}

        log: deleteCart rule 3, …/specs/shop/behavior.yaml:16: the body does not fit the documented schema /paths/~1carts~1{id}/delete/responses/200/content/application~1json/schema: at `/total`: 1.5 is not of type "integer"
    "#]].assert_eq(&said("half"));
    expect![[r#"
        200
        content-type: application/json

        {"id":"good","total":3}

        log: deleteCart rule 3, …/specs/shop/behavior.yaml:16
    "#]]
    .assert_eq(&said("good"));
}

/// Text of which requests are made: what is known to matter, and anything.
fn fragment() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "velt",
        "partoo",
        "timbrix",
        "applivery",
        "v1",
        "v2",
        "api",
        "org",
        "organizations",
        "users",
        "data",
        "delete",
        "status",
        "42",
        "43",
        "acme",
        "globex",
        "550e8400-e29b-41d4-a716-446655440000",
        "yourOrganizationId1",
        "",
        ".",
        "..",
        "%2F",
        "%00",
        "%zz",
        "%ff",
        "%",
        "*",
        "__admin",
        "@default",
        "{id}",
    ]);
    prop_oneof![
        4 => known.prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..12),
    ]
}

fn target() -> impl Strategy<Value = Uri> {
    let start =
        prop::sample::select(vec!["/", "", "//", "http://partoo.localhost/", "http://x:1/"]);
    let query = prop::option::of(prop_oneof![
        prop::sample::select(vec![
            "force=true",
            "force",
            "force=x",
            "force=1&force=0",
            "&&=",
            "force[]=%ff"
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..20),
    ]);
    let known = prop::sample::select(vec![
        "/partoo/org/43",
        "/v2/org/42",
        "/v1/organizations/globex",
        "/velt/v1/organizations/delete",
        "/v2/users/data/delete",
        "/velt/v2/users/data/delete/status",
        "/organizations/550e8400-e29b-41d4-a716-446655440000",
    ])
    .prop_map(|path| path.as_bytes().to_vec());
    let made = (start, prop::collection::vec(fragment(), 0..6))
        .prop_map(|(start, segments)| [start.as_bytes(), &segments.join(&b'/')].concat());
    (prop_oneof![known, made], query).prop_filter_map("no target", |(path, query)| {
        let bytes = match query {
            Some(query) => [path, query].join(&b'?'),
            None => path,
        };
        Uri::try_from(bytes).ok()
    })
}

fn method() -> impl Strategy<Value = Method> {
    prop_oneof![
        6 => prop::sample::select(vec![Method::DELETE, Method::POST]),
        2 => prop::sample::select(vec![Method::GET, Method::HEAD, Method::OPTIONS, Method::PUT, Method::CONNECT]),
        1 => "[A-Z!#-]{1,20}".prop_map(|name| Method::from_bytes(name.as_bytes()).unwrap()),
    ]
}

fn headers() -> impl Strategy<Value = HeaderMap> {
    let name = prop_oneof![
        prop::sample::select(vec![
            "content-type",
            "authorization",
            "x-apikey",
            "x-velt-api-key",
            "x-velt-auth-token",
            "host",
            "origin",
            "tombstone-sandbox",
            "access-control-request-method",
            "cookie",
            "prefer",
        ])
        .prop_map(str::to_owned),
        "[a-z-]{1,12}",
    ];
    let value = prop_oneof![
        prop::sample::select(vec![
            "application/json",
            "text/plain",
            "Bearer timbrix-owner",
            "Bearer",
            "default",
            "https://a.example",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..30),
    ];
    let known = prop::sample::subsequence(vec![JSON, VELT[0], VELT[1], PARTOO, TIMBRIX], 0..=5);
    (known, prop::collection::vec((name, value), 0..4)).prop_map(|(known, more)| {
        let mut headers = header_map(&known);
        for (name, value) in more {
            if let (Ok(name), Ok(value)) =
                (HeaderName::try_from(name), HeaderValue::from_bytes(&value))
            {
                headers.append(name, value);
            }
        }
        headers
    })
}

fn body() -> impl Strategy<Value = Body> {
    let json = prop::sample::select(vec![
        "",
        "{}",
        "[]",
        "null",
        VELT_BODY,
        r#"{"force":true}"#,
        r#"{"data":{"userIds":["yourUserId1"]}}"#,
        r#"{"data":{"jobId":"x"}}"#,
        r#"{"data":{"organizationIds":[{}],"userIds":7}}"#,
        "{\"data\":",
    ]);
    prop_oneof![
        6 => json.prop_map(Body::from),
        2 => prop::collection::vec(any::<u8>(), 0..60).prop_map(|bytes| Body::Complete(bytes.into())),
        1 => Just(Body::TooLarge { limit: 10 }),
    ]
}

#[test]
fn nothing_that_is_sent_panics_or_changes_anything_unless_it_is_answered_as_done() {
    let world = World::new();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 800,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let seen = std::cell::RefCell::new(std::collections::BTreeSet::new());
    let outcome =
        runner.run(&(method(), target(), headers(), body()), |(method, target, headers, body)| {
            let status = world.call(method, &target, headers, body).response.status();
            if status.is_success() {
                world.emulator.sandboxes().reset(system_now());
            }
            prop_assert!(status != StatusCode::INTERNAL_SERVER_ERROR);
            seen.borrow_mut().insert(status.as_u16());
            Ok(())
        });
    outcome.unwrap();
    let seen = seen.into_inner();
    assert!([200, 204, 400, 401, 404, 501].iter().all(|status| seen.contains(status)), "{seen:?}");
}
