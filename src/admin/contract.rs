//! The admin API's own contract: served as it is, and what bodies are held against before they are read.
//!
//! Must not know what answers a request.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::response::IntoResponse;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use serde_json::Value;

use crate::message::Body;
use crate::openapi::Contract;
use crate::validation;
use crate::validation::{MessagePart, RequestValidator};
use crate::yaml::Document;

const TEXT: &str = include_str!("openapi.yaml");

/// The document, and what is made of it when it is first needed.
static OWN: LazyLock<Own> = LazyLock::new(Own::read);

struct Own {
    json: Bytes,
    /// By method and path template.
    operations: HashMap<(Method, String), RequestValidator>,
}

impl Own {
    fn read() -> Self {
        let mut findings = Vec::new();
        let document = Document::parse("src/admin/openapi.yaml", TEXT, &mut findings)
            .expect("it is part of the program, and tests read it");
        let contract = Contract::load(&document, &mut findings)
            .expect("it is part of the program, and tests read it");
        let operations = contract.operations.iter().map(|operation| {
            let place = (operation.method.clone(), operation.template.clone());
            (place, RequestValidator::new(operation, &contract.schemas))
        });
        Self { json: document.root().to_string().into(), operations: operations.collect() }
    }
}

/// The document as JSON.
pub(super) async fn read() -> impl IntoResponse {
    ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], OWN.json.clone())
}

/// The methods and paths that the document has.
#[cfg(test)]
pub(super) fn operations() -> impl Iterator<Item = &'static (Method, String)> {
    OWN.operations.keys()
}

/// Every list in a JSON body that stands where an object belongs. The forms that bodies are read into would take its
/// items as the values of their members, in the order in which the program happens to declare them.
pub(super) fn misplaced_lists(
    (method, template): (&Method, &str),
    headers: &HeaderMap,
    (bytes, body): (&Bytes, &Value),
) -> Vec<String> {
    let operation = OWN.operations.get(&(method.clone(), template.to_owned()));
    let Some(operation) = operation else { return Vec::new() };
    let sent = validation::SentRequest {
        path: &[],
        query: "",
        headers,
        body: &Body::Complete(bytes.clone()),
    };
    let violations = operation.validate(&sent).violations.into_iter();
    violations
        .filter(|violation| violation.location == MessagePart::Body && violation.keyword == "type")
        .filter(|violation| body.pointer(&violation.pointer).is_some_and(Value::is_array))
        .map(|violation| {
            let place = if violation.pointer.is_empty() { "the body" } else { &violation.pointer };
            format!("`{place}` is a list: write an object")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_program_finds_nothing_wrong_with_its_own_contract() {
        let mut findings = Vec::new();
        let document = Document::parse_strictly("openapi.yaml", TEXT, &mut findings).unwrap();
        let contract = Contract::load(&document, &mut findings).unwrap();
        contract.check(&document, &mut findings);
        let findings: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert!(findings.is_empty(), "{}", findings.join("\n"));
    }
}
