//! The request log: one line for each request and each job, to read on a terminal or by machines.
//!
//! Must not know where the lines go. It never makes a request wait: lines are rendered into a bounded buffer, which a
//! thread writes out in batches; what does not fit is counted, and the count is written instead. (Handing records to
//! that thread and rendering there costs more: an allocation for each path, and records that change processors.)

use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use std::{io, thread};

use http::{HeaderValue, Method, StatusCode};

use crate::clock::Timestamp;
use crate::message::{Account, ChangeKind, Rejected, Tally, Why};
use crate::printable::{is_printable, push_json_escape, push_printable, start_of};

/// How many bytes may wait to be written: some 5,000 lines, more than a stalled terminal is worth.
const PENDING_BYTES_MAX: usize = 1024 * 1024;

/// How long lines are collected before they are written together: not noticed by a reader, and it bounds how often the
/// writer wakes.
const BATCH_WAIT: Duration = Duration::from_millis(5);

/// How long closing the log waits for whoever reads it: a paused terminal must not keep the program from ending.
const CLOSE_WAIT_MAX: Duration = Duration::from_secs(2);

/// How many bytes of a path a line shows.
const PATH_BYTES_MAX: usize = 512;

/// How many bytes of a query a line shows: more than are looked through for what is secret, unless one parameter is
/// that long.
const QUERY_BYTES_MAX: usize = 1024;

/// How many bytes of a reason a line shows: faults quote what a document contains.
const WHY_BYTES_MAX: usize = 1024;

/// How many bytes of a note a line shows.
const NOTE_BYTES_MAX: usize = 2048;

/// How many violations a line for people tells; machines get all that the answer's header has.
const VIOLATIONS_MAX: usize = 3;

/// What a line looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineFormat {
    /// For people, with the local time of day.
    Human {
        /// Only on a terminal.
        colour: bool,
    },
    /// One JSON object a line.
    Json,
}

/// One request's line. Headers are not told: they may carry credentials.
#[derive(Debug)]
pub struct RequestLine<'a> {
    /// When the request came.
    pub time: Timestamp,
    /// Its method.
    pub method: &'a Method,
    /// Its path.
    pub path: &'a str,
    /// Its query without what is secret in it, if it has one.
    pub query: Option<&'a str>,
    /// The answer's status.
    pub status: StatusCode,
    /// How the answer came about.
    pub account: &'a Account,
    /// Everything in which the request departs from the contract, as the answer's header has it.
    pub violations: Option<&'a HeaderValue>,
    /// From the request's head to the answer, delays included.
    pub took: Duration,
}

/// The log; dropping it closes it.
#[derive(Debug)]
pub struct Log {
    shared: Arc<LogQueue>,
}

/// Adds lines to a log that are neither of requests nor of jobs; it keeps it not open.
#[derive(Clone, Debug)]
pub struct ServerEvents {
    shared: Arc<LogQueue>,
}

#[derive(Debug)]
struct LogQueue {
    format: LineFormat,
    /// The local offset from UTC in milliseconds, for people. Found out by the writer, since looking through
    /// the system's time zones takes longer than a start should.
    offset_ms: OnceLock<i64>,
    pending: Mutex<Pending>,
    news: Condvar,
    end: Condvar,
}

#[derive(Debug, Default)]
struct Pending {
    text: String,
    dropped: u64,
    closed: bool,
    /// The writer has written all that it will.
    ended: bool,
    /// The second that `clock` is the text of: most lines share it with the line before.
    second: i64,
    clock: String,
}

impl Log {
    /// Starts the thread that writes to `sink`, one write for each batch.
    pub fn start(format: LineFormat, sink: impl Write + Send + 'static) -> io::Result<Self> {
        let offset_ms = OnceLock::new();
        Self::start_at(format, offset_ms, sink)
    }

