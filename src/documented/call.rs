//! A call of an operation that its contract takes: every parameter it asks for, a body and credentials, made up.
//!
//! Must not know where it is sent.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use percent_encoding::AsciiSet;
use percent_encoding::CONTROLS;
use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::utf8_percent_encode;
use serde_json::Map;
use serde_json::Value;

use crate::media;
use crate::media::Written;
use crate::openapi::Contract;
use crate::openapi::Direction;
use crate::openapi::Location;
use crate::openapi::MediaType;
use crate::openapi::Operation;
use crate::openapi::Parameter;
use crate::openapi::RequestBody;
use crate::openapi::Schemas;
use crate::openapi::SecurityScheme;
use crate::openapi::Style;
use crate::sample;
use crate::sample::Wish;

/// All but what RFC 3986 section 2.3 calls unreserved, so that a value stays where it is put.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The media type of forms.
const FORM: &str = "application/x-www-form-urlencoded";

/// What no target of a request can hold, though the template in the document may (RFC 3986).
const REFUSED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A call that can be made as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
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
pub fn valid_call(contract: &Contract, number: usize, seed: u64) -> Result<Call, String> {
    let mut call = bodiless_call(contract, number, seed)?;
    let operation = &contract.operations[number];
    if let Some(body) = &operation.request_body {
        add_body(&mut call, &contract.schemas, body, operation, seed)?;
    }
    Ok(call)
}

/// The same without the body that the operation may ask for: bodies take the most time to make up.
pub fn bodiless_call(contract: &Contract, number: usize, seed: u64) -> Result<Call, String> {
    let operation = &contract.operations[number];
    let mut call = Call {
        method: operation.method.clone(),
        target: operation.template.clone(),
        headers: Vec::new(),
        body: None,
    };
    let (mut query, mut cookies) = (Vec::new(), Vec::new());
    for parameter in operation.parameters.iter().filter(|parameter| parameter.required) {
        let value = parameter_value(&contract.schemas, parameter, seed)?;
        match parameter.location {
            Location::Path => {
                let text = in_path(parameter, &value);
                if text.is_empty() {
                    return Err(format!("no value for `{}` but an empty one", parameter.name));
                }
                call.target = call.target.replace(&format!("{{{}}}", parameter.name), &text);
            }
            Location::Query => query.extend(Pairs::of(parameter).write(&value)),
            Location::Cookie => {
                let encoded = Pairs::of(parameter).write(&value).into_iter();
                cookies.extend(encoded.map(|(name, value)| format!("{name}={value}")));
            }
            Location::Header => {
                let text = match &parameter.content {
                    Some(_) => value.to_string(),
                    None => joined(&value, ",", parameter.explode, &plain),
                };
                call.headers.push((parameter.name.clone(), text));
            }
        }
    }
    let schemes = operation.security.first().into_iter().flatten();
    for scheme in schemes.filter_map(|name| contract.security_schemes.get(name)) {
        present(scheme, &mut call.headers, &mut query, &mut cookies);
    }
    if !cookies.is_empty() {
        call.headers.push(("Cookie".to_owned(), cookies.join("; ")));
    }
    call.target = utf8_percent_encode(&call.target, REFUSED).to_string();
    if !query.is_empty() {
        let query = query.iter().map(|(name, value)| format!("{name}={value}"));
        call.target = format!("{}?{}", call.target, query.collect::<Vec<_>>().join("&"));
    }
    Ok(call)
}

fn parameter_value(schemas: &Schemas, parameter: &Parameter, seed: u64) -> Result<Value, String> {
    let Some(schema) = parameter.schema else { return Ok(Value::from(parameter.name.as_str())) };
    let wish = Wish { direction: Direction::Request, fresh: false, fill_properties: false };
    sample::sample(schemas, schema, &wish, seed)
        .map_err(|unmet| format!("no value for `{}`: {unmet}", parameter.name))
}

