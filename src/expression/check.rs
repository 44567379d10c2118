//! Type inference over expressions: what can be known before a request comes.
//!
//! Owns the types and what can be done to them. Must not know resources: what a record has is
//! asked of [`ScopeNames`].

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::machinery::ast;
use minijinja::machinery::ast::{BinOpKind, CallArg, CallType, Expr};

use crate::expression::language::FilterShape;
use crate::expression::mistake::Mistake;
use crate::expression::parse::{is_none_literal, literal_text};
use crate::expression::{language, parse};
use crate::finding::did_you_mean;

/// Type of a value, as far as known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// Nothing: whatever is done to it passes.
    Any,
    /// It is always none.
    None,
    /// Text, a number, a boolean, or none.
    Scalar,
    /// A list of such elements, or none.
    List(Box<Type>),
    /// A record of the resource, or none.
    Record(Arc<str>),
    /// The table of the resource.
    Table(Arc<str>),
    /// An object with these properties, or none.
    Fields(Arc<BTreeMap<String, Type>>),
    /// It cannot be read here, and this says why and what to do; only names and the properties of objects have it.
    Refused {
        /// What is wrong with reading it.
        why: Arc<str>,
        /// What to do.
        hint: Arc<str>,
    },
}

/// The names in scope of an expression, for its check.
pub trait ScopeNames {
    /// Type of a name; `None` where it is not declared.
    fn name(&self, name: &str) -> Option<Type>;
    /// All declared names, to suggest one.
    fn names(&self) -> Vec<String>;
    /// Type of a record's property or relation; `None` where there is none such.
    fn property(&self, record: &str, property: &str) -> Option<Type>;
    /// All properties of a record, to suggest one.
    fn properties(&self, record: &str) -> Vec<String>;
    /// The views of a record, by their names.
    fn views(&self, _record: &str) -> Vec<String> {
        Vec::new()
    }
    /// The parameters of a record's view.
    fn view_parameters(&self, _record: &str, _view: &str) -> Vec<String> {
        Vec::new()
    }
}

/// Infers the type of a source that has been compiled, and what is wrong with it.
pub(super) fn check(source: &str, names: &dyn ScopeNames) -> (Type, Vec<Mistake>) {
    let mut check = ExpressionCheck { names, mistakes: Vec::new() };
    match parse::parse(source) {
        Ok(expr) => {
            let inferred = check.infer(&expr);
            (inferred, check.mistakes)
        }
        Err(mistake) => (Type::Any, vec![mistake]),
    }
}

impl Type {
    /// Type of a value that is one or the other.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, known) | (known, Self::None) => known,
            (Self::List(a), Self::List(b)) => Self::List(Box::new(a.join(*b))),
            (a, b) if a == b => a,
            _ => Self::Any,
        }
    }

    fn list(element: Self) -> Self {
        Self::List(Box::new(element))
    }

    /// Type of an object with these properties.
    pub fn fields(properties: impl IntoIterator<Item = (String, Self)>) -> Self {
        Self::Fields(Arc::new(properties.into_iter().collect()))
    }
}

struct ExpressionCheck<'n> {
    names: &'n dyn ScopeNames,
    mistakes: Vec<Mistake>,
}

