//! Answers: a documented response, and what of its example differs.
//!
//! What can be written down at load is; what is computed is checked against the contract each time it is
//! sent. Must not know when an answer is given.

use std::borrow::Cow;

use bytes::Bytes;
use http::HeaderName;
use http::HeaderValue;
use http::Response;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use indexmap::IndexMap;
use serde_json::Value as Json;

use crate::behavior::body_check::BodyCheck;
use crate::behavior::format::AnswerFormat;
use crate::behavior::notes::Notes;
use crate::expression::Names;
use crate::expression::Template;
use crate::expression::Value;
use crate::finding::child;
use crate::finding::did_you_mean;
use crate::media;
use crate::media::Written;
use crate::message::FRAMING;
use crate::openapi::Direction;
use crate::openapi::Encoding;
use crate::openapi::MediaType;
use crate::openapi::Operation;
use crate::openapi::SchemaId;
use crate::openapi::Schemas;

/// An answer, ready to be given.
#[derive(Debug)]
pub(crate) struct Answer {
    status: StatusCode,
    /// What the body is written in; none where there is no body.
    medium: Option<Medium>,
    body: AnswerBody,
    headers: Vec<(HeaderName, Template)>,
}

#[derive(Debug)]
enum AnswerBody {
    Nothing,
    Fixed(Written),
    Computed(Template),
    Patched { example: Json, patch: Template },
}

/// The media type of a body, and how the members of one in several parts are written.
#[derive(Debug)]
struct Medium {
    name: String,
    encoding: IndexMap<String, Encoding>,
    /// What the body must fit.
    schema: Option<SchemaId>,
}

impl Medium {
    fn of(name: &str, media: Option<&MediaType>) -> Self {
        Self {
            name: name.to_owned(),
            encoding: media.map(|media| media.encoding.clone()).unwrap_or_default(),
            schema: media.and_then(|media| media.schema),
        }
    }

    /// The body as it is sent.
    fn write(&self, value: &Json, schemas: &Schemas) -> Result<Written, String> {
        let schema = self.schema.map(|schema| (schemas, schema));
        media::write_encoded(value, &self.name, schema, &self.encoding)
            .ok_or_else(|| format!("the body cannot be written as `{}`", self.name))
    }

    /// Holds a body against its schema. A text of a type other than JSON is what it says in that type, and no value of
    /// the schema.
    fn check(&self, value: &Json, schemas: &Schemas) -> Result<(), String> {
        match self.schema {
            Some(_) if value.is_string() && !media::is_json(&self.name) => Ok(()),
            Some(schema) => check_body(value, schema, schemas),
            None => Ok(()),
        }
    }
}

/// Where an answer stands: what it may name, and the operation whose responses it may give.
pub(crate) struct AnswerPlace<'a> {
    pub(crate) pointer: &'a str,
    pub(crate) operation: Option<&'a Operation>,
    pub(crate) names: &'a dyn Names,
    pub(crate) schemas: &'a Schemas,
    /// Whether bodies that are written out are held against their schemas here and now.
    pub(crate) vet: bool,
}

impl Answer {
    /// Reads an answer; `None` when it cannot be given, and then `notes` says why.
    pub(crate) fn compile(
        format: &AnswerFormat,
        place: &AnswerPlace<'_>,
        notes: &mut Notes<'_>,
    ) -> Option<Self> {
        let (status, media) = response(format, place, notes)?;
        let medium = match media {
            Some((name, media)) => Some(Medium::of(name, Some(media))),
            None if format.body.is_some() && place.operation.is_none() => {
                Some(Medium::of("application/json", None))
            }
            None => None,
        };
        let headers = headers(format, medium.as_ref(), place, notes);
        let media = media.zip(medium.as_ref()).map(|((_, media), medium)| (media, medium));
        let body = body(format, status, media, medium.as_ref(), place, notes)?;
        Some(Self { status, medium, body, headers })
    }

