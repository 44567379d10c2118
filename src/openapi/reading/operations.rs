//! Path items and their operations, also those that are not emulated.
//!
//! Must not know what parameters, bodies and responses consist of.

use std::collections::HashMap;
use std::sync::Arc;

use http::Method;
use serde_json::Value;

use crate::openapi::condition::{PathKey, names_in};
use crate::openapi::dialect::Dialect;
use crate::openapi::objects::METHODS;
use crate::openapi::{NotEmulated, Operation};
use crate::pointer::child;

use super::reader::Reader;
use super::security::Security;

impl Reader<'_> {
    pub(in crate::openapi) fn not_emulated(&mut self) -> Vec<NotEmulated> {
        let mut found = std::mem::take(&mut self.refused);
        for (template, pointer) in self.entries("/x-not-emulated") {
            for pointer in self.items(&pointer) {
                let name = self.written(&pointer).and_then(Value::as_str).unwrap_or_default();
                let lower = name.to_ascii_lowercase();
                if !METHODS.contains(&lower.as_str()) {
                    self.advise(
                        &pointer,
                        format!("`{name}` is not a valid method and is left out"),
                        "write for example `[get, put]`",
                    );
                    continue;
                }
                let key = PathKey::of(template);
                found.push(NotEmulated {
                    method: method(&lower),
                    conditions: key.conditions(&[]),
                    template: key.path,
                    reason: None,
                    file: Arc::clone(self.document.file_of(&pointer)),
                    line: self.document.line(&pointer),
                });
            }
        }
        found
    }

    /// Whether `x-trailing-slash` is `optional`.
    pub(in crate::openapi) fn trailing_slash_is_optional(&mut self) -> bool {
        const POINTER: &str = "/x-trailing-slash";
        match self.written(POINTER).map(|value| value.as_str().unwrap_or_default()) {
            Some("optional") => true,
            None | Some("significant") => false,
            Some(_) => {
                let message = "`x-trailing-slash` is neither `optional` nor `significant`";
                self.advise(POINTER, message, "leave it out where `/a/` is not `/a`");
                false
            }
        }
    }

    pub(in crate::openapi) fn operations(&mut self) -> Vec<Operation> {
        let general = self.security("/security");
        let mut found: Vec<Operation> = Vec::new();
        let mut ids: HashMap<String, u32> = HashMap::new();
        for (template, pointer) in self.entries("/paths") {
            if template.starts_with("x-") {
                continue;
            }
            let key = self.path_key(template, &pointer);
            let places = self.path_item_places(&pointer);
            let mut servers = places.iter().map(|place| self.servers(place));
            let servers = servers.find(|servers| !servers.is_empty()).unwrap_or_default();
            for (method, at) in self.path_item(&pointer) {
                let Some(mut operation) = self.operation(&method, &key, &pointer, &at, &general)
                else {
                    continue;
                };
                if operation.servers.is_empty() {
                    operation.servers.clone_from(&servers);
                }
                if let Some(line) = ids.get(&operation.id) {
                    let id = format!("{} {}", operation.method, operation.key);
                    let message = format!("operationId `{}` is on line {line} too", operation.id);
                    let at = child(&at, "operationId");
                    self.advise(&at, message, &format!("this one is called `{id}`"));
                    operation.id = id;
                }
                ids.insert(operation.id.clone(), operation.line);
                found.push(operation);
            }
        }
        if found.is_empty() && !self.refused.is_empty() {
            self.warn("/paths", "none of the document's operations can be answered");
        } else if found.is_empty() && self.written("/webhooks").is_some() {
            let message = "the document has webhooks and no operations, so that nothing is served";
            self.advise("/webhooks", message, "a webhook is a call that the service makes");
        } else if found.is_empty() {
            self.warn("/paths", "the document has no operations");
        }
        found
    }

    /// A key of `paths`, repaired and taken apart.
    fn path_key(&mut self, written: &str, pointer: &str) -> PathKey {
        let mut template = written.trim().to_owned();
        if template != written {
            let message = format!("path `{written}` has spaces around it; it is read without");
            self.warn(pointer, message);
        }
        if template.matches('{').count() != template.matches('}').count() {
            let message =
                format!("path `{template}` has a brace without the other; it is read as text");
            self.advise(pointer, message, "write parameters as `{name}`");
        }
        if !template.starts_with('/') {
            let message = format!("path `{template}` does not begin with `/`; it is read so");
            self.warn(pointer, message);
            template = format!("/{template}");
        }
        let key = PathKey::of(&template);
        if key.path != template {
            let message = "a path ends before `?` and `#`; what follows is read as what the query or a header must have";
            self.advise(pointer, message, "declare query parameters under `parameters`");
        }
        let names = names_in(&key.path);
        if names.iter().enumerate().any(|(at, name)| names[..at].contains(name)) {
            let message = "a path names a parameter twice; each place is held against its schema, and the last is its value";
            self.advise(pointer, message, "give each place a name of its own");
        }
        key
    }

    /// The operations of a path item: method and pointer. What stands beside a `$ref` comes first.
    fn path_item(&mut self, pointer: &str) -> Vec<(Method, String)> {
        let mut found: Vec<(Method, String)> = Vec::new();
        for place in self.path_item_places(pointer) {
            let Some(Value::Object(map)) = self.written(&place) else { continue };
            for name in map.keys() {
                let lower = name.to_ascii_lowercase();
                let method = method(&lower);
                let is_known = found.iter().any(|(known, _)| *known == method);
                if is_known || !METHODS.contains(&lower.as_str()) {
                    continue;
                }
                let at = child(&place, name);
                if lower != *name {
                    self.warn(&at, format!("`{name}` is read as `{lower}`"));
                }
                if lower == "query" {
                    self.note_newer(&at, "query");
                }
                found.push((method, at));
            }
            self.additional_operations(&place, &mut found);
        }
        found
    }

    /// The operations of a path item whose methods have no field of their own.
    fn additional_operations(&mut self, path_item: &str, found: &mut Vec<(Method, String)>) {
        let all = child(path_item, "additionalOperations");
        let entries = self.entries(&all);
        if !entries.is_empty() {
            self.note_newer(&all, "additionalOperations");
        }
        for (name, at) in entries {
            if name.starts_with("x-") {
                continue;
            }
            let lower = name.to_ascii_lowercase();
            let method = match Method::from_bytes(name.as_bytes()) {
                Ok(method) if method != Method::CONNECT => method,
                _ => {
                    let message =
                        "the operation has a method that no request here has, and is left out";
                    self.advise(&at, message, "write for example `COPY`");
                    continue;
                }
            };
            if METHODS.contains(&lower.as_str()) {
                let message = "the operation's method has a field of its own; it is read as that";
                self.advise(&at, message, "write it beside `additionalOperations`");
            }
            let is_fixed = METHODS.contains(&lower.as_str());
            let method = if is_fixed { self::method(&lower) } else { method };
            if found.iter().all(|(known, _)| *known != method) {
                found.push((method, at));
            }
        }
    }

    /// Tells of a field that only a later version of the specification has.
    fn note_newer(&mut self, pointer: &str, name: &str) {
        if self.lowering.dialect() < Dialect::V32 {
            self.warn(pointer, format!("`{name}` is of OpenAPI 3.2; it is read so"));
        }
    }

    pub(super) fn path_item_places(&mut self, pointer: &str) -> Vec<String> {
        match self.object(pointer) {
            Some((at, _)) if at == pointer => vec![at],
            Some((at, _)) => vec![pointer.to_owned(), at],
            None => vec![pointer.to_owned()],
        }
    }

    fn operation(
        &mut self,
        method: &Method,
        key: &PathKey,
        path_item: &str,
        pointer: &str,
        general: &Security,
    ) -> Option<Operation> {
        let method = method.clone();
        let Some((place, definition)) = self.find_plain(pointer) else {
            let why = "its definition is a reference that leads nowhere".to_owned();
            self.refuse(method, key, pointer, why);
            return None;
        };
        if !definition.is_object() {
            self.misplaced(&place, "an object");
            return None;
        }
        let own = self.security(&child(pointer, "security"));
        let security = match (&own, general) {
            (Security::Unknown(why), _) | (Security::Unsaid, Security::Unknown(why)) => {
                self.refuse(method, key, pointer, why.clone());
                return None;
            }
            (Security::Alternatives(own), _) => own.clone(),
            (Security::Unsaid, Security::Alternatives(general)) => general.clone(),
            (Security::Unsaid, Security::Unsaid) => Vec::new(),
        };
        let id = self.operation_id(pointer, format!("{method} {}", key.written));
        let parameters = self.operation_parameters(key, path_item, pointer);
        Some(Operation {
            id,
            method,
            key: key.written.clone(),
            template: key.path.clone(),
            conditions: key.conditions(&parameters),
            servers: self.servers(pointer),
            summary: self.field(pointer, "summary").and_then(Value::as_str).map(str::to_owned),
            deprecated: self.field(pointer, "deprecated") == Some(&Value::Bool(true)),
            parameters,
            request_body: self.request_body(&child(pointer, "requestBody")),
            responses: self.operation_responses(pointer),
            security,
            file: Arc::clone(self.document.file_of(pointer)),
            pointer: pointer.to_owned(),
            line: self.document.line(pointer),
        })
    }

    fn operation_id(&mut self, pointer: &str, fallback: String) -> String {
        match self.field(pointer, "operationId") {
            Some(Value::String(id)) if !id.is_empty() => id.clone(),
            None => fallback,
            Some(_) => {
                let message = "`operationId` is not a text";
                let hint = format!("this one is called `{fallback}`");
                self.advise(&child(pointer, "operationId"), message, &hint);
                fallback
            }
        }
    }

    /// Marks an operation as refused, since the conditions on its calls cannot be known.
    fn refuse(&mut self, method: Method, key: &PathKey, pointer: &str, why: String) {
        let message = "the operation cannot be read as it is meant; its calls are refused with 501";
        self.warn(pointer, message).hint = Some(why.clone());
        self.refused.push(NotEmulated {
            method,
            template: key.path.clone(),
            conditions: key.conditions(&[]),
            reason: Some(why),
            file: Arc::clone(self.document.file_of(pointer)),
            line: self.document.line(pointer),
        });
    }
}

fn method(lower: &str) -> Method {
    Method::from_bytes(lower.to_ascii_uppercase().as_bytes()).unwrap_or(Method::GET)
}
