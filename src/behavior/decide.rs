//! Deciding a request: who calls, whether the request may be judged at all, and the first rule that holds.
//!
//! Must not commit anything, nor know how a request was routed.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::header::ETAG;
use http::request::Parts;
use http::{Response, StatusCode};
use serde_json::Value as Json;

use crate::behavior::caller::Judge;
use crate::behavior::compiled::Behavior;
use crate::behavior::decision::{self, Call, Decision, Moment, RuleAnswer};
use crate::behavior::effect::{Done, Outcome, Planner, Stopped};
use crate::behavior::explain::Explanation;
use crate::behavior::format::StageFormat;
use crate::behavior::overlay::Overlay;
use crate::behavior::precondition::{Condition, EntityTag};
use crate::behavior::records::Snapshot;
use crate::behavior::repeated::Repeated;
use crate::behavior::scope::{AfterEffects, Caller, Lets, RequestLine, Scope};
use crate::behavior::settings::delay_ms;
use crate::behavior::table::{OperationTable, Rule};
use crate::expression::{Budget, Value, from_json_owned};
use crate::idempotency::ToKeep;
use crate::message::{Body, Facts, Rejected, Why};
use crate::problem::Problem;
use crate::response::Accept;
use crate::security;
use crate::store::Staged;
use crate::validation::{Violation, ViolationStage};

/// A decision that came before its time: nothing after it is looked at.
type Early<'b> = Box<Decision<'b>>;

/// Where it is noted how a decision comes about, if anybody asks.
type Notes<'n> = Option<&'n mut Explanation>;

