//! A call of an operation that its contract takes: every parameter it asks for, a body and credentials, made up.
//!
//! Must not know where it is sent.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TE, TRAILER, TRANSFER_ENCODING,
    UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use crate::media::WrittenBody;
use crate::openapi::{
    Contract, Direction, Location, MediaType, NOT_IN_URI, Operation, Parameter, ParameterStyle,
    RequestBody, RouteCondition, Schemas, SecurityScheme,
};
use crate::sample::SampleOptions;
use crate::validation::MessagePart;
use crate::{media, sample};

/// All but what RFC 3986 section 2.3 calls unreserved, so that a value stays where it is put.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The media type of forms.
const FORM: &str = "application/x-www-form-urlencoded";

/// A call that can be made as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleCall {
    /// The method.
    pub method: Method,
    /// The path with its parameters filled in, and the query.
    pub target: String,
    /// Headers, with credentials and cookies among them.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Bytes>,
}

/// A call of the operation with that number which the contract takes; an `Err` says what cannot be made up.
pub fn valid_call(contract: &Contract, number: usize, seed: u64) -> Result<SampleCall, String> {
    make(contract, number, &BTreeMap::new(), (seed, true))
}

/// As [`valid_call`], with these values, by the part of the call that they are in and their names.
pub fn valid_call_at(
    contract: &Contract,
    number: usize,
    values: &BTreeMap<(MessagePart, String), Value>,
) -> Result<SampleCall, String> {
    make(contract, number, values, (0, true))
}

/// As [`valid_call_at`], with as little in it as the contract takes: a body only where it must be there, and no property that need
/// not. Bodies take the most time to make up, and the most room.
pub fn short_call_at(
    contract: &Contract,
    number: usize,
    values: &BTreeMap<(MessagePart, String), Value>,
) -> Result<SampleCall, String> {
    make(contract, number, values, (0, false))
}

fn make(
    contract: &Contract,
    number: usize,
    given: &BTreeMap<(MessagePart, String), Value>,
    (seed, is_full): (u64, bool),
) -> Result<SampleCall, String> {
    let operation = &contract.operations[number];
    let mut draft = CallDraft::default();
    let mut path = operation.template.clone();
    for parameter in &operation.parameters {
        let own = given.get(&(part(parameter.location), parameter.name.clone()));
        let is_needed = parameter.required || own.is_some();
        if !is_needed || parameter.is_ignored() || is_of_transport(parameter) {
            continue;
        }
        let value = match own {
            Some(value) => value.clone(),
            None => parameter_value(&contract.schemas, parameter, seed)?,
        };
        if parameter.location == Location::Path {
            let text = in_path(parameter, &value);
            if text.is_empty() {
                return Err(format!("no value for `{}` but an empty one", parameter.name));
            }
            path = path.replace(&format!("{{{}}}", parameter.name), &text);
        } else {
            draft.add(parameter, &value)?;
        }
    }
    for condition in &operation.conditions {
        draft.meet(condition);
    }
    let schemes = operation.security.first().into_iter().flatten();
    for scheme in schemes.filter_map(|name| contract.security_schemes.get(name)) {
        draft.present(scheme);
    }
    let mut call = draft.into_call(operation.method.clone(), &path);
    add_body(&mut call, (contract, operation), given, (seed, is_full))?;
    let measured = |one: &&Parameter| {
        one.location == Location::Header && one.name.eq_ignore_ascii_case(CONTENT_LENGTH.as_str())
    };
    if let Some(length) = operation.parameters.iter().filter(|one| one.required).find(measured) {
        let bytes = call.body.as_ref().map_or(0, Bytes::len);
        call.headers.push((length.name.clone(), bytes.to_string()));
    }
    Ok(call)
}

fn part(location: Location) -> MessagePart {
    match location {
        Location::Path => MessagePart::Path,
        Location::Query => MessagePart::Query,
        Location::Header => MessagePart::Header,
        Location::Cookie => MessagePart::Cookie,
    }
}

/// Returns true if a parameter is a header that says how a request travels, which is for the client to write.
fn is_of_transport(parameter: &Parameter) -> bool {
    const HEADERS: [HeaderName; 8] =
        [HOST, CONTENT_LENGTH, CONNECTION, EXPECT, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];
    parameter.location == Location::Header
        && HEADERS.iter().any(|name| parameter.name.eq_ignore_ascii_case(name.as_str()))
}

/// Query, headers and cookies of a call.
#[derive(Default)]
struct CallDraft {
    /// Encoded.
    query: Vec<(String, String)>,
    /// The query in place of its pairs, encoded.
    whole_query: Option<String>,
    headers: Vec<(String, String)>,
    /// Encoded.
    cookies: Vec<(String, String)>,
}

