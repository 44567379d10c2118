//! One value's schema, seen whole: all schemas that apply to it, side by side.
//!
//! It walks by itself, since what a schema says narrows the merged on the way, and a contradiction ends it.
//! Owns how `$ref` and `allOf` flow together and what bounds that gives. Must not know how a value is made, nor
//! which alternative is taken.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::numbers;
use crate::openapi::{Schemas, Types};

/// References that follow one another before a target is given up: loading cuts longer chains.
const CHAIN_MAX: usize = 64;

/// A choice that a schema leaves open.
#[derive(Clone, Copy)]
pub(super) enum OpenChoice<'s> {
    /// `oneOf`: exactly one may fit.
    One(&'s [Value]),
    /// `anyOf`.
    Any(&'s [Value]),
}

/// All schemas that apply to one value.
#[derive(Clone, Default)]
pub(super) struct MergedSchema<'s> {
    /// The schema objects.
    pub(super) facets: Vec<&'s Map<String, Value>>,
    /// Those of them that describe the value as a whole, so that their examples are complete.
    pub(super) whole: Vec<&'s Map<String, Value>>,
    /// Types that `type` leaves.
    pub(super) types: Types,
    /// Values that `enum` and `const` leave.
    pub(super) values: Option<Vec<&'s Value>>,
    /// Schemas the value must not fit, or had better not.
    pub(super) avoided: Vec<&'s Value>,
    /// `oneOf` and `anyOf` not yet decided.
    pub(super) open: Vec<OpenChoice<'s>>,
    /// Schemas with an `if` not yet decided.
    pub(super) conditions: Vec<&'s Map<String, Value>>,
    /// The name of the first component that was referred to.
    pub(super) component: Option<&'s str>,
    /// By the name of a property, which schemas list it; made where there are many schemas.
    listed: Option<Arc<Listed<'s>>>,
}

/// Schemas that are gone through for each property; where there are more, those that matter are looked up.
const FACETS_GONE_THROUGH_MAX: usize = 16;

/// Which of the schemas say something of a property, by their numbers.
#[derive(Default)]
struct Listed<'s> {
    by_name: HashMap<&'s str, Vec<usize>>,
    /// Those that say something of properties whose names they do not list.
    of_any: Vec<usize>,
    /// Those that have values, or names by which discriminators know them.
    valued: Vec<usize>,
}

