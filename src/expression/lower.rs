//! From what an author writes to what the virtual machine runs.
//!
//! Owns the syntax: what is refused, in which words, and which operators are replaced by tests and
//! filters because their own meaning would surprise (see the module's page on absence). Must not
//! know the names in scope.

use minijinja::machinery;
use minijinja::machinery::Span;
use minijinja::machinery::Token;
use minijinja::machinery::ast;
use minijinja::machinery::ast::BinOpKind;
use minijinja::machinery::ast::CallArg;
use minijinja::machinery::ast::CallType;
use minijinja::machinery::ast::Expr;
use minijinja::syntax::SyntaxConfig;

use crate::expression::EXPRESSION_BYTES_MAX;
use crate::expression::Mistake;
use crate::expression::language;
use crate::finding::did_you_mean;

/// Most prefix operators and `else`s in one expression: the parser goes one call deeper for each,
/// and does not count them itself.
const PREFIXES_MAX: usize = 200;

/// Most tokens in one expression: operators in a row make a tree as deep as the row is long.
const TOKENS_MAX: usize = 1500;

/// Most levels of one expression.
const DEPTH_MAX: usize = 48;

/// Reads an expression and writes the one that is run in its place.
pub(super) fn lower(source: &str) -> Result<String, Mistake> {
    let expr = parse(source)?;
    let mut lowering = Lowering { source, out: String::with_capacity(source.len() * 2), depth: 0 };
    lowering.expr(&expr)?;
    Ok(lowering.out)
}

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
    let shown: String = source.trim().chars().take(80).collect();
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

