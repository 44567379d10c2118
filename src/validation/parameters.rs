//! Parameters: found where they are sent, taken apart by their style, coerced and checked by their schema.
//!
//! Must not know bodies.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::COOKIE;
use serde_json::{Map, Value};

use crate::media::is_json;
use crate::openapi::{Location, Parameter, ParameterStyle, Schemas, Types};

use super::coercion::{coerce, coerce_text, fill_defaults, has_defaults, property_names};
use super::json_text::parse_json;
use super::schema::{Subject, check};
use super::sent::SentRequest;
use super::styles::{
    Escapes, ParameterShape, RawPair, StyleError, ValueStyle, decode, not_utf8, pairs,
};
use super::violation::{MessagePart, Violation};

/// An operation's parameters, with what requests need to know of their schemas.
#[derive(Clone, Debug)]
pub(super) struct DeclaredParameters(Vec<Declared>);

#[derive(Clone, Debug)]
struct Declared {
    parameter: Parameter,
    types: Types,
    shape: ParameterShape,
    /// Whether the schema has defaults inside.
    defaults: bool,
}

impl DeclaredParameters {
    pub(super) fn new(parameters: &[Parameter], schemas: &Schemas) -> Self {
        let declared =
            parameters.iter().filter(|parameter| !parameter.is_ignored()).map(|parameter| {
                let schema = parameter.schema.map(|id| schemas.resolved(id));
                let types = match (schema, &parameter.content) {
                    (Some(schema), content) if !content.as_deref().is_some_and(is_json) => {
                        schemas.types(schema)
                    }
                    _ => Types::ANY,
                };
                Declared {
                    parameter: parameter.clone(),
                    types,
                    shape: match parameter.content {
                        Some(_) => ParameterShape::Scalar,
                        None if parameter.style == ParameterStyle::WholeQuery => {
                            ParameterShape::Record
                        }
                        None => ParameterShape::of(types),
                    },
                    defaults: schema.is_some_and(|schema| has_defaults(schemas, schema)),
                }
            });
        Self(declared.collect())
    }

    pub(super) fn reader<'a>(
        &'a self,
        schemas: &'a Schemas,
        sent: &'a SentRequest<'a>,
    ) -> ParameterReader<'a> {
        ParameterReader { declared: &self.0, schemas, sent, query: None }
    }
}

/// Reads the parameters of one request.
pub(super) struct ParameterReader<'a> {
    declared: &'a [Declared],
    schemas: &'a Schemas,
    sent: &'a SentRequest<'a>,
    /// The query's pairs: names decoded, values raw. Filled when first needed.
    query: Option<Vec<RawPair<'a>>>,
}

