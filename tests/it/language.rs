//! The behavior language, point by point, on an API made up for it: what the built-in files do not need.

use std::fmt::Write;
use std::sync::Arc;

use bytes::Bytes;
use expect_test::{Expect, expect};
use serde_json::Value;
use tombstone::behavior::{Behavior, LoadOptions};
use tombstone::clock::Timestamp;
use tombstone::control::Control;
use tombstone::emulator::{Emulator, EmulatorOptions, Provider};
use tombstone::message::Body;
use tombstone::openapi::Contract;
use tombstone::yaml::Document;

pub(crate) const CONTRACT: &str = "\
openapi: 3.0.3
info: { title: Library, version: '1' }
security: [{ Card: [] }, { Desk: [], Pin: [] }, { Staff: [] }]
paths:
  /books:
    get:
      operationId: listBooks
      parameters: [{ name: by, in: query, schema: { type: string } }]
      responses: { '200': { description: all, content: { application/json: { schema: {} } } } }
    post:
      operationId: addBook
      requestBody: { required: true, content: { application/json: { schema: &book { type: object, required: [title], properties: { id: { type: string }, title: { type: string }, author_id: { type: string } } } } } }
      responses:
        '201': { description: added, headers: { Location: { schema: { type: string } } }, content: { application/json: { schema: {} } } }
        '400': { description: wrong, content: { application/json: { schema: {} } } }
        '401': { description: who, content: { application/json: { schema: {} } } }
  /books/{id}:
    patch:
      operationId: changeBook
      parameters: [&id { name: id, in: path, required: true, schema: { type: string } }]
      requestBody: { content: { application/json: { schema: { type: object, properties: { title: { type: string } } } } } }
      responses: { '200': { description: changed, content: { application/json: { schema: {} } } }, '404': { description: no } }
  /authors/{id}:
    delete:
      operationId: deleteAuthor
      parameters: [*id]
      responses:
        '200': { description: gone, content: { application/json: { schema: {} } } }
        '409': { description: kept, content: { application/json: { examples: { lent: { value: { error: a book is lent } } } } } }
  /authors:
    post:
      operationId: addAuthor
      requestBody: { content: { application/json: { schema: { type: object, properties: { id: { type: string } } } } } }
      responses: { '201': { description: added, content: { application/json: { schema: {} } } } }
  /whoami:
    get:
      operationId: whoAmI
      responses: { '200': { description: me, content: { application/json: { schema: {} } } } }
  /broken:
    get:
      operationId: breakRule
      responses: { '200': { description: never, content: { application/json: { schema: { type: integer } } } } }
components:
  securitySchemes:
    Card: { type: apiKey, in: header, name: x-card }
    Desk: { type: apiKey, in: header, name: x-desk }
    Pin: { type: apiKey, in: header, name: x-pin }
    Staff: { type: http, scheme: bearer }
";

const BEHAVIOR: &str = "\
tombstone: 1
settings: { greeting: hello }
resources:
  authors: { key: id }
  books:
    key: { field: id, pattern: 'b[0-9]{4}' }
    belongs_to: { author: { resource: authors, by: author_id, on_delete: unlink, optional: true } }
  loans:
    key: id
    belongs_to:
      book: { resource: books, by: book_id, on_delete: cascade }
      author: { resource: authors, by: author_id, on_delete: { restrict: { respond: 409 } }, optional: true }
  awards: { key: id, belongs_to: { author: { resource: authors, by: author_id, on_delete: keep } } }
  portraits:
    key: id
    belongs_to: { author: { resource: authors, by: author_id, on_delete: { update: { state: '{{ record.state }} of the late' } } } }
  cards: { key: id, unique: [number] }
  old_cards: { key: id, unique: [number] }
  desks: { key: id }
  pins: { key: [desk, pin], unique: [pin] }
security:
  Card: { find: [cards, old_cards], by: number, expires: until }
  Desk: { find: desks, by: id }
  Pin: { find: pins, by: pin, reject_when: credential.desk != credentials.Desk.id, principal: credentials.Desk }
  Staff: { find: desks, by: id, reject_when: 'true' }
failures:
  unauthenticated: { respond: 401, body: { error: '{{ failure.scheme }} is {{ failure.reason }}' } }
  invalid_request: { respond: 400, body: { errors: { $for: v in violations, $value: '{{ v.message }}' } } }
