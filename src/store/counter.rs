//! Properties whose whole numbers count on within groups of records.
//!
//! Must not know which numbers there are.

use imbl::OrdMap;
use serde_json::{Map, Value};

use super::index::Sorted;

/// Numbers of one property that count on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// The property.
    pub property: String,
    /// The properties whose values make a group; without any, all records are one.
    pub within: Vec<String>,
    /// Whether the highest number is given again when its record is gone.
    pub reuses: bool,
    /// The place of its index among those that the resource is ordered by.
    pub(super) index: usize,
}

/// A group of records: the values of the properties that a counter counts within.
pub type Group = Vec<Sorted>;

/// About what a group takes in memory, beside itself.
pub(super) fn group_bytes(group: &Group) -> usize {
    let texts = group.iter().map(|value| match value {
        Sorted::Text(text) => text.len(),
        _ => 0,
    });
    size_of_val(&**group) + texts.sum::<usize>()
}

/// The highest numbers of groups that no record has any more: by the counter's place and the group.
pub(super) type GoneNumbers = OrdMap<(usize, Group), i64>;

/// A number that no record has any more and that is not given again.
#[derive(Clone, Debug, PartialEq)]
pub struct GoneNumber {
    /// The property that had it.
    pub property: String,
    /// The values of the counter's `within`.
    pub group: Group,
    /// The number.
    pub number: i64,
}

impl Counter {
    /// A counter of a property within groups.
    pub fn new(property: &str, within: &[String], reuses: bool) -> Self {
        Self { property: property.to_owned(), within: within.to_vec(), reuses, index: 0 }
    }

    /// The properties that it is indexed by.
    pub fn indexed(&self) -> Vec<String> {
        self.within.iter().chain([&self.property]).cloned().collect()
    }

    /// The group of a record with these properties.
    pub fn group(&self, fields: &Map<String, Value>) -> Group {
        self.within.iter().map(|property| Sorted::from(fields.get(property))).collect()
    }

    /// The group and the number of a record with these properties, where it has one.
    pub(super) fn place(&self, fields: &Map<String, Value>) -> Option<(Group, i64)> {
        Some((self.group(fields), fields.get(&self.property)?.as_i64()?))
    }
}