impl ParameterReader<'_> {
    /// All parameters of one place, in document order.
    pub(super) fn read(
        &mut self,
        location: Location,
        violations: &mut Vec<Violation>,
    ) -> Map<String, Value> {
        let mut values = Map::new();
        for declared in self.declared {
            if declared.parameter.location == location {
                let value = self.parameter(declared, violations);
                if location == Location::Path {
                    self.repeated(declared, violations);
                }
                values.insert(declared.parameter.name.clone(), value);
            }
        }
        if location == Location::Path {
            self.undeclared(&mut values, violations);
        }
        values
    }

    /// A name in the template that no parameter declares is text.
    fn undeclared(&self, values: &mut Map<String, Value>, violations: &mut Vec<Violation>) {
        for (name, raw) in self.sent.path.iter().rev() {
            if values.contains_key(*name) {
                continue;
            }
            match decode(raw, Escapes::Percent) {
                Ok(text) => drop(values.insert((*name).to_owned(), text.into())),
                Err(fault) => {
                    values.insert((*name).to_owned(), Value::Null);
                    violations.push(fault.into_violation(MessagePart::Path, name));
                }
            }
        }
    }

    /// Holds a path parameter against its schema where its template names it before: the last place is its value.
    fn repeated(&mut self, declared: &Declared, violations: &mut Vec<Violation>) {
        let name = declared.parameter.name.as_str();
        let Some(last) = self.sent.path.iter().rposition(|(sent, _)| *sent == name) else { return };
        for (_, raw) in self.sent.path[..last].iter().filter(|(sent, _)| *sent == name) {
            let mut found = Vec::new();
            let raw = in_path(declared, raw).and_then(|raw| as_content(declared, raw));
            self.value(declared, raw, &mut found);
            // Two places with the same fault are told as one, for a violation names the parameter and no place.
            found.retain(|violation| !violations.contains(violation));
            violations.extend(found);
        }
    }

    fn parameter(&mut self, declared: &Declared, violations: &mut Vec<Violation>) -> Value {
        let raw = self.raw(declared);
        self.value(declared, raw, violations)
    }

    /// A parameter's value out of what was sent.
    fn value(
        &self,
        declared: &Declared,
        raw: Result<Option<Value>, StyleError>,
        violations: &mut Vec<Violation>,
    ) -> Value {
        let parameter = &declared.parameter;
        let place = MessagePart::from(parameter.location);
        let raw = match raw {
            Ok(Some(raw)) => raw,
            Ok(None) => {
                if parameter.required {
                    let name = &parameter.name;
                    violations.push(Violation::new(place, name, "required", None, "is required"));
                }
                return parameter.default.clone().unwrap_or_default();
            }
            Err(fault) => {
                violations.push(fault.into_violation(place, &parameter.name));
                return Value::Null;
            }
        };
        if parameter.allow_empty && is_empty(&raw) {
            return if declared.shape == ParameterShape::List {
                Value::Array(Vec::new())
            } else {
                "".into()
            };
        }
        let Some(id) = parameter.schema else { return raw };
        let subject = Subject { place, name: &parameter.name };
        let is_json = parameter.content.as_deref().is_some_and(is_json);
        let text = raw.as_str().filter(|_| declared.types.has_text()).map(str::to_owned);
        let mut value = match raw {
            raw if is_json => raw,
            Value::String(text) if declared.shape == ParameterShape::Scalar => {
                coerce_text(declared.types, text)
            }
            raw => coerce(self.schemas, self.schemas.resolved(id), raw),
        };
        let mut found = check(self.schemas, id, subject, &value, true);
        if let Some(text) =
            text.map(Value::String).filter(|text| !found.is_empty() && value != *text)
            && check(self.schemas, id, subject, &text, false).is_empty()
        {
            // Both a number and a text may be sent, and it is the text that fits.
            (value, found) = (text, Vec::new());
        }
        if declared.defaults && found.is_empty() {
            fill_defaults(self.schemas, self.schemas.resolved(id), &mut value);
        }
        violations.extend(found);
        value
    }

    /// The parameter's value as text, or lists and records of text; `None` if it was not sent.
    fn raw(&mut self, declared: &Declared) -> Result<Option<Value>, StyleError> {
        let parameter = &declared.parameter;
        let written = declared.written();
        let raw = match parameter.location {
            Location::Path => {
                let mut sent = self.sent.path.iter().rev();
                match sent.find(|(name, _)| *name == parameter.name) {
                    Some((_, raw)) => in_path(declared, raw),
                    None => Ok(None),
                }
            }
            Location::Query if parameter.style == ParameterStyle::WholeQuery => {
                self.whole_query(declared)
            }
            Location::Query => {
                let query = self.sent.query;
                self.query.get_or_insert_with(|| pairs(query));
                let pairs = self.query.as_deref().unwrap_or_default();
                self.gather(declared, written, pairs, Escapes::Form)
            }
            Location::Header => {
                let line = header(self.sent.headers, &parameter.name)?;
                line.map(|line| written.take_apart(&line, Escapes::Plain)).transpose()
            }
            Location::Cookie => {
                let cookies = cookies(self.sent.headers, &parameter.name)?;
                let is_plain = parameter.style == ParameterStyle::Cookie;
                let escapes = if is_plain { Escapes::Plain } else { Escapes::Lenient };
                self.gather(declared, written, &cookies, escapes)
            }
        }?;
        as_content(declared, raw)
    }

    /// The whole query as one value: a record by its names, or a text in a media type.
    fn whole_query(&self, declared: &Declared) -> Result<Option<Value>, StyleError> {
        let query = self.sent.query;
        match declared.parameter.content {
            _ if query.is_empty() => Ok(None),
            Some(_) => decode(query, Escapes::Percent).map(|text| Some(text.into())),
            None => declared.written().gather(&pairs(query), Escapes::Form, &|_| true),
        }
    }

    fn gather(
        &self,
        declared: &Declared,
        written: ValueStyle<'_>,
        pairs: &[RawPair<'_>],
        escapes: Escapes,
    ) -> Result<Option<Value>, StyleError> {
        let exploded = written.shape == ParameterShape::Record && written.explode;
        let Some(id) = declared.parameter.schema.filter(|_| exploded) else {
            return written.gather(pairs, escapes, &|_| false);
        };
        let (names, others) = property_names(self.schemas, self.schemas.resolved(id));
        let is_parameter = |name: &str| {
            self.declared.iter().map(|declared| &declared.parameter).any(|parameter| {
                parameter.location == declared.parameter.location && parameter.name == name
            })
        };
        written.gather(pairs, escapes, &|name| {
            names.contains(&name) || (others && !is_parameter(name))
        })
    }
}

