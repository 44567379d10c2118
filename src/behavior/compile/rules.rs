//! Decision tables: rules with their effects and answers, failure entries, and the answers of `restrict`.
//!
//! Must not know in which order tables are asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::behavior::answer::{Answer, AnswerPlace};
use crate::behavior::compile::compiler::{Compiler, Table, violation_type};
use crate::behavior::effect::{EffectFormat, EffectReader, Step, StepFormat};
use crate::behavior::format::{
    AnswerFormat, FailuresFormat, OneOrMany, OperationFormat, RuleFormat,
};
use crate::behavior::names::{NamesInScope, expression};
use crate::behavior::settings::{check_span, delay_ms};
use crate::behavior::table::{Rule, RuleInfo};
use crate::expression::{Expression, ScopeNames, Type, from_json};
use crate::openapi::Operation;
use crate::pointer::child;
use crate::store::OnDelete;

/// One kind of failure entries.
type Pick = fn(&FailuresFormat) -> &Option<OneOrMany<RuleFormat>>;

/// The failures of operations.
const FAILURES: [&str; 6] = [
    "unauthenticated",
    "invalid_request",
    "conflict",
    "precondition_failed",
    "idempotency_mismatch",
    "internal",
];

/// A kind of failure, and whether an operation can fail so.
fn failure_of(kind: &str, operation: &Operation, format: &OperationFormat) -> (Pick, bool) {
    match kind {
        "unauthenticated" => (|failures| &failures.unauthenticated, !operation.security.is_empty()),
        "internal" => (|failures| &failures.internal, true),
        "precondition_failed" => (|failures| &failures.precondition_failed, format.etag.is_some()),
        "idempotency_mismatch" => {
            (|failures| &failures.idempotency_mismatch, format.idempotency.is_some())
        }
        "conflict" => (|failures| &failures.conflict, format.rules.iter().any(RuleFormat::writes)),
        _ => (
            |failures| &failures.invalid_request,
            operation.request_body.is_some() || !operation.parameters.is_empty(),
        ),
    }
}

