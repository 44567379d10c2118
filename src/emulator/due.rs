//! Tasks of jobs are run when they are due, without a request.
//!
//! Must not know what a task does.

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::emulator::engine::Emulator;
use crate::message::Account;
use crate::sandbox::{SandboxState, TASKS_AT_ONCE_MAX};

impl Emulator {
    /// Runs the tasks of jobs that are due, in every sandbox; one account for each.
    pub fn run_due(&self, now: Timestamp) -> Vec<Account> {
        let names = self.sandboxes.to_wake(now);
        names.iter().flat_map(|name| self.run_due_in(name, now, TASKS_AT_ONCE_MAX)).collect()
    }

    /// Runs the tasks of jobs that are due in one sandbox, up to `most` of them; one account for each.
    pub fn run_due_in(&self, name: &Arc<str>, now: Timestamp, most: usize) -> Vec<Account> {
        let run =
            |state: &mut SandboxState| state.run_due(|number| self.behavior(number), now, most);
        let runs = self.sandboxes.wake(name, run).unwrap_or_default();
        runs.into_iter().map(|run| self.task_account(run, name)).collect()
    }
}
