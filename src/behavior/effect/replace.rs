//! `replace`: a record gets other properties, all of them, and keeps its key.
//!
//! Must not know records that come or go.

use serde_json::Value as Json;

use crate::behavior::effect::format::EffectFormat;
use crate::behavior::effect::plan::{Effect, Job, Planned, Planner, Stopped, targets_of};
use crate::behavior::effect::read::EffectReader;
use crate::behavior::names::NamesInScope;
use crate::behavior::overlay::Overlay;
use crate::behavior::shape::Shapes;
use crate::expression::{Expression, Template, Value};
use crate::store::Edit;

/// Replaces the properties of records.
#[derive(Debug)]
pub(super) struct Replace {
    targets: Expression,
    with: Template,
}

impl Replace {
    pub(super) fn read(
        text: &str,
        format: &EffectFormat,
        pointer: &str,
        names: &NamesInScope<'_>,
        reader: &mut EffectReader<'_, '_>,
    ) -> Option<(Self, Option<usize>)> {
        let (targets, target) = reader.targets(text, &format!("{pointer}/replace"), names)?;
        let Some(with) = &format.with else {
            reader.properties_missing(pointer, "with", "say what the record has");
            return None;
        };
        let (place, names) = (format!("{pointer}/with"), names.clone().and("record", target.kind));
        let with = reader.properties(with, &place, &names, target.number)?;
        if let Some(resource) = target.number {
            reader.check_required(resource, &with, &place);
        }
        Some((Self { targets, with }, target.number))
    }
}

impl Effect for Replace {
    fn plan(&self, planner: &mut Planner<'_>, scope: &Value) -> Result<Planned, Stopped> {
        let snapshot = &planner.snapshot;
        let targets = targets_of(&self.targets.eval(scope)?)?;
        let mut edits = Vec::with_capacity(targets.len());
        for (resource, key) in &targets {
            let record = snapshot.record(*resource, key);
            let scope = Overlay::over(scope, [("record", record)]);
            let mut fields = match self.with.render(&scope)? {
                Json::Object(fields) => fields,
                other => {
                    return Err(Stopped::Fault(format!("a record is an object, not `{other}`")));
                }
            };
            let names = snapshot.store.model().resources[*resource].key.iter();
            for (place, (name, part)) in names.zip(key.parts()).enumerate() {
                if !fields.contains_key(name) {
                    fields.shift_insert(place.min(fields.len()), name.clone(), part.to_json());
                }
            }
            edits.push(Edit::Replace { resource: *resource, key: key.clone(), fields });
        }
        let changes = snapshot.store.plan(edits)?;
        Ok(Planned { changes: planner.held(changes)?, record: targets.first().cloned() })
    }

    fn in_words(&self, _: &Shapes, _: &[Job]) -> String {
        format!("replace `{}`", self.targets.source())
    }
}
