//! The tree that an expression is compiled to, and its evaluation.
//!
//! Must not know the syntax that leads to it, nor what filters and tests do.

use std::cell::Cell;

use minijinja::Environment;
use minijinja::Error;
use minijinja::ErrorKind;
use minijinja::State;
use minijinja::Value;
use minijinja::value::Kwargs;
use minijinja::value::ValueKind;

use crate::expression::arithmetic;
use crate::expression::filters;
use crate::expression::filters::Arguments;
use crate::expression::language::FilterCall;
use crate::expression::language::TestCall;

/// A compiled expression.
pub(super) enum Tree {
    Literal(Value),
    Name(Box<str>),
    Property(Box<Tree>, Box<str>),
    Item(Box<Tree>, Box<Tree>),
    /// A list or text, from a place up to before another.
    Slice(Box<Tree>, Option<Box<Tree>>, Option<Box<Tree>>),
    List(Vec<Tree>),
    Map(Vec<(Tree, Tree)>),
    Not(Box<Tree>),
    Negated(Box<Tree>),
    And(Box<Tree>, Box<Tree>),
    Or(Box<Tree>, Box<Tree>),
    Choice(Box<Tree>, Box<Tree>, Box<Tree>),
    /// An operator on two values.
    Binary(BinaryCall, Box<Tree>, Box<Tree>),
    Test(TestCall, Box<Tree>, Box<Tree>),
    Filter(FilterCall, Box<Tree>, Given),
    /// So many of a unit, as milliseconds.
    Duration(i64, Box<Tree>),
    Method(Box<Tree>, Box<str>, Given),
}

pub(super) type BinaryCall = fn(&Value, &Value) -> Result<Value, Error>;

/// The arguments of a filter or method.
#[derive(Default)]
pub(super) struct Given {
    pub(super) positional: Vec<Tree>,
    pub(super) keywords: Vec<(Box<str>, Tree)>,
}

impl Given {
    fn eval(&self, scope: &Value, calls: &mut Calls) -> Result<Vec<Value>, Error> {
        let mut values = Vec::with_capacity(self.positional.len() + 1);
        for value in &self.positional {
            values.push(value.eval_in(scope, calls)?);
        }
        if !self.keywords.is_empty() {
            let mut keywords = Vec::with_capacity(self.keywords.len());
            for (name, value) in &self.keywords {
                keywords.push((&**name, value.eval_in(scope, calls)?));
            }
            values.push(keywords.into_iter().collect::<Kwargs>().into());
        }
        Ok(values)
    }
}

thread_local! {
    /// What methods are called with. None of them leaves anything in it, and making one costs more than most of them.
    static STATE: Cell<Option<State<'static, 'static>>> = const { Cell::new(None) };
}

/// The thread's state, taken when the first method of an expression needs it. What is evaluated meanwhile makes one of
/// its own.
#[derive(Default)]
pub(super) struct Calls(Option<State<'static, 'static>>);

impl Calls {
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
    static ENVIRONMENT: std::sync::LazyLock<Environment<'static>> =
        std::sync::LazyLock::new(Environment::empty);
    ENVIRONMENT.empty_state()
}

impl Drop for Calls {
    fn drop(&mut self) {
        if let Some(state) = self.0.take() {
            // A thread that ends has no use for it.
            let _ = STATE.try_with(|kept| kept.set(Some(state)));
        }
    }
}

impl Tree {
    /// Its value; undefined if it is absent.
    pub(super) fn eval(&self, scope: &Value) -> Result<Value, Error> {
        self.eval_in(scope, &mut Calls::default())
    }

    fn eval_in(&self, scope: &Value, calls: &mut Calls) -> Result<Value, Error> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::And(left, right) => {
                let left = left.eval_in(scope, calls)?;
                if left.is_true() { right.eval_in(scope, calls) } else { Ok(left) }
            }
            Self::Or(left, right) => {
                let left = left.eval_in(scope, calls)?;
                if left.is_true() { Ok(left) } else { right.eval_in(scope, calls) }
            }
            Self::Choice(test, yes, no) => {
                let chosen = if test.eval_in(scope, calls)?.is_true() { yes } else { no };
                chosen.eval_in(scope, calls)
            }
            _ => valid(self.read(scope, calls)?),
        }
    }

    /// What is read or put together.
    fn read(&self, scope: &Value, calls: &mut Calls) -> Result<Value, Error> {
        Ok(match self {
            Self::Name(name) => named(scope, name)?,
            Self::Property(of, name) => {
                let of = of.eval_in(scope, calls)?;
                of.as_object().and_then(|of| of.get_value_by_str(name)).unwrap_or_default()
            }
            Self::Item(of, key) => {
                let (of, key) = (of.eval_in(scope, calls)?, key.eval_in(scope, calls)?);
                of.get_item(&key).unwrap_or_default()
            }
            Self::Slice(of, start, stop) => {
                let of = of.eval_in(scope, calls)?;
                let mut bound = |bound: &Option<Box<Self>>| match bound {
                    Some(bound) => bound.eval_in(scope, calls),
                    None => Ok(Value::UNDEFINED),
                };
                filters::slice(&of, &bound(start)?, &bound(stop)?)?
            }
            Self::List(items) => {
                let items = items.iter().map(|item| item.eval_in(scope, calls));
                items.collect::<Result<Vec<_>, _>>()?.into()
            }
            Self::Map(entries) => {
                let entry = |(key, value): &(Self, Self)| {
                    Ok((key.eval_in(scope, calls)?, value.eval_in(scope, calls)?))
                };
                let entries = entries.iter().map(entry);
                Value::from_pairs(entries.collect::<Result<Vec<_>, Error>>()?)
            }
            _ => self.compute(scope, calls)?,
        })
    }

    fn compute(&self, scope: &Value, calls: &mut Calls) -> Result<Value, Error> {
        match self {
            Self::Not(operand) => Ok((!operand.eval_in(scope, calls)?.is_true()).into()),
            Self::Negated(operand) => arithmetic::negated(&operand.eval_in(scope, calls)?),
            Self::Binary(call, left, right) => {
                call(&left.eval_in(scope, calls)?, &right.eval_in(scope, calls)?)
            }
            Self::Test(call, left, right) => {
                let holds = call(&left.eval_in(scope, calls)?, &right.eval_in(scope, calls)?);
                holds.map(Value::from)
            }
            Self::Filter(call, of, given) => {
                let (of, given) = (of.eval_in(scope, calls)?, given.eval(scope, calls)?);
                call(calls, &of, &Arguments::new(&given))
            }
            Self::Duration(unit_ms, count) => {
                arithmetic::duration(&count.eval_in(scope, calls)?, *unit_ms)
            }
            Self::Method(of, name, given) => {
                let (of, given) = (of.eval_in(scope, calls)?, given.eval(scope, calls)?);
                calls.method(&of, name, &given)
            }
            _ => self.eval_in(scope, calls),
        }
    }
}

/// What a name stands for. The check has found one that is not declared, unless it was not asked.
fn named(scope: &Value, name: &str) -> Result<Value, Error> {
    let found = scope.as_object().and_then(|scope| scope.get_value_by_str(name));
    found.ok_or_else(|| {
        Error::new(ErrorKind::UndefinedError, format!("name `{name}` is not declared"))
    })
}

/// An object can give an error as a value.
fn valid(value: Value) -> Result<Value, Error> {
    if value.kind() != ValueKind::Invalid {
        return Ok(value);
    }
    let failed = Value::from(vec![value]);
    let failed = failed.try_iter()?.checked().next();
    failed.unwrap_or_else(|| Ok(Value::UNDEFINED))
}
