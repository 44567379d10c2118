//! What an object has, as far as its schema says: the properties of all the schemas that apply to it.
//!
//! Must not know whether it is a record.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::openapi::{MediaType, Operation, Response, SchemaId, Schemas, Types};

/// Keys that mean something in templates, so that no literal value can have them.
const DIRECTIVES: [&str; 4] = ["$for", "$value", "$if", "$merge"];

/// How deep compositions are followed.
const DEPTH_MAX: usize = 12;

/// How deep what is only written is looked for inside of properties, and how much of it is hidden.
const INSIDE_DEPTH_MAX: usize = 3;
const INSIDE_MAX: usize = 50;

/// Properties of one object that are looked at.
const PROPERTIES_MAX: usize = 500;

/// What an object has.
#[derive(Clone, Debug, Default)]
pub(super) struct ObjectShape<'c> {
    /// The properties, in the order of the document.
    pub(super) properties: IndexMap<&'c str, Property<'c>>,
    /// Whether it can have no others.
    pub(super) is_closed: bool,
}

/// One property.
#[derive(Clone, Copy, Debug)]
pub(super) struct Property<'c> {
    pub(super) schema: &'c Value,
    pub(super) is_required: bool,
    pub(super) is_read_only: bool,
    pub(super) is_write_only: bool,
}

impl<'c> ObjectShape<'c> {
    /// Of a schema that allows an object; `None` of any other, and of one that says nothing of its properties.
    pub(super) fn of(schemas: &'c Schemas, schema: &'c Value) -> Option<Self> {
        let mut shape = Self::default();
        let mut required = Vec::new();
        shape.add(schemas, schema, &mut required, DEPTH_MAX);
        for name in required {
            if let Some(property) = shape.properties.get_mut(name) {
                property.is_required = true;
            }
        }
        (!shape.properties.is_empty()).then_some(shape)
    }

    fn add(
        &mut self,
        schemas: &'c Schemas,
        schema: &'c Value,
        required: &mut Vec<&'c str>,
        depth: usize,
    ) {
        let Some(map) = schema.as_object().filter(|_| depth > 0) else { return };
        let own = map.get("properties").and_then(Value::as_object);
        for (name, property) in own.into_iter().flatten() {
            if self.properties.len() < PROPERTIES_MAX {
                self.properties.entry(name).or_insert_with(|| Property::of(schemas, property));
            }
        }
        let names = map.get("required").and_then(Value::as_array).into_iter().flatten();
        required.extend(names.filter_map(Value::as_str));
        for part in schemas.conjuncts(map).filter(|part| part.get("if").is_none()) {
            self.add(schemas, part, required, depth - 1);
        }
        self.is_closed |= map.get("additionalProperties") == Some(&Value::Bool(false));
        let mut is_first = true;
        for one in alternatives(schemas, map, depth - 1) {
            let (mut shape, mut of_one) = (Self::default(), Vec::new());
            shape.add(schemas, one.schema, &mut of_one, depth - 1);
            if shape.properties.is_empty() {
                continue;
            }
            self.is_closed |= shape.is_closed;
            let room = PROPERTIES_MAX.saturating_sub(self.properties.len());
            for (name, property) in shape.properties.into_iter().take(room) {
                self.properties.entry(name).or_insert(property);
            }
            // What must be there is what must be in the first; what the others have, too, may be there.
            if is_first {
                required.append(&mut of_one);
            }
            is_first = false;
        }
    }

    /// What is only written inside of properties, by the names that lead there: `author.password`.
    pub(super) fn written_inside(&self, schemas: &'c Schemas) -> Vec<String> {
        let mut found = Vec::new();
        if schemas.has_sides() {
            self.add_written("", schemas, INSIDE_DEPTH_MAX, &mut found);
        }
        found
    }

    fn add_written(&self, at: &str, schemas: &'c Schemas, depth: usize, found: &mut Vec<String>) {
        for (name, property) in &self.properties {
            if name.contains('.') || found.len() == INSIDE_MAX {
                continue;
            }
            if property.is_write_only && !at.is_empty() {
                found.push(format!("{at}{name}"));
            } else if depth > 0 && !property.is_write_only {
                let inner = items(schemas, property.schema).unwrap_or(property.schema);
                if let Some(inner) = Self::of(schemas, inner) {
                    inner.add_written(&format!("{at}{name}."), schemas, depth - 1, found);
                }
            }
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Property<'c>> {
        self.properties.get(name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'c str> {
        self.properties.keys().copied()
    }
}

impl<'c> Property<'c> {
    fn of(schemas: &'c Schemas, schema: &'c Value) -> Self {
        let target = schemas.follow(schema);
        let says = |keyword: &str| {
            [schema, target].iter().any(|one| one.get(keyword) == Some(&Value::Bool(true)))
        };
        Self {
            schema,
            is_required: false,
            is_read_only: says("readOnly"),
            is_write_only: says("writeOnly"),
        }
    }
}

/// One of the schemas of which a value has to fit one.
pub(super) struct Alternative<'c> {
    pub(super) schema: &'c Value,
    /// The property and its value by which the contract says that this is the one.
    pub(super) named: Option<(&'c str, &'c str)>,
}

/// The alternatives of a schema: those of `oneOf` and `anyOf`, and those that a discriminator chooses, which stand under
/// `then` in a lowered document.
pub(super) fn alternatives<'c>(
    schemas: &'c Schemas,
    map: &'c Map<String, Value>,
    depth: usize,
) -> Vec<Alternative<'c>> {
    let mut found = Vec::new();
    if depth == 0 {
        return found;
    }
    for part in schemas.conjuncts(map) {
        let (Some(condition), Some(then)) = (part.get("if"), part.get("then")) else { continue };
        let named = condition.get("properties").and_then(Value::as_object).and_then(|properties| {
            let (name, schema) = properties.iter().next()?;
            Some((name.as_str(), schema.get("const")?.as_str()?))
        });
        match (named, then.as_object()) {
            (Some(named), _) => found.push(Alternative { schema: then, named: Some(named) }),
            (None, Some(then)) => found.extend(alternatives(schemas, then, depth - 1)),
            (None, None) => {}
        }
    }
    for keyword in ["oneOf", "anyOf"] {
        let listed = map.get(keyword).and_then(Value::as_array).into_iter().flatten();
        found.extend(listed.map(|schema| Alternative { schema, named: None }));
    }
    found
}

