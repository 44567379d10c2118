//! A request and its answer as the journal keeps them: copied into one block of bytes.
//!
//! What comes off the wire points into the connection's read buffers; to keep it would keep those, so it is copied,
//! which also costs less than to take it apart later. Must not know what the messages mean.

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri};

use crate::message::Body;

/// Bytes of a body that are kept: above what these APIs send, and a bound on what one entry can push out.
pub const KEPT_BODY_BYTES_MAX: usize = 64 * 1024;

/// Bytes that a request line takes beside its method and path: what is between them, and a short query.
const QUERY_BYTES: usize = 64;

/// A request, copied before it is answered.
#[derive(Debug)]
pub struct ExchangeDraft {
    block: Vec<u8>,
    head: usize,
    body: CapturedBody,
}

/// The start of a body, and the size of the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CapturedBody {
    /// Bytes that are kept.
    pub kept: usize,
    /// Bytes that there were, decoded; `None` where it went past the limit for bodies or could not be decoded.
    pub total: Option<usize>,
}

impl CapturedBody {
    /// Returns true if all of it is there.
    pub fn is_whole(self) -> bool {
        self.total == Some(self.kept)
    }
}

impl ExchangeDraft {
    /// Copies a request. `target` is what was asked for on the wire.
    pub fn of(parts: &Parts, body: &Body) -> Self {
        let line = parts.method.as_str().len() + parts.uri.path().len() + QUERY_BYTES;
        let mut block = Vec::with_capacity(line + headers_bytes(&parts.headers));
        block.extend_from_slice(parts.method.as_str().as_bytes());
        block.push(b' ');
        push_target(&mut block, &parts.uri);
        block.extend_from_slice(b"\r\n");
        push_headers(&mut block, &parts.headers);
        let head = block.len();
        let body = match body {
            Body::Complete(bytes) => push_body(&mut block, bytes),
            Body::TooLarge { .. } | Body::UnknownCoding { .. } | Body::BrokenCoding { .. } => {
                CapturedBody { kept: 0, total: None }
            }
        };
        Self { block, head, body }
    }

    /// The exchange that this answer completes.
    pub fn answered(mut self, response: &Response<Bytes>) -> Exchange {
        let start = self.block.len();
        let body = response.body().len().min(KEPT_BODY_BYTES_MAX);
        // Exactly, so that nothing has to be given back in the end.
        self.block.reserve_exact(headers_bytes(response.headers()) + body);
        push_headers(&mut self.block, response.headers());
        let response_head = self.block.len() - start;
        let response_body = push_body(&mut self.block, response.body());
        Exchange {
            block: self.block.into(),
            request_head: self.head,
            request_body: self.body,
            status: response.status(),
            response_head,
            response_body,
        }
    }
}

/// A request and its answer.
#[derive(Debug)]
pub struct Exchange {
    /// Request head, request body, response fields, response body.
    block: Box<[u8]>,
    request_head: usize,
    request_body: CapturedBody,
    status: StatusCode,
    response_head: usize,
    response_body: CapturedBody,
}

impl Exchange {
    /// Size in bytes.
    pub fn bytes(&self) -> usize {
        self.block.len()
    }

    /// The request as it came, and how much of its body is there.
    pub fn request(&self) -> (Parts, Bytes, CapturedBody) {
        let (head, rest) = self.block.split_at(self.request_head);
        let line_end = head.windows(2).position(|pair| pair == b"\r\n").unwrap_or(head.len());
        let (line, fields) = head.split_at(line_end);
        let space = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
        let mut request = http::Request::new(());
        *request.method_mut() = Method::from_bytes(&line[..space]).unwrap_or_default();
        let target = line.get(space + 1..).unwrap_or_default();
        *request.uri_mut() = Uri::try_from(target).unwrap_or_default();
        *request.headers_mut() = read_headers(fields);
        let body = Bytes::copy_from_slice(&rest[..self.request_body.kept]);
        (request.into_parts().0, body, self.request_body)
    }

    /// The method and the target, without the rest.
    pub fn request_line(&self) -> (&str, &str) {
        let head = &self.block[..self.request_head];
        let end = head.iter().position(|byte| *byte == b'\r').unwrap_or(head.len());
        let line = std::str::from_utf8(&head[..end]).unwrap_or_default();
        line.split_once(' ').unwrap_or((line, ""))
    }

