//! Keys that are made up: what a record gets whose properties do not say its key.
//!
//! Whole numbers count on from the highest that there ever was, as databases do it; texts are drawn, so that they fit what
//! the schema says of them. Must not know what is created, nor why.

use serde_json::Value;

use crate::clock::Timestamp;
use crate::ids::{Ids, Pattern, UUID_V4};
use crate::openapi::{Schemas, Validator};
use crate::store::{Key, Scalar, Store};

/// How often a made-up key that is taken is made up again; past that the pattern has too few values.
const ATTEMPTS_MAX: usize = 64;

/// How deep a schema is followed for what it says of one property.
const DEPTH_MAX: usize = 16;

/// So many keys are made up to see whether they fit.
const TRIED: usize = 16;

/// How long a text is unless the schema says: as many letters as a UUID has bits, about.
const TEXT_LENGTH: u64 = 20;

/// How many characters a UUID has.
const UUID_LENGTH: u64 = 36;

/// How the key of a new record comes about.
#[derive(Debug)]
pub(crate) enum NewKey {
    /// The next whole number.
    Number(Numbers),
    /// A text.
    Text(Pattern),
    /// A ULID of the moment at which the record is made.
    Ulid,
    /// A whole number whose digits are drawn.
    Digits(Pattern),
    /// Of the kind that the highest key has: nothing says what keys look like.
    Alike,
    /// It has to be given, and why.
    Given(String),
}

/// Which whole numbers are keys.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers {
    least: i64,
    most: i64,
    step: i64,
}

/// Numbers of which nothing is said.
const NUMBERS: Numbers = Numbers { least: 1, most: i64::MAX, step: 1 };

impl Numbers {
    /// Those that a schema allows; an `Err` says that it has others.
    pub(crate) fn of_schema(schema: Option<&Value>, schemas: &Schemas) -> Result<Self, String> {
        let Some(schema) = schema else { return Ok(NUMBERS) };
        match NewKey::of_schema(Some(schema), schemas) {
            NewKey::Number(numbers) => Ok(numbers),
            NewKey::Given(reason) => Err(reason),
            NewKey::Alike => Ok(NUMBERS),
            NewKey::Text(_) | NewKey::Ulid | NewKey::Digits(_) => {
                Err("it is a text by its schema".to_owned())
            }
        }
    }

    /// The first that is higher than `last`; an `Err` says that there is none.
    pub(crate) fn next(self, last: i64) -> Result<i64, String> {
        self.after(last).ok_or_else(none_left)
    }

    /// The first that is higher than `last`.
    fn after(self, last: i64) -> Option<i64> {
        let next = last.checked_add(1)?.max(self.least);
        let over = next.rem_euclid(self.step);
        let next = if over == 0 { next } else { next.checked_add(self.step - over)? };
        (next <= self.most).then_some(next)
    }
}

/// What a schema says of a key, as far as it matters for making one up.
#[derive(Debug, Default)]
struct Facets {
    types: Option<Vec<String>>,
    pattern: Option<String>,
    format: Option<String>,
    min_length: Option<u64>,
    max_length: Option<u64>,
    least: Option<i64>,
    most: Option<i64>,
    step: Option<i64>,
}

