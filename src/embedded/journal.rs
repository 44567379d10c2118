//! The journal of a sandbox.
//!
//! Must not know how entries are written.

use crate::control::{EntryView, JournalPage, JournalQuery};
use crate::embedded::error::Error;
use crate::embedded::sandbox::Sandbox;

/// The journal of a sandbox: [`Sandbox::journal`]. Entries are shown as the admin API shows them, secrets left out.
#[derive(Clone, Copy, Debug)]
pub struct JournalHandle<'s> {
    sandbox: &'s Sandbox,
}

impl Sandbox {
    /// Its journal.
    pub fn journal(&self) -> JournalHandle<'_> {
        JournalHandle { sandbox: self }
    }
}

impl JournalHandle<'_> {
    /// The entries that are asked for, the newest first.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// use tombstone::control::JournalQuery;
    ///
    /// sandbox.call(http::Request::delete(format!("{}/shops/2", sandbox.url_of("shop"))).body(()).unwrap());
    /// let refused = JournalQuery { status: Some("4xx".into()), ..JournalQuery::default() };
    /// assert_eq!(sandbox.journal().requests(&refused)?.count, 1);
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn requests(&self, query: &JournalQuery) -> Result<JournalPage, Error> {
        Ok(self.sandbox.control()?.requests(query)?)
    }

    /// One entry by its `Tombstone-Request-Id`, with the rules that were tried and the values that decided.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").fixtures("examples/fixtures").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// # let url = sandbox.url_of("shop");
    /// sandbox.call(http::Request::delete(format!("{url}/shops/1")).header("X-Key", "book-key").body(()).unwrap());
    /// let entry = sandbox.journal().explain(1)?;
    /// let decision = entry.explanation.unwrap().decision.unwrap();
    /// assert_eq!(decision.rules[1].when.as_deref(), Some("shop.id != principal.id"));
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn explain(&self, id: u64) -> Result<EntryView, Error> {
        Ok(self.sandbox.control()?.request(id)?)
    }

    /// The requests that found no operation, newest first, each with the operations that are nearest to it.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// sandbox.call(http::Request::delete(format!("{}/shop/2", sandbox.url_of("shop"))).body(()).unwrap());
    /// assert_eq!(sandbox.journal().unmatched()?.len(), 1);
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn unmatched(&self) -> Result<Vec<EntryView>, Error> {
        Ok(self.sandbox.control()?.unmatched()?)
    }

    /// Forgets all entries: what they changed stays, and can be undone no more.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// # use tombstone::control::JournalQuery;
    /// sandbox.call(http::Request::get(sandbox.url_of("shop")).body(()).unwrap());
    /// sandbox.journal().clear()?;
    /// assert_eq!(sandbox.journal().requests(&JournalQuery::default())?.count, 0);
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn clear(&self) -> Result<(), Error> {
        Ok(self.sandbox.control()?.clear_requests()?)
    }
}
