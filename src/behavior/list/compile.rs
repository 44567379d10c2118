//! Reading lists: what they name is there, and the indexes that they need.
//!
//! Must not know how a list is evaluated.

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::behavior::list::format::{ListFormat, PageFormat, SortFormat, SortsFormat};
use crate::behavior::list::links::{LINKS, PageParameters};
use crate::behavior::list::plan::{Filter, ListPlan, Page, PageAt, Search, Sort};
use crate::behavior::names::{NamesInScope, expression};
use crate::behavior::notes::Notes;
use crate::behavior::one_or_many::OneOrMany;
use crate::behavior::shape::Shapes;
use crate::expression::{Expression, Type};
use crate::finding::did_you_mean;
use crate::openapi::{Location, Operation, Parameter, ParameterStyle, Schemas};
use crate::pointer::child;

/// How many records a page has where nothing says.
const SIZE_DEFAULT: usize = 20;

/// How many it has at most where nothing says.
const SIZE_MAX: usize = 100;

/// The most indexes that one list can ask for: each is kept up to date with every change of a record.
const INDEXES_MAX: usize = 32;

/// The groups of properties that each resource is ordered by, for the store's model.
pub(crate) type Indexes = Vec<Vec<Vec<String>>>;

/// What lists are read against.
pub(crate) struct ListReader<'r, 'd> {
    pub(crate) shapes: &'r Shapes,
    pub(crate) schemas: &'r Schemas,
    pub(crate) operation: &'r Operation,
    pub(crate) names: &'r NamesInScope<'r>,
    pub(crate) indexes: &'r mut Indexes,
    pub(crate) notes: &'r mut Notes<'d>,
}

impl ListReader<'_, '_> {
    /// A list and what `list` is; `None` when it cannot be honoured.
    pub(crate) fn read(&mut self, format: &ListFormat, pointer: &str) -> Option<(ListPlan, Type)> {
        let Some(resource) = self.shapes.number(&format.of) else {
            let message = format!("there is no resource `{}`", format.of);
            let hint = self.shapes.suggestion(&format.of);
            self.notes.error(&format!("{pointer}/of"), message, hint);
            return None;
        };
        let found_before = self.notes.count();
        let pairs = |reader: &mut Self, given: &IndexMap<String, String>, key: &str| {
            let place = format!("{pointer}/{key}");
            let pair = |(property, text): (&String, &String)| {
                let place = child(&place, property);
                reader.check_property(resource, property, &place);
                Some((property.clone(), reader.expression(text, &place)?))
            };
            given.iter().filter_map(pair).collect::<Vec<_>>()
        };
        let fixed = pairs(self, &format.fixed, "where");
        let filters = self.filters(resource, &format.filter, &format!("{pointer}/filter"));
        let record = Type::Record(format.of.as_str().into());
        let keep_if = format.keep_if.as_ref().and_then(|text| {
            let names = self.names.clone().and("record", record.clone());
            Some(expression(text, &format!("{pointer}/keep_if"), &names, self.notes)?.0)
        });
        let searches = self.searches(resource, format, &format!("{pointer}/search"));
        let sort = self.sort(resource, format.sort.as_ref(), &format!("{pointer}/sort"));
        let page =
            format.page.as_ref().and_then(|page| self.page(page, &format!("{pointer}/page")));
        let indexes = self.indexes(resource, &fixed, &filters, &sort, pointer)?;
        let has_links = page.as_ref().is_some_and(|page| page.parameters.is_some());
        let list = ListPlan { resource, fixed, filters, keep_if, searches, sort, page, indexes };
        (self.notes.count() == found_before).then_some((list, list_type(record, has_links)))
    }

    fn filters(
        &mut self,
        resource: usize,
        given: &IndexMap<String, String>,
        pointer: &str,
    ) -> Vec<Filter> {
        let filter = |(name, text): (&String, &String)| {
            let place = child(pointer, name);
            let property = name.strip_suffix("[]").unwrap_or(name).to_owned();
            self.check_property(resource, &property, &place);
            let value = self.expression(text, &place)?;
            Some(Filter { is_list: property.len() < name.len(), property, value })
        };
        given.iter().filter_map(filter).collect()
    }

    fn searches(&mut self, resource: usize, format: &ListFormat, place: &str) -> Vec<Search> {
        let mut searches = Vec::new();
        let several = format.search.iter().flat_map(|searches| searches.as_slice().iter());
        for (number, search) in several.enumerate() {
            let place = match &format.search {
                Some(OneOrMany::Many(_)) => child(place, number),
                _ => place.to_owned(),
            };
            for property in &search.properties {
                self.check_property(resource, property, &format!("{place}/in"));
            }
            let text = self.expression(&search.text, &format!("{place}/for"));
            let by = search.by.as_ref().map(|by| self.expression(by, &format!("{place}/by")));
            // What cannot be read was told, and the list is not kept then.
            let Some(text) = text else { continue };
            let properties = search.properties.clone();
            searches.push(Search { text, properties, by: by.flatten() });
        }
        searches
    }

