//! Keys: what records are found by, one scalar or several, in a total order.
//!
//! Must not know which resource a key belongs to.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde_json::{Number, Value};

use crate::printable::shortened;

/// Longest text kept in place, in bytes: what still leaves a key three words long. Generated ids (20
/// characters), slugs and most numbers as text fit; a UUID does not.
const INLINE_MAX: usize = 22;

/// Bytes of a longer text that are kept in place as well, so that comparing rarely has to follow the pointer.
const HEAD: usize = 7;

/// Longest key that a message shows whole, in characters: identifiers of real services are shorter.
const SHOWN_MAX: usize = 80;

/// Text in a key: short text is kept in place, longer text is shared.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Text(KeyForm);

#[derive(Clone, PartialEq, Eq, Hash)]
enum KeyForm {
    /// Filled up with zeros.
    Inline { length: u8, bytes: [u8; INLINE_MAX] },
    /// Always longer than `INLINE_MAX`, so that equal texts have equal forms.
    Shared { head: [u8; HEAD], text: Arc<str> },
}

impl Text {
    /// The text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            KeyForm::Inline { length, bytes } => {
                std::str::from_utf8(&bytes[..usize::from(*length)])
                    .expect("the bytes were copied from a text, whole")
            }
            KeyForm::Shared { text, .. } => text,
        }
    }

    fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            KeyForm::Inline { length, bytes } => &bytes[..usize::from(*length)],
            KeyForm::Shared { text, .. } => text.as_bytes(),
        }
    }

    fn head(&self) -> &[u8] {
        match &self.0 {
            KeyForm::Inline { bytes, .. } => &bytes[..HEAD],
            KeyForm::Shared { head, .. } => head,
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        let given = text.as_bytes();
        match u8::try_from(given.len()) {
            Ok(length) if given.len() <= INLINE_MAX => {
                let mut bytes = [0; INLINE_MAX];
                bytes[..given.len()].copy_from_slice(given);
                Self(KeyForm::Inline { length, bytes })
            }
            _ => {
                let mut head = [0; HEAD];
                head.copy_from_slice(&given[..HEAD]);
                Self(KeyForm::Shared { head, text: text.into() })
            }
        }
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        // Zeros after the end of a text sort it before its continuations, as the texts themselves do.
        self.head().cmp(other.head()).then_with(|| self.as_bytes().cmp(other.as_bytes()))
    }
}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

/// One part of a key. Truth values come before numbers, numbers before texts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scalar {
    /// A truth value, for unique properties.
    Bool(bool),
    /// An integer, compared as a number.
    Int(i64),
    /// A text, compared by its characters.
    Text(Text),
}

impl Scalar {
    /// The part that a JSON value makes; `None` where it is no scalar, or a number that is no 64-bit integer.
    pub fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(truth) => Some(Self::Bool(*truth)),
            Value::Number(number) => integer(number).map(Self::Int),
            Value::String(text) => Some(Self::Text(Text::from(text.as_str()))),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// The JSON value of this part.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Bool(truth) => Value::Bool(*truth),
            Self::Int(number) => Value::from(*number),
            Self::Text(text) => Value::String(text.as_str().to_owned()),
        }
    }

    /// Everything that a text in a URL can mean.
    fn readings(text: &str) -> impl Iterator<Item = Self> {
        let number = text.parse::<i64>().ok().filter(|number| number.to_string() == text);
        let truth = text.parse::<bool>().ok();
        [number.map(Self::Int), Some(Self::Text(Text::from(text))), truth.map(Self::Bool)]
            .into_iter()
            .flatten()
    }
}

/// JSON Schema counts `42.0` as an integer, and so do keys.
fn integer(number: &Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        let float = number.as_f64().filter(|float| float.fract() == 0.0)?;
        // From 2^53 on a float names no single integer.
        #[expect(
            clippy::cast_possible_truncation,
            reason = "checked to be a whole number in range"
        )]
        (float.abs() < 9_007_199_254_740_992.0).then_some(float as i64)
    })
}

impl From<i64> for Scalar {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<&str> for Scalar {
    fn from(text: &str) -> Self {
        Self::Text(Text::from(text))
    }
}

impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(truth) => truth.fmt(f),
            Self::Int(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(truth) => truth.fmt(f),
            Self::Int(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text.as_str()),
        }
    }
}

/// A key: one scalar or several, ordered part by part. Three words; cloning copies them, and counts where
/// something is shared.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Key(KeyParts);

#[derive(Clone, PartialEq, Eq, Hash)]
enum KeyParts {
    One(Scalar),
    /// Never exactly one part.
    Many(Arc<[Scalar]>),
}

impl Key {
    /// The least key of all: where a scan over everything starts.
    pub(super) const LEAST: Self = Self(KeyParts::One(Scalar::Bool(false)));

    /// The key with these parts.
    pub fn new(parts: Vec<Scalar>) -> Self {
        match <[Scalar; 1]>::try_from(parts) {
            Ok([part]) => Self(KeyParts::One(part)),
            Err(parts) => Self(KeyParts::Many(parts.into())),
        }
    }

