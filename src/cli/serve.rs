//! `tombstone serve`: load, print the banner, answer until told to stop.
//!
//! Must not know how requests are answered.

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::Context;

use crate::catalog::Files;
use crate::cli::args::ServeArgs;
use crate::cli::atomic_file::Access;
use crate::cli::banner::Listening;
use crate::cli::colors::Colors;
use crate::cli::load::{check_faults, load_or_tell};
use crate::cli::lock::Lock;
use crate::cli::persistence::Autosave;
use crate::cli::print::{print, print_error};
use crate::cli::ready::{ReadyFile, ReadyLine};
use crate::cli::reload::Reloader;
use crate::cli::watch::Watcher;
use crate::cli::{atomic_file, journal_out, state_file};
use crate::clock::{Timestamp, system_now};
use crate::config::{Config, LogFormat, TlsConfig};
use crate::emulator::{Current, Emulator, Unserved};
use crate::server::log::Log;
use crate::server::tls::Identity;
use crate::server::{Server, ServerLimits, Setup, log};
use crate::{admin, catalog};

/// What is printed when it listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Greeting {
    /// Which APIs there are, two calls to paste, and where there is more.
    Banner,
    /// A line for each of the first operations.
    Operations,
    /// Nothing.
    None,
}

pub(super) fn run(args: ServeArgs) -> anyhow::Result<ExitCode> {
    with(&args.config.resolve(args.given)?, Greeting::Banner)
}

