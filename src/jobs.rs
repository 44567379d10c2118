//! Jobs: work that goes on after the answer, kept as a record so that everything that sees records sees it.
//!
//! Owns the shape of a job's record and when its tasks fall due. Must not know what a task does, nor where
//! records are kept.

use std::borrow::Cow;
use std::sync::Arc;

use imbl::Vector;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::clock::Timestamp;
use crate::memory::{members_bytes, value_bytes};

/// The property that says when the next task falls due, in milliseconds since the epoch; null when none is left.
pub const NEXT_DUE: &str = "next_due_ms";

/// The most tasks that one job can have: each is an entry of the journal when it is done.
pub const TASKS_MAX: usize = 2_000;

/// Every property of a job's record beside its key.
pub const PROPERTIES: [&str; 9] = [
    "job",
    "state",
    "args",
    "tasks",
    "tasks_count",
    "tasks_left",
    "created_at",
    "last_task_at",
    NEXT_DUE,
];

/// The properties that change as tasks are done.
const CHANGING: [&str; 5] = ["state", TASKS, "tasks_left", "last_task_at", NEXT_DUE];

/// The property with the list of tasks, which is as long as there are tasks.
pub const TASKS: &str = "tasks";

/// What a task can be: waiting, over, or never to be run.
pub const PHASES: [&str; 3] = ["pending", "done", CANCELED];

/// Returns true if a property of a job's record changes as its tasks are done.
pub fn is_changing(property: &str) -> bool {
    CHANGING.contains(&property)
}

/// Maximum memory of one task's state, with its share of the tree that it is in.
const TASK_STATE_BYTES: usize = 2 * size_of::<TaskState>();

/// What a job that goes on by one task takes beside what it shares with the job before: about two nodes of the tree
/// that the states of its tasks are in, which have room for 64 each.
const STEP_BYTES: usize = size_of::<JobRecord>() + 128 * size_of::<TaskState>();

/// The properties of a new job's record, without its key: one task for each of `elements`, falling due evenly
/// over `over_ms`, the last at its end.
pub fn start(
    job: &str,
    args: &Map<String, Value>,
    elements: &[Value],
    over_ms: i64,
    now: Timestamp,
) -> Map<String, Value> {
    let count = i64::try_from(elements.len()).unwrap_or(i64::MAX).max(1);
    let due = |nth: i64| {
        let wait = i128::from(over_ms) * i128::from(nth) / i128::from(count);
        now.plus_ms(i64::try_from(wait).unwrap_or(i64::MAX)).0
    };
    let tasks: Vec<Value> = (1..)
        .zip(elements)
        .map(|(nth, element)| {
            json!({ "value": element, "state": "pending", "due_ms": due(nth), "done_ms": null })
        })
        .collect();
    let first = (!elements.is_empty()).then(|| due(1));
    let mut record = Map::new();
    record.insert("job".into(), job.into());
    record.insert("state".into(), if tasks.is_empty() { SUCCEEDED } else { RUNNING }.into());
    record.insert("args".into(), Value::Object(args.clone()));
    record.insert("tasks_count".into(), tasks.len().into());
    record.insert("tasks_left".into(), tasks.len().into());
    record.insert("created_at".into(), now.to_rfc3339().into());
    record.insert("last_task_at".into(), Value::Null);
    record.insert(TASKS.into(), Value::Array(tasks));
    record.insert(NEXT_DUE.into(), first.into());
    record
}

const RUNNING: &str = "running";
const SUCCEEDED: &str = "succeeded";
const CANCELED: &str = "canceled";

/// The record of a job. A clone shares all but what a task changes, so that a job of many tasks costs no more for each
/// of them than a small one; as JSON it is written out when it is read.
#[derive(Clone, Debug)]
pub struct JobRecord {
    plan: Arc<JobPlan>,
    states: Vector<TaskState>,
    /// Number of pending tasks.
    pending: usize,
    /// The place of the first task that is pending.
    next: usize,
    progress: Progress,
}

