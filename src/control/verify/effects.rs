//! Expectations on records: what was deleted, created, updated or left alone, and what is there.
//!
//! Must not know calls.

use std::sync::Arc;

use serde_json::Map;
use serde_json::Value;

use crate::control::verify::SHOWN_MAX;
use crate::control::verify::check::Bounds;
use crate::control::verify::check::Effect;
use crate::control::verify::check::RecordMatcher;
use crate::control::verify::shown_list;
use crate::control::verify::shown_value;
use crate::control::verify::verdict::Found;
use crate::sandbox::World;
use crate::store::Difference;
use crate::store::Key;
use crate::store::Record;
use crate::store::Store;

/// The worlds that are compared.
pub(super) struct Worlds {
    pub(super) before: World,
    pub(super) now: World,
}

/// In which way a record is another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Deleted,
    Created,
    Updated,
}

impl Kind {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Deleted, "deleted"), (Self::Created, "created"), (Self::Updated, "updated")];

    /// `None` where only references of the record read otherwise.
    fn of(difference: &Difference<'_>) -> Option<Self> {
        match (difference.before, difference.after) {
            (Some(before), Some(after)) => (before.fields != after.fields).then_some(Self::Updated),
            (Some(_), None) => Some(Self::Deleted),
            (None, Some(_)) => Some(Self::Created),
            (None, None) => None,
        }
    }
}

impl Effect {
    fn kind(self) -> Option<Kind> {
        match self {
            Self::Deleted => Some(Kind::Deleted),
            Self::Created => Some(Kind::Created),
            Self::Updated => Some(Kind::Updated),
            Self::Untouched | Self::Exists | Self::Absent => None,
        }
    }

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
    pub(super) fn check(&self, effect: Effect, of: &RecordMatcher<'_>, bounds: Bounds) -> Found {
        let sides = self.sides(of);
        match effect {
            Effect::Untouched => sides.untouched(bounds),
            Effect::Exists | Effect::Absent => sides.presence(bounds),
            Effect::Deleted | Effect::Created | Effect::Updated => {
                let kind = effect.kind().expect("these three are kinds");
                let mut found = sides.changed(kind, bounds);
                if !found.passed && found.nearest.is_none() {
                    found.nearest = Some(self.elsewhere(of));
                }
                found
            }
        }
    }

    fn sides<'w>(&'w self, of: &'w RecordMatcher<'w>) -> Sides<'w> {
        let (then, now) = (self.before.store(of.provider), self.now.store(of.provider));
        Sides { of, then, now }
    }

    /// What else of the provider changed, by resource.
    fn elsewhere(&self, of: &RecordMatcher<'_>) -> String {
        let Sides { then, now, .. } = self.sides(of);
        let resources = now.model().resources.iter().enumerate();
        let changed = resources.filter_map(|(number, resource)| {
            let differences = now.changes_since(then, number);
            let count = differences.filter(|difference| Kind::of(difference).is_some()).count();
            (count > 0).then(|| format!("`{}` ({count})", resource.name))
        });
        let changed: Vec<String> = changed.collect();
        if changed.is_empty() {
            return "nothing of the provider changed".to_owned();
        }
        format!(
            "nothing of `{}` changed; changed were {}",
            of.name,
            shown_list(changed.into_iter(), SHOWN_MAX)
        )
    }
}

/// The records of one provider then and now, and which of them are meant.
struct Sides<'w> {
    of: &'w RecordMatcher<'w>,
    then: &'w Store,
    now: &'w Store,
}

impl<'w> Sides<'w> {
    fn has_conditions(&self) -> bool {
        !self.of.records.conditions.is_empty()
    }

    /// Whether a record has the values that are asked for.
    fn fits(&self, record: &Record) -> bool {
        self.of
            .records
            .conditions
            .iter()
            .all(|(property, value)| record.fields.get(property) == Some(value))
    }

