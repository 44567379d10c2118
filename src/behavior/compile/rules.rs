//! Decision tables: rules with their effects and answers, failure entries, and the answers of `restrict`.
//!
//! Must not know in which order tables are asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::behavior::answer::{Answer, AnswerPlace};
use crate::behavior::compile::{Compiler, expression, violation_type};
use crate::behavior::effect::{Effect, OUTCOME};
use crate::behavior::format::{
    AnswerFormat, FailuresFormat, OneOrMany, OperationFormat, RuleFormat,
};
use crate::behavior::names::NamesInScope;
use crate::behavior::new_key::NewKey;
use crate::behavior::settings::{check_span, delay_ms};
use crate::behavior::{Rule, RuleInfo};
use crate::expression::{Expression, Names, Template, Type, from_json};
use crate::finding::{child, did_you_mean};
use crate::openapi::Operation;
use crate::store::OnDelete;

/// Where rules stand and what they may name.
pub(super) struct Table<'t> {
    pub(super) pointer: String,
    pub(super) title: String,
    pub(super) operation: Option<&'t Operation>,
    /// What kind of table it is, for [`RuleInfo`].
    pub(super) kind: &'static str,
    pub(super) names: NamesInScope<'t>,
}

/// One kind of failure entries.
type Pick = fn(&FailuresFormat) -> &Option<OneOrMany<RuleFormat>>;