impl Behavior {
    /// Decides a request: the stages in the provider's order, then the rules. How that came about goes to `explanation`, if
    /// anybody asks.
    pub fn decide<'b>(
        &'b self,
        call: Call<'_>,
        moment: &mut Moment<'_>,
        mut explanation: Notes<'_>,
    ) -> Decision<'b> {
        let _budget = Budget::begin();
        let table = self.operations[call.operation].as_ref();
        let decision = match table {
            Some(table) => self
                .try_decide(table, call, moment, explanation.as_deref_mut())
                .unwrap_or_else(|early| *early),
            None => fault(None, "the behavior file says nothing of this operation"),
        };
        if let Some(explanation) = explanation {
            explanation.complete(&self.order, table);
        }
        decision
    }

    fn try_decide<'b>(
        &'b self,
        table: &'b OperationTable,
        call: Call<'_>,
        moment: &mut Moment<'_>,
        mut notes: Notes<'_>,
    ) -> Result<Decision<'b>, Early<'b>> {
        let snapshot = self.snapshot(moment);
        let line = RequestLine::of(call.parts, call.path);
        let asked = Scope { request: Some(line), ..Scope::at(&snapshot) };
        let asked = Arc::new(asked);
        let mut caller = Caller::anonymous();
        for stage in self.order {
            let notes = notes.as_deref_mut();
            let judged = match stage {
                StageFormat::Security => {
                    caller = self.authenticate(table, &call, &snapshot, &asked, notes)?;
                    continue;
                }
                StageFormat::Parameters => ViolationStage::Parameters,
                StageFormat::Envelope => ViolationStage::Envelope,
                StageFormat::Body => ViolationStage::Body,
            };
            self.judge(table, &call, (stage, judged), &asked, notes)?;
        }
        let scope = Scope {
            validated: call.validated,
            caller,
            lets: Lets::new(&table.lets),
            list: table.list.as_ref().map(|list| (Arc::clone(list), OnceLock::new())),
            ..Scope::clone_of(&asked)
        };
        let scope = scope.into_value();
        let request = (call.parts, call.path, call.body);
        let keep = self.check_repeated(table, request, moment, &scope, notes.as_deref_mut())?;
        let decided = self.by_rules(table, call.parts, &snapshot, &scope, moment, notes);
        let mut decision = decided.unwrap_or_else(|early| *early);
        decision.keep = keep;
        Ok(decision)
    }

    /// What the rules decide.
    fn by_rules<'b>(
        &'b self,
        table: &'b OperationTable,
        parts: &Parts,
        snapshot: &Arc<Snapshot>,
        scope: &Value,
        moment: &mut Moment<'_>,
        mut notes: Notes<'_>,
    ) -> Result<Decision<'b>, Early<'b>> {
        let rule = first_hit(&table.rules, scope, notes.as_deref_mut())?;
        let tag = self.check_conditions(table, rule, parts, scope, notes.as_deref_mut())?;
        if let Some(notes) = notes.as_deref_mut() {
            notes.effect = Some(self.in_words(&rule.effects));
        }
        if let Some(tag) = tag.filter(|_| rule.effects.is_empty()) {
            return self.answer(rule, scope, None).map(|decision| tagged(decision, &tag));
        }
        if rule.effects.is_empty() {
            return self.answer(rule, scope, None);
        }
        self.carry_out(table, rule, snapshot, scope, moment, notes)
    }

    /// Whether the answer is to be kept for requests with the same key; an `Err` is the answer to one that is repeated, or
    /// that has the key of another.
    fn check_repeated<'b>(
        &'b self,
        table: &'b OperationTable,
        request: (&Parts, &str, &Body),
        moment: &Moment<'_>,
        scope: &Value,
        notes: Notes<'_>,
    ) -> Result<Option<ToKeep>, Early<'b>> {
        let Some(idempotency) = &table.idempotency else { return Ok(None) };
        let repeated = idempotency.look(request, moment, scope);
        match repeated.map_err(|message| Box::new(fault(None, message)))? {
            Repeated::NoKey => Ok(None),
            Repeated::First(keep) => Ok(Some(keep)),
            Repeated::Again(kept) => {
                let why = Why::Stage("repeated: the answer is that of the first request");
                let mut decision = Decision::new(kept.response(), why);
                decision.facts.replayed = true;
                Err(Box::new(decision))
            }
            Repeated::Mismatch => {
                Err(self.fail(&table.failures.idempotency_mismatch, scope, notes, || {
                    let detail = "another request was made with this idempotency key: send a new key with a new request";
                    let title = "idempotency key of another request";
                    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, title, detail)
                }))
            }
        }
    }

    /// The entity tag of what is asked for, where the operation has one and the rule is a success; an `Err` is the answer to a
    /// request whose condition does not hold.
    fn check_conditions<'b>(
        &'b self,
        table: &'b OperationTable,
        rule: &'b Rule,
        parts: &Parts,
        scope: &Value,
        notes: Notes<'_>,
    ) -> Result<Option<EntityTag>, Early<'b>> {
        let etag = table.etag.as_ref().filter(|_| rule.answer.status().is_success());
        let Some(etag) = etag else { return Ok(None) };
        let value = etag.eval(scope);
        let value = value.map_err(|it| Box::new(fault(Some(&rule.label), it.to_string())))?;
        if value.is_none() || value.is_undefined() {
            return Ok(None);
        }
        let tag = EntityTag::of(&value.to_string());
        match tag.check(&parts.method, &parts.headers) {
            Condition::Holds => Ok(Some(tag)),
            Condition::NotModified => {
                let mut response = Response::new(Bytes::new());
                *response.status_mut() = StatusCode::NOT_MODIFIED;
                let decision = Decision::new(response, Why::Stage("not modified"));
                Err(Box::new(tagged(decision, &tag)))
            }
            Condition::Failed => {
                Err(self.fail(&table.failures.precondition_failed, scope, notes, || {
                    let detail =
                        "`If-Match` or `If-None-Match` is not so: look at it again, then retry";
                    Problem::new(StatusCode::PRECONDITION_FAILED, "precondition failed", detail)
                }))
            }
        }
    }

    /// Plans the effect of a rule and gives its answer.
    fn carry_out<'b>(
        &'b self,
        table: &'b OperationTable,
        rule: &'b Rule,
        snapshot: &Arc<Snapshot>,
        scope: &Value,
        moment: &mut Moment<'_>,
        notes: Notes<'_>,
    ) -> Result<Decision<'b>, Early<'b>> {
        let planner = Planner {
            snapshot: Arc::clone(snapshot),
            jobs: &self.jobs,
            schemas: &self.contract.schemas,
            ids: moment.ids,
            now: moment.now,
        };
        let stopped = match planner.run(&rule.effects, scope) {
            Ok(Done { changes, record, made }) => {
                let outcome = Outcome {
                    snapshot: Arc::clone(snapshot),
                    changes: Arc::clone(changes.changes()),
                    record,
                };
                let names = [("outcome", Value::from_object(outcome)), ("made", made)];
                let scope = AfterEffects::over(Overlay::over(scope, names), &table.lets_after);
                let changes = (!changes.changes().is_empty()).then_some(changes);
                return self.answer(rule, &scope, changes);
            }
            Err(stopped) => stopped,
        };
        match stopped {
            Stopped::Restricted { resource, relation } => {
                let by = &self.shapes[resource].name;
                let Some(restrict) = table.restricts.get(&(resource, relation)) else {
                    let message =
                        format!("`{by}` restrict the deletion, and no answer is named for that");
                    return Err(Box::new(fault(Some(&rule.label), message)));
                };
                if let Some(notes) = notes {
                    notes.restricted(restrict, by);
                }
                self.answer(restrict, scope, None)
            }
            Stopped::Conflict { reason, resource, message }
                if !table.failures.conflict.is_empty() =>
            {
                let conflict = Value::from_pairs([
                    ("reason", Value::from(reason)),
                    ("resource", Value::from(&*resource)),
                    ("message", Value::from(message)),
                ]);
                let scope = Overlay::over(scope, [("conflict", conflict)]);
                let conflict = first_hit(&table.failures.conflict, &scope, notes)?;
                self.answer(conflict, &scope, None).map(of_failure)
            }
            Stopped::Conflict { message, .. } | Stopped::Fault(message) => {
                Err(Box::new(fault(Some(&rule.label), message)))
            }
        }
    }

    /// Who is calling; an `Err` is the answer to somebody who is not let in.
    fn authenticate<'b>(
        &'b self,
        table: &'b OperationTable,
        call: &Call<'_>,
        snapshot: &Arc<Snapshot>,
        asked: &Arc<Scope>,
        mut notes: Notes<'_>,
    ) -> Result<Caller, Early<'b>> {
        let alternatives = &self.contract.operations[call.operation].security;
        // Whose a credential is, is not known where the file does not say it; the contract has looked at its form.
        let is_open = table.supposed.inferred.is_some() && self.schemes.is_empty();
        if alternatives.is_empty() || is_open {
            if let Some(notes) = notes {
                notes.authenticated(&[], &Caller::anonymous());
            }
            return Ok(Caller::anonymous());
        }
        let scope = Value::from_dyn_object(Arc::clone(asked));
        let mut judge = Judge::new(&self.schemes, snapshot, &scope, snapshot.now);
        let presented = security::CredentialParts {
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
        let scope = Overlay::over(&scope, [("failure", failure)]);
        let mut early = self.fail(&table.failures.unauthenticated, &scope, notes, || {
            let title = "not authenticated";
            Problem::new(StatusCode::UNAUTHORIZED, title, rejection.to_string())
        });
        early.facts.rejected =
            Some(Rejected { scheme: rejection.scheme.into(), reason: rejection.reason.as_str() });
        Err(early)
    }

    /// Whether a request departs from the contract in what is judged at this stage; an `Err` is the answer then.
    fn judge<'b>(
        &'b self,
        table: &'b OperationTable,
        call: &Call<'_>,
        (name, stage): (StageFormat, ViolationStage),
        asked: &Arc<Scope>,
        mut notes: Notes<'_>,
    ) -> Result<(), Early<'b>> {
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
        let scope = Overlay::over(&scope, [("violations", from_json_owned(Json::Array(worded)))]);
        Err(self.fail(&table.failures.invalid_request, &scope, notes, || {
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
                let v = from_json_owned(Json::Object(members.clone()));
                let scope = Overlay::over(scope, [("v", v)]);
                template.render(&scope).map_err(|failure| failure.to_string())?
            }
        };
        members.insert("message".into(), message);
        Ok(Json::Object(members))
    }

    /// The answer of a failure's table, or `otherwise` in our own name where it has no entries.
    fn fail<'b>(
        &'b self,
        rules: &'b [Rule],
        scope: &Value,
        notes: Notes<'_>,
        otherwise: impl FnOnce() -> Problem,
    ) -> Early<'b> {
        let answer = match find_hit(rules, scope, notes) {
            Ok(Some(rule)) => self.answer(rule, scope, None),
            // What a file words for all operations need not answer whatever comes.
            Ok(None) => {
                let response = otherwise().into_response();
                return Box::new(Decision::new(response, Why::Stage("no failure entry")));
            }
            Err(early) => Err(early),
        };
        Box::new(of_failure(answer.unwrap_or_else(|early| *early)))
    }

    /// The answer of the first rule that holds.
    pub(super) fn first_answer<'b>(
        &'b self,
        rules: &'b [Rule],
        scope: &Value,
    ) -> Result<Decision<'b>, Early<'b>> {
        self.answer(first_hit(rules, scope, None)?, scope, None).map(of_failure)
    }

    fn answer<'b>(
        &'b self,
        rule: &'b Rule,
        scope: &Value,
        changes: Option<Arc<Staged>>,
    ) -> Result<Decision<'b>, Early<'b>> {
        let operation = self.rules[rule.number as usize].operation;
        let documented = operation.and_then(|operation| {
            self.contract.operations[operation].response(rule.answer.status().as_u16())
        });
        let answer = match documented {
            Some(documented) => {
                let schemas = &self.contract.schemas;
                let decided = rule.answer.decide(documented, rule.number, scope, schemas);
                decided.map(RuleAnswer::Documented)
            }
            None => rule.answer.undocumented(scope).map(RuleAnswer::Undocumented),
        };
        match answer {
            Ok(answer) => {
                let delay = delay(rule, scope)?;
                let why = Why::Rule(Arc::clone(&rule.label));
                let facts = Facts { rule: Some(rule.number), delay, ..Facts::of(why) };
                Ok(Decision { answer, facts, changes, keep: None })
            }
            Err(message) => Err(Box::new(fault(Some(&rule.label), message))),
        }
    }
}

