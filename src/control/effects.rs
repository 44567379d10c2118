//! What changes amount to: in which way each record changed, how many of each, and what they were before and after.
//!
//! Must not know why something changed.

use std::collections::{BTreeMap, HashSet};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::control::redact::Redactor;
use crate::emulator::Emulator;
use crate::journal::{MadeChanges, UndoStep};
use crate::store::{Change, Key, Model, OnDelete, Record};

/// The ways in which a record can change, as those tell apart who look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EffectKind {
    /// It is gone.
    Deleted,
    /// What it referred to is gone, and its reference with it.
    Unlinked,
    /// What it referred to is gone, and it says so no more, though it looks as before.
    Kept,
    /// Its properties changed.
    Updated,
    /// It came to be.
    Created,
}

impl EffectKind {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Deleted, Self::Unlinked, Self::Kept, Self::Updated, Self::Created];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Unlinked => "unlinked",
            Self::Kept => "kept",
            Self::Updated => "updated",
            Self::Created => "created",
        }
    }
}

/// How many records changed: by the way, and by `provider/resource`.
pub type ChangeCounts = BTreeMap<EffectKind, BTreeMap<String, usize>>;

/// One record before and after.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ChangeView {
    /// In which way it changed.
    pub kind: EffectKind,
    /// Whose it is.
    pub provider: String,
    /// The name of its resource.
    pub resource: String,
    /// Its key, as a path of the admin API has it.
    pub key: String,
    /// Its properties before; null where it was not there.
    pub before: Option<Map<String, Value>>,
    /// Its properties after; null where it is not there.
    pub after: Option<Map<String, Value>>,
}

/// One change, seen in the direction in which it was made.
#[derive(Clone, Copy)]
pub(super) struct RecordEffect<'c> {
    pub(super) kind: EffectKind,
    pub(super) provider: usize,
    pub(super) change: &'c Change,
    reverted: bool,
}

impl<'c> RecordEffect<'c> {
    pub(super) fn sides(&self) -> (Option<&'c Record>, Option<&'c Record>) {
        sides(self.change, self.reverted)
    }
}

fn sides(change: &Change, reverted: bool) -> (Option<&Record>, Option<&Record>) {
    let (before, after) = (change.before.as_deref(), change.after.as_deref());
    if reverted { (after, before) } else { (before, after) }
}

/// What a step did to each record, in order.
pub(super) fn effects<'c>(emulator: &Emulator, step: &'c UndoStep) -> Vec<RecordEffect<'c>> {
    let of = |made: &'c MadeChanges| {
        effects_of(emulator.behavior(made.provider).model(), made.provider, made)
    };
    step.made.iter().flat_map(of).collect()
}

fn effects_of<'c>(model: &Model, provider: usize, made: &'c MadeChanges) -> Vec<RecordEffect<'c>> {
    // One that never was there is only remembered as deleted.
    let is_seen = |change: &&Change| change.before.is_some() || change.after.is_some();
    let is_gone = |change: &&Change| sides(change, made.reverted).1.is_none();
    let gone: HashSet<(usize, &Key)> =
        made.changes.iter().filter(is_gone).map(|change| (change.resource, &change.key)).collect();
    let effect = |change: &'c Change| RecordEffect {
        kind: kind(model, change.resource, sides(change, made.reverted), &gone),
        provider,
        change,
        reverted: made.reverted,
    };
    if made.reverted {
        made.changes.iter().rev().filter(is_seen).map(effect).collect()
    } else {
        made.changes.iter().filter(is_seen).map(effect).collect()
    }
}

fn kind(
    model: &Model,
    resource: usize,
    sides: (Option<&Record>, Option<&Record>),
    gone: &HashSet<(usize, &Key)>,
) -> EffectKind {
    let (before, after) = match sides {
        (None, _) => return EffectKind::Created,
        (_, None) => return EffectKind::Deleted,
        (Some(before), Some(after)) => (before, after),
    };
    if before.has_fields_of(after) {
        return EffectKind::Kept;
    }
    let is_unlinked = model.resources[resource].relations.iter().enumerate().any(|(number, of)| {
        of.on_delete == OnDelete::Unlink
            && before.references(number).any(|target| {
                gone.contains(&(of.target, target)) && !after.refers_to(number, target)
            })
    });
    if is_unlinked { EffectKind::Unlinked } else { EffectKind::Updated }
}

/// Where a record is, as counts have it.
pub(super) fn place(emulator: &Emulator, effect: &RecordEffect<'_>) -> String {
    let model = emulator.behavior(effect.provider).model();
    let resource = &model.resources[effect.change.resource].name;
    format!("{}/{resource}", emulator.provider_name(effect.provider))
}

/// How many records these changed.
pub(super) fn counts<'c>(
    emulator: &Emulator,
    effects: impl IntoIterator<Item = &'c RecordEffect<'c>>,
) -> ChangeCounts {
    let mut counts = ChangeCounts::new();
    for effect in effects {
        *counts.entry(effect.kind).or_default().entry(place(emulator, effect)).or_default() += 1;
    }
    counts
}

/// A change without what is secret.
pub(super) fn view(
    emulator: &Emulator,
    effect: &RecordEffect<'_>,
    redactor: &Redactor<'_>,
) -> ChangeView {
    let Change { resource, key, .. } = effect.change;
    let place = (effect.provider, *resource);
    let record = |record: &Record| redactor.record(place, &record.fields());
    let (before, after) = effect.sides();
    ChangeView {
        kind: effect.kind,
        provider: emulator.provider_name(effect.provider).to_string(),
        resource: emulator.behavior(effect.provider).model().resources[*resource].name.to_string(),
        key: redactor.key(place, key),
        before: before.map(record),
        after: after.map(record),
    }
}
