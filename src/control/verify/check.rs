//! Expectations with their names found and their sense checked: what can be decided as it stands.
//!
//! Must not know what happened.

use http::Method;
use serde_json::Value;

use crate::control::RESIDUE_VALUE_CHARS_MAX;
use crate::control::verify::format::{
    Calls, Count, CountRange, EXPECTATIONS_MAX, Expectation, PROBLEMS_MAX, Records, Status,
    Verification,
};
use crate::emulator::Emulator;
use crate::faults::METHODS;
use crate::finding::did_you_mean;
use crate::pointer::child;
use crate::store::Key;

/// One expectation, ready to be decided.
pub(super) enum ExpectationCheck<'v> {
    Calls(CallMatcher<'v>, Bounds),
    Order(Vec<CallMatcher<'v>>),
    Records(ExpectedEffect, RecordMatcher<'v>, Bounds),
    NoResidue(&'v str),
}

/// What is to be true of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExpectedEffect {
    Deleted,
    Created,
    Updated,
    Untouched,
    Exists,
    Absent,
}

/// How many there must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) min: u64,
    pub(super) max: Option<u64>,
}

/// Which calls are meant.
pub(super) struct CallMatcher<'v> {
    pub(super) calls: &'v Calls,
    pub(super) provider: Option<usize>,
    /// The lowest and the highest status.
    pub(super) status: Option<(u16, u16)>,
    pub(super) method: Option<Method>,
}

/// Which records are meant.
pub(super) struct RecordMatcher<'v> {
    pub(super) records: &'v Records,
    pub(super) provider: usize,
    pub(super) resource: usize,
    /// Provider and resource, as messages name them.
    pub(super) name: String,
}

impl Bounds {
    /// At least one.
    pub(super) const SOME: Self = Self { min: 1, max: None };
    /// None.
    pub(super) const NONE: Self = Self { min: 0, max: Some(0) };

    pub(super) fn has(self, count: u64) -> bool {
        count >= self.min && self.max.is_none_or(|max| count <= max)
    }

    /// The number in words, with what is counted.
    pub(super) fn of(self, one: &str) -> String {
        let many = |count| if count == 1 { one.to_owned() } else { format!("{one}s") };
        match (self.min, self.max) {
            (_, Some(0)) => format!("no {one}"),
            (min, Some(max)) if min == max => format!("exactly {min} {}", many(min)),
            (0, Some(max)) => format!("at most {max} {}", many(max)),
            (0, None) => format!("any number of {one}s"),
            (min, None) => format!("at least {min} {}", many(min)),
            (min, Some(max)) => format!("{min} to {max} {one}s"),
        }
    }
}

/// Makes every expectation ready; everything that is wrong with them otherwise.
pub(super) fn compile<'v>(
    emulator: &Emulator,
    verification: &'v Verification,
) -> Result<Vec<ExpectationCheck<'v>>, Vec<String>> {
    let count = verification.expectations.len();
    let mut compiler = ExpectationCompiler { emulator, problems: Vec::new() };
    if count == 0 {
        compiler.report("/expectations", "is empty: say what is expected");
    }
    if count > EXPECTATIONS_MAX {
        let message = format!("has {count} items, and {EXPECTATIONS_MAX} is the most: split it");
        compiler.report("/expectations", &message);
    }
    let expectations = verification.expectations.iter().take(EXPECTATIONS_MAX).enumerate();
    let checks: Vec<_> = expectations
        .filter_map(|(index, expectation)| {
            compiler.expectation(&child("/expectations", index), expectation)
        })
        .collect();
    compiler.problems.truncate(PROBLEMS_MAX);
    if compiler.problems.is_empty() { Ok(checks) } else { Err(compiler.problems) }
}

/// Something was named that there is not, and that was reported.
#[derive(Clone, Copy)]
struct Unknown;

struct ExpectationCompiler<'c> {
    emulator: &'c Emulator,
    problems: Vec<String>,
}

