//! What stands beside a list: totals, numbers of pages, and where the next page is.
//!
//! Must not know which records are listed.

use serde_json::Value;

use crate::infer::listing::Pages;
use crate::infer::shape::literal;
use crate::infer::words::plain;

/// Objects beside a list that hold such values.
const AROUND: [&str; 10] = [
    "meta",
    "pagination",
    "paging",
    "page",
    "pageinfo",
    "metadata",
    "responsemetadata",
    "cursor",
    "links",
    "pages",
];

/// Adds the totals and pages that may stand beside a list, as a body that has all it may have shows them.
pub(super) fn add(body: &mut Value, full: &Value) {
    let (Some(members), Some(full)) = (body.as_object_mut(), full.as_object()) else { return };
    for (name, value) in full {
        let called = plain(name);
        let is_known = match value {
            Value::Object(_) => AROUND.contains(&called.as_str()),
            value => template(&called, value, None).is_some(),
        };
        if is_known && !members.contains_key(name) {
            members.insert(name.clone(), literal(value));
        }
    }
}

/// Fills in what stands beside the list that `path` leads to.
pub(super) fn fill(body: &mut Value, path: &[&str], pages: Option<Pages>) {
    let mut at = body;
    for (depth, name) in path.iter().enumerate() {
        let Some(members) = at.as_object_mut() else { return };
        for (own, value) in members.iter_mut().filter(|(own, _)| own != name) {
            fill_one(own, value, pages, depth + 2);
        }
        let Some(next) = members.get_mut(*name) else { return };
        at = next;
    }
}

fn fill_one(name: &str, value: &mut Value, pages: Option<Pages>, depth: usize) {
    let called = plain(name);
    if let Value::Object(members) = value {
        if depth < 5 && AROUND.contains(&called.as_str()) {
            for (own, value) in members.iter_mut() {
                fill_one(own, value, pages, depth + 1);
            }
        }
        return;
    }
    if let Some(template) = template(&called, value, pages) {
        *value = template.into();
    }
}

/// What a value beside a list is, by its name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beside {
    Number,
    Truth,
    /// A token by which another page is asked for.
    Token,
}

/// Names of values beside a list, and what they are; the first of a kind that fits is taken.
const KNOWN: [(Beside, &[&str], &str); 17] = [
    (
        Beside::Number,
        &[
            "total",
            "totalcount",
            "sum",
            "count",
            "totalitems",
            "totalelements",
            "totalresults",
            "totalentries",
            "totalrecords",
            "totalrows",
            "itemcount",
            "recordcount",
            "resultcount",
        ],
        "{{ list.total }}",
    ),
    (Beside::Number, &["size", "perpage", "pagesize", "limit", "itemsperpage"], "{{ list.size }}"),
    (Beside::Number, &["numberofelements", "returned", "numresults"], "{{ list.items | length }}"),
    (
        Beside::Number,
        &["pages", "totalpages", "pagecount", "lastpage", "numpages", "maxpage"],
        "{{ list.pages }}",
    ),
    (
        Beside::Number,
        &["page", "currentpage", "pagenumber", "number", "pageindex"],
        "{{ list.page }}",
    ),
    (Beside::Number, &["offset", "skip", "start"], "{{ list.offset }}"),
    (Beside::Number, &["startindex"], "{{ list.offset + 1 }}"),
    (Beside::Number, &["nextpage"], "{{ list.page + 1 if list.has_more else none }}"),
    (
        Beside::Number,
        &["prevpage", "previouspage"],
        "{{ list.page - 1 if list.has_previous else none }}",
    ),
    (Beside::Truth, &["hasmore", "hasnext", "hasnextpage", "more"], "{{ list.has_more }}"),
    (Beside::Truth, &["hasprevious", "hasprev", "haspreviouspage"], "{{ list.has_previous }}"),
    (Beside::Truth, &["empty"], "{{ (list.items | length) == 0 }}"),
    (Beside::Truth, &["last"], "{{ not list.has_more }}"),
    (Beside::Truth, &["first"], "{{ not list.has_previous }}"),
    (
        Beside::Token,
        &[
            "next",
            "nextcursor",
            "nextpagetoken",
            "nexttoken",
            "cursor",
            "marker",
            "nextmarker",
            "continuationtoken",
            "nextpage",
            "after",
            "endcursor",
        ],
        "{{ list.next or none }}",
    ),
    (
        Beside::Token,
        &["previous", "prev", "previouscursor", "prevcursor", "before", "previouspagetoken"],
        "{{ list.previous or none }}",
    ),
    (Beside::Token, &["nexturl", "previousurl", "nextpageurl", "prevpageurl"], NOTHING),
];

/// What is not known.
const NOTHING: &str = "{{ none }}";

/// The template of a value by its name, of the type that is documented.
fn template(name: &str, value: &Value, pages: Option<Pages>) -> Option<&'static str> {
    let kind = match value {
        Value::Number(_) => Beside::Number,
        Value::Bool(_) => Beside::Truth,
        Value::String(_) | Value::Null => Beside::Token,
        _ => return None,
    };
    let known = KNOWN.iter().find(|(of, names, _)| *of == kind && names.contains(&name));
    let (_, _, template) = known?;
    // A link to a page that is not known is none.
    let is_known = kind != Beside::Token || (pages == Some(Pages::Cursor) && !is_link(value));
    Some(if is_known { template } else { NOTHING })
}

/// Whether a documented value is the address of a page.
fn is_link(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| text.contains("://") || text.starts_with('/') || text.contains('?'))
}
