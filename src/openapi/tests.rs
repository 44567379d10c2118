//! Documents as vendors publish them, and what becomes of them.
//!
//! Owns the examples. Must not know how they are read.

use std::fmt::Write as _;
use std::sync::Arc;

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::{Contract, Operation, Validator};
use crate::yaml::Document;

fn load(text: &str) -> (Option<Contract>, String) {
    let mut findings = Vec::new();
    let document = Document::parse("a.yaml", text, &mut findings).unwrap();
    let contract = Contract::load(&document, &mut findings);
    if let Some(contract) = &contract {
        contract.check(&document, &mut findings);
    }
    let said = findings.iter().fold(String::new(), |mut said, finding| {
        writeln!(said, "{finding}").unwrap();
        said
    });
    (contract, said)
}

/// What is said about a document.
fn findings(text: &str, expected: &Expect) -> Option<Contract> {
    let (contract, said) = load(text);
    expected.assert_eq(&said);
    contract
}

/// A document with one schema `S` (and others beside it) that something uses.
fn with_schemas(version: &str, schemas: &str) -> String {
    let indented = schemas.replace('\n', "\n    ");
    format!(
        "openapi: {version}\ninfo: {{title: T, version: '1'}}\npaths:\n  /:\n    get:\n      responses:\n        \
         '200':\n          description: ok\n          content:\n            application/json:\n              \
         schema: {{$ref: '#/components/schemas/S'}}\ncomponents:\n  schemas:\n    {indented}\n"
    )
}

/// The schema `S` as it was lowered, what it accepts, what it refuses, and what is said.
fn schema(version: &str, schemas: &str, good: &[Value], bad: &[Value], expected: &Expect) {
    let (contract, said) = load(&with_schemas(version, schemas));
    let schemas = contract.unwrap().schemas;
    let id = schemas.at("/components/schemas/S").unwrap();
    let validator = schemas.validator(id).unwrap();
    expected.assert_eq(&format!("{}\n{said}", schemas.resolved(id)));
    for value in good {
        assert!(validator.is_valid(value), "{value} should be accepted");
    }
    for value in bad {
        assert!(!validator.is_valid(value), "{value} should be refused");
    }
}

const SHOP: &str = r"openapi: 3.0.3
info: {title: Shop, version: 1.2.0}
servers:
- url: https://api.shop.example/v1
- url: https://{region}.shop.example/{version}/
  variables:
    region: {default: eu}
    version: {default: v2}
- url: http://localhost:3000
security:
- key: []
x-not-emulated:
  /carts: [get, PUT]
paths:
  /carts/{id}:
    summary: one cart
    parameters:
    - $ref: '#/components/parameters/Id'
    - {name: verbose, in: query, schema: {type: boolean, default: false}}
    delete:
      operationId: deleteCart
      summary: Delete a cart
      parameters:
      - {name: verbose, in: query, schema: {type: integer, default: 3}, style: pipeDelimited, explode: false}
      - {name: X-Trace, in: header, schema: {type: string}}
      security: [{key: [], login: []}, {}]
      responses:
        200: {$ref: '#/components/responses/Done'}
        4xx: {description: refused, x-inferred: not in the pages, content: {application/json: {}}}
        default: {description: rest, x-unreachable: needs an outage}
    post:
      requestBody: {$ref: '#/components/requestBodies/Cart'}
      security: []
      responses: {'204': {description: none}}
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: X-Key}
    login: {type: oauth2, flows: {clientCredentials: {tokenUrl: /t, scopes: {}}}}
    basic: {type: http, scheme: Basic}
  parameters:
    Id: {name: id, in: path, required: true, schema: {$ref: '#/components/schemas/Id'}, example: 5}
  requestBodies:
    Cart:
      required: true
      content:
        application/json:
          schema: {$ref: '#/components/schemas/Cart'}
          examples:
            small: {$ref: '#/components/examples/Small'}
            wrong: {value: {id: x}}
  examples:
    Small: {value: {id: 1}}
  responses:
    Done:
      description: done
      headers: {X-Left: {schema: {type: integer}}}
      content:
        application/json: {schema: {$ref: '#/components/schemas/Cart'}}
  schemas:
    Id: {type: integer, format: int32, minimum: 1}
    Cart:
      type: object
      properties:
        id: {$ref: '#/components/schemas/Id'}
        inner: {$ref: '#/components/schemas/Cart'}
      example: {id: 7, inner: {id: 8}}
";

/// Operations with all that was read of them, a line for each part.
fn operations(contract: &Contract) -> String {
    let mut shown = String::new();
    for operation in &contract.operations {
        let Operation { id, method, template, line, security, .. } = operation;
        writeln!(shown, "{line} {method} {template}: {id} {security:?}").unwrap();
        for parameter in &operation.parameters {
            writeln!(shown, "  {}", one_line(parameter)).unwrap();
        }
        if let Some(body) = &operation.request_body {
            writeln!(shown, "  {}", one_line(body)).unwrap();
        }
        for (status, response) in &operation.responses {
            writeln!(shown, "  {status} {}", one_line(response)).unwrap();
        }
    }
    shown
}

fn one_line(part: &impl std::fmt::Debug) -> String {
    format!("{part:?}")
}

