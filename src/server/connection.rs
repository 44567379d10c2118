//! One connection: which protocol it speaks, its requests one by one, and its end.
//!
//! Must not know what is answered.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpStream;
use tokio::time::Sleep;
use tokio_rustls::TlsAcceptor;

use crate::admin::AdminBody;
use crate::message::Delivery;
use crate::server::delivery;
use crate::server::delivery::{Broken, Outgoing};
use crate::server::limits::{CONNECTION_STREAMS_MAX, HEAD_BYTES_MAX, ServerLimits};
use crate::server::registry::{ConnectionState, Order};
use crate::server::shared::{ConnectionEntry, RequestGuard};
use crate::server::tls::Identity;
use crate::server::wire::{HttpVersion, LINGER, Transport, Wire};

/// How many bytes of a body HTTP/2 lets a client send before they are asked for.
const STREAM_WINDOW_BYTES: u32 = 64 * 1024;

/// The same over all bodies of a connection.
const CONNECTION_WINDOW_BYTES: u32 = 256 * 1024;

/// How many HTTP/2 streams that the client has reset wait to be noticed before the connection is ended, against floods
/// of them (CVE-2023-44487).
const RESET_STREAMS_MAX: usize = 32;

/// How many streams of one connection are reset for the client's errors before it is ended (CVE-2025-8671).
const ERROR_STREAMS_MAX: usize = 256;

/// How long an HTTP/2 connection without requests is quiet before it is ended while the server shuts down: a client that
/// is there has read and confirmed the goodbye by then.
const GOODBYE_WAIT: Duration = Duration::from_millis(250);

/// The first byte of every TLS connection: a record of a handshake (RFC 8446 section 5.1), and of no HTTP request.
const HANDSHAKE: u8 = 0x16;

/// How requests are answered.
pub(super) trait Respond: Send + Sync + 'static {
    /// Answers one request.
    fn answer(&self, request: Request<Incoming>) -> impl Future<Output = TimedResponse> + Send;

    /// The answer in place of another where more HTTP/2 requests are being answered than there is room for.
    fn refuse(&self) -> TimedResponse;
}

/// An answer, when to send it and in which way.
pub(super) struct TimedResponse {
    pub(super) response: Response<AdminBody>,
    pub(super) delay: Duration,
    pub(super) delivery: Delivery,
}

impl TimedResponse {
    pub(super) fn at_once(response: Response<AdminBody>) -> Self {
        Self { response, delay: Duration::ZERO, delivery: Delivery::Whole }
    }
}

/// What all connections of a server speak.
pub(super) struct Protocols {
    http_1: http1::Builder,
    http_2: http2::Builder<TokioExecutor>,
    tls: Option<TlsSetup>,
}

struct TlsSetup {
    acceptor: TlsAcceptor,
    /// For those that are only told something.
    of_http_1: TlsAcceptor,
    wait: Duration,
    /// The answer to a request without TLS.
    plain: Vec<u8>,
}

impl Protocols {
    /// `plain` is the whole answer to who speaks HTTP where TLS is spoken.
    pub(super) fn new(identity: Option<&Identity>, limits: &ServerLimits, plain: Vec<u8>) -> Self {
        let mut http_1 = http1::Builder::new();
        // A client may end its side after the request and still wait for the answer.
        http_1.half_close(true).max_header_size(HEAD_BYTES_MAX).header_read_timeout(None);
        let mut http_2 = http2::Builder::new(TokioExecutor::new());
        http_2
            .max_concurrent_streams(CONNECTION_STREAMS_MAX)
            .max_header_list_size(u32::try_from(HEAD_BYTES_MAX).unwrap_or(u32::MAX))
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .max_pending_accept_reset_streams(RESET_STREAMS_MAX)
            .max_local_error_reset_streams(ERROR_STREAMS_MAX);
        let tls = identity.map(|identity| TlsSetup {
            acceptor: identity.config().into(),
            of_http_1: identity.config_of_http_1().into(),
            wait: limits.handshake_wait,
            plain,
        });
        Self { http_1, http_2, tls }
    }

    /// What a new connection's bytes travel through; nothing if it comes to nothing.
    async fn secure(&self, stream: TcpStream, state: &Arc<ConnectionState>) -> Option<Wire> {
        let Some(TlsSetup { acceptor, wait, plain, .. }) = &self.tls else {
            return Some(Wire::new(Transport::Plain(stream), Arc::clone(state)));
        };
        let mut first = [0];
        match stream.peek(&mut first).await {
            Ok(1..) if first == [HANDSHAKE] => {}
            Ok(1..) => {
                let mut wire = Wire::new(Transport::Plain(stream), Arc::clone(state));
                wire.set_patient();
                wire.say(plain).await;
                return None;
            }
            Ok(0) | Err(_) => return None,
        }
        let stream = match tokio::time::timeout(*wait, Box::pin(acceptor.accept(stream))).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                tracing::debug!(%error, "a TLS handshake failed");
                return None;
            }
            Err(_) => return None,
        };
        Some(Wire::new(Transport::Tls(Box::new(stream)), Arc::clone(state)))
    }
}

