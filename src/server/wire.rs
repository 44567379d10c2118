//! A connection's bytes, with or without TLS: which protocol they begin with, and how they end.
//!
//! Must not know HTTP beyond the first bytes of a connection.

use std::future::poll_fn;
use std::io;
use std::io::IoSlice;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::{ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;
use tokio_rustls::server::TlsStream;

use crate::server::registry::{Breakage, ConnectionState};

/// How long a closing connection takes what its client is still sending.
pub(super) const LINGER: Duration = Duration::from_secs(1);

/// How many bytes it takes of that.
const LINGER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How many bytes are read before anybody asks for them: the first ones, and what comes during an endless answer.
const EARLY_BYTES_MAX: usize = 4 * 1024;

/// What every HTTP/2 connection begins with (RFC 9113 section 3.4), and no HTTP/1 request.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The versions of HTTP that are told apart by their first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HttpVersion {
    /// HTTP/1.0 and HTTP/1.1, and whatever is no HTTP.
    One,
    /// HTTP/2.
    Two,
}

/// What bytes travel through.
pub(super) enum Transport {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Transport {
    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => stream.get_ref().0,
        }
    }

    /// What was agreed on in the handshake (RFC 7301).
    fn agreed(&self) -> Option<HttpVersion> {
        let Self::Tls(stream) = self else { return None };
        let protocol = stream.get_ref().1.alpn_protocol()?;
        Some(if protocol == b"h2" { HttpVersion::Two } else { HttpVersion::One })
    }
}

/// A connection's bytes. Ends gently: what the client is still sending is taken for a while, because to close on unread
/// bytes resets the connection, and the reset may overtake an answer (431, 413) that the client has not read yet.
pub(super) struct Wire {
    io: TokioIo<Transport>,
    state: Arc<ConnectionState>,
    /// Read already, and not yet asked for.
    early: Vec<u8>,
    shut: bool,
    /// Linger even though nothing has come yet.
    patient: bool,
    lingered_bytes: usize,
    linger: Option<Pin<Box<Sleep>>>,
}

impl Wire {
    pub(super) fn new(transport: Transport, state: Arc<ConnectionState>) -> Self {
        Self {
            io: TokioIo::new(transport),
            state,
            early: Vec::new(),
            shut: false,
            patient: false,
            lingered_bytes: 0,
            linger: None,
        }
    }

    /// Which version the client speaks; it waits for as many bytes as it takes to know.
    pub(super) async fn version(&mut self) -> io::Result<HttpVersion> {
        if let Some(version) = self.io.inner().agreed() {
            return Ok(version);
        }
        loop {
            let seen = self.early.len().min(PREFACE.len());
            if self.early[..seen] != PREFACE[..seen] {
                return Ok(HttpVersion::One);
            }
            if seen == PREFACE.len() {
                return Ok(HttpVersion::Two);
            }
            if poll_fn(|cx| self.poll_early(cx)).await? == 0 {
                return Ok(HttpVersion::One);
            }
        }
    }

    /// Ends the connection as an answer is to be broken.
    pub(super) async fn break_off(mut self, breakage: &Breakage) {
        match breakage {
            Breakage::Reset => drop(self.io.inner().tcp().set_zero_linger()),
            Breakage::Closed(bytes) => self.say(bytes).await,
            Breakage::Cut => {}
        }
    }

    /// Sends these bytes and ends the connection, after what the client has to say. A client that is gone, or takes
    /// nothing, needs none.
    pub(super) async fn say(&mut self, bytes: &[u8]) {
        let io = self.io.inner_mut();
        let said = async {
            io.write_all(bytes).await?;
            io.flush().await
        };
        // An error says that the client is gone; closing finds that too.
        drop(tokio::time::timeout(LINGER, said).await);
        drop(tokio::time::timeout(LINGER * 2, self.close()).await);
    }

    /// What to say comes before what the client has to say.
    pub(super) fn set_patient(&mut self) {
        self.patient = true;
    }

    async fn close(&mut self) -> io::Result<()> {
        poll_fn(|cx| Pin::new(&mut *self).poll_shutdown(cx)).await
    }

    fn note<T>(&self, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        self.state.set_stuck(written.is_pending());
        written
    }

    /// Reads what nobody has asked for yet; how much.
    fn poll_early(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut scratch = [0; EARLY_BYTES_MAX];
        let mut buffer = ReadBuf::new(&mut scratch);
        ready!(Pin::new(self.io.inner_mut()).poll_read(cx, &mut buffer))?;
        self.early.extend_from_slice(buffer.filled());
        Poll::Ready(Ok(buffer.filled().len()))
    }

    /// hyper does not read during an answer, because the client may have ended its side and still wait. Who has done so
    /// during an answer that does not end is gone.
    fn check_presence(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        while self.early.len() < EARLY_BYTES_MAX {
            match self.poll_early(cx)? {
                Poll::Ready(0) => return Err(io::ErrorKind::ConnectionAborted.into()),
                Poll::Ready(_) => {}
                Poll::Pending => break,
            }
        }
        Ok(())
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
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.early.is_empty() {
            return Pin::new(&mut self.io).poll_read(cx, buffer);
        }
        let count = buffer.remaining().min(self.early.len());
        buffer.put_slice(&self.early[..count]);
        self.early.drain(..count);
        if self.early.is_empty() {
            self.early = Vec::new();
        }
        Poll::Ready(Ok(()))
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
        if self.state.is_endless() {
            self.check_presence(cx)?;
        }
        let flushed = Pin::new(&mut self.io).poll_flush(cx);
        self.note(flushed)
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

impl AsyncRead for Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }
}
