//! The jobs of a sandbox.
//!
//! Must not know what they do.

use crate::control::JobView;
use crate::embedded::error::Error;
use crate::embedded::sandbox::Sandbox;

/// The jobs of a sandbox: [`Sandbox::jobs`]. Each is shown as the admin API shows it: `id`, `provider`, `resource`,
/// `state`, its tasks with when they are due, and what is left.
#[derive(Clone, Copy, Debug)]
pub struct JobsHandle<'s> {
    sandbox: &'s Sandbox,
}

impl Sandbox {
    /// Its jobs.
    pub fn jobs(&self) -> JobsHandle<'_> {
        JobsHandle { sandbox: self }
    }
}

impl JobsHandle<'_> {
    /// All jobs, by provider and id.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// assert!(sandbox.jobs().list()?.is_empty());
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn list(&self) -> Result<Vec<JobView>, Error> {
        Ok(self.sandbox.control()?.jobs()?)
    }

    /// One job.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// let error = sandbox.jobs().get("job_1").unwrap_err();
    /// assert_eq!(error.to_string(), "no such job: there is no job `job_1`");
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn get(&self, id: &str) -> Result<JobView, Error> {
        Ok(self.sandbox.control()?.job(id)?)
    }

    /// Runs all tasks of a job that are left, now; the job then.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").fixtures("examples/fixtures").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// # let url = sandbox.url_of("shop");
    /// # let erase = http::Request::post(format!("{url}/customers/ada/erasure")).header("X-Key", "corner-key");
    /// let response = sandbox.call(erase.body(()).unwrap());
    /// let job: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    /// let done = sandbox.jobs().run(job["job"].as_str().unwrap())?;
    /// assert_eq!(done.progress.state.unwrap(), "succeeded");
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn run(&self, id: &str) -> Result<JobView, Error> {
        Ok(self.sandbox.control()?.run_job(id)?.0)
    }

    /// Stops a job: the tasks that are left are never run; the job then.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").fixtures("examples/fixtures").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// # let url = sandbox.url_of("shop");
    /// # let erase = http::Request::post(format!("{url}/customers/ada/erasure")).header("X-Key", "corner-key");
    /// sandbox.call(erase.body(()).unwrap());
    /// let jobs = sandbox.jobs().list()?;
    /// let stopped = sandbox.jobs().cancel(&jobs[0].id)?;
    /// assert_eq!(stopped.progress.state.unwrap(), "canceled");
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn cancel(&self, id: &str) -> Result<JobView, Error> {
        Ok(self.sandbox.control()?.cancel_job(id)?.0)
    }
}
