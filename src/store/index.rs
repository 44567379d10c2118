//! Ordered indexes: the records of a resource by the values of some of their properties, and then by key.
//!
//! Must not know what a list is filtered or sorted by.

use std::cmp::Ordering;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::key::{Key, Scalar};

/// What an index orders by: absent and null first, then truth values, numbers, texts, and whatever is none of these.
#[derive(Clone, Debug, PartialEq)]
pub enum Sorted {
    /// Null, or not there.
    Absent,
    /// A truth value.
    Bool(bool),
    /// A number, to the precision of a double.
    Number(f64),
    /// A text, compared by its characters.
    Text(Arc<str>),
    /// A list or an object.
    Other,
}

impl Eq for Sorted {}

impl Ord for Sorted {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(one), Self::Bool(other)) => one.cmp(other),
            (Self::Number(one), Self::Number(other)) => one.total_cmp(other),
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Sorted {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Sorted {
    fn rank(&self) -> u8 {
        match self {
            Self::Absent => 0,
            Self::Bool(_) => 1,
            Self::Number(_) => 2,
            Self::Text(_) => 3,
            Self::Other => 4,
        }
    }
}

impl From<Option<&Value>> for Sorted {
    fn from(value: Option<&Value>) -> Self {
        match value {
            None | Some(Value::Null) => Self::Absent,
            Some(Value::Bool(truth)) => Self::Bool(*truth),
            // Zero has one place, whatever its sign.
            Some(Value::Number(number)) => {
                Self::Number(number.as_f64().unwrap_or(f64::INFINITY) + 0.0)
            }
            Some(Value::String(text)) => Self::Text(text.as_str().into()),
            Some(Value::Array(_) | Value::Object(_)) => Self::Other,
        }
    }
}

impl Sorted {
    /// A value that is ordered like it; of a list or an object there is none.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Absent | Self::Other => Value::Null,
            Self::Bool(truth) => (*truth).into(),
            Self::Number(number) => (*number).into(),
            Self::Text(text) => (&**text).into(),
        }
    }
}

impl From<&Scalar> for Sorted {
    fn from(scalar: &Scalar) -> Self {
        Self::from(Some(&scalar.to_json()))
    }
}

/// Where a record stands in an index. Ordered by the values, then by the key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IndexEntry {
    /// The values of the index's properties.
    pub values: Box<[Sorted]>,
    /// The record's key.
    pub key: Key,
}

impl IndexEntry {
    /// The entry of a record with these properties.
    pub(super) fn of(properties: &[String], key: &Key, fields: &Map<String, Value>) -> Self {
        let values = properties.iter().map(|property| Sorted::from(fields.get(property)));
        Self { values: values.collect(), key: key.clone() }
    }
}