    /// The answer's status.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// The answer for a request; an `Err` says why it cannot be given.
    pub(crate) fn render(
        &self,
        scope: &Value,
        schemas: &Schemas,
    ) -> Result<Response<Bytes>, String> {
        let written = self.written(scope, schemas)?;
        let medium = self.medium.as_ref().and_then(|medium| content_type(&medium.name));
        let (body, content_type) = match written {
            Some(Written { body, content_type }) => (body, Some(content_type)),
            None => (Bytes::new(), medium),
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        if let Some(content_type) = content_type {
            response.headers_mut().insert(CONTENT_TYPE, content_type);
        }
        for (name, template) in &self.headers {
            let value = match template.render(scope).map_err(|failure| failure.to_string())? {
                Json::String(text) => text,
                Json::Null => continue,
                other => other.to_string(),
            };
            let value = header_value(name, &value, self.medium.as_ref())?;
            response.headers_mut().insert(name, value);
        }
        Ok(response)
    }

    fn written(&self, scope: &Value, schemas: &Schemas) -> Result<Option<Written>, String> {
        let body = match &self.body {
            AnswerBody::Nothing => return Ok(None),
            AnswerBody::Fixed(written) => return Ok(Some(written.clone())),
            AnswerBody::Computed(template) => {
                template.render(scope).map_err(|failure| failure.to_string())?
            }
            AnswerBody::Patched { example, patch } => {
                let patch = patch.render_patch(scope).map_err(|failure| failure.to_string())?;
                merged(example.clone(), patch)
            }
        };
        let Some(medium) = &self.medium else { return Ok(None) };
        medium.check(&body, schemas)?;
        medium.write(&body, schemas).map(Some)
    }
}

/// Holds a body against the schema of its response.
fn check_body(body: &Json, schema: SchemaId, schemas: &Schemas) -> Result<(), String> {
    let validator = schemas.response_validator(schema)?;
    if validator.is_valid(body) {
        return Ok(());
    }
    let mut reason = String::new();
    schemas.tell_misfits((schema, Direction::Response), body, 1, &mut |base, error| {
        reason = match format!("{base}{}", error.instance_path()).as_str() {
            "" => error.to_string(),
            place => format!("at `{place}`: {error}"),
        };
    });
    Err(format!(
        "the body does not fit the documented schema {}: {reason}",
        schemas.pointer(schema)
    ))
}

/// The status and the documented media type that an answer names.
fn response<'a>(
    format: &AnswerFormat,
    place: &AnswerPlace<'a>,
    notes: &mut Notes<'_>,
) -> Option<(StatusCode, Option<(&'a str, &'a MediaType)>)> {
    let mut wrong = |pointer: &str, message: String, hint: Option<String>| {
        notes.error(&child(place.pointer, pointer), message, hint);
        None
    };
    let (number, operation) = match (format.respond, format.status, place.operation) {
        (Some(number), None, Some(operation)) => (number, Some(operation)),
        (None, Some(number), None) => (number, None),
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
    Some((status, response.preferred().map(|(_, name, media)| (name, media))))
}

/// A documented media type as a header says it.
fn content_type(media_type: &str) -> Option<HeaderValue> {
    let media_type = if media_type == "*/*" { "application/json" } else { media_type };
    HeaderValue::from_str(media_type).ok()
}

fn headers(
    format: &AnswerFormat,
    medium: Option<&Medium>,
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
            && let Err(reason) = header_value(&name, text, medium)
        {
            notes.error(&pointer, reason, None);
        }
        headers.push((name, template));
    }
    headers
}

/// The value of a header; a `Content-Type` has to be that of the body.
fn header_value(
    name: &HeaderName,
    text: &str,
    medium: Option<&Medium>,
) -> Result<HeaderValue, String> {
    let value = HeaderValue::from_str(text)
        .map_err(|_| format!("the header `{name}` cannot have the value `{text}`"))?;
    if *name == CONTENT_TYPE {
        let Some(Medium { name, .. }) = medium else {
            return Err(format!("`Content-Type` is `{text}`, and the answer has no body"));
        };
        let is_json = media::is_json(name) && media::is_json(text);
        if !is_json && !media::is_offered(name, text) {
            return Err(format!(
                "`Content-Type` is `{text}`, and the body is documented as `{name}`"
            ));
        }
    }
    Ok(value)
}

fn body(
    format: &AnswerFormat,
    status: StatusCode,
    media: Option<(&MediaType, &Medium)>,
    medium: Option<&Medium>,
    place: &AnswerPlace<'_>,
    notes: &mut Notes<'_>,
) -> Option<AnswerBody> {
    let given = |name: &str| child(place.pointer, name);
    if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        if format.body.is_some() || format.example.is_some() || format.patch.is_some() {
            let message = format!("a {} answer has no body", status.as_u16());
            notes.error(
                &given("body"),
                message,
                "leave `body`, `example` and `patch` out".to_owned(),
            );
        }
        return Some(AnswerBody::Nothing);
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
    let Some((media, medium)) = media else {
        if format.example.is_some() || format.patch.is_some() {
            let message = format!("the response {status} is documented without a body");
            notes.error(&given("example"), message, None);
        }
        return Some(AnswerBody::Nothing);
    };
    let example = example(format, &medium.name, media, place, notes)?;
    if place.vet
        && format.patch.is_none()
        && let Err(reason) = medium.check(&example, place.schemas)
    {
        notes.error(
            place.pointer,
            format!("the documented example cannot be sent: {reason}"),
            None,
        );
    }
    match &format.patch {
        None => fixed(&example, medium, place.pointer, place, notes),
        Some(patch) => {
            let patch = merge_patch(patch, medium, &given("patch"), place, notes)?;
            Some(AnswerBody::Patched { example: example.into_owned(), patch })
        }
    }
}

