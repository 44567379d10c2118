//! A verification, from what is written to the verdict.
//!
//! Must not know how single expectations are decided.

use http::StatusCode;

use crate::control::verify::calls::RecordedCalls;
use crate::control::verify::check::{ExpectationCheck, compile};
use crate::control::verify::effects::Worlds;
use crate::control::verify::format::Verification;
use crate::control::verify::verdict::{CheckResult, ExpectationResult, Verdict};
use crate::control::verify::words::{SHOWN_MAX, shown_text, shown_value};
use crate::control::{Control, ResidueHit, ResiduePlace, ResidueQuery, unfit};
use crate::problem::Problem;
use crate::sandbox::SandboxState;

/// What a sandbox is held against what is expected.
struct Ground {
    made: RecordedCalls,
    worlds: Worlds,
}

impl Control<'_> {
    /// Holds the sandbox against what is expected. A problem is something that is wrong with the expectations
    /// themselves; what does not hold is in the verdict.
    ///
    /// Effects are what is different now from how the sandbox began, or from before the request `since`: however it came
    /// about, and what was undone does not count. Where a state was loaded meanwhile, it began before that, and `since` 1
    /// is the state that was loaded.
    pub fn verify(&self, verification: &Verification) -> Result<Verdict, Problem> {
        let checks = compile(self.emulator, verification)
            .map_err(|problems| unfit("that cannot be verified", &problems))?;
        // Decided beside the sandbox, on what it was at one moment.
        let needs_calls = checks
            .iter()
            .any(|check| matches!(check, ExpectationCheck::Calls(..) | ExpectationCheck::Order(_)));
        let ground =
            self.visit(|_, state| self.ground(state, verification.since, needs_calls))??;
        let outcomes = verification.expectations.iter().zip(&checks).map(|(written, check)| {
            let CheckResult { passed, found, nearest } = self.decide(check, &ground);
            let description = written.description.clone();
            ExpectationResult { description, passed, expected: expected(check), found, nearest }
        });
        let expectations: Vec<ExpectationResult> = outcomes.collect();
        let passed = expectations.iter().all(|outcome| outcome.passed);
        Ok(Verdict { passed, expectations })
    }

    fn ground(
        &self,
        state: &SandboxState,
        since: Option<u64>,
        needs_calls: bool,
    ) -> Result<Ground, Problem> {
        let now = state.world.clone();
        let before = match since {
            None => state.origin.world.clone(),
            // Nothing has happened since.
            Some(id) if id == state.journal.next_id() => now.clone(),
            Some(id) => state.world_before(id).ok_or_else(|| out_of_reach(state, id))?,
        };
        let made = if needs_calls {
            RecordedCalls::of(self.emulator, state, since.unwrap_or(1))
        } else {
            RecordedCalls::default()
        };
        Ok(Ground { made, worlds: Worlds { before, now } })
    }

    fn decide(&self, check: &ExpectationCheck<'_>, ground: &Ground) -> CheckResult {
        match check {
            ExpectationCheck::Calls(matcher, bounds) => ground.made.count(matcher, *bounds),
            ExpectationCheck::Order(matchers) => ground.made.order(matchers),
            ExpectationCheck::Records(effect, matcher, bounds) => {
                ground.worlds.check(*effect, matcher, *bounds)
            }
            ExpectationCheck::NoResidue(value) => {
                let query = ResidueQuery::of(*value).limit(SHOWN_MAX);
                let residue = self.residue_in(&ground.worlds.now, &query);
                let places = residue.hits.iter().map(place);
                let found = match residue.count {
                    0 => "nowhere".to_owned(),
                    count => {
                        let shown = places.collect::<Vec<_>>().join(", ");
                        let more = count - residue.hits.len();
                        let more =
                            if more > 0 { format!(" and {more} more") } else { String::new() };
                        format!("{count}: {shown}{more}")
                    }
                };
                CheckResult { passed: residue.clean, found, nearest: None }
            }
        }
    }
}

fn out_of_reach(state: &SandboxState, since: u64) -> Problem {
    let has = match state.journal.entries().next() {
        Some(oldest) => format!("it has {} to {}", oldest.id, state.journal.last_id()),
        None => "it is empty".to_owned(),
    };
    let problem = format!("`/since` is {since}, which the journal does not have: {has}");
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let detail = format!("that cannot be verified: {problem}");
    Problem::new(status, "unfit", detail).with("problems", vec![problem])
}

/// What is expected, in words.
fn expected(check: &ExpectationCheck<'_>) -> String {
    match check {
        ExpectationCheck::Calls(matcher, bounds) => {
            format!("{}{}", bounds.of("call"), matcher.words())
        }
        ExpectationCheck::Order(matchers) => {
            let steps = matchers.iter().zip(1..);
            let steps =
                steps.map(|(matcher, number)| format!("{number}. a call{}", matcher.words()));
            format!("in this order: {}", steps.collect::<Vec<_>>().join(", "))
        }
        ExpectationCheck::Records(effect, matcher, bounds) => {
            let records = matcher.records;
            let key = records.key.iter().map(|key| format!(" with the key `{}`", shown_value(key)));
            let joints = std::iter::once(" whose").chain(std::iter::repeat(" and"));
            let conditions = records.conditions.iter().zip(joints).map(|((name, value), joint)| {
                format!("{joint} `{name}` is `{}`", shown_value(value))
            });
            let words: String = key.chain(conditions).collect();
            let of = format!("{} of `{}`", bounds.of("record"), matcher.name);
            format!("{of}{words} {}", effect.word())
        }
        ExpectationCheck::NoResidue(value) => {
            format!("`{}` in no record", shown_text(value))
        }
    }
}

fn place(hit: &ResidueHit) -> String {
    match &hit.place {
        ResiduePlace::Record { provider, resource, key }
        | ResiduePlace::Job { provider, resource, key } => {
            format!("`{provider}/{resource}` `{}` at `{}`", shown_value(key), hit.pointer)
        }
        ResiduePlace::Journal { request } => format!("request {request} at `{}`", hit.pointer),
    }
}
