//! Responses: one that was decided on, made into bytes.
//!
//! A decision, by rules or by the contract alone, says which documented response is given, with which value and which
//! headers. The media type is then negotiated by `Accept`, the value written in it, and the documented headers are added.
//! Must not know why a response is given, nor records or sandboxes.

mod find;
mod headers;
mod mend;
mod negotiate;
mod not_sent;
mod render;

use std::borrow::Cow;

use http::{HeaderName, HeaderValue};
use serde_json::Value;

use crate::ids::{mixed, seed_of};
use crate::openapi::{Direction, Response as Documented};
use crate::sample::SampleOptions;

pub use find::{NotDocumented, by_name, coded};
pub use negotiate::Offer;
pub use not_sent::NotSent;
pub use render::{Renderings, WrittenResponse};

/// Options for responses made from the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches, as users give them")]
pub struct RenderOptions {
    /// Make bodies up from their schemas, passing over examples; and anew for each request.
    pub dynamic: bool,
    /// Answer 500 instead of a documented example that does not fit its schema, where the contract alone answers.
    pub errors: bool,
    /// Make up properties that are not required, too.
    pub fill_properties: bool,
    /// Pass over the examples of media types.
    pub ignore_examples: bool,
}

impl Default for RenderOptions {
    fn default() -> Self {
        Self { dynamic: false, errors: false, fill_properties: true, ignore_examples: false }
    }
}

/// Seeds of made-up values.
#[derive(Clone, Copy, Debug)]
pub struct Seeds {
    /// Equal for all requests to a sandbox.
    pub steady: u64,
    /// Another for each request.
    pub fresh: u64,
}

/// A documented response that was decided on.
#[derive(Clone, Debug)]
pub struct Decided<'d> {
    /// The status.
    pub status: u16,
    /// Its documentation.
    pub response: &'d Documented,
    /// Source of the body's value.
    pub content: BodySource<'d>,
    /// The numbers of the documented media types that it can be sent in; without, all.
    pub offered: Option<Cow<'d, [usize]>>,
    /// Weight of `Accept`.
    pub accept: Accept,
    /// Headers that go before the documented ones; one without a value is left out.
    pub headers: Vec<(HeaderName, Option<HeaderValue>)>,
    /// Whether it answers what is wrong with the request, for the log.
    pub is_refusal: bool,
    /// Whether a computed value that does not fit its schema is mended; else it is not sent.
    pub is_mended: bool,
}

impl<'d> Decided<'d> {
    /// The documented body for a status: the example of a name, else the first, else a value that is made up.
    pub fn documented(status: u16, response: &'d Documented, example: Option<&str>) -> Self {
        Self {
            status,
            response,
            content: BodySource::Documented(example.map(|name| Cow::Owned(name.to_owned()))),
            offered: None,
            accept: Accept::Decides,
            headers: Vec::new(),
            is_refusal: false,
            is_mended: false,
        }
    }

    /// The example that is asked for.
    pub fn example(&self) -> Option<&str> {
        match &self.content {
            BodySource::Documented(example) => example.as_deref(),
            _ => None,
        }
    }
}

/// Source of a body's value.
#[derive(Clone, Debug)]
pub enum BodySource<'d> {
    /// The document: the example of that name, else the first, else a value that is made up from the schema.
    Documented(Option<Cow<'d, str>>),
    /// A value that is the same each time, and the number that its bytes are kept by.
    Fixed(&'d Value, u32),
    /// A value that was computed for this request.
    Computed(Value),
}

/// Weight of a request's `Accept`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    /// Nothing that it does not admit is sent.
    Decides,
    /// It chooses where it admits something, and else is passed over: what went wrong has to be told.
    Advises,
    /// Nothing: the media type of this number is sent.
    Ignored(usize),
}

/// Settings for making up bodies and headers.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches, as users give them")]
pub struct Making {
    seed: u64,
    is_dynamic: bool,
    is_kept: bool,
    passes_over_examples: bool,
    fill_properties: bool,
}

impl Making {
    /// Settings for an operation, by its id; `seed` is the one that a request names.
    pub fn new(
        options: RenderOptions,
        seeds: Seeds,
        operation: &str,
        is_dynamic: bool,
        seed: Option<&str>,
    ) -> Self {
        Self {
            seed: match seed {
                Some(seed) => mixed(seed_of(seed), operation),
                None if is_dynamic => seeds.fresh,
                None => mixed(seeds.steady, operation),
            },
            is_dynamic,
            // What follows from a seed alone is the same the next time.
            is_kept: !is_dynamic || seed.is_some(),
            passes_over_examples: is_dynamic || options.ignore_examples,
            fill_properties: options.fill_properties,
        }
    }

    fn sample_options(&self) -> SampleOptions {
        SampleOptions {
            direction: Direction::Response,
            fresh: self.is_dynamic,
            fill_properties: self.fill_properties,
        }
    }
}
