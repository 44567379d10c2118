//! Printing: lines to standard output, messages to standard error, and JSON and counts as text.
//!
//! Must not know what is printed.

use std::io;
use std::io::Write;

use serde_json::Value;

use crate::cli::screen::Screen;
use crate::printable::{printable, printable_json};

/// Prints lines to standard output; a reader that went away is no failure.
pub(super) fn print(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
    let _ = io::stdout().flush();
}

/// Prints one line to standard output; fails when its reader went away.
pub(super) fn print_line(line: &str) -> io::Result<()> {
    let mut screen = Screen::default();
    screen.line(line);
    io::stdout().write_all(screen.into_text().as_bytes())?;
    io::stdout().flush()
}

/// A value as JSON in lines.
pub(super) fn json_lines(value: &Value) -> String {
    let text = format!("{value:#}\n");
    printable_json(&text).into_owned()
}

/// Prints one line to standard error.
#[expect(clippy::print_stderr, reason = "the one place that prints")]
pub(super) fn print_error(text: &str) {
    eprintln!("tombstone: {}", printable(text));
}

/// `1 error`, `2 errors`, `2 sandboxes`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    let ending = match noun {
        _ if count == 1 => "",
        _ if noun.ends_with('x') => "es",
        _ => "s",
    };
    format!("{count} {noun}{ending}")
}
