//! The start-up banner: at most ten lines that say where the server is, two calls to paste, and where there is more.
//!
//! Must not know where it is printed, nor rules or stores.

use std::net::{Ipv4Addr, SocketAddr};

use crate::behavior::ExampleCall;
use crate::cli::colors::Colors;
use crate::cli::curl::{COLUMNS_MAX, call_line, curl, wrapped};
use crate::cli::print::counted;
use crate::cli::screen::Screen;
use crate::documented::SampleCall;
use crate::emulator::{Emulator, ProviderOverview};
use crate::server::origin;
use crate::{admin, config};

/// Maximum number of lines of one call: two calls and all else are ten.
const CALL_LINES_MAX: usize = 2;

/// Maximum number of providers that are named.
const PROVIDERS_SHOWN_MAX: usize = 8;

/// Maximum number of operations that are listed, each on its line.
const OPERATIONS_SHOWN_MAX: usize = 7;

/// What is said where the admin API answers nobody.
pub(super) const CLOSED: &str = "the admin API is closed, because others can connect here: open it with --admin-token TOKEN or --admin-open";

/// A server that listens.
pub(super) struct Listening<'a> {
    pub(super) emulator: &'a Emulator,
    pub(super) address: SocketAddr,
    pub(super) admin: &'a admin::AdminOptions,
    pub(super) tls: bool,
    /// The port that was asked for.
    pub(super) port: u16,
}

impl Listening<'_> {
    fn origin(&self) -> String {
        origin(self.address, self.tls)
    }

    /// The options by which other commands reach it, each after a space; `None` where it speaks TLS, which they do not.
    fn client_options(&self) -> Option<String> {
        if self.tls {
            return None;
        }
        let ip = self.address.ip();
        let server = if ip == Ipv4Addr::LOCALHOST || ip.is_unspecified() {
            self.port_option()
        } else {
            format!(" --url {}", self.origin())
        };
        let token = if self.admin.token.is_some() { " --admin-token TOKEN" } else { "" };
        Some(format!("{server}{token}"))
    }

    /// The options by which it is served where it is, each after a space.
    fn address_options(&self) -> String {
        let ip = self.address.ip();
        let host = if ip == Ipv4Addr::LOCALHOST { String::new() } else { format!(" --host {ip}") };
        format!("{host}{}", self.port_option())
    }

    fn port_option(&self) -> String {
        match self.address.port() {
            config::PORT => String::new(),
            port => format!(" --port {port}"),
        }
    }

    /// How `examples` is called for it.
    fn same_arguments(&self) -> String {
        let port = self.address.port();
        let but = if self.port == 0 { format!(" but --port {port}") } else { String::new() };
        format!("tombstone examples, with the same arguments{but}")
    }

    /// The banner of a server whose APIs have behavior: a call that reads and one that deletes.
    pub(super) fn banner(&self, colors: Colors) -> String {
        let origin = self.origin();
        let mut screen = Screen::default();
        let providers = self.emulator.overview();
        let remembered = remembered(&providers).map(|counts| format!(" ({counts})"));
        let remembered = remembered.unwrap_or_default();
        screen.line(format_args!("{}{remembered}", where_served(&providers, &origin)));
        for call in first_calls(self.emulator, &providers, &origin) {
            screen.line(colors.dim(&format!("# {}", call.shows)));
            for line in call.lines {
                screen.line(line);
            }
        }
        screen.line(format_args!("all calls: {}", self.same_arguments()));
        if self.admin.is_closed() {
            screen.line(CLOSED);
        } else if let Some(options) = self.client_options() {
            screen.line(format_args!(
                "what happens: tombstone log -f{options}; and plan, undo, redo, advance, fault"
            ));
        }
        screen.line(self.last_line(colors));
        screen.into_text()
    }

    /// The banner of a server that answers by documents: a line for each of the first operations.
    pub(super) fn operations(&self, colors: Colors) -> String {
        let origin = self.origin();
        let mut screen = Screen::default();
        let (mut shown, mut all) = (0, 0);
        for (number, _) in self.emulator.providers().enumerate() {
            let operations = &self.emulator.behavior(number).contract().operations;
            all += operations.len();
            for (place, operation) in
                operations.iter().enumerate().take(OPERATIONS_SHOWN_MAX - shown)
            {
                let method = colors.bold(&format!("{:<8}", operation.method.as_str()));
                let call = self.emulator.short_example_call(number, place);
                let line = call.and_then(|call| call_line(&call, &origin));
                let line = line.unwrap_or_else(|why| {
                    colors.dim(&format!("{}  (no call: {why})", operation.called()))
                });
                screen.line(format_args!("{method}{line}"));
                shown += 1;
            }
        }
        let left = all - shown;
        if left > 0 {
            screen.line(format_args!(
                "and {left} more: tombstone examples --built-in off{}, with the same documents",
                self.address_options()
            ));
        }
        if let Some(counts) = remembered(&self.emulator.overview()) {
            screen.line(counts);
        }
        screen.line(self.last_line(colors));
        screen.into_text()
    }

    /// Where it listens and where the page is, which is what one sees.
    fn last_line(&self, colors: Colors) -> String {
        let origin = self.origin();
        let version = env!("CARGO_PKG_VERSION");
        let others = if self.address.ip().is_unspecified() { ", on all addresses" } else { "" };
        let listening = format!("tombstone {version} is listening on {origin}{others}");
        let page = if self.admin.is_closed() {
            String::new()
        } else {
            format!("page: {origin}{}; ", admin::PAGE)
        };
        format!("{} ({page}Ctrl-C ends it)", colors.bold(&listening))
    }
}

