//! What a record refers to and what refers to it, and what its deletion would do.
//!
//! Must not know how a deletion is planned, and changes nothing.

use schemars::JsonSchema;
use serde::Serialize;

use crate::control::Control;
use crate::control::effects::{ChangeCounts, ChangeView, counts, effects};
use crate::control::entries::EntryReader;
use crate::control::records::{find, no_such_record};
use crate::control::redact::Redactor;
use crate::control::views::EffectNode;
use crate::journal::{MadeChanges, UndoStep};
use crate::problem::Problem;
use crate::store::{Change, Key, OnDelete, Store, Traces};

/// How many records of each relation are listed.
const REFERENCES_MAX: usize = 100;

/// How many changes the plan of a deletion shows; the counts say the rest.
const DELETION_CHANGES_MAX: usize = 1_000;

/// How a record hangs together with others.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ReferencesView {
    /// What it refers to, by its own relations.
    pub refers_to: Vec<ReferenceView>,
    /// What refers to it.
    pub referred_by: Vec<ReferenceView>,
}

/// The records at the other end of one relation, where there are some.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ReferenceView {
    /// Whose they are.
    pub provider: String,
    /// Their resource.
    pub resource: String,
    /// The relation's name, seen from the records that refer.
    pub relation: String,
    /// What becomes of the records that refer when what they refer to is deleted: `cascade`, `restrict`, `unlink`, `update`
    /// or `keep`.
    pub on_delete: &'static str,
    /// How many records there are.
    pub count: usize,
    /// The keys of the first of them.
    pub keys: Vec<String>,
}

/// What deleting a record through the admin API would do.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DeletionView {
    /// Why it would be refused; null where it would not.
    pub refused: Option<String>,
    /// How many records it would change.
    pub counts: ChangeCounts,
    /// The same as a tree.
    pub tree: Vec<EffectNode>,
    /// The changed records, up to a limit.
    pub changes: Vec<ChangeView>,
    /// How many changed records are not listed.
    pub changes_left_off: usize,
}

impl Control<'_> {
    /// What a record refers to, and what refers to it.
    pub fn references(
        &self,
        provider: &str,
        resource: &str,
        key: &[String],
    ) -> Result<ReferencesView, Problem> {
        let (number, of) = self.place(provider, resource)?;
        let (store, found) = self.found(provider, resource, key)?;
        let record =
            store.get(of, &found).ok_or_else(|| no_such_record(provider, resource, key))?;
        let model = store.model();
        let view = |(at, relation): (usize, usize), end: usize, keys: Vec<&Key>| ReferenceView {
            provider: self.emulator.provider_name(number).to_string(),
            resource: model.resources[end].name.to_string(),
            relation: model.resources[at].relations[relation].name.to_string(),
            on_delete: on_delete(model.resources[at].relations[relation].on_delete),
            count: keys.len(),
            keys: keys.iter().take(REFERENCES_MAX).map(ToString::to_string).collect(),
        };
        let relations = model.resources[of].relations.iter().enumerate();
        let refers_to = relations.map(|(relation, to)| {
            let targets = store.targets(of, relation, record);
            view((of, relation), to.target, targets.into_iter().map(|(key, _)| key).collect())
        });
        let referred_by = store.relations_to(of).iter().map(|(from, relation)| {
            let referrers = store.referrers(*from, *relation, &found);
            view((*from, *relation), *from, referrers.map(|(key, _)| key).collect())
        });
        let is_some = |view: &ReferenceView| view.count > 0;
        Ok(ReferencesView {
            refers_to: refers_to.filter(is_some).collect(),
            referred_by: referred_by.filter(is_some).collect(),
        })
    }

    /// What deleting a record would change, or why it would be refused. Nothing is changed.
    pub fn plan_record_deletion(
        &self,
        provider: &str,
        resource: &str,
        key: &[String],
    ) -> Result<DeletionView, Problem> {
        let (number, of) = self.place(provider, resource)?;
        let (world, origin, planned) = self.visit(|_, state| {
            let missing = || no_such_record(provider, resource, key);
            let found = find(state, (number, of), key).ok_or_else(missing)?;
            let (mut world, now) = (state.world.clone(), state.world.clock.now(self.real));
            let mut moment = world.moment(number, now);
            let behavior = self.emulator.behavior(number);
            let planned = behavior.arrange_deletion(of, &found, &mut moment);
            Ok::<_, Problem>((state.world.clone(), state.origin.world.clone(), planned))
        })??;
        let (refused, changes): (_, Vec<Change>) = match planned {
            Ok(changes) => (None, changes),
            Err(why) => (Some(why), Vec::new()),
        };
        let (changes, traces) = (changes.into(), Traces::default());
        let made = MadeChanges { provider: number, changes, traces, reverted: false };
        let step = UndoStep { made: vec![made], ids: (0, 0), clock: None, answers: None };
        let mut redactor = Redactor::new(self.emulator, vec![world, origin]);
        redactor.learn(&step);
        let reader = EntryReader::new(self.emulator, redactor, DELETION_CHANGES_MAX);
        let effects = effects(self.emulator, &step);
        let (changes, changes_left_off) = reader.records(&effects);
        Ok(DeletionView {
            refused,
            counts: counts(self.emulator, &effects),
            tree: reader.tree(&effects),
            changes,
            changes_left_off,
        })
    }

    /// The records of a provider, and the key of one of them.
    fn found(
        &self,
        provider: &str,
        resource: &str,
        key: &[String],
    ) -> Result<(Store, Key), Problem> {
        let (number, of) = self.place(provider, resource)?;
        self.visit(|_, state| {
            let found = find(state, (number, of), key);
            let found = found.ok_or_else(|| no_such_record(provider, resource, key))?;
            Ok((state.world.store(number).clone(), found))
        })?
    }
}

fn on_delete(on_delete: OnDelete) -> &'static str {
    match on_delete {
        OnDelete::Cascade => "cascade",
        OnDelete::Restrict => "restrict",
        OnDelete::Unlink => "unlink",
        OnDelete::Update => "update",
        OnDelete::Keep => "keep",
    }
}
