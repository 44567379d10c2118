//! `tombstone serve`: load, print the banner, answer until told to stop.
//!
//! Must not know how requests are answered.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;

use crate::admin;
use crate::cli::LogFormat;
use crate::cli::ServeArgs;
use crate::cli::Switch;
use crate::cli::banner;
use crate::cli::emulator;
use crate::cli::paint::Paint;
use crate::cli::print;
use crate::emulator::Emulator;
use crate::emulator::Options;
use crate::server::Limits;
use crate::server::Server;
use crate::server::Setup;
use crate::server::log;
use crate::server::log::Log;

pub(super) fn run(args: &ServeArgs) -> anyhow::Result<ExitCode> {
    let options = Options { seed: args.seed, cors: args.cors == Switch::On };
    let emulator = Arc::new(emulator(&args.sources, &options)?);
    show_warnings(args.log_format);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(args, emulator))
}

/// Has what the server itself warns of printed.
fn show_warnings(format: LogFormat) {
    let to_stderr = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(std::io::stderr)
        .with_ansi(Paint::of(&std::io::stderr()).has_colour());
    // It fails where there is one already, which then shows them.
    let _ = match format {
        LogFormat::Json => to_stderr.json().try_init(),
        LogFormat::Human | LogFormat::None => to_stderr.with_target(false).try_init(),
    };
}

async fn serve(args: &ServeArgs, emulator: Arc<Emulator>) -> anyhow::Result<ExitCode> {
    let server = Server::bind(&args.host, args.port).await?;
    let admin = admin::Options {
        bind: server.address(),
        hosts: args.admin.hosts.clone(),
        token: args.admin.token.clone(),
        open: args.admin.open,
    };
    let format = match args.log_format {
        LogFormat::Human => {
            Some(log::Format::Human { colour: Paint::of(&std::io::stderr()).has_colour() })
        }
        LogFormat::Json => Some(log::Format::Json),
        LogFormat::None => None,
    };
    let log = format.map(|format| Log::start(format, std::io::stderr())).transpose();
    let log = log.context("cannot start the thread that writes the log")?;
    // Before anybody is told that there is something to stop.
    let stop = stop_signal()?;
    let paint = Paint::of(&std::io::stdout());
    print(&banner::text(&emulator, server.address(), &admin, paint));
    server.run(Setup { emulator, admin, tls: None, log, limits: Limits::default() }, stop).await;
    Ok(ExitCode::SUCCESS)
}

/// Ready when the process is asked to end.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::SignalKind;
    use tokio::signal::unix::signal;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
