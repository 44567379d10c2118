//! A scope with a few names more.
//!
//! Must not know what the names stand for.

use std::sync::Arc;

use minijinja::value::Object;

use crate::expression::Value;

/// A scope and a few names more, which go before its own.
#[derive(Debug)]
pub(crate) struct Overlay {
    base: Value,
    names: Vec<(&'static str, Value)>,
}

impl Overlay {
    /// `base`, and these names.
    pub(crate) fn over(base: &Value, names: Vec<(&'static str, Value)>) -> Value {
        Value::from_object(Self { base: base.clone(), names })
    }
}

impl Object for Overlay {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<Value> {
        match self.names.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => Some(value.clone()),
            None => self.base.as_object()?.get_value_by_str(name),
        }
    }
}
