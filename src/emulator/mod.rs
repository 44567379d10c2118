//! The request path: from a complete request to an answer, through every stage and in one place.
//!
//! Synchronous, without IO, sockets or files. Time comes in as a value. Must not know how bytes travel.

mod answer;
mod build;
mod context;
mod current;
mod decide;
mod due;
mod engine;
mod examples;
mod fault;
mod handle;
mod handover;
mod headers;
mod mount;
mod names;
mod near_misses;
mod overview;
mod pick;
mod provider;
mod reply;
mod route;
mod sent;
mod simulate;
mod unrouted;
mod unserved;
mod write;

pub use build::EmulatorOptions;
pub use current::{Current, EmulatorGuard};
pub use engine::{Emulator, FixtureLoader};
pub use handover::{Handover, HandoverPlan, LEFT_OUT_MAX};
pub use headers::{
    IGNORED_HEADER, REPLAYED_HEADER, REQUEST_ID_HEADER, RESTARTED_HEADER, SANDBOX_HEADER,
    VIOLATIONS_HEADER,
};
pub use mount::refusal as name_refusal;
pub use near_misses::NearMiss;
pub use overview::{GivenBy, OperationOverview, ProviderOverview, ResponseOverview};
pub use provider::Provider;
pub use simulate::Simulation;
pub use unserved::Unserved;
