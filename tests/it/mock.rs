//! Documents that nobody here wrote behavior for, served by the program as its users start it.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use expect_test::expect;
use serde_json::json;

use crate::cli::{program, run, serve, serve_with};
use crate::support::Folder;

const PETS: &str = "
openapi: 3.0.3
info: { title: Pet Store, version: '1' }
servers: [{ url: https://pets.example/v1 }]
paths:
  /pets:
    get:
      operationId: listPets
      parameters: [{ name: limit, in: query, required: true, schema: { type: integer, example: 10 } }]
      responses:
        '200':
          description: all
          content:
            application/json:
              schema: { type: array, items: { $ref: '#/components/schemas/Pet' } }
              example: [{ id: 1, name: Rex }]
    post:
      operationId: addPet
      requestBody:
        required: true
        content: { application/json: { schema: { $ref: '#/components/schemas/Pet' }, example: { id: 2, name: Tom } } }
      responses:
        '201': { description: added, content: { application/json: { example: { id: 2, name: Tom } } } }
        '429': { description: slow down, content: { application/json: { example: { wait: 1 } } } }
  /pets/{id}:
    delete:
      operationId: dropPet
      security: [{ Token: [] }]
      parameters: [{ name: id, in: path, required: true, schema: { type: integer, example: 7 } }]
      responses: { '204': { description: gone }, '404': { description: none, content: { application/json: { example: { code: 404 } } } } }
components:
  securitySchemes: { Token: { type: http, scheme: bearer } }
  schemas:
    Pet:
      type: object
      required: [id, name]
      properties: { id: { type: integer, example: 2 }, name: { type: string, example: Tom } }
";

fn folder(name: &str) -> (Folder, String) {
    let folder = Folder::new(name);
    folder.write("pets.yaml", PETS);
    let path = folder.path.join("pets.yaml").display().to_string();
    (folder, path)
}

#[test]
fn each_operation_has_a_line_to_paste_and_answers_with_and_without_its_base_path() {
    let (_folder, path) = folder("mock-lines");
    let server = serve_with(program(&["mock", &path, "-p", "0", "-h", "127.0.0.1"]));
    expect![[r#"
        GET     curl -i 'http://127.0.0.1:PORT/pets?limit=10'
        POST    curl -i http://127.0.0.1:PORT/pets -H 'Content-Type: application/json' -d '{"id":2,"name":"Tom"}'
        DELETE  curl -i -X DELETE http://127.0.0.1:PORT/pets/1 -H 'Authorization: Bearer token'
        1 resource, 3 of 3 operations remember
        tombstone 0.1.0 is listening on http://127.0.0.1:PORT (page: http://127.0.0.1:PORT/__admin/ui/; Ctrl-C ends it)
    "#]]
    .assert_eq(&server.banner());
    for path in ["/pets?limit=1", "/v1/pets?limit=1", "/pets-api/pets?limit=1", "/@a/pets?limit=1"]
    {
        let answer = server.call("GET", path, "");
        assert_eq!(
            (answer.status, answer.json()),
            (200, json!([{ "id": 1, "name": "Rex" }])),
            "{path}"
        );
    }
    let authorized = "Authorization: Bearer x\r\n";
    assert_eq!(server.call("DELETE", "/pets/1", authorized).status, 204);
    assert_eq!(server.call("DELETE", "/pets/1?__code=404", authorized).status, 404);
    let refused = server.call("DELETE", "/pets/1", "");
    assert_eq!(
        (refused.status, refused.field("www-authenticate").as_deref()),
        (401, Some("Bearer"))
    );
    let wrong = server.call("PUT", "/pets", "");
    assert_eq!(
        (wrong.status, wrong.field("allow").as_deref()),
        (405, Some("GET, HEAD, POST, OPTIONS"))
    );
    assert_eq!(wrong.json()["type"], "urn:tombstone:errors#NO_METHOD_MATCHED_ERROR");
    let unknown = server.call("GET", "/nothing", "");
    assert_eq!(
        (unknown.status, &unknown.json()["type"]),
        (404, &json!("urn:tombstone:errors#NO_PATH_MATCHED_ERROR"))
    );
    let mut client = server.connect();
    client.send("HEAD /pets?limit=1 HTTP/1.1\r\n\r\n");
    let head = client.head();
    assert_eq!((head.status, head.field("content-length").as_deref()), (200, Some("23")));
    server.stop();
}

#[test]
fn sandboxes_faults_journal_and_coverage_work_without_a_behavior_file() {
    let (_folder, path) = folder("mock-features");
    let server = serve(&["--built-in", "off", &path]);
    let admin = |method: &str, path: &str, body: &str| {
        let length = body.len();
        server.ask(format!(
            "{method} /__admin/sandboxes/one{path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        ))
    };
    let fault = r#"{"operation": "addPet", "times": 1, "answer": {"status": 429}}"#;
    assert_eq!(admin("POST", "/faults", fault).status, 201);
    let pet = r#"{"id": 77, "name": "Rex"}"#;
    let fields = format!(
        "Tombstone-Sandbox: one\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{pet}",
        pet.len()
    );
    let add = || server.ask(format!("POST /pets HTTP/1.1\r\n{fields}"));
    let struck = add();
    assert_eq!((struck.status, struck.json()), (429, json!({ "wait": 1 })));
    assert_eq!(add().status, 201);
    let invalid = server.call("GET", "/pets?limit=x", "Tombstone-Sandbox: one\r\n");
    assert_eq!(invalid.status, 422);
    let violations: serde_json::Value =
        serde_json::from_str(&invalid.field("tombstone-violations").unwrap()).unwrap();
    assert_eq!(
        (&violations[0]["field"], &violations[0]["keyword"]),
        (&json!("limit"), &json!("type"))
    );
    let entries = admin("GET", "/requests", "").json();
    let whys: Vec<&str> = entries["requests"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|entry| entry["why"].as_str())
        .collect();
    assert!(whys.iter().any(|why| why.starts_with("addPet rule 1, inferred from")), "{entries}");
    let id = invalid.field("tombstone-request-id").unwrap();
    let entry = admin("GET", &format!("/requests/{id}"), "").json().to_string();
    assert!(entry.contains("/pets?limit=x") && entry.contains("must be an integer"), "{entry}");
    let coverage = admin("GET", "/coverage", "").json().to_string();
    assert!(coverage.contains("addPet") && coverage.contains("201"), "{coverage}");
    server.stop();
}

#[test]
fn documents_stand_beside_each_other_and_beside_the_built_in_ones() {
    let (folder, _) = folder("mock-several");
    folder.write("shop/openapi.json", r#"{"openapi": "3.1.0", "info": {"title": "S", "version": "1"}, "paths": {"/shops": {"get": {"responses": {"200": {"description": "all", "content": {"text/plain": {"example": "none"}}}}}}}}"#);
    folder.write("notes.txt", "no document");
    let path = folder.path.display().to_string();
    let named = format!("animals={}", folder.path.join("pets.yaml").display());
    let server = serve(&[&path, &named]);
    assert_eq!(server.call("GET", "/pets-api/pets?limit=1", "").status, 200);
    assert_eq!(server.call("GET", "/animals/pets?limit=1", "").status, 200);
    assert_eq!(server.call("GET", "/shop/shops", "").text(), "none");
    assert_eq!(server.call("DELETE", "/partoo/org/42", "").status, 401);
    server.stop();
    let server = serve(&[path.as_str(), "--provider", "shop"]);
    assert_eq!(server.call("GET", "/shops", "").text(), "none");
    assert_eq!(server.call("DELETE", "/partoo/org/42", "").status, 404);
    server.stop();
}

#[test]
fn a_document_with_the_name_of_a_built_in_api_has_nothing_of_it() {
    let (folder, path) = folder("mock-namesake");
    folder.write("partoo.yaml", PETS);
    folder.write("specs/partoo/openapi.yaml", PETS);
    let document = folder.path.join("partoo.yaml").display().to_string();
    let specs = folder.path.join("specs").display().to_string();
    let in_folder = folder.path.join("specs/partoo").display().to_string();
    for args in [
        &["--built-in", "off", &document] as &[&str],
        &[&document],
        &[&format!("partoo={path}")],
        &[&in_folder],
        &["--specs", &specs],
    ] {
        let server = serve(args);
        assert_eq!(server.call("GET", "/partoo/pets?limit=1", "").status, 200, "{args:?}");
        assert_eq!(server.call("DELETE", "/partoo/org/42", "").status, 404, "{args:?}");
        // A sandbox reads the fixtures anew.
        let body = r#"{"fixture_set": "default"}"#;
        let made = server.ask(format!(
            "PUT /__admin/sandboxes/two HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        ));
        assert!(made.status < 300, "{args:?}: {}", made.text());
        server.stop();
    }
}

#[test]
fn a_document_by_its_url_leads_to_what_to_type_instead() {
    let folder = Folder::new("mock-url");
    folder.write("tombstone.yaml", "tombstone: 1\ndocuments: ['https://a.example/b.yaml']\n");
    folder.write(
        "refs.yaml",
        "openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths:\n  /a: {get: {responses: {'200': {$ref: \
         'https://a.example/c.yaml#/r'}}}}\n",
    );
    let path = |name: &str| folder.path.join(name).display().to_string();
    let (config, refs) = (path("tombstone.yaml"), path("refs.yaml"));
    let url = "https://a.example/b.yaml";
    let told = [
        &["mock", url] as &[&str],
        &["check", &format!("shop={url}")],
        &["check", "--config", &config],
        &["check", &refs, "--overlay", "http://a.example/o.yaml"],
        &["check", "--built-in", "off", &refs],
    ]
    .map(|args| run(args).text().replace(&folder.path.display().to_string(), "DIR"));
    expect![[r#"
        error: invalid value 'https://a.example/b.yaml' for '<DOCUMENT>...': documents are not fetched from a network: pipe it in with `curl -sSf https://a.example/b.yaml | tombstone mock -`, or save it in a file

        For more information, try '--help'.
        exit 2
        error: invalid value 'shop=https://a.example/b.yaml' for '[DOCUMENT]...': documents are not fetched from a network: pipe it in with `curl -sSf https://a.example/b.yaml | tombstone mock shop=-`, or save it in a file

        For more information, try '--help'.
        exit 2
        DIR/tombstone.yaml:1: error: documents are not fetched from a network: pipe it in with `curl -sSf https://a.example/b.yaml | tombstone mock -`, or save it in a file
        4 providers can be served; 1 error and 0 warnings
        exit 1
        http://a.example/o.yaml: error: is not fetched from a network: save it with `curl -sSf http://a.example/o.yaml -o o.yaml`, and name that file
        4 providers can be served; 1 error and 0 warnings
        exit 1
        DIR/refs.yaml:4: warning: the operation documents no response; it answers 200 without a body (document one under `responses`)
        DIR/refs.yaml:4: warning: `https://a.example/c.yaml#/r` leads nowhere and is left out (nothing is fetched from a network: save it with `curl -sSf https://a.example/c.yaml -o c.yaml`, and name that file)
        1 provider can be served; 0 errors and 2 warnings
        exit 0
    "#]].assert_eq(&told.concat());
}

#[test]
fn what_a_document_says_nothing_of_is_answered_all_the_same() {
    let folder = Folder::new("mock-silent");
    folder.write(
        "silent.yaml",
        "
openapi: 3.1.0
info: { title: Silent, version: '1' }
paths:
  /none: { get: { operationId: none } }
  /empty: { get: { operationId: empty, responses: {} } }
  /extended: { get: { responses: { x-later: true } } }
  /misspelt: { get: { responses: { ok: { description: x } } } }
  /interim: { get: { responses: { '100': { description: x } } } }
  /json: { get: { operationId: json, responses: { '200': { description: x, content: { application/json: {} } } } } }
  /null: { get: { responses: { '200': { description: x, content: { application/json: } } } } }
  /patch: { get: { operationId: patch, responses: { '200': { description: x, content: { application/a+json: {} } } } } }
  /range: { get: { responses: { '200': { description: x, content: { '*/*': {} } } } } }
  /xml: { get: { responses: { '200': { description: x, content: { application/xml: {} } } } } }
  /text: { get: { responses: { '200': { description: x, content: { text/plain: {} } } } } }
  /gone: { get: { responses: { '204': { description: x, content: { application/json: {} } } } } }
  /bad:
    get:
      parameters: [{ name: a, in: query, required: true, schema: { type: string } }]
      responses: { '200': { description: x }, '400': { description: x, content: { application/json: {} } } }
",
    );
    folder.write(
        "silent.behavior.yaml",
        "tombstone: 1\noperations:\n  empty: { rules: [{ respond: 200 }] }\n  json: { rules: [{ respond: 200 }] }\n  \
         patch: { rules: [{ respond: 200, patch: { a: 1 } }] }\n",
    );
    let path = folder.path.join("silent.yaml").display().to_string();
    let told = [true, false].map(|has_behavior| {
        if !has_behavior {
            fs::remove_file(folder.path.join("silent.behavior.yaml")).unwrap();
        }
        let server = serve(&["--built-in", "off", &path]);
        let paths = "none empty extended misspelt interim json null patch range xml text gone bad";
        let told = paths.split(' ').map(|path| {
            let answer = server.call("GET", &format!("/{path}"), "");
            let media_type = answer.field("content-type").unwrap_or_default();
            let line = format!("{path} {} {media_type} {}", answer.status, answer.text());
            line.trim_end().to_owned()
        });
        let told: Vec<String> = told.collect();
        server.stop();
        told.join("\n") + "\n"
    });
    expect![[r#"
        none 200
        empty 200
        extended 200
        misspelt 200
        interim 200
        json 200 application/json {}
        null 200 application/json {}
        patch 200 application/a+json {"a":1}
        range 200 application/json {}
        xml 200 application/xml <?xml version="1.0" encoding="UTF-8"?><root></root>
        text 200 text/plain
        gone 204
        bad 400 application/json {}

        none 200
        empty 200
        extended 200
        misspelt 200
        interim 200
        json 200 application/json {}
        null 200 application/json {}
        patch 200 application/a+json {}
        range 200 application/json {}
        xml 200 application/xml <?xml version="1.0" encoding="UTF-8"?><root></root>
        text 200 text/plain
        gone 204
        bad 400 application/json {}
    "#]]
    .assert_eq(&told.join("\n"));
}

#[test]
fn a_document_can_come_by_standard_input() {
    let mut command = program(&["mock", "-", "-p", "0"]);
    let (reader, mut writer) = std::io::pipe().unwrap();
    command.stdin(Stdio::from(reader));
    writer.write_all(PETS.as_bytes()).unwrap();
    drop(writer);
    let server = serve_with(command);
    assert_eq!(server.call("GET", "/pet-store/pets?limit=1", "").status, 200);
    server.stop();
}

#[test]
fn a_document_that_cannot_be_served_is_told() {
    let (folder, _) = folder("mock-broken");
    folder.write("broken.yaml", "openapi: 3.0.0\npaths: {\n");
    folder.write("old.yaml", "swagger: '1.2'\npaths: {}\n");
    fs::create_dir(folder.path.join("empty")).unwrap();
    let told = ["broken.yaml", "old.yaml", "empty", "nowhere.yaml"].map(|name| {
        let path = folder.path.join(name).display().to_string();
        run(&["mock", &path, "-p", "0"]).text().replace(&folder.path.display().to_string(), "DIR")
    });
    expect![[r#"
        tombstone: DIR/broken.yaml:2: error: cannot be read: unclosed bracket '{'
        tombstone: 1 error in the files; a provider with an error is not served (`tombstone check` shows all)
        tombstone: what was asked for cannot all be served: mend what is named above
        exit 1
        tombstone: DIR/old.yaml:1: error: Swagger 1.2 is not read (2.0 is, and OpenAPI from 3.0 to 3.2)
        tombstone: 1 error in the files; a provider with an error is not served (`tombstone check` shows all)
        tombstone: what was asked for cannot all be served: mend what is named above
        exit 1
        tombstone: `DIR/empty` has no OpenAPI document: those are files in it, or folders with an `openapi.yaml`
        exit 1
        tombstone: there is no file `DIR/nowhere.yaml`: name an OpenAPI document, a folder of them, or `-`
        exit 2
    "#]].assert_eq(&told.concat());
    expect![[r#"
        tombstone: there is no file `chekc`: name an OpenAPI document, a folder of them, or `-` (did you mean `check`?)
        exit 2
    "#]].assert_eq(&run(&["chekc"]).text());
}

const PIPED: &str = "openapi: 3.1.0\ninfo: { title: Piped, version: '1' }\npaths: { /a: { get: { responses: { '200': { description: fine } } } } }\n";

#[test]
fn a_pipe_in_a_folder_is_passed_over_and_told() {
    let folder = Folder::new("mock-pipe");
    folder.write("docs/one.yaml", PIPED);
    crate::persistence::fifo(&folder, "docs/two.yaml");
    let docs = folder.path.join("docs").display().to_string();
    let told = run(&["check", &docs]).text();
    assert!(
        told.contains("two.yaml: warning: it is not a regular file, and passed over"),
        "{told}"
    );
    let server = serve_with(program(&["mock", "-p", "0", &docs]));
    let get = "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_eq!(server.ask(get).status, 200);
    // Nobody is to wait for a file that has become a pipe either.
    std::fs::remove_file(folder.path.join("docs/one.yaml")).unwrap();
    crate::persistence::fifo(&folder, "docs/one.yaml");
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(server.ask(get).status, 200);
    server.stop();
}

#[test]
fn a_pipe_that_is_named_is_read_once() {
    let folder = Folder::new("mock-named-pipe");
    let pipe = crate::persistence::fifo(&folder, "63");
    let to = pipe.clone();
    let writer = std::thread::spawn(move || std::fs::write(to, PIPED).unwrap());
    let server = serve_with(program(&["mock", "-p", "0", &pipe]));
    writer.join().unwrap();
    let answer = server.ask("GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(answer.status, 200);
    server.stop();
    let endless = run(&["check", "/dev/zero"]);
    assert_eq!(endless.code, 1);
    assert!(endless.text().contains("more than 67108864 bytes"), "{}", endless.text());
}

#[test]
fn what_is_near_works_as_it_is_told() {
    let folder = Folder::new("mock-near");
    let contract = |path: &str| {
        let operation = "{ get: { responses: { '200': { description: fine } } } }";
        format!(
            "openapi: 3.1.0\ninfo: {{ title: Near, version: '1' }}\nservers: [{{ url: https://near.test/v1 }}]\n\
             paths: {{ '/{path}/{{id}}': {operation} }}\nx-not-emulated: {{ '/{path}/{{id}}/parts': [get] }}\n"
        )
    };
    folder.write("one.yaml", &contract("things"));
    folder.write("two.yaml", &contract("others"));
    let docs = folder.path.display().to_string();
    let server = serve_with(program(&["mock", "-p", "0", &docs]));
    let near = |target: &str, host: &str| {
        let answer = server.call("GET", target, &format!("Host: {host}\r\n"));
        assert_eq!(answer.status, 404, "{}", answer.text());
        answer.json()["near"].clone()
    };
    for (target, host, first) in [
        ("/one/thing/5/parts", "localhost", "GET /one/things/{id}"),
        ("/@mine/one/thing/5", "localhost", "GET /@mine/one/things/{id}"),
        ("/v1/thing/5", "localhost", "GET /v1/things/{id}"),
        ("/@mine/v1/thing/5", "localhost", "GET /@mine/v1/things/{id}"),
        ("/thing/5", "one.localhost", "GET /things/{id}"),
    ] {
        let near = near(target, host);
        assert_eq!(near[0], first, "{target}: {near}");
        assert!(!near.to_string().contains("parts"), "{near}");
    }
}

/// Numbers that no double holds, and some that are written in more digits than they need.
#[test]
fn numbers_of_examples_are_answered_as_they_are_written() {
    let folder = Folder::new("numbers-as-written");
    let example = "{ big: 1234567890123456789012, price: 1.10, list: [-9223372036854775809, 1.0] }";
    let content = format!("application/json: {{ example: {example} }}");
    folder.write(
        "shop.yaml",
        &format!(
            "openapi: 3.0.3\ninfo: {{ title: T, version: '1' }}\npaths:\n  /a:\n    get:\n      responses:\n        \
             '200': {{ description: ok, content: {{ {content} }} }}\n  /b:\n    get:\n      responses:\n        \
             '200': {{ description: ok, content: {{ application/json: {{ schema: {{ enum: [1234567890123456789012] }} }} }} }}\n"
        ),
    );
    let path = folder.path.join("shop.yaml").display().to_string();
    let server = serve_with(program(&["mock", &path, "-p", "0", "-h", "127.0.0.1"]));
    let text = |path: &str| server.call("GET", path, "").text().to_owned();
    assert_eq!(
        text("/a"),
        r#"{"big":1234567890123456789012,"price":1.10,"list":[-9223372036854775809,1.0]}"#
    );
    assert_eq!(text("/b"), "1234567890123456789012");
    server.stop();
}
