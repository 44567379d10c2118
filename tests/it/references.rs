//! References where `OpenAPI` has none, and what happens where one leads nowhere.

use expect_test::expect;
use serde_json::json;

use crate::cli::{run, serve};
use crate::support::Folder;

/// A document that has references where `OpenAPI` has none, in several files.
const SCATTERED: [(&str, &str); 7] = [
    (
        "a.yaml",
        r##"openapi: 3.0.3
info: {$ref: ./parts.yaml#/info}
servers: {$ref: '#/x-servers'}
x-servers: [{url: https://a.example/v1}]
security: {$ref: '#/components/x-security'}
tags: {$ref: ./parts.yaml#/tags}
paths:
  /a: {get: {$ref: '#/components/x-operations/getA'}}
  /b: {get: {security: [], responses: {"200": {description: ok, content: {$ref: '#/components/x-contents/B'}}}}}
  /c: {get: {$ref: './ops.yaml#/getC', security: []}}
  /d: {$ref: './ops.yaml#/item'}
  /e: {get: {security: [], responses: {$ref: './ops.yaml#/responses'}}}
  /f: {get: {security: [], parameters: {$ref: '#/x-parameters'}, responses: {"200": {description: ok, headers: {$ref: '#/x-headers'}, content: {application/json: {example: {$ref: ./example.yaml}}}}}}}
  /g: {get: {security: [], responses: {"200": {description: ok, content: {application/json: {examples: {$ref: './parts.yaml#/examples'}}}}}}}
  /h: {get: {security: [], responses: {"200": {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/H'}}}}}}}
  /i: {get: {security: [], responses: {"200": {description: ok, content: {application/json: {examples: {x: {value: {$ref: ./example.yaml}}}}}}}}}
  /j: {get: {security: [], responses: {"200": {description: ok, content: {application/json: {example: {a: {$ref: ./example.yaml}}}}}}}}
  /k: {get: {security: [], responses: {"200": {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/K/properties/n'}}}}}}}
  /m: {post: {security: [], requestBody: {required: true, content: {$ref: '#/components/x-contents/B'}}, responses: {"204": {description: ok}}}}
components: {$ref: ./components.yaml}
x-parameters: [{name: q, in: query, required: true, schema: {type: integer}}]
x-headers: {X-A: {schema: {type: integer, example: 5}}}
"##,
    ),
    (
        "parts.yaml",
        r##"info: {title: Parts, version: '7'}
tags: [{name: a}]
examples: {one: {value: {a: 1}}}
enum: [red, green]
required: [color, n]
properties:
  n: {type: integer, minimum: 3, maximum: 4}
  example: {$ref: './parts.yaml#/properties/n'}
"##,
    ),
    (
        "ops.yaml",
        r##"getC: {operationId: getC, responses: {"200": {description: ok, content: {application/json: {example: {c: 1}}}}}}
item: {get: {$ref: '#/getC', security: []}}
responses: {"200": {description: ok, content: {application/json: {example: {e: 1}}}}}
"##,
    ),
    (
        "example.yaml",
        r##"{from: file, enum: {$ref: nothing}}
"##,
    ),
    (
        "components.yaml",
        r##"x-security: [{key: []}]
x-operations:
  getA: {operationId: getA, responses: {"200": {description: ok, content: {application/json: {example: {a: 1}}}}}}
x-contents:
  B: {application/json: {schema: {type: object, required: [b]}, example: {b: 1}}}
securitySchemes: {$ref: ./schemes.yaml}
schemas: {$ref: './schemas.yaml'}
"##,
    ),
    (
        "schemes.yaml",
        r##"key: {type: apiKey, in: header, name: X-Key}
"##,
    ),
    (
        "schemas.yaml",
        r##"H: {type: object, required: {$ref: 'parts.yaml#/required'}, additionalProperties: false, properties: {$ref: 'parts.yaml#/properties', color: {type: string, enum: {$ref: 'parts.yaml#/enum'}}}}
K: {$ref: '#/H'}
example: {type: integer, enum: [9]}
"##,
    ),
];

/// What its operations answer: path, status and body.
const ANSWERS: [(&str, u16, &str); 13] = [
    ("/a", 401, ""),
    ("/b", 200, r#"{"b":1}"#),
    ("/v1/b", 200, r#"{"b":1}"#),
    ("/c", 200, r#"{"c":1}"#),
    ("/d", 200, r#"{"c":1}"#),
    ("/e", 200, r#"{"e":1}"#),
    ("/f", 422, ""),
    ("/f?q=1", 200, r#"{"from":"file","enum":{"$ref":"nothing"}}"#),
    ("/g", 200, r#"{"a":1}"#),
    ("/h", 200, r#"{"n":3,"example":3,"color":"red"}"#),
    ("/i", 200, r#"{"from":"file","enum":{"$ref":"nothing"}}"#),
    // A reference within data is data.
    ("/j", 200, r#"{"a":{"$ref":"./example.yaml"}}"#),
    ("/k", 200, "4"),
];

#[test]
fn references_are_followed_wherever_they_stand() {
    let folder = Folder::new("mock-references");
    for (name, text) in SCATTERED {
        folder.write(name, text);
    }
    let path = folder.path.join("a.yaml").display().to_string();
    let server = serve(&["--built-in", "off", &path]);
    for (path, status, body) in ANSWERS {
        let answer = server.call("GET", path, "");
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        assert!(body.is_empty() || answer.text() == body, "{path}: {}", answer.text());
    }
    assert_eq!(server.call("GET", "/a", "X-Key: k\r\n").text(), r#"{"a":1}"#);
    assert_eq!(server.call("GET", "/f?q=1", "").field("x-a").as_deref(), Some("5"));
    assert_eq!(server.call("POST", "/m", "Content-Length: 0\r\n").status, 422);
    server.stop();
    let told = run(&["check", "--built-in", "off", &path]).text();
    expect![[r#"
        DIR/a.yaml:3: warning: `servers` is a reference, which OpenAPI does not have there; it is followed
        DIR/a.yaml:5: warning: `security` is a reference, which OpenAPI does not have there; it is followed
        DIR/a.yaml:8: warning: an operation is a reference, which OpenAPI does not have there; it is followed [3 times, also at line 10, DIR/ops.yaml:2]
        DIR/a.yaml:9: warning: `content` is a reference, which OpenAPI does not have there; it is followed [2 times, also at line 19]
        DIR/a.yaml:12: warning: `responses` is a reference, which OpenAPI does not have there; it is followed
        DIR/a.yaml:13: warning: `parameters` is a reference, which OpenAPI does not have there; it is followed
        DIR/a.yaml:13: warning: `example` is a reference, which OpenAPI does not have there; it is followed
        DIR/a.yaml:13: warning: `headers` is a reference, which OpenAPI does not have there; it is followed
        DIR/a.yaml:14: warning: `examples` is a reference, which OpenAPI does not have there; it is followed
        DIR/a.yaml:16: warning: `value` is a reference, which OpenAPI does not have there; it is followed
        DIR/a.yaml:20: warning: `components` is a reference, which OpenAPI does not have there; it is followed
        DIR/ops.yaml:2: warning: operationId `getC` is on line 10 too (this one is called `GET /d`)
        DIR/schemas.yaml:1: warning: `properties` is a reference, which OpenAPI does not have there; it is followed
        DIR/schemas.yaml:1: warning: `enum` is a reference, which OpenAPI does not have there; it is followed
        DIR/schemas.yaml:1: warning: `required` is a reference, which OpenAPI does not have there; it is followed
        1 provider can be served; 0 errors and 15 warnings
        exit 0
    "#]].assert_eq(&told.replace(&folder.path.display().to_string(), "DIR"));
}

const BEGIN: &str = "openapi: 3.0.3\ninfo: { title: S, version: '1' }\n";

/// Operations whose security is behind a reference, or nothing that can be read.
const LOST: &str = "security: { $ref: gone.yaml }
paths:
  /general: { get: { responses: { '200': { description: ok } } } }
  /null: { get: { security: , responses: { '200': { description: ok } } } }
  /public: { get: { security: [], responses: { '200': { description: ok } } } }
  /optional: { get: { security: [{}, { lost: [] }], responses: { '200': { description: ok } } } }
  /list: { get: { security: { $ref: '#/x-gone' }, responses: { '200': { description: ok } } } }
  /circle: { get: { security: { $ref: '#/paths/~1circle/get/security' }, responses: { '200': { description: ok } } } }
  /alternative: { get: { security: [{ $ref: '#/x-gone' }], responses: { '200': { description: ok } } } }
  /operation: { get: { $ref: '#/x-gone' } }
  /text: { get: { security: key, responses: { '200': { description: ok } } } }
  /number: { get: { security: [5], responses: { '200': { description: ok } } } }
  /scheme: { get: { security: [{ lost: [] }], responses: { '200': { description: ok } } } }
  /other: { get: { security: [{ lost: [] }, { key: [] }], responses: { '200': { description: ok } } } }
  /map: { get: { security: { key: [] }, responses: { '200': { description: ok } } } }
components:
  securitySchemes: { key: { type: apiKey, in: header, name: K }, lost: { $ref: gone.yaml } }
";

#[test]
fn nobody_is_let_in_where_a_reference_to_security_leads_nowhere() {
    let folder = Folder::new("mock-lost-security");
    folder.write("parts.yaml", &format!("{BEGIN}{LOST}"));
    let general = format!(
        "{BEGIN}security: [{{ key: [] }}]\npaths: {{ /a: {{ get: {{ responses: {{ default: {{ description: ok }} }} }} }} }}\n"
    );
    let lost = "components: { securitySchemes: { $ref: '#/components/securitySchemes' } }\n";
    folder.write("schemes.yaml", &format!("{general}{lost}"));
    folder.write("components.yaml", &format!("{general}components: {{ $ref: gone.yaml }}\n"));
    let paths = "general null public optional list circle alternative operation text number scheme other map";
    let told = [("parts", paths), ("schemes", "a"), ("components", "a")].map(|(name, paths)| {
        let path = folder.path.join(format!("{name}.yaml")).display().to_string();
        let server = serve(&["--built-in", "off", &path]);
        let told = paths.split(' ').map(|path| {
            let answer = server.call("GET", &format!("/{path}"), "");
            let detail =
                if answer.status == 501 { answer.json()["detail"].take() } else { json!("") };
            let detail = detail.as_str().unwrap_or_default();
            let detail = detail.replace(&folder.path.display().to_string(), "DIR");
            format!("{} {path} {detail}", answer.status).trim_end().to_owned()
        });
        let told: Vec<String> = told.collect();
        server.stop();
        told.join("\n") + "\n"
    });
    expect![[r#"
        501 general `GET /general` is refused: `security` is a reference that leads nowhere (DIR/parts.yaml:5)
        501 null `GET /null` is refused: `security` is a reference that leads nowhere (DIR/parts.yaml:6)
        200 public
        200 optional
        501 list `GET /list` is refused: `security` is a reference that leads nowhere (DIR/parts.yaml:9)
        501 circle `GET /circle` is refused: `security` is a reference that leads nowhere (DIR/parts.yaml:10)
        501 alternative `GET /alternative` is refused: `security` has an alternative that is not a map of security schemes (DIR/parts.yaml:11)
        501 operation `GET /operation` is refused: its definition is a reference that leads nowhere (DIR/parts.yaml:12)
        501 text `GET /text` is refused: `security` is not a list (DIR/parts.yaml:13)
        501 number `GET /number` is refused: `security` has an alternative that is not a map of security schemes (DIR/parts.yaml:14)
        501 scheme `GET /scheme` is refused: `security` asks for `lost`, whose definition cannot be read (DIR/parts.yaml:15)
        401 other
        401 map

        501 a `GET /a` is refused: `security` asks for `key`, whose definition cannot be read (DIR/schemes.yaml:4)

        501 a `GET /a` is refused: `security` asks for `key`, whose definition cannot be read (DIR/components.yaml:4)
    "#]].assert_eq(&told.join("\n"));
}
