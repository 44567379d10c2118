//! What `check` says of files: every message of the behavior language, with its place and its advice.

use std::sync::Arc;

use expect_test::{Expect, expect, expect_file};
use serde_json::Value;
use tombstone::behavior::format::{BehaviorFile, FixtureFile, schema_of};
use tombstone::behavior::{Behavior, LoadOptions};
use tombstone::catalog;
use tombstone::catalog::{Setting, Sources};
use tombstone::clock::Timestamp;
use tombstone::emulator::{Emulator, EmulatorOptions, Provider};
use tombstone::finding::Finding;
use tombstone::openapi::Contract;
use tombstone::yaml::Document;

/// A shop with orders: enough of a contract to be wrong about.
const CONTRACT: &str = "\
openapi: 3.1.0
info: { title: Shop, version: '1' }
paths:
  /shops/{id}:
    delete:
      operationId: deleteShop
      security: [{ Key: [] }]
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      responses:
        '204': { description: gone }
        '401':
          description: who are you
          content: { application/json: { schema: { type: object, required: [error] }, example: { error: who } } }
        '404':
          description: not there
          content:
            application/json:
              schema: { type: object, required: [error], properties: { error: { type: string } } }
              examples: { never: { value: { error: never was } }, gone: { value: { error: gone } } }
components:
  securitySchemes: { Key: { type: apiKey, in: header, name: x-key } }
";

/// A behavior file for it with nothing wrong.
const BEHAVIOR: &str = "\
tombstone: 1
settings: { time: 10s }
resources:
  shops:
    key: id
    schema: { type: object, properties: { id: { type: string }, name: { type: string }, key: { type: string } } }
    unique: [key]
  orders:
    key: id
    belongs_to:
      shop: { resource: shops, by: shop_id, on_delete: cascade }
security:
  Key: { find: shops, by: key }
failures:
  unauthenticated: { respond: 401 }
  invalid_request: { respond: 404, example: never }
operations:
  deleteShop:
    let: { shop: 'shops[path.id]' }
    rules:
      - { when: shop is none, respond: 404, example: never }
      - { delete: shop, respond: 204 }
";

fn vetted() -> LoadOptions {
    LoadOptions { vet: true, ..LoadOptions::default() }
}