impl ExpectationCompiler<'_> {
    fn report(&mut self, pointer: &str, message: &str) {
        self.problems.push(format!("`{pointer}` {message}"));
    }

    /// There is nothing of that name; what may be meant.
    fn unknown<'n>(
        &mut self,
        pointer: &str,
        (what, name): (&str, &str),
        known: impl IntoIterator<Item = &'n str>,
    ) {
        let hint = did_you_mean(name, known).map_or(String::new(), |hint| format!(" ({hint})"));
        self.report(pointer, &format!("names no {what} there is: `{name}`{hint}"));
    }

    fn expectation<'v>(
        &mut self,
        pointer: &str,
        written: &'v Expectation,
    ) -> Option<ExpectationCheck<'v>> {
        let kind = self.kind(pointer, written)?;
        let place = child(pointer, kind);
        let bounds = self.bounds(&child(pointer, "count"), written.count);
        if written.count.is_some() && ["order", "absent", "no_residue"].contains(&kind) {
            self.report(
                &child(pointer, "count"),
                &format!("does not go with `{kind}`: leave it out"),
            );
        }
        if let Some(calls) = &written.calls {
            return Some(ExpectationCheck::Calls(self.calls(&place, calls)?, bounds?));
        }
        if let Some(order) = &written.order {
            if order.is_empty() || order.len() > EXPECTATIONS_MAX {
                self.report(&place, &format!("lists no calls, or more than {EXPECTATIONS_MAX}"));
                return None;
            }
            let calls = order.iter().enumerate();
            let matchers: Vec<_> =
                calls.map(|(index, calls)| self.calls(&child(&place, index), calls)).collect();
            return matchers.into_iter().collect::<Option<_>>().map(ExpectationCheck::Order);
        }
        if let Some(value) = &written.no_residue {
            if value.is_empty() || value.chars().count() > RESIDUE_VALUE_CHARS_MAX {
                let message = format!(
                    "is empty or longer than {RESIDUE_VALUE_CHARS_MAX} characters: name a value"
                );
                self.report(&place, &message);
            }
            return Some(ExpectationCheck::NoResidue(value));
        }
        let (effect, records) = effect_of(written)?;
        let bounds = if effect == ExpectedEffect::Absent { Some(Bounds::NONE) } else { bounds };
        let matcher = self.records(&place, records);
        Some(ExpectationCheck::Records(effect, matcher?, bounds?))
    }

    /// The one thing that is expected.
    fn kind(&mut self, pointer: &str, written: &Expectation) -> Option<&'static str> {
        let given = [
            ("calls", written.calls.is_some()),
            ("order", written.order.is_some()),
            ("deleted", written.deleted.is_some()),
            ("created", written.created.is_some()),
            ("updated", written.updated.is_some()),
            ("untouched", written.untouched.is_some()),
            ("exists", written.exists.is_some()),
            ("absent", written.absent.is_some()),
            ("no_residue", written.no_residue.is_some()),
        ];
        let named: Vec<&str> =
            given.iter().filter(|(_, is_given)| *is_given).map(|(name, _)| *name).collect();
        match named.as_slice() {
            [kind] => return Some(*kind),
            [] => {
                let all = given.map(|(name, _)| name).join("`, `");
                self.report(pointer, &format!("expects nothing: give one of `{all}`"));
            }
            several => {
                let several = several.join("` and `");
                self.report(pointer, &format!("expects `{several}` at once: write one for each"));
            }
        }
        None
    }

    fn bounds(&mut self, pointer: &str, count: Option<Count>) -> Option<Bounds> {
        match count {
            None => Some(Bounds::SOME),
            Some(Count::Exactly(count)) => Some(Bounds { min: count, max: Some(count) }),
            Some(Count::Range(CountRange { min: None, max: None })) => {
                self.report(pointer, "has no bound: give a number, `min` or `max`");
                None
            }
            Some(Count::Range(CountRange { min, max })) => {
                let min = min.unwrap_or(0);
                if max.is_some_and(|max| max < min) {
                    self.report(pointer, "has a `max` below its `min`: nothing is between them");
                    return None;
                }
                Some(Bounds { min, max })
            }
        }
    }

    /// A provider by its name, if one is given.
    fn provider(&mut self, pointer: &str, name: Option<&str>) -> Result<Option<usize>, Unknown> {
        let Some(name) = name else { return Ok(None) };
        let found = self.emulator.provider(name);
        if found.is_none() {
            let known = self.emulator.providers().map(|known| &**known);
            self.unknown(&child(pointer, "provider"), ("provider", name), known);
        }
        found.map(Some).ok_or(Unknown)
    }

    /// The numbers of the providers that can be meant.
    fn meant(&self, provider: Option<usize>) -> impl Iterator<Item = usize> + Clone + use<> {
        let count = self.emulator.providers().count();
        (0..count).filter(move |number| provider.is_none_or(|provider| provider == *number))
    }

    fn calls<'v>(&mut self, pointer: &str, calls: &'v Calls) -> Option<CallMatcher<'v>> {
        let before = self.problems.len();
        let provider = self.provider(pointer, calls.provider.as_deref());
        if let (Ok(provider), Some(operation)) = (provider, &calls.operation) {
            let emulator = self.emulator;
            let of = |number| &emulator.behavior(number).contract().operations;
            let known = self.meant(provider).flat_map(of).map(|known| known.id.as_str());
            if !known.clone().any(|known| known == operation) {
                self.unknown(&child(pointer, "operation"), ("operation", operation), known);
            }
        }
        let status =
            calls.status.as_ref().and_then(|status| self.status(&child(pointer, "status"), status));
        let method =
            calls.method.as_ref().and_then(|text| self.method(&child(pointer, "method"), text));
        if let Some(path) = &calls.path {
            self.path(&child(pointer, "path"), path);
        }
        let matcher = CallMatcher { calls, provider: provider.ok().flatten(), status, method };
        (self.problems.len() == before).then_some(matcher)
    }

    fn status(&mut self, pointer: &str, status: &Status) -> Option<(u16, u16)> {
        let range = match status {
            Status::Code(code) => Some((*code, *code)),
            Status::Class(text) => match text.as_bytes() {
                [class @ b'1'..=b'5', b'x' | b'X', b'x' | b'X'] => {
                    let first = u16::from(class - b'0') * 100;
                    Some((first, first + 99))
                }
                _ => text.parse().ok().map(|code| (code, code)),
            },
        };
        let range = range.filter(|(low, _)| (100..=999).contains(low));
        if range.is_none() {
            self.report(pointer, "is no status: give such as `404` or `\"4xx\"`");
        }
        range
    }

    fn method(&mut self, pointer: &str, text: &str) -> Option<Method> {
        let found = METHODS.iter().find(|method| method.as_str().eq_ignore_ascii_case(text));
        if found.is_none() {
            let known = METHODS.iter().map(Method::as_str);
            self.unknown(pointer, ("method", &text.to_ascii_uppercase()), known);
        }
        found.cloned()
    }

    fn path(&mut self, pointer: &str, path: &str) {
        if !path.starts_with(['/', '*']) {
            self.report(pointer, "does not begin with `/` or `*`, so no path fits it");
        }
        if path.contains(['?', '#']) {
            self.report(pointer, "has a query, which is no part of a path: leave it out");
        }
        if path.contains(['{', '}']) {
            let message = "has braces, which would be literal: write `*`, or use `operation`";
            self.report(pointer, message);
        }
    }

    fn records<'v>(&mut self, pointer: &str, records: &'v Records) -> Option<RecordMatcher<'v>> {
        let provider = self.provider(pointer, records.provider.as_deref()).ok()?;
        let place = child(pointer, "resource");
        if records.resource.is_empty() {
            self.report(&place, "is missing: name the resource whose records are meant");
            return None;
        }
        let emulator = self.emulator;
        let resource = |number: usize| emulator.behavior(number).resource(&records.resource);
        let found: Vec<(usize, usize)> =
            self.meant(provider).filter_map(|number| Some((number, resource(number)?))).collect();
        match found.as_slice() {
            [(provider, resource)] => {
                let (provider, resource) = (*provider, *resource);
                self.key((provider, resource), &child(pointer, "key"), records.key.as_ref());
                let name = format!("{}/{}", emulator.provider_name(provider), records.resource);
                Some(RecordMatcher { records, provider, resource, name })
            }
            [] => {
                let of = |number| &emulator.behavior(number).model().resources;
                let known = self.meant(provider).flat_map(of).map(|known| &*known.name);
                self.unknown(&place, ("resource", &records.resource), known);
                None
            }
            several => {
                let names = several.iter().map(|(number, _)| emulator.provider_name(*number));
                let names = names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                let message =
                    format!("names one of several providers, {names}: give `provider`, too");
                self.report(&place, &message);
                None
            }
        }
    }

    fn key(&mut self, (provider, resource): (usize, usize), pointer: &str, key: Option<&Value>) {
        let properties = &self.emulator.behavior(provider).model().resources[resource].key.clone();
        let fits = match key {
            None | Some(Value::String(_)) => true,
            Some(key) => {
                Key::from_json(key).is_some_and(|key| key.parts().len() == properties.len())
            }
        };
        if !fits {
            let properties = properties.join("`, `");
            let message =
                format!("is no key of the resource: give `{properties}`, as text or as an array");
            self.report(pointer, &message);
        }
    }
}

fn effect_of(written: &Expectation) -> Option<(ExpectedEffect, &Records)> {
    let given = [
        (ExpectedEffect::Deleted, &written.deleted),
        (ExpectedEffect::Created, &written.created),
        (ExpectedEffect::Updated, &written.updated),
        (ExpectedEffect::Untouched, &written.untouched),
        (ExpectedEffect::Exists, &written.exists),
        (ExpectedEffect::Absent, &written.absent),
    ];
    given.into_iter().find_map(|(effect, records)| Some((effect, records.as_ref()?)))
}
