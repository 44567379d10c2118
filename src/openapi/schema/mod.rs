//! JSON Schema as a language: which keywords hold schemas, references, composition, types.
//!
//! Owns every walk over a lowered schema that does not need a search of its own. Must not know documents, validators
//! or values.

mod composed;
mod keywords;
mod reference;
mod types;

pub(crate) use composed::Composed;
pub(crate) use composed::conjuncts;
pub(crate) use keywords::parts_where;
pub(crate) use reference::target_of;
pub(crate) use types::Types;
pub(crate) use types::allowed;

pub(super) use keywords::Applicator;
pub(super) use keywords::AppliesTo;
pub(super) use keywords::Holds;
pub(super) use keywords::Token;
pub(super) use keywords::applicator;
pub(super) use keywords::each_part_mut;
pub(super) use keywords::parts;
pub(super) use keywords::parts_of_same_value;
pub(super) use reference::CHAIN_MAX;
pub(super) use reference::DOCUMENT_URI;
pub(super) use reference::follow;
pub(super) use reference::fragment;
pub(super) use reference::join;
pub(super) use reference::reference;
pub(super) use reference::steps;
pub(super) use reference::target;
