//! Test data that somebody arranges beside the API: held to what fixtures are held to, with the same consequences as
//! when the API does it.
//!
//! Must not know who arranges it.

use std::collections::HashSet;
use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value as Json};

use crate::behavior::compiled::Behavior;
use crate::behavior::decision::Moment;
use crate::behavior::effect::{Planner, Stopped};
use crate::behavior::scope::Scope;

use crate::json::too_deep;
use crate::store::{Change, Detached, Edit, Key, Store};

/// A record of a saved state.
#[derive(Debug)]
pub enum GivenRecord {
    /// It is as the record of that key where it comes from.
    Known(Key),
    /// Its properties.
    Read(Map<String, Json>),
}

impl<'de> Deserialize<'de> for GivenRecord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self::Read)
    }
}

/// Records with the number of their resource, and for each that number and the index in the list of the resource.
struct Records<R> {
    records: Vec<(usize, R)>,
    places: Vec<(usize, usize)>,
}

impl<R> Default for Records<R> {
    fn default() -> Self {
        Self { records: Vec::new(), places: Vec::new() }
    }
}

impl<R> Records<R> {
    fn push(&mut self, record: (usize, R), place: (usize, usize)) {
        self.records.push(record);
        self.places.push(place);
    }

    fn in_places(self) -> impl Iterator<Item = ((usize, usize), (usize, R))> {
        self.places.into_iter().zip(self.records)
    }
}

impl Behavior {
    /// The changes that write these edits together; every problem otherwise.
    pub fn arrange(
        &self,
        edits: Vec<Edit>,
        moment: &Moment<'_>,
    ) -> Result<Vec<Change>, Vec<String>> {
        let mut changes = moment.store.plan(edits).map_err(|error| vec![error.to_string()])?;
        match self.shapes.first_misfit(&self.contract.schemas, &mut changes) {
            Some((_, problems)) => Err(problems),
            None => Ok(changes),
        }
    }

    /// Whether the (single) keys of a resource are whole numbers: by its schema, else by the records that there are.
    pub fn has_number_keys(&self, resource: usize, store: &Store) -> bool {
        let by_schema = self.shapes[resource].new_key.is_number();
        by_schema.unwrap_or_else(|| store.last_number(resource) > 0)
    }

    /// A store of these records, by resource; every problem otherwise. The references in `detached` read as none. What is
    /// as in `base` is shared with it.
    pub fn restore(
        &self,
        records: IndexMap<String, Vec<GivenRecord>>,
        detached: &HashSet<Detached>,
        base: &Store,
    ) -> Result<Store, Vec<String>> {
        let mut problems = Vec::new();
        let (kept, new) = self.told_apart(records, detached, base, &mut problems);
        if problems.is_empty()
            && let Some(store) =
                base.with_records(kept.records.clone(), new.records.iter().cloned(), detached)
        {
            return Ok(store);
        }
        let kept = kept.in_places().filter_map(|(place, (number, key))| {
            let record = base.get(number, &key)?;
            Some((place, (number, record.fields().into_owned())))
        });
        let mut all: Vec<_> = kept.chain(new.in_places()).collect();
        all.sort_by_key(|(place, _)| *place);
        let (places, all): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        let mut store = Store::new(Arc::clone(&self.model));
        if let Err(found) = store.extend_detached(all, detached) {
            problems.extend(found.iter().map(|(position, error)| {
                let (number, index) = places[*position];
                format!("`records/{}/{index}`: {error}", self.model.resources[number].name)
            }));
        }
        if problems.is_empty() { Ok(store) } else { Err(problems) }
    }

    /// Those of the records that are as in `base`, by their keys, and the others.
    fn told_apart(
        &self,
        records: IndexMap<String, Vec<GivenRecord>>,
        detached: &HashSet<Detached>,
        base: &Store,
        problems: &mut Vec<String>,
    ) -> (Records<Key>, Records<Map<String, Json>>) {
        let (mut kept, mut new) = (Records::default(), Records::default());
        let with_detached: HashSet<(usize, &Key)> =
            detached.iter().map(|one| (one.resource, &one.key)).collect();
        for (name, of_resource) in records {
            let Some(number) = self.shapes.number(&name) else {
                let hint = self.shapes.suggestion(&name).map(|hint| format!(" ({hint})"));
                let hint = hint.unwrap_or_default();
                problems.push(format!("`records/{name}`: there is no such resource{hint}"));
                continue;
            };
            for (index, given) in of_resource.into_iter().enumerate() {
                let known = match &given {
                    GivenRecord::Known(key) => base.entry(number, key),
                    GivenRecord::Read(fields) => base.same_record(number, fields),
                };
                let place = (number, index);
                match (known, given) {
                    // Its references read as they do there.
                    (Some((key, record)), _)
                        if record.detached().next().is_none()
                            && !with_detached.contains(&(number, key)) =>
                    {
                        kept.push((number, key.clone()), place);
                    }
                    (Some((_, record)), _) => {
                        new.push((number, record.fields().into_owned()), place);
                    }
                    (None, GivenRecord::Read(fields)) => {
                        let found = self.record_problems(number, &fields).into_iter();
                        problems
                            .extend(found.map(|text| format!("`records/{name}/{index}`: {text}")));
                        new.push((number, fields), place);
                    }
                    (None, GivenRecord::Known(key)) => {
                        problems.push(format!("`records/{name}/{index}`: `{key}` is not known"));
                    }
                }
            }
        }
        (kept, new)
    }

    /// What is wrong with the properties of a record by themselves.
    fn record_problems(&self, resource: usize, fields: &Map<String, Json>) -> Vec<String> {
        if let Some(problem) = too_deep(fields.values()) {
            return vec![problem];
        }
        let schema = self.shapes[resource].schema.as_ref();
        schema.map_or_else(Vec::new, |schema| schema.problems(fields, &self.contract.schemas))
    }

    /// The changes that delete a record, with all that its relations say.
    pub fn arrange_deletion(
        &self,
        resource: usize,
        key: &Key,
        moment: &mut Moment<'_>,
    ) -> Result<Vec<Change>, String> {
        let snapshot = self.snapshot(moment);
        let scope = Scope::at(&snapshot).into_value();
        let target = snapshot.record(resource, key);
        let now = moment.now;
        let (jobs, schemas) = (&*self.jobs, &*self.contract.schemas);
        let planner =
            Planner { snapshot: Arc::clone(&snapshot), jobs, schemas, ids: moment.ids, now };
        planner.delete(&target, &scope).map_err(|stopped| match stopped {
            Stopped::Restricted { .. } => {
                format!("{}: delete those first", stopped.message(&self.shapes))
            }
            other => other.message(&self.shapes),
        })
    }
}
