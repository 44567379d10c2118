//! The request log: what each line tells, and what it keeps to itself.

use expect_test::{Expect, expect};
use serde_json::Value;

use crate::support::{POST, start};

const LOCAL: &str = "Host: localhost\r\n";

/// Makes these calls, each a request line with its fields, and the body; all lines of the log, without what differs each
/// time.
fn check(calls: &[(&str, &str)], expected: &Expect) {
    let server = start();
    for (head, body) in calls {
        let head = head.replace('|', "\r\n");
        let (line, fields) = head.split_once("\r\n").unwrap_or((&head, ""));
        let length = if body.is_empty() {
            String::new()
        } else {
            format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len())
        };
        let fields = if fields.is_empty() { String::new() } else { format!("{fields}\r\n") };
        server.ask(&format!("{line} HTTP/1.1\r\n{LOCAL}{fields}{length}\r\n{body}"));
    }
    let lines = server.join().into_iter().map(|mut line| {
        let members = line.as_object_mut().unwrap();
        for name in ["time", "took_ms", "provider", "rule", "violations"] {
            members.remove(name);
        }
        // The time that a clock shows now.
        if let Some((before, after)) =
            line.get("did").and_then(Value::as_str).and_then(|did| did.split_once(", now "))
        {
            let (_, after) = after.split_once(',').unwrap();
            line["did"] = format!("{before}, now …,{after}").into();
        }
        Value::to_string(&line)
    });
    expected.assert_eq(&lines.map(|line| line + "\n").collect::<String>());
}

