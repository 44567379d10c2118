//! The admin API under `/__admin`: what one can see and do beside the emulated calls, as JSON, and the page that shows it.
//!
//! Must not know rules or the store's insides, nor sockets. Nothing here is on the way of an emulated request.

mod content;
mod contract;
mod did;
mod extract;
mod faults;
mod guard;
mod journal;
mod options;
mod page;
mod proof;
mod records;
mod refusal;
mod routes;
mod sandboxes;
mod server;
mod service;
mod stream;
mod time;

pub use content::AdminBody;
pub use options::{AdminOptions, ROOT};
pub use page::PAGE;
pub use service::{Admin, STATE_BYTES_MAX};