    fn start_at(
        format: LineFormat,
        offset_ms: OnceLock<i64>,
        sink: impl Write + Send + 'static,
    ) -> io::Result<Self> {
        let pending = Mutex::new(Pending { second: i64::MIN, ..Pending::default() });
        let shared = Arc::new(LogQueue {
            format,
            offset_ms,
            pending,
            news: Condvar::new(),
            end: Condvar::new(),
        });
        let of_writer = Arc::clone(&shared);
        thread::Builder::new().name("request-log".to_owned()).spawn(move || {
            // Also when the sink panics, so that nobody waits for it.
            let _end = Ending(&of_writer);
            of_writer.offset_ms();
            of_writer.write_until_closed(sink);
        })?;
        Ok(Self { shared })
    }

    /// For notes, for as long as the log is not closed.
    pub fn notes(&self) -> ServerEvents {
        ServerEvents { shared: Arc::clone(&self.shared) }
    }

    /// Writes what is left, and waits for that for a bounded time; what is added later is not written.
    pub fn close(&self) {
        let mut pending = self.shared.lock();
        pending.closed = true;
        self.shared.news.notify_one();
        let waited =
            self.shared.end.wait_timeout_while(pending, CLOSE_WAIT_MAX, |pending| !pending.ended);
        drop(waited);
    }

    /// Adds a request's line.
    pub fn request(&self, line: &RequestLine<'_>) {
        self.shared.add(|shared, pending| match shared.format {
            LineFormat::Human { colour } => {
                shared.human_clock(pending, line.time);
                let text = &mut pending.text;
                paint(text, colour, status_colour(line.status), line.status.as_str());
                text.push(' ');
                text.push_str(line.method.as_str());
                text.push(' ');
                escape(text, line.path, PATH_BYTES_MAX);
                if let Some(query) = line.query {
                    text.push('?');
                    escape(text, query, QUERY_BYTES_MAX);
                }
                human_account(text, colour, line.account);
                if let Some(violations) = line.violations {
                    human_violations(text, violations);
                }
                text.push_str("  ");
                push_rounded_ms(text, line.took);
                text.push_str(" ms\n");
            }
            LineFormat::Json => {
                shared.json_clock(pending, line.time);
                let text = &mut pending.text;
                text.push_str(",\"method\":\"");
                text.push_str(line.method.as_str());
                text.push_str("\",\"path\":\"");
                escape_json(text, line.path, PATH_BYTES_MAX);
                if let Some(query) = line.query {
                    text.push_str("\",\"query\":\"");
                    escape_json(text, query, QUERY_BYTES_MAX);
                }
                text.push_str("\",\"status\":");
                text.push_str(line.status.as_str());
                json_account(text, line.account);
                if let Some(violations) = line.violations {
                    text.push_str(",\"violations\":");
                    // JSON in printable ASCII, and bounded, as it stands.
                    text.push_str(violations.to_str().unwrap_or("[]"));
                }
                text.push_str(",\"took_ms\":");
                push_ms(text, line.took);
                text.push_str("}\n");
            }
        });
    }

    /// Adds the line of a job's task that ran.
    pub fn job(&self, time: Timestamp, account: &Account) {
        self.shared.add(|shared, pending| match shared.format {
            LineFormat::Human { colour } => {
                shared.human_clock(pending, time);
                paint(&mut pending.text, colour, CYAN, "job");
                human_account(&mut pending.text, colour, account);
                pending.text.push('\n');
            }
            LineFormat::Json => {
                shared.json_clock(pending, time);
                pending.text.push_str(",\"job\":true");
                json_account(&mut pending.text, account);
                pending.text.push_str("}\n");
            }
        });
    }
}

impl ServerEvents {
    /// Adds a line that tells what happened to the server itself. `took` is how long it did, where it matters.
    pub fn add(&self, time: Timestamp, text: &str, took: Option<Duration>) {
        self.shared.add(|shared, pending| match shared.format {
            LineFormat::Human { .. } => {
                shared.human_clock(pending, time);
                escape(&mut pending.text, text, NOTE_BYTES_MAX);
                if let Some(took) = took {
                    pending.text.push_str("  ");
                    push_rounded_ms(&mut pending.text, took);
                    pending.text.push_str(" ms");
                }
                pending.text.push('\n');
            }
            LineFormat::Json => {
                shared.json_clock(pending, time);
                pending.text.push_str(",\"note\":\"");
                escape_json(&mut pending.text, text, NOTE_BYTES_MAX);
                pending.text.push('"');
                if let Some(took) = took {
                    pending.text.push_str(",\"took_ms\":");
                    push_ms(&mut pending.text, took);
                }
                pending.text.push_str("}\n");
            }
        });
    }
}

