//! Preferences of a request (RFC 7240): which documented answer is asked for, and whether only to try.
//!
//! They can also stand in the query (`?__code=404`); those about the answer count there where there is no header. What
//! is not known here is passed over, as section 2 of the RFC asks, but noted where it is nearly something that is. Must
//! not know operations.

mod doubt;

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

pub use doubt::{Doubt, of_headers};

use crate::clock::parse_duration_ms;
use crate::message::is_token;

/// The request header.
pub const PREFER: HeaderName = HeaderName::from_static("prefer");

/// The response header that says which preferences were honoured (RFC 7240 section 3).
pub const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// Longest time that an answer can be held back: past it no client waits.
const WAIT_MAX: Duration = Duration::from_secs(600);

/// Preferences of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preferences {
    /// Answer with the documented response of this status (`code=403`).
    pub code: Option<u16>,
    /// Answer with the documented example of this name (`example=not_yours`).
    pub example: Option<String>,
    /// Whether to make the body up from its schema, passing over examples (`dynamic=true`).
    pub dynamic: Option<bool>,
    /// Seed of made-up values (`seed=abc`).
    pub seed: Option<String>,
    /// Answer as the call would be answered, and change nothing (`dry-run`).
    pub dry_run: bool,
    /// How long the answer is to be held back (`wait=2s`). Without a unit it is what RFC 7240 section 4.3 has: how long the
    /// client waits at most, which asks for nothing.
    pub wait: Option<Duration>,
    /// The first name that is nearly one of these and is none.
    pub doubt: Option<Doubt>,
}

/// A preference that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPreference {
    /// The code is none.
    #[error(
        "`{value}` is not a valid status for `Prefer: code`: write three digits from 200 to 599"
    )]
    Code {
        /// The value that was sent.
        value: String,
    },
    /// The switch is neither on nor off.
    #[error("`{value}` is nothing for `Prefer: dynamic`: write `true` or `false`")]
    Dynamic {
        /// The value that was sent.
        value: String,
    },
    /// The time is none, or too long.
    #[error(
        "`{value}` is nothing for `Prefer: wait`: write a time such as `500ms` or `2s`, up to `10m`"
    )]
    Wait {
        /// The value that was sent.
        value: String,
    },
    /// Whether to change anything is left open.
    #[error("`{value}` is nothing for `Prefer: dry-run`: write `dry-run` alone, `true` or `false`")]
    DryRun {
        /// The value that was sent.
        value: String,
    },
}

/// The names of preferences.
const KNOWN: [&str; 5] = ["code", "example", "dynamic", "seed", "dry-run"];

/// Prefix of preferences in a query.
const IN_QUERY: &str = "__";

impl Preferences {
    /// Preferences of a request: of the header, or where there is none, of its query. A dry run is one wherever it is
    /// asked
    /// for.
    pub fn of(headers: &HeaderMap, query: &str) -> Result<Self, BadPreference> {
        let in_query =
            if query.contains(IN_QUERY) { Self::in_query(query)? } else { Self::default() };
        if !headers.contains_key(&PREFER) {
            return Ok(in_query);
        }
        let in_header = Self::in_header(headers)?;
        Ok(Self {
            dry_run: in_header.dry_run || in_query.dry_run,
            doubt: in_header.doubt.or(in_query.doubt),
            ..in_header
        })
    }

    /// Reads all fields of the header; of a preference that comes twice the first counts.
    fn in_header(headers: &HeaderMap) -> Result<Self, BadPreference> {
        let mut preferences = Self::default();
        for field in headers.get_all(&PREFER) {
            let text = String::from_utf8_lossy(field.as_bytes());
            for (name, value) in parts(&text) {
                preferences.add(name, &value, |name| format!("Prefer: {name}"))?;
            }
        }
        Ok(preferences)
    }

