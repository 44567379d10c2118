//! What changes beside journals: which sandboxes there are, their faults and the files. Counted, and told to whoever listens.
//!
//! Must not know what changed in which sandbox.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use crate::journal::Listener;

/// How often each has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Revisions {
    /// Which sandboxes there are, and how they begin.
    pub sandboxes: u64,
    /// The faults of some sandbox.
    pub faults: u64,
    /// The files that are served.
    pub files: u64,
}

/// Counts changes, and calls those who listen.
#[derive(Default)]
pub(super) struct ChangeSignal {
    sandboxes: AtomicU64,
    faults: AtomicU64,
    files: AtomicU64,
    listeners: Mutex<Vec<Weak<Listener>>>,
}

impl ChangeSignal {
    pub(super) fn revisions(&self) -> Revisions {
        Revisions {
            sandboxes: self.sandboxes.load(Ordering::Relaxed),
            faults: self.faults.load(Ordering::Relaxed),
            files: self.files.load(Ordering::Relaxed),
        }
    }

    pub(super) fn note_sandboxes(&self) {
        self.note(&self.sandboxes);
    }

    pub(super) fn note_faults(&self) {
        self.note(&self.faults);
    }

    pub(super) fn note_files(&self) {
        self.note(&self.files);
    }

    fn note(&self, revision: &AtomicU64) {
        revision.fetch_add(1, Ordering::Relaxed);
        self.listeners.lock().retain(|listener| {
            let listener = listener.upgrade();
            listener.is_some_and(|listener| {
                listener();
                true
            })
        });
    }

    /// Calls `listener` at each change until it is dropped.
    pub(super) fn listen(&self, listener: &Arc<Listener>) {
        let mut listeners = self.listeners.lock();
        listeners.retain(|listener| listener.strong_count() > 0);
        listeners.push(Arc::downgrade(listener));
    }
}
