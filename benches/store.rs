//! What changing the state costs, and what it costs when the world is a thousand times larger: deleting with
//! 3 and with 1,000 dependents among 1,000 and 1,000,000 records, forking, and taking back.
//!
//! Each deletion is of another record, in an order that no cache can foresee. `cargo bench --bench store`
//! prints the memory of a record as well.

use std::convert::Infallible;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use serde_json::{Map, Value, json};
use tombstone::clock::Stopwatch;
use tombstone::store::{
    Change, Key, Model, OnDelete, PropertyPath, Record, Relation, ResourceModel, Store, Traces,
};

const ORGANIZATIONS: usize = 0;

const SIZES: [usize; 2] = [1_000, 1_000_000];

fn model() -> Arc<Model> {
    let resource = |name: &str, unique: &str, relations| ResourceModel {
        counters: Vec::new(),
        ordered: Vec::new(),
        name: name.into(),
        key: vec!["id".to_owned()],
        unique: vec![vec![unique.to_owned()]],
        relations,
        due: None,
        remembers_deleted: false,
    };
    let of_organization = || Relation {
        name: "organization".into(),
        inverse: None,
        target: ORGANIZATIONS,
        by: vec![PropertyPath::parse("organization_id").expect("it is a property")],
        on_delete: OnDelete::Cascade,
        optional: false,
        unlinks_by_removal: false,
    };
    Arc::new(Model {
        resources: vec![
            resource("organizations", "slug", vec![]),
            resource("members", "token", vec![of_organization()]),
            resource("devices", "serial", vec![of_organization()]),
        ],
    })
}

/// Scattered, as the ids of real services are, and the same in every run.
fn scattered(number: usize) -> u64 {
    (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

fn organization_id(number: usize) -> String {
    format!("org_{:016x}", scattered(number))
}

fn organizations(size: usize, dependents: usize) -> usize {
    (size / (dependents + 1)).max(1)
}

/// About `size` records: organizations with so many dependents each.
fn records(size: usize, dependents: usize) -> impl Iterator<Item = (usize, Map<String, Value>)> {
    let count = organizations(size, dependents);
    let fields = |value| match value {
        Value::Object(fields) => fields,
        other => unreachable!("{other} is an object"),
    };
    let owners = (0..count).map(move |number| {
        let slug = format!("slug-{number}");
        (ORGANIZATIONS, json!({ "id": organization_id(number), "slug": slug, "name": "Acme" }))
    });
    let owned = (0..count * dependents).map(move |number| {
        let organization = organization_id(number / dependents);
        let unique = format!("{:016x}", scattered(number));
        match number % 2 {
            0 => (1, json!({ "id": number, "organization_id": organization, "token": unique, "role": "x" })),
            _ => (2, json!({ "id": number, "organization_id": organization, "serial": unique, "os": "x" })),
        }
    });
    owners.chain(owned).map(move |(resource, value)| (resource, fields(value)))
}

#[expect(clippy::print_stdout, reason = "criterion measures time only")]
fn world(size: usize, dependents: usize) -> Store {
    let (watch, before) = (Stopwatch::start(), resident_kb());
    let store = Store::build(model(), records(size, dependents)).expect("the records fit");
    if size == SIZES[1] {
        println!(
            "{size} records: loaded in {:.1} s, {} bytes each",
            watch.elapsed().as_secs_f64(),
            (resident_kb().saturating_sub(before)) * 1024 / size
        );
    }
    store
}

/// 0 where the system does not say.
fn resident_kb() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}

fn delete(store: &mut Store, key: Key) -> (Vec<Change>, Traces) {
    let mut unchanged = |_: usize, _: usize, _: &Record| Ok::<_, Infallible>(Map::new());
    let changes = store.plan_delete(&[(ORGANIZATIONS, key)], &mut unchanged).expect("it cascades");
    let traces = store.commit(&changes).expect("it was planned from this state");
    (changes, traces)
}

/// Deletes one organization after the other and takes each deletion back; gives the time of one of the two.
fn sessions(store: &mut Store, count: usize, rounds: u64, of_revert: bool) -> Duration {
    let mut total = Duration::ZERO;
    for round in 0..rounds {
        // A stride prime to every count here goes through all of them.
        let number = usize::try_from(round).expect("rounds are few") * 7_919 % count;
        let key = Key::from(organization_id(number).as_str());
        let watch = Stopwatch::start();
        let (changes, traces) = delete(store, key);
        let deleted = watch.elapsed();
        let watch = Stopwatch::start();
        store.revert(&changes, &traces).expect("nothing happened in between");
        total += if of_revert { watch.elapsed() } else { deleted };
        black_box(changes);
    }
    total
}

fn store(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("store");
    group.sample_size(20);
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    for dependents in [3, 1_000] {
        for size in SIZES {
            let mut store = world(size, dependents);
            let count = organizations(size, dependents);
            let name =
                |what: &str| BenchmarkId::new(format!("{what}, {dependents} dependents"), size);
            group.bench_function(name("delete"), |bencher| {
                bencher.iter_custom(|rounds| sessions(&mut store, count, rounds, false));
            });
            group.bench_function(name("revert"), |bencher| {
                bencher.iter_custom(|rounds| sessions(&mut store, count, rounds, true));
            });
            if dependents == 3 {
                group.bench_function(name("fork"), |bencher| bencher.iter(|| store.clone()));
                let key = Key::from(organization_id(count / 2).as_str());
                group.bench_function(name("delete in a new fork"), |bencher| {
                    bencher.iter_batched_ref(
                        || store.clone(),
                        |fork| delete(fork, key.clone()),
                        BatchSize::PerIteration,
                    );
                });
            }
        }
    }
}

criterion_group!(benches, store);
criterion_main!(benches);
