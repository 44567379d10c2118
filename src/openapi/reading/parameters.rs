//! Parameters: those of a path item and of an operation merged, and held against the path template.
//!
//! Must not know what their schemas say.

use std::collections::HashSet;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::finding::did_you_mean;
use crate::message::is_token;
use crate::openapi::condition::{PathKey, names_in};
use crate::openapi::dialect::Dialect;
use crate::openapi::{Location, Parameter, ParameterStyle, SchemaId, typed};
use crate::pointer::child;

use super::reader::{Reader, without};

impl Reader<'_> {
    /// How a list is written in Swagger 2.0: the style, and whether each item is written for itself. `None` in any other
    /// document, and where something else than a list is written.
    pub(super) fn collection_format(
        &mut self,
        pointer: &str,
        map: &Map<String, Value>,
        location: Location,
        style: ParameterStyle,
    ) -> Option<(ParameterStyle, bool)> {
        if self.lowering.dialect() != Dialect::V20 {
            return None;
        }
        let is_list = map.get("schema").is_none_or(|schema| schema["type"] == "array");
        let name = map.get("collectionFormat").map_or("csv", |name| name.as_str().unwrap_or(""));
        let is_form = style == ParameterStyle::Form;
        Some(match name {
            _ if !is_list => return None,
            "csv" => (style, false),
            "ssv" => (ParameterStyle::SpaceDelimited, false),
            "tsv" => (ParameterStyle::TabDelimited, false),
            "pipes" => (ParameterStyle::PipeDelimited, false),
            "multi" if is_form => (style, true),
            _ => {
                let at = child(pointer, "collectionFormat");
                let message = "the `collectionFormat` is not one that lists have there; items are separated by commas";
                let hint = match location {
                    Location::Query => "there are `csv`, `ssv`, `tsv`, `pipes` and `multi`",
                    _ => "there are `csv`, `ssv`, `tsv` and `pipes`",
                };
                self.advise(&at, message, hint);
                (style, false)
            }
        })
    }

    pub(super) fn operation_parameters(
        &mut self,
        key: &PathKey,
        path_item: &str,
        operation: &str,
    ) -> Vec<Parameter> {
        let mut merged: IndexMap<(Location, String), Parameter> = IndexMap::new();
        let mut places = self.path_item_places(path_item);
        places.reverse();
        places.push(operation.to_owned());
        for place in places {
            let mut own = HashSet::new();
            let list = child(&place, "parameters");
            if place != operation && self.written(&list).is_none() {
                continue;
            }
            for pointer in self.items(&list) {
                let Some(parameter) = self.parameter(&pointer) else { continue };
                let name = match parameter.location {
                    Location::Header => parameter.name.to_ascii_lowercase(),
                    _ => parameter.name.clone(),
                };
                let key = (parameter.location, name);
                if !own.insert(key.clone()) {
                    let message = format!("parameter `{}` is there twice", parameter.name);
                    self.advise(&pointer, message, "the first is used");
                    continue;
                }
                merged.insert(key, parameter);
            }
        }
        let mut parameters: Vec<Parameter> = merged.into_values().collect();
        let queries = || parameters.iter().filter(|one| one.location == Location::Query);
        if queries().any(|one| one.style == ParameterStyle::WholeQuery) && queries().count() > 1 {
            let message =
                "a parameter is the whole query, and there are others of it; each is read";
            self.advise(operation, message, "OpenAPI allows one or the others");
        }
        let line = self.document.line(operation);
        match_query(key, line, &mut parameters);
        self.match_template(&key.path, operation, &mut parameters);
        parameters
    }

    /// Path parameters are exactly the names in the template.
    fn match_template(&mut self, template: &str, operation: &str, parameters: &mut Vec<Parameter>) {
        let names = names_in(template);
        let line = self.document.line(operation);
        for name in &names {
            let declared = |one: &Parameter| one.location == Location::Path && one.name == *name;
            if !parameters.iter().any(declared) && !self.match_loosely(name, &names, parameters) {
                let message =
                    format!("path parameter `{name}` is not declared; any text is accepted");
                self.advise(operation, message, "declare it under `parameters` with `in: path`");
                parameters.push(Parameter { required: true, ..plain(name, Location::Path, line) });
            }
        }
        parameters.retain(|parameter| {
            let there =
                parameter.location != Location::Path || names.contains(&parameter.name.as_str());
            if !there {
                let message = format!(
                    "path parameter `{}` is not in `{template}`; it is left out",
                    parameter.name
                );
                let mut finding = self.document.warning(operation, message);
                finding.line = parameter.line;
                finding.hint = did_you_mean(&parameter.name, names.iter().copied());
                self.findings.push(finding);
            }
            there
        });
    }

    /// Takes a path parameter for `name` that is written so but for its case and spaces, and stands for no other.
    fn match_loosely(&mut self, name: &str, names: &[&str], parameters: &mut [Parameter]) -> bool {
        let Some(parameter) = parameters.iter_mut().find(|one| {
            one.location == Location::Path
                && one.name.trim().eq_ignore_ascii_case(name.trim())
                && !names.contains(&one.name.as_str())
        }) else {
            return false;
        };
        let message = format!("path parameter `{}` is `{name}` in the path", parameter.name);
        name.clone_into(&mut parameter.name);
        let mut finding = self.document.warning("", message);
        finding.line = parameter.line;
        finding.hint = Some("write both alike".to_owned());
        self.findings.push(finding);
        true
    }

    fn parameter(&mut self, pointer: &str) -> Option<Parameter> {
        let (at, map) = self.object(pointer)?;
        if let Some(known) = self.parameters.get(&at) {
            return known.clone();
        }
        let parameter = self.read_parameter(&at, map);
        self.parameters.insert(at, parameter.clone());
        parameter
    }

    /// A parameter typed; what only 3.2 has is put in the words of before.
    fn typed_parameter(
        &mut self,
        pointer: &str,
        map: &Map<String, Value>,
    ) -> Option<(openapiv3::Parameter, Location, ParameterStyle)> {
        let mut leaf = without(map, &["example", "examples"]);
        let mut newest = None;
        for (name, newer, older, style) in [
            ("in", "querystring", "query", ParameterStyle::WholeQuery),
            ("style", "cookie", "form", ParameterStyle::Cookie),
        ] {
            if leaf.get(name).is_some_and(|value| value == newer) {
                newest = newest.or(Some(style));
                leaf.insert(name.to_owned(), older.into());
                if self.lowering.dialect() < Dialect::V32 {
                    let message = format!("`{name}: {newer}` is of OpenAPI 3.2; it is read so");
                    self.warn(&child(pointer, name), message);
                }
            }
        }
        let typed: openapiv3::Parameter =
            typed::part(leaf, typed::PARAMETER, self.document, pointer, &mut self.findings)?;
        let (location, style) = location_and_style(&typed);
        Some((typed, location, newest.unwrap_or(style)))
    }

    /// Returns true if a parameter is the body, or a field of it.
    fn is_of_body(&mut self, pointer: &str, map: &Map<String, Value>) -> bool {
        let location = map.get("in").and_then(Value::as_str).unwrap_or_default();
        if !matches!(location, "body" | "formData") {
            return false;
        }
        // Of those of Swagger 2.0 the request body was made.
        if self.lowering.dialect() != Dialect::V20 {
            let message = format!("`in: {location}` is of OpenAPI 2.0; the parameter is left out");
            self.advise(pointer, message, "use `requestBody`");
        }
        true
    }

    fn read_parameter(&mut self, pointer: &str, map: &Map<String, Value>) -> Option<Parameter> {
        if self.is_of_body(pointer, map) {
            return None;
        }
        let (typed, location, style) = self.typed_parameter(pointer, map)?;
        let allow_empty =
            matches!(&typed, openapiv3::Parameter::Query { allow_empty_value: Some(true), .. });
        let typed = typed.parameter_data();
        let mut required = typed.required;
        if location == Location::Path && !required {
            let message = format!("path parameter `{}` is always `required: true`", typed.name);
            self.warn(pointer, message);
            required = true;
        }
        if location == Location::Header && !is_token(&typed.name) {
            let message = format!("`{}` is not a valid header name; no request has it", typed.name);
            self.warn(pointer, message);
        }
        let (content, schema) = self.content_or_schema(pointer, map, style)?;
        let default = schema.and_then(|schema| {
            let (_, lowered) = self.lowering.resolved(schema.number());
            lowered.get("default").cloned()
        });
        let explode = match style {
            ParameterStyle::WholeQuery => true,
            ParameterStyle::Form | ParameterStyle::Cookie => typed.explode.unwrap_or(true),
            _ => typed.explode.unwrap_or(false),
        };
        let collection = self.collection_format(pointer, map, location, style);
        let (style, explode) = collection.unwrap_or((style, explode));
        Some(Parameter {
            name: typed.name,
            location,
            required,
            schema,
            style,
            explode,
            content,
            allow_empty,
            default,
            line: self.document.line(pointer),
        })
    }

    /// The media type that a parameter's value is in, if it has one, and the schema of the value.
    fn content_or_schema(
        &mut self,
        pointer: &str,
        map: &Map<String, Value>,
        style: ParameterStyle,
    ) -> Option<(Option<String>, Option<SchemaId>)> {
        let is_whole = style == ParameterStyle::WholeQuery;
        let (content, schema) = match self.first_media(pointer, map) {
            // A form is read as any query is, property by property.
            Some((name, media)) => {
                (Some(name).filter(|name| !is_whole || !is_form(name)), media.schema)
            }
            None if is_whole => {
                let message =
                    "a parameter that is the whole query has no `content` and is left out";
                self.advise(pointer, message, "give it `application/x-www-form-urlencoded`, say");
                return None;
            }
            None => (None, self.schema(pointer, map)),
        };
        if let Some(schema) = schema {
            self.examples(pointer, map, schema);
        }
        Some((content, schema))
    }
}

