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

pub use accept::{Choice, choose, concrete, is_offered};
pub use coding::{CODINGS, decoded};
pub(crate) use kind::range_holds;
pub use kind::{essence, has_own_syntax, is_json};
pub use write::{WrittenBody, empty_value, header_text, write, write_encoded};

#[cfg(test)]
mod tests;
