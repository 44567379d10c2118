//! Effects: what a rule or a job's task changes, planned as a list of changes and not yet committed.
//!
//! Must not know why it happens, nor what is answered.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr};
use serde_json::{Map, Value as Json};

use crate::behavior::record_schema::{first_misfit, told};
use crate::behavior::records::{RecordList, RecordValue, Snapshot};
use crate::behavior::scope::Overlay;
use crate::clock::Timestamp;
use crate::expression::{Expression, Template, Value, from_json};
use crate::ids::Ids;
use crate::jobs;
use crate::openapi::Schemas;
use crate::store::{Change, Edit, Key, Record, Refused};

/// What a rule or a task changes.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Nothing.
    None,
    /// Deletes records, and what their relations say.
    Delete(Expression),
    /// Sets properties of records.
    Update { targets: Expression, set: Template },
    /// Makes a record.
    Create { resource: usize, with: Template },
    /// Starts a job: makes its record, with one task for each element of one of its arguments.
    StartJob { job: usize, with: Template },
}

/// Work that goes on after the answer.
#[derive(Debug)]
pub(crate) struct Job {
    /// Its name in the behavior file.
    pub(crate) name: Arc<str>,
    /// The resource that keeps its records.
    pub(crate) record: usize,
    /// The argument that is a list: one task for each of its elements.
    pub(crate) for_each: String,
    /// The time over which tasks fall due.
    pub(crate) over: Expression,
    /// What a task does.
    pub(crate) effect: Effect,
    /// Where it stands, for the log: `eraseUserData, specs/x/behavior.yaml:90`.
    pub(crate) label: Arc<str>,
}

/// Why an effect cannot be planned.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// A record that would go is still referred to along a `restrict` relation.
    Restricted { resource: usize, relation: usize },
    /// The behavior file asks for something that cannot be.
    Fault(String),
}

impl From<crate::expression::Failure> for Stopped {
    fn from(failure: crate::expression::Failure) -> Self {
        Self::Fault(failure.to_string())
    }
}

/// What effects are planned on: the records of one moment, and what is needed to make new ones.
pub(crate) struct Planner<'p> {
    pub(crate) snapshot: &'p Arc<Snapshot>,
    pub(crate) jobs: &'p [Job],
    /// What the schemas of records may refer to.
    pub(crate) schemas: &'p Schemas,
    pub(crate) ids: &'p mut Ids,
    pub(crate) now: Timestamp,
    /// The first record that an update names, changed or not.
    pub(crate) updated: Option<(usize, Key)>,
}

impl Planner<'_> {
    /// The changes that an effect makes.
    pub(crate) fn plan(&mut self, effect: &Effect, scope: &Value) -> Result<Vec<Change>, Stopped> {
        match effect {
            Effect::None => Ok(Vec::new()),
            Effect::Delete(targets) => self.delete(&targets.eval(scope)?, scope),
            Effect::Update { targets, set } => self.update(&targets.eval(scope)?, set, scope),
            Effect::Create { resource, with } => match with.render(scope)? {
                Json::Object(fields) => self.create(*resource, fields),
                other => Err(Stopped::Fault(format!("a record is an object, not `{other}`"))),
            },
            Effect::StartJob { job, with } => match with.render(scope)? {
                Json::Object(args) => self.start_job(&self.jobs[*job], args, scope),
                other => Err(Stopped::Fault(format!("arguments are an object, not `{other}`"))),
            },
        }
    }

    pub(crate) fn delete(&self, targets: &Value, scope: &Value) -> Result<Vec<Change>, Stopped> {
        let targets = targets_of(targets)?;
        let store = &self.snapshot.store;
        let mut update = |resource: usize, relation: usize, record: &Record| {
            let Some(template) = &self.snapshot.shapes[resource].updates[relation] else {
                return Ok(Map::new());
            };
            let record = from_json(&Json::Object(record.fields().into_owned()));
            match template.render(&Overlay::over(scope, vec![("record", record)]))? {
                Json::Object(set) => Ok(set),
                other => Err(Stopped::Fault(format!("`update` sets properties, not `{other}`"))),
            }
        };
        let changes =
            store.plan_delete(&targets, &mut update).map_err(|refused| match refused {
                Refused::Restricted { place: (resource, relation), .. } => {
                    Stopped::Restricted { resource, relation }
                }
                Refused::Update(stopped) => stopped,
                Refused::Broken(error) => Stopped::Fault(error.to_string()),
            })?;
        self.held(changes)
    }

    /// The changes, if each record that they write fits its schema.
    fn held(&self, mut changes: Vec<Change>) -> Result<Vec<Change>, Stopped> {
        let shapes = &self.snapshot.shapes;
        let Some((index, problems)) = first_misfit(shapes, self.schemas, &mut changes) else {
            return Ok(changes);
        };
        let Change { resource, key, .. } = &changes[index];
        let (name, told) = (&shapes[*resource].name, told(&problems));
        Err(Stopped::Fault(format!("record `{key}` of `{name}` would not fit its schema: {told}")))
    }

    fn update(
        &mut self,
        targets: &Value,
        set: &Template,
        scope: &Value,
    ) -> Result<Vec<Change>, Stopped> {
        let mut edits = Vec::new();
        let targets = targets_of(targets)?;
        self.updated = targets.first().cloned();
        for (resource, key) in targets {
            let record = self.snapshot.record(resource, &key);
            match set.render(&Overlay::over(scope, vec![("record", record)]))? {
                Json::Object(properties) => edits.push(Edit::Update { resource, key, properties }),
                other => {
                    return Err(Stopped::Fault(format!("`set` sets properties, not `{other}`")));
                }
            }
        }
        let changes = self.snapshot.store.plan(edits);
        self.held(changes.map_err(|error| Stopped::Fault(error.to_string()))?)
    }

    fn create(
        &mut self,
        resource: usize,
        mut fields: Map<String, Json>,
    ) -> Result<Vec<Change>, Stopped> {
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
        let changes = store.plan_insert(resource, fields);
        self.held(changes.map_err(|error| Stopped::Fault(error.to_string()))?)
    }

    fn start_job(
        &mut self,
        job: &Job,
        mut args: Map<String, Json>,
        scope: &Value,
    ) -> Result<Vec<Change>, Stopped> {
        let Some(Json::Array(elements)) = args.shift_remove(&job.for_each) else {
            return Err(Stopped::Fault(format!(
                "the argument `{}` of a job is no list",
                job.for_each
            )));
        };
        if elements.len() > jobs::TASKS_MAX {
            let message =
                format!("a job has at most {} tasks, not {}", jobs::TASKS_MAX, elements.len());
            return Err(Stopped::Fault(message));
        }
        let over_ms = duration_ms(&job.over.eval(scope)?).map_err(Stopped::Fault)?;
        self.create(job.record, jobs::start(&job.name, &args, &elements, over_ms, self.now))
    }
}

