//! Parameters: found where they are sent, taken apart by their style, coerced and checked by their schema.
//!
//! Must not know bodies.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::ACCEPT;
use http::header::AUTHORIZATION;
use http::header::CONTENT_TYPE;
use http::header::COOKIE;
use serde_json::Map;
use serde_json::Value;

use crate::media::is_json;
use crate::openapi::Location;
use crate::openapi::Parameter;
use crate::openapi::Schemas;
use crate::openapi::Style;

use super::Sent;
use super::body::parse_json;
use super::coercion;
use super::coercion::Types;
use super::coercion::coerce;
use super::coercion::coerce_text;
use super::coercion::fill_defaults;
use super::coercion::has_defaults;
use super::coercion::property_names;
use super::schema::Subject;
use super::schema::check;
use super::violation::Place;
use super::violation::Violation;

/// So many brackets of `filter[a][b]` open an object each; what is nested deeper stays in the last name.
const BRACKETS_MAX: usize = 8;

/// An operation's parameters, with what requests need to know of their schemas.
#[derive(Clone, Debug)]
pub(super) struct Parameters(Vec<Declared>);

#[derive(Clone, Debug)]
struct Declared {
    parameter: Parameter,
    types: Types,
    shape: Shape,
    /// Whether the schema has defaults inside.
    defaults: bool,
}

impl Parameters {
    pub(super) fn new(parameters: &[Parameter], schemas: &Schemas) -> Self {
        let declared =
            parameters.iter().filter(|parameter| !is_ignored(parameter)).map(|parameter| {
                let schema = parameter.schema.map(|id| schemas.resolved(id));
                let types = match (schema, &parameter.content) {
                    (Some(schema), None) => coercion::types(schemas, schema),
                    _ => Types::ANY,
                };
                Declared {
                    parameter: parameter.clone(),
                    types,
                    shape: Shape::of(types),
                    defaults: schema.is_some_and(|schema| has_defaults(schemas, schema)),
                }
            });
        Self(declared.collect())
    }

    pub(super) fn reader<'a>(&'a self, schemas: &'a Schemas, sent: &'a Sent<'a>) -> Reader<'a> {
        Reader { declared: &self.0, schemas, sent, query: None }
    }
}

/// Reads the parameters of one request.
pub(super) struct Reader<'a> {
    declared: &'a [Declared],
    schemas: &'a Schemas,
    sent: &'a Sent<'a>,
    /// The query's pairs: names decoded, values raw. Filled when first needed.
    query: Option<Vec<Pair<'a>>>,
}

/// A name, decoded, and a value that is not: its delimiters have to be told from the same characters, encoded.
pub(super) type Pair<'a> = (Cow<'a, str>, &'a str);

/// Why a parameter cannot be taken apart.
struct Fault {
    keyword: &'static str,
    text: String,
}

/// How a value's text is encoded.
#[derive(Clone, Copy)]
enum Encoding {
    /// Percent-encoded; what is broken is a fault.
    Percent,
    /// The same, and `+` is a space.
    Form,
    /// Percent-encoded if it decodes, as cookies come both ways.
    Lenient,
    /// As it is.
    Plain,
}

/// What a parameter's schema wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Scalar,
    List,
    /// A list if it is sent as several values.
    Either,
    Record,
}

impl Shape {
    fn of(types: Types) -> Self {
        if types.list() {
            Self::List
        } else if types.list_or_scalar() {
            Self::Either
        } else if types.record() {
            Self::Record
        } else {
            Self::Scalar
        }
    }
}

