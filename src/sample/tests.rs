//! Made-up values against their schemas.
//!
//! Owns the examples. Must not know how values are made.

use std::sync::Arc;

use expect_test::Expect;
use expect_test::expect;
use serde_json::Value;
use serde_json::json;

use super::Unmet;
use super::Wish;
use super::sample;
use crate::clock::Stopwatch;
use crate::openapi::Contract;
use crate::openapi::Direction;
use crate::openapi::Schemas;
use crate::yaml::Document;

/// Components as an answer has them: the first of them is what is made.
fn schemas(components: &Value) -> Arc<Schemas> {
    let name = components.as_object().unwrap().keys().next().unwrap();
    let document = json!({
        "openapi": "3.1.0",
        "info": {"title": "T", "version": "1"},
        "paths": {"/": {"get": {"responses": {"200": {
            "description": "ok",
            "content": {"application/json": {"schema": {"$ref": format!("#/components/schemas/{name}")}}},
        }}}}},
        "components": {"schemas": components},
    });
    let mut findings = Vec::new();
    let document = Document::parse("a.json", &document.to_string(), &mut findings).unwrap();
    Contract::load(&document, &mut findings).unwrap().schemas
}

fn wishes() -> Vec<Wish> {
    let mut wishes = Vec::new();
    for direction in [Direction::Request, Direction::Response] {
        for fresh in [false, true] {
            for fill_properties in [false, true] {
                wishes.push(Wish { direction, fresh, fill_properties });
            }
        }
    }
    wishes
}

fn of(components: &Value, wish: &Wish, seed: u64) -> Result<Value, Unmet> {
    let schemas = schemas(components);
    let name = components.as_object().unwrap().keys().next().unwrap();
    let id = schemas.at(&format!("/components/schemas/{name}")).unwrap();
    sample(&schemas, id, wish, seed)
}

fn fresh() -> Wish {
    Wish { fresh: true, ..Wish::of(Direction::Response) }
}

/// Values of a schema in every way, each of them valid, and the same when it is made again.
fn all_valid(components: &Value) -> Vec<Value> {
    let schemas = schemas(components);
    let name = components.as_object().unwrap().keys().next().unwrap();
    let id = schemas.at(&format!("/components/schemas/{name}")).unwrap();
    let mut made = Vec::new();
    for wish in wishes() {
        let validator = schemas.directed(id, wish.direction).unwrap();
        for seed in 0..12 {
            let value = sample(&schemas, id, &wish, seed)
                .unwrap_or_else(|unmet| panic!("{components}: {wish:?} {seed}: {unmet}"));
            assert!(validator.is_valid(&value), "{components}: {value}");
            assert_eq!(sample(&schemas, id, &wish, seed), Ok(value.clone()));
            made.push(value);
        }
    }
    made
}

/// The same for schemas that are written one a line.
fn each_valid(table: &str) {
    let mut count = 0;
    for line in table.lines().filter(|line| !line.trim().is_empty()) {
        let schema: Value = serde_json::from_str(line).unwrap();
        if std::panic::catch_unwind(|| all_valid(&json!({ "S": schema }))).is_err() {
            println!("FAILED {line}");
        }
        count += 1;
    }
    assert!(count > 0);
}

