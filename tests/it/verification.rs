//! Proof: coverage, residue and verification, in process, on the built-in files and on an API made up for it.

use std::sync::Arc;

use expect_test::{Expect, expect};
use http::Request;
use serde_json::{Value, json};
use tombstone::clock::{ClockChange, Timestamp};
use tombstone::control::{
    Calls, Control, CoverageView, Expectation, Records, Residue, ResidueQuery, Verification,
};
use tombstone::emulator::{Emulator, EmulatorOptions};
use tombstone::journal::Back;
use tombstone::message::Body;

use crate::language::{CONTRACT, library, library_with, make};
use crate::support::{DELETE, emulator, start};

const CARD: &str = "x-card: new-card";

fn control(emulator: &Emulator) -> Control<'_> {
    Control::new(emulator, "default", Timestamp(0)).unwrap()
}

/// Makes calls of the library, each with a card.
fn calls(emulator: &Emulator, calls: &[&str]) {
    for call in calls {
        let (line, rest) = call.split_once(" | ").map_or((*call, ""), |(line, rest)| (line, rest));
        let body = if rest.is_empty() { String::new() } else { format!(" | {rest}") };
        make(emulator, &format!("{line} | {CARD}{body}"));
    }
}

fn verdict(emulator: &Emulator, expectations: impl IntoIterator<Item = Expectation>) -> String {
    control(emulator).verify(&Verification::of(expectations)).unwrap().to_string()
}

/// The body of a problem, which must be one.
fn problem<T: std::fmt::Debug>(result: Result<T, tombstone::problem::Problem>) -> Value {
    serde_json::from_slice(result.unwrap_err().into_response().body()).unwrap()
}

/// One line for the totals and one for each response and rule that was exercised, or is not counted.
fn shown(view: &CoverageView) -> String {
    let mut lines = vec![format!(
        "{}% operations {}/{} responses {}/{} rules {}/{}",
        view.percent,
        view.operations.covered,
        view.operations.total,
        view.responses.covered,
        view.responses.total,
        view.rules.covered,
        view.rules.total
    )];
    for provider in &view.providers {
        for operation in &provider.operations {
            for response in operation.responses.iter().filter(|r| r.count > 0 || !r.reachable) {
                let reachable = if response.reachable { "" } else { " unreachable" };
                lines.push(format!(
                    "{} {} {}{reachable}",
                    operation.id, response.status, response.count
                ));
            }
        }
        let of_operations = provider.operations.iter().flat_map(|operation| &operation.rules);
        for rule in of_operations.chain(&provider.rules).filter(|rule| rule.count > 0) {
            lines.push(format!("{} [{}] {}", rule.rule, rule.table, rule.count));
        }
    }
    lines.join("\n")
}

