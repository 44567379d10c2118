//! A row: one situation, what is sent in it, and exactly what is to come of that.

use serde_json::Value;

/// Who says that it is so, and on which page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The vendor, on the operation's own page.
    Documented(&'static str),
    /// The vendor, or what its service is built with, on another page.
    Elsewhere(&'static str),
    /// Nobody for this operation; the page tells from what it is concluded.
    Inferred(&'static str),
}

pub(super) use Source::{Documented as D, Elsewhere as E, Inferred as I};

/// A request, as plainly as it is sent.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: &'static str,
    pub(super) target: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

impl Call {
    pub(super) fn new(method: &'static str, target: &str) -> Self {
        Self { method, target: target.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self
    }

    /// The same header with another value.
    pub(super) fn with(self, name: &'static str, value: &str) -> Self {
        self.without(name).header(name, value)
    }

    /// The same call by another method.
    pub(super) fn by(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    pub(super) fn body(self, body: impl AsRef<[u8]>) -> Self {
        Self { body: body.as_ref().to_vec(), ..self }
    }
}

/// One row of a conformance table. A row that says nothing of the state says that nothing changes.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) situation: &'static str,
    pub(super) source: Source,
    pub(super) before: Vec<Call>,
    pub(super) call: Call,
    pub(super) status: u16,
    pub(super) body: Option<Value>,
    pub(super) headers: Vec<(&'static str, Option<&'static str>)>,
    pub(super) changes: Vec<String>,
    pub(super) defect: Option<&'static str>,
}

/// A row for `call`; it answers 200 without a body and changes nothing until told otherwise.
pub(super) fn row(situation: &'static str, source: Source, call: Call) -> Row {
    Row {
        situation,
        source,
        before: Vec::new(),
        call,
        status: 200,
        body: None,
        headers: Vec::new(),
        changes: Vec::new(),
        defect: None,
    }
}

impl Row {
    /// Calls made before, which are no part of the comparison.
    pub(super) fn after(mut self, call: Call) -> Self {
        self.before.push(call);
        self
    }

    /// The exact body, its members in this order; `$jobId` stands for any id of the right form.
    pub(super) fn answers(self, status: u16, body: Value) -> Self {
        Self { status, body: Some(body), ..self }
    }

    pub(super) fn answers_without_body(self, status: u16) -> Self {
        Self { status, body: None, ..self }
    }

    /// A header of the answer, beside those that every answer is held against.
    pub(super) fn with_header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, Some(value)));
        self
    }

    pub(super) fn without_header(mut self, name: &'static str) -> Self {
        self.headers.push((name, None));
        self
    }

    /// Every record that is different afterwards: `- gone`, `~ changed {what is new}`, `+ created`.
    pub(super) fn changes<L: AsRef<str>>(self, lines: impl IntoIterator<Item = L>) -> Self {
        Self { changes: lines.into_iter().map(|line| line.as_ref().to_owned()).collect(), ..self }
    }

    /// A row that is right and fails, because of a defect of the program that is known. Remove the mark with it.
    pub(super) fn fails_because(self, defect: &'static str) -> Self {
        Self { defect: Some(defect), ..self }
    }
}
