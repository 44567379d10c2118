//! The journal as an HTTP archive (HAR 1.2, <http://www.softwareishard.com/blog/har-12-spec/>), which browsers and
//! proxies read. What HAR has no place for is in fields that begin with `_`, as it asks for.
//!
//! Must not know who reads it.

use std::collections::HashSet;
use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response};
use serde_json::{Map, Value, json};

use crate::control::Control;
use crate::control::entries::{EntryReader, LISTED_CHANGES_MAX, milliseconds};
use crate::control::journal::Copied;
use crate::control::literals::REDACTED;
use crate::journal::{CapturedBody, Event, JournalEntry};
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

/// Target size of one piece of an archive. A piece is longer where its last call is.
const PIECE_BYTES: usize = 64 << 10;

/// The calls of a journal on their way into an HTTP archive, oldest first, piece by piece.
///
/// Between two pieces it holds nothing of the journal. Calls that the journal gives up meanwhile are left out, and
/// counted at the end of the archive.
pub struct Archive {
    /// The newest entry when the archive was begun: it ends with that one.
    newest: u64,
    /// The newest entry that was read.
    last: u64,
    /// How many entries were given up before they were read.
    missed: u64,
    /// Credentials of the whole journal, so that one is hidden in calls before the one that made it, too.
    credentials: HashSet<String>,
    shared_bytes: usize,
    stage: ArchiveStage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ArchiveStage {
    Head,
    FirstCall,
    Calls,
    Done,
}

impl Control<'_> {
    /// Begins an HTTP archive of all calls that are in the journal now.
    pub fn archive(&self) -> Result<Archive, Problem> {
        let copied = self.visit(|_, state| Copied::of(state))?;
        let first = copied.entries.first().map_or(0, |entry| entry.id - 1);
        Ok(Archive {
            newest: copied.entries.last().map_or(0, |entry| entry.id),
            last: first,
            missed: 0,
            credentials: copied.reader(self, 0).redactor.into_learned(),
            shared_bytes: 0,
            stage: ArchiveStage::Head,
        })
    }

    /// The next piece of an archive of this sandbox; `None` after its end.
    pub fn archive_piece(&self, archive: &mut Archive) -> Result<Option<String>, Problem> {
        let mut piece = String::new();
        match archive.stage {
            ArchiveStage::Done => return Ok(None),
            ArchiveStage::Head => {
                let creator =
                    json!({ "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") });
                let _ =
                    write!(piece, r#"{{"log":{{"version":"1.2","creator":{creator},"entries":["#);
                archive.stage = ArchiveStage::FirstCall;
            }
            ArchiveStage::FirstCall | ArchiveStage::Calls => {}
        }
        while piece.len() < PIECE_BYTES {
            if !self.write_calls(archive, &mut piece)? {
                let mut comment = format!("the sandbox `{}`, without credentials", self.name);
                if archive.missed > 0 {
                    let missed = archive.missed;
                    let _ = write!(comment, "; the journal gave up {missed} entries meanwhile");
                }
                let _ = write!(piece, r#"],"comment":{}}}}}"#, Value::from(comment));
                archive.stage = ArchiveStage::Done;
                break;
            }
        }
        Ok(Some(piece))
    }

    /// Adds calls until the piece is long enough or a batch of entries is read; whether any entry is left.
    fn write_calls(&self, archive: &mut Archive, piece: &mut String) -> Result<bool, Problem> {
        let copied = self.look(|state| Copied::batch_after(state, archive.last))?;
        let mut reader = copied.reader(self, LISTED_CHANGES_MAX);
        reader.redactor.learn_all(std::mem::take(&mut archive.credentials));
        reader.set_shared_bytes(archive.shared_bytes);
        let newest = archive.newest;
        let entries = copied.entries.iter().take_while(|entry| entry.id <= newest);
        let mut is_at_end = true;
        for entry in entries {
            is_at_end = false;
            if piece.len() >= PIECE_BYTES {
                break;
            }
            archive.missed += entry.id - archive.last - 1;
            archive.last = entry.id;
            let Some(call) = reader.har_entry(entry) else { continue };
            if archive.stage == ArchiveStage::Calls {
                piece.push(',');
            }
            archive.stage = ArchiveStage::Calls;
            let _ = write!(piece, "{call}");
        }
        if is_at_end {
            archive.missed += newest - archive.last;
            archive.last = newest;
        }
        archive.shared_bytes = reader.shared_bytes();
        archive.credentials = reader.redactor.into_learned();
        Ok(archive.last < newest)
    }
}

impl EntryReader<'_> {
    /// A call as HAR has it; `None` for anything else.
    fn har_entry(&mut self, entry: &JournalEntry) -> Option<Value> {
        let Event::Call(call) = &entry.event else { return None };
        let own = json!(self.entry(entry));
        let (parts, body, kept) = call.exchange.request();
        let (response, kept_of_response) = call.exchange.response();
        let delay = milliseconds(call.facts.delay);
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
        kept: CapturedBody,
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

    fn har_response(&self, response: &Response<Bytes>, kept: CapturedBody) -> Value {
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

fn size(kept: CapturedBody) -> i64 {
    kept.total.and_then(|total| i64::try_from(total).ok()).unwrap_or(UNKNOWN)
}

fn media_type(headers: &HeaderMap) -> String {
    let media_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    String::from_utf8_lossy(media_type).into_owned()
}

fn comment_if_cut(of: &mut Value, kept: CapturedBody) {
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
