//! Which sandbox a request is for: by its header, or by the first segment of its path.
//!
//! Must not know which sandboxes there are.

use http::{HeaderMap, StatusCode};

use crate::emulator::headers::SANDBOX_HEADER;
use crate::problem::Problem;
use crate::sandbox::{DEFAULT, NAME_RULE, is_name};

/// The sandbox that a request is for, and its path without the segment that says so.
pub(super) fn sandbox<'r>(
    headers: &'r HeaderMap,
    path: &'r str,
) -> Result<(&'r str, &'r str), Problem> {
    let mut named = headers.get_all(&SANDBOX_HEADER).iter();
    let by_header = named.next();
    if named.next().is_some() {
        return Err(refusal(
            "`Tombstone-Sandbox` is there more than once: send it once".to_owned(),
        ));
    }
    let by_header = by_header.map(|name| name.to_str().unwrap_or_default());
    let (by_path, rest) = match path.strip_prefix("/@") {
        Some(rest) => {
            let (name, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            (Some(name), if rest.is_empty() { "/" } else { rest })
        }
        None => (None, path),
    };
    for name in by_header.iter().chain(&by_path) {
        if !is_name(name) {
            return Err(refusal(format!("no sandbox can be named `{name}`: use {NAME_RULE}")));
        }
    }
    match (by_header, by_path) {
        (Some(header), Some(path)) if header != path => Err(refusal(format!(
            "`Tombstone-Sandbox` says `{header}` and the path says `{path}`: send one of them"
        ))),
        _ => Ok((by_path.or(by_header).unwrap_or(DEFAULT), rest)),
    }
}

fn refusal(detail: String) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "no such sandbox", detail)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn check(names: &[&str], path: &str) -> String {
        let mut headers = HeaderMap::new();
        for name in names {
            headers.append(SANDBOX_HEADER, HeaderValue::from_str(name).unwrap());
        }
        match sandbox(&headers, path) {
            Ok((name, path)) => format!("{name} {path}"),
            Err(problem) => {
                String::from_utf8(problem.into_response().into_body().to_vec()).unwrap()
            }
        }
    }

    #[test]
    fn a_sandbox_is_picked_by_header_or_path() {
        for (names, path, expected) in [
            (&[][..], "/a/b", "default /a/b"),
            (&["one"], "/a/b", "one /a/b"),
            (&[], "/@two/a/b", "two /a/b"),
            (&[], "/@two", "two /"),
            (&["two"], "/@two/", "two /"),
            (&[], "/a/@two", "default /a/@two"),
        ] {
            assert_eq!(check(names, path), expected);
        }
    }

    #[test]
    fn what_cannot_be_a_name_is_told() {
        let long = "x".repeat(129);
        let told = [
            check(&[""], "/"),
            check(&["a/b"], "/"),
            check(&[], "/@/x"),
            check(&[], "/@a%20b/x"),
            check(&["a", "a"], "/"),
            check(&["a"], "/@b/"),
        ];
        expect_test::expect![[r#"
            {"title":"no such sandbox","status":400,"detail":"no sandbox can be named ``: use 1 to 128 letters, digits, `.`, `_`, `~` and `-`"}
            {"title":"no such sandbox","status":400,"detail":"no sandbox can be named `a/b`: use 1 to 128 letters, digits, `.`, `_`, `~` and `-`"}
            {"title":"no such sandbox","status":400,"detail":"no sandbox can be named ``: use 1 to 128 letters, digits, `.`, `_`, `~` and `-`"}
            {"title":"no such sandbox","status":400,"detail":"no sandbox can be named `a%20b`: use 1 to 128 letters, digits, `.`, `_`, `~` and `-`"}
            {"title":"no such sandbox","status":400,"detail":"`Tombstone-Sandbox` is there more than once: send it once"}
            {"title":"no such sandbox","status":400,"detail":"`Tombstone-Sandbox` says `a` and the path says `b`: send one of them"}"#]]
        .assert_eq(&told.join("\n"));
        assert!(check(&[&long], "/").contains("no sandbox can be named"));
        assert_eq!(check(&[&long[1..]], "/"), format!("{} /", &long[1..]));
    }
}
