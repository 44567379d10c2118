//! A response made into bytes: the value that was decided on, its example or one made up from its schema, in its media
//! type; and kept.
//!
//! Must not know how a media type is chosen, nor what a request asked for.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use parking_lot::RwLock;
use serde_json::Value;

use crate::message::FRAMING;
use crate::openapi::{Contract, Direction, Header, SchemaId, Schemas};
use crate::sample::SampleOptions;
use crate::validation::{MessagePart, Violation, response_violations};
use crate::{media, sample};

use super::headers::About;
use super::mend::mended;
use super::negotiate::{ChosenMedia, Offer};
use super::not_sent::NotSent;
use super::{BodySource, Decided, Making, negotiate};

/// Bytes of answers that are kept: what is asked for again and again in tests is a few megabytes.
const KEPT_BYTES_MAX: usize = 32 << 20;

/// Headers that answers get later: what made them, the sandbox, the request's number, and how browsers are to take them.
const STAMPED_HEADERS: usize = 7;

/// Bytes that an answer takes beside its body, by estimate.
const OVERHEAD_BYTES: usize = 512;

/// Headers that the media type or this server decides, whatever is documented, beside those that frame the message.
const NOT_DOCUMENTED: [HeaderName; 3] =
    [header::CONTENT_TYPE, header::CONTENT_ENCODING, header::DATE];

/// A response, ready to be sent any number of times.
#[derive(Clone, Debug)]
struct Rendered {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
    misfits: Vec<Violation>,
    label: Arc<str>,
}

/// A response that was written.
#[derive(Clone, Debug)]
pub struct WrittenResponse {
    /// The response.
    pub response: Response<Bytes>,
    /// Violations of its schema by its documented value.
    pub misfits: Vec<Violation>,
    /// Which documented response it is, in words; empty where its body was not documented.
    pub label: Arc<str>,
    /// Whether its body is documented, and so could be made in another way.
    pub is_made: bool,
}

/// One of which nothing is documented.
impl From<Response<Bytes>> for WrittenResponse {
    fn from(response: Response<Bytes>) -> Self {
        Self { response, misfits: Vec::new(), label: Arc::default(), is_made: false }
    }
}

/// Key of a cached response.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct RenderingKey {
    operation: usize,
    status: u16,
    media: Option<usize>,
    /// The number of the example among those of the media type, if one was asked for.
    example: Option<usize>,
    /// The number of a value that is not documented.
    value: Option<u32>,
    seed: u64,
    is_dynamic: bool,
    is_refusal: bool,
}

/// The responses of one provider that were made before.
#[derive(Debug, Default)]
pub struct Renderings {
    kept: RwLock<KeptResponse>,
}

#[derive(Debug, Default)]
struct KeptResponse {
    by_key: HashMap<RenderingKey, Arc<Rendered>>,
    bytes: usize,
}

impl Renderings {
    /// Writes a response for a request with these headers.
    pub fn write(
        &self,
        contract: &Contract,
        operation: usize,
        decided: &Decided<'_>,
        headers: &HeaderMap,
        making: &Making,
    ) -> Result<WrittenResponse, NotSent> {
        let media = negotiate::choose(&contract.operations[operation], decided, headers)?;
        let rendering = Rendering { contract, operation, decided, media, making };
        let rendered = self.rendered(&rendering)?;
        let mut response = Response::new(rendered.body.clone());
        *response.status_mut() = rendered.status;
        // At once for those, too, that every answer gets: a map that grows is made anew.
        let headers = rendered.headers.len() + decided.headers.len() + STAMPED_HEADERS;
        response.headers_mut().reserve(headers);
        for (name, value) in &rendered.headers {
            response.headers_mut().append(name, value.clone());
        }
        for (name, value) in &decided.headers {
            match value {
                Some(value) => drop(response.headers_mut().insert(name, value.clone())),
                None => drop(response.headers_mut().remove(name)),
            }
        }
        Ok(WrittenResponse {
            response,
            misfits: rendered.misfits.clone(),
            label: Arc::clone(&rendered.label),
            is_made: rendering.media.is_some()
                && matches!(decided.content, BodySource::Documented(_)),
        })
    }

