//! JSON Schema as a language: which keywords hold schemas, references, composition, types.
//!
//! Owns every walk over a lowered schema that does not need a search of its own. Must not know documents, validators
//! or values.

mod composed;
mod keywords;
mod reference;
mod types;

pub(crate) use composed::{Composed, conjuncts};
pub(crate) use keywords::parts_where;
pub(crate) use reference::{NOT_IN_URI, target_of};
pub(crate) use types::{Types, allowed};

pub(super) use keywords::{
    Applicator, AppliesTo, Holds, SchemaToken, applicator, each_part_mut, parts,
    parts_of_same_value,
};
pub(super) use reference::{
    CHAIN_MAX, DOCUMENT_URI, follow, fragment, join, reference, steps, target,
};
