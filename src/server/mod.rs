//! The server: a socket, its connections, limits and time limits, the request log, and shutting down.
//!
//! Must not know rules or stores: it hands complete requests to the emulator or the admin API and sends what they say.

mod bind;
mod connection;
mod delivery;
mod limits;
pub mod log;
mod registry;
mod request;
mod room;
mod running;
mod serving;
mod shared;
#[cfg(test)]
mod tests;
mod timer;
pub mod tls;
mod wire;

pub use crate::message::BODY_BYTES_MAX;
pub use bind::{BindError, origin};
pub use delivery::TRICKLE_WAIT_MAX;
pub use limits::{
    ANSWERS_BYTES_MAX, BODIES_BYTES_MAX, BODY_WAIT_MAX, CONNECTION_STREAMS_MAX, CONNECTIONS_MAX,
    DRAIN_BYTES_MAX, HEAD_BYTES_MAX, HEAD_WAIT_MAX, SHUTDOWN_WAIT_MAX, STREAMS_MAX, ServerLimits,
};
pub use running::{Running, StartError};
pub use serving::{Server, Setup};
