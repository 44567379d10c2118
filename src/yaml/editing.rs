//! Changes to a document that add and remove entries, its lines kept in step.
//!
//! Owns how two values are merged, and which file each part of the result is of. Must not know why a document is changed.

use std::sync::Arc;

use serde_json::Value;

use super::document::Document;
use super::lines::{LineNode, LineTree, Section};
use crate::pointer::unescaped;

/// A document that is being changed.
pub(crate) struct Editing {
    file: Arc<str>,
    root: Value,
    tree: Branch,
    /// Number of entries passed on the way to others.
    passed: usize,
}

/// A part of another document, to be merged into this one.
#[derive(Clone)]
pub(crate) struct MergedPart {
    value: Value,
    tree: Branch,
}

/// The document that updates are parts of.
pub(crate) struct Updates<'d> {
    root: &'d Value,
    tree: Branch,
}

/// The entry at a pointer, with the branch that has its places.
fn entry<'e>(
    root: &'e Value,
    branch: &'e Branch,
    pointer: &str,
) -> Option<(&'e Value, &'e Branch)> {
    let (mut value, mut branch) = (root, branch);
    for token in pointer.split('/').skip(1) {
        let number = position(value, token)?;
        value = match value {
            Value::Object(map) => map.values().nth(number)?,
            Value::Array(items) => items.get(number)?,
            _ => return None,
        };
        branch = branch.inside.get(number)?;
    }
    Some((value, branch))
}

impl<'d> Updates<'d> {
    pub(crate) fn new(document: &'d Document) -> Updates<'d> {
        let (file, lines) = (Some(&document.file), &document.lines);
        Updates { root: &document.root, tree: Branch::of(lines.nodes(), lines, file, &mut 0) }
    }

    /// The part of the document at a pointer, if it is there.
    pub(crate) fn at(&self, pointer: &str) -> Option<MergedPart> {
        let (value, tree) = entry(self.root, &self.tree, pointer)?;
        Some(MergedPart { value: value.clone(), tree: tree.clone() })
    }
}

impl MergedPart {
    /// Number of values in it.
    pub(crate) fn count(&self) -> usize {
        fn count(branch: &Branch) -> usize {
            1 + branch.inside.iter().map(count).sum::<usize>()
        }
        count(&self.tree)
    }

    /// The value itself.
    pub(crate) fn value(&self) -> &Value {
        &self.value
    }
}

/// The line of one value and of those inside it, in the order of the value's entries.
#[derive(Clone, Debug)]
pub(super) struct Branch {
    pub(super) line: u32,
    /// `None`: of the document's own file.
    pub(super) file: Option<Arc<str>>,
    /// Where it stands in its file, if not where the branch around it leads.
    pub(super) origin: Option<Arc<str>>,
    pub(super) inside: Vec<Branch>,
}

impl Branch {
    pub(super) fn of(
        nodes: &[LineNode],
        lines: &LineTree,
        own: Option<&Arc<str>>,
        at: &mut usize,
    ) -> Branch {
        let start = *at;
        let Some(node) = nodes.get(start) else {
            return Branch { line: 0, file: own.cloned(), origin: None, inside: Vec::new() };
        };
        let end = start + (node.size as usize).max(1);
        *at += 1;
        let mut inside = Vec::new();
        while *at < end {
            inside.push(Branch::of(nodes, lines, own, at));
        }
        let section = lines.section(start);
        let file = section.and_then(|section| section.file.clone()).or_else(|| own.cloned());
        let begun = section.filter(|section| section.start == start);
        let origin = begun.and_then(|section| section.origin.clone());
        Branch { line: node.line, file, origin, inside }
    }

    pub(super) fn write(&self, lines: &mut LineTree, current: &mut Option<Arc<str>>) {
        let start = lines.open(self.line);
        if self.origin.is_some() || self.file != *current {
            let (file, origin) = (self.file.clone(), self.origin.clone());
            lines.begin_section(Section { start, file, origin });
            current.clone_from(&self.file);
        }
        for branch in &self.inside {
            branch.write(lines, current);
        }
        lines.close(start);
    }
}

impl Document {
    /// The document, ready for changes that add and remove entries.
    pub(crate) fn edit(self) -> Editing {
        Editing::new(self)
    }
}

impl Editing {
    pub(super) fn new(document: Document) -> Editing {
        let tree = Branch::of(document.lines.nodes(), &document.lines, None, &mut 0);
        Editing { file: document.file, root: document.root, tree, passed: 0 }
    }

