//! `start_job`: the record of a job comes to be, with a task for each element of one of its arguments.
//!
//! Must not know what tasks do, nor when.

use serde_json::{Map, Value as Json};

use crate::behavior::effect::format::EffectFormat;
use crate::behavior::effect::plan::{Effect, Job, Planned, Planner, Stopped};
use crate::behavior::effect::read::EffectReader;
use crate::behavior::names::NamesInScope;
use crate::behavior::shape::Shapes;
use crate::behavior::span::duration_ms;
use crate::expression::{Template, Value};
use crate::jobs;

/// Starts a job.
#[derive(Debug)]
pub(super) struct StartJob {
    /// Its number in the behavior file.
    job: usize,
    with: Template,
}

impl StartJob {
    pub(super) fn read(
        name: &str,
        format: &EffectFormat,
        pointer: &str,
        names: &NamesInScope<'_>,
        reader: &mut EffectReader<'_, '_>,
    ) -> Option<(Self, Option<usize>)> {
        let (job, record) = reader.job(name, &format!("{pointer}/start_job"))?;
        let none = Json::Object(Map::new());
        let with = format.with.as_ref().unwrap_or(&none);
        let with = reader.properties(with, &format!("{pointer}/with"), names, None)?;
        Some((Self { job, with }, record))
    }
}

impl Effect for StartJob {
    fn plan(&self, planner: &mut Planner<'_>, scope: &Value) -> Result<Planned, Stopped> {
        let mut args = match self.with.render(scope)? {
            Json::Object(args) => args,
            other => {
                return Err(Stopped::Fault(format!("arguments are an object, not `{other}`")));
            }
        };
        let job = &planner.jobs[self.job];
        let Some(Json::Array(elements)) = args.shift_remove(&job.for_each) else {
            let message = format!("the argument `{}` of a job is no list", job.for_each);
            return Err(Stopped::Fault(message));
        };
        if elements.len() > jobs::TASKS_MAX {
            let message =
                format!("a job has at most {} tasks, not {}", jobs::TASKS_MAX, elements.len());
            return Err(Stopped::Fault(message));
        }
        let over_ms = duration_ms(&job.over.eval(scope)?).map_err(Stopped::Fault)?;
        let record = jobs::start(&job.name, &args, &elements, over_ms, planner.now);
        planner.create(job.record, record)
    }

    fn can_delete(&self) -> bool {
        true
    }

    fn in_words(&self, _: &Shapes, jobs: &[Job]) -> String {
        format!("start the job `{}`", jobs[self.job].name)
    }
}
