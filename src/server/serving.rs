//! A server: it listens, accepts connections under its limits, and shuts down.
//!
//! Must not know what is answered.

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
use crate::server::bind::BindError;
use crate::server::connection::Protocols;
use crate::server::limits::ServerLimits;
use crate::server::log::Log;
use crate::server::registry::IDLE_TICKS_MAX;
use crate::server::shared::{ConnectionEntry, ServerState};
use crate::server::tls::Identity;
use crate::server::{bind, connection, timer};
use crate::{admin, blocking};

/// How long accepting pauses when the system has no more file descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

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
    pub admin: admin::AdminOptions,
    /// Who the server is to those who call it by HTTPS; without it everything is plain HTTP, with it nothing is.
    pub tls: Option<Identity>,
    /// Where each request gets its line.
    pub log: Option<Log>,
    /// The limits.
    pub limits: ServerLimits,
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Server {
    /// Listens on `host` (an address, with or without the brackets of IPv6, or a name) and `port`; 0 picks a free one.
    pub async fn bind(host: &str, port: u16) -> Result<Self, BindError> {
        let listener = bind::listen(host, port).await?;
        let address = listener.local_addr().map_err(|source| BindError::Other {
            host: host.to_owned(),
            port,
            source,
        })?;
        Ok(Self { listener, address })
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
        let shared = ServerState::new(emulator, admin, log, limits, tls.is_some());
        let shared = Arc::new(shared);
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

    async fn accept(&self, shared: &Arc<ServerState>, protocols: &Arc<Protocols>) {
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
                    let entry = ConnectionEntry::new(shared);
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
pub(super) fn hand_on(work: &mut dyn FnMut()) {
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
async fn sweep(shared: &ServerState) {
    let tick = (shared.limits.head_wait / IDLE_TICKS_MAX).max(Duration::from_millis(1));
    loop {
        tokio::time::sleep(tick).await;
        shared.registry.sweep();
    }
}

/// The whole answer to one connection too many.
pub(super) fn too_many(connections_max: usize) -> Vec<u8> {
    let problem = Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "too many connections",
        format!("{connections_max} connections are open: close some, or use fewer at once"),
    );
    last_words(problem, "retry-after: 1\r\n")
}

/// The whole answer to a request without TLS where there is TLS.
pub(super) fn not_https() -> Vec<u8> {
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
