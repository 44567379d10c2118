//! What a request is answered, in a sandbox that is locked: forced, struck by a fault, or decided by the behavior.
//!
//! Must not know how sandboxes are found, nor what becomes of the answer.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::Response;
use http::StatusCode;

use crate::behavior;
use crate::behavior::Answered;
use crate::behavior::Call;
use crate::behavior::Decision;
use crate::behavior::Explanation;
use crate::clock::Timestamp;
use crate::documented;
use crate::documented::UnreadBody;
use crate::emulator::Asked;
use crate::emulator::Emulator;
use crate::emulator::VIOLATIONS_HEADER;
use crate::emulator::answer::Answer;
use crate::emulator::mount::Target;
use crate::emulator::sent::Pairs;
use crate::emulator::unrouted::Unrouted;
use crate::emulator::unrouted::options;
use crate::faults::FaultAnswer;
use crate::faults::Strike;
use crate::faults::Target as Struck;
use crate::message::Delivery;
use crate::message::Rejected;
use crate::message::Why;
use crate::openapi::Contract;
use crate::prefer;
use crate::prefer::Doubt;
use crate::prefer::PREFERENCE_APPLIED;
use crate::prefer::Preferences;
use crate::problem::Problem;
use crate::response;
use crate::response::Accept;
use crate::response::Content;
use crate::response::Decided;
use crate::response::Making;
use crate::response::Refusal;
use crate::response::Seeds;
use crate::router::Found;
use crate::router::Lookup;
use crate::sandbox;
use crate::sandbox::NotCommitted;
use crate::sandbox::State;
use crate::sandbox::World;
use crate::store::Change;
use crate::validation::Sent;
use crate::validation::Validated;
use crate::validation::violations_header;

/// A request as far as it can be judged without records.
pub(super) enum Prepared {
    /// It found its operation.
    Routed(Box<Routed>),
    /// No operation takes it.
    Unrouted(Unrouted),
    /// It has its answer.
    Answered(Box<Answer>),
}

impl Prepared {
    /// The numbers of the provider and the operation, where one was found and is still to be judged.
    fn place(&self) -> Option<(usize, usize)> {
        match self {
            Self::Routed(routed) => Some((routed.provider, routed.operation)),
            _ => None,
        }
    }

    fn take_doubt(&mut self) -> Option<Doubt> {
        match self {
            Self::Routed(routed) => routed.doubt.take(),
            _ => None,
        }
    }
}

/// A request that found its operation.
pub(super) struct Routed {
    /// The number of the provider.
    provider: usize,
    /// The number of the operation in its contract.
    operation: usize,
    /// What the request carries, and how it departs from the contract.
    validated: Validated,
    /// That as the answer's header has it.
    violations: Option<HeaderValue>,
    preferences: Preferences,
    /// A name in it that is nearly one of ours.
    doubt: Option<Doubt>,
}

impl Emulator {
    /// Finds the operation, reads what is preferred and validates.
    pub(super) fn prepare(&self, asked: &Asked<'_>) -> Prepared {
        let Asked { parts, address, .. } = *asked;
        // About the server as a whole (RFC 9110 section 9.3.7), which takes whatever its paths take.
        if parts.method == Method::OPTIONS && parts.uri.path() == "*" {
            return Prepared::Answered(Box::new(options(None)));
        }
        let pairs = Pairs::of(parts);
        match self.mounts.find(address, &parts.method, &|condition| pairs.value(condition)) {
            Lookup::Found(Found { value: Target::Operation { provider, operation }, params }) => {
                self.validate((*provider, *operation), &params, asked)
            }
            Lookup::Found(Found { value: Target::NotEmulated { provider, number }, .. }) => {
                Prepared::Answered(Box::new(self.not_emulated(*provider, *number, asked)))
            }
            Lookup::WrongMethod { allow, .. } if parts.method == Method::OPTIONS => {
                Prepared::Answered(Box::new(options(Some(&allow))))
            }
            Lookup::WrongMethod { allow, values } => {
                let mut providers: Vec<_> = values.iter().map(|target| target.provider()).collect();
                providers.sort_unstable();
                providers.dedup();
                Prepared::Unrouted(Unrouted::WrongMethod { allow, providers })
            }
            Lookup::NotFound => Prepared::Unrouted(Unrouted::UnknownRoute),
        }
    }

