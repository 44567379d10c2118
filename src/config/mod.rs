//! The configuration: what is given by flags, the environment and `tombstone.yaml`, made into one plain value.
//!
//! Owns which of them goes before which, the defaults, and what cannot go together. Must not know how options are used;
//! no module below this layer knows it.

mod environment;
mod file;
mod given;
mod values;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::catalog::{DocumentSource, Sources, is_stream};
use crate::clock::{ClockStart, Timestamp};
use crate::faults::{FAULTS_MAX, Fault, FaultFormat, Problems};
use crate::finding::Finding;
use crate::infer::{InferOptions, SEED_RECORDS};
use crate::message::BODY_BYTES_MAX;
use crate::yaml::Document;
use crate::{admin, emulator, response};

pub use environment::{EnvVariables, Environment, OptionVariables};
pub use file::FILE;
pub use given::{GivenDocumented, GivenOptions, GivenSources};
pub use values::{ByteSize, LogFormat, Period, Rate, Secret, StartTime, Switch};

/// The port unless another is given.
pub const PORT: u16 = 4010;

/// The address unless another is given: nobody else can connect.
const HOST: &str = "127.0.0.1";

/// The fixture set unless another is given.
const FIXTURE_SET: &str = "default";

/// How many sandboxes there may be, unless given: each takes some ten kilobytes until it is written to.
const SANDBOXES: usize = 10_000;

/// How long a sandbox may be idle, unless given.
const SANDBOX_IDLE: Duration = Duration::from_secs(60 * 60);

/// How many bytes the records of a sandbox may take, unless given: more than a test needs, and a fraction of what a
/// machine has.
const SANDBOX_BYTES: usize = 256 << 20;

/// How many entries a journal keeps, unless given.
const JOURNAL_ENTRIES: usize = 1_000;

/// How many bytes all journals keep together, unless given.
const JOURNAL_BYTES: usize = 64 << 20;

/// How often the state is written, unless given.
const STATE_INTERVAL: Duration = Duration::from_secs(30);

/// All options, each with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The port to listen on; 0 is a free one.
    pub port: u16,
    /// The address or name to listen on.
    pub host: String,
    /// How requests are logged.
    pub log_format: LogFormat,
    /// What made-up ids follow from.
    pub seed: u64,
    /// Whether pages of other origins may read the answers.
    pub cors: bool,
    /// How large the body of a request may be.
    pub body_bytes_max: usize,
    /// Which providers there are, and what they start from.
    pub sources: Sources,
    /// Take up changes of their files.
    pub watch: bool,
    /// The virtual clock of the baseline.
    pub clock: ClockStart,
    /// Bounds of the sandboxes.
    pub sandboxes: SandboxConfig,
    /// What outlives the process; nothing, without it.
    pub state: Option<StateConfig>,
    /// The faults that sandboxes begin with; each can be compiled.
    pub faults: Vec<FaultFormat>,
    /// Bounds of the journals, and where they go.
    pub journal: JournalConfig,
    /// HTTPS instead of HTTP.
    pub tls: Option<TlsConfig>,
    /// Who may call the admin API.
    pub admin: AdminConfig,
    /// How the contract alone answers where there is no behavior file.
    pub documented: response::RenderOptions,
    /// Print a line of JSON instead of the banner.
    pub print_json: bool,
    /// Where that line is written, too.
    pub ready_file: Option<PathBuf>,
}

/// Bounds of the sandboxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SandboxConfig {
    /// How many there may be at once, at least 1.
    pub count_max: usize,
    /// After how long without a call one is let go.
    pub idle: Duration,
    /// How many bytes the records of one may take, beside those it began with.
    pub bytes_max: usize,
}

/// What outlives the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateConfig {
    /// Where it is kept.
    pub file: PathBuf,
    /// How often it is written.
    pub interval: Duration,
}

/// Bounds of the journals, and where they go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalConfig {
    /// Entries kept in each.
    pub entries_max: usize,
    /// Bytes kept in all together.
    pub bytes_max: usize,
    /// Where they are written at the end.
    pub out: Option<PathBuf>,
}

/// Where the certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsConfig {
    /// It is made up at start.
    SelfSigned {
        /// Where it is written for clients to trust.
        cert_out: Option<PathBuf>,
    },
    /// From files.
    Files {
        /// The certificate chain (PEM).
        cert: PathBuf,
        /// The private key (PEM).
        key: PathBuf,
    },
}

/// Who may call the admin API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminConfig {
    /// What callers must present.
    pub token: Option<Secret>,
    /// Everyone who can connect may.
    pub is_open: bool,
    /// More names of this server in `Host`.
    pub hosts: Vec<String>,
    /// The folder of the page's files, while somebody works on them.
    pub page: Option<PathBuf>,
}

