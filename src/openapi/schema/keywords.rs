//! The keywords that hold schemas: what is in each, and what its schemas are applied to.
//!
//! A new keyword that holds schemas is entered here, and every walk follows it. Must not know references.

use serde_json::{Map, Value};

use crate::pointer::{push, within};

/// Shape of a keyword's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// One schema.
    One,
    /// A list of schemas.
    List,
    /// Schemas by name.
    Map,
}

/// Instances that the schemas of a keyword apply to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AppliesTo {
    /// The value that the schema around them is applied to.
    SameValue,
    /// Members of an object.
    Members,
    /// Items of a list.
    Items,
    /// The names of an object's members.
    Names,
    /// Decoded text.
    Content,
    /// Nothing by themselves: they are there to be referred to.
    Nothing,
}

/// A keyword that holds schemas.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Applicator {
    pub(crate) holds: Holds,
    pub(crate) applies_to: AppliesTo,
}

/// Table entry of a keyword that holds schemas.
pub(crate) fn applicator(keyword: &str) -> Option<Applicator> {
    use AppliesTo::{Content, Items, Members, Names, Nothing, SameValue};
    let (holds, applies_to) = match keyword {
        "allOf" | "anyOf" | "oneOf" => (Holds::List, SameValue),
        "not" | "if" | "then" | "else" => (Holds::One, SameValue),
        "dependentSchemas" => (Holds::Map, SameValue),
        "properties" | "patternProperties" => (Holds::Map, Members),
        "additionalProperties" | "unevaluatedProperties" => (Holds::One, Members),
        "propertyNames" => (Holds::One, Names),
        "prefixItems" => (Holds::List, Items),
        "items" | "contains" | "unevaluatedItems" => (Holds::One, Items),
        "contentSchema" => (Holds::One, Content),
        "$defs" | "definitions" => (Holds::Map, Nothing),
        _ => return None,
    };
    Some(Applicator { holds, applies_to })
}

/// Position of a schema in a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SchemaToken<'s> {
    /// It is all that the keyword holds.
    Whole,
    /// Its number in a list.
    Number(usize),
    /// Its name.
    Name(&'s str),
}

/// One of the schemas that a schema holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subschema<'s> {
    pub(crate) keyword: &'s str,
    pub(crate) applies_to: AppliesTo,
    pub(crate) token: SchemaToken<'s>,
    pub(crate) schema: &'s Value,
}

impl Subschema<'_> {
    /// Its JSON Pointer, from that of the schema that holds it.
    pub(crate) fn pointer(&self, holder: &str) -> String {
        let mut pointer = holder.to_owned();
        self.push_to(&mut pointer);
        pointer
    }

    /// Does something while a pointer to the schema that holds it is one to itself.
    pub(crate) fn within<R>(&self, pointer: &mut String, act: impl FnOnce(&mut String) -> R) -> R {
        let length = pointer.len();
        self.push_to(pointer);
        let result = act(pointer);
        pointer.truncate(length);
        result
    }

    fn push_to(&self, pointer: &mut String) {
        push(pointer, self.keyword);
        match self.token {
            SchemaToken::Whole => {}
            SchemaToken::Number(number) => push(pointer, &number.to_string()),
            SchemaToken::Name(name) => push(pointer, name),
        }
    }
}

/// The schemas that a schema holds, in the order they are written; what references lead to is not among them.
pub(crate) fn parts(schema: &Map<String, Value>) -> impl Iterator<Item = Subschema<'_>> {
    parts_where(schema, |_, _| true)
}

/// Those that are applied to the very value that the schema is applied to.
pub(crate) fn parts_of_same_value(
    schema: &Map<String, Value>,
) -> impl Iterator<Item = Subschema<'_>> {
    parts_where(schema, |_, applies_to| applies_to == AppliesTo::SameValue)
}

/// Those under keywords that are wanted; no other is gone through.
pub(crate) fn parts_where(
    schema: &Map<String, Value>,
    is_wanted: impl Fn(&str, AppliesTo) -> bool,
) -> impl Iterator<Item = Subschema<'_>> {
    let held = schema.iter().filter_map(move |(keyword, held)| {
        let applicator = applicator(keyword)?;
        is_wanted(keyword, applicator.applies_to).then_some((keyword, held, applicator))
    });
    held.flat_map(|(keyword, held, Applicator { holds, applies_to })| {
        let one = (holds == Holds::One).then_some(held);
        let list = held.as_array().filter(|_| holds == Holds::List);
        let map = held.as_object().filter(|_| holds == Holds::Map);
        let one = one.into_iter().map(|schema| (SchemaToken::Whole, schema));
        let list = list.into_iter().flatten().enumerate();
        let list = list.map(|(number, schema)| (SchemaToken::Number(number), schema));
        let map = map.into_iter().flatten().map(|(name, schema)| (SchemaToken::Name(name), schema));
        let all = one.chain(list).chain(map);
        all.map(move |(token, schema)| Subschema { keyword, applies_to, token, schema })
    })
}

/// Does something with each of the schemas that a schema holds, and the JSON Pointer to it. `pointer` is the one to the
/// schema, before and after.
pub(crate) fn each_part_mut(
    schema: &mut Map<String, Value>,
    pointer: &mut String,
    act: &mut dyn FnMut(&mut Value, &mut String),
) {
    for (keyword, held) in schema.iter_mut() {
        let Some(Applicator { holds, .. }) = applicator(keyword) else { continue };
        within(pointer, keyword, |pointer| match (holds, held) {
            (Holds::One, one) => act(one, pointer),
            (Holds::List, Value::Array(items)) => {
                for (number, item) in items.iter_mut().enumerate() {
                    within(pointer, &number.to_string(), |pointer| act(item, pointer));
                }
            }
            (Holds::Map, Value::Object(entries)) => {
                for (name, entry) in entries {
                    within(pointer, name, |pointer| act(entry, pointer));
                }
            }
            _ => {}
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parts_are_all_schemas_with_their_places() {
        let mut schema = json!({
            "type": "object",
            "properties": { "a/b": { "type": "string" }, "not": true },
            "allOf": [{}, { "$ref": "#/x" }],
            "items": [{}],
            "if": { "required": ["a"] },
            "enum": [{ "items": {} }],
            "prefixItems": { "not": "a list" },
            "$defs": { "d": {} },
        });
        let map = schema.as_object().unwrap();
        let shown: Vec<String> = parts(map)
            .map(|part| format!("{} {:?}", part.pointer("/s"), part.applies_to))
            .collect();
        let expected = [
            "/s/properties/a~1b Members",
            "/s/properties/not Members",
            "/s/allOf/0 SameValue",
            "/s/allOf/1 SameValue",
            "/s/items Items",
            "/s/if SameValue",
            "/s/$defs/d Nothing",
        ];
        assert_eq!(shown, expected);
        for part in parts(map) {
            let found = schema.pointer(&part.pointer("")).unwrap();
            assert!(std::ptr::eq(found, part.schema), "{}", part.pointer(""));
        }
        let mut changed = Vec::new();
        let mut pointer = "/s".to_owned();
        let map = schema.as_object_mut().unwrap();
        each_part_mut(map, &mut pointer, &mut |_, pointer| changed.push(pointer.clone()));
        assert_eq!(pointer, "/s");
        let places = expected.iter().map(|line| line.split(' ').next().unwrap());
        assert!(changed.iter().map(String::as_str).eq(places), "{changed:?}");
    }
}
