//! YAML and JSON text as values with their lines.
//!
//! Owns the one use of the YAML crate. Must not know what the documents mean.

mod json;
mod lines;
mod reading;
mod scalar;

use std::sync::Arc;

use serde_json::Value;

use crate::finding::Finding;
use crate::finding::Severity;
use lines::Lines;
use reading::Notes;

/// A document read from one file.
#[derive(Clone, Debug)]
pub struct Document {
    file: Arc<str>,
    root: Value,
    lines: Lines,
}

impl Document {
    /// Reads YAML 1.2 or JSON. What is wrong goes to `findings`; `None` if nothing could be read.
    ///
    /// Keys are text whatever they look like (`200:`), dates stay strings, and where a key is there
    /// twice the first is used, which is a warning.
    pub fn parse(file: &str, text: &str, findings: &mut Vec<Finding>) -> Option<Document> {
        Self::read(file, text, Severity::Warning, findings)
    }

    /// The same for a file whose every line was written for us: an entry that is left out is an error, since it
    /// was meant and is not followed.
    pub fn parse_strictly(file: &str, text: &str, findings: &mut Vec<Finding>) -> Option<Document> {
        Self::read(file, text, Severity::Error, findings)
    }

    fn read(
        file: &str,
        text: &str,
        left_out: Severity,
        findings: &mut Vec<Finding>,
    ) -> Option<Document> {
        let file: Arc<str> = file.into();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut refusal = None;
        if text.trim_start().starts_with(['{', '[']) {
            let mut notes = Notes::new(&file, left_out);
            match json::read(text, &mut notes) {
                Ok((root, lines)) => {
                    findings.extend(notes.into_findings());
                    return Some(Document { file, root, lines });
                }
                // Not JSON, or JSON with something in it that YAML can say more about.
                Err(error) => refusal = Some(error),
            }
        }
        let mut notes = Notes::new(&file, left_out);
        let outcome = reading::read(text, &mut notes);
        findings.extend(notes.into_findings());
        match outcome {
            Ok(Some((root, lines))) => return Some(Document { file, root, lines }),
            Ok(None) => findings.push(Finding::error(&file, 0, "", "is empty")),
            Err(stop) => {
                let named_json =
                    file.len() >= 5 && file[file.len() - 5..].eq_ignore_ascii_case(".json");
                let (line, message) = match refusal.filter(|_| named_json) {
                    Some(error) => (
                        u32::try_from(error.line()).unwrap_or(u32::MAX),
                        format!("cannot be read: {error}"),
                    ),
                    None => (stop.line, stop.message),
                };
                findings.push(Finding::error(&file, line, "", message));
            }
        }
        None
    }

    /// The file's name as the user gave it.
    pub fn file(&self) -> &Arc<str> {
        &self.file
    }

    /// The whole document.
    pub fn root(&self) -> &Value {
        &self.root
    }

    /// The whole document, without its lines.
    pub fn into_root(self) -> Value {
        self.root
    }

    /// The line of an entry's key or of an item; of its nearest ancestor where it is absent.
    pub fn line(&self, pointer: &str) -> u32 {
        self.lines.find(&self.root, pointer)
    }

    /// A finding about the entry at `pointer` that keeps the file from being served.
    pub fn error(&self, pointer: &str, message: impl Into<String>) -> Finding {
        Finding::error(&self.file, self.line(pointer), pointer, message)
    }

    /// A finding about the entry at `pointer` beside which all the rest serves.
    pub fn warning(&self, pointer: &str, message: impl Into<String>) -> Finding {
        Finding::warning(&self.file, self.line(pointer), pointer, message)
    }
}

#[cfg(test)]
mod tests;
