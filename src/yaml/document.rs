//! A document read from one file, and where its parts stand in it.
//!
//! Must not know what it means.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::lines::{LinePlace, LineTree};
use super::reading::ReadingNotes;
use super::{json, mending, reading};
use crate::finding::{Finding, Severity};

/// A document read from one file.
#[derive(Clone, Debug)]
pub struct Document {
    pub(super) file: Arc<str>,
    pub(super) root: Value,
    pub(super) lines: LineTree,
}

impl Document {
    /// Reads YAML 1.2 or JSON. What is wrong goes to `findings`; `None` if nothing could be read.
    ///
    /// Keys are text whatever they look like (`200:`), dates stay strings, and where a key is there
    /// twice the first is used, which is a warning.
    pub fn parse(file: &str, text: &str, findings: &mut Vec<Finding>) -> Option<Document> {
        Self::read(file, text, Severity::Warning, findings)
    }

    /// Reads a file whose every line was written for us: an entry that is left out is an error, since it
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
        if json::begins(text) {
            let mut notes = ReadingNotes::new(&file, left_out);
            match json::read(text, &mut notes) {
                Ok((root, lines)) => {
                    findings.extend(notes.into_findings());
                    return Some(Document { file, root, lines });
                }
                // Not JSON, or JSON with something in it that YAML can say more about.
                Err(error) => refusal = Some(error),
            }
            if let Some(read) = Self::read_commented(&file, text, left_out, findings) {
                return Some(read);
            }
        }
        let mut notes = ReadingNotes::new(&file, left_out);
        let mut outcome = reading::read(text, &mut notes);
        if outcome.is_err() {
            let mut mended_notes = ReadingNotes::new(&file, left_out);
            if let Some(mended) = mending::mend(text, &mut mended_notes) {
                outcome = reading::read(&mended, &mut mended_notes);
                notes = mended_notes;
            }
        }
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

    /// JSON with comments and commas too many, which is said.
    fn read_commented(
        file: &Arc<str>,
        text: &str,
        left_out: Severity,
        findings: &mut Vec<Finding>,
    ) -> Option<Document> {
        let plain = json::without_extras(text)?;
        let mut notes = ReadingNotes::new(file, left_out);
        let (root, lines) = json::read(&plain, &mut notes).ok()?;
        let message = "comments and commas before an end are not of JSON; they are passed over";
        findings.push(Finding::warning(file, 0, "", message));
        findings.extend(notes.into_findings());
        Some(Document { file: Arc::clone(file), root, lines })
    }

    /// A text that is neither, as one value.
    pub fn of_text(file: &str, text: String) -> Document {
        let mut lines = LineTree::default();
        lines.open(1);
        Document { file: file.into(), root: Value::String(text), lines }
    }

    /// A value that stands in no file; `name` says where it comes from.
    pub fn of_value(name: &str, root: Value) -> Document {
        let mut lines = LineTree::default();
        lines.open(0);
        Document { file: name.into(), root, lines }
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

    /// The whole document, for changes of single values: lists and maps keep their entries in their order.
    pub(crate) fn root_mut(&mut self) -> &mut Value {
        &mut self.root
    }

    /// Puts other documents into this one, each under its name in a map that becomes the root's entry `key`. Places in
    /// there keep their own file, line and pointer. Nothing happens where the root is no map or has that entry.
    pub(crate) fn embed(&mut self, key: &str, documents: impl Iterator<Item = (String, Document)>) {
        let Some(root) = self.root.as_object_mut().filter(|root| !root.contains_key(key)) else {
            return;
        };
        let mut values = Map::new();
        let files = documents.map(|(name, document)| {
            values.insert(name, document.root);
            (document.file, document.lines)
        });
        self.lines.embed(files);
        root.insert(key.to_owned(), Value::Object(values));
    }

    /// The line of an entry's key or of an item; of its nearest ancestor where it is absent. Of what was put in from
    /// another file, the line there.
    pub fn line(&self, pointer: &str) -> u32 {
        self.place(pointer).line
    }

    /// The name of the file that an entry is in.
    pub fn file_of(&self, pointer: &str) -> &Arc<str> {
        self.place(pointer).file.unwrap_or(&self.file)
    }

    /// The pointer to an entry from the root of the file that it is in, as the file is written.
    pub fn written_at<'p>(&self, pointer: &'p str) -> Cow<'p, str> {
        self.place(pointer).pointer
    }

    fn place<'p>(&self, pointer: &'p str) -> LinePlace<'_, 'p> {
        self.lines.find(&self.root, pointer)
    }

    /// A finding about the entry at `pointer` that keeps the file from being served.
    pub fn error(&self, pointer: &str, message: impl Into<String>) -> Finding {
        let LinePlace { line, file, pointer } = self.place(pointer);
        Finding::error(file.unwrap_or(&self.file), line, pointer, message)
    }

    /// A finding about the entry at `pointer` beside which all the rest serves.
    pub fn warning(&self, pointer: &str, message: impl Into<String>) -> Finding {
        let LinePlace { line, file, pointer } = self.place(pointer);
        Finding::warning(file.unwrap_or(&self.file), line, pointer, message)
    }
}
