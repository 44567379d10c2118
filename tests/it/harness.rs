//! A sandbox in process, at a time that the test sets: calls, and all that steers it.

use http::{HeaderName, HeaderValue, Method, Uri};
use serde_json::{Map, Value, json};
use tombstone::catalog;
use tombstone::catalog::Sources;
use tombstone::clock::{ClockChange, ClockStart, Timestamp};
use tombstone::control::Control;
use tombstone::emulator::{Emulator, EmulatorOptions};
use tombstone::finding::Finding;
use tombstone::message::{Body, Reply};

/// When the records of the built-in fixtures are as they are: 2026-01-15, 12:00.
pub(crate) const NOON: Timestamp = Timestamp(1_768_478_400_000);

/// Clocks that stand still at noon.
pub(crate) const FROZEN: ClockStart = ClockStart { at: Some(NOON), frozen: true, rate: 1.0 };

/// The built-in providers at noon, with frozen clocks.
pub(crate) fn frozen() -> Emulator {
    world(&EmulatorOptions { clock: FROZEN, ..EmulatorOptions::default() })
}

/// The built-in providers at noon.
pub(crate) fn world(options: &EmulatorOptions) -> Emulator {
    world_of(&Sources::default(), options)
}

/// What these files describe at noon, in which nothing may be wrong; fixture sets are read where they ask for them.
pub(crate) fn world_of(sources: &Sources, options: &EmulatorOptions) -> Emulator {
    let mut findings = Vec::new();
    let providers = catalog::load(sources, NOON, &mut findings).unwrap();
    let options = EmulatorOptions { now: NOON, ..options.clone() };
    let mut emulator = Emulator::new(providers, &options, &mut findings);
    let findings: Vec<String> = findings.iter().map(Finding::to_string).collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    let sources = sources.clone();
    emulator.load_fixtures_with(Box::new(move |_, set, now| {
        let sources = Sources { fixture_set: set.to_owned(), ..sources.clone() };
        let providers = catalog::load(&sources, now, &mut Vec::new());
        let providers = providers.map_err(|error| vec![error.to_string()])?;
        Ok(providers.into_iter().map(|provider| provider.fixtures).collect())
    }));
    emulator
}

/// A request, as plainly as it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// A call: `DELETE /path`, headers as `name: value`, and the body.
pub(crate) fn call(line: &str, fields: &[&str], body: &str) -> Call {
    let (method, target) = line.split_once(' ').unwrap();
    let headers = fields.iter().map(|field| field.split_once(": ").unwrap());
    Call {
        method: method.parse().unwrap(),
        target: target.to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        body: body.to_owned(),
    }
}

impl Call {
    /// The same call with one more header.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same call by the path that picks a sandbox.
    pub(crate) fn by_path(self, sandbox: &str) -> Self {
        Self { target: format!("/@{sandbox}{}", self.target), ..self }
    }
}

/// Organization 43 has nothing that keeps it.
pub(crate) fn partoo(id: &str) -> Call {
    call(&format!("DELETE /partoo/org/{id}"), &["x-apikey: partoo-provider-write"], "")
}

/// `acme` has a subscription, `globex` has none.
pub(crate) fn applivery(id: &str) -> Call {
    let line = format!("DELETE /applivery/v1/organizations/{id}");
    call(&line, &["authorization: Bearer applivery-admin"], "")
}

pub(crate) fn timbrix() -> Call {
    let line = "DELETE /timbrix/organizations/550e8400-e29b-41d4-a716-446655440000";
    call(line, &["authorization: Bearer timbrix-owner"], "")
}

fn velt(path: &str, data: &Value) -> Call {
    let fields = [
        "x-velt-api-key: velt-sandbox-key",
        "x-velt-auth-token: velt-sandbox-token",
        "content-type: application/json",
    ];
    call(&format!("POST /velt{path}"), &fields, &json!({ "data": data }).to_string())
}

pub(crate) fn velt_organizations(ids: &[&str]) -> Call {
    velt("/v1/organizations/delete", &json!({ "organizationIds": ids }))
}

/// Erases users everywhere: five tasks, one every two seconds.
pub(crate) fn erase(users: &[&str]) -> Call {
    velt("/v2/users/data/delete", &json!({ "userIds": users }))
}

pub(crate) fn erase_in(users: &[&str], organizations: &[&str]) -> Call {
    let data = json!({ "userIds": users, "organizationIds": organizations });
    velt("/v2/users/data/delete", &data)
}

pub(crate) fn progress(job: &str) -> Call {
    velt("/v2/users/data/delete/status", &json!({ "jobId": job }))
}

/// One sandbox at one time by the system clock.
#[derive(Clone, Copy)]
pub(crate) struct Trial<'e> {
    pub(crate) emulator: &'e Emulator,
    pub(crate) name: &'e str,
    pub(crate) real: Timestamp,
}

