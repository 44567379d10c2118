//! Evaluation without the virtual machine of what most rules are: reads, comparisons, tests,
//! choices, filters and methods. Setting the machine up costs more than all of these.
//!
//! Owns a subset of the language and no meaning of its own: it calls what the machine calls, and
//! leaves to the machine whatever it does not know and every failure. Must not know what filters do.

use std::cell::Cell;

use minijinja::State;
use minijinja::Value;
use minijinja::machinery::ast::BinOp;
use minijinja::machinery::ast::BinOpKind;
use minijinja::machinery::ast::CallArg;
use minijinja::machinery::ast::CallType;
use minijinja::machinery::ast::Expr;
use minijinja::machinery::ast::UnaryOpKind;
use minijinja::value::Kwargs;
use minijinja::value::ValueKind;

use crate::expression::filters::Arguments;
use crate::expression::language;
use crate::expression::language::FilterCall;
use crate::expression::language::TestCall;

/// An expression of the subset.
pub(super) enum Direct {
    Literal(Value),
    Name(Box<str>),
    Property(Box<Direct>, Box<str>),
    Item(Box<Direct>, Box<Direct>),
    Not(Box<Direct>),
    And(Box<Direct>, Box<Direct>),
    Or(Box<Direct>, Box<Direct>),
    Test(TestCall, Box<Direct>, Box<Direct>),
    Choice(Box<Direct>, Box<Direct>, Box<Direct>),
    /// Of two integers; the machine adds everything else.
    Sum(Box<Direct>, Box<Direct>),
    Filter(FilterCall, Box<Direct>, Given),
    Method(Box<Direct>, Box<str>, Given),
}

/// The arguments of a filter or method.
pub(super) struct Given {
    positional: Vec<Direct>,
    keywords: Vec<(Box<str>, Direct)>,
}

impl Given {
    fn of(arguments: &[CallArg<'_>]) -> Option<Self> {
        let (mut positional, mut keywords) = (Vec::new(), Vec::new());
        for argument in arguments {
            match argument {
                CallArg::Pos(value) => positional.push(Direct::of(value)?),
                CallArg::Kwarg(name, value) => keywords.push(((*name).into(), Direct::of(value)?)),
                CallArg::PosSplat(_) | CallArg::KwargSplat(_) => return None,
            }
        }
        Some(Self { positional, keywords })
    }

    fn read(&self, scope: &Value, calls: &mut Calls) -> Option<Vec<Value>> {
        let mut values = Vec::with_capacity(self.positional.len() + 1);
        for value in &self.positional {
            values.push(value.read(scope, calls)?);
        }
        if !self.keywords.is_empty() {
            let mut keywords = Vec::with_capacity(self.keywords.len());
            for (name, value) in &self.keywords {
                keywords.push((&**name, value.read(scope, calls)?));
            }
            values.push(keywords.into_iter().collect::<Kwargs>().into());
        }
        Some(values)
    }
}

thread_local! {
    /// What filters and methods are called with. None of them leaves anything in it, and making one costs more
    /// than most of them.
    static STATE: Cell<Option<State<'static, 'static>>> = const { Cell::new(None) };
}

/// The thread's state, taken when the first filter or method of an expression needs it. What is evaluated meanwhile
/// makes one of its own.
#[derive(Default)]
struct Calls(Option<State<'static, 'static>>);

impl Calls {
    fn state(&mut self) -> &mut State<'static, 'static> {
        self.0.get_or_insert_with(|| {
            STATE.take().unwrap_or_else(|| language::environment().empty_state())
        })
    }
}

impl Drop for Calls {
    fn drop(&mut self) {
        if let Some(state) = self.0.take() {
            // A thread that ends has no use for it.
            let _ = STATE.try_with(|kept| kept.set(Some(state)));
        }
    }
}

impl Direct {
    /// Reads an expression that has been lowered, if it is of the subset.
    pub(super) fn of(expr: &Expr<'_>) -> Option<Self> {
        Some(match expr {
            Expr::Var(var) => Self::Name(var.id.into()),
            Expr::Const(constant) => Self::Literal(constant.value.clone()),
            Expr::List(list) => Self::Literal(list.as_const()?),
            Expr::GetAttr(attr) => Self::Property(boxed(&attr.expr)?, attr.name.into()),
            Expr::GetItem(item) => Self::Item(boxed(&item.expr)?, boxed(&item.subscript_expr)?),
            Expr::UnaryOp(op) if matches!(op.op, UnaryOpKind::Not) => Self::Not(boxed(&op.expr)?),
            Expr::BinOp(op) => Self::binary(op)?,
            Expr::Test(test) => {
                let other = match test.args.as_slice() {
                    [] => Box::new(Self::Literal(Value::from(()))),
                    [CallArg::Pos(other)] => boxed(other)?,
                    _ => return None,
                };
                Self::Test(language::test_call(test.name).ok()?, boxed(&test.expr)?, other)
            }
            Expr::IfExpr(choice) => {
                let otherwise = match &choice.false_expr {
                    Some(otherwise) => boxed(otherwise)?,
                    None => Box::new(Self::Literal(Value::UNDEFINED)),
                };
                Self::Choice(boxed(&choice.test_expr)?, boxed(&choice.true_expr)?, otherwise)
            }
            Expr::Filter(filter) => {
                let call = language::filter_call(filter.name).ok()?;
                Self::Filter(call, boxed(filter.expr.as_ref()?)?, Given::of(&filter.args)?)
            }
            Expr::Call(call) => {
                let CallType::Method(of, name) = call.identify_call() else { return None };
                Self::Method(boxed(of)?, name.into(), Given::of(&call.args)?)
            }
            _ => return None,
        })
    }

