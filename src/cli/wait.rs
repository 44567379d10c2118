//! `tombstone wait`: until a server answers.
//!
//! Must not know what it serves.

use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::Args;

use crate::admin;
use crate::cli::client::{Client, Url};
use crate::cli::print::{print, print_error};
use crate::cli::server_address::{ServerArgs, ServerLocation};
use crate::clock::Stopwatch;
use crate::config::{Period, Secret};

/// Between two attempts: short beside the start of any process.
const PAUSE: Duration = Duration::from_millis(20);

/// How long one attempt may take: a server that is starting refuses at once.
const ATTEMPT_MAX: Duration = Duration::from_secs(2);

#[derive(Debug, Args)]
pub(super) struct WaitArgs {
    /// How long to wait
    #[arg(long, value_name = "DURATION", default_value = "10s")]
    timeout: Period,
    #[command(flatten)]
    server: ServerArgs,
}

pub(super) fn run(args: &WaitArgs) -> anyhow::Result<ExitCode> {
    let (location, token) = args.server.location()?;
    let Period(timeout) = args.timeout;
    let watch = Stopwatch::start();
    let mut seen_before = None;
    loop {
        let began = watch.elapsed();
        let left = timeout.saturating_sub(began);
        let patience = left.clamp(Duration::from_millis(1), ATTEMPT_MAX);
        let seen = match attempt(&location, token.as_ref(), patience) {
            Ok(url) => {
                print(&format!("{url}\n"));
                return Ok(ExitCode::SUCCESS);
            }
            Err(seen) => seen,
        };
        if watch.elapsed() >= timeout {
            // One that was cut short by the end saw less than the one before it.
            let is_cut_short = watch.elapsed().saturating_sub(began) >= patience;
            let seen = seen_before.filter(|_| is_cut_short).unwrap_or(seen);
            print_error(&format!("no server after {timeout:?}: {seen}"));
            return Ok(ExitCode::FAILURE);
        }
        seen_before = Some(seen);
        thread::sleep(PAUSE.min(left));
    }
}

/// Whether a server answers now; what was seen instead.
fn attempt(
    location: &ServerLocation,
    token: Option<&Secret>,
    patience: Duration,
) -> Result<Url, String> {
    let url = location.url()?;
    if url.is_https {
        url.connect(patience).map_err(|error| format!("`{url}`: {error}"))?;
        print_error(&format!("note: of `{url}` it is only known that it accepts connections"));
        return Ok(url);
    }
    let client = Client::new(url, token.cloned());
    let path = format!("{}/health", admin::ROOT);
    let answer = client.call("GET", &path, patience);
    let url = client.url;
    match answer {
        // A server whose admin API is closed to us is there all the same.
        Ok(answer) if answer.is_tombstone && answer.status < 500 => Ok(url),
        Ok(answer) => Err(format!("`{url}` answered {} to GET {path}", answer.status)),
        Err(error) => Err(format!("`{url}`: {error}")),
    }
}
