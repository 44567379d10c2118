//! HTTP/2 and TLS: the same answers as over HTTP/1.1 in the clear, with the same limits.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use expect_test::expect;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tombstone::server::ServerLimits;
use tombstone::server::tls::{Identity, IdentityError};

use crate::support::{Client, DELETED, Folder, PATIENCE, POST, POST_BODY, Running, Start, start};

const DELETE: &str = "/partoo/org/43";
const KEY: (&str, &str) = ("x-apikey", "partoo-provider-write");

/// A connection by HTTP/2.
struct Two(http2::SendRequest<Full<Bytes>>);

impl Two {
    async fn over(io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        let (sender, connection) =
            http2::handshake(TokioExecutor::new(), TokioIo::new(io)).await.unwrap();
        tokio::spawn(connection);
        Self(sender)
    }

    async fn connect(server: &Running) -> Self {
        Self::over(TcpStream::connect(server.address).await.unwrap()).await
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> hyper::Result<Response<Incoming>> {
        tokio::time::timeout(PATIENCE, self.0.send_request(request)).await.unwrap()
    }

    /// The status and the body of an answer.
    async fn ask(&mut self, request: Request<Full<Bytes>>) -> (u16, Vec<u8>) {
        let response = self.send(request).await.unwrap();
        let status = response.status().as_u16();
        let body = tokio::time::timeout(PATIENCE, response.into_body().collect()).await.unwrap();
        (status, body.unwrap().to_bytes().to_vec())
    }

    async fn call(
        &mut self,
        method: Method,
        path: &str,
        fields: &[(&str, &str)],
    ) -> (u16, Vec<u8>) {
        self.ask(request(method, "localhost", path, fields)).await
    }
}

fn request(
    method: Method,
    authority: &str,
    path: &str,
    fields: &[(&str, &str)],
) -> Request<Full<Bytes>> {
    let mut request = Request::builder().method(method).uri(format!("http://{authority}{path}"));
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(Full::default()).unwrap()
}

/// The call of `POST`, which takes a body.
fn post(body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    let mut lines = POST.lines();
    let path = lines.next().unwrap().split(' ').nth(1).unwrap();
    let mut request = Request::post(format!("http://localhost{path}"));
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        if name != "Host" {
            request = request.header(name, value);
        }
    }
    request.body(Full::new(body.into())).unwrap()
}

fn with_limits(change: impl FnOnce(&mut ServerLimits)) -> Running {
    let mut limits = ServerLimits::default();
    change(&mut limits);
    Start { limits, ..Start::default() }.start()
}

fn title(body: &[u8]) -> Value {
    serde_json::from_slice::<Value>(body).unwrap()["title"].clone()
}

#[tokio::test]
async fn http_2_is_spoken_on_the_same_port() {
    let server = start();
    let mut two = Two::connect(&server).await;
    assert_eq!(two.call(Method::GET, DELETED, &[]).await.0, 200);
    let response = two.send(request(Method::DELETE, "localhost", DELETE, &[KEY])).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["tombstone-sandbox"], "default");
    assert_eq!(two.call(Method::GET, DELETED, &[]).await.0, 404);
    assert_eq!(two.ask(post(POST_BODY)).await.0, 200);
    assert_eq!(server.call("GET", DELETED, "Host: localhost\r\n").status, 404, "by HTTP/1.1");
}

#[tokio::test]
async fn many_requests_at_once_are_answered_on_one_connection() {
    let server = start();
    let two = Two::connect(&server).await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..500 {
        let mut two = Two(two.0.clone());
        calls.spawn(async move { two.call(Method::GET, "/nowhere", &[]).await.0 });
    }
    assert!(calls.join_all().await.iter().all(|status| *status == 404));
}

