//! Operations that change a record or replace it.
//!
//! Must not know how records are found.

use http::Method;
use serde_json::{Map, Value, json};

use crate::infer::operations::create::merged;
use crate::infer::operations::task::{Role, Task, Written};
use crate::infer::resource::Kind;
use crate::infer::server_made::stamps;
use crate::infer::shape::ObjectShape;
use crate::infer::words::member;

impl<'c> Task<'_, 'c> {
    /// The operation changes or replaces a record.
    pub(super) fn change(&self) -> Result<Written, String> {
        let (mut lets, mut rules) = self.begin_with_own();
        let made = format!("made.{}", self.resource.name);
        let (body, view) = self.record_body(&made, "changed").unzip();
        let mut rule = if self.is_json_patch() {
            let mut rule = Map::new();
            rule.insert("update".into(), self.resource.one.as_str().into());
            rule.insert("json_patch".into(), "body".into());
            rule
        } else {
            self.changing()
        };
        rule.extend(self.answer(body.clone()));
        if self.is_upsert() {
            self.upsert(&mut lets, &mut rules, body)?;
        } else if self.is_open() {
            rules.insert(0, Value::Object(self.change_unknown(body)?));
        }
        rules.push(Value::Object(rule));
        let mut format = Self::written(lets, rules);
        self.add_conflict(&mut format);
        Ok(Written { format, view: view.flatten(), notes: Vec::new() })
    }

    /// The effect that changes or replaces a record by what the request says of it.
    fn changing(&self) -> Map<String, Value> {
        let one = &self.resource.one;
        let sent = self.sent();
        let shape = sent.as_ref().and_then(|(_, shape)| shape.as_ref());
        let record = self.made_up();
        let is_replacing = self.role == Role::Replace;
        let kept = if is_replacing { self.kept(shape) } else { Map::new() };
        let kept = Some(Value::Object(kept)).filter(|kept| *kept != json!({}));
        let body = sent.as_ref().map(|(template, _)| self.sent_map(template));
        let mut with = merged(kept.into_iter().chain(body).collect());
        with.extend(self.conflicting(shape, &record).into_iter().map(|(name, _)| {
            let own = format!("{{{{ {} }}}}", member("record", &name));
            (name, own.into())
        }));
        if let Some(known) = self.resource.shape() {
            with.extend(stamps(self.schemas(), known, shape, &record, false));
        }
        for column in self.fixed() {
            with.insert(
                column.to_owned(),
                format!("{{{{ {} }}}}", member("record", column)).into(),
            );
        }
        let (effect, entry) = if is_replacing { ("replace", "with") } else { ("update", "merge") };
        let mut rule = Map::new();
        rule.insert(effect.into(), one.as_str().into());
        rule.insert(entry.into(), Value::Object(with));
        rule
    }

    /// The rule that changes a record that nobody has written: from then on it is there.
    fn change_unknown(&self, body: Option<Value>) -> Result<Map<String, Value>, String> {
        let mut rule = self.begin_unknown();
        let mut with = self.new_record(None)?;
        if let Some(members) = with.as_object_mut() {
            self.add_place(members);
        }
        rule.insert("create".into(), self.resource.name.as_str().into());
        rule.insert("with".into(), with);
        rule.extend(self.answer(body));
        Ok(rule)
    }

    /// The properties that no request changes.
    pub(super) fn fixed(&self) -> Vec<&str> {
        let scope = self.resource.scope.iter().map(|scope| scope.property.as_str());
        let key = Some(self.resource.key.property.as_str()).filter(|_| self.resource.has_own_key());
        scope.chain(key).collect()
    }

    /// What a replacement keeps: the properties that a request cannot have.
    pub(super) fn kept(&self, sent: Option<&ObjectShape<'c>>) -> Map<String, Value> {
        let Some(known) = self.resource.shape() else { return Map::new() };
        let kept = known.names().filter(|name| sent.is_none_or(|sent| sent.get(name).is_none()));
        let kept = kept.filter(|name| !self.fixed().contains(name));
        kept.map(|name| (name.to_owned(), format!("{{{{ {} }}}}", member("record", name)).into()))
            .collect()
    }

    pub(super) fn is_json_patch(&self) -> bool {
        let content = self.operation.request_body.as_ref().map(|body| &body.content);
        content.is_some_and(|content| {
            content.keys().next().is_some_and(|name| name.contains("json-patch"))
        })
    }

    /// Whether what is not there is made: by PUT, where that is documented or nothing else makes one, and by another write
    /// where that is the only way.
    pub(super) fn is_upsert(&self) -> bool {
        if self.resource.kind == Kind::Single {
            return true;
        }
        let addresses = &self.resource.addresses;
        let has = |path: &str, method: &Method| self.survey.operation(path, method).is_some();
        let all = |method: &Method| addresses.iter().any(|one| has(&one.collection, method));
        let one = |method: &Method| {
            addresses.iter().filter_map(|one| one.item.as_ref()).any(|item| has(item, method))
        };
        if !self.is_of_item() || self.survey.is_renamed(self.operation) {
            return false;
        }
        let documents_creation = self.operation.responses.contains_key("201");
        let is_only = !all(&Method::POST);
        match self.operation.method {
            Method::PUT => self.role == Role::Replace && (is_only || documents_creation),
            Method::POST => {
                is_only && !one(&Method::PUT) && (documents_creation || !all(&Method::GET))
            }
            Method::PATCH => {
                is_only && !one(&Method::PUT) && !one(&Method::POST) && !all(&Method::GET)
            }
            _ => false,
        }
    }

    fn is_of_item(&self) -> bool {
        self.address.item.as_ref() == Some(&self.survey.path_of(self.operation))
    }

    /// The rules that make what is not there, in place of the one that refuses it.
    pub(super) fn upsert(
        &self,
        lets: &mut Map<String, Value>,
        rules: &mut Vec<Value>,
        body: Option<Value>,
    ) -> Result<(), String> {
        let own = self.own();
        rules.clear();
        let (of_parent, asks_parent) = self.begin();
        for (name, expression) in of_parent.into_iter().rev() {
            lets.shift_insert(0, name, expression);
        }
        rules.extend(asks_parent);
        let mut with = self.new_record(None)?;
        if let Some(members) = with.as_object_mut() {
            self.add_place(members);
        }
        let mut rule = Map::new();
        rule.insert("when".into(), own.absent.into());
        rule.insert("create".into(), self.resource.name.as_str().into());
        rule.insert("with".into(), with);
        rule.extend(self.answer(body));
        if self.operation.responses.contains_key("201") {
            rule.insert("respond".into(), 201.into());
        }
        rules.push(Value::Object(rule));
        Ok(())
    }
}
