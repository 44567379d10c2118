//! Options for making up a value.
//!
//! Must not know how that is done.

use crate::openapi::Direction;

/// Options for making up a value.
#[derive(Clone, Copy, Debug)]
pub struct SampleOptions {
    /// Which way it goes: `readOnly` properties are left out of requests, `writeOnly` ones out of responses.
    pub direction: Direction,
    /// Whether examples and defaults are ignored, and alternatives and values of an `enum` are drawn by lot.
    pub fresh: bool,
    /// Whether optional properties are there too, and not only those that are required.
    pub fill_properties: bool,
}

impl SampleOptions {
    /// By examples where there are some, with all properties.
    pub fn of(direction: Direction) -> SampleOptions {
        SampleOptions { direction, fresh: false, fill_properties: true }
    }
}
