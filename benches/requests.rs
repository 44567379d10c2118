//! What a request costs in process, from the parsed head to the finished answer, through the one function that the
//! server calls. Loopback, hyper and the log are in `loopback`; the store by itself is in `store`.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use serde_json::{Map, Value, json};
use tombstone::catalog;
use tombstone::catalog::Sources;
use tombstone::clock::{Stopwatch, Timestamp, system_now};
use tombstone::emulator::{Emulator, EmulatorOptions, Provider};
use tombstone::faults::{Fault, FaultSet, FaultTarget};
use tombstone::journal::{Back, Event, ExchangeDraft, JournalBudget, SandboxJournal};
use tombstone::message::{Body, Facts, Request, Why};
use tombstone::store::Store;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SIZES: [usize; 2] = [1_000, 1_000_000];
const DEPENDENTS: [usize; 2] = [3, 1_000];

/// Where the ids of organizations begin.
const FIRST_ID: usize = 1_000_000;

fn options() -> EmulatorOptions {
    EmulatorOptions::default()
}

fn providers(only: &[&str]) -> Vec<Provider> {
    let mut findings = Vec::new();
    let only = only.iter().map(|name| (*name).to_owned()).collect();
    let sources = Sources { only, ..Sources::default() };
    let providers = catalog::load(&sources, system_now(), &mut findings).expect("it is built in");
    assert!(findings.is_empty(), "{findings:?}");
    providers
}

fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Request {
    let mut request =
        http::Request::builder().method(method).uri(target).header("host", "localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body)).expect("it is a request")
}

fn delete(id: usize) -> Request {
    request("DELETE", &format!("/partoo/org/{id}"), &[("x-apikey", "partoo-provider-write")], "")
}

/// Requests that leave everything as it was.
fn unchanging(criterion: &mut Criterion) {
    let emulator = Emulator::new(providers(&[]), &options(), &mut Vec::new());
    let applivery = [("authorization", "Bearer applivery-admin")];
    let velt = [
        ("x-velt-api-key", "velt-sandbox-key"),
        ("x-velt-auth-token", "velt-sandbox-token"),
        ("content-type", "application/json"),
    ];
    let unknown = r#"{"data":{"organizationIds":["nowhere1","nowhere2"]}}"#;
    let cases = [
        ("no route", request("GET", "/nothing/like/this", &[], ""), 404),
        ("no route of a provider", request("GET", "/applivery/nothing", &[], ""), 404),
        ("validated POST", request("POST", "/velt/v1/organizations/delete", &velt, unknown), 200),
        (
            "POST with violations",
            request("POST", "/velt/v1/organizations/delete", &velt, "{}"),
            400,
        ),
        (
            "DELETE answered 400",
            request("DELETE", "/applivery/v1/organizations/acme", &applivery, ""),
            400,
        ),
        (
            "DELETE of what is not there",
            request("DELETE", "/applivery/v1/organizations/none", &applivery, ""),
            404,
        ),
    ];
    let mut group = criterion.benchmark_group("request");
    group.sample_size(30);
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    for (name, request, status) in cases {
        let answered = emulator.handle(request.clone(), system_now()).response.status();
        assert_eq!(answered, status, "{name}");
        let now = system_now();
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || request.clone(),
                |request| emulator.handle(request, now),
                criterion::BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

/// About `size` records of one provider: organizations with so many groups each, and who may delete them.
fn records(
    size: usize,
    dependents: usize,
) -> impl Iterator<Item = (&'static str, Map<String, Value>)> {
    let count = organizations(size, dependents);
    let organization = |id: usize| {
        ("organizations", json!({ "id": id, "name": "A", "alias": "a", "provider": "partoo" }))
    };
    let user = json!({
        "id": "5309c3a237bbc544d8e20001", "org_id": 1, "first_name": "A", "last_name": "B",
        "email": "a@example.com", "role": "PROVIDER", "provider": "partoo",
    });
    let api_key = json!({
        "id": 1, "user_id": "5309c3a237bbc544d8e20001", "token": "partoo-provider-write", "label": "A",
        "access": "WRITE", "revoked": false,
    });
    let owners = (0..count).map(move |number| organization(FIRST_ID + number));
    let groups = (0..count * dependents).map(move |number| {
        ("groups", json!({ "id": number, "org_id": FIRST_ID + number / dependents, "name": "A" }))
    });
    let all = [organization(1), ("users", user), ("api_keys", api_key)]
        .into_iter()
        .chain(owners)
        .chain(groups);
    all.map(|(resource, value)| match value {
        Value::Object(fields) => (resource, fields),
        other => unreachable!("{other} is an object"),
    })
}

fn organizations(size: usize, dependents: usize) -> usize {
    (size / (dependents + 1)).max(1)
}

fn store(provider: &Provider, size: usize, dependents: usize) -> Store {
    let behavior = &provider.behavior;
    let numbered = records(size, dependents).map(|(resource, fields)| {
        (behavior.resource(resource).expect("the behavior file has it"), fields)
    });
    Store::build(Arc::clone(behavior.model()), numbered).expect("the records fit")
}

/// The time of `rounds` deletions, each of another organization while there are any; then all come back.
fn deletions(emulator: &Emulator, count: usize, rounds: u64, now: Timestamp) -> Duration {
    let mut total = Duration::ZERO;
    emulator.sandboxes().reset(now);
    for round in 0..rounds {
        let round = usize::try_from(round).expect("rounds are few");
        if round > 0 && round.is_multiple_of(count) {
            emulator.sandboxes().reset(now);
        }
        // A step prime to every count here goes through all of them, in an order that no cache can foresee.
        let request = delete(FIRST_ID + round * 7_919 % count);
        let watch = Stopwatch::start();
        let reply = emulator.handle(request, now);
        total += watch.elapsed();
        assert_eq!(black_box(reply).response.status(), 200);
    }
    total
}

/// The time of `rounds` undos, each of the deletion of another organization.
fn undos(emulator: &Emulator, count: usize, rounds: u64, now: Timestamp) -> Duration {
    let mut total = Duration::ZERO;
    emulator.sandboxes().reset(now);
    for round in 0..rounds {
        let round = usize::try_from(round).expect("rounds are few");
        let request = delete(FIRST_ID + round * 7_919 % count);
        assert_eq!(emulator.handle(request, now).response.status(), 200);
        emulator.sandboxes().visit("default", now, |_, state| {
            let watch = Stopwatch::start();
            let turned = state.undo(Back::Steps(1), now);
            total += watch.elapsed();
            assert_eq!(black_box(turned).expect("it was just done").entries.len(), 1);
        });
    }
    total
}

/// What each request pays for beside its answer: an entry in a full journal, and faults that are not for it.
fn beside(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("beside");
    group.sample_size(30);
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    let request = delete(FIRST_ID);
    let (parts, body) = request.into_parts();
    let mut response = http::Response::new(bytes::Bytes::from_static(&[b'x'; 120]));
    for (name, value) in [
        ("content-type", "application/json"),
        ("tombstone-sandbox", "default"),
        ("tombstone-request-id", "1234567"),
        ("vary", "Origin"),
    ] {
        response.headers_mut().insert(name, http::HeaderValue::from_static(value));
    }
    let mut journal = SandboxJournal::new(Arc::new(JournalBudget::new(1_000, 64 << 20)));
    let why = Why::Rule("deleteOrganization rule 3, specs/x/behavior.yaml:48".into());
    group.bench_function("an entry in the journal", |bencher| {
        bencher.iter(|| {
            let call = tombstone::journal::JournaledCall {
                exchange: ExchangeDraft::of(&parts, &body).answered(&response),
                facts: Arc::new(Facts {
                    provider: Some(0),
                    operation: Some(0),
                    rule: Some(3),
                    ..Facts::of(why.clone())
                }),
                restarted: None,
            };
            journal.enter(Timestamp(0), Timestamp(0), Event::Call(Arc::new(call)), None)
        });
    });
    let other = || "operation=somethingElse,status=503".parse().map(Fault::compile);
    let others = (0..10).map(|_| Arc::new(other().expect("it is one").expect("it is one")));
    let mut faults = FaultSet::new(others, 0).expect("they are few");
    group.bench_function("ten faults for others", |bencher| {
        bencher.iter(|| {
            faults.effect_on(&FaultTarget {
                provider: Some("partoo"),
                operation: Some("deleteOrganization"),
                method: &parts.method,
                path: parts.uri.path(),
                headers: &parts.headers,
            })
        });
    });
    group.finish();
}

fn deleting(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("request");
    group.sample_size(20);
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    for dependents in DEPENDENTS {
        for size in SIZES {
            let mut providers = providers(&["partoo"]);
            providers[0].fixtures.store = store(&providers[0], size, dependents);
            let emulator = Emulator::new(providers, &options(), &mut Vec::new());
            let world = emulator.sandboxes().baseline().world.clone();
            let count = organizations(size, dependents);
            let now = system_now();
            let name =
                |what: &str| BenchmarkId::new(format!("{what}, {dependents} dependents"), size);
            group.bench_function(name("DELETE that hits"), |bencher| {
                bencher.iter_custom(|rounds| deletions(&emulator, count, rounds, now));
            });
            let miss = delete(FIRST_ID - 1);
            group.bench_function(name("DELETE that misses"), |bencher| {
                bencher.iter_batched(
                    || miss.clone(),
                    |request| emulator.handle(request, now),
                    criterion::BatchSize::SmallInput,
                );
            });
            group.bench_function(name("undo of a DELETE"), |bencher| {
                bencher.iter_custom(|rounds| undos(&emulator, count, rounds, now));
            });
            group.bench_function(name("reset"), |bencher| {
                let origin = Arc::clone(emulator.sandboxes().baseline());
                bencher.iter(|| {
                    emulator
                        .sandboxes()
                        .visit("default", now, |_, state| state.restart(Arc::clone(&origin), now))
                });
            });
            group
                .bench_function(name("fork"), |bencher| bencher.iter(|| black_box(&world).clone()));
        }
    }
    group.finish();
}

/// What a provider has whose records are made and changed by calls.
const NOTES_CONTRACT: &str = r#"openapi: 3.1.0
info: { title: Notes, version: '1' }
paths:
  /notes:
    post:
      operationId: createNote
      requestBody: { content: { application/json: { schema: { $ref: '#/components/schemas/Note' } } } }
      responses: { '201': { description: The note, content: { application/json: { schema: { $ref: '#/components/schemas/Note' } } } } }
  /notes/{id}:
    patch:
      operationId: changeNote
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      requestBody: { content: { application/json: { schema: { $ref: '#/components/schemas/Note' } } } }
      responses: { '200': { description: The note, content: { application/json: { schema: { $ref: '#/components/schemas/Note' } } } } }
components:
  schemas:
    Note:
      type: object
      required: [title]
      properties:
        id: { type: string, pattern: '^[a-z0-9]{12}$' }
        title: { type: string, maxLength: 200 }
        labels: { type: array, items: { type: string }, maxItems: 20 }
        priority: { type: integer, minimum: 1, maximum: 5 }
        due: { type: string, format: date-time }
"#;
const NOTES_BEHAVIOR: &str = r#"tombstone: 1
resources:
  notes:
    key: { field: id, pattern: '[a-z0-9]{12}' }
    schema: { $ref: '#/components/schemas/Note' }
operations:
  createNote:
    rules:
      - create: notes
        with: { title: '{{ body.title }}', labels: '{{ body.labels }}', priority: '{{ body.priority }}', due: '{{ body.due }}' }
        respond: 201
        body: '{{ outcome.record }}'
  changeNote:
    rules:
      - { update: 'notes[path.id]', set: { title: '{{ body.title }}', priority: '{{ body.priority }}' }, respond: 200, body: '{{ outcome.record }}' }
"#;

/// Requests that make and change records, which are held to their schema.
fn writing(criterion: &mut Criterion) {
    let folder = std::env::temp_dir().join(format!("tombstone-bench-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("memo")).expect("there is room");
    for (file, text) in [("openapi.yaml", NOTES_CONTRACT), ("behavior.yaml", NOTES_BEHAVIOR)] {
        std::fs::write(folder.join("memo").join(file), text).expect("there is room");
    }
    let only = vec!["memo".to_owned()];
    let sources = Sources { only, specs: Some(folder.clone()), ..Sources::default() };
    let providers = catalog::load(&sources, system_now(), &mut Vec::new()).expect("it is there");
    let _ = std::fs::remove_dir_all(folder);
    let emulator = Emulator::new(providers, &options(), &mut Vec::new());
    let json = [("content-type", "application/json")];
    let note = r#"{"title":"A","labels":["a","b"],"priority":3,"due":"2030-01-31T08:00:00Z"}"#;
    let create = request("POST", "/memo/notes", &json, note);
    let now = system_now();
    let mut group = criterion.benchmark_group("request");
    group.sample_size(30);
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    group.bench_function("POST that creates", |bencher| {
        bencher.iter_custom(|rounds| {
            emulator.sandboxes().reset(now);
            let watch = Stopwatch::start();
            for _ in 0..rounds {
                let reply = emulator.handle(create.clone(), now);
                assert_eq!(black_box(reply).response.status(), 201);
            }
            watch.elapsed()
        });
    });
    emulator.sandboxes().reset(now);
    let made = emulator.handle(create, now).response;
    assert_eq!(made.status(), 201);
    let made: Value = serde_json::from_slice(made.body()).expect("it is JSON");
    let path = format!("/memo/notes/{}", made["id"].as_str().expect("it has an id"));
    let changes = [1, 2].map(|priority| {
        let body = format!(r#"{{"title":"B","priority":{priority}}}"#);
        request("PATCH", &path, &json, &body)
    });
    group.bench_function("PATCH that updates", |bencher| {
        bencher.iter_custom(|rounds| {
            let watch = Stopwatch::start();
            for request in changes.iter().cycle().take(usize::try_from(rounds).expect("few")) {
                let reply = emulator.handle(request.clone(), now);
                assert_eq!(black_box(reply).response.status(), 200);
            }
            watch.elapsed()
        });
    });
    group.finish();
}

criterion_group!(benches, unchanging, beside, writing, deleting);
criterion_main!(benches);
