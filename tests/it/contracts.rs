//! Contracts that nobody wrote for us: each operation called as its contract asks and not so, each answer held
//! against it.
//!
//! Those of `tests/documents`, and of the folder that `TOMBSTONE_DOCUMENTS` names: documents of many vendors, which
//! `.ci/documents` brings there.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use serde_json::Value;
use tombstone::catalog::{DocumentSource, Sources};
use tombstone::clock::{Stopwatch, Timestamp};
use tombstone::documented::SampleCall;
use tombstone::emulator::{Emulator, EmulatorOptions, VIOLATIONS_HEADER};
use tombstone::finding::Severity;
use tombstone::message::Body;
use tombstone::openapi::{Contract, Location, MediaType, Operation};
use tombstone::{catalog, documented};

/// So many operations of one document are called: those of the largest would take minutes without optimisation.
const OPERATIONS_MAX: usize = 150;

/// What is counted where no valid call can be made up.
const NOT_CALLED: &str = "not called";

/// Problems of one document that are told.
const TOLD_MAX: usize = 20;

#[test]
fn every_operation_of_every_document_answers_as_its_contract_says() {
    let files = documents();
    let mut report = String::new();
    let mut wrong = String::new();
    let (mut operations, mut not_called) = (0, 0);
    for file in files {
        let mut tried = Tried::default();
        let began = Stopwatch::start();
        tried.document(&file);
        let name = file.display();
        operations += tried.operations;
        not_called += tried.outcomes.get(NOT_CALLED).copied().unwrap_or_default();
        let _ = writeln!(
            report,
            "{name}: {} operations, {} valid and {} invalid calls, {} warnings, {:?} {} ms",
            tried.operations,
            tried.valid,
            tried.invalid,
            tried.warnings,
            tried.outcomes,
            began.elapsed().as_millis(),
        );
        let more = tried.problems.len().saturating_sub(TOLD_MAX);
        for problem in tried.problems.iter().take(TOLD_MAX) {
            let _ = writeln!(wrong, "{name}: {problem}");
        }
        if more > 0 {
            let _ = writeln!(wrong, "{name}: and {more} more");
        }
    }
    println!("{report}");
    // What no value fits, what a media type has no way to write: rare, or something is wrong here.
    assert!(
        not_called * 50 <= operations,
        "{not_called} of {operations} operations cannot be called"
    );
    assert_eq!(wrong, "");
}

/// The documents that are tried.
pub(crate) fn documents() -> Vec<PathBuf> {
    let mut files = Vec::new();
    find(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/documents"), &mut files);
    assert!(!files.is_empty());
    if let Some(folder) = std::env::var_os("TOMBSTONE_DOCUMENTS") {
        let before = files.len();
        find(Path::new(&folder), &mut files);
        assert!(files.len() > before, "there is no document in TOMBSTONE_DOCUMENTS");
    }
    files
}

/// The documents in a folder: single files, and `openapi.*` of those that consist of several.
fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = entries.collect();
    paths.sort();
    let main = paths.iter().find(|path| path.file_stem().is_some_and(|stem| stem == "openapi"));
    if let Some(main) = main {
        files.push(main.clone());
        return;
    }
    for path in paths {
        if path.is_dir() {
            find(&path, files);
        } else {
            files.push(path);
        }
    }
}

#[derive(Default)]
struct Tried {
    operations: usize,
    valid: usize,
    invalid: usize,
    warnings: usize,
    outcomes: BTreeMap<&'static str, usize>,
    problems: Vec<String>,
    findings: Vec<String>,
}