#[test]
fn a_line_says_whether_something_happened_and_which_credential_did_not_do() {
    let partoo = "DELETE /partoo/org/43";
    check(
        &[
            (&format!("{partoo}|x-APIKey: partoo-provider-write|Prefer: dry-run"), ""),
            (&format!("{partoo}|x-APIKey: partoo-provider-write|Prefer: code=404, dry-run"), ""),
            (partoo, ""),
            (&format!("{partoo}|x-APIKey: nobody"), ""),
            (&format!("{partoo}|x-APIKey: partoo-expired"), ""),
            (&format!("{partoo}|x-APIKey: partoo-revoked"), ""),
            (&format!("{partoo}|x-APIKey: partoo-provider-write"), ""),
        ],
        &expect![[r#"
            {"would_change":[{"resource":"organizations","deleted":1}],"method":"DELETE","path":"/partoo/org/43","status":200,"dry_run":true,"operation":"deleteOrganization","sandbox":"default"}
            {"dry_run":true,"method":"DELETE","path":"/partoo/org/43","status":404,"forced":"Prefer: code=404, dry-run","operation":"deleteOrganization","sandbox":"default"}
            {"scheme":"ApiKeyAuth","method":"DELETE","path":"/partoo/org/43","status":401,"credential":"missing","operation":"deleteOrganization","sandbox":"default"}
            {"scheme":"ApiKeyAuth","method":"DELETE","path":"/partoo/org/43","status":401,"credential":"unknown","operation":"deleteOrganization","sandbox":"default"}
            {"scheme":"ApiKeyAuth","method":"DELETE","path":"/partoo/org/43","status":401,"credential":"expired","operation":"deleteOrganization","sandbox":"default"}
            {"scheme":"ApiKeyAuth","method":"DELETE","path":"/partoo/org/43","status":401,"credential":"rejected","operation":"deleteOrganization","sandbox":"default"}
            {"changes":[{"resource":"organizations","deleted":1}],"method":"DELETE","path":"/partoo/org/43","status":200,"sandbox":"default","operation":"deleteOrganization"}
        "#]],
    );
}

#[test]
fn a_query_is_told_without_credentials() {
    let long = format!("GET /partoo/org?a={}&b={}", "x".repeat(20), "y".repeat(500));
    check(
        &[
            (
                "DELETE /partoo/org/43?force=true&k=partoo-provider-write&api-key=x&token=y&x=%1b",
                "",
            ),
            ("GET /partoo/org?", ""),
            (&long, ""),
            ("GET /__admin/sandboxes/default/residue?value=partoo-provider-write", ""),
        ],
        &expect![[r#"
            {"scheme":"ApiKeyAuth","method":"DELETE","path":"/partoo/org/43","query":"force=true&k=[REDACTED]&api-key=[REDACTED]&token=[REDACTED]&x=%1b","status":401,"credential":"missing","operation":"deleteOrganization","sandbox":"default"}
            {"sandbox":"default","method":"GET","path":"/partoo/org","status":405}
            {"sandbox":"default","method":"GET","path":"/partoo/org","query":"a=xxxxxxxxxxxxxxxxxxxx&…","status":405}
            {"stage":"admin","method":"GET","path":"/__admin/sandboxes/default/residue","query":"value=[REDACTED]","status":200}
        "#]],
    );
}

#[test]
fn the_admin_api_says_what_it_did() {
    let root = "/__admin/sandboxes/mine";
    let post = |rest: &str| format!("POST {root}/{rest}");
    let (clock, undo, redo, reset) = (post("clock"), post("undo"), post("redo"), post("reset"));
    let (faults, plan, verify) = (post("faults"), post("plan"), post("verify"));
    let fault = r#"{"operation":"deleteOrganization","times":1,"answer":{"status":429}}"#;
    let record = format!("DELETE {root}/resources/partoo/organizations/43");
    let journal = format!("DELETE {root}/requests");
    let made = format!("PUT {root}");
    check(
        &[
            (&made, "{}"),
            (&record, ""),
            (&undo, ""),
            (&redo, ""),
            (&clock, r#"{"advance":"PT24H"}"#),
            (&faults, fault),
            (&plan, r#"{"method":"DELETE","path":"/partoo/org/43"}"#),
            (
                &verify,
                r#"{"expectations":[{"calls":{"operation":"deleteOrganization"},"count":1}]}"#,
            ),
            (&journal, ""),
            (&reset, ""),
            ("POST /__admin/reset", ""),
            ("GET /__admin/health", ""),
        ],
        &expect![[r#"
            {"did":"made the sandbox","method":"PUT","path":"/__admin/sandboxes/mine","status":201,"sandbox":"mine","stage":"admin"}
            {"changes":[{"resource":"organizations","deleted":1}],"method":"DELETE","path":"/__admin/sandboxes/mine/resources/partoo/organizations/43","status":204,"sandbox":"mine","stage":"admin","did":"deleted the record"}
            {"changes":[{"resource":"organizations","created":1}],"method":"POST","path":"/__admin/sandboxes/mine/undo","status":200,"sandbox":"mine","stage":"admin","did":"undid entry 1"}
            {"changes":[{"resource":"organizations","deleted":1}],"method":"POST","path":"/__admin/sandboxes/mine/redo","status":200,"sandbox":"mine","stage":"admin","did":"did entry 1 again"}
            {"did":"clock: advance by 86400000 ms, now …, 0 tasks run","method":"POST","path":"/__admin/sandboxes/mine/clock","status":200,"sandbox":"mine","stage":"admin"}
            {"did":"added the fault `f1`: operation deleteOrganization times 1 answer 429","method":"POST","path":"/__admin/sandboxes/mine/faults","status":201,"sandbox":"mine","stage":"admin"}
            {"did":"planned a call, changed nothing","method":"POST","path":"/__admin/sandboxes/mine/plan","status":200,"sandbox":"mine","stage":"admin"}
            {"did":"expectations that do not hold: 1 of 1","method":"POST","path":"/__admin/sandboxes/mine/verify","status":200,"sandbox":"mine","stage":"admin"}
            {"did":"cleared the journal","method":"DELETE","path":"/__admin/sandboxes/mine/requests","status":204,"sandbox":"mine","stage":"admin"}
            {"did":"reset the sandbox","method":"POST","path":"/__admin/sandboxes/mine/reset","status":200,"sandbox":"mine","stage":"admin"}
            {"did":"reset `default`, other sandboxes dropped: 1","method":"POST","path":"/__admin/reset","status":200,"stage":"admin"}
            {"stage":"admin","method":"GET","path":"/__admin/health","status":200}
        "#]],
    );
}

#[test]
fn tasks_that_a_change_of_the_clock_runs_are_counted_with_what_they_change() {
    let server = start();
    let clock = |body: &str| {
        let head = format!("POST /__admin/sandboxes/default/clock HTTP/1.1\r\n{LOCAL}");
        let kind = "Content-Type: application/json\r\n";
        server.ask(&format!("{head}{kind}Content-Length: {}\r\n\r\n{body}", body.len()))
    };
    assert_eq!(clock(r#"{"freeze":true}"#).status, 200);
    let erase = POST.replace("/v1/organizations/delete", "/v2/users/data/delete");
    let body = r#"{"data":{"userIds":["yourUserId1"]}}"#;
    let erased = server.ask(&format!("{erase}Content-Length: {}\r\n\r\n{body}", body.len()));
    assert_eq!(erased.status, 202, "{}", erased.text());
    assert_eq!(clock(r#"{"advance":"PT25H"}"#).status, 200);
    let lines = server.join();
    let last = lines.last().unwrap();
    assert!(last["did"].as_str().unwrap().ends_with("5 tasks run"), "{last}");
    assert!(last["changes"].to_string().contains("\"deleted\""), "{last}");
}
