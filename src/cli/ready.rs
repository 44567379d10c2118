//! What programs read when the server listens: one line of JSON, printed or in a file.
//!
//! Must not know how requests are answered.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::{Deserialize, Serialize};

use crate::admin;
use crate::cli::atomic_file;
use crate::cli::atomic_file::Access;
use crate::emulator::{Emulator, Unserved};
use crate::printable::printable_json;
use crate::server::origin;

/// So many bytes of such a file are read: some hundred for each provider, and there are hundreds of those at most.
pub(super) const READY_BYTES_MAX: u64 = 4 << 20;

/// What programs need to know of a server that listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ReadyLine {
    /// The port it listens on.
    pub(super) port: u16,
    /// The address it listens on.
    pub(super) host: String,
    /// Its base URL for clients on this machine.
    pub(super) url: String,
    /// The admin API's base URL.
    pub(super) admin_url: String,
    /// The page that shows what happens.
    #[serde(default)]
    pub(super) page_url: String,
    /// Whether it speaks HTTPS.
    pub(super) tls: bool,
    /// The providers.
    pub(super) providers: Vec<ReadyProvider>,
    /// The providers whose files cannot be honoured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) unserved: Vec<Unserved>,
    /// The process.
    pub(super) pid: u32,
    /// The program's version.
    pub(super) version: String,
}

/// Where one provider answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ReadyProvider {
    name: String,
    /// Its base URL, which always works.
    url: String,
    /// The host names under which it answers without a prefix.
    hosts: Vec<String>,
}

impl ReadyLine {
    /// A server that listens on `address`.
    pub(super) fn new(emulator: &Emulator, address: SocketAddr, tls: bool) -> Self {
        let url = origin(address, tls);
        let providers = emulator.overview().into_iter().map(|provider| ReadyProvider {
            name: provider.name.to_owned(),
            url: format!("{url}/{}", provider.name),
            hosts: provider.hosts,
        });
        Self {
            port: address.port(),
            host: address.ip().to_string(),
            admin_url: format!("{url}{}", admin::ROOT),
            page_url: format!("{url}{}", admin::PAGE),
            tls,
            providers: providers.collect(),
            unserved: emulator.unserved().to_vec(),
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            url,
        }
    }

    /// As one line with its end.
    pub(super) fn line(&self) -> String {
        let json = serde_json::to_string(self).expect("text, numbers and lists are JSON");
        format!("{}\n", printable_json(&json))
    }
}

/// A file that is there while the server listens, and goes with this value.
#[derive(Debug)]
pub(super) struct ReadyFile {
    path: PathBuf,
    line: String,
}

impl ReadyFile {
    /// Writes the file so that whoever sees it sees all of it.
    pub(super) fn write(path: &Path, ready: &ReadyLine) -> io::Result<Self> {
        let line = ready.line();
        atomic_file::write(path, Access::Usual, |file| file.write_all(line.as_bytes()))?;
        Ok(Self { path: path.to_owned(), line })
    }
}

impl Drop for ReadyFile {
    /// Removes the file, unless another server has written its own there.
    fn drop(&mut self) {
        let there = atomic_file::read(&self.path, READY_BYTES_MAX);
        if there.is_ok_and(|line| line == self.line.as_bytes()) {
            let _ = fs::remove_file(&self.path);
        }
    }
}