impl Tried {
    fn document(&mut self, file: &Path) {
        let path = file.to_owned();
        let sources = Sources {
            documents: vec![DocumentSource { name: None, path }],
            built_in: false,
            // What one call deletes the next would miss.
            inference: None,
            ..Sources::default()
        };
        let mut findings = Vec::new();
        let providers = match catalog::load(&sources, Timestamp::default(), &mut findings) {
            Ok(providers) => providers,
            Err(error) => return self.problems.push(error.to_string()),
        };
        let emulator = Emulator::new(providers, &EmulatorOptions::default(), &mut findings);
        self.warnings = findings.len();
        let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
        self.problems.extend(errors.map(ToString::to_string));
        if emulator.providers().next().is_none() {
            return;
        }
        let contract = emulator.behavior(0).contract();
        self.findings = findings.iter().map(|finding| finding.message.clone()).collect();
        self.operations = contract.operations.len();
        let step = self.operations.div_ceil(OPERATIONS_MAX).max(1);
        for number in (0..self.operations).step_by(step) {
            self.operation(&emulator, contract, number);
        }
    }

    fn operation(&mut self, emulator: &Emulator, contract: &Contract, number: usize) {
        let operation = &contract.operations[number];
        let Ok(call) = documented::valid_call(contract, number, 0) else {
            *self.outcomes.entry(NOT_CALLED).or_default() += 1;
            return;
        };
        self.valid += 1;
        let answer = Answered::to(emulator, &call);
        let theirs: Vec<&Value> = answer
            .violations
            .iter()
            .filter(|violation| violation["in"] != "response" && violation["left_off"].is_null())
            .collect();
        if !theirs.is_empty() {
            self.wrong(operation, &format!("a valid call is refused: {theirs:?}: {call:?}"));
        }
        self.answer(operation, contract, &answer);
        for call in invalid(operation, &call) {
            self.invalid += 1;
            let answer = Answered::to(emulator, &call);
            if answer.violations.is_empty() {
                self.wrong(operation, &format!("an invalid call is taken: {call:?}"));
            }
            self.answer(operation, contract, &answer);
        }
    }

    /// Holds an answer against the contract.
    fn answer(&mut self, operation: &Operation, contract: &Contract, answer: &Answered) {
        let Answered { status, content_type, body, .. } = answer;
        if content_type == "application/problem+json"
            && body.starts_with(b"{\"type\":\"urn:tombstone")
        {
            let problem: Value = serde_json::from_slice(body).unwrap();
            let kind = match problem["type"].as_str().unwrap().rsplit('#').next().unwrap() {
                "UNPROCESSABLE_ENTITY" => "ours 422",
                "UNAUTHORIZED" => "ours 401",
                "INVALID_CONTENT_TYPE" => "ours 415",
                "NO_RESPONSE_DEFINED"
                    if operation.responses.keys().all(|key| key.starts_with('1')) =>
                {
                    "no response documented"
                }
                // A record that requires another of its kind, without end.
                "SCHEMA_TOO_COMPLEX" if problem.to_string().contains("without end") => "endless",
                "NO_PATH_MATCHED_ERROR" if self.is_told(operation) => "not mounted, and told",
                _ => return self.wrong(operation, &format!("{problem}")),
            };
            *self.outcomes.entry(kind).or_default() += 1;
            return;
        }
        let Some(response) = operation.response(*status) else {
            return self.wrong(operation, &format!("{status} is not documented"));
        };
        *self.outcomes.entry("documented").or_default() += 1;
        if response.content.is_empty() || *status == 204 || *status == 304 {
            if !body.is_empty() {
                self.wrong(operation, &format!("{status} documents no body, and has one"));
            }
            return;
        }
        let essence = |name: &str| name.split(';').next().unwrap_or_default().trim().to_lowercase();
        let is_described = |(_, media): (&String, &MediaType)| {
            media.schema.is_some() || !media.examples.is_empty()
        };
        if content_type.is_empty() && body.is_empty() && !response.content.iter().any(is_described)
        {
            return;
        }
        let exact = response.content.iter().find(|(name, _)| *name == content_type);
        let documented = exact.or_else(|| {
            response.content.iter().find(|(name, _)| {
                essence(name) == essence(content_type)
                    || name.strip_suffix('*').is_some_and(|range| content_type.starts_with(range))
                    || *name == "*/*"
            })
        });
        let Some((_, media)) = documented else {
            return self
                .wrong(operation, &format!("`{content_type}` is not documented for {status}"));
        };
        let Some(schema) = media.schema.filter(|_| content_type.contains("json")) else { return };
        let misfits = answer
            .violations
            .iter()
            .any(|violation| violation["in"] == "response" || !violation["left_off"].is_null());
        if misfits {
            *self.outcomes.entry("misfits, and told").or_default() += 1;
            return;
        }
        if essence(content_type).ends_with("json") && !essence(content_type).contains("seq") {
            let Ok(value) = serde_json::from_slice::<Value>(body) else {
                return self.wrong(operation, &format!("{status}: the body is no JSON"));
            };
            let Ok(validator) = contract.schemas.response_validator(schema) else { return };
            if let Some(error) = validator.misfits(&value, 1).found.first() {
                let at = error.instance_path().to_string();
                self.wrong(
                    operation,
                    &format!("{status}: the body does not fit at `{at}`: {error}"),
                );
            }
        }
    }

