//! The one who wakes for jobs, so that a page sees them happen without another request, and for sandboxes that nobody
//! uses.
//!
//! Must not know what a job does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::clock::system_now;
use crate::sandbox::TASKS_PER_TURN;
use crate::server::shared::ServerState;

/// How long it sleeps at least, in milliseconds: work that is due but refuses to go away must not take a processor.
const SLEEP_MS_MIN: u64 = 1;

/// How long it sleeps at most: the system clock may be set meanwhile.
const SLEEP_MAX: Duration = Duration::from_secs(60);

/// Runs jobs when they are due, for as long as it is polled.
pub(super) async fn run_jobs(shared: Arc<ServerState>) {
    let arrived = Arc::new(Notify::new());
    let arrival = Arc::clone(&arrived);
    shared.emulator.on_work(move || arrival.notify_one());
    let mut swept = system_now();
    loop {
        let due = shared.emulator.guard().next_due();
        let due = due.map_or(SLEEP_MAX, |due| due.since(system_now()));
        let wait = due.clamp(Duration::from_millis(SLEEP_MS_MIN), SLEEP_MAX);
        tokio::select! {
            () = tokio::time::sleep(wait) => run_due(&shared).await,
            () = arrived.notified() => {}
        }
        let now = system_now();
        if now.since(swept) >= sweep_wait(&shared) {
            swept = now;
            shared.emulator.guard().sweep(now);
        }
    }
}

/// How often sandboxes that nobody uses are looked for: a few times in the time that they may be unused.
fn sweep_wait(shared: &ServerState) -> Duration {
    (shared.emulator.guard().sandboxes().limits().idle / 4).min(SLEEP_MAX)
}

/// Runs some of the tasks that are due in each sandbox; what is left is due at once again. Between two sandboxes the
/// server does whatever else it has to do.
async fn run_due(shared: &ServerState) {
    let now = system_now();
    let names = shared.emulator.guard().sandboxes().to_wake(now);
    for name in names {
        let run = || shared.emulator.guard().run_due_in(&name, now, TASKS_PER_TURN);
        match (catch_unwind(AssertUnwindSafe(run)), &shared.log) {
            (Ok(accounts), Some(log)) => accounts.iter().for_each(|account| log.job(now, account)),
            (Ok(_), None) => {}
            (Err(_), _) => tracing::error!("a job panicked: this is a defect of the server"),
        }
        tokio::task::yield_now().await;
    }
}
