//! A rule answers as the contract alone does: the same documented response is the same bytes, whoever decides on it.

use std::fmt::Write;
use std::sync::Arc;

use expect_test::{Expect, expect};
use http::Response;
use http::header::CONTENT_LENGTH;
use serde_json::json;
use tombstone::behavior::{Behavior, LoadOptions};
use tombstone::emulator::{Emulator, EmulatorOptions, Provider};
use tombstone::message::Why;
use tombstone::openapi::Contract;
use tombstone::yaml::Document;

use crate::harness::{NOON, Trial, call};

/// Media types that are documented together.
const MEDIA: &[&[&str]] = &[
    &["application/json"],
    &["text/plain"],
    &["application/xml"],
    &["application/x-www-form-urlencoded"],
    &["application/problem+json"],
    &["application/octet-stream"],
    &["multipart/form-data"],
    &["application/x-ndjson"],
    &["application/xml", "application/json"],
    &["text/plain", "application/hal+json"],
    &["application/*"],
];

/// What is documented of a body.
const BODIES: [&str; 4] = ["example", "examples", "schema", "nothing"];

/// What is documented of headers: their examples, their schemas and whether they are required.
const HEADERS: [&str; 4] = [
    "",
    "X-Example: { schema: { type: string }, example: told }",
    "X-Made: { schema: { type: integer, minimum: 3 } }, X-Total-Count: { schema: { type: integer } }",
    "X-Both: { required: true, schema: { type: array, items: { enum: [a] }, minItems: 2 } }, Location: { required: true, schema: { type: string } }",
];

/// `Accept` beside the documented types themselves.
const ACCEPTS: [Option<&str>; 6] = [
    None,
    Some("*/*"),
    Some("application/json"),
    Some("image/png"),
    Some("application/json;q=0, text/plain;q=0"),
    Some("application/json;q=0, text/plain;q=0, */*;q=0.1"),
];

const PREFERENCES: [Option<&str>; 7] = [
    None,
    Some("code=404"),
    Some("code=200, example=b"),
    Some("example=a"),
    Some("code=200, example=none"),
    Some("dynamic=true"),
    Some("dynamic=true, seed=x"),
];

/// An operation of the table.
struct Case {
    media: &'static [&'static str],
    body: &'static str,
    headers: &'static str,
}

impl Case {
    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for media in MEDIA {
            for body in BODIES {
                for headers in HEADERS {
                    all.push(Self { media, body, headers });
                }
            }
        }
        all
    }

    fn content(&self, media_type: &str) -> String {
        let value = |text: &str| match media_type {
            "text/plain" => format!("hello {text}"),
            "application/xml" => format!("<{text}/>"),
            _ => format!("{{ id: {text}, n: 1 }}"),
        };
        let schema = match media_type {
            "text/plain" => "schema: { type: string }",
            _ => {
                "schema: { type: object, required: [id], properties: { id: { type: string }, n: { type: integer } } }"
            }
        };
        match self.body {
            "example" => format!("{{ {schema}, example: {} }}", value("a")),
            "examples" => format!(
                "{{ {schema}, examples: {{ a: {{ value: {} }}, b: {{ value: {} }} }} }}",
                value("a"),
                value("b")
            ),
            "schema" => format!("{{ {schema} }}"),
            _ => "{}".to_owned(),
        }
    }

    fn operation(&self, number: usize) -> String {
        let content: Vec<String> =
            self.media.iter().map(|media| format!("'{media}': {}", self.content(media))).collect();
        let content = content.join(", ");
        format!(
            "  /m{number}:
    get:
      operationId: m{number}
      responses:
        '200': {{ description: ok, headers: {{ {} }}, content: {{ {content} }} }}
        '404': {{ description: none, x-unreachable: asked for only, content: {{ text/plain: {{ example: none }}, application/problem+json: {{ examples: {{ none: {{ value: {{ title: none }} }} }} }} }} }}
",
            self.headers
        )
    }

    /// A rule has to say which of several examples it gives.
    fn rule(&self, number: usize) -> String {
        let example = if self.body == "examples" { ", example: a" } else { "" };
        format!("  m{number}: {{ rules: [{{ respond: 200{example} }}] }}\n")
    }
}

