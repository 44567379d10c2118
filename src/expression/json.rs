//! Values and JSON, each from the other.
//!
//! Owns the two conversions, at once or on demand. Must not know templates.

use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{DynObject, Enumerator, Object, ObjectRepr, ValueKind};
use serde_json::{Map, Number};

use crate::expression::work::spend_on_text;

/// Deepest value written as JSON; deeper parts are written as null. Above what a JSON body may
/// have (128), so that only objects that lead back to themselves reach it.
pub const JSON_DEPTH_MAX: usize = 256;

/// Most that one value may become when written as JSON: a measure of memory in bytes, so that
/// neither a loop nor an object that holds itself many times over can fill it.
pub const JSON_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Bytes that an element costs apart from its text.
const NODE_BYTES: usize = 16;

/// Turns a value into JSON. Integers stay integers; none and what JSON cannot say become null, as
/// do parts beyond [`JSON_DEPTH_MAX`] and [`JSON_BYTES_MAX`].
pub fn to_json(value: &Value) -> serde_json::Value {
    Writer::new(JSON_BYTES_MAX).write(value).unwrap_or(serde_json::Value::Null)
}

/// Turns JSON into a value.
pub fn from_json(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::from(()),
        serde_json::Value::Bool(value) => Value::from(*value),
        serde_json::Value::Number(number) => from_number(number),
        serde_json::Value::String(text) => Value::from(text.as_str()),
        serde_json::Value::Array(items) => {
            Value::from_object(items.iter().map(from_json).collect::<Vec<_>>())
        }
        serde_json::Value::Object(_) => from_json_shared(Arc::new(value.clone())),
    }
}

/// Turns JSON that nothing else needs into a value: objects are taken, and not copied.
pub fn from_json_owned(value: serde_json::Value) -> Value {
    match value {
        serde_json::Value::Array(items) => {
            Value::from_object(items.into_iter().map(from_json_owned).collect::<Vec<_>>())
        }
        serde_json::Value::Object(_) => from_json_shared(Arc::new(value)),
        scalar => from_json(&scalar),
    }
}

/// Turns shared JSON into a value that converts only what is read: for bodies that may be large.
pub fn from_json_shared(value: Arc<serde_json::Value>) -> Value {
    match &*value {
        serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
            Value::from_object(SharedJson::Whole(value))
        }
        scalar => from_json(scalar),
    }
}

/// What holds JSON by name, for values that are read out of it where it is.
pub trait Holder: Send + Sync + 'static {
    /// Value of that name.
    fn member(&self, name: &str) -> Option<&serde_json::Value>;
}

/// Turns a part of something shared into a value that copies only what is read.
pub fn from_member<H: Holder>(holder: &Arc<H>, name: &str) -> Option<Value> {
    Some(match holder.member(name)? {
        serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
            let holder: Arc<dyn Holder> = Arc::<H>::clone(holder);
            Value::from_object(SharedJson::Held(holder, name.into()))
        }
        scalar => from_json(scalar),
    })
}

/// A value as the text that interpolation and `string` make of it.
pub(super) fn to_text(value: &Value) -> String {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => String::new(),
        ValueKind::String | ValueKind::Bytes => value.as_str().unwrap_or_default().to_owned(),
        _ => to_json(value).to_string(),
    }
}

fn from_number(number: &Number) -> Value {
    if let Some(integer) = number.as_i64() {
        Value::from(integer)
    } else if let Some(integer) = number.as_u64() {
        Value::from(integer)
    } else if let Some(integer) = number.as_i128() {
        Value::from(integer)
    } else {
        number.as_f64().map_or_else(|| Value::from(()), Value::from)
    }
}

fn to_number(value: &Value) -> serde_json::Value {
    if value.is_integer() {
        if let Some(integer) = value.as_i64() {
            return integer.into();
        }
        let wide = i128::try_from(value.clone()).ok().and_then(Number::from_i128);
        if let Some(integer) = wide {
            return serde_json::Value::Number(integer);
        }
    }
    let float = f64::try_from(value.clone()).unwrap_or(f64::NAN);
    Number::from_f64(float).map_or(serde_json::Value::Null, serde_json::Value::Number)
}

