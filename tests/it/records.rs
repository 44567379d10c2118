//! What rules and tests write: held to the resource's schema whoever writes it, with keys that are made up, and what is
//! absent left out.

use expect_test::expect;
use http::Request;
use serde_json::{Value, json};
use tombstone::journal::Back;
use tombstone::{Builder, Sandbox, Tombstone};

use crate::support::Folder;

const CONTRACT: &str = r#"openapi: 3.0.3
info: { title: Tracker, version: '1' }
paths:
  /projects:
    post:
      operationId: createProject
      requestBody: { content: { application/json: { schema: { $ref: '#/components/schemas/ProjectIn' } } } }
      responses: { '201': { description: The project, content: { application/json: { schema: { $ref: '#/components/schemas/Project' } } } } }
  /projects/{id}:
    parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
    patch:
      operationId: changeProject
      requestBody: { content: { application/json: { schema: { $ref: '#/components/schemas/ProjectIn' } } } }
      responses: { '200': { description: The project, content: { application/json: { schema: { $ref: '#/components/schemas/Project' } } } } }
    delete:
      operationId: deleteProject
      responses: { '204': { description: It is gone. } }
  /tasks:
    get:
      operationId: listTasks
      responses: { '200': { description: The tasks, content: { application/json: { schema: { type: array, items: { $ref: '#/components/schemas/Task' } } } } } }
    post:
      operationId: createTask
      requestBody: { content: { application/json: { schema: { type: object } } } }
      responses: { '201': { description: The task, content: { application/json: { schema: { $ref: '#/components/schemas/Task' } } } } }
components:
  schemas:
    ProjectIn: { type: object, properties: { name: { type: string }, note: { type: string, nullable: true }, budget: { type: integer } } }
    Project:
      type: object
      required: [id, name]
      properties: { id: { type: integer }, name: { type: string }, note: { type: string, nullable: true }, budget: { type: integer, minimum: 1 } }
    Task:
      type: object
      required: [id, title]
      properties: { id: { type: string, format: uuid }, title: { type: string }, project_id: { type: integer }, state: { type: string } }
"#;

const BEHAVIOR: &str = r#"tombstone: 1
resources:
  projects: { key: id, schema: { $ref: '#/components/schemas/Project' } }
  tasks:
    key: id
    schema: { $ref: '#/components/schemas/Task' }
    belongs_to: { project: { resource: projects, by: project_id, on_delete: unlink } }
  labels:
    key: id
    schema:
      type: object
      required: [id]
      properties: { id: { type: string, pattern: '^l-[0-9]+$' }, colour: { type: string, nullable: true }, of: { $ref: '#/components/schemas/Project' } }
operations:
  createProject:
    rules:
      - create: projects
        with: { name: '{{ body.name or "new" }}', note: '{{ body.note }}', budget: '{{ body.budget }}' }
        respond: 201
        body: '{{ outcome.record }}'
  changeProject:
    rules:
      - { update: 'projects[path.id]', set: { name: '{{ body.name }}', note: '{{ body.note }}', budget: '{{ body.budget }}' }, respond: 200, body: '{{ outcome.record }}' }
  deleteProject:
    rules: [{ delete: 'projects[path.id]', respond: 204 }]
  listTasks:
    rules: [{ respond: 200, body: { $for: task in tasks.all(), $value: { id: '{{ task.id }}', title: '{{ task.title }}', state: '{{ task.state }}' } } }]
  createTask:
    rules:
      - create: tasks
        with: { title: '{{ body.title }}', project_id: '{{ body.project_id }}' }
        respond: 201
        body: '{{ outcome.record }}'
"#;

const FIXTURES: &str = "tombstone: 1
records:
  projects: [{ id: 3, name: A, budget: 5 }, { id: 7, name: B }]
  tasks: [{ id: 8d2b1d9a-0f6f-4b7e-9a57-3e2c1c0f2b11, title: x, project_id: 3 }]
";

struct Tracker {
    sandbox: Sandbox,
    _tombstone: Tombstone,
    _folder: Folder,
}

fn builder(folder: &Folder) -> Builder {
    folder.write("specs/tracker/openapi.yaml", CONTRACT);
    folder.write("specs/tracker/behavior.yaml", BEHAVIOR);
    folder.write("fixtures/tracker/default.yaml", FIXTURES);
    let builder = Tombstone::builder();
    let builder = builder.specs(folder.path.join("specs")).fixtures(folder.path.join("fixtures"));
    builder.provider("tracker")
}

