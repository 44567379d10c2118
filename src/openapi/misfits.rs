//! Why a value does not fit a schema of the document, also where collecting all errors would take too much: by going
//! down into the parts that do not fit, and of alternatives into the one that was meant.
//!
//! It has a walk of its own: which schema is next depends on what fits. Must not know requests or answers.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jsonschema::{Draft, ValidationError};
use serde_json::{Map, Value, json};

use super::direction::Direction;
use super::schema;
use super::schemas::{SchemaId, Schemas};
use super::validator::Validator;
use crate::pointer::{child, within};

/// Parts of a value that are held against a schema to find what does not fit: a tenth of a second.
const LOOKS_MAX: usize = 100_000;
/// Schemas in one another of which a look counts as one more, since it may have to go as deep.
const LOOK_LEVELS: usize = 12;
/// Schemas that are compiled to find it, where each takes all that it can reach: what a request is refused in stays
/// below a tenth of a second.
const COMPILED_MAX: usize = 20_000;

impl Schemas {
    /// Tells the first few ways in which a value does not fit a schema, each with a JSON Pointer to the part of the value
    /// that the error is about: its own place is in that part. Nothing is told if the value fits, or if the schema cannot
    /// be compiled. Returns whether there may be more.
    ///
    /// All errors are collected where that takes little. Else, for what is left to say, only those of parts that do not
    /// fit by themselves: a schema and a value are looked at once, however many ways lead there.
    pub fn tell_misfits(
        &self,
        (id, direction): (SchemaId, Direction),
        value: &Value,
        max: usize,
        tell: &mut dyn FnMut(&str, &ValidationError<'_>),
    ) -> bool {
        let Ok(validator) = self.directed(id, direction) else { return false };
        if let Some(misfits) = validator.cheap_misfits(value, max) {
            misfits.found.iter().for_each(|error| tell("", error));
            return misfits.is_cut_off;
        }
        let mut search = MisfitSearch {
            schemas: self,
            direction,
            left: max,
            tell,
            looks_left: LOOKS_MAX,
            pairs: HashSet::new(),
            alone: HashMap::new(),
            compiled: HashSet::new(),
            compiled_left: COMPILED_MAX,
            is_cut_off: false,
        };
        validator.on_stack(value, || search.look(id, value, &mut String::new()));
        search.is_cut_off
    }
}

struct MisfitSearch<'s> {
    schemas: &'s Schemas,
    direction: Direction,
    /// Number of further reports.
    left: usize,
    tell: &'s mut dyn FnMut(&str, &ValidationError<'_>),
    looks_left: usize,
    /// Schemas, and values that do not fit them, that were looked into.
    pairs: HashSet<(SchemaId, *const Value)>,
    /// Validators of schemas by themselves, without those in them; `None` where that cannot be compiled.
    alone: HashMap<SchemaId, Option<Arc<jsonschema::Validator>>>,
    compiled: HashSet<SchemaId>,
    compiled_left: usize,
    is_cut_off: bool,
}

