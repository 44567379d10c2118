//! An operation on a resource: what it is about, how its records are found, and what is said where there is none.
//!
//! Must not know what it does with them.

use http::Method;
use serde_json::{Map, Value, json};

use crate::infer::absence::{absent, taken};
use crate::infer::key::converted;
use crate::infer::paths::Argument;
use crate::infer::resource::{Address, Kind, Resource, Survey};
use crate::infer::shape::{Body, success};
use crate::infer::words::member;
use crate::openapi::{Operation, Schemas};

/// What an operation does to records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::infer) enum Role {
    List,
    Create,
    Clear,
    Read,
    Update,
    Replace,
    /// Sets a property, at a path below the record's.
    Act,
    Delete,
    /// Deletes those that a parameter of the query names.
    DeletePicked,
}

impl Role {
    /// In words, before the resource's name.
    pub(in crate::infer) fn in_words(self) -> &'static str {
        match self {
            Self::List => "lists",
            Self::Create => "creates one of",
            Self::Clear => "deletes all of",
            Self::Read => "reads one of",
            Self::Update => "changes one of",
            Self::Replace => "replaces one of",
            Self::Act => "changes a property of one of",
            Self::Delete => "deletes one of",
            Self::DeletePicked => "deletes those that the query names of",
        }
    }
}

/// One operation of a resource.
pub(in crate::infer) struct Task<'t, 'c> {
    pub(in crate::infer) survey: &'t Survey<'c>,
    pub(in crate::infer) resources: &'t [Resource<'c>],
    pub(in crate::infer) resource: &'t Resource<'c>,
    pub(in crate::infer) address: &'t Address,
    pub(in crate::infer) operation: &'c Operation,
    pub(in crate::infer) role: Role,
    /// Whether what was never written nor deleted is as the contract alone has it.
    pub(in crate::infer) is_lenient: bool,
}

/// What is written of an operation.
pub(in crate::infer) struct Written {
    pub(in crate::infer) format: Map<String, Value>,
    /// A view that its answer needs.
    pub(in crate::infer) view: Option<(String, Value)>,
    /// What of it is not as one may expect, in words.
    pub(in crate::infer) notes: Vec<String>,
}

/// A record that an operation is about.
pub(super) struct Lookup {
    /// The expression that finds it.
    pub(super) expression: String,
    /// The expression of its key.
    pub(super) key: String,
    /// The condition under which there is none.
    pub(super) absent: String,
    /// The condition under which it is marked as deleted, where records are.
    pub(super) deleted: Option<String>,
}

impl Lookup {
    /// The condition under which there is none that is not deleted.
    pub(super) fn gone(&self) -> String {
        match &self.deleted {
            Some(deleted) => format!("{} or {deleted}", self.absent),
            None => self.absent.clone(),
        }
    }

    /// One that finds what is marked as deleted, too.
    pub(super) fn with_deleted(self) -> Self {
        Self { deleted: None, ..self }
    }
}

