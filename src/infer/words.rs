//! Names as words: of path segments, parameters and properties.
//!
//! Must not know what is named.

use crate::singular::singular;

/// The words of a name, in small letters: `petStore_id` has three.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut begins = true;
    let letters: Vec<char> = name.chars().collect();
    for (index, letter) in letters.iter().enumerate() {
        if !letter.is_alphanumeric() {
            begins = true;
            continue;
        }
        let before = index.checked_sub(1).map(|index| letters[index]);
        let rises = letter.is_uppercase()
            && (before.is_some_and(|before| before.is_lowercase() || before.is_numeric())
                || (before.is_some_and(char::is_uppercase)
                    && letters.get(index + 1).is_some_and(|next| next.is_lowercase())));
        if begins || rises {
            words.push(String::new());
        }
        begins = false;
        if let Some(word) = words.last_mut() {
            word.extend(letter.to_lowercase());
        }
    }
    words
}

/// A name without case and separators, to be compared.
pub(super) fn plain(name: &str) -> String {
    words(name).concat()
}

/// The words of a name, the last one in the singular.
pub(super) fn singular_words(name: &str) -> Vec<String> {
    let mut words = words(name);
    if let Some(last) = words.last_mut() {
        *last = singular(last).into_owned();
    }
    words
}

/// A name that expressions can use: small letters, digits and `_`.
pub(super) fn identifier(words: &[String]) -> String {
    let letters = words.join("_");
    let plain: String =
        letters.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    match plain.chars().next() {
        Some(first) if first.is_ascii_digit() => format!("n{plain}"),
        Some(_) => plain,
        None => "records".to_owned(),
    }
}

/// Whether expressions take a name after a dot.
pub(super) fn is_identifier(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// `path.petId`, or `path['pet-id']`.
pub(super) fn member(of: &str, name: &str) -> String {
    if is_identifier(name) { format!("{of}.{name}") } else { format!("{of}[{}]", quoted(name)) }
}

/// A text as expressions write it.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fall_into_words() {
        for (name, expected) in [
            ("petStore_id", "pet store id"),
            ("HTTPServer", "http server"),
            ("user-groups", "user groups"),
            ("API2Key", "api2 key"),
            ("id", "id"),
            ("", ""),
        ] {
            assert_eq!(words(name).join(" "), expected);
        }
    }

    #[test]
    fn members_are_read_by_any_name() {
        assert_eq!(member("path", "petId"), "path.petId");
        assert_eq!(member("path", "pet-id"), "path['pet-id']");
        assert_eq!(member("path", "it's"), "path['it\\'s']");
    }
}