#[tokio::test]
async fn the_admin_api_looks_at_the_authority_as_at_the_host() {
    let server = start();
    let mut two = Two::connect(&server).await;
    let own = server.address.to_string();
    for (authority, fields, expected) in [
        ("localhost", &[][..], 200),
        (own.as_str(), &[], 200),
        ("evil.example", &[], 421),
        ("localhost", &[("host", "localhost")], 200),
        ("localhost", &[("host", "evil.example")], 421),
        ("evil.example", &[("host", "localhost")], 421),
        ("localhost", &[("host", "localhost"), ("host", "localhost")], 421),
        ("localhost", &[("origin", "http://localhost")], 200),
        ("localhost", &[("origin", "http://evil.example")], 403),
    ] {
        let asked = request(Method::GET, authority, "/__admin/health", fields);
        assert_eq!(two.ask(asked).await.0, expected, "{authority} {fields:?}");
    }
}

#[tokio::test]
async fn a_body_without_length_is_a_body_to_the_admin_api() {
    let server = start();
    let mut stream = open_two(&server).await;
    // `POST http://localhost/__admin/reset` in HPACK.
    let path = b"/__admin/reset";
    let head = [&[0x83, 0x86, 0x41, 9][..], b"localhost", &[0x44, 14], path].concat();
    stream.write_all(&frame(HEADERS, END_HEADERS, 1, &head)).await.unwrap();
    stream.write_all(&frame(DATA, END_STREAM, 1, b"x")).await.unwrap();
    assert_eq!(title(&read_data(&mut stream).await), json!("not JSON"));
}

#[tokio::test]
async fn other_forms_of_targets_are_answered_by_http_2() {
    let server = start();
    let mut two = Two::connect(&server).await;
    let connect = Request::connect("localhost:4010").body(Full::default()).unwrap();
    let options = Request::options("http://localhost/").body(Full::default()).unwrap();
    for request in [connect, options] {
        let response = two.send(request).await.unwrap();
        assert!(response.status().as_u16() < 500, "{response:?}");
        assert_eq!(response.headers()["tombstone-sandbox"], "default");
    }
}

#[tokio::test]
async fn the_first_bytes_may_come_one_by_one() {
    let server = start();
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    for byte in PREFACE {
        stream.write_u8(*byte).await.unwrap();
        tokio::task::yield_now().await;
    }
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
    let (kind, _) = read_frame(&mut stream).await.unwrap();
    assert_eq!(kind, SETTINGS);
    let mut client = Client::connect(server.address);
    for byte in "PRIVATE /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n".bytes() {
        client.send([byte]);
    }
    assert_eq!(client.answer().status, 404, "another method");
}

#[tokio::test]
async fn bodies_have_the_same_limits_by_http_2() {
    let server = with_limits(|limits| {
        limits.body_bytes_max = 100_000;
        limits.drain_bytes_max = 100_000;
    });
    let mut two = Two::connect(&server).await;
    let padded = |length: usize| POST_BODY.to_owned() + &" ".repeat(length - POST_BODY.len());
    assert_eq!(two.ask(post(padded(100_000))).await.0, 200);
    let refused = two.ask(post(padded(100_001))).await;
    assert!((400..500).contains(&refused.0), "{refused:?}");
    let response = two.send(post(padded(1_000_000))).await.unwrap();
    assert!(response.status().is_client_error(), "{response:?}");
    assert!(!response.headers().contains_key("connection"));
    assert_eq!(two.ask(post(POST_BODY)).await.0, 200, "the connection goes on");
}

#[tokio::test]
async fn a_slow_body_is_given_up_by_http_2() {
    let server = with_limits(|limits| limits.body_wait = Duration::from_millis(50));
    let mut stream = open_two(&server).await;
    stream.write_all(&frame(HEADERS, END_HEADERS, 1, &head_of_get())).await.unwrap();
    assert_eq!(title(&read_data(&mut stream).await), json!("body too slow"));
}

#[tokio::test]
async fn huge_heads_are_refused_by_http_2() {
    let server = start();
    let mut two = Two::connect(&server).await;
    let huge = "x".repeat(20_000);
    let fields = ["a", "b", "c", "d"].map(|name| (name, huge.as_str()));
    assert_eq!(two.call(Method::GET, "/nowhere", &fields).await.0, 431);
    assert_eq!(two.call(Method::GET, "/nowhere", &fields[..2]).await.0, 404);
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_HEADERS: u8 = 4;
const END_STREAM: u8 = 1;

/// A frame of HTTP/2 (RFC 9113 section 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// `GET http://localhost/` in HPACK (RFC 7541 appendix A).
fn head_of_get() -> Vec<u8> {
    [&[0x82, 0x86, 0x84, 0x41, 9][..], b"localhost"].concat()
}

async fn open_two(server: &Running) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(PREFACE).await.unwrap();
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
    stream
}

