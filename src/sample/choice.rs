//! Alternatives: which of `oneOf` and `anyOf` is taken, which `if` holds, and what is better not fitted.
//!
//! It walks by itself, since of alternatives it takes one only. Owns the order in which ways are tried. Must not know
//! how values are made.

use serde_json::{Map, Value};

use super::maker::{DeadEnd, Maker, RECURSIONS_MAX, index};
use super::merged;
use super::merged::{MergedSchema, OpenChoice};
use super::turn::Turn;
use crate::ids::Dice;
use crate::numbers;
use crate::openapi::Types;

impl<'s> Maker<'s, '_> {
    /// Decides all that is open; `false` when nothing can fit.
    pub(super) fn settle(
        &mut self,
        merged: &mut MergedSchema<'s>,
        turn: &mut Turn,
        dice: &mut Dice,
    ) -> Result<bool, DeadEnd> {
        loop {
            let decided = if let Some(open) = merged.open.pop() {
                self.alternative(open, merged, turn, dice)?
            } else if merged.conditions.is_empty() {
                return Ok(true);
            } else {
                let conditions = std::mem::take(&mut merged.conditions);
                self.condition(conditions, merged, turn, dice)?
            };
            if !decided {
                return Ok(false);
            }
        }
    }

    fn alternative(
        &mut self,
        open: OpenChoice<'s>,
        merged: &mut MergedSchema<'s>,
        turn: &mut Turn,
        dice: &mut Dice,
    ) -> Result<bool, DeadEnd> {
        let (OpenChoice::One(all) | OpenChoice::Any(all)) = open;
        self.spend(all.len())?;
        // How bad an alternative is: one that leads back into itself is worse than null, which is worse than others.
        let mut ranked: Vec<(usize, usize)> = Vec::with_capacity(all.len());
        for (number, schema) in all.iter().enumerate() {
            let target = merged::target(self.schemas, schema);
            let types = target.get("type").map_or(Types::ANY, Types::of);
            let open = self.times_open(target);
            if *target == Value::Bool(false)
                || !types.intersects(merged.types)
                || open >= RECURSIONS_MAX
            {
                continue;
            }
            ranked.push((open * 2 + usize::from(types == Types::NULL), number));
        }
        ranked.sort_by_key(|(badness, _)| *badness);
        let Some((best, _)) = ranked.first().copied() else { return Ok(false) };
        let count = ranked.len();
        let equal = ranked.iter().filter(|(badness, _)| *badness == best).count();
        let first = if self.options.fresh { index(dice, equal) } else { 0 };
        let digit = turn.digit(count);
        let place = if digit < equal { (first + digit) % equal } else { digit };
        let (_, number) = ranked[place];
        let chosen = &all[number];
        self.stack.push(merged::target(self.schemas, chosen));
        if matches!(open, OpenChoice::One(_)) {
            let others = all.iter().enumerate().filter(|(other, _)| *other != number);
            merged.avoided.extend(others.map(|(_, schema)| schema));
        }
        let whole = merged.facets.iter().all(|facet| !facet.contains_key("properties"));
        self.spend(1)?;
        Ok(merged.add(self.schemas, chosen, whole))
    }

    /// Of several `if`s at most one holds: they tell kinds of things apart.
    fn condition(
        &mut self,
        conditions: Vec<&'s Map<String, Value>>,
        merged: &mut MergedSchema<'s>,
        turn: &mut Turn,
        dice: &mut Dice,
    ) -> Result<bool, DeadEnd> {
        self.spend(conditions.len())?;
        let mut undecided: Vec<&'s Map<String, Value>> = Vec::new();
        for map in conditions {
            match map.get("if").and_then(|condition| known(condition, merged.types)) {
                Some(holds) => {
                    let then = map.get(if holds { "then" } else { "else" });
                    if then.is_some_and(|then| !merged.add(self.schemas, then, holds)) {
                        return Ok(false);
                    }
                }
                None => undecided.push(map),
            }
        }
        if undecided.is_empty() {
            return Ok(true);
        }
        let first = if self.options.fresh { index(dice, undecided.len()) } else { 0 };
        let digit = turn.digit(undecided.len() + 1);
        let holding = (digit < undecided.len()).then(|| (first + digit) % undecided.len());
        for (number, map) in undecided.into_iter().enumerate() {
            let condition = &map["if"];
            let fits = if holding == Some(number) {
                merged.add(self.schemas, condition, false)
                    && map.get("then").is_none_or(|then| merged.add(self.schemas, then, true))
            } else {
                merged.avoided.push(condition);
                map.get("else").is_none_or(|other| merged.add(self.schemas, other, false))
            };
            if !fits {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Takes out what simple schemas that must not fit rule out; all others are seen when the value is refused.
    pub(super) fn avoid(&self, merged: &mut MergedSchema<'s>) {
        let mut open: Vec<&'s Value> = merged.said("not").collect();
        while let Some(schema) = open.pop() {
            let Some(map) = merged::target(self.schemas, schema).as_object() else { continue };
            if map.len() != 1 {
                continue;
            }
            if let Some(types) = map.get("type") {
                merged.types = merged.types.without(Types::of(types));
            }
            if let (Some(Value::Array(values)), Some(kept)) = (map.get("enum"), &mut merged.values)
            {
                kept.retain(|value| !numbers::is_among(value, values.iter()));
            }
            if let (Some(value), Some(kept)) = (map.get("const"), &mut merged.values) {
                kept.retain(|known| !numbers::are_equal(known, value));
            }
            open.extend(map.get("anyOf").and_then(Value::as_array).into_iter().flatten());
        }
    }

    /// The properties that would make a schema fit that had better not: of schemas that only require them.
    pub(super) fn unwanted(&self, merged: &MergedSchema<'s>) -> Vec<&'s str> {
        let mut names = Vec::new();
        let mut open: Vec<&'s Value> = merged.avoided.clone();
        while let Some(schema) = open.pop() {
            let Some(map) = merged::target(self.schemas, schema).as_object() else { continue };
            if let Some(Value::Array(required)) = map.get("required")
                && required.len() == 1
                && map.len() == 1
            {
                names.extend(required.iter().filter_map(Value::as_str));
            }
            if map.len() == 1 {
                open.extend(map.get("anyOf").and_then(Value::as_array).into_iter().flatten());
            }
        }
        names
    }
}

/// Whether a condition holds for all values of these types, or for none, if that is plain.
fn known(condition: &Value, types: Types) -> Option<bool> {
    let map = match condition {
        Value::Bool(holds) => return Some(*holds),
        other => other.as_object()?,
    };
    if map.is_empty() {
        return Some(true);
    }
    let wanted = Types::of(map.get("type")?);
    if !types.intersects(wanted) {
        return Some(false);
    }
    (map.len() == 1 && types.is_within(wanted)).then_some(true)
}
