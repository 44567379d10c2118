//! Faults as they are written, and what they do to requests.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use expect_test::{Expect, expect};
use http::{HeaderMap, Method};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const MS: Duration = Duration::from_millis(1);

fn fault(written: &Value) -> Arc<Fault> {
    Arc::new(Fault::compile(FaultFormat::read(written).unwrap()).unwrap())
}

fn faults(written: impl IntoIterator<Item = Value>) -> FaultSet {
    FaultSet::new(written.into_iter().map(|written| fault(&written)), 1).unwrap()
}

/// A deletion of a shop, with these headers.
fn with_deletion<T>(headers: &HeaderMap, look: impl FnOnce(&FaultTarget<'_>) -> T) -> T {
    look(&FaultTarget {
        provider: Some("mall"),
        operation: Some("deleteShop"),
        method: &Method::DELETE,
        path: "/shops/7",
        headers,
    })
}

fn strike(faults: &mut FaultSet) -> Option<FaultEffect> {
    with_deletion(&HeaderMap::new(), |target| faults.effect_on(target))
}

/// Which of so many deletions are struck: `x` for each that is, `.` for each that is not.
fn struck(faults: &mut FaultSet, requests: usize) -> String {
    (0..requests).map(|_| if strike(faults).is_some() { 'x' } else { '.' }).collect()
}

fn refused(written: &Value) -> String {
    let problems = FaultFormat::read(written).and_then(Fault::compile).unwrap_err();
    let lines = problems.iter().map(|problem| format!("{}: {problem}\n", problem.pointer));
    lines.collect::<Vec<_>>().concat()
}

fn check_refused(written: &Value, expected: &Expect) {
    expected.assert_eq(&refused(written));
}

fn everything() -> Value {
    json!({
        "provider": "mall",
        "operation": "deleteShop",
        "method": "DELETE",
        "path": "/shops/*",
        "headers": { "x-test": "1", "x-any": null },
        "probability": 0.3,
        "after": 2,
        "times": 3,
        "delay": { "lognormal": { "median": "90ms", "sigma": 0.5 } },
        "answer": {
            "status": 429,
            "headers": { "Retry-After": 3 },
            "body": { "error": "slow down" },
        },
        "connection": { "trickle": { "bytes": 16, "every": "100ms" } },
        "commit": false,
    })
}

#[test]
fn what_is_written_is_what_is_shown_with_the_counts() {
    let mut all = faults([everything()]);
    strike(&mut all);
    let mut expected = json!({ "id": "f1" });
    expected.as_object_mut().unwrap().extend(everything().as_object().unwrap().clone());
    expected["matched"] = json!(0);
    expected["struck"] = json!(0);
    assert_eq!(
        serde_json::to_string_pretty(&all.list()[0]).unwrap(),
        serde_json::to_string_pretty(&expected).unwrap()
    );
}

#[test]
fn every_form_of_delay_and_connection_is_read_as_it_is_shown() {
    for (key, value) in [
        ("delay", json!("200ms")),
        ("delay", json!({ "fixed": "2s" })),
        ("delay", json!({ "uniform": { "min": "50ms", "max": "1s" } })),
        ("connection", json!("reset")),
        ("connection", json!("empty")),
        ("connection", json!("garbage")),
        ("connection", json!({ "cut": 10 })),
    ] {
        let written = json!({ key: value });
        assert_eq!(serde_json::to_value(fault(&written).as_ref()).unwrap(), written);
    }
}

#[test]
fn the_schema_allows_what_is_read_and_no_other_key() {
    let schema = schemars::schema_for!(FaultFormat).to_value();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    assert!(validator.is_valid(&everything()));
    assert!(validator.is_valid(&json!({ "connection": { "cut": 10 }, "delay": "1s" })));
    for wrong in [
        json!({ "delai": "1s" }),
        json!({ "probability": 2 }),
        json!({ "answer": { "status": 199 } }),
        json!({ "connection": "slow" }),
    ] {
        assert!(!validator.is_valid(&wrong), "{wrong}");
    }
}

#[test]
fn keys_and_forms_that_are_not_known_are_all_named_at_once() {
    check_refused(
        &json!({
            "opration": "deleteShop",
            "zzz": 1,
            "headers": { "x-test": [] },
            "probability": "often",
            "after": -1,
            "delay": 200,
            "answer": { "staus": 503 },
            "connection": "rest",
        }),
        &expect![[r#"
            /opration: `opration` is not known here (did you mean `operation`? known are `provider`, `operation`, `method`, `path`, `headers`, `probability`, `after`, `times`, `delay`, `answer`, `connection`, `commit`)
            /zzz: `zzz` is not known here (known are `provider`, `operation`, `method`, `path`, `headers`, `probability`, `after`, `times`, `delay`, `answer`, `connection`, `commit`)
            /headers: `headers` cannot be `{"x-test":[]}` (write names with text or null, as in `{"x-test": "1"}`)
            /probability: `probability` cannot be `"often"` (write a number from 0 to 1)
            /after: `after` cannot be `-1` (write a whole number)
            /delay: `delay` cannot be `200` (write a duration such as `"200ms"`, `{"uniform": {"min": "50ms", "max": "1s"}}` or `{"lognormal": {"median": "90ms", "sigma": 0.5}}`)
            /answer: `answer` cannot be read: unknown field `staus`, expected one of `status`, `headers`, `body`, `example` (write at least a status, as in `{"status": 503}`)
            /connection: `connection` cannot be `"rest"` (write `"reset"`, `"empty"`, `"garbage"`, `{"cut": 10}` or `{"trickle": {"bytes": 16, "every": "100ms"}}`)
        "#]],
    );
    check_refused(
        &json!([]),
        &expect![[r#"
        : a fault is an object (as in `{"operation": "deleteShop", "answer": {"status": 503}}`)
    "#]],
    );
}

#[test]
fn however_much_is_wrong_the_account_of_it_is_short() {
    let keys = (0..10_000).map(|number| (format!("k{number}"), Value::Null));
    let problems = FaultFormat::read(&Value::Object(keys.collect())).unwrap_err();
    assert_eq!(problems.len(), 20);
    let long = "\u{7}".repeat(100_000);
    let problems = refused(&json!({ "delay": long, "path": long, "method": long }));
    assert!(problems.len() < 2_000 && !problems.contains('\u{7}'), "{problems}");
    assert!(refused(&json!({ "provider": [long] })).len() < 300);
    assert!(refused(&json!({ "answer": { long.clone(): 1 }, "connection": long })).len() < 1_500);
}

#[test]
fn values_that_cannot_be_are_all_named_at_once() {
    check_refused(
        &json!({
            "provider": "x".repeat(1025),
            "method": "DELET",
            "path": "shops/{id}/a**?force=1",
            "headers": { "x test": "1", "x-test": "a\nb" },
            "probability": 1.5,
            "times": 0,
            "delay": { "uniform": { "min": "1s", "max": "50ms" } },
            "answer": {
                "status": 204,
                "headers": { "Content-Length": 3, "x-a": "1", "X-A": "2" },
                "body": "none",
                "example": "one",
            },
            "connection": "empty",
            "commit": true,
        }),
        &expect![[r#"
            /provider: `provider` is longer than 1024 bytes (shorten it)
            /path: path `shops/{id}/a**?force=1` does not begin with `/` (write `/shops/{id}/a**?force=1`, or `**/shops/{id}/a**?force=1` for any place)
            /path: path `shops/{id}/a**?force=1` has a query, which is not part of a path (leave it out from `?` on)
            /path: in path `shops/{id}/a**?force=1`, `**` stands for a part of a segment (write `*` within a segment, and `**` between slashes)
            /path: path `shops/{id}/a**?force=1` has braces, which would be literal (write `*` for a parameter, or use `operation`)
            /probability: `probability` is 1.5 (write a number from 0 to 1)
            /times: `times` is 0, so it never applies (write at least 1, or remove the fault)
            /connection: no `answer` is sent on a connection that is `empty` (leave out one of the two, or use `cut`)
            /commit: `commit` is true, but with `answer` the call does not happen (leave out one of the two)
            /method: `DELET` is not a valid method (did you mean `DELETE`?)
            /headers/x test: `x test` is not a valid header name (use letters, digits and `-`)
            /headers/x-test: `a\u{a}b` cannot be the value of a header (leave out line breaks and other control characters)
            /delay/uniform: `1s` is longer than `50ms` (write the shorter one as `min`)
            /answer/headers/Content-Length: `content-length` is the server's to set (leave it out, and see `connection` for broken answers)
            /answer/headers/X-A: `x-a` is given twice (keep one of them)
            /answer/body: an answer of status 204 has no `body` (leave it out)
            /answer/example: both `body` and `example` are given (leave out one of the two)
        "#]],
    );
}

fn with_status(status: u16) -> Value {
    json!({ "answer": { "status": status } })
}

fn with_body(bytes: usize) -> Value {
    json!({ "answer": { "status": 500, "body": "x".repeat(bytes) } })
}

fn with_path(bytes: usize) -> Value {
    json!({ "delay": "1s", "path": format!("/{}", "x".repeat(bytes - 1)) })
}

fn with_headers(count: usize) -> Value {
    let headers = (0..count).map(|number| (format!("x-{number}"), Value::Null));
    json!({ "delay": "1s", "headers": headers.collect::<serde_json::Map<_, _>>() })
}

fn with_sigma(sigma: f64) -> Value {
    json!({ "delay": { "lognormal": { "median": "1s", "sigma": sigma } } })
}

#[test]
fn values_at_their_bounds_are_taken() {
    for written in [
        with_status(200),
        with_status(599),
        with_body(FAULT_BODY_MAX),
        with_path(1024),
        with_headers(FAULT_HEADERS_MAX),
        with_sigma(0.0),
        with_sigma(4.0),
        json!({ "delay": "10m" }),
        json!({ "delay": "0s", "probability": 0 }),
        json!({ "delay": "0s", "probability": 1 }),
        json!({ "connection": { "cut": 0 } }),
    ] {
        fault(&written);
    }
}

#[test]
fn values_past_their_bounds_are_refused() {
    let past = [
        with_status(199),
        with_status(600),
        with_status(0),
        with_body(FAULT_BODY_MAX + 1),
        with_path(1025),
        with_headers(FAULT_HEADERS_MAX + 1),
        with_sigma(-0.1),
        with_sigma(4.1),
        json!({ "delay": "10m 1ms" }),
        json!({ "delay": "-1s" }),
        json!({ "delay": "soon" }),
        json!({ "connection": { "trickle": { "bytes": 0, "every": "1d" } } }),
        json!({}),
        json!({ "delay": "1s", "commit": false }),
        json!({ "answer": { "status": 500 }, "connection": { "cut": 1 }, "commit": true }),
    ]
    .iter()
    .map(refused)
    .collect::<Vec<_>>()
    .concat();
    expect![[r#"
        /answer/status: `status` 199 is informational: it cannot be all of an answer (write a number from 200 to 599)
        /answer/status: `status` is 600 (write a number from 200 to 599)
        /answer/status: `status` is 0 (write a number from 200 to 599)
        /answer/body: `body` has 65537 bytes, more than 65536 (shorten it)
        /path: `path` is longer than 1024 bytes (shorten it)
        /headers: 33 headers are more than 32 (leave some out)
        /delay/lognormal/sigma: `sigma` is -0.1 (write a number from 0 to 4, such as 0.5)
        /delay/lognormal/sigma: `sigma` is 4.1 (write a number from 0 to 4, such as 0.5)
        /delay: `10m 1ms` is longer than ten minutes (shorten it: no client waits so long)
        /delay: `-1s` is not a valid duration (write a number and a unit, as in `200ms` or `2s`)
        /delay: `soon` is not a valid duration (write a number and a unit, as in `200ms` or `2s`)
        /connection/trickle/bytes: `bytes` is 0, so the body never ends (write at least 1)
        /connection/trickle/every: `1d` is longer than ten minutes (shorten it: no client waits so long)
        : nothing happens: none of `delay`, `answer` and `connection` is given (give at least one of them)
        /commit: `commit` is given without `connection` (leave it out: with `delay` the call happens, with `answer` it does not)
        /commit: `commit` is true, but with `answer` the call does not happen (leave out one of the two)
    "#]].assert_eq(&past);
}

#[test]
fn the_short_form_says_the_same_as_the_long_one() {
    for (short, long) in [
        (
            "operation=deleteShop,status=503,probability=0.1",
            json!({ "operation": "deleteShop", "probability": 0.1, "answer": { "status": 503 } }),
        ),
        ("delay=50ms", json!({ "delay": "50ms" })),
        ("delay=50ms..1s", json!({ "delay": { "uniform": { "min": "50ms", "max": "1s" } } })),
        ("delay=90ms~0.5", json!({ "delay": { "lognormal": { "median": "90ms", "sigma": 0.5 } } })),
        ("connection=reset, commit=true", json!({ "connection": "reset", "commit": true })),
        ("connection=cut:10", json!({ "connection": { "cut": 10 } })),
        (
            "connection=trickle:16/100ms",
            json!({ "connection": { "trickle": { "bytes": 16, "every": "100ms" } } }),
        ),
        (
            "provider=mall, method=delete, path=/shops/**, header.x-test=1, header.x-any=*, after=2, times=1, delay=1s",
            json!({
                "provider": "mall",
                "method": "delete",
                "path": "/shops/**",
                "headers": { "x-test": "1", "x-any": "*" },
                "after": 2,
                "times": 1,
                "delay": "1s",
            }),
        ),
        (
            "status=429,answer-header.Retry-After=3,answer-header.x-a=b=c,example=slow",
            json!({
                "answer": {
                    "status": 429,
                    "headers": { "Retry-After": "3", "x-a": "b=c" },
                    "example": "slow",
                },
            }),
        ),
        (
            r#"status=500,body={"a": 1, "b": [2, 3]}"#,
            json!({ "answer": { "status": 500, "body": { "a": 1, "b": [2, 3] } } }),
        ),
        (
            "status=500,body=sorry, not today",
            json!({ "answer": { "status": 500, "body": "sorry, not today" } }),
        ),
    ] {
        let read: FaultFormat = short.parse().unwrap_or_else(|error| panic!("{short}: {error}"));
        assert_eq!(read, FaultFormat::read(&long).unwrap(), "{short}");
    }
}

/// What each short form is answered with.
fn explained<const N: usize>(shorts: [&str; N]) -> String {
    let explain = |short| format!("{short}\n{}\n\n", FaultFormat::from_str(short).unwrap_err());
    shorts.map(explain).concat()
}

#[test]
fn a_short_form_that_is_wrong_is_explained() {
    expect![[r#"

        nothing happens: none of `delay`, `answer` and `connection` is given (give at least one of them)

        deleteShop
        `deleteShop` is not `key=value` (write `key=value` with commas between, as in `operation=deleteShop,status=503`)

        opration=deleteShop,stats=503
        `opration` is not known here (did you mean `operation`? known are `provider`, `operation`, `method`, `path`, `header.NAME`, `probability`, `after`, `times`, `delay`, `status`, `answer-header.NAME`, `example`, `connection`, `commit`, `body`)
        `stats` is not known here (did you mean `status`? known are `provider`, `operation`, `method`, `path`, `header.NAME`, `probability`, `after`, `times`, `delay`, `status`, `answer-header.NAME`, `example`, `connection`, `commit`, `body`)

        zzz=1
        `zzz` is not known here (known are `provider`, `operation`, `method`, `path`, `header.NAME`, `probability`, `after`, `times`, `delay`, `status`, `answer-header.NAME`, `example`, `connection`, `commit`, `body`)

        after=two,times=-1,commit=maybe,status=many
        `status` cannot be `many` (write a number from 200 to 599)
        `after` cannot be `"two"` (write a whole number)
        `times` cannot be `-1` (write a whole number)
        `commit` cannot be `"maybe"` (write true or false)

        status=503,status=504,answer-header.a=1,answer-header.a=2
        `status` is given twice (keep one of them)
        `answer-header.a` is given twice (keep one of them)

        status=99,probability=7,method=PURGE,path=shops
        path `shops` does not begin with `/` (write `/shops`, or `**/shops` for any place)
        `probability` is 7 (write a number from 0 to 1)
        `PURGE` is not a valid method (known are GET, PUT, POST, DELETE, OPTIONS, HEAD, PATCH, TRACE, CONNECT)
        `status` is 99 (write a number from 200 to 599)

        header.=1,delay=1s
        `` is not a valid header name (use letters, digits and `-`)

    "#]].assert_eq(&explained([
        "",
        "deleteShop",
        "opration=deleteShop,stats=503",
        "zzz=1",
        "after=two,times=-1,commit=maybe,status=many",
        "status=503,status=504,answer-header.a=1,answer-header.a=2",
        "status=99,probability=7,method=PURGE,path=shops",
        "header.=1,delay=1s",
    ]));
}

#[test]
fn a_short_delay_or_connection_that_is_wrong_is_explained() {
    expect![[r#"
        delay=1s..
        `` is not a valid duration (write a number and a unit, as in `200ms` or `2s`)

        delay=90ms~wide
        `delay` cannot be `{"lognormal":{"median":"90ms","sigma":"wide"}}` (write a duration as in `200ms`, `50ms..1s` or `90ms~0.5`)

        connection=cut
        `connection` cannot be `"cut"` (write `reset`, `empty`, `garbage`, `cut:10` or `trickle:16/100ms`)

        connection=cut:ten
        `connection` cannot be `{"cut":"ten"}` (write `reset`, `empty`, `garbage`, `cut:10` or `trickle:16/100ms`)

        connection=trickle:16
        `` is not a valid duration (write a number and a unit, as in `200ms` or `2s`)

        connection=slow:1
        `connection` cannot be `{"slow":1}` (write `reset`, `empty`, `garbage`, `cut:10` or `trickle:16/100ms`)

    "#]].assert_eq(&explained([
        "delay=1s..",
        "delay=90ms~wide",
        "connection=cut",
        "connection=cut:ten",
        "connection=trickle:16",
        "connection=slow:1",
    ]));
}

#[test]
fn every_condition_that_is_given_must_hold() {
    let mut headers = HeaderMap::new();
    headers.append("x-test", "0".parse().unwrap());
    headers.append("x-test", "1".parse().unwrap());
    for (condition, holds) in [
        (json!({}), true),
        (json!({ "provider": "mall" }), true),
        (json!({ "provider": "market" }), false),
        (json!({ "operation": "deleteShop" }), true),
        (json!({ "operation": "deleteshop" }), false),
        (json!({ "method": "delete" }), true),
        (json!({ "method": "GET" }), false),
        (json!({ "path": "/shops/*" }), true),
        (json!({ "path": "/shops" }), false),
        (json!({ "headers": { "X-Test": "1" } }), true),
        (json!({ "headers": { "x-test": 1 } }), true),
        (json!({ "headers": { "x-test": "2" } }), false),
        (json!({ "headers": { "x-test": null } }), true),
        (json!({ "headers": { "x-test": "*" } }), true),
        (json!({ "headers": { "x-test": "1", "x-other": null } }), false),
        (json!({ "provider": "mall", "operation": "deleteShop", "method": "GET" }), false),
    ] {
        let mut written = condition.clone();
        written["delay"] = json!("1s");
        let struck = with_deletion(&headers, |target| faults([written]).effect_on(target));
        assert_eq!(struck.is_some(), holds, "{condition}");
    }
}

#[test]
fn a_request_that_reached_nothing_is_struck_by_what_asks_for_nothing_of_it() {
    let mut all = faults([
        json!({ "provider": "mall", "delay": "1s" }),
        json!({ "operation": "deleteShop", "delay": "1s" }),
        json!({ "method": "GET", "connection": "reset" }),
    ]);
    let (method, headers) = (Method::GET, HeaderMap::new());
    let target = FaultTarget {
        provider: None,
        operation: None,
        method: &method,
        path: "/",
        headers: &headers,
    };
    let strike = all.effect_on(&target).unwrap();
    assert_eq!(strike.faults, ["f3".into()]);
    assert_eq!(strike.delivery, Delivery::Reset);
}

#[test]
fn counters_let_some_pass_and_end_it() {
    for (written, expected) in [
        (json!({ "delay": "1s" }), "xxxxxx"),
        (json!({ "delay": "1s", "after": 2 }), "..xxxx"),
        (json!({ "delay": "1s", "times": 3 }), "xxx..."),
        (json!({ "delay": "1s", "after": 2, "times": 1 }), "..x..."),
        (json!({ "delay": "1s", "probability": 0 }), "......"),
        (json!({ "delay": "1s", "probability": 1 }), "xxxxxx"),
    ] {
        assert_eq!(struck(&mut faults([written.clone()]), 6), expected, "{written}");
    }
    let mut all = faults([json!({ "delay": "1s", "after": 2, "times": 1 })]);
    struck(&mut all, 6);
    let entry = all.get("f1").unwrap();
    assert_eq!((entry.matched, entry.struck), (6, 1));
}

#[test]
fn the_answer_replaces_the_call() {
    let strike = strike(&mut faults([json!({
        "answer": { "status": 429, "headers": { "Retry-After": 3 }, "body": { "a": [1] } },
    })]));
    expect![[r#"
        FaultEffect {
            faults: [
                "f1",
            ],
            delay: 0ns,
            answer: Some(
                FaultAnswer {
                    status: 429,
                    headers: [
                        (
                            "retry-after",
                            "3",
                        ),
                    ],
                    body: Some(
                        (
                            "application/json",
                            b"{\"a\":[1]}",
                        ),
                    ),
                    example: None,
                },
            ),
            delivery: Whole,
            commits: false,
        }
    "#]]
    .assert_debug_eq(&strike.unwrap());
}

#[test]
fn a_body_has_the_type_that_its_headers_say_or_its_own() {
    let body = |answer: Value| {
        let strike = strike(&mut faults([json!({ "answer": answer })])).unwrap();
        let answer = strike.answer.unwrap();
        let body = answer.body.as_ref().map(|(media_type, bytes)| {
            (media_type.to_str().unwrap().to_owned(), String::from_utf8(bytes.to_vec()).unwrap())
        });
        (body, answer.headers.len(), answer.example.clone())
    };
    let sent = |media_type: &str, text: &str| Some((media_type.to_owned(), text.to_owned()));
    assert_eq!(
        body(json!({ "status": 500, "body": "no" })),
        (sent("text/plain; charset=utf-8", "no"), 0, None)
    );
    assert_eq!(
        body(json!({ "status": 500, "body": [1, 2] })),
        (sent("application/json", "[1,2]"), 0, None)
    );
    assert_eq!(
        body(json!({ "status": 500, "body": "<a/>", "headers": { "Content-Type": "text/xml" } })),
        (sent("text/xml", "<a/>"), 0, None)
    );
    assert_eq!(
        body(json!({ "status": 500, "example": "one", "headers": { "Content-Type": "text/xml" } })),
        (None, 1, Some("one".to_owned()))
    );
}

#[test]
fn a_call_happens_where_some_of_its_answer_is_sent_unless_told_otherwise() {
    for (written, delivery, commits) in [
        (json!({ "delay": "1s" }), Delivery::Whole, true),
        (json!({ "connection": "reset" }), Delivery::Reset, false),
        (json!({ "connection": "empty" }), Delivery::Empty, false),
        (json!({ "connection": "garbage" }), Delivery::Garbage, false),
        (json!({ "connection": { "cut": 10 } }), Delivery::Cut { bytes: 10 }, true),
        (
            json!({ "connection": { "trickle": { "bytes": 16, "every": "100ms" } } }),
            Delivery::Trickle { bytes: 16, every: 100 * MS },
            true,
        ),
        (json!({ "connection": "reset", "commit": true }), Delivery::Reset, true),
        (json!({ "connection": { "cut": 1 }, "commit": false }), Delivery::Cut { bytes: 1 }, false),
        (
            json!({ "connection": { "cut": 1 }, "answer": { "status": 500 } }),
            Delivery::Cut { bytes: 1 },
            false,
        ),
    ] {
        let strike = strike(&mut faults([written.clone()])).unwrap();
        assert_eq!((strike.delivery, strike.commits), (delivery, commits), "{written}");
    }
}

#[test]
fn of_several_the_delays_add_up_and_the_first_of_the_rest_counts() {
    let mut all = faults([
        json!({ "delay": "200ms" }),
        json!({ "operation": "other", "answer": { "status": 400 } }),
        json!({ "connection": { "cut": 1 } }),
        json!({ "answer": { "status": 503 }, "delay": "1s" }),
        json!({ "answer": { "status": 504 }, "delay": "1s" }),
        json!({ "connection": "reset", "commit": true }),
    ]);
    let strike = strike(&mut all).unwrap();
    assert_eq!(strike.faults, ["f1", "f3", "f4", "f5", "f6"].map(Arc::from));
    assert_eq!(strike.delay, 2200 * MS);
    assert_eq!(strike.answer.unwrap().status, 503);
    assert_eq!(strike.delivery, Delivery::Cut { bytes: 1 });
    assert!(!strike.commits);
}

#[test]
fn all_delays_together_are_bounded_as_each_is() {
    let mut all = faults([json!({ "delay": "9m" }), json!({ "delay": "9m" })]);
    assert_eq!(strike(&mut all).unwrap().delay, DELAY_MAX);
}

#[test]
fn drawn_delays_are_spread_as_they_say() {
    let mean_ms = |written: Value| {
        let mut all = faults([written]);
        (0..2000).map(|_| strike(&mut all).unwrap().delay.as_secs_f64() / 2.0).sum::<f64>()
    };
    let fixed = mean_ms(json!({ "delay": { "fixed": "200ms" } }));
    assert!((199.9..200.1).contains(&fixed), "{fixed}");
    let uniform = mean_ms(json!({ "delay": { "uniform": { "min": "100ms", "max": "300ms" } } }));
    assert!((190.0..210.0).contains(&uniform), "{uniform}");
    let lognormal =
        mean_ms(json!({ "delay": { "lognormal": { "median": "90ms", "sigma": 0.5 } } }));
    assert!((97.0..107.0).contains(&lognormal), "{lognormal}");
}

#[test]
fn the_same_seed_strikes_the_same_requests() {
    let written = || fault(&json!({ "delay": "1s", "probability": 0.5 }));
    let run = |seed| struck(&mut FaultSet::new([written()], seed).unwrap(), 40);
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn what_does_not_match_waits_or_is_spent_draws_no_dice() {
    let chance = json!({ "delay": "1s", "probability": 0.5 });
    let alone = struck(&mut faults([chance.clone()]), 40);
    let mut with_others = faults([
        json!({ "delay": "1s", "probability": 0.5, "operation": "other" }),
        json!({ "delay": "1s", "probability": 0.5, "after": 1000 }),
        chance,
    ]);
    assert_eq!(struck(&mut with_others, 40), alone);
}

#[test]
fn a_clone_shares_what_is_written_and_counts_and_draws_on_its_own() {
    let mut all = faults([json!({ "delay": "1s", "probability": 0.5 })]);
    struck(&mut all, 5);
    let mut fork = all.clone();
    assert!(Arc::ptr_eq(&all.list()[0].fault, &fork.list()[0].fault));
    assert_eq!(struck(&mut fork, 40), struck(&mut all.clone(), 40));
    assert_eq!((fork.list()[0].matched, all.list()[0].matched), (45, 5));
}

#[test]
fn faults_are_added_replaced_and_removed_by_id() {
    let named = |status: u16| fault(&json!({ "answer": { "status": status } }));
    let shown = |all: &FaultSet| {
        let shown = all.list().iter().map(|entry| {
            let status = entry.fault.format().answer.as_ref().unwrap().status;
            format!("{}={status}/{}", entry.id, entry.matched)
        });
        shown.collect::<Vec<_>>().join(" ")
    };
    let mut all = FaultSet::seeded(1);
    assert!(all.is_empty());
    assert_eq!(strike(&mut all), None);
    assert_eq!(&*all.add(named(501)).unwrap().id, "f1");
    assert_eq!(all.replace("f2", named(502)), Ok(true));
    assert_eq!(&*all.add(named(503)).unwrap().id, "f3");
    strike(&mut all);
    assert_eq!(all.replace("f2", named(504)), Ok(false));
    assert_eq!(shown(&all), "f1=501/1 f2=504/0 f3=503/1");
    assert_eq!(&*all.remove("f3").unwrap().id, "f3");
    assert!(all.remove("f3").is_none());
    assert!(all.get("f3").is_none());
    // An id is not given twice: whoever kept `f3` must not meet another one.
    assert_eq!(&*all.add(named(505)).unwrap().id, "f4");
    assert_eq!(shown(&all), "f1=501/1 f2=504/0 f4=505/0");
    assert!(!all.is_empty());
}

#[test]
fn ids_have_a_form_and_faults_a_limit() {
    let one = fault(&json!({ "delay": "1s" }));
    let mut all = FaultSet::seeded(1);
    for id in ["", "a b", "a/b", "ä", &"x".repeat(65)] {
        assert_eq!(all.replace(id, Arc::clone(&one)), Err(FaultsError::Id), "{id}");
    }
    assert_eq!(all.replace(&"x".repeat(64), Arc::clone(&one)), Ok(true));
    assert_eq!(all.replace("A-z.0_9~", Arc::clone(&one)), Ok(true));
    while all.list().len() < FAULTS_MAX {
        all.add(Arc::clone(&one)).unwrap();
    }
    assert_eq!(all.add(Arc::clone(&one)).unwrap_err(), FaultsError::Full);
    assert_eq!(all.replace("new", Arc::clone(&one)), Err(FaultsError::Full));
    assert_eq!(all.replace("f1", Arc::clone(&one)), Ok(false));
    assert!(FaultSet::new(vec![one; FAULTS_MAX + 1], 1).is_err());
    expect![[r#"
        a sandbox has at most 100 faults: remove one first
        an id of a fault has 1 to 64 characters of `A-Z a-z 0-9 . _ ~ -`: choose another"#]]
    .assert_eq(&format!("{}\n{}", FaultsError::Full, FaultsError::Id));
}

/// Written faults that compile, of all kinds.
fn any_fault() -> impl Strategy<Value = Value> {
    let condition = prop::option::of(prop::sample::select(vec![
        ("operation", json!("deleteShop")),
        ("operation", json!("other")),
        ("path", json!("/**/*")),
        ("headers", json!({ "x-test": "*" })),
    ]));
    let does = prop::sample::select(vec![
        ("delay", json!({ "lognormal": { "median": "10m", "sigma": 4 } })),
        ("delay", json!({ "uniform": { "min": "0s", "max": "10m" } })),
        ("answer", json!({ "status": 503 })),
        ("connection", json!({ "cut": 3 })),
        ("connection", json!("reset")),
    ]);
    let counts = (prop::option::of(0..=1_u8), 0..4_u64, prop::option::of(1..4_u64));
    (condition, does, counts).prop_map(|(condition, (what, how), (probability, after, times))| {
        let mut written = json!({ what: how, "after": after, "times": times });
        if let Some((key, value)) = condition {
            written[key] = value;
        }
        if let Some(halves) = probability {
            written["probability"] = json!(f64::from(halves) / 2.0);
        }
        written
    })
}

proptest! {
    #[test]
    fn counters_hold_whatever_the_faults_and_requests(
        written in prop::collection::vec(any_fault(), 0..6),
        paths in prop::collection::vec("[/a*-]{0,6}", 0..12),
        seed: u64,
    ) {
        let mut all = FaultSet::new(written.iter().map(fault), seed).unwrap();
        for path in &paths {
            let before = all.clone();
            let headers = HeaderMap::new();
            let struck = with_deletion(&headers, |target| all.effect_on(&FaultTarget { path, ..*target }));
            let ids = struck.as_ref().map_or(&[][..], |strike| &strike.faults);
            prop_assert_eq!(struck.is_some(), !ids.is_empty());
            prop_assert!(struck.as_ref().is_none_or(|strike| strike.delay <= DELAY_MAX));
            for (old, new) in before.list().iter().zip(all.list()) {
                let format = new.fault.format();
                let strikes = u64::from(ids.contains(&new.id));
                prop_assert_eq!(new.struck, old.struck + strikes);
                prop_assert!(new.matched - old.matched <= 1 && new.matched - old.matched >= strikes);
                let passed = format.after.unwrap_or(0);
                prop_assert!(new.struck <= new.matched.saturating_sub(passed));
                prop_assert!(new.struck <= format.times.unwrap_or(u64::MAX));
            }
        }
    }

    #[test]
    fn any_text_is_a_fault_or_is_explained(text in "([a-z.]{0,9}[=,:~/]){0,4}[ -~]{0,20}") {
        if let Err(problems) = text.parse::<FaultFormat>() {
            prop_assert!(!problems.to_string().is_empty());
        }
    }
}
