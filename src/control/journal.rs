//! The journal of a sandbox as it is read: lists, single entries with their explanation, and what found no operation.
//!
//! What is read is copied while the sandbox is locked, which shares all that is large, and shown after that. Must not
//! know how entries are written.

use std::sync::Arc;

use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use crate::control::Control;
use crate::control::effects::effects;
use crate::control::entries::{EntryReader, LISTED_CHANGES_MAX, SHOWN_CHANGES_MAX};
use crate::control::query::{JournalQuery, kind};
use crate::control::redact::Redactor;
use crate::control::views::EntryView;
use crate::journal::{Event, JournalEntry, JournalEpoch, Listener};
use crate::message::Why;
use crate::problem::Problem;
use crate::sandbox::{Revisions, SandboxState, World};

/// Maximum number of entries that are read at once where they are sent as they are read, so that one reader who is slow
/// holds no more of them in memory.
const BATCH_ENTRIES: usize = 16;

/// Some entries, the newest first.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct JournalPage {
    /// How many there are that fit the query, on this page or not.
    pub count: usize,
    /// Those of this page.
    pub requests: Vec<EntryView>,
    /// The path that goes on; null at the end.
    pub next: Option<String>,
}

/// What happened in a sandbox since a stream was last written to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct News {
    /// The number of the newest entry that is told of: where to go on.
    pub last: u64,
    /// The numbers of the first and the last entry that were missed, because the journal has them no more.
    pub missed: Option<(u64, u64)>,
    /// Whether the journal began anew.
    pub restarted: bool,
    /// Whether its entries were forgotten, and their numbers go on.
    pub cleared: bool,
    /// How often it was emptied by now.
    pub epoch: JournalEpoch,
    /// The kind, number and content of each entry, the oldest first.
    pub entries: Vec<(&'static str, u64, EntryView)>,
}

/// A journal at one moment, and the world that it led to.
pub(super) struct Copied {
    pub(super) entries: Vec<JournalEntry>,
    pub(super) world: World,
    baseline: World,
}

impl Copied {
    pub(super) fn of(state: &SandboxState) -> Self {
        Self {
            entries: state.journal.entries().cloned().collect(),
            world: state.world.clone(),
            baseline: state.origin.world.clone(),
        }
    }

    /// Some of the entries after that number.
    pub(super) fn batch_after(state: &SandboxState, id: u64) -> Self {
        Self {
            entries: state.journal.entries_after(id).take(BATCH_ENTRIES).cloned().collect(),
            world: state.world.clone(),
            baseline: state.origin.world.clone(),
        }
    }

    /// What shows its entries.
    pub(super) fn reader<'e>(&self, control: &Control<'e>, changes_max: usize) -> EntryReader<'e> {
        let worlds = vec![self.world.clone(), self.baseline.clone()];
        let mut redactor = Redactor::new(control.emulator, worlds);
        for step in self.entries.iter().filter_map(|entry| entry.step.as_deref()) {
            redactor.learn(step);
        }
        EntryReader::new(control.emulator, redactor, changes_max)
    }

    /// The world as it was before the entry at that place.
    fn before(&self, place: usize) -> Option<World> {
        let since = self.entries[place..].iter().rev();
        self.world.clone().rewound(since.filter_map(|entry| entry.step.as_deref()))
    }
}

