//! What can be given, each option once: as it is written as a flag, in the environment and in `tombstone.yaml`.
//!
//! The first line of each option's documentation is its help and its description in the file's JSON Schema. Must not
//! know where a value was given, nor what is done with it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::catalog::{DocumentSource, Setting};
use crate::config::values::{ByteSize, LogFormat, Period, Rate, Secret, StartTime, Switch};
use crate::faults::FaultFormat;

/// What is served, where and how: the options given in one place, the rest absent.
#[derive(Clone, Debug, Default, PartialEq, Args, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Tombstone configuration file", inline)]
pub struct GivenOptions {
    /// The version of this format: 1
    #[arg(skip)]
    #[schemars(range(min = 1, max = 1))]
    pub tombstone: u32,
    /// The port to listen on; 0 picks a free one and prints it [default: 4010]
    #[arg(short, long, help_heading = SERVING)]
    pub port: Option<u16>,
    /// The address to listen on; 0.0.0.0 is every one of this machine [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS", help_heading = SERVING)]
    pub host: Option<String>,
    /// Whether web pages of any origin may call and read the answers [default: on]
    #[arg(long, value_name = SWITCH, hide_possible_values = true, help_heading = SERVING)]
    pub cors: Option<Switch>,
    /// How large the body of a request may be, decoded; past it the answer is 413 [default: 10MiB]
    #[arg(long, value_name = "SIZE", help_heading = SERVING)]
    pub body_bytes: Option<ByteSize>,
    /// One line for each request on standard error: for people, as JSON, or none [default: human]
    #[arg(long, value_name = "human|json|none", hide_possible_values = true, help_heading = SERVING)]
    pub log_format: Option<LogFormat>,
    /// Take up changes of files while it serves; state stays where it still fits
    #[arg(long, value_name = SWITCH, num_args = 0..=1, require_equals = true, default_missing_value = "on",
          hide_possible_values = true, help_heading = FILES)]
    pub watch: Option<Switch>,
    /// Which providers and records there are
    #[command(flatten)]
    #[serde(flatten)]
    pub sources: GivenSources,
    /// How the contract alone answers
    #[command(flatten)]
    #[serde(default)]
    pub documented: GivenDocumented,
    /// What made-up ids follow from: the same seed and the same calls give the same ids [default: 0]
    #[arg(long, value_name = "N", help_heading = SANDBOXES)]
    pub seed: Option<u64>,
    /// The virtual clock
    #[command(flatten)]
    #[serde(default)]
    pub clock: GivenClock,
    /// Sandboxes
    #[command(flatten)]
    #[serde(default)]
    pub sandboxes: GivenSandboxes,
    /// What outlives the process
    #[command(flatten)]
    #[serde(default)]
    pub state: GivenState,
    /// A fault that each sandbox begins with, such as operation=deleteShop,status=503 (repeatable)
    #[arg(long = "fault", value_name = "SPEC", help_heading = "Faults")]
    #[serde(default)]
    pub faults: Vec<FaultFormat>,
    /// The request journal
    #[command(flatten)]
    #[serde(default)]
    pub journal: GivenJournal,
    /// HTTPS
    #[command(flatten)]
    #[serde(default)]
    pub tls: GivenTls,
    /// Who may call the admin API
    #[command(flatten)]
    #[serde(default)]
    pub admin: GivenAdmin,
    /// One line of JSON on standard output when it listens, instead of the banner
    #[arg(long, value_name = SWITCH, num_args = 0..=1, require_equals = true, default_missing_value = "on",
          hide_possible_values = true, help_heading = MACHINES)]
    pub print_json: Option<Switch>,
    /// The same line in a file, which is there while it listens
    #[arg(long, value_name = "FILE", help_heading = MACHINES)]
    pub ready_file: Option<PathBuf>,
}

const SERVING: &str = "Serving";
const FILES: &str = "Files";
const DOCUMENTED: &str = "Operations without a behavior file";
const SANDBOXES: &str = "Sandboxes and time";
const JOURNAL: &str = "Journal";
const TLS: &str = "TLS";
const ADMIN: &str = "Admin API";
const MACHINES: &str = "For machines";

/// A flag is enough to switch on what is off; a value is there to switch off again what the file has on.
const SWITCH: &str = "on|off";

