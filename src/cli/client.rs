//! A client for the admin API of a running server: one HTTP/1.1 request on one connection, or a stream of events.
//!
//! Speaks no TLS. Must not know what is asked for.

use std::net::{TcpStream, ToSocketAddrs};
use std::str::FromStr;
use std::time::Duration;
use std::{fmt, io};

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST};
use http::{HeaderValue, Method, Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::cli::events::{Event, EventReader};
use crate::clock::Stopwatch;
use crate::config::Secret;

/// Maximum number of bytes of an answer that are read: twice what the records of a sandbox take at most unless more is
/// allowed.
const ANSWER_BYTES_MAX: usize = 512 << 20;

/// How long commands wait for an answer, all of it.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long they wait for what takes the longer, the more a sandbox has in it or the further its clock moves.
const LONG_PATIENCE: Duration = Duration::from_secs(15 * 60);

/// How long a stream may be silent before its connection counts as lost: servers send something every 15 seconds.
const SILENCE_MAX: Duration = Duration::from_secs(50);

/// The number of the last event that was seen.
const LAST_EVENT_ID: &str = "last-event-id";

/// The base URL of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    /// Whether TLS is spoken there.
    pub(super) is_https: bool,
    /// Host and port as they were given, which is what `Host` says.
    authority: String,
    host: String,
    port: u16,
    /// What all paths begin with, without a slash at its end.
    prefix: String,
}

impl FromStr for Url {
    type Err = String;

    /// Reads `http://127.0.0.1:4010`, with or without the scheme.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!("`{text}` is not the URL of a server: write it like `http://127.0.0.1:4010`")
        };
        let with_scheme =
            if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let uri: Uri = with_scheme.parse().map_err(|_| wrong())?;
        let is_https = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(wrong()),
        };
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'));
        let authority = authority.ok_or_else(wrong)?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() || uri.query().is_some() {
            return Err(wrong());
        }
        Ok(Self {
            is_https,
            authority: authority.to_string(),
            host: host.to_owned(),
            port: authority.port_u16().unwrap_or(if is_https { 443 } else { 80 }),
            prefix: uri.path().trim_end_matches('/').to_owned(),
        })
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_https { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority, self.prefix)
    }
}

/// A server to call.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) url: Url,
    token: Option<Secret>,
    patience: Duration,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HttpAnswer {
    /// The status.
    pub(super) status: u16,
    /// Whether it is one of this program that answers.
    pub(super) is_tombstone: bool,
    /// The body.
    pub(super) body: Bytes,
}

/// Why a call did not succeed.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    /// The URL is one that cannot be called.
    #[error("`{0}` speaks HTTPS, which this command does not: give it `http://…`")]
    Https(String),
    /// The server does not answer.
    #[error("no answer from `{url}`: {error} ({})", what_may_be(error))]
    NoAnswer {
        /// The server.
        url: String,
        /// What was seen instead.
        error: io::Error,
    },
    /// The server refused.
    #[error("`{url}` answered {status} to {called}{reason}")]
    Refused {
        /// The server.
        url: String,
        /// The status.
        status: u16,
        /// Method and path.
        called: String,
        /// What the server says, as the end of a sentence.
        reason: String,
    },
}

/// What is known of a server that does not answer.
fn what_may_be(error: &io::Error) -> &'static str {
    match error.get_ref() {
        Some(error) if error.is::<NoWholeAnswer>() => "it may still be at work",
        _ => "is the server running there?",
    }
}

/// A server that has taken a request does not answer it in time.
#[derive(Debug, thiserror::Error)]
#[error("no whole answer within {0:?}")]
struct NoWholeAnswer(Duration);

impl CallError {
    /// Whether it is worth trying again later: nobody answers, or the server cannot now.
    pub(super) fn is_transient(&self) -> bool {
        matches!(self, Self::NoAnswer { .. } | Self::Refused { status: 502..=504, .. })
    }

    /// Whether there is nothing of that name.
    pub(super) fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }
}

impl Client {
    /// A server that is called with this token.
    pub(super) fn new(url: Url, token: Option<Secret>) -> Self {
        Self { url, token, patience: PATIENCE }
    }

    /// The same server, which may take long to answer.
    pub(super) fn patient(self) -> Self {
        Self { patience: LONG_PATIENCE, ..self }
    }

