//! One sandbox of a state file, in whatever format: how it is restored, and why a file is refused.
//!
//! Must not know how a file is written.

use std::time::Duration;

use crate::clock::{Timestamp, system_now};
use crate::control::{Control, Restored, SandboxSpec};
use crate::emulator::Emulator;

/// The most bytes of a file that are read, and so written: many times what ten thousand sandboxes of the built-in APIs
/// take.
pub(super) const FILE_BYTES_MAX: u64 = 4 << 30;

/// How much of the file is read at once.
pub(super) const BUFFER_BYTES: usize = 256 << 10;

/// A sandbox of a file.
pub(super) struct SavedSandbox<'f> {
    pub(super) name: &'f str,
    pub(super) ttl: Option<String>,
    /// JSON.
    pub(super) state: &'f str,
    /// For how long its clock was not looked at.
    pub(super) away: Duration,
}

impl SavedSandbox<'_> {
    /// Restores the sandbox; an `Err` says why it cannot be so. What it has as another, `like`, it shares with that.
    pub(super) fn restore(
        self,
        emulator: &Emulator,
        like: &mut Option<Restored>,
    ) -> Result<(), String> {
        let Self { name, ttl, state, away } = self;
        let restored = Control::new(emulator, name, system_now()).and_then(|control| {
            control.put_sandbox(&SandboxSpec { ttl, ..SandboxSpec::default() })?;
            control.restore_state(state, away, like)
        });
        restored.map_err(|problem| format!("sandbox `{name}`: {problem}"))
    }
}

/// How long it is that the system clock showed a time.
pub(super) fn away_since(saved_at: &str) -> Duration {
    Timestamp::parse(saved_at).map_or(Duration::ZERO, |at| system_now().since(at))
}

/// Why a file is refused.
pub(super) enum RestoreError {
    /// It is not the state of sandboxes, or not all of it.
    Unfit(anyhow::Error),
    /// Its format is of that version.
    Format(u32),
    /// Something in it is wrong.
    Wrong(String),
}

impl<E: Into<anyhow::Error>> From<E> for RestoreError {
    fn from(error: E) -> Self {
        Self::Unfit(error.into())
    }
}
