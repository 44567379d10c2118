//! Lists: records of one resource, filtered, searched, sorted and cut into pages.
//!
//! An operation says which parameter does what. Each filter and each order that it names makes an index, so that a page is
//! found without going through the records. Must not know what is answered.

mod compile;
mod evaluate;
mod format;
mod links;
mod page;
mod plan;

pub(crate) use compile::{Indexes, ListReader};
pub use format::{ListFormat, PageFormat, SearchFormat, SortFormat};
pub(crate) use plan::ListPlan;