impl Declared {
    /// Its serialization.
    fn written(&self) -> ValueStyle<'_> {
        ValueStyle {
            name: &self.parameter.name,
            style: self.parameter.style,
            explode: self.parameter.explode,
            shape: self.shape,
        }
    }
}

/// A path parameter as text, or as lists and records of text.
fn in_path(declared: &Declared, raw: &str) -> Result<Option<Value>, StyleError> {
    declared.written().take_apart(raw, Escapes::Percent).map(Some)
}

/// A text that is declared to be JSON, read.
fn as_content(declared: &Declared, raw: Option<Value>) -> Result<Option<Value>, StyleError> {
    match (raw, &declared.parameter.content) {
        (Some(Value::String(text)), Some(media)) if is_json(media) => {
            parse_json(&text).map(Some).map_err(|text| StyleError { keyword: "parse", text })
        }
        (raw, _) => Ok(raw),
    }
}

/// Returns true if a parameter was sent as nothing but its name.
fn is_empty(raw: &Value) -> bool {
    match raw {
        Value::String(text) => text.is_empty(),
        Value::Array(items) => matches!(items.as_slice(), [item] if is_empty(item)),
        _ => false,
    }
}

/// All lines of a header as one, joined as HTTP does.
fn header<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<Cow<'h, str>>, StyleError> {
    let mut joined: Option<Cow<'h, str>> = None;
    for line in headers.get_all(name) {
        let line = std::str::from_utf8(line.as_bytes()).map_err(|_| not_utf8())?.trim();
        joined = Some(match joined {
            None => Cow::Borrowed(line),
            Some(before) => Cow::Owned(format!("{before}, {line}")),
        });
    }
    Ok(joined)
}

/// All cookies that are UTF-8; that the `wanted` one is not is a fault.
fn cookies<'h>(headers: &'h HeaderMap, wanted: &str) -> Result<Vec<RawPair<'h>>, StyleError> {
    let mut found: Vec<RawPair<'_>> = Vec::new();
    let pairs =
        headers.get_all(COOKIE).iter().flat_map(|line| line.as_bytes().split(|b| *b == b';'));
    for pair in pairs {
        let pair = pair.trim_ascii();
        let Some(at) = pair.iter().position(|byte| *byte == b'=') else { continue };
        let Ok(name) = std::str::from_utf8(&pair[..at]) else { continue };
        match std::str::from_utf8(&pair[at + 1..]) {
            Ok(value) => found.push((Cow::Borrowed(name), value)),
            Err(_) if name == wanted => return Err(not_utf8()),
            Err(_) => {}
        }
    }
    Ok(found)
}
