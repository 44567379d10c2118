//! From what an author writes to the tree that is evaluated.
//!
//! Owns the syntax, as far as the parser of `minijinja` does not: what is refused, in which words. Must not know the names in
//! scope.

use minijinja::machinery::ast::{BinOpKind, CallArg, CallType, Expr};
use minijinja::machinery::{Token, ast};
use minijinja::syntax::SyntaxConfig;
use minijinja::{Value, machinery};

use crate::expression::calls::{FilterCall, Named};
use crate::expression::eval::{BinaryCall, CallArguments, Tree};
use crate::expression::language::Test;
use crate::expression::mistake::Mistake;
use crate::expression::{filters, language, operators};
use crate::finding::did_you_mean;
use crate::printable::shortened;

/// Longest source of an expression, in bytes: a screen of text, and a bound on what compiling and
/// evaluating one can cost.
pub const EXPRESSION_BYTES_MAX: usize = 4096;

/// Most prefix operators and `else`s in one expression: the parser goes one call deeper for each,
/// and does not count them itself.
const PREFIXES_MAX: usize = 200;

/// Most tokens in one expression: operators in a row make a tree as deep as the row is long.
const TOKENS_MAX: usize = 1500;

/// Most levels of one expression.
const DEPTH_MAX: usize = 48;

/// Compiles an expression.
pub(super) fn compile(source: &str) -> Result<Tree, Mistake> {
    TreeBuilder { depth: 0 }.tree(&parse(source)?)
}

/// The operators that are words.
const OPERATORS: [&str; 7] = ["and", "else", "if", "in", "is", "not", "or"];

/// Reads an expression within the limits.
pub(super) fn parse(source: &str) -> Result<Expr<'_>, Mistake> {
    if source.len() > EXPRESSION_BYTES_MAX {
        return Err(Mistake::new(format!(
            "the expression is longer than {EXPRESSION_BYTES_MAX} bytes"
        ))
        .hint("split it with `let`"));
    }
    if source.trim().is_empty() {
        return Err(Mistake::new("the expression is empty"));
    }
    let (mut count, mut prefixes) = (0, 0);
    for token in tokens(source) {
        count += 1;
        prefixes += usize::from(matches!(token, Token::Minus | Token::Ident("not" | "else")));
        if count > TOKENS_MAX || prefixes > PREFIXES_MAX {
            return Err(too_deep());
        }
    }
    machinery::parse_expr(source).map_err(|error| syntax_mistake(source, &error))
}

/// The tokens of a source, up to where it cannot be read.
fn tokens(source: &str) -> impl Iterator<Item = Token<'_>> {
    machinery::tokenize(source, true, SyntaxConfig::default())
        .map_while(|token| token.ok().map(|(token, _)| token))
}

/// Words a syntax error: what and where in the expression.
pub(super) fn syntax_mistake(source: &str, error: &minijinja::Error) -> Mistake {
    let detail = error.detail().unwrap_or("it is not an expression").replace('\n', " ");
    if detail.contains("recursion limit") {
        return too_deep();
    }
    let before = error.range().and_then(|range| source.get(..range.start));
    let column = before.map_or(1, |before| before.chars().count() + 1);
    let shown = shortened(source.trim(), 80);
    let mistake = Mistake::new(format!("`{shown}` cannot be read: {detail}, at column {column}"));
    let assigns = tokens(source).any(|token| matches!(token, Token::Assign));
    if assigns && detail.starts_with("unexpected input") {
        return mistake.hint("equality is `==`");
    }
    mistake
}

fn too_deep() -> Mistake {
    Mistake::new("the expression is nested too deeply").hint("split it with `let`")
}

/// Whether a filter or test name with these arguments exists.
fn check_name(
    kind: &str,
    name: &str,
    known: impl Iterator<Item = &'static str> + Clone,
) -> Result<(), Mistake> {
    if known.clone().any(|known| known == name) {
        return Ok(());
    }
    Err(Mistake::new(format!("{kind} `{name}` is not known")).maybe_hint(did_you_mean(name, known)))
}

fn filter_names() -> impl Iterator<Item = &'static str> + Clone {
    language::FILTERS.iter().map(|filter| filter.name)
}

fn test_names() -> impl Iterator<Item = &'static str> + Clone {
    language::TESTS.iter().map(|test| test.name)
}