#[test]
fn every_value_is_valid() {
    let table = r#"
        {}
        true
        {"type": "null"}
        {"type": "boolean"}
        {"type": ["string", "null"]}
        {"type": ["array", "object"]}
        {"type": "integer", "minimum": 5, "maximum": 5}
        {"type": "integer", "exclusiveMinimum": -3, "exclusiveMaximum": -1}
        {"type": "integer", "format": "int32", "minimum": 2147483647}
        {"type": "integer", "format": "int64"}
        {"type": "integer", "multipleOf": 7, "minimum": 100, "maximum": 110}
        {"type": "integer", "multipleOf": 1.5}
        {"allOf": [{"type": "integer", "multipleOf": 4}, {"multipleOf": 6}, {"minimum": 1000}]}
        {"type": "number", "minimum": 0.125, "maximum": 0.126}
        {"type": "number", "multipleOf": 0.01, "maximum": -1}
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}
        {"type": "number", "minimum": 1000000000000000.0}
        {"type": "number", "minimum": -1e-09, "maximum": 1e-09}
        {"type": "number", "maximum": -1e+18}
        {"type": "string", "minLength": 3, "maxLength": 3}
        {"type": "string", "maxLength": 0}
        {"type": "string", "minLength": 300}
        {"type": "string", "enum": ["b", "a"]}
        {"const": {"a": [1]}}
        {"enum": [1, "a", null], "type": "string"}
        {"enum": [1, 2, 3], "not": {"enum": [1, 2]}}
        {"type": "string", "pattern": "^[A-Z]{3}-\\d{4}$"}
        {"type": "string", "pattern": "^\\w+@[a-z]+\\.com$"}
        {"type": "string", "pattern": "^[a-f0-9]+$", "minLength": 64, "maxLength": 64}
        {"type": "string", "pattern": "b"}
        {"type": "string", "pattern": "^(?=.*[A-Z])(?=.*\\d).{8,}$"}
        {"type": "string", "pattern": "^(?!x)[a-z]{1,3}$"}
        {"type": "string", "pattern": "^a$|^b$"}
        {"type": "string", "pattern": "^(foo|bar){2}\\/\\d?$"}
        {"type": "string", "pattern": "^\\p{L}+$"}
        {"type": "string", "pattern": "^[^\\s]+$", "maxLength": 4}
        {"allOf": [{"pattern": "^a"}, {"pattern": "^[a-z]{4}$"}], "type": "string"}
        {"type": "array", "items": {"type": "integer"}, "minItems": 3, "maxItems": 4}
        {"type": "array", "uniqueItems": true, "minItems": 4, "items": {"enum": [1, 2, 3, 4]}}
        {"type": "array", "uniqueItems": true, "minItems": 2, "items": {"type": "boolean"}}
        {"type": "array", "uniqueItems": true, "minItems": 20, "items": {"type": "string", "maxLength": 4}}
        {"type": "array", "items": {"type": "string"}, "contains": {"const": "x"}}
        {"type": "array", "contains": {"type": "integer"}, "minContains": 3, "maxContains": 3}
        {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": false, "minItems": 2}
        {"type": "array", "items": {"type": "array", "items": {"type": "array", "minItems": 1}}}
        {"type": "array", "maxItems": 0, "items": {"type": "string"}}
        {"type": "array", "items": false}
        {"type": "object", "required": ["a", "b"], "properties": {"a": {"type": "integer"}}}
        {"type": "object", "required": ["x"], "additionalProperties": {"type": "integer", "minimum": 9}}
        {"type": "object", "minProperties": 3, "additionalProperties": {"type": "boolean"}}
        {"type": "object", "minProperties": 2, "propertyNames": {"pattern": "^[a-z]{3}$"}}
        {"type": "object", "minProperties": 2, "patternProperties": {"^x-": {"type": "integer"}}, "additionalProperties": false}
        {"type": "object", "maxProperties": 1, "properties": {"a": {}, "b": {}, "c": {}}, "required": ["b"]}
        {"type": "object", "properties": {"a": {"type": "string"}}, "patternProperties": {"^a": {"maxLength": 2}}}
        {"type": "object", "properties": {"a": false, "b": {"type": "null"}}}
        {"properties": {"a": {}, "b": {}}, "not": {"required": ["a"]}}
        {"properties": {"a": {}, "b": {}, "c": {}}, "not": {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}}
        {"type": ["string", "integer"], "not": {"type": "string"}}
        {"type": "string", "not": {"const": "river"}}
        {"properties": {"a": {}, "b": {}}, "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}
        {"properties": {"a": {}, "b": {}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}
        {"oneOf": [{"type": "integer"}, {"type": "number"}]}
        {"oneOf": [{"type": "string", "format": "date"}, {"type": "string"}]}
        {"oneOf": [{"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}, {"type": "object", "required": ["a", "b"], "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}]}
        {"oneOf": [{"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}, {"type": "object", "properties": {"a": {"type": "string"}, "c": {"type": "string"}}}]}
        {"allOf": [{"oneOf": [{"properties": {"k": {"const": 1}}, "required": ["k"]}, {"properties": {"k": {"const": 2}}, "required": ["k"]}]}, {"oneOf": [{"properties": {"k": {"const": 2}}}, {"properties": {"k": {"const": 3}}}]}], "type": "object"}
        {"allOf": [{"type": "object", "properties": {"a": {"type": "string"}}}, {"properties": {"a": {"maxLength": 2}}, "required": ["a"]}]}
        {"type": "object", "properties": {"a": {"enum": ["x", "y"]}, "b": {}}, "required": ["a"], "if": {"properties": {"a": {"const": "x"}}}, "then": {"required": ["b"], "properties": {"b": {"const": 1}}}, "else": {"properties": {"b": {"type": "string"}}}}
        {"type": "object", "properties": {"card": {"type": "string"}, "bill": {"type": "string"}}, "dependentRequired": {"card": ["bill", "zip"]}}
        {"type": "object", "properties": {"a": {"type": "string"}}, "dependentSchemas": {"a": {"required": ["b"], "properties": {"b": {"const": 7}}}}}
        {"type": "object", "properties": {"a": {}}, "allOf": [{"properties": {"b": {"type": "string"}}}], "unevaluatedProperties": false}
        {"type": "object", "properties": {"n": {"type": "integer", "example": "no number"}, "m": {"type": "string", "example": "fine", "maxLength": 4}}}
        {"type": "object", "properties": {"n": {"type": "integer", "maximum": 3, "example": 7}, "m": {"type": "string", "default": "long", "maxLength": 2}}}
        {"type": "object", "required": ["a", "b"], "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "example": {"a": "kept"}}
        {"anyOf": [{"type": "object", "properties": {"a": {"type": "integer", "minimum": 1, "example": 0}}, "required": ["a"]}, {"type": "null"}]}
    "#;
    each_valid(table);
}

#[test]
fn every_format_is_met_at_any_length() {
    let formats = [
        "date",
        "date-time",
        "time",
        "duration",
        "email",
        "idn-email",
        "hostname",
        "idn-hostname",
        "ipv4",
        "ipv6",
        "uri",
        "uri-reference",
        "iri",
        "iri-reference",
        "uri-template",
        "uuid",
        "byte",
        "binary",
        "password",
        "json-pointer",
        "relative-json-pointer",
        "regex",
        "unknown",
        "phone",
        "country-code",
    ];
    for format in formats {
        all_valid(&json!({ "S": { "type": "string", "format": format } }));
    }
    for format in ["email", "hostname", "uri", "uri-reference", "byte", "password", "unknown"] {
        for (least, most) in [(0, 12), (0, 16), (40, 44), (100, 104), (200, 220)] {
            let schema = json!({ "type": "string", "format": format, "minLength": least, "maxLength": most });
            all_valid(&json!({ "S": schema }));
        }
    }
    each_valid(
        r#"
        {"type": "string", "format": "uuid", "pattern": "^[0-9a-f-]{36}$"}
        {"type": "string", "format": "date-time", "pattern": "Z$"}
        {"type": "string", "contentEncoding": "base64"}
        {"type": "number", "format": "float"}
        {"type": "number", "format": "double", "minimum": 3}
    "#,
    );
}
