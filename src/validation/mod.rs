//! Requests against the contract: parameters and bodies become typed values, and everything that departs from
//! the contract becomes a violation. All of them are collected.
//!
//! Must not know providers, stores, or what a violation is answered with.
//!
//! What is decided here, where the specification leaves it open:
//! - a parameter that is sent several times and is no array counts as its last value, and so does a path parameter that
//!   its template names twice; each of its places is held against the schema;
//! - a query parameter with `allowEmptyValue` that is sent empty is the empty text, or the empty list, whatever
//!   its schema;
//! - an operation without `requestBody`, or with one of no media types, never reads a body;
//! - `*/*` in a contract means that `Content-Type` is ignored: the body is read as JSON, or as text where the
//!   schema allows nothing but strings; without a schema whatever is no JSON is text;
//! - media types are compared without their parameters; only a `+json` type that is itself declared is JSON, or in a
//!   declared range (`application/*+json`);
//! - a body without `Content-Type` is a `media_type` violation, unless
//!   [untyped bodies are allowed](RequestValidator::allowing_untyped_bodies);
//! - bodies come decoded; one whose `Content-Encoding` is not known is a `content_encoding` violation, and a broken one an
//!   `encoding` violation;
//! - the text of a `text/…` body is held against a schema of scalars; where the schema wants a list or an object, it is
//!   looked into only if it is JSON;
//! - XML, lines of JSON and binary bodies are accepted by their type and not looked into: such a body is text where it is
//!   UTF-8, else null;
//! - forms and `multipart` bodies are records of what `encoding` and the schema make of their members: objects are JSON
//!   unless a style is declared (styles are of forms only), a name sent again is a list where there may be one, and a part
//!   of another type than text and JSON is bytes, of which neither length nor pattern is asked. A part without
//!   `Content-Type` may be text, JSON or any bytes that are not declared to be special. A `multipart` body whose parts need
//!   no names, and have none, is not looked into;
//! - `filter[a][0]=…` and `filter[a][]=…` are lists where the schema wants one, or says nothing of it.

mod body;
mod coercion;
mod json_text;
mod members;
mod multipart;
mod parameters;
mod schema;
mod styles;
mod violation;

use std::sync::Arc;

use http::HeaderMap;
use serde_json::{Map, Value};

use crate::message::Body;
use crate::openapi::{Location, Operation, Schemas};

use body::DeclaredBody;
use parameters::Parameters;

pub use body::{CONTENT_CODING, TOO_LARGE};
pub use schema::response_violations;
pub use violation::{
    HEADER_BYTES_MAX, PART_BYTES_MAX, Place, Stage, Violation, json_header, violations_header,
};

/// So many violations are collected: more help no one, and a body of commas could hold a million.
pub const VIOLATIONS_MAX: usize = 100;

/// The parts of a request that a contract speaks of.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'a> {
    /// The path parameters as the router captured them: still percent-encoded.
    pub path: &'a [(&'a str, &'a str)],
    /// The raw query, without its question mark; empty if there is none.
    pub query: &'a str,
    /// All headers, cookies among them.
    pub headers: &'a HeaderMap,
    /// The body.
    pub body: &'a Body,
}

/// What a request says in the contract's terms, and where it departs from them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Validated {
    /// Path parameters. Every declared parameter is there; what was not sent is its default, else null.
    pub path: Map<String, Value>,
    /// Query parameters; those that are not declared are left out.
    pub query: Map<String, Value>,
    /// Header parameters, by the name that the document has.
    pub header: Map<String, Value>,
    /// Cookie parameters.
    pub cookie: Map<String, Value>,
    /// The body, with defaults filled in if it is valid; `None` if none was sent, or none that can be read.
    pub body: Option<Value>,
    /// All violations: path, query, header, cookie, body, and within each in the order of the document or value.
    pub violations: Vec<Violation>,
}

/// One operation's parameters and body, ready to hold requests against.
#[derive(Clone, Debug)]
pub struct RequestValidator {
    schemas: Arc<Schemas>,
    parameters: Parameters,
    body: Option<DeclaredBody>,
}

impl RequestValidator {
    /// Prepares an operation. Schemas are looked through here, so that requests need not; their validators are
    /// compiled when first needed.
    pub fn new(operation: &Operation, schemas: &Arc<Schemas>) -> Self {
        Self {
            schemas: Arc::clone(schemas),
            parameters: Parameters::new(&operation.parameters, schemas),
            body: operation.request_body.as_ref().map(|body| DeclaredBody::new(body, schemas)),
        }
    }

    /// Reads a body that comes without `Content-Type` as the JSON that is declared, else as the first media type that is:
    /// for operations of which nothing is known but the contract.
    #[must_use]
    pub fn allowing_untyped_bodies(mut self) -> Self {
        if let Some(body) = &mut self.body {
            body.untyped = true;
        }
        self
    }

    /// Holds a request against the operation.
    pub fn validate(&self, sent: &Sent<'_>) -> Validated {
        let mut validated = Validated::default();
        let violations = &mut validated.violations;
        let mut reader = self.parameters.reader(&self.schemas, sent);
        validated.path = reader.read(Location::Path, violations);
        validated.query = reader.read(Location::Query, violations);
        validated.header = reader.read(Location::Header, violations);
        validated.cookie = reader.read(Location::Cookie, violations);
        if let Some(declared) = &self.body {
            validated.body = declared.read(&self.schemas, sent, violations);
        }
        violations.truncate(VIOLATIONS_MAX);
        validated
    }
}

#[cfg(test)]
mod tests;
