//! The command line: what can be asked for, and what is printed for it.
//!
//! The one place that prints. Must not know rules or stores.

mod aside;
mod banner;
mod check;
mod client;
mod coverage;
mod journal_out;
mod junit;
mod keep;
mod lock;
mod mock;
mod paint;
mod ready;
mod reload;
mod reset;
mod routes;
mod screen;
mod serve;
mod state_file;
mod state_v1;
mod target;
mod verify;
mod wait;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::catalog::{Files, Sources};
use crate::config::{Config, Gathered, Given, GivenSources, WrongUsage};
use crate::emulator::{Emulator, EmulatorOptions};
use crate::faults::FaultFormat;
use crate::finding::{Finding, Folded, Severity, did_you_mean};
use crate::printable::{printable, printable_json};
use crate::{catalog, config};

/// So many findings are printed before the rest is served: a folder of files can have thousands.
const FINDINGS_MAX: usize = 10;

/// The exit code for wrong usage, as clap has it.
const WRONG_USAGE: u8 = 2;

#[derive(Debug, Parser)]
#[command(
    name = "tombstone",
    version,
    about = ABOUT,
    override_usage = "tombstone [OPTIONS OF SERVE]\n       tombstone <COMMAND> [OPTIONS]",
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
  tombstone mock openapi.yaml          any OpenAPI document, as Prism would
  tombstone check --specs my-apis      what is wrong with files of your own
  tombstone serve --help               all options of serving";

const AFTER_OPTIONS: &str = "\
Each option can also stand in the environment, as the variable in brackets (lists with commas between their items, \
faults with semicolons), and in tombstone.yaml. Flags go before the environment, and the environment before the file.

Exit codes: 0 it was told to stop, 1 it could not serve, 2 wrong usage";

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer requests (the same as no command)
    #[command(after_help = AFTER_OPTIONS)]
    Serve(Box<ServeArgs>),
    /// Answer by documents alone, with the flags of `prism mock`
    #[command(after_help = mock::AFTER_OPTIONS)]
    Mock(Box<mock::MockArgs>),
    /// Report everything that is wrong with the files of providers and tombstone.yaml
    #[command(
        after_help = "Exit codes: 0 no error (there may be warnings), 1 errors, 2 wrong usage"
    )]
    Check(CheckArgs),
    /// List each operation: where it answers, which responses it can give and what gives them
    Routes(RoutesArgs),
    /// Wait until a server answers, and print its URL
    #[command(after_help = "Exit codes: 0 it answers, 1 it does not in time, 2 wrong usage")]
    Wait(wait::WaitArgs),
    /// Put a sandbox of a running server, or all, back to the start
    #[command(after_help = "Exit codes: 0 done, 1 no such sandbox or no answer, 2 wrong usage")]
    Reset(reset::ResetArgs),
    /// Tell which operations, responses and rules of a running server have been exercised
    #[command(after_help = "Exit codes: 0 fine, 1 less than --min or no answer, 2 wrong usage")]
    Coverage(coverage::CoverageArgs),
    /// Hold a running server's calls and records against a file of expectations
    #[command(after_help = "Exit codes: 0 all hold, 1 one does not or no answer, 2 wrong usage")]
    Verify(verify::VerifyArgs),
}

/// Where options are beside the command line.
#[derive(Debug, Args)]
struct ConfigArgs {
    /// Options in a file; `tombstone.yaml` in the working directory if it is there, unless given
    #[arg(long, value_name = "FILE", help_heading = "Files")]
    config: Option<PathBuf>,
}

impl ConfigArgs {
    /// What is given here and elsewhere; strange variables are told.
    fn gather(&self, flags: Given) -> Result<Gathered, WrongUsage> {
        let gathered =
            config::gather(flags, self.config.as_deref(), &std::env::vars_os().collect())?;
        for warning in &gathered.warnings {
            print_error(&format!("warning: {warning}"));
        }
        Ok(gathered)
    }

    /// The same for a command that cannot go on while something is wrong with the file.
    fn gather_sound(&self, flags: Given) -> anyhow::Result<Gathered> {
        let mut gathered = self.gather(flags)?;
        let (findings, errors) = sorted(std::mem::take(&mut gathered.findings));
        for finding in &findings {
            print_error(&finding.to_string());
        }
        if errors > 0 {
            anyhow::bail!("{} in the configuration file: mend it first", counted(errors, "error"));
        }
        Ok(gathered)
    }

    /// All options, for such a command.
    fn resolve(&self, flags: Given) -> anyhow::Result<Config> {
        Ok(Config::resolve(self.gather_sound(flags)?.given)?)
    }
}

#[derive(Debug, Args)]
struct ServeArgs {
    #[command(flatten)]
    given: Given,
    #[command(flatten)]
    config: ConfigArgs,
}

/// Which providers, and from where.
#[derive(Debug, Args)]
struct SourceArgs {
    #[command(flatten)]
    sources: GivenSources,
    #[command(flatten)]
    config: ConfigArgs,
}

impl SourceArgs {
    /// The same as what is given for serving.
    fn given(&self) -> Given {
        Given { sources: self.sources.clone(), ..Given::default() }
    }
}

