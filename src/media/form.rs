//! A record as a form, `application/x-www-form-urlencoded`: style `form`, exploded, as `OpenAPI` has it by default.
//!
//! Must not know schemas.

use form_urlencoded::Serializer;
use serde_json::{Map, Value};

use super::text::scalar;

/// Lists repeat the name, what is nested deeper is JSON text, and what is null is left out.
pub(super) fn write(members: &Map<String, Value>) -> String {
    let mut form = Serializer::new(String::new());
    for (name, value) in members {
        match value {
            Value::Null => {}
            Value::Array(items) => {
                form.extend_pairs(items.iter().map(|item| (name, scalar(item))));
            }
            value => drop(form.append_pair(name, &scalar(value))),
        }
    }
    form.finish()
}