    fn expression(&mut self, text: &str, pointer: &str) -> Option<Expression> {
        expression(text, pointer, self.names, self.notes).map(|(expression, _)| expression)
    }

    fn check_property(&mut self, resource: usize, property: &str, pointer: &str) {
        let shape = &self.shapes[resource];
        if !shape.knows(property) {
            let message = format!("the schema of `{}` has no property `{property}`", shape.name);
            self.notes.error(pointer, message, did_you_mean(property, shape.own_properties()));
        }
    }

    fn sort(&mut self, resource: usize, format: Option<&SortsFormat>, pointer: &str) -> Sort {
        let (default, chosen): (&str, Option<&SortFormat>) = match format {
            None => {
                let orders = vec![(String::new(), None)];
                return Sort { by: None, direction: None, descends: false, orders };
            }
            Some(SortsFormat::One(one)) => (one, None),
            Some(SortsFormat::Chosen(sort)) => (&sort.default, Some(sort)),
        };
        let (property, descends) = match default.strip_prefix('-') {
            Some(property) => (property, true),
            None => (default, false),
        };
        self.check_property(resource, property, pointer);
        let allowed = chosen.into_iter().flat_map(|sort| &sort.allow);
        let name_of = |property: &str| {
            let mut allowed = chosen.into_iter().flat_map(|sort| &sort.allow);
            let found = allowed.find(|(_, known)| *known == property);
            found.map_or_else(|| property.to_owned(), |(name, _)| name.clone())
        };
        let mut orders = vec![(name_of(property), Some(property.to_owned()))];
        for (name, other) in allowed.filter(|(_, other)| *other != property) {
            self.check_property(resource, other, &child(&format!("{pointer}/allow"), name));
            orders.push((name.clone(), Some(other.clone())));
        }
        let by = chosen.and_then(|sort| self.expression(&sort.by, &format!("{pointer}/by")));
        let direction = chosen.and_then(|sort| sort.direction.as_ref());
        let direction =
            direction.and_then(|text| self.expression(text, &format!("{pointer}/direction")));
        Sort { by, direction, descends, orders }
    }

    fn page(&mut self, format: &PageFormat, pointer: &str) -> Option<Page> {
        let mut read = |text: &Option<String>, key: &str| {
            text.as_ref().map(|text| self.expression(text, &format!("{pointer}/{key}")))
        };
        let (number, offset) = (read(&format.number, "number"), read(&format.offset, "offset"));
        let cursor = read(&format.cursor, "cursor");
        let (after, before) = (read(&format.after, "after"), read(&format.before, "before"));
        let size = read(&format.size, "size");
        let size = match size {
            Some(read) => Some(read?),
            None => None,
        };
        let at = match (number, offset, cursor, after, before) {
            (None, None, None, None, None) => PageAt::Start,
            (Some(number), None, None, None, None) => {
                PageAt::Number(number?, format.first.unwrap_or(1))
            }
            (None, Some(offset), None, None, None) => PageAt::Offset(offset?),
            (None, None, Some(cursor), None, None) => PageAt::Cursor(cursor?),
            (None, None, None, after, before) => PageAt::Beside(after.flatten(), before.flatten()),
            _ => {
                let message = "a page is named in two ways";
                let hint = "keep one of `number`, `offset`, `cursor`, and `after` with `before`"
                    .to_owned();
                self.notes.error(pointer, message, hint);
                return None;
            }
        };
        let said = |keyword: &str| self.size_of_contract(format.size.as_deref()?, keyword);
        let max = format.max.or_else(|| said("maximum")).unwrap_or(SIZE_MAX);
        let default = format.default.or_else(|| said("default")).unwrap_or(SIZE_DEFAULT).min(max);
        let parameters = self.page_parameters(format).map(Arc::new);
        Some(Page { at, size, default, max, parameters })
    }

    /// The query parameters that name a page, where they do so as they are.
    fn page_parameters(&self, format: &PageFormat) -> Option<PageParameters> {
        let named = |text: &Option<String>| {
            self.query_parameter(text.as_deref()?).map(|(_, name)| name.into_boxed_str())
        };
        let (after, before) = (named(&format.after), named(&format.before));
        if after.is_some() || before.is_some() {
            return Some(PageParameters::Beside { after, before });
        }
        let number = named(&format.number).or_else(|| named(&format.offset));
        number
            .map(PageParameters::Number)
            .or_else(|| named(&format.cursor).map(PageParameters::Cursor))
    }

