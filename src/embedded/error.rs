//! What can go wrong with a sandbox inside a program, in one type.
//!
//! Must not know what is asked of a sandbox.

use std::fmt;

use crate::catalog;
use crate::control::Verdict;
use crate::finding::Finding;
use crate::problem::Problem;
use crate::server::StartError;

/// Why something was not done.
///
/// It is told in words by `{:?}` too, since that is what `unwrap` and a test that returns it print.
#[derive(thiserror::Error)]
pub enum Error {
    /// Files cannot be honoured: everything that is wrong with them.
    #[error("the files cannot be honoured:{}", lines(.0))]
    Files(Vec<Finding>),
    /// There are no such files.
    #[error(transparent)]
    Catalog(#[from] catalog::CatalogError),
    /// The builder was given what cannot be: all of it.
    #[error("that cannot be built:{}", lines(.0))]
    Usage(Vec<String>),
    /// No server can be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A sandbox refused, as the admin API would.
    #[error(transparent)]
    Refused(#[from] Problem),
    /// Something that was expected does not hold: the report on all that was.
    #[error("not everything is as expected:\n{0}")]
    Unmet(Verdict),
}

fn lines(items: &[impl fmt::Display]) -> String {
    items.iter().map(|item| format!("\n  {item}")).collect::<Vec<_>>().concat()
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)?;
        let mut source = std::error::Error::source(self);
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}
