//! `tombstone mock`: documents alone, with the flags that users of Prism know.
//!
//! Must not know how requests are answered.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgAction, Args, ValueEnum};

use crate::catalog::DocumentSource;
use crate::cli::args::ConfigArgs;
use crate::cli::serve;
use crate::cli::serve::Greeting;
use crate::config::{GivenDocumented, GivenOptions, GivenSources, LogFormat, Switch};
use crate::ids::seed_of;

pub(super) const AFTER_OPTIONS: &str = "\
A document is a file, a folder of files or - for standard input. A behavior file beside it (behavior.yaml beside \
openapi.yaml, shop.behavior.yaml beside shop.yaml) is followed; all other options are those of `tombstone serve`, from \
the environment and tombstone.yaml.

Exit codes: 0 it was told to stop, 1 it could not serve, 2 wrong usage";

/// Flags that are on or off, as they are written; each also with `--no-`.
const SWITCHES: [&str; 10] = [
    "--stateless",
    "--dynamic",
    "--errors",
    "--cors",
    "--multiprocess",
    "--ignoreExamples",
    "--json-schema-faker-fillProperties",
    "--watch",
    "-d",
    "-m",
];

#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(super) struct MockArgs {
    /// The documents; NAME=PATH names the provider
    #[arg(value_name = "DOCUMENT", required = true)]
    documents: Vec<DocumentSource>,
    /// The port to listen on; 0 picks a free one and prints it [default: 4010]
    #[arg(short, long)]
    port: Option<u16>,
    /// The address to listen on; 0.0.0.0 is every one of this machine [default: 127.0.0.1]
    #[arg(short = 'h', long, value_name = "ADDRESS")]
    host: Option<String>,
    /// Make bodies up from their schemas, anew for each request, instead of sending examples
    #[arg(short, long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = BOOLEAN, hide_possible_values = true)]
    dynamic: Option<bool>,
    /// Answer 500 instead of a documented example that does not fit its schema
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = BOOLEAN, hide_possible_values = true)]
    errors: Option<bool>,
    /// Whether web pages of any origin may call and read the answers [default: true]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = BOOLEAN, hide_possible_values = true)]
    cors: Option<bool>,
    /// How much is told [default: info]
    #[arg(short, long = "verboseLevel", alias = "verbose-level", value_name = "LEVEL")]
    verbose_level: Option<Level>,
    /// What made-up values follow from: a number or a text [default: 0]
    #[arg(long, value_name = "SEED")]
    seed: Option<String>,
    /// Whether properties that are not required are made up too [default: true]
    #[arg(long = "json-schema-faker-fillProperties", alias = "fill-properties", num_args = 0..=1,
          require_equals = true, default_missing_value = "true",
          value_name = BOOLEAN, hide_possible_values = true)]
    fill_properties: Option<bool>,
    /// Pass over the examples of media types
    #[arg(long = "ignoreExamples", alias = "ignore-examples", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_name = BOOLEAN, hide_possible_values = true)]
    ignore_examples: Option<bool>,
    /// Taken and not needed: all cores are used anyway
    #[arg(short, long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = BOOLEAN, hide_possible_values = true, hide = true)]
    multiprocess: Option<bool>,
    /// Take up changes of the files while serving [default: true]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = BOOLEAN, hide_possible_values = true)]
    watch: Option<bool>,
    /// Remember nothing: the document alone answers
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = BOOLEAN, hide_possible_values = true)]
    stateless: Option<bool>,
    /// How many records are made up of each resource, unless the document has examples [default: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=1000))]
    seed_records: Option<u16>,
    /// Infer nothing of this operation or resource: the document alone answers (repeatable)
    #[arg(long, value_name = "NAME")]
    stateless_for: Vec<String>,
    /// Records to start from: DIR/PROVIDER/SET.yaml
    #[arg(long, value_name = "DIR")]
    fixtures: Option<PathBuf>,
    /// An overlay (version 1.0) to apply to each document (repeatable, in this order)
    #[arg(long = "overlay", value_name = "FILE")]
    overlays: Vec<PathBuf>,
    /// One line of JSON in a file, which is there while it listens
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
    /// Print help
    #[arg(long, action = ArgAction::Help)]
    help: Option<bool>,
}

