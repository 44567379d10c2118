//! One connection, and the list of all of them: who is idle for too long, who is to finish, who is left.
//!
//! Must not know what is answered.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::io::IoSlice;
use std::pin::Pin;
use std::pin::pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::task::Context;
use std::task::Poll;
use std::task::Waker;
use std::task::ready;
use std::time::Duration;

use http_body_util::Full;
use hyper::rt::ReadBufCursor;
use hyper::rt::Write;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncRead;
use tokio::io::ReadBuf;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::Sleep;

use crate::server::Shared;
use crate::server::request;

/// How many ticks make the time that a connection may be idle: the error is at most one of them.
pub(super) const IDLE_TICKS_MAX: u32 = 8;

/// How long a closing connection takes what its client is still sending.
const LINGER: Duration = Duration::from_secs(1);

/// How many bytes it takes of that.
const LINGER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How many connections too many are told so at once; more are closed without a word.
const REFUSED_MAX: usize = 256;

/// All open connections.
///
/// One task looks at them a few times in the allowed idle time. A timer for each request, as hyper has, costs each
/// request; this costs it one store.
#[derive(Debug, Default)]
pub(super) struct Registry {
    open: Mutex<Open>,
    tick: AtomicU32,
    changed: Notify,
    /// One for each connection that is being refused.
    refused: Arc<()>,
}

#[derive(Debug, Default)]
struct Open {
    pulses: BTreeMap<u64, Arc<Pulse>>,
    next_id: u64,
}

/// What is known of one connection from outside.
#[derive(Debug, Default)]
struct Pulse {
    /// The tick since which it waits for a request's head; `BUSY` during a request.
    idle_since: AtomicU32,
    /// `RUN`, `FINISH` or `END`; it only grows.
    order: AtomicU8,
    /// An answer is on its way and the client does not take it fast enough.
    stuck: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

const BUSY: u32 = u32::MAX;

const RUN: u8 = 0;
/// Answer what has been asked, then end.
const FINISH: u8 = 1;
/// End now.
const END: u8 = 2;

impl Registry {
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a new connection in; it is in until the entry is dropped.
    pub(super) fn enter(shared: &Arc<Shared>) -> Entry {
        let registry = &shared.registry;
        let pulse = Arc::new(Pulse::default());
        pulse.idle_since.store(registry.tick.load(Ordering::Relaxed), Ordering::Relaxed);
        let mut open = registry.lock();
        let id = open.next_id;
        open.next_id += 1;
        open.pulses.insert(id, Arc::clone(&pulse));
        Entry { id, shared: Arc::clone(shared), pulse }
    }

    /// A place among those that are told that there is none; dropped, it is free again.
    pub(super) fn enter_refused(&self) -> Option<Arc<()>> {
        (Arc::strong_count(&self.refused) <= REFUSED_MAX).then(|| Arc::clone(&self.refused))
    }

    pub(super) fn len(&self) -> usize {
        self.lock().pulses.len()
    }

    /// One more tick; who has been idle for too many of them ends.
    pub(super) fn sweep(&self) {
        let tick = self.tick.load(Ordering::Relaxed).wrapping_add(1) % BUSY;
        self.tick.store(tick, Ordering::Relaxed);
        for pulse in self.lock().pulses.values() {
            let since = pulse.idle_since.load(Ordering::Relaxed);
            if since != BUSY && tick.wrapping_sub(since) > IDLE_TICKS_MAX {
                pulse.order(END);
            }
        }
    }

    /// Lets every connection finish what it has been asked, ends those that are left after `wait`.
    pub(super) async fn finish(&self, wait: Duration) {
        self.order_all(FINISH);
        if tokio::time::timeout(wait, self.emptied()).await.is_err() {
            tracing::warn!(
                connections = self.len(),
                "ended connections that did not finish in time"
            );
            self.order_all(END);
            self.emptied().await;
        }
    }

    fn order_all(&self, order: u8) {
        self.lock().pulses.values().for_each(|pulse| pulse.order(order));
    }

