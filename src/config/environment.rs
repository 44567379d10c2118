//! What the environment gives: for each flag `--some-thing` a variable `TOMBSTONE_SOME_THING`.
//!
//! Variables are read as the flags that they stand for, so both take the same. Must not know what any option is for.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::{Arg, ArgAction, Args, Command, FromArgMatches};

use crate::config::given::GivenOptions;
use crate::finding::did_you_mean;

/// What all our variables begin with.
const PREFIX: &str = "TOMBSTONE_";

/// The configuration file, which is named before it can be read.
const CONFIG_VARIABLE: &str = "TOMBSTONE_CONFIG";

/// Where commands that call a running server find it.
const URL_VARIABLE: &str = "TOMBSTONE_URL";

/// Where hosting platforms say what to listen on; ours go before them.
const COMMON: [(&str, &str); 2] = [("port", "PORT"), ("host", "HOST")];

/// Variables by name, as the process has them.
pub type EnvVariables = BTreeMap<OsString, OsString>;

/// What the environment gives.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// The options.
    pub given: GivenOptions,
    /// The configuration file to read.
    pub config: Option<PathBuf>,
    /// The server to call.
    pub url: Option<String>,
    /// Variables whose values cannot be read.
    pub problems: Vec<String>,
    /// Variables that look like ours and are not.
    pub warnings: Vec<String>,
}

/// Which options have variables: those that can be given in all places.
pub struct OptionVariables {
    flags: Vec<String>,
}

impl OptionVariables {
    /// Of all options. To put them together takes about as long as to parse a command line: once is enough.
    pub fn known() -> Self {
        Self::of_command(&GivenOptions::augment_args(Command::new("")))
    }

    fn of_command(command: &Command) -> Self {
        let flags = command.get_arguments().filter_map(Arg::get_long).chain(["config", "url"]);
        Self { flags: flags.map(str::to_owned).collect() }
    }

    /// The variables that stand for an option, ours first; none for an option that is not for all places.
    pub fn of(&self, arg: &Arg) -> Vec<String> {
        let is_known = |flag: &&str| self.flags.iter().any(|known| known == flag);
        let Some(flag) = arg.get_long().filter(is_known) else { return Vec::new() };
        let own = format!("{PREFIX}{}", flag.to_uppercase().replace('-', "_"));
        let common = COMMON.iter().filter(|(name, _)| *name == flag);
        std::iter::once(own).chain(common.map(|(_, variable)| (*variable).to_owned())).collect()
    }
}

impl Environment {
    /// Reads variables.
    pub fn read(given: &EnvVariables) -> Self {
        let value = |name: &str| given.get(OsStr::new(name));
        let mut environment = Self {
            config: value(CONFIG_VARIABLE).map(PathBuf::from),
            url: value(URL_VARIABLE).map(|url| url.to_string_lossy().into_owned()),
            ..Self::default()
        };
        let command = GivenOptions::augment_args(Command::new("environment"));
        let variables = OptionVariables::of_command(&command);
        let mut known = vec![CONFIG_VARIABLE.to_owned(), URL_VARIABLE.to_owned()];
        for arg in command.get_arguments() {
            let names = variables.of(arg);
            if let Some((name, text)) = names.iter().find_map(|name| Some((name, value(name)?))) {
                match read(&command, arg, text) {
                    Ok(given) => environment.given = given.over(environment.given),
                    Err(problem) => environment.problems.push(format!("`{name}`: {problem}")),
                }
            }
            known.extend(names);
        }
        environment.warnings = unknown(given, &known);
        environment
    }
}

/// The value of one variable, read as the flag is.
fn read(command: &Command, arg: &Arg, text: &OsStr) -> Result<GivenOptions, String> {
    let flag = format!("--{}=", arg.get_long().unwrap_or_default());
    let as_flag = |value: &OsStr| {
        let mut word = OsString::from(&flag);
        word.push(value);
        word
    };
    let is_list = matches!(arg.get_action(), ArgAction::Append);
    let words: Vec<OsString> = match text.to_str().filter(|_| is_list) {
        Some(list) => {
            list.split(separator(arg)).map(|item| as_flag(item.trim().as_ref())).collect()
        }
        None => vec![as_flag(text)],
    };
    let matches = command.clone().no_binary_name(true).try_get_matches_from(words);
    matches.and_then(|matches| GivenOptions::from_arg_matches(&matches)).map_err(|error| {
        let text = error.to_string();
        let reason = text.split("\n\nFor more").next().unwrap_or_default();
        let words: Vec<&str> = reason.trim_start_matches("error: ").split_whitespace().collect();
        words.join(" ")
    })
}

/// What stands between the items of a list. A fault has commas in it.
fn separator(arg: &Arg) -> char {
    if arg.get_id() == "faults" { ';' } else { ',' }
}

/// A warning for each variable that looks like ours and is not.
fn unknown(variables: &EnvVariables, known: &[String]) -> Vec<String> {
    let names = variables.keys().filter_map(|name| name.to_str());
    let strangers =
        names.filter(|name| name.starts_with(PREFIX) && !known.iter().any(|known| known == name));
    let warning = |name: &str| {
        let hint = did_you_mean(name, known.iter().map(String::as_str));
        let hint = hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
        format!("there is no option for the variable `{name}`{hint}")
    };
    strangers.map(warning).collect()
}
