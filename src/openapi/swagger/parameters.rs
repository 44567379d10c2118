//! Parameters: what says which values one has goes into a schema of its own, and bodies and form fields are told apart.
//!
//! Must not know what a request body is made of.

use serde_json::Value;

use super::conversion::{Conversion, Spot, link, take};
use super::places::Kind;
use crate::pointer::child;
use crate::yaml::{Origin, Part};

/// What a parameter, an item or a header says of its values.
const OF_VALUES: [&str; 18] = [
    "type",
    "format",
    "items",
    "default",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "enum",
    "multipleOf",
    "nullable",
    "x-nullable",
];

/// What stands in the list of an operation or a path item.
pub(super) enum Listed {
    /// A parameter of the path, the query or a header, or what cannot be told.
    Plain(Part),
    /// The body, and what is left in its place.
    Body(Box<BodyParameter>, Part),
    /// A form field, and what is left in its place.
    Field(Box<FormField>, Part),
}

/// A parameter that is the body.
#[derive(Clone)]
pub(super) struct BodyParameter {
    pub(super) origin: Origin,
    /// Its place in the document as it is written.
    pub(super) written: String,
    /// Whether it stands in the list itself.
    pub(super) is_own: bool,
    pub(super) is_required: bool,
    pub(super) schema: Option<Part>,
    /// An example for every media type.
    pub(super) example: Option<Part>,
    /// Examples by media type.
    pub(super) examples: Option<Part>,
}

/// A parameter that is one field of a form.
#[derive(Clone)]
pub(super) struct FormField {
    pub(super) origin: Origin,
    pub(super) name: String,
    pub(super) is_required: bool,
    pub(super) is_file: bool,
    /// `collectionFormat`, of a list.
    pub(super) collection: Option<Value>,
    pub(super) schema: Part,
}