/// What a schema says under a keyword, by itself or by what it refers to or is composed of.
pub(super) fn said<'c>(
    schemas: &'c Schemas,
    schema: &'c Value,
    keyword: &str,
) -> Option<&'c Value> {
    let mut at = schema;
    for _ in 0..DEPTH_MAX {
        if let Some(value) = at.get(keyword) {
            return Some(value);
        }
        at = schemas.conjuncts(at.as_object()?).next()?;
    }
    None
}

/// What kind of key a schema allows.
pub(super) fn is_scalar(types: Types) -> bool {
    let scalars = Types::STRING | Types::NUMBER | Types::BOOLEAN;
    (types & scalars) != Types::NONE
        && (types == Types::ANY || (types & (Types::OBJECT | Types::ARRAY)) == Types::NONE)
}

/// Whether a schema is of whole numbers, or of numbers.
pub(super) fn is_number(schemas: &Schemas, schema: &Value) -> bool {
    let types = schemas.types(schema);
    (types & Types::NUMBER) != Types::NONE && (types & Types::STRING) == Types::NONE
}

/// The items of a list that a schema allows.
pub(super) fn items<'c>(schemas: &'c Schemas, schema: &'c Value) -> Option<&'c Value> {
    let types = schemas.types(schema);
    if (types & Types::ARRAY) == Types::NONE || types == Types::ANY {
        let own = schemas.follow(schema);
        return own.get("items").filter(|_| own.get("type").is_none());
    }
    said(schemas, schema, "items")
}

/// A documented body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body<'c> {
    pub(super) id: SchemaId,
    pub(super) schema: &'c Value,
    pub(super) media: &'c MediaType,
}

impl<'c> Body<'c> {
    fn of(schemas: &'c Schemas, media: &'c MediaType) -> Option<Self> {
        let id = media.schema?;
        Some(Self { id, schema: schemas.schema(id), media })
    }

    /// Of what a request carries: JSON, else the first.
    pub(super) fn of_request(schemas: &'c Schemas, operation: &'c Operation) -> Option<Self> {
        let content = &operation.request_body.as_ref()?.content;
        let json = content.iter().find(|(name, _)| crate::media::is_json(name));
        let (_, media) = json.or_else(|| content.first())?;
        Self::of(schemas, media)
    }

    /// Of a response, in JSON.
    pub(super) fn of_response(schemas: &'c Schemas, response: &'c Response) -> Option<Self> {
        let mut content = response.content.iter();
        let (_, media) = content.find(|(name, _)| crate::media::is_json(name) || *name == "*/*")?;
        Self::of(schemas, media)
    }
}

/// The lowest success of an operation: its status, and what is documented of it. `default` is 200 where nothing else is.
pub(super) fn success(operation: &Operation) -> Option<(u16, &Response)> {
    let exact = operation.responses.iter().filter_map(|(code, response)| {
        let code = match code.as_str() {
            "2XX" | "2xx" => 299,
            code => code.parse().ok()?,
        };
        (200..300).contains(&code).then_some((code, response))
    });
    let usual = if operation.method == http::Method::POST { 201 } else { 200 };
    match exact.min_by_key(|(code, _)| *code) {
        Some((299, response)) if !operation.responses.contains_key("299") => {
            Some((usual, response))
        }
        Some(found) => Some(found),
        None => operation.responses.get("default").map(|response| (200, response)),
    }
}

/// A value as a template that gives it: texts that would be read as templates are written as expressions.
pub(super) fn literal(value: &Value) -> Value {
    match value {
        Value::String(text) if text.contains("{{") => {
            Value::String(format!("{{{{ {} }}}}", super::words::quoted(text)))
        }
        Value::Array(items) => items.iter().map(literal).collect(),
        Value::Object(members) => {
            let members = members.iter().filter(|(name, _)| !DIRECTIVES.contains(&name.as_str()));
            Value::Object(members.map(|(name, value)| (name.clone(), literal(value))).collect())
        }
        scalar => scalar.clone(),
    }
}

/// The members of a value, none of what is no object.
pub(super) fn members(value: Option<&Value>) -> Map<String, Value> {
    value.and_then(Value::as_object).cloned().unwrap_or_default()
}