    /// The response, made now unless it was made before.
    fn rendered(&self, rendering: &Rendering<'_>) -> Result<Arc<Rendered>, NotSent> {
        let Some(key) = rendering.key() else { return rendering.render().map(Arc::new) };
        let kept = self.kept.read();
        if let Some(rendered) = kept.by_key.get(&key) {
            return Ok(Arc::clone(rendered));
        }
        drop(kept);
        let rendered = Arc::new(rendering.render()?);
        let bytes = rendered.body.len() + OVERHEAD_BYTES;
        let mut kept = self.kept.write();
        if kept.bytes + bytes > KEPT_BYTES_MAX {
            *kept = KeptResponse::default();
        }
        kept.bytes += bytes;
        kept.by_key.insert(key, Arc::clone(&rendered));
        Ok(rendered)
    }
}

/// The value of a body, and how it departs from its schema.
type Valued<'v> = (Cow<'v, Value>, Vec<Violation>);

/// A response on its way to be bytes.
struct Rendering<'a> {
    contract: &'a Contract,
    operation: usize,
    decided: &'a Decided<'a>,
    media: Option<ChosenMedia<'a>>,
    making: &'a Making,
}

impl Rendering<'_> {
    /// Its key in the cache; `None` if it is not kept.
    fn key(&self) -> Option<RenderingKey> {
        let Self { decided, making, .. } = self;
        // A client can name any number of types in a range.
        let is_of_range = self.media.as_ref().is_some_and(|media| media.is_range);
        let example = |name: &str| self.media.as_ref()?.offer.media.examples.get_index_of(name);
        let (example, value) = match &decided.content {
            BodySource::Documented(name) => (name.as_deref().and_then(example), None),
            BodySource::Fixed(_, number) => (None, Some(*number)),
            BodySource::Computed(_) => return None,
        };
        // Of a fixed value only headers are made up.
        let is_made = value.is_none() || !decided.response.headers.is_empty();
        if is_of_range || (is_made && !making.is_kept) {
            return None;
        }
        Some(RenderingKey {
            operation: self.operation,
            status: decided.status,
            media: self.media.as_ref().map(|media| media.offer.number),
            example,
            value,
            seed: if is_made { making.seed } else { 0 },
            is_dynamic: is_made && making.is_dynamic,
            is_refusal: decided.is_refusal,
        })
    }

    fn render(&self) -> Result<Rendered, NotSent> {
        let status = StatusCode::from_u16(self.decided.status).unwrap_or_default();
        let mut rendered = Rendered {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
            misfits: Vec::new(),
            label: self.label(),
        };
        let mut made = None;
        if let Some(chosen) = &self.media {
            let mut content_type = HeaderValue::from_str(&chosen.name).ok();
            if let Some((value, misfits)) = self.value(chosen)? {
                rendered.misfits = misfits;
                match chosen.sent().write(&self.contract.schemas, &value) {
                    Some(written) => {
                        content_type = Some(written.content_type);
                        rendered.body = written.body;
                    }
                    None if matches!(self.decided.content, BodySource::Documented(_)) => {
                        rendered.misfits.push(unwritable(&chosen.name));
                    }
                    None => return Err(NotSent::Unfit(cannot_write(&chosen.name))),
                }
                made = Some(value);
            }
            rendered.headers.extend(content_type.map(|it| (CONTENT_TYPE, it)));
        }
        let about = About {
            contract: self.contract,
            number: self.operation,
            status: self.decided.status,
            media_type: self.media.as_ref().map(|media| &*media.name),
            value: made.as_deref(),
            length: rendered.body.len(),
            seed: self.making.seed,
        };
        rendered.headers.extend(self.headers(&about));
        // RFC 9110 sections 15.3.5 and 15.4.5: there is none.
        if [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&status) {
            rendered.body = Bytes::new();
            rendered.headers.retain(|(name, _)| name != CONTENT_TYPE);
        }
        Ok(rendered)
    }

    /// The value of a body, and how it departs from its schema if it is a documented or a mended one. A fixed one was held against it
    /// when it was read.
    fn value<'s>(&'s self, chosen: &'s ChosenMedia<'_>) -> Result<Option<Valued<'s>>, NotSent> {
        let schemas = &self.contract.schemas;
        let named = match &self.decided.content {
            BodySource::Fixed(value, _) => return Ok(Some((Cow::Borrowed(value), Vec::new()))),
            BodySource::Computed(value) => match chosen.sent().check(schemas, value) {
                Ok(()) => return Ok(Some((Cow::Borrowed(value), Vec::new()))),
                Err(_) if self.decided.is_mended => return self.mended(chosen, value).map(Some),
                Err(reason) => return Err(NotSent::Unfit(reason)),
            },
            BodySource::Documented(name) => name,
        };
        self.documented(chosen, named.as_deref())
    }

    /// A computed value that does not fit, with what is documented in place of what is wrong; the documented value where that
    /// does not help. One that does not fit is not put in place of another: nothing may fit.
    fn mended<'s>(
        &'s self,
        chosen: &'s ChosenMedia<'_>,
        value: &Value,
    ) -> Result<Valued<'s>, NotSent> {
        let (schemas, schema) = (&self.contract.schemas, chosen.offer.media.schema);
        let nothing = || (Cow::Owned(Value::Null), Vec::new());
        let (documented, departs) = self.documented(chosen, None)?.unwrap_or_else(nothing);
        let Some(schema) = schema else { return Ok((documented, Vec::new())) };
        if let Some((value, misfits)) = mended(schemas, schema, value, &documented) {
            return Ok((Cow::Owned(value), misfits));
        }
        if !departs.is_empty() {
            let (made_up, _) = self.made_up(schema)?;
            if let Some((value, misfits)) = mended(schemas, schema, value, &made_up) {
                return Ok((Cow::Owned(value), misfits));
            }
        }
        let misfits = response_violations(schemas, schema, value);
        let sent = if departs.is_empty() { documented } else { Cow::Owned(value.clone()) };
        Ok((sent, misfits))
    }

    /// A value that is made up of a schema, and how it departs from it where none fits.
    fn made_up<'s>(&self, schema: SchemaId) -> Result<Valued<'s>, NotSent> {
        let (schemas, making) = (&self.contract.schemas, &self.making);
        let value = sample::nearest(schemas, schema, &making.sample_options(), making.seed);
        let value = value.map_err(|unmet| NotSent::TooComplex(unmet.to_string()))?;
        let misfits = response_violations(schemas, schema, &value);
        Ok((Cow::Owned(value), misfits))
    }

    /// The documented value: the example of that name, else the first, else one that is made up; and how it departs from its
    /// schema.
    fn documented<'s>(
        &'s self,
        chosen: &'s ChosenMedia<'_>,
        named: Option<&str>,
    ) -> Result<Option<Valued<'s>>, NotSent> {
        let schemas = &self.contract.schemas;
        let (examples, schema) = (&chosen.offer.media.examples, chosen.offer.media.schema);
        let named = named.and_then(|name| examples.get(name));
        let first = examples.values().next();
        let first = first.filter(|_| !self.making.passes_over_examples || schema.is_none());
        match (named.or(first), schema) {
            (Some(example), Some(schema)) => {
                Ok(Some(example_value(schemas, schema, example, &chosen.name)))
            }
            (Some(example), None) => Ok(Some((Cow::Owned(example.clone()), Vec::new()))),
            (None, None) => {
                Ok(media::empty_value(&chosen.name).map(|value| (Cow::Owned(value), Vec::new())))
            }
            (None, Some(schema)) => self.made_up(schema).map(Some),
        }
    }

    fn headers(&self, about: &About<'_>) -> Vec<(HeaderName, HeaderValue)> {
        let documented = self.decided.response.headers.iter();
        let named = documented.filter_map(|(name, header)| {
            let name: HeaderName = name.parse().ok()?;
            (!FRAMING.contains(&name) && !NOT_DOCUMENTED.contains(&name)).then_some((name, header))
        });
        let valued = named.filter_map(|(name, header)| {
            let value = header_value(about, &name, header, self.making)?;
            Some((name, value))
        });
        valued.collect()
    }

    /// `200 of openapi.yaml:33`.
    fn label(&self) -> Arc<str> {
        let Decided { status, response, content, is_refusal, .. } = self.decided;
        let example = match content {
            BodySource::Documented(Some(name)) => format!(" example {name}"),
            BodySource::Documented(None) => String::new(),
            BodySource::Fixed(..) | BodySource::Computed(_) => return Arc::default(),
        };
        let operation = &self.contract.operations[self.operation];
        let why = if *is_refusal { ", the request is invalid" } else { "" };
        let (id, file, line) = (&operation.id, &self.contract.file, response.line);
        format!("{id} documents {status}{example}, {file}:{line}{why}").into()
    }
}

