//! The server: a socket, its connections, limits and time limits, the request log, and shutting down.
//!
//! Must not know rules or stores: it hands complete requests to the emulator or the admin API and sends what they say.

mod connection;
mod delivery;
pub mod log;
mod registry;
mod request;
mod running;
#[cfg(test)]
mod tests;
mod timer;
pub mod tls;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use http::StatusCode;
use tokio::net::TcpListener;
use tokio::runtime::{Handle, RuntimeFlavor};

use crate::admin::Admin;
use crate::emulator::Current;
use crate::problem::Problem;
use crate::server::connection::Protocols;
use crate::server::log::Log;
use crate::server::registry::{Entry, IDLE_TICKS_MAX, Registry};
use crate::server::request::{Room, Turns};
use crate::server::tls::{HANDSHAKE_WAIT_MAX, Identity};
use crate::{admin, blocking};

pub use crate::message::BODY_BYTES_MAX;
pub use crate::server::delivery::TRICKLE_WAIT_MAX;
pub use crate::server::running::{Running, StartError};

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

/// How long accepting pauses when the system has no more file descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The server's limits; `default()` has the constants of this module.
#[derive(Clone, Debug)]
pub struct Limits {
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

impl Default for Limits {
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

/// Why the server cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody else has the port.
    #[error(
        "port {port} of `{host}` is taken: stop the program that listens there, or choose another with `--port` \
         (`--port 0` picks a free one)"
    )]
    Taken {
        /// As given.
        host: String,
        /// As given.
        port: u16,
    },
    /// The system does not let this user have the port.
    #[error("port {port} of `{host}` is not for this user: choose one from 1024 up with `--port`")]
    Denied {
        /// As given.
        host: String,
        /// As given.
        port: u16,
    },
    /// The host is not an address of this machine.
    #[error(
        "`{host}` is not an address of this machine: name one of its own with `--host` (`127.0.0.1` for this machine \
         only, `0.0.0.0` for all addresses)"
    )]
    Elsewhere {
        /// As given.
        host: String,
        /// What the system said.
        source: io::Error,
    },
    /// Anything else.
    #[error("cannot listen on port {port} of `{host}`")]
    Other {
        /// As given.
        host: String,
        /// As given.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
}

/// A server that listens and does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

/// What a server runs with.
pub struct Setup {
    /// Who answers.
    pub emulator: Current,
    /// Who may call the admin API.
    pub admin: admin::Options,
    /// Who the server is to those who call it by HTTPS; without it everything is plain HTTP, with it nothing is.
    pub tls: Option<Identity>,
    /// Where each request gets its line.
    pub log: Option<Log>,
    /// The limits.
    pub limits: Limits,
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// What all connections share.
#[derive(Debug)]
struct Shared {
    emulator: Current,
    admin: Admin,
    log: Option<Log>,
    limits: Limits,
    room: Room,
    turns: Turns,
    registry: Registry,
}

impl Shared {
    fn new(emulator: Current, admin: Admin, log: Option<Log>, limits: Limits) -> Self {
        let room = Room::new(limits.bodies_bytes_max);
        let (turns, registry) = (Turns::default(), Registry::default());
        Self { emulator, admin, log, limits, room, turns, registry }
    }
}

/// The base URL of the server as a client on this machine writes it.
pub fn origin(address: SocketAddr, tls: bool) -> String {
    let scheme = if tls { "https" } else { "http" };
    match address {
        // Listening on every address, this machine is reached by its loopback one.
        _ if address.ip().is_unspecified() => format!("{scheme}://127.0.0.1:{}", address.port()),
        _ => format!("{scheme}://{address}"),
    }
}

impl Server {
    /// Listens on `host` (an address, with or without the brackets of IPv6, or a name) and `port`; 0 picks a free one.
    pub async fn bind(host: &str, port: u16) -> Result<Self, BindError> {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let bound = async {
            let listener = TcpListener::bind((bare, port)).await?;
            let address = listener.local_addr()?;
            Ok(Self { listener, address })
        };
        bound.await.map_err(|source: io::Error| {
            let host = host.to_owned();
            match source.kind() {
                io::ErrorKind::AddrInUse => BindError::Taken { host, port },
                io::ErrorKind::PermissionDenied => BindError::Denied { host, port },
                io::ErrorKind::AddrNotAvailable => BindError::Elsewhere { host, source },
                // Names that do not resolve have no kind of their own in stable Rust.
                _ if bare.parse::<std::net::IpAddr>().is_err() => {
                    BindError::Elsewhere { host, source }
                }
                _ => BindError::Other { host, port, source },
            }
        })
    }

