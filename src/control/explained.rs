//! Explanations as they are read: why a request was answered as it was, without what is secret.
//!
//! Must not know how anything is decided.

use serde_json::{Map, Value, json};

use crate::behavior::{Explanation, Reading, RuleTried, Shown, StageOutcome};
use crate::control::entries::EntryReader;
use crate::control::literals::REDACTED;
use crate::emulator::{NearMiss, Simulation};
use crate::journal::{Event, JournalEntry, JournaledCall};
use crate::message::{Body, Why};
use crate::sandbox::World;

impl EntryReader<'_> {
    /// Why an entry came out as it did; `before` is the world as it was then, if it can be had.
    pub(super) fn explain(&self, entry: &JournalEntry, before: Option<World>) -> Value {
        let Event::Call(call) = &entry.event else {
            return json!({ "summary": other(&entry.event) });
        };
        let (parts, body, kept) = call.exchange.request();
        if let Some(summary) = undecided(call) {
            return json!({ "summary": summary });
        }
        if !kept.is_whole() {
            let summary = format!(
                "this cannot be explained: the journal kept {} bytes of the request's body, and that is not all",
                kept.kept
            );
            return json!({ "summary": summary });
        }
        let Some(mut world) = before else {
            let summary =
                "this cannot be explained: what was before it cannot be found out any more";
            return json!({ "summary": summary });
        };
        let body = Body::Complete(body);
        match self.emulator.simulate(&parts, &body, &mut world, entry.at) {
            Ok(simulation) => {
                let nearest = if call.facts.operation.is_none() {
                    self.emulator.near_misses(&parts)
                } else {
                    Vec::new()
                };
                self.explained(&simulation, &nearest)
            }
            // It was found once, or it would not be in a journal.
            Err(_) => json!({ "summary": "this cannot be explained: it names no sandbox" }),
        }
    }

    /// How a request comes out, and why.
    pub(super) fn explained(&self, simulation: &Simulation, nearest: &[NearMiss]) -> Value {
        let mut explained = Map::new();
        explained.insert("summary".to_owned(), self.redactor.text(&summary(simulation)).into());
        if let (Some(explanation), Some(provider)) =
            (&simulation.explanation, simulation.facts.provider)
        {
            explained.extend(self.explanation(provider, explanation));
        }
        if !nearest.is_empty() {
            explained.insert("near".to_owned(), self.nearest(nearest));
        }
        Value::Object(explained)
    }

    /// Operations that are near.
    pub(super) fn nearest(&self, nearest: &[NearMiss]) -> Value {
        let mut nearest = json!(nearest);
        // They repeat segments of what was asked for.
        self.redactor.json(&mut nearest);
        nearest
    }

    fn explanation(&self, provider: usize, explanation: &Explanation) -> Map<String, Value> {
        let stages = explanation.stages.iter().map(|stage| self.stage(provider, stage));
        let rules = explanation.rules.iter().map(|rule| self.rule(provider, rule));
        let lets = explanation.lets.iter();
        let lets: Map<_, _> = lets.map(|(name, text)| (name.clone(), (**text).into())).collect();
        let mut shown = Map::new();
        shown.insert("stages".to_owned(), stages.collect());
        shown.insert("rules".to_owned(), rules.collect());
        shown.insert("lets".to_owned(), lets.into());
        shown.insert("effect".to_owned(), explanation.effect.clone().into());
        shown
    }

    fn stage(&self, provider: usize, stage: &StageOutcome) -> Value {
        let mut shown = Map::new();
        shown.insert("stage".to_owned(), stage.stage.into());
        shown.insert("outcome".to_owned(), stage.outcome.into());
        if stage.stage == "security" && stage.outcome != "not reached" {
            shown.insert("schemes".to_owned(), json!(stage.schemes));
            let principal = stage.principal.as_ref().map(|value| self.shown(provider, "", value));
            shown.insert("reason".to_owned(), json!(stage.reason));
            shown.insert("principal".to_owned(), principal.unwrap_or_default());
        }
        if !stage.violations.is_empty() {
            let mut violations = json!(stage.violations);
            self.redactor.json(&mut violations);
            shown.insert("violations".to_owned(), violations);
        }
        Value::Object(shown)
    }

    fn rule(&self, provider: usize, rule: &RuleTried) -> Value {
        let mut shown = Map::new();
        shown.insert("rule".to_owned(), (*rule.rule).into());
        shown.insert("when".to_owned(), rule.when.as_deref().into());
        shown.insert("outcome".to_owned(), rule.outcome.into());
        if let Some(error) = &rule.error {
            shown.insert("error".to_owned(), self.redactor.text(error).into());
        }
        let value = |reading: &Reading| {
            let name = last_name(&reading.expression);
            json!({
                "expression": reading.expression,
                "value": self.shown(provider, name, &reading.value),
            })
        };
        shown.insert("values".to_owned(), rule.values.iter().map(value).collect());
        Value::Object(shown)
    }

    /// A value that was read as a member `name`.
    fn shown(&self, provider: usize, name: &str, value: &Shown) -> Value {
        match value {
            Shown::Plain(plain) if plain.is_null() => Value::Null,
            _ if self.redactor.is_secret_member(name) => REDACTED.into(),
            Shown::Plain(plain) => {
                let mut plain = plain.clone();
                self.redactor.json(&mut plain);
                plain
            }
            Shown::Record { resource, key, record } => {
                let place = (provider, *resource);
                let name = &self.emulator.behavior(provider).model().resources[*resource].name;
                json!({
                    "resource": **name,
                    "key": self.redactor.key(place, key),
                    "record": self.redactor.record(place, &record.fields()),
                })
            }
            Shown::List { count, first } => {
                let first: Value =
                    first.iter().map(|item| self.shown(provider, name, item)).collect();
                json!({ "count": count, "first": first })
            }
            Shown::Object(members) => {
                let member = |(name, value): &(String, Shown)| {
                    (name.clone(), self.shown(provider, name, value))
                };
                Value::Object(members.iter().map(member).collect())
            }
            Shown::Error(error) => json!({ "error": self.redactor.text(error) }),
            Shown::LeftOff => "…".into(),
        }
    }
}

