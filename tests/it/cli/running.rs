//! The verbs that look at a sandbox of a running server and change it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc;
use std::time::Duration;

use super::*;

const PARTOO: &str = "Host: localhost\r\nx-APIKey: partoo-provider-write\r\n";

/// A server whose clocks stand still, so that what is printed has the same times.
fn frozen() -> Served {
    let clock = ["--clock-start", "2030-01-01T00:00:00Z", "--clock-frozen"];
    serve(
        &[&["--log-format", "none", "--provider", "partoo", "--provider", "velt"], &clock[..]]
            .concat(),
    )
}

fn verb(server: &Served, args: &[&str]) -> Ended {
    let url = format!("http://{}", server.address);
    run(&[args, &["--url", &url]].concat())
}

/// What several verbs print, one after the other, each below its words.
fn told(server: &Served, verbs: &[&[&str]]) -> String {
    let mut text = String::new();
    for args in verbs {
        write!(text, "$ {}\n{}", args.join(" "), verb(server, args).text()).unwrap();
    }
    text.replace(&format!(":{}", server.address.port()), ":PORT")
}

#[test]
fn steps_are_told_taken_back_and_done_again() {
    let server = frozen();
    assert_eq!(server.call("DELETE", "/partoo/org/42?force=true", PARTOO).status, 200);
    server.call("DELETE", "/partoo/org/43", &format!("{PARTOO}Prefer: dry-run\r\n"));
    server.call("DELETE", "/partoo/org/42", PARTOO);
    server.call("GET", "/nowhere", "Host: localhost\r\n");
    expect![[r#"
        $ log
           1 00:00:00  DELETE 200 /partoo/org/42?force=true  deleteOrganization rule 5  −1 organization −1 api key −3 businesses −2 groups −4 users
           2 00:00:00  DELETE 200 /partoo/org/43  deleteOrganization rule 5  [dry run]
           3 00:00:00  DELETE 404 /partoo/org/42  deleteOrganization rule 2
           4 00:00:00  GET    404 /nowhere  unknown route
        exit 0
        $ undo
        undid entry 1: 1 api key, 3 businesses, 2 groups, 1 organization, 4 users
        exit 0
        $ redo
        did entry 1 again: 1 api key, 3 businesses, 2 groups, 1 organization, 4 users
        exit 0
        $ advance 24h
        it is 2030-01-02 00:00:00
        exit 0
        $ undo --to 1
        undid 2 entries (7, 1): 1 api key, 3 businesses, 2 groups, 1 organization, 4 users
        exit 0
        $ undo 9
        tombstone: `http://127.0.0.1:PORT` answered 409 to POST /__admin/sandboxes/default/undo: the journal does not reach back so far: there is nothing that can be undone
        exit 1
        $ log -n 2
           7 00:00:00  clock      advance by 86400000 ms  [undone]
           8 00:00:00  undo       undid 2 entries (7, 1)  +1 api key +3 businesses +2 groups +1 organization +4 users
        exit 0
        $ log --sandbox other
        tombstone: `http://127.0.0.1:PORT` answered 404 to GET /__admin/sandboxes/other/requests?limit=100: there is no sandbox `other`: an emulated call or `PUT /__admin/sandboxes/other` makes it
        exit 1
    "#]].assert_eq(&told(&server, &[
        &["log"],
        &["undo"],
        &["redo"],
        &["advance", "24h"],
        &["undo", "--to", "1"],
        &["undo", "9"],
        &["log", "-n", "2"],
        &["log", "--sandbox", "other"],
    ]));
    let lines = verb(&server, &["log", "--json"]).out;
    let ids: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].take())
        .collect();
    assert_eq!(ids, (1..=8).collect::<Vec<_>>());
}

