//! Undo and redo.
//!
//! Must not know how changes are taken back.

use std::collections::BTreeMap;

use http::StatusCode;
use serde::Serialize;

use crate::control::Control;
use crate::journal::{Back, OutOfReach};
use crate::message::Tally;
use crate::problem::Problem;
use crate::sandbox;
use crate::sandbox::{NotTurned, SandboxState, Turned};

/// What was undone or done again.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TurnView {
    /// The journal's entry that says so.
    pub id: u64,
    /// The entries that were taken back or made again, in that order.
    pub entries: Vec<u64>,
    /// How many records came back, went or changed with it, by provider and resource.
    pub records: BTreeMap<String, usize>,
    /// What the sandbox's clock shows now, as RFC 3339 text in UTC.
    pub now: String,
    /// What became of records with it, as counts.
    #[serde(skip)]
    pub changes: Vec<Tally>,
}

impl Control<'_> {
    /// Puts the world back to how it was so many steps ago, or before a request. A step is a call, an edit or a change
    /// of the clock that changed something; the tasks of jobs that ran after it are taken back with it.
    pub fn undo(&self, back: Back) -> Result<TurnView, Problem> {
        let real = self.real;
        self.turn(|state| state.undo(back, real))
    }

    /// Goes forward again by so many steps that were undone.
    pub fn redo(&self, steps: usize) -> Result<TurnView, Problem> {
        let real = self.real;
        self.turn(|state| state.redo(steps, real))
    }

    fn turn(
        &self,
        turn: impl FnOnce(&mut SandboxState) -> Result<Turned, NotTurned>,
    ) -> Result<TurnView, Problem> {
        // A task that is due again since something was undone would be something new, and leave nothing to do again.
        self.visit_unchanged(|_, state| {
            let turned = turn(state).map_err(not_turned)?;
            let (mut records, mut changes) = (BTreeMap::new(), Vec::new());
            for made in &turned.step.made {
                let provider = &self.emulator.provider_name(made.provider);
                let store = state.world.store(made.provider);
                let tally = sandbox::tally(store, &made.changes).into_iter();
                Tally::add(
                    &mut changes,
                    tally.map(|one| if made.reverted { one.reverted() } else { one }),
                );
                let model = store.model();
                for change in made.changes.iter() {
                    let resource = &model.resources[change.resource].name;
                    *records.entry(format!("{provider}/{resource}")).or_default() += 1;
                }
            }
            let now = state.world.clock.now(self.real).to_rfc3339();
            Ok(TurnView { id: turned.id, entries: turned.entries, records, now, changes })
        })?
    }
}

fn not_turned(why: NotTurned) -> Problem {
    let problem = |detail: String| Problem::new(StatusCode::CONFLICT, "out of reach", detail);
    let oldest = |id: Option<u64>| match id {
        Some(id) => format!("the oldest request that can be undone is {id}"),
        None => "there is nothing that can be undone".to_owned(),
    };
    match why {
        NotTurned::OutOfReach(OutOfReach::TooFar { oldest: id }) => {
            problem(format!("the journal does not reach back so far: {}", oldest(id)))
                .with("oldest", id)
        }
        NotTurned::OutOfReach(OutOfReach::NoSuchEntry { id: asked, oldest: id }) => {
            problem(format!("there is no request {asked} in the journal: {}", oldest(id)))
                .with("oldest", id)
        }
        NotTurned::OutOfReach(OutOfReach::NothingUndone) => problem(
            "there are not so many steps to do again: nothing was undone, or something new has happened since"
                .to_owned(),
        ),
        NotTurned::Conflict(conflict) => Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "defect",
            format!("the changes cannot be taken back, which is a defect: {conflict}"),
        ),
    }
}