/// The records that an expression names: none, one, or a list.
fn targets_of(value: &Value) -> Result<Vec<(usize, Key)>, Stopped> {
    if let Some(record) = value.downcast_object_ref::<RecordValue>() {
        return Ok(vec![(record.resource, record.key.clone())]);
    }
    if let Some(list) = value.downcast_object_ref::<RecordList>() {
        return Ok(list.keys.iter().map(|key| (list.resource, key.clone())).collect());
    }
    if value.is_none() || value.is_undefined() {
        return Ok(Vec::new());
    }
    let items = value.try_iter().map_err(|_| Stopped::Fault(format!("`{value}` is no record")))?;
    items.map(|item| targets_of(&item)).collect::<Result<Vec<_>, _>>().map(|lists| lists.concat())
}

/// A time span: a number of seconds, or text such as `10s`, `5m` or `PT24H`.
pub(crate) fn duration_ms(value: &Value) -> Result<i64, String> {
    let parsed = match value.as_str() {
        Some(text) => crate::clock::parse_duration_ms(text),
        None => value.as_i64().and_then(|seconds| seconds.checked_mul(1_000)),
    };
    parsed
        .filter(|ms| *ms >= 0)
        .ok_or_else(|| format!("`{value}` is no duration such as `10s`, `5m` or `24h`"))
}

/// `outcome` in a rule's templates: what its effect did.
pub(crate) struct Outcome {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) changes: Arc<[Change]>,
    /// The first record that an update names. It is not among the changes where it had these values already.
    pub(crate) updated: Option<(usize, Key)>,
}

/// What can be read of `outcome`.
pub(crate) const OUTCOME: [&str; 5] = ["deleted", "updated", "created", "record", "job"];

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outcome")
    }
}

impl Object for Outcome {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let counted = |hit: fn(&Change) -> bool| -> Value {
            let mut hits = BTreeMap::new();
            for change in self.changes.iter().filter(|change| hit(change)) {
                *hits
                    .entry(Arc::clone(&self.snapshot.shapes[change.resource].name))
                    .or_default() += 1;
            }
            Value::from_object(Counts { snapshot: Arc::clone(&self.snapshot), hits })
        };
        match key.as_str()? {
            "deleted" => Some(counted(|change| change.after.is_none())),
            "created" => Some(counted(|change| change.before.is_none())),
            "updated" => Some(counted(|change| change.before.is_some() && change.after.is_some())),
            "record" | "job" => self
                .changes
                .iter()
                .find_map(|change| change.after.as_ref())
                .or_else(|| {
                    let (resource, key) = self.updated.as_ref()?;
                    self.snapshot.store.get(*resource, key)
                })
                .map(|record| from_json(&Json::Object(record.fields().into_owned()))),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&OUTCOME)
    }
}

/// Records by resource, such as `outcome.deleted`: 0 can be read of those with none, and they are not listed.
struct Counts {
    snapshot: Arc<Snapshot>,
    hits: BTreeMap<Arc<str>, usize>,
}

impl fmt::Debug for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(&self.hits).finish()
    }
}

impl Object for Counts {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        self.snapshot.shapes.number(name)?;
        Some(self.hits.get(name).copied().unwrap_or(0).into())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.hits.keys().map(|name| Value::from(&**name)).collect())
    }
}
