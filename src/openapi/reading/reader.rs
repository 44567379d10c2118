//! What all parts of a document are read with: places, references between them, and what is wrong there.
//!
//! Must not know what stands at a place.

use std::collections::{HashMap, HashSet};

use indexmap::{IndexMap, IndexSet};
use serde_json::{Map, Value};

use crate::finding::{Finding, did_you_mean};
use crate::openapi::direction::Direction;
use crate::openapi::lowering::Lowering;
use crate::openapi::references::Referred;
use crate::openapi::{
    NotEmulated, Parameter, RequestBody, Response, SchemaId, SecurityScheme, bundle, objects,
    references, remote, schema,
};
use crate::pointer::{Pointed, child};
use crate::yaml::Document;

/// Place of an example and the schema it has to fit, for `check`.
#[derive(Clone, Debug)]
pub(in crate::openapi) struct Sample {
    pub(in crate::openapi) pointer: String,
    pub(in crate::openapi) schema: SchemaId,
    /// Which way it goes, where it is an example of a body.
    pub(in crate::openapi) direction: Direction,
}

/// Names of security schemes whose references lead nowhere.
#[derive(Default)]
pub(super) struct LostSchemes {
    pub(super) names: HashSet<String>,
    pub(super) are_all: bool,
}

impl LostSchemes {
    pub(super) fn has(&self, name: &str) -> bool {
        self.are_all || self.names.contains(name)
    }
}

/// Reads one document.
pub(in crate::openapi) struct Reader<'d> {
    pub(super) document: &'d Document,
    pub(in crate::openapi) lowering: Lowering<'d>,
    pub(in crate::openapi) findings: Vec<Finding>,
    pub(in crate::openapi) samples: Vec<Sample>,
    pub(super) schemes: IndexMap<String, SecurityScheme>,
    /// Operations that cannot be answered as the document wants, so that they are not answered at all.
    pub(in crate::openapi) refused: Vec<NotEmulated>,
    /// Security schemes behind references that lead nowhere, by name; all that are not known where it is the whole map.
    pub(super) lost_schemes: LostSchemes,
    /// Names of security schemes that nothing declares, where an operation accepts nothing else.
    pub(super) undeclared_schemes: IndexSet<String>,
    /// Cache of read components, by pointer: they are referred to from everywhere.
    pub(super) parameters: HashMap<String, Option<Parameter>>,
    pub(super) responses: HashMap<String, Response>,
    pub(super) request_bodies: HashMap<String, Option<RequestBody>>,
}

