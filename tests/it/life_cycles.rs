//! Whole life cycles, said as data: the project tracker and the bank of the examples, walked as their users would.

use std::fmt::Write;

use expect_test::{Expect, expect};
use http::{HeaderMap, Request};
use serde_json::Value;
use tombstone::Tombstone;
use tombstone::embedded::Sandbox;
use tombstone::journal::Back;

const WEBSITE: &str = "/projects/5c0f1f7e-1a44-4d0b-8b1e-2f7f0c3a0001";

fn tracker() -> Tombstone {
    example("tracker")
}

fn example(name: &str) -> Tombstone {
    let builder = Tombstone::builder().specs("examples/specs").fixtures("examples/fixtures");
    let builder = builder.provider(name).seed(7);
    builder.clock_start("2030-01-01T00:00:00Z").clock_frozen().in_process().unwrap()
}

/// A call as `METHOD path`, then headers as `name: value` and a body, set off by ` | `; by Ada, unless they say another
/// `as`. `W` stands for the website's path, and `B` for the bank.
fn make(sandbox: &Sandbox, call: &str) -> (u16, HeaderMap, String) {
    let mut parts = call.split(" | ");
    let (method, path) = parts.next().unwrap().split_once(' ').unwrap();
    let path = path.strip_prefix("W").map_or(path.to_owned(), |rest| format!("{WEBSITE}{rest}"));
    let mut request = Request::builder().method(method);
    request = match path.strip_prefix('B') {
        Some(path) => request.uri(format!("{}{path}", sandbox.url_of("bank"))),
        None => request.uri(format!("{}/v1{path}", sandbox.url_of("tracker"))),
    };
    let (mut who, mut body) = ("ada", String::new());
    let mut media = "application/json";
    for part in parts {
        match part.split_once(": ").filter(|(name, _)| !name.contains(['{', '['])) {
            Some(("as", name)) => who = name,
            Some(("content-type", name)) => media = name,
            Some((name, value)) => request = request.header(name, value),
            None => part.clone_into(&mut body),
        }
    }
    if !body.is_empty() {
        request = request.header("content-type", media);
    }
    request = request.header("authorization", format!("Bearer tracker-{who}"));
    request = request.header("x-bank-key", format!("bank-{who}"));
    let (parts, body) = sandbox.call(request.body(body).unwrap()).into_parts();
    (parts.status.as_u16(), parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

fn check(sandbox: &Sandbox, calls: &[&str], expected: Expect) {
    let mut transcript = String::new();
    for call in calls {
        let (status, headers, body) = make(sandbox, call);
        let _ = writeln!(transcript, "{call}\n    {status} {body}");
        for name in ["location", "etag", "x-total-count", "link"] {
            if let Some(value) = headers.get(name) {
                let _ = writeln!(transcript, "    {name}: {}", value.to_str().unwrap());
            }
        }
    }
    expected.assert_eq(&transcript);
}

fn json(sandbox: &Sandbox, call: &str) -> Value {
    serde_json::from_str(&make(sandbox, call).2).unwrap()
}

#[test]
fn a_project_is_made_with_its_owner_as_a_member_in_one_step() {
    let tombstone = tracker();
    let sandbox = tombstone.sandbox("made").unwrap();
    check(
        &sandbox,
        &[
            "POST /projects | {\"name\": \"New thing\"}",
            "POST /projects | {\"name\": \"new Thing\"}",
        ],
        expect![[r#"
            POST /projects | {"name": "New thing"}
                201 {"id":"22224b0b-19c5-4314-b557-f73b688e4663","name":"New thing","slug":"new-thing","archived":false,"createdAt":"2030-01-01T00:00:00.000Z","updatedAt":"2030-01-01T00:00:00.000Z","owner":{"id":"0b0e5a2e-7a52-4b60-9a53-5f3c1c5c0001","name":"Ada"},"openTasks":0}
                location: /v1/projects/22224b0b-19c5-4314-b557-f73b688e4663
            POST /projects | {"name": "new Thing"}
                409 {"error":"a project of that name is there already"}
        "#]],
    );
    let id = json(&sandbox, "GET /projects?q=new")[0]["id"].as_str().unwrap().to_owned();
    check(
        &sandbox,
        &[&format!("GET /projects/{id}/members"), &format!("DELETE /projects/{id}")],
        expect![[r#"
            GET /projects/22224b0b-19c5-4314-b557-f73b688e4663/members
                200 [{"role":"owner","since":"2030-01-01T00:00:00.000Z","user":{"id":"0b0e5a2e-7a52-4b60-9a53-5f3c1c5c0001","name":"Ada"}}]
            DELETE /projects/22224b0b-19c5-4314-b557-f73b688e4663
                204 
        "#]],
    );
    sandbox.undo().unwrap();
    sandbox.undo().unwrap();
    assert_eq!(sandbox.records("tracker", "projects").count().unwrap(), 2);
    assert_eq!(sandbox.records("tracker", "members").count().unwrap(), 3);
}

#[test]
fn lists_are_filtered_searched_sorted_and_cut_into_pages() {
    let tombstone = tracker();
    check(
        &tombstone.sandbox("lists").unwrap(),
        &[
            "GET /projects?archived=true&perPage=1",
            "GET /projects?sort=-createdAt&perPage=1&page=2",
            "GET /projects?page=999999999999999999999",
            "GET /projects?perPage=51",
            "GET W/tasks?status=doing",
            "GET W/tasks?q=PHOTO",
            "GET W/tasks?label=legal&sort=-priority",
            "GET W/tasks?cursor=nonsense",
            "GET /tasks/2/comments?after=1&limit=1",
            "GET /tasks/2/comments?after=9",
        ],
        expect![[r#"
            GET /projects?archived=true&perPage=1
                200 [{"id":"5c0f1f7e-1a44-4d0b-8b1e-2f7f0c3a0002","name":"Archive","slug":"archive","description":"Of old times","archived":true,"createdAt":"2029-03-07T00:00:00.000Z","updatedAt":"2029-06-15T00:00:00.000Z","owner":{"id":"0b0e5a2e-7a52-4b60-9a53-5f3c1c5c0002","name":"Ben"},"openTasks":1}]
                x-total-count: 1
                link: </@lists/tracker/v1/projects?archived=true&perPage=1&page=1>; rel="first", </@lists/tracker/v1/projects?archived=true&perPage=1&page=1>; rel="last"
            GET /projects?sort=-createdAt&perPage=1&page=2
                200 [{"id":"5c0f1f7e-1a44-4d0b-8b1e-2f7f0c3a0002","name":"Archive","slug":"archive","description":"Of old times","archived":true,"createdAt":"2029-03-07T00:00:00.000Z","updatedAt":"2029-06-15T00:00:00.000Z","owner":{"id":"0b0e5a2e-7a52-4b60-9a53-5f3c1c5c0002","name":"Ben"},"openTasks":1}]
                x-total-count: 2
                link: </@lists/tracker/v1/projects?sort=-createdAt&perPage=1&page=1>; rel="first", </@lists/tracker/v1/projects?sort=-createdAt&perPage=1&page=1>; rel="prev", </@lists/tracker/v1/projects?sort=-createdAt&perPage=1&page=2>; rel="last"
            GET /projects?page=999999999999999999999
                200 []
                x-total-count: 2
                link: </@lists/tracker/v1/projects?page=1>; rel="first", </@lists/tracker/v1/projects?page=1>; rel="prev", </@lists/tracker/v1/projects?page=1>; rel="last"
            GET /projects?perPage=51
                400 {"error":"perPage must be at most 50"}
            GET W/tasks?status=doing
                200 {"data":[{"id":2,"projectId":"5c0f1f7e-1a44-4d0b-8b1e-2f7f0c3a0001","number":2,"title":"Choose a typeface","description":"One that has all the letters","status":"doing","priority":2,"labels":["design"],"createdAt":"2029-12-20T00:00:00.000Z","assignee":{"id":"0b0e5a2e-7a52-4b60-9a53-5f3c1c5c0002","name":"Ben"}}],"total":1,"hasMore":false}
                link: </@lists/tracker/v1/projects/5c0f1f7e-1a44-4d0b-8b1e-2f7f0c3a0001/tasks?status=doing>; rel="first"
            GET W/tasks?q=PHOTO
                200 {"data":[{"id":3,"projectId":"5c0f1f7e-1a44-4d0b-8b1e-2f7f0c3a0001","number":3,"title":"Photographs","status":"open","priority":2,"labels":["design","content"],"createdAt":"2029-12-27T00:00:00.000Z"}],"total":1,"hasMore":false}
                link: </@lists/tracker/v1/projects/5c0f1f7e-1a44-4d0b-8b1e-2f7f0c3a0001/tasks?q=PHOTO>; rel="first"
            GET W/tasks?label=legal&sort=-priority
                200 {"data":[{"id":1,"projectId":"5c0f1f7e-1a44-4d0b-8b1e-2f7f0c3a0001","number":1,"title":"Write the imprint","status":"done","priority":5,"labels":["legal"],"createdAt":"2029-12-03T00:00:00.000Z"}],"total":1,"hasMore":false}
                link: </@lists/tracker/v1/projects/5c0f1f7e-1a44-4d0b-8b1e-2f7f0c3a0001/tasks?label=legal&sort=-priority>; rel="first"
            GET W/tasks?cursor=nonsense
                422 {"error":"`nonsense` is not a cursor of this list"}
            GET /tasks/2/comments?after=1&limit=1
                200 [{"id":2,"text":"This one?","author":"Ben","at":1892592000000}]
            GET /tasks/2/comments?after=9
                422 {"error":"there is no record `9` to go on from"}
        "#]],
    );
}

#[test]
fn links_lead_to_the_other_pages_and_keep_the_rest_of_the_query() {
    let tombstone = tracker();
    let sandbox = tombstone.sandbox("links").unwrap();
    let link = |call: &str| {
        let link = make(&sandbox, call).1["link"].to_str().unwrap().to_owned();
        link.replace("/@links/tracker/v1/projects", "…")
    };
    let calls = [
        "GET /projects?perPage=1&q=%65",
        "GET /projects?page=2&perPage=1",
        "GET /projects?page=9&perPage=1",
        "GET /projects?q=nothing",
    ];
    expect![[r#"
        <…?perPage=1&q=%65&page=1>; rel="first", <…?perPage=1&q=%65&page=2>; rel="next", <…?perPage=1&q=%65&page=2>; rel="last"
        <…?page=1&perPage=1>; rel="first", <…?page=1&perPage=1>; rel="prev", <…?page=2&perPage=1>; rel="last"
        <…?page=1&perPage=1>; rel="first", <…?page=2&perPage=1>; rel="prev", <…?page=2&perPage=1>; rel="last"
        <…?q=nothing&page=1>; rel="first", <…?q=nothing&page=1>; rel="last""#]].assert_eq(&calls.map(link).join("\n"));
}

#[test]
fn a_link_by_cursor_leads_on_and_back() {
    let tombstone = tracker();
    let sandbox = tombstone.sandbox("cursors").unwrap();
    let numbers = |target: &str| {
        let url = format!("http://localhost{target}");
        let request = Request::builder().uri(url).header("authorization", "Bearer tracker-ada");
        let (parts, body) = sandbox.call(request.body(Vec::new()).unwrap()).into_parts();
        let body: Value = serde_json::from_slice(body.as_ref()).unwrap();
        let link = parts.headers["link"].to_str().unwrap();
        let links = link.split(", ").map(|link| {
            let (target, relation) = link.split_once("; rel=").unwrap();
            (relation.trim_matches('"').to_owned(), target[1..target.len() - 1].to_owned())
        });
        let numbers = body["data"].as_array().unwrap().iter().map(|task| task["number"].clone());
        let links: std::collections::HashMap<String, String> = links.collect();
        (numbers.collect::<Vec<_>>(), links)
    };
    let (first, links) = numbers(&format!("/tracker/v1{WEBSITE}/tasks?limit=2"));
    let (second, links) = numbers(&links["next"]);
    assert!(!links.contains_key("next"), "{links:?}");
    assert_eq!((first, second), (vec![1.into(), 2.into()], vec![3.into()]));
    assert_eq!(numbers(&links["prev"]).0, [1, 2]);
    assert_eq!(numbers(&links["first"]).0, [1, 2]);
}

#[test]
fn a_cursor_goes_on_where_it_was_when_records_come_and_go() {
    let tombstone = tracker();
    let sandbox = tombstone.sandbox("cursor").unwrap();
    for number in 5..30 {
        make(&sandbox, &format!("POST W/tasks | {{\"title\": \"Task {number}\"}}"));
    }
    let mut seen = Vec::new();
    let mut page = json(&sandbox, "GET W/tasks?limit=7&sort=-number");
    assert_eq!(page["total"], 28);
    loop {
        let numbers = page["data"].as_array().unwrap().iter().map(|task| &task["number"]);
        seen.extend(numbers.map(|number| number.as_u64().unwrap()));
        let Some(next) = page["next"].as_str() else { break };
        let last = page["data"].as_array().unwrap().last().unwrap()["id"].clone();
        make(&sandbox, &format!("DELETE /tasks/{last}"));
        make(&sandbox, "POST W/tasks | {\"title\": \"Late\"}");
        page = json(&sandbox, &format!("GET W/tasks?limit=7&sort=-number&cursor={next}"));
    }
    let expected: Vec<u64> = (5..30).rev().chain([3, 2, 1]).collect();
    assert_eq!(seen, expected);
}

#[test]
fn a_number_counts_on_in_its_group_and_is_given_once() {
    let tombstone = tracker();
    let sandbox = tombstone.sandbox("numbers").unwrap();
    let number = |sandbox: &Sandbox, project: &str| {
        let task = json(sandbox, &format!("POST {project}/tasks | {{\"title\": \"x\"}}"));
        task["number"].as_i64().unwrap()
    };
    let archive = WEBSITE.replace("0001", "0002");
    assert_eq!([number(&sandbox, "W"), number(&sandbox, &archive)], [5, 2]);
    sandbox.undo_to(Back::Steps(2)).unwrap();
    assert_eq!(number(&sandbox, "W"), 5, "what was undone never was");
    assert_eq!(make(&sandbox, "DELETE W/tasks").0, 200);
    let state = sandbox.state().unwrap();
    assert_eq!([number(&sandbox, "W"), number(&sandbox, &archive)], [6, 2], "5 is not given again");
    let other = tombstone.sandbox("numbers-2").unwrap();
    other.restore(state).unwrap();
    assert_eq!([number(&other, "W"), number(&other, "W")], [6, 7]);
}

#[test]
fn what_was_made_and_deleted_and_both_undone_leaves_no_number_out() {
    let tombstone = tracker();
    let sandbox = tombstone.sandbox("undone-numbers").unwrap();
    let make_one = || {
        let task = json(&sandbox, "POST W/tasks | {\"title\": \"x\"}");
        (task["id"].as_i64().unwrap(), task["number"].as_i64().unwrap())
    };
    let undo = |steps| sandbox.undo_to(Back::Steps(steps)).unwrap();
    let first = make_one();
    assert_eq!(make(&sandbox, "DELETE W/tasks").0, 200);
    undo(1);
    undo(1);
    assert_eq!(make_one(), first);
    assert_eq!(make(&sandbox, "DELETE W/tasks").0, 200);
    let second = make_one();
    assert_eq!(second, (first.0 + 1, first.1 + 1), "what is gone is not given again");
    assert_eq!(make(&sandbox, "DELETE W/tasks").0, 200);
    undo(2);
    assert_eq!(make_one(), second, "and still is not");
    undo(1);
    sandbox.redo(1).unwrap();
    assert_eq!(make_one(), (second.0 + 1, second.1 + 1));
}

#[test]
fn what_has_not_changed_is_not_sent_again_and_what_has_is_not_overwritten() {
    let tombstone = tracker();
    let change = "content-type: application/merge-patch+json | {\"description\": null}";
    check(
        &tombstone.sandbox("conditions").unwrap(),
        &[
            "GET W",
            "GET W | if-none-match: W/\"1\"",
            &format!("PATCH W | as: cy | {change}"),
            "PATCH W | as: ben | if-match: \"1\" | content-type: application/merge-patch+json | {\"description\": \"x\"}",
            &format!("PATCH W | if-match: \"1\" | {change}"),
            &format!("PATCH W | if-match: \"2\" | {change}"),
            "PATCH W | content-type: application/merge-patch+json | {\"name\": \"ARCHIVE\"}",
        ],
        expect![[r#"
            GET W
                200 {"id":"5c0f1f7e-1a44-4d0b-8b1e-2f7f0c3a0001","name":"Website","slug":"website","archived":false,"createdAt":"2029-12-02T00:00:00.000Z","updatedAt":"2029-12-29T00:00:00.000Z","owner":{"id":"0b0e5a2e-7a52-4b60-9a53-5f3c1c5c0001","name":"Ada"},"openTasks":2}
                etag: "1"
            GET W | if-none-match: W/"1"
                304 
                etag: "1"
            PATCH W | as: cy | content-type: application/merge-patch+json | {"description": null}
                403 {"error":"only its owner and its editors may do that"}
            PATCH W | as: ben | if-match: "1" | content-type: application/merge-patch+json | {"description": "x"}
                200 {"id":"5c0f1f7e-1a44-4d0b-8b1e-2f7f0c3a0001","name":"Website","slug":"website","archived":false,"createdAt":"2029-12-02T00:00:00.000Z","updatedAt":"2030-01-01T00:00:00.000Z","description":"x","owner":{"id":"0b0e5a2e-7a52-4b60-9a53-5f3c1c5c0001","name":"Ada"},"openTasks":2}
                etag: "2"
            PATCH W | if-match: "1" | content-type: application/merge-patch+json | {"description": null}
                412 {"error":"it has changed since you looked"}
            PATCH W | if-match: "2" | content-type: application/merge-patch+json | {"description": null}
                200 {"id":"5c0f1f7e-1a44-4d0b-8b1e-2f7f0c3a0001","name":"Website","slug":"website","archived":false,"createdAt":"2029-12-02T00:00:00.000Z","updatedAt":"2030-01-01T00:00:00.000Z","owner":{"id":"0b0e5a2e-7a52-4b60-9a53-5f3c1c5c0001","name":"Ada"},"openTasks":2}
                etag: "3"
            PATCH W | content-type: application/merge-patch+json | {"name": "ARCHIVE"}
                409 {"error":"a project of that name is there already"}
        "#]],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "one walk, told whole")]
fn a_task_is_made_changed_binned_and_restored() {
    let tombstone = tracker();
    let patch = "content-type: application/json-patch+json";
    check(
        &tombstone.sandbox("task").unwrap(),
        &[
            "POST W/tasks | {\"title\": \"T\", \"assigneeId\": \"0b0e5a2e-7a52-4b60-9a53-5f3c1c5c0009\"}",
            "POST W/tasks | {\"title\": \"T\", \"assigneeId\": \"0b0e5a2e-7a52-4b60-9a53-5f3c1c5c0003\"}",
            &format!(
                "PATCH /tasks/6 | {patch} | [{{\"op\": \"test\", \"path\": \"/title\", \"value\": \"T\"}}, {{\"op\": \"replace\", \"path\": \"/priority\", \"value\": 3}}]"
            ),
            &format!(
                "PATCH /tasks/6 | {patch} | [{{\"op\": \"test\", \"path\": \"/title\", \"value\": \"U\"}}]"
            ),
            &format!(
                "PATCH /tasks/6 | {patch} | [{{\"op\": \"add\", \"path\": \"/title\", \"value\": {{}}}}]"
            ),
            "PUT /tasks/6/labels/red",
            "PUT /tasks/6/labels/red",
            "PUT /tasks/6 | {\"title\": \"Other\"}",
            "DELETE /tasks/6/labels/red",
            "DELETE /tasks/6",
            "GET /tasks/6",
            "DELETE /tasks/6",
            "GET W/tasks?q=other",
            "POST /tasks/6/restore",
        ],
        expect![[r#"
            POST W/tasks | {"title": "T", "assigneeId": "0b0e5a2e-7a52-4b60-9a53-5f3c1c5c0009"}
                422 {"error":"there is no such assignee"}
            POST W/tasks | {"title": "T", "assigneeId": "0b0e5a2e-7a52-4b60-9a53-5f3c1c5c0003"}
                201 {"id":6,"projectId":"5c0f1f7e-1a44-4d0b-8b1e-2f7f0c3a0001","number":5,"title":"T","status":"open","priority":0,"labels":[],"createdAt":"2030-01-01T00:00:00.000Z","assignee":{"id":"0b0e5a2e-7a52-4b60-9a53-5f3c1c5c0003","name":"Cy"}}
                location: /v1/tasks/6
            PATCH /tasks/6 | content-type: application/json-patch+json | [{"op": "test", "path": "/title", "value": "T"}, {"op": "replace", "path": "/priority", "value": 3}]
                200 {"id":6,"projectId":"5c0f1f7e-1a44-4d0b-8b1e-2f7f0c3a0001","number":5,"title":"T","status":"open","priority":3,"labels":[],"createdAt":"2030-01-01T00:00:00.000Z","assignee":{"id":"0b0e5a2e-7a52-4b60-9a53-5f3c1c5c0003","name":"Cy"}}
            PATCH /tasks/6 | content-type: application/json-patch+json | [{"op": "test", "path": "/title", "value": "U"}]
                409 {"error":"the JSON Patch cannot be applied: operation 0 at `/title`: value did not match"}
            PATCH /tasks/6 | content-type: application/json-patch+json | [{"op": "add", "path": "/title", "value": {}}]
                422 {"error":"record `6` of `tasks` would not fit its schema: at `/title`: {} is not of type \"string\""}
            PUT /tasks/6/labels/red
                204 
            PUT /tasks/6/labels/red
                204 
            PUT /tasks/6 | {"title": "Other"}
                200 {"id":6,"projectId":"5c0f1f7e-1a44-4d0b-8b1e-2f7f0c3a0001","number":5,"title":"Other","status":"open","priority":0,"labels":["red"],"createdAt":"2030-01-01T00:00:00.000Z"}
            DELETE /tasks/6/labels/red
                204 
            DELETE /tasks/6
                204 
            GET /tasks/6
                410 {"error":"it is in the bin"}
            DELETE /tasks/6
                404 {"error":"there is no such task"}
            GET W/tasks?q=other
                200 {"data":[],"total":0,"hasMore":false}
                link: </@task/tracker/v1/projects/5c0f1f7e-1a44-4d0b-8b1e-2f7f0c3a0001/tasks?q=other>; rel="first"
            POST /tasks/6/restore
                200 {"id":6,"projectId":"5c0f1f7e-1a44-4d0b-8b1e-2f7f0c3a0001","number":5,"title":"Other","status":"open","priority":0,"labels":[],"createdAt":"2030-01-01T00:00:00.000Z"}
        "#]],
    );
}

#[test]
fn an_effect_is_made_for_each_element_where_its_condition_holds() {
    let tombstone = tracker();
    let sandbox = tombstone.sandbox("import").unwrap();
    let tasks = "{\"tasks\": [{\"number\": 2, \"title\": \"Two\"}, {\"number\": 9, \"title\": \"Nine\"}, {\"number\": 7, \"title\": \"Seven\"}]}";
    check(
        &sandbox,
        &[
            &format!("POST W/tasks/import | {tasks}"),
            "POST W/tasks/import | {\"tasks\": []}",
            "POST W/tasks/import | {\"tasks\": [{\"number\": 8, \"title\": \"a\"}, {\"number\": 8, \"title\": \"b\"}]}",
            "GET W/tasks?q=two",
        ],
        expect![[r#"
            POST W/tasks/import | {"tasks": [{"number": 2, "title": "Two"}, {"number": 9, "title": "Nine"}, {"number": 7, "title": "Seven"}]}
                200 {"made":[{"id":6,"projectId":"5c0f1f7e-1a44-4d0b-8b1e-2f7f0c3a0001","number":9,"title":"Nine","status":"open","priority":0,"labels":[],"createdAt":"2030-01-01T00:00:00.000Z"},{"id":7,"projectId":"5c0f1f7e-1a44-4d0b-8b1e-2f7f0c3a0001","number":7,"title":"Seven","status":"open","priority":0,"labels":[],"createdAt":"2030-01-01T00:00:00.000Z"}],"changed":1}
            POST W/tasks/import | {"tasks": []}
                200 {"made":[],"changed":0}
            POST W/tasks/import | {"tasks": [{"number": 8, "title": "a"}, {"number": 8, "title": "b"}]}
                409 {"error":"two of these tasks have one number"}
            GET W/tasks?q=two
                200 {"data":[{"id":2,"projectId":"5c0f1f7e-1a44-4d0b-8b1e-2f7f0c3a0001","number":2,"title":"Two","description":"One that has all the letters","status":"doing","priority":2,"labels":["design"],"createdAt":"2029-12-20T00:00:00.000Z","assignee":{"id":"0b0e5a2e-7a52-4b60-9a53-5f3c1c5c0002","name":"Ben"}}],"total":1,"hasMore":false}
                link: </@import/tracker/v1/projects/5c0f1f7e-1a44-4d0b-8b1e-2f7f0c3a0001/tasks?q=two>; rel="first"
        "#]],
    );
    sandbox.undo().unwrap();
    assert_eq!(sandbox.records("tracker", "tasks").count().unwrap(), 5);
}

#[test]
fn members_come_change_and_leave_with_what_was_theirs_to_do() {
    let tombstone = tracker();
    let cy = "W/members/0b0e5a2e-7a52-4b60-9a53-5f3c1c5c0003";
    check(
        &tombstone.sandbox("members").unwrap(),
        &[
            &format!("PUT {cy} | as: ben | {{\"role\": \"viewer\"}}"),
            &format!("PUT {cy} | {{\"role\": \"viewer\"}}"),
            &format!("PUT {cy} | {{\"role\": \"editor\"}}"),
            "DELETE W/members/0b0e5a2e-7a52-4b60-9a53-5f3c1c5c0001",
            "DELETE W/members/0b0e5a2e-7a52-4b60-9a53-5f3c1c5c0002",
            "GET /tasks/2",
            "DELETE W/tasks | as: cy",
            "GET W/tasks",
        ],
        expect![[r#"
            PUT W/members/0b0e5a2e-7a52-4b60-9a53-5f3c1c5c0003 | as: ben | {"role": "viewer"}
                403 {"error":"only its owner may do that"}
            PUT W/members/0b0e5a2e-7a52-4b60-9a53-5f3c1c5c0003 | {"role": "viewer"}
                201 {"role":"viewer","since":"2030-01-01T00:00:00.000Z","user":{"id":"0b0e5a2e-7a52-4b60-9a53-5f3c1c5c0003","name":"Cy"}}
            PUT W/members/0b0e5a2e-7a52-4b60-9a53-5f3c1c5c0003 | {"role": "editor"}
                200 {"role":"editor","since":"2030-01-01T00:00:00.000Z","user":{"id":"0b0e5a2e-7a52-4b60-9a53-5f3c1c5c0003","name":"Cy"}}
            DELETE W/members/0b0e5a2e-7a52-4b60-9a53-5f3c1c5c0001
                409 {"error":"a project has an owner"}
            DELETE W/members/0b0e5a2e-7a52-4b60-9a53-5f3c1c5c0002
                204 
            GET /tasks/2
                200 {"id":2,"projectId":"5c0f1f7e-1a44-4d0b-8b1e-2f7f0c3a0001","number":2,"title":"Choose a typeface","description":"One that has all the letters","status":"doing","priority":2,"labels":["design"],"createdAt":"2029-12-20T00:00:00.000Z"}
            DELETE W/tasks | as: cy
                200 {"deleted":4}
            GET W/tasks
                200 {"data":[],"total":0,"hasMore":false}
                link: </@members/tracker/v1/projects/5c0f1f7e-1a44-4d0b-8b1e-2f7f0c3a0001/tasks>; rel="first"
        "#]],
    );
}

const AGAIN: &str = "POST B/transfers | idempotency-key: k1 | {\"from\": \"acc_000000000001\", \"to\": \"acc_000000000003\", \"amount\": 6000}";

fn transfers(sandbox: &Sandbox) -> usize {
    sandbox.records("bank", "transfers").count().unwrap()
}

#[test]
fn a_transfer_that_is_sent_again_with_its_key_is_made_once() {
    let tombstone = example("bank");
    let sandbox = tombstone.sandbox("again").unwrap();
    let first = make(&sandbox, AGAIN);
    assert_eq!((first.0, transfers(&sandbox)), (201, 3));
    let again = make(&sandbox, AGAIN);
    assert_eq!((again.0, &again.2, transfers(&sandbox)), (201, &first.2, 3), "nothing is moved");
    assert!(!first.1.contains_key("tombstone-replayed"), "{:?}", first.1);
    assert_eq!(again.1["tombstone-replayed"], "true");
    assert_ne!(again.1["tombstone-request-id"], first.1["tombstone-request-id"]);
    check(
        &sandbox,
        &[
            &AGAIN.replace("6000", "1"),
            &AGAIN.replace("k1", "k2"),
            &AGAIN.replace("k1", &"k".repeat(65)),
        ],
        expect![[r#"
            POST B/transfers | idempotency-key: k1 | {"from": "acc_000000000001", "to": "acc_000000000003", "amount": 1}
                422 {"title":"This key was another transfer's","status":422}
            POST B/transfers | idempotency-key: k2 | {"from": "acc_000000000001", "to": "acc_000000000003", "amount": 6000}
                409 {"title":"Not enough money","status":409}
            POST B/transfers | idempotency-key: kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk | {"from": "acc_000000000001", "to": "acc_000000000003", "amount": 6000}
                400 {"title":"Invalid request","status":400,"detail":"Idempotency-Key must be at most 64 characters long"}
        "#]],
    );
    let back = "{\"from\": \"acc_000000000003\", \"to\": \"acc_000000000001\", \"amount\": 1000}";
    let of_ben = format!("POST B/transfers | as: ben | idempotency-key: k1 | {back}");
    assert_eq!(make(&sandbox, &of_ben).0, 201, "another's key is another");
    let refused = make(&sandbox, &AGAIN.replace("k1", "k2")).0;
    assert_eq!(refused, 409, "a refusal is one for good");
}

#[test]
fn the_answers_to_repeated_requests_go_where_the_sandbox_goes() {
    let tombstone = example("bank");
    let sandbox = tombstone.sandbox("kept").unwrap();
    let first = make(&sandbox, AGAIN).2;
    let dry = Request::post(format!("{}/transfers", sandbox.url_of("bank")));
    let dry = dry.header("x-bank-key", "bank-ada").header("content-type", "application/json");
    let dry =
        dry.header("idempotency-key", "k3").body("{\"from\": \"\", \"to\": \"\", \"amount\": 1}");
    assert_eq!(sandbox.dry_run(dry.unwrap()).status(), 404);
    let copy = tombstone.sandbox("kept-copy").unwrap();
    let state = sandbox.state().unwrap();
    let kept = state["providers"]["bank"]["kept_answers"].as_array().unwrap();
    assert_eq!(kept.len(), 1, "what was only tried is not kept");
    copy.restore(state).unwrap();
    assert_eq!((make(&copy, AGAIN).2, transfers(&copy)), (first.clone(), 3));
    sandbox.undo().unwrap();
    sandbox.redo(1).unwrap();
    assert_eq!((make(&sandbox, AGAIN).2, transfers(&sandbox)), (first, 3));
    sandbox.undo().unwrap();
    assert_eq!(
        (make(&sandbox, AGAIN).0, transfers(&sandbox)),
        (201, 3),
        "what was undone never was"
    );
    copy.clock().advance(std::time::Duration::from_secs(24 * 3600)).unwrap();
    assert_eq!((make(&copy, AGAIN).0, transfers(&copy)), (409, 3), "the key is forgotten");
}

#[test]
#[expect(clippy::too_many_lines, reason = "one walk, told whole")]
fn money_moves_whole_or_not_at_all_and_the_books_outlive_an_account() {
    let tombstone = example("bank");
    let sandbox = tombstone.sandbox("bank").unwrap();
    let send = |from: u8, to: u8, amount: u32| {
        let account = |number: u8| format!("acc_{number:012}");
        let (from, to) = (account(from), account(to));
        format!(
            "POST B/transfers | {{\"from\": \"{from}\", \"to\": \"{to}\", \"amount\": {amount}}}"
        )
    };
    check(
        &sandbox,
        &[
            "GET B/accounts?limit=1",
            "GET B/accounts?limit=1&offset=1",
            "GET B/accounts?currency=EUR",
            &send(1, 3, 10_001),
            &send(1, 2, 1),
            &send(3, 1, 1),
            &send(1, 4, 1),
            &send(1, 3, 10_000),
            "DELETE B/accounts/acc_000000000001",
            "DELETE B/accounts/acc_000000000003 | as: ben",
            "GET B/accounts",
            "GET B/transfers?account=acc_000000000001&limit=2",
            "GET B/transfers?account=acc_000000000001&starting_after=tr_000000000002",
            "GET B/transfers?account=acc_000000000001&starting_after=tr_9",
            "POST B/accounts | {\"currency\": \"USD\"}",
        ],
        expect![[r#"
            GET B/accounts?limit=1
                200 {"accounts":[{"id":"acc_000000000001","currency":"EUR","balance":10000}],"total":2,"next":"/@bank/bank/accounts?limit=1&offset=1"}
            GET B/accounts?limit=1&offset=1
                200 {"accounts":[{"id":"acc_000000000002","currency":"USD","balance":500}],"total":2}
            GET B/accounts?currency=EUR
                200 {"accounts":[{"id":"acc_000000000001","currency":"EUR","balance":10000}],"total":1}
            POST B/transfers | {"from": "acc_000000000001", "to": "acc_000000000003", "amount": 10001}
                409 {"title":"Not enough money","status":409}
            POST B/transfers | {"from": "acc_000000000001", "to": "acc_000000000002", "amount": 1}
                409 {"title":"These do not go together","status":409}
            POST B/transfers | {"from": "acc_000000000003", "to": "acc_000000000001", "amount": 1}
                404 {"title":"No such account","status":404,"detail":"from"}
            POST B/transfers | {"from": "acc_000000000001", "to": "acc_000000000004", "amount": 1}
                404 {"title":"No such account","status":404,"detail":"to"}
            POST B/transfers | {"from": "acc_000000000001", "to": "acc_000000000003", "amount": 10000}
                201 {"id":"tr_55669p1q2ltc","from":"acc_000000000001","to":"acc_000000000003","amount":10000,"at":1893456000}
            DELETE B/accounts/acc_000000000001
                204 
            DELETE B/accounts/acc_000000000003 | as: ben
                409 {"title":"There is money in it","status":409}
            GET B/accounts
                200 {"accounts":[{"id":"acc_000000000002","currency":"USD","balance":500}],"total":1}
            GET B/transfers?account=acc_000000000001&limit=2
                200 {"data":[{"id":"tr_55669p1q2ltc","from":"acc_000000000001","to":"acc_000000000003","amount":10000,"at":1893456000},{"id":"tr_000000000002","from":"acc_000000000001","to":"acc_000000000004","amount":70,"at":1893369600}],"has_more":true,"next":"http://in-process.invalid/@bank/bank/transfers?account=acc_000000000001&limit=2&starting_after=tr_000000000002"}
            GET B/transfers?account=acc_000000000001&starting_after=tr_000000000002
                200 {"data":[{"id":"tr_000000000001","from":"acc_000000000001","to":"acc_000000000003","amount":50,"at":1893283200}],"has_more":false}
            GET B/transfers?account=acc_000000000001&starting_after=tr_9
                404 {"title":"No such transfer","status":404,"detail":"there is no record `tr_9` to go on from"}
            POST B/accounts | {"currency": "USD"}
                201 {"id":"acc_829ucdhzg7qd","currency":"USD","balance":0}
                location: /accounts/acc_829ucdhzg7qd
        "#]],
    );
}
