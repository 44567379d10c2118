//! What expressions can name, as far as it can be told before any request: for checking them at load.
//!
//! Must not know values; `scope` has those.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use crate::behavior::notes::Notes;
use crate::behavior::shape::{Shape, Shapes};
use crate::behavior::types::{SCHEMA_DEPTH_MAX, type_of_schema, type_of_value};
use crate::expression::{Expression, Mistake, ScopeNames, Type};
use crate::openapi::{Location, Operation, Schemas};

/// Named expressions that read one another in a row: each is evaluated while the one before is, on the same stack.
const LETS_IN_A_ROW_MAX: usize = 64;

/// The names in scope at one place of a behavior file.
#[derive(Clone)]
pub(crate) struct NamesInScope<'s> {
    shapes: &'s Shapes,
    /// What is in scope everywhere. Shared: there are as many names as resources, and as many places as rules.
    everywhere: Rc<BTreeMap<String, Type>>,
    /// What is in scope here, too, and what is not: a name without a type.
    here: BTreeMap<String, Option<Type>>,
    lets: Option<&'s Lets<'s>>,
}

impl<'s> NamesInScope<'s> {
    /// What is in scope everywhere: the resources, `now` and `settings`.
    pub(crate) fn everywhere(shapes: &'s Shapes, settings: &Value) -> Self {
        let mut names: BTreeMap<String, Type> = shapes
            .iter()
            .map(|shape| (shape.name.to_string(), Type::Table(Arc::clone(&shape.name))))
            .collect();
        names.insert("now".into(), Type::Scalar);
        names.insert("settings".into(), type_of_value(settings));
        Self { shapes, everywhere: Rc::new(names), here: BTreeMap::new(), lets: None }
    }

    /// The same without what one name stands for beside its named expression.
    #[must_use]
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.here.insert(name.to_owned(), None);
        self
    }

    /// Nothing but `now`: what fixtures can name.
    #[must_use]
    pub(crate) fn only_now(mut self) -> Self {
        let now = self.everywhere.get_key_value("now");
        self.everywhere =
            Rc::new(now.map(|(name, kind)| (name.clone(), kind.clone())).into_iter().collect());
        self.here.clear();
        self
    }

    /// The same and one more name.
    #[must_use]
    pub(crate) fn and(mut self, name: &str, kind: Type) -> Self {
        self.here.insert(name.to_owned(), Some(kind));
        self
    }

    /// The same and the request that an operation takes.
    #[must_use]
    pub(crate) fn and_request(self, operation: &Operation, schemas: &Schemas) -> Self {
        let parameters = |location| {
            Type::fields(
                operation.parameters.iter().filter(|parameter| parameter.location == location).map(
                    |parameter| {
                        let kind = parameter.schema.map_or(Type::Any, |id| {
                            type_of_schema(schemas.resolved(id), schemas, SCHEMA_DEPTH_MAX)
                        });
                        (parameter.name.clone(), kind)
                    },
                ),
            )
        };
        let body = match &operation.request_body {
            None => Type::None,
            Some(body) => match body.content.values().next().and_then(|media| media.schema) {
                Some(id) => type_of_schema(schemas.resolved(id), schemas, SCHEMA_DEPTH_MAX),
                None => Type::Any,
            },
        };
        self.and("path", parameters(Location::Path))
            .and("query", parameters(Location::Query))
            .and("header", parameters(Location::Header))
            .and("cookie", parameters(Location::Cookie))
            .and("body", body)
            .and_request_line()
    }

    /// The same and `request`, which says the method, path and address of any request.
    #[must_use]
    pub(crate) fn and_request_line(self) -> Self {
        let request =
            ["method", "path", "target", "origin"].map(|name| (name.to_owned(), Type::Scalar));
        self.and("request", Type::fields(request))
    }

    /// The same and the named expressions of an operation.
    #[must_use]
    pub(crate) fn and_lets(mut self, lets: &'s Lets<'s>) -> Self {
        self.lets = Some(lets);
        self
    }
}

impl ScopeNames for NamesInScope<'_> {
    fn name(&self, name: &str) -> Option<Type> {
        let own = match self.here.get(name) {
            Some(own) => own.as_ref(),
            None => self.everywhere.get(name),
        };
        match own {
            Some(kind) => Some(kind.clone()),
            None => self.lets?.kind(name),
        }
    }

    fn names(&self) -> Vec<String> {
        let lets = self.lets.into_iter().flat_map(|lets| lets.expressions.keys());
        let here = self.here.iter().filter(|(_, kind)| kind.is_some()).map(|(name, _)| name);
        let everywhere = self.everywhere.keys().filter(|name| !self.here.contains_key(*name));
        everywhere.chain(here).chain(lets).cloned().collect()
    }

    fn property(&self, record: &str, property: &str) -> Option<Type> {
        self.shapes.by_name(record)?.property(property, self.shapes)
    }

    fn properties(&self, record: &str) -> Vec<String> {
        self.shapes.by_name(record).map_or_else(Vec::new, Shape::property_names)
    }

    fn views(&self, record: &str) -> Vec<String> {
        let shape = self.shapes.by_name(record);
        shape.map_or_else(Vec::new, |shape| shape.views.keys().cloned().collect())
    }

    fn view_parameters(&self, record: &str, view: &str) -> Vec<String> {
        let view = self.shapes.by_name(record).and_then(|shape| shape.views.get(view));
        view.map_or_else(Vec::new, |view| view.parameters().keys().cloned().collect())
    }
}