/// Says that the writer has ended, when dropped.
struct Ending<'a>(&'a LogQueue);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.lock().ended = true;
        self.0.end.notify_all();
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.close();
    }
}

impl LogQueue {
    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn offset_ms(&self) -> i64 {
        *self.offset_ms.get_or_init(|| match self.format {
            LineFormat::Json => 0,
            LineFormat::Human { .. } => local_offset_ms(),
        })
    }

    /// Renders one line into the buffer, if there is room.
    fn add(&self, render: impl FnOnce(&Self, &mut Pending)) {
        let mut pending = self.lock();
        let before = pending.text.len();
        if before >= PENDING_BYTES_MAX || pending.ended {
            pending.dropped += 1;
            return;
        }
        render(self, &mut pending);
        let half = PENDING_BYTES_MAX / 2;
        let wake = before == 0 || before < half && pending.text.len() >= half;
        drop(pending);
        if wake {
            self.news.notify_one();
        }
    }

    fn write_until_closed(&self, mut sink: impl Write) {
        let mut batch = String::new();
        loop {
            let mut pending = self.lock();
            while pending.text.is_empty() && !pending.closed {
                pending = self.news.wait(pending).unwrap_or_else(PoisonError::into_inner);
            }
            let filling = |pending: &mut Pending| {
                !pending.closed && pending.text.len() < PENDING_BYTES_MAX / 2
            };
            let (mut pending, _) = self
                .news
                .wait_timeout_while(pending, BATCH_WAIT, filling)
                .unwrap_or_else(PoisonError::into_inner);
            std::mem::swap(&mut batch, &mut pending.text);
            let dropped = std::mem::take(&mut pending.dropped);
            let closed = pending.closed;
            drop(pending);
            if dropped > 0 {
                self.tell_dropped(&mut batch, dropped);
            }
            // Nobody reads any more when this fails; the server goes on without its log.
            let _ = sink.write_all(batch.as_bytes()).and_then(|()| sink.flush());
            batch.clear();
            // What one stall made large need not stay so.
            batch.shrink_to(PENDING_BYTES_MAX / 8);
            if closed {
                return;
            }
        }
    }

    fn tell_dropped(&self, text: &mut String, dropped: u64) {
        match self.format {
            LineFormat::Human { .. } => {
                text.push('(');
                push_number(text, dropped);
                text.push_str(" lines left out: whoever reads the log is too slow)\n");
            }
            LineFormat::Json => {
                text.push_str("{\"lines_left_out\":");
                push_number(text, dropped);
                text.push_str("}\n");
            }
        }
    }

    fn human_clock(&self, pending: &mut Pending, time: Timestamp) {
        let second = time.0.saturating_add(self.offset_ms()).div_euclid(1000);
        if pending.second != second {
            pending.second = second;
            let of_day = second.rem_euclid(86_400);
            pending.clock =
                format!("{:02}:{:02}:{:02} ", of_day / 3600, of_day / 60 % 60, of_day % 60);
        }
        pending.text.push_str(&pending.clock);
    }

    #[expect(clippy::unused_self, reason = "the counterpart of `human_clock`")]
    fn json_clock(&self, pending: &mut Pending, time: Timestamp) {
        let second = time.0.div_euclid(1000);
        if pending.second != second {
            pending.second = second;
            let whole = Timestamp(second.saturating_mul(1000)).to_rfc3339();
            whole.trim_end_matches("000Z").clone_into(&mut pending.clock);
        }
        pending.text.push_str("{\"time\":\"");
        pending.text.push_str(&pending.clock);
        push_thousandths(&mut pending.text, time.0.rem_euclid(1000).unsigned_abs());
        pending.text.push_str("Z\"");
    }
}