    fn in_query(query: &str) -> Result<Self, BadPreference> {
        let mut preferences = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if let Some(name) = name.strip_prefix(IN_QUERY) {
                preferences.add(name, &value, |name| format!("?{IN_QUERY}{name}"))?;
            }
        }
        Ok(preferences)
    }

    fn add(
        &mut self,
        name: &str,
        value: &str,
        written: impl Fn(&str) -> String,
    ) -> Result<(), BadPreference> {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is("code") && self.code.is_none() {
            let code = value.parse().ok().filter(|code| (200..600).contains(code));
            let bad = || BadPreference::Code { value: value.to_owned() };
            self.code = Some(code.filter(|_| value.len() == 3).ok_or_else(bad)?);
        } else if is("example") && self.example.is_none() {
            self.example = Some(value.to_owned());
        } else if is("dynamic") && self.dynamic.is_none() {
            let bad = |_| BadPreference::Dynamic { value: value.to_owned() };
            self.dynamic = Some(value.to_ascii_lowercase().parse().map_err(bad)?);
        } else if is("seed") && self.seed.is_none() {
            self.seed = Some(value.to_owned());
        } else if is("wait") && self.wait.is_none() {
            let bad = || BadPreference::Wait { value: value.to_owned() };
            self.wait = wait(value).map_err(|()| bad())?;
        } else if is("dry-run") {
            // Of several the safe one counts, for what is deleted is gone.
            self.dry_run |=
                switch(value).ok_or_else(|| BadPreference::DryRun { value: value.to_owned() })?;
        } else if self.doubt.is_none() {
            self.doubt = doubt::of_preference(name, written);
        }
        Ok(())
    }

    /// Returns true if a documented answer is asked for.
    pub fn forces(&self) -> bool {
        self.code.is_some() || self.example.is_some()
    }

    /// Those that an answer honours, by whether it has a body that could be made up.
    #[must_use]
    pub fn made(&self, is_made: bool) -> Self {
        let (dynamic, seed) = (self.dynamic.filter(|_| is_made), self.seed.clone());
        Self { dynamic, seed: seed.filter(|_| is_made), ..self.clone() }
    }

    /// Value of `Preference-Applied` when all of them were honoured; `None` where there is none.
    pub fn applied(&self) -> Option<HeaderValue> {
        let code = self.code.map(|code| format!("code={code}"));
        let example = self.example.as_ref().map(|name| format!("example={}", written(name)));
        let dynamic = self.dynamic.map(|dynamic| format!("dynamic={dynamic}"));
        let seed = self.seed.as_ref().map(|seed| format!("seed={}", written(seed)));
        let dry_run = self.dry_run.then(|| "dry-run".to_owned());
        let all = [code, example, dynamic, seed, dry_run];
        let all: Vec<String> = all.into_iter().flatten().collect();
        // What a query asked for may hold what no header can.
        if all.is_empty() { None } else { HeaderValue::from_bytes(all.join(", ").as_bytes()).ok() }
    }
}