/// Which providers, and from where.
#[derive(Clone, Debug, Default, PartialEq, Args, Deserialize, JsonSchema)]
pub struct GivenSources {
    /// Documents to serve too: files, folders of them, or - for standard input; NAME=PATH names the provider
    #[arg(value_name = "DOCUMENT", help_heading = FILES)]
    #[serde(default, deserialize_with = "document_sources")]
    #[schemars(with = "Vec<String>")]
    pub documents: Vec<DocumentSource>,
    /// More providers, DIR/PROVIDER/openapi.yaml and behavior.yaml; one with a built-in name goes before it
    #[arg(long, value_name = "DIR", help_heading = FILES)]
    pub specs: Option<PathBuf>,
    /// More records, DIR/PROVIDER/SET.yaml; a set goes before the built-in one of its name
    #[arg(long, value_name = "DIR", help_heading = FILES)]
    pub fixtures: Option<PathBuf>,
    /// The records to start from; a provider without this set starts from `default` [default: default]
    #[arg(long, value_name = "NAME", help_heading = FILES)]
    pub fixture_set: Option<String>,
    /// Whether the built-in providers are served too [default: on]
    #[arg(long, value_name = SWITCH, hide_possible_values = true, help_heading = FILES)]
    pub built_in: Option<Switch>,
    /// Only this provider (repeatable)
    #[arg(long = "provider", value_name = "NAME", help_heading = FILES)]
    #[serde(default)]
    pub providers: Vec<String>,
    /// An overlay (version 1.0) to apply to each document that is given by itself (repeatable, in this order)
    #[arg(long = "overlay", value_name = "FILE", help_heading = FILES)]
    #[serde(default)]
    pub overlays: Vec<PathBuf>,
    /// Remember nothing of documents without a behavior file: the contract alone answers
    #[arg(long, value_name = SWITCH, num_args = 0..=1, require_equals = true, default_missing_value = "on",
          hide_possible_values = true, help_heading = DOCUMENTED)]
    pub stateless: Option<Switch>,
    /// How many records are made up of each resource of such a document, unless it has examples [default: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=1000), help_heading = DOCUMENTED)]
    #[schemars(range(max = 1000))]
    pub seed_records: Option<u16>,
    /// Infer nothing of this operation or resource: the contract alone answers (repeatable)
    #[arg(long, value_name = "NAME", help_heading = DOCUMENTED)]
    #[serde(default)]
    pub stateless_for: Vec<String>,
    /// Another value for a setting of a behavior file, such as shop.grace=1m (repeatable)
    #[arg(long = "set", value_name = "PROVIDER.SETTING=VALUE", help_heading = FILES)]
    #[serde(default, deserialize_with = "settings_by_provider")]
    #[schemars(with = "BTreeMap<String, Map<String, Value>>")]
    pub settings: Vec<Setting>,
}

/// How the contract alone answers where there is no behavior file.
#[derive(Clone, Debug, Default, PartialEq, Args, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenDocumented {
    /// Make bodies up from their schemas, anew for each request, instead of sending examples
    #[arg(long, value_name = SWITCH, num_args = 0..=1, require_equals = true, default_missing_value = "on",
          hide_possible_values = true, help_heading = DOCUMENTED)]
    pub dynamic: Option<Switch>,
    /// Answer 500 instead of a documented example that does not fit its schema
    #[arg(long, value_name = SWITCH, num_args = 0..=1, require_equals = true, default_missing_value = "on",
          hide_possible_values = true, help_heading = DOCUMENTED)]
    pub errors: Option<Switch>,
    /// Whether properties that are not required are made up too [default: on]
    #[arg(long, value_name = SWITCH, hide_possible_values = true, help_heading = DOCUMENTED)]
    pub fill_properties: Option<Switch>,
    /// Pass over the examples of media types
    #[arg(long, value_name = SWITCH, num_args = 0..=1, require_equals = true, default_missing_value = "on",
          hide_possible_values = true, help_heading = DOCUMENTED)]
    pub ignore_examples: Option<Switch>,
}

/// The virtual clock.
#[derive(Clone, Debug, Default, PartialEq, Args, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenClock {
    /// Where the virtual clock begins, such as 2030-01-31T08:00:00Z; now, unless given
    #[arg(long = "clock-start", value_name = "TIME", help_heading = SANDBOXES)]
    pub start: Option<StartTime>,
    /// The virtual clock moves only when it is told to
    #[arg(long = "clock-frozen", value_name = SWITCH, num_args = 0..=1, require_equals = true,
          default_missing_value = "on", hide_possible_values = true, help_heading = SANDBOXES)]
    pub frozen: Option<Switch>,
    /// How many seconds pass on the virtual clock in one second [default: 1]
    #[arg(long = "clock-rate", value_name = "N", help_heading = SANDBOXES)]
    pub rate: Option<Rate>,
}

