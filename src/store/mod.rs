//! One provider's records: a persistent state with its indexes, read, planned against, and committed to.
//!
//! Owns keys, references, uniqueness and what a deletion takes with it. Must not know behavior files, HTTP or
//! time. A reference of a record is either live, then it is indexed and its target exists, or detached, then
//! it reads as none for good; there is nothing between.

mod cascade;
mod commit;
mod counted;
mod counter;
mod error;
mod index;
mod key;
mod load;
mod model;
mod path;
mod plan;
mod ranked;
mod record;
mod records;
mod staged;
mod table;
#[cfg(test)]
mod tests;
mod traces;
mod verify;

pub use cascade::UpdateFn;
pub use counter::{Counter, GoneNumber, Group};
pub use error::{Conflict, DeleteRefused, RecordError};
pub use index::{IndexEntry, Sorted};
pub use key::{Key, Scalar, Text};
pub use load::Detached;
pub use model::{Model, ModelMisfit, OnDelete, Relation, ResourceModel};
pub use path::PropertyPath;
pub use plan::Edit;
pub use record::{Change, Difference, Record};
pub use records::{KeyedRecord, Store, StoreMark};
pub use staged::Staged;
pub use traces::Traces;