/// The statuses by which a failure is answered as documented where the file's words do not fit, the best first.
fn documented_failures(kind: &str) -> &'static [u16] {
    match kind {
        "unauthenticated" => &[401],
        "conflict" => &[409],
        "precondition_failed" => &[412],
        "idempotency_mismatch" => &[422],
        "internal" => &[500],
        _ => &[400, 422],
    }
}

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
        let (effects, made) =
            self.effects(&format.effect, &format.effects, pointer, &table.names)?;
        let names = match effects.as_slice() {
            [] => table.names.clone(),
            _ => {
                let names = table.names.clone().and("made", Type::fields(made));
                let names = table.after.iter().fold(names, |names, name| names.without(name));
                names.and("outcome", self.outcome.clone())
            }
        };
        let answer = self.answer(&format.answer, pointer, table.operation, &names)?;
        let delay = match &format.delay {
            None => None,
            Some(text) => Some(self.delay(text, &format!("{pointer}/delay"), &names)?),
        };
        let label = self.label(title, pointer, table.operation);
        let number =
            self.number(&label, table.operation, table.kind, &answer, format.inferred.is_some());
        Some(Rule { number, label, when, effects, answer, delay })
    }

    /// What the file says of an operation.
    fn format_of(&self, operation: Option<&Operation>) -> Option<&'c OperationFormat> {
        self.file.operations.get(&operation?.id)
    }

    /// What the log calls a rule: its title, and where it stands or what it was inferred from.
    fn label(&self, title: &str, pointer: &str, operation: Option<&Operation>) -> Arc<str> {
        match self.format_of(operation).and_then(|format| format.contract_line) {
            Some(line) => format!("{title}, inferred from {}:{line}", self.contract.file).into(),
            None => format!("{title}, {}:{}", self.name, self.notes.line(pointer)).into(),
        }
    }

    /// An expression that gives a time span; whether it does is known where it needs settings only.
    fn delay(&mut self, text: &str, pointer: &str, names: &dyn ScopeNames) -> Option<Expression> {
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
        names: &dyn ScopeNames,
    ) -> Option<Answer> {
        let schemas = &self.contract.schemas;
        let is_inferred = self.format_of(operation).is_some_and(|format| format.inferred.is_some());
        let vet = self.vet && !is_inferred;
        let place = AnswerPlace { pointer, operation, names, schemas, vet, is_inferred };
        Answer::compile(format, &place, self.notes)
    }

    /// The effects that a rule or job names; `None` when they cannot be honoured.
    pub(super) fn effects(
        &mut self,
        one: &EffectFormat,
        several: &[StepFormat],
        pointer: &str,
        names: &NamesInScope<'_>,
    ) -> Option<(Vec<Step>, BTreeMap<String, Type>)> {
        let mut reader = EffectReader {
            shapes: self.shapes,
            model: self.model,
            schemas: &self.contract.schemas,
            jobs: &self.job_records,
            notes: self.notes,
        };
        reader.read(one, several, pointer, names)
    }

    /// The failure entries of one kind for an operation: its own, else the file's.
    pub(super) fn failures(
        &mut self,
        operation: &'c Operation,
        format: &'c OperationFormat,
        kind: &'static str,
    ) -> Vec<Rule> {
        let (pick, can_happen) = failure_of(kind, operation, format);
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
                names.and("failure", Type::fields(failure))
            }
            "internal" | "precondition_failed" | "idempotency_mismatch" => names,
            "conflict" => {
                let conflict =
                    ["reason", "resource", "message"].map(|name| (name.to_owned(), Type::Scalar));
                names.and("conflict", Type::fields(conflict))
            }
            _ => names.and("violations", Type::List(Box::new(violation_type()))),
        };
        let title = format!("{kind} of {}", operation.id);
        let after = Vec::new();
        let table = Table { pointer, title, operation: Some(operation), kind, names, after };
        if own.is_some() {
            return self.entries(formats, &table);
        }
        self.entries_of_all(formats, operation, &table)
    }

    /// The entries of a failure that the file words for all operations, as far as this one documents their statuses. Where
    /// none of them answers whatever comes, it is answered as documented.
    fn entries_of_all(
        &mut self,
        formats: &OneOrMany<RuleFormat>,
        operation: &Operation,
        table: &Table<'_>,
    ) -> Vec<Rule> {
        let mut rules = Vec::new();
        for (number, format) in formats.as_slice().iter().enumerate() {
            let status = format.answer.respond;
            if status.is_some_and(|status| operation.response(status).is_none()) {
                continue;
            }
            let rule = match formats {
                OneOrMany::One(_) => self.rule(format, &table.pointer, &table.title, table),
                OneOrMany::Many(_) => {
                    let title = format!("{} rule {}", table.title, number + 1);
                    self.rule(format, &child(&table.pointer, number), &title, table)
                }
            };
            rules.extend(rule);
            if format.when.is_none() {
                return rules;
            }
        }
        let statuses = documented_failures(table.kind);
        let documented =
            statuses.iter().find_map(|status| Some((*status, operation.response(*status)?)));
        if let Some((status, response)) = documented {
            // Of several examples the first, for nothing says which.
            let media = response.content.values().next();
            let examples = media.map(|media| &media.examples).filter(|all| all.len() > 1);
            let example = examples.and_then(|all| all.keys().next().cloned());
            let answer = AnswerFormat { respond: Some(status), example, ..AnswerFormat::default() };
            let format = RuleFormat { answer, ..RuleFormat::default() };
            rules.extend(self.rule(&format, &table.pointer, &table.title, table));
        }
        rules
    }

    /// Failures that the file words for all operations have statuses that one of those documents.
    pub(super) fn check_failures_of_all(&mut self) {
        for kind in FAILURES {
            let of_kind: Vec<(&Operation, Pick)> = self
                .contract
                .operations
                .iter()
                .filter_map(|operation| {
                    let format = self.file.operations.get(&operation.id)?;
                    let (pick, can_happen) = failure_of(kind, operation, format);
                    (can_happen && pick(&format.failures).is_none()).then_some((operation, pick))
                })
                .collect();
            let Some((_, pick)) = of_kind.first() else { continue };
            let Some(formats) = pick(&self.file.failures) else { continue };
            for (number, format) in formats.as_slice().iter().enumerate() {
                let Some(status) = format.answer.respond else { continue };
                if of_kind.iter().any(|(operation, _)| operation.response(status).is_some()) {
                    continue;
                }
                let place = format!("/failures/{kind}");
                let place = match formats {
                    OneOrMany::One(_) => place,
                    OneOrMany::Many(_) => child(&place, number),
                };
                let message = format!("no operation that can fail so documents {status}");
                let hint = "name a status that one of them documents".to_owned();
                self.notes.error(&format!("{place}/respond"), message, hint);
            }
        }
    }

    /// The failure entries of one kind where no operation was found.
    pub(super) fn route_failure(
        &mut self,
        formats: Option<&OneOrMany<RuleFormat>>,
        kind: &'static str,
    ) -> Vec<Rule> {
        let names = self.names.clone().and_request_line();
        let pointer = format!("/failures/{kind}");
        let (title, after) = (kind.to_owned(), Vec::new());
        let table = Table { pointer, title, operation: None, kind, names, after };
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
        let effects = rules.iter().flat_map(|rule| &rule.effects);
        let deleted = effects.filter_map(Step::deletes);
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
                let label = self.label(&format!("restrict of {}", shape.name), pointer, None);
                let number = self.number(&label, Some(operation), "restrict", &answer, false);
                let (when, effects, delay) = (None, Vec::new(), None);
                let rule = Rule { number, label, when, effects, answer, delay };
                restricts.insert((resource, relation), rule);
            }
        }
        restricts
    }
}
