//! Why a response that was decided on is not sent, as problem documents in the shape that Prism gives them.
//!
//! Must not know rules.

use http::StatusCode;
use serde_json::json;

use crate::problem::Problem;

use super::find::NotDocumented;

/// Why a response is not sent.
#[derive(Clone, Debug)]
pub enum NotSent {
    /// The response that was asked for is not documented.
    NotDocumented(NotDocumented),
    /// No media type that it can be sent in is acceptable; which there are.
    NotAcceptable(Vec<String>),
    /// No value can be made up that fits the schema; why.
    TooComplex(String),
    /// The value or the headers that were decided on do not fit what is documented; why.
    Unfit(String),
}

impl From<NotDocumented> for NotSent {
    fn from(missing: NotDocumented) -> Self {
        Self::NotDocumented(missing)
    }
}

impl From<NotSent> for Problem {
    fn from(refusal: NotSent) -> Self {
        match refusal {
            NotSent::NotDocumented(missing) => {
                let title = "The server cannot find the requested content";
                Problem::new(StatusCode::NOT_FOUND, title, missing.to_string())
                    .of_type("NOT_FOUND")
                    .with("codes", json!(missing.codes))
                    .with("examples", json!(missing.examples))
            }
            NotSent::NotAcceptable(offered) => Problem::new(
                StatusCode::NOT_ACCEPTABLE,
                "The server cannot produce a representation for your accept header",
                format!("available are {}", offered.join(", ")),
            )
            .of_type("NOT_ACCEPTABLE"),
            NotSent::TooComplex(why) => Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "Schema too complex",
                format!("no body can be made up: {why}; give the response an example"),
            )
            .of_type("SCHEMA_TOO_COMPLEX"),
            NotSent::Unfit(why) => Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the response does not fit its contract",
                why,
            ),
        }
    }
}