    /// Makes a call and reads its answer, which is to be a success; one without a body is read as null.
    pub(super) fn ask<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<T> {
        let body = body.map(|body| Bytes::from(body.to_string()));
        let answer = self.ask_bytes(method, path, body)?;
        let answer = if answer.is_empty() { Bytes::from_static(b"null") } else { answer };
        serde_json::from_slice(&answer).map_err(|error| {
            anyhow::anyhow!("`{}` answered {method} {path} with something else: {error}", self.url)
        })
    }

    /// As [`Client::ask`], with the bodies as they are.
    pub(super) fn ask_bytes(
        &self,
        method: &str,
        path: &str,
        body: Option<Bytes>,
    ) -> Result<Bytes, CallError> {
        self.check_scheme()?;
        let answer = self.send(method, path, body, self.patience);
        let answer = answer.map_err(|error| self.no_answer(error))?;
        match answer.status {
            200..300 => Ok(answer.body),
            status => Err(self.refused(status, method, path, &answer.body)),
        }
    }

    /// Makes a call without a body, waiting so long for all of its answer, however slowly it comes.
    pub(super) fn call(
        &self,
        method: &str,
        path: &str,
        patience: Duration,
    ) -> io::Result<HttpAnswer> {
        self.send(method, path, None, patience)
    }

    /// Opens a stream of server-sent events, from the one after `last` on.
    pub(super) fn follow(&self, path: &str, last: u64) -> Result<EventStream, CallError> {
        self.check_scheme()?;
        let opened = self.open(path, last).map_err(|error| self.no_answer(error))?;
        let (runtime, response) = opened;
        let status = response.status().as_u16();
        if status == 200 {
            let body = response.into_body();
            return Ok(EventStream { runtime, body, reader: EventReader::default() });
        }
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect();
        let body = runtime.block_on(async { tokio::time::timeout(PATIENCE, body).await });
        let body = body.ok().and_then(Result::ok).map(http_body_util::Collected::to_bytes);
        Err(self.refused(status, "GET", path, &body.unwrap_or_default()))
    }

    fn open(&self, path: &str, last: u64) -> io::Result<(Runtime, Response<Incoming>)> {
        let mut request = self.request("GET", path, None)?;
        request.headers_mut().insert(LAST_EVENT_ID, HeaderValue::from(last));
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
        let runtime = runtime()?;
        let stream = self.url.connect(PATIENCE)?;
        let response = runtime.block_on(within(PATIENCE, exchange(stream, request)))?;
        Ok((runtime, response))
    }

    fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<Bytes>,
        patience: Duration,
    ) -> io::Result<HttpAnswer> {
        let request = self.request(method, path, body)?;
        let watch = Stopwatch::start();
        let stream = self.url.connect(patience)?;
        let left = patience.saturating_sub(watch.elapsed());
        runtime()?.block_on(within(left, async {
            let response = exchange(stream, request).await?;
            let status = response.status().as_u16();
            let is_tombstone = response.headers().contains_key("tombstone-sandbox");
            let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
            let body = body.map_err(io::Error::other)?.to_bytes();
            Ok(HttpAnswer { status, is_tombstone, body })
        }))
    }

    fn request(
        &self,
        method: &str,
        path: &str,
        body: Option<Bytes>,
    ) -> io::Result<Request<Full<Bytes>>> {
        let Url { authority, prefix, .. } = &self.url;
        let invalid = |problem: &str| io::Error::new(io::ErrorKind::InvalidInput, problem);
        let method = Method::from_bytes(method.as_bytes()).map_err(io::Error::other)?;
        let mut request = Request::builder()
            .uri(format!("{prefix}{path}"))
            .header(HOST, authority)
            .header(CONNECTION, "close")
            .header(ACCEPT, "application/json");
        if method != Method::GET {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(Secret(token)) = &self.token {
            let value = HeaderValue::try_from(format!("Bearer {token}"));
            let value = value.map_err(|_| invalid("the token cannot stand in a header"))?;
            request = request.header(AUTHORIZATION, value);
        }
        let body = Full::new(body.unwrap_or_default());
        request.method(method).body(body).map_err(io::Error::other)
    }

    fn check_scheme(&self) -> Result<(), CallError> {
        if self.url.is_https { Err(CallError::Https(self.url.to_string())) } else { Ok(()) }
    }

    fn no_answer(&self, error: io::Error) -> CallError {
        CallError::NoAnswer { url: self.url.to_string(), error }
    }

    fn refused(&self, status: u16, method: &str, path: &str, body: &[u8]) -> CallError {
        let (url, called) = (self.url.to_string(), format!("{method} {path}"));
        CallError::Refused { url, status, called, reason: reason(body) }
    }
}

