//! Line numbers of a tree of values, kept beside it.
//!
//! Owns where each entry and item begins. Must not know how text is parsed.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;
use serde_json::{Map, Value};

use crate::pointer::unescaped;

/// Entries up to which a map or list is searched from its start; larger ones get an index.
const SEARCHED_MAX: usize = 16;

/// One node of the tree in the order of the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct LineNode {
    pub(super) line: u32,
    /// Nodes of the subtree, this one included: relative, so that a part can be copied elsewhere.
    pub(super) size: u32,
}

/// The lines of all nodes in preorder: children follow their parent in the order of the value's
/// own entries, which is what makes a pointer lead to the same place in both trees.
#[derive(Clone, Debug, Default)]
pub(super) struct LineTree {
    nodes: Vec<LineNode>,
    /// Where the nodes of another file begin, and where those of the document's own go on; in order.
    sections: Vec<Section>,
    /// Where the children of large maps and lists are, by the node of the map or list: made when first
    /// asked for, since of most documents only few places are ever named.
    indexes: Arc<RwLock<Indexes>>,
}

/// From a node on, the file that the nodes are of.
#[derive(Clone, Debug)]
pub(super) struct Section {
    pub(super) start: usize,
    /// `None`: the document's own.
    pub(super) file: Option<Arc<str>>,
    /// Where its first node stands in that file, if not where the node before leads.
    pub(super) origin: Option<Arc<str>>,
}

/// Line of an entry.
pub(super) struct LinePlace<'l, 'p> {
    pub(super) line: u32,
    /// Of another file than the document itself, its name.
    pub(super) file: Option<&'l Arc<str>>,
    /// The pointer from that file's root.
    pub(super) pointer: Cow<'p, str>,
}

type Indexes = HashMap<usize, Arc<ChildIndex>>;

/// Positions of the children of one large map or list among all nodes.
#[derive(Debug)]
struct ChildIndex {
    /// In the order of the text.
    nodes: Vec<usize>,
    /// Of a map, the number of each key.
    keys: HashMap<Box<str>, usize>,
}

impl ChildIndex {
    fn of(nodes: &[LineNode], parent: usize, value: &Value) -> Self {
        let keys = value.as_object().into_iter().flat_map(|map| map.keys());
        let keys: HashMap<Box<str>, usize> =
            keys.enumerate().map(|(number, key)| (key.as_str().into(), number)).collect();
        let count = value.as_array().map_or(keys.len(), Vec::len);
        let mut at = parent + 1;
        let nodes = (0..count).map(|_| {
            let child = at;
            at += nodes.get(at).map_or(1, |node| node.size as usize);
            child
        });
        Self { nodes: nodes.collect(), keys }
    }
}

impl LineTree {
    /// Begins a node; its children are what is begun before it is closed.
    pub(super) fn open(&mut self, line: u32) -> usize {
        self.nodes.push(LineNode { line, size: 1 });
        self.nodes.len() - 1
    }

    /// Ends the node that began at `start`.
    pub(super) fn close(&mut self, start: usize) {
        self.nodes[start].size = u32::try_from(self.nodes.len() - start).unwrap_or(u32::MAX);
    }

    /// Gives the node that began at `start` another line.
    pub(super) fn relocate(&mut self, start: usize, line: u32) {
        self.nodes[start].line = line;
    }

    /// The number of nodes so far, which is where the next one begins.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Takes everything from `start` on away again.
    pub(super) fn split_off(&mut self, start: usize) -> Vec<LineNode> {
        self.nodes.split_off(start)
    }

    /// Forgets everything from `start` on.
    pub(super) fn truncate(&mut self, start: usize) {
        self.nodes.truncate(start);
    }

    /// A copy of the subtree that began at `start`.
    pub(super) fn subtree(&self, start: usize) -> Vec<LineNode> {
        self.nodes[start..].to_vec()
    }

    /// Appends a subtree; its root gets a line of its own when `line` is given.
    pub(super) fn append(&mut self, part: &[LineNode], line: Option<u32>) {
        let start = self.nodes.len();
        self.nodes.extend_from_slice(part);
        if let (Some(line), Some(root)) = (line, self.nodes.get_mut(start)) {
            root.line = line;
        }
    }