    /// Whether a finding speaks of an operation's path.
    fn is_told(&self, operation: &Operation) -> bool {
        self.findings.iter().any(|message| message.contains(&operation.template))
    }

    fn wrong(&mut self, operation: &Operation, what: &str) {
        let what: String = what.chars().take(600).collect();
        self.problems.push(format!("{} {}: {what}", operation.method, operation.template));
    }
}

/// Calls that the contract does not take, each made of a valid one.
fn invalid(operation: &Operation, valid: &SampleCall) -> Vec<SampleCall> {
    let mut calls = Vec::new();
    let asks = |location: Location| {
        let mut parameters = operation.parameters.iter();
        parameters.any(|one| {
            let name = one.name.to_lowercase();
            // `OpenAPI` has these ignored where they are declared as parameters.
            let is_ignored = ["accept", "content-type", "authorization"].contains(&name.as_str());
            one.required && one.location == location && !is_ignored
        })
    };
    let is_guarded = !operation.security.is_empty() && !operation.security.contains(&Vec::new());
    if (asks(Location::Query) || is_guarded) && valid.target.contains('?') {
        let target = valid.target.split('?').next().unwrap().to_owned();
        calls.push(SampleCall { target, ..valid.clone() });
    }
    let sent = |(name, _): &&(String, String)| !name.eq_ignore_ascii_case("content-type");
    if (asks(Location::Header) || is_guarded) && valid.headers.iter().any(|one| sent(&one)) {
        let headers = valid.headers.iter().filter(|one| !sent(one)).cloned().collect();
        calls.push(SampleCall { headers, ..valid.clone() });
    }
    let is_any = |name: &String| name == "*/*" || name.starts_with("application/*");
    let body = operation.request_body.as_ref().filter(|body| !body.content.keys().any(is_any));
    if let (Some(_), Some(_)) = (body, &valid.body) {
        let mut call = SampleCall { body: Some(Bytes::from_static(b"x")), ..valid.clone() };
        call.headers.retain(|one| sent(&one));
        call.headers.push(("Content-Type".to_owned(), "application/x-unheard-of".to_owned()));
        calls.push(call);
    }
    calls
}

struct Answered {
    status: u16,
    content_type: String,
    body: Bytes,
    violations: Vec<Value>,
}

impl Answered {
    fn to(emulator: &Emulator, call: &SampleCall) -> Self {
        let mut request = http::Request::builder().method(&call.method).uri(&call.target);
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        let body = call.body.clone().map_or(Body::empty(), Body::Complete);
        let reply = emulator.handle(request.body(body).unwrap(), Timestamp::default());
        let (parts, body) = reply.response.into_parts();
        let violations = parts.headers.get(&VIOLATIONS_HEADER);
        let violations =
            violations.map(|header| serde_json::from_slice(header.as_bytes()).unwrap());
        let content_type = parts.headers.get(CONTENT_TYPE);
        Self {
            status: parts.status.as_u16(),
            content_type: content_type
                .map_or("".into(), |value| String::from_utf8_lossy(value.as_bytes()))
                .into_owned(),
            body,
            violations: violations.unwrap_or_default(),
        }
    }
}
