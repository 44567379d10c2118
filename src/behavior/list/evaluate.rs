//! The page of a list that a request asks for.
//!
//! Must not know what is answered.

use std::ops::Range;
use std::sync::Arc;

use http::Uri;
use serde_json::Value as Json;

use crate::behavior::list::links::{Links, Target};
use crate::behavior::list::page::Cursor;
use crate::behavior::list::plan::{Filter, ListPlan, Page, PageAt, Search, Sort};
use crate::behavior::overlay::Overlay;
use crate::behavior::records::{RecordList, Snapshot, key_from};
use crate::expression::{Expression, Value, from_json, spend, to_json};
use crate::printable::shortened;
use crate::store::{IndexEntry, Record, Sorted, Store};

/// Longest text that `list.invalid` shows, in characters.
const SHOWN_MAX: usize = 80;

/// Bytes of a text that take one step of the request's budget to be searched.
const TEXT_STEP_BYTES: usize = 64;

/// The records of a list, in its order.
struct Listed<'s> {
    store: &'s Store,
    resource: usize,
    index: usize,
    found: Found,
    descends: bool,
}

/// Where the records of a list are.
enum Found {
    /// At these places of the index.
    Range(Range<usize>),
    /// Gone through and picked, in the order of the index.
    Picked(Vec<Arc<IndexEntry>>),
}

impl Listed<'_> {
    fn len(&self) -> usize {
        match &self.found {
            Found::Range(places) => places.len(),
            Found::Picked(entries) => entries.len(),
        }
    }

    /// The entries at these places of the list.
    fn at(&self, places: Range<usize>) -> Vec<Arc<IndexEntry>> {
        let (start, end) = if self.descends {
            (self.len() - places.end, self.len() - places.start)
        } else {
            (places.start, places.end)
        };
        let mut entries = match &self.found {
            Found::Range(all) => {
                let places = all.start + start..all.start + end;
                self.store.entries_at(self.resource, self.index, places)
            }
            Found::Picked(entries) => entries[start..end].to_vec(),
        };
        if self.descends {
            entries.reverse();
        }
        entries
    }

    /// How many records of the list come before this one, which need not be in it, and how many are not after it.
    fn around(&self, entry: &IndexEntry) -> (usize, usize) {
        let (before, is_there) = match &self.found {
            Found::Range(all) => {
                let place = self.store.place(self.resource, self.index, entry);
                let at = self.store.entries_at(self.resource, self.index, place..place + 1);
                (
                    place.clamp(all.start, all.end) - all.start,
                    at.first().is_some_and(|at| **at == *entry),
                )
            }
            Found::Picked(entries) => match entries.binary_search_by(|at| (**at).cmp(entry)) {
                Ok(place) => (place, true),
                Err(place) => (place, false),
            },
        };
        let up_to = before + usize::from(is_there);
        if self.descends { (self.len() - up_to, self.len() - before) } else { (before, up_to) }
    }
}

/// The order that is asked for.
struct Order {
    /// Its number in the list's sort.
    number: usize,
    descends: bool,
    /// Why there is none as it is asked for.
    invalid: Option<String>,
}

impl Sort {
    fn order(&self, scope: &Value) -> Result<Order, String> {
        let default = Order { number: 0, descends: self.descends, invalid: None };
        let Some(by) = &self.by else { return Ok(default) };
        let by = eval(by, scope)?;
        let direction = self.direction.as_ref().map(|text| eval(text, scope)).transpose()?;
        let direction = direction.as_ref().and_then(Value::as_str);
        let descends = |text: &str| text.to_ascii_lowercase().starts_with("desc");
        let Some(text) = by.as_str().map(str::trim).filter(|text| !text.is_empty()) else {
            let turned = direction.map_or(self.descends, descends);
            return Ok(Order { descends: turned, ..default });
        };
        let (name, own) = match (text.strip_prefix(['-', '+']), text.rsplit_once([':', ' '])) {
            (Some(name), _) => (name, Some(text.starts_with('-'))),
            (None, Some((name, direction))) => (name, Some(descends(direction))),
            (None, None) => (text, None),
        };
        let descends = own.or(direction.map(descends)).unwrap_or(false);
        match self.orders.iter().position(|(known, _)| known == name) {
            Some(number) => Ok(Order { number, descends, invalid: None }),
            None => Ok(Order {
                invalid: Some(format!("cannot sort by `{}`", shortened(name, SHOWN_MAX))),
                ..default
            }),
        }
    }
}

