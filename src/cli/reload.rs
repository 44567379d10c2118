//! Loads everything again and has it answer in the place of what did, or says why not.
//!
//! Must not know when.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use crate::catalog;
use crate::catalog::Files;
use crate::cli::findings::{FINDINGS_MAX, sorted};
use crate::cli::load::load;
use crate::cli::print::{counted, print_error};
use crate::clock::{Stopwatch, Timestamp, system_now};
use crate::config::Config;
use crate::emulator::{Current, Emulator, Handover};
use crate::finding::{Finding, Severity};
use crate::server::log::ServerEvents;

/// So many changed files are named.
const FILES_MAX: usize = 5;

/// What is served and from which files, so that others can take its place.
#[derive(Debug)]
pub(super) struct Reloader {
    config: Config,
    current: Current,
    /// Where to tell what happens; standard error for what is wrong, without it.
    events: Option<ServerEvents>,
    /// When the server began: what fixtures say of the time, they say of that one. Time does not move by a reload.
    began: Timestamp,
    /// The files of what is served.
    served: Files,
    since: Timestamp,
    /// The files as they were last read.
    seen: Files,
    /// Whether what was read last could not be served.
    is_broken: bool,
    /// Findings that have been told.
    told: Vec<Finding>,
}

impl Reloader {
    /// `current` answers, out of `files` as they were when it `began`.
    pub(super) fn new(
        config: Config,
        current: Current,
        (files, began): (Files, Timestamp),
        events: Option<ServerEvents>,
    ) -> Self {
        let (served, seen, since) = (files.clone(), files, system_now());
        Self {
            config,
            current,
            events,
            began,
            served,
            since,
            seen,
            is_broken: false,
            told: Vec::new(),
        }
    }

    /// The files as they were last read.
    pub(super) fn files(&self) -> &Files {
        &self.seen
    }

    /// Loads everything again, unless nothing has another content than it had; what cannot be served leaves what is.
    pub(super) fn reload(&mut self) {
        let stopwatch = Stopwatch::start();
        let (mut files, mut findings) = (Files::default(), Vec::new());
        let loaded = self.load(&mut files, &mut findings).and_then(|next| self.check(next, &files));
        if loaded.is_err() {
            files.keep(&self.served);
        }
        let changed = list(self.seen.changes_to(&files).into_iter());
        let is_mended = std::mem::replace(&mut self.is_broken, loaded.is_err()) && !self.is_broken;
        self.seen = files;
        let Some(changed) = changed.or_else(|| is_mended.then(|| "the files".to_owned())) else {
            return;
        };
        match loaded {
            Ok(next) => self.serve(next, findings, &changed, stopwatch),
            Err(reason) => self.keep(&reason, findings),
        }
    }

    fn load(&self, files: &mut Files, findings: &mut Vec<Finding>) -> Result<Emulator, String> {
        let options = self.config.emulator(self.began);
        let load = || load(&self.config.sources, &options, files, findings);
        match catch_unwind(AssertUnwindSafe(load)) {
            Ok(loaded) => loaded.map_err(|error| error.to_string()),
            Err(_) => Err("reading the files failed, which is a defect".to_owned()),
        }
    }

    /// Whether all that was served can be again. What is not there may be on its way: with it would go its records.
    fn check(&self, next: Emulator, files: &Files) -> Result<Emulator, String> {
        let former = self.current.snapshot();
        let is_lost = |name: &str| next.provider(name).is_none();
        for lost in former.providers().filter(|name| is_lost(name)) {
            if self.served.is_renamed_in(lost, files) {
                continue;
            }
            return Err(if files.has_provider(lost) || self.served.has_place_of(lost) {
                format!("`{lost}` cannot be served as it is now")
            } else {
                format!("`{lost}` is gone (to do without it, start anew)")
            });
        }
        if let Some(lost) = self.served.lost_in(files) {
            let lost = lost.display();
            return Err(format!("`{lost}` cannot be read (to do without it, start anew)"));
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
        let handover = next.prepare_handover(&self.current.snapshot(), is_same);
        let taken = self.current.replace(next, |former, next| next.hand_over(former, handover));
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
        if let Some(events) = &self.events {
            events.add(system_now(), &text, Some(stopwatch.elapsed()));
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
        for problem in self.current.snapshot().unknown_in_faults() {
            self.tell(&format!("a fault never strikes any more: {problem}"));
        }
    }

    fn tell_left_out(&self, taken: &Handover) {
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
        match &self.events {
            Some(events) => events.add(system_now(), text, None::<Duration>),
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
