//! The verbs of the command line: their help, and which function runs each.
//!
//! Must not know what a verb does.

use std::env;
use std::process::ExitCode;
use std::sync::LazyLock;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::catalog;
use crate::cli::args::ServeArgs;
use crate::cli::load::NoSuchDocument;
use crate::cli::print::print_error;
use crate::cli::{
    check, completions, coverage, examples, fault, init, log, mock, plan, reset, routes, save,
    serve, turn, verify, wait,
};
use crate::config::{OptionVariables, WrongUsage};
use crate::finding::did_you_mean;

/// The exit code for wrong usage, as clap has it.
const WRONG_USAGE: u8 = 2;

#[derive(Debug, Parser)]
#[command(
    name = "tombstone",
    version,
    long_version = long_version(),
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
  tombstone log -f                     what happens, a line for each call
  tombstone check --specs my-apis      what is wrong with files of your own
  tombstone serve --help               all options of serving
  tombstone completions bash           what a shell needs to complete this; tombstone man";

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
    /// Write the behavior file and the records that are inferred from a document, to go on from
    #[command(after_help = init::AFTER_OPTIONS)]
    Init(init::InitArgs),
    /// Report everything that is wrong with the files of providers and tombstone.yaml
    #[command(
        after_help = "Exit codes: 0 no error (there may be warnings), 1 errors, 2 wrong usage"
    )]
    Check(check::CheckArgs),
    /// Print calls of every operation to paste, for a server with the same arguments
    #[command(after_help = "Exit codes: 0 printed, 1 the files cannot be read, 2 wrong usage")]
    Examples(Box<ServeArgs>),
    /// List each operation: where it answers, which responses it can give and what gives them
    Routes(routes::RoutesArgs),
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
    /// Show what happened in a sandbox of a running server; -f goes on with what happens
    #[command(after_help = DONE)]
    Log(log::LogArgs),
    /// Tell what a call would be answered and change; nothing changes
    #[command(after_help = PLAN_EXAMPLES)]
    Plan(plan::PlanArgs),
    /// Take back the last step of a sandbox, or several, or all since an entry
    #[command(after_help = DONE)]
    Undo(turn::UndoArgs),
    /// Do again what was undone
    #[command(after_help = DONE)]
    Redo(turn::RedoArgs),
    /// Move the clock of a sandbox forward, and run the jobs that come due
    #[command(after_help = DONE)]
    Advance(turn::AdvanceArgs),
    /// List, add and remove faults of a sandbox: what goes wrong on purpose
    #[command(after_help = DONE)]
    Fault(fault::FaultArgs),
    /// Save all that a sandbox is to a file, with the credentials in it
    #[command(after_help = DONE)]
    Save(save::SaveArgs),
    /// Have a sandbox be as a saved file says; its journal begins anew
    #[command(after_help = DONE)]
    Restore(save::RestoreArgs),
    /// Print what a shell needs to complete this command line
    #[command(hide = true, after_help = completions::AFTER_COMPLETIONS)]
    Completions(completions::CompletionsArgs),
    /// Print the manual page, or write those of all commands
    #[command(hide = true, after_help = completions::AFTER_MAN)]
    Man(completions::ManArgs),
}

const DONE: &str = "Exit codes: 0 done, 1 refused or no answer, 2 wrong usage";

const PLAN_EXAMPLES: &str = "\
Examples:
  tombstone plan DELETE '/shop/orders/42?force=true'
  tombstone plan POST /shop/orders -H 'X-Key: KEY' -d '{\"name\": \"Acme\"}'

Exit codes: 0 planned, whatever it would be answered, 1 refused or no answer, 2 wrong usage";

