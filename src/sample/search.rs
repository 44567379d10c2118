//! The search for a valid value: one is built, held against the compiled schema, and built again with other choices at the
//! places that were refused.
//!
//! Must not know how values are built.

use std::collections::{BTreeSet, HashMap};

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

use super::maker::{DeadEnd, Maker, WayTaken};
use super::options::SampleOptions;
use crate::openapi::{Direction, SchemaId, Schemas};

/// Values that are built and held against the schema before it is given up. Ordinary schemas need one; those whose
/// alternatives overlap, or whose examples are wrong, a few.
const ATTEMPTS_MAX: usize = 64;
/// Steps of building in all attempts together, each of them a schema that is applied or a value that is made: some
/// tens of milliseconds.
const STEPS_MAX: usize = 150_000;
/// Errors of one value that are looked at: more of them say nothing new.
const ERRORS_MAX: usize = 100;
/// Alternatives within alternatives whose errors are looked into.
const NESTED_MAX: usize = 8;

/// Why no valid value was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SampleError {
    /// The schema itself cannot be used.
    #[error("the schema cannot be compiled: {0}")]
    Schema(String),
    /// The last error of the values that were tried.
    #[error("no value was found that fits the schema: at `{path}`, {reason}")]
    Refused {
        /// JSON Pointer into the value.
        path: String,
        /// The problem there.
        reason: String,
    },
    /// It would be larger, or take longer to find, than is worth it.
    #[error("no value was found that fits the schema within {STEPS_MAX} steps")]
    Spent,
}

/// A value of a schema, the same for the same seed.
pub fn sample(
    schemas: &Schemas,
    schema: SchemaId,
    options: &SampleOptions,
    seed: u64,
) -> Result<Value, SampleError> {
    search(schemas, schema, *options, seed, &mut Tried::default())
}

/// A sample, or where no value fits, the first that was tried: many a document has alternatives that cannot be told
/// apart, or closes a record in one place and adds to it in another. The caller has to hold it against the schema.
pub fn nearest(
    schemas: &Schemas,
    schema: SchemaId,
    options: &SampleOptions,
    seed: u64,
) -> Result<Value, SampleError> {
    let mut tried = Tried::default();
    search(schemas, schema, *options, seed, &mut tried).or_else(|unmet| {
        if tried.value.is_none() {
            tried.forgiving = true;
            // What was too much is perhaps not with what is required only.
            let fill_properties = options.fill_properties && unmet != SampleError::Spent;
            let options = SampleOptions { fill_properties, ..*options };
            if let Ok(value) = search(schemas, schema, options, seed, &mut tried) {
                return Ok(value);
            }
        }
        tried.value.ok_or(unmet)
    })
}

/// How many times as many steps a value may take that has only what it must have: without one there is none.
const REQUIRED_FACTOR: usize = 30;

/// The value that is built first, whether it fits or not: nearly always it does. That takes a fraction of the time of a
/// sample, since the schema need not be compiled. One that takes more than `max` steps has required properties only, for which there
/// are [`REQUIRED_FACTOR`] times as many. The steps that it takes are taken from `steps`.
pub fn unchecked(
    schemas: &Schemas,
    schema: SchemaId,
    options: &SampleOptions,
    seed: u64,
    max: usize,
    steps: &mut usize,
) -> Result<Value, SampleError> {
    let turns = HashMap::new();
    let mut build = |options: &SampleOptions, forgiving: bool, max: usize| {
        let given = max.min(*steps);
        let mut maker = Maker::new(schemas, options, seed, &turns, given);
        maker.forgiving = forgiving;
        let made = maker.root(schema);
        *steps -= given - maker.left;
        made.map_err(|end| match end {
            DeadEnd::Spent => SampleError::Spent,
            DeadEnd::Nothing { path, reason } => SampleError::Refused { path, reason },
        })
    };
    let required = SampleOptions { fill_properties: false, ..*options };
    build(options, false, max)
        .or_else(|_| build(&required, true, max.saturating_mul(REQUIRED_FACTOR)))
}

