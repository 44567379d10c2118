//! References, wherever in a document they stand: `OpenAPI` has them in some places only, documents have them in all.
//!
//! Owns how a place is found with references followed, on the way there and in its stead. Must not know what is there.

use serde_json::Value;

use super::objects;
use super::schema::{reference, target};
use crate::finding::Finding;
use crate::pointer::{Pointed, child};
use crate::yaml::Document;

/// References one after the other on the way to one place: more is a circle.
pub(super) const REFERENCES_MAX: usize = 32;

/// Result of following a pointer and the references on its way.
#[derive(Debug)]
pub(super) enum Referred<'d> {
    /// Nothing, and no reference stands in its stead.
    Nothing,
    /// A value, and the place that it is really at.
    Value(String, &'d Value),
    /// A reference that leads nowhere: where it is, and its text.
    Broken(String, &'d str),
    /// References that lead to each other.
    Circle,
}

impl<'d> Referred<'d> {
    /// The value, if there is one.
    pub(super) fn value(self) -> Option<&'d Value> {
        match self {
            Referred::Value(_, value) => Some(value),
            _ => None,
        }
    }
}

/// The text of a reference that a value is as a whole: in data, all else that has a `$ref` is data.
pub(super) fn whole_reference(value: &Value) -> Option<&str> {
    reference(value).filter(|_| value.as_object().is_some_and(|map| map.len() == 1))
}

/// The value at `pointer`: references on the way are followed where they stand in the stead of what the way goes
/// through,
/// and so is one at its end.
pub(super) fn find<'d>(root: &'d Value, pointer: &str) -> Referred<'d> {
    follow(root, pointer, true)
}

/// The value at `pointer`, without following a reference at the end itself.
pub(super) fn locate<'d>(root: &'d Value, pointer: &str) -> Referred<'d> {
    follow(root, pointer, false)
}

fn follow<'d>(root: &'d Value, pointer: &str, through: bool) -> Referred<'d> {
    let mut pointer = pointer.to_owned();
    // Each reference that was followed, and how much of the pointer is what it leads to: with less there, it is broken.
    let mut followed: Vec<(String, &str, usize)> = Vec::new();
    for _ in 0..REFERENCES_MAX {
        let (holder, value) = nearest(root, &pointer);
        let is_there = holder.len() == pointer.len();
        let text = reference(value).filter(|_| through || !is_there);
        let Some(text) = text else {
            let broken = followed.into_iter().rev().find(|(_, _, led)| holder.len() < *led);
            return match broken {
                _ if is_there => Referred::Value(pointer, value),
                Some((at, text, _)) => Referred::Broken(at, text),
                None => Referred::Nothing,
            };
        };
        let at = child(holder, "$ref");
        let Some(target) = target(text).filter(|to| to.is_empty() || to.starts_with('/')) else {
            return Referred::Broken(at, text);
        };
        for (_, _, led) in &mut followed {
            let left = led.saturating_sub(holder.len());
            *led = if left == 0 { 0 } else { target.len() + left };
        }
        followed.push((at, text, target.len()));
        pointer = format!("{target}{}", &pointer[holder.len()..]);
    }
    Referred::Circle
}

/// As much of the way as there is, and what is there.
pub(super) fn nearest<'d, 'p>(root: &'d Value, pointer: &'p str) -> (&'p str, &'d Value) {
    if let Some(value) = root.find_at(pointer) {
        return (pointer, value);
    }
    // Mostly it is no more than an entry that is missing.
    if let Some((holder, _)) = pointer.rsplit_once('/')
        && let Some(value) = root.find_at(holder)
    {
        return (holder, value);
    }
    let (mut value, mut end) = (root, 0);
    while let Some(rest) = pointer[end..].strip_prefix('/') {
        let token = rest.split('/').next().unwrap_or_default();
        let Some(child) = value.find_at(&pointer[end..=end + token.len()]) else { break };
        (value, end) = (child, end + 1 + token.len());
    }
    (&pointer[..end], value)
}

/// Warning for a reference in a place where `OpenAPI` has none.
pub(super) fn unusual(document: &Document, pointer: &str) -> Finding {
    let place = objects::name(pointer);
    let place = match place.split('/').next().unwrap_or_default() {
        method if objects::METHODS.contains(&method) => "an operation".to_owned(),
        name => format!("`{name}`"),
    };
    let message =
        format!("{place} is a reference, which OpenAPI does not have there; it is followed");
    let at = child(pointer, "$ref");
    document.warning(&at, message)
}

/// Warning for data that looks like a reference and leads nowhere.
pub(super) fn unfollowed(document: &Document, pointer: &str) -> Finding {
    let message = "the value looks like a reference that leads nowhere; it is data as it is";
    document.warning(pointer, message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_are_followed_on_the_way_and_at_the_end() {
        let root = json!({
            "a": { "$ref": "#/b" },
            "b": { "c": { "$ref": "#/d/0" }, "own": 1 },
            "d": [{ "e": 5 }],
            "properties": { "$ref": { "type": "string" } },
            "extended": { "$ref": "#/b", "own": 2 },
            "loop": { "$ref": "#/loop" },
            "one": { "$ref": "#/two/x" },
            "two": { "$ref": "#/one" },
            "gone": { "$ref": "#/nowhere" },
            "through": { "$ref": "#/a/c/f" },
            "file": { "$ref": "other.yaml#/b" },
        });
        for (pointer, expected) in [
            ("/a/c/e", r#"Value("/d/0/e", Number(5))"#),
            ("/a/own", r#"Value("/b/own", Number(1))"#),
            ("/extended/own", r#"Value("/extended/own", Number(2))"#),
            ("/extended/c/e", r#"Value("/d/0/e", Number(5))"#),
            ("/a/c/f", "Nothing"),
            ("/a/d", "Nothing"),
            ("/gone/x", r##"Broken("/gone/$ref", "#/nowhere")"##),
            ("/through", r##"Broken("/through/$ref", "#/a/c/f")"##),
            ("/properties/$ref/type", r#"Value("/properties/$ref/type", String("string"))"#),
            ("/properties/other", "Nothing"),
            ("/nowhere", "Nothing"),
            ("/loop", "Circle"),
            ("/one/y", "Circle"),
            ("/gone", r##"Broken("/gone/$ref", "#/nowhere")"##),
            ("/file/x", r##"Broken("/file/$ref", "other.yaml#/b")"##),
        ] {
            let found = format!("{:?}", find(&root, pointer));
            assert_eq!(found, expected, "{pointer}");
        }
        assert!(matches!(locate(&root, "/a"), Referred::Value(at, _) if at == "/a"));
        assert!(matches!(locate(&root, "/a/c"), Referred::Value(at, _) if at == "/b/c"));
    }
}