    fn validate(
        &self,
        (provider, operation): (usize, usize),
        params: &[(&str, &str)],
        asked: &Asked<'_>,
    ) -> Prepared {
        let Asked { parts, body, .. } = *asked;
        let query = parts.uri.query().unwrap_or_default();
        let mut preferences = match Preferences::of(&parts.headers, query) {
            Ok(preferences) => preferences,
            Err(error) => {
                let answer = no_such_preference(error.to_string());
                return Prepared::Answered(Box::new(answer.at(Some((provider, operation)))));
            }
        };
        let doubt = preferences.doubt.take().or_else(|| {
            let declared = &self.behavior(provider).contract().operations[operation].parameters;
            prefer::of_headers(&parts.headers, |name| {
                declared.iter().any(|parameter| parameter.name.eq_ignore_ascii_case(name))
            })
        });
        let sent = Sent { path: params, query, headers: &parts.headers, body };
        let validated = self.operations[provider][operation].validator.validate(&sent);
        let is_decided = self.behavior(provider).decides(operation);
        let unread = documented::unread_body(&validated.violations).filter(|_| is_decided);
        if let Some(refusal) = unread {
            let answer = self.refuse_unread((provider, operation), &validated, refusal, asked);
            return Prepared::Answered(Box::new(answer));
        }
        // Without a behavior file more can be wrong than what is found here.
        let violations = (is_decided && !validated.violations.is_empty())
            .then(|| violations_header(&validated.violations));
        let routed = Routed { provider, operation, validated, violations, preferences, doubt };
        Prepared::Routed(Box::new(routed))
    }

    /// The answer to a body that was not read: as the contract words that status, else in our own name, for the limit and
    /// the codings are ours. No rule could word it truly.
    fn refuse_unread(
        &self,
        (provider, operation): (usize, usize),
        validated: &Validated,
        refusal: UnreadBody,
        asked: &Asked<'_>,
    ) -> Answer {
        let worded =
            self.worded((provider, operation), refusal.status(), None, 0, &asked.parts.headers);
        let mut response =
            worded.unwrap_or_else(|| refusal.problem(&validated.violations).into_response());
        refusal.complete(&mut response);
        let violations = violations_header(&validated.violations);
        response.headers_mut().insert(VIOLATIONS_HEADER, violations);
        Answer::ours(response, "body not read").at(Some((provider, operation)))
    }

    /// What an operation documents for a status, in whatever the request accepts, whoever asks for it.
    fn worded(
        &self,
        (provider, operation): (usize, usize),
        status: u16,
        example: Option<&str>,
        seed: u64,
        headers: &HeaderMap,
    ) -> Option<Response<Bytes>> {
        let contract = self.behavior(provider).contract();
        let documented = &contract.operations[operation];
        let (status, response) = response::by_name(documented, Some(status), example).ok()?;
        let decided =
            Decided { accept: Accept::Advises, ..Decided::documented(status, response, example) };
        let seeds = Seeds { steady: seed, fresh: 0 };
        let making = Making::new(self.documented, seeds, &documented.id, false, None);
        let written =
            self.renderings[provider].write(contract, operation, &decided, headers, &making);
        written.ok().map(|written| written.response)
    }

    /// The answer: the stages that need the sandbox, in order.
    pub(super) fn decide(
        &self,
        prepared: Prepared,
        asked: &Asked<'_>,
        state: &mut State,
    ) -> Answer {
        let now = state.world.clock.now(asked.real);
        let is_dry_run =
            matches!(&prepared, Prepared::Routed(routed) if routed.preferences.dry_run);
        if let Some(mut answer) = self.forced(&prepared, asked, &mut state.world) {
            answer.dry_run = is_dry_run;
            return answer;
        }
        let strike = if state.faults.is_empty() || is_dry_run {
            None
        } else {
            self.strike(&prepared, asked, state)
        };
        let mut answer = match &strike {
            Some(Strike { answer: Some(fault), .. }) => {
                self.answer_fault(fault, &prepared, asked, state, now)
            }
            Some(Strike { commits: false, .. }) => unsent(&prepared),
            _ if is_dry_run => self.decided(prepared, asked, &mut state.world.clone(), now, None),
            _ => self.decided_surely(prepared, asked, &mut state.world, now),
        };
        if is_dry_run {
            (answer.dry_run, answer.step) = (true, None);
        }
        if let Some(strike) = strike {
            struck(&mut answer, strike, state);
        }
        answer
    }

