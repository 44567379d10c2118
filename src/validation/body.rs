//! Bodies: the media type chosen, the bytes parsed by it, the value checked by its schema.
//!
//! Must not know parameters, beyond how a form's pairs are written.

use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use http::header::CONTENT_TYPE;
use serde_json::Map;
use serde_json::Value;

use crate::media::essence;
use crate::media::is_json;
use crate::message::Body;
use crate::openapi::RequestBody;
use crate::openapi::SchemaId;
use crate::openapi::Schemas;

use super::Sent;
use super::coercion;
use super::coercion::Types;
use super::coercion::coerce;
use super::coercion::fill_defaults;
use super::coercion::has_defaults;
use super::parameters::form_text;
use super::parameters::pairs;
use super::schema::Subject;
use super::schema::check;
use super::violation::Place;
use super::violation::Violation;

/// Up to so many bytes of body are all violations looked for, else only the first: the validator keeps some
/// hundred bytes for each, and every second byte of a body can be one.
pub(super) const DETAILED_BYTES_MAX: usize = 64 * 1024;

/// How a body is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    Json,
    /// JSON, or text if it is none.
    JsonOrText,
    Form,
    Text,
    /// Not looked into.
    Opaque,
}

/// A request body as declared, with what requests need to know of its schemas.
#[derive(Clone, Debug)]
pub(super) struct DeclaredBody {
    required: bool,
    media: Vec<Medium>,
}

/// One declared media type or range.
#[derive(Clone, Debug)]
struct Medium {
    /// As the document has it.
    name: String,
    /// In lower case, without parameters.
    essence: String,
    schema: Option<SchemaId>,
    types: Types,
    /// Whether the schema has defaults inside.
    defaults: bool,
}

impl DeclaredBody {
    pub(super) fn new(body: &RequestBody, schemas: &Schemas) -> Self {
        let media = body.content.iter().map(|(name, media)| {
            let schema = media.schema.map(|id| schemas.resolved(id));
            Medium {
                name: name.clone(),
                essence: essence(name).into_owned(),
                schema: media.schema,
                types: schema.map_or(Types::ANY, |schema| coercion::types(schemas, schema)),
                defaults: schema.is_some_and(|schema| has_defaults(schemas, schema)),
            }
        });
        Self { required: body.required, media: media.collect() }
    }

    /// Reads a body. `None` if there is none, or none that can be read: then a violation says so.
    pub(super) fn read(
        &self,
        schemas: &Schemas,
        sent: &Sent<'_>,
        violations: &mut Vec<Violation>,
    ) -> Option<Value> {
        let bytes = match sent.body {
            Body::Complete(bytes) => bytes,
            Body::TooLarge { limit } => {
                let text = format!("must not be larger than {limit} bytes");
                violations.push(envelope("too_large", Some(Value::from(*limit)), text));
                return None;
            }
        };
        if bytes.is_empty() {
            if self.required {
                violations.push(envelope("body_required", None, "must not be empty"));
            }
            return None;
        }
        let read = self.choose(sent.headers).and_then(|(medium, reading)| {
            let value =
                parse(reading, bytes).map_err(|text| Box::new(envelope("parse", None, text)))?;
            Ok((medium, reading, value))
        });
        match read {
            Ok((medium, reading, value)) => {
                let detailed = bytes.len() <= DETAILED_BYTES_MAX;
                Some(medium.check(schemas, reading, value, detailed, violations))
            }
            Err(violation) => {
                violations.push(*violation);
                None
            }
        }
    }

    /// The medium that a body goes by, and how it is read. Exact media types come before ranges, and `type/*`
    /// before `*/*`.
    fn choose(&self, headers: &HeaderMap) -> Result<(&Medium, Reading), Box<Violation>> {
        let coded = headers.get_all(CONTENT_ENCODING).iter().any(|line| {
            let line = line.as_bytes().trim_ascii();
            !line.is_empty() && !line.eq_ignore_ascii_case(b"identity")
        });
        if coded {
            let text = "must be sent without `Content-Encoding`";
            return Err(Box::new(envelope("media_type", None, text)));
        }
        let sent = headers.get(CONTENT_TYPE).and_then(|line| line.to_str().ok()).map(essence);
        if let Some((sent, (kind, _))) =
            sent.as_deref().and_then(|sent| Some((sent, sent.split_once('/')?)))
        {
            let exact = self.media.iter().find(|medium| medium.essence == sent);
            let ranged = || {
                let is_range = |medium: &&Medium| medium.essence.strip_suffix("/*") == Some(kind);
                self.media.iter().find(is_range)
            };
            if let Some(medium) = exact.or_else(ranged) {
                return Ok((medium, Reading::of(sent)));
            }
        }
        match self.media.iter().find(|medium| medium.essence == "*/*") {
            Some(medium) if medium.types == Types::ANY => Ok((medium, Reading::JsonOrText)),
            Some(medium) if medium.types.only_text() => Ok((medium, Reading::Text)),
            Some(medium) => Ok((medium, Reading::Json)),
            None => Err(Box::new(self.wrong_type())),
        }
    }