impl<'d> Reader<'d> {
    pub(in crate::openapi) fn new(
        document: &'d Document,
        lowering: Lowering<'d>,
        findings: Vec<Finding>,
    ) -> Reader<'d> {
        Reader {
            document,
            lowering,
            findings,
            samples: Vec::new(),
            schemes: IndexMap::new(),
            refused: Vec::new(),
            lost_schemes: LostSchemes::default(),
            undeclared_schemes: IndexSet::new(),
            parameters: HashMap::new(),
            responses: HashMap::new(),
            request_bodies: HashMap::new(),
        }
    }

    pub(super) fn warn(&mut self, pointer: &str, message: impl Into<String>) -> &mut Finding {
        self.findings.push(self.document.warning(pointer, message));
        self.findings.last_mut().expect("a finding was pushed the line before")
    }

    pub(super) fn advise(&mut self, pointer: &str, message: impl Into<String>, hint: &str) {
        self.warn(pointer, message).hint = Some(hint.to_owned());
    }

    pub(super) fn misplaced(&mut self, pointer: &str, wanted: &str) {
        let place = objects::name(&self.document.written_at(pointer));
        self.warn(pointer, format!("`{place}` is not {wanted} and is left out"));
    }

    /// Value at a place, references left as they are.
    pub(super) fn written(&self, pointer: &str) -> Option<&'d Value> {
        self.document.root().find_at(pointer)
    }

    /// The value at a place and where it is, with references followed. One that leads nowhere is a finding.
    pub(super) fn find(&mut self, pointer: &str) -> Option<(String, &'d Value)> {
        match references::find(self.document.root(), pointer) {
            Referred::Value(at, value) => Some((at, value)),
            Referred::Nothing => None,
            Referred::Broken(at, reference) => {
                self.unresolved(&at, reference);
                None
            }
            // On the way there, it is told for what is on the way.
            Referred::Circle if self.written(pointer).is_none() => None,
            Referred::Circle => {
                let place = objects::name(pointer);
                let message = format!("`{place}` refers to itself in a circle and is left out");
                self.warn(pointer, message);
                None
            }
        }
    }

    /// Reads a place where `OpenAPI` has no references.
    pub(super) fn find_plain(&mut self, pointer: &str) -> Option<(String, &'d Value)> {
        let written = self.written(pointer);
        let is_reference = written.is_some_and(|value| schema::reference(value).is_some());
        if let Some(value) = written.filter(|_| !is_reference) {
            return Some((pointer.to_owned(), value));
        }
        let found = self.find(pointer)?;
        if is_reference {
            self.findings.push(references::unusual(self.document, pointer));
        }
        Some(found)
    }

    /// A field of an object, read where it is written or where a reference in the stead of the object leads.
    pub(super) fn field(&self, holder: &str, name: &str) -> Option<&'d Value> {
        references::find(self.document.root(), &child(holder, name)).value()
    }

    /// The entries of a map, with their pointers. Anything else than a map is a finding. What stands beside a reference
    /// comes first.
    pub(super) fn entries(&mut self, pointer: &str) -> Vec<(&'d String, String)> {
        let (at, map) = match self.find_plain(pointer) {
            Some((at, Value::Object(map))) => (at, Some(map)),
            None | Some((_, Value::Null)) => (String::new(), None),
            Some((at, _)) => {
                self.misplaced(&at, "a map");
                return Vec::new();
            }
        };
        let mut found = Vec::new();
        let mut beside: HashSet<&String> = HashSet::new();
        if at != pointer
            && let Some(Value::Object(map)) = self.written(pointer)
        {
            let names = map.keys().filter(|name| *name != "$ref");
            beside.extend(names.clone());
            found.extend(names.map(|name| (name, child(pointer, name))));
        }
        let names = map.into_iter().flat_map(Map::keys).filter(|name| !beside.contains(name));
        found.extend(names.map(|name| (name, child(&at, name))));
        found
    }

    pub(super) fn items(&mut self, pointer: &str) -> Vec<String> {
        match self.find_plain(pointer) {
            Some((at, Value::Array(items))) => {
                (0..items.len()).map(|index| format!("{at}/{index}")).collect()
            }
            None | Some((_, Value::Null)) => Vec::new(),
            Some((at, _)) => {
                self.misplaced(&at, "a list");
                Vec::new()
            }
        }
    }

    /// The object at a place, with references followed, and where it is then.
    pub(super) fn object(&mut self, pointer: &str) -> Option<(String, &'d Map<String, Value>)> {
        let (at, value) = self.find(pointer)?;
        let map = value.as_object();
        if map.is_none() {
            self.misplaced(&at, "an object");
        }
        map.map(|map| (at, map))
    }

    /// Says of `components` and its maps where they are references: they are gone through, and not asked for.
    pub(in crate::openapi) fn note_components(&mut self) {
        let maps = self.field("", "components").and_then(Value::as_object);
        let maps = maps.into_iter().flat_map(Map::keys);
        let maps = maps.map(|name| child("/components", name));
        for pointer in std::iter::once("/components".to_owned()).chain(maps) {
            if self.written(&pointer).and_then(schema::reference).is_some() {
                self.find_plain(&pointer);
            }
        }
    }

    fn unresolved(&mut self, at: &str, reference: &str) {
        let hint = if reference.starts_with('#') {
            reference.rsplit_once('/').and_then(|(folder, name)| {
                let folder = references::find(self.document.root(), &schema::target(folder)?);
                let siblings = folder.value()?.as_object()?;
                let names = siblings.keys().map(String::as_str);
                did_you_mean(name, names.filter(|name| *name != bundle::FILES))
            })
        } else {
            Some(remote::advice_for_reference(reference))
        };
        let shown = bundle::shown(reference);
        self.warn(at, format!("`{shown}` leads nowhere and is left out")).hint = hint;
    }

    /// The schema in a field; the reference itself when it is one.
    pub(super) fn schema(&mut self, holder: &str, map: &Map<String, Value>) -> Option<SchemaId> {
        if !map.contains_key("schema") && !map.contains_key("itemSchema") {
            return None;
        }
        let pointer = child(holder, "schema");
        self.lowering.schema(&pointer, &mut self.findings).map(SchemaId::new)
    }
}

/// A leaf without what is read apart from it; its schemas are `{}`, whatever they were.
pub(super) fn without(map: &Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    let kept = map.iter().filter(|(name, _)| !names.contains(&name.as_str()));
    kept.map(|(name, value)| {
        let empty = || Value::Object(Map::new());
        let value = match (name.as_str(), value) {
            ("schema" | "itemSchema", _) => empty(),
            ("content" | "encoding", Value::Object(entries)) => {
                entries.keys().map(|key| (key.clone(), empty())).collect()
            }
            _ => value.clone(),
        };
        (name.clone(), value)
    })
    .collect()
}