messages: { required: '{{ v.field }} fehlt', default: '{{ v.field }} {{ v.text }}' }
operations:
  listBooks:
    failures: &open { unauthenticated: { respond: 200, body: { error: '{{ failure.scheme }} is {{ failure.reason }}' } }, invalid_request: { respond: 200, body: wrong } }
    rules:
      - respond: 200
        body: { $for: book in books.all(), $value: { id: '{{ book.id }}', by: '{{ book.author.name }}', text: '{{ settings.greeting }} {{ book.title }}' } }
  addBook:
    rules:
      - create: books
        with: { title: '{{ body.title }}', author_id: '{{ body.author_id }}' }
        respond: 201
        headers: { Location: '/books/{{ outcome.record.id }}' }
        body: { made: '{{ outcome.record }}', before: '{{ books.all() | length }}', created: '{{ outcome.created.books }}' }
  changeBook:
    failures: { unauthenticated: { respond: 404 }, invalid_request: { respond: 404 } }
    let: { book: 'books[path.id]' }
    rules:
      - { when: book is none, respond: 404 }
      - { update: book, set: { title: '{{ body.title or record.title }}', was: '{{ record.title }}' }, respond: 200, body: { changed: '{{ outcome.record }}', before: '{{ book.title }}' } }
  deleteAuthor:
    failures: *open
    let: { author: 'authors[path.id]' }
    rules:
      - { delete: author, respond: 200, body: { gone: '{{ outcome.deleted }}', loans_gone: '{{ outcome.deleted.loans }}', changed: '{{ outcome.updated }}', books: '{{ author.books | length }}' } }
  addAuthor:
    failures: { unauthenticated: { respond: 201, body: no }, invalid_request: { respond: 201, body: no } }
    rules:
      - create: authors
        with: { id: '{{ body.id }}', name: again }
        respond: 201
        body: { books: '{{ authors[body.id].books | length }}' }
  whoAmI:
    failures: *open
    rules:
      - { respond: 200, body: { principal: '{{ principal.name }}', credential: '{{ credential.id }}', method: '{{ request.method }} {{ request.path }}' } }
  breakRule:
    failures: { unauthenticated: { respond: 200, body: 0 } }
    rules:
      - { when: query is none, respond: 200, body: 1 }
      - { respond: 200, body: '{{ settings.greeting }}' }
";

const FIXTURES: &str = "\
tombstone: 1
records:
  authors: [{ id: ada, name: Ada }, { id: ben, name: Ben }, { id: cy, name: Cy }]
  books: [{ id: b0001, title: One, author_id: ada }, { id: b0002, title: Two, author_id: ben }, { id: b0003, title: Three }]
  loans: [{ id: 1, book_id: b0002, author_id: ben }]
  awards: [{ id: 1, author_id: ada }]
  portraits: [{ id: 1, author_id: ada, state: oil }]
  cards: [{ id: 1, number: new-card, name: Reader }, { id: 2, number: late-card, name: Late, until: '1970-01-01T00:00:00Z' }]
  old_cards: [{ id: 9, number: old-card, name: Old reader, until: 4102444800 }]
  desks: [{ id: d1, name: Desk one }, { id: d2, name: Desk two }]
  pins: [{ desk: d1, pin: p1 }, { desk: d2, pin: p2 }]
";

fn vetted() -> LoadOptions {
    LoadOptions { vet: true, ..LoadOptions::default() }
}

pub(crate) fn library() -> Emulator {
    library_with(CONTRACT, &EmulatorOptions { seed: 7, cors: false, ..EmulatorOptions::default() })
}

pub(crate) fn library_with(contract: &str, options: &EmulatorOptions) -> Emulator {
    let mut findings = Vec::new();
    let document = Document::parse("openapi.yaml", contract, &mut findings).unwrap();
    let contract = Arc::new(Contract::load(&document, &mut findings).unwrap());
    let document = Document::parse("behavior.yaml", BEHAVIOR, &mut findings).unwrap();
    let behavior = Behavior::load(&document, &contract, &vetted(), &mut findings).unwrap();
    let document = Document::parse("default.yaml", FIXTURES, &mut findings).unwrap();
    let fixtures = behavior.fixtures(&document, Timestamp(0), true, &mut findings);
    let provider = Provider {
        name: "library".into(),
        behavior,
        fixtures,
        is_built_in: false,
        records_beside: None,
    };
    let emulator = Emulator::new(vec![provider], options, &mut findings);
    assert!(findings.is_empty(), "{findings:#?}");
    emulator
}

