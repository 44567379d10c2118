//! What became of records in words, as the page has them: `−1 organization`, `5 users unlinked`.
//!
//! Must not know where they are printed.

use serde_json::{Map, Value};

use crate::singular::singular;

/// The kinds of changes in the order in which they are told, each with its sign, if it has one.
const KINDS: [(&str, &str); 5] =
    [("deleted", "−"), ("created", "+"), ("updated", "~"), ("unlinked", ""), ("kept", "")];

/// So many changes of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EffectWords {
    /// As the admin API has it.
    pub(super) kind: &'static str,
    /// In words.
    pub(super) text: String,
}

/// What changed, of the counts of an entry or a plan. What `first` is of, a change or a node, comes first of its kind.
pub(super) fn effects(counts: &Value, first: Option<&Value>) -> Vec<EffectWords> {
    let mut words = Vec::new();
    for (kind, sign) in KINDS {
        let Some(places) = counts[kind].as_object() else { continue };
        let is_first = |place: &str| first.is_some_and(|first| is_of(first, kind, place));
        let mut places: Vec<_> = places.iter().collect();
        places.sort_by_key(|(place, _)| !is_first(place));
        for (place, count) in places {
            let resource = place.split_once('/').map_or(place.as_str(), |(_, resource)| resource);
            let name = record_count(count.as_u64().unwrap_or_default(), resource);
            let text =
                if sign.is_empty() { format!("{name} {kind}") } else { format!("{sign}{name}") };
            words.push(EffectWords { kind, text });
        }
    }
    words
}

/// Whether a change or a node is of that kind and of that resource.
fn is_of(one: &Value, kind: &str, place: &str) -> bool {
    let of = |name: &str| one[name].as_str().unwrap_or_default();
    of("kind") == kind && place.split_once('/') == Some((of("provider"), of("resource")))
}

/// `1 organization`, `1,200 api keys`: records of a resource, which has its name in the plural.
pub(super) fn record_count(count: u64, resource: &str) -> String {
    let words = resource.replace('_', " ");
    let (first, last) = words.split_at(words.rfind(' ').map_or(0, |space| space + 1));
    let last = if count == 1 { singular(last) } else { last.into() };
    format!("{} {first}{last}", number(count))
}

/// A count of records by resource, such as `1 organization, 2 users`.
pub(super) fn listed(records: &Map<String, Value>) -> String {
    let one = |(place, count): (&String, &Value)| {
        let resource = place.split_once('/').map_or(place.as_str(), |(_, resource)| resource);
        record_count(count.as_u64().unwrap_or_default(), resource)
    };
    records.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// A number with a comma before each three digits.
fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn changes_are_told_as_on_the_page() {
        let counts = json!({
            "created": { "shop/activities": 1 },
            "deleted": { "shop/businesses": 1, "shop/boxes": 1, "shop/api_keys": 1200 },
            "unlinked": { "shop/users": 5 },
            "kept": { "shop/status": 1, "shop/git_branches": 1, "shop/people": 1 },
        });
        let first = json!({ "kind": "deleted", "provider": "shop", "resource": "api_keys" });
        let words = effects(&counts, Some(&first));
        let words: Vec<_> = words.iter().map(|one| one.text.as_str()).collect();
        expect_test::expect![
            "−1,200 api keys | −1 business | −1 box | +1 activity | 5 users unlinked | 1 status kept | 1 git branch kept | 1 person kept"
        ]
        .assert_eq(&words.join(" | "));
    }
}
