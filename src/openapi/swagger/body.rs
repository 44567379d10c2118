//! Request bodies: made of the parameter that is the body, or of form fields.
//!
//! Must not know where parameters are listed.

use serde_json::{Value, json};

use super::conversion::{Conversion, Spot, link, shared};
use super::media::{FORM, JSON, MULTIPART, MediaTypes, essence, is_of_forms, or_default};
use super::parameters::{BodyParameter, FormField};
use crate::pointer::child;
use crate::yaml::{Origin, Part};

/// What is sent with a request beside its other parameters.
#[derive(Clone, Default)]
pub(super) struct Sent {
    pub(super) body: Option<BodyParameter>,
    pub(super) fields: Vec<FormField>,
}

impl Conversion<'_> {
    /// The request body of an operation at `spot`, if something is sent. `own` are its own media types.
    pub(super) fn request_body(
        &mut self,
        sent: Sent,
        own: Option<&MediaTypes>,
        spot: &Spot,
    ) -> Option<Part> {
        let Sent { body, fields } = sent;
        if let Some(body) = body {
            if let Some(field) = fields.first() {
                let message = "a form field beside a body is left out";
                self.warn(&field.origin, message, "one request has either");
            }
            let types = own.unwrap_or(&self.consumes);
            let types = or_default(types, JSON, &body.origin);
            return Some(self.of_body(body, &types, spot));
        }
        let first = fields.first()?.origin.clone();
        let types = self.form_types(&fields, own, &first);
        Some(Self::of_fields(fields, &types, &first, spot))
    }

    fn of_body(&mut self, body: BodyParameter, types: &MediaTypes, spot: &Spot) -> Part {
        let content_at = child(&child(&spot.new, "requestBody"), "content");
        let schema_at = child(&body.written, "schema");
        let examples = body.examples.map(Part::entries).and_then(Result::ok).unwrap_or_default();
        let mut content = Vec::new();
        for (name, origin) in types {
            let mut media = Vec::new();
            if let Some(schema) = &body.schema {
                let schema = if content.is_empty() {
                    let new = child(&child(&content_at, name), "schema");
                    if body.is_own {
                        self.moved.entry(schema_at.clone()).or_insert(new);
                    }
                    schema.clone()
                } else {
                    shared(schema, &schema_at)
                };
                media.push(("schema".to_owned(), schema));
            }
            let own = examples.iter().find(|(key, _)| essence(key) == essence(name));
            let example = own.map(|(_, part)| part).or(body.example.as_ref());
            media.extend(example.map(|example| ("example".to_owned(), example.clone())));
            content.push((name.clone(), Part::map(origin, media)));
        }
        let origin = &body.origin;
        let required = Part::new(origin, Value::Bool(body.is_required));
        Part::map(
            origin,
            vec![
                ("required".to_owned(), required),
                ("content".to_owned(), Part::map(origin, content)),
            ],
        )
    }

    /// The media types that form fields are sent in.
    fn form_types(
        &mut self,
        fields: &[FormField],
        own: Option<&MediaTypes>,
        origin: &Origin,
    ) -> MediaTypes {
        let types = own.unwrap_or(&self.consumes);
        let forms: MediaTypes =
            types.iter().filter(|(name, _)| is_of_forms(name)).cloned().collect();
        if !forms.is_empty() {
            return forms;
        }
        if let Some((_, origin)) = own.and_then(|own| own.first()) {
            let message = "form fields are sent in none of these media types; a form is read";
            let origin = origin.clone();
            self.warn(
                &origin,
                message,
                "name `application/x-www-form-urlencoded` or `multipart/form-data`",
            );
        }
        let has_file = fields.iter().any(|field| field.is_file);
        or_default(&Vec::new(), if has_file { MULTIPART } else { FORM }, origin)
    }

    fn of_fields(fields: Vec<FormField>, types: &MediaTypes, origin: &Origin, spot: &Spot) -> Part {
        let required: Vec<&str> = fields
            .iter()
            .filter(|field| field.is_required)
            .map(|field| field.name.as_str())
            .collect();
        let is_required = Part::new(origin, Value::Bool(!required.is_empty()));
        let mut schema = vec![("type".to_owned(), Part::new(origin, json!("object")))];
        if !required.is_empty() {
            schema.push(("required".to_owned(), Part::new(origin, json!(required))));
        }
        let mut properties = Vec::new();
        let mut encoding = Vec::new();
        for field in fields {
            if let Some(format) = field.collection {
                let style = Part::new(&field.origin, json!({ "collectionFormat": format }));
                encoding.push((field.name.clone(), style));
            }
            properties.push((field.name, field.schema));
        }
        schema.push(("properties".to_owned(), Part::map(origin, properties)));
        let mut schema = Some(Part::map(origin, schema));
        let content_at = child(&child(&spot.new, "requestBody"), "content");
        let first = types.first().map_or("", |(name, _)| name);
        let schema_at = child(&child(&content_at, first), "schema");
        let content = types.iter().map(|(name, named)| {
            let schema = schema.take().unwrap_or_else(|| link(origin, &schema_at));
            let mut media = vec![("schema".to_owned(), schema)];
            if !encoding.is_empty() {
                media.push(("encoding".to_owned(), Part::map(origin, encoding.clone())));
            }
            (name.clone(), Part::map(named, media))
        });
        let content = content.collect();
        Part::map(
            origin,
            vec![
                ("required".to_owned(), is_required),
                ("content".to_owned(), Part::map(origin, content)),
            ],
        )
    }
}