    /// The document as it is now.
    pub(crate) fn root(&self) -> &Value {
        &self.root
    }

    /// A copy of the entry at `pointer`, to be merged elsewhere; it keeps the place that it is copied from.
    pub(crate) fn part(&self, pointer: &str) -> Option<MergedPart> {
        let (value, tree) = entry(&self.root, &self.tree, pointer)?;
        let mut tree = tree.clone();
        tree.origin = tree.origin.or_else(|| Some(pointer.into()));
        Some(MergedPart { value: value.clone(), tree })
    }

    /// Number of entries passed so far on the way to those that were changed.
    pub(crate) fn passed(&self) -> usize {
        self.passed
    }

    /// Takes the entry at `pointer` out; whether it was there and is not the root.
    pub(crate) fn remove(&mut self, pointer: &str) -> bool {
        let Some((holder, token)) = pointer.rsplit_once('/') else { return false };
        let Some((value, branch)) =
            descend(&mut self.root, &mut self.tree, holder, &mut self.passed)
        else {
            return false;
        };
        let Some(number) = position(value, token) else { return false };
        match value {
            Value::Object(map) => {
                map.shift_remove(&*unescaped(token));
            }
            Value::Array(items) => {
                items.remove(number);
            }
            _ => return false,
        }
        if number < branch.inside.len() {
            branch.inside.remove(number);
        }
        true
    }

    /// Merges a value into the entry at `pointer`: entries of maps one by one and recursively, lists by appending, and all
    /// else takes the place of what was there. To a list, what is no list is appended. Whether the entry is there.
    pub(crate) fn merge(&mut self, pointer: &str, update: &MergedPart) -> bool {
        let Some((target, tree)) =
            descend(&mut self.root, &mut self.tree, pointer, &mut self.passed)
        else {
            return false;
        };
        let MergedPart { value, tree: branch } = update.clone();
        match target {
            Value::Array(items) if !value.is_array() => {
                items.push(value);
                tree.inside.push(branch);
            }
            target => merge(target, tree, value, branch),
        }
        true
    }

    /// The changed document.
    pub(crate) fn finish(self) -> Document {
        let mut lines = LineTree::default();
        self.tree.write(&mut lines, &mut None);
        Document { file: self.file, root: self.root, lines }
    }
}

fn merge(target: &mut Value, tree: &mut Branch, update: Value, branch: Branch) {
    match (target, update) {
        (Value::Object(map), Value::Object(entries)) => {
            for ((key, value), branch) in entries.into_iter().zip(branch.inside) {
                if let Some(number) = map.keys().position(|known| *known == key)
                    && let Some(target) = map.get_mut(&key)
                    && let Some(tree) = tree.inside.get_mut(number)
                {
                    merge(target, tree, value, branch);
                } else {
                    map.insert(key, value);
                    tree.inside.push(branch);
                }
            }
        }
        (Value::Array(items), Value::Array(more)) => {
            items.extend(more);
            tree.inside.extend(branch.inside);
        }
        (target, update) => {
            *target = update;
            *tree = branch;
        }
    }
}

/// The value at a pointer and its branch.
fn descend<'v>(
    root: &'v mut Value,
    tree: &'v mut Branch,
    pointer: &str,
    passed: &mut usize,
) -> Option<(&'v mut Value, &'v mut Branch)> {
    let (mut value, mut branch) = (root, tree);
    for token in pointer.split('/').skip(1) {
        let number = position(value, token)?;
        *passed += number;
        value = match value {
            Value::Object(map) => map.values_mut().nth(number)?,
            Value::Array(items) => items.get_mut(number)?,
            _ => return None,
        };
        branch = branch.inside.get_mut(number)?;
    }
    Some((value, branch))
}

fn position(value: &Value, token: &str) -> Option<usize> {
    match value {
        Value::Object(map) => {
            let key = unescaped(token);
            map.keys().position(|known| *known == key)
        }
        Value::Array(items) => token.parse().ok().filter(|number| *number < items.len()),
        _ => None,
    }
}
