//! The request path: from a complete request to an answer, through every stage and in one place.
//!
//! Synchronous, without IO, sockets or files. Time comes in as a value. Must not know how bytes travel.

mod answer;
mod current;
mod decide;
mod mount;
mod names;
mod nearest;
mod overview;
mod pick;
mod rehearse;
mod sent;
mod succession;
mod unrouted;
mod unserved;

use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::Response;
use http::header::HOST;
use http::header::ORIGIN;
use http::request::Parts;

use crate::behavior::Behavior;
use crate::behavior::Fixtures;
use crate::behavior::SecretNames;
use crate::clock::ClockStart;
use crate::clock::Timestamp;
use crate::cors;
use crate::cors::Cors;
use crate::documented;
use crate::documented::Call;
use crate::emulator::answer::Answer;
use crate::emulator::mount::Address;
use crate::emulator::mount::Mounts;
use crate::expression::Value;
use crate::faults::FAULTS_MAX;
use crate::faults::Fault;
use crate::faults::Faults;
use crate::finding::Finding;
use crate::ids::Ids;
use crate::journal::Budget;
use crate::journal::Draft;
use crate::media;
use crate::message::Account;
use crate::message::BODY_BYTES_MAX;
use crate::message::Body;
use crate::message::Reply;
use crate::message::Request;
use crate::openapi::Contract;
use crate::openapi::Operation;
use crate::response;
use crate::response::Renderings;
use crate::sandbox;
use crate::sandbox::Beginning;
use crate::sandbox::Limits;
use crate::sandbox::Origin;
use crate::sandbox::Registry;
use crate::sandbox::Sandbox;
use crate::sandbox::State;
use crate::sandbox::TASKS_AT_ONCE_MAX;
use crate::sandbox::TaskRun;
use crate::sandbox::World;
use crate::store::Store;
use crate::validation::RequestValidator;

pub use current::Current;
pub use current::Held;
pub use mount::refusal as name_refusal;
pub use nearest::Nearest;
pub use overview::GivenBy;
pub use overview::OperationOverview;
pub use overview::ProviderOverview;
pub use overview::ResponseOverview;
pub use rehearse::Rehearsal;
pub use succession::LEFT_OUT_MAX;
pub use succession::Succession;
pub use succession::TakenOver;
pub use unserved::Unserved;

/// The header that picks a sandbox, and on every answer says which one it was: proof that this is not
/// production.
pub const SANDBOX_HEADER: HeaderName = HeaderName::from_static("tombstone-sandbox");

/// The header with everything in which a request departs from the contract, as JSON.
pub const VIOLATIONS_HEADER: HeaderName = HeaderName::from_static("tombstone-violations");

/// The header with the number under which the journal of the sandbox has the request.
pub const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("tombstone-request-id");

/// The header that says when the sandbox, which begins anew with this request, was dropped because nobody used it.
pub const RESTARTED_HEADER: HeaderName = HeaderName::from_static("tombstone-sandbox-restarted");

/// Up to so many operations get example calls with all that their bodies may hold: making up those of a thousand
/// takes seconds.
const FULL_CALLS_MAX: usize = 50;

/// Bodies of example calls hold all that they may up to here: longer ones nobody reads.
const FULL_BODY_BYTES_MAX: usize = 1024;

/// One emulated API: its name, how it behaves, and the records it starts from.
#[derive(Debug)]
pub struct Provider {
    /// Its name, which is the first segment of its paths.
    pub name: Arc<str>,
    /// Its contract and decision tables.
    pub behavior: Behavior,
    /// The records it starts from, and calls that show them.
    pub fixtures: Fixtures,
    /// Whether its contract and behavior are built in, and not a user's files.
    pub is_built_in: bool,
}

impl Provider {
    fn contract(&self) -> &Contract {
        self.behavior.contract()
    }
}

