//! Bodies with a record in them, as a response has it.
//!
//! Must not know what an operation does.

use serde_json::{Map, Value};

use crate::infer::envelope;
use crate::infer::envelope::{ItemEnvelope, Record, around_item};
use crate::infer::operations::task::Task;
use crate::infer::shape::{literal, members, success};
use crate::infer::words::{member, quoted};

impl<'c> Task<'_, 'c> {
    /// The body with a record in it, if the response can hold one. `expression` gives the record.
    pub(super) fn record_body(
        &self,
        expression: &str,
        purpose: &str,
    ) -> Option<(Value, Option<(String, Value)>)> {
        if success(self.operation).is_none() {
            return Some((format!("{{{{ {expression} | view }}}}").into(), None));
        }
        let (body, documented) = self.documented()?;
        let found = envelope::item(
            self.schemas(),
            body.schema,
            self.resource.named(&self.resource.key_name),
        )?;
        let known = self.resource.shape()?;
        let shared = found.shape.names().filter(|name| known.get(name).is_some()).count();
        let has_key = found.key.is_some_and(|(name, _)| *name == *self.resource.key.property);
        if !has_key && shared * 2 < found.shape.properties.len().max(1) {
            return None;
        }
        let (filter, view) = self.view(&found, &documented, purpose);
        let record = Record {
            shown: format!("{{{{ {expression} | {filter} }}}}"),
            id: format!("{{{{ {} }}}}", member(expression, &self.resource.key.property)),
        };
        Some((around_item(&found, &documented, &record), view))
    }

    /// The filter that shows a record as a response has it, and the view for that where it is not the records' own.
    pub(super) fn view(
        &self,
        found: &ItemEnvelope<'c>,
        documented: &Value,
        purpose: &str,
    ) -> (String, Option<(String, Value)>) {
        let Some(known) = self.resource.shape() else { return ("view".to_owned(), None) };
        let own = self.resource.record.as_ref().map(|own| own.shown().collect::<Vec<_>>());
        let own = own.unwrap_or_default();
        let wanted: Vec<&'c str> = found.shown().collect();
        let is_same = own.len() == wanted.len() && own.iter().all(|name| wanted.contains(name));
        if is_same {
            return ("view".to_owned(), None);
        }
        let at = envelope::at_path(documented, &found.path);
        let at = if found.is_listed { at.and_then(|list| list.get(0)) } else { at };
        let at = if found.is_json_api { at.and_then(|at| at.get("attributes")) } else { at };
        let example = members(at);
        let missing = found
            .shape
            .properties
            .iter()
            .filter(|(name, property)| property.is_required && known.get(name).is_none());
        let add: Map<String, Value> = missing
            .filter_map(|(name, _)| Some(((*name).to_owned(), literal(example.get(*name)?))))
            .collect();
        let mut view = found.view(self.schemas(), &wanted);
        if !add.is_empty() {
            view.insert("add".into(), Value::Object(add));
        }
        let view = Value::Object(view);
        let known = self.resource.views.iter().find(|(_, known)| **known == view);
        let name = match known {
            Some((name, _)) => name.clone(),
            None if self.resource.views.contains_key(purpose) => {
                let mut names = (2..).map(|number| format!("{purpose}_{number}"));
                names.find(|name| !self.resource.views.contains_key(name)).unwrap_or_default()
            }
            None => purpose.to_owned(),
        };
        (format!("view({})", quoted(&name)), Some((name, view)))
    }
}
