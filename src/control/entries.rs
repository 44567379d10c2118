//! Entries of a journal as they are read: what was asked, answered and changed, without what is secret.
//!
//! Must not know which entries are asked for.

use std::cell::Cell;

use http::HeaderMap;
use serde_json::{Map, Value, json};

use crate::clock::ClockChange;
use crate::control::effects::{RecordEffect, counts, effects, view};
use crate::control::query::kind;
use crate::control::redact::Redactor;
use crate::emulator::{Emulator, VIOLATIONS_HEADER};
use crate::journal::{CapturedBody, Event, JournalEntry, JournaledCall, UndoStep};
use crate::message::{Delivery, Why};

/// So many changes does an entry in a list show: their counts say the rest.
pub(super) const LISTED_CHANGES_MAX: usize = 100;

/// So many changes does an entry show that is asked for by its number.
pub(super) const SHOWN_CHANGES_MAX: usize = 10_000;

/// So many bytes of what records share with each other are shown at once, as they take in memory: the journal has them
/// once, and each entry would show them anew.
const SHARED_BYTES_MAX: usize = 16 << 20;

/// Shows the entries of one journal.
pub(super) struct EntryReader<'e> {
    pub(super) emulator: &'e Emulator,
    pub(super) redactor: Redactor<'e>,
    /// So many changes of each entry are shown.
    changes_max: usize,
    /// How much of [`SHARED_BYTES_MAX`] was shown.
    shared_bytes: Cell<usize>,
}

impl<'e> EntryReader<'e> {
    pub(super) fn new(emulator: &'e Emulator, redactor: Redactor<'e>, changes_max: usize) -> Self {
        Self { emulator, redactor, changes_max, shared_bytes: Cell::new(0) }
    }
}

