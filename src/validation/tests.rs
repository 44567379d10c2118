//! Requests against small documents, through the loader: what they say and where they depart.

use std::fmt::Write as _;
use std::sync::LazyLock;

use bytes::Bytes;
use expect_test::{Expect, expect};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use serde_json::Value;

use crate::message::Body;
use crate::openapi::Contract;
use crate::yaml::Document;

use super::*;

/// A request in the making.
#[derive(Clone, Default)]
struct Request {
    path: Vec<(&'static str, String)>,
    query: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Request {
    fn path(name: &'static str, raw: &str) -> Self {
        Self { path: vec![(name, raw.to_owned())], ..Self::default() }
    }

    fn query(query: &str) -> Self {
        Self { query: query.to_owned(), ..Self::default() }
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().unwrap();
        self.headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        self
    }

    fn json(body: &str) -> Self {
        Self::sent("application/json", body.as_bytes())
    }

    fn sent(media: &str, body: &[u8]) -> Self {
        Self { body: body.to_vec(), ..Self::default() }.header("content-type", media)
    }

    fn ask(&self, contract: &Contract) -> Validated {
        self.ask_of(&RequestValidator::new(&contract.operations[0], &contract.schemas))
    }

    fn ask_of(&self, validator: &RequestValidator) -> Validated {
        let path: Vec<(&str, &str)> =
            self.path.iter().map(|(name, raw)| (*name, raw.as_str())).collect();
        let body = Body::Complete(Bytes::from(self.body.clone()));
        let sent =
            SentRequest { path: &path, query: &self.query, headers: &self.headers, body: &body };
        validator.validate(&sent)
    }
}

/// A contract with one operation, of which `operation` is the inside.
fn contract(template: &str, operation: &str) -> Contract {
    let mut text = format!(
        "openapi: 3.1.0\ninfo: {{ title: t, version: '1' }}\ncomponents:\n  schemas:\n    Id: {{ type: integer, minimum: 1 }}\n    Tree: {{ type: object, properties: {{ name: {{ type: string, default: leaf }}, children: {{ type: array, items: {{ $ref: '#/components/schemas/Tree' }} }} }}, additionalProperties: false }}\npaths:\n  {template}:\n    post:\n      operationId: op\n      responses: {{ '200': {{ description: fine }} }}\n"
    );
    for line in operation.lines() {
        let _ = writeln!(text, "      {line}");
    }
    let mut findings = Vec::new();
    let document = Document::parse("openapi.yaml", &text, &mut findings).unwrap();
    let contract = Contract::load(&document, &mut findings).unwrap();
    let errors: Vec<String> = findings
        .iter()
        .filter(|finding| finding.severity == crate::finding::Severity::Error)
        .map(ToString::to_string)
        .collect();
    assert!(errors.is_empty(), "{errors:#?}\n{text}");
    contract
}

fn tell(validated: &Validated) -> String {
    let mut text = String::new();
    let maps = [&validated.path, &validated.query, &validated.header, &validated.cookie];
    for values in maps.into_iter().filter(|values| !values.is_empty()) {
        let _ = write!(text, " {}", Value::Object(values.clone()));
    }
    if let Some(body) = &validated.body {
        let _ = write!(text, " {body}");
    }
    for violation in &validated.violations {
        let place = serde_json::to_value(violation.location).unwrap();
        let _ = write!(
            text,
            "\n    {} `{}` at `{}`: {} {}: {}",
            place.as_str().unwrap(),
            violation.field,
            violation.pointer,
            violation.keyword,
            violation.expected.clone().unwrap_or_default(),
            violation.text,
        );
    }
    text
}

fn check(contract: &Contract, rows: &[(&str, Request)], expected: &Expect) {
    let mut text = String::new();
    for (label, request) in rows {
        let validated = request.ask(contract);
        assert_eq!(validated, request.ask(contract), "the same again");
        let _ = writeln!(text, "{label} ->{}", tell(&validated));
    }
    expected.assert_eq(&text);
}

fn check_queries(operation: &str, queries: &[&str], expected: &Expect) {
    let rows: Vec<(&str, Request)> =
        queries.iter().map(|query| (*query, Request::query(query))).collect();
    check(&contract("/a", operation), &rows, expected);
}

fn check_paths(schema: &str, sent: &[&str], expected: &Expect) {
    let operation = format!("parameters: [{{ name: id, in: path, required: true, {schema} }}]");
    let rows: Vec<(&str, Request)> =
        sent.iter().map(|raw| (*raw, Request::path("id", raw))).collect();
    check(&contract("/a/{id}", &operation), &rows, expected);
}

fn check_bodies(body: &str, rows: &[(&str, Request)], expected: &Expect) {
    check(&contract("/a", &format!("requestBody:\n{}", indent(body))), rows, expected);
}

fn indent(text: &str) -> String {
    text.lines().fold(String::new(), |all, line| format!("{all}  {line}\n"))
}

#[test]
fn path_parameters_are_decoded_and_coerced() {
    check_paths(
        "schema: { type: integer }",
        &["42", "042", "abc", "4%32", "%zz", "%FF", "99999999999999999999"],
        &expect![[r#"
            42 -> {"id":42}
            042 -> {"id":"042"}
                path `id` at ``: type "integer": must be an integer
            abc -> {"id":"abc"}
                path `id` at ``: type "integer": must be an integer
            4%32 -> {"id":42}
            %zz -> {"id":null}
                path `id` at ``: encoding null: must be percent-encoded UTF-8
            %FF -> {"id":null}
                path `id` at ``: encoding null: must be percent-encoded UTF-8
            99999999999999999999 -> {"id":99999999999999999999}
        "#]],
    );
    check_paths(
        "schema: { type: string, format: uuid }",
        &["550e8400-e29b-41d4-a716-446655440000", "a%2Fb%20c+d"],
        &expect![[r#"
            550e8400-e29b-41d4-a716-446655440000 -> {"id":"550e8400-e29b-41d4-a716-446655440000"}
            a%2Fb%20c+d -> {"id":"a/b c+d"}
                path `id` at ``: format "uuid": must be in `uuid` format
        "#]],
    );
    check_paths(
        "schema: { type: string, pattern: '^(?:[a-fA-F0-9]{24}|[a-zA-Z0-9-]{3,})$' }",
        &["acme", "ab", "a_b"],
        &expect![[r#"
            acme -> {"id":"acme"}
            ab -> {"id":"ab"}
                path `id` at ``: pattern "^(?:[a-fA-F0-9]{24}|[a-zA-Z0-9-]{3,})$": must match the pattern `^(?:[a-fA-F0-9]{24}|[a-zA-Z0-9-]{3,})$`
            a_b -> {"id":"a_b"}
                path `id` at ``: pattern "^(?:[a-fA-F0-9]{24}|[a-zA-Z0-9-]{3,})$": must match the pattern `^(?:[a-fA-F0-9]{24}|[a-zA-Z0-9-]{3,})$`
        "#]],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn path_styles_are_taken_apart() {
    check_paths(
        "schema: { type: array, items: { $ref: '#/components/schemas/Id' } }",
        &["1,2,3", "1%2C2", "1,0,x"],
        &expect![[r#"
            1,2,3 -> {"id":[1,2,3]}
            1%2C2 -> {"id":["1,2"]}
                path `id[0]` at `/0`: type "integer": must be an integer
            1,0,x -> {"id":[1,0,"x"]}
                path `id[1]` at `/1`: minimum 1: must be at least 1
                path `id[2]` at `/2`: type "integer": must be an integer
        "#]],
    );
    check_paths(
        "style: label, explode: true, schema: { type: array, items: { type: string } }",
        &[".a.b", "a"],
        &expect![[r#"
            .a.b -> {"id":["a","b"]}
            a -> {"id":null}
                path `id` at ``: style null: must be written as `.value`
        "#]],
    );
    check_paths(
        "style: label, schema: { type: object, properties: { R: { type: integer } } }",
        &[".R,100,G,200", ".R.100.G.200", ".R"],
        &expect![[r#"
            .R,100,G,200 -> {"id":{"R":100,"G":"200"}}
            .R.100.G.200 -> {"id":{"R":100,"G":"200"}}
            .R -> {"id":null}
                path `id` at ``: style null: must be written as names and values in turn
        "#]],
    );
    check_paths(
        "style: matrix, explode: true, schema: { type: array, items: { type: integer } }",
        &[";id=1;id=2", ";id=1;x=2", ";id", ";ids=1", "1"],
        &expect![[r#"
            ;id=1;id=2 -> {"id":[1,2]}
            ;id=1;x=2 -> {"id":null}
                path `id` at ``: style null: must be written as `;id=value;id=value`
            ;id -> {"id":[]}
            ;ids=1 -> {"id":null}
                path `id` at ``: style null: must be written as `;id=value`
            1 -> {"id":null}
                path `id` at ``: style null: must be written as `;id=value`
        "#]],
    );
    check_paths(
        "style: matrix, explode: true, schema: { type: object, properties: { R: { type: integer } } }",
        &[";R=100;G=200"],
        &expect![[r#"
            ;R=100;G=200 -> {"id":{"R":100,"G":"200"}}
        "#]],
    );
    check_paths(
        "explode: true, schema: { type: object, properties: { R: { type: integer } } }",
        &["R=100,G=200", "R=100,G"],
        &expect![[r#"
            R=100,G=200 -> {"id":{"R":100,"G":"200"}}
            R=100,G -> {"id":null}
                path `id` at ``: style null: must be written as `name=value` pairs
        "#]],
    );
}

#[test]
fn a_name_in_the_template_that_no_parameter_declares_is_text() {
    let rows = [("%41", Request::path("id", "%41")), ("%", Request::path("id", "%"))];
    check(
        &contract("/a/{id}", ""),
        &rows,
        &expect![[r#"
        %41 -> {"id":"A"}
        % -> {"id":null}
            path `id` at ``: encoding null: must be percent-encoded UTF-8
    "#]],
    );
}

#[test]
fn query_parameters_are_coerced_by_their_types() {
    check_queries(
        "parameters:\n- { name: force, in: query, schema: { type: boolean, default: false } }\n- { name: page, in: query, schema: { type: [integer, 'null'], minimum: 1 } }\n- { name: q, in: query, required: true, schema: { type: string, maxLength: 3 } }",
        &[
            "",
            "q=a+b&force=true&page=2",
            "q=a%20&force=True&page=x",
            "q=long%20text&force=&page=",
            "q=&force=true&force=false",
            "q=%E0%A4%A&unknown=%FF&%FF=1",
            "q",
        ],
        &expect![[r#"
             -> {"force":false,"page":null,"q":null}
                query `q` at ``: required null: is required
            q=a+b&force=true&page=2 -> {"force":true,"page":2,"q":"a b"}
            q=a%20&force=True&page=x -> {"force":"True","page":"x","q":"a "}
                query `force` at ``: type "boolean": must be a boolean
                query `page` at ``: type ["integer","null"]: must be an integer or null
            q=long%20text&force=&page= -> {"force":"","page":null,"q":"long text"}
                query `force` at ``: type "boolean": must be a boolean
                query `q` at ``: maxLength 3: must be at most 3 characters long
            q=&force=true&force=false -> {"force":false,"page":null,"q":""}
            q=%E0%A4%A&unknown=%FF&%FF=1 -> {"force":false,"page":null,"q":null}
                query `q` at ``: encoding null: must be percent-encoded UTF-8
            q -> {"force":false,"page":null,"q":""}
        "#]],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn query_styles_are_taken_apart() {
    let list = |style: &str| {
        format!(
            "parameters: [{{ name: ids, in: query, {style} schema: {{ type: array, minItems: 1, items: {{ type: integer }} }} }}]"
        )
    };
    check_queries(
        &list(""),
        &["ids=1&ids=2", "ids=1,2", "ids=", "x=1"],
        &expect![[r#"
        ids=1&ids=2 -> {"ids":[1,2]}
        ids=1,2 -> {"ids":["1,2"]}
            query `ids[0]` at `/0`: type "integer": must be an integer
        ids= -> {"ids":[]}
            query `ids` at ``: minItems 1: must have at least 1 item
        x=1 -> {"ids":null}
    "#]],
    );
    check_queries(
        &list("explode: false,"),
        &["ids=1,2", "ids=1%2C2", "ids=1,"],
        &expect![[r#"
        ids=1,2 -> {"ids":[1,2]}
        ids=1%2C2 -> {"ids":["1,2"]}
            query `ids[0]` at `/0`: type "integer": must be an integer
        ids=1, -> {"ids":[1,""]}
            query `ids[1]` at `/1`: type "integer": must be an integer
    "#]],
    );
    check_queries(
        &list("style: spaceDelimited, explode: false,"),
        &["ids=1%202+3"],
        &expect![[r#"
            ids=1%202+3 -> {"ids":[1,2,3]}
        "#]],
    );
    check_queries(
        &list("style: pipeDelimited, explode: false,"),
        &["ids=1|2%7C3"],
        &expect![[r#"
        ids=1|2%7C3 -> {"ids":[1,2,3]}
    "#]],
    );
    check_queries(
        "parameters: [{ name: f, in: query, style: deepObject, explode: true, schema: { type: object, additionalProperties: false, properties: { a: { type: integer }, b: { type: object, properties: { c: { type: boolean } } }, d: { type: array, items: { type: integer } } } } }]",
        &["f[a]=1&f[b][c]=true&f[d][]=1&f[d][]=2", "f[a]=x&f[z]=1", "f%5Ba%5D=1", "f[d]=1", "f=1"],
        &expect![[r#"
            f[a]=1&f[b][c]=true&f[d][]=1&f[d][]=2 -> {"f":{"a":1,"b":{"c":true},"d":[1,2]}}
            f[a]=x&f[z]=1 -> {"f":{"a":"x","z":"1"}}
                query `f.z` at ``: additionalProperties null: is not allowed
                query `f.a` at `/a`: type "integer": must be an integer
            f%5Ba%5D=1 -> {"f":{"a":1}}
            f[d]=1 -> {"f":{"d":[1]}}
            f=1 -> {"f":null}
        "#]],
    );
    check_queries(
        "parameters:\n- { name: f, in: query, schema: { type: object, properties: { a: { type: integer }, b: { type: string } } } }\n- { name: c, in: query, schema: { type: string } }",
        &["a=1&b=x&c=y&d=z", "c=y", "a=x"],
        &expect![[r#"
            a=1&b=x&c=y&d=z -> {"f":{"a":1,"b":"x"},"c":"y"}
            c=y -> {"f":null,"c":"y"}
            a=x -> {"f":{"a":"x"},"c":null}
                query `f.a` at `/a`: type "integer": must be an integer
        "#]],
    );
    check_queries(
        "parameters: [{ name: f, in: query, explode: false, schema: { type: object, properties: { a: { type: integer } } } }]",
        &["f=a,1,b,2", "f=a"],
        &expect![[r#"
            f=a,1,b,2 -> {"f":{"a":1,"b":"2"}}
            f=a -> {"f":null}
                query `f` at ``: style null: must be written as names and values in turn
        "#]],
    );
    check_queries(
        "parameters: [{ name: id, in: query, schema: { oneOf: [{ type: integer }, { type: array, items: { type: integer } }] } }]",
        &["id=1", "id=1&id=2", "id=x"],
        &expect![[r#"
            id=1 -> {"id":1}
            id=1&id=2 -> {"id":[1,2]}
            id=x -> {"id":"x"}
                query `id` at ``: oneOf null: does not fit any of the allowed forms
        "#]],
    );
    check_queries(
        "parameters: [{ name: f, in: query, content: { application/json: { schema: { type: object, required: [a] } } } }]",
        &["f=%7B%22a%22:1%7D", "f=%7B%7D", "f=%7B"],
        &expect![[r#"
            f=%7B%22a%22:1%7D -> {"f":{"a":1}}
            f=%7B%7D -> {"f":{}}
                query `f.a` at ``: required null: is required
            f=%7B -> {"f":null}
                query `f` at ``: parse null: must be valid JSON: EOF while parsing an object at line 1 column 1
        "#]],
    );
}

#[test]
fn a_query_parameter_can_be_allowed_to_be_empty() {
    check_queries(
        "parameters: [{ name: flag, in: query, allowEmptyValue: true, schema: { type: boolean } }, { name: tags, in: query, allowEmptyValue: true, schema: { type: array, items: { type: integer } } }, { name: not, in: query, schema: { type: boolean } }]",
        &["flag&tags", "flag=&tags=", "flag=x&tags=x", "flag=true&tags=1", "not"],
        &expect![[r#"
            flag&tags -> {"flag":"","tags":[],"not":null}
            flag=&tags= -> {"flag":"","tags":[],"not":null}
            flag=x&tags=x -> {"flag":"x","tags":["x"],"not":null}
                query `flag` at ``: type "boolean": must be a boolean
                query `tags[0]` at `/0`: type "integer": must be an integer
            flag=true&tags=1 -> {"flag":true,"tags":[1],"not":null}
            not -> {"flag":null,"tags":null,"not":""}
                query `not` at ``: type "boolean": must be a boolean
        "#]],
    );
}

#[test]
fn headers_and_cookies_are_read() {
    let operation = "parameters:\n- { name: X-Count, in: header, required: true, schema: { type: integer } }\n- { name: X-Tags, in: header, schema: { type: array, items: { type: string } } }\n- { name: Authorization, in: header, required: true, schema: { type: string } }\n- { name: sid, in: cookie, schema: { type: string, minLength: 3 } }";
    let rows = [
        ("none", Request::default()),
        (
            "several lines",
            Request::default()
                .header("x-count", "3")
                .header("x-tags", "a, b")
                .header("x-tags", "c")
                .header("cookie", "x=1; sid=a%20b"),
        ),
        (
            "wrong",
            Request::default()
                .header("X-COUNT", "3")
                .header("x-count", "4")
                .header("cookie", "sid=%"),
        ),
    ];
    check(
        &contract("/a", operation),
        &rows,
        &expect![[r#"
        none -> {"X-Count":null,"X-Tags":null} {"sid":null}
            header `X-Count` at ``: required null: is required
        several lines -> {"X-Count":3,"X-Tags":["a","b","c"]} {"sid":"a b"}
        wrong -> {"X-Count":"3, 4","X-Tags":null} {"sid":"%"}
            header `X-Count` at ``: type "integer": must be an integer
            cookie `sid` at ``: minLength 3: must be at least 3 characters long
    "#]],
    );
}

const ENVELOPE: &str = "required: true\ncontent:\n  application/json:\n    schema:\n      type: object\n      required: [data]\n      additionalProperties: false\n      properties:\n        data:\n          type: object\n          required: [organizationIds]\n          properties:\n            organizationIds: { type: array, minItems: 1, items: { type: string, minLength: 1 } }\n            mode: { type: string, enum: [soft, hard], default: soft }";

#[test]
fn bodies_are_checked_by_their_schema() {
    check_bodies(
        ENVELOPE,
        &[
            ("fine", Request::json(r#"{"data":{"organizationIds":["a"]}}"#)),
            ("no data", Request::json("{}")),
            ("two keys", Request::json(r#"{"x":1,"data":{"organizationIds":[]},"y":2}"#)),
            ("all wrong", Request::json(r#"{"data":{"mode":"x","organizationIds":["",1,"a"]}}"#)),
            ("data is text", Request::json(r#"{"data":"x"}"#)),
            ("a list", Request::json("[]")),
            ("the last key wins", Request::json(r#"{"data":1,"data":{"organizationIds":["a"]}}"#)),
        ],
        &expect![[r#"
            fine -> {"data":{"organizationIds":["a"],"mode":"soft"}}
            no data -> {}
                body `data` at ``: required null: is required
            two keys -> {"x":1,"data":{"organizationIds":[]},"y":2}
                body `x` at ``: additionalProperties null: is not allowed
                body `y` at ``: additionalProperties null: is not allowed
                body `data.organizationIds` at `/data/organizationIds`: minItems 1: must have at least 1 item
            all wrong -> {"data":{"mode":"x","organizationIds":["",1,"a"]}}
                body `data.mode` at `/data/mode`: enum ["soft","hard"]: must be one of `soft`, `hard`
                body `data.organizationIds[0]` at `/data/organizationIds/0`: minLength 1: must not be empty
                body `data.organizationIds[1]` at `/data/organizationIds/1`: type "string": must be a string
            data is text -> {"data":"x"}
                body `data` at `/data`: type "object": must be an object
            a list -> []
                body `` at ``: type "object": must be an object
            the last key wins -> {"data":{"organizationIds":["a"],"mode":"soft"}}
        "#]],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn bodies_that_cannot_be_read_say_why() {
    check_bodies(
        ENVELOPE,
        &[
            ("empty", Request::json("")),
            ("broken", Request::json("{\"data\":\n  {\"a\" 1}}")),
            ("cut off", Request::json("{\"data\":")),
            ("not a number", Request::json("{\"data\":NaN}")),
            ("too big a number", Request::json("{\"data\":1e999}")),
            ("too deep", Request::json(&"[".repeat(1000))),
            ("not UTF-8", Request::sent("application/json", b"{\"data\":\n\"\xff\"}")),
            ("a byte order mark", Request::json("\u{feff}{}")),
            ("another type", Request::sent("text/plain", b"{}")),
            ("another json", Request::sent("application/vnd.api+json", b"{}")),
            ("no type", Request { body: b"{}".to_vec(), ..Request::default() }),
            ("nonsense", Request::sent("json", b"{}")),
            ("with a charset", Request::sent("Application/JSON; charset=latin1", b"{}")),
            ("decoded", Request::json("{}").header("content-encoding", "gzip")),
        ],
        &expect![[r#"
            empty ->
                body `` at ``: body_required null: must not be empty
            broken ->
                body `` at ``: parse null: must be valid JSON: expected `:` at line 2 column 8
            cut off ->
                body `` at ``: parse null: must be valid JSON: EOF while parsing a value at line 1 column 8
            not a number ->
                body `` at ``: parse null: must be valid JSON: expected value at line 1 column 9
            too big a number ->
                body `` at ``: parse null: must be valid JSON: number out of range at line 1 column 13
            too deep ->
                body `` at ``: parse null: must be valid JSON: recursion limit exceeded at line 1 column 128
            not UTF-8 ->
                body `` at ``: parse null: must be UTF-8: invalid byte at line 2 column 2
            a byte order mark -> {}
                body `data` at ``: required null: is required
            another type ->
                body `` at ``: media_type "application/json": must be sent with `Content-Type` `application/json`
            another json ->
                body `` at ``: media_type "application/json": must be sent with `Content-Type` `application/json`
            no type ->
                body `` at ``: media_type "application/json": must be sent with `Content-Type` `application/json`
            nonsense ->
                body `` at ``: media_type "application/json": must be sent with `Content-Type` `application/json`
            with a charset -> {}
                body `data` at ``: required null: is required
            decoded -> {}
                body `data` at ``: required null: is required
        "#]],
    );
    let contract = contract("/a", &format!("requestBody:\n{}", indent(ENVELOPE)));
    let told = [
        Body::TooLarge { limit: 1024 },
        Body::UnknownCoding { coding: "compress".to_owned() },
        Body::BrokenCoding { coding: "gzip".to_owned(), reason: "it ends early".to_owned() },
    ]
    .map(|body| {
        let headers = HeaderMap::new();
        let sent = SentRequest { path: &[], query: "", headers: &headers, body: &body };
        let validator = RequestValidator::new(&contract.operations[0], &contract.schemas);
        tell(&validator.validate(&sent)).trim().to_owned()
    });
    expect![[r#"
        body `` at ``: too_large 1024: must not be larger than 1024 bytes
        body `` at ``: content_encoding "gzip, deflate, br, zstd": must not be encoded as `compress`: gzip, deflate, br, zstd can be read
        body `` at ``: encoding "gzip": must be encoded as `gzip`, as it says: it ends early"#]].assert_eq(&told.join("\n"));
}

#[test]
fn a_body_is_only_read_where_one_is_declared() {
    let rows = [("broken", Request::json("{"))];
    check(
        &contract("/a", ""),
        &rows,
        &expect![[r#"
        broken ->
    "#]],
    );
    check_bodies(
        "content: { '*/*': { schema: { type: object, properties: { force: { type: [boolean, string] } } } } }",
        &[
            ("none", Request::default()),
            ("whatever type", Request::sent("text/plain", br#"{"force":"True"}"#)),
            ("no type", Request { body: br#"{"force":true}"#.to_vec(), ..Request::default() }),
            ("broken", Request::json("{")),
            ("wrong", Request::json(r#"{"force":1}"#)),
        ],
        &expect![[r#"
            none ->
            whatever type -> {"force":"True"}
            no type -> {"force":true}
            broken ->
                body `` at ``: parse null: must be valid JSON: EOF while parsing an object at line 1 column 1
            wrong -> {"force":1}
                body `force` at `/force`: type ["boolean","string"]: must be a boolean or a string
        "#]],
    );
    check_bodies(
        "content: { '*/*': {} }",
        &[("json", Request::json("[1]")), ("text", Request::sent("x/y", b"a b"))],
        &expect![[r#"
            json -> [1]
            text -> "a b"
        "#]],
    );
    check_bodies(
        "content: { '*/*': { schema: { type: string } } }",
        &[("text", Request::json("12"))],
        &expect![[r#"
            text -> "12"
        "#]],
    );
}

#[test]
fn media_ranges_forms_and_text_are_read() {
    check_bodies(
        "content:\n  application/*: { schema: { type: object, required: [a] } }\n  application/x-www-form-urlencoded: { schema: { type: object, properties: { a: { type: integer }, b: { type: array, items: { type: boolean } }, c: { type: string } } } }\n  text/plain: { schema: { type: integer } }\n  application/octet-stream: {}",
        &[
            ("json by its range", Request::json("{}")),
            (
                "form",
                Request::sent("application/x-www-form-urlencoded", b"a=1&b=true&b=no&c=x+%26&d=1"),
            ),
            ("broken form", Request::sent("application/x-www-form-urlencoded", b"a=%zz")),
            ("one of a list", Request::sent("application/x-www-form-urlencoded", b"b=true")),
            ("text", Request::sent("text/plain", b"42")),
            ("wrong text", Request::sent("text/plain", b"x")),
            ("bytes", Request::sent("application/octet-stream", b"\xff\x00")),
            ("no such type", Request::sent("image/png", b"x")),
        ],
        &expect![[r#"
            json by its range -> {}
                body `a` at ``: required null: is required
            form -> {"a":1,"b":[true,"no"],"c":"x &","d":"1"}
                body `b[1]` at `/b/1`: type "boolean": must be a boolean
            broken form ->
                body `` at ``: parse null: must be percent-encoded UTF-8, and `a` is not
            one of a list -> {"b":[true]}
            text -> 42
            wrong text -> "x"
                body `` at ``: type "integer": must be an integer
            bytes -> null
            no such type ->
                body `` at ``: media_type ["application/*","application/x-www-form-urlencoded","text/plain","application/octet-stream"]: must be sent with `Content-Type` `application/*` or `application/x-www-form-urlencoded` or `text/plain` or `application/octet-stream`
        "#]],
    );
}

#[test]
fn what_was_meant_is_said_of_alternatives() {
    check_bodies(
        "content:\n  application/json:\n    schema:\n      type: object\n      properties:\n        nullable: { anyOf: [{ $ref: '#/components/schemas/Id' }, { type: 'null' }] }\n        either: { oneOf: [{ type: object, required: [a] }, { type: string, minLength: 2 }] }\n        both: { oneOf: [{ type: integer }, { type: number }] }\n        alike: { anyOf: [{ type: object, required: [a] }, { type: object, required: [b] }] }",
        &[
            (
                "in the alternative",
                Request::json(r#"{"nullable":0,"either":{},"both":1,"alike":{}}"#),
            ),
            ("of no type", Request::json(r#"{"nullable":"x","either":1}"#)),
        ],
        &expect![[r#"
            in the alternative -> {"nullable":0,"either":{},"both":1,"alike":{}}
                body `nullable` at `/nullable`: minimum 1: must be at least 1
                body `either.a` at `/either`: required null: is required
                body `both` at `/both`: oneOf null: fits more than one of the allowed forms
                body `alike` at `/alike`: anyOf null: does not fit any of the allowed forms
            of no type -> {"nullable":"x","either":1}
                body `nullable` at `/nullable`: type "integer": must be an integer
                body `either` at `/either`: oneOf null: does not fit any of the allowed forms
        "#]],
    );
}

#[test]
fn path_parameters_are_numbers_as_they_are_written() {
    check_paths(
        "schema: { type: integer, format: int64 }",
        &[
            "-9223372036854775808",
            "-9223372036854775809",
            "9223372036854775807",
            "9223372036854775808",
        ],
        &expect![[r#"
            -9223372036854775808 -> {"id":-9223372036854775808}
            -9223372036854775809 -> {"id":-9223372036854775809}
                path `id` at ``: minimum -9223372036854775808: must be at least -9223372036854775808
            9223372036854775807 -> {"id":9223372036854775807}
            9223372036854775808 -> {"id":9223372036854775808}
                path `id` at ``: maximum 9223372036854775807: must be at most 9223372036854775807
        "#]],
    );
    check_paths(
        "schema: { type: number, multipleOf: 0.01, maximum: 10000000000000000000.5 }",
        &["0.07", "4.350", "0.071", "10000000000000000000.49", "10000000000000000000.51"],
        &expect![[r#"
            0.07 -> {"id":0.07}
            4.350 -> {"id":4.350}
            0.071 -> {"id":0.071}
                path `id` at ``: multipleOf 0.01: must be a multiple of 0.01
            10000000000000000000.49 -> {"id":10000000000000000000.49}
            10000000000000000000.51 -> {"id":10000000000000000000.51}
                path `id` at ``: maximum 10000000000000000000.5: must be at most 10000000000000000000.5
        "#]],
    );
}

#[test]
fn numbers_are_compared_by_value() {
    let rows = [
        ("{ enum: [1234567890123456789012, 1.10] }", "1234567890123456789012", true),
        ("{ enum: [1234567890123456789012, 1.10] }", "1234567890123456789013", false),
        ("{ enum: [1234567890123456789012, 1.10] }", "1.1", true),
        ("{ const: 1 }", "1.0", true),
        ("{ const: 100 }", "1e2", true),
        ("{ const: 0 }", "-0", true),
        ("{ type: integer }", "3.0", true),
        ("{ type: integer }", "12345678901234567890123", true),
        ("{ type: integer }", "1e300", true),
        ("{ type: integer }", "1e400", false),
        ("{ uniqueItems: true }", "[1, 1.0]", false),
        ("{ uniqueItems: true }", "[1234567890123456789012, 1234567890123456789013]", true),
        ("{ maximum: 1234567890123456789012 }", "1234567890123456789012", true),
        ("{ maximum: 1234567890123456789012 }", "1234567890123456789013", false),
        ("{ exclusiveMinimum: 0 }", "1e-300", true),
        ("{ exclusiveMaximum: 12345678901234567890.5 }", "12345678901234567890.50", false),
        ("{ enum: [[1234567890123456789012]] }", "[1234567890123456789013]", false),
        ("{ const: { a: 1234567890123456789012 } }", "{\"a\": 1234567890123456789013}", false),
        ("{ const: { a: 1234567890123456789012 } }", "{\"a\": 1234567890123456789012.0}", true),
        ("{ multipleOf: 0.01 }", "0.07", true),
        ("{ multipleOf: 0.01 }", "4.35", true),
        ("{ multipleOf: 0.01 }", "4.351", false),
        ("{ multipleOf: 10 }", "12345678901234567890120", true),
        ("{ multipleOf: 10 }", "12345678901234567890121", false),
        ("{ type: integer, format: int64 }", "-9223372036854775808", true),
        ("{ type: integer, format: int64 }", "-9223372036854775809", false),
        ("{ type: integer, format: int64 }", "9223372036854775808", false),
        ("{ type: integer, format: int32 }", "-2147483649", false),
        ("{ type: integer, format: uint64 }", "18446744073709551615", true),
        ("{ type: integer, format: uint64 }", "18446744073709551616", false),
        ("{ type: integer, format: uint8 }", "-1", false),
        ("{ type: integer, format: int16 }", "32768", false),
    ];
    for (schema, body, fits) in rows {
        let content = format!("content: {{ application/json: {{ schema: {schema} }} }}");
        let contract = contract("/a", &format!("requestBody:\n{}", indent(&content)));
        let validated = Request::json(body).ask(&contract);
        assert_eq!(validated.violations.is_empty(), fits, "{schema} <- {body}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn every_keyword_has_its_sentence() {
    let rows = [
        ("{ type: string, minLength: 2 }", "\"a\""),
        ("{ type: string, maxLength: 1 }", "\"ab\""),
        ("{ type: string, format: email }", "\"ab\""),
        ("{ type: string, pattern: '^b' }", "\"ab\""),
        ("{ const: 1 }", "2"),
        ("{ enum: [1, a, null] }", "2"),
        ("{ minimum: 1.5 }", "1"),
        ("{ maximum: 1 }", "2"),
        ("{ exclusiveMinimum: 1 }", "1"),
        ("{ exclusiveMaximum: 1 }", "1"),
        ("{ multipleOf: 2 }", "1"),
        ("{ type: [integer, 'null'] }", "\"a\""),
        ("{ minItems: 2 }", "[]"),
        ("{ maxItems: 1 }", "[1,2]"),
        ("{ uniqueItems: true }", "[1,1]"),
        ("{ contains: { type: string } }", "[1]"),
        ("{ prefixItems: [{}], items: false }", "[1,2]"),
        ("{ minProperties: 1 }", "{}"),
        ("{ maxProperties: 0 }", "{\"a\":1}"),
        ("{ propertyNames: { maxLength: 1 } }", "{\"ab\":1}"),
        ("{ dependentRequired: { a: [b] } }", "{\"a\":1}"),
        ("{ unevaluatedProperties: false }", "{\"a\":1}"),
        ("{ properties: { a: false } }", "{\"a\":1}"),
        ("{ not: { type: object } }", "{}"),
        ("{ additionalProperties: false }", "{\"a/b~c\":{},\"é\":1}"),
        ("{ additionalProperties: { type: object, required: [x] } }", "{\"a/b~c\":{}}"),
    ];
    let mut text = String::new();
    for (schema, body) in rows {
        let content = format!("content: {{ application/json: {{ schema: {schema} }} }}");
        let contract = contract("/a", &format!("requestBody:\n{}", indent(&content)));
        let _ = writeln!(text, "{schema} <-{}", tell(&Request::json(body).ask(&contract)));
    }
    expect![[r#"
        { type: string, minLength: 2 } <- "a"
            body `` at ``: minLength 2: must be at least 2 characters long
        { type: string, maxLength: 1 } <- "ab"
            body `` at ``: maxLength 1: must be at most 1 character long
        { type: string, format: email } <- "ab"
            body `` at ``: format "email": must be in `email` format
        { type: string, pattern: '^b' } <- "ab"
            body `` at ``: pattern "^b": must match the pattern `^b`
        { const: 1 } <- 2
            body `` at ``: const 1: must be `1`
        { enum: [1, a, null] } <- 2
            body `` at ``: enum [1,"a",null]: must be one of `1`, `a`, `null`
        { minimum: 1.5 } <- 1
            body `` at ``: minimum 1.5: must be at least 1.5
        { maximum: 1 } <- 2
            body `` at ``: maximum 1: must be at most 1
        { exclusiveMinimum: 1 } <- 1
            body `` at ``: exclusiveMinimum 1: must be greater than 1
        { exclusiveMaximum: 1 } <- 1
            body `` at ``: exclusiveMaximum 1: must be less than 1
        { multipleOf: 2 } <- 1
            body `` at ``: multipleOf 2.0: must be a multiple of 2
        { type: [integer, 'null'] } <- "a"
            body `` at ``: type ["integer","null"]: must be an integer or null
        { minItems: 2 } <- []
            body `` at ``: minItems 2: must have at least 2 items
        { maxItems: 1 } <- [1,2]
            body `` at ``: maxItems 1: must have at most 1 item
        { uniqueItems: true } <- [1,1]
            body `` at ``: uniqueItems null: must not hold the same item twice
        { contains: { type: string } } <- [1]
            body `` at ``: contains null: does not hold as many fitting items as it must
        { prefixItems: [{}], items: false } <- [1,2]
            body `[1]` at `/1`: items null: is not allowed
        { minProperties: 1 } <- {}
            body `` at ``: minProperties 1: must have at least 1 property
        { maxProperties: 0 } <- {"a":1}
            body `` at ``: maxProperties 0: must have at most 0 properties
        { propertyNames: { maxLength: 1 } } <- {"ab":1}
            body `` at ``: propertyNames null: has a property whose name must be at most 1 character long
        { dependentRequired: { a: [b] } } <- {"a":1}
            body `b` at ``: required null: is required
        { unevaluatedProperties: false } <- {"a":1}
            body `a` at ``: unevaluatedProperties null: is not allowed
        { properties: { a: false } } <- {"a":1}
            body `a` at `/a`: falseSchema null: is not allowed
        { not: { type: object } } <- {}
            body `` at ``: not null: has a form that is not allowed
        { additionalProperties: false } <- {"a/b~c":{},"é":1}
            body `a/b~c` at ``: additionalProperties null: is not allowed
            body `é` at ``: additionalProperties null: is not allowed
        { additionalProperties: { type: object, required: [x] } } <- {"a/b~c":{}}
            body `a/b~c.x` at `/a~1b~0c`: required null: is required
    "#]].assert_eq(&text);
}

#[test]
fn what_is_read_only_need_not_be_sent() {
    check_bodies(
        "content: { application/json: { schema: { type: object, required: [id, name], properties: { id: { type: integer, readOnly: true }, name: { type: string, default: x } } } } }",
        &[("sent", Request::json(r#"{"name":"a"}"#)), ("neither", Request::json("{}"))],
        &expect![[r#"
            sent -> {"name":"a"}
            neither -> {}
                body `name` at ``: required null: is required
        "#]],
    );
}

#[test]
fn the_alternative_that_a_discriminator_names_is_told() {
    check_bodies(
        "content:\n  application/json: &media\n    schema:\n      oneOf: [{ $ref: '#/components/schemas/Id' }, { properties: { kind: { const: a }, n: { type: integer } } }, { required: [m], properties: { kind: { enum: [b] } } }]\n      discriminator: { propertyName: kind }\n  application/x-www-form-urlencoded: *media",
        &[
            ("Id has no kind", Request::json(r#"{"kind":"Id"}"#)),
            ("a", Request::json(r#"{"kind":"a","n":"x"}"#)),
            ("b", Request::json(r#"{"kind":"b","n":"x"}"#)),
            ("unknown", Request::json(r#"{"kind":"c"}"#)),
            ("none", Request::json("{}")),
            ("a form", Request::sent("application/x-www-form-urlencoded", b"kind=a&n=5")),
        ],
        &expect![[r#"
            Id has no kind -> {"kind":"Id"}
                body `` at ``: type "integer": must be an integer
            a -> {"kind":"a","n":"x"}
                body `n` at `/n`: type "integer": must be an integer
            b -> {"kind":"b","n":"x"}
                body `m` at ``: required null: is required
            unknown -> {"kind":"c"}
                body `kind` at `/kind`: enum ["Id","a","b"]: must be one of `Id`, `a`, `b`
            none -> {}
                body `kind` at ``: required null: is required
            a form -> {"kind":"a","n":5}
        "#]],
    );
}

#[test]
fn defaults_are_filled_in_through_references() {
    check_bodies(
        "content: { application/json: { schema: { $ref: '#/components/schemas/Tree' } } }",
        &[
            ("nested", Request::json(r#"{"children":[{},{"children":[{"name":"x"}]}]}"#)),
            ("not where it is invalid", Request::json(r#"{"children":[{"nam":"x"}]}"#)),
        ],
        &expect![[r#"
            nested -> {"children":[{"name":"leaf"},{"children":[{"name":"x"}],"name":"leaf"}],"name":"leaf"}
            not where it is invalid -> {"children":[{"nam":"x"}]}
                body `children[0].nam` at `/children/0`: additionalProperties null: is not allowed
        "#]],
    );
}

#[test]
fn violations_are_bounded() {
    let contract = contract("/a", &format!("requestBody:\n{}", indent(ENVELOPE)));
    let ask = |items: usize| {
        let items = vec!["0"; items].join(",");
        Request::json(&format!("{{\"data\":{{\"organizationIds\":[{items}]}}}}"))
            .ask(&contract)
            .violations
            .len()
    };
    assert_eq!(ask(VIOLATIONS_MAX), VIOLATIONS_MAX);
    assert_eq!(ask(VIOLATIONS_MAX + 1), VIOLATIONS_MAX);
    let items = vec!["0"; VIOLATIONS_MAX + 1].join(",");
    let many = Request::json(&format!("{{\"data\":{{\"organizationIds\":[{items}]}}}}"));
    let last = many.ask(&contract).violations.pop().unwrap();
    let said = format!("`{}` {}: {}", last.pointer, last.keyword, last.text);
    expect!["`/data/organizationIds/98` left_out: may not be all that does not fit; the rest is left out"].assert_eq(&said);
    assert_eq!(ask(body::DETAILED_BYTES_MAX / 2), 1);
    let name = "x".repeat(10_000);
    let validated = Request::json(&format!("{{\"{name}\":1}}")).ask(&contract);
    assert!(validated.violations.iter().all(|violation| violation.field.len() <= PART_BYTES_MAX));
}

/// Each cell of the specification's table of styles, and what is sent for it: an empty value, `blue`, the list
/// `blue, black, brown` and the record `R=100, G=200, B=150`.
#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn every_style_of_the_specification_is_read() {
    const SCALAR: &str = "{ type: string }";
    const LIST: &str = "{ type: array, items: { type: string } }";
    const RECORD: &str = "{ type: object, additionalProperties: { type: integer } }";
    let rows = [
        ("path", "matrix, explode: false", SCALAR, ";color | ;color=blue"),
        ("path", "matrix, explode: false", LIST, ";color | ;color=blue,black,brown"),
        ("path", "matrix, explode: false", RECORD, ";color | ;color=R,100,G,200,B,150"),
        ("path", "matrix, explode: true", SCALAR, ";color | ;color=blue"),
        ("path", "matrix, explode: true", LIST, ";color | ;color=blue;color=black;color=b%3Bn"),
        ("path", "matrix, explode: true", RECORD, ";R=100;G=200;B=150"),
        ("path", "label, explode: false", SCALAR, ". | .blue"),
        ("path", "label, explode: false", LIST, ". | .blue,black,brown | .blue.black.brown"),
        ("path", "label, explode: false", RECORD, ". | .R,100,G,200,B,150"),
        ("path", "label, explode: true", SCALAR, ". | .blue"),
        ("path", "label, explode: true", LIST, ". | .blue.black.brown"),
        ("path", "label, explode: true", RECORD, ". | .R=100.G=200.B=150"),
        ("path", "simple, explode: false", SCALAR, " | blue"),
        ("path", "simple, explode: false", LIST, " | blue,black,brown"),
        ("path", "simple, explode: false", RECORD, " | R,100,G,200,B,150"),
        ("path", "simple, explode: true", LIST, "blue,black,brown"),
        ("path", "simple, explode: true", RECORD, "R=100,G=200,B=150"),
        ("header", "simple, explode: false", SCALAR, " | blue"),
        ("header", "simple, explode: false", LIST, " | blue,black,brown | blue, black"),
        ("header", "simple, explode: false", RECORD, "R,100,G,200,B,150 | R, 100"),
        ("header", "simple, explode: true", LIST, "blue,black,brown"),
        ("header", "simple, explode: true", RECORD, "R=100,G=200,B=150 | R=100, G=200"),
        ("query", "form, explode: false", SCALAR, "color= | color=blue"),
        ("query", "form, explode: false", LIST, "color= | color=blue,black,brown"),
        ("query", "form, explode: false", RECORD, "color= | color=R,100,G,200,B,150"),
        ("query", "form, explode: true", SCALAR, "color= | color=blue"),
        ("query", "form, explode: true", LIST, "color= | color=blue&color=black&color=brown"),
        ("query", "form, explode: true", RECORD, "R=100&G=200&B=150"),
        ("query", "spaceDelimited, explode: false", LIST, "color= | color=blue%20black+brown"),
        ("query", "spaceDelimited, explode: false", RECORD, "color=R%20100%20G%20200%20B%20150"),
        (
            "query",
            "spaceDelimited, explode: true",
            LIST,
            "color=blue&color=black | color=blue+black",
        ),
        ("query", "pipeDelimited, explode: false", LIST, "color= | color=blue%7Cblack|brown"),
        ("query", "pipeDelimited, explode: false", RECORD, "color=R%7C100%7CG%7C200%7CB%7C150"),
        ("query", "pipeDelimited, explode: true", LIST, "color=blue&color=black"),
        (
            "query",
            "deepObject, explode: true",
            RECORD,
            "color[R]=100&color[G]=200 | color%5BB%5D=150",
        ),
        ("query", "deepObject, explode: true", LIST, "color[]=a&color[]=b | color[1]=b&color[0]=a"),
        ("cookie", "form, explode: false", SCALAR, "color= | color=blue | color=blue; color=red"),
        ("cookie", "form, explode: false", LIST, "color= | color=blue,black,brown"),
        ("cookie", "form, explode: false", RECORD, "color=R,100,G,200,B,150"),
        ("cookie", "form, explode: true", LIST, "color=blue; color=black | color=blue,black"),
        ("cookie", "form, explode: true", RECORD, "R=100; G=200"),
    ];
    let mut text = String::new();
    for (place, style, schema, sent) in rows {
        let required = if place == "path" { "required: true, " } else { "" };
        let operation = format!(
            "parameters: [{{ name: color, in: {place}, {required}style: {style}, schema: {schema} }}]"
        );
        let template = if place == "path" { "/a/{color}" } else { "/a" };
        let contract = contract(template, &operation);
        let kind = schema.split([',', '}']).next().unwrap().trim_start_matches("{ type: ");
        let _ = writeln!(text, "{place} {style}, {}", kind.trim());
        for sent in sent.split(" | ").map(str::trim) {
            let request = match place {
                "path" => Request::path("color", sent),
                "query" => Request::query(sent),
                place => {
                    Request::default().header(if place == "header" { "COLOR" } else { place }, sent)
                }
            };
            let _ = writeln!(text, "  {sent} ->{}", tell(&request.ask(&contract)));
        }
    }
    expect![[r#"
        path matrix, explode: false, string
          ;color -> {"color":""}
          ;color=blue -> {"color":"blue"}
        path matrix, explode: false, array
          ;color -> {"color":[]}
          ;color=blue,black,brown -> {"color":["blue","black","brown"]}
        path matrix, explode: false, object
          ;color -> {"color":{}}
          ;color=R,100,G,200,B,150 -> {"color":{"R":100,"G":200,"B":150}}
        path matrix, explode: true, string
          ;color -> {"color":""}
          ;color=blue -> {"color":"blue"}
        path matrix, explode: true, array
          ;color -> {"color":[]}
          ;color=blue;color=black;color=b%3Bn -> {"color":["blue","black","b;n"]}
        path matrix, explode: true, object
          ;R=100;G=200;B=150 -> {"color":{"R":100,"G":200,"B":150}}
        path label, explode: false, string
          . -> {"color":""}
          .blue -> {"color":"blue"}
        path label, explode: false, array
          . -> {"color":[]}
          .blue,black,brown -> {"color":["blue","black","brown"]}
          .blue.black.brown -> {"color":["blue","black","brown"]}
        path label, explode: false, object
          . -> {"color":{}}
          .R,100,G,200,B,150 -> {"color":{"R":100,"G":200,"B":150}}
        path label, explode: true, string
          . -> {"color":""}
          .blue -> {"color":"blue"}
        path label, explode: true, array
          . -> {"color":[]}
          .blue.black.brown -> {"color":["blue","black","brown"]}
        path label, explode: true, object
          . -> {"color":{}}
          .R=100.G=200.B=150 -> {"color":{"R":100,"G":200,"B":150}}
        path simple, explode: false, string
           -> {"color":""}
          blue -> {"color":"blue"}
        path simple, explode: false, array
           -> {"color":[]}
          blue,black,brown -> {"color":["blue","black","brown"]}
        path simple, explode: false, object
           -> {"color":{}}
          R,100,G,200,B,150 -> {"color":{"R":100,"G":200,"B":150}}
        path simple, explode: true, array
          blue,black,brown -> {"color":["blue","black","brown"]}
        path simple, explode: true, object
          R=100,G=200,B=150 -> {"color":{"R":100,"G":200,"B":150}}
        header simple, explode: false, string
           -> {"color":""}
          blue -> {"color":"blue"}
        header simple, explode: false, array
           -> {"color":[]}
          blue,black,brown -> {"color":["blue","black","brown"]}
          blue, black -> {"color":["blue","black"]}
        header simple, explode: false, object
          R,100,G,200,B,150 -> {"color":{"R":100,"G":200,"B":150}}
          R, 100 -> {"color":{"R":100}}
        header simple, explode: true, array
          blue,black,brown -> {"color":["blue","black","brown"]}
        header simple, explode: true, object
          R=100,G=200,B=150 -> {"color":{"R":100,"G":200,"B":150}}
          R=100, G=200 -> {"color":{"R":100,"G":200}}
        query form, explode: false, string
          color= -> {"color":""}
          color=blue -> {"color":"blue"}
        query form, explode: false, array
          color= -> {"color":[]}
          color=blue,black,brown -> {"color":["blue","black","brown"]}
        query form, explode: false, object
          color= -> {"color":{}}
          color=R,100,G,200,B,150 -> {"color":{"R":100,"G":200,"B":150}}
        query form, explode: true, string
          color= -> {"color":""}
          color=blue -> {"color":"blue"}
        query form, explode: true, array
          color= -> {"color":[]}
          color=blue&color=black&color=brown -> {"color":["blue","black","brown"]}
        query form, explode: true, object
          R=100&G=200&B=150 -> {"color":{"R":100,"G":200,"B":150}}
        query spaceDelimited, explode: false, array
          color= -> {"color":[]}
          color=blue%20black+brown -> {"color":["blue","black","brown"]}
        query spaceDelimited, explode: false, object
          color=R%20100%20G%20200%20B%20150 -> {"color":{"R":100,"G":200,"B":150}}
        query spaceDelimited, explode: true, array
          color=blue&color=black -> {"color":["blue","black"]}
          color=blue+black -> {"color":["blue","black"]}
        query pipeDelimited, explode: false, array
          color= -> {"color":[]}
          color=blue%7Cblack|brown -> {"color":["blue","black","brown"]}
        query pipeDelimited, explode: false, object
          color=R%7C100%7CG%7C200%7CB%7C150 -> {"color":{"R":100,"G":200,"B":150}}
        query pipeDelimited, explode: true, array
          color=blue&color=black -> {"color":["blue","black"]}
        query deepObject, explode: true, object
          color[R]=100&color[G]=200 -> {"color":{"R":100,"G":200}}
          color%5BB%5D=150 -> {"color":{"B":150}}
        query deepObject, explode: true, array
          color[]=a&color[]=b -> {"color":["a","b"]}
          color[1]=b&color[0]=a -> {"color":["a","b"]}
        cookie form, explode: false, string
          color= -> {"color":""}
          color=blue -> {"color":"blue"}
          color=blue; color=red -> {"color":"blue"}
        cookie form, explode: false, array
          color= -> {"color":[]}
          color=blue,black,brown -> {"color":["blue","black","brown"]}
        cookie form, explode: false, object
          color=R,100,G,200,B,150 -> {"color":{"R":100,"G":200,"B":150}}
        cookie form, explode: true, array
          color=blue; color=black -> {"color":["blue","black"]}
          color=blue,black -> {"color":["blue","black"]}
        cookie form, explode: true, object
          R=100; G=200 -> {"color":{"R":100,"G":200}}
    "#]]
    .assert_eq(&text);
}

#[test]
fn nested_records_are_read_as_clients_send_them() {
    check_queries(
        "parameters: [{ name: f, in: query, style: deepObject, explode: true, schema: { type: object, properties: { a: { type: array, items: { type: integer } }, b: { type: array, items: { type: object, properties: { c: { type: boolean } } } }, o: { type: object, properties: { p: { type: array, items: { type: string } } } }, m: { type: object, additionalProperties: { type: string } } } } }]",
        &[
            "f[a][]=1&f[a][]=2",
            "f[a][0]=1&f[a][1]=2",
            "f[a][7]=2&f[a][3]=1",
            "f[a]=1&f[a]=2",
            "f[b][0][c]=true&f[b][1][c]=no",
            "f[o][p][]=x",
            "f[m][0]=x",
            "f[any][]=1&f[any][]=2&f[some][0]=a&f[other][1]=b",
            "f[a=1&f=2&f]=3",
            "f[][][]=1&f[a][x]=1&f[a]=1",
        ],
        &expect![[r#"
            f[a][]=1&f[a][]=2 -> {"f":{"a":[1,2]}}
            f[a][0]=1&f[a][1]=2 -> {"f":{"a":[1,2]}}
            f[a][7]=2&f[a][3]=1 -> {"f":{"a":[1,2]}}
            f[a]=1&f[a]=2 -> {"f":{"a":[1,2]}}
            f[b][0][c]=true&f[b][1][c]=no -> {"f":{"b":[{"c":true},{"c":"no"}]}}
                query `f.b[1].c` at `/b/1/c`: type "boolean": must be a boolean
            f[o][p][]=x -> {"f":{"o":{"p":["x"]}}}
            f[m][0]=x -> {"f":{"m":{"0":"x"}}}
            f[any][]=1&f[any][]=2&f[some][0]=a&f[other][1]=b -> {"f":{"any":["1","2"],"some":["a"],"other":{"1":"b"}}}
            f[a=1&f=2&f]=3 -> {"f":null}
            f[][][]=1&f[a][x]=1&f[a]=1 -> {"f":{"0":[["1"]],"a":{"x":"1"}}}
                query `f.a` at `/a`: type "array": must be an array
        "#]],
    );
    check_queries(
        "parameters: [{ name: 'ids[]', in: query, schema: { type: array, items: { type: integer } } }, { name: q, in: query, allowReserved: true, schema: { type: string } }]",
        &["ids[]=1&ids[]=2", "ids%5B%5D=1", "ids=1", "q=/a?b:c@d,(e)*;f=g"],
        &expect![[r#"
            ids[]=1&ids[]=2 -> {"ids[]":[1,2],"q":null}
            ids%5B%5D=1 -> {"ids[]":[1],"q":null}
            ids=1 -> {"ids[]":null,"q":null}
            q=/a?b:c@d,(e)*;f=g -> {"ids[]":null,"q":"/a?b:c@d,(e)*;f=g"}
        "#]],
    );
}

#[test]
fn a_text_becomes_the_one_of_several_types_that_fits() {
    check_queries(
        "parameters:\n- { name: a, in: query, schema: { type: [integer, string] } }\n- { name: b, in: query, schema: { oneOf: [{ type: integer, minimum: 10 }, { type: string, maxLength: 2 }] } }\n- { name: c, in: query, schema: { anyOf: [{ type: boolean }, { type: 'null' }] } }\n- { name: d, in: query, schema: { enum: [1, 2] } }\n- { name: e, in: query, schema: { allOf: [{ $ref: '#/components/schemas/Id' }, { maximum: 5 }] } }\n- { name: f, in: query, schema: { type: string, enum: ['1', 'true'] } }",
        &[
            "a=4&b=12&c=true&d=1&e=3&f=1",
            "a=x&b=4&c=null&d=3&e=9&f=true",
            "b=400&c=TRUE&e=x&f=2",
            "b=long",
        ],
        &expect![[r#"
            a=4&b=12&c=true&d=1&e=3&f=1 -> {"a":4,"b":12,"c":true,"d":1,"e":3,"f":"1"}
            a=x&b=4&c=null&d=3&e=9&f=true -> {"a":"x","b":"4","c":null,"d":3,"e":9,"f":"true"}
                query `d` at ``: enum [1,2]: must be one of `1`, `2`
                query `e` at ``: maximum 5: must be at most 5
            b=400&c=TRUE&e=x&f=2 -> {"a":null,"b":400,"c":"TRUE","d":null,"e":"x","f":"2"}
                query `c` at ``: type "boolean": must be a boolean
                query `e` at ``: type "integer": must be an integer
                query `f` at ``: enum ["1","true"]: must be one of `1`, `true`
            b=long -> {"a":null,"b":"long","c":null,"d":null,"e":null,"f":null}
                query `b` at ``: maxLength 2: must be at most 2 characters long
        "#]],
    );
}

#[test]
fn content_parameters_are_read_by_their_media_type() {
    let content = "content: { application/json: { schema: { type: object, required: [a], properties: { a: { type: integer } } } } }";
    let operation = format!(
        "parameters:\n- {{ name: q, in: query, {content} }}\n- {{ name: X-H, in: header, {content} }}\n- {{ name: k, in: cookie, {content} }}\n- {{ name: t, in: query, content: {{ text/plain: {{ schema: {{ type: integer }} }} }} }}"
    );
    let json = r#"{"a":1,"b":[2,3]}"#;
    let rows = [
        (
            "fine",
            Request::query("q=%7B%22a%22:1%7D&t=4")
                .header("x-h", json)
                .header("cookie", "k=%7B%22a%22:1%7D"),
        ),
        ("raw in a cookie", Request::default().header("cookie", r#"k={"a":1}"#)),
        (
            "wrong",
            Request::query("q=%7B%22a%22:%221%22%7D&t=x")
                .header("x-h", "{}")
                .header("cookie", "k={"),
        ),
    ];
    check(
        &contract("/a", &operation),
        &rows,
        &expect![[r#"
        fine -> {"q":{"a":1},"t":4} {"X-H":{"a":1,"b":[2,3]}} {"k":{"a":1}}
        raw in a cookie -> {"q":null,"t":null} {"X-H":null} {"k":{"a":1}}
        wrong -> {"q":{"a":"1"},"t":"x"} {"X-H":{}} {"k":null}
            query `q.a` at `/a`: type "integer": must be an integer
            query `t` at ``: type "integer": must be an integer
            header `X-H.a` at ``: required null: is required
            cookie `k` at ``: parse null: must be valid JSON: EOF while parsing an object at line 1 column 1
    "#]],
    );
}

const PARTS: &str = "content:\n  multipart/form-data:\n    schema:\n      type: object\n      required: [name]\n      additionalProperties: false\n      properties:\n        name: { type: string, maxLength: 5 }\n        age: { type: integer }\n        tags: { type: array, items: { type: string } }\n        address: { type: object, required: [city], properties: { city: { type: string }, no: { type: integer } } }\n        photo: { type: string, format: binary, maxLength: 2 }\n        files: { type: array, items: { type: string, format: binary } }\n        meta: { type: object }\n        lines: { type: array, items: { $ref: '#/components/schemas/Id' } }\n    encoding:\n      photo: { contentType: 'image/png, image/jpeg', headers: { X-Size: { required: true, schema: { type: integer } }, Content-Type: { schema: { type: integer } } } }\n      meta: { contentType: application/json }\n      lines: { contentType: application/json }\n      files: { contentType: 'image/*' }";

fn parts(parts: &[(&str, &[u8])]) -> Request {
    let mut body = Vec::new();
    for (head, text) in parts {
        let head = head.replace('|', "\r\n");
        body.extend_from_slice(
            format!("--XX\r\nContent-Disposition: form-data; name={head}\r\n\r\n").as_bytes(),
        );
        body.extend_from_slice(text);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--XX--\r\n");
    Request::sent("multipart/form-data; boundary=XX", &body)
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn the_parts_of_a_multipart_body_are_checked() {
    let png = "\"photo\"; filename=\"a.png\"|Content-Type: image/png|X-Size: 3";
    check_bodies(
        PARTS,
        &[
            ("one", parts(&[("name", b"Ann"), ("\"age\"", b"42")])),
            ("missing and too much", parts(&[("x", b"1"), ("age", b"old")])),
            (
                "lists",
                parts(&[("name", b"A"), ("tags", b"a"), ("tags", b"b"), ("lines", b"[1,0]")]),
            ),
            ("a list of one", parts(&[("name", b"A"), ("tags", b"a")])),
            ("an empty list", parts(&[("name", b"A"), ("tags", b"")])),
            ("twice", parts(&[("name", b"A"), ("name", b"B")])),
            ("json", parts(&[("name", b"A"), ("address", br#"{"no":"1"}"#), ("meta", b"{}")])),
            (
                "json by its type",
                parts(&[("name|Content-Type: application/json", br#""Annabel""#)]),
            ),
            ("broken json", parts(&[("name", b"A"), ("meta", b"{"), ("address", b"{")])),
            ("bytes", parts(&[("name", b"A"), (png, b"\xff\xd8\x00")])),
            (
                "bytes in another type",
                parts(&[("name", b"A"), ("photo|Content-Type: image/gif|X-Size: x", b"GIF")]),
            ),
            ("without a type", parts(&[("name", b"A"), ("photo|X-Size: 1", b"a")])),
            (
                "a range",
                parts(&[
                    ("name", b"A"),
                    ("files|Content-Type: image/gif", b"\xff"),
                    ("files|Content-Type: text/plain", b"b"),
                ]),
            ),
            (
                "text as bytes",
                parts(&[("name", b"A"), ("age|Content-Type: application/octet-stream", b"4")]),
            ),
        ],
        &expect![[r#"
            one -> {"name":"Ann","age":42}
            missing and too much -> {"x":"1","age":"old"}
                body `x` at ``: additionalProperties null: is not allowed
                body `name` at ``: required null: is required
                body `age` at `/age`: type "integer": must be an integer
            lists -> {"name":"A","tags":["a","b"],"lines":[1,0]}
                body `lines[1]` at `/lines/1`: minimum 1: must be at least 1
            a list of one -> {"name":"A","tags":["a"]}
            an empty list -> {"name":"A","tags":[]}
            twice -> {"name":["A","B"]}
                body `name` at `/name`: type "string": must be a string
            json -> {"name":"A","address":{"no":"1"},"meta":{}}
                body `address.city` at `/address`: required null: is required
                body `address.no` at `/address/no`: type "integer": must be an integer
            json by its type -> {"name":"Annabel"}
                body `name` at `/name`: maxLength 5: must be at most 5 characters long
            broken json -> {"name":"A","meta":null,"address":"{"}
                body `meta` at `/meta`: parse null: must be valid JSON: EOF while parsing an object at line 1 column 1
                body `address` at `/address`: type "object": must be an object
            bytes -> {"name":"A","photo":"��\u0000"}
            bytes in another type -> {"name":"A","photo":"GIF"}
                body `photo` at `/photo`: type "integer": has a header `X-Size` that must be an integer
                body `photo` at `/photo`: media_type ["image/png","image/jpeg"]: must be sent with `Content-Type` `image/png` or `image/jpeg`
            without a type -> {"name":"A","photo":"a"}
                body `photo` at `/photo`: media_type ["image/png","image/jpeg"]: must be sent with `Content-Type` `image/png` or `image/jpeg`
            a range -> {"name":"A","files":["�","b"]}
                body `files` at `/files`: media_type "image/*": must be sent with `Content-Type` `image/*`
            text as bytes -> {"name":"A","age":4}
        "#]],
    );
}

#[test]
fn names_of_parts_are_read_as_browsers_write_them() {
    let sent = |name: &str| {
        let body =
            format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\nA\r\n--XX--");
        Request::sent("multipart/form-data; boundary=XX", body.as_bytes())
    };
    check_bodies(
        PARTS,
        &[("a control character", sent("a\u{1}")), ("escaped", sent("a%22%41"))],
        &expect![[r#"
            a control character ->
                body `` at ``: parse null: must have parts with readable fields: one has a control character, or no colon (in a name, line ends and quotes are written `%0D%0A` and `%22`)
            escaped -> {"a\"%41":"A"}
                body `a"%41` at ``: additionalProperties null: is not allowed
                body `name` at ``: required null: is required
        "#]],
    );
}

#[test]
fn a_multipart_body_that_is_none_says_why() {
    let sent = |media: &str, body: &str| Request::sent(media, body.replace('|', "\r\n").as_bytes());
    let whole = "--XX|Content-Disposition: form-data; name=name||A|--XX--";
    let media = "multipart/form-data; boundary=XX";
    check_bodies(
        PARTS,
        &[
            ("fine", sent("Multipart/Form-Data; Boundary=\"XX\"", whole)),
            ("no boundary", sent("multipart/form-data", whole)),
            ("an empty boundary", sent("multipart/form-data; boundary=", whole)),
            ("a long boundary", sent(&format!("{media}{}", "X".repeat(8000)), whole)),
            ("another boundary", sent("multipart/form-data; boundary=YY", whole)),
            ("not terminated", sent(media, &whole[..whole.len() - 4])),
            ("cut off", sent(media, "--XX|Content-Disposition: form-data; name=name||A")),
            ("cut off in a head", sent(media, "--XX|Content-Disp")),
            ("no name", sent(media, "--XX|Content-Type: text/plain||A|--XX--")),
            ("no parts", sent(media, "--XX--")),
            ("nonsense", sent(media, "name=A")),
        ],
        &expect![[r#"
            fine -> {"name":"A"}
            no boundary ->
                body `` at ``: parse null: must name its boundary in `Content-Type`
            an empty boundary ->
                body `` at ``: parse null: must have a boundary of 1 to 70 characters
            a long boundary ->
                body `` at ``: parse null: must have a boundary of 1 to 70 characters
            another boundary ->
                body `` at ``: parse null: must end with its boundary
            not terminated ->
                body `` at ``: parse null: must end with its boundary
            cut off ->
                body `` at ``: parse null: must end with its boundary
            cut off in a head ->
                body `` at ``: parse null: must end with its boundary
            no name ->
                body `` at ``: parse null: must name each part in its `Content-Disposition`
            no parts -> {}
                body `name` at ``: required null: is required
            nonsense ->
                body `` at ``: parse null: must end with its boundary
        "#]],
    );
    check_bodies(
        "content: { multipart/mixed: { schema: { type: object, required: [a] } }, multipart/*: {} }",
        &[
            ("without names", sent("multipart/mixed; boundary=XX", "--XX|||A|--XX--")),
            ("with names", sent("multipart/mixed; boundary=XX", &whole.replace("=name", "=b"))),
            ("a range, without a schema", sent("multipart/related; boundary=XX", whole)),
            ("broken", sent("multipart/related; boundary=XX", "")),
            ("and cut off", sent("multipart/related; boundary=XX", "--XX")),
        ],
        &expect![[r#"
            without names -> "--XX\r\n\r\n\r\nA\r\n--XX--"
            with names -> {"b":"A"}
                body `a` at ``: required null: is required
            a range, without a schema -> {"name":"A"}
            broken ->
            and cut off ->
                body `` at ``: parse null: must end with its boundary
        "#]],
    );
}

#[test]
fn hostile_multipart_bodies_end() {
    let contract = contract("/a", &format!("requestBody:\n{}", indent(PARTS)));
    let many = |count: usize| {
        let mut all: Vec<(&str, &[u8])> = vec![("tags", b"x"); count - 1];
        all.push(("name", b"A"));
        tell(&parts(&all).ask(&contract)).lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(many(multipart::PARTS_MAX), Vec::<String>::new());
    let too_many = ["    body `` at ``: parse null: must have at most 1000 parts"];
    assert_eq!(many(multipart::PARTS_MAX + 1), too_many);
    assert_eq!(many(100_000), too_many);
    let dashes = [b"--XX\r\n".repeat(200_000), b"\r\n--X".repeat(200_000)].concat();
    let heads = b"--XX\r\n".iter().chain(b"a: b\r\n".repeat(200_000).iter()).copied().collect();
    for body in [dashes, heads] {
        let validated = Request::sent("multipart/form-data; boundary=XX", &body).ask(&contract);
        assert_eq!(validated.violations.len(), 1, "{:?}", validated.violations);
    }
    let spaced = contract_of_spaces();
    let form = [b"a=".as_slice(), &b"1+".repeat(500_000)].concat();
    let validated = Request::sent("application/x-www-form-urlencoded", &form).ask(&spaced);
    assert_eq!(validated.body.unwrap()["a"].as_array().unwrap().len(), 500_001);
}

fn contract_of_spaces() -> Contract {
    let body = "content: { application/x-www-form-urlencoded: { schema: { properties: { a: { type: array } } }, encoding: { a: { style: spaceDelimited } } } }";
    contract("/a", &format!("requestBody:\n{}", indent(body)))
}

#[test]
fn forms_are_read_by_their_encodings() {
    check_bodies(
        "content:\n  application/x-www-form-urlencoded:\n    schema:\n      type: object\n      additionalProperties: false\n      properties:\n        ids: { type: array, items: { type: integer } }\n        pipes: { type: array, items: { type: string } }\n        deep: { type: object, properties: { a: { type: integer }, l: { type: array, items: { type: integer } } } }\n        json: { type: array, items: { type: integer } }\n        plain: { type: object, properties: { a: { type: integer } } }\n        open: { type: object, properties: { x: { type: integer }, y: { type: string } } }\n        pair: { type: object, additionalProperties: { type: integer } }\n    encoding:\n      ids: { style: form, explode: false }\n      pipes: { style: pipeDelimited }\n      deep: { style: deepObject, explode: true }\n      json: { contentType: application/json }\n      open: { explode: true }\n      pair: { explode: false, allowReserved: true }",
        &[
            ("all", Request::sent("application/x-www-form-urlencoded", b"ids=1,2&pipes=a|b%7Cc&deep[a]=1&deep[l][]=2&json=%5B1%5D&plain=%7B%22a%22:1%7D&x=3&y=z&pair=a,1,b,2")),
            ("wrong", Request::sent("application/x-www-form-urlencoded", b"ids=1,x&deep[a]=x&json=%5B&plain=x&x=y&z=1&pair=a")),
            ("not encoded", Request::sent("application/x-www-form-urlencoded", b"ids=%zz")),
        ],
        &expect![[r#"
            all -> {"ids":[1,2],"pipes":["a","b","c"],"deep":{"a":1,"l":[2]},"open":{"x":3,"y":"z"},"pair":{"a":1,"b":2},"json":[1],"plain":{"a":1}}
            wrong -> {"ids":[1,"x"],"deep":{"a":"x"},"open":{"x":"y"},"pair":null,"json":[null],"plain":"x","z":"1"}
                body `pair` at `/pair`: style null: must be written as names and values in turn
                body `json` at `/json`: parse null: must be valid JSON: EOF while parsing a list at line 1 column 1
                body `z` at ``: additionalProperties null: is not allowed
                body `ids[1]` at `/ids/1`: type "integer": must be an integer
                body `deep.a` at `/deep/a`: type "integer": must be an integer
                body `open.x` at `/open/x`: type "integer": must be an integer
                body `plain` at `/plain`: type "object": must be an object
            not encoded -> {"ids":null}
                body `ids` at `/ids`: encoding null: must be percent-encoded UTF-8
        "#]],
    );
}

#[test]
fn other_bodies_are_looked_into_as_far_as_they_are_text() {
    check_bodies(
        "content:\n  text/plain: { schema: { type: string, maxLength: 3, pattern: '^[a-z]*$' } }\n  text/markdown: { schema: { enum: [1, 2] } }\n  text/csv: { schema: { type: array, items: { type: integer } } }\n  application/xml: { schema: { type: object, required: [a] } }\n  text/xml: { schema: { type: object, required: [a] } }\n  application/octet-stream: { schema: { type: string, format: binary, maxLength: 1 } }\n  image/*: { schema: { type: string } }\n  application/x-ndjson: { schema: { type: object } }\n  application/*+json: { schema: { type: object, required: [a] } }",
        &[
            ("text", Request::sent("text/plain; charset=utf-8", b"abc")),
            ("wrong text", Request::sent("text/plain", b"ABCD")),
            ("a number", Request::sent("text/markdown", b"2")),
            ("another number", Request::sent("text/markdown", b"3")),
            ("rows", Request::sent("text/csv", b"a,b\r\n1,2")),
            ("a list", Request::sent("text/csv", b"[\"x\"]")),
            ("xml", Request::sent("application/xml", b"<a/>")),
            ("xml as text", Request::sent("text/xml", b"<a/>")),
            ("bytes", Request::sent("application/octet-stream", b"\xff\xfe")),
            ("an image", Request::sent("image/png", b"\x89PNG")),
            ("lines", Request::sent("application/x-ndjson", b"{}\n{}")),
            ("json of a kind", Request::sent("application/vnd.x+json; v=1", b"{}")),
            ("just json", Request::sent("application/json", b"{}")),
            ("no type", Request { body: b"{}".to_vec(), ..Request::default() }),
        ],
        &expect![[r#"
            text -> "abc"
            wrong text -> "ABCD"
                body `` at ``: maxLength 3: must be at most 3 characters long
                body `` at ``: pattern "^[a-z]*$": must match the pattern `^[a-z]*$`
            a number -> 2
            another number -> 3
                body `` at ``: enum [1,2]: must be one of `1`, `2`
            rows -> "a,b\r\n1,2"
            a list -> ["x"]
                body `[0]` at `/0`: type "integer": must be an integer
            xml -> "<a/>"
            xml as text -> "<a/>"
            bytes -> null
            an image -> null
            lines -> "{}\n{}"
            json of a kind -> {}
                body `a` at ``: required null: is required
            just json ->
                body `` at ``: media_type ["text/plain","text/markdown","text/csv","application/xml","text/xml","application/octet-stream","image/*","application/x-ndjson","application/*+json"]: must be sent with `Content-Type` `text/plain` or `text/markdown` or `text/csv` or `application/xml` or `text/xml` or `application/octet-stream` or `image/*` or `application/x-ndjson` or `application/*+json`
            no type ->
                body `` at ``: media_type ["text/plain","text/markdown","text/csv","application/xml","text/xml","application/octet-stream","image/*","application/x-ndjson","application/*+json"]: must be sent with `Content-Type` `text/plain` or `text/markdown` or `text/csv` or `application/xml` or `text/xml` or `application/octet-stream` or `image/*` or `application/x-ndjson` or `application/*+json`
        "#]],
    );
    check_bodies(
        "content: { '*/*': { schema: { type: string, maxLength: 2 } } }",
        &[
            ("bytes", Request::sent("image/png", b"\xff\xff\xff")),
            ("text", Request::sent("text/plain", b"abc")),
        ],
        &expect![[r#"
            bytes -> null
            text -> "abc"
                body `` at ``: maxLength 2: must be at most 2 characters long
        "#]],
    );
    check_bodies(
        "content: { '*/*': { schema: { type: object, properties: { a: { type: integer } } } } }",
        &[
            ("a form", Request::sent("application/x-www-form-urlencoded", b"a=1")),
            ("parts", parts(&[("a", b"x")])),
        ],
        &expect![[r#"
            a form -> {"a":1}
            parts -> {"a":"x"}
                body `a` at `/a`: type "integer": must be an integer
        "#]],
    );
}

#[test]
fn a_body_without_a_media_type_may_be_allowed() {
    let ask = |content: &str, request: &Request| {
        let contract = contract("/a", &format!("requestBody: {{ content: {content} }}"));
        let validator = RequestValidator::new(&contract.operations[0], &contract.schemas);
        tell(&request.ask_of(&validator.allowing_untyped_bodies()))
    };
    let untyped = |body: &str| Request { body: body.as_bytes().to_vec(), ..Request::default() };
    let schema = "{ schema: { type: object, properties: { a: { type: integer } } } }";
    let form = format!("{{ application/x-www-form-urlencoded: {schema}, text/plain: {{}} }}");
    let either = format!("{{ text/plain: {{}}, application/json: {schema} }}");
    let mut text = String::new();
    for (content, request) in [
        (&form, untyped("a=1")),
        (&either, untyped(r#"{"a":"x"}"#)),
        (&either, untyped("a=1").header("content-type", "")),
        (&"{ multipart/form-data: {} }".to_owned(), untyped("a=1")),
        (&"{}".to_owned(), untyped("a=1")),
    ] {
        let _ = writeln!(text, "{content} ->{}", ask(content, &request));
    }
    expect![[r#"
        { application/x-www-form-urlencoded: { schema: { type: object, properties: { a: { type: integer } } } }, text/plain: {} } -> {"a":1}
        { text/plain: {}, application/json: { schema: { type: object, properties: { a: { type: integer } } } } } -> {"a":"x"}
            body `a` at `/a`: type "integer": must be an integer
        { text/plain: {}, application/json: { schema: { type: object, properties: { a: { type: integer } } } } } ->
            body `` at ``: media_type ["text/plain","application/json"]: must be sent with `Content-Type` `text/plain` or `application/json`
        { multipart/form-data: {} } ->
            body `` at ``: parse null: must name its boundary in `Content-Type`
        {} ->
    "#]].assert_eq(&text);
}

static EVERYTHING: LazyLock<Contract> = LazyLock::new(|| {
    contract(
        "/a/{id}/{m}/{l}",
        "parameters:\n- { name: id, in: path, required: true, schema: { type: array, items: { type: integer } } }\n- { name: m, in: path, required: true, style: matrix, explode: true, schema: { type: object } }\n- { name: l, in: path, required: true, style: label, schema: { type: array, items: { type: string } } }\n- { name: a, in: query, schema: { type: integer } }\n- { name: b, in: query, style: deepObject, schema: { type: object, additionalProperties: { type: array } } }\n- { name: c, in: query, style: pipeDelimited, explode: false, schema: { type: array, items: { type: boolean } } }\n- { name: d, in: query, explode: true, schema: { type: object, additionalProperties: true } }\n- { name: X-A, in: header, schema: { type: array, items: { type: string } } }\n- { name: k, in: cookie, schema: { type: object } }\nrequestBody: { content: { application/json: { schema: { $ref: '#/components/schemas/Tree' } }, application/x-www-form-urlencoded: { schema: { type: object, properties: { a: { type: array } } } }, multipart/form-data: { schema: { type: object, properties: { a: { type: array } } } } } }",
    )
});

proptest! {
    #[test]
    fn no_bytes_panic_and_answers_are_the_same_again(
        raws in prop::array::uniform3("[;=,.%a-c0-9F\u{e9}]{1,12}"),
        query in "([abcd](\\[[a-c]?\\]){0,3}=?[a-c1%2F|,+&\u{e9}]{0,5}&?){0,4}",
        header in prop::collection::vec(any::<u8>(), 0..16),
        cookie in prop::collection::vec(any::<u8>(), 0..16),
        media in prop::sample::select(vec!["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=X"]),
        part in "(--X-?-?\r\n|content-disposition: form-data; |name=a|\r\n|x){0,9}",
        bytes in prop::collection::vec(any::<u8>(), 0..32),
        json in "[{}\\[\\]:,\"a-c0-9\u{e9}]{0,24}",
        as_text in any::<bool>(),
    ) {
        let [id, m, l] = raws;
        let mut request = Request { path: vec![("id", id), ("m", m), ("l", l)], query, ..Request::default() };
        if let Ok(value) = HeaderValue::from_bytes(&header) {
            request.headers.append("x-a", value);
        }
        if let Ok(value) = HeaderValue::from_bytes(&[b"k=".as_slice(), &cookie].concat()) {
            request.headers.append("cookie", value);
        }
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
        let text = if media.starts_with("multipart") { part } else { json };
        request.body = if as_text { text.into_bytes() } else { bytes };
        let first = request.ask(&EVERYTHING);
        prop_assert!(serde_json::from_str::<Value>(
            violations_header(&first.violations).to_str().unwrap()
        ).is_ok());
        prop_assert_eq!(first, request.ask(&EVERYTHING));
    }
}
