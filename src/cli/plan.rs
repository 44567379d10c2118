//! `tombstone plan`: what a call would be answered, change and start.
//!
//! Must not know how a plan is made.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use crate::admin;
use crate::cli::client::{Client, segment};
use crate::cli::colors::Colors;
use crate::cli::print::{json_lines, print};
use crate::cli::screen::Screen;
use crate::cli::server_address::SandboxArgs;
use crate::cli::turn::time;
use crate::cli::words::{effects, record_count};
use crate::config::WrongUsage;

/// Maximum number of keys of one node that are named.
const KEYS_SHOWN_MAX: usize = 5;

/// Maximum number of tasks of jobs that are told one by one.
const TASKS_SHOWN_MAX: usize = 20;

/// How deep nodes are told: relations can lead round in a circle.
const DEPTH_MAX: usize = 64;

#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    /// The method
    #[arg(value_name = "METHOD")]
    method: String,
    /// Path and query, with the API's name first: /shop/orders/42?force=true
    #[arg(value_name = "PATH")]
    path: String,
    /// A header of the call (repeatable); without one that says who calls, a caller of the API's examples is taken
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// The body; @FILE reads it from a file
    #[arg(short, long, value_name = "BODY")]
    data: Option<String>,
    /// The plan as the admin API has it
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    of: SandboxArgs,
}

pub(super) fn run(args: &PlanArgs) -> anyhow::Result<ExitCode> {
    let client = args.of.client()?;
    let mut headers = headers(&args.headers)?;
    let mut plan = ask(args, &client, &headers)?;
    let mut caller = None;
    if lacks_caller(&plan)
        && let Some(found) = caller_of_examples(&client, &plan, &headers)?
    {
        headers.extend(found.clone());
        let planned = ask(args, &client, &headers)?;
        if !lacks_caller(&planned) {
            (plan, caller) = (planned, Some(found));
        }
    }
    if args.json {
        print(&json_lines(&plan));
        return Ok(ExitCode::SUCCESS);
    }
    let mut screen = Screen::default();
    push_plan(&mut screen, &plan, caller.as_ref(), Colors::of(&std::io::stdout()));
    print(&screen.into_text());
    Ok(ExitCode::SUCCESS)
}

type Headers = BTreeMap<String, String>;

fn headers(given: &[String]) -> Result<Headers, WrongUsage> {
    let mut headers = Headers::new();
    let mut problems = Vec::new();
    for line in given {
        let Some((name, value)) = line.split_once(':') else {
            problems.push(format!("`{line}` is not a header: write `Name: value`"));
            continue;
        };
        let name = name.trim();
        if headers.keys().any(|known| known.eq_ignore_ascii_case(name)) {
            problems.push(format!(
                "the header `{name}` is given twice: give it once, a list with commas between its items"
            ));
        }
        headers.insert(name.to_owned(), value.trim().to_owned());
    }
    if problems.is_empty() { Ok(headers) } else { Err(WrongUsage(problems)) }
}

fn ask(args: &PlanArgs, client: &Client, headers: &Headers) -> anyhow::Result<Value> {
    let mut call =
        json!({ "method": args.method.to_uppercase(), "path": args.path, "headers": headers });
    if let Some(data) = &args.data {
        let text = match data.strip_prefix('@') {
            Some(path) => std::fs::read_to_string(path)
                .map_err(|error| anyhow::anyhow!("cannot read `{path}`: {error}"))?,
            None => data.clone(),
        };
        // Sent as it is; what is JSON says that it is, unless another type is given.
        let has_type = headers.keys().any(|name| name.eq_ignore_ascii_case("content-type"));
        if !has_type && serde_json::from_str::<Value>(&text).is_ok() {
            call["headers"]["content-type"] = "application/json".into();
        }
        call["body"] = Value::String(text);
    }
    client.ask("POST", &args.of.path("/plan"), Some(&call))
}

/// Whether a call is refused for who makes it.
fn lacks_caller(plan: &Value) -> bool {
    let stages = plan["explanation"]["stages"].as_array().into_iter().flatten();
    let mut failed = stages.filter(|stage| stage["outcome"] == "failed");
    plan["answer"]["status"] == 401 || failed.any(|stage| stage["schemes"].is_array())
}

