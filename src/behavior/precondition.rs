//! Conditional requests: `If-Match` and `If-None-Match` against the entity tag that an operation gives its resource.
//!
//! RFC 9110 section 13: which requests are answered 304 or 412. Must not know rules, nor how an answer is written.

use http::header::{IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, Method};

/// What becomes of a conditional request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// It is answered as if it had no condition.
    Holds,
    /// The caller has what it asks for: 304.
    NotModified,
    /// It is not done: 412.
    Failed,
}

/// An entity tag, as it stands in a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntityTag(String);

impl EntityTag {
    /// A strong tag of a text, which is put between quotes unless it is a tag already. What cannot stand in one is left
    /// out.
    pub(crate) fn of(text: &str) -> Self {
        let is_tag = text.len() > 1 && opaque(text).starts_with('"') && text.ends_with('"');
        let is_allowed = |letter: &char| letter.is_ascii_graphic() && *letter != '"';
        if is_tag && opaque(text)[1..].trim_end_matches('"').chars().all(|it| is_allowed(&it)) {
            return Self(text.to_owned());
        }
        Self(format!("\"{}\"", text.chars().filter(is_allowed).collect::<String>()))
    }

    /// The header's value.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }

    /// What becomes of a request for something that has this tag.
    pub(crate) fn check(&self, method: &Method, headers: &HeaderMap) -> Condition {
        if let Some(tags) = tags(headers, &IF_MATCH) {
            // Strong comparison: a weak tag matches nothing.
            let is_strong = !self.0.starts_with("W/");
            if !tags.iter().any(|tag| tag == "*" || (is_strong && *tag == self.0)) {
                return Condition::Failed;
            }
        }
        let Some(tags) = tags(headers, &IF_NONE_MATCH) else { return Condition::Holds };
        let is_same = |tag: &String| tag == "*" || opaque(tag) == opaque(&self.0);
        match (tags.iter().any(is_same), method) {
            (false, _) => Condition::Holds,
            (true, &Method::GET | &Method::HEAD) => Condition::NotModified,
            (true, _) => Condition::Failed,
        }
    }
}

/// A tag without the mark of a weak one.
fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

/// The tags of a header, of all its lines; `None` where it is not sent. A comma may stand inside of a tag.
fn tags(headers: &HeaderMap, name: &http::HeaderName) -> Option<Vec<String>> {
    let mut lines = headers.get_all(name).iter().peekable();
    lines.peek()?;
    let mut tags = Vec::new();
    for line in lines.filter_map(|line| line.to_str().ok()) {
        let (mut tag, mut is_quoted) = (String::new(), false);
        for letter in line.chars() {
            is_quoted ^= letter == '"';
            if letter == ',' && !is_quoted {
                tags.push(std::mem::take(&mut tag).trim().to_owned());
            } else {
                tag.push(letter);
            }
        }
        tags.push(tag.trim().to_owned());
    }
    tags.retain(|tag| !tag.is_empty());
    Some(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_those_of_the_standard() {
        let cases = [
            ("GET", None, None, Condition::Holds),
            ("GET", None, Some("\"1\""), Condition::NotModified),
            ("HEAD", None, Some("W/\"1\""), Condition::NotModified),
            ("GET", None, Some("\"2\", \"1\""), Condition::NotModified),
            ("GET", None, Some("\"2\""), Condition::Holds),
            ("GET", None, Some("*"), Condition::NotModified),
            ("PUT", None, Some("*"), Condition::Failed),
            ("PUT", None, Some("\"a,1\""), Condition::Holds),
            ("PUT", Some("\"1\""), None, Condition::Holds),
            ("PUT", Some("W/\"1\""), None, Condition::Failed),
            ("PUT", Some("\"2\""), None, Condition::Failed),
            ("PUT", Some("*"), None, Condition::Holds),
            ("PUT", Some(""), None, Condition::Failed),
            ("GET", Some("\"1\""), Some("\"1\""), Condition::NotModified),
        ];
        for (method, if_match, if_none_match, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.extend(if_match.map(|it| (IF_MATCH, HeaderValue::from_static(it))));
            headers.extend(if_none_match.map(|it| (IF_NONE_MATCH, HeaderValue::from_static(it))));
            let method = method.parse().unwrap();
            let condition = EntityTag::of("1").check(&method, &headers);
            assert_eq!(condition, expected, "{method} {if_match:?} {if_none_match:?}");
        }
    }

    #[test]
    fn any_text_makes_a_tag() {
        for (text, tag) in
            [("a b\"c", "\"abc\""), ("\"x\"", "\"x\""), ("W/\"x\"", "W/\"x\""), ("", "\"\"")]
        {
            assert_eq!(EntityTag::of(text).0, tag);
        }
    }
}
