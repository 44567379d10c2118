//! The program as it is run: what it prints, how it ends, what its options do.

#![expect(clippy::too_many_lines, reason = "snapshots are long")]

mod banner;
mod ending;
mod files;
mod init;
mod options;
mod routes;
mod running;
mod usage;

use std::fmt::Write;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::thread;

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::support::{Answer, Client, DELETE, Folder, PATIENCE, POST, POST_BODY};

/// A provider with a call for each kind of word that a shell could read otherwise.
pub(crate) const CONTRACT: &str = r#"openapi: 3.1.0
info: { title: Shop API, version: '1' }
servers: [{ url: 'https://api.shop.example/v3' }]
components:
  securitySchemes: { key: { type: apiKey, in: header, name: X-Key } }
security: [{ key: [] }]
paths:
  /carts/{id}:
    delete:
      operationId: deleteCart
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      responses:
        '204': { description: The cart is gone. There is no body. }
        '400': { description: Not an id }
        '401': { description: Who are you?, x-inferred: the page has no 401 and the introduction speaks of keys that are refused }
        '404': { description: No such cart. }
  /carts:
    post:
      operationId: createCart
      requestBody:
        required: true
        content: { application/json: { schema: { type: object, required: [name], properties: { name: { type: string } } } } }
      responses:
        '200':
          description: The cart
          content: { application/json: { schema: { type: object } } }
        '400': { description: Not a cart }
        '401': { description: Who are you? }
"#;

pub(crate) const BEHAVIOR: &str = r#"tombstone: 1
resources:
  keys: { key: id, unique: [token] }
  carts: { key: id }
security:
  key: { find: keys, by: token }
failures:
  unauthenticated: { respond: 401 }
  invalid_request: { respond: 400 }
operations:
  deleteCart:
    let: { cart: 'carts[path.id]' }
    rules:
      - when: cart is none
        respond: 404
      - delete: cart
        respond: 204
  createCart:
    rules:
      - respond: 200
        body: { name: '{{ body.name }}' }
"#;

