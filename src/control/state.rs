//! The whole state of a sandbox as one document, and back: records, jobs among them, clock, settings, faults, seed.
//!
//! Must not know where such documents are kept.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use indexmap::IndexMap;
use serde::ser::{SerializeSeq, SerializeStruct};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::behavior::{Behavior, GivenRecord};
use crate::clock::{ClockChange, ClockStart, SandboxClock, Timestamp};
use crate::control::kept_answers::KeptDocument;
use crate::control::sandboxes::{ClockSpec, clock_start};
use crate::control::{Control, unfit};
use crate::expression::to_json;
use crate::faults::Fault;
use crate::idempotency::{KeptAnswers, KeptMark};
use crate::ids::{Ids, POSITION_MAX};
use crate::problem::Problem;
use crate::sandbox::{Beginning, Origin, SandboxState, World};
use crate::store::{Detached, GoneNumber, Key, ResourceModel, Sorted, Store, StoreMark};

/// The version of the document's format.
const FORMAT_VERSION: u32 = 1;

/// The most bytes of records that are kept as text to know them again.
const TEXTS_BYTES_MAX: usize = 16 << 20;

const CANNOT_BE_SO: &str = "the state cannot be so";

/// A sandbox's state, as read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StateDocument<R> {
    tombstone: u32,
    fixture_set: Arc<str>,
    seed: u64,
    /// How much of the made-up ids is used up. Text, because it is larger than numbers in JSON are safe.
    ids_position: String,
    clock: ClockDocument,
    #[serde(default)]
    faults: Vec<Value>,
    providers: IndexMap<String, ProviderDocument<R>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockDocument {
    now: String,
    frozen: bool,
    rate: f64,
}

impl ClockDocument {
    /// Lets time pass on a clock that runs. One that is not as it should be is refused later.
    fn pass(&mut self, time: Duration) {
        let Some(now) = Timestamp::parse(&self.now).filter(|_| !self.frozen) else { return };
        let start = ClockStart { at: Some(now), frozen: false, rate: self.rate };
        let time = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        self.now = start.begin(Timestamp(0)).now(Timestamp(time)).to_rfc3339();
    }
}

