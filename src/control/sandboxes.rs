//! Sandboxes as such: which there are, how one is made, reset and removed.
//!
//! Must not know what happens in them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::{ClockStart, RATE_MAX, Timestamp, parse_duration_ms};
use crate::control::{Control, unfit};
use crate::emulator::Emulator;
use crate::faults::{FAULTS_MAX, Fault, FaultFormat, FaultSet, FaultsError};
use crate::ids::Ids;
use crate::problem::Problem;
use crate::sandbox::{Beginning, DEFAULT, Origin, RegisteredSandbox, SandboxState, World};

/// How a sandbox is to begin, as written; what is left out is as in every sandbox.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SandboxSpec {
    /// The sandbox whose world, clock, faults and settings it begins with.
    pub from: Option<String>,
    /// The fixture set that its records come from.
    pub fixture_set: Option<String>,
    /// What made-up ids and the dice of faults follow from.
    pub seed: Option<u64>,
    /// How its clock begins.
    pub clock: Option<ClockSpec>,
    /// Settings of behavior files that have another value than there, by provider.
    pub settings: Option<BTreeMap<String, Map<String, Value>>>,
    /// The faults that it begins with.
    pub faults: Option<Vec<Value>>,
    /// How long it may be unused before it is dropped, such as `1h`; never, unless given.
    pub ttl: Option<String>,
}

/// How a sandbox's clock is to begin, as written.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ClockSpec {
    /// What it shows first (RFC 3339); as the system clock, unless given. Dates in fixtures are relative to it.
    pub start: Option<String>,
    /// Whether it stands still.
    pub frozen: bool,
    /// How many times as fast as the system clock it runs.
    pub rate: Option<f64>,
}

/// A sandbox as it is.
#[derive(Clone, Debug, Serialize)]
pub struct SandboxView {
    /// Its name.
    pub name: Arc<str>,
    /// The prefix that addresses it, for clients that set no headers.
    pub path: String,
    /// When it came to be, by the system clock.
    pub created_at: String,
    /// When it was last used, by the system clock.
    pub last_used_at: String,
    /// How many seconds it may be unused before it is dropped, rounded up; null where it never is.
    pub idle_seconds_max: Option<u64>,
    /// The same exactly, as [`SandboxSpec::ttl`] takes it.
    pub ttl: Option<String>,
    /// The fixture set that it begins with.
    pub fixture_set: Arc<str>,
    /// What made-up ids and the dice of faults follow from.
    pub seed: u64,
    /// What its clock shows.
    pub now: String,
    /// Whether its clock stands still.
    pub frozen: bool,
    /// How many records it has, by provider.
    pub records: BTreeMap<Arc<str>, usize>,
    /// How many faults are set.
    pub faults: usize,
    /// The number of the last request.
    pub last_request_id: u64,
    /// How many entries can be undone.
    pub undoable: usize,
    /// How many entries were undone and can be done again.
    pub redoable: usize,
    /// How many entries its journal has.
    pub journal_entries: usize,
    /// How many bytes its journal takes, as estimated.
    pub journal_bytes: usize,
}

