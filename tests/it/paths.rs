//! Which operation a path leads to: concrete before templated, names that are there twice, keys of `paths` that go on
//! after the path, and the addresses of `servers`.

use bytes::Bytes;
use expect_test::{Expect, expect};
use http::header::ALLOW;
use tombstone::catalog;
use tombstone::catalog::{DocumentSource, Sources};
use tombstone::clock::Timestamp;
use tombstone::emulator::{Emulator, EmulatorOptions, VIOLATIONS_HEADER};
use tombstone::message::Body;

/// An emulator of these documents, and what is said of them.
fn emulator(test: &str, documents: &[(&str, &str)]) -> (Emulator, Vec<String>) {
    let folder = std::env::temp_dir().join(format!("tombstone-{test}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let documents = documents.iter().map(|(name, text)| {
        let path = folder.join(format!("{name}.yaml"));
        let head = format!("openapi: 3.1.0\ninfo: {{title: {name}, version: '1'}}\n");
        std::fs::write(&path, head + text).unwrap();
        DocumentSource { name: Some((*name).to_owned()), path }
    });
    let sources = Sources { documents: documents.collect(), built_in: false, ..Sources::default() };
    let mut findings = Vec::new();
    let providers = catalog::load(&sources, Timestamp::default(), &mut findings).unwrap();
    let emulator = Emulator::new(providers, &EmulatorOptions::default(), &mut findings);
    std::fs::remove_dir_all(&folder).unwrap();
    (emulator, findings.into_iter().map(|finding| finding.message).collect())
}

/// What each call is answered: its status, and its body, `Allow` or violations.
fn check(emulator: &Emulator, calls: &[&str], expected: &Expect) {
    let mut lines = Vec::new();
    for call in calls {
        let mut words = call.split(' ');
        let mut request =
            http::Request::builder().method(words.next().unwrap()).uri(words.next().unwrap());
        for word in words {
            let (name, value) = word.split_once(':').unwrap();
            request = request.header(name, value);
        }
        let reply = emulator.handle(request.body(Body::empty()).unwrap(), Timestamp::default());
        let (parts, body) = reply.response.into_parts();
        let header = |name| parts.headers.get(name).map(|value| value.to_str().unwrap());
        let told = header(&ALLOW).or(header(&VIOLATIONS_HEADER)).map(str::to_owned);
        let is_problem = body.starts_with(b"{\"type\"");
        let text = told.unwrap_or_else(|| text_of(&body, is_problem));
        lines.push(format!("{call} -> {} {text}", parts.status.as_u16()).trim_end().to_owned());
    }
    expected.assert_eq(&lines.join("\n"));
}

fn text_of(body: &Bytes, is_problem: bool) -> String {
    let value: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    match value {
        serde_json::Value::Null => String::new(),
        value if is_problem => value["near"].to_string(),
        value => value.to_string(),
    }
}

/// An operation that answers its name.
fn says(method: &str, name: &str, parameters: &str) -> String {
    format!(
        "    {method}:\n      parameters: [{parameters}]\n      responses:\n        '200':\n          description: ok\n          \
         content: {{application/json: {{example: {name}}}}}\n"
    )
}