fn listed(findings: &[Finding]) -> String {
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// The findings in the sound behavior file after `change` was made to it.
fn check(change: (&str, &str), expected: Expect) {
    let (old, new) = change;
    assert!(BEHAVIOR.contains(old), "`{old}` is not in the file");
    check_file(&BEHAVIOR.replacen(old, new, 1), expected);
}

fn check_file(behavior: &str, expected: Expect) {
    let mut findings = Vec::new();
    load(behavior, &mut findings);
    expected.assert_eq(&listed(&findings));
}

fn load(behavior: &str, findings: &mut Vec<Finding>) -> Option<Behavior> {
    load_with(CONTRACT, behavior, findings)
}

fn load_with(contract: &str, behavior: &str, findings: &mut Vec<Finding>) -> Option<Behavior> {
    let document = Document::parse("openapi.yaml", contract, findings)?;
    let contract = Arc::new(Contract::load(&document, findings)?);
    let document = Document::parse_strictly("behavior.yaml", behavior, findings)?;
    Behavior::load(&document, &contract, &vetted(), findings)
}

/// The findings in a fixture file for the sound behavior.
fn check_fixtures(records: &str, expected: Expect) {
    let mut findings = Vec::new();
    let behavior = load(BEHAVIOR, &mut findings).unwrap();
    let document = Document::parse("default.yaml", records, &mut findings).unwrap();
    behavior.fixtures(&document, Timestamp(0), true, &mut findings);
    expected.assert_eq(&listed(&findings));
}

#[test]
fn the_built_in_files_have_no_findings() {
    let mut findings = Vec::new();
    let sources = Sources { vet: true, ..Sources::default() };
    let providers = catalog::load(&sources, Timestamp(0), &mut findings).unwrap();
    assert_eq!(listed(&findings), "");
    assert_eq!(providers.len(), 4);
}

#[test]
fn a_sound_file_has_no_findings() {
    check_file(BEHAVIOR, expect![[""]]);
}

/// What is found in the sound behavior file after each change by itself.
fn found_after(changes: &[(&str, &str)]) -> String {
    let found = changes.iter().map(|(old, new)| {
        assert!(BEHAVIOR.contains(old), "`{old}` is not in the file");
        let mut findings = Vec::new();
        load(&BEHAVIOR.replacen(old, new, 1), &mut findings);
        listed(&findings)
    });
    found.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_scheme_that_many_operations_ask_for_is_told_once() {
    let paths: Vec<String> = ["a", "b", "c"]
        .iter()
        .map(|id| format!("  /{id}: {{ get: {{ operationId: {id}, security: [{{ Key: [] }}], responses: {{ '204': {{ description: D }} }} }} }}\n"))
        .collect();
    let contract = format!(
        "openapi: 3.1.0\ninfo: {{ title: T, version: '1' }}\npaths:\n{}components:\n  securitySchemes: {{ Key: {{ type: http, scheme: bearer }} }}\n",
        paths.concat()
    );
    let rules = "{ rules: [{ respond: 204 }] }";
    let behavior = format!("tombstone: 1\noperations: {{ a: {rules}, b: {rules}, c: {rules} }}\n");
    let mut findings = Vec::new();
    let document = Document::parse("a.yaml", &contract, &mut findings).unwrap();
    let contract = Arc::new(Contract::load(&document, &mut findings).unwrap());
    let document = Document::parse_strictly("b.yaml", &behavior, &mut findings).unwrap();
    Behavior::load(&document, &contract, &vetted(), &mut findings);
    expect!["b.yaml:1: error: `a` and 2 others ask for `Key`, which is not said here (add `Key` to `security`, with the resource that holds its credentials)"].assert_eq(&listed(&findings));
}

#[test]
fn a_mistyped_variant_is_named_by_its_word() {
    let told = found_after(&[
        ("on_delete: cascade", "on_delete: cascad"),
        ("on_delete: cascade", "on_delete: { restrct: { respond: 404 } }"),
        ("on_delete: cascade", "on_delete: { update: 3 }"),
        ("on_delete: cascade", "on_delete: 3"),
        ("operations:", "order: [security, paramters, envelope, body]\noperations:"),
        ("  unauthenticated: { respond: 401 }", "  unauthenticated: { repond: 401 }"),
        ("    key: id\n    schema", "    key: { feld: id, pattern: x }\n    schema"),
    ]);
    expect![[r#"
        behavior.yaml:11: error: `cascad` is not known here (did you mean `cascade`?)
        behavior.yaml:11: error: `restrct` is not known here (did you mean `restrict`?)
        behavior.yaml:11: error: `update` is not of type "object"
        behavior.yaml:11: error: `on_delete` has none of the forms that are possible here (known are `cascade`, `restrict`, `unlink`, `keep`, `update`)
        behavior.yaml:17: error: `paramters` is not known here (did you mean `parameters`?)
        behavior.yaml:15: error: `repond` is not known here (did you mean `respond`?)
        behavior.yaml:5: error: `field` is missing
        behavior.yaml:5: error: `feld` is not known here (did you mean `field`?)"#]]
    .assert_eq(&told);
}

#[test]
fn a_body_is_held_against_its_schema_before_it_is_sent() {
    let rule = "- { when: shop is none, respond: 404, example: never }";
    let told: Vec<String> = [
        "body: { eror: '{{ path.id }}' }",
        "body: { error: ['{{ path.id }}'] }",
        "body: { error: 3, id: '{{ path.id }}' }",
        "body: { error: '{{ path.id }}', more: 1 }",
        "example: gone, patch: { error: null, id: '{{ path.id }}' }",
    ]
    .iter()
    .map(|new| format!("- {{ when: shop is none, respond: 404, {new} }}"))
    .map(|new| found_after(&[(rule, &new)]))
    .collect();
    expect![[r#"
        behavior.yaml:21: error: `error` is missing, which the schema of the response requires (add it)
        behavior.yaml:21: error: the schema wants `string` here, and this is `array`
        behavior.yaml:21: error: this does not fit the schema: 3 is not of type "string"

        behavior.yaml:21: error: null takes `error` away, which the schema requires (give it another value)"#]].assert_eq(&told.join("\n"));
    let by_field =
        "invalid_request: { respond: 404, body: { error: '{{ violations | by_field }}' } }";
    let told = found_after(&[("invalid_request: { respond: 404, example: never }", by_field)]);
    expect!["behavior.yaml:16: error: `by_field` gives an object with a text for each field, which the schema does not take (list them, as in `{ $for: v in violations, $value: '{{ v.message }}' }`)"].assert_eq(&told);
}

#[test]
fn unknown_keys_are_errors_with_the_likely_one() {
    check(
        ("on_delete: cascade", "on_delete: { restrict: { respond: 404, exampel: gone } }"),
        expect!["behavior.yaml:11: error: `exampel` is not known here (did you mean `example`?)"],
    );
    check(
        ("    key: id\n    schema", "    kee: id\n    schema"),
        expect![[r#"
            behavior.yaml:5: error: `kee` is not known here (did you mean `key`?)
            behavior.yaml:4: error: `key` is missing"#]],
    );
    check(
        ("on_delete: cascade", "on_delet: cascade"),
        expect![[r#"
            behavior.yaml:11: error: `on_delete` is missing
            behavior.yaml:11: error: `on_delet` is not known here (did you mean `on_delete`?)"#]],
    );
    check(
        ("failures:", "failure:"),
        expect!["behavior.yaml:14: error: `failure` is not known here (did you mean `failures`?)"],
    );
    check(
        ("delete: shop,", "delet: shop,"),
        expect!["behavior.yaml:22: error: `delet` is not known here (did you mean `delete`?)"],
    );
}

#[test]
fn all_that_does_not_fit_the_format_is_said_at_once() {
    check_file(
        "\
tombstone: 2
settings: []
resources:
  shops: { key: id, belongs_to: { x: { resource: shops, by: y, on_delete: explode } } }
operations:
  deleteShop:
    rules:
      - { respond: '204', when: 7 }
",
        expect![[r#"
            behavior.yaml:1: error: `tombstone` is greater than the maximum of 1
            behavior.yaml:2: error: `settings` is not of type "object"
            behavior.yaml:4: error: `explode` is not known here (known are `cascade`, `restrict`, `unlink`, `keep`)
            behavior.yaml:8: error: `respond` is not of types "null", "integer"
            behavior.yaml:8: error: `when` is not of types "null", "string""#]],
    );
}

#[test]
fn another_version_of_the_format_is_refused() {
    check(
        ("tombstone: 1", "tombstone: 2"),
        expect!["behavior.yaml:1: error: format 2 is not known here (this program reads format 1)"],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn names_that_lead_nowhere_are_errors() {
    check(
        ("resource: shops", "resource: shop"),
        expect!["behavior.yaml:11: error: there is no resource `shop` (did you mean `shops`?)"],
    );
    check(
        ("find: shops", "find: shps"),
        expect!["behavior.yaml:13: error: there is no resource `shps` (did you mean `shops`?)"],
    );
    check(
        ("by: key", "by: name"),
        expect![
            "behavior.yaml:13: error: `shops` cannot be searched by `name` (add `name` to its `unique`)"
        ],
    );
    check(
        ("  Key: { find", "  Kee: { find"),
        expect![
            "behavior.yaml:13: error: the contract has no security scheme `Kee` (did you mean `Key`?)"
        ],
    );
    check(
        ("  deleteShop:", "  deleteShops:"),
        expect![[r#"
            behavior.yaml:18: error: the contract has no operation `deleteShops` (did you mean `deleteShop`?)
            behavior.yaml:17: warning: nothing says what `deleteShop` does: the contract alone answers (add `operations: deleteShop:` with its rules, or `infer: true`, to have it remember)"#]],
    );
    check(
        ("by: shop_id", "by: [shop_id, name]"),
        expect![
            "behavior.yaml:11: error: `shops` has a key of 1 (id), but `by` names 2 (name one property for each part of the key)"
        ],
    );
    check(
        ("by: shop_id", "by: '[]'"),
        expect![
            "behavior.yaml:11: error: `[]` is no path to a key: path `[]` has an empty property: write it as in `mentions[].user_id`"
        ],
    );
    check(
        ("unique: [key]", "unique: [key, kex]"),
        expect![
            "behavior.yaml:7: error: the schema of `shops` has no property `kex` (did you mean `key`?)"
        ],
    );
    check(
        (
            "schema: { type: object, properties: { id: { type: string }, name: { type: string }, key: { type: string } } }",
            "schema: { $ref: '#/components/schemas/Shop' }",
        ),
        expect![
            "behavior.yaml:6: error: `#/components/schemas/Shop` is no schema of the contract (write it as `#/components/schemas/<name>`)"
        ],
    );
}

#[test]
fn links_need_names_of_their_own() {
    check(
        ("  orders:", "  now:"),
        expect![
            "behavior.yaml:8: error: `now` means something else in expressions (choose another name for the resource)"
        ],
    );
    check(
        ("on_delete: cascade }", "on_delete: cascade, inverse: name }"),
        expect![
            "behavior.yaml:4: error: `shops` has both a link and something else named `name` (rename the relation, or give it an `inverse`)"
        ],
    );
    check(
        (
            "on_delete: cascade }",
            "on_delete: cascade, inverse: all_orders }\n      other: { resource: shops, by: o, on_delete: keep, inverse: all_orders }",
        ),
        expect![
            "behavior.yaml:4: error: two relations to `shops` have the inverse `all_orders` (give one of them another `inverse`)"
        ],
    );
}

#[test]
fn mistakes_in_expressions_are_errors_at_their_line() {
    check(
        ("shop: 'shops[path.id]'", "shop: 'shops[path.id'"),
        expect![
            "behavior.yaml:19: error: `shops[path.id` cannot be read: unexpected end of input, expected `]`, at column 12"
        ],
    );
    check(
        ("shop: 'shops[path.id]'", "shop: 'shops[path.idd]'"),
        expect!["behavior.yaml:19: error: there is no property `idd` (did you mean `id`?)"],
    );
    check(
        ("shop: 'shops[path.id]'", "shop: 'shops[shop.id]'"),
        expect!["behavior.yaml:19: error: `shop` is defined by way of itself (break the circle)"],
    );
    check(
        ("shop: 'shops[path.id]'", "path: 'shops[path.id]'"),
        expect![[r#"
            behavior.yaml:19: error: `path` means something else already (choose another name)
            behavior.yaml:21: error: name `shop` is not declared (did you mean `shops`?)
            behavior.yaml:22: error: name `shop` is not declared (did you mean `shops`?)"#]],
    );
    check(
        ("when: shop is none", "when: shop.nane == 'x'"),
        expect![
            "behavior.yaml:21: error: a record of `shops` has no property `nane` (did you mean `name`?)"
        ],
    );
    check(
        ("when: shop is none", "when: shop == none"),
        expect!["behavior.yaml:21: error: none is compared with `==` (write `is none`)"],
    );
    check(
        ("when: shop is none", "when: shop.orders | lenght > 1"),
        expect!["behavior.yaml:21: error: filter `lenght` is not known (did you mean `length`?)"],
    );
    check(
        ("when: shop is none", "when: outcome.deleted"),
        expect!["behavior.yaml:21: error: name `outcome` is not declared"],
    );
    check(
        ("by: key }", "by: key, reject_when: credential.revokd }"),
        expect!["behavior.yaml:13: error: a record of `shops` has no property `revokd`"],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn answers_that_cannot_be_given_are_errors() {
    check(
        ("when: shop is none", "when: '{{ shop is none }}'"),
        expect![
            "behavior.yaml:21: error: an expression stands here, and `{{ shop is none }}` is a template (leave the braces out: they are for text with values in it)"
        ],
    );
    check(
        (
            "respond: 404, example: never }\n      -",
            "respond: 404, body: { error: {{ path.id }} } }\n      -",
        ),
        expect![[r#"
            behavior.yaml:21: error: a list or a map cannot be a key (the entry is left out; text that begins with `{` needs quotes)
            behavior.yaml:21: error: the body does not fit the documented schema /paths/~1shops~1{id}/delete/responses/404/content/application~1json/schema: at `/error`: {} is not of type "string""#]],
    );
    check(
        ("respond: 404, example: never }\n      -", "respond: 410 }\n      -"),
        expect![
            "behavior.yaml:21: error: `deleteShop` documents no response 410 (`deleteShop` documents 204, 401, 404)"
        ],
    );
    check(
        ("respond: 404, example: never }\n      -", "respond: 404 }\n      -"),
        expect![
            "behavior.yaml:21: error: the documented response has several examples, and this names none (add `example:` with one of never, gone)"
        ],
    );
    check(
        ("respond: 404, example: never }\n      -", "respond: 404, example: nevr }\n      -"),
        expect![
            "behavior.yaml:21: error: the response has no example `nevr` (did you mean `never`?)"
        ],
    );
    check(
        ("respond: 404, example: never }\n      -", "status: 404 }\n      -"),
        expect![
            "behavior.yaml:21: error: `status` is for answers without an operation (use `respond`, which names a documented response)"
        ],
    );
    check(
        ("respond: 404, example: never }\n      -", "respond: 404, body: { eror: x } }\n      -"),
        expect![[
            r#"behavior.yaml:21: error: the body does not fit the documented schema /paths/~1shops~1{id}/delete/responses/404/content/application~1json/schema: "error" is a required property"#
        ]],
    );
    check(
        (
            "respond: 404, example: never }\n      -",
            "respond: 404, body: {}, example: never }\n      -",
        ),
        expect![[r#"
            behavior.yaml:21: error: `body` is given beside `example` or `patch` (`body` replaces the example: keep one)
            behavior.yaml:21: error: the body does not fit the documented schema /paths/~1shops~1{id}/delete/responses/404/content/application~1json/schema: "error" is a required property"#]],
    );
    check(
        ("respond: 404, example: never }\n      -", "}\n      -"),
        expect![
            "behavior.yaml:21: error: this gives no answer (name a documented response with `respond: <status>`)"
        ],
    );
    check(
        ("respond: 204 }", "respond: 204, body: { a: 1 } }"),
        expect![
            "behavior.yaml:22: error: a 204 answer has no body (leave `body`, `example`, `patch` and `fill` out)"
        ],
    );
    check(
        (
            "respond: 204 }",
            "respond: 204, headers: { Content-Length: '3', TE: trailers, x-a: a, X-A: b, x-b: \"a\\nb\", content-type: text/html } }",
        ),
        expect![[r#"
            behavior.yaml:22: error: `content-length` is the server's to set (leave it out)
            behavior.yaml:22: error: `te` is the server's to set (leave it out)
            behavior.yaml:22: error: `x-a` is given twice (keep one of them)
            behavior.yaml:22: error: the header `x-b` cannot have the value `a
            b`
            behavior.yaml:22: error: `Content-Type` is `text/html`, and the answer has no body"#]],
    );
    check(
        (
            "respond: 404, example: never }\n      -",
            "respond: 404, example: never, headers: { Content-Type: text/html } }\n      -",
        ),
        expect![
            "behavior.yaml:21: error: `Content-Type` is `text/html`, and the body is documented as `application/json`"
        ],
    );
    check(
        (
            "respond: 404, example: never }\n      -",
            "respond: 404, example: never, headers: { Content-Type: application/problem+json } }\n      -",
        ),
        expect![[""]],
    );
    check(
        ("respond: 204 }", "respond: 204, headers: { 'a b': c } }"),
        expect!["behavior.yaml:22: error: `a b` is no header name"],
    );
    check(
        ("failures:", "failures:\n  unknown_route: { respond: 404 }"),
        expect![
            "behavior.yaml:15: error: there is no operation here (use `status`: where no operation was found, nothing is documented)"
        ],
    );
    check(
        ("unauthenticated: { respond: 401 }", "unauthenticated: { respond: 404, example: gone }"),
        expect![
            "behavior.yaml:18: error: `deleteShop` documents 401, and no rule or failure gives it (add a rule, or mark the response `x-unreachable: <why>`)"
        ],
    );
}

#[test]
fn a_failure_worded_for_all_has_a_status_that_one_of_them_documents() {
    check(
        (
            "  invalid_request: { respond: 404, example: never }",
            "  invalid_request: [{ when: 'violations | length > 9', respond: 440 }, { respond: 404, example: never }]",
        ),
        expect![
            "behavior.yaml:16: error: no operation that can fail so documents 440 (name a status that one of them documents)"
        ],
    );
}

#[test]
fn effects_that_cannot_be_honoured_are_errors() {
    check(
        ("delete: shop,", "delete: shop, create: shops, with: {},"),
        expect![
            "behavior.yaml:22: error: `delete` and `create` are two effects (write them as a list: `do: [{ … }, { … }]`)"
        ],
    );
    check(
        ("delete: shop,", "delete: path.id,"),
        expect![
            "behavior.yaml:22: error: `path.id` is no record and no list of records (name a record, such as `organization`)"
        ],
    );
    check(
        ("delete: shop,", "create: shps, with: {},"),
        expect!["behavior.yaml:22: error: there is no resource `shps` (did you mean `shops`?)"],
    );
    check(
        ("delete: shop,", "create: shops,"),
        expect!["behavior.yaml:22: error: `with` is missing (add `with`: say what the record has)"],
    );
    check(
        ("delete: shop,", "update: shop, set: { name: '{{ record.nme }}' },"),
        expect![
            "behavior.yaml:22: error: a record of `shops` has no property `nme` (did you mean `name`?)"
        ],
    );
    check(
        ("delete: shop,", "start_job: erase,"),
        expect!["behavior.yaml:22: error: there is no job `erase`"],
    );
    check(
        ("on_delete: cascade", "on_delete: restrict"),
        expect![
            "behavior.yaml:11: error: `deleteShop` deletes `shops`, which this may refuse, and no answer is named for that (write `on_delete: { restrict: { respond: <status> } }`)"
        ],
    );
}

#[test]
fn lists_and_views_that_cannot_be_honoured_are_errors() {
    let list = |text: &str| format!("list: {{ {text} }}\n    rules:");
    check(
        ("rules:", &list("of: shps")),
        expect!["behavior.yaml:20: error: there is no resource `shps` (did you mean `shops`?)"],
    );
    check(
        (
            "rules:",
            &list(
                "of: shops, where: { nme: path.id }, sort: -sze, page: { number: query, cursor: query }",
            ),
        ),
        expect![[r#"
            behavior.yaml:20: error: the schema of `shops` has no property `nme` (did you mean `name`?)
            behavior.yaml:20: error: the schema of `shops` has no property `sze`
            behavior.yaml:20: error: a page is named in two ways (keep one of `number`, `offset`, `cursor`, and `after` with `before`)"#]],
    );
    check(
        ("rules:", &list("of: shops, filter: { name: path.idd }")),
        expect!["behavior.yaml:20: error: there is no property `idd` (did you mean `id`?)"],
    );
    check(
        (
            "rules:\n      - { when: shop is none,",
            &format!(
                "{}\n      - {{ when: shop is none or list.links.next,",
                list("of: shops, page: { number: query or 1 }")
            ),
        ),
        expect![
            "behavior.yaml:22: error: `list.links` is read, and `page` does not say which parameter names the page (name the page by a parameter alone, as in `number: query.page`)"
        ],
    );
    check(
        ("when: shop is none,", "when: shop is none and list.items,"),
        expect!["behavior.yaml:21: error: name `list` is not declared"],
    );
    check(
        (
            "key: id\n",
            "key: id\n    views: { default: { hide: [nme, name.first], add: { x: '{{ record.y }}' } } }\n",
        ),
        expect![[r#"
            behavior.yaml:6: error: `name.first` leads to no property
            behavior.yaml:6: error: the schema of `shops` has no property `nme` (did you mean `name`?)
            behavior.yaml:6: error: a record of `shops` has no property `y`"#]],
    );
}

#[test]
fn parameters_of_views_that_cannot_be_honoured_are_errors() {
    check(
        (
            "key: id\n",
            "key: id\n    views:\n      a: { parameters: { deep: 1 }, add: { b: \"{{ record | view('a', dep=deep) }}\" } }\n      b: { parameters: { now: 1 } }\n",
        ),
        expect![[r#"
            behavior.yaml:7: error: view `a` of `shops` has no parameter `dep` (did you mean `deep`?)
            behavior.yaml:8: error: `now` means something in views already (give the parameter another name)"#]],
    );
}

#[test]
fn counters_that_cannot_be_honoured_are_errors() {
    check(
        (
            "unique: [key]",
            "unique: [key]\n    counters: { name: [], size: nme, key: { reuse: true } }",
        ),
        expect![[r#"
            behavior.yaml:8: error: `name` cannot count on: it is a text by its schema
            behavior.yaml:8: error: `key` cannot count on: it is a text by its schema
            behavior.yaml:8: error: the schema of `shops` has no property `nme` (did you mean `name`?)
            behavior.yaml:8: error: the schema of `shops` has no property `size`"#]],
    );
    check(
        ("delete: shop,", "update: shop, set: { name: \"{{ shops.free('nme', 'a') }}\" },"),
        expect![
            "behavior.yaml:22: error: a record of `shops` has no property `nme` (did you mean `name`?)"
        ],
    );
}

#[test]
fn names_that_read_what_effects_did_are_read_after_them_only() {
    let lets = "let: { all: gone + 1, gone: outcome.deleted.orders, shop: 'shops[path.id]' }\n";
    check(
        (
            "let: { shop: 'shops[path.id]' }\n    rules:\n      - { when: shop is none,",
            &format!("{lets}    etag: gone\n    rules:\n      - {{ when: shop is none or all > 1,"),
        ),
        expect![[r#"
            behavior.yaml:20: error: `gone` reads what effects did, and here they did nothing yet (read it in the answer of a rule with effects)
            behavior.yaml:22: error: `all` reads what effects did, and here they did nothing yet (read it in the answer of a rule with effects)"#]],
    );
    check(
        (
            "let: { shop: 'shops[path.id]' }\n    rules:\n      - { when: shop is none, respond: 404, example: never }",
            &format!(
                "{lets}    rules:\n      - {{ when: shop is none, respond: 404, body: {{ error: '{{{{ gone }}}}' }} }}"
            ),
        ),
        expect![
            "behavior.yaml:21: error: `gone` reads what effects did, and here they did nothing yet (read it in the answer of a rule with effects)"
        ],
    );
}

#[test]
fn mistyped_words_of_templates_and_views_are_errors() {
    check(
        ("delete: shop,", "update: shop, set: { $merg: '{{ shop }}', name: x },"),
        expect![
            "behavior.yaml:22: error: `$merg` is not known in a template (did you mean `$merge`?)"
        ],
    );
    check(
        ("delete: shop,", "update: shop, set: { name: \"{{ shop | view('crad') }}\" },"),
        expect!["behavior.yaml:22: error: `shops` has no view `crad`"],
    );
    check(
        (
            "operations:",
            "jobs: { again: { record: orders, for_each: x, over: '1', start_job: again } }\noperations:",
        ),
        expect![[r#"
            behavior.yaml:17: warning: no rule starts the job `again`
            behavior.yaml:17: error: a task cannot start a job: it might never end (let the rule that starts this one start both)"#]],
    );
}

#[test]
fn keys_of_effects_that_do_not_go_together_are_errors() {
    check(
        ("delete: shop,", "delete: shop, set: { name: x },"),
        expect!["behavior.yaml:22: error: `set` does not go with `delete` (it goes with `update`)"],
    );
    check(
        ("delete: shop,", "update: shop, set: {}, merge: {},"),
        expect![
            "behavior.yaml:22: error: only one of `set`, `merge` and `json_patch` can say what changes (keep one of them)"
        ],
    );
    check(
        ("delete: shop,", "do: [{ delete: shop }, { as: gone }, { create: shps, with: {} }],"),
        expect![[r#"
            behavior.yaml:22: error: this names no effect (add `delete`, `update`, `replace`, `create` or `start_job`)
            behavior.yaml:22: error: there is no resource `shps` (did you mean `shops`?)"#]],
    );
    check(
        (
            "delete: shop,",
            "do: [{ for: one shop, delete: shop }, { for: shop in shops.all(), delete: shop }, { for: x in 3 | length, when: y, delete: x }],",
        ),
        expect![[r#"
            behavior.yaml:22: error: this is not of the form `name in list` (write it as `id in ids`)
            behavior.yaml:22: error: `shop` means something else already (choose another name)
            behavior.yaml:22: error: name `y` is not declared"#]],
    );
    check(
        ("delete: shop,", "delete: shop, do: [{ delete: shop }],"),
        expect!["behavior.yaml:22: error: an effect stands beside `do` (move it into the list)"],
    );
}

#[test]
fn a_table_that_may_not_answer_or_cannot_reach_a_rule_is_an_error() {
    check(
        ("- { delete: shop, respond: 204 }", "- { when: shop.name, delete: shop, respond: 204 }"),
        expect![
            "behavior.yaml:20: error: no rule of `deleteShop` may hold, and then nothing is answered (leave `when` out of the last rule, and only there)"
        ],
    );
    check(
        ("when: shop is none, respond: 404", "respond: 404"),
        expect![
            "behavior.yaml:22: error: this rule is never reached: the one before it always holds (leave `when` out of the last rule, and only there)"
        ],
    );
    check(
        ("failures:", "order: [security, body]\nfailures:"),
        expect![
            "behavior.yaml:14: error: `order` does not name each stage once (the stages are security, parameters, envelope, body)"
        ],
    );
}

#[test]
fn jobs_are_checked_like_rules() {
    let job = |job: &str| {
        let start = "start_job: erase, with: { shops: '{{ [path.id] }}' },";
        BEHAVIOR.replacen("delete: shop,", start, 1) + &format!("jobs:\n  erase: {{ {job} }}\n")
    };
    check_file(
        &job("record: orders, for_each: shops, over: settings.time, delete: 'shops[args.shops]'"),
        expect![[""]],
    );
    check_file(
        &job("record: jobs, for_each: shops, over: settings.time"),
        expect!["behavior.yaml:24: error: there is no resource `jobs`"],
    );
    check_file(
        &job("record: orders, for_each: shop, over: settings.tim"),
        expect![[r#"
            behavior.yaml:24: error: `shop` is no argument of this job (name an argument that the rules pass in `with`)
            behavior.yaml:24: error: there is no property `tim` (did you mean `time`?)"#]],
    );
    check_file(
        &job("record: orders, for_each: shops, over: \"'soon'\""),
        expect!["behavior.yaml:24: error: `soon` is no duration such as `10s`, `5m` or `24h`"],
    );
    check_file(
        &job("record: orders, for_each: shops, over: settings.time, delete: args.shps"),
        expect!["behavior.yaml:24: error: there is no property `shps` (did you mean `shops`?)"],
    );
}

#[test]
fn a_fixture_file_is_held_against_the_behavior() {
    check_fixtures(
        "tombstone: 1\nrecords: { shops: [{ id: a, key: '{{ now - days(1) }}' }] }",
        expect![[""]],
    );
    check_fixtures(
        "tombstone: 3\nrecords: {}",
        expect!["default.yaml:1: error: format 3 is not known here (this program reads format 1)"],
    );
    check_fixtures(
        "\
tombstone: 1
records:
  shop: []
  shops:
    - { id: a, key: k }
    - { id: a }
    - { id: b, key: k, name: 7 }
    - { name: x }
    - { id: c, name: '{{ naw }}' }
  orders:
    - { id: 1, shop_id: zz }
",
        expect![[r#"
            default.yaml:3: error: the behavior has no resource `shop` (did you mean `shops`?)
            default.yaml:7: error: `name` is not of type "string"
            default.yaml:9: error: name `naw` is not declared (did you mean `now`?)
            default.yaml:6: error: `shops` has a record `a` already: give this one another key
            default.yaml:7: error: record `b` of `shops` has the same `key` as record `a`: it must be unique
            default.yaml:8: error: a record of `shops` has no `id`: its key needs it
            default.yaml:11: error: `shop` of record `1` of `orders` refers to record `zz` of `shops`, which does not exist: add that record, or leave the reference out"#]],
    );
    check_fixtures(
        "\
tombstone: 1
records: {}
calls:
  - { operation: deleteShops, shows: x, expect: 204 }
  - { operation: deleteShop, shows: x, expect: 204, credentials: { Kei: x } }
",
        expect![[r#"
            default.yaml:4: error: the contract has no operation `deleteShops` (did you mean `deleteShop`?)
            default.yaml:5: error: the path parameter `id` has no value (add `path: { id: … }`)
            default.yaml:5: error: the contract has no security scheme `Kei` (did you mean `Key`?)"#]],
    );
}

#[test]
fn the_schemas_that_editors_use_are_those_of_the_types() {
    let rendered = |schema: Value| format!("{schema:#}\n");
    expect_file!["../../specs/behavior.schema.json"]
        .assert_eq(&rendered(schema_of::<BehaviorFile>()));
    expect_file!["../../fixtures/fixtures.schema.json"]
        .assert_eq(&rendered(schema_of::<FixtureFile>()));
}

#[test]
fn the_built_in_files_name_their_schema_in_their_first_line() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for (folder, file, schema) in
        [("specs", "behavior.yaml", "behavior"), ("fixtures", "default.yaml", "fixtures")]
    {
        assert!(root.join(format!("{folder}/{schema}.schema.json")).is_file());
        for provider in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = provider.unwrap().path().join(file);
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            let expected = format!("# yaml-language-server: $schema=../{schema}.schema.json");
            assert_eq!(text.lines().next(), Some(expected.as_str()), "{}", path.display());
        }
    }
}

/// The contract of the shop in the README.
const README_CONTRACT: &str = "\
openapi: 3.1.0
info: { title: Shop, version: '1' }
paths:
  /shops/{id}:
    delete:
      operationId: deleteShop
      security: [{ ApiKey: [] }]
      parameters:
        - { name: id, in: path, required: true, schema: { type: string } }
        - { name: force, in: query, schema: { type: boolean, default: false } }
      responses:
        '200':
          description: gone
          content:
            application/json:
              schema: { type: object, properties: { deleted: { type: string }, orders: { type: [integer, 'null'] } } }
        '400': { description: wrong, content: { application/json: { schema: { type: object, required: [errors] } } } }
        '401': { description: who, content: { application/json: { example: { error: who } } } }
        '403':
          description: no
          content:
            application/json:
              examples: { not_yours: { value: { error: not yours } }, other: { value: { error: other } } }
        '404': { description: where, content: { application/json: { example: { error: where } } } }
        '409': { description: orders, content: { application/json: { example: { error: it has orders } } } }
components:
  schemas:
    Shop: { type: object, properties: { id: { type: string }, slug: { type: string } } }
  securitySchemes: { ApiKey: { type: apiKey, in: header, name: x-key } }
";

#[test]
fn the_example_in_the_readme_is_sound() {
    let readme = include_str!("../../README.md");
    let example = readme.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let mut findings = Vec::new();
    let document = Document::parse("openapi.yaml", README_CONTRACT, &mut findings).unwrap();
    let contract = Arc::new(Contract::load(&document, &mut findings).unwrap());
    let document = Document::parse("README.md", example, &mut findings).unwrap();
    assert!(Behavior::load(&document, &contract, &vetted(), &mut findings).is_some());
    assert_eq!(listed(&findings), "");
}

#[test]
fn what_two_servers_claim_is_told_where_the_second_one_does() {
    let general = "\nservers: [{ url: https://api.shop.example }]\n";
    let own = "operationId: deleteShop\n      servers: [{ url: https://api.shop.example }]";
    let contracts = [
        CONTRACT.replace("\npaths:\n", &format!("{general}paths:\n")),
        CONTRACT.replace("\npaths:\n", &format!("\nx-tags: []{general}paths:\n")),
        CONTRACT.replace("operationId: deleteShop", own),
    ];
    let names = ["one", "two", "three"];
    let providers = names.iter().zip(&contracts).map(|(name, text)| provider(name, text)).collect();
    let mut findings = Vec::new();
    Emulator::new(providers, &EmulatorOptions::default(), &mut findings);
    findings.retain(|finding| finding.message.contains("host"));
    let said: Vec<_> = findings.iter().map(|it| format!("{it} at {}", it.pointer)).collect();
    expect![[r#"
        openapi.yaml:4: warning: the host `api.shop.example` is that of `one` already, and leads there at /servers
        openapi.yaml:5: warning: the host `api.shop.example` is that of `one` already, and leads there at /paths/~1shops~1{id}/delete"#]].assert_eq(&said.join("\n"));
}

fn provider(name: &str, contract: &str) -> Provider {
    let behavior = load_with(contract, BEHAVIOR, &mut Vec::new()).unwrap();
    let document =
        Document::parse("default.yaml", "{ tombstone: 1, records: {} }", &mut Vec::new()).unwrap();
    let fixtures = behavior.fixtures(&document, Timestamp(0), true, &mut Vec::new());
    Provider { name: name.into(), behavior, fixtures, is_built_in: false, records_beside: None }
}

#[test]
fn a_provider_whose_name_stands_in_the_way_is_left_out() {
    let provider = |name: &str| provider(name, CONTRACT);
    let mut findings = Vec::new();
    let providers = ["__mine", "@other", "shops", "fine", "twin"].map(provider).into();
    let options = EmulatorOptions::default();
    let emulator = Emulator::new(providers, &options, &mut findings);
    assert_eq!(emulator.providers().map(|name| &**name).collect::<Vec<_>>(), ["fine", "twin"]);
    expect![[r#"
        openapi.yaml: error: no provider can be named `__mine`: paths that begin so are the sandbox's own (rename its folder, or write `NAME=` before the path of its document)
        openapi.yaml: error: no provider can be named `@other`: paths that begin so are the sandbox's own (rename its folder, or write `NAME=` before the path of its document)
        openapi.yaml: error: no provider can be named `shops` beside the path `/shops/{id}`: both begin with `/shops` (rename its folder, or write `NAME=` before the path of its document)
        openapi.yaml:5: warning: `DELETE /shops/{id}` is also `DELETE /shops/{id}` of `fine`: neither answers there without its prefix"#]].assert_eq(&listed(&findings));
}

#[test]
fn what_an_effect_did_is_counted_by_resources_that_there_are() {
    check(
        (
            "{ delete: shop, respond: 204 }",
            "{ delete: shop, respond: 204, headers: { x-gone: '{{ outcome.deleted.order }}' } }",
        ),
        expect!["behavior.yaml:22: error: there is no property `order` (did you mean `orders`?)"],
    );
}

#[test]
fn calls_name_parameters_that_there_are() {
    check_fixtures(
        "tombstone: 1\nrecords: {}\ncalls:\n  - { operation: deleteShop, shows: x, expect: 204, path: { idd: 1 }, query: { force: true } }\n",
        expect![[r#"
            default.yaml:4: error: `deleteShop` has no path parameter `idd` (did you mean `id`?)
            default.yaml:4: error: `deleteShop` has no query parameter `force`
            default.yaml:4: error: the path parameter `id` has no value (add `path: { id: … }`)"#]],
    );
}

#[test]
fn an_example_where_there_is_none_is_said() {
    let contract = CONTRACT.replace(", example: { error: who }", "");
    let mut findings = Vec::new();
    let document = Document::parse("openapi.yaml", &contract, &mut findings).unwrap();
    let contract = Arc::new(Contract::load(&document, &mut findings).unwrap());
    let behavior = BEHAVIOR.replace(
        "unauthenticated: { respond: 401 }",
        "unauthenticated: { respond: 401, example: who }",
    );
    let document = Document::parse("behavior.yaml", &behavior, &mut findings).unwrap();
    Behavior::load(&document, &contract, &vetted(), &mut findings);
    expect!["behavior.yaml:15: error: the response has no example `who` (it has none: leave `example` out and add a `body`)"].assert_eq(&listed(&findings));
}

#[test]
fn folders_that_nothing_is_made_of_are_told() {
    let root = std::env::temp_dir().join(format!("tombstone-folders-{}", std::process::id()));
    for folder in ["specs/shop", "specs/notes", "specs/.git", "fixtures/shop", "fixtures/shap"] {
        std::fs::create_dir_all(root.join(folder)).unwrap();
    }
    std::fs::write(root.join("specs/shop/openapi.yaml"), CONTRACT).unwrap();
    std::fs::write(root.join("specs/shop/behavior.yaml"), BEHAVIOR).unwrap();
    let sources = Sources {
        specs: Some(root.join("specs")),
        fixtures: Some(root.join("fixtures")),
        only: vec!["shop".to_owned()],
        ..Sources::default()
    };
    let mut findings = Vec::new();
    let providers = catalog::load(&sources, Timestamp(0), &mut findings);
    std::fs::remove_dir_all(&root).unwrap();
    assert_eq!(providers.unwrap().len(), 1);
    let listed = listed(&findings).replace(&root.display().to_string(), "DIR");
    expect![[r#"
        DIR/specs/notes: warning: the folder has no contract, and is passed over (add its `openapi.yaml`)
        DIR/fixtures/shap: warning: there is no provider `shap` for these fixtures (did you mean `shop`?)
        DIR/specs/shop/openapi.yaml: warning: `shop` has no fixtures, and starts without a record"#]].assert_eq(&listed);
}

#[test]
fn a_setting_can_have_another_value_and_only_one_that_there_is() {
    let set = |text: &str| {
        let settings = vec![text.parse::<Setting>()?];
        let sources = Sources { settings, ..Sources::default() };
        let mut findings = Vec::new();
        let loaded = catalog::load(&sources, Timestamp(0), &mut findings);
        loaded.map_err(|error| error.to_string())?;
        Ok(listed(&findings))
    };
    let told = |result: Result<String, String>| result.unwrap_or_else(|error| error);
    expect![[""]].assert_eq(&told(set("velt.erasure_time=24h")));
    expect!["specs/velt/behavior.yaml:4: error: `soon` is no duration such as `10s`, `5m` or `24h`, and the job `eraseUserData` is to take so long"].assert_eq(&told(set("velt.erasure_time=soon")));
    expect!["specs/velt/behavior.yaml:4: error: there is no setting `erasur_time` to change (did you mean `erasure_time`?)"].assert_eq(&told(set("velt.erasur_time=1h")));
    expect!["there is no provider `vel` (did you mean `velt`?)"]
        .assert_eq(&told(set("vel.erasure_time=1h")));
    expect!["write it as `<provider>.<setting>=<value>`"].assert_eq(&told(set("erasure_time=1h")));
}
