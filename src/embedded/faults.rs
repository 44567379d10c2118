//! The faults of a sandbox.
//!
//! Must not know what they do to a request.

use serde_json::Value;

use crate::embedded::error::Error;
use crate::embedded::sandbox::Sandbox;
use crate::faults::FaultFormat;

/// The faults of a sandbox: [`Sandbox::faults`].
#[derive(Clone, Copy, Debug)]
pub struct FaultsHandle<'s> {
    sandbox: &'s Sandbox,
}

impl Sandbox {
    /// Its faults.
    pub fn faults(&self) -> FaultsHandle<'_> {
        FaultsHandle { sandbox: self }
    }
}

impl FaultsHandle<'_> {
    /// Adds one after the others; its id.
    ///
    /// ```
    /// # use tombstone::faults::FaultFormat;
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").fixtures("examples/fixtures").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// # let url = sandbox.url_of("shop");
    /// sandbox.faults().add(FaultFormat::of("deleteShop").status(503).answer_header("Retry-After", "1").times(1))?;
    /// let delete = || http::Request::delete(format!("{url}/shops/2")).header("X-Key", "book-key").body(()).unwrap();
    /// assert_eq!(sandbox.call(delete()).status(), 503);
    /// assert_eq!(sandbox.call(delete()).status(), 200);
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn add(&self, fault: FaultFormat) -> Result<String, Error> {
        Ok(self.sandbox.control()?.add(fault)?)
    }

    /// All of them, in the order in which they are tried, with how often each `matched` and `struck`.
    ///
    /// ```
    /// # use tombstone::faults::FaultFormat;
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// sandbox.faults().add(FaultFormat::any().status(500))?;
    /// sandbox.call(http::Request::delete(format!("{}/shops/2", sandbox.url_of("shop"))).body(()).unwrap());
    /// assert_eq!(sandbox.faults().list()?[0]["struck"], 1);
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn list(&self) -> Result<Vec<Value>, Error> {
        Ok(self.sandbox.control()?.faults()?)
    }

    /// Takes one out.
    ///
    /// ```
    /// # use tombstone::faults::FaultFormat;
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// let id = sandbox.faults().add(FaultFormat::any().status(500))?;
    /// sandbox.faults().remove(&id)?;
    /// assert!(sandbox.faults().list()?.is_empty());
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn remove(&self, id: &str) -> Result<(), Error> {
        Ok(self.sandbox.control()?.delete_fault(id)?)
    }
}