impl<'c> Task<'_, 'c> {
    pub(super) fn schemas(&self) -> &'c Schemas {
        self.survey.schemas
    }

    /// What a call says of the record that it is about.
    pub(super) fn arguments(&self) -> Vec<Argument<'c>> {
        self.survey.arguments(self.operation)
    }

    /// An expression for an argument by its place, of the type that records keep.
    pub(super) fn argument(&self, number: usize, is_whole: bool) -> String {
        let arguments = self.arguments();
        let Some(argument) = arguments.get(number) else { return "none".to_owned() };
        converted(self.schemas(), argument.expression(), argument.schema, is_whole)
    }

    /// The expressions of the scope's properties.
    pub(super) fn scope(&self) -> Vec<(&str, String)> {
        if !self.address.is_scoped {
            return Vec::new();
        }
        let properties = self.resource.scope.iter().enumerate();
        properties
            .map(|(number, one)| (one.property.as_str(), self.argument(number, one.is_whole)))
            .collect()
    }

    /// How a record of a resource is found by the first parameters of the path.
    pub(super) fn lookup(&self, of: &Resource<'_>, is_scoped: bool, count: usize) -> Lookup {
        self.lookup_by(of, is_scoped, self.argument(count.saturating_sub(1), of.key.is_whole))
    }

    /// How a record of a resource is found by the first parameters of the path and the expression of its key.
    pub(super) fn lookup_by(&self, of: &Resource<'_>, is_scoped: bool, id: String) -> Lookup {
        let deleted = of.mark.as_ref().map(|mark| mark.set.holds(&of.one));
        let scope: Vec<(&str, String)> = if is_scoped {
            let scope = of.scope.iter().enumerate();
            scope
                .map(|(number, one)| (one.property.as_str(), self.argument(number, one.is_whole)))
                .collect()
        } else {
            Vec::new()
        };
        let columns = of.key_columns();
        if let [_] = columns.as_slice() {
            let value = match (of.kind, scope.first()) {
                (Kind::Single, Some((_, value))) => value.clone(),
                (Kind::Single, None) => "1".to_owned(),
                _ => id,
            };
            let mut absent = format!("{} is none", of.one);
            for (property, value) in scope.iter().filter(|(property, _)| *property != columns[0]) {
                absent = format!("{absent} or {} != ({value})", member(&of.one, property));
            }
            let expression = format!("{}[{value}]", of.name);
            return Lookup { expression, key: value, absent, deleted };
        }
        // The last part of a key is found within the others.
        let mut parts = scope;
        if of.kind == Kind::Many {
            parts.push((of.key.property.as_str(), id));
        }
        let key: Vec<&str> = parts.iter().map(|(_, value)| value.as_str()).collect();
        let key = format!("[{}]", key.join(", "));
        let (_, last) = parts.pop().unwrap_or_default();
        let within: Vec<String> =
            parts.iter().map(|(property, value)| format!("{property}={value}")).collect();
        let expression = format!("{}.find({last}, {})", of.name, within.join(", "));
        Lookup { expression, key, absent: format!("{} is none", of.one), deleted }
    }

    /// How the record of the operation itself is found.
    pub(super) fn own(&self) -> Lookup {
        let count = self.arguments().len();
        self.lookup(self.resource, self.address.is_scoped, count)
    }

    /// The name and lookup of the record that all this is below.
    pub(super) fn parent(&self) -> Option<(&str, Lookup)> {
        let (parent, count) = self.resource.parent.filter(|_| self.address.is_scoped)?;
        let parent = &self.resources[parent];
        let is_scoped = !parent.scope.is_empty();
        Some((&parent.one, self.lookup(parent, is_scoped, count)))
    }

    /// The rule for what is not there.
    pub(super) fn absent_rule(&self, condition: &str, of: &Resource<'_>, count: usize) -> Value {
        let arguments = self.arguments();
        let what = match (of.kind, arguments.get(count.saturating_sub(1))) {
            (Kind::Many, Some(argument)) => {
                format!("there is no {} `{{{{ {} }}}}`", of.in_words(), argument.expression())
            }
            _ => format!("there is no {}", of.in_words()),
        };
        let mut rule = Map::new();
        rule.insert("when".into(), condition.into());
        rule.extend(absent(self.survey, self.operation, &what));
        Value::Object(rule)
    }

    /// Whether records that were never written nor deleted are as the contract alone has them: always, or because there is no
    /// way to make or see one.
    pub(in crate::infer) fn is_open(&self) -> bool {
        if self.is_lenient || self.resource.kind == Kind::Single {
            return true;
        }
        let has = |path: &str, method: &Method| self.survey.operation(path, method).is_some();
        let is_known = self.resource.addresses.iter().any(|address| {
            has(&address.collection, &Method::POST)
                || has(&address.collection, &Method::GET)
                || address
                    .item
                    .as_ref()
                    .is_some_and(|item| has(item, &Method::GET) || has(item, &Method::PUT))
        });
        !is_known && self.role == Role::Delete
    }

    /// The condition under which a record is not there and never was.
    pub(super) fn unknown(of: &Resource<'_>, lookup: &Lookup) -> String {
        let absent = &lookup.absent;
        let absent = if absent.contains(" or ") { format!("({absent})") } else { absent.clone() };
        format!("{absent} and not {}.was_deleted({})", of.name, lookup.key)
    }

    /// Lets and rules that ask for the parent.
    pub(super) fn begin(&self) -> (Map<String, Value>, Vec<Value>) {
        let (mut lets, mut rules) = (Map::new(), Vec::new());
        if let Some((name, lookup)) = self.parent() {
            let (parent, count) = self.resource.parent.unwrap_or_default();
            let parent = &self.resources[parent];
            let condition = if self.is_lenient {
                format!("{}.was_deleted({})", parent.name, lookup.key)
            } else {
                let gone = lookup.gone();
                lets.insert(name.to_owned(), lookup.expression.into());
                gone
            };
            rules.push(self.absent_rule(&condition, parent, count));
        }
        (lets, rules)
    }

    /// Lets and rules that ask for the record itself.
    pub(super) fn begin_with_own(&self) -> (Map<String, Value>, Vec<Value>) {
        self.begin_with(self.own())
    }

    /// Lets and rules that ask for the record that is found so.
    pub(super) fn begin_with(&self, lookup: Lookup) -> (Map<String, Value>, Vec<Value>) {
        let gone = lookup.gone();
        let lets = Map::from_iter([(self.resource.one.clone(), lookup.expression.into())]);
        let count = self.arguments().len();
        (lets, vec![self.absent_rule(&gone, self.resource, count)])
    }

    /// The beginning of a rule for a record that nobody has written or deleted yet.
    pub(super) fn begin_unknown(&self) -> Map<String, Value> {
        Map::from_iter([("when".to_owned(), Self::unknown(self.resource, &self.own()).into())])
    }

    pub(super) fn written(lets: Map<String, Value>, rules: Vec<Value>) -> Map<String, Value> {
        let mut format = Map::new();
        if !lets.is_empty() {
            format.insert("let".into(), Value::Object(lets));
        }
        format.insert("rules".into(), Value::Array(rules));
        format
    }

    /// The rule's answer: the status, and a body if it is known what that is.
    pub(super) fn answer(&self, body: Option<Value>) -> Map<String, Value> {
        let mut answer = Map::new();
        let (key, status) = match (success(self.operation), &body) {
            (Some((status, _)), _) => ("respond", status),
            (None, Some(_)) => ("status", 200),
            (None, None) => ("status", 204),
        };
        answer.insert(key.into(), status.into());
        answer.extend(body.map(|body| ("body".to_owned(), body)));
        answer
    }

    /// What is documented of the success: its schema, and its example or a value that is made up.
    pub(super) fn documented(&self) -> Option<(Body<'c>, Value)> {
        let (_, response) = success(self.operation)?;
        let body = Body::of_response(self.schemas(), response)?;
        let example = body.media.examples.values().next();
        let example = example.filter(|example| self.survey.is_fit(body.id, example)).cloned();
        let made = || self.survey.made_up(body.id, false, 0);
        Some((body, example.or_else(made)?))
    }

    /// Adds what the path says of a record: its key and its scope.
    pub(super) fn add_place(&self, with: &mut Map<String, Value>) {
        with.extend(
            self.scope().into_iter().map(|(name, value)| {
                (name.to_owned(), Value::String(format!("{{{{ {value} }}}}")))
            }),
        );
        let key = &self.resource.key;
        if self.resource.kind == Kind::Many {
            let last = self.arguments().len().saturating_sub(1);
            let id = self.argument(last, key.is_whole);
            with.insert(key.property.clone(), format!("{{{{ {id} }}}}").into());
        } else if self.resource.scope.is_empty() {
            with.insert(key.property.clone(), 1.into());
        }
    }

    pub(super) fn add_conflict(&self, format: &mut Map<String, Value>) {
        // One that is lenient takes what the contract takes.
        let taken =
            if self.is_lenient { self.answer(None) } else { taken(self.survey, self.operation) };
        format.insert("failures".into(), json!({ "conflict": taken }));
    }
}