/// The next frame's kind and payload, unless the connection has ended.
async fn read_frame(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let read = async {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.ok()?;
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        stream.read_exact(&mut payload).await.ok()?;
        Some((head[3], payload))
    };
    tokio::time::timeout(PATIENCE, read).await.unwrap()
}

/// The next frame of a body.
async fn read_data(stream: &mut TcpStream) -> Vec<u8> {
    loop {
        let (kind, payload) = read_frame(stream).await.unwrap();
        if kind == DATA {
            return payload;
        }
    }
}

#[tokio::test]
async fn a_flood_of_resets_ends_the_connection() {
    let server = start();
    let mut stream = open_two(&server).await;
    let mut flood = Vec::new();
    for number in 0..2000 {
        let id = number * 2 + 1;
        flood.extend(frame(HEADERS, END_HEADERS | END_STREAM, id, &head_of_get()));
        flood.extend(frame(RESET, 0, id, &8_u32.to_be_bytes()));
    }
    // It may end before it has taken all.
    let _ = stream.write_all(&flood).await;
    let mut last = None;
    while let Some((kind, payload)) = read_frame(&mut stream).await {
        if kind == GOAWAY {
            last = Some(payload);
        }
    }
    let enhance_your_calm = 11_u32.to_be_bytes();
    assert_eq!(last.unwrap()[4..8], enhance_your_calm);
    assert_eq!(server.call("GET", "/nowhere", "").status, 404);
}

#[tokio::test]
async fn a_client_is_told_how_many_requests_it_may_have_at_once() {
    let server = start();
    let mut stream = open_two(&server).await;
    let (kind, settings) = read_frame(&mut stream).await.unwrap();
    assert_eq!(kind, SETTINGS);
    let concurrent = settings.chunks(6).find(|setting| setting[..2] == [0, 3]).unwrap();
    assert_eq!(concurrent[2..], tombstone::server::CONNECTION_STREAMS_MAX.to_be_bytes());
}

#[tokio::test]
async fn shutting_down_finishes_what_has_begun_by_http_2() {
    let mut server = start();
    let mut stream = open_two(&server).await;
    let mut idle = Two::connect(&server).await;
    assert_eq!(idle.call(Method::GET, "/nowhere", &[]).await.0, 404);
    stream.write_all(&frame(HEADERS, END_HEADERS, 1, &head_of_get())).await.unwrap();
    // An answer to a later frame says that the earlier one has been read.
    stream.write_all(&frame(6, 0, 0, &[0; 8])).await.unwrap();
    while read_frame(&mut stream).await.unwrap().0 != 6 {}
    server.stop();
    while read_frame(&mut stream).await.unwrap().0 != GOAWAY {}
    stream.write_all(&frame(DATA, END_STREAM, 1, &[])).await.unwrap();
    while read_frame(&mut stream).await.unwrap().0 != HEADERS {}
    drop(stream);
    assert_eq!(server.join().len(), 2);
    assert!(idle.send(request(Method::GET, "localhost", "/nowhere", &[])).await.is_err());
}

fn secure(identity: &Identity) -> Running {
    Start { tls: Some(identity.clone()), ..Start::default() }.start()
}

fn identity() -> Identity {
    let names = ["0.0.0.0", "api.example.test", "192.0.2.7", "[2001:db8::1]", "localhost"];
    Identity::self_signed(&names.map(str::to_owned)).unwrap()
}

