//! The overview: what is emulated, where it answers and what it can answer, for people and programs.
//!
//! Must not know how it is printed.

use std::sync::Arc;

use serde::Serialize;

use crate::behavior::ExampleCall;
use crate::emulator::engine::Emulator;
use crate::emulator::mount::base_paths;
use crate::emulator::provider::Provider;
use crate::openapi::{Operation, Response, called};

/// One provider, as `routes` lists it.
#[derive(Debug, Serialize)]
pub struct ProviderOverview<'e> {
    /// Its name.
    pub name: &'e str,
    /// The contract's title.
    pub title: &'e str,
    /// The host names under which its paths answer without a prefix.
    pub hosts: Vec<String>,
    /// How many resources it remembers.
    pub resources: usize,
    /// Its operations, in the order of the contract.
    pub operations: Vec<OperationOverview<'e>>,
    /// Whether it is built in, and not of a user's files.
    #[serde(skip)]
    pub is_built_in: bool,
    /// Calls that show the records it starts from.
    #[serde(skip)]
    pub calls: &'e [ExampleCall],
}

/// One operation.
#[derive(Debug, Serialize)]
pub struct OperationOverview<'e> {
    /// Its `operationId`.
    pub id: &'e str,
    /// Its method.
    pub method: String,
    /// The key of `paths` in the contract: nearly always its path template.
    pub path: &'e str,
    /// Its paths on this server, the one that always works first.
    pub mounted_at: Vec<String>,
    /// What it is supposed to do and why, where that is inferred from the contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inferred: Option<&'e str>,
    /// Why it remembers nothing, where something was looked for in the contract and not found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stateless: Option<&'e str>,
    /// The responses it can give.
    pub responses: Vec<ResponseOverview<'e>>,
}

/// One response.
#[derive(Debug, Serialize)]
pub struct ResponseOverview<'e> {
    /// Its status as documented: `200`, `4XX` or `default`.
    pub status: &'e str,
    /// Its description.
    pub description: &'e str,
    /// Why it is supposed, where the vendor does not document it.
    pub inferred: Option<&'e str>,
    /// Why no request leads to it.
    pub unreachable: Option<&'e str>,
    /// Rules and failure entries that give it, by their place.
    pub given_by: Vec<GivenBy>,
}

/// A rule or failure entry that gives a response.
#[derive(Debug, Serialize)]
pub struct GivenBy {
    /// Its table, its number and its place in the file.
    pub rule: Arc<str>,
    /// Whether the vendor does not document that this situation gets this answer.
    pub inferred: bool,
}

impl Emulator {
    /// Everything that is emulated.
    pub fn overview(&self) -> Vec<ProviderOverview<'_>> {
        let providers = self.providers.iter().enumerate();
        providers.map(|(number, provider)| self.provider_overview(number, provider)).collect()
    }

    fn provider_overview<'e>(
        &'e self,
        number: usize,
        provider: &'e Provider,
    ) -> ProviderOverview<'e> {
        let contract = provider.contract();
        let operations = contract.operations.iter().enumerate().map(|(place, operation)| {
            let rules = provider.behavior.rules().iter();
            let given: Vec<_> = rules.filter(|rule| rule.operation == Some(place)).collect();
            OperationOverview {
                id: &operation.id,
                method: operation.method.to_string(),
                path: &operation.key,
                mounted_at: self.mounted_at(number, provider, operation),
                inferred: provider.behavior.inferred(place),
                stateless: provider.behavior.left(place),
                responses: operation
                    .responses
                    .iter()
                    .map(|(status, response)| ResponseOverview {
                        status,
                        description: response.description.trim(),
                        inferred: response.inferred.as_deref(),
                        unreachable: response.unreachable.as_deref(),
                        given_by: given
                            .iter()
                            .filter(|rule| is_given(operation, response, rule.status.as_u16()))
                            .map(|rule| GivenBy {
                                rule: Arc::clone(&rule.label),
                                inferred: rule.inferred,
                            })
                            .collect(),
                    })
                    .collect(),
            }
        });
        ProviderOverview {
            name: &provider.name,
            title: &contract.title,
            resources: provider.behavior.model().resources.len(),
            hosts: self.mounts.hosts_of(number).map(ToOwned::to_owned).collect(),
            operations: operations.collect(),
            is_built_in: provider.is_built_in,
            calls: &provider.fixtures.calls,
        }
    }

    fn mounted_at(&self, number: usize, provider: &Provider, operation: &Operation) -> Vec<String> {
        let (name, template) = (&provider.name, &operation.template);
        let called = |path: &str| called(path, &operation.conditions);
        let mut places = vec![called(&format!("/{name}{template}"))];
        for base in base_paths(provider.contract(), operation) {
            let path = format!("{base}{template}");
            if !base.is_empty() {
                places.push(called(&format!("/{name}{path}")));
            }
            if self.mounts.is_at_root(operation, &path, number) {
                places.push(called(&path));
            }
        }
        places
    }
}

fn is_given(operation: &Operation, response: &Response, status: u16) -> bool {
    operation.response(status).is_some_and(|given| std::ptr::eq(given, response))
}