fn add_body(
    call: &mut Call,
    schemas: &Schemas,
    body: &RequestBody,
    operation: &Operation,
    seed: u64,
) -> Result<(), String> {
    let json = body.content.iter().find(|(name, _)| media::is_json(name));
    let Some((name, media)) = json.or_else(|| body.content.first()) else { return Ok(()) };
    let wish = Wish { direction: Direction::Request, fresh: false, fill_properties: true };
    let value = match media.schema {
        Some(schema) => sample::sample(schemas, schema, &wish, seed).map_err(|it| it.to_string()),
        None => Ok(media.examples.values().next().cloned().unwrap_or_else(|| "body".into())),
    };
    let value = match value {
        Ok(value) => value,
        Err(_) if !body.required => return Ok(()),
        Err(unmet) => return Err(format!("no body for `{}`: {unmet}", operation.id)),
    };
    let name = media::concrete(&HeaderMap::new(), name);
    let schema = media.schema.map(|schema| (schemas, schema));
    let written = match &value {
        Value::Object(members) if media::essence(&name) == FORM => Some(Written {
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

/// A form, each property as its encoding has it.
fn form(members: &Map<String, Value>, media: &MediaType) -> String {
    let pairs = members.iter().flat_map(|(name, value)| {
        let encoding = media.encoding.get(name).and_then(|encoding| encoding.style);
        let (style, explode) = encoding.unwrap_or((Style::Form, true));
        // Without a style, what is no scalar and no list is sent as JSON (`OpenAPI` 3.1.1, Encoding Object).
        let is_json = value.is_object() && encoding.is_none();
        Pairs { name, style, explode, is_json }.write(value)
    });
    pairs.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// Puts some credential where a scheme has it.
fn present(
    scheme: &SecurityScheme,
    headers: &mut Vec<(String, String)>,
    query: &mut Vec<(String, String)>,
    cookies: &mut Vec<String>,
) {
    let mut authorize = |text: String| headers.push(("Authorization".to_owned(), text));
    match scheme {
        SecurityScheme::Bearer => authorize("Bearer token".to_owned()),
        SecurityScheme::Http { scheme } if scheme.eq_ignore_ascii_case("digest") => authorize(
            "Digest username=\"user\", realm=\"sandbox\", nonce=\"0\", uri=\"/\", response=\"0\""
                .to_owned(),
        ),
        SecurityScheme::Http { scheme } => authorize(format!("{scheme} token")),
        SecurityScheme::MutualTls => {}
        SecurityScheme::Basic => authorize(format!("Basic {}", STANDARD.encode("user:password"))),
        SecurityScheme::ApiKey { location, name } => match location {
            Location::Query => query.push((encoded(name).into_owned(), "key".to_owned())),
            Location::Cookie => cookies.push(format!("{name}=key")),
            Location::Header | Location::Path => headers.push((name.clone(), "key".to_owned())),
        },
    }
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
        Style::Label => {
            let separator = if exploded { "." } else { "," };
            format!(".{}", joined(value, separator, exploded, &encoding))
        }
        Style::Matrix => match value {
            Value::Array(items) if exploded => {
                let items = items.iter().map(|item| format!(";{name}={}", encoding(item)));
                items.collect::<Vec<_>>().concat()
            }
            Value::Object(_) if exploded => format!(";{}", joined(value, ";", true, &encoding)),
            value => format!(";{name}={}", joined(value, ",", false, &encoding)),
        },
        _ => joined(value, ",", exploded, &encoding),
    }
}

/// How a value is written as pairs of a query, a cookie or a form.
struct Pairs<'p> {
    name: &'p str,
    style: Style,
    explode: bool,
    is_json: bool,
}

impl<'p> Pairs<'p> {
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
            (Value::Object(_) | Value::Array(_), Style::DeepObject) => {
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
                let separator = match style {
                    Style::SpaceDelimited => "%20",
                    Style::PipeDelimited => "%7C",
                    _ => ",",
                };
                vec![(name, joined(value, separator, false, &encoding))]
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