impl Facets {
    /// Of a schema, what it refers to and what it is composed of.
    fn add(&mut self, schema: &Value, schemas: &Schemas, depth: usize) {
        let Some(members) = schema.as_object().filter(|_| depth > 0) else { return };
        if members.contains_key("$ref") {
            let target = schemas.follow(schema);
            if !std::ptr::eq(target, schema) {
                self.add(target, schemas, depth - 1);
            }
        }
        for part in members.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.add(part, schemas, depth - 1);
        }
        let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
        let count = |name: &str| members.get(name).and_then(Value::as_u64);
        let number = |name: &str| members.get(name).and_then(Value::as_i64);
        let types = match members.get("type") {
            Some(Value::String(one)) => Some(vec![one.clone()]),
            Some(Value::Array(all)) => {
                Some(all.iter().filter_map(Value::as_str).map(str::to_owned).collect())
            }
            _ => None,
        };
        self.types = types.or(self.types.take());
        self.pattern = text("pattern").or(self.pattern.take());
        self.format = text("format").or(self.format.take());
        self.min_length = count("minLength").or(self.min_length);
        self.max_length = count("maxLength").or(self.max_length);
        let above = number("exclusiveMinimum").map(|bound| bound.saturating_add(1));
        let below = number("exclusiveMaximum").map(|bound| bound.saturating_sub(1));
        self.least = above.or(number("minimum")).or(self.least);
        self.most = below.or(number("maximum")).or(self.most);
        self.step = number("multipleOf").filter(|step| *step > 0).or(self.step);
    }

    fn is_number(&self) -> bool {
        self.kinds()
            .is_some_and(|kinds| kinds.iter().all(|kind| matches!(*kind, "integer" | "number")))
    }

    fn is_ulid(&self) -> bool {
        self.is_text() && self.format.as_deref() == Some("ulid")
    }

    fn is_text(&self) -> bool {
        self.kinds().is_some_and(|kinds| kinds.iter().all(|kind| *kind == "string"))
    }

    /// The types beside null, which no key is.
    fn kinds(&self) -> Option<Vec<&str>> {
        let types = self.types.as_ref()?.iter().map(String::as_str);
        let kinds: Vec<_> = types.filter(|kind| *kind != "null").collect();
        (!kinds.is_empty()).then_some(kinds)
    }

    fn numbers(&self) -> Numbers {
        // A bound that only says how wide the number is says nothing of where to begin.
        let least = self.least.filter(|least| *least > i64::from(i32::MIN)).unwrap_or(1);
        Numbers { least, most: self.most.unwrap_or(i64::MAX), step: self.step.unwrap_or(1) }
    }

    /// A regular expression of texts that fit.
    fn text(&self) -> Result<String, String> {
        if let Some(pattern) = &self.pattern {
            return Ok(pattern.clone());
        }
        let fixed = match self.format.as_deref() {
            Some("uuid") => Some(UUID_V4),
            Some("email" | "idn-email") => Some(r"[a-z]{12}@example\.com"),
            Some("uri" | "uri-reference" | "iri" | "iri-reference") => {
                Some(r"https://example\.com/[a-z0-9]{12}")
            }
            Some("hostname" | "idn-hostname") => Some(r"[a-z]{12}\.example\.com"),
            Some("ipv4") => Some(r"10\.[1-9][0-9]\.[1-9][0-9]\.[1-9][0-9]"),
            Some(format @ ("date" | "date-time" | "time" | "duration" | "ipv6" | "regex")) => {
                return Err(format!("no key is made up of the format `{format}`"));
            }
            _ => None,
        };
        if let Some(fixed) = fixed {
            return Ok(fixed.to_owned());
        }
        let (least, most) = (self.min_length.unwrap_or(1), self.max_length.unwrap_or(u64::MAX));
        if (least..=most).contains(&UUID_LENGTH) {
            return Ok(UUID_V4.to_owned());
        }
        let length = TEXT_LENGTH.max(least).min(most);
        if length == 0 {
            Err("it can have no characters".to_owned())
        } else {
            Ok(format!("[a-z0-9]{{{length}}}"))
        }
    }
}

/// What a record's schema says of one of its properties; nothing where it does not name it.
pub(crate) fn property_schema<'s>(
    schema: &'s Value,
    property: &str,
    schemas: &'s Schemas,
) -> Option<&'s Value> {
    find_property(schema, property, schemas, DEPTH_MAX)
}

fn find_property<'s>(
    schema: &'s Value,
    property: &str,
    schemas: &'s Schemas,
    depth: usize,
) -> Option<&'s Value> {
    if depth == 0 {
        return None;
    }
    if let Some(found) = schema.get("properties").and_then(|known| known.get(property)) {
        return Some(found);
    }
    let target = schemas.follow(schema);
    if !std::ptr::eq(target, schema)
        && let Some(found) = find_property(target, property, schemas, depth - 1)
    {
        return Some(found);
    }
    let parts = schema.get("allOf").and_then(Value::as_array).into_iter().flatten();
    parts.into_iter().find_map(|part| find_property(part, property, schemas, depth - 1))
}

