//! The same document in each version of the specification: the same calls get the same bytes.

use std::fmt::Write;

use expect_test::expect;
use http::HeaderMap;
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
