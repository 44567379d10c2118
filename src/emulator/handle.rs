//! The request path: from a complete request to an answer, through every stage in order.
//!
//! Must not know what a stage does.

use http::HeaderMap;
use http::request::Parts;

use crate::clock::Timestamp;
use crate::cors::Cors;
use crate::emulator::answer::Answer;
use crate::emulator::context::{RequestContext, host};
use crate::emulator::engine::Emulator;
use crate::emulator::fault::apply_fault;
use crate::emulator::pick;
use crate::journal::ExchangeDraft;
use crate::media;
use crate::message::{Body, Reply, Request};
use crate::sandbox::TASKS_AT_ONCE_MAX;

impl Emulator {
    /// Answers a request that arrived at `now`, by the system clock: the stages, in order. Up to `route` nothing is locked.
    pub fn handle(&self, request: Request, now: Timestamp) -> Reply {
        let (parts, body) = request.into_parts();
        let (name, path) = match self.pick(&parts) {
            Ok(picked) => picked,
            Err(answer) => return self.reply_without_sandbox(&parts, *answer),
        };
        let body = self.decoded(&parts.headers, body);
        let address = self.mounts.locate(host(&parts), path);
        let asked = RequestContext { parts: &parts, body: &body, address, real: now };
        let routed = self.route(&asked);
        let draft = ExchangeDraft::of(&parts, &body);
        let entered = self.sandboxes.enter(name, now, |sandbox, state| {
            let tasks = state.run_due(|number| self.behavior(number), now, TASKS_AT_ONCE_MAX);
            let wait = routed.wait();
            let forced = self.forced(&routed, &asked, &mut state.world);
            let is_open = forced.is_none();
            let fault = is_open.then(|| self.fault(&routed, &asked, state)).flatten();
            let answer = forced
                .or_else(|| self.answer_fault(fault.as_ref()?, &routed, &asked, state))
                .unwrap_or_else(|| self.decide(routed, &asked, &mut state.world));
            let mut answer = apply_fault(answer, fault, state).held_back(wait);
            self.stamp(&mut answer, &asked, sandbox, state);
            self.record(answer, draft, &asked, (sandbox, state), tasks)
        });
        entered.unwrap_or_else(|full| {
            let answer = Answer::refused(full.into(), "too many sandboxes");
            self.reply_without_sandbox(&parts, answer)
        })
    }

    /// The sandbox that a request is for, and its path there; an `Err` answers one that is for none.
    fn pick<'r>(&self, parts: &'r Parts) -> Result<(&'r str, &'r str), Box<Answer>> {
        if let Some(cors) = &self.cors
            && Cors::is_preflight(&parts.method, &parts.headers)
        {
            return Err(Box::new(Answer::ours(cors.preflight(&parts.headers), "preflight")));
        }
        pick::sandbox(&parts.headers, parts.uri.path())
            .map_err(|problem| Box::new(Answer::refused(problem, "no such sandbox")))
    }

    /// A body without its `Content-Encoding`, if it is within the limit then: as it is judged, and as the journal has it,
    /// in which secrets could not be blacked out otherwise. The header stays, for the contract may speak of it.
    pub fn decoded(&self, headers: &HeaderMap, body: Body) -> Body {
        media::decoded(headers, body, self.body_bytes_max)
    }
}
