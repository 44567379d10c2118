//! A server on a port of its own, and a client that sends exactly the bytes it is given.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Map, Value};
use tombstone::catalog::Sources;
use tombstone::clock::system_now;
use tombstone::emulator::{Emulator, EmulatorOptions};
use tombstone::finding::Finding;
use tombstone::server::log::{LineFormat, Log};
use tombstone::server::tls::Identity;
use tombstone::server::{ServerLimits, Setup};
use tombstone::{admin, catalog, server};

/// An emulated deletion without a body that answers 200 once, and its record in the admin API.
pub(crate) const DELETE: &str =
    "DELETE /partoo/org/43 HTTP/1.1\r\nHost: localhost\r\nx-APIKey: partoo-provider-write\r\n\r\n";
pub(crate) const DELETED: &str = "/__admin/sandboxes/default/resources/partoo/organizations/43";

/// The head of an emulated call that takes a body and answers 200 to `POST_BODY`, up to the fields that frame it.
pub(crate) const POST: &str = "POST /velt/v1/organizations/delete HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
     x-velt-api-key: velt-sandbox-key\r\nx-velt-auth-token: velt-sandbox-token\r\n";
pub(crate) const POST_BODY: &str = r#"{"data":{"organizationIds":["yourOrganizationId1"]}}"#;

/// The head of an emulated deletion that takes no body and answers 204, up to the fields that would frame one.
pub(crate) const BODILESS: &str = "DELETE /timbrix/organizations/550e8400-e29b-41d4-a716-446655440000 HTTP/1.1\r\nHost: localhost\r\n\
     Authorization: Bearer timbrix-owner\r\n";

/// How long a test waits for bytes before it fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How a server under test differs from the usual.
pub(crate) struct Start {
    pub(crate) host: &'static str,
    pub(crate) hosts: Vec<String>,
    pub(crate) token: Option<String>,
    pub(crate) open: bool,
    pub(crate) limits: ServerLimits,
    pub(crate) tls: Option<Identity>,
}

impl Default for Start {
    fn default() -> Self {
        let limits = ServerLimits::default();
        let (hosts, token, tls) = (Vec::new(), None, None);
        Self { host: "127.0.0.1", hosts, token, open: false, limits, tls }
    }
}

/// A running server; dropped, it is shut down and waited for.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    lines: Lines,
    server: server::Running,
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The world that the built-in files describe.
pub(crate) fn emulator() -> Arc<Emulator> {
    Arc::new(emulator_of(&Sources::default(), &EmulatorOptions::default()))
}

/// The world that these files describe, in which nothing may be wrong.
pub(crate) fn emulator_of(sources: &Sources, options: &EmulatorOptions) -> Emulator {
    let mut findings = Vec::new();
    let providers = catalog::load(sources, system_now(), &mut findings).unwrap();
    let emulator = Emulator::new(providers, options, &mut findings);
    let findings: Vec<String> = findings.iter().map(Finding::to_string).collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    emulator
}

/// Every record of the sandbox `default`, in order: `provider/resource`, and the properties.
pub(crate) fn all_records(emulator: &Emulator) -> Vec<(String, Map<String, Value>)> {
    let sandboxes = emulator.sandboxes();
    let read = sandboxes.look(sandboxes.default_sandbox(), |state| {
        let mut all = Vec::new();
        for (number, store) in state.world.stores().iter().enumerate() {
            let provider = emulator.provider_name(number);
            for (of, resource) in store.model().resources.iter().enumerate() {
                let place = format!("{provider}/{}", resource.name);
                all.extend(
                    store.iter(of).map(|(_, record)| (place.clone(), record.fields().into_owned())),
                );
            }
        }
        all
    });
    read.unwrap()
}

pub(crate) fn start() -> Running {
    Start::default().start()
}

impl Start {
    pub(crate) fn start(self) -> Running {
        let lines = Lines::default();
        let log = Log::start(LineFormat::Json, lines.clone()).unwrap();
        let server = server::Running::start(self.host, 0, |bind| {
            let Self { hosts, token, open, limits, tls, .. } = self;
            let admin = admin::AdminOptions { bind, hosts, token, open, page: None };
            Setup { emulator: emulator().into(), admin, tls, log: Some(log), limits }
        });
        let server = server.unwrap();
        let mut address = server.address();
        if address.ip().is_unspecified() {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        Running { address, lines, server }
    }
}

impl Running {
    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// The answer to these bytes on a connection of their own.
    pub(crate) fn ask(&self, request: &str) -> Answer {
        let mut client = self.connect();
        client.send(request);
        client.answer()
    }

