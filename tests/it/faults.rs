//! Faults on the way of a request: what is answered, what happened all the same, and what the journal says of it.

use std::time::Duration;

use serde_json::{Value, json};
use tombstone::emulator::EmulatorOptions;
use tombstone::faults::{Fault, FaultFormat};
use tombstone::journal::Event;
use tombstone::message::{Delivery, Why};

use crate::harness::{
    Call, FROZEN, Trial, applivery, call, difference, erase, frozen, header, partoo, status_of,
    timbrix, told, velt_organizations, world,
};

/// What the journal says of the last request: the faults that struck, and how it was sent.
fn last(trial: &Trial<'_>) -> (Vec<String>, Duration, Delivery, u16) {
    let sandbox = trial.emulator.sandboxes().find(trial.name).unwrap();
    let read = |state: &tombstone::sandbox::SandboxState| match &state
        .journal
        .entries()
        .next_back()
        .unwrap()
        .event
    {
        Event::Call(call) => {
            let faults = call.facts.faults.iter().map(ToString::to_string).collect();
            (faults, call.facts.delay, call.facts.delivery, call.exchange.status().as_u16())
        }
        other => panic!("{other:?}"),
    };
    trial.emulator.sandboxes().look(&sandbox, read).unwrap()
}

fn counts(trial: &Trial<'_>, id: &str) -> (Value, Value) {
    let fault = trial.control().fault(id).unwrap();
    (fault["matched"].clone(), fault["struck"].clone())
}

#[test]
fn an_answer_of_a_fault_is_what_the_contract_documents_for_that_status() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    trial.control().reset().unwrap();
    let before = trial.state();
    trial.add_fault(json!({ "operation": "deleteOrganization", "provider": "applivery", "answer": { "status": 401 } }));
    let documented = trial.ask(&applivery("globex").with("prefer", "code=401"));
    let struck = trial.ask(&applivery("globex"));
    assert_eq!(struck.response.status(), 401);
    assert_eq!(struck.response.body(), documented.response.body());
    assert_eq!(header(&struck, "content-type"), Some("application/json"));
    assert_eq!(struck.account.facts.why, Why::Forced("fault f1".into()));
    assert_eq!(last(&trial), (vec!["f1".to_owned()], Duration::ZERO, Delivery::Whole, 401));
    assert_eq!(difference(&trial.state()["providers"], &before["providers"]), "");
    // Only that provider's.
    assert_eq!(trial.status(&partoo("43")), 200);
}

