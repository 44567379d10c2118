//! How a decision came about: the stages, the rules that were tried, and the values that they were tried on.
//!
//! Filled while deciding, by whoever decides. Must not decide anything, nor know who may see records.

use std::sync::Arc;

use minijinja::value::ValueKind;
use serde_json::Value as Json;

use crate::behavior::compiled::Behavior;
use crate::behavior::effect::Step;
use crate::behavior::format::StageFormat;
use crate::behavior::records::{RecordList, RecordValue};
use crate::behavior::scope::Caller;
use crate::behavior::table::{OperationTable, Rule};
use crate::expression::{Expression, Failure, Value, to_json};
use crate::printable::start_of;
use crate::security::Rejection;
use crate::store::{Key, Record};
use crate::validation::Violation;

/// So many parts of one value are shown: enough to see why a condition does not hold.
const SHOWN_PARTS_MAX: usize = 50;

/// So many elements of one list are shown.
const SHOWN_ITEMS_MAX: usize = 5;

/// How deep a value is shown.
const SHOWN_DEPTH_MAX: usize = 8;

/// So many bytes of one text are shown.
const SHOWN_TEXT_BYTES_MAX: usize = 1_024;

/// How a decision came about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Explanation {
    /// The stages before the rules, in the provider's order.
    pub stages: Vec<StageOutcome>,
    /// The rules and failure entries that were asked, in order, and those that were not reached.
    pub rules: Vec<RuleTried>,
    /// The named expressions that were read, and what they stand for.
    pub lets: Vec<(String, Arc<str>)>,
    /// What the rule that held is to change, in words.
    pub effect: Option<String>,
}

/// How a stage came out.
#[derive(Clone, Debug, PartialEq)]
pub struct StageOutcome {
    /// Its name in behavior files.
    pub stage: &'static str,
    /// `passed`, `failed` or `not reached`.
    pub outcome: &'static str,
    /// The security schemes that it came down to.
    pub schemes: Vec<String>,
    /// Why the credential did not do.
    pub reason: Option<&'static str>,
    /// Who is calling.
    pub principal: Option<Shown>,
    /// What departs from the contract.
    pub violations: Vec<Violation>,
}

/// A rule or failure entry, and how it came out.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleTried {
    /// What the log calls it.
    pub rule: Arc<str>,
    /// Its condition; `None` where it always holds.
    pub when: Option<Arc<str>>,
    /// `held`, `not held`, `error` or `not reached`.
    pub outcome: &'static str,
    /// What went wrong.
    pub error: Option<String>,
    /// What its condition read.
    pub values: Vec<Reading>,
}

/// Something that an expression read.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The name, with what is read on from it: `organization.owner_id`.
    pub expression: String,
    /// What it was.
    pub value: Shown,
}

/// A value, within limits.
#[derive(Clone, Debug, PartialEq)]
pub enum Shown {
    /// Text, a number, a boolean or none.
    Plain(Json),
    /// A record.
    Record {
        /// The number of its resource.
        resource: usize,
        /// Its key.
        key: Key,
        /// What it was at that moment.
        record: Arc<Record>,
    },
    /// A list.
    List {
        /// How many elements it has.
        count: usize,
        /// The first of them.
        first: Vec<Shown>,
    },
    /// An object.
    Object(Vec<(String, Shown)>),
    /// It has no value, and why.
    Error(String),
    /// There is more than is shown.
    LeftOff,
}

impl Explanation {
    pub(crate) fn authenticated(&mut self, schemes: &[String], caller: &Caller) {
        let principal = (!caller.principal.is_none()).then(|| shown(&caller.principal));
        let schemes = schemes.to_vec();
        self.stages.push(StageOutcome { schemes, principal, ..passed(StageFormat::Security) });
    }

    pub(crate) fn rejected(&mut self, rejection: &Rejection) {
        self.stages.push(StageOutcome {
            outcome: "failed",
            schemes: vec![rejection.scheme.clone()],
            reason: Some(rejection.reason.as_str()),
            ..passed(StageFormat::Security)
        });
    }

