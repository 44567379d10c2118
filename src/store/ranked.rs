//! An ordered set in which each element knows its place: what a page of a list begins at and how long the list is are
//! found without going through it.
//!
//! A weight-balanced tree, shared between copies as long as neither changes; the ordered sets of the `imbl` crate do not
//! count, and its vectors take a fifth of a millisecond to insert in the middle of a million. Must not know what is
//! ordered.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

/// How many times as heavy as the other one side of a node may be, and how heavy the inner of its own sides, before it
/// is turned: the values for which Hirai and Yamamoto proved that a tree stays balanced (2011).
const HEAVIER: usize = 3;
const INNER_HEAVIER: usize = 2;

/// The set. A clone is a pointer copy.
#[derive(Clone, Debug)]
pub(super) struct Ranked<T>(Option<Arc<Node<T>>>);

#[derive(Clone, Debug)]
struct Node<T> {
    item: T,
    len: usize,
    left: Ranked<T>,
    right: Ranked<T>,
}

impl<T> Default for Ranked<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Ord + Clone> PartialEq for Ranked<T> {
    /// Returns true if both have the same elements: the shape of the tree depends on how they came.
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.at(0..self.len()) == other.at(0..other.len())
    }
}

impl<T: Ord + Clone> Ranked<T> {
    /// How many elements there are.
    pub(super) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |node| node.len)
    }

    /// The set of these elements, which are in order and each once.
    pub(super) fn of_sorted(items: &[T]) -> Self {
        let (left, rest) = items.split_at(items.len() / 2);
        let Some((item, right)) = rest.split_first() else { return Self::default() };
        let (left, right) = (Self::of_sorted(left), Self::of_sorted(right));
        Self(Some(Arc::new(Node { item: item.clone(), len: items.len(), left, right })))
    }

    /// Adds an element, unless it is there.
    pub(super) fn insert(&mut self, item: T) {
        let Some(node) = &mut self.0 else {
            *self = Self::node(item);
            return;
        };
        let node = Arc::make_mut(node);
        match item.cmp(&node.item) {
            Ordering::Less => node.left.insert(item),
            Ordering::Greater => node.right.insert(item),
            Ordering::Equal => return,
        }
        self.balance();
    }

    /// Removes an element, if it is there.
    pub(super) fn remove(&mut self, item: &T) {
        let Some(node) = &mut self.0 else { return };
        let node = Arc::make_mut(node);
        match item.cmp(&node.item) {
            Ordering::Less => node.left.remove(item),
            Ordering::Greater => node.right.remove(item),
            Ordering::Equal => match node.right.pop_first() {
                Some(next) => node.item = next,
                None => *self = std::mem::take(&mut node.left),
            },
        }
        self.balance();
    }

    fn pop_first(&mut self) -> Option<T> {
        let node = Arc::make_mut(self.0.as_mut()?);
        let Some(first) = node.left.pop_first() else {
            let rest = std::mem::take(&mut node.right);
            let first = node.item.clone();
            *self = rest;
            return Some(first);
        };
        self.balance();
        Some(first)
    }

    /// How many of the first elements this holds for; it must hold for none after one for which it does not.
    pub(super) fn partition_point(&self, is_before: impl Fn(&T) -> bool) -> usize {
        let (mut at, mut tree) = (0, self);
        while let Some(node) = &tree.0 {
            if is_before(&node.item) {
                at += node.left.len() + 1;
                tree = &node.right;
            } else {
                tree = &node.left;
            }
        }
        at
    }

    /// The elements at these places, in order.
    pub(super) fn at(&self, places: Range<usize>) -> Vec<T> {
        let mut found = Vec::with_capacity(places.len().min(self.len()));
        self.collect(&places, 0, &mut found);
        found
    }

    fn collect(&self, places: &Range<usize>, first: usize, found: &mut Vec<T>) {
        let Some(node) = &self.0 else { return };
        let own = first + node.left.len();
        if places.start < own {
            node.left.collect(places, first, found);
        }
        if places.contains(&own) {
            found.push(node.item.clone());
        }
        if places.end > own + 1 {
            node.right.collect(places, own + 1, found);
        }
    }

    fn node(item: T) -> Self {
        let (left, right) = (Self::default(), Self::default());
        Self(Some(Arc::new(Node { item, len: 1, left, right })))
    }

    fn weight(&self) -> usize {
        self.len() + 1
    }

    /// Counts again, and turns what has become too heavy on one side.
    fn balance(&mut self) {
        let Some(node) = &mut self.0 else { return };
        let node = Arc::make_mut(node);
        let (left, right) = (node.left.weight(), node.right.weight());
        if right > HEAVIER * left {
            if node.right.inner_is_heavy(|it| &it.left, |it| &it.right) {
                node.right.turn_right();
            }
            self.turn_left();
        } else if left > HEAVIER * right {
            if node.left.inner_is_heavy(|it| &it.right, |it| &it.left) {
                node.left.turn_left();
            }
            self.turn_right();
        } else {
            node.count();
        }
    }

    fn inner_is_heavy(&self, inner: fn(&Node<T>) -> &Self, outer: fn(&Node<T>) -> &Self) -> bool {
        let heavy =
            |node: &Arc<Node<T>>| inner(node).weight() >= INNER_HEAVIER * outer(node).weight();
        self.0.as_ref().is_some_and(heavy)
    }

    fn turn_left(&mut self) {
        self.turn(|node| &mut node.right, |node| &mut node.left);
    }

    fn turn_right(&mut self) {
        self.turn(|node| &mut node.left, |node| &mut node.right);
    }

    /// Puts the heavy child of the root in its place.
    fn turn(&mut self, heavy: fn(&mut Node<T>) -> &mut Self, light: fn(&mut Node<T>) -> &mut Self) {
        let Some(mut root) = self.0.take() else { return };
        let old = Arc::make_mut(&mut root);
        let Some(mut risen) = heavy(old).0.take() else {
            self.0 = Some(root);
            return;
        };
        let new = Arc::make_mut(&mut risen);
        *heavy(old) = std::mem::take(light(new));
        old.count();
        light(new).0 = Some(root);
        new.count();
        self.0 = Some(risen);
    }
}

