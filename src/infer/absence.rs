//! The answer for what is not there, and for a key that is taken: what the contract documents of it, else our own.
//!
//! Must not know how it is found that something is not there.

use serde_json::{Map, Value, json};

use crate::infer::resource::Survey;
use crate::infer::shape::{Body, literal, success};
use crate::openapi::{Operation, Response};

/// Properties that hold what an error says, the likeliest first.
const MESSAGES: [&str; 8] = [
    "message",
    "detail",
    "error_description",
    "error_message",
    "description",
    "msg",
    "error",
    "title",
];

/// Properties that hold the status.
const STATUSES: [&str; 5] = ["status", "code", "statusCode", "status_code", "http_status"];

/// Words by which a text says that something is not there.
const ABSENT: [&str; 8] = [
    "not found",
    "notfound",
    "not_found",
    "does not exist",
    "doesn't exist",
    "no such",
    "unknown",
    "404",
];

/// The answer for what is not there, as the keys of a rule; `what` says in a template what that is.
pub(super) fn absent(survey: &Survey<'_>, operation: &Operation, what: &str) -> Map<String, Value> {
    let exact = ["404", "410"].iter().find(|code| operation.responses.contains_key(**code));
    let status = exact.and_then(|code| code.parse().ok()).unwrap_or(404);
    refusal(survey, operation, status, "not found", what, &ABSENT)
}

/// The answer where a key is taken.
pub(super) fn taken(survey: &Survey<'_>, operation: &Operation) -> Map<String, Value> {
    let exact = ["409", "422", "400"].iter().find(|code| operation.responses.contains_key(**code));
    let status = exact.and_then(|code| code.parse().ok()).unwrap_or(409);
    let words = ["exists", "taken", "conflict", "duplicate", "409"];
    refusal(survey, operation, status, "already exists", "{{ conflict.message }}", &words)
}

fn refusal(
    survey: &Survey<'_>,
    operation: &Operation,
    status: u16,
    title: &str,
    what: &str,
    fitting: &[&str],
) -> Map<String, Value> {
    let mut answer = Map::new();
    let Some(response) = documented(operation, status) else {
        // A `default` that is the success, too, is all that is documented of it.
        if operation.response(status).is_some() {
            answer.insert("respond".into(), status.into());
            return answer;
        }
        answer.insert("status".into(), status.into());
        answer.insert("headers".into(), json!({ "Content-Type": "application/problem+json" }));
        answer.insert("body".into(), json!({ "title": title, "status": status, "detail": what }));
        return answer;
    };
    answer.insert("respond".into(), status.into());
    let body = Body::of_response(survey.schemas, response).and_then(|body| {
        let example = body.media.examples.values().next();
        let says = |example: &Value| {
            let text = example.to_string().to_lowercase();
            fitting.iter().any(|word| text.contains(word))
        };
        if example.is_some_and(says) {
            // The example is about this very thing, unless there are others.
            return (body.media.examples.len() > 1)
                .then(|| literal(example.unwrap_or(&Value::Null)));
        }
        let made = || survey.made_up(body.id, true, 0);
        let mut value = literal(&example.cloned().or_else(made)?);
        tell(&mut value, what, status);
        Some(value)
    });
    answer.extend(body.map(|body| ("body".to_owned(), body)));
    answer
}

/// What is documented of a failure with that status. A `default` that is the success, too, is of no failure.
fn documented(operation: &Operation, status: u16) -> Option<&Response> {
    let response = operation.response(status)?;
    let is_success = success(operation).is_some_and(|(_, success)| std::ptr::eq(success, response));
    (!is_success).then_some(response)
}

/// Puts what is wrong where an error has its words, and the status where it has that.
fn tell(value: &mut Value, what: &str, status: u16) {
    match value {
        Value::String(text) => what.clone_into(text),
        Value::Array(items) => {
            if let Some(first) = items.first_mut() {
                tell(first, what, status);
            }
        }
        Value::Object(members) => {
            for name in STATUSES {
                if let Some(number @ Value::Number(_)) = members.get_mut(name) {
                    *number = status.into();
                }
            }
            let said =
                MESSAGES.iter().find(|name| members.get(**name).is_some_and(Value::is_string));
            if let Some(text) = said.and_then(|name| members.get_mut(*name)) {
                *text = what.into();
                return;
            }
            let inner = ["error", "errors", "detail", "data"];
            if let Some(inner) = inner.iter().find(|name| {
                members
                    .get(**name)
                    .is_some_and(|one| !one.is_string() && !one.is_null() && !one.is_number())
            }) {
                if let Some(inner) = members.get_mut(*inner) {
                    tell(inner, what, status);
                }
                return;
            }
            let first = members.iter_mut().find(|(name, one)| one.is_string() && !is_token(name));
            if let Some((_, text)) = first {
                *text = what.into();
            }
        }
        _ => {}
    }
}

/// Whether a text property is for programs.
fn is_token(name: &str) -> bool {
    let name = name.to_lowercase();
    ["type", "code", "id", "status", "uri", "url", "timestamp", "path"]
        .iter()
        .any(|one| name.ends_with(one))
}
