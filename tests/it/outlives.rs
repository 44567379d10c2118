//! What outlives the program: sandboxes in a file, the journals at the end, and a certificate that clients trust.

use std::fs;

use expect_test::expect;
use serde_json::Value;

use crate::cli::run;
use crate::cli::serve;
use crate::support::Folder;

const KEY: &str = "Host: localhost\r\nx-APIKey: partoo-provider-write\r\n";
const ADMIN: &str = "Host: localhost\r\n";

fn path(folder: &Folder, name: &str) -> String {
    folder.path.join(name).display().to_string()
}

#[test]
fn sandboxes_are_there_again_with_what_was_done_in_them() {
    let folder = Folder::new("state-again");
    let file = path(&folder, "state.json");
    let args = ["--provider=partoo", "--log-format=none", "--state", &file];
    let first = serve(&args);
    assert_eq!(first.call("DELETE", "/@kept/partoo/org/43", KEY).status, 200);
    let idle =
        first.call("GET", "/__admin/sandboxes/kept", ADMIN).json()["idle_seconds_max"].clone();
    assert_eq!(first.call("DELETE", "/@unchanged/partoo/org/99", KEY).status, 404);
    assert_eq!(first.stop(), "");
    let text = fs::read_to_string(&file).unwrap();
    assert!(!text.contains("unchanged"), "what is as it began is not written");
    let second = serve(&args);
    assert_eq!(second.call("DELETE", "/@kept/partoo/org/43", KEY).status, 404);
    assert_eq!(
        second.call("DELETE", "/partoo/org/43", KEY).status,
        200,
        "`default` was not changed"
    );
    let kept = second.call("GET", "/__admin/sandboxes/kept", ADMIN).json();
    assert_eq!(kept["idle_seconds_max"], idle);
    let reset = second.call("POST", "/__admin/sandboxes/kept/reset", ADMIN);
    assert_eq!(reset.status, 200);
    assert_eq!(second.call("DELETE", "/@kept/partoo/org/43", KEY).status, 200, "as it began");
    second.stop();
    assert_eq!(fs::read_dir(&folder.path).unwrap().count(), 1, "nothing is left aside");
}

#[test]
fn the_state_is_written_while_the_server_runs() {
    let folder = Folder::new("state-interval");
    let file = path(&folder, "state.json");
    let server = serve(&["--provider=partoo", "--state", &file, "--state-interval=50ms"]);
    assert_eq!(server.call("DELETE", "/@kept/partoo/org/43", KEY).status, 200);
    let names = || {
        let text = fs::read_to_string(&file).unwrap_or_default();
        let kept: Value = serde_json::from_str(&text).unwrap_or_default();
        kept["sandboxes"].as_array().map_or(0, Vec::len)
    };
    for _ in 0..200 {
        if names() == 1 {
            // As if the machine had lost its power.
            server.signal("KILL");
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("the state was not written within ten seconds");
}

#[test]
fn a_file_that_is_no_state_is_refused_and_left_alone() {
    let folder = Folder::new("state-foreign");
    let file = path(&folder, "state.json");
    let told = |text: &str| {
        fs::write(&file, text).unwrap();
        let ended = run(&["-p=0", "--provider=partoo", "--state", &file]);
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
        assert_eq!((ended.code, ended.out.as_str()), (1, ""));
        ended.err.replace(&folder.path.display().to_string(), "DIR")
    };
    let torn = told(r#"{"tombstone":1,"saved_at":"2026-01-01T00:00:00Z","sandboxes":[{"name":"a""#);
    let foreign = told("tombstone: 1\n");
    let newer = told(r#"{"tombstone":2,"saved_at":"","sandboxes":[]}"#);
    let unfit = told(
        r#"{"tombstone":1,"saved_at":"","sandboxes":[{"name":"a","idle_seconds_max":null,"state":{}}]}"#,
    );
    expect![[r#"
        tombstone: `DIR/state.json` is no state of this program, or not all of one; it is left as it is: name another file with `--state`, or move it away: EOF while parsing an object at line 1 column 73
        tombstone: `DIR/state.json` is no state of this program, or not all of one; it is left as it is: name another file with `--state`, or move it away: expected ident at line 1 column 2
        tombstone: `DIR/state.json` has format 2, and this program reads 1; it is left as it is: name another file with `--state`, or move it away
        tombstone: `DIR/state.json`: sandbox `a`: unfit: the state cannot be so: missing field `tombstone`; it is left as it is: name another file with `--state`, or move it away
    "#]].assert_eq(&[torn, foreign, newer, unfit].concat());
}

#[test]
fn the_journals_are_written_at_the_end_without_secrets() {
    let folder = Folder::new("journal-out");
    let file = path(&folder, "journal.jsonl");
    let server = serve(&["--provider=partoo", "--journal-out", &file]);
    server.call("DELETE", "/@one/partoo/org/43", KEY);
    server.call("DELETE", "/@one/partoo/org/43", KEY);
    server.call("DELETE", "/partoo/org/42", KEY);
    server.stop();
    let text = fs::read_to_string(&file).unwrap();
    assert!(!text.contains("partoo-provider-write"), "{text}");
    let lines: Vec<String> = text
        .lines()
        .map(|line| {
            let entry: Value = serde_json::from_str(line).unwrap();
            format!(
                "{} {} {} {} {}",
                entry["sandbox"],
                entry["id"],
                entry["kind"],
                entry["operation"],
                entry["response"]["status"]
            )
        })
        .collect();
    expect![[r#"
        "default" 1 "call" "deleteOrganization" 400
        "one" 1 "call" "deleteOrganization" 200
        "one" 2 "call" "deleteOrganization" 404"#]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn a_self_signed_certificate_can_be_trusted_and_plain_requests_are_told() {
    let folder = Folder::new("tls-out");
    let (file, ready) = (path(&folder, "ca.pem"), path(&folder, "ready.json"));
    let args = ["--provider=partoo", "--tls", "--tls-cert-out", &file, "--ready-file", &ready];
    let server = serve(&args);
    assert!(fs::read_to_string(&file).unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    let said: Value = serde_json::from_str(&fs::read_to_string(&ready).unwrap()).unwrap();
    assert_eq!(said["tls"], true);
    assert!(said["url"].as_str().unwrap().starts_with("https://"));
    let plain = server.call("GET", "/__admin/health", ADMIN);
    assert_eq!(plain.status, 400);
    assert!(plain.text().contains("https://"), "{}", plain.text());
    server.stop();
    let missing = run(&["-p=0", "--tls-cert", "/none/c.pem", "--tls-key", "/none/k.pem"]);
    assert_eq!(missing.code, 1);
    assert!(
        missing.err.contains("/none/c.pem") && missing.err.contains("/none/k.pem"),
        "{}",
        missing.err
    );
}
