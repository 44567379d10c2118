//! Documents of several files, with overlays, and as sloppy as people write them.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use expect_test::{Expect, expect};
use serde_json::json;
use tombstone::catalog::read_document;
use tombstone::finding::Finding;
use tombstone::openapi::Contract;
use tombstone::yaml::Document;

/// Files in a folder of their own, gone at the end.
struct Files(PathBuf);

impl Files {
    fn new(name: &str, files: &[(&str, &str)]) -> Files {
        let root = std::env::temp_dir().join(format!("tombstone-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        for (path, text) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Files(root)
    }

    fn load(&self, path: &str, overlays: &[&str]) -> (Option<Contract>, String, Vec<String>) {
        let mut findings = Vec::new();
        let overlays: Vec<PathBuf> = overlays.iter().map(|path| self.0.join(path)).collect();
        let read = read_document(&self.0.join(path), &overlays, &mut findings);
        let (document, files) = read;
        let contract = document.and_then(|document| {
            let contract = Contract::load(&document, &mut findings)?;
            contract.check(&document, &mut findings);
            Some(contract)
        });
        let name =
            |path: &PathBuf| path.strip_prefix(&self.0).unwrap_or(path).display().to_string();
        (contract, said(&findings, &self.0), files.iter().map(name).collect())
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn said(findings: &[Finding], root: &Path) -> String {
    let root = format!("{}/", root.display());
    findings.iter().fold(String::new(), |mut said, finding| {
        writeln!(said, "{}", finding.to_string().replace(&root, "")).unwrap();
        said
    })
}

const SHOP: &str = "\
openapi: 3.1.0
info: { title: Shop, version: '1' }
paths:
  /pets/{id}: { $ref: 'paths/pet%20paths.yaml' }
  /owners:
    get:
      parameters: [{ $ref: '../common/parameters.json#/Limit' }]
      responses:
        '200':
          description: ok
          content:
            application/json:
              schema: { type: array, items: { $ref: './schemas/all.yaml#/Owner' } }
              examples:
                file: { externalValue: examples/owners.json }
                data: { value: { inside: { $ref: './not/a/reference.yaml' } } }
components:
  schemas:
    Id: { type: integer, minimum: 1 }
";

const SHOP_FILES: [(&str, &str); 7] = [
    (".git/HEAD", ""),
    ("api/openapi.yaml", SHOP),
    (
        "api/paths/pet paths.yaml",
        "delete:\n  operationId: deletePet\n  parameters:\n    - { name: id, in: path, required: true, schema: { $ref: '../openapi.yaml#/components/schemas/Id' } }\n  \
         responses:\n    '200': { description: ok, content: { application/json: { schema: { $ref: ../schemas/all.yaml#/Pet } } } }\n    '404': { $ref: ../schemas/errors.json }\n",
    ),
    (
        "api/schemas/all.yaml",
        "Owner:\n  type: object\n  required: [name]\n  properties:\n    name: { type: string }\n    default: { $ref: '#/Pet' }\n    \
         pets: { type: array, items: { $ref: '#/Pet' } }\nPet:\n  type: object\n  properties:\n    owner: { $ref: 'all.yaml#/Owner' }\n    tag: { $ref: tag.yaml }\n  \
         example: { tag: { $ref: data.yaml } }\n",
    ),
    ("api/schemas/tag.yaml", "type: string\nminLength: two\npattern: '^a'\n"),
    (
        "api/schemas/errors.json",
        r#"{"description": "gone", "content": {"application/json": {"schema": {"$ref": "tag.yaml"}}}}"#,
    ),
    (
        "common/parameters.json",
        "{\"Limit\": {\"name\": \"limit\", \"in\": \"query\", \"schema\": {\"type\": \"integer\"}}}",
    ),
];

#[test]
fn a_document_of_several_files_is_one_contract() {
    let mut files = SHOP_FILES.to_vec();
    files.push(("api/examples/owners.json", r#"[{"name": 1}]"#));
    let files = Files::new("several", &files);
    let (contract, said, read) = files.load("api/openapi.yaml", &[]);
    expect![[r#"
        api/schemas/tag.yaml:2: warning: `minLength` is `"two"` where a whole number from 0 up belongs; it is left out
        api/openapi.yaml:16: warning: the example does not fit its schema: the value is not of type "array"
        api/examples/owners.json:1: warning: the example does not fit its schema: `/0/name`: the value is not of type "string"
        api/schemas/all.yaml:13: warning: the example does not fit its schema: `/tag`: the value is not of type "string"
    "#]]
    .assert_eq(&said);
    let contract = contract.unwrap();
    let ids: Vec<&str> = contract.operations.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["deletePet", "GET /owners"]);
    let pet = &contract.operations[0];
    let id = contract.schemas.validator(pet.parameters[0].schema.unwrap()).unwrap();
    assert!(id.is_valid(&json!(1)) && !id.is_valid(&json!(0)));
    let answer = &pet.responses["200"].content["application/json"];
    let answer = contract.schemas.validator(answer.schema.unwrap()).unwrap();
    assert!(answer.is_valid(&json!({"owner": {"name": "a", "pets": [{"tag": "ab"}]}})));
    assert!(!answer.is_valid(&json!({"owner": {"name": "a", "pets": [{"tag": "b"}]}})));
    assert!(!answer.is_valid(&json!({"owner": {"name": "a", "default": {"tag": "b"}}})));
    assert!(pet.responses["404"].content.contains_key("application/json"));
    let owners = &contract.operations[1];
    assert_eq!(owners.parameters[0].name, "limit");
    let examples = &owners.responses["200"].content["application/json"].examples;
    assert_eq!(examples["file"], json!([{"name": 1}]));
    assert_eq!(examples["data"], json!({"inside": {"$ref": "./not/a/reference.yaml"}}));
    assert_eq!(read.len(), 7, "{read:?}");
}

#[test]
fn what_is_not_there_is_a_warning_and_what_is_broken_an_error() {
    let files = Files::new(
        "unread",
        &[
            (
                "openapi.yaml",
                "openapi: 3.0.0\ninfo: { title: T, version: '1' }\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          description: ok\n          \
                 content:\n            a/a: { schema: { $ref: missing.yaml } }\n            b/b: { schema: { $ref: '../../etc/passwd' } }\n            \
                 c/c: { schema: { $ref: 'https://example.com/x.yaml' } }\n            d/d: { schema: { $ref: broken.yaml } }\n            \
                 e/e: { schema: { $ref: .hidden.yaml } }\n            f/f: { schema: { $ref: link.yaml } }\n            g/g: { schema: { $ref: 'good.yaml#/No' } }\n",
            ),
            ("broken.yaml", "a: [\n"),
            (".hidden.yaml", "type: string"),
            ("good.yaml", "Yes: { type: string }"),
        ],
    );
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/hostname", files.0.join("link.yaml")).unwrap();
    let (contract, said, _) = files.load("openapi.yaml", &[]);
    expect![[r#"
        missing.yaml: warning: cannot be read for a reference: No such file or directory (os error 2)
        broken.yaml:1: error: cannot be read: unclosed bracket '['
        .hidden.yaml: warning: is hidden, and not read for a reference
        link.yaml: warning: leads out of the folder that files are read from
        openapi.yaml:11: warning: `../../etc/passwd` is outside the folder that files are read from (move it beside the document)
        openapi.yaml:10: warning: `missing.yaml` is not in this document; anything is accepted here (files are read from the document's folder or its repository)
        openapi.yaml:11: warning: `../../etc/passwd` is not in this document; anything is accepted here (files are read from the document's folder or its repository)
        openapi.yaml:12: warning: `https://example.com/x.yaml` is not in this document; anything is accepted here (nothing is fetched from a network: save it with `curl -sSf https://example.com/x.yaml -o x.yaml`, and name that file)
        openapi.yaml:13: warning: `broken.yaml` is not in this document; anything is accepted here (files are read from the document's folder or its repository)
        openapi.yaml:14: warning: `.hidden.yaml` is not in this document; anything is accepted here (files are read from the document's folder or its repository)
        openapi.yaml:15: warning: `link.yaml` is not in this document; anything is accepted here (files are read from the document's folder or its repository)
        openapi.yaml:16: warning: `good.yaml#/No` leads nowhere; anything is accepted here
    "#]].assert_eq(&said);
    assert_eq!(contract.unwrap().operations[0].responses["200"].content.len(), 7);
}

#[test]
fn an_overlay_mends_a_document() {
    let files = Files::new(
        "overlay",
        &[
            (
                "openapi.yaml",
                "openapi: 3.1.0\ninfo: { title: T }\npaths:\n  /a:\n    get:\n      parameters: [{ name: x, in: query }, { name: dummy, in: query }]\n      \
                 responses: { '200': { description: ok } }\n  /b:\n    get: { responses: { '200': { description: ok } } }\n",
            ),
            (
                "mend.yaml",
                "overlay: 1.0.0\ninfo: { title: Mend, version: '1' }\nactions:\n  - target: $.info\n    update: { title: Mended, version: '2' }\n  \
                 - target: $.paths.*.get.parameters[?@.name == 'dummy']\n    remove: true\n  - target: $.paths['/a'].get.parameters\n    update: { name: new, in: query }\n  \
                 - target: $.paths['/b']\n    update: { ignored: 1 }\n    remove: true\n  - target: $.nothing\n    remove: true\n  \
                 - target: $.paths['/a'].get\n    update:\n      operationId: a\n      responses:\n        '200': { content: { a/b: { schema: { type: nonsense } } } }\n  \
                 - target: $.paths['/a'].get.operationId\n    update: b\n  - target: $.info\n    update: 3\n",
            ),
        ],
    );
    let (contract, said, read) = files.load("openapi.yaml", &["mend.yaml"]);
    expect![[r#"
        mend.yaml:13: warning: the target selects nothing
        mend.yaml:20: warning: the target selects 1 values that are neither maps nor lists (select what holds them, and update that)
        mend.yaml:23: warning: `/info` is a map, and the update is none; it is left out
        openapi.yaml:6: warning: `schema` is missing
        mend.yaml:9: warning: `schema` is missing
        mend.yaml:19: warning: `type` is `"nonsense"` where a type or a list of types belongs; it is left out
    "#]].assert_eq(&said);
    let contract = contract.unwrap();
    assert_eq!((contract.title.as_str(), contract.version.as_str()), ("Mended", "2"));
    assert_eq!(contract.operations.len(), 1);
    let names: Vec<&str> =
        contract.operations[0].parameters.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["x", "new"]);
    assert_eq!(contract.operations[0].id, "a");
    assert_eq!(contract.operations[0].responses["200"].description, "ok");
    assert_eq!(read, ["openapi.yaml", "mend.yaml"]);
}

#[test]
fn all_that_is_wrong_with_an_overlay_is_said_at_once() {
    let files = Files::new(
        "bad-overlay",
        &[
            ("openapi.yaml", "openapi: 3.1.0\n"),
            (
                "bad.yaml",
                "overlay: 2.0.0\nactions:\n  - target: paths\n  - update: {}\n  - { target: $, remove: 1, updat: {} }\n  - 7\n  - { target: '$..a..b..c..d' }\n",
            ),
        ],
    );
    let (contract, said, _) = files.load("openapi.yaml", &["bad.yaml"]);
    assert!(contract.is_none());
    expect![[r#"
        bad.yaml:1: error: overlay "2.0.0" is not read (1.0, 1.1 and 1.2 are; what else is told is not of these)
        bad.yaml:1: error: `info` has no text `title`
        bad.yaml:1: error: `info` has no text `version`
        bad.yaml:3: error: `paths` is no JSONPath: parser error (write it as RFC 9535 has it, such as `$.paths['/shops'].get`)
        bad.yaml:4: error: the action has no text `target`
        bad.yaml:5: error: `updat` means nothing here (did you mean `update`?)
        bad.yaml:5: error: `remove` is neither `true` nor `false`
        bad.yaml:6: error: an action is a map
        bad.yaml:7: error: `$..a..b..c..d` has more than 3 `..`
    "#]].assert_eq(&said);
}

fn sloppy(text: &str, expected: Expect) {
    let mut findings = Vec::new();
    let document = Document::parse("a.yaml", text, &mut findings);
    let contract = document.and_then(|document| {
        let contract = Contract::load(&document, &mut findings)?;
        contract.check(&document, &mut findings);
        Some(contract)
    });
    let operations = contract.as_ref().map(|contract| contract.operations.len());
    let served = operations.map_or_else(|| "refused".to_owned(), |count| format!("{count} served"));
    expected.assert_eq(&format!("{served}\n{}", said(&findings, Path::new("-"))));
    for operation in contract.iter().flat_map(|contract| &contract.operations) {
        let schemas = operation.responses.values().flat_map(|response| response.content.values());
        for schema in schemas.filter_map(|media| media.schema) {
            contract.as_ref().unwrap().schemas.validator(schema).unwrap();
        }
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn sloppy_documents_lose_no_more_than_they_must() {
    sloppy(
        "openapi: 3.0.0\npaths: {/a: {get: {responses: {'200': {description: ok}}}}}\n",
        expect![[r#"
        1 served
        a.yaml:1: warning: the document has no title
    "#]],
    );
    sloppy(
        "openapi: 3.1.0\ninfo: {title: T, version: '1'}\nwebhooks: {a: {post: {responses: {'200': {description: ok}}}}}\n",
        expect![[r#"
            0 served
            a.yaml:3: warning: the document has webhooks and no operations, so that nothing is served (a webhook is a call that the service makes)
        "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: {title: T, version: '1'}\npaths: null\n",
        expect![[r#"
        0 served
        a.yaml:3: warning: the document has no operations
    "#]],
    );
    sloppy(
        "openapi: 3\ninfo: {title: T, version: '1'}\npaths: {/a: {get: {responses: {'200': {description: ok}}}}}\n",
        expect![[r#"
            1 served
            a.yaml:1: warning: OpenAPI 3 is read as 3.2
        "#]],
    );
    sloppy(
        "openapi: 3.1\ninfo: {title: T, version: '1'}\npaths: {/a: {get: {responses: {'200': {description: ok}}}}}\n",
        expect![[r#"
        1 served
    "#]],
    );
    sloppy(
        "\u{feff}openapi: 3.0.0\r\ninfo: {title: T, version: '1'}\r\npaths:\r\n  /a:\r\n    get:\r\n      responses: {'200': {description: ok}}\r\n",
        expect![[r#"
        1 served
    "#]],
    );
    sloppy(
        "",
        expect![[r#"
        refused
        a.yaml: error: is empty
    "#]],
    );
    sloppy(
        "{\n  // a comment\n  \"openapi\": \"3.0.0\", \"info\": {\"title\": \"T\", \"version\": \"1\"},\n  \"paths\": {\"/a\": {\"get\": {\"responses\": {\"200\": {\"description\": \"ok\"}}}},},\n}\n",
        expect![[r#"
            1 served
            a.yaml: warning: comments and commas before an end are not of JSON; they are passed over
        "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo:\n\ttitle: T\n\tversion: '1'\npaths:\n  /a:\n    get:\n      responses: {'200': {description: ok}}\n",
        expect![[r#"
        refused
        a.yaml:3: error: cannot be read: tabs disallowed within this context (block indentation)
    "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: {title: T, version: '1'}\npaths:\n  /a: {get: {summary: no responses}}\n",
        expect![[r#"
            1 served
            a.yaml:4: warning: the operation documents no response; it answers 200 without a body (document one under `responses`)
        "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: {title: T, version: '1'}\npaths:\n  /a: {get: {responses: {200: null}}}\n",
        expect![[r#"
            1 served
            a.yaml:4: warning: the operation documents no response; it answers 200 without a body (document one under `responses`)
            a.yaml:4: warning: `responses/200` is not an object and is left out
        "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: {title: T, version: '1'}\npaths:\n  /a: {get: {parameters: [{name: x, in: query}, {name: y, in: query, type: string}, null, 3], responses: {'200': {description: ok}}}}\n",
        expect![[r#"
        1 served
        a.yaml:4: warning: `schema` is missing
        a.yaml:4: warning: `schema` is missing
        a.yaml:4: warning: `parameters/2` is not an object and is left out
        a.yaml:4: warning: `parameters/3` is not an object and is left out
    "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: {title: T, version: '1'}\npaths:\n  /a: {GET: {responses: {'200': {description: ok}}}, Post: {responses: {'200': {description: ok}}}}\n",
        expect![[r#"
            2 served
            a.yaml:4: warning: `GET` is read as `get`
            a.yaml:4: warning: `Post` is read as `post`
        "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: {title: T, version: '1'}\npaths:\n  '/a ': {get: {responses: {'200': {description: ok}}}}\n  //b: {get: {responses: {'200': {description: ok}}}}\n",
        expect![[r#"
            2 served
            a.yaml:4: warning: path `/a ` has spaces around it; it is read without
        "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: {title: T, version: '1'}\npaths:\n  '/a/{b': {get: {responses: {'200': {description: ok}}}}\n  '/c/}d{': {get: {responses: {'200': {description: ok}}}}\n  '/e/{}': {get: {responses: {'200': {description: ok}}}}\n",
        expect![[r#"
            3 served
            a.yaml:4: warning: path `/a/{b` has a brace without the other; it is read as text (write parameters as `{name}`)
            a.yaml:6: warning: path parameter `` is not declared; any text is accepted (declare it under `parameters` with `in: path`)
        "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: {title: T, version: '1'}\npaths:\n  '/a/{b}': {get: {parameters: [{name: b, in: path, required: true, schema: {}}], responses: {'200': {description: ok}}}}\n  '/a/{c}': {get: {parameters: [{name: c, in: path, required: true, schema: {}}], responses: {'200': {description: ok}}}}\n",
        expect![[r#"
        2 served
    "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: {title: T, version: '1'}\npaths:\n  /a: {get: {security: {}, responses: {'200': {description: ok}}}}\n  /b: {get: {security: [{Nope: []}], responses: {'200': {description: ok}}}}\n",
        expect![[r#"
            2 served
            a.yaml:4: warning: `security` is a map; it is read as a list with that map in it (write a list)
            a.yaml:5: warning: security scheme `Nope` is not declared; it is read as a bearer token
        "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: {title: T, version: '1'}\npaths:\n  /a: {get: {parameters: [{name: a b, in: header, schema: {}}], responses: {'200': {description: ok, headers: {x y: {schema: {}}}, content: {json: {example: 1}}}}}}\n",
        expect![[r#"
            1 served
            a.yaml:4: warning: `a b` is not a valid header name; no request has it
            a.yaml:4: warning: `json` is not a valid media type (write a type and a subtype, such as `application/json`)
            a.yaml:4: warning: `x y` is not a valid header name and is left out
        "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: {title: T, version: '1'}\npaths:\n  /a: {$ref: 3}\n  /b: {get: {responses: {'200': {$ref: [1]}, '201': {$ref: '#/components/responses/No'}}}}\n",
        expect![[r#"
        1 served
        a.yaml:5: warning: `description` is missing
        a.yaml:5: warning: `#/components/responses/No` leads nowhere and is left out
    "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: {title: T, version: '1'}\npaths:\n  /a: null\n  /b: []\n  /c: {get: null, post: {responses: {'200': {description: ok}}}}\n",
        expect![[r#"
        1 served
        a.yaml:4: warning: `/a` is not an object and is left out
        a.yaml:5: warning: `/b` is not an object and is left out
        a.yaml:6: warning: `get` is not an object and is left out
    "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: {title: T, version: '1'}\npaths:\n  /a: {get: &g {responses: {'200': {description: ok}}}}\n  /b: {post: {<<: *g, summary: merged}}\n",
        expect![[r#"
        2 served
    "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: {title: T, version: '1'}\npaths:\n  /a: {get: {responses: {'200': {description: ok}}, responses: {'200': {description: ok}}}}\n",
        expect![[r#"
        1 served
        a.yaml:4: warning: key `responses` is there twice; the first is used (remove or rename one of them)
    "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: {title: T, version: '1'}\npaths:\n  /a: {get: {responses: {'200': {description: ok, content: {application/json: null}}, 'ok': {description: x}, '2xx': {description: y}}}}\n",
        expect![[r#"
            1 served
            a.yaml:4: warning: the media type is null; it is read as `{}`
            a.yaml:4: warning: `ok` is not a valid status and is left out (write `200`, `4XX` or `default`)
        "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: {title: T, version: '1'}\npaths:\n  /a: {get: {responses: [{description: ok}]}}\n",
        expect![[r#"
            1 served
            a.yaml:4: warning: `responses` is not a map and is left out
            a.yaml:4: warning: the operation documents no response; it answers 200 without a body (document one under `responses`)
        "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: { title: T, version: '1' }\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          description: ok\n          content:\n            application/json:\n              schema: {type: any}\n",
        expect![[r#"
        1 served
        a.yaml:11: warning: `type` is `"any"` where a type or a list of types belongs; it is left out
    "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: { title: T, version: '1' }\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          description: ok\n          content:\n            application/json:\n              schema: {type: file}\n",
        expect![[r#"
        1 served
        a.yaml:11: warning: `type` is `"file"` where a type or a list of types belongs; it is left out
    "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: { title: T, version: '1' }\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          description: ok\n          content:\n            application/json:\n              schema: {type: \"string,null\"}\n",
        expect![[r#"
            1 served
            a.yaml:11: warning: `type` is `"string,null"` where a type or a list of types belongs; it is read as `["string","null"]`
        "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: { title: T, version: '1' }\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          description: ok\n          content:\n            application/json:\n              schema: {type: [string, \"null\"]}\n",
        expect![[r#"
        1 served
        a.yaml:11: warning: a list in `type` is of OpenAPI 3.1; it is read so (write one type and `nullable: true`)
    "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: { title: T, version: '1' }\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          description: ok\n          content:\n            application/json:\n              schema: {format: made-up, type: string}\n",
        expect![[r#"
        1 served
    "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: { title: T, version: '1' }\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          description: ok\n          content:\n            application/json:\n              schema: {type: object, properties: {a: {type: string, required: true}}, required: []}\n",
        expect![[r#"
        1 served
        a.yaml:11: warning: `required` is `true` where a list of property names belongs; it is left out (`required` of a property is a list in the object around it)
    "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: { title: T, version: '1' }\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          description: ok\n          content:\n            application/json:\n              schema: {enum: null}\n",
        expect![[r#"
        1 served
        a.yaml:11: warning: `enum` is `null` where a list of values belongs; it is left out
    "#]],
    );
    sloppy(
        "openapi: 3.1.0\ninfo: { title: T, version: '1' }\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          description: ok\n          content:\n            application/json:\n              schema: {type: string, nullable: true, exclusiveMinimum: true}\n",
        expect![[r#"
        1 served
        a.yaml:11: warning: a boolean `exclusiveMinimum` is of OpenAPI 3.0; it is read so (write the bound itself as its number)
        a.yaml:11: warning: `nullable` is of OpenAPI 3.0; it is honoured (write `type: [..., "null"]`)
    "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: { title: T, version: '1' }\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          description: ok\n          content:\n            application/json:\n              schema: {type: array}\n",
        expect![[r#"
        1 served
    "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: { title: T, version: '1' }\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          description: ok\n          content:\n            application/json:\n              schema: {type: array, items: [{type: string}]}\n",
        expect![[r#"
        1 served
        a.yaml:11: warning: a list in `items` is not of OpenAPI; it is read as `prefixItems` (give `items` one schema)
    "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: { title: T, version: '1' }\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          description: ok\n          content:\n            application/json:\n              schema: {type: integer, minimum: -99999999999999999999999999, maximum: 1e400, multipleOf: 0}\n",
        expect![[r#"
        1 served
        a.yaml:11: warning: number `1e400` is beyond what JSON can hold; it stays a string (write a finite number or quote it)
        a.yaml:11: warning: `maximum` is `"1e400"` where a number belongs; it is left out
        a.yaml:11: warning: `multipleOf` is `0` where a number above 0 belongs; it is left out
    "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: { title: T, version: '1' }\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          description: ok\n          content:\n            application/json:\n              schema: {type: string, pattern: '(?i)^a$'}\n",
        expect![[r#"
        1 served
        a.yaml:11: warning: `pattern` is `"(?i)^a$"` where a regular expression belongs; it is left out (patterns follow ECMA-262 and compile to less than 1 MB)
    "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: { title: T, version: '1' }\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          description: ok\n          content:\n            application/json:\n              schema: {type: string, pattern: '^\\p{L}+$'}\n",
        expect![[r#"
        1 served
    "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: { title: T, version: '1' }\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          description: ok\n          content:\n            application/json:\n              schema: {type: string, pattern: '\\A\\w+\\z'}\n",
        expect![[r#"
        1 served
        a.yaml:11: warning: `pattern` is `"\\A\\w+\\z"` where a regular expression belongs; it is left out (patterns follow ECMA-262 and compile to less than 1 MB)
    "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: { title: T, version: '1' }\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          description: ok\n          content:\n            application/json:\n              schema: {type: string, pattern: '\\h++'}\n",
        expect![[r#"
        1 served
        a.yaml:11: warning: `pattern` is `"\\h++"` where a regular expression belongs; it is left out (patterns follow ECMA-262 and compile to less than 1 MB)
    "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: { title: T, version: '1' }\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          description: ok\n          content:\n            application/json:\n              schema: {type: string, pattern: '/^a$/i'}\n",
        expect![[r#"
        1 served
    "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: { title: T, version: '1' }\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          description: ok\n          content:\n            application/json:\n              schema: {$ref: '#/components/schemas/No', description: x}\n",
        expect![[r#"
        1 served
        a.yaml:11: warning: `#/components/schemas/No` leads nowhere; anything is accepted here
    "#]],
    );
    sloppy(
        "openapi: 3.1.0\ninfo: { title: T, version: '1' }\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          description: ok\n          content:\n            application/json:\n              schema: {$ref: 7, type: string}\n",
        expect![[r#"
        1 served
        a.yaml:11: warning: `$ref` is `7` where a text belongs; it is left out
    "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: { title: T, version: '1' }\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          description: ok\n          content:\n            application/json:\n              schema: {type: object, additionalProperties: \"false\"}\n",
        expect![[r#"
            1 served
            a.yaml:11: warning: the schema is a text; it is read as `false`
        "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: { title: T, version: '1' }\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          description: ok\n          content:\n            application/json:\n              schema: {discriminator: type, oneOf: [{type: object}]}\n",
        expect![[r#"
            1 served
            a.yaml:11: warning: `discriminator` is `"type"` where a map belongs; it is read as `{"propertyName":"type"}`
        "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: { title: T, version: '1' }\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          description: ok\n          content:\n            application/json:\n              schema: {discriminator: {propertyName: t, mapping: {a: A, b: Nope, c: 3}}, oneOf: [{type: object}]}\n",
        expect![[r#"
        1 served
        a.yaml:11: warning: `a` is mapped to `"A"`, which is not in the document
        a.yaml:11: warning: `b` is mapped to `"Nope"`, which is not in the document
        a.yaml:11: warning: `c` is mapped to `3`, which is not in the document
    "#]],
    );
    sloppy(
        "openapi: 3.1.0\ninfo: { title: T, version: '1' }\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          description: ok\n          content:\n            application/json:\n              schema: {$dynamicAnchor: node, type: object, properties: {next: {$dynamicRef: '#node'}}}\n",
        expect![[r#"
        1 served
    "#]],
    );
    sloppy(
        "openapi: 3.1.0\ninfo: { title: T, version: '1' }\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          description: ok\n          content:\n            application/json:\n              schema: {properties: null, items: null, allOf: [], required: a}\n",
        expect![[r#"
        1 served
        a.yaml:11: warning: `allOf` is `[]` where a list of at least one schema belongs; it is left out
        a.yaml:11: warning: `null` is not a schema; anything is accepted here
        a.yaml:11: warning: `properties` is `null` where a map belongs; it is left out
        a.yaml:11: warning: `required` is `"a"` where a list of property names belongs; it is left out
    "#]],
    );
    sloppy(
        "openapi: 3.0.0\ninfo: { title: T, version: '1' }\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          description: ok\n          content:\n            application/json:\n              schema: null\n",
        expect![[r#"
        1 served
        a.yaml:11: warning: `null` is not a schema; anything is accepted here
    "#]],
    );
}

#[test]
fn another_encoding_is_named() {
    let files = Files::new("encoding", &[]);
    fs::create_dir_all(&files.0).unwrap();
    let bytes: Vec<u8> =
        "\u{feff}openapi: 3.1.0".encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(files.0.join("openapi.yaml"), bytes).unwrap();
    let (contract, said, _) = files.load("openapi.yaml", &[]);
    assert!(contract.is_none());
    expect![[r#"
        openapi.yaml: error: the file is not UTF-8: it is UTF-16
    "#]]
    .assert_eq(&said);
}

#[test]
fn schemas_that_are_loaded_go_before_files_and_anchors_are_found() {
    let files = Files::new(
        "ids",
        &[
            (
                "openapi.yaml",
                "openapi: 3.1.0\ninfo: { title: T, version: '1' }\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          description: ok\n          \
                 content:\n            a/a: { schema: { $ref: 'https://example.com/pet' } }\n            b/b: { schema: { $ref: 'more.json#tag' } }\n\
                 components:\n  schemas:\n    Pet: { $id: 'https://example.com/pet', type: object, properties: { tag: { $ref: tag } } }\n    \
                 Tag: { $id: 'https://example.com/tag', type: string }\n",
            ),
            (
                "more.json",
                r#"{"a": {"$anchor": "tag", "type": "object", "properties": {"again": {"$ref": "\u0023tag"}, "up": {"$ref": "./openapi.yaml#/components/schemas/Tag"}}}}"#,
            ),
        ],
    );
    let (contract, said, read) = files.load("openapi.yaml", &[]);
    assert_eq!(said, "");
    assert_eq!(read, ["openapi.yaml", "more.json"]);
    let contract = contract.unwrap();
    let content = &contract.operations[0].responses["200"].content;
    for (media, good, bad) in [
        ("a/a", json!({"tag": "a"}), json!({"tag": 1})),
        ("b/b", json!({"again": {"up": "a"}}), json!({"again": {"up": 1}})),
    ] {
        let validator = contract.schemas.validator(content[media].schema.unwrap()).unwrap();
        assert!(validator.is_valid(&good) && !validator.is_valid(&bad), "{media}");
    }
}
