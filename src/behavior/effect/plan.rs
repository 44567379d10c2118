//! Planning effects one after the other, each on the records as those before it leave them.
//!
//! Must not know single effects.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::behavior::effect::outcome::{Made, MadeRecords};
use crate::behavior::overlay::Overlay;
use crate::behavior::record_schema::told;
use crate::behavior::records::{RecordList, RecordValue, Snapshot};
use crate::behavior::shape::Shapes;
use crate::clock::Timestamp;
use crate::expression::{Expression, Failure, Value, spend};
use crate::ids::Ids;
use crate::openapi::Schemas;
use crate::store::{Change, Key, Model, RecordError, Staged};

/// Steps of the request's budget that an effect for one element of a list takes: it is planned and staged by itself, which
/// takes as long as some hundred comparisons.
const ELEMENT_STEPS: usize = 200;

/// What a rule or a task changes.
pub(crate) trait Effect: fmt::Debug + Send + Sync {
    /// The changes that it makes, and the record that it creates or changes, where it is one.
    fn plan(&self, planner: &mut Planner<'_>, scope: &Value) -> Result<Planned, Stopped>;

    /// What it changes, in words.
    fn in_words(&self, shapes: &Shapes, jobs: &[Job]) -> String;

    /// The resource whose records it deletes, where it does and that is known.
    fn deletes(&self) -> Option<usize> {
        None
    }

    /// Whether it deletes records, or starts what may.
    fn can_delete(&self) -> bool {
        false
    }
}

/// One effect of several.
#[derive(Debug)]
pub(crate) struct Step {
    pub(super) effect: Box<dyn Effect>,
    /// What `made` calls the record that it creates or changes.
    pub(super) name: Option<Arc<str>>,
    /// The list that it is made for each element of, and the element's name.
    pub(super) each: Option<(Arc<str>, Expression)>,
    /// Where it is made.
    pub(super) when: Option<Expression>,
}

impl Step {
    /// What it changes, in words.
    pub(crate) fn in_words(&self, shapes: &Shapes, jobs: &[Job]) -> String {
        self.effect.in_words(shapes, jobs)
    }

    /// The resource whose records it deletes, where it does and that is known.
    pub(crate) fn deletes(&self) -> Option<usize> {
        self.effect.deletes()
    }

    /// Whether it deletes records, or starts what may.
    pub(crate) fn can_delete(&self) -> bool {
        self.effect.can_delete()
    }
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
    pub(crate) effects: Vec<Step>,
    /// Where it stands, for the log: `eraseUserData, specs/x/behavior.yaml:90`.
    pub(crate) label: Arc<str>,
}

/// The changes of one effect.
#[derive(Default)]
pub(crate) struct Planned {
    pub(super) changes: Vec<Change>,
    /// The resource and key of the record that it creates, or the first that it changes.
    pub(super) record: Option<(usize, Key)>,
}

/// The changes of all effects of a rule or a task, not yet committed.
pub(crate) struct Done {
    /// At most one for each record.
    pub(crate) changes: Arc<Staged>,
    /// The record that the first of them creates or changes.
    pub(crate) record: Option<(usize, Key)>,
    /// What they created and changed, by name.
    pub(crate) made: Value,
}

/// Why an effect cannot be planned.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// A record that would go is still referred to along a `restrict` relation.
    Restricted { resource: usize, relation: usize },
    /// What is asked for cannot be done on the records as they are.
    Conflict { reason: &'static str, resource: Arc<str>, message: String },
    /// The behavior file asks for something that cannot be.
    Fault(String),
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self::Fault(failure.to_string())
    }
}

impl From<RecordError> for Stopped {
    fn from(error: RecordError) -> Self {
        let (reason, resource) = match &error {
            RecordError::KeyTaken { resource, .. } => ("key_taken", resource),
            RecordError::UniqueTaken { resource, .. } => ("not_unique", resource),
            _ => return Self::Fault(error.to_string()),
        };
        Self::Conflict { reason, resource: Arc::clone(resource), message: error.to_string() }
    }
}

impl Stopped {
    /// Why, in words.
    pub(crate) fn message(self, shapes: &Shapes) -> String {
        match self {
            Self::Restricted { resource, .. } => {
                format!("`{}` restrict the deletion", shapes[resource].name)
            }
            Self::Conflict { message, .. } | Self::Fault(message) => message,
        }
    }
}

/// What effects are planned on: the records of one moment, and what is needed to make new ones.
pub(crate) struct Planner<'p> {
    /// The records as the effects so far leave them.
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) jobs: &'p [Job],
    /// What the schemas of records may refer to.
    pub(crate) schemas: &'p Schemas,
    pub(crate) ids: &'p mut Ids,
    pub(crate) now: Timestamp,
}

