//! Objects: which properties are there, and of which schemas.
//!
//! Owns `properties` to `unevaluatedProperties`, and the two directions. Must not know how their values are made.

use indexmap::{IndexMap, IndexSet};
use serde_json::{Map, Value, json};

use super::maker::{Clash, Maker, Part, Style};
use super::pattern::Likeness;
use super::text::Spot;
use super::turn::Turn;
use super::view;
use super::view::View;
use crate::ids::Dice;
use crate::openapi::{Direction, Schemas, Types};

/// Properties that are invented at most, because so many are asked for.
const INVENTED_MAX: usize = 1000;
/// Rounds in which properties bring others with them.
const ROUNDS_MAX: usize = 16;

/// Names, and whether each has to be there.
type Names<'n> = IndexMap<&'n str, bool>;

impl<'s> Maker<'s, '_> {
    pub(super) fn object(
        &mut self,
        view: &View<'s>,
        part: Part<'s, '_>,
        style: Style,
        dice: &mut Dice,
    ) -> Result<Value, Clash> {
        let (view, names) = self.with_dependents(view, style, dice)?;
        let view = &view;
        let most = view.most("maxProperties");
        let owner = if part.spot.name.is_empty() {
            view.component.unwrap_or_default()
        } else {
            part.spot.name
        };
        let mut optional_left = most.saturating_sub(names.values().filter(|must| **must).count());
        let mut made = Map::new();
        for (name, must) in names {
            if !must && optional_left == 0 {
                continue;
            }
            match self.property(view, name, owner, part.hint) {
                Ok(value) => {
                    made.insert(name.to_owned(), value);
                    optional_left -= usize::from(!must);
                }
                // What recurs, or is not allowed at all, is left out where it may be.
                Err(Clash::Nothing { .. }) if !must => {}
                Err(Clash::Nothing { .. }) if self.forgiving => {
                    let near = self.near(&self.property_schemas(view, name));
                    made.insert(name.to_owned(), near);
                }
                Err(clash) => return Err(clash),
            }
        }
        if style == Style::Odd {
            self.set_apart(view, &mut made);
        }
        let least = view.least("minProperties");
        if self.forgiving && least > most {
            return Ok(Value::Object(made));
        }
        if least > most || least > INVENTED_MAX {
            return Err(self.nothing("no object has so many properties"));
        }
        self.invent(view, least, owner, &mut made)?;
        Ok(Value::Object(made))
    }

    /// The names of the properties, and the schemas that apply because these are there.
    fn with_dependents(
        &mut self,
        view: &View<'s>,
        style: Style,
        dice: &mut Dice,
    ) -> Result<(View<'s>, Names<'s>), Clash> {
        let mut view = view.clone();
        view.list_properties();
        let mut names = self.names(&view, style)?;
        for _ in 0..ROUNDS_MAX {
            let known = view.facets.len();
            let brought: Vec<&'s Value> = view
                .said("dependentSchemas")
                .filter_map(Value::as_object)
                .flatten()
                .filter(|(name, _)| names.contains_key(name.as_str()))
                .map(|(_, schema)| schema)
                .collect();
            let fits = brought.into_iter().all(|schema| view.add(self.schemas, schema, false))
                && self.settle(&mut view, &mut Turn::new(0), dice)?;
            if !fits {
                return Err(self.nothing("what its properties bring with them cannot be met"));
            }
            if view.facets.len() == known {
                break;
            }
            view.list_properties();
            names = self.names(&view, style)?;
        }
        Ok((view, names))
    }

    /// The names of the properties in the order of the document.
    fn names(&mut self, view: &View<'s>, style: Style) -> Result<Names<'s>, Clash> {
        let fills = self.fills() && style != Style::Plain;
        let required: IndexSet<&'s str> = self.required(view).collect();
        let unwanted = self.unwanted(view);
        let mut names: Names<'s> = IndexMap::new();
        for properties in view.said("properties").filter_map(Value::as_object) {
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
        names.retain(|name, must| *must || !self.is_other_sided(view, name));
        names.extend(required.into_iter().map(|name| (name, true)));
        // What is there brings others with it.
        for _ in 0..ROUNDS_MAX {
            let brought: Vec<&'s str> = view
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

    fn required(&self, view: &View<'s>) -> impl Iterator<Item = &'s str> {
        let keywords = self.wish.direction.required_keywords().iter();
        keywords
            .flat_map(|keyword| view.said(keyword))
            .filter_map(Value::as_array)
            .flatten()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .into_iter()
    }

    fn property(
        &mut self,
        view: &View<'s>,
        name: &str,
        owner: &str,
        around: Option<&'s Value>,
    ) -> Result<Value, Clash> {
        let mut schemas = self.property_schemas(view, name);
        if let Some(named) = view.valued().find_map(|facet| Schemas::named(facet, name)) {
            let mut own = View::default();
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
        let said = |keyword: &'static str| view.valued().filter_map(move |it| it.get(keyword));
        let hint = around.into_iter().chain(said("example")).chain(said("default"));
        let hint = hint.filter_map(Value::as_object).find_map(|example| example.get(name));
        self.inside(name, Part { schemas: &schemas, spot: Spot { name, owner }, hint, salt: 0 })
    }

    /// All schemas of a property, also of one that has no name in them.
    fn property_schemas(&self, view: &View<'s>, name: &str) -> Vec<&'s Value> {
        let mut schemas = Vec::new();
        let mut known = false;
        for facet in view.about(name) {
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
            schemas.extend(view.said("unevaluatedProperties"));
        }
        if schemas.len() > 1 {
            schemas.retain(|schema| **schema != Value::Bool(true));
        }
        schemas
    }

    /// Adds properties of no name until there are enough.
    fn invent(
        &mut self,
        view: &View<'s>,
        least: usize,
        owner: &str,
        made: &mut Map<String, Value>,
    ) -> Result<(), Clash> {
        let patterns: Vec<&str> = view
            .said("patternProperties")
            .filter_map(Value::as_object)
            .flat_map(|patterns| patterns.keys().map(String::as_str))
            .collect();
        let open = view.said("properties").filter_map(Value::as_object).flat_map(Map::keys);
        let mut undeclared: Vec<String> =
            open.filter(|name| !made.contains_key(*name)).cloned().collect();
        undeclared.reverse();
        let naming: Vec<&'s Value> = view.said("propertyNames").collect();
        for number in 0..least.saturating_mul(4) {
            if made.len() >= least {
                return Ok(());
            }
            let name = match undeclared.pop() {
                Some(name) => name,
                None if !naming.is_empty() => {
                    let spot = Spot { name: "key", owner };
                    let name = Part { schemas: &naming, spot, hint: None, salt: number };
                    let Value::String(name) = self.inside("", name)? else { continue };
                    name
                }
                None => match patterns.get(number % patterns.len().max(1)) {
                    Some(pattern) => {
                        let mut dice = Dice::at(self.seed, pattern, number as u64);
                        let text = Likeness::parse(pattern).map(|all| all.text(1, 20, &mut dice));
                        let text = text.unwrap_or_default();
                        // One that begins so may go on as it likes.
                        if made.contains_key(&text) { format!("{text}{number}") } else { text }
                    }
                    None => format!("property{}", number + 1),
                },
            };
            if made.contains_key(&name) || self.is_other_sided(view, &name) {
                continue;
            }
            match self.property(view, &name, owner, None) {
                Ok(value) => {
                    made.insert(name, value);
                }
                Err(Clash::Nothing { .. }) => {}
                Err(clash) => return Err(clash),
            }
        }
        if made.len() < least {
            return Err(self.nothing("no further property is allowed"));
        }
        Ok(())
    }

    /// Adds what keeps alternatives that were not chosen from fitting: a property of theirs of a wrong type.
    fn set_apart(&self, view: &View<'s>, made: &mut Map<String, Value>) {
        let open = |schema: &&Value| schema.as_object().map_or(**schema == true, Map::is_empty);
        for other in &view.avoided {
            let mut parts = View::default();
            parts.add(self.schemas, other, true);
            let mut properties = parts.said("properties").filter_map(Value::as_object).flatten();
            let wrong = properties.find_map(|(name, schema)| {
                let kind = view::target(self.schemas, schema).get("type")?.as_str()?;
                let value = if kind == "boolean" { json!("unknown") } else { json!(false) };
                let free = self.property_schemas(view, name).iter().all(open);
                (free && !made.contains_key(name)).then(|| (name.clone(), value))
            });
            made.extend(wrong);
        }
    }

    /// Whether a property leads back into what is being made.
    pub(super) fn recurs(&self, schema: &'s Value) -> bool {
        self.times_open(view::target(self.schemas, schema)) > 0
    }

    fn is_other_sided(&self, view: &View<'s>, name: &str) -> bool {
        let listed = view.about(name).filter_map(|facet| facet.get("properties"));
        let properties = listed.filter_map(|properties| properties.get(name));
        let mut properties = properties.peekable();
        properties.peek().is_some() && properties.any(|schema| self.is_of_other_side(schema))
    }

    /// Whether a property belongs to the other direction only.
    fn is_of_other_side(&self, schema: &'s Value) -> bool {
        let keyword = match self.wish.direction {
            Direction::Whole => return false,
            Direction::Request => "readOnly",
            Direction::Response => "writeOnly",
        };
        if let Some(said) = schema.get(keyword).and_then(Value::as_bool) {
            return said;
        }
        let mut view = View::default();
        view.add(self.schemas, schema, true);
        view.said(keyword).any(|said| *said == Value::Bool(true))
    }

    /// Takes out of an example what belongs to the other direction.
    pub(super) fn prune(&self, view: &View<'s>, example: &mut Value, depth: usize) {
        if depth == 0 || self.wish.direction == Direction::Whole {
            return;
        }
        match example {
            Value::Object(map) => {
                let required: Vec<&str> = self.required(view).collect();
                map.retain(|name, _| {
                    required.contains(&name.as_str()) || !self.is_other_sided(view, name)
                });
                for (name, value) in map.iter_mut().filter(|(_, value)| is_deep(value)) {
                    let schemas = self.property_schemas(view, name);
                    self.prune_all(&schemas, value, depth);
                }
            }
            Value::Array(items) if items.iter().any(is_deep) => {
                let schemas: Vec<&'s Value> = view.said("items").collect();
                for item in items {
                    self.prune_all(&schemas, item, depth);
                }
            }
            _ => {}
        }
    }

    fn prune_all(&self, schemas: &[&'s Value], value: &mut Value, depth: usize) {
        let mut view = View::default();
        for schema in schemas {
            view.add(self.schemas, schema, true);
        }
        self.prune(&view, value, depth - 1);
    }
}

fn is_deep(value: &Value) -> bool {
    value.is_object() || value.is_array()
}
