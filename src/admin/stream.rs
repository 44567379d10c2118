//! The journal as it is written: server-sent events (HTML Living Standard, section 9.2), one for each entry; and, for who
//! shows a sandbox, what else has changed.
//!
//! A slow reader holds up its own stream only: events are written when its connection takes more, and it is told of
//! what the journal has given up meanwhile. Must not know how entries are shown.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::json;
use tokio::sync::Notify;

use crate::admin::content::Endless;
use crate::admin::extract::{NamedSandbox, bad_query};
use crate::admin::refusal::AdminProblem;
use crate::control::News;
use crate::journal::{JournalEpoch, Listener};
use crate::sandbox::Revisions;

/// How often something is sent when nothing happens: less than proxies wait, and it shows who has gone.
const PING: Duration = Duration::from_secs(15);

/// The entries alone.
pub(super) async fn requests(
    sandbox: NamedSandbox,
    headers: HeaderMap,
) -> Result<Response, AdminProblem> {
    stream(sandbox, &headers, false)
}

/// The entries, and what has changed that is in no journal.
pub(super) async fn changes(
    sandbox: NamedSandbox,
    headers: HeaderMap,
) -> Result<Response, AdminProblem> {
    stream(sandbox, &headers, true)
}

fn stream(
    sandbox: NamedSandbox,
    headers: &HeaderMap,
    tells_all: bool,
) -> Result<Response, AdminProblem> {
    let woken = Arc::new(Notify::new());
    let wake = Arc::clone(&woken);
    // A wake-up that nobody waits for is kept, and more are the same one.
    let listener: Arc<Listener> = Arc::new(move || wake.notify_one());
    let (newest, epoch) = sandbox.with(|control| {
        if tells_all {
            control.listen_to_all(&listener);
        }
        control.listen(&listener)
    })?;
    let last = match headers.get("last-event-id") {
        None => newest,
        Some(id) => id.to_str().ok().and_then(|id| id.trim().parse().ok()).ok_or_else(|| {
            bad_query(
                "`Last-Event-ID` is no number: send the `id` of the last event, or leave it out",
            )
        })?,
    };
    // Whoever comes cannot know what changed before: all of it is told of at first.
    let reader =
        StreamReader { sandbox, last, epoch, tells_all, told: None, woken, _listener: listener };
    let first = Bytes::from_static(b": listening\n\n");
    let events = stream::unfold((reader, Some(first)), |(mut reader, first)| async {
        let events = match first {
            Some(first) => first,
            None => reader.next().await?,
        };
        Some((Ok::<_, Infallible>(events), (reader, None)))
    });
    let fields = [(CONTENT_TYPE, "text/event-stream")];
    Ok((Extension(Endless), fields, Body::from_stream(events)).into_response())
}

/// A client that reads along. What it is sent is written when the connection takes more.
struct StreamReader {
    sandbox: NamedSandbox,
    /// The newest entry that it knows of.
    last: u64,
    /// How often the journal had been emptied then.
    epoch: JournalEpoch,
    /// Whether it is told of more than entries.
    tells_all: bool,
    /// What it was told of last; nothing at first.
    told: Option<Revisions>,
    woken: Arc<Notify>,
    /// Wakes it for as long as it is there.
    _listener: Arc<Listener>,
}

impl StreamReader {
    /// What happened since, or is happening next; `None` once the sandbox is gone.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let changed = self.changed()?;
            let news = self.news()?;
            let is_emptied = news.restarted || news.cleared;
            if !news.entries.is_empty() || is_emptied || !changed.is_empty() {
                (self.last, self.epoch) = (news.last, news.epoch);
                return Some((changed + &written(&news)).into());
            }
            if tokio::time::timeout(PING, self.woken.notified()).await.is_err() {
                return Some(Bytes::from_static(b": nothing new\n\n"));
            }
        }
    }

    /// Events for what has changed that is in no journal.
    fn changed(&mut self) -> Option<String> {
        if !self.tells_all {
            return Some(String::new());
        }
        let now = self.sandbox.with(|control| Ok(control.revisions())).ok()?;
        let of = |get: fn(&Revisions) -> u64| (self.told.as_ref().map(get), get(&now));
        let all = [
            ("sandboxes", of(|revisions| revisions.sandboxes)),
            ("faults", of(|revisions| revisions.faults)),
            ("files", of(|revisions| revisions.files)),
        ];
        let mut text = String::new();
        for (name, (before, after)) in all {
            if before != Some(after) {
                let _ = write!(text, "event: {name}\ndata: {{\"revision\":{after}}}\n\n");
            }
        }
        self.told = Some(now);
        Some(text)
    }

    fn news(&self) -> Option<News> {
        self.sandbox.with(|control| control.news(self.last, Some(self.epoch))).ok()
    }
}

/// As events. JSON has no line breaks, so that each is one line.
fn written(news: &News) -> String {
    let mut text = String::new();
    let mut event = |id: Option<u64>, event: &str, data: &serde_json::Value| {
        if let Some(id) = id {
            let _ = writeln!(text, "id: {id}");
        }
        let _ = write!(text, "event: {event}\ndata: {data}\n\n");
    };
    if news.restarted {
        event(Some(0), "restart", &json!({}));
    }
    if news.cleared {
        event(None, "cleared", &json!({}));
    }
    if let Some((from, to)) = news.missed {
        event(None, "gap", &json!({ "from": from, "to": to }));
    }
    for (kind, id, entry) in &news.entries {
        event(Some(*id), kind, &json!(entry));
    }
    text
}

#[cfg(test)]
mod tests {
    use http::{Request, StatusCode};
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;
    use crate::admin::page::PageFiles;
    use crate::admin::routes::router;
    use crate::clock::system_now;
    use crate::control::Control;
    use crate::emulator::{Emulator, EmulatorOptions};

