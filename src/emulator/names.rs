//! Names that stand for nothing: of providers, operations, resources and examples, in faults and in queries.
//!
//! Must not know where they are written, nor what for.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::emulator::engine::Emulator;
use crate::faults::{FaultFormat, FaultProblem, FaultSet};
use crate::finding::did_you_mean;
use crate::openapi::Operation;
use crate::response;

/// Maximum number of names in a hint where none is near.
const NAMES_MAX: usize = 10;

impl Emulator {
    /// The first of these names that there is not.
    pub fn unknown_name(
        &self,
        provider: Option<&str>,
        operation: Option<&str>,
        resource: Option<&str>,
    ) -> Option<FaultProblem> {
        if let Some(name) = provider.filter(|name| self.provider(name).is_none()) {
            let known = self.providers.iter().map(|provider| &*provider.name);
            return Some(unknown("provider", name, known));
        }
        if let Some(id) = operation {
            let known = self.operations_of(provider).map(|operation| operation.id.as_str());
            if !known.clone().any(|known| known == id) {
                return Some(unknown("operation", id, known));
            }
        }
        let name = resource?;
        let models = self.meant(provider).map(|number| self.behavior(number).model());
        let known = models.flat_map(|model| &model.resources).map(|resource| &*resource.name);
        (!known.clone().any(|known| known == name)).then(|| unknown("resource", name, known))
    }

    /// Every name in a fault that stands for nothing: such a fault would never strike.
    pub fn unknown_in_fault(&self, fault: &FaultFormat) -> Vec<FaultProblem> {
        let (provider, operation) = (fault.provider.as_deref(), fault.operation.as_deref());
        if let Some(unknown) = self.unknown_name(provider, operation, None) {
            return vec![unknown];
        }
        // What answers with a status that is not documented names no example of it.
        let answer = fault.answer.as_ref();
        let answer = answer.and_then(|answer| Some((answer.status, answer.example.as_deref()?)));
        let Some(((status, example), id)) = answer.zip(operation) else { return Vec::new() };
        let called = self.operations_of(provider).filter(|operation| operation.id == *id);
        let documents = called
            .map(|operation| response::by_name(operation, Some(status), Some(example)).map(drop));
        let problem = |why: String| FaultProblem {
            pointer: "/answer/example".to_owned(),
            message: why,
            hint: None,
        };
        // Of several operations of the name, one that has the example is enough.
        let missing: Result<Vec<_>, ()> = documents
            .map(|found| found.err().map(|why| problem(why.to_string())).ok_or(()))
            .collect();
        missing.unwrap_or_default()
    }

    /// Names in the faults of all sandboxes that do not exist, each once: what they named may be gone since.
    pub fn unknown_in_faults(&self) -> BTreeSet<String> {
        let sandboxes = self.sandboxes();
        let faults = |faults: &FaultSet| {
            faults.list().iter().map(|entry| Arc::clone(&entry.fault)).collect::<Vec<_>>()
        };
        let own = sandboxes.list().into_iter();
        let own = own.filter_map(|sandbox| sandboxes.look(&sandbox, |state| faults(&state.faults)));
        let all = own.flatten().chain(faults(&sandboxes.baseline().faults));
        let problems = all.flat_map(|fault| self.unknown_in_fault(fault.format()));
        problems.map(|problem| problem.to_string()).collect()
    }

    /// The numbers of the providers that can be meant.
    fn meant(&self, provider: Option<&str>) -> impl Iterator<Item = usize> + Clone {
        let only = provider.and_then(|name| self.provider(name));
        (0..self.providers.len()).filter(move |number| only.is_none_or(|only| only == *number))
    }

    fn operations_of(&self, provider: Option<&str>) -> impl Iterator<Item = &Operation> + Clone {
        self.meant(provider).flat_map(|number| &self.behavior(number).contract().operations)
    }
}

/// There is nothing of that name; what may be meant, or what there is.
fn unknown<'n>(
    what: &str,
    name: &str,
    known: impl Iterator<Item = &'n str> + Clone,
) -> FaultProblem {
    let hint = did_you_mean(name, known.clone()).or_else(|| {
        let names: BTreeSet<_> = known.collect();
        let more = if names.len() > NAMES_MAX { ", …" } else { "" };
        let names: Vec<_> = names.into_iter().take(NAMES_MAX).collect();
        (!names.is_empty()).then(|| format!("there are {}{more}", names.join(", ")))
    });
    let message = format!("there is no {what} `{name}`");
    FaultProblem { pointer: format!("/{what}"), message, hint }
}
