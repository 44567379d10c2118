//! What outlives the program: sandboxes in a file, the journals at the end, and a certificate that clients trust.

use std::fs;
use std::time::Duration;

use expect_test::expect;
use serde_json::Value;

use crate::cli::{run, serve};
use crate::support::Folder;

const KEY: &str = "Host: localhost\r\nx-APIKey: partoo-provider-write\r\n";
const ADMIN: &str = "Host: localhost\r\n";

/// A pipe that nobody writes to.
pub(crate) fn fifo(folder: &Folder, name: &str) -> String {
    let path = path(folder, name);
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

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
    wait_for(|| lines(&file).len() == 1);
    let written = || fs::metadata(&file).unwrap().modified().unwrap();
    let before = written();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(written(), before, "what has not changed is not written again");
    // As if the machine had lost its power.
    server.signal("KILL");
}

/// The lines of a state file after the first.
fn lines(file: &str) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap_or_default()).collect()
}

fn wait_for(is_so: impl Fn() -> bool) {
    for _ in 0..400 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    panic!("it did not come to be so within ten seconds");
}

#[test]
fn what_has_changed_is_appended_and_the_last_line_of_a_sandbox_counts() {
    let folder = Folder::new("state-appended");
    let file = path(&folder, "state.json");
    let args = ["--provider=partoo", "--state", &file, "--state-interval=50ms"];
    let server = serve(&args);
    let inode = || std::os::unix::fs::MetadataExt::ino(&fs::metadata(&file).unwrap());
    for name in ["a", "b", "c"] {
        assert_eq!(server.call("DELETE", &format!("/@{name}/partoo/org/43"), KEY).status, 200);
    }
    wait_for(|| lines(&file).len() >= 3);
    let (before, whole) = (fs::read(&file).unwrap(), inode());
    assert_eq!(server.call("DELETE", "/@b/partoo/org/99", KEY).status, 404);
    assert_eq!(server.call("POST", "/__admin/sandboxes/a/undo", ADMIN).status, 200);
    assert_eq!(server.call("DELETE", "/__admin/sandboxes/c", ADMIN).status, 204);
    wait_for(|| lines(&file).last().is_some_and(|line| line["dropped"] == true));
    let after = fs::read(&file).unwrap();
    assert!(after.starts_with(&before) && inode() == whole, "it is appended to");
    let appended: Vec<_> = lines(&file)[3..]
        .iter()
        .map(|line| (line["name"].clone(), line["state"].is_null()))
        .collect();
    assert!(appended.contains(&("c".into(), true)) && appended.iter().all(|(name, _)| name != "b"));
    server.signal("KILL");
    drop(server);
    let server = serve(&args);
    assert_eq!(server.call("DELETE", "/@a/partoo/org/43", KEY).status, 200, "it was taken back");
    assert_eq!(server.call("DELETE", "/@b/partoo/org/43", KEY).status, 404);
    assert_eq!(server.call("GET", "/__admin/sandboxes/c", ADMIN).status, 404);
    server.stop();
}

