//! `tombstone log`: what happened in a sandbox, and what happens.
//!
//! Must not know how an entry is told.

use std::io;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::Args;
use serde_json::Value;

use crate::cli::client::{CallError, Client};
use crate::cli::colors::Colors;
use crate::cli::entry_line;
use crate::cli::events::Event;
use crate::cli::print::{print_error, print_line};
use crate::cli::server_address::SandboxArgs;
use crate::printable::printable_json;

/// How many entries are read at once.
const PAGE_ENTRIES: usize = 100;

/// How long after a connection is lost it is tried again, at first and later.
const PAUSE_MIN: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(4);

#[derive(Debug, Args)]
pub(super) struct LogArgs {
    /// Go on with what happens next, also after the server was started anew
    #[arg(short, long)]
    follow: bool,
    /// Only the last N entries; all that the journal has, unless given
    #[arg(short = 'n', long = "lines", value_name = "N")]
    lines: Option<usize>,
    /// A line of JSON for each entry, as the admin API has it
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    of: SandboxArgs,
}

pub(super) fn run(args: &LogArgs) -> anyhow::Result<ExitCode> {
    let client = args.of.client()?;
    let printer = EntryPrinter { json: args.json, colors: Colors::of(&io::stdout()) };
    let lines_max = args.lines.unwrap_or(usize::MAX);
    let last = match read(&client, &args.of.path("/requests"), lines_max) {
        Ok((entries, last)) => {
            if entries.iter().rev().any(|entry| printer.print(entry).is_err()) {
                return Ok(ExitCode::SUCCESS);
            }
            last
        }
        // Its first call makes it.
        Err(error) if args.follow && error.downcast_ref().is_some_and(CallError::is_not_found) => 0,
        Err(error) => return Err(error),
    };
    if args.follow {
        Follower { args, client, printer, last, told: None }.follow()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Entries, the newest first, and the number of the newest that there is.
fn read(client: &Client, path: &str, lines_max: usize) -> anyhow::Result<(Vec<Value>, u64)> {
    // One is read in any case: what happens next comes after the newest.
    let wanted = lines_max.max(1);
    let limit = PAGE_ENTRIES.min(wanted);
    let mut next = Some(format!("{path}?limit={limit}"));
    let mut entries: Vec<Value> = Vec::new();
    while let Some(path) = next.filter(|_| entries.len() < wanted) {
        let mut page: Value = client.ask("GET", &path, None)?;
        next = page["next"].as_str().map(str::to_owned);
        match page["requests"].take() {
            Value::Array(page) => entries.extend(page),
            _ => anyhow::bail!("`{}` answered GET {path} with something else", client.url),
        }
    }
    let newest = entries.first().and_then(|entry| entry["id"].as_u64());
    entries.truncate(lines_max);
    Ok((entries, newest.unwrap_or_default()))
}

struct EntryPrinter {
    json: bool,
    colors: Colors,
}

impl EntryPrinter {
    /// Prints an entry; fails when nobody reads any more.
    fn print(&self, entry: &Value) -> io::Result<()> {
        print_line(&if self.json {
            printable_json(&entry.to_string()).into_owned()
        } else {
            entry_line::line(entry, self.colors)
        })
    }
}

/// Prints what happens, whatever becomes of the server meanwhile.
struct Follower<'a> {
    args: &'a LogArgs,
    client: Client,
    printer: EntryPrinter,
    /// The number of the newest entry that was printed.
    last: u64,
    /// Why nothing comes, if that was told.
    told: Option<String>,
}

impl Follower<'_> {
    /// Ends when nobody reads any more, or when the server refuses.
    fn follow(&mut self) -> anyhow::Result<()> {
        let path = self.args.of.path("/changes");
        let name = self.args.of.sandbox.as_str();
        let mut pause = PAUSE_MIN;
        loop {
            match self.client.follow(&path, self.last) {
                Ok(mut events) => {
                    if self.told.take().is_some() {
                        print_error(&format!("connected to `{}`", self.client.url));
                    }
                    while let Ok(Some(event)) = events.next() {
                        pause = PAUSE_MIN;
                        if self.show(&event).is_err() {
                            return Ok(());
                        }
                    }
                    self.tell(format!(
                        "lost the connection to `{}`, trying again",
                        self.client.url
                    ));
                }
                Err(error) if error.is_not_found() => {
                    // When it is made, it begins with the first.
                    self.last = 0;
                    self.tell(format!("there is no sandbox `{name}` yet: its first call makes it"));
                }
                Err(error) if error.is_transient() => {
                    self.tell(format!("{error}: trying again"));
                }
                Err(error) => return Err(error.into()),
            }
            thread::sleep(pause);
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Says why nothing comes, once.
    fn tell(&mut self, why: String) {
        if self.told.is_none() {
            print_error(&why);
        }
        self.told = Some(why);
    }

    fn show(&mut self, event: &Event) -> io::Result<()> {
        if let Some(id) = event.id {
            self.last = id;
        }
        match event.kind.as_str() {
            "restart" => print_error("the sandbox began anew"),
            "cleared" => print_error("the journal was cleared"),
            "gap" => {
                let gap: Value = serde_json::from_str(&event.data).unwrap_or_default();
                print_error(&format!(
                    "the journal has given up entries {} to {} before they could be read",
                    gap["from"], gap["to"]
                ));
            }
            "sandboxes" | "faults" | "files" => {}
            _ => {
                let entry = serde_json::from_str(&event.data).map_err(io::Error::other)?;
                self.printer.print(&entry)?;
            }
        }
        Ok(())
    }
}
