//! The headers of the sandbox itself.
//!
//! Must not know when they are sent.

use http::HeaderName;

/// The header that picks a sandbox, and on every answer says which one it was: proof that this is not
/// production.
pub const SANDBOX_HEADER: HeaderName = HeaderName::from_static("tombstone-sandbox");

/// The header with everything in which a request departs from the contract, as JSON.
pub const VIOLATIONS_HEADER: HeaderName = HeaderName::from_static("tombstone-violations");

/// The header with the query parameters of a request that changed nothing: what they mean could not be inferred.
pub const IGNORED_HEADER: HeaderName = HeaderName::from_static("tombstone-ignored");

/// The header that says `true` on an answer that an earlier request with the same idempotency key got.
pub const REPLAYED_HEADER: HeaderName = HeaderName::from_static("tombstone-replayed");

/// The header with the number under which the journal of the sandbox has the request.
pub const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("tombstone-request-id");

/// The header that says when the sandbox, which begins anew with this request, was dropped because it was idle.
pub const RESTARTED_HEADER: HeaderName = HeaderName::from_static("tombstone-sandbox-restarted");
