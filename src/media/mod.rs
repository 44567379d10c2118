//! Media types of answers: which one a request accepts, and a JSON value written as a body of it. And the codings of
//! requests, undone.
//!
//! Owns what media types and codings are called and how each is written or read. Must not know operations, or when what is answered.

mod accept;
mod coding;
mod delimited;
mod form;
mod hints;
mod kind;
mod multipart;
mod sequence;
mod text;
mod write;
mod xml;

pub use accept::Choice;
pub use accept::choose;
pub use accept::concrete;
pub use accept::is_offered;
pub use coding::CODINGS;
pub use coding::decoded;
pub use kind::essence;
pub use kind::has_own_syntax;
pub use kind::is_json;
pub(crate) use kind::range_holds;
pub use write::Written;
pub use write::empty_value;
pub use write::header_text;
pub use write::write;
pub use write::write_encoded;

#[cfg(test)]
mod tests;
