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
mod request;
mod schema;
mod sent;
mod sequences;
mod styles;
mod violation;

pub use body::{CONTENT_CODING, TOO_LARGE};
pub use request::{RequestValidator, Validated};
pub use schema::response_violations;
pub use sent::SentRequest;
pub use violation::{
    HEADER_BYTES_MAX, MessagePart, PART_BYTES_MAX, VIOLATIONS_MAX, Violation, ViolationStage,
    json_header, violations_header,
};

#[cfg(test)]
mod tests;
