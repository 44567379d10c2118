//! What identifies a record: the property that a path parameter means, and what new keys look like.
//!
//! Must not know where records are kept.

use serde_json::{Map, Value, json};

use crate::ids::UUID_V4;
use crate::infer::shape::{ObjectShape, alternatives, is_number, is_scalar, said};
use crate::infer::words::{plain, singular_words, words};
use crate::openapi::{Schemas, Types};

/// How deep alternatives within alternatives are followed.
const ALTERNATIVES_DEPTH: usize = 4;

/// Words that say of a name that it identifies something.
const IDENTIFYING: [&str; 7] = ["id", "uuid", "sid", "key", "name", "code", "number"];

/// Names that identify something by themselves, the likeliest first.
const USUAL: [&str; 11] =
    ["uuid", "uid", "guid", "gid", "sid", "key", "slug", "name", "code", "number", "token"];

/// How a property was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Found {
    /// It has the parameter's name, but for case and separators.
    Same,
    /// It has the parameter's name without the resource's.
    Rest,
    /// It has the parameter's last word.
    LastWord,
    /// The parameter has the resource's name.
    OfResource,
    /// It has the resource's name and a word that identifies.
    WithResource,
    /// It is `id`.
    Id,
    /// It is another usual name.
    Usual,
}

impl Found {
    /// In words, for a reason.
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::Same => "has the name of the parameter",
            Self::Rest => "is the parameter without the name of the resource",
            Self::LastWord => "is the parameter's last word",
            Self::OfResource => "is `id`, for the parameter has the name of the resource",
            Self::WithResource => "has the name of the resource",
            Self::Id | Self::Usual => "usually identifies",
        }
    }

    /// Whether it is sure enough to tell a record from what is around it.
    pub(super) fn is_strong(self) -> bool {
        self <= Self::WithResource
    }
}

/// The property of an object that a path parameter means.
pub(super) fn find<'c>(
    schemas: &'c Schemas,
    shape: &ObjectShape<'c>,
    parameter: &str,
    resource: &[String],
) -> Option<(&'c str, Found)> {
    let wanted = plain(parameter);
    let one = resource.concat();
    let last = words(parameter).pop().unwrap_or_default();
    let candidates = || {
        let scalars = shape.properties.iter().filter(|(_, property)| {
            !property.is_write_only && is_scalar(schemas.types(property.schema))
        });
        scalars.map(|(name, _)| (*name, plain(name)))
    };
    let named = |text: &str, found: Found| {
        candidates().find(|(_, plain)| *plain == text).map(|(name, _)| (name, found))
    };
    let singular = singular_words(parameter).concat();
    let last_of_resource = resource.last().map_or("", String::as_str);
    let rest = [one.as_str(), last_of_resource]
        .into_iter()
        .filter(|prefix| !prefix.is_empty())
        .find_map(|prefix| wanted.strip_prefix(prefix))
        .filter(|rest| !rest.is_empty());
    named(&wanted, Found::Same)
        .or_else(|| named(rest?, Found::Rest))
        .or_else(|| named(&last, Found::LastWord).filter(|_| is_identifying(&last)))
        .or_else(|| {
            let is_of_resource = singular == one || singular == last_of_resource;
            named("id", Found::OfResource).filter(|_| is_of_resource)
        })
        .or_else(|| {
            let long = IDENTIFYING.iter().map(|word| format!("{one}{word}"));
            let short = IDENTIFYING.iter().map(|word| format!("{last_of_resource}{word}"));
            long.chain(short).find_map(|name| named(&name, Found::WithResource))
        })
        .or_else(|| named("id", Found::Id))
        .or_else(|| USUAL.iter().find_map(|name| named(name, Found::Usual)))
}

/// Whether a word says that something is identified.
fn is_identifying(word: &str) -> bool {
    IDENTIFYING.contains(&word)
        || USUAL.contains(&word)
        || matches!(word, "hash" | "arn" | "address" | "email" | "login")
}

/// Whether callers choose such keys themselves.
pub(super) fn is_chosen(name: &str) -> bool {
    let last = words(name).pop().unwrap_or_default();
    matches!(last.as_str(), "name" | "slug" | "code" | "login" | "email" | "username" | "handle")
}

