//! Calls as `curl` commands that can be pasted into a shell.
//!
//! Must not know which calls they are.

use std::fmt::Write as _;

use crate::behavior::ExampleCall;
use crate::documented::SampleCall;
use crate::printable::is_printable;

/// From this column on a command goes on in the next line.
pub(super) const COLUMNS_MAX: usize = 100;

/// Bodies up to here are shown in the line of their operation: it can still be copied, and a shell takes it.
const LINE_BODY_BYTES_MAX: usize = 16 << 10;

/// `curl -i -X POST http://127.0.0.1:4010/pets -H … --data-raw …`, on one line; an `Err` says why it cannot be.
pub(super) fn call_line(call: &SampleCall, origin: &str) -> Result<String, String> {
    let body = call.body.as_deref().filter(|_| call.method != "HEAD");
    if body.is_some_and(|body| body.len() > LINE_BODY_BYTES_MAX) {
        return Err("the body that it asks for is too long for a line".to_owned());
    }
    let mut words = vec!["curl -i".to_owned()];
    match call.method.as_str() {
        "HEAD" => words = vec!["curl -I".to_owned()],
        // With a body it would be a `POST`.
        "GET" if body.is_none() => {}
        "POST" if body.is_some() => {}
        method => words.push(format!("-X {method}")),
    }
    let path = call.target.split('?').next().unwrap_or_default();
    if path.split('/').any(|segment| matches!(segment, "." | "..")) {
        words.push("--path-as-is".to_owned());
    }
    words.push(quoted(&format!("{origin}{}", call.target)));
    words.extend(call.headers.iter().map(|(name, value)| header(name, value)));
    let Some(body) = body else { return Ok(words.join(" ")) };
    // A shell takes no NUL, and a terminal changes what else it takes for its own when a line is pasted.
    match std::str::from_utf8(body) {
        Ok(text) if text.chars().all(is_printable) => {
            words.push(format!("--data-raw {}", quoted(text)));
            Ok(words.join(" "))
        }
        _ => {
            words.push("--data-binary @-".to_owned());
            Ok(format!("printf %b {} | {}", quoted(&escaped(body)), words.join(" ")))
        }
    }
}

/// `-H` and a header. One that is empty ends with a semicolon, or curl would not send it.
fn header(name: &str, value: &str) -> String {
    let line = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
    format!("-H {}", quoted(&line))
}

/// Bytes as the `%b` of `printf` reads them (POSIX).
fn escaped(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' => text.push_str("\\\\"),
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                '\t' => text.push_str("\\t"),
                other if !is_printable(other) => {
                    let mut buffer = [0; 4];
                    let bytes = other.encode_utf8(&mut buffer).bytes();
                    bytes.for_each(|byte| push_octal(&mut text, byte));
                }
                character => text.push(character),
            }
        }
        chunk.invalid().iter().for_each(|byte| push_octal(&mut text, *byte));
    }
    text
}

fn push_octal(text: &mut String, byte: u8) {
    let _ = write!(text, "\\0{byte:03o}");
}

/// The words of a command that makes the call, pasteable into a shell, and that shows status and body.
pub(super) fn curl(call: &ExampleCall, base: &str) -> Vec<String> {
    let mut words = vec!["curl -i".to_owned()];
    // `-d` makes it a POST.
    let (method, has_body) = (call.method.as_str(), call.body.is_some());
    if !matches!((method, has_body), ("GET", false) | ("POST", true)) {
        words.push(format!("-X {method}"));
    }
    words.push(quoted(&format!("{base}{}", call.target)));
    for (name, value) in &call.headers {
        words.push(header(name, value));
    }
    if let Some(body) = &call.body {
        words.push(format!("-d {}", quoted(&body.to_string())));
    }
    words
}

/// The words on as many lines as they need, each but the last ending so that a shell reads on.
pub(super) fn wrapped(words: &[String]) -> Vec<String> {
    let mut lines = vec![String::from("   ")];
    let mut column = 4;
    for (index, word) in words.iter().enumerate() {
        let width = word.chars().count() + 1;
        let line = lines.last_mut().expect("there is a first line");
        if index > 0 && column + width > COLUMNS_MAX {
            line.push_str(" \\");
            lines.push(format!("      {word}"));
            column = 6;
        } else {
            line.push(' ');
            line.push_str(word);
        }
        column += width;
    }
    lines
}

/// A word that a POSIX shell takes as it is.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_quoted_words_as_they_are() {
        for word in
            ["plain", "", "it's", "a b", "$HOME `x` \\", "{\"a\":\"é\"}", "*?[a]", "~", "#", "!"]
        {
            let shell = std::process::Command::new("sh")
                .args(["-c", &format!("printf %s {}", quoted(word))])
                .output();
            assert_eq!(String::from_utf8(shell.unwrap().stdout).unwrap(), word);
        }
    }
}
