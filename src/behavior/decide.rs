//! Deciding a request: who calls, whether the request may be judged at all, and the first rule that holds.
//!
//! Must not commit anything, nor know how a request was routed.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde_json::Value as Json;

use crate::behavior::Behavior;
use crate::behavior::Call;
use crate::behavior::Decision;
use crate::behavior::Moment;
use crate::behavior::OperationTable;
use crate::behavior::Rule;
use crate::behavior::caller::Judge;
use crate::behavior::effect::Effect;
use crate::behavior::effect::Outcome;
use crate::behavior::effect::Planner;
use crate::behavior::effect::Stopped;
use crate::behavior::explain::Explanation;
use crate::behavior::format::StageFormat;
use crate::behavior::records::Snapshot;
use crate::behavior::scope::Caller;
use crate::behavior::scope::Lets;
use crate::behavior::scope::Overlay;
use crate::behavior::scope::RequestLine;
use crate::behavior::scope::Scope;
use crate::behavior::settings::delay_ms;
use crate::expression::Budget;
use crate::expression::Value;
use crate::expression::from_json;
use crate::message::Why;
use crate::problem::Problem;
use crate::security;
use crate::store::Change;
use crate::validation::Stage;
use crate::validation::Violation;

/// A decision that came before its time: nothing after it is looked at.
type Early = Box<Decision>;

/// Where it is noted how a decision comes about, if anybody asks.
type Notes<'n> = Option<&'n mut Explanation>;

impl Behavior {
    /// Decides a request: the stages in the provider's order, then the rules.
    pub fn decide(&self, call: Call<'_>, moment: &mut Moment<'_>) -> Decision {
        self.decide_noting(call, moment, None)
    }

    /// Decides a request exactly as [`Behavior::decide`] does, and says how that came about.
    pub fn explain(&self, call: Call<'_>, moment: &mut Moment<'_>) -> (Decision, Explanation) {
        let operation = call.operation;
        let mut explanation = Explanation::default();
        let decision = self.decide_noting(call, moment, Some(&mut explanation));
        explanation.complete(&self.order, self.operations[operation].as_ref());
        (decision, explanation)
    }

    fn decide_noting(&self, call: Call<'_>, moment: &mut Moment<'_>, notes: Notes<'_>) -> Decision {
        let _budget = Budget::begin();
        match &self.operations[call.operation] {
            Some(table) => {
                self.decide_by(table, call, moment, notes).unwrap_or_else(|early| *early)
            }
            None => fault(None, "the behavior file says nothing of this operation"),
        }
    }

    fn decide_by(
        &self,
        table: &OperationTable,
        call: Call<'_>,
        moment: &mut Moment<'_>,
        mut notes: Notes<'_>,
    ) -> Result<Decision, Early> {
        let snapshot = self.snapshot(moment.store);
        let line = RequestLine { method: call.parts.method.clone(), path: call.path.into() };
        let asked = Scope { request: Some(line), ..Scope::at(&snapshot, moment) };
        let asked = Arc::new(asked);
        let mut caller = Caller::anonymous();
        for stage in self.order {
            let notes = notes.as_deref_mut();
            let judged = match stage {
                StageFormat::Security => {
                    caller = self.authenticate(table, &call, &snapshot, &asked, notes)?;
                    continue;
                }
                StageFormat::Parameters => Stage::Parameters,
                StageFormat::Envelope => Stage::Envelope,
                StageFormat::Body => Stage::Body,
            };
            self.judge(table, &call, (stage, judged), &asked, notes)?;
        }
        let scope = Scope {
            validated: Arc::new(call.validated),
            caller,
            lets: Lets::new(&table.lets),
            ..Scope::clone_of(&asked)
        };
        let scope = scope.into_value();
        let rule = first_hit(&table.rules, &scope, notes.as_deref_mut())?;
        if let Some(notes) = notes.as_deref_mut() {
            notes.effect = Some(self.in_words(&rule.effect));
        }
        if matches!(rule.effect, Effect::None) {
            return self.answer(rule, &scope, Arc::new([]));
        }
        self.carry_out(table, rule, &snapshot, &scope, moment, notes)
    }