    const HERE: &str = "/__admin/sandboxes/default/requests/stream";

    fn emulator(entries_max: usize) -> Arc<Emulator> {
        let options =
            EmulatorOptions { journal_entries_max: entries_max, ..EmulatorOptions::default() };
        Arc::new(Emulator::new(Vec::new(), &options, &mut Vec::new()))
    }

    fn call(emulator: &Emulator, target: &str) {
        let request = Request::get(target).body(crate::message::Body::empty()).unwrap();
        emulator.handle(request, system_now());
    }

    async fn open(emulator: &Arc<Emulator>, path: &str, last: Option<&str>) -> Response {
        let mut request = Request::get(path);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let request = request.body(Body::empty()).unwrap();
        router(Arc::clone(emulator).into(), PageFiles::default()).oneshot(request).await.unwrap()
    }

    /// The next lines that are no data.
    async fn next(body: &mut Body) -> String {
        let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
        let text = std::str::from_utf8(&frame).unwrap();
        assert!(text.ends_with("\n\n"), "{text}");
        let is_shown = |line: &&str| !line.is_empty() && !line.starts_with("data: {\"id\"");
        text.lines().filter(is_shown).collect::<Vec<_>>().join(" | ")
    }

    #[tokio::test]
    async fn entries_come_as_they_are_written() {
        let emulator = emulator(10);
        call(&emulator, "/before");
        let response = open(&emulator, HERE, None).await;
        assert_eq!(response.headers()[CONTENT_TYPE], "text/event-stream");
        let mut body = response.into_body();
        assert_eq!(next(&mut body).await, ": listening");
        call(&emulator, "/one");
        assert_eq!(next(&mut body).await, "id: 2 | event: call");
        call(&emulator, "/two");
        call(&emulator, "/three");
        let both = next(&mut body).await;
        assert_eq!(both, "id: 3 | event: call | id: 4 | event: call");
        let reset = || Control::new(&emulator, "default", system_now()).unwrap().reset().unwrap();
        reset();
        assert_eq!(next(&mut body).await, "id: 0 | event: restart | data: {}");
        call(&emulator, "/again");
        assert_eq!(next(&mut body).await, "id: 1 | event: call");
        Control::new(&emulator, "default", system_now()).unwrap().clear_requests().unwrap();
        assert_eq!(next(&mut body).await, "event: cleared | data: {}");
        call(&emulator, "/goes-on");
        assert_eq!(next(&mut body).await, "id: 2 | event: call");
        // As many entries as before are others.
        reset();
        call(&emulator, "/once-more");
        let anew = next(&mut body).await;
        assert_eq!(anew, "id: 0 | event: restart | data: {} | id: 1 | event: call");
    }

    #[tokio::test]
    async fn what_is_in_no_journal_is_told_of_to_who_asks_for_all_changes() {
        let emulator = emulator(10);
        let here = HERE.replace("requests/stream", "changes");
        let mut body = open(&emulator, &here, None).await.into_body();
        assert_eq!(next(&mut body).await, ": listening");
        let told = next(&mut body).await;
        assert!(["sandboxes", "faults", "files"].iter().all(|name| told.contains(name)), "{told}");
        let now = system_now();
        let control = Control::new(&emulator, "default", now).unwrap();
        let fault = json!({ "times": 1, "answer": { "status": 503 } });
        let id = control.add_fault(&fault).unwrap()["id"].as_str().unwrap().to_owned();
        assert!(next(&mut body).await.starts_with("event: faults | data: "));
        control.delete_fault(&id).unwrap();
        assert!(next(&mut body).await.starts_with("event: faults | data: "));
        Control::new(&emulator, "other", now).unwrap().ensure().unwrap();
        assert!(next(&mut body).await.starts_with("event: sandboxes | data: "));
        Control::new(&emulator, "other", now).unwrap().delete_sandbox().unwrap();
        call(&emulator, "/one");
        let both = next(&mut body).await;
        assert!(
            both.contains("event: sandboxes") && both.ends_with("id: 1 | event: call"),
            "{both}"
        );
    }

    #[tokio::test]
    async fn who_comes_back_goes_on_where_he_was() {
        let emulator = emulator(10);
        for _ in 0..3 {
            call(&emulator, "/x");
        }
        let mut body = open(&emulator, HERE, Some("1")).await.into_body();
        assert_eq!(next(&mut body).await, ": listening");
        assert_eq!(next(&mut body).await, "id: 2 | event: call | id: 3 | event: call");
        let refused = open(&emulator, HERE, Some("x")).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
        let missing = open(&emulator, &HERE.replace("default", "other"), None).await;
        assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn who_is_slow_holds_nothing_and_is_told_what_he_missed() {
        let emulator = emulator(3);
        let mut body = open(&emulator, HERE, None).await.into_body();
        for _ in 0..500 {
            call(&emulator, "/x");
            tokio::task::yield_now().await;
        }
        let mut told = Vec::new();
        loop {
            told.push(next(&mut body).await);
            if told.last().unwrap().contains("id: 500") {
                break;
            }
        }
        assert!(told.len() <= 4, "{told:?}");
        let last = told.last().unwrap();
        assert!(last.contains("event: gap") && last.contains("\"to\":497"), "{last}");
    }

    #[tokio::test]
    async fn who_has_gone_is_forgotten() {
        let emulator = emulator(10);
        let body = open(&emulator, HERE, None).await.into_body();
        tokio::task::yield_now().await;
        assert_eq!(Arc::strong_count(&emulator), 2);
        drop(body);
        call(&emulator, "/x");
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert_eq!(Arc::strong_count(&emulator), 1);
    }
}
