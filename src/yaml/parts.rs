//! A document taken apart and put together in another shape, each part with the place that it had.
//!
//! Must not know why a document changes its shape.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::document::Document;
use super::editing::Branch;
use super::lines::LineTree;
use crate::finding::Finding;
use crate::pointer::child;

/// A place in a file.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    file: Arc<str>,
    line: u32,
    /// JSON Pointer from that file's root.
    pointer: String,
}

impl Origin {
    /// A warning about this place.
    pub(crate) fn warning(&self, message: impl Into<String>) -> Finding {
        Finding::warning(&self.file, self.line, self.pointer.as_str(), message)
    }
}

/// A value of a document, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    value: Value,
    branch: Branch,
    origin: Origin,
}

impl Document {
    /// The whole document, to be taken apart.
    pub(crate) fn into_part(self) -> Part {
        let branch = Branch::of(self.lines.nodes(), &self.lines, Some(&self.file), &mut 0);
        let origin = Origin { file: self.file, line: branch.line, pointer: String::new() };
        Part { value: self.root, branch, origin }
    }

    /// The document that a part is the whole of.
    pub(crate) fn of_part(part: Part) -> Document {
        let mut lines = LineTree::default();
        let file = part.origin.file;
        part.branch.write(&mut lines, &mut Some(Arc::clone(&file)));
        Document { file, root: part.value, lines }
    }
}

impl Part {
    /// A value that stands nowhere itself; `origin` is the place that it follows from.
    pub(crate) fn new(origin: &Origin, value: Value) -> Part {
        let branch = leaves(&value, origin);
        Part { value, branch, origin: origin.clone() }
    }

    /// A map of parts; `origin` is its place, or that which it follows from.
    pub(crate) fn map(origin: &Origin, entries: Vec<(String, Part)>) -> Part {
        let mut map = Map::new();
        let mut inside = Vec::with_capacity(entries.len());
        for (key, part) in entries {
            let (value, branch) = part.settled(origin, &key);
            if map.insert(key, value).is_none() {
                inside.push(branch);
            }
        }
        let (line, file) = (origin.line, Some(Arc::clone(&origin.file)));
        let branch = Branch { line, file, origin: None, inside };
        Part { value: Value::Object(map), branch, origin: origin.clone() }
    }

    /// A list of parts; `origin` is its place.
    pub(crate) fn list(origin: &Origin, items: Vec<Part>) -> Part {
        let settled =
            items.into_iter().enumerate().map(|(number, part)| part.settled(origin, &number));
        let (items, inside): (Vec<Value>, Vec<Branch>) = settled.unzip();
        let (line, file) = (origin.line, Some(Arc::clone(&origin.file)));
        let branch = Branch { line, file, origin: None, inside };
        Part { value: Value::Array(items), branch, origin: origin.clone() }
    }

    /// The value and its branch as the entry or item `token` of what is at `around`.
    fn settled(self, around: &Origin, token: &dyn fmt::Display) -> (Value, Branch) {
        let Part { value, mut branch, origin } = self;
        let is_led_to =
            origin.file == around.file && origin.pointer == child(&around.pointer, token);
        branch.line = origin.line;
        branch.origin = (!is_led_to).then(|| origin.pointer.into());
        branch.file = Some(origin.file);
        (value, branch)
    }

    /// The value.
    pub(crate) fn value(&self) -> &Value {
        &self.value
    }

    /// The place.
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The entries of a map; anything else is handed back.
    pub(crate) fn entries(self) -> Result<Vec<(String, Part)>, Box<Part>> {
        let Part { value, branch, origin } = self;
        let Value::Object(map) = value else {
            return Err(Box::new(Part { value, branch, origin }));
        };
        let inside = map.into_iter().zip(branch.inside);
        Ok(inside
            .map(|((key, value), branch)| {
                let pointer = child(&origin.pointer, &key);
                (key, inner(value, branch, &origin, pointer))
            })
            .collect())
    }

    /// The items of a list; anything else is handed back.
    pub(crate) fn items(self) -> Result<Vec<Part>, Box<Part>> {
        let Part { value, branch, origin } = self;
        let Value::Array(items) = value else {
            return Err(Box::new(Part { value, branch, origin }));
        };
        let inside = items.into_iter().zip(branch.inside).enumerate();
        Ok(inside
            .map(|(number, (value, branch))| {
                inner(value, branch, &origin, child(&origin.pointer, number))
            })
            .collect())
    }

    /// The entry of a map, copied out of it.
    pub(crate) fn copy_of(&self, key: &str) -> Option<Part> {
        let number = self.value.as_object()?.keys().position(|known| known == key)?;
        let value = self.value.get(key)?.clone();
        let branch = self.branch.inside.get(number)?.clone();
        Some(inner(value, branch, &self.origin, child(&self.origin.pointer, key)))
    }
}

/// A part of the part at `around`.
fn inner(value: Value, mut branch: Branch, around: &Origin, pointer: String) -> Part {
    let pointer = branch.origin.take().map_or(pointer, |own| own.to_string());
    let file = branch.file.clone().unwrap_or_else(|| Arc::clone(&around.file));
    Part { value, origin: Origin { file, line: branch.line, pointer }, branch }
}

/// The branch of a value that stands nowhere.
fn leaves(value: &Value, origin: &Origin) -> Branch {
    let inside = match value {
        Value::Array(items) => items.iter().map(|item| leaves(item, origin)).collect(),
        Value::Object(map) => map.values().map(|entry| leaves(entry, origin)).collect(),
        _ => Vec::new(),
    };
    Branch { line: origin.line, file: Some(Arc::clone(&origin.file)), origin: None, inside }
}
