//! Numbers that a double cannot tell from their neighbours: bounds and listed values that hold for the number itself.
//!
//! Owns where the validator's own comparison is not enough, and what is compared beside it. Must not know requests.

use std::cmp::Ordering;
use std::collections::HashSet;

use jsonschema::paths::Location;
use jsonschema::{Draft, Keyword, ValidationError, ValidationOptions, Validator};
use serde_json::{Map, Number, Value, json};

use crate::numbers;

/// Marks a schema that has such a number. The validator compares integers of 64 bits exactly and all other numbers as
/// doubles, by which -9223372036854775809 is not below the least of 64 bits.
const EXACT: &str = "x-tombstone-exact";

type BuiltKeyword<'a> = Result<Box<dyn for<'i> Keyword<'i>>, ValidationError<'a>>;

/// Marks a lowered schema where that is needed.
pub(super) fn mark(map: &mut Map<String, Value>) {
    let bounds = BOUNDS.iter().filter_map(|(keyword, ..)| map.get(*keyword));
    let listed = map.get("enum").and_then(Value::as_array).into_iter().flatten();
    if bounds.chain(listed).chain(map.get("const")).any(holds_large) {
        map.insert(EXACT.to_owned(), Value::Bool(true));
    }
}

/// Tells a validator what to compare.
pub(super) fn follow_keyword(options: ValidationOptions<'_>) -> ValidationOptions<'_> {
    options.with_keyword(EXACT, exact).with_keyword("uniqueItems", unique_items)
}

/// Bounds, and which side of them a number may not be on.
const BOUNDS: [(&str, Ordering); 4] = [
    ("minimum", Ordering::Less),
    ("maximum", Ordering::Greater),
    ("exclusiveMinimum", Ordering::Less),
    ("exclusiveMaximum", Ordering::Greater),
];

fn holds_large(value: &Value) -> bool {
    match value {
        Value::Number(number) => numbers::is_large(number),
        Value::Array(items) => items.iter().any(holds_large),
        Value::Object(map) => map.values().any(holds_large),
        _ => false,
    }
}

/// The keywords of one schema beside which numbers are compared themselves.
struct Exact(Vec<ExactBound>);

enum ExactBound {
    Bound { keyword: &'static str, bound: Number, refused: Ordering },
    Listed { keyword: &'static str, values: Vec<Value> },
}

impl ExactBound {
    fn allows(&self, value: &Value) -> bool {
        match (self, value) {
            (ExactBound::Bound { keyword, bound, refused }, Value::Number(number)) => {
                match numbers::compare(number, bound) {
                    Ordering::Equal => !keyword.starts_with("exclusive"),
                    order => order != *refused,
                }
            }
            (ExactBound::Bound { .. }, _) => true,
            (ExactBound::Listed { values, .. }, value) => numbers::is_among(value, values.iter()),
        }
    }

    /// The error of the keyword, unless the validator tells it anyway.
    fn error<'i>(&self, instance: &Value) -> Option<ValidationError<'i>> {
        let (keyword, value, refused) = match self {
            ExactBound::Bound { keyword, bound, refused } => {
                let far = if *refused == Ordering::Less { -f64::MAX } else { f64::MAX };
                (*keyword, Value::Number(bound.clone()), json!(far))
            }
            // No list is in itself.
            ExactBound::Listed { keyword: "const", values } => {
                ("const", values.first().cloned().unwrap_or_default(), json!([values]))
            }
            ExactBound::Listed { keyword, values } => (*keyword, json!(values), json!([values])),
        };
        let validator = alone(keyword, &value)?;
        validator.is_valid(instance).then(|| error(&validator, &refused))
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the type of all keywords")]
fn exact<'a>(parent: &'a Map<String, Value>, _: &'a Value, _: Location) -> BuiltKeyword<'a> {
    let mut all = Vec::new();
    for (keyword, refused) in BOUNDS {
        if let Some(Value::Number(bound)) = parent.get(keyword)
            && numbers::is_large(bound)
        {
            all.push(ExactBound::Bound { keyword, bound: bound.clone(), refused });
        }
    }
    let listed = parent.get("enum").and_then(Value::as_array).map(|values| ("enum", &**values));
    let constant = parent.get("const").map(|value| ("const", std::slice::from_ref(value)));
    for (keyword, values) in listed.into_iter().chain(constant) {
        if values.iter().any(holds_large) {
            all.push(ExactBound::Listed { keyword, values: values.to_vec() });
        }
    }
    Ok(Box::new(Exact(all)))
}

impl<'i> Keyword<'i> for Exact {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        let wrong = self.0.iter().find(|comparison| !comparison.allows(instance));
        wrong.and_then(|comparison| comparison.error(instance)).map_or(Ok(()), Err)
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        self.0.iter().all(|comparison| comparison.allows(instance))
    }
}

/// A validator of one keyword: made when there is an error to tell, since most schemas never have one.
fn alone(keyword: &str, value: &Value) -> Option<Validator> {
    let schema = json!({ keyword: value });
    jsonschema::options().with_draft(Draft::Draft6).build(&schema).ok()
}

/// The error of a keyword about a value that it refuses, for another that it should have refused.
fn error<'i>(validator: &Validator, refused: &Value) -> ValidationError<'i> {
    match validator.validate(refused) {
        Err(error) => error.to_owned(),
        Ok(()) => ValidationError::custom("does not fit the schema"),
    }
}

/// `uniqueItems`, where 1 and 1.0 are the same, and numbers that are one double are not.
struct UniqueItems {
    is_asked: bool,
}

#[expect(clippy::unnecessary_wraps, reason = "the type of all keywords")]
fn unique_items<'a>(_: &'a Map<String, Value>, value: &'a Value, _: Location) -> BuiltKeyword<'a> {
    Ok(Box::new(UniqueItems { is_asked: *value == Value::Bool(true) }))
}

impl<'i> Keyword<'i> for UniqueItems {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        if self.is_valid(instance) {
            return Ok(());
        }
        // Items that are equal are one double, so that the validator refuses them too.
        let validator = alone("uniqueItems", &Value::Bool(true));
        validator.map_or(Ok(()), |validator| validator.validate(instance))
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        let Value::Array(items) = instance else { return true };
        if !self.is_asked || items.len() < 2 {
            return true;
        }
        let mut seen = HashSet::with_capacity(items.len());
        items.iter().all(|item| seen.insert(numbers::normal_text(item)))
    }
}
