//! The runner: makes a row's calls in process or over a socket, and tells in which points the row does not hold.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use serde_json::{Map, Value};
use tokio::sync::oneshot;
use tombstone::catalog::Sources;
use tombstone::clock::{Timestamp, system_now};
use tombstone::emulator::{Emulator, EmulatorOptions};
use tombstone::message::Body;
use tombstone::server::{Server, ServerLimits, Setup};
use tombstone::{admin, catalog};

use crate::support::all_records;

use super::row::{Call, Row};

/// The built-in providers as they are at `now`.
pub(super) fn emulator(now: Timestamp) -> Emulator {
    emulator_of(&Sources { vet: true, ..Sources::default() }, now)
}

/// What `sources` has, without a finding.
pub(super) fn emulator_of(sources: &Sources, now: Timestamp) -> Emulator {
    let mut findings = Vec::new();
    let providers = catalog::load(sources, now, &mut findings).unwrap();
    let emulator = Emulator::new(
        providers,
        &EmulatorOptions { seed: 7, cors: true, ..EmulatorOptions::default() },
        &mut findings,
    );
    assert!(findings.is_empty(), "{findings:#?}");
    emulator
}

/// A moment for tests that set the time themselves.
pub(super) fn noon() -> Timestamp {
    Timestamp::parse("2026-01-15T12:00:00Z").unwrap()
}

/// What came back.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// The answer of the emulator itself at `now`.
pub(super) fn handle(emulator: &Emulator, call: &Call, now: Timestamp) -> Answer {
    let mut request = http::Request::builder().method(call.method).uri(&call.target);
    for (name, value) in &call.headers {
        request = request.header(*name, value);
    }
    let request = request.body(Body::Complete(call.body.clone().into())).unwrap();
    let response = emulator.handle(request, now).response;
    Answer {
        status: response.status().as_u16(),
        headers: response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect(),
        body: String::from_utf8(response.into_body().to_vec()).unwrap(),
    }
}

/// The answer of a server, on a connection of its own.
pub(super) fn send(address: SocketAddr, call: &Call) -> Answer {
    let mut request = format!("{} {} HTTP/1.1\r\n", call.method, call.target);
    if !call.headers.iter().any(|(name, _)| *name == "host") {
        request.push_str("Host: localhost\r\n");
    }
    for (name, value) in &call.headers {
        request.extend([name, ": ", value, "\r\n"]);
    }
    let framing = format!("Content-Length: {}\r\nConnection: close\r\n\r\n", call.body.len());
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(&[request.as_bytes(), framing.as_bytes(), &call.body].concat()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    Answer { status, headers, body: body.to_owned() }
}

/// Runs `test` while a server answers out of `emulator`.
fn while_served(emulator: &Arc<Emulator>, test: impl FnOnce(SocketAddr)) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = runtime.block_on(Server::bind("127.0.0.1", 0)).unwrap();
    let bind = server.address();
    let admin =
        admin::AdminOptions { bind, hosts: Vec::new(), token: None, open: false, page: None };
    let setup = Setup {
        emulator: Arc::clone(emulator).into(),
        admin,
        tls: None,
        log: None,
        limits: ServerLimits::default(),
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let running = runtime.spawn(server.run(setup, async { drop(stopped.await) }));
    test(bind);
    drop(stop);
    runtime.block_on(running).unwrap();
}

/// All records of all providers, by `provider/resource/key`.
pub(super) type Records = BTreeMap<String, Map<String, Value>>;

pub(super) fn records(emulator: &Emulator) -> Records {
    let mut all = Records::new();
    for (place, record) in all_records(emulator) {
        let place = format!("{place}/{}", key(&record));
        assert!(all.insert(place, record).is_none(), "two records of one key");
    }
    all
}

/// A record's key; those of several parts have these.
fn key(record: &Map<String, Value>) -> String {
    let text = |name: &str| match record.get(name) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(other) => Some(other.to_string()),
        None => None,
    };
    let parts = || Some(format!("{},{}", text("organization_id")?, text("user_id")?));
    text("id").or_else(|| text("client_id")).or_else(parts).expect("every record has a key")
}

