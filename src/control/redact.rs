//! What is secret is not shown: credentials, wherever they stand in what is read of a sandbox.
//!
//! A place that holds credentials is emptied whatever is in it; a value that is a credential is taken out wherever it
//! is. Must not know what is shown, nor to whom.

use std::borrow::Cow;
use std::collections::HashSet;

use http::HeaderMap;
use http::header::{CONTENT_TYPE, COOKIE};
use http::request::Parts;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::behavior::SecretNames;
use crate::control::literals::{REDACTED, blank};
use crate::emulator::Emulator;
use crate::journal::UndoStep;
use crate::sandbox::World;
use crate::store::Key;

/// Headers of which all is a credential.
const HEADERS: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "set-cookie"];

/// How the names of credentials end, whatever a contract says of them, in lower case and without `-` and `_`.
const ENDINGS: [&str; 21] = [
    "accesskey",
    "apikey",
    "apitoken",
    "authkey",
    "authorization",
    "credential",
    "credentials",
    "functionskey",
    "jwt",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "pwd",
    "secret",
    "secretkey",
    "sessionid",
    "sessionkey",
    "signature",
    "subscriptionkey",
    "token",
];

/// How the names of tokens begin that say where a list goes on.
const PLACES_IN_LISTS: [&str; 6] = ["continuation", "cursor", "next", "page", "prev", "sync"];

/// What no URL and no query has in it, so that a value ends there.
const ENDS_VALUE: [char; 17] =
    [' ', '\t', '\r', '\n', '"', '\'', '`', '\\', '<', '>', '(', ')', '[', ']', '{', '}', ','];

/// What separates the pairs of a query from each other, and from the rest of a URL.
const ENDS_PAIR: [char; 4] = ['?', '&', ';', '#'];

/// So many bytes of a query are shown in the log, and its first pair in any case.
const LOGGED_QUERY_BYTES_MAX: usize = 512;

/// Shorter secrets, in bytes, are taken out only where they stand alone: they would be found in every other word.
const INSIDE_BYTES_MIN: usize = 4;

/// So many secrets of one request are looked for inside of texts, each by going through them; a body can name
/// thousands.
const INSIDE_MAX: usize = 64;

/// Takes out what is secret in one sandbox.
pub(super) struct Redactor<'e> {
    emulator: &'e Emulator,
    names: &'e SecretNames,
    /// Whose records tell what is a credential: the sandbox as it is, and as it began.
    worlds: Vec<World>,
    /// Credentials that are in no world any more.
    gone: HashSet<String>,
    /// What the request at hand presented.
    presented: HashSet<String>,
    /// That of it which is looked for inside of texts, the longest first.
    inside: Vec<String>,
}

/// The query of a request to a sandbox as the log shows it: in part if it is long, and without what is secret.
pub fn logged_query(emulator: &Emulator, sandbox: &str, query: &str) -> String {
    let sandboxes = emulator.sandboxes();
    let looked = sandboxes.find(sandbox).and_then(|sandbox| {
        sandboxes.look(&sandbox, |state| vec![state.world.clone(), state.origin.world.clone()])
    });
    let worlds = looked.unwrap_or_else(|| vec![sandboxes.baseline().world.clone()]);
    // Cut between two pairs, so that no credential is left in part.
    let end = match query.get(..LOGGED_QUERY_BYTES_MAX.min(query.len())) {
        Some(part) if part.len() == query.len() => query.len(),
        part => {
            part.and_then(|part| part.rfind('&')).or_else(|| query.find('&')).unwrap_or(query.len())
        }
    };
    let shown = Redactor::new(emulator, worlds).pairs(&query[..end]);
    if end < query.len() { format!("{shown}&…") } else { shown }
}

impl<'e> Redactor<'e> {
    /// A redactor that knows the credentials of these worlds.
    pub(super) fn new(emulator: &'e Emulator, worlds: Vec<World>) -> Self {
        let names = emulator.secret_names();
        let (gone, presented, inside) = (HashSet::new(), HashSet::new(), Vec::new());
        Self { emulator, names, worlds, gone, presented, inside }
    }