/// What an emulator is made with, beside its providers.
#[derive(Clone, Debug)]
pub struct Options {
    /// What made-up ids and the dice of faults follow from.
    pub seed: u64,
    /// Whether pages of other origins may read the answers.
    pub cors: bool,
    /// What the system clock shows now.
    pub now: Timestamp,
    /// How the clocks of sandboxes begin.
    pub clock: ClockStart,
    /// How many sandboxes there can be beside `default`.
    pub sandboxes_max: usize,
    /// How long a sandbox that was made on first use may be unused before it is dropped.
    pub sandbox_idle: Duration,
    /// How many bytes the records of one sandbox take at most beside those that it began with, as estimated.
    pub sandbox_bytes_max: usize,
    /// How many entries one journal has at most.
    pub journal_entries_max: usize,
    /// How many bytes all journals together take at most, as estimated.
    pub journal_bytes_max: usize,
    /// The faults that every sandbox begins with, [`FAULTS_MAX`] of them at most.
    pub faults: Vec<Arc<Fault>>,
    /// The name of the fixture set that the providers' records come from.
    pub fixture_set: Arc<str>,
    /// How the contract alone answers where there is no behavior file.
    pub documented: response::Options,
    /// How many bytes a request's body has at most, decoded.
    pub body_bytes_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 0,
            cors: true,
            now: Timestamp::default(),
            clock: ClockStart::default(),
            sandboxes_max: 10_000,
            sandbox_idle: Duration::from_secs(60 * 60),
            sandbox_bytes_max: 256 << 20,
            journal_entries_max: 1_000,
            journal_bytes_max: 64 << 20,
            faults: Vec::new(),
            fixture_set: sandbox::DEFAULT.into(),
            documented: response::Options::default(),
            body_bytes_max: BODY_BYTES_MAX,
        }
    }
}

/// What a request to one operation is held against.
#[derive(Debug)]
struct EmulatedOperation {
    id: Arc<str>,
    validator: RequestValidator,
}

/// Answers requests as the providers would, each out of the sandbox it is for.
pub struct Emulator {
    providers: Vec<Provider>,
    /// By the numbers of provider and operation.
    operations: Vec<Vec<EmulatedOperation>>,
    mounts: Mounts,
    sandboxes: Registry,
    cors: Option<Cors>,
    fixtures: Option<Box<FixtureLoader>>,
    documented: response::Options,
    body_bytes_max: usize,
    /// Documented answers that were made before, by the number of the provider.
    renderings: Vec<Renderings>,
    /// Found when they are first asked for.
    secret_names: OnceLock<SecretNames>,
    unserved: Vec<Unserved>,
}

/// Reads the fixture set of that name for every provider, in order, as if it were then; every problem otherwise.
pub type FixtureLoader =
    dyn Fn(&[Provider], &str, Timestamp) -> Result<Vec<Fixtures>, Vec<String>> + Send + Sync;

