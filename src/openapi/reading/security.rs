//! Security schemes, and which of them a place asks for.
//!
//! Must not know how credentials are checked.

use indexmap::IndexMap;
use serde_json::Value;

use crate::finding::did_you_mean;
use crate::openapi::references::Referred;
use crate::openapi::{Location, SecurityScheme, references, schema, typed};
use crate::pointer::child;

use super::reader::Reader;

/// The security that a document asks for at one place.
pub(super) enum Security {
    /// It says nothing of it there.
    Unsaid,
    /// One of these sets of schemes; none: public.
    Alternatives(Vec<Vec<String>>),
    /// Not known, with the reason.
    Unknown(String),
}

impl Reader<'_> {
    pub(in crate::openapi) fn security_schemes(&mut self) {
        self.lost_schemes.are_all = self.is_lost("/components/securitySchemes");
        for (name, pointer) in self.entries("/components/securitySchemes") {
            if self.is_lost(&pointer) {
                self.lost_schemes.names.insert(name.clone());
            }
            self.scheme(name, &pointer);
        }
    }

    fn scheme(&mut self, name: &str, pointer: &str) {
        let Some((at, map)) = self.object(pointer) else { return };
        if map.get("type").is_some_and(|kind| kind == "mutualTLS") {
            let message = format!("`{name}` is of type `mutualTLS`, which is not checked");
            self.advise(&at, message, "it holds for every request");
            self.schemes.insert(name.to_owned(), SecurityScheme::MutualTls);
            return;
        }
        let scheme: Option<openapiv3::SecurityScheme> = typed::part(
            map.clone(),
            typed::SECURITY_SCHEME,
            self.document,
            &at,
            &mut self.findings,
        );
        self.schemes.extend(scheme.map(|scheme| (name.to_owned(), security_scheme(scheme))));
    }

    /// Reads the schemes that a requirement names by a reference, as one may since 3.2.
    fn schemes_by_reference<'n>(&mut self, names: impl Iterator<Item = &'n String>) {
        for name in names {
            let target = schema::target(name).filter(|target| target.starts_with('/'));
            if let Some(target) = target.filter(|_| !self.schemes.contains_key(name)) {
                self.scheme(name, &target);
            }
        }
    }

    /// Returns true if a reference should lead to a place and does not.
    fn is_lost(&self, pointer: &str) -> bool {
        let found = references::find(self.document.root(), pointer);
        matches!(found, Referred::Broken(..) | Referred::Circle)
    }

    /// Security requirements at a place. Where they cannot be known, calls must be refused.
    pub(super) fn security(&mut self, pointer: &str) -> Security {
        let unknown = |why: &str| Security::Unknown(format!("`security` {why}"));
        let requirements = match self.find_plain(pointer) {
            None if self.is_lost(pointer) => {
                return unknown("is a reference that leads nowhere");
            }
            None | Some((_, Value::Null)) => return Security::Unsaid,
            Some((at, Value::Object(_))) => {
                let message = "`security` is a map; it is read as a list with that map in it";
                self.advise(&at, message, "write a list");
                vec![at]
            }
            Some((at, Value::Array(items))) => {
                (0..items.len()).map(|n| format!("{at}/{n}")).collect()
            }
            Some((at, _)) => {
                self.misplaced(&at, "a list");
                return unknown("is not a list");
            }
        };
        let (mut alternatives, mut undeclared) = (Vec::new(), Vec::new());
        let mut lost = None;
        let mut unknowns = Vec::new();
        for pointer in requirements {
            let Some((at, Value::Object(requirement))) = self.find(&pointer) else {
                if !self.is_lost(&pointer) {
                    self.misplaced(&pointer, "a map of security schemes");
                }
                lost = Some("has an alternative that is not a map of security schemes".to_owned());
                continue;
            };
            self.schemes_by_reference(requirement.keys());
            let undefined = |name: &&String| !self.schemes.contains_key(*name);
            let (gone, unknown): (Vec<&String>, Vec<&String>) =
                requirement.keys().filter(undefined).partition(|name| self.lost_schemes.has(name));
            if gone.is_empty() {
                let kept = if unknown.is_empty() { &mut alternatives } else { &mut undeclared };
                kept.push(requirement.keys().cloned().collect());
            }
            if let Some(name) = gone.first() {
                lost = Some(format!("asks for `{name}`, whose definition cannot be read"));
            }
            unknowns.extend(unknown.into_iter().map(|name| (child(&at, name), name)));
        }
        let is_all = alternatives.is_empty() && lost.is_none();
        self.note_undeclared_schemes(unknowns, is_all);
        match lost {
            Some(why) if alternatives.is_empty() => unknown(&why),
            None if is_all => Security::Alternatives(undeclared),
            _ => Security::Alternatives(alternatives),
        }
    }

    /// Tells of schemes that are asked for and declared nowhere. Where an operation accepts nothing else, each is a
    /// bearer token: what the document would have said is not known, and without it nothing would be asked for.
    fn note_undeclared_schemes(&mut self, names: Vec<(String, &String)>, are_needed: bool) {
        for (at, name) in names {
            let hint = did_you_mean(name, self.schemes.keys().map(String::as_str));
            let taken = if are_needed {
                self.undeclared_schemes.insert(name.clone());
                "it is read as a bearer token"
            } else {
                "the alternative with it is left out"
            };
            let message = format!("security scheme `{name}` is not declared; {taken}");
            self.warn(&at, message).hint = hint;
        }
    }

    /// All security schemes that operations ask for.
    pub(in crate::openapi) fn take_schemes(&mut self) -> IndexMap<String, SecurityScheme> {
        let undeclared = std::mem::take(&mut self.undeclared_schemes).into_iter();
        let mut schemes = std::mem::take(&mut self.schemes);
        schemes.extend(undeclared.map(|name| (name, SecurityScheme::Bearer)));
        schemes
    }
}

fn security_scheme(scheme: openapiv3::SecurityScheme) -> SecurityScheme {
    use openapiv3::APIKeyLocation;
    use openapiv3::SecurityScheme::{APIKey, HTTP, OAuth2, OpenIDConnect};
    match scheme {
        APIKey { location, name, .. } => {
            let location = match location {
                APIKeyLocation::Query => Location::Query,
                APIKeyLocation::Header => Location::Header,
                APIKeyLocation::Cookie => Location::Cookie,
            };
            SecurityScheme::ApiKey { location, name }
        }
        HTTP { scheme, .. } if scheme.eq_ignore_ascii_case("bearer") => SecurityScheme::Bearer,
        HTTP { scheme, .. } if scheme.eq_ignore_ascii_case("basic") => SecurityScheme::Basic,
        HTTP { scheme, .. } => SecurityScheme::Http { scheme },
        OAuth2 { .. } | OpenIDConnect { .. } => SecurityScheme::Bearer,
    }
}
