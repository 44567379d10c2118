//! What can be named in a value, as far as its schema or the value itself says.
//!
//! Must not know where the value stands.

use serde_json::Value;

use crate::expression::Type;
use crate::openapi::Schemas;

/// How deep a schema is followed for the names of its properties; below, anything may be named.
pub(crate) const SCHEMA_DEPTH_MAX: usize = 16;

/// What can be named in a value that is known at load.
pub(crate) fn type_of_value(value: &Value) -> Type {
    match value {
        Value::Null => Type::None,
        Value::Array(_) => Type::List(Box::new(Type::Any)),
        Value::Object(members) => {
            Type::fields(members.iter().map(|(name, value)| (name.clone(), type_of_value(value))))
        }
        _ => Type::Scalar,
    }
}

/// What can be named in a value that fits a schema. An object whose schema lists properties has only those.
pub(crate) fn type_of_schema(schema: &Value, schemas: &Schemas, depth: usize) -> Type {
    let Some(members) = schema.as_object().filter(|_| depth > 0) else { return Type::Any };
    if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
        let target = reference.strip_prefix('#').and_then(|pointer| schemas.at(pointer));
        return target
            .map_or(Type::Any, |id| type_of_schema(schemas.resolved(id), schemas, depth - 1));
    }
    if ["oneOf", "anyOf", "allOf", "if"].iter().any(|keyword| members.contains_key(*keyword)) {
        return Type::Any;
    }
    let kind = match members.get("type") {
        Some(Value::String(kind)) => kind.as_str(),
        // `[object, "null"]`: none reads like an object without the property.
        Some(Value::Array(kinds)) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null");
            match (kinds.next(), kinds.next()) {
                (Some(kind), None) => kind,
                _ => return Type::Any,
            }
        }
        _ => return Type::Any,
    };
    match (kind, members.get("properties").and_then(Value::as_object)) {
        ("object", Some(properties)) => Type::fields(
            properties
                .iter()
                .map(|(name, schema)| (name.clone(), type_of_schema(schema, schemas, depth - 1))),
        ),
        ("object", None) => Type::Any,
        ("array", _) => Type::List(Box::new(
            members
                .get("items")
                .map_or(Type::Any, |items| type_of_schema(items, schemas, depth - 1)),
        )),
        _ => Type::Scalar,
    }
}