#[derive(Debug, Args)]
struct CheckArgs {
    /// Report it for people, as annotations of a GitHub workflow, or as JSON
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: CheckFormat,
    #[command(flatten)]
    sources: SourceArgs,
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CheckFormat {
    Human,
    Github,
    Json,
}

#[derive(Debug, Args)]
struct RoutesArgs {
    /// As JSON, for programs
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sources: SourceArgs,
}

/// Runs the program with the process's arguments: 0 fine, 1 findings or failure, 2 wrong usage.
pub fn main() -> ExitCode {
    // Wrong usage is printed by clap itself, with exit code 2.
    let arguments = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    let matches = command().get_matches_from(mock::arguments(arguments));
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let result = match cli.command {
        Some(Command::Serve(args)) => serve::run(*args),
        Some(Command::Mock(args)) => mock::run(*args),
        Some(Command::Check(args)) => check::run(&args),
        Some(Command::Routes(args)) => routes::run(&args),
        Some(Command::Wait(args)) => wait::run(&args),
        Some(Command::Reset(args)) => reset::run(&args),
        Some(Command::Coverage(args)) => coverage::run(&args),
        Some(Command::Verify(args)) => verify::run(&args),
        None => serve::run(cli.serve),
    };
    result.unwrap_or_else(|error| match error.downcast::<WrongUsage>() {
        Ok(WrongUsage(problems)) => {
            for problem in problems {
                print_error(&problem);
            }
            ExitCode::from(WRONG_USAGE)
        }
        Err(error) => {
            print_error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    })
}

/// The command line as it is parsed and described: help names each option's variable, and the options of serving are
/// told where serving is.
fn command() -> clap::Command {
    let mut command = Cli::command().mut_args(|arg| arg.hide(true));
    for name in ["serve", "mock", "check", "routes", "wait", "reset", "coverage", "verify"] {
        command = command.mut_subcommand(name, |serving| serving.mut_args(with_variable));
    }
    command
}

/// The same option, its help with the variables that stand for it; options of one command alone have none.
fn with_variable(arg: clap::Arg) -> clap::Arg {
    let variables = config::variables(&arg);
    match arg.get_help().cloned() {
        Some(help) if !variables.is_empty() => {
            arg.help(format!("{help} [${}]", variables.join(", $")))
        }
        _ => arg,
    }
}

/// Prints lines to standard output; a reader that went away is no failure.
fn print(text: &str) {
    use std::io::Write;
    let _ = std::io::stdout().write_all(text.as_bytes());
    let _ = std::io::stdout().flush();
}

/// A value as JSON in lines.
fn json_lines(value: &serde_json::Value) -> String {
    let text = format!("{value:#}\n");
    printable_json(&text).into_owned()
}

/// Prints one line to standard error.
#[expect(clippy::print_stderr, reason = "the one place that prints")]
fn print_error(text: &str) {
    eprintln!("tombstone: {}", printable(text));
}

/// What can be had of these files, of which a note is taken.
fn load(
    sources: &Sources,
    options: &EmulatorOptions,
    files: &mut Files,
    findings: &mut Vec<Finding>,
) -> Result<Emulator, catalog::Error> {
    let now = options.clock.at.unwrap_or(options.now);
    let providers = catalog::load_noting(sources, now, findings, files)?;
    let loaded = findings.len();
    let mut emulator = Emulator::new(providers, options, findings);
    emulator.note_unserved(files.unserved(&emulator, &findings[loaded..]));
    Ok(emulator)
}

/// What can be had of these files; what cannot is printed. A provider that was asked for by name is not optional.
fn emulator(
    sources: &Sources,
    options: &EmulatorOptions,
    files: &mut Files,
) -> anyhow::Result<Emulator> {
    let mut findings = Vec::new();
    let emulator = load(sources, options, files, &mut findings).map_err(misnamed)?;
    let is_broken = findings.iter().any(|finding| finding.severity == Severity::Error);
    tell(findings);
    if is_broken && !sources.documents.is_empty() {
        anyhow::bail!("what was asked for cannot all be served: mend what is named above");
    }
    let is_there = |name: &str| emulator.providers().any(|there| **there == *name);
    if let Some(broken) = sources.only.iter().find(|name| !is_there(name)) {
        anyhow::bail!("`{broken}` cannot be served: mend what is named above");
    }
    if emulator.providers().next().is_none() {
        anyhow::bail!("no provider can be served: mend what is named above");
    }
    Ok(emulator)
}

/// Faults with names that stand for nothing are wrong usage: they would never strike, and a test would pass for it.
fn check_faults(faults: &[FaultFormat], emulator: &Emulator) -> Result<(), WrongUsage> {
    let unknown = faults.iter().flat_map(|fault| emulator.unknown_in_fault(fault));
    let problems: Vec<_> = unknown.map(|problem| format!("a fault cannot be: {problem}")).collect();
    if problems.is_empty() { Ok(()) } else { Err(WrongUsage(problems)) }
}

/// A word that is neither a command nor a file is wrong usage.
fn misnamed(error: catalog::Error) -> anyhow::Error {
    let catalog::Error::NoSuchFile { path } = &error else { return error.into() };
    let commands = Cli::command();
    let names: Vec<&str> = commands.get_subcommands().map(clap::Command::get_name).collect();
    let hint = path.to_str().and_then(|word| did_you_mean(word, names));
    let hint = hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
    WrongUsage(vec![format!("{error}{hint}")]).into()
}

/// Prints how many findings there are and the worst of them.
fn tell(findings: Vec<Finding>) {
    if findings.is_empty() {
        return;
    }
    let (mut findings, errors) = sorted(findings);
    findings.sort_by_key(|finding| finding.first.severity != Severity::Error);
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

/// `1 error`, `2 errors`, `2 sandboxes`.
fn counted(count: usize, noun: &str) -> String {
    let ending = match noun {
        _ if count == 1 => "",
        _ if noun.ends_with('x') => "es",
        _ => "s",
    };
    format!("{count} {noun}{ending}")
}

/// Findings in the order of their places, equal ones folded, and how many errors are among them.
fn sorted(mut findings: Vec<Finding>) -> (Vec<Folded>, usize) {
    findings.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    let folded = Folded::all(findings);
    let errors = folded.iter().filter(|one| one.first.severity == Severity::Error).count();
    (folded, errors)
}
