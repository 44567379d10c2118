//! A test of code that deletes things, in Rust: one server for all tests, a sandbox for each.
//!
//! Run it with `cargo run --example rust_test`. In a project of yours, `main` is a `#[test]` or several.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::LazyLock;
use std::time::Duration;

use http::Request;
use serde_json::{Value, json};
use tombstone::control::{Calls, Expectation, Records, Verification};
use tombstone::faults::FaultFormat;
use tombstone::{Error, Sandbox, Tombstone};

/// Reading the files takes some time, and a sandbox none: all tests share this.
static TOMBSTONE: LazyLock<Tombstone> = LazyLock::new(|| {
    let builder = Tombstone::builder().seed(7).clock_start("2030-01-31T08:00:00Z").clock_frozen();
    builder.setting("velt", "erasure_time", "24h").start().expect("the built-in files are right")
});

/// The code under test, which knows a base URL and nothing of sandboxes: it deletes an organization, and tries again
/// once if the service is not available.
fn offboard(base: &str, organization: u64) -> std::io::Result<u16> {
    let (host, path) = base
        .strip_prefix("http://")
        .and_then(|rest| rest.split_once('/'))
        .ok_or(std::io::ErrorKind::InvalidInput)?;
    let delete = || {
        let mut stream = TcpStream::connect(host)?;
        write!(
            stream,
            "DELETE /{path}/org/{organization}?force=true HTTP/1.1\r\nHost: {host}\r\n\
             x-APIKey: partoo-provider-write\r\nConnection: close\r\n\r\n"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        status.ok_or(std::io::Error::from(std::io::ErrorKind::InvalidData))
    };
    match delete()? {
        503 => delete(),
        status => Ok(status),
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    an_organization_goes_with_all_that_is_linked_to_it()?;
    a_service_that_fails_once_is_asked_again()?;
    an_erased_user_is_found_nowhere()?;
    Ok(())
}

fn an_organization_goes_with_all_that_is_linked_to_it() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = TOMBSTONE.sandbox("offboarding")?;
    let base = sandbox.url_of("partoo");
    assert_eq!(offboard(&base, 42)?, 200);
    assert_eq!(offboard(&base, 42)?, 404);
    let businesses = || Records::of("businesses").provider("partoo");
    sandbox.expect(Verification::of([
        Expectation::calls(Calls::of("deleteOrganization").provider("partoo")).times(2),
        Expectation::deleted(businesses().with("org_id", 42)).times(3),
        Expectation::exists(businesses().with("org_id", 44)),
    ]))?;

    // Taken back, it can be done again.
    let turned = sandbox.undo()?;
    show("undone, and back are", &json!(turned.records));
    assert_eq!(offboard(&base, 42)?, 200);
    Ok(())
}

fn a_service_that_fails_once_is_asked_again() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = TOMBSTONE.sandbox("retry")?;
    sandbox.faults().add(FaultFormat::any().provider("partoo").status(503).times(1))?;
    assert_eq!(offboard(&sandbox.url_of("partoo"), 43)?, 200);
    sandbox.expect(Expectation::order([Calls::any().status(503), Calls::any().status(200)]))?;
    show("the faults", &json!(sandbox.faults().list()?));
    Ok(())
}

fn an_erased_user_is_found_nowhere() -> Result<(), Error> {
    let sandbox = TOMBSTONE.sandbox("erasure")?;
    assert!(!sandbox.residue("priya@example.com")?.clean);
    assert_eq!(erase(&sandbox, "yourUserId1"), 202);
    // It is done over a day, which passes at once.
    let clock = sandbox.clock().advance(Duration::from_secs(24 * 60 * 60))?;
    show("after a day", &json!(clock));
    sandbox.expect(Verification::of([
        Expectation::absent(Records::of("members").provider("velt").with("user_id", "yourUserId1")),
        Expectation::no_residue("priya@example.com"),
    ]))
}

/// Has a user erased, without a socket.
fn erase(sandbox: &Sandbox, user: &str) -> u16 {
    let request = Request::post(format!("{}/v2/users/data/delete", sandbox.url_of("velt")))
        .header("Content-Type", "application/json")
        .header("x-velt-api-key", "velt-sandbox-key")
        .header("x-velt-auth-token", "velt-sandbox-token")
        .body(json!({ "data": { "userIds": [user] } }).to_string())
        .expect("this is a request");
    sandbox.call(request).status().as_u16()
}

#[expect(clippy::print_stdout, reason = "an example shows what it does")]
fn show(what: &str, value: &Value) {
    println!("{what}: {value:#}");
}
