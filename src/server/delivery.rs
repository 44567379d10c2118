//! The way of an answer to its client: whole, as a stream, or broken as an injected fault asks.
//!
//! Must not know why, nor what the answer says.

use std::fmt;
use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use crate::admin::AdminBody;
use crate::message::Delivery;
use crate::server::registry::{Breakage, ConnectionState, Order};
use crate::server::shared::{COUNTED_BYTES_MIN, RequestGuard};

/// How long a trickle may take; then the rest is sent at once. Longer than clients wait unless told to.
pub const TRICKLE_WAIT_MAX: Duration = Duration::from_secs(10 * 60);

/// How long what was sent on an HTTP/2 stream gets to leave: a reset drops what still waits.
const RESET_PAUSE: Duration = Duration::from_millis(50);

/// The body of what is sent. Most are whole, and these need no allocation.
pub(super) enum Outgoing {
    Whole(Full<Bytes>),
    Gradual(Pin<Box<dyn Body<Data = Bytes, Error = Broken> + Send>>),
}

/// An answer that ends before its end; on HTTP/2 this resets its stream (RFC 9113 section 6.4).
#[derive(Debug)]
pub(super) struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer is broken off as asked")
    }
}

impl std::error::Error for Broken {}

/// Makes of an answer what hyper is to send; `guard` lasts until that is given away or, if it comes bit by bit, sent.
///
/// Where nothing of the answer is to be sent, either the connection is told how to end and this is never ready, or
/// the stream is reset.
pub(super) async fn send(
    response: Response<AdminBody>,
    delivery: Delivery,
    guard: RequestGuard,
) -> Result<Response<Outgoing>, Broken> {
    let multiplexed = guard.entry.state.is_multiplexed();
    let (head, content) = response.into_parts();
    let bytes = match content {
        AdminBody::Complete(bytes) => guard.entry.counted(bytes, COUNTED_BYTES_MIN),
        // Only emulated answers are broken.
        AdminBody::Pieces(body) => {
            let body = Outgoing::Gradual(Box::pin(Stream { body, finishing: None, guard }));
            return Ok(Response::from_parts(head, body));
        }
        AdminBody::Endless(body) => {
            let body = Outgoing::Gradual(Box::pin(Stream::endless(body, guard)));
            return Ok(Response::from_parts(head, body));
        }
    };
    let state = &guard.entry.state;
    let body = match delivery {
        Delivery::Whole => Outgoing::Whole(Full::new(bytes)),
        Delivery::Cut { bytes: count } => {
            Outgoing::Gradual(Box::pin(Cut::new(bytes, count, Halt::of(state), guard)))
        }
        Delivery::Trickle { bytes: count, every } => {
            Outgoing::Gradual(Box::pin(Trickle::new(bytes, count, every, Halt::of(state), guard)))
        }
        Delivery::Reset | Delivery::Empty if multiplexed => return Err(Broken),
        // Bytes that are no HTTP cannot be said on a stream, but what they lead to can be done.
        Delivery::Garbage if multiplexed => {
            state.order(Order::End);
            pending().await
        }
        Delivery::Reset => break_off(state, Breakage::Reset).await,
        Delivery::Empty => break_off(state, Breakage::Closed(Bytes::new())).await,
        Delivery::Garbage => break_off(state, Breakage::Closed(bytes)).await,
    };
    Ok(Response::from_parts(head, body))
}

async fn break_off<T>(state: &ConnectionState, breakage: Breakage) -> T {
    state.break_off(breakage);
    pending().await
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match self.get_mut() {
            Self::Whole(body) => Pin::new(body).poll_frame(cx).map_err(|never| match never {}),
            Self::Gradual(body) => body.as_mut().poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Gradual(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Gradual(body) => body.size_hint(),
        }
    }
}

/// How an answer ends that has begun.
enum Halt {
    /// HTTP/1 ends the connection, after what was written has left.
    Connection(Arc<ConnectionState>),
    /// HTTP/2 resets the stream, a moment later.
    Stream(Option<Pin<Box<Sleep>>>),
}