/// What went wrong is told in whatever a request accepts.
fn of_failure(mut decision: Decision<'_>) -> Decision<'_> {
    if let RuleAnswer::Documented(decided) = &mut decision.answer {
        decided.accept = Accept::Advises;
    }
    decision
}

/// The decision with an entity tag, unless the rule says one.
fn tagged<'b>(mut decision: Decision<'b>, tag: &EntityTag) -> Decision<'b> {
    match &mut decision.answer {
        RuleAnswer::Documented(decided) => {
            if !decided.headers.iter().any(|(name, _)| *name == ETAG) {
                decided.headers.push((ETAG, tag.header()));
            }
        }
        RuleAnswer::Undocumented(response) => {
            response.headers_mut().extend(tag.header().map(|tag| (ETAG, tag)));
        }
    }
    decision
}

/// How long the answer of a rule is held back.
fn delay<'b>(rule: &Rule, scope: &Value) -> Result<Duration, Early<'b>> {
    let Some(delay) = &rule.delay else { return Ok(Duration::ZERO) };
    let ms = delay.eval(scope).map_err(|failure| failure.to_string());
    let ms = ms.and_then(|value| delay_ms(&value));
    ms.map(|ms| Duration::from_millis(ms.unsigned_abs()))
        .map_err(|message| Box::new(fault(Some(&rule.label), message)))
}

