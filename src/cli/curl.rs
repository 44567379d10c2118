//! Calls as `curl` commands that can be pasted into a shell.
//!
//! Must not know which calls they are.

use std::fmt::Write as _;

use http::Method;

use crate::behavior::ExampleCall;
use crate::documented::SampleCall;
use crate::printable::is_printable;

/// From this column on a command goes on in the next line.
pub(super) const COLUMNS_MAX: usize = 100;

/// Bodies up to here are shown in the line of their operation: it can still be copied, and a shell takes it.
const LINE_BODY_BYTES_MAX: usize = 16 << 10;

/// `curl -i http://127.0.0.1:4010/pets -H … -d …` for a call that is made up, on one line; an `Err` says why it cannot be.
pub(super) fn call_line(call: &SampleCall, origin: &str) -> Result<String, String> {
    if body_of(call).is_some_and(|body| body.len() > LINE_BODY_BYTES_MAX) {
        return Err("the body that it asks for is too long for a line".to_owned());
    }
    Ok(command(call, origin).join(" "))
}

/// The words of a command that makes a call which a file gives.
pub(super) fn curl(call: &ExampleCall, base: &str) -> Vec<String> {
    let call = SampleCall {
        method: call.method.clone(),
        target: call.target.clone(),
        headers: call.headers.clone(),
        body: call.body.as_ref().map(|body| body.to_string().into()),
    };
    command(&call, base)
}

/// The words of a command that makes the call, pasteable into a shell, and that shows status and body.
fn command(call: &SampleCall, base: &str) -> Vec<String> {
    let mut words = Vec::new();
    let body = body_of(call);
    // A shell takes no NUL, and a terminal changes what else it takes for its own when a line is pasted.
    let text = body.and_then(|body| std::str::from_utf8(body).ok());
    let text = text.filter(|text| text.chars().all(is_printable));
    if let Some(body) = body.filter(|_| text.is_none()) {
        words.push(format!("printf %b {} |", quoted(&escaped(body))));
    }
    words.push(if call.method == Method::HEAD { "curl -I" } else { "curl -i" }.to_owned());
    // With a body curl makes it a POST.
    if !matches!((call.method.as_str(), body), ("HEAD", _) | ("GET", None) | ("POST", Some(_))) {
        words.push(format!("-X {}", call.method));
    }
    let path = call.target.split('?').next().unwrap_or_default();
    if path.split('/').any(|segment| matches!(segment, "." | "..")) {
        words.push("--path-as-is".to_owned());
    }
    words.push(quoted(&format!("{base}{}", call.target)));
    words.extend(call.headers.iter().map(|(name, value)| header(name, value)));
    match text {
        // curl would read a file of that name.
        Some(text) if text.starts_with('@') => words.push(format!("--data-raw {}", quoted(text))),
        Some(text) => words.push(format!("-d {}", quoted(text))),
        None if body.is_some() => words.push("--data-binary @-".to_owned()),
        None => {}
    }
    words
}

/// The body that is sent: curl has none with `-I`.
fn body_of(call: &SampleCall) -> Option<&[u8]> {
    call.body.as_deref().filter(|_| call.method != Method::HEAD)
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
    use serde_json::{Value, json};

    use super::*;

    fn example(method: Method, target: &str, body: Option<Value>) -> String {
        let call = ExampleCall {
            operation: 0,
            shows: String::new(),
            expect: http::StatusCode::OK,
            method,
            target: target.to_owned(),
            headers: Vec::new(),
            body,
        };
        curl(&call, "http://h/shop").join(" ")
    }

    #[test]
    fn calls_of_files_are_made_as_those_that_are_made_up() {
        let lines = [
            example(Method::GET, "/a", None),
            example(Method::GET, "/a", Some(json!({}))),
            example(Method::HEAD, "/a", None),
            example(Method::DELETE, "/a/..?b=/../", None),
            example(Method::POST, "/a", None),
            example(Method::POST, "/a", Some(json!("it's"))),
            example(Method::POST, "/a", Some(json!("\u{202e}"))),
        ];
        expect_test::expect![[r#"
            curl -i http://h/shop/a
            curl -i -X GET http://h/shop/a -d '{}'
            curl -I http://h/shop/a
            curl -i -X DELETE --path-as-is 'http://h/shop/a/..?b=/../'
            curl -i -X POST http://h/shop/a
            curl -i http://h/shop/a -d '"it'\''s"'
            printf %b '"\0342\0200\0256"' | curl -i http://h/shop/a --data-binary @-"#]]
        .assert_eq(&lines.join("\n"));
        let body = Some("@file".into());
        let call =
            SampleCall { method: Method::PUT, target: "/".to_owned(), headers: Vec::new(), body };
        assert_eq!(
            call_line(&call, "http://h").unwrap(),
            "curl -i -X PUT http://h/ --data-raw @file"
        );
    }

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