/// The parts of a job that never change.
#[derive(Debug)]
pub struct JobPlan {
    /// The record's properties in their order; null where they change.
    fields: Map<String, Value>,
    tasks: Box<[Task]>,
    /// About what all of it takes.
    bytes: usize,
}

#[derive(Debug, PartialEq)]
struct Task {
    value: Value,
    due: Timestamp,
}

/// The properties that change, but for the list of tasks.
#[derive(Clone, Debug, PartialEq)]
struct Progress {
    state: Value,
    tasks_left: Value,
    last_task_at: Value,
    next_due: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TaskState {
    phase: Phase,
    done_ms: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Pending,
    Done,
    Canceled,
}

impl Phase {
    fn read(text: &str) -> Option<Self> {
        [Self::Pending, Self::Done, Self::Canceled].into_iter().find(|one| one.name() == text)
    }

    fn name(self) -> &'static str {
        PHASES[self as usize]
    }
}

impl JobPlan {
    /// The job's name in the behavior file.
    pub fn job(&self) -> &str {
        self.fields.get("job").and_then(Value::as_str).unwrap_or_default()
    }

    /// The names of the job's arguments; the list that its tasks come from is not among them.
    pub fn args(&self) -> impl Iterator<Item = &String> {
        self.fields.get("args").and_then(Value::as_object).into_iter().flat_map(Map::keys)
    }

    /// An argument by its name.
    pub fn arg(&self, name: &str) -> Option<&Value> {
        self.fields.get("args")?.get(name)
    }
}

impl PartialEq for JobRecord {
    fn eq(&self, other: &Self) -> bool {
        let is_same_plan = || {
            Arc::ptr_eq(&self.plan, &other.plan)
                || self.plan.fields == other.plan.fields && self.plan.tasks == other.plan.tasks
        };
        self.progress == other.progress && is_same_plan() && self.states == other.states
    }
}

/// A job whose next task is due.
#[derive(Clone, Debug)]
pub struct DueTask {
    /// The job.
    pub plan: Arc<JobPlan>,
    /// Which of the tasks, counted from 0.
    pub index: usize,
    /// When it falls due.
    pub due: Timestamp,
}

impl DueTask {
    /// The element that the task is for.
    pub fn element(&self) -> &Value {
        &self.plan.tasks[self.index].value
    }
}

impl JobRecord {
    /// The job's record with these properties; they come back where they are not those of one as this program writes it.
    pub fn read(fields: Map<String, Value>) -> Result<Self, Map<String, Value>> {
        let is_whole = PROPERTIES.iter().all(|name| fields.contains_key(*name));
        let tasks = fields.get(TASKS).and_then(Value::as_array);
        let are_whole = tasks.is_some_and(|tasks| {
            tasks.iter().all(|task| task.as_object().is_some_and(|task| task.len() == 4))
        });
        match Self::adopt(&fields) {
            Some(read) if is_whole && are_whole && read.to_fields() == fields => Ok(read),
            _ => Err(fields),
        }
    }

    /// Reads a job from an imported record, as far as it can continue; what tasks need not have is made up.
    pub fn adopt(fields: &Map<String, Value>) -> Option<Self> {
        fields.get("job")?.as_str()?;
        fields.get("args")?.as_object()?;
        let (mut tasks, mut states) = (Vec::new(), Vector::new());
        for task in fields.get(TASKS)?.as_array()? {
            let phase = Phase::read(task.get("state")?.as_str()?)?;
            let due = Timestamp(task.get("due_ms")?.as_i64()?);
            tasks.push(Task { value: task.get("value")?.clone(), due });
            let done_ms = task.get("done_ms").and_then(Value::as_i64);
            states.push_back(TaskState { phase, done_ms });
        }
        let value = |name: &str| fields.get(name).cloned().unwrap_or_default();
        let progress = Progress {
            state: value("state"),
            tasks_left: value("tasks_left"),
            last_task_at: value("last_task_at"),
            next_due: value(NEXT_DUE),
        };
        let mut fixed = fields.clone();
        for name in CHANGING {
            fixed.insert(name.to_owned(), Value::Null);
        }
        let bytes = members_bytes(&fixed)
            + tasks.iter().map(|task| size_of::<Task>() + value_bytes(&task.value)).sum::<usize>()
            + tasks.len() * TASK_STATE_BYTES;
        let plan = JobPlan { fields: fixed, tasks: tasks.into(), bytes };
        let is_pending = |state: &TaskState| state.phase == Phase::Pending;
        let pending = states.iter().filter(|state| is_pending(state)).count();
        let next = states.iter().position(is_pending).unwrap_or(states.len());
        Some(Self { plan: Arc::new(plan), states, pending, next, progress })
    }

