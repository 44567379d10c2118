//! What travels over a socket: each edge of HTTP has a defined answer, and none of them stops the server.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;
use tombstone::server::ServerLimits;

use crate::support::{BODILESS, Client, DELETE, DELETED, POST, POST_BODY, Running, Start, start};

const ADMIN: &str = "Host: localhost\r\n";
const MISS: &str = "GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n";

fn with_limits(change: impl FnOnce(&mut ServerLimits)) -> Running {
    let mut limits = ServerLimits::default();
    change(&mut limits);
    Start { limits, ..Start::default() }.start()
}

/// The server still answers.
fn check_alive(server: &Running) {
    assert_eq!(server.ask(MISS).status, 404);
}

fn post(body: &str) -> String {
    format!("{POST}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// Begins a call whose body is awaited; when this returns, the server is waiting for it.
fn begin_slow_call(server: &Running) -> Client {
    let mut client = server.connect();
    client
        .send(format!("{POST}Expect: 100-continue\r\nContent-Length: {}\r\n\r\n", POST_BODY.len()));
    assert_eq!(client.head().status, 100);
    client
}

#[test]
fn what_is_deleted_is_gone_until_the_reset() {
    let server = start();
    assert_eq!(server.call("GET", DELETED, ADMIN).json()["id"], 43);
    assert_eq!(server.ask(DELETE).status, 200);
    assert_eq!(server.call("GET", DELETED, ADMIN).status, 404);
    let reset = server.call("POST", "/__admin/reset", ADMIN);
    assert_eq!(
        (reset.status, reset.json()),
        (200, json!({"status": "reset", "sandboxes_dropped": 0}))
    );
    assert_eq!(server.call("GET", DELETED, ADMIN).status, 200);
}

#[test]
fn the_admin_api_says_what_there_is() {
    let server = start();
    let get = |path: &str| server.call("GET", path, ADMIN);
    assert_eq!(get("/__admin/health").json(), json!({"status": "ok"}));
    assert_eq!(get("/__admin/version").json()["version"], env!("CARGO_PKG_VERSION"));
    let nowhere = get("/__admin/nowhere");
    assert_eq!(nowhere.status, 404);
    assert!(nowhere.json()["paths"].as_array().unwrap().contains(&json!("POST /__admin/reset")));
    let wrong = server.call("DELETE", "/__admin/reset", ADMIN);
    assert_eq!((wrong.status, wrong.field("allow").as_deref()), (405, Some("POST")));
    assert_eq!(wrong.field("content-type").as_deref(), Some("application/problem+json"));
    assert!(
        get("/__admin/sandboxes/default/resources/nobody/organizations").json()["providers"]
            .is_array()
    );
    assert!(
        get("/__admin/sandboxes/default/resources/partoo/nothing").json()["resources"].is_array()
    );
    assert_eq!(get("/__admin/sandboxes/default/resources/partoo/organizations/%ff").status, 400);
    let row = get("/__admin/sandboxes/default/resources").json()["resources"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["provider"] == "partoo" && row["resource"] == "organizations")
        .cloned()
        .unwrap();
    assert!(row["count"].as_u64().is_some_and(|count| count >= 3));
    assert_eq!(get(row["href"].as_str().unwrap()).json()["count"], row["count"]);
}

#[test]
fn records_are_listed_in_parts() {
    let server = start();
    let get = |path: &str| server.call("GET", path, ADMIN);
    let all = get("/__admin/sandboxes/default/resources/partoo/organizations").json();
    let first = get("/__admin/sandboxes/default/resources/partoo/organizations?limit=2").json();
    assert_eq!((&first["count"], &all["next"]), (&all["count"], &json!(null)));
    let mut records = first["records"].as_array().unwrap().clone();
    assert_eq!(records.len(), 2);
    let mut next = first["next"].clone();
    while let Some(path) = next.as_str() {
        let part = get(path).json();
        records.extend(part["records"].as_array().unwrap().iter().cloned());
        next = part["next"].clone();
    }
    assert_eq!(json!(records), all["records"]);
    let past = get(
        "/__admin/sandboxes/default/resources/partoo/organizations?offset=18446744073709551615",
    )
    .json();
    assert_eq!((past["records"].clone(), past["next"].clone()), (json!([]), json!(null)));
    for query in ["limit=0", "limit=1001", "limit=x", "offset=-1", "limit=1&limit=2"] {
        let refused =
            get(&format!("/__admin/sandboxes/default/resources/partoo/organizations?{query}"));
        assert_eq!(refused.status, 400, "{query}");
    }
    assert_eq!(
        get("/__admin/sandboxes/default/resources/partoo/organizations?limit=1000").status,
        200
    );
}

#[test]
fn a_connection_is_kept_and_requests_may_be_pipelined() {
    let server = start();
    let mut client = server.connect();
    client.send(MISS);
    assert_eq!(client.answer().status, 404);
    client.send(format!("{MISS}{}{DELETE}{MISS}", post(POST_BODY)));
    let statuses: Vec<u16> = (0..4).map(|_| client.answer().status).collect();
    assert_eq!(statuses, [404, 200, 200, 404]);
    client.send("GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert_eq!(client.answer().status, 404);
    assert!(client.ended());
}

#[test]
fn http_1_0_is_answered_and_closed_unless_it_asks_to_be_kept() {
    let server = start();
    let mut client = server.connect();
    client.send("GET /nowhere HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_eq!(client.answer().status, 404);
    client.send("GET /nowhere HTTP/1.0\r\n\r\n");
    assert_eq!(client.answer().status, 404);
    assert!(client.ended());
}

#[test]
fn a_head_request_has_the_head_of_an_answer_and_no_body() {
    let server = start();
    let mut client = server.connect();
    client.send("HEAD /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert_eq!(client.head().status, 404);
    assert!(client.ended());
}

#[test]
fn a_chunked_body_is_a_body() {
    let server = start();
    let (first, second) = POST_BODY.split_at(10);
    let mut client = server.connect();
    client.send(format!(
        "{POST}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\nTrailer: x\r\n\r\n",
        first.len(),
        second.len()
    ));
    assert_eq!(client.answer().status, 200);
    client.send(MISS);
    assert_eq!(client.answer().status, 404, "the connection goes on");
}

#[test]
fn broken_chunks_and_cut_bodies_do_nothing() {
    let server = start();
    let mut client = server.connect();
    client.send(format!("{POST}Transfer-Encoding: chunked\r\n\r\nnot a length\r\n"));
    assert_eq!(client.answer().status, 400);
    assert!(client.ended());
    let mut client = server.connect();
    client.send(format!("{POST}Content-Length: 100\r\n\r\n{POST_BODY}"));
    client.end_sending();
    let answer = client.answer();
    assert_eq!((answer.status, answer.json()["title"].clone()), (400, json!("body cut short")));
    let lines = server.join();
    assert!(
        lines.iter().all(|line| line["stage"] == "body cut short" && line.get("changes").is_none()),
        "{lines:?}"
    );
}

#[test]
fn expecting_100_continue_is_told_to_continue_or_refused() {
    let server = with_limits(|limits| limits.body_bytes_max = 1000);
    let mut client = begin_slow_call(&server);
    client.send(POST_BODY);
    assert_eq!(client.answer().status, 200);
    client.send(format!("{POST}Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n"));
    let refused = client.answer();
    assert_eq!(refused.status, 413);
    assert_eq!(refused.field("connection").as_deref(), Some("close"));
    assert!(client.ended());
}

#[test]
fn a_body_at_the_limit_is_taken_and_one_past_it_is_not() {
    let server = with_limits(|limits| limits.body_bytes_max = POST_BODY.len());
    let mut client = server.connect();
    client.send(post(POST_BODY));
    assert_eq!(client.answer().status, 200);
    client.send(post(&format!("{POST_BODY} ")));
    let refused = client.answer();
    assert_eq!(refused.status, 413);
    client.send(MISS);
    assert_eq!(client.answer().status, 404, "the rest was read, so the connection goes on");
}

#[test]
fn a_chunked_body_past_the_limit_is_refused_too() {
    let server = with_limits(|limits| limits.body_bytes_max = 16);
    let mut client = server.connect();
    let chunk = format!("{:x}\r\n{POST_BODY}\r\n", POST_BODY.len());
    client.send(format!("{POST}Transfer-Encoding: chunked\r\n\r\n{chunk}{chunk}0\r\n\r\n"));
    let refused = client.answer();
    assert_eq!(refused.status, 413);
    client.send(MISS);
    assert_eq!(client.answer().status, 404);
}

#[test]
fn a_body_past_the_limit_does_not_matter_to_a_call_that_takes_none() {
    let server = with_limits(|limits| limits.body_bytes_max = 16);
    let mut client = server.connect();
    client.send(format!("{BODILESS}Content-Length: 17\r\n\r\n12345678901234567"));
    assert_eq!(client.answer().status, 204);
    client.send(MISS);
    assert_eq!(client.answer().status, 404);
}

/// A body of so many bytes that fits.
fn padded(bytes: usize) -> String {
    format!("{POST_BODY}{}", " ".repeat(bytes - POST_BODY.len()))
}

#[test]
fn a_body_has_room_for_what_has_come_of_it() {
    let server = with_limits(|limits| limits.bodies_bytes_max = limits.body_bytes_max);
    let announce = |_| {
        let mut client = server.connect();
        client.send(format!("{POST}Content-Length: 10000000\r\n\r\n{{"));
        client
    };
    let announced: Vec<_> = (0..26).map(announce).collect();
    assert_eq!(server.ask(&post(&padded(5_000_000))).status, 200);
    drop(announced);
}

#[test]
fn large_bodies_go_on_one_by_one_where_there_is_no_room() {
    let server = with_limits(|limits| limits.bodies_bytes_max = 1024 * 1024);
    let body = padded(900_000);
    let (start, end) = body.split_at(800_000);
    let open = |_| {
        let mut client = server.connect();
        client.send(format!("{POST}Content-Length: {}\r\n\r\n{start}", body.len()));
        client
    };
    let mut clients: Vec<_> = (0..3).map(open).collect();
    for client in &mut clients {
        client.send(end);
    }
    for client in &mut clients {
        assert_eq!(client.answer().status, 200);
    }
    assert_eq!(server.ask(&post(&body)).status, 200);
}

#[test]
fn who_does_not_read_is_ended_where_too_much_waits() {
    let server = with_limits(|limits| limits.answers_bytes_max = 1024 * 1024);
    let path = "/__admin/sandboxes/default/resources/partoo/organizations/43";
    let local = ADMIN;
    let mut record = server.call("GET", path, local).json();
    record["name"] = "x".repeat(9_000_000).into();
    let body = record.to_string();
    let fields =
        format!("{local}Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    assert_eq!(server.ask(&format!("PUT {path} HTTP/1.1\r\n{fields}\r\n{body}")).status, 200);
    let open = |_| {
        let mut client = TcpStream::connect(server.address).unwrap();
        client
            .write_all(
                format!("GET {path} HTTP/1.1\r\n{local}Connection: close\r\n\r\n").as_bytes(),
            )
            .unwrap();
        // Until the answer has begun, and what the sockets hold is full.
        client.peek(&mut [0]).unwrap();
        std::thread::sleep(Duration::from_millis(200));
        client
    };
    let clients: Vec<TcpStream> = (0..4).map(open).collect();
    let read = |mut client: TcpStream| {
        let mut all = Vec::new();
        client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // One that was ended may be reset.
        let _ = client.read_to_end(&mut all);
        all.len() > 9_000_000
    };
    let complete: Vec<bool> = clients.into_iter().map(read).collect();
    assert!(complete[3], "the last one is left");
    assert!(complete.contains(&false), "the others did not read");
    assert_eq!(server.call("GET", path, local).json(), record, "who reads gets all");
}

#[test]
fn an_endless_body_is_refused_and_the_answer_arrives() {
    let server = with_limits(|limits| {
        limits.body_bytes_max = 1024;
        limits.drain_bytes_max = 1024;
    });
    let mut client = server.connect();
    client.send(format!("{POST}Content-Length: 1000000000\r\n\r\n"));
    // More than the sockets hold, so that the answer is read only after it was sent.
    for _ in 0..64 {
        if client.try_send(vec![b' '; 64 * 1024]).is_err() {
            break;
        }
    }
    let refused = client.answer();
    assert_eq!(refused.status, 413);
    assert_eq!(refused.field("connection").as_deref(), Some("close"));
}

#[test]
fn a_slow_body_is_given_up() {
    let server = with_limits(|limits| limits.body_wait = Duration::from_millis(50));
    let mut client = server.connect();
    client.send(format!("{POST}Origin: https://a.example\r\nContent-Length: 100\r\n\r\n{{"));
    let answer = client.answer();
    assert_eq!((answer.status, answer.json()["title"].clone()), (408, json!("body too slow")));
    let allowed = answer.field("access-control-allow-origin");
    assert_eq!(allowed.as_deref(), Some("https://a.example"), "a page can read this too");
    assert_eq!(answer.field("tombstone-sandbox").as_deref(), Some("default"));
    assert!(client.ended());
    check_alive(&server);
}

#[test]
fn idle_connections_and_slow_heads_are_ended() {
    let server = with_limits(|limits| limits.head_wait = Duration::from_millis(80));
    assert!(server.connect().ended(), "never asked anything");
    let mut slow = server.connect();
    slow.send("GET /nowhere HT");
    assert!(slow.ended());
    let mut kept = server.connect();
    kept.send(MISS);
    assert_eq!(kept.answer().status, 404);
    assert!(kept.ended());
}

#[test]
fn a_request_in_progress_is_not_idle() {
    let server = with_limits(|limits| limits.head_wait = Duration::from_millis(300));
    let mut client = begin_slow_call(&server);
    let mut idle = server.connect();
    assert!(idle.ended(), "so much time has passed");
    client.send(POST_BODY);
    assert_eq!(client.answer().status, 200);
}

#[test]
fn a_client_may_end_its_side_and_still_be_answered() {
    let server = start();
    let mut client = server.connect();
    client.send(post(POST_BODY));
    client.end_sending();
    assert_eq!(client.answer().status, 200);
    assert!(client.ended());
}

#[test]
fn huge_heads_are_refused() {
    let server = start();
    let mut client = server.connect();
    let huge = format!(
        "GET /nowhere HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n",
        "x".repeat(1024 * 1024)
    );
    let _ = client.try_send(huge);
    assert_eq!(client.answer().status, 431);
    let many = "X: x\r\n".repeat(101);
    assert_eq!(server.call("GET", "/nowhere", &many).status, 431);
    let long = format!("/{}", "x".repeat(100_000));
    let mut client = server.connect();
    let _ = client.try_send(format!("GET {long} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    assert!(matches!(client.answer().status, 414 | 431));
    check_alive(&server);
}

#[test]
fn garbage_is_a_bad_request() {
    let server = start();
    for garbage in [
        "garbage\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        "GET /a b HTTP/1.1\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}",
        "\r\n\r\n\0\0\0\0",
    ] {
        let mut client = server.connect();
        client.send(garbage);
        assert_eq!(client.answer().status, 400, "{garbage:?}");
        assert!(client.ended(), "{garbage:?}");
    }
    check_alive(&server);
}

#[test]
fn other_forms_of_targets_are_answered() {
    let server = start();
    for request in [
        "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "CONNECT localhost:4010 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET http://elsewhere.example/nowhere HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n",
        "BREW /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ] {
        let answer = server.ask(request);
        assert!(answer.status < 500, "{request}: {}", answer.status);
        assert_eq!(answer.field("tombstone-sandbox").as_deref(), Some("default"), "{request}");
    }
}

#[test]
fn one_connection_too_many_is_told_so() {
    let server = with_limits(|limits| limits.connections_max = 2);
    let mut kept: Vec<Client> = (0..2).map(|_| server.connect()).collect();
    for client in &mut kept {
        client.send(MISS);
        assert_eq!(client.answer().status, 404);
    }
    let mut refused = server.connect();
    refused.send(MISS);
    let answer = refused.answer();
    assert_eq!(
        (answer.status, answer.json()["title"].clone()),
        (503, json!("too many connections"))
    );
    refused.end_sending();
    assert!(refused.ended());
    kept[0].send("GET /nowhere HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert_eq!(kept[0].answer().status, 404);
    assert!(kept[0].ended());
    // The place is free a moment after the connection's end was sent.
    let free = (0..100).any(|_| {
        let mut next = server.connect();
        next.send(MISS);
        next.answer().status == 404
    });
    assert!(free);
}

#[test]
fn shutting_down_finishes_what_has_begun() {
    let mut server = start();
    let mut waiting = begin_slow_call(&server);
    let mut idle = server.connect();
    idle.send(MISS);
    assert_eq!(idle.answer().status, 404);
    let mut silent = server.connect();
    server.stop();
    assert!(idle.ended(), "nothing was asked of it");
    assert!(silent.ended(), "it never asked");
    waiting.send(POST_BODY);
    let answer = waiting.answer();
    assert_eq!((answer.status, answer.field("connection").as_deref()), (200, Some("close")));
    assert!(waiting.ended());
    let address = server.address;
    let lines = server.join();
    assert_eq!(lines.len(), 2, "every line is there: {lines:?}");
    assert!(std::net::TcpStream::connect(address).is_err(), "nobody listens any more");
}

#[test]
fn shutting_down_does_not_wait_for_ever() {
    let mut server = with_limits(|limits| limits.shutdown_wait = Duration::from_millis(30));
    let mut waiting = begin_slow_call(&server);
    server.stop();
    assert!(waiting.ended());
    server.join();
}

#[test]
fn every_request_has_its_line() {
    let server = start();
    let mut client = server.connect();
    for _ in 0..100 {
        client.send(MISS);
        assert_eq!(client.answer().status, 404);
    }
    server.ask(DELETE);
    let lines = server.join();
    assert_eq!(lines.len(), 101);
    let last = &lines[100];
    assert_eq!(
        (&last["method"], &last["path"], &last["status"]),
        (&json!("DELETE"), &json!("/partoo/org/43"), &json!(200))
    );
    assert_eq!(last["operation"], "deleteOrganization");
    assert!(last["took_ms"].is_number());
    assert_eq!(last["changes"][0]["resource"], "organizations");
}
