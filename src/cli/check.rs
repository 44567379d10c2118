//! `tombstone check`: everything that is wrong with the files, all at once.
//!
//! Must not know what a finding is about.

use std::fmt::Write;
use std::process::ExitCode;

use crate::catalog;
use crate::cli::CheckArgs;
use crate::cli::counted;
use crate::cli::print;
use crate::cli::sorted;
use crate::clock::system_now;
use crate::emulator::Emulator;
use crate::emulator::Options;

pub(super) fn run(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    let mut findings = Vec::new();
    let providers = catalog::load(&args.sources.sources(true), system_now(), &mut findings)?;
    let count = providers.len();
    // Mounting has findings of its own.
    let options = Options::default();
    drop(Emulator::new(providers, &options, &mut findings));
    let (findings, errors) = sorted(findings);
    let mut text = String::new();
    for finding in &findings {
        let _ = writeln!(text, "{finding}");
    }
    let warnings = findings.len() - errors;
    let _ = writeln!(
        text,
        "{} can be served; {} and {}",
        counted(count, "provider"),
        counted(errors, "error"),
        counted(warnings, "warning")
    );
    print(&text);
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
