//! Records of an earlier version of a behavior, as far as they fit this one.
//!
//! Must not know why there is another version, nor sandboxes.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::behavior::compiled::Behavior;
use crate::store::{Detached, Key, Record, Store};

/// How often records are looked through: each time finds those that refer to what the time before left out. A chain of
/// references is hardly ever as long, and what is left then is left out.
const ROUNDS_MAX: usize = 100;

/// Something that does not fit any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// What, such as `users u_3`.
    pub what: String,
    /// How many records that is.
    pub count: usize,
    /// Why.
    pub why: String,
}

/// Records of an earlier version.
#[derive(Clone, Debug)]
pub struct Carried {
    /// Those that fit.
    pub store: Store,
    /// The others.
    pub left_out: Arc<[LeftOut]>,
}

/// A record on its way.
struct Coming<'s> {
    resource: usize,
    key: &'s Key,
    record: &'s Arc<Record>,
}

impl Behavior {
    /// The records of `former`, resource by resource as they are named: what fits schemas, keys, unique properties and
    /// references is kept as it is.
    pub fn carry(&self, former: &Store) -> Carried {
        let mut left_out = Vec::new();
        let mut detached = HashSet::new();
        let mut coming = Vec::new();
        for (number, resource) in former.model().resources.iter().enumerate() {
            let Some(of) = self.resource(&resource.name) else {
                let count = former.len(number);
                let what = format!("{count} {}", resource.name);
                let why = "there is no such resource any more".to_owned();
                left_out.extend((count > 0).then_some(LeftOut { what, count, why }));
                continue;
            };
            let (schema, schemas) = (&self.shapes[of].schema, &self.contract.schemas);
            for (key, record) in former.iter(number) {
                let problems =
                    schema.iter().flat_map(|schema| schema.problems(&record.fields(), schemas));
                if let Some(why) = problems.into_iter().next() {
                    left_out.push(self.unfit(of, key, why));
                    continue;
                }
                let references = record.detached().filter_map(|(relation, target)| {
                    let name = &resource.relations[relation].name;
                    let relations = &self.model.resources[of].relations;
                    let relation = relations.iter().position(|one| one.name == *name)?;
                    let (key, target) = (key.clone(), target.clone());
                    Some(Detached { resource: of, key, relation, target })
                });
                detached.extend(references);
                coming.push(Coming { resource: of, key, record });
            }
        }
        let mut store = self.settle(coming, &detached, &mut left_out);
        for (number, resource) in former.model().resources.iter().enumerate() {
            if let Some(of) = self.resource(&resource.name) {
                store.raise_last_number(of, former.last_number(number));
                for gone in former.gone_numbers(number) {
                    store.add_gone_number(of, &gone);
                }
            }
        }
        Carried { store, left_out: left_out.into() }
    }

    /// A store of as many of these records as can be in one.
    fn settle(
        &self,
        mut coming: Vec<Coming<'_>>,
        detached: &HashSet<Detached>,
        left_out: &mut Vec<LeftOut>,
    ) -> Store {
        for _ in 0..ROUNDS_MAX {
            let mut store = Store::new(Arc::clone(&self.model));
            let records = coming.iter().map(|one| (one.resource, one.record.fields().into_owned()));
            let Err(problems) = store.extend_detached(records, detached) else { return store };
            let mut problems: BTreeMap<usize, _> = problems.into_iter().rev().collect();
            let mut position = 0..;
            coming.retain(|one| {
                let problem = position.next().and_then(|position| problems.remove(&position));
                let is_unfit = problem.is_some();
                left_out.extend(
                    problem.map(|problem| self.unfit(one.resource, one.key, problem.to_string())),
                );
                !is_unfit
            });
        }
        let why = "it refers to others in a chain that is too long to follow";
        left_out.extend(coming.iter().map(|one| self.unfit(one.resource, one.key, why.to_owned())));
        Store::new(Arc::clone(&self.model))
    }

    fn unfit(&self, resource: usize, key: &Key, why: String) -> LeftOut {
        let what = format!("{} {key}", self.model.resources[resource].name);
        LeftOut { what, count: 1, why }
    }
}