/// Whether a property can be null, and whether it can hold a list.
pub(crate) fn allows_null(schema: &Value, schemas: &Schemas) -> bool {
    schemas.compile_beside(schema).map_or(true, |validator| validator.is_valid(&Value::Null))
}

/// Whether a schema asks for nothing but a type, of which a key that was made up for it is.
fn names_only_a_type(schema: &Value) -> bool {
    const TYPE_AND_PROSE: [&str; 8] = [
        "type",
        "title",
        "description",
        "example",
        "examples",
        "default",
        "readOnly",
        "deprecated",
    ];
    schema.as_object().is_some_and(|schema| {
        schema.keys().all(|keyword| TYPE_AND_PROSE.contains(&keyword.as_str()))
    })
}

impl NewKey {
    /// Keys that fit what the schema says of them, if there is one.
    pub(crate) fn of_schema(schema: Option<&Value>, schemas: &Schemas) -> Self {
        let Some(schema) = schema else { return Self::Alike };
        let mut facets = Facets::default();
        facets.add(schema, schemas, DEPTH_MAX);
        let key = if facets.is_number() {
            Self::Number(facets.numbers())
        } else if facets.is_ulid() {
            Self::Ulid
        } else if facets.is_text() {
            let pattern = facets.text();
            match pattern.and_then(|pattern| Pattern::parse_bounded(&pattern)) {
                Ok(pattern) => Self::Text(pattern),
                Err(reason) => Self::Given(reason),
            }
        } else if facets.types.is_none() {
            Self::Alike
        } else {
            Self::Given("its schema allows several types".to_owned())
        };
        key.held_to(schema, schemas)
    }

    /// Keys of a pattern; of whole numbers where the schema says so. An `Err` says why these do not fit.
    pub(crate) fn of_pattern(
        pattern: &str,
        schema: Option<&Value>,
        schemas: &Schemas,
    ) -> Result<Self, String> {
        let pattern = Pattern::parse(pattern)?;
        let Some(schema) = schema else { return Ok(Self::Text(pattern)) };
        let mut facets = Facets::default();
        facets.add(schema, schemas, DEPTH_MAX);
        let key = if facets.is_number() { Self::Digits(pattern) } else { Self::Text(pattern) };
        match key.held_to(schema, schemas) {
            Self::Given(reason) => Err(reason),
            key => Ok(key),
        }
    }

    /// The same, unless what it makes up does not fit the schema.
    fn held_to(self, schema: &Value, schemas: &Schemas) -> Self {
        if !matches!(self, Self::Digits(_)) && names_only_a_type(schema) {
            return self;
        }
        let Ok(validator) = schemas.compile_beside(schema) else { return self };
        let mut ids = Ids::seeded(0);
        for _ in 0..TRIED {
            let made = match &self {
                Self::Number(numbers) => numbers.after(0).map(Value::from),
                Self::Text(pattern) => Some(ids.sample(pattern).into()),
                Self::Ulid => Some(ids.ulid(Timestamp(0), None).into()),
                Self::Digits(pattern) => digits(&ids.sample(pattern)).map(Value::from),
                Self::Alike | Self::Given(_) => return self,
            };
            if let Some(reason) = misfit(made.as_ref(), &validator) {
                return Self::Given(reason);
            }
        }
        self
    }

    /// Whether keys are whole numbers, where that is known.
    pub(crate) fn is_number(&self) -> Option<bool> {
        match self {
            Self::Number(_) | Self::Digits(_) => Some(true),
            Self::Text(_) | Self::Ulid => Some(false),
            Self::Alike | Self::Given(_) => None,
        }
    }

