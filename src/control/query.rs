//! Which entries of a journal are asked for.
//!
//! Must not know how entries are shown.

use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::control::effects::{EffectKind, effects};
use crate::control::unfit;
use crate::emulator::Emulator;
use crate::journal::{Event, JournalEntry};
use crate::problem::Problem;

/// How many entries one answer lists unless asked for fewer or more.
const PAGE_ENTRIES: usize = 50;

/// How many entries one answer lists at most: each shows two bodies.
const PAGE_ENTRIES_MAX: usize = 500;

/// The kinds of entries.
const KINDS: [&str; 6] = ["call", "task", "edit", "clock", "undo", "redo"];

/// What is asked for, as written in a query; what is left out does not matter.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JournalQuery {
    /// The `operationId`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// The status of the answer (`404`), or its class (`4xx`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The name of the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// A part of the label of the rule that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// A way in which a record changed (`deleted`), perhaps with its resource (`deleted:orders`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<String>,
    /// `call`, `task`, `edit`, `clock`, `undo` or `redo`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What came after the entry of this number, or from this time of the sandbox on (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// How many entries are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// Only what came before the entry of this number: for going on with a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
}

/// The same, understood.
pub(super) struct EntryFilter<'q> {
    query: &'q JournalQuery,
    status: Option<StatusFilter>,
    effect: Option<(EffectKind, Option<&'q str>)>,
    since: Option<Since>,
    pub(super) limit: usize,
}

enum StatusFilter {
    Exact(u16),
    Class(u16),
}

enum Since {
    After(u64),
    From(Timestamp),
}

impl JournalQuery {
    /// Understands it; every problem otherwise.
    pub(super) fn read(&self, emulator: &Emulator) -> Result<EntryFilter<'_>, Problem> {
        let (provider, operation) = (self.provider.as_deref(), self.operation.as_deref());
        let resource = self.effect.as_deref().and_then(|text| Some(text.split_once(':')?.1));
        // No entry would ever fit, and an empty list would say that nothing happened.
        let unknown = emulator.unknown_name(provider, operation, resource);
        let mut problems: Vec<String> = unknown.iter().map(ToString::to_string).collect();
        let unknown_count = problems.len();
        let mut note = |detail: String| {
            problems.push(detail);
        };
        let status = self.status.as_deref().and_then(|text| {
            let status = status(text);
            if status.is_none() {
                note(format!("`status` is `{text}`: give such as `404` or `4xx`"));
            }
            status
        });
        let effect = self.effect.as_deref().and_then(|text| {
            let (name, resource) = match text.split_once(':') {
                Some((name, resource)) => (name, Some(resource)),
                None => (text, None),
            };
            let kind = EffectKind::ALL.into_iter().find(|kind| kind.as_str() == name);
            if kind.is_none() {
                let known = EffectKind::ALL.map(EffectKind::as_str).join("`, `");
                note(format!(
                    "`effect` is `{text}`: give one of `{known}`, or `deleted:<resource>`"
                ));
            }
            kind.map(|kind| (kind, resource))
        });
        let since = self.since.as_deref().and_then(|text| {
            let id = text.parse().ok().map(Since::After);
            let since = id.or_else(|| Timestamp::parse(text).map(Since::From));
            if since.is_none() {
                note(format!("`since` is `{text}`: give the id of an entry, or a time (RFC 3339)"));
            }
            since
        });
        if let Some(kind) = self.kind.as_deref().filter(|kind| !KINDS.contains(kind)) {
            note(format!("`kind` is `{kind}`: give one of `{}`", KINDS.join("`, `")));
        }
        let limit = self.limit.unwrap_or(PAGE_ENTRIES);
        if !(1..=PAGE_ENTRIES_MAX).contains(&limit) {
            note(format!("`limit` is `{limit}`: give a number from 1 to {PAGE_ENTRIES_MAX}"));
        }
        if problems.is_empty() {
            return Ok(EntryFilter { query: self, status, effect, since, limit });
        }
        Err(refusal(&problems, problems.len() == unknown_count))
    }

    /// The same, for the entries that came before this one.
    pub(super) fn going_on(&self, before: u64) -> String {
        let next = Self { before: Some(before), ..self.clone() };
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Ok(serde_json::Value::Object(members)) = serde_json::to_value(next) {
            for (name, value) in members {
                match value {
                    serde_json::Value::String(text) => query.append_pair(&name, &text),
                    other => query.append_pair(&name, &other.to_string()),
                };
            }
        }
        query.finish()
    }
}

