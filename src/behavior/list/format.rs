//! Lists as they are written.
//!
//! Must not know what they mean.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::behavior::one_or_many::OneOrMany;

/// The records that an operation lists, as `list` in its rules.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListFormat {
    /// The resource.
    pub of: String,
    /// Properties and the values that they have in every record listed, as expressions; `none` for what is absent or null.
    #[serde(default, rename = "where")]
    pub fixed: IndexMap<String, String>,
    /// Properties and expressions, such as `status: query.status`: where the value is absent, it filters nothing; where it
    /// is a list, records have one of its elements. `labels[]: query.label` looks into a property that is a list; then the
    /// records are gone through.
    #[serde(default)]
    pub filter: IndexMap<String, String>,
    /// An expression that holds for the `record`s listed. It is asked for each one, so a list of many is slow by it.
    #[serde(default)]
    pub keep_if: Option<String>,
    /// A text to be found in properties, or several, each of which is found.
    #[serde(default)]
    pub search: Option<OneOrMany<SearchFormat>>,
    /// The order: a property, with `-` before it for the highest first. Records that are equal in it are ordered by key.
    #[serde(default)]
    pub sort: Option<SortsFormat>,
    /// Which part of the list is wanted; all of it, unless given.
    #[serde(default)]
    pub page: Option<PageFormat>,
}

/// A text to be found, in small letters or capitals.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchFormat {
    /// An expression for the text; where it is absent or empty, nothing is searched for.
    #[serde(rename = "for")]
    pub text: String,
    /// The properties, one of which has it.
    #[serde(rename = "in")]
    pub properties: Vec<String>,
    /// An expression for the property that is looked into, where the caller names one of `in`; where it names another,
    /// nothing is found.
    #[serde(default)]
    pub by: Option<String>,
}

/// One order, or orders to choose from.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum SortsFormat {
    /// Always this one.
    One(String),
    /// The caller chooses.
    Chosen(SortFormat),
}

/// Orders to choose from.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SortFormat {
    /// An expression for the caller's choice, such as `query.sort`: one of `allow`, with `-` before it or `:desc` or ` desc`
    /// after it for the highest first.
    pub by: String,
    /// An expression for the direction, where that is another parameter: `desc` or `descending` for the highest first.
    #[serde(default)]
    pub direction: Option<String>,
    /// The order where the caller chooses none.
    pub default: String,
    /// What the caller can choose, by the caller's name for it: the property. The default's own property can be chosen
    /// too.
    #[serde(default)]
    pub allow: IndexMap<String, String>,
}

/// Which part of a list is wanted: one of `number`, `offset`, `cursor`, and `after` or `before`; and how much.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PageFormat {
    /// An expression for the number of the page.
    pub number: Option<String>,
    /// The number of the first page: 1, unless given.
    pub first: Option<i64>,
    /// An expression for how many records come before the page.
    pub offset: Option<String>,
    /// An expression for what `list.next` or `list.previous` gave with another page. It stays where it is when records come
    /// and go before it.
    pub cursor: Option<String>,
    /// An expression for the key of the record that comes before the page.
    pub after: Option<String>,
    /// An expression for the key of the record that comes after the page.
    pub before: Option<String>,
    /// An expression for how many records the page has.
    pub size: Option<String>,
    /// How many where the caller does not say: what the schema of the parameter says, unless given, or else 20.
    pub default: Option<usize>,
    /// How many at most: what the schema of the parameter says, unless given, or else 100.
    pub max: Option<usize>,
}
