//! What outlives the process: the sandboxes, in one file that is written at intervals and at the end.
//!
//! Must not know what a sandbox's state is made of.

use std::fmt;
use std::fs::File;
use std::io;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::de::DeserializeSeed;
use serde::de::IgnoredAny;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;
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
use crate::control::StateMark;
use crate::emulator::Current;
use crate::emulator::Emulator;
use crate::problem::Problem;
use crate::sandbox::DEFAULT;
use crate::sandbox::World;

/// The version of the file's format.
const FORMAT_VERSION: u32 = 1;

/// So many bytes of the file are read: many times what ten thousand sandboxes of the built-in APIs take.
const FILE_BYTES_MAX: u64 = 4 << 30;

/// So much of the file is read at once.
const BUFFER_BYTES: usize = 256 << 10;

/// The file, but for its sandboxes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    tombstone: u32,
    saved_at: String,
    /// Skipped: they are read one by one.
    #[serde(rename = "sandboxes")]
    _sandboxes: Vec<IgnoredAny>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptSandbox<S> {
    name: String,
    /// How long it may be unused, exactly; null where it is never dropped.
    #[serde(default)]
    ttl: Option<String>,
    /// The same in files that were written before, without the parts of a second; at least one.
    #[serde(default, skip_serializing)]
    idle_seconds_max: Option<u64>,
    state: S,
}

/// Has the sandboxes be as the file says, if there is one. What cannot be read is refused, and left alone.
///
/// It is read twice, and never all at once: first to see that it is whole, and then a sandbox at a time.
pub(super) fn restore(emulator: &Emulator, path: &Path) -> anyhow::Result<()> {
    let shown = path.display();
    let open = || aside::open(path, FILE_BYTES_MAX);
    let file = match open() {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("cannot read `{shown}`")),
    };
    let advice = "it is left as it is: name another file with `--state`, or move it away";
    let unfit = || format!("`{shown}` is no state of this program, or not all of one; {advice}");
    let head: Head = serde_json::from_reader(buffered(file)).with_context(unfit)?;
    if head.tombstone != FORMAT_VERSION {
        let version = head.tombstone;
        anyhow::bail!(
            "`{shown}` has format {version}, and this program reads {FORMAT_VERSION}; {advice}"
        );
    }
    let away = Timestamp::parse(&head.saved_at).map_or(Duration::ZERO, |at| system_now().since(at));
    let file = open().with_context(|| format!("cannot read `{shown}`"))?;
    let mut refused = None;
    let restoring = Restoring { emulator, away, refused: &mut refused };
    let mut reader = serde_json::Deserializer::from_reader(buffered(file));
    let read = restoring.deserialize(&mut reader);
    if let Some(refused) = refused {
        anyhow::bail!("`{shown}`: {refused}; {advice}");
    }
    read.with_context(unfit)
}

fn buffered(file: File) -> BufReader<io::Take<File>> {
    BufReader::with_capacity(BUFFER_BYTES, file.take(FILE_BYTES_MAX))
}

/// The sandboxes of a file on their way to an emulator.
struct Restoring<'r> {
    emulator: &'r Emulator,
    /// For how long nobody was there.
    away: Duration,
    /// What was wrong with one of them.
    refused: &'r mut Option<String>,
}

impl<'de> DeserializeSeed<'de> for Restoring<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Restoring<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the state of sandboxes")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { emulator, away, refused } = self;
        while let Some(name) = map.next_key::<String>()? {
            if name == "sandboxes" {
                map.next_value_seed(Each(Restoring { emulator, away, refused: &mut *refused }))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// Their list.
struct Each<'r>(Restoring<'r>);

impl<'de> DeserializeSeed<'de> for Each<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Each<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of sandboxes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Restoring { emulator, away, refused } = self.0;
        // They began together, so that most of what one has another has, too.
        let mut like: Option<World> = None;
        while let Some(mut sandbox) = list.next_element::<KeptSandbox<Value>>()? {
            pass_time(&mut sandbox.state, away);
            let name = sandbox.name.clone();
            match put(emulator, sandbox, like.as_ref()) {
                Ok(world) if like.as_ref().is_none_or(|like| world.bytes() < like.bytes()) => {
                    like = Some(world);
                }
                Ok(_) => {}
                Err(problem) => {
                    *refused = Some(format!("sandbox `{name}`: {problem}"));
                    return Err(serde::de::Error::custom("refused"));
                }
            }
        }
        Ok(())
    }
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