    /// A key that no record of the resource has, made at `now`; an `Err` says why there is none.
    pub(crate) fn make(
        &self,
        store: &Store,
        resource: usize,
        ids: &mut Ids,
        now: Timestamp,
    ) -> Result<Value, String> {
        let number = |numbers: Numbers| numbers.next(store.last_number(resource)).map(Value::from);
        match self {
            Self::Number(numbers) => number(*numbers),
            Self::Text(pattern) => {
                drawn(store, resource, || Some(Scalar::from(ids.sample(pattern).as_str())))
            }
            Self::Ulid => {
                let last =
                    store.iter(resource).next_back().and_then(|(key, _)| match key.parts() {
                        [Scalar::Text(last)] => Some(last.as_str()),
                        _ => None,
                    });
                drawn(store, resource, || Some(Scalar::from(ids.ulid(now, last).as_str())))
            }
            Self::Digits(pattern) => {
                drawn(store, resource, || digits(&ids.sample(pattern)).map(Scalar::from))
            }
            Self::Alike => {
                let last = store.iter(resource).next_back();
                let is_text = last.is_some_and(|(key, _)| matches!(key.parts(), [Scalar::Text(_)]));
                if is_text || (last.is_none() && store.last_number(resource) == 0) {
                    let pattern = Pattern::parse(UUID_V4)?;
                    return drawn(store, resource, || {
                        Some(Scalar::from(ids.sample(&pattern).as_str()))
                    });
                }
                number(NUMBERS)
            }
            Self::Given(reason) => Err(reason.clone()),
        }
    }
}

/// A drawn key that is free.
fn drawn(
    store: &Store,
    resource: usize,
    mut draw: impl FnMut() -> Option<Scalar>,
) -> Result<Value, String> {
    let is_free = |key: &Scalar| store.get(resource, &Key::from(key.clone())).is_none();
    let mut drawn = (0..ATTEMPTS_MAX).filter_map(|_| draw());
    drawn.find(is_free).map(|key| key.to_json()).ok_or_else(none_left)
}

fn none_left() -> String {
    "no value is left for it".to_owned()
}

fn digits(text: &str) -> Option<i64> {
    text.parse().ok()
}