/// What stands behind a path's question mark is declared as a query parameter: `?owner={id}` is one called `owner`.
fn match_query(key: &PathKey, line: u32, parameters: &mut Vec<Parameter>) {
    let in_path = names_in(&key.path);
    for piece in &key.query {
        let Some(name) = piece.parameter() else { continue };
        let is_there = |one: &Parameter| one.location == Location::Query && one.name == piece.name;
        if parameters.iter().any(is_there) {
            continue;
        }
        let place = parameters.iter().position(|one| {
            one.location == Location::Path && one.name == name && !in_path.contains(&name)
        });
        let place = place.unwrap_or_else(|| {
            parameters.push(Parameter { required: true, ..plain(name, Location::Query, line) });
            parameters.len() - 1
        });
        let parameter = &mut parameters[place];
        parameter.location = Location::Query;
        (parameter.style, parameter.explode) = (ParameterStyle::Form, true);
        parameter.name.clone_from(&piece.name);
    }
}

fn is_form(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// A parameter of which nothing is said.
pub(super) fn plain(name: &str, location: Location, line: u32) -> Parameter {
    Parameter {
        name: name.to_owned(),
        location,
        required: false,
        schema: None,
        style: ParameterStyle::Simple,
        explode: false,
        content: None,
        allow_empty: false,
        default: None,
        line,
    }
}

fn location_and_style(parameter: &openapiv3::Parameter) -> (Location, ParameterStyle) {
    use openapiv3::Parameter::{Cookie, Header, Path, Query};
    use openapiv3::PathStyle;
    match parameter {
        Path { style, .. } => {
            let style = match style {
                PathStyle::Matrix => ParameterStyle::Matrix,
                PathStyle::Label => ParameterStyle::Label,
                PathStyle::Simple => ParameterStyle::Simple,
            };
            (Location::Path, style)
        }
        Query { style, .. } => (Location::Query, query_style(style)),
        Header { .. } => (Location::Header, ParameterStyle::Simple),
        Cookie { .. } => (Location::Cookie, ParameterStyle::Form),
    }
}

pub(super) const fn query_style(style: &openapiv3::QueryStyle) -> ParameterStyle {
    use openapiv3::QueryStyle;
    match style {
        QueryStyle::Form => ParameterStyle::Form,
        QueryStyle::SpaceDelimited => ParameterStyle::SpaceDelimited,
        QueryStyle::PipeDelimited => ParameterStyle::PipeDelimited,
        QueryStyle::DeepObject => ParameterStyle::DeepObject,
    }
}
