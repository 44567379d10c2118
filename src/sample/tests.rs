//! Made-up values against their schemas.
//!
//! Owns the examples. Must not know how values are made.

use std::sync::Arc;

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::{SampleError, SampleOptions, sample};
use crate::openapi::{Contract, Direction, Schemas};
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

fn wishes() -> Vec<SampleOptions> {
    let mut wishes = Vec::new();
    for direction in [Direction::Request, Direction::Response] {
        for fresh in [false, true] {
            for fill_properties in [false, true] {
                wishes.push(SampleOptions { direction, fresh, fill_properties });
            }
        }
    }
    wishes
}

fn of(components: &Value, options: SampleOptions, seed: u64) -> Result<Value, SampleError> {
    let schemas = schemas(components);
    let name = components.as_object().unwrap().keys().next().unwrap();
    let id = schemas.at(&format!("/components/schemas/{name}")).unwrap();
    sample(&schemas, id, &options, seed)
}

fn fresh() -> SampleOptions {
    SampleOptions { fresh: true, ..SampleOptions::of(Direction::Response) }
}

/// Values of a schema in every way, each of them valid, and the same when it is made again.
fn all_valid(components: &Value) -> Vec<Value> {
    let schemas = schemas(components);
    let name = components.as_object().unwrap().keys().next().unwrap();
    let id = schemas.at(&format!("/components/schemas/{name}")).unwrap();
    let mut made = Vec::new();
    for options in wishes() {
        let validator = schemas.directed(id, options.direction).unwrap();
        for seed in 0..12 {
            let value = sample(&schemas, id, &options, seed)
                .unwrap_or_else(|unmet| panic!("{components}: {options:?} {seed}: {unmet}"));
            assert!(validator.is_valid(&value), "{components}: {value}");
            assert_eq!(sample(&schemas, id, &options, seed), Ok(value.clone()));
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
        all_valid(&json!({ "S": schema }));
        count += 1;
    }
    assert!(count > 0);
}

#[test]
#[expect(clippy::too_many_lines, reason = "the table is the test")]
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
        {"oneOf": [{"allOf": [{"type": "object", "properties": {"a": {"type": "boolean"}}}]}, {"allOf": [{"type": "object", "additionalProperties": true, "properties": {"b": {"type": "boolean"}}}]}]}
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

/// Longer than the words for them, and than the pairs of these.
#[test]
fn the_items_of_a_long_list_differ_where_they_have_to() {
    let items = [
        json!({ "type": "string" }),
        json!({ "type": "string", "maxLength": 4 }),
        json!({ "type": "string", "format": "email", "maxLength": 40 }),
        json!({ "type": "string", "format": "uri" }),
        json!({ "type": "string", "format": "hostname" }),
        json!({ "required": ["a"], "properties": { "a": { "type": "string", "example": "x" } } }),
    ];
    for items in items {
        let list =
            json!({ "type": "array", "uniqueItems": true, "minItems": 3000, "items": items });
        let components = json!({ "S": list });
        let schemas = schemas(&components);
        let id = schemas.at("/components/schemas/S").unwrap();
        let validator = schemas.directed(id, Direction::Response).unwrap();
        for options in [fresh(), SampleOptions::of(Direction::Response)] {
            let value = sample(&schemas, id, &options, 0);
            let value = value.unwrap_or_else(|unmet| panic!("{items}: {unmet}"));
            assert!(validator.is_valid(&value), "{items}");
        }
    }
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

#[test]
fn the_schema_s_own_values_win_where_they_are_valid() {
    let schema = json!({ "S": {
        "type": "object",
        "properties": {
            "kept": {"type": "string", "example": "mine"},
            "wrong": {"type": "integer", "maximum": 3, "example": 7, "default": 2},
            "listed": {"type": "string", "examples": ["first", "second"]},
            "default": {"type": "integer", "default": 42},
            "enum": {"enum": ["b", "a"]},
            "around": {"type": "string", "example": "inner"},
        },
        "required": ["needed"],
        "example": {"around": "outer"},
    } });
    let made = of(&schema, SampleOptions::of(Direction::Response), 1).unwrap();
    let needed = made["needed"].clone();
    assert_eq!(
        made,
        json!({
            "kept": "mine", "wrong": 2, "listed": "first", "default": 42, "enum": "b", "around": "outer",
            "needed": needed,
        })
    );
    let made: Vec<Value> = (0..20).map(|seed| of(&schema, fresh(), seed).unwrap()).collect();
    assert!(made.iter().all(|made| made["kept"] != "mine" && made["around"] != "outer"));
    assert!(
        made.iter().any(|made| made["enum"] == "a") && made.iter().any(|made| made["enum"] == "b")
    );
}

#[test]
fn different_seeds_make_different_values() {
    let schema = json!({ "S": {
        "type": "object",
        "properties": {"id": {"type": "integer"}, "email": {"type": "string"}, "at": {"type": "string", "format": "date-time"}},
    } });
    for options in [SampleOptions::of(Direction::Response), fresh()] {
        let made = (0..20).map(|seed| of(&schema, options, seed).unwrap().to_string());
        assert_eq!(made.collect::<std::collections::BTreeSet<_>>().len(), 20);
    }
}

#[test]
fn a_value_in_one_place_does_not_depend_on_what_is_beside_it() {
    let few = json!({ "S": {"type": "object", "properties": {"email": {"type": "string"}}} });
    let more = json!({ "S": {"type": "object", "properties": {"id": {"type": "integer"}, "email": {"type": "string"}}} });
    let options = SampleOptions::of(Direction::Response);
    assert_eq!(of(&few, options, 3).unwrap()["email"], of(&more, options, 3).unwrap()["email"]);
}

#[test]
fn a_child_has_all_of_its_parent_its_own_name_and_nothing_of_a_sibling() {
    let child = |required: &str| json!({"allOf": [{"$ref": "#/components/schemas/Member"}, {"type": "object", "required": [required], "properties": {required: {"type": "string"}}}]});
    let parts = [
        (
            "Entity",
            json!({"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}),
        ),
        (
            "Member",
            json!({"allOf": [
                {"$ref": "#/components/schemas/Entity"},
                {
                    "type": "object", "required": ["@odata.type"], "properties": {"@odata.type": {"type": "string"}, "shown": {"type": "boolean"}},
                    "discriminator": {"propertyName": "@odata.type", "mapping": {"#m.user": "#/components/schemas/User", "#m.guest": "Guest"}},
                },
            ]}),
        ),
        ("User", child("mail")),
        ("Guest", child("until")),
    ];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 2, 3, 0]] {
        let mut components = serde_json::Map::new();
        components.extend(order.map(|at| (parts[at].0.to_owned(), parts[at].1.clone())));
        for first in ["Member", "User", "Guest"] {
            let own = components.shift_remove(first).unwrap();
            components.shift_insert(0, first.to_owned(), own);
            for made in all_valid(&Value::Object(components.clone())) {
                let kind = made["@odata.type"].as_str().unwrap();
                let expected = match first {
                    "User" => "#m.user",
                    "Guest" => "#m.guest",
                    _ => kind,
                };
                assert_eq!(kind, expected, "{first}: {made}");
                let is_user = kind == "#m.user";
                assert!(made["id"].is_string(), "{first}: {made}");
                assert_eq!(made["mail"].is_string(), is_user, "{first}: {made}");
                assert_eq!(made["until"].is_string(), !is_user, "{first}: {made}");
            }
        }
    }
}

#[test]
fn a_discriminator_has_the_value_that_is_mapped() {
    let animals = json!({
        "Animal": {
            "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
            "discriminator": {"propertyName": "kind", "mapping": {"feline": "#/components/schemas/Cat", "dog": "Dog"}},
        },
        "Cat": {"type": "object", "required": ["kind", "lives"], "properties": {"kind": {"type": "string"}, "lives": {"type": "integer"}}},
        "Dog": {"type": "object", "required": ["kind", "barks"], "properties": {"kind": {"type": "string"}, "barks": {"type": "boolean"}}},
    });
    let parent = json!({
        "Pet": {
            "type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}, "name": {"type": "string"}},
            "discriminator": {"propertyName": "kind", "mapping": {"feline": "#/components/schemas/Cat"}},
        },
        "Cat": {"allOf": [{"$ref": "#/components/schemas/Pet"}, {"type": "object", "required": ["lives"], "properties": {"lives": {"type": "integer"}}}]},
        "Dog": {"allOf": [{"$ref": "#/components/schemas/Pet"}, {"type": "object", "required": ["barks"], "properties": {"barks": {"type": "boolean"}}}]},
    });
    for (components, dog) in [(animals, "dog"), (parent, "Dog")] {
        let made = all_valid(&components);
        let has = |kind: &str, with: &str| {
            made.iter().filter(|made| made["kind"] == kind && !made[with].is_null()).count()
        };
        let (cats, dogs) = (has("feline", "lives"), has(dog, "barks"));
        assert!(cats > 0 && dogs > 0 && cats + dogs == made.len(), "{cats} {dogs} {made:?}");
    }
}

#[test]
fn what_belongs_to_the_other_direction_is_left_out() {
    let schema = json!({ "S": {
        "type": "object",
        "required": ["id", "password", "name"],
        "properties": {
            "id": {"type": "integer", "readOnly": true},
            "password": {"type": "string", "writeOnly": true},
            "name": {"type": "string"},
            "inner": {"type": "object", "properties": {"etag": {"readOnly": true}, "pin": {"writeOnly": true}, "x": {"type": "string"}}},
        },
    } });
    let mut with_example = schema.clone();
    with_example["S"]["example"] = json!({"id": 1, "password": "p", "name": "n", "inner": {"etag": "e", "pin": "1", "x": "y"}});
    for schema in [schema, with_example] {
        let keys = |direction| {
            let made = of(&schema, SampleOptions::of(direction), 1).unwrap();
            let keys = |value: &Value| {
                value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ")
            };
            format!("{}: {}", keys(&made), keys(&made["inner"]))
        };
        assert_eq!(keys(Direction::Request), "password name inner: pin x");
        assert_eq!(keys(Direction::Response), "id name inner: etag x");
    }
}

#[test]
fn recursion_ends_where_it_may() {
    let tree = json!({ "Node": {
        "type": "object",
        "required": ["name", "children", "next"],
        "properties": {
            "name": {"type": "string"},
            "parent": {"$ref": "#/components/schemas/Node"},
            "children": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
            "next": {"anyOf": [{"$ref": "#/components/schemas/Node"}, {"type": "null"}]},
        },
    } });
    let made = all_valid(&tree);
    assert!(
        made.iter().all(|made| made.get("parent").is_none() && made.to_string().len() < 500),
        "{made:?}"
    );
    all_valid(&json!({
        "Term": {"oneOf": [{"$ref": "#/components/schemas/Sum"}, {"$ref": "#/components/schemas/Leaf"}]},
        "Sum": {"type": "object", "required": ["left", "right"], "properties": {
            "left": {"$ref": "#/components/schemas/Term"}, "right": {"$ref": "#/components/schemas/Term"}}},
        "Leaf": {"type": "object", "required": ["value"], "properties": {"value": {"type": "integer"}}},
    }));
    all_valid(&json!({
        "Holder": {"type": "object", "properties": {"endless": {"$ref": "#/components/schemas/Endless"}}},
        "Endless": {"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#/components/schemas/Endless"}}},
    }));
}