#[test]
fn an_answer_of_a_fault_can_be_an_example_or_have_a_body_and_headers_of_its_own() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    let put = |answer: Value| {
        trial.control().put_fault("mine", &json!({ "answer": answer })).unwrap();
        let reply = trial.ask(&partoo("43"));
        let body = String::from_utf8(reply.response.body().to_vec()).unwrap();
        let fields = |name: &str| {
            let values = reply.response.headers().get_all(name).iter();
            let all: Vec<_> = values.map(|value| value.to_str().unwrap()).collect();
            if all.is_empty() { "-".to_owned() } else { all.join(" | ") }
        };
        let status = reply.response.status().as_u16();
        format!("{status} {}, {}: {body}", fields("content-type"), fields("retry-after"))
    };
    let texts = [
        put(json!({ "status": 429, "headers": { "Retry-After": 30 } })),
        put(
            json!({ "status": 429, "headers": { "Retry-After": 30, "Content-Type": "text/x" }, "body": { "wait": true } }),
        ),
        put(json!({ "status": 404, "headers": { "Content-Type": "application/other+json" } })),
        put(json!({ "status": 404, "example": "nobody" })),
        put(json!({ "status": 500, "body": "down" })),
        put(json!({ "status": 204 })),
        put(json!({ "status": 500 })),
    ];
    expect_test::expect![[r#"
        429 application/problem+json, 30: {"title":"injected fault","status":429,"detail":"a fault of this sandbox answers instead of the API: `GET /__admin/sandboxes/<name>/faults` lists them"}
        429 text/x, 30: {"wait":true}
        404 application/other+json, -: {"errors":{"json":"Resource not found"}}
        404 application/problem+json, -: {"title":"injected fault","status":404,"detail":"a fault of this sandbox answers instead of the API: `GET /__admin/sandboxes/<name>/faults` lists them"}
        500 text/plain; charset=utf-8, -: down
        204 -, -: 
        500 application/problem+json, -: {"title":"injected fault","status":500,"detail":"a fault of this sandbox answers instead of the API: `GET /__admin/sandboxes/<name>/faults` lists them"}"#]].assert_eq(&texts.join("\n"));
    assert!(trial.record("partoo/organizations/43").is_some());
}

#[test]
fn a_fault_of_what_there_is_not_is_refused() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    let refused = |fault: Value| {
        let problem = trial.control().add_fault(&fault).unwrap_err();
        told(problem)["detail"].as_str().unwrap().to_owned()
    };
    let answer = |status: u16, example: &str| json!({ "status": status, "example": example });
    let texts = [
        refused(json!({ "provider": "shop", "operation": "deleteUserData", "delay": "1s" })),
        refused(json!({ "provider": "partoo", "operation": "deleteUserData", "delay": "1s" })),
        refused(json!({ "operation": "deleteUserData", "answer": answer(403, "nobody") })),
        refused(
            json!({ "provider": "partoo", "operation": "deleteOrganization", "answer": answer(403, "not_found") }),
        ),
    ];
    expect_test::expect![[r#"
        the fault cannot be so: there is no provider `shop` (there are applivery, partoo, timbrix, velt)
        the fault cannot be so: there is no operation `deleteUserData` (did you mean `deleteUser`?)
        the fault cannot be so: `deleteUserData` documents no example `nobody` for 403: it has `bad_api_key`, `bad_auth_token` there, and the codes `202`, `400`, `403`, `500`
        the fault cannot be so: `deleteOrganization` documents no example `not_found` for 403: it has `not_allowed` there, and the codes `200`, `400`, `401`, `403`, `404`"#]].assert_eq(&texts.join("\n"));
    // Of all operations of the name one has that example.
    trial.add_fault(
        json!({ "operation": "deleteOrganization", "answer": answer(404, "not_found") }),
    );
    trial.add_fault(json!({ "answer": answer(404, "nobody") }));
    assert_eq!(trial.control().faults().unwrap().len(), 2);
}

#[test]
fn answers_that_are_no_operations_are_struck_too() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    trial.add_fault(
        json!({ "path": "/nothing/**", "answer": { "status": 502, "body": "bad gateway" } }),
    );
    for line in ["GET /nothing/here", "GET /partoo/nothing"] {
        assert_eq!(trial.status(&call(line, &[], "")), 502, "{line}");
    }
    assert_eq!(trial.status(&call("PUT /partoo/org/43", &[], "")), 405);
    assert_eq!(counts(&trial, "f1"), (json!(2), json!(2)));
}

#[test]
fn answers_are_held_back_by_all_faults_together() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    let spec = json!({ "settings": { "velt": { "acceptance_time": "1s" } } });
    trial.control().put_sandbox(&serde_json::from_value(spec).unwrap()).unwrap();
    trial.add_fault(json!({ "delay": "200ms" }));
    trial.add_fault(
        json!({ "delay": { "uniform": { "min": "1s", "max": "2s" } }, "method": "DELETE" }),
    );
    let delete = trial.ask(&partoo("43"));
    assert_eq!(delete.response.status(), 200);
    assert!((1_200..=2_200).contains(&delete.delay.as_millis()), "{:?}", delete.delay);
    assert_eq!(
        last(&trial),
        (vec!["f1".to_owned(), "f2".to_owned()], delete.delay, Delivery::Whole, 200)
    );
    let erase = trial.ask(&erase(&["ines"]));
    assert_eq!((erase.response.status().as_u16(), erase.delay.as_millis()), (202, 1_200));
    // A delay alone does not keep the call from happening.
    assert_eq!(trial.status(&partoo("43")), 404);
}

