//! The start-up banner and its calls to paste.

use super::*;

#[test]
fn it_shows_each_provider_with_calls_to_paste() {
    let folder = shop("banner");
    let server = serve(&of_shop(&folder));
    expect![[r#"
            Shop API
              http://127.0.0.1:PORT/shop
              also under the host names api.shop.example, shop.localhost

              DELETE /carts/{id}
                # 204 the cart goes
                curl -i -X DELETE http://127.0.0.1:PORT/shop/carts/a%2Fb%20c -H 'X-Key: it'\''s a key'
                # 404 it is gone
                curl -i -X DELETE http://127.0.0.1:PORT/shop/carts/a%2Fb%20c -H 'X-Key: it'\''s a key'
                # 401 nobody asks
                curl -i -X DELETE http://127.0.0.1:PORT/shop/carts/a%2Fb%20c

              POST /carts
                # 200 quotes are quoted
                curl -i http://127.0.0.1:PORT/shop/carts -H 'X-Key: it'\''s a key' \
                  -H 'Content-Type: application/json' -d '{"name":"it'\''s $HOME, `x` and \"é\" \\ !"}'
                # 400 a name is required
                curl -i http://127.0.0.1:PORT/shop/carts -H 'X-Key: it'\''s a key' \
                  -H 'Content-Type: application/json' -d '{}'

            Admin API
                # which records there are
                curl -s http://127.0.0.1:PORT/__admin/sandboxes/default/resources
                # what was asked, and why it was answered so
                curl -s http://127.0.0.1:PORT/__admin/sandboxes/default/requests
                # the last change undone
                curl -s -X POST http://127.0.0.1:PORT/__admin/sandboxes/default/undo
                # everything back to the start
                curl -s -X POST http://127.0.0.1:PORT/__admin/reset
                # all that it can do
                curl -s http://127.0.0.1:PORT/__admin/openapi.json

              A sandbox for each test: put /@NAME before any path, or send `Tombstone-Sandbox: NAME`.

            tombstone 0.1.0 is listening on http://127.0.0.1:PORT (page: http://127.0.0.1:PORT/__admin/ui/; Ctrl-C ends it)
        "#]].assert_eq(&server.banner());
    assert_eq!(server.stop(), "", "a server that was not asked anything says nothing");
}

#[test]
fn lines_are_not_too_wide() {
    let server = serve(&["--provider", "velt", "--provider", "applivery"]);
    for line in server.banner().lines() {
        assert!(line.chars().count() <= 120, "{line}");
    }
}

/// The commands in a banner, each with the status that it promises.
fn commands(banner: &str) -> Vec<(u16, String)> {
    let mut commands = Vec::new();
    let mut lines = banner.lines();
    let mut promised = 0;
    while let Some(line) = lines.next() {
        let line = line.trim_start();
        if let Some(comment) = line.strip_prefix("# ") {
            promised = comment.split(' ').next().unwrap().parse().unwrap_or(0);
        } else if line.starts_with("curl") {
            let mut command = line.to_owned();
            while command.ends_with('\\') {
                command.push('\n');
                command.push_str(lines.next().unwrap());
            }
            commands.push((promised, command));
        }
    }
    commands
}

fn shell(script: &str) -> Vec<u8> {
    let ended = Command::new("sh").args(["-c", script]).stdin(Stdio::null()).output().unwrap();
    assert!(ended.status.success(), "{script}: {}", String::from_utf8_lossy(&ended.stderr));
    ended.stdout
}

/// What curl sends for a command's words.
fn request(command: &str) -> String {
    let words = shell(&format!("curl() {{ printf '%s\\0' \"$@\"; }}\n{command}"));
    let words = String::from_utf8(words).unwrap();
    let mut words = words.split_terminator('\0');
    let (mut method, mut target, mut fields, mut body) = (None, "", String::new(), None);
    while let Some(word) = words.next() {
        match word {
            "-i" | "-s" => {}
            "-X" => method = words.next(),
            "-H" => write!(fields, "{}\r\n", words.next().unwrap()).unwrap(),
            "-d" => body = words.next(),
            url => target = &url[url.match_indices('/').nth(2).unwrap().0..],
        }
    }
    let method = method.unwrap_or(if body.is_some() { "POST" } else { "GET" });
    let body = body.unwrap_or_default();
    format!(
        "{method} {target} HTTP/1.1\r\nHost: localhost\r\n{fields}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn check_promises(server: &Served, calls_min: usize) {
    let commands = commands(&server.banner);
    let (calls, admin): (Vec<_>, Vec<_>) =
        commands.into_iter().partition(|(promised, _)| *promised > 0);
    assert!(calls.len() >= calls_min);
    let [resources, requests, undo, reset, document] = admin.as_slice() else {
        panic!("{admin:?}");
    };
    for (promised, command) in &calls {
        assert_eq!(server.ask(request(command)).status, *promised, "{command}");
    }
    if Command::new("curl").arg("--version").output().is_err() {
        return;
    }
    let json = |(_, command): &(u16, String)| -> Value {
        serde_json::from_slice(&shell(command)).unwrap()
    };
    assert!(json(resources)["resources"].is_array());
    assert_eq!(json(requests)["count"], calls.len());
    assert!(json(undo)["entries"].is_array());
    assert!(json(document)["openapi"].as_str().unwrap().starts_with("3.1."));
    assert_eq!(json(reset)["status"], "reset");
    for (promised, command) in &calls {
        let answer = String::from_utf8(shell(&format!("{command} -s --max-time 10"))).unwrap();
        let status = answer.split(' ').nth(1).unwrap();
        assert_eq!(status, promised.to_string(), "{command}\n{answer}");
    }
}

#[test]
fn pasted_calls_answer_as_promised() {
    let folder = shop("pasted");
    check_promises(&serve(&of_shop(&folder)), 5);
}

#[test]
fn pasted_calls_of_the_built_in_providers_answer_as_promised() {
    check_promises(&serve(&["--log-format", "none"]), 0);
}
