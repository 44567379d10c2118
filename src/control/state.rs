//! The whole state of a sandbox as one document, and back: records, jobs among them, clock, settings, faults, seed.
//!
//! Must not know where such documents are kept.

use std::collections::HashSet;
use std::sync::Arc;

use http::StatusCode;
use indexmap::IndexMap;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;

use crate::behavior::Behavior;
use crate::clock::ClockChange;
use crate::control::Control;
use crate::control::sandboxes::ClockSpec;
use crate::control::sandboxes::clock_start;
use crate::control::unfit;
use crate::expression::to_json;
use crate::faults::Fault;
use crate::ids::Ids;
use crate::ids::POSITION_MAX;
use crate::problem::Problem;
use crate::sandbox::Beginning;
use crate::sandbox::Origin;
use crate::sandbox::State;
use crate::sandbox::World;
use crate::store::Detached;
use crate::store::Key;
use crate::store::Store;

/// The version of the document's format.
const FORMAT_VERSION: u32 = 1;

/// A sandbox's state, as written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StateDocument {
    tombstone: u32,
    fixture_set: Arc<str>,
    seed: u64,
    /// How much of the made-up ids is used up. Text, because it is larger than numbers in JSON are safe.
    ids_position: String,
    clock: ClockDocument,
    #[serde(default)]
    faults: Vec<Value>,
    providers: IndexMap<String, ProviderDocument>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockDocument {
    now: String,
    frozen: bool,
    rate: f64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProviderDocument {
    #[serde(default)]
    settings: Map<String, Value>,
    records: IndexMap<String, Vec<Map<String, Value>>>,
    /// References that read as none, because what they led to is gone.
    #[serde(default)]
    detached: Vec<DetachedDocument>,
    /// The highest numbers that were keys, by resource, where no record has them any more.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    last_numbers: IndexMap<String, i64>,
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
        let copied = self.visit(|_, state| copy(state))?;
        self.document(copied)
    }

    /// The same, without using the sandbox.
    pub fn peek_state(&self) -> Result<Value, Problem> {
        let sandboxes = self.emulator.sandboxes();
        let found = sandboxes.find(self.name);
        let copied = found.and_then(|sandbox| sandboxes.look(&sandbox, copy));
        self.document(copied.ok_or_else(|| super::no_such_sandbox(self.name))?)
    }

    /// Whether the sandbox is as the first call that names it would make it, so that there is nothing to keep of it.
    pub fn is_as_made_by_use(&self) -> bool {
        let sandboxes = self.emulator.sandboxes();
        let baseline = sandboxes.baseline();
        let look = |state: &State| {
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

    fn document(&self, (world, origin, faults): Copied) -> Result<Value, Problem> {
        let faults = faults.iter().filter_map(|fault| serde_json::to_value(fault.format()).ok());
        let providers = world.stores().iter().enumerate().map(|(number, store)| {
            let settings = match to_json(&world.settings()[number]) {
                Value::Object(settings) => settings,
                _ => Map::new(),
            };
            (self.emulator.provider_name(number).to_string(), provider_document(store, settings))
        });
        let document = StateDocument {
            tombstone: FORMAT_VERSION,
            fixture_set: Arc::clone(&origin.fixture_set),
            seed: origin.seed,
            ids_position: world.ids_position().to_string(),
            clock: ClockDocument {
                now: world.clock.now(self.real).to_rfc3339(),
                frozen: world.clock.is_frozen(),
                rate: world.clock.rate(),
            },
            faults: faults.collect(),
            providers: providers.collect(),
        };
        serde_json::to_value(document).map_err(|error| {
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "defect", error.to_string())
        })
    }

    /// Has the sandbox be as a document says, held to what fixtures are held to; it is made if it is not there. Its
    /// journal begins anew, and a reset still leads to how the sandbox began.
    pub fn put_state(&self, document: Value) -> Result<(), Problem> {
        let document: StateDocument = serde_json::from_value(document)
            .map_err(|error| unfit("the state cannot be so", &[error.to_string()]))?;
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
        let (stores, settings) = self.read_providers(&document, &baseline, &mut problems);
        if !problems.is_empty() {
            return Err(unfit("the state cannot be so", &problems));
        }
        let mut ids = Ids::seeded(document.seed);
        ids.set_position(position);
        let world = World::new(stores, settings.into(), ids, clock.begin(self.real));
        self.enter(|_, state| {
            let origin = Origin {
                seed: document.seed,
                fixture_set: Arc::clone(&document.fixture_set),
                ..(*state.origin).clone()
            };
            replace(state, world, origin);
            state.faults = faults;
        })
    }

    fn read_providers(
        &self,
        document: &StateDocument,
        baseline: &Origin,
        problems: &mut Vec<String>,
    ) -> (Vec<Store>, Vec<crate::expression::Value>) {
        for name in document.providers.keys() {
            if self.emulator.provider(name).is_none() {
                problems.push(format!("`providers/{name}`: there is no such provider here"));
            }
        }
        let mut stores = baseline.world.stores().to_vec();
        let mut settings = baseline.world.settings().to_vec();
        for (number, name) in self.emulator.providers().enumerate() {
            // A provider that the document does not have stays as it begins.
            let Some(document) = document.providers.get(&**name) else { continue };
            let behavior = self.emulator.behavior(number);
            let mut tell = |found: Vec<String>| {
                problems.extend(found.iter().map(|text| format!("`providers/{name}`: {text}")));
            };
            let detached = detached(document, behavior).unwrap_or_else(|found| {
                tell(found);
                HashSet::new()
            });
            match behavior.restore(&document.records, &detached) {
                Ok(mut store) => {
                    for (name, last) in &document.last_numbers {
                        match behavior.resource(name) {
                            Some(resource) => store.raise_last_number(resource, *last),
                            None => tell(vec![format!(
                                "`last_numbers/{name}`: there is no such resource"
                            )]),
                        }
                    }
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

/// What a document is made of.
type Copied = (World, Arc<Origin>, Vec<Arc<Fault>>);

/// Cheap copies, so that nobody waits while a large world is written.
fn copy(state: &State) -> Copied {
    let faults = state.faults.list().iter().map(|entry| Arc::clone(&entry.fault));
    (state.world.clone(), Arc::clone(&state.origin), faults.collect())
}

fn replace(state: &mut State, world: World, origin: Origin) {
    state.world = world;
    state.origin = Arc::new(origin);
    state.journal.clear();
}

fn provider_document(store: &Store, settings: Map<String, Value>) -> ProviderDocument {
    let mut records = IndexMap::new();
    let mut detached = Vec::new();
    let mut last_numbers = IndexMap::new();
    for (number, resource) in store.model().resources.iter().enumerate() {
        let mut of_resource = Vec::with_capacity(store.len(number));
        for (key, record) in store.iter(number) {
            of_resource.push(record.fields().into_owned());
            detached.extend(record.detached().map(|(relation, target)| DetachedDocument {
                resource: resource.name.to_string(),
                key: key.to_json(),
                relation: resource.relations[relation].name.to_string(),
                target: target.to_json(),
            }));
        }
        records.insert(resource.name.to_string(), of_resource);
        let last = store.last_number(number);
        if last > store.highest_number(number) {
            last_numbers.insert(resource.name.to_string(), last);
        }
    }
    ProviderDocument { settings, records, detached, last_numbers }
}

fn detached(
    document: &ProviderDocument,
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