/// The headers by which a call of the API's files says who calls; nothing if the caller has given one of them.
fn caller_of_examples(
    client: &Client,
    plan: &Value,
    given: &Headers,
) -> anyhow::Result<Option<Headers>> {
    let (Some(provider), Some(operation)) = (plan["provider"].as_str(), plan["operation"].as_str())
    else {
        return Ok(None);
    };
    let path = format!("{}/operations/{}/{}", admin::ROOT, segment(provider), segment(operation));
    let detail: Value = client.ask("GET", &path, None)?;
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let schemes = list(&detail["credentials"]);
    let is_credential = |name: &str| {
        schemes.iter().any(|scheme| {
            scheme["in"] == "header"
                && scheme["name"].as_str().is_some_and(|scheme| scheme.eq_ignore_ascii_case(name))
        })
    };
    if given.keys().any(|name| is_credential(name)) {
        return Ok(None);
    }
    let works = |call: &&Value| call["expect"].as_u64().is_some_and(|status| status < 300);
    let calls = list(&detail["calls"]);
    let Some(call) = calls.iter().find(works) else { return Ok(None) };
    let headers = list(&call["headers"]);
    let found: Headers = headers
        .iter()
        .filter_map(|header| Some((header["name"].as_str()?, header["value"].as_str()?)))
        .filter(|(name, _)| is_credential(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Ok((!found.is_empty()).then_some(found))
}

fn push_plan(screen: &mut Screen, plan: &Value, caller: Option<&Headers>, colors: Colors) {
    let status = plan["answer"]["status"].to_string();
    let by = plan["decided_by"].as_str().map(|by| format!(", by {by}")).unwrap_or_default();
    screen.line(format_args!("it would be answered {}{by}", colors.status(&status, &status)));
    if plan["decided_by"].is_null()
        && let Some(summary) = plan["explanation"]["summary"].as_str()
    {
        screen.line(colors.dim(summary));
    }
    for (name, value) in caller.into_iter().flatten() {
        let line = format!("called with `{name}: {value}`, for no header says who calls");
        screen.line(colors.dim(&line));
    }
    push_tree(screen, plan, colors, 0);
    let jobs = plan["jobs"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !jobs.is_empty() {
        screen.line("later, in jobs:");
        screen.line(format_args!("  {}", totals(&plan["counts_of_jobs"], None, colors)));
    }
    let tasks = jobs.iter().flat_map(|job| job["tasks"].as_array().into_iter().flatten());
    for (number, task) in tasks.enumerate() {
        if number == TASKS_SHOWN_MAX {
            screen.line("  and more tasks (`--json` has them)");
            break;
        }
        let value = task["value"].as_str().map_or_else(|| task["value"].to_string(), str::to_owned);
        let due = time(task["due_at"].as_str().unwrap_or_default());
        screen.line(format_args!("  {value}, due {due}"));
        push_tree(screen, task, colors, 2);
    }
    let body = &plan["answer"]["body"];
    if status.starts_with(['4', '5']) && !body.is_null() {
        screen.line(colors.dim(&body.as_str().map_or_else(|| body.to_string(), str::to_owned)));
    }
}

/// What changes: in all, and because of what.
fn push_tree(screen: &mut Screen, plan: &Value, colors: Colors, indent: usize) {
    let margin = " ".repeat(indent);
    let tree = plan["tree"].as_array().map(Vec::as_slice).unwrap_or_default();
    screen.line(format_args!("{margin}{}", totals(&plan["counts"], tree.first(), colors)));
    for node in tree {
        push_node(screen, node, colors, indent + 2);
    }
}

fn totals(counts: &Value, first: Option<&Value>, colors: Colors) -> String {
    let words = effects(counts, first);
    if words.is_empty() {
        return colors.dim("nothing changes");
    }
    let words: Vec<_> = words.iter().map(|one| colors.effect(one.kind, &one.text)).collect();
    words.join(" ")
}

/// `3 businesses go through organization: 1, 2, 3`, and below it what comes about because of them.
fn push_node(screen: &mut Screen, node: &Value, colors: Colors, indent: usize) {
    let text = |name: &str| node[name].as_str().unwrap_or_default();
    let count = node["count"].as_u64().unwrap_or_default();
    let what = record_count(count, text("resource"));
    let kind = text("kind");
    let how = colors.effect(kind, verb(kind, count));
    let through = node["relation"].as_str().map(|name| format!(" through {name}"));
    let keys = node["keys"].as_array().map(Vec::as_slice).unwrap_or_default();
    let shown = keys.iter().take(KEYS_SHOWN_MAX).filter_map(Value::as_str);
    let shown: Vec<_> = shown.collect();
    let left = count - u64::try_from(shown.len()).unwrap_or(count).min(count);
    let more = if left > 0 { format!(" and {left} more") } else { String::new() };
    let keys = format!("{}{more}", shown.join(", "));
    let margin = " ".repeat(indent);
    let through = through.unwrap_or_default();
    screen.line(format_args!("{margin}{what} {how}{through}: {}", colors.dim(&keys)));
    let children = node["children"].as_array().into_iter().flatten();
    for child in children.take_while(|_| indent < 2 * DEPTH_MAX) {
        push_node(screen, child, colors, indent + 2);
    }
}

/// What would become of records.
fn verb(kind: &str, count: u64) -> &'static str {
    match (kind, count) {
        ("deleted", 1) => "goes",
        ("deleted", _) => "go",
        ("created", 1) => "comes",
        ("created", _) => "come",
        ("updated", 1) => "changes",
        ("updated", _) => "change",
        ("unlinked", 1) => "is unlinked",
        ("unlinked", _) => "are unlinked",
        (_, 1) => "stays",
        _ => "stay",
    }
}
