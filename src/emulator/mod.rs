//! The request path: from a complete request to an answer, through every stage and in one place.
//!
//! Synchronous, without IO, sockets or files. Time comes in as a value. Must not know how bytes travel.

mod mount;
mod overview;

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::Method;
use http::Response;
use http::StatusCode;
use http::header::ALLOW;
use http::header::HOST;
use http::header::ORIGIN;
use http::request::Parts;
use serde_json::Value;
use serde_json::json;

use crate::behavior::Behavior;
use crate::behavior::Call;
use crate::behavior::Fixtures;
use crate::behavior::RouteFailure;
use crate::clock::Timestamp;
use crate::cors;
use crate::cors::Cors;
use crate::emulator::mount::Address;
use crate::emulator::mount::Mounts;
use crate::emulator::mount::Target;
use crate::finding::Finding;
use crate::message::Account;
use crate::message::Body;
use crate::message::Reply;
use crate::message::Request;
use crate::message::Tally;
use crate::message::Why;
use crate::openapi::Contract;
use crate::openapi::Operation;
use crate::problem::Problem;
use crate::router::Found;
use crate::router::Lookup;
use crate::sandbox;
use crate::sandbox::Sandbox;
use crate::sandbox::World;
use crate::validation::RequestValidator;
use crate::validation::Sent;
use crate::validation::violations_header;

pub use overview::GivenBy;
pub use overview::OperationOverview;
pub use overview::ProviderOverview;
pub use overview::ResponseOverview;

/// The header that picks a sandbox, and on every answer says which one it was: proof that this is not
/// production.
pub const SANDBOX_HEADER: HeaderName = HeaderName::from_static("tombstone-sandbox");

/// The header with everything in which a request departs from the contract, as JSON.
pub const VIOLATIONS_HEADER: HeaderName = HeaderName::from_static("tombstone-violations");

/// So many templates does an answer name that are near a path that fits none.
const NEAR_MAX: usize = 5;

/// One emulated API: its name, how it behaves, and the records it starts from.
#[derive(Debug)]
pub struct Provider {
    /// Its name, which is the first segment of its paths.
    pub name: Arc<str>,
    /// Its contract and decision tables.
    pub behavior: Behavior,
    /// The records it starts from, and calls that show them.
    pub fixtures: Fixtures,
}

impl Provider {
    fn contract(&self) -> &Contract {
        self.behavior.contract()
    }
}

/// What an emulator is made with, beside its providers.
#[derive(Clone, Debug)]
pub struct Options {
    /// What made-up ids follow from.
    pub seed: u64,
    /// Whether pages of other origins may read the answers.
    pub cors: bool,
}

/// What a request to one operation is held against.
#[derive(Debug)]
struct EmulatedOperation {
    id: Arc<str>,
    validator: RequestValidator,
}

/// Answers requests as the providers would, out of one world of records.
pub struct Emulator {
    providers: Vec<Provider>,
    /// By the numbers of provider and operation.
    operations: Vec<Vec<EmulatedOperation>>,
    mounts: Mounts,
    sandbox: Sandbox,
    sandbox_header: HeaderValue,
    cors: Option<Cors>,
    on_work: Mutex<Option<Box<dyn Fn() + Send + Sync>>>,
}

impl std::fmt::Debug for Emulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Emulator")
            .field("providers", &self.providers().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// What is asked, of whom, and when.
#[derive(Clone, Copy)]
struct Asked<'r> {
    parts: &'r Parts,
    body: &'r Body,
    address: Address<'r>,
    now: Timestamp,
}

/// An answer, how it came about, and which tasks of jobs were done on its way.
struct Answer {
    response: Response<Bytes>,
    account: Account,
    tasks: Vec<Account>,
}

impl Emulator {
    /// An emulator of these providers. What of them cannot be mounted goes to `findings`; a provider whose name
    /// stands in the way of a path is left out.
    pub fn new(
        mut providers: Vec<Provider>,
        options: &Options,
        findings: &mut Vec<Finding>,
    ) -> Self {
        refuse_names(&mut providers, findings);
        let contracts: Vec<_> =
            providers.iter().map(|provider| (&*provider.name, provider.contract())).collect();
        let (mounts, problems) = Mounts::new(&contracts);
        for (provider, message) in problems {
            findings.push(Finding::warning(&contracts[provider].1.file, 0, "", message));
        }
        let operations = contracts.iter().map(|(_, contract)| {
            let emulated = |operation: &Operation| EmulatedOperation {
                id: operation.id.as_str().into(),
                validator: RequestValidator::new(operation, &contract.schemas),
            };
            contract.operations.iter().map(emulated).collect()
        });
        let operations = operations.collect();
        let documented = contracts
            .iter()
            .flat_map(|(_, contract)| &contract.operations)
            .flat_map(|operation| operation.responses.values())
            .flat_map(|response| response.headers.keys().map(String::as_str));
        let cors = options.cors.then(|| Cors::new(documented));
        let stores = providers.iter().map(|provider| provider.fixtures.store.clone()).collect();
        let sandbox = Sandbox::new(sandbox::DEFAULT, World::new(stores, options.seed));
        let sandbox_header = HeaderValue::from_static(sandbox::DEFAULT);
        let on_work = Mutex::new(None);
        Self { providers, operations, mounts, sandbox, sandbox_header, cors, on_work }
    }