    /// The parts that never change.
    pub fn plan(&self) -> &Arc<JobPlan> {
        &self.plan
    }

    /// About what it takes, with all that it shares.
    pub fn bytes(&self) -> usize {
        STEP_BYTES + self.plan.bytes
    }

    /// About what it takes beside its [plan](JobRecord::plan), which its successors share.
    pub fn own_bytes(&self) -> usize {
        STEP_BYTES
    }

    /// The names of its properties, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.plan.fields.keys().map(String::as_str)
    }

    /// One of its properties.
    pub fn get(&self, name: &str) -> Option<Cow<'_, Value>> {
        if name == TASKS {
            return Some(Cow::Owned(self.tasks()));
        }
        self.progress.get(name).or_else(|| self.plan.fields.get(name)).map(Cow::Borrowed)
    }

    /// All of its properties.
    pub fn to_fields(&self) -> Map<String, Value> {
        let mut fields = self.plan.fields.clone();
        for name in CHANGING {
            let value = self.get(name).map(Cow::into_owned);
            fields.insert(name.to_owned(), value.unwrap_or_default());
        }
        fields
    }

    /// All of its properties but the list of tasks.
    pub fn to_fields_without_tasks(&self) -> Map<String, Value> {
        let name = |name: &&str| *name != TASKS;
        let value = |name| Some((str::to_owned(name), self.get(name)?.into_owned()));
        self.names().filter(name).filter_map(value).collect()
    }

    fn tasks(&self) -> Value {
        let task = |(Task { value, due }, state): (&Task, &TaskState)| json!({ "value": value, "state": state.phase.name(), "due_ms": due.0, "done_ms": state.done_ms });
        self.plan.tasks.iter().zip(&self.states).map(task).collect()
    }

    /// Its next task, if one is left.
    pub fn next_task(&self) -> Option<DueTask> {
        let task = self.plan.tasks.get(self.next)?;
        Some(DueTask { plan: Arc::clone(&self.plan), index: self.next, due: task.due })
    }

    /// The job after its next task was done at `done`.
    #[must_use]
    pub fn finished(&self, done: Timestamp) -> Self {
        let mut record = self.clone();
        if let Some(state) = record.states.get_mut(self.next) {
            *state = TaskState { phase: Phase::Done, done_ms: Some(done.0) };
            record.pending -= 1;
        }
        record.progress.last_task_at = done.to_rfc3339().into();
        let is_pending = |place: &usize| {
            self.states.get(*place).is_some_and(|state| state.phase == Phase::Pending)
        };
        let end = self.states.len();
        record.next = (self.next + 1..end).find(is_pending).unwrap_or(end);
        record.settled(SUCCEEDED)
    }

    /// The job when its remaining tasks will never be run.
    #[must_use]
    pub fn canceled(&self) -> Self {
        let mut record = self.clone();
        for state in &mut record.states {
            if state.phase == Phase::Pending {
                state.phase = Phase::Canceled;
            }
        }
        (record.pending, record.next) = (0, record.states.len());
        record.settled(CANCELED)
    }

    /// Brings what follows from the list of tasks into line with it; `end` is the state where none is left.
    fn settled(mut self, end: &str) -> Self {
        let due = self.plan.tasks.get(self.next).map(|task| task.due.0);
        self.progress.tasks_left = self.pending.into();
        self.progress.state = if self.pending == 0 { end } else { RUNNING }.into();
        self.progress.next_due = due.into();
        self
    }
}

