//! Which parameters of a list do what: pages, filters, search and order.
//!
//! Must not know where records are kept.

use serde_json::{Map, Value, json};

use crate::infer::paths::Argument;
use crate::infer::shape::{ObjectShape, is_number, is_scalar, said};
use crate::infer::words::{member, plain};
use crate::openapi::{Schemas, Types};
use crate::validation::MessagePart;

const NUMBERS: [&str; 6] = ["page", "pagenumber", "p", "pageno", "pageindex", "currentpage"];
const OFFSETS: [&str; 5] = ["offset", "skip", "start", "startindex", "first"];
const CURSORS: [&str; 10] = [
    "cursor",
    "pagetoken",
    "nexttoken",
    "marker",
    "continuation",
    "continuationtoken",
    "after",
    "startingafter",
    "before",
    "endingbefore",
];
const SIZES: [&str; 12] = [
    "perpage",
    "pagesize",
    "limit",
    "size",
    "count",
    "pagelimit",
    "maxresults",
    "top",
    "max",
    "rows",
    "first",
    "take",
];
const SEARCHES: [&str; 5] = ["q", "query", "search", "term", "searchterm"];
const SORTS: [&str; 6] = ["sort", "sortby", "orderby", "ordering", "order", "sortfield"];
const DIRECTIONS: [&str; 5] = ["order", "direction", "dir", "sortorder", "sortdirection"];

/// Properties that one list is ordered by, at most, and as many that it is filtered by: each has an index.
const INDEXED_MAX: usize = 15;

/// The ends of parameters that compare a property, and how.
const COMPARED: [(&str, &str); 14] = [
    ("gte", ">="),
    ("lte", "<="),
    ("gt", ">"),
    ("lt", "<"),
    ("min", ">="),
    ("max", "<="),
    ("after", ">"),
    ("before", "<"),
    ("since", ">="),
    ("until", "<="),
    ("from", ">="),
    ("to", "<="),
    ("start", ">="),
    ("end", "<="),
];

/// What the parameters of a list do.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// The entries of `list` beside `of` and `where`.
    pub(super) entries: Map<String, Value>,
    /// The parameters that change nothing.
    pub(super) ignored: Vec<String>,
    /// The kind of its pages.
    pub(super) pages: Option<Pages>,
}

/// How pages are picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pages {
    Number,
    Offset,
    Cursor,
    Size,
}

impl Listing {
    /// Of an operation that lists records of this shape; `asked` is what its calls say, and `key` the records' key.
    pub(super) fn of(
        schemas: &Schemas,
        asked: Vec<Argument<'_>>,
        shape: Option<&ObjectShape<'_>>,
        key: &str,
    ) -> Self {
        let mut reader = Reader { schemas, shape, key, listing: Self::default(), left: asked };
        reader.pages();
        reader.search();
        reader.sort();
        reader.filters();
        let Reader { mut listing, left, .. } = reader;
        let queries = left.into_iter().filter(|one| one.part == MessagePart::Query);
        listing.ignored = queries.map(|one| one.name).collect();
        listing
    }
}

struct Reader<'r> {
    schemas: &'r Schemas,
    shape: Option<&'r ObjectShape<'r>>,
    key: &'r str,
    listing: Listing,
    /// The parameters of which it is not known what they do.
    left: Vec<Argument<'r>>,
}

/// The name of a parameter without case, separators and brackets: `page[size]` is `pagesize`.
fn called(parameter: &Argument<'_>) -> String {
    plain(&parameter.name)
}

