//! Operations that delete one record, those that a query names, or all.
//!
//! Must not know what goes with them: relations say that.

use serde_json::{Map, Value, json};

use crate::infer::absence::absent;
use crate::infer::key;
use crate::infer::listing::Listing;
use crate::infer::operations::task::{Task, Written};
use crate::infer::outcome::Outcome;
use crate::infer::resource::{Resource, Survey};
use crate::infer::shape::{ObjectShape, is_number, items, literal, members, success};
use crate::infer::words::{member, words};
use crate::openapi::{Location, Operation, Types};

impl Task<'_, '_> {
    pub(super) fn delete(&self) -> Written {
        let (lets, mut rules) = self.begin_with_own();
        let (body, view) = self.deleted_body();
        if self.is_open() {
            rules.insert(0, Value::Object(self.delete_unknown()));
        }
        let mut rule = self.removing(&self.resource.one);
        let mut notes = self.accepted();
        let mark = self.resource.mark.as_ref().map(|mark| &mark.set.property);
        notes.extend(mark.map(|mark| format!("it is marked by `{mark}`, for it can be restored")));
        rule.extend(self.answer(body));
        rules.push(Value::Object(rule));
        let mut format = Self::written(lets, rules);
        if self.is_open() {
            self.add_conflict(&mut format);
        }
        Written { format, view, notes }
    }

    /// What a rule says to delete records, or to mark them where they can be restored.
    fn removing(&self, records: &str) -> Map<String, Value> {
        let Some(mark) = &self.resource.mark else {
            return Map::from_iter([("delete".to_owned(), records.into())]);
        };
        let Outcome { property, value, .. } = &mark.set;
        let set = json!({ property: value });
        Map::from_iter([("update".to_owned(), records.into()), (mark.set.entry().to_owned(), set)])
    }

    pub(super) fn delete_picked(&self) -> Option<Written> {
        let (query, is_many) = picks(self.survey, self.operation, self.resource)?;
        let (mut lets, mut rules) = self.begin();
        let (of, one) = (&self.resource.name, &self.resource.one);
        let mut rule;
        if is_many {
            rule = self.removing(&format!("{query} | lookup({of})"));
            rule.extend(self.answer(None));
        } else {
            lets.insert(one.clone(), format!("{of}[{query}]").into());
            let mark = self.resource.mark.as_ref();
            let deleted = mark.map(|mark| format!(" or {}", mark.set.holds(one)));
            let gone = format!("{one} is none{}", deleted.unwrap_or_default());
            let mut refusal = Map::from_iter([("when".to_owned(), gone.into())]);
            let what = format!("there is no {} `{{{{ {query} }}}}`", self.resource.in_words());
            refusal.extend(absent(self.survey, self.operation, &what));
            rules.push(Value::Object(refusal));
            let (body, _) = self.deleted_body();
            rule = self.removing(one);
            rule.extend(self.answer(body));
        }
        rules.push(Value::Object(rule));
        Some(Written { format: Self::written(lets, rules), view: None, notes: Vec::new() })
    }

    /// The rule that deletes a record that nobody has written: from then on it is known to be gone.
    pub(super) fn delete_unknown(&self) -> Map<String, Value> {
        let mut rule = self.begin_unknown();
        let mut with = Map::new();
        self.add_place(&mut with);
        let create = json!({ "create": self.resource.name, "with": with });
        let delete = json!({ "delete": format!("made.{}", self.resource.name) });
        rule.insert("do".into(), json!([create, delete]));
        rule.extend(self.answer(None));
        rule
    }

    /// What is said of a deletion that is only accepted.
    pub(super) fn accepted(&self) -> Vec<String> {
        let is_accepted = success(self.operation).is_some_and(|(status, _)| status == 202);
        Vec::from_iter(is_accepted.then(|| "it is done at once".to_owned()))
    }

    /// The body of a deletion: the record as it was, a marker that it is deleted, or what is documented.
    pub(super) fn deleted_body(&self) -> (Option<Value>, Option<(String, Value)>) {
        let Some((body, documented)) = self.documented() else { return (None, None) };
        let Some(shape) = ObjectShape::of(self.schemas(), body.schema) else { return (None, None) };
        let marker = shape.properties.iter().find(|(name, property)| {
            let types = self.schemas().types(property.schema);
            words(name).last().is_some_and(|word| word == "deleted")
                && types & Types::BOOLEAN != Types::NONE
        });
        if let Some((name, _)) = marker.filter(|_| shape.properties.len() <= 6) {
            let mut told = members(Some(&literal(&documented)));
            told.insert((*name).to_owned(), true.into());
            let key = &self.resource.key.property;
            if shape.get(key).is_some() {
                let id = format!("{{{{ {} }}}}", member(&self.resource.one, key));
                told.insert(key.clone(), id.into());
            }
            return (Some(Value::Object(told)), None);
        }
        let known = self.resource.shape().map_or(0, |known| known.properties.len());
        let found = match self.resource.mark {
            Some(_) => self.record_body(&format!("made.{}", self.resource.name), "deleted"),
            None => self.record_body(&self.resource.one, "deleted"),
        };
        let is_record = shape.properties.len() > 2 || known <= 2;
        match found.filter(|_| is_record) {
            Some((body, view)) => (Some(body), view),
            None => (None, None),
        }
    }

    pub(super) fn clear(&self) -> Written {
        let (lets, mut rules) = self.begin();
        let scope = self.scope();
        let mut list = Map::new();
        list.insert("of".into(), self.resource.name.as_str().into());
        if !scope.is_empty() {
            let fixed = scope.into_iter().map(|(name, value)| (name.to_owned(), value.into()));
            list.insert("where".into(), Value::Object(fixed.collect()));
        }
        let mut listing = Listing::of(
            self.schemas(),
            self.survey.asked(self.operation),
            self.resource.shape(),
            &self.resource.key.property,
        );
        for kept in ["filter", "keep_if"] {
            list.extend(listing.entries.shift_remove(kept).map(|entry| (kept.to_owned(), entry)));
        }
        self.keep_undeleted(&mut list);
        let mut rule = self.removing("list.items");
        rule.extend(self.answer(None));
        rules.push(Value::Object(rule));
        let mut format = Self::written(lets, rules);
        format.shift_insert(
            usize::from(format.contains_key("let")),
            "list".into(),
            Value::Object(list),
        );
        Written { format, view: None, notes: Vec::new() }
    }
}

/// The query parameters of an operation by which it picks records, with the key's type.
pub(in crate::infer) fn picks<'c>(
    survey: &Survey<'c>,
    operation: &'c Operation,
    resource: &Resource<'c>,
) -> Option<(String, bool)> {
    let queries = operation.parameters.iter().filter(|one| one.location == Location::Query);
    let mut required = queries.filter(|one| one.required);
    let only = required.next().filter(|_| required.next().is_none())?;
    let shape = resource.shape()?;
    let (found, how) = key::find(survey.schemas, shape, &only.name, &resource.singular)?;
    let schema = survey.schema_of(only);
    let is_many = schema.is_some_and(|schema| items(survey.schemas, schema).is_some());
    let is_whole = schema.is_some_and(|schema| is_number(survey.schemas, schema));
    (found == resource.key.property
        && how.is_strong()
        && (is_many || is_whole == resource.key.is_whole))
        .then(|| (member("query", &only.name), is_many))
}
