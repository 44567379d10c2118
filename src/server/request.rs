//! One request: its body is read under limits, it is answered by the admin API or the emulator, logged and sent.
//!
//! Must not know connections, nor what is behind the two that answer.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};

use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Version, header};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};

use crate::admin::{Admin, AdminBody};
use crate::clock::{Stopwatch, Timestamp, system_now};
use crate::control;
use crate::emulator::VIOLATIONS_HEADER;
use crate::message::{Account, Body, Reply, Why};
use crate::problem::Problem;
use crate::sandbox::DEFAULT;
use crate::server::connection::{Respond, TimedResponse};
use crate::server::log::RequestLine;
use crate::server::room::{BodyPermit, SMALL_BYTES_MAX};
use crate::server::shared::ServerState;

impl Respond for ServerState {
    async fn answer(&self, request: Request<Incoming>) -> TimedResponse {
        answer(self, request).await
    }

    fn refuse(&self) -> TimedResponse {
        let problem = Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "too many requests at once",
            format!(
                "{} requests by HTTP/2 are being answered: wait for some, or send fewer at once",
                self.limits.streams_max
            ),
        );
        let mut response = problem.into_response().map(AdminBody::Complete);
        Admin::stamp(&mut response);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        TimedResponse::at_once(response)
    }
}

async fn answer(shared: &ServerState, request: Request<Incoming>) -> TimedResponse {
    let time = system_now();
    let stopwatch = Stopwatch::start();
    let (mut head, body) = request.into_parts();
    name_host(&mut head);
    if shared.is_https {
        head.extensions.insert(Scheme::HTTPS);
    }
    let method = head.method.clone();
    let uri = head.uri.clone();
    let (answered, account, tasks) = if let Some(response) = lead_to_page(shared, &head) {
        (TimedResponse::at_once(response), Account::of(Why::Stage("admin")), Vec::new())
    } else if Admin::owns(uri.path()) {
        let (response, account) = answer_admin(shared, head, body).await;
        (TimedResponse::at_once(response), account, Vec::new())
    } else {
        let Reply { response, delay, delivery, account, tasks } =
            answer_emulated(shared, head, body, time).await;
        let response = response.map(AdminBody::Complete);
        (TimedResponse { response, delay, delivery }, account, tasks)
    };
    if let Some(log) = &shared.log {
        for task in &tasks {
            log.job(time, task);
        }
        // Before the delay, so that the line is there even if the caller does not wait for the answer.
        let (path, status) = (uri.path(), answered.response.status());
        let took = stopwatch.elapsed() + answered.delay;
        let violations = answered.response.headers().get(VIOLATIONS_HEADER);
        let query = uri.query().filter(|query| !query.is_empty());
        let query = query.map(|query| logged_query(shared, path, query, &account));
        let (method, account, query) = (&method, &account, query.as_deref());
        log.request(&RequestLine { time, method, path, query, status, account, violations, took });
    }
    answered
}

/// The answer to a browser that was given the address of the server only, unless the APIs here have something there.
fn lead_to_page(shared: &ServerState, head: &Parts) -> Option<Response<AdminBody>> {
    let response = shared.admin.lead_to_page(head)?;
    let is_ours = Admin::owns(head.uri.path()) || !shared.emulator.guard().has_path(head);
    is_ours.then_some(response)
}

/// A query without what is secret in the sandbox that it was for.
fn logged_query(shared: &ServerState, path: &str, query: &str, account: &Account) -> String {
    let sandbox = account.sandbox.as_deref().or_else(|| Admin::sandbox(path));
    control::logged_query(&shared.emulator.snapshot(), sandbox.unwrap_or(DEFAULT), query)
}

/// What HTTP/1 has in `Host`, HTTP/2 has in `:authority` (RFC 9113 section 8.3.1), and everybody looks for the former.
fn name_host(head: &mut Parts) {
    if head.version != Version::HTTP_2 || head.headers.contains_key(header::HOST) {
        return;
    }
    let authority = head.uri.authority().map(Authority::as_str);
    if let Some(host) = authority.and_then(|host| HeaderValue::from_str(host).ok()) {
        head.headers.insert(header::HOST, host);
    }
}

