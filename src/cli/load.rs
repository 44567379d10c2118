//! Loading what is to be served, for the verbs that serve or describe it.
//!
//! Must not know what is done with it.

use crate::catalog;
use crate::catalog::{Files, Sources};
use crate::cli::findings::tell;
use crate::config::WrongUsage;
use crate::emulator::{Emulator, EmulatorOptions};
use crate::faults::FaultFormat;
use crate::finding::{Finding, Severity};

/// What can be had of these files, of which a note is taken.
pub(super) fn load(
    sources: &Sources,
    options: &EmulatorOptions,
    files: &mut Files,
    findings: &mut Vec<Finding>,
) -> Result<Emulator, catalog::CatalogError> {
    let now = options.clock.at.unwrap_or(options.now);
    let providers = catalog::load_noting(sources, now, findings, files)?;
    let loaded = findings.len();
    let mut emulator = Emulator::new(providers, options, findings);
    emulator.note_unserved(files.unserved(&emulator, &findings[loaded..]));
    Ok(emulator)
}

/// What can be had of these files; what cannot is printed. A provider that was asked for by name is not optional.
pub(super) fn load_or_tell(
    sources: &Sources,
    options: &EmulatorOptions,
    files: &mut Files,
) -> anyhow::Result<Emulator> {
    let mut findings = Vec::new();
    let emulator = load(sources, options, files, &mut findings).map_err(|error| match error {
        catalog::CatalogError::NoSuchFile { .. } => anyhow::Error::new(NoSuchDocument(error)),
        error => error.into(),
    })?;
    let is_broken = findings.iter().any(|finding| finding.severity == Severity::Error);
    tell(findings);
    if is_broken && !sources.documents.is_empty() {
        anyhow::bail!("what was asked for cannot all be served: mend what is named above");
    }
    let is_there = |name: &str| emulator.providers().any(|there| **there == *name);
    if let Some(broken) = sources.only.iter().find(|name| !is_there(name)) {
        anyhow::bail!("`{broken}` cannot be served: mend what is named above");
    }
    if emulator.providers().next().is_none() {
        anyhow::bail!("no provider can be served: mend what is named above");
    }
    Ok(emulator)
}

/// Faults with names that stand for nothing are wrong usage: they would never strike, and a test would pass for it.
pub(super) fn check_faults(faults: &[FaultFormat], emulator: &Emulator) -> Result<(), WrongUsage> {
    let unknown = faults.iter().flat_map(|fault| emulator.unknown_in_fault(fault));
    let problems: Vec<_> = unknown.map(|problem| format!("a fault cannot be: {problem}")).collect();
    if problems.is_empty() { Ok(()) } else { Err(WrongUsage(problems)) }
}

/// A document that is not there. On the command line its name may be a misspelt verb.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct NoSuchDocument(pub(super) catalog::CatalogError);
