//! Residue: every place where a value still occurs, which is the proof that something was erased, or was not.
//!
//! Must not know what erases.

use std::collections::HashMap;
use std::fmt;
use std::fmt::Write;
use std::sync::Arc;

use http::{HeaderMap, StatusCode};
use percent_encoding::percent_decode_str;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use crate::control::Control;
use crate::jobs::{JobPlan, JobRecord, PHASES, TASKS};
use crate::journal::{Event, JournalEntry, MadeChanges};
use crate::message::Why;
use crate::pointer::child;
use crate::problem::Problem;
use crate::sandbox::World;
use crate::store::Key;

/// How many places are listed unless asked for fewer or more.
const HITS: usize = 100;

/// How many places are listed at most: who has more has his answer.
pub const HITS_MAX: usize = 1_000;

/// The longest value that is looked for, in characters: ids, addresses and names are shorter.
pub const VALUE_CHARS_MAX: usize = 1024;

/// So many entries of a journal are copied at once, so that nobody waits while it is read: at most a few megabytes.
const ENTRIES_AT_ONCE: usize = 32;

/// A number in JSON is shorter (`-1.7976931348623157e308`).
const NUMBER_BYTES_MAX: usize = 32;

/// How a value has to occur.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Match {
    /// Anywhere within a text: a mention is residue too.
    #[default]
    Contains,
    /// As a text of its own.
    Exact,
}

/// What is looked for, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResidueQuery {
    /// The value, as text. Numbers are compared as JSON writes them.
    pub value: String,
    /// How it has to occur.
    pub matching: Match,
    /// Whether the journal is searched, too: what it remembers of requests, answers and changes.
    pub journal: bool,
    /// How many places are listed, up to [`HITS_MAX`]; all are counted.
    pub limit: usize,
}

impl ResidueQuery {
    /// Any mention of this value in any record.
    pub fn of(value: impl Into<String>) -> Self {
        Self { value: value.into(), matching: Match::Contains, journal: false, limit: HITS }
    }

    /// Only where it is a text of its own.
    #[must_use]
    pub fn exact(self) -> Self {
        Self { matching: Match::Exact, ..self }
    }

    /// In the journal, too.
    #[must_use]
    pub fn with_journal(self) -> Self {
        Self { journal: true, ..self }
    }

    /// With so many places listed.
    #[must_use]
    pub fn limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }
}

/// Any mention of this value in any record.
impl From<&str> for ResidueQuery {
    fn from(value: &str) -> Self {
        Self::of(value)
    }
}

/// Where a value still occurs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Residue {
    /// The value.
    pub value: String,
    /// In how many places it occurs.
    pub count: usize,
    /// Whether it occurs nowhere.
    pub clean: bool,
    /// The places, by provider, resource and key, then those in the journal.
    pub hits: Vec<ResidueHit>,
    /// Whether there are more places than are listed.
    pub truncated: bool,
}

/// One place where a value occurs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ResidueHit {
    /// In what.
    #[serde(flatten)]
    pub place: ResiduePlace,
    /// Where in it, as JSON Pointer (RFC 6901); of an entry, as the journal shows it. The name of a property that has
    /// the value in it is a place, too.
    pub pointer: String,
    /// Whether it is all of the text, or a part of a longer one.
    pub exact: bool,
}

/// What a value occurs in.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "where", rename_all = "lowercase")]
pub enum ResiduePlace {
    /// A record.
    Record {
        /// Whose it is.
        provider: Arc<str>,
        /// Its resource.
        resource: Arc<str>,
        /// Its key; the array of its parts where it has several.
        key: Value,
    },
    /// The record of a job.
    Job {
        /// Whose it is.
        provider: Arc<str>,
        /// Its resource.
        resource: Arc<str>,
        /// Its key.
        key: Value,
    },
    /// An entry of the journal.
    Journal {
        /// Its number.
        request: u64,
    },
}

