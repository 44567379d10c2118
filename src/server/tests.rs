//! Over real sockets, with a stub that answers each path with the delivery it names.

use std::io;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use expect_test::expect;
use http::{Request, Response, header};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_rustls::{TlsConnector, rustls};

use super::*;
use crate::admin;
use crate::admin::{Admin, AdminBody};
use crate::clock::Stopwatch;
use crate::emulator;
use crate::emulator::{Current, Emulator};
use crate::message::Delivery;
use crate::server::connection::{Protocols, Respond, TimedResponse};
use crate::server::registry::IDLE_TICKS_MAX;
use crate::server::serving::{hand_on, not_https, too_many};
use crate::server::shared::{ConnectionEntry, ServerState};
use crate::server::tls::Identity;

/// A server that emulates nothing, on threads of its own.
fn start(host: &str, port: u16) -> Result<Running, StartError> {
    Running::start(host, port, setup)
}

fn setup(bind: SocketAddr) -> Setup {
    let (admin, limits) = (admin_options(bind), ServerLimits::default());
    Setup { emulator: nothing(), admin, tls: None, log: None, limits }
}

fn nothing() -> Current {
    let options = emulator::EmulatorOptions::default();
    Emulator::new(Vec::new(), &options, &mut Vec::new()).into()
}

fn admin_options(bind: SocketAddr) -> admin::AdminOptions {
    admin::AdminOptions { bind, hosts: Vec::new(), token: None, open: false, page: None }
}

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(10);

const BODY: &str = "0123456789";
const EVERY: Duration = Duration::from_millis(10);
const WHOLE: &str = "GET /whole HTTP/1.1\r\n\r\n";

/// Answers each path with the delivery that it names.
struct Stub {
    streams: mpsc::UnboundedSender<mpsc::UnboundedSender<Bytes>>,
}

impl Respond for Stub {
    async fn answer(&self, request: Request<Incoming>) -> TimedResponse {
        let delivery = match request.uri().path() {
            "/reset" => Delivery::Reset,
            "/empty" => Delivery::Empty,
            "/garbage" => Delivery::Garbage,
            "/cut" => Delivery::Cut { bytes: 4 },
            "/cut-nothing" => Delivery::Cut { bytes: usize::MAX },
            "/cut-all" => Delivery::Cut { bytes: 0 },
            "/drip" => Delivery::Trickle { bytes: 1, every: EVERY },
            "/flood" => Delivery::Trickle { bytes: 1024 * 1024, every: Duration::ZERO },
            "/trickle" => Delivery::Trickle { bytes: 4, every: EVERY },
            "/glacier" => Delivery::Trickle { bytes: 0, every: Duration::MAX },
            _ => Delivery::Whole,
        };
        let content = match request.uri().path() {
            "/stream" => {
                let (more, parts) = mpsc::unbounded_channel();
                self.streams.send(more).unwrap();
                AdminBody::Endless(axum::body::Body::new(Parts(parts)))
            }
            "/flood" => AdminBody::Complete(vec![b'x'; 64 * 1024 * 1024].into()),
            "/drip" => AdminBody::Complete(vec![b'x'; 1024 * 1024].into()),
            _ => AdminBody::Complete(Bytes::from_static(BODY.as_bytes())),
        };
        TimedResponse { response: Response::new(content), delay: Duration::ZERO, delivery }
    }

    fn refuse(&self) -> TimedResponse {
        let content = AdminBody::Complete(Bytes::from_static(b"too many"));
        let response = Response::builder().status(503).body(content).unwrap();
        TimedResponse { response, delay: Duration::ZERO, delivery: Delivery::Whole }
    }
}

/// A body that goes on until its sender is gone.
struct Parts(mpsc::UnboundedReceiver<Bytes>);

impl hyper::body::Body for Parts {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0.poll_recv(cx).map(|part| part.map(|part| Ok(Frame::data(part))))
    }
}