impl Reader<'_> {
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
        for (name, raw) in self.sent.path {
            if values.contains_key(*name) {
                continue;
            }
            match decode(raw, Encoding::Percent) {
                Ok(text) => drop(values.insert((*name).to_owned(), text.into())),
                Err(fault) => {
                    values.insert((*name).to_owned(), Value::Null);
                    violations.push(fault.into_violation(Place::Path, name));
                }
            }
        }
    }

    fn parameter(&mut self, declared: &Declared, violations: &mut Vec<Violation>) -> Value {
        let parameter = &declared.parameter;
        let place = Place::from(parameter.location);
        let raw = match self.raw(declared) {
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
            return if declared.shape == Shape::List {
                Value::Array(Vec::new())
            } else {
                "".into()
            };
        }
        let Some(id) = parameter.schema else { return raw };
        let mut value = match raw {
            raw if parameter.content.is_some() => raw,
            Value::String(text) if declared.shape == Shape::Scalar => {
                coerce_text(declared.types, text)
            }
            raw => coerce(self.schemas, self.schemas.resolved(id), raw),
        };
        let subject = Subject { place, name: &parameter.name };
        let found = check(self.schemas, id, subject, &value, true);
        if declared.defaults && found.is_empty() {
            fill_defaults(self.schemas, self.schemas.resolved(id), &mut value);
        }
        violations.extend(found);
        value
    }

    /// The parameter's value as text, or lists and records of text; `None` if it was not sent.
    fn raw(&mut self, declared: &Declared) -> Result<Option<Value>, Fault> {
        let parameter = &declared.parameter;
        let shape = declared.shape;
        let raw = match parameter.location {
            Location::Path => {
                let sent = self.sent.path.iter().find(|(name, _)| *name == parameter.name);
                sent.map(|(_, raw)| take_apart(parameter, shape, raw, Encoding::Percent))
                    .transpose()
            }
            Location::Query => self.query(parameter, shape),
            Location::Header => match header(self.sent.headers, &parameter.name)? {
                Some(line) => {
                    take_apart(parameter, shape, line.as_ref(), Encoding::Plain).map(Some)
                }
                None => Ok(None),
            },
            Location::Cookie => match cookie(self.sent.headers, &parameter.name)? {
                Some(raw) => take_apart(parameter, shape, raw, Encoding::Lenient).map(Some),
                None => Ok(None),
            },
        }?;
        match (raw, &parameter.content) {
            (Some(Value::String(text)), Some(media)) if is_json(media) => {
                parse_json(&text).map(Some).map_err(|text| Fault { keyword: "parse", text })
            }
            (raw, _) => Ok(raw),
        }
    }

    fn query(&mut self, parameter: &Parameter, shape: Shape) -> Result<Option<Value>, Fault> {
        let query = self.sent.query;
        let pairs = self.query.get_or_insert_with(|| pairs(query));
        let name = parameter.name.as_str();
        if parameter.style == Style::DeepObject {
            return deep_object(pairs, name);
        }
        if shape == Shape::Record && parameter.explode {
            let Some(id) = parameter.schema else { return Ok(None) };
            let (names, others) = property_names(self.schemas, self.schemas.resolved(id));
            return exploded_record(pairs, &names, others, self.declared);
        }
        let mut sent = pairs.iter().filter(|(found, _)| found == name).map(|(_, raw)| *raw);
        match shape {
            Shape::Scalar => {
                sent.next_back().map(|raw| decode(raw, Encoding::Form).map(Value::from)).transpose()
            }
            Shape::Record => sent
                .next_back()
                .map(|raw| take_apart(parameter, shape, raw, Encoding::Form))
                .transpose(),
            Shape::List | Shape::Either => {
                let Some(first) = sent.next() else { return Ok(None) };
                let mut items = Vec::new();
                for raw in std::iter::once(first).chain(sent) {
                    if parameter.explode {
                        items.push(decode(raw, Encoding::Form)?.into());
                    } else {
                        items.extend(split(raw, delimiters(parameter.style), Encoding::Form)?);
                    }
                }
                Ok(Some(listed(shape, items)))
            }
        }
    }
}

/// Whether a parameter was sent as nothing but its name.
fn is_empty(raw: &Value) -> bool {
    match raw {
        Value::String(text) => text.is_empty(),
        Value::Array(items) => matches!(items.as_slice(), [item] if is_empty(item)),
        _ => false,
    }
}

impl Fault {
    fn style(form: &str) -> Self {
        Self { keyword: "style", text: format!("must be written as {form}") }
    }

    fn into_violation(self, place: Place, name: &str) -> Violation {
        Violation::new(place, name, self.keyword, None, self.text)
    }
}

/// These header parameters are described elsewhere in a document, and `OpenAPI` has them ignored here.
fn is_ignored(parameter: &Parameter) -> bool {
    parameter.location == Location::Header
        && [ACCEPT, CONTENT_TYPE, AUTHORIZATION]
            .iter()
            .any(|name| parameter.name.eq_ignore_ascii_case(name.as_str()))
}