#[test]
fn coverage_counts_what_was_answered_and_what_decided() {
    let emulator = library();
    calls(
        &emulator,
        &["DELETE /authors/ben", "DELETE /authors/cy", "PATCH /books/b0001 | {}", "GET /nowhere"],
    );
    make(&emulator, "PATCH /books/b0001");
    make(&emulator, "PATCH /books/b0001 | x-card: new-card | prefer: dry-run");
    let view = control(&emulator).coverage(None).unwrap();
    expect![[r#"
        24.2% operations 2/7 responses 4/11 rules 4/22
        changeBook 200 1
        changeBook 404 1
        deleteAuthor 200 1
        deleteAuthor 409 1
        changeBook rule 2, behavior.yaml:48 [rules] 1
        unauthenticated of changeBook, behavior.yaml:44 [unauthenticated] 1
        deleteAuthor rule 1, behavior.yaml:53 [rules] 1
        restrict of loans, behavior.yaml:12 [restrict] 1"#]]
    .assert_eq(&shown(&view));
    let json = serde_json::to_value(&view).unwrap();
    expect![[r#"{"id":"deleteAuthor","method":"DELETE","path":"/authors/{id}","calls":2,"responses":[{"status":"200","count":1,"inferred":false,"reachable":true},{"status":"409","count":1,"inferred":false,"reachable":true}],"rules":[{"rule":"deleteAuthor rule 1, behavior.yaml:53","table":"rules","status":200,"count":1,"inferred":false},{"rule":"restrict of loans, behavior.yaml:12","table":"restrict","status":409,"count":1,"inferred":false},{"rule":"unauthenticated of deleteAuthor, behavior.yaml:32","table":"unauthenticated","status":200,"count":0,"inferred":false},{"rule":"invalid_request of deleteAuthor, behavior.yaml:32","table":"invalid_request","status":200,"count":0,"inferred":false}]}"#]].assert_eq(&json["providers"][0]["operations"][3].to_string());
}

#[test]
fn coverage_of_the_server_outlives_sandboxes_and_can_be_forgotten() {
    let emulator = library();
    let covered = || {
        let view = Control::coverage_of_all(&emulator, Some("library")).unwrap();
        (view.operations.covered, view.responses.covered, view.rules.covered)
    };
    calls(&emulator, &["DELETE /authors/ben"]);
    control(&emulator).reset().unwrap();
    make(&emulator, "GET /whoami | tombstone-sandbox: other | x-card: new-card");
    assert_eq!(covered(), (2, 2, 2));
    Control::new(&emulator, "other", Timestamp(0)).unwrap().delete_sandbox().unwrap();
    assert_eq!(covered(), (2, 2, 2));
    assert_eq!(control(&emulator).coverage(None).unwrap().operations.covered, 0);
    emulator.sandboxes().forget_coverage();
    assert_eq!(covered(), (0, 0, 0));
    expect![[r#"{"title":"no such provider","status":404,"detail":"there is no provider `shop` here","providers":["library"]}"#]]
        .assert_eq(&problem(Control::coverage_of_all(&emulator, Some("shop"))).to_string());
}

#[test]
fn what_no_request_leads_to_is_not_counted() {
    let emulator = emulator();
    let view = Control::coverage_of_all(&emulator, None).unwrap();
    let operations: Vec<_> =
        view.providers.iter().flat_map(|provider| &provider.operations).collect();
    let responses = operations.iter().flat_map(|operation| &operation.responses);
    let (reachable, unreachable): (Vec<_>, Vec<_>) =
        responses.partition(|response| response.reachable);
    assert_eq!((view.responses.total, unreachable.len()), (reachable.len(), 0));
    let rules: Vec<_> = operations.iter().flat_map(|operation| &operation.rules).collect();
    let of_none: usize = view.providers.iter().map(|provider| provider.rules.len()).sum();
    let internal = rules.iter().filter(|rule| rule.table == "internal").count();
    assert_eq!(view.rules.total, rules.len() + of_none - internal);
    assert_ne!(internal, 0);

    let (from, to) =
        ("'400': {", "'418': { description: a teapot, x-unreachable: why }\n        '400': {");
    let teapots = library_with(&CONTRACT.replace(from, to), &EmulatorOptions::default());
    let with_one_more = Control::coverage_of_all(&teapots, None).unwrap();
    let teapot = &with_one_more.providers[0].operations[1].responses[1];
    assert_eq!((teapot.status.as_str(), teapot.reachable), ("418", false));
    assert_eq!(
        with_one_more.responses.total,
        control(&library()).coverage(None).unwrap().responses.total
    );
}

/// One line for each place.
fn places(residue: &Residue) -> String {
    let mut lines = vec![format!(
        "{} places, clean: {}, truncated: {}",
        residue.count, residue.clean, residue.truncated
    )];
    lines.extend(residue.hits.iter().map(|hit| serde_json::to_string(hit).unwrap()));
    lines.join("\n")
}

fn residue(emulator: &Emulator, query: ResidueQuery) -> String {
    places(&control(emulator).residue(&query).unwrap())
}

#[test]
fn a_value_is_found_in_texts_numbers_and_names_of_properties() {
    let emulator = library();
    let fields =
        json!({ "title": "by ada", "ada": 1, "tags": [{ "a/b": "ada" }, 12, 1.25], "ada2": "ada" });
    let Value::Object(fields) = fields else { unreachable!() };
    control(&emulator).put_record("library", "desks", &["d3".into()], fields).unwrap();
    expect![[r#"
        8 places, clean: false, truncated: false
        {"where":"record","provider":"library","resource":"authors","key":"ada","pointer":"/id","exact":true}
        {"where":"record","provider":"library","resource":"books","key":"b0001","pointer":"/author_id","exact":true}
        {"where":"record","provider":"library","resource":"awards","key":1,"pointer":"/author_id","exact":true}
        {"where":"record","provider":"library","resource":"portraits","key":1,"pointer":"/author_id","exact":true}
        {"where":"record","provider":"library","resource":"desks","key":"d3","pointer":"/title","exact":false}
        {"where":"record","provider":"library","resource":"desks","key":"d3","pointer":"/ada","exact":true}
        {"where":"record","provider":"library","resource":"desks","key":"d3","pointer":"/tags/0/a~1b","exact":true}
        {"where":"record","provider":"library","resource":"desks","key":"d3","pointer":"/ada2","exact":true}"#]].assert_eq(&residue(&emulator, ResidueQuery::of("ada")));
    expect![[r#"
        7 places, clean: false, truncated: true
        {"where":"record","provider":"library","resource":"authors","key":"ada","pointer":"/id","exact":true}
        {"where":"record","provider":"library","resource":"books","key":"b0001","pointer":"/author_id","exact":true}"#]].assert_eq(&residue(&emulator, ResidueQuery::of("ada").exact().limit(2)));
    expect![[r#"
        1 places, clean: false, truncated: false
        {"where":"record","provider":"library","resource":"desks","key":"d3","pointer":"/tags/2","exact":false}"#]].assert_eq(&residue(&emulator, ResidueQuery::of("1.2")));
    expect![[r#"
        1 places, clean: false, truncated: false
        {"where":"record","provider":"library","resource":"desks","key":"d3","pointer":"/tags/1","exact":true}"#]].assert_eq(&residue(&emulator, ResidueQuery::of("12").exact()));
    expect!["0 places, clean: true, truncated: false"]
        .assert_eq(&residue(&emulator, ResidueQuery::of("nobody")));
}

#[test]
fn the_journal_remembers_what_the_records_have_forgotten() {
    let emulator = library();
    calls(&emulator, &["DELETE /authors/cy?by=c%79", "POST /authors | {\"id\": \"x-cy-x\"}"]);
    make(&emulator, "POST /authors | x-card: new-card | x-note: of cy | {cy, no JSON");
    control(&emulator).delete_record("library", "authors", &["x-cy-x".into()]).unwrap();
    expect!["0 places, clean: true, truncated: false"]
        .assert_eq(&residue(&emulator, ResidueQuery::of("cy")));
    expect![[r#"
        8 places, clean: false, truncated: false
        {"where":"journal","request":1,"pointer":"/request/target","exact":false}
        {"where":"journal","request":1,"pointer":"/changes/0/before/id","exact":true}
        {"where":"journal","request":2,"pointer":"/request/body/id","exact":false}
        {"where":"journal","request":2,"pointer":"/changes/0/after/id","exact":false}
        {"where":"journal","request":3,"pointer":"/request/headers/1/value","exact":false}
        {"where":"journal","request":3,"pointer":"/request/body","exact":false}
        {"where":"journal","request":4,"pointer":"/why","exact":false}
        {"where":"journal","request":4,"pointer":"/changes/0/before/id","exact":false}"#]]
    .assert_eq(&residue(&emulator, ResidueQuery::of("cy").with_journal()));
}

#[test]
fn what_cannot_be_looked_for_is_refused() {
    let emulator = library();
    let refused = [
        ResidueQuery::of(""),
        ResidueQuery::of("x".repeat(1025)),
        ResidueQuery::of("x").limit(0),
        ResidueQuery::of("x").limit(1001),
    ];
    let told =
        refused.map(|query| problem(control(&emulator).residue(&query))["detail"].to_string());
    expect![[r#"
        "`value` is empty, which occurs everywhere: name what was erased"
        "`value` is longer than 1024 characters: shorten it"
        "`limit` is `0`: give a number from 1 to 1000"
        "`limit` is `1001`: give a number from 1 to 1000""#]]
    .assert_eq(&told.join("\n"));
    assert!(control(&emulator).residue(&ResidueQuery::of("x".repeat(1024)).limit(1000)).is_ok());
}

/// A call to a built-in provider.
fn ask(emulator: &Emulator, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> u16 {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = if body.is_empty() { Body::empty() } else { Body::from(body) };
    emulator.handle(request.body(body).unwrap(), Timestamp(0)).response.status().as_u16()
}

#[test]
fn an_erasure_is_proven_once_its_job_is_done_and_the_job_itself_remembers() {
    let emulator = emulator();
    let status = ask(
        &emulator,
        "POST",
        "/velt/v2/users/data/delete",
        &[
            ("content-type", "application/json"),
            ("x-velt-api-key", "velt-sandbox-key"),
            ("x-velt-auth-token", "velt-sandbox-token"),
        ],
        r#"{"data":{"userIds":["yourUserId2"]}}"#,
    );
    assert_eq!(status, 202);
    let count = |resource: &str| {
        let residue = control(&emulator).residue(&ResidueQuery::of("yourUserId2").limit(1000));
        let hits = residue.unwrap().hits;
        hits.iter().filter(|hit| serde_json::to_value(hit).unwrap()["where"] == resource).count()
    };
    assert_ne!(count("record"), 0);
    control(&emulator).change_clock(ClockChange::Advance(24 * 60 * 60 * 1000)).unwrap();
    assert_eq!(count("record"), 0);
    assert_ne!(count("job"), 0);
}

#[test]
fn expectations_on_calls_tell_the_nearest_miss() {
    let emulator = library();
    let before = verdict(&emulator, [Expectation::calls(Calls::of("deleteAuthor"))]);
    expect![[r#"
        FAIL  at least 1 call of `deleteAuthor`
              found none: no call was made"#]]
    .assert_eq(&before);
    calls(
        &emulator,
        &[
            "DELETE /authors/ben",
            "DELETE /authors/cy",
            "DELETE /authors/cy",
            "GET /whoami",
            "GET /nowhere",
        ],
    );
    make(&emulator, "DELETE /authors/ada | x-card: new-card | prefer: dry-run");
    let of = Calls::of;
    let told = verdict(
        &emulator,
        [
            Expectation::calls(of("deleteAuthor").status(200)).times(2).described("cy goes twice"),
            Expectation::calls(of("deleteAuthor").status("4xx").rule("restrict")),
            Expectation::calls(Calls::any().method("delete").path("/authors/*"))
                .at_least(3)
                .at_most(4),
            Expectation::calls(Calls::any().path("/library/authors/*").provider("library"))
                .at_most(3),
            Expectation::calls(of("breakRule")).never(),
            Expectation::calls(of("deleteAuthor").status(404)),
            Expectation::calls(of("deleteAuthor").path("/books/*")).described("a book goes"),
            Expectation::calls(of("deleteAuthor")).times(1),
            Expectation::calls(Calls::any().path("/nowhere").status(200)),
            Expectation::calls(of("breakRule")),
            Expectation::calls(of("deleteAuthor").rule("unauthenticated")).at_least(2),
        ],
    );
    expect![[r#"
        pass  cy goes twice
        pass  at least 1 call of `deleteAuthor` answered `4xx` decided by a rule with `restrict` in its label
        pass  3 to 4 calls with method `DELETE` with a path like `/authors/*`
        pass  at most 3 calls to provider `library` with a path like `/library/authors/*`
        pass  no call of `breakRule`
        FAIL  at least 1 call of `deleteAuthor` answered `404`
              found none of 5 calls
              nearest request 3, `DELETE /library/authors/cy`: the status is `200`
        FAIL  a book goes
              expected at least 1 call of `deleteAuthor` with a path like `/books/*`
              found none of 5 calls
              nearest request 3, `DELETE /library/authors/cy`: the path does not fit `/books/*`
        FAIL  exactly 1 call of `deleteAuthor`
              found 3: requests 1, 2, 3
        FAIL  at least 1 call with a path like `/nowhere` answered `200`
              found none of 5 calls
              nearest request 5, `GET /library/nowhere`: the status is `404`
        FAIL  at least 1 call of `breakRule`
              found none of 5 calls
        FAIL  at least 2 calls of `deleteAuthor` decided by a rule with `unauthenticated` in its label
              found none of 5 calls
              nearest request 3, `DELETE /library/authors/cy`: `deleteAuthor rule 1, behavior.yaml:53` decided"#]].assert_eq(&told);
}

#[test]
fn calls_come_in_an_order_whatever_is_between() {
    let emulator = library();
    calls(&emulator, &["GET /whoami", "DELETE /authors/ben", "GET /books", "DELETE /authors/cy"]);
    let (who, gone, kept) = (
        Calls::of("whoAmI"),
        Calls::of("deleteAuthor").status(200),
        Calls::of("deleteAuthor").status(409),
    );
    let told = verdict(
        &emulator,
        [
            Expectation::order([who.clone(), gone.clone()]),
            Expectation::order([kept.clone(), gone.clone()]),
            Expectation::order([gone.clone(), kept.clone()]),
            Expectation::order([who, gone.clone(), gone]).described("two deletions"),
        ],
    );
    expect![[r#"
        pass  in this order: 1. a call of `whoAmI`, 2. a call of `deleteAuthor` answered `200`
        pass  in this order: 1. a call of `deleteAuthor` answered `409`, 2. a call of `deleteAuthor` answered `200`
        FAIL  in this order: 1. a call of `deleteAuthor` answered `200`, 2. a call of `deleteAuthor` answered `409`
              found 1. was request 4, 2. did not come after it
              nearest 2. would be request 2, which came before
        FAIL  two deletions
              expected in this order: 1. a call of `whoAmI`, 2. a call of `deleteAuthor` answered `200`, 3. a call of `deleteAuthor` answered `200`
              found 1. was request 1, 2. was request 4, 3. did not come after it"#]].assert_eq(&told);
}

#[test]
fn effects_are_found_by_comparing_worlds() {
    let emulator = library();
    calls(
        &emulator,
        &["DELETE /authors/ada", "POST /books | {\"title\": \"Four\", \"author_id\": \"cy\"}"],
    );
    let of = Records::of;
    let told = verdict(
        &emulator,
        [
            Expectation::deleted(of("authors").key("ada")).described("Ada is gone"),
            Expectation::deleted(of("authors")).times(1),
            Expectation::deleted(of("authors").with("name", "Ada").with("id", "ada")),
            Expectation::created(of("books").with("title", "Four")).times(1),
            Expectation::updated(of("books").with("author_id", "ada")),
            Expectation::untouched(of("loans")).times(1),
            Expectation::untouched(of("awards").key(1)).described("what is kept is as it was"),
            Expectation::exists(of("books").provider("library")).times(4),
            Expectation::absent(of("authors").key("ada")),
            Expectation::no_residue("Ada"),
        ],
    );
    expect![[r#"
        pass  Ada is gone
        pass  exactly 1 record of `library/authors` deleted
        pass  at least 1 record of `library/authors` whose `name` is `Ada` and `id` is `ada` deleted
        pass  exactly 1 record of `library/books` whose `title` is `Four` created
        pass  at least 1 record of `library/books` whose `author_id` is `ada` updated
        pass  exactly 1 record of `library/loans` untouched
        pass  what is kept is as it was
        pass  exactly 4 records of `library/books` there
        pass  no record of `library/authors` with the key `ada` there
        pass  `Ada` in no record"#]]
    .assert_eq(&told);
}

#[test]
fn effects_that_did_not_happen_tell_what_did() {
    let emulator = library();
    calls(&emulator, &["DELETE /authors/ada", "PATCH /books/b0002 | {\"title\": \"Deux\"}"]);
    let of = Records::of;
    let told = verdict(
        &emulator,
        [
            Expectation::deleted(of("authors").key("cy")),
            Expectation::deleted(of("authors").key("zoe")),
            Expectation::deleted(of("books").key("b0002")),
            Expectation::deleted(of("authors").with("name", "Ben")),
            Expectation::deleted(of("authors").with("name", "Ada").with("id", "ben")),
            Expectation::deleted(of("loans")),
            Expectation::deleted(of("authors")).never(),
            Expectation::updated(of("books")).at_least(3),
            Expectation::created(of("authors").key("ada")),
        ],
    );
    expect![[r#"
        FAIL  at least 1 record of `library/authors` with the key `cy` deleted
              found none
              nearest `cy` is there as it was
        FAIL  at least 1 record of `library/authors` with the key `zoe` deleted
              found none
              nearest no record has that key, neither before nor now
        FAIL  at least 1 record of `library/books` with the key `b0002` deleted
              found none
              nearest of `b0002`, `title` was `Two` and is `Deux`, `was` is new, `Two`
        FAIL  at least 1 record of `library/authors` whose `name` is `Ben` deleted
              found none
              nearest of `library/authors`, deleted `ada`
        FAIL  at least 1 record of `library/authors` whose `name` is `Ada` and `id` is `ben` deleted
              found none
              nearest of `ada`, `id` is `ada`
        FAIL  at least 1 record of `library/loans` deleted
              found none
              nearest nothing of `library/loans` changed; changed were `authors` (1), `books` (2), `portraits` (1)
        FAIL  no record of `library/authors` deleted
              found 1: `ada`
        FAIL  at least 3 records of `library/books` updated
              found 2: `b0001`, `b0002`
        FAIL  at least 1 record of `library/authors` with the key `ada` created
              found none
              nearest `ada` was there, and was deleted"#]].assert_eq(&told);
}

#[test]
fn what_was_touched_is_told() {
    let emulator = library();
    calls(
        &emulator,
        &[
            "DELETE /authors/ada",
            "PATCH /books/b0002 | {\"title\": \"Deux\"}",
            "POST /authors | {\"id\": \"ada\"}",
            "POST /authors | {\"id\": \"dot\"}",
        ],
    );
    let of = Records::of;
    let told = verdict(
        &emulator,
        [
            Expectation::untouched(of("authors")).described("authors stay"),
            Expectation::untouched(of("books")).described("books stay"),
            Expectation::untouched(of("authors").with("name", "Ben")),
            Expectation::untouched(of("authors").with("name", "again")).times(0),
            Expectation::untouched(of("books").key("b0003")).times(2),
            Expectation::untouched(of("books").key("b0009")),
            Expectation::untouched(of("books").with("title", "Thre")),
        ],
    );
    expect![[r#"
        FAIL  authors stay
              expected at least 1 record of `library/authors` untouched
              found created `dot`; updated `ada`; 3 records before
              nearest of `ada`, `name` was `Ada` and is `again`
        FAIL  books stay
              expected at least 1 record of `library/books` untouched
              found updated `b0001`, `b0002`; 3 records before
              nearest of `b0001`, `author_id` was `ada` and is `null`
        pass  at least 1 record of `library/authors` whose `name` is `Ben` untouched
        FAIL  no record of `library/authors` whose `name` is `again` untouched
              found created `dot`; no record before
        FAIL  exactly 2 records of `library/books` with the key `b0003` untouched
              found 1 record before
        FAIL  at least 1 record of `library/books` with the key `b0009` untouched
              found no record before
              nearest no record has that key; there are 3
        FAIL  at least 1 record of `library/books` whose `title` is `Thre` untouched
              found no record before
              nearest there are 3 records of `library/books`, none of them like that"#]]
    .assert_eq(&told);
}

#[test]
fn what_is_not_there_or_still_is_is_told() {
    let emulator = library();
    calls(&emulator, &["PATCH /books/b0002 | {\"title\": \"Deux\"}"]);
    let of = Records::of;
    let told = verdict(
        &emulator,
        [
            Expectation::exists(of("pins").key(json!(["d1", "p2"]))),
            Expectation::exists(of("pins").key("d1,p1").with("pin", "p2")),
            Expectation::exists(of("books").with("title", "Two")),
            Expectation::exists(of("books").with("title", "Two").with("author_id", "ben")),
            Expectation::exists(of("books").with("titel", "Deux").with("author_id", "ben")),
            Expectation::absent(of("books")),
            Expectation::no_residue("ada"),
        ],
    );
    expect![[r#"
        FAIL  at least 1 record of `library/pins` with the key `["d1","p2"]` there
              found none
              nearest no record has that key, neither before nor now
        FAIL  at least 1 record of `library/pins` with the key `d1,p1` whose `pin` is `p2` there
              found none
              nearest of `d1,p1`, `pin` is `p1`
        FAIL  at least 1 record of `library/books` whose `title` is `Two` there
              found none
              nearest there are 3 records of `library/books`, none of them like that
        FAIL  at least 1 record of `library/books` whose `title` is `Two` and `author_id` is `ben` there
              found none
              nearest of `b0002`, `title` is `Deux`
        FAIL  at least 1 record of `library/books` whose `titel` is `Deux` and `author_id` is `ben` there
              found none
              nearest of `b0002`, there is no `titel`
        FAIL  no record of `library/books` there
              found 3: `b0001`, `b0002`, `b0003`
        FAIL  `ada` in no record
              found 4: `library/authors` `ada` at `/id`, `library/books` `b0001` at `/author_id`, `library/awards` `1` at `/author_id`, `library/portraits` `1` at `/author_id`"#]].assert_eq(&told);
}

#[test]
fn what_was_before_a_request_does_not_count() {
    let emulator = library();
    calls(&emulator, &["DELETE /authors/ada", "DELETE /authors/cy"]);
    let expected = |since| {
        Verification::of([
            Expectation::deleted(Records::of("authors")).times(1),
            Expectation::calls(Calls::of("deleteAuthor")).times(1),
        ])
        .since(since)
    };
    assert!(control(&emulator).verify(&expected(2)).unwrap().passed);
    assert!(!control(&emulator).verify(&expected(1)).unwrap().passed);
    let none = Verification::from(Expectation::deleted(Records::of("authors")).never()).since(3);
    assert!(control(&emulator).verify(&none).unwrap().passed);
    control(&emulator).undo(Back::Steps(2)).unwrap();
    let told = verdict(
        &emulator,
        [
            Expectation::untouched(Records::of("authors")),
            Expectation::calls(Calls::of("deleteAuthor")).times(2),
        ],
    );
    expect![[r#"
        pass  at least 1 record of `library/authors` untouched
        pass  exactly 2 calls of `deleteAuthor`"#]]
    .assert_eq(&told);
    let told =
        [0, 5].map(|id| problem(control(&emulator).verify(&expected(id)))["detail"].to_string());
    expect![[r#"
        "that cannot be verified: `/since` is 0, which the journal does not have: it has 1 to 3"
        "that cannot be verified: `/since` is 5, which the journal does not have: it has 1 to 3""#]]
    .assert_eq(&told.join("\n"));
}

#[test]
fn a_journal_that_has_forgotten_says_so_and_proves_no_upper_bound() {
    let options = EmulatorOptions { journal_entries_max: 2, ..EmulatorOptions::default() };
    let emulator = library_with(CONTRACT, &options);
    calls(&emulator, &["DELETE /authors/ben", "DELETE /authors/cy", "GET /whoami", "GET /whoami"]);
    let told = verdict(
        &emulator,
        [
            Expectation::calls(Calls::of("whoAmI")),
            Expectation::calls(Calls::of("whoAmI")).times(2),
            Expectation::calls(Calls::of("deleteAuthor")).never(),
            Expectation::order([Calls::of("deleteAuthor"), Calls::of("whoAmI")]),
            Expectation::deleted(Records::of("authors")).times(1),
        ],
    );
    expect![[r#"
        pass  at least 1 call of `whoAmI`
        FAIL  exactly 2 calls of `whoAmI`
              found 2: requests 3, 4; the journal does not have requests 1 to 2 any more
        FAIL  no call of `deleteAuthor`
              found none of 2 calls; the journal does not have requests 1 to 2 any more
        FAIL  in this order: 1. a call of `deleteAuthor`, 2. a call of `whoAmI`
              found 1. did not come; the journal does not have requests 1 to 2 any more
        pass  exactly 1 record of `library/authors` deleted"#]]
    .assert_eq(&told);
    let since = Verification::from(Expectation::calls(Calls::of("whoAmI")).times(2)).since(3);
    assert!(control(&emulator).verify(&since).unwrap().passed);
    let problem = problem(control(&emulator).verify(&since.since(2)));
    expect![[r#""that cannot be verified: `/since` is 2, which the journal does not have: it has 3 to 4""#]].assert_eq(&problem["detail"].to_string());
}

/// Everything that is wrong with a document.
fn refused(document: Value, expected: Expect) {
    let emulator = library();
    let read = Verification::read(&document);
    let result = read.and_then(|read| control(&emulator).verify(&read));
    let problem = problem(result);
    assert_eq!(problem["status"], 422);
    let problems = problem["problems"].as_array().unwrap();
    let lines: Vec<_> = problems.iter().map(|line| line.as_str().unwrap()).collect();
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn everything_that_is_wrong_with_the_form_is_told_at_once() {
    refused(json!([]), expect![[r#"the document is no object: write `{"expectations": [...]}`"#]]);
    refused(json!({}), expect!["`/expectations` is empty: say what is expected"]);
    refused(
        json!({
            "sinse": 1,
            "since": "x",
            "expectations": [
                { "call": {}, "description": 3 },
                { "calls": { "operatoin": "x", "status": true, "method": 1 }, "count": "two" },
                { "order": [{ "path": 3 }, 4] },
                { "deleted": { "key": "x", "were": {}, "where": [] } },
                { "order": {} },
                { "exists": "authors" },
                5,
            ],
        }),
        expect![[r#"
            `/sinse` is not known (did you mean `since`?)
            `/since` does not fit: invalid type: string "x", expected u64
            `/expectations/0/call` is not known (did you mean `calls`?)
            `/expectations/0/description` does not fit: invalid type: number, expected a string
            `/expectations/1/count` does not fit: a number, or `min` and `max`
            `/expectations/1/calls/operatoin` is not known (did you mean `operation`?)
            `/expectations/1/calls/status` does not fit: a status such as `404`, or a class such as `"4xx"`
            `/expectations/1/calls/method` does not fit: invalid type: number, expected a string
            `/expectations/2/order/0/path` does not fit: invalid type: number, expected a string
            `/expectations/2/order/1` is no object
            `/expectations/3/deleted/were` is not known (did you mean `where`?)
            `/expectations/3/deleted/where` does not fit: invalid type: sequence, expected a map
            `/expectations/4/order` is no list
            `/expectations/5/exists` is no object
            `/expectations/6` is no object"#]],
    );
    refused(json!({ "expectations": {} }), expect!["`/expectations` is no list"]);
}

#[test]
fn everything_that_names_nothing_is_told_at_once() {
    refused(
        json!({
            "expectations": [
                {},
                { "calls": {}, "no_residue": "x" },
                { "calls": { "operation": "deleteAuthors", "provider": "libary", "status": "5x", "method": "DELET", "path": "books/{id}?x" } },
                { "calls": { "operation": "deleteAuthors" }, "count": {} },
                { "calls": {}, "count": { "min": 3, "max": 2 } },
                { "order": [], "count": 1 },
                { "order": [{ "operation": "x" }, { "status": 99 }] },
                { "deleted": { "resource": "author" } },
                { "created": { "key": 1 } },
                { "exists": { "resource": "pins", "key": ["d1"] } },
                { "exists": { "resource": "pins", "key": { "pin": 1 } } },
                { "absent": { "resource": "pins" }, "count": 2 },
            ],
        }),
        expect![[r#"
            `/expectations/0` expects nothing: give one of `calls`, `order`, `deleted`, `created`, `updated`, `untouched`, `exists`, `absent`, `no_residue`
            `/expectations/1` expects `calls` and `no_residue` at once: write one for each
            `/expectations/2/calls/provider` names no provider there is: `libary` (did you mean `library`?)
            `/expectations/2/calls/status` is no status: give such as `404` or `"4xx"`
            `/expectations/2/calls/method` names no method there is: `DELET` (did you mean `DELETE`?)
            `/expectations/2/calls/path` does not begin with `/` or `*`, so no path fits it
            `/expectations/2/calls/path` has a query, which is no part of a path: leave it out
            `/expectations/2/calls/path` has braces, which would be literal: write `*`, or use `operation`
            `/expectations/3/count` has no bound: give a number, `min` or `max`
            `/expectations/3/calls/operation` names no operation there is: `deleteAuthors` (did you mean `deleteAuthor`?)
            `/expectations/4/count` has a `max` below its `min`: nothing is between them
            `/expectations/5/count` does not go with `order`: leave it out
            `/expectations/5/order` lists no calls, or more than 200
            `/expectations/6/order/0/operation` names no operation there is: `x`
            `/expectations/6/order/1/status` is no status: give such as `404` or `"4xx"`
            `/expectations/7/deleted/resource` names no resource there is: `author` (did you mean `authors`?)
            `/expectations/8/created/resource` is missing: name the resource whose records are meant
            `/expectations/9/exists/key` is no key of the resource: give `desk`, `pin`, as text or as an array
            `/expectations/10/exists/key` is no key of the resource: give `desk`, `pin`, as text or as an array
            `/expectations/11/count` does not go with `absent`: leave it out"#]],
    );
    refused(
        json!({ "expectations": [{ "no_residue": "" }] }),
        expect![
            "`/expectations/0/no_residue` is empty or longer than 1024 characters: name a value"
        ],
    );
    let many = vec![json!({ "calls": {} }); 201];
    refused(
        json!({ "expectations": many }),
        expect!["`/expectations` has 201 items, and 200 is the most: split it"],
    );
}

#[test]
fn a_resource_of_several_providers_is_named_with_one() {
    let emulator = emulator();
    let verify =
        |records| control(&emulator).verify(&Verification::from(Expectation::exists(records)));
    let ambiguous = problem(verify(Records::of("organizations")));
    expect![[r#""that cannot be verified: `/expectations/0/exists/resource` names one of several providers, `applivery`, `partoo`, `timbrix`, `velt`: give `provider`, too""#]].assert_eq(&ambiguous["detail"].to_string());
    assert!(verify(Records::of("organizations").provider("partoo").key(43)).unwrap().passed);
}

#[test]
fn what_is_written_in_json_and_in_rust_is_the_same() {
    let document = json!({
        "since": 2,
        "expectations": [
            { "calls": { "operation": "deleteShop", "status": 404, "path": "/shops/*" }, "count": 2 },
            { "description": "in order", "order": [{ "status": "4xx" }, { "rule": "rule 3" }] },
            { "deleted": { "resource": "shops", "key": 1 }, "count": { "min": 1, "max": 3 } },
            { "untouched": { "provider": "shop", "resource": "orders", "where": { "shop_id": 2 } } },
            { "no_residue": "user_42" },
        ],
    });
    let written = Verification::of([
        Expectation::calls(Calls::of("deleteShop").status(404).path("/shops/*")).times(2),
        Expectation::order([Calls::any().status("4xx"), Calls::any().rule("rule 3")])
            .described("in order"),
        Expectation::deleted(Records::of("shops").key(1)).at_least(1).at_most(3),
    ])
    .and(Expectation::untouched(Records::of("orders").provider("shop").with("shop_id", 2)))
    .and(Expectation::no_residue("user_42"))
    .since(2);
    assert_eq!(Verification::read(&document).unwrap(), written);
    assert_eq!(serde_json::to_value(&written).unwrap(), {
        let mut ordered = document;
        ordered.sort_all_objects();
        ordered
    });
}

#[test]
fn a_sandbox_that_is_not_there_proves_nothing() {
    let emulator = Arc::new(library());
    let control = Control::new(&emulator, "nobody", Timestamp(0)).unwrap();
    let all = [
        problem(control.coverage(None)),
        problem(control.residue(&ResidueQuery::of("x"))),
        problem(control.verify(&Expectation::calls(Calls::any()).into())),
    ];
    assert!(all.iter().all(|problem| problem["status"] == 404));
}

#[test]
fn it_is_all_there_over_http() {
    const LOCAL: &str = "Host: localhost\r\n";
    let server = start();
    let root = "/__admin/sandboxes/default";
    let call = |method: &str, path: &str| server.call(method, path, LOCAL);
    server.ask(DELETE);

    let coverage = call("GET", &format!("{root}/coverage?provider=partoo")).json();
    assert_eq!(coverage["operations"], json!({ "covered": 1, "total": 12 }));
    assert_eq!(call("GET", "/__admin/coverage").json()["operations"]["covered"], 1);
    assert_eq!(call("DELETE", "/__admin/coverage").status, 204);
    assert_eq!(call("GET", "/__admin/coverage").json()["operations"]["covered"], 0);
    assert_eq!(call("GET", "/__admin/coverage?provider=x").status, 404);
    assert_eq!(call("GET", "/__admin/coverage?of=x").status, 400);

    let found = call("GET", &format!("{root}/residue?value=43&match=exact&journal=true&limit=1"));
    let found = found.json();
    assert_eq!((&found["clean"], &found["hits"][0]["where"]), (&json!(false), &json!("journal")));
    assert_eq!(call("GET", &format!("{root}/residue")).status, 400);
    assert_eq!(call("GET", &format!("{root}/residue?value=")).status, 400);
    assert_eq!(call("GET", &format!("{root}/residue?value=x&match=most")).status, 400);

    let verify = |document: Value| {
        let body = document.to_string();
        server.ask(&format!(
            "POST {root}/verify HTTP/1.1\r\n{LOCAL}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    };
    let records = json!({ "provider": "partoo", "resource": "organizations", "key": 43 });
    let verdict = verify(json!({ "expectations": [{ "deleted": records, "count": 1 }] })).json();
    assert_eq!(verdict["passed"], true);
    expect![[r#"{"passed":true,"expectations":[{"description":null,"passed":true,"expected":"exactly 1 record of `partoo/organizations` with the key `43` deleted","found":"1: `43`","nearest":null}]}"#]].assert_eq(&verdict.to_string());
    assert_eq!(verify(json!({ "expectations": [{ "exists": records }] })).json()["passed"], false);
    assert_eq!(verify(json!({ "expect": [] })).status, 422);
}