impl<'s> MergedSchema<'s> {
    /// Adds a schema; `whole` when it describes the value as a whole. `false` when nothing can fit any more.
    pub(super) fn add(&mut self, schemas: &'s Schemas, schema: &'s Value, whole: bool) -> bool {
        let map = match schema {
            Value::Object(map) => map,
            Value::Bool(false) => return false,
            _ => return true,
        };
        if self.facets.iter().any(|facet| std::ptr::eq(*facet, map)) {
            return true;
        }
        self.facets.push(map);
        self.listed = None;
        if whole {
            self.whole.push(map);
        }
        let parts = map.get("allOf").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let whole_part = whole && parts.len() == 1 && !map.contains_key("properties");
        let mut fits = true;
        if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
            self.component = self.component.or_else(|| component(reference));
            let target = schemas.referred(reference);
            fits &= target.is_none_or(|target| self.add(schemas, target, whole));
        }
        self.narrow(map);
        for part in parts {
            fits &= self.add(schemas, part, whole_part);
        }
        fits && !self.types.is_empty()
            && self.values.as_ref().is_none_or(|values| !values.is_empty())
    }

    /// Narrows by what one schema object says itself.
    fn narrow(&mut self, map: &'s Map<String, Value>) {
        if let Some(types) = map.get("type") {
            self.types = self.types & Types::of(types);
        }
        if let Some(value) = map.get("const") {
            self.keep(|known| numbers::are_equal(known, value), || vec![value]);
        }
        if let Some(Value::Array(values)) = map.get("enum") {
            self.keep(|known| numbers::is_among(known, values.iter()), || values.iter().collect());
        }
        if let Some(Value::Array(items)) = map.get("oneOf") {
            self.open.push(OpenChoice::One(items));
        }
        if let Some(Value::Array(items)) = map.get("anyOf") {
            self.open.push(OpenChoice::Any(items));
        }
        if map.contains_key("if") {
            self.conditions.push(map);
        }
        self.avoided.extend(map.get("not"));
    }

    fn keep(&mut self, fits: impl Fn(&Value) -> bool, all: impl Fn() -> Vec<&'s Value>) {
        match &mut self.values {
            Some(values) => values.retain(|value| fits(value)),
            None => self.values = Some(all()),
        }
    }

    /// Values of one keyword in all schemas.
    pub(super) fn said(&self, keyword: &str) -> impl Iterator<Item = &'s Value> {
        self.facets.iter().filter_map(move |facet| facet.get(keyword))
    }

    /// Makes what is asked of many properties in turn quick, as long as no schema is added.
    pub(super) fn list_properties(&mut self) {
        if self.facets.len() <= FACETS_GONE_THROUGH_MAX || self.listed.is_some() {
            return;
        }
        let mut listed = Listed::default();
        for (number, facet) in self.facets.iter().enumerate() {
            let properties = facet.get("properties").and_then(Value::as_object);
            for name in properties.into_iter().flat_map(Map::keys) {
                listed.by_name.entry(name).or_default().push(number);
            }
            let says = |keyword: &&str| facet.contains_key(*keyword);
            if ["patternProperties", "additionalProperties"].iter().any(says) {
                listed.of_any.push(number);
            }
            if ["example", "default"].iter().any(says) || Schemas::is_named(facet) {
                listed.valued.push(number);
            }
        }
        self.listed = Some(Arc::new(listed));
    }

    /// The schemas that may say something of a property.
    pub(super) fn about(&self, name: &str) -> impl Iterator<Item = &'s Map<String, Value>> {
        let all = if self.listed.is_some() { 0..0 } else { 0..self.facets.len() };
        let listed = self.listed.as_ref().map(|listed| {
            let by_name = listed.by_name.get(name).map_or(&[][..], Vec::as_slice);
            let mut numbers = [by_name, &listed.of_any].concat();
            numbers.sort_unstable();
            numbers.dedup();
            numbers
        });
        all.chain(listed.into_iter().flatten()).map(|number| self.facets[number])
    }

    /// The schemas that may have an example or a default, or names by which discriminators know them.
    pub(super) fn valued(&self) -> impl Iterator<Item = &'s Map<String, Value>> {
        let all = if self.listed.is_some() { 0..0 } else { 0..self.facets.len() };
        let listed = self.listed.iter().flat_map(|listed| listed.valued.iter().copied());
        all.chain(listed).map(|number| self.facets[number])
    }

    /// The strictest lower bound, as of `minLength`.
    pub(super) fn least(&self, keyword: &str) -> usize {
        self.said(keyword).filter_map(count).max().unwrap_or(0)
    }

    /// The strictest upper bound, as of `maxLength`.
    pub(super) fn most(&self, keyword: &str) -> usize {
        self.said(keyword).filter_map(count).min().unwrap_or(usize::MAX)
    }

    /// The texts under one keyword, as of `pattern`.
    pub(super) fn texts(&self, keyword: &str) -> impl Iterator<Item = &'s str> {
        self.said(keyword).filter_map(Value::as_str)
    }

    /// Returns true if a schema says something under any of these keywords.
    pub(super) fn says_any(&self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.said(keyword).next().is_some())
    }
}

/// A whole number from 0 up; one that is too large for memory is as good as no bound, or as one that nothing meets.
fn count(value: &Value) -> Option<usize> {
    if let Some(count) = value.as_u64() {
        return usize::try_from(count).ok();
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "casts of numbers to whole ones saturate"
    )]
    value.as_f64().map(|count| count as usize)
}

fn component(reference: &str) -> Option<&str> {
    reference.strip_prefix("#/components/schemas/").filter(|name| !name.contains('/'))
}

/// What a schema comes to that only wraps another one: its identity, by which recursion is known.
pub(super) fn target<'s>(schemas: &'s Schemas, schema: &'s Value) -> &'s Value {
    let mut at = schema;
    for _ in 0..CHAIN_MAX {
        let reference = at.get("$ref").and_then(Value::as_str);
        let next = match reference.and_then(|reference| schemas.referred(reference)) {
            Some(referred) => Some(referred),
            None => match at.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
                Some([only]) if at.get("properties").is_none() => Some(only),
                _ => None,
            },
        };
        let Some(next) = next else { break };
        at = next;
    }
    at
}
