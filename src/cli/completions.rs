//! `tombstone completions` and `tombstone man`: what shells and `man` know of the command line, from the same definitions
//! as its help.
//!
//! Must not know what a verb does.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Command};
use clap_complete::Shell;

use crate::cli::print::print;

pub(super) const AFTER_COMPLETIONS: &str = "\
Examples:
  tombstone completions bash > ~/.local/share/bash-completion/completions/tombstone
  tombstone completions zsh > ~/.zfunc/_tombstone          (where ~/.zfunc is in $fpath)
  tombstone completions fish > ~/.config/fish/completions/tombstone.fish

Exit codes: 0 printed, 2 wrong usage";

pub(super) const AFTER_MAN: &str = "\
Examples:
  tombstone man | man -l -
  tombstone man --out ~/.local/share/man/man1

Exit codes: 0 printed or written, 1 it cannot be written, 2 wrong usage";

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Write the page of each command into this folder, too
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Prints the script of a shell.
pub(super) fn completions(args: &CompletionsArgs, mut command: Command) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "tombstone", &mut script);
    print(&String::from_utf8_lossy(&script));
    ExitCode::SUCCESS
}

/// Prints the manual page of the program, or writes those of all commands.
pub(super) fn man(args: &ManArgs, command: Command) -> anyhow::Result<ExitCode> {
    // The name is told in one line; what follows it comes below.
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let name = about.lines().next().unwrap_or_default().trim_end_matches('.').to_owned();
    let command = command.about(name).long_about(about);
    if let Some(folder) = &args.out {
        clap_mangen::generate_to(command, folder)
            .with_context(|| format!("cannot write to `{}`", folder.display()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    print(&String::from_utf8_lossy(&page));
    Ok(ExitCode::SUCCESS)
}