impl Tracker {
    fn new(name: &str) -> Self {
        let folder = Folder::new(name);
        let tombstone = builder(&folder).in_process().unwrap();
        let sandbox = tombstone.sandbox("default").unwrap();
        Self { sandbox, _tombstone: tombstone, _folder: folder }
    }

    fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}{path}", self.sandbox.url_of("tracker"));
        let request = Request::builder().method(method).uri(url);
        let request = request.header("content-type", "application/json");
        let answer = self.sandbox.call(request.body(body.to_string()).unwrap());
        let body = serde_json::from_slice(answer.body()).unwrap_or_default();
        (answer.status().as_u16(), body)
    }

    fn created(&self, body: Value) -> Value {
        let (status, body) = self.call("POST", "/projects", body);
        assert_eq!(status, 201, "{body}");
        body["id"].clone()
    }
}

#[test]
fn whole_number_keys_count_on_and_are_not_given_twice() {
    let tracker = Tracker::new("records-numbers");
    assert_eq!([tracker.created(json!({})), tracker.created(json!({}))], [8, 9]);
    assert_eq!(tracker.call("DELETE", "/projects/9", Value::Null).0, 204);
    assert_eq!(tracker.created(json!({})), 10, "what was deleted is not given again");
    tracker.sandbox.undo_to(Back::Steps(1)).unwrap();
    assert_eq!(tracker.created(json!({})), 10, "what was undone never was");
    tracker.sandbox.undo_to(Back::Steps(4)).unwrap();
    assert_eq!(tracker.created(json!({})), 8);
    tracker.sandbox.records("tracker", "projects").put("40", json!({ "name": "by hand" })).unwrap();
    assert_eq!(tracker.created(json!({})), 41, "what a test puts there counts");
    let state = tracker.sandbox.state().unwrap();
    assert_eq!(tracker.call("DELETE", "/projects/41", Value::Null).0, 204);
    let deleted = tracker.sandbox.state().unwrap();
    assert_eq!(deleted["providers"]["tracker"]["last_numbers"], json!({ "projects": 41 }));
    tracker.sandbox.restore(deleted).unwrap();
    assert_eq!(tracker.created(json!({})), 42, "it outlives the process");
    tracker.sandbox.restore(state).unwrap();
    assert_eq!(tracker.created(json!({})), 42);
}

#[test]
fn what_is_absent_stays_absent_and_null_stays_null() {
    let tracker = Tracker::new("records-absent");
    let made = |body| tracker.call("POST", "/projects", body).1;
    assert_eq!(made(json!({ "name": "n" })), json!({ "id": 8, "name": "n" }));
    assert_eq!(made(json!({ "note": null })), json!({ "id": 9, "name": "new", "note": null }));
    let changed = tracker.call("PATCH", "/projects/3", json!({ "note": "x" })).1;
    assert_eq!(changed, json!({ "id": 3, "name": "A", "budget": 5, "note": "x" }));
    let again = tracker.call("PATCH", "/projects/3", json!({ "note": "x" }));
    assert_eq!(again, (200, changed), "what is so already is answered as well");
    let listed = tracker.call("GET", "/tasks", Value::Null).1;
    assert_eq!(listed, json!([{ "id": "8d2b1d9a-0f6f-4b7e-9a57-3e2c1c0f2b11", "title": "x" }]));
    assert_eq!(tracker.call("DELETE", "/projects/3", Value::Null).0, 204);
    let task = tracker.sandbox.records("tracker", "tasks").list().unwrap();
    // The schema has no null there.
    assert_eq!(
        json!(task),
        json!([{ "id": "8d2b1d9a-0f6f-4b7e-9a57-3e2c1c0f2b11", "title": "x" }])
    );
}

