//! A chosen response made into bytes: its example or a value made up from its schema, in its media type; and kept.
//!
//! Must not know how a response is chosen, nor what a request asked for.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;

use bytes::Bytes;
use http::HeaderName;
use http::HeaderValue;
use http::Response;
use http::StatusCode;
use http::header;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use crate::documented::choose::Chosen;
use crate::documented::choose::ChosenMedia;
use crate::documented::headers::About;
use crate::documented::refuse::Refusal;
use crate::media;
use crate::media::Written;
use crate::message::FRAMING;
use crate::openapi::Contract;
use crate::openapi::Direction;
use crate::openapi::Header;
use crate::openapi::MediaType;
use crate::sample;
use crate::sample::Wish;
use crate::validation::Place;
use crate::validation::Violation;
use crate::validation::response_violations;

/// Bytes of answers that are kept: what is asked for again and again in tests is a few megabytes.
const KEPT_BYTES_MAX: usize = 32 << 20;

/// Bytes that an answer takes beside its body, by estimate.
const OVERHEAD_BYTES: usize = 512;

/// Headers that the media type or this server decides, whatever is documented, beside those that frame the message.
const NOT_DOCUMENTED: [HeaderName; 3] =
    [header::CONTENT_TYPE, header::CONTENT_ENCODING, header::DATE];

/// An answer, ready to be sent any number of times.
#[derive(Clone, Debug)]
pub(super) struct Rendered {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
    /// How its example departs from its schema.
    pub(super) misfits: Vec<Violation>,
    /// What the log calls it.
    pub(super) label: Arc<str>,
}

impl Rendered {
    pub(super) fn response(&self) -> Response<Bytes> {
        let mut response = Response::new(self.body.clone());
        *response.status_mut() = self.status;
        for (name, value) in &self.headers {
            response.headers_mut().append(name, value.clone());
        }
        response
    }
}

/// How bodies are made.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches, as users give them")]
pub(super) struct Making {
    pub(super) seed: u64,
    pub(super) is_dynamic: bool,
    pub(super) is_kept: bool,
    pub(super) passes_over_examples: bool,
    pub(super) fill_properties: bool,
}

impl Making {
    fn wish(&self) -> Wish {
        Wish {
            direction: Direction::Response,
            fresh: self.is_dynamic,
            fill_properties: self.fill_properties,
        }
    }
}

/// What an answer is kept by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    operation: usize,
    status: u16,
    media: Option<usize>,
    example: Option<String>,
    seed: u64,
    is_dynamic: bool,
    is_refusal: bool,
}

/// The answers of one provider that were made before.
#[derive(Debug, Default)]
pub struct Renderings {
    kept: RwLock<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    by_key: HashMap<Key, Arc<Rendered>>,
    bytes: usize,
}

impl Renderings {
    /// The answer, made now unless it was made before.
    pub(super) fn rendered(
        &self,
        contract: &Contract,
        number: usize,
        chosen: &Chosen<'_>,
        making: &Making,
    ) -> Result<Arc<Rendered>, Refusal> {
        let is_of_range = chosen.media.as_ref().is_some_and(|media| media.is_range);
        // A client can name any number of types in a range.
        if !making.is_kept || is_of_range {
            return render(contract, number, chosen, making).map(Arc::new);
        }
        let key = Key {
            operation: number,
            status: chosen.status,
            media: chosen.media.as_ref().map(|media| media.number),
            example: chosen.example.clone(),
            seed: making.seed,
            is_dynamic: making.is_dynamic,
            is_refusal: chosen.is_refusal,
        };
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(rendered) = kept.by_key.get(&key) {
            return Ok(Arc::clone(rendered));
        }
        drop(kept);
        let rendered = Arc::new(render(contract, number, chosen, making)?);
        let bytes = rendered.body.len() + OVERHEAD_BYTES;
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes + bytes > KEPT_BYTES_MAX {
            *kept = Kept::default();
        }
        kept.bytes += bytes;
        kept.by_key.insert(key, Arc::clone(&rendered));
        Ok(rendered)
    }
}

fn render(
    contract: &Contract,
    number: usize,
    chosen: &Chosen<'_>,
    making: &Making,
) -> Result<Rendered, Refusal> {
    let status = StatusCode::from_u16(chosen.status).unwrap_or_default();
    let mut headers = Vec::new();
    let mut made = None;
    let mut rendered = Rendered {
        status,
        headers: Vec::new(),
        body: Bytes::new(),
        misfits: Vec::new(),
        label: label(contract, number, chosen),
    };
    if let Some(media) = &chosen.media {
        let mut content_type = HeaderValue::from_str(&media.name).ok();
        if let Some((value, misfits)) = value(contract, media, chosen, making)? {
            rendered.misfits = misfits;
            match written(contract, media, &value) {
                Some(written) => {
                    content_type = Some(written.content_type);
                    rendered.body = written.body;
                }
                None => rendered.misfits.push(unwritable(&media.name)),
            }
            made = Some(value);
        }
        headers.extend(content_type.map(|content_type| (CONTENT_TYPE, content_type)));
    }
    let about = About {
        contract,
        number,
        chosen,
        value: made.as_ref(),
        length: rendered.body.len(),
        seed: making.seed,
    };
    headers.extend(self::headers(&about, making));
    // RFC 9110 sections 15.3.5 and 15.4.5: there is none.
    if [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&status) {
        rendered.body = Bytes::new();
        headers.retain(|(name, _)| name != CONTENT_TYPE);
    }
    rendered.headers = headers;
    Ok(rendered)
}

