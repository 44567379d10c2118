//! State files of format 1, which are one JSON document: they are read, and no longer written.
//!
//! Must not know what a sandbox's state is made of.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::time::Duration;
use std::{fmt, io};

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::cli::saved_sandbox::{
    BUFFER_BYTES, FILE_BYTES_MAX, RestoreError, SavedSandbox, away_since,
};
use crate::control::Restored;
use crate::emulator::Emulator;

/// The version of the format.
pub(super) const FORMAT_VERSION: u32 = 1;

/// The file without its sandboxes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderV1 {
    tombstone: u32,
    saved_at: String,
    /// Skipped: they are read one by one.
    #[serde(rename = "sandboxes")]
    _sandboxes: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SandboxV1 {
    name: String,
    /// How long it may be unused, exactly; null where it is never dropped.
    #[serde(default)]
    ttl: Option<String>,
    /// The same in still older files, without the parts of a second; at least one.
    #[serde(default)]
    idle_seconds_max: Option<u64>,
    state: Box<RawValue>,
}

/// Restores the sandboxes of a file, which is read twice and never held whole: first to see that it is complete, and then
/// a sandbox at a time.
pub(super) fn restore(emulator: &Emulator, mut file: File) -> Result<(), RestoreError> {
    let head: HeaderV1 = serde_json::from_reader(buffered(&file))?;
    if head.tombstone != FORMAT_VERSION {
        return Err(RestoreError::Format(head.tombstone));
    }
    file.rewind()?;
    let mut refused = None;
    let away = away_since(&head.saved_at);
    let restoring = Restoring { emulator, away, refused: &mut refused };
    let mut reader = serde_json::Deserializer::from_reader(buffered(&file));
    let read = restoring.deserialize(&mut reader);
    match refused {
        Some(problem) => Err(RestoreError::Wrong(problem)),
        None => Ok(read?),
    }
}

fn buffered(file: &File) -> BufReader<io::Take<&File>> {
    BufReader::with_capacity(BUFFER_BYTES, file.take(FILE_BYTES_MAX))
}

/// The sandboxes of a file on their way to an emulator.
struct Restoring<'r> {
    emulator: &'r Emulator,
    /// How long no server ran.
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
                map.next_value_seed(SandboxList(Restoring {
                    emulator,
                    away,
                    refused: &mut *refused,
                }))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// The list of the sandboxes.
struct SandboxList<'r>(Restoring<'r>);

impl<'de> DeserializeSeed<'de> for SandboxList<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for SandboxList<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of sandboxes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Restoring { emulator, away, refused } = self.0;
        let mut like: Option<Restored> = None;
        while let Some(sandbox) = list.next_element::<SandboxV1>()? {
            let before = sandbox.idle_seconds_max.map(|seconds| format!("{}s", seconds.max(1)));
            let kept = SavedSandbox {
                name: &sandbox.name,
                ttl: sandbox.ttl.or(before),
                state: sandbox.state.get(),
                away,
            };
            if let Err(problem) = kept.restore(emulator, &mut like) {
                *refused = Some(problem);
                return Err(serde::de::Error::custom("refused"));
            }
        }
        Ok(())
    }
}