/// A merge patch that takes away nothing that the schema requires.
fn merge_patch(
    format: &Json,
    medium: &Medium,
    pointer: &str,
    place: &AnswerPlace<'_>,
    notes: &mut Notes<'_>,
) -> Option<Template> {
    let patch = template(format, pointer, place, notes)?;
    if let Some(schema) = medium.schema.filter(|_| place.vet) {
        BodyCheck { schemas: place.schemas, notes }.patch(&patch, schema, pointer);
    }
    Some(patch)
}

/// The documented example that an answer gives: the one it names, or the only one. Where nothing at all is documented of
/// a body, an empty one.
fn example<'a>(
    format: &AnswerFormat,
    media_type: &str,
    media: &'a MediaType,
    place: &AnswerPlace<'_>,
    notes: &mut Notes<'_>,
) -> Option<Cow<'a, Json>> {
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
        return found.map(Cow::Borrowed);
    }
    let empty = || media::empty_value(media_type).filter(|_| media.schema.is_none());
    match names.as_slice() {
        [_] => media.examples.first().map(|(_, example)| Cow::Borrowed(example)),
        [] if let Some(empty) = empty() => Some(Cow::Owned(empty)),
        [] => {
            let message = "the documented response has no example, and this gives no body";
            notes.error(place.pointer, message, "add a `body`".to_owned());
            None
        }
        _ => {
            let message = "the documented response has several examples, and this names none";
            let hint = format!("add `example:` with one of {}", names.join(", "));
            notes.error(place.pointer, message, hint);
            None
        }
    }
}

fn computed(
    format: &Json,
    medium: Option<&Medium>,
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
        if let Some(schema) = medium.and_then(|medium| medium.schema).filter(|_| place.vet) {
            BodyCheck { schemas: place.schemas, notes }.body(&template, schema, pointer);
        }
        return Some(AnswerBody::Computed(template));
    };
    let Some(medium) = medium else { return Some(AnswerBody::Nothing) };
    if place.vet
        && let Err(reason) = medium.check(literal, place.schemas)
    {
        notes.error(pointer, reason, None);
    }
    fixed(literal, medium, pointer, place, notes)
}

/// A body that is the same each time, written once.
fn fixed(
    value: &Json,
    medium: &Medium,
    pointer: &str,
    place: &AnswerPlace<'_>,
    notes: &mut Notes<'_>,
) -> Option<AnswerBody> {
    match medium.write(value, place.schemas) {
        Ok(written) => Some(AnswerBody::Fixed(written)),
        Err(reason) => {
            let hint = "give a text, which is sent as it is".to_owned();
            notes.error(pointer, reason, hint);
            None
        }
    }
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

/// JSON Merge Patch, as RFC 7396 section 2 defines it.
pub fn merged(target: Json, patch: Json) -> Json {
    let Json::Object(patch) = patch else { return patch };
    let mut members = match target {
        Json::Object(members) => members,
        _ => serde_json::Map::new(),
    };
    for (name, value) in patch {
        if value.is_null() {
            members.shift_remove(&name);
        } else {
            let before = members.get_mut(&name).map_or(Json::Null, Json::take);
            members.insert(name, merged(before, value));
        }
    }
    Json::Object(members)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_merge_patch_does_what_its_standard_shows() {
        // RFC 7396, appendix A.
        let cases = [
            (json!({"a":"b"}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"b"}), json!({"b":"c"}), json!({"a":"b","b":"c"})),
            (json!({"a":"b"}), json!({"a":null}), json!({})),
            (json!({"a":["b"]}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":{"b":"c"}}), json!({"a":{"b":"d","c":null}}), json!({"a":{"b":"d"}})),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"a":"foo"}), json!(null), json!(null)),
            (json!({"e":null}), json!({"a":1}), json!({"e":null,"a":1})),
            (json!([1, 2]), json!({"a":"b","c":null}), json!({"a":"b"})),
            (json!({}), json!({"a":{"bb":{"ccc":null}}}), json!({"a":{"bb":{}}})),
        ];
        for (target, patch, result) in cases {
            assert_eq!(merged(target.clone(), patch.clone()), result, "{target} with {patch}");
        }
    }
}
