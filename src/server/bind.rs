//! The socket that a server listens on, and the URL by which it is called.
//!
//! Must not know what is served.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpListener;

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

/// Listens on `host` (an address, with or without the brackets of IPv6, or a name) and `port`; 0 picks a free one.
pub(super) async fn listen(host: &str, port: u16) -> Result<TcpListener, BindError> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    TcpListener::bind((bare, port)).await.map_err(|source| {
        let host = host.to_owned();
        match source.kind() {
            io::ErrorKind::AddrInUse => BindError::Taken { host, port },
            io::ErrorKind::PermissionDenied => BindError::Denied { host, port },
            io::ErrorKind::AddrNotAvailable => BindError::Elsewhere { host, source },
            // Names that do not resolve have no kind of their own in stable Rust.
            _ if bare.parse::<IpAddr>().is_err() => BindError::Elsewhere { host, source },
            _ => BindError::Other { host, port, source },
        }
    })
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
