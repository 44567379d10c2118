//! YAML text with faults that other readers pass over, mended until the parser takes it too.
//!
//! Owns which faults are mended, and how. Must not know what the text says.

use serde_yaml::granit_parser::{BufferedInput, ErrorKind, Scanner, TokenType};

use super::reading;
use super::reading::ReadingNotes;

/// Characters that are scanned again because of faults: a second's work. It takes hundreds of faults in one flow
/// collection to come to more, and then the text is refused for the first of them.
const RESCANNED_MAX: usize = 16 << 20;
/// Bytes that a text may grow by, most of them spaces: no line needs more of these than its key's column.
const GROWTH_MAX: usize = 16 << 20;

/// Mends every fault that leaves no doubt about what was meant, and notes each. Lines keep their numbers. `None` if
/// there is no such fault, if there is another one, or if there are too many.
pub(super) fn mend(text: &str, notes: &mut ReadingNotes) -> Option<String> {
    let mut mending = Mending { done: String::new(), window: String::new(), rest: text, line: 1 };
    let mut scanned = 0;
    let mut is_mended = false;
    while let Some(fault) = mending.scan() {
        scanned += fault.scanned;
        if scanned > text.len() + RESCANNED_MAX || mending.len() > text.len() + GROWTH_MAX {
            return None;
        }
        let (message, hint) = words(&fault.kind)?;
        mending.mend(&fault)?;
        notes.warn(fault.line, message.to_owned(), hint);
        is_mended = true;
    }
    is_mended.then(|| mending.done + &mending.window + mending.rest)
}

/// A text of which the beginning is mended, in three parts that follow one another.
struct Mending<'t> {
    /// What needs no further look.
    done: String,
    /// The mended text, from the last line on at which the scanner can begin anew.
    window: String,
    /// The text as it was written.
    rest: &'t str,
    /// The line that the window begins at.
    line: u32,
}

/// The position where the scanner stopped.
struct ScanFault {
    kind: ErrorKind,
    line: u32,
    /// Characters that were scanned to get there.
    scanned: usize,
    /// Where the last token ended that was told, in characters; some after it may be known to the scanner alone.
    told: usize,
    /// Flow collections that it is in, by the tokens that were told.
    depth: usize,
    /// The last line at which the scanner can begin anew: the characters and lines before it.
    restart: (usize, usize),
}