    /// The answer to a call without body; `fields` are complete lines.
    pub(crate) fn call(&self, method: &str, target: &str, fields: &str) -> Answer {
        self.ask(&format!("{method} {target} HTTP/1.1\r\n{fields}\r\n"))
    }

    /// Starts shutting down.
    pub(crate) fn stop(&mut self) {
        self.server.stop();
    }

    /// Waits until it has shut down; the log's lines.
    pub(crate) fn join(self) -> Vec<Value> {
        drop(self.server);
        let bytes = self.lines.0.lock().unwrap();
        bytes
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect()
    }
}

/// One connection.
pub(crate) struct Client {
    stream: TcpStream,
    received: Vec<u8>,
}

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, received: Vec::new() }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    /// Sends what may not be taken to its end.
    pub(crate) fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        self.stream.write_all(bytes.as_ref())
    }

    pub(crate) fn end_sending(&self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    /// The next answer, to a request that was not `HEAD`.
    pub(crate) fn answer(&mut self) -> Answer {
        let head = self.head();
        let body = if head.field("transfer-encoding").as_deref() == Some("chunked") {
            self.chunks()
        } else {
            let length = head.field("content-length").map_or(0, |length| length.parse().unwrap());
            self.bytes(length)
        };
        Answer { body, ..head }
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        while self.received.len() < length {
            assert!(self.receive(), "the connection ended within a body");
        }
        self.received.drain(..length).collect()
    }

    /// A chunked body without trailers (RFC 9112 section 7.1).
    fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let end = loop {
                if let Some(at) = self.received.windows(2).position(|two| two == b"\r\n") {
                    break at;
                }
                assert!(self.receive(), "the connection ended within a body");
            };
            let line = self.bytes(end + 2);
            let length = std::str::from_utf8(&line[..end]).unwrap();
            let length = usize::from_str_radix(length, 16).unwrap();
            let chunk = self.bytes(length + 2);
            if length == 0 {
                return body;
            }
            body.extend_from_slice(&chunk[..length]);
        }
    }

    /// The next answer's head.
    pub(crate) fn head(&mut self) -> Answer {
        let end = loop {
            if let Some(at) = self.received.windows(4).position(|four| four == b"\r\n\r\n") {
                break at;
            }
            assert!(self.receive(), "the connection ended within a head: {:?}", self.received);
        };
        let head: Vec<u8> = self.received.drain(..end + 4).collect();
        let head = std::str::from_utf8(&head[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let fields = lines
            .map(|line| {
                let (name, value) = line.split_once(": ").unwrap();
                (name.to_ascii_lowercase(), value.to_owned())
            })
            .collect();
        Answer { status, fields, body: Vec::new() }
    }

    /// Has the server ended the connection, and sent nothing more before?
    pub(crate) fn ended(&mut self) -> bool {
        !self.receive() && self.received.is_empty()
    }

    /// More bytes, unless the connection has ended.
    fn receive(&mut self) -> bool {
        let mut buffer = [0; 16 * 1024];
        let mut read = self.stream.read(&mut buffer);
        // A signal that another test sends to this process.
        while read.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::Interrupted) {
            read = self.stream.read(&mut buffer);
        }
        let count = match read {
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => 0,
            Err(error) => panic!("nothing came: {error}"),
        };
        self.received.extend_from_slice(&buffer[..count]);
        count > 0
    }
}

impl Answer {
    /// A header field's value; several are joined.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let values: Vec<&str> = self
            .fields
            .iter()
            .filter(|(field, _)| field == name)
            .map(|(_, value)| value.as_str())
            .collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// A folder that is gone with the value.
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
}

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        drop(std::fs::remove_dir_all(&path));
        std::fs::create_dir_all(&path).unwrap();
        Self { path }
    }

    /// Writes a file, whole at once: a server may watch it.
    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.path.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let new = self.path.with_extension("new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, path).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.path));
    }
}