fn emulator(contract: &str, behavior: Option<&str>) -> Emulator {
    emulator_with(contract, behavior, "{}")
}

fn emulator_with(contract: &str, behavior: Option<&str>, records: &str) -> Emulator {
    let mut findings = Vec::new();
    let document = Document::parse("openapi.yaml", contract, &mut findings).unwrap();
    let contract = Arc::new(Contract::load(&document, &mut findings).unwrap());
    let behavior = behavior.map_or_else(
        || Behavior::none(&contract),
        |text| {
            let document = Document::parse("behavior.yaml", text, &mut findings).unwrap();
            let options = LoadOptions { vet: true, ..LoadOptions::default() };
            Behavior::load(&document, &contract, &options, &mut findings).unwrap()
        },
    );
    let document = Document::parse(
        "f.yaml",
        &format!("{{ tombstone: 1, records: {records} }}"),
        &mut findings,
    );
    let fixtures = behavior.fixtures(&document.unwrap(), NOON, true, &mut findings);
    let provider = Provider {
        name: "shop".into(),
        behavior,
        fixtures,
        is_built_in: false,
        records_beside: None,
    };
    let emulator = Emulator::new(vec![provider], &EmulatorOptions::default(), &mut findings);
    let findings: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(findings.join("\n"), "");
    emulator
}

fn document(paths: &str) -> String {
    format!("openapi: 3.1.0\ninfo: {{ title: Shop, version: '1' }}\npaths:\n{paths}")
}

fn rules(operations: &str) -> String {
    format!("tombstone: 1\noperations:\n{operations}")
}

fn ask(
    emulator: &Emulator,
    (method, path): (&str, &str),
    accept: Option<&str>,
    prefer: Option<&str>,
) -> Response<bytes::Bytes> {
    let mut request = call(&format!("{method} {path}"), &[], "");
    for (name, value) in [("accept", accept), ("prefer", prefer)] {
        if let Some(value) = value {
            request = request.with(name, value);
        }
    }
    Trial::new(emulator, "default").send(&request).response
}

/// Status, headers and body, the number of the request aside.
fn told(response: &Response<bytes::Bytes>) -> String {
    let mut lines: Vec<String> = response
        .headers()
        .iter()
        .filter(|(name, _)| **name != CONTENT_LENGTH && !name.as_str().starts_with("tombstone-"))
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    lines.sort();
    let body = String::from_utf8_lossy(response.body());
    format!("{}\n{}\n{body}", response.status().as_u16(), lines.join("\n"))
}

#[test]
fn a_rule_gives_the_bytes_that_the_contract_alone_gives() {
    let cases = Case::all();
    let numbered = || cases.iter().enumerate();
    let paths = document(&numbered().map(|(at, case)| case.operation(at)).collect::<String>());
    let behavior = rules(&numbered().map(|(at, case)| case.rule(at)).collect::<String>());
    let (alone, ruled) = (emulator(&paths, None), emulator(&paths, Some(&behavior)));
    let (mut wrong, mut asked) = (String::new(), 0);
    for (number, case) in numbered() {
        let path = format!("/m{number}");
        for accept in ACCEPTS.into_iter().chain(case.media.iter().map(|media| Some(*media))) {
            // Without a status, rules look for the example in every response.
            let has = |prefer| prefer != Some("example=a") || case.body == "examples";
            for prefer in PREFERENCES.into_iter().filter(|prefer| has(*prefer)) {
                for method in ["GET", "HEAD"] {
                    // The rule names its example, and so does who asks the contract for the same.
                    let is_named = case.body == "examples" && prefer.is_some_and(is_of_body);
                    let same = prefer.filter(|_| is_named).map(|it| format!("example=a, {it}"));
                    let expected = ask(&alone, (method, &path), accept, same.as_deref().or(prefer));
                    let given = ask(&ruled, (method, &path), accept, prefer);
                    let (mut expected, given) = (told(&expected), told(&given));
                    if is_named {
                        expected = expected
                            .replace("preference-applied: example=a, ", "preference-applied: ");
                    }
                    asked += 1;
                    if expected != given {
                        let Case { media, body, headers } = case;
                        let _ = writeln!(
                            wrong,
                            "{method} {media:?} {body} {{{headers}}} accept {accept:?} prefer {prefer:?}\n--- alone {expected}\n--- ruled {given}\n"
                        );
                    }
                }
            }
        }
    }
    let count = wrong.matches("--- ruled").count();
    let first: String = wrong.chars().take(4_000).collect();
    assert!(wrong.is_empty(), "{count} of {asked} differ\n{first}");
}

