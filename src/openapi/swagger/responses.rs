//! Responses: a schema, headers and examples by media type as content.
//!
//! Must not know which operation answers.

use serde_json::{Map, Value, json};

use super::conversion::{Conversion, Spot, link, shared, take};
use super::media::{BYTES, JSON, MediaTypes, are_alike, essence, or_default};
use super::places::Kind;
use crate::openapi::references::whole_reference;
use crate::pointer::child;
use crate::yaml::{Origin, Part};

impl Conversion<'_> {
    /// A response of an operation, whose own media types are `own`.
    pub(super) fn response(&mut self, part: Part, spot: &Spot, own: Option<&MediaTypes>) -> Part {
        let referred = self.referred(&part, Kind::Response);
        let global = self.produces.clone();
        match (referred, own) {
            // What is shared is in the media types of the document.
            (Some((target, map)), Some(own)) if !are_alike(own, &global) => {
                self.beside(part.origin(), &target, map, own)
            }
            (Some(_), _) => part,
            (None, own) => self.in_types(part, spot, own.unwrap_or(&global), own.is_some()),
        }
    }

    /// A response that operations refer to: in the media types of the document.
    pub(super) fn global_response(&mut self, part: Part, spot: &Spot) -> Part {
        let global = self.produces.clone();
        self.in_types(part, spot, &global, false)
    }

    fn in_types(&mut self, part: Part, spot: &Spot, types: &MediaTypes, are_own: bool) -> Part {
        if part.value().get("$ref").is_some_and(Value::is_string) {
            self.referred(&part, Kind::Response);
            return part;
        }
        let origin = part.origin().clone();
        let mut entries = match part.entries() {
            Ok(entries) => entries,
            Err(part) => return *part,
        };
        if let Some(headers) = take(&mut entries, "headers") {
            entries.push(("headers".to_owned(), self.headers(headers)));
        }
        let schema = take(&mut entries, "schema");
        let examples = self.examples(&mut entries, &origin);
        let is_file = schema.as_ref().is_some_and(|schema| is_file(schema.value()));
        let types = self.types(types, schema.is_some(), is_file, are_own, &examples, &origin);
        let general = take(&mut entries, "example");
        let written = child(&spot.written, "schema");
        let content_at = child(&spot.new, "content");
        let mut content = Vec::new();
        for (name, named) in types {
            let mut media = Vec::new();
            if let Some(schema) = &schema {
                let is_first = content.is_empty();
                if is_first {
                    let new = child(&child(&content_at, &name), "schema");
                    self.moved.insert(written.clone(), new);
                }
                let schema = if is_first { schema.clone() } else { shared(schema, &written) };
                media.push(("schema".to_owned(), schema));
            }
            let own = examples.iter().find(|(key, _)| essence(key) == essence(&name));
            let example = own.map(|(_, part)| part).or(general.as_ref());
            media.extend(example.map(|example| ("example".to_owned(), example.clone())));
            content.push((name, Part::map(&named, media)));
        }
        if !content.is_empty() {
            entries.push(("content".to_owned(), Part::map(&origin, content)));
        }
        Part::map(&origin, entries)
    }

    /// The media types of a response: those that are named for it, and those that it has other examples in.
    fn types(
        &mut self,
        types: &MediaTypes,
        has_schema: bool,
        is_file: bool,
        are_own: bool,
        examples: &[(String, Part)],
        origin: &Origin,
    ) -> MediaTypes {
        let mut found = match (has_schema, is_file) {
            (false, _) => MediaTypes::new(),
            (true, false) => or_default(types, JSON, origin),
            (true, true) => {
                let types = or_default(types, BYTES, origin);
                let is_of_values = |name: &str| {
                    let name = essence(name);
                    name.ends_with("json") || name.ends_with("xml")
                };
                if are_own || types.iter().any(|(name, _)| !is_of_values(name)) {
                    types
                } else {
                    let message =
                        "a file is in none of the media types of the document; it is sent as bytes";
                    self.warn(
                        origin,
                        message,
                        "name its media type under `produces` of the operation",
                    );
                    or_default(&MediaTypes::new(), BYTES, origin)
                }
            }
        };
        for (name, part) in examples {
            if found.iter().all(|(known, _)| essence(known) != essence(name)) {
                found.push((name.clone(), part.origin().clone()));
            }
        }
        found
    }

    /// The examples of a response by media type.
    fn examples(
        &mut self,
        entries: &mut Vec<(String, Part)>,
        origin: &Origin,
    ) -> Vec<(String, Part)> {
        let Some(part) = take(entries, "examples") else { return Vec::new() };
        let Ok(all) = part.entries() else {
            let message = "`examples` of a response is not a map and is left out";
            self.warn(origin, message, "write each under its media type");
            return Vec::new();
        };
        let (named, others): (Vec<_>, Vec<_>) = all
            .into_iter()
            .filter(|(name, _)| !name.starts_with("x-"))
            .partition(|(name, _)| name.contains('/'));
        for (name, part) in others {
            let message = format!("example `{name}` is not called by a media type and is left out");
            self.warn(part.origin(), message, "call it `application/json`, say");
        }
        named
    }

    /// A response that is shared, in other media types than those of the document.
    fn beside(
        &mut self,
        origin: &Origin,
        target: &Spot,
        map: &Map<String, Value>,
        types: &MediaTypes,
    ) -> Part {
        let mut entries = Vec::new();
        for (name, value) in map {
            let part = match name.as_str() {
                "schema" | "headers" | "examples" | "example" => continue,
                _ => self.copy(value, origin),
            };
            entries.extend(part.map(|part| (name.clone(), part)));
        }
        if let Some(Value::Object(headers)) = map.get("headers") {
            let at = child(&target.written, "headers");
            let links = headers.keys().map(|name| (name.clone(), link(origin, &child(&at, name))));
            entries.push(("headers".to_owned(), Part::map(origin, links.collect())));
        }
        let schema = map.get("schema").map(|schema| match whole_reference(schema) {
            Some(_) => Part::new(origin, schema.clone()),
            None => link(origin, &child(&target.written, "schema")),
        });
        let examples = map.get("examples").and_then(Value::as_object);
        let examples = examples.into_iter().flatten().filter(|(name, _)| name.contains('/'));
        let examples: Vec<(String, Part)> = examples
            .filter_map(|(name, value)| Some((name.clone(), self.copy(value, origin)?)))
            .collect();
        let is_file = map.get("schema").is_some_and(is_file);
        let types = self.types(types, schema.is_some(), is_file, true, &examples, origin);
        let content = types.into_iter().map(|(name, named)| {
            let mut media = Vec::new();
            media.extend(schema.clone().map(|schema| ("schema".to_owned(), schema)));
            let own = examples.iter().find(|(key, _)| essence(key) == essence(&name));
            media.extend(own.map(|(_, part)| ("example".to_owned(), part.clone())));
            (name, Part::map(&named, media))
        });
        let content: Vec<(String, Part)> = content.collect();
        if !content.is_empty() {
            entries.push(("content".to_owned(), Part::map(origin, content)));
        }
        Part::map(origin, entries)
    }

    fn headers(&mut self, part: Part) -> Part {
        let origin = part.origin().clone();
        let entries = match part.entries() {
            Ok(entries) => entries,
            Err(part) => return *part,
        };
        let converted = entries.into_iter().map(|(name, part)| {
            let part = self.header(part);
            (name, part)
        });
        let converted = converted.collect();
        Part::map(&origin, converted)
    }

    fn header(&mut self, part: Part) -> Part {
        if part.value().get("$ref").is_some() {
            return part;
        }
        let origin = part.origin().clone();
        let mut entries = match part.entries() {
            Ok(entries) => entries,
            Err(part) => return *part,
        };
        if let Some((_, format)) = entries.iter().find(|(name, _)| name == "collectionFormat")
            && *format.value() != json!("csv")
        {
            let message =
                "`collectionFormat` of a response header is not honoured; commas are written";
            let place = format.origin().clone();
            self.warn(&place, message, "write `csv`");
        }
        if let Some(example) = take(&mut entries, "x-example") {
            entries.push(("example".to_owned(), example));
        }
        self.with_schema(&mut entries, &origin);
        Part::map(&origin, entries)
    }
}

fn is_file(schema: &Value) -> bool {
    schema.get("type").is_some_and(|kind| kind == "file")
}
