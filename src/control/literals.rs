//! String literals in JSON text, found without reading all of it: a journal keeps the beginnings of large bodies.
//!
//! Must not know which of them matter.

use std::borrow::Cow;

/// What stands in place of what is secret.
pub(super) const REDACTED: &str = "[REDACTED]";

/// The text with the literals blanked for which `is_secret` holds, asked with the name of the member that each is the
/// value of (empty where it is none's) and its value; and what those were.
pub(super) fn blank(
    text: &str,
    is_secret: impl Fn(&str, &str) -> bool,
) -> (Cow<'_, str>, Vec<String>) {
    let (mut out, mut found) = (String::new(), Vec::new());
    let mut copied = 0;
    let mut name: Option<Cow<'_, str>> = None;
    let mut from = 0;
    while let Some((start, end)) = next_literal(text, from) {
        let value = decoded(&text[start..end]);
        let is_name = text[end..].trim_start_matches(['"', ' ', '\t', '\r', '\n']).starts_with(':')
            && text[end..].starts_with('"');
        if is_name {
            name = Some(value);
        } else {
            if is_secret(name.as_deref().unwrap_or_default(), &value) {
                out.push_str(&text[copied..start]);
                out.push_str(REDACTED);
                copied = end;
                found.push(value.into_owned());
            }
            name = None;
        }
        from = (end + 1).min(text.len());
    }
    if copied == 0 {
        return (Cow::Borrowed(text), found);
    }
    out.push_str(&text[copied..]);
    (Cow::Owned(out), found)
}

/// Where the next literal is, without its quotes; it may lack its end.
fn next_literal(text: &str, from: usize) -> Option<(usize, usize)> {
    let start = from + text.get(from..)?.find('"')? + 1;
    let mut is_escaped = false;
    for (length, byte) in text[start..].bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return Some((start, start + length)),
            _ => {}
        }
    }
    Some((start, text.len()))
}

fn decoded(literal: &str) -> Cow<'_, str> {
    if !literal.contains('\\') {
        return Cow::Borrowed(literal);
    }
    serde_json::from_str(&format!("\"{literal}\"")).map_or(Cow::Borrowed(literal), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_found_in_whole_and_in_cut_text() {
        let secret = |name: &str, value: &str| name == "token" || value == "me";
        for (text, expected, found) in [
            (r#"{"token": "a\"b", "x": "me"}"#, r#"{"token": "[REDACTED]", "x": "[REDACTED]"}"#, 2),
            (r#"["token","m\u0065","you"]"#, r#"["token","[REDACTED]","you"]"#, 1),
            (r#"{"x":{"token":"cu"#, r#"{"x":{"token":"[REDACTED]"#, 1),
            (r#"{"token""#, r#"{"token""#, 0),
            (r#"{"token" : 5, "a":"b"}"#, r#"{"token" : 5, "a":"b"}"#, 0),
            ("no \" literal \\", "no \" literal \\", 0),
            ("", "", 0),
        ] {
            let (blanked, values) = blank(text, secret);
            assert_eq!((&*blanked, values.len()), (expected, found), "{text}");
        }
    }
}