/// Results of a search besides a fitting value.
#[derive(Default)]
struct Tried {
    /// The first value that was made, though it does not fit.
    value: Option<Value>,
    /// See [`Maker::forgiving`].
    forgiving: bool,
}

fn search(
    schemas: &Schemas,
    schema: SchemaId,
    options: SampleOptions,
    seed: u64,
    tried: &mut Tried,
) -> Result<Value, SampleError> {
    let validator = schemas.directed(schema, options.direction).map_err(SampleError::Schema)?;
    let mut search = SampleSearch { turns: HashMap::new(), steps: STEPS_MAX };
    let mut reason = SampleError::Spent;
    for attempt in 0..ATTEMPTS_MAX {
        // Where choices were made is noted only if it is asked for: nearly always the first value fits.
        let mut maker = Maker::new(schemas, &options, seed, &search.turns, search.steps);
        maker.forgiving = tried.forgiving;
        maker.notes = (attempt > 0).then(HashMap::new);
        let made = maker.root(schema);
        let (notes, left) = (maker.notes.take(), maker.left);
        search.steps = left;
        let blamed = match made {
            Ok(value) if validator.is_valid(&value) => return Ok(value),
            Ok(value) => match verdict(schemas, schema, options.direction, &value) {
                None => return Ok(value),
                Some((refused, blamed)) => {
                    tried.value.get_or_insert(value);
                    reason = refused;
                    blamed
                }
            },
            Err(DeadEnd::Spent) => {
                return Err(if attempt == 0 { SampleError::Spent } else { reason });
            }
            Err(DeadEnd::Nothing { path, reason: said }) => {
                reason = SampleError::Refused { path: path.clone(), reason: said };
                BTreeSet::from([path])
            }
        };
        if let Some(notes) = notes
            && !search.turn(&blamed, &notes)
        {
            break;
        }
    }
    Err(reason)
}

/// State of a search.
struct SampleSearch {
    /// By place in the value, how many of its ways were refused.
    turns: HashMap<String, usize>,
    steps: usize,
}

impl SampleSearch {
    /// Goes on to the next way at each of the places, or around them where all were tried. `false` when there is
    /// nothing left to try.
    fn turn(&mut self, blamed: &BTreeSet<String>, notes: &HashMap<String, WayTaken>) -> bool {
        let mut moved = BTreeSet::new();
        let mut going = false;
        for path in blamed {
            let mut path = path.as_str();
            loop {
                if let Some(made) = notes.get(path) {
                    if moved.contains(path) {
                        going = true;
                        break;
                    }
                    if made.turn + 1 < made.ways {
                        self.turns.insert(path.to_owned(), made.turn + 1);
                        moved.insert(path);
                        going = true;
                        break;
                    }
                    self.turns.remove(path);
                }
                let Some((around, _)) = path.rsplit_once('/') else { break };
                path = around;
            }
        }
        going
    }
}

/// The problem of a value, and the places to blame; `None` when it is valid.
fn verdict(
    schemas: &Schemas,
    schema: SchemaId,
    direction: Direction,
    value: &Value,
) -> Option<(SampleError, BTreeSet<String>)> {
    let mut blamed = BTreeSet::new();
    let mut first = None;
    schemas.tell_misfits((schema, direction), value, ERRORS_MAX, &mut |base, error| {
        first.get_or_insert_with(|| SampleError::Refused {
            path: format!("{base}{}", error.instance_path()),
            reason: error.masked_with("the value").to_string(),
        });
        blame(base, error, NESTED_MAX, &mut blamed);
    });
    Some((first?, blamed))
}

/// Where an error comes from: of alternatives, from inside the one that was meant, which is wrong only inside.
fn blame(base: &str, error: &ValidationError<'_>, nested: usize, blamed: &mut BTreeSet<String>) {
    let here = error.instance_path().as_str();
    if let ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } =
        error.kind()
        && nested > 0
    {
        let inside = context.iter().find(|errors| {
            !errors.is_empty() && errors.iter().all(|error| error.instance_path().as_str() != here)
        });
        if let Some(errors) = inside {
            for error in errors {
                blame(base, error, nested - 1, blamed);
            }
            return;
        }
    }
    blamed.insert(format!("{base}{here}"));
}
