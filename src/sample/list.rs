//! Lists: how many items, and of which schemas.
//!
//! Owns `items` to `uniqueItems`. Must not know how items are made.

use std::collections::HashSet;

use serde_json::Value;

use super::maker::{DeadEnd, Maker, SamplePart, SampleStyle, VARIED_SALT, index};
use super::merged::MergedSchema;
use crate::ids::Dice;
use crate::numbers;

/// Most items of a list that is made up: samples are read by people.
const ITEMS_MAX: usize = 10_000;
/// Tries for an item that is not in the list yet.
const DISTINCT_MAX: usize = 64;

/// The items of a list so far in which no two are equal.
#[derive(Default)]
struct Distinct {
    known: HashSet<String>,
    /// First number to try.
    first_salt: usize,
}

impl<'s> Maker<'s, '_> {
    pub(super) fn list(
        &mut self,
        merged: &MergedSchema<'s>,
        part: SamplePart<'s, '_>,
        style: SampleStyle,
        dice: &mut Dice,
    ) -> Result<Value, DeadEnd> {
        let contained: Vec<(&'s Value, usize)> = merged
            .facets
            .iter()
            .filter_map(|facet| {
                let least = facet.get("minContains").and_then(Value::as_u64).unwrap_or(1);
                Some((facet.get("contains")?, usize::try_from(least).ok()?))
            })
            .collect();
        let fixed = merged.said("prefixItems").filter_map(|items| Some(items.as_array()?.len()));
        let fixed = fixed.max().unwrap_or(0);
        let wanted = contained.iter().map(|(_, count)| fixed.saturating_add(*count)).max();
        let least = merged.least("minItems").max(wanted.unwrap_or(0));
        let most = merged.most("maxItems");
        if least > ITEMS_MAX {
            return Err(
                self.nothing(&format!("a list of {least} items is longer than {ITEMS_MAX}"))
            );
        }
        if merged.least("minItems") > most && !self.forgiving {
            return Err(self.nothing("no list is that long and that short"));
        }
        let usual = if self.options.fresh { 1 + index(dice, 3) } else { 1 };
        let usual = if style == SampleStyle::Plain { least } else { usual.max(fixed) };
        let count = least.max(usual).min(most);
        let unique = merged.said("uniqueItems").any(|unique| *unique == Value::Bool(true));
        let mut items: Vec<Value> = Vec::new();
        let mut distinct = unique.then(Distinct::default);
        for number in 0..count {
            let mut schemas = item_schemas(merged, number);
            // Items that are contained come after those that have a place of their own.
            let contains =
                contained.iter().filter(|(_, count)| number >= fixed && number - fixed < *count);
            schemas.extend(contains.map(|(schema, _)| *schema));
            match self.item(&schemas, number, part, distinct.as_mut()) {
                Ok(item) => items.push(item),
                Err(DeadEnd::Nothing { .. }) if number >= least => break,
                Err(DeadEnd::Nothing { .. }) if self.forgiving => items.push(self.near(&schemas)),
                Err(clash) => return Err(clash),
            }
        }
        Ok(Value::Array(items))
    }

    fn item(
        &mut self,
        schemas: &[&'s Value],
        number: usize,
        part: SamplePart<'s, '_>,
        distinct: Option<&mut Distinct>,
    ) -> Result<Value, DeadEnd> {
        let recurs = schemas.iter().any(|schema| self.recurs(schema));
        if recurs && number > 0 {
            return Err(self.nothing("the items go on without end"));
        }
        let token = number.to_string();
        let part = SamplePart { schemas, spot: part.spot, hint: None, salt: 0 };
        let Some(distinct) = distinct else { return self.inside(&token, part) };
        let outer = self.salt;
        for salt in distinct.first_salt..distinct.first_salt + DISTINCT_MAX {
            self.salt = outer + salt;
            let item = self.inside(&token, part);
            self.salt = outer;
            let item = item?;
            if distinct.known.insert(numbers::normal_text(&item)) {
                if salt >= VARIED_SALT {
                    // The usual words are used up.
                    distinct.first_salt = VARIED_SALT;
                }
                return Ok(item);
            }
        }
        Err(self.nothing("there are not enough different items"))
    }
}

/// All schemas of the item at a place.
fn item_schemas<'s>(merged: &MergedSchema<'s>, number: usize) -> Vec<&'s Value> {
    let mut schemas = Vec::new();
    let mut known = false;
    for facet in &merged.facets {
        let fixed =
            facet.get("prefixItems").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let schema = fixed.get(number).or_else(|| facet.get("items"));
        known |= schema.is_some();
        schemas.extend(schema);
    }
    if !known {
        schemas.extend(merged.said("unevaluatedItems"));
    }
    schemas
}
