//! The start-up banner, and calls to paste.

use super::*;

#[test]
fn it_has_ten_lines_with_two_calls_and_says_where_there_is_more() {
    let folder = shop("banner");
    let server = serve(&of_shop(&folder));
    expect![[r#"
        Shop API: http://127.0.0.1:PORT/shop
        # 200 quotes are quoted
        curl -i http://127.0.0.1:PORT/shop/carts -H 'X-Key: it'\''s a key' \
          -H 'Content-Type: application/json' -d '{"name":"it'\''s $HOME, `x` and \"é\" \\ !"}'
        # 204 the cart goes
        curl -i -X DELETE http://127.0.0.1:PORT/shop/carts/a%2Fb%20c -H 'X-Key: it'\''s a key'
        all calls: tombstone examples, with the same arguments but --port PORT
        what happens: tombstone log -f --port PORT; and plan, undo, redo, advance, fault
        tombstone 0.1.0 is listening on http://127.0.0.1:PORT (page: http://127.0.0.1:PORT/__admin/ui/; Ctrl-C ends it)
    "#]].assert_eq(&server.banner());
    assert_eq!(server.stop(), "", "a server that was not asked anything says nothing");
    let folder = Folder::new("inferred");
    folder.write("pets.yaml", &std::fs::read_to_string("tests/documents/petstore.yaml").unwrap());
    let document = folder.path.join("pets.yaml").display().to_string();
    let server = serve_with(program(&["serve", &document, "-p", "0"]));
    expect![[r#"
        applivery, partoo, pets-api, timbrix, velt: each at http://127.0.0.1:PORT/NAME (1 resource, 4 of 4 operations remember)
        # GET /pets/{id}
        curl -i http://127.0.0.1:PORT/pets-api/pets/1 -H 'X-Key: key'
        # DELETE /pets/{id}
        curl -i -X DELETE http://127.0.0.1:PORT/pets-api/pets/1 -H 'X-Key: key'
        all calls: tombstone examples, with the same arguments but --port PORT
        what happens: tombstone log -f --port PORT; and plan, undo, redo, advance, fault
        tombstone 0.1.0 is listening on http://127.0.0.1:PORT (page: http://127.0.0.1:PORT/__admin/ui/; Ctrl-C ends it)
    "#]].assert_eq(&server.banner());
}

#[test]
fn the_commands_that_it_names_reach_the_server() {
    let line = |args: &[&str]| {
        let server = serve(&[&["--provider", "partoo", "--log-format", "none"], args].concat());
        let line = server.banner.lines().find(|line| line.starts_with("what happens: "));
        let line = line.unwrap_or("nothing").replace(&server.address.port().to_string(), "PORT");
        let options = line.split_once("log -f").map(|(_, rest)| rest.split(';').next().unwrap());
        let options =
            options.unwrap_or_default().replace("PORT", &server.address.port().to_string());
        let reached = (!options.is_empty()).then(|| {
            let options = options.replace("TOKEN", "secret");
            run(&[vec!["log"], options.split_whitespace().collect()].concat()).code
        });
        format!("{line} ({reached:?})")
    };
    expect![[r#"
        what happens: tombstone log -f --port PORT; and plan, undo, redo, advance, fault (Some(0))
        what happens: tombstone log -f --url http://127.0.0.2:PORT; and plan, undo, redo, advance, fault (Some(0))
        what happens: tombstone log -f --port PORT --admin-token TOKEN; and plan, undo, redo, advance, fault (Some(0))
        nothing (None)"#]]
    .assert_eq(
        &[
            line(&["--host", "0.0.0.0", "--admin-open"]),
            line(&["--host", "127.0.0.2"]),
            line(&["--admin-token", "secret"]),
            line(&["--tls"]),
        ]
        .join("\n"),
    );
    let mock = ["mock", "specs/applivery/openapi.yaml", "-p", "0", "--host", "127.0.0.2"];
    let banner = serve_with(program(&mock)).banner();
    let more = " more: tombstone examples --built-in off --host 127.0.0.2 --port PORT, with";
    assert!(banner.contains(more), "{banner}");
}

#[test]
fn it_is_short_and_its_calls_work_whatever_is_served() {
    for args in [
        &["--provider", "velt"][..],
        &["--provider", "partoo"],
        &["--provider", "timbrix"],
        &["--provider", "applivery"],
        &[],
        &["tests/documents/petstore.yaml"],
        &["tests/documents/clinic", "--built-in", "off"],
        &["tests/documents/petstore.yaml", "--stateless"],
    ] {
        let server = serve(&[&["--log-format", "none"], args].concat());
        let lines = server.banner.lines().count();
        assert!((7..=10).contains(&lines), "{args:?}: {}", server.banner);
        let calls = commands(&server.banner);
        assert_eq!(calls.len(), 2, "{args:?}: {}", server.banner);
        for (promised, command) in calls {
            let status = server.ask(request(&command)).status;
            assert!((200..300).contains(&status), "{args:?}: {status} to {command}");
            assert!(promised == 0 || promised == status, "{command}");
        }
    }
    let mock = ["mock", "tests/documents/library.yaml", "tests/documents/petstore.yaml", "-p", "0"];
    let server = serve_with(program(&mock));
    assert_eq!(server.banner.lines().count(), 10, "{}", server.banner);
}

#[test]
fn examples_show_each_operation_with_calls_to_paste() {
    let folder = shop("examples");
    let args = of_shop(&folder);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    run(&[&["examples"], &args[..]].concat()).check(&expect![[r#"
        Shop API
          http://127.0.0.1:4010/shop
          also under the host names api.shop.example, shop.localhost

          DELETE /carts/{id}
            # 204 the cart goes
            curl -i -X DELETE http://127.0.0.1:4010/shop/carts/a%2Fb%20c -H 'X-Key: it'\''s a key'
            # 404 it is gone
            curl -i -X DELETE http://127.0.0.1:4010/shop/carts/a%2Fb%20c -H 'X-Key: it'\''s a key'
            # 401 nobody asks
            curl -i -X DELETE http://127.0.0.1:4010/shop/carts/a%2Fb%20c

          POST /carts
            # 200 quotes are quoted
            curl -i http://127.0.0.1:4010/shop/carts -H 'X-Key: it'\''s a key' \
              -H 'Content-Type: application/json' -d '{"name":"it'\''s $HOME, `x` and \"é\" \\ !"}'
            # 400 a name is required
            curl -i http://127.0.0.1:4010/shop/carts -H 'X-Key: it'\''s a key' \
              -H 'Content-Type: application/json' -d '{}'

        Admin API
            # which records there are
            curl -s http://127.0.0.1:4010/__admin/sandboxes/default/resources
            # what was asked, and why it was answered so
            curl -s http://127.0.0.1:4010/__admin/sandboxes/default/requests
            # the last change undone
            curl -s -X POST http://127.0.0.1:4010/__admin/sandboxes/default/undo
            # everything back to the start
            curl -s -X POST http://127.0.0.1:4010/__admin/reset
            # all that it can do
            curl -s http://127.0.0.1:4010/__admin/openapi.json

          A sandbox for each test: put /@NAME before any path, or send `Tombstone-Sandbox: NAME`.

        exit 0
    "#]]);
    run(&["examples", "--port", "0"]).check(&expect![[r#"
        tombstone: the port is 0, so any: say with `--port` where the server listens
        exit 2
    "#]]);
}

#[test]
fn lines_are_not_too_wide() {
    let shown = run(&["examples", "--provider", "velt", "--provider", "applivery"]).out;
    for line in shown.lines() {
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
            "-i" | "-s" | "--path-as-is" => {}
            "-X" => method = words.next(),
            "-H" => write!(fields, "{}\r\n", words.next().unwrap()).unwrap(),
            "-d" | "--data-raw" => body = words.next(),
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

fn check_promises(args: &[&str], calls_min: usize) {
    let server = &serve(&[&["--log-format", "none"], args].concat());
    let port = server.address.port().to_string();
    let commands = commands(&run(&[&["examples", "--port", &port], args].concat()).out);
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
    let args = of_shop(&folder);
    check_promises(&args.iter().map(String::as_str).collect::<Vec<_>>(), 5);
}

#[test]
fn pasted_calls_of_the_built_in_providers_answer_as_promised() {
    check_promises(&[], 0);
}