/// Connects as a client does that trusts the identity's certificate only.
async fn connect(
    server: &Running,
    identity: &Identity,
    name: &str,
    protocols: &[&str],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    let pem = identity.trusted_pem().as_bytes();
    roots.add(CertificateDer::from_pem_slice(pem).unwrap()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let stream = TcpStream::connect(server.address).await?;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

const LAST: &[u8] = b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

async fn ask_last(mut stream: TlsStream<TcpStream>) -> String {
    stream.write_all(LAST).await.unwrap();
    let mut answer = String::new();
    // Without the goodbye of TLS this would be an error.
    tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    answer
}

#[tokio::test]
async fn a_client_that_trusts_the_certificate_can_use_each_of_its_names() {
    let identity = identity();
    let server = secure(&identity);
    for name in ["localhost", "127.0.0.1", "::1", "api.example.test", "192.0.2.7", "2001:db8::1"] {
        connect(&server, &identity, name, &[]).await.unwrap();
    }
    for name in ["example.test", "0.0.0.0", "127.0.0.2"] {
        connect(&server, &identity, name, &[]).await.unwrap_err();
    }
    connect(&server, &self::identity(), "localhost", &[]).await.unwrap_err();
}

#[tokio::test]
async fn the_protocol_is_agreed_on_under_tls() {
    let identity = identity();
    let server = secure(&identity);
    for (offered, agreed) in [
        (&["h2", "http/1.1"][..], Some("h2")),
        (&["http/1.1", "h2"], Some("h2")),
        (&["h2"], Some("h2")),
        (&["http/1.1"], Some("http/1.1")),
        (&[], None),
    ] {
        let stream = connect(&server, &identity, "localhost", offered).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), agreed.map(str::as_bytes), "{offered:?}");
        if agreed == Some("h2") {
            let mut two = Two::over(stream).await;
            assert_eq!(two.call(Method::GET, "/__admin/health", &[]).await.0, 200);
        } else {
            assert!(ask_last(stream).await.starts_with("HTTP/1.1 404"), "{offered:?}");
        }
    }
    let stream = connect(&server, &identity, "localhost", &[]).await.unwrap();
    let mut two = Two::over(stream).await;
    assert_eq!(two.call(Method::GET, "/nowhere", &[]).await.0, 404, "without being asked");
}

