//! Faults of a sandbox, as they are written and read.
//!
//! Must not know what they do to a request.

use http::StatusCode;
use serde_json::Value;

use crate::control::{Control, unfit};
use crate::faults::{Fault, FaultEntry, FaultFormat, FaultsError};
use crate::problem::Problem;
use crate::sandbox::SandboxState;

impl Control<'_> {
    /// All faults, in the order in which they are tried, with how often each matched and struck.
    pub fn faults(&self) -> Result<Vec<Value>, Problem> {
        self.visit(|_, state| state.faults.list().iter().map(view).collect())
    }

    /// One fault.
    pub fn fault(&self, id: &str) -> Result<Value, Problem> {
        self.visit(|_, state| state.faults.get(id).map(view).ok_or_else(|| no_such_fault(id)))?
    }

    /// Adds a fault at the end; the fault with its id.
    pub fn add_fault(&self, written: &Value) -> Result<Value, Problem> {
        let fault = self.read_fault(written)?;
        self.change_faults(|state| {
            state.faults.add(fault).map(view).map_err(|error| refused(&error))
        })
    }

    /// The same of one that is written in Rust; its id.
    pub fn add(&self, fault: FaultFormat) -> Result<String, Problem> {
        let fault = self.compile_fault(fault)?;
        self.change_faults(|state| {
            let added = state.faults.add(fault);
            added.map(|entry| entry.id.to_string()).map_err(|error| refused(&error))
        })
    }

    /// Has a fault be as it is written, its counts at zero; whether it was not there before, and the fault.
    pub fn put_fault(&self, id: &str, written: &Value) -> Result<(bool, Value), Problem> {
        let fault = self.read_fault(written)?;
        self.change_faults(|state| {
            let is_new = state.faults.replace(id, fault).map_err(|error| refused(&error))?;
            let fault = state.faults.get(id).map(view).ok_or_else(|| no_such_fault(id))?;
            Ok((is_new, fault))
        })
    }

    /// Takes a fault out.
    pub fn delete_fault(&self, id: &str) -> Result<(), Problem> {
        self.visit(|_, state| state.faults.remove(id).map(drop).ok_or_else(|| no_such_fault(id)))??;
        self.emulator.sandboxes().note_faults();
        Ok(())
    }

    /// Works on the faults of the sandbox, which is made if it is not there, and tells of it.
    fn change_faults<R>(
        &self,
        work: impl FnOnce(&mut SandboxState) -> Result<R, Problem>,
    ) -> Result<R, Problem> {
        let result = self.enter(|_, state| work(state))??;
        self.emulator.sandboxes().note_faults();
        Ok(result)
    }

    fn read_fault(&self, written: &Value) -> Result<Fault, Problem> {
        self.compile_fault(FaultFormat::read(written).map_err(|found| unfit_fault(&found))?)
    }

    fn compile_fault(&self, format: FaultFormat) -> Result<Fault, Problem> {
        let unknown = self.emulator.unknown_in_fault(&format);
        if unknown.is_empty() {
            Fault::compile(format).map_err(|found| unfit_fault(&found))
        } else {
            Err(unfit_fault(&unknown))
        }
    }
}

fn view(entry: &FaultEntry) -> Value {
    serde_json::to_value(entry).unwrap_or_default()
}

fn unfit_fault(problems: &[impl ToString]) -> Problem {
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    unfit("the fault cannot be so", &problems)
}

fn no_such_fault(id: &str) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "no such fault", format!("there is no fault `{id}`"))
}

fn refused(error: &FaultsError) -> Problem {
    let status = match error {
        FaultsError::Full => StatusCode::CONFLICT,
        FaultsError::Id => StatusCode::BAD_REQUEST,
    };
    Problem::new(status, "not possible", error.to_string())
}