    /// Answers a request that arrived at `now`.
    pub fn handle(&self, request: Request, now: Timestamp) -> Reply {
        let (parts, body) = request.into_parts();
        let address = self.mounts.locate(host(&parts), parts.uri.path());
        let asked = Asked { parts: &parts, body: &body, address, now };
        let Answer { mut response, mut account, tasks } = self.answer(&asked);
        account.sandbox = Some(Arc::clone(self.sandbox.name()));
        self.stamp(parts.headers.get(ORIGIN), &mut response);
        Reply { tasks, ..Reply::at_once(response, account) }
    }

    /// Gives an answer to the page at `origin` what every answer has; public for those that never get as far as
    /// [`Emulator::handle`], or that come out of it as a panic.
    pub fn stamp(&self, origin: Option<&HeaderValue>, response: &mut Response<Bytes>) {
        let headers = response.headers_mut();
        headers.insert(SANDBOX_HEADER, self.sandbox_header.clone());
        if let Some(cors) = &self.cors {
            cors.allow(origin, headers);
        }
        cors::confine(response);
    }

    /// The stages, in order. Each that cannot go on answers.
    fn answer(&self, asked: &Asked<'_>) -> Answer {
        let Asked { parts, address, .. } = *asked;
        if let Some(cors) = &self.cors
            && Cors::is_preflight(&parts.method, &parts.headers)
        {
            return ours(cors.preflight(&parts.headers), "preflight");
        }
        if let Err(problem) = self.check_sandbox(&parts.headers) {
            return ours(problem.into_response(), "no such sandbox");
        }
        // About the server as a whole (RFC 9110 section 9.3.7), which takes whatever its paths take.
        if parts.method == Method::OPTIONS && parts.uri.path() == "*" {
            return ours(no_content(), "options");
        }
        let router = self.mounts.router(address);
        match router.find(&parts.method, address.path) {
            Lookup::Found(Found { value: Target::Operation { provider, operation }, params }) => {
                self.operate(*provider, *operation, &params, asked)
            }
            Lookup::Found(Found { value: Target::NotEmulated { provider }, .. }) => {
                self.not_emulated(*provider, asked)
            }
            Lookup::WrongMethod { allow, .. } if parts.method == Method::OPTIONS => options(&allow),
            Lookup::WrongMethod { allow, values } => {
                let mut providers: Vec<usize> =
                    values.iter().map(|target| target.provider()).collect();
                providers.sort_unstable();
                providers.dedup();
                self.wrong_method(&allow, &providers, asked)
            }
            Lookup::NotFound => self.unknown_route(asked),
        }
    }

    /// A request that found its operation: validate, lock the world, run what is due, decide, commit.
    fn operate(
        &self,
        number: usize,
        operation: usize,
        params: &[(&str, &str)],
        asked: &Asked<'_>,
    ) -> Answer {
        let Asked { parts, body, address, now } = *asked;
        let provider = &self.providers[number];
        let emulated = &self.operations[number][operation];
        let query = parts.uri.query().unwrap_or_default();
        let sent = Sent { path: params, query, headers: &parts.headers, body };
        let validated = emulated.validator.validate(&sent);
        let violations =
            (!validated.violations.is_empty()).then(|| violations_header(&validated.violations));

        let mut world = self.sandbox.world();
        let tasks = world.run_due(|provider| &self.providers[provider].behavior, now);
        let due = world.next_due();
        let call = Call { operation, parts, path: address.path, validated };
        let decision = provider.behavior.decide(call, &mut world.moment(number, now));
        let (mut response, why, changes) = match world.commit(number, &decision.changes) {
            Ok(()) => {
                let changes = sandbox::tally(world.store(number), &decision.changes);
                (decision.response, decision.why, changes)
            }
            Err(conflict) => refused_commit(&conflict.to_string()),
        };
        // Whoever waits for work is woken only if it has become earlier: a wake-up costs more than a deletion.
        let is_earlier = world.next_due().is_some_and(|next| due.is_none_or(|due| next < due));
        drop(world);

        if is_earlier {
            self.announce_work();
        }
        if let Some(violations) = violations {
            response.headers_mut().insert(VIOLATIONS_HEADER, violations);
        }
        let account = Account {
            provider: Some(Arc::clone(&provider.name)),
            operation: Some(Arc::clone(&emulated.id)),
            why,
            changes,
            ..Account::default()
        };
        Answer { response, account, tasks: self.accounts(tasks) }
    }

