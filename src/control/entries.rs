//! Entries of a journal as they are read: what was asked, answered and changed, without what is secret.
//!
//! Must not know which entries are asked for.

use std::cell::Cell;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use serde_json::Value;

use crate::clock::{ClockChange, Timestamp};
use crate::control::effects::{ChangeCounts, ChangeView, RecordEffect, counts, effects, view};
use crate::control::query::kind;
use crate::control::redact::Redactor;
use crate::control::views::{
    CallView, DeliveryView, EntryView, EventView, HeaderView, MessageView, RequestView,
    ResponseView,
};
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

    /// An entry without its explanation.
    pub(super) fn entry(&mut self, entry: &JournalEntry) -> EntryView {
        if let Event::Call(call) = &entry.event {
            let (parts, body, _) = call.exchange.request();
            self.redactor.turn_to(&parts, &String::from_utf8_lossy(&body));
        } else {
            self.redactor.turn_to_none();
        }
        let (counts, (changes, changes_left_off)) = self.changes(entry.step.as_deref());
        EntryView {
            id: entry.id,
            kind: kind(&entry.event),
            at: entry.at.to_rfc3339(),
            real_at: entry.real.to_rfc3339(),
            undone: entry.undone,
            event: self.event(&entry.event),
            counts,
            changes,
            changes_left_off,
            tree: None,
            explanation: None,
            near: None,
        }
    }

    fn event(&self, event: &Event) -> EventView {
        let provider = |number: usize| self.emulator.provider_name(number).to_string();
        match event {
            Event::Call(call) => EventView::Call(Box::new(self.call(call))),
            Event::Task { provider: number, why } => {
                EventView::Edit { provider: provider(*number), why: self.why(why) }
            }
            Event::Edit { provider: number, what } => {
                EventView::Edit { provider: provider(*number), why: Some(self.redactor.text(what)) }
            }
            Event::Clock(change) => EventView::Clock { why: clock_change(*change) },
            Event::Undo(ids) | Event::Redo(ids) => EventView::Turn { entries: ids.clone() },
        }
    }

    fn call(&self, call: &JournaledCall) -> CallView {
        let facts = &call.facts;
        let rule = facts.provider.zip(facts.rule).and_then(|(provider, rule)| {
            let rules = self.emulator.behavior(provider).rules();
            rules.get(rule as usize).map(|rule| rule.label.to_string())
        });
        let operation = facts
            .place()
            .map(|(provider, number)| self.emulator.operation_id(provider, number).to_string());
        let (parts, body, kept) = call.exchange.request();
        let (method, target) = call.exchange.request_line();
        let request = RequestView {
            method: method.to_owned(),
            target: self.redactor.target(target),
            message: self.message(&parts.headers, &body, kept),
        };
        let (response, kept) = call.exchange.response();
        CallView {
            provider: facts.provider.map(|number| self.emulator.provider_name(number).to_string()),
            operation,
            rule,
            why: self.why(&facts.why),
            dry_run: facts.dry_run,
            faults: facts.faults.iter().map(ToString::to_string).collect(),
            delay_ms: milliseconds(facts.delay),
            delivery: delivery(facts.delivery),
            restarted: call.restarted.map(Timestamp::to_rfc3339),
            request,
            violations: self.violations(response.headers()),
            response: self.response(&response, kept),
        }
    }

    /// An answer as it was kept.
    pub(super) fn response(&self, response: &Response<Bytes>, kept: CapturedBody) -> ResponseView {
        let message = self.message(response.headers(), response.body(), kept);
        ResponseView { status: response.status().as_u16(), message }
    }

    /// Header fields and body of a request or an answer.
    fn message(&self, headers: &HeaderMap, body: &[u8], kept: CapturedBody) -> MessageView {
        MessageView {
            headers: self.headers(headers),
            body: self.body(headers, body, kept),
            body_bytes: kept.total,
            body_truncated: !kept.is_whole(),
        }
    }

    /// Header fields in order.
    pub(super) fn headers(&self, headers: &HeaderMap) -> Vec<HeaderView> {
        let field = |(name, value): (&HeaderName, &HeaderValue)| HeaderView {
            name: name.to_string(),
            value: self.redactor.header(name.as_str(), value.as_bytes()),
        };
        headers.iter().map(field).collect()
    }

    /// A body as JSON if it is JSON, else as text; null where it is empty or not text.
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

    /// How the request departs from the contract, as the answer's header has it.
    fn violations(&self, headers: &HeaderMap) -> Vec<Value> {
        let written = headers.get(VIOLATIONS_HEADER).map(HeaderValue::as_bytes);
        let read = written.and_then(|written| serde_json::from_slice(written).ok());
        let mut violations: Vec<Value> = read.unwrap_or_default();
        for violation in &mut violations {
            self.redactor.json(violation);
        }
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

    /// The changes of a step: as counts, and as records up to the limit.
    pub(super) fn changes(
        &self,
        step: Option<&UndoStep>,
    ) -> (ChangeCounts, (Vec<ChangeView>, usize)) {
        let effects = step.map_or_else(Vec::new, |step| effects(self.emulator, step));
        (counts(self.emulator, &effects), self.records(&effects))
    }

    /// Changed records up to the limit, and how many are left off.
    pub(super) fn records(&self, effects: &[RecordEffect<'_>]) -> (Vec<ChangeView>, usize) {
        let shown = effects.iter().take(self.changes_max).filter(|effect| self.has_room(effect));
        let shown: Vec<_> =
            shown.map(|effect| view(self.emulator, effect, &self.redactor)).collect();
        let left_off = effects.len() - shown.len();
        (shown, left_off)
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

fn delivery(delivery: Delivery) -> DeliveryView {
    match delivery {
        Delivery::Whole => DeliveryView::Whole,
        Delivery::Reset => DeliveryView::Reset,
        Delivery::Empty => DeliveryView::Empty,
        Delivery::Garbage => DeliveryView::Garbage,
        Delivery::Cut { bytes } => DeliveryView::Cut(bytes),
        Delivery::Trickle { bytes, every } => {
            DeliveryView::Trickle { bytes, every_ms: milliseconds(every) }
        }
    }
}

/// A duration in milliseconds.
pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
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
