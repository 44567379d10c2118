//! References out of a document: the files they lead to are put into it, and the references lead there.
//!
//! Owns which references lead out, and where to. Must not know how files are read, nor what a schema says.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::schema::Holds;
use super::{references, schema};
use crate::finding::Finding;
use crate::pointer::{Pointed, child, unescaped, within};
use crate::yaml::Document;

/// Key of the other files in a gathered document, by their path.
pub(super) const FILES: &str = "x-tombstone-files";
/// Other files of one document: the largest public ones have some 3,000.
const FILES_MAX: usize = 5_000;
/// References on the way to what others lead to: as many as large documents have references. Each can make a pointer
/// longer, so that a circle would go on without end.
const DETOURS_MAX: usize = 100_000;

/// Entries beside those of schemas that hold named things, so that no name in there is a keyword, whatever it is.
const NAMED: [&str; 18] = [
    "schemas",
    "parameters",
    "headers",
    "responses",
    "requestBodies",
    "securitySchemes",
    "examples",
    "links",
    "callbacks",
    "pathItems",
    "paths",
    "webhooks",
    "content",
    "encoding",
    "mediaTypes",
    "additionalOperations",
    "variables",
    "dependentRequired",
];

/// Entries that hold data: what looks like a reference there is none.
/// One that is a reference as a whole is followed all the same, except under those that validate by it.
const DATA: [&str; 6] = ["example", "enum", "const", "default", "value", "dataValue"];

fn is_named(keyword: &str) -> bool {
    let held = schema::applicator(keyword);
    NAMED.contains(&keyword) || held.is_some_and(|held| held.holds == Holds::Map)
}

fn is_data(keyword: &str) -> bool {
    DATA.contains(&keyword) || keyword.starts_with("x-")
}

/// Returns true if a reference leads out of the document.
fn leads_out(reference: &str) -> bool {
    !reference.starts_with('#')
}

/// Returns true if what a discriminator maps a value to is a file, and not the name of a component.
fn names_file(mapped: &str) -> bool {
    leads_out(mapped)
        && (mapped.contains('/') || mapped.contains(".yaml") || mapped.contains(".json"))
}

/// Puts every file that the document refers to into it, and those that they refer to. `path` is the document's own,
/// relative to the folder that files may come from and with `/` between its parts; `read` is asked for each other file
/// once, by such a path. References that lead nowhere are left as they are: reading reports them.
///
/// A document that refers to no file is handed back as it is.
pub fn gather(
    document: Document,
    path: &str,
    read: impl FnMut(&str) -> Option<Document>,
    findings: &mut Vec<Finding>,
) -> Document {
    if !refers_out(document.root()) {
        return document;
    }
    if document.root().get(FILES).is_some() {
        let message = format!("`{FILES}` is reserved, so that no other file is read");
        findings.push(document.warning(&format!("/{FILES}"), message));
        return document;
    }
    let mut gathering = Gathering {
        files: Vec::new(),
        known: HashMap::new(),
        open: Vec::new(),
        seen: HashSet::new(),
        ids: HashMap::new(),
        edits: Vec::new(),
        detours: 0,
        refused: BTreeMap::new(),
        read,
    };
    gathering.enter(path.to_owned(), document);
    gathering.reach(0, String::new(), false);
    while let Some((file, pointer, is_named)) = gathering.open.pop() {
        gathering.walk(file, pointer, is_named);
    }
    gathering.finish(findings)
}

/// Returns true if anything in there looks like a reference to a file.
fn refers_out(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.iter().any(|(key, value)| match (key.as_str(), value) {
            ("$ref" | "$dynamicRef" | "externalValue", Value::String(text)) => leads_out(text),
            ("defaultMapping", Value::String(text)) => names_file(text),
            ("mapping", Value::Object(names)) => {
                names.values().any(|name| name.as_str().is_some_and(names_file))
                    || names.values().any(refers_out)
            }
            (_, value) => refers_out(value),
        }),
        Value::Array(items) => items.iter().any(refers_out),
        _ => false,
    }
}