/// One piece of text by its parameter's style.
fn take_apart(
    parameter: &Parameter,
    shape: Shape,
    raw: &str,
    encoding: Encoding,
) -> Result<Value, Fault> {
    let raw = introduced(parameter, shape, raw)?;
    let between: &[&str] = match (parameter.style, parameter.explode) {
        (Style::Label, true) => &["."],
        // The specification's versions differ here.
        (Style::Label, false) if !raw.contains(',') => &["."],
        (Style::Matrix, true) => &[";"],
        (style, _) => delimiters(style),
    };
    match shape {
        Shape::Scalar => Ok(decode(raw, encoding)?.into()),
        Shape::List | Shape::Either if parameter.style == Style::Matrix && parameter.explode => {
            let repeated = format!(";{}=", parameter.name);
            let items = split(raw, &[&repeated], encoding)?;
            if items.iter().any(|item| item.as_str().is_some_and(|text| text.contains(';'))) {
                return Err(Fault::style(&format!("`{repeated}value{repeated}value`")));
            }
            Ok(listed(shape, items))
        }
        Shape::List | Shape::Either => Ok(listed(shape, split(raw, between, encoding)?)),
        Shape::Record => {
            let pairs: Option<Vec<(&str, &str)>> = if parameter.explode {
                pieces(raw, between).map(|piece| piece.split_once('=')).collect()
            } else {
                let pieces: Vec<&str> = pieces(raw, between).collect();
                pieces.chunks(2).map(|pair| Some((*pair.first()?, *pair.get(1)?))).collect()
            };
            let form =
                if parameter.explode { "`name=value` pairs" } else { "names and values in turn" };
            let mut members = Map::new();
            for (name, raw) in pairs.ok_or_else(|| Fault::style(form))? {
                members.insert(decode(name, encoding)?, decode(raw, encoding)?.into());
            }
            Ok(Value::Object(members))
        }
    }
}

/// What follows that which introduces a value in its style.
fn introduced<'r>(parameter: &Parameter, shape: Shape, raw: &'r str) -> Result<&'r str, Fault> {
    let name = parameter.name.as_str();
    match parameter.style {
        Style::Label => raw.strip_prefix('.').ok_or_else(|| Fault::style("`.value`")),
        Style::Matrix => {
            let fault = || Fault::style(&format!("`;{name}=value`"));
            let raw = raw.strip_prefix(';').ok_or_else(fault)?;
            if shape == Shape::Record && parameter.explode {
                return Ok(raw);
            }
            match raw.strip_prefix(name).ok_or_else(fault)? {
                "" => Ok(""),
                rest => rest.strip_prefix('=').ok_or_else(fault),
            }
        }
        _ => Ok(raw),
    }
}

const fn delimiters(style: Style) -> &'static [&'static str] {
    match style {
        Style::SpaceDelimited => &["%20", "+", " "],
        Style::PipeDelimited => &["|", "%7C", "%7c"],
        _ => &[","],
    }
}

/// The pieces between any of the delimiters; empty text has none.
fn pieces<'r>(raw: &'r str, delimiters: &'r [&'r str]) -> impl Iterator<Item = &'r str> {
    let mut rest = (!raw.is_empty()).then_some(raw);
    std::iter::from_fn(move || {
        let text = rest?;
        let next = delimiters
            .iter()
            .filter_map(|delimiter| text.find(delimiter).map(|at| (at, delimiter.len())))
            .min();
        let (piece, after) = match next {
            Some((at, length)) => (&text[..at], Some(&text[at + length..])),
            None => (text, None),
        };
        rest = after;
        Some(piece)
    })
}

fn split(raw: &str, delimiters: &[&str], encoding: Encoding) -> Result<Vec<Value>, Fault> {
    pieces(raw, delimiters)
        .map(|piece| {
            let piece = if matches!(encoding, Encoding::Plain) { piece.trim() } else { piece };
            Ok(decode(piece, encoding)?.into())
        })
        .collect()
}

fn listed(shape: Shape, mut items: Vec<Value>) -> Value {
    match items.as_slice() {
        [_] if shape == Shape::Either => items.remove(0),
        [] if shape == Shape::Either => Value::from(""),
        // `ids=` names no item, rather than one that is empty.
        [Value::String(only)] if only.is_empty() => Value::Array(Vec::new()),
        _ => Value::Array(items),
    }
}

/// The pairs of a query or form. A name that does not decode is no declared one, and is left out.
pub(super) fn pairs(query: &str) -> Vec<Pair<'_>> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .filter_map(|pair| {
            let (name, raw) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decoded(name, Encoding::Form)?, raw))
        })
        .collect()
}

/// A form's value, decoded; `None` if it is no percent-encoded UTF-8.
pub(super) fn form_text(raw: &str) -> Option<String> {
    decoded(raw, Encoding::Form).map(Cow::into_owned)
}

