//! Expectations on records: what was deleted, created, updated or left alone, and what is there.
//!
//! Must not know calls.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::control::verify::check::{Bounds, ExpectedEffect, RecordMatcher};
use crate::control::verify::verdict::CheckResult;
use crate::control::verify::words::{SHOWN_MAX, shown_list, shown_value};
use crate::numbers;
use crate::sandbox::World;
use crate::store::{Difference, Key, Record, Store};

/// The worlds that are compared.
pub(super) struct Worlds {
    pub(super) before: World,
    pub(super) now: World,
}

/// In which way a record is another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ChangeKinds {
    Deleted,
    Created,
    Updated,
}

impl ChangeKinds {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Deleted, "deleted"), (Self::Created, "created"), (Self::Updated, "updated")];

    /// `None` where only references of the record read otherwise.
    fn of(difference: &Difference<'_>) -> Option<Self> {
        match (difference.before, difference.after) {
            (Some(before), Some(after)) => (!before.has_fields_of(after)).then_some(Self::Updated),
            (Some(_), None) => Some(Self::Deleted),
            (None, Some(_)) => Some(Self::Created),
            (None, None) => None,
        }
    }
}

impl ExpectedEffect {
    /// What becomes of the records, in a word that follows them.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Untouched => "untouched",
            Self::Exists | Self::Absent => "there",
        }
    }
}

impl Worlds {
    pub(super) fn check(
        &self,
        effect: ExpectedEffect,
        of: &RecordMatcher<'_>,
        bounds: Bounds,
    ) -> CheckResult {
        let (then, now) = (self.before.store(of.provider), self.now.store(of.provider));
        let sides = BeforeAfter { of, then, now };
        match effect {
            ExpectedEffect::Untouched => sides.untouched(bounds),
            ExpectedEffect::Exists | ExpectedEffect::Absent => sides.presence(bounds),
            ExpectedEffect::Deleted => sides.changed(ChangeKinds::Deleted, bounds),
            ExpectedEffect::Created => sides.changed(ChangeKinds::Created, bounds),
            ExpectedEffect::Updated => sides.changed(ChangeKinds::Updated, bounds),
        }
    }
}

/// Which keys are meant.
enum Meant<'w> {
    /// Any.
    Any,
    /// One that no record has.
    Missing,
    /// This.
    One(&'w Key),
}

/// The records of one provider then and now, and which of them are meant.
struct BeforeAfter<'w> {
    of: &'w RecordMatcher<'w>,
    then: &'w Store,
    now: &'w Store,
}

impl<'w> BeforeAfter<'w> {
    fn has_conditions(&self) -> bool {
        !self.of.records.conditions.is_empty()
    }

    /// Whether a record has the values that are asked for.
    fn fits(&self, record: &Record) -> bool {
        self.of.records.conditions.iter().all(|(property, value)| has(record, property, value))
    }

