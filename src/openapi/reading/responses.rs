//! Documented responses and their headers.
//!
//! Must not know which of them is answered.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::message::is_token;
use crate::openapi::dialect::Dialect;
use crate::openapi::direction::Direction;
use crate::openapi::{Header, Link, LinkTarget, Response, typed};
use crate::pointer::child;

use super::reader::{Reader, without};

impl Reader<'_> {
    pub(super) fn operation_responses(&mut self, operation: &str) -> IndexMap<String, Response> {
        let mut found = IndexMap::new();
        let pointer = child(operation, "responses");
        for (status, pointer) in self.entries(&pointer) {
            if status.starts_with("x-") {
                continue;
            }
            let Some(status) = status_key(status) else {
                let message = format!("`{status}` is not a valid status and is left out");
                self.advise(&pointer, message, "write `200`, `4XX` or `default`");
                continue;
            };
            if let Some(mut response) = self.response(&pointer) {
                if self.document.file_of(&pointer) != self.document.file() {
                    response.line = self.document.line(operation);
                }
                found.insert(status, response);
            }
        }
        // Also where only interim ones (1xx) are documented: a request is to get a final response.
        if found.keys().all(|status| status.starts_with('1')) {
            let message = "the operation documents no response; it answers 200 without a body";
            self.advise(&pointer, message, "document one under `responses`");
            let line = self.document.line(operation);
            found.insert("200".to_owned(), Response { line, ..Response::default() });
        }
        found
    }

    fn response(&mut self, pointer: &str) -> Option<Response> {
        let line = self.document.line(pointer);
        let (at, map) = self.object(pointer)?;
        if let Some(known) = self.responses.get(&at) {
            return Some(Response { line, ..known.clone() });
        }
        let mut leaf = without(map, &["headers", "content", "links"]);
        // Since 3.2 it may be missing.
        if self.lowering.dialect() >= Dialect::V32 && !leaf.contains_key("description") {
            let summary = map.get("summary").filter(|summary| summary.is_string());
            leaf.insert("description".to_owned(), summary.cloned().unwrap_or_else(|| "".into()));
        }
        let typed: openapiv3::Response =
            typed::part(leaf, typed::RESPONSE, self.document, &at, &mut self.findings)?;
        let response = Response {
            description: typed.description,
            headers: self.headers(&child(&at, "headers")),
            content: self.content(&child(&at, "content"), Direction::Response, true),
            links: self.links(&child(&at, "links")),
            inferred: self.reason(&at, map, "x-inferred"),
            unreachable: self.reason(&at, map, "x-unreachable"),
            line,
        };
        self.responses.insert(at, response.clone());
        Some(response)
    }

    /// The links with a target; what gives no expression as a text is a value that no response has.
    fn links(&mut self, pointer: &str) -> Vec<Link> {
        let mut found = Vec::new();
        for (_, pointer) in self.entries(pointer) {
            let Some((_, map)) = self.object(&pointer) else { continue };
            let text = |name: &str| map.get(name).and_then(Value::as_str).map(str::to_owned);
            let by_reference = || text("operationRef").map(LinkTarget::Reference);
            let Some(target) = text("operationId").map(LinkTarget::Id).or_else(by_reference) else {
                continue;
            };
            let parameters = map.get("parameters").and_then(Value::as_object).into_iter().flatten();
            let expressions = parameters
                .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
            found.push(Link { target, parameters: expressions.collect() });
        }
        found
    }

    fn reason(&mut self, pointer: &str, map: &Map<String, Value>, name: &str) -> Option<String> {
        match map.get(name)? {
            Value::String(reason) if !reason.trim().is_empty() => Some(reason.trim().to_owned()),
            Value::Bool(false) => None,
            _ => {
                let message = format!("`{name}` gives no reason");
                self.advise(&child(pointer, name), message, "say why in a sentence");
                Some(String::new())
            }
        }
    }

    fn headers(&mut self, pointer: &str) -> IndexMap<String, Header> {
        let mut found = IndexMap::new();
        for (name, pointer) in self.entries(pointer) {
            let Some((at, map)) = self.object(&pointer) else { continue };
            if !is_token(name) {
                self.warn(&pointer, format!("`{name}` is not a valid header name and is left out"));
                continue;
            }
            let leaf = without(map, &["example", "examples"]);
            let typed: Option<openapiv3::Header> =
                typed::part(leaf, typed::HEADER, self.document, &at, &mut self.findings);
            if typed.is_none() {
                continue;
            }
            let (schema, examples) = match self.first_media(&at, map) {
                Some((_, media)) => (media.schema, media.examples),
                None => {
                    let schema = self.schema(&at, map);
                    (schema, self.media_examples(&at, schema, Direction::Response))
                }
            };
            let example = examples.into_values().next();
            let explode = map.get("explode") == Some(&Value::Bool(true));
            found.insert(name.clone(), Header { schema, explode, example });
        }
        found
    }
}

/// `200`, `4XX` (also written `4xx`) or `default`.
fn status_key(key: &str) -> Option<String> {
    let upper = key.to_ascii_uppercase();
    let bytes = upper.as_bytes();
    let class = bytes.len() == 3 && (b'1'..=b'5').contains(&bytes[0]);
    if key == "default" {
        Some(key.to_owned())
    } else if class && (&bytes[1..] == b"XX" || bytes[1..].iter().all(u8::is_ascii_digit)) {
        Some(upper)
    } else {
        None
    }
}