#[test]
fn a_record_that_does_not_fit_is_not_written_by_whomever() {
    let tracker = Tracker::new("records-unfit");
    let before = tracker.sandbox.state().unwrap()["providers"].clone();
    let mut told = Vec::new();
    for (method, path, body) in [
        ("POST", "/projects", json!({ "budget": -5 })),
        ("PATCH", "/projects/3", json!({ "budget": 0 })),
        ("POST", "/tasks", json!({ "project_id": 3 })),
        ("POST", "/tasks", json!({ "title": 1, "project_id": 3 })),
    ] {
        let (status, problem) = tracker.call(method, path, body);
        assert_eq!(status, 500, "{problem}");
        let detail = problem["detail"].as_str().unwrap().to_owned();
        let (place, what) = detail.split_once(": ").unwrap();
        let place = place.rsplit('/').next().unwrap();
        told.push(format!("{place}: {what}"));
    }
    expect![[r#"
        behavior.yaml:17: record `8` of `projects` would not fit its schema: at `/budget`: -5 is less than the minimum of 1
        behavior.yaml:23: record `3` of `projects` would not fit its schema: at `/budget`: 0 is less than the minimum of 1
        behavior.yaml:30: record `abb78b80-3e98-46dd-b7ce-27eec78950c9` of `tasks` would not fit its schema: "title" is a required property
        behavior.yaml:30: record `abb78b80-3e98-46dd-b7ce-27eec78950c9` of `tasks` would not fit its schema: at `/title`: 1 is not of type "string""#]].assert_eq(&told.join("\n"));
    let records = tracker.sandbox.records("tracker", "projects");
    assert!(records.put("50", json!({ "name": "x", "budget": 0 })).is_err());
    assert!(records.patch("3", json!({ "budget": 0 })).is_err());
    let labels = tracker.sandbox.records("tracker", "labels");
    labels.put("l-1", json!({ "colour": null, "of": { "id": 1, "name": "x" } })).unwrap();
    assert!(labels.put("l-2", json!({ "colour": 2 })).is_err());
    assert!(labels.put("l-2", json!({ "of": { "id": "1" } })).is_err());
    labels.delete("l-1").unwrap();
    assert_eq!(tracker.sandbox.state().unwrap()["providers"], before);
}

/// What is wrong with the files when this is in the place of that.
fn found(name: &str, changes: &[(&str, &str)]) -> String {
    let folder = Folder::new(name);
    let builder = builder(&folder);
    let behavior = changes.iter().fold(BEHAVIOR.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "`{old}` is not in the file");
        text.replace(old, new)
    });
    folder.write("specs/tracker/behavior.yaml", &behavior);
    let told = builder.in_process().map_or_else(|error| error.to_string(), |_| String::new());
    told.replace(&format!("{}/specs/tracker/", folder.path.display()), "")
}

#[test]
fn what_no_record_can_fit_is_found_before_anything_is_served() {
    let told = [
        found(
            "records-required",
            &[
                ("title: '{{ body.title }}', ", ""),
                (
                    "note: '{{ body.note }}', budget: '{{ body.budget }}' }\n        respond",
                    "nota: 1 }\n        respond",
                ),
            ],
        ),
        found(
            "records-unlink",
            &[(
                "schema: { $ref: '#/components/schemas/Task' }",
                "schema: { type: object, required: [id, project_id], properties: { id: { type: string }, title: { type: string }, project_id: { type: integer }, state: { type: string } } }",
            )],
        ),
    ];
    expect![[r#"
        the files cannot be honoured:
          behavior.yaml:18: error: the schema of `projects` has no property `nota` (did you mean `note`?)
          behavior.yaml:31: error: `title`, which the schema of `tasks` requires, is not given (add it)
        the files cannot be honoured:
          behavior.yaml:7: error: `unlink` takes `project_id` away, which the schema requires (allow null there, or use `cascade`, `restrict` or `keep`)"#]].assert_eq(&told.join("\n"));
}

#[test]
fn a_key_or_a_schema_that_cannot_be_used_is_found_before_anything_is_served() {
    let told = [
        found(
            "records-pattern",
            &[("projects: { key: id,", "projects: { key: { field: id, pattern: '[a-z]{9}' },")],
        ),
        found(
            "records-schema",
            &[(
                "of: { $ref: '#/components/schemas/Project' }",
                "of: { $ref: '#/components/schemas/Projekt' }",
            )],
        ),
        found(
            "records-key",
            &[
                ("pattern: '^l-[0-9]+$'", "format: date"),
                ("create: tasks", "create: labels"),
                ("title: '{{ body.title }}', project_id: '{{ body.project_id }}'", "colour: red"),
            ],
        ),
    ];
    expect![[r#"
        the files cannot be honoured:
          behavior.yaml:3: error: no value can be made up for `[a-z]{9}`: it makes up what is no whole number
        the files cannot be honoured:
          behavior.yaml:10: error: the schema cannot be used: Pointer '/components/schemas/Projekt' does not exist (mend it: until then nothing is held to it)
        the files cannot be honoured:
          behavior.yaml:31: error: `id`, a key of `labels`, is not given (add it: no key is made up of the format `date`, so that it is not made up)"#]].assert_eq(&told.join("\n"));
    let digits =
        ("projects: { key: id,", "projects: { key: { field: id, pattern: '[1-9][0-9]{5}' },");
    assert_eq!(found("records-digits", &[digits]), "");
}