impl<'r> Reader<'r> {
    /// Takes the first parameter of one of these names, in the order of the names.
    fn take(&mut self, names: &[&str]) -> Option<Argument<'r>> {
        let index =
            names.iter().find_map(|name| self.left.iter().position(|one| called(one) == *name))?;
        Some(self.left.remove(index))
    }

    fn is_whole(&self, parameter: &Argument<'_>) -> bool {
        parameter.schema.is_some_and(|schema| is_number(self.schemas, schema))
    }

    fn pages(&mut self) {
        let mut page = Map::new();
        if let Some(number) = self.take(&NUMBERS) {
            let schema = number.schema;
            if schema.is_some_and(|schema| {
                self.schemas.types(schema) & (Types::NUMBER | Types::STRING) == Types::NONE
            }) {
                // An object such as `page[size]`, whose members cannot be told apart here.
                self.left.push(number);
            } else if schema.is_some_and(|schema| !is_number(self.schemas, schema))
                && schema.is_some_and(|schema| said(self.schemas, schema, "type").is_some())
            {
                page.insert("cursor".into(), number.expression().into());
                self.listing.pages = Some(Pages::Cursor);
            } else {
                page.insert("number".into(), number.expression().into());
                let least = ["default", "minimum"]
                    .iter()
                    .find_map(|keyword| said(self.schemas, schema?, keyword)?.as_i64());
                if least == Some(0) {
                    page.insert("first".into(), 0.into());
                }
                self.listing.pages = Some(Pages::Number);
            }
        } else if let Some(offset) = self.take_whole(&OFFSETS) {
            let start = called(&offset) == "startindex";
            let query = offset.expression();
            let expression = if start { format!("({query} or 1) - 1") } else { query };
            page.insert("offset".into(), expression.into());
            self.listing.pages = Some(Pages::Offset);
        } else {
            self.cursors(&mut page);
        }
        if let Some(size) = self.take_whole(&SIZES) {
            page.insert("size".into(), size.expression().into());
            let _ = self.listing.pages.get_or_insert(Pages::Size);
        } else if self.listing.pages.is_none() {
            return;
        }
        self.listing.entries.insert("page".into(), Value::Object(page));
    }

    /// Takes the first parameter of one of these names that is a number.
    fn take_whole(&mut self, names: &[&str]) -> Option<Argument<'r>> {
        let whole = |reader: &Self, one: &Argument<'_>| {
            reader.is_whole(one)
                || one.schema.is_none_or(|schema| said(reader.schemas, schema, "type").is_none())
        };
        let index = names.iter().find_map(|name| {
            self.left.iter().position(|one| called(one) == *name && whole(self, one))
        })?;
        Some(self.left.remove(index))
    }

    fn cursors(&mut self, page: &mut Map<String, Value>) {
        let is_key =
            |one: &Argument<'_>| matches!(called(one).as_str(), "startingafter" | "endingbefore");
        while let Some(cursor) = self.take(&CURSORS) {
            let is_before = matches!(called(&cursor).as_str(), "before" | "endingbefore");
            let entry = match (is_key(&cursor), is_before) {
                (true, true) => "before",
                (true, false) => "after",
                (false, true) => {
                    self.left.push(cursor);
                    break;
                }
                (false, false) => "cursor",
            };
            if page.contains_key("cursor") || (entry == "cursor" && !page.is_empty()) {
                self.left.push(cursor);
                break;
            }
            page.insert(entry.into(), cursor.expression().into());
            self.listing.pages = Some(Pages::Cursor);
        }
    }

    fn search(&mut self) {
        let Some(shape) = self.shape else { return };
        let texts = shape.properties.iter().filter(|(_, property)| {
            let types = self.schemas.types(property.schema);
            !property.is_write_only
                && types & Types::STRING != Types::NONE
                && types & (Types::OBJECT | Types::ARRAY) == Types::NONE
        });
        let texts: Vec<&str> = texts.map(|(name, _)| *name).take(20).collect();
        if texts.is_empty() {
            return;
        }
        let named = |name: &str| shape.get(name).is_some();
        if SEARCHES.iter().any(|name| named(name)) {
            return;
        }
        let is_text = |reader: &Self, one: &Argument<'_>| {
            one.schema
                .is_none_or(|schema| reader.schemas.types(schema) & Types::STRING != Types::NONE)
        };
        let index = SEARCHES.iter().find_map(|name| {
            self.left.iter().position(|one| called(one) == *name && is_text(self, one))
        });
        if let Some(index) = index {
            let search = self.left.remove(index);
            self.listing
                .entries
                .insert("search".into(), json!({ "for": search.expression(), "in": texts }));
        }
    }

    fn sort(&mut self) {
        let Some(shape) = self.shape else { return };
        let has_own = self.left.iter().any(|one| SORTS[..4].contains(&called(one).as_str()));
        let known = if has_own { &SORTS[..4] } else { &SORTS[..] };
        let is_text = |one: &Argument<'_>| {
            let types = one.schema.map_or(Types::ANY, |schema| self.schemas.types(schema));
            types & Types::STRING != Types::NONE
        };
        let index = known
            .iter()
            .find_map(|name| self.left.iter().position(|one| called(one) == *name && is_text(one)));
        let Some(index) = index else { return };
        let sort = self.left[index].clone();
        let choices = sort.schema.and_then(|schema| said(self.schemas, schema, "enum"));
        let choices = choices.and_then(Value::as_array);
        let choices: Vec<&str> = choices.into_iter().flatten().filter_map(Value::as_str).collect();
        let allow = self.orders(shape, &choices);
        // An order that says only in which direction names no property.
        let is_direction = |one: &&str| {
            ["asc", "desc", "ascending", "descending"].contains(&one.to_lowercase().as_str())
        };
        if allow.is_empty() || (!choices.is_empty() && choices.iter().all(is_direction)) {
            return;
        }
        self.left.remove(index);
        let mut entry = Map::new();
        entry.insert("by".into(), sort.expression().into());
        if let Some(direction) = self.take(&DIRECTIONS) {
            entry.insert("direction".into(), direction.expression().into());
        }
        entry.insert("default".into(), self.key.into());
        entry.insert("allow".into(), Value::Object(allow));
        self.listing.entries.insert("sort".into(), Value::Object(entry));
    }

    /// The properties that records can be ordered by, by the names that callers have for them.
    fn orders(&self, shape: &ObjectShape<'_>, choices: &[&str]) -> Map<String, Value> {
        let scalars = shape.properties.iter().filter(|(_, property)| {
            is_scalar(self.schemas.types(property.schema)) && !property.is_write_only
        });
        // What the contract names goes before what may be named.
        let named = choices.iter().filter(|choice| !choice.starts_with('-')).filter_map(|choice| {
            let bare = plain(choice);
            let property = shape.names().find(|name| plain(name) == bare)?;
            Some(((*choice).to_owned(), json!(property)))
        });
        let mut allow: Map<String, Value> = named.collect();
        for (name, _) in scalars {
            allow.entry(*name).or_insert_with(|| json!(name));
        }
        allow.into_iter().take(INDEXED_MAX).collect()
    }

    fn filters(&mut self) {
        let Some(shape) = self.shape else { return };
        let mut filter = Map::new();
        let mut kept: Vec<String> = Vec::new();
        let left = std::mem::take(&mut self.left);
        for parameter in left {
            let name = filtered(&parameter);
            let property = shape
                .properties
                .iter()
                .find(|(own, property)| plain(own) == name && !property.is_write_only);
            let is_key_list = matches!(name.as_str(), "ids") && parameter.schema.is_some();
            let query = parameter.expression();
            match property {
                Some((own, property))
                    if filter.len() < INDEXED_MAX
                        && self.is_comparable(&parameter, property.schema) =>
                {
                    let types = self.schemas.types(property.schema);
                    if types & Types::ARRAY != Types::NONE && types != Types::ANY {
                        filter.insert(format!("{own}[]"), query.into());
                    } else {
                        filter.insert((*own).to_owned(), query.into());
                    }
                }
                Some(_) => self.left.push(parameter),
                None if is_key_list && filter.len() < INDEXED_MAX => {
                    filter.insert(self.key.to_owned(), query.into());
                }
                None => match self.compared(&name, &parameter, shape) {
                    Some(condition) => kept.push(condition),
                    None => self.left.push(parameter),
                },
            }
        }
        if !filter.is_empty() {
            self.listing.entries.insert("filter".into(), Value::Object(filter));
        }
        if !kept.is_empty() {
            self.listing.entries.insert("keep_if".into(), kept.join(" and ").into());
        }
    }

    /// Whether a parameter can have the values that a property has.
    fn is_comparable(&self, parameter: &Argument<'_>, property: &Value) -> bool {
        let of = |schema: &Value| {
            let types = self.schemas.types(schema);
            if types & Types::ARRAY != Types::NONE && types != Types::ANY {
                super::shape::items(self.schemas, schema)
                    .map_or(Types::ANY, |items| self.schemas.types(items))
            } else {
                types
            }
        };
        let own = of(property);
        let given = parameter.schema.map_or(Types::ANY, of);
        own & given != Types::NONE && is_scalar(own) && given != Types::OBJECT
    }

    /// The condition that a parameter such as `created_after` asks for.
    fn compared(
        &self,
        name: &str,
        parameter: &Argument<'_>,
        shape: &ObjectShape<'_>,
    ) -> Option<String> {
        let (stem, operator) = COMPARED.iter().find_map(|(end, operator)| {
            let stem = name.strip_suffix(end).or_else(|| name.strip_prefix(end))?;
            (!stem.is_empty()).then_some((stem, *operator))
        })?;
        let (own, property) = shape.properties.iter().find(|(own, _)| {
            let own = plain(own);
            own == stem
                || own == format!("{stem}at")
                || own == format!("{stem}date")
                || own == format!("date{stem}")
        })?;
        let types = self.schemas.types(property.schema);
        let given = parameter.schema.map_or(Types::ANY, |schema| self.schemas.types(schema));
        // Compared as they are written, which is right of numbers, and of times in one format.
        let is_number = types & Types::NUMBER != Types::NONE
            && types & Types::STRING == Types::NONE
            && given & Types::NUMBER != Types::NONE
            && given & Types::STRING == Types::NONE;
        let is_time = types & Types::STRING != Types::NONE
            && types & Types::NUMBER == Types::NONE
            && given & Types::STRING != Types::NONE
            && given & Types::NUMBER == Types::NONE;
        let query = parameter.expression();
        let own = member("record", own);
        (is_number || is_time).then(|| {
            format!("({query} is none or ({own} is not none and {own} {operator} {query}))")
        })
    }
}

/// What a filter is about: `filter[status]`, `status__eq` and `filter_status` are about `status`.
fn filtered(parameter: &Argument<'_>) -> String {
    let name = parameter.name.as_str();
    let inner = name.strip_prefix("filter").unwrap_or(name);
    let inner = ["__eq", "__in", "[eq]", "[]"]
        .iter()
        .find_map(|end| inner.strip_suffix(end))
        .unwrap_or(inner);
    plain(inner)
}