#[test]
fn schemas_that_refer_to_one_another_stay_small() {
    let mut components = json!({});
    for number in 0..30 {
        let properties: serde_json::Map<String, Value> = (0..30)
            .map(|other| {
                (format!("p{other}"), json!({"$ref": format!("#/components/schemas/C{other}")}))
            })
            .collect();
        components[format!("C{number}")] = json!({"type": "object", "properties": properties});
    }
    let made = of(&components, fresh(), 1).unwrap().to_string();
    assert!((1_000..100_000).contains(&made.len()), "{}", made.len());
}

#[test]
#[expect(clippy::too_many_lines, reason = "the table is the test")]
fn what_nothing_fits_is_told_soon() {
    let endless = json!({"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#/components/schemas/S"}}});
    let mut wide = json!({"type": "object", "required": ["l", "r"], "properties": {}});
    wide["properties"]["l"] = json!({"oneOf": vec![json!({"$ref": "#/components/schemas/S"}); 20]});
    wide["properties"]["r"] = wide["properties"]["l"].clone();
    let mut deep = json!({"type": "string", "minLength": 2, "maxLength": 1});
    for _ in 0..50 {
        deep = json!({"allOf": [deep, {"oneOf": [{"type": "string"}, {"maxLength": 9}]}]});
    }
    let table = [
        endless,
        wide,
        deep,
        json!({"type": "array", "items": {"type": "integer"}, "minItems": 1e12}),
        json!({"type": "array", "minItems": 9000, "items": {"type": "array", "minItems": 9000, "items": {"type": "string"}}}),
        json!({"type": "string", "minLength": 1_000_000_000}),
        json!({"type": "array", "items": {"type": "string", "minLength": 60000}, "minItems": 9000}),
        json!({"type": "object", "minProperties": 1_000_000_000}),
        json!({"type": "object", "required": ["a"], "additionalProperties": false}),
        json!({"allOf": [{"type": "string"}, {"type": "integer"}]}),
        json!({"allOf": [{"enum": ["a"]}, {"enum": ["b"]}]}),
        json!({"type": "integer", "minimum": 2, "maximum": 1}),
        json!({"type": "integer", "minimum": 1, "maximum": 6, "multipleOf": 7}),
        json!({"type": "string", "pattern": "^(a)\\1{40}b$", "maxLength": 3}),
        json!({"type": "array", "uniqueItems": true, "minItems": 3, "items": {"type": "boolean"}}),
        json!({"not": {}}),
        json!({"oneOf": [{"type": "string"}, {"type": "string"}]}),
        json!({"type": "string", "format": "date", "maxLength": 4}),
        json!(false),
    ];
    let mut said = Vec::new();
    for schema in table {
        let unmet = of(&json!({ "S": schema }), fresh(), 1);
        let shown: String = schema.to_string().chars().take(60).collect();
        let unmet = unmet.map_or_else(|unmet| unmet.to_string(), |made| panic!("{shown}: {made}"));
        said.push(unmet);
    }
    check(
        &said.join("\n"),
        &expect![[r#"
        no value was found that fits the schema: at `/next/next`, what is required goes on without end
        no value was found that fits the schema: at `/l/l`, the schemas that apply contradict each other
        no value was found that fits the schema: at ``, no text has at least 2 and at most 1 characters
        no value was found that fits the schema: at ``, a list of 1000000000000 items is longer than 10000
        no value was found that fits the schema within 150000 steps
        no value was found that fits the schema: at ``, a text of 1000000000 characters is longer than 65536
        no value was found that fits the schema within 150000 steps
        no value was found that fits the schema: at ``, no object has so many properties
        no value was found that fits the schema: at `/a`, the schemas that apply contradict each other
        no value was found that fits the schema: at ``, the schemas that apply contradict each other
        no value was found that fits the schema: at ``, the schemas that apply contradict each other
        no value was found that fits the schema: at ``, no number is within the bounds
        no value was found that fits the schema: at ``, no number is within the bounds
        no value was found that fits the schema: at ``, no text was found that matches `^(a)\1{40}b$`
        no value was found that fits the schema: at ``, there are not enough different items
        no value was found that fits the schema: at ``, {} is not allowed for the value
        no value was found that fits the schema: at ``, the value is valid under more than one of the schemas listed in the 'oneOf' keyword
        no value was found that fits the schema: at ``, no text of format `date` has 0 to 4 characters
        no value was found that fits the schema: at ``, the schemas that apply contradict each other"#]],
    );
}

fn check(shown: &str, expected: &Expect) {
    expected.assert_eq(shown);
}

#[test]
#[expect(clippy::too_many_lines, reason = "the table is the test")]
fn values_look_like_what_their_names_say() {
    let texts = [
        "id",
        "uuid",
        "email",
        "firstName",
        "last_name",
        "fullName",
        "username",
        "phoneNumber",
        "city",
        "country",
        "countryCode",
        "street",
        "zip",
        "company",
        "jobTitle",
        "title",
        "description",
        "website",
        "avatarUrl",
        "created_at",
        "updatedAt",
        "expires_at",
        "birthDate",
        "currency",
        "color",
        "slug",
        "locale",
        "timezone",
        "accessToken",
        "ipAddress",
        "status",
        "fileName",
        "mimeType",
        "version",
        "domain",
        "name",
        "anything",
    ];
    let numbers = [
        "id",
        "price",
        "amount",
        "count",
        "total",
        "latitude",
        "longitude",
        "age",
        "year",
        "createdAt",
        "port",
    ];
    let mut properties = serde_json::Map::new();
    properties.extend(texts.iter().map(|name| ((*name).to_owned(), json!({"type": "string"}))));
    let numbers = numbers.iter().map(|name| (format!("{name}_"), json!({"type": "number"})));
    properties.extend(
        numbers.map(|(name, schema)| (format!("the_{}", name.trim_end_matches('_')), schema)),
    );
    for owner in ["user", "organization", "product"] {
        properties.insert(owner.to_owned(), json!({"type": "object", "properties": {"name": {"type": "string"}, "id": {"type": "integer"}}}));
    }
    let schema = json!({ "S": {"type": "object", "properties": properties} });
    let made = of(&schema, fresh(), 1).unwrap();
    let shown: Vec<String> =
        made.as_object().unwrap().iter().map(|(name, value)| format!("{name}: {value}")).collect();
    check(
        &shown.join("\n"),
        &expect![[r#"
            id: "95996248"
            uuid: "1091688a-49f9-46e3-87ee-d44b5f69960e"
            email: "lena.turner@example.com"
            firstName: "Ines"
            last_name: "Baker"
            fullName: "Alan Hall"
            username: "lena30"
            phoneNumber: "+1 555 0128"
            city: "Lisbon"
            country: "Spain"
            countryCode: "FR"
            street: "139 High Street"
            zip: "91788"
            company: "Beacon Partners"
            jobTitle: "Analyst"
            title: "Early pebble"
            description: "Fresh from the garden"
            website: "https://example.com/paper"
            avatarUrl: "https://example.com/images/garden.png"
            created_at: "2024-08-12T18:38:49Z"
            updatedAt: "2025-02-03T13:37:51Z"
            expires_at: "2027-05-05T15:59:59Z"
            birthDate: "2001-10-17"
            currency: "CHF"
            color: "yellow"
            slug: "calm-anchor"
            locale: "es-ES"
            timezone: "Europe/Paris"
            accessToken: "qvovyelkjmtowxevriqjsppa"
            ipAddress: "192.0.2.148"
            status: "open"
            fileName: "paper.txt"
            mimeType: "image/jpeg"
            version: "1.4.6"
            domain: "paper.example.com"
            name: "Bright river"
            anything: "basket"
            the_id: 2347.46
            the_price: 21.37
            the_amount: 471.59
            the_count: 54
            the_total: 2
            the_latitude: 16.105508
            the_longitude: 172.288366
            the_age: 63
            the_year: 2021
            the_createdAt: 1760992328
            the_port: 8975
            user: {"name":"Lena Garcia","id":6305}
            organization: {"name":"Meridian Group","id":4242}
            product: {"name":"Merry harbour","id":4446}"#]],
    );
}

#[test]
fn plausible_values_fit_all_the_same() {
    let properties = ["email", "country", "phone", "createdAt", "description", "state", "url", "price", "name"]
        .map(|name| {
            let schemas = [
                json!({"type": "string", "maxLength": 3}),
                json!({"type": "string", "minLength": 80, "maxLength": 81}),
                json!({"type": "string", "pattern": "^[a-z]{2}$"}),
                json!({"type": "integer", "maximum": -5}),
                json!({"type": "number", "minimum": 100_000}),
                json!({"type": "boolean"}),
            ];
            json!({"S": {"type": "array", "minItems": schemas.len(), "prefixItems": schemas.map(|schema| {
                json!({"type": "object", "required": [name], "properties": {name: schema}})
            })}})
        });
    for schema in &properties {
        all_valid(schema);
    }
}

#[test]
fn every_body_of_real_documents_can_be_made() {
    let mut open = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/specs"))];
    let (mut made, mut unmet) = (0, Vec::new());
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let mut findings = Vec::new();
        let Some(document) = Document::parse("a.yaml", &text, &mut findings) else { continue };
        let Some(contract) = Contract::load(&document, &mut findings) else { continue };
        for operation in &contract.operations {
            let requests = operation.request_body.iter().flat_map(|body| body.content.values());
            let requests = requests.map(|content| (content, Direction::Request));
            let responses =
                operation.responses.values().flat_map(|response| response.content.values());
            let responses = responses.map(|content| (content, Direction::Response));
            for (content, direction) in requests.chain(responses) {
                let Some(id) = content.schema else { continue };
                for fresh in [false, true] {
                    let options = SampleOptions { fresh, ..SampleOptions::of(direction) };
                    match sample(&contract.schemas, id, &options, 1) {
                        Ok(_) => made += 1,
                        Err(error) => {
                            unmet.push(format!("{}: {error}", contract.schemas.pointer(id)));
                        }
                    }
                }
            }
        }
    }
    assert!(made > 50, "{made}");
    check(&unmet.join("\n"), &expect![[""]]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn a_text_is_of_its_format_and_of_its_pattern() {
    let table = [
        (
            "date",
            vec!["^2019-", "-01$", r"^\d{4}-\d{2}-\d{2}$", "^2019-0[1-3]-", "^(19|20)99-12-31$"],
        ),
        (
            "date-time",
            vec![
                r"[.]\d{3}Z$",
                "^2019-",
                r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$",
                r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}[.]\d{6}Z$",
                r"[+]00:00$",
                "T00:00:00Z$",
            ],
        ),
        ("time", vec!["^09:", r"[.]\d+Z$", r"^\d{2}:\d{2}:\d{2}Z$"]),
        ("duration", vec!["^P", "D$", "^PT[0-9]+H$", "^P[0-9]+W$"]),
        ("email", vec!["@acme[.]com$", "^admin", r"^[a-z.]+@[a-z]+[.]com$", r"[.]org$"]),
        ("hostname", vec!["^api[.]", r"[.]acme[.]com$", "^[a-z]+$", r"^[a-z]+[.]example[.]org$"]),
        ("ipv4", vec!["^10[.]", r"[.]0$", r"^192[.]168[.]\d+[.]\d+$"]),
        ("ipv6", vec!["^2001:", "^fe80", "::1$"]),
        (
            "uri",
            vec![
                "^https://",
                "^http://",
                "^ftp://",
                "^urn:",
                r"[.]png$",
                "^https://api[.]acme[.]com/v1/",
                r"^https?://[^/]+/users/\d+$",
            ],
        ),
        ("uri-reference", vec!["^/", "^/v1/items/", r"[.]pdf$"]),
        ("uuid", vec!["^[0-9a-f-]{36}$", "^[0-9A-F-]{36}$", "^0000", "^[0-9a-f]{8}-[0-9a-f]{4}-4"]),
        ("json-pointer", vec!["^/a/", "^/[a-z]+$"]),
        ("byte", vec!["^[A-Za-z0-9+/]{8}$", "=$"]),
    ];
    for (format, patterns) in table {
        for pattern in patterns {
            for bounds in [json!({}), json!({"minLength": 3, "maxLength": 48})] {
                let mut schema = json!({"type": "string", "format": format, "pattern": pattern});
                schema.as_object_mut().unwrap().extend(bounds.as_object().unwrap().clone());
                let components = json!({ "S": schema });
                let schemas = schemas(&components);
                let id = schemas.at("/components/schemas/S").unwrap();
                let validator = schemas.validator(id).unwrap();
                for options in wishes() {
                    for seed in 0..3 {
                        let made = sample(&schemas, id, &options, seed);
                        let made = made.unwrap_or_else(|unmet| panic!("{components}: {unmet}"));
                        assert!(validator.is_valid(&made), "{components}: {made}");
                    }
                }
            }
        }
    }
}

#[test]
fn an_object_of_thousands_of_parts_takes_little() {
    let parts: Vec<Value> = (0..3000)
        .map(|number| {
            let name = format!("p{number}");
            json!({ "type": "object", "required": [name], "properties": { name: { "type": "integer" } } })
        })
        .collect();
    let schemas = schemas(&json!({ "Whole": { "allOf": parts } }));
    let id = schemas.at("/components/schemas/Whole").unwrap();
    let made = sample(&schemas, id, &SampleOptions::of(Direction::Response), 0).unwrap();
    assert_eq!(made.as_object().unwrap().len(), 3000);
}
