//! Validators of schemas, within bounds: whether a value fits is asked on a stack that is deep enough, and why it does
//! not is collected only where that takes little.
//!
//! Must not know which schema of a document it is.

use std::collections::HashMap;
use std::sync::Arc;

use jsonschema::ValidationError;
use serde_json::{Map, Value};

use crate::pointer::Pointed;

use super::schema::{AppliesTo, DOCUMENT_URI, SchemaToken, parts_where, target};

/// Schemas that are applied while errors are collected: a large body takes some thousand. Each can be an error, and of
/// alternatives each is followed, whereby ten levels of a recursive schema with five of them come to ten millions.
const APPLIED_MAX: usize = 20_000;
/// Schemas in one another of which an error counts as one more: each error has the path to it.
const PATH_LEVELS: usize = 32;
/// Stack that one schema inside another takes at most: 4,500 bytes were measured for a reference to a schema with one
/// more in it, in a debug build; release builds take less than half.
const LEVEL_BYTES: usize = if cfg!(debug_assertions) { 4 << 10 } else { 2 << 10 };
/// Stack for what is around and at the end: a pattern, a format.
const BASE_BYTES: usize = 256 << 10;
/// Deepest stack that is made for a value. It is mapped only, and takes memory where it is used.
const STACK_BYTES_MAX: usize = 512 << 20;

/// One schema, compiled.
#[derive(Debug)]
pub struct Validator {
    compiled: jsonschema::Validator,
    /// The document, which `json-schema:///document` names.
    document: Option<Arc<Value>>,
    schema: Value,
    /// Maximum nesting of schemas applied to one value.
    height: usize,
}

/// The ways in which a value does not fit; there is at least one if it does not.
#[derive(Debug, Default)]
pub struct Misfits<'v> {
    /// Those that were found.
    pub found: Vec<ValidationError<'v>>,
    /// Whether there may be more: collecting them ended early.
    pub is_cut_off: bool,
}

impl Validator {
    pub(super) fn new(
        compiled: jsonschema::Validator,
        document: Option<Arc<Value>>,
        schema: Value,
        height: usize,
    ) -> Self {
        Self { compiled, document, schema, height }
    }

    /// Returns true if a value fits.
    pub fn is_valid(&self, value: &Value) -> bool {
        self.on_stack(value, || self.compiled.is_valid(value)).unwrap_or(false)
    }

    /// The first few ways in which a value does not fit.
    pub fn misfits<'v>(&'v self, value: &'v Value, max: usize) -> Misfits<'v> {
        self.cheap_misfits(value, max).unwrap_or_else(|| Misfits {
            found: vec![ValidationError::custom("does not fit the schema")],
            is_cut_off: true,
        })
    }

    /// All errors, if collecting them takes little.
    pub(super) fn cheap_misfits<'v>(&'v self, value: &'v Value, max: usize) -> Option<Misfits<'v>> {
        let collect = || {
            if self.compiled.is_valid(value) {
                return Some(Misfits::default());
            }
            if self.takes_much(value) {
                return None;
            }
            if max == 1 {
                let first = self.compiled.validate(value).err();
                return Some(Misfits { found: first.into_iter().collect(), is_cut_off: false });
            }
            let mut errors = self.compiled.iter_errors(value);
            let found = errors.by_ref().take(max).collect();
            Some(Misfits { found, is_cut_off: errors.next().is_some() })
        };
        self.on_stack(value, collect).unwrap_or_else(|| {
            let error = ValidationError::custom("is nested too deeply for its schema");
            Some(Misfits { found: vec![error], is_cut_off: false })
        })
    }

    /// Runs something on a stack that is deep enough for a value; `None` if that would have to be too deep.
    pub(super) fn on_stack<R>(&self, value: &Value, run: impl FnOnce() -> R) -> Option<R> {
        let bytes = BASE_BYTES.saturating_add(self.levels(value).saturating_mul(LEVEL_BYTES));
        (bytes <= STACK_BYTES_MAX).then(|| stacker::maybe_grow(bytes, bytes, run))
    }