/// `name[a]=1&name[b][c]=2` as a record; a name sent twice, or ending in `[]`, is a list.
fn deep_object(pairs: &[Pair<'_>], name: &str) -> Result<Option<Value>, Fault> {
    let mut members: Option<Map<String, Value>> = None;
    for (found, raw) in pairs {
        let Some(keys) = found.strip_prefix(name).and_then(|rest| rest.strip_prefix('[')) else {
            continue;
        };
        let Some(keys) = keys.strip_suffix(']') else { continue };
        let (keys, list) = match keys.strip_suffix("][") {
            Some(keys) => (keys, true),
            None => (keys, false),
        };
        let value = Value::String(decode(raw, Encoding::Form)?);
        let keys: Vec<&str> = keys.splitn(BRACKETS_MAX, "][").collect();
        put(members.get_or_insert_default(), &keys, value, list);
    }
    Ok(members.map(Value::Object))
}

fn put(members: &mut Map<String, Value>, keys: &[&str], value: Value, list: bool) {
    let [key, inner @ ..] = keys else { return };
    if !inner.is_empty() {
        let place = members.entry(*key).or_insert_with(|| Value::Object(Map::new()));
        // A name that is both a value and an object: the first one sent stays.
        if let Value::Object(members) = place {
            put(members, inner, value, list);
        }
        return;
    }
    match members.get_mut(*key) {
        None if list => drop(members.insert((*key).to_owned(), Value::Array(vec![value]))),
        None => drop(members.insert((*key).to_owned(), value)),
        Some(Value::Array(items)) => items.push(value),
        Some(Value::Object(_)) => {}
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}

/// The declared properties among the query's names, and with `others` every name that no parameter has.
fn exploded_record(
    pairs: &[Pair<'_>],
    names: &[&str],
    others: bool,
    declared: &[Declared],
) -> Result<Option<Value>, Fault> {
    let is_parameter = |name: &str| {
        declared
            .iter()
            .map(|declared| &declared.parameter)
            .any(|parameter| parameter.location == Location::Query && parameter.name == name)
    };
    let mut members = Map::new();
    for (name, raw) in pairs {
        if names.contains(&name.as_ref()) || (others && !is_parameter(name)) {
            put(&mut members, &[name], Value::String(decode(raw, Encoding::Form)?), false);
        }
    }
    Ok((!members.is_empty()).then_some(Value::Object(members)))
}

/// All lines of a header as one, joined as HTTP does.
fn header<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<Cow<'h, str>>, Fault> {
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

/// The first cookie of that name.
fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, Fault> {
    let pairs =
        headers.get_all(COOKIE).iter().flat_map(|line| line.as_bytes().split(|b| *b == b';'));
    for pair in pairs {
        let pair = pair.trim_ascii();
        let Some(at) = pair.iter().position(|byte| *byte == b'=') else { continue };
        if &pair[..at] == name.as_bytes() {
            return std::str::from_utf8(&pair[at + 1..]).map(Some).map_err(|_| not_utf8());
        }
    }
    Ok(None)
}

fn not_utf8() -> Fault {
    Fault { keyword: "encoding", text: "must be UTF-8".to_owned() }
}

fn decode(raw: &str, encoding: Encoding) -> Result<String, Fault> {
    match decoded(raw, encoding) {
        Some(text) => Ok(text.into_owned()),
        None if matches!(encoding, Encoding::Lenient) => Ok(raw.to_owned()),
        None => {
            Err(Fault { keyword: "encoding", text: "must be percent-encoded UTF-8".to_owned() })
        }
    }
}

fn decoded(raw: &str, encoding: Encoding) -> Option<Cow<'_, str>> {
    if matches!(encoding, Encoding::Plain) {
        return Some(Cow::Borrowed(raw));
    }
    let spaced = if matches!(encoding, Encoding::Form) && raw.contains('+') {
        Cow::Owned(raw.replace('+', " "))
    } else {
        Cow::Borrowed(raw)
    };
    if !spaced.contains('%') {
        return Some(spaced);
    }
    let mut escapes = spaced.split('%');
    escapes.next();
    let well_formed = escapes.all(|after| {
        after.len() >= 2 && after.bytes().take(2).all(|byte| byte.is_ascii_hexdigit())
    });
    if !well_formed {
        return None;
    }
    let bytes: Vec<u8> = percent_encoding::percent_decode_str(&spaced).collect();
    String::from_utf8(bytes).ok().map(Cow::Owned)
}