fn put(
    emulator: &Emulator,
    sandbox: KeptSandbox<Value>,
    like: Option<&World>,
) -> Result<World, Problem> {
    let control = Control::new(emulator, &sandbox.name, system_now())?;
    let before = sandbox.idle_seconds_max.map(|seconds| format!("{}s", seconds.max(1)));
    let ttl = sandbox.ttl.or(before);
    control.put_sandbox(&SandboxSpec { ttl, ..SandboxSpec::default() })?;
    control.restore_state(sandbox.state, like)
}

/// A sandbox that is kept: its name, its time to live, and what tells whether it has changed.
type Marked = (String, Option<String>, StateMark);

/// The sandboxes that are more than the first call that names them would make.
fn marked(emulator: &Emulator, now: Timestamp) -> Vec<Marked> {
    let mut all = Vec::new();
    for view in Control::sandboxes(emulator, now) {
        let Ok(control) = Control::new(emulator, &view.name, now) else { continue };
        let is_made_by_use = view.ttl.is_some() || *view.name == *DEFAULT;
        if is_made_by_use && control.is_as_made_by_use() {
            continue;
        }
        let mark = control.state_mark();
        all.extend(mark.map(|mark| (view.name.to_string(), view.ttl, mark)));
    }
    all
}

/// Writes the sandboxes as they are now, unless they are as they were `saved`: aside, to the disk, and then in the file's
/// place, so that there is always a whole one.
fn save(emulator: &Emulator, path: &Path, saved: &mut Option<Vec<Marked>>) -> anyhow::Result<()> {
    let now = system_now();
    let sandboxes = marked(emulator, now);
    if saved.as_ref() == Some(&sandboxes) && path.exists() {
        return Ok(());
    }
    let written =
        aside::write(path, Access::Private, |file| write(file, emulator, &sandboxes, now));
    written.with_context(|| format!("cannot write `{}`", path.display()))?;
    *saved = Some(sandboxes);
    Ok(())
}

/// Writes them one by one, so that no more than one of them is looked at.
fn write(
    mut file: impl Write,
    emulator: &Emulator,
    sandboxes: &[Marked],
    now: Timestamp,
) -> io::Result<()> {
    let saved_at = now.to_rfc3339();
    write!(file, r#"{{"tombstone":{FORMAT_VERSION},"saved_at":"{saved_at}","sandboxes":["#)?;
    let mut separator = "";
    for (name, ttl, _) in sandboxes {
        // One that is dropped meanwhile is not kept.
        let control = Control::new(emulator, name, now);
        let Ok(state) = control.and_then(|control| control.peek_state()) else { continue };
        let (name, ttl) = (name.clone(), ttl.clone());
        file.write_all(separator.as_bytes())?;
        serde_json::to_writer(
            &mut file,
            &KeptSandbox { name, ttl, idle_seconds_max: None, state },
        )?;
        separator = ",";
    }
    file.write_all(b"]}\n")
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
    let mut saved = None;
    loop {
        let is_last = tokio::select! {
            () = tokio::time::sleep(state.interval) => false,
            _ = &mut stopped => true,
        };
        let (emulator, path) = (emulator.look(), state.file.clone());
        let mut last = saved;
        let saving = move || (save(&emulator, &path, &mut last), last);
        let (result, marks) = tokio::task::spawn_blocking(saving).await?;
        saved = marks;
        match result {
            result if is_last => return result,
            Ok(()) => {}
            Err(error) => tracing::warn!("the state was not saved: {error:#}"),
        }
    }
}