#[test]
fn a_concrete_path_decides_inside_a_provider_and_the_method_among_several() {
    let pets = format!(
        "paths:\n  /pet/{{id}}:\n{}  /pet/find:\n{}  /pet/{{id}}.json:\n{}x-not-emulated: {{/pet/gone: [get]}}\n",
        says("delete", "delete", ""),
        says("get", "find", ""),
        says("get", "json", ""),
    );
    let others = format!("paths:\n  /pet/{{name}}:\n{}", says("delete", "other", ""));
    let calls = [
        "GET /pet/find",
        "DELETE /pet/find",
        "HEAD /pet/find",
        "OPTIONS /pet/find",
        "DELETE /pet/1",
        "DELETE /pet/1.json",
        "DELETE /pet/gone",
    ];
    check(
        &emulator("concrete", &[("pets", &pets)]).0,
        &calls,
        &expect![[r#"
            GET /pet/find -> 200 "find"
            DELETE /pet/find -> 405 GET, HEAD, OPTIONS
            HEAD /pet/find -> 200 "find"
            OPTIONS /pet/find -> 204 GET, HEAD, OPTIONS
            DELETE /pet/1 -> 404 [{"in":"response","pointer":"","field":"","keyword":"undocumented","expected":404,"text":"has the status 404, which is not documented"}]
            DELETE /pet/1.json -> 405 GET, HEAD, OPTIONS
            DELETE /pet/gone -> 405 GET, HEAD, OPTIONS"#]],
    );
    // Without a prefix, beside a provider for which `find` is a name.
    let (both, _) = emulator("concrete-both", &[("pets", &pets), ("others", &others)]);
    check(
        &both,
        &["DELETE /pet/find", "DELETE /pets/pet/find", "DELETE /pet/1", "GET /pet/find"],
        &expect![[r#"
            DELETE /pet/find -> 405 GET, HEAD, OPTIONS
            DELETE /pets/pet/find -> 405 GET, HEAD, OPTIONS
            DELETE /pet/1 -> 404 ["GET /pet/{id}.json","GET /pet/find"]
            GET /pet/find -> 200 "find""#]],
    );
    let preflight = http::Request::builder()
        .method("OPTIONS")
        .uri("/pet/find")
        .header("origin", "http://a.example")
        .header("access-control-request-method", "DELETE");
    let preflight = preflight.body(Body::empty()).unwrap();
    assert_eq!(both.handle(preflight, Timestamp::default()).response.status(), 204);
}

#[test]
fn a_name_that_is_there_twice_is_held_against_its_schema_at_each_place() {
    let text = format!(
        "paths:\n  /realms/{{realm}}/clients/{{id}}/models/{{id}}:\n{}  /range/{{id}}-{{id}}:\n{}  /case/{{id}}/{{ID}}:\n{}\
         x-not-emulated: {{'/gone/{{id}}/{{id}}': [delete]}}\n",
        says(
            "get",
            "model",
            "{name: realm, in: path, required: true}, {name: id, in: path, required: true, schema: {type: integer}}"
        ),
        says("get", "range", "{name: id, in: path, required: true, schema: {type: integer}}"),
        says(
            "get",
            "case",
            "{name: id, in: path, required: true, schema: {type: integer}}, {name: ID, in: path, required: true, schema: {type: boolean}}"
        ),
    );
    let (emulator, findings) = emulator("twice", &[("keys", &text)]);
    let twice = findings.iter().filter(|message| message.contains("names a parameter twice"));
    assert_eq!(twice.count(), 2, "{findings:?}");
    check(
        &emulator,
        &[
            "GET /realms/a/clients/1/models/2",
            "GET /realms/a/clients/x/models/2",
            "GET /realms/a/clients/1/models/y",
            "GET /realms/a/clients/x/models/y",
            "GET /range/1-2",
            "GET /range/a-2",
            "GET /case/1/true",
            "GET /case/true/1",
            "DELETE /gone/1/2",
        ],
        &expect![[r#"
            GET /realms/a/clients/1/models/2 -> 404 [{"in":"response","pointer":"","field":"","keyword":"undocumented","expected":404,"text":"has the status 404, which is not documented"}]
            GET /realms/a/clients/x/models/2 -> 422 [{"in":"path","pointer":"","field":"id","keyword":"type","expected":"integer","text":"must be an integer"}]
            GET /realms/a/clients/1/models/y -> 422 [{"in":"path","pointer":"","field":"id","keyword":"type","expected":"integer","text":"must be an integer"}]
            GET /realms/a/clients/x/models/y -> 422 [{"in":"path","pointer":"","field":"id","keyword":"type","expected":"integer","text":"must be an integer"}]
            GET /range/1-2 -> 200 "range"
            GET /range/a-2 -> 422 [{"in":"path","pointer":"","field":"id","keyword":"type","expected":"integer","text":"must be an integer"}]
            GET /case/1/true -> 404 [{"in":"response","pointer":"","field":"","keyword":"undocumented","expected":404,"text":"has the status 404, which is not documented"}]
            GET /case/true/1 -> 422 [{"in":"path","pointer":"","field":"id","keyword":"type","expected":"integer","text":"must be an integer"},{"in":"path","pointer":"","field":"ID","keyword":"type","expected":"boolean","text":"must be a boolean"}]
            DELETE /gone/1/2 -> 501 {"title":"not emulated","status":501,"detail":"the real API answers `DELETE /gone/1/2`, and this sandbox does not: it emulates `GET /realms/{realm}/clients/{id}/models/{id}`, `GET /range/{id}-{id}`, `GET /case/{id}/{ID}`"}"#]],
    );
}

#[test]
fn a_path_parameter_may_be_declared_in_another_case() {
    let integer = "in: path, required: true, schema: {type: integer}";
    let text = format!(
        "paths:\n  /a/{{petId}}:\n{}  /b/{{id}}/{{ID}}:\n{}",
        says("get", "a", &format!("{{name: petID, {integer}}}, {{name: other, {integer}}}")),
        says("get", "b", &format!("{{name: id, {integer}}}")),
    );
    let (emulator, findings) = emulator("case", &[("pets", &text)]);
    expect![[r#"
        path parameter `petID` is `petId` in the path
        path parameter `other` is not in `/a/{petId}`; it is left out
        path parameter `ID` is not declared; any text is accepted"#]]
    .assert_eq(&findings.join("\n"));
    check(
        &emulator,
        &["GET /a/1", "GET /a/x", "GET /b/1/x", "GET /b/x/1"],
        &expect![[r#"
            GET /a/1 -> 200 "a"
            GET /a/x -> 422 [{"in":"path","pointer":"","field":"petId","keyword":"type","expected":"integer","text":"must be an integer"}]
            GET /b/1/x -> 404 [{"in":"response","pointer":"","field":"","keyword":"undocumented","expected":404,"text":"has the status 404, which is not documented"}]
            GET /b/x/1 -> 422 [{"in":"path","pointer":"","field":"id","keyword":"type","expected":"integer","text":"must be an integer"}]"#]],
    );
}

/// Operations that are told apart by what their keys say after the path.
fn after_the_path() -> String {
    let query = |name: &str| {
        format!("{{name: {name}, in: query, required: true, schema: {{type: string}}}}")
    };
    let header = "{name: X-Target, in: header, required: true, schema: {type: string}}";
    format!(
        "paths:\n  '/#Action=Run':\n{}{}  '/#Action=Halt':\n{}  '/#X-Target=a.B':\n{}  '/{{bucket}}/{{key}}':\n{}  \
         '/{{b}}/{{k}}#uploadId':\n{}  '/{{b}}/{{k}}#uploadId&part=1':\n{}  '/files#share':\n{}  '/find?owner={{id}}':\n{}  \
         '/search{{?q}}':\n{}  '/empty#':\n{}x-not-emulated: {{'/#Action=Stop': [post]}}\n",
        says("get", "run", &query("Action")),
        says("post", "run by post", &query("Action")),
        says("post", "halt", ""),
        says("post", "target", header),
        says("delete", "delete", ""),
        says("delete", "abort", &query("uploadId")),
        says("delete", "part", &query("uploadId")),
        says("put", "share", ""),
        says("get", "owner", "{name: id, in: path, required: true, schema: {type: integer}}"),
        says("get", "search", ""),
        says("get", "empty", ""),
    )
}

#[test]
fn keys_that_go_on_after_the_path_are_told_apart_by_what_is_sent() {
    let (emulator, findings) = emulator("after", &[("cloud", &after_the_path())]);
    let told = findings.iter().filter(|message| message.contains("ends before"));
    assert_eq!(told.count(), 9, "{findings:?}");
    check(
        &emulator,
        &[
            "GET /?Action=Run",
            "POST /cloud/?x=1&Action=Run",
            "POST /?Action=Halt",
            "GET /?Action=Halt",
            "POST /?Action=Stop",
            "POST /?Action=Ruin",
            "POST / x-target:a.B",
            "POST / x-target:a.C",
            "DELETE /b/k",
            "DELETE /b/k?uploadId=1",
            "DELETE /b/k?uploadId",
            "DELETE /b/k?uploadId=1&part=1",
            "DELETE /b/k?uploadId=1&part=2",
            "PUT /b/k?uploadId=1",
            "PUT /files",
            "GET /find?owner=1",
            "GET /find?owner=x",
            "GET /find",
            "GET /search",
            "GET /empty",
        ],
        &expect![[r#"
            GET /?Action=Run -> 200 "run"
            POST /cloud/?x=1&Action=Run -> 200 "run by post"
            POST /?Action=Halt -> 200 "halt"
            GET /?Action=Halt -> 405 POST, OPTIONS
            POST /?Action=Stop -> 501 {"title":"not emulated","status":501,"detail":"the real API answers `POST /`, and this sandbox does not: it emulates `POST / with X-Target: a.B`, `POST /?Action=Halt`, `POST /?Action=Run`, `GET /?Action=Run`, `GET /empty` and 6 others"}
            POST /?Action=Ruin -> 404 ["POST /?Action=Run","GET /?Action=Run","POST / with X-Target: a.B","POST /?Action=Halt","GET /empty"]
            POST / x-target:a.B -> 200 "target"
            POST / x-target:a.C -> 404 ["POST / with X-Target: a.B","POST /?Action=Halt","POST /?Action=Run","GET /?Action=Run","GET /empty"]
            DELETE /b/k -> 200 "delete"
            DELETE /b/k?uploadId=1 -> 200 "abort"
            DELETE /b/k?uploadId -> 200 "abort"
            DELETE /b/k?uploadId=1&part=1 -> 200 "part"
            DELETE /b/k?uploadId=1&part=2 -> 200 "abort"
            PUT /b/k?uploadId=1 -> 405 DELETE, OPTIONS
            PUT /files -> 200 "share"
            GET /find?owner=1 -> 200 "owner"
            GET /find?owner=x -> 422 [{"in":"query","pointer":"","field":"owner","keyword":"type","expected":"integer","text":"must be an integer"}]
            GET /find -> 404 ["PUT /files","GET /find?owner","GET /empty","GET /search","DELETE /{bucket}/{key}"]
            GET /search -> 200 "search"
            GET /empty -> 200 "empty""#]],
    );
}

#[test]
fn every_address_of_a_server_answers() {
    let text = format!(
        "servers:\n  - url: 'https://{{region}}.cloud.example/{{stage}}/v2/'\n    variables:\n      \
         region: {{default: eu, enum: [eu, us]}}\n      stage: {{default: prod, enum: [prod, dev]}}\n  \
         - {{url: '{{whole}}/x', variables: {{whole: {{default: 'https://other.example/base'}}}}}}\n  \
         - {{url: '../up'}}\n\
         paths:\n  /a:\n{}  /own:\n{}      servers: [{{url: '/{{v}}', variables: {{v: {{default: 1, enum: [1, 2]}}}}}}]\n",
        says("get", "a", ""),
        says("get", "own", ""),
    );
    let other = format!("paths:\n  /b:\n{}", says("get", "b", ""));
    let (emulator, findings) = emulator("servers", &[("cloud", &text), ("other", &other)]);
    assert_eq!(
        findings.iter().filter(|message| message.contains("server")).count(),
        0,
        "{findings:?}"
    );
    check(
        &emulator,
        &[
            "GET /prod/v2/a",
            "GET /dev/v2/a",
            "GET /cloud/dev/v2/a",
            "GET /test/v2/a",
            "GET /base/x/a",
            "GET /up/a",
            "GET /1/own",
            "GET /2/own",
            "GET /prod/v2/own",
            "GET /a host:us.cloud.example",
            "GET /dev/v2/a host:eu.cloud.example:8080",
            "GET /a host:ap.cloud.example",
            "GET /a host:other.example",
        ],
        &expect![[r#"
            GET /prod/v2/a -> 200 "a"
            GET /dev/v2/a -> 200 "a"
            GET /cloud/dev/v2/a -> 200 "a"
            GET /test/v2/a -> 404 ["GET /dev/v2/a","GET /1/own","GET /b"]
            GET /base/x/a -> 200 "a"
            GET /up/a -> 200 "a"
            GET /1/own -> 200 "own"
            GET /2/own -> 200 "own"
            GET /prod/v2/own -> 404 ["GET /prod/v2/a","GET /1/own","GET /b"]
            GET /a host:us.cloud.example -> 200 "a"
            GET /dev/v2/a host:eu.cloud.example:8080 -> 200 "a"
            GET /a host:ap.cloud.example -> 404 ["GET /b","GET /1/own","GET /up/a"]
            GET /a host:other.example -> 200 "a""#]],
    );
    let hosts = emulator.overview().remove(0).hosts;
    assert_eq!(hosts, ["eu.cloud.example", "us.cloud.example", "other.example", "cloud.localhost"]);
}

#[test]
fn a_slash_at_the_end_makes_no_difference_where_the_document_says_so() {
    let get = |path: &str, name: &str| format!("  {path}:\n{}", says("get", name, ""));
    let of_a = format!(
        "servers: [{{url: https://a.example/v1}}]\nx-trailing-slash: optional\npaths:\n{}{}{}{}x-not-emulated: {{/later: [get]}}\n",
        get("/list/", "list"),
        get("/one/{id}", "one").replace(
            "parameters: []",
            "parameters: [{name: id, in: path, required: true, schema: {type: string}}]"
        ),
        get("/both", "without"),
        get("/both/", "with")
    );
    let of_b = format!("x-trailing-slash: sometimes\npaths:\n{}", get("/v1/list", "b"));
    let (emulator, told) = emulator("slashes", &[("a", &of_a), ("b", &of_b)]);
    let told: Vec<&str> =
        told.iter().map(String::as_str).filter(|it| it.contains("slash")).collect();
    assert_eq!(told, ["`x-trailing-slash` is neither `optional` nor `significant`"]);
    check(
        &emulator,
        &[
            "GET /a/list",
            "GET /a/v1/list/",
            "GET /v1/one/7",
            "GET /v1/one/7/",
            "GET /v1/both",
            "GET /v1/both/",
            "GET /a/later/",
            "POST /v1/one/7/",
            "GET /v1/list",
            "GET /v1/list/",
            "GET /b/v1/list/",
            "GET /one/7/",
        ],
        &expect![[r#"
            GET /a/list -> 200 "list"
            GET /a/v1/list/ -> 200 "list"
            GET /v1/one/7 -> 404 [{"in":"response","pointer":"","field":"","keyword":"undocumented","expected":404,"text":"has the status 404, which is not documented"}]
            GET /v1/one/7/ -> 404 [{"in":"response","pointer":"","field":"","keyword":"undocumented","expected":404,"text":"has the status 404, which is not documented"}]
            GET /v1/both -> 200 "without"
            GET /v1/both/ -> 200 "with"
            GET /a/later/ -> 501 {"title":"not emulated","status":501,"detail":"the real API answers `GET /later/`, and this sandbox does not: it emulates `GET /list/`, `GET /one/{id}`, `GET /both`, `GET /both/`"}
            POST /v1/one/7/ -> 405 GET, HEAD, OPTIONS
            GET /v1/list -> 200 "b"
            GET /v1/list/ -> 200 "list"
            GET /b/v1/list/ -> 404 ["GET /b/v1/list"]
            GET /one/7/ -> 404 ["GET /v1/both","GET /v1/both/","GET /v1/list","GET /v1/list/","GET /v1/one/{id}"]"#]],
    );
}
