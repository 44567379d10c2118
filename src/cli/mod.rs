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
mod completions;
mod coverage;
mod curl;
mod entry_line;
mod events;
mod examples;
mod fault;
mod findings;
mod init;
mod journal_out;
mod junit;
mod load;
mod lock;
mod log;
mod mock;
mod persistence;
mod plan;
mod print;
mod ready;
mod reload;
mod reset;
mod routes;
mod save;
mod saved_sandbox;
mod screen;
mod serve;
mod server_address;
mod state_file;
mod state_v1;
mod turn;
mod verify;
mod wait;
mod watch;
mod words;

pub use command::main;
