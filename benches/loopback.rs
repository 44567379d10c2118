//! What the whole program costs over loopback, beside a bare hyper server that answers the same bytes: requests per
//! second, processor time of the server for each request, start, and memory. `cargo bench --bench loopback`
//!
//! Both are children of this program, in rounds that alternate, under the same load: 64 connections that are kept
//! alive, one request at a time on each. Everything is on that is on by default; the request log goes to `/dev/null`.
//! The goals stand beside what was measured, and nothing fails for missing one.
//!
//! `-- --json FILE` writes the figures to a file, too, and `benches/compare.mjs` shows two such files side by side. A ratio
//! to bare hyper in the same run can be compared with that of another run; requests per second cannot. Further words choose
//! parts: `start`, `calls`, `contract`, `sandboxes`, `memory`, `million`.

#![expect(clippy::print_stdout, reason = "it is here to print")]

use std::cell::Cell;
use std::convert::Infallible;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::Duration;
use std::{fs, thread};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response};
use http_body_util::{BodyExt, Full};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};
use tokio::net::{TcpListener, TcpStream};
use tombstone::clock::Stopwatch;

const CONNECTIONS: usize = 64;
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(800);
const STARTS: usize = 15;

/// The hidden argument that makes this program the bare server.
const BARE: &str = "bare-hyper";

/// Organizations by how many groups each has, all of them of one provider: a million records together.
const ORGANIZATIONS: [(usize, usize); 3] = [(0, 297_000), (3, 100_000), (100, 3_000)];
/// Where their ids begin: all of them have seven digits, so that every request has the same length.
const FIRST_ID: usize = 1_000_000;

/// One kind of request, and what it is to reach.
struct Case {
    name: &'static str,
    request: String,
    status: u16,
    /// The ids that take the place of `FIRST_ID` in the request, one each: the first, and how many.
    ids: Option<(usize, usize)>,
    ratio_goal: f64,
    extra_us_goal: Option<f64>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|argument| argument == BARE) {
        return bare();
    }
    // `cargo test --all-targets` builds and starts this too.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let words = arguments.iter().skip(1).filter(|word| *word != "--bench");
    let mut words: Vec<&str> = words.map(String::as_str).collect();
    let file = words.iter().position(|word| *word == "--json").map(|at| {
        let file = words.get(at + 1).copied().expect("a file's name follows `--json`");
        words.drain(at..=at + 1);
        file
    });
    let mut figures = Figures(Map::new());
    for (name, part) in PARTS {
        if words.is_empty() || words.contains(&name) {
            part(&mut figures);
        }
    }
    println!(
        "(medians of {ROUNDS} rounds, {CONNECTIONS} connections, {} processors)",
        thread::available_parallelism().map_or(0, usize::from)
    );
    if let Some(file) = file {
        fs::write(file, format!("{:#}\n", Value::Object(figures.0)))
            .expect("the file can be written");
    }
}

