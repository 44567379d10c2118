//! Answers: a documented response, and what of its example differs.
//!
//! What is wrong with one that is written out is found at load. Must not know when an answer is given, nor how it is
//! written.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::Value as Json;

use crate::behavior::body_check::BodyCheck;
use crate::behavior::format::AnswerFormat;
use crate::behavior::notes::Notes;
use crate::expression::{Outline, ScopeNames, Template, Value};
use crate::finding::did_you_mean;
use crate::ids::seed_of;
use crate::json::merged;
use crate::media;
use crate::message::FRAMING;
use crate::openapi::{Direction, MediaType, Operation, Response as Documented, Schemas};
use crate::pointer::child;
use crate::response::{Accept, BodySource, Decided, Offer};
use crate::sample::{SampleOptions, sample};

/// What a body is written in where nothing is documented.
const JSON: &str = "application/json";
/// What it may be called there, too (RFC 9457).
const PROBLEM: &str = "application/problem+json";

/// An answer, ready to be given.
#[derive(Debug)]
pub(crate) struct Answer {
    status: StatusCode,
    body: AnswerBody,
    /// The numbers of the documented media types that the body can be sent in; without, all.
    offered: Option<Box<[usize]>>,
    /// The numbers of those with a schema of their own, in which a computed body can be sent if it fits that.
    offered_if_fitting: Box<[usize]>,
    headers: Vec<(HeaderName, Template)>,
    is_mended: bool,
}

#[derive(Debug)]
enum AnswerBody {
    /// What is documented: the example of that name, or the only one, or else what is made up.
    Documented(Option<String>),
    Fixed(Json),
    Computed(Template),
    Patched {
        example: Json,
        patch: Template,
    },
    /// A value that was made up from the schema, and what goes into it.
    Filled {
        made: Json,
        with: Template,
    },
}

impl AnswerBody {
    /// Whether its value is computed for each request.
    fn is_computed(&self) -> bool {
        matches!(self, Self::Computed(_) | Self::Patched { .. } | Self::Filled { .. })
    }
}

/// Where an answer stands: what it may name, and the operation whose responses it may give.
pub(crate) struct AnswerPlace<'a> {
    pub(crate) pointer: &'a str,
    pub(crate) operation: Option<&'a Operation>,
    pub(crate) names: &'a dyn ScopeNames,
    pub(crate) schemas: &'a Schemas,
    /// Whether bodies that are written out are held against their schemas here and now.
    pub(crate) vet: bool,
    /// Whether the operation's behavior is inferred: then a body that does not fit is mended, and a status need not be
    /// documented.
    pub(crate) is_inferred: bool,
}

impl Answer {
    /// Reads an answer; `None` when it cannot be given, and then `notes` says why.
    pub(crate) fn compile(
        format: &AnswerFormat,
        place: &AnswerPlace<'_>,
        notes: &mut Notes<'_>,
    ) -> Option<Self> {
        let (status, documented) = documented(format, place, notes)?;
        let headers = headers(format, documented, place, notes);
        let own_type = headers.iter().find(|(name, _)| *name == CONTENT_TYPE);
        let own_type = own_type.and_then(|(_, template)| template.literal()?.as_str());
        let nothing = MediaType::default();
        let medium = match documented {
            // Where none suits the header, that was told of it.
            Some(documented) => Offer::preferred(documented, own_type),
            None => Some(Offer { number: 0, name: JSON, media: &nothing }),
        };
        let body = body(format, status, medium, place, notes)?;
        let given =
            documented.zip(medium).filter(|_| !matches!(body, AnswerBody::Documented(None)));
        let offered = given
            .and_then(|(documented, medium)| offered(&body, documented, medium, place.schemas));
        let others = documented.zip(offered.as_ref()).filter(|_| body.is_computed());
        let others = others.into_iter().flat_map(|(documented, offered)| {
            let others = Offer::all(documented).map(|offer| offer.number);
            others.filter(|number| !offered.contains(number))
        });
        let offered_if_fitting = others.collect();
        let is_mended = place.is_inferred;
        Some(Self { status, body, offered, offered_if_fitting, headers, is_mended })
    }

