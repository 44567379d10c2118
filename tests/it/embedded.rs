//! The sandbox inside a Rust program, as a test of somebody else uses it; the examples in its docs show the rest.

use std::io::{Read, Write};
use std::net::TcpStream;

use expect_test::expect;
use http::Request;
use tombstone::control::{Calls, Expectation, Records, SandboxSpec};
use tombstone::faults::{ConnectionFormat, FaultFormat};
use tombstone::{Builder, Error, Tombstone};

use crate::support::Folder;

fn shop() -> Builder {
    let builder = Tombstone::builder().specs("examples/specs").fixtures("examples/fixtures");
    builder.provider("shop")
}

fn delete(base: &str, id: u32, key: &str) -> Request<()> {
    Request::delete(format!("{base}/shops/{id}")).header("X-Key", key).body(()).unwrap()
}

#[test]
fn a_started_one_answers_in_the_sandbox_that_its_methods_see_and_ends_with_the_value() {
    let tombstone = shop().start().unwrap();
    let sandbox = tombstone.sandbox("one").unwrap();
    let host = tombstone.url().strip_prefix("http://").unwrap().to_owned();
    let path = sandbox.url_of("shop").replace(tombstone.url(), "");
    let mut stream = TcpStream::connect(&host).unwrap();
    write!(
        stream,
        "DELETE {path}/shops/2 HTTP/1.1\r\nHost: {host}\r\nX-Key: book-key\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(sandbox.records("shop", "shops").count().unwrap(), 1);
    let other = tombstone.sandbox("two").unwrap();
    assert_eq!(other.records("shop", "shops").count().unwrap(), 2);
    drop(tombstone);
    assert!(TcpStream::connect(&host).is_err());
    // What has been taken from it is still there to look at.
    assert_eq!(sandbox.records("shop", "shops").count().unwrap(), 1);
}

#[test]
fn everything_that_is_wrong_with_files_is_told() {
    let folder = Folder::new("embedded-broken");
    folder.write(
        "specs/shop/openapi.yaml",
        "openapi: 3.1.0\ninfo: { title: T, version: '1' }\npaths: {}\n",
    );
    folder.write(
        "specs/shop/behavior.yaml",
        "tombstone: 1\noperations:\n  gone: { rules: [] }\nsettinks: {}\n",
    );
    let error = Tombstone::builder().specs(folder.path.join("specs")).provider("shop").in_process();
    let Err(Error::Files(findings)) = error else { panic!("{error:?}") };
    assert!(!findings.is_empty());
    let told = format!("{:?}", Error::Files(findings.clone()));
    assert!(findings.iter().all(|finding| told.contains(&finding.to_string())), "{told}");
}

#[test]
fn what_cannot_be_built_is_told_all_at_once() {
    let fault = FaultFormat::any().probability(2.0);
    let error = shop().clock_start("soon").clock_rate(-1.0).fault(fault).in_process().unwrap_err();
    expect![[r"
        that cannot be built:
          `soon` is no time to start at: write RFC 3339 such as `2030-01-01T00:00:00Z`
          the rate is `-1`: give a number from 0 to 1000000
          a fault cannot be: "]]
    .assert_eq(error.to_string().split_inclusive("cannot be: ").next().unwrap());
}

#[test]
fn a_fault_of_an_operation_that_there_is_not_is_refused() {
    let error = shop().fault(FaultFormat::of("deleteShops").status(503)).in_process().unwrap_err();
    expect![[r#"
        that cannot be built:
          a fault cannot be: there is no operation `deleteShops` (did you mean `deleteShop`?)"#]]
    .assert_eq(&error.to_string());
}

#[test]
fn a_sandbox_begins_with_another_fixture_set_by_name() {
    let tombstone = shop().in_process().unwrap();
    let sandbox = tombstone.sandbox("closed").unwrap();
    let set =
        |name: &str| SandboxSpec { fixture_set: Some(name.to_owned()), ..SandboxSpec::default() };
    sandbox.begin(&set("closed")).unwrap();
    assert_eq!(sandbox.records("shop", "orders").count().unwrap(), 0);
    let error = sandbox.begin(&set("open")).unwrap_err();
    assert!(error.to_string().contains("no provider has a fixture set `open`"), "{error}");
}

#[test]
fn what_does_not_hold_is_an_error_with_the_report() {
    let tombstone = shop().in_process().unwrap();
    let sandbox = tombstone.sandbox("expecting").unwrap();
    let expectation = Expectation::deleted(Records::of("orders")).times(2);
    let error = sandbox.expect(expectation).unwrap_err();
    expect![[r#"
        not everything is as expected:
        FAIL  exactly 2 records of `shop/orders` deleted
              found none
              nearest nothing of the provider changed"#]]
    .assert_eq(&error.to_string());
}

#[test]
fn a_call_that_a_fault_keeps_from_happening_is_a_call_of_its_operation_and_covers_nothing() {
    let tombstone = shop().in_process().unwrap();
    let sandbox = tombstone.sandbox("lost").unwrap();
    let fault = FaultFormat::of("deleteShop").connection(ConnectionFormat::Reset).times(1);
    sandbox.faults().add(fault).unwrap();
    sandbox.call(delete(&sandbox.url_of("shop"), 2, "book-key"));
    sandbox.expect(Expectation::calls(Calls::of("deleteShop")).times(1)).unwrap();
    sandbox.expect(Expectation::untouched(Records::of("shops"))).unwrap();
    assert_eq!(sandbox.coverage().unwrap().operations.covered, 0);
}

#[test]
fn a_request_for_another_sandbox_is_refused() {
    let tombstone = shop().in_process().unwrap();
    let (one, two) = (tombstone.sandbox("one").unwrap(), tombstone.sandbox("two").unwrap());
    assert_eq!(one.call(delete(&two.url_of("shop"), 2, "book-key")).status(), 400);
    assert!(one.plan(delete(&two.url_of("shop"), 2, "book-key")).is_err());
}
