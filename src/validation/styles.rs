//! Styles: lists and records as text, and the names and values of queries, cookies and forms.
//!
//! Must not know schemas, nor which part of a request the text is of.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::openapi::{ParameterStyle, Types};

use super::violation::{MessagePart, Violation};

/// Maximum depth of `filter[a][b]`; what is nested deeper stays in the last name.
const BRACKETS_MAX: usize = 8;

/// A name, decoded, and a value that is not: its delimiters have to be told from the same characters, encoded.
pub(super) type RawPair<'a> = (Cow<'a, str>, &'a str);

/// Why a parameter cannot be taken apart.
pub(super) struct StyleError {
    pub(super) keyword: &'static str,
    pub(super) text: String,
}

/// Encoding of a value's text.
#[derive(Clone, Copy)]
pub(super) enum Escapes {
    /// Percent-encoded; what is broken is a fault.
    Percent,
    /// Percent-encoded, and `+` is a space.
    Form,
    /// Percent-encoded if it decodes, as cookies come both ways.
    Lenient,
    /// As it is.
    Plain,
}

/// Shape that a parameter's schema asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ParameterShape {
    Scalar,
    List,
    /// A list if it is sent as several values.
    Either,
    Record,
}

impl ParameterShape {
    pub(super) fn of(types: Types) -> Self {
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

impl StyleError {
    fn style(form: &str) -> Self {
        Self { keyword: "style", text: format!("must be written as {form}") }
    }

    pub(super) fn into_violation(self, place: MessagePart, name: &str) -> Violation {
        Violation::new(place, name, self.keyword, None, self.text)
    }
}

/// Serialization of a value.
#[derive(Clone, Copy)]
pub(super) struct ValueStyle<'a> {
    pub(super) name: &'a str,
    pub(super) style: ParameterStyle,
    pub(super) explode: bool,
    pub(super) shape: ParameterShape,
}

impl ValueStyle<'_> {
    /// One piece of text, taken apart.
    pub(super) fn take_apart(self, raw: &str, escapes: Escapes) -> Result<Value, StyleError> {
        let raw = self.introduced(raw)?;
        let between: &[&str] = match (self.style, self.explode) {
            (ParameterStyle::Label, true) => &["."],
            // The specification's versions differ here.
            (ParameterStyle::Label, false) if !raw.contains(',') => &["."],
            (ParameterStyle::Matrix, true) => &[";"],
            (style, _) => delimiters(style, escapes),
        };
        match self.shape {
            ParameterShape::Scalar => Ok(decode(raw, escapes)?.into()),
            ParameterShape::Record => self.record(raw, between, escapes),
            ParameterShape::List | ParameterShape::Either
                if self.style == ParameterStyle::Matrix && self.explode =>
            {
                let repeated = format!(";{}=", self.name);
                if pieces(raw, &[&repeated]).any(|piece| piece.contains(';')) {
                    return Err(StyleError::style(&format!("`{repeated}value{repeated}value`")));
                }
                Ok(listed(self.shape, split(raw, &[&repeated], escapes)?))
            }
            ParameterShape::List | ParameterShape::Either => {
                Ok(listed(self.shape, split(raw, between, escapes)?))
            }
        }
    }

    fn record(self, raw: &str, between: &[&str], escapes: Escapes) -> Result<Value, StyleError> {
        let pairs: Option<Vec<(&str, &str)>> = if self.explode {
            pieces(raw, between).map(|piece| piece.split_once('=')).collect()
        } else {
            let pieces: Vec<&str> = pieces(raw, between).collect();
            pieces.chunks(2).map(|pair| Some((*pair.first()?, *pair.get(1)?))).collect()
        };
        let form = if self.explode { "`name=value` pairs" } else { "names and values in turn" };
        let mut members = Map::new();
        for (name, raw) in pairs.ok_or_else(|| StyleError::style(form))? {
            members.insert(piece_text(name, escapes)?, piece_text(raw, escapes)?.into());
        }
        Ok(Value::Object(members))
    }

