//! What evaluating may cost: one budget for all expressions of a request.
//!
//! An expression has no loops of its own, but a filter can go through a million elements. Must not know what the steps are
//! spent on.

use std::cell::Cell;
use std::marker::PhantomData;

use minijinja::{Error, ErrorKind};

/// Steps that the expressions of one request may take together: an element gone through, two values compared, 64 bytes
/// of text written. It is four times the most elements that a filter goes through, and some hundred milliseconds.
pub const STEPS_MAX: usize = 4_000_000;

/// Longest text that an expression may give, in bytes: more than any body that is let in.
pub const TEXT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Most elements that a filter goes through.
pub const ITEMS_MAX: usize = 1_000_000;

/// Bytes of text that are one step.
const STEP_BYTES: usize = 64;

thread_local! {
    /// Budget left for the request of this thread; `None` where there is none.
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// A budget, for as long as this value lives and for the thread that made it. What is evaluated outside of any, such as
/// the expressions of a fixture file, has one for each expression.
#[must_use]
#[derive(Debug)]
pub(crate) struct Budget {
    before: Option<usize>,
    _of_this_thread: PhantomData<*const ()>,
}

impl Budget {
    /// A budget of [`STEPS_MAX`].
    pub(crate) fn begin() -> Self {
        let before = LEFT.replace(Some(STEPS_MAX));
        Self { before, _of_this_thread: PhantomData }
    }
}

impl Budget {
    /// A budget of its own where there is none yet.
    pub(super) fn or_begin() -> Option<Self> {
        LEFT.get().is_none().then(Self::begin)
    }
}

impl Drop for Budget {
    fn drop(&mut self) {
        LEFT.set(self.before);
    }
}

/// Takes steps from the budget; fails for good when there are none left.
pub(crate) fn spend(steps: usize) -> Result<(), Error> {
    let Some(left) = LEFT.get() else { return Ok(()) };
    let rest = left.checked_sub(steps);
    LEFT.set(Some(rest.unwrap_or(0)));
    let spent = || Error::new(ErrorKind::InvalidOperation, "takes too many steps");
    rest.map(drop).ok_or_else(spent)
}

/// Spends for a text of this number of bytes.
pub(super) fn spend_on_text(bytes: usize) -> Result<(), Error> {
    spend(bytes / STEP_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_spent_once_and_ends_with_its_value() {
        assert!(spend(usize::MAX).is_ok());
        let budget = Budget::begin();
        assert!(spend(STEPS_MAX - 1).is_ok());
        {
            let _task = Budget::begin();
            assert!(spend(STEPS_MAX).is_ok() && spend(1).is_err());
        }
        assert!(spend(1).is_ok() && spend(0).is_ok());
        assert!(spend(1).is_err() && spend(1).is_err());
        drop(budget);
        assert!(spend(usize::MAX).is_ok());
    }
}
