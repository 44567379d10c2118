//! The contract of the admin API, held against what is really answered.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tombstone::openapi::{Contract, Operation};
use tombstone::yaml::Document;

use crate::support::{Answer, DELETE, Running, Start, start};

const LOCAL: &str = "Host: localhost\r\n";
const ROOT: &str = "/__admin/sandboxes/a";

/// A server, the contract that it serves, and the documented answers that it has given.
struct Held {
    server: Running,
    contract: Contract,
    seen: BTreeSet<(String, u16)>,
}

impl Held {
    fn new(server: Running) -> Self {
        let text = server.call("GET", "/__admin/openapi.json", LOCAL).text().to_owned();
        let document = Document::parse("served", &text, &mut Vec::new()).unwrap();
        let contract = Contract::load(&document, &mut Vec::new()).unwrap();
        Self { server, contract, seen: BTreeSet::new() }
    }

    /// Asks for something, and holds the answer against the document; the answer's body, null where it has none.
    fn ask(&mut self, status: u16, operation: &str, path: &str, body: Value) -> Value {
        let found = self.contract.operations.iter().find(|one| one.id == operation).unwrap();
        let method = found.method.as_str();
        let answer = if body.is_null() {
            self.server.call(method, path, LOCAL)
        } else {
            let body = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
            let length = body.len();
            let framing = format!("Content-Type: application/json\r\nContent-Length: {length}");
            self.server.ask(&format!("{method} {path} HTTP/1.1\r\n{LOCAL}{framing}\r\n\r\n{body}"))
        };
        assert_eq!(answer.status, status, "{method} {path} {body}: {}", answer.text());
        let value = check(&self.contract, found, &answer);
        self.seen.insert((operation.to_owned(), status));
        value
    }
}