/// Whether a preference that may stand alone is on; an empty value is as good as none (RFC 7240 section 2).
fn switch(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "" | "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// How long an answer is to be held back; nothing where the value is that of the RFC.
fn wait(value: &str) -> Result<Option<Duration>, ()> {
    if value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    let ms = parse_duration_ms(value).and_then(|ms| u64::try_from(ms).ok());
    let wait = ms.map(Duration::from_millis).filter(|wait| *wait <= WAIT_MAX);
    wait.map(Some).ok_or(())
}

/// A value as a token, or as a quoted string where it is none.
fn written(value: &str) -> String {
    if is_token(value) {
        value.to_owned()
    } else {
        format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
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

/// Text up to the closing quote, and the rest (RFC 9110 section 5.6.4).
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[&str]) -> Result<Preferences, BadPreference> {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(PREFER, HeaderValue::from_str(field).unwrap());
        }
        Preferences::of(&headers, "__code=201&__example=x")
    }

    #[test]
    fn preferences_are_read_in_every_form() {
        let of = |code: u16, example: &str, dry_run| Preferences {
            code: (code > 0).then_some(code),
            example: (!example.is_empty()).then(|| example.to_owned()),
            dry_run,
            ..Preferences::default()
        };
        for (fields, expected) in [
            (vec!["code=403"], of(403, "", false)),
            (vec!["Code = 403 , example=no_token"], of(403, "no_token", false)),
            (vec![r#"example="a, \"b\"; c", dry-run"#], of(0, r#"a, "b"; c"#, true)),
            (vec!["code=404", "code=403"], of(404, "", false)),
            (vec![r#"respond-async; x="1,code=5", wait=10, code=404"#], of(404, "", false)),
            (vec!["dry-run=false"], of(0, "", false)),
            (vec!["dry-run=0"], of(0, "", false)),
            (vec!["dry-run=1"], of(0, "", true)),
            (vec!["Dry-Run=\"\""], of(0, "", true)),
            (vec!["dry-run=false, dry-run=TRUE"], of(0, "", true)),
            (vec![", ,;=,\""], of(0, "", false)),
            (vec![], of(201, "x", false)),
        ] {
            assert_eq!(read(&fields), Ok(expected), "{fields:?}");
        }
    }

    #[test]
    fn a_dry_run_is_one_wherever_it_is_asked_for() {
        let mut headers = HeaderMap::new();
        for (query, expected) in [
            ("__dry-run", true),
            ("__dry-run=true", true),
            ("__dry-run=false", false),
            ("a", false),
        ] {
            assert_eq!(Preferences::of(&headers, query).unwrap().dry_run, expected, "{query}");
        }
        headers.insert(PREFER, HeaderValue::from_static("respond-async"));
        assert!(Preferences::of(&headers, "__dry-run").unwrap().dry_run);
        let bad = read(&["dry-run=perhaps"]).unwrap_err();
        expect_test::expect![
            "`perhaps` is nothing for `Prefer: dry-run`: write `dry-run` alone, `true` or `false`"
        ]
        .assert_eq(&bad.to_string());
    }

    #[test]
    fn the_first_name_that_is_nearly_known_is_noted() {
        let doubt = |fields: &[&str]| read(fields).unwrap().doubt.map(|it| (it.sent, it.meant));
        let of = |sent: &str, meant: &str| Some((sent.to_owned(), meant.to_owned()));
        assert_eq!(
            doubt(&["wait=1, dry_run=1, cod=404"]),
            of("Prefer: dry_run", "Prefer: dry-run")
        );
        assert_eq!(doubt(&["code=404; dry_run, code=403"]), None);
        let in_query = Preferences::of(&HeaderMap::new(), "__dryrun").unwrap().doubt.unwrap();
        expect_test::expect!["`?__dryrun` is not known here, and is nearly `?__dry-run`: this call would change something, so nothing was done; write `?__dry-run`, or leave it out"]
            .assert_eq(&in_query.to_string());
    }

    #[test]
    fn a_time_with_a_unit_is_waited_and_that_of_the_rfc_is_not() {
        let wait = |value: &str| read(&[&format!("wait={value}")]).map(|read| read.wait);
        for (value, expected) in [("2s", 2_000), ("500ms", 500), ("\"1m 30s\"", 90_000)] {
            assert_eq!(wait(value), Ok(Some(Duration::from_millis(expected))), "{value}");
        }
        assert_eq!((wait("10"), wait("")), (Ok(None), Ok(None)));
        for value in ["11m", "-1s", "soon", "1e9h"] {
            assert_eq!(wait(value), Err(BadPreference::Wait { value: value.to_owned() }));
        }
    }

    #[test]
    fn a_code_that_is_none_is_told() {
        for code in ["", "40", "4040", "4XX", "100", "600", "+40"] {
            let error = read(&[&format!("code={code}")]).unwrap_err();
            assert_eq!(error, BadPreference::Code { value: code.to_owned() });
        }
        let text = read(&["dynamic=maybe"]).unwrap_err().to_string();
        expect_test::expect!["`maybe` is nothing for `Prefer: dynamic`: write `true` or `false`"]
            .assert_eq(&text);
        let text = read(&["code=4XX"]).unwrap_err().to_string();
        expect_test::expect![
            "`4XX` is not a valid status for `Prefer: code`: write three digits from 200 to 599"
        ]
        .assert_eq(&text);
    }

    #[test]
    fn what_was_applied_can_be_read_back() {
        for field in [
            "code=403, example=x, dry-run",
            r#"example="a \"b\" \\ c""#,
            "dynamic=true, seed=\"a b\"",
        ] {
            let preferences = read(&[field]).unwrap();
            let applied = preferences.applied().unwrap();
            assert_eq!(read(&[applied.to_str().unwrap()]), Ok(preferences));
        }
        assert_eq!(Preferences::default().applied(), None);
    }
}