/// A filter that is given: its number, and the values of which records have one.
type Given = (usize, Vec<Sorted>);

impl ListPlan {
    /// The page that is asked for, as `list`; an `Err` says why there is none.
    pub(crate) fn evaluate(
        &self,
        snapshot: &Arc<Snapshot>,
        uri: Option<&Uri>,
        scope: &Value,
    ) -> Result<Value, String> {
        let order = self.sort.order(scope)?;
        let fixed = self.fixed.iter().map(|(_, value)| eval(value, scope).map(|it| sorted(&it)));
        let mut values = fixed.collect::<Result<Vec<Sorted>, String>>()?;
        let mut given = self.given(scope)?;
        let indexed = given.iter().position(|(filter, wanted)| {
            wanted.len() == 1 && self.indexes.contains_key(&(Some(*filter), order.number))
        });
        let filter = indexed.map(|place| given.remove(place));
        let place = (filter.as_ref().map(|(filter, _)| *filter), order.number);
        let index = *self.indexes.get(&place).ok_or("it has no index")?;
        values.extend(filter.into_iter().flat_map(|(_, wanted)| wanted));
        let store = &snapshot.store;
        let places = store.places(self.resource, index, &values);
        let found = self.pick(snapshot, scope, index, places, &given)?;
        let descends = order.descends;
        let listed = Listed { store, resource: self.resource, index, found, descends };
        let has_order = self.sort.orders[order.number].1.is_some();
        let cut = Cut { list: self, listed: &listed, values: &values, has_order };
        let page = cut.page(snapshot, scope)?;
        spend(page.places.len()).map_err(|error| error.to_string())?;
        Ok(page.into_value(snapshot, &cut, order.invalid, uri))
    }

    fn given(&self, scope: &Value) -> Result<Vec<Given>, String> {
        let mut given = Vec::new();
        for (number, filter) in self.filters.iter().enumerate() {
            let value = eval(&filter.value, scope)?;
            if value.is_none() || value.is_undefined() {
                continue;
            }
            let wanted = match to_json(&value) {
                Json::Array(all) => all.iter().map(|one| Sorted::from(Some(one))).collect(),
                one => vec![Sorted::from(Some(&one))],
            };
            given.push((number, wanted));
        }
        Ok(given)
    }

    /// Those records at these places that fit what no index knows.
    fn pick(
        &self,
        snapshot: &Arc<Snapshot>,
        scope: &Value,
        index: usize,
        places: Range<usize>,
        given: &[Given],
    ) -> Result<Found, String> {
        let mut wanted = Vec::new();
        for search in &self.searches {
            wanted.extend(search.wanted(scope)?);
        }
        if given.is_empty() && wanted.is_empty() && self.keep_if.is_none() {
            return Ok(Found::Range(places));
        }
        let mut picked = Vec::new();
        for entry in snapshot.store.entries_at(self.resource, index, places) {
            spend(1).map_err(|error| error.to_string())?;
            let Some(record) = snapshot.store.get(self.resource, &entry.key) else { continue };
            let has_all = given.iter().all(|(filter, wanted)| {
                let Filter { property, is_list, .. } = &self.filters[*filter];
                match record.get(property).as_deref() {
                    Some(Json::Array(all)) if *is_list => {
                        all.iter().any(|one| wanted.contains(&Sorted::from(Some(one))))
                    }
                    _ if *is_list => false,
                    value => wanted.contains(&Sorted::from(value)),
                }
            });
            if !has_all || !wanted.iter().all(|wanted| wanted.is_in(record)) {
                continue;
            }
            if let Some(keep_if) = &self.keep_if {
                let record = snapshot.record(self.resource, &entry.key);
                let scope = Overlay::over(scope, [("record", record)]);
                if !keep_if.holds(&scope).map_err(|failure| failure.to_string())? {
                    continue;
                }
            }
            picked.push(entry);
        }
        Ok(Found::Picked(picked))
    }
}