/// A query that can be read and names what is not there is told from one that cannot be read, as in bodies.
fn refusal(problems: &[String], is_readable: bool) -> Problem {
    if is_readable {
        return unfit("the query names what is not there", problems);
    }
    Problem::new(StatusCode::BAD_REQUEST, "bad query", problems.join("; "))
}

fn status(text: &str) -> Option<StatusFilter> {
    let bytes = text.as_bytes();
    if bytes.len() != 3 || !(b'1'..=b'5').contains(&bytes[0]) {
        return None;
    }
    if text[1..].eq_ignore_ascii_case("xx") {
        return Some(StatusFilter::Class(u16::from(bytes[0] - b'0')));
    }
    text.parse().ok().map(StatusFilter::Exact)
}

/// The name of an entry's kind.
pub(super) fn kind(event: &Event) -> &'static str {
    match event {
        Event::Call(_) => "call",
        Event::Task { .. } => "task",
        Event::Edit { .. } => "edit",
        Event::Clock(_) => "clock",
        Event::Undo(_) => "undo",
        Event::Redo(_) => "redo",
    }
}

impl EntryFilter<'_> {
    /// Whether an entry is asked for, on whatever page.
    pub(super) fn fits(&self, emulator: &Emulator, entry: &JournalEntry) -> bool {
        let since = match self.since {
            None => true,
            Some(Since::After(id)) => entry.id > id,
            Some(Since::From(at)) => entry.at >= at,
        };
        since
            && self.query.kind.as_deref().is_none_or(|wanted| wanted == kind(&entry.event))
            && self.fits_origin(emulator, entry)
            && self.effect.is_none_or(|effect| has_effect(emulator, entry, effect))
    }

    /// Whether it came about as asked for.
    fn fits_origin(&self, emulator: &Emulator, entry: &JournalEntry) -> bool {
        let (provider, call) = match &entry.event {
            Event::Call(call) => (call.facts.provider, Some(call)),
            Event::Task { provider, .. } | Event::Edit { provider, .. } => (Some(*provider), None),
            Event::Clock(_) | Event::Undo(_) | Event::Redo(_) => (None, None),
        };
        let of = self.query.provider.as_deref().is_none_or(|wanted| {
            provider.is_some_and(|provider| *emulator.provider_name(provider) == *wanted)
        });
        let operation = self.query.operation.as_deref().is_none_or(|wanted| {
            call.and_then(|call| call.facts.place()).is_some_and(|(provider, operation)| {
                **emulator.operation_id(provider, operation) == *wanted
            })
        });
        let status = self.status.as_ref().is_none_or(|wanted| {
            call.is_some_and(|call| match (wanted, call.exchange.status().as_u16()) {
                (StatusFilter::Exact(wanted), status) => *wanted == status,
                (StatusFilter::Class(wanted), status) => *wanted == status / 100,
            })
        });
        let rule = self.query.rule.as_deref().is_none_or(|wanted| {
            call.and_then(|call| call.facts.provider.zip(call.facts.rule)).is_some_and(
                |(provider, rule)| {
                    let rules = emulator.behavior(provider).rules();
                    rules.get(rule as usize).is_some_and(|rule| rule.label.contains(wanted))
                },
            )
        });
        of && operation && status && rule
    }
}

fn has_effect(
    emulator: &Emulator,
    entry: &JournalEntry,
    (kind, resource): (EffectKind, Option<&str>),
) -> bool {
    let Some(step) = &entry.step else { return false };
    effects(emulator, step).iter().any(|effect| {
        let resources = &emulator.behavior(effect.provider).model().resources;
        effect.kind == kind
            && resource.is_none_or(|wanted| *resources[effect.change.resource].name == *wanted)
    })
}