fn misfit(made: Option<&Value>, validator: &Validator) -> Option<String> {
    let Some(made) = made else { return Some("it makes up what is no whole number".to_owned()) };
    let misfits = validator.misfits(made, 1);
    let error = misfits.found.first()?;
    Some(format!("what is made up for it does not fit its schema: {error}"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::openapi::Contract;
    use crate::store::{Model, ResourceModel};
    use crate::yaml::Document;

    /// The keys that are made up one after the other for a resource that has a record `highest`, or why there are none.
    fn made(schema: &Value, highest: &Value) -> Vec<String> {
        let mut findings = Vec::new();
        let text = "openapi: 3.1.0\ninfo: { title: T, version: '1' }\npaths: {}\n";
        let document = Document::parse("a.yaml", text, &mut findings).unwrap();
        let contract = Contract::load(&document, &mut findings).unwrap();
        let resource = ResourceModel {
            counters: Vec::new(),
            ordered: Vec::new(),
            name: "things".into(),
            key: vec!["id".to_owned()],
            unique: Vec::new(),
            relations: Vec::new(),
            due: None,
            remembers_deleted: false,
        };
        let mut store = Store::new(Arc::new(Model { resources: vec![resource] }));
        if !highest.is_null() {
            store
                .extend([(0, serde_json::Map::from_iter([("id".to_owned(), highest.clone())]))])
                .unwrap();
        }
        let schema = (!schema.is_null()).then_some(schema);
        let key = NewKey::of_schema(schema, &contract.schemas);
        let mut ids = Ids::seeded(0);
        (0..2)
            .map(|_| match key.make(&store, 0, &mut ids, Timestamp(1_893_456_000_000)) {
                Ok(key) => {
                    let fields = serde_json::Map::from_iter([("id".to_owned(), key.clone())]);
                    store.extend([(0, fields)]).unwrap();
                    key.to_string()
                }
                Err(reason) => reason,
            })
            .collect()
    }

    #[test]
    fn numbers_count_on_within_their_bounds() {
        let numbers = |more: Value, highest: Value| {
            let mut schema = json!({ "type": "integer" });
            schema.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            made(&schema, &highest)
        };
        assert_eq!(numbers(json!({}), Value::Null), ["1", "2"]);
        assert_eq!(numbers(json!({}), json!(41)), ["42", "43"]);
        assert_eq!(numbers(json!({ "minimum": 1000 }), json!(41)), ["1000", "1001"]);
        assert_eq!(numbers(json!({ "exclusiveMinimum": 1000 }), json!(41)), ["1001", "1002"]);
        assert_eq!(numbers(json!({ "multipleOf": 5 }), json!(41)), ["45", "50"]);
        assert_eq!(numbers(json!({ "maximum": 42 }), json!(41)), ["42", "no value is left for it"]);
        assert_eq!(numbers(json!({}), json!(i64::MAX))[0], "no value is left for it");
        assert_eq!(
            numbers(json!({ "format": "int32", "minimum": i32::MIN }), json!(1)),
            ["2", "3"]
        );
        let reason = "what is made up for it does not fit its schema";
        assert!(numbers(json!({ "enum": [5] }), Value::Null)[0].starts_with(reason));
    }

    #[test]
    fn texts_fit_what_their_schema_says() {
        for schema in [
            json!({ "type": "string" }),
            json!({ "type": ["string", "null"], "format": "uuid" }),
            json!({ "type": "string", "pattern": "^cus_[A-Za-z0-9]+$" }),
            json!({ "type": "string", "maxLength": 8 }),
            json!({ "type": "string", "minLength": 40, "maxLength": 64 }),
            json!({ "type": "string", "format": "email" }),
            json!({ "allOf": [{ "type": "string" }, { "maxLength": 12 }] }),
        ] {
            let keys = made(&schema, &Value::Null);
            let validator = jsonschema::draft202012::options().should_validate_formats(true);
            let validator = validator.build(&schema).unwrap();
            let is_right =
                |key: &String| serde_json::from_str(key).is_ok_and(|key| validator.is_valid(&key));
            assert!(keys.iter().all(is_right) && keys[0] != keys[1], "{schema}: {keys:?}");
        }
        assert_eq!(
            made(&json!({ "type": "string", "format": "date" }), &Value::Null)[0],
            "no key is made up of the format `date`"
        );
        assert!(
            made(&json!({ "type": "string", "enum": ["a"] }), &Value::Null)[0]
                .contains("does not fit")
        );
    }

    #[test]
    fn ulids_are_of_their_moment_and_sort_as_they_are_made() {
        let schema = json!({ "type": "string", "format": "ulid" });
        let keys = made(&schema, &Value::Null);
        assert!(
            keys.iter().all(|key| key.starts_with("\"01Q3DCBD00") && key.len() == 28),
            "{keys:?}"
        );
        assert!(keys[0] < keys[1], "{keys:?}");
        let last = "01Q3DCBD00ZZZZZZZZZZZZZZZ8";
        assert_eq!(
            made(&schema, &json!(last)),
            ["\"01Q3DCBD00ZZZZZZZZZZZZZZZ9\"", "\"01Q3DCBD00ZZZZZZZZZZZZZZZA\""]
        );
        let full = "01Q3DCBD00ZZZZZZZZZZZZZZZZ";
        assert!(made(&schema, &json!(full))[0].starts_with("\"01Q3DCBD00"));
        assert!(made(&schema, &json!("seed"))[0].starts_with("\"01Q3DCBD00"));
    }

    #[test]
    fn without_a_schema_keys_are_like_those_that_are_there() {
        assert_eq!(made(&Value::Null, &json!(7)), ["8", "9"]);
        assert_eq!(made(&Value::Null, &json!("acme"))[0].len(), 38);
        assert_eq!(made(&json!({}), &Value::Null)[0].len(), 38);
        assert_eq!(
            made(&json!({ "type": ["integer", "string"] }), &json!(1))[0],
            "its schema allows several types"
        );
    }
}