impl CallDraft {
    /// Adds a parameter that is not of the path.
    fn add(&mut self, parameter: &Parameter, value: &Value) -> Result<(), String> {
        let name = &parameter.name;
        match parameter.location {
            Location::Query
                if parameter.style == ParameterStyle::WholeQuery && parameter.content.is_some() =>
            {
                self.whole_query = Some(encoded(&value.to_string()).into_owned());
            }
            Location::Query => self.query.extend(PairWriter::of(parameter).write(value)),
            Location::Cookie => self.cookies.extend(PairWriter::of(parameter).write(value)),
            Location::Header | Location::Path => {
                let text = match &parameter.content {
                    Some(_) => value.to_string(),
                    None => joined(value, parameter.style.separator().0, parameter.explode, &plain),
                };
                if HeaderName::from_bytes(name.as_bytes()).is_err() {
                    return Err(format!("no header can have the name `{name}`"));
                }
                if HeaderValue::from_bytes(text.as_bytes()).is_err() {
                    return Err(format!("no value for `{name}` that a header can have"));
                }
                self.headers.push((name.clone(), text));
            }
        }
        Ok(())
    }

    /// Sends what a condition asks for, in place of what was made up.
    fn meet(&mut self, condition: &RouteCondition) {
        let wanted = condition.value.as_deref();
        if condition.location == Location::Header {
            let same =
                |(name, _): &&mut (String, String)| name.eq_ignore_ascii_case(&condition.name);
            match (self.headers.iter_mut().find(same), wanted) {
                (Some((_, value)), Some(wanted)) => wanted.clone_into(value),
                (Some(_), None) => {}
                (None, wanted) => {
                    let value = wanted.unwrap_or("any").to_owned();
                    self.headers.push((condition.name.clone(), value));
                }
            }
            return;
        }
        let name = encoded(&condition.name).into_owned();
        let wanted = wanted.map(|wanted| encoded(wanted).into_owned());
        let is_there = self.query.iter().any(|(sent, value)| {
            *sent == name && wanted.as_ref().is_none_or(|wanted| wanted == value)
        });
        if !is_there {
            self.query.retain(|(sent, _)| *sent != name);
            self.query.push((name, wanted.unwrap_or_default()));
        }
    }

    /// Puts some credential where a scheme has it, unless a parameter is there already.
    fn present(&mut self, scheme: &SecurityScheme) {
        let (location, name, value) = match scheme {
            SecurityScheme::MutualTls => return,
            SecurityScheme::ApiKey { location, name } => {
                (*location, name.as_str(), "key".to_owned())
            }
            scheme => (Location::Header, AUTHORIZATION.as_str(), authorization(scheme)),
        };
        let (pairs, name) = match location {
            Location::Query => (&mut self.query, encoded(name).into_owned()),
            Location::Cookie => (&mut self.cookies, name.to_owned()),
            Location::Header | Location::Path if name == AUTHORIZATION.as_str() => {
                (&mut self.headers, "Authorization".to_owned())
            }
            Location::Header | Location::Path => (&mut self.headers, name.to_owned()),
        };
        if !pairs.iter().any(|(sent, _)| sent.eq_ignore_ascii_case(&name)) {
            pairs.push((name, value));
        }
    }

    fn into_call(self, method: Method, path: &str) -> SampleCall {
        let Self { query, whole_query, mut headers, cookies } = self;
        let pairs = |pairs: Vec<(String, String)>, separator: &str| {
            let pairs = pairs.into_iter().map(|(name, value)| format!("{name}={value}"));
            pairs.collect::<Vec<_>>().join(separator)
        };
        if !cookies.is_empty() {
            headers.push(("Cookie".to_owned(), pairs(cookies, "; ")));
        }
        let mut target = utf8_percent_encode(path, NOT_IN_URI).to_string();
        let query = whole_query.or_else(|| (!query.is_empty()).then(|| pairs(query, "&")));
        if let Some(query) = query {
            target = format!("{target}?{query}");
        }
        SampleCall { method, target, headers, body: None }
    }
}

/// Some credentials as `Authorization` has them.
fn authorization(scheme: &SecurityScheme) -> String {
    match scheme {
        SecurityScheme::Basic => format!("Basic {}", STANDARD.encode("user:password")),
        SecurityScheme::Http { scheme } if scheme.eq_ignore_ascii_case("digest") => {
            "Digest username=\"user\", realm=\"sandbox\", nonce=\"0\", uri=\"/\", response=\"0\""
                .to_owned()
        }
        SecurityScheme::Http { scheme } => format!("{scheme} token"),
        _ => "Bearer token".to_owned(),
    }
}

