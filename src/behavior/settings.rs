//! The settings of a behavior file with other values than there, held to what the file does with them.
//!
//! Must not know where the values come from.

use serde_json::{Map, Value as Json};

use crate::behavior::compiled::Behavior;
use crate::behavior::span::duration_ms;
use crate::expression::{Expression, Value, from_json, to_json};
use crate::finding::did_you_mean;
use crate::json::too_deep;

/// How long an answer can be held back at most, in milliseconds: past it every client has given up.
const DELAY_MS_MAX: i64 = 60 * 60 * 1_000;

impl Behavior {
    /// The settings as the file has them.
    pub fn settings(&self) -> &Value {
        &self.settings
    }

    /// The file's settings, some with other values; every problem otherwise.
    pub fn settings_with(&self, values: &Map<String, Json>) -> Result<Value, Vec<String>> {
        self.settings_over(&self.settings, values)
    }

    /// These settings, some with other values; every problem otherwise.
    pub fn settings_over(
        &self,
        base: &Value,
        values: &Map<String, Json>,
    ) -> Result<Value, Vec<String>> {
        if values.is_empty() {
            return Ok(base.clone());
        }
        let mut problems = Vec::new();
        let Json::Object(mut settings) = to_json(base) else { return Ok(base.clone()) };
        for (name, value) in values {
            if let Some(problem) = too_deep([value]) {
                problems.push(format!("setting `{name}`: {problem}"));
                continue;
            }
            match settings.get_mut(name) {
                Some(setting) => *setting = value.clone(),
                None => {
                    let known = settings.keys().map(String::as_str);
                    let hint = did_you_mean(name, known).map(|hint| format!(" ({hint})"));
                    let hint = hint.unwrap_or_default();
                    problems.push(format!("there is no setting `{name}` to change{hint}"));
                }
            }
        }
        let settings = from_json(&Json::Object(settings));
        for job in &self.jobs {
            if let Err(reason) = check_span(&job.over, &settings, duration_ms) {
                problems.push(format!("{reason}, and the job `{}` is to take so long", job.name));
            }
        }
        for (place, delay) in &self.delays {
            if let Err(reason) = check_span(delay, &settings, delay_ms) {
                problems.push(format!("{reason}, and `{place}` is to take so long"));
            }
        }
        if problems.is_empty() { Ok(settings) } else { Err(problems) }
    }
}

/// Whether an expression gives a time span, where it needs settings only; others are found out when they are needed.
pub(crate) fn check_span(
    span: &Expression,
    settings: &Value,
    read: fn(&Value) -> Result<i64, String>,
) -> Result<(), String> {
    let scope = Value::from_pairs([("settings", settings.clone())]);
    match span.eval(&scope) {
        Ok(value) => read(&value).map(drop),
        Err(_) => Ok(()),
    }
}

/// A time span by which an answer can be held back, in milliseconds.
pub(crate) fn delay_ms(value: &Value) -> Result<i64, String> {
    match duration_ms(value)? {
        ms if ms > DELAY_MS_MAX => {
            Err(format!("`{value}` is longer than an hour, the longest delay"))
        }
        ms => Ok(ms),
    }
}
