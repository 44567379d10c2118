//! Operations on a group of records that are kept elsewhere: one is put in, taken out, and all are listed.
//!
//! Must not know how a group is found.

use serde_json::{Map, Value};

use crate::infer::operations::task::{Task, Written};

/// The relation from a place in a group to the record that is in it.
pub(in crate::infer) const MEMBER: &str = "its_member";

impl<'c> Task<'_, 'c> {
    /// The same operation about the records that are in the group.
    pub(super) fn of_members(&self, members: usize) -> Task<'_, 'c> {
        Task { resource: &self.resources[members], ..*self }
    }

    /// The operation puts a record in that is there; one that is in stays.
    pub(super) fn put_in(&self, members: usize) -> Written {
        let of = &self.resources[members];
        let (mut lets, mut rules) = self.begin();
        let count = self.arguments().len();
        let mut answered = None;
        if !self.is_lenient {
            let id = self.argument(count.saturating_sub(1), of.key.is_whole);
            let lookup = self.lookup_by(of, !of.scope.is_empty(), id);
            rules.push(self.absent_rule(&lookup.gone(), of, count));
            lets.insert(of.one.clone(), lookup.expression.into());
            answered = self.of_members(members).record_body(&of.one, "put");
        }
        let (body, view) = answered.unzip();
        let own = self.own();
        lets.insert(self.resource.one.clone(), own.expression.into());
        let mut with = Map::new();
        self.add_place(&mut with);
        let mut rule = Map::new();
        rule.insert("when".into(), own.absent.into());
        rule.insert("create".into(), self.resource.name.as_str().into());
        rule.insert("with".into(), Value::Object(with));
        rule.extend(self.answer(body.clone()));
        rules.push(Value::Object(rule));
        rules.push(Value::Object(self.answer(body)));
        let mut format = Self::written(lets, rules);
        self.add_conflict(&mut format);
        Written { format, view: view.flatten(), notes: Vec::new() }
    }
}
