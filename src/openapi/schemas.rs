//! The document's schemas: found by pointer, compiled into validators when first needed.
//!
//! Owns compiled validators and how many are kept. Must not know operations or requests.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::sync::{Arc, OnceLock};

use indexmap::IndexSet;
use jsonschema::{Draft, Registry, ValidationOptions};
use parking_lot::RwLock;
use serde_json::{Map, Value, json};

use super::direction::Direction;
use super::lowering::Lowered;
use super::schema::{Composed, DOCUMENT_URI, Types};
use super::validator::Validator;
use super::{beside, dialect, direction, discriminator, exact, patterns, schema};
use crate::json;
use crate::pointer::Pointed;

/// Compiled validators kept at a time: documents have fewer bodies than this, and their bytes are bounded too.
const VALIDATORS_MAX: usize = 4096;
/// Bytes that the kept validators take together, by estimate. Each holds a copy of all it can reach, so that of
/// 3,000 interlinked schemas each takes 20 MB and more; ordinary ones take 20 KB.
const VALIDATORS_BYTES_MAX: usize = 64 << 20;
/// Bytes that one schema takes when it is compiled: measured, 850 to 950 over objects with some properties.
const COMPILED_BYTES: usize = 1000;
/// Patterns and formats kept compiled by themselves: more than most documents have; all go when there are more.
const PATTERNS_MAX: usize = 256;
/// Names a schema that stands beside the document.
const BESIDE_URI: &str = "json-schema:///beside";
/// Stack to compile on: schemas in one another, of which a file has up to 255, and eight references to such in one
/// another. It is mapped only, and takes memory where it is used.
const COMPILING_STACK_BYTES: usize = 64 << 20;

/// Names one schema of a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemaId(u32);

impl SchemaId {
    pub(super) fn number(self) -> usize {
        self.0 as usize
    }

    pub(super) fn new(number: usize) -> SchemaId {
        SchemaId(u32::try_from(number).expect("a document has fewer than 2^32 schemas"))
    }
}

/// All schemas of one document, lowered to draft 2020-12.
pub struct Schemas {
    root: Arc<Value>,
    pointers: IndexSet<Box<str>>,
    outermost: Vec<SchemaId>,
    has_directions: bool,
    has_sides: bool,
    height: usize,
    registry: OnceLock<Result<Registry<'static>, String>>,
    compiled: RwLock<Compiled>,
    texts: RwLock<HashMap<TextKey, Option<Arc<Validator>>>>,
}

type CompiledSchema = Result<Arc<Validator>, String>;

/// Cache key of a validator of texts: `pattern` or `format`, and its value.
type TextKey = (&'static str, Box<str>);

/// Cache key of a validator.
type ValidatorKey = (SchemaId, Direction);

#[derive(Default)]
struct Compiled {
    outcomes: HashMap<ValidatorKey, CompiledSchema>,
    /// In the order they were compiled, with their estimated bytes: the oldest goes first.
    order: VecDeque<(ValidatorKey, usize)>,
    /// The estimated bytes of all.
    bytes: usize,
    /// Schemas that are bare references, and what they lead to.
    aliases: HashMap<SchemaId, SchemaId>,
}

impl Compiled {
    fn get(&self, id: SchemaId, direction: Direction) -> Option<CompiledSchema> {
        let id = self.aliases.get(&id).copied().unwrap_or(id);
        self.outcomes.get(&(id, direction)).cloned()
    }

    fn keep(&mut self, kept: ValidatorKey, outcome: CompiledSchema, bytes: usize) {
        if self.outcomes.insert(kept, outcome).is_none() {
            self.order.push_back((kept, bytes));
            self.bytes += bytes;
        }
        // The newest stays however large it is: it would be compiled for each request.
        while self.order.len() > 1
            && (self.order.len() > VALIDATORS_MAX || self.bytes > VALIDATORS_BYTES_MAX)
        {
            let Some((oldest, bytes)) = self.order.pop_front() else { break };
            self.outcomes.remove(&oldest);
            self.bytes -= bytes;
        }
    }
}

impl fmt::Debug for Schemas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schemas").field("count", &self.pointers.len()).finish_non_exhaustive()
    }
}

impl Schemas {
    pub(super) fn new(lowered: Lowered) -> Schemas {
        Schemas {
            root: Arc::new(lowered.root),
            pointers: lowered.pointers,
            outermost: lowered.outermost.into_iter().map(SchemaId::new).collect(),
            has_directions: lowered.has_directions,
            has_sides: lowered.has_sides,
            height: lowered.height,
            registry: OnceLock::new(),
            compiled: RwLock::default(),
            texts: RwLock::default(),
        }
    }