fn parameter_value(schemas: &Schemas, parameter: &Parameter, seed: u64) -> Result<Value, String> {
    let Some(schema) = parameter.schema else { return Ok(Value::from(parameter.name.as_str())) };
    let options =
        SampleOptions { direction: Direction::Request, fresh: false, fill_properties: false };
    sample::sample(schemas, schema, &options, seed)
        .map_err(|unmet| format!("no value for `{}`: {unmet}", parameter.name))
}

fn add_body(
    call: &mut SampleCall,
    (contract, operation): (&Contract, &Operation),
    given: &BTreeMap<(MessagePart, String), Value>,
    (seed, is_full): (u64, bool),
) -> Result<(), String> {
    let schemas: &Schemas = &contract.schemas;
    let of_body = given.iter().filter(|((part, _), _)| *part == MessagePart::Body);
    let given: Vec<_> = of_body.map(|((_, name), value)| (name.clone(), value.clone())).collect();
    let is_needed = |body: &&RequestBody| is_full || body.required || !given.is_empty();
    let Some(body) = operation.request_body.as_ref().filter(is_needed) else { return Ok(()) };
    let json = body.content.iter().find(|(name, _)| media::is_json(name));
    let Some((name, media)) = json.or_else(|| body.content.first()) else { return Ok(()) };
    let value = if media::essence(name) == FORM {
        form_value(schemas, media, seed, is_full)
    } else {
        body_value(schemas, media, seed, is_full)
    };
    let mut value = match value {
        Ok(value) => value,
        Err(_) if !body.required => return Ok(()),
        Err(unmet) => return Err(format!("no body for `{}`: {unmet}", operation.id)),
    };
    if let Value::Object(members) = &mut value {
        members.extend(given);
    }
    let name = media::concrete(&HeaderMap::new(), name);
    let schema = media.schema.map(|schema| (schemas, schema));
    let written = match &value {
        Value::Object(members) if media::essence(&name) == FORM => Some(WrittenBody {
            body: form(members, media).into(),
            content_type: HeaderValue::from_static(FORM),
        }),
        value => media::write_encoded(value, &name, schema, &media.encoding),
    };
    match written {
        Some(written) if written.body.is_empty() && body.required => {
            Err(format!("no body for `{}` but an empty one", operation.id))
        }
        Some(written) => {
            let content_type = String::from_utf8_lossy(written.content_type.as_bytes());
            call.headers.push(("Content-Type".to_owned(), content_type.into_owned()));
            call.body = Some(written.body);
            Ok(())
        }
        None if body.required => Err(format!("there is no way to write `{name}`")),
        None => Ok(()),
    }
}

/// Value of a body, with every property that it may have or only those that it must have.
fn body_value(
    schemas: &Schemas,
    media: &MediaType,
    seed: u64,
    fill_properties: bool,
) -> Result<Value, String> {
    let options = SampleOptions { direction: Direction::Request, fresh: false, fill_properties };
    match media.schema {
        Some(schema) => {
            sample::sample(schemas, schema, &options, seed).map_err(|it| it.to_string())
        }
        None => Ok(media.examples.values().next().cloned().unwrap_or_else(|| "body".into())),
    }
}

/// The value as a form can say it, which has no way to write an empty object or list: without them where that fits,
/// else
/// with something in the objects.
fn form_value(
    schemas: &Schemas,
    media: &MediaType,
    seed: u64,
    is_full: bool,
) -> Result<Value, String> {
    let value = body_value(schemas, media, seed, is_full)?;
    let Some(schema) = media.schema.filter(|_| is_lost_in_form(&value)) else { return Ok(value) };
    let validator = schemas.request_validator(schema)?;
    let fits = |value: &Value| !is_lost_in_form(value) && validator.is_valid(value);
    let full = body_value(schemas, media, seed, true)?;
    let written = [(&value, false), (&full, false), (&value, true), (&full, true)];
    let mut written =
        written.into_iter().filter_map(|(value, fills)| without_empty(value.clone(), fills));
    written.find(fits).ok_or_else(|| "a form has no way to write what is empty".to_owned())
}

/// A value without empty objects and lists, or with a member in each such object; `None` if nothing is left.
fn without_empty(value: Value, fills: bool) -> Option<Value> {
    match value {
        Value::Object(members) if members.is_empty() && fills => Some(json!({ "key": "value" })),
        Value::Object(members) => {
            let members = members.into_iter();
            let left: Map<String, Value> = members
                .filter_map(|(name, value)| Some((name, without_empty(value, fills)?)))
                .collect();
            (!left.is_empty()).then_some(Value::Object(left))
        }
        Value::Array(items) => {
            let left: Vec<Value> =
                items.into_iter().filter_map(|item| without_empty(item, fills)).collect();
            (!left.is_empty()).then_some(Value::Array(left))
        }
        scalar => Some(scalar),
    }
}

