//! The command line: what can be asked for, and what is printed for it.
//!
//! The one place that prints. Must not know rules or stores.

mod banner;
mod check;
mod paint;
mod routes;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::Parser;
use clap::Subcommand;
use clap::ValueEnum;

use crate::catalog;
use crate::catalog::Setting;
use crate::catalog::Sources;
use crate::clock::system_now;
use crate::emulator::Emulator;
use crate::emulator::Options;
use crate::finding::Finding;
use crate::finding::Severity;

/// So many findings are printed before the rest is served: a folder of files can have thousands.
const FINDINGS_MAX: usize = 10;

#[derive(Debug, Parser)]
#[command(
    name = "tombstone",
    version,
    about = ABOUT,
    after_help = EXAMPLES,
    max_term_width = 100,
    args_conflicts_with_subcommands = true
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeArgs,
}

const ABOUT: &str = "\
Practise the API calls you can't take back.

A sandbox for APIs with destructive endpoints: it loads an API's OpenAPI document, a behavior file and fixture \
records, and answers as the real service would. Without a command, it serves.";

const EXAMPLES: &str = "\
Examples:
  tombstone                            serve the built-in APIs on http://127.0.0.1:4010
  tombstone -p 0 --provider NAME       one of them, on a free port
  tombstone check --specs my-apis      what is wrong with files of your own";

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer requests (the same as no command)
    Serve(ServeArgs),
    /// Report everything that is wrong with contracts, behavior files and fixtures
    #[command(after_help = "Exit codes: 0 nothing is wrong, 1 something is, 2 wrong usage")]
    Check(CheckArgs),
    /// List each operation: where it answers, which responses it can give and what gives them
    Routes(RoutesArgs),
}

/// Which providers, and from where.
#[derive(Debug, Args)]
#[command(next_help_heading = "Files")]
struct SourceArgs {
    /// More providers, DIR/<provider>/openapi.yaml and behavior.yaml; one with a built-in name goes before it
    #[arg(long, value_name = "DIR")]
    specs: Option<PathBuf>,
    /// More records, DIR/<provider>/<fixture set>.yaml; a set goes before the built-in one of its name
    #[arg(long, value_name = "DIR")]
    fixtures: Option<PathBuf>,
    /// The records to start from; a provider without this set starts from `default`
    #[arg(long, value_name = "NAME", default_value = "default")]
    fixture_set: String,
    /// Only this provider (repeatable)
    #[arg(long = "provider", value_name = "NAME")]
    providers: Vec<String>,
    /// Another value for a setting of a behavior file, such as shop.grace=1m (repeatable)
    #[arg(long = "set", value_name = "PROVIDER.SETTING=VALUE")]
    settings: Vec<Setting>,
}

impl SourceArgs {
    fn sources(&self, vet: bool) -> Sources {
        Sources {
            specs: self.specs.clone(),
            fixtures: self.fixtures.clone(),
            fixture_set: self.fixture_set.clone(),
            only: self.providers.clone(),
            settings: self.settings.clone(),
            vet,
        }
    }
}

#[derive(Debug, Args)]
struct ServeArgs {
    /// The port to listen on; 0 picks a free one and prints it
    #[arg(short, long, default_value_t = 4010, env = "PORT")]
    port: u16,
    /// The address to listen on; 0.0.0.0 is every one of this machine
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1", env = "HOST")]
    host: String,
    /// What made-up ids follow from: the same seed and the same calls give the same ids
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// One line for each request on standard error: for people, as JSON, or none
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = LogFormat::Human)]
    log_format: LogFormat,
    /// Whether web pages of any origin may call and read the answers
    #[arg(long, value_name = "SWITCH", value_enum, default_value_t = Switch::On)]
    cors: Switch,
    #[command(flatten)]
    sources: SourceArgs,
    #[command(flatten)]
    admin: AdminArgs,
}

