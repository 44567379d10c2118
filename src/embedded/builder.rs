//! How a sandbox inside a program begins: what it is made of, and whether it listens.
//!
//! Must not know what is done with it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::catalog::{Setting, Sources};
use crate::clock::{RATE_MAX, Timestamp, system_now};
use crate::embedded::{Error, Tombstone};
use crate::emulator::{Emulator, EmulatorOptions};
use crate::faults::{FAULTS_MAX, Fault, FaultFormat, Problems};
use crate::finding::{Finding, Severity};
use crate::server::{Running, ServerLimits, Setup, origin};
use crate::{admin, catalog};

/// The base URL of one that does not listen: a name that leads nowhere (RFC 2606 section 2).
const NOWHERE: &str = "http://in-process.invalid";

/// What a [`Tombstone`] is made of; nothing has to be said.
#[derive(Clone, Debug)]
#[must_use = "nothing begins before `start` or `in_process`"]
pub struct Builder {
    sources: Sources,
    options: EmulatorOptions,
    faults: Vec<FaultFormat>,
    host: String,
    port: u16,
    problems: Vec<String>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            sources: Sources::default(),
            options: EmulatorOptions::default(),
            faults: Vec::new(),
            host: "127.0.0.1".to_owned(),
            port: 0,
            problems: Vec::new(),
        }
    }
}

impl Builder {
    /// A folder with more providers, `<folder>/<provider>/openapi.yaml` and `behavior.yaml`; one with a built-in name goes
    /// before it.
    pub fn specs(mut self, folder: impl Into<PathBuf>) -> Self {
        self.sources.specs = Some(folder.into());
        self
    }

    /// A folder with more records, `<folder>/<provider>/<set>.yaml`.
    pub fn fixtures(mut self, folder: impl Into<PathBuf>) -> Self {
        self.sources.fixtures = Some(folder.into());
        self
    }

    /// The records to start from; a provider without this set starts from `default`.
    pub fn fixture_set(mut self, name: impl Into<String>) -> Self {
        self.sources.fixture_set = name.into();
        self
    }

    /// Only this provider, and others that are named so; all of them, unless one is named.
    pub fn provider(mut self, name: impl Into<String>) -> Self {
        self.sources.only.push(name.into());
        self
    }

    /// Another value for a setting of a provider's behavior file.
    pub fn setting(
        mut self,
        provider: impl Into<String>,
        name: impl Into<String>,
        value: impl Into<Value>,
    ) -> Self {
        let (provider, name, value) = (provider.into(), name.into(), value.into());
        self.sources.settings.push(Setting { provider, name, value });
        self
    }

    /// What made-up ids and the dice of faults follow from; 0 unless given.
    pub fn seed(mut self, seed: u64) -> Self {
        self.options.seed = seed;
        self
    }

    /// What the clocks show first, as RFC 3339 text; what the system clock shows, unless given. Dates in fixtures are
    /// relative to it.
    pub fn clock_start(mut self, time: &str) -> Self {
        self.options.clock.at = Timestamp::parse(time);
        if self.options.clock.at.is_none() {
            self.problems.push(format!(
                "`{time}` is no time to start at: write RFC 3339 such as `2030-01-01T00:00:00Z`"
            ));
        }
        self
    }

    /// The clocks stand still until they are moved.
    pub fn clock_frozen(mut self) -> Self {
        self.options.clock.frozen = true;
        self
    }

    /// The clocks run so many times as fast as the system clock.
    pub fn clock_rate(mut self, rate: f64) -> Self {
        if !(0.0..=RATE_MAX).contains(&rate) {
            self.problems.push(format!("the rate is `{rate}`: give a number from 0 to {RATE_MAX}"));
        }
        self.options.clock.rate = rate;
        self
    }

    /// A fault that every sandbox begins with, and others that are named so.
    pub fn fault(mut self, fault: FaultFormat) -> Self {
        self.faults.push(fault);
        self
    }