    /// Maximum nesting of schemas applied to a value and what is in it.
    pub(super) fn levels(&self, value: &Value) -> usize {
        self.height.saturating_mul(depth(value))
    }

    /// Returns true if collecting all errors would apply too many schemas.
    fn takes_much(&self, value: &Value) -> bool {
        let document = self.document.as_deref().unwrap_or(&Value::Null);
        let levels_max = self.levels(value);
        let targets = HashMap::new();
        let mut work = Work { document, left: APPLIED_MAX, levels: 0, levels_max, targets };
        work.apply(&self.schema, &self.schema, value);
        work.left == 0
    }
}

/// Nesting depth of values.
fn depth(value: &Value) -> usize {
    match value {
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        _ => 1,
    }
}

/// Counts the schemas that are applied to a value and what is in it, each as often as something leads to it, without
/// asking whether anything fits: never fewer than are applied while errors are collected.
struct Work<'s> {
    document: &'s Value,
    left: usize,
    /// Current nesting depth of schemas.
    levels: usize,
    /// Limit on it: schemas beside a document may lead in a circle.
    levels_max: usize,
    /// What references lead to that were followed before, by whether they are the document's.
    targets: HashMap<(bool, &'s str), Option<(&'s Value, &'s Value)>>,
}

impl<'s> Work<'s> {
    /// `root` is what references inside `schema` lead into.
    fn apply(&mut self, root: &'s Value, schema: &'s Value, value: &Value) {
        self.left = self.left.saturating_sub(1 + self.levels / PATH_LEVELS);
        let Value::Object(map) = schema else { return };
        if self.levels >= self.levels_max {
            self.left = 0;
            return;
        }
        self.levels += 1;
        self.apply_keywords(root, map, value);
        self.levels -= 1;
    }

    fn apply_keywords(&mut self, root: &'s Value, map: &'s Map<String, Value>, value: &Value) {
        if let Some(Value::String(reference)) = map.get("$ref") {
            self.follow(root, reference, value);
        }
        // Of properties and items, schemas may list many more than values have.
        if let (Some(Value::Object(known)), Value::Object(members)) = (map.get("properties"), value)
        {
            let known = members.iter().filter_map(|(name, it)| Some((known.get(name)?, it)));
            known.for_each(|(schema, it)| self.apply(root, schema, it));
        }
        if let (Some(Value::Array(known)), Value::Array(items)) = (map.get("prefixItems"), value) {
            known.iter().zip(items).for_each(|(schema, it)| self.apply(root, schema, it));
        }
        let is_other = |keyword: &str, _| !matches!(keyword, "properties" | "prefixItems");
        for part in parts_where(map, is_other) {
            if self.left == 0 {
                return;
            }
            match (part.applies_to, part.token) {
                (AppliesTo::SameValue, SchemaToken::Name(name)) if value.get(name).is_none() => {}
                (AppliesTo::SameValue, _) => self.apply(root, part.schema, value),
                (AppliesTo::Members | AppliesTo::Items | AppliesTo::Names, _) => {
                    self.apply_inside(root, part.schema, value);
                }
                (AppliesTo::Content | AppliesTo::Nothing, _) => {}
            }
        }
    }

    fn apply_inside(&mut self, root: &'s Value, schema: &'s Value, value: &Value) {
        let inside: &mut dyn Iterator<Item = &Value> = match value {
            Value::Object(members) => &mut members.values(),
            Value::Array(items) => &mut items.iter(),
            _ => return,
        };
        for value in inside {
            if self.left == 0 {
                return;
            }
            self.apply(root, schema, value);
        }
    }

    fn follow(&mut self, root: &'s Value, reference: &'s str, value: &Value) {
        let document = self.document;
        let key = (std::ptr::eq(root, document), reference);
        let found = self.targets.entry(key).or_insert_with(|| {
            let into_document = reference.strip_prefix(DOCUMENT_URI);
            let root = if into_document.is_some() { document } else { root };
            let pointer = target(into_document.unwrap_or(reference))?;
            Some((root, root.find_at(&pointer)?))
        });
        if let Some((root, schema)) = *found {
            self.apply(root, schema, value);
        }
    }
}
