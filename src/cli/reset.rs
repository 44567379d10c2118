//! `tombstone reset`: a running server's records back to the start.
//!
//! Must not know records.

use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use crate::admin;
use crate::cli::target::SandboxName;
use crate::cli::target::TargetArgs;

#[derive(Debug, Args)]
pub(super) struct ResetArgs {
    /// This sandbox; the one that is there without a name, unless given
    #[arg(long, value_name = "NAME")]
    sandbox: Option<SandboxName>,
    #[command(flatten)]
    target: TargetArgs,
}

pub(super) fn run(args: &ResetArgs) -> anyhow::Result<ExitCode> {
    let path = match &args.sandbox {
        Some(sandbox) => sandbox.path("/reset"),
        None => format!("{}/reset", admin::ROOT),
    };
    let _: Value = args.target.client()?.ask("POST", &path, None)?;
    Ok(ExitCode::SUCCESS)
}
