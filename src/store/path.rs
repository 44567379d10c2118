//! Where a reference stands inside a record: `author_id`, `author.id`, `mentions[].user_id`.
//!
//! Must not know what is referred to.

use std::fmt;

use serde_json::{Map, Value};

use super::key::{Key, Scalar};

/// Longest path, in properties: bounds the work of reading one.
const PROPERTIES_MAX: usize = 16;

/// A place inside a record. Ends it at an array, or goes through one with `[]`, then each element is a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyPath {
    /// The properties up to the value, or up to the list.
    outer: Box<[String]>,
    /// The properties inside an element, where the path has `[]`.
    inner: Option<Box<[String]>>,
}

impl PropertyPath {
    /// Reads a path such as `mentions[].user_id`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut outer = Vec::new();
        let mut inner: Option<Vec<String>> = None;
        let pieces: Vec<&str> = text.splitn(PROPERTIES_MAX + 1, '.').collect();
        if pieces.len() > PROPERTIES_MAX {
            return Err(format!(
                "path `{text}` has more than {PROPERTIES_MAX} properties: shorten it"
            ));
        }
        for piece in pieces {
            let (name, is_list) =
                piece.strip_suffix("[]").map_or((piece, false), |name| (name, true));
            if name.is_empty() {
                return Err(format!(
                    "path `{text}` has an empty property: write it as in `mentions[].user_id`"
                ));
            }
            if name.contains(['[', ']']) {
                return Err(format!(
                    "path `{text}` has brackets inside `{name}`: only `[]` after a name is known"
                ));
            }
            if is_list && inner.is_some() {
                return Err(format!(
                    "path `{text}` goes through more than one list: keep one `[]`"
                ));
            }
            inner.as_mut().unwrap_or(&mut outer).push(name.to_owned());
            if is_list {
                inner = Some(Vec::new());
            }
        }
        Ok(Self { outer: outer.into(), inner: inner.map(Vec::into_boxed_slice) })
    }

    /// Returns true if `[]` is in it. Without, the property may still hold a list of keys.
    pub fn has_list(&self) -> bool {
        self.inner.is_some()
    }

    /// The property it is, when it is nothing more.
    pub fn property(&self) -> Option<&str> {
        match (&*self.outer, &self.inner) {
            ([property], None) => Some(property),
            _ => None,
        }
    }

    /// The first property of it: the one that a record's schema has to have.
    pub fn root(&self) -> &str {
        &self.outer[0]
    }

    fn read<'f>(&self, fields: &'f Map<String, Value>) -> PathValue<'f> {
        let found = descend(fields.get(&self.outer[0]), &self.outer[1..]);
        match found {
            None | Some(Value::Null) => PathValue::Absent,
            Some(Value::Array(elements)) => PathValue::List(elements),
            Some(_) if self.inner.is_some() => PathValue::Unfit,
            Some(value) => Scalar::from_json(value).map_or(PathValue::Unfit, PathValue::One),
        }
    }

    /// The part that one element of the list holds; `Err` where it is no key.
    fn element(&self, element: &Value) -> Result<Option<Scalar>, Unfit> {
        match descend(Some(element), self.inner.as_deref().unwrap_or_default()) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => Scalar::from_json(value).map(Some).ok_or(Unfit),
        }
    }
}

impl fmt::Display for PropertyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.outer.join("."))?;
        match self.inner.as_deref() {
            None => Ok(()),
            Some([]) => f.write_str("[]"),
            Some(inner) => write!(f, "[].{}", inner.join(".")),
        }
    }
}

enum PathValue<'f> {
    Absent,
    One(Scalar),
    List(&'f [Value]),
    Unfit,
}

/// A reference holds something that can be no key.
#[derive(Debug)]
pub(super) struct Unfit;

fn descend<'v>(from: Option<&'v Value>, properties: &[String]) -> Option<&'v Value> {
    properties.iter().try_fold(from?, |value, property| value.get(property))
}

/// Calls `found` with every key that the record with `fields` refers to by `by`; one key may come twice.
pub(super) fn each_key(
    by: &[PropertyPath],
    fields: &Map<String, Value>,
    found: &mut dyn FnMut(Key),
) -> Result<(), Unfit> {
    if let [path] = by
        && let PathValue::One(part) = path.read(fields)
    {
        found(part.into());
        return Ok(());
    }
    let mut parts = Vec::with_capacity(by.len());
    let mut list = None;
    for (place, path) in by.iter().enumerate() {
        match path.read(fields) {
            PathValue::Absent => return Ok(()),
            PathValue::One(part) => parts.push(part),
            PathValue::List(elements) if list.is_none() => {
                list = Some((place, path, elements));
                parts.push(Scalar::Bool(false));
            }
            PathValue::List(_) | PathValue::Unfit => return Err(Unfit),
        }
    }
    let Some((place, path, elements)) = list else {
        found(Key::new(parts));
        return Ok(());
    };
    for element in elements {
        if let Some(part) = path.element(element)? {
            let mut parts = parts.clone();
            parts[place] = part;
            found(Key::new(parts));
        }
    }
    Ok(())
}