    /// The validator of a schema for values that go neither way: all that is required has to be there. Compiled when
    /// first needed; the error says why it cannot be.
    pub fn validator(&self, id: SchemaId) -> Result<Arc<Validator>, String> {
        self.directed(id, Direction::Whole)
    }

    /// Validator for requests, where required properties that are `readOnly` may be missing.
    pub fn request_validator(&self, id: SchemaId) -> Result<Arc<Validator>, String> {
        self.directed(id, Direction::Request)
    }

    /// Validator for responses, where required properties that are `writeOnly` may be missing.
    pub fn response_validator(&self, id: SchemaId) -> Result<Arc<Validator>, String> {
        self.directed(id, Direction::Response)
    }

    /// Validator for a direction, or for none.
    pub fn directed(&self, id: SchemaId, direction: Direction) -> Result<Arc<Validator>, String> {
        let direction = if self.has_directions { direction } else { Direction::Whole };
        let compiled = self.compiled.read();
        if let Some(outcome) = compiled.get(id, direction) {
            return outcome;
        }
        drop(compiled);
        let canonical = self.canonical(id);
        let mut compiled = self.compiled.write();
        if canonical != id {
            compiled.aliases.insert(id, canonical);
        }
        if let Some(outcome) = compiled.get(canonical, direction) {
            return outcome;
        }
        drop(compiled);
        let outcome = self.compile(canonical, direction).map(Arc::new);
        let bytes = self.reach(canonical).saturating_mul(COMPILED_BYTES);
        let mut compiled = self.compiled.write();
        compiled.keep((canonical, direction), outcome.clone(), bytes);
        outcome
    }

    /// Whether any schema is `readOnly` or `writeOnly`.
    pub fn has_sides(&self) -> bool {
        self.has_sides
    }

    /// Number of schemas in a validator: all that can be reached, once.
    pub fn reach(&self, id: SchemaId) -> usize {
        let mut seen: HashSet<String> = HashSet::new();
        let mut open: Vec<&Value> = self.root.find_at(self.pointer(id)).into_iter().collect();
        let mut count = 0;
        while let Some(value) = open.pop() {
            match value {
                Value::Object(map) => {
                    count += 1;
                    let target = schema::target_of(map);
                    if let Some(target) = target
                        && !seen.contains(&target)
                    {
                        open.extend(self.root.find_at(&target));
                        seen.insert(target);
                    }
                    open.extend(map.values());
                }
                Value::Array(items) => open.extend(items),
                _ => {}
            }
        }
        count
    }

    /// The validator of a schema, compiled and not kept.
    pub(super) fn compile(&self, id: SchemaId, direction: Direction) -> Result<Validator, String> {
        self.build(self.reference(id), Some(direction))
    }

    /// A schema that is a reference to one of the document's.
    fn reference(&self, id: SchemaId) -> Value {
        json!({ "$ref": format!("{DOCUMENT_URI}{}", schema::fragment(self.pointer(id))) })
    }

    /// Without a direction, only what both directions require is required.
    fn build(&self, schema: Value, direction: Option<Direction>) -> Result<Validator, String> {
        let registry = self.registry()?;
        let compiled = build(&schema, || match direction {
            Some(direction) => direction::follow_keywords(options(registry), direction),
            None => options(registry),
        })?;
        // The schema is but references, or properties of which each is one.
        Ok(Validator::new(compiled, Some(Arc::clone(&self.root)), schema, self.height + 2))
    }

    /// One validator for all of these schemas: what they share is compiled once, where a validator for each would
    /// compile all that it can reach. It takes a map whose keys are the numbers of the schemas. The second list has
    /// the schemas that cannot be compiled, each with the reason; they are not part of the validator.
    pub(super) fn compile_together(
        &self,
        ids: &[SchemaId],
        direction: Option<Direction>,
    ) -> (Option<Validator>, Vec<(SchemaId, String)>) {
        if let Ok(validator) = self.compile_keyed(ids, direction) {
            return (Some(validator), Vec::new());
        }
        let mut refused = Vec::new();
        self.find_refused(ids, direction, &mut refused);
        let is_sound = |id: &&SchemaId| !refused.iter().any(|(other, _)| other == *id);
        let sound: Vec<SchemaId> = ids.iter().filter(is_sound).copied().collect();
        (self.compile_keyed(&sound, direction).ok(), refused)
    }

