//! The list of all connections: who is idle for too long, who is to finish, who is left.
//!
//! Must not know bytes, nor what is answered.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, watch};

/// How many ticks make the time that a connection may be idle: the error is at most one of them.
pub(super) const IDLE_TICKS_MAX: u32 = 8;

/// How many connections too many are told so at once; more are closed without a word.
const REFUSED_MAX: usize = 256;

/// All open connections.
///
/// One task looks at them a few times in the allowed idle time. A timer for each request, as hyper has, costs each
/// request; this costs it a few instructions.
#[derive(Debug, Default)]
pub(super) struct ConnectionRegistry {
    open: Mutex<ConnectionList>,
    tick: AtomicU32,
    changed: Notify,
    /// The server shuts down: what would go on for long is to end.
    finishing: watch::Sender<bool>,
    /// The requests that came by HTTP/2 and are being answered, over all connections.
    streams: AtomicUsize,
    /// One for each connection that is being refused.
    refused: Arc<()>,
    /// Bytes of large answers that wait to be sent, over all connections.
    waiting_bytes: AtomicUsize,
}

#[derive(Debug, Default)]
struct ConnectionList {
    connections: BTreeMap<u64, Arc<ConnectionState>>,
    next_id: u64,
}

/// What is known of one connection from outside.
#[derive(Debug, Default)]
pub(super) struct ConnectionState {
    /// The requests that are being answered.
    active_requests: AtomicU32,
    /// The tick since which there is none.
    idle_since: AtomicU32,
    /// Several requests at once are possible, and there is a goodbye.
    multiplexed: AtomicBool,
    /// An [`Order`]; it only grows.
    order: AtomicU8,
    /// For how many ticks the client has taken nothing of what is on its way, or 0 if nothing waits for it.
    stuck_ticks: AtomicU32,
    /// Bytes of large answers that wait to be sent.
    waiting_bytes: AtomicUsize,
    /// The answer on its way has no end of its own, so that the client's end must be looked for.
    endless: AtomicBool,
    breakage: OnceLock<Breakage>,
    waker: Mutex<Option<Waker>>,
}

/// How a connection ends because an answer is to be broken.
#[derive(Clone, Debug)]
pub(super) enum Breakage {
    /// A reset.
    Reset,
    /// These bytes, then as gently as any connection.
    Closed(Bytes),
    /// At once, though the answer is not complete.
    Cut,
}

/// What a connection is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Order {
    /// Go on.
    Run,
    /// Answer what has been asked, then end.
    Finish,
    /// End now.
    End,
}

impl ConnectionRegistry {
    fn lock(&self) -> MutexGuard<'_, ConnectionList> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a new connection, which is listed until [`ConnectionRegistry::leave`]; returns its number and its state.
    pub(super) fn enter(&self) -> (u64, Arc<ConnectionState>) {
        let state = Arc::new(ConnectionState::default());
        state.idle_since.store(self.tick.load(Ordering::Relaxed), Ordering::Relaxed);
        let mut open = self.lock();
        let id = open.next_id;
        open.next_id += 1;
        open.connections.insert(id, Arc::clone(&state));
        (id, state)
    }

    /// Removes a connection from the list.
    pub(super) fn leave(&self, id: u64) {
        self.lock().connections.remove(&id);
        self.changed.notify_one();
    }

    /// Counts bytes of an answer that are about to be sent to a connection; [`ConnectionRegistry::forget_waiting`] takes them off.
    pub(super) fn count_waiting(&self, state: &ConnectionState, bytes: usize, bytes_max: usize) {
        state.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.relieve(bytes_max);
    }

