//! The page for people: where it is, who gets it, and what it may do.

use crate::support::{Start, start};

const BROWSER: &str = "Host: localhost\r\nAccept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";

#[test]
fn a_browser_at_the_root_is_led_to_the_page_and_a_program_is_not() {
    let server = start();
    for path in ["/", "/__admin", "/__admin/", "/__admin/ui"] {
        let led = server.call("GET", path, BROWSER);
        assert_eq!(
            (led.status, led.field("location").as_deref()),
            (302, Some("/__admin/ui/")),
            "{path}"
        );
        let linked = format!(
            "{BROWSER}Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n"
        );
        assert_eq!(server.call("GET", path, &linked).status, 302, "{path}");
        assert_eq!(
            server.call("GET", path, "Host: localhost\r\nAccept: */*\r\n").status,
            404,
            "{path}"
        );
    }
    for (method, path, fields) in [
        ("POST", "/", BROWSER),
        ("GET", "/nothing", BROWSER),
        ("GET", "/", "Host: api.partoo.co\r\nAccept: text/html\r\n"),
    ] {
        assert_eq!(
            server.call(method, path, fields).field("location"),
            None,
            "{method} {path} {fields}"
        );
    }
    let journal = server.call("GET", "/__admin/sandboxes/default/requests", "Host: localhost\r\n");
    let told = journal.text().matches("\"target\":\"/\"").count();
    assert_eq!(told, 3, "only what was not led away: {}", journal.text());
}

#[test]
fn the_page_is_there_before_the_token_and_for_nobody_where_it_is_closed() {
    let server = Start { token: Some("secret".to_owned()), ..Start::default() }.start();
    let page = server.call("GET", "/__admin/ui/", BROWSER);
    assert_eq!(page.status, 200);
    assert_eq!(page.field("content-type").as_deref(), Some("text/html; charset=utf-8"));
    assert_eq!(page.field("cache-control").as_deref(), Some("no-cache"));
    let tag = page.field("etag").unwrap();
    let again = server.call("GET", "/__admin/ui/", &format!("{BROWSER}If-None-Match: {tag}\r\n"));
    assert_eq!(again.status, 304);
    assert_eq!(server.call("GET", "/__admin/sandboxes", BROWSER).status, 401);
    assert_eq!(server.call("GET", "/__admin/ui/", "Host: evil.example\r\n").status, 421);
    let framed = format!(
        "{BROWSER}Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n"
    );
    assert_eq!(server.call("GET", "/__admin/ui/", &framed).status, 403);
    let closed = Start { host: "0.0.0.0", ..Start::default() }.start();
    assert_eq!(closed.call("GET", "/__admin/ui/", BROWSER).status, 403);
    assert_eq!(closed.call("GET", "/", BROWSER).field("location"), None);
}