struct BundledFile {
    /// Relative to the folder that files may come from.
    path: String,
    document: Rc<Document>,
    /// Places by `$anchor`, once one was asked for.
    anchors: Option<HashMap<String, String>>,
}

/// A text that will be another.
struct TextEdit {
    file: usize,
    pointer: String,
    text: String,
}

struct Gathering<R> {
    /// The document itself first.
    files: Vec<BundledFile>,
    /// Files by path; `None`: cannot be read.
    known: HashMap<String, Option<usize>>,
    /// Places that a reference leads to, still to be looked at, and whether the keys there are names.
    open: Vec<(usize, String, bool)>,
    seen: HashSet<(usize, String)>,
    /// Schemas by `$id`.
    ids: HashMap<String, (usize, String)>,
    edits: Vec<TextEdit>,
    /// References that were met on the way to what another leads to.
    detours: usize,
    /// Files that are not asked for, and where each is referred to first.
    refused: BTreeMap<String, (usize, String)>,
    read: R,
}

/// Context of a value on the way down.
#[derive(Clone, Copy)]
struct Around<'a> {
    file: usize,
    /// The nearest `$id`, made absolute, and the schema that has it.
    id: Option<(&'a str, &'a str)>,
    /// Whether the keys of a map are names and no keywords.
    is_named: bool,
}

impl<R: FnMut(&str) -> Option<Document>> Gathering<R> {
    fn enter(&mut self, path: String, document: Document) -> usize {
        let number = self.files.len();
        let own = document.root().get("$self").and_then(Value::as_str).unwrap_or_default();
        let own = own.split('#').next().unwrap_or_default().to_owned();
        if !own.is_empty() {
            self.ids.entry(own.clone()).or_insert((number, String::new()));
        }
        note_ids(document.root(), &own, &mut String::new(), &mut |id, pointer| {
            self.ids.entry(id).or_insert_with(|| (number, pointer.to_owned()));
        });
        self.known.insert(path.clone(), Some(number));
        self.files.push(BundledFile { path, document: Rc::new(document), anchors: None });
        number
    }

    /// A reference leads here.
    fn reach(&mut self, file: usize, pointer: String, is_named: bool) {
        let is_covered =
            self.seen.contains(&(file, String::new())) && !pointer.split('/').skip(1).any(is_data);
        if !is_covered && self.seen.insert((file, pointer.clone())) {
            self.open.push((file, pointer, is_named));
        }
    }

    fn walk(&mut self, file: usize, mut pointer: String, is_named: bool) {
        let document = Rc::clone(&self.files[file].document);
        let around = Around { file, id: None, is_named };
        if let Some(value) = document.root().find_at(&pointer) {
            self.visit(value, &mut pointer, around);
            return;
        }
        // A reference may stand on the way there.
        let (holder, value) = references::nearest(document.root(), &pointer);
        if let Some(text) = schema::reference(value)
            && self.detours < DETOURS_MAX
        {
            self.detours += 1;
            let rest = pointer[holder.len()..].to_owned();
            if let Some((file, target)) = self.link(text, &child(holder, "$ref"), around) {
                self.reach(file, format!("{target}{rest}"), is_named);
            }
        }
    }

    fn visit(&mut self, value: &Value, pointer: &mut String, around: Around<'_>) {
        let inside = Around { is_named: false, ..around };
        match value {
            Value::Array(items) => {
                for (number, item) in items.iter().enumerate() {
                    within(pointer, &number.to_string(), |pointer| {
                        self.visit(item, pointer, inside);
                    });
                }
            }
            Value::Object(map) if around.is_named => {
                for (name, entry) in map {
                    within(pointer, name, |pointer| match entry {
                        // In the stead of all of them.
                        Value::String(text) if name == "$ref" => self.lead(text, pointer, around),
                        entry => self.visit(entry, pointer, inside),
                    });
                }
            }
            Value::Object(map) => self.visit_object(map, pointer, around),
            _ => {}
        }
    }

