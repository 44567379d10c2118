//! Requests against small documents, through the loader: what they say and where they depart.

use std::fmt::Write as _;
use std::sync::LazyLock;

use bytes::Bytes;
use expect_test::Expect;
use expect_test::expect;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use proptest::prelude::*;

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
        let path: Vec<(&str, &str)> =
            self.path.iter().map(|(name, raw)| (*name, raw.as_str())).collect();
        let body = Body::Complete(Bytes::from(self.body.clone()));
        let sent = Sent { path: &path, query: &self.query, headers: &self.headers, body: &body };
        RequestValidator::new(&contract.operations[0], &contract.schemas).validate(&sent)
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
            99999999999999999999 -> {"id":1e+20}
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
            ("compressed", Request::json("{}").header("content-encoding", "gzip")),
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
            compressed ->
                body `` at ``: media_type null: must be sent without `Content-Encoding`
        "#]],
    );
    let contract = contract("/a", &format!("requestBody:\n{}", indent(ENVELOPE)));
    let sent = Sent {
        path: &[],
        query: "",
        headers: &HeaderMap::new(),
        body: &Body::TooLarge { limit: 1024 },
    };
    let validated =
        RequestValidator::new(&contract.operations[0], &contract.schemas).validate(&sent);
    expect!["body `` at ``: too_large 1024: must not be larger than 1024 bytes"]
        .assert_eq(tell(&validated).trim());
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
    assert_eq!(ask(body::DETAILED_BYTES_MAX / 2), 1);
    let name = "x".repeat(10_000);
    let validated = Request::json(&format!("{{\"{name}\":1}}")).ask(&contract);
    assert!(validated.violations.iter().all(|violation| violation.field.len() <= PART_BYTES_MAX));
}

static EVERYTHING: LazyLock<Contract> = LazyLock::new(|| {
    contract(
        "/a/{id}/{m}/{l}",
        "parameters:\n- { name: id, in: path, required: true, schema: { type: array, items: { type: integer } } }\n- { name: m, in: path, required: true, style: matrix, explode: true, schema: { type: object } }\n- { name: l, in: path, required: true, style: label, schema: { type: array, items: { type: string } } }\n- { name: a, in: query, schema: { type: integer } }\n- { name: b, in: query, style: deepObject, schema: { type: object, additionalProperties: { type: array } } }\n- { name: c, in: query, style: pipeDelimited, explode: false, schema: { type: array, items: { type: boolean } } }\n- { name: d, in: query, explode: true, schema: { type: object, additionalProperties: true } }\n- { name: X-A, in: header, schema: { type: array, items: { type: string } } }\n- { name: k, in: cookie, schema: { type: object } }\nrequestBody: { content: { application/json: { schema: { $ref: '#/components/schemas/Tree' } }, application/x-www-form-urlencoded: { schema: { type: object, properties: { a: { type: array } } } } } }",
    )
});

proptest! {
    #[test]
    fn no_bytes_panic_and_answers_are_the_same_again(
        raws in prop::array::uniform3("[;=,.%a-c0-9F\u{e9}]{1,12}"),
        query in "([abcd](\\[[a-c]?\\]){0,3}=?[a-c1%2F|,+&\u{e9}]{0,5}&?){0,4}",
        header in prop::collection::vec(any::<u8>(), 0..16),
        cookie in prop::collection::vec(any::<u8>(), 0..16),
        form in any::<bool>(),
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
        let media = if form { "application/x-www-form-urlencoded" } else { "application/json" };
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
        request.body = if as_text { json.into_bytes() } else { bytes };
        let first = request.ask(&EVERYTHING);
        prop_assert!(serde_json::from_str::<Value>(
            violations_header(&first.violations).to_str().unwrap()
        ).is_ok());
        prop_assert_eq!(first, request.ask(&EVERYTHING));
    }
}