/// What the wall clocks here are ahead of UTC, now.
fn local_offset_ms() -> i64 {
    let now = jiff::Timestamp::from_millisecond(crate::clock::system_now().0).unwrap_or_default();
    i64::from(jiff::tz::TimeZone::system().to_offset(now).seconds()) * 1000
}

/// `  deleteOrganization rule 5, line 48  -1 organizations -3 users`
fn human_account(text: &mut String, colour: bool, account: &Account) {
    if let Some(sandbox) = account.sandbox.as_deref().filter(|name| *name != "default") {
        text.push_str("  @");
        escape(text, sandbox, PATH_BYTES_MAX);
    }
    // A rule's place begins with its operation.
    let operation = account.operation.as_deref();
    if let (Some(operation), false) =
        (operation, matches!(account.facts.why, Why::Rule(_) | Why::Documented(_)))
    {
        text.push_str("  ");
        escape(text, operation, WHY_BYTES_MAX);
    }
    match &account.facts.why {
        Why::Nothing => {}
        Why::Stage(stage) => {
            text.push_str("  ");
            text.push_str(stage);
        }
        Why::Rule(rule) | Why::Forced(rule) | Why::Documented(rule) => {
            text.push_str("  ");
            escape(text, rule, WHY_BYTES_MAX);
        }
        Why::Fault(fault) => {
            text.push_str("  ");
            let mut escaped = String::new();
            escape(&mut escaped, fault, WHY_BYTES_MAX);
            paint(text, colour, RED, &escaped);
        }
    }
    if let Some(Rejected { scheme, reason }) = &account.facts.rejected {
        text.push_str("  credential for `");
        escape(text, scheme, WHY_BYTES_MAX);
        text.push_str("` is ");
        text.push_str(reason);
    }
    if let Some(did) = &account.did {
        text.push_str(": ");
        escape(text, did, WHY_BYTES_MAX);
    }
    human_changes(text, account);
}

/// `  -1 organizations -3 users`
fn human_changes(text: &mut String, account: &Account) {
    if account.facts.dry_run {
        text.push_str("  dry run, would change");
        text.push_str(if account.changes.is_empty() { " nothing" } else { ":" });
    }
    for (index, change) in account.changes.iter().enumerate() {
        text.push_str(if index == 0 && !account.facts.dry_run { "  " } else { " " });
        text.push(match change.kind {
            ChangeKind::Created => '+',
            ChangeKind::Updated => '~',
            ChangeKind::Deleted => '-',
        });
        push_number(text, change.count as u64);
        text.push(' ');
        escape(text, &change.resource, WHY_BYTES_MAX);
    }
}

fn json_account(text: &mut String, account: &Account) {
    let mut member = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            text.push_str(",\"");
            text.push_str(name);
            text.push_str("\":\"");
            escape_json(text, value, WHY_BYTES_MAX);
            text.push('"');
        }
    };
    member("provider", account.provider.as_deref());
    member("operation", account.operation.as_deref());
    member("sandbox", account.sandbox.as_deref());
    match &account.facts.why {
        Why::Nothing => {}
        Why::Stage(stage) => member("stage", Some(stage)),
        Why::Rule(rule) => member("rule", Some(rule)),
        Why::Forced(what) => member("forced", Some(what)),
        Why::Documented(what) => member("documented", Some(what)),
        Why::Fault(fault) => member("fault", Some(fault)),
    }
    member("did", account.did.as_deref());
    if let Some(Rejected { scheme, reason }) = &account.facts.rejected {
        member("credential", Some(reason));
        member("scheme", Some(scheme));
    }
    // Whoever sums up `changes` must not count what did not happen.
    text.push_str(if account.facts.dry_run { ",\"dry_run\":true" } else { "" });
    if account.changes.is_empty() {
        return;
    }
    text.push_str(if account.facts.dry_run { ",\"would_change\":[" } else { ",\"changes\":[" });
    for (index, Tally { resource, kind, count }) in account.changes.iter().enumerate() {
        text.push_str(if index == 0 { "{\"resource\":\"" } else { ",{\"resource\":\"" });
        escape_json(text, resource, WHY_BYTES_MAX);
        text.push_str(match kind {
            ChangeKind::Created => "\",\"created\":",
            ChangeKind::Updated => "\",\"updated\":",
            ChangeKind::Deleted => "\",\"deleted\":",
        });
        push_number(text, *count as u64);
        text.push('}');
    }
    text.push(']');
}

