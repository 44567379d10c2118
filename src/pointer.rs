//! JSON Pointers (RFC 6901): tokens escaped and read, pointers that become longer, and what they lead to.
//!
//! Must not know which document a pointer leads into.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

/// What is at the end of a pointer: as [`Value::pointer`], which copies every token of it twice.
pub(crate) trait Pointed {
    /// The value that a pointer leads to.
    fn find_at(&self, pointer: &str) -> Option<&Value>;
}

impl Pointed for Value {
    fn find_at(&self, pointer: &str) -> Option<&Value> {
        if pointer.is_empty() {
            return Some(self);
        }
        pointer.strip_prefix('/')?.split('/').try_fold(self, |value, token| match value {
            Self::Object(members) => members.get(&*unescaped(token)),
            Self::Array(items) => items.get(index(token)?),
            _ => None,
        })
    }
}

/// The number of an item: digits without zeros before them.
fn index(token: &str) -> Option<usize> {
    let is_padded = token.starts_with('+') || (token.starts_with('0') && token != "0");
    if is_padded { None } else { token.parse().ok() }
}

/// Appends a token.
pub(crate) fn push(pointer: &mut String, token: &str) {
    pointer.push('/');
    if !token.contains(['~', '/']) {
        pointer.push_str(token);
        return;
    }
    for letter in token.chars() {
        match letter {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

/// The pointer to the member or item `token` of the value at `pointer`.
pub(crate) fn child(pointer: &str, token: impl fmt::Display) -> String {
    let mut longer = pointer.to_owned();
    push(&mut longer, &token.to_string());
    longer
}

/// Calls `act` with the pointer one token longer.
pub(crate) fn within<R>(
    pointer: &mut String,
    token: &str,
    act: impl FnOnce(&mut String) -> R,
) -> R {
    let length = pointer.len();
    push(pointer, token);
    let result = act(pointer);
    pointer.truncate(length);
    result
}

/// A token as the document has it.
pub(crate) fn unescaped(token: &str) -> Cow<'_, str> {
    if token.contains('~') {
        token.replace("~1", "/").replace("~0", "~").into()
    } else {
        token.into()
    }
}

/// The tokens of a pointer, as the document has them.
pub(crate) fn tokens(pointer: &str) -> impl Iterator<Item = Cow<'_, str>> {
    pointer.split('/').skip(1).map(unescaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_escaped_and_read_again() {
        for token in ["", "a", "a/b", "~1", "~01", "/~", "ä 1"] {
            let pointer = child("/x", token);
            assert_eq!(tokens(&pointer).collect::<Vec<_>>(), ["x", token]);
            let value = serde_json::json!({ "x": { token: 5 } });
            assert_eq!(value.find_at(&pointer), Some(&serde_json::json!(5)), "{pointer}");
        }
        assert_eq!(child("", 7), "/7");
        assert_eq!(tokens("").count(), 0);
    }

    #[test]
    fn a_pointer_leads_where_the_library_has_it_lead() {
        let value =
            serde_json::json!({ "": [7, { "a/b": { "~": 1, "~1": 2 } }], "0": [[]], "é": "text" });
        let pointers = [
            "",
            "/",
            "//0",
            "//1",
            "//2",
            "//00",
            "//01",
            "//+1",
            "//-",
            "//1/a~1b",
            "//1/a/b",
            "//1/a~1b/~0",
            "//1/a~1b/~01",
            "//1/a~1b/~",
            "/0",
            "/0/0",
            "/0/0/0",
            "/é",
            "/é/0",
            "a",
            "0",
            "/0/",
            "/0/99999999999999999999",
            "//1/a~1b/~2",
        ];
        for pointer in pointers {
            assert_eq!(value.find_at(pointer), value.pointer(pointer), "{pointer}");
        }
    }

    #[test]
    fn a_pointer_is_longer_for_a_while() {
        let mut pointer = "/a".to_owned();
        assert_eq!(within(&mut pointer, "b/c", |pointer| pointer.clone()), "/a/b~1c");
        assert_eq!(pointer, "/a");
    }
}
