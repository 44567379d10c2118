//! `readOnly` and `writeOnly`: which required properties only one direction requires.
//!
//! Owns what `required` becomes in a lowered document, and the two keywords that take over from it. Must not know
//! requests and responses beyond that there are two directions.

use std::collections::BTreeMap;

use jsonschema::paths::Location;
use jsonschema::{Draft, Keyword, ValidationError, ValidationOptions, Validator};
use serde_json::{Map, Value, json};

use crate::pointer::Pointed;

use super::schema::{AppliesTo, conjuncts, parts};

/// Properties that only requests must have: required and `writeOnly`.
const IN_REQUEST: &str = "x-tombstone-required-in-request";
/// Properties that only responses must have: required and `readOnly`.
const IN_RESPONSE: &str = "x-tombstone-required-in-response";
/// Schemas that are looked through for the properties of one, by `allOf` and `$ref`.
const COMPOSED_MAX: usize = 64;

/// Which way a value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Neither: all that is required has to be there, as in a record.
    Whole,
    /// What is `readOnly` need not be there.
    Request,
    /// What is `writeOnly` need not be there.
    Response,
}

impl Direction {
    /// The keywords that name required properties, `required` itself and those of one direction: for making values.
    pub fn required_keywords(self) -> &'static [&'static str] {
        match self {
            Direction::Whole => &["required", IN_REQUEST, IN_RESPONSE],
            Direction::Request => &["required", IN_REQUEST],
            Direction::Response => &["required", IN_RESPONSE],
        }
    }
}

/// Tells a validator which of the two keywords to follow.
pub(super) fn follow_keywords(
    options: ValidationOptions<'_>,
    direction: Direction,
) -> ValidationOptions<'_> {
    let (_, own) = direction.required_keywords().split_first().expect("`required` is the first");
    own.iter().fold(options, |options, keyword| options.with_keyword(*keyword, required))
}

/// `required` under another name: the error is that of the keyword itself.
struct Required(Validator);

fn required<'a>(
    _: &'a Map<String, Value>,
    names: &'a Value,
    _: Location,
) -> Result<Box<dyn for<'i> Keyword<'i>>, ValidationError<'a>> {
    let schema = json!({ "required": names });
    let validator = jsonschema::options().with_draft(Draft::Draft4).build(&schema)?;
    Ok(Box::new(Required(validator)))
}

impl<'i> Keyword<'i> for Required {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        self.0.validate(instance)
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        self.0.is_valid(instance)
    }

    fn iter_errors(
        &self,
        instance: &'i Value,
    ) -> Box<dyn Iterator<Item = ValidationError<'i>> + 'i> {
        let errors = self.0.iter_errors(instance).map(ValidationError::to_owned);
        Box::new(errors.collect::<Vec<_>>().into_iter())
    }
}

/// Which directions leave a property out.
#[derive(Clone, Copy, Default)]
struct OmittedSides {
    read_only: bool,
    write_only: bool,
}

type Properties = BTreeMap<String, OmittedSides>;

/// One schema whose `required` is split.
struct Split {
    pointer: String,
    everywhere: Vec<Value>,
    in_request: Vec<Value>,
    in_response: Vec<Value>,
}

/// Splits `required` in all schemas below these pointers; whether there was anything to split.
///
/// A property is known by the schema that requires it, by what that is composed of, and by the schemas around it that
/// are applied to the same value. What only another user of a shared component says of a property does not count.
pub(super) fn split<'p>(root: &mut Value, pointers: impl Iterator<Item = &'p str>) -> bool {
    let mut found = Vec::new();
    for pointer in pointers {
        if let Some(schema) = root.find_at(pointer) {
            visit(root, schema, &mut pointer.to_owned(), &Properties::new(), &mut found);
        }
    }
    for split in &found {
        let Some(Value::Object(map)) = root.pointer_mut(&split.pointer) else { continue };
        map.shift_remove("required");
        for (keyword, names) in [
            ("required", &split.everywhere),
            (IN_REQUEST, &split.in_request),
            (IN_RESPONSE, &split.in_response),
        ] {
            if !names.is_empty() {
                map.insert(keyword.to_owned(), Value::Array(names.clone()));
            }
        }
    }
    !found.is_empty()
}

fn visit(
    root: &Value,
    schema: &Value,
    pointer: &mut String,
    around: &Properties,
    found: &mut Vec<Split>,
) {
    let Some(map) = schema.as_object() else { return };
    let mut known = around.clone();
    if map.contains_key("required")
        || ["allOf", "anyOf", "oneOf"].iter().any(|one| map.contains_key(*one))
    {
        collect(root, map, &mut { COMPOSED_MAX }, &mut known);
    }
    found.extend(sided(map, pointer, &known));
    let nothing = Properties::new();
    for part in parts(map) {
        // A requirement that decides something else is left as it is.
        if matches!(part.keyword, "not" | "if") {
            continue;
        }
        let is_same = part.applies_to == AppliesTo::SameValue;
        let around = if is_same { &known } else { &nothing };
        part.within(pointer, |pointer| visit(root, part.schema, pointer, around, found));
    }
}

/// The schema's `required`, split, if one direction does not have all of it.
fn sided(map: &Map<String, Value>, pointer: &str, known: &Properties) -> Option<Split> {
    let names = map.get("required")?.as_array()?;
    let sides = |name: &Value| name.as_str().and_then(|name| known.get(name)).copied();
    if !names.iter().any(|name| sides(name).is_some()) {
        return None;
    }
    let mut split = Split {
        pointer: pointer.to_owned(),
        everywhere: Vec::new(),
        in_request: Vec::new(),
        in_response: Vec::new(),
    };
    for name in names {
        match sides(name).unwrap_or_default() {
            OmittedSides { read_only: false, write_only: false } => {
                split.everywhere.push(name.clone());
            }
            OmittedSides { read_only: true, write_only: false } => {
                split.in_response.push(name.clone());
            }
            OmittedSides { read_only: false, write_only: true } => {
                split.in_request.push(name.clone());
            }
            OmittedSides { read_only: true, write_only: true } => {}
        }
    }
    Some(split)
}

/// The one-sided properties of a schema and of what it is composed of.
fn collect(root: &Value, map: &Map<String, Value>, left: &mut usize, found: &mut Properties) {
    if *left == 0 {
        return;
    }
    *left -= 1;
    let properties = map.get("properties").and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        let says = |keyword: &str| says(root, property, keyword, &mut { COMPOSED_MAX });
        let sides = OmittedSides { read_only: says("readOnly"), write_only: says("writeOnly") };
        if sides.read_only || sides.write_only {
            let known = found.entry(name.clone()).or_default();
            known.read_only |= sides.read_only;
            known.write_only |= sides.write_only;
        }
    }
    for part in conjuncts(root, map) {
        if let Value::Object(map) = part {
            collect(root, map, left, found);
        }
    }
}

/// Returns true if a property's schema, or what it is composed of, has a keyword that is `true`.
fn says(root: &Value, property: &Value, keyword: &str, left: &mut usize) -> bool {
    if *left == 0 {
        return false;
    }
    *left -= 1;
    if let Some(said) = property.get(keyword).and_then(Value::as_bool) {
        return said;
    }
    let map = property.as_object();
    map.is_some_and(|map| conjuncts(root, map).any(|part| says(root, part, keyword, left)))
}
