//! Method and path to operation: a radix tree of path templates, concrete templates before templated ones.
//!
//! The path decides before the method does: where `/pet/find` is documented, no method on it is one of `/pet/{id}`
//! (`OpenAPI`, Paths Object). Among several tables the method decides first: see [`find`].
//!
//! Must not know what it routes to, nothing of bodies or providers, nor how queries and headers are read. Parameters
//! are handed out as they were sent, still percent-encoded, so that `%2F` never splits a segment; `validation` decodes
//! them.
//!
//! `matchit` decides every path that is plain. It sees templates with each segment that holds a parameter
//! reduced to one anonymous parameter, so names may differ at one place; segments that mix text and parameters
//! (`{b}.json`, `{x}-{y}`, `{b}:verb`) are told apart afterwards. Templates are compared one by one, most concrete
//! first, only where the path's branch of the tree holds nothing but mixed segments or conditions that do not fit.
//!
//! Operations on one path may be told apart by [conditions](RouteCondition): those with the most are tried first.
//!
//! A trailing slash is part of the path: `/a/` is not `/a`. An empty segment never matches a parameter.

mod refusal;
mod template;

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;

use http::Method;

use crate::openapi::{RouteCondition, called};
use crate::printable::start_of;

pub use refusal::TemplateRefusal;

use template::{Segment, TemplateRank, TemplateShape};

/// Bytes of a path that are compared with templates when looking for near ones: more would not help,
/// and the comparison is quadratic in a segment's length.
pub const NEAR_PATH_BYTES_MAX: usize = 256;

/// Looks up the value that a condition is about; `None` if it is not sent.
pub type ConditionValues<'s> = dyn Fn(&RouteCondition) -> Option<Cow<'s, str>> + 's;

/// Which value answers a method and a path.
#[derive(Debug)]
pub struct Router<T> {
    tree: matchit::Router<usize>,
    /// The slot of each skeleton: the template as `tree` knows it.
    skeletons: HashMap<String, usize>,
    /// The paths of one skeleton, most concrete first.
    slots: Vec<Vec<usize>>,
    paths: Vec<TemplateGroup>,
    /// All paths, most concrete first.
    ordered: Vec<usize>,
    /// The number of each path by its shape: of thousands none is compared with all others.
    shapes: HashMap<TemplateShape, usize>,
    routes: Vec<Route<T>>,
}

/// Target of a method and a path.
#[derive(Debug, PartialEq)]
pub enum Lookup<'r, 'p, T> {
    /// A template fits.
    Found(RouteMatch<'r, 'p, T>),
    /// Templates fit, but under other methods.
    WrongMethod {
        /// The methods that fit, in a fixed order; `HEAD` wherever there is `GET`.
        allow: Vec<Method>,
        /// Targets of those methods.
        values: Vec<&'r T>,
    },
    /// No template fits under any method.
    NotFound,
}

/// A template that fits, and what it captured.
#[derive(Debug, PartialEq)]
pub struct RouteMatch<'r, 'p, T> {
    /// Value entered with the template.
    pub value: &'r T,
    /// The parameters in template order, as sent: still percent-encoded.
    pub params: Vec<(&'r str, &'p str)>,
}

/// A template that is near a path that fits none.
#[derive(Debug, PartialEq)]
pub struct Near<'r, T> {
    /// Its method.
    pub method: &'r Method,
    /// The template as it was entered.
    pub template: &'r str,
    /// Further conditions on a request to it.
    pub conditions: &'r [RouteCondition],
    /// Value entered with it.
    pub value: &'r T,
}

/// The templates that match the same paths.
#[derive(Debug)]
struct TemplateGroup {
    segments: Vec<Segment>,
    rank: TemplateRank,
    /// Whether each segment is all text or all parameter, so that the tree's captures are the parameters.
    is_plain: bool,
    /// Those with the most conditions first; nearly always one, without any.
    variants: Vec<Variant>,
}

/// The routes of a path that have the same conditions.
#[derive(Debug)]
struct Variant {
    conditions: Vec<RouteCondition>,
    /// One for each method.
    routes: Vec<usize>,
}

#[derive(Debug)]
struct Route<T> {
    method: Method,
    template: String,
    /// Of its parameters, in their order.
    names: Vec<String>,
    path: usize,
    conditions: Vec<RouteCondition>,
    value: T,
}

/// The path that a request is on.
struct Hit<'r, 'p> {
    path: &'r TemplateGroup,
    variant: &'r Variant,
    captured: Captured<'r, 'p>,
}

/// Parameters of a path, in their order.
enum Captured<'k, 'p> {
    ByTree(matchit::Params<'k, 'p>),
    ByTemplate(Vec<&'p str>),
}

impl<T> Default for Router<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Router<T> {
    /// A router that finds nothing.
    pub fn new() -> Self {
        Self {
            tree: matchit::Router::new(),
            skeletons: HashMap::new(),
            slots: Vec::new(),
            paths: Vec::new(),
            ordered: Vec::new(),
            shapes: HashMap::new(),
            routes: Vec::new(),
        }
    }