/// The text of an argument that is a literal.
pub(super) fn literal_text<'e>(argument: Option<&'e CallArg<'_>>) -> Option<&'e str> {
    match argument {
        Some(CallArg::Pos(Expr::Const(constant))) => constant.value.as_str(),
        _ => None,
    }
}

pub(super) fn is_none_literal(expr: &Expr<'_>) -> bool {
    matches!(expr, Expr::Const(constant) if constant.value.is_none())
}

/// Returns true if an expression is a duration: a call of one, or durations added or taken from another.
fn is_duration(expr: &Expr<'_>) -> bool {
    match expr {
        Expr::Call(call) => match call.identify_call() {
            CallType::Function(name) => language::duration_ms(name).is_some(),
            _ => false,
        },
        Expr::UnaryOp(op) => matches!(op.op, ast::UnaryOpKind::Neg) && is_duration(&op.expr),
        Expr::BinOp(op) => match op.op {
            BinOpKind::Add | BinOpKind::Sub => is_duration(&op.left) && is_duration(&op.right),
            BinOpKind::Mul => is_duration(&op.left) || is_duration(&op.right),
            _ => false,
        },
        _ => false,
    }
}

struct TreeBuilder {
    depth: usize,
}

type ParsedTree = Result<Tree, Mistake>;

impl TreeBuilder {
    fn tree(&mut self, expr: &Expr<'_>) -> ParsedTree {
        if self.depth == DEPTH_MAX {
            return Err(too_deep());
        }
        self.depth += 1;
        let tree = match expr {
            // The parser takes one for a name where a value is missing.
            Expr::Var(var) if OPERATORS.contains(&var.id) => {
                let message = format!("`{}` is an operator, and a value is missing there", var.id);
                return Err(Mistake::new(message));
            }
            Expr::Var(var) => Tree::Name(var.id.into()),
            Expr::Const(constant) => Tree::Literal(constant.value.clone()),
            Expr::Slice(slice) => self.slice(slice)?,
            Expr::UnaryOp(op) => self.unary(op)?,
            Expr::BinOp(op) => self.binary(op)?,
            Expr::Compare(_) => {
                return Err(Mistake::new("comparisons in a row are not offered")
                    .hint("write `a < b and b < c`"));
            }
            Expr::IfExpr(choice) => {
                let otherwise = match &choice.false_expr {
                    Some(otherwise) => self.boxed(otherwise)?,
                    None => Box::new(Tree::Literal(Value::UNDEFINED)),
                };
                let (test, yes) = (self.boxed(&choice.test_expr)?, self.boxed(&choice.true_expr)?);
                Tree::Choice(test, yes, otherwise)
            }
            Expr::Filter(filter) => self.filter(filter)?,
            Expr::Test(test) => self.test(test)?,
            Expr::GetAttr(attr) => Tree::Property(self.boxed(&attr.expr)?, attr.name.into()),
            Expr::GetItem(item) => {
                Tree::Item(self.boxed(&item.expr)?, self.boxed(&item.subscript_expr)?)
            }
            Expr::Call(call) => self.call(call)?,
            Expr::List(list) => self.list(&list.items)?,
            // There is one kind of list.
            Expr::Tuple(tuple) => self.list(&tuple.items)?,
            Expr::Map(map) => {
                let entries = map.keys.iter().zip(&map.values);
                let entries = entries.map(|(key, value)| Ok((self.tree(key)?, self.tree(value)?)));
                Tree::Map(entries.collect::<Result<_, _>>()?)
            }
        };
        self.depth -= 1;
        Ok(tree)
    }

    fn boxed(&mut self, expr: &Expr<'_>) -> Result<Box<Tree>, Mistake> {
        self.tree(expr).map(Box::new)
    }

    fn slice(&mut self, slice: &ast::Slice<'_>) -> ParsedTree {
        if slice.step.is_some() {
            return Err(Mistake::new("a slice has no step").hint("turn a list with `| reverse`"));
        }
        let of = self.boxed(&slice.expr)?;
        let mut bound =
            |bound: &Option<Expr<'_>>| bound.as_ref().map(|bound| self.boxed(bound)).transpose();
        Ok(Tree::Slice(of, bound(&slice.start)?, bound(&slice.stop)?))
    }

    fn unary(&mut self, op: &ast::UnaryOp<'_>) -> ParsedTree {
        let operand = self.boxed(&op.expr)?;
        Ok(match op.op {
            ast::UnaryOpKind::Not => Tree::Not(operand),
            ast::UnaryOpKind::Neg => Tree::Negated(operand),
        })
    }