/// A text that is looked for, in small letters, and where.
struct Wanted<'s> {
    text: String,
    properties: &'s [String],
}

impl Search {
    /// What is looked for, where something is.
    fn wanted(&self, scope: &Value) -> Result<Option<Wanted<'_>>, String> {
        let text = eval(&self.text, scope)?.as_str().map(str::to_lowercase);
        let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
        let by = self.by.as_ref().map(|by| eval(by, scope)).transpose()?;
        let properties = match by.as_ref().and_then(given_text) {
            None => &self.properties[..],
            Some(named) => match self.properties.iter().position(|known| *known == named) {
                Some(place) => &self.properties[place..=place],
                None => &[],
            },
        };
        Ok(Some(Wanted { text, properties }))
    }
}

impl Wanted<'_> {
    fn is_in(&self, record: &Record) -> bool {
        let text = self.text.as_str();
        self.properties.iter().any(|property| match record.get(property).as_deref() {
            Some(Json::String(value)) => {
                // Past the budget nothing is found, and the next record ends the request.
                spend(value.len() / TEXT_STEP_BYTES).is_ok() && value.to_lowercase().contains(text)
            }
            Some(Json::Null) | None => false,
            Some(other) => other.to_string().contains(text),
        })
    }
}

/// What a page is cut out of.
struct Cut<'l> {
    list: &'l ListPlan,
    listed: &'l Listed<'l>,
    /// The values that the entries of the list have in common.
    values: &'l [Sorted],
    /// Whether one more value orders them.
    has_order: bool,
}

/// A page.
struct PageSlice {
    places: Range<usize>,
    size: usize,
    number: Option<i64>,
    invalid: Option<String>,
}

