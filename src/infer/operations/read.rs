//! Operations that read: one record, or a list of them.
//!
//! Must not know how records come to be.

use serde_json::{Map, Value, json};

use crate::infer::envelope;
use crate::infer::envelope::{ItemEnvelope, Record, around, around_item};
use crate::infer::listing::Listing;
use crate::infer::operations::member::MEMBER;
use crate::infer::operations::task::{Task, Written};
use crate::infer::outcome::DELETED;
use crate::infer::shape::{Body, success};
use crate::infer::totals;
use crate::infer::words::{member, words};
use crate::openapi::{SchemaId, Types};

/// A body with several records in it.
pub(super) struct RecordsBody<'c> {
    /// Its template.
    pub(super) body: Value,
    /// The properties that lead to the list.
    path: Vec<&'c str>,
    /// What is documented of it.
    schema: SchemaId,
    /// A view that the records need.
    pub(super) view: Option<(String, Value)>,
}

impl<'c> Task<'_, 'c> {
    pub(super) fn read(&self) -> Written {
        // What is marked as deleted is read with its mark.
        let (lets, mut rules) = self.begin_with(self.own().with_deleted());
        let (body, view) = self.record_body(&self.resource.one, "read").unzip();
        if self.is_open() {
            let mut rule = self.begin_unknown();
            rule.extend(self.answer(None));
            rules.insert(0, Value::Object(rule));
        }
        rules.push(Value::Object(self.answer(body)));
        Written { format: Self::written(lets, rules), view: view.flatten(), notes: Vec::new() }
    }

    pub(super) fn list(&self) -> Result<Written, String> {
        let records = match self.resource.members {
            Some(members) => {
                let items = format!("list.items | map(attribute='{MEMBER}') | select | list");
                self.of_members(members).records_body(&items, "listed")
            }
            None => self.records_body("list.items", "listed"),
        };
        let mut records = records.ok_or_else(|| self.without_list().to_owned())?;
        let listing = Listing::of(
            self.schemas(),
            self.survey.asked(self.operation),
            self.resource.shape(),
            &self.resource.key.property,
        );
        let (lets, mut rules) = self.begin();
        if self.is_lenient {
            let mut rule = self.answer(None);
            rule.shift_insert(
                0,
                "when".into(),
                format!("not {}.changed()", self.resource.name).into(),
            );
            rules.push(Value::Object(rule));
        }
        let mut list = Map::new();
        list.insert("of".into(), self.resource.name.as_str().into());
        let scope = self.scope();
        if !scope.is_empty() {
            let fixed = scope.into_iter().map(|(name, value)| (name.to_owned(), value.into()));
            list.insert("where".into(), Value::Object(fixed.collect()));
        }
        list.extend(listing.entries);
        self.keep_undeleted(&mut list);
        let full = self.survey.made_up(records.schema, true, 0);
        totals::add(&mut records.body, &full.unwrap_or_default());
        totals::fill(&mut records.body, &records.path, listing.pages);
        rules.push(Value::Object(self.answer(Some(records.body))));
        let mut format = Self::written(lets, rules);
        format.shift_insert(
            usize::from(format.contains_key("let")),
            "list".into(),
            Value::Object(list),
        );
        if !listing.ignored.is_empty() {
            format.insert("ignores".into(), json!(listing.ignored));
        }
        Ok(Written { format, view: records.view, notes: Vec::new() })
    }

    /// Leaves out what is marked as deleted, unless a parameter asks for it.
    pub(super) fn keep_undeleted(&self, list: &mut Map<String, Value>) {
        let Some(mark) = &self.resource.mark else { return };
        let asked = self.survey.asked(self.operation).into_iter().find(|one| {
            let types = one.schema.map_or(Types::NONE, |schema| self.schemas().types(schema));
            let words = words(&one.name);
            types & Types::BOOLEAN != Types::NONE
                && DELETED.iter().any(|word| words.iter().any(|own| own == word))
        });
        let holds = mark.set.holds("record");
        let kept = match asked {
            Some(asked) => format!("({} or not ({holds}))", asked.expression()),
            None => format!("not ({holds})"),
        };
        let kept = match list.get("keep_if").and_then(Value::as_str) {
            Some(known) => format!("{known} and {kept}"),
            None => kept,
        };
        list.insert("keep_if".into(), kept.into());
    }

    /// Why a response has no list of records.
    fn without_list(&self) -> &'static str {
        let body = success(self.operation)
            .and_then(|(_, response)| Body::of_response(self.schemas(), response));
        match (body, self.documented()) {
            (None, _) => "its response has no JSON schema",
            (Some(_), None) => "no value is found that its response can have",
            (Some(_), Some(_)) => "the list in its response cannot be told",
        }
    }

    /// The body with several records in it, if the response can hold them. `expression` gives the records.
    pub(super) fn records_body(&self, expression: &str, purpose: &str) -> Option<RecordsBody<'c>> {
        let (documented_body, documented) = self.documented()?;
        let named = self.resource.named(&self.resource.key_name);
        let found = envelope::list(self.schemas(), documented_body.schema, named)?;
        let first = envelope::at_path(&documented, &found.path).and_then(|list| list.get(0));
        let first = first.cloned().unwrap_or_default();
        let (filter, view) = self.view(&found.item, &first, purpose);
        let items = self.items(expression, &found.item, &first, &filter);
        let body = around(&found.path, Some(&documented), items);
        Some(RecordsBody { body, path: found.path, schema: documented_body.id, view })
    }

    /// The template of the records that an expression gives.
    fn items(
        &self,
        expression: &str,
        item: &ItemEnvelope<'c>,
        documented: &Value,
        filter: &str,
    ) -> Value {
        if item.path.is_empty() && !item.is_json_api {
            return json!(format!("{{{{ {expression} | {filter} }}}}"));
        }
        let one = &self.resource.one;
        let record = Record {
            shown: format!("{{{{ {one} | {filter} }}}}"),
            id: format!("{{{{ {} }}}}", member(one, &self.resource.key.property)),
        };
        let value = around_item(item, documented, &record);
        json!({ "$for": format!("{one} in {expression}"), "$value": value })
    }
}
