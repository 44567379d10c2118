//! Building an emulator: what can be known of each provider and operation before the first request.
//!
//! Must not know requests.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::behavior::Behavior;
use crate::clock::{ClockStart, Timestamp};
use crate::cors::Cors;
use crate::emulator::engine::Emulator;
use crate::emulator::mount;
use crate::emulator::mount::Mounts;
use crate::emulator::provider::{AnsweredBy, EmulatedOperation, Provider};
use crate::faults::{FAULTS_MAX, Fault, FaultSet};
use crate::finding::Finding;
use crate::ids::Ids;
use crate::journal::JournalBudget;
use crate::message::BODY_BYTES_MAX;
use crate::openapi::{Contract, Operation};
use crate::response::Renderings;
use crate::sandbox::{Beginning, Origin, SandboxLimits, SandboxRegistry, World};
use crate::validation::RequestValidator;
use crate::{response, sandbox};

/// Options of an emulator, beside its providers.
#[derive(Clone, Debug)]
pub struct EmulatorOptions {
    /// Seed of generated ids and of chance in faults.
    pub seed: u64,
    /// Whether pages of other origins may read the answers.
    pub cors: bool,
    /// Current system time.
    pub now: Timestamp,
    /// Initial clock of sandboxes.
    pub clock: ClockStart,
    /// Maximum number of sandboxes beside `default`.
    pub sandboxes_max: usize,
    /// Idle limit of sandboxes that were made on first use.
    pub sandbox_idle: Duration,
    /// Limit on the estimated bytes of one sandbox's records, beside those that it began with.
    pub sandbox_bytes_max: usize,
    /// Maximum number of entries of one journal.
    pub journal_entries_max: usize,
    /// Limit on the estimated bytes of all journals together.
    pub journal_bytes_max: usize,
    /// The faults that every sandbox begins with, [`FAULTS_MAX`] of them at most.
    pub faults: Vec<Arc<Fault>>,
    /// The name of the fixture set that the providers' records come from.
    pub fixture_set: Arc<str>,
    /// Options of answers by the contract alone.
    pub documented: response::RenderOptions,
    /// Limit on the bytes of a request's body, decoded.
    pub body_bytes_max: usize,
}

impl Default for EmulatorOptions {
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
            documented: response::RenderOptions::default(),
            body_bytes_max: BODY_BYTES_MAX,
        }
    }
}

impl Emulator {
    /// An emulator of these providers. What of them cannot be mounted goes to `findings`; a provider whose name
    /// stands in the way of a path is left out.
    pub fn new(
        mut providers: Vec<Provider>,
        options: &EmulatorOptions,
        findings: &mut Vec<Finding>,
    ) -> Self {
        refuse_names(&mut providers, findings);
        let contracts: Vec<_> =
            providers.iter().map(|provider| (&*provider.name, provider.contract())).collect();
        let mounts = Mounts::new(&contracts, findings);
        let operations = providers.iter().map(|provider| emulated(&provider.behavior)).collect();
        let documented = contracts
            .iter()
            .flat_map(|(_, contract)| &contract.operations)
            .flat_map(|operation| operation.responses.values())
            .flat_map(|response| response.headers.keys().map(String::as_str));
        let cors = options.cors.then(|| Cors::new(documented));
        let budget = JournalBudget::new(options.journal_entries_max, options.journal_bytes_max);
        let limits =
            SandboxLimits { sandboxes_max: options.sandboxes_max, idle: options.sandbox_idle };
        let sandboxes =
            SandboxRegistry::new(baseline(&providers, options), budget, limits, options.now);
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
}

/// The operations of a provider, and what answers each.
fn emulated(behavior: &Behavior) -> Vec<EmulatedOperation> {
    let contract = behavior.contract();
    let emulated = |(number, operation): (usize, &Operation)| {
        let validator = RequestValidator::new(operation, &contract.schemas);
        let answered_by = match (behavior.decides(number), behavior.inferred(number)) {
            (true, None) => AnsweredBy::Rules,
            (true, Some(_)) => AnsweredBy::InferredRules,
            (false, _) => AnsweredBy::Contract,
        };
        let validator = match answered_by {
            AnsweredBy::Rules => validator,
            _ => validator.allowing_untyped_bodies(),
        };
        EmulatedOperation { id: operation.id.as_str().into(), answered_by, validator }
    };
    contract.operations.iter().enumerate().map(emulated).collect()
}

/// Default initial state of sandboxes.
fn baseline(providers: &[Provider], options: &EmulatorOptions) -> Origin {
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
        faults: FaultSet::new(options.faults.iter().take(FAULTS_MAX).cloned(), options.seed)
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