    pub(crate) fn judged<'v>(
        &mut self,
        stage: StageFormat,
        violations: impl Iterator<Item = &'v Violation>,
    ) {
        let violations: Vec<Violation> = violations.cloned().collect();
        let outcome = if violations.is_empty() { "passed" } else { "failed" };
        self.stages.push(StageOutcome { outcome, violations, ..passed(stage) });
    }

    pub(super) fn tried(
        &mut self,
        rule: &Rule,
        holds: Option<&Result<bool, Failure>>,
        scope: &Value,
    ) {
        let (outcome, error) = match holds {
            None | Some(Ok(true)) => ("held", None),
            Some(Ok(false)) => ("not held", None),
            Some(Err(failure)) => ("error", Some(failure.reason.clone())),
        };
        let values = rule.when.as_ref().map_or_else(Vec::new, |when| readings(when, scope));
        self.rules.push(RuleTried { error, values, ..named(rule, outcome) });
    }

    pub(super) fn restricted(&mut self, restrict: &Rule, by: &str) {
        self.rules.push(named(restrict, "held"));
        self.effect = Some(format!("nothing: `{by}` restrict the deletion"));
    }

    /// Adds what was not reached.
    pub(super) fn complete(&mut self, order: &[StageFormat], table: Option<&OperationTable>) {
        for stage in order {
            if !self.stages.iter().any(|known| known.stage == stage_name(*stage)) {
                self.stages.push(StageOutcome { outcome: "not reached", ..passed(*stage) });
            }
        }
        let Some(table) = table else { return };
        for (name, expression) in table.lets.iter() {
            let is_read = |reading: &Reading| {
                let rest = reading.expression.strip_prefix(&**name);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', ' ']))
            };
            if self.rules.iter().flat_map(|rule| &rule.values).any(is_read) {
                self.lets.push((name.to_string(), expression.source().into()));
            }
        }
        for rule in &table.rules {
            if !self.rules.iter().any(|known| known.rule == rule.label) {
                self.rules.push(named(rule, "not reached"));
            }
        }
    }
}

fn passed(stage: StageFormat) -> StageOutcome {
    StageOutcome {
        stage: stage_name(stage),
        outcome: "passed",
        schemes: Vec::new(),
        reason: None,
        principal: None,
        violations: Vec::new(),
    }
}

const fn stage_name(stage: StageFormat) -> &'static str {
    match stage {
        StageFormat::Security => "security",
        StageFormat::Parameters => "parameters",
        StageFormat::Envelope => "envelope",
        StageFormat::Body => "body",
    }
}

fn named(rule: &Rule, outcome: &'static str) -> RuleTried {
    RuleTried {
        rule: Arc::clone(&rule.label),
        when: rule.when.as_ref().map(|when| when.source().into()),
        outcome,
        error: None,
        values: Vec::new(),
    }
}

impl Behavior {
    /// What effects are to change.
    pub(crate) fn in_words(&self, effects: &[Step]) -> String {
        let words = effects.iter().map(|step| step.in_words(&self.shapes, &self.jobs));
        let words: Vec<String> = words.collect();
        if words.is_empty() { "nothing".to_owned() } else { words.join(", then ") }
    }
}

/// What an expression reads in a scope. Resources as a whole are left out: they have no value to show.
fn readings(expression: &Expression, scope: &Value) -> Vec<Reading> {
    let reading = |read: String| {
        let value = match Expression::compile(&read).map(|compiled| compiled.eval(scope)) {
            Ok(Ok(value)) if value.kind() == ValueKind::Plain => return None,
            Ok(Ok(value)) => shown(&value),
            Ok(Err(failure)) => Shown::Error(failure.reason),
            Err(mistake) => Shown::Error(mistake.message),
        };
        Some(Reading { expression: read, value })
    };
    expression.reads().into_iter().filter_map(reading).collect()
}

fn shown(value: &Value) -> Shown {
    show(value, SHOWN_DEPTH_MAX, &mut { SHOWN_PARTS_MAX })
}

fn show(value: &Value, depth: usize, left: &mut usize) -> Shown {
    if let Some(record) = value.downcast_object_ref::<RecordValue>() {
        let RecordValue { resource, key, record, .. } = record;
        return Shown::Record { resource: *resource, key: key.clone(), record: Arc::clone(record) };
    }
    let Some(depth) = depth.checked_sub(1).filter(|_| *left > 0) else { return Shown::LeftOff };
    *left -= 1;
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => {
            let items = value.try_iter().into_iter().flatten().take(SHOWN_ITEMS_MAX);
            let first: Vec<Shown> = items.map(|item| show(&item, depth, left)).collect();
            let count = match value.downcast_object_ref::<RecordList>() {
                Some(list) => list.keys.len(),
                None => value.len().unwrap_or(first.len()),
            };
            Shown::List { count, first }
        }
        ValueKind::Map => {
            let mut members = Vec::new();
            for name in value.try_iter().into_iter().flatten() {
                if *left == 0 {
                    members.push(("…".to_owned(), Shown::LeftOff));
                    break;
                }
                let member = value.get_item(&name).unwrap_or_default();
                members.push((name.to_string(), show(&member, depth, left)));
            }
            Shown::Object(members)
        }
        ValueKind::Invalid => Shown::Error("it has no value".to_owned()),
        _ => match to_json(value) {
            Json::String(text) if text.len() > SHOWN_TEXT_BYTES_MAX => {
                let start = start_of(&text, SHOWN_TEXT_BYTES_MAX);
                Shown::Plain(format!("{start}… ({} bytes)", text.len()).into())
            }
            plain => Shown::Plain(plain),
        },
    }
}
