//! Documents of every kind, and what is said about them.
//!
//! Owns the examples. Must not know how they are read.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::Document;
use crate::finding::Severity;

fn check(text: &str, expected: &Expect) {
    let mut findings = Vec::new();
    let document = Document::parse("a.yaml", text, &mut findings);
    let mut shown = String::new();
    match &document {
        Some(document) => tree(document, document.root(), "", &mut shown),
        None => shown.push_str("nothing\n"),
    }
    for finding in findings {
        writeln!(shown, "{finding}").unwrap();
    }
    expected.assert_eq(&shown);
}

fn tree(document: &Document, value: &Value, pointer: &str, shown: &mut String) {
    let line = document.line(pointer);
    match value {
        Value::Object(map) => {
            writeln!(shown, "{line} {pointer} {{}}").unwrap();
            for (key, value) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                tree(document, value, &format!("{pointer}/{key}"), shown);
            }
        }
        Value::Array(items) => {
            writeln!(shown, "{line} {pointer} []").unwrap();
            for (at, item) in items.iter().enumerate() {
                tree(document, item, &format!("{pointer}/{at}"), shown);
            }
        }
        other => writeln!(shown, "{line} {pointer} {other}").unwrap(),
    }
}

#[test]
fn every_entry_knows_its_line() {
    check(
        "\u{feff}# a comment\npaths:\n  /a/{b}:\n    get:\n      responses:\n        200:\n          \
         description: |\n            two\n            lines\n        '404': {x: [1,\n 2]}\n  list:\n  - one\n  -\n    two\n",
        &expect![[r#"
            2  {}
            2 /paths {}
            3 /paths/~1a~1{b} {}
            4 /paths/~1a~1{b}/get {}
            5 /paths/~1a~1{b}/get/responses {}
            6 /paths/~1a~1{b}/get/responses/200 {}
            7 /paths/~1a~1{b}/get/responses/200/description "two\nlines\n"
            10 /paths/~1a~1{b}/get/responses/404 {}
            10 /paths/~1a~1{b}/get/responses/404/x []
            10 /paths/~1a~1{b}/get/responses/404/x/0 1
            11 /paths/~1a~1{b}/get/responses/404/x/1 2
            12 /paths/list []
            13 /paths/list/0 "one"
            15 /paths/list/1 "two"
        "#]],
    );
}

#[test]
fn json_has_the_same_lines_as_yaml() {
    check(
        "{\n  \"a\": {\n    \"b\": [1,\n      -2.5, \"\\ud83d\\ude00\"],\n    \"c\": null },\n\t\"a/b\": true\n}\n",
        &expect![[r#"
            1  {}
            2 /a {}
            3 /a/b []
            3 /a/b/0 1
            4 /a/b/1 -2.5
            4 /a/b/2 "😀"
            5 /a/c null
            6 /a~1b true
        "#]],
    );
    check(
        "{\r\"a\": 1,\r\n\"b\": 2\r}",
        &expect![[r#"
            1  {}
            2 /a 1
            3 /b 2
        "#]],
    );
}

#[test]
fn the_first_of_two_equal_keys_is_used() {
    check(
        "a: 1\nb: {x: 1, y: 2, x: {z: 1}}\na: [1, 2]\nc: 3\n",
        &expect![[r#"
        1  {}
        1 /a 1
        2 /b {}
        2 /b/x 1
        2 /b/y 2
        4 /c 3
        a.yaml:2: warning: key `x` is there twice; the first is used (remove or rename one of them)
        a.yaml:3: warning: key `a` is there twice; the first is used (remove or rename one of them)
    "#]],
    );
    check(
        "{\"a\": 1,\n \"a\": {\"b\": [2]},\n \"c\": 3}",
        &expect![[r#"
        1  {}
        1 /a 1
        3 /c 3
        a.yaml:2: warning: key `a` is there twice; the first is used (remove or rename one of them)
    "#]],
    );
}

#[test]
fn two_equal_keys_are_an_error_where_every_line_was_written_for_us() {
    for text in ["a: 1\nb: {x: 1,\n  x: 2}\n", "{\"a\": 1,\n\"b\": {\"x\": 1,\n\"x\": 2}}"] {
        let mut findings = Vec::new();
        let document = Document::parse_strictly("a.yaml", text, &mut findings).unwrap();
        assert_eq!(document.root()["b"]["x"], 1);
        assert_eq!(
            findings[0].to_string(),
            "a.yaml:3: error: key `x` is there twice (remove or rename one of them)"
        );
    }
}

#[test]
fn large_maps_and_lists_know_their_lines() {
    let mut text = "paths:\n".to_owned();
    for number in 0..1000 {
        writeln!(text, "  /a~{number}/{{b}}:\n    get: [1,\n      2]").unwrap();
    }
    text.push_str("list:\n");
    (0..50).for_each(|number| writeln!(text, "- {number}\n- [x,\n  y]").unwrap());
    let document = Document::parse("a.yaml", &text, &mut Vec::new()).unwrap();
    for number in [0, 16, 17, 999, 5] {
        let pointer = format!("/paths/~1a~0{number}~1{{b}}/get/1");
        assert_eq!(document.line(&pointer), 2 + 3 * number + 2, "{pointer}");
    }
    assert_eq!(document.line("/list/99/1"), 3002 + 3 * 49 + 3);
    assert_eq!(document.line("/list/100"), 3002);
    assert_eq!(document.line("/paths/none/x"), 1);
}

#[test]
fn anchors_aliases_and_merge_keys_work() {
    check(
        "base: &base\n  a: 1\n  b: [x, y]\nother: &other {b: 0, c: 2}\none:\n  <<: *base\n  a: own\n\
         two:\n  <<: [*base, *other]\n  d: *base\n'quoted':\n  '<<': kept\n&k key: v\n*k : w\nthree: {*k : 1}\n\
         four:\n  <<: text\n",
        &expect![[r#"
            1  {}
            1 /base {}
            2 /base/a 1
            3 /base/b []
            3 /base/b/0 "x"
            3 /base/b/1 "y"
            4 /other {}
            4 /other/b 0
            4 /other/c 2
            5 /one {}
            7 /one/a "own"
            3 /one/b []
            3 /one/b/0 "x"
            3 /one/b/1 "y"
            8 /two {}
            10 /two/d {}
            2 /two/d/a 1
            3 /two/d/b []
            3 /two/d/b/0 "x"
            3 /two/d/b/1 "y"
            2 /two/a 1
            3 /two/b []
            3 /two/b/0 "x"
            3 /two/b/1 "y"
            4 /two/c 2
            11 /quoted {}
            12 /quoted/<< "kept"
            13 /key "v"
            15 /three {}
            15 /three/key 1
            16 /four {}
            a.yaml:14: warning: key `key` is there twice; the first is used (remove or rename one of them)
            a.yaml:17: warning: `<<` merges maps, and this is none (give it an alias of a map)
        "#]],
    );
}

#[test]
fn keys_are_text_and_odd_ones_are_left_out() {
    check(
        "200: ok\ntrue: yes\nnull: ~\n? [a, b]\n: dropped\n? x\n: kept\n",
        &expect![[r#"
        1  {}
        1 /200 "ok"
        2 /true "yes"
        3 /null null
        6 /x "kept"
        a.yaml:4: warning: a list or a map cannot be a key (the entry is left out; text that begins with `{` needs quotes)
    "#]],
    );
}

#[test]
fn tags_and_numbers_out_of_range_are_said() {
    check(
        "a: !!str 12\nb: !!int '12'\nc: !mine x\nd: 1e999\ne: .inf\nf: ! 12\ng: '1'\nh: !mine {x: 1}\n",
        &expect![[r#"
            1  {}
            1 /a "12"
            2 /b 12
            3 /c "x"
            4 /d "1e999"
            5 /e ".inf"
            6 /f "12"
            7 /g "1"
            8 /h {}
            8 /h/x 1
            a.yaml:3: warning: tag `!mine` means nothing here (remove it; the value is read without it)
            a.yaml:4: warning: number `1e999` is beyond what JSON can hold; it stays a string (write a finite number or quote it)
            a.yaml:5: warning: number `.inf` is beyond what JSON can hold; it stays a string (write a finite number or quote it)
        "#]],
    );
}

#[test]
fn only_the_first_document_is_read() {
    check(
        "a: 1\n---\nb: 2\n",
        &expect![[r#"
        1  {}
        1 /a 1
        a.yaml:2: warning: holds more than one document; only the first is read (put each document into a file of its own)
    "#]],
    );
    check(
        "%YAML 1.2\n---\na: 1\n...\n",
        &expect![[r#"
        3  {}
        3 /a 1
    "#]],
    );
}

#[test]
fn a_syntax_error_has_its_line() {
    check(
        "a: 1\nb: [1, 2\nc: 3\n",
        &expect![[r#"
        nothing
        a.yaml:3: error: cannot be read: illegal placement of ':' indicator
    "#]],
    );
    check(
        "a: 1\n b: 2\n",
        &expect![[r#"
        nothing
        a.yaml:2: error: cannot be read: mapping values are not allowed in this context
    "#]],
    );
    check(
        "a: *nowhere\n",
        &expect![[r#"
        nothing
        a.yaml:1: error: cannot be read: while parsing node, found unknown anchor
    "#]],
    );
    check(
        "\ta: 1\n",
        &expect![[r#"
        1  {}
        1 /a 1
    "#]],
    );
    check(
        "",
        &expect![[r#"
        nothing
        a.yaml: error: is empty
    "#]],
    );
    check(
        "# nothing\n",
        &expect![[r#"
        nothing
        a.yaml: error: is empty
    "#]],
    );
}

/// Texts that are read, and the values that js-yaml and `PyYAML` read there too.
fn check_values(table: &[(String, Value)]) {
    for (text, expected) in table {
        let mut findings = Vec::new();
        let document = Document::parse("a.yaml", text, &mut findings);
        assert_eq!(document.as_ref().map(Document::root), Some(expected), "{text:?}: {findings:?}");
        assert!(findings.iter().all(|finding| finding.severity == Severity::Warning));
    }
}

fn text(lines: &[&str]) -> String {
    lines.join("\n")
}

#[test]
fn quoted_text_goes_on_wherever_its_lines_begin() {
    check_values(&[
        // A quoted text goes on where its key is, left of it, after empty lines, and with tabs.
        (text(&["a: 'x", "y'", "b: 1"]), json!({"a": "x y", "b": 1})),
        (text(&["a:", "  b: \"x", "  y: z\"", "  c: 1"]), json!({"a": {"b": "x y: z", "c": 1}})),
        (text(&["a:", "  b: \"x", "", "y", "\"", "  c: 1"]), json!({"a": {"b": "x\ny ", "c": 1}})),
        (text(&["a: \"x \\", "y\"", "b: 1"]), json!({"a": "x y", "b": 1})),
        (text(&["a: 'it''s", "b: \"c", "# d'", "b: 1"]), json!({"a": "it's b: \"c # d", "b": 1})),
        (text(&["a: \"\\\"x", "y\"", "b: 'z", "z'"]), json!({"a": "\"x y", "b": "z z"})),
        (text(&["- - 'x", "- y'", "- z"]), json!([["x - y"], "z"])),
        (text(&["a:", "  b: 'x", "\ty'", "c: 1"]), json!({"a": {"b": "x y"}, "c": 1})),
        (text(&["a: [it's, \"x", "\ty\"]"]), json!({"a": ["it's", "x y"]})),
        ("a: 'x\r\ny'\r\nb: 1\r\n".into(), json!({"a": "x y", "b": 1})),
        ("a: 'x\ry'\rb: 1\r".into(), json!({"a": "x y", "b": 1})),
    ]);
}

#[test]
fn comments_colons_and_tabs_stand_where_others_take_them() {
    check_values(&[
        // A comment that nothing parts from what is before it.
        (
            text(&["a: \"x\"#c", "b: [1]#c", "c: [2,#c", "3]"]),
            json!({"a": "x", "b": [1], "c": [2, 3]}),
        ),
        (text(&["a: >", "   ", " # c", "b: 1"]), json!({"a": "", "b": 1})),
        (text(&["a: x#y", "b: x #y"]), json!({"a": "x#y", "b": "x"})),
        // No space after a colon.
        (text(&["a: {b:[1], c:{d: 1}}"]), json!({"a": {"b": [1], "c": {"d": 1}}})),
        // Tabs.
        (
            text(&["a:", "  b: {", "\t\tc: 1,", "\t\td: [", "\t2]}", "e: 3"]),
            json!({"a": {"b": {"c": 1, "d": [2]}}, "e": 3}),
        ),
        (
            text(&["a:\t1\t# c", "b:\t\t[\t2 ]", "\t", "-\t3"]).replace("\n-", "\nc:\n-"),
            json!({"a": 1, "b": [2], "c": [3]}),
        ),
        (text(&["{", "\t\"a\":\t1,", "\t\"b\": [\t2]}"]), json!({"a": 1, "b": [2]})),
    ]);
}

#[test]
fn marks_and_characters_that_yaml_forbids_do_no_harm() {
    check_values(&[
        // Marks, directives, ends.
        ("\u{feff}a: 1".into(), json!({"a": 1})),
        ("---\n\u{feff}a: 1\n\u{feff}b: 2".into(), json!({"a": 1, "b": 2})),
        ("%YAML 1.1\n%TAG ! tag:x,2000:\n---\na: 1".into(), json!({"a": 1})),
        ("a: 1\n... and more\nb: [".into(), json!({"a": 1})),
        ("---\na: 'x\ny'\n---\nb: '\n".into(), json!({"a": "x y"})),
        // Characters.
        (
            "a: \"\\ud83d\\ude00 \\ud800 \\ud83d\\u0041 \\udc00 \\\\ud800\"".into(),
            json!({"a": "😀 \u{fffd} \u{fffd}A \u{fffd} \\ud800"}),
        ),
        ("{\"a\": \"\\ud800\"}".into(), json!({"a": "\u{fffd}"})),
        ("a: \"x\u{92}y\"\nb: 'z\u{7f}'".into(), json!({"a": "x\u{fffd}y", "b": "z\u{fffd}"})),
        ("a: x\u{2028}y\u{85}z".into(), json!({"a": "x\u{2028}y\u{85}z"})),
        // Keys.
        (
            format!("{}: 1\nb: {{\"{0}\": 2}}", "k".repeat(2000)),
            json!({"k".repeat(2000): 1, "b": {"k".repeat(2000): 2}}),
        ),
        (text(&["? a", "b: 1", "? c", ": 2"]), json!({"a": null, "b": 1, "c": 2})),
    ]);
}

#[test]
fn booleans_tags_and_comments_of_json_are_read_as_others_read_them() {
    check_values(&[
        // Anchors and tags.
        (text(&["a: &x 1", "b: &x 2", "c: *x"]), json!({"a": 1, "b": 2, "c": 2})),
        (text(&["a: &a", "  b: *a", "  c: 1"]), json!({"a": {"b": null, "c": 1}})),
        (
            text(&["a: !!binary aGk=", "b: !!set {x}", "c: !Ref y"]),
            json!({"a": "aGk=", "b": {"x": null}, "c": "y"}),
        ),
        // Booleans of the core schema, and what is none.
        (text(&["enum: [False, TRUE, true, NULL]"]), json!({"enum": [false, true, true, null]})),
        (
            text(&["enum: ['True', NO, yes, on, Off, y]"]),
            json!({"enum": ["True", "NO", "yes", "on", "Off", "y"]}),
        ),
        (
            text(&["exclusiveMaximum: True", "nullable: FALSE"]),
            json!({"exclusiveMaximum": true, "nullable": false}),
        ),
        ("{\"a\": True}".into(), json!({"a": true})),
        // JSON with comments.
        (
            text(&["// a", "/* b", "*/ {\"a\": 1, // c", "\"b\": \"// d\",}"]),
            json!({"a": 1, "b": "// d"}),
        ),
    ]);
}

#[test]
fn what_is_mended_is_said_and_keeps_its_lines() {
    check(
        "a:\n  b: 'one\n  two\n  three'\n  c: [1,#x\n    2]\n  d: \"x\"#y\ne:\n- f: \"x\n- y\"\n  g: 1\nh: &h {i: *h}\n",
        &expect![[r#"
            1  {}
            1 /a {}
            2 /a/b "one two three"
            5 /a/c []
            5 /a/c/0 1
            6 /a/c/1 2
            7 /a/d "x"
            8 /e []
            9 /e/0 {}
            9 /e/0/f "x - y"
            11 /e/0/g 1
            12 /h {}
            12 /h/i null
            a.yaml:3: warning: a line of a quoted text is indented no deeper than its key (indent it; it is read as part of the text)
            a.yaml:5: warning: a comment follows without a space (put a space before its `#`)
            a.yaml:7: warning: a comment follows without a space (put a space before its `#`)
            a.yaml:10: warning: a line of a quoted text is indented no deeper than its key (indent it; it is read as part of the text)
            a.yaml:12: warning: an alias is inside the value it repeats; it is read as null (repeat a part that it is not in)
        "#]],
    );
}

#[test]
fn many_faults_are_mended_in_time() {
    let one = "  - name: \"one\n  two\"\n    other: {a: \"b\"}#c\n";
    let many = format!("list:\n{}", one.repeat(3000));
    let document = Document::parse("a.yaml", &many, &mut Vec::new()).unwrap();
    assert_eq!(document.line("/list/2999/other"), 1 + 3 * 3000);
    assert_eq!(document.root()["list"][2999], json!({"name": "one two", "other": {"a": "b"}}));
}

#[test]
fn what_is_named_json_is_told_what_json_lacks() {
    let mut findings = Vec::new();
    assert!(Document::parse("a.json", "{\"a\": 1,\n \"b\" 2}", &mut findings).is_none());
    expect!["a.json:2: error: cannot be read: expected `:` at line 2 column 6"]
        .assert_eq(&findings[0].to_string());
}

#[test]
fn bombs_are_refused() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        writeln!(bomb, "a{level}: &a{level} [{aliases}]").unwrap();
    }
    check(
        &bomb,
        &expect![[r#"
        nothing
        a.yaml:6: error: its aliases unfold to more than is reasonable
    "#]],
    );
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; 100].join(", "));
    check(
        &long,
        &expect![[r#"
        nothing
        a.yaml:2: error: its aliases unfold to more than is reasonable
    "#]],
    );
}

#[test]
fn deep_nesting_is_refused() {
    let mut chain = "a0: &a0 {x: 1}\n".to_owned();
    for level in 1..400 {
        writeln!(chain, "a{level}: &a{level} {{x: *a{}}}", level - 1).unwrap();
    }
    check(
        &chain,
        &expect![[r#"
        nothing
        a.yaml:254: error: nests deeper than 255 levels
    "#]],
    );
    check(
        &"[".repeat(100_000),
        &expect![[r#"
        nothing
        a.yaml:1: error: cannot be read: recursion limit exceeded
    "#]],
    );
    check(
        &"- ".repeat(100_000),
        &expect![[r#"
        nothing
        a.yaml:1: error: cannot be read: recursion limit exceeded
    "#]],
    );
    check(
        &format!("{}1{}", "{\"a\": ".repeat(300), "}".repeat(300)),
        &expect![[r#"
        nothing
        a.yaml:1: error: cannot be read: recursion limit exceeded
    "#]],
    );
}
