//! What is said in our own name where the document has no words: problem documents in the shape that Prism gives them.
//!
//! Must not know how a response is chosen.

use std::borrow::Cow;

use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::documented::checked::{CheckedRequest, SECURITY};
use crate::pointer::tokens;
use crate::problem::Problem;
use crate::response;
use crate::response::NotDocumented;
use crate::validation::{MessagePart, Violation, json_header};

/// Why no documented response is given.
#[derive(Clone, Debug)]
pub(super) enum ContractRefusal {
    /// The request is not as the contract asks, and the document has no response that says so.
    Invalid,
    /// The operation, by its id, documents no response.
    NoResponse(String),
    /// The documented example does not fit its schema.
    Misfit(Vec<Violation>),
    /// The one that was chosen cannot be given.
    Unsent(response::NotSent),
}

impl From<response::NotSent> for ContractRefusal {
    fn from(refusal: response::NotSent) -> Self {
        Self::Unsent(refusal)
    }
}

impl From<NotDocumented> for ContractRefusal {
    fn from(missing: NotDocumented) -> Self {
        Self::Unsent(missing.into())
    }
}

impl ContractRefusal {
    pub(super) fn problem(self, request: &CheckedRequest) -> Problem {
        match self {
            Self::Invalid => invalid(request),
            Self::NoResponse(operation) => Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "No response defined for the selected operation",
                format!("`{operation}` documents no response that could be given"),
            )
            .of_type("NO_RESPONSE_DEFINED"),
            Self::Misfit(violations) => Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "Request/Response not valid",
                "the body does not fit its schema; without `--errors` it is sent all the same",
            )
            .of_type("VIOLATIONS")
            .with("validation", items(&violations)),
            Self::Unsent(refusal) => refusal.into(),
        }
    }
}

fn invalid(request: &CheckedRequest) -> Problem {
    let violations = items(&request.violations);
    if request.is_rejected() {
        let detail = "the request has no credential that the operation asks for, and the document has no 401";
        let status = StatusCode::UNAUTHORIZED;
        Problem::new(status, "Invalid security scheme used", detail).of_type("UNAUTHORIZED")
    } else if let Some(unread) = request.unread_body() {
        unread.problem(&request.violations)
    } else if request.is_of_wrong_type() {
        let wrong = request.violations.iter().find(|violation| violation.keyword == "media_type");
        let expected = wrong.and_then(|violation| violation.expected.as_ref());
        let detail = format!("Supported content types: {}", listed(expected));
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Problem::new(status, "Invalid content type", detail).of_type("INVALID_CONTENT_TYPE")
    } else {
        let detail = "the request is not as the contract asks, and the document has no response that says so";
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Problem::new(status, "Invalid request", detail).of_type("UNPROCESSABLE_ENTITY")
    }
    .with("validation", violations)
}

fn listed(expected: Option<&Value>) -> String {
    match expected {
        Some(Value::Array(names)) => {
            names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")
        }
        Some(Value::String(name)) => name.clone(),
        _ => String::new(),
    }
}

/// Violations in the shape of Prism's `validation`.
fn items(violations: &[Violation]) -> Value {
    violations.iter().map(item).collect()
}

/// Violations as Prism's header `sl-violations` has them: each location begins with whose it is.
pub(super) fn prism_header(violations: &[Violation]) -> HeaderValue {
    let of = |violation: &Violation| {
        let mut item = item(violation);
        let is_of_request = violation.location != MessagePart::Response;
        if let Some(Value::Array(location)) = item.get_mut("location").filter(|_| is_of_request) {
            location.insert(0, "request".into());
        }
        item
    };
    json_header(&violations.iter().map(of).collect::<Vec<_>>())
}

