//! What expressions can name, as far as it can be told before any request: for checking them at load.
//!
//! Must not know values; `scope` has those.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use crate::behavior::shape::{Shape, Shapes};
use crate::expression::{Expression, Mistake, Names, Type};
use crate::openapi::{Location, Operation, Schemas};

/// How deep a schema is followed for the names of its properties; below, anything may be named.
const SCHEMA_DEPTH_MAX: usize = 16;
/// Named expressions that read one another in a row: each is evaluated while the one before is, on the same stack.
const LETS_IN_A_ROW_MAX: usize = 64;

/// The names in scope at one place of a behavior file.
#[derive(Clone)]
pub(crate) struct NamesInScope<'s> {
    shapes: &'s Shapes,
    names: BTreeMap<String, Type>,
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
        Self { shapes, names, lets: None }
    }

    /// Nothing but `now`: what fixtures can name.
    #[must_use]
    pub(crate) fn only_now(mut self) -> Self {
        self.names.retain(|name, _| name == "now");
        self
    }

    /// The same and one more name.
    #[must_use]
    pub(crate) fn and(mut self, name: &str, kind: Type) -> Self {
        self.names.insert(name.to_owned(), kind);
        self
    }

    /// The same and the request that an operation takes.
    #[must_use]
    pub(crate) fn and_request(self, operation: &Operation, schemas: &Schemas) -> Self {
        let parameters = |location| {
            Type::Fields(
                operation
                    .parameters
                    .iter()
                    .filter(|parameter| parameter.location == location)
                    .map(|parameter| {
                        let kind = parameter.schema.map_or(Type::Any, |id| {
                            type_of_schema(schemas.resolved(id), schemas, SCHEMA_DEPTH_MAX)
                        });
                        (parameter.name.clone(), kind)
                    })
                    .collect(),
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

    /// The same and `request`, which says the method and path of any request.
    #[must_use]
    pub(crate) fn and_request_line(self) -> Self {
        let request = ["method", "path"].map(|name| (name.to_owned(), Type::Scalar));
        self.and("request", Type::Fields(request.into()))
    }

    /// The same and the named expressions of an operation.
    #[must_use]
    pub(crate) fn and_lets(mut self, lets: &'s Lets<'s>) -> Self {
        self.lets = Some(lets);
        self
    }
}

impl Names for NamesInScope<'_> {
    fn name(&self, name: &str) -> Option<Type> {
        match self.names.get(name) {
            Some(kind) => Some(kind.clone()),
            None => self.lets?.kind(name),
        }
    }

    fn names(&self) -> Vec<String> {
        let lets = self.lets.into_iter().flat_map(|lets| lets.expressions.keys());
        self.names.keys().chain(lets).cloned().collect()
    }

    fn property(&self, record: &str, property: &str) -> Option<Type> {
        self.shapes.by_name(record)?.property(property, self.shapes)
    }

    fn properties(&self, record: &str) -> Vec<String> {
        self.shapes.by_name(record).map_or_else(Vec::new, Shape::property_names)
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

impl Names for WithLets<'_, '_> {
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
}

/// What can be named in a value that is known at load.
pub(crate) fn type_of_value(value: &Value) -> Type {
    match value {
        Value::Null => Type::None,
        Value::Array(_) => Type::List(Box::new(Type::Any)),
        Value::Object(members) => Type::Fields(
            members.iter().map(|(name, value)| (name.clone(), type_of_value(value))).collect(),
        ),
        _ => Type::Scalar,
    }
}

/// What can be named in a value that fits a schema. An object whose schema lists properties has only those.
pub(crate) fn type_of_schema(schema: &Value, schemas: &Schemas, depth: usize) -> Type {
    let Some(members) = schema.as_object().filter(|_| depth > 0) else { return Type::Any };
    if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
        let target = reference.strip_prefix('#').and_then(|pointer| schemas.at(pointer));
        return target
            .map_or(Type::Any, |id| type_of_schema(schemas.resolved(id), schemas, depth - 1));
    }
    if ["oneOf", "anyOf", "allOf", "if"].iter().any(|keyword| members.contains_key(*keyword)) {
        return Type::Any;
    }
    let kind = match members.get("type") {
        Some(Value::String(kind)) => kind.as_str(),
        // `[object, "null"]`: none reads like an object without the property.
        Some(Value::Array(kinds)) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null");
            match (kinds.next(), kinds.next()) {
                (Some(kind), None) => kind,
                _ => return Type::Any,
            }
        }
        _ => return Type::Any,
    };
    match (kind, members.get("properties").and_then(Value::as_object)) {
        ("object", Some(properties)) => Type::Fields(
            properties
                .iter()
                .map(|(name, schema)| (name.clone(), type_of_schema(schema, schemas, depth - 1)))
                .collect(),
        ),
        ("object", None) => Type::Any,
        ("array", _) => Type::List(Box::new(
            members
                .get("items")
                .map_or(Type::Any, |items| type_of_schema(items, schemas, depth - 1)),
        )),
        _ => Type::Scalar,
    }
}
