//! The fault as it is written in Rust: with the words of the other forms, one after the other.
//!
//! Must not know which values are possible: `check` finds out.

use std::time::Duration;

use serde_json::Value;

use super::{ConnectionFormat, DelayFormat, FaultAnswerFormat, FaultFormat, HeaderFormat};

impl FaultFormat {
    /// Strikes every request, until more is said; at least one of [`delay`](Self::delay), [`status`](Self::status) and
    /// [`connection`](Self::connection) is to follow.
    ///
    /// ```
    /// use tombstone::faults::FaultFormat;
    ///
    /// let fault = FaultFormat::of("deleteShop").status(429).answer_header("Retry-After", "1").times(2);
    /// assert_eq!(fault, "operation=deleteShop,status=429,answer-header.Retry-After=1,times=2".parse()?);
    /// # Ok::<(), tombstone::faults::Problems>(())
    /// ```
    pub fn any() -> Self {
        Self::default()
    }

    /// Strikes the calls of this operation, by its `operationId`.
    pub fn of(operation: impl Into<String>) -> Self {
        Self { operation: Some(operation.into()), ..Self::default() }
    }

    /// Only requests to this provider.
    #[must_use]
    pub fn provider(self, name: impl Into<String>) -> Self {
        Self { provider: Some(name.into()), ..self }
    }

    /// Only requests with this method.
    #[must_use]
    pub fn method(self, method: impl Into<String>) -> Self {
        Self { method: Some(method.into()), ..self }
    }

    /// Only requests with a path that fits this pattern.
    #[must_use]
    pub fn path(self, pattern: impl Into<String>) -> Self {
        Self { path: Some(pattern.into()), ..self }
    }

    /// Only requests with this header; `*` is any value.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), Some(HeaderFormat::Text(value.into())));
        self
    }

    /// Only so many of the requests, from 0 to 1, by chance from the sandbox's seed.
    #[must_use]
    pub fn probability(self, probability: f64) -> Self {
        Self { probability: Some(probability), ..self }
    }

    /// Only after so many requests.
    #[must_use]
    pub fn after(self, requests: u64) -> Self {
        Self { after: Some(requests), ..self }
    }

    /// Only so often.
    #[must_use]
    pub fn times(self, times: u64) -> Self {
        Self { times: Some(times), ..self }
    }

    /// Holds the answer back.
    #[must_use]
    pub fn delay(self, delay: Duration) -> Self {
        Self { delay: Some(DelayFormat::Plain(format!("{}ms", delay.as_millis()))), ..self }
    }

    /// Answers with this status, and what the operation documents for it.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.answer_format().status = status;
        self
    }

    /// With this header on that answer.
    #[must_use]
    pub fn answer_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.answer_format().headers.insert(name.into(), HeaderFormat::Text(value.into()));
        self
    }

    /// With this body: text as it is, all else as JSON.
    #[must_use]
    pub fn body(mut self, body: impl Into<Value>) -> Self {
        self.answer_format().body = Some(body.into());
        self
    }

    /// With this one of the documented examples as the body.
    #[must_use]
    pub fn example(mut self, name: impl Into<String>) -> Self {
        self.answer_format().example = Some(name.into());
        self
    }

    /// Breaks the connection.
    #[must_use]
    pub fn connection(self, how: ConnectionFormat) -> Self {
        Self { connection: Some(how), ..self }
    }

    /// With a broken connection: whether the call itself happens.
    #[must_use]
    pub fn commit(self, happens: bool) -> Self {
        Self { commit: Some(happens), ..self }
    }

    /// A status of 0 is refused later: a body or a header needs a status, too.
    fn answer_format(&mut self) -> &mut FaultAnswerFormat {
        self.answer.get_or_insert_with(|| FaultAnswerFormat {
            status: 0,
            headers: indexmap::IndexMap::new(),
            body: None,
            example: None,
        })
    }
}
