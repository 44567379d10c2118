//! One value built along its schemas, with choices that follow from the seed, the place and how often it was refused.
//!
//! Owns which way a place takes and the bounds of building. Must not know whether the value fits in the end.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::merged::{MergedSchema, OpenChoice};
use super::options::SampleOptions;
use super::text::{Manner, NameHint};
use super::turn::Turn;
use super::{merged, number, plausible, text};
use crate::ids::Dice;
use crate::numbers;
use crate::openapi::{SchemaId, Schemas, Types};
use crate::pointer;

/// Values within one another: what is required without end ends here at the latest.
const DEPTH_MAX: usize = 64;
/// Depth from which on only what is required is made: optional parts of parts add up to megabytes in documents whose
/// schemas refer to one another.
const FILLED_DEPTH_MAX: usize = 7;
/// Values in one sample beyond which only the outermost level is filled with what is optional.
const FILLED_MAX: usize = 500;
/// Maximum nesting of a schema in itself: once more, for the alternative that ends it.
pub(super) const RECURSIONS_MAX: usize = 2;
/// Ways of one place tried at once when each of them leads to nothing.
const WAYS_MAX: usize = 24;
/// The try at an item that differs from all others from which on texts have letters of their own.
pub(super) const VARIED_SALT: usize = 8;
/// Bytes of text, or of an example, that count as one step.
const STEP_BYTES: usize = 64;

/// Why a value could not be built.
pub(super) enum DeadEnd {
    /// Nothing is allowed at this place.
    Nothing { path: String, reason: String },
    /// All steps were used up.
    Spent,
}

/// Which way a place took, and how many it has.
pub(super) struct WayTaken {
    pub(super) turn: usize,
    pub(super) ways: usize,
}

/// The styles of one place, tried in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SampleStyle {
    /// An example or default that the schema has itself.
    Example,
    /// With all that is optional, and plausible.
    Rich,
    /// Only what is required, and plain: fits fewer alternatives.
    Plain,
    /// With something that keeps other alternatives from fitting.
    Odd,
}

/// Number of styles.
const STYLES: usize = 4;

/// Which type keywords are about.
const ABOUT: [(Types, &[&str]); 4] = [
    (
        Types::OBJECT,
        &[
            "properties",
            "required",
            "additionalProperties",
            "patternProperties",
            "minProperties",
            "maxProperties",
            "propertyNames",
            "dependentRequired",
            "dependentSchemas",
            "unevaluatedProperties",
        ],
    ),
    (Types::ARRAY, &["items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"]),
    (Types::STRING, &["minLength", "maxLength", "pattern", "format"]),
    (Types::NUMBER, &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]),
];

pub(super) struct Maker<'s, 'm> {
    pub(super) schemas: &'s Schemas,
    pub(super) options: &'m SampleOptions,
    pub(super) seed: u64,
    turns: &'m HashMap<String, usize>,
    /// Steps left.
    pub(super) left: usize,
    /// The choices made, if asked for.
    pub(super) notes: Option<HashMap<String, WayTaken>>,
    /// Current place in the value.
    pub(super) path: String,
    /// The schemas that are being built, for recursion.
    pub(super) stack: Vec<&'s Value>,
    pub(super) depth: usize,
    made: usize,
    /// Which of several tries at an item around it this is.
    pub(super) salt: usize,
    /// Whether members are made up that one of the schemas forbids and another one asks for, and something near where
    /// nothing fits.
    pub(super) forgiving: bool,
}

/// Inputs for one value.
#[derive(Clone, Copy)]
pub(super) struct SamplePart<'s, 'p> {
    pub(super) schemas: &'p [&'s Value],
    pub(super) spot: NameHint<'p>,
    /// The value here in an example of a surrounding value.
    pub(super) hint: Option<&'s Value>,
    /// Which of several tries at the same place it is.
    pub(super) salt: usize,
}

