//! Sandboxes: isolated worlds by name, what happened in each, and the way back.
//!
//! Must not know HTTP's messages, routing or what a request is.

mod registry;
mod signal;
mod state;
mod world;

pub use registry::{Full, RegisteredSandbox, SandboxLimits, SandboxRegistry};
pub use signal::Revisions;
pub use state::{Beginning, NotTurned, Origin, SandboxHandover, SandboxState, Turned};
pub use world::{NotCommitted, OutOfRoom, TaskRun, World, tally};

/// The name of the sandbox that is there without being asked for.
pub const DEFAULT: &str = "default";

/// Maximum number of due tasks run by one request or wake-up: the rest are run by the next.
pub const TASKS_AT_ONCE_MAX: usize = 1_000;

/// Number of due tasks run before others get their turn, where no caller waits for all of them at once: a few
/// milliseconds.
pub const TASKS_PER_TURN: usize = 250;

/// The longest name of a sandbox, in bytes: room for the title of a test.
pub const NAME_BYTES_MAX: usize = 128;

/// The rule for names of sandboxes, in words.
pub const NAME_RULE: &str = "1 to 128 letters, digits, `.`, `_`, `~` and `-`";

/// Returns true if a sandbox can have that name: the unreserved characters of RFC 3986, so that it stands in a path and
/// in a
/// header as it is.
pub fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte);
    (1..=NAME_BYTES_MAX).contains(&name.len())
        && name.bytes().all(fits)
        // A browser takes these out of a path.
        && name != "."
        && name != ".."
}