/// Serves a connection until either side ends it.
pub(super) async fn serve<A: Respond>(
    entry: ConnectionEntry,
    protocols: Arc<Protocols>,
    stream: TcpStream,
    answers: Arc<A>,
) {
    let state = Arc::clone(&entry.state);
    let opened = async {
        let mut wire = protocols.secure(stream, &state).await?;
        let version = wire.version().await.ok()?;
        Some((wire, version))
    };
    let opened = tokio::select! {
        // What has been asked is answered, even if the order has come by now.
        biased;
        opened = opened => opened,
        () = ordered(&state) => None,
    };
    let Some((wire, version)) = opened else { return };
    let entry = Arc::new(entry);
    let service = service_fn(move |request| {
        answer(Arc::clone(&answers), RequestGuard::begin(Arc::clone(&entry)), request)
    });
    match version {
        HttpVersion::One => {
            let mut connection = protocols.http_1.serve_connection(wire, service);
            drive(&state, |cx, finish| {
                let mut connection = Pin::new(&mut connection);
                if finish {
                    connection.as_mut().graceful_shutdown();
                }
                connection.poll(cx).map(drop)
            })
            .await;
            if let Some(breakage) = state.breakage() {
                connection.into_parts().io.break_off(breakage).await;
            }
        }
        HttpVersion::Two => {
            state.set_multiplexed();
            let mut connection = Box::pin(protocols.http_2.serve_connection(wire, service));
            drive(&state, |cx, finish| {
                if finish {
                    connection.as_mut().graceful_shutdown();
                }
                connection.as_mut().poll(cx).map(drop)
            })
            .await;
        }
    }
}

/// Nothing has been asked yet, so every order means the end.
async fn ordered(state: &ConnectionState) {
    poll_fn(|cx| {
        state.listen(cx.waker());
        if state.ordered() == Order::Run { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
}

async fn answer<A: Respond>(
    answers: Arc<A>,
    guard: RequestGuard,
    request: Request<Incoming>,
) -> Result<Response<Outgoing>, Broken> {
    let TimedResponse { response, delay, delivery } =
        if guard.is_too_many() { answers.refuse() } else { answers.answer(request).await };
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    delivery::send(response, delivery, guard).await
}

/// Polls a connection to its end, or until it is ordered or broken off; `poll` is told once when it is to finish.
async fn drive(state: &ConnectionState, mut poll: impl FnMut(&mut Context<'_>, bool) -> Poll<()>) {
    let mut obeyed = None;
    let mut goodbye = None;
    poll_fn(|cx| {
        // Whoever gives an order takes the waker, so it is left again after each; what comes between is seen below.
        let mut finish = false;
        if obeyed != Some(state.ordered()) {
            state.listen(cx.waker());
            obeyed = Some(state.ordered());
            finish = obeyed != Some(Order::Run);
        }
        let ended = poll(cx, finish);
        if state.breakage().is_some() {
            return Poll::Ready(());
        }
        match state.ordered() {
            Order::Run => ended,
            Order::Finish if ended.is_ready() || state.is_answering() => ended,
            Order::Finish if state.is_multiplexed() => poll_goodbye(&mut goodbye, cx),
            // hyper goes on waiting for the first request of a connection, and for the rest of a head.
            Order::Finish if state.is_stuck() => ended,
            Order::Finish | Order::End => Poll::Ready(()),
        }
    })
    .await;
}

/// Is ready when it has not been polled for a while: as long as anything happens, the client is still there.
fn poll_goodbye(wait: &mut Option<Pin<Box<Sleep>>>, cx: &mut Context<'_>) -> Poll<()> {
    if wait.as_mut().is_some_and(|wait| wait.as_mut().poll(cx).is_ready()) {
        return Poll::Ready(());
    }
    wait.insert(Box::pin(tokio::time::sleep(GOODBYE_WAIT))).as_mut().poll(cx)
}

/// Sends `answer` and ends the connection, after what the client has to say.
pub(super) async fn refuse(
    place: Arc<()>,
    protocols: Arc<Protocols>,
    stream: TcpStream,
    answer: Vec<u8>,
) {
    let transport = match &protocols.tls {
        None => Transport::Plain(stream),
        Some(tls) => match tokio::time::timeout(LINGER, tls.of_http_1.accept(stream)).await {
            Ok(Ok(stream)) => Transport::Tls(Box::new(stream)),
            Ok(Err(_)) | Err(_) => return,
        },
    };
    let mut wire = Wire::new(transport, Arc::default());
    // Its request is still on its way.
    wire.set_patient();
    wire.say(&answer).await;
    drop(place);
}
