//! Problem details (RFC 9457): what the sandbox says in its own name, never in a provider's.
//!
//! Must not know which situations there are.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Map, Value};

/// The member of a problem that says its kind.
const TYPE: &str = "type";

/// Prefix of a problem's `type`: a name and no address, since nothing is to be fetched there.
const TYPES: &str = "urn:tombstone:errors";

/// A problem document: a status, what kind of problem it is, and what to do.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    title: &'static str,
    detail: String,
    members: Map<String, Value>,
}

impl Problem {
    /// A problem of the kind `title`; `detail` says what is wrong here and what to do.
    pub fn new(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status, title, detail: detail.into(), members: Map::new() }
    }

    /// Sets the `type` that programs can tell the problem by: one of the names that Prism uses.
    #[must_use]
    pub fn of_type(mut self, name: &'static str) -> Self {
        self.members.insert(TYPE.to_owned(), format!("{TYPES}#{name}").into());
        self
    }

    /// Adds a member (RFC 9457 section 3.2).
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The answer that carries it, as `application/problem+json`.
    ///
    /// Without a type `type` is left out, which RFC 9457 section 3.1.1 reads as `about:blank`; `title` says the kind.
    pub fn into_response(mut self) -> Response<Bytes> {
        let mut document = Map::new();
        document.extend(self.members.shift_remove_entry(TYPE));
        document.insert("title".to_owned(), self.title.into());
        document.insert("status".to_owned(), self.status.as_u16().into());
        document.insert("detail".to_owned(), self.detail.into());
        document.extend(self.members);
        let mut response = Response::new(Bytes::from(Value::Object(document).to_string()));
        *response.status_mut() = self.status;
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.title, self.detail)
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_problem_is_a_json_document_of_its_own_media_type() {
        let response =
            Problem::new(StatusCode::NOT_FOUND, "no such operation", "nothing answers here")
                .with("near", json!(["DELETE /org/{org_id}"]))
                .into_response();
        assert_eq!(response.status(), 404);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        expect_test::expect![[
            r#"{"title":"no such operation","status":404,"detail":"nothing answers here","near":["DELETE /org/{org_id}"]}"#
        ]]
        .assert_eq(std::str::from_utf8(response.body()).unwrap());
    }
}