pub(crate) const FIXTURES: &str = r#"tombstone: 1
records:
  keys: [{ id: 1, token: it's a key }]
  carts: [{ id: a/b c }]
calls:
  - { operation: deleteCart, shows: the cart goes, expect: 204, credentials: { key: it's a key }, path: { id: a/b c } }
  - { operation: deleteCart, shows: it is gone, expect: 404, credentials: { key: it's a key }, path: { id: a/b c } }
  - { operation: deleteCart, shows: nobody asks, expect: 401, path: { id: a/b c } }
  - operation: createCart
    shows: quotes are quoted
    expect: 200
    credentials: { key: it's a key }
    body: { name: "it's $HOME, `x` and \"é\" \\ !" }
  - { operation: createCart, shows: a name is required, expect: 400, credentials: { key: it's a key }, body: {} }
"#;

pub(crate) fn shop(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("specs/shop/openapi.yaml", CONTRACT);
    folder.write("specs/shop/behavior.yaml", BEHAVIOR);
    folder.write("fixtures/shop/default.yaml", FIXTURES);
    folder
}

/// Arguments that name the shop's files and leave the built-in providers out.
pub(crate) fn of_shop(folder: &Folder) -> Vec<String> {
    let path = folder.path.display();
    [
        "--specs",
        &format!("{path}/specs"),
        "--fixtures",
        &format!("{path}/fixtures"),
        "--provider",
        "shop",
    ]
    .map(str::to_owned)
    .to_vec()
}

pub(crate) fn program(args: &[impl AsRef<str>]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tombstone"));
    command.args(args.iter().map(AsRef::as_ref)).env_clear();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Everything that comes, once it has ended.
pub(crate) fn collect(mut from: impl Read + Send + 'static) -> Receiver<String> {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let mut text = String::new();
        let _ = from.read_to_string(&mut text);
        let _ = tell.send(text);
    });
    told
}

/// A process that does not outlive the test.
pub(crate) struct Process(pub(crate) Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    pub(crate) fn code(&mut self) -> i32 {
        self.0.wait().unwrap().code().unwrap()
    }
}

/// What a run that ends by itself prints and ends with.
pub(crate) fn run(args: &[impl AsRef<str>]) -> Ended {
    run_with(program(args))
}

pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) fn run_with(mut command: Command) -> Ended {
    let mut process = Process(command.spawn().unwrap());
    let out = collect(process.0.stdout.take().unwrap());
    let err = collect(process.0.stderr.take().unwrap());
    let out = out.recv_timeout(PATIENCE).expect("it goes on running");
    let err = err.recv_timeout(PATIENCE).expect("it goes on running");
    Ended { code: process.code(), out, err }
}

impl Ended {
    pub(crate) fn check(&self, expected: &Expect) {
        expected.assert_eq(&self.text());
    }

    pub(crate) fn check_in(&self, folder: &Folder, expected: &Expect) {
        expected.assert_eq(&self.text().replace(&folder.path.display().to_string(), "DIR"));
    }

    pub(crate) fn text(&self) -> String {
        format!("{}{}exit {}\n", self.out, self.err, self.code)
    }
}

/// A server in a process of its own.
pub(crate) struct Served {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
    pub(crate) banner: String,
    pub(crate) err: Receiver<String>,
    pub(crate) rest: Receiver<String>,
}

/// Serves on a free port.
pub(crate) fn serve(args: &[impl AsRef<str>]) -> Served {
    let args: Vec<&str> = ["-p", "0"].into_iter().chain(args.iter().map(AsRef::as_ref)).collect();
    serve_with(program(&args))
}

pub(crate) fn serve_with(mut command: Command) -> Served {
    let mut process = Process(command.spawn().unwrap());
    let err = collect(process.0.stderr.take().unwrap());
    let out = process.0.stdout.take().unwrap();
    let (tell, told) = mpsc::channel();
    let (tell_rest, rest) = mpsc::channel();
    thread::spawn(move || {
        let mut out = BufReader::new(out);
        let mut banner = String::new();
        while out.read_line(&mut banner).unwrap() > 0 && !banner.contains(" is listening on ") {}
        tell.send(banner).unwrap();
        let mut rest = String::new();
        let _ = out.read_to_string(&mut rest);
        let _ = tell_rest.send(rest);
    });
    let banner = told.recv_timeout(PATIENCE).expect("it says that it listens");
    let Some((_, address)) =
        banner.rsplit_once("listening on http").and_then(|(_, origin)| origin.split_once("://"))
    else {
        panic!("{banner}{}", err.recv_timeout(PATIENCE).unwrap_or_default());
    };
    let address = address.split([',', ' ']).next().unwrap().parse().unwrap();
    Served { process, address, banner, err, rest }
}

impl Served {
    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    pub(crate) fn ask(&self, request: impl AsRef<[u8]>) -> Answer {
        let mut client = self.connect();
        client.send(request);
        client.answer()
    }

    pub(crate) fn call(&self, method: &str, target: &str, fields: &str) -> Answer {
        self.ask(format!("{method} {target} HTTP/1.1\r\n{fields}\r\n"))
    }

    /// The status of an admin call with these fields.
    pub(crate) fn admin(&self, fields: &str) -> u16 {
        self.call("GET", "/__admin/health", fields).status
    }

    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.process.0.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits for the end: the exit code, and standard error. Nothing is printed after the banner.
    pub(crate) fn ended(mut self) -> (i32, String) {
        let err = self.err.recv_timeout(PATIENCE).expect("it goes on running");
        assert_eq!(self.rest.recv_timeout(PATIENCE).unwrap(), "");
        (self.process.code(), err)
    }

    /// Ends it; what it printed to standard error.
    pub(crate) fn stop(self) -> String {
        self.signal("TERM");
        let (code, err) = self.ended();
        assert_eq!(code, 0, "{err}");
        err
    }

    /// The banner, whatever the port is.
    pub(crate) fn banner(&self) -> String {
        let port = self.address.port();
        let banner = self.banner.replace(&format!(":{port}"), ":PORT");
        banner.replace(&format!("--port {port}"), "--port PORT")
    }
}