/// Takes the reference to `target` out: every such element of the list, or the last part of it set to null.
pub(super) fn unlink(
    by: &[PropertyPath],
    fields: &mut Map<String, Value>,
    target: &Key,
    by_removal: bool,
) {
    let list = by.iter().position(|path| matches!(path.read(fields), PathValue::List(_)));
    let Some(place) = list.or(by.len().checked_sub(1)) else { return };
    let path = &by[place];
    let Some(value) = fields.get_mut(&path.outer[0]) else { return };
    if by_removal && path.outer.len() == 1 && !value.is_array() {
        fields.shift_remove(&path.outer[0]);
        return;
    }
    let value = path.outer[1..].iter().try_fold(value, |value, property| value.get_mut(property));
    match value {
        Some(Value::Array(elements)) => {
            let gone = target.parts().get(place);
            elements.retain(|element| path.element(element).ok().flatten().as_ref() != gone);
        }
        Some(value) => *value = Value::Null,
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: Value) -> Map<String, Value> {
        let Value::Object(fields) = value else { panic!("not an object: {value}") };
        fields
    }

    fn keys(by: &[&str], value: Value) -> Option<Vec<Key>> {
        let by: Vec<PropertyPath> =
            by.iter().map(|text| PropertyPath::parse(text).unwrap()).collect();
        let mut keys = Vec::new();
        each_key(&by, &fields(value), &mut |key| keys.push(key)).ok().map(|()| keys)
    }

    fn composite(left: i64, right: &str) -> Key {
        Key::new(vec![left.into(), right.into()])
    }

    #[test]
    fn a_reference_is_a_property_a_list_or_inside_one() {
        assert_eq!(keys(&["a"], json!({ "a": 1 })), Some(vec![1.into()]));
        assert_eq!(keys(&["a.b"], json!({ "a": { "b": "x" } })), Some(vec!["x".into()]));
        assert_eq!(keys(&["a"], json!({ "a": [1, null, 2] })), Some(vec![1.into(), 2.into()]));
        assert_eq!(keys(&["a[]"], json!({ "a": [1] })), Some(vec![1.into()]));
        assert_eq!(
            keys(&["o", "m[].u"], json!({ "o": 1, "m": [{ "u": "x" }, {}, { "u": "y" }] })),
            Some(vec![composite(1, "x"), composite(1, "y")])
        );
        assert_eq!(keys(&["o", "u"], json!({ "o": 1, "u": "x" })), Some(vec![composite(1, "x")]));
    }

    #[test]
    fn a_reference_with_a_part_missing_is_absent() {
        assert_eq!(keys(&["a"], json!({})), Some(vec![]));
        assert_eq!(keys(&["a"], json!({ "a": null })), Some(vec![]));
        assert_eq!(keys(&["o", "u"], json!({ "o": 1, "u": null })), Some(vec![]));
        assert_eq!(keys(&["a.b"], json!({ "a": 1 })), Some(vec![]));
    }

    #[test]
    fn what_is_no_key_is_no_reference_either() {
        assert_eq!(keys(&["a"], json!({ "a": {} })), None);
        assert_eq!(keys(&["a"], json!({ "a": [[]] })), None);
        assert_eq!(keys(&["a[].b"], json!({ "a": 1 })), None);
        assert_eq!(keys(&["a", "b"], json!({ "a": [1], "b": [1] })), None);
    }

    #[test]
    fn unlinking_can_take_the_property_away_but_never_a_list() {
        let by = [PropertyPath::parse("a").unwrap()];
        let removed = |value: Value| {
            let mut record = fields(value);
            unlink(&by, &mut record, &1.into(), true);
            Value::Object(record)
        };
        assert_eq!(removed(json!({ "a": 1, "b": 2 })), json!({ "b": 2 }));
        assert_eq!(removed(json!({ "a": [1, 2] })), json!({ "a": [2] }));
    }

    #[test]
    fn unlinking_drops_the_element_or_nulls_the_last_part() {
        let check = |by: &[&str], value: Value, target: Key, expected: Value| {
            let by: Vec<PropertyPath> =
                by.iter().map(|text| PropertyPath::parse(text).unwrap()).collect();
            let mut record = fields(value);
            unlink(&by, &mut record, &target, false);
            assert_eq!(Value::Object(record), expected);
        };
        check(&["a.b"], json!({ "a": { "b": 1 } }), 1.into(), json!({ "a": { "b": null } }));
        check(&["a"], json!({ "a": [1, 2, 1] }), 1.into(), json!({ "a": [2] }));
        check(
            &["o", "m[].u"],
            json!({ "o": 1, "m": [{ "u": "x", "at": 3 }, {}, { "u": "y" }] }),
            composite(1, "x"),
            json!({ "o": 1, "m": [{}, { "u": "y" }] }),
        );
        check(
            &["o", "u"],
            json!({ "o": 1, "u": "x" }),
            composite(1, "x"),
            json!({ "o": 1, "u": null }),
        );
    }

    #[test]
    fn a_path_is_refused_with_the_reason() {
        let refused: Vec<String> = ["", "a..b", "a[].b[]", "a[0].b", "[]"]
            .iter()
            .map(|text| PropertyPath::parse(text).unwrap_err())
            .collect();
        expect_test::expect![[r#"
            path `` has an empty property: write it as in `mentions[].user_id`
            path `a..b` has an empty property: write it as in `mentions[].user_id`
            path `a[].b[]` goes through more than one list: keep one `[]`
            path `a[0].b` has brackets inside `a[0]`: only `[]` after a name is known
            path `[]` has an empty property: write it as in `mentions[].user_id`"#]]
        .assert_eq(&refused.join("\n"));
        for text in ["a", "a.b", "a[]", "a[].b.c", "a.b[].c"] {
            assert_eq!(PropertyPath::parse(text).unwrap().to_string(), text);
        }
        assert!(PropertyPath::parse(&["a"; PROPERTIES_MAX].join(".")).is_ok());
        assert!(PropertyPath::parse(&["a"; PROPERTIES_MAX + 1].join(".")).is_err());
    }
}
