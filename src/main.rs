//! The `tombstone` program.

fn main() {}
