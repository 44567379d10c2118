//! Composition: the schemas that are applied to one value together.
//!
//! Must not know what they say.

use std::collections::VecDeque;

use serde_json::{Map, Value};

use super::reference::{follow, target_of};

/// Schemas that are looked through for one value, after which what they are composed of is not added: compositions
/// multiply, and ordinary ones have a few.
const COMPOSED_MAX: usize = 256;

/// The schemas that every value of a schema fits, too, one step further: what its `$ref` leads to, and its `allOf`.
pub(crate) fn conjuncts<'s>(
    root: &'s Value,
    schema: &'s Map<String, Value>,
) -> impl Iterator<Item = &'s Value> {
    let referred = target_of(schema).map(|target| follow(root, &target).1);
    let all = schema.get("allOf").and_then(Value::as_array);
    referred.into_iter().chain(all.into_iter().flatten())
}

/// A schema and those that a value of it may have to fit as well, nearest first: what references lead to, all
/// compositions and alternatives, `then` and `else`. References are followed as often as they stand there, up to a bound.
pub(crate) struct Composed<'s> {
    root: &'s Value,
    open: VecDeque<&'s Value>,
    seen: usize,
}

impl<'s> Composed<'s> {
    /// Begins at a schema in the document `root`, or beside it.
    pub(crate) fn new(root: &'s Value, schema: &'s Value) -> Self {
        Self { root, open: VecDeque::from([schema]), seen: 0 }
    }
}

impl<'s> Iterator for Composed<'s> {
    type Item = &'s Map<String, Value>;

    fn next(&mut self) -> Option<Self::Item> {
        let schema = loop {
            self.seen += 1;
            if let Value::Object(schema) = self.open.pop_front()? {
                break schema;
            }
        };
        if self.seen + self.open.len() < COMPOSED_MAX {
            self.open.extend(conjuncts(self.root, schema));
            let lists = ["oneOf", "anyOf"].into_iter();
            self.open.extend(lists.filter_map(|keyword| schema.get(keyword)?.as_array()).flatten());
            let chosen = ["then", "else"].into_iter();
            self.open.extend(chosen.filter_map(|keyword| schema.get(keyword)));
        }
        Some(schema)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_composed_is_found_nearest_first_and_ends() {
        let root = json!({
            "a": { "title": "a", "$ref": "#/b", "allOf": [{ "title": "c", "not": { "title": "no" } }],
                   "anyOf": [{ "title": "d", "allOf": [{ "title": "f" }] }], "then": { "title": "e" } },
            "b": { "title": "b", "items": { "title": "no" } },
            "loop": { "allOf": [{ "$ref": "#/loop" }, { "$ref": "#/loop" }] },
        });
        let names = Composed::new(&root, &root["a"]).map(|map| map["title"].as_str().unwrap());
        assert_eq!(names.collect::<String>(), "abcdef");
        // The last that was opened may have had two parts.
        assert!(Composed::new(&root, &root["loop"]).count() <= COMPOSED_MAX + 2);
    }
}