impl AdminConfig {
    /// The options of an admin API that is reached at `bind`.
    pub fn options(&self, bind: SocketAddr) -> admin::AdminOptions {
        admin::AdminOptions {
            bind,
            hosts: self.hosts.clone(),
            token: self.token.clone().map(|Secret(token)| token),
            open: self.is_open,
            page: self.page.clone(),
        }
    }
}

/// What was given in all places, the nearer before the farther: flags, environment, file.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// The options.
    pub given: GivenOptions,
    /// The configuration file, if there is one.
    pub file: Option<Arc<str>>,
    /// Where the server to call is, from the environment.
    pub url: Option<String>,
    /// The file as it is written, where it could be read.
    pub document: Option<Document>,
    /// What is wrong with the file.
    pub findings: Vec<Finding>,
    /// Variables that look like ours and are not.
    pub warnings: Vec<String>,
}

/// Options that cannot be honoured, each said in a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct WrongUsage(
    /// All of them.
    pub Vec<String>,
);

/// Puts together what is given: by `flags`, the environment, and the file that `config` or the environment names.
pub fn gather(
    flags: GivenOptions,
    config: Option<&Path>,
    variables: &EnvVariables,
) -> Result<Gathered, WrongUsage> {
    let environment = Environment::read(variables);
    if !environment.problems.is_empty() {
        return Err(WrongUsage(environment.problems));
    }
    let mut findings = Vec::new();
    let path = file::find(config.or(environment.config.as_deref()));
    let read = path.as_ref().and_then(|path| file::read(path, &mut findings));
    let (document, in_file) = read.unzip();
    Ok(Gathered {
        given: flags.over(environment.given).over(in_file.unwrap_or_default()),
        document,
        file: path.map(|path| path.display().to_string().into()),
        url: environment.url,
        findings,
        warnings: environment.warnings,
    })
}

impl Config {
    /// Gives each option its value, and says what cannot go together.
    pub fn resolve(given: GivenOptions) -> Result<Self, WrongUsage> {
        let mut problems = outputs_twice(&given);
        let config = Self {
            port: given.port.unwrap_or(PORT),
            host: given.host.unwrap_or_else(|| HOST.to_owned()),
            log_format: given.log_format.unwrap_or(LogFormat::Human),
            seed: given.seed.unwrap_or(0),
            cors: given.cors != Some(Switch::Off),
            body_bytes_max: bytes(given.body_bytes, BODY_BYTES_MAX),
            watch: given.watch == Some(Switch::On) && !is_piped(&given.sources),
            sources: sources(given.sources),
            clock: clock(&given.clock, &mut problems),
            sandboxes: SandboxConfig {
                count_max: given.sandboxes.max.map_or(SANDBOXES, |max| max as usize),
                idle: given.sandboxes.idle.map_or(SANDBOX_IDLE, |Period(idle)| idle),
                bytes_max: bytes(given.sandboxes.bytes, SANDBOX_BYTES),
            },
            state: state(given.state, &mut problems),
            faults: faults(given.faults, &mut problems),
            journal: JournalConfig {
                entries_max: given.journal.entries.map_or(JOURNAL_ENTRIES, |max| max as usize),
                bytes_max: bytes(given.journal.bytes, JOURNAL_BYTES),
                out: given.journal.out,
            },
            tls: tls(given.tls, &mut problems),
            admin: AdminConfig {
                token: given.admin.token,
                is_open: given.admin.open == Some(Switch::On),
                hosts: given.admin.hosts,
                page: given.admin.page,
            },
            documented: documented(&given.documented),
            print_json: given.print_json == Some(Switch::On),
            ready_file: given.ready_file,
        };
        if problems.is_empty() { Ok(config) } else { Err(WrongUsage(problems)) }
    }
}

impl Config {
    /// The options of an emulator that begins when the system clock shows `now`.
    pub fn emulator(&self, now: Timestamp) -> emulator::EmulatorOptions {
        let compiled = |format: &FaultFormat| Fault::compile(format.clone()).ok().map(Arc::new);
        emulator::EmulatorOptions {
            seed: self.seed,
            cors: self.cors,
            now,
            clock: self.clock,
            sandboxes_max: self.sandboxes.count_max,
            sandbox_idle: self.sandboxes.idle,
            sandbox_bytes_max: self.sandboxes.bytes_max,
            journal_entries_max: self.journal.entries_max,
            journal_bytes_max: self.journal.bytes_max,
            faults: self.faults.iter().filter_map(compiled).collect(),
            fixture_set: self.sources.fixture_set.as_str().into(),
            documented: self.documented,
            body_bytes_max: self.body_bytes_max,
        }
    }
}

