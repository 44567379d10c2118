//! Text as a terminal or a line of a log may have it: without what steers a terminal, breaks the line, or changes how
//! it reads.
//!
//! Owns which characters these are. Must not know where the text goes.

use std::borrow::Cow;

/// Returns true if a character is shown as itself: no control character, line separator, mark of direction or other
/// character
/// without a width of its own (the general categories Cc, Zl, Zp and most of Cf).
pub(crate) fn is_printable(character: char) -> bool {
    if character.is_ascii() {
        return !character.is_ascii_control();
    }
    !matches!(
        character,
        '\u{80}'..='\u{9f}'
            | '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// Adds a text with everything else as `\u{1b}`.
pub(crate) fn push_printable(text: &mut String, what: &str) {
    if what.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        text.push_str(what);
        return;
    }
    for character in what.chars() {
        if is_printable(character) {
            text.push(character);
        } else {
            text.extend(character.escape_unicode());
        }
    }
}

/// A text with everything else as `\u{1b}`.
pub(crate) fn printable(what: &str) -> Cow<'_, str> {
    if what.chars().all(is_printable) {
        return Cow::Borrowed(what);
    }
    let mut text = String::with_capacity(what.len());
    push_printable(&mut text, what);
    Cow::Owned(text)
}

/// A text of at most so many characters, or its start and `…`.
pub(crate) fn shortened(text: &str, characters_max: usize) -> Cow<'_, str> {
    match text.char_indices().nth(characters_max) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

/// The start of a text in at most so many bytes.
pub(crate) fn start_of(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The start of a text of any length, as a message quotes it.
pub(crate) fn shown(what: &str, characters_max: usize) -> String {
    printable(&shortened(what, characters_max)).into_owned()
}

/// A JSON text, which may have lines, with everything else escaped as JSON has it (RFC 8259 section 7). Such characters
/// are nowhere but in its strings.
pub(crate) fn printable_json(json: &str) -> Cow<'_, str> {
    let is_plain = |character: char| character == '\n' || is_printable(character);
    if json.chars().all(is_plain) {
        return Cow::Borrowed(json);
    }
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if is_plain(character) {
            text.push(character);
        } else {
            push_json_escape(&mut text, character);
        }
    }
    Cow::Owned(text)
}

/// Adds a character as `\u001b`, one outside of the first plane as two.
pub(crate) fn push_json_escape(text: &mut String, character: char) {
    use std::fmt::Write as _;

    for unit in character.encode_utf16(&mut [0; 2]) {
        let _ = write!(text, "\\u{unit:04x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_one_line_and_steers_nothing() {
        for text in ["", "plain", "Größe × 2 — „groß“ 日本語 🎉", "~ `x` \\u{1b}"] {
            assert_eq!(printable(text), text);
        }
        let text = "a\r\n::error::b\t\u{1b}[2J\u{9b}1m\u{202e}c\u{2028}d\u{7f}";
        let shown = r"a\u{d}\u{a}::error::b\u{9}\u{1b}[2J\u{9b}1m\u{202e}c\u{2028}d\u{7f}";
        assert_eq!(printable(text), shown);
    }

    #[test]
    fn json_stays_the_same_value() {
        let value = serde_json::json!({ "a\u{9b}": ["\u{7f}\u{202e}\u{e0001}é", "\n\u{1b}"] });
        let text = format!("{value:#}");
        let shown = printable_json(&text);
        assert!(shown.chars().all(|character| character == '\n' || is_printable(character)));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }

    #[test]
    fn the_start_of_a_text_is_shown() {
        assert_eq!(shown("äbc", 3), "äbc");
        assert_eq!(shown("äbcd", 3), "äbc…");
        assert_eq!(shown("\u{1b}[2J", 2), "\\u{1b}[…");
        assert_eq!((start_of("aä", 2), start_of("aä", 3), start_of("", 3)), ("a", "aä", ""));
    }
}
