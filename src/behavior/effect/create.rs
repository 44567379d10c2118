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
            let now = self.snapshot.now;
            let key = shape.new_key.make(store, resource, self.ids, now).map_err(|reason| {
                Stopped::Fault(format!(
                    "a record of `{}` has no `{property}`: {reason}",
                    shape.name
                ))
            })?;
            fields.shift_insert(0, property.clone(), key);
        }
        self.count_on(resource, &mut fields)?;
        let changes = self.held(store.plan_insert(resource, fields)?)?;
        let record = changes.first().map(|change| (change.resource, change.key.clone()));
        Ok(Planned { changes, record })
    }

    /// Gives a record the numbers that it lacks, behind the properties that they count within.
    fn count_on(&self, resource: usize, fields: &mut Map<String, Json>) -> Result<(), Stopped> {
        let store = &self.snapshot.store;
        let shape = &self.snapshot.shapes[resource];
        let model = &store.model().resources[resource];
        for (place, (counter, numbers)) in model.counters.iter().zip(&shape.counters).enumerate() {
            let property = &counter.property;
            if fields.get(property).is_some_and(|given| !given.is_null()) {
                continue;
            }
            let last = store.last_counted(resource, place, &counter.group(fields));
            let next = numbers.next(last).map_err(|reason| {
                let name = &shape.name;
                Stopped::Fault(format!("a record of `{name}` has no `{property}`: {reason}"))
            })?;
            fields.shift_remove(property);
            let behind = counter.within.iter().chain(&model.key);
            let behind = behind.filter_map(|name| fields.keys().position(|key| key == name)).max();
            fields.shift_insert(behind.map_or(0, |index| index + 1), property.clone(), next.into());
        }
        Ok(())
    }
}