impl Control<'_> {
    /// Every place where a value still occurs: in the records of all providers, those of jobs among them, and if asked
    /// for in the journal. The search runs beside the sandbox, on the records of one moment.
    pub fn residue(&self, query: &ResidueQuery) -> Result<Residue, Problem> {
        refuse(query)?;
        let (world, last) =
            self.visit(|_, state| (state.world.clone(), state.journal.last_id()))?;
        let mut search = ResidueSearch::new(query);
        self.search_records(&world, &mut search);
        if query.journal {
            self.search_journal(last, &mut search)?;
        }
        Ok(search.finish(&query.value))
    }

    /// The same in the records of a world only.
    pub(super) fn residue_in(&self, world: &World, query: &ResidueQuery) -> Residue {
        let mut search = ResidueSearch::new(query);
        self.search_records(world, &mut search);
        search.finish(&query.value)
    }

    fn search_records(&self, world: &World, search: &mut ResidueSearch<'_>) {
        let providers: Vec<Arc<str>> = self.emulator.providers().cloned().collect();
        for (number, store) in world.stores().iter().enumerate() {
            let jobs: Vec<usize> = self.emulator.behavior(number).job_resources().collect();
            let provider = &providers[number];
            for (of, model) in store.model().resources.iter().enumerate() {
                let is_job = jobs.contains(&of);
                for (key, record) in store.iter(of) {
                    let spot = HitPlace::Record { provider, resource: &model.name, key, is_job };
                    match record.job() {
                        Some(job) => search.search_job(spot, "", job),
                        None => ValueWalk::new(search, "").members(spot, &record.fields()),
                    }
                }
            }
        }
    }

    /// Searches the entries up to `last`, a few at a time.
    fn search_journal(&self, last: u64, search: &mut ResidueSearch<'_>) -> Result<(), Problem> {
        let mut from = 0;
        loop {
            let copies: Vec<EntryCopy> = self.visit(|_, state| {
                // Entries are numbered without gaps from the oldest on.
                let oldest = state.journal.entries().next().map_or(u64::MAX, |entry| entry.id);
                let ids = from.max(oldest)..=last;
                let entries = ids.map_while(|id| state.journal.get(id));
                entries.take(ENTRIES_AT_ONCE).map(EntryCopy::of).collect()
            })?;
            let Some(newest) = copies.last() else { return Ok(()) };
            from = newest.id + 1;
            for copy in &copies {
                copy.search(search);
            }
        }
    }
}

fn refuse(query: &ResidueQuery) -> Result<(), Problem> {
    let refusal =
        |detail: String| Err(Problem::new(StatusCode::BAD_REQUEST, "nothing to look for", detail));
    if query.value.is_empty() {
        return refusal("`value` is empty, which occurs everywhere: name what was erased".into());
    }
    if query.value.chars().count() > VALUE_CHARS_MAX {
        return refusal(format!("`value` is longer than {VALUE_CHARS_MAX} characters: shorten it"));
    }
    if !(1..=HITS_MAX).contains(&query.limit) {
        let limit = query.limit;
        return refusal(format!("`limit` is `{limit}`: give a number from 1 to {HITS_MAX}"));
    }
    Ok(())
}

/// A search, and what it has found.
struct ResidueSearch<'q> {
    query: &'q ResidueQuery,
    /// Whether a number can have it in its text.
    is_numeric: bool,
    count: usize,
    hits: Vec<ResidueHit>,
    /// Jobs in whose tasks nothing was found, by their place in memory, which they keep while they are here.
    clean: HashMap<usize, Arc<JobPlan>>,
}

impl<'q> ResidueSearch<'q> {
    fn new(query: &'q ResidueQuery) -> Self {
        let in_numbers = |byte: u8| byte.is_ascii_digit() || b"+-.e".contains(&byte);
        let is_numeric = query.value.bytes().all(in_numbers);
        Self { query, is_numeric, count: 0, hits: Vec::new(), clean: HashMap::new() }
    }

    /// Whether the value is in a text; whether it is all of it.
    fn find(&self, text: &str) -> Option<bool> {
        let value = self.query.value.as_str();
        let is_all = text == value;
        let is_found = is_all || self.query.matching == Match::Contains && text.contains(value);
        is_found.then_some(is_all)
    }

