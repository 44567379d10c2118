//! `tombstone check`: everything that is wrong with the files, all at once.
//!
//! Must not know what a finding is about.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::catalog::Sources;
use crate::cli::args::SourceArgs;
use crate::cli::findings::sorted;
use crate::cli::print::{counted, json_lines, print};
use crate::cli::screen::Screen;
use crate::clock::system_now;
use crate::config::{Config, Gathered, WrongUsage};
use crate::emulator::{Emulator, EmulatorOptions};
use crate::faults::FaultFormat;
use crate::finding::{Finding, Folded, Severity};
use crate::pointer::child;
use crate::yaml::Document;
use crate::{catalog, config};

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
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

pub(super) fn run(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    let Gathered { given, file, document, mut findings, .. } =
        args.sources.config.gather(args.sources.given())?;
    let sources = Sources { vet: true, ..config::sources(given.sources.clone()) };
    if let Some(file) = file.filter(|_| findings.is_empty()) {
        let problems = Config::resolve(given).err().into_iter().flat_map(|WrongUsage(all)| all);
        findings.extend(problems.map(|problem| Finding::error(&file, 0, "", problem)));
    }
    let providers = catalog::load(&sources, system_now(), &mut findings)?;
    let count = providers.len();
    let built_in = providers.iter().filter(|provider| provider.is_built_in).count();
    // Mounting has findings of its own.
    let options = EmulatorOptions::default();
    let emulator = Emulator::new(providers, &options, &mut findings);
    // Of a provider that is left out nothing is known.
    let is_whole = findings.iter().all(|finding| finding.severity != Severity::Error);
    if let Some(document) = document.as_ref().filter(|_| is_whole) {
        findings.extend(faults_of_nothing(document, &emulator));
    }
    let (findings, errors) = sorted(findings);
    let warnings = findings.len() - errors;
    print(&match args.format {
        CheckFormat::Human => text(&findings, (count, built_in), errors),
        CheckFormat::Github => annotations(&findings),
        CheckFormat::Json => {
            let report = json!({
                "providers": count, "errors": errors, "warnings": warnings, "findings": findings,
            });
            json_lines(&report)
        }
    });
    Ok(if errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The faults in the configuration file with names that stand for nothing.
fn faults_of_nothing(document: &Document, emulator: &Emulator) -> Vec<Finding> {
    let faults = document.root()["faults"].as_array().into_iter().flatten().enumerate();
    let read = faults.filter_map(|(index, fault)| {
        Some((child("/faults", index), FaultFormat::read(fault).ok()?))
    });
    let problems = read.flat_map(|(place, fault)| {
        let problems = emulator.unknown_in_fault(&fault).into_iter();
        problems.map(move |problem| (format!("{place}{}", problem.pointer), problem))
    });
    let findings = problems.map(|(place, problem)| Finding {
        hint: problem.hint,
        ..document.error(&place, problem.message)
    });
    findings.collect()
}

fn text(findings: &[Folded], (providers, built_in): (usize, usize), errors: usize) -> String {
    let mut screen = Screen::default();
    for finding in findings {
        screen.line(finding);
    }
    let warnings = findings.len() - errors;
    let (own, beside) = match providers - built_in {
        own if own > 0 && built_in > 0 => (own, format!(", beside {built_in} built in")),
        _ => (providers, String::new()),
    };
    screen.line(format_args!(
        "{} can be served{beside}; {} and {}",
        counted(own, "provider"),
        counted(errors, "error"),
        counted(warnings, "warning")
    ));
    screen.into_text()
}

/// Workflow commands, which GitHub shows beside the lines of a pull request:
/// <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>
fn annotations(findings: &[Folded]) -> String {
    let mut screen = Screen::default();
    for folded in findings {
        let Folded { first: finding, count, .. } = folded;
        let command = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let file = property(&finding.file);
        let line = match finding.line {
            0 => String::new(),
            line => format!(",line={line}"),
        };
        let hint = finding.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        let times = if *count > 1 { format!(" [{count} times]") } else { String::new() };
        let message = message(&format!("{}{hint}{times}", finding.message));
        screen.line(format_args!("::{command} file={file}{line},title=tombstone check::{message}"));
    }
    screen.into_text()
}

/// Text as it may stand after the second `::`. Other control characters are the screen's to escape.
fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Text as it may stand as a value before it.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_are_escaped() {
        let file = "a,b:c%.yaml".into();
        let findings = [
            Finding::error(&file, 3, "", "50% of\r\nit: a, b").hint("mend::it"),
            Finding::warning(&file, 0, "", "doubtful"),
            Finding::warning(&file, 9, "", "doubtful"),
        ];
        let findings = Folded::all(findings.to_vec());
        expect_test::expect![[r#"
            ::error file=a%2Cb%3Ac%25.yaml,line=3,title=tombstone check::50%25 of%0D%0Ait: a, b (mend::it)
            ::warning file=a%2Cb%3Ac%25.yaml,title=tombstone check::doubtful [2 times]
        "#]].assert_eq(&annotations(&findings));
    }
}
