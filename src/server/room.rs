//! Memory for large bodies and turns at large work, over all connections.
//!
//! Must not know what is read or done.

use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::blocking::aside;

/// So much large work goes on at once: each can take some hundred megabytes while it does.
const TURNS: usize = 4;

/// Turns at large work, which is done on a thread where it does not delay other tasks.
#[derive(Debug, Default)]
pub(super) struct HeavyWork {
    turns: [Mutex<()>; TURNS],
    next: AtomicUsize,
}

impl HeavyWork {
    /// Does large work when there is a turn for it.
    pub(super) fn aside<T>(&self, work: impl FnOnce() -> T) -> T {
        aside(|| {
            let free = self.turns.iter().find_map(Mutex::try_lock);
            let next = || self.next.fetch_add(1, Ordering::Relaxed) % TURNS;
            let _turn = free.unwrap_or_else(|| self.turns[next()].lock());
            work()
        })
    }
}

/// The room that all large bodies share, in KiB: what has arrived of them, until they are answered.
#[derive(Debug)]
pub(super) struct BodyMemory {
    free: Semaphore,
    kib_max: u32,
    /// For one body at a time that goes on although there is no room left, or all would wait for each other.
    turn: Semaphore,
}

/// Up to this size a body needs no room: with every connection in use these are as much again, and the same by HTTP/2.
pub(super) const SMALL_BYTES_MAX: usize = 64 * 1024;

/// Memory is taken in pieces of this size, in KiB.
const PIECE_KIB: u32 = 256;

impl BodyMemory {
    pub(super) fn new(bytes_max: usize) -> Self {
        let kib_max = u32::try_from(bytes_max / 1024).unwrap_or(u32::MAX);
        Self { free: Semaphore::new(kib_max as usize), kib_max, turn: Semaphore::new(1) }
    }
}

/// The room that one body has; it is free again when this is dropped.
#[derive(Debug)]
pub(super) struct BodyPermit<'r> {
    room: &'r BodyMemory,
    taken: Option<SemaphorePermit<'r>>,
    turn: Option<SemaphorePermit<'r>>,
}

impl<'r> BodyPermit<'r> {
    pub(super) fn of(room: &'r BodyMemory) -> Self {
        Self { room, taken: None, turn: None }
    }

    /// Waits until there is room for so many bytes in all.
    pub(super) async fn grow(&mut self, bytes: usize) {
        if bytes <= SMALL_BYTES_MAX || self.turn.is_some() {
            return;
        }
        let pieces = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX).div_ceil(PIECE_KIB);
        // What is larger than the room has it for itself.
        let kib = pieces.saturating_mul(PIECE_KIB).min(self.room.kib_max);
        let taken = self.taken.as_ref().map_or(0, SemaphorePermit::num_permits);
        let missing = kib.saturating_sub(u32::try_from(taken).unwrap_or(u32::MAX));
        if missing == 0 {
            return;
        }
        tokio::select! {
            biased;
            more = self.room.free.acquire_many(missing) => match (&mut self.taken, more.ok()) {
                (Some(taken), Some(more)) => taken.merge(more),
                (none, more) => *none = more,
            },
            turn = self.room.turn.acquire() => self.turn = turn.ok(),
        }
    }

    /// Gives it back, where nothing of the body is kept.
    pub(super) fn clear(&mut self) {
        (self.taken, self.turn) = (None, None);
    }
}