    /// The key that a JSON value makes: a scalar, or for a composite key the array of its parts.
    pub fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::Array(parts) => {
                parts.iter().map(Scalar::from_json).collect::<Option<Vec<_>>>().map(Self::new)
            }
            _ => Scalar::from_json(value).map(|part| Self(KeyParts::One(part))),
        }
    }

    /// A scalar, or for a composite key the array of its parts.
    pub fn to_json(&self) -> Value {
        match &self.0 {
            KeyParts::One(part) => part.to_json(),
            KeyParts::Many(parts) => parts.iter().map(Scalar::to_json).collect(),
        }
    }

    /// About what it takes in memory beside itself.
    pub(super) fn bytes(&self) -> usize {
        let texts = self.parts().iter().map(|part| match part {
            Scalar::Text(Text(KeyForm::Shared { text, .. })) => text.len(),
            _ => 0,
        });
        let parts = match &self.0 {
            KeyParts::One(_) => 0,
            KeyParts::Many(parts) => size_of_val(&**parts),
        };
        parts + texts.sum::<usize>()
    }

    /// The whole number that it is, if it is one alone.
    pub(super) fn number(&self) -> Option<i64> {
        match self.0 {
            KeyParts::One(Scalar::Int(number)) => Some(number),
            _ => None,
        }
    }

    /// The parts, in order.
    pub fn parts(&self) -> &[Scalar] {
        match &self.0 {
            KeyParts::One(part) => std::slice::from_ref(part),
            KeyParts::Many(parts) => parts,
        }
    }

    /// Every key of `arity` parts that `text` can mean: numbers may be meant as texts, and the parts of a
    /// composite key are separated by `,`. Where a part itself has a comma in it, only the first or the last
    /// may.
    pub(super) fn readings(text: &str, arity: usize) -> Vec<Self> {
        if arity == 1 {
            return Scalar::readings(text).map(|part| Self(KeyParts::One(part))).collect();
        }
        let mut from_the_end: Vec<&str> = text.rsplitn(arity, ',').collect();
        from_the_end.reverse();
        let mut keys = readings_of(&text.splitn(arity, ',').collect::<Vec<_>>(), arity);
        keys.extend(readings_of(&from_the_end, arity));
        keys
    }
}

fn readings_of(pieces: &[&str], arity: usize) -> Vec<Key> {
    // Each part doubles the readings; no service composes keys of more.
    const PARTS_MAX: usize = 6;
    if pieces.len() != arity || arity > PARTS_MAX {
        return Vec::new();
    }
    let mut readings = vec![Vec::new()];
    for piece in pieces {
        readings = readings
            .iter()
            .flat_map(|parts: &Vec<Scalar>| {
                Scalar::readings(piece).map(|part| [parts.as_slice(), &[part]].concat())
            })
            .collect();
    }
    readings.into_iter().map(Key::new).collect()
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (KeyParts::One(part), KeyParts::One(of_other)) => part.cmp(of_other),
            _ => self.parts().cmp(other.parts()),
        }
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<Scalar> for Key {
    fn from(part: Scalar) -> Self {
        Self(KeyParts::One(part))
    }
}

impl From<i64> for Key {
    fn from(number: i64) -> Self {
        Self(KeyParts::One(Scalar::Int(number)))
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self(KeyParts::One(text.into()))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            KeyParts::One(part) => part.fmt(f),
            KeyParts::Many(parts) => parts.fmt(f),
        }
    }
}

/// As a URL of ours has it, the parts separated by `,`; shortened where it is very long.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole: Vec<String> = self.parts().iter().map(Scalar::to_string).collect();
        f.write_str(&shown(&whole.join(",")))
    }
}

/// `text` as a message shows it.
pub(super) fn shown(text: &str) -> Cow<'_, str> {
    shortened(text, SHOWN_MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_is_three_words() {
        assert_eq!(size_of::<Key>(), 24);
        assert_eq!(size_of::<Option<Key>>(), 24);
    }

    #[test]
    fn a_whole_number_is_the_same_key_however_it_is_written() {
        assert_eq!(Key::from_json(&json!(42.0)), Some(Key::from(42)));
        assert_eq!(Key::from_json(&json!(42.5)), None);
        assert_eq!(Key::from_json(&json!(u64::MAX)), None);
        assert_eq!(Key::from_json(&json!(null)), None);
        assert_ne!(Key::from("42"), Key::from(42));
    }

    #[test]
    fn a_key_in_a_url_may_mean_a_number_or_a_text() {
        assert_eq!(Key::readings("42", 1), [Key::from(42), Key::from("42")]);
        assert_eq!(Key::readings("042", 1), [Key::from("042")]);
        let both = |left: &str, right: &str| Key::new(vec![left.into(), right.into()]);
        assert!(Key::readings("a,b,c", 2).contains(&both("a", "b,c")));
        assert!(Key::readings("a,b,c", 2).contains(&both("a,b", "c")));
        assert_eq!(Key::readings("a", 2), []);
    }

    #[test]
    fn a_very_long_key_is_shortened_in_messages() {
        assert_eq!(Key::from("é".repeat(80).as_str()).to_string(), "é".repeat(80));
        assert_eq!(Key::from("é".repeat(81).as_str()).to_string(), "é".repeat(80) + "…");
    }

    proptest! {
        #[test]
        fn texts_sort_as_texts_whatever_their_form(
            left in "[ab\0é]{0,30}",
            right in "[ab\0é]{0,30}",
        ) {
            prop_assert_eq!(Key::from(left.as_str()).cmp(&Key::from(right.as_str())), left.cmp(&right));
            prop_assert_eq!(Key::from(left.as_str()) == Key::from(right.as_str()), left == right);
        }

        #[test]
        fn json_and_key_are_two_forms_of_one_thing(
            text in any::<String>(),
            number in any::<i64>(),
        ) {
            let value = json!([text, number]);
            prop_assert_eq!(Key::from_json(&value).map(|key| key.to_json()), Some(value));
        }
    }
}