    fn visit_object(&mut self, map: &Map<String, Value>, at: &mut String, around: Around<'_>) {
        let id = map.get("$id").and_then(Value::as_str);
        let base = self.files[around.file].document.root().get("$self").and_then(Value::as_str);
        let base = around.id.map(|(id, _)| id).or(base).unwrap_or_default();
        let joined = id.map(|id| join(base, id));
        let own = at.clone();
        let around = match &joined {
            Some(id) => Around { id: Some((id, &own)), ..around },
            None => around,
        };
        for (key, value) in map {
            match (key.as_str(), value) {
                ("$ref" | "$dynamicRef", Value::String(text)) => {
                    within(at, key, |at| self.lead(text, at, around));
                }
                ("defaultMapping", Value::String(text))
                    if text.starts_with('#') || names_file(text) =>
                {
                    within(at, key, |at| self.lead(text, at, around));
                }
                ("externalValue", Value::String(text)) => {
                    within(at, key, |at| self.lead_to_data(text, at, around.file));
                }
                ("mapping", Value::Object(names)) => {
                    within(at, key, |at| self.lead_mapping(names, at, around));
                }
                ("examples", Value::Array(items)) => {
                    for (number, item) in items.iter().enumerate() {
                        let number = number.to_string();
                        within(at, key, |at| {
                            within(at, &number, |at| self.visit_data(item, at, around));
                        });
                    }
                }
                ("example" | "value" | "dataValue" | "enum", value) => {
                    within(at, key, |at| self.visit_data(value, at, around));
                }
                (key, _) if is_data(key) => {}
                (key, value) => {
                    let is_named = is_named(key);
                    within(at, key, |at| self.visit(value, at, Around { is_named, ..around }));
                }
            }
        }
    }

    /// Data, which may be a reference as a whole; what that leads to is data again.
    fn visit_data(&mut self, value: &Value, at: &str, around: Around<'_>) {
        let Some(text) = references::whole_reference(value) else { return };
        let (mut text, mut at, mut around) = (text.to_owned(), child(at, "$ref"), around);
        for _ in 0..references::REFERENCES_MAX {
            let Some((file, target)) = self.link(&text, &at, around) else { return };
            let document = Rc::clone(&self.files[file].document);
            let Some(next) = document.root().find_at(&target) else {
                // A reference may stand on the way there.
                return self.reach(file, target, false);
            };
            let Some(next) = references::whole_reference(next) else { return };
            (text, at) = (next.to_owned(), child(&target, "$ref"));
            around = Around { file, id: None, is_named: false };
        }
    }

    fn lead_mapping(&mut self, names: &Map<String, Value>, at: &mut String, around: Around<'_>) {
        for (name, target) in names {
            if let Value::String(text) = target
                && (text.starts_with('#') || names_file(text))
            {
                within(at, name, |at| self.lead(text, at, around));
            }
        }
    }

    /// An example in a file of its own: what is in there is no part of the contract.
    fn lead_to_data(&mut self, uri: &str, at: &str, from: usize) {
        if let Some(file) = self.file(uri, at, from) {
            let text = schema::fragment(&in_files(&self.files[file].path));
            self.edits.push(TextEdit { file: from, pointer: at.to_owned(), text });
        }
    }

    /// Makes a reference lead to its place in the gathered document, and has that looked at.
    fn lead(&mut self, reference: &str, at: &str, around: Around<'_>) {
        if let Some((file, target)) = self.link(reference, at, around) {
            self.reach(file, target, around.is_named);
        }
    }

    /// Makes a reference lead to its place in the gathered document: which file, and where in it.
    fn link(&mut self, reference: &str, at: &str, around: Around<'_>) -> Option<(usize, String)> {
        let (file, target) = self.locate(reference, at, around)?;
        let is_own = file == 0 && reference.starts_with('#');
        if !is_own {
            let place = if file == 0 { String::new() } else { in_files(&self.files[file].path) };
            let text = schema::fragment(&format!("{place}{target}"));
            self.edits.push(TextEdit { file: around.file, pointer: at.to_owned(), text });
        }
        Some((file, target))
    }