fn not_read(error: &serde_json::Error) -> Problem {
    unfit(CANNOT_BE_SO, &[error.to_string()])
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProviderDocument<R> {
    #[serde(default)]
    settings: Map<String, Value>,
    records: IndexMap<String, Vec<R>>,
    /// References that read as none, because what they led to is gone.
    #[serde(default)]
    detached: Vec<DetachedDocument>,
    /// The highest numbers that were keys, by resource, where no record has them any more.
    #[serde(default)]
    last_numbers: IndexMap<String, i64>,
    /// Numbers of counters that no record has any more and that are not given again, by resource.
    #[serde(default)]
    gone_numbers: IndexMap<String, Vec<GoneDocument>>,
    /// The answers that are given again to repeated requests, the oldest first.
    #[serde(default)]
    kept_answers: Vec<KeptDocument>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GoneDocument {
    property: String,
    within: Vec<Value>,
    number: i64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DetachedDocument {
    resource: String,
    key: Value,
    relation: String,
    target: Value,
}

impl Control<'_> {
    /// Everything that the sandbox is, as one document; it has credentials of the fixtures in it.
    pub fn state(&self) -> Result<Value, Problem> {
        serde_json::to_value(self.state_copy()?).map_err(|error| {
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "defect", error.to_string())
        })
    }

    /// The same, to be written where it is not needed as a value.
    pub fn state_copy(&self) -> Result<StateCopy, Problem> {
        self.visit(|_, state| self.copy_state(state))
    }

    /// The same, without using the sandbox, to be written where it is not needed whole.
    pub fn peek_state(&self) -> Result<StateCopy, Problem> {
        self.look(|state| self.copy_state(state))
    }

    /// What tells whether the state is another than it was; `None` where there is no such sandbox.
    pub fn state_mark(&self) -> Option<StateMark> {
        let mark = |state: &SandboxState| StateMark {
            origin: Arc::clone(&state.origin),
            stores: state.world.stores().iter().map(Store::mark).collect(),
            answers: state.world.answers().mark(),
            settings: Arc::clone(state.world.settings()),
            ids: state.world.ids_position(),
            clock: state.world.clock,
            faults: faults(state),
        };
        self.look(mark).ok()
    }

    /// Cheap copies, so that nobody waits while a large world is written.
    fn copy_state(&self, state: &SandboxState) -> StateCopy {
        StateCopy {
            providers: self.emulator.providers().cloned().collect(),
            world: state.world.clone(),
            origin: Arc::clone(&state.origin),
            faults: faults(state),
            real: self.real,
        }
    }

    /// Whether the sandbox is as the first call that names it would make it, so that there is nothing to keep of it.
    pub fn is_as_made_by_use(&self) -> bool {
        let sandboxes = self.emulator.sandboxes();
        let baseline = sandboxes.baseline();
        let look = |state: &SandboxState| {
            // Moved by nothing, so that only what it shows and how it goes on are compared.
            let clock = state.world.clock.changed(ClockChange::Advance(0), self.real);
            Arc::ptr_eq(&state.origin, baseline)
                && state.world.is_untouched_since(&baseline.world)
                && state.faults.is_as(&baseline.faults)
                && matches!(baseline.clock, Beginning::Start(start) if start.begin(self.real) == clock)
        };
        let found = sandboxes.find(self.name);
        found.is_none_or(|sandbox| sandboxes.look(&sandbox, look).unwrap_or(true))
    }

    /// Has the sandbox be as a document says, held to what fixtures are held to; it is made if it is not there. Its
    /// journal begins anew, and a reset still leads to how the sandbox began.
    pub fn put_state(&self, document: Value) -> Result<(), Problem> {
        let base = self.emulator.sandboxes().baseline().world.clone();
        let document = serde_json::from_value(document).map_err(|error| not_read(&error))?;
        self.replace_state(document, true, &base).map(drop)
    }

    /// The same of a state that was saved `away` ago, as text, however much it is now that a sandbox may hold. A clock that
    /// runs shows what it would if it had run on. What the sandbox has as another that was restored before, it shares with
    /// that.
    pub fn restore_state(
        &self,
        text: &str,
        away: Duration,
        restored: &mut Option<Restored>,
    ) -> Result<(), Problem> {
        let document: StateDocument<&RawValue> =
            serde_json::from_str(text).map_err(|error| not_read(&error))?;
        let mut document = self.read_records(document, restored.as_ref())?;
        document.clock.pass(away);
        let base = match restored {
            Some(restored) => &restored.world,
            None => &self.emulator.sandboxes().baseline().world,
        };
        let world = self.replace_state(document, false, base)?;
        // The smallest, because most sandboxes have what it has.
        if restored.as_ref().is_none_or(|before| world.bytes() < before.world.bytes()) {
            *restored = Some(Restored::of(world));
        }
        Ok(())
    }

    /// Reads the records that are not as in another sandbox.
    fn read_records(
        &self,
        document: StateDocument<&RawValue>,
        restored: Option<&Restored>,
    ) -> Result<StateDocument<GivenRecord>, Problem> {
        let mut providers = IndexMap::with_capacity(document.providers.len());
        for (name, provider) in document.providers {
            let number = self.emulator.provider(&name);
            let mut all = IndexMap::with_capacity(provider.records.len());
            for (resource, records) in provider.records {
                let place = number.and_then(|number| {
                    Some((number, self.emulator.behavior(number).resource(&resource)?))
                });
                let read = |(index, text): (usize, &RawValue)| {
                    let known = restored.zip(place).and_then(|(one, place)| one.find(place, text));
                    known.map_or_else(|| serde_json::from_str(text.get()), Ok).map_err(|error| {
                        let problem =
                            format!("`providers/{name}/records/{resource}/{index}`: {error}");
                        unfit(CANNOT_BE_SO, &[problem])
                    })
                };
                let records =
                    records.into_iter().enumerate().map(read).collect::<Result<_, _>>()?;
                all.insert(resource, records);
            }
            let ProviderDocument { settings, detached, .. } = provider;
            let (last_numbers, gone_numbers) = (provider.last_numbers, provider.gone_numbers);
            let (records, kept_answers) = (all, provider.kept_answers);
            let provider = ProviderDocument {
                settings,
                records,
                detached,
                last_numbers,
                gone_numbers,
                kept_answers,
            };
            providers.insert(name, provider);
        }
        let StateDocument { tombstone, fixture_set, seed, ids_position, clock, faults, .. } =
            document;
        Ok(StateDocument { tombstone, fixture_set, seed, ids_position, clock, faults, providers })
    }

    /// The answers that are kept for repeated requests; what is wrong with one goes to `problems`.
    fn read_answers(
        &self,
        providers: &mut IndexMap<String, ProviderDocument<GivenRecord>>,
        problems: &mut Vec<String>,
    ) -> KeptAnswers {
        let mut answers = KeptAnswers::default();
        for (name, document) in providers {
            let kept = std::mem::take(&mut document.kept_answers);
            let Some(provider) = self.emulator.provider(name) else { continue };
            for (index, kept) in kept.into_iter().enumerate() {
                match kept.read(provider) {
                    Ok((key, answer)) => answers.keep(key, answer, Timestamp(i64::MIN)),
                    Err(reason) => problems
                        .push(format!("`providers/{name}`: `kept_answers/{index}`: {reason}")),
                }
            }
        }
        answers
    }

    fn replace_state(
        &self,
        mut document: StateDocument<GivenRecord>,
        is_bounded: bool,
        base: &World,
    ) -> Result<World, Problem> {
        let mut problems = Vec::new();
        if document.tombstone != FORMAT_VERSION {
            problems.push(format!(
                "format {} is not known here: this program reads format {FORMAT_VERSION}",
                document.tombstone
            ));
        }
        let clock = ClockSpec {
            start: Some(document.clock.now.clone()),
            frozen: document.clock.frozen,
            rate: Some(document.clock.rate),
        };
        let clock = clock_start(&clock, &mut problems);
        let position = document.ids_position.parse::<u128>().ok();
        let position = position.filter(|position| *position <= POSITION_MAX).unwrap_or_else(|| {
            let text = &document.ids_position;
            problems.push(format!(
                "`ids_position` is `{text}`: give a whole number up to {POSITION_MAX} as text"
            ));
            0
        });
        let faults = self.read_faults(&document.faults, document.seed, &mut problems);
        let baseline = Arc::clone(self.emulator.sandboxes().baseline());
        let mut providers = std::mem::take(&mut document.providers);
        let answers = self.read_answers(&mut providers, &mut problems);
        let (stores, settings) = self.read_providers(providers, (&baseline, base), &mut problems);
        if !problems.is_empty() {
            return Err(unfit(CANNOT_BE_SO, &problems));
        }
        let mut ids = Ids::seeded(document.seed);
        ids.set_position(position);
        let world = World::new(stores, settings.into(), ids, clock.begin(self.real));
        let world = world.with_answers(answers);
        self.enter(|_, state| {
            let world = world.bounded_as(&state.origin.world);
            if is_bounded {
                world.check_room(1)?;
            }
            let origin = Origin {
                seed: document.seed,
                fixture_set: Arc::clone(&document.fixture_set),
                ..(*state.origin).clone()
            };
            replace(state, world.clone(), origin);
            state.faults = faults;
            Ok(world)
        })?
    }

    fn read_providers(
        &self,
        mut documents: IndexMap<String, ProviderDocument<GivenRecord>>,
        (baseline, base): (&Origin, &World),
        problems: &mut Vec<String>,
    ) -> (Vec<Store>, Vec<crate::expression::Value>) {
        for name in documents.keys() {
            if self.emulator.provider(name).is_none() {
                problems.push(format!("`providers/{name}`: there is no such provider here"));
            }
        }
        let mut stores = baseline.world.stores().to_vec();
        let mut settings = baseline.world.settings().to_vec();
        for (number, name) in self.emulator.providers().enumerate() {
            // A provider that the document does not have stays as it begins.
            let Some(document) = documents.get_mut(&**name) else { continue };
            let behavior = self.emulator.behavior(number);
            let mut tell = |found: Vec<String>| {
                problems.extend(found.iter().map(|text| format!("`providers/{name}`: {text}")));
            };
            let detached = detached(document, behavior).unwrap_or_else(|found| {
                tell(found);
                HashSet::new()
            });
            let records = std::mem::take(&mut document.records);
            match behavior.restore(records, &detached, base.store(number)) {
                Ok(mut store) => {
                    for (name, last) in &document.last_numbers {
                        match behavior.resource(name) {
                            Some(resource) => store.raise_last_number(resource, *last),
                            None => tell(vec![format!(
                                "`last_numbers/{name}`: there is no such resource"
                            )]),
                        }
                    }
                    tell(add_gone_numbers(&mut store, &document.gone_numbers));
                    stores[number] = store;
                }
                Err(found) => tell(found),
            }
            match behavior.settings_with(&document.settings) {
                Ok(set) => settings[number] = set,
                Err(found) => tell(found),
            }
        }
        (stores, settings)
    }
}

/// A sandbox that was restored. What others have like it need not be read again.
#[derive(Clone, Debug)]
pub struct Restored {
    world: World,
    /// By provider and resource: the records as they are written, with their keys.
    texts: Arc<Vec<Vec<HashMap<String, Key>>>>,
}

impl Restored {
    fn of(world: World) -> Self {
        let mut room = TEXTS_BYTES_MAX;
        let mut texts_of = |store: &Store, number: usize| {
            let mut texts = HashMap::new();
            for (key, record) in store.iter(number) {
                if room == 0 {
                    break;
                }
                if let Ok(text) = serde_json::to_string(&*record.fields()) {
                    room = room.saturating_sub(text.len());
                    texts.insert(text, key.clone());
                }
            }
            texts
        };
        let texts = world.stores().iter().map(|store| {
            (0..store.model().resources.len()).map(|number| texts_of(store, number)).collect()
        });
        let texts = Arc::new(texts.collect());
        Self { world, texts }
    }

    fn find(&self, (provider, resource): (usize, usize), text: &RawValue) -> Option<GivenRecord> {
        self.texts[provider][resource].get(text.get()).cloned().map(GivenRecord::Known)
    }
}

/// A sandbox's state at one moment. It is made a document while it is written, a record at a time.
#[derive(Clone, Debug)]
pub struct StateCopy {
    providers: Vec<Arc<str>>,
    world: World,
    origin: Arc<Origin>,
    faults: Vec<Arc<Fault>>,
    real: Timestamp,
}

impl Serialize for StateCopy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { world, origin, .. } = self;
        let faults =
            self.faults.iter().filter_map(|fault| serde_json::to_value(fault.format()).ok());
        let clock = ClockDocument {
            now: world.clock.now(self.real).to_rfc3339(),
            frozen: world.clock.is_frozen(),
            rate: world.clock.rate(),
        };
        let mut document = serializer.serialize_struct("state", 7)?;
        document.serialize_field("tombstone", &FORMAT_VERSION)?;
        document.serialize_field("fixture_set", &*origin.fixture_set)?;
        document.serialize_field("seed", &origin.seed)?;
        document.serialize_field("ids_position", &world.ids_position().to_string())?;
        document.serialize_field("clock", &clock)?;
        document.serialize_field("faults", &faults.collect::<Vec<_>>())?;
        let providers = self.providers.iter().enumerate().map(|(number, name)| {
            let (store, settings) = (world.store(number), &world.settings()[number]);
            let answers = (number, world.answers());
            (&**name, ProviderView { store, settings, answers })
        });
        document.serialize_field("providers", &RecordEntries(providers))?;
        document.end()
    }
}

