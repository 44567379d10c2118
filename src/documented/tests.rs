//! What the contract alone answers, over a document with something of everything.
//!
//! Must not know sockets.

use std::fmt::Write;
use std::sync::Arc;

use expect_test::{Expect, expect};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::answer::PRISM_VIOLATIONS;
use super::*;
use crate::message::Body;
use crate::openapi::Contract;
use crate::prefer::Preferences;
use crate::response;
use crate::response::{RenderOptions, Renderings, Seeds};
use crate::validation::{RequestValidator, SentRequest};
use crate::yaml::Document;

const PETS: &str = "
openapi: 3.1.0
info: { title: Pets, version: '1' }
security: [{ Key: [] }, { Token: [] }]
paths:
  /pets:
    get:
      operationId: listPets
      deprecated: true
      security: []
      parameters:
        - { name: limit, in: query, required: true, schema: { type: integer, maximum: 10 } }
      responses:
        '404': { description: none, content: { application/json: { example: { missing: true } } } }
        '206':
          description: some
          content: { application/json: { example: { part: 1 } } }
        '200':
          description: all
          headers:
            X-Next: { schema: { type: string }, example: 'page 2' }
            Content-Length: { schema: { type: integer }, example: 7 }
          content:
            application/xml: { example: '<pets/>' }
            application/json:
              schema: { type: array, items: { $ref: '#/components/schemas/Pet' } }
              examples:
                one: { value: [{ id: 1 }] }
                two: { value: [{ id: 1 }, { id: 2 }] }
                wrong: { value: [{ id: x }] }
        default: { description: else, content: { text/plain: { example: oops } } }
    post:
      operationId: addPet
      requestBody:
        required: true
        content: { application/json: { schema: { $ref: '#/components/schemas/Pet' } } }
      responses:
        '201': { description: added }
        '400':
          description: bad
          content: { application/json: { examples: { a: { value: { code: a } }, b: { value: { code: b } } } } }
    put:
      operationId: setPet
      requestBody: { content: { application/json: { schema: { $ref: '#/components/schemas/Pet' } } } }
      responses: { 2XX: { description: set }, default: { description: else, content: { text/plain: { example: oops } } } }
    patch:
      operationId: mendPet
      requestBody: { content: { application/json: { schema: { $ref: '#/components/schemas/Pet' } } } }
      responses: { '302': { description: away } }
    delete: { operationId: dropPets, responses: {} }
components:
  securitySchemes:
    Key: { type: apiKey, in: query, name: key }
    Token: { type: http, scheme: bearer }
  schemas:
    Pet: { type: object, required: [id], properties: { id: { type: integer } }, additionalProperties: false }
";

struct Pets {
    contract: Arc<Contract>,
    kept: Renderings,
    options: RenderOptions,
}

fn pets() -> Pets {
    loaded(PETS)
}

fn loaded(text: &str) -> Pets {
    let mut findings = Vec::new();
    let document = Document::parse("pets.yaml", text, &mut findings).unwrap();
    let contract = Arc::new(Contract::load(&document, &mut findings).unwrap());
    Pets { contract, kept: Renderings::default(), options: RenderOptions::default() }
}

impl Pets {
    fn answer(&self, id: &str, query: &str, headers: &[&str], body: &str) -> ContractAnswer {
        self.answer_body(id, query, headers, &Body::Complete(body.to_owned().into()))
    }

    fn answer_body(&self, id: &str, query: &str, headers: &[&str], body: &Body) -> ContractAnswer {
        let mut operations = self.contract.operations.iter();
        let number = operations.position(|operation| operation.id == id).unwrap();
        let mut map = HeaderMap::new();
        for header in headers {
            let (name, value) = header.split_once(": ").unwrap();
            let name: HeaderName = name.parse().unwrap();
            map.append(name, HeaderValue::from_str(value).unwrap());
        }
        let operation = &self.contract.operations[number];
        let validator = RequestValidator::new(operation, &self.contract.schemas);
        let sent = SentRequest { path: &[], query, headers: &map, body };
        let asked = ContractRequest {
            contract: &self.contract,
            number,
            headers: &map,
            query,
            violations: &validator.validate(&sent).violations,
            preferences: &Preferences::of(&map, query).unwrap(),
        };
        answer(&asked, Seeds { steady: 1, fresh: 2 }, self.options, &self.kept)
    }

    fn told(&self, id: &str, query: &str, headers: &[&str], body: &str) -> String {
        let answered = self.answer(id, query, headers, body);
        let mut lines = vec![answered.response.status().as_u16().to_string()];
        for (name, value) in answered.response.headers() {
            lines.push(format!("{name}: {}", value.to_str().unwrap()));
        }
        if let Some(applied) = &answered.applied {
            lines.push(format!("preference-applied: {}", applied.to_str().unwrap()));
        }
        lines.push(String::from_utf8(answered.response.body().to_vec()).unwrap());
        lines.push(answered.documented.as_deref().unwrap_or("in our own name").to_owned());
        let violations = answered.violations.iter();
        lines.extend(violations.map(|it| format!("! {} {} {}", it.field, it.keyword, it.text)));
        lines.join("\n") + "\n"
    }
}

/// Where each violation is, as Prism's `validation` list has it, and its message.
fn check_locations(rows: &[(&str, &str, &[&str], &str)], expected: &Expect) {
    let names = loaded(NAMES);
    let mut told = String::new();
    for (id, query, headers, body) in rows {
        writeln!(told, "{id} {query}").unwrap();
        let answered = names.answer(id, query, headers, body);
        let problem: serde_json::Value = serde_json::from_slice(answered.response.body()).unwrap();
        for item in problem["validation"].as_array().unwrap() {
            writeln!(told, "  {} {}", item["location"], item["message"]).unwrap();
        }
    }
    expected.assert_eq(&told);
}

fn check(rows: &[(&str, &str, &[&str], &str)], expected: &Expect) {
    let pets = pets();
    let told = rows.iter().map(|(id, query, headers, body)| {
        format!("{id} {query} {headers:?} {body}\n{}\n", pets.told(id, query, headers, body))
    });
    expected.assert_eq(&told.collect::<String>());
}

