//! Files that change while they are served: what is taken up, what stays, and what is said.

use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{fs, thread};

use expect_test::expect;
use serde_json::{Value, json};

use crate::cli::{BEHAVIOR, CONTRACT, FIXTURES, Served, of_shop, program, serve_with, shop};
use crate::support::{Answer, Client, Folder, PATIENCE};

const KEY: &str = "Host: localhost\r\nX-Key: it's a key\r\n";
const CONTRACT_FILE: &str = "specs/shop/openapi.yaml";
const BEHAVIOR_FILE: &str = "specs/shop/behavior.yaml";
const FIXTURES_FILE: &str = "fixtures/shop/default.yaml";

/// A shop with these carts beside the one it has.
fn with_carts(ids: &[&str]) -> String {
    let carts: Vec<String> = ids.iter().map(|id| format!("{{ id: {id} }}")).collect();
    FIXTURES.replace("{ id: a/b c }]", &format!("{{ id: a/b c }}, {}]", carts.join(", ")))
}

/// A server whose standard error goes to a file.
struct Watched {
    served: Served,
    folder: Folder,
}

fn watched(folder: Folder, more: &[&str]) -> Watched {
    let more = more.iter().map(|arg| (*arg).to_owned());
    let args: Vec<String> = of_shop(&folder).into_iter().chain(more).collect();
    watched_as(folder, &args)
}

