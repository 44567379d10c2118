//! What filters, tests and methods are called with.
//!
//! Must not know what they do.

use std::cell::Cell;
use std::sync::LazyLock;

use minijinja::{Environment, Error, ErrorKind, State, Value};

use crate::expression::none::{is_absent, noun};

pub(super) type FilterCall = fn(&mut CallState, &Value, Arguments<'_>) -> Result<Value, Error>;
pub(super) type TestCall = fn(&Value, &Value) -> Result<bool, Error>;

/// A filter or test that another filter is told to use.
pub(super) enum Named {
    /// A filter, and what that one is told to use.
    Filter(FilterCall, Option<Box<Named>>),
    Test(TestCall),
}

/// The arguments of a filter, after the value it is applied to.
#[derive(Clone, Copy, Default)]
pub(super) struct Arguments<'a> {
    positional: &'a [Value],
    keywords: Option<&'a Value>,
    /// The filter or test that a filter is told to use.
    pub(super) named: Option<&'a Named>,
}

impl<'a> Arguments<'a> {
    pub(super) fn new(values: &'a [Value], named: Option<&'a Named>) -> Self {
        match values.split_last() {
            Some((last, rest)) if last.is_kwargs() => {
                Self { positional: rest, keywords: Some(last), named }
            }
            _ => Self { positional: values, keywords: None, named },
        }
    }

    /// The arguments for the filter that the first of them names.
    pub(super) fn for_named(self, named: Option<&'a Named>) -> Self {
        let positional = self.positional.get(1..).unwrap_or_default();
        Self { positional, keywords: None, named }
    }

    pub(super) fn keywords(&self) -> Option<&'a Value> {
        self.keywords
    }

    pub(super) fn at(&self, index: usize) -> Value {
        self.positional.get(index).cloned().unwrap_or_default()
    }

    pub(super) fn keyword(&self, name: &str) -> Value {
        self.keywords.and_then(|keywords| keywords.get_attr(name).ok()).unwrap_or_default()
    }

    pub(super) fn at_or_keyword(&self, index: usize, name: &str) -> Value {
        let positional = self.at(index);
        if positional.is_undefined() { self.keyword(name) } else { positional }
    }

    /// A path such as `owner.name`, where one is given.
    pub(super) fn attribute(&self, index: usize) -> Result<Option<String>, Error> {
        let attribute = self.at_or_keyword(index, "attribute");
        if is_absent(&attribute) {
            return Ok(None);
        }
        match attribute.as_str() {
            Some(path) => Ok(Some(path.to_owned())),
            None => {
                let reason = format!("an attribute is named by a text, not {}", noun(&attribute));
                Err(Error::new(ErrorKind::InvalidOperation, reason))
            }
        }
    }
}

thread_local! {
    /// What methods are called with. None of them leaves anything in it, and making one costs more than most of them.
    static STATE: Cell<Option<State<'static, 'static>>> = const { Cell::new(None) };
}

/// The thread's state, taken when the first method of an expression needs it. What is evaluated meanwhile makes one of
/// its own.
#[derive(Default)]
pub(super) struct CallState(Option<State<'static, 'static>>);

impl CallState {
    pub(super) fn method(
        &mut self,
        of: &Value,
        name: &str,
        arguments: &[Value],
    ) -> Result<Value, Error> {
        let state = self.0.get_or_insert_with(|| STATE.take().unwrap_or_else(new_state));
        of.call_method(state, name, arguments)
    }
}

fn new_state() -> State<'static, 'static> {
    static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(Environment::empty);
    ENVIRONMENT.empty_state()
}

impl Drop for CallState {
    fn drop(&mut self) {
        if let Some(state) = self.0.take() {
            // A thread that ends has no use for it.
            let _ = STATE.try_with(|kept| kept.set(Some(state)));
        }
    }
}