    /// Other sandboxes than the one that is always there would be a lie to the tests that ask for them.
    fn check_sandbox(&self, headers: &HeaderMap) -> Result<(), Problem> {
        match headers.get(&SANDBOX_HEADER) {
            Some(name) if *name != self.sandbox_header => {
                let detail = format!(
                    "this server has one sandbox, `{}`: leave `Tombstone-Sandbox` out, or name that",
                    sandbox::DEFAULT
                );
                Err(Problem::new(StatusCode::NOT_FOUND, "no such sandbox", detail))
            }
            _ => Ok(()),
        }
    }

    fn not_emulated(&self, provider: usize, asked: &Asked<'_>) -> Answer {
        let provider = &self.providers[provider];
        let emulated: Vec<String> = provider.contract().operations.iter().map(called).collect();
        let detail = format!(
            "the real API answers `{} {}`, and this sandbox does not: it emulates {}",
            asked.parts.method,
            asked.address.path,
            emulated.join(", ")
        );
        let problem = Problem::new(StatusCode::NOT_IMPLEMENTED, "not emulated", detail);
        let mut answer = ours(problem.into_response(), "not emulated");
        answer.account.provider = Some(Arc::clone(&provider.name));
        answer
    }

    /// The path is there and the method is not: as its provider says, if it belongs to one.
    fn wrong_method(&self, allow: &[Method], providers: &[usize], asked: &Asked<'_>) -> Answer {
        let worded = match providers {
            [one] => self.route_failure(*one, RouteFailure::WrongMethod, asked),
            _ => None,
        };
        let mut answer = worded.unwrap_or_else(|| {
            let allowed: Vec<_> = allow.iter().map(Method::as_str).collect();
            let detail = format!("`{}` answers {}", asked.address.path, allowed.join(", "));
            let title = "method not allowed";
            let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, title, detail);
            ours(problem.into_response(), "wrong method")
        });
        // RFC 9110 section 15.5.6 asks for it with 405; a provider that answers otherwise sends none.
        if answer.response.status() == StatusCode::METHOD_NOT_ALLOWED {
            answer.response.headers_mut().insert(ALLOW, allow_header(allow));
        }
        answer
    }

    fn unknown_route(&self, asked: &Asked<'_>) -> Answer {
        let Asked { parts, address, .. } = *asked;
        let worded = address
            .provider
            .and_then(|provider| self.route_failure(provider, RouteFailure::UnknownRoute, asked));
        worded.unwrap_or_else(|| {
            let near = self.mounts.router(address).near(&parts.method, address.path, NEAR_MAX);
            let prefix = address.provider.map(|number| format!("/{}", self.providers[number].name));
            let prefix = prefix.unwrap_or_default();
            let near: Vec<_> = near
                .iter()
                .map(|near| format!("{} {prefix}{}", near.method, near.template))
                .collect();
            let detail = "no operation has this path; `near` lists the closest ones";
            let problem = Problem::new(StatusCode::NOT_FOUND, "no such operation", detail)
                .with("near", json!(near))
                .with("providers", json!(self.providers().collect::<Vec<_>>()));
            ours(problem.into_response(), "unknown route")
        })
    }

    /// What a provider says where no operation of its takes the request, if its behavior file has words for it.
    fn route_failure(
        &self,
        number: usize,
        failure: RouteFailure,
        asked: &Asked<'_>,
    ) -> Option<Answer> {
        let provider = &self.providers[number];
        let mut world = self.sandbox.world();
        let moment = world.moment(number, asked.now);
        let (method, path) = (&asked.parts.method, asked.address.path);
        let decision = provider.behavior.fail_route(failure, method, path, &moment)?;
        let account = Account {
            provider: Some(Arc::clone(&provider.name)),
            why: decision.why,
            ..Account::default()
        };
        Some(Answer { response: decision.response, account, tasks: Vec::new() })
    }

    /// Runs the tasks of jobs that are due; one account for each.
    pub fn run_due(&self, now: Timestamp) -> Vec<Account> {
        let runs = self.sandbox.world().run_due(|provider| &self.providers[provider].behavior, now);
        self.accounts(runs)
    }

    fn accounts(&self, runs: Vec<sandbox::TaskRun>) -> Vec<Account> {
        let account = |run: sandbox::TaskRun| Account {
            provider: Some(Arc::clone(&self.providers[run.provider].name)),
            operation: None,
            sandbox: Some(Arc::clone(self.sandbox.name())),
            why: run.why,
            changes: run.changes,
        };
        runs.into_iter().map(account).collect()
    }

    /// When the next task of a job falls due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.sandbox.world().next_due()
    }

    /// Has `call` called whenever [`Emulator::next_due`] may have become earlier. It must not wait.
    pub fn on_work(&self, call: Box<dyn Fn() + Send + Sync>) {
        *self.on_work.lock().unwrap_or_else(PoisonError::into_inner) = Some(call);
    }

    fn announce_work(&self) {
        if let Some(call) = &*self.on_work.lock().unwrap_or_else(PoisonError::into_inner) {
            call();
        }
    }

    /// Puts everything back to how it began.
    pub fn reset(&self) {
        self.sandbox.reset();
        self.announce_work();
    }

    /// The providers' names.
    pub fn providers(&self) -> impl Iterator<Item = &Arc<str>> {
        self.providers.iter().map(|provider| &provider.name)
    }

    fn provider(&self, name: &str) -> Option<usize> {
        self.providers.iter().position(|provider| *provider.name == *name)
    }

    /// The resources of a provider, by name.
    pub fn resources(&self, provider: &str) -> Option<Vec<Arc<str>>> {
        let model = self.providers[self.provider(provider)?].behavior.model();
        Some(model.resources.iter().map(|resource| Arc::clone(&resource.name)).collect())
    }

    /// How many records a resource has.
    pub fn count(&self, provider: &str, resource: &str) -> Option<usize> {
        let (provider, resource) = self.place(provider, resource)?;
        Some(self.sandbox.world().store(provider).len(resource))
    }

    /// The records of a resource in key order, `limit` of them from the `offset`th on.
    pub fn records(
        &self,
        provider: &str,
        resource: &str,
        offset: usize,
        limit: usize,
    ) -> Option<Vec<Value>> {
        let (provider, resource) = self.place(provider, resource)?;
        let store = self.sandbox.world().store(provider).clone();
        let records = store.iter(resource).skip(offset).take(limit);
        Some(records.map(|(_, record)| Value::Object(record.fields.clone())).collect())
    }

    /// One record, by the parts of its key as a URL has them.
    pub fn record(&self, provider: &str, resource: &str, key: &[String]) -> Option<Value> {
        let (provider, resource) = self.place(provider, resource)?;
        let world = self.sandbox.world();
        let store = world.store(provider);
        let record = store.get(resource, store.find_key(resource, &key.join(","))?)?;
        Some(Value::Object(record.fields.clone()))
    }

    fn place(&self, provider: &str, resource: &str) -> Option<(usize, usize)> {
        let provider = self.provider(provider)?;
        Some((provider, self.providers[provider].behavior.resource(resource)?))
    }
}

