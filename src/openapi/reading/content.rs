//! Request bodies and media types: schemas, examples and how parts are written.
//!
//! Must not know whether a body is sent or answered beyond its direction.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::message::is_media_type;
use crate::openapi::direction::Direction;
use crate::openapi::references::Referred;
use crate::openapi::{
    Encoding, Location, MediaType, Parameter, ParameterStyle, RequestBody, SchemaId, references,
    schema, typed,
};
use crate::pointer::child;

use super::parameters::{plain, query_style};
use super::reader::{Reader, Sample, without};

impl<'d> Reader<'d> {
    pub(super) fn first_media(
        &mut self,
        pointer: &str,
        map: &Map<String, Value>,
    ) -> Option<(String, MediaType)> {
        map.get("content")?;
        let content = child(pointer, "content");
        // How parts are written means nothing there; and a part's header with parts would go on without end.
        self.content(&content, Direction::Request, false).into_iter().next()
    }

    pub(super) fn request_body(&mut self, pointer: &str) -> Option<RequestBody> {
        let (at, map) = self.object(pointer)?;
        if let Some(known) = self.request_bodies.get(&at) {
            return known.clone();
        }
        let leaf = without(map, &["content"]);
        let typed: Option<openapiv3::RequestBody> =
            typed::part(leaf, typed::REQUEST_BODY, self.document, &at, &mut self.findings);
        let body = typed.map(|typed| {
            let pointer = child(&at, "content");
            let content = self.content(&pointer, Direction::Request, true);
            RequestBody { required: typed.required, content }
        });
        self.request_bodies.insert(at, body.clone());
        body
    }

    pub(super) fn content(
        &mut self,
        pointer: &str,
        direction: Direction,
        has_parts: bool,
    ) -> IndexMap<String, MediaType> {
        let mut found = IndexMap::new();
        for (name, pointer) in self.entries(pointer) {
            if self.written(&pointer).is_some_and(Value::is_null) {
                self.warn(&pointer, "the media type is null; it is read as `{}`");
                found.insert(name.clone(), MediaType::default());
                continue;
            }
            let Some((at, map)) = self.object(&pointer) else { continue };
            if !is_media_type(name) {
                let hint = "write a type and a subtype, such as `application/json`";
                self.advise(&pointer, format!("`{name}` is not a valid media type"), hint);
            }
            let leaf = without(map, &["example", "examples"]);
            let typed: Option<openapiv3::MediaType> =
                typed::part(leaf, typed::MEDIA_TYPE, self.document, &at, &mut self.findings);
            if typed.is_none() {
                continue;
            }
            let schema = self.schema(&at, map);
            for name in ["prefixEncoding", "itemEncoding"] {
                if map.contains_key(name) {
                    let message = format!(
                        "`{name}` is not honoured: parts are written as their schema has them"
                    );
                    self.warn(&child(&at, name), message);
                }
            }
            let examples = self.media_examples(&at, schema, direction);
            let encoding = child(&at, "encoding");
            let encoding = if has_parts { self.encodings(&encoding) } else { IndexMap::default() };
            found.insert(name.clone(), MediaType { schema, examples, encoding });
        }
        found
    }

    fn encodings(&mut self, pointer: &str) -> IndexMap<String, Encoding> {
        let mut found = IndexMap::new();
        for (name, pointer) in self.entries(pointer) {
            let Some((at, map)) = self.object(&pointer) else { continue };
            let leaf = without(map, &["headers"]);
            let typed: Option<openapiv3::Encoding> =
                typed::part(leaf, typed::ENCODING, self.document, &at, &mut self.findings);
            let Some(typed) = typed else { continue };
            let styled =
                ["style", "explode", "allowReserved"].iter().any(|name| map.contains_key(*name));
            let style = typed.style.as_ref().map_or(ParameterStyle::Form, query_style);
            let explode = map.get("explode").and_then(Value::as_bool);
            let style = styled.then(|| (style, explode.unwrap_or(style == ParameterStyle::Form)));
            for name in ["encoding", "prefixEncoding", "itemEncoding"] {
                if map.contains_key(name) {
                    let message = format!("`{name}` inside an encoding is not honoured");
                    self.warn(&child(&at, name), message);
                }
            }
            let collection = map.contains_key("collectionFormat").then(|| {
                let form = ParameterStyle::Form;
                self.collection_format(&at, map, Location::Query, form)
            });
            let content_types = typed.content_type.as_deref().unwrap_or_default().split(',');
            let content_types = content_types.map(str::trim).filter(|name| !name.is_empty());
            let encoding = Encoding {
                content_types: content_types.map(str::to_owned).collect(),
                headers: self.part_headers(&child(&at, "headers")),
                style: collection.flatten().or(style),
            };
            found.insert(name.clone(), encoding);
        }
        found
    }