    /// Enters a template under a method, or says why that cannot be.
    pub fn insert(
        &mut self,
        method: Method,
        template: &str,
        conditions: &[RouteCondition],
        value: T,
    ) -> Result<(), TemplateRefusal> {
        let (segments, names) = template::parse(template)?;
        let shape = template::shape(&segments);
        let path = match self.shapes.get(&shape) {
            Some(path) => *path,
            None => self.add_path(segments, shape),
        };
        let mut conditions = conditions.to_vec();
        conditions.sort();
        if let Some(existing) = self.route_of(path, &conditions, &method) {
            let existing = called(&existing.template, &existing.conditions);
            let template = called(template, &conditions);
            return Err(TemplateRefusal::Taken { method, template, existing });
        }
        let index = self.routes.len();
        self.variant(path, &conditions).routes.push(index);
        let template = template.to_owned();
        self.routes.push(Route { method, template, names, path, conditions, value });
        Ok(())
    }

    fn add_path(&mut self, segments: Vec<Segment>, shape: TemplateShape) -> usize {
        let index = self.paths.len();
        let skeleton = template::skeleton(&segments);
        let slot = *self.skeletons.entry(skeleton).or_insert_with_key(|skeleton| {
            self.tree.insert(skeleton.as_str(), self.slots.len()).expect(
                "skeletons differ, and static and parameter segments may stand side by side",
            );
            self.slots.push(Vec::new());
            self.slots.len() - 1
        });
        self.shapes.insert(shape, index);
        self.paths.push(TemplateGroup {
            rank: template::rank(&segments),
            is_plain: !segments.iter().any(|segment| matches!(segment, Segment::Mixed(_))),
            segments,
            variants: Vec::new(),
        });
        let paths = &self.paths;
        for list in [&mut self.slots[slot], &mut self.ordered] {
            let at = list.partition_point(|other| paths[*other].rank <= paths[index].rank);
            list.insert(at, index);
        }
        index
    }

    /// The variant of a path with these conditions, which is made where there is none.
    fn variant(&mut self, path: usize, conditions: &[RouteCondition]) -> &mut Variant {
        let variants = &mut self.paths[path].variants;
        let at = variants.iter().position(|variant| variant.conditions == conditions);
        let at = at.unwrap_or_else(|| {
            let rank = |conditions: &[RouteCondition]| {
                let certain = conditions.iter().filter(|condition| condition.value.is_some());
                Reverse((conditions.len(), certain.count()))
            };
            let at = variants.partition_point(|other| rank(&other.conditions) <= rank(conditions));
            variants.insert(at, Variant { conditions: conditions.to_vec(), routes: Vec::new() });
            at
        });
        &mut variants[at]
    }

    fn route_of(
        &self,
        path: usize,
        conditions: &[RouteCondition],
        method: &Method,
    ) -> Option<&Route<T>> {
        let mut variants = self.paths[path].variants.iter();
        self.of_method(variants.find(|variant| variant.conditions == conditions)?, method)
    }

    fn of_method(&self, variant: &Variant, method: &Method) -> Option<&Route<T>> {
        variant.routes.iter().map(|route| &self.routes[*route]).find(|one| one.method == *method)
    }

    /// The value entered for a template of the same shape, whatever its parameters are called.
    pub fn get(
        &self,
        method: &Method,
        template: &str,
        conditions: &[RouteCondition],
    ) -> Option<&T> {
        let (segments, _) = template::parse(template).ok()?;
        let path = self.shapes.get(&template::shape(&segments))?;
        let mut conditions = conditions.to_vec();
        conditions.sort();
        Some(&self.route_of(*path, &conditions, method)?.value)
    }

    /// Returns true if a template fits a raw path, whatever the method and the conditions.
    pub fn has_path(&self, path: &str) -> bool {
        self.paths.iter().any(|one| template::capture(&one.segments, path).is_some())
    }

    /// The path that a request is on: the most concrete that fits and whose conditions hold.
    fn hit<'r, 'p>(&'r self, path: &'p str, sent: &ConditionValues<'_>) -> Option<Hit<'r, 'p>> {
        let slot = match template::normal(path) {
            Cow::Borrowed(path) => {
                let found = self.tree.at(path).ok()?;
                let slot = &self.slots[*found.value];
                if let [only] = slot.as_slice()
                    && self.paths[*only].is_plain
                    && let Some(variant) = self.paths[*only].variant(sent)
                {
                    let captured = Captured::ByTree(found.params);
                    return Some(Hit { path: &self.paths[*only], variant, captured });
                }
                slot
            }
            Cow::Owned(normal) => &self.slots[*self.tree.at(&normal).ok()?.value],
        };
        self.first_of(slot, path, sent).or_else(|| self.first_of(&self.ordered, path, sent))
    }

    fn first_of<'r, 'p>(
        &'r self,
        indexes: &[usize],
        path: &'p str,
        sent: &ConditionValues<'_>,
    ) -> Option<Hit<'r, 'p>> {
        indexes.iter().map(|index| &self.paths[*index]).find_map(|one| {
            let captured = template::capture(&one.segments, path)?;
            let variant = one.variant(sent)?;
            Some(Hit { path: one, variant, captured: Captured::ByTemplate(captured) })
        })
    }