impl Planner<'_> {
    /// The changes that these effects make, in their order, each seeing what those before it made.
    pub(crate) fn run(mut self, steps: &[Step], scope: &Value) -> Result<Done, Stopped> {
        let before = Arc::clone(&self.snapshot);
        let mut run = Run::default();
        for step in steps {
            let scope = if run.made.is_empty() {
                scope.clone()
            } else {
                self.stage(&mut run)?;
                let made = Made::at(Arc::clone(&self.snapshot), run.made.clone());
                Overlay::over(scope, [("made", Value::from_object(made))])
            };
            let Some((name, list)) = &step.each else {
                self.step(step, &scope, &mut run)?;
                continue;
            };
            if let Some(name) = &step.name {
                run.made.push(MadeRecords::none(name));
            }
            let list = list.eval(&scope)?;
            let elements = list.try_iter();
            let elements = elements
                .map_err(|_| Stopped::Fault(format!("`for` needs a list, not `{list}`")))?;
            for element in elements {
                spend(ELEMENT_STEPS).map_err(|error| Stopped::Fault(error.to_string()))?;
                self.step(step, &Overlay::with(&scope, name, element), &mut run)?;
            }
        }
        let changes: Arc<[Change]> = run.changes.finish(before.store.model()).into();
        let changes = Arc::new(Staged::new(before.store.clone(), changes));
        let made = Value::from_object(Made::after(before, Arc::clone(&changes), run.made));
        Ok(Done { changes, record: run.first, made })
    }

    /// Plans one effect, once.
    fn step(&mut self, step: &Step, scope: &Value, run: &mut Run) -> Result<(), Stopped> {
        if let Some(when) = &step.when
            && !when.holds(scope)?
        {
            return Ok(());
        }
        self.stage(run)?;
        let Planned { changes, record } = step.effect.plan(self, scope)?;
        if let Some((resource, key)) = record {
            let own = step.name.clone();
            let name = own.unwrap_or_else(|| Arc::clone(&self.snapshot.shapes[resource].name));
            run.first.get_or_insert_with(|| (resource, key.clone()));
            run.add(name, step.each.is_some(), resource, key);
        }
        run.changes.add(changes.clone());
        run.unstaged = changes;
        Ok(())
    }

    /// Applies what the effects so far have changed to the records that the next one is planned on.
    fn stage(&mut self, run: &mut Run) -> Result<(), Stopped> {
        if run.unstaged.is_empty() {
            return Ok(());
        }
        let mut store = self.snapshot.store.clone();
        let committed = store.commit(&std::mem::take(&mut run.unstaged));
        committed.map_err(|conflict| Stopped::Fault(conflict.to_string()))?;
        self.snapshot = self.snapshot.with(store);
        Ok(())
    }

    /// The changes, if each record that they write fits its schema.
    pub(crate) fn held(&self, mut changes: Vec<Change>) -> Result<Vec<Change>, Stopped> {
        let shapes = &self.snapshot.shapes;
        let Some((index, problems)) = shapes.first_misfit(self.schemas, &mut changes) else {
            return Ok(changes);
        };
        let Change { resource, key, .. } = &changes[index];
        let (name, told) = (&shapes[*resource].name, told(&problems));
        Err(Stopped::Fault(format!("record `{key}` of `{name}` would not fit its schema: {told}")))
    }
}

/// What the effects so far have done.
#[derive(Default)]
struct Run {
    changes: Batch,
    /// Those of them that the planner's records do not have yet.
    unstaged: Vec<Change>,
    made: Vec<MadeRecords>,
    first: Option<(usize, Key)>,
}

impl Run {
    fn add(&mut self, name: Arc<str>, is_list: bool, resource: usize, key: Key) {
        match self.made.last_mut() {
            Some(list) if is_list => list.add(resource, key),
            _ => self.made.push(MadeRecords::one(name, resource, key)),
        }
    }
}

/// The changes of several effects as those of one.
#[derive(Default)]
struct Batch {
    changes: Vec<Change>,
    places: HashMap<(usize, Key), usize>,
}

impl Batch {
    fn add(&mut self, changes: Vec<Change>) {
        if self.changes.is_empty() {
            self.changes = changes;
            return;
        }
        if self.places.is_empty() {
            let places = self.changes.iter().enumerate();
            self.places = places
                .map(|(index, change)| ((change.resource, change.key.clone()), index))
                .collect();
        }
        for change in changes {
            let place = (change.resource, change.key.clone());
            match self.places.get(&place) {
                Some(index) => self.changes[*index].overtake(change),
                None => {
                    self.places.insert(place, self.changes.len());
                    self.changes.push(change);
                }
            }
        }
    }

    fn finish(mut self, model: &Model) -> Vec<Change> {
        // A record that came and went is remembered as deleted, where that is asked for.
        let is_remembered = |change: &Change| {
            change.after.is_none() && model.resources[change.resource].remembers_deleted
        };
        self.changes.retain(|change| change.before != change.after || is_remembered(change));
        self.changes
    }
}

/// The records that an expression names: none, one, or a list.
pub(super) fn targets_of(value: &Value) -> Result<Vec<(usize, Key)>, Stopped> {
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
