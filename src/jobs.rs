//! Jobs: work that goes on after the answer, kept as a record so that everything that sees records sees it.
//!
//! Owns the shape of a job's record and when its tasks fall due. Must not know what a task does, nor where
//! records are kept.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::clock::Timestamp;

/// The property that says when the next task falls due, in milliseconds since the epoch; null when none is left.
pub const NEXT_DUE: &str = "next_due_ms";

/// The most tasks that one job can have: each is kept in its record, which every task that is done writes anew.
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
    let tasks: Vec<Value> = (1..)
        .zip(elements)
        .map(|(nth, element)| {
            let wait = i128::from(over_ms) * i128::from(nth) / i128::from(count);
            let due = now.plus_ms(i64::try_from(wait).unwrap_or(i64::MAX));
            json!({ "value": element, "state": "pending", "due_ms": due.0, "done_ms": null })
        })
        .collect();
    let mut record = Map::new();
    record.insert("job".into(), job.into());
    record.insert("state".into(), "running".into());
    record.insert("args".into(), Value::Object(args.clone()));
    record.insert("tasks_count".into(), tasks.len().into());
    record.insert("tasks_left".into(), tasks.len().into());
    record.insert("created_at".into(), now.to_rfc3339().into());
    record.insert("last_task_at".into(), Value::Null);
    record.insert("tasks".into(), Value::Array(tasks));
    settle(&mut record);
    record
}

/// A job whose next task is due.
#[derive(Clone, Debug, PartialEq)]
pub struct DueTask {
    /// The job's name in the behavior file.
    pub job: String,
    /// The job's arguments as they were when it started.
    pub args: Map<String, Value>,
    /// Which of the tasks, counted from 0.
    pub index: usize,
    /// The element that the task is for.
    pub element: Value,
    /// When it falls due.
    pub due: Timestamp,
}

/// The next task of the job that `record` keeps; `None` when it has none left or is no job's record.
pub fn next_task(record: &Map<String, Value>) -> Option<DueTask> {
    let tasks = record.get("tasks")?.as_array()?;
    let (index, task) = tasks.iter().enumerate().find(|(_, task)| task["state"] == "pending")?;
    Some(DueTask {
        job: record.get("job")?.as_str()?.to_owned(),
        args: record.get("args")?.as_object()?.clone(),
        index,
        element: task.get("value")?.clone(),
        due: Timestamp(task.get("due_ms")?.as_i64()?),
    })
}

/// The job's record after its task `index` was done at `done`.
#[must_use]
pub fn finish_task(
    record: &Map<String, Value>,
    index: usize,
    done: Timestamp,
) -> Map<String, Value> {
    let mut record = record.clone();
    if let Some(task) = record.get_mut("tasks").and_then(|tasks| tasks.get_mut(index)) {
        task["state"] = "done".into();
        task["done_ms"] = done.0.into();
    }
    record.insert("last_task_at".into(), done.to_rfc3339().into());
    settle(&mut record);
    record
}

/// The job's record when its tasks that are left will never be run.
#[must_use]
pub fn cancel(record: &Map<String, Value>) -> Map<String, Value> {
    let mut record = record.clone();
    for task in record.get_mut("tasks").and_then(Value::as_array_mut).into_iter().flatten() {
        if task["state"] == "pending" {
            task["state"] = "canceled".into();
        }
    }
    settle(&mut record);
    record.insert("state".into(), "canceled".into());
    record
}

/// A job as somebody who looks at it wants it, with its times as RFC 3339 text.
pub fn view(record: &Map<String, Value>) -> Value {
    let time = |ms: &Value| ms.as_i64().map(|ms| Timestamp(ms).to_rfc3339());
    let tasks = record.get("tasks").and_then(Value::as_array).into_iter().flatten();
    let tasks: Vec<Value> = tasks
        .map(|task| {
            let (due, done) = (time(&task["due_ms"]), time(&task["done_ms"]));
            json!({ "value": task["value"], "state": task["state"], "due_at": due, "done_at": done })
        })
        .collect();
    json!({
        "job": record.get("job"),
        "state": record.get("state"),
        "args": record.get("args"),
        "created_at": record.get("created_at"),
        "last_task_at": record.get("last_task_at"),
        "next_due_at": record.get(NEXT_DUE).and_then(time),
        "tasks_count": record.get("tasks_count"),
        "tasks_left": record.get("tasks_left"),
        "tasks": tasks,
    })
}

/// Brings what follows from the list of tasks into line with it.
fn settle(record: &mut Map<String, Value>) {
    let pending: Vec<i64> = record
        .get("tasks")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|task| task["state"] == "pending")
        .filter_map(|task| task["due_ms"].as_i64())
        .collect();
    record.insert("tasks_left".into(), pending.len().into());
    record.insert("state".into(), if pending.is_empty() { "succeeded" } else { "running" }.into());
    record.insert(NEXT_DUE.into(), pending.first().copied().into());
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

    #[test]
    fn a_job_without_tasks_is_done_at_once() {
        let record = job(&[]);
        assert_eq!(record["state"], "succeeded");
        assert_eq!(record[NEXT_DUE], Value::Null);
        assert_eq!(next_task(&record), None);
    }

    #[test]
    fn finishing_the_last_task_finishes_the_job() {
        let mut record = job(&[json!("a"), json!("b")]);
        for expected in ["a", "b"] {
            let task = next_task(&record).unwrap();
            assert_eq!(task.element, expected);
            record = finish_task(&record, task.index, task.due);
        }
        assert_eq!(record["state"], "succeeded");
        assert_eq!(record["tasks_left"], 0);
        assert_eq!(record["last_task_at"], "1970-01-01T00:00:11.000Z");
        assert_eq!(next_task(&record), None);
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