    fn find_in_number(&self, number: &Number) -> Option<bool> {
        if !self.is_numeric {
            return None;
        }
        let mut text = NumberText { bytes: [0; NUMBER_BYTES_MAX], length: 0 };
        write!(text, "{number}").ok()?;
        self.find(text.as_str())
    }

    fn hit(&mut self, spot: HitPlace<'_>, pointer: impl FnOnce() -> String, exact: bool) {
        self.count += 1;
        if self.hits.len() < self.query.limit {
            self.hits.push(ResidueHit { place: spot.place(), pointer: pointer(), exact });
        }
    }

    /// Searches a text in which `user%5F42` may stand for `user_42`.
    fn search_text(&mut self, spot: HitPlace<'_>, pointer: &str, text: &str) {
        let decoded = percent_decode_str(text).decode_utf8_lossy();
        if let Some(exact) = self.find(text).max(self.find(&decoded)) {
            self.hit(spot, || pointer.to_owned(), exact);
        }
    }

    /// Searches the record of a job. An entry of the journal has it for each of its tasks, so what all those have in
    /// common is searched no more where nothing was found in it.
    fn search_job(&mut self, spot: HitPlace<'_>, root: &str, job: &JobRecord) {
        ValueWalk::new(self, root).members(spot, &job.to_fields_without_tasks());
        let plan = Arc::as_ptr(job.plan()).addr();
        let may_be_in_state =
            self.is_numeric || PHASES.iter().any(|word| self.find(word).is_some());
        if may_be_in_state || !self.clean.contains_key(&plan) {
            let before = self.count;
            let tasks = job.get(TASKS).map(|tasks| (TASKS.to_owned(), tasks.into_owned()));
            ValueWalk::new(self, root).members(spot, &tasks.into_iter().collect());
            if self.count == before {
                self.clean.insert(plan, Arc::clone(job.plan()));
            }
        }
    }

    fn finish(self, value: &str) -> Residue {
        Residue {
            value: value.to_owned(),
            count: self.count,
            clean: self.count == 0,
            truncated: self.hits.len() < self.count,
            hits: self.hits,
        }
    }
}

/// The text of a number, kept in place: there are many numbers, and few are hits.
struct NumberText {
    bytes: [u8; NUMBER_BYTES_MAX],
    length: usize,
}

impl NumberText {
    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

impl Write for NumberText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        let room = self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

/// What is searched, as long as nothing is found in it.
#[derive(Clone, Copy)]
enum HitPlace<'v> {
    Record { provider: &'v Arc<str>, resource: &'v Arc<str>, key: &'v Key, is_job: bool },
    JournalEntry(u64),
}

impl HitPlace<'_> {
    fn place(self) -> ResiduePlace {
        match self {
            HitPlace::JournalEntry(request) => ResiduePlace::Journal { request },
            HitPlace::Record { provider, resource, key, is_job } => {
                let (provider, resource) = (Arc::clone(provider), Arc::clone(resource));
                let key = key.to_json();
                if is_job {
                    ResiduePlace::Job { provider, resource, key }
                } else {
                    ResiduePlace::Record { provider, resource, key }
                }
            }
        }
    }
}

/// One step of the way to a value.
#[derive(Clone, Copy)]
enum TextToken<'v> {
    Name(&'v str),
    Item(usize),
}

/// A walk through values. The way to where it is is kept, and made a pointer for hits only.
struct ValueWalk<'w, 'v, 'q> {
    search: &'w mut ResidueSearch<'q>,
    root: &'w str,
    way: Vec<TextToken<'v>>,
}

impl<'w, 'v, 'q> ValueWalk<'w, 'v, 'q> {
    fn new(search: &'w mut ResidueSearch<'q>, root: &'w str) -> Self {
        Self { search, root, way: Vec::new() }
    }

    fn members(&mut self, spot: HitPlace<'_>, members: &'v Map<String, Value>) {
        for (name, value) in members {
            let by_name = self.search.find(name);
            self.way.push(TextToken::Name(name));
            self.value(spot, value, by_name);
            self.way.pop();
        }
    }