    fn wrong_type(&self) -> Violation {
        let names: Vec<&str> = self.media.iter().map(|medium| medium.name.as_str()).collect();
        let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        let expected = match names.as_slice() {
            [] => None,
            [name] => Some(Value::from(*name)),
            names => Some(Value::from(names.to_vec())),
        };
        let text = format!("must be sent with `Content-Type` {}", quoted.join(" or "));
        envelope("media_type", expected, text)
    }
}

impl Medium {
    /// The value as the schema has it. What is not looked into is not checked.
    fn check(
        &self,
        schemas: &Schemas,
        reading: Reading,
        raw: Value,
        detailed: bool,
        violations: &mut Vec<Violation>,
    ) -> Value {
        let Some(id) = self.schema.filter(|_| reading != Reading::Opaque) else { return raw };
        let mut value = match reading {
            Reading::Form | Reading::Text => coerce(schemas, schemas.resolved(id), raw),
            Reading::Json | Reading::JsonOrText | Reading::Opaque => raw,
        };
        let subject = Subject { place: Place::Body, name: "" };
        let found = check(schemas, id, subject, &value, detailed);
        if self.defaults && found.is_empty() {
            fill_defaults(schemas, schemas.resolved(id), &mut value);
        }
        violations.extend(found);
        value
    }
}

impl Reading {
    /// How a body of this media type is read.
    fn of(essence: &str) -> Self {
        match essence {
            essence if is_json(essence) => Self::Json,
            "application/x-www-form-urlencoded" => Self::Form,
            essence if essence.starts_with("text/") => Self::Text,
            _ => Self::Opaque,
        }
    }
}

fn parse(reading: Reading, bytes: &[u8]) -> Result<Value, String> {
    let text = match (std::str::from_utf8(bytes), reading) {
        (Ok(text), _) => text,
        (Err(_), Reading::Opaque) => return Ok(Value::Null),
        (Err(error), _) => return Err(not_utf8(bytes, error.valid_up_to())),
    };
    match reading {
        Reading::Json => parse_json(text),
        Reading::JsonOrText => Ok(parse_json(text).unwrap_or_else(|_| text.into())),
        Reading::Text | Reading::Opaque => Ok(text.into()),
        Reading::Form => form(text),
    }
}

/// The text as JSON, or what is wrong with it. A leading byte order mark is ignored (RFC 8259 section 8.1); of
/// duplicate keys the last one counts; nesting ends at 128 levels.
pub(super) fn parse_json(text: &str) -> Result<Value, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    serde_json::from_str(text).map_err(|error| format!("must be valid JSON: {error}"))
}

fn not_utf8(bytes: &[u8], at: usize) -> String {
    let lines = bytes[..at].split(|byte| *byte == b'\n');
    let (line, column) = lines.fold((0, 0), |(line, _), text| (line + 1, text.len() + 1));
    format!("must be UTF-8: invalid byte at line {line} column {column}")
}

/// A form as a record of text; a name sent twice is a list.
fn form(text: &str) -> Result<Value, String> {
    let mut members: Map<String, Value> = Map::new();
    for (name, raw) in pairs(text) {
        let value = form_text(raw)
            .map(Value::String)
            .ok_or_else(|| format!("must be percent-encoded UTF-8, and `{name}` is not"))?;
        match members.get_mut(name.as_ref()) {
            None => drop(members.insert(name.into_owned(), value)),
            Some(Value::Array(items)) => items.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    Ok(Value::Object(members))
}

fn envelope(keyword: &str, expected: Option<Value>, text: impl Into<String>) -> Violation {
    Violation::new(Place::Body, "", keyword, expected, text)
}