/// A part, and the word that chooses it.
type Part = (&'static str, fn(&mut Figures));

const PARTS: [Part; 6] = [
    ("start", cold_starts),
    ("calls", unchanged_world),
    ("contract", contract_alone),
    ("sandboxes", sandboxes),
    ("memory", memory),
    ("million", million_records),
];

/// What was measured, by its name.
struct Figures(Map<String, Value>);

impl Figures {
    fn note(&mut self, name: &str, figure: impl Into<Value>) {
        self.0.insert(name.to_owned(), figure.into());
    }
}

/// Two digits behind the point.
fn rounded(figure: f64) -> f64 {
    (figure * 100.0).round() / 100.0
}

fn table_head() {
    println!(
        "{:34} {:>9} {:>9} {:>7} {:>18} {:>9}",
        "", "hyper/s", "ours/s", "ratio", "CPU us: hyper ours", "more us"
    );
}

/// Requests that leave everything as it was.
fn unchanged_world(figures: &mut Figures) {
    let server = Server::tombstone(&[]);
    for request in one_of_each() {
        exchange(server.address, &request);
    }
    let resident_kb = server.resident_kb();
    table_head();
    for case in unchanging() {
        case.run(&server, figures);
    }
    figures.note("resident MB", rounded(megabytes(resident_kb)));
    println!(
        "resident after one request to each operation: {:.1} MB (goal 10), after the load: {:.1} MB",
        megabytes(resident_kb),
        megabytes(server.resident_kb())
    );
}

/// An API of which there is nothing but its document, answered by the contract alone.
const DOCUMENT: &str = r#"openapi: 3.1.0
info: { title: Shelf, version: '1' }
paths:
  /books:
    post:
      operationId: addBook
      requestBody: { required: true, content: { application/json: { schema: { $ref: '#/components/schemas/Book' } } } }
      responses:
        '201': { description: Added, content: { application/json: { schema: { $ref: '#/components/schemas/Book' } } } }
        '400': { description: Wrong, content: { application/json: { schema: { type: object }, example: { title: Wrong } } } }
  /books/{id}:
    get:
      operationId: readBook
      parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
      responses:
        '200': { description: The book, content: { application/json: { schema: { $ref: '#/components/schemas/Book' } } } }
components:
  schemas:
    Book:
      type: object
      required: [title, pages]
      properties:
        title: { type: string, maxLength: 200, example: Emma }
        pages: { type: integer, minimum: 1, example: 474 }
        labels: { type: array, items: { type: string }, example: [novel] }
"#;

/// Requests to a document without a behavior file.
fn contract_alone(figures: &mut Figures) {
    let folder = Folder::new();
    let document = folder.0.join("shelf.yaml");
    fs::write(&document, DOCUMENT).expect("there is room for temporary files");
    let document = document.display().to_string();
    let server = Server::tombstone(&["--built-in", "off", "--stateless", &document]);
    table_head();
    let post = |body: &str| request("POST", "/books", "", body);
    let case = |name, request, status| Case {
        name,
        request,
        status,
        ids: None,
        ratio_goal: 0.6,
        extra_us_goal: None,
    };
    for case in [
        case("contract alone: GET", request("GET", "/books/7", "", ""), 200),
        case("contract alone: POST", post(r#"{"title":"Emma","pages":474}"#), 201),
        case("contract alone: invalid POST", post(r#"{"title":1}"#), 400),
    ] {
        case.run(&server, figures);
    }
}

/// Deletions among a million records.
fn million_records(figures: &mut Figures) {
    let fixtures = Folder::new();
    fixtures.write_million();
    let path = fixtures.0.display().to_string();
    let watch = Stopwatch::start();
    let server = Server::tombstone(&[
        "--provider",
        "partoo",
        "--fixtures",
        &path,
        "--fixture-set",
        "million",
    ]);
    figures.note("a million records: MB", rounded(megabytes(server.resident_kb())));
    println!(
        "a million records: read in {:.1} s, {:.0} MB resident",
        watch.elapsed().as_secs_f64(),
        megabytes(server.resident_kb())
    );
    table_head();
    for case in deletions() {
        case.run(&server, figures);
    }
}

/// How many sandboxes are in use beside each other.
const IN_USE: usize = 1_000;

/// How many sandboxes there are where their memory is measured.
const FORKS: usize = 10_000;

/// What a request in a sandbox of its own costs, beside one in `default`.
fn sandboxes(figures: &mut Figures) {
    let server = Server::tombstone(&[]);
    let case = &unchanging()[0];
    let mut ratios = Vec::new();
    for round in 0..=ROUNDS {
        let rate = |request: Box<dyn Fn(usize) -> String>| {
            let watch = Stopwatch::start();
            let requests = runtime(false).block_on(load(server.address, 400, usize::MAX, request));
            #[expect(clippy::cast_precision_loss, reason = "counts of a second are small")]
            let requests = requests as f64;
            requests / watch.elapsed().as_secs_f64()
        };
        let of = case.request.clone();
        let in_default = rate(Box::new(move |_| of.replace(" /", " /@default/")));
        let of = case.request.clone();
        let in_many = rate(Box::new(move |number| {
            of.replace(" /", &format!(" /@s{:05}/", number * 7_919 % IN_USE))
        }));
        // The first one only warms up.
        if round > 0 {
            ratios.push(in_many / in_default);
        }
    }
    let ratio = median(ratios.into_iter());
    figures.note("many sandboxes: ratio to `default`", rounded(ratio));
    println!(
        "a request in one of {IN_USE} sandboxes: {ratio:.2} of the rate in `default` (goal 0.95)"
    );
}

/// The memory of many sandboxes, and of many requests.
fn memory(figures: &mut Figures) {
    many_sandboxes(figures);
    many_requests();
}

/// The memory of many sandboxes.
fn many_sandboxes(figures: &mut Figures) {
    let server = Server::tombstone(&["--sandbox-idle", "24h"]);
    let before = server.resident_kb();
    let unchanging = applivery("acme");
    let every = |request: &str, status: u16| {
        let request = request.to_owned();
        let each = move |number: usize| request.replace(" /", &format!(" /@s{number:05}/"));
        let runtime = runtime(false);
        let mut done = 0;
        while done < FORKS {
            let (each, from) = (each.clone(), done);
            let requests = move |number: usize| each((from + number).min(FORKS - 1));
            done += runtime.block_on(load(server.address, status, FORKS - done, requests));
        }
    };
    every(&request("GET", "/nothing", "", ""), 404);
    let taken = megabytes(server.resident_kb() - before);
    figures.note("10,000 sandboxes: MB", rounded(taken));
    println!("{FORKS} sandboxes that have answered one request: {taken:.1} MB (goal 100)");
    every(&partoo(42).replace("/org/42", "/org/43"), 200);
    for _ in 0..10 {
        every(&unchanging, 400);
    }
    println!(
        "the same after a deletion and ten requests in each: {:.1} MB, of which journals may take 64",
        megabytes(server.resident_kb() - before)
    );
}

/// Whether memory stays flat while requests go on.
fn many_requests() {
    let server = Server::tombstone(&[]);
    let request = applivery("acme");
    let mut done = 0;
    let mut resident = Vec::new();
    for part in 1..=10 {
        while done < part * 100_000 {
            let request = request.clone();
            let runtime = runtime(false);
            let quota = part * 100_000 - done;
            done += runtime.block_on(load(server.address, 400, quota, move |_| request.clone()));
        }
        resident.push(format!("{:.1}", megabytes(server.resident_kb())));
    }
    println!("resident over a million requests, at each tenth: {} MB", resident.join(" "));
}

fn request(method: &str, path: &str, headers: &str, body: &str) -> String {
    let length = match body {
        "" => String::new(),
        body => format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()),
    };
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}{length}\r\n{body}")
}

fn applivery(slug: &str) -> String {
    let path = format!("/applivery/v1/organizations/{slug}");
    request("DELETE", &path, "Authorization: Bearer applivery-admin\r\n", "")
}

fn velt(path: &str, body: &str) -> String {
    let headers = "x-velt-api-key: velt-sandbox-key\r\nx-velt-auth-token: velt-sandbox-token\r\n";
    request("POST", &format!("/velt{path}"), headers, body)
}

fn partoo(id: usize) -> String {
    request("DELETE", &format!("/partoo/org/{id}"), "x-APIKey: partoo-provider-write\r\n", "")
}

fn one_of_each() -> [String; 6] {
    let timbrix = "/timbrix/organizations/550e8400-e29b-41d4-a716-446655440000";
    [
        applivery("acme"),
        partoo(42),
        request("DELETE", timbrix, "Authorization: Bearer timbrix-owner\r\n", ""),
        velt("/v1/organizations/delete", r#"{"data":{"organizationIds":["yourOrganizationId1"]}}"#),
        velt("/v2/users/data/delete", r#"{"data":{"userIds":["yourUserId1"]}}"#),
        velt("/v2/users/data/delete/status", r#"{"data":{"jobId":"nothing"}}"#),
    ]
}

fn unchanging() -> [Case; 4] {
    let unknown = r#"{"data":{"organizationIds":["nowhere1","nowhere2","nowhere3"]}}"#;
    [
        Case {
            name: "DELETE answered 400/5111",
            request: applivery("acme"),
            status: 400,
            ids: None,
            ratio_goal: 0.75,
            extra_us_goal: Some(4.0),
        },
        Case {
            name: "DELETE of what is not there",
            request: applivery("nowhere"),
            status: 404,
            ids: None,
            ratio_goal: 0.75,
            extra_us_goal: Some(4.0),
        },
        Case {
            name: "validated POST",
            request: velt("/v1/organizations/delete", unknown),
            status: 200,
            ids: None,
            ratio_goal: 0.6,
            extra_us_goal: Some(6.0),
        },
        Case {
            name: "invalid POST",
            request: velt("/v1/organizations/delete", "{}"),
            status: 400,
            ids: None,
            ratio_goal: 0.6,
            extra_us_goal: Some(6.0),
        },
    ]
}

fn deletions() -> [Case; 3] {
    let mut first = FIRST_ID;
    ORGANIZATIONS.map(|(groups, count)| {
        let ids = (first, count);
        first += count;
        Case {
            name: match groups {
                0 => "DELETE that hits",
                3 => "DELETE that hits, 3 dependents",
                _ => "DELETE that hits, 100 dependents",
            },
            request: partoo(FIRST_ID),
            status: 200,
            ids: Some(ids),
            ratio_goal: 0.5,
            extra_us_goal: None,
        }
    })
}

impl Case {
    /// Measures it against `server` and a bare one, and prints a line of the table.
    fn run(&self, server: &Server, figures: &mut Figures) {
        let mut used = 1;
        let bare = Server::bare(&exchange(server.address, &self.next_requests(0)(0)));
        let (mut theirs, mut ours) = (Vec::new(), Vec::new());
        for round in 0..=ROUNDS {
            let (of_bare, of_ours) =
                (self.round(&bare, &mut used.clone()), self.round(server, &mut used));
            // The first one only warms up.
            if round > 0 {
                theirs.push(of_bare);
                ours.push(of_ours);
            }
        }
        let pairs = || theirs.iter().zip(&ours);
        let ratio = median(pairs().map(|(theirs, ours)| ours.per_s / theirs.per_s));
        let extra_us = median(pairs().map(|(theirs, ours)| ours.cpu_us - theirs.cpu_us));
        let ours_per_s = median(ours.iter().map(|round| round.per_s));
        let theirs_per_s = median(theirs.iter().map(|round| round.per_s));
        let figure = json!({
            "ratio": rounded(ratio),
            "more CPU us": rounded(extra_us),
            "per s": ours_per_s.round(),
            "hyper per s": theirs_per_s.round(),
        });
        figures.note(self.name, figure);
        let goal = self.extra_us_goal.map_or_else(String::new, |goal| format!(" (goal {goal})"));
        println!(
            "{:34} {theirs_per_s:>9.0} {ours_per_s:>9.0} {ratio:>7.2} {:>13.2} {:>4.2} {extra_us:>9.2}   (goals: {} of bare hyper's{})",
            self.name,
            median(theirs.iter().map(|round| round.cpu_us)),
            median(ours.iter().map(|round| round.cpu_us)),
            self.ratio_goal,
            goal.replace(" (goal ", ", ").replace(')', " us more"),
        );
    }

    fn round(&self, server: &Server, used: &mut usize) -> Round {
        let requests = self.next_requests(*used);
        let cpu = server.cpu();
        let watch = Stopwatch::start();
        let runtime = runtime(false);
        let count = runtime.block_on(load(server.address, self.status, self.quota(), requests));
        let elapsed = watch.elapsed();
        let cpu = server.cpu().saturating_sub(cpu);
        *used += count;
        #[expect(clippy::cast_precision_loss, reason = "counts of a second are small")]
        let count = count as f64;
        Round { per_s: count / elapsed.as_secs_f64(), cpu_us: cpu.as_secs_f64() * 1e6 / count }
    }

    /// How many requests one round may send, so that the ids last for all.
    fn quota(&self) -> usize {
        self.ids.map_or(usize::MAX, |(_, count)| count / (ROUNDS + 2))
    }

    /// The requests that come after `used` earlier ones.
    fn next_requests(&self, used: usize) -> impl Fn(usize) -> String + use<> {
        let (request, ids) = (self.request.clone(), self.ids);
        move |number| match ids {
            None => request.clone(),
            Some((first, count)) => {
                // Through all of them, in an order that no cache can foresee; the step is prime to every count here.
                let id = first + (used + number + 1) * 76_543 % count;
                request.replace(&FIRST_ID.to_string(), &id.to_string())
            }
        }
    }
}

struct Round {
    per_s: f64,
    cpu_us: f64,
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn runtime(many_threads: bool) -> tokio::runtime::Runtime {
    let mut builder = if many_threads {
        tokio::runtime::Builder::new_multi_thread()
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    builder.enable_all().build().expect("threads can be started")
}

/// Sends at most `quota` requests for at most [`ROUND`]; gives how many were answered.
async fn load(
    address: SocketAddr,
    status: u16,
    quota: usize,
    requests: impl Fn(usize) -> String + 'static,
) -> usize {
    let requests = Rc::new(requests);
    let (sent, answered) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let watch = Stopwatch::start();
    let local = tokio::task::LocalSet::new();
    for _ in 0..CONNECTIONS {
        let (requests, sent, answered) =
            (Rc::clone(&requests), Rc::clone(&sent), Rc::clone(&answered));
        local.spawn_local(async move {
            let stream = TcpStream::connect(address).await.expect("the server listens");
            stream.set_nodelay(true).expect("it is a TCP socket");
            while watch.elapsed() < ROUND && sent.get() < quota {
                let number = sent.replace(sent.get() + 1);
                let answer = ask(&stream, requests(number).as_bytes()).await;
                assert_eq!(
                    &answer,
                    status.to_string().as_bytes(),
                    "the answer is the expected one"
                );
                answered.set(answered.get() + 1);
            }
        });
    }
    local.await;
    answered.get()
}

/// One request and its answer; gives the status.
async fn ask(stream: &TcpStream, request: &[u8]) -> [u8; 3] {
    // It fits into the socket's buffer, which is empty.
    let written = stream.try_write(request).expect("the connection is there");
    assert_eq!(written, request.len());
    let mut buffer = [0; 4096];
    let (mut filled, mut length) = (0, None);
    loop {
        stream.readable().await.expect("the connection is there");
        match stream.try_read(&mut buffer[filled..]) {
            Ok(0) => panic!("the server closed the connection"),
            Ok(read) => filled += read,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
            Err(error) => panic!("the connection broke: {error}"),
        }
        let expected = *length.get_or_insert_with(|| message_length(&buffer[..filled]));
        if filled >= expected {
            assert_eq!(filled, expected, "nothing follows the answer");
            return [buffer[9], buffer[10], buffer[11]];
        }
    }
}

/// The length of an answer with its head, read from its head.
fn message_length(answer: &[u8]) -> usize {
    let find = |mark: &[u8]| answer.windows(mark.len()).position(|window| window == mark);
    let head = find(b"\r\n\r\n").expect("the head comes in one piece") + 4;
    // hyper writes names in small letters.
    let Some(length) = find(b"\r\ncontent-length: ") else { return head };
    let digits = answer[length + 18..].iter().take_while(|byte| byte.is_ascii_digit());
    head + digits.fold(0, |length, digit| length * 10 + usize::from(digit - b'0'))
}

/// One request on a connection of its own; gives the whole answer.
fn exchange(address: SocketAddr, request: &str) -> Vec<u8> {
    let mut stream = std::net::TcpStream::connect(address).expect("the server listens");
    read_answer(&mut stream, request).expect("the server answers")
}

fn read_answer(stream: &mut std::net::TcpStream, request: &str) -> std::io::Result<Vec<u8>> {
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while answer.is_empty() || answer.len() < message_length(&answer) {
        match stream.read(&mut buffer)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            read => answer.extend_from_slice(&buffer[..read]),
        }
    }
    Ok(answer)
}

/// A server in a child process, which ends when this is dropped.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// The program, with these arguments.
    fn tombstone(arguments: &[&str]) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_tombstone"))
            .args(["--port", "0"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program can be started");
        Self::announced(child, "is listening on http://")
    }

    /// A bare hyper server that answers everything with the header and the body of `answer`.
    fn bare(answer: &[u8]) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this program has a path"))
            .arg(BARE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program can be started");
        let mut input = child.stdin.take().expect("it was asked for");
        input.write_all(answer).expect("the child reads it");
        drop(input);
        Self::announced(child, "http://")
    }

    /// A child whose output says, after `mark`, where it listens.
    fn announced(mut child: Child, mark: &str) -> Self {
        let output = BufReader::new(child.stdout.take().expect("it was asked for"));
        let address = output.lines().map_while(Result::ok).find_map(|line| {
            let (_, address) = line.split_once(mark)?;
            address.split_whitespace().next()?.parse().ok()
        });
        Self { child, address: address.expect("the server says where it listens") }
    }

    /// The processor time of all its threads.
    fn cpu(&self) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id()));
        let of_task = |task: fs::DirEntry| {
            let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
        };
        tasks.map_or(Duration::ZERO, |tasks| tasks.flatten().filter_map(of_task).sum())
    }

    fn resident_kb(&self) -> u32 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
    }
}

fn megabytes(kb: u32) -> f64 {
    f64::from(kb) / 1024.0
}

/// From starting the program to its first answer.
fn cold_starts(figures: &mut Figures) {
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
        let address = free.expect("some port is free");
        let watch = Stopwatch::start();
        let child = Command::new(env!("CARGO_BIN_EXE_tombstone"))
            .args(["--port", &address.port().to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program can be started");
        let _server = Server { child, address };
        let request = applivery("acme");
        while watch.elapsed() < Duration::from_secs(10) {
            let answer = std::net::TcpStream::connect(address)
                .and_then(|mut stream| read_answer(&mut stream, &request));
            if answer.is_ok() {
                break;
            }
            thread::sleep(Duration::from_micros(100));
        }
        starts.push(watch.elapsed().as_secs_f64() * 1e3);
    }
    let least = starts.iter().copied().fold(f64::INFINITY, f64::min);
    let usual = median(starts.into_iter());
    figures.note("start: ms", rounded(usual));
    figures.note("start at best: ms", rounded(least));
    println!("from start to the first answer: {usual:.1} ms, at best {least:.1} ms (goal 10)");
}

/// A folder of fixtures, which is removed with this.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Folder {
    fn new() -> Self {
        let folder =
            std::env::temp_dir().join(format!("tombstone-loopback-{}", std::process::id()));
        fs::create_dir_all(folder.join("partoo")).expect("there is room for temporary files");
        Self(folder)
    }

    /// A fixture set of a million records, beside those that credentials need.
    fn write_million(&self) {
        let file = fs::File::create(self.0.join("partoo/million.yaml"));
        let mut file = std::io::BufWriter::new(file.expect("there is room for temporary files"));
        write_records(&mut |text| {
            file.write_all(text.as_bytes()).expect("there is room for temporary files");
        });
    }
}

/// JSON, which is read faster than YAML.
fn write_records(write: &mut dyn FnMut(&str)) {
    let organization =
        |number: usize| format!(r#"{{"id":{number},"name":"A","alias":"a","provider":"partoo"}}"#);
    write(
        r#"{"tombstone":1,"records":{"users":[{"id":"5309c3a237bbc544d8e20001","org_id":1,"first_name":"A","last_name":"B","#,
    );
    write(
        r#""email":"a@example.com","role":"PROVIDER","provider":"partoo"}],"api_keys":[{"id":1,"#,
    );
    write(
        r#""user_id":"5309c3a237bbc544d8e20001","token":"partoo-provider-write","label":"A","access":"WRITE","revoked":false}],"#,
    );
    write(r#""organizations":["#);
    write(&organization(1));
    let count: usize = ORGANIZATIONS.iter().map(|(_, count)| count).sum();
    for number in 0..count {
        write(",\n");
        write(&organization(FIRST_ID + number));
    }
    write("],\"groups\":[");
    let (mut owner, mut number) = (FIRST_ID, 0);
    for (groups, count) in ORGANIZATIONS {
        for owner in owner..owner + count {
            for _ in 0..groups {
                write(if number == 0 { "\n" } else { ",\n" });
                write(&format!(r#"{{"id":{number},"org_id":{owner},"name":"A"}}"#));
                number += 1;
            }
        }
        owner += count;
    }
    write("]}}");
}

/// The bare server: what there is at least to a hyper server that answers so.
fn bare() {
    let mut answer = Vec::new();
    std::io::stdin().read_to_end(&mut answer).expect("the answer comes in");
    let response = parse(&answer);
    runtime(true).block_on(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("some port is free");
        println!("http://{}", listener.local_addr().expect("it listens"));
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let _ = stream.set_nodelay(true);
            let response = response.clone();
            let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let response = response.clone();
                async move {
                    let _ = request.into_body().collect().await;
                    Ok::<_, Infallible>(response)
                }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
}

/// The answer as hyper sends it again: with all that hyper does not add itself.
fn parse(answer: &[u8]) -> Response<Full<Bytes>> {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n").expect("it is a whole answer");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("it has a status");
    let mut response = Response::new(Full::new(Bytes::from(body.to_owned())));
    *response.status_mut() = status.parse().expect("it is a status");
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        if !matches!(name, "date" | "content-length") {
            let name = name.parse::<HeaderName>().expect("it is a header");
            response
                .headers_mut()
                .append(name, HeaderValue::from_str(value).expect("it is a value"));
        }
    }
    response
}
