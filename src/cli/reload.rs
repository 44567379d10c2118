//! Loads everything again and has it answer in the place of what did, or says why not.
//!
//! Must not know when.

use std::path::Path;
use std::time::Duration;

use crate::catalog;
use crate::catalog::Files;
use crate::cli::FINDINGS_MAX;
use crate::cli::counted;
use crate::cli::load;
use crate::cli::print_error;
use crate::cli::sorted;
use crate::clock::Stopwatch;
use crate::clock::Timestamp;
use crate::clock::system_now;
use crate::config::Config;
use crate::emulator::Current;
use crate::emulator::Emulator;
use crate::emulator::TakenOver;
use crate::finding::Finding;
use crate::finding::Severity;
use crate::server::log::Notes;

/// So many changed files are named.
const FILES_MAX: usize = 5;

/// What is served and from which files, so that others can take its place.
#[derive(Debug)]
pub(super) struct Reloader {
    config: Config,
    current: Current,
    /// Where to tell what happens; standard error for what is wrong, without it.
    notes: Option<Notes>,
    /// The files of what is served.
    served: Files,
    since: Timestamp,
    /// The files as they were last read.
    seen: Files,
    /// Findings that have been told.
    told: Vec<Finding>,
}

impl Reloader {
    /// `current` answers, out of `files`.
    pub(super) fn new(
        config: Config,
        current: Current,
        files: Files,
        notes: Option<Notes>,
    ) -> Self {
        let (served, seen, since) = (files.clone(), files, system_now());
        Self { config, current, notes, served, since, seen, told: Vec::new() }
    }

    /// The files as they were last read.
    pub(super) fn files(&self) -> &Files {
        &self.seen
    }

    /// Loads everything again, unless nothing has another content than it had; what cannot be served leaves what is.
    pub(super) fn reload(&mut self) {
        let stopwatch = Stopwatch::start();
        let (mut files, mut findings) = (Files::default(), Vec::new());
        let options = self.config.emulator(system_now());
        let loaded = load(&self.config.sources, &options, &mut files, &mut findings);
        let changed = list(self.seen.changes_to(&files).into_iter());
        self.seen = files;
        let Some(changed) = changed else { return };
        match loaded.map_err(|error| error.to_string()).and_then(|next| self.check(next)) {
            Ok(next) => self.serve(next, findings, &changed, stopwatch),
            Err(reason) => self.keep(&reason, findings),
        }
    }

    /// Whether all that was served can be again, as far as it is there.
    fn check(&self, next: Emulator) -> Result<Emulator, String> {
        let is_lost = |name: &str| next.provider(name).is_none() && self.seen.has_provider(name);
        let former = self.current.look();
        if let Some(lost) = former.providers().find(|name| is_lost(name)) {
            return Err(format!("`{lost}` cannot be served as it is now"));
        }
        if next.providers().next().is_none() {
            return Err("there would be no provider left".to_owned());
        }
        Ok(next)
    }

    fn serve(
        &mut self,
        mut next: Emulator,
        findings: Vec<Finding>,
        changed: &str,
        stopwatch: Stopwatch,
    ) {
        next.load_fixtures_with(catalog::fixture_loader(self.config.sources.clone()));
        let contracts =
            (0..next.providers().count()).map(|number| next.behavior(number).contract());
        let operations: usize = contracts.map(|contract| contract.operations.len()).sum();
        let is_same = |name: &str| self.served.defines_alike(name, &self.seen);
        // Before anybody has to wait.
        let succession = next.prepare_succession(&self.current.look(), is_same);
        let taken = self.current.replace(next, |former, next| next.take_over(former, succession));
        (self.served, self.since) = (self.seen.clone(), system_now());
        let new = findings.iter().filter(|finding| !self.told.contains(finding));
        self.tell_findings(new.cloned().collect());
        self.told = findings;
        self.tell_faults();
        self.tell_left_out(&taken);
        let left_out = match taken.left_out_count {
            0 => String::new(),
            count => format!(", {} left out", counted(count, "record")),
        };
        let text = format!(
            "reloaded {changed}: {}, {} kept{left_out}{}",
            counted(operations, "operation"),
            counted(taken.sandboxes, "sandbox"),
            if taken.has_history { "" } else { ", journals begin anew" },
        );
        if let Some(notes) = &self.notes {
            notes.add(system_now(), &text, Some(stopwatch.elapsed()));
        }
    }

    fn keep(&mut self, reason: &str, findings: Vec<Finding>) {
        let is_error = |finding: &Finding| finding.severity == Severity::Error;
        self.tell_findings(findings.into_iter().filter(is_error).collect());
        let since = self.since.to_rfc3339();
        self.tell(&format!("{reason}: kept serving the version of {since}"));
    }

    fn tell_findings(&self, findings: Vec<Finding>) {
        let (mut findings, _) = sorted(findings);
        findings.sort_by_key(|finding| finding.first.severity != Severity::Error);
        for finding in findings.iter().take(FINDINGS_MAX) {
            self.tell(&finding.to_string());
        }
        if findings.len() > FINDINGS_MAX {
            let left = findings.len() - FINDINGS_MAX;
            self.tell(&format!("and {left} more (`tombstone check` shows all)"));
        }
    }

    /// Faults that strike nothing any more, because what they name is gone.
    fn tell_faults(&self) {
        for problem in self.current.look().unknown_in_faults() {
            self.tell(&format!("a fault never strikes any more: {problem}"));
        }
    }

    fn tell_left_out(&self, taken: &TakenOver) {
        for (sandbox, left_out) in &taken.left_out {
            self.tell(&format!("{sandbox}: {} left out: {}", left_out.what, left_out.why));
        }
        let shown: usize = taken.left_out.iter().map(|(_, left_out)| left_out.count).sum();
        if taken.left_out_count > shown {
            let left = counted(taken.left_out_count - shown, "record");
            self.tell(&format!("and {left} more left out"));
        }
    }

    /// Says what is wrong, or no longer there.
    fn tell(&self, text: &str) {
        match &self.notes {
            Some(notes) => notes.add(system_now(), text, None::<Duration>),
            None => print_error(text),
        }
    }
}

/// The files by name, as many as are worth a line; `None` where there is none.
fn list<'p>(mut paths: impl ExactSizeIterator<Item = &'p Path>) -> Option<String> {
    let shown: Vec<_> =
        paths.by_ref().take(FILES_MAX).map(|path| path.display().to_string()).collect();
    let more = match paths.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!shown.is_empty()).then(|| format!("{}{more}", shown.join(", ")))
}
