//! `tombstone fault`: what goes wrong on purpose in a sandbox of a running server.
//!
//! Must not know what a fault does.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::Value;

use crate::cli::client::{Client, segment};
use crate::cli::print::{json_lines, print, print_error};
use crate::cli::screen::Screen;
use crate::cli::server_address::SandboxArgs;
use crate::config::WrongUsage;
use crate::faults::{FaultFormat, Problems};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct FaultArgs {
    #[command(subcommand)]
    action: Option<FaultAction>,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(Debug, Subcommand)]
enum FaultAction {
    /// List the faults (the same as no action)
    List(ListArgs),
    /// Add a fault: the next requests that fit are struck
    #[command(after_help = SHORT_FORM)]
    Add(AddArgs),
    /// Remove a fault
    Remove(RemoveArgs),
}

pub(super) const SHORT_FORM: &str = "\
Write key=value with commas between:
  operation, provider, method, path, header.NAME   which requests: all, unless given
  times, after, probability                        how often: times=2
  status, answer-header.NAME, example, body        the answer: answer-header.Retry-After=3
  delay                                            200ms, or 50ms..1s, or 90ms~0.5 (median, sigma)
  connection                                       reset, empty, garbage, cut:10, trickle:16/100ms
body comes last, and may have commas. A fault in JSON, as the admin API takes it, begins with {.";

#[derive(Debug, Args)]
struct ListArgs {
    /// As the admin API has them
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    of: SandboxArgs,
}

#[derive(Debug, Args)]
struct AddArgs {
    /// Which requests, how often, and what happens: operation=deleteShop,status=503,times=1
    #[arg(value_name = "FAULT")]
    fault: String,
    /// The fault with its id, as the admin API has it
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    of: SandboxArgs,
}

#[derive(Debug, Args)]
struct RemoveArgs {
    /// Their ids, which `tombstone fault` lists
    #[arg(value_name = "ID", required_unless_present = "all")]
    ids: Vec<String>,
    /// Remove every fault
    #[arg(long, conflicts_with = "ids")]
    all: bool,
    #[command(flatten)]
    of: SandboxArgs,
}

pub(super) fn run(args: &FaultArgs) -> anyhow::Result<ExitCode> {
    match &args.action {
        None => list(&args.list),
        Some(FaultAction::List(args)) => list(args),
        Some(FaultAction::Add(args)) => add(args),
        Some(FaultAction::Remove(args)) => remove(args),
    }
}

fn list(args: &ListArgs) -> anyhow::Result<ExitCode> {
    let answer = args.of.ask("GET", "/faults", None)?;
    if args.json {
        print(&json_lines(&answer));
        return Ok(ExitCode::SUCCESS);
    }
    let faults = answer["faults"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut screen = Screen::default();
    for fault in faults {
        screen.line(line(fault));
    }
    if faults.is_empty() {
        screen.line("nothing goes wrong on purpose");
    }
    print(&screen.into_text());
    Ok(ExitCode::SUCCESS)
}

fn add(args: &AddArgs) -> anyhow::Result<ExitCode> {
    let fault: Value = if args.fault.trim_start().starts_with('{') {
        let fault = serde_json::from_str(&args.fault);
        fault.map_err(|error| WrongUsage(vec![format!("the fault is not JSON: {error}")]))?
    } else {
        let fault: FaultFormat = args.fault.parse().map_err(|problems: Problems| {
            WrongUsage(vec![format!("a fault cannot be: {problems}")])
        })?;
        serde_json::to_value(fault)?
    };
    let added = args.of.ask("POST", "/faults", Some(&fault))?;
    if args.json {
        print(&json_lines(&added));
    } else {
        let mut screen = Screen::default();
        screen.line(format_args!("added {}", line(&added)));
        print(&screen.into_text());
    }
    Ok(ExitCode::SUCCESS)
}

fn remove(args: &RemoveArgs) -> anyhow::Result<ExitCode> {
    let client = args.of.client()?;
    let ids = if args.all { listed(&client, &args.of)? } else { args.ids.clone() };
    let (mut removed, mut errors) = (Vec::new(), Vec::new());
    for id in ids {
        let path = args.of.path(&format!("/faults/{}", segment(&id)));
        match client.ask_bytes("DELETE", &path, None) {
            Ok(_) => removed.push(id),
            // Somebody else has removed it meanwhile.
            Err(error) if args.all && error.is_not_found() => {}
            Err(error) => {
                let is_over = error.is_transient();
                errors.push(error);
                if is_over {
                    break;
                }
            }
        }
    }
    let mut screen = Screen::default();
    if !removed.is_empty() {
        screen.line(format_args!("removed {}", removed.join(", ")));
    } else if errors.is_empty() {
        screen.line("there was no fault to remove");
    }
    print(&screen.into_text());
    for error in &errors {
        print_error(&error.to_string());
    }
    Ok(if errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The ids of all faults.
fn listed(client: &Client, of: &SandboxArgs) -> anyhow::Result<Vec<String>> {
    let answer: Value = client.ask("GET", &of.path("/faults"), None)?;
    let faults = answer["faults"].as_array().into_iter().flatten();
    Ok(faults.filter_map(|fault| fault["id"].as_str()).map(str::to_owned).collect())
}

/// `f1  deleteOrganization  answers 503  once  matched 2, struck 1`.
fn line(fault: &Value) -> String {
    let id = fault["id"].as_str().unwrap_or_default();
    let mut parts = vec![id.to_owned(), matching(fault), happening(fault)];
    let limits = limits(fault);
    if !limits.is_empty() {
        parts.push(limits);
    }
    parts.push(format!("matched {}, struck {}", fault["matched"], fault["struck"]));
    parts.join("  ")
}

/// Which requests.
fn matching(fault: &Value) -> String {
    let text = |name: &str| fault[name].as_str();
    let mut parts: Vec<String> = text("operation").map(str::to_owned).into_iter().collect();
    for name in ["provider", "method", "path"] {
        parts.extend(text(name).map(|value| format!("{name} {value}")));
    }
    for (name, value) in fault["headers"].as_object().into_iter().flatten() {
        parts.push(format!("header {name}: {}", value.as_str().unwrap_or("*")));
    }
    if parts.is_empty() { "every request".to_owned() } else { parts.join(", ") }
}

/// What happens to them.
fn happening(fault: &Value) -> String {
    let mut parts = Vec::new();
    if fault["answer"].is_object() {
        parts.push(format!("answers {}", fault["answer"]["status"]));
    }
    if !fault["delay"].is_null() {
        parts.push(format!("waits {}", delay(&fault["delay"])));
    }
    if !fault["connection"].is_null() {
        parts.push(format!("connection: {}", connection(&fault["connection"])));
    }
    parts.join(", ")
}

/// A delay in the short form: `200ms`, `50ms..1s`, `90ms~0.5`.
fn delay(delay: &Value) -> String {
    let (uniform, lognormal) = (&delay["uniform"], &delay["lognormal"]);
    if uniform.is_object() {
        return format!("{}..{}", text(&uniform["min"]), text(&uniform["max"]));
    }
    if lognormal.is_object() {
        return format!("{}~{}", text(&lognormal["median"]), lognormal["sigma"]);
    }
    text(delay.get("fixed").unwrap_or(delay))
}

/// A broken connection in the short form: `reset`, `cut:10`, `trickle:16/100ms`.
fn connection(connection: &Value) -> String {
    let trickle = &connection["trickle"];
    if trickle.is_object() {
        return format!("trickle:{}/{}", trickle["bytes"], text(&trickle["every"]));
    }
    connection.get("cut").map_or_else(|| text(connection), |cut| format!("cut:{cut}"))
}

/// Text as it is, all else as JSON.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// How often.
fn limits(fault: &Value) -> String {
    let mut parts = Vec::new();
    parts.extend(fault["after"].as_u64().map(|after| format!("after {after}")));
    parts.extend(fault["times"].as_u64().map(|times| match times {
        1 => "once".to_owned(),
        _ => format!("{times} times at most"),
    }));
    parts
        .extend(fault["probability"].as_f64().map(|share| format!("{} % of them", percent(share))));
    parts.join(", ")
}

/// A share in percent, to six digits: `0.07` is `7`, though its product with 100 is a little more.
fn percent(share: f64) -> f64 {
    let percent = share * 100.0;
    format!("{percent:.5e}").parse().unwrap_or(percent)
}