/// A map that is written as it comes.
struct RecordEntries<I>(I);

impl<K: Serialize, V: Serialize, I: Iterator<Item = (K, V)> + Clone> Serialize
    for RecordEntries<I>
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.clone())
    }
}

/// Has counters go on after these numbers; what cannot be so otherwise.
fn add_gone_numbers(
    store: &mut Store,
    gone_numbers: &IndexMap<String, Vec<GoneDocument>>,
) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, all) in gone_numbers {
        let known = store.model().resources.iter().position(|resource| *resource.name == **name);
        for (index, GoneDocument { property, within, number }) in all.iter().enumerate() {
            let group = within.iter().map(|value| Sorted::from(Some(value))).collect();
            let gone = GoneNumber { property: property.clone(), group, number: *number };
            if !known.is_some_and(|resource| store.add_gone_number(resource, &gone)) {
                problems.push(format!("`gone_numbers/{name}/{index}`: there is no such counter"));
            }
        }
    }
    problems
}

/// The records of one resource.
struct RecordsView<'s> {
    store: &'s Store,
    number: usize,
}

impl Serialize for RecordsView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut records = serializer.serialize_seq(Some(self.store.len(self.number)))?;
        for (_, record) in self.store.iter(self.number) {
            records.serialize_element(&*record.fields())?;
        }
        records.end()
    }
}

