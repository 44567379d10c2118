//! What a request is answered, in a sandbox that is locked: the documented answer that it asks for, or what rules or the
//! contract alone decide, written and committed.
//!
//! Must not know how sandboxes are found, nor what becomes of the answer.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};

use crate::behavior::{Call, Decision, Explanation, RuleAnswer};
use crate::clock::Timestamp;
use crate::emulator::answer::Answer;
use crate::emulator::context::RequestContext;
use crate::emulator::engine::Emulator;
use crate::emulator::headers::IGNORED_HEADER;
use crate::emulator::provider::AnsweredBy;
use crate::emulator::route::{OperationCall, Routed, no_such_preference};
use crate::message::Why;
use crate::prefer::Preferences;
use crate::problem::Problem;
use crate::response::{NotSent, WrittenResponse};
use crate::sandbox::{NotCommitted, World};
use crate::store::Staged;
use crate::validation::{MessagePart, Validated, Violation, violations_header};
use crate::{behavior, documented, sandbox};

impl Emulator {
    /// The documented answer that a request asks for, if it does, whatever rules say. Nothing changes. The contract alone
    /// looks at credentials and violations first.
    pub(super) fn forced(
        &self,
        routed: &Routed,
        asked: &RequestContext<'_>,
        world: &mut World,
    ) -> Option<Answer> {
        let Routed::Call(call) = routed else { return None };
        let OperationCall { place, answered_by, validated, preferences, .. } = &**call;
        if *answered_by != AnsweredBy::Rules || !preferences.forces() {
            return None;
        }
        let decided = documented::preferred(self.operation(*place), preferences);
        let written = decided
            .map_err(NotSent::from)
            .and_then(|decided| self.write(*place, &decided, preferences, asked, world));
        let mut answer = match written {
            Ok(written) => {
                let applied = preferences.made(written.is_made).applied();
                let told = applied.as_ref().map(|it| String::from_utf8_lossy(it.as_bytes()));
                let why = Why::Forced(format!("Prefer: {}", told.unwrap_or_default()).into());
                let answer = Answer::new(written.response, why);
                Answer { applied, violations: told_of(validated, &written.misfits), ..answer }
            }
            Err(refusal) => Answer {
                violations: told_of(validated, &[]),
                ..Answer::refused(refusal.into(), "not documented")
            },
        };
        answer.facts.dry_run = preferences.dry_run;
        Some(answer.at(Some(*place)))
    }

    /// The answer by what the API does. What is only to be tried is done in a world of its own, and so is what would change
    /// something while the request has a name that is nearly one of ours: then the client expects something else.
    pub(super) fn decide(
        &self,
        mut routed: Routed,
        asked: &RequestContext<'_>,
        world: &mut World,
    ) -> Answer {
        let now = world.clock.now(asked.real);
        let (dry_run, doubt, place) = (routed.is_dry_run(), routed.take_doubt(), routed.place());
        if !dry_run && doubt.is_none() {
            return self.decide_in(world, routed, asked, now, false);
        }
        let mut tried = world.clone();
        let mut answer = self.decide_in(&mut tried, routed, asked, now, false);
        if dry_run {
            (answer.facts.dry_run, answer.step) = (true, None);
            return answer;
        }
        match doubt.filter(|_| answer.step.is_some()) {
            Some(doubt) => no_such_preference(doubt.to_string()).at(place),
            None => {
                *world = tried;
                answer
            }
        }
    }

    /// The answer by what the API does in a world, and if asked for how rules came to it.
    pub(super) fn decide_in(
        &self,
        world: &mut World,
        routed: Routed,
        asked: &RequestContext<'_>,
        now: Timestamp,
        explains: bool,
    ) -> Answer {
        match routed {
            Routed::Call(call) => match call.answered_by {
                AnsweredBy::Rules => self.by_rules(&call, asked, world, now, explains),
                AnsweredBy::InferredRules if self.is_open(&call, asked) => {
                    let answer = self.by_rules(&call, asked, world, now, explains);
                    // What was inferred and cannot be carried out is no failure of the service.
                    match answer.facts.why {
                        Why::Fault(_) => self.by_contract(&call, asked, world),
                        _ => answer,
                    }
                }
                AnsweredBy::InferredRules | AnsweredBy::Contract => {
                    self.by_contract(&call, asked, world)
                }
            },
            Routed::Unrouted(why) => self.unrouted(&why, asked, world, now),
            Routed::Answered(answer) => *answer,
        }
    }