#[test]
fn a_contract_is_read_into_operations() {
    let said = expect![[r#"
        a.yaml:50: warning: the example does not fit its schema: `/id`: the value is not of type "integer"
    "#]];
    let contract = findings(SHOP, &said).unwrap();
    expect![[r#"
        20 DELETE /carts/{id}: deleteCart [["key", "login"], []]
          Parameter { name: "id", location: Path, required: true, schema: Some(SchemaId(4)), style: Simple, explode: false, content: None, allow_empty: false, default: None, line: 41 }
          Parameter { name: "verbose", location: Query, required: false, schema: Some(SchemaId(9)), style: PipeDelimited, explode: false, content: None, allow_empty: false, default: Some(Number(3)), line: 24 }
          Parameter { name: "X-Trace", location: Header, required: false, schema: Some(SchemaId(10)), style: Simple, explode: false, content: None, allow_empty: false, default: None, line: 25 }
          200 Response { description: "done", headers: {"X-Left": Header { schema: Some(SchemaId(6)), explode: false, example: None }}, content: {"application/json": MediaType { schema: Some(SchemaId(7)), examples: {"": Object {"id": Number(7), "inner": Object {"id": Number(8)}}}, encoding: {} }}, links: [], inferred: None, unreachable: None, line: 28 }
          4XX Response { description: "refused", headers: {}, content: {"application/json": MediaType { schema: None, examples: {}, encoding: {} }}, links: [], inferred: Some("not in the pages"), unreachable: None, line: 29 }
          default Response { description: "rest", headers: {}, content: {}, links: [], inferred: None, unreachable: Some("needs an outage"), line: 30 }
        31 POST /carts/{id}: POST /carts/{id} []
          Parameter { name: "id", location: Path, required: true, schema: Some(SchemaId(4)), style: Simple, explode: false, content: None, allow_empty: false, default: None, line: 41 }
          Parameter { name: "verbose", location: Query, required: false, schema: Some(SchemaId(8)), style: Form, explode: true, content: None, allow_empty: false, default: Some(Bool(false)), line: 19 }
          RequestBody { required: true, content: {"application/json": MediaType { schema: Some(SchemaId(5)), examples: {"small": Object {"id": Number(1)}, "wrong": Object {"id": String("x")}}, encoding: {} }} }
          204 Response { description: "none", headers: {}, content: {}, links: [], inferred: None, unreachable: None, line: 34 }
    "#]].assert_eq(&operations(&contract));
}

#[test]
fn a_contract_knows_its_servers_and_security_schemes() {
    let contract = load(SHOP).0.unwrap();
    expect![[r#"
        Shop 1.2.0
        [ServerEntry { base_path: "/v1", host: Some("api.shop.example") }, ServerEntry { base_path: "/v2", host: Some("eu.shop.example") }, ServerEntry { base_path: "", host: None }]
        [NotEmulated { method: GET, template: "/carts", conditions: [], reason: None, file: "a.yaml", line: 13 }, NotEmulated { method: PUT, template: "/carts", conditions: [], reason: None, file: "a.yaml", line: 13 }]
        {"key": ApiKey { location: Header, name: "X-Key" }, "login": Bearer, "basic": Basic}
    "#]].assert_eq(&format!(
        "{} {}\n{:?}\n{:?}\n{:?}\n",
        contract.title,
        contract.version,
        contract.servers,
        contract.not_emulated,
        contract.security_schemes
    ));
}

#[test]
fn a_response_is_the_exact_one_its_class_or_the_default() {
    let contract = load(SHOP).0.unwrap();
    let operation = &contract.operations[0];
    assert_eq!(operation.response(200).unwrap().description, "done");
    assert_eq!(operation.response(404).unwrap().description, "refused");
    assert_eq!(operation.response(500).unwrap().description, "rest");
    assert!(contract.operations[1].response(500).is_none());
}

#[test]
fn a_bare_reference_shares_the_validator_it_leads_to() {
    let contract = load(SHOP).0.unwrap();
    let schemas = &contract.schemas;
    let id = contract.operations[0].parameters[0].schema.unwrap();
    assert_eq!(schemas.pointer(id), "/components/parameters/Id/schema");
    assert_eq!(
        schemas.resolved(id),
        &json!({"type": "integer", "format": "int32", "minimum": 1, "maximum": 2_147_483_647})
    );
    let validator = schemas.validator(id).unwrap();
    assert!(validator.is_valid(&json!(2_147_483_647)));
    assert!(!validator.is_valid(&json!(2_147_483_648_u64)));
    let same = schemas.at("/components/schemas/Id").unwrap();
    assert!(std::sync::Arc::ptr_eq(&validator, &schemas.validator(same).unwrap()));
}

#[test]
fn documents_of_another_kind_are_refused() {
    findings(
        "swagger: '1.2'\ninfo: {}\n",
        &expect![[r#"
        a.yaml:1: error: Swagger 1.2 is not read (2.0 is, and OpenAPI from 3.0 to 3.2)
    "#]],
    );
    findings(
        "a: 1\n",
        &expect![[r#"
        a.yaml:1: error: is no OpenAPI document: `openapi` is missing (begin it with `openapi: 3.1.0`)
    "#]],
    );
    findings(
        "- 1\n",
        &expect![[r#"
        a.yaml:1: error: is no OpenAPI document: it is not a map
    "#]],
    );
    findings(
        "openapi: 4.0.0\n",
        &expect![[r#"
        a.yaml:1: error: OpenAPI 4.0.0 is not read (2.0 and 3.0 to 3.2 are)
    "#]],
    );
    findings(
        "openapi: 3.3.0\n",
        &expect![[r#"
        a.yaml:1: warning: OpenAPI 3.3.0 is read as 3.2
        a.yaml:1: warning: the document has no title
        a.yaml:1: warning: the document has no operations
    "#]],
    );
    findings(
        "openapi: 3.0\ninfo: []\npaths: 3\nservers: {}\ncomponents: x\n",
        &expect![[r#"
            a.yaml:2: warning: the document has no title
            a.yaml:3: warning: `paths` is not a map and is left out
            a.yaml:3: warning: the document has no operations
            a.yaml:4: warning: `servers` is not a list and is left out
        "#]],
    );
}

const SLOPPY: &str = r"openapi: 3.0.0
servers: [{url: 'https://x.example/{v}'}, {description: none}, 7]
security: [{missing: []}]
paths:
  x-note: ignored
  /a/{id}/{other}:
    get:
      operationId: same
      parameters:
      - {name: id, in: path, schema: {type: string}}
      - {name: idd, in: path, required: true, schema: {type: string}}
      - {name: flag, in: query, required: 'True', schema: {type: string}}
      - {name: flag, in: query, schema: {type: string}}
      - {name: style, in: query, style: fancy, schema: {type: string}}
      - {name: bare, in: query}
      - {in: query, schema: {}}
      - {name: old, in: body, schema: {}}
      - {$ref: '#/components/parameters/Nope'}
      - 5
    post:
      operationId: same
      security: [{kee: []}, {key: []}]
      requestBody: {required: yes, content: {application/json: {schema: , example: 1}}}
      responses:
        201: {content: {text/plain: {schema: {type: string}}}}
        20: {description: x}
        '404': {$ref: '#/components/responses/Nop'}
        '500': {description: 5, x-inferred: true}
    put: 3
  b: {get: {operationId: 7, responses: {200: {description: ok, headers: {X: {}}, content: []}}}}
  /c?x=1: {get: {}}
  /d: {$ref: '#/components/pathItems/D'}
  /e: {$ref: '#/paths/~1e'}
components:
  securitySchemes:
    key: {type: apiKey, name: k, in: header}
    odd: {type: http, scheme: digest}
    mutual: {type: mutualTLS}
    oauth: {type: oauth2, flows: {implicit: {}}}
  responses:
    Nope: {description: x}
  pathItems:
    D: {delete: {responses: {200: {description: gone}}}}
";

#[test]
fn what_is_sloppy_is_said() {
    let said = expect![[r#"
        a.yaml:1: warning: the document has no title
        a.yaml:2: warning: `https://x.example/{v}` has a variable without a default; it is left out (declare it under `variables`)
        a.yaml:2: warning: `servers/1` does not fit the specification and is left out: missing field `url`
        a.yaml:2: warning: `servers/2` is not an object and is left out
        a.yaml:3: warning: security scheme `missing` is not declared; it is read as a bearer token
        a.yaml:7: warning: path parameter `other` is not declared; any text is accepted (declare it under `parameters` with `in: path`)
        a.yaml:7: warning: the operation documents no response; it answers 200 without a body (document one under `responses`)
        a.yaml:10: warning: path parameter `id` is always `required: true`
        a.yaml:11: warning: path parameter `idd` is not in `/a/{id}/{other}`; it is left out (did you mean `id`?)
        a.yaml:12: warning: `required` is a text; it is read as `true`
        a.yaml:13: warning: parameter `flag` is there twice (the first is used)
        a.yaml:14: warning: `style` does not fit and is left out: unknown variant `fancy`, expected one of `form`, `spaceDelimited`, `pipeDelimited`, `deepObject`
        a.yaml:15: warning: `schema` is missing
        a.yaml:16: warning: `parameters/6` does not fit the specification and is left out: missing field `name`
        a.yaml:17: warning: `in: body` is of OpenAPI 2.0; the parameter is left out (use `requestBody`)
        a.yaml:18: warning: `#/components/parameters/Nope` leads nowhere and is left out
        a.yaml:19: warning: `parameters/9` is not an object and is left out
        a.yaml:20: warning: path parameter `id` is not declared; any text is accepted (declare it under `parameters` with `in: path`)
        a.yaml:20: warning: path parameter `other` is not declared; any text is accepted (declare it under `parameters` with `in: path`)
        a.yaml:21: warning: operationId `same` is on line 7 too (this one is called `POST /a/{id}/{other}`)
        a.yaml:22: warning: security scheme `kee` is not declared; the alternative with it is left out (did you mean `key`?)
        a.yaml:23: warning: `null` is not a schema; anything is accepted here
        a.yaml:23: warning: `required` is a text; it is read as `true`
        a.yaml:25: warning: `description` is missing
        a.yaml:26: warning: `20` is not a valid status and is left out (write `200`, `4XX` or `default`)
        a.yaml:27: warning: `#/components/responses/Nop` leads nowhere and is left out (did you mean `Nope`?)
        a.yaml:28: warning: `description` does not fit and is left out
        a.yaml:28: warning: `x-inferred` gives no reason (say why in a sentence)
        a.yaml:29: warning: `put` is not an object and is left out
        a.yaml:30: warning: path `b` does not begin with `/`; it is read so
        a.yaml:30: warning: `operationId` is not a text (this one is called `GET /b`)
        a.yaml:30: warning: `content` is not a map and is left out
        a.yaml:30: warning: `schema` is missing
        a.yaml:31: warning: a path ends before `?` and `#`; what follows is read as what the query or a header must have (declare query parameters under `parameters`)
        a.yaml:31: warning: the operation documents no response; it answers 200 without a body (document one under `responses`)
        a.yaml:33: warning: `/e` refers to itself in a circle and is left out
        a.yaml:38: warning: `mutual` is of type `mutualTLS`, which is not checked (it holds for every request)
        a.yaml:39: warning: `flows` does not fit and is left out
    "#]];
    findings(SLOPPY, &said);
}

#[test]
fn the_rest_of_a_sloppy_document_serves() {
    let contract = load(SLOPPY).0.unwrap();
    expect![[r#"
        7 GET /a/{id}/{other}: same [["missing"]]
          Parameter { name: "id", location: Path, required: true, schema: Some(SchemaId(0)), style: Simple, explode: false, content: None, allow_empty: false, default: None, line: 10 }
          Parameter { name: "flag", location: Query, required: true, schema: Some(SchemaId(2)), style: Form, explode: true, content: None, allow_empty: false, default: None, line: 12 }
          Parameter { name: "style", location: Query, required: false, schema: Some(SchemaId(4)), style: Form, explode: true, content: None, allow_empty: false, default: None, line: 14 }
          Parameter { name: "bare", location: Query, required: false, schema: None, style: Form, explode: true, content: None, allow_empty: false, default: None, line: 15 }
          Parameter { name: "other", location: Path, required: true, schema: None, style: Simple, explode: false, content: None, allow_empty: false, default: None, line: 7 }
          200 Response { description: "", headers: {}, content: {}, links: [], inferred: None, unreachable: None, line: 7 }
        20 POST /a/{id}/{other}: POST /a/{id}/{other} [["key"]]
          Parameter { name: "id", location: Path, required: true, schema: None, style: Simple, explode: false, content: None, allow_empty: false, default: None, line: 20 }
          Parameter { name: "other", location: Path, required: true, schema: None, style: Simple, explode: false, content: None, allow_empty: false, default: None, line: 20 }
          RequestBody { required: true, content: {"application/json": MediaType { schema: Some(SchemaId(7)), examples: {"": Number(1)}, encoding: {} }} }
          201 Response { description: "", headers: {}, content: {"text/plain": MediaType { schema: Some(SchemaId(8)), examples: {}, encoding: {} }}, links: [], inferred: None, unreachable: None, line: 25 }
          500 Response { description: "", headers: {}, content: {}, links: [], inferred: Some(""), unreachable: None, line: 28 }
        30 GET /b: GET /b [["missing"]]
          200 Response { description: "ok", headers: {"X": Header { schema: None, explode: false, example: None }}, content: {}, links: [], inferred: None, unreachable: None, line: 30 }
        31 GET /c: GET /c?x=1 [["missing"]]
          200 Response { description: "", headers: {}, content: {}, links: [], inferred: None, unreachable: None, line: 31 }
        43 DELETE /d: DELETE /d [["missing"]]
          200 Response { description: "gone", headers: {}, content: {}, links: [], inferred: None, unreachable: None, line: 43 }
    "#]].assert_eq(&operations(&contract));
}

#[test]
fn schemas_of_3_0_are_lowered_to_2020_12() {
    schema(
        "3.0.1",
        "S:\n  type: object\n  nullable: true\n  required: [at]\n  properties:\n    nullable: {type: boolean}\n    \
         at: {type: string, format: date-time, nullable: true, enum: ['2024-01-01T00:00:00Z']}\n    \
         ref: {$ref: '#/components/schemas/T', nullable: true, description: dropped}\n    \
         all: {nullable: true, allOf: [{$ref: '#/components/schemas/T'}]}\n    \
         more: {type: integer, minimum: 0, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: false}\n    \
         raw: {type: string, format: byte}\n    big: {type: integer, format: int64}\n    \
         example: {type: string, example: {nullable: true, type: 5}}\n\
         T: {type: string, minLength: 2, default: {nullable: true}}",
        &[
            json!(null),
            json!({"at": null, "ref": null, "all": null, "more": 9, "raw": "aGk=", "nullable": true}),
            json!({"at": "2024-01-01T00:00:00Z", "ref": "xx", "all": "xx", "big": 5}),
        ],
        &[
            json!({}),
            json!({"at": "2024"}),
            json!({"at": null, "ref": "x"}),
            json!({"at": null, "all": "x"}),
            json!({"at": null, "more": 0}),
            json!({"at": null, "raw": "%"}),
            json!({"at": null, "big": 1e30}),
            json!({"at": null, "nullable": null}),
        ],
        &expect![[r##"
            {"type":["object","null"],"required":["at"],"properties":{"nullable":{"type":"boolean"},"at":{"type":["string","null"],"format":"date-time","enum":["2024-01-01T00:00:00Z",null]},"ref":{"anyOf":[{"$ref":"#/components/schemas/T"},{"type":"null"}]},"all":{"anyOf":[{"allOf":[{"$ref":"#/components/schemas/T"}]},{"type":"null"}]},"more":{"type":"integer","exclusiveMinimum":0,"maximum":9},"raw":{"type":"string","format":"byte"},"big":{"type":"integer","format":"int64","minimum":-9223372036854775808,"maximum":9223372036854775807,"x-tombstone-exact":true},"example":{"type":"string","example":{"nullable":true,"type":5}}}}
            a.yaml:26: warning: the example does not fit its schema: the value is not of type "string"
            a.yaml:27: warning: the default does not fit its schema: the value is not of type "string"
        "##]],
    );
}

#[test]
fn keywords_that_only_2020_12_has_are_kept() {
    schema(
        "3.1.0",
        "S:\n  type: [array, object]\n  prefixItems: [{type: integer}]\n  items: false\n  \
         dependentRequired: {a: [b]}\n  unevaluatedProperties: false\n  $ref: '#/components/schemas/T'\n\
         T:\n  properties: {a: {type: integer}, b: {type: string, format: uuid}}",
        &[json!([1]), json!({"a": 1, "b": "550e8400-e29b-41d4-a716-446655440000"})],
        &[json!(["x"]), json!([1, 2]), json!({"a": 1}), json!({"c": 1}), json!({"b": "x"})],
        &expect![[r#"
            {"properties":{"a":{"type":"integer"},"b":{"type":"string","format":"uuid"}}}
        "#]],
    );
}

#[test]
fn sloppy_keywords_are_mended_or_left_out() {
    schema(
        "3.1.0",
        "S:\n  type: [object, 'null', strange, null]\n  required: [a, a]\n  nullable: true\n  properties:\n    \
         a: {type: integer, minimum: '5', exclusiveMaximum: true, maximum: 7}\n    \
         b: {type: String, maxLength: -1, required: true}\n    c: {type: file, pattern: '['}\n    \
         d: {type: array, items: [{type: string}], minItems: 1.0}\n    e: {allOf: [], enum: x, properties: []}\n    \
         f: 5\n    g: true\n    h: {multipleOf: 0, uniqueItems: 'True', anyOf: {type: string}}\n    \
         i: {type: }\n  patternProperties: {'(': {type: string}, '^x-': {type: string}}",
        &[json!(null), json!({"a": 5, "b": "x", "c": 1, "d": ["x"], "f": 1, "g": 1, "h": "x"})],
        &[json!({"a": 4}), json!({"a": 7}), json!({"a": 5, "d": []}), json!({"a": 5, "x-a": 1})],
        &expect![[r#"
            {"type":["object","null"],"required":["a"],"properties":{"a":{"type":"integer","minimum":5,"exclusiveMaximum":7},"b":{"type":"string"},"c":{},"d":{"type":"array","minItems":1.0,"prefixItems":[{"type":"string"}]},"e":{},"f":{},"g":true,"h":{"uniqueItems":true,"anyOf":[{"type":"string"}]},"i":{}},"patternProperties":{"^x-":{"type":"string"}}}
            a.yaml:15: warning: `type` is `["object","null","strange",null]` where a type or a list of types belongs; it is read as `["object","null"]`
            a.yaml:16: warning: `required` is `["a","a"]` where a list of property names belongs; it is read as `["a"]`
            a.yaml:17: warning: `nullable` is of OpenAPI 3.0; it is honoured (write `type: [..., "null"]`)
            a.yaml:19: warning: a boolean `exclusiveMaximum` is of OpenAPI 3.0; it is read so (write the bound itself as its number)
            a.yaml:19: warning: `minimum` is `"5"` where a number belongs; it is read as `5`
            a.yaml:20: warning: `maxLength` is `-1` where a whole number from 0 up belongs; it is left out
            a.yaml:20: warning: `required` is `true` where a list of property names belongs; it is left out (`required` of a property is a list in the object around it)
            a.yaml:20: warning: `type` is `"String"` where a type or a list of types belongs; it is read as `"string"`
            a.yaml:21: warning: `pattern` is `"["` where a regular expression belongs; it is left out (patterns follow ECMA-262 and compile to less than 1 MB)
            a.yaml:21: warning: `type` is `"file"` where a type or a list of types belongs; it is left out
            a.yaml:22: warning: a list in `items` is not of OpenAPI; it is read as `prefixItems` (give `items` one schema)
            a.yaml:23: warning: `allOf` is `[]` where a list of at least one schema belongs; it is left out
            a.yaml:23: warning: `enum` is `"x"` where a list of values belongs; it is left out
            a.yaml:23: warning: `properties` is `[]` where a map belongs; it is left out
            a.yaml:24: warning: `5` is not a schema; anything is accepted here
            a.yaml:26: warning: `anyOf` is `{"type":"string"}` where a list of at least one schema belongs; it is read as `[{"type":"string"}]`
            a.yaml:26: warning: `multipleOf` is `0` where a number above 0 belongs; it is left out
            a.yaml:26: warning: `uniqueItems` is `"True"` where `true` or `false` belongs; it is read as `true`
            a.yaml:27: warning: `type` is `null` where a type or a list of types belongs; it is left out
            a.yaml:28: warning: `(` is not a valid regular expression; it is left out (patterns follow ECMA-262 and compile to less than 1 MB)
        "#]],
    );
}

#[test]
fn references_lead_where_they_can() {
    schema(
        "3.1.0",
        "S:\n  properties:\n    anchor: {$ref: '#thing'}\n    id: {$ref: 'https://x.example/t#/$defs/u'}\n    \
         file: {$ref: 'a.yaml#/components/schemas/T'}\n    \
         place: {$ref: '#/paths/~1/get/responses/200/content/application~1json/schema'}\n    \
         braces: {$ref: '#/components/schemas/A%7B%25b'}\n    raw: {$ref: '#/components/schemas/A{%25b'}\n    \
         deep: {$ref: '#/components/schemas/S/properties/x'}\n    x: {type: boolean}\n    \
         far: {$ref: 'other.yaml#/T'}\n    near: {$ref: '#/components/schemas/Tee'}\n    \
         dynamic: {$dynamicRef: '#thing'}\n    extension: {$ref: '#/x-schemas/E'}\n\
         T:\n  $id: https://x.example/t\n  type: object\n  $defs: {u: {type: integer}}\n  \
         properties: {u: {$ref: '#/$defs/u'}, s: {$ref: '#/components/schemas/S'}, v: {$ref: 't#/$defs/u'}}\n\
         N: {$anchor: thing, type: string}\n'A{%b': {type: 'null'}",
        &[
            json!({"anchor": "x", "id": 1, "file": {"u": 1}, "deep": true, "far": 1, "near": 1, "braces": null}),
        ],
        &[
            json!({"anchor": 1}),
            json!({"id": "x"}),
            json!({"file": {"u": "x"}}),
            json!({"file": {"v": "x"}}),
            json!({"file": {"s": {"deep": 1}}}),
            json!({"place": {"deep": 1}}),
            json!({"braces": 1}),
            json!({"raw": 1}),
            json!({"deep": 1}),
            json!({"dynamic": 1}),
        ],
        &expect![[r##"
            {"properties":{"anchor":{"$ref":"#/components/schemas/N"},"id":{"$ref":"#/components/schemas/T/$defs/u"},"file":{"$ref":"#/components/schemas/T"},"place":{"$ref":"#/paths/~1/get/responses/200/content/application~1json/schema"},"braces":{"$ref":"#/components/schemas/A%7B%25b"},"raw":{"$ref":"#/components/schemas/A%7B%25b"},"deep":{"$ref":"#/components/schemas/S/properties/x"},"x":{"type":"boolean"},"far":{},"near":{},"dynamic":{"$ref":"#/components/schemas/N"},"extension":{}}}
            a.yaml:24: warning: `other.yaml#/T` is not in this document; anything is accepted here (files are read from the document's folder or its repository)
            a.yaml:25: warning: `#/components/schemas/Tee` leads nowhere; anything is accepted here (did you mean `T`?)
            a.yaml:27: warning: `#/x-schemas/E` leads nowhere; anything is accepted here
        "##]],
    );
}

#[test]
fn cyclic_schemas_end() {
    schema(
        "3.1.0",
        "S:\n  type: object\n  properties: {child: {$ref: '#/components/schemas/S'}, list: {type: array, items: \
         {$ref: '#/components/schemas/S'}}}\n  additionalProperties: false",
        &[json!({"child": {"child": {"list": [{}]}}})],
        &[json!({"child": {"child": {"list": [1]}}})],
        &expect![[r##"
            {"type":"object","properties":{"child":{"$ref":"#/components/schemas/S"},"list":{"type":"array","items":{"$ref":"#/components/schemas/S"}}},"additionalProperties":false}
        "##]],
    );
    schema(
        "3.0.0",
        "S: {$ref: '#/components/schemas/A'}\nA: {$ref: '#/components/schemas/B'}\nB: {$ref: \
         '#/components/schemas/A'}\nC: {$ref: '#/components/schemas/C'}\nD: {type: object, allOf: [{$ref: \
         '#/components/schemas/E'}]}\nE: {anyOf: [{$ref: '#/components/schemas/D'}, {type: string}]}",
        &[json!({"child": 1})],
        &[],
        &expect![[r#"
            {}
            a.yaml:16: warning: `/components/schemas/A` applies itself to the same value without end; cut here
            a.yaml:17: warning: `/components/schemas/C` applies itself to the same value without end; cut here
            a.yaml:19: warning: `/components/schemas/D` applies itself to the same value without end; cut here
        "#]],
    );
}

#[test]
fn patterns_use_the_engine_that_can() {
    schema(
        "3.1.0",
        "S:\n  properties:\n    hex: {type: string, pattern: '^[0-9a-f]{24}$'}\n    \
         ahead: {type: string, pattern: '^(?!admin).+$'}\n    back: {type: string, pattern: '^(a+)+\\1$'}\n    \
         huge: {type: string, pattern: '((a{1000}){1000}){1000}'}\n    unicode: {pattern: '^\\p{L}+$'}",
        &[json!({"hex": "0123456789abcdef01234567", "ahead": "user", "unicode": "äöü"})],
        &[json!({"hex": "x"}), json!({"ahead": "admin1"}), json!({"unicode": "1"})],
        &expect![[r#"
            {"properties":{"hex":{"type":"string","pattern":"^[0-9a-f]{24}$"},"ahead":{"type":"string","pattern":"^(?!admin).+$"},"back":{"type":"string","pattern":"^(a+)+\\1$"},"huge":{"type":"string"},"unicode":{"pattern":"^\\p{L}+$"}}}
            a.yaml:19: warning: `pattern` is `"((a{1000}){1000}){1000}"` where a regular expression belongs; it is left out (patterns follow ECMA-262 and compile to less than 1 MB)
        "#]],
    );
}

#[test]
fn a_discriminator_maps_to_what_is_there() {
    schema(
        "3.0.3",
        "S:\n  oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}]\n  discriminator:\n    \
         propertyName: kind\n    mapping: {cat: '#/components/schemas/Cat', dog: Dog, cow: Cow, s: Bird}\n\
         Cat: {type: object, required: [kind], properties: {kind: {type: string, enum: [cat]}}}\n\
         Dog: {type: object, required: [kind], properties: {kind: {type: string, enum: [dog]}}}\n\
         Bird: {discriminator: {}}",
        &[json!({"kind": "cat"})],
        &[json!({"kind": "cow"}), json!({"kind": "s"}), json!(1)],
        &expect![[r##"
            {"discriminator":{"propertyName":"kind","mapping":{"cat":"#/components/schemas/Cat","dog":"Dog","cow":"Cow","s":"Bird"}},"allOf":[{"else":{"oneOf":[{"$ref":"#/components/schemas/Cat"},{"$ref":"#/components/schemas/Dog"}]},"if":{"type":"object"},"then":{"required":["kind"],"properties":{"kind":{"enum":["cat","dog"]}},"allOf":[{"if":{"required":["kind"],"properties":{"kind":{"const":"cat"}}},"then":{"$ref":"#/components/schemas/Cat"}},{"if":{"required":["kind"],"properties":{"kind":{"const":"dog"}}},"then":{"$ref":"#/components/schemas/Dog"}}]}}]}
            a.yaml:18: warning: `cow` is mapped to `"Cow"`, which is not in the document
            a.yaml:18: warning: `s` is mapped to `"Bird"`, which is not among the alternatives; it is left out
            a.yaml:21: warning: `discriminator` has no `propertyName`; it is ignored
        "##]],
    );
}

/// Which errors a schema `S` finds in each value.
fn errors(version: &str, schemas: &str, values: &[Value], expected: &Expect) {
    let (contract, mut said) = load(&with_schemas(version, schemas));
    let schemas = contract.unwrap().schemas;
    let validator = schemas.validator(schemas.at("/components/schemas/S").unwrap()).unwrap();
    for value in values {
        writeln!(said, "{value}").unwrap();
        for error in validator.misfits(value, 10).found {
            writeln!(said, "    `{}`: {error}", error.instance_path()).unwrap();
        }
        assert_eq!(validator.misfits(value, 10).found.is_empty(), validator.is_valid(value));
    }
    expected.assert_eq(&said);
}

const CAT_AND_DOG: &str = "Cat: {type: object, properties: {kind: {type: string}, lives: {type: integer}}}\n\
     Dog: {type: object, required: [name], properties: {kind: {type: string}, name: {type: string}}}";

#[test]
fn a_discriminator_chooses_among_alternatives() {
    let values = [
        json!({"kind": "Cat", "lives": 9}),
        json!({"kind": "Cat", "lives": "x"}),
        json!({"kind": "Dog", "lives": "x"}),
        json!({"kind": "Cow"}),
        json!({"lives": 9}),
        json!(5),
        json!(null),
    ];
    let expected = expect![[r#"
        {"kind":"Cat","lives":9}
        {"kind":"Cat","lives":"x"}
            ``: {"kind":"Cat","lives":"x"} is not valid under any of the schemas listed in the 'anyOf' keyword
        {"kind":"Dog","lives":"x"}
            ``: {"kind":"Dog","lives":"x"} is not valid under any of the schemas listed in the 'anyOf' keyword
        {"kind":"Cow"}
            ``: {"kind":"Cow"} is not valid under any of the schemas listed in the 'anyOf' keyword
        {"lives":9}
            ``: {"lives":9} is not valid under any of the schemas listed in the 'anyOf' keyword
        5
            ``: 5 is not valid under any of the schemas listed in the 'anyOf' keyword
        null
    "#]];
    let text = format!(
        "S:\n  nullable: true\n  oneOf: [{{$ref: '#/components/schemas/Cat'}}, {{$ref: '#/components/schemas/Dog'}}]\n  \
         discriminator: {{propertyName: kind}}\n{CAT_AND_DOG}"
    );
    errors("3.0.3", &text, &values, &expected);
    let expected = expect![[r#"
        {"kind":"Cat","lives":9}
        {"kind":"Cat","lives":"x"}
            `/lives`: "x" is not of type "integer"
        {"kind":"Dog","lives":"x"}
            ``: "name" is a required property
        {"kind":"Cow"}
            `/kind`: "Cow" is not one of "Cat" or "Dog"
        {"lives":9}
            ``: "kind" is a required property
        5
            ``: 5 is not valid under any of the schemas listed in the 'anyOf' keyword
        null
    "#]];
    let text = format!(
        "S:\n  anyOf: [{{$ref: '#/components/schemas/Cat'}}, {{$ref: '#/components/schemas/Dog'}}, {{type: 'null'}}]\n  \
         discriminator: {{propertyName: kind}}\n{CAT_AND_DOG}"
    );
    errors("3.1.0", &text, &values, &expected);
}

#[test]
fn a_discriminator_takes_the_names_that_alternatives_declare() {
    errors(
        "3.1.0",
        "S:\n  oneOf:\n  - {$ref: '#/components/schemas/Cat'}\n  - {required: [n], properties: {kind: {enum: [dog, hound]}, n: {type: string}}}\n  \
         discriminator: {propertyName: kind}\n\
         Cat: {properties: {kind: {const: cat}, lives: {type: integer}}}",
        &[
            json!({"kind": "cat", "lives": 1}),
            json!({"kind": "cat", "lives": "x"}),
            json!({"kind": "hound"}),
            json!({"kind": "Cat"}),
        ],
        &expect![[r#"
            {"kind":"cat","lives":1}
            {"kind":"cat","lives":"x"}
                `/lives`: "x" is not of type "integer"
            {"kind":"hound"}
                ``: "n" is a required property
            {"kind":"Cat"}
                `/kind`: "Cat" is not one of "cat", "dog" or "hound"
        "#]],
    );
}

#[test]
fn a_discriminator_that_can_choose_nothing_leaves_the_alternatives() {
    errors(
        "3.1.0",
        "S: {oneOf: [{required: [a]}, {required: [b]}], discriminator: {propertyName: kind}}",
        &[json!({"a": 1}), json!({"a": 1, "b": 1}), json!({})],
        &expect![[r#"
            {"a":1}
            {"a":1,"b":1}
                ``: {"a":1,"b":1} is valid under more than one of the schemas listed in the 'oneOf' keyword
            {}
                ``: {} is not valid under any of the schemas listed in the 'oneOf' keyword
        "#]],
    );
}

#[test]
fn a_discriminator_of_a_parent_chooses_among_its_heirs() {
    let text = "S:\n  type: object\n  required: [kind]\n  properties: {kind: {type: string}, id: {type: integer}}\n  \
         discriminator: {propertyName: kind, mapping: {dog: Dog}}\n\
         Cat:\n  allOf: [{$ref: '#/components/schemas/S'}, {properties: {lives: {type: integer}}}]\n  \
         discriminator: {propertyName: kind}\n\
         Lion:\n  allOf: [{$ref: '#/components/schemas/Cat'}, {required: [mane]}]\n\
         Dog:\n  allOf: [{$ref: '#/components/schemas/S'}, {required: [name], properties: {pack: {type: array, items: {$ref: '#/components/schemas/S'}}}}]";
    errors(
        "3.0.3",
        text,
        &[
            json!({"kind": "Cat", "id": 1, "lives": 9}),
            json!({"kind": "Cat", "id": "x", "lives": "x"}),
            json!({"kind": "Lion", "lives": "x"}),
            json!({"kind": "dog", "name": "x", "pack": [{"kind": "dog"}]}),
            json!({"kind": "S"}),
            json!({}),
        ],
        &expect![[r#"
            {"kind":"Cat","id":1,"lives":9}
            {"kind":"Cat","id":"x","lives":"x"}
                `/id`: "x" is not of type "integer"
                `/id`: "x" is not of type "integer"
                `/lives`: "x" is not of type "integer"
            {"kind":"Lion","lives":"x"}
                `/lives`: "x" is not of type "integer"
                ``: "mane" is a required property
            {"kind":"dog","name":"x","pack":[{"kind":"dog"}]}
                `/pack/0`: "name" is a required property
            {"kind":"S"}
                `/kind`: "S" is not one of "dog", "Cat" or "Lion"
            {}
                ``: "kind" is a required property
        "#]],
    );
}

#[test]
fn alternatives_that_are_composed_of_their_union_end() {
    errors(
        "3.1.0",
        "S:\n  type: object\n  properties: {id: {type: integer}}\n  oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}]\n  \
         discriminator: {propertyName: kind}\n\
         Cat: {allOf: [{$ref: '#/components/schemas/S'}, {required: [lives]}]}\n\
         Dog: {allOf: [{$ref: '#/components/schemas/S'}, {required: [name]}]}",
        &[json!({"kind": "Cat", "lives": 1}), json!({"kind": "Dog", "id": "x"})],
        &expect![[r#"
            {"kind":"Cat","lives":1}
            {"kind":"Dog","id":"x"}
                `/id`: "x" is not of type "integer"
                `/id`: "x" is not of type "integer"
                ``: "name" is a required property
        "#]],
    );
}

const MEMBERS: [&str; 4] = [
    "Entity: {type: object, required: [id], properties: {id: {type: string}}}\n",
    "Member:\n  allOf:\n  - {$ref: '#/components/schemas/Entity'}\n  \
     - {type: object, properties: {kind: {type: string}, shown: {type: boolean}}, discriminator: {propertyName: kind, \
     mapping: {'#m.user': '#/components/schemas/User', '#m.guest': Guest}}}\n",
    "User: {allOf: [{$ref: '#/components/schemas/Member'}, {required: [mail], properties: {mail: {type: string}}}]}\n",
    "Guest: {allOf: [{$ref: '#/components/schemas/Member'}, {required: [until], properties: {until: {type: string}}}]}\n",
];

/// What schemas of a document say of values, each value with the schema that it is held against.
fn verdicts(version: &str, schemas: &str, values: &[(&str, Value)]) -> String {
    let (contract, mut said) = load(&with_schemas(version, &format!("{schemas}\nS: {{}}")));
    let schemas = contract.unwrap().schemas;
    for (name, value) in values {
        let id = schemas.at(&format!("/components/schemas/{name}")).unwrap();
        let validator = schemas.response_validator(id).unwrap();
        let mut errors: Vec<String> =
            validator.misfits(value, 10).found.iter().map(ToString::to_string).collect();
        errors.sort();
        errors.dedup();
        let errors = if errors.is_empty() { "fits".to_owned() } else { errors.join("; ") };
        writeln!(said, "{name} {value}: {errors}").unwrap();
    }
    said
}

#[test]
fn a_discriminator_in_a_part_of_a_parent_chooses_in_any_order_of_the_document() {
    let values = [
        ("Member", json!({"id": "1", "kind": "#m.user", "mail": "a"})),
        ("Member", json!({"id": "1", "kind": "#m.user", "until": "a"})),
        ("Member", json!({"id": "1", "kind": "#m.guest", "until": "a"})),
        ("Member", json!({"kind": "#m.guest", "until": "a"})),
        ("Member", json!({"id": "1", "kind": "#m.other"})),
        ("Member", json!({"id": "1"})),
        ("User", json!({"id": "1", "kind": "#m.user", "mail": "a"})),
        ("User", json!({"id": "1", "mail": "a"})),
        ("User", json!({"mail": "a", "shown": "x"})),
        ("Guest", json!({"id": "1", "kind": "#m.guest"})),
        ("Entity", json!({"id": "1"})),
    ];
    let expected = expect![[r##"
        Member {"id":"1","kind":"#m.user","mail":"a"}: fits
        Member {"id":"1","kind":"#m.user","until":"a"}: "mail" is a required property
        Member {"id":"1","kind":"#m.guest","until":"a"}: fits
        Member {"kind":"#m.guest","until":"a"}: "id" is a required property
        Member {"id":"1","kind":"#m.other"}: "#m.other" is not one of "#m.user" or "#m.guest"
        Member {"id":"1"}: "kind" is a required property
        User {"id":"1","kind":"#m.user","mail":"a"}: fits
        User {"id":"1","mail":"a"}: fits
        User {"mail":"a","shown":"x"}: "id" is a required property; "x" is not of type "boolean"
        Guest {"id":"1","kind":"#m.guest"}: "until" is a required property
        Entity {"id":"1"}: fits
    "##]];
    let mut orders = Vec::new();
    for first in 0..4 {
        for step in [1, 3] {
            let order: Vec<&str> = (0..4).map(|at| MEMBERS[(first + at * step) % 4]).collect();
            orders.push(order.concat());
        }
    }
    orders.push([MEMBERS[0], MEMBERS[2], MEMBERS[1], MEMBERS[3]].concat());
    for order in &orders {
        assert_eq!(verdicts("3.0.3", order, &values), verdicts("3.0.3", &orders[0], &values));
    }
    expected.assert_eq(&verdicts("3.0.3", &orders[0], &values));
}

#[test]
fn parents_of_parents_choose_among_what_is_below_them() {
    // `File` and `Picture` stand between what chooses and what is chosen.
    let text = "Thing: {required: [id], discriminator: {propertyName: is, mapping: {png: Png, gif: Gif, text: Text, link: Link}}}\n\
         File: {nullable: true, allOf: [{$ref: '#/components/schemas/Thing'}, {required: [bytes]}]}\n\
         Picture: {allOf: [{allOf: [{$ref: '#/components/schemas/File'}]}, {required: [wide]}]}\n\
         Gif: {allOf: [{$ref: '#/components/schemas/Picture'}, {required: [frames]}]}\n\
         Png: {allOf: [{$ref: '#/components/schemas/Picture'}, {required: [depth]}]}\n\
         Text: {allOf: [{$ref: '#/components/schemas/File'}, {required: [lines]}]}\n\
         Link: {required: [to]}\n\
         Wrapped: {properties: {thing: {allOf: [{$ref: '#/components/schemas/Thing'}]}}}";
    let gif = json!({"is": "gif", "id": 1, "bytes": 1, "wide": 1, "frames": 1});
    expect![[r#"
        Thing {"is":"gif","id":1,"bytes":1,"wide":1,"frames":1}: fits
        Thing {"is":"gif","id":1,"bytes":1,"wide":1}: "frames" is a required property
        Thing {"is":"gif","frames":1}: "id" is a required property; "wide" is a required property; {"is":"gif","frames":1} is not valid under any of the schemas listed in the 'anyOf' keyword
        Thing {"is":"link","id":1}: "to" is a required property
        Thing {"is":"link","id":1,"to":1}: fits
        File {"is":"gif","id":1,"bytes":1,"wide":1,"frames":1}: fits
        File null: fits
        File {"is":"link","id":1,"to":1,"bytes":1}: "link" is not one of "png", "gif" or 3 other candidates
        Picture {"is":"gif","id":1,"bytes":1,"wide":1,"frames":1}: fits
        Picture {"is":"png","id":1,"bytes":1,"wide":1}: "depth" is a required property
        Picture {"is":"text","id":1,"bytes":1,"wide":1,"lines":1}: "text" is not one of "png", "gif" or "Picture"
        Gif {"is":"gif","id":1,"bytes":1,"wide":1,"frames":1}: fits
        Gif {"is":"gif","frames":1}: "wide" is a required property; {"is":"gif","frames":1} is not valid under any of the schemas listed in the 'anyOf' keyword
        Link {}: "to" is a required property
        Wrapped {"thing":{"is":"link","id":1}}: "to" is a required property
    "#]]
    .assert_eq(&verdicts(
        "3.0.3",
        text,
        &[
            ("Thing", gif.clone()),
            ("Thing", json!({"is": "gif", "id": 1, "bytes": 1, "wide": 1})),
            ("Thing", json!({"is": "gif", "frames": 1})),
            ("Thing", json!({"is": "link", "id": 1})),
            ("Thing", json!({"is": "link", "id": 1, "to": 1})),
            ("File", gif.clone()),
            ("File", json!(null)),
            ("File", json!({"is": "link", "id": 1, "to": 1, "bytes": 1})),
            ("Picture", gif.clone()),
            ("Picture", json!({"is": "png", "id": 1, "bytes": 1, "wide": 1})),
            ("Picture", json!({"is": "text", "id": 1, "bytes": 1, "wide": 1, "lines": 1})),
            ("Gif", gif.clone()),
            ("Gif", json!({"is": "gif", "frames": 1})),
            ("Link", json!({})),
            ("Wrapped", json!({"thing": {"is": "link", "id": 1}})),
        ],
    ));
}

#[test]
fn a_discriminator_behind_a_reference_in_a_part_chooses() {
    let text = "Base: {properties: {kind: {type: string}}, discriminator: {propertyName: kind, mapping: {user: User}}}\n\
         Member: {allOf: [{required: [id]}, {allOf: [{$ref: '#/components/schemas/Base'}]}]}\n\
         User: {allOf: [{$ref: '#/components/schemas/Member'}, {required: [mail]}]}\n\
         Union: {allOf: [{required: [id]}, {oneOf: [{$ref: '#/components/schemas/A'}, {$ref: '#/components/schemas/B'}], \
         discriminator: {propertyName: kind}}]}\n\
         A: {allOf: [{$ref: '#/components/schemas/Union'}, {required: [a], properties: {pet: {oneOf: [{$ref: '#/components/schemas/Cat'}], discriminator: {propertyName: is}}}}]}\n\
         B: {allOf: [{$ref: '#/components/schemas/Union'}, {required: [b]}]}\n\
         Cat: {required: [lives]}";
    expect![[r#"
        Member {"kind":"user","id":1}: "mail" is a required property
        Member {"kind":"user","id":1,"mail":1}: fits
        Member {"kind":"Member","id":1}: fits
        Member {"kind":"other","id":1}: "other" is not one of "user" or "Member"
        User {"kind":"user","mail":1}: "id" is a required property
        User {"kind":"user","mail":1,"id":1}: fits
        Union {"kind":"A","id":1}: "a" is a required property
        Union {"kind":"B","id":1,"b":1}: fits
        A {"kind":"A","a":1}: "id" is a required property
        A {"kind":"A","a":1,"id":1}: fits
        A {"kind":"A","a":1,"id":1,"pet":{"is":"Cat"}}: "lives" is a required property
    "#]]
    .assert_eq(&verdicts(
        "3.1.0",
        text,
        &[
            ("Member", json!({"kind": "user", "id": 1})),
            ("Member", json!({"kind": "user", "id": 1, "mail": 1})),
            ("Member", json!({"kind": "Member", "id": 1})),
            ("Member", json!({"kind": "other", "id": 1})),
            ("User", json!({"kind": "user", "mail": 1})),
            ("User", json!({"kind": "user", "mail": 1, "id": 1})),
            ("Union", json!({"kind": "A", "id": 1})),
            ("Union", json!({"kind": "B", "id": 1, "b": 1})),
            ("A", json!({"kind": "A", "a": 1})),
            ("A", json!({"kind": "A", "a": 1, "id": 1})),
            ("A", json!({"kind": "A", "a": 1, "id": 1, "pet": {"is": "Cat"}})),
        ],
    ));
}

#[test]
fn what_does_not_choose_keeps_the_choices_inside_it() {
    let text = "P:\n  properties: {kind: {type: string}, pet: {oneOf: [{$ref: '#/components/schemas/Cat'}], discriminator: {propertyName: is}}}\n  \
         discriminator: {propertyName: kind}\n\
         T: {allOf: [{$ref: '#/components/schemas/P'}]}\n\
         Cat: {required: [lives]}";
    expect![[r#"
        T {"kind":"T","pet":{"is":"Cat"}}: "lives" is a required property
        P {"kind":"T","pet":{"is":"Cat"}}: "lives" is a required property
    "#]]
    .assert_eq(&verdicts(
        "3.1.0",
        text,
        &[
            ("T", json!({"kind": "T", "pet": {"is": "Cat"}})),
            ("P", json!({"kind": "T", "pet": {"is": "Cat"}})),
        ],
    ));
}

#[test]
fn what_is_required_of_one_direction_only_is_told_apart() {
    let text = with_schemas(
        "3.0.3",
        "S:\n  type: object\n  required: [id, secret, name]\n  properties: {id: {$ref: '#/components/schemas/Id'}, secret: {type: string, writeOnly: true}, name: {type: string}}\n\
         Id: {type: string, readOnly: true}\n\
         Split: {allOf: [{properties: {id: {type: string, readOnly: true}}}, {required: [id, name]}]}\n\
         Branch: {properties: {id: {readOnly: true}}, anyOf: [{required: [id, a]}, {required: [b]}]}\n\
         Base: {required: [id]}\n\
         User: {allOf: [{$ref: '#/components/schemas/Base'}], properties: {id: {readOnly: true}}}\n\
         Heir: {allOf: [{$ref: '#/components/schemas/S'}], required: [id]}",
    );
    let schemas = load(&text).0.unwrap().schemas;
    let missing = |validator: &Validator| -> Vec<String> {
        validator.misfits(&json!({"a": 1}), 10).found.iter().map(ToString::to_string).collect()
    };
    let mut said = String::new();
    for name in ["S", "Split", "Branch", "Base", "User", "Heir"] {
        let id = schemas.at(&format!("/components/schemas/{name}")).unwrap();
        let request = missing(&schemas.request_validator(id).unwrap());
        let response = missing(&schemas.response_validator(id).unwrap());
        let whole = missing(&schemas.validator(id).unwrap());
        let shown = format!("  request {request:?}\n  response {response:?}\n  whole {whole:?}");
        writeln!(said, "{name}\n{shown}").unwrap();
    }
    expect![[r#"
        S
          request ["\"name\" is a required property", "\"secret\" is a required property"]
          response ["\"name\" is a required property", "\"id\" is a required property"]
          whole ["\"name\" is a required property", "\"secret\" is a required property", "\"id\" is a required property"]
        Split
          request ["\"name\" is a required property"]
          response ["\"name\" is a required property", "\"id\" is a required property"]
          whole ["\"name\" is a required property", "\"id\" is a required property"]
        Branch
          request []
          response ["{\"a\":1} is not valid under any of the schemas listed in the 'anyOf' keyword"]
          whole ["{\"a\":1} is not valid under any of the schemas listed in the 'anyOf' keyword"]
        Base
          request ["\"id\" is a required property"]
          response ["\"id\" is a required property"]
          whole ["\"id\" is a required property"]
        User
          request ["\"id\" is a required property"]
          response ["\"id\" is a required property"]
          whole ["\"id\" is a required property"]
        Heir
          request ["\"name\" is a required property", "\"secret\" is a required property"]
          response ["\"name\" is a required property", "\"id\" is a required property", "\"id\" is a required property"]
          whole ["\"name\" is a required property", "\"secret\" is a required property", "\"id\" is a required property", "\"id\" is a required property"]
    "#]].assert_eq(&said);
}

#[test]
fn examples_that_do_not_fit_are_said() {
    let text = r"openapi: 3.1.0
info: {title: T}
paths:
  /{id}:
    parameters:
    - {name: id, in: path, required: true, schema: {type: integer}, example: x}
    get:
      responses:
        200:
          description: ok
          content:
            application/json:
              schema: {$ref: '#/components/schemas/S'}
              examples:
                good: {value: {a: 1, b: 2, c: 3, d: 4}}
                bad: {value: {a: x, b: x, c: x, d: x}}
                far: {externalValue: http://example.com}
        201:
          description: ok
          content: {application/json: {schema: {$ref: '#/components/schemas/S'}}}
components:
  schemas:
    S:
      type: object
      additionalProperties: {type: integer}
      examples: [{a: 1.5}]
";
    let contract = findings(text, &expect![[r#"
        a.yaml:17: warning: example `far` has no `value` and is left out (write the value itself, or put its file beside the document)
        a.yaml:6: warning: the example does not fit its schema: the value is not of type "integer"
        a.yaml:16: warning: the example does not fit its schema: `/a`: the value is not of type "integer"; `/b`: the value is not of type "integer"; `/c`: the value is not of type "integer" and more
        a.yaml:26: warning: the example does not fit its schema: `/a`: the value is not of type "integer"
    "#]]).unwrap();
    let created = contract.operations[0].response(201).unwrap();
    assert_eq!(created.content["application/json"].examples[""], json!({"a": 1.5}));
}

#[test]
fn values_that_schemas_give_of_themselves_have_to_fit() {
    schema(
        "3.0.3",
        "S:\n  type: object\n  properties:\n    age: {type: integer, minimum: 1, default: 0}\n    name: {type: string, nullable: true, example: null}\n    \
         email:\n      type: string\n      format: email\n      example: nobody\n    code: {type: string, pattern: '^(?!x)', default: x}\n    \
         far: {$ref: '#/components/schemas/Id'}\n    near: {allOf: [{$ref: '#/components/schemas/Id'}], default: 5}\n    \
         list: {type: array, items: {type: object, required: [id], properties: {id: {type: string, readOnly: true}}}, example: [{}]}\n\
         Id: {type: string, example: 5}",
        &[],
        &[],
        &expect![[r##"
            {"type":"object","properties":{"age":{"type":"integer","minimum":1,"default":0},"name":{"type":["string","null"],"example":null},"email":{"type":"string","format":"email","example":"nobody"},"code":{"type":"string","pattern":"^(?!x)","default":"x"},"far":{"$ref":"#/components/schemas/Id"},"near":{"allOf":[{"$ref":"#/components/schemas/Id"}],"default":5},"list":{"type":"array","items":{"type":"object","properties":{"id":{"type":"string","readOnly":true}},"x-tombstone-required-in-response":["id"]},"example":[{}]}}}
            a.yaml:17: warning: the default does not fit its schema: the value is less than the minimum of 1
            a.yaml:22: warning: the example does not fit its schema: the value is not a "email"
            a.yaml:23: warning: the default does not fit its schema: the value does not match "^(?!x)"
            a.yaml:25: warning: the default does not fit its schema: the value is not of type "string"
            a.yaml:27: warning: the example does not fit its schema: the value is not of type "string"
        "##]],
    );
}

#[test]
fn all_keywords_of_2020_12_hold_behind_the_reference_that_is_compiled() {
    schema(
        "3.1.0",
        "S:\n  prefixItems: [{const: 1}]\n  items: false\n  dependentRequired: {a: [b]}\n  properties: {a: true, b: true, c: {$ref: '#/components/schemas/Id', minLength: 3}, \
         d: {format: uuid}}\n  unevaluatedProperties: false\n  contains: true\n  minContains: 1\nId: {type: string}",
        &[json!([1]), json!({"a": 1, "b": 2}), json!({"c": "abc"})],
        &[
            json!([]),
            json!([2]),
            json!([1, 2]),
            json!({"a": 1}),
            json!({"x": 1}),
            json!({"c": "ab"}),
            json!({"d": "x"}),
        ],
        &expect![[r##"
            {"prefixItems":[{"const":1}],"items":false,"dependentRequired":{"a":["b"]},"properties":{"a":true,"b":true,"c":{"$ref":"#/components/schemas/Id","minLength":3},"d":{"format":"uuid"}},"unevaluatedProperties":false,"contains":true,"minContains":1}
        "##]],
    );
}

#[test]
fn what_no_value_can_fail_is_not_kept() {
    schema(
        "3.1.0",
        "S:\n  title: a\n  description: b\n  $comment: c\n  externalDocs: {url: x}\n  deprecated: true\n  \
         properties: {title: {type: string, description: d}, description: {default: {description: e}}}",
        &[json!({"title": "x"})],
        &[json!({"title": 1})],
        &expect![[r#"
            {"properties":{"title":{"type":"string"},"description":{"default":{"description":"e"}}}}
        "#]],
    );
}

#[test]
fn what_is_ignored_is_said() {
    let text = r"openapi: 3.0.3
info: {title: T, version: '1'}
servers: [{url: /v1}]
paths:
  /a:
    servers: [{url: /v2}]
    post:
      servers: [{url: /v3}]
      requestBody:
        content:
          multipart/form-data: {schema: {type: object}}
          multipart/mixed: {}
      responses: {'200': {description: ok, content: {multipart/mixed: {schema: {type: object}}}}}
    get:
      servers: [{url: /v1}]
      responses: {'200': {description: ok}}
";
    let contract = findings(text, &expect![""]).unwrap();
    // The servers nearest to an operation are its own.
    let bases = contract.operations.iter().map(|operation| operation.servers[0].base_path.as_str());
    assert_eq!(bases.collect::<Vec<_>>(), ["/v3", "/v1"]);
}

#[test]
fn validators_of_many_schemas_are_kept() {
    let mut schemas = "S: {type: string}\n".to_owned();
    for number in 0..300 {
        writeln!(schemas, "S{number}: {{type: integer, minimum: {number}}}").unwrap();
    }
    let text = with_schemas("3.1.0", &schemas);
    let schemas = load(&text).0.unwrap().schemas;
    let first = schemas.validator(schemas.at("/components/schemas/S0").unwrap()).unwrap();
    for _ in 0..2 {
        for number in 0..300 {
            let id = schemas.at(&format!("/components/schemas/S{number}")).unwrap();
            let validator = schemas.validator(id).unwrap();
            assert!(validator.is_valid(&json!(number)) && !validator.is_valid(&json!(number - 1)));
        }
    }
    let again = schemas.validator(schemas.at("/components/schemas/S0").unwrap()).unwrap();
    assert!(Arc::ptr_eq(&first, &again), "it was compiled once");
}

#[test]
fn a_deep_schema_and_a_long_chain_of_references_are_read() {
    let deep = format!("{}{{type: integer}}{}", "{items: ".repeat(200), "}".repeat(200));
    let mut schemas = format!("S: {deep}\nC0: {{type: string}}\n");
    for number in 1..60 {
        let before = number - 1;
        writeln!(schemas, "C{number}: {{$ref: '#/components/schemas/C{before}'}}").unwrap();
    }
    let schemas = load(&with_schemas("3.1.0", &schemas)).0.unwrap().schemas;
    let value = |leaf: &str| -> Value {
        let text = format!("{}{leaf}{}", "[".repeat(100), "]".repeat(100));
        serde_json::from_str(&text).unwrap()
    };
    let deep = schemas.validator(schemas.at("/components/schemas/S").unwrap()).unwrap();
    assert!(deep.is_valid(&value("5")));
    let last = schemas.at("/components/schemas/C59").unwrap();
    assert_eq!(schemas.resolved(last), &json!({"type": "string"}));
    assert!(!schemas.validator(last).unwrap().is_valid(&json!(1)));
}

#[test]
fn deep_schemas_that_refer_to_one_another_are_compiled() {
    let mut schemas = "S: {$ref: '#/components/schemas/L0'}\nL20: {type: integer}\n".to_owned();
    for number in 0..20 {
        let next = format!("{{$ref: '#/components/schemas/L{}'}}", number + 1);
        let (open, close) = ("{items: ".repeat(200), "}".repeat(200));
        writeln!(schemas, "L{number}: {open}{next}{close}").unwrap();
    }
    let (contract, said) = load(&with_schemas("3.1.0", &schemas));
    assert_eq!(said, "");
    let schemas = contract.unwrap().schemas;
    let validator = schemas.validator(schemas.at("/components/schemas/S").unwrap()).unwrap();
    let value = (0..250).fold(json!("x"), |value, _| json!([value]));
    assert!(validator.is_valid(&value));
}

#[test]
fn schemas_in_one_another_that_apply_to_one_value_have_an_end() {
    let (open, close) = ("{allOf: [".repeat(100), "]}".repeat(100));
    let step = format!("{open}NEXT{close}");
    let (contract, said) = load(&with_schemas("3.1.0", &levels(10, &step)));
    expect![[r#"
        a.yaml:17: warning: `allOf/0` applies more than 256 schemas in one another to one value; all that it is composed of is left out, and anything is accepted in its place (compose it of fewer schemas)
        a.yaml:19: warning: `allOf/0` applies more than 256 schemas in one another to one value; all that it is composed of is left out, and anything is accepted in its place (compose it of fewer schemas)
        a.yaml:22: warning: `allOf/0` applies more than 256 schemas in one another to one value; all that it is composed of is left out, and anything is accepted in its place (compose it of fewer schemas)
    "#]].assert_eq(&said);
    let schemas = contract.unwrap().schemas;
    let validator = schemas.validator(schemas.at("/components/schemas/S").unwrap()).unwrap();
    assert!(validator.is_valid(&json!({})));
}

#[test]
fn a_chain_of_references_has_an_end() {
    let mut chain = "S: {$ref: '#/components/schemas/C149'}\nC0: {type: string}\n".to_owned();
    for number in 1..150 {
        let before = number - 1;
        writeln!(chain, "C{number}: {{allOf: [{{$ref: '#/components/schemas/C{before}'}}]}}")
            .unwrap();
    }
    schema(
        "3.1.0",
        chain.trim_end(),
        &[json!(1)],
        &[],
        &expect![[r##"
        {"allOf":[{"$ref":"#/components/schemas/C148"}]}
        a.yaml:80: warning: more than 64 references follow one another here; cut
        a.yaml:145: warning: more than 64 references follow one another here; cut
    "##]],
    );
}

/// Schemas `L0` to the last: each refers to the next one as `step` says, with `NEXT` for the reference.
fn levels(count: usize, step: &str) -> String {
    let mut schemas = "S: {$ref: '#/components/schemas/L0'}\n".to_owned();
    for number in 0..count {
        let next = format!("{{$ref: '#/components/schemas/L{}'}}", number + 1);
        writeln!(schemas, "L{number}: {}", step.replace("NEXT", &next)).unwrap();
    }
    write!(schemas, "L{count}: {{type: object, required: [a]}}").unwrap();
    schemas
}

#[test]
fn references_that_multiply_have_an_end() {
    let text = with_schemas("3.1.0", &levels(40, "{type: object, allOf: [NEXT, NEXT]}"));
    let text = text.replace(
        "schema: {$ref: '#/components/schemas/S'}",
        "{schema: {$ref: '#/components/schemas/S'}, example: {b: 1}}",
    );
    let contract = findings(&text, &expect![[r#"
        a.yaml:19: warning: `L4` applies more than 10000 schemas to one value, since references multiply; all that it is composed of is left out, and anything is accepted in its place (compose it of fewer schemas, or refer to each of them once)
        a.yaml:31: warning: `L16` applies more than 10000 schemas to one value, since references multiply; all that it is composed of is left out, and anything is accepted in its place (compose it of fewer schemas, or refer to each of them once)
        a.yaml:43: warning: `L28` applies more than 10000 schemas to one value, since references multiply; all that it is composed of is left out, and anything is accepted in its place (compose it of fewer schemas, or refer to each of them once)
    "#]]).unwrap();
    let id = contract.schemas.at("/components/schemas/S").unwrap();
    for validator in [contract.schemas.request_validator(id), contract.schemas.validator(id)] {
        let validator = validator.unwrap();
        assert!(validator.is_valid(&json!({})) && !validator.is_valid(&json!(1)));
        assert!(!validator.misfits(&json!(1), 10).found.is_empty());
    }
    let steps = [
        "{anyOf: [NEXT, NEXT]}",
        "{not: NEXT, oneOf: [NEXT]}",
        "{if: NEXT, then: NEXT, else: NEXT}",
        "{dependentSchemas: {a: NEXT, b: NEXT}}",
        "{anyOf: [{allOf: [NEXT]}, {not: NEXT}]}",
    ];
    for step in steps {
        let (contract, said) = load(&with_schemas("3.1.0", &levels(40, step)));
        assert!(said.contains("applies more than 10000 schemas to one value"), "{step}: {said}");
        let schemas = contract.unwrap().schemas;
        let id = schemas.at("/components/schemas/S").unwrap();
        let validator = schemas.validator(id).unwrap();
        validator.misfits(&json!({"a": 1, "b": 2}), 10);
    }
}

#[test]
fn one_schema_referred_to_too_often_is_refused() {
    let next = "{$ref: '#/components/schemas/T'}";
    let wide = format!("S: {{type: object, allOf: [{}]}}", vec![next; 50_000].join(", "));
    schema(
        "3.1.0",
        &format!("{wide}\nT: {{required: [a]}}"),
        &[json!({})],
        &[json!(1)],
        &expect![[r#"
            {"type":"object"}
            a.yaml:14: warning: `S` applies more than 10000 schemas to one value, since references multiply; all that it is composed of is left out, and anything is accepted in its place (compose it of fewer schemas, or refer to each of them once)
        "#]],
    );
}

#[test]
fn references_into_a_composition_that_is_left_out_accept_anything() {
    let schemas = levels(14, "{unevaluatedProperties: false, allOf: [NEXT, NEXT]}")
        .replace("S: {$ref: '#/components/schemas/L0'}", "S: {properties: {a: {$ref: '#/components/schemas/L1/allOf/0'}, b: {$ref: '#/components/schemas/L2/allOf/0'}}}");
    schema(
        "3.1.0",
        &schemas,
        &[json!({"b": 1})],
        &[],
        &expect![[r##"
        {"properties":{"a":{"$ref":"#/components/schemas/L1/allOf/0"},"b":{}}}
        a.yaml:17: warning: `L2` applies more than 10000 schemas to one value, since references multiply; all that it is composed of is left out, and anything is accepted in its place (compose it of fewer schemas, or refer to each of them once)
    "##]],
    );
}

#[test]
fn deep_and_interlinked_schemas_are_honest() {
    let deep = format!("S: {}{{type: integer}}{}", "{not: ".repeat(200), "}".repeat(200));
    let (contract, said) = load(&with_schemas("3.1.0", &deep));
    let schemas = contract.unwrap().schemas;
    let validator = schemas.validator(schemas.at("/components/schemas/S").unwrap()).unwrap();
    assert!(said.is_empty() && validator.is_valid(&json!(1)) && !validator.is_valid(&json!("x")));

    let mut linked = "S: {$ref: '#/components/schemas/N0'}\n".to_owned();
    for number in 0..300 {
        let others = (0..5).map(|step| {
            let to = (number * 7 + step * 31 + 1) % 300;
            format!("p{step}: {{allOf: [{{$ref: '#/components/schemas/N{to}'}}]}}")
        });
        let others: Vec<String> = others.collect();
        writeln!(linked, "N{number}: {{type: object, properties: {{{}}}}}", others.join(", "))
            .unwrap();
    }
    // Not checked: that compiles each of them with all that it reaches.
    let (text, mut said) = (with_schemas("3.1.0", linked.trim_end()), Vec::new());
    let document = Document::parse("a.yaml", &text, &mut said).unwrap();
    let schemas = Contract::load(&document, &mut said).unwrap().schemas;
    let validator = schemas.validator(schemas.at("/components/schemas/S").unwrap()).unwrap();
    assert!(said.is_empty() && validator.is_valid(&json!({"p0": {"p1": {}}})));
    assert!(!validator.is_valid(&json!({"p0": {"p1": {"p4": 1}}})));
}

#[test]
fn a_wide_discriminator_is_honest() {
    let mut schemas = "S: {discriminator: {propertyName: kind}, oneOf: [".to_owned();
    let names: Vec<String> =
        (0..1000).map(|number| format!("{{$ref: '#/components/schemas/K{number}'}}")).collect();
    schemas.push_str(&names.join(", "));
    schemas.push_str("]}\n");
    for number in 0..1000 {
        writeln!(schemas, "K{number}: {{type: object, required: [kind, k{number}]}}").unwrap();
    }
    let (contract, said) = load(&with_schemas("3.1.0", schemas.trim_end()));
    let schemas = contract.unwrap().schemas;
    let validator = schemas.validator(schemas.at("/components/schemas/S").unwrap()).unwrap();
    assert!(said.is_empty() && validator.is_valid(&json!({"kind": "K7", "k7": 1})));
    assert!(!validator.is_valid(&json!({"kind": "K7", "k8": 1})));
}

#[test]
fn names_of_a_discriminator_are_looked_for_in_bounded_time() {
    let mut schemas =
        "S: {discriminator: {propertyName: kind}, oneOf: [{$ref: '#/components/schemas/L0'}]}\n"
            .to_owned();
    for number in 0..4 {
        let next = vec![format!("{{$ref: '#/components/schemas/L{}'}}", number + 1); 1000];
        writeln!(schemas, "L{number}: {{allOf: [{}]}}", next.join(", ")).unwrap();
    }
    schemas.push_str("L4: {type: object}");
    let (contract, said) = load(&with_schemas("3.1.0", &schemas));
    assert!(contract.is_some() && said.contains("`L2` applies more than 10000 schemas"), "{said}");
}

#[test]
fn values_of_another_type_are_read_as_what_they_mean() {
    schema(
        "3.0.3",
        "S:\n  properties:\n    \
         text: {type: string, enum: [1, 2.5, true, a, '1'], default: 2.5}\n    \
         number: {type: integer, enum: ['1', '2'], default: '2'}\n    \
         truth: {type: boolean, default: 'true'}\n    \
         values: {type: integer, enum: [a, b], nullable: true}\n    \
         const: {type: string, const: 5}\n    \
         list: {type: array, items: {type: string}, enum: [a, b]}\n    \
         other: {type: array, items: {$ref: '#/components/schemas/S'}, enum: [a]}\n    \
         lists: {type: array, enum: [[a], b]}\n    \
         none: {type: string, enum: []}\n    \
         null: {type: string, nullable: true, enum: [a, null]}",
        &[
            json!({"text": "1", "number": 2, "values": "a", "const": "5", "list": ["a"], "none": "x", "null": null}),
            json!({"values": null, "lists": ["a"]}),
        ],
        &[json!({"text": 1}), json!({"number": "1"}), json!({"list": ["c"]}), json!({"values": 1})],
        &expect![[r##"
            {"properties":{"text":{"type":"string","enum":["1","2.5","true","a"],"default":"2.5"},"number":{"type":"integer","enum":[1,2],"default":2},"truth":{"type":"boolean","default":true},"values":{"enum":["a","b",null]},"const":{"type":"string","const":"5"},"list":{"type":"array","items":{"type":"string","enum":["a","b"]}},"other":{"type":"array","items":{"$ref":"#/components/schemas/S"}},"lists":{"type":"array","enum":[["a"],"b"]},"none":{"type":"string"},"null":{"type":["string","null"],"enum":["a",null]}}}
            a.yaml:16: warning: `default` is of another type than `type`; it is read as that type (put texts in quotes, and nothing else)
            a.yaml:16: warning: `enum` is of another type than `type`; it is read as that type (put texts in quotes, and nothing else)
            a.yaml:17: warning: `default` is of another type than `type`; it is read as that type (put texts in quotes, and nothing else)
            a.yaml:17: warning: `enum` is of another type than `type`; it is read as that type (put texts in quotes, and nothing else)
            a.yaml:18: warning: `default` is of another type than `type`; it is read as that type (put texts in quotes, and nothing else)
            a.yaml:19: warning: `enum` has no value of the `type` that is given; its values count
            a.yaml:20: warning: `const` is of another type than `type`; it is read as that type (put texts in quotes, and nothing else)
            a.yaml:21: warning: `enum` of an array lists no arrays; it is read as that of the items
            a.yaml:22: warning: `enum` of an array lists no arrays; it is left out
            a.yaml:24: warning: `enum` is empty; it is left out
        "##]],
    );
}

#[test]
fn what_leaves_no_value_is_said() {
    schema(
        "3.1.0",
        "S:\n  properties:\n    \
         number: {minimum: 5, maximum: 3}\n    \
         text: {minLength: 5, maxLength: 3}\n    \
         list: {minItems: 2, maxItems: 1}\n    \
         map: {minProperties: 2, maxProperties: 1}\n    \
         all: {not: {description: nothing}}\n    \
         one: {not: true}\n    \
         fine: {minimum: 3, maximum: 3, not: {type: string}}",
        &[json!({"fine": 3})],
        &[json!({"all": 1})],
        &expect![[r#"
            {"properties":{"number":{"minimum":5,"maximum":3},"text":{"minLength":5,"maxLength":3},"list":{"minItems":2,"maxItems":1},"map":{"minProperties":2,"maxProperties":1},"all":{"not":{}},"one":{"not":true},"fine":{"minimum":3,"maximum":3,"not":{"type":"string"}}}}
            a.yaml:16: warning: `minimum` is above `maximum`, and no value fits
            a.yaml:17: warning: `minLength` is above `maxLength`, and no value fits
            a.yaml:18: warning: `minItems` is above `maxItems`, and no value fits
            a.yaml:19: warning: `minProperties` is above `maxProperties`, and no value fits
            a.yaml:20: warning: `not` refuses every value, and no value fits
            a.yaml:21: warning: `not` refuses every value, and no value fits
        "#]],
    );
}

#[test]
fn references_in_a_circle_end_anywhere() {
    let text = r##"openapi: 3.0.3
info: {title: S, version: "1"}
paths:
  /a: {get: {$ref: '#/paths/~1b/get'}}
  /b: {get: {$ref: '#/paths/~1a/get'}}
  /c: {get: {responses: {$ref: '#/paths/~1c/get/responses'}}}
  /d: {get: {responses: {"200": {$ref: '#/paths/~1d/get/responses/200'}}}}
  /e: {get: {responses: {"200": {description: x, content: {$ref: '#/paths/~1e/get/responses/200/content/application~1json'}}}}}
  /f: {get: {parameters: {$ref: '#/paths/~1f/get/parameters/0'}, responses: {"200": {description: x, content: {application/json: {example: {$ref: '#/paths/~1f/get/responses/200/content/application~1json/example'}}}}}}}
  /g: {get: {responses: {"200": {description: x, content: {application/json: {schema: {$ref: '#/components/schemas/N'}}}}}}}
  /h: {get: {responses: {"200": {description: x, content: {application/json: {schema: {$ref: '#/components/schemas/L'}}}}}}}
  /j:
    post:
      requestBody: {content: {multipart/form-data: {schema: {type: object}, encoding: {p: {headers: {X: {$ref: '#/components/headers/H'}}}}}}}
      responses: {'204': {description: x}}
  /i: {$ref: '#/paths/~1i'}
components:
  headers:
    H: {content: {multipart/form-data: {schema: {type: object}, encoding: {p: {headers: {X: {$ref: '#/components/headers/H'}}}}}}}
  schemas:
    N: {type: object, properties: {v: {type: integer, example: 4}, child: {type: object, properties: {$ref: '#/components/schemas/N/properties'}}}}
    L: {type: object, properties: {$ref: '#/components/schemas/L/properties'}, required: {$ref: '#/components/schemas/L/required'}, allOf: {$ref: '#/components/schemas/L/allOf'}, enum: {$ref: '#/nowhere'}}
"##;
    let contract = findings(text, &expect![[r#"
        a.yaml:4: warning: `get` refers to itself in a circle and is left out
        a.yaml:4: warning: the operation cannot be read as it is meant; its calls are refused with 501 (its definition is a reference that leads nowhere)
        a.yaml:5: warning: `get` refers to itself in a circle and is left out
        a.yaml:5: warning: the operation cannot be read as it is meant; its calls are refused with 501 (its definition is a reference that leads nowhere)
        a.yaml:6: warning: `responses` refers to itself in a circle and is left out
        a.yaml:6: warning: the operation documents no response; it answers 200 without a body (document one under `responses`)
        a.yaml:7: warning: the operation documents no response; it answers 200 without a body (document one under `responses`)
        a.yaml:7: warning: `responses/200` refers to itself in a circle and is left out
        a.yaml:8: warning: `content` refers to itself in a circle and is left out
        a.yaml:9: warning: `parameters` refers to itself in a circle and is left out
        a.yaml:9: warning: the value looks like a reference that leads nowhere; it is data as it is
        a.yaml:16: warning: `/i` refers to itself in a circle and is left out
        a.yaml:21: warning: `properties` is a reference, which OpenAPI does not have there; it is followed
        a.yaml:22: warning: `#/components/schemas/L/allOf` leads nowhere; it is left out
        a.yaml:22: warning: `#/nowhere` leads nowhere; it is left out
        a.yaml:22: warning: `#/components/schemas/L/properties` leads nowhere; it is left out
        a.yaml:22: warning: `#/components/schemas/L/required` leads nowhere; it is left out
    "#]]).unwrap();
    let refused = contract.not_emulated.iter().map(|other| other.template.as_str());
    assert_eq!(refused.collect::<Vec<_>>(), ["/a", "/b"]);
    let parts = contract.operations.iter().find(|one| one.template == "/j").unwrap();
    let body = parts.request_body.as_ref().unwrap();
    assert_eq!(body.content["multipart/form-data"].encoding["p"].headers[0].name, "X");
}