    async fn emptied(&self) {
        loop {
            let changed = self.changed.notified();
            if self.len() == 0 {
                return;
            }
            changed.await;
        }
    }
}

impl Pulse {
    fn order(&self, order: u8) {
        self.order.fetch_max(order, Ordering::Relaxed);
        let waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn listen(&self, waker: &Waker) {
        *self.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(waker.clone());
    }
}

/// A connection's place in the list.
pub(super) struct Entry {
    id: u64,
    shared: Arc<Shared>,
    pulse: Arc<Pulse>,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.shared.registry.lock().pulses.remove(&self.id);
        self.shared.registry.changed.notify_one();
    }
}

/// Serves a connection until either side ends it.
pub(super) async fn serve(entry: Entry, http: http1::Builder, stream: TcpStream) {
    let pulse = Arc::clone(&entry.pulse);
    let entry = Arc::new(entry);
    let wire = Wire::new(stream, Arc::clone(&pulse));
    let service = service_fn(move |request| {
        let entry = Arc::clone(&entry);
        async move {
            entry.pulse.idle_since.store(BUSY, Ordering::Relaxed);
            let response = request::answer(&entry.shared, request).await;
            let tick = entry.shared.registry.tick.load(Ordering::Relaxed);
            entry.pulse.idle_since.store(tick, Ordering::Relaxed);
            Ok::<_, Infallible>(response.map(Full::new))
        }
    });
    let mut connection = pin!(http.serve_connection(wire, service));
    let mut obeyed = None;
    poll_fn(|cx| {
        // Whoever gives an order takes the waker, so it is left again after each; what comes between is seen below.
        let order = pulse.order.load(Ordering::Relaxed);
        if obeyed != Some(order) {
            pulse.listen(cx.waker());
            obeyed = Some(order);
            if pulse.order.load(Ordering::Relaxed) >= FINISH {
                connection.as_mut().graceful_shutdown();
            }
        }
        let ended = connection.as_mut().poll(cx).map(drop);
        let waits = pulse.idle_since.load(Ordering::Relaxed) != BUSY
            && !pulse.stuck.load(Ordering::Relaxed);
        match pulse.order.load(Ordering::Relaxed) {
            RUN => ended,
            // hyper goes on waiting for the first request of a connection, and for the rest of a head.
            FINISH if !waits => ended,
            _ => Poll::Ready(()),
        }
    })
    .await;
}

/// Sends `answer` and ends the connection, after what the client has to say.
pub(super) async fn refuse(place: Arc<()>, stream: TcpStream, answer: Vec<u8>) {
    // It fits into the socket's buffer, which is empty; a client that is gone needs none.
    let _ = tokio::time::timeout(LINGER, stream.writable()).await;
    let _ = stream.try_write(&answer);
    let mut wire = Wire::new(stream, Arc::default());
    // Its request is still on its way.
    wire.patient = true;
    let _ = poll_fn(|cx| Pin::new(&mut wire).poll_shutdown(cx)).await;
    drop(place);
}

/// A connection's bytes. Ends gently: what the client is still sending is taken for a while, because to close on unread
/// bytes resets the connection, and the reset may overtake an answer (431, 413) that the client has not read yet.
struct Wire {
    io: TokioIo<TcpStream>,
    pulse: Arc<Pulse>,
    shut: bool,
    /// Linger even though nothing has come yet.
    patient: bool,
    lingered_bytes: usize,
    linger: Option<Pin<Box<Sleep>>>,
}

impl Wire {
    fn new(stream: TcpStream, pulse: Arc<Pulse>) -> Self {
        Self {
            io: TokioIo::new(stream),
            pulse,
            shut: false,
            patient: false,
            lingered_bytes: 0,
            linger: None,
        }
    }

    fn note(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.pulse.stuck.store(written.is_pending(), Ordering::Relaxed);
        written
    }

    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut scratch = [0; 8 * 1024];
        while self.lingered_bytes < LINGER_BYTES_MAX {
            let mut buffer = ReadBuf::new(&mut scratch);
            match Pin::new(self.io.inner_mut()).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.lingered_bytes += buffer.filled().len();
                }
                Poll::Ready(_) => return Poll::Ready(()),
                // Nothing was on its way: the usual end.
                Poll::Pending if self.lingered_bytes == 0 && !self.patient => {
                    return Poll::Ready(());
                }
                Poll::Pending => {
                    let linger =
                        self.linger.get_or_insert_with(|| Box::pin(tokio::time::sleep(LINGER)));
                    return linger.as_mut().poll(cx);
                }
            }
        }
        Poll::Ready(())
    }
}

impl hyper::rt::Read for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl Write for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.note(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.shut {
            ready!(Pin::new(&mut self.io).poll_shutdown(cx))?;
            self.shut = true;
        }
        self.poll_linger(cx).map(Ok)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, slices);
        self.note(written)
    }
}