impl Mending<'_> {
    fn len(&self) -> usize {
        self.done.len() + self.window.len() + self.rest.len()
    }

    /// Scans to the next fault of the first document, which is the only one that is read.
    fn scan(&self) -> Option<ScanFault> {
        let characters = self.window.chars().chain(self.rest.chars());
        let mut scanner = Scanner::with_options(BufferedInput::new(characters), reading::options());
        let mut is_begun = !self.done.is_empty();
        let (mut told, mut told_line, mut depth, mut restart) = (0, 0, 0_usize, (0, 0));
        let error = loop {
            let (span, token) = match scanner.next()? {
                Ok(token) => token.into_parts(),
                Err(error) => break error,
            };
            match token {
                TokenType::DocumentEnd => return None,
                TokenType::DocumentStart if is_begun => return None,
                // These have no text of their own.
                TokenType::BlockMappingStart
                | TokenType::BlockSequenceStart
                | TokenType::BlockEnd => continue,
                TokenType::FlowSequenceStart | TokenType::FlowMappingStart => depth += 1,
                TokenType::FlowSequenceEnd | TokenType::FlowMappingEnd => {
                    depth = depth.saturating_sub(1);
                }
                // What the scanner carries into such a line is how deep the blocks around it are; of these only the
                // innermost matters, and the line itself tells of that.
                TokenType::Key | TokenType::BlockEntry
                    if depth == 0 && span.start.line() > told_line =>
                {
                    is_begun = true;
                    restart = (span.start.index() - span.start.col(), span.start.line() - 1);
                }
                _ => {}
            }
            (told, told_line) = (span.end.index(), span.end.line());
        };
        let marker = error.marker();
        let line = self.line + lines(marker.line().saturating_sub(1));
        let kind = error.kind().clone();
        Some(ScanFault { kind, line, scanned: marker.index(), told, depth, restart })
    }

    /// Mends one fault and whatever else is wrong with the same token. Something of the rest is taken each time, so that
    /// there is an end to it.
    fn mend(&mut self, fault: &ScanFault) -> Option<()> {
        if fault.scanned < self.window.chars().count() {
            // Mending did not help.
            return None;
        }
        self.extend_to(fault.scanned);
        let next = self.rest.chars().next()?;
        let (characters, lines_before) = fault.restart;
        let restart = byte_offset(&self.window, characters);
        let told = byte_offset(&self.window, fault.told).saturating_sub(restart);
        self.done.extend(self.window.drain(..restart));
        self.line += lines(lines_before);
        match fault.kind {
            ErrorKind::InvalidQuotedScalarIndent
            | ErrorKind::TabInIndentation
            | ErrorKind::MissingLowSurrogate
            | ErrorKind::InvalidLowSurrogate
            | ErrorKind::UnpairedLowSurrogate => self.mend_quoted(told)?,
            ErrorKind::TabInBlockIndentation if fault.depth + self.unread(told).depth > 0 => {
                self.mend_tabs();
            }
            ErrorKind::CommentNotSeparated => self.replace(1, " #"),
            ErrorKind::InvalidBlockScalarIndent if next == '#' => {
                self.replace(self.rest.find(is_break).unwrap_or(self.rest.len()), "");
            }
            ErrorKind::FlowMappingValueAdjacentCollection => self.replace(1, ": "),
            ErrorKind::BomInsideDocument => self.replace(next.len_utf8(), ""),
            ErrorKind::UnexpectedCharacter { .. } => self.replace(next.len_utf8(), "\u{fffd}"),
            ErrorKind::InvalidDocumentEnd => self.replace(self.rest.len(), ""),
            _ => return None,
        }
        Some(())
    }

    /// Takes so much of the rest that the window has so many characters.
    fn extend_to(&mut self, characters: usize) {
        let missing = characters.saturating_sub(self.window.chars().count());
        self.take(byte_offset(self.rest, missing));
    }

    /// Takes so many bytes of the rest as they are.
    fn take(&mut self, bytes: usize) {
        let (taken, rest) = self.rest.split_at(bytes);
        self.window.push_str(taken);
        self.rest = rest;
    }

    /// Leaves so many bytes of the rest out, and has something else instead.
    fn replace(&mut self, bytes: usize, with: &str) {
        self.window.push_str(with);
        self.rest = &self.rest[bytes..];
    }

    /// Takes a quoted text that began and has not ended, or begins here, with each of its lines far enough to the right,
    /// and without halves of surrogate pairs.
    fn mend_quoted(&mut self, told: usize) -> Option<()> {
        let start = self.unread(told).quote.unwrap_or(self.window.len());
        let length = quoted_length(self.window[start..].chars().chain(self.rest.chars()))?;
        let taken = (start + length).checked_sub(self.window.len()).filter(|taken| *taken > 0)?;
        self.take(taken);
        let text = self.window.split_off(start);
        let line = &self.window[self.window.rfind(is_break).map_or(0, |at| at + 1)..];
        let indent = " ".repeat(entry_column(line) + 1);
        let mut mended = String::with_capacity(text.len());
        for (number, line) in text.split_inclusive(is_break).enumerate() {
            let written = line.trim_start_matches(is_blank);
            let blanks = &line[..line.len() - written.len()];
            // What is before the text of a line, or all of a line, is none of the value.
            let is_right = number == 0 || !blanks.contains('\t') && blanks.len() >= indent.len();
            match written.trim_end().is_empty() {
                true => {}
                false if is_right => mended.push_str(blanks),
                false => mended.push_str(&indent),
            }
            mended.push_str(written);
        }
        self.window.push_str(&if text.starts_with('"') { whole_pairs(&mended) } else { mended });
        Some(())
    }

    /// Replaces tabs by spaces at the beginning of the line that the rest is in, and of the following lines that have
    /// them.
    fn mend_tabs(&mut self) {
        let begin = self.window.trim_end_matches(is_blank).len();
        let blanks = self.window.split_off(begin).replace('\t', " ");
        self.window.push_str(&blanks);
        loop {
            self.take(self.rest.find('\n').map_or(self.rest.len(), |at| at + 1));
            let blanks = self.rest.len() - self.rest.trim_start_matches(is_blank).len();
            if !self.rest[..blanks].contains('\t') {
                return;
            }
            self.replace(blanks, &" ".repeat(blanks));
        }
    }

    /// The part of the window after the last token that was reported.
    fn unread(&self, told: usize) -> ScanState {
        let mut unread = ScanState::default();
        let mut rest = &self.window[told.min(self.window.len())..];
        let mut before = ' ';
        while let Some(letter) = rest.chars().next() {
            // Elsewhere these are letters of a plain text.
            let is_first = before.is_whitespace() || "[{,:".contains(before);
            let length = match letter {
                '\'' | '"' if is_first => match quoted_length(rest.chars()) {
                    Some(length) => length,
                    None => {
                        unread.quote = Some(self.window.len() - rest.len());
                        return unread;
                    }
                },
                '#' if before.is_whitespace() => rest.find(is_break).unwrap_or(rest.len()),
                '[' | '{' if is_first => {
                    unread.depth += 1;
                    1
                }
                ']' | '}' => {
                    unread.depth = unread.depth.saturating_sub(1);
                    1
                }
                letter => letter.len_utf8(),
            };
            before = letter;
            rest = &rest[length..];
        }
        unread
    }
}

