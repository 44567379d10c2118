//! The singular of English nouns.
//!
//! `page/format.js` has the same tables and rules; `tests/browser/singulars.json` is what both are tested by. Must not know
//! what the nouns name.

use std::borrow::Cow;

/// Plurals that no rule makes.
const IRREGULAR: [(&str, &str); 22] = [
    ("people", "person"),
    ("children", "child"),
    ("men", "man"),
    ("women", "woman"),
    ("feet", "foot"),
    ("mice", "mouse"),
    ("indices", "index"),
    ("indexes", "index"),
    ("matrices", "matrix"),
    ("vertices", "vertex"),
    ("appendices", "appendix"),
    ("criteria", "criterion"),
    ("schemata", "schema"),
    ("analyses", "analysis"),
    ("bases", "base"),
    ("movies", "movie"),
    ("cookies", "cookie"),
    ("caches", "cache"),
    ("lives", "life"),
    ("knives", "knife"),
    ("leaves", "leaf"),
    ("quizzes", "quiz"),
];

/// Words that are the same in both.
const UNCHANGED: [&str; 12] = [
    "news", "series", "species", "media", "data", "metadata", "sms", "dns", "aws", "gps", "ios",
    "https",
];

/// The singular of a word in small letters.
pub(crate) fn singular(word: &str) -> Cow<'_, str> {
    if let Some((_, one)) = IRREGULAR.iter().find(|(many, _)| *many == word) {
        return Cow::Borrowed(one);
    }
    let is_unchanged = UNCHANGED.contains(&word)
        || !word.ends_with('s')
        || word.len() < 3
        || ["ss", "us", "is"].iter().any(|end| word.ends_with(end));
    if is_unchanged {
        return Cow::Borrowed(word);
    }
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() > 1) {
        return Cow::Owned(format!("{stem}y"));
    }
    let hissing = ["sses", "xes", "ches", "shes", "zes", "tuses", "ruses", "nuses", "iases"];
    if hissing.iter().any(|end| word.ends_with(end)) {
        return Cow::Borrowed(&word[..word.len() - 2]);
    }
    Cow::Borrowed(&word[..word.len() - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_have_singulars() {
        let words = include_str!("../tests/browser/singulars.json");
        let words: Vec<(String, String)> = serde_json::from_str(words).unwrap();
        for (many, one) in words {
            assert_eq!(singular(&many), one);
        }
    }
}
