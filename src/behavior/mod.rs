//! Behavior: what a provider remembers, who may call, and the decision tables of its operations.
//!
//! Reads behavior and fixture files, and decides requests: it plans changes and never commits them. Must not
//! know sandboxes, mounting or HTTP servers.

mod answer;
mod arrange;
mod body_check;
mod call;
mod caller;
mod carry;
mod compile;
mod decide;
mod effect;
mod explain;
mod failed;
mod fixture;
pub mod format;
mod forms;
mod names;
mod new_key;
mod notes;
mod record_schema;
mod records;
mod scope;
mod secrets;
mod settings;
mod shape;
mod task;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::request::Parts;
use http::{Response, StatusCode};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use crate::behavior::answer::Answer;
use crate::behavior::caller::Scheme;
use crate::behavior::effect::{Effect, Job};
use crate::behavior::format::{BehaviorFile, StageFormat};
use crate::behavior::notes::Notes;
use crate::behavior::records::Snapshot;
use crate::behavior::scope::{NamedExpression, RequestLine, Scope};
use crate::behavior::shape::Shapes;
use crate::clock::Timestamp;
use crate::expression::{Expression, Template, Value, from_json};
use crate::finding::{Finding, child};
use crate::ids::Ids;
use crate::json::too_deep;
use crate::message::{Facts, Why};
use crate::openapi::Contract;
use crate::problem::Problem;
use crate::response::Decided;
use crate::store::{Change, Model, Store};
use crate::validation::Validated;
use crate::yaml::Document;

pub use answer::merged;
pub use arrange::GivenRecord;
pub use call::ExampleCall;
pub use carry::{Carried, LeftOut};
pub use explain::{Explanation, Reading, RuleTried, Shown, StageOutcome};
pub use fixture::Fixtures;
pub use secrets::{SecretNames, Secrets};
pub use task::{TaskDecision, next_task};

/// How one provider behaves, compiled and checked against its contract.
#[derive(Debug)]
pub struct Behavior {
    contract: Arc<Contract>,
    shapes: Arc<Shapes>,
    model: Arc<Model>,
    settings: Value,
    order: [StageFormat; 4],
    schemes: Vec<Scheme>,
    messages: Vec<(String, Template)>,
    /// By the number of the operation in the contract; `None` where the file says nothing of it.
    operations: Vec<Option<OperationTable>>,
    unknown_route: Vec<Rule>,
    wrong_method: Vec<Rule>,
    jobs: Vec<Job>,
    /// Every rule and failure entry, by its number.
    rules: Vec<RuleInfo>,
    /// Every `delay`, with its place, to be held against other settings.
    delays: Vec<(String, Expression)>,
    /// Where credentials stand; looked for when it is first asked.
    secrets: OnceLock<Secrets>,
}

/// How a behavior file is read.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// Hold literal bodies and examples against their schemas, too. Built-in files went through that when they
    /// were built in.
    pub vet: bool,
    /// Values that go before those of the file's `settings`.
    pub settings: Map<String, Json>,
}

/// The decision table of one operation.
#[derive(Debug)]
struct OperationTable {
    lets: Arc<[NamedExpression]>,
    rules: Vec<Rule>,
    unauthenticated: Vec<Rule>,
    invalid_request: Vec<Rule>,
    /// How the service says that it failed itself.
    internal: Vec<Rule>,
    /// What `restrict` relations answer, by resource and relation.
    restricts: BTreeMap<(usize, usize), Rule>,
}

/// A rule or failure entry, as others may know it.
#[derive(Clone, Debug, Serialize)]
pub struct RuleInfo {
    /// What the log calls it: its table, its number, and its place in the file.
    pub label: Arc<str>,
    /// The number of the operation in the contract, where it belongs to one.
    pub operation: Option<usize>,
    /// The status of its answer.
    #[serde(serialize_with = "as_number")]
    pub status: StatusCode,
    /// Whether the vendor does not document this behavior.
    pub inferred: bool,
    /// The table it stands in: `rules`, `restrict`, or the kind of failure.
    pub table: &'static str,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

/// One line of a decision table.
#[derive(Debug)]
struct Rule {
    /// Its place in the list of all rules of the file.
    number: u32,
    /// What the log calls it: its table, its number, and its place in the file.
    label: Arc<str>,
    when: Option<Expression>,
    effect: Effect,
    answer: Answer,
    /// How long the answer is held back.
    delay: Option<Expression>,
}

/// What is answered.
#[derive(Debug)]
pub enum RuleAnswer<'b> {
    /// A documented response, still to be written.
    Documented(Decided<'b>),
    /// Something of which nothing is documented.
    Undocumented(Response<Bytes>),
}

impl RuleAnswer<'_> {
    /// The status.
    pub fn status(&self) -> u16 {
        match self {
            Self::Documented(decided) => decided.status,
            Self::Undocumented(response) => response.status().as_u16(),
        }
    }
}

/// What was decided: the answer, why, and the changes to commit if it is given.
#[derive(Debug)]
pub struct Decision<'b> {
    /// The answer.
    pub answer: RuleAnswer<'b>,
    /// What decided: the rule, by its place in [`Behavior::rules`], how long it holds the answer back, and the credential
    /// that did not do.
    pub facts: Facts,
    /// Changes to the store, none of them committed yet.
    pub changes: Arc<[Change]>,
}