/// Why a value cannot be written as JSON.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unwritable {
    TooLarge,
    Broken(String),
}

/// Writes values as JSON within a budget.
pub(super) struct Writer {
    bytes_left: usize,
    depth: usize,
}

impl Writer {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { bytes_left: bytes_max, depth: 0 }
    }

    /// Takes the price of a node with so much text from the budget.
    pub(super) fn charge(&mut self, text_bytes: usize) -> Result<(), Unwritable> {
        let price = text_bytes.saturating_add(NODE_BYTES);
        // What is written has a bound of its own; what comes after it finds less.
        let _ = spend_on_text(price);
        self.bytes_left = self.bytes_left.checked_sub(price).ok_or(Unwritable::TooLarge)?;
        Ok(())
    }

    pub(super) fn write(&mut self, value: &Value) -> Result<serde_json::Value, Unwritable> {
        if let Some(shared) = value.downcast_object_ref::<SharedJson>() {
            let json = shared.json();
            self.charge_json(json)?;
            return Ok(json.clone());
        }
        match value.kind() {
            ValueKind::Bool => Ok(value.is_true().into()),
            ValueKind::Number => {
                self.charge(0)?;
                Ok(to_number(value))
            }
            ValueKind::String | ValueKind::Bytes => {
                let text = value.to_str().unwrap_or_default();
                self.charge(text.len())?;
                Ok(serde_json::Value::String(text.as_ref().to_owned()))
            }
            ValueKind::Seq | ValueKind::Iterable | ValueKind::Map => self.container(value),
            ValueKind::Invalid => Err(Unwritable::Broken(value.to_string())),
            _ => Ok(serde_json::Value::Null),
        }
    }

    /// Writes a value that is given away: JSON that nothing else holds is taken as it is and not copied, alone or in a list.
    pub(super) fn write_owned(&mut self, value: Value) -> Result<serde_json::Value, Unwritable> {
        if let Some(shared) = value.downcast_object::<SharedJson>() {
            drop(value);
            self.charge_json(shared.json())?;
            return Ok(SharedJson::taken(shared));
        }
        let list = value.downcast_object::<Vec<Value>>().filter(|_| self.depth < JSON_DEPTH_MAX);
        let Some(list) = list else { return self.write(&value) };
        drop(value);
        self.charge(0)?;
        self.depth += 1;
        let mut items = Vec::with_capacity(list.len());
        for item in Arc::unwrap_or_clone(list) {
            items.push(self.write_owned(item)?);
            self.charge(0)?;
        }
        self.depth -= 1;
        Ok(serde_json::Value::Array(items))
    }

    fn container(&mut self, value: &Value) -> Result<serde_json::Value, Unwritable> {
        self.charge(0)?;
        if self.depth == JSON_DEPTH_MAX {
            return Ok(serde_json::Value::Null);
        }
        self.depth += 1;
        let written = if value.kind() == ValueKind::Map {
            let mut map = Map::new();
            let pairs = value.as_object().and_then(DynObject::try_iter_pairs);
            for (key, item) in pairs.into_iter().flatten() {
                let key = to_text(&key);
                self.charge(key.len())?;
                let item = self.write(&item)?;
                map.insert(key, item);
            }
            serde_json::Value::Object(map)
        } else {
            let mut items = Vec::new();
            for item in value.try_iter().map_err(|error| Unwritable::Broken(error.to_string()))? {
                items.push(self.write(&item)?);
                self.charge(0)?;
            }
            serde_json::Value::Array(items)
        };
        self.depth -= 1;
        Ok(written)
    }

    /// Takes the price of a whole JSON tree from the budget.
    pub(super) fn charge_json(&mut self, json: &serde_json::Value) -> Result<(), Unwritable> {
        match json {
            serde_json::Value::String(text) => self.charge(text.len()),
            serde_json::Value::Array(items) => {
                self.charge(0)?;
                items.iter().try_for_each(|item| self.charge_json(item))
            }
            serde_json::Value::Object(map) => {
                self.charge(0)?;
                map.iter().try_for_each(|(key, item)| {
                    self.charge(key.len())?;
                    self.charge_json(item)
                })
            }
            _ => self.charge(0),
        }
    }
}

