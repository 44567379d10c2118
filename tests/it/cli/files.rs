//! `check`: what is printed of findings in files.

use super::*;

#[test]
fn nothing_is_wrong_with_the_built_in_files() {
    run(&["check"]).check(&expect![[r#"
            4 providers can be served; 0 errors and 0 warnings
            exit 0
        "#]]);
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let folder = shop("check");
    folder.write(
        "specs/shop/behavior.yaml",
        &BEHAVIOR
            .replace("carts[path.id]", "cart[path.id]")
            .replace("respond: 204", "respond: 205"),
    );
    folder.write("specs/kiosk/openapi.yaml", CONTRACT);
    folder.write("specs/kiosk/behavior.yaml", &BEHAVIOR.replace("{ key: id }", "{ kye: id }"));
    folder.write("fixtures/shop/default.yaml", &FIXTURES.replace("deleteCart", "dropCart"));
    folder.write("specs/till/openapi.yaml", "openapi: 3.1.0\npaths: [\n");
    folder.write("specs/vault/openapi.yaml", CONTRACT);
    let path = folder.path.display().to_string();
    let args =
        ["check", "--specs", &format!("{path}/specs"), "--fixtures", &format!("{path}/fixtures")];
    run(&args).check_in(&folder, &expect![[r#"
            DIR/fixtures/shop/default.yaml:6: error: the contract has no operation `dropCart` [3 times, also at line 7, line 8]
            DIR/specs/kiosk/behavior.yaml:4: error: `kye` is not known here
            DIR/specs/kiosk/behavior.yaml:4: error: `key` is missing
            DIR/specs/kiosk/openapi.yaml: warning: `kiosk` has no fixtures, and starts without a record
            DIR/specs/shop/behavior.yaml:12: error: `cart` is defined by way of itself (break the circle)
            DIR/specs/shop/behavior.yaml:17: error: `deleteCart` documents no response 205 (`deleteCart` documents 204, 400, 401, 404)
            DIR/specs/till/openapi.yaml:2: error: cannot be read: unclosed bracket '['
            DIR/specs/vault/behavior.yaml: warning: there is no behavior file: what it would say is inferred (begin one with `tombstone init`)
            1 provider can be served, beside 4 built in; 6 errors and 2 warnings
            exit 1
        "#]]);
}

#[test]
fn a_document_stands_in_nobodys_way_by_its_name() {
    let folder = Folder::new("names");
    // As a path of a built-in API begins, and as one of the other begins.
    folder.write("organizations.yaml", CONTRACT);
    folder.write("carts.yaml", &CONTRACT.replace("/carts", "/tills"));
    let path = |name: &str| folder.path.join(name).display().to_string();
    let [first, second] = ["organizations.yaml", "carts.yaml"].map(path);
    run(&["check", &first, &second]).check_in(&folder, &expect![[r#"
            DIR/organizations.yaml:3: warning: the host `api.shop.example` is that of `carts` already, and leads there
            2 providers can be served, beside 4 built in; 0 errors and 1 warning
            exit 0
        "#]]);
    let ended = run(&["check", &format!("organizations={first}")]);
    ended.check_in(&folder, &expect![[r#"
        DIR/organizations.yaml: error: no provider can be named `organizations` beside the path `/organizations`: both begin with `/organizations` (rename its folder, or write `NAME=` before the path of its document)
        1 provider can be served, beside 4 built in; 1 error and 0 warnings
        exit 1
    "#]]);
}

/// Text that clears the screen, turns what follows around and makes a line that is a command to a CI system.
const HOSTILE: &str = r"x\r\n::error::x\e[2J\u202E\x9b1m";

#[test]
fn whatever_the_files_say_a_line_is_one_line_and_steers_no_terminal() {
    let folder = shop("hostile");
    let quoted = format!("\"{HOSTILE}\"");
    let contract = CONTRACT
        .replace("Shop API", &quoted)
        .replace("deleteCart", &quoted)
        .replace("No such cart.", &quoted);
    assert_eq!(contract.matches("::error::").count(), 3);
    folder.write("specs/shop/openapi.yaml", &contract);
    folder.write("specs/shop/behavior.yaml", &BEHAVIOR.replace("deleteCart", &quoted));
    let fixtures = FIXTURES.replace("deleteCart", &quoted).replace("it is gone", &quoted);
    folder.write("fixtures/shop/default.yaml", &fixtures);
    folder.write("specs/till/openapi.yaml", &format!("openapi: \"{HOSTILE}\"\npaths: {{}}\n"));
    folder.write("specs/vault/openapi.yaml", CONTRACT);
    let broken = BEHAVIOR.replace("carts[path.id]", &format!("carts['{HOSTILE}'"));
    folder.write("specs/vault/behavior.yaml", &broken);
    let path = folder.path.display().to_string();
    let sources = ["--specs", &format!("{path}/specs"), "--fixtures", &format!("{path}/fixtures")];
    let whole = format!("{path}/specs/shop/openapi.yaml");
    for command in [
        &["check"][..],
        &["check", "--format", "json"],
        &["routes"],
        &["routes", "--json"],
        &["examples"],
    ] {
        let ended = run(&[command, &sources].concat());
        is_harmless(&ended.text());
        assert!(ended.text().contains("::error::x"), "{command:?}");
    }
    is_harmless(&serve(&sources).banner);
    is_harmless(&serve_with(program(&["mock", &whole, "-p", "0"])).banner);
}

fn is_harmless(text: &str) {
    for line in text.lines() {
        assert!(!line.trim_start().starts_with("::"), "{line:?}");
        let steers = |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
        assert!(!line.contains(steers), "{line:?}");
    }
    assert!(!text.contains('\r'), "{text:?}");
}

#[test]
fn files_that_are_not_there_are_missed() {
    let folder = Folder::new("empty");
    let empty = folder.path.display().to_string();
    for (args, expected) in [
        (
            &["check", "--provider", "parto"][..],
            expect![[r#"
                tombstone: there is no provider `parto` (did you mean `partoo`?)
                exit 1
            "#]],
        ),
        (
            &["routes", "--provider", "zzz"],
            expect![[r#"
                tombstone: there is no provider `zzz` (there are applivery, partoo, timbrix, velt)
                exit 1
            "#]],
        ),
        (
            &["serve", "--fixture-set", "crowded"],
            expect![[r#"
                tombstone: no provider has a fixture set `crowded`: a set is a file `crowded.yaml` in the provider's folder of fixtures
                exit 1
            "#]],
        ),
        (
            &["--specs", "/nowhere/at/all"],
            expect![[r#"
                tombstone: cannot read `/nowhere/at/all`: No such file or directory (os error 2)
                exit 1
            "#]],
        ),
        (
            &["--fixtures", "/nowhere/at/all"],
            expect![[r#"
                tombstone: cannot read `/nowhere/at/all`: No such file or directory (os error 2)
                exit 1
            "#]],
        ),
        (
            &["check", "--specs", &empty],
            expect![[r#"
                tombstone: `DIR` has no provider: it is to hold one folder each, with `openapi.yaml` and `behavior.yaml`
                exit 1
            "#]],
        ),
    ] {
        run(args).check_in(&folder, &expected);
    }
}

#[test]
fn serving_tells_of_what_it_cannot_serve_and_serves_the_rest() {
    let folder = shop("partly");
    folder.write("specs/till/openapi.yaml", CONTRACT);
    let mut many = String::from("tombstone: 1\nresources:\n");
    for number in 0..20 {
        writeln!(many, "  r{number}: {{ k{number}: id }}").unwrap();
    }
    folder.write("specs/till/behavior.yaml", &format!("{many}operations: {{}}\n"));
    let path = folder.path.display().to_string();
    let specs = format!("{path}/specs");
    let fixtures = format!("{path}/fixtures");
    let args = ["--specs", &specs, "--fixtures", &fixtures, "--log-format", "none"];
    let server = serve(&args);
    assert_eq!(
        server.call("DELETE", "/shop/carts/x", "Host: localhost\r\nX-Key: it's a key\r\n").status,
        404
    );
    // Also where another answers at that path.
    let calls = [
        ("/till/carts/x", "localhost"),
        ("/carts/x", "till.localhost"),
        ("/v3/carts/x", "till.localhost"),
        ("/@a/v3/carts/x", "till.localhost"),
    ];
    for (target, host) in calls {
        let told = server.call("DELETE", target, &format!("Host: {host}\r\n"));
        assert_eq!((told.status, &told.json()["title"]), (404, &json!("provider not served")));
        let first = told.json()["problems"][0].as_str().unwrap().replace(&path, "DIR");
        assert_eq!(first, "DIR/specs/till/behavior.yaml:3: error: `k0` is not known here");
    }
    let health = server.call("GET", "/__admin/health", "Host: localhost\r\n").json();
    let told = (&health["status"], &health["unserved"][0]["provider"]);
    assert_eq!(told, (&json!("degraded"), &json!("till")));
    let problems = health["unserved"][0]["problems"].as_array().unwrap();
    assert_eq!(problems.last().unwrap(), "and 16 more (`tombstone check` shows all)");
    assert_eq!(server.ask(DELETE).status, 200, "the built-in ones are there");
    let err = server.stop().replace(&path, "DIR");
    expect![[r#"
            tombstone: DIR/specs/till/behavior.yaml:3: error: `k0` is not known here
            tombstone: DIR/specs/till/behavior.yaml:3: error: `key` is missing [20 times, also at line 4, line 5, line 6, …]
            tombstone: DIR/specs/till/behavior.yaml:4: error: `k1` is not known here
            tombstone: DIR/specs/till/behavior.yaml:5: error: `k2` is not known here
            tombstone: DIR/specs/till/behavior.yaml:6: error: `k3` is not known here
            tombstone: DIR/specs/till/behavior.yaml:7: error: `k4` is not known here
            tombstone: DIR/specs/till/behavior.yaml:8: error: `k5` is not known here
            tombstone: DIR/specs/till/behavior.yaml:9: error: `k6` is not known here
            tombstone: DIR/specs/till/behavior.yaml:10: error: `k7` is not known here
            tombstone: DIR/specs/till/behavior.yaml:11: error: `k8` is not known here
            tombstone: 21 errors and 1 warning in the files, 12 of them not shown; a provider with an error is not served (`tombstone check` shows all)
            tombstone: `till` is not served: DIR/specs/till/behavior.yaml:3: error: `k0` is not known here (and more: `tombstone check` shows all)
        "#]].assert_eq(&err);
    let asked_for = [&args[..], &["--provider", "till", "--provider", "shop"]].concat();
    let ended = run(&asked_for);
    assert_eq!((ended.code, ended.out.as_str()), (1, ""));
    expect!["tombstone: `till` cannot be served: mend what is named above"]
        .assert_eq(ended.err.lines().last().unwrap());
}
