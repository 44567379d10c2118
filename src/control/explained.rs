//! Explanations as they are read: why a request was answered as it was, without what is secret.
//!
//! Must not know how anything is decided.

use serde_json::{Value, json};

use crate::behavior::{Explanation, Reading, RuleTried, Shown, StageOutcome};
use crate::control::entries::EntryReader;
use crate::control::literals::REDACTED;
use crate::control::views::{
    DecisionView, ExplanationView, ReadingView, RuleView, SecurityView, StageView,
};
use crate::emulator::{NearMiss, Simulation};
use crate::journal::{Event, JournalEntry, JournaledCall};
use crate::message::{Body, Why};
use crate::sandbox::World;

impl EntryReader<'_> {
    /// Why an entry came out as it did; `before` is the world as it was then, if it can be had.
    pub(super) fn explain(&self, entry: &JournalEntry, before: Option<World>) -> ExplanationView {
        let Event::Call(call) = &entry.event else {
            return ExplanationView::of(other(&entry.event));
        };
        let (parts, body, kept) = call.exchange.request();
        if let Some(summary) = undecided(call) {
            return ExplanationView::of(summary);
        }
        if !kept.is_whole() {
            let summary = format!(
                "this cannot be explained: the journal kept {} bytes of the request's body, and that is not all",
                kept.kept
            );
            return ExplanationView::of(summary);
        }
        let Some(mut world) = before else {
            let summary =
                "this cannot be explained: what was before it cannot be found out any more";
            return ExplanationView::of(summary);
        };
        let body = Body::Complete(body);
        match self.emulator.simulate(&parts, &body, &mut world, entry.at) {
            Ok(simulation) => {
                let nearest = if call.facts.operation.is_none() {
                    self.emulator.near_misses(&parts)
                } else {
                    Vec::new()
                };
                self.explained(&simulation, nearest)
            }
            // It was found once, or it would not be in a journal.
            Err(_) => ExplanationView::of("this cannot be explained: it names no sandbox"),
        }
    }

    /// How a request comes out, and why.
    pub(super) fn explained(
        &self,
        simulation: &Simulation,
        nearest: Vec<NearMiss>,
    ) -> ExplanationView {
        let decision = simulation.facts.provider.zip(simulation.explanation.as_ref());
        ExplanationView {
            summary: self.redactor.text(&summary(simulation)),
            decision: decision.map(|(provider, explanation)| self.decision(provider, explanation)),
            near: (!nearest.is_empty()).then(|| self.nearest(nearest)),
        }
    }

    /// The nearest operations without what is secret: they repeat segments of the request's path.
    pub(super) fn nearest(&self, mut nearest: Vec<NearMiss>) -> Vec<NearMiss> {
        for NearMiss { provider, operation, method, path, differs } in &mut nearest {
            for text in operation.iter_mut().chain([provider, method, path, differs]) {
                *text = self.redactor.text(text);
            }
        }
        nearest
    }

    fn decision(&self, provider: usize, explanation: &Explanation) -> DecisionView {
        let lets = explanation.lets.iter().map(|(name, text)| (name.clone(), text.to_string()));
        DecisionView {
            stages: explanation.stages.iter().map(|stage| self.stage(provider, stage)).collect(),
            rules: explanation.rules.iter().map(|rule| self.rule(provider, rule)).collect(),
            lets: lets.collect(),
            effect: explanation.effect.clone(),
        }
    }

    fn stage(&self, provider: usize, stage: &StageOutcome) -> StageView {
        let is_security = stage.stage == "security" && stage.outcome != "not reached";
        let security = is_security.then(|| SecurityView {
            schemes: stage.schemes.clone(),
            reason: stage.reason,
            principal: stage
                .principal
                .as_ref()
                .map_or(Value::Null, |principal| self.shown(provider, "", principal)),
        });
        let violations = stage.violations.iter().map(|violation| {
            let mut violation = json!(violation);
            self.redactor.json(&mut violation);
            violation
        });
        StageView {
            stage: stage.stage,
            outcome: stage.outcome,
            security,
            violations: violations.collect(),
        }
    }

    fn rule(&self, provider: usize, rule: &RuleTried) -> RuleView {
        let value = |reading: &Reading| ReadingView {
            expression: reading.expression.clone(),
            value: self.shown(provider, last_name(&reading.expression), &reading.value),
        };
        RuleView {
            rule: rule.rule.to_string(),
            when: rule.when.as_deref().map(str::to_owned),
            outcome: rule.outcome,
            error: rule.error.as_ref().map(|error| self.redactor.text(error)),
            values: rule.values.iter().map(value).collect(),
        }
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