    /// The answer's status.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// The answer for a request, with what is documented for it; `number` is that of the rule. An `Err` says why it cannot
    /// be given.
    pub(crate) fn decide<'d>(
        &'d self,
        documented: &'d Documented,
        number: u32,
        scope: &Value,
        schemas: &Schemas,
    ) -> Result<Decided<'d>, String> {
        let mut offered = self.offered.as_deref().map(Cow::Borrowed);
        let content = match &self.body {
            AnswerBody::Documented(example) => {
                BodySource::Documented(example.as_deref().map(Cow::Borrowed))
            }
            AnswerBody::Fixed(value) => BodySource::Fixed(value, number),
            AnswerBody::Computed(_) | AnswerBody::Patched { .. } | AnswerBody::Filled { .. } => {
                let value = self.value(scope)?.unwrap_or_default();
                let others = Offer::all(documented)
                    .filter(|offer| self.offered_if_fitting.contains(&offer.number))
                    .filter(|offer| offer.fits(schemas, &value));
                for offer in others {
                    offered.get_or_insert_default().to_mut().push(offer.number);
                }
                BodySource::Computed(value)
            }
        };
        Ok(Decided {
            status: self.status.as_u16(),
            response: documented,
            content,
            offered,
            accept: Accept::Decides,
            headers: self.headers(scope)?,
            is_refusal: false,
            is_mended: self.is_mended,
        })
    }

    /// The answer where nothing is documented; an `Err` says why it cannot be given.
    pub(crate) fn undocumented(&self, scope: &Value) -> Result<Response<Bytes>, String> {
        let written = self.value(scope)?.and_then(|value| media::write(&value, JSON, None));
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = self.status;
        if let Some(written) = written {
            *response.body_mut() = written.body;
            response.headers_mut().insert(CONTENT_TYPE, written.content_type);
        }
        for (name, value) in self.headers(scope)? {
            if name == CONTENT_TYPE {
                // The answer's own, in the place of the one that it was written by.
                response.headers_mut().remove(&name);
            }
            response.headers_mut().extend(value.map(|value| (name, value)));
        }
        Ok(response)
    }

    /// The value of the body, where it is not documented.
    fn value(&self, scope: &Value) -> Result<Option<Json>, String> {
        let value = match &self.body {
            AnswerBody::Documented(_) => return Ok(None),
            AnswerBody::Fixed(value) => Ok(value.clone()),
            AnswerBody::Computed(template) => template.render(scope),
            AnswerBody::Patched { example, patch } => {
                patch.render_patch(scope).map(|patch| merged(example.clone(), patch))
            }
            AnswerBody::Filled { made, with } => {
                with.render(scope).map(|with| filled(made.clone(), with))
            }
        };
        value.map(Some).map_err(|failure| failure.to_string())
    }

    /// The headers; one without a value is not sent, documented or not.
    fn headers(&self, scope: &Value) -> Result<Vec<(HeaderName, Option<HeaderValue>)>, String> {
        let header = |(name, template): &(HeaderName, Template)| {
            let value = match template.render(scope).map_err(|failure| failure.to_string())? {
                Json::String(text) => Some(header_value(name, &text)?),
                Json::Null => None,
                other => Some(header_value(name, &other.to_string())?),
            };
            Ok((name.clone(), value))
        };
        self.headers.iter().map(header).collect()
    }
}

/// The numbers of the media types that a body can be sent in: the one that it is meant for, and those of which nothing else
/// is documented. `None`: all of them.
fn offered(
    body: &AnswerBody,
    documented: &Documented,
    meant: Offer<'_>,
    schemas: &Schemas,
) -> Option<Box<[usize]>> {
    let is_offered = |offer: &Offer<'_>| {
        offer.number == meant.number
            || match body {
                AnswerBody::Documented(None) => true,
                AnswerBody::Documented(Some(name)) => offer.media.examples.contains_key(name),
                AnswerBody::Fixed(value) => offer.fits(schemas, value),
                AnswerBody::Computed(_)
                | AnswerBody::Patched { .. }
                | AnswerBody::Filled { .. } => {
                    let schema =
                        |offer: &Offer<'_>| offer.media.schema.map(|it| schemas.canonical(it));
                    schema(offer).is_none_or(|one| schema(&meant) == Some(one))
                        && !media::has_own_syntax(offer.name)
                }
            }
    };
    let all = Offer::all(documented).filter(is_offered);
    let offered: Box<[usize]> = all.map(|offer| offer.number).collect();
    (offered.len() < documented.content.len()).then_some(offered)
}