    /// The query parameter that an expression reads and does nothing else to, and its name in the query.
    fn query_parameter(&self, expression: &str) -> Option<(&Parameter, String)> {
        let mut names = path_of(expression.trim().strip_prefix("query")?)?.into_iter();
        let name = names.next()?;
        let mut parameters = self.operation.parameters.iter();
        let parameter =
            parameters.find(|known| known.location == Location::Query && known.name == name)?;
        match (names.next(), names.next()) {
            (None, _) => Some((parameter, name.to_owned())),
            (Some(property), None) if parameter.style == ParameterStyle::DeepObject => {
                Some((parameter, format!("{name}[{property}]")))
            }
            _ => None,
        }
    }

    /// What the schema of the query parameter that an expression reads says of sizes.
    fn size_of_contract(&self, expression: &str, keyword: &str) -> Option<usize> {
        let (parameter, name) = self.query_parameter(expression)?;
        let mut schema = self.schemas.follow(self.schemas.resolved(parameter.schema?));
        if let Some(property) = name[parameter.name.len()..].strip_prefix('[') {
            let property = property.strip_suffix(']')?;
            schema = self.schemas.follow(schema.get("properties")?.get(property)?);
        }
        schema.get(keyword)?.as_u64().and_then(|size| usize::try_from(size).ok())
    }

    /// The indexes that a list needs: for each order one, and for the default one more with each filter.
    fn indexes(
        &mut self,
        resource: usize,
        fixed: &[(String, Expression)],
        filters: &[Filter],
        sort: &Sort,
        pointer: &str,
    ) -> Option<HashMap<(Option<usize>, usize), usize>> {
        let orders = (0..sort.orders.len()).map(|order| (None, order));
        let filtered = (0..filters.len()).filter(|filter| !filters[*filter].is_list);
        let wanted = orders.chain(filtered.map(|filter| (Some(filter), 0)));
        let wanted: Vec<(Option<usize>, usize)> = wanted.collect();
        if wanted.len() > INDEXES_MAX {
            let message = format!("this list has {} filters and orders together", wanted.len());
            let hint = format!("{INDEXES_MAX} is the most");
            self.notes.error(pointer, message, hint);
            return None;
        }
        if self.indexes.len() <= resource {
            self.indexes.resize(resource + 1, Vec::new());
        }
        let of_resource = &mut self.indexes[resource];
        let index = |(filter, order): (Option<usize>, usize)| {
            let properties = fixed.iter().map(|(property, _)| property);
            let properties = properties.chain(filter.map(|filter| &filters[filter].property));
            let properties = properties.chain(&sort.orders[order].1);
            let properties: Vec<String> = properties.cloned().collect();
            let known = of_resource.iter().position(|known| *known == properties);
            let number = known.unwrap_or_else(|| {
                of_resource.push(properties);
                of_resource.len() - 1
            });
            ((filter, order), number)
        };
        Some(wanted.into_iter().map(index).collect())
    }
}

/// What can be read of `list`.
fn list_type(record: Type, has_links: bool) -> Type {
    let scalars = [
        "total",
        "size",
        "offset",
        "page",
        "pages",
        "next",
        "previous",
        "has_more",
        "has_previous",
        "invalid",
    ];
    let scalars = scalars.map(|name| (name.to_owned(), Type::Scalar));
    let items = ("items".to_owned(), Type::List(Box::new(record)));
    let links = if has_links {
        Type::fields(LINKS.map(|name| (name.to_owned(), Type::Scalar)))
    } else {
        Type::Refused {
            why: "`list.links` is read, and `page` does not say which parameter names the page"
                .into(),
            hint: "name the page by a parameter alone, as in `number: query.page`".into(),
        }
    };
    let links = ("links".to_owned(), links);
    Type::fields(scalars.into_iter().chain([items, links]))
}

/// The names by which `.a`, `['b']` and the like read on; `None` where it is anything else.
fn path_of(mut rest: &str) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    while !rest.is_empty() {
        let (name, others) = if let Some(rest) = rest.strip_prefix('.') {
            rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len()))
        } else {
            let rest = rest.strip_prefix('[')?;
            let quote = rest.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
            let (name, rest) = rest[1..].split_once(quote)?;
            (name, rest.strip_prefix(']')?)
        };
        let is_text = |letter: char| !matches!(letter, ' ' | '\\' | '|' | '(');
        if name.is_empty() || !name.chars().all(is_text) {
            return None;
        }
        names.push(name);
        rest = others;
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_read_as_it_is_or_by_something_else() {
        let cases = [
            (".page", Some(vec!["page"])),
            ("['page[number]']", Some(vec!["page[number]"])),
            (".page[\"number\"]", Some(vec!["page", "number"])),
            (".page.number", Some(vec!["page", "number"])),
            (".page or 1", None),
            (".page|int", None),
            (".page[0]", None),
            ("['a' ~ 'b']", None),
            ("string", None),
        ];
        for (text, expected) in cases {
            assert_eq!(path_of(text), expected, "{text}");
        }
    }
}