fn watched_as(folder: Folder, args: &[String]) -> Watched {
    let command = program(&["-c", r#"exec "$0" "$@" 2>"$LOG""#]);
    let mut shell = Command::new("sh");
    shell.args(command.get_args()).arg(command.get_program());
    shell.args(args).args(["-p", "0", "--watch"]);
    shell.env_clear().env("LOG", folder.path.join("log"));
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Watched { served: serve_with(shell), folder }
}

impl Watched {
    fn call(&self, method: &str, target: &str) -> Answer {
        self.served.call(method, target, KEY)
    }

    fn delete(&self, sandbox: &str, cart: &str) -> u16 {
        self.call("DELETE", &format!("/@{sandbox}/shop/carts/{cart}")).status
    }

    /// The keys of records of `default`, or of another sandbox.
    fn keys(&self, sandbox: &str, resource: &str) -> Vec<String> {
        let path = format!("/__admin/sandboxes/{sandbox}/resources/shop/{resource}");
        let page = self.call("GET", &path).json();
        let records = page["records"].as_array().into_iter().flatten();
        records.map(|record| record["id"].as_str().unwrap().to_owned()).collect()
    }

    /// What was said so far, but of requests, without what differs from run to run.
    fn told(&self) -> String {
        let log = fs::read_to_string(self.folder.path.join("log")).unwrap();
        let log = log.replace(&self.folder.path.display().to_string(), "DIR");
        let is_request = |line: &&str| {
            ["GET", "DELETE", "POST", "PUT"]
                .iter()
                .any(|method| line.contains(&format!(" {method} /")))
        };
        let lines = log.lines().filter(|line| !is_request(line)).map(|line| {
            let line = line.get(9..).unwrap_or_default();
            let line = line.split_once("  ").map_or(line, |(line, _)| line);
            let line = line.split_once("version of ").map_or(line, |(line, _)| line);
            format!("{}\n", line.trim_end())
        });
        lines.collect()
    }

    /// Ends it; what was said.
    fn ended(self) -> String {
        self.served.signal("TERM");
        let Self { mut served, folder } = self;
        assert_eq!(served.process.code(), 0);
        Self { served, folder }.told()
    }
}

/// Waits until it is so, for a bounded time.
#[expect(clippy::disallowed_methods, reason = "a test waits by the real clock")]
fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "not in time: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_fault_whose_operation_is_gone_is_told() {
    let folder = shop("watch-faults");
    let server = watched(folder, &["--fault", "operation=createCart,status=503"]);
    let renamed = |text: &str| text.replace("createCart", "addCart");
    for (file, text) in
        [(FIXTURES_FILE, FIXTURES), (BEHAVIOR_FILE, BEHAVIOR), (CONTRACT_FILE, CONTRACT)]
    {
        server.folder.write(file, &renamed(text));
    }
    until("it is told", || server.told().contains("never strikes"));
    let told = server.ended();
    let told = told.lines().find(|line| line.contains("never strikes"));
    expect!["a fault never strikes any more: there is no operation `createCart` (did you mean `deleteCart`?)"].assert_eq(told.unwrap_or_default());
}

#[test]
fn a_new_operation_answers_and_a_changed_rule_decides() {
    let folder = shop("watch-contract");
    folder.write(FIXTURES_FILE, &with_carts(&["one", "two"]));
    let server = watched(folder, &[]);
    assert_eq!(server.delete("default", "one"), 204);
    assert_eq!(server.call("GET", "/shop/health").status, 404);
    let operation = "paths:\n  /health: { get: { operationId: health, security: [], responses: { '200': { description: Well } } } }\n";
    server.folder.write(CONTRACT_FILE, &CONTRACT.replace("paths:\n", operation));
    let rule = "operations:\n  health: { rules: [{ respond: 200 }] }\n";
    server.folder.write(BEHAVIOR_FILE, &BEHAVIOR.replace("operations:\n", rule));
    until("the operation answers", || server.call("GET", "/shop/health").status == 200);
    assert_eq!(server.delete("default", "one"), 404, "what is gone stays gone");
    assert_eq!(server.delete("default", "two"), 204, "what was there is");
    let refuses =
        BEHAVIOR.replace("operations:\n", rule).replace("when: cart is none", "when: 'true'");
    server.folder.write(BEHAVIOR_FILE, &refuses);
    until("the rule decides", || server.told().lines().count() == 2);
    assert_eq!(server.delete("other", "two"), 404);
    assert_eq!(server.keys("other", "carts"), ["a/b c", "one", "two"]);
    expect![[r#"
        reloaded DIR/specs/shop/behavior.yaml, DIR/specs/shop/openapi.yaml: 3 operations, 1 sandbox kept, journals begin anew
        reloaded DIR/specs/shop/behavior.yaml: 3 operations, 1 sandbox kept, journals begin anew
    "#]]
    .assert_eq(&server.ended());
}

#[test]
fn fixtures_are_seen_where_nothing_was_changed_and_after_a_reset_everywhere() {
    let folder = shop("watch-fixtures");
    let server = watched(folder, &[]);
    assert_eq!(server.delete("changed", "a%2Fb%20c"), 204);
    assert_eq!(server.delete("untouched", "none"), 404);
    server.folder.write(FIXTURES_FILE, &with_carts(&["new"]));
    until("the record is there", || server.keys("default", "carts").contains(&"new".to_owned()));
    assert_eq!(server.keys("untouched", "carts"), ["a/b c", "new"]);
    assert!(server.keys("changed", "carts").is_empty(), "its records stay as they are");
    let undone = server.call("POST", "/__admin/sandboxes/changed/undo");
    assert_eq!(undone.status, 200, "the journal goes on: {}", undone.text());
    assert_eq!(server.keys("changed", "carts"), ["a/b c"]);
    server.call("POST", "/__admin/sandboxes/changed/reset");
    assert_eq!(server.keys("changed", "carts"), ["a/b c", "new"]);
    assert_eq!(server.keys("made-now", "carts"), Vec::<String>::new());
    assert_eq!(server.delete("made-now", "new"), 204);
    until("it is told", || server.told().contains("reloaded"));
    expect![[r#"
        reloaded DIR/fixtures/shop/default.yaml: 2 operations, 3 sandboxes kept
    "#]]
    .assert_eq(&server.ended());
}

#[test]
fn a_broken_file_leaves_what_is_served_and_is_told_with_its_line() {
    let folder = shop("watch-broken");
    folder.write(FIXTURES_FILE, &with_carts(&["one", "two", "three"]));
    let server = watched(folder, &[]);
    assert_eq!(server.delete("default", "one"), 204);
    server.folder.write(BEHAVIOR_FILE, &BEHAVIOR.replace("respond: 404", "respond: 405"));
    until("it is told", || server.told().contains("kept serving"));
    assert_eq!(server.delete("default", "one"), 404);
    assert_eq!(server.delete("default", "two"), 204);
    server.folder.write(BEHAVIOR_FILE, BEHAVIOR);
    server.folder.write(FIXTURES_FILE, &with_carts(&["one", "two", "three", "four"]));
    until("it is mended", || {
        server.keys("other", "carts").is_empty() && server.delete("new", "four") == 204
    });
    assert_eq!(server.keys("default", "carts"), ["a/b c", "three"]);
    until("it is told", || server.told().contains("reloaded"));
    expect![[r#"
        DIR/specs/shop/behavior.yaml:15: error: `deleteCart` documents no response 405 (`deleteCart` documents 204, 400, 401, 404)
        `shop` cannot be served as it is now: kept serving the
        reloaded DIR/fixtures/shop/default.yaml, DIR/specs/shop/behavior.yaml: 2 operations, 2 sandboxes kept
    "#]].assert_eq(&server.ended());
}

#[test]
fn what_does_not_fit_any_more_is_left_out_and_told() {
    let folder = shop("watch-misfit");
    let before = BEHAVIOR.replace(
        "  carts: { key: id }",
        "  carts: { key: id }\n  notes: { key: id }\n  lines: { key: id, belongs_to: { cart: { resource: carts, by: cart_id, on_delete: cascade } } }",
    );
    folder.write(BEHAVIOR_FILE, &before);
    folder.write(
        FIXTURES_FILE,
        &with_carts(&["long", "go"])
            .replace("  carts:", "  notes: [{ id: 1 }, { id: 2 }]\n  lines: [{ id: l1, cart_id: long }, { id: l2, cart_id: a/b c }]\n  carts:"),
    );
    let server = watched(folder, &[]);
    assert_eq!(server.delete("default", "go"), 204);
    // Ids are short now, there are no notes, and the fixtures are without them.
    let after = before
        .replace("\n  notes: { key: id }", "")
        .replace("carts: { key: id }", "carts: { key: id, schema: { type: object, properties: { id: { not: { const: long } } } } }");
    server.folder.write(FIXTURES_FILE, FIXTURES);
    server.folder.write(BEHAVIOR_FILE, &after);
    until("it is read", || server.keys("default", "carts") == ["a/b c"]);
    until("what is left out is told", || server.told().contains("reloaded"));
    let lines = server.call("GET", "/__admin/sandboxes/default/resources/shop/lines").json();
    assert_eq!(lines["records"].as_array().map(Vec::len), Some(1), "{lines}");
    expect![[r#"
        default: carts long left out: at `/id`: {"const":"long"} is not allowed for "long"
        default: 2 notes left out: there is no such resource any more
        default: lines l1 left out: `cart` of record `l1` of `lines` refers to record `long` of `carts`, which does not exist: add that record, or leave the reference out
        reloaded DIR/fixtures/shop/default.yaml, DIR/specs/shop/behavior.yaml: 2 operations, 1 sandbox kept, 4 records left out, journals begin anew
    "#]].assert_eq(&server.ended());
}

#[test]
fn files_that_are_put_in_place_of_others_are_seen() {
    let folder = shop("watch-rename");
    let server = watched(folder, &[]);
    // As editors save, aside and then in place.
    server.folder.write("fixtures/shop/.default.yaml.new", &with_carts(&["renamed"]));
    let place = server.folder.path.join(FIXTURES_FILE);
    fs::rename(server.folder.path.join("fixtures/shop/.default.yaml.new"), &place).unwrap();
    until("the renamed file is read", || {
        server.keys("default", "carts").contains(&"renamed".to_owned())
    });
    // As volumes of configuration change: a link to a folder is exchanged.
    server.folder.write("first/default.yaml", &with_carts(&["linked-1"]));
    server.folder.write("second/default.yaml", &with_carts(&["linked-2"]));
    let (data, next) = (server.folder.path.join("..data"), server.folder.path.join("..next"));
    symlink(server.folder.path.join("first"), &data).unwrap();
    fs::remove_file(&place).unwrap();
    symlink(data.join("default.yaml"), &place).unwrap();
    until("the link is followed", || {
        server.keys("default", "carts").contains(&"linked-1".to_owned())
    });
    symlink(server.folder.path.join("second"), &next).unwrap();
    fs::rename(&next, &data).unwrap();
    until("the new link is followed", || {
        server.keys("default", "carts").contains(&"linked-2".to_owned())
    });
    server.ended();
}

#[test]
fn no_deletion_is_lost_and_no_request_fails_while_files_change() {
    let folder = shop("watch-parallel");
    let all: Vec<String> = (0..600).map(|number| format!("c{number}")).collect();
    let ids: Vec<&str> = all.iter().map(String::as_str).collect();
    folder.write(FIXTURES_FILE, &with_carts(&ids));
    let server = watched(folder, &[]);
    let is_over = AtomicBool::new(false);
    let saved = thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut saved = 0_u32;
            while !is_over.load(Ordering::Relaxed) {
                saved += 1;
                let title = format!("title: Shop {saved}");
                server.folder.write(CONTRACT_FILE, &CONTRACT.replace("title: Shop API", &title));
                thread::sleep(Duration::from_millis(250));
            }
            saved
        });
        let callers: Vec<_> = all
            .chunks(200)
            .map(|own| {
                let address = server.served.address;
                scope.spawn(move || {
                    let mut client = Client::connect(address);
                    let mut delete = |cart: &str| {
                        client.send(format!("DELETE /shop/carts/{cart} HTTP/1.1\r\n{KEY}\r\n"));
                        client.answer().status
                    };
                    for cart in own {
                        assert_eq!(delete(cart), 204, "{cart}");
                        assert_eq!(delete(cart), 404, "{cart} came back");
                        thread::sleep(Duration::from_millis(8));
                    }
                })
            })
            .collect();
        for caller in callers {
            caller.join().unwrap();
        }
        is_over.store(true, Ordering::Relaxed);
        writer.join().unwrap()
    });
    let told = server.told();
    let seen = told.lines().filter(|line| line.starts_with("reloaded")).count();
    assert!(saved > 2 && seen > 1, "{saved} saved: {told}");
    assert_eq!(server.keys("default", "carts"), ["a/b c"]);
    server.ended();
}

#[test]
fn jobs_faults_and_time_go_on() {
    let folder = shop("watch-time");
    let server = watched(folder, &["--clock-frozen", "--clock-start=2030-01-01T00:00:00Z"]);
    let sandbox = "/__admin/sandboxes/default";
    let send = |path: &str, body: &str| {
        let length = body.len();
        let fields = format!("{KEY}Content-Type: application/json\r\nContent-Length: {length}\r\n");
        let request = format!("POST {sandbox}{path} HTTP/1.1\r\n{fields}\r\n{body}");
        assert!(server.served.ask(request).status < 300, "{path}");
    };
    send("/clock", r#"{"advance":"PT24H"}"#);
    send("/faults", r#"{"operation":"deleteCart","times":1,"answer":{"status":503}}"#);
    server.folder.write(CONTRACT_FILE, &CONTRACT.replace("  /carts:\n", "  /baskets:\n"));
    until("the path is another", || server.call("GET", "/shop/carts").status == 404);
    let view = server.call("GET", sandbox).json();
    assert_eq!(view["now"], "2030-01-02T00:00:00.000Z");
    assert_eq!(view["faults"], Value::from(1));
    assert_eq!(server.delete("default", "none"), 503);
    assert_eq!(server.delete("default", "none"), 404);
    server.ended();
}

#[test]
fn how_a_sandbox_began_goes_on_and_settings_that_are_gone_are_told() {
    let folder = shop("watch-origin");
    let before =
        BEHAVIOR.replace("resources:\n", "settings: { grace: 1, limit: 2, mood: a }\nresources:\n");
    folder.write(BEHAVIOR_FILE, &before);
    let server = watched(folder, &[]);
    let body = r#"{"seed":7,"ttl":"2h","settings":{"shop":{"limit":9,"mood":"b"}}}"#;
    let length = body.len();
    let fields = format!("{KEY}Content-Type: application/json\r\nContent-Length: {length}\r\n");
    let put = format!("PUT /__admin/sandboxes/own HTTP/1.1\r\n{fields}\r\n{body}");
    assert_eq!(server.served.ask(put).status, 201);
    assert_eq!(server.delete("own", "a%2Fb%20c"), 204);
    let after = BEHAVIOR.replace("resources:\n", "settings: { grace: 5, limit: 2 }\nresources:\n");
    server.folder.write(BEHAVIOR_FILE, &after);
    until("it is read", || server.told().contains("reloaded"));
    let state = || server.call("GET", "/__admin/sandboxes/own/state").json();
    assert_eq!(state()["providers"]["shop"]["settings"], json!({ "grace": 5, "limit": 9 }));
    assert!(server.keys("own", "carts").is_empty());
    server.call("POST", "/__admin/sandboxes/own/reset");
    assert_eq!(state()["providers"]["shop"]["settings"], json!({ "grace": 5, "limit": 9 }));
    assert_eq!(server.keys("own", "carts"), ["a/b c"]);
    let view = server.call("GET", "/__admin/sandboxes/own").json();
    assert_eq!((&view["seed"], &view["idle_seconds_max"]), (&json!(7), &json!(7200)));
    expect![[r#"
        own: the setting mood left out: there is no setting `mood` to change
        reloaded DIR/specs/shop/behavior.yaml: 2 operations, 2 sandboxes kept, journals begin anew
    "#]]
    .assert_eq(&server.ended());
}

/// What a save can leave for a moment, none of which can be served.
const BROKEN: [Option<&[u8]>; 5] =
    [Some(b"swagger: '1.2'\n"), None, Some(b"scalar"), Some(b""), Some(b"\xff\xfe\x80")];

impl Watched {
    /// How often files were read so far.
    fn reads(&self) -> usize {
        let told = self.told();
        told.matches("kept serving").count() + told.matches("reloaded").count()
    }

    /// Has a file be broken in each way, and away for a while; what was served is, and what is mended is taken up.
    fn break_and_mend(&self, file: &str, is_served: impl Fn() -> bool, mended: &str) {
        let path = self.folder.path.join(file);
        for broken in BROKEN {
            let reads = self.reads();
            match broken {
                Some(bytes) => fs::write(&path, bytes).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            until("what is broken is told", || self.reads() > reads);
            assert!(is_served(), "{file}, {broken:?}");
        }
        let reads = self.reads();
        self.folder.write(file, mended);
        until("what is mended is read", || self.reads() > reads);
        assert!(self.told().trim_end().lines().last().unwrap().contains("reloaded"));
    }
}

#[test]
fn no_save_that_does_not_load_loses_a_file() {
    let server = watched(shop("watch-lost"), &[]);
    assert_eq!(server.delete("default", "a%2Fb%20c"), 204);
    let is_served = || server.delete("default", "a%2Fb%20c") == 404;
    for (file, text) in
        [(CONTRACT_FILE, CONTRACT), (BEHAVIOR_FILE, BEHAVIOR), (FIXTURES_FILE, FIXTURES)]
    {
        server.break_and_mend(file, is_served, text);
    }
    server.folder.write(FIXTURES_FILE, &with_carts(&["new"]));
    until("the fixtures are read", || server.delete("other", "new") == 204);
    assert!(is_served(), "records go on");
    server.ended();
}

#[test]
fn of_several_providers_the_one_that_is_away_comes_back_with_its_records() {
    let folder = shop("watch-away");
    folder.write("specs/other/openapi.yaml", &CONTRACT.replace("Shop", "Other"));
    let args = of_shop(&folder).into_iter().filter(|arg| arg != "--provider" && arg != "shop");
    let args: Vec<String> = args.collect();
    let server = watched_as(folder, &args);
    assert_eq!(server.delete("default", "a%2Fb%20c"), 204);
    let is_served = || server.delete("default", "a%2Fb%20c") == 404;
    server.break_and_mend(CONTRACT_FILE, is_served, CONTRACT);
    assert!(is_served() && server.keys("default", "carts").is_empty());
    let shop = server.folder.path.join("specs/shop");
    fs::rename(&shop, server.folder.path.join("away")).unwrap();
    until("it is told", || server.told().contains("`shop` is gone (to do without it, start anew)"));
    let health = "paths:\n  /health: { get: { operationId: health, security: [], responses: { '200': { description: Well } } } }\n";
    server.folder.write("specs/other/openapi.yaml", &CONTRACT.replace("paths:\n", health));
    fs::rename(server.folder.path.join("away"), &shop).unwrap();
    until("the other is read", || server.call("GET", "/other/health").status == 200);
    assert!(is_served() && server.keys("default", "carts").is_empty());
    server.ended();
}

#[test]
fn documents_overlays_and_what_they_refer_to_are_found_again() {
    let folder = Folder::new("watch-documents");
    let refers = CONTRACT.replace("description: No such cart.", "$ref: 'parts.yaml#/none'");
    let refers = refers.replace("'404': { $ref", "'404': { description: None, x-more: 1, $ref");
    let overlay = |title: &str| {
        format!(
            "overlay: 1.0.0\ninfo: {{ title: T, version: '1' }}\nactions:\n  - {{ target: $.info, update: {{ title: {title} }} }}\n"
        )
    };
    folder.write("shop.yaml", &refers);
    folder.write("parts.yaml", "none: { description: No such cart. }\n");
    folder.write("over.yaml", &overlay("One"));
    let path = |file: &str| folder.path.join(file).display().to_string();
    let args = ["mock", "--stateless", &path("shop.yaml"), "--overlay", &path("over.yaml")];
    let args = args.map(ToOwned::to_owned);
    let server = watched_as(folder, &args);
    let is_served = || server.call("DELETE", "/carts/x").status == 204;
    assert!(is_served());
    server.break_and_mend("shop.yaml", is_served, &refers);
    server.break_and_mend("over.yaml", is_served, &overlay("Two"));
    let nested = format!("'${}{}'", "[?@".repeat(3000), "]".repeat(3000));
    server.folder.write("over.yaml", &overlay("Two").replace("$.info", &nested));
    until("the target is told", || server.told().contains("the target is longer than 4096 bytes"));
    assert!(is_served());
    server.folder.write("over.yaml", &overlay("Three"));
    server.break_and_mend("parts.yaml", is_served, "none: { description: Nothing. }\n");
    server.ended();
}

#[test]
fn a_reload_does_not_move_time() {
    let folder = shop("watch-now");
    let dated = FIXTURES.replace("[{ id: a/b c }]", "[{ id: a/b c, made_at: '{{ now }}' }]");
    folder.write(FIXTURES_FILE, &dated);
    let server = watched(folder, &["--clock-frozen"]);
    let records = |sandbox: &str| {
        let path = format!("/__admin/sandboxes/{sandbox}/resources/shop/carts");
        server.call("GET", &path).json()["records"].clone()
    };
    let before = records("default");
    assert!(before[0]["made_at"].is_string(), "{before}");
    server.folder.write(CONTRACT_FILE, &CONTRACT.replace("Shop API", "Another"));
    until("the contract is read", || server.told().matches("reloaded").count() == 1);
    assert_eq!(records("default"), before);
    server.folder.write(FIXTURES_FILE, &dated.replace("a/b c", "b"));
    until("the fixtures are read", || server.told().matches("reloaded").count() == 2);
    let after = records("default");
    assert_eq!((&after[0]["id"], &after[0]["made_at"]), (&json!("b"), &before[0]["made_at"]));
    server.ended();
}
