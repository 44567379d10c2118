//! Documented responses by status and by the name of an example.
//!
//! Must not know media types.

use std::collections::HashSet;
use std::fmt;

use crate::openapi::{Operation, Response as Documented};

/// The response that was asked for is not documented; what is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotDocumented {
    /// The operation.
    pub operation: String,
    /// The status that was asked for.
    pub code: Option<u16>,
    /// The example that was asked for.
    pub example: Option<String>,
    /// The statuses that are documented.
    pub codes: Vec<String>,
    /// The examples that are documented, of that status if there is one.
    pub examples: Vec<String>,
}

impl NotDocumented {
    /// What is missing from an operation's documentation.
    pub fn of(operation: &Operation, code: Option<u16>, example: Option<&str>) -> Self {
        let of_code = code.and_then(|code| operation.response(code));
        let all: Vec<&Documented> = match of_code {
            Some(response) => vec![response],
            None => coded(operation).into_iter().map(|(_, response)| response).collect(),
        };
        let media = all.into_iter().flat_map(|response| response.content.values());
        let mut examples: Vec<String> =
            media.flat_map(|media| media.examples.keys()).cloned().collect();
        // One without a name cannot be asked for.
        let mut seen = HashSet::from([String::new()]);
        examples.retain(|name| seen.insert(name.clone()));
        Self {
            operation: operation.id.clone(),
            code,
            example: example.map(ToOwned::to_owned),
            codes: operation.responses.keys().cloned().collect(),
            examples,
        }
    }
}

impl fmt::Display for NotDocumented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, code, example, codes, examples } = self;
        let quoted = |names: &[String]| match names {
            [] => "none".to_owned(),
            names => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
        };
        match (code, example) {
            (Some(code), Some(example)) => write!(
                f,
                "`{operation}` documents no example `{example}` for {code}: it has {} there, and the codes {}",
                quoted(examples),
                quoted(codes)
            ),
            (Some(code), None) => {
                write!(f, "`{operation}` documents no response {code}: it has {}", quoted(codes))
            }
            (None, _) => write!(
                f,
                "`{operation}` documents no example `{}`: it has {}",
                example.as_deref().unwrap_or_default(),
                quoted(examples)
            ),
        }
    }
}

/// The response of a status that has an example of a name. Without a status it is the lowest that has the example, success
/// first.
pub fn by_name<'o>(
    operation: &'o Operation,
    code: Option<u16>,
    example: Option<&str>,
) -> Result<(u16, &'o Documented), NotDocumented> {
    let has = |response: &Documented| {
        example.is_none_or(|name| {
            response.content.values().any(|media| media.examples.contains_key(name))
        })
    };
    let found = match code {
        Some(code) => {
            operation.response(code).filter(|response| has(response)).map(|one| (code, one))
        }
        None => {
            let mut coded = coded(operation);
            coded.sort_by_key(|(code, _)| !(200..300).contains(code));
            coded.into_iter().find(|(_, response)| has(response))
        }
    };
    found.ok_or_else(|| NotDocumented::of(operation, code, example))
}

/// The responses that have a status, the lowest first, then those for a class, as its first status, in their order.
pub fn coded(operation: &Operation) -> Vec<(u16, &Documented)> {
    let responses = || operation.responses.iter();
    let mut coded: Vec<(u16, &Documented)> =
        responses().filter_map(|(key, one)| Some((key.parse().ok()?, one))).collect();
    coded.sort_by_key(|(code, _)| *code);
    let class = |key: &str| Some(key.strip_suffix("XX")?.parse::<u16>().ok()? * 100);
    coded.extend(responses().filter_map(|(key, one)| Some((class(key)?, one))));
    coded
}
