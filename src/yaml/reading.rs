//! YAML text into values with lines, from the parser's events in one pass.
//!
//! Owns anchors, merge keys, duplicate keys and the bounds on what a document may unfold to.
//! Must not know what the documents mean.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};
use serde_yaml::granit_parser::{Event, Options, Parser, ScalarStyle, Tag};

use super::lines::{LineNode, LineTree, fitted};
use super::{lines, scalar};
use crate::finding::{Finding, Severity};

/// Nesting: what follows a document down recursively (and dropping a value does) needs a bound; the
/// deepest public contract seen nests 60 deep.
const DEPTH_MAX: usize = 255;
/// Nodes of one document: one of 13 MB has 1.1 million; each costs some 100 bytes.
const NODES_MAX: usize = 5_000_000;
/// What anchors keep and aliases unfold, in nodes: a bomb of nine aliases of nine stops here.
const ALIASED_NODES_MAX: usize = 1_000_000;
/// What anchors keep and aliases unfold, in bytes of text, for the bomb that repeats one long text.
const ALIASED_BYTES_MAX: usize = 32 << 20;
/// Characters of a key. YAML's own bound is 1,024, which generated names exceed and other readers do not know.
const KEY_MAX: usize = 64 << 10;
/// Notes of one document: beyond these the file is not what it was taken for.
const NOTES_MAX: usize = 100;

/// Warnings found while reading, until the document's tree can give each its pointer.
pub(super) struct ReadingNotes {
    file: Arc<str>,
    /// Severity of an entry that is left out.
    left_out: Severity,
    found: Vec<Finding>,
}

impl ReadingNotes {
    pub(super) fn new(file: &Arc<str>, left_out: Severity) -> ReadingNotes {
        ReadingNotes { file: Arc::clone(file), left_out, found: Vec::new() }
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.found
    }

    pub(super) fn duplicate(&mut self, line: u32, key: &str) {
        let message = match self.left_out {
            Severity::Error => format!("key `{key}` is there twice"),
            Severity::Warning => format!("key `{key}` is there twice; the first is used"),
        };
        self.note(self.left_out, line, message, "remove or rename one of them");
    }

    pub(super) fn warn(&mut self, line: u32, message: String, hint: &str) {
        self.note(Severity::Warning, line, message, hint);
    }

    fn note(&mut self, severity: Severity, line: u32, message: String, hint: &str) {
        let warnings = self.found.iter().filter(|finding| finding.severity == Severity::Warning);
        match severity {
            // Never lost among warnings, and one is enough to refuse the file.
            Severity::Error if self.found.len() < 2 * NOTES_MAX => {
                self.found.push(Finding::error(&self.file, line, "", message).hint(hint));
            }
            Severity::Warning if warnings.count() < NOTES_MAX => {
                self.found.push(Finding::warning(&self.file, line, "", message).hint(hint));
            }
            _ => {}
        }
    }
}

/// Why a text cannot be read at all.
pub(super) struct Stop {
    pub(super) line: u32,
    pub(super) message: String,
}

/// Reads the first document of a text. `Ok(None)` when there is nothing in it.
pub(super) fn read(
    text: &str,
    notes: &mut ReadingNotes,
) -> Result<Option<(Value, LineTree)>, Stop> {
    let mut reading = EventReader {
        stack: Vec::new(),
        lines: LineTree::default(),
        anchors: HashMap::new(),
        kept: ValueSize::default(),
        root: None,
        notes,
    };
    let mut ended = false;
    for next in Parser::new_from_str_with_options(text, options()) {
        let (event, span) = match next {
            Ok(next) => next,
            // What comes after the first document is not read, so it need not be right.
            Err(_) if ended => break,
            Err(error) => {
                let message = format!("cannot be read: {}", lowercase(&error.info()));
                return Err(Stop { line: line_of(error.marker().line()), message });
            }
        };
        let line = line_of(span.start.line());
        match event {
            Event::DocumentStart(..) if ended => {
                let message = "holds more than one document; only the first is read".to_owned();
                reading.notes.warn(line, message, "put each document into a file of its own");
                break;
            }
            Event::DocumentEnd => ended = true,
            event => reading.take(event, line)?,
        }
    }
    let lines = reading.lines;
    Ok(reading.root.map(|root| (root, lines)))
}

/// Options of the parser.
pub(super) fn options() -> Options {
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.simple_key_max_lookahead = KEY_MAX;
    options
}

fn line_of(line: usize) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}

fn lowercase(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    first.into_iter().chain(letters).collect::<String>().trim_end_matches('.').to_owned()
}

/// Size of a value, for the bounds on anchors and aliases.
#[derive(Clone, Copy, Default)]
struct ValueSize {
    nodes: usize,
    bytes: usize,
    depth: usize,
}