fn bytes(given: Option<ByteSize>, default: usize) -> usize {
    given.map_or(default, |ByteSize(bytes)| usize::try_from(bytes).unwrap_or(usize::MAX))
}

/// Whether a document or an overlay comes by standard input or a pipe, which cannot be read again.
fn is_piped(sources: &GivenSources) -> bool {
    sources.documents.iter().any(DocumentSource::is_stream)
        || sources.overlays.iter().any(|path| is_stream(path))
}

/// Where the files of providers come from.
pub fn sources(given: GivenSources) -> Sources {
    Sources {
        documents: given.documents,
        built_in: given.built_in != Some(Switch::Off),
        specs: given.specs,
        fixtures: given.fixtures,
        fixture_set: given.fixture_set.unwrap_or_else(|| FIXTURE_SET.to_owned()),
        only: given.providers,
        overlays: given.overlays,
        settings: given.settings,
        vet: false,
        inference: (given.stateless != Some(Switch::On)).then(|| InferOptions {
            seed_records: given.seed_records.map_or(SEED_RECORDS, usize::from),
            except: given.stateless_for,
            ..InferOptions::default()
        }),
    }
}

fn documented(given: &GivenDocumented) -> response::RenderOptions {
    response::RenderOptions {
        dynamic: given.dynamic == Some(Switch::On),
        errors: given.errors == Some(Switch::On),
        fill_properties: given.fill_properties != Some(Switch::Off),
        ignore_examples: given.ignore_examples == Some(Switch::On),
    }
}

fn clock(given: &given::GivenClock, problems: &mut Vec<String>) -> ClockStart {
    let is_frozen = given.frozen == Some(Switch::On);
    if is_frozen && given.rate.is_some() {
        problems.push("a clock with `--clock-frozen` does not move, so it has no `--clock-rate`: leave one of them out".to_owned());
    }
    ClockStart {
        at: given.start.map(|StartTime(start)| start),
        frozen: is_frozen,
        rate: given.rate.map_or(1.0, |Rate(rate)| rate),
    }
}

/// The faults that can be had; the command line and the file have said why of most others.
fn faults(given: Vec<FaultFormat>, problems: &mut Vec<String>) -> Vec<FaultFormat> {
    if given.len() > FAULTS_MAX {
        let count = given.len();
        problems.push(format!("there are {count} faults, and a sandbox has at most {FAULTS_MAX}"));
    }
    for format in &given {
        let wrong = Fault::compile(format.clone()).err();
        problems.extend(wrong.map(|wrong| format!("a fault cannot be: {}", Problems(wrong))));
    }
    given
}

fn state(given: given::GivenState, problems: &mut Vec<String>) -> Option<StateConfig> {
    if given.file.is_none() && given.interval.is_some() {
        problems.push("`--state-interval` says how often, and nothing says where: name the file with `--state`".to_owned());
    }
    let interval = given.interval.map_or(STATE_INTERVAL, |Period(interval)| interval);
    given.file.map(|file| StateConfig { file, interval })
}

fn tls(given: given::GivenTls, problems: &mut Vec<String>) -> Option<TlsConfig> {
    if given.enabled == Some(Switch::Off) {
        return None;
    }
    if given.cert.is_some() && given.cert_out.is_some() {
        problems.push("`--tls-cert-out` writes a made-up certificate, and `--tls-cert` gives one: leave one of them out".to_owned());
    }
    let problem = match (given.cert, given.key) {
        (Some(cert), Some(key)) => return Some(TlsConfig::Files { cert, key }),
        (Some(_), None) => "`--tls-cert` has no private key: name it with `--tls-key`",
        (None, Some(_)) => "`--tls-key` has no certificate: name it with `--tls-cert`",
        (None, None) if given.enabled.is_none() && given.cert_out.is_some() => {
            "`--tls-cert-out` has no certificate to write: add `--tls`"
        }
        (None, None) => {
            return given.enabled.map(|_| TlsConfig::SelfSigned { cert_out: given.cert_out });
        }
    };
    problems.push(problem.to_owned());
    None
}

/// Files that two options would write, one over the other.
fn outputs_twice(given: &GivenOptions) -> Vec<String> {
    let outputs = [
        ("--ready-file", &given.ready_file),
        ("--journal-out", &given.journal.out),
        ("--state", &given.state.file),
        ("--tls-cert-out", &given.tls.cert_out),
    ];
    let mut problems = Vec::new();
    for (index, (flag, path)) in outputs.iter().enumerate() {
        for (other, _) in outputs[..index].iter().filter(|(_, same)| path.is_some() && same == path)
        {
            problems.push(format!("`{other}` and `{flag}` name the same file: each needs its own"));
        }
    }
    problems
}
