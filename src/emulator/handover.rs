//! An emulator that goes on in the place of another: its sandboxes, with all of their state that still fits.
//!
//! Must not know why there is another, nor its files.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::behavior::{Behavior, Carried, LeftOut};
use crate::emulator::engine::Emulator;
use crate::expression::{Value, to_json};
use crate::idempotency::KeptAnswers;
use crate::sandbox::{Origin, RegisteredSandbox, SandboxHandover, SandboxState, World};
use crate::store::Store;

/// Maximum number of dropped records listed individually.
pub const LEFT_OUT_MAX: usize = 10;

/// Result of a handover.
#[derive(Debug, Default)]
pub struct Handover {
    /// Number of sandboxes, `default` included.
    pub sandboxes: usize,
    /// The first of what does not fit any more, each with its sandbox.
    pub left_out: Vec<(Arc<str>, LeftOut)>,
    /// Number of records that were dropped.
    pub left_out_count: usize,
    /// Whether journals, undo and coverage go on: their numbers mean the same as before.
    pub has_history: bool,
}

/// A handover computed in advance, so that requests wait only briefly.
#[derive(Debug)]
pub struct HandoverPlan {
    /// By the number of a provider: the one that it had, and whether it is defined as it was.
    previous: Vec<Option<(usize, bool)>>,
    /// The providers that there are no more, as they were numbered.
    gone: Vec<(usize, Arc<str>)>,
    has_history: bool,
    /// By provider and the [identity](Store::identity) of the previous store, which is kept for as long.
    carried: HashMap<(usize, usize), (Store, Carried)>,
}

impl Emulator {
    /// Looks through the sandboxes of `previous`, which may go on answering meanwhile. `is_same` says of a provider whether
    /// its contract and behavior are what they were.
    pub fn prepare_handover(
        &self,
        previous: &Self,
        is_same: impl Fn(&str) -> bool,
    ) -> HandoverPlan {
        let place = |name: &Arc<str>| Some((previous.provider(name)?, is_same(name)));
        let places: Vec<_> = self.providers().map(place).collect();
        let is_gone = |(_, name): &(usize, &Arc<str>)| self.provider(name).is_none();
        let gone = previous.providers().enumerate().filter(is_gone);
        let gone: Vec<_> = gone.map(|(number, name)| (number, Arc::clone(name))).collect();
        let stay = places.iter().enumerate();
        let has_history =
            gone.is_empty() && stay.into_iter().all(|(own, place)| *place == Some((own, true)));
        let carried = HashMap::new();
        let mut handover = HandoverPlan { previous: places, gone, has_history, carried };
        for (_, world, origin) in worlds(previous) {
            handover.carry(self, previous, &world, &origin);
        }
        handover
    }

    /// Continues the sandboxes of `previous`, in which nothing runs any more.
    pub fn hand_over(&mut self, previous: &Self, mut handover: HandoverPlan) -> Handover {
        let mut taken = Handover { has_history: handover.has_history, ..Handover::default() };
        let mut handovers = Vec::new();
        for (sandbox, world, origin) in worlds(previous) {
            let (next, left_out) = handover.carry(self, previous, &world, &origin);
            taken.sandboxes += 1;
            taken.note(sandbox.name(), &left_out);
            handovers.push((sandbox, next));
        }
        self.sandboxes.hand_over(previous.sandboxes(), handovers, taken.has_history);
        taken
    }
}

/// Every sandbox as it is now; the copies are cheap.
fn worlds(
    emulator: &Emulator,
) -> impl Iterator<Item = (Arc<RegisteredSandbox>, World, Arc<Origin>)> {
    let sandboxes = emulator.sandboxes();
    sandboxes.list().into_iter().filter_map(|sandbox| {
        let copy = |state: &SandboxState| (state.world.clone(), Arc::clone(&state.origin));
        let (world, origin) = sandboxes.look(&sandbox, copy)?;
        Some((sandbox, world, origin))
    })
}