/// One step from a JSON container to a part of it.
enum PathStep {
    Key(Box<str>),
    Index(usize),
}

/// A part of a shared JSON tree. It is found again from the whole at each access, which keeps the tree as it is and converts
/// nothing but the scalars that are read.
enum SharedJson {
    Whole(Arc<serde_json::Value>),
    /// The member of that name.
    Held(Arc<dyn Holder>, Box<str>),
    /// What one step leads to.
    Part(Arc<SharedJson>, PathStep),
}

impl fmt::Debug for SharedJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.json())
    }
}

impl SharedJson {
    /// The JSON itself, copied only where something else holds it, too.
    fn taken(shared: Arc<Self>) -> serde_json::Value {
        match Arc::try_unwrap(shared) {
            Ok(Self::Whole(json)) => Arc::unwrap_or_clone(json),
            Ok(shared) => shared.json().clone(),
            Err(shared) => shared.json().clone(),
        }
    }

    fn json(&self) -> &serde_json::Value {
        match self {
            Self::Whole(json) => json,
            Self::Held(holder, name) => holder.member(name).unwrap_or(&serde_json::Value::Null),
            Self::Part(whole, PathStep::Key(key)) => &whole.json()[&**key],
            Self::Part(whole, PathStep::Index(index)) => &whole.json()[*index],
        }
    }

    fn part(self: &Arc<Self>, step: impl FnOnce() -> PathStep, json: &serde_json::Value) -> Value {
        match json {
            serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
                Value::from_object(Self::Part(Arc::clone(self), step()))
            }
            scalar => from_json(scalar),
        }
    }
}

impl Object for SharedJson {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        if self.json().is_array() { ObjectRepr::Seq } else { ObjectRepr::Map }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match self.json() {
            serde_json::Value::Array(items) => {
                let index = key.as_usize()?;
                Some(self.part(|| PathStep::Index(index), items.get(index)?))
            }
            _ => self.get_value_by_str(key.as_str()?),
        }
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let part = self.json().get(key)?;
        Some(self.part(|| PathStep::Key(key.into()), part))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match self.json() {
            serde_json::Value::Array(items) => Enumerator::Seq(items.len()),
            serde_json::Value::Object(map) => {
                Enumerator::Values(map.keys().map(|key| Value::from(key.as_str())).collect())
            }
            _ => Enumerator::Empty,
        }
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        match self.json() {
            serde_json::Value::Array(items) => Some(items.len()),
            serde_json::Value::Object(map) => Some(map.len()),
            _ => Some(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_that_is_given_away_is_taken_and_what_is_held_elsewhere_is_copied() {
        let record = || from_json_shared(Arc::new(json!({ "name": "a name" })));
        let place = |json: &serde_json::Value| json["name"].as_str().unwrap().as_ptr();
        let (own, held) = (record(), record());
        let of = |value: &Value| place(value.downcast_object_ref::<SharedJson>().unwrap().json());
        let (own_place, held_place) = (of(&own), of(&held));
        let list = Value::from(vec![own, held.clone(), Value::from(1)]);
        let written = Writer::new(JSON_BYTES_MAX).write_owned(list).unwrap();
        assert_eq!(written, json!([{ "name": "a name" }, { "name": "a name" }, 1]));
        assert_eq!(place(&written[0]), own_place);
        assert_ne!(place(&written[1]), held_place);
        assert_eq!(to_json(&held), written[1]);
    }
}
