//! Values against schemas: what a validator finds, told as violations.
//!
//! Must not know where values come from.

use std::borrow::Cow;

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use serde_json::{Map, Value};

use crate::openapi::{Direction, SchemaId, Schemas};
use crate::pointer::tokens;

use super::violation::{MessagePart, PART_BYTES_MAX, VIOLATIONS_MAX, Violation, bounded};

/// So deep are alternatives (`anyOf`, `oneOf`) looked into for the one that was meant.
const ALTERNATIVES_DEPTH_MAX: usize = 8;

/// The keyword of the violation that says that there are more.
const LEFT_OUT: &str = "left_out";

/// Whose value it is.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) place: MessagePart,
    /// The parameter's name; empty for the body.
    pub(super) name: &'a str,
}

/// What is wrong with a value, in the value's own order. A schema that cannot be compiled was a finding when it
/// was loaded, and lets everything pass. With `details` off only the first violation is looked for.
pub(super) fn check(
    schemas: &Schemas,
    schema: SchemaId,
    subject: Subject<'_>,
    value: &Value,
    details: bool,
) -> Vec<Violation> {
    let max = if details { VIOLATIONS_MAX } else { 1 };
    violations(schemas, (schema, Direction::Request), subject, value, max)
}

/// Violations of its schema by the body of an answer, in the value's own order.
pub fn response_violations(schemas: &Schemas, schema: SchemaId, value: &Value) -> Vec<Violation> {
    let subject = Subject { place: MessagePart::Response, name: "" };
    violations(schemas, (schema, Direction::Response), subject, value, VIOLATIONS_MAX)
}

fn violations(
    schemas: &Schemas,
    (schema, direction): (SchemaId, Direction),
    subject: Subject<'_>,
    value: &Value,
    max: usize,
) -> Vec<Violation> {
    let mut violations = Vec::new();
    let is_more = schemas.tell_misfits((schema, direction), value, max, &mut |base, error| {
        let mut telling = Telling { base, subject, value, violations: &mut violations };
        telling.tell(error, ALTERNATIVES_DEPTH_MAX);
    });
    // What a schema and a part of it both ask for is told once.
    let mut told: Vec<Violation> = Vec::new();
    for violation in violations {
        if !told.contains(&violation) {
            told.push(violation);
        }
    }
    let mut violations = told;
    let is_cut_off = is_more && max > 1 || violations.len() > VIOLATIONS_MAX;
    violations.truncate(VIOLATIONS_MAX);
    violations.sort_by_cached_key(|violation| position(value, &violation.pointer));
    if is_cut_off {
        violations.truncate(VIOLATIONS_MAX - 1);
        violations.extend(more_left_out(violations.last()));
    }
    violations
}

/// Says after the last violation that there are more.
fn more_left_out(last: Option<&Violation>) -> Option<Violation> {
    Some(Violation {
        keyword: LEFT_OUT.to_owned(),
        expected: None,
        property: None,
        text: "may not be all that does not fit; the rest is left out".to_owned(),
        ..last?.clone()
    })
}

/// The errors of one part of a value, on their way to be violations.
struct Telling<'a> {
    /// Pointer to the part.
    base: &'a str,
    subject: Subject<'a>,
    value: &'a Value,
    violations: &'a mut Vec<Violation>,
}

impl Telling<'_> {
    fn tell(&mut self, error: &ValidationError<'_>, depth: usize) {
        if self.violations.len() > VIOLATIONS_MAX {
            return;
        }
        let inside = error.instance_path().as_str();
        let pointer = format!("{}{inside}", self.base);
        let field = field(self.subject.name, self.value, &pointer);
        let keyword = keyword(error);
        let mut push = |property: Option<&str>, expected: Option<Value>, text: String| {
            self.violations.push(Violation {
                location: self.subject.place,
                pointer: bounded(pointer.clone()),
                field: bounded(property.map_or_else(|| field.clone(), |name| member(&field, name))),
                keyword: bounded(keyword.to_owned()),
                expected: expected.filter(|expected| expected.to_string().len() <= PART_BYTES_MAX),
                text: bounded(text),
                parameter: bounded(self.subject.name.to_owned()),
                property: property.map(|name| bounded(name.to_owned())),
            });
        };
        match error.kind() {
            Kind::Required { property } => {
                push(property.as_str(), None, "is required".to_owned());
            }
            Kind::AdditionalProperties { unexpected }
            | Kind::UnevaluatedProperties { unexpected } => {
                for name in unexpected.iter().take(VIOLATIONS_MAX + 1) {
                    push(Some(name), None, "is not allowed".to_owned());
                }
            }
            // `additionalProperties: false` without `properties`: told for the object, not for what is too much.
            Kind::FalseSchema if keyword == "additionalProperties" => {
                let members = self.value.pointer(&pointer).and_then(Value::as_object);
                for name in members.into_iter().flat_map(Map::keys).take(VIOLATIONS_MAX + 1) {
                    push(Some(name), None, "is not allowed".to_owned());
                }
            }
            Kind::AnyOf { context } | Kind::OneOfNotValid { context }
                if depth > 0 && meant(context, inside).is_some() =>
            {
                for error in meant(context, inside).into_iter().flatten() {
                    self.tell(error, depth - 1);
                }
            }
            kind => {
                let (expected, text) = describe(kind);
                push(None, expected, text);
            }
        }
    }
}