/// What a key looks like, as a schema of its own: what the path parameter says, and then what the property says.
pub(super) fn schema(
    schemas: &Schemas,
    property: Option<&Value>,
    parameter: Option<&Value>,
    example: Option<&Value>,
) -> Map<String, Value> {
    const KEYWORDS: [&str; 8] = [
        "format",
        "pattern",
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "multipleOf",
    ];
    let own = property.or(parameter);
    let first = property.and_then(|property| first_alternative(schemas, property));
    let is_whole = own.is_some_and(|own| is_number(schemas, own));
    let mut key = Map::new();
    key.insert("type".into(), if is_whole { "integer".into() } else { "string".into() });
    for keyword in KEYWORDS {
        // A pattern of the property is the narrower one, mostly.
        let told = match keyword {
            "pattern" => [property, first, parameter],
            _ => [parameter, property, first],
        };
        let told = told.into_iter().flatten();
        let mut told = told.filter(|one| is_number(schemas, one) == is_whole);
        if let Some(value) = told.find_map(|schema| said(schemas, schema, keyword)) {
            key.insert(keyword.into(), value.clone());
        }
    }
    let is_open = !is_whole && !key.contains_key("pattern") && !key.contains_key("format");
    if let Some(pattern) = example.filter(|_| is_open).and_then(Value::as_str).and_then(form) {
        key.insert("pattern".into(), json!(pattern));
    }
    key
}

/// The first of the forms that a schema allows, where it allows several.
fn first_alternative<'c>(schemas: &'c Schemas, schema: &'c Value) -> Option<&'c Value> {
    let forms = alternatives(schemas, schemas.follow(schema).as_object()?, ALTERNATIVES_DEPTH);
    forms.into_iter().map(|form| form.schema).find(|form| is_scalar(schemas.types(form)))
}

/// A pattern of texts of the same form as an example: its prefix, and so many letters and digits of the kinds it has.
fn form(example: &str) -> Option<String> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    if example.len() < 6 || example.len() > 64 || !example.chars().all(is_plain) {
        return None;
    }
    if is_uuid(example) {
        return Some(UUID_V4.to_owned());
    }
    let (prefix, rest) = example
        .rsplit_once(['_', '-'])
        .map_or(("", example), |(prefix, rest)| (&example[..=prefix.len()], rest));
    let is_word = |text: &str| text.len() < 6 && !text.chars().any(|c| c.is_ascii_digit());
    let has_digits = rest.chars().any(|letter| letter.is_ascii_digit());
    let is_mixed = rest.chars().any(|c| c.is_ascii_lowercase())
        && rest.chars().any(|c| c.is_ascii_uppercase());
    if rest.len() < 6 || is_word(rest) || !(has_digits || is_mixed) {
        return None;
    }
    let is = |test: fn(&char) -> bool| rest.chars().all(|letter| test(&letter));
    let letters = if is(char::is_ascii_digit) {
        // The first is no zero, so that the text reads as the number it looks like.
        return Some(format!("{prefix}[1-9][0-9]{{{}}}", rest.len() - 1));
    } else if is(|c| matches!(c, '0'..='9' | 'a'..='f')) {
        "[0-9a-f]"
    } else if is(|c| c.is_ascii_lowercase() || c.is_ascii_digit()) {
        "[0-9a-z]"
    } else if is(|c| c.is_ascii_uppercase() || c.is_ascii_digit()) {
        "[0-9A-HJKMNP-TV-Z]"
    } else {
        "[0-9A-Za-z]"
    };
    Some(format!("{prefix}{letters}{{{}}}", rest.len()))
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(at, letter)| match at {
            8 | 13 | 18 | 23 => letter == '-',
            _ => letter.is_ascii_hexdigit(),
        })
}

/// An expression that has the type of the property, where the parameter is read as another.
pub(super) fn converted(
    schemas: &Schemas,
    expression: String,
    parameter: Option<&Value>,
    is_whole: bool,
) -> String {
    let types = parameter.map_or(Types::ANY, |schema| schemas.types(schema));
    let may_be_text = (types & Types::STRING) != Types::NONE;
    let may_be_number = (types & Types::NUMBER) != Types::NONE;
    if is_whole && may_be_text {
        format!("{expression} | int(default=none)")
    } else if !is_whole && may_be_number {
        format!("{expression} | string")
    } else {
        expression
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_in_the_form_of_the_example() {
        for (example, expected) in [
            ("cus_9s6XKzkNRiz8i3", Some("cus_[0-9A-Za-z]{14}")),
            ("507f1f77bcf86cd799439011", Some("[0-9a-f]{24}")),
            ("01ARZ3NDEKTSV4RRFFQ69G5FAV", Some("[0-9A-HJKMNP-TV-Z]{26}")),
            ("12345678", Some("[1-9][0-9]{7}")),
            ("my-first-project", None),
            ("string", None),
            ("abc", None),
            ("a b c d e f", None),
        ] {
            assert_eq!(form(example).as_deref(), expected, "{example}");
        }
    }
}
