//! Bodies that were not read, for their size or their coding: the statuses for that, whatever else is wrong.
//!
//! Must not know how a body is read.

use bytes::Bytes;
use http::header::ACCEPT_ENCODING;
use http::{HeaderValue, Response, StatusCode};

use crate::media::CODINGS;
use crate::problem::Problem;
use crate::validation::{CONTENT_CODING, TOO_LARGE, Violation};

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnreadBody {
    /// It is larger than the limit, as it came or decoded.
    TooLarge,
    /// Its `Content-Encoding` is not known.
    UnknownCoding,
}

/// Why the body of a request was not read, by how the request departs from its contract; none if it was.
pub fn unread_body(violations: &[Violation]) -> Option<UnreadBody> {
    violations.iter().find_map(|violation| match violation.keyword.as_str() {
        TOO_LARGE => Some(UnreadBody::TooLarge),
        CONTENT_CODING => Some(UnreadBody::UnknownCoding),
        _ => None,
    })
}

impl UnreadBody {
    /// The status that says so.
    pub fn status(self) -> u16 {
        self.expected()[0]
    }

    pub(super) fn expected(self) -> &'static [u16] {
        match self {
            Self::TooLarge => &[413],
            Self::UnknownCoding => &[415],
        }
    }

    /// The answer in our own name.
    pub fn problem(self, violations: &[Violation]) -> Problem {
        let (keyword, status, title, kind, hint) = match self {
            Self::TooLarge => (
                TOO_LARGE,
                StatusCode::PAYLOAD_TOO_LARGE,
                "Body too large",
                "BODY_TOO_LARGE",
                "; send less, or raise the limit with `--body-bytes`",
            ),
            Self::UnknownCoding => (
                CONTENT_CODING,
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Invalid content encoding",
                "INVALID_CONTENT_ENCODING",
                "",
            ),
        };
        let violation = violations.iter().find(|violation| violation.keyword == keyword);
        let text = violation.map(|violation| violation.text.as_str()).unwrap_or_default();
        Problem::new(status, title, format!("the body {text}{hint}")).of_type(kind)
    }

    /// Says in an answer of this status which codings are known (RFC 9110 section 12.5.3).
    pub fn complete(self, response: &mut Response<Bytes>) {
        if self == Self::UnknownCoding && response.status().as_u16() == self.status() {
            let codings = HeaderValue::from_static(CODINGS);
            response.headers_mut().entry(ACCEPT_ENCODING).or_insert(codings);
        }
    }
}
