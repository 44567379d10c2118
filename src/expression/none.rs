//! What none is to tests and operators, and the total order of values that sorting needs.
//!
//! Owns comparisons. Must not know the syntax that leads to them.

use std::cmp::Ordering;

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Value};

use crate::expression::work::{spend, spend_on_text};

/// Returns true if there is no value.
pub(super) fn is_absent(value: &Value) -> bool {
    value.is_none() || value.is_undefined()
}

/// The value, with one spelling of absence.
pub(super) fn settled(value: Value) -> Value {
    if value.is_undefined() { Value::from(()) } else { value }
}

/// Whether two values are equal; absent ones are equal to each other only. It costs what is compared.
pub(super) fn equal(a: &Value, b: &Value) -> Result<bool, Error> {
    spend(1)?;
    match (is_absent(a), is_absent(b)) {
        (true, true) => return Ok(true),
        (false, false) => {}
        _ => return Ok(false),
    }
    let is_list = |kind| matches!(kind, ValueKind::Seq | ValueKind::Iterable);
    match (a.kind(), b.kind()) {
        (ValueKind::String, ValueKind::String) => {
            let (a, b) = (a.as_str().unwrap_or_default(), b.as_str().unwrap_or_default());
            if a.len() == b.len() {
                spend_on_text(a.len())?;
            }
            Ok(a == b)
        }
        (kind, other) if is_list(kind) && is_list(other) => equal_lists(a, b),
        (ValueKind::Map, ValueKind::Map) => equal_maps(a, b),
        _ => Ok(a == b),
    }
}

fn equal_lists(a: &Value, b: &Value) -> Result<bool, Error> {
    if a.len() != b.len() {
        return Ok(false);
    }
    let mut others = b.try_iter()?;
    for item in a.try_iter()? {
        let Some(other) = others.next() else { return Ok(false) };
        if !equal(&item, &other)? {
            return Ok(false);
        }
    }
    Ok(others.next().is_none())
}

fn equal_maps(a: &Value, b: &Value) -> Result<bool, Error> {
    let (Some(object), Some(other)) = (a.as_object(), b.as_object()) else { return Ok(false) };
    if a.len() != b.len() {
        return Ok(false);
    }
    for (key, item) in object.try_iter_pairs().into_iter().flatten() {
        let Some(found) = other.get_value(&key) else { return Ok(false) };
        if !equal(&item, &found)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The order of two values where they have one: numbers among each other, and texts.
pub(super) fn order(a: &Value, b: &Value) -> Result<Option<Ordering>, Error> {
    if is_absent(a) || is_absent(b) {
        return Ok(None);
    }
    let comparable = matches!(
        (a.kind(), b.kind()),
        (ValueKind::Number, ValueKind::Number)
            | (ValueKind::String, ValueKind::String)
            | (ValueKind::Bool, ValueKind::Bool)
    );
    if !comparable {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("{} and {} have no order", noun(a), noun(b)),
        ));
    }
    Ok(Some(Sortable::of(a).cmp(&Sortable::of(b))))
}

/// Whether `item` is in a list, a table or an object's keys, or is part of a text.
pub(super) fn contains(container: &Value, item: &Value) -> Result<bool, Error> {
    if is_absent(container) {
        return Ok(false);
    }
    if let Some(text) = container.as_str() {
        return match item.as_str() {
            Some(part) => {
                spend_on_text(text.len())?;
                Ok(text.contains(part))
            }
            None if is_absent(item) => Ok(false),
            None => Err(Error::new(
                ErrorKind::InvalidOperation,
                format!("{} cannot be part of a text", noun(item)),
            )),
        };
    }
    match container.kind() {
        ValueKind::Seq | ValueKind::Iterable => {
            for element in container.try_iter()?.checked() {
                if equal(&element?, item)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        ValueKind::Map | ValueKind::Plain => {
            // A plain object is one that cannot be gone through, as a table; it can still be asked.
            let found = container.as_object().and_then(|object| object.get_value(item));
            Ok(!is_absent(item) && found.is_some_and(|value| !value.is_undefined()))
        }
        _ => Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("nothing can be in {}", noun(container)),
        )),
    }
}

/// Description of a value, for messages.
pub(super) fn noun(value: &Value) -> &'static str {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => "none",
        ValueKind::Bool => "a boolean",
        ValueKind::Number => "a number",
        ValueKind::String | ValueKind::Bytes => "a text",
        ValueKind::Seq | ValueKind::Iterable => "a list",
        ValueKind::Map => "an object",
        _ => "a table",
    }
}

/// A value in the one total order of all values: none, booleans, numbers, texts, then the rest by
/// its JSON. (Sorting by an order that is not total may panic.)
#[derive(Debug)]
pub(super) enum Sortable {
    None,
    Bool(bool),
    Number(f64, i128),
    Text(Box<str>),
    Other(Box<str>),
}

impl Sortable {
    pub(super) fn of(value: &Value) -> Self {
        match value.kind() {
            ValueKind::Undefined | ValueKind::None => Self::None,
            ValueKind::Bool => Self::Bool(value.is_true()),
            ValueKind::Number => {
                let float = f64::try_from(value.clone()).unwrap_or(f64::NAN);
                // Adding zero turns the negative zero into the positive one.
                Self::Number(float + 0.0, i128::try_from(value.clone()).unwrap_or_default())
            }
            ValueKind::String => Self::Text(value.as_str().unwrap_or_default().into()),
            _ => Self::Other(crate::expression::json::to_text(value).into()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::None => 0,
            Self::Bool(_) => 1,
            Self::Number(..) => 2,
            Self::Text(_) => 3,
            Self::Other(_) => 4,
        }
    }
}

impl Ord for Sortable {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Number(a, a_int), Self::Number(b, b_int)) => {
                a.total_cmp(b).then_with(|| a_int.cmp(b_int))
            }
            (Self::Text(a), Self::Text(b)) | (Self::Other(a), Self::Other(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Sortable {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Sortable {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Sortable {}