pub(super) fn with(config: &Config, greeting: Greeting) -> anyhow::Result<ExitCode> {
    check_outputs(config)?;
    let lock = config.state.as_ref().map(|state| Lock::of(&state.file)).transpose()?;
    let mut files = if config.watch { Files::default() } else { Files::unwanted() };
    let began = system_now();
    let mut emulator = load_or_tell(&config.sources, &config.emulator(began), &mut files)?;
    check_faults(&config.faults, &emulator)?;
    emulator.load_fixtures_with(catalog::fixture_loader(config.sources.clone()));
    show_warnings(config.log_format);
    if let Some(state) = &config.state {
        state_file::restore(&emulator, &state.file)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(serve(config, greeting, emulator.into(), (files, began)));
    // All is written; what is still being worked on has had its time.
    runtime.shutdown_background();
    drop(lock);
    ended
}

/// Whether everything that is to be written can be: better told now than when it would be lost.
fn check_outputs(config: &Config) -> anyhow::Result<()> {
    let cert_out = match &config.tls {
        Some(TlsConfig::SelfSigned { cert_out }) => cert_out.as_ref(),
        _ => None,
    };
    let outputs = [
        ("--state", config.state.as_ref().map(|state| &state.file)),
        ("--journal-out", config.journal.out.as_ref()),
        ("--ready-file", config.ready_file.as_ref()),
        ("--tls-cert-out", cert_out),
    ];
    for (flag, path) in outputs {
        let Some(path) = path else { continue };
        atomic_file::check(path)
            .with_context(|| format!("cannot write `{}` (`{flag}`)", path.display()))?;
        atomic_file::clean(path);
    }
    Ok(())
}

/// Has what the server itself warns of printed.
fn show_warnings(format: LogFormat) {
    let to_stderr = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(std::io::stderr)
        .with_ansi(Colors::of(&std::io::stderr()).has_colour());
    // It fails where there is one already, which then shows them.
    let _ = match format {
        LogFormat::Json => to_stderr.json().try_init(),
        LogFormat::Human | LogFormat::None => to_stderr.with_target(false).try_init(),
    };
}

async fn serve(
    config: &Config,
    greeting: Greeting,
    current: Current,
    (files, began): (Files, Timestamp),
) -> anyhow::Result<ExitCode> {
    let server = Server::bind(&config.host, config.port).await?;
    let tls =
        config.tls.as_ref().map(|tls| identity(tls, config, &current.snapshot())).transpose()?;
    let admin = config.admin.options(server.address());
    let format = match config.log_format {
        LogFormat::Human => {
            Some(log::LineFormat::Human { colour: Colors::of(&std::io::stderr()).has_colour() })
        }
        LogFormat::Json => Some(log::LineFormat::Json),
        LogFormat::None => None,
    };
    let log = format.map(|format| Log::start(format, std::io::stderr())).transpose();
    let log = log.context("cannot start the thread that writes the log")?;
    // Before anybody is told that there is something to stop.
    let stop = stop_signal()?;
    let ready = ReadyLine::new(&current.snapshot(), server.address(), config.tls.is_some());
    let file = config.ready_file.as_ref().map(|path| {
        ReadyFile::write(path, &ready).with_context(|| format!("cannot write `{}`", path.display()))
    });
    let file = file.transpose()?;
    greet(config, greeting, &current.snapshot(), server.address(), &admin, &ready);
    let limits = ServerLimits { body_bytes_max: config.body_bytes_max, ..ServerLimits::default() };
    let watcher = config.watch.then(|| watcher(config, &current, (files, began), log.as_ref()));
    let watcher = watcher.transpose()?;
    let kept = config.state.clone().map(|state| Autosave::start(state, current.clone()));
    let setup = Setup { emulator: current.clone(), admin, tls, log, limits };
    server.run(setup, stop).await;
    drop(watcher);
    drop(file);
    write_last(config, &current, kept).await.map(|()| ExitCode::SUCCESS)
}

/// Says where the server listens and what it serves; what it does not serve comes last, below all that.
fn greet(
    config: &Config,
    greeting: Greeting,
    emulator: &Emulator,
    address: SocketAddr,
    admin: &admin::AdminOptions,
    ready: &ReadyLine,
) {
    print(&if config.print_json {
        ready.line()
    } else {
        let colors = Colors::of(&std::io::stdout());
        let listening = Listening { emulator, address, admin, tls: ready.tls, port: config.port };
        match greeting {
            Greeting::Banner => listening.banner(colors),
            Greeting::Operations => listening.operations(colors),
            Greeting::None => String::new(),
        }
    });
    tell_unserved(emulator);
}

/// Writes what is left when the server has ended. One that fails does not keep the other from being written; the state
/// comes first, for nobody can make it again.
async fn write_last(
    config: &Config,
    current: &Current,
    kept: Option<Autosave>,
) -> anyhow::Result<()> {
    let saved = match kept {
        Some(keeper) => keeper.finish().await,
        None => Ok(()),
    };
    let told = config.journal.out.as_ref().map_or(Ok(()), |path| {
        journal_out::write(&current.snapshot(), path)
            .with_context(|| format!("cannot write `{}`", path.display()))
    });
    if let (Err(error), Err(_)) = (&saved, &told) {
        print_error(&format!("{error:#}"));
    }
    told.and(saved)
}

/// Says which providers are not served, below the banner: what was said above it is out of sight by now.
fn tell_unserved(emulator: &Emulator) {
    for Unserved { provider, problems } in emulator.unserved() {
        let first = problems.first().map_or("", String::as_str);
        let more = match problems.len() {
            0 | 1 => "",
            _ => " (and more: `tombstone check` shows all)",
        };
        print_error(&format!("`{provider}` is not served: {first}{more}"));
    }
}

/// Who has changes of these files taken up.
fn watcher(
    config: &Config,
    current: &Current,
    (files, began): (Files, Timestamp),
    log: Option<&Log>,
) -> anyhow::Result<Watcher> {
    if files.folders.is_empty() && files.read.is_empty() {
        print_error("warning: `--watch` has nothing to watch, for all files are built in");
    }
    let notes = log.map(Log::notes);
    let reloader = Reloader::new(config.clone(), current.clone(), (files, began), notes);
    Watcher::start(reloader).context("cannot start the thread that looks for changed files")
}

/// Who the server is to those who call it by HTTPS.
fn identity(tls: &TlsConfig, config: &Config, emulator: &Emulator) -> anyhow::Result<Identity> {
    match tls {
        TlsConfig::Files { cert, key } => Identity::from_pem_files(cert, key).map_err(|errors| {
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            anyhow::anyhow!(errors.join("\n"))
        }),
        TlsConfig::SelfSigned { cert_out } => {
            let hosts = emulator.overview().into_iter().flat_map(|provider| provider.hosts);
            let names: Vec<String> = hosts.chain([config.host.clone()]).collect();
            let identity = Identity::self_signed(&names)?;
            if let Some(path) = cert_out {
                let pem = identity.trusted_pem().as_bytes();
                atomic_file::write(path, Access::Usual, |file| file.write_all(pem))
                    .with_context(|| format!("cannot write `{}`", path.display()))?;
            }
            Ok(identity)
        }
    }
}

/// Ready when the process is asked to end.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    // The terminal is gone. Who starts a program with `nohup` wants it to go on.
    let hangup = (!is_hangup_ignored()).then(|| signal(SignalKind::hangup())).transpose();
    let mut hangup = hangup.context("cannot listen for SIGHUP")?;
    Ok(async move {
        let hangup = async {
            match &mut hangup {
                Some(hangup) => drop(hangup.recv().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = hangup => {}
        }
    })
}

/// Whether this process was started so that SIGHUP does nothing to it, where the system tells (Linux does).
fn is_hangup_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // Bit 0 is signal 1, which is SIGHUP.
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & 1 == 1)
}