/// What is different between two moments, in key order. Points in time from `since` on read as `now`.
pub(super) fn changes(
    provider: &str,
    before: &Records,
    after: &Records,
    since: Timestamp,
) -> Vec<String> {
    let mut lines = Vec::new();
    let prefix = format!("{provider}/");
    let short = |place: &str| place.strip_prefix(&prefix).unwrap_or(place).to_owned();
    for (place, record) in before {
        match after.get(place) {
            None => lines.push(format!("- {}", short(place))),
            Some(changed) if changed != record => {
                let new: Map<String, Value> = changed
                    .iter()
                    .filter(|(name, value)| record.get(*name) != Some(value))
                    .map(|(name, value)| (name.clone(), since_now(value, since)))
                    .collect();
                lines.push(format!("~ {} {}", short(place), Value::Object(new)));
            }
            Some(_) => {}
        }
    }
    for place in after.keys().filter(|place| !before.contains_key(*place)) {
        let (resource, _) = place.rsplit_once('/').unwrap();
        lines.push(format!("+ {}", short(resource)));
    }
    lines
}

fn since_now(value: &Value, since: Timestamp) -> Value {
    let moment = value.as_str().and_then(Timestamp::parse);
    if moment.is_some_and(|moment| moment >= since) { "now".into() } else { value.clone() }
}

/// Every point in which a row does not hold.
pub(super) fn faults(
    provider: &str,
    row: &Row,
    emulator: &Emulator,
    ask: impl Fn(&Call) -> Answer,
    since: Timestamp,
) -> Vec<String> {
    emulator.sandboxes().reset(Timestamp(0));
    for call in &row.before {
        let answer = ask(call);
        assert!(answer.status < 300, "{}: a call before it failed: {answer:?}", row.situation);
    }
    let before = records(emulator);
    let answer = ask(&row.call);
    let after = records(emulator);
    let mut faults = Vec::new();
    let mut expect = |what: &str, expected: String, got: String| {
        if expected != got {
            faults.push(format!("{what}\n      expected {expected}\n      got      {got}"));
        }
    };
    expect("status", row.status.to_string(), answer.status.to_string());
    let body = row.body.as_ref().map(Value::to_string).unwrap_or_default();
    expect("body", body, any_job(&answer.body, row.body.as_ref()));
    let media_type = row.body.as_ref().map(|_| "application/json");
    let mut headers =
        BTreeMap::from([("content-type", media_type), ("tombstone-sandbox", Some("default"))]);
    headers.extend(row.headers.iter().copied());
    for (name, value) in headers {
        expect(name, format!("{value:?}"), format!("{:?}", answer.header(name)));
    }
    let mut expected = row.changes.clone();
    expected.sort();
    let mut changes = changes(provider, &before, &after, since);
    changes.sort();
    expect("changes", format!("{expected:#?}"), format!("{changes:#?}"));
    faults
}

/// The body with its job id replaced, where the row expects any and the id has the right form.
fn any_job(body: &str, expected: Option<&Value>) -> String {
    let wanted = expected.is_some_and(|expected| expected.to_string().contains("\"$jobId\""));
    let sent: Value = serde_json::from_str(body).unwrap_or_default();
    match sent["data"]["jobId"].as_str() {
        Some(id) if wanted && is_auto_id(id) => body.replace(id, "$jobId"),
        _ => body.to_owned(),
    }
}

/// Whether an id has the form of those that Firestore makes up.
pub(super) fn is_auto_id(id: &str) -> bool {
    id.len() == 20 && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Rows that do not hold, told with their situation and provenance; and those marked as failing that hold.
pub(super) fn report(
    provider: &str,
    rows: &[Row],
    emulator: &Emulator,
    since: Timestamp,
    ask: impl Fn(&Call) -> Answer,
) -> String {
    let mut report = String::new();
    for row in rows {
        let faults = faults(provider, row, emulator, &ask, since);
        let told = match row.defect {
            None if faults.is_empty() => continue,
            None => faults.join("\n    "),
            Some(_) if !faults.is_empty() => continue,
            Some(defect) => format!("holds by now, though `{defect}`: take the mark off"),
        };
        let Row { situation, source, .. } = row;
        report.extend([format!("\n  {provider}: {situation} ({source:?})\n    {told}\n")]);
    }
    report
}

/// Every row holds, in process and over a socket.
pub(super) fn hold(provider: &str, rows: &[Row]) {
    let now = noon();
    let alone = emulator(now);
    let faults = report(provider, rows, &alone, now, |call| handle(&alone, call, now));
    assert!(faults.is_empty(), "in process:\n{faults}");
    let started = system_now();
    let served = Arc::new(emulator(started));
    while_served(&served, |address| {
        let faults = report(provider, rows, &served, started, |call| send(address, call));
        assert!(faults.is_empty(), "over a socket:\n{faults}");
    });
}