    /// The address or name to listen on; `127.0.0.1` unless given. On others, the admin API under `/__admin` is closed.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = host.into();
        self
    }

    /// The port to listen on; a free one unless given.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// How many sandboxes there can be beside `default`; 10,000 unless given.
    pub fn sandboxes_max(mut self, count: usize) -> Self {
        self.options.sandboxes_max = count;
        self
    }

    /// How long a sandbox may be unused before it is dropped; an hour unless given.
    pub fn sandbox_idle(mut self, idle: Duration) -> Self {
        self.options.sandbox_idle = idle;
        self
    }

    /// How many bytes the records of a sandbox may take, beside those it began with; 256 MiB unless given.
    pub fn sandbox_bytes_max(mut self, bytes: usize) -> Self {
        self.options.sandbox_bytes_max = bytes;
        self
    }

    /// How many entries the journal of a sandbox has at most; 1,000 unless given.
    pub fn journal_entries_max(mut self, count: usize) -> Self {
        self.options.journal_entries_max = count;
        self
    }

    /// How many bytes all journals together take at most; 64 MiB unless given.
    pub fn journal_bytes_max(mut self, bytes: usize) -> Self {
        self.options.journal_bytes_max = bytes;
        self
    }

    /// How many bytes the body of a request has at most, decoded; 10 MiB unless given.
    pub fn body_bytes_max(mut self, bytes: usize) -> Self {
        self.options.body_bytes_max = bytes;
        self
    }

    /// Listens, on threads of its own, until the value is dropped. When this returns, clients can connect.
    ///
    /// ```
    /// # use tombstone::Tombstone;
    /// let tombstone = Tombstone::builder()
    ///     .specs("examples/specs")
    ///     .fixtures("examples/fixtures")
    ///     .provider("shop")
    ///     .setting("shop", "erasure_time", "1h")
    ///     .seed(7)
    ///     .clock_start("2030-01-31T08:00:00Z")
    ///     .clock_frozen()
    ///     .start()?;
    /// assert!(tombstone.url().starts_with("http://127.0.0.1:"));
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn start(self) -> Result<Tombstone, Error> {
        let (host, port) = (self.host.clone(), self.port);
        let body_bytes_max = self.options.body_bytes_max;
        let (emulator, warnings) = self.emulator()?;
        let answering = Arc::clone(&emulator);
        let running = Running::start(&host, port, |bind| Setup {
            emulator: answering.into(),
            admin: admin::AdminOptions {
                bind,
                hosts: Vec::new(),
                token: None,
                open: false,
                page: None,
            },
            tls: None,
            log: None,
            limits: ServerLimits { body_bytes_max, ..ServerLimits::default() },
        })?;
        let url = origin(running.address(), false);
        Ok(Tombstone { emulator, url: url.into(), warnings, _running: Some(running) })
    }

    /// Listens nowhere: requests are handed over with [`Tombstone::handle`] and [`Sandbox::call`](crate::Sandbox::call).
    ///
    /// ```
    /// # use tombstone::{Error, Tombstone};
    /// use tombstone::faults::FaultFormat;
    ///
    /// let shop = || Tombstone::builder().specs("examples/specs").fixtures("examples/fixtures").provider("shop");
    /// shop().fixture_set("closed").clock_rate(60.0).fault(FaultFormat::any().status(503).times(1)).in_process()?;
    ///
    /// // Everything that is wrong is told, all at once.
    /// let error = shop().clock_start("soon").clock_rate(-1.0).in_process().unwrap_err();
    /// assert!(matches!(error, Error::Usage(problems) if problems.len() == 2));
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn in_process(self) -> Result<Tombstone, Error> {
        let (emulator, warnings) = self.emulator()?;
        Ok(Tombstone { emulator, url: NOWHERE.into(), warnings, _running: None })
    }

    /// What answers, and what is doubtful in its files.
    fn emulator(mut self) -> Result<(Arc<Emulator>, Vec<Finding>), Error> {
        self.compile_faults();
        if !self.problems.is_empty() {
            return Err(Error::Usage(self.problems));
        }
        let Self { sources, mut options, faults, .. } = self;
        options.now = system_now();
        options.fixture_set = sources.fixture_set.as_str().into();
        let begins = options.clock.at.unwrap_or(options.now);
        let mut findings = Vec::new();
        let providers = catalog::load(&sources, begins, &mut findings)?;
        let mut emulator = Emulator::new(providers, &options, &mut findings);
        findings.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        if findings.iter().any(|finding| finding.severity == Severity::Error) {
            return Err(Error::Files(findings));
        }
        let unknown = faults.iter().flat_map(|fault| emulator.unknown_in_fault(fault));
        let unknown: Vec<_> =
            unknown.map(|problem| format!("a fault cannot be: {problem}")).collect();
        if !unknown.is_empty() {
            return Err(Error::Usage(unknown));
        }
        emulator.load_fixtures_with(catalog::fixture_loader(sources));
        Ok((Arc::new(emulator), findings))
    }

    fn compile_faults(&mut self) {
        let count = self.faults.len();
        if count > FAULTS_MAX {
            self.problems
                .push(format!("there are {count} faults, and a sandbox has at most {FAULTS_MAX}"));
        }
        for format in &self.faults {
            match Fault::compile(format.clone()) {
                Ok(fault) => self.options.faults.push(Arc::new(fault)),
                Err(wrong) => {
                    self.problems.push(format!("a fault cannot be: {}", Problems(wrong)));
                }
            }
        }
    }
}