    /// The one key that is meant, as one of the two stores has it; the outer `None` where all are.
    fn key(&self) -> Option<Option<&'w Key>> {
        let written = self.of.records.key.as_ref()?;
        let within = |store: &'w Store| match written {
            Value::String(text) => store.find_key(self.of.resource, text),
            other => store.entry(self.of.resource, &Key::from_json(other)?).map(|(key, _)| key),
        };
        Some(within(self.then).or_else(|| within(self.now)))
    }

    /// All that changed, of the records that have the key that is meant.
    fn differences(&self) -> Vec<(Kind, Difference<'w>)> {
        let resource = self.of.resource;
        let all: Vec<Difference<'w>> = match self.key() {
            None => self.now.changes_since(self.then, resource).collect(),
            Some(None) => Vec::new(),
            Some(Some(key)) => {
                let (before, after) = (self.then.get(resource, key), self.now.get(resource, key));
                vec![Difference { key, before, after }]
            }
        };
        all.into_iter().filter_map(|one| Some((Kind::of(&one)?, one))).collect()
    }

    /// The records of a store that are meant.
    fn meant(&self, store: &'w Store) -> Box<dyn Iterator<Item = (&'w Key, &'w Arc<Record>)> + '_> {
        match self.key() {
            None => Box::new(store.iter(self.of.resource).filter(|(_, record)| self.fits(record))),
            Some(key) => {
                let entry = key.and_then(|key| store.entry(self.of.resource, key));
                Box::new(entry.into_iter().filter(|(_, record)| self.fits(record)))
            }
        }
    }

    fn changed(&self, kind: Kind, bounds: Bounds) -> Found {
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
            self.fate().or_else(|| self.nearest_of(&of_kind)).or_else(|| told(&differences))
        };
        Found { passed, found: counted(&hits), nearest }
    }

    fn untouched(&self, bounds: Bounds) -> Found {
        let is_all = self.of.records.key.is_none() && !self.has_conditions();
        let count =
            if is_all { self.then.len(self.of.resource) } else { self.meant(self.then).count() };
        let touched: Vec<_> =
            self.differences().into_iter().filter(|(_, one)| self.fits(side(one))).collect();
        let was = match count {
            0 => "there was no such record".to_owned(),
            1 => "there was 1 such record".to_owned(),
            count => format!("there were {count} such records"),
        };
        let found = match told(&touched) {
            Some(told) => format!("{told}; {was}"),
            None => was,
        };
        let has_enough = bounds.has(u64::try_from(count).unwrap_or(u64::MAX));
        let nearest = if has_enough || count > 0 {
            touched.first().and_then(|(_, difference)| properties(difference))
        } else {
            self.nearest_in(self.then)
        };
        let passed = touched.is_empty() && has_enough;
        Found { passed, found, nearest: nearest.filter(|_| !passed) }
    }

    fn presence(&self, bounds: Bounds) -> Found {
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
            self.fate().or_else(|| self.nearest_in(self.now))
        };
        Found { passed, found, nearest }
    }

    /// What became of the one record that is meant.
    fn fate(&self) -> Option<String> {
        let Some(key) = self.key()? else {
            return Some("no record has that key, neither before nor now".to_owned());
        };
        let resource = self.of.resource;
        let (before, after) = (self.then.get(resource, key), self.now.get(resource, key));
        let record = before.or(after)?;
        let difference = Difference { key, before, after };
        let differs = self.differing(record);
        if !differs.is_empty() {
            return Some(format!("of `{key}`, {}", differs.join(", ")));
        }
        Some(match Kind::of(&difference) {
            None => format!("`{key}` is there as it was"),
            Some(Kind::Deleted) => format!("`{key}` was there, and was deleted"),
            Some(Kind::Created) => format!("`{key}` was created"),
            Some(Kind::Updated) => properties(&difference)?,
        })
    }

    /// How a record differs from what is asked for.
    fn differing(&self, record: &Record) -> Vec<String> {
        let conditions = self.of.records.conditions.iter();
        let open = conditions
            .filter(|(property, value)| record.fields.get(property.as_str()) != Some(*value));
        open.map(|(property, _)| match record.fields.get(property) {
            Some(value) => format!("`{property}` is `{}`", shown_value(value)),
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

    fn nearest_in(&self, store: &'w Store) -> Option<String> {
        let count = store.len(self.of.resource);
        if self.of.records.key.is_some() {
            return Some(format!("no record has that key; there are {count}"));
        }
        let conditions = self.of.records.conditions.len();
        let rated =
            store.iter(self.of.resource).map(|(key, record)| (self.rate(record), key, record));
        let nearest = rated
            .filter(|(rate, ..)| *rate > 0 && *rate < conditions)
            .max_by_key(|(rate, ..)| *rate);
        Some(match nearest {
            Some((_, key, record)) => format!("of `{key}`, {}", self.differing(record).join(", ")),
            None => {
                format!("there are {count} records of `{}`, none of them like that", self.of.name)
            }
        })
    }

    /// How many of the values that are asked for a record has.
    fn rate(&self, record: &Record) -> usize {
        let conditions = self.of.records.conditions.iter();
        conditions
            .filter(|(property, value)| record.fields.get(property.as_str()) == Some(*value))
            .count()
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
fn told(differences: &[(Kind, Difference<'_>)]) -> Option<String> {
    let kinds = Kind::ALL.iter().filter_map(|(kind, word)| {
        let keys = differences.iter().filter(|(found, _)| found == kind);
        let keys: Vec<String> = keys.map(|(_, one)| format!("`{}`", one.key)).collect();
        (!keys.is_empty()).then(|| format!("{word} {}", shown_list(keys.into_iter(), SHOWN_MAX)))
    });
    let kinds: Vec<String> = kinds.collect();
    (!kinds.is_empty()).then(|| kinds.join("; "))
}

/// Which properties of a record are others.
fn properties(difference: &Difference<'_>) -> Option<String> {
    let (before, after) = (&difference.before?.fields, &difference.after?.fields);
    let has_other =
        |of: &Map<String, Value>, name: &str, value: &Value| of.get(name) != Some(value);
    let changed = before.iter().filter(|(name, value)| has_other(after, name, value));
    let new = after.iter().filter(|(name, _)| !before.contains_key(name.as_str()));
    let told = changed.chain(new).map(|(name, _)| {
        let shown = |of: &Map<String, Value>| {
            of.get(name).map_or_else(|| "nothing".to_owned(), shown_value)
        };
        format!("`{name}` was `{}` and is `{}`", shown(before), shown(after))
    });
    let told: Vec<String> = told.collect();
    Some(format!("of `{}`, {}", difference.key, list_of(told.iter().take(3).cloned(), told.len())))
}