/// A server that answers as the stub does.
struct Stubbed {
    address: SocketAddr,
    shared: Arc<ServerState>,
    streams: mpsc::UnboundedReceiver<mpsc::UnboundedSender<Bytes>>,
}

impl Stubbed {
    async fn start() -> Self {
        Self::start_with(ServerLimits::default(), None).await
    }

    async fn start_with(limits: ServerLimits, identity: Option<&Identity>) -> Self {
        let emulator = nothing();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let admin = Admin::new(&admin_options(address), emulator.clone());
        let protocols = Arc::new(Protocols::new(identity, &limits, not_https()));
        let shared = Arc::new(ServerState::new(emulator, admin, None, limits, identity.is_some()));
        let (tell, streams) = mpsc::unbounded_channel();
        let stub = Arc::new(Stub { streams: tell });
        let all = Arc::clone(&shared);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let entry = ConnectionEntry::new(&all);
                let (protocols, stub) = (Arc::clone(&protocols), Arc::clone(&stub));
                tokio::spawn(connection::serve(entry, protocols, stream, stub));
            }
        });
        Self { address, shared, streams }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// What comes back for these bytes until the connection ends, and how it does.
    async fn ask(&self, request: &str) -> (String, std::io::Result<usize>) {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        read_to_end(&mut stream).await
    }

    /// Connects as a client does that trusts the identity.
    async fn secure(&self, identity: &Identity) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        let pem = identity.trusted_pem().as_bytes();
        roots.add(CertificateDer::from_pem_slice(pem).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = "localhost".try_into().unwrap();
        let stream = self.connect().await;
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
    }

    async fn http_2(&self) -> Client {
        let io = TokioIo::new(self.connect().await);
        let (client, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
        tokio::spawn(connection);
        Client(client)
    }

    /// Ticks that end what is idle.
    fn sweep(&self) {
        (0..=IDLE_TICKS_MAX).for_each(|_| self.shared.registry.sweep());
    }

    /// The stream that was begun last.
    async fn stream(&mut self) -> mpsc::UnboundedSender<Bytes> {
        timeout(PATIENCE, self.streams.recv()).await.unwrap().unwrap()
    }

    /// Shuts down; that takes much less than the wait for what does not end.
    async fn finish(&self) {
        let watch = Stopwatch::start();
        self.shared.registry.finish(PATIENCE).await;
        assert!(watch.elapsed() < PATIENCE / 2, "{:?}", watch.elapsed());
    }
}

async fn read_to_end(stream: &mut (impl AsyncRead + Unpin)) -> (String, std::io::Result<usize>) {
    let mut received = Vec::new();
    let end = timeout(PATIENCE, stream.read_to_end(&mut received)).await.unwrap();
    (String::from_utf8(received).unwrap(), end)
}

/// Reads until `end` has come.
async fn read_until(stream: &mut (impl AsyncRead + Unpin), end: &str) -> String {
    let mut received = String::new();
    while !received.ends_with(end) {
        let byte = timeout(PATIENCE, stream.read_u8()).await.unwrap().unwrap();
        received.push(char::from(byte));
    }
    received
}

/// One connection by HTTP/2.
struct Client(http2::SendRequest<Empty<Bytes>>);

impl Client {
    async fn begin(&mut self, path: &str) -> hyper::Result<Response<Incoming>> {
        let request = Request::get(format!("http://localhost{path}")).body(Empty::new()).unwrap();
        timeout(PATIENCE, self.0.send_request(request)).await.unwrap()
    }

    /// The status and as much of the body as came.
    async fn ask(&mut self, path: &str) -> hyper::Result<(u16, String, bool)> {
        let response = self.begin(path).await?;
        let status = response.status().as_u16();
        let (body, whole) = read_body(response.into_body()).await;
        Ok((status, body, whole))
    }
}