    /// Where it really listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers requests until `shutdown` is ready; then those that have begun are finished, for a bounded time, and the
    /// log is written to its end.
    pub async fn run(self, setup: Setup, shutdown: impl Future<Output = ()>) {
        let Setup { emulator, admin, tls, log, limits } = setup;
        blocking::set_hand_on(hand_on);
        let admin = Admin::new(&admin, emulator.clone());
        let protocols = Arc::new(Protocols::new(tls.as_ref(), &limits, not_https()));
        let shared = Arc::new(Shared::new(emulator, admin, log, limits));
        tokio::select! {
            () = shutdown => {}
            () = self.accept(&shared, &protocols) => {}
            () = sweep(&shared) => {}
            () = timer::run_jobs(Arc::clone(&shared)) => {}
        }
        // Nobody else is let in while the last are served.
        drop(self.listener);
        shared.registry.finish(shared.limits.shutdown_wait).await;
        if let Some(log) = &shared.log {
            log.close();
        }
    }

    async fn accept(&self, shared: &Arc<Shared>, protocols: &Arc<Protocols>) {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) if shared.registry.len() >= shared.limits.connections_max => {
                    if let Some(place) = shared.registry.enter_refused() {
                        let answer = too_many(shared.limits.connections_max);
                        let protocols = Arc::clone(protocols);
                        tokio::spawn(connection::refuse(place, protocols, stream, answer));
                    }
                }
                Ok((stream, _)) => {
                    // Answers are written whole; without this the second of two would wait for an acknowledgement.
                    let _ = stream.set_nodelay(true);
                    let entry: Entry = Registry::enter(shared);
                    let (protocols, answers) = (Arc::clone(protocols), Arc::clone(shared));
                    tokio::spawn(connection::serve(entry, protocols, stream, answers));
                }
                // The client is gone already.
                Err(error) if is_of_connection(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot accept connections for the moment");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// Does work while another thread goes on with the tasks of this one. Outside of a runtime with several threads it is
/// simply done.
fn hand_on(work: &mut dyn FnMut()) {
    let has_others =
        Handle::try_current().is_ok_and(|it| it.runtime_flavor() == RuntimeFlavor::MultiThread);
    if has_others { tokio::task::block_in_place(work) } else { work() }
}

fn is_of_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

/// Looks for connections that have been idle for too long.
async fn sweep(shared: &Shared) {
    let tick = (shared.limits.head_wait / IDLE_TICKS_MAX).max(Duration::from_millis(1));
    loop {
        tokio::time::sleep(tick).await;
        shared.registry.sweep();
    }
}

/// The whole answer to one connection too many.
fn too_many(connections_max: usize) -> Vec<u8> {
    let problem = Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "too many connections",
        format!("{connections_max} connections are open: close some, or use fewer at once"),
    );
    last_words(problem, "retry-after: 1\r\n")
}

/// The whole answer to a request without TLS where there is TLS.
fn not_https() -> Vec<u8> {
    let problem = Problem::new(
        StatusCode::BAD_REQUEST,
        "not HTTPS",
        "this port speaks HTTPS and the request came without TLS: call it by `https://`",
    );
    last_words(problem, "")
}

/// An answer to who has not been listened to, as HTTP/1 has it; `fields` are complete lines.
fn last_words(problem: Problem, fields: &str) -> Vec<u8> {
    let response = problem.into_response();
    let (status, body) = (response.status(), response.into_body());
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/problem+json\r\ntombstone-sandbox: default\r\n{fields}\
         connection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), &body].concat()
}
