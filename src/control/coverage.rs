//! Coverage: which operations, documented responses and rules were exercised, in one sandbox or in all.
//!
//! Must not know when something is counted, nor how it is printed.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::behavior::Behavior;
use crate::clock::Timestamp;
use crate::control::Control;
use crate::coverage::Coverage;
use crate::emulator::Emulator;
use crate::openapi::Operation;
use crate::problem::Problem;
use crate::sandbox::DEFAULT;

/// The table of the answers to give when the service itself fails. Only a fault has it fail, and is worded by it, so
/// no request can exercise its rules.
const INTERNAL: &str = "internal";

/// What was exercised.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CoverageView {
    /// Of the responses and rules that a request can reach, taken together, how many in a hundred were exercised: one
    /// decimal, rounded down, so that it is 100 only if all were. Of nothing it is 100.
    pub percent: f64,
    /// How many operations were called.
    pub operations: Share,
    /// How many documented responses were given, without those that no request leads to (`x-unreachable`).
    pub responses: Share,
    /// How many rules and failure entries decided, without those for failures of the service itself.
    pub rules: Share,
    /// The same in detail.
    pub providers: Vec<ProviderCoverage>,
}

/// How many of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Share {
    /// Those that were exercised.
    pub covered: usize,
    /// All that can be.
    pub total: usize,
}

/// What was exercised of one provider.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ProviderCoverage {
    /// Its name.
    pub name: Arc<str>,
    /// Its operations, in the order of the contract.
    pub operations: Vec<OperationCoverage>,
    /// The rules that belong to no operation: answers to requests that none takes.
    pub rules: Vec<RuleCoverage>,
}

/// What was exercised of one operation.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct OperationCoverage {
    /// Its `operationId`.
    pub id: String,
    /// Its method.
    pub method: String,
    /// Its path template in the contract.
    pub path: String,
    /// How often it was called, whatever was answered.
    pub calls: u64,
    /// Its documented responses.
    pub responses: Vec<ResponseCoverage>,
    /// Its rules and failure entries.
    pub rules: Vec<RuleCoverage>,
}

/// How often a documented response was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ResponseCoverage {
    /// Its status as documented: `200`, `4XX` or `default`.
    pub status: String,
    /// How often it was given.
    pub count: u64,
    /// Whether the vendor does not document it.
    pub inferred: bool,
    /// Whether a request can lead to it.
    pub reachable: bool,
}

/// How often a rule decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RuleCoverage {
    /// Its table, its number and its place in the file.
    pub rule: Arc<str>,
    /// The table it stands in.
    pub table: &'static str,
    /// The status of its answer.
    pub status: u16,
    /// How often it decided.
    pub count: u64,
    /// Whether the vendor does not document that this situation gets this answer.
    pub inferred: bool,
}

impl Share {
    fn count(&mut self, is_covered: bool) {
        self.covered += usize::from(is_covered);
        self.total += 1;
    }

    fn add(self, other: Self) -> Self {
        Self { covered: self.covered + other.covered, total: self.total + other.total }
    }

    /// In a hundred, one decimal, rounded down.
    fn percent(self) -> f64 {
        let tenths = (self.covered * 1_000).checked_div(self.total).unwrap_or(1_000);
        f64::from(u32::try_from(tenths).unwrap_or(1_000)) / 10.0
    }
}

impl Control<'_> {
    /// What was exercised in the sandbox since it began, of one provider or of all.
    pub fn coverage(&self, provider: Option<&str>) -> Result<CoverageView, Problem> {
        let only = provider.map(|name| self.provider(name)).transpose()?;
        let coverage = self.visit(|_, state| state.coverage.clone())?;
        Ok(view(self.emulator, &coverage, only))
    }

    /// What was exercised in all sandboxes there ever were, since the start or since it was
    /// [forgotten](crate::sandbox::SandboxRegistry::forget_coverage); of one provider or of all.
    pub fn coverage_of_all(
        emulator: &Emulator,
        provider: Option<&str>,
    ) -> Result<CoverageView, Problem> {
        let anywhere = Control { emulator, name: DEFAULT, real: Timestamp(0) };
        let only = provider.map(|name| anywhere.provider(name)).transpose()?;
        Ok(view(emulator, &emulator.sandboxes().coverage(), only))
    }
}

fn view(emulator: &Emulator, coverage: &Coverage, only: Option<usize>) -> CoverageView {
    let providers: Vec<_> = emulator
        .providers()
        .enumerate()
        .filter(|(number, _)| only.is_none_or(|only| only == *number))
        .map(|(number, name)| {
            let of = ProviderCounter { number, behavior: emulator.behavior(number), coverage };
            of.view(Arc::clone(name))
        })
        .collect();
    let (mut operations, mut responses, mut rules) =
        (Share::default(), Share::default(), Share::default());
    for provider in &providers {
        for operation in &provider.operations {
            operations.count(operation.calls > 0);
            for response in operation.responses.iter().filter(|response| response.reachable) {
                responses.count(response.count > 0);
            }
        }
        let of_operations = provider.operations.iter().flat_map(|operation| &operation.rules);
        for rule in of_operations.chain(&provider.rules).filter(|rule| rule.table != INTERNAL) {
            rules.count(rule.count > 0);
        }
    }
    let percent = responses.add(rules).percent();
    CoverageView { percent, operations, responses, rules, providers }
}

/// A provider, and what was exercised of it.
struct ProviderCounter<'c> {
    number: usize,
    behavior: &'c Behavior,
    coverage: &'c Coverage,
}

impl ProviderCounter<'_> {
    fn view(&self, name: Arc<str>) -> ProviderCoverage {
        let operations = self.behavior.contract().operations.iter().enumerate();
        ProviderCoverage {
            name,
            operations: operations
                .map(|(number, operation)| self.operation(number, operation))
                .collect(),
            rules: self.rules(None),
        }
    }

    fn operation(&self, number: usize, operation: &Operation) -> OperationCoverage {
        let answers: Vec<_> = self.coverage.answers(self.number, number).collect();
        let responses = operation.responses.iter().map(|(status, response)| {
            let is_given = |answered: u16| {
                operation.response(answered).is_some_and(|given| std::ptr::eq(given, response))
            };
            let given = answers.iter().filter(|(answered, _)| is_given(*answered));
            ResponseCoverage {
                status: status.clone(),
                count: given.map(|(_, count)| count).sum(),
                inferred: response.inferred.is_some(),
                reachable: response.unreachable.is_none(),
            }
        });
        OperationCoverage {
            id: operation.id.clone(),
            method: operation.method.to_string(),
            path: operation.key.clone(),
            calls: answers.iter().map(|(_, count)| count).sum(),
            responses: responses.collect(),
            rules: self.rules(Some(number)),
        }
    }

    fn rules(&self, operation: Option<usize>) -> Vec<RuleCoverage> {
        let rules = (0..).zip(self.behavior.rules());
        rules
            .filter(|(_, rule)| rule.operation == operation)
            .map(|(number, rule)| RuleCoverage {
                rule: Arc::clone(&rule.label),
                table: rule.table,
                status: rule.status.as_u16(),
                count: self.coverage.decisions(self.number, number),
                inferred: rule.inferred,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_percent_is_all_and_nothing_less() {
        let percent = |covered, total| Share { covered, total }.percent();
        let close = |left: f64, right: f64| (left - right).abs() < f64::EPSILON;
        assert!(close(percent(0, 0), 100.0));
        assert!(close(percent(5, 6), 83.3));
        assert!(close(percent(9_999, 10_000), 99.9));
        assert!(close(percent(3, 3), 100.0));
    }
}