    /// The route of a path for a method. `HEAD` is answered by `GET` where it is not declared.
    fn route(&self, hit: &Hit<'_, '_>, method: &Method) -> Option<&Route<T>> {
        self.of_method(hit.variant, method).or_else(|| {
            (method == Method::HEAD).then(|| self.of_method(hit.variant, &Method::GET)).flatten()
        })
    }
}

impl Hit<'_, '_> {
    /// Sort key: the most concrete path first, and of equal ones that with the most conditions.
    fn order(&self) -> (&TemplateRank, Reverse<usize>) {
        (&self.path.rank, Reverse(self.variant.conditions.len()))
    }
}

impl TemplateGroup {
    /// The first of its variants whose conditions all hold.
    fn variant(&self, sent: &ConditionValues<'_>) -> Option<&Variant> {
        self.variants.iter().find(|variant| {
            variant.conditions.iter().all(|condition| match (sent(condition), &condition.value) {
                (Some(sent), Some(wanted)) => sent == *wanted,
                (sent, _) => sent.is_some(),
            })
        })
    }
}

fn found<'r, 'p, T>(route: &'r Route<T>, hit: Hit<'r, 'p>) -> RouteMatch<'r, 'p, T> {
    let names = route.names.iter().map(String::as_str);
    let params = match hit.captured {
        Captured::ByTree(params) => names.zip(params.iter().map(|(_, value)| value)).collect(),
        Captured::ByTemplate(captured) => names.zip(captured).collect(),
    };
    RouteMatch { value: &route.value, params }
}

/// What `method` on the raw path `path` leads to in several tables, none of which knows of the others: the method
/// decides among them, then the most concrete template; the first table where two are equal.
pub fn find<'r, 'p, T>(
    tables: &'r [Router<T>],
    method: &Method,
    path: &'p str,
    sent: &ConditionValues<'_>,
) -> Lookup<'r, 'p, T> {
    let mut best: Option<(&Route<T>, Hit<'_, '_>)> = None;
    let (mut allow, mut values) = (Vec::new(), Vec::new());
    for table in tables {
        let Some(hit) = table.hit(path, sent) else { continue };
        match table.route(&hit, method) {
            Some(route) if best.as_ref().is_none_or(|(_, best)| hit.order() < best.order()) => {
                best = Some((route, hit));
            }
            Some(_) => {}
            None => {
                for route in hit.variant.routes.iter().map(|route| &table.routes[*route]) {
                    allow.push(route.method.clone());
                    values.push(&route.value);
                }
            }
        }
    }
    match best {
        Some((route, hit)) => Lookup::Found(found(route, hit)),
        None if allow.is_empty() => Lookup::NotFound,
        None => {
            complete(&mut allow);
            Lookup::WrongMethod { allow, values }
        }
    }
}

/// The templates of these tables, those first that are nearest to a path that fits none.
pub fn near<'r, T>(
    tables: &'r [Router<T>],
    method: &Method,
    path: &str,
    sent: &ConditionValues<'_>,
) -> impl Iterator<Item = Near<'r, T>> {
    let segments = start_of(path, NEAR_PATH_BYTES_MAX).trim_matches('/').split('/');
    let segments: Vec<&str> = segments.filter(|segment| !segment.is_empty()).collect();
    let mut ranked: Vec<(usize, &Route<T>)> = Vec::new();
    for table in tables {
        for route in &table.routes {
            let path = &table.paths[route.path].segments;
            let steps = template::distance(path, &segments, route.method == *method);
            ranked.push((steps + unmet(&route.conditions, sent), route));
        }
    }
    ranked.sort_by_key(|(steps, route)| {
        (*steps, &route.template, &route.conditions, route.method.as_str())
    });
    ranked.into_iter().map(|(_, route)| Near {
        method: &route.method,
        template: &route.template,
        conditions: &route.conditions,
        value: &route.value,
    })
}

/// Distance of a request from conditions, in steps.
fn unmet(conditions: &[RouteCondition], sent: &ConditionValues<'_>) -> usize {
    const MISSING: usize = 5;
    let steps = conditions.iter().map(|condition| match (sent(condition), &condition.value) {
        (None, _) => MISSING,
        (Some(sent), Some(wanted)) => {
            template::difference(wanted, start_of(&sent, NEAR_PATH_BYTES_MAX))
        }
        (Some(_), None) => 0,
    });
    steps.sum()
}

/// `Allow` in its order, with `HEAD` wherever there is `GET`.
fn complete(allow: &mut Vec<Method>) {
    if allow.contains(&Method::GET) {
        allow.push(Method::HEAD);
    }
    allow.sort_by(|left, right| order(left).cmp(&order(right)));
    allow.dedup();
}

/// The order of methods in `Allow`.
pub(crate) fn order(method: &Method) -> (usize, &str) {
    const KNOWN: [Method; 8] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
        Method::TRACE,
    ];
    let rank = KNOWN.iter().position(|known| known == method).unwrap_or(KNOWN.len());
    (rank, method.as_str())
}

#[cfg(test)]
mod tests;