impl<'e> Trial<'e> {
    /// A sandbox at noon.
    pub(crate) fn new(emulator: &'e Emulator, name: &'e str) -> Self {
        Self { emulator, name, real: NOON }
    }

    /// The same so many milliseconds after noon.
    pub(crate) fn at(self, ms: i64) -> Self {
        Self { real: NOON.plus_ms(ms), ..self }
    }

    pub(crate) fn control(&self) -> Control<'e> {
        Control::new(self.emulator, self.name, self.real).unwrap()
    }

    /// The answer to a call whose header says the sandbox.
    pub(crate) fn ask(&self, call: &Call) -> Reply {
        self.send(&call.clone().with("tombstone-sandbox", self.name))
    }

    /// The answer to a call as it is.
    pub(crate) fn send(&self, call: &Call) -> Reply {
        let mut request = http::Request::new(Body::Complete(call.body.clone().into()));
        *request.method_mut() = call.method.clone();
        *request.uri_mut() = call.target.parse::<Uri>().unwrap();
        for (name, value) in &call.headers {
            let name = HeaderName::try_from(name.as_str()).unwrap();
            request.headers_mut().append(name, HeaderValue::from_str(value).unwrap());
        }
        self.emulator.handle(request, self.real)
    }

    pub(crate) fn status(&self, call: &Call) -> u16 {
        self.ask(call).response.status().as_u16()
    }

    /// The id of the job that a call starts.
    pub(crate) fn start(&self, call: &Call) -> String {
        let reply = self.ask(call);
        assert_eq!(reply.response.status(), 202);
        json_of(&reply)["data"]["jobId"].as_str().unwrap().to_owned()
    }

    pub(crate) fn advance(&self, ms: i64) {
        self.control().change_clock(ClockChange::Advance(ms)).unwrap();
    }

    /// All that the sandbox is.
    pub(crate) fn state(&self) -> Value {
        self.control().state().unwrap()
    }

    /// One record, if it is there.
    pub(crate) fn record(&self, path: &str) -> Option<Map<String, Value>> {
        let [provider, resource, key] = path.split('/').collect::<Vec<_>>()[..] else {
            panic!("{path}")
        };
        let key: Vec<String> = key.split(',').map(ToOwned::to_owned).collect();
        self.control().record(provider, resource, &key).ok()
    }

    pub(crate) fn put(&self, path: &str, fields: Value) -> u16 {
        let [provider, resource, key] = path.split('/').collect::<Vec<_>>()[..] else {
            panic!("{path}")
        };
        let key: Vec<String> = key.split(',').map(ToOwned::to_owned).collect();
        let fields = fields.as_object().unwrap().clone();
        match self.control().put_record(provider, resource, &key, fields) {
            Ok((is_new, _)) => 200 + u16::from(is_new),
            Err(problem) => status_of(problem),
        }
    }

    pub(crate) fn add_fault(&self, fault: Value) {
        self.control().add_fault(&fault).unwrap();
    }
}

pub(crate) fn json_of(reply: &Reply) -> Value {
    serde_json::from_slice(reply.response.body()).unwrap()
}

pub(crate) fn header<'r>(reply: &'r Reply, name: &str) -> Option<&'r str> {
    reply.response.headers().get(name).map(|value| value.to_str().unwrap())
}

/// The status of a refusal.
pub(crate) fn status_of(problem: tombstone::problem::Problem) -> u16 {
    problem.into_response().status().as_u16()
}

/// A refusal as it reads.
pub(crate) fn told(problem: tombstone::problem::Problem) -> Value {
    serde_json::from_slice(problem.into_response().body()).unwrap()
}

/// Where two states differ first, and in what; empty if they do not.
pub(crate) fn difference(left: &Value, right: &Value) -> String {
    let at = |step: &str, left: Option<&Value>, right: Option<&Value>| match (left, right) {
        (Some(left), Some(right)) => match difference(left, right) {
            none if none.is_empty() => none,
            rest => format!("/{step}{rest}"),
        },
        (left, right) => format!("/{step}: {left:?} and {right:?}"),
    };
    match (left, right) {
        _ if left == right => String::new(),
        (Value::Object(lefts), Value::Object(rights)) => lefts
            .keys()
            .chain(rights.keys())
            .map(|name| at(name, lefts.get(name), rights.get(name)))
            .find(|found| !found.is_empty())
            .unwrap_or_default(),
        (Value::Array(lefts), Value::Array(rights)) => (0..lefts.len().max(rights.len()))
            .map(|index| at(&index.to_string(), lefts.get(index), rights.get(index)))
            .find(|found| !found.is_empty())
            .unwrap_or_default(),
        _ => format!(": {left} and {right}"),
    }
}
