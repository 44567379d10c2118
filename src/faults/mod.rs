//! Faults: what goes wrong on purpose in one sandbox, and which requests it strikes.
//!
//! Owns their definitions, counters and dice. Must not know how a request is answered or sent, nor which operations,
//! responses and examples there are.

mod build;
mod check;
mod definition;
mod format;
mod glob;
mod outcome;
mod short;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Method};
use serde::Serialize;

use crate::ids::Dice;
use crate::message::Delivery;

pub use check::{FAULT_HEADERS_MAX, METHODS};
pub use definition::{Fault, FaultAnswer};
pub use format::{
    ConnectionFormat, DELAY_MAX, DelayFormat, FaultAnswerFormat, FaultFormat, FixedFormat,
    HeaderFormat, LognormalFormat, RangeFormat, SpreadFormat, TrickleFormat, UniformFormat,
};
pub use glob::fits as path_fits;
pub use outcome::FAULT_BODY_MAX;

/// The most faults of one sandbox: each request is held against them all.
pub const FAULTS_MAX: usize = 100;

/// Bytes of garbage that are sent: more than a client reads before it sees that they are not HTTP.
const GARBAGE_BYTES: usize = 256;

/// The longest id of a fault, in bytes: it stands in paths and log lines.
const ID_MAX: usize = 64;

/// The faults of one sandbox, in the order in which they are tried. Clones share the definitions and go on counting and
/// drawing on their own.
#[derive(Clone, Debug)]
pub struct FaultSet {
    entries: Vec<FaultEntry>,
    /// The number of the last id that was made up.
    last_id: u64,
    dice: Dice,
}

/// One fault of a sandbox, and what became of it there.
#[derive(Clone, Debug, Serialize)]
pub struct FaultEntry {
    /// Which one it is.
    pub id: Arc<str>,
    /// Its definition.
    #[serde(flatten)]
    pub fault: Arc<Fault>,
    /// Number of requests that it matched.
    pub matched: u64,
    /// Number of those that it was applied to.
    pub struck: u64,
}

/// A request, as far as faults look at it.
#[derive(Clone, Copy, Debug)]
pub struct FaultTarget<'a> {
    /// The provider it addresses, if one was found.
    pub provider: Option<&'a str>,
    /// The operation it calls by its `operationId`, if one was found.
    pub operation: Option<&'a str>,
    /// Its method.
    pub method: &'a Method,
    /// Its path as the provider sees it, without the query.
    pub path: &'a str,
    /// Its headers.
    pub headers: &'a HeaderMap,
}

/// Effect of the faults on one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultEffect {
    /// The ids of all that struck, at least one.
    pub faults: Vec<Arc<str>>,
    /// Delay before the answer is sent: all delays together, at most [`DELAY_MAX`].
    pub delay: Duration,
    /// Answer in place of the operation's: the first of the faults that apply.
    pub answer: Option<Arc<FaultAnswer>>,
    /// Delivery of the answer: the first broken connection of the faults that apply.
    pub delivery: Delivery,
    /// Whether the call itself happens: the behavior decides, and what it changes is kept.
    pub commits: bool,
}

/// Why a fault is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultsError {
    /// There are too many.
    #[error("a sandbox has at most {FAULTS_MAX} faults: remove one first")]
    Full,
    /// The id is not of the right form.
    #[error(
        "an id of a fault has 1 to {ID_MAX} characters of `A-Z a-z 0-9 . _ ~ -`: choose another"
    )]
    Id,
}

/// One thing that is wrong with a written fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FaultProblem {
    /// JSON Pointer (RFC 6901) into the fault; empty where all of it is meant.
    pub pointer: String,
    /// The problem.
    pub message: String,
    /// How to fix it.
    pub hint: Option<String>,
}

/// Everything that is wrong with a written fault, as one error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<FaultProblem>);

impl FaultSet {
    /// No faults yet, and the dice that `seed` starts.
    pub fn seeded(seed: u64) -> Self {
        Self { entries: Vec::new(), last_id: 0, dice: Dice::seeded(seed) }
    }

    /// These faults in this order, with the ids `f1`, `f2` and so on.
    pub fn new(
        faults: impl IntoIterator<Item = Arc<Fault>>,
        seed: u64,
    ) -> Result<Self, FaultsError> {
        let mut all = Self::seeded(seed);
        for fault in faults {
            all.add(fault)?;
        }
        Ok(all)
    }

    /// Returns true if there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All of them, in the order in which they are tried.
    pub fn list(&self) -> &[FaultEntry] {
        &self.entries
    }

    /// The one with this id.
    pub fn get(&self, id: &str) -> Option<&FaultEntry> {
        self.entries.iter().find(|entry| &*entry.id == id)
    }