/// The problem, and how to fix it.
fn words(kind: &ErrorKind) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        ErrorKind::InvalidQuotedScalarIndent => (
            "a line of a quoted text is indented no deeper than its key",
            "indent it; it is read as part of the text",
        ),
        ErrorKind::TabInIndentation => (
            "a line of a quoted text is indented with a tab",
            "indent it with spaces; it is read as part of the text",
        ),
        ErrorKind::MissingLowSurrogate
        | ErrorKind::InvalidLowSurrogate
        | ErrorKind::UnpairedLowSurrogate => (
            "half of a surrogate pair is not a character; it is read as U+FFFD",
            "write both halves, or the character itself",
        ),
        ErrorKind::TabInBlockIndentation => {
            ("a line is indented with a tab", "indent it with spaces")
        }
        ErrorKind::CommentNotSeparated => {
            ("a comment follows without a space", "put a space before its `#`")
        }
        ErrorKind::InvalidBlockScalarIndent => (
            "a comment is indented less than the empty lines before it; it is passed over",
            "indent it as the key above is",
        ),
        ErrorKind::FlowMappingValueAdjacentCollection => {
            ("a value follows its key without a space", "put a space after the `:`")
        }
        ErrorKind::BomInsideDocument => {
            ("a byte order mark is inside the document; it is passed over", "remove it")
        }
        ErrorKind::UnexpectedCharacter { character } if !character.is_ascii_graphic() => (
            "a control character is not allowed in YAML; it is read as U+FFFD",
            "remove it, or escape it in double quotes",
        ),
        ErrorKind::InvalidDocumentEnd => {
            ("text after the end of the document is not read", "remove it")
        }
        _ => return None,
    })
}

/// The state of the scanner after its last token.
#[derive(Default)]
struct ScanState {
    /// Start of a quoted text that does not end.
    quote: Option<usize>,
    /// Flow collections that begin.
    depth: usize,
}

fn is_blank(letter: char) -> bool {
    matches!(letter, ' ' | '\t')
}

fn is_break(letter: char) -> bool {
    matches!(letter, '\n' | '\r')
}

fn lines(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn byte_offset(text: &str, characters: usize) -> usize {
    text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at)
}

/// The bytes of a quoted text, both quotes among them. `None` if it does not end in its document.
fn quoted_length(mut letters: impl Iterator<Item = char>) -> Option<usize> {
    let quote = letters.next()?;
    let mut length = quote.len_utf8();
    let mut letters = letters.peekable();
    // Dots or dashes that a line begins with: three alone are the end of the document.
    let mut marks = None;
    while let Some(letter) = letters.next() {
        if marks == Some(3) && letter.is_whitespace() {
            return None;
        }
        length += letter.len_utf8();
        if letter == quote {
            match quote {
                '\'' if letters.next_if_eq(&'\'').is_some() => length += 1,
                _ => return Some(length),
            }
        } else if letter == '\\' && quote == '"' {
            length += letters.next()?.len_utf8();
        }
        marks = match letter {
            '\n' | '\r' => Some(0),
            '-' | '.' => marks.map(|marks| marks + 1),
            _ => None,
        };
    }
    None
}

/// The column of the block entry that is innermost where a line has come to.
fn entry_column(line: &str) -> usize {
    let mut rest = line.trim_start_matches(is_blank);
    while let Some(after) =
        rest.strip_prefix(['-', '?', ':']).filter(|after| after.starts_with(is_blank))
    {
        rest = after.trim_start_matches(is_blank);
    }
    line.chars().count() - rest.chars().count()
}

/// A text in double quotes with U+FFFD for each escaped half of a surrogate pair that has no other half.
fn whole_pairs(text: &str) -> String {
    let code = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u32::from_str_radix(digits, 16).ok()
    };
    let mut whole = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        let length = match (letter, code(at), code(at + 6)) {
            (_, Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (_, Some(0xd800..=0xdfff), _) => {
                whole.push_str("\\ufffd");
                at += 6;
                continue;
            }
            ('\\', ..) => 1 + text[at + 1..].chars().next().map_or(0, char::len_utf8),
            (letter, ..) => letter.len_utf8(),
        };
        whole.push_str(&text[at..at + length]);
        at += length;
    }
    whole
}
