//! Work that may take long, done without blocking others.
//!
//! Must not know what the work is, nor what threads there are: a server says how its threads do it.

use std::sync::OnceLock;

/// Runs a function once on this thread, while another thread takes over its other work.
type HandOn = fn(&mut dyn FnMut());

static HAND_ON: OnceLock<HandOn> = OnceLock::new();

/// Says how the threads of this process do it; the first one that says it is right for all.
pub(crate) fn set_hand_on(how: HandOn) {
    let _ = HAND_ON.set(how);
}

/// Does work that may take milliseconds, or wait for others.
pub(crate) fn aside<T>(work: impl FnOnce() -> T) -> T {
    let Some(hand_on) = HAND_ON.get() else { return work() };
    let (mut work, mut done) = (Some(work), None);
    hand_on(&mut || done = work.take().map(|work| work()));
    done.expect("the work is called once")
}
