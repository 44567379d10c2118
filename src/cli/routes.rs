//! `tombstone routes`: each operation, where it answers, and what it can answer.
//!
//! Must not know sockets, nor how answers come about beyond the places that the overview names.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::catalog::Files;
use crate::cli::args::SourceArgs;
use crate::cli::colors::Colors;
use crate::cli::load::load_or_tell;
use crate::cli::print::{json_lines, print};
use crate::cli::screen::Screen;
use crate::emulator::{EmulatorOptions, ProviderOverview, ResponseOverview};

/// Reasons go on in the next line from this column on.
const COLUMNS_MAX: usize = 100;

#[derive(Debug, Args)]
pub(super) struct RoutesArgs {
    /// As JSON, for programs
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sources: SourceArgs,
}

pub(super) fn run(args: &RoutesArgs) -> anyhow::Result<ExitCode> {
    let config = args.sources.config.resolve(args.sources.given())?;
    let emulator =
        load_or_tell(&config.sources, &EmulatorOptions::default(), &mut Files::default())?;
    let overview = emulator.overview();
    print(&if args.json {
        json_lines(&json!({ "providers": overview }))
    } else {
        text(&overview, Colors::of(&std::io::stdout()))
    });
    Ok(ExitCode::SUCCESS)
}

fn text(overview: &[ProviderOverview<'_>], colors: Colors) -> String {
    let mut screen = Screen::default();
    for provider in overview {
        let title = format!("{}: {}", provider.name, provider.title);
        screen.line(colors.bold(&title));
        let hosts = provider.hosts.join(", ");
        screen.line(format_args!("  also without /{} under the host names {hosts}", provider.name));
        for operation in &provider.operations {
            let called = format!("{} {}", operation.method, operation.path);
            screen.blank();
            screen.line(format_args!("  {}  {}", colors.bold(&called), operation.id));
            for (index, place) in operation.mounted_at.iter().enumerate() {
                screen.line(format_args!("    {} {place}", if index == 0 { "at" } else { "  " }));
            }
            if let Some(reason) = operation.inferred {
                screen.line(format_args!("    {}", colors.dim(&format!("inferred: {reason}"))));
            }
            if let Some(reason) = operation.stateless {
                let line = format!("the contract alone answers: {reason}");
                screen.line(format_args!("    {}", colors.dim(&line)));
            }
            for response in &operation.responses {
                push_response(&mut screen, response, colors);
            }
        }
        screen.blank();
    }
    screen.into_text()
}

/// `    403  inferred    The caller lacks the permission.`, and below it why and what gives it.
fn push_response(screen: &mut Screen, response: &ResponseOverview<'_>, colors: Colors) {
    const INDENT: usize = 24;
    let source = if response.inferred.is_some() { "inferred" } else { "documented" };
    let status = colors.status(response.status, &format!("{:<8}", response.status));
    screen.line(format_args!("    {status}{source:<12}{}", first_sentence(response.description)));
    let reasons = [("why", response.inferred), ("never given", response.unreachable)];
    for (what, reason) in reasons {
        for line in
            reason.into_iter().flat_map(|reason| wrapped(&format!("{what}: {reason}"), INDENT))
        {
            screen.line(format_args!("{:INDENT$}{}", "", colors.dim(&line)));
        }
    }
    for given in &response.given_by {
        let mark = if given.inferred { " (inferred)" } else { "" };
        screen.line(format_args!(
            "{:INDENT$}{}",
            "",
            colors.dim(&format!("by {}{mark}", given.rule))
        ));
    }
}

/// What a line has room for: a description is written in paragraphs.
fn first_sentence(description: &str) -> String {
    let words: Vec<&str> = description.split_whitespace().collect();
    let end = words.iter().position(|word| word.ends_with('.')).map_or(words.len(), |at| at + 1);
    words[..end].join(" ")
}

/// Lines of whole words that end before [`COLUMNS_MAX`] when indented so.
fn wrapped(text: &str, indent: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if indent + line.chars().count() + word.chars().count() < COLUMNS_MAX => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
