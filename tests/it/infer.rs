//! State from the contract alone: what was created can be read, what was deleted cannot.

use serde_json::{Value, json};
use tombstone::catalog;
use tombstone::catalog::{DocumentSource, Sources};
use tombstone::clock::{Timestamp, system_now};
use tombstone::control::{Expectation, PlanRequest, Records, ResidueQuery, Verification};
use tombstone::emulator::{Emulator, EmulatorOptions};
use tombstone::infer::InferOptions;
use tombstone::journal::Back;

use crate::harness::{Trial, call, header, json_of, world_of};
use crate::support::Folder;

const KEY: &str = "X-Key: k";
const JSON: &str = "Content-Type: application/json";

fn petstore(inference: Option<InferOptions>) -> Emulator {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/documents/petstore.yaml").into();
    let documents = vec![DocumentSource { name: Some("pets".to_owned()), path }];
    let sources = Sources { documents, built_in: false, inference, ..Sources::default() };
    world_of(&sources, &EmulatorOptions::default())
}

fn ids(list: &Value) -> Vec<i64> {
    list.as_array().unwrap().iter().filter_map(|pet| pet["id"].as_i64()).collect()
}

#[test]
fn what_is_created_is_read_listed_and_gone_when_it_is_deleted() {
    let emulator = petstore(Some(InferOptions::default()));
    let sandbox = Trial::new(&emulator, "one");
    let list = || json_of(&sandbox.ask(&call("GET /pets/pets", &[KEY], "")));
    assert_eq!(ids(&list()), [1, 2, 3]);
    let added = sandbox.ask(&call("POST /pets/pets", &[KEY, JSON], r#"{"name":"Rex"}"#));
    assert_eq!(
        (added.response.status().as_u16(), header(&added, "location")),
        (201, Some("pets/4"))
    );
    assert_eq!(json_of(&added), json!({ "id": 4, "name": "Rex" }));
    let read = call("GET /pets/pets/4", &[KEY], "");
    assert_eq!(json_of(&sandbox.ask(&read)), json!({ "id": 4, "name": "Rex" }));
    assert_eq!(ids(&list()), [1, 2, 3, 4]);
    let delete = call("DELETE /pets/pets/4", &[KEY], "");
    let dry = call("DELETE /pets/pets/4", &[KEY, "Prefer: dry-run"], "");
    assert_eq!([sandbox.status(&dry), sandbox.status(&read)], [204, 200]);
    assert_eq!([sandbox.status(&delete), sandbox.status(&read)], [204, 404]);
    let again = sandbox.ask(&delete);
    let gone = json!({ "code": 404, "message": "there is no pet `4`" });
    assert_eq!((again.response.status().as_u16(), json_of(&again)), (404, gone));
    assert_eq!(ids(&list()), [1, 2, 3]);
    sandbox.control().undo(Back::Steps(1)).unwrap();
    assert_eq!(sandbox.status(&read), 200);
    // What departs from the contract is refused as the contract has it, and changes nothing.
    let unnamed = call("POST /pets/pets", &[KEY, JSON], "{}");
    assert_eq!(sandbox.status(&unnamed), 422);
    assert_eq!(sandbox.status(&call("GET /pets/pets", &[], "")), 401);
    assert_eq!(ids(&list()), [1, 2, 3, 4]);
}

#[test]
fn lists_page_and_filter_by_the_documented_parameters() {
    let emulator = petstore(Some(InferOptions { seed_records: 0, ..InferOptions::default() }));
    let sandbox = Trial::new(&emulator, "one");
    for status in ["sold", "pending", "sold"] {
        let body = json!({ "name": "Rex", "status": status }).to_string();
        assert_eq!(sandbox.status(&call("POST /pets/pets", &[KEY, JSON], &body)), 201);
    }
    let of = |query: &str| {
        let line = format!("GET /pets/pets?{query}");
        ids(&json_of(&sandbox.ask(&call(&line, &[KEY], ""))))
    };
    assert_eq!(of("limit=2"), [1, 2]);
    assert_eq!(of("status=sold&limit=100"), [1, 3]);
    assert_eq!(of("status=sold&status=pending"), [1, 2, 3]);
}

#[test]
fn lenient_answers_as_the_contract_does_until_something_is_written_or_deleted() {
    let lenient = InferOptions { is_lenient: true, ..InferOptions::default() };
    let alone = petstore(None);
    let emulator = petstore(Some(lenient));
    let (alone, sandbox) = (Trial::new(&alone, "one"), Trial::new(&emulator, "one"));
    let list = call("GET /pets/pets", &[KEY], "");
    let read = call("GET /pets/pets/77", &[KEY], "");
    for untouched in [&list, &read] {
        assert_eq!(json_of(&sandbox.ask(untouched)), json_of(&alone.ask(untouched)));
    }
    let delete = call("DELETE /pets/pets/77", &[KEY], "");
    assert_eq!([sandbox.status(&delete), sandbox.status(&read)], [204, 404]);
    assert_eq!(sandbox.status(&delete), 404);
    sandbox.control().undo(Back::Steps(1)).unwrap();
    assert_eq!([sandbox.status(&read), sandbox.status(&delete)], [200, 204]);
    let add = call("POST /pets/pets", &[KEY, JSON], r#"{"name":"Rex"}"#);
    let id = json_of(&sandbox.ask(&add))["id"].clone();
    let added = call(&format!("GET /pets/pets/{id}"), &[KEY], "");
    assert_eq!(json_of(&sandbox.ask(&added))["name"], "Rex");
    assert!(ids(&json_of(&sandbox.ask(&list))).contains(&id.as_i64().unwrap()));
}

/// The pet store in a folder of its own, with a behavior file and records beside it.
fn petstore_with(name: &str, behavior: &str, fixtures: Option<&str>) -> (Folder, Emulator) {
    let folder = Folder::new(name);
    folder.write("pets.yaml", include_str!("../documents/petstore.yaml"));
    folder.write("pets.behavior.yaml", behavior);
    if let Some(fixtures) = fixtures {
        folder.write("pets.fixtures.yaml", fixtures);
    }
    let documents =
        vec![DocumentSource { name: Some("pets".to_owned()), path: folder.path.join("pets.yaml") }];
    let sources = Sources { documents, built_in: false, ..Sources::default() };
    let emulator = world_of(&sources, &EmulatorOptions::default());
    (folder, emulator)
}

const OWN: &str = "tombstone: 1
infer: true
operations:
  dropPet:
    inferred: what is sold stays
    let: { pet: 'pets[path.id]' }
    rules:
      - { when: pet is none, respond: 404, body: { code: 404, message: none } }
      - { when: pet.status == 'sold', respond: 404, body: { code: 404, message: sold } }
      - { delete: pet, respond: 204 }
";

#[test]
fn a_behavior_file_goes_before_what_is_inferred() {
    let records = "tombstone: 1\nrecords: { pets: [{ id: 7, name: Rex, status: sold }, { id: 8, name: Tom }] }\n";
    let (_folder, emulator) = petstore_with("infer-own", OWN, Some(records));
    let sandbox = Trial::new(&emulator, "one");
    let delete = |id: i64| {
        let answer = sandbox.ask(&call(&format!("DELETE /pets/pets/{id}"), &[KEY], ""));
        (answer.response.status().as_u16(), answer)
    };
    let (status, refused) = delete(7);
    assert_eq!((status, &json_of(&refused)["message"]), (404, &json!("sold")));
    assert_eq!(delete(8).0, 204);
    // Its other operations are inferred.
    let list = || json_of(&sandbox.ask(&call("GET /pets/pets", &[KEY], "")));
    assert_eq!(ids(&list()), [7]);
    let add = call("POST /pets/pets", &[KEY, JSON], r#"{"name":"Ada"}"#);
    assert_eq!(json_of(&sandbox.ask(&add))["id"], 9);
}

#[test]
fn inference_is_switched_off_by_name() {
    let (_folder, emulator) =
        petstore_with("infer-except", "tombstone: 1\ninfer: { except: [dropPet] }\n", None);
    let sandbox = Trial::new(&emulator, "one");
    let delete = call("DELETE /pets/pets/1", &[KEY], "");
    assert_eq!([sandbox.status(&delete), sandbox.status(&delete)], [204, 204]);
    assert_eq!(sandbox.status(&call("GET /pets/pets/1", &[KEY], "")), 200);
    let overview = emulator.overview();
    let drop = overview[0].operations.iter().find(|one| one.id == "dropPet").unwrap();
    assert_eq!(drop.inferred, None);
    assert!(drop.stateless.unwrap().starts_with("its inference is switched off by name"));
    let except = InferOptions { except: vec!["pets".to_owned()], ..InferOptions::default() };
    let emulator = petstore(Some(except));
    let sandbox = Trial::new(&emulator, "one");
    assert_eq!(sandbox.status(&call("GET /pets/pets/77", &[KEY], "")), 200);
}

/// A document whose list has examples, one of which does not fit, and an operation with the name of the resource.
const TAGS: &str = "openapi: 3.1.0
info: { title: Tags, version: '1' }
paths:
  /tags:
    get:
      operationId: tags
      responses: { '200': { description: ok, content: { application/json: { schema: &list { type: array, items: &tag { type: object, required: [id], properties: { id: { type: string, maxLength: 4 }, name: { type: string } } } },
        example: [{ id: red, name: Red }, { id: magenta, name: Magenta }, { id: blue, name: Blue }] } } } }
    post:
      operationId: addTag
      requestBody: { required: true, content: { application/json: { schema: *tag }, application/xml: { schema: *tag } } }
      responses: { '201': { description: made, content: { application/json: { schema: *tag } } } }
  /tags/{id}:
    parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
    get:
      operationId: tag
      responses: { '200': { description: ok, content: { application/json: { schema: *tag } } }, '404': { description: none } }
    delete:
      operationId: dropTag
      responses: { '204': { description: gone }, '404': { description: none } }
";

fn tags(name: &str, behavior: Option<&str>) -> (Folder, Emulator) {
    let folder = Folder::new(name);
    folder.write("tags.yaml", TAGS);
    if let Some(behavior) = behavior {
        folder.write("tags.behavior.yaml", behavior);
    }
    let documents =
        vec![DocumentSource { name: Some("t".to_owned()), path: folder.path.join("tags.yaml") }];
    let sources = Sources { documents, built_in: false, ..Sources::default() };
    let emulator = world_of(&sources, &EmulatorOptions::default());
    (folder, emulator)
}

fn listed(sandbox: &Trial<'_>) -> Vec<String> {
    let list = json_of(&sandbox.ask(&call("GET /t/tags", &[], "")));
    list.as_array().unwrap().iter().map(|tag| tag["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_example_that_does_not_fit_is_no_record_and_costs_no_other() {
    let (_folder, emulator) = tags("infer-misfit", None);
    assert_eq!(listed(&Trial::new(&emulator, "one")), ["blue", "red"]);
}

#[test]
fn what_is_made_of_a_body_that_is_not_read_is_there() {
    let (_folder, emulator) = tags("infer-xml", None);
    let sandbox = Trial::new(&emulator, "one");
    let xml = "Content-Type: application/xml";
    let made = sandbox.ask(&call("POST /t/tags", &[xml], "<tag><id>a</id><name>A</name></tag>"));
    assert_eq!(made.response.status().as_u16(), 201);
    let id = json_of(&made)["id"].as_str().unwrap().to_owned();
    assert_eq!(sandbox.status(&call(&format!("GET /t/tags/{id}"), &[], "")), 200);
    assert_eq!(listed(&sandbox).len(), 3);
}

#[test]
fn an_operation_of_a_file_may_have_the_name_of_a_resource() {
    let own = "tombstone: 1
infer: true
operations:
  tags:
    inferred: it lists another
    rules: [{ respond: 200, body: [{ id: own }] }]
";
    let (_folder, emulator) = tags("infer-named-alike", Some(own));
    let sandbox = Trial::new(&emulator, "one");
    assert_eq!(listed(&sandbox), ["own"]);
    // What it does not decide is inferred still.
    let read = call("GET /t/tags/red", &[], "");
    assert_eq!(sandbox.status(&read), 200);
    assert_eq!(sandbox.status(&call("DELETE /t/tags/red", &[], "")), 204);
    assert_eq!(sandbox.status(&read), 404);
}

#[test]
fn names_of_which_nothing_could_be_inferred_are_told() {
    let told = |own: Option<&str>, except: &[&str]| {
        let folder = Folder::new("infer-unknown");
        folder.write("tags.yaml", TAGS);
        if let Some(own) = own {
            folder.write("tags.behavior.yaml", own);
        }
        let path = folder.path.join("tags.yaml");
        let documents = vec![DocumentSource { name: None, path }];
        let except = except.iter().map(|name| (*name).to_owned()).collect();
        let inference = Some(InferOptions { except, ..InferOptions::default() });
        let sources = Sources { documents, built_in: true, inference, ..Sources::default() };
        let mut findings = Vec::new();
        catalog::load(&sources, system_now(), &mut findings).unwrap();
        let told = findings.iter().map(|it| (it.message.clone(), it.hint.clone()));
        told.collect::<Vec<_>>()
    };
    assert_eq!(told(None, &["tags", "dropTag"]), []);
    let unknown = |name: &str, hint: &str| {
        let why = "there is no such operation or resource";
        (
            format!("nothing would be inferred of `{name}`: {why}"),
            Some(format!("did you mean `{hint}`?")),
        )
    };
    assert_eq!(told(None, &["dropTags"]), [unknown("dropTags", "dropTag")]);
    let own = "tombstone: 1\ninfer: { except: [dropTag, tagz] }\n";
    assert_eq!(told(Some(own), &["addTag"]), [unknown("tagz", "tag")]);
    // Nothing is said of records where the file is wrong in what it wants to be inferred.
    let forms = "`infer` has none of the forms that are possible here".to_owned();
    let known = Some("known are `true`, `false`, `except`".to_owned());
    assert_eq!(told(Some("tombstone: 1\ninfer: yes\n"), &["nope"]), [(forms, known)]);
}

#[test]
fn what_is_inferred_is_planned_measured_and_verified() {
    let emulator = petstore(Some(InferOptions::default()));
    let sandbox = Trial::new(&emulator, "one");
    let control = sandbox.control();
    let residue = || control.residue(&ResidueQuery::of("Rex").exact()).unwrap().count;
    let add = call("POST /pets/pets", &[KEY, JSON], r#"{"name":"Rex"}"#);
    assert_eq!((sandbox.status(&add), residue()), (201, 1));
    let planned = PlanRequest {
        method: "DELETE".to_owned(),
        path: "/pets/pets/4".to_owned(),
        headers: [("X-Key".to_owned(), "k".to_owned())].into(),
        body: None,
    };
    let plan = json!(control.plan(&planned).unwrap());
    assert_eq!(plan["counts"]["deleted"], json!({ "pets/pets": 1 }), "{plan}");
    assert_eq!(residue(), 1);
    assert_eq!(sandbox.status(&call("DELETE /pets/pets/4", &[KEY], "")), 204);
    assert_eq!(residue(), 0);
    let gone = Verification::of([
        Expectation::absent(Records::of("pets").key(4)),
        Expectation::exists(Records::of("pets").key(1)),
    ]);
    let verdict = control.verify(&gone).unwrap();
    assert!(verdict.passed, "{verdict}");
    let covered = control.coverage(None).unwrap().operations;
    assert_eq!((covered.covered, covered.total), (2, 4));
}

/// The document with one resource of each kind.
fn rungs() -> Emulator {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/documents/rungs.yaml").into();
    let documents = vec![DocumentSource { name: Some("rungs".to_owned()), path }];
    let sources = Sources { documents, built_in: false, ..Sources::default() };
    world_of(&sources, &EmulatorOptions::default())
}

/// The status of a call and the body of its answer.
fn asked(sandbox: &Trial<'_>, line: &str, body: &str) -> (u16, Value) {
    let line = line.replacen(" /", " /rungs/", 1);
    let headers: &[&str] = if body.is_empty() { &[] } else { &[JSON] };
    let answer = sandbox.ask(&call(&line, headers, body));
    let bytes = answer.response.body();
    let json = if bytes.is_empty() { Value::Null } else { json_of(&answer) };
    (answer.response.status().as_u16(), json)
}

#[test]
fn actions_set_the_property_that_they_are_named_after() {
    let emulator = rungs();
    let sandbox = Trial::new(&emulator, "one");
    let (status, order) = asked(&sandbox, "POST /orders", r#"{"title":"Ink"}"#);
    let id = order["id"].as_str().unwrap().to_owned();
    assert_eq!((status, id.len(), &id[..4]), (201, 10, "ord_"), "the first of its forms");
    let (status, cancelled) = asked(&sandbox, &format!("POST /orders/{id}/cancel"), "");
    assert_eq!((status, &cancelled["status"]), (200, &json!("cancelled")));
    assert_eq!(asked(&sandbox, &format!("POST /orders/{id}/unlock"), "").0, 204);
    let (status, named) = asked(&sandbox, &format!("PUT /orders/{id}/title"), r#"{"title":"Pen"}"#);
    assert_eq!((status, &named["title"]), (200, &json!("Pen")));
    let (_, read) = asked(&sandbox, &format!("GET /orders/{id}"), "");
    assert_eq!(read, json!({ "id": id, "title": "Pen", "status": "cancelled", "locked": false }));
    assert_eq!(asked(&sandbox, "POST /orders/ord_000000/cancel", "").0, 404);
    assert_eq!(asked(&sandbox, &format!("POST /orders/{id}/ship"), "").0, 204);
    assert_eq!(asked(&sandbox, &format!("GET /orders/{id}"), "").1["status"], "shipped");
}

#[test]
fn several_are_created_at_once_and_one_by_the_only_write_there_is() {
    let emulator = rungs();
    let sandbox = Trial::new(&emulator, "one");
    let id = asked(&sandbox, "POST /orders", r#"{"title":"Ink"}"#).1["id"].clone();
    let labels = format!("/orders/{}/labels", id.as_str().unwrap());
    let two = r#"[{"key":"a","color":"red"},{"key":"b"}]"#;
    let (status, made) = asked(&sandbox, &format!("POST {labels}"), two);
    assert_eq!((status, made), (201, json!([{ "key": "a", "color": "red" }, { "key": "b" }])));
    assert_eq!(asked(&sandbox, &format!("GET {labels}/b"), ""), (200, json!({ "key": "b" })));
    assert_eq!(asked(&sandbox, &format!("GET {labels}"), "").1.as_array().unwrap().len(), 2);
    assert_eq!(asked(&sandbox, "GET /files/a.txt", "").0, 404);
    let made = (201, json!({ "path": "a.txt", "size": 3 }));
    assert_eq!(asked(&sandbox, "POST /files/a.txt", r#"{"size":3}"#), made);
    assert_eq!(asked(&sandbox, "GET /files/a.txt", "").1, made.1);
    assert_eq!(asked(&sandbox, "DELETE /files/a.txt", "").0, 204);
    assert_eq!(asked(&sandbox, "GET /files/a.txt", "").0, 404);
}

#[test]
fn a_record_of_which_there_is_one_below_two_parameters_is_remembered() {
    let emulator = rungs();
    let sandbox = Trial::new(&emulator, "one");
    let theme = "/shops/ann/ink/theme";
    assert_eq!(asked(&sandbox, &format!("PUT {theme}"), r#"{"color":"red"}"#).0, 200);
    assert_eq!(asked(&sandbox, &format!("GET {theme}"), "").1, json!({ "color": "red" }));
    assert_eq!(asked(&sandbox, "GET /shops/bob/ink/theme", "").1, json!({ "color": "grey" }));
    assert_eq!(asked(&sandbox, &format!("DELETE {theme}"), "").0, 204);
    assert_eq!(asked(&sandbox, &format!("GET {theme}"), "").0, 404);
}

/// As [`asked`], of the notes, whose paths end in verbs.
fn noted(sandbox: &Trial<'_>, verb: &str, body: &Value) -> (u16, Value) {
    asked(sandbox, &format!("POST /notes.{verb}"), &body.to_string())
}

#[test]
fn paths_that_end_in_verbs_are_about_records() {
    let emulator = rungs();
    let sandbox = Trial::new(&emulator, "one");
    let ask = |verb: &str, body: &Value| noted(&sandbox, verb, body);
    let texts = |body: &Value| {
        let (_, all) = ask("list", body);
        let all = all["data"].as_array().unwrap().iter();
        all.map(|one| one["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (status, made) = ask("create", &json!({ "text": "Ink" }));
    assert_eq!((status, &made["data"]["text"]), (200, &json!("Ink")));
    let id = json!({ "id": made["data"]["id"] });
    assert_eq!(ask("info", &id), (200, made.clone()));
    assert_eq!(ask("info", &json!({ "id": "x" })).0, 404);
    ask("update", &json!({ "id": id["id"], "text": "Pen" }));
    assert_eq!(ask("info", &id).1["data"]["text"], "Pen");
    assert_eq!(texts(&json!({ "text": "Pen" })), ["Pen"], "the body filters");
    assert_eq!(texts(&json!({ "limit": 2 })).len(), 2);
    // A copy is not the note itself.
    ask("duplicate", &id);
    assert_eq!(ask("info", &id).1["data"]["text"], "Pen");
}

#[test]
fn what_can_be_restored_is_only_marked_as_deleted() {
    let emulator = rungs();
    let sandbox = Trial::new(&emulator, "one");
    let ask = |verb: &str, body: &Value| noted(&sandbox, verb, body);
    let made = ask("create", &json!({ "text": "Ink" })).1;
    let id = json!({ "id": made["data"]["id"] });
    let is_listed = |body: &Value| {
        let all = ask("list", body).1;
        all["data"].as_array().unwrap().iter().any(|one| one["id"] == id["id"])
    };
    assert_eq!(ask("delete", &id), (200, json!({ "success": true })));
    assert!(ask("info", &id).1["data"]["deletedAt"].is_string(), "with its mark");
    assert!(!is_listed(&json!({})));
    assert!(is_listed(&json!({ "deleted": true })));
    assert_eq!(ask("delete", &id).0, 404);
    assert_eq!(ask("update", &json!({ "id": id["id"], "text": "Pen" })).0, 404);
    assert_eq!(ask("restore", &id).1["data"]["deletedAt"], Value::Null);
    assert!(is_listed(&json!({})));
    assert_eq!(ask("delete", &id).0, 200);
    ask("restore", &id);
    assert_eq!(asked(&sandbox, "DELETE /notes", "").0, 204);
    assert!(!is_listed(&json!({})) && is_listed(&json!({ "deleted": true })), "all are marked");
}

#[test]
fn links_say_where_records_are_made_and_what_identifies_them() {
    let emulator = rungs();
    let sandbox = Trial::new(&emulator, "one");
    let body = r#"{"mail":"ada@example.com","owner":{"name":"Ada","secret":"x"}}"#;
    let (status, made) = asked(&sandbox, "POST /register", body);
    assert_eq!((status, &made["owner"]), (201, &json!({ "name": "Ada" })), "what is only written");
    let account = format!("/accounts/{}", made["ref"].as_str().unwrap());
    assert_eq!(asked(&sandbox, &format!("GET {account}"), ""), (200, made));
    assert_eq!(asked(&sandbox, &format!("DELETE {account}"), "").0, 204);
    assert_eq!(asked(&sandbox, &format!("GET {account}"), "").0, 404);
}

#[test]
fn what_documents_no_success_is_done_all_the_same() {
    let emulator = rungs();
    let sandbox = Trial::new(&emulator, "one");
    let pen = |color: &str| json!({ "id": 77, "color": color });
    let sent = |line: &str, body: &Value| asked(&sandbox, line, &body.to_string());
    assert_eq!(sent("POST /pens", &pen("red")), (200, pen("red")));
    assert_eq!(sent("PUT /pens", &pen("blue")), (200, pen("blue")), "its body names it");
    assert_eq!(sent("PUT /pens", &json!({ "id": 78, "color": "red" })).0, 404);
    assert_eq!(asked(&sandbox, "GET /pens/77", ""), (200, pen("blue")));
    let deleted = sandbox.ask(&call("DELETE /rungs/pens/77", &[], ""));
    assert_eq!(deleted.response.status(), 204);
    let told = deleted.response.headers()["tombstone-violations"].to_str().unwrap();
    assert!(told.contains("undocumented"), "{told}");
    assert_eq!(asked(&sandbox, "GET /pens/77", "").0, 404);
    assert_eq!(asked(&sandbox, "DELETE /pens/77", "").0, 404);
    // `default` is all that is said of making one.
    let ada = json!({ "name": "ada" });
    assert_eq!(sent("POST /clerks", &ada), (200, Value::Null));
    assert_eq!(sent("POST /clerks", &ada), (409, Value::Null));
    assert_eq!(asked(&sandbox, "GET /clerks/ada", ""), (200, ada));
}

#[test]
fn records_are_put_into_a_group_and_taken_out() {
    let emulator = rungs();
    let sandbox = Trial::new(&emulator, "one");
    let order = |title: &str| {
        let body = json!({ "title": title }).to_string();
        let made = asked(&sandbox, "POST /orders", &body).1;
        format!("/orders/{}", made["id"].as_str().unwrap())
    };
    let (one, other) = (order("Ink"), order("Pen"));
    let tag = asked(&sandbox, "POST /tags", r#"{"label":"new"}"#).1;
    let id = tag["id"].as_i64().unwrap();
    assert_eq!(tag["isArchived"], false, "a new one is not put aside");
    let tags = |order: &str| asked(&sandbox, &format!("GET {order}/tags"), "").1;
    assert_eq!(asked(&sandbox, &format!("PUT {one}/tags/{id}"), ""), (200, tag.clone()));
    assert_eq!(asked(&sandbox, &format!("PUT {one}/tags/{id}"), "").0, 200, "it stays in");
    assert_eq!((tags(&one), tags(&other)), (json!([tag]), json!([])));
    assert_eq!(asked(&sandbox, &format!("PUT {one}/tags/{}", id + 9), "").0, 404);
    assert_eq!(asked(&sandbox, &format!("DELETE {one}/tags/{id}"), "").0, 204);
    assert_eq!(asked(&sandbox, &format!("DELETE {one}/tags/{id}"), "").0, 404);
    assert_eq!(tags(&one), json!([]));
    assert_eq!(asked(&sandbox, &format!("GET /tags/{id}"), "").0, 200, "it is there all the same");
    asked(&sandbox, &format!("PUT {other}/tags/{id}"), "");
    asked(&sandbox, &format!("DELETE /tags/{id}"), "");
    assert_eq!(tags(&other), json!([]), "what is gone is in no group");
}

#[test]
fn a_set_that_is_not_there_is_not_another_one() {
    let folder = Folder::new("infer-sets");
    folder.write("pets.yaml", include_str!("../documents/petstore.yaml"));
    folder.write("pets.behavior.yaml", "tombstone: 1\ninfer: true\n");
    let demo = "tombstone: 1\nrecords: { pets: [{ id: 7, name: Rex }] }\n";
    folder.write("sets/pets/demo.yaml", demo);
    let document =
        DocumentSource { name: Some("pets".to_owned()), path: folder.path.join("pets.yaml") };
    let sources = |set: &str| Sources {
        documents: vec![document.clone()],
        built_in: false,
        fixtures: Some(folder.path.join("sets")),
        fixture_set: set.to_owned(),
        ..Sources::default()
    };
    let counts = |started: &str, asked: &str| {
        let sources = sources(started);
        let providers = catalog::load(&sources, Timestamp(0), &mut Vec::new()).unwrap();
        let read = catalog::fixture_loader(sources)(&providers, asked, Timestamp(0)).unwrap();
        [providers[0].fixtures.store.len(0), read[0].store.len(0)]
    };
    assert_eq!(counts("default", "default"), [3, 3]);
    assert_eq!(counts("default", "demo"), [3, 1]);
    assert_eq!(counts("demo", "default"), [1, 0]);
}

/// A document with things that are listed, made and read, of this schema.
fn things(name: &str, schema: &str) -> Emulator {
    let folder = Folder::new(name);
    let body =
        "{ content: { application/json: { schema: { $ref: '#/components/schemas/Thing' } } } }";
    let answer = format!("{{ description: it, {} }}", &body[2..body.len() - 2]);
    let text = format!(
        "openapi: 3.0.3
info: {{ title: Things, version: '1' }}
paths:
  /things:
    get: {{ operationId: list, responses: {{ '200': {{ description: all, content: {{ application/json: {{ schema: {{ type: array, items: {{ $ref: '#/components/schemas/Thing' }} }} }} }} }} }} }}
    post:
      operationId: make
      requestBody: {{ content: {{ application/json: {{ schema: {{ type: object, properties: {{ name: {{ type: string }} }} }} }} }} }}
      responses: {{ '201': {answer} }}
  /things/{{id}}:
    get:
      operationId: read
      parameters: [{{ name: id, in: path, required: true, schema: {{ type: string }} }}]
      responses: {{ '200': {answer}, '404': {{ description: none }} }}
components: {{ schemas: {{ Thing: {schema}, Ink: {{ type: object, required: [id, object], properties: {{ id: {{ type: string }}, object: {{ type: string, enum: [ink] }}, name: {{ type: string }} }} }}, Pen: {{ type: object, required: [id, object], properties: {{ id: {{ type: string }}, object: {{ type: string, enum: [pen] }}, name: {{ type: string }} }} }} }} }}
"
    );
    folder.write("things.yaml", &text);
    let path = folder.path.join("things.yaml");
    let documents = vec![DocumentSource { name: Some("shelf".to_owned()), path }];
    let sources = Sources { documents, built_in: false, ..Sources::default() };
    world_of(&sources, &EmulatorOptions::default())
}

#[test]
fn schemas_that_are_made_of_themselves_end() {
    let own = "$ref: '#/components/schemas/Thing'";
    let twice = format!("{{ oneOf: [{{ {own} }}, {{ type: array, items: {{ {own} }} }}] }}");
    for (number, schema) in [
        format!("{{ type: array, items: {{ {own} }} }}"),
        format!("{{ type: object, properties: {{ data: {{ {own} }} }} }}"),
        format!(
            "{{ type: object, properties: {{ items: {{ type: array, items: {{ {own} }} }} }} }}"
        ),
        format!("{{ type: array, items: {{ type: array, items: {twice} }} }}"),
    ]
    .iter()
    .enumerate()
    {
        let emulator = things(&format!("infer-own-{number}"), schema);
        let sandbox = Trial::new(&emulator, "one");
        let status = sandbox.status(&call("POST /shelf/things", &[JSON], r#"{"name":"a"}"#));
        assert!(status < 500, "{status} with {schema}");
    }
}

#[test]
fn kinds_that_a_request_does_not_name_are_one() {
    let kinds =
        "{ oneOf: [{ $ref: '#/components/schemas/Ink' }, { $ref: '#/components/schemas/Pen' }] }";
    let emulator = things("infer-kinds", kinds);
    let sandbox = Trial::new(&emulator, "one");
    let made = sandbox.ask(&call("POST /shelf/things", &[JSON], r#"{"name":"a"}"#));
    assert_eq!(made.response.status(), 201);
    let id = json_of(&made)["id"].as_str().unwrap().to_owned();
    let read = sandbox.ask(&call(&format!("GET /shelf/things/{id}"), &[], ""));
    assert_eq!(json_of(&read), json!({ "id": id, "object": "ink", "name": "a" }));
}
