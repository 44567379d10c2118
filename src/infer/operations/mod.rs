//! What each operation on a resource does, as the behavior file says it.
//!
//! Must not know how resources are found.

mod act;
mod body;
mod change;
mod create;
mod delete;
mod member;
mod read;
mod request;
mod task;

pub(super) use delete::picks;
pub(super) use member::MEMBER;
pub(super) use task::{Role, Task, Written};

use crate::infer::shape::success;

impl Task<'_, '_> {
    /// The behavior of the operation; an `Err` says why nothing can be inferred of it.
    pub(super) fn write(&self) -> Result<Written, String> {
        // What is done can be answered without, unless all is to be as the contract alone has it.
        let has_to = self.is_lenient || matches!(self.role, Role::List | Role::Read);
        if has_to && success(self.operation).is_none() {
            return Err("it documents no success".to_owned());
        }
        match (self.role, self.resource.members) {
            (Role::Update | Role::Replace, Some(members)) => Ok(self.put_in(members)),
            _ => self.write_own(),
        }
    }

    fn write_own(&self) -> Result<Written, String> {
        match self.role {
            Role::List => self.list(),
            Role::Create => self.create(),
            Role::Clear => Ok(self.clear()),
            Role::Read => Ok(self.read()),
            Role::Update | Role::Replace => self.change(),
            Role::Act => self.act(),
            Role::Delete => Ok(self.delete()),
            Role::DeletePicked => {
                self.delete_picked().ok_or_else(|| "nothing says which".to_owned())
            }
        }
    }
}