async fn answer_emulated(
    shared: &ServerState,
    head: Parts,
    body: Incoming,
    now: Timestamp,
) -> Reply {
    let origin = head.headers.get(header::ORIGIN).cloned();
    let stamped = |mut reply: Reply| {
        shared.emulator.guard().stamp_default(origin.as_ref(), &mut reply.response);
        reply
    };
    let ReadBody { body, close, share } =
        match read(shared, &head.headers, body, shared.limits.body_bytes_max).await {
            Ok(arrival) => arrival,
            Err(unread) => return stamped(unread.into_reply()),
        };
    let is_large = matches!(&body, Body::Complete(bytes) if bytes.len() > SMALL_BYTES_MAX);
    let request = Request::from_parts(head, body);
    let handle = || shared.emulator.guard().handle(request, now);
    let handled = catch_unwind(AssertUnwindSafe(|| {
        if is_large { shared.turns.aside(handle) } else { handle() }
    }));
    drop(share);
    let mut reply = handled.unwrap_or_else(|_| stamped(panicked()));
    if close {
        reply.response.headers_mut().insert(header::CONNECTION, CLOSE);
    }
    reply
}

async fn answer_admin(
    shared: &ServerState,
    mut head: Parts,
    body: Incoming,
) -> (Response<AdminBody>, Account) {
    let announced = head.headers.contains_key(header::CONTENT_LENGTH);
    if head.version == Version::HTTP_2 && !body.is_end_stream() && !announced {
        // The guard sees the head only, and by HTTP/1 a body without length says that it is there.
        head.headers.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    let mut unread = None;
    let mut close = !body.is_end_stream();
    let mut share = None;
    let headers = head.headers.clone();
    let limit = shared.limits.body_bytes_max;
    let limit = Admin::body_bytes_max(head.uri.path()).map_or(limit, |own| own.max(limit));
    let arriving = async {
        match read(shared, &headers, body, limit).await {
            Ok(arrival) => {
                close = arrival.close;
                share = Some(arrival.share);
                Some(arrival.body)
            }
            Err(why) => {
                unread = Some(why);
                None
            }
        }
    };
    // What it reads or changes can be large, and whether the server is there has to be found out meanwhile.
    let is_light = Admin::is_health(head.uri.path());
    let answered = survive(shared.admin.answer(head, arriving), |answer, cx| {
        if is_light { answer.poll(cx) } else { shared.turns.aside(|| answer.poll(cx)) }
    });
    let answered = answered.await.flatten();
    drop(share);
    let (mut response, account) = match (answered, unread) {
        (Some(mut response), _) => {
            let account = response.extensions_mut().remove::<Account>();
            let nothing = || Account::of(Why::Stage("admin"));
            (response, account.unwrap_or_else(nothing))
        }
        (None, unread) => {
            let reply = unread.map_or_else(panicked, ReadError::into_reply);
            (reply.response.map(AdminBody::Complete), reply.account)
        }
    };
    Admin::stamp(&mut response);
    if close {
        response.headers_mut().insert(header::CONNECTION, CLOSE);
    }
    (response, account)
}

const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// A body, whether the connection ends with the answer because not all of it was read, and the room that it has.
struct ReadBody<'r> {
    body: Body,
    close: bool,
    share: BodyPermit<'r>,
}

/// Why a body could not be read.
enum ReadError {
    TooSlow(Duration),
    Broken,
}

impl ReadError {
    fn into_reply(self) -> Reply {
        let (stage, problem) = match self {
            Self::TooSlow(wait) => (
                "body too slow",
                Problem::new(
                    StatusCode::REQUEST_TIMEOUT,
                    "body too slow",
                    format!(
                        "the body was not there within {} ms: nothing was done",
                        wait.as_millis()
                    ),
                ),
            ),
            Self::Broken => (
                "body cut short",
                Problem::new(
                    StatusCode::BAD_REQUEST,
                    "body cut short",
                    "the body ended early or is not chunked as HTTP says: nothing was done",
                ),
            ),
        };
        let mut reply = ours(problem, Why::Stage(stage));
        reply.response.headers_mut().insert(header::CONNECTION, CLOSE);
        reply
    }
}

/// What the future comes to; nothing if it panics, which ends neither the connection nor the server. `poll` polls it.
async fn survive<F: Future>(
    future: F,
    poll: impl Fn(Pin<&mut F>, &mut Context<'_>) -> Poll<F::Output>,
) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| poll(future.as_mut(), cx))) {
        Ok(Poll::Ready(value)) => Poll::Ready(Some(value)),
        Ok(Poll::Pending) => Poll::Pending,
        Err(_) => Poll::Ready(None),
    })
    .await
}