#[test]
fn a_file_of_which_most_is_superseded_is_written_anew() {
    let folder = Folder::new("state-anew");
    let file = path(&folder, "state.json");
    let server = serve(&["--provider=partoo", "--state", &file, "--state-interval=20ms"]);
    let length = || fs::metadata(&file).map_or(0, |found| found.len());
    let mut longest = 0;
    for number in 0..12 {
        let body = format!(r#"{{"name":"{number}{}"}}"#, "x".repeat(1 << 20));
        let head = format!(
            "PATCH /__admin/sandboxes/default/resources/partoo/organizations/43 HTTP/1.1\r\n{ADMIN}\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let before = length();
        let patched = server.ask(head + &body);
        assert_eq!(patched.status, 200, "{}", patched.text());
        wait_for(|| length() != before);
        longest = longest.max(length());
    }
    assert!((8 << 20..12 << 20).contains(&longest), "{longest}");
    server.stop();
    let server = serve(&["--provider=partoo", "--state", &file]);
    let record = "/__admin/sandboxes/default/resources/partoo/organizations/43";
    assert!(server.call("GET", record, ADMIN).text().contains("\"11xxx"));
}

#[test]
fn a_last_line_that_was_cut_short_is_left_out_and_told() {
    let folder = Folder::new("state-cut");
    let file = path(&folder, "state.json");
    let args = ["--provider=partoo", "--state", &file];
    let server = serve(&args);
    for name in ["a", "b"] {
        assert_eq!(server.call("DELETE", &format!("/@{name}/partoo/org/43"), KEY).status, 200);
    }
    server.stop();
    let text = fs::read_to_string(&file).unwrap();
    for cut in [text.len() - 2, text.len() - 1000, text.rfind("{\"name\"").unwrap() + 4] {
        fs::write(&file, &text[..cut]).unwrap();
        let server = serve(&args);
        assert_eq!(server.call("DELETE", "/@a/partoo/org/43", KEY).status, 404);
        assert_eq!(server.call("DELETE", "/@b/partoo/org/43", KEY).status, 200);
        let told = server.stop();
        assert!(told.contains("state.json` was cut short in line 3"), "{told}");
        assert_eq!(lines(&file).len(), 2, "it is whole again");
    }
    // What is whole counts, though an editor took the end of its line away.
    fs::write(&file, text.trim_end()).unwrap();
    let server = serve(&args);
    assert_eq!(server.call("DELETE", "/@b/partoo/org/43", KEY).status, 404);
    server.stop();
}

#[test]
fn files_of_the_format_before_are_read() {
    let folder = Folder::new("state-before");
    let file = path(&folder, "state.json");
    let args = ["--provider=partoo", "--state", &file];
    let server = serve(&args);
    assert_eq!(server.call("DELETE", "/@a/partoo/org/43", KEY).status, 200);
    server.stop();
    let line = &lines(&file)[0];
    let of_before = |name: &str| {
        serde_json::json!({
            "tombstone": 1,
            "saved_at": line["saved_at"],
            "sandboxes": [{ "name": name, "idle_seconds_max": 0, "state": line["state"] }],
        })
    };
    for text in [of_before("x").to_string() + "\n", format!("{:#}", of_before("y"))] {
        fs::write(&file, &text).unwrap();
        let server = serve(&args);
        let name = if text.contains("\"x\"") { "x" } else { "y" };
        assert_eq!(server.call("DELETE", &format!("/@{name}/partoo/org/43"), KEY).status, 404);
        let view = server.call("GET", &format!("/__admin/sandboxes/{name}"), ADMIN).json();
        assert_eq!((&view["ttl"], &view["idle_seconds_max"]), (&"1s".into(), &1.into()));
        server.stop();
        assert_eq!(fs::read_to_string(&file).unwrap().lines().next(), Some("{\"tombstone\":2}"));
    }
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
    let line = |text: &str| told(&format!("{{\"tombstone\":2}}\n{text}\n"));
    let all = [
        told(""),
        told(r#"{"tombstone":1,"saved_at":"2026-01-01T00:00:00Z","sandboxes":[{"name":"a""#),
        told("tombstone: 1\n"),
        told(r#"{"tombstone":3}"#),
        told(r#"{"tombstone":1,"saved_at":"","sandboxes":[{"name":"a","state":{}}]}"#),
        told(r#"{"tombstone":2,"sandboxes":[]}"#),
        line(r#"{"name":"a","saved_at":"","state":{}}"#),
        line("{\"name\":\"a\",\n"),
        line(r#"{"name":"a","ttl":null,"saved_at":"","state":{}"#),
        line(r#"{"name":"a","ttl":null,"saved_at":"","stat":{}}"#),
        line(r#"{"name":"a b","ttl":null,"saved_at":"","state":{}}"#),
        line(r#"{"name":"a"}"#),
    ];
    expect![[r#"
        tombstone: `DIR/state.json` is no state of this program, or not all of one; it is left as it is: name another file with `--state`, or move it away: EOF while parsing a value at line 1 column 0
        tombstone: `DIR/state.json` is no state of this program, or not all of one; it is left as it is: name another file with `--state`, or move it away: EOF while parsing an object at line 1 column 73
        tombstone: `DIR/state.json` is no state of this program, or not all of one; it is left as it is: name another file with `--state`, or move it away: expected ident at line 1 column 2
        tombstone: `DIR/state.json` has format 3, and this program reads 1 and 2; it is left as it is: name another file with `--state`, or move it away
        tombstone: `DIR/state.json`: sandbox `a`: unfit: the state cannot be so: missing field `tombstone` at line 1 column 2; it is left as it is: name another file with `--state`, or move it away
        tombstone: `DIR/state.json`: line 1: column 26: unknown field `sandboxes`, expected `tombstone`; it is left as it is: name another file with `--state`, or move it away
        tombstone: `DIR/state.json`: line 2: sandbox `a`: unfit: the state cannot be so: missing field `tombstone` at line 1 column 2; it is left as it is: name another file with `--state`, or move it away
        tombstone: `DIR/state.json`: line 2: column 12: EOF while parsing a value; it is left as it is: name another file with `--state`, or move it away
        tombstone: `DIR/state.json`: line 2: column 47: EOF while parsing an object; it is left as it is: name another file with `--state`, or move it away
        tombstone: `DIR/state.json`: line 2: column 43: unknown field `stat`, expected one of `name`, `ttl`, `saved_at`, `state`, `dropped`; it is left as it is: name another file with `--state`, or move it away
        tombstone: `DIR/state.json`: line 2: sandbox `a b`: no such sandbox: no sandbox can be named `a b`: use 1 to 128 letters, digits, `.`, `_`, `~` and `-`; it is left as it is: name another file with `--state`, or move it away
        tombstone: `DIR/state.json`: line 2: it has not both `saved_at` and `state`; it is left as it is: name another file with `--state`, or move it away
    "#]].assert_eq(&all.concat());
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

#[test]
fn what_cannot_be_written_at_the_end_is_refused_at_the_start() {
    let folder = Folder::new("outputs-refused");
    let file = path(&folder, "none/file");
    for flag in ["--state", "--journal-out", "--ready-file"] {
        let ended = run(&["-p=0", "--provider=partoo", flag, &file]);
        let told = ended.text().replace(&folder.path.display().to_string(), "DIR");
        let expected = format!(
            "tombstone: cannot write `DIR/none/file` (`{flag}`): there is no folder `DIR/none`: make it first, or \
             name a file elsewhere\nexit 1\n"
        );
        assert_eq!(told, expected);
    }
    let ended = run(&["-p=0", "--provider=partoo", "--tls", "--tls-cert-out", &file]);
    assert!(ended.err.contains("(`--tls-cert-out`): there is no folder"), "{}", ended.err);
    let ended = run(&["-p=0", "--provider=partoo", "--journal-out=/dev/null"]);
    assert!(ended.err.contains("it is not a regular file"), "{}", ended.err);
    for stream in ["/dev/zero", &fifo(&folder, "pipe")] {
        let ended = run(&["-p=0", "--provider=partoo", "--state", stream]);
        assert!(ended.err.contains("it is not a regular file"), "{}", ended.err);
    }
}

#[test]
fn how_long_a_sandbox_may_be_unused_is_kept_exactly() {
    let folder = Folder::new("state-ttl");
    let file = path(&folder, "state.json");
    let args = ["--provider=partoo", "--state", &file];
    let json = "Host: localhost\r\nContent-Type: application/json\r\n";
    let mut expected = Vec::new();
    for ttl in ["1500ms", "10s", "2h"] {
        let server = serve(&args);
        let (name, body) = (format!("of-{ttl}"), format!(r#"{{"ttl":"{ttl}"}}"#));
        let head = format!("PUT /__admin/sandboxes/{name} HTTP/1.1\r\n{json}");
        let made = server.ask(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()));
        assert_eq!(made.status, 201);
        expected.push(made.json()["ttl"].clone());
        server.stop();
        let is_kept = |line: &Value| line["name"] == *name && line["ttl"] == made.json()["ttl"];
        assert!(lines(&file).iter().any(is_kept));
    }
    assert_eq!(expected, ["1500ms", "10s", "7200s"]);
}

#[test]
fn the_state_is_saved_when_the_journal_cannot_be_and_at_a_hangup() {
    let folder = Folder::new("state-anyway");
    let (state, out) = (path(&folder, "state.json"), path(&folder, "out/journal.jsonl"));
    fs::create_dir(folder.path.join("out")).unwrap();
    let args = ["--provider=partoo", "--state", &state, "--journal-out", &out];
    let mut server = serve(&args);
    assert_eq!(server.call("DELETE", "/partoo/org/43", KEY).status, 200);
    fs::remove_dir(folder.path.join("out")).unwrap();
    server.signal("HUP");
    assert_eq!(server.process.code(), 1);
    let told = server.err.recv_timeout(crate::support::PATIENCE).unwrap();
    assert!(told.contains("out/journal.jsonl`"), "{told}");
    let second = serve(&["--provider=partoo", "--state", &state]);
    assert_eq!(second.call("DELETE", "/partoo/org/43", KEY).status, 404);
    second.stop();
}

#[test]
fn one_server_at_a_time_has_a_state() {
    let folder = Folder::new("state-locked");
    let file = path(&folder, "state.json");
    let first = serve(&["--provider=partoo", "--state", &file]);
    let ended = run(&["-p=0", "--provider=partoo", "--state", &file]);
    let told = ended.text().replace(&folder.path.display().to_string(), "DIR");
    let told = told.replace(&first.process.0.id().to_string(), "PID");
    expect![[r#"
        tombstone: `DIR/state.json` is in use by another server (process PID): stop that, or name another file with `--state`
        exit 1
    "#]].assert_eq(&told);
    first.signal("KILL");
    drop(first);
    fs::write(folder.path.join(".state.json.killed.part"), "{").unwrap();
    serve(&["--provider=partoo", "--state", &file]).stop();
    let names: Vec<_> = fs::read_dir(&folder.path).unwrap().map(|entry| entry.unwrap()).collect();
    assert_eq!(names.len(), 1, "nothing is left aside: {names:?}");
    let mode = std::os::unix::fs::PermissionsExt::mode(&names[0].metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600, "there are credentials in it");
}

#[test]
fn every_state_that_is_read_can_be_put_back() {
    let server = serve(&["--provider=partoo"]);
    let root = "/__admin/sandboxes/default/state";
    let mut state = server.call("GET", root, ADMIN).json();
    let organizations = state["providers"]["partoo"]["records"]["organizations"].as_array_mut();
    let one = &mut organizations.unwrap()[0];
    let name =
        one.as_object().unwrap().iter().find(|(_, value)| value.is_string()).unwrap().0.clone();
    one[&name] = "x".repeat(11 << 20).into();
    let body = state.to_string();
    let head = format!("PUT {root} HTTP/1.1\r\n{ADMIN}Content-Type: application/json\r\n");
    let put = server.ask(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()));
    assert_eq!(put.status, 200, "{}", put.text());
    let again = server.call("GET", root, ADMIN);
    assert!(again.body.len() > 11 << 20);
}
