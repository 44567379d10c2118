//! Faults: what they do to a request, what they answer, and how they have an answer sent.
//!
//! Must not know what the operation itself answers.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Response, StatusCode};

use crate::emulator::answer::Answer;
use crate::emulator::context::RequestContext;
use crate::emulator::engine::Emulator;
use crate::emulator::route::Routed;
use crate::faults::{FaultAnswer, FaultEffect, FaultTarget};
use crate::message::{Delivery, Why};
use crate::problem::Problem;
use crate::sandbox::SandboxState;

impl Emulator {
    /// Effect of faults on a request, if any; none on dry runs.
    pub(super) fn fault(
        &self,
        routed: &Routed,
        asked: &RequestContext<'_>,
        state: &mut SandboxState,
    ) -> Option<FaultEffect> {
        if state.faults.is_empty() || routed.is_dry_run() {
            return None;
        }
        let (provider, place) = match routed {
            Routed::Call(call) => (Some(call.place.0), Some(call.place)),
            Routed::Answered(answer) => (answer.facts.provider, answer.facts.place()),
            Routed::Unrouted(_) => (asked.address.provider, None),
        };
        state.faults.effect_on(&FaultTarget {
            provider: provider.map(|number| &*self.providers[number].name),
            operation: place.map(|place| &*self.emulated(place).id),
            method: &asked.parts.method,
            path: asked.address.path,
            headers: &asked.parts.headers,
        })
    }

    /// The answer of a fault, where the call itself does not happen.
    pub(super) fn answer_fault(
        &self,
        effect: &FaultEffect,
        routed: &Routed,
        asked: &RequestContext<'_>,
        state: &mut SandboxState,
    ) -> Option<Answer> {
        let response = match &effect.answer {
            Some(fault) => self.fault_response(fault, routed, asked, state),
            // Nothing is sent: what the journal says of it.
            None if !effect.commits => {
                let mut response = Response::new(Bytes::new());
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                response
            }
            None => return None,
        };
        Some(Answer::new(response, Why::Nothing).at(routed.place()))
    }

    /// The answer of a fault: as it is written, or as the contract or the behavior words that status.
    fn fault_response(
        &self,
        fault: &FaultAnswer,
        routed: &Routed,
        asked: &RequestContext<'_>,
        state: &mut SandboxState,
    ) -> Response<Bytes> {
        let place = routed.place().filter(|_| fault.body.is_none());
        let worded = place.and_then(|place| {
            let (status, example) = (fault.status, fault.example.as_deref());
            self.documented(place, status.as_u16(), example, asked, state.world.ids().seed())
                .or_else(|| self.internal_failure(place, status, asked, &mut state.world))
        });
        let mut response = worded.unwrap_or_else(|| match &fault.body {
            // A success or a redirection without wording has no body, and some may not have one.
            None if fault.status.as_u16() < 400 => Response::new(Bytes::new()),
            None => Problem::new(
                fault.status,
                "injected fault",
                "a fault of this sandbox answers instead of the API: `GET /__admin/sandboxes/<name>/faults` lists them",
            )
            .into_response(),
            Some((media_type, body)) => {
                let mut response = Response::new(body.clone());
                response.headers_mut().insert(CONTENT_TYPE, media_type.clone());
                response
            }
        });
        *response.status_mut() = fault.status;
        for (name, value) in &fault.headers {
            // In place of the documented one: no name is given twice.
            response.headers_mut().insert(name, value.clone());
        }
        response
    }
}

/// Delays or breaks an answer as faults say.
pub(super) fn apply_fault(
    mut answer: Answer,
    effect: Option<FaultEffect>,
    state: &mut SandboxState,
) -> Answer {
    let Some(effect) = effect else { return answer };
    let facts = &mut answer.facts;
    if matches!(facts.why, Why::Nothing) {
        let what = match effect.delivery {
            Delivery::Whole => "",
            Delivery::Reset => ": connection reset",
            Delivery::Empty => ": connection closed",
            Delivery::Garbage => ": garbage",
            Delivery::Cut { .. } => ": cut short",
            Delivery::Trickle { .. } => ": trickled",
        };
        facts.why = Why::Forced(format!("fault {}{what}", effect.faults.join(", ")).into());
    }
    if effect.delivery == Delivery::Garbage {
        *answer.response.body_mut() = state.faults.garbage().into();
    }
    facts.delay = facts.delay.saturating_add(effect.delay);
    facts.delivery = effect.delivery;
    facts.faults = effect.faults;
    answer
}
