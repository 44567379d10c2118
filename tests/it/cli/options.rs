//! Options of serving.

use super::*;

const LOCAL: &str = "Host: localhost\r\n";
const KEY: &str = "Host: localhost\r\nX-Key: it's a key\r\nContent-Length: 0\r\n";

fn asked(name: &str, format: &str) -> String {
    let folder = shop(name);
    let format = ["--log-format", format].map(str::to_owned).to_vec();
    let server = serve(&[of_shop(&folder), format].concat());
    let statuses = [
        server.call("DELETE", "/v3/carts/a%2fb%20c", KEY).status,
        server.call("DELETE", "/shop/carts/x?force=true&token=secret", KEY).status,
        server.call("POST", "/shop/carts", KEY).status,
        server.call("GET", "/nowhere", LOCAL).status,
        server.admin(LOCAL),
    ];
    assert_eq!(statuses, [204, 404, 400, 404, 200]);
    server.stop().replace(&folder.path.display().to_string(), "DIR")
}

#[test]
fn log_lines_for_programs_are_json() {
    let log = asked("log-json", "json");
    let mut text = String::new();
    for line in log.lines() {
        let mut line: Value = serde_json::from_str(line).unwrap();
        assert!(line["took_ms"].take().is_f64());
        assert!(line["time"].take().as_str().unwrap().ends_with('Z'));
        writeln!(text, "{line}").unwrap();
    }
    expect![[r#"
            {"time":null,"method":"DELETE","path":"/v3/carts/a%2fb%20c","status":204,"provider":"shop","operation":"deleteCart","sandbox":"default","rule":"deleteCart rule 2, DIR/specs/shop/behavior.yaml:16","changes":[{"resource":"carts","deleted":1}],"took_ms":null}
            {"time":null,"method":"DELETE","path":"/shop/carts/x","query":"force=true&token=[REDACTED]","status":404,"provider":"shop","operation":"deleteCart","sandbox":"default","rule":"deleteCart rule 1, DIR/specs/shop/behavior.yaml:14","took_ms":null}
            {"time":null,"method":"POST","path":"/shop/carts","status":400,"provider":"shop","operation":"createCart","sandbox":"default","rule":"invalid_request of createCart, DIR/specs/shop/behavior.yaml:9","violations":[{"in":"body","pointer":"","field":"","keyword":"body_required","expected":null,"text":"must not be empty"}],"took_ms":null}
            {"time":null,"method":"GET","path":"/nowhere","status":404,"provider":"shop","sandbox":"default","stage":"unknown route","took_ms":null}
            {"time":null,"method":"GET","path":"/__admin/health","status":200,"stage":"admin","took_ms":null}
        "#]].assert_eq(&text);
}

#[test]
fn log_lines_for_people_say_what_happened() {
    let log = asked("log-human", "human");
    let mut text = String::new();
    for line in log.lines() {
        let (time, rest) = line.split_once(' ').unwrap();
        assert_eq!(time.len(), "12:00:00".len(), "{line}");
        let (rest, took) = rest.rsplit_once("  ").unwrap();
        assert!(took.ends_with(" ms"), "{line}");
        writeln!(text, "{rest}").unwrap();
    }
    expect![[r#"
            204 DELETE /v3/carts/a%2fb%20c  deleteCart rule 2, DIR/specs/shop/behavior.yaml:16  -1 carts
            404 DELETE /shop/carts/x?force=true&token=[REDACTED]  deleteCart rule 1, DIR/specs/shop/behavior.yaml:14
            400 POST /shop/carts  invalid_request of createCart, DIR/specs/shop/behavior.yaml:9  (body: must not be empty)
            404 GET /nowhere  unknown route
            200 GET /__admin/health  admin
        "#]].assert_eq(&text);
    assert_eq!(asked("log-none", "none"), "");
}

#[test]
fn the_environment_gives_port_and_address_and_flags_go_before_it() {
    let mut command = program(&["--provider", "partoo"]);
    command.env("PORT", "0").env("HOST", "0.0.0.0");
    let server = serve_with(command);
    assert!(server.banner.contains("on all addresses"));
    assert_ne!(server.address.port(), 4010);
    drop(server);
    let mut command = program(&["--provider", "partoo", "-p", "0", "--host", "127.0.0.1"]);
    command.env("PORT", "1").env("HOST", "192.0.2.1");
    assert!(!serve_with(command).banner.contains("on all addresses"));
    let mut command = program(&["--provider", "partoo"]);
    command.env("PORT", "http");
    run_with(command).check(&expect![[r#"
            tombstone: `PORT`: invalid value 'http' for '--port <PORT>': invalid digit found in string
            exit 2
        "#]]);
}

/// The part of the banner that is below the calls.
fn of_admin(server: &Served) -> String {
    let banner = server.banner();
    banner[banner.find("all calls: ").unwrap()..].to_owned()
}

/// What `examples` prints of the admin API.
fn of_admin_in_examples(args: &[&str]) -> String {
    let shown = run(&[&["examples", "--provider", "partoo"], args].concat()).out;
    shown[shown.find("Admin API").unwrap()..].to_owned()
}

#[test]
fn beyond_this_machine_the_admin_api_is_closed_and_the_banner_says_so() {
    let server = serve(&["--provider", "partoo", "--host", "0.0.0.0"]);
    assert_eq!(server.admin(LOCAL), 403);
    assert_eq!(server.ask(DELETE).status, 200);
    expect![[r#"
        all calls: tombstone examples, with the same arguments but --port PORT
        the admin API is closed, because others can connect here: open it with --admin-token TOKEN or --admin-open
        tombstone 0.1.0 is listening on http://127.0.0.1:PORT, on all addresses (Ctrl-C ends it)
    "#]].assert_eq(&of_admin(&server));
    expect![[r#"
        Admin API
          the admin API is closed, because others can connect here: open it with --admin-token TOKEN or --admin-open

    "#]].assert_eq(&of_admin_in_examples(&["--host", "0.0.0.0"]));
}

#[test]
fn the_admin_api_opens_to_everyone_or_to_the_token() {
    let open = serve(&["--provider", "partoo", "--host", "0.0.0.0", "--admin-open"]);
    assert_eq!(open.admin(LOCAL), 200);
    let guarded = serve(&["--provider", "partoo", "--host", "0.0.0.0", "--admin-token", "se cret"]);
    assert_eq!(guarded.admin(LOCAL), 401);
    assert_eq!(guarded.admin("Host: localhost\r\nAuthorization: Bearer se cret\r\n"), 200);
    expect![[r#"
        all calls: tombstone examples, with the same arguments but --port PORT
        what happens: tombstone log -f --port PORT --admin-token TOKEN; and plan, undo, redo, advance, fault
        tombstone 0.1.0 is listening on http://127.0.0.1:PORT, on all addresses (page: http://127.0.0.1:PORT/__admin/ui/; Ctrl-C ends it)
    "#]].assert_eq(&of_admin(&guarded));
    let guarded = ["--host", "0.0.0.0", "--admin-token", "se cret"];
    expect![[r#"
        Admin API
            # which records there are
            curl -s http://127.0.0.1:4010/__admin/sandboxes/default/resources -H 'Authorization: Bearer <TOKEN>'
            # what was asked, and why it was answered so
            curl -s http://127.0.0.1:4010/__admin/sandboxes/default/requests -H 'Authorization: Bearer <TOKEN>'
            # the last change undone
            curl -s -X POST http://127.0.0.1:4010/__admin/sandboxes/default/undo -H 'Authorization: Bearer <TOKEN>'
            # everything back to the start
            curl -s -X POST http://127.0.0.1:4010/__admin/reset -H 'Authorization: Bearer <TOKEN>'
            # all that it can do
            curl -s http://127.0.0.1:4010/__admin/openapi.json -H 'Authorization: Bearer <TOKEN>'

          A sandbox for each test: put /@NAME before any path, or send `Tombstone-Sandbox: NAME`.

    "#]].assert_eq(&of_admin_in_examples(&guarded));
    let mut command = program(&["--provider", "partoo", "-p", "0"]);
    command.env("TOMBSTONE_ADMIN_TOKEN", "secret");
    assert_eq!(serve_with(command).admin(LOCAL), 401);
}

#[test]
fn the_admin_api_answers_on_names_that_are_given() {
    let server =
        serve(&["--provider", "partoo", "--admin-host", "a.test", "--admin-host", "b.test"]);
    let status = |host| server.admin(&format!("Host: {host}\r\n"));
    assert_eq!(["a.test", "b.test:80", "c.test"].map(status), [200, 200, 421]);
}

#[test]
fn only_the_named_providers_are_served() {
    let server = serve(&["--provider", "timbrix", "--provider", "partoo"]);
    let found = server.call("GET", "/nowhere", LOCAL).json();
    assert_eq!(found["providers"], json!(["partoo", "timbrix"]));
}

#[test]
fn without_cors_no_page_is_allowed() {
    let allowed = |switch| {
        let server = serve(&["--provider", "partoo", "--cors", switch]);
        server
            .call("GET", "/nowhere", "Host: localhost\r\nOrigin: https://a.example\r\n")
            .field("access-control-allow-origin")
    };
    assert_eq!((allowed("on").as_deref(), allowed("off")), (Some("https://a.example"), None));
}

#[test]
fn the_seed_decides_made_up_ids() {
    let body = r#"{"data":{"userIds":["yourUserId1"]}}"#;
    let request = format!("{POST}Content-Length: {}\r\n\r\n{body}", body.len())
        .replace("/v1/organizations/delete", "/v2/users/data/delete");
    let job = |seed: &str| {
        let answer = serve(&["--provider", "velt", "--seed", seed]).ask(&request);
        assert_eq!(answer.status, 202);
        answer.json()["data"]["jobId"].as_str().unwrap().to_owned()
    };
    assert_eq!(job("7"), job("7"));
    assert_ne!(job("7"), job("8"));
}

#[test]
fn a_fixture_set_replaces_the_records() {
    let folder = shop("sets");
    folder.write("fixtures/shop/empty.yaml", "tombstone: 1\nrecords: {}\n");
    let args = [of_shop(&folder), vec!["--fixture-set".to_owned(), "empty".to_owned()]].concat();
    let listed =
        serve(&args).call("GET", "/__admin/sandboxes/default/resources/shop/carts", LOCAL).json();
    assert_eq!(listed["count"], 0);
    let listed = serve(&of_shop(&folder))
        .call("GET", "/__admin/sandboxes/default/resources/shop/carts", LOCAL)
        .json();
    assert_eq!(listed["count"], 1);
}