    /// Plans the effect of a rule and gives its answer.
    fn carry_out(
        &self,
        table: &OperationTable,
        rule: &Rule,
        snapshot: &Arc<Snapshot>,
        scope: &Value,
        moment: &mut Moment<'_>,
        notes: Notes<'_>,
    ) -> Result<Decision, Early> {
        let mut planner = Planner {
            snapshot,
            jobs: &self.jobs,
            schemas: &self.contract.schemas,
            ids: moment.ids,
            now: moment.now,
            updated: None,
        };
        match planner.plan(&rule.effect, scope) {
            Ok(changes) => {
                let changes: Arc<[Change]> = changes.into();
                let outcome = Outcome {
                    snapshot: Arc::clone(snapshot),
                    changes: Arc::clone(&changes),
                    updated: planner.updated,
                };
                let names = vec![("outcome", Value::from_object(outcome))];
                self.answer(rule, &Overlay::over(scope, names), changes)
            }
            Err(Stopped::Restricted { resource, relation }) => {
                match table.restricts.get(&(resource, relation)) {
                    Some(restrict) => {
                        if let Some(notes) = notes {
                            notes.restricted(restrict, &self.shapes[resource].name);
                        }
                        self.answer(restrict, scope, Arc::new([]))
                    }
                    None => {
                        let by = &self.shapes[resource].name;
                        let message = format!(
                            "`{by}` restrict the deletion, and no answer is named for that"
                        );
                        Err(Box::new(fault(Some(&rule.label), message)))
                    }
                }
            }
            Err(Stopped::Fault(message)) => Err(Box::new(fault(Some(&rule.label), message))),
        }
    }

    /// Who is calling; an `Err` is the answer to somebody who is not let in.
    fn authenticate(
        &self,
        table: &OperationTable,
        call: &Call<'_>,
        snapshot: &Arc<Snapshot>,
        asked: &Arc<Scope>,
        mut notes: Notes<'_>,
    ) -> Result<Caller, Early> {
        let alternatives = &self.contract.operations[call.operation].security;
        if alternatives.is_empty() {
            if let Some(notes) = notes {
                notes.authenticated(&[], &Caller::anonymous());
            }
            return Ok(Caller::anonymous());
        }
        let scope = Value::from_dyn_object(Arc::clone(asked));
        let mut judge = Judge::new(&self.schemes, snapshot, &scope, asked.now);
        let presented = security::Parts {
            headers: &call.parts.headers,
            query: call.parts.uri.query().unwrap_or_default(),
        };
        let verdict = security::authenticate(
            alternatives,
            &self.contract.security_schemes,
            &presented,
            &mut |scheme, credential| judge.judge(scheme, credential),
        );
        if let Some(message) = judge.fault.take() {
            return Err(Box::new(fault(None, message)));
        }
        let rejection = match verdict {
            Ok(number) => {
                let schemes = alternatives.get(number).map_or(&[][..], Vec::as_slice);
                let caller = judge.caller(schemes);
                if let Some(notes) = notes {
                    notes.authenticated(schemes, &caller);
                }
                return Ok(caller);
            }
            Err(rejection) => rejection,
        };
        if let Some(notes) = notes.as_deref_mut() {
            notes.rejected(&rejection);
        }
        let failure = Value::from_pairs([
            ("scheme", Value::from(rejection.scheme.as_str())),
            ("reason", Value::from(rejection.reason.as_str())),
        ]);
        let scope = Overlay::over(&scope, vec![("failure", failure)]);
        let mut early = self.fail(&table.unauthenticated, &scope, notes, || {
            let title = "not authenticated";
            Problem::new(StatusCode::UNAUTHORIZED, title, rejection.to_string())
        });
        early.rejected = Some(rejection);
        Err(early)
    }

    /// Whether a request departs from the contract in what is judged at this stage; an `Err` is the answer then.
    fn judge(
        &self,
        table: &OperationTable,
        call: &Call<'_>,
        (name, stage): (StageFormat, Stage),
        asked: &Arc<Scope>,
        mut notes: Notes<'_>,
    ) -> Result<(), Early> {
        let violations = &call.validated.violations;
        if let Some(notes) = notes.as_deref_mut() {
            notes.judged(name, violations.iter().filter(|violation| violation.stage() == stage));
        }
        if !violations.iter().any(|violation| violation.stage() == stage) {
            return Ok(());
        }
        let scope = Value::from_dyn_object(Arc::clone(asked));
        // Those that decide come first, so that `violations[0]` is one of them.
        let mut sorted: Vec<&Violation> = violations.iter().collect();
        sorted.sort_by_key(|violation| violation.stage() != stage);
        let worded: Result<Vec<Json>, String> =
            sorted.into_iter().map(|violation| self.worded(violation, &scope)).collect();
        let worded = worded.map_err(|message| Box::new(fault(None, message)))?;
        let names = vec![("violations", from_json(&Json::Array(worded)))];
        let scope = Overlay::over(&scope, names);
        Err(self.fail(&table.invalid_request, &scope, notes, || {
            let detail = "the request departs from the contract: see `Tombstone-Violations`";
            Problem::new(StatusCode::BAD_REQUEST, "invalid request", detail)
        }))
    }