    /// The answer's status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The answer, and how much of its body is there.
    pub fn response(&self) -> (Response<Bytes>, CapturedBody) {
        let rest = &self.block[self.request_head + self.request_body.kept..];
        let (head, body) = rest.split_at(self.response_head);
        let mut response = Response::new(Bytes::copy_from_slice(body));
        *response.status_mut() = self.status;
        *response.headers_mut() = read_headers(head);
        (response, self.response_body)
    }
}

/// The target as on the wire: HTTP/2 gives an absolute one, HTTP/1.1 mostly a path.
fn push_target(block: &mut Vec<u8>, uri: &Uri) {
    use std::io::Write;
    match (uri.authority(), uri.path_and_query()) {
        (None, Some(path)) => block.extend_from_slice(path.as_str().as_bytes()),
        // Writing to a vector does not fail.
        _ => drop(write!(block, "{uri}")),
    }
}

/// Bytes that headers take in a block.
fn headers_bytes(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 3).sum()
}

fn push_headers(block: &mut Vec<u8>, headers: &HeaderMap) {
    for (name, value) in headers {
        block.extend_from_slice(name.as_str().as_bytes());
        block.push(b':');
        block.extend_from_slice(value.as_bytes());
        // No value has a line break (RFC 9110 section 5.5).
        block.extend_from_slice(b"\r\n");
    }
}

fn push_body(block: &mut Vec<u8>, body: &Bytes) -> CapturedBody {
    let kept = body.len().min(KEPT_BODY_BYTES_MAX);
    block.extend_from_slice(&body[..kept]);
    CapturedBody { kept, total: Some(body.len()) }
}

fn read_headers(mut fields: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    while let Some(end) = fields.windows(2).position(|pair| pair == b"\r\n") {
        let (field, rest) = (&fields[..end], &fields[end + 2..]);
        fields = rest;
        let Some(colon) = field.iter().position(|byte| *byte == b':') else { continue };
        let name = HeaderName::from_bytes(&field[..colon]);
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(&field[colon + 1..])) {
            headers.append(name, value);
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(body: &Body, answer: &'static str) -> Exchange {
        let request = http::Request::post("/a/b?c=%20d")
            .header("x-one", "1:2")
            .header("x-one", HeaderValue::from_bytes(b"\xff\t:").unwrap())
            .body(())
            .unwrap();
        let mut response = Response::new(Bytes::from_static(answer.as_bytes()));
        *response.status_mut() = StatusCode::ACCEPTED;
        response.headers_mut().insert("x-two", HeaderValue::from_static(""));
        ExchangeDraft::of(&request.into_parts().0, body).answered(&response)
    }

    #[test]
    fn what_is_kept_can_be_read_again() {
        let exchange = exchange(&"in\r\nx:y".into(), "out");
        let (parts, body, kept) = exchange.request();
        assert_eq!(exchange.request_line(), ("POST", "/a/b?c=%20d"));
        assert_eq!((parts.method, parts.uri.to_string().as_str()), (Method::POST, "/a/b?c=%20d"));
        let values: Vec<_> =
            parts.headers.get_all("x-one").iter().map(HeaderValue::as_bytes).collect();
        assert_eq!(values, [&b"1:2"[..], b"\xff\t:"]);
        assert_eq!((&body[..], kept.is_whole()), (&b"in\r\nx:y"[..], true));
        let (response, kept) = exchange.response();
        assert_eq!((response.status(), &response.body()[..]), (StatusCode::ACCEPTED, &b"out"[..]));
        assert_eq!(response.headers()["x-two"], "");
        assert!(kept.is_whole());
    }

    #[test]
    fn large_bodies_are_kept_in_part_and_that_is_known() {
        let long = "x".repeat(KEPT_BODY_BYTES_MAX + 1);
        let (_, body, kept) = exchange(&long.as_str().into(), "").request();
        assert_eq!(body.len(), KEPT_BODY_BYTES_MAX);
        assert_eq!(kept, CapturedBody { kept: KEPT_BODY_BYTES_MAX, total: Some(long.len()) });
        assert!(!kept.is_whole());
        let (_, body, kept) = exchange(&Body::TooLarge { limit: 1 }, "").request();
        assert_eq!((body.len(), kept.total), (0, None));
        let exact = "x".repeat(KEPT_BODY_BYTES_MAX);
        assert!(exchange(&exact.as_str().into(), "").request().2.is_whole());
    }
}
