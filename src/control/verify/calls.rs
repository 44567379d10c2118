//! Expectations on calls: how many there were, in which order, and which came nearest.
//!
//! Must not know records.

use std::sync::Arc;

use http::Method;

use crate::control::verify::check::{Bounds, CallMatcher};
use crate::control::verify::verdict::CheckResult;
use crate::control::verify::words::{SHOWN_MAX, shown_list};
use crate::emulator::Emulator;
use crate::faults::path_fits;
use crate::journal::{Event, JournaledCall};
use crate::message::Why;
use crate::printable::shortened;
use crate::sandbox::SandboxState;

/// How much of a path a message quotes, in characters.
const PATH_CHARS_MAX: usize = 120;

/// Calls that were made, oldest first.
#[derive(Default)]
pub(super) struct RecordedCalls {
    calls: Vec<Seen>,
    /// The first and the last entry that the journal gave up, of those that are asked about.
    lost: Option<(u64, u64)>,
}

/// A call that was made.
struct Seen {
    id: u64,
    provider: Option<usize>,
    operation: Option<Arc<str>>,
    status: u16,
    method: String,
    /// As it was sent, without the query and the segment that names the sandbox.
    path: String,
    /// As the provider sees it.
    path_within: String,
    /// The label of the rule that decided, or what decided instead.
    rule: Arc<str>,
}

impl RecordedCalls {
    /// Every call from the entry `since` on, except those that were only tried.
    pub(super) fn of(emulator: &Emulator, state: &SandboxState, since: u64) -> Self {
        let entries = state.journal.entries().skip_while(|entry| entry.id < since);
        let calls = entries.filter_map(|entry| match &entry.event {
            Event::Call(call) if !call.facts.dry_run => Some(Seen::of(emulator, entry.id, call)),
            _ => None,
        });
        let oldest = state.journal.entries().next();
        let oldest = oldest.map_or_else(|| state.journal.next_id(), |entry| entry.id);
        let lost = (oldest > since).then(|| (since, oldest - 1));
        Self { calls: calls.collect(), lost }
    }

    /// What is said where the journal does not have all that is asked about.
    fn horizon(&self) -> Option<String> {
        let (first, last) = self.lost?;
        Some(format!("; the journal does not have requests {first} to {last} any more"))
    }

    pub(super) fn count(&self, matcher: &CallMatcher<'_>, bounds: Bounds) -> CheckResult {
        let hits: Vec<&Seen> = self.calls.iter().filter(|seen| matcher.fits(seen)).collect();
        let count = u64::try_from(hits.len()).unwrap_or(u64::MAX);
        let mut found = match hits.len() {
            0 if self.calls.is_empty() => "none: no call was made".to_owned(),
            0 => format!("none of {} calls", self.calls.len()),
            count => format!("{count}: {}", requests(&hits)),
        };
        found.extend(self.horizon());
        // What is gone can have been any number of them.
        let is_known = self.lost.is_none() || bounds.max.is_none();
        let is_missing = count < bounds.min;
        let nearest = if is_missing { self.nearest(matcher, 0) } else { None };
        CheckResult { passed: bounds.has(count) && is_known, found, nearest }
    }

    pub(super) fn order(&self, matchers: &[CallMatcher<'_>]) -> CheckResult {
        let mut steps: Vec<String> = Vec::new();
        let mut taken: Vec<usize> = Vec::new();
        for (matcher, number) in matchers.iter().zip(1..) {
            let from = taken.last().map_or(0, |last| last + 1);
            let next = self.calls[from..].iter().position(|seen| matcher.fits(seen));
            if let Some(place) = next {
                taken.push(from + place);
                steps.push(format!("{number}. was request {}", self.calls[from + place].id));
                continue;
            }
            let after = if taken.is_empty() { "" } else { " after it" };
            steps.push(format!("{number}. did not come{after}"));
            let mut found = steps.join(", ");
            found.extend(self.horizon());
            let mut earlier = (0..from).filter(|place| !taken.contains(place));
            let nearest = match earlier.find(|place| matcher.fits(&self.calls[*place])) {
                Some(place) => Some(format!(
                    "{number}. would be request {}, which came before",
                    self.calls[place].id
                )),
                None => self.nearest(matcher, from).map(|near| format!("{number}. {near}")),
            };
            return CheckResult { passed: false, found, nearest };
        }
        CheckResult { passed: true, found: steps.join(", "), nearest: None }
    }

    /// The call that fits most of what is asked, from a place on, and in what it differs.
    fn nearest(&self, matcher: &CallMatcher<'_>, from: usize) -> Option<String> {
        let rated = self.calls[from..].iter().map(|seen| (matcher.rate(seen), seen));
        // The last of those that are equally near is the one that was made for it, most likely.
        let (rate, seen) = rated.max_by_key(|(rate, seen)| (*rate, seen.id))?;
        let differs = matcher.differences(seen);
        (rate > 0 && !differs.is_empty()).then(|| format!("{seen}: {}", differs.join(", ")))
    }
}

impl Seen {
    fn of(emulator: &Emulator, id: u64, call: &JournaledCall) -> Self {
        let (method, target) = call.exchange.request_line();
        let path = path_of(target);
        let provider = call.facts.provider;
        let name = provider.map(|number| emulator.provider_name(number));
        let within = name.and_then(|name| {
            let rest = path.strip_prefix('/')?.strip_prefix(&*name)?;
            (rest.is_empty() || rest.starts_with('/')).then_some(rest)
        });
        let behavior = provider.map(|number| emulator.behavior(number));
        let operation = behavior.zip(call.facts.operation).and_then(|(behavior, number)| {
            behavior.contract().operations.get(number).map(|operation| operation.id.as_str().into())
        });
        let rule = behavior.zip(call.facts.rule).and_then(|(behavior, number)| {
            let rule = behavior.rules().get(usize::try_from(number).ok()?)?;
            Some(Arc::clone(&rule.label))
        });
        Self {
            id,
            provider,
            operation,
            status: call.exchange.status().as_u16(),
            method: method.to_owned(),
            path_within: within.unwrap_or(path).to_owned(),
            path: path.to_owned(),
            rule: rule.unwrap_or_else(|| said(&call.facts.why)),
        }
    }
}

/// As a message begins with it.
impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = shortened(&self.path, PATH_CHARS_MAX);
        write!(f, "request {}, `{} {path}`", self.id, self.method)
    }
}