impl std::fmt::Debug for Emulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Emulator")
            .field("providers", &self.providers().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// What is asked, of whom, and when by the system clock.
#[derive(Clone, Copy)]
struct Asked<'r> {
    parts: &'r Parts,
    body: &'r Body,
    address: Address<'r>,
    real: Timestamp,
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
        let mounts = Mounts::new(&contracts, findings);
        let operations = providers.iter().map(|Provider { behavior, .. }| {
            let contract = behavior.contract();
            let emulated = |(number, operation): (usize, &Operation)| {
                let validator = RequestValidator::new(operation, &contract.schemas);
                let is_decided = behavior.decides(number);
                EmulatedOperation {
                    id: operation.id.as_str().into(),
                    validator: if is_decided {
                        validator
                    } else {
                        validator.allowing_untyped_bodies()
                    },
                }
            };
            contract.operations.iter().enumerate().map(emulated).collect()
        });
        let operations = operations.collect();
        let documented = contracts
            .iter()
            .flat_map(|(_, contract)| &contract.operations)
            .flat_map(|operation| operation.responses.values())
            .flat_map(|response| response.headers.keys().map(String::as_str));
        let cors = options.cors.then(|| Cors::new(documented));
        let budget = Budget::new(options.journal_entries_max, options.journal_bytes_max);
        let limits = Limits { sandboxes_max: options.sandboxes_max, idle: options.sandbox_idle };
        let sandboxes = Registry::new(baseline(&providers, options), budget, limits, options.now);
        let renderings = providers.iter().map(|_| Renderings::default()).collect();
        Self {
            providers,
            operations,
            mounts,
            sandboxes,
            cors,
            fixtures: None,
            documented: options.documented,
            body_bytes_max: options.body_bytes_max,
            renderings,
            secret_names: OnceLock::new(),
            unserved: Vec::new(),
        }
    }

    /// The names under which something secret can stand.
    pub fn secret_names(&self) -> &SecretNames {
        let behaviors = || self.providers.iter().map(|provider| &provider.behavior);
        self.secret_names.get_or_init(|| SecretNames::of(behaviors()))
    }

    /// Answers a request that arrived at `now`, by the system clock: the stages, in order.
    pub fn handle(&self, request: Request, now: Timestamp) -> Reply {
        let (parts, body) = request.into_parts();
        if let Some(cors) = &self.cors
            && Cors::is_preflight(&parts.method, &parts.headers)
        {
            return self.outside(&parts, Answer::ours(cors.preflight(&parts.headers), "preflight"));
        }
        let (name, path) = match pick::sandbox(&parts.headers, parts.uri.path()) {
            Ok(picked) => picked,
            Err(problem) => {
                return self.outside(&parts, Answer::refused(problem, "no such sandbox"));
            }
        };
        let address = self.mounts.locate(host(&parts), path);
        let body = self.decoded(&parts.headers, body);
        let asked = Asked { parts: &parts, body: &body, address, real: now };
        // Whatever needs no records is done before anything is locked.
        let prepared = self.prepare(&asked);
        let draft = Draft::of(&parts, &body);
        let entered = self.sandboxes.enter(name, now, |sandbox, state| {
            let mut tasks = state.run_due(|number| self.behavior(number), now, TASKS_AT_ONCE_MAX);
            let mut answer = self.decide(prepared, &asked, state);
            tasks.extend(self.seal(sandbox, state, &mut answer, draft, &asked));
            (answer, tasks, Arc::clone(sandbox.name()))
        });
        match entered {
            Ok((answer, tasks, name)) => self.reply(answer, tasks, &name),
            Err(full) => self.outside(&parts, Answer::refused(full.into(), "too many sandboxes")),
        }
    }

    /// A body without its `Content-Encoding`, if it is within the limit then: as it is judged, and as the journal has it,
    /// in which secrets could not be blacked out otherwise. The header stays, for the contract may speak of it.
    pub fn decoded(&self, headers: &HeaderMap, body: Body) -> Body {
        media::decoded(headers, body, self.body_bytes_max)
    }

    /// Gives an answer what every answer has, enters it in the journal, and runs the tasks that it made due at once.
    fn seal(
        &self,
        sandbox: &Sandbox,
        state: &mut State,
        answer: &mut Answer,
        draft: Draft,
        asked: &Asked<'_>,
    ) -> Vec<TaskRun> {
        let now = state.world.clock.now(asked.real);
        let restarted = state.restarted.take();
        let headers = answer.response.headers_mut();
        headers.insert(REQUEST_ID_HEADER, state.journal.next_id().into());
        if let Some(dropped) = restarted {
            let dropped = dropped.to_rfc3339();
            headers.insert(RESTARTED_HEADER, HeaderValue::from_str(&dropped).expect("digits"));
        }
        self.stamp(sandbox.header(), asked.parts.headers.get(ORIGIN), &mut answer.response);
        answer.count(&mut state.coverage);
        let (event, step) = answer.event(draft, restarted);
        let is_changed = step.is_some();
        state.journal.enter(asked.real, now, event, step);
        if !is_changed {
            return Vec::new();
        }
        state.run_due(|number| self.behavior(number), asked.real, TASKS_AT_ONCE_MAX)
    }

    fn reply(&self, answer: Answer, tasks: Vec<TaskRun>, sandbox: &Arc<str>) -> Reply {
        let account = self.account(&answer, sandbox);
        let tasks = tasks.into_iter().map(|run| self.task_account(run, sandbox)).collect();
        let Answer { response, delay, delivery, .. } = answer;
        Reply { response, delay, delivery, account, tasks }
    }

    /// An answer to what reaches no sandbox.
    fn outside(&self, parts: &Parts, mut answer: Answer) -> Reply {
        self.stamp_default(parts.headers.get(ORIGIN), &mut answer.response);
        let account = self.account(&answer, self.sandboxes.default_sandbox().name());
        Reply::at_once(answer.response, account)
    }

    /// Gives an answer to the page at `origin` what every answer has, as if of the sandbox that is always there; public
    /// for those that never get as far as [`Emulator::handle`], or that come out of it as a panic.
    pub fn stamp_default(&self, origin: Option<&HeaderValue>, response: &mut Response<Bytes>) {
        self.stamp(&HeaderValue::from_static(sandbox::DEFAULT), origin, response);
    }

    fn stamp(
        &self,
        sandbox: &HeaderValue,
        origin: Option<&HeaderValue>,
        response: &mut Response<Bytes>,
    ) {
        let headers = response.headers_mut();
        headers.insert(SANDBOX_HEADER, sandbox.clone());
        if let Some(cors) = &self.cors {
            cors.allow(origin, headers);
        }
        cors::confine(response);
    }

    fn account(&self, answer: &Answer, sandbox: &Arc<str>) -> Account {
        let of = answer.provider.zip(answer.operation);
        Account {
            provider: answer.provider.map(|number| Arc::clone(&self.providers[number].name)),
            operation: of
                .map(|(provider, number)| Arc::clone(&self.operations[provider][number].id)),
            sandbox: Some(Arc::clone(sandbox)),
            why: answer.why.clone(),
            changes: answer.tally.clone(),
            dry_run: answer.dry_run,
            rejected: answer.rejected.clone(),
            did: None,
        }
    }

    fn task_account(&self, run: TaskRun, sandbox: &Arc<str>) -> Account {
        Account {
            provider: Some(Arc::clone(&self.providers[run.provider].name)),
            sandbox: Some(Arc::clone(sandbox)),
            why: run.why,
            changes: run.tally,
            ..Account::default()
        }
    }

    /// Runs the tasks of jobs that are due, in every sandbox; one account for each.
    pub fn run_due(&self, now: Timestamp) -> Vec<Account> {
        let names = self.sandboxes.to_wake(now);
        names.iter().flat_map(|name| self.run_due_in(name, now, TASKS_AT_ONCE_MAX)).collect()
    }

    /// Runs the tasks of jobs that are due in one sandbox, up to `most` of them; one account for each.
    pub fn run_due_in(&self, name: &Arc<str>, now: Timestamp, most: usize) -> Vec<Account> {
        let run = |state: &mut State| state.run_due(|number| self.behavior(number), now, most);
        let runs = self.sandboxes.wake(name, run).unwrap_or_default();
        runs.into_iter().map(|run| self.task_account(run, name)).collect()
    }

    /// When, by the system clock, the next task of a job falls due in any sandbox.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.sandboxes.next_wake()
    }

    /// Has `call` called whenever [`Emulator::next_due`] may have become earlier. It must not wait.
    pub fn on_work(&self, call: Box<dyn Fn() + Send + Sync>) {
        self.sandboxes.on_wake(call);
    }

    /// Drops the sandboxes that nobody has used for too long; how many those were.
    pub fn sweep(&self, now: Timestamp) -> usize {
        self.sandboxes.sweep(now)
    }

    /// All sandboxes.
    pub fn sandboxes(&self) -> &Registry {
        &self.sandboxes
    }

    /// The providers' names.
    pub fn providers(&self) -> impl Iterator<Item = &Arc<str>> {
        self.providers.iter().map(|provider| &provider.name)
    }

    /// The number of a provider by its name.
    pub fn provider(&self, name: &str) -> Option<usize> {
        self.providers.iter().position(|provider| *provider.name == *name)
    }

    /// The id of an operation of a provider, by their numbers.
    pub fn operation_id(&self, provider: usize, operation: usize) -> &Arc<str> {
        &self.operations[provider][operation].id
    }

    /// A call of each operation of a provider that its contract takes, at the path where it answers; an `Err` says why
    /// there is none. Where there are many, or a body is long, with nothing in it that need not be there.
    pub fn example_calls(&self, provider: usize) -> impl Iterator<Item = Result<Call, String>> {
        let is_short = self.operations.iter().map(Vec::len).sum::<usize>() > FULL_CALLS_MAX;
        let contract = self.behavior(provider).contract();
        let prefix = match self.providers.len() {
            1 => String::new(),
            _ => format!("/{}", self.providers[provider].name),
        };
        (0..contract.operations.len()).map(move |number| {
            if !self.mounts.is_mounted(&contract.operations[number], number, provider) {
                return Err("no request leads to it".to_owned());
            }
            let full = (!is_short).then(|| documented::valid_call(contract, number, 0).ok());
            let is_handy = |call: &Call| {
                call.body.as_ref().is_none_or(|body| body.len() <= FULL_BODY_BYTES_MAX)
            };
            let call = match full.flatten().filter(is_handy) {
                Some(call) => call,
                None => documented::short_call(contract, number, 0)?,
            };
            Ok(Call { target: format!("{prefix}{}", call.target), ..call })
        })
    }

    /// The name of a provider by its number.
    pub fn provider_name(&self, provider: usize) -> Arc<str> {
        Arc::clone(&self.providers[provider].name)
    }

    /// How a provider behaves.
    pub fn behavior(&self, provider: usize) -> &Behavior {
        &self.providers[provider].behavior
    }

    /// Has fixture sets that a sandbox asks for by name read by `load`; without it there are none.
    pub fn load_fixtures_with(&mut self, load: Box<FixtureLoader>) {
        self.fixtures = Some(load);
    }

    /// The records and settings that a fixture set gives every provider when it is `now`; every problem otherwise.
    pub fn load_fixtures(
        &self,
        set: &str,
        now: Timestamp,
    ) -> Result<(Vec<Store>, Vec<Value>), Vec<String>> {
        let Some(load) = &self.fixtures else {
            return Err(vec![format!("there is no fixture set `{set}`: none can be read here")]);
        };
        let loaded = load(&self.providers, set, now)?;
        let with_settings = self.providers.iter().zip(loaded).map(|(provider, fixtures)| {
            let settings = provider.behavior.settings_with(&fixtures.settings)?;
            Ok((fixtures.store, settings))
        });
        with_settings
            .collect::<Result<Vec<_>, Vec<String>>>()
            .map(|pairs| pairs.into_iter().unzip())
    }
}

/// How every sandbox begins unless it is told otherwise.
fn baseline(providers: &[Provider], options: &Options) -> Origin {
    let stores = providers.iter().map(|provider| provider.fixtures.store.clone()).collect();
    let settings = providers.iter().map(|Provider { behavior, fixtures, .. }| {
        // Held against the behavior when they were read.
        behavior.settings_with(&fixtures.settings).unwrap_or_else(|_| behavior.settings().clone())
    });
    let ids = Ids::seeded(options.seed);
    let clock = options.clock.begin(options.now);
    Origin {
        world: World::new(stores, settings.collect(), ids, clock)
            .with_room(options.sandbox_bytes_max),
        clock: Beginning::Start(options.clock),
        seed: options.seed,
        faults: Faults::new(options.faults.iter().take(FAULTS_MAX).cloned(), options.seed)
            .expect("there are not too many"),
        fixture_set: Arc::clone(&options.fixture_set),
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
            findings.push(
                finding.hint("rename its folder, or write `NAME=` before the path of its document"),
            );
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
