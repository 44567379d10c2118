//! Who may call the admin API, as it is said.
//!
//! Must not know how it is found out.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Where the admin API lives.
pub const ROOT: &str = "/__admin";

/// Who may call the admin API.
#[derive(Clone)]
pub struct AdminOptions {
    /// The address that the server listens on.
    pub bind: SocketAddr,
    /// More values of `Host` that mean this server (`--admin-host`), without port.
    pub hosts: Vec<String>,
    /// What callers must present (`--admin-token`).
    pub token: Option<String>,
    /// Answer without a token though others than this machine's users can connect (`--admin-open`).
    pub open: bool,
    /// Where the page's files are read from (`--admin-page`), if not from the program.
    pub page: Option<PathBuf>,
}

impl fmt::Debug for AdminOptions {
    /// Without the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("bind", &self.bind)
            .field("hosts", &self.hosts)
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}

impl AdminOptions {
    /// Whether everything is refused: others can connect and nobody has said what is to be. Worth a line in the
    /// banner.
    pub fn is_closed(&self) -> bool {
        !self.bind.ip().to_canonical().is_loopback() && self.token.is_none() && !self.open
    }
}