impl ValueSize {
    fn of(value: &Value) -> ValueSize {
        let text = |text: &str| ValueSize { nodes: 1, bytes: text.len(), depth: 1 };
        match value {
            Value::String(string) => text(string),
            Value::Array(items) => {
                items.iter().fold(text(""), |sum, item| sum.with(ValueSize::of(item)))
            }
            Value::Object(map) => map.iter().fold(text(""), |mut sum, (key, value)| {
                sum.bytes += key.len();
                sum.with(ValueSize::of(value))
            }),
            _ => text(""),
        }
    }

    fn with(self, part: ValueSize) -> ValueSize {
        ValueSize {
            nodes: self.nodes + part.nodes,
            bytes: self.bytes + part.bytes,
            depth: self.depth.max(part.depth + 1),
        }
    }
}

/// A node that aliases may repeat.
struct Anchored {
    value: Value,
    part: Vec<LineNode>,
    size: ValueSize,
}

/// A collection that has begun and not ended.
enum Frame {
    List { start: usize, anchor: usize, items: Vec<Value> },
    Map { start: usize, anchor: usize, map: Map<String, Value>, key: EntryKey, merged: Vec<Merged> },
}

/// The part of an entry read so far.
enum EntryKey {
    Awaited,
    /// A key was read; where its value's lines begin is where they are now.
    Read {
        text: String,
        line: u32,
        merge: bool,
    },
    /// The key was a list or a map, which no JSON object can have: its value goes too.
    Refused,
}

/// One map to be merged by `<<`.
struct Merged {
    map: Map<String, Value>,
    part: Vec<LineNode>,
}

struct EventReader<'n> {
    stack: Vec<Frame>,
    lines: LineTree,
    anchors: HashMap<usize, Anchored>,
    kept: ValueSize,
    root: Option<Value>,
    notes: &'n mut ReadingNotes,
}