/// `  (query force: must be a boolean; +2 more)`
fn human_violations(text: &mut String, violations: &HeaderValue) {
    let Ok(entries) = serde_json::from_slice::<Vec<serde_json::Value>>(violations.as_bytes())
    else {
        return;
    };
    let mut left = 0;
    text.push_str("  (");
    for (index, entry) in entries.iter().enumerate() {
        let member = |name: &str| entry[name].as_str().unwrap_or_default();
        if index >= VIOLATIONS_MAX || member("text").is_empty() {
            left += entry["left_off"].as_u64().unwrap_or(1);
            continue;
        }
        text.push_str(if index == 0 { "" } else { "; " });
        text.push_str(member("in"));
        let place = [member("field"), member("pointer")].into_iter().find(|name| !name.is_empty());
        if let Some(place) = place {
            text.push(' ');
            escape(text, place, PATH_BYTES_MAX);
        }
        text.push_str(": ");
        escape(text, member("text"), PATH_BYTES_MAX);
    }
    if left > 0 {
        text.push_str("; +");
        push_number(text, left);
        text.push_str(" more");
    }
    text.push(')');
}

const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const CYAN: &str = "\x1b[36m";
const PLAIN: &str = "\x1b[0m";

fn status_colour(status: StatusCode) -> &'static str {
    match status.as_u16() {
        200..=299 => GREEN,
        400..=499 => YELLOW,
        500.. => RED,
        _ => CYAN,
    }
}

fn paint(text: &mut String, colour: bool, code: &str, what: &str) {
    if colour {
        text.push_str(code);
    }
    text.push_str(what);
    if colour {
        text.push_str(PLAIN);
    }
}

/// The part of a text that a line shows, and whether that is less than all.
fn shown(what: &str, bytes_max: usize) -> (&str, bool) {
    let start = start_of(what, bytes_max);
    (start, start.len() < what.len())
}

/// Adds a text without what could steer a terminal or break the line.
fn escape(text: &mut String, what: &str, bytes_max: usize) {
    let (what, cut) = shown(what, bytes_max);
    push_printable(text, what);
    if cut {
        text.push('…');
    }
}

/// Adds a text as the inside of a JSON string.
fn escape_json(text: &mut String, what: &str, bytes_max: usize) {
    let (what, cut) = shown(what, bytes_max);
    if what.bytes().all(|byte| (0x20..0x7f).contains(&byte) && byte != b'"' && byte != b'\\') {
        text.push_str(what);
    } else {
        for character in what.chars() {
            if !is_printable(character) {
                push_json_escape(text, character);
                continue;
            }
            if matches!(character, '"' | '\\') {
                text.push('\\');
            }
            text.push(character);
        }
    }
    if cut {
        text.push('…');
    }
}

/// Milliseconds with three places.
fn push_ms(text: &mut String, duration: Duration) {
    let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    push_number(text, micros / 1000);
    text.push('.');
    push_thousandths(text, micros % 1000);
}

/// Milliseconds with two places: what a person compares.
fn push_rounded_ms(text: &mut String, duration: Duration) {
    let hundredths = u64::try_from((duration.as_micros() + 5) / 10).unwrap_or(u64::MAX);
    push_number(text, hundredths / 100);
    text.push_str(if hundredths % 100 < 10 { ".0" } else { "." });
    push_number(text, hundredths % 100);
}