/// The answer where there should have been another.
fn panicked() -> Reply {
    ours(
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "defect",
            "the sandbox failed at this request, which is a defect: standard error says where",
        ),
        Why::Fault("the sandbox panicked".to_owned()),
    )
}

fn ours(problem: Problem, why: Why) -> Reply {
    let response = problem.into_response();
    Reply::at_once(response, Account::of(why))
}

/// Reads a body of which so many bytes are kept.
async fn read<'r>(
    shared: &'r ServerState,
    headers: &HeaderMap,
    body: Incoming,
    limit: usize,
) -> Result<ReadBody<'r>, ReadError> {
    // Most requests: there is nothing to wait for.
    if body.is_end_stream() {
        return Ok(ReadBody {
            body: Body::empty(),
            close: false,
            share: BodyPermit::of(&shared.room),
        });
    }
    let patient = headers.contains_key(header::EXPECT);
    let limits = &shared.limits;
    match tokio::time::timeout(limits.body_wait, collect(body, patient, limit, shared)).await {
        Ok(collected) => collected.map_err(|_| ReadError::Broken),
        Err(_) => Err(ReadError::TooSlow(limits.body_wait)),
    }
}

/// Reads to the end and keeps what is within the limit.
///
/// What goes past it is read on and thrown away, up to a bound: most clients read the answer only when they have sent
/// everything. A `patient` one (`Expect: 100-continue`) sends nothing until it is told to.
async fn collect(
    mut body: Incoming,
    patient: bool,
    limit: usize,
    ServerState { limits, room, .. }: &ServerState,
) -> hyper::Result<ReadBody<'_>> {
    let mut share = BodyPermit::of(room);
    let too_large = |share| ReadBody { body: Body::TooLarge { limit }, close: true, share };
    let bound = limit.saturating_add(limits.drain_bytes_max);
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > bound || patient && announced > limit {
        return Ok(too_large(share));
    }
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(bytes) = frame?.into_data() else { continue };
        length = length.saturating_add(bytes.len());
        if length > bound {
            return Ok(too_large(share));
        }
        if length > limit {
            (first, all) = (Bytes::new(), BytesMut::new());
            share.clear();
            continue;
        }
        share.grow(length).await;
        if length == bytes.len() {
            // Small bodies come in one piece, which needs no copy.
            first = bytes;
        } else {
            all.extend_from_slice(&std::mem::take(&mut first));
            all.extend_from_slice(&bytes);
        }
    }
    let body = match length {
        _ if length > limit => Body::TooLarge { limit },
        _ if all.is_empty() => Body::Complete(first),
        _ => Body::Complete(all.freeze()),
    };
    Ok(ReadBody { body, close: false, share })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_panic_is_an_answer_of_our_own() {
        let reply = panicked();
        assert_eq!(reply.response.status(), 500);
        assert_eq!(reply.account.facts.why, Why::Fault("the sandbox panicked".to_owned()));
        expect![[r#"{"title":"defect","status":500,"detail":"the sandbox failed at this request, which is a defect: standard error says where"}"#]].assert_eq(std::str::from_utf8(reply.response.body()).unwrap());
    }

    #[tokio::test]
    async fn a_panicking_future_comes_to_nothing() {
        assert_eq!(survive(async { 1 }, Future::poll).await, Some(1));
        let late = async {
            tokio::task::yield_now().await;
            panic!("a defect");
        };
        assert_eq!(survive(late, Future::poll).await, None::<()>);
    }

    #[test]
    fn what_cannot_be_read_is_refused_and_ends_the_connection() {
        let replies = [ReadError::Broken, ReadError::TooSlow(Duration::from_secs(30))]
            .map(ReadError::into_reply);
        for reply in &replies {
            assert_eq!(reply.response.headers()["connection"], "close");
        }
        let bodies =
            replies.map(|reply| String::from_utf8(reply.response.into_body().to_vec()).unwrap());
        expect![[r#"
            {"title":"body cut short","status":400,"detail":"the body ended early or is not chunked as HTTP says: nothing was done"}
            {"title":"body too slow","status":408,"detail":"the body was not there within 30000 ms: nothing was done"}"#]].assert_eq(&bodies.join("\n"));
    }
}
