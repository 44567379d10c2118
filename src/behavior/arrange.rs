//! Test data that somebody arranges beside the API: held to what fixtures are held to, with the same consequences as
//! when the API does it.
//!
//! Must not know who arranges it.

use std::collections::HashSet;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Map;
use serde_json::Value as Json;

use crate::behavior::Behavior;
use crate::behavior::Moment;
use crate::behavior::effect::Planner;
use crate::behavior::effect::Stopped;
use crate::behavior::record_schema::first_misfit;
use crate::behavior::scope::Scope;
use crate::store::Change;
use crate::store::Detached;
use crate::store::Edit;
use crate::store::Key;
use crate::store::Store;

impl Behavior {
    /// The changes that write these edits together; every problem otherwise.
    pub fn arrange(
        &self,
        edits: Vec<Edit>,
        moment: &Moment<'_>,
    ) -> Result<Vec<Change>, Vec<String>> {
        let mut changes = moment.store.plan(edits).map_err(|error| vec![error.to_string()])?;
        match first_misfit(&self.shapes, &self.contract.schemas, &mut changes) {
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
        records: IndexMap<String, Vec<Map<String, Json>>>,
        detached: &HashSet<Detached>,
        base: &Store,
    ) -> Result<Store, Vec<String>> {
        let mut problems = Vec::new();
        let mut places = Vec::new();
        let mut incoming = Vec::new();
        for (name, of_resource) in records {
            let Some(number) = self.shapes.number(&name) else {
                let hint = self.shapes.suggestion(&name).map(|hint| format!(" ({hint})"));
                let hint = hint.unwrap_or_default();
                problems.push(format!("`records/{name}`: there is no such resource{hint}"));
                continue;
            };
            let (schema, schemas) = (&self.shapes[number].schema, &self.contract.schemas);
            for (index, fields) in of_resource.into_iter().enumerate() {
                let place = format!("`records/{name}/{index}`");
                // Most are as a sandbox begins, and were looked at then.
                if !base.has_record(number, &fields) {
                    let found = schema.iter().flat_map(|schema| schema.problems(&fields, schemas));
                    problems.extend(found.map(|text| format!("{place}: {text}")));
                }
                places.push(place);
                incoming.push((number, fields));
            }
        }
        if problems.is_empty()
            && let Some(store) = base.with_records(incoming.iter().cloned(), detached)
        {
            return Ok(store);
        }
        let mut store = Store::new(Arc::clone(&self.model));
        if let Err(found) = store.extend_detached(incoming, detached) {
            let found = found.iter();
            problems
                .extend(found.map(|(position, error)| format!("{}: {error}", places[*position])));
        }
        if problems.is_empty() { Ok(store) } else { Err(problems) }
    }

    /// The changes that delete a record, with all that its relations say.
    pub fn arrange_deletion(
        &self,
        resource: usize,
        key: &Key,
        moment: &mut Moment<'_>,
    ) -> Result<Vec<Change>, String> {
        let snapshot = self.snapshot(moment.store);
        let scope = Scope::at(&snapshot, moment).into_value();
        let target = snapshot.record(resource, key);
        let now = moment.now;
        let (jobs, schemas) = (&*self.jobs, &*self.contract.schemas);
        let planner =
            Planner { snapshot: &snapshot, jobs, schemas, ids: moment.ids, now, updated: None };
        planner.delete(&target, &scope).map_err(|stopped| match stopped {
            Stopped::Fault(message) => message,
            Stopped::Restricted { resource, .. } => {
                format!(
                    "`{}` restrict the deletion: delete those first",
                    self.shapes[resource].name
                )
            }
        })
    }
}