impl<'c> Compiler<'c, '_> {
    /// The rules that can be honoured.
    pub(super) fn rules(&mut self, formats: &[RuleFormat], table: &Table<'_>) -> Vec<Rule> {
        let mut rules = Vec::new();
        for (number, format) in formats.iter().enumerate() {
            let title = format!("{} rule {}", table.title, number + 1);
            rules.extend(self.rule(format, &child(&table.pointer, number), &title, table));
        }
        rules
    }

    /// The entries of a failure: one that stands by itself, or a list of rules.
    fn entries(&mut self, formats: &OneOrMany<RuleFormat>, table: &Table<'_>) -> Vec<Rule> {
        match formats {
            OneOrMany::One(format) => {
                self.rule(format, &table.pointer, &table.title, table).into_iter().collect()
            }
            OneOrMany::Many(formats) => self.rules(formats, table),
        }
    }

    fn rule(
        &mut self,
        format: &RuleFormat,
        pointer: &str,
        title: &str,
        table: &Table<'_>,
    ) -> Option<Rule> {
        let when = match &format.when {
            None => None,
            Some(text) => {
                Some(expression(text, &format!("{pointer}/when"), &table.names, self.notes)?.0)
            }
        };
        let effect = self.effect(format, pointer, &table.names)?;
        let counts: Vec<_> =
            self.shapes.iter().map(|shape| (shape.name.to_string(), Type::Scalar)).collect();
        let outcome = OUTCOME.map(|name| {
            let what = match name {
                "record" | "job" => Type::Any,
                _ => Type::Fields(counts.iter().cloned().collect()),
            };
            (name.to_owned(), what)
        });
        let names = match effect {
            Effect::None => table.names.clone(),
            _ => table.names.clone().and("outcome", Type::Fields(outcome.into())),
        };
        let answer = self.answer(&format.answer, pointer, table.operation, &names)?;
        let delay = match &format.delay {
            None => None,
            Some(text) => Some(self.delay(text, &format!("{pointer}/delay"), &names)?),
        };
        let label = format!("{title}, {}:{}", self.name, self.notes.line(pointer)).into();
        let number =
            self.number(&label, table.operation, table.kind, &answer, format.inferred.is_some());
        Some(Rule { number, label, when, effect, answer, delay })
    }

    /// An expression that gives a time span; whether it does is known where it needs settings only.
    fn delay(&mut self, text: &str, pointer: &str, names: &dyn Names) -> Option<Expression> {
        let (delay, _) = expression(text, pointer, names, self.notes)?;
        let settings = from_json(&Json::Object(self.file.settings.clone()));
        if let Err(reason) = check_span(&delay, &settings, delay_ms) {
            self.notes.error(pointer, reason, None);
        }
        self.delays.push((pointer.to_owned(), delay.clone()));
        Some(delay)
    }

    /// The number of a rule among all of the file.
    fn number(
        &mut self,
        label: &Arc<str>,
        operation: Option<&Operation>,
        table: &'static str,
        answer: &Answer,
        inferred: bool,
    ) -> u32 {
        let operation = operation.and_then(|operation| {
            self.contract.operations.iter().position(|other| other.id == operation.id)
        });
        let (label, status) = (Arc::clone(label), answer.status());
        let number = u32::try_from(self.rules.len()).unwrap_or(u32::MAX);
        self.rules.push(RuleInfo { label, operation, status, inferred, table });
        number
    }

    fn answer(
        &mut self,
        format: &AnswerFormat,
        pointer: &str,
        operation: Option<&Operation>,
        names: &dyn Names,
    ) -> Option<Answer> {
        let schemas = &self.contract.schemas;
        let place = AnswerPlace { pointer, operation, names, schemas, vet: self.vet };
        Answer::compile(format, &place, self.notes)
    }

    /// The effect that a rule names; `None` when it cannot be honoured.
    pub(super) fn effect(
        &mut self,
        format: &RuleFormat,
        pointer: &str,
        names: &NamesInScope<'_>,
    ) -> Option<Effect> {
        let effects = [
            ("delete", format.delete.as_ref()),
            ("update", format.update.as_ref()),
            ("create", format.create.as_ref()),
            ("start_job", format.start_job.as_ref()),
        ];
        let mut effects = effects.into_iter().filter_map(|(kind, text)| Some((kind, text?)));
        let Some((kind, text)) = effects.next() else { return Some(Effect::None) };
        let place = format!("{pointer}/{kind}");
        if let Some((second, _)) = effects.next() {
            let message = format!("a rule has one effect, and this has `{kind}` and `{second}`");
            let hint = "let relations carry the rest".to_owned();
            self.notes.error(&place, message, hint);
            return None;
        }
        match kind {
            "delete" => {
                self.targets(text, &place, names).map(|(targets, _)| Effect::Delete(targets))
            }
            "update" => {
                let (targets, record) = self.targets(text, &place, names)?;
                let set = format.set.clone().map(Json::Object);
                let set = self.properties(
                    set,
                    &format!("{pointer}/set"),
                    &names.clone().and("record", record.clone()),
                )?;
                if let Type::Record(name) = record
                    && let Some(resource) = self.shapes.number(&name)
                {
                    self.check_known(resource, &set, &format!("{pointer}/set"));
                }
                Some(Effect::Update { targets, set })
            }
            "create" => {
                let resource = self.resource(text, &place)?;
                let with = format.with.clone().map(Json::Object);
                let with = self.properties(with, &format!("{pointer}/with"), names)?;
                self.check_new_record(resource, &with, &format!("{pointer}/with"));
                Some(Effect::Create { resource, with })
            }
            _ => self.start_job(text, format, pointer, names),
        }
    }

    /// An expression for records, and the type of one of them.
    fn targets(
        &mut self,
        text: &str,
        pointer: &str,
        names: &dyn Names,
    ) -> Option<(Expression, Type)> {
        let (targets, kind) = expression(text, pointer, names, self.notes)?;
        let record = match kind {
            Type::List(item) => *item,
            other => other,
        };
        if !matches!(record, Type::Record(_) | Type::Any | Type::None) {
            let message = format!("`{text}` is no record and no list of records");
            self.notes.error(pointer, message, "name a record, such as `organization`".to_owned());
        }
        Some((targets, record))
    }

    fn resource(&mut self, name: &str, pointer: &str) -> Option<usize> {
        let found = self.shapes.number(name);
        if found.is_none() {
            let message = format!("there is no resource `{name}`");
            self.notes.error(pointer, message, self.shapes.suggestion(name));
        }
        found
    }

    /// A template for properties of a record.
    fn properties(
        &mut self,
        format: Option<Json>,
        pointer: &str,
        names: &dyn Names,
    ) -> Option<Template> {
        let Some(format) = format else {
            let hint = "say what the record has".to_owned();
            self.notes.error(pointer, "the properties are missing", hint);
            return None;
        };
        match Template::compile(&format) {
            Ok(template) => {
                self.notes.mistakes(pointer, template.check(names));
                Some(template)
            }
            Err(mistakes) => {
                self.notes.mistakes(pointer, mistakes);
                None
            }
        }
    }

    /// A record that is made has what its schema requires, as far as that can be told before any request.
    fn check_new_record(&mut self, resource: usize, with: &Template, pointer: &str) {
        self.check_known(resource, with, pointer);
        let shape = &self.shapes[resource];
        let Some(given) = with.keys() else { return };
        let key = &self.model.resources[resource].key;
        let is_missing = |property: &&String| !given.contains(&property.as_str());
        for property in key.iter().filter(is_missing) {
            if let NewKey::Given(reason) = &shape.new_key {
                let message = format!("`{property}`, a key of `{}`, is not given", shape.name);
                let hint = format!("add it: {reason}, so that it is not made up");
                self.notes.error(pointer, message, hint);
            }
        }
        let required = shape.schema.as_ref().map(|schema| schema.required(&self.contract.schemas));
        let required = required.into_iter().flatten().filter(|property| !key.contains(property));
        for property in required.filter(|property| !given.contains(&property.as_str())) {
            let message = format!(
                "`{property}`, which the schema of `{}` requires, is not given",
                shape.name
            );
            self.notes.error(pointer, message, "add it".to_owned());
        }
    }

    /// Properties that are written are such as the records can have.
    fn check_known(&mut self, resource: usize, written: &Template, pointer: &str) {
        let shape = &self.shapes[resource];
        let unknown = written.keys().into_iter().flatten().filter(|name| !shape.knows(name));
        for name in unknown {
            let message = format!("the schema of `{}` has no property `{name}`", shape.name);
            let known = shape.own_properties();
            self.notes.error(&child(pointer, name), message, did_you_mean(name, known));
        }
    }

    fn start_job(
        &mut self,
        name: &str,
        format: &RuleFormat,
        pointer: &str,
        names: &dyn Names,
    ) -> Option<Effect> {
        let Some(job) = self.file.jobs.get_index_of(name) else {
            let known = self.file.jobs.keys().map(String::as_str);
            let message = format!("there is no job `{name}`");
            self.notes.error(&format!("{pointer}/start_job"), message, did_you_mean(name, known));
            return None;
        };
        let with = Some(Json::Object(format.with.clone().unwrap_or_default()));
        let with = self.properties(with, &format!("{pointer}/with"), names)?;
        Some(Effect::StartJob { job, with })
    }

    /// The failure entries of one kind for an operation: its own, else the file's.
    pub(super) fn failures(
        &mut self,
        operation: &'c Operation,
        format: &'c OperationFormat,
        kind: &'static str,
    ) -> Vec<Rule> {
        let (pick, can_happen): (Pick, bool) = match kind {
            "unauthenticated" => {
                (|failures| &failures.unauthenticated, !operation.security.is_empty())
            }
            "internal" => (|failures| &failures.internal, true),
            _ => (
                |failures| &failures.invalid_request,
                operation.request_body.is_some() || !operation.parameters.is_empty(),
            ),
        };
        let own = pick(&format.failures).as_ref();
        let Some(formats) = own.or(pick(&self.file.failures).as_ref()).filter(|_| can_happen)
        else {
            return Vec::new();
        };
        let pointer = match own {
            Some(_) => format!("{}/failures/{kind}", child("/operations", &operation.id)),
            None => format!("/failures/{kind}"),
        };
        let names = self.names.clone().and_request_line();
        let names = match kind {
            "unauthenticated" => {
                let failure = ["reason", "scheme"].map(|name| (name.to_owned(), Type::Scalar));
                names.and("failure", Type::Fields(failure.into()))
            }
            "internal" => names,
            _ => names.and("violations", Type::List(Box::new(violation_type()))),
        };
        let title = format!("{kind} of {}", operation.id);
        let table = Table { pointer, title, operation: Some(operation), kind, names };
        self.entries(formats, &table)
    }

    /// The failure entries of one kind where no operation was found.
    pub(super) fn route_failure(
        &mut self,
        formats: Option<&OneOrMany<RuleFormat>>,
        kind: &'static str,
    ) -> Vec<Rule> {
        let names = self.names.clone().and_request_line();
        let pointer = format!("/failures/{kind}");
        let table = Table { pointer, title: kind.to_owned(), operation: None, kind, names };
        formats.map_or_else(Vec::new, |formats| self.entries(formats, &table))
    }

    /// The answers that `restrict` relations name, for the operations that delete.
    pub(super) fn restricts(
        &mut self,
        rules: &[Rule],
        operation: &'c Operation,
        names: &NamesInScope<'_>,
    ) -> BTreeMap<(usize, usize), Rule> {
        let mut restricts = BTreeMap::new();
        let deleted = rules.iter().filter_map(|rule| match &rule.effect {
            Effect::Delete(targets) => match targets.check(names).0 {
                Type::Record(name) => self.shapes.number(&name),
                Type::List(item) => match *item {
                    Type::Record(name) => self.shapes.number(&name),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        });
        let deleted = self.model.carried_off(deleted.collect());
        for (resource, shape) in self.shapes.iter().enumerate() {
            for (relation, restrict) in shape.restricts.iter().enumerate() {
                let of_model = &self.model.resources[resource].relations[relation];
                if of_model.on_delete != OnDelete::Restrict || !deleted.contains(&of_model.target) {
                    continue;
                }
                let Some((format, pointer)) = restrict else {
                    let place = format!("{}/belongs_to", child("/resources", &shape.name));
                    let message = format!(
                        "`{}` deletes `{}`, which this may refuse, and no answer is named for that",
                        operation.id, self.shapes[of_model.target].name
                    );
                    let hint = "write `on_delete: { restrict: { respond: <status> } }`".to_owned();
                    self.notes.error(&child(&place, &of_model.name), message, hint);
                    continue;
                };
                let Some(answer) = self.answer(format, pointer, Some(operation), names) else {
                    continue;
                };
                let label = format!(
                    "restrict of {}, {}:{}",
                    shape.name,
                    self.name,
                    self.notes.line(pointer)
                );
                let label = label.into();
                let number = self.number(&label, Some(operation), "restrict", &answer, false);
                let (when, effect, delay) = (None, Effect::None, None);
                let rule = Rule { number, label, when, effect, answer, delay };
                restricts.insert((resource, relation), rule);
            }
        }
        restricts
    }
}