/// Runs the program with the process's arguments: 0 fine, 1 findings or failure, 2 wrong usage.
pub fn main() -> ExitCode {
    // Wrong usage is printed by clap itself, with exit code 2.
    let arguments = env::args_os().map(|word| word.to_string_lossy().into_owned());
    let matches = command().get_matches_from(mock::arguments(arguments));
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let result = match cli.command {
        Some(Command::Serve(args)) => serve::run(*args),
        Some(Command::Mock(args)) => mock::run(*args),
        Some(Command::Init(args)) => init::run(args),
        Some(Command::Check(args)) => check::run(&args),
        Some(Command::Examples(args)) => examples::run(*args),
        Some(Command::Routes(args)) => routes::run(&args),
        Some(Command::Wait(args)) => wait::run(&args),
        Some(Command::Reset(args)) => reset::run(&args),
        Some(Command::Coverage(args)) => coverage::run(&args),
        Some(Command::Verify(args)) => verify::run(&args),
        Some(Command::Log(args)) => log::run(&args),
        Some(Command::Plan(args)) => plan::run(&args),
        Some(Command::Undo(args)) => turn::undo(&args),
        Some(Command::Redo(args)) => turn::redo(&args),
        Some(Command::Advance(args)) => turn::advance(&args),
        Some(Command::Fault(args)) => fault::run(&args),
        Some(Command::Save(args)) => save::save(&args),
        Some(Command::Restore(args)) => save::restore(&args),
        Some(Command::Completions(args)) => Ok(completions::completions(&args, whole_command())),
        Some(Command::Man(args)) => completions::man(&args, whole_command()),
        None => serve::run(cli.serve),
    };
    result.unwrap_or_else(|error| failed(&error))
}

/// Which program it is, for whoever is told that something is wrong with it. Releases say what they are made of.
fn long_version() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let commit = option_env!("TOMBSTONE_COMMIT").unwrap_or("unknown");
        let library = if cfg!(target_env = "musl") { " musl" } else { "" };
        let (system, machine) = (env::consts::OS, env::consts::ARCH);
        format!("{} (commit {commit}, {system} {machine}{library})", env!("CARGO_PKG_VERSION"))
    });
    &TEXT
}

/// Prints why a verb failed; returns the exit code that says so.
fn failed(error: &anyhow::Error) -> ExitCode {
    if let Some(WrongUsage(problems)) = error.downcast_ref() {
        for problem in problems {
            print_error(problem);
        }
        return ExitCode::from(WRONG_USAGE);
    }
    print_error(&format!("{error:#}{}", verb_hint(error).unwrap_or_default()));
    if error.is::<NoSuchDocument>() { ExitCode::from(WRONG_USAGE) } else { ExitCode::FAILURE }
}

/// The verb that a document which is not there may have been meant as.
fn verb_hint(error: &anyhow::Error) -> Option<String> {
    let NoSuchDocument(catalog::CatalogError::NoSuchFile { path }) = error.downcast_ref()? else {
        return None;
    };
    let command = Cli::command();
    let verbs = command.get_subcommands().map(clap::Command::get_name);
    Some(format!(" ({})", did_you_mean(path.to_str()?, verbs)?))
}

/// The command line as it is parsed and described: help names each option's variable, and the options of serving are
/// told where serving is.
fn command() -> clap::Command {
    let command = Cli::command().mut_args(|arg| arg.hide(true));
    let variables = OptionVariables::known();
    let told = |arg| with_variable(&variables, arg);
    command
        .mut_subcommands(|verb| verb.mut_args(told).mut_subcommands(|action| action.mut_args(told)))
}

/// The same with the options of serving where they can be written without a command, too.
fn whole_command() -> clap::Command {
    let variables = OptionVariables::known();
    let mut whole = Cli::command().mut_args(|arg| with_variable(&variables, arg));
    for verb in command().get_subcommands().cloned() {
        let name = verb.get_name().to_owned();
        whole = whole.mut_subcommand(name, |_| verb);
    }
    whole
}

/// The same option, its help with the variables that stand for it; options of one command alone have none.
fn with_variable(variables: &OptionVariables, arg: clap::Arg) -> clap::Arg {
    let variables = variables.of(&arg);
    match arg.get_help().cloned() {
        Some(help) if !variables.is_empty() => {
            arg.help(format!("{help} [${}]", variables.join(", $")))
        }
        _ => arg,
    }
}