    /// Whether a request keeps the contract and leaves the answer open.
    fn is_open(&self, call: &OperationCall, asked: &RequestContext<'_>) -> bool {
        !call.preferences.forces() && documented::is_valid(&self.of_contract(call, asked))
    }

    /// A request as the contract alone judges it.
    fn of_contract<'r>(
        &'r self,
        call: &'r OperationCall,
        asked: &'r RequestContext<'_>,
    ) -> documented::ContractRequest<'r> {
        let (provider, number) = call.place;
        documented::ContractRequest {
            contract: self.behavior(provider).contract(),
            number,
            headers: &asked.parts.headers,
            query: asked.parts.uri.query().unwrap_or_default(),
            violations: &call.validated.violations,
            preferences: &call.preferences,
        }
    }

    /// Lets rules decide, writes their answer and commits their changes.
    fn by_rules(
        &self,
        call: &OperationCall,
        asked: &RequestContext<'_>,
        world: &mut World,
        now: Timestamp,
        explains: bool,
    ) -> Answer {
        let OperationCall { place, validated, preferences, .. } = call;
        let (provider, operation) = *place;
        let ignored = self.ignored(*place, asked);
        let ids = world.ids_position();
        let call = Call {
            operation,
            parts: asked.parts,
            path: asked.address.path,
            body: asked.body,
            validated: Arc::clone(validated),
        };
        let mut explanation = explains.then(Box::<Explanation>::default);
        let mut moment = world.moment(provider, now);
        let behavior = self.behavior(provider);
        let decision = behavior.decide(call, &mut moment, explanation.as_deref_mut());
        let Decision { answer, facts, mut changes, keep } = decision;
        if changes.is_none() {
            // What was drawn is given back, but for the seed of an answer that is made up.
            world.set_ids_position(ids);
        }
        let written = match answer {
            RuleAnswer::Undocumented(response) => Ok(self.undocumented(*place, response)),
            RuleAnswer::Documented(decided) => {
                self.write(*place, &decided, preferences, asked, world)
            }
        };
        let (mut answer, misfits, is_made) = match written {
            Ok(WrittenResponse { response, misfits, is_made, .. }) => {
                (Answer { facts, ..Answer::new(response, Why::Nothing) }, misfits, is_made)
            }
            Err(refusal) => {
                if changes.take().is_some() {
                    world.set_ids_position(ids);
                }
                (refused(refusal, &facts.why), Vec::new(), false)
            }
        };
        answer.response.headers_mut().extend(ignored);
        if let Some(changes) = changes {
            answer = commit(answer, changes, (provider, ids), world);
        }
        // A fault of ours is no answer of the provider's.
        if let Some(keep) = keep.filter(|_| matches!(answer.facts.why, Why::Rule(_))) {
            world.keep_answer(keep, &answer.response, now, answer.step.as_mut());
        }
        answer.applied = preferences.made(is_made).applied();
        answer.violations = told_of(validated, &misfits);
        answer.explanation = explanation;
        answer.at(Some(*place))
    }

    /// A response that the contract does not have. Where that is inferred, it is told as its violation.
    fn undocumented(
        &self,
        (provider, operation): (usize, usize),
        response: Response<Bytes>,
    ) -> WrittenResponse {
        let status = response.status().as_u16();
        let mut written = WrittenResponse::from(response);
        if self.behavior(provider).inferred(operation).is_some() {
            let text = format!("has the status {status}, which is not documented");
            written.misfits.push(Violation::new(
                MessagePart::Response,
                "",
                "undocumented",
                Some(status.into()),
                text,
            ));
        }
        written
    }

    /// The header with the query parameters of a request that change nothing, if it has any.
    fn ignored(
        &self,
        (provider, operation): (usize, usize),
        asked: &RequestContext<'_>,
    ) -> Option<(HeaderName, HeaderValue)> {
        let ignores = self.behavior(provider).ignores(operation);
        let query = asked.parts.uri.query().filter(|_| !ignores.is_empty())?;
        let sent: Vec<_> = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name).collect();
        let is_sent = |name: &&str| {
            let is_of = |sent: &str| {
                sent.strip_prefix(*name)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
            };
            sent.iter().any(|sent| is_of(sent))
        };
        let names: Vec<&str> = ignores.iter().map(|name| &**name).filter(is_sent).collect();
        let value = HeaderValue::from_str(&names.join(", ")).ok();
        value.filter(|_| !names.is_empty()).map(|value| (IGNORED_HEADER, value))
    }

    /// Answers by the contract alone.
    fn by_contract(
        &self,
        call: &OperationCall,
        asked: &RequestContext<'_>,
        world: &mut World,
    ) -> Answer {
        let OperationCall { place, preferences, .. } = call;
        let asked = self.of_contract(call, asked);
        let seeds = self.seeds(preferences, world);
        let kept = &self.renderings[place.0];
        let answered = documented::answer(&asked, seeds, self.documented, kept);
        let why = answered.documented.map_or(Why::Stage("no documented answer"), Why::Documented);
        let is_wrong = !answered.violations.is_empty();
        Answer {
            violations: is_wrong.then(|| violations_header(&answered.violations)),
            applied: answered.applied,
            ..Answer::new(answered.response, why)
        }
        .at(Some(*place))
    }

    /// The behavior's answer to a failure of the service itself with that status, if it has one.
    pub(super) fn internal_failure(
        &self,
        place: (usize, usize),
        status: StatusCode,
        asked: &RequestContext<'_>,
        world: &mut World,
    ) -> Option<Response<Bytes>> {
        let (provider, operation) = place;
        let now = world.clock.now(asked.real);
        let (parts, path) = (asked.parts, asked.address.path);
        let moment = world.moment(provider, now);
        let behavior = self.behavior(provider);
        let failed = behavior.internal_failure(operation, status, parts, path, &moment)?;
        match failed.answer {
            RuleAnswer::Undocumented(response) => Some(response),
            RuleAnswer::Documented(decided) => {
                let written = self.write(place, &decided, &Preferences::default(), asked, world);
                written.ok().map(|written| written.response)
            }
        }
    }

    /// The answer to a body that was not read, if rules answer the operation: as the contract words that status, else in our
    /// own name, for the limit and the codings are ours. No rule could word it truly.
    pub(super) fn refuse_unread(
        &self,
        call: &OperationCall,
        asked: &RequestContext<'_>,
    ) -> Option<Answer> {
        let violations = &call.validated.violations;
        let unread = documented::unread_body(violations)?;
        if call.answered_by != AnsweredBy::Rules {
            return None;
        }
        let worded = self.documented(call.place, unread.status(), None, asked, 0);
        let mut response = worded.unwrap_or_else(|| unread.problem(violations).into_response());
        unread.complete(&mut response);
        let answer = Answer::ours(response, "body not read").at(Some(call.place));
        Some(Answer { violations: told_of(&call.validated, &[]), ..answer })
    }
}