impl Halt {
    fn of(state: &Arc<ConnectionState>) -> Self {
        if state.is_multiplexed() {
            Self::Stream(None)
        } else {
            Self::Connection(Arc::clone(state))
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match self {
            Self::Connection(state) => {
                state.break_off(Breakage::Cut);
                Poll::Pending
            }
            Self::Stream(pause) => {
                let pause = pause.get_or_insert_with(|| Box::pin(tokio::time::sleep(RESET_PAUSE)));
                ready!(pause.as_mut().poll(cx));
                Poll::Ready(Some(Err(Broken)))
            }
        }
    }
}

/// So many bytes of an answer, and no more.
struct Cut {
    kept: Bytes,
    announced: u64,
    halt: Halt,
    _guard: RequestGuard,
}

impl Cut {
    fn new(mut bytes: Bytes, count: usize, halt: Halt, guard: RequestGuard) -> Self {
        let announced = bytes.len() as u64;
        bytes.truncate(count);
        Self { kept: bytes, announced, halt, _guard: guard }
    }
}

impl Body for Cut {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        if self.kept.is_empty() {
            return self.halt.poll(cx);
        }
        Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.kept)))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}

impl Drop for Cut {
    /// Where nothing is missing, because all was kept or only the head was asked for, nobody asks for more.
    fn drop(&mut self) {
        if let Halt::Connection(state) = &self.halt {
            state.break_off(Breakage::Cut);
        }
    }
}

/// Is ready when the server shuts down.
type Finishing = Pin<Box<dyn Future<Output = ()> + Send>>;

fn finishing(guard: &RequestGuard) -> Finishing {
    Box::pin(guard.entry.shared.registry.finishing())
}

/// An answer in pieces, with a pause before each.
struct Trickle {
    rest: Bytes,
    piece: usize,
    every: Duration,
    pause: Pin<Box<Sleep>>,
    deadline: Instant,
    finishing: Finishing,
    halt: Halt,
    _guard: RequestGuard,
}

impl Trickle {
    fn new(rest: Bytes, piece: usize, every: Duration, halt: Halt, guard: RequestGuard) -> Self {
        let every = every.min(TRICKLE_WAIT_MAX);
        Self {
            rest,
            piece: piece.max(1),
            every,
            pause: Box::pin(tokio::time::sleep(every)),
            deadline: Instant::now() + TRICKLE_WAIT_MAX,
            finishing: finishing(&guard),
            halt,
            _guard: guard,
        }
    }
}

impl Body for Trickle {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        if self.finishing.as_mut().poll(cx).is_ready() {
            return self.halt.poll(cx);
        }
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        ready!(self.pause.as_mut().poll(cx));
        let now = Instant::now();
        let left = self.deadline.saturating_duration_since(now);
        let count = if left.is_zero() { self.rest.len() } else { self.piece.min(self.rest.len()) };
        let next = now + self.every.min(left);
        self.pause.as_mut().reset(next);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(count)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

/// An answer that is made while it is sent.
struct Stream {
    body: axum::body::Body,
    /// Where the answer has no end of its own: it ends when the server shuts down.
    finishing: Option<Finishing>,
    guard: RequestGuard,
}

impl Stream {
    fn endless(body: axum::body::Body, guard: RequestGuard) -> Self {
        guard.entry.state.set_endless(true);
        Self { body, finishing: Some(finishing(&guard)), guard }
    }
}

impl Body for Stream {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let Self { body, finishing, guard } = &mut *self;
        if let Some(finishing) = finishing
            && finishing.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(None);
        }
        let poll = || Pin::new(body).poll_frame(cx);
        let is_large = finishing.is_none();
        let frame = ready!(if is_large { guard.entry.shared.turns.aside(poll) } else { poll() });
        // All of it is counted: the connection takes many small pieces before it sends them.
        let counted = |frame: Frame<Bytes>| frame.map_data(|data| guard.entry.counted(data, 0));
        Poll::Ready(frame.map(|frame| frame.map(counted).map_err(|_| Broken)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.guard.entry.state.set_endless(false);
    }
}
