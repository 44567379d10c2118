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

use crate::server::Shared;

/// How many ticks make the time that a connection may be idle: the error is at most one of them.
pub(super) const IDLE_TICKS_MAX: u32 = 8;

/// How many connections too many are told so at once; more are closed without a word.
const REFUSED_MAX: usize = 256;

/// All open connections.
///
/// One task looks at them a few times in the allowed idle time. A timer for each request, as hyper has, costs each
/// request; this costs it a few instructions.
#[derive(Debug, Default)]
pub(super) struct Registry {
    open: Mutex<Open>,
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
struct Open {
    pulses: BTreeMap<u64, Arc<Pulse>>,
    next_id: u64,
}

/// What is known of one connection from outside.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    /// The requests that are being answered.
    visits: AtomicU32,
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

impl Registry {
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a new connection in; it is in until the entry is dropped.
    pub(super) fn enter(shared: &Arc<Shared>) -> Entry {
        let registry = &shared.registry;
        let pulse = Arc::new(Pulse::default());
        pulse.idle_since.store(registry.tick.load(Ordering::Relaxed), Ordering::Relaxed);
        let mut open = registry.lock();
        let id = open.next_id;
        open.next_id += 1;
        open.pulses.insert(id, Arc::clone(&pulse));
        Entry { id, shared: Arc::clone(shared), pulse }
    }

    /// A place among those that are told that there is none; dropped, it is free again.
    pub(super) fn enter_refused(&self) -> Option<Arc<()>> {
        (Arc::strong_count(&self.refused) <= REFUSED_MAX).then(|| Arc::clone(&self.refused))
    }

    pub(super) fn len(&self) -> usize {
        self.lock().pulses.len()
    }

    /// One more tick; who has been idle for too many of them ends, and who has taken nothing of an answer.
    pub(super) fn sweep(&self) {
        let tick = self.tick.load(Ordering::Relaxed).wrapping_add(1);
        self.tick.store(tick, Ordering::Relaxed);
        for pulse in self.lock().pulses.values() {
            let idle = tick.wrapping_sub(pulse.idle_since.load(Ordering::Relaxed));
            if pulse.count_stuck() > IDLE_TICKS_MAX {
                pulse.order(Order::End);
            } else if !pulse.is_visited() && idle > IDLE_TICKS_MAX {
                // Who speaks HTTP/2 gets a tick's time to say goodbye, so that the client loses no request to it.
                let polite = pulse.is_multiplexed() && pulse.ordered() == Order::Run;
                pulse.order(if polite { Order::Finish } else { Order::End });
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
        let of_pulse = |pulse: &Pulse| {
            let waiting = pulse.waiting_bytes.load(Ordering::Relaxed);
            let is_stuck = pulse.is_stuck() && waiting > 0;
            is_stuck.then(|| (pulse.stuck_ticks.load(Ordering::Relaxed), waiting))
        };
        let open = self.lock();
        let mut stuck: Vec<_> =
            open.pulses.values().filter_map(|pulse| Some((of_pulse(pulse)?, pulse))).collect();
        stuck.sort_unstable_by_key(|(place, _)| std::cmp::Reverse(*place));
        for ((_, waiting), pulse) in stuck {
            if excess == 0 {
                return;
            }
            if pulse.ordered() != Order::End {
                tracing::warn!(bytes = waiting, "ended a connection whose client does not read");
                pulse.order(Order::End);
            }
            excess = excess.saturating_sub(waiting);
        }
    }

    fn order_all(&self, order: Order) {
        self.lock().pulses.values().for_each(|pulse| pulse.order(order));
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

impl Pulse {
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

    pub(super) fn is_visited(&self) -> bool {
        self.visits.load(Ordering::Acquire) > 0
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

/// A connection's place in the list.
pub(super) struct Entry {
    id: u64,
    pub(super) shared: Arc<Shared>,
    pub(super) pulse: Arc<Pulse>,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.shared.registry.lock().pulses.remove(&self.id);
        self.shared.registry.changed.notify_one();
    }
}

/// Smaller whole answers are not counted while they wait: with every connection in use these are as much again.
pub(super) const COUNTED_BYTES_MIN: usize = 64 * 1024;

/// Bytes of an answer that wait to be sent, counted until they are dropped.
struct Waiting {
    bytes: Bytes,
    shared: Arc<Shared>,
    pulse: Arc<Pulse>,
}

impl AsRef<[u8]> for Waiting {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let length = self.bytes.len();
        self.pulse.waiting_bytes.fetch_sub(length, Ordering::Relaxed);
        self.shared.registry.waiting_bytes.fetch_sub(length, Ordering::Relaxed);
    }
}

impl Entry {
    /// Bytes that are about to be sent, counted as long as they wait if there are at least `bytes_min`.
    pub(super) fn counted(&self, bytes: Bytes, bytes_min: usize) -> Bytes {
        let length = bytes.len();
        if length < bytes_min {
            return bytes;
        }
        // What was written piece by piece may have twice the room that it needs.
        let bytes = Bytes::copy_from_slice(&bytes);
        let (shared, pulse) = (Arc::clone(&self.shared), Arc::clone(&self.pulse));
        pulse.waiting_bytes.fetch_add(length, Ordering::Relaxed);
        shared.registry.waiting_bytes.fetch_add(length, Ordering::Relaxed);
        shared.registry.relieve(shared.limits.answers_bytes_max);
        Bytes::from_owner(Waiting { bytes, shared, pulse })
    }
}

/// A request that is being answered: while there is one, its connection is not idle.
pub(super) struct Visit {
    pub(super) entry: Arc<Entry>,
}

impl Visit {
    pub(super) fn begin(entry: Arc<Entry>) -> Self {
        entry.pulse.visits.fetch_add(1, Ordering::Relaxed);
        if entry.pulse.is_multiplexed() {
            entry.shared.registry.streams.fetch_add(1, Ordering::Relaxed);
        }
        Self { entry }
    }

    /// Are there more HTTP/2 requests, with this one, than are answered at once?
    pub(super) fn is_too_many(&self) -> bool {
        let Shared { registry, limits, .. } = &*self.entry.shared;
        self.entry.pulse.is_multiplexed()
            && registry.streams.load(Ordering::Relaxed) > limits.streams_max
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let Entry { shared, pulse, .. } = &*self.entry;
        if pulse.is_multiplexed() {
            shared.registry.streams.fetch_sub(1, Ordering::Relaxed);
        }
        // In this order, so that who sees no visit sees since when.
        let tick = shared.registry.tick.load(Ordering::Relaxed);
        pulse.idle_since.store(tick, Ordering::Relaxed);
        pulse.visits.fetch_sub(1, Ordering::Release);
    }
}
