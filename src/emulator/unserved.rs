//! Providers that were asked for and are not served: calls to them are answered with the reason.
//!
//! Must not know what is wrong with files, nor how it is found out.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Number of problems shown of one provider: `tombstone check` shows all.
const PROBLEMS_MAX: usize = 5;

/// A provider whose files cannot be honoured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unserved {
    /// Its name.
    pub provider: Arc<str>,
    /// The first problems, with file and line.
    pub problems: Vec<String>,
}

impl Unserved {
    /// A provider, and all that is wrong with it.
    pub fn new(provider: &str, problems: impl IntoIterator<Item = String>) -> Self {
        let mut problems = problems.into_iter();
        let mut told: Vec<String> = problems.by_ref().take(PROBLEMS_MAX).collect();
        match problems.count() {
            0 => {}
            more => told.push(format!("and {more} more (`tombstone check` shows all)")),
        }
        Self { provider: provider.into(), problems: told }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_problems_are_counted() {
        let told = |count: usize| {
            let problems = (0..count).map(|number| number.to_string());
            Unserved::new("shop", problems).problems.join("; ")
        };
        assert_eq!(told(2), "0; 1");
        assert_eq!(told(7), "0; 1; 2; 3; 4; and 2 more (`tombstone check` shows all)");
    }
}
