//! The operations that are nearest to what none takes, and in what they differ.
//!
//! Must not know what is answered.

use http::request::Parts;
use schemars::JsonSchema;
use serde::Serialize;

use crate::emulator::context::host;
use crate::emulator::engine::Emulator;
use crate::emulator::mount::{Address, RouteTarget};
use crate::emulator::pick;
use crate::emulator::sent::SentPairs;
use crate::openapi::called;
use crate::printable::shortened;
use crate::router::ConditionValues;

/// Maximum number of operations named.
const NEAREST_MAX: usize = 5;

/// Maximum number of differing segments named.
const SEGMENTS_MAX: usize = 3;

/// The longest segment that is repeated, in characters.
const SEGMENT_CHARS_MAX: usize = 60;

/// An operation, and why it does not take a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NearMiss {
    /// Whose it is.
    pub provider: String,
    /// Its id; none where the sandbox does not emulate it.
    pub operation: Option<String>,
    /// Its method.
    pub method: String,
    /// Its path, as it is asked for here.
    pub path: String,
    /// In what the request differs.
    pub differs: String,
}

impl Emulator {
    /// The operations nearest to a request that none takes, the nearest first.
    pub fn near_misses(&self, parts: &Parts) -> Vec<NearMiss> {
        let Ok((_, path)) = pick::sandbox(&parts.headers, parts.uri.path()) else {
            return Vec::new();
        };
        let address = self.mounts.locate(host(parts), path);
        let pairs = SentPairs::of(parts);
        let sent: &ConditionValues<'_> = &|it| pairs.value(it);
        let found = self.mounts.near(address, &parts.method, sent, |_| true, NEAREST_MAX);
        let prefix = prefix(parts, address);
        let view = |near: crate::router::Near<'_, RouteTarget>| {
            let operation = match *near.value {
                RouteTarget::Operation { provider, operation } => {
                    Some(self.operation_id(provider, operation).to_string())
                }
                RouteTarget::NotEmulated { .. } => None,
            };
            let mut differs = differences(near.template, address.path);
            if near.method != parts.method {
                let (asked, there) = (&parts.method, near.method);
                differs.insert(0, format!("the method is `{asked}`, and `{there}` there"));
            }
            differs.extend(near.conditions.iter().filter_map(|condition| pairs.lacks(condition)));
            if operation.is_none() {
                differs.push("the sandbox does not emulate it".to_owned());
            }
            NearMiss {
                provider: self.provider_name(near.value.provider()).to_string(),
                operation,
                method: near.method.to_string(),
                path: format!("{prefix}{}", called(near.template, near.conditions)),
                differs: differs.join("; "),
            }
        };
        found.into_iter().map(view).collect()
    }
}

/// Prefix of the path that an operation sees: the sandbox and the provider, as far as the caller names them there.
pub(super) fn prefix<'r>(parts: &'r Parts, address: Address<'_>) -> &'r str {
    let path = parts.uri.path();
    // Where nothing comes after the prefix, the operation sees `/`.
    path.strip_suffix(address.path).unwrap_or(path)
}

/// In which segments a path differs from a template.
fn differences(template: &str, path: &str) -> Vec<String> {
    let split = |path: &str| -> Vec<String> {
        path.trim_start_matches('/').split('/').map(str::to_owned).collect()
    };
    let (there, asked) = (split(template), split(path));
    let mut found = Vec::new();
    for (number, (there, asked)) in there.iter().zip(&asked).enumerate() {
        if there != asked && !there.contains('{') && found.len() < SEGMENTS_MAX {
            let asked = shortened(asked, SEGMENT_CHARS_MAX);
            found.push(format!("segment {} is `{asked}`, and `{there}` there", number + 1));
        }
    }
    let count = |more: usize, what: &str| match more {
        1 => format!("there is 1 segment {what}"),
        more => format!("there are {more} segments {what}"),
    };
    if asked.len() > there.len() {
        found.push(count(asked.len() - there.len(), "more than there"));
    } else if asked.len() < there.len() {
        found.push(count(there.len() - asked.len(), "less than there"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_said_by_segment() {
        for (template, path, expected) in [
            ("/orders/{id}", "/ordres/5", "segment 1 is `ordres`, and `orders` there"),
            ("/orders/{id}", "/orders", "there is 1 segment less than there"),
            ("/orders", "/orders/5/x", "there are 2 segments more than there"),
            ("/orders", "/orders/", "there is 1 segment more than there"),
            (
                "/a/{b}/c",
                "/x/1/y",
                "segment 1 is `x`, and `a` there; segment 3 is `y`, and `c` there",
            ),
            ("/orders", "/orders", ""),
        ] {
            assert_eq!(differences(template, path).join("; "), expected, "{path}");
        }
    }
}