    fn binary(op: &BinOp<'_>) -> Option<Self> {
        let (left, right) = (boxed(&op.left)?, boxed(&op.right)?);
        let test = match op.op {
            BinOpKind::ScAnd => return Some(Self::And(left, right)),
            BinOpKind::ScOr => return Some(Self::Or(left, right)),
            BinOpKind::Add => return Some(Self::Sum(left, right)),
            BinOpKind::Eq => "eq",
            BinOpKind::Ne => "ne",
            BinOpKind::Lt => "lt",
            BinOpKind::Lte => "le",
            BinOpKind::Gt => "gt",
            BinOpKind::Gte => "ge",
            BinOpKind::In => "in",
            _ => return None,
        };
        Some(Self::Test(language::test_call(test).ok()?, left, right))
    }

    /// Its value, undefined if it is absent; `None` where the machine has to say what is wrong.
    pub(super) fn eval(&self, scope: &Value) -> Option<Value> {
        self.read(scope, &mut Calls::default())
    }

    fn read(&self, scope: &Value, calls: &mut Calls) -> Option<Value> {
        let value = match self {
            Self::Literal(value) => return Some(value.clone()),
            Self::Name(name) => scope.as_object()?.get_value_by_str(name)?,
            Self::Property(of, name) => {
                let of = of.read(scope, calls)?;
                of.as_object().and_then(|of| of.get_value_by_str(name)).unwrap_or_default()
            }
            Self::Item(of, key) => {
                let (of, key) = (of.read(scope, calls)?, key.read(scope, calls)?);
                of.get_item(&key).unwrap_or_default()
            }
            Self::Not(operand) => return Some((!operand.read(scope, calls)?.is_true()).into()),
            Self::And(left, right) => {
                let left = left.read(scope, calls)?;
                return if left.is_true() { right.read(scope, calls) } else { Some(left) };
            }
            Self::Or(left, right) => {
                let left = left.read(scope, calls)?;
                return if left.is_true() { Some(left) } else { right.read(scope, calls) };
            }
            Self::Test(call, left, right) => {
                let holds = call(&left.read(scope, calls)?, &right.read(scope, calls)?);
                return holds.ok().map(Value::from);
            }
            Self::Choice(test, yes, no) => {
                let chosen = if test.read(scope, calls)?.is_true() { yes } else { no };
                return chosen.read(scope, calls);
            }
            Self::Sum(left, right) => {
                return sum(&left.read(scope, calls)?, &right.read(scope, calls)?);
            }
            Self::Filter(call, of, given) => {
                let (of, given) = (of.read(scope, calls)?, given.read(scope, calls)?);
                call(calls.state(), &of, &Arguments::new(&given)).ok()?
            }
            Self::Method(of, name, given) => {
                let (of, given) = (of.read(scope, calls)?, given.read(scope, calls)?);
                of.call_method(calls.state(), name, &given).ok()?
            }
        };
        // An object may hand out an error as a value; the machine turns it into a failure.
        (value.kind() != ValueKind::Invalid).then_some(value)
    }
}

fn sum(left: &Value, right: &Value) -> Option<Value> {
    if !left.is_integer() || !right.is_integer() {
        return None;
    }
    left.as_i64()?.checked_add(right.as_i64()?).map(Value::from)
}

fn boxed(expr: &Expr<'_>) -> Option<Box<Direct>> {
    Direct::of(expr).map(Box::new)
}