/// Who may call the admin API.
#[derive(Debug, Args)]
#[command(next_help_heading = "Admin API")]
struct AdminArgs {
    /// What callers must present as `Authorization: Bearer TOKEN`
    #[arg(
        long = "admin-token",
        value_name = "TOKEN",
        env = "TOMBSTONE_ADMIN_TOKEN",
        hide_env_values = true,
        value_parser = clap::builder::NonEmptyStringValueParser::new()
    )]
    token: Option<String>,
    /// Answer everyone who can connect, also where --host lets others in and there is no token
    #[arg(long = "admin-open")]
    open: bool,
    /// One more name of this server in `Host`, beside localhost and the address (repeatable)
    #[arg(long = "admin-host", value_name = "NAME")]
    hosts: Vec<String>,
}

#[derive(Debug, Args)]
struct CheckArgs {
    #[command(flatten)]
    sources: SourceArgs,
}

#[derive(Debug, Args)]
struct RoutesArgs {
    /// As JSON, for programs
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sources: SourceArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    Human,
    Json,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

/// Runs the program with the process's arguments: 0 fine, 1 findings or failure, 2 wrong usage.
pub fn main() -> ExitCode {
    // Wrong usage is printed by clap itself, with exit code 2.
    let cli = Cli::parse();
    let result = match cli.command {
        Some(Command::Serve(args)) => serve::run(&args),
        Some(Command::Check(args)) => check::run(&args),
        Some(Command::Routes(args)) => routes::run(&args),
        None => serve::run(&cli.serve),
    };
    result.unwrap_or_else(|error| {
        print_error(&format!("{error:#}"));
        ExitCode::FAILURE
    })
}

/// Prints lines to standard output; a reader that went away is no failure.
fn print(text: &str) {
    use std::io::Write;
    let _ = std::io::stdout().write_all(text.as_bytes());
    let _ = std::io::stdout().flush();
}

#[expect(clippy::print_stderr, reason = "the one place that prints")]
fn print_error(text: &str) {
    eprintln!("tombstone: {text}");
}

/// What can be had of these files; what cannot is printed. A provider that was asked for by name is not optional.
fn emulator(sources: &SourceArgs, options: &Options) -> anyhow::Result<Emulator> {
    let mut findings = Vec::new();
    let providers = catalog::load(&sources.sources(false), system_now(), &mut findings)?;
    let emulator = Emulator::new(providers, options, &mut findings);
    tell(findings);
    let is_there = |name: &str| emulator.providers().any(|there| **there == *name);
    if let Some(broken) = sources.providers.iter().find(|name| !is_there(name)) {
        anyhow::bail!("`{broken}` cannot be served: mend what is named above");
    }
    if emulator.providers().next().is_none() {
        anyhow::bail!("no provider can be served: mend what is named above");
    }
    Ok(emulator)
}

/// Prints how many findings there are and the worst of them.
fn tell(findings: Vec<Finding>) {
    if findings.is_empty() {
        return;
    }
    let (mut findings, errors) = sorted(findings);
    findings.sort_by_key(|finding| finding.severity != Severity::Error);
    for finding in findings.iter().take(FINDINGS_MAX) {
        print_error(&finding.to_string());
    }
    let counts = [(errors, "error"), (findings.len() - errors, "warning")];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let counts: Vec<_> = counts.map(|(count, noun)| counted(*count, noun)).collect();
    let left = match findings.len().saturating_sub(FINDINGS_MAX) {
        0 => String::new(),
        left => format!(", {left} of them not shown"),
    };
    let consequence = if errors > 0 { "; a provider with an error is not served" } else { "" };
    print_error(&format!(
        "{} in the files{left}{consequence} (`tombstone check` shows all)",
        counts.join(" and ")
    ));
}

/// `1 error`, `2 errors`.
fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Findings in the order of their places, and how many errors are among them.
fn sorted(mut findings: Vec<Finding>) -> (Vec<Finding>, usize) {
    findings.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    (findings, errors)
}