    /// A violation with the provider's own words for it as `message`.
    fn worded(&self, violation: &Violation, scope: &Value) -> Result<Json, String> {
        let mut members = match serde_json::to_value(violation) {
            Ok(Json::Object(members)) => members,
            other => return Err(format!("a violation cannot be read: {other:?}")),
        };
        let template = violation.message_keys().into_iter().find_map(|key| {
            self.messages.iter().find(|(known, _)| *known == key).map(|(_, template)| template)
        });
        let message = match template {
            None => Json::String(violation.text.clone()),
            Some(template) => {
                let v = from_json(&Json::Object(members.clone()));
                let scope = Overlay::over(scope, vec![("v", v)]);
                template.render(&scope).map_err(|failure| failure.to_string())?
            }
        };
        members.insert("message".into(), message);
        Ok(Json::Object(members))
    }

    /// The answer of a failure's table, or `otherwise` in our own name where it has no entries.
    fn fail(
        &self,
        rules: &[Rule],
        scope: &Value,
        notes: Notes<'_>,
        otherwise: impl FnOnce() -> Problem,
    ) -> Early {
        if rules.is_empty() {
            let response = otherwise().into_response();
            return Box::new(Decision::new(response, Why::Stage("no failure entry")));
        }
        let rule = first_hit(rules, scope, notes);
        rule.and_then(|rule| self.answer(rule, scope, Arc::new([])))
            .map_or_else(|early| early, Box::new)
    }

    /// The answer of the first rule that holds.
    pub(super) fn first_answer(&self, rules: &[Rule], scope: &Value) -> Result<Decision, Early> {
        self.answer(first_hit(rules, scope, None)?, scope, Arc::new([]))
    }

    fn answer(
        &self,
        rule: &Rule,
        scope: &Value,
        changes: Arc<[Change]>,
    ) -> Result<Decision, Early> {
        match rule.answer.render(scope, &self.contract.schemas) {
            Ok(response) => {
                let delay = delay(rule, scope)?;
                let (why, number) = (Why::Rule(Arc::clone(&rule.label)), Some(rule.number));
                Ok(Decision { response, why, rule: number, delay, changes, rejected: None })
            }
            Err(message) => Err(Box::new(fault(Some(&rule.label), message))),
        }
    }
}

/// How long the answer of a rule is held back.
fn delay(rule: &Rule, scope: &Value) -> Result<Duration, Early> {
    let Some(delay) = &rule.delay else { return Ok(Duration::ZERO) };
    let ms = delay.eval(scope).map_err(|failure| failure.to_string());
    let ms = ms.and_then(|value| delay_ms(&value));
    ms.map(|ms| Duration::from_millis(ms.unsigned_abs()))
        .map_err(|message| Box::new(fault(Some(&rule.label), message)))
}

/// The first rule that holds.
fn first_hit<'r>(
    rules: &'r [Rule],
    scope: &Value,
    mut notes: Notes<'_>,
) -> Result<&'r Rule, Early> {
    for rule in rules {
        let holds = rule.when.as_ref().map(|when| when.holds(scope));
        if let Some(notes) = notes.as_deref_mut() {
            notes.tried(rule, holds.as_ref(), scope);
        }
        match holds {
            None | Some(Ok(true)) => return Ok(rule),
            Some(Ok(false)) => {}
            Some(Err(failure)) => {
                return Err(Box::new(fault(Some(&rule.label), failure.to_string())));
            }
        }
    }
    Err(Box::new(fault(rules.last().map(|rule| &rule.label), "none of the rules holds")))
}

/// The answer where the behavior file asks for something that cannot be: in our own name, and never a lie in
/// the provider's. Nothing is committed.
fn fault(rule: Option<&Arc<str>>, message: impl Into<String>) -> Decision {
    let place = rule.map_or("the behavior file", |label| &**label);
    let detail = format!("{place}: {}", message.into());
    let title = "the behavior file cannot answer this";
    let problem = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, title, detail.clone());
    Decision::new(problem.into_response(), Why::Fault(detail))
}