/// Whether a preference is about how bodies are made, and names no answer.
fn is_of_body(prefer: &str) -> bool {
    prefer.starts_with("dynamic")
}

/// Things in many media types: the first two say the same of a body, the third something else, the last nothing.
const THINGS: &str = "
openapi: 3.1.0
info: { title: Things, version: '1' }
paths:
  /things/{id}:
    parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
    get:
      operationId: getThing
      responses:
        '200':
          description: ok
          headers:
            X-Told: { schema: { type: string }, example: told }
            X-Total-Count: { schema: { type: integer } }
            X-Own: { schema: { type: string }, example: documented }
          content:
            application/json: { schema: { $ref: '#/components/schemas/Thing' } }
            application/xml: { schema: { $ref: '#/components/schemas/Thing' } }
            text/plain: { schema: { type: string } }
            text/csv: {}
        '404':
          description: none
          content: { application/problem+json: { example: { title: none } }, text/plain: { example: none } }
    delete:
      operationId: deleteThing
      security: [{ Key: [] }]
      responses:
        '200': { description: gone, content: { application/json: { example: { gone: true } } } }
        '401': { description: who, content: { application/json: { example: { who: true } }, application/xml: { example: <who/> } } }
components:
  securitySchemes: { Key: { type: apiKey, in: header, name: x-key } }
  schemas:
    Thing: { type: object, required: [id], properties: { id: { type: string }, n: { type: integer } } }
";

const THING_RULES: &str = "
tombstone: 1
resources:
  things: { key: id }
  keys: { key: id }
security:
  Key: { find: keys, by: id }
failures:
  unauthenticated: { respond: 401 }
operations:
  getThing:
    rules:
      - { when: path.id == 'fixed', respond: 200, body: { id: fixed } }
      - { when: path.id == 'text', respond: 200, headers: { Content-Type: text/plain }, body: hello }
      - { when: path.id == 'typed', respond: 200, headers: { Content-Type: '{{ path.id }}' }, body: { id: '{{ path.id }}' } }
      - { when: path.id == 'own', respond: 200, headers: { X-Own: '{{ path.id }}', X-Told: '{{ none }}' }, body: { id: '{{ path.id }}' } }
      - { when: path.id == 'misfit', respond: 200, body: { id: '{{ path.id }}', n: '{{ path.id | length if false else path.id }}' } }
      - { when: path.id == 'none', respond: 404 }
      - { respond: 200, body: { id: '{{ path.id }}' } }
  deleteThing:
    rules: [{ delete: 'things[path.id]', respond: 200 }]
";

/// Makes calls, one a line: method, path and the headers, set off by ` | `.
fn check(emulator: &Emulator, calls: &[&str], expected: &Expect) {
    let mut transcript = String::new();
    for line in calls {
        let mut parts = line.split(" | ");
        let request = call(parts.next().unwrap(), &parts.collect::<Vec<_>>(), "");
        let reply = Trial::new(emulator, "default").send(&request);
        let told = told(&reply.response).replace('\n', "\n    ");
        let _ = writeln!(transcript, "{line}\n    {told}");
    }
    expected.assert_eq(&transcript);
}

