//! The journal as an HTTP archive (HAR 1.2, <http://www.softwareishard.com/blog/har-12-spec/>), which browsers and
//! proxies read. What HAR has no place for is in fields that begin with `_`, as it asks for.
//!
//! Must not know who reads it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use http::HeaderValue;
use http::Response;
use http::header::CONTENT_TYPE;
use http::header::COOKIE;
use http::header::HOST;
use http::header::LOCATION;
use http::header::SET_COOKIE;
use http::request::Parts;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::control::Control;
use crate::control::entries::LISTED_CHANGES_MAX;
use crate::control::entries::Reader;
use crate::control::journal::Copied;
use crate::control::redact::REDACTED;
use crate::journal::Entry;
use crate::journal::Event;
use crate::journal::Kept;
use crate::problem::Problem;

/// What is not known, as HAR writes sizes.
const UNKNOWN: i64 = -1;

/// The members of an entry that HAR has no place for.
const OWN: [&str; 12] = [
    "at",
    "undone",
    "provider",
    "operation",
    "rule",
    "why",
    "dry_run",
    "faults",
    "delivery",
    "violations",
    "counts",
    "changes",
];

impl Control<'_> {
    /// All calls of the journal as an HTTP archive, oldest first.
    pub fn har(&self) -> Result<Value, Problem> {
        let copied = self.visit(|_, state| Copied::of(state))?;
        let mut reader = copied.reader(self, LISTED_CHANGES_MAX);
        let entries: Vec<Value> =
            copied.entries.iter().filter_map(|entry| reader.har_entry(entry)).collect();
        let (name, version) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        Ok(json!({
            "log": {
                "version": "1.2",
                "creator": { "name": name, "version": version },
                "comment": format!("the sandbox `{}`, without credentials", self.name),
                "entries": entries,
            }
        }))
    }
}

impl Reader<'_> {
    /// A call as HAR has it; `None` for anything else.
    fn har_entry(&mut self, entry: &Entry) -> Option<Value> {
        let Event::Call(call) = &entry.event else { return None };
        let own = self.entry(entry);
        let (parts, body, kept) = call.exchange.request();
        let (response, kept_of_response) = call.exchange.response();
        let delay = u64::try_from(call.delay.as_millis()).unwrap_or(u64::MAX);
        let mut har = Map::new();
        let mut put = |name: &str, value: Value| drop(har.insert(name.to_owned(), value));
        put("startedDateTime", entry.real.to_rfc3339().into());
        put("time", delay.into());
        put("request", self.har_request(call.exchange.request_line(), &parts, &body, kept));
        put("response", self.har_response(&response, kept_of_response));
        put("cache", json!({}));
        put("timings", json!({ "send": 0, "wait": delay, "receive": 0 }));
        put("_id", entry.id.into());
        for name in OWN {
            put(&format!("_{name}"), own.get(name).cloned().unwrap_or_default());
        }
        Some(Value::Object(har))
    }

    fn har_request(
        &self,
        (method, target): (&str, &str),
        parts: &Parts,
        body: &Bytes,
        kept: Kept,
    ) -> Value {
        let target = self.redactor.target(target);
        let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
        let url = if target.starts_with('/') {
            format!("http://{}{target}", host.unwrap_or("localhost"))
        } else {
            target.clone()
        };
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let query: Vec<Value> = form_urlencoded::parse(query.as_bytes())
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect();
        let mut request = json!({
            "method": method,
            "url": url,
            "httpVersion": "HTTP/1.1",
            "cookies": cookies(parts.headers.get_all(COOKIE).iter(), true),
            "headers": self.headers(&parts.headers),
            "queryString": query,
            "headersSize": UNKNOWN,
            "bodySize": size(kept),
        });
        if !body.is_empty() {
            let text = self.body_text(&parts.headers, body, kept).unwrap_or_default();
            let media_type = media_type(&parts.headers);
            request["postData"] = json!({ "mimeType": media_type, "params": [], "text": text });
            comment_if_cut(&mut request["postData"], kept);
        }
        request
    }

    fn har_response(&self, response: &Response<Bytes>, kept: Kept) -> Value {
        let headers = response.headers();
        let location = headers.get(LOCATION).map(HeaderValue::as_bytes).unwrap_or_default();
        let mut content = json!({ "size": size(kept), "mimeType": media_type(headers) });
        match self.body_text(headers, response.body(), kept) {
            Some(text) => content["text"] = text.into(),
            None if !response.body().is_empty() => {
                content["text"] = STANDARD.encode(response.body()).into();
                content["encoding"] = "base64".into();
            }
            None => {}
        }
        comment_if_cut(&mut content, kept);
        json!({
            "status": response.status().as_u16(),
            "statusText": response.status().canonical_reason().unwrap_or_default(),
            "httpVersion": "HTTP/1.1",
            "cookies": cookies(headers.get_all(SET_COOKIE).iter(), false),
            "headers": self.headers(headers),
            "content": content,
            "redirectURL": self.redactor.header(LOCATION.as_str(), location),
            "headersSize": UNKNOWN,
            "bodySize": size(kept),
        })
    }
}

fn size(kept: Kept) -> i64 {
    kept.total.and_then(|total| i64::try_from(total).ok()).unwrap_or(UNKNOWN)
}

fn media_type(headers: &HeaderMap) -> String {
    let media_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    String::from_utf8_lossy(media_type).into_owned()
}

fn comment_if_cut(of: &mut Value, kept: Kept) {
    if !kept.is_whole() {
        of["comment"] = format!("the journal kept {} bytes of it", kept.kept).into();
    }
}

/// The names of the cookies, without their values: a request has several in one line, an answer one with attributes.
fn cookies<'h>(lines: impl Iterator<Item = &'h HeaderValue>, several: bool) -> Vec<Value> {
    let name = |pair: &str| pair.split_once('=').map(|(name, _)| name.trim().to_owned());
    lines
        .flat_map(|line| {
            let line = String::from_utf8_lossy(line.as_bytes()).into_owned();
            let pairs = line.split(';').take(if several { usize::MAX } else { 1 });
            pairs.filter_map(name).collect::<Vec<_>>()
        })
        .map(|name| json!({ "name": name, "value": REDACTED }))
        .collect()
}
