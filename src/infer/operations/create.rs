//! Operations that create a record, and what a new one has that the request does not say.
//!
//! Must not know how records change later.

use serde_json::{Map, Value, json};

use crate::infer::operations::request::{ELEMENT, Variant};
use crate::infer::operations::task::{Role, Task, Written};
use crate::infer::resource::Kind;
use crate::infer::seeds;
use crate::infer::server_made::{is_marker, stamps, template_of_time};
use crate::infer::shape::{Body, ObjectShape, literal, said};
use crate::infer::words::member;
use crate::openapi::Types;

impl<'c> Task<'_, 'c> {
    /// A made-up record, as the resource's own response has it.
    pub(super) fn made_up(&self) -> Map<String, Value> {
        seeds::made_up(self.survey, self.resource, 0, true)
    }

    /// What a new record has that the request need not say.
    pub(super) fn defaults(
        &self,
        known: Option<&ObjectShape<'c>>,
        sent: Option<&ObjectShape<'c>>,
        record: &Map<String, Value>,
    ) -> Map<String, Value> {
        let mut defaults = Map::new();
        let Some(known) = known else { return defaults };
        for (name, property) in &known.properties {
            let is_given = sent.and_then(|sent| sent.get(name)).is_some_and(|one| one.is_required);
            let is_own = *name == self.resource.key.property
                || self.resource.scope.iter().any(|scope| scope.property == *name);
            if is_given
                || is_own
                || property.is_write_only
                || template_of_time(self.schemas(), name, property.schema, None).is_some()
                    && sent.is_none_or(|sent| sent.get(name).is_none())
            {
                continue;
            }
            let default = said(self.schemas(), property.schema, "default");
            let default = default.filter(|default| !default.is_null());
            let is_needed = property.is_required || (property.is_read_only && !is_marker(name));
            let value = default.or_else(|| record.get(*name).filter(|_| is_needed));
            defaults.extend(value.map(|value| ((*name).to_owned(), literal(value))));
        }
        defaults
    }

    /// The whole of a new record, as a template.
    pub(super) fn new_record(&self, variant: Option<&Variant<'c>>) -> Result<Value, String> {
        let sent = self.sent();
        if self.sent_item().is_some() && !(self.role == Role::Create && self.is_list_of_records()) {
            return Err("its request is a list".to_owned());
        }
        let shape = sent.as_ref().and_then(|(_, shape)| shape.as_ref());
        let (known, record) = match variant {
            Some(variant) => (Some(&variant.shape), variant.record.clone()),
            None => (self.resource.shape(), self.made_up()),
        };
        let mut parts: Vec<Value> = Vec::new();
        let defaults = self.defaults(known, shape, &record);
        if !defaults.is_empty() {
            parts.push(Value::Object(defaults));
        }
        let is_object = Body::of_request(self.schemas(), self.operation)
            .is_none_or(|body| self.schemas().types(body.schema) & Types::OBJECT != Types::NONE)
            || self.sent_item().is_some();
        if let Some((template, _)) = sent.as_ref().filter(|_| is_object) {
            parts.push(self.sent_map(template));
        }
        let mut with = merged(parts);
        with.extend(self.conflicting(shape, &record));
        with.extend(self.queried(shape));
        if let Some(known) = known {
            with.extend(stamps(self.schemas(), known, shape, &record, true));
        }
        if let Some(mark) = &self.resource.mark {
            with.extend(mark.unset.entry_of_new());
        }
        with.extend(
            self.scope().into_iter().map(|(name, value)| {
                (name.to_owned(), Value::String(format!("{{{{ {value} }}}}")))
            }),
        );
        if self.resource.kind == Kind::Single && self.resource.scope.is_empty() {
            with.insert(self.resource.key.property.clone(), 1.into());
        }
        Ok(Value::Object(with))
    }

    /// Whether the request is a list of records, each an object.
    fn is_list_of_records(&self) -> bool {
        self.sent_item().is_some_and(|item| ObjectShape::of(self.schemas(), item).is_some())
    }

    /// The operation creates a record for each element of its request.
    fn create_several(&self) -> Result<Written, String> {
        let (lets, mut rules) = self.begin();
        let name = &self.resource.name;
        let with = self.new_record(None)?;
        let each = json!({ "for": format!("{ELEMENT} in body"), "create": name, "with": with });
        let records = self.records_body(&format!("made.{name}"), "created");
        let (body, view) = records.map(|records| (records.body, records.view)).unzip();
        let mut rule = Map::from_iter([("do".to_owned(), json!([each]))]);
        rule.extend(self.answer(body));
        rules.push(Value::Object(rule));
        let mut format = Self::written(lets, rules);
        self.add_conflict(&mut format);
        Ok(Written { format, view: view.flatten(), notes: vec!["as many as it is sent".into()] })
    }

    pub(super) fn create(&self) -> Result<Written, String> {
        if self.is_list_of_records() {
            return self.create_several();
        }
        let (lets, mut rules) = self.begin();
        let made = format!("made.{}", self.resource.name);
        let (body, view) = self.record_body(&made, "created").unzip();
        let mut rule = |variant: Option<&Variant<'c>>| -> Result<(), String> {
            let mut with = self.new_record(variant)?;
            self.lift_key(&mut with);
            let mut rule = Map::new();
            if let Some(variant) = variant {
                rule.insert("when".into(), variant.condition.as_str().into());
            }
            rule.insert("create".into(), self.resource.name.as_str().into());
            rule.insert("with".into(), with);
            rule.extend(self.answer(body.clone()));
            self.add_location(&mut rule, &made);
            rules.push(Value::Object(rule));
            Ok(())
        };
        let variants = self.variants();
        for variant in variants.iter().filter(|_| variants.len() > 1) {
            rule(Some(variant))?;
        }
        rule(None)?;
        let mut format = Self::written(lets, rules);
        self.add_conflict(&mut format);
        Ok(Written { format, view: view.flatten(), notes: Vec::new() })
    }

    /// A key of JSON:API stands beside the attributes.
    pub(super) fn lift_key(&self, with: &mut Value) {
        let sent = self.sent().map(|(template, _)| template);
        if sent.as_deref() == Some("{{ body.data.attributes }}")
            && let Some(body) = Body::of_request(self.schemas(), self.operation)
            && let Some(shape) = ObjectShape::of(self.schemas(), body.schema)
            && let Some(data) =
                shape.get("data").and_then(|data| ObjectShape::of(self.schemas(), data.schema))
            && data.get("id").is_some()
            && let Some(members) = with.as_object_mut()
        {
            members.insert(self.resource.key.property.clone(), "{{ body.data.id }}".into());
        }
    }

    /// `Location` on 201: where the record is, relative to the request's path.
    pub(super) fn add_location(&self, rule: &mut Map<String, Value>, made: &str) {
        let is_created = rule.get("respond") == Some(&json!(201));
        let path = &self.operation.template;
        let segment = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let is_elsewhere = self.survey.is_renamed(self.operation);
        if !is_created || is_elsewhere || self.address.item.is_none() || segment.contains('{') {
            return;
        }
        let prefix = if path.ends_with('/') { String::new() } else { format!("{segment}/") };
        let key = member(made, &self.resource.key.property);
        let location = format!("{prefix}{{{{ {key} }}}}");
        rule.insert("headers".into(), json!({ "Location": location }));
    }
}

/// An object that begins with the entries of these, one after the other.
pub(super) fn merged(mut parts: Vec<Value>) -> Map<String, Value> {
    let merge = match parts.len() {
        0 => return Map::new(),
        1 => parts.remove(0),
        _ => Value::Array(parts),
    };
    Map::from_iter([("$merge".to_owned(), merge)])
}