    /// The headers of a part, which are read like those of a request.
    fn part_headers(&mut self, pointer: &str) -> Vec<Parameter> {
        let mut found = Vec::new();
        for (name, pointer) in self.entries(pointer) {
            let Some((at, map)) = self.object(&pointer) else { continue };
            let boolean = |field: &str| map.get(field) == Some(&Value::Bool(true));
            let (content, schema) = match self.first_media(&at, map) {
                Some((name, media)) => (Some(name), media.schema),
                None => (None, self.schema(&at, map)),
            };
            found.push(Parameter {
                required: boolean("required"),
                explode: boolean("explode"),
                schema,
                content,
                ..plain(name, Location::Header, self.document.line(&at))
            });
        }
        found
    }

    pub(super) fn media_examples(
        &mut self,
        pointer: &str,
        schema: Option<SchemaId>,
        direction: Direction,
    ) -> IndexMap<String, Value> {
        let mut found = IndexMap::new();
        if let Some((at, value)) = self.data(&child(pointer, "example")) {
            found.insert(String::new(), (at, value.clone()));
        }
        for (name, pointer) in self.entries(&child(pointer, "examples")) {
            let Some((at, example)) = self.object(&pointer) else { continue };
            let own = ["value", "dataValue"].map(|field| child(&at, field));
            let own = own.iter().find_map(|field| self.data(field));
            let value = own.or_else(|| {
                let at = schema::target(example.get("externalValue")?.as_str()?)?;
                let value = self.written(&at)?;
                Some((at, value))
            });
            let value = value.map(|(at, value)| (at, value.clone())).or_else(|| {
                let text = example.get("serializedValue")?.as_str()?;
                Some((child(&at, "serializedValue"), deserialized(text)))
            });
            match value {
                Some(value) => {
                    found.insert(name.clone(), value);
                }
                None => self.advise(
                    &at,
                    format!("example `{name}` has no `value` and is left out"),
                    "write the value itself, or put its file beside the document",
                ),
            }
        }
        if let Some(schema) = schema.filter(|_| found.is_empty()) {
            found.extend(self.inherited(schema).map(|sample| (String::new(), sample)));
        }
        if let Some(schema) = schema {
            let places = found.values().map(|(pointer, _)| pointer.clone());
            self.samples.extend(places.map(|pointer| Sample { pointer, schema, direction }));
        }
        found.into_iter().map(|(name, (_, value))| (name, value)).collect()
    }

    /// Data and where it is. What has a `$ref` is data like all else, unless it is a reference as a whole.
    fn data(&mut self, pointer: &str) -> Option<(String, &'d Value)> {
        let value = self.written(pointer)?;
        let own = (pointer.to_owned(), value);
        if references::whole_reference(value).is_none() {
            return Some(own);
        }
        match references::find(self.document.root(), pointer) {
            Referred::Value(at, value) => {
                self.findings.push(references::unusual(self.document, pointer));
                Some((at, value))
            }
            _ => {
                self.findings.push(references::unfollowed(self.document, pointer));
                Some(own)
            }
        }
    }

    /// The schema's own example, also that of the one schema it consists of.
    fn inherited(&self, schema: SchemaId) -> Option<(String, Value)> {
        let (pointer, lowered) = self.lowering.resolved(schema.number());
        let place = |at: String| match references::find(self.document.root(), &at) {
            Referred::Value(at, _) => at,
            _ => at,
        };
        if let Some(example) = lowered.get("example") {
            return Some((place(child(&pointer, "example")), example.clone()));
        }
        let first = lowered.get("examples").and_then(Value::as_array)?.first()?;
        Some((place(format!("{pointer}/examples/0")), first.clone()))
    }

    pub(super) fn examples(&mut self, pointer: &str, map: &Map<String, Value>, schema: SchemaId) {
        if map.contains_key("example") || map.contains_key("examples") {
            self.media_examples(pointer, Some(schema), Direction::Request);
        }
    }
}

/// An example as it is sent: what is JSON is the value that is written so, but for a text, which stands for itself.
fn deserialized(text: &str) -> Value {
    let value = serde_json::from_str(text).ok().filter(|value: &Value| !value.is_string());
    value.unwrap_or_else(|| text.into())
}
