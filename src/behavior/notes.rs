//! Where findings about a behavior or fixture file go: the file at hand and the list.
//!
//! Must not know what is being checked.

use crate::expression::Mistake;
use crate::finding::Finding;
use crate::yaml::Document;

/// The file being checked, and what was found in it so far.
pub(crate) struct Notes<'d> {
    document: &'d Document,
    findings: &'d mut Vec<Finding>,
}

impl<'d> Notes<'d> {
    pub(crate) fn new(document: &'d Document, findings: &'d mut Vec<Finding>) -> Self {
        Self { document, findings }
    }

    /// How much was found so far.
    pub(crate) fn count(&self) -> usize {
        self.findings.len()
    }

    /// The line of what stands at a pointer.
    pub(crate) fn line(&self, pointer: &str) -> u32 {
        self.document.line(pointer)
    }

    /// Something that keeps the file from being served; `hint` says what to do.
    pub(crate) fn error(
        &mut self,
        pointer: &str,
        message: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) {
        self.push(self.document.error(pointer, message), hint.into());
    }

    /// Several such things at one place.
    pub(crate) fn errors(&mut self, pointer: &str, messages: Vec<String>) {
        for message in messages {
            self.error(pointer, message, None);
        }
    }

    /// Something doubtful that can be served all the same.
    pub(crate) fn warning(
        &mut self,
        pointer: &str,
        message: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) {
        self.push(self.document.warning(pointer, message), hint.into());
    }

    /// Mistakes in an expression or template that stands at a pointer.
    pub(crate) fn mistakes(&mut self, pointer: &str, mistakes: impl IntoIterator<Item = Mistake>) {
        for mistake in mistakes {
            self.error(&format!("{pointer}{}", mistake.pointer), mistake.message, mistake.hint);
        }
    }

    fn push(&mut self, finding: Finding, hint: Option<String>) {
        let finding = Finding { hint, ..finding };
        // An entry that many operations share is read for each of them.
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }
}