impl ExpressionCheck<'_> {
    fn report(&mut self, message: impl Into<String>, hint: Option<String>) -> Type {
        let mistake = Mistake::new(message).maybe_hint(hint);
        if !self.mistakes.contains(&mistake) {
            self.mistakes.push(mistake);
        }
        Type::Any
    }

    fn infer(&mut self, expr: &Expr<'_>) -> Type {
        match expr {
            Expr::Var(var) => self.name(var.id),
            Expr::Const(constant) if constant.value.is_none() => Type::None,
            Expr::Const(_) | Expr::Compare(_) => Type::Scalar,
            Expr::Slice(slice) => self.slice(slice),
            Expr::UnaryOp(op) => {
                self.infer(&op.expr);
                Type::Scalar
            }
            Expr::BinOp(op) => self.binary(op),
            Expr::IfExpr(choice) => {
                self.infer(&choice.test_expr);
                let yes = self.infer(&choice.true_expr);
                let no = choice.false_expr.as_ref().map_or(Type::None, |no| self.infer(no));
                yes.join(no)
            }
            Expr::Filter(filter) => self.filter(filter),
            Expr::Test(test) => {
                self.infer(&test.expr);
                self.arguments(&test.args);
                Type::Scalar
            }
            Expr::GetAttr(attr) => {
                let of = self.infer(&attr.expr);
                self.property(&of, attr.name)
            }
            Expr::GetItem(item) => self.item(item),
            Expr::Call(call) => self.call(call),
            Expr::List(list) => self.list(&list.items),
            Expr::Tuple(tuple) => self.list(&tuple.items),
            Expr::Map(map) => self.map(map),
        }
    }

    fn name(&mut self, name: &str) -> Type {
        match self.names.name(name) {
            Some(known) => self.readable(known),
            None => {
                let names = self.names.names();
                let hint = did_you_mean(name, names.iter().map(String::as_str));
                self.report(format!("name `{name}` is not declared"), hint)
            }
        }
    }

    fn readable(&mut self, known: Type) -> Type {
        match known {
            Type::Refused { why, hint } => self.report(&*why, Some(hint.to_string())),
            known => known,
        }
    }

    /// Type of a property.
    fn property(&mut self, of: &Type, name: &str) -> Type {
        match of {
            Type::Any => Type::Any,
            Type::None => Type::None,
            Type::Scalar => {
                self.report(format!("a text, number or boolean has no property `{name}`"), None)
            }
            Type::List(_) => self.report(
                format!("a list has no property `{name}`"),
                Some(format!("read it of each element with `| map(attribute='{name}')`")),
            ),
            Type::Record(record) => self.record_property(record, name),
            Type::Table(table) if language::METHODS.contains(&name) => self.report(
                format!("method `{name}` of table `{table}` is not called"),
                Some(format!("write `.{name}(…)`")),
            ),
            Type::Table(table) => self.report(
                format!("table `{table}` has no property `{name}`"),
                Some(format!("pick a record first, as in `{table}[…].{name}`")),
            ),
            Type::Fields(fields) => match fields.get(name).cloned() {
                Some(known) => self.readable(known),
                None => {
                    let hint = did_you_mean(name, fields.keys().map(String::as_str));
                    self.report(format!("there is no property `{name}`"), hint)
                }
            },
            Type::Refused { .. } => self.readable(of.clone()),
        }
    }

    fn record_property(&mut self, record: &str, name: &str) -> Type {
        self.names.property(record, name).unwrap_or_else(|| {
            let properties = self.names.properties(record);
            let hint = did_you_mean(name, properties.iter().map(String::as_str));
            self.report(format!("a record of `{record}` has no property `{name}`"), hint)
        })
    }

    /// Type at a path such as `owner.name`.
    fn path(&mut self, of: &Type, path: &str) -> Type {
        path.split('.').fold(of.clone(), |of, part| match &of {
            Type::List(element) if part.parse::<usize>().is_ok() => (**element).clone(),
            _ => self.property(&of, part),
        })
    }

    fn item(&mut self, item: &ast::GetItem<'_>) -> Type {
        let of = self.infer(&item.expr);
        let key = self.infer(&item.subscript_expr);
        let literal = match &item.subscript_expr {
            Expr::Const(constant) => constant.value.as_str(),
            _ => None,
        };
        match (of, literal) {
            (Type::Table(table), _) => {
                if matches!(key, Type::List(_) | Type::Record(_) | Type::Table(_)) {
                    let hint = Some(format!("find several with `… | lookup({table})`"));
                    self.report(format!("table `{table}` is read by one key"), hint);
                }
                Type::Record(table)
            }
            (Type::List(_), Some(name)) => self.report(
                format!("a list has no property `{name}`"),
                Some(format!("read it of each element with `| map(attribute='{name}')`")),
            ),
            (Type::List(element), None) => *element,
            (of @ (Type::Record(_) | Type::Fields(_)), Some(name)) => self.property(&of, name),
            (Type::None, _) => Type::None,
            (Type::Scalar, None) => Type::Scalar,
            _ => Type::Any,
        }
    }

    fn slice(&mut self, slice: &ast::Slice<'_>) -> Type {
        for bound in [&slice.start, &slice.stop].into_iter().flatten() {
            self.infer(bound);
        }
        match self.infer(&slice.expr) {
            Type::Table(table) => self.whole_table(&table),
            Type::Record(record) => {
                self.report(format!("a record of `{record}` is not a list"), None)
            }
            Type::Fields(_) => self.report("an object is not a list", None),
            sliced => sliced,
        }
    }

    fn whole_table(&mut self, table: &str) -> Type {
        let hint = Some(format!("its records are `{table}.all()`"));
        self.report(format!("table `{table}` is not a list"), hint);
        Type::Record(table.into())
    }

    fn binary(&mut self, op: &ast::BinOp<'_>) -> Type {
        let (left, right) = (self.infer(&op.left), self.infer(&op.right));
        match op.op {
            BinOpKind::Eq | BinOpKind::Ne => {
                if is_none_literal(&op.left) || is_none_literal(&op.right) {
                    let (operator, test) = if matches!(op.op, BinOpKind::Eq) {
                        ("==", "is none")
                    } else {
                        ("!=", "is not none")
                    };
                    let message = format!("none is compared with `{operator}`");
                    self.report(message, Some(format!("write `{test}`")));
                }
                Type::Scalar
            }
            BinOpKind::ScAnd | BinOpKind::ScOr => left.join(right),
            BinOpKind::Add => match (left, right) {
                (Type::Scalar, Type::Scalar) => Type::Scalar,
                (left @ Type::List(_), right @ Type::List(_)) => left.join(right),
                (Type::Table(table), _) | (_, Type::Table(table)) => {
                    Type::list(self.whole_table(&table))
                }
                _ => Type::Any,
            },
            BinOpKind::In => {
                if let Type::Record(record) = &right {
                    let hint = Some("look into one of its lists".to_owned());
                    self.report(format!("a record of `{record}` is not a list"), hint);
                }
                Type::Scalar
            }
            _ => Type::Scalar,
        }
    }

    fn list(&mut self, items: &[Expr<'_>]) -> Type {
        let mut elements = items.iter().map(|item| self.infer(item)).collect::<Vec<_>>();
        let first = elements.pop().unwrap_or(Type::None);
        Type::list(elements.into_iter().fold(first, Type::join))
    }

    fn map(&mut self, map: &ast::Map<'_>) -> Type {
        let mut fields = Some(BTreeMap::new());
        for (key, value) in map.keys.iter().zip(&map.values) {
            self.infer(key);
            let known = self.infer(value);
            let name = match key {
                Expr::Const(constant) => constant.value.as_str(),
                _ => None,
            };
            match (&mut fields, name) {
                (Some(fields), Some(name)) => drop(fields.insert(name.to_owned(), known)),
                _ => fields = None,
            }
        }
        fields.map_or(Type::Any, Type::fields)
    }

    fn arguments(&mut self, arguments: &[CallArg<'_>]) -> Vec<Type> {
        arguments
            .iter()
            .map(|argument| match argument {
                CallArg::Pos(value)
                | CallArg::Kwarg(_, value)
                | CallArg::PosSplat(value)
                | CallArg::KwargSplat(value) => self.infer(value),
            })
            .collect()
    }

    fn call(&mut self, call: &ast::Call<'_>) -> Type {
        self.arguments(&call.args);
        let CallType::Method(value, method) = call.identify_call() else { return Type::Scalar };
        match self.infer(value) {
            Type::Table(table) => {
                self.keys(&table, &call.args);
                match method {
                    "all" => Type::list(Type::Record(table)),
                    "stored" => Type::Any,
                    "free" => {
                        if let Some(property) = literal_text(call.args.first()) {
                            self.record_property(&table, property);
                        }
                        Type::Scalar
                    }
                    "was_deleted" | "changed" => Type::Scalar,
                    _ => Type::Record(table),
                }
            }
            Type::Any => Type::Any,
            _ => self.report(
                format!("method `{method}` is called on what is not a table"),
                Some("only tables have methods".to_owned()),
            ),
        }
    }

    /// Keyword arguments that name properties of a table's records.
    fn keys(&mut self, table: &str, arguments: &[CallArg<'_>]) {
        for argument in arguments {
            if let CallArg::Kwarg(name, _) = argument {
                self.record_property(table, name);
            }
        }
    }

    fn filter(&mut self, filter: &ast::Filter<'_>) -> Type {
        let of = filter.expr.as_ref().map_or(Type::Any, |value| self.infer(value));
        let arguments = self.arguments(&filter.args);
        let Some(known) = language::find_filter(filter.name) else { return Type::Any };
        if filter.name == "default" {
            return of.join(arguments.into_iter().next().unwrap_or(Type::None));
        }
        if filter.name == "view" {
            let named = filter.args.iter().find_map(|argument| match argument {
                CallArg::Pos(Expr::Const(name)) => name.value.as_str().map(str::to_owned),
                _ => None,
            });
            let given = filter.args.iter().filter_map(|argument| match argument {
                CallArg::Kwarg(name, _) => Some(*name),
                _ => None,
            });
            return self.view(of, named.as_deref(), &given.collect::<Vec<_>>());
        }
        if known.shape == FilterShape::Scalar || known.shape == FilterShape::Texts {
            self.expect_scalar(&of, filter.name);
            let texts = known.shape == FilterShape::Texts;
            return if texts { Type::list(Type::Scalar) } else { Type::Scalar };
        }
        if let Type::Table(table) = &of {
            let record = self.whole_table(table);
            return self.over_list(filter, known.shape, &record, &arguments);
        }
        if known.shape == FilterShape::Whole {
            return Type::Scalar;
        }
        let element = self.element(of, filter.name);
        self.over_list(filter, known.shape, &element, &arguments)
    }

    /// The type of a record's view, or of those of a list of records.
    fn view(&mut self, of: Type, named: Option<&str>, given: &[&str]) -> Type {
        match of {
            Type::Record(record) => {
                let views = self.names.views(&record);
                if let Some(name) = named.filter(|name| !views.iter().any(|view| view == name)) {
                    let hint = did_you_mean(name, views.iter().map(String::as_str));
                    return self.report(format!("`{record}` has no view `{name}`"), hint);
                }
                let view = named.unwrap_or("default");
                let known = self.names.view_parameters(&record, view);
                for name in given.iter().filter(|name| !known.iter().any(|known| known == *name)) {
                    let hint = did_you_mean(name, known.iter().map(String::as_str));
                    self.report(
                        format!("view `{view}` of `{record}` has no parameter `{name}`"),
                        hint,
                    );
                }
                Type::Any
            }
            Type::Any | Type::None | Type::Refused { .. } => Type::Any,
            Type::List(element) => Type::list(self.view(*element, named, given)),
            Type::Table(table) => self.report(
                format!("filter `view` is applied to table `{table}`"),
                Some(format!("its records are `{table}.all()`")),
            ),
            Type::Scalar | Type::Fields(_) => {
                self.report("filter `view` is applied to what is not a record", None)
            }
        }
    }

    fn expect_scalar(&mut self, of: &Type, filter: &str) {
        let what = match of {
            Type::List(_) => "a list".to_owned(),
            Type::Record(record) => format!("a record of `{record}`"),
            Type::Table(table) => format!("table `{table}`"),
            Type::Fields(_) => "an object".to_owned(),
            Type::Any | Type::None | Type::Scalar | Type::Refused { .. } => return,
        };
        let hint = matches!(of, Type::List(_))
            .then(|| format!("apply it to each element with `| map('{filter}')`"));
        self.report(format!("filter `{filter}` is applied to {what}"), hint);
    }

    /// Type of the items of a list filter.
    fn element(&mut self, of: Type, filter: &str) -> Type {
        match of {
            Type::List(element) => *element,
            Type::None => Type::None,
            Type::Scalar if filter != "lookup" => {
                self.report(format!("filter `{filter}` needs a list, not one value"), None)
            }
            Type::Record(record) if filter != "items" => self.report(
                format!("filter `{filter}` needs a list, not one record of `{record}`"),
                None,
            ),
            _ => Type::Any,
        }
    }

    fn over_list(
        &mut self,
        filter: &ast::Filter<'_>,
        shape: FilterShape,
        element: &Type,
        arguments: &[Type],
    ) -> Type {
        let by = self.attribute(filter, element);
        match shape {
            FilterShape::Keep => Type::list(element.clone()),
            FilterShape::Element => element.clone(),
            FilterShape::Special => match filter.name {
                "map" => Type::list(by.unwrap_or_else(|| mapped(filter))),
                "groupby" => Type::list(Type::fields([
                    ("grouper".to_owned(), by.unwrap_or(Type::Any)),
                    ("list".to_owned(), Type::list(element.clone())),
                ])),
                "items" => Type::list(Type::list(Type::Any)),
                "lookup" => self.lookup(filter, arguments),
                _ => Type::Any,
            },
            FilterShape::Scalar | FilterShape::Whole | FilterShape::Fold | FilterShape::Texts => {
                Type::Scalar
            }
        }
    }

    /// The type of the attribute that a filter is told to read of each element, where it is told.
    fn attribute(&mut self, filter: &ast::Filter<'_>, element: &Type) -> Option<Type> {
        let by_position = matches!(filter.name, "selectattr" | "rejectattr" | "groupby");
        let argument =
            filter.args.iter().enumerate().find_map(|(index, argument)| match argument {
                CallArg::Kwarg("attribute", value) => Some(value),
                CallArg::Pos(value) if by_position && index == 0 => Some(value),
                _ => None,
            })?;
        let Expr::Const(constant) = argument else { return Some(Type::Any) };
        Some(constant.value.as_str().map_or(Type::Any, |path| self.path(element, path)))
    }

    fn lookup(&mut self, filter: &ast::Filter<'_>, arguments: &[Type]) -> Type {
        match arguments.first() {
            Some(Type::Table(table)) => {
                self.keys(table, &filter.args);
                Type::list(Type::Record(Arc::clone(table)))
            }
            Some(Type::Any) | None => Type::list(Type::Any),
            Some(_) => {
                let hint = Some("name a resource, as in `ids | lookup(users)`".to_owned());
                self.report("filter `lookup` looks into what is not a table", hint);
                Type::list(Type::Any)
            }
        }
    }
}

/// Type of `map('filter')` for each element.
fn mapped(filter: &ast::Filter<'_>) -> Type {
    let inner = literal_text(filter.args.first()).and_then(language::find_filter);
    match inner.map(|inner| inner.shape) {
        Some(FilterShape::Scalar | FilterShape::Whole | FilterShape::Fold) => Type::Scalar,
        Some(FilterShape::Texts) => Type::list(Type::Scalar),
        _ => Type::Any,
    }
}
