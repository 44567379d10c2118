//! Changes are made, and taken back: all of them or none.
//!
//! Must not know how the changes were arrived at.

use std::sync::Arc;

use super::error::Conflict;
use super::record::Change;
use super::records::Store;
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
        for change in changes {
            Arc::make_mut(&mut world[change.resource]).apply(change);
        }
        Ok(())
    }

    /// Takes all of the changes back, or none where the state has moved on since.
    pub fn revert(&mut self, changes: &[Change]) -> Result<(), Conflict> {
        let inverses: Vec<Change> = changes.iter().rev().map(Change::inverse).collect();
        // What was undone never was, so that its numbers are given again. A number that was gone and is there again is still
        // kept, for which was kept before it is not known; a number more is left out then.
        let world = Arc::clone(&self.world);
        self.commit(&inverses)?;
        let touched = changes.iter().map(|change| change.resource);
        for resource in touched.filter(|resource| !world[*resource].counters.is_empty()) {
            let table = Arc::make_mut(&mut Arc::make_mut(&mut self.world)[resource]);
            table.gone = world[resource].gone.clone();
        }
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
}