impl Progress {
    fn get(&self, name: &str) -> Option<&Value> {
        Some(match name {
            "state" => &self.state,
            "tasks_left" => &self.tasks_left,
            "last_task_at" => &self.last_task_at,
            NEXT_DUE => &self.next_due,
            _ => return None,
        })
    }
}

/// The properties of a record that should be a job's and has no task that can be run: nothing of it is due any more.
#[must_use]
pub fn end(mut record: Map<String, Value>) -> Map<String, Value> {
    for task in record.get_mut(TASKS).and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(task) =
            task.as_object_mut().filter(|task| task.get("state") == Some(&"pending".into()))
        {
            task.insert("state".into(), CANCELED.into());
        }
    }
    record.insert("tasks_left".into(), 0.into());
    record.insert("state".into(), CANCELED.into());
    record.insert(NEXT_DUE.into(), Value::Null);
    record
}

/// The state of a job and of its tasks, as it is read. A property that its record lacks is null.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct JobProgress {
    /// Its name in the behavior file.
    pub job: Option<Value>,
    /// `running`, `succeeded` or `canceled`.
    pub state: Option<Value>,
    /// The values that it was started with.
    pub args: Option<Value>,
    /// When it was started (RFC 3339).
    pub created_at: Option<Value>,
    /// When its last task was run (RFC 3339).
    pub last_task_at: Option<Value>,
    /// When its next task is due (RFC 3339).
    pub next_due_at: Option<String>,
    /// How many tasks it has.
    pub tasks_count: Option<Value>,
    /// How many tasks are left.
    pub tasks_left: Option<Value>,
    /// Its tasks, in order.
    pub tasks: Vec<TaskProgress>,
}

/// The state of a task.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TaskProgress {
    /// The value that it is about.
    pub value: Value,
    /// `pending`, `done` or `canceled`.
    pub state: Value,
    /// When it is due (RFC 3339).
    pub due_at: Option<String>,
    /// When it was done (RFC 3339).
    pub done_at: Option<String>,
}

