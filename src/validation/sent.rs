//! A request as it came, in the parts that a contract speaks of.
//!
//! Must not know how they are read.

use http::HeaderMap;

use crate::message::Body;

/// The parts of a request that a contract speaks of.
#[derive(Clone, Copy, Debug)]
pub struct SentRequest<'a> {
    /// The path parameters as the router captured them: still percent-encoded.
    pub path: &'a [(&'a str, &'a str)],
    /// The raw query, without its question mark; empty if there is none.
    pub query: &'a str,
    /// All headers, cookies among them.
    pub headers: &'a HeaderMap,
    /// The body.
    pub body: &'a Body,
}
