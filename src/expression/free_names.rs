//! The free names of an expression, with the properties that are read from them.
//!
//! Must not know what they stand for.

use std::ops::Range;

use minijinja::machinery::ast::{CallArg, CallType, Expr};

use crate::expression::parse;

/// The longest paths that a source reads, in order and each once.
pub(super) fn free_names(source: &str) -> Vec<String> {
    let mut reads = Reads { source, found: Vec::new() };
    if let Ok(expr) = parse::parse(source) {
        reads.walk(&expr);
    }
    reads.found
}

struct Reads<'s> {
    source: &'s str,
    found: Vec<String>,
}

impl Reads<'_> {
    fn walk(&mut self, expr: &Expr<'_>) {
        if let Some(range) = reading(expr) {
            let text = self.source.get(range).unwrap_or_default().to_owned();
            if !self.found.contains(&text) {
                self.found.push(text);
            }
            self.inside(expr);
            return;
        }
        match expr {
            Expr::Var(_) | Expr::Const(_) => {}
            Expr::Slice(slice) => {
                self.walk(&slice.expr);
                self.all([&slice.start, &slice.stop, &slice.step].into_iter().flatten());
            }
            Expr::UnaryOp(op) => self.walk(&op.expr),
            Expr::BinOp(op) => self.all([&op.left, &op.right]),
            Expr::Compare(compare) => {
                self.walk(&compare.expr);
            }
            Expr::IfExpr(choice) => {
                self.all([&choice.test_expr, &choice.true_expr]);
                self.all(choice.false_expr.as_ref());
            }
            Expr::Filter(filter) => {
                self.all(filter.expr.as_ref());
                self.arguments(&filter.args);
            }
            Expr::Test(test) => {
                self.walk(&test.expr);
                self.arguments(&test.args);
            }
            Expr::GetAttr(attr) => self.walk(&attr.expr),
            Expr::GetItem(item) => self.all([&item.expr, &item.subscript_expr]),
            Expr::Call(call) => {
                if let CallType::Method(of, _) = call.identify_call() {
                    self.walk(of);
                }
                self.arguments(&call.args);
            }
            Expr::List(list) => self.all(&list.items),
            Expr::Tuple(tuple) => self.all(&tuple.items),
            Expr::Map(map) => self.all(map.keys.iter().chain(&map.values)),
        }
    }

    /// Contents of the brackets.
    fn inside(&mut self, expr: &Expr<'_>) {
        match expr {
            Expr::GetAttr(attr) => self.inside(&attr.expr),
            Expr::GetItem(item) => {
                self.inside(&item.expr);
                self.walk(&item.subscript_expr);
            }
            Expr::Call(call) => {
                if let CallType::Method(of, _) = call.identify_call() {
                    self.inside(of);
                }
                self.arguments(&call.args);
            }
            _ => {}
        }
    }

    fn all<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr<'e>>) {
        for expr in exprs {
            self.walk(expr);
        }
    }

    fn arguments(&mut self, arguments: &[CallArg<'_>]) {
        for argument in arguments {
            match argument {
                CallArg::Pos(value)
                | CallArg::Kwarg(_, value)
                | CallArg::PosSplat(value)
                | CallArg::KwargSplat(value) => self.walk(value),
            }
        }
    }
}

/// Where a reading stands: a name, and what is read on from it.
fn reading(expr: &Expr<'_>) -> Option<Range<usize>> {
    let (of, end) = match expr {
        Expr::Var(var) => {
            let span = var.span();
            return Some(span.start_offset as usize..span.end_offset as usize);
        }
        Expr::GetAttr(attr) => (&attr.expr, attr.span()),
        Expr::GetItem(item) => (&item.expr, item.span()),
        Expr::Call(call) => match call.identify_call() {
            CallType::Method(of, _) => (of, call.span()),
            CallType::Function(_) | CallType::Object(_) => return None,
        },
        _ => return None,
    };
    // The parser has these begin where the reading on does.
    Some(reading(of)?.start..end.end_offset as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_readings_are_found_in_order_and_once() {
        for (source, expected) in [
            ("a.b.c == d and not a.b.c", &["a.b.c", "d"][..]),
            ("orders[path.id].owner.name is none", &["orders[path.id].owner.name", "path.id"]),
            (
                "users.get(slug = body['x y'])  .id",
                &["users.get(slug = body['x y'])  .id", "body['x y']"],
            ),
            (
                "members | selectattr('user', 'eq', principal) | length > 0",
                &["members", "principal"],
            ),
            (
                "now - days(settings.days) < a.at if b else 'x'",
                &["b", "now", "settings.days", "a.at"],
            ),
            ("[a, (b), {'c': d.e[0]}][1:n]", &["a", "b", "d.e[0]", "n"]),
            ("(a or b).c", &["a", "b"]),
            ("'a.b' == 5", &[]),
        ] {
            assert_eq!(free_names(source), expected, "{source}");
        }
    }
}
