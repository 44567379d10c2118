//! `tombstone save` and `restore`: a sandbox as a file.
//!
//! Must not know what a state has in it.

use std::fs::File;
use std::io;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde_json::Value;

use crate::cli::atomic_file;
use crate::cli::atomic_file::Access;
use crate::cli::print::print;
use crate::cli::server_address::SandboxArgs;
use crate::cli::words::record_count;

/// What stands for standard output and input.
const STREAM: &str = "-";

/// Maximum number of bytes of a state that are read: far more than servers take unless they are told to.
const STATE_BYTES_MAX: u64 = 512 << 20;

#[derive(Debug, Args)]
pub(super) struct SaveArgs {
    /// The file; - is standard output
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Replace the file if it is there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    of: SandboxArgs,
}

#[derive(Debug, Args)]
pub(super) struct RestoreArgs {
    /// What `tombstone save` wrote; - is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    of: SandboxArgs,
}

pub(super) fn save(args: &SaveArgs) -> anyhow::Result<ExitCode> {
    let shown = args.file.display();
    let is_stream = args.file == Path::new(STREAM);
    if !is_stream {
        atomic_file::check(&args.file).with_context(|| format!("cannot write `{shown}`"))?;
    }
    let is_there = !is_stream && args.file.exists();
    if is_there && !args.force {
        anyhow::bail!("`{shown}` is there already: `--force` replaces it");
    }
    let state = args.of.client()?.patient().ask_bytes("GET", &args.of.path("/state"), None)?;
    let value: Value = serde_json::from_slice(&state)
        .map_err(|error| anyhow::anyhow!("the server's state is not JSON: {error}"))?;
    if is_stream {
        let mut out = io::stdout().lock();
        let written = out.write_all(&state).and_then(|()| out.write_all(b"\n"));
        written.and_then(|()| out.flush()).context("cannot write the state")?;
        return Ok(ExitCode::SUCCESS);
    }
    let text = |file: &mut BufWriter<&mut File>| {
        file.write_all(&state)?;
        file.write_all(b"\n")
    };
    // One that has come meanwhile stays, too.
    let written = if args.force {
        atomic_file::write(&args.file, Access::Private, text)
    } else {
        atomic_file::write_new(&args.file, Access::Private, text)
    };
    written.with_context(|| format!("cannot write `{shown}`"))?;
    let replaced = if is_there { ", which was replaced" } else { "" };
    let records = record_count(records(&value), "records");
    print(&format!("saved `{}` to `{shown}`{replaced}: {records}\n", args.of.sandbox.as_str()));
    Ok(ExitCode::SUCCESS)
}

pub(super) fn restore(args: &RestoreArgs) -> anyhow::Result<ExitCode> {
    let is_stream = args.file == Path::new(STREAM);
    let shown = if is_stream { Path::new("standard input") } else { &args.file }.display();
    let state = read(&args.file).with_context(|| format!("cannot read `{shown}`"))?;
    let value: Value = serde_json::from_slice(&state).map_err(|error| {
        anyhow::anyhow!("`{shown}` is not what `tombstone save` writes: {error}")
    })?;
    // All of it or nothing: what does not fit leaves the sandbox as it is.
    let client = args.of.client()?.patient();
    client.ask_bytes("PUT", &args.of.path("/state"), Some(state.into()))?;
    let records = record_count(records(&value), "records");
    let name = args.of.sandbox.as_str();
    print(&format!(
        "`{name}` is as `{shown}` says: {records}; what it had before is replaced, and its journal begins anew\n"
    ));
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    if path == Path::new(STREAM) {
        atomic_file::read_all(io::stdin(), STATE_BYTES_MAX)
    } else {
        atomic_file::read(path, STATE_BYTES_MAX)
    }
}

/// How many records a state has.
fn records(state: &Value) -> u64 {
    let providers =
        state["providers"].as_object().into_iter().flat_map(|providers| providers.values());
    let resources = providers
        .filter_map(|provider| provider["records"].as_object())
        .flat_map(|records| records.values());
    resources.map(|records| records.as_array().map_or(0, Vec::len) as u64).sum()
}