impl Control<'_> {
    /// All sandboxes, `default` first and then by name. To look at them is not to use them.
    pub fn sandboxes(emulator: &Emulator, real: Timestamp) -> Vec<SandboxView> {
        let sandboxes = emulator.sandboxes().list();
        let look = |sandbox: &Arc<RegisteredSandbox>| {
            emulator.sandboxes().look(sandbox, |state| view(emulator, sandbox, state, real))
        };
        sandboxes.iter().filter_map(look).collect()
    }

    /// The sandbox as it is.
    pub fn sandbox(&self) -> Result<SandboxView, Problem> {
        self.visit(|sandbox, state| view(self.emulator, sandbox, state, self.real))
    }

    /// Makes the sandbox, like every other, if it is not there.
    pub fn ensure(&self) -> Result<(), Problem> {
        self.enter(|_, _| ())
    }

    /// Makes the sandbox as `spec` says, or has it begin anew so; whether it was not there before.
    pub fn put_sandbox(&self, spec: &SandboxSpec) -> Result<bool, Problem> {
        let mut problems = Vec::new();
        let idle = spec.ttl.as_ref().and_then(|text| match parse_duration_ms(text) {
            Some(ms) if ms > 0 => Some(Duration::from_millis(ms.unsigned_abs())),
            _ => {
                problems.push(format!("`{text}` is no duration for `ttl`: write such as `1h`"));
                None
            }
        });
        let base = self.base(spec, &mut problems);
        let origin = self.origin(spec, base, &mut problems);
        if !problems.is_empty() {
            return Err(unfit("the sandbox cannot begin so", &problems));
        }
        let sandboxes = self.emulator.sandboxes();
        sandboxes.put(self.name, Arc::new(origin), idle, self.real).map_err(Problem::from)
    }

    /// What the sandbox begins like, where nothing else is said.
    fn base(&self, spec: &SandboxSpec, problems: &mut Vec<String>) -> Origin {
        let baseline = || (**self.emulator.sandboxes().baseline()).clone();
        let Some(from) = &spec.from else { return baseline() };
        if spec.fixture_set.is_some() {
            problems.push("`from` and `fixture_set` both say which records: name one".to_owned());
        }
        let fork = self.emulator.sandboxes().visit(from, self.real, |_, state| Origin {
            world: state.world.clone(),
            clock: Beginning::As(state.world.clock),
            faults: state.faults.clone(),
            ..(*state.origin).clone()
        });
        fork.unwrap_or_else(|| {
            problems.push(format!("there is no sandbox `{from}` to begin from"));
            baseline()
        })
    }

    fn origin(&self, spec: &SandboxSpec, base: Origin, problems: &mut Vec<String>) -> Origin {
        let mut origin = base;
        if let Some(clock) = &spec.clock {
            origin.clock = Beginning::Start(clock_start(clock, problems));
        }
        let has_own_time = spec.clock.as_ref().is_some_and(|clock| clock.start.is_some());
        if let Some(set) = &spec.fixture_set {
            origin.fixture_set = set.as_str().into();
        }
        let mut stores = origin.world.stores().to_vec();
        let mut settings = origin.world.settings().to_vec();
        if spec.from.is_none() && (spec.fixture_set.is_some() || has_own_time) {
            let now = match origin.clock {
                Beginning::Start(start) => start.at.unwrap_or(self.real),
                Beginning::As(clock) => clock.now(self.real),
            };
            match self.emulator.load_fixtures(&origin.fixture_set, now) {
                Ok(loaded) => (stores, settings) = loaded,
                Err(found) => problems.extend(found),
            }
        }
        for (provider, values) in spec.settings.iter().flatten() {
            let Some(number) = self.emulator.provider(provider) else {
                problems.push(format!("there is no provider `{provider}` to set anything of"));
                continue;
            };
            match self.emulator.behavior(number).settings_over(&settings[number], values) {
                Ok(set) => settings[number] = set,
                Err(found) => {
                    problems.extend(found.into_iter().map(|text| format!("`{provider}`: {text}")));
                }
            }
        }
        let mut ids = origin.world.ids().clone();
        if let Some(seed) = spec.seed {
            (origin.seed, ids) = (seed, Ids::seeded(seed));
            origin.faults.reseed(seed);
        }
        if let Some(faults) = &spec.faults {
            origin.faults = self.read_faults(faults, origin.seed, problems);
        }
        let room = origin.world.room();
        let answers = origin.world.answers().clone();
        let world = World::new(stores, settings.into(), ids, origin.world.clock);
        origin.world = world.with_answers(answers).with_room(room);
        origin
    }

    /// Faults as written; what is wrong with one goes to `problems`, with its place in the list.
    pub(super) fn read_faults(
        &self,
        written: &[Value],
        seed: u64,
        problems: &mut Vec<String>,
    ) -> FaultSet {
        let mut faults = Vec::new();
        for (index, value) in written.iter().take(FAULTS_MAX).enumerate() {
            let found = match FaultFormat::read(value).and_then(Fault::compile) {
                Ok(fault) => {
                    let unknown = self.emulator.unknown_in_fault(fault.format());
                    faults.push(Arc::new(fault));
                    unknown
                }
                Err(found) => found,
            };
            problems.extend(found.iter().map(|text| format!("`faults/{index}`: {text}")));
        }
        if written.len() > FAULTS_MAX {
            problems.push(FaultsError::Full.to_string());
        }
        FaultSet::new(faults, seed).unwrap_or_else(|_| FaultSet::seeded(seed))
    }

    /// Puts the sandbox back to how it began.
    pub fn reset(&self) -> Result<(), Problem> {
        self.enter(|_, state| {
            let exercised = state.restart(Arc::clone(&state.origin), self.real);
            self.emulator.sandboxes().retire(&exercised);
        })
    }

    /// Removes the sandbox; `default` is always there.
    pub fn delete_sandbox(&self) -> Result<(), Problem> {
        if self.name == DEFAULT {
            let detail =
                "`default` is always there: `POST /__admin/sandboxes/default/reset` puts it back";
            return Err(Problem::new(StatusCode::CONFLICT, "not removable", detail));
        }
        if self.emulator.sandboxes().remove(self.name) {
            return Ok(());
        }
        Err(super::no_such_sandbox(self.name))
    }
}