    /// The answer by what the API does, unless it would change something and the request has a name that is nearly one of
    /// ours: then whoever sent it expects something else.
    fn decided_surely(
        &self,
        mut prepared: Prepared,
        asked: &Asked<'_>,
        world: &mut World,
        now: Timestamp,
    ) -> Answer {
        let Some(doubt) = prepared.take_doubt() else {
            return self.decided(prepared, asked, world, now, None);
        };
        let place = prepared.place();
        let mut tried = world.clone();
        let answer = self.decided(prepared, asked, &mut tried, now, None);
        if answer.step.is_some() {
            return no_such_preference(doubt.to_string()).at(place);
        }
        *world = tried;
        answer
    }

    /// The answer by what the API does; how it came about goes to `explanation`, if anybody asks.
    pub(super) fn decided(
        &self,
        prepared: Prepared,
        asked: &Asked<'_>,
        world: &mut World,
        now: Timestamp,
        explanation: Option<&mut Option<Explanation>>,
    ) -> Answer {
        match prepared {
            Prepared::Routed(routed) => self.operate(*routed, asked, world, now, explanation),
            Prepared::Unrouted(why) => self.unrouted(&why, asked, world, now),
            Prepared::Answered(answer) => *answer,
        }
    }

    /// Has the behavior decide, and commits what it changes.
    fn operate(
        &self,
        routed: Routed,
        asked: &Asked<'_>,
        world: &mut World,
        now: Timestamp,
        explanation: Option<&mut Option<Explanation>>,
    ) -> Answer {
        if !self.behavior(routed.provider).decides(routed.operation) {
            return self.by_contract(&routed, asked, world);
        }
        let Routed { provider, operation, validated, violations, preferences, .. } = routed;
        let ids = world.ids_position();
        let call = Call { operation, parts: asked.parts, path: asked.address.path, validated };
        let (behavior, mut moment) = (self.behavior(provider), world.moment(provider, now));
        let decision = match explanation {
            None => behavior.decide(call, &mut moment),
            Some(explanation) => {
                let (decision, explained) = behavior.explain(call, &mut moment);
                *explanation = Some(explained);
                decision
            }
        };
        let (mut answer, changes) =
            self.written(decision, (provider, operation), &preferences, asked, (world, ids));
        let ids = if changes.is_empty() { world.ids_position() } else { ids };
        match world.commit(provider, &changes, ids) {
            Ok(step) => {
                if step.is_some() {
                    answer.tally = sandbox::tally(world.store(provider), &changes);
                }
                answer.step = step;
            }
            Err(NotCommitted::OutOfRoom(full)) => {
                answer = Answer::refused(full.into(), "sandbox full");
            }
            Err(NotCommitted::Conflict(conflict)) => answer = refused_commit(&conflict.to_string()),
        }
        (answer.provider, answer.operation) = (Some(provider), Some(operation));
        if let Some(violations) = violations {
            answer.response.headers_mut().insert(VIOLATIONS_HEADER, violations);
        }
        answer
    }

    /// Writes the answer that was decided on, and gives the changes to commit; none where it cannot be given.
    fn written(
        &self,
        decision: Decision<'_>,
        (provider, operation): (usize, usize),
        preferences: &Preferences,
        asked: &Asked<'_>,
        (world, ids): (&mut World, u128),
    ) -> (Answer, Arc<[Change]>) {
        let Decision { answer, why, rule, delay, mut changes, rejected } = decision;
        if changes.is_empty() {
            // What was drawn is given back, but for the seed of this answer.
            world.set_ids_position(ids);
        }
        let contract = self.behavior(provider).contract();
        let written = match answer {
            Answered::Undocumented(response) => Ok((response, false)),
            Answered::Documented(decided) => {
                let is_made = matches!(decided.content, Content::Documented(_));
                let making = self.making(contract, operation, preferences, is_made, world);
                let kept = &self.renderings[provider];
                let headers = &asked.parts.headers;
                let written = kept.write(contract, operation, &decided, headers, &making);
                written.map(|written| (written.response, is_made && written.has_media))
            }
        };
        let answer = match written {
            Ok((mut response, is_made)) => {
                let applied = preferences.made(is_made).applied();
                response.headers_mut().extend(applied.map(|it| (PREFERENCE_APPLIED, it)));
                Answer {
                    rule,
                    delay,
                    rejected: rejected.map(|rejection| Rejected {
                        scheme: rejection.scheme.into(),
                        reason: rejection.reason.as_str(),
                    }),
                    ..Answer::new(response, why)
                }
            }
            Err(refusal) => {
                changes = Arc::new([]);
                refused(refusal, &why)
            }
        };
        (answer, changes)
    }

