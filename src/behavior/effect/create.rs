//! `create`: a record comes to be, with a key that it is given or that is made up.
//!
//! Must not know how keys are made up.

use serde_json::{Map, Value as Json};

use crate::behavior::effect::format::EffectFormat;
use crate::behavior::effect::plan::{Effect, Job, Planned, Planner, Stopped};
use crate::behavior::effect::read::EffectReader;
use crate::behavior::names::NamesInScope;
use crate::behavior::shape::Shapes;
use crate::expression::{Template, Value};

/// Makes a record.
#[derive(Debug)]
pub(super) struct Create {
    resource: usize,
    with: Template,
}

impl Create {
    pub(super) fn read(
        resource: &str,
        format: &EffectFormat,
        pointer: &str,
        names: &NamesInScope<'_>,
        reader: &mut EffectReader<'_, '_>,
    ) -> Option<(Self, Option<usize>)> {
        let resource = reader.resource(resource, &format!("{pointer}/create"))?;
        let Some(with) = &format.with else {
            reader.properties_missing(pointer, "with", "say what the record has");
            return None;
        };
        let place = format!("{pointer}/with");
        let with = reader.properties(with, &place, names, Some(resource))?;
        reader.check_key(resource, &with, &place);
        reader.check_required(resource, &with, &place);
        Some((Self { resource, with }, Some(resource)))
    }
}

impl Effect for Create {
    fn plan(&self, planner: &mut Planner<'_>, scope: &Value) -> Result<Planned, Stopped> {
        match self.with.render(scope)? {
            Json::Object(fields) => planner.create(self.resource, fields),
            other => Err(Stopped::Fault(format!("a record is an object, not `{other}`"))),
        }
    }

    fn in_words(&self, shapes: &Shapes, _: &[Job]) -> String {
        format!("create a record of `{}`", shapes[self.resource].name)
    }
}

impl Planner<'_> {
    /// The change that adds a record with these properties; its key is made up where they lack it.
    pub(super) fn create(
        &mut self,
        resource: usize,
        mut fields: Map<String, Json>,
    ) -> Result<Planned, Stopped> {
        let store = &self.snapshot.store;
        if let [property] = store.model().resources[resource].key.as_slice()
            && fields.get(property).is_none_or(Json::is_null)
        {
            let shape = &self.snapshot.shapes[resource];
            let key = shape.new_key.make(store, resource, self.ids).map_err(|reason| {
                Stopped::Fault(format!(
                    "a record of `{}` has no `{property}`: {reason}",
                    shape.name
                ))
            })?;
            fields.shift_insert(0, property.clone(), key);
        }
        let changes = self.held(store.plan_insert(resource, fields)?)?;
        let record = changes.first().map(|change| (change.resource, change.key.clone()));
        Ok(Planned { changes, record })
    }
}