    /// Text after the prefix of a value in its style.
    fn introduced(self, raw: &str) -> Result<&str, StyleError> {
        match self.style {
            ParameterStyle::Label => {
                raw.strip_prefix('.').ok_or_else(|| StyleError::style("`.value`"))
            }
            ParameterStyle::Matrix => {
                let fault = || StyleError::style(&format!("`;{}=value`", self.name));
                let raw = raw.strip_prefix(';').ok_or_else(fault)?;
                if self.shape == ParameterShape::Record && self.explode {
                    return Ok(raw);
                }
                match raw.strip_prefix(self.name).ok_or_else(fault)? {
                    "" => Ok(""),
                    rest => rest.strip_prefix('=').ok_or_else(fault),
                }
            }
            _ => Ok(raw),
        }
    }

    /// A value out of names and values: `None` if there is none of it. `belongs` tells which names are properties
    /// of a record whose properties are written one by one.
    pub(super) fn gather(
        self,
        pairs: &[RawPair<'_>],
        escapes: Escapes,
        belongs: &dyn Fn(&str) -> bool,
    ) -> Result<Option<Value>, StyleError> {
        if self.style == ParameterStyle::DeepObject {
            return deep_object(pairs, self.name);
        }
        if self.shape == ParameterShape::Record && self.explode {
            return exploded_record(pairs, escapes, belongs);
        }
        let mut sent = pairs.iter().filter(|(found, _)| found == self.name).map(|(_, raw)| *raw);
        // Cookies are sent with the most specific path first (RFC 6265, section 5.4).
        let one = |mut sent: std::iter::Peekable<_>| match escapes {
            Escapes::Lenient => sent.next(),
            _ => sent.last(),
        };
        match self.shape {
            ParameterShape::Scalar => {
                one(sent.peekable()).map(|raw| decode(raw, escapes).map(Value::from)).transpose()
            }
            ParameterShape::Record => {
                one(sent.peekable()).map(|raw| self.take_apart(raw, escapes)).transpose()
            }
            ParameterShape::List | ParameterShape::Either => {
                let Some(first) = sent.next() else { return Ok(None) };
                // Other styles than `form` cannot be exploded, and the cookies of a name are seldom several.
                let whole = self.explode
                    && matches!(self.style, ParameterStyle::Form | ParameterStyle::Cookie)
                    && !matches!(escapes, Escapes::Lenient);
                let mut items = Vec::new();
                for raw in std::iter::once(first).chain(sent) {
                    if whole {
                        items.push(decode(raw, escapes)?.into());
                    } else {
                        items.extend(split(raw, delimiters(self.style, escapes), escapes)?);
                    }
                }
                Ok(Some(listed(self.shape, items)))
            }
        }
    }
}

const fn delimiters(style: ParameterStyle, escapes: Escapes) -> &'static [&'static str] {
    match (style, escapes) {
        (ParameterStyle::SpaceDelimited, Escapes::Plain) => &[" "],
        (ParameterStyle::SpaceDelimited, _) => &["%20", "+", " "],
        (ParameterStyle::PipeDelimited, _) => &["|", "%7C", "%7c"],
        (ParameterStyle::TabDelimited, _) => &["\t", "%09"],
        _ => &[","],
    }
}

/// The pieces between any of the delimiters; empty text has none.
fn pieces<'r>(raw: &'r str, delimiters: &'r [&'r str]) -> impl Iterator<Item = &'r str> {
    let mut rest = (!raw.is_empty()).then_some(raw);
    std::iter::from_fn(move || {
        let text = rest?;
        // Each place is looked at once: a search for each delimiter would read all of the rest for every piece.
        let next = text.char_indices().find_map(|(at, _)| {
            let delimiter = delimiters.iter().find(|delimiter| text[at..].starts_with(**delimiter));
            delimiter.map(|delimiter| (at, delimiter.len()))
        });
        let (piece, after) = match next {
            Some((at, length)) => (&text[..at], Some(&text[at + length..])),
            None => (text, None),
        };
        rest = after;
        Some(piece)
    })
}

fn split(raw: &str, delimiters: &[&str], escapes: Escapes) -> Result<Vec<Value>, StyleError> {
    pieces(raw, delimiters).map(|piece| Ok(piece_text(piece, escapes)?.into())).collect()
}