fn item(violation: &Violation) -> Value {
    let place = violation.location.as_str();
    let within = within(violation);
    let code = match violation.keyword.as_str() {
        SECURITY => json!(401),
        "media_type" => json!(415),
        "body_required" => json!("required"),
        keyword => json!(keyword),
    };
    let message = message(violation, &within);
    let mut location = vec![place.to_owned()];
    // Prism names the part of an answer that is meant, and of a request the part alone.
    location.extend((violation.location == MessagePart::Response).then(|| "body".to_owned()));
    location.extend(within);
    json!({ "location": location, "severity": "Error", "code": code, "message": message })
}

/// Path to a violation in a body or parameter: the parameter's name, then each step inside.
fn within(violation: &Violation) -> Vec<String> {
    let is_named = !violation.location.is_body() && !is_missing_parameter(violation);
    let steps = tokens(&violation.pointer).map(Cow::into_owned);
    is_named.then(|| violation.parameter.clone()).into_iter().chain(steps).collect()
}

/// Returns true if it is told for the place that lacks a parameter, and not for something in one.
fn is_missing_parameter(violation: &Violation) -> bool {
    let is_whole = violation.pointer.is_empty() && violation.property.is_none();
    violation.keyword == "required" && is_whole && !violation.location.is_body()
}

/// `Request body property address.street must be string`.
fn message(violation: &Violation, within: &[String]) -> String {
    match violation.keyword.as_str() {
        SECURITY => return "Invalid security scheme used".to_owned(),
        "body_required" => return "Body parameter is required".to_owned(),
        "media_type" => {
            return format!("Supported content types: {}", listed(violation.expected.as_ref()));
        }
        _ => {}
    }
    let subject = match violation.location {
        MessagePart::Response => "Response body".to_owned(),
        place => format!("Request {}", place.as_str()),
    };
    let noun = if violation.location.is_body() { "property" } else { "parameter" };
    let named = match within {
        [] => String::new(),
        within => format!(" {noun} {}", within.join(".")),
    };
    format!("{subject}{named} {}", wording(violation))
}

/// Message for a keyword in the words of Ajv, which clients of Prism know.
fn wording(violation: &Violation) -> String {
    let expected = violation.expected.as_ref();
    let value = expected.map(plain).unwrap_or_default();
    let missing = Some(&violation.parameter).filter(|_| is_missing_parameter(violation));
    let name = violation.property.as_ref().or(missing);
    match (violation.keyword.as_str(), name) {
        ("required", Some(name)) => format!("must have required property '{name}'"),
        ("additionalProperties", Some(name)) => {
            format!("must NOT have additional properties; found '{name}'")
        }
        ("unevaluatedProperties", Some(name)) => {
            format!("must NOT have unevaluated properties: '{name}'")
        }
        ("type", _) => format!("must be {}", value.replace(", ", ",")),
        ("enum", _) => format!("must be equal to one of the allowed values: {value}"),
        ("const", _) => "must be equal to constant".to_owned(),
        ("minLength", _) => format!("must NOT have fewer than {value} characters"),
        ("maxLength", _) => format!("must NOT have more than {value} characters"),
        ("minItems", _) => format!("must NOT have fewer than {value} items"),
        ("maxItems", _) => format!("must NOT have more than {value} items"),
        ("minProperties", _) => format!("must NOT have fewer than {value} properties"),
        ("maxProperties", _) => format!("must NOT have more than {value} properties"),
        ("uniqueItems", _) => "must NOT have duplicate items".to_owned(),
        ("minimum", _) => format!("must be >= {value}"),
        ("maximum", _) => format!("must be <= {value}"),
        ("exclusiveMinimum", _) => format!("must be > {value}"),
        ("exclusiveMaximum", _) => format!("must be < {value}"),
        ("multipleOf", _) => format!("must be multiple of {value}"),
        ("pattern", _) => format!("must match pattern \"{value}\""),
        ("format", _) => format!("must match format \"{value}\""),
        ("oneOf", _) => "must match exactly one schema in oneOf".to_owned(),
        ("anyOf", _) => "must match a schema in anyOf".to_owned(),
        ("not", _) => "must NOT be valid".to_owned(),
        _ => violation.text.clone(),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