/// The path of a target without the query and the segment that names the sandbox.
fn path_of(target: &str) -> &str {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    // An absolute target has its path after the authority.
    let path = match path.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |start| &rest[start..]),
        None => path,
    };
    match path.strip_prefix("/@") {
        Some(rest) => rest.find('/').map_or("/", |start| &rest[start..]),
        None => path,
    }
}

fn said(why: &Why) -> Arc<str> {
    match why {
        Why::Nothing => "".into(),
        Why::Stage(text) => (*text).into(),
        Why::Forced(text) | Why::Rule(text) | Why::Documented(text) => Arc::clone(text),
        Why::Fault(text) => text.as_str().into(),
    }
}

fn requests(seen: &[&Seen]) -> String {
    let shown = shown_list(seen.iter().map(|seen| seen.id.to_string()), SHOWN_MAX);
    if seen.len() == 1 { format!("request {shown}") } else { format!("requests {shown}") }
}

/// One condition of a matcher.
struct CallCondition {
    /// How much it tells about which call was meant.
    weight: u32,
    holds: bool,
    /// How a call differs from it.
    differs: fn(&CallMatcher<'_>, &Seen) -> String,
}

impl CallMatcher<'_> {
    fn conditions(&self, seen: &Seen) -> impl Iterator<Item = CallCondition> {
        let calls = self.calls;
        let operation = calls.operation.as_deref().map(|id| CallCondition {
            weight: 8,
            holds: seen.operation.as_deref() == Some(id),
            differs: |_, seen| match &seen.operation {
                Some(id) => format!("it is a call of `{id}`"),
                None => "no operation takes it".to_owned(),
            },
        });
        let path = calls.path.as_deref().map(|pattern| CallCondition {
            weight: 4,
            holds: path_fits(pattern, &seen.path) || path_fits(pattern, &seen.path_within),
            differs: |matcher, _| {
                format!("the path does not fit `{}`", matcher.calls.path.as_deref().unwrap_or(""))
            },
        });
        let provider = self.provider.map(|provider| CallCondition {
            weight: 2,
            holds: seen.provider == Some(provider),
            differs: |_, _| "it went to another provider".to_owned(),
        });
        let method = self.method.as_ref().map(|method: &Method| CallCondition {
            weight: 2,
            holds: *method == *seen.method,
            differs: |_, seen| format!("the method is `{}`", seen.method),
        });
        let status = self.status.map(|(low, high)| CallCondition {
            weight: 1,
            holds: (low..=high).contains(&seen.status),
            differs: |_, seen| format!("the status is `{}`", seen.status),
        });
        let rule = calls.rule.as_deref().map(|text| CallCondition {
            weight: 1,
            holds: seen.rule.contains(text),
            differs: |_, seen| format!("`{}` decided", seen.rule),
        });
        [operation, path, provider, method, status, rule].into_iter().flatten()
    }

    fn fits(&self, seen: &Seen) -> bool {
        self.conditions(seen).all(|condition| condition.holds)
    }

    fn rate(&self, seen: &Seen) -> u32 {
        let held = self.conditions(seen).filter(|condition| condition.holds);
        held.map(|condition| condition.weight).sum()
    }

    fn differences(&self, seen: &Seen) -> Vec<String> {
        let open = self.conditions(seen).filter(|condition| !condition.holds);
        open.map(|condition| (condition.differs)(self, seen)).collect()
    }

    /// Which calls are meant, in words that follow `call`.
    pub(super) fn words(&self) -> String {
        let calls = self.calls;
        let method = self.method.as_ref().map(Method::to_string);
        let parts = [
            (" of `", &calls.operation),
            (" to provider `", &calls.provider),
            (" with method `", &method),
            (" with a path like `", &calls.path),
        ];
        let mut words: String = parts
            .into_iter()
            .filter_map(|(before, text)| Some(format!("{before}{}`", text.as_deref()?)))
            .collect();
        words.extend(self.status.map(|(low, high)| {
            if low == high {
                format!(" answered `{low}`")
            } else {
                format!(" answered `{}xx`", low / 100)
            }
        }));
        let rule = calls.rule.as_ref();
        words.extend(rule.map(|rule| format!(" decided by a rule with `{rule}` in its label")));
        words
    }
}