/// Whether an expression is a duration: a call of one, or durations added or taken from another.
fn is_duration(expr: &Expr<'_>) -> bool {
    match expr {
        Expr::Call(call) => match call.identify_call() {
            CallType::Function(name) => language::is_function(name),
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

fn is_solid_literal(expr: &Expr<'_>) -> bool {
    matches!(expr, Expr::Const(constant) if !constant.value.is_none())
}

struct Lowering<'s> {
    source: &'s str,
    out: String,
    depth: usize,
}

type Done = Result<(), Mistake>;

impl Lowering<'_> {
    fn expr(&mut self, expr: &Expr<'_>) -> Done {
        if self.depth == DEPTH_MAX {
            return Err(too_deep());
        }
        self.depth += 1;
        match expr {
            Expr::Var(var) => self.out.push_str(var.id),
            Expr::Const(constant) => self.constant(constant.span())?,
            Expr::Slice(slice) => self.slice(slice)?,
            Expr::UnaryOp(op) => self.unary(op)?,
            Expr::BinOp(op) => self.binary(op)?,
            Expr::Compare(_) => {
                return Err(Mistake::new("comparisons in a row are not offered")
                    .hint("write `a < b and b < c`"));
            }
            Expr::IfExpr(choice) => self.choice(choice)?,
            Expr::Filter(filter) => self.filter(filter)?,
            Expr::Test(test) => self.test(test)?,
            Expr::GetAttr(attr) => {
                self.expr(&attr.expr)?;
                self.out.push('.');
                self.out.push_str(attr.name);
            }
            Expr::GetItem(item) => {
                self.expr(&item.expr)?;
                self.out.push('[');
                self.expr(&item.subscript_expr)?;
                self.out.push(']');
            }
            Expr::Call(call) => self.call(call)?,
            Expr::List(list) => self.list(&list.items)?,
            // There is one kind of list.
            Expr::Tuple(tuple) => self.list(&tuple.items)?,
            Expr::Map(map) => self.map(map)?,
        }
        self.depth -= 1;
        Ok(())
    }

    fn constant(&mut self, span: Span) -> Done {
        let range = span.start_offset as usize..span.end_offset as usize;
        let literal = self.source.get(range).unwrap_or_default();
        if literal.is_empty() {
            return Err(Mistake::new("a literal cannot be read"));
        }
        // A number followed by `.name` would be read as one token.
        self.out.push('(');
        self.out.push_str(literal);
        self.out.push(')');
        Ok(())
    }

    fn slice(&mut self, slice: &ast::Slice<'_>) -> Done {
        if slice.step.is_some() {
            return Err(Mistake::new("a slice has no step").hint("turn a list with `| reverse`"));
        }
        self.expr(&slice.expr)?;
        self.out.push('[');
        if let Some(start) = &slice.start {
            self.expr(start)?;
        }
        self.out.push(':');
        if let Some(stop) = &slice.stop {
            self.expr(stop)?;
        }
        self.out.push(']');
        Ok(())
    }

    fn unary(&mut self, op: &ast::UnaryOp<'_>) -> Done {
        let (before, after) = match op.op {
            ast::UnaryOpKind::Not => ("(not ", ")"),
            ast::UnaryOpKind::Neg if is_solid_literal(&op.expr) => ("(-", ")"),
            ast::UnaryOpKind::Neg => ("(", "|negated_)"),
        };
        self.out.push_str(before);
        self.expr(&op.expr)?;
        self.out.push_str(after);
        Ok(())
    }

    fn binary(&mut self, op: &ast::BinOp<'_>) -> Done {
        let literal = is_solid_literal(&op.left) || is_solid_literal(&op.right);
        match op.op {
            // Beside a literal that is not none, an absent value is different either way.
            BinOpKind::Eq if literal => self.infix(op, "=="),
            BinOpKind::Ne if literal => self.infix(op, "!="),
            BinOpKind::Eq => self.as_test(op, "eq"),
            BinOpKind::Ne => self.as_test(op, "ne"),
            BinOpKind::Lt => self.as_test(op, "lt"),
            BinOpKind::Lte => self.as_test(op, "le"),
            BinOpKind::Gt => self.as_test(op, "gt"),
            BinOpKind::Gte => self.as_test(op, "ge"),
            BinOpKind::In => match &op.right {
                Expr::List(list) if list.items.iter().all(is_solid_literal) => self.infix(op, "in"),
                _ => self.as_test(op, "in"),
            },
            BinOpKind::ScAnd => self.infix(op, "and"),
            BinOpKind::ScOr => self.infix(op, "or"),
            BinOpKind::Add => self.sum(op),
            BinOpKind::Sub => self.difference(op),
            BinOpKind::Mul => self.as_filter(&op.left, "times_", &op.right),
            BinOpKind::Concat => self.as_filter(&op.left, "concat_", &op.right),
            BinOpKind::Div => self.infix(op, "/"),
            BinOpKind::FloorDiv => self.infix(op, "//"),
            BinOpKind::Rem => self.infix(op, "%"),
            BinOpKind::Pow => self.infix(op, "**"),
        }
    }

    fn sum(&mut self, op: &ast::BinOp<'_>) -> Done {
        match (is_duration(&op.left), is_duration(&op.right)) {
            (false, true) => self.as_filter(&op.left, "later", &op.right),
            (true, false) => self.as_filter(&op.right, "later", &op.left),
            _ => self.infix(op, "+"),
        }
    }

    fn difference(&mut self, op: &ast::BinOp<'_>) -> Done {
        match (is_duration(&op.left), is_duration(&op.right)) {
            (false, true) => self.as_filter(&op.left, "earlier", &op.right),
            (true, false) => Err(Mistake::new("a time cannot be taken from a duration")
                .hint("write the time first, as in `now - days(1)`")),
            _ => self.infix(op, "-"),
        }
    }

    fn infix(&mut self, op: &ast::BinOp<'_>, operator: &str) -> Done {
        self.out.push('(');
        self.expr(&op.left)?;
        self.out.push(' ');
        self.out.push_str(operator);
        self.out.push(' ');
        self.expr(&op.right)?;
        self.out.push(')');
        Ok(())
    }

    fn as_test(&mut self, op: &ast::BinOp<'_>, test: &str) -> Done {
        self.out.push('(');
        self.expr(&op.left)?;
        self.out.push_str(" is ");
        self.out.push_str(test);
        self.out.push('(');
        self.expr(&op.right)?;
        self.out.push_str("))");
        Ok(())
    }

    fn as_filter(&mut self, value: &Expr<'_>, filter: &str, argument: &Expr<'_>) -> Done {
        self.out.push('(');
        self.expr(value)?;
        self.out.push('|');
        self.out.push_str(filter);
        self.out.push('(');
        self.expr(argument)?;
        self.out.push_str("))");
        Ok(())
    }

    fn choice(&mut self, choice: &ast::IfExpr<'_>) -> Done {
        self.out.push('(');
        self.expr(&choice.true_expr)?;
        self.out.push_str(" if ");
        self.expr(&choice.test_expr)?;
        if let Some(otherwise) = &choice.false_expr {
            self.out.push_str(" else ");
            self.expr(otherwise)?;
        }
        self.out.push(')');
        Ok(())
    }

    fn filter(&mut self, filter: &ast::Filter<'_>) -> Done {
        check_filter(filter.name, &filter.args)?;
        let Some(value) = &filter.expr else {
            return Err(Mistake::new(format!("filter `{}` has nothing before it", filter.name)));
        };
        self.out.push('(');
        self.expr(value)?;
        self.out.push('|');
        self.out.push_str(filter.name);
        self.arguments(&filter.args)?;
        self.out.push(')');
        Ok(())
    }

    fn test(&mut self, test: &ast::Test<'_>) -> Done {
        check_test(test.name, test.args.len())?;
        self.out.push('(');
        self.expr(&test.expr)?;
        self.out.push_str(" is ");
        self.out.push_str(test.name);
        self.arguments(&test.args)?;
        self.out.push(')');
        Ok(())
    }

    fn call(&mut self, call: &ast::Call<'_>) -> Done {
        match call.identify_call() {
            CallType::Function(name) => {
                check_name("function", name, language::DURATIONS.iter().map(|(name, _)| *name))?;
                if !matches!(call.args.as_slice(), [CallArg::Pos(_)]) {
                    return Err(Mistake::new(format!("function `{name}` takes one number")));
                }
                self.out.push_str(name);
            }
            CallType::Method(value, name) => {
                check_name("method", name, language::METHODS.iter().copied())?;
                self.expr(value)?;
                self.out.push('.');
                self.out.push_str(name);
            }
            CallType::Object(_) => {
                return Err(Mistake::new("only functions and methods can be called"));
            }
        }
        self.arguments(&call.args)?;
        if call.args.is_empty() {
            self.out.push_str("()");
        }
        Ok(())
    }

    fn arguments(&mut self, arguments: &[CallArg<'_>]) -> Done {
        for (index, argument) in arguments.iter().enumerate() {
            self.out.push_str(if index == 0 { "(" } else { ", " });
            match argument {
                CallArg::Pos(value) => self.expr(value)?,
                CallArg::Kwarg(name, value) => {
                    self.out.push_str(name);
                    self.out.push('=');
                    self.expr(value)?;
                }
                CallArg::PosSplat(_) | CallArg::KwargSplat(_) => {
                    return Err(Mistake::new("`*` and `**` before an argument are not offered"));
                }
            }
        }
        if !arguments.is_empty() {
            self.out.push(')');
        }
        Ok(())
    }

    fn list(&mut self, items: &[Expr<'_>]) -> Done {
        self.out.push('[');
        for item in items {
            self.expr(item)?;
            self.out.push_str(", ");
        }
        self.out.push(']');
        Ok(())
    }

    fn map(&mut self, map: &ast::Map<'_>) -> Done {
        self.out.push('{');
        for (key, value) in map.keys.iter().zip(&map.values) {
            self.expr(key)?;
            self.out.push_str(": ");
            self.expr(value)?;
            self.out.push_str(", ");
        }
        self.out.push_str(" }");
        Ok(())
    }
}

fn check_filter(name: &str, arguments: &[CallArg<'_>]) -> Done {
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
    check_named_word(name, arguments, positional)
}

/// Filters that take the name of a filter or test must name it where it can be checked.
fn check_named_word(name: &str, arguments: &[CallArg<'_>], positional: usize) -> Done {
    let literal = |index: usize| {
        literal_text(arguments.get(index)).ok_or_else(|| {
            Mistake::new(format!("filter `{name}` needs the name of a filter or test in quotes"))
        })
    };
    let keyword = |name: &str| {
        arguments.iter().any(|argument| matches!(argument, CallArg::Kwarg(k, _) if *k == name))
    };
    match name {
        "select" | "reject" if positional > 0 => check_test(literal(0)?, positional - 1),
        "selectattr" | "rejectattr" if positional > 1 => check_test(literal(1)?, positional - 2),
        "map" if positional > 0 => {
            if arguments.len() > positional {
                return Err(Mistake::new("filter `map` takes a filter or `attribute`, not both"));
            }
            check_filter(literal(0)?, &arguments[1..])
        }
        "map" if !keyword("attribute") => Err(Mistake::new("filter `map` is not told what to do")
            .hint("name a property, as in `map(attribute='id')`")),
        "groupby" if positional == 0 && !keyword("attribute") => {
            Err(Mistake::new("filter `groupby` is not told by what"))
        }
        _ => Ok(()),
    }
}

fn check_test(name: &str, arguments: usize) -> Done {
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
    Ok(())
}
