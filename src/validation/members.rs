//! Forms and `multipart` bodies as records: each property as its schema and encoding have it.
//!
//! Must not know other bodies, nor the whole that the schema is held against.

use std::collections::HashSet;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::media::{essence, is_json, range_holds};
use crate::message::Body;
use crate::openapi::{Encoding, Location, ParameterStyle, Schemas, Types};
use crate::pointer::{child, unescaped};

use super::coercion::{coerce, property_names};
use super::json_text::parse_json;
use super::multipart::ReadPart;
use super::parameters::DeclaredParameters;
use super::sent::SentRequest;
use super::styles::{Escapes, ParameterShape, RawPair, ValueStyle, form_text, pairs};
use super::violation::{MessagePart, Violation, bounded};
use super::{coercion, multipart};

/// The properties whose encoding is declared, with the headers of their parts.
#[derive(Clone, Debug)]
pub(super) struct Encodings(IndexMap<String, (Encoding, DeclaredParameters)>);

/// A body's record, and what is already known of its members.
#[derive(Default)]
pub(super) struct Members {
    pub(super) values: Map<String, Value>,
    pub(super) violations: Vec<Violation>,
    /// Those that could not be read: a schema would only say it again.
    broken: HashSet<String>,
    /// Those that are bytes: neither their length in characters nor a pattern is asked of them.
    bytes: HashSet<String>,
    /// Bytes of text that the schema is checked against.
    pub(super) text_bytes: usize,
}

/// One value of a property.
enum MemberPiece {
    Text(String),
    Json(Value),
    Bytes(String),
}

/// What a property is read by.
#[derive(Clone, Copy)]
struct Property<'a> {
    name: &'a str,
    schema: Option<&'a Value>,
    encoding: Option<&'a Encoding>,
}

impl Encodings {
    pub(super) fn new(encodings: &IndexMap<String, Encoding>, schemas: &Schemas) -> Self {
        let declared = encodings.iter().map(|(name, encoding)| {
            let headers = DeclaredParameters::new(&encoding.headers, schemas);
            (name.clone(), (encoding.clone(), headers))
        });
        Self(declared.collect())
    }

    fn property<'a>(
        &'a self,
        schemas: &'a Schemas,
        schema: Option<&'a Value>,
        name: &'a str,
    ) -> Property<'a> {
        Property {
            name,
            schema: schema.and_then(|schema| coercion::property(schemas, schema, name)),
            encoding: self.0.get(name).map(|(encoding, _)| encoding),
        }
    }

    /// A form; the error says what is wrong with it as a whole.
    pub(super) fn form(
        &self,
        schemas: &Schemas,
        schema: Option<&Value>,
        text: &str,
    ) -> Result<Members, String> {
        let pairs = pairs(text);
        let mut members = Members::default();
        let mut taken = vec![false; pairs.len()];
        for (name, (encoding, _)) in &self.0 {
            if let Some(style) = encoding.style {
                let property = self.property(schemas, schema, name);
                members.styled(schemas, property, style, &pairs, &mut taken);
            }
        }
        let mut pieces: IndexMap<&str, Vec<MemberPiece>> = IndexMap::new();
        for ((name, raw), _) in pairs.iter().zip(&taken).filter(|(_, taken)| !**taken) {
            let text = form_text(raw)
                .ok_or_else(|| format!("must be percent-encoded UTF-8, and `{name}` is not"))?;
            let property = self.property(schemas, schema, name);
            let piece = members.piece(schemas, property, text);
            pieces.entry(name).or_default().push(piece);
        }
        for (name, pieces) in pieces {
            members.put(schemas, self.property(schemas, schema, name), pieces);
        }
        members.text_bytes = text.len();
        Ok(members)
    }

    /// The parts of a `multipart` body. `None` if parts have no names, where they need none; the error says what is
    /// wrong with the body as a whole.
    pub(super) fn parts(
        &self,
        schemas: &Schemas,
        schema: Option<&Value>,
        content_type: &str,
        body: &Bytes,
    ) -> Result<Option<Members>, String> {
        let parts = multipart::parts(content_type, body)?;
        if parts.iter().any(|part| part.name.is_none()) {
            return if essence(content_type) == "multipart/form-data" {
                Err("must name each part in its `Content-Disposition`".to_owned())
            } else {
                Ok(None)
            };
        }
        let mut members = Members::default();
        let mut pieces: IndexMap<&str, Vec<MemberPiece>> = IndexMap::new();
        for part in &parts {
            let name = part.name.as_deref().unwrap_or_default();
            let property = self.property(schemas, schema, name);
            if let Some((_, headers)) = self.0.get(name) {
                members.check_headers(schemas, name, headers, part);
            }
            let piece = members.part(schemas, property, part);
            let piece = Members::listed(schemas, property, piece);
            pieces.entry(name).or_default().push(piece);
        }
        for (name, pieces) in pieces {
            members.put(schemas, self.property(schemas, schema, name), pieces);
        }
        Ok(Some(members))
    }
}