    /// The schemas that cannot be compiled, found by halving.
    fn find_refused(
        &self,
        ids: &[SchemaId],
        direction: Option<Direction>,
        refused: &mut Vec<(SchemaId, String)>,
    ) {
        match (self.compile_keyed(ids, direction), ids) {
            (Ok(_), _) => {}
            (Err(error), [id]) => refused.push((*id, error)),
            (Err(_), _) => {
                let (first, second) = ids.split_at(ids.len() / 2);
                self.find_refused(first, direction, refused);
                self.find_refused(second, direction, refused);
            }
        }
    }

    /// The key of a schema in the map that a validator of several takes.
    pub(super) fn key(id: SchemaId) -> String {
        id.0.to_string()
    }

    fn compile_keyed(
        &self,
        ids: &[SchemaId],
        direction: Option<Direction>,
    ) -> Result<Validator, String> {
        let properties: Map<String, Value> =
            ids.iter().map(|id| (Self::key(*id), self.reference(*id))).collect();
        self.build(json!({ "properties": properties }), direction)
    }

    /// The schemas that have a default or examples of their own.
    pub(super) fn with_values(&self) -> impl Iterator<Item = (SchemaId, &Map<String, Value>)> {
        let valued = |schema: &Map<String, Value>| {
            ["default", "example", "examples"].iter().any(|keyword| schema.contains_key(*keyword))
        };
        self.pointers.iter().enumerate().filter_map(move |(number, pointer)| {
            let schema = self.root.find_at(pointer)?.as_object()?;
            valued(schema).then(|| (SchemaId::new(number), schema))
        })
    }

    /// The validator of a schema that refers to nothing, for either direction.
    pub(super) fn compile_alone(schema: &Map<String, Value>) -> Result<Validator, String> {
        let without = ["default", "example", "examples"];
        let schema = schema.iter().filter(|(keyword, _)| !without.contains(&keyword.as_str()));
        let schema = schema.map(|(keyword, value)| (keyword.clone(), value.clone())).collect();
        let compiled = build(&schema, || asserting().with_draft(Draft::Draft202012))?;
        let height = json::count(&schema);
        Ok(Validator::new(compiled, None, schema, height))
    }

    /// Validator for one direction, without bounds: it has no schemas in it.
    pub(super) fn compile_own(
        schema: &Value,
        direction: Direction,
    ) -> Option<jsonschema::Validator> {
        let options = || asserting().with_draft(Draft::Draft202012);
        build(schema, || direction::follow_keywords(options(), direction)).ok()
    }

    /// The validator of a schema that stands beside the document, as [`normalized`](super::normalized) gives it; its
    /// references may lead into the document. The schema is a valid one: a part of the document, or one that
    /// [`compile_given`](Self::compile_given) takes.
    pub fn compile_beside(&self, schema: &Value) -> Result<Validator, String> {
        let schema = self.anchored(schema);
        let with_schema = self.registry()?.add(BESIDE_URI, &schema);
        let with_schema = with_schema
            .and_then(|registry| registry.draft(Draft::Draft202012).prepare())
            .map_err(|error| error.to_string())?;
        let reference = json!({ "$ref": BESIDE_URI });
        let compiled = build(&reference, || {
            direction::follow_keywords(options(&with_schema), Direction::Whole)
        })?;
        drop(with_schema);
        // Each of its schemas may be in another, and the last in one of the document's.
        let height = self.height.saturating_add(json::count(&schema) + 1);
        Ok(Validator::new(compiled, Some(Arc::clone(&self.root)), schema, height))
    }

    /// The same of a schema that somebody wrote: the error says, too, what is not valid in it. It is held against the
    /// meta-schema of 2020-12, whose first use takes 2 ms and 3 MB.
    pub fn compile_given(&self, schema: &Value) -> Result<Validator, String> {
        let (schema, registry) = (self.anchored(schema), self.registry()?);
        let compiled = build(&schema, || {
            let options = asserting().with_draft(Draft::Draft202012).with_registry(registry);
            direction::follow_keywords(options, Direction::Whole)
        })?;
        let height = self.height.saturating_add(json::count(&schema));
        Ok(Validator::new(compiled, Some(Arc::clone(&self.root)), schema, height))
    }

    fn anchored(&self, schema: &Value) -> Value {
        beside::anchored(schema, &|pointer| self.at(pointer).is_some())
    }

