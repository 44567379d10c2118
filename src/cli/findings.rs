//! Findings as they are printed: in the order of their places, equal ones folded, the worst first.
//!
//! Must not know what a finding is about.

use crate::cli::print::{counted, print_error};
use crate::finding::{Finding, Folded, Severity};

/// Maximum number of findings that are printed at once: a folder of files can have thousands.
pub(super) const FINDINGS_MAX: usize = 10;

/// Prints how many findings there are and the worst of them.
pub(super) fn tell(findings: Vec<Finding>) {
    if findings.is_empty() {
        return;
    }
    let (mut findings, errors) = sorted(findings);
    findings.sort_by_key(|finding| finding.first.severity != Severity::Error);
    for finding in findings.iter().take(FINDINGS_MAX) {
        print_error(&finding.to_string());
    }
    let counts = [(errors, "error"), (findings.len() - errors, "warning")];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let counts: Vec<_> = counts.map(|(count, noun)| counted(*count, noun)).collect();
    let left = match findings.len().saturating_sub(FINDINGS_MAX) {
        0 => String::new(),
        left => format!(", {left} of them not shown"),
    };
    let consequence = if errors > 0 { "; a provider with an error is not served" } else { "" };
    print_error(&format!(
        "{} in the files{left}{consequence} (`tombstone check` shows all)",
        counts.join(" and ")
    ));
}

/// Findings in the order of their places, equal ones folded, and how many errors are among them.
pub(super) fn sorted(mut findings: Vec<Finding>) -> (Vec<Folded>, usize) {
    findings.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    let folded = Folded::all(findings);
    let errors = folded.iter().filter(|one| one.first.severity == Severity::Error).count();
    (folded, errors)
}