/// The status that an answer names, and the response that is documented for it.
fn documented<'a>(
    format: &AnswerFormat,
    place: &AnswerPlace<'a>,
    notes: &mut Notes<'_>,
) -> Option<(StatusCode, Option<&'a Documented>)> {
    let mut wrong = |pointer: &str, message: String, hint: Option<String>| {
        notes.error(&child(place.pointer, pointer), message, hint);
        None
    };
    let (number, operation) = match (format.respond, format.status, place.operation) {
        (Some(number), None, Some(operation)) => (number, Some(operation)),
        (None, Some(number), None) => (number, None),
        (None, Some(number), Some(operation))
            if place.is_inferred && operation.response(number).is_none() =>
        {
            (number, None)
        }
        (None, None, Some(_)) => {
            let hint = "name a documented response with `respond: <status>`".to_owned();
            return wrong("", "this gives no answer".to_owned(), Some(hint));
        }
        (_, Some(_), Some(_)) => {
            let hint = "use `respond`, which names a documented response".to_owned();
            return wrong(
                "status",
                "`status` is for answers without an operation".to_owned(),
                Some(hint),
            );
        }
        (_, _, None) => {
            let hint =
                "use `status`: where no operation was found, nothing is documented".to_owned();
            return wrong("respond", "there is no operation here".to_owned(), Some(hint));
        }
    };
    let Ok(status) = StatusCode::from_u16(number) else {
        return wrong("respond", format!("{number} is no HTTP status"), None);
    };
    let Some(operation) = operation else { return Some((status, None)) };
    let Some(response) = operation.response(number) else {
        let documented: Vec<_> = operation.responses.keys().map(String::as_str).collect();
        let hint = format!("`{}` documents {}", operation.id, documented.join(", "));
        let message = format!("`{}` documents no response {number}", operation.id);
        return wrong("respond", message, Some(hint));
    };
    Some((status, Some(response)))
}

fn headers(
    format: &AnswerFormat,
    documented: Option<&Documented>,
    place: &AnswerPlace<'_>,
    notes: &mut Notes<'_>,
) -> Vec<(HeaderName, Template)> {
    let mut headers: Vec<(HeaderName, Template)> = Vec::new();
    for (name, text) in &format.headers {
        let pointer = child(&child(place.pointer, "headers"), name);
        let template = Template::compile(&Json::String(text.clone()));
        let (name, template) = match (name.parse::<HeaderName>(), template) {
            (Ok(name), Ok(template)) => (name, template),
            (Err(_), _) => {
                notes.error(&pointer, format!("`{name}` is no header name"), None);
                continue;
            }
            (_, Err(mistakes)) => {
                notes.mistakes(&pointer, mistakes);
                continue;
            }
        };
        notes.mistakes(&pointer, template.check(place.names));
        if FRAMING.contains(&name) {
            let hint = "leave it out".to_owned();
            notes.error(&pointer, format!("`{name}` is the server's to set"), hint);
        } else if headers.iter().any(|(other, _)| *other == name) {
            notes.error(
                &pointer,
                format!("`{name}` is given twice"),
                "keep one of them".to_owned(),
            );
        } else if let Some(Json::String(text)) = template.literal()
            && let Err(reason) = check_header(&name, text, format, documented)
        {
            notes.error(&pointer, reason, None);
        }
        headers.push((name, template));
    }
    headers
}

fn header_value(name: &HeaderName, text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text)
        .map_err(|_| format!("the header `{name}` cannot have the value `{text}`"))
}

/// A header has a value that it can have; a `BodySource-Type` is that of the body.
fn check_header(
    name: &HeaderName,
    text: &str,
    format: &AnswerFormat,
    documented: Option<&Documented>,
) -> Result<(), String> {
    header_value(name, text)?;
    if *name != CONTENT_TYPE {
        return Ok(());
    }
    let nothing = MediaType::default();
    let offers: Vec<Offer<'_>> = match documented {
        Some(documented) => Offer::all(documented).collect(),
        None => {
            let names = [JSON, PROBLEM].into_iter().filter(|_| format.body.is_some());
            names.map(|name| Offer { number: 0, name, media: &nothing }).collect()
        }
    };
    if offers.is_empty() {
        return Err(format!("`Content-Type` is `{text}`, and the answer has no body"));
    }
    if !offers.iter().any(|offer| offer.suits(text)) {
        let names: Vec<&str> = offers.iter().map(|offer| offer.name).collect();
        let names = names.join("` and `");
        return Err(format!("`Content-Type` is `{text}`, and the body is documented as `{names}`"));
    }
    Ok(())
}