/// The named expressions of an operation, each given a type when it is first asked for.
pub(crate) struct Lets<'s> {
    /// `None` where an expression cannot be compiled, which was reported: its name is declared all the same.
    expressions: &'s IndexMap<String, Option<Expression>>,
    scope: NamesInScope<'s>,
    kinds: RefCell<BTreeMap<String, Kind>>,
    /// How many named expressions in a row are read by those that are looked at just now, the innermost last.
    rows: RefCell<Vec<usize>>,
    mistakes: RefCell<Vec<(String, Mistake)>>,
}

/// How far the type of a named expression is known.
#[derive(Clone)]
enum Kind {
    Asked,
    /// And how many named expressions in a row it takes, with itself.
    Known(Type, usize),
}

impl<'s> Lets<'s> {
    pub(crate) fn new(
        expressions: &'s IndexMap<String, Option<Expression>>,
        scope: NamesInScope<'s>,
    ) -> Self {
        Self {
            expressions,
            scope,
            kinds: RefCell::default(),
            rows: RefCell::default(),
            mistakes: RefCell::default(),
        }
    }

    /// Gives every expression its type; the mistakes found, with the name of the expression they are in.
    pub(crate) fn check(&self) -> Vec<(String, Mistake)> {
        for name in self.expressions.keys() {
            self.kind(name);
        }
        self.mistakes.take()
    }

    fn kind(&self, name: &str) -> Option<Type> {
        let Some(expression) = self.expressions.get(name)? else { return Some(Type::Any) };
        match self.kinds.borrow().get(name).cloned() {
            Some(Kind::Known(kind, row)) => {
                self.note_row(row);
                return Some(kind);
            }
            Some(Kind::Asked) => {
                let message = format!("`{name}` is defined by way of itself");
                self.note(name, Mistake::new(message).hint("break the circle"));
                return Some(Type::Any);
            }
            // It gets its type when those that ask have theirs; they are too many.
            None if self.rows.borrow().len() > LETS_IN_A_ROW_MAX => {
                self.note_row(LETS_IN_A_ROW_MAX);
                return Some(Type::Any);
            }
            None => {}
        }
        self.kinds.borrow_mut().insert(name.to_owned(), Kind::Asked);
        let scope = self.scope.clone();
        let with_lets = WithLets { scope, lets: self };
        self.rows.borrow_mut().push(0);
        let (kind, mistakes) = expression.check(&with_lets);
        let mut row = self.rows.borrow_mut().pop().unwrap_or(0) + 1;
        if row > LETS_IN_A_ROW_MAX {
            let message = format!("takes more than {LETS_IN_A_ROW_MAX} named expressions in a row");
            self.note(name, Mistake::new(message).hint("write some of them as one"));
            row = 1;
        }
        self.note_row(row);
        self.kinds.borrow_mut().insert(name.to_owned(), Kind::Known(kind.clone(), row));
        for mistake in mistakes {
            self.note(name, mistake);
        }
        Some(kind)
    }

    fn note(&self, name: &str, mistake: Mistake) {
        self.mistakes.borrow_mut().push((name.to_owned(), mistake));
    }

    /// What is looked at just now reads one that takes a row of so many.
    fn note_row(&self, row: usize) {
        if let Some(longest) = self.rows.borrow_mut().last_mut() {
            *longest = row.max(*longest);
        }
    }
}

/// The scope of a named expression: what is in scope around it, and its siblings.
struct WithLets<'l, 's> {
    scope: NamesInScope<'s>,
    lets: &'l Lets<'s>,
}

impl ScopeNames for WithLets<'_, '_> {
    fn name(&self, name: &str) -> Option<Type> {
        self.scope.name(name).or_else(|| self.lets.kind(name))
    }

    fn names(&self) -> Vec<String> {
        self.scope.names().into_iter().chain(self.lets.expressions.keys().cloned()).collect()
    }

    fn property(&self, record: &str, property: &str) -> Option<Type> {
        self.scope.property(record, property)
    }

    fn properties(&self, record: &str) -> Vec<String> {
        self.scope.properties(record)
    }

    fn views(&self, record: &str) -> Vec<String> {
        self.scope.views(record)
    }

    fn view_parameters(&self, record: &str, view: &str) -> Vec<String> {
        self.scope.view_parameters(record, view)
    }
}

/// An expression whose names are all in scope, and its type.
pub(crate) fn expression(
    text: &str,
    pointer: &str,
    names: &dyn ScopeNames,
    notes: &mut Notes<'_>,
) -> Option<(Expression, Type)> {
    if text.trim_start().starts_with("{{") {
        let hint = "leave the braces out: they are for text with values in it".to_owned();
        notes.error(
            pointer,
            format!("an expression stands here, and `{text}` is a template"),
            hint,
        );
        return None;
    }
    match Expression::compile(text) {
        Ok(expression) => {
            let (kind, mistakes) = expression.check(names);
            notes.mistakes(pointer, mistakes);
            Some((expression, kind))
        }
        Err(mistake) => {
            notes.mistakes(pointer, [mistake]);
            None
        }
    }
}
