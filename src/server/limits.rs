//! The server's limits: sizes, counts and times.
//!
//! Must not know what they apply to.

use std::time::Duration;

use crate::message::BODY_BYTES_MAX;
use crate::server::tls::HANDSHAKE_WAIT_MAX;

/// How many bytes of large bodies are kept at once, over all connections; further ones wait until there is room.
pub const BODIES_BYTES_MAX: usize = 256 * 1024 * 1024;

/// How many bytes of large answers wait to be sent at once, over all connections; past it the connection is ended whose
/// client has taken nothing for longest.
pub const ANSWERS_BYTES_MAX: usize = 128 * 1024 * 1024;

/// How many bytes past [`BODY_BYTES_MAX`] are read and thrown away, for clients that read the answer only after they have sent all.
pub const DRAIN_BYTES_MAX: usize = 64 * 1024 * 1024;

/// How many bytes a request's head may have; past it the answer is 431. (By HTTP/1 it may have 100 fields, hyper's own
/// limit; by HTTP/2 each counts 32 bytes more than it has, as RFC 9113 section 10.5.1 says.)
pub const HEAD_BYTES_MAX: usize = 64 * 1024;

/// How many connections are served at once; each takes some 20 KB. Past it the answer is 503.
pub const CONNECTIONS_MAX: usize = 4_096;

/// How many requests one HTTP/2 connection may have at once; its client waits before it sends more. RFC 9113 section
/// 5.1.2 advises against fewer.
pub const CONNECTION_STREAMS_MAX: u32 = 100;

/// How many HTTP/2 requests are answered at once over all connections: as many as there can be by HTTP/1. Past it the
/// answer is 503.
pub const STREAMS_MAX: usize = CONNECTIONS_MAX;

/// How long a connection may be without a request: the time for a head to come, and between requests.
pub const HEAD_WAIT_MAX: Duration = Duration::from_secs(60);

/// How long a request's body may take to come.
pub const BODY_WAIT_MAX: Duration = Duration::from_secs(30);

/// How long shutting down waits for requests that are being answered.
pub const SHUTDOWN_WAIT_MAX: Duration = Duration::from_secs(5);

/// The server's limits; `default()` has the constants of this module.
#[derive(Clone, Debug)]
pub struct ServerLimits {
    /// See [`BODY_BYTES_MAX`].
    pub body_bytes_max: usize,
    /// See [`BODIES_BYTES_MAX`].
    pub bodies_bytes_max: usize,
    /// See [`ANSWERS_BYTES_MAX`].
    pub answers_bytes_max: usize,
    /// See [`DRAIN_BYTES_MAX`].
    pub drain_bytes_max: usize,
    /// See [`CONNECTIONS_MAX`].
    pub connections_max: usize,
    /// See [`STREAMS_MAX`].
    pub streams_max: usize,
    /// See [`HANDSHAKE_WAIT_MAX`].
    pub handshake_wait: Duration,
    /// See [`HEAD_WAIT_MAX`].
    pub head_wait: Duration,
    /// See [`BODY_WAIT_MAX`].
    pub body_wait: Duration,
    /// See [`SHUTDOWN_WAIT_MAX`].
    pub shutdown_wait: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            body_bytes_max: BODY_BYTES_MAX,
            bodies_bytes_max: BODIES_BYTES_MAX,
            answers_bytes_max: ANSWERS_BYTES_MAX,
            drain_bytes_max: DRAIN_BYTES_MAX,
            connections_max: CONNECTIONS_MAX,
            streams_max: STREAMS_MAX,
            handshake_wait: HANDSHAKE_WAIT_MAX,
            head_wait: HEAD_WAIT_MAX,
            body_wait: BODY_WAIT_MAX,
            shutdown_wait: SHUTDOWN_WAIT_MAX,
        }
    }
}
