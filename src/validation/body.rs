//! Bodies: the media type chosen, the bytes parsed by it, the value checked by its schema.
//!
//! Must not know parameters, beyond how a form's pairs are written.

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use crate::media::{CODINGS, essence, is_json, range_holds};
use crate::message::Body;
use crate::openapi::{RequestBody, SchemaId, Schemas, Types};

use super::coercion::{coerce, fill_defaults, has_defaults};
use super::json_text::parse_json;
use super::members::{Encodings, Members};
use super::schema::{Subject, check};
use super::sent::SentRequest;
use super::sequences::SequenceFormat;
use super::violation::{MessagePart, Violation};

/// Up to so many bytes of body are all violations looked for, else only the first: the validator keeps some
/// hundred bytes for each, and every second byte of a body can be one.
pub(super) const DETAILED_BYTES_MAX: usize = 64 * 1024;

/// The keyword of a violation of the limit for bodies.
pub const TOO_LARGE: &str = "too_large";

/// The keyword of a violation by a `Content-Encoding` that is not undone.
pub const CONTENT_CODING: &str = "content_encoding";

/// Format that a body is read in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BodyFormat {
    Json,
    /// JSON, or text if it is none.
    JsonOrText,
    Form,
    Multipart,
    Text,
    /// JSON where the text is, else not looked into.
    JsonOrOpaque,
    /// One value after the other.
    Sequence(SequenceFormat),
    /// Not looked into.
    Opaque,
}

/// A request body as declared, with what requests need to know of its schemas.
#[derive(Clone, Debug)]
pub(super) struct DeclaredBody {
    required: bool,
    /// Whether a body without `Content-Type` may be read as what is declared.
    pub(super) untyped: bool,
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
    encodings: Encodings,
}

impl DeclaredBody {
    pub(super) fn new(body: &RequestBody, schemas: &Schemas) -> Self {
        let media = body.content.iter().map(|(name, media)| {
            let schema = media.schema.map(|id| schemas.resolved(id));
            Medium {
                name: name.clone(),
                essence: essence(name).into_owned(),
                schema: media.schema,
                types: schema.map_or(Types::ANY, |schema| schemas.types(schema)),
                defaults: schema.is_some_and(|schema| has_defaults(schemas, schema)),
                encodings: Encodings::new(&media.encoding, schemas),
            }
        });
        Self { required: body.required, untyped: false, media: media.collect() }
    }

    /// Reads a body. `None` if there is none, or none that can be read: then a violation says so.
    pub(super) fn read(
        &self,
        schemas: &Schemas,
        sent: &SentRequest<'_>,
        violations: &mut Vec<Violation>,
    ) -> Option<Value> {
        let bytes = match sent.body {
            Body::Complete(bytes) => bytes,
            Body::TooLarge { limit } => {
                let text = format!("must not be larger than {limit} bytes");
                violations.push(envelope(TOO_LARGE, Some(Value::from(*limit)), text));
                return None;
            }
            Body::UnknownCoding { coding } => {
                let text = format!("must not be encoded as `{coding}`: {CODINGS} can be read");
                violations.push(envelope(CONTENT_CODING, Some(Value::from(CODINGS)), text));
                return None;
            }
            Body::BrokenCoding { coding, reason } => {
                let text = format!("must be encoded as `{coding}`, as it says: {reason}");
                violations.push(envelope("encoding", Some(Value::from(&**coding)), text));
                return None;
            }
        };
        if bytes.is_empty() {
            if self.required {
                violations.push(envelope("body_required", None, "must not be empty"));
            }
            return None;
        }
        if self.media.is_empty() {
            return None;
        }
        let content_type = sent.headers.get(CONTENT_TYPE).and_then(|line| line.to_str().ok());
        let content_type = content_type.unwrap_or_default();
        let read = self.choose(sent.headers, content_type).and_then(|(medium, reading)| {
            medium
                .read(schemas, reading, content_type, bytes, violations)
                .map_err(|text| Box::new(envelope("parse", None, text)))
        });
        match read {
            Ok(value) => Some(value),
            Err(violation) => {
                violations.push(*violation);
                None
            }
        }
    }

