//! A page on the internet can make a browser send requests to this machine: every sentence of what keeps it from
//! reading or resetting somebody's sandbox, with raw requests.

use tombstone::server::ServerLimits;

use crate::support::{Answer, DELETE, DELETED, Running, Start, start};

const LOCAL: &str = "Host: localhost:4010\r\n";

/// Every admin call there is, reads included.
const CALLS: [(&str, &str); 6] = [
    ("GET", "/__admin/health"),
    ("GET", "/__admin/version"),
    ("POST", "/__admin/reset"),
    ("GET", "/__admin/sandboxes/default/resources"),
    ("GET", "/__admin/sandboxes/default/resources/partoo/organizations"),
    ("GET", "/__admin/sandboxes/default/resources/partoo/organizations/42"),
];

/// A server where one record has been deleted, so that a reset would show.
fn used(start: Start) -> Running {
    let server = start.start();
    assert_eq!(server.ask(DELETE).status, 200);
    server
}

/// Every admin call is refused with `status` when it has these fields, and nothing was reset.
fn check_refused(server: &Running, fields: &str, status: u16) {
    for (method, path) in
        CALLS.into_iter().chain([("GET", "/__admin"), ("OPTIONS", "/__admin/reset")])
    {
        let answer = server.call(method, path, fields);
        assert_eq!(answer.status, status, "{method} {path} with {fields:?}: {}", answer.text());
        check_own(&answer);
    }
}

/// What is true of every admin answer.
fn check_own(answer: &Answer) {
    assert_eq!(answer.field("tombstone-sandbox").as_deref(), Some("default"));
    assert_eq!(answer.field("cache-control").as_deref(), Some("no-store"));
    assert_eq!(answer.field("x-content-type-options").as_deref(), Some("nosniff"));
    let shared = answer.fields.iter().find(|(name, _)| name.starts_with("access-control-"));
    assert_eq!(shared, None, "no page of another origin may read admin answers");
    if answer.status >= 400 {
        assert_eq!(answer.field("content-type").as_deref(), Some("application/problem+json"));
        assert_eq!(answer.json()["status"], answer.status);
    }
}

fn check_not_reset(server: &Running, fields: &str) {
    assert_eq!(server.call("GET", DELETED, fields).status, 404, "somebody has reset the sandbox");
}

#[test]
fn the_admin_api_answers_on_names_of_this_machine() {
    let server = start();
    let port = server.address.port();
    for host in ["localhost", "127.0.0.1", "[::1]", &format!("localhost:{port}"), "LOCALHOST:1"] {
        for (method, path) in CALLS {
            let answer = server.call(method, path, &format!("Host: {host}\r\n"));
            assert_eq!(answer.status, 200, "{host} {path}: {}", answer.text());
            check_own(&answer);
        }
    }
}

#[test]
fn other_hosts_are_misdirected_reads_included() {
    let server = used(Start::default());
    for host in [
        "evil.example",
        "evil.example:4010",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "[::2]",
        "a@localhost",
    ] {
        check_refused(&server, &format!("Host: {host}\r\n"), 421);
    }
    check_not_reset(&server, LOCAL);
}

#[test]
fn a_missing_or_second_host_is_misdirected() {
    let server = used(Start::default());
    check_refused(&server, "", 421);
    check_refused(&server, "Host: \r\n", 421);
    check_refused(&server, "Host: localhost\r\nHost: localhost\r\n", 421);
    check_refused(&server, "Host: localhost\r\nHost: evil.example\r\n", 421);
    let old = server.ask("POST /__admin/reset HTTP/1.0\r\n\r\n");
    assert_eq!(old.status, 421);
    check_not_reset(&server, LOCAL);
}

#[test]
fn the_admin_api_is_not_reachable_through_vendor_hosts() {
    let server = used(Start::default());
    for host in ["api.velt.dev", "partoo.localhost", "velt.localhost:4010", "x.localhost"] {
        check_refused(&server, &format!("Host: {host}\r\n"), 421);
    }
    check_not_reset(&server, LOCAL);
}

#[test]
fn an_absolute_target_is_judged_by_its_own_authority() {
    let server = used(Start::default());
    for target in [
        "http://evil.example/__admin/reset",
        "http://partoo.localhost/__admin/reset",
        "http://a@localhost/__admin/reset",
    ] {
        assert_eq!(server.call("POST", target, LOCAL).status, 421, "{target}");
    }
    let target = "http://localhost:4010/__admin/reset";
    assert_eq!(server.call("POST", target, "Host: evil.example\r\n").status, 421);
    check_not_reset(&server, LOCAL);
    assert_eq!(server.call("POST", target, LOCAL).status, 200);
}