/// Makes calls, one a line: method, path, then headers as `name: value` and a body, set off by ` | `.
fn check(emulator: &Emulator, calls: &[&str], expected: Expect) {
    let mut transcript = String::new();
    for call in calls {
        let response = make(emulator, call);
        let location = response.headers().get("location").map(|value| value.to_str().unwrap());
        let body = std::str::from_utf8(response.body()).unwrap();
        let _ = writeln!(transcript, "{call}");
        let _ = writeln!(
            transcript,
            "    {} {}{body}",
            response.status().as_u16(),
            location.map_or(String::new(), |l| format!("[{l}] "))
        );
    }
    expected.assert_eq(&transcript);
}

pub(crate) fn make(emulator: &Emulator, call: &str) -> http::Response<Bytes> {
    let mut parts = call.split(" | ");
    let (method, path) = parts.next().unwrap().split_once(' ').unwrap();
    let mut request = http::Request::builder().method(method).uri(format!("/library{path}"));
    let mut body = Body::empty();
    for part in parts {
        match part.split_once(": ").filter(|(name, _)| !name.contains('{')) {
            Some((name, value)) => request = request.header(name, value),
            None => {
                request = request.header("content-type", "application/json");
                body = Body::from(part);
            }
        }
    }
    emulator.handle(request.body(body).unwrap(), Timestamp(0)).response
}