    /// The medium that a body goes by, and how it is read. Exact media types come before ranges, and `type/*`
    /// before `*/*`.
    fn choose(
        &self,
        headers: &HeaderMap,
        content_type: &str,
    ) -> Result<(&Medium, BodyFormat), Box<Violation>> {
        let sent = essence(content_type);
        let exact = self.media.iter().find(|medium| medium.essence == sent);
        let ranged = || {
            let mut ranges = self.media.iter().filter(|medium| medium.essence != "*/*");
            ranges.find(|medium| range_holds(&medium.essence, &sent))
        };
        if let Some(medium) = exact.or_else(ranged) {
            return Ok((medium, medium.reading(&sent)));
        }
        if let Some(medium) = self.media.iter().find(|medium| medium.essence == "*/*") {
            return Ok((medium, medium.reading_of_any(&sent)));
        }
        // A sender that names no type is believed to send what is asked for (RFC 9110, section 8.3).
        let untyped = self.untyped && !headers.contains_key(CONTENT_TYPE);
        let json = self.media.iter().find(|medium| is_json(&medium.essence));
        match json.or(self.media.first()).filter(|_| untyped) {
            Some(medium) => Ok((medium, medium.reading(&medium.essence))),
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
    /// Format that a body of this media type is read in.
    fn reading(&self, sent: &str) -> BodyFormat {
        if let Some(sequence) = SequenceFormat::of(sent).filter(|_| self.types.list()) {
            return BodyFormat::Sequence(sequence);
        }
        match sent {
            "application/x-www-form-urlencoded" => BodyFormat::Form,
            sent if is_json(sent) => BodyFormat::Json,
            sent if sent.starts_with("multipart/") => BodyFormat::Multipart,
            sent if is_xml(sent) => BodyFormat::Opaque,
            // Lists and records in a format of their own.
            sent if sent.starts_with("text/") && !self.types.scalar() => BodyFormat::JsonOrOpaque,
            sent if sent.starts_with("text/") => BodyFormat::Text,
            _ => BodyFormat::Opaque,
        }
    }

    /// Format of a body where any media type may be sent.
    fn reading_of_any(&self, sent: &str) -> BodyFormat {
        match self.reading(sent) {
            reading @ (BodyFormat::Form | BodyFormat::Multipart) => reading,
            _ if self.types == Types::ANY => BodyFormat::JsonOrText,
            BodyFormat::Opaque if self.types.only_text() && !sent.is_empty() => BodyFormat::Opaque,
            _ if self.types.only_text() => BodyFormat::Text,
            _ => BodyFormat::Json,
        }
    }

    /// The value as the schema has it; the error says what is wrong with the body as a whole.
    fn read(
        &self,
        schemas: &Schemas,
        reading: BodyFormat,
        content_type: &str,
        bytes: &Bytes,
        violations: &mut Vec<Violation>,
    ) -> Result<Value, String> {
        let resolved = || self.schema.map(|id| schemas.resolved(id));
        let members = match reading {
            BodyFormat::Form => {
                let text = std::str::from_utf8(bytes)
                    .map_err(|error| not_utf8(bytes, error.valid_up_to()))?;
                Some(self.encodings.form(schemas, resolved(), text)?)
            }
            BodyFormat::Multipart => {
                self.encodings.parts(schemas, resolved(), content_type, bytes)?
            }
            _ => None,
        };
        let Some(mut members) = members else {
            let raw = parse(reading, bytes)?;
            let is_opaque = match reading {
                BodyFormat::Opaque | BodyFormat::Multipart => true,
                BodyFormat::JsonOrOpaque => raw.is_string() || raw.is_null(),
                _ => false,
            };
            let (Some(id), false) = (self.schema, is_opaque) else { return Ok(raw) };
            let value = match reading {
                BodyFormat::Text => coerce(schemas, schemas.resolved(id), raw),
                _ => raw,
            };
            let detailed = bytes.len() <= DETAILED_BYTES_MAX;
            return Ok(self.check(schemas, value, detailed, None, violations));
        };
        let value = Value::Object(std::mem::take(&mut members.values));
        let detailed = members.text_bytes <= DETAILED_BYTES_MAX;
        Ok(self.check(schemas, value, detailed, Some(members), violations))
    }

    /// Holds a value against the schema, and fills in its defaults where it fits.
    fn check(
        &self,
        schemas: &Schemas,
        mut value: Value,
        detailed: bool,
        members: Option<Members>,
        violations: &mut Vec<Violation>,
    ) -> Value {
        let Some(id) = self.schema else { return value };
        let subject = Subject { place: MessagePart::Body, name: "" };
        let mut found = check(schemas, id, subject, &value, detailed);
        if let Some(members) = members {
            members.retain_judged(&mut found);
            found.splice(0..0, members.violations);
        }
        if self.defaults && found.is_empty() {
            fill_defaults(schemas, schemas.resolved(id), &mut value);
        }
        violations.extend(found);
        value
    }
}

fn parse(reading: BodyFormat, bytes: &[u8]) -> Result<Value, String> {
    let text = match (std::str::from_utf8(bytes), reading) {
        (Ok(text), _) => text,
        (
            Err(_),
            BodyFormat::Opaque
            | BodyFormat::Multipart
            | BodyFormat::JsonOrOpaque
            | BodyFormat::JsonOrText,
        ) => {
            return Ok(Value::Null);
        }
        (Err(error), _) => return Err(not_utf8(bytes, error.valid_up_to())),
    };
    match reading {
        BodyFormat::Json => parse_json(text),
        BodyFormat::Sequence(format) => format.read(text),
        BodyFormat::JsonOrText | BodyFormat::JsonOrOpaque => {
            Ok(parse_json(text).unwrap_or_else(|_| text.into()))
        }
        BodyFormat::Text | BodyFormat::Opaque | BodyFormat::Multipart | BodyFormat::Form => {
            Ok(text.into())
        }
    }
}

fn not_utf8(bytes: &[u8], at: usize) -> String {
    let lines = bytes[..at].split(|byte| *byte == b'\n');
    let (line, column) = lines.fold((0, 0), |(line, _), text| (line + 1, text.len() + 1));
    format!("must be UTF-8: invalid byte at line {line} column {column}")
}

fn is_xml(essence: &str) -> bool {
    matches!(essence, "application/xml" | "text/xml") || essence.ends_with("+xml")
}

fn envelope(keyword: &str, expected: Option<Value>, text: impl Into<String>) -> Violation {
    Violation::new(MessagePart::Body, "", keyword, expected, text)
}