/// Sandboxes.
#[derive(Clone, Debug, Default, PartialEq, Args, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenSandboxes {
    /// How many sandboxes there may be at once [default: 10000]
    #[arg(long = "sandboxes-max", value_name = "N", help_heading = SANDBOXES,
          value_parser = clap::value_parser!(u32).range(1..))]
    #[schemars(range(min = 1))]
    pub max: Option<u32>,
    /// A sandbox that nobody has called for so long is let go [default: 1h]
    #[arg(long = "sandbox-idle", value_name = "DURATION", help_heading = SANDBOXES)]
    pub idle: Option<Period>,
    /// How many bytes the records of one sandbox may take, beside those it began with [default: 256MiB]
    #[arg(id = "sandbox_bytes", long = "sandbox-bytes", value_name = "SIZE", help_heading = SANDBOXES)]
    pub bytes: Option<ByteSize>,
}

impl GivenSandboxes {
    fn over(self, below: &Self) -> Self {
        Self {
            max: self.max.or(below.max),
            idle: self.idle.or(below.idle),
            bytes: self.bytes.or(below.bytes),
        }
    }
}

/// What outlives the process.
#[derive(Clone, Debug, Default, PartialEq, Args, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenState {
    /// Where all sandboxes are kept over a restart; in memory only, unless given
    #[arg(long = "state", value_name = "FILE", help_heading = SANDBOXES)]
    pub file: Option<PathBuf>,
    /// How often that file is written if something has changed, beside at the end [default: 30s]
    #[arg(long = "state-interval", value_name = "DURATION", help_heading = SANDBOXES)]
    pub interval: Option<Period>,
}

/// The request journal.
#[derive(Clone, Debug, Default, PartialEq, Args, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenJournal {
    /// How many entries each sandbox's journal keeps [default: 1000]
    #[arg(long = "journal-entries", value_name = "N", help_heading = JOURNAL)]
    pub entries: Option<u32>,
    /// How many bytes all journals together keep [default: 64MiB]
    #[arg(long = "journal-bytes", value_name = "SIZE", help_heading = JOURNAL)]
    pub bytes: Option<ByteSize>,
    /// Where all journals are written when it ends
    #[arg(long = "journal-out", value_name = "FILE", help_heading = JOURNAL)]
    pub out: Option<PathBuf>,
}

/// HTTPS.
#[derive(Clone, Debug, Default, PartialEq, Args, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenTls {
    /// Serve HTTPS, with a certificate that is made up at start unless there is --tls-cert
    #[arg(long = "tls", value_name = SWITCH, num_args = 0..=1, require_equals = true,
          default_missing_value = "on", hide_possible_values = true, help_heading = TLS)]
    pub enabled: Option<Switch>,
    /// Serve HTTPS with this certificate, and those up to its root (PEM)
    #[arg(long = "tls-cert", value_name = "FILE", help_heading = TLS)]
    pub cert: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long = "tls-key", value_name = "FILE", help_heading = TLS)]
    pub key: Option<PathBuf>,
    /// Where to write the made-up certificate, for clients that are to trust it
    #[arg(long = "tls-cert-out", value_name = "FILE", help_heading = TLS)]
    pub cert_out: Option<PathBuf>,
}

/// Who may call the admin API.
#[derive(Clone, Debug, Default, PartialEq, Args, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenAdmin {
    /// What callers must present as `Authorization: Bearer TOKEN`
    #[arg(long = "admin-token", value_name = "TOKEN", help_heading = ADMIN)]
    pub token: Option<Secret>,
    /// Answer everyone who can connect, also where --host lets others in and there is no token
    #[arg(long = "admin-open", value_name = SWITCH, num_args = 0..=1, require_equals = true,
          default_missing_value = "on", hide_possible_values = true, help_heading = ADMIN)]
    pub open: Option<Switch>,
    /// One more name of this server in `Host`, beside localhost and the address (repeatable)
    #[arg(long = "admin-host", value_name = "NAME", help_heading = ADMIN)]
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Read the files of the page from this folder at each request: for working on them
    #[arg(long = "admin-page", value_name = "DIR", hide = true, help_heading = ADMIN)]
    pub page: Option<PathBuf>,
}

