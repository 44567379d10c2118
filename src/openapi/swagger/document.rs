//! The document itself: its maps of definitions, its paths, and what stands elsewhere.
//!
//! Must not know what is in the objects of those maps.

use std::collections::BTreeMap;

use serde_json::Value;

use super::conversion::{COMPONENTS, Conversion, Spot, take};
use super::places::Kind;
use super::{CONVERTED, security, servers};
use crate::pointer::child;
use crate::yaml::Part;

impl Conversion<'_> {
    pub(super) fn document(&mut self, part: Part) -> Part {
        let origin = part.origin().clone();
        self.consumes = self.media_types(part.copy_of("consumes")).unwrap_or_default();
        self.produces = self.media_types(part.copy_of("produces")).unwrap_or_default();
        let server = servers::server(&part, &mut self.findings);
        let mut entries = match part.entries() {
            Ok(entries) => entries,
            Err(part) => return *part,
        };
        for name in ["consumes", "produces", "host", "basePath", "schemes"] {
            take(&mut entries, name);
        }
        let mut components = Vec::new();
        for (name, new) in COMPONENTS {
            let Some(part) = take(&mut entries, name) else { continue };
            components.push((new.to_owned(), self.component(new, part)));
        }
        for (name, hint) in [
            ("components", "declare schemas in `definitions`"),
            ("servers", "write `host` and `basePath`"),
        ] {
            if let Some(part) = take(&mut entries, name) {
                let message = format!("`{name}` is of OpenAPI 3 and is left out");
                self.warn(part.origin(), message, hint);
            }
        }
        if let Some(part) = take(&mut entries, "openapi") {
            let message = "a document of version 2.0 begins with `swagger`; it is read as such";
            self.warn(part.origin(), message, "write `swagger: \"2.0\"`");
        }
        if let Some(paths) = take(&mut entries, "paths") {
            entries.push(("paths".to_owned(), self.paths(paths)));
        }
        entries.extend(server.map(|server| ("servers".to_owned(), server)));
        entries.push(("components".to_owned(), Part::map(&origin, components)));
        entries.push((CONVERTED.to_owned(), Part::new(&origin, Value::Bool(true))));
        Part::map(&origin, entries)
    }

    fn component(&mut self, name: &str, part: Part) -> Part {
        let origin = part.origin().clone();
        if name == "schemas" {
            return part;
        }
        let entries = match part.entries() {
            Ok(entries) => entries,
            Err(part) => return *part,
        };
        let converted = entries.into_iter().map(|(key, part)| {
            if key == "$ref" {
                return (key, part);
            }
            let spot = self.spot(child(&format!("/{}", component_of(name)), &key));
            let part = match name {
                "parameters" => self.parameter(part, &spot),
                "responses" => self.global_response(part, &spot),
                _ => security::scheme(part, &mut self.findings),
            };
            (key, part)
        });
        let converted = converted.collect();
        Part::map(&origin, converted)
    }

    /// Converts what references lead to and stands neither among the components nor in an operation.
    pub(super) fn elsewhere(&mut self, mut part: Part) -> Part {
        while !self.open.is_empty() {
            let open = std::mem::take(&mut self.open);
            part = self.within(part, "", &open);
        }
        part
    }

    fn within(&mut self, part: Part, at: &str, open: &BTreeMap<String, (Spot, Kind)>) -> Part {
        if let Some((spot, kind)) = open.get(at) {
            return match kind {
                Kind::PathItem => self.path_item(part, spot),
                Kind::Parameter => self.parameter(part, spot),
                Kind::Response => self.global_response(part, spot),
            };
        }
        let origin = part.origin().clone();
        let leads = |at: &str| {
            let next = open.range(at.to_owned()..).next();
            next.is_some_and(|(pointer, _)| pointer == at)
                || open
                    .range(format!("{at}/")..)
                    .next()
                    .is_some_and(|(pointer, _)| pointer.starts_with(&format!("{at}/")))
        };
        match part.entries() {
            Ok(entries) => {
                let entries = entries.into_iter().map(|(key, part)| {
                    let at = child(at, &key);
                    let part = if leads(&at) { self.within(part, &at, open) } else { part };
                    (key, part)
                });
                let entries = entries.collect();
                Part::map(&origin, entries)
            }
            Err(part) => match part.items() {
                Ok(items) => {
                    let items = items.into_iter().enumerate().map(|(number, part)| {
                        let at = child(at, number);
                        if leads(&at) { self.within(part, &at, open) } else { part }
                    });
                    let items = items.collect();
                    Part::list(&origin, items)
                }
                Err(part) => *part,
            },
        }
    }
}

/// The name in Swagger 2.0 of a map under `components`.
fn component_of(name: &str) -> &'static str {
    COMPONENTS.iter().find(|(_, new)| *new == name).map_or("", |(old, _)| old)
}
