//! Why a template cannot be served.
//!
//! Must not know requests.

use http::Method;
use thiserror::Error;

/// Why a template cannot be entered.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TemplateRefusal {
    /// It is no path.
    #[error("path template `{0}` does not begin with `/`")]
    NoSlash(String),
    /// It goes on after the path.
    #[error(
        "path template `{0}` holds a query or a fragment: declare query parameters under `parameters`"
    )]
    NotOnlyPath(String),
    /// Its braces do not pair up.
    #[error("path template `{template}` has unpaired or empty braces in `{segment}`")]
    Braces {
        /// The whole template.
        template: String,
        /// The segment in question.
        segment: String,
    },
    /// Two parameters with nothing between them.
    #[error(
        "path template `{template}` has two parameters with nothing between them in `{segment}`, so the end of the first is ambiguous"
    )]
    Adjacent {
        /// The whole template.
        template: String,
        /// The segment in question.
        segment: String,
    },
    /// A template with this method and shape was entered before.
    #[error("`{method} {template}` matches the same paths as `{method} {existing}`")]
    Taken {
        /// The method of both.
        method: Method,
        /// The template that was refused.
        template: String,
        /// The one that was there.
        existing: String,
    },
}
