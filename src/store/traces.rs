//! What a commit overwrites beside the records: the highest numbers of keys and of counters, and which keys are known as
//! deleted. It is kept with the changes, and put back when they are taken back.
//!
//! Must not know which changes overwrite what.

use super::counter::{Group, group_bytes};
use super::key::Key;

/// What a commit overwrote beside the records.
#[derive(Clone, Debug, Default)]
pub struct Traces(Vec<(usize, Former)>);

/// A thing beside the records of a resource, as it was.
#[derive(Clone, Debug)]
pub(super) enum Former {
    /// The highest number that ever was a key.
    LastNumber(i64),
    /// The highest number of a counter's group that no record has any more, where there was one.
    Gone((usize, Group), Option<i64>),
    /// The key was not known as deleted.
    NotDeleted(Key),
}

impl Traces {
    pub(super) fn add(&mut self, resource: usize, former: Former) {
        self.0.push((resource, former));
    }

    /// All of them, with the number of the resource; the latest first, so that of several each goes back to the one before
    /// it.
    pub(super) fn latest_first(&self) -> impl Iterator<Item = &(usize, Former)> {
        self.0.iter().rev()
    }

    /// About what they take in memory.
    pub fn bytes(&self) -> usize {
        let in_each = self.0.iter().map(|(_, former)| match former {
            Former::LastNumber(_) => 0,
            Former::Gone((_, group), _) => group_bytes(group),
            Former::NotDeleted(key) => key.bytes(),
        });
        size_of_val(&*self.0) + in_each.sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::index::Sorted;
    use super::*;

    #[test]
    fn what_is_in_them_is_counted() {
        let bytes = |former: Former| {
            let mut traces = Traces::default();
            traces.add(0, former);
            traces.bytes()
        };
        let long = "x".repeat(10_000);
        let least = bytes(Former::LastNumber(1));
        assert_eq!(bytes(Former::NotDeleted(Key::from(1))), least);
        assert!(bytes(Former::NotDeleted(Key::from(&*long))) >= least + long.len());
        let parts = vec![1.into(), (&*long).into()];
        assert!(bytes(Former::NotDeleted(Key::new(parts))) > least + long.len());
        let group: Group = vec![Sorted::Text(Arc::from(&*long))];
        assert!(bytes(Former::Gone((0, group), None)) > least + long.len());
    }
}