#[test]
fn the_bind_address_and_given_names_are_hosts_too() {
    let server = Start {
        host: "0.0.0.0",
        hosts: vec!["sandbox.test".to_owned()],
        open: true,
        ..Start::default()
    }
    .start();
    for (host, status) in [
        ("0.0.0.0:4010", 200),
        ("Sandbox.Test:80", 200),
        ("192.0.2.1", 421),
        ("x.sandbox.test", 421),
    ] {
        let answer = server.call("GET", "/__admin/health", &format!("Host: {host}\r\n"));
        assert_eq!(answer.status, status, "{host}");
    }
}

#[test]
fn foreign_origins_are_refused() {
    let server = used(Start::default());
    for origin in [
        "https://evil.example",
        "null",
        "http://localhost:3000",
        "http://127.0.0.1:4010",
        "http://localhost:4010.evil.example",
        "http://velt.localhost:4010",
        "",
    ] {
        check_refused(&server, &format!("{LOCAL}Origin: {origin}\r\n"), 403);
    }
    let two = format!("{LOCAL}Origin: http://localhost:4010\r\nOrigin: https://evil.example\r\n");
    check_refused(&server, &two, 403);
    check_not_reset(&server, LOCAL);
    let own = format!("{LOCAL}Origin: http://localhost:4010\r\nSec-Fetch-Site: same-origin\r\n");
    assert_eq!(server.call("POST", "/__admin/reset", &own).status, 200);
}

#[test]
fn requests_that_a_browser_says_come_from_elsewhere_are_refused() {
    let server = used(Start::default());
    for site in ["cross-site", "same-site", "Cross-Site", "something-new"] {
        check_refused(&server, &format!("{LOCAL}Sec-Fetch-Site: {site}\r\n"), 403);
    }
    check_not_reset(&server, LOCAL);
    let typed = format!("{LOCAL}Sec-Fetch-Site: none\r\n");
    assert_eq!(server.call("GET", "/__admin/sandboxes/default/resources", &typed).status, 200);
}

#[test]
fn a_preflight_of_a_foreign_page_is_refused() {
    let server = start();
    let fields = format!(
        "{LOCAL}Origin: https://evil.example\r\nAccess-Control-Request-Method: POST\r\n\
         Access-Control-Request-Private-Network: true\r\n"
    );
    let answer = server.call("OPTIONS", "/__admin/reset", &fields);
    assert_eq!(answer.status, 403);
    check_own(&answer);
}