/// The first rule that holds; that none does is a fault.
fn first_hit<'r>(
    rules: &'r [Rule],
    scope: &Value,
    notes: Notes<'_>,
) -> Result<&'r Rule, Early<'r>> {
    let last = || rules.last().map(|rule| &rule.label);
    find_hit(rules, scope, notes)?.ok_or_else(|| Box::new(fault(last(), "none of the rules holds")))
}

/// The first rule that holds.
fn find_hit<'r>(
    rules: &'r [Rule],
    scope: &Value,
    mut notes: Notes<'_>,
) -> Result<Option<&'r Rule>, Early<'r>> {
    for rule in rules {
        let holds = rule.when.as_ref().map(|when| when.holds(scope));
        if let Some(notes) = notes.as_deref_mut() {
            notes.tried(rule, holds.as_ref(), scope);
        }
        match holds {
            None | Some(Ok(true)) => return Ok(Some(rule)),
            Some(Ok(false)) => {}
            Some(Err(failure)) => {
                return Err(Box::new(fault(Some(&rule.label), failure.to_string())));
            }
        }
    }
    Ok(None)
}

/// The answer where the behavior file asks for something that cannot be. Nothing is committed.
fn fault<'b>(rule: Option<&Arc<str>>, message: impl Into<String>) -> Decision<'b> {
    let place = rule.map_or("the behavior file", |label| &**label);
    let (response, why) = decision::fault(place, message);
    Decision::new(response, why)
}