/// How much of what is inferred remembers; `None` where nothing is inferred.
fn remembered(providers: &[ProviderOverview<'_>]) -> Option<String> {
    let is_inferred = |provider: &&ProviderOverview<'_>| {
        provider.operations.iter().any(|operation| operation.inferred.is_some())
    };
    let inferred: Vec<_> = providers.iter().filter(is_inferred).collect();
    let operations = inferred.iter().flat_map(|provider| &provider.operations);
    let (alone, remembering): (Vec<_>, Vec<_>) =
        operations.partition(|operation| operation.stateless.is_some());
    let all = alone.len() + remembering.len();
    let resources = inferred.iter().map(|provider| provider.resources).sum();
    let rest = match alone.len() {
        0 => String::new(),
        1 => "; 1 answers by the contract alone".to_owned(),
        left => format!("; {left} answer by the contract alone"),
    };
    let resources = counted(resources, "resource");
    (!inferred.is_empty())
        .then(|| format!("{resources}, {} of {all} operations remember{rest}", remembering.len()))
}

/// Which APIs answer where.
fn where_served(providers: &[ProviderOverview<'_>], origin: &str) -> String {
    if let [one] = providers {
        return format!("{}: {origin}/{}", one.title, one.name);
    }
    let names: Vec<&str> =
        providers.iter().take(PROVIDERS_SHOWN_MAX).map(|provider| provider.name).collect();
    let more = match providers.len() - names.len() {
        0 => String::new(),
        left => format!(" and {left} more"),
    };
    format!("{}{more}: each at {origin}/NAME", names.join(", "))
}

/// A call to paste.
struct BannerCall {
    shows: String,
    lines: Vec<String>,
}

/// A call that reads and one that deletes, of the first API that has both: one of the user's own goes before those that
/// are built in.
fn first_calls(
    emulator: &Emulator,
    providers: &[ProviderOverview<'_>],
    origin: &str,
) -> Vec<BannerCall> {
    let mut order: Vec<usize> = (0..providers.len()).collect();
    order.sort_by_key(|number| providers[*number].is_built_in);
    let mut best = Vec::new();
    for number in order {
        let calls = calls_of(emulator, (number, &providers[number]), origin);
        if calls.len() > best.len() {
            best = calls;
        }
        if best.len() == 2 {
            break;
        }
    }
    best
}

fn calls_of(
    emulator: &Emulator,
    (number, provider): (usize, &ProviderOverview<'_>),
    origin: &str,
) -> Vec<BannerCall> {
    let base = format!("{origin}/{}", provider.name);
    let destroys = |call: &&ExampleCall| emulator.destroys(number, call.operation);
    let mut working: Vec<(Vec<String>, &ExampleCall)> = provider
        .calls
        .iter()
        .filter(|call| call.expect.is_success())
        .map(|call| (call_lines(&curl(call, &base)), call))
        .collect();
    // Those that are easy to read go first; of two that are, the one that the files have first.
    working.sort_by_key(|(lines, _)| lines.len() == 1 && lines[0].len() > COLUMNS_MAX);
    let first = |wanted: &dyn Fn(&&ExampleCall) -> bool| {
        let (lines, call) = working.iter().find(|(_, call)| wanted(call))?;
        let shows = format!("{} {}", call.expect.as_str(), call.shows);
        Some(BannerCall { shows, lines: lines.clone() })
    };
    let read = first(&|call| call.method == http::Method::GET);
    let read = read.or_else(|| first(&|call| !destroys(call)));
    let deletion = first(&destroys);
    let (read, deletion) = match (read, deletion) {
        (None, None) => made_up(emulator, (number, provider), origin),
        found => found,
    };
    read.into_iter().chain(deletion).collect()
}

/// A command on as many lines as the banner has for it, or else on one.
fn call_lines(words: &[String]) -> Vec<String> {
    let lines = wrapped(words);
    if lines.len() > CALL_LINES_MAX {
        return vec![words.join(" ")];
    }
    let shorter = |line: String| line.strip_prefix("    ").map(str::to_owned).unwrap_or(line);
    lines.into_iter().map(shorter).collect()
}

/// Calls that are made up: of a record that is there, if one is known.
fn made_up(
    emulator: &Emulator,
    (number, provider): (usize, &ProviderOverview<'_>),
    origin: &str,
) -> (Option<BannerCall>, Option<BannerCall>) {
    let operations = &emulator.behavior(number).contract().operations;
    let places = || (0..operations.len()).filter(|place| emulator.place(number, *place).is_some());
    let is = |place: &usize, method: &http::Method| operations[*place].method == *method;
    let of = |method: &http::Method, like: Option<&str>| {
        let is_like = |place: &usize| like.is_none_or(|path| operations[*place].template == path);
        places().find(|place| is(place, method) && is_like(place))
    };
    let first = |method: &http::Method| (0..operations.len()).find(|place| is(place, method));
    let (get, delete) = (http::Method::GET, http::Method::DELETE);
    let destroys = |place: &usize| emulator.destroys(number, *place);
    let deletion = of(&delete, None).or_else(|| first(&delete));
    let deletion = deletion.or_else(|| places().find(destroys));
    let like = deletion.map(|place| operations[place].template.as_str());
    let read = of(&get, like).or_else(|| of(&get, None)).or_else(|| first(&get));
    let read = read.or_else(|| places().find(|place| !destroys(place)));
    let shown = |place: usize| {
        let call: SampleCall = emulator.short_example_call(number, place).ok()?;
        let operation = &provider.operations[place];
        let shows = format!("{} {}", operation.method, operation.path);
        Some(BannerCall { shows, lines: vec![call_line(&call, origin).ok()?] })
    };
    (read.and_then(shown), deletion.and_then(shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_stands_for_every_address() {
        for (address, expected) in [
            ("127.0.0.1:1", "http://127.0.0.1:1"),
            ("0.0.0.0:1", "http://127.0.0.1:1"),
            ("[::]:1", "http://127.0.0.1:1"),
            ("[::1]:1", "http://[::1]:1"),
        ] {
            assert_eq!(origin(address.parse().unwrap(), false), expected);
        }
    }
}
