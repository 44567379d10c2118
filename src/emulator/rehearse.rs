//! Rehearsing a request in a world that is nobody's: what it would be answered and change there, and why.
//!
//! Must not know whose world it was, nor leave a trace of the request.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http::request::Parts;

use crate::behavior::Explanation;
use crate::clock::Timestamp;
use crate::emulator::Asked;
use crate::emulator::Emulator;
use crate::emulator::host;
use crate::emulator::pick;
use crate::journal::Step;
use crate::message::Body;
use crate::message::Why;
use crate::problem::Problem;
use crate::sandbox::World;

/// How a request comes out.
#[derive(Debug)]
pub struct Rehearsal {
    /// What it is answered.
    pub response: Response<Bytes>,
    /// How long that is held back.
    pub delay: Duration,
    /// What decides.
    pub why: Why,
    /// The number of the provider, if one answers.
    pub provider: Option<usize>,
    /// The number of the operation in its contract, if one is found.
    pub operation: Option<usize>,
    /// What it changes, where it changes anything.
    pub step: Option<Step>,
    /// How the behavior comes to its decision, if it is asked.
    pub explanation: Option<Explanation>,
}

impl Emulator {
    /// Makes a request in `world`, when its clock shows `now`, with everything but faults.
    pub fn rehearse(
        &self,
        parts: &Parts,
        body: &Body,
        world: &mut World,
        now: Timestamp,
    ) -> Result<Rehearsal, Problem> {
        let (_, path) = pick::sandbox(&parts.headers, parts.uri.path())?;
        let address = self.mounts.locate(host(parts), path);
        let asked = Asked { parts, body, address, real: now };
        let prepared = self.prepare(&asked);
        let mut explanation = None;
        let answer = match self.forced(&prepared, &asked, world) {
            Some(answer) => answer,
            None => self.decided(prepared, &asked, world, now, Some(&mut explanation)),
        };
        Ok(Rehearsal {
            response: answer.response,
            delay: answer.delay,
            why: answer.why,
            provider: answer.provider,
            operation: answer.operation,
            step: answer.step,
            explanation,
        })
    }
}