impl Cut<'_> {
    fn page(&self, snapshot: &Arc<Snapshot>, scope: &Value) -> Result<PageSlice, String> {
        let total = self.listed.len();
        let Some(page) = &self.list.page else {
            return Ok(PageSlice { places: 0..total, size: total, number: None, invalid: None });
        };
        let mut invalid = None;
        let mut read = |expression: &Expression, default: i64| {
            let given = whole(&eval(expression, scope)?);
            Ok::<i64, String>(match given {
                Ok(number) => number.unwrap_or(default),
                Err(reason) => {
                    invalid.get_or_insert(reason);
                    default
                }
            })
        };
        let default = as_i64(page.default);
        let size = page.size.as_ref().map_or(Ok(default), |size| read(size, default))?;
        let size = usize::try_from(size.max(0)).unwrap_or(usize::MAX).min(page.max);
        let from = |start: usize| start.min(total)..start.saturating_add(size).min(total);
        let mut slice = PageSlice { places: from(0), size, number: None, invalid: None };
        match &page.at {
            PageAt::Start => {}
            PageAt::Number(number, first) => {
                let number = read(number, *first)?.max(*first);
                let before = usize::try_from(number.saturating_sub(*first)).unwrap_or(usize::MAX);
                slice.places = from(before.saturating_mul(size));
                slice.number = Some(number);
            }
            PageAt::Offset(offset) => {
                let offset = read(offset, 0)?.max(0);
                slice.places = from(usize::try_from(offset).unwrap_or(usize::MAX));
            }
            PageAt::Cursor(_) | PageAt::Beside(..) => match self.place(page, snapshot, scope)? {
                Ok(None) => {}
                Ok(Some((entry, is_before))) => {
                    let (before, up_to) = self.listed.around(&entry);
                    slice.places =
                        if is_before { before.saturating_sub(size)..before } else { from(up_to) };
                }
                Err(reason) => slice.invalid = Some(reason),
            },
        }
        slice.invalid = slice.invalid.or(invalid);
        Ok(slice)
    }

    /// The record beside which the page is, if one is named, and whether the page comes before it. The inner `Err` says why
    /// there is no such place.
    fn place(
        &self,
        page: &Page,
        snapshot: &Arc<Snapshot>,
        scope: &Value,
    ) -> Result<Result<Option<(IndexEntry, bool)>, String>, String> {
        let (given, is_before) = match &page.at {
            PageAt::Cursor(cursor) => {
                let cursor = eval(cursor, scope)?;
                let Some(text) = given_text(&cursor) else { return Ok(Ok(None)) };
                let read = Cursor::read(&text).filter(|it| it.value.is_some() == self.has_order);
                return Ok(match read {
                    Some(Cursor { value, key, is_before }) => {
                        let values = self.values.iter().cloned().chain(value).collect();
                        Ok(Some((IndexEntry { values, key }, is_before)))
                    }
                    None => Err(format!(
                        "`{}` is not a cursor of this list",
                        shortened(&text, SHOWN_MAX)
                    )),
                });
            }
            PageAt::Beside(after, before) => {
                let read = |text: &Option<Expression>| match text {
                    Some(text) => eval(text, scope),
                    None => Ok(Value::UNDEFINED),
                };
                let (after, before) = (read(after)?, read(before)?);
                if given_text(&after).is_some() { (after, false) } else { (before, true) }
            }
            PageAt::Start | PageAt::Number(..) | PageAt::Offset(_) => return Ok(Ok(None)),
        };
        let Some(text) = given_text(&given) else { return Ok(Ok(None)) };
        let resource = self.list.resource;
        let found = key_from(&given).and_then(|key| snapshot.store.entry(resource, &key));
        let found = found.or_else(|| {
            let key = snapshot.store.find_key(resource, &text)?;
            snapshot.store.entry(resource, key)
        });
        Ok(match found {
            Some((key, _)) => {
                let entry = snapshot.store.entry_of(resource, self.listed.index, key);
                Ok(entry.map(|entry| (entry, is_before)))
            }
            None => {
                Err(format!("there is no record `{}` to go on from", shortened(&text, SHOWN_MAX)))
            }
        })
    }
}

impl PageSlice {
    fn into_value(
        self,
        snapshot: &Arc<Snapshot>,
        cut: &Cut<'_>,
        invalid: Option<String>,
        uri: Option<&Uri>,
    ) -> Value {
        let number =
            self.number.unwrap_or_else(|| as_i64(self.places.start / self.size.max(1)) + 1);
        let Self { places, size, number: given, invalid: of_page } = self;
        let total = cut.listed.len();
        let entries = cut.listed.at(places.clone());
        let (has_more, has_previous) = (places.end < total, places.start > 0);
        let beside = |entry: Option<&Arc<IndexEntry>>, is_before: bool| {
            let cursor = entry.map(|entry| match cut.list.page.as_ref().map(|page| &page.at) {
                Some(PageAt::Beside(..)) => from_json(&entry.key.to_json()),
                _ => Value::from(Cursor::beside(entry, cut.has_order, is_before).write()),
            });
            cursor.unwrap_or_default()
        };
        let next = if has_more { beside(entries.last(), false) } else { Value::UNDEFINED };
        let previous = if has_previous { beside(entries.first(), true) } else { Value::UNDEFINED };
        let pages = total.div_ceil(size.max(1));
        let links = uri.zip(cut.list.page.as_ref()).and_then(|(uri, page)| {
            let parameters = Arc::clone(page.parameters.as_ref()?);
            let targets = match page.at {
                PageAt::Number(_, first) => numbers(first, given.unwrap_or(first), pages),
                PageAt::Offset(_) => offsets(places.start, size, total),
                _ => [
                    Some(Target::Start),
                    has_previous.then(|| Target::Before(previous.clone())),
                    has_more.then(|| Target::After(next.clone())),
                    None,
                ],
            };
            Some(Value::from_object(Links { uri: uri.clone(), parameters, targets }))
        });
        let links = links.unwrap_or_default();
        let keys = entries.iter().map(|entry| entry.key.clone()).collect();
        let items = RecordList::of(snapshot, cut.list.resource, keys);
        Value::from_pairs([
            ("items", items),
            ("total", Value::from(total)),
            ("size", Value::from(size)),
            ("offset", Value::from(places.start)),
            ("page", Value::from(number)),
            ("pages", Value::from(pages)),
            ("links", links),
            ("next", next),
            ("previous", previous),
            ("has_more", Value::from(has_more)),
            ("has_previous", Value::from(has_previous)),
            ("invalid", invalid.or(of_page).map_or(Value::UNDEFINED, Value::from)),
        ])
    }
}

