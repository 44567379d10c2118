//! What a page of a list costs beside a read, a creation and a deletion, one that is done and one that is refused, in a
//! project of a thousand tasks and in one of a million: by cursor at the start and in the middle, filtered, and by number.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use serde_json::{Map, Value, json};
use tombstone::catalog;
use tombstone::catalog::Sources;
use tombstone::clock::{Stopwatch, Timestamp, system_now};
use tombstone::emulator::{Emulator, EmulatorOptions};
use tombstone::message::{Body, Request};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SIZES: [usize; 2] = [1_000, 1_000_000];
const PROJECT: &str = "5c0f1f7e-1a44-4d0b-8b1e-2f7f0c3a0001";

const ADA: &str = "0b0e5a2e-7a52-4b60-9a53-5f3c1c5c0001";

/// Of the projects, so many have an owner among their members, who may delete them.
const OWNED: usize = 1_000;
/// The number of the first one.
const FIRST: usize = 1_000;

fn project_id(number: usize) -> String {
    format!("5c0f1f7e-1a44-4d0b-8b1e-{number:012x}")
}

/// The tracker of the examples, with so many tasks and projects more.
fn tracker(size: usize) -> Emulator {
    let mut findings = Vec::new();
    let sources = Sources {
        specs: Some("examples/specs".into()),
        fixtures: Some("examples/fixtures".into()),
        only: vec!["tracker".to_owned()],
        ..Sources::default()
    };
    let mut providers =
        catalog::load(&sources, system_now(), &mut findings).expect("its files are sound");
    let tracker = &mut providers[0];
    let resource = |name| tracker.behavior.resource(name).expect("it has some");
    let (projects, tasks, members) = (resource("projects"), resource("tasks"), resource("members"));
    let fields = |value| match value {
        Value::Object(fields) => fields,
        other => unreachable!("{other} is an object"),
    };
    let at = "2030-01-01T00:00:00Z";
    let task = |number: usize| -> (usize, Map<String, Value>) {
        let status = ["open", "doing", "done"][number % 3];
        (
            tasks,
            fields(
                json!({ "id": number, "project_id": PROJECT, "number": number, "title": "Task", "status": status, "priority": number % 7, "labels": [], "created_at": at }),
            ),
        )
    };
    let project = |number: usize| -> (usize, Map<String, Value>) {
        (
            projects,
            fields(
                json!({ "id": project_id(number), "name": format!("P{number:07}"), "slug": format!("p{number}"), "archived": number.is_multiple_of(2), "owner_id": "0b0e5a2e-7a52-4b60-9a53-5f3c1c5c0003", "version": 1, "created_at": at, "updated_at": at }),
            ),
        )
    };
    let member = |number: usize| -> (usize, Map<String, Value>) {
        let member = json!({ "project_id": project_id(number), "user_id": ADA, "role": "owner", "since": at });
        (members, fields(member))
    };
    let numbers = FIRST..FIRST + size;
    let more = numbers.clone().map(task).chain(numbers.map(project));
    let more = more.chain((FIRST..FIRST + OWNED).map(member));
    tracker.fixtures.store.extend(more).expect("they fit");
    Emulator::new(providers, &EmulatorOptions::default(), &mut findings)
}

fn request(method: &str, path: &str, who: &str, body: &str) -> Request {
    http::Request::builder()
        .method(method)
        .uri(format!("/tracker/v1{path}"))
        .header("host", "localhost")
        .header("authorization", format!("Bearer tracker-{who}"))
        .header("content-type", "application/json")
        .body(Body::from(body))
        .expect("it is a request")
}

fn ask(emulator: &Emulator, request: Request) -> http::Response<bytes::Bytes> {
    emulator.handle(request, Timestamp(0)).response
}

/// How long it takes to delete so many projects, each with its one member; all are there again between times.
fn deletions(emulator: &Emulator, count: u64) -> Duration {
    let mut total = Duration::ZERO;
    let numbers = (FIRST..FIRST + OWNED).cycle();
    for (round, number) in numbers.take(usize::try_from(count).expect("few")).enumerate() {
        if round % OWNED == 0 {
            emulator.sandboxes().reset(Timestamp(0));
        }
        let path = format!("/projects/{}", project_id(number));
        let watch = Stopwatch::start();
        let answer = black_box(ask(emulator, request("DELETE", &path, "ada", "")));
        total += watch.elapsed();
        assert_eq!(answer.status(), 204);
    }
    emulator.sandboxes().reset(Timestamp(0));
    total
}

fn create(emulator: &Emulator) {
    let comment = request("POST", "/tasks/2/comments", "ada", "{\"text\":\"x\"}");
    assert_eq!(ask(emulator, comment).status(), 201);
}

fn lists(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("lists");
    for size in SIZES {
        let emulator = tracker(size);
        let tasks = format!("/projects/{PROJECT}/tasks");
        let half = ask(&emulator, request("GET", &format!("{tasks}?limit=50"), "ada", ""));
        let half: Value = serde_json::from_slice(half.body()).expect("it is JSON");
        let cursor = half["next"].as_str().expect("there are more").to_owned();
        let pages = size / 50;
        let cases = [
            ("refused delete", "DELETE", format!("/projects/{PROJECT}"), "ben", 403),
            ("read", "GET", "/tasks/1001".to_owned(), "ada", 200),
            ("page of 50", "GET", format!("{tasks}?limit=50"), "ada", 200),
            (
                "page of 50 by cursor",
                "GET",
                format!("{tasks}?limit=50&cursor={cursor}"),
                "ada",
                200,
            ),
            ("page of 50 filtered", "GET", format!("{tasks}?limit=50&status=doing"), "ada", 200),
            (
                "page of 50 by number",
                "GET",
                format!("/projects?perPage=50&page={}", pages / 2),
                "ada",
                200,
            ),
            (
                "page of 50 by number, filtered",
                "GET",
                format!("/projects?perPage=50&page={}&archived=true", pages / 4),
                "ada",
                200,
            ),
            ("page of 1", "GET", format!("{tasks}?limit=1"), "ada", 200),
        ];
        for (name, method, path, who, status) in cases {
            assert_eq!(ask(&emulator, request(method, &path, who, "")).status(), status, "{name}");
            group.bench_with_input(BenchmarkId::new(name, size), &(), |bencher, ()| {
                bencher.iter(|| black_box(ask(&emulator, request(method, &path, who, ""))));
            });
        }
        group.bench_with_input(BenchmarkId::new("delete", size), &(), |bencher, ()| {
            bencher.iter_custom(|count| deletions(&emulator, count));
        });
        group.bench_with_input(BenchmarkId::new("create", size), &(), |bencher, ()| {
            bencher.iter(|| create(&emulator));
        });
    }
    group.finish();
}

criterion_group! {
    name = all;
    config = Criterion::default().sample_size(20).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2)).without_plots();
    targets = lists
}
criterion_main!(all);
