//! What a client can send that is no proper call: each has a defined answer, and none changes anything.

#![expect(clippy::too_many_lines, reason = "snapshots are long")]

mod bodies;
mod concurrency;
mod failures;
mod fuzz;
mod pages;
mod paths;
mod routes;

use std::fmt::Write;
use std::sync::Barrier;

use bytes::Bytes;
use expect_test::{Expect, expect};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use proptest::prelude::*;
use serde_json::{Map, Value};
use tombstone::catalog::Sources;
use tombstone::clock::{Timestamp, system_now};
use tombstone::emulator::{Emulator, EmulatorOptions};
use tombstone::message::{Body, Reply, Why};

use crate::support::{Folder, all_records, emulator_of};

const JSON: &str = "content-type: application/json";
const VELT: [&str; 2] =
    ["x-velt-api-key: velt-sandbox-key", "x-velt-auth-token: velt-sandbox-token"];
const PARTOO: &str = "x-APIKey: partoo-provider-write";
const TIMBRIX: &str = "authorization: Bearer timbrix-owner";
const APPLIVERY: &str = "authorization: Bearer applivery-admin";

const VELT_DELETE: &str = "POST /velt/v1/organizations/delete";
const VELT_BODY: &str = r#"{"data":{"organizationIds":["yourOrganizationId1"]}}"#;

/// An emulator at one moment, in which nothing changes unless it was answered as done.
struct World {
    emulator: Emulator,
    now: Timestamp,
}

impl World {
    fn new() -> Self {
        Self::of(&Sources::default(), &EmulatorOptions::default())
    }

    fn of(sources: &Sources, options: &EmulatorOptions) -> Self {
        Self { emulator: emulator_of(sources, options), now: system_now() }
    }

    /// Every record there is.
    fn state(&self) -> Vec<(String, Map<String, Value>)> {
        all_records(&self.emulator)
    }

    /// Makes a call, and holds its answer against what is true of all.
    fn call(&self, method: Method, target: &Uri, headers: HeaderMap, body: Body) -> Reply {
        let before = self.state();
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = target.clone();
        let asked: Vec<_> = headers.get_all("tombstone-sandbox").iter().cloned().collect();
        *request.headers_mut() = headers;
        let reply = self.emulator.handle(request, self.now);
        let (status, headers) = (reply.response.status(), reply.response.headers());
        let sandbox = &headers["tombstone-sandbox"];
        let in_path = target.path().split('/').nth(1).and_then(|first| first.strip_prefix('@'));
        let is_asked = asked.contains(sandbox) || in_path.is_some_and(|name| sandbox == name);
        assert!(sandbox == "default" || is_asked, "{target}: {sandbox:?}");
        if let Some(violations) = headers.get("tombstone-violations") {
            assert!(violations.len() <= 4096, "{target}: {} bytes", violations.len());
            assert!(serde_json::from_slice::<Vec<Value>>(violations.as_bytes()).is_ok());
        }
        if !status.is_success() {
            assert!(reply.account.changes.is_empty(), "{target}: {status} and changes");
            assert_eq!(self.state(), before, "{target}: {status} and changed");
        }
        reply
    }

    fn ask(&self, line: &str, fields: &[&str], body: impl Into<Vec<u8>>) -> Reply {
        let (method, target) = line.split_once(' ').unwrap();
        let method = method.parse().unwrap();
        let target = target.parse().unwrap_or_else(|error| panic!("{target}: {error}"));
        let body = Body::Complete(Bytes::from(body.into()));
        self.call(method, &target, header_map(fields), body)
    }

    /// The answer, as it reads.
    fn says(&self, line: &str, fields: &[&str], body: impl Into<Vec<u8>>) -> String {
        transcript(&self.ask(line, fields, body))
    }

    fn check(&self, line: &str, fields: &[&str], body: impl Into<Vec<u8>>, expected: &Expect) {
        expected.assert_eq(&self.says(line, fields, body));
    }

    fn status(&self, line: &str, fields: &[&str], body: &str) -> u16 {
        self.ask(line, fields, body).response.status().as_u16()
    }

    /// One line for each call: what was asked, and the status, the body and what the log says of it.
    fn table(&self, lines: &[&str], fields: &[&str], expected: &Expect) {
        let mut text = String::new();
        for line in lines {
            let reply = self.ask(line, fields, "");
            let body = std::str::from_utf8(reply.response.body()).unwrap();
            writeln!(text, "{line}\n    {} {body}", reply.response.status().as_u16()).unwrap();
        }
        expected.assert_eq(&text);
    }
}

fn header_map(fields: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for field in fields {
        let (name, value) = field.split_once(": ").unwrap();
        headers.append(HeaderName::try_from(name).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    headers
}

/// Status, headers but for the two that every answer has, and body.
fn transcript(reply: &Reply) -> String {
    let mut text = format!("{}\n", reply.response.status().as_u16());
    for (name, value) in reply.response.headers() {
        let is_usual = name == "tombstone-sandbox"
            || name == "tombstone-request-id"
            || name == "vary" && value == "Origin";
        if !is_usual {
            writeln!(text, "{name}: {}", value.to_str().unwrap()).unwrap();
        }
    }
    let body = std::str::from_utf8(reply.response.body()).unwrap();
    if !body.is_empty() {
        write!(text, "\n{body}\n").unwrap();
    }
    text
}

/// Status and violations, whatever words the provider has for them.
fn told(reply: &Reply) -> String {
    let violations = reply.response.headers().get("tombstone-violations");
    let violations = violations.map_or("none", |violations| violations.to_str().unwrap());
    format!("{} {violations}", reply.response.status().as_u16())
}

fn velt_fields(content_type: &'static str) -> Vec<&'static str> {
    [VELT[0], VELT[1], content_type].into_iter().filter(|field| !field.is_empty()).collect()
}