#[test]
fn a_broken_connection_says_whether_the_call_happened() {
    let emulator = frozen();
    for (number, (connection, delivery, commits)) in [
        (json!("reset"), Delivery::Reset, false),
        (json!("empty"), Delivery::Empty, false),
        (json!("garbage"), Delivery::Garbage, false),
        (json!({ "cut": 5 }), Delivery::Cut { bytes: 5 }, true),
        (
            json!({ "trickle": { "bytes": 3, "every": "10ms" } }),
            Delivery::Trickle { bytes: 3, every: Duration::from_millis(10) },
            true,
        ),
    ]
    .into_iter()
    .enumerate()
    {
        for (commit, happens) in [(None, commits), (Some(true), true), (Some(false), false)] {
            let name = format!("{number}-{commit:?}").replace(['(', ')'], "");
            let trial = Trial::new(&emulator, &name);
            let mut fault = json!({ "connection": connection, "times": 1 });
            if let Some(commit) = commit {
                fault["commit"] = json!(commit);
            }
            trial.add_fault(fault);
            let reply = trial.ask(&partoo("43"));
            assert_eq!(reply.delivery, delivery);
            assert_eq!(reply.account.changes.len(), usize::from(happens), "{name}");
            assert_eq!(last(&trial).0, ["f1"]);
            assert_eq!(last(&trial).2, delivery);
            assert_eq!(trial.status(&partoo("43")), if happens { 404 } else { 200 }, "{name}");
            if happens && commits {
                assert!(!reply.response.body().is_empty());
            }
            if delivery == Delivery::Garbage {
                assert!(!reply.response.body().starts_with(b"HTTP"));
                assert!(reply.response.body().len() > 100);
            }
        }
    }
}

#[test]
fn what_was_deleted_behind_a_broken_connection_can_be_undone() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    trial.add_fault(json!({ "connection": "reset", "commit": true, "times": 1 }));
    trial.ask(&timbrix());
    assert_eq!(trial.status(&timbrix()), 404);
    trial.control().undo(tombstone::journal::Back::Steps(1)).unwrap();
    assert_eq!(trial.status(&timbrix()), 204);
}

#[test]
fn faults_strike_after_and_for_so_many_requests() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    trial.add_fault(
        json!({ "method": "DELETE", "after": 2, "times": 3, "answer": { "status": 503 } }),
    );
    let statuses: Vec<u16> = (0..7).map(|_| trial.status(&partoo("999"))).collect();
    assert_eq!(statuses, [404, 404, 503, 503, 503, 404, 404]);
    assert_eq!(counts(&trial, "f1"), (json!(7), json!(3)));
    // Replaced, it begins to count anew; in another sandbox it is not there.
    let again = json!({ "method": "DELETE", "times": 1, "answer": { "status": 500 } });
    assert!(!trial.control().put_fault("f1", &again).unwrap().0);
    assert_eq!((trial.status(&partoo("999")), trial.status(&partoo("999"))), (500, 404));
    assert_eq!(Trial { name: "b", ..trial }.status(&partoo("999")), 404);
    trial.control().delete_fault("f1").unwrap();
    assert_eq!(trial.control().delete_fault("f1").map_err(status_of), Err(404));
}

#[test]
fn chance_follows_from_the_seed() {
    let emulator = frozen();
    let run = |name: &str, seed: u64| -> Vec<u16> {
        let trial = Trial::new(&emulator, name);
        let fault = json!({ "probability": 0.3, "answer": { "status": 503 } });
        let spec = json!({ "seed": seed, "faults": [fault] });
        trial.control().put_sandbox(&serde_json::from_value(spec).unwrap()).unwrap();
        (0..200).map(|_| trial.status(&partoo("999"))).collect()
    };
    let first = run("a", 1);
    let struck = first.iter().filter(|status| **status == 503).count();
    assert!((40..80).contains(&struck), "{struck}");
    assert_eq!(run("b", 1), first);
    assert_ne!(run("c", 2), first);
    // A reset begins the same dice again.
    let trial = Trial::new(&emulator, "a");
    trial.control().reset().unwrap();
    assert_eq!((0..200).map(|_| trial.status(&partoo("999"))).collect::<Vec<_>>(), first);
    assert_eq!(counts(&trial, "f1"), (json!(200), json!(struck)));
    // Ids do not depend on them.
    let job = |name| Trial::new(&emulator, name).start(&erase(&["ines"]).with("prefer", "x"));
    trial.control().delete_fault("f1").unwrap();
    let plain = Trial::new(&emulator, "plain");
    plain.control().put_sandbox(&serde_json::from_value(json!({ "seed": 1 })).unwrap()).unwrap();
    assert_eq!(job("a"), job("plain"));
}