/// Commits what an answer changes, all or nothing; `ids` is what was used up of the ids before. Where it cannot be, that is
/// the answer.
fn commit(
    answer: Answer,
    staged: Arc<Staged>,
    (provider, ids): (usize, u128),
    world: &mut World,
) -> Answer {
    let changes = Arc::clone(staged.changes());
    match world.commit_staged(provider, staged, ids) {
        Ok(step) => {
            let tally = sandbox::tally(world.store(provider), &changes);
            Answer { tally, step, ..answer }
        }
        Err(NotCommitted::OutOfRoom(full)) => Answer::refused(full.into(), "sandbox full"),
        Err(NotCommitted::Conflict(conflict)) => refused_commit(&conflict.to_string()),
    }
}

/// All that is wrong with a request and its answer, as a header; none if nothing is.
fn told_of(validated: &Validated, misfits: &[Violation]) -> Option<HeaderValue> {
    let violations = &validated.violations;
    match (violations.as_slice(), misfits) {
        ([], []) => None,
        (violations, []) => Some(violations_header(violations)),
        (violations, misfits) => Some(violations_header(&[violations, misfits].concat())),
    }
}

/// A response that was decided on and cannot be sent; `why` is what decided.
fn refused(refusal: NotSent, why: &Why) -> Answer {
    match (refusal, why) {
        (NotSent::Unfit(reason), Why::Rule(label)) => {
            let (response, why) = behavior::fault(label, reason);
            Answer::new(response, why)
        }
        (why @ NotSent::NotAcceptable(_), _) => Answer::refused(why.into(), "not acceptable"),
        (refusal, _) => Answer::refused(refusal.into(), "no documented answer"),
    }
}

/// Changes that were planned under the same lock always fit; should they not, nothing is done and that is said.
fn refused_commit(conflict: &str) -> Answer {
    let title = "the changes could not be made";
    let problem = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, title, conflict);
    Answer::new(problem.into_response(), Why::Fault(conflict.to_owned()))
}