impl MisfitSearch<'_> {
    /// Finds what does not fit, if anything. `at` is where the value is.
    fn look(&mut self, id: SchemaId, value: &Value, at: &mut String) {
        let id = self.schemas.canonical(id);
        if self.is_over() {
            return;
        }
        if self.compiled.insert(id) {
            self.compiled_left = self.compiled_left.saturating_sub(self.schemas.reach(id));
        }
        let Ok(validator) = self.schemas.directed(id, self.direction) else { return };
        if self.is_valid(&validator, value) || !self.pairs.insert((id, std::ptr::from_ref(value))) {
            return;
        }
        if let Some(misfits) = validator.cheap_misfits(value, self.left) {
            self.is_cut_off |= misfits.is_cut_off;
            misfits.found.iter().for_each(|error| self.tell_one(at, error));
            return;
        }
        let before = self.left;
        let Value::Object(map) = self.schemas.schema(id) else { return };
        self.look_alone(id, map, value, at);
        self.look_at_same_value(id, map, value, at);
        match value {
            Value::Object(members) => self.look_at_members(id, map, members, at),
            Value::Array(items) => self.look_at_items(id, map, items, at),
            _ => {}
        }
        if self.left == before {
            self.tell_one(at, &ValidationError::custom("does not fit the schema"));
        }
    }

    fn is_over(&mut self) -> bool {
        let is_over = self.left == 0 || self.looks_left == 0 || self.compiled_left == 0;
        self.is_cut_off |= is_over;
        is_over
    }

    fn tell_one(&mut self, at: &str, error: &ValidationError<'_>) {
        if self.left > 0 {
            self.left -= 1;
            (self.tell)(at, error);
        }
    }

    /// The assertions of a schema itself: a type, bounds, what is required or not allowed.
    fn look_alone(&mut self, id: SchemaId, map: &Map<String, Value>, value: &Value, at: &str) {
        let direction = self.direction;
        let alone = self.alone.entry(id).or_insert_with(|| alone(map, direction).map(Arc::new));
        let Some(validator) = alone.clone() else { return };
        validator.iter_errors(value).for_each(|error| self.tell_one(at, &error));
    }

    /// The schemas that are applied to the very same value.
    fn look_at_same_value(
        &mut self,
        id: SchemaId,
        map: &Map<String, Value>,
        value: &Value,
        at: &mut String,
    ) {
        let pointer = self.schemas.pointer(id).to_owned();
        if let Some(target) = schema::target_of(map) {
            self.look_there(&target, value, at);
        }
        let all = map.get("allOf").and_then(Value::as_array).map_or(0, Vec::len);
        for number in 0..all {
            self.look_there(&format!("{pointer}/allOf/{number}"), value, at);
        }
        if map.contains_key("if") {
            let chosen = if self.fits(&format!("{pointer}/if"), value) { "then" } else { "else" };
            self.look_there(&child(&pointer, chosen), value, at);
        }
        for keyword in ["anyOf", "oneOf"] {
            let Some(Value::Array(alternatives)) = map.get(keyword) else { continue };
            let places =
                (0..alternatives.len()).map(|number| format!("{pointer}/{keyword}/{number}"));
            let places: Vec<String> = places.collect();
            self.look_at_alternatives(keyword, &places, value, at);
        }
        if map.contains_key("not") && self.fits(&child(&pointer, "not"), value) {
            self.tell_refusal(at, &json!({ "not": {} }));
        }
    }

    /// Alternatives, of which the one that was meant is looked into where there is just one of the value's type.
    fn look_at_alternatives(
        &mut self,
        keyword: &str,
        places: &[String],
        value: &Value,
        at: &mut String,
    ) {
        let mut fitting = 0;
        for place in places {
            fitting += usize::from(fitting < 2 && self.fits(place, value));
        }
        if fitting == 0 {
            let mut meant = places.iter().filter(|place| self.schemas.is_of_type(place, value));
            match (meant.next(), meant.next()) {
                (Some(meant), None) => self.look_there(meant, value, at),
                _ => self.tell_refusal(at, &json!({ keyword: [{ "not": {} }, { "not": {} }] })),
            }
        } else if keyword == "oneOf" && fitting > 1 {
            self.tell_refusal(at, &json!({ keyword: [{}, {}] }));
        }
    }

    /// Tells the error of a schema that refuses everything, for one whose own error would have those of all that is in it.
    fn tell_refusal(&mut self, at: &str, schema: &Value) {
        let validator = jsonschema::options().with_draft(Draft::Draft4).build(schema);
        if let Err(error) = validator.and_then(|validator| {
            validator.validate(&Value::Null).map_err(ValidationError::to_owned)
        }) {
            self.tell_one(at, &error);
        }
    }

    fn look_at_members(
        &mut self,
        id: SchemaId,
        map: &Map<String, Value>,
        members: &Map<String, Value>,
        at: &mut String,
    ) {
        let pointer = self.schemas.pointer(id).to_owned();
        let known = map.get("properties").and_then(Value::as_object);
        let patterns = map.get("patternProperties").and_then(Value::as_object);
        for (name, member) in members {
            if self.left == 0 {
                return;
            }
            within(at, name, |at| {
                let mut is_known = known.is_some_and(|known| known.contains_key(name));
                if is_known {
                    self.look_there(&child(&child(&pointer, "properties"), name), member, at);
                }
                for pattern in patterns.into_iter().flat_map(Map::keys) {
                    let validator = self.schemas.pattern(pattern);
                    if validator.is_some_and(|it| it.is_valid(&Value::from(name.as_str()))) {
                        is_known = true;
                        let place = child(&child(&pointer, "patternProperties"), pattern);
                        self.look_there(&place, member, at);
                    }
                }
                if !is_known && map.get("additionalProperties").is_some_and(Value::is_object) {
                    self.look_there(&child(&pointer, "additionalProperties"), member, at);
                }
            });
        }
    }

    fn look_at_items(
        &mut self,
        id: SchemaId,
        map: &Map<String, Value>,
        items: &[Value],
        at: &mut String,
    ) {
        let pointer = self.schemas.pointer(id).to_owned();
        let first = map.get("prefixItems").and_then(Value::as_array).map_or(0, Vec::len);
        let rest = child(&pointer, "items");
        for (number, item) in items.iter().enumerate() {
            if self.left == 0 {
                return;
            }
            let place = if number < first {
                format!("{pointer}/prefixItems/{number}")
            } else {
                rest.clone()
            };
            within(at, &number.to_string(), |at| self.look_there(&place, item, at));
        }
    }

    fn look_there(&mut self, pointer: &str, value: &Value, at: &mut String) {
        if let Some(id) = self.schemas.at(pointer) {
            self.look(id, value, at);
        }
    }

    fn fits(&mut self, pointer: &str, value: &Value) -> bool {
        let Some(id) = self.schemas.at(pointer) else { return true };
        let validator = self.schemas.directed(id, self.direction);
        validator.is_ok_and(|validator| self.is_valid(&validator, value))
    }

    fn is_valid(&mut self, validator: &Validator, value: &Value) -> bool {
        let looks = 1 + validator.levels(value) / LOOK_LEVELS;
        self.looks_left = self.looks_left.saturating_sub(looks);
        validator.is_valid(value)
    }
}

