//! What is printed for people, line by line.
//!
//! A line is one line whatever is in it: documents, records and other servers say what is printed, and a line of their
//! own could be a command to a CI system. Must not know what it says.

use std::fmt::Display;

use crate::cli::colors;
use crate::printable::push_printable;

/// Lines, which have no control characters but those of [`super::colors::Colors`].
#[derive(Debug, Default)]
pub(super) struct Screen {
    text: String,
}

impl Screen {
    /// Adds one line.
    pub(super) fn line(&mut self, line: impl Display) {
        let line = line.to_string();
        let mut rest = &*line;
        while let Some(at) = rest.find('\u{1b}') {
            push_printable(&mut self.text, &rest[..at]);
            let code = colors::code_at(&rest[at..]).unwrap_or("");
            self.text.push_str(code);
            rest = &rest[at + code.len()..];
            if code.is_empty() {
                push_printable(&mut self.text, "\u{1b}");
                rest = &rest[1..];
            }
        }
        push_printable(&mut self.text, rest);
        self.text.push('\n');
    }

    /// Adds an empty line.
    pub(super) fn blank(&mut self) {
        self.text.push('\n');
    }

    /// All lines.
    pub(super) fn into_text(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line() {
        let mut screen = Screen::default();
        screen.line("a\n::error::b\u{1b}[2J");
        screen.blank();
        screen.line("\u{1b}[1mbold\u{1b}[0m \u{1b}");
        let text = screen.into_text();
        assert_eq!(text, "a\\u{a}::error::b\\u{1b}[2J\n\n\u{1b}[1mbold\u{1b}[0m \\u{1b}\n");
    }
}