#[test]
fn a_plan_is_a_tree_with_counts_and_changes_nothing() {
    let server = frozen();
    expect![[r#"
        $ plan DELETE /partoo/org/42?force=true
        it would be answered 200, by deleteOrganization rule 5, specs/partoo/behavior.yaml:217
        called with `x-APIKey: partoo-provider-write`, for no header says who calls
        −1 organization −1 api key −3 businesses −2 groups −4 users
          1 organization goes: 42
            2 groups go through organization: 310, 311
            4 users go through organization: 5309c3a237bbc544d8e26737, 5309c3a237bbc544d8e26738, 5309c3a237bbc544d8e26739, 5309c3a237bbc544d8e2673a
              1 api key goes through user: 3247
            3 businesses go through organization: 5409c35a97bbc544d8e26737, 5409c35a97bbc544d8e26738, 5409c35a97bbc544d8e26739
        exit 0
        $ plan DELETE /partoo/org/42 -H x-APIKey: nobody
        it would be answered 401, by unauthenticated of deleteOrganization, specs/partoo/behavior.yaml:169
        nothing changes
        {"errors":{"authentication":"User not authenticated"}}
        exit 0
        $ plan delete partoo/org/42
        tombstone: `http://127.0.0.1:PORT` answered 422 to POST /__admin/sandboxes/default/plan: this cannot be planned: `partoo/org/42` is no path: begin it with `/`
        exit 1
        $ plan DELETE / -H nonsense
        tombstone: `nonsense` is not a header: write `Name: value`
        exit 2
        $ plan DELETE / -H X-Key: a -H x-key: b
        tombstone: the header `x-key` is given twice: give it once, a list with commas between its items
        exit 2
    "#]].assert_eq(&told(&server, &[
        &["plan", "DELETE", "/partoo/org/42?force=true"],
        &["plan", "DELETE", "/partoo/org/42", "-H", "x-APIKey: nobody"],
        &["plan", "delete", "partoo/org/42"],
        &["plan", "DELETE", "/", "-H", "nonsense"],
        &["plan", "DELETE", "/", "-H", "X-Key: a", "-H", "x-key: b"],
    ]));
    let body = r#"{"data":{"userIds":["yourUserId1"]}}"#;
    let erasure = verb(&server, &["plan", "POST", "/velt/v2/users/data/delete", "-d", body]);
    assert!(erasure.out.contains("\nlater, in jobs:\n"), "{}", erasure.text());
    assert_eq!(server.call("GET", "/partoo/org/42", PARTOO).status, 200);
}

