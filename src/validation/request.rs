//! One operation's parameters and body, and requests held against them.
//!
//! Must not know how each of them is read.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::body::DeclaredBody;
use super::parameters::DeclaredParameters;
use super::sent::SentRequest;
use super::violation::{VIOLATIONS_MAX, Violation};
use crate::openapi::{Location, Operation, Schemas};

/// Typed values of a request, and its violations of the contract.
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
    parameters: DeclaredParameters,
    body: Option<DeclaredBody>,
}

impl RequestValidator {
    /// Prepares an operation. Schemas are looked through here, so that requests need not; their validators are
    /// compiled when first needed.
    pub fn new(operation: &Operation, schemas: &Arc<Schemas>) -> Self {
        Self {
            schemas: Arc::clone(schemas),
            parameters: DeclaredParameters::new(&operation.parameters, schemas),
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
    pub fn validate(&self, sent: &SentRequest<'_>) -> Validated {
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