    /// Adds one at the end, under the first id of `f1`, `f2`, … that was not used yet.
    pub fn add(&mut self, fault: impl Into<Arc<Fault>>) -> Result<&FaultEntry, FaultsError> {
        let unused = |number: &u64| self.get(&format!("f{number}")).is_none();
        let number = (self.last_id + 1..=u64::MAX).find(unused).ok_or(FaultsError::Full)?;
        self.push(&format!("f{number}"), fault.into())?;
        self.last_id = number;
        Ok(&self.entries[self.entries.len() - 1])
    }

    /// Puts one in the place of the one with this id, its counters at zero; at the end where there is none. Tells whether
    /// there was none.
    pub fn replace(&mut self, id: &str, fault: impl Into<Arc<Fault>>) -> Result<bool, FaultsError> {
        let fault = fault.into();
        if let Some(entry) = self.entries.iter_mut().find(|entry| &*entry.id == id) {
            (entry.fault, entry.matched, entry.struck) = (fault, 0, 0);
            return Ok(false);
        }
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte);
        if !(1..=ID_MAX).contains(&id.len()) || !id.bytes().all(unreserved) {
            return Err(FaultsError::Id);
        }
        self.push(id, fault).map(|()| true)
    }

    /// Takes out the one with this id; the others stay in order.
    pub fn remove(&mut self, id: &str) -> Option<FaultEntry> {
        let position = self.entries.iter().position(|entry| &*entry.id == id)?;
        Some(self.entries.remove(position))
    }

    /// Returns true if these are the same faults, struck as often.
    pub fn is_as(&self, other: &Self) -> bool {
        let of = |entry: &FaultEntry| (entry.id.clone(), Arc::as_ptr(&entry.fault), entry.matched);
        self.entries.iter().map(of).eq(other.entries.iter().map(of))
    }

    /// Begins to draw as `seed` says.
    pub fn reseed(&mut self, seed: u64) {
        self.dice = Dice::seeded(seed);
    }

    /// Bytes that are no HTTP, for [`Delivery::Garbage`].
    pub fn garbage(&mut self) -> Vec<u8> {
        self.dice.bytes(GARBAGE_BYTES)
    }

    fn push(&mut self, id: &str, fault: Arc<Fault>) -> Result<(), FaultsError> {
        if self.entries.len() >= FAULTS_MAX {
            return Err(FaultsError::Full);
        }
        self.entries.push(FaultEntry { id: id.into(), fault, matched: 0, struck: 0 });
        Ok(())
    }

    /// The effect on a request, if any: it is counted for each fault that it matches, and each of those strikes
    /// by its own counters and chance.
    ///
    /// In the order of the list, each draws first whether it strikes and then how long it delays. A fault that is not
    /// matched, still waiting or spent draws nothing, so the same requests on the same seed are struck in the same way.
    pub fn effect_on(&mut self, target: &FaultTarget<'_>) -> Option<FaultEffect> {
        let Self { entries, dice, .. } = self;
        let mut effect = None;
        for entry in entries.iter_mut().filter(|entry| entry.fault.matches(target)) {
            if entry.is_struck(dice) {
                effect.get_or_insert_with(FaultEffect::none).join(entry, dice);
            }
        }
        effect
    }
}

impl FaultEntry {
    /// Counts a request that matches, and decides whether it is struck.
    fn is_struck(&mut self, dice: &mut Dice) -> bool {
        let waits = self.matched < self.fault.after();
        let spent = self.struck >= self.fault.times();
        self.matched += 1;
        let strikes = !waits && !spent && self.fault.is_drawn(dice);
        self.struck += u64::from(strikes);
        strikes
    }
}

impl FaultEffect {
    fn none() -> Self {
        let (delay, delivery) = (Duration::ZERO, Delivery::Whole);
        Self { faults: Vec::new(), delay, answer: None, delivery, commits: true }
    }

    /// Adds what one more fault does.
    fn join(&mut self, entry: &FaultEntry, dice: &mut Dice) {
        self.faults.push(Arc::clone(&entry.id));
        if let Some(delay) = entry.fault.delay {
            self.delay = self.delay.saturating_add(delay.draw(dice)).min(DELAY_MAX);
        }
        if self.answer.is_none() {
            self.answer.clone_from(&entry.fault.answer);
        }
        if let Some(connection) = entry.fault.connection
            && self.delivery == Delivery::Whole
        {
            self.delivery = connection.delivery;
            self.commits = connection.commits;
        }
        // An answer of a fault's own stands for a call that did not happen.
        self.commits &= self.answer.is_none();
    }
}

impl FaultProblem {
    pub(crate) fn new(
        pointer: impl Into<String>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self { pointer: pointer.into(), message: message.into(), hint: Some(hint.into()) }
    }
}

impl fmt::Display for FaultProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.hint {
            Some(hint) => write!(f, "{} ({hint})", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl From<Vec<FaultProblem>> for Problems {
    fn from(problems: Vec<FaultProblem>) -> Self {
        Self(problems)
    }
}

/// One problem a line.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.0.iter().enumerate() {
            let between = if number == 0 { "" } else { "\n" };
            write!(f, "{between}{problem}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
