//! Integration tests: one binary, so that the library is linked once.
//!
//! - what they stand on: `support` (a server on a port, a client that sends exact bytes), `harness` (a sandbox in process)
//! - requests and answers: `requests` (in `requests/`: `bodies`, `paths`, `routes`, `pages`, `failures`, `concurrency`,
//!   `fuzz`), `answers`, `paths`, `references`, `preferences`, `faults`, `conformance` (the
//!   vendors' pages), `replay` (the same calls give the same bytes)
//! - behavior and state: `language`, `language_page`, `life_cycles`, `records`, `time`, `undo`, `sandboxes`, `linearizable`, `journal`, `verification`, `blast_radius`, `state_export`,
//!   `persistence`
//! - documents: `infer` (state from a contract alone), `contracts` (of other people), `documents`, `findings`, `depth`, `mock`, `printed`, `versions`
//!   (the same document in each), `watch`
//! - the program: `cli` (in `cli/`: `usage`, `files` for `check`, `routes`, `banner`, `options`, `running`, `ending`), `config`, `log`, `scripting`, `embedded`
//! - the wire: `http1`, `protocols` (HTTP/2, TLS), `safety` (what a page of another origin can do), `admin`, `page`

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
#![expect(clippy::needless_pass_by_value, reason = "an expectation is written where it is used up")]

mod admin;
mod answers;
mod blast_radius;
mod cli;
mod config;
mod conformance;
mod contracts;
mod depth;
mod documents;
mod embedded;
mod faults;
mod findings;
mod harness;
mod http1;
mod infer;
mod journal;
mod language;
mod language_page;
mod life_cycles;
mod linearizable;
mod log;
mod mock;
mod page;
mod paths;
mod persistence;
mod preferences;
mod printed;
mod protocols;
mod records;
mod references;
mod replay;
mod requests;
mod safety;
mod sandboxes;
mod scripting;
mod state_export;
mod support;
mod time;
mod undo;
mod verification;
mod versions;
mod watch;