impl<'s, 'm> Maker<'s, 'm> {
    pub(super) fn new(
        schemas: &'s Schemas,
        options: &'m SampleOptions,
        seed: u64,
        turns: &'m HashMap<String, usize>,
        left: usize,
    ) -> Self {
        let (path, stack) = (String::new(), Vec::new());
        let (notes, depth, made, salt, forgiving) = (None, 0, 0, 0, false);
        Maker {
            schemas,
            options,
            seed,
            turns,
            left,
            notes,
            path,
            stack,
            depth,
            made,
            salt,
            forgiving,
        }
    }

    pub(super) fn root(&mut self, id: SchemaId) -> Result<Value, DeadEnd> {
        let pointer = self.schemas.pointer(id);
        let name = pointer.strip_prefix("/components/schemas/").unwrap_or_default();
        let spot = NameHint { name, owner: "" };
        let schemas = [self.schemas.schema(id)];
        match self.value(SamplePart { schemas: &schemas, spot, hint: None, salt: 0 }) {
            Err(DeadEnd::Nothing { .. }) if self.forgiving => Ok(self.near(&schemas)),
            made => made,
        }
    }

    /// Something near to what these schemas ask for, where nothing fits them all.
    pub(super) fn near(&self, schemas: &[&'s Value]) -> Value {
        let mut merged = MergedSchema::default();
        for schema in schemas {
            merged.add(self.schemas, schema, true);
        }
        if let Some(OpenChoice::One(all) | OpenChoice::Any(all)) = merged.open.pop() {
            all.first().map(|schema| merged.add(self.schemas, schema, true));
        }
        let listed = merged.said("enum").filter_map(|values| values.as_array()?.first());
        if let Some(value) = merged.said("const").chain(listed).next() {
            return value.clone();
        }
        let about = ABOUT.iter().find(|(_, keywords)| merged.says_any(keywords));
        let named = merged.said("type").map(Types::of).next();
        let kind = named.or(about.map(|(kind, _)| *kind)).unwrap_or(Types::NULL);
        let bounds = ["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"];
        if kind.intersects(Types::STRING) {
            let least = merged.least("minLength").min(text::TEXT_MAX);
            Value::String("text".repeat(least.div_ceil(4).max(1)))
        } else if kind.intersects(Types::NUMBER) {
            let bound = bounds.iter().find_map(|bound| merged.said(bound).next());
            bound.cloned().unwrap_or_else(|| Value::from(0))
        } else if kind.intersects(Types::BOOLEAN) {
            Value::Bool(true)
        } else if kind.intersects(Types::ARRAY) {
            Value::Array(Vec::new())
        } else if kind.intersects(Types::OBJECT) {
            Value::Object(Map::new())
        } else {
            Value::Null
        }
    }

    /// A value to which all these schemas apply.
    pub(super) fn value(&mut self, part: SamplePart<'s, '_>) -> Result<Value, DeadEnd> {
        self.spend(1)?;
        self.made += 1;
        let entered = self.stack.len();
        for schema in part.schemas {
            let target = merged::target(self.schemas, schema);
            if self.times_open(target) >= RECURSIONS_MAX {
                self.stack.truncate(entered);
                return Err(self.nothing("what is required goes on without end"));
            }
            self.stack.push(target);
        }
        self.depth += 1;
        let made = if self.depth > DEPTH_MAX {
            Err(self.nothing("what is required goes on without end"))
        } else {
            self.tries(part)
        };
        self.depth -= 1;
        self.stack.truncate(entered);
        made
    }

    /// Takes the first way that leads to something.
    fn tries(&mut self, part: SamplePart<'s, '_>) -> Result<Value, DeadEnd> {
        let entered = self.stack.len();
        let first = self.turns.get(&self.path).copied().unwrap_or(0);
        let mut number = first;
        loop {
            let mut turn = Turn::new(number);
            let made = self.one(part, &mut turn);
            self.stack.truncate(entered);
            let ways = turn.ways();
            if let Some(notes) = &mut self.notes {
                notes.insert(self.path.clone(), WayTaken { turn: number, ways });
            }
            match made {
                Err(DeadEnd::Nothing { .. })
                    if number + STYLES < ways && number - first < WAYS_MAX * STYLES =>
                {
                    // Another style seldom helps where there is nothing at all: the next alternative does.
                    number += STYLES;
                }
                made => return made,
            }
        }
    }

    fn one(&mut self, part: SamplePart<'s, '_>, turn: &mut Turn) -> Result<Value, DeadEnd> {
        let style = match turn.digit(STYLES) {
            0 if !self.options.fresh => SampleStyle::Example,
            0 | 1 => SampleStyle::Rich,
            2 => SampleStyle::Plain,
            _ => SampleStyle::Odd,
        };
        // What is chosen by lot stays so, or the ways were not gone through one after the other.
        let mut lots = Dice::at(self.seed, &self.path, 0);
        let tried = (turn.number() as u64) << 16 | (self.salt + part.salt) as u64;
        let mut dice = Dice::at(self.seed, &self.path, tried + 1);
        let mut merged = MergedSchema::default();
        let forgiven = |schema: &Value| self.forgiving && *schema == Value::Bool(false);
        let fits = part
            .schemas
            .iter()
            .filter(|schema| !forgiven(schema))
            .all(|schema| merged.add(self.schemas, schema, part.schemas.len() == 1));
        if !fits || !self.settle(&mut merged, turn, &mut lots)? {
            return Err(self.nothing("the schemas that apply contradict each other"));
        }
        self.spend(merged.facets.len())?;
        self.avoid(&mut merged);
        if style == SampleStyle::Example
            && self.salt + part.salt == 0
            && let Some(example) = self.example(&merged, part)
        {
            self.spend(example.to_string().len() / STEP_BYTES)?;
            return Ok(example);
        }
        if let Some(values) = &merged.values {
            return self.listed(values, &merged, self.salt + part.salt + turn.rest(), &mut lots);
        }
        let kind = self.kind(&merged, turn, &mut lots)?;
        self.typed(kind, &merged, part, style, &mut dice)
    }

    /// One of the values of `enum` or `const`: the first, or by lot.
    fn listed(
        &mut self,
        values: &[&'s Value],
        merged: &MergedSchema<'s>,
        salt: usize,
        dice: &mut Dice,
    ) -> Result<Value, DeadEnd> {
        let fitting: Vec<&Value> = values
            .iter()
            .copied()
            .filter(|value| merged.types.intersects(Types::of_value(value)))
            .collect();
        if fitting.is_empty() {
            return Err(self.nothing("none of the listed values is allowed"));
        }
        let first = if self.options.fresh { index(dice, fitting.len()) } else { 0 };
        Ok(fitting[(first + salt) % fitting.len()].clone())
    }

    /// The type to make: what the keywords are about, else the first that is named.
    fn kind(
        &mut self,
        merged: &MergedSchema<'s>,
        turn: &mut Turn,
        dice: &mut Dice,
    ) -> Result<Types, DeadEnd> {
        let mut order: Vec<Types> = Vec::new();
        let about = ABOUT.iter().filter(|(_, keywords)| merged.says_any(keywords));
        let named = merged.said("type").flat_map(|types| match types {
            Value::Array(types) => types.iter().map(Types::of).collect(),
            other => vec![Types::of(other)],
        });
        let named: Vec<Types> = named.filter(|kind| *kind != Types::NULL).collect();
        if named.len() < 2 || !self.options.fresh {
            order.extend(about.map(|(kind, _)| *kind).filter(|_| named.is_empty()));
        }
        order.extend(named);
        order.extend([
            Types::STRING,
            Types::OBJECT,
            Types::ARRAY,
            Types::INTEGER,
            Types::FRACTION,
            Types::BOOLEAN,
            Types::NULL,
        ]);
        let mut kinds: Vec<Types> = Vec::new();
        for kind in order.into_iter().map(|kind| kind & merged.types) {
            if !kind.is_empty() && !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        let Some(count) = std::num::NonZeroUsize::new(kinds.len()) else {
            return Err(self.nothing("no type is left"));
        };
        let listed =
            merged.said("type").filter_map(Value::as_array).map(Vec::len).max().unwrap_or(1);
        let first = if self.options.fresh && listed > 1 {
            let solid = kinds.iter().filter(|kind| **kind != Types::NULL).count().min(listed);
            index(dice, solid)
        } else {
            0
        };
        let chosen = kinds[(first + turn.digit(count.get())) % count];
        Ok(chosen)
    }

    fn typed(
        &mut self,
        kind: Types,
        merged: &MergedSchema<'s>,
        part: SamplePart<'s, '_>,
        style: SampleStyle,
        dice: &mut Dice,
    ) -> Result<Value, DeadEnd> {
        let rich = matches!(style, SampleStyle::Example | SampleStyle::Rich);
        match kind {
            Types::NULL => Ok(Value::Null),
            Types::BOOLEAN => {
                Ok(Value::Bool((dice.below(2) == 0) ^ ((self.salt + part.salt) % 2 == 1)))
            }
            Types::STRING => {
                let spot = NameHint { name: part.spot.name, owner: part.spot.owner };
                let manner = Manner { is_rich: rich, is_varied: self.salt >= VARIED_SALT };
                match text::text(self.schemas, merged, spot, manner, dice) {
                    Ok(text) => {
                        self.spend(text.len() / STEP_BYTES)?;
                        Ok(Value::String(text))
                    }
                    Err(reason) => Err(self.nothing(&reason)),
                }
            }
            Types::ARRAY => self.list(merged, part, style, dice),
            Types::OBJECT => self.object(merged, part, style, dice),
            number => {
                let mut range = plausible::number(if rich { part.spot.name } else { "" });
                if !number.intersects(Types::FRACTION) {
                    range.decimals = 0;
                }
                let whole = !number.intersects(Types::FRACTION)
                    || (range.decimals == 0 && rich && number.intersects(Types::INTEGER));
                range.decimals = if whole { 0 } else { range.decimals.max(1) };
                let made = number::number(merged, whole, range, dice);
                made.ok_or_else(|| self.nothing("no number is within the bounds"))
            }
        }
    }

    /// The first of the schema's own examples, or of what is around it, that is at least of the right type.
    fn example(&self, merged: &MergedSchema<'s>, part: SamplePart<'s, '_>) -> Option<Value> {
        let own = |facet: &'s Map<String, Value>| {
            let listed =
                facet.get("examples").and_then(Value::as_array).and_then(|list| list.first());
            [facet.get("example"), listed, facet.get("default")].into_iter().flatten()
        };
        let fits = |value: &Value| {
            merged.types.intersects(Types::of_value(value))
                && merged
                    .values
                    .as_ref()
                    .is_none_or(|values| numbers::is_among(value, values.iter().copied()))
        };
        let whole = merged.whole.iter().copied().flat_map(own);
        // What is composed has an example of one part only, which is not all of an object.
        let partial =
            merged.facets.iter().copied().flat_map(own).filter(|value| !value.is_object());
        let mut found =
            part.hint.into_iter().chain(whole).chain(partial).filter(|value| fits(value));
        let mut example = found.next()?.clone();
        self.prune(merged, &mut example, DEPTH_MAX);
        Some(example)
    }

    pub(super) fn times_open(&self, target: &Value) -> usize {
        self.stack.iter().filter(|open| std::ptr::eq(**open, target)).count()
    }

    /// Returns true if optional parts are made here.
    pub(super) fn fills(&self) -> bool {
        self.options.fill_properties
            && self.depth <= FILLED_DEPTH_MAX
            && (self.made < FILLED_MAX || self.depth <= 1)
    }

    pub(super) fn spend(&mut self, steps: usize) -> Result<(), DeadEnd> {
        self.left = self.left.checked_sub(steps).ok_or(DeadEnd::Spent)?;
        Ok(())
    }

    pub(super) fn nothing(&self, reason: &str) -> DeadEnd {
        DeadEnd::Nothing { path: self.path.clone(), reason: reason.to_owned() }
    }

    /// A value one level down.
    pub(super) fn inside(
        &mut self,
        token: &str,
        part: SamplePart<'s, '_>,
    ) -> Result<Value, DeadEnd> {
        let length = self.path.len();
        pointer::push(&mut self.path, token);
        let made = self.value(part);
        self.path.truncate(length);
        made
    }
}

pub(super) fn index(dice: &mut Dice, count: usize) -> usize {
    usize::try_from(dice.below(count as u64)).unwrap_or(0)
}