    /// The file and the place in it that a reference means.
    fn locate(&mut self, reference: &str, at: &str, around: Around<'_>) -> Option<(usize, String)> {
        let (uri, encoded) = reference.split_once('#').unwrap_or((reference, ""));
        let fragment = percent_decode_str(encoded).decode_utf8().ok()?.into_owned();
        let (file, base) = self.resource(uri, at, around)?;
        if !fragment.is_empty() && !fragment.starts_with('/') {
            return self.anchor(file, &fragment).map(|target| (file, target));
        }
        // A schema with an `$id` is a document of its own, yet many mean the whole file by `#/`.
        let near = format!("{base}{fragment}");
        let is_near = self.files[file].document.root().find_at(&near).is_some();
        Some((file, if is_near { near } else { fragment }))
    }

    /// The file that a reference leads into, and the schema in it that has the `$id` of the reference: those that are
    /// there go before files.
    fn resource(&mut self, uri: &str, at: &str, around: Around<'_>) -> Option<(usize, String)> {
        if uri.is_empty() {
            let base = around.id.map_or("", |(_, pointer)| pointer);
            return Some((around.file, base.to_owned()));
        }
        let own = self.files[around.file].document.root().get("$self").and_then(Value::as_str);
        let joined = join(around.id.map(|(id, _)| id).or(own).unwrap_or_default(), uri);
        if let Some((file, pointer)) = self.ids.get(&joined).or_else(|| self.ids.get(uri)) {
            return Some((*file, pointer.clone()));
        }
        self.file(uri, at, around.file).map(|file| (file, String::new()))
    }

    /// The number of a file by its reference, read now if it was not before.
    fn file(&mut self, uri: &str, at: &str, from: usize) -> Option<usize> {
        let path = match relative(&self.files[from].path, uri) {
            Relative::Path(path) => path,
            Relative::Elsewhere => return None,
            Relative::Outside => {
                let message = format!("`{uri}` is outside the folder that files are read from");
                self.refused.entry(message).or_insert_with(|| (from, at.to_owned()));
                return None;
            }
        };
        if let Some(known) = self.known.get(&path) {
            return *known;
        }
        if self.files.len() > FILES_MAX {
            let message = format!("refers to more than {FILES_MAX} files; the others are not read");
            self.refused.entry(message).or_insert_with(|| (from, at.to_owned()));
            return None;
        }
        let Some(document) = (self.read)(&path) else {
            self.known.insert(path, None);
            return None;
        };
        Some(self.enter(path, document))
    }

    fn anchor(&mut self, file: usize, name: &str) -> Option<String> {
        let BundledFile { document, anchors, .. } = &mut self.files[file];
        let anchors = anchors.get_or_insert_with(|| {
            let mut found = HashMap::new();
            note_anchors(document.root(), &mut String::new(), &mut found);
            found
        });
        anchors.get(name).cloned()
    }

    /// All in one document.
    fn finish(self, findings: &mut Vec<Finding>) -> Document {
        let places: Vec<String> = self.files.iter().map(|file| in_files(&file.path)).collect();
        let documents = self.files.into_iter().map(|file| {
            let document = Rc::try_unwrap(file.document);
            (file.path, document.unwrap_or_else(|shared| Document::clone(&shared)))
        });
        let mut documents: Vec<(String, Document)> = documents.collect();
        for TextEdit { file, pointer, text } in self.edits {
            if let Some(slot) = documents[file].1.root_mut().pointer_mut(&pointer) {
                *slot = Value::String(text);
            }
        }
        let mut documents = documents.into_iter();
        let (_, mut document) = documents.next().expect("the document was entered first");
        document.embed(FILES, documents);
        for (message, (file, pointer)) in self.refused {
            let place = if file == 0 { "" } else { &places[file] };
            let finding = document.warning(&format!("{place}{pointer}"), message);
            findings.push(finding.hint("move it beside the document"));
        }
        document
    }
}

