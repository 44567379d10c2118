//! The tree that an expression is compiled to, and its evaluation.
//!
//! Must not know the syntax that leads to it, nor what filters and tests do.

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Error, ErrorKind, Value};

use crate::expression::calls::{Arguments, CallState, FilterCall, Named, TestCall};
use crate::expression::operators;

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
    Filter(FilterCall, Box<Tree>, CallArguments),
    /// A number of a unit, as milliseconds.
    Duration(i64, Box<Tree>),
    Method(Box<Tree>, Box<str>, CallArguments),
}

pub(super) type BinaryCall = fn(&Value, &Value) -> Result<Value, Error>;

/// The arguments of a filter or method.
#[derive(Default)]
pub(super) struct CallArguments {
    pub(super) positional: Vec<Tree>,
    pub(super) keywords: Vec<(Box<str>, Tree)>,
    /// The filter or test that one of them names.
    pub(super) named: Option<Named>,
}

impl CallArguments {
    fn eval(&self, scope: &Value, calls: &mut CallState) -> Result<Vec<Value>, Error> {
        let mut values =
            Vec::with_capacity(self.positional.len() + usize::from(!self.keywords.is_empty()));
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

impl Tree {
    /// Its value; undefined if it is absent.
    pub(super) fn eval(&self, scope: &Value) -> Result<Value, Error> {
        self.eval_in(scope, &mut CallState::default())
    }

    fn eval_in(&self, scope: &Value, calls: &mut CallState) -> Result<Value, Error> {
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

    /// A read value or a constructed one.
    fn read(&self, scope: &Value, calls: &mut CallState) -> Result<Value, Error> {
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
                operators::slice(&of, &bound(start)?, &bound(stop)?)?
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

    fn compute(&self, scope: &Value, calls: &mut CallState) -> Result<Value, Error> {
        match self {
            Self::Not(operand) => Ok((!operand.eval_in(scope, calls)?.is_true()).into()),
            Self::Negated(operand) => operators::negated(&operand.eval_in(scope, calls)?),
            Self::Binary(call, left, right) => {
                call(&left.eval_in(scope, calls)?, &right.eval_in(scope, calls)?)
            }
            Self::Test(call, left, right) => {
                let holds = call(&left.eval_in(scope, calls)?, &right.eval_in(scope, calls)?);
                holds.map(Value::from)
            }
            Self::Filter(call, of, given) => {
                let (of, values) = (of.eval_in(scope, calls)?, given.eval(scope, calls)?);
                call(calls, &of, Arguments::new(&values, given.named.as_ref()))
            }
            Self::Duration(unit_ms, count) => {
                operators::duration(&count.eval_in(scope, calls)?, *unit_ms)
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
