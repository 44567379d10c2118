//! `tombstone reset`: a running server's records back to the start.
//!
//! Must not know records.

use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use crate::admin;
use crate::cli::print::{counted, print};
use crate::cli::server_address::{SandboxName, ServerArgs};
use crate::sandbox::DEFAULT;

#[derive(Debug, Args)]
pub(super) struct ResetArgs {
    /// The sandbox that is put back to how it began [default: default]
    #[arg(long, value_name = "NAME")]
    sandbox: Option<SandboxName>,
    /// Put `default` back to how it began, and drop all other sandboxes
    #[arg(long, conflicts_with = "sandbox")]
    all: bool,
    #[command(flatten)]
    server: ServerArgs,
}

pub(super) fn run(args: &ResetArgs) -> anyhow::Result<ExitCode> {
    let client = args.server.client()?;
    if args.all {
        let done: Value = client.ask("POST", &format!("{}/reset", admin::ROOT), None)?;
        let dropped = done["sandboxes_dropped"].as_u64().unwrap_or_default();
        let dropped = counted(usize::try_from(dropped).unwrap_or(usize::MAX), "other sandbox");
        print(&format!("reset `{DEFAULT}`, dropped {dropped}\n"));
        return Ok(ExitCode::SUCCESS);
    }
    let name = args.sandbox.as_ref().map_or(DEFAULT, SandboxName::as_str);
    let path = format!("{}/sandboxes/{name}/reset", admin::ROOT);
    let _: Value = client.ask("POST", &path, None)?;
    print(&format!("reset `{name}`\n"));
    Ok(ExitCode::SUCCESS)
}
