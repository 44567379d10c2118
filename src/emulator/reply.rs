//! The end of the request path: the headers that every answer has, its entry in the journal, and what the log says of it.
//!
//! Must not know how an answer is found.

use std::sync::Arc;

use bytes::Bytes;
use http::header::ORIGIN;
use http::request::Parts;
use http::{HeaderValue, Response};

use crate::emulator::answer::Answer;
use crate::emulator::context::RequestContext;
use crate::emulator::engine::Emulator;
use crate::emulator::headers::{
    REPLAYED_HEADER, REQUEST_ID_HEADER, RESTARTED_HEADER, SANDBOX_HEADER, VIOLATIONS_HEADER,
};
use crate::journal::{Event, ExchangeDraft, JournaledCall};
use crate::message::{Account, Facts, Reply, Tally};
use crate::prefer::PREFERENCE_APPLIED;
use crate::sandbox::{RegisteredSandbox, SandboxState, TASKS_AT_ONCE_MAX, TaskRun};
use crate::{cors, sandbox};

impl Emulator {
    /// Gives an answer the headers that tell how it came about, and those that every answer has.
    pub(super) fn stamp(
        &self,
        answer: &mut Answer,
        asked: &RequestContext<'_>,
        sandbox: &RegisteredSandbox,
        state: &SandboxState,
    ) {
        let restarted = state.restarted.map(|dropped| {
            HeaderValue::from_str(&dropped.to_rfc3339()).expect("a date has digits and signs only")
        });
        let replayed = answer.facts.replayed;
        let headers = [
            (VIOLATIONS_HEADER, answer.violations.take()),
            (PREFERENCE_APPLIED, answer.applied.take()),
            (REPLAYED_HEADER, replayed.then(|| HeaderValue::from_static("true"))),
            (REQUEST_ID_HEADER, Some(state.journal.next_id().into())),
            (RESTARTED_HEADER, restarted),
        ];
        for (name, value) in headers {
            answer.response.headers_mut().extend(value.map(|value| (name, value)));
        }
        let origin = asked.parts.headers.get(ORIGIN);
        self.stamp_any(sandbox.header(), origin, &mut answer.response);
    }

    /// Gives an answer to the page at `origin` what every answer has, as if of the sandbox that is always there; public
    /// for those that never get as far as [`Emulator::handle`], or that come out of it as a panic.
    pub fn stamp_default(&self, origin: Option<&HeaderValue>, response: &mut Response<Bytes>) {
        self.stamp_any(&HeaderValue::from_static(sandbox::DEFAULT), origin, response);
    }

    fn stamp_any(
        &self,
        sandbox: &HeaderValue,
        origin: Option<&HeaderValue>,
        response: &mut Response<Bytes>,
    ) {
        let headers = response.headers_mut();
        headers.insert(SANDBOX_HEADER, sandbox.clone());
        if let Some(cors) = &self.cors {
            cors.allow(origin, headers);
        }
        cors::confine(response);
    }

    /// Enters an answer in the journal, runs the jobs that it made due at once, and says what is to be sent. `tasks` are
    /// those that were run before.
    pub(super) fn record(
        &self,
        answer: Answer,
        draft: ExchangeDraft,
        asked: &RequestContext<'_>,
        (sandbox, state): (&RegisteredSandbox, &mut SandboxState),
        mut tasks: Vec<TaskRun>,
    ) -> Reply {
        answer.count(&mut state.coverage);
        let Answer { response, facts, tally, step, .. } = answer;
        let (facts, restarted) = (Arc::new(facts), state.restarted.take());
        let exchange = draft.answered(&response);
        let call = JournaledCall { exchange, facts: Arc::clone(&facts), restarted };
        let now = state.world.clock.now(asked.real);
        let is_changed = step.is_some();
        state.journal.enter(asked.real, now, Event::Call(Arc::new(call)), step);
        if is_changed {
            let of = |number| self.behavior(number);
            tasks.extend(state.run_due(of, asked.real, TASKS_AT_ONCE_MAX));
        }
        let (delay, delivery) = (facts.delay, facts.delivery);
        let account = self.account(facts, tally, sandbox.name());
        let tasks = tasks.into_iter().map(|run| self.task_account(run, sandbox.name())).collect();
        Reply { response, delay, delivery, account, tasks }
    }

    /// The reply to what reaches no sandbox, which no journal has.
    pub(super) fn reply_without_sandbox(&self, parts: &Parts, mut answer: Answer) -> Reply {
        self.stamp_default(parts.headers.get(ORIGIN), &mut answer.response);
        let Answer { response, facts, tally, .. } = answer;
        let name = self.sandboxes.default_sandbox().name();
        Reply::at_once(response, self.account(facts.into(), tally, name))
    }

    fn account(&self, facts: Arc<Facts>, changes: Vec<Tally>, sandbox: &Arc<str>) -> Account {
        let name = |number: usize| Arc::clone(&self.providers[number].name);
        Account {
            provider: facts.provider.map(name),
            operation: facts.place().map(|place| Arc::clone(&self.emulated(place).id)),
            sandbox: Some(Arc::clone(sandbox)),
            changes,
            did: None,
            facts,
        }
    }

    /// Account of a task that was run, for the log.
    pub(super) fn task_account(&self, run: TaskRun, sandbox: &Arc<str>) -> Account {
        let facts = Facts { provider: Some(run.provider), ..Facts::of(run.why) };
        self.account(facts.into(), run.tally, sandbox)
    }
}