struct ProviderView<'s> {
    store: &'s Store,
    settings: &'s crate::expression::Value,
    /// With the number of the provider.
    answers: (usize, &'s KeptAnswers),
}

impl Serialize for ProviderView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let store = self.store;
        let settings = match to_json(self.settings) {
            Value::Object(settings) => settings,
            _ => Map::new(),
        };
        let resources = || store.model().resources.iter().enumerate();
        let records =
            resources().map(|(number, resource)| (&*resource.name, RecordsView { store, number }));
        let last = |(number, resource): (usize, &ResourceModel)| {
            let last = store.last_number(number);
            (last > store.highest_number(number)).then(|| (resource.name.to_string(), last))
        };
        let last_numbers: IndexMap<String, i64> = resources().filter_map(last).collect();
        let mut document = serializer.serialize_struct("provider", 4)?;
        document.serialize_field("settings", &settings)?;
        document.serialize_field("records", &RecordEntries(records))?;
        document.serialize_field("detached", &detached_in(store))?;
        if !last_numbers.is_empty() {
            document.serialize_field("last_numbers", &last_numbers)?;
        }
        let gone = |(number, resource): (usize, &ResourceModel)| {
            let gone = store.gone_numbers(number).map(|GoneNumber { property, group, number }| {
                let within = group.iter().map(Sorted::to_json).collect();
                GoneDocument { property, within, number }
            });
            let gone: Vec<GoneDocument> = gone.collect();
            (!gone.is_empty()).then(|| (resource.name.to_string(), gone))
        };
        let gone_numbers: IndexMap<String, Vec<GoneDocument>> =
            resources().filter_map(gone).collect();
        if !gone_numbers.is_empty() {
            document.serialize_field("gone_numbers", &gone_numbers)?;
        }
        let (provider, answers) = self.answers;
        let kept = answers.iter().filter(|(key, _)| key.provider == provider);
        let kept: Vec<KeptDocument> = kept.map(KeptDocument::of).collect();
        if !kept.is_empty() {
            document.serialize_field("kept_answers", &kept)?;
        }
        document.end()
    }
}

