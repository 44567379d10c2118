//! Simulates a request in a copy of a world: its answer, its changes and the reason.
//!
//! Must not know whose world it was, nor leave a trace of the request.

use bytes::Bytes;
use http::Response;
use http::request::Parts;

use crate::behavior::Explanation;
use crate::clock::Timestamp;
use crate::emulator::answer::Answer;
use crate::emulator::context::{RequestContext, host};
use crate::emulator::engine::Emulator;
use crate::emulator::pick;
use crate::journal::UndoStep;
use crate::message::{Body, Facts};
use crate::problem::Problem;
use crate::sandbox::World;

/// Result of a simulated request.
#[derive(Debug)]
pub struct Simulation {
    /// The answer.
    pub response: Response<Bytes>,
    /// The decision.
    pub facts: Facts,
    /// Its changes, if any.
    pub step: Option<UndoStep>,
    /// Explanation by the behavior, if asked for.
    pub explanation: Option<Box<Explanation>>,
}

impl Emulator {
    /// Makes a request in `world`, when its clock shows `now`, with everything but faults.
    pub fn simulate(
        &self,
        parts: &Parts,
        body: &Body,
        world: &mut World,
        now: Timestamp,
    ) -> Result<Simulation, Problem> {
        let (_, path) = pick::sandbox(&parts.headers, parts.uri.path())?;
        let address = self.mounts.locate(host(parts), path);
        let asked = RequestContext { parts, body, address, real: now };
        let routed = self.route(&asked);
        let answer = match self.forced(&routed, &asked, world) {
            Some(answer) => answer,
            None => self.decide_in(world, routed, &asked, now, true),
        };
        let Answer { response, facts, step, explanation, .. } = answer;
        Ok(Simulation { response, facts, step, explanation })
    }
}
