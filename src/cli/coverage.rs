//! `tombstone coverage`: what of a running server has been exercised, and whether it is enough.
//!
//! Must not know how it is counted.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde_json::Value;

use crate::admin;
use crate::cli::colors::Colors;
use crate::cli::junit;
use crate::cli::junit::{CaseResult, JunitCase, JunitSuite};
use crate::cli::print::{json_lines, print, print_error};
use crate::cli::screen::Screen;
use crate::cli::server_address::{SandboxName, ServerArgs};

#[derive(Debug, Args)]
pub(super) struct CoverageArgs {
    /// Of this sandbox; of all together, unless given
    #[arg(long, value_name = "NAME")]
    sandbox: Option<SandboxName>,
    /// Fail when less than so much is covered, from 0 to 100
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    min: Option<f64>,
    /// For people, as the server has it, or for CI
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: CoverageFormat,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CoverageFormat {
    Table,
    Json,
    Junit,
}

fn percent(text: &str) -> Result<f64, String> {
    let percent = text.trim_end_matches('%').parse().ok();
    percent
        .filter(|percent| (0.0..=100.0).contains(percent))
        .ok_or_else(|| "write a number from 0 to 100".to_owned())
}

/// What the admin API answers.
#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
struct CoverageReport {
    percent: f64,
    operations: ShareReport,
    responses: ShareReport,
    rules: ShareReport,
    providers: Vec<ProviderReport>,
}

#[derive(Debug, Deserialize)]
struct ShareReport {
    covered: u64,
    total: u64,
}

#[derive(Debug, Deserialize)]
struct ProviderReport {
    name: String,
    operations: Vec<OperationReport>,
}

#[derive(Debug, Deserialize)]
struct OperationReport {
    id: String,
    method: String,
    path: String,
    calls: u64,
    responses: Vec<ResponseReport>,
    rules: Vec<RuleReport>,
}

#[derive(Debug, Deserialize)]
struct ResponseReport {
    status: String,
    count: u64,
    inferred: bool,
    reachable: bool,
}

#[derive(Debug, Deserialize)]
struct RuleReport {
    #[serde(rename = "rule")]
    label: String,
    status: u16,
    count: u64,
}

pub(super) fn run(args: &CoverageArgs) -> anyhow::Result<ExitCode> {
    let path = match &args.sandbox {
        Some(sandbox) => sandbox.path("/coverage"),
        None => format!("{}/coverage", admin::ROOT),
    };
    let answer: Value = args.server.client()?.ask("GET", &path, None)?;
    let report = CoverageReport::deserialize(&answer)
        .map_err(|error| anyhow::anyhow!("the server's coverage has another form: {error}"))?;
    let is_enough = args.min.is_none_or(|min| report.percent >= min);
    print(&match args.format {
        CoverageFormat::Table => table(&report, Colors::of(&std::io::stdout())),
        CoverageFormat::Json => json_lines(&answer),
        CoverageFormat::Junit => junit::report(&suites(&report, is_enough)),
    });
    if is_enough {
        return Ok(ExitCode::SUCCESS);
    }
    let min = args.min.unwrap_or_default();
    print_error(&format!("{:.1} % is covered, and {min} % is asked for", report.percent));
    Ok(ExitCode::FAILURE)
}

fn table(report: &CoverageReport, colors: Colors) -> String {
    let mut screen = Screen::default();
    for provider in &report.providers {
        screen.line(colors.bold(&provider.name));
        for operation in &provider.operations {
            let called = format!("{} {}", operation.method, operation.path);
            let calls = times(operation.calls);
            screen.blank();
            screen.line(format_args!("  {}  {}  {calls}", colors.bold(&called), operation.id));
            for response in &operation.responses {
                push_response(&mut screen, operation, response, colors);
            }
        }
        screen.blank();
    }
    let shares = [
        ("operations", &report.operations),
        ("responses", &report.responses),
        ("rules", &report.rules),
    ];
    for (what, ShareReport { covered, total }) in shares {
        screen.line(format_args!("{what:<10} {covered} of {total}"));
    }
    let whole = format!("covered    {:.1} %", report.percent);
    screen.line(colors.bold(&whole));
    screen.into_text()
}

/// A response with how often it was given, and the rules that give it.
fn push_response(
    screen: &mut Screen,
    operation: &OperationReport,
    response: &ResponseReport,
    colors: Colors,
) {
    let count = match response {
        ResponseReport { count: 0, reachable: false, .. } => "no request leads to it".to_owned(),
        response => times(response.count),
    };
    let mark = if response.inferred { "  inferred" } else { "" };
    let status = colors.status(&response.status, &format!("{:<8}", response.status));
    screen.line(format_args!("    {status}{count}{}", colors.dim(mark)));
    for rule in operation.rules.iter().filter(|rule| rule.status.to_string() == response.status) {
        let line = format!("{:<8}{:<8}by {}", "", times(rule.count), rule.label);
        screen.line(format_args!("    {}", colors.dim(&line)));
    }
}

fn times(count: u64) -> String {
    if count == 0 { "never".to_owned() } else { format!("{count} ×") }
}

/// One case for each response and each rule. What was not exercised is a failure only where that is too much.
fn suites(report: &CoverageReport, is_enough: bool) -> Vec<JunitSuite> {
    let outcome = |count: u64, what: &str| match count {
        0 if is_enough => CaseResult::Skipped(format!("no call led to this {what}")),
        0 => {
            let line = format!("no call led to this {what}");
            CaseResult::Failed(line, vec![format!("{:.1} % is covered in all", report.percent)])
        }
        _ => CaseResult::Passed,
    };
    let suite = |provider: &ProviderReport| {
        let cases = provider.operations.iter().flat_map(|operation| {
            let class = format!("{}.{}", provider.name, operation.id);
            let responses = operation.responses.iter().map(|response| {
                let outcome = if response.reachable || response.count > 0 {
                    outcome(response.count, "response")
                } else {
                    CaseResult::Skipped("no request leads to it".to_owned())
                };
                (format!("response {}", response.status), outcome)
            });
            let rules = operation.rules.iter();
            let rules = rules.map(|rule| (rule.label.clone(), outcome(rule.count, "rule")));
            let cases = responses.chain(rules);
            cases
                .map(|(name, outcome)| JunitCase { class: class.clone(), name, outcome })
                .collect::<Vec<_>>()
        });
        JunitSuite { name: provider.name.clone(), cases: cases.collect() }
    };
    report.providers.iter().map(suite).collect()
}
