//! `tombstone examples`: every call that there is to paste, for each operation.
//!
//! Must not know how requests are answered, and starts no server.

use std::net::{SocketAddr, ToSocketAddrs};
use std::process::ExitCode;

use anyhow::Context;

use crate::admin;
use crate::catalog::Files;
use crate::cli::args::ServeArgs;
use crate::cli::banner::CLOSED;
use crate::cli::colors::Colors;
use crate::cli::curl::{COLUMNS_MAX, call_line, curl, quoted, wrapped};
use crate::cli::load::load_or_tell;
use crate::cli::print::print;
use crate::cli::screen::Screen;
use crate::clock::system_now;
use crate::config::{Config, WrongUsage};
use crate::emulator::{Emulator, ProviderOverview};
use crate::server::origin;

/// Host names of one provider that are shown: documents list a region each.
const HOSTS_SHOWN_MAX: usize = 5;

pub(super) fn run(args: ServeArgs) -> anyhow::Result<ExitCode> {
    let config = args.config.resolve(args.given)?;
    let address = address(&config)?;
    let options = config.emulator(system_now());
    let emulator = load_or_tell(&config.sources, &options, &mut Files::unwanted())?;
    let admin = config.admin.options(address);
    let colors = Colors::of(&std::io::stdout());
    print(&text(&emulator, &origin(address, config.tls.is_some()), &admin, colors));
    Ok(ExitCode::SUCCESS)
}

/// Where a server with these options listens.
fn address(config: &Config) -> anyhow::Result<SocketAddr> {
    if config.port == 0 {
        let problem = "the port is 0, so any: say with `--port` where the server listens";
        return Err(WrongUsage(vec![problem.to_owned()]).into());
    }
    let host = config.host.trim_start_matches('[').trim_end_matches(']');
    let mut addresses = (host, config.port)
        .to_socket_addrs()
        .with_context(|| format!("`{host}` is not an address"))?;
    addresses.next().with_context(|| format!("`{host}` leads nowhere"))
}

/// Which APIs there are, each operation with calls to paste, and the admin API.
fn text(emulator: &Emulator, origin: &str, admin: &admin::AdminOptions, colors: Colors) -> String {
    let mut screen = Screen::default();
    for (number, provider) in emulator.overview().iter().enumerate() {
        push_provider(&mut screen, emulator, (number, provider), origin, colors);
    }
    push_admin(&mut screen, origin, admin, colors);
    screen.into_text()
}

fn push_provider(
    screen: &mut Screen,
    emulator: &Emulator,
    (number, provider): (usize, &ProviderOverview<'_>),
    origin: &str,
    colors: Colors,
) {
    let base = format!("{origin}/{}", provider.name);
    screen.line(colors.bold(provider.title));
    screen.line(format_args!("  {base}"));
    let hosts = format!("also under the host names {}", shown_hosts(&provider.hosts));
    screen.line(format_args!("  {}", colors.dim(&hosts)));
    let mut others = Vec::new();
    for (place, operation) in provider.operations.iter().enumerate() {
        let called = format!("{} {}", operation.method, operation.path);
        let mut calls = provider.calls.iter().filter(|call| call.operation == place).peekable();
        // Where a file decides, what is made up leads to no record.
        let is_made_up = !emulator.behavior(number).decides(place) || operation.inferred.is_some();
        if calls.peek().is_none() && !is_made_up {
            others.push(called);
            continue;
        }
        screen.blank();
        screen.line(format_args!("  {}", colors.bold(&called)));
        if calls.peek().is_none() {
            let sample = emulator.short_example_call(number, place);
            let line = sample.and_then(|call| call_line(&call, origin));
            let line = line.unwrap_or_else(|why| colors.dim(&format!("no call: {why}")));
            screen.line(format_args!("    {line}"));
        }
        for call in calls {
            let status = call.expect.as_str();
            let (mark, status) = (colors.dim("#"), colors.status(status, status));
            screen.line(format_args!("    {mark} {status} {}", colors.dim(&call.shows)));
            for line in wrapped(&curl(call, &base)) {
                screen.line(line);
            }
        }
    }
    if !others.is_empty() {
        screen.blank();
        for line in listed(&others) {
            screen.line(format_args!("  {line}"));
        }
    }
    screen.blank();
}

/// The operations without calls, as many to a line as fit.
fn listed(operations: &[String]) -> Vec<String> {
    let mut lines = vec!["also".to_owned()];
    for (place, operation) in operations.iter().enumerate() {
        let comma = if place + 1 < operations.len() { "," } else { "" };
        match lines.last_mut() {
            Some(line) if line.len() + operation.len() + 4 <= COLUMNS_MAX => {
                line.push(' ');
                line.push_str(operation);
                line.push_str(comma);
            }
            _ => lines.push(format!("{operation}{comma}")),
        }
    }
    lines
}

/// The first host names and the last, and how many more there are.
fn shown_hosts(hosts: &[String]) -> String {
    match hosts {
        // The last is of this machine.
        [shown @ .., last] if hosts.len() > HOSTS_SHOWN_MAX => {
            let (shown, others) = shown.split_at(HOSTS_SHOWN_MAX - 1);
            format!("{}, {last} and {} more", shown.join(", "), others.len())
        }
        hosts => hosts.join(", "),
    }
}

fn push_admin(screen: &mut Screen, origin: &str, admin: &admin::AdminOptions, colors: Colors) {
    screen.line(colors.bold("Admin API"));
    if admin.is_closed() {
        screen.line(format_args!("  {CLOSED}"));
        screen.blank();
        return;
    }
    let token = match &admin.token {
        Some(_) => " -H 'Authorization: Bearer <TOKEN>'",
        None => "",
    };
    let root = admin::ROOT;
    for (shows, method, path) in [
        ("which records there are", "", "/sandboxes/default/resources"),
        ("what was asked, and why it was answered so", "", "/sandboxes/default/requests"),
        ("the last change undone", "-X POST ", "/sandboxes/default/undo"),
        ("everything back to the start", "-X POST ", "/reset"),
        ("all that it can do", "", "/openapi.json"),
    ] {
        let url = quoted(&format!("{origin}{root}{path}"));
        let command = format!("curl -s {method}{url}{token}");
        screen.line(format_args!("    {}", colors.dim(&format!("# {shows}"))));
        screen.line(format_args!("    {command}"));
    }
    screen.blank();
    screen.line(
        "  A sandbox for each test: put /@NAME before any path, or send `Tombstone-Sandbox: NAME`.",
    );
    screen.blank();
}
