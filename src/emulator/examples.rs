//! Example calls: one for each operation, made up from the contract.
//!
//! Must not know where they are shown.

use http::Method;

use crate::behavior::{CallValues, ExampleCall};
use crate::documented;
use crate::documented::SampleCall;
use crate::emulator::engine::Emulator;

/// Up to so many operations get example calls with all that their bodies may hold: making up those of a thousand
/// takes seconds.
const FULL_CALLS_MAX: usize = 50;

/// Size up to which bodies of example calls hold all that they may: longer ones are not readable.
const FULL_BODY_BYTES_MAX: usize = 1024;

impl Emulator {
    /// A call of an operation that its contract takes, at the path where it answers, and about a record that is there if
    /// one is known; an `Err` says why there is none. Where there are many operations, or a body is long, with nothing in
    /// it that need not be there.
    pub fn short_example_call(&self, provider: usize, number: usize) -> Result<SampleCall, String> {
        let is_short = self.operations.iter().map(Vec::len).sum::<usize>() > FULL_CALLS_MAX;
        let call = self.make_call(provider, number, is_short)?;
        let prefix = match self.providers.len() {
            1 => String::new(),
            _ => self.prefix(provider),
        };
        Ok(SampleCall { target: format!("{prefix}{}", call.target), ..call })
    }

    /// The same with all that it may have, at the path below its provider's name, which always works.
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
        let none = CallValues::new();
        let values = self.place(provider, number).unwrap_or(&none);
        let full = (!is_short).then(|| documented::valid_call_at(contract, number, values).ok());
        let is_handy = |call: &SampleCall| {
            call.body.as_ref().is_none_or(|body| body.len() <= FULL_BODY_BYTES_MAX)
        };
        match full.flatten().filter(is_handy) {
            Some(call) => Ok(call),
            None => documented::short_call_at(contract, number, values),
        }
    }

    /// What a call of an operation says that names a record, where it is known that one is there.
    pub fn place(&self, provider: usize, operation: usize) -> Option<&CallValues> {
        self.providers[provider].fixtures.places.get(&operation)
    }

    /// Whether an operation can delete something, now or in a job. Without rules, `DELETE` is taken at its word.
    pub fn destroys(&self, provider: usize, operation: usize) -> bool {
        let behavior = self.behavior(provider);
        let is_delete = behavior.contract().operations[operation].method == Method::DELETE;
        is_delete || behavior.can_delete(operation)
    }

    /// The calls that a provider's files give to show its records, each with where it answers: below `/<name>`.
    pub fn calls(&self, provider: usize) -> &[ExampleCall] {
        &self.providers[provider].fixtures.calls
    }
}
