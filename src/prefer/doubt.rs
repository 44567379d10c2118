//! Preferences and headers with a mistyped name, by which a client means to tell the sandbox something.
//!
//! RFC 7240 section 2 has unknown preferences passed over, and so they are, except where a call would change something:
//! a client that sends `Prefer: dry_run` believes that nothing happens. Must not know what a call changes.

use std::fmt;

use http::HeaderMap;

use super::KNOWN;

/// Preferences of others, which are close to none of ours on purpose (IANA's registry of HTTP preferences).
const REGISTERED: [&str; 7] =
    ["depth-noroot", "handling", "respond-async", "return", "safe", "transclude", "wait"];

/// The headers of our own that may be sent: the first is read, the rest are in answers, which clients may repeat.
const OWN_HEADERS: [&str; 6] = [
    "tombstone-sandbox",
    "tombstone-request-id",
    "tombstone-violations",
    "tombstone-ignored",
    "tombstone-replayed",
    "tombstone-sandbox-restarted",
];

/// Longer names are compared with nothing: the longest of ours is half as long.
const NAME_BYTES_MAX: usize = 32;

/// A name that is nearly one of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// As it would be written: `Prefer: dry_run`.
    pub sent: String,
    /// The probable intention, written in the same way.
    pub meant: String,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sent, meant } = self;
        write!(
            f,
            "`{sent}` is not known here, and is nearly `{meant}`: this call would change something, so nothing was done; \
             write `{meant}`, or leave it out"
        )
    }
}

/// Doubt about the name of a preference, in the header or after `__` in a query.
pub(super) fn of_preference(name: &str, written: impl Fn(&str) -> String) -> Option<Doubt> {
    let meant = meant(name)?;
    Some(Doubt { sent: written(name), meant: written(meant) })
}

/// The first header whose name is nearly one of ours; those that the contract declares are its own.
pub fn of_headers(headers: &HeaderMap, is_declared: impl Fn(&str) -> bool) -> Option<Doubt> {
    let names = headers.keys().map(http::HeaderName::as_str);
    names.filter(|name| name.len() <= NAME_BYTES_MAX).find_map(|name| {
        let meant = meant_header(name).filter(|_| !is_declared(name))?;
        Some(Doubt { sent: name.to_owned(), meant })
    })
}

fn meant_header(name: &str) -> Option<String> {
    // Most names are none of this, and end here.
    let bare = name.strip_prefix("x-").unwrap_or(name);
    if !bare.starts_with(['t', 'p', 'd']) || OWN_HEADERS.contains(&name) || name == "prefer" {
        return None;
    }
    if let Some(rest) = bare.strip_prefix("tombstone") {
        let rest = rest.trim_start_matches(['-', '_']);
        let preference = KNOWN.into_iter().find(|known| *known == rest).or_else(|| meant(rest));
        return Some(match preference {
            Some(preference) => format!("Prefer: {preference}"),
            None => "Tombstone-Sandbox".to_owned(),
        });
    }
    let squeezed = squeezed(bare);
    if squeezed == "dryrun" {
        Some("Prefer: dry-run".to_owned())
    } else if strsim::damerau_levenshtein(&squeezed, "tombstonesandbox") <= 3 {
        Some("Tombstone-Sandbox".to_owned())
    } else if squeezed.starts_with("preference")
        || strsim::damerau_levenshtein(&squeezed, "prefer") <= 1
    {
        Some("Prefer".to_owned())
    } else {
        None
    }
}

/// The preference that a name nearly is; none where it is one, of ours or of others.
fn meant(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let name = name.as_str();
    if name.len() > NAME_BYTES_MAX || KNOWN.contains(&name) || REGISTERED.contains(&name) {
        return None;
    }
    let sent = squeezed(name);
    if sent == "dry" || sent.contains("dryrun") {
        return Some("dry-run");
    }
    KNOWN.into_iter().find(|known| is_near(&sent, &squeezed(known)))
}

/// Short names are near to many words, so that of these only one letter may be wrong, and not the first.
fn is_near(sent: &str, known: &str) -> bool {
    let distance = strsim::damerau_levenshtein(sent, known);
    if known.len() > 4 {
        distance <= 2
    } else {
        distance == 0 || distance == 1 && sent.bytes().next() == known.bytes().next()
    }
}

/// A name without what separates its words.
fn squeezed(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn what_is_nearly_a_preference_is_known_for_it() {
        let near = |name: &str| meant(name).unwrap_or("-");
        let names = [
            "dry_run",
            "dryrun",
            "DryRun",
            "dry run",
            "dry.run",
            "dry",
            "dry-runs",
            "x-dry-run",
            "dyr-run",
            "drn-run",
            "cod",
            "codes",
            "cdoe",
            "exmaple",
            "examples",
            "dinamic",
            "seeds",
        ];
        let told: Vec<String> = names.map(|name| format!("{name}={}", near(name))).into();
        expect_test::expect!["dry_run=dry-run dryrun=dry-run DryRun=dry-run dry run=dry-run dry.run=dry-run dry=dry-run dry-runs=dry-run x-dry-run=dry-run dyr-run=dry-run drn-run=dry-run cod=code codes=code cdoe=code exmaple=example examples=example dinamic=dynamic seeds=seed"].assert_eq(&told.join(" "));
        let others = [
            "dry-run",
            "Dry-Run",
            "CODE",
            "respond-async",
            "wait",
            "return",
            "handling",
            "safe",
            "odata.maxpagesize",
            "mode",
            "node",
            "feed",
            "x",
            "",
            &"dry-run".repeat(99),
        ];
        for name in others {
            assert_eq!(meant(name), None, "{name}");
        }
    }

    #[test]
    fn what_is_nearly_a_header_of_ours_is_known_for_it() {
        let near = |name: &'static str, declared: &str| {
            let headers = HeaderMap::from_iter([(
                http::HeaderName::from_static(name),
                HeaderValue::from_static("x"),
            )]);
            of_headers(&headers, |name| name == declared).map(|doubt| doubt.meant)
        };
        for (name, meant) in [
            ("tombstone-dry-run", "Prefer: dry-run"),
            ("tombstone-code", "Prefer: code"),
            ("dry-run", "Prefer: dry-run"),
            ("x-dry-run", "Prefer: dry-run"),
            ("tombstone-sanbox", "Tombstone-Sandbox"),
            ("tombstone-sandboxes", "Tombstone-Sandbox"),
            ("tomstone-sandbox", "Tombstone-Sandbox"),
            ("x-tombstone-sandbox", "Tombstone-Sandbox"),
            ("prefers", "Prefer"),
            ("preference", "Prefer"),
        ] {
            assert_eq!(near(name, "").as_deref(), Some(meant), "{name}");
            assert_eq!(near(name, name), None, "{name} is declared");
        }
        for name in OWN_HEADERS.into_iter().chain(["prefer", "te", "transfer-encoding", "priority"])
        {
            assert_eq!(near(name, ""), None, "{name}");
        }
    }
}
