//! The clock of a sandbox.
//!
//! Must not know what happens when it moves.

use std::time::Duration;

use crate::clock::ClockChange;
use crate::control::{ClockRequest, ClockView};
use crate::embedded::error::Error;
use crate::embedded::sandbox::Sandbox;

/// The clock of a sandbox: [`Sandbox::clock`]. Tasks of jobs that come due by a change are run, each at its own time.
#[derive(Clone, Copy, Debug)]
pub struct ClockHandle<'s> {
    sandbox: &'s Sandbox,
}

impl Sandbox {
    /// Its clock.
    pub fn clock(&self) -> ClockHandle<'_> {
        ClockHandle { sandbox: self }
    }
}

impl ClockHandle<'_> {
    /// What it shows, as RFC 3339 text in UTC.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// sandbox.clock().freeze()?;
    /// assert_eq!(sandbox.clock().now()?, sandbox.clock().now()?);
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn now(&self) -> Result<String, Error> {
        Ok(self.view()?.now)
    }

    /// What it shows, how it runs, and when the next task of a job falls due.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// let clock = sandbox.clock().view()?;
    /// assert!(!clock.frozen && clock.next_due.is_none());
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn view(&self) -> Result<ClockView, Error> {
        Ok(self.sandbox.control()?.clock()?)
    }

    /// Goes forward.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").fixtures("examples/fixtures").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// # let url = sandbox.url_of("shop");
    /// let erase = http::Request::post(format!("{url}/customers/ada/erasure")).header("X-Key", "corner-key");
    /// assert_eq!(sandbox.call(erase.body(()).unwrap()).status(), 202);
    /// let clock = sandbox.clock().advance(Duration::from_secs(24 * 60 * 60))?;
    /// assert_eq!(clock.tasks_run, 1);
    /// assert!(sandbox.residue("ada@example.com")?.clean);
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn advance(&self, duration: Duration) -> Result<ClockView, Error> {
        let ms = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        self.change(ClockChange::Advance(ms))
    }

    /// Goes to this time (RFC 3339), which may lie in the past.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// let clock = sandbox.clock();
    /// clock.set("2030-01-31T08:00:00Z")?;
    /// clock.freeze()?;
    /// assert!(clock.now()?.starts_with("2030-01-31T08:00:0"));
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn set(&self, time: &str) -> Result<ClockView, Error> {
        let request = ClockRequest { set: Some(time.to_owned()), ..ClockRequest::default() };
        self.change(request.change()?)
    }

    /// Stands still.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// assert!(sandbox.clock().freeze()?.frozen);
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn freeze(&self) -> Result<ClockView, Error> {
        self.change(ClockChange::Freeze)
    }

    /// Runs again.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// sandbox.clock().freeze()?;
    /// assert!(!sandbox.clock().resume()?.frozen);
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn resume(&self) -> Result<ClockView, Error> {
        self.change(ClockChange::Resume)
    }

    /// Runs so many times as fast as the system clock.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// assert_eq!(sandbox.clock().rate(60.0)?.rate, 60.0);
    /// assert!(sandbox.clock().rate(-1.0).is_err());
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn rate(&self, rate: f64) -> Result<ClockView, Error> {
        let request = ClockRequest { rate: Some(rate), ..ClockRequest::default() };
        self.change(request.change()?)
    }

    fn change(self, change: ClockChange) -> Result<ClockView, Error> {
        Ok(self.sandbox.control()?.change_clock(change)?)
    }
}