/// The keyword that was not kept.
fn keyword<'e>(error: &'e ValidationError<'_>) -> &'e str {
    match error.kind() {
        Kind::FalseSchema => forbidding(error.schema_path().as_str()),
        // The search ended before it was found.
        Kind::Custom { .. } => "schema",
        kind => kind.keyword(),
    }
}

/// The keyword that a schema `false` is the value of.
fn forbidding(schema_path: &str) -> &str {
    let mut tokens = schema_path.rsplit('/');
    match (tokens.next(), tokens.next()) {
        (Some(keyword @ ("additionalProperties" | "items")), before)
            if before != Some("properties") =>
        {
            keyword
        }
        _ => "falseSchema",
    }
}

/// The one alternative whose outermost type fits the value, if it is just one: the one that was meant.
fn meant<'e>(
    context: &'e [Vec<ValidationError<'static>>],
    pointer: &str,
) -> Option<&'e [ValidationError<'static>]> {
    let mut fitting = context.iter().filter(|errors| {
        !errors.iter().any(|error| {
            matches!(error.kind(), Kind::Type { .. }) && error.instance_path().as_str() == pointer
        })
    });
    match (fitting.next(), fitting.next()) {
        (Some(errors), None) => Some(errors),
        // Nothing fits: when all but one only allow `null`, the other one was meant.
        (None, None) => {
            let mut others = context.iter().filter(|errors| {
                !matches!(errors.as_slice(), [error] if matches!(
                    error.kind(),
                    Kind::Type { kind: TypeKind::Single(jsonschema::JsonType::Null) }
                ))
            });
            match (others.next(), others.next()) {
                (Some(errors), None) => Some(errors),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Requirement of a keyword, as a value and as a sentence without its subject.
fn describe(kind: &Kind) -> (Option<Value>, String) {
    let number = |limit: u64| Some(Value::from(limit));
    match kind {
        Kind::Type { kind } => types(kind),
        Kind::Enum { options } => {
            let options = options.as_ref();
            (Some(options.clone()), format!("must be {}", one_of(options)))
        }
        Kind::Constant { expected_value } => {
            (Some((**expected_value).clone()), format!("must be {}", quoted(expected_value)))
        }
        Kind::MinLength { limit: 1 } => (number(1), "must not be empty".to_owned()),
        Kind::MinLength { limit } => {
            (number(*limit), format!("must be at least {} long", count(*limit, "character")))
        }
        Kind::MaxLength { limit } => {
            (number(*limit), format!("must be at most {} long", count(*limit, "character")))
        }
        Kind::MinItems { limit } => {
            (number(*limit), format!("must have at least {}", count(*limit, "item")))
        }
        Kind::MaxItems { limit } => {
            (number(*limit), format!("must have at most {}", count(*limit, "item")))
        }
        Kind::AdditionalItems { limit } => {
            let limit = *limit as u64;
            (number(limit), format!("must have at most {}", count(limit, "item")))
        }
        Kind::MinProperties { limit } => {
            (number(*limit), format!("must have at least {}", properties(*limit)))
        }
        Kind::MaxProperties { limit } => {
            (number(*limit), format!("must have at most {}", properties(*limit)))
        }
        Kind::MultipleOf { multiple_of } => {
            (Some(Value::from(*multiple_of)), format!("must be a multiple of {multiple_of}"))
        }
        Kind::Pattern { pattern } => {
            (Some(pattern.as_str().into()), format!("must match the pattern `{pattern}`"))
        }
        Kind::Format { format } => {
            (Some(format.as_str().into()), format!("must be in `{format}` format"))
        }
        kind => describe_rest(kind),
    }
}

fn describe_rest(kind: &Kind) -> (Option<Value>, String) {
    let text: Cow<'static, str> = match kind {
        Kind::Minimum { limit } => return bound("at least", limit),
        Kind::Maximum { limit } => return bound("at most", limit),
        Kind::ExclusiveMinimum { limit } => return bound("greater than", limit),
        Kind::ExclusiveMaximum { limit } => return bound("less than", limit),
        Kind::UniqueItems => "must not hold the same item twice".into(),
        Kind::Contains => "does not hold as many fitting items as it must".into(),
        Kind::UnevaluatedItems { .. } => "has items that are not allowed".into(),
        Kind::FalseSchema => "is not allowed".into(),
        Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } => {
            "does not fit any of the allowed forms".into()
        }
        Kind::OneOfMultipleValid { .. } => "fits more than one of the allowed forms".into(),
        Kind::Not { .. } => "has a form that is not allowed".into(),
        Kind::PropertyNames { error } => {
            format!("has a property whose name {}", describe(error.kind()).1).into()
        }
        Kind::ContentEncoding { content_encoding } => {
            return (
                Some(content_encoding.as_str().into()),
                format!("must be encoded as `{content_encoding}`"),
            );
        }
        Kind::ContentMediaType { content_media_type } => {
            return (
                Some(content_media_type.as_str().into()),
                format!("must hold `{content_media_type}`"),
            );
        }
        Kind::BacktrackLimitExceeded { .. } | Kind::RegexEngineFailure { .. } => {
            "is too costly to match against its pattern".into()
        }
        Kind::Custom { message, .. } => message.clone().into(),
        _ => "does not fit the schema".into(),
    };
    (None, text.into_owned())
}

fn bound(comparison: &str, limit: &Value) -> (Option<Value>, String) {
    (Some(limit.clone()), format!("must be {comparison} {limit}"))
}

fn types(kind: &TypeKind) -> (Option<Value>, String) {
    let mut names: Vec<&'static str> = match kind {
        TypeKind::Single(kind) => vec![kind.as_str()],
        TypeKind::Multiple(set) => set.iter().map(jsonschema::JsonType::as_str).collect(),
    };
    // Users do not look for null first.
    names.sort_by_key(|name| *name == "null");
    let worded: Vec<&str> = names
        .iter()
        .map(|name| match *name {
            "array" => "an array",
            "boolean" => "a boolean",
            "integer" => "an integer",
            "null" => "null",
            "number" => "a number",
            "object" => "an object",
            "string" => "a string",
            other => other,
        })
        .collect();
    let expected = match names.as_slice() {
        [name] => Value::from(*name),
        names => Value::from(names.to_vec()),
    };
    (Some(expected), format!("must be {}", worded.join(" or ")))
}

fn one_of(options: &Value) -> String {
    match options.as_array().map(Vec::as_slice) {
        Some([option]) => quoted(option),
        Some(options) => {
            let options: Vec<String> = options.iter().map(quoted).collect();
            format!("one of {}", options.join(", "))
        }
        None => quoted(options),
    }
}

fn quoted(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}

fn count(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn properties(number: u64) -> String {
    if number == 1 { "1 property".to_owned() } else { format!("{number} properties") }
}

/// The name of a value as users would say it: `data.organizationIds[0]`.
fn field(name: &str, value: &Value, pointer: &str) -> String {
    let mut field = name.to_owned();
    let mut at = Some(value);
    for token in tokens(pointer) {
        if let Some(Value::Array(items)) = at {
            field = format!("{field}[{token}]");
            at = token.parse::<usize>().ok().and_then(|index| items.get(index));
        } else {
            field = member(&field, &token);
            at = at.and_then(|value| value.get(&*token));
        }
        // Beyond what is kept, there is nothing to add.
        if field.len() > 2 * PART_BYTES_MAX {
            break;
        }
    }
    field
}

fn member(field: &str, name: &str) -> String {
    if field.is_empty() { name.to_owned() } else { format!("{field}.{name}") }
}

/// Position of a pointer in the value, as a sort key.
fn position(value: &Value, pointer: &str) -> Vec<usize> {
    let mut at = Some(value);
    let mut position = Vec::new();
    for token in tokens(pointer) {
        let Some(inside) = at else { break };
        let index = match inside {
            Value::Object(members) => members.keys().position(|key| *key == token),
            _ => token.parse().ok(),
        };
        let Some(index) = index else { break };
        position.push(index);
        at = match inside {
            Value::Object(members) => members.get(&*token),
            Value::Array(items) => items.get(index),
            _ => None,
        };
    }
    position
}
