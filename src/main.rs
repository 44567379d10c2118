//! The `tombstone` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    tombstone::cli::main()
}
