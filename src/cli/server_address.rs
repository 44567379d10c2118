//! Which running server a command calls.
//!
//! Must not know what it is asked.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use serde_json::Value;

use crate::admin;
use crate::cli::args::ConfigArgs;
use crate::cli::atomic_file;
use crate::cli::client::{Client, Url};
use crate::cli::ready::{READY_BYTES_MAX, ReadyLine};
use crate::config::{Config, GivenOptions, Secret, WrongUsage};
use crate::sandbox::DEFAULT;

/// Which server.
#[derive(Debug, Args)]
#[command(next_help_heading = "Server")]
pub(super) struct ServerArgs {
    /// Its base URL; unless given, what the options of serving lead to
    #[arg(long, value_name = "URL")]
    url: Option<Url>,
    /// Its port on this machine
    #[arg(long, value_name = "N", conflicts_with = "url")]
    port: Option<u16>,
    /// The file in which it says where it is
    #[arg(long, value_name = "FILE", conflicts_with_all = ["url", "port"])]
    ready_file: Option<PathBuf>,
    /// What its admin API asks for
    #[arg(long = "admin-token", value_name = "TOKEN")]
    token: Option<Secret>,
    #[command(flatten)]
    config: ConfigArgs,
}

/// Where a server is.
#[derive(Clone, Debug)]
pub(super) enum ServerLocation {
    Url(Url),
    /// A file says where, once it is there.
    File(PathBuf),
}

impl ServerArgs {
    /// Where the server is, and what to present there.
    pub(super) fn location(&self) -> anyhow::Result<(ServerLocation, Option<Secret>)> {
        let gathered = self.config.gather_sound(GivenOptions::default())?;
        let config = Config::resolve(gathered.given)?;
        let token = self.token.clone().or_else(|| config.admin.token.clone());
        let location = if let Some(path) = &self.ready_file {
            ServerLocation::File(path.clone())
        } else if let Some(url) = &self.url {
            ServerLocation::Url(url.clone())
        } else if let Some(port) = self.port {
            ServerLocation::Url(url_of(&Config { port, ..config })?)
        } else if let Some(url) = gathered.url {
            ServerLocation::Url(url.parse().map_err(|problem| WrongUsage(vec![problem]))?)
        } else if let Some(path) = &config.ready_file {
            ServerLocation::File(path.clone())
        } else {
            ServerLocation::Url(url_of(&config)?)
        };
        Ok((location, token))
    }

    /// The server, which is to be there.
    pub(super) fn client(&self) -> anyhow::Result<Client> {
        let (location, token) = self.location()?;
        let url = location.url().map_err(anyhow::Error::msg)?;
        Ok(Client::new(url, token))
    }
}

impl ServerLocation {
    /// The server's URL; what keeps it from being known.
    pub(super) fn url(&self) -> Result<Url, String> {
        match self {
            Self::Url(url) => Ok(url.clone()),
            Self::File(path) => read(path),
        }
    }
}

fn read(path: &Path) -> Result<Url, String> {
    let shown = path.display();
    let text = atomic_file::read(path, READY_BYTES_MAX)
        .map_err(|error| format!("cannot read `{shown}`: {error}"))?;
    let ready: ReadyLine = serde_json::from_slice(&text)
        .map_err(|error| format!("`{shown}` is not what a server writes: {error}"))?;
    ready.url.parse()
}

/// Where a server with these options is for clients on this machine.
fn url_of(config: &Config) -> Result<Url, WrongUsage> {
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let bare = config.host.trim_start_matches('[').trim_end_matches(']');
    let host = match bare {
        "0.0.0.0" | "::" => "127.0.0.1".to_owned(),
        _ if bare.contains(':') => format!("[{bare}]"),
        _ => bare.to_owned(),
    };
    let wrong = |problem: String| WrongUsage(vec![problem]);
    if config.port == 0 {
        let problem = "the port is 0, so any: name the server with `--url` or `--ready-file`";
        return Err(wrong(problem.to_owned()));
    }
    format!("{scheme}://{host}:{}", config.port).parse().map_err(wrong)
}

/// Which sandbox of which server.
#[derive(Debug, Args)]
pub(super) struct SandboxArgs {
    /// The sandbox
    #[arg(long, value_name = "NAME", default_value = DEFAULT)]
    pub(super) sandbox: SandboxName,
    #[command(flatten)]
    server: ServerArgs,
}

impl SandboxArgs {
    /// The server, which is to be there.
    pub(super) fn client(&self) -> anyhow::Result<Client> {
        self.server.client()
    }

    /// A path of the admin API about the sandbox.
    pub(super) fn path(&self, rest: &str) -> String {
        self.sandbox.path(rest)
    }

    /// Makes a call about the sandbox and reads its answer.
    pub(super) fn ask(
        &self,
        method: &str,
        rest: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        self.client()?.ask(method, &self.path(rest), body)
    }
}

/// The name of a sandbox, which stands in paths as it is.
#[derive(Clone, Debug)]
pub(super) struct SandboxName(String);

/// How many characters the name of a sandbox has at most.
const SANDBOX_NAME_MAX: usize = 128;

impl FromStr for SandboxName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._~-".contains(c);
        if !(1..=SANDBOX_NAME_MAX).contains(&text.len()) || !text.chars().all(is_plain) {
            return Err(format!(
                "a sandbox has a name of 1 to {SANDBOX_NAME_MAX} letters, digits and `.`, `_`, `~`, `-`"
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl SandboxName {
    /// As text.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// A path of the admin API about this sandbox.
    pub(super) fn path(&self, rest: &str) -> String {
        format!("{}/sandboxes/{}{rest}", admin::ROOT, self.0)
    }
}
