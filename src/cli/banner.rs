//! The start-up banner: which APIs answer where, and calls to paste.
//!
//! Must not know where it is printed, nor rules or stores.

use std::fmt::Write as _;
use std::net::SocketAddr;

use crate::admin;
use crate::behavior::ExampleCall;
use crate::cli::colors::Colors;
use crate::cli::screen::Screen;
use crate::documented::SampleCall;
use crate::emulator::{Emulator, ProviderOverview};
use crate::printable::is_printable;
use crate::server::origin;

/// From this column on a command goes on in the next line.
const COLUMNS_MAX: usize = 100;

/// Bodies up to here are shown in the line of their operation: it can still be copied, and a shell takes it.
const LINE_BODY_BYTES_MAX: usize = 16 << 10;

/// Host names of one provider that are shown: documents list a region each.
const HOSTS_SHOWN_MAX: usize = 5;

/// What the banner says where the admin API answers nobody.
const CLOSED: [&str; 2] = [
    "  closed, because others can connect to this address: give it a token with --admin-token, or open it",
    "  to everyone with --admin-open",
];

/// The banner of a server that listens on `address`.
pub(super) fn text(
    emulator: &Emulator,
    address: SocketAddr,
    admin: &admin::AdminOptions,
    tls: bool,
    colors: Colors,
) -> String {
    let origin = origin(address, tls);
    let mut screen = Screen::default();
    for provider in emulator.overview() {
        push_provider(&mut screen, &provider, &origin, colors);
    }
    push_admin(&mut screen, &origin, admin, colors);
    let version = env!("CARGO_PKG_VERSION");
    let others = if address.ip().is_unspecified() { ", on all addresses" } else { "" };
    let listening = format!("tombstone {version} is listening on {origin}{others}");
    let page = page(&origin, admin);
    screen.line(format_args!("{} ({page}Ctrl-C ends it)", colors.bold(&listening)));
    screen.into_text()
}

/// Where the page is, as a part of the last line, which is what one sees.
fn page(origin: &str, admin: &admin::AdminOptions) -> String {
    if admin.is_closed() { String::new() } else { format!("page: {origin}{}; ", admin::PAGE) }
}

/// A line for each operation that can be pasted into a shell, and where the server listens.
pub(super) fn operations(
    emulator: &Emulator,
    address: SocketAddr,
    admin: &admin::AdminOptions,
    tls: bool,
    colors: Colors,
) -> String {
    let origin = origin(address, tls);
    let mut screen = Screen::default();
    for (number, _) in emulator.providers().enumerate() {
        let operations = &emulator.behavior(number).contract().operations;
        for (operation, call) in operations.iter().zip(emulator.example_calls(number)) {
            let method = colors.bold(&format!("{:<8}", operation.method.as_str()));
            let line = call.and_then(|call| call_line(&call, &origin));
            let line = line.unwrap_or_else(|why| {
                colors.dim(&format!("{}  (no call: {why})", operation.called()))
            });
            screen.line(format_args!("{method}{line}"));
        }
    }
    let version = env!("CARGO_PKG_VERSION");
    let listening = format!("tombstone {version} is listening on {origin}");
    let page = page(&origin, admin);
    screen.line(format_args!("{} ({page}Ctrl-C ends it)", colors.bold(&listening)));
    screen.into_text()
}

/// `curl -i -X POST http://127.0.0.1:4010/pets -H … --data-raw …`, on one line; an `Err` says why it cannot be.
fn call_line(call: &SampleCall, origin: &str) -> Result<String, String> {
    let body = call.body.as_deref().filter(|_| call.method != "HEAD");
    if body.is_some_and(|body| body.len() > LINE_BODY_BYTES_MAX) {
        return Err("the body that it asks for is too long for a line".to_owned());
    }
    let mut words = vec!["curl -i".to_owned()];
    match call.method.as_str() {
        "HEAD" => words = vec!["curl -I".to_owned()],
        // With a body it would be a `POST`.
        "GET" if body.is_none() => {}
        "POST" if body.is_some() => {}
        method => words.push(format!("-X {method}")),
    }
    let path = call.target.split('?').next().unwrap_or_default();
    if path.split('/').any(|segment| matches!(segment, "." | "..")) {
        words.push("--path-as-is".to_owned());
    }
    words.push(quoted(&format!("{origin}{}", call.target)));
    words.extend(call.headers.iter().map(|(name, value)| header(name, value)));
    let Some(body) = body else { return Ok(words.join(" ")) };
    // A shell takes no NUL, and a terminal changes what else it takes for its own when a line is pasted.
    match std::str::from_utf8(body) {
        Ok(text) if text.chars().all(is_printable) => {
            words.push(format!("--data-raw {}", quoted(text)));
            Ok(words.join(" "))
        }
        _ => {
            words.push("--data-binary @-".to_owned());
            Ok(format!("printf %b {} | {}", quoted(&escaped(body)), words.join(" ")))
        }
    }
}