fn body(
    format: &AnswerFormat,
    status: StatusCode,
    medium: Option<Offer<'_>>,
    place: &AnswerPlace<'_>,
    notes: &mut Notes<'_>,
) -> Option<AnswerBody> {
    let given = |name: &str| child(place.pointer, name);
    if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        let parts = [format.body.is_some(), format.example.is_some(), format.patch.is_some()];
        if parts.contains(&true) || format.fill.is_some() {
            let message = format!("a {} answer has no body", status.as_u16());
            let hint = "leave `body`, `example`, `patch` and `fill` out".to_owned();
            notes.error(&given("body"), message, hint);
        }
        return Some(AnswerBody::Documented(None));
    }
    if let Some(template) = &format.fill {
        return fill(template, format, medium, place, notes);
    }
    if let Some(template) = &format.body {
        if format.example.is_some() || format.patch.is_some() {
            let message = "`body` is given beside `example` or `patch`";
            notes.error(
                &given("body"),
                message,
                "`body` replaces the example: keep one".to_owned(),
            );
        }
        return computed(template, medium, &given("body"), place, notes);
    }
    let Some(medium) = medium.filter(|_| place.operation.is_some()) else {
        if format.example.is_some() || format.patch.is_some() {
            let message = format!("the response {status} is documented without a body");
            notes.error(&given("example"), message, None);
        }
        return Some(AnswerBody::Documented(None));
    };
    let example = example(format, medium.media, place, notes)?;
    if place.vet
        && format.patch.is_none()
        && let Some(example) = example
    {
        check_example(example, medium, place, notes);
    }
    let Some(patch) = &format.patch else {
        return Some(AnswerBody::Documented(format.example.clone()));
    };
    // Where nothing at all is documented of a body, it is laid over an empty one.
    let empty = || media::empty_value(medium.name).filter(|_| medium.media.schema.is_none());
    let Some(example) = example.cloned().or_else(empty) else {
        let message = "`patch` is given, and the documented response has no example";
        notes.error(&given("patch"), message, "add a `body` instead".to_owned());
        return None;
    };
    let patch = merge_patch(patch, medium, &given("patch"), place, notes)?;
    Some(AnswerBody::Patched { example, patch })
}

/// A body that is made up from the schema, here and now, for what goes into it at each request.
fn fill(
    template: &Json,
    format: &AnswerFormat,
    medium: Option<Offer<'_>>,
    place: &AnswerPlace<'_>,
    notes: &mut Notes<'_>,
) -> Option<AnswerBody> {
    let pointer = child(place.pointer, "fill");
    if format.body.is_some() || format.example.is_some() || format.patch.is_some() {
        let message = "`fill` is given beside `body`, `example` or `patch`";
        notes.error(&pointer, message, "keep one of them".to_owned());
    }
    let with = self::template(template, &pointer, place, notes)?;
    let (Some(medium), Some(operation)) = (medium, place.operation) else {
        let message = "the response is documented without a body";
        notes.error(&pointer, message, "leave `fill` out, or document its content".to_owned());
        return None;
    };
    let Some(schema) = medium.media.schema else {
        let message = "the response has no schema that a body could be made up from";
        notes.error(&pointer, message, "add a `body` instead".to_owned());
        return None;
    };
    let options =
        SampleOptions { fill_properties: false, ..SampleOptions::of(Direction::Response) };
    match sample(place.schemas, schema, &options, seed_of(&operation.id)) {
        Ok(made) => Some(AnswerBody::Filled { made, with }),
        Err(unmet) => {
            let message = format!("no body can be made up from the schema: {unmet}");
            notes.error(&pointer, message, "add a `body` instead".to_owned());
            None
        }
    }
}

/// A value with the members of another in it; objects within objects alike, and anything else in place of what is there.
fn filled(made: Json, with: Json) -> Json {
    match (made, with) {
        (Json::Object(mut made), Json::Object(with)) => {
            for (name, value) in with {
                match made.get_mut(&name) {
                    Some(made) => *made = filled(made.take(), value),
                    None => drop(made.insert(name, value)),
                }
            }
            Json::Object(made)
        }
        (_, with) => with,
    }
}

