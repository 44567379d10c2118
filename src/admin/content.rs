//! The bodies of answers: whole, made while they are sent, or without an end.
//!
//! Must not know what is in them.

use bytes::Bytes;

/// The body of an answer.
#[derive(Debug)]
pub enum AdminBody {
    /// All of it, perhaps empty.
    Complete(Bytes),
    /// Made while it is sent, and complete at some time.
    Pieces(axum::body::Body),
    /// Goes on for as long as the client and the server are there.
    Endless(axum::body::Body),
}

/// Marks a response whose body has no end of its own.
#[derive(Clone, Copy)]
pub(super) struct Endless;
