//! The command line: what can be asked for, and what is printed for it.
//!
//! Only this module prints. Must not know rules or stores.

mod args;
mod atomic_file;
mod banner;
mod check;
mod client;
mod colors;
mod command;
mod coverage;
mod findings;
mod journal_out;
mod junit;
mod load;
mod lock;
mod mock;
mod persistence;
mod print;
mod ready;
mod reload;
mod reset;
mod routes;
mod saved_sandbox;
mod screen;
mod serve;
mod server_address;
mod state_file;
mod state_v1;
mod verify;
mod wait;
mod watch;

pub use command::main;