/// An example, and how it departs from its schema.
fn example_value<'e>(
    schemas: &Schemas,
    schema: SchemaId,
    example: &'e Value,
    media_type: &str,
) -> Valued<'e> {
    let misfits = response_violations(schemas, schema, example);
    // Documents often have the text of a JSON value where the value itself should be.
    if let (false, Value::String(text)) = (misfits.is_empty(), example) {
        if let Ok(value) = serde_json::from_str::<Value>(text)
            && response_violations(schemas, schema, &value).is_empty()
        {
            return (Cow::Owned(value), Vec::new());
        }
        // Text of another type, XML above all, is not held against a schema of what it means.
        if !media::is_json(media_type) {
            return (Cow::Borrowed(example), Vec::new());
        }
    }
    (Cow::Borrowed(example), misfits)
}

impl Offer<'_> {
    /// Holds a value that is not documented against the schema; an `Err` says how it does not fit. A text of a type other
    /// than JSON is what it says in that type, and no value of the schema.
    pub fn check(&self, schemas: &Schemas, value: &Value) -> Result<(), String> {
        let is_value = !value.is_string() || media::is_json(self.name);
        let Some(schema) = self.media.schema.filter(|_| is_value) else { return Ok(()) };
        // What cannot be compiled fits nothing.
        schemas.response_validator(schema)?;
        let mut reason = None;
        schemas.tell_misfits((schema, Direction::Response), value, 1, &mut |base, error| {
            reason = Some(match format!("{base}{}", error.instance_path()).as_str() {
                "" => error.to_string(),
                place => format!("at `{place}`: {error}"),
            });
        });
        reason.map_or(Ok(()), |reason| {
            let pointer = schemas.pointer(schema);
            Err(format!("the body does not fit the documented schema {pointer}: {reason}"))
        })
    }

    /// Returns true if a value that is not documented can be sent in it.
    pub fn fits(&self, schemas: &Schemas, value: &Value) -> bool {
        self.check(schemas, value).is_ok() && self.write(schemas, value).is_some()
    }

    /// A value as a body; `None` where it cannot be written in this media type.
    pub fn write(&self, schemas: &Schemas, value: &Value) -> Option<media::WrittenBody> {
        let schema = self.media.schema.map(|schema| (schemas, schema));
        media::write_encoded(value, self.name, schema, &self.media.encoding)
    }

    /// Returns true if its first example or, without one, what is made up from its schema can be written.
    pub fn can_be_written(&self, schemas: &Schemas) -> bool {
        let options = SampleOptions::of(Direction::Response);
        let made = || sample::nearest(schemas, self.media.schema?, &options, 0).ok();
        let value = self.media.examples.values().next().cloned().or_else(made);
        value.is_none_or(|value| self.write(schemas, &value).is_some())
    }
}

