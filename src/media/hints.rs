//! What a schema says on how a value is written.
//!
//! Owns looking through references and compositions. Must not know any media type.

use serde_json::{Map, Value};

use crate::openapi::Schemas;

/// References and lone `allOf`s one after the other that are followed for what a schema says of itself.
const CHAIN_MAX: usize = 16;

/// A schema and the document it is in: what is known of a value that is to be written. It may be nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hints<'s> {
    at: Option<(&'s Schemas, &'s Value)>,
}

impl<'s> Hints<'s> {
    pub(super) fn new(schemas: &'s Schemas, schema: &'s Value) -> Self {
        Self { at: Some((schemas, schema)) }
    }

    /// The schema as it stands where it is used.
    pub(super) fn schema(self) -> Option<&'s Value> {
        self.at.map(|(_, schema)| schema)
    }

    /// Hints for a member.
    pub(super) fn property(self, name: &str) -> Self {
        self.inside(|schema| {
            let declared = schema.get("properties").and_then(|properties| properties.get(name));
            declared.or_else(|| {
                schema.get("additionalProperties").filter(|_| !schema.contains_key("properties"))
            })
        })
    }

    /// Hints for the items of a list.
    pub(super) fn items(self) -> Self {
        self.inside(|schema| schema.get("items"))
    }

    /// The first that is found in the schema or what it is composed of.
    fn inside(self, find: impl Fn(&'s Map<String, Value>) -> Option<&'s Value>) -> Self {
        let Some((schemas, schema)) = self.at else { return self };
        // What lists values only is where a discriminator chooses by them.
        let found = schemas
            .composed(schema)
            .find_map(|map| find(map).filter(|found| says_more_than_values(found)));
        found.map(|found| Self::new(schemas, found)).unwrap_or_default()
    }

    /// Value of a keyword of the schema itself: beside a reference rather than behind it.
    pub(super) fn keyword(self, keyword: &str) -> Option<&'s Value> {
        let (schemas, mut schema) = self.at?;
        for _ in 0..CHAIN_MAX {
            if let Some(found) = schema.get(keyword) {
                return Some(found);
            }
            schema = match schema.get("$ref") {
                Some(_) => schemas.follow(schema),
                None => lone(schema)?,
            };
        }
        None
    }

    /// A text of the schema itself.
    pub(super) fn text(self, keyword: &str) -> Option<&'s str> {
        self.keyword(keyword)?.as_str()
    }

    /// Returns true if the value is bytes that are written as text in JSON.
    pub(super) fn is_base64(self) -> bool {
        self.text("format") == Some("byte") || self.text("contentEncoding") == Some("base64")
    }

    /// Returns true if the value is bytes and no text.
    pub(super) fn is_binary(self) -> bool {
        self.is_base64()
            || self.text("format") == Some("binary")
            || self.keyword("contentMediaType").is_some()
    }
}

fn says_more_than_values(schema: &Value) -> bool {
    let mut keywords = schema.as_object().into_iter().flat_map(Map::keys);
    keywords.any(|keyword| keyword != "enum" && keyword != "const")
}

/// The only schema that one wraps: `allOf` with one entry, or null beside one.
fn lone(schema: &Value) -> Option<&Value> {
    let list = |keyword: &str| Some(schema.get(keyword)?.as_array()?.as_slice());
    match (list("allOf"), list("anyOf").or_else(|| list("oneOf"))) {
        (Some([one]), _) => Some(one),
        (_, Some([one, null] | [null, one])) if null.get("type")?.as_str() == Some("null") => {
            Some(one)
        }
        _ => None,
    }
}