impl<T: Ord + Clone> Node<T> {
    fn count(&mut self) {
        self.len = self.left.len() + 1 + self.right.len();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn depth(tree: &Ranked<u16>) -> usize {
        tree.0.as_ref().map_or(0, |node| 1 + depth(&node.left).max(depth(&node.right)))
    }

    #[test]
    fn it_stays_flat_when_elements_come_in_order() {
        let mut tree = Ranked::default();
        for item in 0..10_000 {
            tree.insert(item);
        }
        assert!(depth(&tree) <= 24, "{}", depth(&tree));
        for item in 0..9_000 {
            tree.remove(&item);
        }
        assert!(depth(&tree) <= 18, "{}", depth(&tree));
        assert_eq!(tree.at(10..13), [9_010, 9_011, 9_012]);
    }

    proptest! {
        #[test]
        fn it_is_a_set_whose_elements_know_their_places(
            edits in proptest::collection::vec((any::<bool>(), 0_u16..60), 0..200),
            bound in 0_u16..60,
            start in 0_usize..70,
            len in 0_usize..70,
        ) {
            let (mut tree, mut set) = (Ranked::default(), BTreeSet::new());
            let mut before = Vec::new();
            for (is_insert, item) in edits {
                before.push((tree.clone(), set.clone()));
                if is_insert {
                    tree.insert(item);
                    set.insert(item);
                } else {
                    tree.remove(&item);
                    set.remove(&item);
                }
            }
            let all: Vec<u16> = set.iter().copied().collect();
            before.push((Ranked::of_sorted(&all), set.clone()));
            before.push((tree, set));
            for (tree, set) in before {
                let all: Vec<u16> = set.iter().copied().collect();
                prop_assert_eq!(tree.len(), all.len());
                prop_assert_eq!(tree.at(0..all.len()), all.clone());
                prop_assert_eq!(tree.partition_point(|item| *item < bound), set.range(..bound).count());
                let end = (start + len).min(all.len());
                let expected = all.get(start.min(end)..end).unwrap_or_default();
                prop_assert_eq!(tree.at(start..start + len), expected);
            }
        }
    }
}
