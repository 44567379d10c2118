//! Objects: which properties are there, and of which schemas.
//!
//! Owns `properties` to `unevaluatedProperties`, and the two directions. Must not know how their values are made.

use indexmap::{IndexMap, IndexSet};
use serde_json::{Map, Value, json};

use super::maker::{DeadEnd, Maker, SamplePart, SampleStyle};
use super::merged;
use super::merged::MergedSchema;
use super::pattern::PatternSampler;
use super::text::NameHint;
use super::turn::Turn;
use crate::ids::Dice;
use crate::openapi::{Direction, Schemas, Types};

/// Properties that are invented at most, because so many are asked for.
const INVENTED_MAX: usize = 1000;
/// Rounds in which properties bring others with them.
const ROUNDS_MAX: usize = 16;

/// Names, and whether each has to be there.
type PropertyNames<'n> = IndexMap<&'n str, bool>;

impl<'s> Maker<'s, '_> {
    pub(super) fn object(
        &mut self,
        merged: &MergedSchema<'s>,
        part: SamplePart<'s, '_>,
        style: SampleStyle,
        dice: &mut Dice,
    ) -> Result<Value, DeadEnd> {
        let (merged, names) = self.with_dependents(merged, style, dice)?;
        let merged = &merged;
        let most = merged.most("maxProperties");
        let owner = if part.spot.name.is_empty() {
            merged.component.unwrap_or_default()
        } else {
            part.spot.name
        };
        let mut optional_left = most.saturating_sub(names.values().filter(|must| **must).count());
        let mut made = Map::new();
        for (name, must) in names {
            if !must && optional_left == 0 {
                continue;
            }
            match self.property(merged, name, owner, part.hint) {
                Ok(value) => {
                    made.insert(name.to_owned(), value);
                    optional_left -= usize::from(!must);
                }
                // What recurs, or is not allowed at all, is left out where it may be.
                Err(DeadEnd::Nothing { .. }) if !must => {}
                Err(DeadEnd::Nothing { .. }) if self.forgiving => {
                    let near = self.near(&self.property_schemas(merged, name));
                    made.insert(name.to_owned(), near);
                }
                Err(clash) => return Err(clash),
            }
        }
        if style == SampleStyle::Odd {
            self.set_apart(merged, &mut made);
        }
        let least = merged.least("minProperties");
        if self.forgiving && least > most {
            return Ok(Value::Object(made));
        }
        if least > most || least > INVENTED_MAX {
            return Err(self.nothing("no object has so many properties"));
        }
        self.invent(merged, least, owner, &mut made)?;
        Ok(Value::Object(made))
    }

    /// The names of the properties, and the schemas that apply because these are there.
    fn with_dependents(
        &mut self,
        merged: &MergedSchema<'s>,
        style: SampleStyle,
        dice: &mut Dice,
    ) -> Result<(MergedSchema<'s>, PropertyNames<'s>), DeadEnd> {
        let mut merged = merged.clone();
        merged.list_properties();
        let mut names = self.names(&merged, style)?;
        for _ in 0..ROUNDS_MAX {
            let known = merged.facets.len();
            let brought: Vec<&'s Value> = merged
                .said("dependentSchemas")
                .filter_map(Value::as_object)
                .flatten()
                .filter(|(name, _)| names.contains_key(name.as_str()))
                .map(|(_, schema)| schema)
                .collect();
            let fits = brought.into_iter().all(|schema| merged.add(self.schemas, schema, false))
                && self.settle(&mut merged, &mut Turn::new(0), dice)?;
            if !fits {
                return Err(self.nothing("what its properties bring with them cannot be met"));
            }
            if merged.facets.len() == known {
                break;
            }
            merged.list_properties();
            names = self.names(&merged, style)?;
        }
        Ok((merged, names))
    }

    /// The names of the properties in the order of the document.
    fn names(
        &mut self,
        merged: &MergedSchema<'s>,
        style: SampleStyle,
    ) -> Result<PropertyNames<'s>, DeadEnd> {
        let fills = self.fills() && style != SampleStyle::Plain;
        let required: IndexSet<&'s str> = self.required(merged).collect();
        let unwanted = self.unwanted(merged);
        let mut names: PropertyNames<'s> = IndexMap::new();
        for properties in merged.said("properties").filter_map(Value::as_object) {
            self.spend(properties.len())?;
            for (name, schema) in properties {
                let must = required.contains(name.as_str());
                let may = fills
                    && !unwanted.contains(&name.as_str())
                    && !self.recurs(schema)
                    && !self.is_of_other_side(schema);
                if must || may {
                    let known = names.entry(name).or_insert(must);
                    *known |= must;
                }
            }
        }
        names.retain(|name, must| *must || !self.is_other_sided(merged, name));
        names.extend(required.into_iter().map(|name| (name, true)));
        // What is there brings others with it.
        for _ in 0..ROUNDS_MAX {
            let brought: Vec<&'s str> = merged
                .said("dependentRequired")
                .filter_map(Value::as_object)
                .flatten()
                .filter(|(name, _)| names.contains_key(name.as_str()))
                .flat_map(|(_, others)| others.as_array().into_iter().flatten())
                .filter_map(Value::as_str)
                .filter(|name| names.get(name) != Some(&true))
                .collect();
            if brought.is_empty() {
                break;
            }
            names.extend(brought.into_iter().map(|name| (name, true)));
        }
        Ok(names)
    }

    fn required(&self, merged: &MergedSchema<'s>) -> impl Iterator<Item = &'s str> {
        let keywords = self.options.direction.required_keywords().iter();
        keywords
            .flat_map(|keyword| merged.said(keyword))
            .filter_map(Value::as_array)
            .flatten()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .into_iter()
    }

    fn property(
        &mut self,
        merged: &MergedSchema<'s>,
        name: &str,
        owner: &str,
        around: Option<&'s Value>,
    ) -> Result<Value, DeadEnd> {
        let mut schemas = self.property_schemas(merged, name);
        if let Some(named) = merged.valued().find_map(|facet| Schemas::named(facet, name)) {
            let mut own = MergedSchema::default();
            let fits = schemas.iter().all(|schema| own.add(self.schemas, schema, false));
            // Where a choice was made, or the schema itself says what it is called, that counts.
            if fits
                && own.values.is_none()
                && own.open.is_empty()
                && own.types.intersects(Types::STRING)
                && !own.says_any(&["pattern", "not"])
            {
                schemas.push(named);
            }
        }
        let said = |keyword: &'static str| merged.valued().filter_map(move |it| it.get(keyword));
        let hint = around.into_iter().chain(said("example")).chain(said("default"));
        let hint = hint.filter_map(Value::as_object).find_map(|example| example.get(name));
        self.inside(
            name,
            SamplePart { schemas: &schemas, spot: NameHint { name, owner }, hint, salt: 0 },
        )
    }

    /// All schemas of a property, also of one that has no name in them.
    fn property_schemas(&self, merged: &MergedSchema<'s>, name: &str) -> Vec<&'s Value> {
        let mut schemas = Vec::new();
        let mut known = false;
        for facet in merged.about(name) {
            let own = facet.get("properties").and_then(|properties| properties.get(name));
            let before = schemas.len();
            schemas.extend(own);
            let patterns = facet.get("patternProperties").and_then(Value::as_object);
            for (pattern, schema) in patterns.into_iter().flatten() {
                let text = Value::String(name.to_owned());
                if self.schemas.pattern(pattern).is_some_and(|known| known.is_valid(&text)) {
                    schemas.push(schema);
                }
            }
            if schemas.len() == before {
                schemas.extend(facet.get("additionalProperties"));
            }
            known |= schemas.len() > before;
        }
        if !known {
            schemas.extend(merged.said("unevaluatedProperties"));
        }
        if schemas.len() > 1 {
            schemas.retain(|schema| **schema != Value::Bool(true));
        }
        schemas
    }

    /// Adds properties of no name until there are enough.
    fn invent(
        &mut self,
        merged: &MergedSchema<'s>,
        least: usize,
        owner: &str,
        made: &mut Map<String, Value>,
    ) -> Result<(), DeadEnd> {
        let patterns: Vec<&str> = merged
            .said("patternProperties")
            .filter_map(Value::as_object)
            .flat_map(|patterns| patterns.keys().map(String::as_str))
            .collect();
        let open = merged.said("properties").filter_map(Value::as_object).flat_map(Map::keys);
        let mut undeclared: Vec<String> =
            open.filter(|name| !made.contains_key(*name)).cloned().collect();
        undeclared.reverse();
        let naming: Vec<&'s Value> = merged.said("propertyNames").collect();
        for number in 0..least.saturating_mul(4) {
            if made.len() >= least {
                return Ok(());
            }
            let name = match undeclared.pop() {
                Some(name) => name,
                None if !naming.is_empty() => {
                    let spot = NameHint { name: "key", owner };
                    let name = SamplePart { schemas: &naming, spot, hint: None, salt: number };
                    let Value::String(name) = self.inside("", name)? else { continue };
                    name
                }
                None => match patterns.get(number % patterns.len().max(1)) {
                    Some(pattern) => {
                        let mut dice = Dice::at(self.seed, pattern, number as u64);
                        let text =
                            PatternSampler::parse(pattern).map(|all| all.text(1, 20, &mut dice));
                        let text = text.unwrap_or_default();
                        // One that begins so may go on as it likes.
                        if made.contains_key(&text) { format!("{text}{number}") } else { text }
                    }
                    None => format!("property{}", number + 1),
                },
            };
            if made.contains_key(&name) || self.is_other_sided(merged, &name) {
                continue;
            }
            match self.property(merged, &name, owner, None) {
                Ok(value) => {
                    made.insert(name, value);
                }
                Err(DeadEnd::Nothing { .. }) => {}
                Err(clash) => return Err(clash),
            }
        }
        if made.len() < least {
            return Err(self.nothing("no further property is allowed"));
        }
        Ok(())
    }

    /// Adds what keeps alternatives that were not chosen from fitting: a property of theirs of a wrong type.
    fn set_apart(&self, merged: &MergedSchema<'s>, made: &mut Map<String, Value>) {
        let open = |schema: &&Value| schema.as_object().map_or(**schema == true, Map::is_empty);
        for other in &merged.avoided {
            let mut parts = MergedSchema::default();
            parts.add(self.schemas, other, true);
            let mut properties = parts.said("properties").filter_map(Value::as_object).flatten();
            let wrong = properties.find_map(|(name, schema)| {
                let kind = merged::target(self.schemas, schema).get("type")?.as_str()?;
                let value = if kind == "boolean" { json!("unknown") } else { json!(false) };
                let free = self.property_schemas(merged, name).iter().all(open);
                (free && !made.contains_key(name)).then(|| (name.clone(), value))
            });
            made.extend(wrong);
        }
    }

    /// Returns true if a property leads back into what is being made.
    pub(super) fn recurs(&self, schema: &'s Value) -> bool {
        self.times_open(merged::target(self.schemas, schema)) > 0
    }

    fn is_other_sided(&self, merged: &MergedSchema<'s>, name: &str) -> bool {
        let listed = merged.about(name).filter_map(|facet| facet.get("properties"));
        let properties = listed.filter_map(|properties| properties.get(name));
        let mut properties = properties.peekable();
        properties.peek().is_some() && properties.any(|schema| self.is_of_other_side(schema))
    }

    /// Returns true if a property belongs to the other direction only.
    fn is_of_other_side(&self, schema: &'s Value) -> bool {
        let keyword = match self.options.direction {
            Direction::Whole => return false,
            Direction::Request => "readOnly",
            Direction::Response => "writeOnly",
        };
        if let Some(said) = schema.get(keyword).and_then(Value::as_bool) {
            return said;
        }
        let mut merged = MergedSchema::default();
        merged.add(self.schemas, schema, true);
        merged.said(keyword).any(|said| *said == Value::Bool(true))
    }

    /// Takes out of an example what belongs to the other direction.
    pub(super) fn prune(&self, merged: &MergedSchema<'s>, example: &mut Value, depth: usize) {
        if depth == 0 || self.options.direction == Direction::Whole {
            return;
        }
        match example {
            Value::Object(map) => {
                let required: Vec<&str> = self.required(merged).collect();
                map.retain(|name, _| {
                    required.contains(&name.as_str()) || !self.is_other_sided(merged, name)
                });
                for (name, value) in map.iter_mut().filter(|(_, value)| is_deep(value)) {
                    let schemas = self.property_schemas(merged, name);
                    self.prune_all(&schemas, value, depth);
                }
            }
            Value::Array(items) if items.iter().any(is_deep) => {
                let schemas: Vec<&'s Value> = merged.said("items").collect();
                for item in items {
                    self.prune_all(&schemas, item, depth);
                }
            }
            _ => {}
        }
    }

    fn prune_all(&self, schemas: &[&'s Value], value: &mut Value, depth: usize) {
        let mut merged = MergedSchema::default();
        for schema in schemas {
            merged.add(self.schemas, schema, true);
        }
        self.prune(&merged, value, depth - 1);
    }
}

fn is_deep(value: &Value) -> bool {
    value.is_object() || value.is_array()
}
