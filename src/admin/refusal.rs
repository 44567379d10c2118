//! A problem as the answer of a handler.
//!
//! Must not know which problems there are.

use axum::response::IntoResponse;
use bytes::Bytes;
use http::Response;

use crate::problem::Problem;

/// The answer to a request that gets nothing else, behind a pointer because it is large and rare.
pub(super) struct AdminProblem(pub(super) Box<Response<Bytes>>);

impl From<Problem> for AdminProblem {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem.into_response()))
    }
}

impl IntoResponse for AdminProblem {
    fn into_response(self) -> axum::response::Response {
        self.0.map(axum::body::Body::from)
    }
}