/// `-H` and a header. One that is empty ends with a semicolon, or curl would not send it.
fn header(name: &str, value: &str) -> String {
    let line = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
    format!("-H {}", quoted(&line))
}

/// Bytes as the `%b` of `printf` reads them (POSIX).
fn escaped(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' => text.push_str("\\\\"),
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                '\t' => text.push_str("\\t"),
                other if !is_printable(other) => {
                    let mut buffer = [0; 4];
                    let bytes = other.encode_utf8(&mut buffer).bytes();
                    bytes.for_each(|byte| push_octal(&mut text, byte));
                }
                character => text.push(character),
            }
        }
        chunk.invalid().iter().for_each(|byte| push_octal(&mut text, *byte));
    }
    text
}

fn push_octal(text: &mut String, byte: u8) {
    let _ = write!(text, "\\0{byte:03o}");
}

fn push_provider(
    screen: &mut Screen,
    provider: &ProviderOverview<'_>,
    origin: &str,
    colors: Colors,
) {
    let base = format!("{origin}/{}", provider.name);
    screen.line(colors.bold(provider.title));
    screen.line(format_args!("  {base}"));
    let hosts = format!("also under the host names {}", shown_hosts(&provider.hosts));
    screen.line(format_args!("  {}", colors.dim(&hosts)));
    let mut others = Vec::new();
    for (number, operation) in provider.operations.iter().enumerate() {
        let called = format!("{} {}", operation.method, operation.path);
        let mut calls = provider.calls.iter().filter(|call| call.operation == number).peekable();
        if calls.peek().is_none() {
            others.push(called);
            continue;
        }
        screen.blank();
        screen.line(format_args!("  {}", colors.bold(&called)));
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
        for line in CLOSED {
            screen.line(line);
        }
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

/// The words of a command that makes the call, pasteable into a shell, and that shows status and body.
fn curl(call: &ExampleCall, base: &str) -> Vec<String> {
    let mut words = vec!["curl -i".to_owned()];
    // `-d` makes it a POST.
    let (method, has_body) = (call.method.as_str(), call.body.is_some());
    if !matches!((method, has_body), ("GET", false) | ("POST", true)) {
        words.push(format!("-X {method}"));
    }
    words.push(quoted(&format!("{base}{}", call.target)));
    for (name, value) in &call.headers {
        words.push(header(name, value));
    }
    if let Some(body) = &call.body {
        words.push(format!("-d {}", quoted(&body.to_string())));
    }
    words
}

/// The words on as many lines as they need, each but the last ending so that a shell reads on.
fn wrapped(words: &[String]) -> Vec<String> {
    let mut lines = vec![String::from("   ")];
    let mut column = 4;
    for (index, word) in words.iter().enumerate() {
        let width = word.chars().count() + 1;
        let line = lines.last_mut().expect("there is a first line");
        if index > 0 && column + width > COLUMNS_MAX {
            line.push_str(" \\");
            lines.push(format!("      {word}"));
            column = 6;
        } else {
            line.push(' ');
            line.push_str(word);
        }
        column += width;
    }
    lines
}

/// A word that a POSIX shell takes as it is.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_quoted_words_as_they_are() {
        for word in
            ["plain", "", "it's", "a b", "$HOME `x` \\", "{\"a\":\"é\"}", "*?[a]", "~", "#", "!"]
        {
            let shell = std::process::Command::new("sh")
                .args(["-c", &format!("printf %s {}", quoted(word))])
                .output();
            assert_eq!(String::from_utf8(shell.unwrap().stdout).unwrap(), word);
        }
    }

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