    /// `by_name` is what was found in the name that leads here: name and value are one place.
    fn value(&mut self, spot: HitPlace<'_>, value: &'v Value, by_name: Option<bool>) {
        let found = match value {
            Value::String(text) => self.search.find(text),
            Value::Number(number) => self.search.find_in_number(number),
            _ => None,
        };
        // None is less than false, and that less than true.
        if let Some(exact) = found.max(by_name) {
            self.search.hit(spot, || pointer(self.root, &self.way), exact);
        }
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.way.push(TextToken::Item(index));
                    self.value(spot, item, None);
                    self.way.pop();
                }
            }
            Value::Object(members) => self.members(spot, members),
            _ => {}
        }
    }
}

fn pointer(root: &str, way: &[TextToken<'_>]) -> String {
    way.iter().fold(root.to_owned(), |pointer, token| match token {
        TextToken::Name(name) => child(&pointer, name),
        TextToken::Item(index) => child(&pointer, index),
    })
}

/// What is searched of an entry, copied so that the sandbox is free meanwhile.
struct EntryCopy {
    id: u64,
    /// Texts and bodies, each with its pointer.
    texts: Vec<(String, String)>,
    bodies: Vec<(&'static str, bytes::Bytes)>,
    made: Vec<MadeChanges>,
}

impl EntryCopy {
    fn of(entry: &JournalEntry) -> Self {
        let (mut texts, mut bodies) = (Vec::new(), Vec::new());
        match &entry.event {
            Event::Call(call) => {
                let (request, body, _) = call.exchange.request();
                let (_, target) = call.exchange.request_line();
                texts.push(("/request/target".to_owned(), target.to_owned()));
                header_texts("/request", &request.headers, &mut texts);
                bodies.push(("/request/body", body));
                let (response, _) = call.exchange.response();
                header_texts("/response", response.headers(), &mut texts);
                bodies.push(("/response/body", response.into_body()));
                texts.extend(why_text(&call.facts.why));
            }
            Event::Task { why, .. } => texts.extend(why_text(why)),
            Event::Edit { what, .. } => texts.push(("/why".to_owned(), what.clone())),
            Event::Clock(_) | Event::Undo(_) | Event::Redo(_) => {}
        }
        let made = entry.step.as_ref().map(|step| step.made.clone()).unwrap_or_default();
        Self { id: entry.id, texts, bodies, made }
    }

    fn search(&self, search: &mut ResidueSearch<'_>) {
        let spot = HitPlace::JournalEntry(self.id);
        for (pointer, text) in &self.texts {
            search.search_text(spot, pointer, text);
        }
        for (pointer, body) in &self.bodies {
            match serde_json::from_slice::<Value>(body) {
                Ok(value) => ValueWalk::new(search, pointer).value(spot, &value, None),
                Err(_) => search.search_text(spot, pointer, &String::from_utf8_lossy(body)),
            }
        }
        let changes = self.made.iter().flat_map(|made| made.changes.iter());
        for (index, change) in changes.enumerate() {
            for (side, record) in [("before", &change.before), ("after", &change.after)] {
                if let Some(record) = record {
                    let root = format!("/changes/{index}/{side}");
                    match record.job() {
                        Some(job) => search.search_job(spot, &root, job),
                        None => ValueWalk::new(search, &root).members(spot, &record.fields()),
                    }
                }
            }
        }
    }
}

fn header_texts(root: &str, headers: &HeaderMap, texts: &mut Vec<(String, String)>) {
    for (index, value) in headers.values().enumerate() {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        texts.push((format!("{root}/headers/{index}/value"), text));
    }
}

fn why_text(why: &Why) -> Option<(String, String)> {
    match why {
        Why::Fault(text) => Some(("/why".to_owned(), text.clone())),
        // What the behavior file and the sandbox itself say is not from a request.
        Why::Nothing | Why::Stage(_) | Why::Forced(_) | Why::Documented(_) | Why::Rule(_) => None,
    }
}
