//! What is wrong with a file: findings, collected and reported all at once.
//!
//! Owns the shape and the wording frame of a finding. Must not know what kinds of files there are.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;
use indexmap::map::Entry;
use serde::Serialize;

/// Severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The piece it points at cannot be honoured: the provider does not start until it is mended.
    Error,
    /// The piece was repaired, ignored or is doubtful; all the rest serves.
    Warning,
}

/// One thing wrong with a file: what, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its severity.
    pub severity: Severity,
    /// The file's name as the user gave it.
    pub file: Arc<str>,
    /// Line in the file, counted from 1; 0 where the whole file is meant.
    pub line: u32,
    /// JSON Pointer (RFC 6901) to the place inside the file.
    pub pointer: String,
    /// The problem: lower case, no final stop, values in backticks.
    pub message: String,
    /// How to fix it.
    pub hint: Option<String>,
}

impl Finding {
    /// A finding that keeps the file from being served.
    pub fn error(
        file: &Arc<str>,
        line: u32,
        pointer: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self::new(Severity::Error, file, line, pointer.into(), message.into())
    }

    /// A finding beside which all the rest serves.
    pub fn warning(
        file: &Arc<str>,
        line: u32,
        pointer: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self::new(Severity::Warning, file, line, pointer.into(), message.into())
    }

    fn new(
        severity: Severity,
        file: &Arc<str>,
        line: u32,
        pointer: String,
        message: String,
    ) -> Self {
        Self { severity, file: Arc::clone(file), line, pointer, message, hint: None }
    }

    /// Adds advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{}", self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        write!(f, ": {severity}: {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// Location of a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FindingPlace {
    /// The file's name as the user gave it.
    pub file: Arc<str>,
    /// Line in the file, counted from 1; 0 where the whole file is meant.
    pub line: u32,
    /// JSON Pointer (RFC 6901) to the place inside the file.
    pub pointer: String,
}

/// Findings that say the same of different places, as one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Folded {
    /// The first of them.
    #[serde(flatten)]
    pub first: Finding,
    /// Number of findings, the first included.
    pub count: usize,
    /// Locations of the next ones: [`Folded::ALSO_MAX`] at most.
    pub also: Vec<FindingPlace>,
}

impl Folded {
    /// Number of further places that are kept. A generated document is mended in its generator, for which one needs a
    /// few places to see what it does.
    pub const ALSO_MAX: usize = 20;
    /// Number of further places in a line of text.
    const SHOWN_MAX: usize = 3;

    /// Folds findings whose severity, message and hint are the same, each kind at the place of its first.
    pub fn all(findings: Vec<Finding>) -> Vec<Folded> {
        let mut kinds: IndexMap<(Severity, String, Option<String>), Folded> = IndexMap::new();
        for finding in findings {
            let kind = (finding.severity, finding.message.clone(), finding.hint.clone());
            match kinds.entry(kind) {
                Entry::Vacant(slot) => {
                    slot.insert(Folded { first: finding, count: 1, also: Vec::new() });
                }
                Entry::Occupied(mut slot) => {
                    let folded = slot.get_mut();
                    folded.count += 1;
                    if folded.also.len() < Self::ALSO_MAX {
                        let Finding { file, line, pointer, .. } = finding;
                        folded.also.push(FindingPlace { file, line, pointer });
                    }
                }
            }
        }
        kinds.into_values().collect()
    }
}

impl fmt::Display for Folded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, count, also } = self;
        write!(f, "{first}")?;
        if also.is_empty() {
            return Ok(());
        }
        let shown = &also[..also.len().min(Self::SHOWN_MAX)];
        write!(f, " [{count} times, also at ")?;
        for (number, FindingPlace { file, line, .. }) in shown.iter().enumerate() {
            let comma = if number > 0 { ", " } else { "" };
            match (*file == first.file, line) {
                (_, 0) => write!(f, "{comma}{file}")?,
                (true, line) => write!(f, "{comma}line {line}")?,
                (false, line) => write!(f, "{comma}{file}:{line}")?,
            }
        }
        f.write_str(if count - 1 > shown.len() { ", …]" } else { "]" })
    }
}

/// Advice naming the candidate closest in spelling to `given`, when one is close enough to be meant.
pub fn did_you_mean<'c>(
    given: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<String> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(given, candidate), candidate))
        .filter(|(similarity, _)| *similarity >= 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| format!("did you mean `{candidate}`?"))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_finding_says_where_what_and_what_to_do() {
        let file: Arc<str> = "specs/demo/behavior.yaml".into();
        let finding =
            Finding::error(&file, 12, "/operations/x", "operation `x` is not in the contract")
                .hint("did you mean `y`?");
        assert_eq!(
            finding.to_string(),
            "specs/demo/behavior.yaml:12: error: operation `x` is not in the contract (did you mean `y`?)"
        );
    }

    #[test]
    fn only_a_close_spelling_is_suggested() {
        assert_eq!(
            did_you_mean("organisations", ["organizations", "users"]).as_deref(),
            Some("did you mean `organizations`?")
        );
        assert_eq!(did_you_mean("zzz", ["organizations", "users"]), None);
    }

    #[test]
    fn equal_findings_are_told_once_with_their_places() {
        let file: Arc<str> = "a.yaml".into();
        let other: Arc<str> = "b.yaml".into();
        let nullable = |file, line| {
            Finding::warning(file, line, format!("/{line}"), "`nullable` is honoured").hint("mend")
        };
        let mut findings = vec![
            nullable(&file, 3),
            Finding::error(&file, 4, "", "is broken"),
            nullable(&file, 7),
            nullable(&other, 1),
        ];
        let told = |findings: &[Finding]| {
            let folded = Folded::all(findings.to_vec());
            folded.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        expect![[r#"
            a.yaml:3: warning: `nullable` is honoured (mend) [3 times, also at line 7, b.yaml:1]
            a.yaml:4: error: is broken"#]]
        .assert_eq(&told(&findings));
        findings.extend((10..100).map(|line| nullable(&file, line)));
        expect![[r#"
            a.yaml:3: warning: `nullable` is honoured (mend) [93 times, also at line 7, b.yaml:1, line 10, …]
            a.yaml:4: error: is broken"#]]
        .assert_eq(&told(&findings));
        assert_eq!(Folded::all(findings)[0].also.len(), Folded::ALSO_MAX);
    }
}