fn cannot_write(media_type: &str) -> String {
    format!("the body cannot be written as `{media_type}`")
}

fn unwritable(media_type: &str) -> Violation {
    let text = format!("cannot be written as `{media_type}`, and is left empty");
    Violation::new(MessagePart::Response, "", "content", Some(media_type.into()), text)
}

/// A documented header's value: its example, what its name asks for, or else made up; `None` where none can be had.
fn header_value(
    about: &About<'_>,
    name: &HeaderName,
    header: &Header,
    making: &Making,
) -> Option<HeaderValue> {
    let schemas = &about.contract.schemas;
    let example = header.example.as_ref().filter(|_| !making.passes_over_examples);
    if let Some(example) = example {
        return media::header_text(example, header.explode);
    }
    let known = about.values(name);
    let Some(schema) = header.schema else {
        return HeaderValue::from_str(known?.first()?).ok();
    };
    let has_own =
        ["default", "const"].iter().any(|one| schemas.resolved(schema).get(one).is_some());
    if let Some(known) = known.filter(|_| !has_own) {
        let validator = schemas.response_validator(schema).ok();
        let fits = |value: &Value| validator.as_ref().is_none_or(|one| one.is_valid(value));
        if let Some(value) = known.iter().flat_map(|text| readings(text)).find(fits) {
            return media::header_text(&value, header.explode);
        }
        if known.is_empty() {
            return None;
        }
    }
    let value = sample::sample(schemas, schema, &making.sample_options(), making.seed).ok()?;
    media::header_text(&value, header.explode)
}

/// A header's text as the values of which a schema may ask for one: itself, the number or truth that it says, a list.
fn readings(text: &str) -> impl Iterator<Item = Value> {
    let scalar = serde_json::from_str(text).ok().filter(|value: &Value| !value.is_string());
    let list = text.split(", ").map(Value::from).collect();
    std::iter::once(Value::from(text)).chain(scalar).chain([list])
}