/// Whether an answer of a media type has a body: its first example or, without one, what is made up from its schema.
pub(super) fn can_write(contract: &Contract, name: &str, media: &MediaType) -> bool {
    let wish = Wish::of(Direction::Response);
    let made = || sample::nearest(&contract.schemas, media.schema?, &wish, 0).ok();
    let Some(value) = media.examples.values().next().cloned().or_else(made) else { return true };
    let schema = media.schema.map(|schema| (&*contract.schemas, schema));
    media::write_encoded(&value, name, schema, &media.encoding).is_some()
}

/// A body in its media type; `None` where it cannot be written in that.
fn written(contract: &Contract, media: &ChosenMedia<'_>, value: &Value) -> Option<Written> {
    let schema = media.media.schema.map(|schema| (&*contract.schemas, schema));
    media::write_encoded(value, &media.name, schema, &media.media.encoding)
}

fn unwritable(media_type: &str) -> Violation {
    let text = format!("cannot be written as `{media_type}`, and is left empty");
    Violation::new(Place::Response, "", "content", Some(media_type.into()), text)
}

/// The value of a body, and how it departs from its schema if it is a documented one.
fn value(
    contract: &Contract,
    media: &ChosenMedia<'_>,
    chosen: &Chosen<'_>,
    making: &Making,
) -> Result<Option<(Value, Vec<Violation>)>, Refusal> {
    let examples = &media.media.examples;
    let named = chosen.example.as_ref().and_then(|name| examples.get(name));
    let first = examples.values().next();
    let first = first.filter(|_| !making.passes_over_examples || media.media.schema.is_none());
    let Some(example) = named.or(first) else {
        let Some(schema) = media.media.schema else {
            return Ok(media::empty_value(&media.name).map(|value| (value, Vec::new())));
        };
        let value = sample::nearest(&contract.schemas, schema, &making.wish(), making.seed)
            .map_err(|unmet| Refusal::TooComplex(unmet.to_string()))?;
        let misfits = response_violations(&contract.schemas, schema, &value);
        return Ok(Some((value, misfits)));
    };
    let Some(schema) = media.media.schema else { return Ok(Some((example.clone(), Vec::new()))) };
    let misfits = response_violations(&contract.schemas, schema, example);
    // Documents often have the text of a JSON value where the value itself should be.
    if let (false, Value::String(text)) = (misfits.is_empty(), example) {
        if let Ok(value) = serde_json::from_str::<Value>(text)
            && response_violations(&contract.schemas, schema, &value).is_empty()
        {
            return Ok(Some((value, Vec::new())));
        }
        // Text of another type, XML above all, is not held against a schema of what it means.
        if !media::is_json(&media.name) {
            return Ok(Some((example.clone(), Vec::new())));
        }
    }
    Ok(Some((example.clone(), misfits)))
}

fn headers(about: &About<'_>, making: &Making) -> Vec<(HeaderName, HeaderValue)> {
    let documented = about.chosen.response.headers.iter();
    let named = documented.filter_map(|(name, header)| {
        let name: HeaderName = name.parse().ok()?;
        (!FRAMING.contains(&name) && !NOT_DOCUMENTED.contains(&name)).then_some((name, header))
    });
    named
        .filter_map(|(name, header)| {
            let value = header_value(about, &name, header, making)?;
            Some((name, value))
        })
        .collect()
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
    let value = sample::sample(schemas, schema, &making.wish(), making.seed).ok()?;
    media::header_text(&value, header.explode)
}

/// A header's text as the values of which a schema may ask for one: itself, the number or truth that it says, a list.
fn readings(text: &str) -> impl Iterator<Item = Value> {
    let scalar = serde_json::from_str(text).ok().filter(|value: &Value| !value.is_string());
    let list = text.split(", ").map(Value::from).collect();
    std::iter::once(Value::from(text)).chain(scalar).chain([list])
}

/// `200 of openapi.yaml:33`.
fn label(contract: &Contract, number: usize, chosen: &Chosen<'_>) -> Arc<str> {
    let operation = &contract.operations[number];
    let (status, line) = (chosen.status, chosen.response.line);
    let example = match &chosen.example {
        Some(name) => format!(" example {name}"),
        None => String::new(),
    };
    let why = if chosen.is_refusal { ", the request is invalid" } else { "" };
    format!("{} documents {status}{example}, {}:{line}{why}", operation.id, contract.file).into()
}
