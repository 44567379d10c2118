//! What changed as a tree: what went, below it what went or changed because of that, as counts.
//!
//! Must not know why anything was changed.

use std::collections::{HashMap, HashSet};

use crate::control::effects::{EffectKind, RecordEffect};
use crate::control::entries::EntryReader;
use crate::control::views::EffectNode;
use crate::store::{Key, OnDelete};

/// How many keys of each node are shown; the count says the rest.
const NODE_KEYS_MAX: usize = 20;

/// How deep a tree is shown: a record that refers to its own kind can be at the end of a long chain. What is deeper counts
/// at the last level.
const DEPTH_MAX: usize = 24;

/// A node while the tree is made: nodes are named by their place in a list.
struct Draft {
    effect: usize,
    parent: Option<usize>,
    relation: Option<usize>,
    depth: usize,
    count: usize,
    keys: Vec<String>,
    children: Vec<usize>,
}

/// A record, by the numbers of its provider and its resource and its key.
type Place<'c> = (usize, usize, &'c Key);

/// Which node an effect belongs to: its parent's, its provider and resource, the relation and the way.
type NodeKey = (Option<usize>, (usize, usize), Option<usize>, EffectKind);

impl EntryReader<'_> {
    /// What these effects amount to, as a tree.
    pub(super) fn tree(&self, effects: &[RecordEffect<'_>]) -> Vec<EffectNode> {
        let parents = self.parents(effects);
        let mut nodes: Vec<Draft> = Vec::new();
        let mut known: HashMap<NodeKey, usize> = HashMap::new();
        let mut roots = Vec::new();
        let mut node_of: Vec<Option<usize>> = vec![None; effects.len()];
        for start in 0..effects.len() {
            for effect in unplaced(start, &parents, &node_of) {
                let parent = parents[effect].and_then(|(parent, _)| node_of[parent]);
                // A record at the end of a long chain stands beside the one it hangs on.
                let (parent, relation) = match parent.map(|parent| &nodes[parent]) {
                    Some(last) if last.depth >= DEPTH_MAX => (last.parent, None),
                    Some(_) => (parent, parents[effect].map(|(_, relation)| relation)),
                    None => (None, None),
                };
                let RecordEffect { kind, provider, change, .. } = &effects[effect];
                let key = (parent, (*provider, change.resource), relation, *kind);
                let node = *known.entry(key).or_insert_with(|| {
                    let depth = parent.map_or(0, |parent| nodes[parent].depth + 1);
                    let (count, keys, children) = (0, Vec::new(), Vec::new());
                    nodes.push(Draft { effect, parent, relation, depth, count, keys, children });
                    let node = nodes.len() - 1;
                    match parent {
                        Some(parent) => nodes[parent].children.push(node),
                        None => roots.push(node),
                    }
                    node
                });
                nodes[node].count += 1;
                if nodes[node].keys.len() < NODE_KEYS_MAX {
                    let shown = self.redactor.key((*provider, change.resource), &change.key);
                    nodes[node].keys.push(shown);
                }
                node_of[effect] = Some(node);
            }
        }
        roots.into_iter().map(|root| self.node(root, &nodes, effects)).collect()
    }

    fn node(&self, place: usize, nodes: &[Draft], effects: &[RecordEffect<'_>]) -> EffectNode {
        let Draft { effect, relation, count, keys, children, .. } = &nodes[place];
        let RecordEffect { kind, provider, change, .. } = &effects[*effect];
        let resource = &self.emulator.behavior(*provider).model().resources[change.resource];
        EffectNode {
            kind: *kind,
            provider: self.emulator.provider_name(*provider).to_string(),
            resource: resource.name.to_string(),
            relation: relation.map(|relation| resource.relations[relation].name.to_string()),
            count: *count,
            keys: keys.clone(),
            children: children.iter().map(|child| self.node(*child, nodes, effects)).collect(),
        }
    }

    /// For each effect the one that it came about by, with the relation between them.
    fn parents(&self, effects: &[RecordEffect<'_>]) -> Vec<Option<(usize, usize)>> {
        let is_anchor = |kind| matches!(kind, EffectKind::Deleted | EffectKind::Created);
        let anchors: HashMap<Place<'_>, usize> = effects
            .iter()
            .enumerate()
            .filter(|(_, effect)| is_anchor(effect.kind))
            .map(|(place, effect)| {
                ((effect.provider, effect.change.resource, &effect.change.key), place)
            })
            .collect();
        let parent = |(place, effect): (usize, &RecordEffect<'_>)| {
            let (before, after) = effect.sides();
            let (record, wanted) = match effect.kind {
                EffectKind::Created => (after?, EffectKind::Created),
                _ => (before?, EffectKind::Deleted),
            };
            let model = self.emulator.behavior(effect.provider).model();
            let relations = model.resources[effect.change.resource].relations.iter().enumerate();
            let mut fitting = relations.filter(|(_, of)| is_reason(effect.kind, of.on_delete));
            fitting.find_map(|(number, of)| {
                let mut targets = record.references(number);
                targets.find_map(|key| {
                    let parent = *anchors.get(&(effect.provider, of.target, key))?;
                    (parent != place && effects[parent].kind == wanted).then_some((parent, number))
                })
            })
        };
        effects.iter().enumerate().map(parent).collect()
    }
}

/// Whether a record changes in that way along a relation of that kind.
fn is_reason(kind: EffectKind, on_delete: OnDelete) -> bool {
    match kind {
        EffectKind::Deleted => on_delete == OnDelete::Cascade,
        EffectKind::Unlinked => on_delete == OnDelete::Unlink,
        EffectKind::Kept => on_delete == OnDelete::Keep,
        EffectKind::Updated => on_delete == OnDelete::Update,
        EffectKind::Created => true,
    }
}

/// An effect and those that it came about by which have no node yet, the first cause first. A circle is cut.
fn unplaced(
    start: usize,
    parents: &[Option<(usize, usize)>],
    node_of: &[Option<usize>],
) -> Vec<usize> {
    let mut chain = Vec::new();
    let mut seen = HashSet::new();
    let mut next = Some(start);
    while let Some(effect) =
        next.filter(|effect| node_of[*effect].is_none() && seen.insert(*effect))
    {
        chain.push(effect);
        next = parents[effect].map(|(parent, _)| parent);
    }
    chain.reverse();
    chain
}
