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
use crate::behavior::fixture::Vetting;
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
        let changes = moment.store.plan(edits).map_err(|error| vec![error.to_string()])?;
        let mut problems = Vec::new();
        for change in &changes {
            let shape = &self.shapes[change.resource];
            if let (Some(after), Some(vetting)) = (&change.after, Vetting::of(self, shape)) {
                problems.extend(vetting.problems(&after.fields));
            }
        }
        if problems.is_empty() { Ok(changes) } else { Err(problems) }
    }

    /// A store of these records, by resource; every problem otherwise. The references in `detached` read as none.
    pub fn restore(
        &self,
        records: &IndexMap<String, Vec<Map<String, Json>>>,
        detached: &HashSet<Detached>,
    ) -> Result<Store, Vec<String>> {
        let mut problems = Vec::new();
        let mut places = Vec::new();
        let mut incoming = Vec::new();
        for (name, of_resource) in records {
            let Some(number) = self.shapes.number(name) else {
                let hint = self.shapes.suggestion(name).map(|hint| format!(" ({hint})"));
                let hint = hint.unwrap_or_default();
                problems.push(format!("`records/{name}`: there is no such resource{hint}"));
                continue;
            };
            let vetting = Vetting::of(self, &self.shapes[number]);
            for (index, fields) in of_resource.iter().enumerate() {
                let place = format!("`records/{name}/{index}`");
                let found = vetting.iter().flat_map(|vetting| vetting.problems(fields));
                problems.extend(found.map(|text| format!("{place}: {text}")));
                places.push(place);
                incoming.push((number, fields.clone()));
            }
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
        let planner = Planner { snapshot: &snapshot, jobs: &self.jobs, ids: moment.ids, now };
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