impl Members {
    /// Leaves out what a schema says of members that it cannot judge.
    pub(super) fn retain_judged(&self, violations: &mut Vec<Violation>) {
        const OF_TEXT: [&str; 5] =
            ["minLength", "maxLength", "pattern", "format", "contentEncoding"];
        violations.retain(|violation| {
            let name = violation.pointer.split('/').nth(1).unwrap_or_default();
            let name = unescaped(name);
            let unheard =
                self.bytes.contains(&*name) && OF_TEXT.contains(&violation.keyword.as_str());
            !(self.broken.contains(&*name) || unheard)
        });
    }

    fn violation(&mut self, name: &str, keyword: &str, expected: Option<Value>, text: String) {
        let mut violation = Violation::new(MessagePart::Body, name, keyword, expected, text);
        violation.pointer = bounded(child("", name));
        self.violations.push(violation);
    }

    /// A form's property whose style is declared.
    fn styled(
        &mut self,
        schemas: &Schemas,
        property: Property<'_>,
        (style, explode): (ParameterStyle, bool),
        pairs: &[RawPair<'_>],
        taken: &mut [bool],
    ) {
        let Property { name, schema, .. } = property;
        let shape = schema
            .map_or(ParameterShape::Scalar, |schema| ParameterShape::of(schemas.types(schema)));
        let written = ValueStyle { name, style, explode, shape };
        let exploded = style == ParameterStyle::Form && explode && shape == ParameterShape::Record;
        let inside: HashSet<&str> = match schema.filter(|_| exploded) {
            Some(schema) => property_names(schemas, schema).0.into_iter().collect(),
            None => HashSet::new(),
        };
        for ((found, _), taken) in pairs.iter().zip(taken) {
            *taken |= match style {
                ParameterStyle::DeepObject => {
                    found.strip_prefix(name).is_some_and(|rest| rest.starts_with('['))
                }
                _ if exploded => inside.contains(found.as_ref()),
                _ => found == name,
            };
        }
        match written.gather(pairs, Escapes::Form, &|found| inside.contains(found)) {
            Ok(None) => {}
            Ok(Some(raw)) => {
                let value = match schema {
                    Some(schema) => coerce(schemas, schema, raw),
                    None => raw,
                };
                self.values.insert(name.to_owned(), value);
            }
            Err(fault) => {
                self.violation(name, fault.keyword, None, fault.text);
                self.broken(name);
            }
        }
    }

    fn broken(&mut self, name: &str) {
        self.broken.insert(name.to_owned());
        self.values.insert(name.to_owned(), Value::Null);
    }

    /// A part by its own media type, or else by what is declared.
    fn part(&mut self, schemas: &Schemas, property: Property<'_>, part: &ReadPart) -> MemberPiece {
        let sent = part.headers.get(CONTENT_TYPE).map(|line| line.to_str().unwrap_or_default());
        let allowed = property.encoding.map_or(&[][..], |encoding| &encoding.content_types);
        if !allowed.is_empty() && !is_allowed(sent, allowed) {
            let quoted: Vec<String> = allowed.iter().map(|name| format!("`{name}`")).collect();
            let text = format!("must be sent with `Content-Type` {}", quoted.join(" or "));
            let expected = match allowed {
                [name] => Value::from(name.as_str()),
                names => Value::from(names.to_vec()),
            };
            self.violation(property.name, "media_type", Some(expected), text);
        }
        let types = property.one(schemas).map_or(Types::ANY, |schema| schemas.types(schema));
        let is_text = sent.is_none_or(|sent| is_json(sent) || essence(sent).starts_with("text/"));
        match std::str::from_utf8(&part.bytes) {
            Ok(text) if is_text || !types.contains(Types::STRING) => {
                self.text_bytes += text.len();
                if sent.is_some_and(is_json) {
                    return self.json(property.name, text);
                }
                self.piece(schemas, property, text.to_owned())
            }
            _ => {
                self.bytes.insert(property.name.to_owned());
                MemberPiece::Bytes(String::from_utf8_lossy(&part.bytes).into_owned())
            }
        }
    }

    /// A list that is written into one part, where its encoding has it so.
    fn listed(schemas: &Schemas, property: Property<'_>, piece: MemberPiece) -> MemberPiece {
        let style = property.encoding.and_then(|encoding| encoding.style);
        let types = property.schema.map(|schema| (schema, schemas.types(schema)));
        let list = types.filter(|(_, types)| types.list());
        match (piece, style, list) {
            (MemberPiece::Text(text), Some((style, false)), Some((schema, _))) => {
                let (name, shape) = (property.name, ParameterShape::List);
                let written = ValueStyle { name, style, explode: false, shape };
                match written.take_apart(&text, Escapes::Plain) {
                    Ok(items) => MemberPiece::Json(coerce(schemas, schema, items)),
                    Err(_) => MemberPiece::Text(text),
                }
            }
            (piece, ..) => piece,
        }
    }

    fn check_headers(
        &mut self,
        schemas: &Schemas,
        name: &str,
        headers: &DeclaredParameters,
        part: &ReadPart,
    ) {
        let body = Body::empty();
        let sent = SentRequest { path: &[], query: "", headers: &part.headers, body: &body };
        let mut found = Vec::new();
        headers.reader(schemas, &sent).read(Location::Header, &mut found);
        for violation in found {
            let text = format!("has a header `{}` that {}", violation.field, violation.text);
            self.violation(name, &violation.keyword, violation.expected, text);
        }
    }

    /// Text as the property is encoded.
    fn piece(&mut self, schemas: &Schemas, property: Property<'_>, text: String) -> MemberPiece {
        let declared = property.encoding.map_or(&[][..], |encoding| &encoding.content_types);
        match declared {
            [only] if is_json(only) => return self.json(property.name, &text),
            [] => {
                let types = property.one(schemas).map(|schema| schemas.types(schema));
                if !types.is_some_and(Types::record) {
                    return MemberPiece::Text(text);
                }
            }
            several if !several.iter().any(|name| is_json(name)) => return MemberPiece::Text(text),
            _ => {}
        }
        parse_json(&text).map_or(MemberPiece::Text(text), MemberPiece::Json)
    }

    fn json(&mut self, name: &str, text: &str) -> MemberPiece {
        match parse_json(text) {
            Ok(value) => MemberPiece::Json(value),
            Err(text) => {
                self.violation(name, "parse", None, text);
                self.broken.insert(name.to_owned());
                MemberPiece::Json(Value::Null)
            }
        }
    }

    /// All that was sent of one property as its value.
    fn put(&mut self, schemas: &Schemas, property: Property<'_>, mut pieces: Vec<MemberPiece>) {
        let value = |schema: Option<&Value>, piece| match (schema, piece) {
            (Some(schema), MemberPiece::Text(text)) => coerce(schemas, schema, text.into()),
            (None, MemberPiece::Text(text)) | (_, MemberPiece::Bytes(text)) => text.into(),
            (_, MemberPiece::Json(value)) => value,
        };
        let types = property.schema.map_or(Types::ANY, |schema| schemas.types(schema));
        let several = pieces.len() > 1;
        let value = match pieces.as_mut_slice() {
            [MemberPiece::Text(text)] if types.list() && text.is_empty() => {
                Value::Array(Vec::new())
            }
            [MemberPiece::Json(list)] if list.is_array() => list.take(),
            [_] if !types.list() => value(property.schema, pieces.remove(0)),
            _ if types.list() || (several && types.list_or_scalar()) => {
                let item = property.schema.and_then(|schema| coercion::item(schemas, schema));
                pieces.into_iter().map(|piece| value(item, piece)).collect()
            }
            _ => pieces.into_iter().map(|piece| value(property.schema, piece)).collect(),
        };
        self.values.insert(property.name.to_owned(), value);
    }
}

impl<'a> Property<'a> {
    /// The schema of one value of it: that of the items, where it is a list.
    fn one(self, schemas: &'a Schemas) -> Option<&'a Value> {
        let schema = self.schema?;
        if schemas.types(schema).list() { coercion::item(schemas, schema) } else { Some(schema) }
    }
}

/// Returns true if a part may be of this media type. One without may be any that a client would not name: text, JSON,
/// or bytes
/// of no special kind.
fn is_allowed(sent: Option<&str>, allowed: &[String]) -> bool {
    allowed.iter().map(|range| essence(range)).any(|range| match sent {
        Some(sent) => range_holds(&range, &essence(sent)),
        None => {
            is_json(&range)
                || range == "*/*"
                || range.starts_with("text/")
                || range == "application/octet-stream"
        }
    })
}