    fn binary(&mut self, op: &ast::BinOp<'_>) -> ParsedTree {
        let call: BinaryCall = match op.op {
            BinOpKind::ScAnd => {
                return Ok(Tree::And(self.boxed(&op.left)?, self.boxed(&op.right)?));
            }
            BinOpKind::ScOr => {
                return Ok(Tree::Or(self.boxed(&op.left)?, self.boxed(&op.right)?));
            }
            BinOpKind::Eq => return self.comparison(op, "eq"),
            BinOpKind::Ne => return self.comparison(op, "ne"),
            BinOpKind::Lt => return self.comparison(op, "lt"),
            BinOpKind::Lte => return self.comparison(op, "le"),
            BinOpKind::Gt => return self.comparison(op, "gt"),
            BinOpKind::Gte => return self.comparison(op, "ge"),
            BinOpKind::In => return self.comparison(op, "in"),
            BinOpKind::Add => match (is_duration(&op.left), is_duration(&op.right)) {
                (false, true) => return self.moved(filters::later, &op.left, &op.right),
                (true, false) => return self.moved(filters::later, &op.right, &op.left),
                _ => operators::sum,
            },
            BinOpKind::Sub => match (is_duration(&op.left), is_duration(&op.right)) {
                (false, true) => return self.moved(filters::earlier, &op.left, &op.right),
                (true, false) => {
                    return Err(Mistake::new("a time cannot be taken from a duration")
                        .hint("write the time first, as in `now - days(1)`"));
                }
                _ => operators::difference,
            },
            BinOpKind::Mul => operators::product,
            BinOpKind::Concat => operators::concatenation,
            BinOpKind::Div => operators::quotient,
            BinOpKind::FloorDiv => operators::floor_quotient,
            BinOpKind::Rem => operators::remainder,
            BinOpKind::Pow => operators::power,
        };
        Ok(Tree::Binary(call, self.boxed(&op.left)?, self.boxed(&op.right)?))
    }

    fn comparison(&mut self, op: &ast::BinOp<'_>, test: &str) -> ParsedTree {
        let test = language::find_test(test).expect("operators are tests of the table");
        Ok(Tree::Test(test.call, self.boxed(&op.left)?, self.boxed(&op.right)?))
    }

    /// A time moved by a duration.
    fn moved(&mut self, filter: FilterCall, time: &Expr<'_>, duration: &Expr<'_>) -> ParsedTree {
        let given =
            CallArguments { positional: vec![self.tree(duration)?], ..CallArguments::default() };
        Ok(Tree::Filter(filter, self.boxed(time)?, given))
    }

    fn filter(&mut self, filter: &ast::Filter<'_>) -> ParsedTree {
        let (call, named) = check_filter(filter.name, &filter.args)?;
        let Some(value) = &filter.expr else {
            return Err(Mistake::new(format!("filter `{}` has nothing before it", filter.name)));
        };
        let given = CallArguments { named, ..self.arguments(&filter.args)? };
        Ok(Tree::Filter(call, self.boxed(value)?, given))
    }

    fn test(&mut self, test: &ast::Test<'_>) -> ParsedTree {
        let call = check_test(test.name, test.args.len())?.call;
        let value = self.boxed(&test.expr)?;
        let other = self.arguments(&test.args)?.positional.pop();
        Ok(Tree::Test(call, value, Box::new(other.unwrap_or(Tree::Literal(Value::UNDEFINED)))))
    }

    fn call(&mut self, call: &ast::Call<'_>) -> ParsedTree {
        match call.identify_call() {
            CallType::Function(name) => {
                check_name("function", name, language::DURATIONS.iter().map(|(name, _)| *name))?;
                match (language::duration_ms(name), call.args.as_slice()) {
                    (Some(unit_ms), [CallArg::Pos(count)]) => {
                        Ok(Tree::Duration(unit_ms, self.boxed(count)?))
                    }
                    _ => Err(Mistake::new(format!("function `{name}` takes one number"))),
                }
            }
            CallType::Method(value, name) => {
                check_name("method", name, language::METHODS.iter().copied())?;
                let arguments = self.arguments(&call.args)?;
                Ok(Tree::Method(self.boxed(value)?, name.into(), arguments))
            }
            CallType::Object(_) => Err(Mistake::new("only functions and methods can be called")),
        }
    }