const BOOLEAN: &str = "true|false";

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Level {
    Silent,
    Fatal,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

pub(super) fn run(args: MockArgs) -> anyhow::Result<ExitCode> {
    let level = args.verbose_level.unwrap_or(Level::Info);
    let greeting = if level == Level::Silent { Greeting::None } else { Greeting::Operations };
    let is_quiet = matches!(level, Level::Silent | Level::Fatal | Level::Error | Level::Warn);
    let switch = |given: Option<bool>| given.map(Switch::from);
    let given = GivenOptions {
        port: args.port,
        host: args.host,
        cors: switch(args.cors),
        watch: Some(Switch::from(args.watch.unwrap_or(true))),
        log_format: is_quiet.then_some(LogFormat::None),
        sources: GivenSources {
            documents: args.documents,
            overlays: args.overlays,
            built_in: Some(Switch::Off),
            stateless: switch(args.stateless),
            seed_records: args.seed_records,
            stateless_for: args.stateless_for,
            fixtures: args.fixtures,
            ..GivenSources::default()
        },
        documented: GivenDocumented {
            dynamic: switch(args.dynamic),
            errors: switch(args.errors),
            fill_properties: switch(args.fill_properties),
            ignore_examples: switch(args.ignore_examples),
        },
        ready_file: args.ready_file,
        seed: args.seed.map(|seed| seed.parse().unwrap_or_else(|_| seed_of(&seed))),
        ..GivenOptions::default()
    };
    let mut config = args.config.resolve(given)?;
    if let Some(inference) = &mut config.sources.inference {
        inference.is_lenient = true;
    }
    serve::with(&config, greeting)
}

/// The process's arguments with switches of this command as clap reads them: `--cors false` and `--no-cors` are
/// `--cors=false`, as for users of Prism.
pub(super) fn arguments(given: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut arguments: Vec<String> = Vec::new();
    let mut is_mock = false;
    for argument in given {
        is_mock |= arguments.len() == 1 && argument == "mock";
        let before = arguments.last_mut().filter(|_| is_mock);
        let value = matches!(argument.as_str(), "true" | "false");
        match before {
            Some(before) if value && SWITCHES.contains(&before.as_str()) => {
                before.push('=');
                before.push_str(&argument);
                continue;
            }
            _ => {}
        }
        let switch = argument.strip_prefix("--no-").map(|name| format!("--{name}"));
        match switch.filter(|switch| is_mock && SWITCHES.contains(&switch.as_str())) {
            Some(switch) => arguments.push(format!("{switch}=false")),
            None => arguments.push(argument),
        }
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_are_read_as_users_of_prism_write_them() {
        let read = |line: &str| {
            let words = line.split(' ').map(str::to_owned);
            arguments(words).join(" ")
        };
        for (given, expected) in [
            ("tombstone mock -d true a.yaml", "tombstone mock -d=true a.yaml"),
            ("tombstone mock -d a.yaml", "tombstone mock -d a.yaml"),
            ("tombstone mock --no-cors a.yaml", "tombstone mock --cors=false a.yaml"),
            (
                "tombstone mock a.yaml --errors false -p 0",
                "tombstone mock a.yaml --errors=false -p 0",
            ),
            ("tombstone mock a.yaml --seed true", "tombstone mock a.yaml --seed true"),
            ("tombstone serve --cors false", "tombstone serve --cors false"),
            ("tombstone serve mock --no-cors", "tombstone serve mock --no-cors"),
        ] {
            assert_eq!(read(given), expected);
        }
    }
}