    fn registry(&self) -> Result<&Registry<'static>, String> {
        self.registry.get_or_init(|| self.register()).as_ref().map_err(String::clone)
    }

    /// The schemas that something else than a schema holds: compiling these compiles all.
    pub(super) fn outermost(&self) -> impl Iterator<Item = SchemaId> {
        self.outermost.iter().copied()
    }

    fn register(&self) -> Result<Registry<'static>, String> {
        Registry::new()
            .draft(Draft::Draft202012)
            .add(DOCUMENT_URI, Arc::clone(&self.root))
            .and_then(jsonschema::RegistryBuilder::prepare)
            .map_err(|error| error.to_string())
    }

    /// The schema that a bare reference leads to, whose validator it shares; else the schema itself.
    pub fn canonical(&self, id: SchemaId) -> SchemaId {
        let pointer = self.pointer(id);
        let schema = self.root.find_at(pointer).and_then(Value::as_object);
        if schema.is_none_or(|schema| schema.len() != 1 || !schema.contains_key("$ref")) {
            return id;
        }
        self.at(&schema::follow(&self.root, pointer).0).unwrap_or(id)
    }

    /// The lowered schema, with `$ref`s at its top followed. Not for each request: it walks.
    pub fn resolved(&self, id: SchemaId) -> &Value {
        schema::follow(&self.root, self.pointer(id)).1
    }

    /// The schema that `$ref` leads to from any schema of this document, for walks inside one.
    pub fn follow<'s>(&'s self, schema: &'s Value) -> &'s Value {
        let pointer = schema::reference(schema).and_then(schema::target);
        pointer.map_or(schema, |pointer| schema::follow(&self.root, &pointer).1)
    }

    /// A schema and those that a value of it may have to fit as well, nearest first.
    pub(crate) fn composed<'s>(&'s self, schema: &'s Value) -> Composed<'s> {
        Composed::new(&self.root, schema)
    }

    /// The schemas that every value of a schema fits, too, one step further: what its `$ref` leads to, and its `allOf`.
    pub(crate) fn conjuncts<'s>(
        &'s self,
        schema: &'s Map<String, Value>,
    ) -> impl Iterator<Item = &'s Value> {
        schema::conjuncts(&self.root, schema)
    }

    /// The types that a schema allows, as far as it says.
    pub(crate) fn types(&self, schema: &Value) -> Types {
        schema::allowed(&self.root, schema)
    }

    /// The lowered schema itself, its `$ref` not followed.
    pub fn schema(&self, id: SchemaId) -> &Value {
        self.root.find_at(self.pointer(id)).unwrap_or(&Value::Bool(true))
    }

    /// One step of a `$ref`: what it leads to may refer on, and say something beside that.
    pub fn referred(&self, reference: &str) -> Option<&Value> {
        self.root.find_at(&schema::target(reference)?)
    }

    /// Returns true if the outermost type of a schema, references followed, allows a value.
    pub(super) fn is_of_type(&self, pointer: &str, value: &Value) -> bool {
        let allows = |one: &Value| one.as_str().is_none_or(|one| dialect::is_of(value, one));
        match schema::follow(&self.root, pointer).1.get("type") {
            Some(Value::Array(types)) => types.iter().any(allows),
            Some(one) => allows(one),
            None => true,
        }
    }

    /// What tells texts that match a pattern of this document from others; compiled when first needed. `None` for one
    /// that cannot be compiled.
    pub fn pattern(&self, pattern: &str) -> Option<Arc<Validator>> {
        self.texts("pattern", pattern)
    }

    /// Validator of a format.
    pub fn format(&self, format: &str) -> Option<Arc<Validator>> {
        self.texts("format", format)
    }

    fn texts(&self, keyword: &'static str, said: &str) -> Option<Arc<Validator>> {
        let key: TextKey = (keyword, said.into());
        let kept = self.texts.read();
        if let Some(known) = kept.get(&key) {
            return known.clone();
        }
        drop(kept);
        let schema = Map::from_iter([(keyword.to_owned(), Value::String(said.to_owned()))]);
        let compiled = Self::compile_alone(&schema).ok().map(Arc::new);
        let mut kept = self.texts.write();
        if kept.len() >= PATTERNS_MAX {
            kept.clear();
        }
        kept.insert(key, compiled.clone());
        compiled
    }

    /// The names by which discriminators know a schema, as a schema of the property that has them.
    pub fn named<'s>(schema: &'s Map<String, Value>, property: &str) -> Option<&'s Value> {
        schema.get(discriminator::NAMED)?.get(property)
    }

    /// Returns true if discriminators know a schema by names.
    pub fn is_named(schema: &Map<String, Value>) -> bool {
        schema.contains_key(discriminator::NAMED)
    }

    /// The name of the component that a schema's `$ref` leads to.
    pub fn component(&self, schema: &Value) -> Option<String> {
        let target = schema::target(schema::reference(schema)?)?;
        discriminator::implicit_name(&target)
    }

    /// Value at a JSON Pointer in the lowered document, where parts of schemas may have moved.
    pub(super) fn value(&self, pointer: &str) -> Option<&Value> {
        self.root.find_at(pointer)
    }

    /// JSON Pointer to the schema in the document.
    pub fn pointer(&self, id: SchemaId) -> &str {
        self.pointers.get_index(id.number()).map_or("", |pointer| &**pointer)
    }

    /// The schema at a JSON Pointer, as `/components/schemas/Organization`.
    pub fn at(&self, pointer: &str) -> Option<SchemaId> {
        self.pointers.get_index_of(pointer).map(SchemaId::new)
    }
}

