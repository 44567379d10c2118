//! What a request takes that no other load on the machine changes: allocations and their bytes, for each kind of request.
//! `cargo bench --bench counts`
//!
//! Instructions are counted by valgrind, of one kind at a time, in the function `measured`:
//!
//! ```sh
//! valgrind --tool=callgrind --toggle-collect='*measured*' <this program> --bench 'validated POST'
//! ```

#![expect(clippy::print_stdout, reason = "it is here to print")]

use std::hint::black_box;

use tombstone::catalog;
use tombstone::catalog::Sources;
use tombstone::clock::{Timestamp, system_now};
use tombstone::emulator::{Emulator, EmulatorOptions};
use tombstone::message::{Body, Request};

/// Requests of one kind that are counted, after as many that warm up: caches fill, and the journal.
const REQUESTS: u64 = 2_000;

/// One kind of request, and the status of its answer.
struct Case {
    name: &'static str,
    request: Request,
    status: u16,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --all-targets` builds and starts this too.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let wanted: Vec<&String> =
        arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    let providers =
        catalog::load(&Sources::default(), system_now(), &mut Vec::new()).expect("it is built in");
    let emulator = Emulator::new(providers, &EmulatorOptions::default(), &mut Vec::new());
    println!("{:32} {:>12} {:>12}", "", "allocations", "bytes");
    for case in cases() {
        if wanted.is_empty() || wanted.iter().any(|name| *name == case.name) {
            case.run(&emulator);
        }
    }
}

impl Case {
    fn run(self, emulator: &Emulator) {
        let now = system_now();
        let requests = || -> Vec<Request> { (0..REQUESTS).map(|_| self.request.clone()).collect() };
        let answered = emulator.handle(self.request.clone(), now).response.status();
        assert_eq!(answered, self.status, "{}", self.name);
        all(emulator, requests(), now);
        let mut batch = requests();
        let taken = allocation_counter::measure(|| {
            measured(emulator, std::mem::take(&mut batch), now);
        });
        let each =
            |total: u64| format!("{}.{}", total / REQUESTS, total % REQUESTS * 10 / REQUESTS);
        println!(
            "{:32} {:>12} {:>12}",
            self.name,
            each(taken.count_total),
            each(taken.bytes_total)
        );
    }
}

/// The part that is counted.
#[inline(never)]
fn measured(emulator: &Emulator, requests: Vec<Request>, now: Timestamp) {
    all(emulator, requests, now);
}

fn all(emulator: &Emulator, requests: Vec<Request>, now: Timestamp) {
    for request in requests {
        black_box(emulator.handle(request, now));
    }
}

fn cases() -> [Case; 6] {
    let applivery = [("authorization", "Bearer applivery-admin")];
    let velt = [
        ("x-velt-api-key", "velt-sandbox-key"),
        ("x-velt-auth-token", "velt-sandbox-token"),
        ("content-type", "application/json"),
    ];
    let delete = |slug: &str| {
        request("DELETE", &format!("/applivery/v1/organizations/{slug}"), &applivery, "")
    };
    let post = |body: &str| request("POST", "/velt/v1/organizations/delete", &velt, body);
    let ids = r#"{"data":{"organizationIds":["nowhere1","nowhere2","nowhere3"]}}"#;
    [
        Case { name: "DELETE answered 400", request: delete("acme"), status: 400 },
        Case { name: "DELETE of what is not there", request: delete("none"), status: 404 },
        Case { name: "validated POST", request: post(ids), status: 200 },
        Case { name: "POST with violations", request: post("{}"), status: 400 },
        Case { name: "no route", request: request("GET", "/nothing", &[], ""), status: 404 },
        Case {
            name: "no route of a provider",
            request: request("GET", "/applivery/nothing", &[], ""),
            status: 404,
        },
    ]
}

fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Request {
    let mut request =
        http::Request::builder().method(method).uri(target).header("host", "localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_owned())).expect("it is a request")
}