    /// Remembers the credentials in what a step changed: they may be in no world any more.
    pub(super) fn learn(&mut self, step: &UndoStep) {
        for made in &step.made {
            let secrets = self.emulator.behavior(made.provider).secrets();
            for change in made.changes.iter() {
                for (_, property) in
                    secrets.properties.iter().filter(|(resource, _)| *resource == change.resource)
                {
                    let sides = change.before.iter().chain(&change.after);
                    let values =
                        sides.filter_map(|record| Some(record.get(property)?.as_str()?.to_owned()));
                    self.gone.extend(values);
                }
            }
        }
    }

    /// Remembers credentials.
    pub(super) fn learn_all(&mut self, credentials: HashSet<String>) {
        if self.gone.is_empty() {
            self.gone = credentials;
        } else {
            self.gone.extend(credentials);
        }
    }

    /// The credentials that it was told to remember.
    pub(super) fn into_learned(self) -> HashSet<String> {
        self.gone
    }

    /// Turns to another request: what it presents is taken out wherever it comes back.
    pub(super) fn turn_to(&mut self, parts: &Parts, body: &str) {
        let mut presented = Vec::new();
        for (_, value) in
            parts.headers.iter().filter(|(name, _)| self.is_secret_header(name.as_str()))
        {
            let value = String::from_utf8_lossy(value.as_bytes());
            let credential = value.split_once(' ').map_or(&*value, |(_, rest)| rest.trim());
            presented.push(credential.to_owned());
        }
        for cookie in parts.headers.get_all(COOKIE) {
            let cookie = String::from_utf8_lossy(cookie.as_bytes());
            let values = cookie.split(';').filter_map(|pair| pair.split_once('='));
            let named = values.map(|(name, value)| (name.trim(), value));
            let named = named.filter(|(name, _)| {
                self.names.places.cookies.contains(*name) || is_secret_name(name)
            });
            presented.extend(named.map(|(_, value)| value.trim().to_owned()));
        }
        for (name, value) in form_urlencoded::parse(parts.uri.query().unwrap_or("").as_bytes()) {
            if self.is_secret_query(&name) {
                presented.push(value.into_owned());
            }
        }
        let (_, found) = blank(body, |name, _| self.is_secret_member(name));
        presented.extend(found);
        presented.retain(|secret: &String| !secret.is_empty());
        self.inside = presented.clone();
        self.inside.retain(|secret| secret.len() >= INSIDE_BYTES_MIN);
        self.inside.truncate(INSIDE_MAX);
        // So that none is left in part.
        self.inside.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.len()));
        self.presented = presented.into_iter().collect();
    }

    /// Knows the credentials of one world more.
    pub(super) fn add_world(&mut self, world: Option<&World>) {
        self.worlds.extend(world.cloned());
    }

    /// Turns to what is no request.
    pub(super) fn turn_to_none(&mut self) {
        self.presented.clear();
        self.inside.clear();
    }

    fn is_secret_query(&self, name: &str) -> bool {
        self.names.places.query.contains(name) || is_secret_name(name)
    }

    fn is_secret_header(&self, name: &str) -> bool {
        HEADERS.contains(&name) || self.names.places.headers.contains(name) || is_secret_name(name)
    }

    fn is_secret(&self, text: &str) -> bool {
        self.presented.contains(text)
            || self.gone.contains(text)
            || self.worlds.iter().any(|world| {
                let mut stores = world.stores().iter().enumerate();
                stores.any(|(provider, store)| {
                    self.emulator.behavior(provider).is_credential(text, store)
                })
            })
    }

    /// A text without the secrets that are words of it.
    pub(super) fn text(&self, text: &str) -> String {
        let mut text = Cow::Borrowed(text);
        for secret in &self.inside {
            if text.contains(secret.as_str()) {
                text = Cow::Owned(text.replace(secret.as_str(), REDACTED));
            }
        }
        if self.is_secret(&text) {
            return REDACTED.to_owned();
        }
        let mut out = String::with_capacity(text.len());
        for piece in text.split_inclusive(ENDS_VALUE) {
            let (value, end) = split_end(piece, ENDS_VALUE);
            self.push_value(&mut out, value);
            out.push_str(end);
        }
        out
    }

    /// Adds a part of a text that can be a URL, or the query of one.
    fn push_value(&self, out: &mut String, text: &str) {
        if text.len() >= INSIDE_BYTES_MIN && self.is_secret(text) {
            out.push_str(REDACTED);
            return;
        }
        for piece in text.split_inclusive(ENDS_PAIR) {
            let (pair, end) = split_end(piece, ENDS_PAIR);
            match pair.split_once('=') {
                Some((name, value)) if !value.is_empty() && self.hides(name, value) => {
                    self.push_words(out, name);
                    out.push('=');
                    out.push_str(REDACTED);
                }
                _ => self.push_words(out, pair),
            }
            out.push_str(end);
        }
    }

    /// Whether the value of a pair is secret, by the name or by itself.
    fn hides(&self, name: &str, value: &str) -> bool {
        let last = name.rsplit(|c: char| !is_word(c)).next().unwrap_or_default();
        let decoded = percent_decode_str(value).decode_utf8_lossy();
        self.is_secret_query(last)
            || self.names.members.contains(last)
            || decoded.len() >= INSIDE_BYTES_MIN && self.is_secret(&decoded)
    }

    /// Adds words, and what is between them. An `=` ends a word, unless it fills up the last one.
    fn push_words(&self, out: &mut String, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            let (word, after) = rest.split_at(rest.find(|c| !is_word(c)).unwrap_or(rest.len()));
            let filling = after.len() - after.trim_start_matches('=').len();
            let filled = &rest[..word.len() + filling];
            let is_secret = |word: &str| word.len() >= INSIDE_BYTES_MIN && self.is_secret(word);
            let is_shown = !is_secret(word) && (filling == 0 || !is_secret(filled));
            out.push_str(if is_shown { word } else { REDACTED });
            let (between, after) = after.split_at(after.find(is_word).unwrap_or(after.len()));
            out.push_str(between);
            rest = after;
        }
    }

    /// The value of a header; the scheme of a credential stays.
    pub(super) fn header(&self, name: &str, value: &[u8]) -> String {
        let value = String::from_utf8_lossy(value);
        if !self.is_secret_header(name) {
            return self.text(&value);
        }
        match value.split_once(' ') {
            Some((scheme, _)) if name.ends_with("authorization") => format!("{scheme} {REDACTED}"),
            _ => REDACTED.to_owned(),
        }
    }

    /// The target of a request.
    pub(super) fn target(&self, target: &str) -> String {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let segment = |segment: &str| {
            let decoded = percent_decode_str(segment).decode_utf8_lossy();
            if self.is_secret(&decoded) { REDACTED.to_owned() } else { self.text(segment) }
        };
        // A name and password before the host.
        let path = match path.split_once("://").and_then(|(_, rest)| rest.split_once('@')) {
            Some((before, _)) if !before.contains('/') => path.replacen(before, REDACTED, 1),
            _ => path.to_owned(),
        };
        let path = path.split('/').map(segment).collect::<Vec<_>>().join("/");
        match query {
            Some(query) => format!("{path}?{}", self.pairs(query)),
            None => path,
        }
    }

    /// A query or a form.
    fn pairs(&self, query: &str) -> String {
        let pair = |pair: &str| {
            let Some((raw, value)) =
                form_urlencoded::parse(pair.as_bytes()).next().and_then(|(name, value)| {
                    let secret = self.is_secret_query(&name)
                        || self.is_secret_member(&name)
                        || self.is_secret(&value);
                    let raw = pair.split_once('=').map_or(pair, |(raw, _)| raw);
                    secret.then_some((raw, value))
                })
            else {
                return self.text(pair);
            };
            if value.is_empty() { pair.to_owned() } else { format!("{raw}={REDACTED}") }
        };
        query.split('&').map(pair).collect::<Vec<_>>().join("&")
    }

    /// A body of this media type, or the beginning of one.
    pub(super) fn body(&self, headers: &HeaderMap, body: &str) -> String {
        let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = media_type.unwrap_or_default().to_ascii_lowercase();
        if media_type.starts_with("application/x-www-form-urlencoded") {
            return self.pairs(body);
        }
        if media_type.starts_with("multipart/") {
            let mut names = body.split("name=").skip(1).map(|rest| {
                let rest = rest.trim_start_matches('"');
                &rest[..rest.find(['"', ';', '\r', '\n']).unwrap_or(rest.len())]
            });
            if names.any(|name| self.is_secret_member(name)) {
                return REDACTED.to_owned();
            }
        }
        let (blanked, _) =
            blank(body, |name, value| self.is_secret_member(name) || self.is_secret(value));
        if let Ok(mut json) = serde_json::from_str::<Value>(&blanked)
            && self.empty_members(&mut json)
        {
            return self.text(&json.to_string());
        }
        self.text(&blanked)
    }

    /// Empties secret members that are no text; whether there were any.
    fn empty_members(&self, json: &mut Value) -> bool {
        let mut found = false;
        match json {
            Value::Object(members) => {
                for (name, value) in members {
                    if self.is_secret_member(name) && !value.is_null() && !value.is_string() {
                        *value = REDACTED.into();
                        found = true;
                    } else {
                        found |= self.empty_members(value);
                    }
                }
            }
            Value::Array(items) => {
                for item in items {
                    found |= self.empty_members(item);
                }
            }
            _ => {}
        }
        found
    }

    /// Takes what is secret out of a value.
    pub(super) fn json(&self, json: &mut Value) {
        match json {
            Value::String(text) => *text = self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.json(item)),
            Value::Object(members) => {
                for (name, value) in members {
                    if self.is_secret_member(name) && !value.is_null() {
                        *value = REDACTED.into();
                    } else {
                        self.json(value);
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether a member of a body, or of what is read of one, holds something secret by its name.
    pub(super) fn is_secret_member(&self, name: &str) -> bool {
        self.names.members.contains(name) || is_secret_name(name)
    }

    /// The properties of a record of this provider and resource.
    pub(super) fn record(
        &self,
        (provider, resource): (usize, usize),
        fields: &Map<String, Value>,
    ) -> Map<String, Value> {
        let secrets = &self.emulator.behavior(provider).secrets().properties;
        let mut fields = fields.clone();
        for (name, value) in &mut fields {
            let is_known = || secrets.iter().any(|(of, known)| *of == resource && known == name);
            if !value.is_null() && (is_secret_name(name) || is_known()) {
                *value = REDACTED.into();
            } else {
                self.json(value);
            }
        }
        fields
    }

    /// The key of such a record.
    pub(super) fn key(&self, (provider, resource): (usize, usize), key: &Key) -> String {
        let behavior = self.emulator.behavior(provider);
        let properties = &behavior.model().resources[resource].key;
        let secrets = &behavior.secrets().properties;
        let is_secret =
            |name: &String| is_secret_name(name) || secrets.contains(&(resource, name.clone()));
        if properties.iter().any(is_secret) {
            return REDACTED.to_owned();
        }
        let parts = key.parts().iter().map(|part| match part.to_json() {
            Value::String(text) => text,
            other => other.to_string(),
        });
        self.text(&parts.collect::<Vec<_>>().join(","))
    }
}

/// A piece of a text without the character that it ends with, and that.
fn split_end<const N: usize>(piece: &str, ends: [char; N]) -> (&str, &str) {
    let body = piece.strip_suffix(ends).unwrap_or(piece);
    piece.split_at(body.len())
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || "_-.~+".contains(character)
}

/// Whether a name is that of a credential, in a header, a query, a cookie, a body, a record or a text.
fn is_secret_name(name: &str) -> bool {
    let plain = name.to_ascii_lowercase().replace(['-', '_'], "");
    ENDINGS.iter().any(|ending| plain.ends_with(ending))
        && !PLACES_IN_LISTS.iter().any(|start| plain.starts_with(start))
}
