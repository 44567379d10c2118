//! How a server ends.

use super::*;

#[test]
fn a_taken_port_is_told_with_what_to_do() {
    let server = serve(&["--provider", "partoo"]);
    let port = server.address.port().to_string();
    let ended = run(&["--provider", "partoo", "-p", &port]);
    expect![[r#"
            tombstone: port PORT of `127.0.0.1` is taken: stop the program that listens there, or choose another with `--port` (`--port 0` picks a free one)
            exit 1
        "#]].assert_eq(&ended.text().replace(&port, "PORT"));
}

#[test]
fn a_signal_ends_it_after_what_has_begun() {
    for signal in ["INT", "TERM"] {
        let server = serve(&["--log-format", "json"]);
        let mut waiting = server.connect();
        waiting.send(format!(
            "{POST}Expect: 100-continue\r\nContent-Length: {}\r\n\r\n",
            POST_BODY.len()
        ));
        assert_eq!(waiting.head().status, 100);
        let mut idle = server.connect();
        idle.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert_eq!(idle.answer().status, 404);
        server.signal(signal);
        assert!(idle.ended(), "it has seen the signal");
        waiting.send(POST_BODY);
        assert_eq!(waiting.answer().status, 200, "{signal}");
        let (code, log) = server.ended();
        assert_eq!((code, log.lines().count()), (0, 2), "{signal}: {log}");
    }
}