#[test]
fn a_valid_request_gets_the_lowest_success_in_the_media_type_that_it_accepts() {
    check(
        &[
            ("listPets", "limit=1", &[], ""),
            ("listPets", "limit=1", &["accept: application/xml"], ""),
            ("listPets", "limit=1", &["accept: */*"], ""),
            ("listPets", "limit=1", &["accept: text/html"], ""),
            ("setPet", "key=1", &["accept: text/html"], ""),
            ("mendPet", "key=1", &[], ""),
            ("dropPets", "key=1", &[], ""),
        ],
        &expect![[r#"
            listPets limit=1 [] 
            200
            content-type: application/json
            x-next: page 2
            deprecation: true
            [{"id":1}]
            listPets documents 200, pets.yaml:18

            listPets limit=1 ["accept: application/xml"] 
            200
            content-type: application/xml
            x-next: page 2
            deprecation: true
            <pets/>
            listPets documents 200, pets.yaml:18

            listPets limit=1 ["accept: */*"] 
            200
            content-type: application/xml
            x-next: page 2
            deprecation: true
            <pets/>
            listPets documents 200, pets.yaml:18

            listPets limit=1 ["accept: text/html"] 
            406
            content-type: application/problem+json
            deprecation: true
            {"type":"urn:tombstone:errors#NOT_ACCEPTABLE","title":"The server cannot produce a representation for your accept header","status":406,"detail":"available are application/xml, application/json"}
            in our own name

            setPet key=1 ["accept: text/html"] 
            200

            setPet documents 200, pets.yaml:45

            mendPet key=1 [] 
            302

            mendPet documents 302, pets.yaml:49

            dropPets key=1 [] 
            200

            dropPets documents 200, pets.yaml:50

        "#]],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn preferences_choose_status_and_example() {
    check(
        &[
            ("listPets", "limit=1", &["prefer: code=404"], ""),
            ("listPets", "limit=1&__code=404", &[], ""),
            ("listPets", "limit=1&__code=404", &["prefer: example=two"], ""),
            ("listPets", "limit=1", &["prefer: code=418"], ""),
            ("listPets", "limit=1", &["prefer: code=206, example=two"], ""),
            ("listPets", "limit=1", &["prefer: example=nobody"], ""),
            ("setPet", "key=1", &["prefer: code=418"], ""),
            (
                "addPet",
                "key=1",
                &["prefer: code=400", "content-type: application/json"],
                "{\"id\":1}",
            ),
        ],
        &expect![[r#"
            listPets limit=1 ["prefer: code=404"] 
            404
            content-type: application/json
            deprecation: true
            preference-applied: code=404
            {"missing":true}
            listPets documents 404, pets.yaml:14

            listPets limit=1&__code=404 [] 
            404
            content-type: application/json
            deprecation: true
            preference-applied: code=404
            {"missing":true}
            listPets documents 404, pets.yaml:14

            listPets limit=1&__code=404 ["prefer: example=two"] 
            200
            content-type: application/json
            x-next: page 2
            deprecation: true
            preference-applied: example=two
            [{"id":1},{"id":2}]
            listPets documents 200 example two, pets.yaml:18

            listPets limit=1 ["prefer: code=418"] 
            418
            content-type: text/plain
            deprecation: true
            preference-applied: code=418
            oops
            listPets documents 418, pets.yaml:31

            listPets limit=1 ["prefer: code=206, example=two"] 
            404
            content-type: application/problem+json
            deprecation: true
            {"type":"urn:tombstone:errors#NOT_FOUND","title":"The server cannot find the requested content","status":404,"detail":"`listPets` documents no example `two` for 206: it has none there, and the codes `404`, `206`, `200`, `default`","codes":["404","206","200","default"],"examples":[]}
            in our own name

            listPets limit=1 ["prefer: example=nobody"] 
            404
            content-type: application/problem+json
            deprecation: true
            {"type":"urn:tombstone:errors#NOT_FOUND","title":"The server cannot find the requested content","status":404,"detail":"`listPets` documents no example `nobody` for 200: it has `one`, `two`, `wrong` there, and the codes `404`, `206`, `200`, `default`","codes":["404","206","200","default"],"examples":["one","two","wrong"]}
            in our own name

            setPet key=1 ["prefer: code=418"] 
            418
            content-type: text/plain
            preference-applied: code=418
            oops
            setPet documents 418, pets.yaml:45

            addPet key=1 ["prefer: code=400", "content-type: application/json"] {"id":1}
            400
            content-type: application/json
            preference-applied: code=400
            {"code":"a"}
            addPet documents 400, pets.yaml:39

        "#]],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn an_invalid_request_gets_the_documents_own_words_else_ours() {
    check(
        &[
            ("addPet", "key=1", &["content-type: application/json"], "{\"id\":\"x\"}"),
            ("addPet", "key=1", &["prefer: code=400, example=b"], ""),
            ("addPet", "key=1", &["prefer: code=201, example=b"], ""),
            ("addPet", "", &["content-type: text/plain"], "x"),
            ("addPet", "key=1", &["content-type: text/plain"], "x"),
            ("listPets", "", &[], ""),
            ("listPets", "limit=11", &["prefer: code=200"], ""),
            ("setPet", "key=1", &["content-type: application/json"], "{\"id\":1,\"a/b\":2}"),
            ("setPet", "key=1", &["content-type: application/xml"], "<a/>"),
            ("mendPet", "key=1", &["content-type: application/json"], "{}"),
            ("mendPet", "key=1", &["content-type: text/plain"], "x"),
            ("mendPet", "", &["authorization: Basic eA=="], ""),
        ],
        &expect![[r#"
            addPet key=1 ["content-type: application/json"] {"id":"x"}
            400
            content-type: application/json
            sl-violations: [{"location":["request","body","id"],"severity":"Error","code":"type","message":"Request body property id must be integer"}]
            {"code":"a"}
            addPet documents 400, pets.yaml:39, the request is invalid
            ! id type must be an integer

            addPet key=1 ["prefer: code=400, example=b"] 
            400
            content-type: application/json
            sl-violations: [{"location":["request","body"],"severity":"Error","code":"required","message":"Body parameter is required"}]
            preference-applied: code=400, example=b
            {"code":"b"}
            addPet documents 400 example b, pets.yaml:39, the request is invalid
            !  body_required must not be empty

            addPet key=1 ["prefer: code=201, example=b"] 
            400
            content-type: application/json
            sl-violations: [{"location":["request","body"],"severity":"Error","code":"required","message":"Body parameter is required"}]
            {"code":"a"}
            addPet documents 400, pets.yaml:39, the request is invalid
            !  body_required must not be empty

            addPet  ["content-type: text/plain"] x
            401
            content-type: application/problem+json
            www-authenticate: Bearer
            {"type":"urn:tombstone:errors#UNAUTHORIZED","title":"Invalid security scheme used","status":401,"detail":"the request has no credential that the operation asks for, and the document has no 401","validation":[{"location":["query","key"],"severity":"Error","code":401,"message":"Invalid security scheme used"},{"location":["body"],"severity":"Error","code":415,"message":"Supported content types: application/json"}]}
            in our own name
            ! key security must hold a credential for `Key`, which is missing
            !  media_type must be sent with `Content-Type` `application/json`

            addPet key=1 ["content-type: text/plain"] x
            400
            content-type: application/json
            sl-violations: [{"location":["request","body"],"severity":"Error","code":415,"message":"Supported content types: application/json"}]
            {"code":"a"}
            addPet documents 400, pets.yaml:39, the request is invalid
            !  media_type must be sent with `Content-Type` `application/json`

            listPets  [] 
            422
            content-type: text/plain
            sl-violations: [{"location":["request","query"],"severity":"Error","code":"required","message":"Request query must have required property 'limit'"}]
            deprecation: true
            oops
            listPets documents 422, pets.yaml:31, the request is invalid
            ! limit required is required

            listPets limit=11 ["prefer: code=200"] 
            422
            content-type: text/plain
            sl-violations: [{"location":["request","query","limit"],"severity":"Error","code":"maximum","message":"Request query parameter limit must be <= 10"}]
            deprecation: true
            oops
            listPets documents 422, pets.yaml:31, the request is invalid
            ! limit maximum must be at most 10

            setPet key=1 ["content-type: application/json"] {"id":1,"a/b":2}
            422
            content-type: text/plain
            sl-violations: [{"location":["request","body"],"severity":"Error","code":"additionalProperties","message":"Request body must NOT have additional properties; found 'a/b'"}]
            oops
            setPet documents 422, pets.yaml:45, the request is invalid
            ! a/b additionalProperties is not allowed

            setPet key=1 ["content-type: application/xml"] <a/>
            415
            content-type: text/plain
            sl-violations: [{"location":["request","body"],"severity":"Error","code":415,"message":"Supported content types: application/json"}]
            oops
            setPet documents 415, pets.yaml:45, the request is invalid
            !  media_type must be sent with `Content-Type` `application/json`

            mendPet key=1 ["content-type: application/json"] {}
            422
            content-type: application/problem+json
            {"type":"urn:tombstone:errors#UNPROCESSABLE_ENTITY","title":"Invalid request","status":422,"detail":"the request is not as the contract asks, and the document has no response that says so","validation":[{"location":["body"],"severity":"Error","code":"required","message":"Request body must have required property 'id'"}]}
            in our own name
            ! id required is required

            mendPet key=1 ["content-type: text/plain"] x
            415
            content-type: application/problem+json
            {"type":"urn:tombstone:errors#INVALID_CONTENT_TYPE","title":"Invalid content type","status":415,"detail":"Supported content types: application/json","validation":[{"location":["body"],"severity":"Error","code":415,"message":"Supported content types: application/json"}]}
            in our own name
            !  media_type must be sent with `Content-Type` `application/json`

            mendPet  ["authorization: Basic eA=="] 
            401
            content-type: application/problem+json
            www-authenticate: Bearer
            {"type":"urn:tombstone:errors#UNAUTHORIZED","title":"Invalid security scheme used","status":401,"detail":"the request has no credential that the operation asks for, and the document has no 401","validation":[{"location":["query","key"],"severity":"Error","code":401,"message":"Invalid security scheme used"}]}
            in our own name
            ! key security must hold a credential for `Key`, which is missing

        "#]],
    );
}

#[test]
fn an_example_that_does_not_fit_is_told_and_refused_where_errors_are_asked_for() {
    let mut pets = pets();
    let of = |pets: &Pets| pets.told("listPets", "limit=1", &["prefer: example=wrong"], "");
    expect![[r#"
        200
        content-type: application/json
        x-next: page 2
        sl-violations: [{"location":["response","body","0","id"],"severity":"Error","code":"type","message":"Response body property 0.id must be integer"}]
        deprecation: true
        preference-applied: example=wrong
        [{"id":"x"}]
        listPets documents 200 example wrong, pets.yaml:18
        ! [0].id type must be an integer
    "#]]
    .assert_eq(&of(&pets));
    pets.options.errors = true;
    expect![[r#"
        500
        content-type: application/problem+json
        deprecation: true
        {"type":"urn:tombstone:errors#VIOLATIONS","title":"Request/Response not valid","status":500,"detail":"the body does not fit its schema; without `--errors` it is sent all the same","validation":[{"location":["response","body","0","id"],"severity":"Error","code":"type","message":"Response body property 0.id must be integer"}]}
        in our own name
        ! [0].id type must be an integer
    "#]].assert_eq(&of(&pets));
}

#[test]
fn an_answer_is_made_once_and_a_dynamic_one_each_time_unless_its_seed_is_given() {
    let pets = pets();
    let of = |prefer: &str| {
        let answered = pets.answer("listPets", "limit=1", &[prefer], "");
        answered.response.into_body()
    };
    let (one, other) = (of("prefer: example=one"), of("prefer: example=one"));
    assert_eq!(one.as_ptr(), other.as_ptr());
    let (one, other) = (of("prefer: dynamic=true"), of("prefer: dynamic=true"));
    assert_ne!(one.as_ptr(), other.as_ptr());
    let (one, other) = (of("prefer: dynamic=true, seed=a"), of("prefer: dynamic=true, seed=a"));
    assert_eq!(one.as_ptr(), other.as_ptr());
}

const NAMES: &str = "
openapi: 3.1.0
info: { title: Names, version: '1' }
paths:
  /a:
    get:
      operationId: arrays
      parameters:
        - { name: ids, in: query, schema: &list { type: array, items: { type: integer } } }
        - { name: spaced, in: query, style: spaceDelimited, explode: false, schema: *list }
        - { name: piped, in: query, style: pipeDelimited, explode: false, schema: *list }
        - { name: csv, in: query, explode: false, schema: *list }
        - { name: 'tags[]', in: query, schema: *list }
        - { name: X-List, in: header, schema: *list }
        - { name: crumbs, in: cookie, explode: false, schema: *list }
      responses: { '200': { description: ok } }
  /o:
    get:
      operationId: objects
      parameters:
        - { name: filter, in: query, style: deepObject, schema: &object { type: object, required: [name], additionalProperties: false, properties: { name: { type: string }, n: { type: integer } } } }
        - { name: json, in: query, content: { application/json: { schema: *object } } }
        - { name: page, in: query, schema: { type: object, properties: { limit: { type: integer } } } }
        - { name: X-Object, in: header, schema: *object }
      responses: { '200': { description: ok } }
  /n:
    get:
      operationId: names
      parameters:
        - { name: 'must[]', in: query, required: true, schema: *list }
        - { name: a.b, in: query, schema: { type: integer } }
        - { name: 'p%q', in: query, schema: { type: integer } }
        - { name: t~u/v, in: query, schema: { type: integer } }
        - { name: x.y, in: cookie, required: true, schema: { type: integer } }
      responses: { '200': { description: ok } }
    post:
      operationId: bodies
      requestBody:
        content:
          application/json:
            schema:
              type: object
              required: [a.b]
              unevaluatedProperties: false
              properties: { a.b: { type: integer }, 'x[0]': { type: integer }, c/d: { type: array, items: { required: ['k[0]'] } }, '': { type: integer } }
          application/x-www-form-urlencoded: { schema: &form { type: object, required: [n], properties: { n: { type: integer }, 'u[]': *list } } }
          multipart/form-data:
            schema: *form
            encoding: { n: { headers: { X-Unit: { required: true, schema: { type: string } } } } }
      responses: { '200': { description: ok } }
";

#[test]
fn violations_of_parameters_are_located_whatever_the_style_and_the_names() {
    check_locations(
        &[
            ("arrays", "ids=1&ids=x", &[], ""),
            ("arrays", "spaced=1%20x&piped=1|x&csv=1,x&tags[]=1&tags[]=x", &[], ""),
            ("arrays", "", &["x-list: 1, x", "cookie: crumbs=1,x"], ""),
            ("objects", "filter[n]=x&filter[z]=1", &[], ""),
            ("objects", "json={%22n%22:%22x%22}&limit=x", &[], ""),
            ("objects", "json={", &["x-object: n,x"], ""),
            ("names", "", &[], ""),
            ("names", "must[]=1&a.b=x&p%25q=x&t~u/v=x", &["cookie: x.y=1"], ""),
        ],
        &expect![[r#"
        arrays ids=1&ids=x
          ["query","ids","1"] "Request query parameter ids.1 must be integer"
        arrays spaced=1%20x&piped=1|x&csv=1,x&tags[]=1&tags[]=x
          ["query","spaced","1"] "Request query parameter spaced.1 must be integer"
          ["query","piped","1"] "Request query parameter piped.1 must be integer"
          ["query","csv","1"] "Request query parameter csv.1 must be integer"
          ["query","tags[]","1"] "Request query parameter tags[].1 must be integer"
        arrays 
          ["header","X-List","1"] "Request header parameter X-List.1 must be integer"
          ["cookie","crumbs","1"] "Request cookie parameter crumbs.1 must be integer"
        objects filter[n]=x&filter[z]=1
          ["query","filter"] "Request query parameter filter must NOT have additional properties; found 'z'"
          ["query","filter"] "Request query parameter filter must have required property 'name'"
          ["query","filter","n"] "Request query parameter filter.n must be integer"
        objects json={%22n%22:%22x%22}&limit=x
          ["query","json"] "Request query parameter json must have required property 'name'"
          ["query","json","n"] "Request query parameter json.n must be integer"
          ["query","page","limit"] "Request query parameter page.limit must be integer"
        objects json={
          ["query","json"] "Request query parameter json must be valid JSON: EOF while parsing an object at line 1 column 1"
          ["header","X-Object"] "Request header parameter X-Object must have required property 'name'"
          ["header","X-Object","n"] "Request header parameter X-Object.n must be integer"
        names 
          ["query"] "Request query must have required property 'must[]'"
          ["cookie"] "Request cookie must have required property 'x.y'"
        names must[]=1&a.b=x&p%25q=x&t~u/v=x
          ["query","a.b"] "Request query parameter a.b must be integer"
          ["query","p%q"] "Request query parameter p%q must be integer"
          ["query","t~u/v"] "Request query parameter t~u/v must be integer"
        "#]],
    );
}

#[test]
fn violations_of_bodies_are_located_whatever_the_names() {
    let form = "content-type: application/x-www-form-urlencoded";
    let parts = [
        "--b\r\nContent-Disposition: form-data; name=n\r\n\r\n1\r\n",
        "--b\r\nContent-Disposition: form-data; name=\"u[]\"\r\n\r\nx\r\n--b--\r\n",
    ];
    let json = r#"{"x[0]":"a","c/d":[{}],"":"z","e.f":1}"#;
    check_locations(
        &[
            ("bodies", "", &["content-type: application/json"], json),
            ("bodies", "", &[form], "u[]=1&u[]=x"),
            ("bodies", "", &["content-type: multipart/form-data; boundary=b"], &parts.concat()),
        ],
        &expect![[r#"
        bodies 
          ["body"] "Request body must have required property 'a.b'"
          ["body"] "Request body must NOT have unevaluated properties: 'e.f'"
          ["body","x[0]"] "Request body property x[0] must be integer"
          ["body","c/d","0"] "Request body property c/d.0 must have required property 'k[0]'"
          ["body",""] "Request body property  must be integer"
        bodies 
          ["body"] "Request body must have required property 'n'"
          ["body","u[]","1"] "Request body property u[].1 must be integer"
        bodies 
          ["body","n"] "Request body property n has a header `X-Unit` that is required"
          ["body","u[]","0"] "Request body property u[].0 must be integer"
        "#]],
    );
}

const CHOICES: &str = "
openapi: 3.1.0
info: { title: Choices, version: '1' }
paths:
  /media:
    get:
      operationId: media
      responses:
        '200':
          description: ok
          content:
            application/xml: { examples: { x: { value: <x/> } } }
            application/json: { examples: { j: { value: { j: 1 } } } }
            text/plain: { examples: { t: { value: t } } }
            text/html: { examples: { h: { value: h } } }
  /explicit: { get: { operationId: explicit, responses: { 2XX: { description: x }, '204': { description: x }, '201': { description: x } } } }
  /class: { get: { operationId: class, responses: { 4XX: { description: x }, default: { description: x }, 2XX: { description: x } } } }
  /else: { get: { operationId: else, responses: { 4XX: { description: x }, default: { description: x } } } }
  /failures: { get: { operationId: failures, responses: { 4XX: { description: x }, '503': { description: x }, '404': { description: x } } } }
  /failure: { get: { operationId: failure, responses: { 5XX: { description: x }, 4XX: { description: x } } } }
  /bad:
    post:
      operationId: bad
      requestBody: { required: true, content: { application/json: { schema: { type: object } } } }
      responses:
        '201': { description: ok, content: { application/json: { examples: { good: { value: 1 } } } } }
        '422': { description: bad, content: { application/xml: { example: <e/> }, application/json: { examples: { e: { value: 2 } } } } }
  /sized:
    post:
      operationId: sized
      requestBody: { content: { application/json: {} } }
      responses: { '201': { description: ok }, '400': { description: bad }, '413': { description: large, content: { text/plain: { example: too big } } }, '415': { description: type } }
  /made:
    post:
      operationId: made
      requestBody: { required: true, content: { application/json: { schema: { type: object } } } }
      responses: { '201': { description: ok }, 4XX: { description: bad, content: { application/json: { schema: { const: 3 } } } } }
";

/// The status and the body of each answer.
fn check_choices(rows: &[(&str, &[&str])], expected: &Expect) {
    let choices = loaded(CHOICES);
    let mut told = String::new();
    for (id, headers) in rows {
        let response = choices.answer(id, "", headers, "").response;
        let body = String::from_utf8_lossy(response.body());
        writeln!(told, "{id} {headers:?}: {} {body}", response.status().as_u16()).unwrap();
    }
    expected.assert_eq(&told);
}

#[test]
fn the_first_of_the_media_types_that_suit_is_given() {
    check_choices(
        &[
            ("media", &[]),
            ("media", &["accept: "]),
            ("media", &["accept: */*"]),
            ("media", &["accept: application/*"]),
            ("media", &["accept: text/*"]),
            ("media", &["accept: application/json, text/plain, */*"]),
            ("media", &["accept: application/xml;q=0, */*"]),
            ("media", &["accept: text/html;q=0.5, text/plain;q=0.2"]),
            ("media", &["accept: application/json; version=1"]),
            ("media", &["accept: text/csv", "accept: text/html"]),
            ("media", &["accept: */*", "prefer: example=h"]),
            ("media", &["accept: text/plain", "prefer: example=h"]),
        ],
        &expect![[r#"
            media []: 200 {"j":1}
            media ["accept: "]: 200 {"j":1}
            media ["accept: */*"]: 200 <x/>
            media ["accept: application/*"]: 200 <x/>
            media ["accept: text/*"]: 200 t
            media ["accept: application/json, text/plain, */*"]: 200 {"j":1}
            media ["accept: application/xml;q=0, */*"]: 200 {"j":1}
            media ["accept: text/html;q=0.5, text/plain;q=0.2"]: 200 h
            media ["accept: application/json; version=1"]: 200 {"j":1}
            media ["accept: text/csv", "accept: text/html"]: 200 h
            media ["accept: */*", "prefer: example=h"]: 200 h
            media ["accept: text/plain", "prefer: example=h"]: 404 {"type":"urn:tombstone:errors#NOT_FOUND","title":"The server cannot find the requested content","status":404,"detail":"`media` documents no example `h` for 200: it has `t` there, and the codes `200`","codes":["200"],"examples":["t"]}
        "#]],
    );
}

#[test]
fn a_status_goes_before_a_class_of_them() {
    let ids = ["explicit", "class", "else", "failures", "failure"];
    check_choices(
        &ids.map(|id| (id, &[][..])),
        &expect![[r#"
        explicit []: 201 
        class []: 200 
        else []: 200 
        failures []: 404 
        failure []: 500 
    "#]],
    );
}

#[test]
fn an_example_of_the_status_that_an_invalid_request_comes_to_has_to_be_there() {
    check_choices(
        &[
            ("bad", &[]),
            ("bad", &["prefer: code=422, example=e"]),
            ("bad", &["prefer: code=422, example=none"]),
            ("bad", &["prefer: code=400, example=none"]),
            ("bad", &["prefer: code=201, example=none"]),
            ("bad", &["prefer: example=none"]),
            ("made", &["prefer: code=422, example=none"]),
        ],
        &expect![[r#"
            bad []: 422 <e/>
            bad ["prefer: code=422, example=e"]: 422 2
            bad ["prefer: code=422, example=none"]: 404 {"type":"urn:tombstone:errors#NOT_FOUND","title":"The server cannot find the requested content","status":404,"detail":"`bad` documents no example `none` for 422: it has `e` there, and the codes `201`, `422`","codes":["201","422"],"examples":["e"]}
            bad ["prefer: code=400, example=none"]: 404 {"type":"urn:tombstone:errors#NOT_FOUND","title":"The server cannot find the requested content","status":404,"detail":"`bad` documents no example `none` for 422: it has `e` there, and the codes `201`, `422`","codes":["201","422"],"examples":["e"]}
            bad ["prefer: code=201, example=none"]: 422 <e/>
            bad ["prefer: example=none"]: 422 <e/>
            made ["prefer: code=422, example=none"]: 422 3
        "#]],
    );
}

#[test]
fn a_body_that_was_not_read_has_a_status_of_its_own() {
    let choices = loaded(CHOICES);
    let large = Body::TooLarge { limit: 9 };
    let coded = Body::UnknownCoding { coding: "compress".to_owned() };
    let broken = Body::BrokenCoding { coding: "gzip".to_owned(), reason: "cut".to_owned() };
    let mut told = String::new();
    for id in ["sized", "bad", "made"] {
        for body in [&large, &coded, &broken] {
            let response = choices.answer_body(id, "", &["content-type: application/json"], body);
            let response = response.response;
            let codings = response.headers().get("accept-encoding");
            let (status, body) = (response.status().as_u16(), response.body());
            writeln!(told, "{id}: {status} {codings:?} {}", String::from_utf8_lossy(body)).unwrap();
        }
    }
    expect![[r#"
        sized: 413 None too big
        sized: 415 Some("gzip, deflate, br, zstd") 
        sized: 400 None 
        bad: 413 None {"type":"urn:tombstone:errors#BODY_TOO_LARGE","title":"Body too large","status":413,"detail":"the body must not be larger than 9 bytes; send less, or raise the limit with `--body-bytes`","validation":[{"location":["body"],"severity":"Error","code":"too_large","message":"Request body must not be larger than 9 bytes"}]}
        bad: 415 Some("gzip, deflate, br, zstd") {"type":"urn:tombstone:errors#INVALID_CONTENT_ENCODING","title":"Invalid content encoding","status":415,"detail":"the body must not be encoded as `compress`: gzip, deflate, br, zstd can be read","validation":[{"location":["body"],"severity":"Error","code":"content_encoding","message":"Request body must not be encoded as `compress`: gzip, deflate, br, zstd can be read"}]}
        bad: 422 None <e/>
        made: 413 None 3
        made: 415 Some("gzip, deflate, br, zstd") 3
        made: 422 None 3
    "#]].assert_eq(&told);
}

#[test]
fn an_example_is_found_by_its_name_alone_whatever_its_media_type() {
    let contract = loaded(CHOICES).contract;
    let find = |id: &str, name: &str| {
        let operation = contract.operations.iter().find(|operation| operation.id == id).unwrap();
        response::by_name(operation, None, Some(name))
            .map(drop)
            .map_err(|missing| missing.to_string())
    };
    assert_eq!(find("media", "t"), Ok(()));
    assert_eq!(find("bad", "e"), Ok(()));
    expect!["`bad` documents no example `z`: it has `good`, `e`"]
        .assert_eq(&find("bad", "z").unwrap_err());
}

/// The answers of a document to `GET` of each of its paths, with what is found when it is loaded.
fn got(text: &str) -> String {
    let mut found = Vec::new();
    let document = Document::parse("a.yaml", text, &mut found).unwrap();
    let contract = Contract::load(&document, &mut found).unwrap();
    findings(&contract, &mut found);
    super::check(&contract, &document, &mut found);
    let mut said = String::new();
    for finding in found {
        writeln!(said, "{finding} at {}", finding.pointer).unwrap();
    }
    for (number, operation) in contract.operations.iter().enumerate() {
        let asked = ContractRequest {
            contract: &contract,
            number,
            preferences: &Preferences::default(),
            headers: &HeaderMap::new(),
            query: "",
            violations: &[],
        };
        let seeds = Seeds { steady: 1, fresh: 1 };
        let answered = answer(&asked, seeds, RenderOptions::default(), &Renderings::default());
        writeln!(said, "{} {}", operation.id, answered.response.status().as_u16()).unwrap();
        let mut headers: Vec<String> = answered
            .response
            .headers()
            .iter()
            .filter(|(name, _)| **name != PRISM_VIOLATIONS)
            .map(|(name, value)| format!("  {name}: {}", value.to_str().unwrap()))
            .collect();
        headers.sort();
        for header in headers {
            writeln!(said, "{header}").unwrap();
        }
        let body = String::from_utf8_lossy(answered.response.body());
        writeln!(said, "  {}", if body.is_empty() { "empty" } else { &*body }).unwrap();
        for violation in answered.violations {
            writeln!(said, "  ! {} {}", violation.keyword, violation.text).unwrap();
        }
    }
    said
}

#[test]
fn what_is_documented_is_written_in_any_media_type_or_told() {
    let paths = [
        ("octets", "application/octet-stream: { example: { a: 1 } }"),
        ("made", "application/octet-stream: { schema: { type: object, required: [a], properties: { a: { const: 1 } } } }"),
        ("vendor", "application/vnd.acme: { example: { a: 1 } }"),
        ("text", "application/vnd.acme: { example: plain }"),
        ("bytes", "application/pdf: { schema: { type: string, format: byte }, example: JVBERi0= }"),
        ("url", "image/png: { schema: { type: string, contentEncoding: base64url }, example: Pz8_ }"),
        ("file", "application/pdf: { schema: { type: string, format: binary, example: '%PDF-1.7' } }"),
        ("pdf", "application/pdf: { example: { a: 1 } }"),
        ("cbor", "application/cbor: { schema: { type: object, properties: { a: { const: 1 } } } }"),
        ("image", "image/*: { schema: { type: array, items: { type: integer } } }"),
    ]
    .map(|(name, content)| {
        format!("  /{name}:\n    get:\n      operationId: {name}\n      responses:\n        '200': {{ description: ok, content: {{ {content} }} }}\n")
    })
    .concat();
    expect![[r#"
        a.yaml:43: warning: no body can be written in this media type from a value with parts; the answer's is left empty (give an example that is a text: its bytes are sent, decoded where the schema says `contentEncoding: base64`) at /paths/~1pdf/get/responses/200/content/application~1pdf
        a.yaml:48: warning: no body can be written in this media type from a value with parts; the answer's is left empty (give an example that is a text: its bytes are sent, decoded where the schema says `contentEncoding: base64`) at /paths/~1cbor/get/responses/200/content/application~1cbor
        a.yaml:53: warning: no body can be written in this media type from a value with parts; the answer's is left empty (give an example that is a text: its bytes are sent, decoded where the schema says `contentEncoding: base64`) at /paths/~1image/get/responses/200/content/image~1*
        octets 200
          content-type: application/octet-stream
          {"a":1}
        made 200
          content-type: application/octet-stream
          {"a":1}
        vendor 200
          content-type: application/vnd.acme
          {"a":1}
        text 200
          content-type: application/vnd.acme
          plain
        bytes 200
          content-type: application/pdf
          %PDF-
        url 200
          content-type: image/png
          ???
        file 200
          content-type: application/pdf
          %PDF-1.7
        pdf 200
          content-type: application/pdf
          empty
          ! content cannot be written as `application/pdf`, and is left empty
        cbor 200
          content-type: application/cbor
          empty
          ! content cannot be written as `application/cbor`, and is left empty
        image 200
          content-type: image/png
          empty
          ! content cannot be written as `image/png`, and is left empty
    "#]].assert_eq(&got(&format!(
        "openapi: 3.1.0\ninfo: {{ title: T, version: '1' }}\npaths:\n{paths}"
    )));
}

const HEADERS: &str = r#"
openapi: 3.1.0
info: { title: T, version: '1' }
servers: [{ url: 'https://api.acme.test/v1' }]
paths:
  /things:
    post:
      operationId: made
      security: [{ Token: [] }, { Session: [] }]
      parameters: [{ name: offset, in: query, schema: { type: integer } }]
      requestBody: { content: { application/json: {}, text/csv: {} } }
      responses:
        '401':
          description: plain
          headers:
            Retry-After: { schema: { type: string } }
            Location: { schema: { type: string } }
            Content-Location: { schema: { type: string } }
            WWW-Authenticate: { schema: { type: string } }
            ETag: { schema: { type: string } }
            Last-Modified: { schema: { type: string } }
            Expires: { schema: { type: string } }
            Age: { schema: { type: string } }
            Cache-Control: { schema: { type: string } }
            Vary: { schema: { type: string } }
            Allow: { schema: { type: string } }
            Accept-Ranges: { schema: { type: string } }
            Accept-Patch: { schema: { type: string } }
            Accept-Post: { schema: { type: string } }
            Content-Range: { schema: { type: string } }
            Content-Disposition: { schema: { type: string } }
            Content-Language: { schema: { type: string } }
            Link: { schema: { type: string } }
            Set-Cookie: { schema: { type: string } }
            RateLimit-Limit: { schema: { type: string } }
            X-RateLimit-Remaining: { schema: { type: string } }
            X-Rate-Limit-Reset: { schema: { type: string } }
            RateLimit: { schema: { type: string } }
            Sunset: { schema: { type: string } }
            Deprecation: { schema: { type: string } }
            X-Request-Id: { schema: { type: string } }
            X-Total-Count: { schema: { type: string } }
            Strict-Transport-Security: { schema: { type: string } }
            traceparent: { schema: { type: string } }
            X-Unknown: { schema: { type: string } }
          content: { application/json: { example: [{ id: a-1 }] } }
  /orgs/{org}/things:
    post:
      operationId: below
      security: [{ Key: [] }]
      responses:
        '401':
          description: no
          headers:
            WWW-Authenticate: { schema: { type: string } }
            Location: { schema: { type: string } }
            Content-Location: { schema: { type: string, format: uri } }
          content: { application/json: { example: { id: a-1 } } }
  /orgs/{org}:
    patch:
      operationId: typed
      requestBody: { content: { application/merge-patch+json: {} } }
      responses:
        '202':
          description: done
          headers:
            Retry-After: { schema: { type: integer } }
            Allow: { schema: { type: array, items: { type: string } } }
            Deprecation: { schema: { type: boolean } }
            Accept-Patch: { schema: { type: string } }
            ETag: { schema: { type: string }, example: 'W/"1"' }
            Cache-Control: { schema: { type: string, enum: [no-store] } }
            Vary: { schema: { type: string, default: Origin } }
            Last-Modified: { schema: { type: string, format: date } }
            X-RateLimit-Limit: { schema: { type: integer, maximum: 5 } }
            X-Request-Id: { schema: { type: string, pattern: '^req_[0-9]+$' } }
            WWW-Authenticate: { schema: { type: string } }
    get:
      operationId: away
      responses: { '302': { description: go, headers: { Location: { schema: { type: string } } } } }
    delete: { operationId: gone, responses: { '204': { description: gone } } }
components:
  securitySchemes:
    Token: { type: http, scheme: bearer }
    Key: { type: apiKey, in: header, name: X-Key }
    Session: { type: apiKey, in: cookie, name: sid }
"#;

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn well_known_headers_follow_their_own_grammar() {
    expect![[r#"
        a.yaml:48: warning: path parameter `org` is not declared; any text is accepted (declare it under `parameters` with `in: path`) at /paths/~1orgs~1{org}~1things/post
        a.yaml:60: warning: path parameter `org` is not declared; any text is accepted (declare it under `parameters` with `in: path`) at /paths/~1orgs~1{org}/patch
        a.yaml:78: warning: path parameter `org` is not declared; any text is accepted (declare it under `parameters` with `in: path`) at /paths/~1orgs~1{org}/get
        a.yaml:81: warning: path parameter `org` is not declared; any text is accepted (declare it under `parameters` with `in: path`) at /paths/~1orgs~1{org}/delete
        made 401
          accept-post: application/json, text/csv
          accept-ranges: bytes
          age: 0
          allow: POST, OPTIONS
          cache-control: no-cache
          content-disposition: attachment; filename="download.json"
          content-language: en
          content-location: /v1/things/96052820
          content-range: bytes 0-13/14
          content-type: application/json
          deprecation: @1735689600
          etag: "81d56faf96050845"
          expires: Sun, 09 Sep 2035 06:58:42 GMT
          last-modified: Tue, 23 Dec 2025 04:16:34 GMT
          link: </v1/things?offset=2>; rel="next"
          location: /v1/things/96052820
          ratelimit-limit: 100
          ratelimit: "default";r=99;t=60
          retry-after: 60
          set-cookie: sid=0a7f1db8b6ce7de6971942ad7d0b45de; Path=/; HttpOnly; SameSite=Lax
          strict-transport-security: max-age=31536000; includeSubDomains
          sunset: Sat, 22 Sep 2035 20:53:42 GMT
          traceparent: 00-0fd4d5fe465b03a18bf341b6a5e1e187-ad6b983d38d37cd6-01
          vary: Accept
          www-authenticate: Bearer
          x-rate-limit-reset: 60
          x-ratelimit-remaining: 99
          x-request-id: c21235b7-67f0-4c4b-accb-81499eba05d9
          x-total-count: 1
          x-unknown: meadow
          [{"id":"a-1"}]
          ! security must hold a credential for `Token`, which is missing
        below 401
          content-location: https://api.acme.test/v1/things/a-1
          content-type: application/json
          location: things/a-1
          www-authenticate: ApiKey realm="sandbox"
          {"id":"a-1"}
          ! security must hold a credential for `Key`, which is missing
        typed 202
          accept-patch: application/merge-patch+json
          allow: GET,HEAD,PATCH,DELETE,OPTIONS
          cache-control: no-store
          deprecation: true
          etag: W/"1"
          last-modified: 2023-04-04
          retry-after: 60
          vary: Origin
          x-ratelimit-limit: 1
          x-request-id: req_675
          empty
        away 302
          location: /v1/orgs/35968719
          empty
        gone 204
          empty
    "#]].assert_eq(&got(HEADERS));
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_no_value_fits_is_answered_with_the_nearest_and_told() {
    let paths = [
        ("enum", "{ type: string, enum: [1, 2] }"),
        ("bounds", "{ type: object, required: [a, b, c, d], properties: { a: { type: integer, minimum: 5, maximum: 3 }, b: { type: string, minLength: 5, maxLength: 2 }, c: { not: {} }, d: { type: array, minItems: 3, maxItems: 1, items: { type: integer } } } }"),
        ("pattern", "{ type: string, pattern: '^[a-z]{10}$', maxLength: 4 }"),
        ("overlap", "{ oneOf: [{ type: object }, { type: object }] }"),
        ("endless", "{ $ref: '#/components/schemas/R' }"),
        ("both", "{ allOf: [{ type: string }, { type: object }] }"),
        ("never", "{ type: array, minItems: 1, items: false }"),
        ("forbidden", "{ type: object, required: [x], properties: { x: false }, additionalProperties: false }"),
        ("undeclared", "{ type: object, required: [x], additionalProperties: false }"),
        ("const", "{ allOf: [{ const: a }, { enum: [b] }] }"),
        ("many", "{ type: object, minProperties: 3, maxProperties: 2 }"),
        ("unique", "{ type: array, minItems: 3, uniqueItems: true, items: { type: boolean } }"),
        ("fraction", "{ type: number, multipleOf: 10, minimum: 1, maximum: 9 }"),
    ]
    .map(|(name, schema)| {
        format!("  /{name}:\n    get:\n      operationId: {name}\n      responses:\n        '200': {{ description: ok, content: {{ application/json: {{ schema: {schema} }} }} }}\n")
    })
    .concat();
    expect![[r#"
        a.yaml:8: warning: `enum` is of another type than `type`; it is read as that type (put texts in quotes, and nothing else) at /paths/~1enum/get/responses/200/content/application~1json/schema/enum
        a.yaml:13: warning: `minimum` is above `maximum`, and no value fits at /paths/~1bounds/get/responses/200/content/application~1json/schema/properties/a/minimum
        a.yaml:13: warning: `minLength` is above `maxLength`, and no value fits at /paths/~1bounds/get/responses/200/content/application~1json/schema/properties/b/minLength
        a.yaml:13: warning: `not` refuses every value, and no value fits at /paths/~1bounds/get/responses/200/content/application~1json/schema/properties/c/not
        a.yaml:13: warning: `minItems` is above `maxItems`, and no value fits at /paths/~1bounds/get/responses/200/content/application~1json/schema/properties/d/minItems
        a.yaml:58: warning: `minProperties` is above `maxProperties`, and no value fits at /paths/~1many/get/responses/200/content/application~1json/schema/minProperties
        a.yaml:18: warning: no value was found that fits this schema; the nearest one is sent, with what is wrong in `Tombstone-Violations` (no text was found that matches `^[a-z]{10}$`) at /paths/~1pattern/get/responses/200/content/application~1json/schema
        a.yaml:23: warning: no value was found that fits this schema; the nearest one is sent, with what is wrong in `Tombstone-Violations` (the value is valid under more than one of the schemas listed in the 'oneOf' keyword) at /paths/~1overlap/get/responses/200/content/application~1json/schema
        a.yaml:69: warning: no value was found that fits this schema; the nearest one is sent, with what is wrong in `Tombstone-Violations` (at `/r/r`, what is required goes on without end) at /components/schemas/R
        a.yaml:33: warning: no value was found that fits this schema; the nearest one is sent, with what is wrong in `Tombstone-Violations` (the schemas that apply contradict each other) at /paths/~1both/get/responses/200/content/application~1json/schema
        a.yaml:38: warning: no value was found that fits this schema; the nearest one is sent, with what is wrong in `Tombstone-Violations` (at `/0`, the schemas that apply contradict each other) at /paths/~1never/get/responses/200/content/application~1json/schema
        a.yaml:43: warning: no value was found that fits this schema; the nearest one is sent, with what is wrong in `Tombstone-Violations` (at `/x`, the schemas that apply contradict each other) at /paths/~1forbidden/get/responses/200/content/application~1json/schema
        a.yaml:48: warning: no value was found that fits this schema; the nearest one is sent, with what is wrong in `Tombstone-Violations` (at `/x`, the schemas that apply contradict each other) at /paths/~1undeclared/get/responses/200/content/application~1json/schema
        a.yaml:53: warning: no value was found that fits this schema; the nearest one is sent, with what is wrong in `Tombstone-Violations` (the schemas that apply contradict each other) at /paths/~1const/get/responses/200/content/application~1json/schema
        a.yaml:63: warning: no value was found that fits this schema; the nearest one is sent, with what is wrong in `Tombstone-Violations` (there are not enough different items) at /paths/~1unique/get/responses/200/content/application~1json/schema
        a.yaml:68: warning: no value was found that fits this schema; the nearest one is sent, with what is wrong in `Tombstone-Violations` (no number is within the bounds) at /paths/~1fraction/get/responses/200/content/application~1json/schema
        enum 200
          content-type: application/json
          "1"
        bounds 200
          content-type: application/json
          {"a":5,"b":"texttext","c":"forest","d":[10]}
          ! maximum must be at most 3
          ! maxLength must be at most 2 characters long
          ! not has a form that is not allowed
          ! minItems must have at least 3 items
        pattern 200
          content-type: application/json
          "text"
          ! pattern must match the pattern `^[a-z]{10}$`
        overlap 200
          content-type: application/json
          {}
          ! oneOf fits more than one of the allowed forms
        endless 200
          content-type: application/json
          {"r":{"r":{}}}
          ! required is required
        both 200
          content-type: application/json
          "text"
          ! type must be an object
        never 200
          content-type: application/json
          ["island"]
          ! items is not allowed
        forbidden 200
          content-type: application/json
          {"x":"river"}
          ! falseSchema is not allowed
        undeclared 200
          content-type: application/json
          {"x":"cloud"}
          ! additionalProperties is not allowed
        const 200
          content-type: application/json
          "a"
          ! enum must be `b`
        many 200
          content-type: application/json
          {}
          ! minProperties must have at least 3 properties
        unique 200
          content-type: application/json
          [true,false,true]
          ! uniqueItems must not hold the same item twice
        fraction 200
          content-type: application/json
          1
          ! multipleOf must be a multiple of 10
    "#]].assert_eq(&got(&format!(
        "openapi: 3.1.0\ninfo: {{ title: T, version: '1' }}\npaths:\n{paths}components: {{ schemas: {{ R: {{ type: object, required: [r], properties: {{ r: {{ $ref: '#/components/schemas/R' }} }} }} }} }}\n"
    )));
}
