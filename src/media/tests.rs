//! What is accepted, and what bodies look like.

use expect_test::{Expect, expect};
use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;
use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};
use serde_json::{Value, json};

use super::*;
use crate::openapi::Contract;
use crate::yaml::Document;

fn headers(lines: &[&str]) -> HeaderMap {
    let line = |line: &&str| (ACCEPT, HeaderValue::from_str(line).unwrap());
    lines.iter().map(line).collect()
}

/// What is chosen of the offered types, and sent.
fn chosen(lines: &[&str], offered: &[&str]) -> String {
    let headers = headers(lines);
    match choose(&headers, offered.iter().copied()) {
        Choice::Anything => "anything".to_owned(),
        Choice::None => "none".to_owned(),
        Choice::Of(offered) => match concrete(&headers, offered) {
            sent if sent == offered => offered.to_owned(),
            sent => format!("{offered} as {sent}"),
        },
    }
}

fn table(rows: &[(&[&str], &[&str])], expected: &Expect) {
    let rows = rows.iter().map(|(lines, offered)| {
        format!("{} | {} | {}\n", lines.join(" & "), offered.join(" "), chosen(lines, offered))
    });
    expected.assert_eq(&rows.collect::<String>());
}

#[test]
fn the_best_type_is_chosen() {
    let both = &["application/json", "application/xml"][..];
    table(
        &[
            (&[], both),
            (&[""], both),
            (&["*/*"], both),
            (&["application/xml"], both),
            (&["APPLICATION/Xml"], both),
            (&["text/html, application/xml;q=0.9, application/json;q=0.95"], both),
            (&["application/xml, application/json"], both),
            (&["*/*, application/xml"], both),
            (&["application/*;q=0.5, application/xml;q=0.1"], both),
            (&["application/json;q=0, */*"], both),
            (&["application/json;q=0"], both),
            (&["application/json;q=0.000, application/xml;q=0.001"], both),
            (&["text/html"], both),
            (&["text/html", "application/xml"], both),
            (&["text/html"], &[]),
            (&["text/html, image/gif, *; q=.2"], both),
        ],
        &expect![[r#"
             | application/json application/xml | anything
             | application/json application/xml | anything
            */* | application/json application/xml | application/json
            application/xml | application/json application/xml | application/xml
            APPLICATION/Xml | application/json application/xml | application/xml
            text/html, application/xml;q=0.9, application/json;q=0.95 | application/json application/xml | application/json
            application/xml, application/json | application/json application/xml | application/xml
            */*, application/xml | application/json application/xml | application/xml
            application/*;q=0.5, application/xml;q=0.1 | application/json application/xml | application/json
            application/json;q=0, */* | application/json application/xml | application/xml
            application/json;q=0 | application/json application/xml | none
            application/json;q=0.000, application/xml;q=0.001 | application/json application/xml | application/xml
            text/html | application/json application/xml | none
            text/html & application/xml | application/json application/xml | application/xml
            text/html |  | none
            text/html, image/gif, *; q=.2 | application/json application/xml | application/json
        "#]],
    );
}

#[test]
fn parameters_choose_where_they_can() {
    let versions = &["application/vnd.x+json; version=1", "application/vnd.x+json; version=2"][..];
    table(
        &[
            (&["application/vnd.x+json;version=2"], versions),
            (&["application/vnd.x+json; Version=\"2\""], versions),
            (&["application/vnd.x+json"], versions),
            (&["application/vnd.x+json;version=3"], versions),
            (&["application/vnd.x+json;version=1;q=0, application/vnd.x+json"], versions),
            (&["application/json; charset=utf-8"], &["application/json"]),
            (&["application/json"], &["application/json; charset=utf-8"]),
            (&["application/json;v=1;q=0, application/json;v=2"], &["application/json"]),
            (&["application/json;a=\"x,y;q=0\""], &["application/json"]),
        ],
        &expect![[r#"
            application/vnd.x+json;version=2 | application/vnd.x+json; version=1 application/vnd.x+json; version=2 | application/vnd.x+json; version=2
            application/vnd.x+json; Version="2" | application/vnd.x+json; version=1 application/vnd.x+json; version=2 | application/vnd.x+json; version=2
            application/vnd.x+json | application/vnd.x+json; version=1 application/vnd.x+json; version=2 | application/vnd.x+json; version=1
            application/vnd.x+json;version=3 | application/vnd.x+json; version=1 application/vnd.x+json; version=2 | application/vnd.x+json; version=1
            application/vnd.x+json;version=1;q=0, application/vnd.x+json | application/vnd.x+json; version=1 application/vnd.x+json; version=2 | application/vnd.x+json; version=2
            application/json; charset=utf-8 | application/json | application/json
            application/json | application/json; charset=utf-8 | application/json; charset=utf-8
            application/json;v=1;q=0, application/json;v=2 | application/json | application/json
            application/json;a="x,y;q=0" | application/json | application/json
        "#]],
    );
}

#[test]
fn an_offered_range_is_fulfilled_with_what_is_asked_for() {
    table(
        &[
            (&["application/xml"], &["*/*"]),
            (&["application/pdf"], &["application/*"]),
            (&["application/vnd.x+json; version=1"], &["application/*"]),
            (&["*/*"], &["*/*"]),
            (&["application/*"], &["*/*"]),
            (&["text/*"], &["*/*"]),
            (&["image/*"], &["image/*"]),
            (&["text/*"], &["text/*"]),
            (&["text/html"], &["application/*"]),
            (&["application/json;q=0, */*"], &["*/*"]),
            (&["text/csv;q=0.5, application/xml"], &["*/*"]),
            (&["application/xml;q=0.5, text/csv"], &["application/*", "text/csv"]),
        ],
        &expect![[r#"
            application/xml | */* | */* as application/xml
            application/pdf | application/* | application/* as application/pdf
            application/vnd.x+json; version=1 | application/* | application/* as application/vnd.x+json; version=1
            */* | */* | */* as application/json
            application/* | */* | */* as application/json
            text/* | */* | */* as text/plain
            image/* | image/* | image/* as image/png
            text/* | text/* | text/* as text/plain
            text/html | application/* | none
            application/json;q=0, */* | */* | */* as text/plain
            text/csv;q=0.5, application/xml | */* | */* as application/xml
            application/xml;q=0.5, text/csv | application/* text/csv | text/csv
        "#]],
    );
}

#[test]
fn malformed_parts_are_passed_over() {
    table(
        &[
            (&["json"], &["text/plain"]),
            (&["a/b/c, text/plain;q=2, */json, ,;, text/plain;q"], &["text/plain"]),
            (&["application/json;q=1.0000, text/plain;q=0.5"], &["application/json", "text/plain"]),
            (&["\"text/plain"], &["text/plain"]),
            // What a document offers under a name that is none.
            (&["text/html, */*;q=0.8"], &["json"]),
            (&["application/json"], &["json"]),
        ],
        &expect![[r#"
            json | text/plain | anything
            a/b/c, text/plain;q=2, */json, ,;, text/plain;q | text/plain | anything
            application/json;q=1.0000, text/plain;q=0.5 | application/json text/plain | text/plain
            "text/plain | text/plain | anything
            text/html, */*;q=0.8 | json | json
            application/json | json | none
        "#]],
    );
}

#[test]
fn only_so_many_ranges_are_looked_at() {
    let ranges = |others: usize| format!("{}text/plain", "a/b, ".repeat(others));
    assert_eq!(chosen(&[&ranges(63)], &["text/plain"]), "text/plain");
    assert_eq!(chosen(&[&ranges(64)], &["text/plain"]), "none");
}

/// A contract with these schemas, and the one called `S`.
fn schemas(version: &str, schemas: &str) -> Contract {
    let schemas: String = schemas.lines().flat_map(|line| ["    ", line, "\n"]).collect();
    let text = format!(
        "openapi: {version}\ninfo: {{title: T, version: '1'}}\npaths:\n  /a:\n    get:\n      responses:\n        \
         '200':\n          description: d\n          content:\n            a/b:\n              schema: {{$ref: \
         '#/components/schemas/S'}}\ncomponents:\n  schemas:\n{schemas}"
    );
    let mut findings = Vec::new();
    let document = Document::parse("a.yaml", &text, &mut findings).unwrap();
    let contract = Contract::load(&document, &mut findings).unwrap();
    assert!(findings.is_empty(), "{findings:?}");
    contract
}

fn body(value: &Value, media_type: &str, contract: &Contract) -> String {
    let id = contract.operations[0].responses["200"].content["a/b"].schema.unwrap();
    let written = write(value, media_type, Some((&contract.schemas, id))).unwrap();
    String::from_utf8(written.body.to_vec()).unwrap()
}

fn bare(value: &Value, media_type: &str) -> Option<(String, String)> {
    let written = write(value, media_type, None)?;
    let text = String::from_utf8(written.body.to_vec()).unwrap();
    Some((text, written.content_type.to_str().unwrap().to_owned()))
}

const PET: &str = r"S:
  type: object
  xml: {name: pet}
  properties:
    id: {type: integer, xml: {attribute: true}}
    category: {$ref: '#/components/schemas/Category'}
    photoUrls: {type: array, xml: {wrapped: true}, items: {type: string, xml: {name: photoUrl}}}
    tags: {type: array, xml: {name: labels, wrapped: true}, items: {$ref: '#/components/schemas/Tag'}}
    names: {type: array, xml: {name: unused}, items: {type: string}}
    nested: {type: array, items: {type: array, items: {type: integer}}}
    note: {type: string, xml: {namespace: 'http://a.test/n', prefix: n}}
    age: {type: integer, nullable: true}
Category:
  type: object
  xml: {name: kind}
  properties: {name: {type: string}}
Tag:
  xml: {name: label}
  allOf:
    - properties: {lang: {type: string, xml: {attribute: true, prefix: l, namespace: 'http://a.test/l'}}}
    - properties: {text: {type: string}}
";

#[test]
fn xml_follows_the_hints_of_its_schema() {
    let contract = schemas("3.0.3", PET);
    let pet = json!({
        "id": 7, "category": {"name": "a < b & c"}, "photoUrls": ["u", "v"],
        "tags": [{"text": "x", "lang": "en \"GB\""}], "names": ["n", "m"], "nested": [[1, 2], []],
        "note": "\u{1}hi", "age": null, "free text": true
    });
    let written = body(&pet, "application/xml", &contract);
    let lines = written.replace("><", ">\n<") + "\n";
    expect![[r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <pet id="7">
        <kind>
        <name>a &lt; b &amp; c</name>
        </kind>
        <photoUrls>
        <photoUrl>u</photoUrl>
        <photoUrl>v</photoUrl>
        </photoUrls>
        <labels>
        <label xmlns:l="http://a.test/l" l:lang="en &quot;GB&quot;">
        <text>x</text>
        </label>
        </labels>
        <names>n</names>
        <names>m</names>
        <nested>
        <nested>1</nested>
        <nested>2</nested>
        </nested>
        <nested>
        </nested>
        <n:note xmlns:n="http://a.test/n">hi</n:note>
        <age>
        </age>
        <free_text>true</free_text>
        </pet>
    "#]]
    .assert_eq(&lines);
}

#[test]
fn hints_beside_a_reference_count_where_the_version_has_them() {
    let text = "S:\n  type: object\n  properties:\n    a: {$ref: '#/components/schemas/A', xml: {name: beside}}\n    \
                b: {xml: {name: around}, allOf: [{$ref: '#/components/schemas/A'}]}\n\
                A: {type: string, xml: {name: behind}}";
    let value = json!({"a": "x", "b": "y"});
    let written = |version| body(&value, "text/xml", &schemas(version, text));
    expect![[
        r#"<?xml version="1.0" encoding="UTF-8"?><S><behind>x</behind><around>y</around></S>"#
    ]]
    .assert_eq(&written("3.0.3"));
    expect![[
        r#"<?xml version="1.0" encoding="UTF-8"?><S><beside>x</beside><around>y</around></S>"#
    ]]
    .assert_eq(&written("3.1.0"));
}

#[test]
fn hints_are_found_in_alternatives() {
    let text = r"S:
  oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}]
  discriminator: {propertyName: kind}
Cat:
  type: object
  required: [kind]
  properties: {kind: {type: string, xml: {attribute: true}}}
Dog:
  allOf:
    - $ref: '#/components/schemas/Cat'
    - properties: {barks: {type: boolean, xml: {name: Barks}}}
";
    let value = json!({"kind": "Dog", "barks": true});
    let written = body(&value, "application/xml", &schemas("3.0.3", text));
    expect![[r#"<?xml version="1.0" encoding="UTF-8"?><S kind="Dog"><Barks>true</Barks></S>"#]]
        .assert_eq(&written);
}

#[test]
fn a_list_at_the_root_has_an_element_around_it() {
    let text = "S: {type: array, items: {$ref: '#/components/schemas/Pet'}}\nPet: {type: object}";
    let written = body(&json!([{"a": 1}, {}]), "application/xml", &schemas("3.0.3", text));
    expect![[r#"<?xml version="1.0" encoding="UTF-8"?><S><Pet><a>1</a></Pet><Pet></Pet></S>"#]]
        .assert_eq(&written);
    let (written, _) = bare(&json!([1, [2]]), "application/atom+xml").unwrap();
    expect![[r#"<?xml version="1.0" encoding="UTF-8"?><root><item>1</item><item><item>2</item></item></root>"#]]
        .assert_eq(&written);
}

#[test]
fn namespaces_are_declared_once_and_prefixes_only_with_them() {
    let text = r"S:
  xml: {namespace: 'http://a.test/s', prefix: s}
  type: object
  properties:
    same: {type: string, xml: {namespace: 'http://a.test/s', prefix: s}}
    inherited: {type: string, xml: {prefix: s}}
    unbound: {type: string, xml: {prefix: u}}
    own: {type: string, xml: {namespace: 'http://a.test/o'}}
    reserved: {type: string, xml: {prefix: xmlfoo, namespace: 'http://a.test/x'}}
    xmlns: {type: string, xml: {attribute: true}}
";
    let value =
        json!({"same": 1, "inherited": 2, "unbound": 3, "own": 4, "reserved": 5, "xmlns": 6});
    let written = body(&value, "application/xml", &schemas("3.0.3", text)).replace("><", ">\n<");
    expect![[r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <s:S xmlns:s="http://a.test/s" _xmlns="6">
        <s:same>1</s:same>
        <s:inherited>2</s:inherited>
        <unbound>3</unbound>
        <own xmlns="http://a.test/o">4</own>
        <reserved xmlns="http://a.test/x">5</reserved>
        </s:S>
    "#]]
    .assert_eq(&(written + "\n"));
}

/// What becomes of each value as the type beside it.
fn written(rows: &[(&str, &Value)], expected: &Expect) {
    let rows = rows.iter().map(|(media_type, value)| match bare(value, media_type) {
        Some((body, content_type)) => format!("{content_type}: {body:?}\n"),
        None => format!("{media_type:?}: none\n"),
    });
    expected.assert_eq(&rows.collect::<Vec<_>>().concat());
}

#[test]
fn a_record_or_list_is_written_in_the_way_of_its_media_type() {
    let list = json!([{"a": 1, "b": "x,\"y\""}, {"a": null, "c": [true]}]);
    let record = json!({"a b": "ü&", "list": [1, "2"], "deep": {"x": 1}, "none": null});
    let event = json!([{"event": "e", "data": "a\r\nb", "id": 7}, {"data": 1, "more": 2}, "text"]);
    written(
        &[
            ("application/json", &list),
            ("application/problem+json; charset=utf-8", &record),
            ("application/x-ndjson", &list),
            ("application/jsonl", &record),
            ("application/json-seq", &list),
            ("text/event-stream", &event),
            ("application/x-www-form-urlencoded", &record),
            ("application/x-www-form-urlencoded", &list),
            ("text/csv", &list),
            ("text/csv", &json!([["a", 1], ["b\n", null]])),
            ("text/csv", &record),
            ("text/plain", &record),
            ("application/yaml", &json!({"a": ["b"]})),
            ("image/png", &record),
        ],
        &expect![[r#"
            application/json: "[{\"a\":1,\"b\":\"x,\\\"y\\\"\"},{\"a\":null,\"c\":[true]}]"
            application/problem+json; charset=utf-8: "{\"a b\":\"ü&\",\"list\":[1,\"2\"],\"deep\":{\"x\":1},\"none\":null}"
            application/x-ndjson: "{\"a\":1,\"b\":\"x,\\\"y\\\"\"}\n{\"a\":null,\"c\":[true]}\n"
            application/jsonl: "{\"a b\":\"ü&\",\"list\":[1,\"2\"],\"deep\":{\"x\":1},\"none\":null}\n"
            application/json-seq: "\u{1e}{\"a\":1,\"b\":\"x,\\\"y\\\"\"}\n\u{1e}{\"a\":null,\"c\":[true]}\n"
            text/event-stream: "event: e\nid: 7\ndata: a\ndata: b\n\ndata: {\"data\":1,\"more\":2}\n\ndata: text\n\n"
            application/x-www-form-urlencoded: "a+b=%C3%BC%26&list=1&list=2&deep=%7B%22x%22%3A1%7D"
            "application/x-www-form-urlencoded": none
            text/csv: "a,b,c\r\n1,\"x,\"\"y\"\"\",\r\n,,[true]\r\n"
            text/csv: "a,1\r\n\"b\n\",\r\n"
            text/csv: "{\"a b\":\"ü&\",\"list\":[1,\"2\"],\"deep\":{\"x\":1},\"none\":null}"
            text/plain: "{\"a b\":\"ü&\",\"list\":[1,\"2\"],\"deep\":{\"x\":1},\"none\":null}"
            application/yaml: "{\n  \"a\": [\n    \"b\"\n  ]\n}\n"
            "image/png": none
        "#]],
    );
}

#[test]
fn a_text_stands_for_its_body_where_that_is_no_json() {
    written(
        &[
            ("application/json", &json!("a")),
            ("text/csv", &json!("a;b")),
            ("text/html", &json!("<p>")),
            ("text/plain", &json!(1.5)),
            ("text/plain", &json!(null)),
            ("application/yaml", &json!("a: b")),
            ("application/xml", &json!(" <a/>")),
            ("application/xml", &json!("a")),
            ("image/png", &json!("bytes")),
            ("application/pdf", &json!(null)),
            ("application/*", &json!(1)),
            ("*/*", &json!("a")),
            ("application/json\n", &json!(1)),
        ],
        &expect![[r#"
            application/json: "\"a\""
            text/csv: "a;b"
            text/html: "<p>"
            text/plain: "1.5"
            text/plain: ""
            application/yaml: "a: b"
            application/xml: " <a/>"
            application/xml: "<?xml version=\"1.0\" encoding=\"UTF-8\"?><root>a</root>"
            image/png: "bytes"
            "application/pdf": none
            application/json: "1"
            application/json: "\"a\""
            "application/json\n": none
        "#]],
    );
}

#[test]
fn bytes_are_decoded_where_the_schema_says_what_they_are() {
    let read = |schema: &str, version: &str, media_type: &str, text: &str| {
        body(&json!(text), media_type, &schemas(version, schema))
    };
    let byte = "S: {type: string, format: byte}";
    assert_eq!(read(byte, "3.0.3", "application/octet-stream", "aGk="), "hi");
    assert_eq!(read(byte, "3.0.3", "image/png", "no base64"), "no base64");
    assert_eq!(read(byte, "3.0.3", "text/plain", "aGk="), "aGk=");
    assert_eq!(read("S: {contentEncoding: base64}", "3.1.0", "application/zip", "aGk="), "hi");
    assert_eq!(read("S: {type: string}", "3.1.0", "application/zip", "aGk="), "aGk=");
}

#[test]
fn a_record_is_written_in_parts() {
    let text = r"S:
  type: object
  properties:
    file: {type: string, format: binary}
    image: {type: string, contentEncoding: base64, contentMediaType: image/png}
    files: {type: array, items: {type: string, format: binary}}
";
    let value = json!({
        "name\"\r\n": "ü", "count": 3, "file": "f", "image": "aGk=", "files": ["a"], "list": [1, {"x": 2}],
        "none": null
    });
    let contract = schemas("3.1.0", text);
    let id = contract.operations[0].responses["200"].content["a/b"].schema.unwrap();
    let media_type = "multipart/form-data; boundary=mine; x=1";
    let written = write(&value, media_type, Some((&contract.schemas, id))).unwrap();
    let text = String::from_utf8(written.body.to_vec()).unwrap().replace("\r\n", "\n");
    expect![[r#"
        multipart/form-data; x=1; boundary=tombstone-06bd9c8dc77be4424e022e1e6320dae9
        --tombstone-06bd9c8dc77be4424e022e1e6320dae9
        Content-Disposition: form-data; name="name%22%0D%0A"
        Content-Type: text/plain; charset=utf-8

        ü
        --tombstone-06bd9c8dc77be4424e022e1e6320dae9
        Content-Disposition: form-data; name="count"
        Content-Type: text/plain; charset=utf-8

        3
        --tombstone-06bd9c8dc77be4424e022e1e6320dae9
        Content-Disposition: form-data; name="file"; filename="file"
        Content-Type: application/octet-stream

        f
        --tombstone-06bd9c8dc77be4424e022e1e6320dae9
        Content-Disposition: form-data; name="image"; filename="image"
        Content-Type: image/png

        hi
        --tombstone-06bd9c8dc77be4424e022e1e6320dae9
        Content-Disposition: form-data; name="files"; filename="files"
        Content-Type: application/octet-stream

        a
        --tombstone-06bd9c8dc77be4424e022e1e6320dae9
        Content-Disposition: form-data; name="list"
        Content-Type: text/plain; charset=utf-8

        1
        --tombstone-06bd9c8dc77be4424e022e1e6320dae9
        Content-Disposition: form-data; name="list"
        Content-Type: application/json

        {"x":2}
        --tombstone-06bd9c8dc77be4424e022e1e6320dae9--
    "#]]
    .assert_eq(&format!("{}\n{text}", written.content_type.to_str().unwrap()));
}

#[test]
fn a_list_is_written_in_parts_without_names() {
    let list = bare(&json!(["a", {"b": 1}]), "multipart/mixed").unwrap();
    expect![[r#"
        multipart/mixed; boundary=tombstone-429bbd25f6d9a528b17071bc4785cbcc
        --tombstone-429bbd25f6d9a528b17071bc4785cbcc
        Content-Type: text/plain; charset=utf-8

        a
        --tombstone-429bbd25f6d9a528b17071bc4785cbcc
        Content-Type: application/json

        {"b":1}
        --tombstone-429bbd25f6d9a528b17071bc4785cbcc--
    "#]]
    .assert_eq(&format!("{}\n{}", list.1, list.0.replace("\r\n", "\n")));
    assert_eq!(bare(&json!(["a"]), "multipart/form-data"), None);
    assert_eq!(bare(&json!("a"), "multipart/mixed"), None);
}

#[test]
fn a_header_is_written_in_style_simple() {
    let rows = [
        json!("a"),
        json!(1),
        json!(null),
        json!([1, "b", null, [2]]),
        json!({"a": 1, "b": [2]}),
        json!("ü"),
        json!("a\nb"),
    ];
    let text = |value: &Value, explode| {
        let header = header_text(value, explode)?;
        Some(String::from_utf8(header.as_bytes().to_vec()).unwrap())
    };
    let rows =
        rows.map(|value| format!("{value} {:?} {:?}\n", text(&value, false), text(&value, true)));
    expect![[r#"
        "a" Some("a") Some("a")
        1 Some("1") Some("1")
        null None None
        [1,"b",null,[2]] Some("1,b,,[2]") Some("1,b,,[2]")
        {"a":1,"b":[2]} Some("a,1,b,[2]") Some("a=1,b=[2]")
        "ü" Some("ü") Some("ü")
        "a\nb" None None
    "#]]
    .assert_eq(&rows.concat());
}

/// Values of all kinds with names and texts of all kinds.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[ -~\r\n\t\u{0}-\u{1f}]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        let name = prop_oneof![any::<String>(), "[a-z:\"<\r\n-]{0,6}", Just("xmlns".to_owned())];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Reads XML as a reader that knows namespaces does; panics where it is not well-formed.
fn read_xml(text: &str) -> usize {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let (mut depth, mut roots) = (0, 0);
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                roots += usize::from(depth == 0);
                depth += 1;
                let is_name = |name: &[u8]| {
                    let name = std::str::from_utf8(name).unwrap();
                    !name.contains(|c: char| c.is_whitespace() || "<>&\"'/=:".contains(c))
                        && !name.starts_with(|c: char| c.is_ascii_digit() || "-.".contains(c))
                        && !name.is_empty()
                };
                assert!(is_name(start.name().as_ref()), "{text}");
                for attribute in start.attributes().with_checks(true) {
                    attribute.unwrap().normalized_value(XmlVersion::Implicit1_0).unwrap();
                }
            }
            Event::End(_) => depth -= 1,
            Event::Text(piece) => drop(piece.decode().unwrap()),
            Event::Eof => break,
            _ => {}
        }
    }
    let is_legal = |c: char| c >= ' ' || matches!(c, '\t' | '\r' | '\n');
    assert!(depth == 0 && text.chars().all(is_legal), "{text}");
    roots
}

/// The contents of the parts of a body, as a reader splits them.
fn split(body: &[u8], content_type: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    let (_, boundary) = content_type.split_once("; boundary=").unwrap();
    let delimiter = format!("\r\n--{boundary}").into_bytes();
    let body = [b"\r\n", body].concat();
    let find = |text: &[u8], what: &[u8]| text.windows(what.len()).position(|at| at == what);
    let mut rest = &body[find(&body, &delimiter).unwrap() + delimiter.len()..];
    let mut found = Vec::new();
    while !rest.starts_with(b"--") {
        let end = find(rest, &delimiter).unwrap();
        let part = &rest[2..end];
        let head = find(part, b"\r\n\r\n").unwrap();
        found.push((part[..head].to_vec(), part[head + 4..].to_vec()));
        rest = &rest[end + delimiter.len()..];
    }
    assert_eq!(rest, b"--\r\n");
    found
}

proptest! {
    #[test]
    fn json_reads_back_as_it_was(value in values()) {
        let written = write(&value, "application/vnd.x+json", None).unwrap();
        prop_assert_eq!(serde_json::from_slice::<Value>(&written.body).unwrap(), value.clone());
        let lines = write(&json!([value]), "application/jsonl", None).unwrap();
        prop_assert_eq!(serde_json::from_slice::<Value>(&lines.body).unwrap(), value);
    }

    #[test]
    fn whatever_is_written_as_xml_is_xml(value in values()) {
        if value.as_str().is_none_or(|text| !text.trim_start().starts_with('<')) {
            let (text, _) = bare(&value, "application/xml").unwrap();
            prop_assert_eq!(read_xml(&text), 1);
        }
    }

    #[test]
    fn parts_are_as_many_as_there_are_values(value in values()) {
        let Some(written) = write(&value, "multipart/form-data", None) else { return Ok(()) };
        let parts = split(&written.body, written.content_type.to_str().unwrap());
        let members = value.as_object().unwrap().values().filter(|value| !value.is_null());
        let expected: Vec<String> = members
            .flat_map(|value| match value {
                Value::Array(items) => items.clone(),
                one => vec![one.clone()],
            })
            .map(|value| super::text::scalar(&value))
            .collect();
        let contents: Vec<String> =
            parts.iter().map(|(_, content)| String::from_utf8(content.clone()).unwrap()).collect();
        prop_assert_eq!(contents, expected);
        for (head, _) in parts {
            prop_assert_eq!(head.windows(2).filter(|at| at == b"\r\n").count(), 1);
        }
    }

    #[test]
    fn a_form_reads_back_as_it_was(members in prop::collection::btree_map(any::<String>(), any::<String>(), 0..6)) {
        let written = write(&json!(members), "application/x-www-form-urlencoded", None).unwrap();
        let read: std::collections::BTreeMap<String, String> =
            form_urlencoded::parse(&written.body).into_owned().collect();
        prop_assert_eq!(read, members);
    }

    #[test]
    fn nothing_that_is_asked_for_or_offered_panics(
        accept in "[ -~]{0,40}", media_type in "\\PC{0,20}", value in values()
    ) {
        let headers = headers(&[&accept]);
        if let Choice::Of(chosen) = choose(&headers, [media_type.as_str()]) {
            prop_assert_eq!(chosen, media_type.as_str());
        }
        let sent = concrete(&headers, &media_type);
        drop(write(&value, &sent, None));
        for kind in ["text/csv", "text/event-stream", "application/json-seq", "text/plain", "multipart/mixed"] {
            drop(write(&value, kind, None));
        }
        drop(header_text(&value, true));
    }
}
