//! Colours, where a person looks and wants them.
//!
//! Must not know what it paints.

use std::io::IsTerminal;

/// Paints text, or leaves it as it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Colors {
    colour: bool,
}

impl Colors {
    /// Colours if `stream` is a terminal and `NO_COLOR` (no-color.org) is not set.
    pub(super) fn of(stream: &impl IsTerminal) -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { colour: stream.is_terminal() && !unwanted }
    }

    pub(super) fn has_colour(self) -> bool {
        self.colour
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.colors("1", text)
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.colors("2", text)
    }

    /// A status in the colour of its class, as the log has it; `padded` is what is printed of it.
    pub(super) fn status(self, status: &str, padded: &str) -> String {
        let code = match status.as_bytes().first() {
            Some(b'2') => "32",
            Some(b'4') => "33",
            Some(b'5') => "31",
            _ => "36",
        };
        self.colors(code, padded)
    }

    /// What became of records, in a colour of its own; `kind` as the admin API has it.
    pub(super) fn effect(self, kind: &str, text: &str) -> String {
        let code = match kind {
            "deleted" => "31",
            "created" => "32",
            "updated" => "33",
            _ => "36",
        };
        self.colors(code, text)
    }

    fn colors(self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// The code of ours that a text begins with.
pub(super) fn code_at(text: &str) -> Option<&str> {
    const CODES: [&str; 7] = ["0", "1", "2", "31", "32", "33", "36"];
    let (code, _) = text.strip_prefix("\x1b[")?.split_once('m')?;
    CODES.contains(&code).then(|| &text[..code.len() + 3])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_colours_are_added() {
        let colors = Colors { colour: true };
        let painted = [colors.bold("a"), colors.dim("b"), colors.status("404", "404 ")].concat();
        expect_test::expect!["ESC[1maESC[0mESC[2mbESC[0mESC[33m404 ESC[0m"]
            .assert_eq(&painted.replace('\x1b', "ESC"));
        let plain = Colors { colour: false };
        assert_eq!([plain.bold("a"), plain.status("200", "b")].concat(), "ab");
    }
}
