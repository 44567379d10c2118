//! `tombstone log`: what happened in a sandbox, and what happens.
//!
//! Must not know how an entry is told.

use std::io;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use serde_json::Value;

use crate::cli::client::{CallError, Client, EventStream};
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

const BEGAN_ANEW: &str = "the sandbox began anew";

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
    match show(args) {
        Err(error) if is_reader_gone(&error) => Ok(ExitCode::SUCCESS),
        shown => shown.map(|()| ExitCode::SUCCESS),
    }
}

/// Whether it failed because nobody reads what it prints any more.
fn is_reader_gone(error: &anyhow::Error) -> bool {
    error.downcast_ref().is_some_and(|error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn show(args: &LogArgs) -> anyhow::Result<()> {
    let client = args.of.client()?;
    let printer = EntryPrinter { json: args.json, colors: Colors::of(&io::stdout()) };
    let lines_max = args.lines.unwrap_or(usize::MAX);
    let newest = match read(&client, &args.of.path("/requests"), lines_max) {
        Ok((entries, newest)) => {
            for entry in entries.iter().rev() {
                printer.print(entry)?;
            }
            newest
        }
        // Its first call makes it.
        Err(error) if args.follow && error.downcast_ref().is_some_and(CallError::is_not_found) => {
            SeenEntry::default()
        }
        Err(error) => return Err(error),
    };
    if args.follow {
        Follower { args, client, printer, newest, told: None }.follow()?;
    }
    Ok(())
}

/// Entries, the newest first, and the newest that there is.
fn read(client: &Client, path: &str, lines_max: usize) -> anyhow::Result<(Vec<Value>, SeenEntry)> {
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
    let newest = entries.first().map(SeenEntry::of).unwrap_or_default();
    entries.truncate(lines_max);
    Ok((entries, newest))
}

/// What tells an entry from others: its number, and when it came by the system's clock.
#[derive(Clone, Debug, Default, PartialEq)]
struct SeenEntry {
    /// 0 where there was none.
    id: u64,
    real_at: Value,
}

impl SeenEntry {
    fn of(entry: &Value) -> Self {
        let id = entry["id"].as_u64().unwrap_or_default();
        Self { id, real_at: entry["real_at"].clone() }
    }
}

struct EntryPrinter {
    json: bool,
    colors: Colors,
}

impl EntryPrinter {
    /// Prints an entry; fails also when nobody reads any more.
    fn print(&self, entry: &Value) -> anyhow::Result<()> {
        let line = if self.json {
            printable_json(&entry.to_string()).into_owned()
        } else {
            entry_line::line(entry, self.colors)
        };
        print_line(&line).context("cannot write to standard output")
    }
}

/// Prints what happens, whatever becomes of the server meanwhile.
struct Follower<'a> {
    args: &'a LogArgs,
    client: Client,
    printer: EntryPrinter,
    /// The newest entry that was printed.
    newest: SeenEntry,
    /// Why nothing comes, if that was told.
    told: Option<String>,
}

impl Follower<'_> {
    /// Ends with an error: when nobody reads any more, when the server refuses, or when what it sends cannot be shown.
    fn follow(&mut self) -> anyhow::Result<()> {
        let mut pause = PAUSE_MIN;
        loop {
            match self.connect() {
                Ok(events) => {
                    if self.told.take().is_some() {
                        print_error(&format!("connected to `{}`", self.client.url));
                    }
                    if self.show_all(events)? {
                        pause = PAUSE_MIN;
                    }
                    let url = &self.client.url;
                    self.tell(format!("lost the connection to `{url}`, trying again"));
                }
                Err(error) if error.is_not_found() => {
                    // When it is made, it begins with the first.
                    self.newest = SeenEntry::default();
                    let name = self.args.of.sandbox.as_str();
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

    /// Opens the stream of what comes after the newest entry; of everything, where the server has another journal now.
    fn connect(&mut self) -> Result<EventStream, CallError> {
        if self.told.is_some() && self.newest.id > 0 && self.is_other_journal()? {
            self.newest = SeenEntry::default();
            print_error(BEGAN_ANEW);
        }
        self.client.follow(&self.args.of.path("/changes"), self.newest.id)
    }

    /// Whether the journal has another entry of the number of the newest that was printed. One that has none of that number
    /// tells of it itself.
    fn is_other_journal(&self) -> Result<bool, CallError> {
        let path = self.args.of.path(&format!("/requests?limit=1&before={}", self.newest.id + 1));
        let page = self.client.ask_bytes("GET", &path, None)?;
        let page: Value = serde_json::from_slice(&page).unwrap_or_default();
        let found = SeenEntry::of(&page["requests"][0]);
        Ok(found.id == self.newest.id && found != self.newest)
    }

    /// Shows events until the connection is lost; returns whether there were any.
    fn show_all(&mut self, mut events: EventStream) -> anyhow::Result<bool> {
        let mut is_any = false;
        loop {
            match events.next() {
                Ok(Some(event)) => self.show(&event)?,
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    anyhow::bail!(
                        "`{}`: {error}: `tombstone log -f -n 0` goes on after it",
                        self.client.url
                    );
                }
                Ok(None) | Err(_) => return Ok(is_any),
            }
            is_any = true;
        }
    }

    /// Says why nothing comes, once.
    fn tell(&mut self, why: String) {
        if self.told.is_none() {
            print_error(&why);
        }
        self.told = Some(why);
    }

    fn show(&mut self, event: &Event) -> anyhow::Result<()> {
        let data = || -> anyhow::Result<Value> {
            serde_json::from_str(&event.data).with_context(|| {
                format!("`{}` sent an event `{}` that is not JSON", self.client.url, event.kind)
            })
        };
        match event.kind.as_str() {
            "restart" => {
                self.newest = SeenEntry::default();
                print_error(BEGAN_ANEW);
            }
            "cleared" => print_error("the journal was cleared"),
            "gap" => {
                let gap = data()?;
                print_error(&format!(
                    "the journal has given up entries {} to {} before they could be read",
                    gap["from"], gap["to"]
                ));
            }
            "sandboxes" | "faults" | "files" => {}
            _ => {
                let entry = data()?;
                self.newest = SeenEntry::of(&entry);
                self.printer.print(&entry)?;
            }
        }
        Ok(())
    }
}