/// The references that read as none: few, mostly.
fn detached_in(store: &Store) -> Vec<DetachedDocument> {
    let mut detached = Vec::new();
    for (number, resource) in store.model().resources.iter().enumerate() {
        for (key, record) in store.iter(number) {
            detached.extend(record.detached().map(|(relation, target)| DetachedDocument {
                resource: resource.name.to_string(),
                key: key.to_json(),
                relation: resource.relations[relation].name.to_string(),
                target: target.to_json(),
            }));
        }
    }
    detached
}

/// A state at one moment, to be told from a later one; it keeps nothing of the records in memory.
#[derive(Clone, Debug)]
pub struct StateMark {
    origin: Arc<Origin>,
    stores: Vec<StoreMark>,
    answers: KeptMark,
    settings: Arc<[crate::expression::Value]>,
    ids: u128,
    clock: SandboxClock,
    faults: Vec<Arc<Fault>>,
}

impl PartialEq for StateMark {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.origin, &other.origin)
            && self.stores == other.stores
            && self.answers == other.answers
            && Arc::ptr_eq(&self.settings, &other.settings)
            && (self.ids, self.clock) == (other.ids, other.clock)
            && self.faults.len() == other.faults.len()
            && self.faults.iter().zip(&other.faults).all(|(one, other)| Arc::ptr_eq(one, other))
    }
}

fn faults(state: &SandboxState) -> Vec<Arc<Fault>> {
    state.faults.list().iter().map(|entry| Arc::clone(&entry.fault)).collect()
}

fn replace(state: &mut SandboxState, world: World, origin: Origin) {
    state.world = world;
    state.origin = Arc::new(origin);
    state.journal.clear();
}

fn detached(
    document: &ProviderDocument<GivenRecord>,
    behavior: &Behavior,
) -> Result<HashSet<Detached>, Vec<String>> {
    let mut problems = Vec::new();
    let mut all = HashSet::new();
    for (index, entry) in document.detached.iter().enumerate() {
        let read = || {
            let resource = behavior.resource(&entry.resource)?;
            let relations = &behavior.model().resources[resource].relations;
            let relation = relations.iter().position(|one| *one.name == *entry.relation)?;
            let (key, target) = (Key::from_json(&entry.key)?, Key::from_json(&entry.target)?);
            Some(Detached { resource, key, relation, target })
        };
        match read() {
            Some(entry) => {
                all.insert(entry);
            }
            None => problems.push(format!(
                "`detached/{index}`: name a resource, a relation of its, and two keys"
            )),
        }
    }
    if problems.is_empty() { Ok(all) } else { Err(problems) }
}