/// The property that a reading ends with.
fn last_name(reading: &str) -> &str {
    reading
        .trim_end_matches([']', '\'', '"'])
        .rsplit(['.', '[', '\'', '"'])
        .next()
        .unwrap_or_default()
        .trim()
}

/// Why there is nothing to say of rules: none was asked.
fn undecided(call: &JournaledCall) -> Option<String> {
    match &call.facts.why {
        Why::Forced(_) if !call.facts.faults.is_empty() => Some(format!(
            "the fault `{}` of this sandbox answered instead of the API: no rule was asked, and nothing was changed",
            call.facts.faults.join("`, `")
        )),
        Why::Forced(what) => Some(forced(what)),
        _ => None,
    }
}

fn forced(what: &str) -> String {
    format!(
        "a documented answer was asked for (`{what}`): no rule was asked, and nothing was changed"
    )
}

fn summary(simulation: &Simulation) -> String {
    match &simulation.facts.why {
        Why::Rule(label) => format!("decided by {label}"),
        Why::Forced(what) => forced(what),
        Why::Documented(what) => format!("answered by the contract alone: {what}"),
        Why::Fault(fault) => format!("the behavior file could not answer: {fault}"),
        Why::Stage("unknown route") => "no operation has this path".to_owned(),
        Why::Stage("wrong method") => "operations have this path, but none this method".to_owned(),
        Why::Stage("not emulated") => {
            "the real API has this operation, and the sandbox does not emulate it".to_owned()
        }
        Why::Stage("preference") => "`Prefer` could not be read".to_owned(),
        Why::Stage("no failure entry") => {
            "refused in the sandbox's own name: the behavior file has no words for it".to_owned()
        }
        Why::Stage(stage) => format!("answered by the sandbox itself: {stage}"),
        Why::Nothing => "answered by the sandbox itself".to_owned(),
    }
}

fn other(event: &Event) -> &'static str {
    match event {
        Event::Task { .. } => "a task of a job, run when its time had come",
        Event::Edit { .. } => "done through the admin API",
        Event::Clock(_) => "the sandbox's clock was changed through the admin API",
        _ => "asked for through the admin API",
    }
}