/// A reference as it can stand in a message: to another file as a person would write it.
pub(super) fn shown(reference: &str) -> Cow<'_, str> {
    let place = schema::target(reference);
    let inside = place.as_deref().and_then(|place| place.strip_prefix(&format!("/{FILES}/")));
    let Some(inside) = inside else { return reference.into() };
    let (file, rest) = inside.split_at(inside.find('/').unwrap_or(inside.len()));
    let file = unescaped(file);
    if rest.is_empty() { file.into_owned().into() } else { format!("{file}#{rest}").into() }
}

fn in_files(path: &str) -> String {
    child(&format!("/{FILES}"), path)
}

fn join(base: &str, reference: &str) -> String {
    schema::join(base, reference.trim_end_matches('#'))
}

/// Tells of each `$id`, made absolute, and where it is.
fn note_ids(value: &Value, base: &str, pointer: &mut String, note: &mut impl FnMut(String, &str)) {
    match value {
        Value::Object(map) => {
            let id = map.get("$id").and_then(Value::as_str).map(|id| join(base, id));
            if let Some(id) = &id {
                note(id.clone(), pointer);
            }
            let base = id.as_deref().unwrap_or(base);
            for (key, value) in map.iter().filter(|(_, value)| is_collection(value)) {
                within(pointer, key, |pointer| note_ids(value, base, pointer, note));
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate().filter(|(_, item)| is_collection(item)) {
                within(pointer, &number.to_string(), |pointer| note_ids(item, base, pointer, note));
            }
        }
        _ => {}
    }
}

fn note_anchors(value: &Value, pointer: &mut String, found: &mut HashMap<String, String>) {
    match value {
        Value::Object(map) => {
            for keyword in ["$anchor", "$dynamicAnchor"] {
                if let Some(Value::String(name)) = map.get(keyword) {
                    found.entry(name.clone()).or_insert_with(|| pointer.clone());
                }
            }
            for (key, value) in map.iter().filter(|(_, value)| is_collection(value)) {
                within(pointer, key, |pointer| note_anchors(value, pointer, found));
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate().filter(|(_, item)| is_collection(item)) {
                within(pointer, &number.to_string(), |pointer| note_anchors(item, pointer, found));
            }
        }
        _ => {}
    }
}

fn is_collection(value: &Value) -> bool {
    value.is_object() || value.is_array()
}

/// Target of a reference, relative to the file that has it.
#[derive(Debug, PartialEq, Eq)]
enum Relative {
    /// A path in the folder that files are read from.
    Path(String),
    /// Out of that folder.
    Outside,
    /// No file at all: it is on a network, say.
    Elsewhere,
}

/// The path of a file by a reference from another: percent signs decoded, `.` and `..` followed.
fn relative(from: &str, uri: &str) -> Relative {
    let uri = uri.split('?').next().unwrap_or_default();
    let scheme = uri.split_once(':').map(|(scheme, _)| scheme);
    if scheme.is_some_and(|scheme| !scheme.contains(['/', '\\'])) || uri.starts_with("//") {
        return Relative::Elsewhere;
    }
    let Ok(decoded) = percent_decode_str(uri).decode_utf8() else { return Relative::Elsewhere };
    if decoded.is_empty() || decoded.contains('\0') {
        return Relative::Elsewhere;
    }
    let decoded = decoded.replace('\\', "/");
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    // What begins with a slash is counted from the folder that files are read from: its root is all there is.
    let start = if decoded.starts_with('/') { "" } else { folder };
    let mut parts: Vec<&str> = start.split('/').filter(|part| !part.is_empty()).collect();
    for part in decoded.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return Relative::Outside;
                }
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() { Relative::Elsewhere } else { Relative::Path(parts.join("/")) }
}
