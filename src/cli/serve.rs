//! `tombstone serve`: load, print the banner, answer until told to stop.
//!
//! Must not know how requests are answered.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;

use crate::cli::ServeArgs;
use crate::cli::banner;
use crate::cli::emulator;
use crate::cli::paint::Paint;
use crate::cli::print;
use crate::cli::ready::Ready;
use crate::cli::ready::ReadyFile;
use crate::clock::system_now;
use crate::config::Config;
use crate::config::LogFormat;
use crate::emulator::Emulator;
use crate::server::Limits;
use crate::server::Server;
use crate::server::Setup;
use crate::server::log;
use crate::server::log::Log;

pub(super) fn run(args: ServeArgs) -> anyhow::Result<ExitCode> {
    let config = args.config.resolve(args.given)?;
    let emulator = Arc::new(emulator(&config.sources, &config.emulator(system_now()))?);
    show_warnings(config.log_format);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(&config, emulator))
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

async fn serve(config: &Config, emulator: Arc<Emulator>) -> anyhow::Result<ExitCode> {
    let server = Server::bind(&config.host, config.port).await?;
    let admin = config.admin.options(server.address());
    let format = match config.log_format {
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
    let ready = Ready::new(&emulator, server.address(), config.tls.is_some());
    let file = config.ready_file.as_ref().map(|path| {
        ReadyFile::write(path, &ready).with_context(|| format!("cannot write `{}`", path.display()))
    });
    let file = file.transpose()?;
    print(&if config.print_json {
        ready.line()
    } else {
        let paint = Paint::of(&std::io::stdout());
        banner::text(&emulator, server.address(), &admin, ready.tls, paint)
    });
    server.run(Setup { emulator, admin, log, limits: Limits::default() }, stop).await;
    drop(file);
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
