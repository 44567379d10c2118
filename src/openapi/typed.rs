//! The leaves of a document typed with `openapiv3`, one by one, and repaired where they do not fit.
//!
//! Owns what to do with a leaf that is not as the specification wants it. Must not know schemas:
//! they are taken out before.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{dialect, objects};
use crate::finding::Finding;
use crate::pointer::child;
use crate::yaml::Document;

/// Replacement where a required field is missing or wrong.
#[derive(Clone, Copy)]
pub(super) enum Substitute {
    Nothing,
    Text,
    Object,
}

use Substitute::{Nothing, Object, Text};

/// Required fields of a typed part.
pub(super) type Needs = &'static [(&'static str, Substitute)];

pub(super) const PARAMETER: Needs = &[("name", Nothing), ("in", Nothing), ("schema", Object)];
pub(super) const HEADER: Needs = &[("schema", Object)];
pub(super) const RESPONSE: Needs = &[("description", Text)];
pub(super) const REQUEST_BODY: Needs = &[];
pub(super) const MEDIA_TYPE: Needs = &[];
pub(super) const ENCODING: Needs = &[];
pub(super) const SERVER: Needs = &[("url", Nothing)];
pub(super) const SECURITY_SCHEME: Needs = &[
    ("type", Nothing),
    ("in", Nothing),
    ("name", Nothing),
    ("scheme", Nothing),
    ("flows", Object),
    ("openIdConnectUrl", Text),
];

/// Types one leaf. Where it does not fit, what it cannot do without is filled in, every other field
/// that does not fit is left out, and each of these is a finding. `None`: it is beyond repair.
pub(super) fn part<T: DeserializeOwned>(
    leaf: Map<String, Value>,
    needs: Needs,
    document: &Document,
    pointer: &str,
    findings: &mut Vec<Finding>,
) -> Option<T> {
    let whole = Value::Object(leaf);
    let error = match T::deserialize(&whole) {
        Ok(typed) => return Some(typed),
        Err(error) => error,
    };
    let Value::Object(mut leaf) = whole else { return None };
    let mut kept = Map::new();
    for (name, _) in needs {
        if let Some(value) = leaf.shift_remove(*name) {
            kept.insert((*name).to_owned(), value);
        }
    }
    let mut best = match T::deserialize(Value::Object(kept.clone())) {
        Ok(typed) => typed,
        Err(_) => supply(&mut kept, needs, document, pointer, findings).or_else(|| {
            let place = objects::name(pointer);
            let message =
                format!("`{place}` does not fit the specification and is left out: {error}");
            findings.push(document.warning(pointer, message));
            None
        })?,
    };
    for (name, value) in leaf {
        let mut candidate = kept.clone();
        candidate.insert(name.clone(), value);
        match T::deserialize(Value::Object(candidate.clone())) {
            Ok(typed) => (best, kept) = (typed, candidate),
            Err(error) => {
                let Some(value) = candidate.get(&name).and_then(as_boolean) else {
                    let message = format!("`{name}` does not fit and is left out: {error}");
                    findings.push(document.warning(&child(pointer, &name), message));
                    continue;
                };
                let message = format!("`{name}` is a text; it is read as `{value}`");
                findings.push(document.warning(&child(pointer, &name), message));
                candidate.insert(name, value);
                if let Ok(typed) = T::deserialize(Value::Object(candidate.clone())) {
                    (best, kept) = (typed, candidate);
                }
            }
        }
    }
    Some(best)
}

/// Fills in what is missing, as little as possible.
fn supply<T: DeserializeOwned>(
    kept: &mut Map<String, Value>,
    needs: Needs,
    document: &Document,
    pointer: &str,
    findings: &mut Vec<Finding>,
) -> Option<T> {
    for (name, substitute) in needs {
        let substitute = match substitute {
            Nothing => continue,
            Text => Value::String(String::new()),
            Object => Value::Object(Map::new()),
        };
        let mut candidate = kept.clone();
        let before = candidate.insert((*name).to_owned(), substitute);
        if let Ok(typed) = T::deserialize(Value::Object(candidate.clone())) {
            let message = match before {
                Some(_) => format!("`{name}` does not fit and is left out"),
                None => format!("`{name}` is missing"),
            };
            findings.push(document.warning(&child(pointer, name), message));
            *kept = candidate;
            return Some(typed);
        }
    }
    None
}

fn as_boolean(value: &Value) -> Option<Value> {
    dialect::boolean(value.as_str()?).map(Value::Bool)
}
