//! The arguments that several verbs take: the options of serving, providers, and the configuration file.
//!
//! Must not know what a verb does.

use std::path::PathBuf;

use clap::Args;

use crate::cli::findings::sorted;
use crate::cli::print::{counted, print_error};
use crate::config;
use crate::config::{Config, Gathered, GivenOptions, GivenSources, WrongUsage};

/// Where options are beside the command line.
#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    /// Options in a file; `tombstone.yaml` in the working directory if it is there, unless given
    #[arg(long, value_name = "FILE", help_heading = "Files")]
    config: Option<PathBuf>,
}

impl ConfigArgs {
    /// What is given here and elsewhere; strange variables are told.
    pub(super) fn gather(&self, flags: GivenOptions) -> Result<Gathered, WrongUsage> {
        let gathered =
            config::gather(flags, self.config.as_deref(), &std::env::vars_os().collect())?;
        for warning in &gathered.warnings {
            print_error(&format!("warning: {warning}"));
        }
        Ok(gathered)
    }

    /// The same for a command that cannot go on while something is wrong with the file.
    pub(super) fn gather_sound(&self, flags: GivenOptions) -> anyhow::Result<Gathered> {
        let mut gathered = self.gather(flags)?;
        let (findings, errors) = sorted(std::mem::take(&mut gathered.findings));
        for finding in &findings {
            print_error(&finding.to_string());
        }
        if errors > 0 {
            anyhow::bail!("{} in the configuration file: mend it first", counted(errors, "error"));
        }
        Ok(gathered)
    }

    /// All options, for such a command.
    pub(super) fn resolve(&self, flags: GivenOptions) -> anyhow::Result<Config> {
        Ok(Config::resolve(self.gather_sound(flags)?.given)?)
    }
}

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    pub(super) given: GivenOptions,
    #[command(flatten)]
    pub(super) config: ConfigArgs,
}

/// Which providers, and from where.
#[derive(Debug, Args)]
pub(super) struct SourceArgs {
    #[command(flatten)]
    sources: GivenSources,
    #[command(flatten)]
    pub(super) config: ConfigArgs,
}

impl SourceArgs {
    /// The same as what is given for serving.
    pub(super) fn given(&self) -> GivenOptions {
        GivenOptions { sources: self.sources.clone(), ..GivenOptions::default() }
    }
}
