//! What outlives the process: the sandboxes, in one file that is written at intervals and at the end.
//!
//! Must not know what a sandbox's state is made of.

use std::io;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::cli::aside;
use crate::cli::aside::Access;
use crate::clock::ClockStart;
use crate::clock::Timestamp;
use crate::clock::system_now;
use crate::config::State;
use crate::control::Control;
use crate::control::SandboxSpec;
use crate::emulator::Current;
use crate::emulator::Emulator;
use crate::sandbox::DEFAULT;

/// The version of the file's format.
const FORMAT_VERSION: u32 = 1;

/// So many bytes of the file are read: many times what ten thousand sandboxes of the built-in APIs take.
const FILE_BYTES_MAX: u64 = 4 << 30;

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    tombstone: u32,
    saved_at: String,
    sandboxes: Vec<KeptSandbox>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptSandbox {
    name: String,
    /// How long it may be unused, exactly; null where it is never dropped.
    #[serde(default)]
    ttl: Option<String>,
    /// The same in files that were written before, without the parts of a second; at least one.
    #[serde(default, skip_serializing)]
    idle_seconds_max: Option<u64>,
    state: Value,
}

/// Has the sandboxes be as the file says, if there is one. What cannot be read is refused, and left alone.
pub(super) fn restore(emulator: &Emulator, path: &Path) -> anyhow::Result<()> {
    let shown = path.display();
    let text = match aside::read(path, FILE_BYTES_MAX) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("cannot read `{shown}`")),
    };
    let advice = "it is left as it is: name another file with `--state`, or move it away";
    let kept: Kept = serde_json::from_slice(&text).with_context(|| {
        format!("`{shown}` is no state of this program, or not all of one; {advice}")
    })?;
    if kept.tombstone != FORMAT_VERSION {
        let version = kept.tombstone;
        anyhow::bail!(
            "`{shown}` has format {version}, and this program reads {FORMAT_VERSION}; {advice}"
        );
    }
    let away = Timestamp::parse(&kept.saved_at).map_or(Duration::ZERO, |at| system_now().since(at));
    for mut sandbox in kept.sandboxes {
        pass_time(&mut sandbox.state, away);
        let restored = put(emulator, &sandbox);
        if let Err(problem) = restored {
            anyhow::bail!("`{shown}`: sandbox `{}`: {problem}; {advice}", sandbox.name);
        }
    }
    Ok(())
}

/// Has a running clock show what it would if the program had been there; one that is not as it should be is refused
/// later.
fn pass_time(state: &mut Value, away: Duration) {
    let Some(clock) = state.get_mut("clock") else { return };
    let now = clock.get("now").and_then(Value::as_str).and_then(Timestamp::parse);
    let rate = clock.get("rate").and_then(Value::as_f64);
    let frozen = clock.get("frozen").and_then(Value::as_bool);
    if let (Some(now), Some(rate), Some(false)) = (now, rate, frozen) {
        let start = ClockStart { at: Some(now), frozen: false, rate };
        let away_ms = i64::try_from(away.as_millis()).unwrap_or(i64::MAX);
        let then = start.begin(Timestamp(0)).now(Timestamp(away_ms));
        clock["now"] = then.to_rfc3339().into();
    }
}

fn put(emulator: &Emulator, sandbox: &KeptSandbox) -> Result<(), crate::problem::Problem> {
    let control = Control::new(emulator, &sandbox.name, system_now())?;
    let before = sandbox.idle_seconds_max.map(|seconds| format!("{}s", seconds.max(1)));
    let ttl = sandbox.ttl.clone().or(before);
    control.put_sandbox(&SandboxSpec { ttl, ..SandboxSpec::default() })?;
    control.put_state(sandbox.state.clone())
}

/// Writes the sandboxes as they are now: aside, to the disk, and then in the file's place, so that there is always a
/// whole one.
fn save(emulator: &Emulator, path: &Path) -> anyhow::Result<()> {
    let now = system_now();
    let mut sandboxes = Vec::new();
    for view in Control::sandboxes(emulator, now) {
        let Ok(control) = Control::new(emulator, &view.name, now) else { continue };
        let is_made_by_use = view.ttl.is_some() || *view.name == *DEFAULT;
        if is_made_by_use && control.is_as_made_by_use() {
            continue;
        }
        // One that is dropped meanwhile is not kept.
        let state = control.peek_state();
        sandboxes.extend(state.map(|state| KeptSandbox {
            name: view.name.to_string(),
            ttl: view.ttl,
            idle_seconds_max: None,
            state,
        }));
    }
    let kept = Kept { tombstone: FORMAT_VERSION, saved_at: now.to_rfc3339(), sandboxes };
    let written = aside::write(path, Access::Private, |file| {
        serde_json::to_writer(&mut *file, &kept)?;
        file.write_all(b"\n")
    });
    written.with_context(|| format!("cannot write `{}`", path.display()))
}

/// Saves at intervals, for as long as it is there.
pub(super) struct Keeper {
    stop: oneshot::Sender<()>,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Keeper {
    /// Begins.
    pub(super) fn start(state: State, emulator: Current) -> Self {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(keep(state, emulator, stopped));
        Self { stop, task }
    }

    /// Saves for the last time.
    pub(super) async fn finish(self) -> anyhow::Result<()> {
        drop(self.stop);
        self.task.await?
    }
}

async fn keep(
    state: State,
    emulator: Current,
    mut stopped: oneshot::Receiver<()>,
) -> anyhow::Result<()> {
    loop {
        let is_last = tokio::select! {
            () = tokio::time::sleep(state.interval) => false,
            _ = &mut stopped => true,
        };
        let (emulator, path) = (emulator.look(), state.file.clone());
        let saved = tokio::task::spawn_blocking(move || save(&emulator, &path)).await?;
        match saved {
            saved if is_last => return saved,
            Ok(()) => {}
            Err(error) => tracing::warn!("the state was not saved: {error:#}"),
        }
    }
}