#[tokio::test]
async fn who_speaks_plain_http_to_the_tls_port_is_told() {
    let identity = identity();
    let server = secure(&identity);
    let answer = server.ask("GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!((answer.status, answer.json()["title"].clone()), (400, json!("not HTTPS")));
    let mut client = Client::connect(server.address);
    client.send([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0]);
    client.end_sending();
    // An alert is what comes of a broken handshake, if anything.
    drop(client);
    connect(&server, &identity, "localhost", &[]).await.unwrap();
}

#[tokio::test]
async fn handshakes_and_silence_are_bounded() {
    let identity = identity();
    let handshake_wait = Duration::from_millis(50);
    let limits = ServerLimits { handshake_wait, ..ServerLimits::default() };
    let server = Start { tls: Some(identity.clone()), limits, ..Start::default() }.start();
    let mut slow = Client::connect(server.address);
    slow.send([0x16, 3, 1]);
    assert!(slow.ended(), "its handshake does not go on");
    let head_wait = Duration::from_millis(80);
    let limits = ServerLimits { head_wait, ..ServerLimits::default() };
    let server = Start { tls: Some(identity.clone()), limits, ..Start::default() }.start();
    assert!(Client::connect(server.address).ended(), "never said anything");
    let mut idle = connect(&server, &identity, "localhost", &[]).await.unwrap();
    let end = tokio::time::timeout(PATIENCE, idle.read_u8()).await.unwrap();
    assert!(end.is_err(), "asked nothing");
}

#[tokio::test]
async fn one_tls_connection_too_many_is_told_so() {
    let identity = identity();
    let limits = ServerLimits { connections_max: 1, ..ServerLimits::default() };
    let server = Start { tls: Some(identity.clone()), limits, ..Start::default() }.start();
    let _kept = connect(&server, &identity, "localhost", &[]).await.unwrap();
    let refused = connect(&server, &identity, "localhost", &["h2", "http/1.1"]).await.unwrap();
    assert!(ask_last(refused).await.starts_with("HTTP/1.1 503"));
}

#[tokio::test]
async fn shutting_down_ends_tls_connections() {
    let identity = identity();
    let mut server = secure(&identity);
    let mut two = Two::over(connect(&server, &identity, "localhost", &["h2"]).await.unwrap()).await;
    assert_eq!(two.call(Method::GET, "/nowhere", &[]).await.0, 404);
    let _silent = connect(&server, &identity, "localhost", &[]).await.unwrap();
    let _unsecured = Client::connect(server.address);
    server.stop();
    let ended = tokio::task::spawn_blocking(move || server.join().len());
    assert_eq!(tokio::time::timeout(PATIENCE, ended).await.unwrap().unwrap(), 1);
}

#[tokio::test]
async fn a_certificate_can_be_given() {
    let folder = Folder::new("tls-given");
    let made = rcgen::generate_simple_self_signed(["sandbox.test".to_owned()]).unwrap();
    folder.write("certificate.pem", &made.cert.pem());
    folder.write("key.pem", &made.signing_key.serialize_pem());
    let path = |file: &str| folder.path.join(file);
    let identity = Identity::from_pem_files(&path("certificate.pem"), &path("key.pem")).unwrap();
    assert_eq!(identity.trusted_pem(), made.cert.pem());
    let server = secure(&identity);
    let stream = connect(&server, &identity, "sandbox.test", &[]).await.unwrap();
    assert!(ask_last(stream).await.starts_with("HTTP/1.1 404"));
}

#[test]
fn files_without_a_certificate_and_its_key_are_refused() {
    let folder = Folder::new("tls-refused");
    let made = || rcgen::generate_simple_self_signed(["sandbox.test".to_owned()]).unwrap();
    folder.write("certificate.pem", &made().cert.pem());
    folder.write("key.pem", &made().signing_key.serialize_pem());
    folder.write("empty.pem", "");
    folder.write("broken.pem", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n");
    folder.write(
        "encrypted.pem",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    folder.write("nothing.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let mut texts = Vec::new();
    for (certificate, key) in [
        ("certificate.pem", "key.pem"),
        ("key.pem", "certificate.pem"),
        ("empty.pem", "empty.pem"),
        ("nowhere.pem", "nowhere.pem"),
        ("broken.pem", "encrypted.pem"),
        ("nothing.pem", "key.pem"),
    ] {
        let [certificate, key] = [certificate, key].map(|file| folder.path.join(file));
        let errors = Identity::from_pem_files(&certificate, &key).unwrap_err();
        texts.extend(errors.iter().map(IdentityError::to_string));
    }
    let name = Identity::self_signed(&["späť.example".to_owned()]).unwrap_err();
    texts.push(name.to_string());
    let text = texts.join("\n").replace(folder.path.to_str().unwrap(), "FOLDER");
    expect![[r#"
        the certificate in `FOLDER/certificate.pem` and the key in `FOLDER/key.pem` cannot be used: the key is not the certificate's
        `FOLDER/key.pem` has no certificate in PEM: it needs a section that begins with `-----BEGIN CERTIFICATE-----`
        `FOLDER/certificate.pem` has no private key in PEM: it needs a section that begins with `-----BEGIN PRIVATE KEY-----`
        `FOLDER/empty.pem` has no certificate in PEM: it needs a section that begins with `-----BEGIN CERTIFICATE-----`
        `FOLDER/empty.pem` has no private key in PEM: it needs a section that begins with `-----BEGIN PRIVATE KEY-----`
        cannot read `FOLDER/nowhere.pem`, which should have the certificate in PEM
        cannot read `FOLDER/nowhere.pem`, which should have the private key in PEM
        `FOLDER/broken.pem` is not the PEM that the certificate should be in: base64 decode error: InvalidCharacter(33)
        the key in `FOLDER/encrypted.pem` is encrypted: write it without a password (`openssl pkey -in KEY -out PLAIN`) and name that file
        the certificate in `FOLDER/nothing.pem` and the key in `FOLDER/key.pem` cannot be used: the certificate is not one of X.509
        `späť.example` is not a host name that a certificate can be made for: write it in ASCII, as DNS has it"#]].assert_eq(&text);
}