/// Events as they come, on a connection that stays open.
#[derive(Debug)]
pub(super) struct EventStream {
    runtime: Runtime,
    body: Incoming,
    reader: EventReader,
}

impl EventStream {
    /// The next event; nothing at the end of the stream. It waits as long as the server is there.
    pub(super) fn next(&mut self) -> io::Result<Option<Event>> {
        loop {
            if let Some(event) = self.reader.next()? {
                return Ok(Some(event));
            }
            let body = &mut self.body;
            let frame = within(SILENCE_MAX, async { Ok(body.frame().await) });
            match self.runtime.block_on(frame)? {
                None => return Ok(None),
                Some(Err(error)) => return Err(io::Error::other(error)),
                Some(Ok(frame)) => self.reader.add(&frame.into_data().unwrap_or_default()),
            }
        }
    }
}

fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// Sends a request on a connection, and reads the head of its answer.
async fn exchange(
    stream: TcpStream,
    request: Request<Full<Bytes>>,
) -> io::Result<Response<Incoming>> {
    stream.set_nonblocking(true)?;
    let stream = TokioIo::new(tokio::net::TcpStream::from_std(stream)?);
    let opened = hyper::client::conn::http1::handshake(stream).await;
    let (mut sender, connection) = opened.map_err(io::Error::other)?;
    // What goes wrong with it, the answer tells.
    tokio::spawn(connection);
    sender.send_request(request).await.map_err(io::Error::other)
}

/// What comes in that time.
async fn within<T>(patience: Duration, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let problem = |_| io::Error::new(io::ErrorKind::TimedOut, NoWholeAnswer(patience));
    tokio::time::timeout(patience, work).await.map_err(problem).flatten()
}

impl Url {
    /// A connection, with so much patience for all addresses of the host together.
    pub(super) fn connect(&self, patience: Duration) -> io::Result<TcpStream> {
        let watch = Stopwatch::start();
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name leads nowhere");
        for address in (self.host.as_str(), self.port).to_socket_addrs()? {
            let left = patience.saturating_sub(watch.elapsed()).max(Duration::from_millis(1));
            match TcpStream::connect_timeout(&address, left) {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

/// A text as one segment of a path, whatever is in it.
pub(super) fn segment(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// What a problem document (RFC 9457) says, as the end of a sentence.
fn reason(body: &[u8]) -> String {
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    let said = ["detail", "title"].into_iter().find_map(|member| problem[member].as_str());
    said.map(|said| format!(": {said}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_to_connect() {
        for (text, host, port, shown) in [
            ("http://127.0.0.1:4010", "127.0.0.1", 4010, "http://127.0.0.1:4010"),
            ("localhost:1/", "localhost", 1, "http://localhost:1"),
            ("https://a.test", "a.test", 443, "https://a.test"),
            ("http://[::1]:2/x/", "::1", 2, "http://[::1]:2/x"),
        ] {
            let url: Url = text.parse().unwrap();
            assert_eq!(
                (url.host.as_str(), url.port, url.to_string().as_str()),
                (host, port, shown)
            );
        }
        for text in ["", "ftp://a.test", "http://", "http://a:b@c.test", "http://a.test/?q", "a b"]
        {
            assert!(text.parse::<Url>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_token_cannot_add_fields() {
        let url: Url = "localhost".parse().unwrap();
        let client = |token: &str| Client::new(url.clone(), Some(Secret(token.to_owned())));
        assert!(client("a\r\nX: y").request("GET", "/", None).is_err());
        let request = client("a b").request("GET", "/", None).unwrap();
        assert_eq!(request.headers()[AUTHORIZATION], "Bearer a b");
    }

    #[test]
    fn a_server_that_does_not_answer_in_time_may_be_at_work() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url: Url = silent.local_addr().unwrap().to_string().parse().unwrap();
        let client = Client { patience: Duration::from_millis(50), ..Client::new(url, None) };
        let told = |client: &Client| {
            let error = client.ask_bytes("GET", "/", None).unwrap_err().to_string();
            error.replace(&client.url.to_string(), "URL")
        };
        let at_work = told(&client);
        assert!(at_work.starts_with("no answer from `URL`: no whole answer within "), "{at_work}");
        assert!(at_work.ends_with(" (it may still be at work)"), "{at_work}");
        drop(silent);
        assert!(told(&client).ends_with(" (is the server running there?)"));
    }
}
