//! A list, compiled.
//!
//! Must not know how it is read, nor requests.

use std::collections::HashMap;
use std::sync::Arc;

use crate::behavior::list::links::PageParameters;
use crate::expression::Expression;

/// The records that an operation lists.
#[derive(Debug)]
pub(crate) struct ListPlan {
    /// The number of the resource.
    pub(super) resource: usize,
    /// Properties that have these values in each record.
    pub(super) fixed: Vec<(String, Expression)>,
    /// Properties that have these values, where they are given.
    pub(super) filters: Vec<Filter>,
    pub(super) keep_if: Option<Expression>,
    pub(super) searches: Vec<Search>,
    pub(super) sort: Sort,
    pub(super) page: Option<Page>,
    /// The index of the resource by which records are ordered by the fixed properties, then by one filter's, where it says
    /// so, then by an order of that number.
    pub(super) indexes: HashMap<(Option<usize>, usize), usize>,
}

/// A property that has one of the values that are given.
#[derive(Debug)]
pub(super) struct Filter {
    pub(super) property: String,
    /// Whether the property is a list, of which an element has the value.
    pub(super) is_list: bool,
    pub(super) value: Expression,
}

/// A text to be found.
#[derive(Debug)]
pub(super) struct Search {
    pub(super) text: Expression,
    pub(super) properties: Vec<String>,
    /// What names the property that is looked into.
    pub(super) by: Option<Expression>,
}

/// The orders of a list.
#[derive(Debug)]
pub(super) struct Sort {
    pub(super) by: Option<Expression>,
    pub(super) direction: Option<Expression>,
    /// Whether the highest come first where the caller chooses no order.
    pub(super) descends: bool,
    /// The caller's names for the orders, each with its property; the first is the default. `None`: by key alone.
    pub(super) orders: Vec<(String, Option<String>)>,
}

/// Which part of a list is wanted.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) at: PageAt,
    pub(super) size: Option<Expression>,
    pub(super) default: usize,
    pub(super) max: usize,
    /// The query parameters that links to other pages change, where the page is named by parameters as they are.
    pub(super) parameters: Option<Arc<PageParameters>>,
}

/// How a page is named.
#[derive(Debug)]
pub(super) enum PageAt {
    /// It is always the first.
    Start,
    Number(Expression, i64),
    Offset(Expression),
    Cursor(Expression),
    /// By the key of the record before it, and that of the one after it.
    Beside(Option<Expression>, Option<Expression>),
}
