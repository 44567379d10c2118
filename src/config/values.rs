//! The kinds of values that options have: switches, sizes, periods, and what else is written in a way of its own.
//!
//! Each reads the same text from a flag, the environment and the file. Must not know which options there are.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::clock::{RATE_MAX, Timestamp, parse_duration_ms};

/// Whether something is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// It is.
    #[value(aliases = ["true", "yes", "1"])]
    On,
    /// It is not.
    #[value(aliases = ["false", "no", "0"])]
    Off,
}

impl From<bool> for Switch {
    fn from(is_on: bool) -> Self {
        if is_on { Self::On } else { Self::Off }
    }
}

impl<'de> Deserialize<'de> for Switch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        match &value {
            Value::Bool(is_on) => Some(Self::from(*is_on)),
            Value::String(word) if word == "on" => Some(Self::On),
            Value::String(word) if word == "off" => Some(Self::Off),
            _ => None,
        }
        .ok_or_else(|| D::Error::custom(format!("`{value}` is neither `on` nor `off`")))
    }
}

impl JsonSchema for Switch {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Switch".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": ["on", "off", true, false] })
    }
}

/// How each request gets its line on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Human,
    /// For programs.
    Json,
    /// Not at all.
    None,
}

impl JsonSchema for LogFormat {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "LogFormat".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": ["human", "json", "none"] })
    }
}

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteSize(
    /// How many.
    pub u64,
);

/// Units of sizes, the short and common first.
const UNITS: [(&str, u64); 8] = [
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("kB", 1_000),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
];

impl FromStr for ByteSize {
    type Err = String;

    /// Reads bytes, with or without a unit: `65536`, `512KiB`, `64 MiB`. `KiB` is 1024 bytes, `kB` is 1000.
    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
        let unit = text[digits.len()..].trim();
        let factor = match unit {
            "" => Some(1),
            _ => UNITS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor),
        };
        let number = digits.parse::<u64>().ok();
        number.zip(factor).and_then(|(number, factor)| number.checked_mul(factor)).map(Self).ok_or(
            format!("`{text}` is not a size: write it like `65536`, `512KiB`, `64MiB` or `2GiB`"),
        )
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => text.parse(),
            other => other.to_string().parse(),
        }
        .map_err(D::Error::custom)
    }
}

impl JsonSchema for ByteSize {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Size".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["integer", "string"], "minimum": 0, "examples": ["512KiB", "64MiB", 65536] })
    }
}

/// How long something lasts; never nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Period(
    /// The time.
    pub Duration,
);

impl FromStr for Period {
    type Err = String;

    /// Reads a time span such as `10s`, `5m`, `24h` or `PT5M`.
    fn from_str(text: &str) -> Result<Self, String> {
        parse_duration_ms(text)
            .and_then(|ms| u64::try_from(ms).ok())
            .filter(|ms| *ms > 0)
            .map(|ms| Self(Duration::from_millis(ms)))
            .ok_or_else(|| {
                format!("`{text}` is not a time span: write it like `500ms`, `30s`, `10m` or `24h`")
            })
    }
}

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct StartTime(
    /// The point.
    pub Timestamp,
);

impl FromStr for StartTime {
    type Err = String;

    /// Reads RFC 3339 text.
    fn from_str(text: &str) -> Result<Self, String> {
        Timestamp::parse(text).map(Self).ok_or_else(|| {
            format!("`{text}` is not a point in time: write it like `2030-01-31T08:00:00Z`")
        })
    }
}

/// How many seconds pass on the virtual clock in one of the system's, up to [`RATE_MAX`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate(
    /// The number, above 0.
    pub f64,
);

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let rate = text.parse().ok().filter(|rate: &f64| *rate > 0.0 && *rate <= RATE_MAX);
        rate.map(Self).ok_or_else(|| {
            format!(
                "`{text}` is not a rate: write a number above 0 and up to {RATE_MAX}, such as `60`"
            )
        })
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f64::deserialize(deserializer)?.to_string().parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for Rate {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Rate".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "exclusiveMinimum": 0, "maximum": RATE_MAX })
    }
}

/// What must not be shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Secret(
    /// The text, not empty.
    pub String,
);

impl FromStr for Secret {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("a secret that is empty protects nothing".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Reading of values that are text in the file too.
macro_rules! text_in_the_file {
    ($($name:ident: $schema:tt),*) => {$(
        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

text_in_the_file! {
    Period: { "type": "string", "examples": ["500ms", "30s", "10m", "24h"] },
    StartTime: { "type": "string", "format": "date-time" },
    Secret: { "type": "string", "minLength": 1 }
}
