//! What all connections share, and a connection's and a request's part in it.
//!
//! Must not know bytes, nor what is answered.

use std::sync::Arc;

use bytes::Bytes;

use crate::admin::Admin;
use crate::emulator::Current;
use crate::server::limits::ServerLimits;
use crate::server::log::Log;
use crate::server::registry::{ConnectionRegistry, ConnectionState};
use crate::server::room::{BodyMemory, HeavyWork};

/// What all connections share.
#[derive(Debug)]
pub(super) struct ServerState {
    pub(super) emulator: Current,
    pub(super) admin: Admin,
    pub(super) log: Option<Log>,
    pub(super) limits: ServerLimits,
    pub(super) room: BodyMemory,
    pub(super) turns: HeavyWork,
    pub(super) registry: ConnectionRegistry,
    /// Whether requests come by TLS.
    pub(super) is_https: bool,
}

impl ServerState {
    pub(super) fn new(
        emulator: Current,
        admin: Admin,
        log: Option<Log>,
        limits: ServerLimits,
        is_https: bool,
    ) -> Self {
        let room = BodyMemory::new(limits.bodies_bytes_max);
        let (turns, registry) = (HeavyWork::default(), ConnectionRegistry::default());
        Self { emulator, admin, log, limits, room, turns, registry, is_https }
    }
}

/// A connection's place in the list of all, until it is dropped.
pub(super) struct ConnectionEntry {
    id: u64,
    pub(super) shared: Arc<ServerState>,
    pub(super) state: Arc<ConnectionState>,
}

impl Drop for ConnectionEntry {
    fn drop(&mut self) {
        self.shared.registry.leave(self.id);
    }
}

/// Smaller whole answers are not counted while they wait: with every connection in use these are as much again.
pub(super) const COUNTED_BYTES_MIN: usize = 64 * 1024;

/// Bytes of an answer that wait to be sent, counted until they are dropped.
struct Waiting {
    bytes: Bytes,
    shared: Arc<ServerState>,
    state: Arc<ConnectionState>,
}

impl AsRef<[u8]> for Waiting {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.shared.registry.forget_waiting(&self.state, self.bytes.len());
    }
}

impl ConnectionEntry {
    /// Adds a new connection to the list.
    pub(super) fn new(shared: &Arc<ServerState>) -> Self {
        let (id, state) = shared.registry.enter();
        Self { id, shared: Arc::clone(shared), state }
    }

    /// Bytes that are about to be sent, counted as long as they wait if there are at least `bytes_min`.
    pub(super) fn counted(&self, bytes: Bytes, bytes_min: usize) -> Bytes {
        if bytes.len() < bytes_min {
            return bytes;
        }
        // What was written piece by piece may have twice the room that it needs.
        let bytes = Bytes::copy_from_slice(&bytes);
        let (shared, state) = (Arc::clone(&self.shared), Arc::clone(&self.state));
        shared.registry.count_waiting(&state, bytes.len(), shared.limits.answers_bytes_max);
        Bytes::from_owner(Waiting { bytes, shared, state })
    }
}

/// A request that is being answered: while there is one, its connection is not idle.
pub(super) struct RequestGuard {
    pub(super) entry: Arc<ConnectionEntry>,
}

impl RequestGuard {
    pub(super) fn begin(entry: Arc<ConnectionEntry>) -> Self {
        entry.shared.registry.begin_request(&entry.state);
        Self { entry }
    }

    /// Returns true if more HTTP/2 requests, with this one, are being answered than the limit allows.
    pub(super) fn is_too_many(&self) -> bool {
        let ServerState { registry, limits, .. } = &*self.entry.shared;
        self.entry.state.is_multiplexed() && registry.streams() > limits.streams_max
    }
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        self.entry.shared.registry.end_request(&self.entry.state);
    }
}
