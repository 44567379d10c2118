//! `tombstone undo`, `redo` and `advance`: back and forth among the steps of a sandbox, and forward in its time.
//!
//! Must not know what a step is.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::entry_line::entries;
use crate::cli::print::{counted, json_lines, print};
use crate::cli::screen::Screen;
use crate::cli::server_address::SandboxArgs;
use crate::cli::words::listed;

#[derive(Debug, Args)]
pub(super) struct UndoArgs {
    /// How many steps
    #[arg(value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    steps: u64,
    /// To before the entry of this number, which `tombstone log` shows
    #[arg(long, value_name = "ID", conflicts_with = "steps")]
    to: Option<u64>,
    #[command(flatten)]
    output: TurnOutput,
}

#[derive(Debug, Args)]
pub(super) struct RedoArgs {
    /// How many steps
    #[arg(value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    steps: u64,
    #[command(flatten)]
    output: TurnOutput,
}

#[derive(Debug, Args)]
pub(super) struct AdvanceArgs {
    /// How far: `90s`, `24h`, `30d`, `PT24H`
    #[arg(value_name = "DURATION")]
    by: String,
    #[command(flatten)]
    output: TurnOutput,
}

/// Where it is done, and what is printed.
#[derive(Debug, Args)]
struct TurnOutput {
    /// The server's answer as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    of: SandboxArgs,
}

impl TurnOutput {
    /// Makes the call, and prints its answer or what `words` makes of it.
    fn done(
        &self,
        rest: &str,
        body: &Value,
        words: impl FnOnce(&Value) -> String,
    ) -> anyhow::Result<ExitCode> {
        let client = self.of.client()?.patient();
        let answer: Value = client.ask("POST", &self.of.path(rest), Some(body))?;
        if self.json {
            print(&json_lines(&answer));
        } else {
            let mut screen = Screen::default();
            screen.line(words(&answer));
            print(&screen.into_text());
        }
        Ok(ExitCode::SUCCESS)
    }
}

pub(super) fn undo(args: &UndoArgs) -> anyhow::Result<ExitCode> {
    let body = match args.to {
        Some(id) => json!({ "to": id }),
        None => json!({ "steps": args.steps }),
    };
    args.output
        .done("/undo", &body, |turn| format!("undid {}: {}", entries(ids(turn)), turned(turn)))
}

pub(super) fn redo(args: &RedoArgs) -> anyhow::Result<ExitCode> {
    let body = json!({ "steps": args.steps });
    args.output
        .done("/redo", &body, |turn| format!("did {} again: {}", entries(ids(turn)), turned(turn)))
}

pub(super) fn advance(args: &AdvanceArgs) -> anyhow::Result<ExitCode> {
    let body = json!({ "advance": args.by });
    args.output.done("/clock", &body, |clock| {
        let run = clock["tasks_run"].as_u64().unwrap_or_default();
        let run = usize::try_from(run).unwrap_or(usize::MAX);
        let tasks = match run {
            0 => String::new(),
            1 => "; 1 due task was run".to_owned(),
            _ => format!("; {} were run", counted(run, "due task")),
        };
        let next =
            clock["next_due"].as_str().map(|next| format!("; the next task is due {}", time(next)));
        format!(
            "it is {}{tasks}{}",
            time(clock["now"].as_str().unwrap_or_default()),
            next.unwrap_or_default()
        )
    })
}

fn ids(turn: &Value) -> &[Value] {
    turn["entries"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// How many records it was about; where it was about the clock alone, what that shows.
fn turned(turn: &Value) -> String {
    match turn["records"].as_object() {
        Some(records) if !records.is_empty() => listed(records),
        _ => format!("it is {}", time(turn["now"].as_str().unwrap_or_default())),
    }
}

/// A time of a sandbox, to the second.
pub(super) fn time(at: &str) -> String {
    at.get(..19).unwrap_or(at).replace('T', " ")
}
