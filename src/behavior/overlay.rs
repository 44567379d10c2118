//! A scope with a few names more.
//!
//! Must not know what the names stand for.

use std::borrow::Cow;
use std::sync::Arc;

use minijinja::value::Object;

use crate::expression::Value;

/// A scope and a few names more, which go before its own.
#[derive(Debug)]
pub(crate) struct Overlay {
    base: Value,
    names: Vec<(Cow<'static, str>, Value)>,
}

impl Overlay {
    /// `base`, and these names.
    pub(crate) fn over(
        base: &Value,
        names: impl IntoIterator<Item = (&'static str, Value)>,
    ) -> Value {
        let names = names.into_iter().map(|(name, value)| (Cow::Borrowed(name), value));
        Value::from_object(Self { base: base.clone(), names: names.collect() })
    }

    /// `base`, and one name that a file gives.
    pub(crate) fn with(base: &Value, name: &str, value: Value) -> Value {
        let names = vec![(Cow::Owned(name.to_owned()), value)];
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
