//! `tombstone verify`: whether a running server's calls and records are as a file expects.
//!
//! Must not know what can be expected.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde_json::Value;

use crate::catalog::read_named_text;
use crate::cli::colors::Colors;
use crate::cli::junit;
use crate::cli::junit::{CaseResult, JunitCase, JunitSuite};
use crate::cli::print::{counted, json_lines, print, print_error};
use crate::cli::screen::Screen;
use crate::cli::server_address::{SandboxName, ServerArgs};
use crate::control;
use crate::control::Verdict;
use crate::finding::Severity;
use crate::yaml::Document;

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// The expectations, in YAML or JSON
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The sandbox that is to be so
    #[arg(long, value_name = "NAME", default_value = "default")]
    sandbox: SandboxName,
    /// For people, as the server has it, or for CI
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: VerifyFormat,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum VerifyFormat {
    Text,
    Json,
    Junit,
}

pub(super) fn run(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let Some(expectations) = read(args) else { return Ok(ExitCode::FAILURE) };
    let path = args.sandbox.path("/verify");
    let answer: Value = args.server.client()?.ask("POST", &path, Some(&expectations))?;
    let verdict = Verdict::deserialize(&answer)
        .map_err(|error| anyhow::anyhow!("the server's answer has another form: {error}"))?;
    print(&match args.format {
        VerifyFormat::Text => text(&verdict, Colors::of(&std::io::stdout())),
        VerifyFormat::Json => json_lines(&answer),
        VerifyFormat::Junit => {
            let cases = verdict.expectations.iter().map(|expectation| JunitCase {
                class: args.sandbox.as_str().to_owned(),
                name: expectation.name().to_owned(),
                outcome: outcome(expectation),
            });
            let name = args.file.display().to_string();
            junit::report(&[JunitSuite { name, cases: cases.collect() }])
        }
    });
    Ok(if verdict.passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The file's value; what is wrong with it is printed.
fn read(args: &VerifyArgs) -> Option<Value> {
    let mut findings = Vec::new();
    let document = read_named_text(&args.file, &mut findings).and_then(|text| {
        Document::parse_strictly(&args.file.display().to_string(), &text, &mut findings)
    });
    for finding in &findings {
        print_error(&finding.to_string());
    }
    let is_sound = findings.iter().all(|finding| finding.severity != Severity::Error);
    document.filter(|_| is_sound).map(Document::into_root)
}

fn text(verdict: &Verdict, colors: Colors) -> String {
    let mut screen = Screen::default();
    for expectation in &verdict.expectations {
        let word = if expectation.passed {
            colors.status("200", "holds")
        } else {
            colors.status("500", "fails")
        };
        screen.line(format_args!("{word}  {}", expectation.name()));
        if !expectation.passed {
            for line in why(expectation) {
                screen.line(format_args!("       {line}"));
            }
        }
    }
    let all = verdict.expectations.len();
    let failed = verdict.expectations.iter().filter(|expectation| !expectation.passed).count();
    screen.line(format_args!("{}, {failed} of them not met", counted(all, "expectation")));
    screen.into_text()
}

/// What was expected, what was found, and what came nearest.
fn why(expectation: &control::ExpectationResult) -> Vec<String> {
    let mut lines = vec![
        format!("expected  {}", expectation.expected),
        format!("found     {}", expectation.found),
    ];
    lines.extend(expectation.nearest.iter().map(|nearest| format!("nearest   {nearest}")));
    lines
}

fn outcome(expectation: &control::ExpectationResult) -> CaseResult {
    if expectation.passed {
        return CaseResult::Passed;
    }
    let line = format!("expected {}, found {}", expectation.expected, expectation.found);
    CaseResult::Failed(line, why(expectation))
}
