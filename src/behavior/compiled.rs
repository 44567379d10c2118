//! A behavior file, compiled and checked against its contract.
//!
//! Must not know how it is read, nor how a request is decided.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value as Json};

use crate::behavior::caller::Scheme;
use crate::behavior::decision::Moment;
use crate::behavior::effect::{Job, Step};
use crate::behavior::format::{ORDER, StageFormat};
use crate::behavior::records::Snapshot;
use crate::behavior::secrets::Secrets;
use crate::behavior::shape::Shapes;
use crate::behavior::table::{OperationTable, Rule, RuleInfo};
use crate::expression::{Expression, Template, Value, from_json};
use crate::openapi::Contract;
use crate::store::{Model, Store};

/// How one provider behaves, compiled and checked against its contract.
#[derive(Debug)]
pub struct Behavior {
    pub(super) contract: Arc<Contract>,
    pub(super) shapes: Arc<Shapes>,
    pub(super) model: Arc<Model>,
    pub(super) settings: Value,
    pub(super) order: [StageFormat; 4],
    pub(super) schemes: Vec<Scheme>,
    pub(super) messages: Vec<(String, Template)>,
    /// By the number of the operation in the contract; `None` where the file says nothing of it.
    pub(super) operations: Vec<Option<OperationTable>>,
    /// Why nothing is inferred of an operation that is left to the contract, by its id.
    pub(super) left: BTreeMap<String, String>,
    pub(super) unknown_route: Vec<Rule>,
    pub(super) wrong_method: Vec<Rule>,
    pub(super) jobs: Vec<Job>,
    /// Every rule and failure entry, by its number.
    pub(super) rules: Vec<RuleInfo>,
    /// Every `delay`, with its place, to be held against other settings.
    pub(super) delays: Vec<(String, Expression)>,
    /// Where credentials stand; looked for when it is first asked.
    pub(super) secrets: OnceLock<Secrets>,
}

impl Behavior {
    /// The behavior of a provider that has no behavior file: it remembers nothing, and the contract alone answers.
    pub fn none(contract: &Arc<Contract>) -> Self {
        Self {
            contract: Arc::clone(contract),
            shapes: Arc::default(),
            model: Arc::default(),
            settings: from_json(&Json::Object(Map::new())),
            order: ORDER,
            schemes: Vec::new(),
            messages: Vec::new(),
            operations: contract.operations.iter().map(|_| None).collect(),
            left: BTreeMap::new(),
            unknown_route: Vec::new(),
            wrong_method: Vec::new(),
            jobs: Vec::new(),
            rules: Vec::new(),
            delays: Vec::new(),
            secrets: OnceLock::new(),
        }
    }

    /// Whether a rule of an operation deletes records, or starts a job, which may.
    pub fn can_delete(&self, operation: usize) -> bool {
        let table = self.operations[operation].as_ref();
        let mut steps = table.iter().flat_map(|table| &table.rules).flat_map(|rule| &rule.effects);
        steps.any(Step::can_delete)
    }

    /// Where the credentials of security schemes are looked up: the scheme's name, the resource and its property.
    pub fn credential_records(&self) -> impl Iterator<Item = (&str, usize, &str)> {
        self.schemes.iter().flat_map(|scheme| {
            let properties = scheme.properties(&self.model);
            properties.map(|(resource, property)| (scheme.name(), resource, property.as_str()))
        })
    }

    /// Whether the file says what an operation does; else the contract alone answers.
    pub fn decides(&self, operation: usize) -> bool {
        self.operations[operation].is_some()
    }

    /// Why the behavior of an operation is supposed, where nobody has looked at it yet.
    pub fn inferred(&self, operation: usize) -> Option<&str> {
        self.operations[operation].as_ref()?.supposed.inferred.as_deref()
    }

    /// Why nothing could be inferred of an operation, so that the contract alone answers.
    pub fn left(&self, operation: usize) -> Option<&str> {
        let id = &self.contract.operations[operation].id;
        self.left.get(id).filter(|_| !self.decides(operation)).map(String::as_str)
    }

    /// The query parameters that change nothing in an operation.
    pub fn ignores(&self, operation: usize) -> &[Box<str>] {
        self.operations[operation].as_ref().map_or(&[], |table| &table.supposed.ignores)
    }

    /// The contract this behavior keeps.
    pub fn contract(&self) -> &Arc<Contract> {
        &self.contract
    }

    /// The resources, their keys and relations.
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// The number of a resource by its name.
    pub fn resource(&self, name: &str) -> Option<usize> {
        self.shapes.number(name)
    }

    /// Every rule and failure entry; a decision names one by its place here.
    pub fn rules(&self) -> &[RuleInfo] {
        &self.rules
    }

    /// The numbers of the resources that keep jobs.
    pub fn job_resources(&self) -> impl Iterator<Item = usize> {
        let mut resources: Vec<usize> = self.jobs.iter().map(|job| job.record).collect();
        resources.sort_unstable();
        resources.dedup();
        resources.into_iter()
    }

    /// Where credentials stand.
    pub fn secrets(&self) -> &Secrets {
        let find = || Secrets::find(&self.contract, &self.schemes, &self.model);
        self.secrets.get_or_init(find)
    }

    /// Whether one of these records is found by `text` as a credential.
    pub fn is_credential(&self, text: &str, store: &Store) -> bool {
        self.schemes.iter().any(|scheme| scheme.knows(text, store))
    }

    /// The records, the time and the settings of one moment, for expressions.
    pub(crate) fn snapshot(&self, moment: &Moment<'_>) -> Arc<Snapshot> {
        Arc::new(Snapshot {
            shapes: Arc::clone(&self.shapes),
            store: moment.store.clone(),
            now: moment.now,
            settings: moment.settings.clone(),
        })
    }
}
