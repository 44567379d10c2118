//! Changes are made, and taken back: all of them or none.
//!
//! Must not know how the changes were arrived at.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::error::Conflict;
use super::record::Change;
use super::records::Store;
use super::table::RecordTable;
use super::verify::ChangeBatch;

impl Store {
    /// Makes all of the changes, or none where they do not fit.
    pub fn commit(&mut self, changes: &[Change]) -> Result<(), Conflict> {
        self.verify(&ChangeBatch::new(self, changes)?)?;
        let world = Arc::make_mut(&mut self.world);
        // Unique values may pass from one record to another, so all are given up before any is taken.
        for change in changes {
            Arc::make_mut(&mut world[change.resource]).give_up(change);
        }
        let mut before = None;
        for change in changes {
            let table = Arc::make_mut(&mut world[change.resource]);
            table.apply(change);
            table.history.commits +=
                u64::from(before.replace(change.resource) != Some(change.resource));
        }
        Ok(())
    }

    /// Takes all of the changes back, or none where the state has moved on since.
    pub fn revert(&mut self, changes: &[Change]) -> Result<(), Conflict> {
        let inverses: Vec<Change> = changes.iter().rev().map(Change::inverse).collect();
        let world = Arc::clone(&self.world);
        self.commit(&inverses)?;
        self.forget(changes, &world);
        // In reverse, so that of several each goes back to the one before it.
        for Change { resource, key, before, after } in changes.iter().rev() {
            let last = after.as_ref().and_then(|after| after.last_number());
            if let Some(last) = last.filter(|_| before.is_none())
                && key.number() == Some(self.last_number(*resource))
            {
                // What was planned at another time may not have known of all that is there.
                let last = last.max(self.highest_number(*resource));
                Arc::make_mut(&mut Arc::make_mut(&mut self.world)[*resource]).last_number = last;
            }
        }
        Ok(())
    }

    /// Forgets of changes that were taken back that they were ever made: what they deleted was not deleted, and what they
    /// created is not deleted now. So numbers are given again; one that was gone and is there again is still kept, for which
    /// was kept before it is not known, and a number more is left out then.
    fn forget(&mut self, changes: &[Change], former: &[Arc<RecordTable>]) {
        let world = Arc::make_mut(&mut self.world);
        for resource in changes.iter().map(|change| change.resource).collect::<BTreeSet<_>>() {
            let table = Arc::make_mut(&mut world[resource]);
            if !table.counters.is_empty() {
                table.gone = former[resource].gone.clone();
            }
            table.history = former[resource].history.clone();
            table.history.commits = table.history.commits.saturating_sub(1);
            let own = changes.iter().filter(|change| change.resource == resource);
            for change in own.filter(|change| change.after.is_none()) {
                table.history.deleted.remove(&change.key);
            }
        }
    }
}