/// The pages before and after a page of that number, the first and the last. A page beyond the last comes after that.
fn numbers(first: i64, number: i64, pages: usize) -> [Option<Target>; 4] {
    let last = first.saturating_add(as_i64(pages) - 1).max(first);
    let previous = (number > first).then(|| number.saturating_sub(1).min(last));
    let next = (number < last).then(|| number + 1);
    [Some(first), previous, next, Some(last)].map(|number| number.map(Target::At))
}

/// The pages before and after a place, the first and the last.
fn offsets(start: usize, size: usize, total: usize) -> [Option<Target>; 4] {
    let step = size.max(1);
    let last = total.saturating_sub(1) / step * step;
    let previous = (start > 0).then(|| start.saturating_sub(size));
    let next = Some(start + size).filter(|next| size > 0 && *next < total);
    [Some(0), previous, next, Some(last)].map(|place| place.map(|it| Target::At(as_i64(it))))
}

fn eval(expression: &Expression, scope: &Value) -> Result<Value, String> {
    expression.eval(scope).map_err(|failure| failure.to_string())
}

fn sorted(value: &Value) -> Sorted {
    if value.is_none() || value.is_undefined() {
        return Sorted::Absent;
    }
    Sorted::from(Some(&to_json(value)))
}

/// The text of what names a place, where it does.
fn given_text(value: &Value) -> Option<String> {
    if value.is_none() || value.is_undefined() {
        return None;
    }
    Some(value.to_string()).filter(|text| !text.is_empty())
}

/// A whole number, also from its text; `None` where none is given. One beyond 64 bits is the nearest that is not. The inner
/// `Err` says what is given instead.
fn whole(value: &Value) -> Result<Option<i64>, String> {
    if let Some(number) = value.as_i64() {
        return Ok(Some(number));
    }
    let Some(text) = given_text(value) else { return Ok(None) };
    let text = text.trim();
    let is_digits =
        |digits: &str| !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit());
    match (text.parse(), text.strip_prefix('-')) {
        (Ok(number), _) => Ok(Some(number)),
        (Err(_), Some(digits)) if is_digits(digits) => Ok(Some(i64::MIN)),
        (Err(_), None) if is_digits(text) => Ok(Some(i64::MAX)),
        (Err(_), _) => Err(format!("`{}` is not a whole number", shortened(text, SHOWN_MAX))),
    }
}

fn as_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_pages_are_read_from_numbers_and_texts_and_nothing_else() {
        let cases = [
            (Value::UNDEFINED, Ok(None)),
            (Value::from(()), Ok(None)),
            (Value::from(""), Ok(None)),
            (Value::from(3), Ok(Some(3))),
            (Value::from(2.0), Ok(Some(2))),
            (Value::from(" 3 "), Ok(Some(3))),
            (Value::from("999999999999999999999"), Ok(Some(i64::MAX))),
            (Value::from(999_999_999_999_999_999_999_i128), Ok(Some(i64::MAX))),
            (Value::from("-999999999999999999999"), Ok(Some(i64::MIN))),
            (Value::from("x"), Err("`x` is not a whole number".to_owned())),
            (Value::from("-"), Err("`-` is not a whole number".to_owned())),
            (Value::from(1.5), Err("`1.5` is not a whole number".to_owned())),
        ];
        for (value, expected) in cases {
            assert_eq!(whole(&value), expected, "{value:?}");
        }
    }
}
