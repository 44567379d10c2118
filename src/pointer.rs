//! JSON Pointers (RFC 6901): tokens escaped and read, and pointers that become longer. `serde_json` follows them.
//!
//! Must not know which document a pointer leads into.

use std::borrow::Cow;
use std::fmt;

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
            assert_eq!(value.pointer(&pointer), Some(&serde_json::json!(5)), "{pointer}");
        }
        assert_eq!(child("", 7), "/7");
        assert_eq!(tokens("").count(), 0);
    }

    #[test]
    fn a_pointer_is_longer_for_a_while() {
        let mut pointer = "/a".to_owned();
        assert_eq!(within(&mut pointer, "b/c", |pointer| pointer.clone()), "/a/b~1c");
        assert_eq!(pointer, "/a");
    }
}