    /// Puts the lines of whole files after all others, as the entries of one map that is the root's last entry.
    pub(super) fn embed(&mut self, files: impl Iterator<Item = (Arc<str>, LineTree)>) {
        let start = self.open(self.nodes.first().map_or(1, |root| root.line));
        let root: Arc<str> = "".into();
        for (file, lines) in files {
            let origin = Some(Arc::clone(&root));
            self.sections.push(Section { start: self.len(), file: Some(file), origin });
            self.nodes.extend(lines.nodes);
        }
        self.close(start);
        self.close(0);
        self.indexes = Arc::default();
    }

    pub(super) fn nodes(&self) -> &[LineNode] {
        &self.nodes
    }

    pub(super) fn section(&self, node: usize) -> Option<&Section> {
        let after = self.sections.partition_point(|section| section.start <= node);
        self.sections[..after].last()
    }

    /// From a node on, what follows is of that file.
    pub(super) fn begin_section(&mut self, section: Section) {
        self.sections.push(section);
    }

    /// The place of the entry at `pointer`, or of its nearest ancestor that is there.
    pub(super) fn find<'p>(&self, root: &Value, pointer: &'p str) -> LinePlace<'_, 'p> {
        let (mut at, mut value) = (0, root);
        let (mut rest, mut inside, mut origin) = (pointer, pointer, None);
        while let Some(below) = rest.strip_prefix('/') {
            let (token, after) = below.split_at(below.find('/').unwrap_or(below.len()));
            let Some((place, child)) = self.step(at, value, token) else { break };
            if self.nodes.get(place).is_none() {
                break;
            }
            (at, value, rest) = (place, child, after);
            let begun = self.section(at).filter(|section| section.start == at);
            if let Some(from) = begun.and_then(|section| section.origin.as_deref()) {
                (inside, origin) = (rest, Some(from));
            }
        }
        let line = self.nodes.get(at).map_or(0, |node| node.line);
        let file = self.section(at).and_then(|section| section.file.as_ref());
        let pointer = match origin {
            None | Some("") => Cow::Borrowed(inside),
            Some(origin) => Cow::Owned(format!("{origin}{inside}")),
        };
        LinePlace { line, file, pointer }
    }

    /// The node and the value of one entry or item.
    fn step<'v>(&self, at: usize, value: &'v Value, token: &str) -> Option<(usize, &'v Value)> {
        match value {
            Value::Object(map) => {
                let key = unescaped(token);
                let child = map.get(key.as_ref())?;
                let place = if map.len() > SEARCHED_MAX {
                    let index = self.index(at, value);
                    index.nodes[*index.keys.get(key.as_ref())?]
                } else {
                    nth_child(&self.nodes, at, map.keys().position(|known| *known == key)?)
                };
                Some((place, child))
            }
            Value::Array(items) => {
                let number: usize = token.parse().ok()?;
                let child = items.get(number)?;
                let place = if items.len() > SEARCHED_MAX {
                    self.index(at, value).nodes[number]
                } else {
                    nth_child(&self.nodes, at, number)
                };
                Some((place, child))
            }
            _ => None,
        }
    }

    fn index(&self, at: usize, value: &Value) -> Arc<ChildIndex> {
        let known = self.indexes.read().get(&at).cloned();
        known.unwrap_or_else(|| {
            let index = Arc::new(ChildIndex::of(&self.nodes, at, value));
            let mut indexes = self.indexes.write();
            Arc::clone(indexes.entry(at).or_insert(index))
        })
    }
}

/// The children of a subtree's root, each as its own subtree.
pub(super) fn children(part: &[LineNode]) -> impl Iterator<Item = &[LineNode]> {
    let mut rest = part.get(1..).unwrap_or_default();
    std::iter::from_fn(move || {
        let size = rest.first()?.size as usize;
        let (child, after) = rest.split_at_checked(size)?;
        rest = after;
        Some(child)
    })
}

fn nth_child(nodes: &[LineNode], parent: usize, index: usize) -> usize {
    let mut at = parent + 1;
    for _ in 0..index {
        at += nodes.get(at).map_or(1, |node| node.size as usize);
    }
    at
}

/// The map in no more memory than its entries need: one that grew has room for twice as many, and of these a
/// document has hundreds of thousands.
pub(super) fn fitted(map: Map<String, Value>) -> Map<String, Value> {
    map.into_iter().collect()
}