/// A piece of a list: in a header, spaces may be around it.
fn piece_text(piece: &str, escapes: Escapes) -> Result<String, StyleError> {
    decode(if matches!(escapes, Escapes::Plain) { piece.trim() } else { piece }, escapes)
}

fn listed(shape: ParameterShape, mut items: Vec<Value>) -> Value {
    match items.as_slice() {
        [_] if shape == ParameterShape::Either => items.remove(0),
        [] if shape == ParameterShape::Either => Value::from(""),
        // `ids=` names no item, rather than one that is empty.
        [Value::String(only)] if only.is_empty() => Value::Array(Vec::new()),
        _ => Value::Array(items),
    }
}

/// The pairs of a query or form. A name that does not decode is no declared one, and is left out.
pub(super) fn pairs(query: &str) -> Vec<RawPair<'_>> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .filter_map(|pair| {
            let (name, raw) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decoded(name, Escapes::Form)?, raw))
        })
        .collect()
}

/// A form's value, decoded; `None` if it is no percent-encoded UTF-8.
pub(super) fn form_text(raw: &str) -> Option<String> {
    decoded(raw, Escapes::Form).map(Cow::into_owned)
}

/// `name[a]=1&name[b][c]=2` as a record. What ends in `[]`, or is numbered, is a record by number until the schema
/// is asked; a name that is sent twice is a list.
fn deep_object(pairs: &[RawPair<'_>], name: &str) -> Result<Option<Value>, StyleError> {
    let mut members: Option<Map<String, Value>> = None;
    for (found, raw) in pairs {
        let keys = found.strip_prefix(name).and_then(|rest| rest.strip_prefix('['));
        let Some(keys) = keys.and_then(|keys| keys.strip_suffix(']')) else { continue };
        let value = Value::String(decode(raw, Escapes::Form)?);
        let keys: Vec<&str> = keys.splitn(BRACKETS_MAX, "][").collect();
        put(members.get_or_insert_default(), &keys, value);
    }
    Ok(members.map(Value::Object))
}

fn put(members: &mut Map<String, Value>, keys: &[&str], value: Value) {
    let [key, inner @ ..] = keys else { return };
    let key = if key.is_empty() { members.len().to_string() } else { (*key).to_owned() };
    if !inner.is_empty() {
        let place = members.entry(key).or_insert_with(|| Value::Object(Map::new()));
        // A name that is both a value and an object: the first one sent stays.
        if let Value::Object(members) = place {
            put(members, inner, value);
        }
        return;
    }
    match members.get_mut(&key) {
        None => drop(members.insert(key, value)),
        Some(Value::Array(items)) => items.push(value),
        Some(Value::Object(_)) => {}
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}

fn exploded_record(
    pairs: &[RawPair<'_>],
    escapes: Escapes,
    belongs: &dyn Fn(&str) -> bool,
) -> Result<Option<Value>, StyleError> {
    let mut members = Map::new();
    for (name, raw) in pairs.iter().filter(|(name, _)| belongs(name)) {
        put(&mut members, &[name], Value::String(decode(raw, escapes)?));
    }
    Ok((!members.is_empty()).then_some(Value::Object(members)))
}

pub(super) fn not_utf8() -> StyleError {
    StyleError { keyword: "encoding", text: "must be UTF-8".to_owned() }
}

pub(super) fn decode(raw: &str, escapes: Escapes) -> Result<String, StyleError> {
    match decoded(raw, escapes) {
        Some(text) => Ok(text.into_owned()),
        None if matches!(escapes, Escapes::Lenient) => Ok(raw.to_owned()),
        None => Err(StyleError {
            keyword: "encoding",
            text: "must be percent-encoded UTF-8".to_owned(),
        }),
    }
}

fn decoded(raw: &str, escapes: Escapes) -> Option<Cow<'_, str>> {
    if matches!(escapes, Escapes::Plain) {
        return Some(Cow::Borrowed(raw));
    }
    let spaced = if matches!(escapes, Escapes::Form) && raw.contains('+') {
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