    /// Takes off bytes that do not wait any more.
    pub(super) fn forget_waiting(&self, state: &ConnectionState, bytes: usize) {
        state.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Counts a request that is being answered; [`ConnectionRegistry::end_request`] takes it off.
    pub(super) fn begin_request(&self, state: &ConnectionState) {
        state.active_requests.fetch_add(1, Ordering::Relaxed);
        if state.is_multiplexed() {
            self.streams.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Takes off a request that has been answered.
    pub(super) fn end_request(&self, state: &ConnectionState) {
        if state.is_multiplexed() {
            self.streams.fetch_sub(1, Ordering::Relaxed);
        }
        // In this order, so that a reader that sees no request sees the tick of its end too.
        let tick = self.tick.load(Ordering::Relaxed);
        state.idle_since.store(tick, Ordering::Relaxed);
        state.active_requests.fetch_sub(1, Ordering::Release);
    }

    /// The number of HTTP/2 requests that are being answered, over all connections.
    pub(super) fn streams(&self) -> usize {
        self.streams.load(Ordering::Relaxed)
    }

    /// A place among those that are told that there is none; dropped, it is free again.
    pub(super) fn enter_refused(&self) -> Option<Arc<()>> {
        (Arc::strong_count(&self.refused) <= REFUSED_MAX).then(|| Arc::clone(&self.refused))
    }

    pub(super) fn len(&self) -> usize {
        self.lock().connections.len()
    }

    /// One more tick; who has been idle for too many of them ends, and who has taken nothing of an answer.
    pub(super) fn sweep(&self) {
        let tick = self.tick.load(Ordering::Relaxed).wrapping_add(1);
        self.tick.store(tick, Ordering::Relaxed);
        for state in self.lock().connections.values() {
            let idle = tick.wrapping_sub(state.idle_since.load(Ordering::Relaxed));
            if state.count_stuck() > IDLE_TICKS_MAX {
                state.order(Order::End);
            } else if !state.is_answering() && idle > IDLE_TICKS_MAX {
                // Who speaks HTTP/2 gets a tick's time to say goodbye, so that the client loses no request to it.
                let polite = state.is_multiplexed() && state.ordered() == Order::Run;
                state.order(if polite { Order::Finish } else { Order::End });
            }
        }
    }

    /// Is ready when the server shuts down.
    pub(super) fn finishing(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut finishing = self.finishing.subscribe();
        // An error means that there is no server any more.
        async move { drop(finishing.wait_for(|finishing| *finishing).await) }
    }

    /// Lets every connection finish what it has been asked, ends those that are left after `wait`.
    pub(super) async fn finish(&self, wait: Duration) {
        self.finishing.send_replace(true);
        self.order_all(Order::Finish);
        if tokio::time::timeout(wait, self.emptied()).await.is_err() {
            tracing::warn!(
                connections = self.len(),
                "ended connections that did not finish in time"
            );
            self.order_all(Order::End);
            self.emptied().await;
        }
    }

    /// Ends connections until no more bytes wait than may, those first whose clients have taken nothing for longest, and
    /// of these the one for which most waits. One whose client takes what comes is left.
    fn relieve(&self, bytes_max: usize) {
        let mut excess = self.waiting_bytes.load(Ordering::Relaxed).saturating_sub(bytes_max);
        if excess == 0 {
            return;
        }
        let stuck_for = |state: &ConnectionState| {
            let waiting = state.waiting_bytes.load(Ordering::Relaxed);
            let is_stuck = state.is_stuck() && waiting > 0;
            is_stuck.then(|| (state.stuck_ticks.load(Ordering::Relaxed), waiting))
        };
        let open = self.lock();
        let mut stuck: Vec<_> = open
            .connections
            .values()
            .filter_map(|state| Some((stuck_for(state)?, state)))
            .collect();
        stuck.sort_unstable_by_key(|(place, _)| std::cmp::Reverse(*place));
        for ((_, waiting), state) in stuck {
            if excess == 0 {
                return;
            }
            if state.ordered() != Order::End {
                tracing::warn!(bytes = waiting, "ended a connection whose client does not read");
                state.order(Order::End);
            }
            excess = excess.saturating_sub(waiting);
        }
    }

    fn order_all(&self, order: Order) {
        self.lock().connections.values().for_each(|state| state.order(order));
    }

    async fn emptied(&self) {
        loop {
            let changed = self.changed.notified();
            if self.len() == 0 {
                return;
            }
            changed.await;
        }
    }
}

impl ConnectionState {
    /// Tells the connection what to do; what it has been told before stands if that was more.
    pub(super) fn order(&self, order: Order) {
        self.order.fetch_max(order as u8, Ordering::Relaxed);
        let waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(super) fn ordered(&self) -> Order {
        match self.order.load(Ordering::Relaxed) {
            0 => Order::Run,
            1 => Order::Finish,
            2.. => Order::End,
        }
    }

    /// Has `waker` woken by the next order.
    pub(super) fn listen(&self, waker: &Waker) {
        *self.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(waker.clone());
    }

    /// Has the connection's end be this one; it must be polled after this. The first one counts.
    pub(super) fn break_off(&self, breakage: Breakage) {
        drop(self.breakage.set(breakage));
    }

    /// How the connection is to end, as soon as all that was answered before is on its way.
    pub(super) fn breakage(&self) -> Option<&Breakage> {
        self.breakage.get().filter(|_| !self.is_stuck())
    }

    pub(super) fn is_answering(&self) -> bool {
        self.active_requests.load(Ordering::Acquire) > 0
    }

    pub(super) fn is_stuck(&self) -> bool {
        self.stuck_ticks.load(Ordering::Relaxed) > 0
    }

    pub(super) fn set_stuck(&self, stuck: bool) {
        if stuck {
            self.stuck_ticks.fetch_max(1, Ordering::Relaxed);
        } else {
            self.stuck_ticks.store(0, Ordering::Relaxed);
        }
    }

    /// One more tick, if it is stuck; how many it has been.
    fn count_stuck(&self) -> u32 {
        let more = |ticks: u32| (ticks > 0).then_some(ticks.saturating_add(1));
        // An error says that it is not stuck.
        self.stuck_ticks.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).unwrap_or(0)
    }

    pub(super) fn is_endless(&self) -> bool {
        self.endless.load(Ordering::Relaxed)
    }

    pub(super) fn set_endless(&self, endless: bool) {
        self.endless.store(endless, Ordering::Relaxed);
    }

    pub(super) fn is_multiplexed(&self) -> bool {
        self.multiplexed.load(Ordering::Relaxed)
    }

    pub(super) fn set_multiplexed(&self) {
        self.multiplexed.store(true, Ordering::Relaxed);
    }
}
