//! A request on its way through the stages.
//!
//! Must not know the stages.

use http::header::HOST;
use http::request::Parts;

use crate::clock::Timestamp;
use crate::emulator::mount::Address;
use crate::message::Body;

/// A request, its address, and its time by the system clock.
#[derive(Clone, Copy)]
pub(super) struct RequestContext<'r> {
    pub(super) parts: &'r Parts,
    pub(super) body: &'r Body,
    pub(super) address: Address<'r>,
    pub(super) real: Timestamp,
}

/// The host that a request is addressed to: of the target if that is absolute, else of the header.
pub(super) fn host(parts: &Parts) -> Option<&str> {
    match parts.uri.host() {
        Some(host) => Some(host),
        None => parts.headers.get(HOST)?.to_str().ok(),
    }
}
