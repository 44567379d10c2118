//! The same document in each version of the specification: the same calls get the same bytes.

use std::fmt::Write;

use expect_test::expect;
use http::HeaderMap;
use serde_json::Value;
use tombstone::catalog::{self, DocumentSource, Sources};
use tombstone::clock::Timestamp;
use tombstone::emulator::{Emulator, EmulatorOptions};
use tombstone::infer::InferOptions;
use tombstone::message::Body;
use tombstone::openapi::Contract;

use crate::support::Folder;

/// A construct of Swagger 2.0, the same in `OpenAPI` 3.0, and calls: method, path and header fields, then the body.
struct Row {
    name: &'static str,
    second: &'static str,
    third: &'static str,
    /// What is written otherwise in 3.1 and 3.2.
    newer: &'static [(&'static str, &'static str)],
    calls: &'static [(&'static str, &'static str)],
}

const ROWS: &[Row] = &[
    Row {
        name: "a body with a schema",
        second: "
paths:
  /pets:
    post:
      parameters: [{name: pet, in: body, required: true, schema: {$ref: '#/definitions/Pet'}}]
      responses: {201: {description: made, schema: {$ref: '#/definitions/Pet'}}, 400: {description: bad, schema: {type: object, properties: {message: {type: string}}}}}
  /maybe:
    put:
      parameters: [{name: pet, in: body, schema: {type: object, required: [a], properties: {a: {type: integer, minimum: 3, exclusiveMinimum: true, maximum: 9}}}}]
      responses: {204: {description: done}}
definitions:
  Pet:
    type: object
    required: [name]
    properties: {id: {type: integer, format: int64, readOnly: true}, name: {type: string, minLength: 2}, note: {type: string, x-nullable: true, enum: [a, b]}, owner: {x-nullable: true, $ref: '#/definitions/Owner'}, tags: {type: array, uniqueItems: true, items: {type: string}}}
  Owner: {type: object, additionalProperties: {type: integer}}
",
        third: "
paths:
  /pets:
    post:
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
      responses: {'201': {description: made, content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}, '400': {description: bad, content: {application/json: {schema: {type: object, properties: {message: {type: string}}}}}}}
  /maybe:
    put:
      requestBody: {content: {application/json: {schema: {type: object, required: [a], properties: {a: {type: integer, minimum: 3, exclusiveMinimum: true, maximum: 9}}}}}}
      responses: {'204': {description: done}}
components:
  schemas:
    Pet:
      type: object
      required: [name]
      properties: {id: {type: integer, format: int64, readOnly: true}, name: {type: string, minLength: 2}, note: {type: string, nullable: true, enum: [a, b]}, owner: {nullable: true, $ref: '#/components/schemas/Owner'}, tags: {type: array, uniqueItems: true, items: {type: string}}}
    Owner: {type: object, additionalProperties: {type: integer}}
",
        newer: &[
            ("minimum: 3, exclusiveMinimum: true", "exclusiveMinimum: 3"),
            ("type: string, nullable: true, enum: [a, b]", "type: [string, 'null'], enum: [a, b, null]"),
            ("{nullable: true, $ref: '#/components/schemas/Owner'}", "{anyOf: [{$ref: '#/components/schemas/Owner'}, {type: 'null'}]}"),
        ],
        calls: &[
            ("POST /pets content-type: application/json", r#"{"name":"Rex","note":null,"owner":null}"#),
            ("POST /pets content-type: application/json", r#"{"name":"Rex","owner":{"a":1},"tags":["a","b"]}"#),
            ("POST /pets content-type: application/json", r#"{"name":"R","note":"c","owner":{"a":"x"},"tags":["a","a"]}"#),
            ("POST /pets content-type: application/json", r#"{"#),
            ("POST /pets content-type: text/plain", "x"),
            ("POST /pets", ""),
            ("POST /pets prefer: code=400 content-type: application/json", r#"{"name":"Rex"}"#),
            ("PUT /maybe", ""),
            ("PUT /maybe content-type: application/json", r#"{"a":4}"#),
            ("PUT /maybe content-type: application/json", r#"{"a":3}"#),
            ("GET /maybe", ""),
        ],
    },
    Row {
        name: "lists in parameters",
        second: "
paths:
  /csv: {get: {parameters: [{name: a, in: query, type: array, items: {type: integer}, maxItems: 3}], responses: {200: {description: ok}}}}
  /ssv: {get: {parameters: [{name: a, in: query, type: array, items: {type: integer}, collectionFormat: ssv}], responses: {200: {description: ok}}}}
  /pipes: {get: {parameters: [{name: a, in: query, type: array, items: {type: string, enum: [x, y]}, collectionFormat: pipes, required: true}], responses: {200: {description: ok}}}}
  /multi: {get: {parameters: [{name: a, in: query, type: array, items: {type: integer, format: int32}, collectionFormat: multi, minItems: 2}], responses: {200: {description: ok}}}}
  /header: {get: {parameters: [{name: X-Ids, in: header, type: array, items: {type: integer}, required: true}], responses: {200: {description: ok}}}}
  '/path/{ids}': {get: {parameters: [{name: ids, in: path, type: array, items: {type: integer}, required: true}], responses: {200: {description: ok}}}}
",
        third: "
paths:
  /csv: {get: {parameters: [{name: a, in: query, explode: false, schema: {type: array, items: {type: integer}, maxItems: 3}}], responses: {'200': {description: ok}}}}
  /ssv: {get: {parameters: [{name: a, in: query, style: spaceDelimited, explode: false, schema: {type: array, items: {type: integer}}}], responses: {'200': {description: ok}}}}
  /pipes: {get: {parameters: [{name: a, in: query, style: pipeDelimited, explode: false, required: true, schema: {type: array, items: {type: string, enum: [x, y]}}}], responses: {'200': {description: ok}}}}
  /multi: {get: {parameters: [{name: a, in: query, style: form, explode: true, schema: {type: array, items: {type: integer, format: int32}, minItems: 2}}], responses: {'200': {description: ok}}}}
  /header: {get: {parameters: [{name: X-Ids, in: header, required: true, schema: {type: array, items: {type: integer}}}], responses: {'200': {description: ok}}}}
  '/path/{ids}': {get: {parameters: [{name: ids, in: path, required: true, schema: {type: array, items: {type: integer}}}], responses: {'200': {description: ok}}}}
",
        newer: &[],
        calls: &[
            ("GET /csv?a=1,2", ""),
            ("GET /csv?a=1,b", ""),
            ("GET /csv?a=1&a=2", ""),
            ("GET /csv?a=1,2,3,4", ""),
            ("GET /csv?a=", ""),
            ("GET /ssv?a=1%202", ""),
            ("GET /ssv?a=1+x", ""),
            ("GET /pipes?a=x%7Cy", ""),
            ("GET /pipes?a=x|z", ""),
            ("GET /pipes", ""),
            ("GET /multi?a=1&a=2", ""),
            ("GET /multi?a=1,2", ""),
            ("GET /header x-ids: 1,2", ""),
            ("GET /header x-ids: 1,x", ""),
            ("GET /header", ""),
            ("GET /path/1,2", ""),
            ("GET /path/1,x", ""),
        ],
    },
    Row {
        name: "single parameters",
        second: "
paths:
  /a/{id}:
    parameters:
      - {name: id, in: path, required: true, type: integer, format: int64}
      - {$ref: '#/parameters/Trace'}
      - {name: over, in: query, type: string, maxLength: 2}
    get:
      parameters:
        - {$ref: '#/parameters/Limit'}
        - {name: over, in: query, type: boolean}
        - {name: empty, in: query, type: integer, allowEmptyValue: true}
        - {name: price, in: query, type: number, multipleOf: 0.5, minimum: 1, exclusiveMinimum: true}
        - {name: day, in: query, type: string, format: date}
        - {name: code, in: query, type: string, pattern: '^[A-Z]+$', x-nullable: true}
        - {name: Authorization, in: header, type: string, required: true}
      responses: {200: {description: ok}}
    put:
      responses: {200: {description: ok}}
parameters:
  Limit: {name: limit, in: query, type: integer, maximum: 50, default: 10}
  Trace: {name: X-Trace, in: header, type: string, minLength: 4}
",
        third: "
paths:
  /a/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: integer, format: int64}}
      - {$ref: '#/components/parameters/Trace'}
      - {name: over, in: query, schema: {type: string, maxLength: 2}}
    get:
      parameters:
        - {$ref: '#/components/parameters/Limit'}
        - {name: over, in: query, schema: {type: boolean}}
        - {name: empty, in: query, allowEmptyValue: true, schema: {type: integer}}
        - {name: price, in: query, schema: {type: number, multipleOf: 0.5, minimum: 1, exclusiveMinimum: true}}
        - {name: day, in: query, schema: {type: string, format: date}}
        - {name: code, in: query, schema: {type: string, nullable: true, pattern: '^[A-Z]+$'}}
        - {name: Authorization, in: header, required: true, schema: {type: string}}
      responses: {'200': {description: ok}}
    put:
      responses: {'200': {description: ok}}
components:
  parameters:
    Limit: {name: limit, in: query, schema: {type: integer, maximum: 50, default: 10}}
    Trace: {name: X-Trace, in: header, schema: {type: string, minLength: 4}}
",
        newer: &[
            ("minimum: 1, exclusiveMinimum: true", "exclusiveMinimum: 1"),
            ("type: string, nullable: true, pattern", "type: [string, 'null'], pattern"),
        ],
        calls: &[
            ("GET /a/5?limit=5&over=true&empty=&price=1.5&day=2020-01-01&code=AB", ""),
            ("GET /a/x?limit=51&over=abc&empty=x&price=1&day=yesterday&code=ab", ""),
            ("GET /a/5?price=1.25 x-trace: abc", ""),
            ("PUT /a/5?over=ab", ""),
            ("PUT /a/5?over=abc", ""),
        ],
    },
    Row {
        name: "forms",
        second: "
paths:
  /form:
    post:
      consumes: [application/x-www-form-urlencoded]
      parameters:
        - {name: name, in: formData, type: string, required: true, minLength: 2}
        - {name: age, in: formData, type: integer, maximum: 99}
        - {name: tags, in: formData, type: array, items: {type: integer}}
        - {name: many, in: formData, type: array, items: {type: integer}, collectionFormat: multi}
        - {name: piped, in: formData, type: array, items: {type: integer}, collectionFormat: pipes}
      responses: {200: {description: ok}}
  /file:
    post:
      consumes: [multipart/form-data]
      parameters:
        - {name: file, in: formData, type: file, required: true}
        - {name: note, in: formData, type: string, enum: [a, b]}
      responses: {200: {description: ok}}
  /either:
    post:
      consumes: [application/x-www-form-urlencoded, multipart/form-data]
      parameters: [{$ref: '#/parameters/Name'}]
      responses: {200: {description: ok}}
parameters:
  Name: {name: name, in: formData, type: string, required: true, minLength: 2}
",
        third: "
paths:
  /form:
    post:
      requestBody:
        required: true
        content:
          application/x-www-form-urlencoded:
            schema: {type: object, required: [name], properties: {name: {type: string, minLength: 2}, age: {type: integer, maximum: 99}, tags: {type: array, items: {type: integer}}, many: {type: array, items: {type: integer}}, piped: {type: array, items: {type: integer}}}}
            encoding: {tags: {style: form, explode: false}, many: {style: form, explode: true}, piped: {style: pipeDelimited, explode: false}}
      responses: {'200': {description: ok}}
  /file:
    post:
      requestBody:
        required: true
        content:
          multipart/form-data: {schema: {type: object, required: [file], properties: {file: {type: string, format: binary}, note: {type: string, enum: [a, b]}}}}
      responses: {'200': {description: ok}}
  /either:
    post:
      requestBody:
        required: true
        content:
          application/x-www-form-urlencoded: {schema: {type: object, required: [name], properties: {name: {type: string, minLength: 2}}}}
          multipart/form-data: {schema: {type: object, required: [name], properties: {name: {type: string, minLength: 2}}}}
      responses: {'200': {description: ok}}
",
        newer: &[],
        calls: &[
            ("POST /form content-type: application/x-www-form-urlencoded", "name=Rex&age=5&tags=1,2&many=1&many=2&piped=1%7C2"),
            ("POST /form content-type: application/x-www-form-urlencoded", "name=R&age=x&tags=1,b&many=1,2&piped=1,2"),
            ("POST /form content-type: application/json", "{}"),
            ("POST /form", ""),
            ("POST /file content-type: multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx\r\n--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\na\r\n--b--\r\n"),
            ("POST /file content-type: multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nc\r\n--b--\r\n"),
            ("POST /either content-type: application/x-www-form-urlencoded", "name=Rex"),
            ("POST /either content-type: application/x-www-form-urlencoded", "name=R"),
            ("POST /either content-type: multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nRex\r\n--b--\r\n"),
        ],
    },
    Row {
        name: "responses",
        second: "
produces: [application/json, application/xml]
paths:
  /a: {get: {responses: {200: {description: ok, schema: {$ref: '#/definitions/A'}, headers: {X-Rate: {type: integer, minimum: 3, maximum: 3}, X-Tags: {type: array, items: {type: string, enum: [b]}, minItems: 2, maxItems: 2}}, examples: {application/json: {a: 5}}}}}}
  /b: {get: {produces: [text/plain], responses: {200: {description: ok, schema: {type: string, enum: [hello]}}, default: {$ref: '#/responses/Bad'}}}}
  /c: {get: {responses: {200: {description: ok, schema: {type: array, items: {$ref: '#/definitions/A'}}}, 404: {$ref: '#/responses/Bad'}}}}
  /d: {get: {produces: [image/png], responses: {200: {description: ok, schema: {type: file}}}}}
  /e: {get: {produces: [application/json], responses: {200: {description: ok, examples: {application/json: [1, 2]}}}}}
  /f: {delete: {responses: {204: {description: gone}}}}
responses:
  Bad: {description: bad, schema: {type: object, required: [error], properties: {error: {type: string, enum: [no]}}}, headers: {X-Why: {type: string, enum: [because]}}}
definitions:
  A: {type: object, xml: {name: thing}, required: [a, b], properties: {a: {type: integer, minimum: 1, maximum: 9, xml: {attribute: true}}, b: {type: array, xml: {wrapped: true}, items: {type: string, enum: [x]}, minItems: 1}}}
",
        third: "
paths:
  /a: {get: {responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/A'}, example: {a: 5}}, application/xml: {schema: {$ref: '#/components/schemas/A'}}}, headers: {X-Rate: {schema: {type: integer, minimum: 3, maximum: 3}}, X-Tags: {schema: {type: array, items: {type: string, enum: [b]}, minItems: 2, maxItems: 2}}}}}}}
  /b: {get: {responses: {'200': {description: ok, content: {text/plain: {schema: {type: string, enum: [hello]}}}}, default: {description: bad, headers: {X-Why: {schema: {type: string, enum: [because]}}}, content: {text/plain: {schema: {type: object, required: [error], properties: {error: {type: string, enum: [no]}}}}}}}}}
  /c: {get: {responses: {'200': {description: ok, content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/A'}}}, application/xml: {schema: {type: array, items: {$ref: '#/components/schemas/A'}}}}}, '404': {$ref: '#/components/responses/Bad'}}}}
  /d: {get: {responses: {'200': {description: ok, content: {image/png: {schema: {type: string, format: binary}}}}}}}
  /e: {get: {responses: {'200': {description: ok, content: {application/json: {example: [1, 2]}}}}}}
  /f: {delete: {responses: {'204': {description: gone}}}}
components:
  responses:
    Bad: {description: bad, headers: {X-Why: {schema: {type: string, enum: [because]}}}, content: {application/json: {schema: {type: object, required: [error], properties: {error: {type: string, enum: [no]}}}}, application/xml: {schema: {type: object, required: [error], properties: {error: {type: string, enum: [no]}}}}}}
  schemas:
    A: {type: object, xml: {name: thing}, required: [a, b], properties: {a: {type: integer, minimum: 1, maximum: 9, xml: {attribute: true}}, b: {type: array, xml: {wrapped: true}, items: {type: string, enum: [x]}, minItems: 1}}}
",
        newer: &[],
        calls: &[
            ("GET /a", ""),
            ("GET /a accept: application/xml", ""),
            ("GET /a accept: text/csv", ""),
            ("GET /b", ""),
            ("GET /b prefer: code=500", ""),
            ("GET /c", ""),
            ("GET /c accept: application/xml", ""),
            ("GET /c prefer: code=404", ""),
            ("GET /c prefer: code=404 accept: application/xml", ""),
            ("GET /d", ""),
            ("GET /e", ""),
            ("DELETE /f", ""),
            ("HEAD /a", ""),
        ],
    },
    Row {
        name: "credentials",
        second: "
security: [{key: []}]
paths:
  /key: {get: {responses: {200: {description: ok}}}}
  /query: {get: {security: [{query: []}], responses: {200: {description: ok}}}}
  /basic: {get: {security: [{basic: []}], responses: {200: {description: ok}}}}
  /oauth: {get: {security: [{implicit: [read]}], responses: {200: {description: ok}}}}
  /either: {get: {security: [{password: []}, {basic: [], key: []}], responses: {200: {description: ok}}}}
  /code: {get: {security: [{code: []}], responses: {200: {description: ok}, 401: {description: who}}}}
  /application: {get: {security: [{application: []}], responses: {200: {description: ok}}}}
  /open: {get: {security: [], responses: {200: {description: ok}}}}
securityDefinitions:
  key: {type: apiKey, in: header, name: X-Key}
  query: {type: apiKey, in: query, name: key}
  basic: {type: basic}
  implicit: {type: oauth2, flow: implicit, authorizationUrl: 'https://a.example/a', scopes: {read: to read}}
  password: {type: oauth2, flow: password, tokenUrl: 'https://a.example/t', scopes: {}}
  application: {type: oauth2, flow: application, tokenUrl: 'https://a.example/t', scopes: {}}
  code: {type: oauth2, flow: accessCode, authorizationUrl: 'https://a.example/a', tokenUrl: 'https://a.example/t', scopes: {}}
",
        third: "
security: [{key: []}]
paths:
  /key: {get: {responses: {'200': {description: ok}}}}
  /query: {get: {security: [{query: []}], responses: {'200': {description: ok}}}}
  /basic: {get: {security: [{basic: []}], responses: {'200': {description: ok}}}}
  /oauth: {get: {security: [{implicit: [read]}], responses: {'200': {description: ok}}}}
  /either: {get: {security: [{password: []}, {basic: [], key: []}], responses: {'200': {description: ok}}}}
  /code: {get: {security: [{code: []}], responses: {'200': {description: ok}, '401': {description: who}}}}
  /application: {get: {security: [{application: []}], responses: {'200': {description: ok}}}}
  /open: {get: {security: [], responses: {'200': {description: ok}}}}
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: X-Key}
    query: {type: apiKey, in: query, name: key}
    basic: {type: http, scheme: basic}
    implicit: {type: oauth2, flows: {implicit: {authorizationUrl: 'https://a.example/a', scopes: {read: to read}}}}
    password: {type: oauth2, flows: {password: {tokenUrl: 'https://a.example/t', scopes: {}}}}
    application: {type: oauth2, flows: {clientCredentials: {tokenUrl: 'https://a.example/t', scopes: {}}}}
    code: {type: oauth2, flows: {authorizationCode: {authorizationUrl: 'https://a.example/a', tokenUrl: 'https://a.example/t', scopes: {}}}}
",
        newer: &[],
        calls: &[
            ("GET /key", ""),
            ("GET /key x-key: a", ""),
            ("GET /query?key=a", ""),
            ("GET /query", ""),
            ("GET /basic authorization: Basic YTpi", ""),
            ("GET /basic authorization: Bearer x", ""),
            ("GET /oauth authorization: Bearer x", ""),
            ("GET /oauth", ""),
            ("GET /either authorization: Basic YTpi x-key: a", ""),
            ("GET /either", ""),
            ("GET /code", ""),
            ("GET /application", ""),
            ("GET /open", ""),
        ],
    },
    Row {
        name: "addresses",
        second: "
host: api.shop.example:8443
basePath: /v2/
schemes: [https, http]
paths:
  /a: {get: {responses: {200: {description: ok}}}}
  /b: {$ref: '#/x-items/b'}
x-items:
  b:
    parameters: [{name: q, in: query, required: true, type: integer}]
    post:
      parameters: [{$ref: '#/x-parameters/body'}]
      responses: {200: {$ref: '#/x-responses/Ok'}}
x-parameters:
  body: {name: body, in: body, required: true, schema: {type: object, required: [a]}}
x-responses:
  Ok: {description: ok, schema: {type: string, enum: [yes]}}
",
        third: "
servers: [{url: 'https://api.shop.example:8443/v2/'}]
paths:
  /a: {get: {responses: {'200': {description: ok}}}}
  /b: {$ref: '#/x-items/b'}
x-items:
  b:
    parameters: [{name: q, in: query, required: true, schema: {type: integer}}]
    post:
      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [a]}}}}
      responses: {'200': {description: ok, content: {application/json: {schema: {type: string, enum: [yes]}}}}}
",
        newer: &[],
        calls: &[
            ("GET /a", ""),
            ("GET /v2/a", ""),
            ("GET /v3/a", ""),
            ("GET /a host: api.shop.example", ""),
            ("POST /v2/b?q=1 content-type: application/json", r#"{"a":1}"#),
            ("POST /v2/b?q=x content-type: application/json", "{}"),
        ],
    },
    Row {
        name: "inheritance",
        second: "
paths:
  /animals:
    post:
      parameters: [{name: a, in: body, required: true, schema: {$ref: '#/definitions/Animal'}}]
      responses: {200: {description: ok, schema: {$ref: '#/definitions/Animal'}}}
definitions:
  Animal: {type: object, discriminator: kind, required: [kind], properties: {kind: {type: string}}}
  Cat: {allOf: [{$ref: '#/definitions/Animal'}, {type: object, required: [lives], properties: {lives: {type: integer, minimum: 1, maximum: 9}}}]}
  Dog: {allOf: [{$ref: '#/definitions/Animal'}, {type: object, required: [bark], properties: {bark: {type: boolean}}}]}
",
        third: "
paths:
  /animals:
    post:
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Animal'}}}}
      responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Animal'}}}}}
components:
  schemas:
    Animal: {type: object, discriminator: {propertyName: kind}, required: [kind], properties: {kind: {type: string}}}
    Cat: {allOf: [{$ref: '#/components/schemas/Animal'}, {type: object, required: [lives], properties: {lives: {type: integer, minimum: 1, maximum: 9}}}]}
    Dog: {allOf: [{$ref: '#/components/schemas/Animal'}, {type: object, required: [bark], properties: {bark: {type: boolean}}}]}
",
        newer: &[],
        calls: &[
            ("POST /animals content-type: application/json", r#"{"kind":"Cat","lives":9}"#),
            ("POST /animals content-type: application/json", r#"{"kind":"Cat","bark":true}"#),
            ("POST /animals content-type: application/json", r#"{"kind":"Dog","bark":true}"#),
            ("POST /animals content-type: application/json", r#"{"kind":"Fox"}"#),
            ("POST /animals content-type: application/json", r"{}"),
        ],
    },
    Row {
        name: "state",
        second: "
paths:
  /orders:
    get:
      parameters: [{name: limit, in: query, type: integer}, {name: status, in: query, type: string}]
      responses: {200: {description: ok, schema: {type: array, items: {$ref: '#/definitions/Order'}}}}
    post:
      parameters: [{name: order, in: body, required: true, schema: {$ref: '#/definitions/Order'}}]
      responses: {201: {description: made, schema: {$ref: '#/definitions/Order'}}}
  /orders/{id}:
    parameters: [{name: id, in: path, required: true, type: integer}]
    get: {responses: {200: {description: ok, schema: {$ref: '#/definitions/Order'}}, 404: {description: none}}}
    put:
      parameters: [{name: order, in: body, required: true, schema: {$ref: '#/definitions/Order'}}]
      responses: {200: {description: ok, schema: {$ref: '#/definitions/Order'}}, 404: {description: none}}
    delete: {responses: {204: {description: gone}, 404: {description: none}}}
definitions:
  Order: {type: object, required: [status], properties: {id: {type: integer, readOnly: true}, status: {type: string, enum: [open, paid]}, total: {type: number}}}
",
        third: "
paths:
  /orders:
    get:
      parameters: [{name: limit, in: query, schema: {type: integer}}, {name: status, in: query, schema: {type: string}}]
      responses: {'200': {description: ok, content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Order'}}}}}}
    post:
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
      responses: {'201': {description: made, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}}
  /orders/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    get: {responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}, '404': {description: none}}}
    put:
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
      responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}, '404': {description: none}}
    delete: {responses: {'204': {description: gone}, '404': {description: none}}}
components:
  schemas:
    Order: {type: object, required: [status], properties: {id: {type: integer, readOnly: true}, status: {type: string, enum: [open, paid]}, total: {type: number}}}
",
        newer: &[],
        calls: &[
            ("GET /orders", ""),
            ("POST /orders content-type: application/json", r#"{"status":"open","total":1.50}"#),
            ("GET /orders?limit=1", ""),
            ("GET /orders?status=open", ""),
            ("PUT /orders/1 content-type: application/json", r#"{"status":"paid"}"#),
            ("GET /orders/1", ""),
            ("DELETE /orders/1", ""),
            ("GET /orders/1", ""),
            ("DELETE /orders/1", ""),
            ("GET /orders/999999", ""),
        ],
    },
];

#[test]
fn a_document_answers_the_same_in_every_version() {
    for Row { name, second, third, newer, calls } in ROWS {
        let head = |version: &str| format!("{version}\ninfo: {{title: T, version: '1'}}");
        let newest = newer.iter().fold((*third).to_owned(), |text, (old, new)| {
            assert!(text.contains(old), "{name}: {old}");
            text.replace(old, new)
        });
        let second = format!("{}{second}", head("swagger: '2.0'"));
        let expected = answers(&second, calls);
        for (version, text) in [("3.0.3", *third), ("3.1.0", &newest), ("3.2.0", &newest)] {
            let text = format!("{}{text}", head(&format!("openapi: {version}")));
            assert_eq!(answers(&text, calls), expected, "{name} in {version}");
        }
    }
}

/// The answers of one document to all calls in their order, as text; there is nothing wrong with it.
fn answers(text: &str, calls: &[(&str, &str)]) -> String {
    let folder = Folder::new("versions");
    folder.write("t.yaml", text);
    let emulator = emulator(&folder, "t.yaml");
    let mut told = String::new();
    for (head, body) in calls {
        let (headers, body) = answer(&emulator, head, body);
        let _ = writeln!(told, "{head}\n{headers:?}\n{body}");
    }
    told
}

/// The document of a folder, alone and with its state inferred. What is wrong with it fails the test.
fn emulator(folder: &Folder, file: &str) -> Emulator {
    let mut findings = Vec::new();
    let sources = Sources {
        documents: vec![DocumentSource {
            name: Some("t".to_owned()),
            path: folder.path.join(file),
        }],
        built_in: false,
        inference: Some(InferOptions::default()),
        ..Sources::default()
    };
    let providers = catalog::load(&sources, Timestamp::default(), &mut findings).unwrap();
    let emulator = Emulator::new(providers, &EmulatorOptions::default(), &mut findings);
    let told: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
    emulator
}

/// One answer: status and fields, and the body.
fn answer(emulator: &Emulator, head: &str, body: &str) -> (HeaderMap, String) {
    let mut words = head.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let mut request = http::Request::builder().method(method).uri(target);
    let fields = words.collect::<Vec<_>>().join(" ");
    let mut rest = fields.as_str();
    while let Some((name, after)) = rest.split_once(": ") {
        // The value goes up to the next name.
        let end = after.find(": ").map_or(after.len(), |at| after[..at].rfind(' ').unwrap());
        request = request.header(name.trim(), &after[..end]);
        rest = &after[end..];
    }
    let body = body.to_owned().into_bytes();
    let reply =
        emulator.handle(request.body(Body::Complete(body.into())).unwrap(), Timestamp::default());
    let (parts, body) = reply.response.into_parts();
    let mut headers = parts.headers;
    headers.insert("status", parts.status.as_u16().into());
    (headers, String::from_utf8_lossy(&body).into_owned())
}

/// A document of Swagger 2.0 in several files, with something wrong in most of its parts.
const FLAWED: [(&str, &str); 2] = [
    (
        "swagger.yaml",
        "swagger: 2.0
info: {title: Flawed, version: '1'}
host: https://api.example.com
basePath: /v1
consumes: application/json
paths:
  /a/{id}:
    get:
      parameters:
        - {name: id, in: path, required: true, type: int}
        - {name: tags, in: query, type: array, items: {type: string}, collectionFormat: dots}
        - {name: bare, in: query}
        - {name: schemed, in: query, schema: {type: integer}}
      responses:
        200:
          schema: {$ref: '#/definitions/Nope'}
          examples: {wrong: 1, application/json: {a: 1}}
          headers: {X-A: {type: array, items: {type: string}, collectionFormat: pipes}}
    post:
      consumes: [application/json]
      parameters:
        - {$ref: 'other.yaml#/id'}
        - {name: one, in: body, type: object}
        - {name: two, in: body, schema: {}}
        - {name: field, in: formData, type: string}
      responses: {default: {$ref: 'other.yaml#/gone'}}
    put:
      consumes: [application/json]
      parameters:
        - {$ref: 'other.yaml#/id'}
        - {name: field, in: formData, type: string}
        - {name: field, in: formData, type: string}
      responses: {200: {description: ok, schema: {$ref: 'other.yaml#/Thing'}}}
  /b: {$ref: 'other.yaml#/item'}
definitions:
  A: {type: object, properties: {a: {type: string, minLength: x}, self: {$ref: '#/definitions/B'}}, nullable: true}
  B: {allOf: [{$ref: '#/definitions/B'}]}
securityDefinitions:
  o: {type: oauth2, flow: device}
",
    ),
    (
        "other.yaml",
        "id: {name: id, in: path, required: true, type: string, minLength: -1}
Thing: {type: object, required: yes}
item:
  get:
    parameters: [{name: q, in: query, type: strnig}]
    responses: {200: {description: ok, schema: {type: string, pattern: '('}}}
",
    ),
];

#[test]
fn findings_lead_to_the_lines_and_places_of_the_file_as_it_is_written() {
    let folder = Folder::new("versions_flawed");
    // Where files may be read from ends here.
    folder.write(".git/HEAD", "");
    for (file, text) in FLAWED {
        folder.write(file, text);
    }
    let mut findings = Vec::new();
    let (document, _) =
        catalog::read_document(&folder.path.join("swagger.yaml"), &[], &mut findings);
    Contract::load(&document.unwrap(), &mut findings).unwrap();
    let told = findings.iter().fold(String::new(), |mut told, finding| {
        let file = finding.file.rsplit('/').next().unwrap_or_default();
        let _ = writeln!(told, "{file}:{} {}: {}", finding.line, finding.pointer, finding.message);
        told
    });
    expect![[r#"
        swagger.yaml:3 /host: `host` has a scheme, which is left out
        swagger.yaml:5 /consumes: the media types are not a list
        swagger.yaml:12 /paths/~1a~1{id}/get/parameters/2: a parameter or a header has no `type`; any text is accepted
        swagger.yaml:13 /paths/~1a~1{id}/get/parameters/3/schema: `schema` beside `in` other than `body` is of OpenAPI 3; it is read so
        swagger.yaml:17 /paths/~1a~1{id}/get/responses/200/examples/wrong: example `wrong` is not called by a media type and is left out
        swagger.yaml:18 /paths/~1a~1{id}/get/responses/200/headers/X-A/collectionFormat: `collectionFormat` of a response header is not honoured; commas are written
        swagger.yaml:23 /paths/~1a~1{id}/post/parameters/1: a body says its type beside its `schema`; it is read as one
        swagger.yaml:24 /paths/~1a~1{id}/post/parameters/2: a second body is left out
        swagger.yaml:25 /paths/~1a~1{id}/post/parameters/3: a form field beside a body is left out
        swagger.yaml:28 /paths/~1a~1{id}/put/consumes/0: form fields are sent in none of these media types; a form is read
        swagger.yaml:32 /paths/~1a~1{id}/put/parameters/2: parameter `field` is there twice
        swagger.yaml:39 /securityDefinitions/o/flow: the `flow` is not known; a bearer token is asked for
        swagger.yaml:10 /paths/~1a~1{id}/get/parameters/0/type: `type` is `"int"` where a type or a list of types belongs; it is left out
        swagger.yaml:11 /paths/~1a~1{id}/get/parameters/1/collectionFormat: the `collectionFormat` is not one that lists have there; items are separated by commas
        swagger.yaml:15 /paths/~1a~1{id}/get/responses/200/description: `description` is missing
        swagger.yaml:16 /paths/~1a~1{id}/get/responses/200/schema/$ref: `#/definitions/Nope` leads nowhere; anything is accepted here
        swagger.yaml:26 /paths/~1a~1{id}/post/responses: the operation documents no response; it answers 200 without a body
        swagger.yaml:26 /paths/~1a~1{id}/post/responses/default/$ref: `other.yaml#/gone` leads nowhere and is left out
        swagger.yaml:36 /definitions/A/nullable: `nullable` is of OpenAPI 3.0; it is honoured
        swagger.yaml:36 /definitions/A/properties/a/minLength: `minLength` is `"x"` where a whole number from 0 up belongs; it is left out
        swagger.yaml:37 /definitions/B/allOf/0/$ref: `/definitions/B` applies itself to the same value without end; cut here
        other.yaml:1 /id/minLength: `minLength` is `-1` where a whole number from 0 up belongs; it is left out
        other.yaml:2 /Thing/required: `required` is `"yes"` where a list of property names belongs; it is left out
        other.yaml:5 /item/get/parameters/0/type: `type` is `"strnig"` where a type or a list of types belongs; it is left out
        other.yaml:6 /item/get/responses/200/schema/pattern: `pattern` is `"("` where a regular expression belongs; it is left out
    "#]].assert_eq(&told);
}

#[test]
fn overlays_see_a_document_as_it_is_written() {
    let folder = Folder::new("versions_overlay");
    folder.write("swagger.json", r##"{"swagger": "2.0", "info": {"title": "T", "version": "1"},
      "paths": {"/a": {"get": {"responses": {"200": {"description": "ok", "schema": {"$ref": "#/definitions/A"}}}}}},
      "definitions": {"A": {"type": "object"}}}"##);
    folder.write("mend.yaml", "overlay: 1.0.0\ninfo: {title: M, version: '1'}\nactions:\n  - target: $.definitions.A\n    update: {properties: {a: {type: integer, enum: [5]}}, required: [a]}\n  - target: $.paths['/a'].get.responses['200']\n    update: {examples: {text/plain: hello}}\n");
    let mut findings = Vec::new();
    let overlays = [folder.path.join("mend.yaml")];
    let (document, _) =
        catalog::read_document(&folder.path.join("swagger.json"), &overlays, &mut findings);
    let contract = Contract::load(&document.unwrap(), &mut findings).unwrap();
    assert!(findings.is_empty(), "{findings:?}");
    let content = &contract.operations[0].response(200).unwrap().content;
    assert_eq!(content.keys().collect::<Vec<_>>(), ["application/json", "text/plain"]);
}

/// Each construct that only `OpenAPI` 3.2 has.
const NEWEST: &str = r##"openapi: 3.2.0
$self: https://example.com/api/t
info: {title: New, version: '1', summary: s}
servers: [{url: /, name: here}]
tags: [{name: a, summary: A, kind: nav}, {name: b, parent: a}]
paths:
  /search:
    query:
      operationId: search
      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [q], properties: {q: {type: string}}}}}}
      responses: {'200': {summary: found, content: {application/json: {$ref: '#/components/mediaTypes/Found'}}}}
    additionalOperations:
      COPY: {operationId: copy, responses: {'204': {summary: copied}}}
      LINK: {operationId: link, responses: {'200': {description: ok, content: {text/plain: {example: linked}}}}}
  /events:
    get:
      responses: {'200': {content: {text/event-stream: {itemSchema: {type: object, required: [data, event], properties: {data: {type: string, enum: [hello]}, event: {const: greeting}, id: {type: string, enum: ['7']}}}}}}}
    post:
      requestBody: {content: {text/event-stream: {itemSchema: {type: object, required: [event]}}, application/jsonl: {itemSchema: {$ref: '#/components/schemas/Entry'}}}}
      responses: {'204': {description: taken}}
  /log:
    get:
      responses:
        '200':
          content:
            application/jsonl: {itemSchema: {$ref: '#/components/schemas/Entry'}, examples: {one: {serializedValue: "{\"level\":1}\n{\"level\":2}\n"}}}
            application/json-seq: {itemSchema: {$ref: '#/components/schemas/Entry'}}
            application/x-ndjson: {itemSchema: {$ref: '#/components/schemas/Entry'}, examples: {two: {dataValue: [{level: 3}]}}}
  /form:
    get:
      parameters: [{name: all, in: querystring, required: true, content: {application/x-www-form-urlencoded: {schema: {type: object, required: [q], properties: {q: {type: integer}, tags: {type: array, items: {type: string}}}}}}}]
      responses: {'204': {description: ok}}
  /json:
    get:
      parameters: [{name: all, in: querystring, content: {application/json: {schema: {type: object, required: [a]}}}}]
      responses: {'204': {description: ok}}
  /cookie:
    get:
      parameters: [{name: tags, in: cookie, style: cookie, schema: {type: array, items: {type: string, maxLength: 3}}}]
      responses: {'204': {description: ok}}
  /secure:
    get:
      security: [{'#/components/securitySchemes/device': []}]
      responses: {'204': {description: ok}}
  /xml:
    get:
      responses: {'200': {content: {application/xml: {schema: {$ref: '#/components/schemas/Doc'}}}}}
  /shape:
    post:
      requestBody: {required: true, content: {application/json: {schema: {$ref: 'https://example.com/api/t#/components/schemas/Shape'}}}}
      responses: {'204': {description: ok}}
components:
  mediaTypes: {Found: {schema: {type: object, required: [n], properties: {n: {type: integer, enum: [5]}}}}}
  securitySchemes:
    device: {type: oauth2, oauth2MetadataUrl: https://a.example/m, flows: {deviceAuthorization: {deviceAuthorizationUrl: https://a.example/d, tokenUrl: https://a.example/t, scopes: {}}}}
  schemas:
    Entry: {type: object, required: [level], properties: {level: {type: integer, minimum: 0, maximum: 9}}}
    Doc:
      type: object
      xml: {name: doc}
      required: [id, text, list, raw]
      properties:
        id: {type: integer, enum: [4], xml: {nodeType: attribute}}
        text: {type: string, enum: [words], xml: {nodeType: text}}
        raw: {type: string, enum: ['<b>'], xml: {nodeType: cdata}}
        list: {type: array, minItems: 1, maxItems: 1, items: {type: string, enum: [x], xml: {name: item}}, xml: {nodeType: element}}
    Shape:
      oneOf: [{$ref: '#/components/schemas/Round'}, {$ref: '#/components/schemas/Other'}]
      discriminator: {propertyName: kind, mapping: {round: '#/components/schemas/Round'}, defaultMapping: Other}
    Round: {type: object, required: [kind, r], properties: {kind: {const: round}, r: {type: number}}}
    Other: {type: object, required: [note], properties: {note: {type: string}, kind: {type: string, not: {const: round}}}}
"##;

/// Calls of its operations: method, path and header fields, then the body.
const NEWEST_CALLS: &[(&str, &str)] = &[
    ("QUERY /search content-type: application/json", r#"{"q":"a"}"#),
    ("QUERY /search content-type: application/json", "{}"),
    ("COPY /search", ""),
    ("LINK /search", ""),
    ("MOVE /search", ""),
    ("GET /events", ""),
    ("GET /events accept: text/event-stream", ""),
    ("POST /events content-type: text/event-stream", "event: a\ndata: 1\n\n"),
    ("POST /events content-type: text/event-stream", "data: 1\n\n"),
    ("POST /events content-type: application/jsonl", "{\"level\":1}\n{\"level\":2}\n"),
    ("POST /events content-type: application/jsonl", "{\"level\":1}\n{\"level\":\"x\"}\n"),
    ("POST /events content-type: application/jsonl", "{\"level\":1}\n{"),
    ("GET /log", ""),
    ("GET /log accept: application/json-seq", ""),
    ("GET /log accept: application/x-ndjson", ""),
    ("GET /form?q=5&tags=a&tags=b", ""),
    ("GET /form?q=x", ""),
    ("GET /form", ""),
    ("GET /json?%7B%22a%22%3A1%7D", ""),
    ("GET /json?%7B%7D", ""),
    ("GET /cookie cookie: tags=a; tags=b%2", ""),
    ("GET /cookie cookie: tags=a; tags=bcde", ""),
    ("GET /secure", ""),
    ("GET /secure authorization: Bearer x", ""),
    ("GET /xml", ""),
    ("POST /shape content-type: application/json", r#"{"kind":"round","r":1}"#),
    ("POST /shape content-type: application/json", r#"{"kind":"round"}"#),
    ("POST /shape content-type: application/json", r#"{"note":"a"}"#),
    ("POST /shape content-type: application/json", r#"{"kind":"square","note":"a"}"#),
    ("POST /shape content-type: application/json", r#"{"kind":"square"}"#),
];

#[test]
fn what_only_the_newest_version_has_is_served() {
    let folder = Folder::new("versions_newest");
    folder.write("t.yaml", NEWEST);
    let emulator = emulator(&folder, "t.yaml");
    let told = judged(&emulator, NEWEST_CALLS);
    expect![[r#"
        QUERY /search content-type: application/json: 200 application/json "{\"n\":5}"
        QUERY /search content-type: application/json: 422 application/problem+json body q required
        COPY /search: 204  ""
        LINK /search: 200 text/plain "linked"
        MOVE /search: 405 application/problem+json "{\"type\":\"urn:tombstone:errors#NO_METHOD_MATCHED_ERROR\",\"title\":\"method not allowed\",\"status\":405,\"detail\":\"`/search` answers COPY, LINK, QUERY\"}"
        GET /events: 200 text/event-stream "event: greeting\nid: 7\ndata: hello\n\n"
        GET /events accept: text/event-stream: 200 text/event-stream "event: greeting\nid: 7\ndata: hello\n\n"
        POST /events content-type: text/event-stream: 204  ""
        POST /events content-type: text/event-stream: 422 application/problem+json body [0].event/0 required
        POST /events content-type: application/jsonl: 204  ""
        POST /events content-type: application/jsonl: 422 application/problem+json body [1].level/1/level type
        POST /events content-type: application/jsonl: 422 application/problem+json body  parse
        GET /log: 200 application/jsonl "{\"level\":1}\n{\"level\":2}\n"
        GET /log accept: application/json-seq: 200 application/json-seq "\u{1e}{\"level\":4}\n"
        GET /log accept: application/x-ndjson: 200 application/x-ndjson "{\"level\":3}\n"
        GET /form?q=5&tags=a&tags=b: 204  ""
        GET /form?q=x: 422 application/problem+json query all.q/q type
        GET /form: 422 application/problem+json query all required
        GET /json?%7B%22a%22%3A1%7D: 204  ""
        GET /json?%7B%7D: 422 application/problem+json query all.a required
        GET /cookie cookie: tags=a; tags=b%2: 204  ""
        GET /cookie cookie: tags=a; tags=bcde: 422 application/problem+json cookie tags[1]/1 maxLength
        GET /secure: 401 application/problem+json header Authorization security
        GET /secure authorization: Bearer x: 204  ""
        GET /xml: 200 application/xml "<?xml version=\"1.0\" encoding=\"UTF-8\"?><doc id=\"4\">words<![CDATA[<b>]]><list><item>x</item></list></doc>"
        POST /shape content-type: application/json: 204  ""
        POST /shape content-type: application/json: 422 application/problem+json body r required
        POST /shape content-type: application/json: 204  ""
        POST /shape content-type: application/json: 204  ""
        POST /shape content-type: application/json: 422 application/problem+json body note required
    "#]].assert_eq(&told);
}

/// The answer to each call in a line: the body, or what is wrong with the request.
fn judged(emulator: &Emulator, calls: &[(&str, &str)]) -> String {
    let mut told = String::new();
    for (head, body) in calls {
        let (headers, body) = answer(emulator, head, body);
        let violations: Option<Value> = headers
            .get("tombstone-violations")
            .map(|text| serde_json::from_slice(text.as_bytes()).unwrap());
        let text = |name: &str| headers.get(name).map_or("", |text| text.to_str().unwrap());
        let _ = write!(told, "{head}: {} {}", text("status"), text("content-type"));
        match violations {
            None => drop(writeln!(told, " {body:?}")),
            Some(violations) => {
                for violation in violations.as_array().unwrap() {
                    let at = |name: &str| violation[name].as_str().unwrap_or_default();
                    let _ = write!(
                        told,
                        " {} {}{} {}",
                        at("in"),
                        at("field"),
                        at("pointer"),
                        at("keyword")
                    );
                }
                told.push('\n');
            }
        }
    }
    told
}

/// What is not honoured, or written where it does not belong.
const UNHONOURED: &str = "openapi: 3.2.0
info: {title: T, version: '1'}
paths:
  /a:
    post:
      parameters:
        - {name: q, in: query, schema: {type: string}}
        - {name: all, in: querystring, content: {application/json: {}}}
        - {name: none, in: querystring, schema: {type: string}}
      requestBody:
        content:
          multipart/mixed: {itemSchema: {type: object}, itemEncoding: {contentType: application/json}, prefixEncoding: []}
          multipart/form-data: {schema: {type: object}, encoding: {a: {encoding: {b: {contentType: text/plain}}}}}
          application/jsonl: {schema: {type: array, items: {type: string}}, itemSchema: {type: string}}
      responses: {'200': {content: {application/xml: {schema: {type: string, xml: {nodeType: comment}}}}}}
    additionalOperations:
      POST: {responses: {'200': {}}}
      PUT: {operationId: put, responses: {'200': {}}}
      'A B': {responses: {'200': {}}}
      CONNECT: {responses: {'200': {}}}
components:
  schemas:
    S: {oneOf: [{$ref: '#/components/schemas/A'}], discriminator: {propertyName: a, defaultMapping: B}}
    A: {type: object}
    B: {type: object}
";

/// What only 3.2 has, in a document of 3.1.
const EARLY: &str = "openapi: 3.1.0
info: {title: T, version: '1'}
paths:
  /a:
    query:
      parameters: [{name: all, in: querystring, content: {application/json: {}}}, {name: c, in: cookie, style: cookie, schema: {}}]
      responses: {'200': {description: ok, content: {application/jsonl: {itemSchema: {type: string}}}}}
    additionalOperations: {COPY: {responses: {'200': {description: ok}}}}
";

#[test]
fn what_is_not_honoured_of_the_newest_version_is_told() {
    let folder = Folder::new("versions_untold");
    folder.write("t.yaml", UNHONOURED);
    expect![[r#"
        t.yaml:5 /paths/~1a/post: a parameter is the whole query, and there are others of it; each is read
        t.yaml:9 /paths/~1a/post/parameters/2: a parameter that is the whole query has no `content` and is left out
        t.yaml:12 /paths/~1a/post/requestBody/content/multipart~1mixed/itemEncoding: `itemEncoding` is not honoured: parts are written as their schema has them
        t.yaml:12 /paths/~1a/post/requestBody/content/multipart~1mixed/prefixEncoding: `prefixEncoding` is not honoured: parts are written as their schema has them
        t.yaml:13 /paths/~1a/post/requestBody/content/multipart~1form-data/encoding/a/encoding: `encoding` inside an encoding is not honoured
        t.yaml:14 /paths/~1a/post/requestBody/content/application~1jsonl/itemSchema: `itemSchema` beside a `schema` of the whole is not applied
        t.yaml:15 /paths/~1a/post/responses/200/content/application~1xml/schema/xml: `nodeType` is none that XML is written with; it is left out
        t.yaml:17 /paths/~1a/additionalOperations/POST: the operation's method has a field of its own; it is read as that
        t.yaml:18 /paths/~1a/additionalOperations/PUT: the operation's method has a field of its own; it is read as that
        t.yaml:19 /paths/~1a/additionalOperations/A B: the operation has a method that no request here has, and is left out
        t.yaml:20 /paths/~1a/additionalOperations/CONNECT: the operation has a method that no request here has, and is left out
        t.yaml:23 /components/schemas/S/discriminator/defaultMapping: `defaultMapping` leads to none of the alternatives; it is left out
    "#]].assert_eq(&findings_of(&folder, "t.yaml"));
    folder.write("older.yaml", EARLY);
    expect![[r#"
        older.yaml:5 /paths/~1a/query: `query` is of OpenAPI 3.2; it is read so
        older.yaml:6 /paths/~1a/query/parameters/0/in: `in: querystring` is of OpenAPI 3.2; it is read so
        older.yaml:6 /paths/~1a/query/parameters/1/style: `style: cookie` is of OpenAPI 3.2; it is read so
        older.yaml:7 /paths/~1a/query/responses/200/content/application~1jsonl/itemSchema: `itemSchema` is of OpenAPI 3.2; it is read so
        older.yaml:8 /paths/~1a/additionalOperations: `additionalOperations` is of OpenAPI 3.2; it is read so
    "#]].assert_eq(&findings_of(&folder, "older.yaml"));
}

/// What is wrong with a document: line, place and message.
fn findings_of(folder: &Folder, file: &str) -> String {
    let mut findings = Vec::new();
    let (document, _) = catalog::read_document(&folder.path.join(file), &[], &mut findings);
    Contract::load(&document.unwrap(), &mut findings).unwrap();
    findings.iter().fold(String::new(), |mut told, finding| {
        let file = finding.file.rsplit('/').next().unwrap_or_default();
        let _ = writeln!(told, "{file}:{} {}: {}", finding.line, finding.pointer, finding.message);
        told
    })
}

#[test]
fn overlays_copy_and_have_actions_for_several_targets() {
    let folder = Folder::new("versions_copy");
    folder.write("t.yaml", "openapi: 3.1.0
info: {title: T, version: '1', description: old}
paths:
  /a: {get: {operationId: a, responses: {'200': {description: ok, content: {application/json: {example: [1, 2]}}}}}}
  /b: {get: {operationId: b, tags: [x, y], responses: {}}}
  /c: {get: {operationId: c, responses: {}}}
");
    folder.write("mend.yaml", "overlay: 1.2.0
$self: https://example.com/mend
info: {title: M, version: '1'}
actions:
  - target: $.paths['/b'].get.responses
    copy: $.paths['/a'].get.responses
  - {target: $.info.description, update: new}
  - target: $.paths['/b'].get.tags[?@ == 'x']
    remove: true
  - target: $.paths['/c'].get
    $ref: '#/components/actions/renamed'
components:
  actions:
    renamed: {description: in several places, fields: {update: {operationId: renamed, responses: {'204': {description: done}}}}}
");
    let mut findings = Vec::new();
    let overlays = [folder.path.join("mend.yaml")];
    let (document, _) =
        catalog::read_document(&folder.path.join("t.yaml"), &overlays, &mut findings);
    let document = document.unwrap();
    assert!(findings.is_empty(), "{findings:?}");
    let root = document.root();
    assert_eq!(root["paths"]["/b"]["get"]["responses"], root["paths"]["/a"]["get"]["responses"]);
    assert_eq!(root["info"]["description"], "new");
    assert_eq!(root["paths"]["/b"]["get"]["tags"], serde_json::json!(["y"]));
    assert_eq!(root["paths"]["/c"]["get"]["operationId"], "renamed");
    // What was copied keeps the place that it was copied from.
    assert_eq!(document.line("/paths/~1b/get/responses/200"), 4);
}

#[test]
fn an_overlay_of_an_unknown_version_is_refused_with_what_is_not_read_of_it() {
    let folder = Folder::new("versions_overlays");
    folder.write("t.yaml", "openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths: {}\n");
    let mut told = String::new();
    for text in [
        "overlay: 1.3.0\ninfo: {title: M, version: '1'}\nparameters: {}\nactions: [{target: $, update: {}, when: x}]\n",
        "overlay: 1.0.0\ninfo: {title: M, version: '1'}\n$self: /a\ncomponents: {}\nactions: [{target: $, copy: $.info}]\n",
        "overlay: 1.1.0\ninfo: {title: M, version: '1'}\nactions: [{target: $, copy: $.info, update: {}}, {$ref: '#/components/actions/a', target: $}]\n",
        "overlay: 1.2.0\ninfo: {title: M, version: '1'}\nactions: [{$ref: '#/components/actions/a', target: $}, {target: $, copy: $.*}]\n",
        "overlay: 1.2.0\ninfo: {title: M, version: '1'}\nactions: [{target: $, copy: $.*}, {target: $.info.title, update: {}}]\n",
    ] {
        folder.write("mend.yaml", text);
        let mut findings = Vec::new();
        let overlays = [folder.path.join("mend.yaml")];
        catalog::read_document(&folder.path.join("t.yaml"), &overlays, &mut findings);
        for finding in findings {
            let _ = writeln!(told, "{} {}: {}", finding.line, finding.pointer, finding.message);
        }
        told.push('\n');
    }
    expect![[r#"
        1 /overlay: overlay "1.3.0" is not read
        3 /parameters: `parameters` means nothing here
        4 /actions/0/when: `when` means nothing here

        3 /$self: `$self` is of overlay 1.2
        4 /components: `components` is of overlay 1.2
        5 /actions/0/copy: `copy` is of overlay 1.1

        3 /actions/0: an action has `update` or `copy`, and not both
        3 /actions/1/$ref: `$ref` means nothing here

        3 /actions/0/$ref: `#/components/actions/a` leads to no action under `components`

        3 /actions/0/copy: `copy` selects 3 values, and one can be copied
        3 /actions/1/update: `/info/title` is a single value, and the update is none; it is left out

    "#]]
    .assert_eq(&told);
}

#[test]
fn a_folder_may_have_a_contract_of_the_older_name() {
    let folder = Folder::new("versions-folder");
    let document = "swagger: '2.0'\ninfo: { title: P, version: '1' }\n\
        paths: { /pets: { get: { operationId: pets, responses: { 200: { description: all, schema: { type: string } } } } } }\n";
    let behavior =
        "tombstone: 1\noperations: { pets: { rules: [{ respond: 200, body: ours }] } }\n";
    folder.write("specs/shop/swagger.yaml", document);
    folder.write("specs/shop/behavior.yaml", behavior);
    let specs = Some(folder.path.join("specs"));
    let path = folder.path.join("specs/shop/swagger.yaml");
    let document = vec![DocumentSource { name: Some("shop".to_owned()), path }];
    for (specs, documents) in [(specs, Vec::new()), (None, document)] {
        let sources = Sources { specs, documents, built_in: false, ..Sources::default() };
        let providers = catalog::load(&sources, Timestamp(0), &mut Vec::new()).unwrap();
        let emulator = Emulator::new(providers, &EmulatorOptions::default(), &mut Vec::new());
        assert_eq!(answer(&emulator, "GET /shop/pets", "").1, "\"ours\"");
    }
}

#[test]
fn lists_within_a_list_are_told() {
    let folder = Folder::new("versions-nested");
    let document = "swagger: '2.0'\ninfo: { title: N, version: '1' }\npaths:\n  /a:\n    get:\n      parameters:\n\
        \x20       - { name: q, in: query, type: array, items: { type: array, collectionFormat: pipes, items: { type: integer } } }\n\
        \x20     responses: { 200: { description: all } }\n";
    folder.write("n.yaml", document);
    let told = findings_of(&folder, "n.yaml");
    assert!(told.starts_with("n.yaml:7 ") && told.contains("lists within a list"), "{told}");
}

#[test]
fn a_form_field_that_may_not_be_empty_is_refused_without_text() {
    let folder = Folder::new("versions-empty");
    let document = "swagger: '2.0'\nconsumes: [application/x-www-form-urlencoded]\npaths: { /a: { post: { operationId: a, parameters: [{ name: id, in: formData, type: string, allowEmptyValue: false }, { name: b, in: formData, type: string }], responses: { 204: { description: done } } } } }\ninfo: { title: E, version: '1' }\n";
    folder.write("e.yaml", document);
    let emulator = emulator(&folder, "e.yaml");
    let status = |body: &str| {
        let request = http::Request::builder().method("POST").uri("/a");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let body = Body::Complete(body.to_owned().into_bytes().into());
        let reply = emulator.handle(request.body(body).unwrap(), Timestamp::default());
        reply.response.status().as_u16()
    };
    assert_eq!((status("id="), status("id=x"), status("b=&id=x")), (422, 204, 204));
}