#[test]
fn faults_are_added_listed_and_removed() {
    let server = frozen();
    let slow = r#"{"path":"/**","delay":{"uniform":{"min":"1ms","max":"2ms"}},"probability":0.5,"after":2}"#;
    expect![[r#"
        $ fault
        nothing goes wrong on purpose
        exit 0
        $ fault add operation=deleteOrganization,provider=partoo,status=429,times=1
        added f1  deleteOrganization, provider partoo  answers 429  once  matched 0, struck 0
        exit 0
        $ fault add {"path":"/**","delay":{"uniform":{"min":"1ms","max":"2ms"}},"probability":0.5,"after":2}
        added f2  path /**  waits 1ms..2ms  after 2, 50 % of them  matched 0, struck 0
        exit 0
        $ fault add connection=trickle:16/100ms
        added f3  every request  connection: trickle:16/100ms  matched 0, struck 0
        exit 0
        $ fault add status=nine
        tombstone: a fault cannot be: `status` cannot be `nine` (write a number from 200 to 599)
        exit 2
        $ fault remove f2 f3
        removed f2, f3
        exit 0
        $ fault list
        f1  deleteOrganization, provider partoo  answers 429  once  matched 0, struck 0
        exit 0
        $ fault remove a/b
        tombstone: `http://127.0.0.1:PORT` answered 404 to DELETE /__admin/sandboxes/default/faults/a%2Fb: there is no fault `a/b`
        exit 1
        $ fault remove f9 f1 typo f1
        removed f1
        tombstone: `http://127.0.0.1:PORT` answered 404 to DELETE /__admin/sandboxes/default/faults/f9: there is no fault `f9`
        tombstone: `http://127.0.0.1:PORT` answered 404 to DELETE /__admin/sandboxes/default/faults/typo: there is no fault `typo`
        tombstone: `http://127.0.0.1:PORT` answered 404 to DELETE /__admin/sandboxes/default/faults/f1: there is no fault `f1`
        exit 1
        $ fault add status=503,probability=0.004
        added f4  every request  answers 503  0.4 % of them  matched 0, struck 0
        exit 0
        $ fault add status=503,probability=0.07
        added f5  every request  answers 503  7 % of them  matched 0, struck 0
        exit 0
        $ fault remove --all
        removed f4, f5
        exit 0
        $ fault remove --all
        there was no fault to remove
        exit 0
    "#]].assert_eq(&told(&server, &[
        &["fault"],
        &["fault", "add", "operation=deleteOrganization,provider=partoo,status=429,times=1"],
        &["fault", "add", slow],
        &["fault", "add", "connection=trickle:16/100ms"],
        &["fault", "add", "status=nine"],
        &["fault", "remove", "f2", "f3"],
        &["fault", "list"],
        &["fault", "remove", "a/b"],
        &["fault", "remove", "f9", "f1", "typo", "f1"],
        &["fault", "add", "status=503,probability=0.004"],
        &["fault", "add", "status=503,probability=0.07"],
        &["fault", "remove", "--all"],
        &["fault", "remove", "--all"],
    ]));
}

#[test]
fn a_sandbox_is_saved_and_restored_and_no_file_is_lost() {
    let folder = Folder::new("save");
    let file = folder.path.join("state.json");
    let path = file.display().to_string();
    let server = frozen();
    server.call("DELETE", "/partoo/org/43", PARTOO);
    assert_eq!(verb(&server, &["save", &path]).code, 0);
    let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "there are credentials in it");
    let saved = fs::read(&file).unwrap();
    server.call("DELETE", "/partoo/org/42?force=true", PARTOO);
    folder.write("wrong.json", r#"{"tombstone":1}"#);
    let wrong = folder.path.join("wrong.json").display().to_string();
    let text = told(&server, &[&["save", &path], &["restore", &wrong], &["restore", &path]]);
    expect![[r#"
        $ save DIR/state.json
        tombstone: `DIR/state.json` is there already: `--force` replaces it
        exit 1
        $ restore DIR/wrong.json
        tombstone: `http://127.0.0.1:PORT` answered 422 to PUT /__admin/sandboxes/default/state: the state cannot be so: missing field `fixture_set`
        exit 1
        $ restore DIR/state.json
        `default` is as `DIR/state.json` says: 100 records; what it had before is replaced, and its journal begins anew
        exit 0
    "#]].assert_eq(&text.replace(&folder.path.display().to_string(), "DIR"));
    assert_eq!(fs::read(&file).unwrap(), saved);
    assert_eq!(server.call("GET", "/partoo/org/42", PARTOO).status, 200);
    assert_eq!(server.call("GET", "/partoo/org/43", PARTOO).status, 404);
    let again = verb(&server, &["save", &path, "--force"]).text();
    assert!(again.contains(", which was replaced: "), "{again}");
    assert_eq!(verb(&server, &["save", "-"]).out.as_bytes(), saved);
}

/// The next line of a process, or nothing while none comes.
fn next(lines: &Receiver<String>) -> String {
    lines.recv_timeout(PATIENCE).expect("a line comes")
}

#[test]
fn whoever_follows_goes_on_when_the_server_is_back() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let port = port.to_string();
    let args = ["serve", "-p", &port, "--log-format", "none", "--provider", "partoo"];
    let clock = ["--clock-start", "2030-01-01T00:00:00Z", "--clock-frozen"];
    let start = || serve_with(program(&[&args[..], &clock].concat()));
    let server = start();
    server.call("GET", "/one", "Host: localhost\r\n");
    let mut log = Process(program(&["log", "-f", "--port", &port]).spawn().unwrap());
    let (tell, lines) = mpsc::channel();
    for stream in [
        Box::new(log.0.stdout.take().unwrap()) as Box<dyn Read + Send>,
        Box::new(log.0.stderr.take().unwrap()),
    ] {
        let tell = tell.clone();
        thread::spawn(move || {
            for line in BufReader::new(stream).lines() {
                let _ = tell.send(line.unwrap());
            }
        });
    }
    assert_eq!(next(&lines), "   1 00:00:00  GET    404 /one  unknown_route");
    server.call("GET", "/two", "Host: localhost\r\n");
    assert_eq!(next(&lines), "   2 00:00:00  GET    404 /two  unknown_route");
    server.stop();
    assert!(next(&lines).contains("lost the connection"));
    let server = start();
    assert!(next(&lines).contains("connected"));
    assert!(next(&lines).contains("the sandbox began anew"));
    server.call("GET", "/three", "Host: localhost\r\n");
    assert_eq!(next(&lines), "   1 00:00:00  GET    404 /three  unknown_route");
    assert!(lines.recv_timeout(Duration::from_millis(50)).is_err());
}
