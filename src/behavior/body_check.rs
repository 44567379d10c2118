//! A body's template held against its schema before it is ever rendered: what can be told of it without a request.
//!
//! Must not know values that are computed; each body is held against its schema again when it is sent.

use jsonschema::error::ValidationErrorKind;
use serde_json::{Value, json};

use crate::behavior::notes::Notes;
use crate::expression::{Expression, Outline, Template};
use crate::finding::did_you_mean;
use crate::openapi::{Direction, SchemaId, Schemas};
use crate::pointer::child;

/// How deep bodies are looked into; below, only what is sent is held against its schema.
const DEPTH_MAX: usize = 32;
/// Ways in which a made-up value does not fit that are looked at: it has one property.
const SAMPLE_MISFITS_MAX: usize = 16;

/// Where bodies are held against schemas.
pub(crate) struct BodyCheck<'c, 'n, 'd> {
    pub(crate) schemas: &'c Schemas,
    pub(crate) notes: &'n mut Notes<'d>,
}

impl BodyCheck<'_, '_, '_> {
    /// A body that stands at a pointer.
    pub(crate) fn body(&mut self, template: &Template, schema: SchemaId, pointer: &str) {
        let schemas = self.schemas;
        self.outline(&template.outline(), schemas.resolved(schema), pointer, DEPTH_MAX);
    }

    /// A merge patch that stands at a pointer: it takes away nothing that is required.
    pub(crate) fn patch(&mut self, template: &Template, schema: SchemaId, pointer: &str) {
        let schemas = self.schemas;
        self.removals(&template.outline(), schemas.resolved(schema), pointer, DEPTH_MAX);
    }

    fn removals(&mut self, outline: &Outline<'_>, schema: &Value, pointer: &str, depth: usize) {
        let schemas = self.schemas;
        let schema = schemas.follow(schema);
        let Outline::Object(entries) = outline else { return };
        if depth == 0 {
            return;
        }
        let required = required(schema);
        for (name, inner) in entries {
            let Some(name) = name else { continue };
            let place = child(pointer, name);
            if matches!(inner, Outline::Literal(Value::Null)) && required.contains(name) {
                let message = format!("null takes `{name}` away, which the schema requires");
                self.notes.error(&place, message, "give it another value".to_owned());
            }
            if let Some(inside) = schema.get("properties").and_then(|known| known.get(*name)) {
                self.removals(inner, inside, &place, depth - 1);
            }
        }
    }

    fn outline(&mut self, outline: &Outline<'_>, schema: &Value, pointer: &str, depth: usize) {
        let schemas = self.schemas;
        let schema = schemas.follow(schema);
        if depth == 0 || !schema.is_object() {
            return;
        }
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.outline(outline, part, pointer, depth - 1);
        }
        let form = match outline {
            Outline::Object(_) | Outline::Entries => "object",
            Outline::List(_) | Outline::Elements(_) => "array",
            Outline::Text => "string",
            Outline::Literal(value) => return self.literal(value, schema, pointer),
            Outline::Value(expression) => return self.value(expression, schema, pointer),
        };
        if let Some(types) = types(schema).filter(|types| !types.contains(&form)) {
            let wanted = types.join("` or `");
            let message = format!("the schema wants `{wanted}` here, and this is `{form}`");
            return self.notes.error(pointer, message, None);
        }
        match (outline, schema.get("items")) {
            (Outline::Object(entries), _) => self.object(entries, schema, pointer, depth),
            (Outline::List(items), Some(inside)) => {
                for (number, item) in items.iter().enumerate() {
                    self.outline(item, inside, &child(pointer, number), depth - 1);
                }
            }
            (Outline::Elements(element), Some(inside)) => {
                self.outline(element, inside, &child(pointer, "$value"), depth - 1);
            }
            _ => {}
        }
    }

    fn object(
        &mut self,
        entries: &[(Option<&str>, Outline<'_>)],
        schema: &Value,
        pointer: &str,
        depth: usize,
    ) {
        let given: Option<Vec<&str>> = entries.iter().map(|(name, _)| *name).collect();
        for name in required(schema) {
            if given.as_ref().is_some_and(|given| !given.contains(&name)) {
                let message =
                    format!("`{name}` is missing, which the schema of the response requires");
                self.notes.error(pointer, message, "add it".to_owned());
            }
        }
        let known = schema.get("properties").and_then(Value::as_object);
        let is_closed = schema.get("additionalProperties") == Some(&Value::Bool(false))
            && schema.get("patternProperties").is_none();
        for (name, inner) in entries {
            let Some(name) = name else { continue };
            let place = child(pointer, name);
            match known.and_then(|known| known.get(*name)) {
                Some(inside) => self.outline(inner, inside, &place, depth - 1),
                None if is_closed => {
                    let known = known.into_iter().flat_map(|known| known.keys());
                    let hint = did_you_mean(name, known.map(String::as_str));
                    let message = format!("the schema of the response has no `{name}`");
                    self.notes.error(&place, message, hint);
                }
                None => {}
            }
        }
    }

    /// A part in which nothing is computed.
    fn literal(&mut self, value: &Value, schema: &Value, pointer: &str) {
        let Ok(validator) = self.schemas.compile_beside(schema) else { return };
        if let Some(error) = validator.misfits(value, 1).found.first() {
            let message = format!("this does not fit the schema: {error}");
            self.notes.error(pointer, message, None);
        }
    }

    /// A part that is one expression. Of most nothing is known.
    fn value(&mut self, expression: &Expression, schema: &Value, pointer: &str) {
        let last = expression.source().rsplit_once('|').map(|(_, filter)| filter.trim());
        if last != Some("by_field") {
            return;
        }
        let named = schema.get("properties").and_then(Value::as_object);
        let name = named.and_then(|named| named.keys().next()).map_or("field", String::as_str);
        let Ok(validator) = self.schemas.compile_beside(schema) else { return };
        let sample = json!({ name: "is wrong" });
        let misfits = validator.misfits(&sample, SAMPLE_MISFITS_MAX).found;
        let is_type = |kind: &ValidationErrorKind| matches!(kind, ValidationErrorKind::Type { .. });
        if misfits.iter().any(|error| is_type(error.kind())) {
            let message = "`by_field` gives an object with a text for each field, which the schema does not take";
            let hint = "list them, as in `{ $for: v in violations, $value: '{{ v.message }}' }`";
            self.notes.error(pointer, message, hint.to_owned());
        }
    }
}

/// The types that a schema names.
fn types(schema: &Value) -> Option<Vec<&str>> {
    match schema.get("type")? {
        Value::String(one) => Some(vec![one]),
        Value::Array(all) => Some(all.iter().filter_map(Value::as_str).collect()),
        _ => None,
    }
}

/// What responses have to have.
fn required(schema: &Value) -> Vec<&str> {
    let keywords = Direction::Response.required_keywords().iter();
    let lists = keywords.filter_map(|keyword| schema.get(*keyword)?.as_array());
    lists.flatten().filter_map(Value::as_str).collect()
}