impl EventReader<'_> {
    fn take(&mut self, event: Event<'_>, line: u32) -> Result<(), Stop> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                if self.awaits_key() && anchor == 0 {
                    self.begin_entry(text.into_owned(), line, plain && tag.is_none());
                    return Ok(());
                }
                let value = self.scalar(&text, plain, tag.as_deref(), line);
                let start = self.lines.open(line);
                self.finish(value, start, anchor, line)
            }
            Event::SequenceStart(_, anchor, _) => {
                let start = self.begin(line)?;
                self.stack.push(Frame::List { start, anchor, items: Vec::new() });
                Ok(())
            }
            Event::MappingStart(_, anchor, _) => {
                let start = self.begin(line)?;
                let (map, key, merged) = (Map::new(), EntryKey::Awaited, Vec::new());
                self.stack.push(Frame::Map { start, anchor, map, key, merged });
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(line),
            Event::Alias(id) => self.repeat(id, line),
            _ => Ok(()),
        }
    }

    fn awaits_key(&self) -> bool {
        matches!(self.stack.last(), Some(Frame::Map { key: EntryKey::Awaited, .. }))
    }

    fn begin_entry(&mut self, text: String, line: u32, plain: bool) {
        if let Some(Frame::Map { key, .. }) = self.stack.last_mut() {
            let merge = plain && text == "<<";
            *key = EntryKey::Read { text, line, merge };
        }
    }

    fn begin(&mut self, line: u32) -> Result<usize, Stop> {
        if self.stack.len() >= DEPTH_MAX {
            let message = format!("nests deeper than {DEPTH_MAX} levels");
            return Err(Stop { line, message });
        }
        Ok(self.lines.open(line))
    }

    fn scalar(&mut self, text: &str, plain: bool, tag: Option<&Tag>, line: u32) -> Value {
        let typed = match tag.map(|tag| (tag.core_suffix(), tag)) {
            None => plain,
            Some((Some("int" | "float" | "bool" | "null"), _)) => true,
            Some((Some(_), _)) => false,
            Some((None, tag)) => {
                if tag.is_custom() && !tag.original().is_empty() && tag.original() != "!" {
                    let message = format!("tag `{}` means nothing here", tag.original());
                    self.notes.warn(line, message, "remove it; the value is read without it");
                    plain
                } else {
                    false
                }
            }
        };
        if !typed {
            return Value::String(text.to_owned());
        }
        scalar::resolve(text).unwrap_or_else(|text| {
            let message =
                format!("number `{text}` is beyond what JSON can hold; it stays a string");
            self.notes.warn(line, message, "write a finite number or quote it");
            Value::String(text)
        })
    }

    /// A value is complete: it is kept for aliases, then goes where it belongs.
    fn finish(&mut self, value: Value, start: usize, anchor: usize, line: u32) -> Result<(), Stop> {
        self.lines.close(start);
        if self.lines.len() > NODES_MAX {
            return Err(Stop { line, message: format!("holds more than {NODES_MAX} values") });
        }
        if anchor != 0 {
            let size = ValueSize::of(&value);
            self.account(size, line)?;
            let part = self.lines.subtree(start);
            self.anchors.insert(anchor, Anchored { value: value.clone(), part, size });
        }
        self.place(value, start, line);
        Ok(())
    }

    fn place(&mut self, value: Value, start: usize, line: u32) {
        match self.stack.last_mut() {
            None => self.root = Some(value),
            Some(Frame::List { items, .. }) => items.push(value),
            Some(Frame::Map { map, key, merged, .. }) => {
                match std::mem::replace(key, EntryKey::Awaited) {
                    EntryKey::Awaited => {
                        self.lines.truncate(start);
                        *key = if let Some(text) = key_text(value) {
                            EntryKey::Read { text, line, merge: false }
                        } else {
                            let message = "a list or a map cannot be a key".to_owned();
                            let hint =
                                "the entry is left out; text that begins with `{` needs quotes";
                            self.notes.note(self.notes.left_out, line, message, hint);
                            EntryKey::Refused
                        };
                    }
                    EntryKey::Refused => self.lines.truncate(start),
                    EntryKey::Read { merge: true, line, .. } => {
                        let part = self.lines.split_off(start);
                        if !merge(value, &part, merged) {
                            let message = "`<<` merges maps, and this is none".to_owned();
                            self.notes.warn(line, message, "give it an alias of a map");
                        }
                    }
                    EntryKey::Read { text, line, .. } => {
                        if map.contains_key(&text) {
                            self.lines.truncate(start);
                            self.notes.duplicate(line, &text);
                        } else {
                            self.lines.relocate(start, line);
                            map.insert(text, value);
                        }
                    }
                }
            }
        }
    }

    fn end(&mut self, line: u32) -> Result<(), Stop> {
        match self.stack.pop() {
            Some(Frame::List { start, anchor, mut items }) => {
                items.shrink_to_fit();
                self.finish(Value::Array(items), start, anchor, line)
            }
            Some(Frame::Map { start, anchor, mut map, merged, .. }) => {
                for Merged { map: other, part } in merged {
                    for ((key, value), child) in other.into_iter().zip(lines::children(&part)) {
                        if !map.contains_key(&key) {
                            self.lines.append(child, None);
                            map.insert(key, value);
                        }
                    }
                }
                self.finish(Value::Object(fitted(map)), start, anchor, line)
            }
            None => Ok(()),
        }
    }

    fn repeat(&mut self, id: usize, line: u32) -> Result<(), Stop> {
        let Some(anchored) = self.anchors.get(&id) else {
            let message = "an alias is inside the value it repeats; it is read as null".to_owned();
            self.notes.warn(line, message, "repeat a part that it is not in");
            let start = self.lines.open(line);
            return self.finish(Value::Null, start, 0, line);
        };
        let size = anchored.size;
        if self.stack.len() + size.depth > DEPTH_MAX {
            let message = format!("nests deeper than {DEPTH_MAX} levels");
            return Err(Stop { line, message });
        }
        let start = self.lines.len();
        self.lines.append(&anchored.part, Some(line));
        let value = anchored.value.clone();
        self.account(size, line)?;
        if self.awaits_key() {
            self.place(value, start, line);
            return Ok(());
        }
        self.finish(value, start, 0, line)
    }

    fn account(&mut self, size: ValueSize, line: u32) -> Result<(), Stop> {
        self.kept = self.kept.with(size);
        if self.kept.nodes <= ALIASED_NODES_MAX && self.kept.bytes <= ALIASED_BYTES_MAX {
            return Ok(());
        }
        Err(Stop { line, message: "its aliases unfold to more than is reasonable".to_owned() })
    }
}

fn key_text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Array(_) | Value::Object(_) => None,
        other => Some(other.to_string()),
    }
}

/// Takes the maps that `<<` names; whether all of it were maps.
fn merge(value: Value, part: &[LineNode], merged: &mut Vec<Merged>) -> bool {
    match value {
        Value::Object(map) => {
            merged.push(Merged { map, part: part.to_vec() });
            true
        }
        Value::Array(items) => {
            let mut all = true;
            for (item, part) in items.into_iter().zip(lines::children(part)) {
                match item {
                    Value::Object(map) => merged.push(Merged { map, part: part.to_vec() }),
                    _ => all = false,
                }
            }
            all
        }
        _ => false,
    }
}
