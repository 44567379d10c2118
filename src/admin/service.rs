//! A request to the admin API: past the guard, to its handler, and back with what every answer has.
//!
//! Must not know the routes.

use axum::Router;
use axum::body::HttpBody;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::admin::content::{AdminBody, Endless};
use crate::admin::guard::Guard;
use crate::admin::options::{AdminOptions, ROOT};
use crate::admin::page::PageFiles;
use crate::admin::{page, routes};
use crate::emulator::Current;
use crate::message;
use crate::problem::Problem;

/// How many bytes a sandbox's state may have that is sent back: a hundred thousand records and more. All that is read
/// can be put back up to here.
pub const STATE_BYTES_MAX: usize = 256 << 20;

/// The admin API behind its guard.
#[derive(Debug)]
pub struct Admin {
    guard: Guard,
    router: Router,
}

impl Admin {
    /// The admin API of the emulator that answers when it is called.
    pub fn new(options: &AdminOptions, emulator: Current) -> Self {
        let files = PageFiles { folder: options.page.clone() };
        Self { guard: Guard::new(options), router: routes::router(emulator, files) }
    }

    /// Is this path the admin API's? Compared byte for byte: what reads otherwise (`//__admin`, `/%5f_admin`,
    /// `/__ADMIN`) is an emulated path like any other, and nothing resolves it to this one later.
    pub fn owns(path: &str) -> bool {
        path.strip_prefix(ROOT).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// How many bytes a body may have that is sent to a path of its, if that is another number than elsewhere.
    pub fn body_bytes_max(path: &str) -> Option<usize> {
        let of_sandbox = path.strip_prefix(ROOT)?.strip_prefix("/sandboxes/")?;
        let (_, rest) = of_sandbox.split_once('/')?;
        (rest == "state").then_some(STATE_BYTES_MAX)
    }

    /// The sandbox that a path of its is about, if it is about one.
    pub fn sandbox(path: &str) -> Option<&str> {
        path.strip_prefix(ROOT)?.strip_prefix("/sandboxes/")?.split('/').next()
    }

    /// Whether a path asks only whether the server is there.
    pub fn is_health(path: &str) -> bool {
        path.strip_prefix(ROOT) == Some("/health")
    }

    /// Leads a browser that asks for nothing in particular, at the root of the server or of the admin API, to the page;
    /// `None` for everything else.
    pub fn lead_to_page(&self, head: &Parts) -> Option<Response<AdminBody>> {
        let leads = page::is_way_in(head.uri.path()) && page::wants_html(head);
        (leads && self.guard.lets_in(head)).then(|| {
            let mut response = page::redirect().map(|_| AdminBody::Complete(Bytes::new()));
            Self::stamp(&mut response);
            response
        })
    }

    /// Answers a request whose path it [owns](Admin::owns).
    ///
    /// What was done is an [`Account`](message::Account) among the answer's extensions, for the log.
    ///
    /// `body` is awaited after the guard has let the head pass. If none comes, nothing is done and there is no
    /// answer.
    pub async fn answer(
        &self,
        head: Parts,
        body: impl Future<Output = Option<message::Body>>,
    ) -> Option<Response<AdminBody>> {
        let mut response = match self.guard.check(&head) {
            Ok(()) => self.route(head, body.await?).await,
            Err(refusal) => refusal.0.map(AdminBody::Complete),
        };
        Self::stamp(&mut response);
        Some(response)
    }

    /// Gives an answer what every admin answer has; public for those that the server gives in its place.
    pub fn stamp<B>(response: &mut Response<B>) {
        let headers = response.headers_mut();
        let no_store = HeaderValue::from_static("no-store");
        headers.entry(header::CACHE_CONTROL).or_insert(no_store);
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert("tombstone-sandbox", HeaderValue::from_static("default"));
    }

    async fn route(&self, head: Parts, body: message::Body) -> Response<AdminBody> {
        let body = match body {
            message::Body::Complete(bytes) => axum::body::Body::from(bytes),
            // Only the emulator decodes bodies.
            message::Body::UnknownCoding { .. } | message::Body::BrokenCoding { .. } => {
                axum::body::Body::empty()
            }
            message::Body::TooLarge { limit } => {
                return Problem::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "body too large",
                    format!("the body is larger than {limit} bytes: send less at once"),
                )
                .into_response()
                .map(AdminBody::Complete);
            }
        };
        let response = match self.router.clone().oneshot(Request::from_parts(head, body)).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let (mut head, body) = response.into_parts();
        if head.extensions.remove::<Endless>().is_some() {
            return Response::from_parts(head, AdminBody::Endless(body));
        }
        if body.size_hint().exact().is_none() {
            return Response::from_parts(head, AdminBody::Pieces(body));
        }
        let bytes = body.collect().await.map(http_body_util::Collected::to_bytes);
        let bytes = bytes.expect("a body of known size is complete in memory");
        Response::from_parts(head, AdminBody::Complete(bytes))
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// What `/__admin/it` answers where it answers with `body`.
    async fn answer_of(body: fn() -> axum::body::Body) -> Response<AdminBody> {
        let bind = "127.0.0.1:4010".parse().unwrap();
        let options =
            AdminOptions { bind, hosts: Vec::new(), token: None, open: false, page: None };
        let route = axum::routing::get(move || async move { body() });
        let router = Router::new().route("/__admin/it", route);
        let admin = Admin { guard: Guard::new(&options), router };
        let request = Request::get("/__admin/it").header("host", "localhost").body(()).unwrap();
        let (head, ()) = request.into_parts();
        admin.answer(head, async { Some(message::Body::empty()) }).await.unwrap()
    }

    /// A body of unknown length that never goes on.
    struct Silence;

    impl HttpBody for Silence {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
            Poll::Pending
        }
    }

    #[tokio::test]
    async fn a_body_is_complete_where_its_size_is_known_and_a_stream_elsewhere() {
        let complete = answer_of(|| axum::body::Body::from("all")).await;
        assert!(matches!(complete.body(), AdminBody::Complete(bytes) if bytes == "all"));
        let mut stream = answer_of(|| axum::body::Body::new(Silence)).await;
        assert_eq!(stream.headers()["cache-control"], "no-store");
        let AdminBody::Pieces(body) = stream.body_mut() else { panic!("{stream:?}") };
        let mut cx = Context::from_waker(Waker::noop());
        assert!(std::pin::Pin::new(body).poll_frame(&mut cx).is_pending());
    }

    #[test]
    fn only_the_exact_path_is_the_admin_apis() {
        for path in ["/__admin", "/__admin/", "/__admin/reset", "/__admin/../x", "/__admin//"] {
            assert!(Admin::owns(path), "{path}");
        }
        for path in [
            "/",
            "/__administer",
            "//__admin/reset",
            "/%5f_admin/reset",
            "/__ADMIN/reset",
            "/shop/__admin",
            "/./__admin",
        ] {
            assert!(!Admin::owns(path), "{path}");
        }
    }
}
