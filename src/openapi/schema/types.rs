//! Sets of JSON types, and which of them a schema allows.
//!
//! Must not know what a type's values may be.

use std::ops::{BitAnd, BitOr};

use serde_json::Value;

use super::composed::conjuncts;
use crate::numbers;

/// Schemas that are looked at for the types of one value: compositions multiply, and references may form a circle.
const SCHEMAS_MAX: usize = 64;

/// A set of JSON types; whole numbers and fractions are two of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Types(u8);

impl Default for Types {
    fn default() -> Self {
        Self::ANY
    }
}

impl Types {
    pub(crate) const NULL: Self = Self(1);
    pub(crate) const BOOLEAN: Self = Self(2);
    pub(crate) const INTEGER: Self = Self(4);
    pub(crate) const FRACTION: Self = Self(8);
    pub(crate) const NUMBER: Self = Self(4 | 8);
    pub(crate) const STRING: Self = Self(16);
    pub(crate) const ARRAY: Self = Self(32);
    pub(crate) const OBJECT: Self = Self(64);
    pub(crate) const NONE: Self = Self(0);
    /// All types: nothing is known.
    pub(crate) const ANY: Self = Self(127);

    /// Types named by the keyword `type`.
    pub(crate) fn of(keyword: &Value) -> Self {
        match keyword {
            Value::String(name) => Self::named(name),
            Value::Array(names) => {
                Self::union(names.iter().filter_map(Value::as_str).map(Self::named))
            }
            _ => Self::ANY,
        }
    }

    fn named(name: &str) -> Self {
        match name {
            "null" => Self::NULL,
            "boolean" => Self::BOOLEAN,
            "integer" => Self::INTEGER,
            "number" => Self::NUMBER,
            "string" => Self::STRING,
            "array" => Self::ARRAY,
            "object" => Self::OBJECT,
            _ => Self::ANY,
        }
    }

    /// The type of a value.
    pub(crate) fn of_value(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(number) if numbers::is_whole(number) => Self::INTEGER,
            Value::Number(_) => Self::FRACTION,
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }

    /// The type of a value as it may be written: 1.0 is the number that 1 is.
    fn of_listed(value: &Value) -> Self {
        if value.is_number() { Self::NUMBER } else { Self::of_value(value) }
    }

    fn union(sets: impl Iterator<Item = Self>) -> Self {
        sets.fold(Self::NONE, BitOr::bitor)
    }

    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns true if all of the other are in it.
    pub(crate) fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns true if any of the other is in it.
    pub(crate) fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) fn is_within(self, other: Self) -> bool {
        other.contains(self)
    }

    /// Something that text can be read as.
    pub(crate) fn scalar(self) -> bool {
        self.intersects(Self::BOOLEAN | Self::NUMBER | Self::STRING)
    }

    /// Text, perhaps among others; not where nothing is known.
    pub(crate) fn has_text(self) -> bool {
        self != Self::ANY && self.contains(Self::STRING)
    }

    /// Text, perhaps null, and nothing else.
    pub(crate) fn only_text(self) -> bool {
        self.contains(Self::STRING) && self.is_within(Self::STRING | Self::NULL)
    }

    /// Arrays, and no scalars.
    pub(crate) fn list(self) -> bool {
        self.contains(Self::ARRAY) && !self.scalar()
    }

    /// Arrays or scalars.
    pub(crate) fn list_or_scalar(self) -> bool {
        self != Self::ANY && self.contains(Self::ARRAY) && self.scalar()
    }

    /// Objects, and no arrays or scalars.
    pub(crate) fn record(self) -> bool {
        self.contains(Self::OBJECT) && !self.contains(Self::ARRAY) && !self.scalar()
    }
}

impl BitAnd for Types {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitOr for Types {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The types that a schema allows, as far as it says.
pub(crate) fn allowed(root: &Value, schema: &Value) -> Types {
    allowed_within(root, schema, &mut { SCHEMAS_MAX })
}

fn allowed_within(root: &Value, schema: &Value, left: &mut usize) -> Types {
    let Value::Object(keywords) = schema else { return Types::ANY };
    if *left == 0 {
        return Types::ANY;
    }
    *left -= 1;
    let mut types = match (keywords.get("type"), keywords.get("enum"), keywords.get("const")) {
        (Some(said @ (Value::String(_) | Value::Array(_))), ..) => Types::of(said),
        (_, Some(Value::Array(values)), _) => Types::union(values.iter().map(Types::of_listed)),
        (_, _, Some(value)) => Types::of_listed(value),
        _ => Types::ANY,
    };
    for part in conjuncts(root, keywords) {
        types = types & allowed_within(root, part, left);
    }
    for keyword in ["anyOf", "oneOf"] {
        if let Some(Value::Array(all)) = keywords.get(keyword) {
            types = types & Types::union(all.iter().map(|one| allowed_within(root, one, left)));
        }
    }
    if let (Some(then), Some(other)) = (keywords.get("then"), keywords.get("else")) {
        types = types & (allowed_within(root, then, left) | allowed_within(root, other, left));
    }
    types
}
