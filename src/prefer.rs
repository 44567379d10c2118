//! Preferences of a request (RFC 7240): which documented answer is asked for, and whether only to try.
//!
//! Must not know operations. What is not known here is passed over, as section 2 of the RFC asks.

use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;

/// The request header.
pub const PREFER: HeaderName = HeaderName::from_static("prefer");

/// The response header that says which preferences were honoured (RFC 7240 section 3).
pub const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// What a request prefers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preferences {
    /// Answer with the documented response of this status (`code=403`).
    pub code: Option<u16>,
    /// Answer with the documented example of this name (`example=not_yours`).
    pub example: Option<String>,
    /// Answer as the call would be answered, and change nothing (`dry-run`).
    pub dry_run: bool,
}

/// A preference that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is no status for `Prefer: code`: write three digits from 200 to 599")]
pub struct BadCode {
    /// What was sent.
    pub value: String,
}

impl Preferences {
    /// Reads all fields of the header; of a preference that comes twice the first counts.
    pub fn read(headers: &HeaderMap) -> Result<Self, BadCode> {
        let mut preferences = Self::default();
        for field in headers.get_all(&PREFER) {
            let text = String::from_utf8_lossy(field.as_bytes());
            for (name, value) in parts(&text) {
                preferences.add(name, &value)?;
            }
        }
        Ok(preferences)
    }

    fn add(&mut self, name: &str, value: &str) -> Result<(), BadCode> {
        if name.eq_ignore_ascii_case("code") && self.code.is_none() {
            let code = value.parse().ok().filter(|code| (200..600).contains(code));
            let is_status = value.len() == 3 && code.is_some();
            self.code = Some(
                code.filter(|_| is_status).ok_or_else(|| BadCode { value: value.to_owned() })?,
            );
        } else if name.eq_ignore_ascii_case("example") && self.example.is_none() {
            self.example = Some(value.to_owned());
        } else if name.eq_ignore_ascii_case("dry-run") {
            self.dry_run |= !value.eq_ignore_ascii_case("false");
        }
        Ok(())
    }

    /// Whether a documented answer is asked for.
    pub fn forces(&self) -> bool {
        self.code.is_some() || self.example.is_some()
    }

    /// What `Preference-Applied` says when all of them were honoured; `None` where there is none.
    pub fn applied(&self) -> Option<HeaderValue> {
        let code = self.code.map(|code| format!("code={code}"));
        let example = self.example.as_ref().map(|name| {
            if is_token(name) {
                format!("example={name}")
            } else {
                format!("example=\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
            }
        });
        let dry_run = self.dry_run.then(|| "dry-run".to_owned());
        let all: Vec<String> = [code, example, dry_run].into_iter().flatten().collect();
        if all.is_empty() { None } else { HeaderValue::from_bytes(all.join(", ").as_bytes()).ok() }
    }
}

/// `name`, `name=token` and `name="quoted"`, separated by commas; parameters behind `;` are left out.
fn parts(text: &str) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find([',', ';', '=']).unwrap_or(rest.len());
        let name = rest[..end].trim();
        let mut value = String::new();
        rest = &rest[end..];
        if let Some(after) = rest.strip_prefix('=') {
            (value, rest) = word(after.trim_start());
        }
        if !name.is_empty() {
            found.push((name, value));
        }
        // To the next preference, past parameters, whose quoted values may hold commas.
        loop {
            let end = rest.find([',', '"']).unwrap_or(rest.len());
            let is_quote = rest[end..].starts_with('"');
            rest = rest.get(end + 1..).unwrap_or_default();
            if !is_quote {
                break;
            }
            rest = quoted(rest).1;
        }
    }
    found
}

/// A token or a quoted string at the beginning of a text, and what follows it.
fn word(text: &str) -> (String, &str) {
    match text.strip_prefix('"') {
        Some(inner) => quoted(inner),
        None => {
            let end = text.find([',', ';']).unwrap_or(text.len());
            (text[..end].trim().to_owned(), &text[end..])
        }
    }
}

/// What stands up to the closing quote, and what follows it (RFC 9110 section 5.6.4).
fn quoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

fn is_token(text: &str) -> bool {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    !text.is_empty() && text.chars().all(is_token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[&str]) -> Result<Preferences, BadCode> {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(PREFER, HeaderValue::from_str(field).unwrap());
        }
        Preferences::read(&headers)
    }

    #[test]
    fn preferences_are_read_in_every_form() {
        let of = |code: u16, example: &str, dry_run| Preferences {
            code: (code > 0).then_some(code),
            example: (!example.is_empty()).then(|| example.to_owned()),
            dry_run,
        };
        for (fields, expected) in [
            (vec!["code=403"], of(403, "", false)),
            (vec!["Code = 403 , example=no_token"], of(403, "no_token", false)),
            (vec![r#"example="a, \"b\"; c", dry-run"#], of(0, r#"a, "b"; c"#, true)),
            (vec!["code=404", "code=403"], of(404, "", false)),
            (vec![r#"respond-async; x="1,code=5", wait=10, code=404"#], of(404, "", false)),
            (vec!["dry-run=false"], of(0, "", false)),
            (vec![", ,;=,\""], of(0, "", false)),
            (vec![], of(0, "", false)),
        ] {
            assert_eq!(read(&fields), Ok(expected), "{fields:?}");
        }
    }

    #[test]
    fn a_code_that_is_none_is_told() {
        for code in ["", "40", "4040", "4XX", "100", "600", "+40"] {
            let error = read(&[&format!("code={code}")]).unwrap_err();
            assert_eq!(error.value, code);
        }
        let text = read(&["code=4XX"]).unwrap_err().to_string();
        expect_test::expect![
            "`4XX` is no status for `Prefer: code`: write three digits from 200 to 599"
        ]
        .assert_eq(&text);
    }

    #[test]
    fn what_was_applied_can_be_read_back() {
        for field in ["code=403, example=x, dry-run", r#"example="a \"b\" \\ c""#] {
            let preferences = read(&[field]).unwrap();
            let applied = preferences.applied().unwrap();
            assert_eq!(read(&[applied.to_str().unwrap()]), Ok(preferences));
        }
        assert_eq!(Preferences::default().applied(), None);
    }
}
