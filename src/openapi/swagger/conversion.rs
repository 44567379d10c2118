//! A document that is being converted: what its parts have in common.
//!
//! Must not know what any part becomes.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::places::{Kind, is_home, new_place};
use crate::finding::Finding;
use crate::json;
use crate::openapi::references::{Referred, find, whole_reference};
use crate::openapi::schema;
use crate::pointer::child;
use crate::yaml::{Origin, Part};

/// Values that are copied to where a reference cannot stand, all together: as many as the largest documents have.
pub(super) const COPIED_MAX: usize = 5_000_000;

/// Parts of a document that have another place in `OpenAPI` 3, all under `components`.
pub(super) const COMPONENTS: [(&str, &str); 4] = [
    ("definitions", "schemas"),
    ("parameters", "parameters"),
    ("responses", "responses"),
    ("securityDefinitions", "securitySchemes"),
];

/// Places of one object: in the document as it is written, and in that which becomes of it.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    pub(super) written: String,
    pub(super) new: String,
}

impl Spot {
    pub(super) fn child(&self, token: &str) -> Spot {
        Spot { written: child(&self.written, token), new: child(&self.new, token) }
    }
}

/// A document that is being converted.
pub(super) struct Conversion<'d> {
    /// As it is written: what references lead to.
    pub(super) written: &'d Value,
    pub(super) findings: Vec<Finding>,
    /// Those of the document, for operations that name none.
    pub(super) consumes: Vec<(String, Origin)>,
    pub(super) produces: Vec<(String, Origin)>,
    /// New places of what has one, by pointer.
    pub(super) moved: HashMap<String, String>,
    /// Objects elsewhere that are still to be converted, by their new place.
    pub(super) open: BTreeMap<String, (Spot, Kind)>,
    pub(super) seen: HashSet<String>,
    /// Values that were copied.
    pub(super) copied: usize,
}

impl<'d> Conversion<'d> {
    pub(super) fn new(written: &'d Value) -> Self {
        let moved = COMPONENTS.map(|(from, to)| (format!("/{from}"), format!("/components/{to}")));
        Conversion {
            written,
            findings: Vec::new(),
            consumes: Vec::new(),
            produces: Vec::new(),
            moved: moved.into(),
            open: BTreeMap::new(),
            seen: HashSet::new(),
            copied: 0,
        }
    }

    pub(super) fn warn(&mut self, origin: &Origin, message: impl Into<String>, hint: &str) {
        self.findings.push(origin.warning(message).hint(hint));
    }

    /// Where something that is written at a place will be.
    pub(super) fn spot(&self, written: String) -> Spot {
        let new = new_place(&self.moved, &written);
        Spot { written, new }
    }

    /// What a reference in place of an object of a kind leads to: its place and the object. What stands elsewhere than
    /// such objects do is converted later.
    pub(super) fn referred(
        &mut self,
        part: &Part,
        kind: Kind,
    ) -> Option<(Spot, &'d Map<String, Value>)> {
        let target = schema::target(schema::reference(part.value())?)?;
        let found = find(self.written, &target);
        let Referred::Value(at, Value::Object(map)) = found else { return None };
        let spot = self.spot(at);
        if !is_home(&spot.written, kind) && self.seen.insert(spot.new.clone()) {
            self.open.insert(spot.new.clone(), (spot.clone(), kind));
        }
        Some((spot, map))
    }

    /// A copy of a value, as long as not too much was copied.
    pub(super) fn copy(&mut self, value: &Value, origin: &Origin) -> Option<Part> {
        self.copied += json::count(value);
        (self.copied <= COPIED_MAX).then(|| Part::new(origin, value.clone()))
    }
}

/// Takes an entry out.
pub(super) fn take(entries: &mut Vec<(String, Part)>, name: &str) -> Option<Part> {
    let number = entries.iter().position(|(key, _)| key == name)?;
    Some(entries.remove(number).1)
}

/// A reference to a place of the new document.
pub(super) fn link(origin: &Origin, pointer: &str) -> Part {
    Part::new(origin, json!({ "$ref": schema::fragment(pointer) }))
}

/// A schema that stands at `place` of the new document, for one more place.
pub(super) fn shared(schema: &Part, place: &str) -> Part {
    match whole_reference(schema.value()) {
        Some(_) => schema.clone(),
        None => link(schema.origin(), place),
    }
}