impl Decision<'_> {
    /// An answer at once, that no rule gave and that changes nothing.
    fn new(response: Response<Bytes>, why: Why) -> Self {
        let answer = RuleAnswer::Undocumented(response);
        Self { answer, facts: Facts::of(why), changes: Arc::new([]) }
    }
}

/// Our own answer where a behavior file asks for something that cannot be, for that is never passed off as the provider's.
/// `place` is what the log calls the rule.
pub fn fault(place: &str, message: impl Into<String>) -> (Response<Bytes>, Why) {
    let detail = format!("{place}: {}", message.into());
    let title = "the behavior file cannot answer this";
    let problem = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, title, detail.clone());
    (problem.into_response(), Why::Fault(detail))
}

/// A request that got as far as its operation.
pub struct Call<'c> {
    /// The number of the operation in the contract.
    pub operation: usize,
    /// Method, path and headers.
    pub parts: &'c Parts,
    /// The path as the provider sees it, without the prefix it is mounted under.
    pub path: &'c str,
    /// What the request carries, and how it violates the contract.
    pub validated: Arc<Validated>,
}

/// Where a request could not be given to an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteFailure {
    /// No operation has the path.
    UnknownRoute,
    /// Operations have the path, but none the method.
    WrongMethod,
}

/// What a decision works on: the records of one moment, and what is needed to make new ones.
pub struct Moment<'m> {
    /// The provider's records. Not changed here.
    pub store: &'m Store,
    /// The values of the behavior file's settings here, from [`Behavior::settings_over`].
    pub settings: &'m Value,
    /// Where made-up ids come from.
    pub ids: &'m mut Ids,
    /// The sandbox's time.
    pub now: Timestamp,
}

impl Behavior {
    /// Reads a behavior file against its contract. What is wrong with it goes to `findings`; `None` when it
    /// cannot be read at all.
    pub fn load(
        document: &Document,
        contract: &Arc<Contract>,
        options: &LoadOptions,
        findings: &mut Vec<Finding>,
    ) -> Option<Self> {
        let file: BehaviorFile = read(document, findings)?;
        let mut notes = Notes::new(document, findings);
        for (name, value) in &file.settings {
            if let Some(problem) = too_deep([value]) {
                notes.error(&child("/settings", name), problem, None);
            }
        }
        let mut behavior =
            compile::compile(&file, contract, options.vet, document.file(), &mut notes)?;
        match behavior.settings_with(&options.settings) {
            Ok(settings) => behavior.settings = settings,
            Err(problems) => notes.errors("/settings", problems),
        }
        Some(behavior)
    }

    /// The behavior of a provider that has no behavior file: it remembers nothing, and the contract alone answers.
    pub fn none(contract: &Arc<Contract>) -> Self {
        Self {
            contract: Arc::clone(contract),
            shapes: Arc::default(),
            model: Arc::default(),
            settings: from_json(&Json::Object(Map::new())),
            order: compile::ORDER,
            schemes: Vec::new(),
            messages: Vec::new(),
            operations: contract.operations.iter().map(|_| None).collect(),
            unknown_route: Vec::new(),
            wrong_method: Vec::new(),
            jobs: Vec::new(),
            rules: Vec::new(),
            delays: Vec::new(),
            secrets: OnceLock::new(),
        }
    }

    /// Whether the file says what an operation does; else the contract alone answers.
    pub fn decides(&self, operation: usize) -> bool {
        self.operations[operation].is_some()
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

    /// What a fixture file gives. What is wrong goes to `findings`; the rest is usable.
    pub fn fixtures(
        &self,
        document: &Document,
        now: Timestamp,
        vet: bool,
        findings: &mut Vec<Finding>,
    ) -> Fixtures {
        fixture::load(self, document, now, vet, findings)
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

    /// Whether the file says how it answers when a request cannot be given to an operation.
    pub fn words_route_failure(&self, failure: RouteFailure) -> bool {
        !self.route_rules(failure).is_empty()
    }

    /// The answer to a request that no operation takes; `None` when the file does not say.
    pub fn fail_route(
        &self,
        failure: RouteFailure,
        method: &http::Method,
        path: &str,
        moment: &Moment<'_>,
    ) -> Option<Decision<'_>> {
        let rules = self.route_rules(failure);
        if rules.is_empty() {
            return None;
        }
        let snapshot = self.snapshot(moment.store);
        let line = RequestLine { method: method.clone(), path: path.into() };
        let scope = Scope { request: Some(line), ..Scope::at(&snapshot, moment) };
        Some(self.first_answer(rules, &scope.into_value()).unwrap_or_else(|early| *early))
    }

    fn route_rules(&self, failure: RouteFailure) -> &[Rule] {
        match failure {
            RouteFailure::UnknownRoute => &self.unknown_route,
            RouteFailure::WrongMethod => &self.wrong_method,
        }
    }

    fn snapshot(&self, store: &Store) -> Arc<Snapshot> {
        Arc::new(Snapshot { shapes: Arc::clone(&self.shapes), store: store.clone() })
    }
}

/// Reads a file of ours into its type; what does not fit goes to `findings`, all of it.
fn read<T: DeserializeOwned + JsonSchema>(
    document: &Document,
    findings: &mut Vec<Finding>,
) -> Option<T> {
    let mistake = match T::deserialize(document.root()) {
        Ok(file) => return Some(file),
        Err(mistake) => mistake,
    };
    let before = findings.len();
    findings.extend(format::explain::<T>(document));
    if findings.len() == before {
        findings.push(document.error("", mistake.to_string()));
    }
    None
}
