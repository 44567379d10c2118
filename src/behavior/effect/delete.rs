//! `delete`: records go, and with them what their relations say.
//!
//! Must not know how deletions spread; the store does.

use serde_json::{Map, Value as Json};

use crate::behavior::effect::plan::{Effect, Job, Planned, Planner, Stopped, targets_of};
use crate::behavior::effect::read::EffectReader;
use crate::behavior::names::NamesInScope;
use crate::behavior::overlay::Overlay;
use crate::behavior::shape::Shapes;
use crate::expression::{Expression, Value, from_json_owned};
use crate::store::{Change, DeleteRefused, Record};

/// Deletes records.
#[derive(Debug)]
pub(super) struct Delete {
    targets: Expression,
    resource: Option<usize>,
}

impl Delete {
    pub(super) fn read(
        text: &str,
        pointer: &str,
        names: &NamesInScope<'_>,
        reader: &mut EffectReader<'_, '_>,
    ) -> Option<Self> {
        let (targets, resource) = reader.targets(text, &format!("{pointer}/delete"), names)?;
        Some(Self { targets, resource: resource.number })
    }
}

impl Effect for Delete {
    fn plan(&self, planner: &mut Planner<'_>, scope: &Value) -> Result<Planned, Stopped> {
        let changes = planner.delete(&self.targets.eval(scope)?, scope)?;
        Ok(Planned { changes, record: None })
    }

    fn can_delete(&self) -> bool {
        true
    }

    fn in_words(&self, _: &Shapes, _: &[Job]) -> String {
        format!("delete `{}`, with what their relations say", self.targets.source())
    }

    fn deletes(&self) -> Option<usize> {
        self.resource
    }
}

impl Planner<'_> {
    /// The changes that delete these records. Those that an effect before has deleted are gone already.
    pub(crate) fn delete(&self, targets: &Value, scope: &Value) -> Result<Vec<Change>, Stopped> {
        let store = &self.snapshot.store;
        let mut targets = targets_of(targets)?;
        targets.retain(|(resource, key)| store.get(*resource, key).is_some());
        let mut update = |resource: usize, relation: usize, record: &Record| {
            let Some(template) = &self.snapshot.shapes[resource].updates[relation] else {
                return Ok(Map::new());
            };
            let record = from_json_owned(Json::Object(record.fields().into_owned()));
            match template.render(&Overlay::over(scope, [("record", record)]))? {
                Json::Object(set) => Ok(set),
                other => Err(Stopped::Fault(format!("`update` sets properties, not `{other}`"))),
            }
        };
        let changes =
            store.plan_delete(&targets, &mut update).map_err(|refused| match refused {
                DeleteRefused::Restricted { place: (resource, relation), .. } => {
                    Stopped::Restricted { resource, relation }
                }
                DeleteRefused::Update(stopped) => stopped,
                DeleteRefused::Broken(error) => Stopped::Fault(error.to_string()),
            })?;
        self.held(changes)
    }
}