    /// How what is documented is made for a request.
    fn making(
        &self,
        contract: &Contract,
        operation: usize,
        preferences: &Preferences,
        is_made: bool,
        world: &mut World,
    ) -> Making {
        let is_dynamic = is_made && preferences.dynamic.unwrap_or(self.documented.dynamic);
        let steady = world.ids().seed();
        let seeds = Seeds { steady, fresh: if is_dynamic { world.next_seed() } else { 0 } };
        let id = &contract.operations[operation].id;
        let seed = preferences.seed.as_deref().filter(|_| is_made);
        Making::new(self.documented, seeds, id, is_dynamic, seed)
    }

    /// Has the contract alone answer.
    fn by_contract(&self, routed: &Routed, asked: &Asked<'_>, world: &mut World) -> Answer {
        let Routed { provider, operation, validated, preferences, .. } = routed;
        let asked = documented::Asked {
            contract: self.behavior(*provider).contract(),
            number: *operation,
            headers: &asked.parts.headers,
            query: asked.parts.uri.query().unwrap_or_default(),
            violations: &validated.violations,
            preferences,
        };
        let is_dynamic = preferences.dynamic.unwrap_or(self.documented.dynamic);
        let seeds = Seeds {
            steady: world.ids().seed(),
            fresh: if is_dynamic { world.next_seed() } else { 0 },
        };
        let renderings = &self.renderings[*provider];
        let answered = documented::answer(&asked, seeds, self.documented, renderings);
        let why = answered.documented.map_or(Why::Stage("no documented answer"), Why::Documented);
        let mut answer = Answer::new(answered.response, why).at(Some((*provider, *operation)));
        let headers = answer.response.headers_mut();
        headers.extend(answered.applied.map(|applied| (PREFERENCE_APPLIED, applied)));
        if !answered.violations.is_empty() {
            headers.insert(VIOLATIONS_HEADER, violations_header(&answered.violations));
        }
        answer
    }

    /// The documented answer that a request asks for, if it does, and if nothing but that decides.
    pub(super) fn forced(
        &self,
        prepared: &Prepared,
        asked: &Asked<'_>,
        world: &mut World,
    ) -> Option<Answer> {
        match prepared {
            Prepared::Routed(routed)
                if routed.preferences.forces()
                    && self.behavior(routed.provider).decides(routed.operation) =>
            {
                Some(self.force(routed, asked, world))
            }
            _ => None,
        }
    }

    /// The documented answer that is asked for. Nothing changes.
    fn force(&self, routed: &Routed, asked: &Asked<'_>, world: &mut World) -> Answer {
        let Routed { provider, operation, preferences, .. } = routed;
        let contract = self.behavior(*provider).contract();
        let making = self.making(contract, *operation, preferences, true, world);
        let decided = documented::preferred(&contract.operations[*operation], preferences);
        let (kept, headers) = (&self.renderings[*provider], &asked.parts.headers);
        let written = decided
            .map_err(Refusal::from)
            .and_then(|decided| kept.write(contract, *operation, &decided, headers, &making));
        let mut answer = match written {
            Ok(written) => {
                let mut response = written.response;
                let applied = preferences.made(written.has_media).applied();
                let applied = applied.expect("it forces, so something is applied");
                let why = format!("Prefer: {}", String::from_utf8_lossy(applied.as_bytes()));
                response.headers_mut().insert(PREFERENCE_APPLIED, applied);
                Answer::new(response, Why::Forced(why.into()))
            }
            Err(refusal) => Answer::refused(refusal.into(), "not documented"),
        };
        (answer.provider, answer.operation) = (Some(*provider), Some(*operation));
        if let Some(violations) = &routed.violations {
            answer.response.headers_mut().insert(VIOLATIONS_HEADER, violations.clone());
        }
        answer
    }