/// What came of a body, and whether it came to its end.
async fn read_body(mut body: Incoming) -> (String, bool) {
    let mut received = String::new();
    loop {
        match timeout(PATIENCE, body.frame()).await.unwrap() {
            Some(Ok(frame)) => {
                received.push_str(str::from_utf8(frame.data_ref().unwrap()).unwrap());
            }
            Some(Err(_)) => return (received, false),
            None => return (received, true),
        }
    }
}

#[tokio::test]
async fn a_reset_says_nothing_and_is_one() {
    let server = Stubbed::start().await;
    let (received, end) = server.ask("GET /reset HTTP/1.1\r\n\r\n").await;
    assert_eq!((received.as_str(), end.unwrap_err().kind()), ("", ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn an_empty_answer_is_none_and_the_connection_ends_as_usual() {
    let server = Stubbed::start().await;
    let (received, end) = server.ask("GET /empty HTTP/1.1\r\n\r\n").await;
    assert_eq!((received.as_str(), end.unwrap()), ("", 0));
}

#[tokio::test]
async fn garbage_is_sent_as_it_is() {
    let server = Stubbed::start().await;
    let (received, end) = server.ask("GET /garbage HTTP/1.1\r\n\r\n").await;
    assert_eq!((received.as_str(), end.is_ok()), (BODY, true));
}

#[tokio::test]
async fn what_was_asked_before_a_broken_answer_is_answered_whole() {
    let server = Stubbed::start().await;
    for path in ["empty", "cut-all", "reset"] {
        let request = format!("{WHOLE}{WHOLE}GET /{path} HTTP/1.1\r\n\r\n{WHOLE}");
        let (received, _) = server.ask(&request).await;
        assert_eq!(received.matches(BODY).count(), 2, "{path}: {received}");
    }
}

#[tokio::test]
async fn a_cut_answer_announces_more_than_it_has() {
    let server = Stubbed::start().await;
    for (request, expected) in [
        ("GET /cut HTTP/1.1\r\n\r\n", "0123"),
        ("GET /cut-all HTTP/1.1\r\n\r\n", ""),
        ("GET /cut-nothing HTTP/1.1\r\n\r\n", BODY),
        ("HEAD /cut HTTP/1.1\r\n\r\n", ""),
    ] {
        let (received, end) = server.ask(request).await;
        let (head, body) = received.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("content-length: 10"), "{request}: {head}");
        assert_eq!((body, end.is_ok()), (expected, true), "{request}");
    }
}

#[tokio::test]
async fn a_trickle_takes_its_time_and_leaves_the_connection_as_it_was() {
    let server = Stubbed::start().await;
    let watch = Stopwatch::start();
    let mut stream = server.connect().await;
    stream.write_all(b"GET /trickle HTTP/1.1\r\n\r\n").await.unwrap();
    let received = read_until(&mut stream, BODY).await;
    assert!(received.contains("content-length: 10"), "{received}");
    assert!(watch.elapsed() >= EVERY * 3, "three pieces, each after a pause");
    stream.write_all(WHOLE.as_bytes()).await.unwrap();
    read_until(&mut stream, BODY).await;
}

#[tokio::test]
async fn a_trickle_is_not_idle_and_ends_at_shutdown() {
    let server = Stubbed::start().await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /glacier HTTP/1.1\r\n\r\n").await.unwrap();
    read_until(&mut stream, "\r\n\r\n").await;
    server.sweep();
    server.sweep();
    let more = timeout(EVERY, stream.read_u8()).await;
    assert!(more.is_err(), "it goes on: {more:?}");
    server.finish().await;
    assert_eq!(read_to_end(&mut stream).await.0, "");
}

#[tokio::test]
async fn a_trickle_ends_when_the_client_is_gone() {
    let server = Stubbed::start().await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /drip HTTP/1.1\r\n\r\n").await.unwrap();
    read_until(&mut stream, "\r\n\r\n").await;
    drop(stream);
    let mut client = server.http_2().await;
    drop(client.begin("/drip").await.unwrap());
    drop(client);
    wait_for_none(&server).await;
}

#[tokio::test]
async fn a_client_that_takes_nothing_does_not_keep_its_connection() {
    let server = Stubbed::start().await;
    let mut stream = server.connect().await;
    stream.write_all(format!("GET /flood HTTP/1.1\r\n\r\n{WHOLE}").as_bytes()).await.unwrap();
    read_until(&mut stream, "\r\n\r\n").await;
    let ended = async {
        while server.shared.registry.len() > 0 {
            server.shared.registry.sweep();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, ended).await.unwrap();
}

async fn wait_for_none(server: &Stubbed) {
    let emptied = async {
        while server.shared.registry.len() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(PATIENCE, emptied).await.unwrap();
}

#[tokio::test]
async fn a_stream_is_sent_as_it_comes() {
    let mut server = Stubbed::start().await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /stream HTTP/1.1\r\n\r\n").await.unwrap();
    let more = server.stream().await;
    assert!(read_until(&mut stream, "\r\n\r\n").await.contains("transfer-encoding: chunked"));
    for _ in 0..2 {
        more.send(Bytes::from_static(b"event")).unwrap();
        assert_eq!(read_until(&mut stream, "event\r\n").await, "5\r\nevent\r\n");
        server.sweep();
    }
    drop(more);
    assert_eq!(read_until(&mut stream, "0\r\n\r\n").await, "0\r\n\r\n");
    stream.write_all(WHOLE.as_bytes()).await.unwrap();
    read_until(&mut stream, BODY).await;
}

#[tokio::test]
async fn a_request_during_a_stream_is_answered_after_it() {
    let mut server = Stubbed::start().await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /stream HTTP/1.1\r\n\r\n").await.unwrap();
    let more = server.stream().await;
    read_until(&mut stream, "\r\n\r\n").await;
    stream.write_all(WHOLE.as_bytes()).await.unwrap();
    more.send(Bytes::from_static(b"event")).unwrap();
    read_until(&mut stream, "event\r\n").await;
    drop(more);
    read_until(&mut stream, BODY).await;
}

#[tokio::test]
async fn a_stream_ends_when_the_client_is_gone() {
    let mut server = Stubbed::start().await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /stream HTTP/1.1\r\n\r\n").await.unwrap();
    let more = server.stream().await;
    read_until(&mut stream, "\r\n\r\n").await;
    drop(stream);
    timeout(PATIENCE, more.closed()).await.unwrap();
    wait_for_none(&server).await;
    let mut client = server.http_2().await;
    let response = client.begin("/stream").await.unwrap();
    let more = server.stream().await;
    drop(response);
    timeout(PATIENCE, more.closed()).await.unwrap();
}

#[tokio::test]
async fn a_stream_ends_well_at_shutdown() {
    let mut server = Stubbed::start().await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /stream HTTP/1.1\r\n\r\n").await.unwrap();
    let mut client = server.http_2().await;
    let response = client.begin("/stream").await.unwrap();
    let _open = [server.stream().await, server.stream().await];
    read_until(&mut stream, "\r\n\r\n").await;
    server.finish().await;
    assert_eq!(read_to_end(&mut stream).await.0, "0\r\n\r\n");
    assert_eq!(read_body(response.into_body()).await, (String::new(), true));
}

#[tokio::test]
async fn answers_are_broken_under_tls_as_without() {
    let identity = Identity::self_signed(&[]).unwrap();
    let mut server = Stubbed::start_with(ServerLimits::default(), Some(&identity)).await;
    for (path, expected, end) in [
        ("/reset", "", Err(ErrorKind::ConnectionReset)),
        ("/empty", "", Ok(())),
        ("/garbage", BODY, Ok(())),
        // Without the goodbye of TLS.
        ("/cut", "0123", Err(ErrorKind::UnexpectedEof)),
    ] {
        let mut stream = server.secure(&identity).await;
        stream.write_all(format!("GET {path} HTTP/1.1\r\n\r\n").as_bytes()).await.unwrap();
        let (received, ended) = read_to_end(&mut stream).await;
        let body = received.rsplit("\r\n\r\n").next().unwrap();
        assert_eq!(
            (body, ended.map(drop).map_err(|error| error.kind())),
            (expected, end),
            "{path}"
        );
    }
    let mut stream = server.secure(&identity).await;
    stream.write_all(b"GET /stream HTTP/1.1\r\n\r\n").await.unwrap();
    let more = server.stream().await;
    read_until(&mut stream, "\r\n\r\n").await;
    stream.shutdown().await.unwrap();
    timeout(PATIENCE, more.closed()).await.unwrap();
}

#[tokio::test]
async fn by_http_2_only_the_stream_is_broken() {
    let server = Stubbed::start().await;
    let mut client = server.http_2().await;
    for path in ["/reset", "/empty"] {
        let error = client.ask(path).await.unwrap_err();
        assert!(format!("{error:?}").contains("Reset"), "{error:?}");
    }
    assert_eq!(client.ask("/cut").await.unwrap(), (200, "0123".into(), false));
    assert_eq!(client.ask("/cut-all").await.unwrap(), (200, String::new(), false));
    assert_eq!(client.ask("/cut-nothing").await.unwrap(), (200, BODY.into(), false));
    assert_eq!(client.ask("/trickle").await.unwrap(), (200, BODY.into(), true));
    assert_eq!(client.ask("/whole").await.unwrap(), (200, BODY.into(), true));
}

#[tokio::test]
async fn by_http_2_garbage_ends_the_connection() {
    let server = Stubbed::start().await;
    let mut client = server.http_2().await;
    client.ask("/garbage").await.unwrap_err();
    client.ask("/whole").await.unwrap_err();
    wait_for_none(&server).await;
}

#[tokio::test]
async fn by_http_2_a_trickle_ends_at_shutdown() {
    let server = Stubbed::start().await;
    let mut client = server.http_2().await;
    let response = client.begin("/glacier").await.unwrap();
    assert_eq!(response.headers()[header::CONTENT_LENGTH], "10");
    server.sweep();
    server.finish().await;
    assert_eq!(read_body(response.into_body()).await, (String::new(), false));
}

#[tokio::test]
async fn an_http_2_connection_without_requests_is_idle() {
    let server = Stubbed::start().await;
    let mut client = server.http_2().await;
    assert_eq!(client.ask("/whole").await.unwrap().0, 200);
    server.sweep();
    wait_for_none(&server).await;
    client.ask("/whole").await.unwrap_err();
}

#[tokio::test]
async fn an_http_2_client_that_says_no_goodbye_does_not_hold_a_shutdown_up() {
    let server = Stubbed::start().await;
    let mut silent = server.connect().await;
    silent.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    // The server's settings have come, so the connection is served.
    silent.read_u8().await.unwrap();
    server.finish().await;
}

#[tokio::test]
async fn more_http_2_requests_than_there_is_room_for_are_refused() {
    let limits = ServerLimits { streams_max: 1, ..ServerLimits::default() };
    let mut server = Stubbed::start_with(limits, None).await;
    let mut first = server.http_2().await;
    let response = first.begin("/stream").await.unwrap();
    let more = server.stream().await;
    let mut second = server.http_2().await;
    assert_eq!(second.ask("/whole").await.unwrap(), (503, "too many".into(), true));
    drop(more);
    assert_eq!(read_body(response.into_body()).await, (String::new(), true));
    assert_eq!(second.ask("/whole").await.unwrap().0, 200);
}

#[test]
fn what_the_server_says_for_itself_is_a_whole_answer() {
    let texts = [too_many(2), not_https()].map(|bytes| String::from_utf8(bytes).unwrap());
    expect![[r#"
        HTTP/1.1 503 Service Unavailable
        content-type: application/problem+json
        tombstone-sandbox: default
        retry-after: 1
        connection: close
        content-length: 113

        {"title":"too many connections","status":503,"detail":"2 connections are open: close some, or use fewer at once"}
        HTTP/1.1 400 Bad Request
        content-type: application/problem+json
        tombstone-sandbox: default
        connection: close
        content-length: 124

        {"title":"not HTTPS","status":400,"detail":"this port speaks HTTPS and the request came without TLS: call it by `https://`"}"#]].assert_eq(&texts.join("\n").replace('\r', ""));
}

#[test]
fn an_address_that_cannot_be_had_says_what_to_do() {
    let source = || io::Error::other("no such name");
    let host = || "192.0.2.1".to_owned();
    let errors = [
        BindError::Taken { host: host(), port: 4010 },
        BindError::Denied { host: host(), port: 80 },
        BindError::Elsewhere { host: host(), source: source() },
        BindError::Other { host: host(), port: 4010, source: source() },
    ];
    let text = errors.map(|error| error.to_string()).join("\n");
    expect![[r#"
        port 4010 of `192.0.2.1` is taken: stop the program that listens there, or choose another with `--port` (`--port 0` picks a free one)
        port 80 of `192.0.2.1` is not for this user: choose one from 1024 up with `--port`
        `192.0.2.1` is not an address of this machine: name one of its own with `--host` (`127.0.0.1` for this machine only, `0.0.0.0` for all addresses)
        cannot listen on port 4010 of `192.0.2.1`"#]].assert_eq(&text);
}

#[tokio::test]
async fn a_taken_port_is_told_from_other_failures() {
    let first = Server::bind("127.0.0.1", 0).await.unwrap();
    let port = first.address().port();
    assert_ne!(port, 0);
    let second = Server::bind("127.0.0.1", port).await;
    assert!(matches!(second, Err(BindError::Taken { .. })), "{second:?}");
    let elsewhere = Server::bind("192.0.2.1", 0).await;
    assert!(matches!(elsewhere, Err(BindError::Elsewhere { .. })), "{elsewhere:?}");
    let unknown = Server::bind("no such host", 0).await;
    assert!(matches!(unknown, Err(BindError::Elsewhere { .. })), "{unknown:?}");
}

#[tokio::test]
async fn a_server_runs_until_its_handle_is_dropped() {
    let running = start("127.0.0.1", 0).unwrap();
    let address = running.address();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /__admin/health HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    assert!(read_until(&mut stream, "}").await.starts_with("HTTP/1.1 200"));
    let taken = start("127.0.0.1", address.port());
    assert!(matches!(taken, Err(StartError::Bind(BindError::Taken { .. }))), "{taken:?}");
    drop(running);
    assert_eq!(read_to_end(&mut stream).await.0, "");
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_server_runs_on_a_runtime_of_somebody_else() {
    let server = Server::bind("127.0.0.1", 0).await.unwrap();
    let address = server.address();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let run = tokio::spawn(server.run(setup(address), async { drop(stopped.await) }));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    assert!(read_until(&mut stream, "\r\n\r\n").await.starts_with("HTTP/1.1 404"));
    drop(stop);
    timeout(PATIENCE, run).await.unwrap().unwrap();
}

#[test]
fn what_takes_long_holds_up_nobody_else() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    let waiting = runtime.spawn(async move {
        let mut heard = 0;
        hand_on(&mut || heard = told.recv().unwrap());
        heard
    });
    let telling = runtime.spawn(async move { tell.send(2).unwrap() });
    runtime.block_on(telling).unwrap();
    assert_eq!(runtime.block_on(waiting).unwrap(), 2);
    let mut is_done = false;
    hand_on(&mut || is_done = true);
    assert!(is_done, "outside of a server, too");
}