    /// The key that is meant, as one of the two stores has it.
    fn key(&self) -> Meant<'w> {
        let Some(written) = &self.of.records.key else { return Meant::Any };
        let within = |store: &'w Store| match written {
            Value::String(text) => store.find_key(self.of.resource, text),
            other => store.entry(self.of.resource, &Key::from_json(other)?).map(|(key, _)| key),
        };
        within(self.then).or_else(|| within(self.now)).map_or(Meant::Missing, Meant::One)
    }

    /// All that changed, of the records that have the key that is meant.
    fn differences(&self) -> Vec<(ChangeKinds, Difference<'w>)> {
        let resource = self.of.resource;
        let all: Vec<Difference<'w>> = match self.key() {
            Meant::Any => self.now.changes_since(self.then, resource).collect(),
            Meant::Missing => Vec::new(),
            Meant::One(key) => {
                let (before, after) = (self.then.get(resource, key), self.now.get(resource, key));
                vec![Difference { key, before, after }]
            }
        };
        all.into_iter().filter_map(|one| Some((ChangeKinds::of(&one)?, one))).collect()
    }

    /// The records of a store that are meant.
    fn meant(&self, store: &'w Store) -> impl Iterator<Item = (&'w Key, &'w Arc<Record>)> {
        let (all, one) = match self.key() {
            Meant::Any => (Some(store.iter(self.of.resource)), None),
            Meant::Missing => (None, None),
            Meant::One(key) => (None, store.entry(self.of.resource, key)),
        };
        all.into_iter().flatten().chain(one).filter(|(_, record)| self.fits(record))
    }

    fn changed(&self, kind: ChangeKinds, bounds: Bounds) -> CheckResult {
        let differences = self.differences();
        let of_kind = differences.iter().filter(|(found, _)| *found == kind);
        let of_kind: Vec<_> =
            of_kind.map(|(_, difference)| (difference.key, side(difference))).collect();
        let hits: Vec<&Key> =
            of_kind.iter().filter(|(_, record)| self.fits(record)).map(|(key, _)| *key).collect();
        let count = u64::try_from(hits.len()).unwrap_or(u64::MAX);
        let passed = bounds.has(count);
        let nearest = if passed || count >= bounds.min {
            None
        } else {
            self.fate()
                .or_else(|| self.nearest_of(&of_kind))
                .or_else(|| self.instead(&differences, hits.len()))
        };
        CheckResult { passed, found: counted(&hits), nearest }
    }

    /// What changed beside the hits; where that is nothing, in which other resources.
    fn instead(
        &self,
        differences: &[(ChangeKinds, Difference<'_>)],
        hits: usize,
    ) -> Option<String> {
        match told(differences) {
            Some(told) if hits < differences.len() => {
                Some(format!("of `{}`, {told}", self.of.name))
            }
            Some(_) => None,
            None => Some(self.elsewhere()),
        }
    }

    fn elsewhere(&self) -> String {
        let resources = self.now.model().resources.iter().enumerate();
        let changed = resources.filter_map(|(number, resource)| {
            let differences = self.now.changes_since(self.then, number);
            let count =
                differences.filter(|difference| ChangeKinds::of(difference).is_some()).count();
            (count > 0).then(|| format!("`{}` ({count})", resource.name))
        });
        let changed: Vec<String> = changed.collect();
        if changed.is_empty() {
            return "nothing of the provider changed".to_owned();
        }
        let changed = shown_list(changed.into_iter(), SHOWN_MAX);
        format!("nothing of `{}` changed; changed were {changed}", self.of.name)
    }

    fn untouched(&self, bounds: Bounds) -> CheckResult {
        let is_all = self.of.records.key.is_none() && !self.has_conditions();
        let count =
            if is_all { self.then.len(self.of.resource) } else { self.meant(self.then).count() };
        let touched: Vec<_> =
            self.differences().into_iter().filter(|(_, one)| self.fits(side(one))).collect();
        let was = match count {
            0 => "no record before".to_owned(),
            1 => "1 record before".to_owned(),
            count => format!("{count} records before"),
        };
        let found = match told(&touched) {
            Some(told) => format!("{told}; {was}"),
            None => was,
        };
        let has_enough = bounds.has(u64::try_from(count).unwrap_or(u64::MAX));
        let nearest = if has_enough || count > 0 {
            touched.first().and_then(|(_, difference)| properties(difference))
        } else {
            Some(self.nearest_in(self.then))
        };
        let passed = touched.is_empty() && has_enough;
        CheckResult { passed, found, nearest: nearest.filter(|_| !passed) }
    }

    fn presence(&self, bounds: Bounds) -> CheckResult {
        let is_all = self.of.records.key.is_none() && !self.has_conditions();
        let (count, some): (usize, Vec<&Key>) = if is_all {
            let records = self.now.iter(self.of.resource).take(SHOWN_MAX);
            (self.now.len(self.of.resource), records.map(|(key, _)| key).collect())
        } else {
            let mut some = Vec::new();
            let count = self.meant(self.now).map(|(key, _)| {
                if some.len() < SHOWN_MAX {
                    some.push(key);
                }
            });
            (count.count(), some)
        };
        let counted = u64::try_from(count).unwrap_or(u64::MAX);
        let passed = bounds.has(counted);
        let found = match count {
            0 => "none".to_owned(),
            count => {
                let keys = some.iter().map(|key| format!("`{key}`"));
                format!("{count}: {}", list_of(keys, count))
            }
        };
        let nearest = if passed || counted >= bounds.min {
            None
        } else {
            Some(self.fate().unwrap_or_else(|| self.nearest_in(self.now)))
        };
        CheckResult { passed, found, nearest }
    }

    /// What became of the one record that is meant.
    fn fate(&self) -> Option<String> {
        let key = match self.key() {
            Meant::Any => return None,
            Meant::Missing => {
                return Some("no record has that key, neither before nor now".to_owned());
            }
            Meant::One(key) => key,
        };
        let resource = self.of.resource;
        let (before, after) = (self.then.get(resource, key), self.now.get(resource, key));
        let record = before.or(after)?;
        let difference = Difference { key, before, after };
        let differs = self.differing(record);
        if !differs.is_empty() {
            return Some(format!("of `{key}`, {}", differs.join(", ")));
        }
        Some(match ChangeKinds::of(&difference) {
            None => format!("`{key}` is there as it was"),
            Some(ChangeKinds::Deleted) => format!("`{key}` was there, and was deleted"),
            Some(ChangeKinds::Created) => format!("`{key}` was created"),
            Some(ChangeKinds::Updated) => properties(&difference)?,
        })
    }

    /// How a record differs from what is asked for.
    fn differing(&self, record: &Record) -> Vec<String> {
        let conditions = self.of.records.conditions.iter();
        let open = conditions.filter(|(property, value)| !has(record, property, value));
        open.map(|(property, _)| match record.get(property) {
            Some(value) => format!("`{property}` is `{}`", shown_value(&value)),
            None => format!("there is no `{property}`"),
        })
        .collect()
    }

    /// The one of these records that has most of the values that are asked for.
    fn nearest_of(&self, records: &[(&Key, &'w Record)]) -> Option<String> {
        let conditions = self.of.records.conditions.len();
        let rated = records.iter().map(|(key, record)| (self.rate(record), *key, *record));
        let (_, key, record) = rated
            .filter(|(rate, ..)| *rate > 0 && *rate < conditions)
            .max_by_key(|(rate, ..)| *rate)?;
        Some(format!("of `{key}`, {}", self.differing(record).join(", ")))
    }

    fn nearest_in(&self, store: &'w Store) -> String {
        let count = store.len(self.of.resource);
        if self.of.records.key.is_some() {
            return format!("no record has that key; there are {count}");
        }
        let conditions = self.of.records.conditions.len();
        let rated =
            store.iter(self.of.resource).map(|(key, record)| (self.rate(record), key, record));
        let nearest = rated
            .filter(|(rate, ..)| *rate > 0 && *rate < conditions)
            .max_by_key(|(rate, ..)| *rate);
        match nearest {
            Some((_, key, record)) => format!("of `{key}`, {}", self.differing(record).join(", ")),
            None => {
                format!("there are {count} records of `{}`, none of them like that", self.of.name)
            }
        }
    }

    /// How many of the values that are asked for a record has.
    fn rate(&self, record: &Record) -> usize {
        let conditions = self.of.records.conditions.iter();
        conditions.filter(|(property, value)| has(record, property, value)).count()
    }
}

/// The side on which conditions are judged: as it was, and of what came as it is.
fn side<'w>(difference: &Difference<'w>) -> &'w Record {
    difference.before.or(difference.after).expect("a difference has a side")
}

fn counted(keys: &[&Key]) -> String {
    if keys.is_empty() {
        return "none".to_owned();
    }
    let shown = keys.iter().take(SHOWN_MAX).map(|key| format!("`{key}`"));
    format!("{}: {}", keys.len(), list_of(shown, keys.len()))
}

/// The first of `count`, and how many more there are.
fn list_of(first: impl Iterator<Item = String>, count: usize) -> String {
    let first: Vec<String> = first.collect();
    match count - first.len() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// Changes by their kind, with keys; `None` where there are none.
fn told(differences: &[(ChangeKinds, Difference<'_>)]) -> Option<String> {
    let kinds = ChangeKinds::ALL.iter().filter_map(|(kind, word)| {
        let keys = differences.iter().filter(|(found, _)| found == kind);
        let count = keys.clone().count();
        let first = keys.take(SHOWN_MAX).map(|(_, one)| format!("`{}`", one.key));
        (count > 0).then(|| format!("{word} {}", list_of(first, count)))
    });
    let kinds: Vec<String> = kinds.collect();
    (!kinds.is_empty()).then(|| kinds.join("; "))
}

/// Whether a record has a value under that name.
fn has(record: &Record, property: &str, value: &Value) -> bool {
    record.get(property).is_some_and(|found| numbers::are_equal(&found, value))
}

/// Which properties of a record are others.
fn properties(difference: &Difference<'_>) -> Option<String> {
    let (before, after) = (&*difference.before?.fields(), &*difference.after?.fields());
    let has_other =
        |of: &Map<String, Value>, name: &str, value: &Value| of.get(name) != Some(value);
    let changed = before.iter().filter(|(name, value)| has_other(after, name, value));
    let new = after.iter().filter(|(name, _)| !before.contains_key(name.as_str()));
    let told = changed.chain(new).map(|(name, _)| match (before.get(name), after.get(name)) {
        (Some(before), Some(after)) => {
            format!("`{name}` was `{}` and is `{}`", shown_value(before), shown_value(after))
        }
        (None, Some(after)) => format!("`{name}` is new, `{}`", shown_value(after)),
        (_, None) => format!("`{name}` is gone"),
    });
    let told: Vec<String> = told.collect();
    Some(format!("of `{}`, {}", difference.key, list_of(told.iter().take(3).cloned(), told.len())))
}