    /// What strikes a request, if anything does.
    fn strike(&self, prepared: &Prepared, asked: &Asked<'_>, state: &mut State) -> Option<Strike> {
        let (provider, operation) = match prepared {
            Prepared::Routed(routed) => (Some(routed.provider), Some(routed.operation)),
            Prepared::Answered(answer) => (answer.provider, answer.operation),
            Prepared::Unrouted(_) => (asked.address.provider, None),
        };
        let operation = provider.zip(operation);
        state.faults.strike(&Struck {
            provider: provider.map(|number| &*self.providers[number].name),
            operation: operation.map(|(provider, number)| &*self.operations[provider][number].id),
            method: &asked.parts.method,
            path: asked.address.path,
            headers: &asked.parts.headers,
        })
    }

    /// The answer of a fault: as it is written, or as the contract or the behavior words that status.
    fn answer_fault(
        &self,
        fault: &FaultAnswer,
        prepared: &Prepared,
        asked: &Asked<'_>,
        state: &mut State,
        now: Timestamp,
    ) -> Answer {
        let place = prepared.place();
        let worded = place.filter(|_| fault.body.is_none()).and_then(|(provider, operation)| {
            let example = fault.example.as_deref();
            let seed = state.world.ids().seed();
            let headers = &asked.parts.headers;
            let place = (provider, operation);
            self.worded(place, fault.status.as_u16(), example, seed, headers).or_else(|| {
                let moment = state.world.moment(provider, now);
                let (method, path) = (&asked.parts.method, asked.address.path);
                let behavior = self.behavior(provider);
                let failed =
                    behavior.internal_failure(operation, fault.status, method, path, &moment)?;
                let preferences = Preferences::default();
                let ids = state.world.ids_position();
                let world = (&mut state.world, ids);
                Some(self.written(failed, place, &preferences, asked, world).0.response)
            })
        });
        let mut response = worded.unwrap_or_else(|| match &fault.body {
            // A success or a redirection that nobody words has nothing to say, and some may not.
            None if fault.status.as_u16() < 400 => Response::new(Bytes::new()),
            None => Problem::new(
                fault.status,
                "injected fault",
                "a fault of this sandbox answers instead of the API: `GET /__admin/sandboxes/<name>/faults` lists them",
            )
            .into_response(),
            Some((media_type, body)) => {
                let mut response = Response::new(body.clone());
                response.headers_mut().insert(http::header::CONTENT_TYPE, media_type.clone());
                response
            }
        });
        *response.status_mut() = fault.status;
        for (name, value) in &fault.headers {
            // In place of the documented one: no name is given twice.
            response.headers_mut().insert(name, value.clone());
        }
        Answer::new(response, Why::Nothing).at(place)
    }
}

/// A response that was decided on and cannot be sent; `why` says who decided.
fn refused(refusal: Refusal, why: &Why) -> Answer {
    match (refusal, why) {
        (Refusal::Unfit(reason), Why::Rule(label)) => {
            let (response, why) = behavior::fault(label, reason);
            Answer::new(response, why)
        }
        (refusal, _) => Answer::refused(refusal.into(), "no documented answer"),
    }
}

fn no_such_preference(detail: String) -> Answer {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let problem =
        Problem::new(status, "no such preference", detail).of_type("UNPROCESSABLE_ENTITY");
    Answer::refused(problem, "preference")
}

/// Where the call itself does not happen and nothing is sent: what the journal says of it.
fn unsent(prepared: &Prepared) -> Answer {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    Answer::new(response, Why::Nothing).at(prepared.place())
}

/// Has an answer delayed or broken as a fault says.
fn struck(answer: &mut Answer, strike: Strike, state: &mut State) {
    if matches!(answer.why, Why::Nothing) {
        let what = match strike.delivery {
            Delivery::Whole => "",
            Delivery::Reset => ": connection reset",
            Delivery::Empty => ": connection closed",
            Delivery::Garbage => ": garbage",
            Delivery::Cut { .. } => ": cut short",
            Delivery::Trickle { .. } => ": trickled",
        };
        answer.why = Why::Forced(format!("fault {}{what}", strike.faults.join(", ")).into());
    }
    if strike.delivery == Delivery::Garbage {
        *answer.response.body_mut() = state.faults.garbage().into();
    }
    answer.delay = answer.delay.saturating_add(strike.delay);
    answer.delivery = strike.delivery;
    answer.faults = strike.faults;
}

/// Changes that were planned under the same lock always fit; should they not, nothing is done and that is said.
fn refused_commit(conflict: &str) -> Answer {
    let title = "the changes could not be made";
    let problem = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, title, conflict);
    Answer::new(problem.into_response(), Why::Fault(conflict.to_owned()))
}
