//! What a handler did, as the request log tells it: it travels with the answer, inside the server only.
//!
//! Must not know what a line of the log looks like.

use axum::Extension;

use crate::message::{Account, Tally, Why};

/// So many entries of a journal are named.
const ENTRIES_MAX: usize = 5;

/// What was done in a sandbox.
pub(super) fn did(sandbox: &str, what: impl Into<String>) -> Extension<Account> {
    changed(sandbox, what, Vec::new())
}

/// The same, with what that changed.
pub(super) fn changed(
    sandbox: &str,
    what: impl Into<String>,
    changes: Vec<Tally>,
) -> Extension<Account> {
    let Extension(account) = to_all(what);
    Extension(Account { sandbox: Some(sandbox.into()), changes, ..account })
}

/// What was done to all sandboxes.
pub(super) fn to_all(what: impl Into<String>) -> Extension<Account> {
    Extension(Account { did: Some(what.into()), ..Account::of(Why::Stage("admin")) })
}

/// Entries of a journal by their numbers: `entry 3`, `2 entries (5, 4)`.
pub(super) fn entries(ids: &[u64]) -> String {
    if let [one] = ids {
        return format!("entry {one}");
    }
    let shown: Vec<String> = ids.iter().take(ENTRIES_MAX).map(u64::to_string).collect();
    let more = if ids.len() > ENTRIES_MAX { ", …" } else { "" };
    format!("{} entries ({}{more})", ids.len(), shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_named_as_far_as_there_are_few() {
        assert_eq!(entries(&[3]), "entry 3");
        assert_eq!(entries(&[5, 4]), "2 entries (5, 4)");
        assert_eq!(entries(&[7, 6, 5, 4, 3, 2]), "6 entries (7, 6, 5, 4, 3, …)");
    }
}
