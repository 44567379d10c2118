//! State from the contract alone: what was created can be read, what was deleted cannot.

use serde_json::{Value, json};
use tombstone::catalog::{DocumentSource, Sources};
use tombstone::emulator::{Emulator, EmulatorOptions};
use tombstone::infer::InferOptions;
use tombstone::journal::Back;

use crate::harness::{Trial, call, header, json_of, world_of};

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
