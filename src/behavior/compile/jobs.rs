//! Jobs: where their state is kept, what starts them, what their tasks do and over what time.
//!
//! Must not know when a task runs.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::{Map, Value as Json};

use crate::behavior::compile::compiler::Compiler;
use crate::behavior::effect::{EffectFormat, Job};
use crate::behavior::format::{BehaviorFile, JobFormat};
use crate::behavior::names::expression;
use crate::behavior::new_key::NewKey;
use crate::behavior::settings::check_span;
use crate::behavior::shape::Shapes;
use crate::behavior::span::duration_ms;
use crate::expression::{Type, from_json};
use crate::pointer::child;

/// The jobs of a file, each with the resource that keeps its records.
pub(super) fn records(file: &BehaviorFile, shapes: &Shapes) -> IndexMap<String, Option<usize>> {
    let record = |(name, job): (&String, &JobFormat)| (name.clone(), shapes.number(&job.record));
    file.jobs.iter().map(record).collect()
}

impl<'a> Compiler<'a, '_> {
    /// The jobs that can be honoured.
    pub(super) fn jobs(&mut self) -> Vec<Job> {
        let mut jobs = Vec::new();
        for (name, format) in &self.file.jobs {
            let pointer = child("/jobs", name);
            let Some(record) = self.shapes.number(&format.record) else {
                let message = format!("there is no resource `{}`", format.record);
                let hint = self.shapes.suggestion(&format.record);
                self.notes.error(&format!("{pointer}/record"), message, hint);
                continue;
            };
            if let NewKey::Given(reason) = &self.shapes[record].new_key {
                let message =
                    format!("no key can be made up for the records of `{}`", format.record);
                let hint = format!("give it one property as its key, and a pattern: {reason}");
                self.notes.error(&format!("{pointer}/record"), message, hint);
            }
            let args = self.job_arguments(name, format, &pointer);
            let names = self.names.clone().and("args", args);
            let found_before = self.notes.count();
            let over =
                expression(&format.over, &format!("{pointer}/over"), &self.names, self.notes);
            let mut given = format.effects.iter().map(|step| &step.effect).chain([&format.effect]);
            if given.any(|effect| effect.start_job.is_some()) {
                let hint = "let the rule that starts this one start both".to_owned();
                self.notes.error(&pointer, "a task cannot start a job: it might never end", hint);
            }
            let effects = self.effects(&format.effect, &format.effects, &pointer, &names);
            let (Some((over, _)), Some((effects, _))) = (over, effects) else { continue };
            if self.notes.count() == found_before {
                let settings = from_json(&Json::Object(self.file.settings.clone()));
                if let Err(reason) = check_span(&over, &settings, duration_ms) {
                    self.notes.error(&format!("{pointer}/over"), reason, None);
                }
            }
            let label = format!("{name}, {}:{}", self.name, self.notes.line(&pointer)).into();
            let for_each = format.for_each.clone();
            jobs.push(Job { name: name.as_str().into(), record, for_each, over, effects, label });
        }
        jobs
    }

    /// What the tasks of a job can read as `args`: what every rule that starts it passes.
    fn job_arguments(&mut self, name: &str, format: &JobFormat, pointer: &str) -> Type {
        let rules = self.file.operations.values().flat_map(|operation| &operation.rules);
        let effects = rules
            .flat_map(|rule| rule.effects.iter().map(|step| &step.effect).chain([&rule.effect]));
        let is_start = |effect: &&EffectFormat| effect.start_job.as_deref() == Some(name);
        let starts: Vec<_> = effects.filter(is_start).collect();
        if starts.is_empty() {
            self.notes.warning(pointer, format!("no rule starts the job `{name}`"), None);
        }
        let arguments = |effect: &&'a EffectFormat| effect.with.as_ref().and_then(Json::as_object);
        let mut passed: BTreeSet<&String> =
            starts.iter().filter_map(arguments).flat_map(Map::keys).collect();
        if !passed.contains(&format.for_each) && !starts.is_empty() {
            let message = format!("`{}` is no argument of this job", format.for_each);
            let hint = "name an argument that the rules pass in `with`".to_owned();
            self.notes.error(&format!("{pointer}/for_each"), message, hint);
        }
        passed.insert(&format.for_each);
        Type::fields(passed.into_iter().map(|name| (name.clone(), Type::Any)))
    }
}
