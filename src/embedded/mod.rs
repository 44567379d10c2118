//! The sandbox inside a program of somebody else, which is a test most of the time: a server of its own or none, and
//! everything that one can see and do beside the calls as methods.
//!
//! Must not know the command line, nor how anything is done: it hands on to the emulator and to `control`.

mod builder;
mod clock;
mod error;
mod faults;
mod jobs;
mod journal;
mod records;
mod sandbox;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};

use crate::clock::system_now;
use crate::control::{Control, CoverageView};
use crate::emulator::Emulator;
use crate::finding::Finding;
use crate::message::{Body, Delivery};
use crate::server::Running;

pub use builder::Builder;
pub use clock::ClockHandle;
pub use error::Error;
pub use faults::FaultsHandle;
pub use jobs::JobsHandle;
pub use journal::JournalHandle;
pub use records::RecordsHandle;
pub use sandbox::Sandbox;

/// Emulated APIs with their sandboxes, for as long as the value lives.
///
/// Reading the files takes some time, and a sandbox none: tests share one, as a `static` in a
/// [`LazyLock`](std::sync::LazyLock), and each takes a sandbox of its own.
///
/// ```
/// use tombstone::Tombstone;
/// # use http::Request;
///
/// let tombstone = Tombstone::builder()
///     .specs("examples/specs")
///     .fixtures("examples/fixtures")
///     .provider("shop")
///     .in_process()?;
/// let sandbox = tombstone.sandbox("my_test")?;
///
/// let delete = || {
///     let url = format!("{}/shops/2", sandbox.url_of("shop"));
///     Request::delete(url).header("X-Key", "book-key").body(()).unwrap()
/// };
/// assert_eq!(sandbox.call(delete()).status(), 200);
/// assert_eq!(sandbox.call(delete()).status(), 401); // the key went with the shop
/// sandbox.undo()?;
/// assert_eq!(sandbox.call(delete()).status(), 200);
/// # Ok::<(), tombstone::Error>(())
/// ```
pub struct Tombstone {
    emulator: Arc<Emulator>,
    url: Arc<str>,
    warnings: Vec<Finding>,
    /// Shuts down when it is dropped.
    _running: Option<Running>,
}

/// How an answer would be sent over a connection, among the [extensions](http::Response::extensions) of each that was
/// given in process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sending {
    /// How long it would be held back.
    pub delay: Duration,
    /// Whether it would come whole.
    pub delivery: Delivery,
}

impl fmt::Debug for Tombstone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tombstone").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Tombstone {
    /// What it is to be made of: the built-in APIs, unless something else is said.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The base URL of the sandbox `default`. Without a server it leads nowhere, but requests to it can be handed to
    /// [`Tombstone::handle`], so that the same test works both ways.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").provider("shop").in_process()?;
    /// assert_eq!(tombstone.url(), "http://in-process.invalid");
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The base URL of a provider in the sandbox `default`.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").provider("shop").in_process()?;
    /// assert_eq!(tombstone.url_of("shop"), "http://in-process.invalid/shop");
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn url_of(&self, provider: &str) -> String {
        format!("{}/{provider}", self.url)
    }

    /// The names of the providers.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").provider("shop").in_process()?;
    /// assert_eq!(tombstone.providers().collect::<Vec<_>>(), ["shop"]);
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn providers(&self) -> impl Iterator<Item = &str> {
        self.emulator.providers().map(|name| &**name)
    }

    /// What is doubtful in the files.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").provider("shop").in_process()?;
    /// // Here the folder of fixtures is not given.
    /// assert!(tombstone.warnings()[0].to_string().contains("has no fixtures"));
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }

    /// Answers a request without a socket, in the sandbox that its path or header names. A delay is not waited for:
    /// [`Sending`] has it.
    ///
    /// The admin API under `/__admin` is not reached so: its methods are here.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use tombstone::embedded::Sending;
    /// # use tombstone::faults::FaultFormat;
    /// # let tombstone = tombstone::Tombstone::builder()
    /// #     .specs("examples/specs").fixtures("examples/fixtures").provider("shop")
    /// #     .fault(FaultFormat::any().delay(Duration::from_secs(2))).in_process()?;
    /// let request = http::Request::delete("/@mine/shop/shops/2").header("X-Key", "book-key").body(()).unwrap();
    /// let response = tombstone.handle(request);
    /// assert_eq!(response.status(), 200);
    /// assert_eq!(response.headers()["tombstone-sandbox"], "mine");
    /// assert_eq!(response.extensions().get::<Sending>().unwrap().delay, Duration::from_secs(2));
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn handle(&self, request: Request<impl Into<Body>>) -> Response<Bytes> {
        answered(&self.emulator, request.map(Into::into))
    }

    /// The sandbox of this name; it is made if it is not there.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").provider("shop").in_process()?;
    /// let sandbox = tombstone.sandbox("my_test")?;
    /// assert_eq!(sandbox.name(), "my_test");
    /// assert!(tombstone.sandbox("no/name").is_err());
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn sandbox(&self, name: impl Into<Arc<str>>) -> Result<Sandbox, Error> {
        let sandbox = Sandbox::new(Arc::clone(&self.emulator), name.into(), &self.url);
        sandbox.control()?.ensure()?;
        Ok(sandbox)
    }

    /// Which operations, documented responses and rules were exercised, in all sandboxes there are and were.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").provider("shop").in_process()?;
    /// tombstone.handle(http::Request::delete("/shop/shops/2").body(()).unwrap());
    /// assert_eq!(tombstone.coverage()?.operations.covered, 1);
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn coverage(&self) -> Result<CoverageView, Error> {
        Ok(Control::coverage_of_all(&self.emulator, None)?)
    }
}

fn answered(emulator: &Emulator, request: Request<Body>) -> Response<Bytes> {
    let reply = emulator.handle(request, system_now());
    let mut response = reply.response;
    response.extensions_mut().insert(Sending { delay: reply.delay, delivery: reply.delivery });
    response
}