/// A clock's start as written.
pub(super) fn clock_start(spec: &ClockSpec, problems: &mut Vec<String>) -> ClockStart {
    let at = spec.start.as_ref().and_then(|text| {
        let at = Timestamp::parse(text);
        if at.is_none() {
            problems.push(format!(
                "`{text}` is no time for `clock.start`: write RFC 3339 such as `2030-01-01T00:00:00Z`"
            ));
        }
        at
    });
    let rate = spec.rate.unwrap_or(1.0);
    if !(0.0..=RATE_MAX).contains(&rate) {
        problems.push(format!("`clock.rate` is `{rate}`: give a number from 0 to {RATE_MAX}"));
    }
    ClockStart { at, frozen: spec.frozen, rate }
}

fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

/// A duration as durations are read.
fn duration_text(duration: Duration) -> String {
    match duration.subsec_millis() {
        0 => format!("{}s", duration.as_secs()),
        _ => format!("{}ms", duration.as_millis()),
    }
}

fn view(
    emulator: &Emulator,
    sandbox: &RegisteredSandbox,
    state: &SandboxState,
    real: Timestamp,
) -> SandboxView {
    let stores = state.world.stores().iter().enumerate();
    let records = stores.map(|(provider, store)| {
        let count = (0..store.model().resources.len()).map(|resource| store.len(resource)).sum();
        (emulator.provider_name(provider), count)
    });
    SandboxView {
        name: Arc::clone(sandbox.name()),
        path: format!("/@{}", sandbox.name()),
        created_at: sandbox.created().to_rfc3339(),
        last_used_at: sandbox.last_used().to_rfc3339(),
        idle_seconds_max: sandbox.idle_max().map(whole_seconds),
        ttl: sandbox.idle_max().map(duration_text),
        fixture_set: Arc::clone(&state.origin.fixture_set),
        seed: state.origin.seed,
        now: state.world.clock.now(real).to_rfc3339(),
        frozen: state.world.clock.is_frozen(),
        records: records.collect(),
        faults: state.faults.list().len(),
        last_request_id: state.journal.last_id(),
        undoable: state.journal.undoable().count(),
        redoable: state.journal.redoable(),
        journal_entries: state.journal.len(),
        journal_bytes: state.journal.bytes(),
    }
}
