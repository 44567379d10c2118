//! `tombstone init`: what is inferred from a document, as files to go on from.
//!
//! Must not know how it is inferred.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use crate::catalog;
use crate::catalog::{DocumentSource, Draft};
use crate::cli::findings::tell;
use crate::cli::load::NoSuchDocument;
use crate::cli::print::{counted, print};
use crate::clock::system_now;
use crate::config;
use crate::config::GivenSources;

pub(super) const AFTER_OPTIONS: &str = "\
Beside openapi.yaml it writes behavior.yaml and openapi.fixtures.yaml, beside shop.yaml it writes shop.behavior.yaml and \
shop.fixtures.yaml. Served with them, the document is answered exactly as without; what a person should decide is marked \
`decide`. Nothing is overwritten.

Exit codes: 0 written, 1 not, 2 wrong usage";

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// The document
    #[arg(value_name = "DOCUMENT")]
    document: DocumentSource,
    /// How many records are made up of each resource, unless the document has examples [default: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=1000))]
    seed_records: Option<u16>,
    /// Infer nothing of this operation or resource (repeatable)
    #[arg(long, value_name = "NAME")]
    stateless_for: Vec<String>,
    /// An overlay (version 1.0) to apply to the document (repeatable, in this order)
    #[arg(long = "overlay", value_name = "FILE")]
    overlays: Vec<PathBuf>,
}

pub(super) fn run(args: InitArgs) -> anyhow::Result<ExitCode> {
    let sources = config::sources(GivenSources {
        seed_records: args.seed_records,
        stateless_for: args.stateless_for,
        overlays: args.overlays,
        ..GivenSources::default()
    });
    let mut findings = Vec::new();
    let drafted = catalog::draft(&args.document, &sources, system_now(), &mut findings);
    let drafted = drafted.map_err(|error| match error {
        catalog::CatalogError::NoSuchFile { .. } => anyhow::Error::new(NoSuchDocument(error)),
        error => error.into(),
    });
    tell(findings);
    let Some(draft) = drafted? else {
        anyhow::bail!("nothing can be inferred from it: mend what is named above");
    };
    let Draft { behavior, fixtures, places, counts } = draft;
    let there: Vec<String> = places
        .iter()
        .filter(|path| path.exists())
        .map(|path| format!("`{}`", path.display()))
        .collect();
    if !there.is_empty() {
        anyhow::bail!("nothing is overwritten: move {} away first", there.join(" and "));
    }
    create(&behavior.0, &behavior.1)?;
    if let Err(error) = create(&fixtures.0, &fixtures.1) {
        // Both or none.
        let _ = std::fs::remove_file(&behavior.0);
        return Err(error);
    }
    let overlays = sources
        .overlays
        .iter()
        .fold(String::new(), |line, overlay| format!("{line} --overlay {}", overlay.display()));
    print(&format!(
        "{}: {}, {} of {} remember, {} to decide\n{}: {}\nnext: tombstone serve {}{overlays}\n",
        behavior.0.display(),
        counted(counts.resources, "resource"),
        counts.remembering,
        counted(counts.operations, "operation"),
        counts.decisions,
        fixtures.0.display(),
        counted(counts.records, "record"),
        args.document.path.display(),
    ));
    Ok(ExitCode::SUCCESS)
}

/// Writes a file that is not there yet.
fn create(path: &Path, text: &str) -> anyhow::Result<()> {
    let cannot = || format!("cannot write `{}`", path.display());
    let mut file =
        OpenOptions::new().write(true).create_new(true).open(path).with_context(cannot)?;
    let written = file.write_all(text.as_bytes());
    if written.is_err() {
        let _ = std::fs::remove_file(path);
    }
    written.with_context(cannot)
}
