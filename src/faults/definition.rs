//! A fault as it is used: its conditions parsed, its times bounded, its answer ready to send.
//!
//! Must not know how often it struck: that is each sandbox's own.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde::{Serialize, Serializer};

use super::check::FaultCheck;
use super::format::DELAY_MAX;
use super::{FaultFormat, FaultProblem, FaultTarget, glob};
use crate::ids::Dice;
use crate::message::Delivery;

/// Something that goes wrong on purpose, checked and ready to strike.
#[derive(Clone, Debug)]
pub struct Fault {
    format: FaultFormat,
    pub(super) method: Option<Method>,
    pub(super) headers: Vec<(HeaderName, Option<HeaderValue>)>,
    pub(super) delay: Option<Delay>,
    pub(super) answer: Option<Arc<FaultAnswer>>,
    pub(super) connection: Option<Connection>,
}

/// An answer that a fault gives in the operation's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultAnswer {
    /// Its status, never an informational one.
    pub status: StatusCode,
    /// Its headers, none of which frames a message; `Content-Type` only where no body is given.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Its body with the media type; without one, it is what the operation documents for the status.
    pub body: Option<(HeaderValue, Bytes)>,
    /// The name of the documented example that is the body; never with a body.
    pub example: Option<String>,
}

/// Delay before an answer is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Delay {
    Fixed(Duration),
    Uniform { min: Duration, max: Duration },
    Lognormal { median: Duration, sigma: f64 },
}

/// Delivery of the answer, and whether the call still happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Connection {
    pub(super) delivery: Delivery,
    pub(super) commits: bool,
}

impl PartialEq for Fault {
    /// Those that are written alike are alike.
    fn eq(&self, other: &Self) -> bool {
        self.format == other.format
    }
}

impl Fault {
    /// Checks a fault and makes it ready; fails with everything that is wrong with it.
    pub fn compile(format: FaultFormat) -> Result<Self, Vec<FaultProblem>> {
        let mut check = FaultCheck::default();
        check.conditions(&format);
        check.sense(&format);
        check.depth(&format);
        let fault = Self {
            method: check.method(format.method.as_deref()),
            headers: check.conditions_on_headers(&format.headers),
            delay: format.delay.as_ref().and_then(|delay| check.delay(delay)),
            answer: format.answer.as_ref().and_then(|answer| check.answer(answer)).map(Arc::new),
            connection: check.connection(format.connection.as_ref(), format.commit),
            format,
        };
        check.done().map(|()| fault)
    }

    /// The fault as it was written.
    pub fn format(&self) -> &FaultFormat {
        &self.format
    }

    /// Returns true if every condition holds for this request.
    pub(super) fn matches(&self, target: &FaultTarget<'_>) -> bool {
        let is = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| Some(wanted) == found)
        };
        is(&self.format.operation, target.operation)
            && is(&self.format.provider, target.provider)
            && self.method.as_ref().is_none_or(|method| method == target.method)
            && self.format.path.as_deref().is_none_or(|glob| glob::fits(glob, target.path))
            && self.headers.iter().all(|(name, value)| has(target.headers, name, value.as_ref()))
    }

    /// Number of matching requests that pass before it applies.
    pub(super) fn after(&self) -> u64 {
        self.format.after.unwrap_or(0)
    }

    /// Number of times it applies before it is spent.
    pub(super) fn times(&self) -> u64 {
        self.format.times.unwrap_or(u64::MAX)
    }

    /// Returns true if chance lets it apply. A probability of 1 draws nothing.
    pub(super) fn is_drawn(&self, dice: &mut Dice) -> bool {
        self.format.probability.is_none_or(|probability| dice.chance(probability))
    }
}

impl Delay {
    /// The delay drawn this time, at most [`DELAY_MAX`].
    pub(super) fn draw(self, dice: &mut Dice) -> Duration {
        match self {
            Self::Fixed(time) => time,
            Self::Uniform { min, max } => dice.uniform(min, max),
            Self::Lognormal { median, sigma } => dice.lognormal(median, sigma, DELAY_MAX),
        }
    }
}

/// A fault is shown as it was written.
impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.format.serialize(serializer)
    }
}

/// Returns true if a header is there, with this value if one is wanted.
fn has(headers: &HeaderMap, name: &HeaderName, wanted: Option<&HeaderValue>) -> bool {
    match wanted {
        None => headers.contains_key(name),
        Some(wanted) => headers.get_all(name).iter().any(|value| value == wanted),
    }
}