    fn arguments(&mut self, arguments: &[CallArg<'_>]) -> Result<CallArguments, Mistake> {
        let mut given = CallArguments::default();
        for argument in arguments {
            match argument {
                CallArg::Pos(value) => given.positional.push(self.tree(value)?),
                CallArg::Kwarg(name, value) => {
                    given.keywords.push(((*name).into(), self.tree(value)?));
                }
                CallArg::PosSplat(_) | CallArg::KwargSplat(_) => {
                    return Err(Mistake::new("`*` and `**` before an argument are not offered"));
                }
            }
        }
        Ok(given)
    }

    /// A list; one of literals is made once.
    fn list(&mut self, items: &[Expr<'_>]) -> ParsedTree {
        let items = items.iter().map(|item| self.tree(item)).collect::<Result<Vec<_>, _>>()?;
        let literal = |item: &Tree| match item {
            Tree::Literal(value) => Some(value.clone()),
            _ => None,
        };
        let literals: Option<Vec<Value>> = items.iter().map(literal).collect();
        Ok(literals.map_or(Tree::List(items), |literals| Tree::Literal(literals.into())))
    }
}

/// A filter, and what it is told to use.
fn check_filter(
    name: &str,
    arguments: &[CallArg<'_>],
) -> Result<(FilterCall, Option<Named>), Mistake> {
    check_name("filter", name, filter_names())?;
    let filter = language::find_filter(name).expect("the name was found in the table");
    let mut positional = 0;
    for argument in arguments {
        match argument {
            CallArg::Kwarg(keyword, _)
                if !filter.keywords.contains(keyword) && !filter.keywords.contains(&"*") =>
            {
                let message = format!("filter `{name}` has no argument `{keyword}`");
                let hint = did_you_mean(keyword, filter.keywords.iter().copied());
                return Err(Mistake::new(message).maybe_hint(hint));
            }
            CallArg::Kwarg(..) => {}
            _ => positional += 1,
        }
    }
    let (least, most) = filter.positional;
    if positional < least || positional > most {
        let wanted = match (least, most) {
            (0, 0) => "no".to_owned(),
            (least, most) if least == most => least.to_string(),
            (least, most) => format!("{least} to {most}"),
        };
        let message =
            format!("filter `{name}` takes {wanted} arguments without a name, not {positional}");
        return Err(Mistake::new(message));
    }
    Ok((filter.call, named(name, arguments, positional)?))
}

/// What a filter is told to use: the name of a filter or test has to stand where it can be checked.
fn named(
    name: &str,
    arguments: &[CallArg<'_>],
    positional: usize,
) -> Result<Option<Named>, Mistake> {
    let literal = |index: usize| {
        literal_text(arguments.get(index)).ok_or_else(|| {
            Mistake::new(format!("filter `{name}` needs the name of a filter or test in quotes"))
        })
    };
    let keyword = |name: &str| {
        arguments.iter().any(|argument| matches!(argument, CallArg::Kwarg(k, _) if *k == name))
    };
    let test = |index: usize| {
        let test = check_test(literal(index)?, positional - index - 1)?;
        Ok(Some(Named::Test(test.call)))
    };
    match name {
        "select" | "reject" if positional > 0 => test(0),
        "selectattr" | "rejectattr" if positional > 1 => test(1),
        "map" if positional > 0 => {
            if arguments.len() > positional {
                return Err(Mistake::new("filter `map` takes a filter or `attribute`, not both"));
            }
            let (call, inner) = check_filter(literal(0)?, &arguments[1..])?;
            Ok(Some(Named::Filter(call, inner.map(Box::new))))
        }
        "map" if !keyword("attribute") => Err(Mistake::new("filter `map` has no argument")
            .hint("name a property, as in `map(attribute='id')`")),
        "groupby" if positional == 0 && !keyword("attribute") => {
            Err(Mistake::new("filter `groupby` has no argument"))
        }
        _ => Ok(None),
    }
}

fn check_test(name: &str, arguments: usize) -> Result<&'static Test, Mistake> {
    check_name("test", name, test_names())?;
    let test = language::find_test(name).expect("the name was found in the table");
    if test.arguments != arguments {
        let message = format!(
            "test `{name}` takes {} {}, not {arguments}",
            test.arguments,
            if test.arguments == 1 { "argument" } else { "arguments" },
        );
        return Err(Mistake::new(message));
    }
    Ok(test)
}
