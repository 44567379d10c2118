//! The request path: from a complete request to an answer, through every stage and in one place.
//!
//! Synchronous, without IO, sockets or files. Time comes in as a value. Must not know how bytes travel.

mod answer;
mod build;
mod current;
mod decide;
mod fault;
mod mount;
mod names;
mod nearest;
mod overview;
mod pick;
mod rehearse;
mod reply;
mod route;
mod sent;
mod succession;
mod unrouted;
mod unserved;
mod write;

use std::sync::{Arc, OnceLock};

use http::header::HOST;
use http::request::Parts;
use http::{HeaderMap, HeaderName};

use crate::behavior::{Behavior, Fixtures, SecretNames};
use crate::clock::Timestamp;
use crate::cors::Cors;
use crate::documented::Call;
use crate::emulator::answer::Answer;
use crate::emulator::fault::apply_fault;
use crate::emulator::mount::{Address, Mounts};
use crate::expression::Value;
use crate::journal::Draft;
use crate::message::{Account, Body, Reply, Request};
use crate::openapi::{Contract, Operation};
use crate::response::Renderings;
use crate::sandbox::{Registry, State, TASKS_AT_ONCE_MAX};
use crate::store::Store;
use crate::validation::RequestValidator;
use crate::{documented, media, response};

pub use build::Options;
pub use current::{Current, Held};
pub use mount::refusal as name_refusal;
pub use nearest::Nearest;
pub use overview::{GivenBy, OperationOverview, ProviderOverview, ResponseOverview};
pub use rehearse::Rehearsal;
pub use succession::{LEFT_OUT_MAX, Succession, TakenOver};
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

/// What a request to one operation is held against.
#[derive(Debug)]
struct EmulatedOperation {
    id: Arc<str>,
    answered_by: AnsweredBy,
    validator: RequestValidator,
}

/// What answers an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AnsweredBy {
    /// The rules of a behavior file.
    Rules,
    /// The contract alone.
    Contract,
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
    /// The names under which something secret can stand.
    pub fn secret_names(&self) -> &SecretNames {
        let behaviors = || self.providers.iter().map(|provider| &provider.behavior);
        self.secret_names.get_or_init(|| SecretNames::of(behaviors()))
    }

    /// Answers a request that arrived at `now`, by the system clock: the stages, in order. Up to `route` nothing is locked.
    pub fn handle(&self, request: Request, now: Timestamp) -> Reply {
        let (parts, body) = request.into_parts();
        let (name, path) = match self.pick(&parts) {
            Ok(picked) => picked,
            Err(answer) => return self.reply_without_sandbox(&parts, *answer),
        };
        let body = self.decoded(&parts.headers, body);
        let address = self.mounts.locate(host(&parts), path);
        let asked = Asked { parts: &parts, body: &body, address, real: now };
        let routed = self.route(&asked);
        let draft = Draft::of(&parts, &body);
        let entered = self.sandboxes.enter(name, now, |sandbox, state| {
            let tasks = state.run_due(|number| self.behavior(number), now, TASKS_AT_ONCE_MAX);
            let forced = self.forced(&routed, &asked, &mut state.world);
            let is_open = forced.is_none();
            let fault = is_open.then(|| self.fault(&routed, &asked, state)).flatten();
            let answer = forced
                .or_else(|| self.answer_fault(fault.as_ref()?, &routed, &asked, state))
                .unwrap_or_else(|| self.decide(routed, &asked, &mut state.world));
            let mut answer = apply_fault(answer, fault, state);
            self.stamp(&mut answer, &asked, sandbox, state);
            self.record(answer, draft, &asked, (sandbox, state), tasks)
        });
        entered.unwrap_or_else(|full| {
            let answer = Answer::refused(full.into(), "too many sandboxes");
            self.reply_without_sandbox(&parts, answer)
        })
    }

    /// The sandbox that a request is for, and its path there; an `Err` answers one that is for none.
    fn pick<'r>(&self, parts: &'r Parts) -> Result<(&'r str, &'r str), Box<Answer>> {
        if let Some(cors) = &self.cors
            && Cors::is_preflight(&parts.method, &parts.headers)
        {
            return Err(Box::new(Answer::ours(cors.preflight(&parts.headers), "preflight")));
        }
        pick::sandbox(&parts.headers, parts.uri.path())
            .map_err(|problem| Box::new(Answer::refused(problem, "no such sandbox")))
    }

    /// A body without its `Content-Encoding`, if it is within the limit then: as it is judged, and as the journal has it,
    /// in which secrets could not be blacked out otherwise. The header stays, for the contract may speak of it.
    pub fn decoded(&self, headers: &HeaderMap, body: Body) -> Body {
        media::decoded(headers, body, self.body_bytes_max)
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

    fn emulated(&self, (provider, operation): (usize, usize)) -> &EmulatedOperation {
        &self.operations[provider][operation]
    }

    fn operation(&self, (provider, operation): (usize, usize)) -> &Operation {
        &self.providers[provider].contract().operations[operation]
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

/// The host that a request is addressed to: of the target if that is absolute, else of the header.
fn host(parts: &Parts) -> Option<&str> {
    match parts.uri.host() {
        Some(host) => Some(host),
        None => parts.headers.get(HOST)?.to_str().ok(),
    }
}
