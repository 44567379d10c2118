//! What programs start and ask: ready files, waiting, and commands that call a running server.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::Duration;

use expect_test::expect;
use serde_json::{Value, json};

use crate::cli::{Process, collect, of_shop, program, run, serve, shop};
use crate::support::{DELETE, DELETED, Folder, PATIENCE};

/// The first line that a server prints, and the server.
fn first_line(args: &[impl AsRef<str>]) -> (String, Process) {
    let mut process = Process(program(args).spawn().unwrap());
    let mut out = BufReader::new(process.0.stdout.take().unwrap());
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        tell.send(line).unwrap();
    });
    (told.recv_timeout(PATIENCE).expect("it says that it listens"), process)
}

fn signal(process: &Process, name: &str) {
    let kill = format!("kill -{name} {}", process.0.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

#[test]
fn a_line_of_json_says_where_everything_is() {
    let folder = shop("print-json");
    let file = folder.path.join("ready.json");
    let ready_file = format!("--ready-file={}", file.display());
    let args = ["-p=0".to_owned(), "--print-json".to_owned(), ready_file];
    let (line, mut process) = first_line(&[&args[..], &of_shop(&folder)].concat());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), line, "the file has the same");
    let mut ready: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(ready["pid"].take(), process.0.id());
    let port = ready["port"].take().to_string();
    let text = format!("{ready:#}").replace(&port, "PORT");
    expect![[r#"
        {
          "port": null,
          "host": "127.0.0.1",
          "url": "http://127.0.0.1:PORT",
          "admin_url": "http://127.0.0.1:PORT/__admin",
          "page_url": "http://127.0.0.1:PORT/__admin/ui/",
          "tls": false,
          "providers": [
            {
              "name": "shop",
              "url": "http://127.0.0.1:PORT/shop",
              "hosts": [
                "api.shop.example",
                "shop.localhost"
              ]
            }
          ],
          "pid": null,
          "version": "0.1.0"
        }"#]]
    .assert_eq(&text);
    assert_eq!(std::fs::read_dir(&folder.path).unwrap().count(), 3, "nothing is left aside");
    signal(&process, "TERM");
    assert_eq!(process.code(), 0);
    assert!(!file.exists(), "it is gone with the server");
}

#[test]
fn the_ready_file_of_another_server_is_left_alone() {
    let folder = shop("ready-other");
    let file = folder.path.join("ready.json");
    let args = [format!("--ready-file={}", file.display())];
    let server = serve(&[&args[..], &of_shop(&folder)].concat());
    folder.write("ready.json", "{}");
    server.stop();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "{}");
    let ended = run(&["-p=0", "--ready-file=/nowhere/at/all"]);
    expect![[r#"
        tombstone: cannot write `/nowhere/at/all` (`--ready-file`): there is no folder `/nowhere/at`: make it first, or name a file elsewhere
        exit 1
    "#]]
    .assert_eq(&ended.text());
}

mod wait {
    use super::*;

    #[test]
    fn it_ends_when_the_server_answers() {
        let folder = shop("wait");
        let file = folder.path.join("ready.json").display().to_string();
        // It waits before there is anything to wait for.
        let mut waiting = Process(program(&["wait", "--ready-file", &file]).spawn().unwrap());
        let out = collect(waiting.0.stdout.take().unwrap());
        let args = ["--ready-file".to_owned(), file];
        let server = serve(&[&args[..], &of_shop(&folder)].concat());
        let url = format!("http://{}", server.address);
        assert_eq!(out.recv_timeout(PATIENCE).unwrap(), format!("{url}\n"));
        assert_eq!(waiting.code(), 0);
        let port = server.address.port().to_string();
        for args in [["--url", url.as_str()], ["--port", &port]] {
            assert_eq!(run(&[&["wait"][..], &args].concat()).text(), format!("{url}\nexit 0\n"));
        }
        let mut command = program(&["wait"]);
        command.env("PORT", &port);
        assert_eq!(crate::cli::run_with(command).text(), format!("{url}\nexit 0\n"));
    }

    #[test]
    fn a_server_whose_admin_api_is_closed_is_ready_too() {
        let server = serve(&["--provider", "partoo", "--admin-token", "secret"]);
        let port = server.address.port().to_string();
        assert_eq!(run(&["wait", "--port", &port]).code, 0);
    }

    #[test]
    fn it_says_what_it_last_saw() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let port = free.to_string();
        let told = |args: &[&str]| {
            run(&[&["wait", "--timeout", "50ms"], args].concat()).text().replace(&port, "PORT")
        };
        expect![[r#"
            tombstone: no server after 50ms: `http://127.0.0.1:PORT`: Connection refused (os error 111)
            exit 1
        "#]].assert_eq(&told(&["--port", &port]));
        expect![[r#"
            tombstone: no server after 50ms: cannot read `/nowhere/a.json`: No such file or directory (os error 2)
            exit 1
        "#]].assert_eq(&told(&["--ready-file", "/nowhere/a.json"]));
        let other =
            answering(vec!["HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(); 100]);
        let text = told(&["--url", &other.url]).replace(&other.url, "URL");
        expect![[r#"
            tombstone: no server after 50ms: `URL` answered 404 to GET /__admin/health
            exit 1
        "#]]
        .assert_eq(&text);
        expect![[r#"
            tombstone: the port is 0, so any: name the server with `--url` or `--ready-file`
            exit 2
        "#]]
        .assert_eq(&told(&["--port", "0"]));
        expect![[r#"
            error: the argument '--port <N>' cannot be used with '--url <URL>'

            Usage: tombstone wait --timeout <DURATION> --port <N>

            For more information, try '--help'.
            exit 2
        "#]]
        .assert_eq(&told(&["--port", "1", "--url", "a.test"]));
        expect![[r#"
            error: invalid value 'ftp://a.test' for '--url <URL>': `ftp://a.test` is not the URL of a server: write it like `http://127.0.0.1:4010`

            For more information, try '--help'.
            exit 2
        "#]].assert_eq(&told(&["--url", "ftp://a.test"]));
    }

    /// A server that sends a byte now and then, for ever.
    fn trickling() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                thread::spawn(move || {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nX: ");
                    while stream.write_all(b"x").is_ok() {
                        thread::sleep(Duration::from_millis(10));
                    }
                });
            }
        });
        url
    }

    #[test]
    fn the_time_limit_is_for_all_of_an_answer() {
        let url = trickling();
        let text = run(&["wait", "--timeout", "300ms", "--url", &url]).text();
        assert!(text.starts_with("tombstone: no server after 300ms: "), "{text}");
        assert!(text.contains("no whole answer within "), "{text}");
    }

    #[test]
    fn a_pipe_in_the_place_of_a_ready_file_is_not_waited_for() {
        let folder = crate::support::Folder::new("wait-pipe");
        let pipe = crate::persistence::fifo(&folder, "ready.json");
        let text = run(&["wait", "--timeout", "50ms", "--ready-file", &pipe]).text();
        assert!(text.contains("it is not a regular file"), "{text}");
    }

    #[test]
    fn of_https_it_says_that_it_only_connects() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let text = run(&["wait", "--url", &url]).text().replace(&url, "URL");
        expect![[r#"
            URL
            tombstone: note: of `URL` it is only known that it accepts connections
            exit 0
        "#]]
        .assert_eq(&text);
    }
}

#[test]
fn reset_puts_one_sandbox_back_or_all() {
    let server = serve(&["--provider", "partoo", "--admin-token", "secret"]);
    assert_eq!(server.ask(DELETE).status, 200);
    let token = "Host: localhost\r\nAuthorization: Bearer secret\r\n";
    assert_eq!(server.call("GET", DELETED, token).status, 404);
    let port = server.address.port().to_string();
    let text = run(&["reset", "--port", &port]).text().replace(&port, "PORT");
    expect![[r#"
        tombstone: `http://127.0.0.1:PORT` answered 401 to POST /__admin/sandboxes/default/reset: send the value of `--admin-token` as `Authorization: Bearer TOKEN`
        exit 1
    "#]].assert_eq(&text);
    let elsewhere = DELETED.replace("default", "mine");
    assert_eq!(server.ask(DELETE.replace("/partoo", "/@mine/partoo")).status, 200);
    let reset = |words: &[&str]| {
        let words = [&["reset", "--port", &port, "--admin-token", "secret"], words].concat();
        run(&words).text().replace(&port, "PORT")
    };
    assert_eq!(reset(&[]), "reset `default`\nexit 0\n");
    assert_eq!(server.call("GET", DELETED, token).status, 200);
    assert_eq!(server.call("GET", &elsewhere, token).status, 404, "another sandbox was touched");
    assert_eq!(reset(&["--sandbox", "mine"]), "reset `mine`\nexit 0\n");
    assert_eq!(server.call("GET", &elsewhere, token).status, 200);
    expect![[r#"
        tombstone: `http://127.0.0.1:PORT` answered 404 to POST /__admin/sandboxes/mnie/reset: there is no sandbox `mnie`: an emulated call or `PUT /__admin/sandboxes/mnie` makes it
        exit 1
    "#]].assert_eq(&reset(&["--sandbox", "mnie"]));
    assert_eq!(server.call("GET", "/__admin/sandboxes/mnie", token).status, 404, "it was made");
    assert_eq!(reset(&["--all"]), "reset `default`, dropped 1 other sandbox\nexit 0\n");
    assert_eq!(server.call("GET", "/__admin/sandboxes/mine", token).status, 404);
}

/// Something that gives these answers, one a connection.
struct Answering {
    url: String,
    requests: Receiver<String>,
}

fn answering(answers: Vec<String>) -> Answering {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let (tell, requests) = mpsc::channel();
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
            let mut request = String::new();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            while !request.ends_with("\r\n\r\n") && reader.read_line(&mut request).is_ok() {}
            let length = request.lines().find_map(|line| line.strip_prefix("content-length: "));
            let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
            reader.read_exact(&mut body).unwrap();
            request.push_str(&String::from_utf8(body).unwrap());
            let _ = stream.write_all(answer.as_bytes());
            let _ = tell.send(request);
        }
    });
    Answering { url: format!("http://{address}"), requests }
}

fn answer_of(status: u16, body: &Value) -> String {
    let body = body.to_string();
    let mut answer = String::new();
    write!(answer, "HTTP/1.1 {status} X\r\nTombstone-Sandbox: default\r\n").unwrap();
    write!(answer, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    answer
}

/// What a command says about an answer, and what it asked for.
fn asked(args: &[&str], status: u16, body: &Value) -> (String, String) {
    let server = answering(vec![answer_of(status, body)]);
    let text = run(&[args, &["--url", &server.url]].concat()).text().replace(&server.url, "URL");
    let request = server.requests.recv_timeout(PATIENCE).unwrap();
    (text, request.replace(&server.url[7..], "HOST"))
}

mod coverage {
    use super::*;

    fn report() -> Value {
        json!({
            "percent": 66.666, "operations": { "covered": 1, "total": 1 },
            "responses": { "covered": 1, "total": 2 }, "rules": { "covered": 2, "total": 3 },
            "providers": [{ "name": "shop", "operations": [{
                "id": "deleteShop", "method": "DELETE", "path": "/shops/{id}", "calls": 3,
                "responses": [
                    { "status": "204", "count": 3, "inferred": false, "reachable": true },
                    { "status": "404", "count": 0, "inferred": true, "reachable": true },
                    { "status": "429", "count": 0, "inferred": false, "reachable": false },
                ],
                "rules": [
                    { "rule": "deleteShop rule 1, a.yaml:7", "status": 404, "count": 0 },
                    { "rule": "deleteShop rule 2, a.yaml:8", "status": 204, "count": 3 },
                ],
            }] }],
        })
    }

    #[test]
    fn people_read_a_table() {
        let (text, request) = asked(&["coverage", "--admin-token", "secret"], 200, &report());
        expect![[r#"
            shop

              DELETE /shops/{id}  deleteShop  3 ×
                204     3 ×
                        3 ×     by deleteShop rule 2, a.yaml:8
                404     never  inferred
                        never   by deleteShop rule 1, a.yaml:7
                429     no request leads to it

            operations 1 of 1
            responses  1 of 2
            rules      2 of 3
            covered    66.7 %
            exit 0
        "#]]
        .assert_eq(&text);
        expect![[r#"
            GET /__admin/coverage HTTP/1.1
            host: HOST
            connection: close
            accept: application/json
            authorization: Bearer secret

        "#]]
        .assert_eq(&request.replace('\r', ""));
    }

    #[test]
    fn less_than_is_asked_for_is_a_failure() {
        let args = ["coverage", "--sandbox", "a-b", "--format", "junit"];
        let (text, request) = asked(&[&args[..], &["--min", "66.6"]].concat(), 200, &report());
        assert!(request.starts_with("GET /__admin/sandboxes/a-b/coverage HTTP/1.1\r\n"));
        expect![[r#"
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites name="tombstone">
              <testsuite name="shop" tests="5" failures="0" skipped="3">
                <testcase classname="shop.deleteShop" name="response 204"/>
                <testcase classname="shop.deleteShop" name="response 404">
                  <skipped message="no call led to this response"/>
                </testcase>
                <testcase classname="shop.deleteShop" name="response 429">
                  <skipped message="no request leads to it"/>
                </testcase>
                <testcase classname="shop.deleteShop" name="deleteShop rule 1, a.yaml:7">
                  <skipped message="no call led to this rule"/>
                </testcase>
                <testcase classname="shop.deleteShop" name="deleteShop rule 2, a.yaml:8"/>
              </testsuite>
            </testsuites>
            exit 0
        "#]]
        .assert_eq(&text);
        let (text, _) = asked(&[&args[..], &["--min", "80"]].concat(), 200, &report());
        expect![[r#"
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites name="tombstone">
              <testsuite name="shop" tests="5" failures="2" skipped="1">
                <testcase classname="shop.deleteShop" name="response 204"/>
                <testcase classname="shop.deleteShop" name="response 404">
                  <failure message="no call led to this response">66.7 % is covered in all</failure>
                </testcase>
                <testcase classname="shop.deleteShop" name="response 429">
                  <skipped message="no request leads to it"/>
                </testcase>
                <testcase classname="shop.deleteShop" name="deleteShop rule 1, a.yaml:7">
                  <failure message="no call led to this rule">66.7 % is covered in all</failure>
                </testcase>
                <testcase classname="shop.deleteShop" name="deleteShop rule 2, a.yaml:8"/>
              </testsuite>
            </testsuites>
            tombstone: 66.7 % is covered, and 80 % is asked for
            exit 1
        "#]]
        .assert_eq(&text);
    }

    #[test]
    fn programs_read_what_the_server_says() {
        let (text, _) = asked(&["coverage", "--format", "json"], 200, &report());
        let json = text.strip_suffix("exit 0\n").unwrap();
        assert_eq!(serde_json::from_str::<Value>(json).unwrap(), report());
    }

    #[test]
    fn an_answer_of_another_kind_is_told() {
        let problem = json!({ "title": "no such path", "detail": "there is no such path" });
        for (status, body) in [(404, problem), (200, json!({})), (200, json!([]))] {
            let (text, _) = asked(&["coverage"], status, &body);
            match (status, body.is_array()) {
                (404, _) => expect![[r#"
                    tombstone: `URL` answered 404 to GET /__admin/coverage: there is no such path
                    exit 1
                "#]].assert_eq(&text),
                (_, true) => expect![[r#"
                    tombstone: the server's coverage has another form: invalid length 0, expected an object
                    exit 1
                "#]].assert_eq(&text),
                (_, false) => expect![[r#"
                    tombstone: the server's coverage has another form: missing field `percent`
                    exit 1
                "#]].assert_eq(&text),
            }
        }
        let wrong = ["coverage", "--min", "101", "--sandbox", "a/b"];
        expect![[r#"
            error: invalid value '101' for '--min <PERCENT>': write a number from 0 to 100

            For more information, try '--help'.
            exit 2
        "#]]
        .assert_eq(&run(&wrong).text());
    }
}

mod verify {
    use super::*;

    fn report(passed: bool) -> Value {
        json!({ "passed": passed, "expectations": [
            { "description": "one deletion", "passed": true, "expected": "1 call", "found": "1 call", "nearest": null },
            { "description": "the <cart> is gone", "passed": passed, "expected": "no record", "found": "1 record",
              "nearest": "carts a/b" },
        ] })
    }

    fn expectations(name: &str) -> (Folder, String) {
        let folder = Folder::new(name);
        folder.write("expect.yaml", "calls:\n- { operation: deleteCart, count: 1 }\n");
        let path = folder.path.join("expect.yaml").display().to_string();
        (folder, path)
    }

    #[test]
    fn what_does_not_hold_is_told_with_what_was_found() {
        let (folder, file) = expectations("verify");
        let (text, request) = asked(&["verify", &file, "--sandbox", "a"], 200, &report(false));
        expect![[r#"
            holds  one deletion
            fails  the <cart> is gone
                   expected  no record
                   found     1 record
                   nearest   carts a/b
            2 expectations, 1 of them not met
            exit 1
        "#]]
        .assert_eq(&text);
        assert!(request.starts_with("POST /__admin/sandboxes/a/verify HTTP/1.1\r\n"), "{request}");
        assert!(
            request.ends_with("\r\n\r\n{\"calls\":[{\"operation\":\"deleteCart\",\"count\":1}]}")
        );
        let (text, _) = asked(&["verify", &file], 200, &report(true));
        expect![[r#"
            holds  one deletion
            holds  the <cart> is gone
            2 expectations, 0 of them not met
            exit 0
        "#]]
        .assert_eq(&text);
        let (text, _) = asked(&["verify", &file, "--format", "junit"], 200, &report(false));
        expect![[r#"
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites name="tombstone">
              <testsuite name="DIR/expect.yaml" tests="2" failures="1" skipped="0">
                <testcase classname="default" name="one deletion"/>
                <testcase classname="default" name="the &lt;cart&gt; is gone">
                  <failure message="expected no record, found 1 record">expected  no record
            found     1 record
            nearest   carts a/b</failure>
                </testcase>
              </testsuite>
            </testsuites>
            exit 1
        "#]]
        .assert_eq(&text.replace(&folder.path.display().to_string(), "DIR"));
        let (text, _) = asked(&["verify", &file, "--format", "json"], 200, &report(false));
        let json = text.strip_suffix("exit 1\n").unwrap();
        assert_eq!(serde_json::from_str::<Value>(json).unwrap(), report(false));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_told() {
        let folder = Folder::new("verify-broken");
        folder.write("expect.yaml", "calls: [\n");
        let file = folder.path.join("expect.yaml").display().to_string();
        run(&["verify", &file]).check_in(
            &folder,
            &expect![[r#"
            tombstone: DIR/expect.yaml:1: error: cannot be read: unclosed bracket '['
            exit 1
        "#]],
        );
        run(&["verify", "/nowhere/a.yaml"]).check(&expect![[r#"
            tombstone: /nowhere/a.yaml: error: cannot read the file: No such file or directory (os error 2)
            exit 1
        "#]]);
        run(&["verify"]).check(&expect![[r#"
            error: the following required arguments were not provided:
              <FILE>

            Usage: tombstone verify <FILE>

            For more information, try '--help'.
            exit 2
        "#]]);
    }
}

mod log {
    use super::*;

    fn page(ids: &[u64], real_at: &str) -> String {
        let entry = |id: &u64| json!({ "id": id, "kind": "clock", "at": "2030-01-01T00:00:00Z", "real_at": real_at, "why": "stopped" });
        let entries: Vec<Value> = ids.iter().map(entry).collect();
        answer_of(200, &json!({ "requests": entries, "next": null }))
    }

    fn stream(events: &str) -> String {
        format!("HTTP/1.1 200 X\r\nContent-Type: text/event-stream\r\n\r\n: listening\n\n{events}")
    }

    fn followed(answers: Vec<String>) -> (String, Vec<String>) {
        let server = answering(answers);
        let text = run(&["log", "-f", "--url", &server.url]).text().replace(&server.url, "URL");
        let requests = server.requests.try_iter().map(|request| {
            let is_shown = |line: &&str| line.starts_with("GET") || line.starts_with("last-");
            request.lines().filter(is_shown).collect::<Vec<_>>().join(" | ")
        });
        (text, requests.collect())
    }

    #[test]
    fn another_journal_with_more_entries_is_read_from_its_beginning() {
        let refused = answer_of(400, &json!({ "detail": "enough" }));
        let (text, requests) = followed(vec![
            page(&[1], "2026-01-01T00:00:00Z"),
            stream(""),
            page(&[1], "2026-01-01T00:00:01Z"),
            stream(""),
            page(&[], ""),
            refused,
        ]);
        expect![[r#"
               1 00:00:00  clock      stopped
            tombstone: lost the connection to `URL`, trying again
            tombstone: the sandbox began anew
            tombstone: connected to `URL`
            tombstone: lost the connection to `URL`, trying again
            tombstone: connected to `URL`
            tombstone: lost the connection to `URL`, trying again
            tombstone: `URL` answered 400 to GET /__admin/sandboxes/default/changes: enough
            exit 1
        "#]]
        .assert_eq(&text);
        expect![[r#"
            GET /__admin/sandboxes/default/requests?limit=100 HTTP/1.1
            GET /__admin/sandboxes/default/changes HTTP/1.1 | last-event-id: 1
            GET /__admin/sandboxes/default/requests?limit=1&before=2 HTTP/1.1
            GET /__admin/sandboxes/default/changes HTTP/1.1 | last-event-id: 0
            GET /__admin/sandboxes/default/changes HTTP/1.1 | last-event-id: 0
            GET /__admin/sandboxes/default/changes HTTP/1.1 | last-event-id: 0"#]]
        .assert_eq(&requests.join("\n"));
    }

    #[test]
    fn what_cannot_be_shown_is_a_failure() {
        let event = "id: 1\nevent: call\ndata: {\n\n";
        let (text, _) = followed(vec![page(&[], ""), stream(event)]);
        expect![[r#"
            tombstone: `URL` sent an event `call` that is not JSON: EOF while parsing an object at line 1 column 1
            exit 1
        "#]].assert_eq(&text);
        let Ok(full) = std::fs::File::options().write(true).open("/dev/full") else { return };
        let server = answering(vec![page(&[1], "")]);
        let mut command = program(&["log", "--url", &server.url]);
        command.stdout(full);
        let ended = command.output().unwrap();
        expect![[r#"
            tombstone: cannot write to standard output: No space left on device (os error 28)
        "#]]
        .assert_eq(&String::from_utf8(ended.stderr).unwrap());
        assert_eq!(ended.status.code(), Some(1));
    }
}

#[test]
fn a_fault_that_somebody_else_removed_is_passed_over_among_all() {
    let none = json!({});
    let server = answering(vec![
        answer_of(200, &json!({ "faults": [{ "id": "f1" }, { "id": "f2" }] })),
        answer_of(404, &none),
        answer_of(200, &none),
    ]);
    let ended = run(&["fault", "remove", "--all", "--url", &server.url]);
    assert_eq!(ended.text(), "removed f2\nexit 0\n");
}

#[test]
fn without_a_server_it_is_asked_for() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let text = run(&["coverage", "--port", &free]).text().replace(&free, "PORT");
    expect![[r#"
        tombstone: no answer from `http://127.0.0.1:PORT`: Connection refused (os error 111) (is the server running there?)
        exit 1
    "#]].assert_eq(&text);
    expect![[r#"
        tombstone: `https://127.0.0.1:1` speaks HTTPS, which this command does not: give it `http://…`
        exit 1
    "#]].assert_eq(&run(&["reset", "--url", "https://127.0.0.1:1"]).text());
}