/// Nothing is answered that is not documented so.
fn check(contract: &Contract, operation: &Operation, answer: &Answer) -> Value {
    let told = format!("{} {}: {}", operation.id, answer.status, answer.text());
    let response = operation.responses.get(&answer.status.to_string());
    let response = response.unwrap_or_else(|| panic!("not documented: {told}"));
    let Some(given) = answer.field("content-type") else {
        assert!(answer.body.is_empty() && response.content.is_empty(), "{told}");
        return Value::Null;
    };
    let found = response.content.iter().find(|(media_type, _)| **media_type == given);
    let (_, content) = found.unwrap_or_else(|| panic!("`{given}` is not documented: {told}"));
    let value: Value = serde_json::from_slice(&answer.body).unwrap();
    let validator = contract.schemas.response_validator(content.schema.unwrap()).unwrap();
    let errors: Vec<String> = validator
        .misfits(&value, 10)
        .found
        .iter()
        .map(|error| format!("`{}`: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{told}\n{}", errors.join("\n"));
    value
}

fn arrange(held: &mut Held) {
    held.ask(201, "putSandbox", ROOT, json!({ "seed": 7, "ttl": "1h" }));
    held.ask(200, "putSandbox", ROOT, Value::Null);
    held.ask(200, "readSandbox", ROOT, Value::Null);
    held.ask(200, "listSandboxes", "/__admin/sandboxes", Value::Null);
    held.ask(409, "removeSandbox", "/__admin/sandboxes/default", Value::Null);
    held.ask(400, "readSandbox", "/__admin/sandboxes/%2e%2e", Value::Null);
    held.ask(404, "readSandbox", "/__admin/sandboxes/b", Value::Null);
    held.ask(422, "putSandbox", ROOT, json!({ "from": "b", "clock": { "rate": -1 } }));
    held.ask(200, "health", "/__admin/health", Value::Null);
    let all = held.ask(200, "listOperations", "/__admin/operations", Value::Null);
    for one in all["operations"].as_array().unwrap() {
        let (provider, id) = (one["provider"].as_str().unwrap(), one["id"].as_str().unwrap());
        let path = format!("/__admin/operations/{provider}/{id}");
        held.ask(200, "readOperation", &path, Value::Null);
    }
    held.ask(404, "readOperation", "/__admin/operations/partoo/none", Value::Null);
    held.ask(200, "version", "/__admin/version", Value::Null);
    held.ask(200, "contract", "/__admin/openapi.json", Value::Null);
}

fn records(held: &mut Held) {
    let list = format!("{ROOT}/resources/partoo/organizations");
    held.ask(200, "listResources", &format!("{ROOT}/resources"), Value::Null);
    let page = held.ask(200, "listRecords", &format!("{list}?limit=1"), Value::Null);
    assert_eq!(page["next"], format!("{list}?offset=1&limit=1"));
    held.ask(400, "listRecords", &format!("{list}?limit=x"), Value::Null);
    held.ask(404, "listRecords", &format!("{ROOT}/resources/none/x"), Value::Null);
    let record = held.ask(200, "readRecord", &format!("{list}/43"), Value::Null);
    held.ask(200, "putRecord", &format!("{list}/43"), record.clone());
    held.ask(422, "putRecord", &format!("{list}/43"), json!({ "id": 44 }));
    held.ask(400, "putRecord", &format!("{list}/43"), json!("{"));
    held.ask(200, "patchRecord", &format!("{list}/43"), json!({}));
    held.ask(200, "readReferences", &format!("{list}/42/references"), Value::Null);
    held.ask(404, "readReferences", &format!("{list}/x/references"), Value::Null);
    held.ask(200, "planRecordDeletion", &format!("{list}/42/deletion"), Value::Null);
    held.ask(404, "planRecordDeletion", &format!("{list}/x/deletion"), Value::Null);
    held.ask(204, "removeRecord", &format!("{list}/43"), Value::Null);
    held.ask(404, "removeRecord", &format!("{list}/43"), Value::Null);
    held.ask(404, "readRecord", &format!("{list}/43"), Value::Null);
    held.ask(201, "putRecord", &format!("{list}/43"), record);
}

fn time(held: &mut Held) {
    erase(&held.server);
    let jobs = held.ask(200, "listJobs", &format!("{ROOT}/jobs"), Value::Null);
    let job = jobs["jobs"].as_array().unwrap().iter().find(|job| job["state"] == "running");
    let path = format!("{ROOT}/jobs/{}", job.unwrap()["id"].as_str().unwrap());
    held.ask(200, "readJob", &path, Value::Null);
    held.ask(404, "readJob", &format!("{path}x"), Value::Null);
    let clock = format!("{ROOT}/clock");
    let moved = held.ask(200, "changeClock", &clock, json!({ "advance": "2s" }));
    assert_eq!(moved["tasks_run"], 1);
    held.ask(200, "readClock", &clock, Value::Null);
    let refused = held.ask(422, "changeClock", &clock, json!({ "advance": "x", "rate": -1 }));
    assert_eq!(refused["problems"].as_array().unwrap().len(), 2);
    held.ask(422, "changeClock", &clock, json!({}));
    held.ask(200, "undo", &format!("{ROOT}/undo"), json!({ "steps": 1 }));
    held.ask(200, "redo", &format!("{ROOT}/redo"), Value::Null);
    held.ask(409, "redo", &format!("{ROOT}/redo"), Value::Null);
    held.ask(422, "redo", &format!("{ROOT}/redo"), json!({ "steps": 0 }));
    held.ask(409, "undo", &format!("{ROOT}/undo"), json!({ "to": 9_999 }));
    held.ask(422, "undo", &format!("{ROOT}/undo"), json!({ "to": 1, "steps": 1 }));
    held.ask(200, "runJob", &format!("{path}/run"), Value::Null);
    held.ask(409, "cancelJob", &format!("{path}/cancel"), Value::Null);
    held.ask(200, "undo", &format!("{ROOT}/undo"), json!({ "to": 2 }));
    erase(&held.server);
    let jobs = held.ask(200, "listJobs", &format!("{ROOT}/jobs"), Value::Null);
    let job = jobs["jobs"].as_array().unwrap().iter().find(|job| job["state"] == "running");
    let path = format!("{ROOT}/jobs/{}", job.unwrap()["id"].as_str().unwrap());
    held.ask(200, "cancelJob", &format!("{path}/cancel"), Value::Null);
}

/// Starts a job.
fn erase(server: &Running) {
    let body = r#"{"data":{"userIds":["yourUserId1"]}}"#;
    let answer = server.ask(&format!(
        "POST /@a/velt/v2/users/data/delete HTTP/1.1\r\n{LOCAL}x-velt-api-key: velt-sandbox-key\r\n\
         x-velt-auth-token: velt-sandbox-token\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    assert_eq!(answer.status, 202, "{}", answer.text());
}

fn faults(held: &mut Held) {
    let all = format!("{ROOT}/faults");
    for fault in [
        json!({ "times": 2, "answer": { "status": 503, "headers": { "Retry-After": 5 }, "body": [1] } }),
        json!({ "delay": { "uniform": { "min": "1ms", "max": "1s" } }, "headers": { "a": null } }),
        json!({ "delay": { "lognormal": { "median": "1ms", "sigma": 0.5 } }, "probability": 0.5 }),
        json!({ "connection": { "trickle": { "bytes": 1, "every": "1ms" } }, "commit": false }),
        json!({ "connection": "reset", "method": "get", "path": "/**", "after": 3 }),
    ] {
        held.ask(201, "addFault", &all, fault);
    }
    held.ask(422, "addFault", &all, json!({}));
    held.ask(422, "addFault", &all, json!({ "delay": ["1s"] }));
    held.ask(422, "addFault", &all, json!([]));
    held.ask(200, "listFaults", &all, Value::Null);
    held.ask(200, "readFault", &format!("{all}/f1"), Value::Null);
    held.ask(404, "readFault", &format!("{all}/none"), Value::Null);
    held.ask(201, "putFault", &format!("{all}/mine"), json!({ "connection": { "cut": 3 } }));
    held.ask(200, "putFault", &format!("{all}/mine"), json!({ "delay": { "fixed": "1ms" } }));
    held.ask(400, "putFault", &format!("{all}/a%20b"), json!({ "delay": "1ms" }));
    held.ask(204, "removeFault", &format!("{all}/mine"), Value::Null);
    held.ask(404, "removeFault", &format!("{all}/mine"), Value::Null);
}

fn journal(held: &mut Held) {
    let list = format!("{ROOT}/requests");
    let page = held.ask(200, "listRequests", &format!("{list}?limit=500"), Value::Null);
    for entry in page["requests"].as_array().unwrap() {
        held.ask(200, "readRequest", &format!("{list}/{}", entry["id"]), Value::Null);
    }
    held.server.call("GET", "/@a/nowhere", LOCAL);
    let unmatched = held.ask(200, "unmatchedRequests", &format!("{list}/unmatched"), Value::Null);
    assert_eq!(unmatched["requests"].as_array().unwrap().len(), 1);
    held.ask(400, "listRequests", &format!("{list}?limit=0"), Value::Null);
    held.ask(404, "readRequest", &format!("{list}/99999"), Value::Null);
    held.ask(200, "archiveRequests", &format!("{list}.har"), Value::Null);
    let planned = json!({ "method": "DELETE", "path": "/partoo/org/43",
        "headers": { "x-apikey": "partoo-provider-write" } });
    held.ask(200, "plan", &format!("{ROOT}/plan"), planned);
    let many: serde_json::Map<_, _> = (0..40_000).map(|n| (format!("h{n}"), json!(""))).collect();
    let unfit = json!({ "method": "a b", "path": "", "headers": many });
    held.ask(422, "plan", &format!("{ROOT}/plan"), unfit);
    held.ask(204, "clearRequests", &list, Value::Null);
}

fn proof(held: &mut Held) {
    let expected =
        json!({ "expectations": [{ "no_residue": "x" }, { "calls": {}, "count": { "min": 1 } }] });
    held.ask(200, "verify", &format!("{ROOT}/verify"), expected);
    held.ask(422, "verify", &format!("{ROOT}/verify"), json!({}));
    held.ask(422, "verify", &format!("{ROOT}/verify"), json!({ "expectations": [[]] }));
    held.ask(200, "residue", &format!("{ROOT}/residue?value=42&journal=true"), Value::Null);
    held.ask(400, "residue", &format!("{ROOT}/residue?value="), Value::Null);
    held.ask(200, "sandboxCoverage", &format!("{ROOT}/coverage"), Value::Null);
    held.ask(404, "sandboxCoverage", &format!("{ROOT}/coverage?provider=none"), Value::Null);
    held.ask(200, "serverCoverage", "/__admin/coverage?provider=velt", Value::Null);
    held.ask(204, "forgetCoverage", "/__admin/coverage", Value::Null);
}

fn states(held: &mut Held) {
    let path = format!("{ROOT}/state");
    let mut state = held.ask(200, "readState", &path, Value::Null);
    held.ask(200, "putState", &path, state.clone());
    state["faults"] = json!([{ "operation": "none", "connection": "reset" }]);
    state["seed"] = json!(1);
    let refused = held.ask(422, "putState", &path, state);
    let problem = refused["problems"][0].as_str().unwrap();
    assert!(problem.starts_with("`faults/0`: there is no operation `none` (there are "));
    held.ask(200, "resetSandbox", &format!("{ROOT}/reset"), Value::Null);
    held.ask(204, "removeSandbox", ROOT, Value::Null);
    held.ask(200, "resetServer", "/__admin/reset", Value::Null);
}

#[test]
fn every_answer_is_documented_and_every_documented_success_is_answered() {
    let mut held = Held::new(start());
    arrange(&mut held);
    records(&mut held);
    time(&mut held);
    faults(&mut held);
    journal(&mut held);
    proof(&mut held);
    states(&mut held);
    let documented = held.contract.operations.iter().flat_map(|operation| {
        operation.responses.keys().map(|status| (operation.id.clone(), status.parse().unwrap()))
    });
    // Streams have no end; tests beside them read them.
    let missing: Vec<(String, u16)> = documented
        .filter(|(id, status)| *status < 300 && !id.starts_with("stream"))
        .filter(|one| !held.seen.contains(one))
        .collect();
    assert_eq!(missing, []);
}

#[test]
fn refusals_of_the_guard_are_documented_for_every_operation() {
    let token = Some("secret".to_owned());
    let server = Start { token, ..Start::default() }.start();
    let right = format!("{LOCAL}Authorization: Bearer secret\r\n");
    let answer = server.call("GET", "/__admin/openapi.json", &right);
    let document = Document::parse("served", answer.text(), &mut Vec::new()).unwrap();
    let contract = Contract::load(&document, &mut Vec::new()).unwrap();
    assert!(contract.operations.len() > 30);
    for operation in &contract.operations {
        let path = operation.template.replace(['{', '}'], "");
        for (fields, status) in [
            (LOCAL.to_owned(), 401),
            (format!("{right}Origin: https://evil.example\r\n"), 403),
            ("Host: evil.example\r\n".to_owned(), 421),
        ] {
            let answer = server.call(operation.method.as_str(), &path, &fields);
            assert_eq!(answer.status, status, "{} {fields}", operation.id);
            check(&contract, operation, &answer);
        }
    }
}

#[test]
fn options_and_other_methods_are_told_what_there_is_and_head_is_get_without_a_body() {
    let server = start();
    let path = "/__admin/sandboxes/default";
    let asked = server.call("OPTIONS", path, LOCAL);
    assert_eq!((asked.status, asked.body.len()), (204, 0));
    let mut allowed: Vec<String> =
        asked.field("allow").unwrap().split(',').map(|one| one.trim().to_owned()).collect();
    allowed.sort();
    assert_eq!(allowed, ["DELETE", "GET", "HEAD", "PUT"]);
    for method in ["POST", "PATCH", "TRACE", "NONSENSE"] {
        let refused = server.call(method, path, LOCAL);
        assert_eq!(refused.status, 405, "{method}");
        assert_eq!(refused.field("allow"), asked.field("allow"), "{method}");
    }
    assert_eq!(server.call("OPTIONS", "/__admin/nowhere", LOCAL).status, 404);
}

#[test]
fn a_million_mistakes_are_not_told_a_million_times() {
    let server = start();
    let settings: serde_json::Map<_, _> =
        (0..50_001).map(|n| (format!("p{n}"), json!({}))).collect();
    let body = json!({ "settings": settings }).to_string();
    let answer = server.ask(&format!(
        "PUT /__admin/sandboxes/a HTTP/1.1\r\n{LOCAL}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    assert_eq!(answer.status, 422);
    let told = answer.json();
    assert_eq!(told["problems"].as_array().unwrap().len(), 100);
    assert!(told["detail"].as_str().unwrap().ends_with("; and 49901 more"), "{}", told["detail"]);
    assert_eq!(server.ask(DELETE).status, 200);
}