#[test]
fn requirement_objects_are_alternatives_and_all_schemes_of_one_are_needed() {
    check(
        &library(),
        &[
            "GET /whoami | x-card: new-card",
            "GET /whoami | x-card: old-card",
            "GET /whoami | x-card: late-card",
            "GET /whoami | x-card: nobody",
            "GET /whoami",
            "GET /whoami | x-desk: d1",
            "GET /whoami | x-desk: d1 | x-pin: p1",
            "GET /whoami | x-desk: d2 | x-pin: p1",
            "GET /whoami | x-card: nobody | x-desk: d2 | x-pin: p2",
            "GET /whoami | authorization: bearer d1",
            "GET /whoami | authorization: Basic ZDE6ZDE=",
        ],
        expect![[r#"
            GET /whoami | x-card: new-card
                200 {"principal":"Reader","credential":1,"method":"GET /whoami"}
            GET /whoami | x-card: old-card
                200 {"principal":"Old reader","credential":9,"method":"GET /whoami"}
            GET /whoami | x-card: late-card
                200 {"error":"Card is expired"}
            GET /whoami | x-card: nobody
                200 {"error":"Card is unknown"}
            GET /whoami
                200 {"error":"Card is missing"}
            GET /whoami | x-desk: d1
                200 {"error":"Pin is missing"}
            GET /whoami | x-desk: d1 | x-pin: p1
                200 {"principal":"Desk one","method":"GET /whoami"}
            GET /whoami | x-desk: d2 | x-pin: p1
                200 {"error":"Pin is rejected"}
            GET /whoami | x-card: nobody | x-desk: d2 | x-pin: p2
                200 {"principal":"Desk two","method":"GET /whoami"}
            GET /whoami | authorization: bearer d1
                200 {"error":"Staff is rejected"}
            GET /whoami | authorization: Basic ZDE6ZDE=
                200 {"error":"Card is missing"}
        "#]],
    );
}

#[test]
fn a_record_is_made_with_a_key_of_its_pattern_and_the_answer_reads_the_moment_before() {
    check(
        &library(),
        &[
            "POST /books | x-card: new-card | {\"title\": \"Four\", \"author_id\": \"cy\"}",
            "POST /books | x-card: new-card | {\"title\": \"Five\"}",
            "GET /books | x-card: new-card",
        ],
        expect![[r#"
            POST /books | x-card: new-card | {"title": "Four", "author_id": "cy"}
                201 [/books/b1111] {"made":{"id":"b1111","title":"Four","author_id":"cy"},"before":3,"created":1}
            POST /books | x-card: new-card | {"title": "Five"}
                201 [/books/b2707] {"made":{"id":"b2707","title":"Five"},"before":4,"created":1}
            GET /books | x-card: new-card
                200 [{"id":"b0001","by":"Ada","text":"hello One"},{"id":"b0002","by":"Ben","text":"hello Two"},{"id":"b0003","text":"hello Three"},{"id":"b1111","by":"Cy","text":"hello Four"},{"id":"b2707","text":"hello Five"}]
        "#]],
    );
}

#[test]
fn violations_are_worded_and_listed() {
    check(
        &library(),
        &[
            "POST /books | x-card: new-card | {\"author_id\": 3}",
            "POST /books | {\"author_id\": 3}",
            "POST /books | x-card: new-card | {nonsense",
            "POST /books | x-card: new-card",
        ],
        expect![[r#"
            POST /books | x-card: new-card | {"author_id": 3}
                400 {"errors":["title fehlt","author_id must be a string"]}
            POST /books | {"author_id": 3}
                401 {"error":"Card is missing"}
            POST /books | x-card: new-card | {nonsense
                400 {"errors":[" must be valid JSON: key must be a string at line 1 column 2"]}
            POST /books | x-card: new-card
                400 {"errors":[" must not be empty"]}
        "#]],
    );
}

#[test]
fn an_update_sets_what_it_names_and_keeps_the_rest() {
    check(
        &library(),
        &[
            "PATCH /books/b0001 | x-card: new-card | {\"title\": \"Eins\"}",
            "PATCH /books/b0001 | x-card: new-card | {}",
            "PATCH /books/b0009 | x-card: new-card | {}",
        ],
        expect![[r#"
            PATCH /books/b0001 | x-card: new-card | {"title": "Eins"}
                200 {"changed":{"id":"b0001","title":"Eins","author_id":"ada","was":"One"},"before":"One"}
            PATCH /books/b0001 | x-card: new-card | {}
                200 {"changed":{"id":"b0001","title":"Eins","author_id":"ada","was":"Eins"},"before":"Eins"}
            PATCH /books/b0009 | x-card: new-card | {}
                404 
        "#]],
    );
}

#[test]
fn a_restricted_deletion_gives_the_answer_that_the_relation_names() {
    let emulator = library();
    check(
        &emulator,
        &["DELETE /authors/ben | x-card: new-card"],
        expect![[r#"
        DELETE /authors/ben | x-card: new-card
            409 {"error":"a book is lent"}
    "#]],
    );
    assert!(default(&emulator).record("library", "authors", &["ben".to_owned()]).is_ok());
}

#[test]
fn what_is_unlinked_updated_or_kept_stays_and_is_not_adopted_by_a_namesake() {
    let emulator = library();
    check(
        &emulator,
        &[
            "DELETE /authors/ada | x-card: new-card",
            "DELETE /authors/ada | x-card: new-card",
            "POST /authors | x-card: new-card | {\"id\": \"ada\"}",
            "DELETE /authors/ada | x-card: new-card",
        ],
        expect![[r#"
            DELETE /authors/ada | x-card: new-card
                200 {"gone":{"authors":1},"loans_gone":0,"changed":{"awards":1,"books":1,"portraits":1},"books":1}
            DELETE /authors/ada | x-card: new-card
                200 {"gone":{},"loans_gone":0,"changed":{},"books":0}
            POST /authors | x-card: new-card | {"id": "ada"}
                201 {"books":0}
            DELETE /authors/ada | x-card: new-card
                200 {"gone":{"authors":1},"loans_gone":0,"changed":{},"books":0}
        "#]],
    );
    let record = |resource: &str, key: &str| {
        let record = default(&emulator).record("library", resource, &[key.to_owned()]);
        Value::Object(record.unwrap()).to_string()
    };
    expect![[r#"{"id":"b0001","title":"One","author_id":null}"#]]
        .assert_eq(&record("books", "b0001"));
    expect![[r#"{"id":1,"author_id":"ada"}"#]].assert_eq(&record("awards", "1"));
    expect![[r#"{"id":1,"author_id":"ada","state":"oil of the late"}"#]]
        .assert_eq(&record("portraits", "1"));
}

#[test]
fn an_answer_that_would_break_the_contract_is_not_given() {
    check(
        &library(),
        &["GET /broken | x-card: new-card"],
        expect![[r#"
        GET /broken | x-card: new-card
            500 {"title":"the behavior file cannot answer this","status":500,"detail":"breakRule rule 2, behavior.yaml:69: the body does not fit the documented schema /paths/~1broken/get/responses/200/content/application~1json/schema: \"hello\" is not of type \"integer\""}
    "#]],
    );
}

/// The sandbox that is always there.
/// A provider of media types other than JSON: its answers, or what is wrong with its files.
fn media(operations: &str) -> Result<Emulator, Vec<String>> {
    let contract = "openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths:\n  \
         /text: {get: {operationId: text, responses: {'200': {description: ok, content: {text/plain: {schema: {type: string}}}}}}}\n  \
         /xml: {get: {operationId: xml, responses: {'200': {description: ok, content: {application/xml: {schema: {type: object, xml: {name: pet}, properties: {id: {type: integer}}}, example: {id: 1}}}}}}}\n  \
         /pdf: {get: {operationId: pdf, responses: {'200': {description: ok, content: {application/pdf: {schema: {type: string, format: byte}, example: JVBERi0=}}}}}}\n  \
         /vendor: {get: {operationId: vendor, responses: {'200': {description: ok, content: {application/vnd.acme: {example: {id: 1}}}}}}}\n";
    loaded(contract, &format!("tombstone: 1\noperations: {operations}"))
}

/// A provider of these files that remembers nothing, or what is wrong with them.
fn loaded(contract: &str, text: &str) -> Result<Emulator, Vec<String>> {
    let mut findings = Vec::new();
    let document = Document::parse("openapi.yaml", contract, &mut findings).unwrap();
    let contract = Arc::new(Contract::load(&document, &mut findings).unwrap());
    let document = Document::parse("behavior.yaml", text, &mut findings).unwrap();
    let behavior = Behavior::load(&document, &contract, &vetted(), &mut findings);
    let document = Document::parse("default.yaml", "tombstone: 1\n", &mut findings).unwrap();
    let is_fine = findings.is_empty();
    let said: Vec<String> = findings.iter().map(ToString::to_string).collect();
    let behavior = behavior.filter(|_| is_fine).ok_or(said)?;
    let fixtures = behavior.fixtures(&document, Timestamp(0), true, &mut findings);
    let provider = Provider {
        name: "library".into(),
        behavior,
        fixtures,
        is_built_in: false,
        records_beside: None,
    };
    Ok(Emulator::new(
        vec![provider],
        &EmulatorOptions { cors: false, ..EmulatorOptions::default() },
        &mut findings,
    ))
}

#[test]
fn an_answer_is_written_in_its_media_type() {
    let emulator = media(
        "{text: {rules: [{respond: 200, body: '{{ request.path }} it is'}]}, xml: {rules: [{respond: 200, patch: {id: 2}}]}, \
         pdf: {rules: [{respond: 200}]}, vendor: {rules: [{respond: 200}]}}",
    );
    let emulator = emulator.map_err(|findings| findings.join("\n")).unwrap();
    for (path, content_type, body) in [
        ("/text", "text/plain", "/text it is"),
        (
            "/xml",
            "application/xml",
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><pet><id>2</id></pet>",
        ),
        ("/pdf", "application/pdf", "%PDF-"),
        ("/vendor", "application/vnd.acme", "{\"id\":1}"),
    ] {
        let response = make(&emulator, &format!("GET {path}"));
        assert_eq!(response.headers()["content-type"], content_type);
        assert_eq!(std::str::from_utf8(response.body()).unwrap(), body);
    }
    let findings = media(
        "{pdf: {rules: [{respond: 200, body: {a: 1}}]}, text: {rules: [{respond: 200, body: a}]}}",
    );
    let findings = findings.err().unwrap_or_default().join("\n");
    assert!(findings.contains("the body cannot be written as `application/pdf`"), "{findings}");
}

#[test]
fn an_answer_that_is_not_documented_has_one_content_type() {
    let contract = "openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths:\n  \
         /text: {get: {operationId: text, responses: {'204': {description: ok}}}}\n";
    let emulator = loaded(
        contract,
        "tombstone: 1\nfailures:\n  \
         unknown_route: {status: 404, headers: {Content-Type: application/problem+json}, body: {status: 404}}\n  \
         wrong_method: {status: 405, body: {status: 405}}\n\
         operations: {text: {rules: [{respond: 204}]}}\n",
    );
    let emulator = emulator.map_err(|findings| findings.join("\n")).unwrap();
    for (call, content_type) in
        [("GET /other", "application/problem+json"), ("PUT /text", "application/json")]
    {
        let response = make(&emulator, call);
        let types: Vec<_> = response.headers().get_all("content-type").iter().collect();
        assert_eq!(types, [content_type], "{call}");
    }
}

#[test]
fn a_body_is_made_up_from_the_schema_with_the_properties_of_a_record_in_it() {
    let contract = "openapi: 3.1.0
info: {title: T, version: '1'}
paths:
  /cars/{id}:
    get:
      operationId: getCar
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses:
        '200':
          description: it
          content:
            application/json:
              schema:
                type: object
                required: [id, wheels, engine, note]
                properties:
                  id: {type: integer}
                  wheels: {const: 4}
                  engine: {type: object, required: [fuel, power], properties: {fuel: {enum: [diesel]}, power: {type: integer}}}
                  note: {type: [string, 'null']}
                  color: {type: string}
        '204': {description: none, x-unreachable: so}
";
    let rule = |answer: &str| {
        format!(
            "tombstone: 1\nresources: {{ cars: {{ key: id }} }}\noperations:\n  getCar:\n    let: {{ car: 'cars[path.id]' }}\n    rules:\n      - {{ {answer} }}\n"
        )
    };
    let filled = "respond: 200, fill: { id: '{{ path.id }}', engine: { power: 60 }, note: '{{ car.note or none }}', color: '{{ car.color }}' }";
    let emulator = loaded(contract, &rule(filled)).unwrap();
    check(
        &emulator,
        &["GET /cars/7"],
        expect![[r#"
        GET /cars/7
            200 {"id":7,"wheels":4,"engine":{"fuel":"diesel","power":60},"note":null}
    "#]],
    );
    let told = |answer: &str| loaded(contract, &rule(answer)).map(|_| ()).unwrap_err().join("\n");
    let refused = [
        "respond: 204, fill: { id: 1 }",
        "respond: 200, fill: { id: '{{ cat }}' }",
        "respond: 200, fill: { id: 1 }, body: {}",
    ];
    expect![[r#"
        behavior.yaml:7: error: a 204 answer has no body (leave `body`, `example`, `patch` and `fill` out)
        behavior.yaml:7: error: name `cat` is not declared (did you mean `car`?)
        behavior.yaml:7: error: `fill` is given beside `body`, `example` or `patch` (keep one of them)"#]].assert_eq(&refused.map(told).join("\n"));
}

#[test]
fn a_failure_worded_for_all_is_given_where_its_status_is_documented() {
    let get = |name: &str, responses: &str| {
        let parameters = "[{name: n, in: query, schema: {type: integer}}]";
        format!(
            "  /{name}: {{get: {{operationId: {name}, parameters: {parameters}, responses: {{'200': {{description: ok}}, {responses}}}}}}}\n"
        )
    };
    let documented = |status: &str| {
        format!(
            "'{status}': {{description: bad, content: {{application/json: {{example: {{documented: '{status}'}}}}}}}}"
        )
    };
    let contract = format!(
        "openapi: 3.1.0\ninfo: {{title: T, version: '1'}}\npaths:\n{}{}{}{}{}",
        get("a", &documented("400")),
        get("b", &documented("422")),
        get("c", &documented("4XX")),
        get("d", &documented("409")),
        get("e", "'404': {description: no}"),
    );
    let operations =
        "operations: { a: &ok { rules: [{ respond: 200 }] }, b: *ok, c: *ok, d: *ok, e: *ok }";
    let unreachable = "'404': {description: no, x-unreachable: it is}";
    let contract = contract.replace("'404': {description: no}", unreachable);
    let contract = contract.replace("'409': {", "'409': {x-unreachable: it is, ");
    let entries = "[{ respond: 404, when: 'violations | length > 9' }, { respond: 400, body: { worded: 1 } }]";
    let text = format!("tombstone: 1\nfailures: {{ invalid_request: {entries} }}\n{operations}\n");
    let emulator = loaded(&contract, &text).map_err(|found| found.join("\n")).unwrap();
    let calls = ["a", "b", "c", "d", "e"].map(|name| format!("GET /{name}?n=x"));
    check(
        &emulator,
        &calls.each_ref().map(String::as_str),
        expect![[r#"
        GET /a?n=x
            400 {"worded":1}
        GET /b?n=x
            422 {"documented":"422"}
        GET /c?n=x
            400 {"worded":1}
        GET /d?n=x
            400 {"title":"invalid request","status":400,"detail":"the request departs from the contract: see `Tombstone-Violations`"}
        GET /e?n=x
            400 {"title":"invalid request","status":400,"detail":"the request departs from the contract: see `Tombstone-Violations`"}
    "#]],
    );
}

fn default(emulator: &Emulator) -> Control<'_> {
    Control::new(emulator, "default", Timestamp(0)).unwrap()
}
