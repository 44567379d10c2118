//! What changes leave beside the records: numbers that are not given again, and keys that are known as deleted.
//!
//! Who takes changes back takes these back, too. Must not know which changes leave what.

use super::counter::Group;
use super::key::Key;

/// What a commit changed beside the records, as it was before.
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
        size_of_val(&*self.0)
    }
}