/// The schema that is built is but a reference, and the document it leads into has the draft it was registered
/// with. So the reference itself can be of the draft whose meta-schema is the smallest: compiling that of 2020-12
/// for it takes 2 ms and 3 MB at start.
fn options<'r>(registry: &'r Registry<'r>) -> ValidationOptions<'r> {
    asserting().with_draft(Draft::Draft4).with_registry(registry)
}

fn asserting<'r>() -> ValidationOptions<'r> {
    let options = jsonschema::options().offline().should_validate_formats(true);
    exact::follow_keyword(options.with_format("byte", is_base64))
}

/// Compiled with patterns that take linear time, if all of them can.
fn build<'r>(
    schema: &Value,
    options: impl Fn() -> ValidationOptions<'r>,
) -> Result<jsonschema::Validator, String> {
    let linear = || options().with_pattern_options(patterns::linear());
    let backtracking = || options().with_pattern_options(patterns::backtracking());
    stacker::grow(COMPILING_STACK_BYTES, || {
        let built = linear().build(schema).or_else(|_| backtracking().build(schema));
        built.map_err(|error| error.to_string())
    })
}

/// RFC 4648, section 4; asking needs no decoder.
fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    text.len().is_multiple_of(4)
        && text.len() - body.len() <= 2
        && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_validators_are_bounded_by_their_bytes() {
        let mut compiled = Compiled::default();
        let mut keep = |number: u32, megabytes: usize| {
            let outcome = Err(String::new());
            compiled.keep((SchemaId(number), Direction::Whole), outcome, megabytes << 20);
            let kept: Vec<u32> = compiled.order.iter().map(|((id, _), _)| id.0).collect();
            (kept, compiled.bytes >> 20)
        };
        assert_eq!(keep(0, 30), (vec![0], 30));
        assert_eq!(keep(1, 30), (vec![0, 1], 60));
        assert_eq!(keep(1, 30), (vec![0, 1], 60));
        assert_eq!(keep(2, 30), (vec![1, 2], 60));
        assert_eq!(keep(3, 200), (vec![3], 200));
        assert_eq!(keep(4, 1), (vec![4], 1));
        for number in 5..5000 {
            keep(number, 0);
        }
        assert_eq!(keep(5000, 0).0.len(), VALIDATORS_MAX);
    }

    #[test]
    fn of_schemas_compiled_together_those_that_cannot_be_are_named() {
        let root = json!({
            "a": { "type": "string" },
            "b": { "pattern": "(" },
            "c": { "$ref": "#/b" },
            "d": { "items": { "$ref": "#/a" } },
        });
        let schemas = Schemas::new(Lowered {
            root,
            pointers: ["/a", "/b", "/c", "/d"].map(Into::into).into_iter().collect(),
            outermost: Vec::new(),
            has_directions: false,
            has_sides: false,
            height: 1,
        });
        let ids: Vec<SchemaId> = (0..4).map(SchemaId).collect();
        let (validator, refused) = schemas.compile_together(&ids, None);
        let refused: Vec<u32> = refused.iter().map(|(id, _)| id.0).collect();
        assert_eq!(refused, [1, 2]);
        let validator = validator.unwrap();
        assert!(validator.is_valid(&json!({ "0": "text", "3": ["text"] })));
        assert!(!validator.is_valid(&json!({ "0": 1 })));
        assert!(!validator.is_valid(&json!({ "3": [1] })));
    }
}