#[test]
fn a_body_is_json_or_refused() {
    let server = used(Start::default());
    for (content_type, status) in [
        ("", 415),
        ("Content-Type: text/plain\r\n", 415),
        ("Content-Type: application/x-www-form-urlencoded\r\n", 415),
        ("Content-Type: multipart/form-data; boundary=x\r\n", 415),
        ("Content-Type: application/json\r\n", 200),
    ] {
        let answer = server.ask(&format!(
            "POST /__admin/reset HTTP/1.1\r\n{LOCAL}{content_type}Content-Length: 2\r\n\r\n{{}}"
        ));
        assert_eq!(answer.status, status, "{content_type}");
        check_own(&answer);
        if status == 415 {
            check_not_reset(&server, LOCAL);
        }
    }
    let chunked = format!(
        "POST /__admin/reset HTTP/1.1\r\n{LOCAL}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    );
    assert_eq!(server.ask(&chunked).status, 415);
}

#[test]
fn bound_beyond_this_machine_it_is_closed_until_told_otherwise() {
    let server = used(Start { host: "0.0.0.0", ..Start::default() });
    check_refused(&server, LOCAL, 403);
    let detail = server.call("GET", "/__admin/health", LOCAL).json()["detail"].to_string();
    assert!(detail.contains("--admin-token") && detail.contains("--admin-open"), "{detail}");
    assert_eq!(server.ask(DELETE).status, 404, "emulated calls go on, and nothing was reset");
    let open = Start { host: "0.0.0.0", open: true, ..Start::default() }.start();
    assert_eq!(open.call("POST", "/__admin/reset", LOCAL).status, 200);
}

#[test]
fn with_a_token_only_the_token_opens() {
    let token = Some("a token".to_owned());
    for host in ["127.0.0.1", "0.0.0.0"] {
        let server = used(Start { host, token: token.clone(), open: true, ..Start::default() });
        for credential in [
            "",
            "Authorization: Bearer a toke\r\n",
            "Authorization: Bearer a token2\r\n",
            "Authorization: Basic a token\r\n",
        ] {
            check_refused(&server, &format!("{LOCAL}{credential}"), 401);
        }
        let challenge = server.call("GET", "/__admin/health", LOCAL).field("www-authenticate");
        assert!(challenge.is_some_and(|challenge| challenge.starts_with("Bearer ")));
        let right = format!("{LOCAL}Authorization: Bearer a token\r\n");
        check_not_reset(&server, &right);
        assert_eq!(server.call("POST", "/__admin/reset", &right).status, 200);
        assert_eq!(server.call("GET", DELETED, &right).status, 200);
        let page = format!("{right}Origin: https://evil.example\r\n");
        assert_eq!(
            server.call("POST", "/__admin/reset", &page).status,
            403,
            "a token does not excuse a page"
        );
    }
}

#[test]
fn no_other_spelling_of_a_path_leads_around_the_guard() {
    let server = used(Start::default());
    for path in [
        "//__admin/reset",
        "/%5f_admin/reset",
        "/%5F%5Fadmin/reset",
        "/__ADMIN/reset",
        "/__Admin/reset",
        "/./__admin/reset",
        "/x/../__admin/reset",
        "/partoo/__admin/reset",
        "/@default/__admin/reset",
        "/__administer/reset",
        "/__admin%2freset",
        "/;/__admin/reset",
        "\\__admin\\reset",
        "*",
    ] {
        let mut client = server.connect();
        client.send(format!("POST {path} HTTP/1.1\r\nHost: evil.example\r\n\r\n"));
        let answer = client.answer();
        assert!((400..500).contains(&answer.status), "{path}: {}", answer.status);
    }
    for path in [
        "/__admin/../__admin/reset",
        "/__admin/./reset",
        "/__admin//reset",
        "/__admin/reset/",
        "/__admin/Reset",
        "/__admin/%72eset",
    ] {
        assert_eq!(server.call("POST", path, "Host: evil.example\r\n").status, 421, "{path}");
        assert_eq!(server.call("POST", path, LOCAL).status, 404, "{path}");
    }
    check_not_reset(&server, LOCAL);
}

#[test]
fn a_refused_body_is_not_read() {
    let limits =
        ServerLimits { body_bytes_max: 16, drain_bytes_max: 16, ..ServerLimits::default() };
    let server = Start { limits, ..Start::default() }.start();
    let mut client = server.connect();
    client.send(
        "POST /__admin/reset HTTP/1.1\r\nHost: evil.example\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n",
    );
    assert_eq!(client.answer().status, 421);
}

#[test]
fn an_admin_body_that_does_not_come_is_given_up_and_told_to_no_page() {
    let limits =
        ServerLimits { body_wait: std::time::Duration::from_millis(50), ..ServerLimits::default() };
    let server = used(Start { limits, ..Start::default() });
    let mut client = server.connect();
    let head = format!("POST /__admin/reset HTTP/1.1\r\n{LOCAL}Content-Type: application/json\r\n");
    client.send(format!("{head}Content-Length: 10\r\n\r\n{{"));
    let answer = client.answer();
    assert_eq!(answer.status, 408);
    check_own(&answer);
    let mut client = server.connect();
    client.send(format!("{head}Content-Length: 10\r\n\r\n{{"));
    client.end_sending();
    let answer = client.answer();
    assert_eq!(answer.status, 400);
    check_own(&answer);
    check_not_reset(&server, LOCAL);
}

#[test]
fn emulated_calls_may_be_read_by_any_page() {
    let server = start();
    let preflight = server.call(
        "OPTIONS",
        "/partoo/org/43",
        "Host: localhost\r\nOrigin: https://app.example\r\nAccess-Control-Request-Method: DELETE\r\n\
         Access-Control-Request-Headers: x-apikey\r\nAccess-Control-Request-Private-Network: true\r\n",
    );
    assert_eq!(preflight.status, 204);
    assert_eq!(
        preflight.field("access-control-allow-origin").as_deref(),
        Some("https://app.example")
    );
    assert_eq!(preflight.field("access-control-allow-headers").as_deref(), Some("x-apikey"));
    assert_eq!(preflight.field("access-control-allow-credentials").as_deref(), Some("true"));
    assert_eq!(preflight.field("access-control-allow-private-network"), None);
    let vary = preflight.field("vary").unwrap();
    assert!(vary.contains("Origin") && vary.contains("Access-Control-Request-Headers"), "{vary}");
    for path in ["/partoo/org/43", "/nowhere"] {
        let answer =
            server.call("DELETE", path, "Host: localhost\r\nOrigin: https://app.example\r\n");
        assert_eq!(
            answer.field("access-control-allow-origin").as_deref(),
            Some("https://app.example")
        );
        assert!(
            answer.field("access-control-expose-headers").unwrap().contains("Tombstone-Sandbox")
        );
        assert_eq!(answer.field("tombstone-sandbox").as_deref(), Some("default"));
        assert!(answer.field("vary").unwrap().contains("Origin"), "errors vary too");
    }
}

#[test]
fn the_log_shows_no_credential() {
    let server = start();
    let fields = "Host: localhost\r\nx-APIKey: secret-1\r\nAuthorization: Bearer secret-2\r\nCookie: a=secret-3\r\n";
    server.call("DELETE", "/partoo/org/43?token=secret-4", fields);
    server.call("GET", "/__admin/health?token=secret-5", fields);
    let lines = server.join();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["path"], "/partoo/org/43");
    assert!(lines.iter().all(|line| !line.to_string().contains("secret")), "{lines:?}");
}
