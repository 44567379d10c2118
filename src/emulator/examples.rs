//! Example calls: one for each operation, made up from the contract.
//!
//! Must not know where they are shown.

use crate::behavior::ExampleCall;
use crate::documented;
use crate::documented::SampleCall;
use crate::emulator::engine::Emulator;

/// Up to so many operations get example calls with all that their bodies may hold: making up those of a thousand
/// takes seconds.
const FULL_CALLS_MAX: usize = 50;

/// Size up to which bodies of example calls hold all that they may: longer ones are not readable.
const FULL_BODY_BYTES_MAX: usize = 1024;

impl Emulator {
    /// A call of each operation of a provider that its contract takes, at the path where it answers; an `Err` says why
    /// there is none. Where there are many, or a body is long, with nothing in it that need not be there.
    pub fn example_calls(
        &self,
        provider: usize,
    ) -> impl Iterator<Item = Result<SampleCall, String>> {
        let is_short = self.operations.iter().map(Vec::len).sum::<usize>() > FULL_CALLS_MAX;
        let count = self.behavior(provider).contract().operations.len();
        let prefix = match self.providers.len() {
            1 => String::new(),
            _ => self.prefix(provider),
        };
        (0..count).map(move |number| {
            let call = self.make_call(provider, number, is_short)?;
            Ok(SampleCall { target: format!("{prefix}{}", call.target), ..call })
        })
    }

    /// The same of one operation, at the path below its provider's name, which always works.
    pub fn example_call(&self, provider: usize, number: usize) -> Result<SampleCall, String> {
        let call = self.make_call(provider, number, false)?;
        Ok(SampleCall { target: format!("{}{}", self.prefix(provider), call.target), ..call })
    }

    fn prefix(&self, provider: usize) -> String {
        format!("/{}", self.providers[provider].name)
    }

    fn make_call(
        &self,
        provider: usize,
        number: usize,
        is_short: bool,
    ) -> Result<SampleCall, String> {
        let contract = self.behavior(provider).contract();
        if !self.mounts.is_mounted(&contract.operations[number], number, provider) {
            return Err("no request leads to it".to_owned());
        }
        let full = (!is_short).then(|| documented::valid_call(contract, number, 0).ok());
        let is_handy = |call: &SampleCall| {
            call.body.as_ref().is_none_or(|body| body.len() <= FULL_BODY_BYTES_MAX)
        };
        match full.flatten().filter(is_handy) {
            Some(call) => Ok(call),
            None => documented::short_call(contract, number, 0),
        }
    }

    /// The calls that a provider's files give to show its records, each with where it answers: below `/<name>`.
    pub fn calls(&self, provider: usize) -> &[ExampleCall] {
        &self.providers[provider].fixtures.calls
    }
}