impl HandoverPlan {
    /// The next state of a sandbox with this world, and what does not fit any more.
    fn carry(
        &mut self,
        own: &Emulator,
        previous: &Emulator,
        world: &World,
        origin: &Arc<Origin>,
    ) -> (SandboxHandover, Vec<LeftOut>) {
        let (before, after) = (previous.sandboxes().baseline(), own.sandboxes().baseline());
        let is_as_all = Arc::ptr_eq(origin, before);
        let nothing: Vec<_> = self.previous.iter().map(|_| Vec::new()).collect();
        let (origin_after, of_origin) = if is_as_all {
            (Arc::clone(after), nothing)
        } else {
            let base = (&before.world, &after.world, nothing);
            let (world, left_out) = self.carry_world(own, &origin.world, base);
            (Arc::new(Origin { world, ..(**origin).clone() }), left_out)
        };
        let base = (&origin.world, &origin_after.world, of_origin);
        let (world_after, left_out) = self.carry_world(own, world, base);
        let mut left_out: Vec<_> = left_out.into_iter().flatten().collect();
        left_out.extend(self.gone.iter().filter_map(|(number, name)| {
            let store = world.store(*number);
            let resources = 0..store.model().resources.len();
            let count: usize = resources.map(|resource| store.len(resource)).sum();
            let is_worth_it = count > 0 && !store.is_untouched_since(origin.world.store(*number));
            let why = "there is no such provider any more".to_owned();
            is_worth_it.then(|| LeftOut { what: format!("{count} records of {name}"), count, why })
        }));
        (SandboxHandover { world: world_after, origin: origin_after }, left_out)
    }

    /// A world that became of `before`, as one that becomes of `after`: what is untouched is as there. What was left out
    /// on the way to `after` goes with it.
    fn carry_world(
        &mut self,
        own: &Emulator,
        world: &World,
        (before, after, mut left_out): (&World, &World, Vec<Vec<LeftOut>>),
    ) -> (World, Vec<Vec<LeftOut>>) {
        let mut stores = after.stores().to_vec();
        let mut settings = after.settings().to_vec();
        for provider in 0..stores.len() {
            let Some((number, is_same)) = self.previous[provider] else { continue };
            let store = world.store(number);
            if !store.is_untouched_since(before.store(number)) {
                let carried = self.carry_store(own, (provider, is_same), store);
                stores[provider] = carried.store;
                // Of `after` there are its settings, and no records.
                left_out[provider].retain(|one| one.count == 0);
                left_out[provider].extend_from_slice(&carried.left_out);
            }
            let behavior = own.behavior(provider);
            let was = (&before.settings()[number], &world.settings()[number]);
            let (set, unfit) = carry_settings(behavior, was, &settings[provider]);
            settings[provider] = set;
            left_out[provider].extend(unfit);
        }
        let settings = if after.settings().iter().eq(&settings) {
            Arc::clone(after.settings())
        } else {
            settings.into()
        };
        let number = |before: usize| {
            let is_it = |place: &Option<(usize, bool)>| place.is_some_and(|(it, _)| it == before);
            self.previous.iter().position(is_it)
        };
        let answers = if world.answers().is_empty() {
            KeptAnswers::default()
        } else {
            world.answers().renumbered(number)
        };
        let world = World::new(stores, settings, world.ids().clone(), world.clock);
        let world = world.with_answers(answers);
        (world.bounded_as(after), left_out)
    }

    fn carry_store(
        &mut self,
        own: &Emulator,
        (provider, is_same): (usize, bool),
        store: &Store,
    ) -> Carried {
        if is_same {
            return Carried { store: store.clone(), left_out: Arc::default() };
        }
        let known = self.carried.entry((provider, store.identity()));
        let (_, carried) =
            known.or_insert_with(|| (store.clone(), own.behavior(provider).carry(store)));
        carried.clone()
    }
}

/// Settings with the values that `is` has and `was` had not; those that cannot be are told.
fn carry_settings(
    behavior: &Behavior,
    (was, is): (&Value, &Value),
    base: &Value,
) -> (Value, Vec<LeftOut>) {
    let (Json::Object(was), Json::Object(is)) = (to_json(was), to_json(is)) else {
        return (base.clone(), Vec::new());
    };
    let (mut settings, mut left_out) = (base.clone(), Vec::new());
    for (name, value) in is.into_iter().filter(|(name, value)| was.get(name) != Some(value)) {
        let what = format!("the setting {name}");
        match behavior.settings_over(&settings, &Map::from_iter([(name, value)])) {
            Ok(set) => settings = set,
            Err(why) => left_out.push(LeftOut { what, count: 0, why: why.join("; ") }),
        }
    }
    (settings, left_out)
}

impl Handover {
    fn note(&mut self, sandbox: &Arc<str>, left_out: &[LeftOut]) {
        self.left_out_count += left_out.iter().map(|one| one.count).sum::<usize>();
        let room = LEFT_OUT_MAX - self.left_out.len();
        let shown = left_out.iter().take(room);
        self.left_out.extend(shown.map(|one| (Arc::clone(sandbox), one.clone())));
    }
}