/// A documented example that is sent as it is fits its schema, and can be written.
fn check_example(
    example: &Json,
    medium: Offer<'_>,
    place: &AnswerPlace<'_>,
    notes: &mut Notes<'_>,
) {
    if let Err(reason) = medium.check(place.schemas, example) {
        let message = format!("the documented example cannot be sent: {reason}");
        notes.error(place.pointer, message, None);
    }
    if medium.write(place.schemas, example).is_none() {
        cannot_write(medium, place.pointer, notes);
    }
}

fn cannot_write(medium: Offer<'_>, pointer: &str, notes: &mut Notes<'_>) {
    let message = format!("the body cannot be written as `{}`", medium.name);
    notes.error(pointer, message, "give a text, which is sent as it is".to_owned());
}

/// A merge patch that takes away nothing that the schema requires.
fn merge_patch(
    format: &Json,
    medium: Offer<'_>,
    pointer: &str,
    place: &AnswerPlace<'_>,
    notes: &mut Notes<'_>,
) -> Option<Template> {
    let patch = template(format, pointer, place, notes)?;
    if let Some(schema) = medium.media.schema.filter(|_| place.vet) {
        BodyCheck { schemas: place.schemas, notes }.patch(&patch, schema, pointer);
    }
    Some(patch)
}

/// The documented example that an answer gives: the one it names, or the only one, if there is one. `None` where that
/// cannot be told.
#[expect(clippy::option_option, reason = "there may be none, and that may be wrong")]
fn example<'a>(
    format: &AnswerFormat,
    media: &'a MediaType,
    place: &AnswerPlace<'_>,
    notes: &mut Notes<'_>,
) -> Option<Option<&'a Json>> {
    let names: Vec<_> = media.examples.keys().map(String::as_str).collect();
    if let Some(name) = &format.example {
        let found = media.examples.get(name);
        if found.is_none() {
            let message = format!("the response has no example `{name}`");
            let hint = did_you_mean(name, names.iter().copied()).unwrap_or_else(|| {
                match names.as_slice() {
                    [] => "it has none: leave `example` out and add a `body`".to_owned(),
                    names => format!("it has {}", names.join(", ")),
                }
            });
            notes.error(&child(place.pointer, "example"), message, hint);
        }
        return found.map(Some);
    }
    if names.len() > 1 && !place.is_inferred {
        let message = "the documented response has several examples, and this names none";
        let hint = format!("add `example:` with one of {}", names.join(", "));
        notes.error(place.pointer, message, hint);
        return None;
    }
    Some(media.examples.values().next())
}

fn computed(
    format: &Json,
    medium: Option<Offer<'_>>,
    pointer: &str,
    place: &AnswerPlace<'_>,
    notes: &mut Notes<'_>,
) -> Option<AnswerBody> {
    if medium.is_none() {
        let message = "the response is documented without a body";
        notes.error(pointer, message, "leave `body` out, or document its content".to_owned());
    }
    let template = template(format, pointer, place, notes)?;
    let Some(literal) = template.literal() else {
        let has_parts = !matches!(template.outline(), Outline::Text | Outline::Value(_));
        if let Some(medium) = medium.filter(|it| has_parts && media::has_own_syntax(it.name)) {
            cannot_write(medium, pointer, notes);
        }
        if let Some(schema) = medium.and_then(|medium| medium.media.schema).filter(|_| place.vet) {
            BodyCheck { schemas: place.schemas, notes }.body(&template, schema, pointer);
        }
        return Some(AnswerBody::Computed(template));
    };
    let Some(medium) = medium else { return Some(AnswerBody::Documented(None)) };
    if place.vet
        && let Err(reason) = medium.check(place.schemas, literal)
    {
        notes.error(pointer, reason, None);
    }
    if medium.write(place.schemas, literal).is_none() {
        cannot_write(medium, pointer, notes);
        return None;
    }
    Some(AnswerBody::Fixed(literal.clone()))
}

/// A template whose names are all in scope.
fn template(
    format: &Json,
    pointer: &str,
    place: &AnswerPlace<'_>,
    notes: &mut Notes<'_>,
) -> Option<Template> {
    match Template::compile(format) {
        Ok(template) => {
            notes.mistakes(pointer, template.check(place.names));
            Some(template)
        }
        Err(mistakes) => {
            notes.mistakes(pointer, mistakes);
            None
        }
    }
}