/// The state of the job in a record.
pub fn view(record: &Map<String, Value>) -> JobProgress {
    let time = |ms: &Value| ms.as_i64().map(|ms| Timestamp(ms).to_rfc3339());
    let get = |name: &str| record.get(name).cloned();
    let tasks = record.get(TASKS).and_then(Value::as_array).into_iter().flatten();
    let tasks = tasks.map(|task| TaskProgress {
        value: task["value"].clone(),
        state: task["state"].clone(),
        due_at: time(&task["due_ms"]),
        done_at: time(&task["done_ms"]),
    });
    JobProgress {
        job: get("job"),
        state: get("state"),
        args: get("args"),
        created_at: get("created_at"),
        last_task_at: get("last_task_at"),
        next_due_at: record.get(NEXT_DUE).and_then(time),
        tasks_count: get("tasks_count"),
        tasks_left: get("tasks_left"),
        tasks: tasks.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(elements: &[Value]) -> Map<String, Value> {
        let args = json!({ "users": ["u1"] }).as_object().unwrap().clone();
        start("erase", &args, elements, 10_000, Timestamp(1_000))
    }

    #[test]
    fn tasks_fall_due_evenly_and_the_last_at_the_end() {
        let record = job(&[json!("a"), json!("b"), json!("c"), json!("d")]);
        let due: Vec<_> =
            record["tasks"].as_array().unwrap().iter().map(|t| &t["due_ms"]).collect();
        assert_eq!(due, [3_500, 6_000, 8_500, 11_000]);
        assert_eq!(record[NEXT_DUE], 3_500);
        assert_eq!(record["tasks_left"], 4);
    }

    fn record(fields: &Map<String, Value>) -> JobRecord {
        JobRecord::read(fields.clone()).unwrap()
    }

    #[test]
    fn a_job_without_tasks_is_done_at_once() {
        let fields = job(&[]);
        assert_eq!(fields["state"], "succeeded");
        assert_eq!(fields[NEXT_DUE], Value::Null);
        assert!(record(&fields).next_task().is_none());
    }

    #[test]
    fn finishing_the_last_task_finishes_the_job() {
        let fields = job(&[json!("a"), json!("b")]);
        let mut record = record(&fields);
        assert_eq!(record.to_fields(), fields);
        for expected in ["a", "b"] {
            let task = record.next_task().unwrap();
            assert_eq!(task.element(), expected);
            record = record.finished(task.due);
        }
        let fields = record.to_fields();
        assert_eq!((&fields["state"], &fields["tasks_left"]), (&json!("succeeded"), &json!(0)));
        assert_eq!(fields["last_task_at"], "1970-01-01T00:00:11.000Z");
        assert_eq!(
            fields["tasks"][1],
            json!({ "value": "b", "state": "done", "due_ms": 11_000, "done_ms": 11_000 })
        );
        assert!(record.next_task().is_none());
        assert_eq!(JobRecord::read(fields).unwrap(), record);
    }

    #[test]
    fn a_job_that_goes_on_shares_all_but_what_changes() {
        let elements: Vec<Value> =
            (0..2_000).map(|number| json!(format!("{number:0100}"))).collect();
        let first = record(&job(&elements));
        let next = first.finished(Timestamp(1));
        assert!(Arc::ptr_eq(first.plan(), next.plan()) && first != next);
        assert!(first.bytes() > 2_000 * 100 && next.own_bytes() < 10_000);
        assert_eq!(first.names().collect::<Vec<_>>(), first.to_fields().keys().collect::<Vec<_>>());
    }

    #[test]
    fn what_is_left_of_a_canceled_job_is_never_run() {
        let elements = [json!("a"), json!("b")];
        let canceled = record(&job(&elements)).finished(Timestamp(1)).canceled();
        let fields = canceled.to_fields();
        let states: Vec<_> = (0..2).map(|place| &fields["tasks"][place]["state"]).collect();
        assert_eq!(states, ["done", "canceled"]);
        assert_eq!((&fields["state"], &fields[NEXT_DUE]), (&json!("canceled"), &Value::Null));
        assert!(canceled.next_task().is_none());
    }

    #[test]
    fn a_record_that_somebody_else_made_is_kept_as_it_is_until_it_goes_on() {
        let given = json!({ "job": "erase", "args": {}, "note": 1, "tasks": [
            { "value": "a", "state": "done", "due_ms": 1, "done_ms": 2 },
            { "value": "b", "state": "pending", "due_ms": 3 },
        ] });
        let given = given.as_object().unwrap();
        assert_eq!(JobRecord::read(given.clone()), Err(given.clone()));
        let record = JobRecord::adopt(given).unwrap();
        assert_eq!(record.next_task().unwrap().element(), "b");
        let done = record.finished(Timestamp(4)).to_fields();
        assert_eq!((&done["note"], &done["tasks"][1]["done_ms"]), (&json!(1), &json!(4)));
        for unfit in
            [json!({}), json!({ "job": "x", "args": {}, "tasks": [{ "state": "pending" }] })]
        {
            assert!(JobRecord::adopt(unfit.as_object().unwrap()).is_none(), "{unfit}");
        }
    }

    #[test]
    fn every_property_is_listed() {
        let mut names: Vec<_> = job(&[]).keys().cloned().collect();
        names.sort();
        let mut listed = PROPERTIES.map(str::to_owned).to_vec();
        listed.sort();
        assert_eq!(names, listed);
    }

    #[test]
    fn a_duration_without_end_does_not_overflow() {
        let args = Map::new();
        let record = start("erase", &args, &[json!(1), json!(2)], i64::MAX, Timestamp(i64::MAX));
        assert_eq!(record[NEXT_DUE], i64::MAX);
    }
}