/// Three digits.
fn push_thousandths(text: &mut String, number: u64) {
    if number < 100 {
        text.push_str(if number < 10 { "00" } else { "0" });
    }
    push_number(text, number);
}

/// A number in decimal, without the formatting machinery: a line has three of them.
fn push_number(text: &mut String, mut number: u64) {
    let mut digits = [b'0'; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    text.push_str(std::str::from_utf8(&digits[start..]).expect("digits are ASCII"));
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use expect_test::{Expect, expect};

    use super::*;
    use crate::message::Facts;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn deletion() -> Account {
        let tally = |resource: &str, kind, count| Tally { resource: resource.into(), kind, count };
        Account {
            provider: Some("acme".into()),
            operation: Some("deleteOrganization".into()),
            sandbox: Some("default".into()),
            changes: vec![
                tally("organizations", ChangeKind::Deleted, 1),
                tally("subscriptions", ChangeKind::Updated, 2),
                tally("jobs", ChangeKind::Created, 1),
            ],
            ..Account::of(Why::Rule("deleteOrganization rule 5, line 48".into()))
        }
    }

    fn line<'a>(path: &'a str, status: u16, account: &'a Account) -> RequestLine<'a> {
        RequestLine {
            time: Timestamp::parse("2026-11-22T08:30:00.025Z").unwrap(),
            method: &Method::DELETE,
            path,
            query: None,
            status: StatusCode::from_u16(status).unwrap(),
            account,
            violations: None,
            took: Duration::from_micros(1_042),
        }
    }

    fn check(format: LineFormat, lines: &[RequestLine<'_>], expected: &Expect) {
        let sink = Sink::default();
        let log = Log::start_at(format, OnceLock::from(3_600_000), sink.clone()).unwrap();
        for line in lines {
            log.request(line);
        }
        log.job(Timestamp(0), &deletion());
        drop(log);
        let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
        expected.assert_eq(&text.replace('\x1b', "ESC"));
    }

    /// What both formats say.
    fn both(lines: &[RequestLine<'_>]) -> String {
        let sink = Sink::default();
        for format in [LineFormat::Human { colour: false }, LineFormat::Json] {
            let log = Log::start_at(format, OnceLock::from(0), sink.clone()).unwrap();
            for line in lines {
                log.request(line);
            }
        }
        String::from_utf8(sink.0.lock().unwrap().clone()).unwrap()
    }

    fn samples(accounts: &[Account; 4]) -> [RequestLine<'_>; 4] {
        [
            line("/acme/org/42", 200, &accounts[0]),
            line("/nowhere/\u{1b}[2J\u{202e}\"é", 404, &accounts[1]),
            line("/acme/org/43", 500, &accounts[2]),
            line("/__admin/reset", 200, &accounts[3]),
        ]
    }

    fn accounts() -> [Account; 4] {
        let stage = Why::Stage("no such operation");
        let fault = Why::Fault("`organization.nam` is\nnothing".to_owned());
        let sandbox = Some("blue".into());
        [
            deletion(),
            Account::of(stage),
            Account { facts: Facts::of(fault).into(), sandbox, changes: Vec::new(), ..deletion() },
            Account::default(),
        ]
    }

    #[test]
    fn people_read_what_happened_and_why() {
        let accounts = accounts();
        check(
            LineFormat::Human { colour: false },
            &samples(&accounts),
            &expect![[r#"
                09:30:00 200 DELETE /acme/org/42  deleteOrganization rule 5, line 48  -1 organizations ~2 subscriptions +1 jobs  1.04 ms
                09:30:00 404 DELETE /nowhere/\u{1b}[2J\u{202e}"é  no such operation  1.04 ms
                09:30:00 500 DELETE /acme/org/43  @blue  deleteOrganization  `organization.nam` is\u{a}nothing  1.04 ms
                09:30:00 200 DELETE /__admin/reset  1.04 ms
                01:00:00 job  deleteOrganization rule 5, line 48  -1 organizations ~2 subscriptions +1 jobs
            "#]],
        );
        check(
            LineFormat::Human { colour: true },
            &samples(&accounts)[..3],
            &expect![[r#"
                09:30:00 ESC[32m200ESC[0m DELETE /acme/org/42  deleteOrganization rule 5, line 48  -1 organizations ~2 subscriptions +1 jobs  1.04 ms
                09:30:00 ESC[33m404ESC[0m DELETE /nowhere/\u{1b}[2J\u{202e}"é  no such operation  1.04 ms
                09:30:00 ESC[31m500ESC[0m DELETE /acme/org/43  @blue  deleteOrganization  ESC[31m`organization.nam` is\u{a}nothingESC[0m  1.04 ms
                01:00:00 ESC[36mjobESC[0m  deleteOrganization rule 5, line 48  -1 organizations ~2 subscriptions +1 jobs
            "#]],
        );
    }

    #[test]
    fn machines_read_one_object_a_line() {
        let accounts = accounts();
        check(
            LineFormat::Json,
            &samples(&accounts),
            &expect![[r#"
                {"time":"2026-11-22T08:30:00.025Z","method":"DELETE","path":"/acme/org/42","status":200,"provider":"acme","operation":"deleteOrganization","sandbox":"default","rule":"deleteOrganization rule 5, line 48","changes":[{"resource":"organizations","deleted":1},{"resource":"subscriptions","updated":2},{"resource":"jobs","created":1}],"took_ms":1.042}
                {"time":"2026-11-22T08:30:00.025Z","method":"DELETE","path":"/nowhere/\u001b[2J\u202e\"é","status":404,"stage":"no such operation","took_ms":1.042}
                {"time":"2026-11-22T08:30:00.025Z","method":"DELETE","path":"/acme/org/43","status":500,"provider":"acme","operation":"deleteOrganization","sandbox":"blue","fault":"`organization.nam` is\u000anothing","took_ms":1.042}
                {"time":"2026-11-22T08:30:00.025Z","method":"DELETE","path":"/__admin/reset","status":200,"took_ms":1.042}
                {"time":"1970-01-01T00:00:00.000Z","job":true,"provider":"acme","operation":"deleteOrganization","sandbox":"default","rule":"deleteOrganization rule 5, line 48","changes":[{"resource":"organizations","deleted":1},{"resource":"subscriptions","updated":2},{"resource":"jobs","created":1}]}
            "#]],
        );
    }

    #[test]
    fn a_dry_run_is_not_told_as_if_it_had_happened() {
        let facts = Facts { dry_run: true, ..(*deletion().facts).clone() };
        let would = Account { facts: facts.into(), ..deletion() };
        let nothing = Account { changes: Vec::new(), ..would.clone() };
        let text = both(&[line("/acme/org/42", 200, &would), line("/acme/org/42", 404, &nothing)]);
        expect![[r#"
            08:30:00 200 DELETE /acme/org/42  deleteOrganization rule 5, line 48  dry run, would change: -1 organizations ~2 subscriptions +1 jobs  1.04 ms
            08:30:00 404 DELETE /acme/org/42  deleteOrganization rule 5, line 48  dry run, would change nothing  1.04 ms
            {"time":"2026-11-22T08:30:00.025Z","method":"DELETE","path":"/acme/org/42","status":200,"provider":"acme","operation":"deleteOrganization","sandbox":"default","rule":"deleteOrganization rule 5, line 48","dry_run":true,"would_change":[{"resource":"organizations","deleted":1},{"resource":"subscriptions","updated":2},{"resource":"jobs","created":1}],"took_ms":1.042}
            {"time":"2026-11-22T08:30:00.025Z","method":"DELETE","path":"/acme/org/42","status":404,"provider":"acme","operation":"deleteOrganization","sandbox":"default","rule":"deleteOrganization rule 5, line 48","dry_run":true,"took_ms":1.042}
        "#]].assert_eq(&text);
    }

    #[test]
    fn names_from_documents_cannot_steer_a_terminal() {
        let account = Account {
            operation: Some("delete\u{1b}[2J".into()),
            changes: vec![Tally {
                resource: "orgs\u{1b}[2J\r\n".into(),
                kind: ChangeKind::Deleted,
                count: 1,
            }],
            ..Account::of(Why::Stage("x"))
        };
        let text = both(&[line("/a", 200, &account)]);
        expect![[r#"
            08:30:00 200 DELETE /a  delete\u{1b}[2J  x  -1 orgs\u{1b}[2J\u{d}\u{a}  1.04 ms
            {"time":"2026-11-22T08:30:00.025Z","method":"DELETE","path":"/a","status":200,"operation":"delete\u001b[2J","stage":"x","changes":[{"resource":"orgs\u001b[2J\u000d\u000a","deleted":1}],"took_ms":1.042}
        "#]].assert_eq(&text);
    }

    #[test]
    fn violations_are_told() {
        let account = Account::of(Why::Stage("x"));
        let violations = HeaderValue::from_static(
            r#"[{"in":"query","pointer":"","field":"force","text":"must be a boolean"},{"in":"body","pointer":"","field":"","text":"is no JSON"},{"in":"body","pointer":"/a","field":"a","text":"is \u001b[2J"},{"in":"body","pointer":"/b","field":"b","text":"is required"},{"left_off":7}]"#,
        );
        let line = RequestLine { violations: Some(&violations), ..line("/a", 400, &account) };
        let sink = Sink::default();
        for format in [LineFormat::Human { colour: false }, LineFormat::Json] {
            let log = Log::start_at(format, OnceLock::from(0), sink.clone()).unwrap();
            log.request(&line);
            drop(log);
        }
        let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
        expect![[r#"
            08:30:00 400 DELETE /a  x  (query force: must be a boolean; body: is no JSON; body a: is \u{1b}[2J; +8 more)  1.04 ms
            {"time":"2026-11-22T08:30:00.025Z","method":"DELETE","path":"/a","status":400,"stage":"x","violations":[{"in":"query","pointer":"","field":"force","text":"must be a boolean"},{"in":"body","pointer":"","field":"","text":"is no JSON"},{"in":"body","pointer":"/a","field":"a","text":"is \u001b[2J"},{"in":"body","pointer":"/b","field":"b","text":"is required"},{"left_off":7}],"took_ms":1.042}
        "#]].assert_eq(&text);
    }

    #[test]
    fn long_paths_are_cut() {
        let mut text = String::new();
        escape(&mut text, &"é".repeat(PATH_BYTES_MAX), PATH_BYTES_MAX);
        assert_eq!(text.chars().count(), PATH_BYTES_MAX / 2 + 1);
        let mut text = String::new();
        escape(&mut text, &"a".repeat(PATH_BYTES_MAX), PATH_BYTES_MAX);
        assert_eq!(text.len(), PATH_BYTES_MAX);
    }

    /// Lets each write wait until the test allows it.
    struct Stalled(mpsc::Receiver<()>, Sink);

    impl Write for Stalled {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            self.1.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_slow_reader_loses_lines_and_is_told_how_many() {
        let (go, gate) = mpsc::channel();
        let sink = Sink::default();
        let log = Log::start(LineFormat::Json, Stalled(gate, sink.clone())).unwrap();
        let account = Account::default();
        let lines_total = 40_000;
        for _ in 0..lines_total {
            log.request(&line("/a", 200, &account));
        }
        assert!(log.shared.lock().text.len() < PENDING_BYTES_MAX + 1024);
        drop(go);
        drop(log);
        let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
        let (told, kept): (Vec<&str>, Vec<&str>) =
            text.lines().partition(|line| line.contains("left_out"));
        let dropped: u64 = told
            .iter()
            .map(|line| {
                serde_json::from_str::<serde_json::Value>(line).unwrap()["lines_left_out"]
                    .as_u64()
                    .unwrap()
            })
            .sum();
        assert!(dropped > 0);
        assert_eq!(kept.len() as u64 + dropped, lines_total);
    }
}
