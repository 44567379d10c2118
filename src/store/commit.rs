//! Changes are made, and taken back: all of them or none.
//!
//! Must not know how the changes were arrived at.

use std::sync::Arc;

use super::error::Conflict;
use super::record::Change;
use super::records::Store;
use super::traces::Traces;
use super::verify::ChangeBatch;

impl Store {
    /// Makes all of the changes, or none where they do not fit.
    pub fn commit(&mut self, changes: &[Change]) -> Result<Traces, Conflict> {
        self.verify(&ChangeBatch::new(self, changes)?)?;
        let world = Arc::make_mut(&mut self.world);
        // Unique values may pass from one record to another, so all are given up before any is taken.
        for change in changes {
            Arc::make_mut(&mut world[change.resource]).give_up(change);
        }
        let mut traces = Traces::default();
        for change in changes {
            let table = Arc::make_mut(&mut world[change.resource]);
            table.apply(change, &mut |former| traces.add(change.resource, former));
        }
        for resource in runs(changes) {
            Arc::make_mut(&mut world[resource]).history.commits += 1;
        }
        Ok(traces)
    }

    /// Takes all of the changes back with what they left, or none where the state has moved on since.
    pub fn revert(&mut self, changes: &[Change], traces: &Traces) -> Result<(), Conflict> {
        let inverses: Vec<Change> = changes.iter().rev().map(Change::inverse).collect();
        let again = self.commit(&inverses)?;
        // They were never made, and so what they deleted was not deleted, and what they created is not deleted now.
        for (resource, former) in again.latest_first().chain(traces.latest_first()) {
            // What was planned at another time may not have known of all that is there.
            let highest = self.highest_number(*resource);
            let table = Arc::make_mut(&mut Arc::make_mut(&mut self.world)[*resource]);
            table.put_back(former, highest);
        }
        let world = Arc::make_mut(&mut self.world);
        // Neither these changes nor the commit that took them back is one that has changed something.
        for resource in runs(changes) {
            let commits = &mut Arc::make_mut(&mut world[resource]).history.commits;
            *commits = commits.saturating_sub(2);
        }
        Ok(())
    }
}

/// The resource of each run of changes to one.
fn runs(changes: &[Change]) -> impl Iterator<Item = usize> {
    let runs = changes.chunk_by(|one, next| one.resource == next.resource);
    runs.map(|run| run[0].resource)
}
