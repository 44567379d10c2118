//! Schemas that stand beside a document, as a behavior file has them: JSON Schema 2020-12 whose references may lead into
//! the document.
//!
//! Must not know what such a schema is for.

use serde_json::{Map, Value};

use super::dialect;
use super::dialect::Dialect;
use super::schema::{DOCUMENT_URI, each_part_mut, target};

/// Deepest schema that is looked into: what a reader of files gives at most.
const DEPTH_MAX: usize = 128;

/// The schema with what `OpenAPI` says differently (`nullable`, boolean bounds, the width of numbers) in the words of
/// 2020-12, so that what is copied out of a contract means the same beside it.
pub fn normalized(schema: &Value) -> Value {
    let mut schema = schema.clone();
    each(&mut schema, DEPTH_MAX, &mut |map| {
        dialect::lower(map, Dialect::V31);
    });
    schema
}

/// The same schema, its references to what `is_there` in the document made to lead there.
pub(super) fn anchored(schema: &Value, is_there: &dyn Fn(&str) -> bool) -> Value {
    let mut schema = schema.clone();
    each(&mut schema, DEPTH_MAX, &mut |map| {
        let Some(Value::String(reference)) = map.get_mut("$ref") else { return };
        if target(reference).is_some_and(|pointer| is_there(&pointer)) {
            *reference = format!("{DOCUMENT_URI}{reference}");
        }
    });
    schema
}

/// Changes every schema object, the outer before the inner.
fn each(schema: &mut Value, depth: usize, change: &mut dyn FnMut(&mut Map<String, Value>)) {
    let Value::Object(map) = schema else { return };
    if depth == 0 {
        return;
    }
    change(map);
    each_part_mut(map, &mut String::new(), &mut |part, _| each(part, depth - 1, change));
}