#[test]
fn faults_look_at_operation_provider_path_and_headers() {
    let emulator = frozen();
    let matched = |fault: Value, call: &Call| {
        let trial = Trial::new(&emulator, "a");
        trial.control().reset().unwrap();
        let mut fault = fault;
        fault["answer"] = json!({ "status": 503 });
        trial.add_fault(fault);
        trial.status(call) == 503
    };
    let delete = velt_organizations(&["none"]);
    assert!(matched(json!({ "operation": "deleteOrganizations" }), &delete));
    assert!(!matched(json!({ "operation": "deleteUserData" }), &delete));
    assert!(matched(json!({ "provider": "velt" }), &delete));
    assert!(!matched(json!({ "provider": "partoo" }), &delete));
    assert!(matched(json!({ "path": "/v1/*/delete" }), &delete));
    assert!(!matched(json!({ "path": "/velt/v1/*/delete" }), &delete));
    assert!(matched(json!({ "headers": { "x-velt-api-key": null } }), &delete));
    assert!(matched(json!({ "headers": { "X-Velt-API-Key": "velt-sandbox-key" } }), &delete));
    assert!(!matched(json!({ "headers": { "x-velt-api-key": "other" } }), &delete));
    // A sandbox in the path is no part of the API's path.
    let trial = Trial::new(&emulator, "b");
    trial.add_fault(json!({ "path": "/v1/*/delete", "answer": { "status": 503 } }));
    assert_eq!(trial.send(&delete.by_path("b")).response.status(), 503);
}

#[test]
fn every_sandbox_begins_with_the_faults_that_the_server_was_given() {
    let format = FaultFormat::read(&json!({ "times": 1, "answer": { "status": 503 } })).unwrap();
    let fault = Fault::compile(format).unwrap();
    let emulator = world(&EmulatorOptions {
        clock: FROZEN,
        faults: vec![fault.into()],
        ..EmulatorOptions::default()
    });
    for name in ["default", "a", "b"] {
        let trial = Trial::new(&emulator, name);
        assert_eq!(
            (trial.status(&partoo("43")), trial.status(&partoo("43"))),
            (503, 200),
            "{name}"
        );
        trial.control().reset().unwrap();
        assert_eq!(trial.status(&partoo("43")), 503, "{name}");
    }
}

#[test]
fn a_struck_request_counts_by_what_it_was_answered() {
    let emulator = frozen();
    let trial = Trial::new(&emulator, "a");
    trial.add_fault(json!({ "times": 1, "connection": "reset" }));
    trial.ask(&partoo("43"));
    let answers = |trial: &Trial<'_>| -> Vec<(u16, u64)> {
        let provider = emulator.provider("partoo").unwrap();
        let operations = &emulator.behavior(provider).contract().operations;
        let operation = operations.iter().position(|it| it.id == "deleteOrganization").unwrap();
        let sandbox = emulator.sandboxes().find(trial.name).unwrap();
        emulator
            .sandboxes()
            .look(&sandbox, |state| state.coverage.answers(provider, operation).collect())
            .unwrap()
    };
    assert_eq!(answers(&trial), []);
    trial.add_fault(json!({ "times": 1, "connection": "reset", "commit": true }));
    trial.ask(&partoo("43"));
    trial.ask(&partoo("43"));
    assert_eq!(answers(&trial), [(200, 1), (404, 1)]);
}