impl EntryReader<'_> {
    /// How much of what records share was shown.
    pub(super) fn shared_bytes(&self) -> usize {
        self.shared_bytes.get()
    }

    /// Counts what was shown before.
    pub(super) fn set_shared_bytes(&mut self, bytes: usize) {
        self.shared_bytes.set(bytes);
    }

    /// An entry, all but its explanation.
    pub(super) fn entry(&mut self, entry: &JournalEntry) -> Map<String, Value> {
        if let Event::Call(call) = &entry.event {
            let (parts, body, _) = call.exchange.request();
            self.redactor.turn_to(&parts, &String::from_utf8_lossy(&body));
        } else {
            self.redactor.turn_to_none();
        }
        let mut shown = Map::new();
        let mut put = |name: &str, value: Value| {
            shown.insert(name.to_owned(), value);
        };
        put("id", entry.id.into());
        put("kind", kind(&entry.event).into());
        put("at", entry.at.to_rfc3339().into());
        put("real_at", entry.real.to_rfc3339().into());
        put("undone", entry.undone.into());
        match &entry.event {
            Event::Call(call) => self.call(call, &mut put),
            Event::Task { provider, why } => {
                put("provider", (*self.emulator.provider_name(*provider)).into());
                put("why", self.why(why).into());
            }
            Event::Edit { provider, what } => {
                put("provider", (*self.emulator.provider_name(*provider)).into());
                put("why", self.redactor.text(what).into());
            }
            Event::Clock(change) => put("why", clock_change(*change).into()),
            Event::Undo(ids) | Event::Redo(ids) => put("entries", json!(ids)),
        }
        self.changes(entry.step.as_deref(), &mut put);
        shown
    }

    fn call(&self, call: &JournaledCall, put: &mut impl FnMut(&str, Value)) {
        let facts = &call.facts;
        let provider = facts.provider.map(|number| self.emulator.provider_name(number));
        let of = facts.place();
        let rule = facts.provider.zip(facts.rule).and_then(|(provider, rule)| {
            let rules = self.emulator.behavior(provider).rules();
            rules.get(rule as usize).map(|rule| rule.label.to_string())
        });
        put("provider", provider.as_deref().into());
        let operation = of.map(|(provider, number)| self.emulator.operation_id(provider, number));
        put("operation", operation.map(|id| &**id).into());
        put("rule", rule.into());
        put("why", self.why(&facts.why).into());
        put("dry_run", facts.dry_run.into());
        put("faults", json!(facts.faults));
        put("delay_ms", u64::try_from(facts.delay.as_millis()).unwrap_or(u64::MAX).into());
        put("delivery", delivery(facts.delivery));
        let restarted = call.restarted.map(crate::clock::Timestamp::to_rfc3339);
        put("restarted", restarted.into());
        let (parts, body, kept) = call.exchange.request();
        let (method, target) = call.exchange.request_line();
        let mut request = Map::new();
        request.insert("method".to_owned(), method.into());
        request.insert("target".to_owned(), self.redactor.target(target).into());
        self.message(&parts.headers, &body, kept, &mut request);
        put("request", Value::Object(request));
        let (response, kept) = call.exchange.response();
        let mut answer = Map::new();
        answer.insert("status".to_owned(), response.status().as_u16().into());
        self.message(response.headers(), response.body(), kept, &mut answer);
        put("response", Value::Object(answer));
        put("violations", self.violations(response.headers()));
    }

    /// Header fields and body of a request or an answer.
    pub(super) fn message(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        kept: CapturedBody,
        message: &mut Map<String, Value>,
    ) {
        message.insert("headers".to_owned(), self.headers(headers));
        message.insert("body".to_owned(), self.body(headers, body, kept));
        message.insert("body_bytes".to_owned(), json!(kept.total));
        message.insert("body_truncated".to_owned(), (!kept.is_whole()).into());
    }

    /// Header fields in order.
    pub(super) fn headers(&self, headers: &HeaderMap) -> Value {
        let field = |(name, value): (&http::HeaderName, &http::HeaderValue)| json!({ "name": name.as_str(), "value": self.redactor.header(name.as_str(), value.as_bytes()) });
        headers.iter().map(field).collect()
    }

    /// A body as JSON if it is that, else as text; null where it is empty or no text.
    fn body(&self, headers: &HeaderMap, body: &[u8], kept: CapturedBody) -> Value {
        let Some(text) = self.body_text(headers, body, kept) else { return Value::Null };
        match serde_json::from_str(&text) {
            Ok(json) if kept.is_whole() => json,
            _ => text.into(),
        }
    }

    /// A body as text, if it is that.
    pub(super) fn body_text(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        kept: CapturedBody,
    ) -> Option<String> {
        if body.is_empty() {
            return None;
        }
        let text = match std::str::from_utf8(body) {
            Ok(text) => text,
            // A character may be cut in two where a body is.
            Err(error) if !kept.is_whole() && error.error_len().is_none() => {
                std::str::from_utf8(&body[..error.valid_up_to()]).unwrap_or_default()
            }
            Err(_) => return None,
        };
        Some(self.redactor.body(headers, text))
    }

    /// In what the request departs from the contract, as the answer said.
    fn violations(&self, headers: &HeaderMap) -> Value {
        let written = headers.get(VIOLATIONS_HEADER).map(http::HeaderValue::as_bytes);
        let read = written.and_then(|written| serde_json::from_slice(written).ok());
        let mut violations = read.unwrap_or_else(|| Value::Array(Vec::new()));
        self.redactor.json(&mut violations);
        violations
    }

    pub(super) fn why(&self, why: &Why) -> Option<String> {
        match why {
            Why::Nothing => None,
            Why::Stage(stage) => Some((*stage).to_owned()),
            Why::Rule(text) | Why::Forced(text) | Why::Documented(text) => {
                Some(self.redactor.text(text))
            }
            Why::Fault(text) => Some(self.redactor.text(text)),
        }
    }

    /// What was changed: as counts, and as many records as are shown.
    pub(super) fn changes(&self, step: Option<&UndoStep>, put: &mut impl FnMut(&str, Value)) {
        let effects = step.map_or_else(Vec::new, |step| effects(self.emulator, step));
        put("counts", json!(counts(self.emulator, &effects)));
        self.records(&effects, put);
    }

    /// As many of the changed records as are shown.
    pub(super) fn records(&self, effects: &[RecordEffect<'_>], put: &mut impl FnMut(&str, Value)) {
        let shown = effects.iter().take(self.changes_max).filter(|effect| self.has_room(effect));
        let shown: Vec<_> =
            shown.map(|effect| view(self.emulator, effect, &self.redactor)).collect();
        put("changes", json!(shown));
        put("changes_left_off", (effects.len() - shown.len()).into());
    }

    fn has_room(&self, effect: &RecordEffect<'_>) -> bool {
        let records = effect.change.before.iter().chain(&effect.change.after);
        let shared = records.filter_map(|record| record.shared()).map(|(_, bytes)| bytes);
        let shared: usize = shared.sum();
        if shared == 0 {
            return true;
        }
        let before = self.shared_bytes.get();
        self.shared_bytes.set(before + shared);
        // The first is shown, however large it is.
        before == 0 || before + shared <= SHARED_BYTES_MAX
    }
}

fn delivery(delivery: Delivery) -> Value {
    match delivery {
        Delivery::Whole => "whole".into(),
        Delivery::Reset => "reset".into(),
        Delivery::Empty => "empty".into(),
        Delivery::Garbage => "garbage".into(),
        Delivery::Cut { bytes } => json!({ "cut": bytes }),
        Delivery::Trickle { bytes, every } => {
            let every = u64::try_from(every.as_millis()).unwrap_or(u64::MAX);
            json!({ "trickle": { "bytes": bytes, "every_ms": every } })
        }
    }
}

/// A change of the clock in words.
pub(crate) fn clock_change(change: ClockChange) -> String {
    match change {
        ClockChange::Advance(ms) => format!("advance by {ms} ms"),
        ClockChange::Set(at) => format!("set to {at}"),
        ClockChange::Freeze => "freeze".to_owned(),
        ClockChange::Resume => "resume".to_owned(),
        ClockChange::Rate(rate) => format!("run {rate} times as fast"),
    }
}
