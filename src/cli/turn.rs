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
    step: StepArgs,
}

#[derive(Debug, Args)]
pub(super) struct RedoArgs {
    /// How many steps
    #[arg(value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    steps: u64,
    #[command(flatten)]
    step: StepArgs,
}

#[derive(Debug, Args)]
pub(super) struct AdvanceArgs {
    /// How far: `90s`, `24h`, `30d`, `PT24H`
    #[arg(value_name = "DURATION")]
    by: String,
    #[command(flatten)]
    step: StepArgs,
}

/// Where the step is made, and how its answer is printed.
#[derive(Debug, Args)]
struct StepArgs {
    /// The server's answer as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    of: SandboxArgs,
}

impl StepArgs {
    /// Makes the call, and prints its answer: as JSON, or as `words` says it.
    fn call(
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
    args.step.call("/undo", &body, |undone| {
        format!("undid {}: {}", entries(entry_ids(undone)), affected(undone))
    })
}

pub(super) fn redo(args: &RedoArgs) -> anyhow::Result<ExitCode> {
    let body = json!({ "steps": args.steps });
    args.step.call("/redo", &body, |undone| {
        format!("did {} again: {}", entries(entry_ids(undone)), affected(undone))
    })
}

pub(super) fn advance(args: &AdvanceArgs) -> anyhow::Result<ExitCode> {
    let body = json!({ "advance": args.by });
    args.step.call("/clock", &body, |clock| {
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

fn entry_ids(undone: &Value) -> &[Value] {
    undone["entries"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// How many records changed; where the clock alone did, what it shows.
fn affected(undone: &Value) -> String {
    match undone["records"].as_object() {
        Some(records) if !records.is_empty() => listed(records),
        _ => format!("it is {}", time(undone["now"].as_str().unwrap_or_default())),
    }
}

/// A time of a sandbox, to the second.
pub(super) fn time(at: &str) -> String {
    at.get(..19).unwrap_or(at).replace('T', " ")
}