impl GivenOptions {
    /// What is given here, and below it what is given there. Lists replace lists; settings are counted one by one.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        Self {
            tombstone: below.tombstone,
            port: self.port.or(below.port),
            host: self.host.or(below.host),
            cors: self.cors.or(below.cors),
            body_bytes: self.body_bytes.or(below.body_bytes),
            log_format: self.log_format.or(below.log_format),
            watch: self.watch.or(below.watch),
            sources: self.sources.over(below.sources),
            documented: GivenDocumented {
                dynamic: self.documented.dynamic.or(below.documented.dynamic),
                errors: self.documented.errors.or(below.documented.errors),
                fill_properties: self
                    .documented
                    .fill_properties
                    .or(below.documented.fill_properties),
                ignore_examples: self
                    .documented
                    .ignore_examples
                    .or(below.documented.ignore_examples),
            },
            seed: self.seed.or(below.seed),
            clock: GivenClock {
                start: self.clock.start.or(below.clock.start),
                frozen: self.clock.frozen.or(below.clock.frozen),
                rate: self.clock.rate.or(below.clock.rate),
            },
            sandboxes: self.sandboxes.over(&below.sandboxes),
            state: GivenState {
                file: self.state.file.or(below.state.file),
                interval: self.state.interval.or(below.state.interval),
            },
            faults: first_filled(self.faults, below.faults),
            journal: GivenJournal {
                entries: self.journal.entries.or(below.journal.entries),
                bytes: self.journal.bytes.or(below.journal.bytes),
                out: self.journal.out.or(below.journal.out),
            },
            tls: self.tls.over(below.tls),
            admin: GivenAdmin {
                token: self.admin.token.or(below.admin.token),
                open: self.admin.open.or(below.admin.open),
                hosts: first_filled(self.admin.hosts, below.admin.hosts),
                page: self.admin.page.or(below.admin.page),
            },
            print_json: self.print_json.or(below.print_json),
            ready_file: self.ready_file.or(below.ready_file),
        }
    }

    /// The same with relative paths counted from `folder`.
    #[must_use]
    pub fn in_folder(mut self, folder: &Path) -> Self {
        for path in [
            &mut self.sources.specs,
            &mut self.sources.fixtures,
            &mut self.state.file,
            &mut self.journal.out,
            &mut self.tls.cert,
            &mut self.tls.key,
            &mut self.tls.cert_out,
            &mut self.admin.page,
            &mut self.ready_file,
        ]
        .into_iter()
        .flatten()
        {
            *path = folder.join(&path);
        }
        for document in &mut self.sources.documents {
            if !document.is_standard_input() {
                document.path = folder.join(&document.path);
            }
        }
        for path in &mut self.sources.overlays {
            *path = folder.join(&path);
        }
        self
    }
}

impl GivenSources {
    fn over(self, below: Self) -> Self {
        let mut settings = below.settings;
        for own in self.settings {
            settings.retain(|other| (&other.provider, &other.name) != (&own.provider, &own.name));
            settings.push(own);
        }
        Self {
            documents: first_filled(self.documents, below.documents),
            built_in: self.built_in.or(below.built_in),
            specs: self.specs.or(below.specs),
            fixtures: self.fixtures.or(below.fixtures),
            fixture_set: self.fixture_set.or(below.fixture_set),
            providers: first_filled(self.providers, below.providers),
            overlays: first_filled(self.overlays, below.overlays),
            stateless: self.stateless.or(below.stateless),
            seed_records: self.seed_records.or(below.seed_records),
            stateless_for: first_filled(self.stateless_for, below.stateless_for),
            settings,
        }
    }
}

impl GivenTls {
    fn over(self, below: Self) -> Self {
        Self {
            enabled: self.enabled.or(below.enabled),
            cert: self.cert.or(below.cert),
            key: self.key.or(below.key),
            cert_out: self.cert_out.or(below.cert_out),
        }
    }
}

fn first_filled<T>(list: Vec<T>, below: Vec<T>) -> Vec<T> {
    if list.is_empty() { below } else { list }
}

/// In the file, documents are written as on the command line.
fn document_sources<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<DocumentSource>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| text.parse().map_err(serde::de::Error::custom)).collect()
}

/// In the file, settings are values by name, by provider.
fn settings_by_provider<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Setting>, D::Error> {
    let by_provider = BTreeMap::<String, Map<String, Value>>::deserialize(deserializer)?;
    let settings = by_provider.into_iter().flat_map(|(provider, values)| {
        values.into_iter().map(move |(name, value)| Setting {
            provider: provider.clone(),
            name,
            value,
        })
    });
    Ok(settings.collect())
}
