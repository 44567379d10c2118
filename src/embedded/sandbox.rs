//! One sandbox: calls in it, and what one can see and do beside them.
//!
//! Must not know how anything is done.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use serde_json::Value;

use crate::clock::system_now;
use crate::control::{
    Control, CoverageView, PlanView, Residue, ResidueQuery, SandboxSpec, SandboxView, TurnView,
    Verdict, Verification,
};
use crate::embedded::{Error, answered};
use crate::emulator::{Emulator, SANDBOX_HEADER};
use crate::journal::Back;
use crate::message::Body;

/// A sandbox by its name: [`Tombstone::sandbox`](crate::Tombstone::sandbox). A clone is the same sandbox.
#[derive(Clone)]
pub struct Sandbox {
    emulator: Arc<Emulator>,
    name: Arc<str>,
    url: Arc<str>,
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Sandbox {
    pub(super) fn new(emulator: Arc<Emulator>, name: Arc<str>, base: &str) -> Self {
        let url = format!("{base}/@{name}").into();
        Self { emulator, name, url }
    }

    pub(super) fn control(&self) -> Result<Control<'_>, Error> {
        Ok(Control::new(&self.emulator, &self.name, system_now())?)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its base URL, with its name in the path; the code under test needs to know nothing else.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").provider("shop").in_process()?;
    /// assert_eq!(tombstone.sandbox("mine")?.url(), "http://in-process.invalid/@mine");
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The base URL of a provider in it.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").provider("shop").in_process()?;
    /// assert_eq!(tombstone.sandbox("mine")?.url_of("shop"), "http://in-process.invalid/@mine/shop");
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn url_of(&self, provider: &str) -> String {
        format!("{}/{provider}", self.url)
    }

    /// Makes a call in it, without a socket. A delay is not waited for: [`Sending`](crate::embedded::Sending) has it.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").fixtures("examples/fixtures").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// let delete = http::Request::delete("/shop/shops/2").header("X-Key", "book-key").body(()).unwrap();
    /// let response = sandbox.call(delete);
    /// assert_eq!(&response.body()[..], br#"{"deleted":2,"orders":0}"#);
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn call(&self, request: Request<impl Into<Body>>) -> Response<Bytes> {
        answered(&self.emulator, self.addressed(request))
    }

    /// The same, answered exactly as it would be, and nothing is changed.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").fixtures("examples/fixtures").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// let delete = http::Request::delete("/shop/shops/2").header("X-Key", "book-key").body(()).unwrap();
    /// assert_eq!(sandbox.dry_run(delete).status(), 200);
    /// assert_eq!(sandbox.records("shop", "shops").count()?, 2);
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn dry_run(&self, request: Request<impl Into<Body>>) -> Response<Bytes> {
        let mut request = self.addressed(request);
        let prefer = HeaderName::from_static("prefer");
        request.headers_mut().append(prefer, HeaderValue::from_static("dry-run"));
        answered(&self.emulator, request)
    }

    /// What a call would do: which rule decides and why, what would be deleted, updated, unlinked and kept, and every
    /// job.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").fixtures("examples/fixtures").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// let delete = http::Request::delete("/shop/shops/1?force=true").header("X-Key", "corner-key").body(()).unwrap();
    /// let plan = sandbox.plan(delete)?;
    /// assert_eq!(plan.counts[&tombstone::control::EffectKind::Deleted]["shop/orders"], 2);
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn plan(&self, request: Request<impl Into<Body>>) -> Result<PlanView, Error> {
        let (parts, body) = self.addressed(request).into_parts();
        Ok(self.control()?.plan_call(&parts, &body)?)
    }

    /// The request with a header that says that it is for this sandbox; if its path says another, that is refused.
    fn addressed(&self, request: Request<impl Into<Body>>) -> Request<Body> {
        let mut request = request.map(Into::into);
        let name = HeaderValue::from_str(&self.name).expect("a name was checked when it was given");
        request.headers_mut().insert(SANDBOX_HEADER, name);
        request
    }

    /// What it is at the moment.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").fixtures("examples/fixtures").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// assert_eq!(sandbox.view()?.records["shop"], 8);
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn view(&self) -> Result<SandboxView, Error> {
        Ok(self.control()?.sandbox()?)
    }

    /// Has it begin anew, as the spec says; what is left out is as in every sandbox.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").fixtures("examples/fixtures").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// use tombstone::control::SandboxSpec;
    ///
    /// sandbox.begin(&SandboxSpec { fixture_set: Some("closed".into()), ..SandboxSpec::default() })?;
    /// assert_eq!(sandbox.records("shop", "shops").count()?, 1);
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn begin(&self, spec: &SandboxSpec) -> Result<(), Error> {
        Ok(self.control()?.put_sandbox(spec).map(drop)?)
    }

    /// Puts it back to how it began.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").fixtures("examples/fixtures").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// sandbox.records("shop", "shops").delete(1)?;
    /// sandbox.reset()?;
    /// assert_eq!(sandbox.records("shop", "shops").count()?, 2);
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn reset(&self) -> Result<(), Error> {
        Ok(self.control()?.reset()?)
    }

    /// Takes the last thing back that changed something: a call, an edit or a change of the clock, and the tasks of jobs
    /// that ran after it.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").fixtures("examples/fixtures").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// sandbox.records("shop", "customers").delete("ada")?;
    /// assert_eq!(sandbox.undo()?.records["shop/orders"], 1);
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn undo(&self) -> Result<TurnView, Error> {
        self.undo_to(Back::Steps(1))
    }

    /// Takes back so many of them, or everything since a request.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").fixtures("examples/fixtures").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// use tombstone::journal::Back;
    ///
    /// sandbox.records("shop", "orders").delete(11)?;
    /// sandbox.records("shop", "orders").delete(12)?;
    /// assert_eq!(sandbox.undo_to(Back::Before(1))?.entries, [2, 1]);
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn undo_to(&self, back: Back) -> Result<TurnView, Error> {
        Ok(self.control()?.undo(back)?)
    }

    /// Goes forward again by so many steps that were undone.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").fixtures("examples/fixtures").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// sandbox.records("shop", "orders").delete(11)?;
    /// sandbox.undo()?;
    /// sandbox.redo(1)?;
    /// assert_eq!(sandbox.records("shop", "orders").count()?, 1);
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn redo(&self, steps: usize) -> Result<TurnView, Error> {
        Ok(self.control()?.redo(steps)?)
    }

    /// Whether what is expected holds, point by point.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").fixtures("examples/fixtures").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// use tombstone::control::{Expectation, Records};
    ///
    /// let verdict = sandbox.verify(Expectation::deleted(Records::of("orders")))?;
    /// assert!(!verdict.passed);
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn verify(&self, expected: impl Into<Verification>) -> Result<Verdict, Error> {
        Ok(self.control()?.verify(&expected.into())?)
    }

    /// The same, as an error with the whole report if something does not hold: `sandbox.expect(…)?` in a test.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").fixtures("examples/fixtures").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// use tombstone::control::{Calls, Expectation, Records, Verification};
    ///
    /// let delete = http::Request::delete("/shop/shops/1?force=true").header("X-Key", "corner-key").body(()).unwrap();
    /// sandbox.call(delete);
    /// sandbox.expect(Verification::of([
    ///     Expectation::calls(Calls::of("deleteShop").status(200)).times(1),
    ///     Expectation::deleted(Records::of("orders")).times(2),
    ///     Expectation::untouched(Records::of("customers")),
    /// ]))?;
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn expect(&self, expected: impl Into<Verification>) -> Result<(), Error> {
        let verdict = self.verify(expected)?;
        if verdict.passed { Ok(()) } else { Err(Error::Unmet(verdict)) }
    }

    /// Every place where a value still occurs: a text, or a query that says more.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").fixtures("examples/fixtures").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// let residue = sandbox.residue("ada@example.com")?;
    /// assert_eq!(residue.count, 2); // of the customer, and in the note on an order
    /// assert_eq!(residue.hits[1].pointer, "/note");
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn residue(&self, query: impl Into<ResidueQuery>) -> Result<Residue, Error> {
        Ok(self.control()?.residue(&query.into())?)
    }

    /// Which operations, documented responses and rules were exercised in it.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// assert_eq!(sandbox.coverage()?.percent, 0.0);
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn coverage(&self) -> Result<CoverageView, Error> {
        Ok(self.control()?.coverage(None)?)
    }

    /// Everything that it is, as one document; it has credentials of the fixtures in it.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").fixtures("examples/fixtures").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// let before = sandbox.state()?;
    /// assert_eq!(before["providers"]["shop"]["records"]["shops"][1]["name"], "Book Shop");
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn state(&self) -> Result<Value, Error> {
        Ok(self.control()?.state()?)
    }

    /// Has it be as a document says; its journal begins anew.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").fixtures("examples/fixtures").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// let before = sandbox.state()?;
    /// sandbox.records("shop", "shops").delete(2)?;
    /// sandbox.restore(before)?;
    /// assert_eq!(sandbox.records("shop", "shops").count()?, 2);
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn restore(&self, state: Value) -> Result<(), Error> {
        Ok(self.control()?.put_state(state)?)
    }
}