/// A schema without the schemas in it.
fn alone(map: &Map<String, Value>, direction: Direction) -> Option<jsonschema::Validator> {
    let anything = |schemas: &Map<String, Value>| -> Value {
        schemas.keys().map(|name| (name.clone(), Value::Bool(true))).collect()
    };
    let mut alone = Map::new();
    for (keyword, value) in map {
        match (keyword.as_str(), value) {
            ("$ref", _) => {}
            ("properties" | "patternProperties", Value::Object(schemas)) => {
                alone.insert(keyword.clone(), anything(schemas));
            }
            ("prefixItems", Value::Array(schemas)) => {
                alone.insert(keyword.clone(), vec![true; schemas.len()].into());
            }
            (_, value) if value.is_boolean() || schema::applicator(keyword).is_none() => {
                alone.insert(keyword.clone(), value.clone());
            }
            _ => {}
        }
    }
    Schemas::compile_own(&Value::Object(alone), direction)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use expect_test::{Expect, expect};

    use super::*;
    use crate::finding::Finding;
    use crate::openapi::Contract;
    use crate::yaml::Document;

    /// The schema `S` of a document with these schemas.
    fn read(schemas: &str) -> (Contract, SchemaId) {
        let mut text =
            "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {}\ncomponents:\n  schemas:\n"
                .to_owned();
        schemas.lines().for_each(|line| writeln!(text, "    {line}").unwrap());
        let mut findings = Vec::new();
        let document = Document::parse("a.yaml", &text, &mut findings).unwrap();
        let contract = Contract::load(&document, &mut findings).unwrap();
        let is_other = |finding: &Finding| finding.pointer != "/paths";
        assert!(!findings.iter().any(is_other), "{findings:?}");
        let id = contract.schemas.at("/components/schemas/S").unwrap();
        (contract, id)
    }

    fn tell(schemas: &str, value: &Value, max: usize) -> String {
        let (contract, id) = read(schemas);
        let mut told = String::new();
        let of = (id, Direction::Request);
        let is_more = contract.schemas.tell_misfits(of, value, max, &mut |base, error| {
            let at = format!("{base}{}", error.instance_path());
            let levels = at.matches('/').count();
            let at = if levels > 9 { format!("{levels} levels down") } else { at };
            writeln!(told, "{at}: {}", error.masked_with("it")).unwrap();
        });
        if is_more {
            told.push_str("and more\n");
        }
        told
    }

    fn check(schemas: &str, value: &Value, expected: &Expect) {
        expected.assert_eq(&tell(schemas, value, 5));
    }

    /// A value in others, `levels` deep.
    fn nest(levels: usize, innermost: Value, around: impl Fn(Value) -> Value) -> Value {
        (0..levels).fold(innermost, |value, _| around(value))
    }

    const SEARCH: &str = "\
S: {oneOf: [{$ref: '#/And'}, {$ref: '#/Or'}, {$ref: '#/Not'}, {$ref: '#/Any'}, {$ref: '#/Eq'}]}
And: {type: object, required: [and], additionalProperties: false, properties: {and: {type: array, items: {$ref: '#/S'}}}}
Or: {type: object, required: [or], additionalProperties: false, properties: {or: {type: array, items: {$ref: '#/S'}}}}
Not: {type: object, required: [not], additionalProperties: false, properties: {not: {$ref: '#/S'}}}
Any: {type: object, required: [any], properties: {any: {$ref: '#/S'}, not: {$ref: '#/S'}, and: {type: array, items: {$ref: '#/S'}}}}
Eq: {type: object, required: [eq], properties: {eq: {type: string}, any: {$ref: '#/S'}, not: {$ref: '#/S'}, and: {type: array, items: {$ref: '#/S'}}}}";

    #[test]
    fn alternatives_that_contain_themselves_take_little() {
        let search = SEARCH.replace("#/", "#/components/schemas/");
        let value = nest(
            60,
            json!({ "eq": 1 }),
            |it| json!({ "and": [it, { "eq": "a" }], "not": { "eq": 1 } }),
        );
        check(
            &search,
            &value,
            &expect![[r#"
                : it is not valid under any of the schemas listed in the 'oneOf' keyword
            "#]],
        );
        let tree = "S: {anyOf: [{type: string}, {type: object, properties: {a: {$ref: '#/components/schemas/S'}, b: {anyOf: [{$ref: '#/components/schemas/S'}, {type: object, properties: {a: {$ref: '#/components/schemas/S'}}}]}}}]}";
        let value = nest(30, json!(1), |it| json!({ "b": { "a": it, "b": 7 } }));
        check(
            tree,
            &value,
            &expect![[r#"
            /b: it is not valid under any of the schemas listed in the 'anyOf' keyword
        "#]],
        );
    }

    #[test]
    fn parts_that_are_applied_more_than_once_take_little() {
        let twice = "S: {type: object, allOf: [{properties: {a: {$ref: '#/components/schemas/S'}}}, {properties: {a: {$ref: '#/components/schemas/S'}}, required: [b]}]}";
        let value = nest(100, json!({}), |it| json!({ "a": it, "b": 1 }));
        check(
            twice,
            &value,
            &expect![[r#"
            100 levels down: "b" is a required property
            100 levels down: "b" is a required property
            100 levels down: "b" is a required property
            100 levels down: "b" is a required property
            100 levels down: "b" is a required property
            and more
        "#]],
        );
        let value = nest(100, json!({ "a": 1, "b": 1 }), |it| json!({ "a": it, "b": 1 }));
        check(
            twice,
            &value,
            &expect![[r#"
            101 levels down: it is not of type "object"
            101 levels down: it is not of type "object"
            101 levels down: it is not of type "object"
            101 levels down: it is not of type "object"
            101 levels down: it is not of type "object"
            and more
        "#]],
        );
    }

    #[test]
    fn of_many_items_the_first_that_do_not_fit_are_told() {
        let list = "S: {type: object, properties: {a: {type: array, maxItems: 3, items: {type: object, required: [n], properties: {n: {type: integer}}, additionalProperties: false}}}, required: [b]}";
        let items = |number: i64| match number {
            29_000 => json!({ "n": "x", "m": 1 }),
            29_500.. => json!({}),
            number => json!({ "n": number }),
        };
        let value = json!({ "a": (0..30_000).map(items).collect::<Vec<Value>>() });
        check(
            list,
            &value,
            &expect![[r#"
            : "b" is a required property
            /a: it has more than 3 items
            /a/29000/n: it is not of type "integer"
            /a/29000: Additional properties are not allowed ('m' was unexpected)
            /a/29500: "n" is a required property
        "#]],
        );
    }

    #[test]
    fn a_deep_value_through_many_alternatives_has_stack_enough() {
        for (keyword, count) in [("oneOf", 30), ("anyOf", 50), ("allOf", 50), ("not", 40)] {
            let mut schemas = String::new();
            for number in 0..count {
                let name = if number == 0 { "S".to_owned() } else { format!("C{number}") };
                let next = format!("{{$ref: '#/components/schemas/C{}'}}", number + 1);
                let step = if keyword == "not" {
                    format!("{{not: {{not: {next}}}}}")
                } else {
                    format!("{{{keyword}: [{next}, {{type: string}}]}}").replace(
                        "{type: string}",
                        if keyword == "allOf" { "true" } else { "{type: string}" },
                    )
                };
                writeln!(schemas, "{name}: {step}").unwrap();
            }
            write!(
                schemas,
                "C{count}: {{type: [object, integer], properties: {{a: {{$ref: '#/components/schemas/S'}}}}}}"
            )
            .unwrap();
            let (contract, id) = read(&schemas);
            let validator = contract.schemas.request_validator(id).unwrap();
            let fits = nest(120, json!(1), |it| json!({ "a": it }));
            assert!(validator.is_valid(&fits), "{keyword}");
            let value = nest(120, Value::Null, |it| json!({ "a": it }));
            assert!(!validator.is_valid(&value), "{keyword}");
            assert!(!tell(&schemas, &value, 100).is_empty(), "{keyword}");
        }
    }
}