impl Conversion<'_> {
    /// One entry of a list of parameters.
    pub(super) fn listed(&mut self, part: Part, spot: &Spot) -> Listed {
        if let Some((target, map)) = self.referred(&part, Kind::Parameter) {
            let location = map.get("in").and_then(Value::as_str).unwrap_or_default();
            let origin = part.origin().clone();
            return match location {
                "body" => {
                    let schema = map.contains_key("schema");
                    let schema = schema.then(|| link(&origin, &child(&target.written, "schema")));
                    let body = BodyParameter {
                        is_required: map.get("required") == Some(&Value::Bool(true)),
                        example: ["example", "x-example"]
                            .iter()
                            .find_map(|name| map.get(*name))
                            .and_then(|value| self.copy(value, &origin)),
                        examples: map.get("x-examples").and_then(|all| self.copy(all, &origin)),
                        written: target.written,
                        is_own: false,
                        schema,
                        origin,
                    };
                    Listed::Body(Box::new(body), part)
                }
                "formData" => {
                    let Some(schema) = self.field_schema(&target, map, &origin) else {
                        return Listed::Plain(part);
                    };
                    self.field(&Value::Object(map.clone()), origin, schema, part)
                }
                _ => Listed::Plain(part),
            };
        }
        match part.value().get("in").and_then(Value::as_str) {
            Some("body") => self.body(part, spot),
            Some("formData") => {
                let (written, origin) = (part.value().clone(), part.origin().clone());
                let mut entries = match self.parameter(part, spot).entries() {
                    Ok(entries) => entries,
                    Err(part) => return Listed::Plain(*part),
                };
                let schema = take(&mut entries, "schema");
                let left = Part::map(&origin, entries);
                let schema = schema.unwrap_or_else(|| empty(&origin));
                self.field(&written, origin, schema, left)
            }
            _ => Listed::Plain(self.parameter(part, spot)),
        }
    }

    /// The schema of a form field that is referred to: what is in a list has none of its own any more.
    fn field_schema(
        &mut self,
        target: &Spot,
        map: &serde_json::Map<String, Value>,
        origin: &Origin,
    ) -> Option<Part> {
        if !target.written.starts_with("/paths/") {
            return Some(link(origin, &child(&target.new, "schema")));
        }
        let said = map.iter().filter(|(name, _)| OF_VALUES.contains(&name.as_str()));
        let said = said.map(|(name, value)| (name.clone(), value.clone())).collect();
        self.copy(&Value::Object(said), origin)
    }

    fn field(&mut self, written: &Value, origin: Origin, schema: Part, left: Part) -> Listed {
        let Some(name) = written.get("name").and_then(Value::as_str) else {
            self.warn(&origin, "a form field has no `name` and is left out", "give it one");
            return Listed::Plain(left);
        };
        let kind = written.get("type").and_then(Value::as_str);
        if written.get("allowEmptyValue") == Some(&Value::Bool(true)) && kind != Some("string") {
            let message = "`allowEmptyValue` of a form field is not honoured";
            self.warn(&origin, message, "an empty text is held against its schema");
        }
        let schema = if written.get("allowEmptyValue") == Some(&Value::Bool(false)) {
            self.not_empty(kind, written, schema)
        } else {
            schema
        };
        let collection = (kind == Some("array"))
            .then(|| written.get("collectionFormat").cloned().unwrap_or("csv".into()));
        let field = FormField {
            name: name.to_owned(),
            is_required: written.get("required") == Some(&Value::Bool(true)),
            is_file: kind == Some("file"),
            collection,
            schema,
            origin,
        };
        Listed::Field(Box::new(field), left)
    }

    /// The schema of a text that is not to be empty.
    fn not_empty(&mut self, kind: Option<&str>, written: &Value, schema: Part) -> Part {
        let is_bounded = kind != Some("string") || written.get("minLength").is_some();
        let origin = schema.origin().clone();
        let Some(one) = self.copy(&1.into(), &origin).filter(|_| !is_bounded) else {
            return schema;
        };
        match schema.entries() {
            Ok(mut entries) => {
                entries.push(("minLength".to_owned(), one));
                Part::map(&origin, entries)
            }
            Err(schema) => *schema,
        }
    }

    fn body(&mut self, part: Part, spot: &Spot) -> Listed {
        let origin = part.origin().clone();
        let mut entries = match part.entries() {
            Ok(entries) => entries,
            Err(part) => return Listed::Plain(*part),
        };
        let mut schema = take(&mut entries, "schema");
        if schema.is_none() && entries.iter().any(|(name, _)| name == "type" || name == "items") {
            let message = "a body says its type beside its `schema`; it is read as one";
            self.warn(&origin, message, "write it under `schema`");
            schema = Some(split_off(&mut entries, &origin));
        }
        let is_required = entries
            .iter()
            .any(|(name, part)| name == "required" && *part.value() == Value::Bool(true));
        let example = take(&mut entries, "example").or_else(|| take(&mut entries, "x-example"));
        let body = BodyParameter {
            written: spot.written.clone(),
            is_own: true,
            is_required,
            schema,
            example,
            examples: take(&mut entries, "x-examples"),
            origin: origin.clone(),
        };
        Listed::Body(Box::new(body), Part::map(&origin, entries))
    }

    /// A parameter with its schema. A body is left as it is: it has one.
    pub(super) fn parameter(&mut self, part: Part, _: &Spot) -> Part {
        let is_body = part.value().get("in").is_some_and(|location| location == "body");
        if is_body || part.value().get("$ref").is_some() {
            return part;
        }
        let origin = part.origin().clone();
        let mut entries = match part.entries() {
            Ok(entries) => entries,
            Err(part) => return *part,
        };
        if let Some(example) = take(&mut entries, "x-example")
            && entries.iter().all(|(name, _)| name != "example")
        {
            entries.push(("example".to_owned(), example));
        }
        self.with_schema(&mut entries, &origin);
        Part::map(&origin, entries)
    }

    /// Puts what an object says of its values into a schema.
    pub(super) fn with_schema(&mut self, entries: &mut Vec<(String, Part)>, origin: &Origin) {
        let has_type = entries.iter().any(|(name, _)| name == "type");
        if let Some((_, schema)) = entries.iter().find(|(name, _)| name == "schema") {
            let message = "`schema` beside `in` other than `body` is of OpenAPI 3; it is read so";
            let schema = schema.origin().clone();
            self.warn(&schema, message, "write `type`");
            return;
        }
        let schema = split_off(entries, origin);
        let inner = schema.value().get("items");
        let is_nested =
            inner.and_then(|inner| inner.get("type")).is_some_and(|kind| kind == "array");
        if is_nested {
            let message = "lists within a list are not taken apart (`collectionFormat` of `items`)";
            self.warn(origin, message, "each of them arrives as one text, which does not fit");
        }
        if !has_type {
            let message = "a parameter or a header has no `type`; any text is accepted";
            self.warn(origin, message, "write `type: string`");
        }
        entries.push(("schema".to_owned(), schema));
    }
}

/// Takes out what an object says of its values, as a schema.
fn split_off(entries: &mut Vec<(String, Part)>, origin: &Origin) -> Part {
    let all = std::mem::take(entries);
    let (said, others) = all.into_iter().partition(|(name, _)| OF_VALUES.contains(&name.as_str()));
    *entries = others;
    Part::map(origin, said)
}

fn empty(origin: &Origin) -> Part {
    Part::map(origin, Vec::new())
}