/// Returns true if there is an empty object or list in a value.
fn is_lost_in_form(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.is_empty() || members.values().any(is_lost_in_form),
        Value::Array(items) => items.is_empty() || items.iter().any(is_lost_in_form),
        _ => false,
    }
}

/// A form, each property as its encoding has it.
fn form(members: &Map<String, Value>, media: &MediaType) -> String {
    let pairs = members.iter().flat_map(|(name, value)| {
        let encoding = media.encoding.get(name).and_then(|encoding| encoding.style);
        let (style, explode) = encoding.unwrap_or((ParameterStyle::Form, true));
        // Without a style, what is no scalar and no list is sent as JSON (`OpenAPI` 3.1.1, Encoding Object).
        let is_json = value.is_object() && encoding.is_none();
        PairWriter { name, style, explode, is_json }.write(value)
    });
    pairs.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// A path parameter as its style writes it (`OpenAPI` 3.1.1, Style Examples).
fn in_path(parameter: &Parameter, value: &Value) -> String {
    if parameter.content.is_some() {
        return encoded(&value.to_string()).into_owned();
    }
    let name = encoded(&parameter.name);
    let encoding = |value: &Value| encoded(&plain(value)).into_owned();
    let exploded = parameter.explode;
    match parameter.style {
        ParameterStyle::Label => {
            let separator = if exploded { "." } else { "," };
            format!(".{}", joined(value, separator, exploded, &encoding))
        }
        ParameterStyle::Matrix => match value {
            Value::Array(items) if exploded => {
                let items = items.iter().map(|item| format!(";{name}={}", encoding(item)));
                items.collect::<Vec<_>>().concat()
            }
            Value::Object(_) if exploded => format!(";{}", joined(value, ";", true, &encoding)),
            value => format!(";{name}={}", joined(value, ",", false, &encoding)),
        },
        style => joined(value, style.separator().1, exploded, &encoding),
    }
}

/// Writer of a value as pairs of a query, a cookie or a form.
struct PairWriter<'p> {
    name: &'p str,
    style: ParameterStyle,
    explode: bool,
    is_json: bool,
}

impl<'p> PairWriter<'p> {
    fn of(parameter: &'p Parameter) -> Self {
        Self {
            name: &parameter.name,
            style: parameter.style,
            explode: parameter.explode,
            is_json: parameter.content.is_some(),
        }
    }

    /// The pairs, encoded.
    fn write(&self, value: &Value) -> Vec<(String, String)> {
        let name = encoded(self.name).into_owned();
        let encoding = |value: &Value| encoded(&plain(value)).into_owned();
        if self.is_json {
            return vec![(name, encoded(&value.to_string()).into_owned())];
        }
        match (value, self.style) {
            (Value::Object(_) | Value::Array(_), ParameterStyle::DeepObject) => {
                let mut pairs = Vec::new();
                deep(name, value, &mut pairs);
                pairs
            }
            (Value::Array(items), _) if self.explode => {
                items.iter().map(|item| (name.clone(), encoding(item))).collect()
            }
            (Value::Object(members), _) if self.explode => members
                .iter()
                .map(|(key, value)| (encoded(key).into_owned(), encoding(value)))
                .collect(),
            (value, style) => {
                vec![(name, joined(value, style.separator().1, false, &encoding))]
            }
        }
    }
}

/// `a[b]=1&a[c][0]=2`: deeper than the specification says, as clients do it.
fn deep(name: String, value: &Value, pairs: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                deep(format!("{name}%5B{}%5D", encoded(key)), value, pairs);
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                deep(format!("{name}%5B{number}%5D"), item, pairs);
            }
        }
        scalar => pairs.push((name, encoded(&plain(scalar)).into_owned())),
    }
}

/// Items or members with a separator between them; the members of an object as `name=value`, or one after the other.
fn joined(
    value: &Value,
    separator: &str,
    explode: bool,
    text: &dyn Fn(&Value) -> String,
) -> String {
    let parts: Vec<String> = match value {
        Value::Array(items) => items.iter().map(text).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| {
                let name = text(&Value::from(name.as_str()));
                format!("{name}{}{}", if explode { "=" } else { separator }, text(value))
            })
            .collect(),
        scalar => vec![text(scalar)],
    };
    parts.join(separator)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn encoded(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, ENCODED).into()
}
