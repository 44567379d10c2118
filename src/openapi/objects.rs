//! Where a document keeps its schemas: the table of `OpenAPI` objects and what is inside them.
//!
//! Owns the structure above schemas. Must not know what a schema says.

use serde_json::{Map, Value};

use crate::pointer::{push, unescaped, within};

/// The methods a path item may have, in the order of the specification.
pub(super) const METHODS: [&str; 9] =
    ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];

#[derive(Clone, Copy)]
enum Object {
    Components,
    PathItem,
    Operation,
    Parameter,
    RequestBody,
    Response,
    MediaType,
    Encoding,
    Schema,
}

#[derive(Clone, Copy)]
enum FieldHolds {
    One(Object),
    /// A map of them, or a list.
    Many(Object),
}

use FieldHolds::{Many, One};

const ROOT: &[(&str, FieldHolds)] =
    &[("components", One(Object::Components)), ("paths", Many(Object::PathItem))];

impl Object {
    fn fields(self) -> &'static [(&'static str, FieldHolds)] {
        match self {
            Object::Components => &[
                ("schemas", Many(Object::Schema)),
                ("parameters", Many(Object::Parameter)),
                ("headers", Many(Object::Parameter)),
                ("requestBodies", Many(Object::RequestBody)),
                ("responses", Many(Object::Response)),
                ("pathItems", Many(Object::PathItem)),
                ("mediaTypes", Many(Object::MediaType)),
            ],
            Object::PathItem => &[
                ("parameters", Many(Object::Parameter)),
                ("get", One(Object::Operation)),
                ("put", One(Object::Operation)),
                ("post", One(Object::Operation)),
                ("delete", One(Object::Operation)),
                ("options", One(Object::Operation)),
                ("head", One(Object::Operation)),
                ("patch", One(Object::Operation)),
                ("trace", One(Object::Operation)),
                ("query", One(Object::Operation)),
                ("additionalOperations", Many(Object::Operation)),
            ],
            Object::Operation => &[
                ("parameters", Many(Object::Parameter)),
                ("requestBody", One(Object::RequestBody)),
                ("responses", Many(Object::Response)),
            ],
            Object::Parameter => {
                &[("schema", One(Object::Schema)), ("content", Many(Object::MediaType))]
            }
            Object::RequestBody => &[("content", Many(Object::MediaType))],
            Object::Response => {
                &[("headers", Many(Object::Parameter)), ("content", Many(Object::MediaType))]
            }
            Object::MediaType => &[
                ("schema", One(Object::Schema)),
                ("itemSchema", One(Object::Schema)),
                ("encoding", Many(Object::Encoding)),
            ],
            Object::Encoding => &[("headers", Many(Object::Parameter))],
            Object::Schema => &[],
        }
    }
}

/// JSON Pointers to all schemas that something else than a schema holds. Callbacks and webhooks
/// are set aside: nothing calls them here.
pub(super) fn schema_positions(root: &Value) -> Vec<String> {
    let mut found = Vec::new();
    visit(root, ROOT, &mut String::new(), &mut found);
    found
}

fn visit(
    value: &Value,
    fields: &[(&str, FieldHolds)],
    pointer: &mut String,
    found: &mut Vec<String>,
) {
    for (name, holds) in fields {
        let Some(child) = value.get(name) else { continue };
        let length = pointer.len();
        push(pointer, name);
        match (holds, child) {
            (One(object), _) => enter(*object, child, pointer, found),
            (Many(object), Value::Object(map)) => {
                for (key, item) in map {
                    within(pointer, key, |pointer| enter(*object, item, pointer, found));
                }
            }
            (Many(object), Value::Array(items)) => {
                for (at, item) in items.iter().enumerate() {
                    within(pointer, &at.to_string(), |pointer| {
                        enter(*object, item, pointer, found);
                    });
                }
            }
            _ => {}
        }
        pointer.truncate(length);
    }
}

fn enter(object: Object, value: &Value, pointer: &mut String, found: &mut Vec<String>) {
    match object {
        Object::Schema => found.push(pointer.clone()),
        object => visit(value, object.fields(), pointer, found),
    }
}

/// What objects above schemas hold that leads to no schema and takes most of the space: it is read from the document.
const PROSE: [&str; 5] = ["summary", "description", "externalDocs", "example", "examples"];

/// A copy of a document without the prose and the examples above its schemas, for these to be lowered in.
pub(super) fn without_prose(root: &Value) -> Value {
    copy(root, ROOT)
}

fn copy(value: &Value, fields: &[(&str, FieldHolds)]) -> Value {
    let Value::Object(map) = value else { return value.clone() };
    let kept = map.iter().filter(|(name, _)| !PROSE.contains(&name.as_str()));
    let copied = kept.map(|(name, child)| {
        let holds = fields.iter().find(|(field, _)| field == name).map(|(_, holds)| *holds);
        let child = match (holds, child) {
            (Some(One(object)), _) => copy_object(object, child),
            (Some(Many(object)), Value::Object(entries)) => {
                let copied =
                    entries.iter().map(|(key, one)| (key.clone(), copy_object(object, one)));
                Value::Object(copied.collect::<Map<_, _>>())
            }
            (Some(Many(object)), Value::Array(items)) => {
                Value::Array(items.iter().map(|one| copy_object(object, one)).collect())
            }
            _ => child.clone(),
        };
        (name.clone(), child)
    });
    Value::Object(copied.collect::<Map<_, _>>())
}

fn copy_object(object: Object, value: &Value) -> Value {
    match object {
        Object::Schema => value.clone(),
        object => copy(value, object.fields()),
    }
}

/// The end of a JSON Pointer as it can stand in a message: two tokens when the last is a number.
pub(super) fn name(pointer: &str) -> String {
    let mut tokens = pointer.rsplit('/');
    let last = tokens.next().unwrap_or_default();
    let numbered = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
    let before = tokens.next().filter(|before| numbered && !before.is_empty());
    let name = before.map_or_else(|| last.to_owned(), |before| format!("{before}/{last}"));
    unescaped(&name).into_owned()
}