impl Control<'_> {
    /// Entries of the journal, newest first.
    pub fn requests(&self, query: &JournalQuery) -> Result<JournalPage, Problem> {
        let wanted = query.read(self.emulator)?;
        let copied = self.visit(|_, state| Copied::of(state))?;
        let fitting: Vec<&JournalEntry> =
            copied.entries.iter().filter(|entry| wanted.fits(self.emulator, entry)).collect();
        let on_page = |entry: &&&JournalEntry| query.before.is_none_or(|before| entry.id < before);
        let mut rest = fitting.iter().rev().filter(on_page);
        let page: Vec<&&JournalEntry> = rest.by_ref().take(wanted.limit).collect();
        let next = rest.next().and(page.last()).map(|last| {
            format!("/__admin/sandboxes/{}/requests?{}", self.name, query.going_on(last.id))
        });
        let mut reader = copied.reader(self, LISTED_CHANGES_MAX);
        let requests = page.into_iter().map(|entry| reader.entry(entry)).collect();
        Ok(JournalPage { count: fitting.len(), requests, next })
    }

    /// One entry, with its explanation.
    pub fn request(&self, id: u64) -> Result<EntryView, Problem> {
        let copied = self.visit(|_, state| Copied::of(state))?;
        let place = copied
            .entries
            .binary_search_by_key(&id, |entry| entry.id)
            .map_err(|_| no_such_entry(id, &copied.entries))?;
        let (entry, before) = (&copied.entries[place], copied.before(place));
        let mut reader = copied.reader(self, SHOWN_CHANGES_MAX);
        let mut shown = reader.entry(entry);
        reader.redactor.add_world(before.as_ref());
        let step = entry.step.as_deref();
        let changed = step.map_or_else(Vec::new, |step| effects(self.emulator, step));
        shown.tree = Some(reader.tree(&changed));
        shown.explanation = Some(reader.explain(entry, before));
        Ok(shown)
    }

    /// Forgets all entries: what they changed stays, and can be undone no more.
    pub fn clear_requests(&self) -> Result<(), Problem> {
        self.visit(|_, state| state.journal.clear())
    }

    /// The requests that found no operation, newest first, each with the operations that are nearest to it.
    pub fn unmatched(&self) -> Result<Vec<EntryView>, Problem> {
        let copied = self.visit(|_, state| Copied::of(state))?;
        let mut reader = copied.reader(self, LISTED_CHANGES_MAX);
        let unmatched = copied.entries.iter().rev().filter_map(|entry| {
            let Event::Call(call) = &entry.event else { return None };
            if call.facts.operation.is_some() || call.facts.why == Why::Stage("options") {
                return None;
            }
            let mut shown = reader.entry(entry);
            shown.near =
                Some(reader.nearest(self.emulator.near_misses(&call.exchange.request().0)));
            Some(shown)
        });
        Ok(unmatched.take(UNMATCHED_MAX).collect())
    }

    /// What happened after the entry `last` of a journal that had begun anew so often, where that is known; some of it,
    /// and nothing new gives no entries.
    pub fn news(&self, last: u64, seen: Option<JournalEpoch>) -> Result<News, Problem> {
        let looked = self.look(|state| {
            let journal = &state.journal;
            let epoch = journal.epoch();
            let restarted = journal.last_id() < last
                || seen.is_some_and(|seen| seen.restarts != epoch.restarts);
            let from = if restarted { 0 } else { last };
            (restarted, epoch, from, Copied::batch_after(state, from))
        })?;
        let (restarted, epoch, from, copied) = looked;
        let mut reader = copied.reader(self, LISTED_CHANGES_MAX);
        let entries: Vec<_> = copied
            .entries
            .iter()
            .map(|entry| (kind(&entry.event), entry.id, reader.entry(entry)))
            .collect();
        let missed = entries.first().filter(|(_, first, _)| *first > from + 1);
        Ok(News {
            last: entries.last().map_or(from, |(_, last, _)| *last),
            missed: missed.map(|(_, first, _)| (from + 1, first - 1)),
            restarted,
            cleared: !restarted && seen.is_some_and(|seen| seen.clears != epoch.clears),
            epoch,
            entries,
        })
    }

    /// How often something has changed that is in no journal: which sandboxes there are, faults, files.
    pub fn revisions(&self) -> Revisions {
        self.emulator.sandboxes().revisions()
    }

    /// Has `listener` called at each change of [`Control::revisions`] for as long as it is there.
    pub fn listen_to_all(&self, listener: &Arc<Listener>) {
        self.emulator.sandboxes().listen(listener);
    }

    /// Has `listener` called at each new entry for as long as it is there; the number of the newest entry now, and how
    /// often the journal was emptied.
    pub fn listen(&self, listener: &Arc<Listener>) -> Result<(u64, JournalEpoch), Problem> {
        self.visit(|_, state| {
            state.journal.listen(listener);
            (state.journal.last_id(), state.journal.epoch())
        })
    }
}

/// So many unmatched requests are shown at once.
const UNMATCHED_MAX: usize = 100;

fn no_such_entry(id: u64, entries: &[JournalEntry]) -> Problem {
    let detail = match (entries.first(), entries.last()) {
        (Some(first), Some(last)) => {
            format!("the journal has no entry {id}: it has {} to {}", first.id, last.id)
        }
        _ => format!("the journal has no entry {id}: it is empty"),
    };
    Problem::new(StatusCode::NOT_FOUND, "no such request", detail)
        .with("oldest", entries.first().map(|entry| entry.id))
        .with("newest", entries.last().map(|entry| entry.id))
}
