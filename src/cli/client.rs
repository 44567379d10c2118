//! A client for the admin API of a running server: one HTTP/1.1 request on one connection.
//!
//! Speaks no TLS. Must not know what is asked for.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::str::FromStr;
use std::time::Duration;
use std::{fmt, io};

use http::{HeaderValue, Uri};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::clock::Stopwatch;
use crate::config::Secret;

/// How many bytes of an answer are read: a coverage report of a thousand operations has one megabyte.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// How long commands wait for an answer, all of it.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// How much is read or written before the time is looked at.
const PIECE_BYTES: usize = 64 * 1024;

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
    pub(super) token: Option<Secret>,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HttpAnswer {
    /// The status.
    pub(super) status: u16,
    /// Whether it is one of this program that answers.
    pub(super) is_tombstone: bool,
    /// The body.
    pub(super) body: Vec<u8>,
}

impl Client {
    /// Makes a call and reads its answer, which is to be a success.
    pub(super) fn ask<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<T> {
        let url = &self.url;
        if url.is_https {
            anyhow::bail!("`{url}` speaks HTTPS, which this command does not: give it `http://…`");
        }
        let answer = self.call(method, path, body, PATIENCE).map_err(|error| {
            anyhow::anyhow!("no answer from `{url}`: {error} (is the server running there?)")
        })?;
        if !(200..300).contains(&answer.status) {
            anyhow::bail!(
                "`{url}` answered {} to {method} {path}{}",
                answer.status,
                answer.reason()
            );
        }
        serde_json::from_slice(&answer.body).map_err(|error| {
            anyhow::anyhow!("`{url}` answered {method} {path} with something else: {error}")
        })
    }

    /// Makes a call, waiting so long for all of it, however slowly it comes.
    pub(super) fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        patience: Duration,
    ) -> io::Result<HttpAnswer> {
        let watch = Stopwatch::start();
        let left = || match patience.saturating_sub(watch.elapsed()) {
            Duration::ZERO => {
                let problem = format!("no whole answer within {patience:?}");
                Err(io::Error::new(io::ErrorKind::TimedOut, problem))
            }
            left => Ok(left),
        };
        let mut stream = self.url.connect(patience)?;
        for piece in self.request(method, path, body)?.as_bytes().chunks(PIECE_BYTES) {
            write_before(&mut stream, piece, &left)?;
        }
        let bytes = read_before(&mut stream, &left)?;
        HttpAnswer::parse(&bytes).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, "what came is no complete HTTP answer")
        })
    }

    fn request(&self, method: &str, path: &str, body: Option<&Value>) -> io::Result<String> {
        let Url { authority, prefix, .. } = &self.url;
        let mut fields = vec![
            format!("{method} {prefix}{path} HTTP/1.1"),
            format!("Host: {authority}"),
            "Connection: close".to_owned(),
            "Accept: application/json".to_owned(),
        ];
        if let Some(Secret(token)) = &self.token {
            // A token with a line break would be further fields.
            let value = HeaderValue::from_str(token).map_err(|_| {
                io::Error::new(io::ErrorKind::InvalidInput, "the token cannot stand in a header")
            })?;
            let value = value.to_str().map_err(|error| io::Error::other(error.to_string()))?;
            fields.push(format!("Authorization: Bearer {value}"));
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        if method != "GET" {
            fields.push("Content-Type: application/json".to_owned());
            fields.push(format!("Content-Length: {}", body.len()));
        }
        Ok(format!("{}\r\n\r\n{body}", fields.join("\r\n")))
    }
}

/// Sends all of it, as long as time is left: a peer that takes a byte now and then is not waited for without end.
fn write_before(
    stream: &mut TcpStream,
    mut bytes: &[u8],
    left: &impl Fn() -> io::Result<Duration>,
) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.set_write_timeout(Some(left()?))?;
        match stream.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if is_to_be_tried_again(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// All that comes until the connection ends, as long as time is left.
fn read_before(
    stream: &mut TcpStream,
    left: &impl Fn() -> io::Result<Duration>,
) -> io::Result<Vec<u8>> {
    let (mut bytes, mut piece) = (Vec::new(), vec![0; PIECE_BYTES]);
    while bytes.len() < ANSWER_BYTES_MAX {
        stream.set_read_timeout(Some(left()?))?;
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
            Err(error) if is_to_be_tried_again(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}

/// Whether time may be left: systems say differently that a time limit is over.
fn is_to_be_tried_again(error: &io::Error) -> bool {
    let kinds = [io::ErrorKind::Interrupted, io::ErrorKind::WouldBlock, io::ErrorKind::TimedOut];
    kinds.contains(&error.kind())
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

impl HttpAnswer {
    /// Reads all that came on a connection that has ended.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&bytes[..end]).ok()?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
        let field = |name: &str| {
            lines
                .clone()
                .filter_map(|line| line.split_once(':'))
                .find_map(|(field, value)| field.eq_ignore_ascii_case(name).then_some(value.trim()))
        };
        let length: usize = field("content-length")?.parse().ok()?;
        let body = bytes[end + 4..].get(..length)?;
        let is_tombstone = field("tombstone-sandbox").is_some();
        Some(Self { status, is_tombstone, body: body.to_vec() })
    }

    /// What a problem document (RFC 9457) says, as the end of a sentence.
    fn reason(&self) -> String {
        let problem: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let said = ["detail", "title"].into_iter().find_map(|member| problem[member].as_str());
        said.map(|said| format!(": {said}")).unwrap_or_default()
    }
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
    fn an_answer_is_read_whole_or_not_at_all() {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTombstone-Sandbox: default\r\n\r\nok";
        let answer = HttpAnswer { status: 200, is_tombstone: true, body: b"ok".to_vec() };
        assert_eq!(HttpAnswer::parse(text.as_bytes()), Some(answer));
        for length in 0..text.len() {
            assert_eq!(HttpAnswer::parse(&text.as_bytes()[..length]), None, "{length}");
        }
        for other in [
            "SSH-2.0\r\n\r\n",
            "HTTP/1.1 what\r\n\r\n",
            "HTTP/1.1 200\r\nContent-Length: -1\r\n\r\n",
        ] {
            assert_eq!(HttpAnswer::parse(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn a_token_cannot_add_fields() {
        let url: Url = "localhost".parse().unwrap();
        let client =
            |token: &str| Client { url: url.clone(), token: Some(Secret(token.to_owned())) };
        assert!(client("a\r\nX: y").request("GET", "/", None).is_err());
        assert!(client("a b").request("GET", "/", None).unwrap().contains("Bearer a b\r\n"));
    }
}
