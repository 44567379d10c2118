//! Changes that are planned, with the records as they leave them: made when these are first read, and taken by the commit.
//!
//! Must not know what plans them.

use std::sync::{Arc, OnceLock};

use super::error::Conflict;
use super::record::Change;
use super::records::Store;
use super::traces::Traces;

/// Changes that are planned on the records of one moment.
#[derive(Debug)]
pub struct Staged {
    before: Store,
    changes: Arc<[Change]>,
    after: OnceLock<Result<(Store, Traces), Conflict>>,
}

impl Staged {
    /// These changes to these records.
    pub fn new(before: Store, changes: Arc<[Change]>) -> Self {
        Self { before, changes, after: OnceLock::new() }
    }

    /// The changes.
    pub fn changes(&self) -> &Arc<[Change]> {
        &self.changes
    }

    /// The records with the changes; an `Err` says why these do not fit.
    pub fn after(&self) -> Result<&Store, &Conflict> {
        let made = self.after.get_or_init(|| {
            let mut after = self.before.clone();
            let traces = after.commit(&self.changes)?;
            Ok((after, traces))
        });
        made.as_ref().map(|(after, _)| after)
    }
}

impl Store {
    /// Makes all of the changes, or none where they do not fit. If their outcome was read already and nothing came between,
    /// that is taken: making them twice takes twice as long.
    pub fn commit_staged(&mut self, staged: Arc<Staged>) -> Result<Traces, Conflict> {
        if let Some(Ok((after, traces))) = staged.after.get()
            && self.is_untouched_since(&staged.before)
        {
            *self = after.clone();
            return Ok(traces.clone());
        }
        let changes = Arc::clone(&staged.changes);
        // What nothing else holds is changed where it is, and this holds the records as they were.
        drop(staged);
        self.commit(&changes)
    }
}