fn things() -> Emulator {
    emulator_with(THINGS, Some(THING_RULES), "{ things: [{ id: a }], keys: [{ id: k }] }")
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn a_value_that_a_rule_gives_is_written_in_what_the_request_accepts() {
    check(
        &things(),
        &[
            "GET /things/x",
            "GET /things/x | accept: application/xml",
            "GET /things/x | accept: text/csv",
            "GET /things/x | accept: text/plain",
            "GET /things/x | accept: text/plain, application/json;q=0.1",
            "GET /things/fixed | accept: application/xml;q=0.9, application/json;q=0.8",
            "GET /things/fixed | accept: text/plain",
            "GET /things/text | accept: text/plain",
            "GET /things/text | accept: application/json",
            "GET /things/typed",
            "GET /things/own",
            "GET /things/misfit | accept: application/xml",
            "GET /things/none | accept: text/plain",
            "GET /things/none | accept: image/png",
        ],
        &expect![[r#"
            GET /things/x
                200
                content-type: application/json
                vary: Origin
                x-own: documented
                x-told: told
                x-total-count: 1
                {"id":"x"}
            GET /things/x | accept: application/xml
                200
                content-security-policy: sandbox
                content-type: application/xml
                vary: Origin
                x-content-type-options: nosniff
                x-own: documented
                x-told: told
                x-total-count: 1
                <?xml version="1.0" encoding="UTF-8"?><Thing><id>x</id></Thing>
            GET /things/x | accept: text/csv
                200
                content-security-policy: sandbox
                content-type: text/csv
                vary: Origin
                x-content-type-options: nosniff
                x-own: documented
                x-told: told
                x-total-count: 1
                {"id":"x"}
            GET /things/x | accept: text/plain
                406
                content-type: application/problem+json
                vary: Origin
                {"type":"urn:tombstone:errors#NOT_ACCEPTABLE","title":"The server cannot produce a representation for your accept header","status":406,"detail":"available are application/json, application/xml, text/csv"}
            GET /things/x | accept: text/plain, application/json;q=0.1
                200
                content-type: application/json
                vary: Origin
                x-own: documented
                x-told: told
                x-total-count: 1
                {"id":"x"}
            GET /things/fixed | accept: application/xml;q=0.9, application/json;q=0.8
                200
                content-security-policy: sandbox
                content-type: application/xml
                vary: Origin
                x-content-type-options: nosniff
                x-own: documented
                x-told: told
                x-total-count: 1
                <?xml version="1.0" encoding="UTF-8"?><Thing><id>fixed</id></Thing>
            GET /things/fixed | accept: text/plain
                406
                content-type: application/problem+json
                vary: Origin
                {"type":"urn:tombstone:errors#NOT_ACCEPTABLE","title":"The server cannot produce a representation for your accept header","status":406,"detail":"available are application/json, application/xml, text/csv"}
            GET /things/text | accept: text/plain
                200
                content-security-policy: sandbox
                content-type: text/plain
                vary: Origin
                x-content-type-options: nosniff
                x-own: documented
                x-told: told
                x-total-count: 1
                hello
            GET /things/text | accept: application/json
                406
                content-type: application/problem+json
                vary: Origin
                {"type":"urn:tombstone:errors#NOT_ACCEPTABLE","title":"The server cannot produce a representation for your accept header","status":406,"detail":"available are text/plain"}
            GET /things/typed
                500
                content-type: application/problem+json
                vary: Origin
                {"title":"the behavior file cannot answer this","status":500,"detail":"getThing rule 3, behavior.yaml:15: `Content-Type` is `typed`, and the body is documented as `application/json`"}
            GET /things/own
                200
                content-type: application/json
                vary: Origin
                x-own: own
                x-total-count: 1
                {"id":"own"}
            GET /things/misfit | accept: application/xml
                500
                content-type: application/problem+json
                vary: Origin
                {"title":"the behavior file cannot answer this","status":500,"detail":"getThing rule 5, behavior.yaml:17: the body does not fit the documented schema /paths/~1things~1{id}/get/responses/200/content/application~1xml/schema: at `/n`: \"misfit\" is not of type \"integer\""}
            GET /things/none | accept: text/plain
                404
                content-security-policy: sandbox
                content-type: text/plain
                vary: Origin
                x-content-type-options: nosniff
                none
            GET /things/none | accept: image/png
                406
                content-type: application/problem+json
                vary: Origin
                {"type":"urn:tombstone:errors#NOT_ACCEPTABLE","title":"The server cannot produce a representation for your accept header","status":406,"detail":"available are application/problem+json, text/plain"}
        "#]],
    );
}

#[test]
fn what_is_not_acceptable_changes_nothing_and_who_may_not_call_is_told_all_the_same() {
    check(
        &things(),
        &[
            "DELETE /things/a | accept: image/png",
            "DELETE /things/a | accept: image/png | x-key: k",
            "DELETE /things/a | accept: application/xml",
            "DELETE /things/a | x-key: k",
        ],
        &expect![[r#"
            DELETE /things/a | accept: image/png
                401
                content-type: application/json
                vary: Origin
                {"who":true}
            DELETE /things/a | accept: image/png | x-key: k
                406
                content-type: application/problem+json
                vary: Origin
                {"type":"urn:tombstone:errors#NOT_ACCEPTABLE","title":"The server cannot produce a representation for your accept header","status":406,"detail":"available are application/json"}
            DELETE /things/a | accept: application/xml
                401
                content-security-policy: sandbox
                content-type: application/xml
                vary: Origin
                x-content-type-options: nosniff
                <who/>
            DELETE /things/a | x-key: k
                200
                content-type: application/json
                vary: Origin
                {"gone":true}
        "#]],
    );
}

/// The one way in which they differ: rules look for an example in every response, the contract alone in the successful one.
#[test]
fn an_example_that_is_asked_for_by_name_alone_is_found_in_any_response_where_there_are_rules() {
    let case = Case { media: MEDIA[0], body: "example", headers: "" };
    let (paths, rules) = (document(&case.operation(0)), rules(&case.rule(0)));
    for behavior in [None, Some(&*rules)] {
        let emulator = emulator(&paths, behavior);
        let answered = ask(&emulator, ("GET", "/m0"), None, Some("example=none"));
        let body = String::from_utf8_lossy(answered.body());
        assert_eq!(body == r#"{"title":"none"}"#, behavior.is_some(), "{body}");
    }
}

#[test]
fn the_log_says_that_a_response_was_not_acceptable() {
    let request = call("GET /things/x", &["accept: image/png"], "");
    let reply = Trial::new(&things(), "default").send(&request);
    assert_eq!(reply.account.facts.why, Why::Stage("not acceptable"));
    assert_eq!(reply.account.operation.as_deref(), Some("getThing"));
}

#[test]
fn a_fault_gives_its_example_whatever_the_request_accepts() {
    let case = Case { media: MEDIA[0], body: "example", headers: "" };
    let emulator = emulator(&document(&case.operation(0)), Some(&rules(&case.rule(0))));
    let fault = json!({ "operation": "m0", "answer": { "status": 404, "example": "none" } });
    Trial::new(&emulator, "default").control().add_fault(&fault).unwrap();
    for accept in ["text/plain", "application/problem+json", "image/png"] {
        let answered = ask(&emulator, ("GET", "/m0"), Some(accept), None);
        assert_eq!(answered.body(), r#"{"title":"none"}"#, "{accept}");
    }
}

#[test]
fn a_computed_body_is_sent_in_each_media_type_whose_schema_it_fits() {
    let schema = |required: &str| {
        format!(
            "{{ schema: {{ type: object, required: [{required}], properties: {{ n: {{ type: string }} }} }} }}"
        )
    };
    let paths = document(&format!(
        "  /m0:
    get:
      operationId: m0
      responses: {{ '200': {{ description: ok, content: {{ application/json: {}, application/xml: {}, application/yaml: {} }} }} }}
",
        schema("n"),
        schema(""),
        schema("n, other")
    ));
    let behavior =
        rules("  m0: { rules: [{ respond: 200, body: { n: '{{ request.path }}' } }] }\n");
    let answers = ["application/json", "application/xml", "application/yaml"].map(|accept| {
        let answered = ask(&emulator(&paths, Some(&behavior)), ("GET", "/m0"), Some(accept), None);
        let body = String::from_utf8_lossy(answered.body());
        format!("{} {body}\n", answered.status().as_u16())
    });
    expect![[r#"
        200 {"n":"/m0"}
        200 <?xml version="1.0" encoding="UTF-8"?><root><n>/m0</n></root>
        406 {"type":"urn:tombstone:errors#NOT_ACCEPTABLE","title":"The server cannot produce a representation for your accept header","status":406,"detail":"available are application/json, application/xml"}
    "#]]
    .assert_eq(&answers.concat());
}

#[test]
fn what_no_value_fits_is_given_and_told_by_both() {
    let paths = document(
        "  /m0:
    get:
      operationId: m0
      responses: { '200': { description: ok, content: { application/json: { schema: { oneOf: [{ type: object }, { type: object }] } } } } }
",
    );
    let behavior = rules("  m0: { rules: [{ respond: 200 }] }\n");
    let answers = [None, Some(&*behavior)].map(|behavior| {
        let answered = ask(&emulator(&paths, behavior), ("GET", "/m0"), None, None);
        let violations = answered.headers()["tombstone-violations"].to_str().unwrap().to_owned();
        (violations, answered.into_body())
    });
    assert!(answers[0].0.contains(r#""in":"response""#), "{answers:?}");
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn a_body_in_any_media_type_is_held_against_its_schema_when_it_is_read() {
    let thing = "{ schema: { type: object, required: [id], properties: { id: { type: string } }, additionalProperties: false } }";
    let contents = [
        format!("{{ application/xml: {thing} }}"),
        "{ text/plain: { schema: { type: string } } }".to_owned(),
        "{ image/png: {} }".to_owned(),
        format!("{{ text/plain: {{}}, application/json: {thing} }}"),
    ];
    let paths = contents.iter().enumerate().map(|(number, content)| {
        format!("  /m{number}:\n    get:\n      operationId: m{number}\n      responses: {{ '200': {{ description: ok, content: {content} }} }}\n")
    });
    let behavior = rules(
        "  m0: { rules: [{ when: 1 == 2, respond: 200, body: { n: 1 } }, { respond: 200, body: { n: '{{ request.path }}' } }] }
  m1: { rules: [{ respond: 200, body: { n: '{{ request.path }}' } }] }
  m2: { rules: [{ when: 1 == 2, respond: 200, body: { n: 1 } }, { when: 1 == 2, respond: 200, body: [ '{{ request.path }}' ] }, { respond: 200, body: UE5H }] }
  m3: { rules: [{ when: 1 == 2, respond: 200, body: text }, { respond: 200, headers: { Content-Type: text/plain }, body: text }] }
",
    );
    let mut findings = Vec::new();
    let paths = document(&paths.collect::<String>());
    let document = Document::parse("openapi.yaml", &paths, &mut findings).unwrap();
    let contract = Arc::new(Contract::load(&document, &mut findings).unwrap());
    let document = Document::parse("behavior.yaml", &behavior, &mut findings).unwrap();
    let options = LoadOptions { vet: true, ..LoadOptions::default() };
    Behavior::load(&document, &contract, &options, &mut findings).unwrap();
    let findings: Vec<String> = findings.iter().map(ToString::to_string).collect();
    expect![[r#"
        behavior.yaml:3: error: the body does not fit the documented schema /paths/~1m0/get/responses/200/content/application~1xml/schema: Additional properties are not allowed ('n' was unexpected)
        behavior.yaml:3: error: `id` is missing, which the schema of the response requires (add it)
        behavior.yaml:3: error: the schema of the response has no `n`
        behavior.yaml:4: error: the schema wants `string` here, and this is `object`
        behavior.yaml:5: error: the body cannot be written as `image/png` (give a text, which is sent as it is)
        behavior.yaml:5: error: the body cannot be written as `image/png` (give a text, which is sent as it is)
        behavior.yaml:6: error: the body does not fit the documented schema /paths/~1m3/get/responses/200/content/application~1json/schema: "text" is not of type "object""#]].assert_eq(&findings.join("\n"));
}