/// Leaves out the providers that cannot have the names they have.
fn refuse_names(providers: &mut Vec<Provider>, findings: &mut Vec<Finding>) {
    let contracts: Vec<_> =
        providers.iter().map(|provider| Arc::clone(provider.behavior.contract())).collect();
    let contracts: Vec<&Contract> = contracts.iter().map(|contract| &**contract).collect();
    providers.retain(|provider| match mount::refusal(&provider.name, &contracts) {
        None => true,
        Some(message) => {
            let finding = Finding::error(&provider.contract().file, 0, "", message);
            findings.push(finding.hint("rename its folder"));
            false
        }
    });
}

/// The host that a request is addressed to: of the target if that is absolute, else of the header.
fn host(parts: &Parts) -> Option<&str> {
    match parts.uri.host() {
        Some(host) => Some(host),
        None => parts.headers.get(HOST)?.to_str().ok(),
    }
}

/// An answer that no behavior file gave.
fn ours(response: Response<Bytes>, why: &'static str) -> Answer {
    let account = Account { why: Why::Stage(why), ..Account::default() };
    Answer { response, account, tasks: Vec::new() }
}

/// What `OPTIONS` says of a path, as RFC 9110 section 9.3.7 has it.
fn options(allow: &[Method]) -> Answer {
    let mut response = no_content();
    response.headers_mut().insert(ALLOW, allow_header(allow));
    ours(response, "options")
}

fn no_content() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

fn allow_header(allow: &[Method]) -> HeaderValue {
    let mut names: Vec<&str> = allow.iter().map(Method::as_str).collect();
    names.push(Method::OPTIONS.as_str());
    names.dedup();
    HeaderValue::from_str(&names.join(", ")).expect("method names are tokens")
}

fn called(operation: &Operation) -> String {
    format!("`{} {}`", operation.method, operation.template)
}

/// Changes that were planned under the same lock always fit; should they not, nothing is done and that is said.
fn refused_commit(conflict: &str) -> (Response<Bytes>, Why, Vec<Tally>) {
    let title = "the changes could not be made";
    let problem = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, title, conflict);
    (problem.into_response(), Why::Fault(conflict.to_owned()), Vec::new())
}
