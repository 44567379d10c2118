//! Method and path to operation: a radix tree for each method, concrete templates before templated ones.
//!
//! Must not know what it routes to, and nothing of queries, bodies or providers. Parameters are handed out as
//! they were sent, still percent-encoded, so that `%2F` never splits a segment; `validation` decodes them.
//!
//! `matchit` decides every path that is plain. It sees templates with each segment that holds a parameter
//! reduced to one anonymous parameter, so names may differ at one place; segments that mix text and parameters
//! (`{b}.json`, `{x}-{y}`, `{b}:verb`) are told apart afterwards. Two cases fall back on comparing the method's
//! templates one by one, most concrete first: a path with a percent sign, whose literal segments have to be
//! compared decoded, and a path whose branch of the tree holds only mixed segments that do not fit.
//!
//! A trailing slash is part of the path: `/a/` is not `/a`. An empty segment never matches a parameter.

use std::cmp::Reverse;
use std::collections::HashMap;

use http::Method;
use percent_encoding::percent_decode_str;
use thiserror::Error;

/// So many bytes of a path are compared with templates when looking for near ones: beyond it no one is helped,
/// and the comparison is quadratic in a segment's length.
pub const NEAR_PATH_BYTES_MAX: usize = 256;

/// Which value answers a method and a path.
#[derive(Debug)]
pub struct Router<T> {
    tables: Vec<Table>,
    routes: Vec<Route<T>>,
    /// The number of each route by its shape: of thousands none is compared with all others.
    shapes: HashMap<Shape, usize>,
}

/// What two templates of one method have in common that match the same paths.
type Shape = Vec<u8>;

/// What a method and a path lead to.
#[derive(Debug, PartialEq)]
pub enum Lookup<'r, 'p, T> {
    /// A template fits.
    Found(Found<'r, 'p, T>),
    /// Templates fit, but under other methods.
    WrongMethod {
        /// The methods that fit, in a fixed order; `HEAD` wherever there is `GET`.
        allow: Vec<Method>,
        /// What those methods would have led to.
        values: Vec<&'r T>,
    },
    /// No template fits under any method.
    NotFound,
}

/// A template that fits, and what it captured.
#[derive(Debug, PartialEq)]
pub struct Found<'r, 'p, T> {
    /// What was entered with the template.
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
    /// What was entered with it.
    pub value: &'r T,
}

/// Why a template cannot be entered.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// It is no path.
    #[error("path template `{0}` does not begin with `/`")]
    NoSlash(String),
    /// It goes on after the path.
    #[error(
        "path template `{0}` holds a query or a fragment: declare query parameters under `parameters`"
    )]
    NotOnlyPath(String),
    /// Its braces do not pair up.
    #[error("path template `{template}` has unpaired or empty braces in `{segment}`")]
    Braces {
        /// The whole template.
        template: String,
        /// The segment in question.
        segment: String,
    },
    /// Two parameters with nothing between them.
    #[error(
        "path template `{template}` has two parameters with nothing between them in `{segment}`, so nobody can tell where one ends"
    )]
    Adjacent {
        /// The whole template.
        template: String,
        /// The segment in question.
        segment: String,
    },
    /// The same name twice.
    #[error("path template `{template}` names parameter `{name}` twice")]
    Repeated {
        /// The whole template.
        template: String,
        /// The name.
        name: String,
    },
    /// The same method and shape was entered before.
    #[error("`{method} {template}` matches the same paths as `{method} {existing}`")]
    Taken {
        /// The method of both.
        method: Method,
        /// The template that was refused.
        template: String,
        /// The one that was there.
        existing: String,
    },
}

#[derive(Debug)]
struct Table {
    method: Method,
    tree: matchit::Router<usize>,
    /// The slot of each skeleton: the template as `tree` knows it.
    skeletons: HashMap<String, usize>,
    /// The routes of one skeleton, most concrete first.
    slots: Vec<Vec<usize>>,
    /// All routes of this method, most concrete first.
    ordered: Vec<usize>,
}

#[derive(Debug)]
struct Route<T> {
    method: Method,
    template: String,
    segments: Vec<Segment>,
    /// Whether each segment is all text or all parameter, so that the tree's captures are the parameters.
    plain: bool,
    value: T,
}

#[derive(Debug, PartialEq)]
enum Segment {
    /// Text, decoded.
    Literal(Vec<u8>),
    Parameter(String),
    /// Text and parameters in turn; never two parameters next to each other.
    Mixed(Vec<Piece>),
}

#[derive(Debug, PartialEq)]
enum Piece {
    Text(String),
    Parameter(String),
}

impl<T> Default for Router<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Router<T> {
    /// A router that finds nothing.
    pub fn new() -> Self {
        Self { tables: Vec::new(), routes: Vec::new(), shapes: HashMap::new() }
    }

    /// Enters a template under a method, or says why that cannot be.
    pub fn insert(&mut self, method: Method, template: &str, value: T) -> Result<(), Refusal> {
        let segments = parse(template)?;
        let shape = shape(&method, &segments);
        if let Some(existing) = self.shapes.get(&shape) {
            let existing = self.routes[*existing].template.clone();
            return Err(Refusal::Taken { method, template: template.to_owned(), existing });
        }
        let plain = !segments.iter().any(|segment| matches!(segment, Segment::Mixed(_)));
        let index = self.routes.len();
        let skeleton = skeleton(template);
        self.routes.push(Route {
            method: method.clone(),
            template: template.to_owned(),
            segments,
            plain,
            value,
        });
        let position =
            self.tables.iter().position(|table| table.method == method).unwrap_or_else(|| {
                self.tables.push(Table::new(method));
                self.tables.len() - 1
            });
        self.shapes.insert(shape, index);
        self.tables[position].enter(index, skeleton, &self.routes);
        Ok(())
    }

    /// What `method` on the raw path `path` leads to. `HEAD` is answered by `GET` where it is not declared.
    pub fn find<'r, 'p>(&'r self, method: &Method, path: &'p str) -> Lookup<'r, 'p, T> {
        let found = self
            .under(method, path)
            .or_else(|| (method == Method::HEAD).then(|| self.under(&Method::GET, path)).flatten());
        match found {
            Some(found) => Lookup::Found(found),
            None => self.wrong_method(path),
        }
    }

    /// The value entered for a template of the same shape, whatever its parameters are called.
    pub fn get(&self, method: &Method, template: &str) -> Option<&T> {
        let segments = parse(template).ok()?;
        let index = self.shapes.get(&shape(method, &segments))?;
        Some(&self.routes[*index].value)
    }

    /// At most `count` templates that are nearest to a path that fits none, the nearest first.
    pub fn near(&self, method: &Method, path: &str, count: usize) -> Vec<Near<'_, T>> {
        let mut end = path.len().min(NEAR_PATH_BYTES_MAX);
        while !path.is_char_boundary(end) {
            end -= 1;
        }
        let path: Vec<&str> = path[..end].trim_matches('/').split('/').collect();
        let mut ranked: Vec<(usize, &Route<T>)> = self
            .routes
            .iter()
            .map(|route| (distance(&route.segments, &path, route.method == *method), route))
            .collect();
        ranked.sort_by(|(a, left), (b, right)| {
            (a, &left.template, left.method.as_str()).cmp(&(
                b,
                &right.template,
                right.method.as_str(),
            ))
        });
        ranked
            .into_iter()
            .take(count)
            .map(|(_, route)| Near {
                method: &route.method,
                template: &route.template,
                value: &route.value,
            })
            .collect()
    }

    fn under<'r, 'p>(&'r self, method: &Method, path: &'p str) -> Option<Found<'r, 'p, T>> {
        let table = self.tables.iter().find(|table| table.method == *method)?;
        if path.as_bytes().contains(&b'%') {
            return self.first_of(&table.ordered, path);
        }
        let hit = table.tree.at(path).ok()?;
        let slot = &table.slots[*hit.value];
        if let [only] = slot.as_slice()
            && self.routes[*only].plain
        {
            let route = &self.routes[*only];
            let captured = hit.params.iter().map(|(_, value)| value);
            let params = route.names().zip(captured).collect();
            return Some(Found { value: &route.value, params });
        }
        self.first_of(slot, path).or_else(|| self.first_of(&table.ordered, path))
    }

    fn first_of<'r, 'p>(&'r self, indexes: &[usize], path: &'p str) -> Option<Found<'r, 'p, T>> {
        indexes.iter().map(|index| &self.routes[*index]).find_map(|route| {
            let params = capture(&route.segments, path)?;
            Some(Found { value: &route.value, params })
        })
    }

    fn wrong_method<'r, 'p>(&'r self, path: &'p str) -> Lookup<'r, 'p, T> {
        let mut allow = Vec::new();
        let mut values = Vec::new();
        for table in &self.tables {
            if let Some(found) = self.under(&table.method, path) {
                allow.push(table.method.clone());
                values.push(found.value);
            }
        }
        if allow.is_empty() {
            return Lookup::NotFound;
        }
        if allow.contains(&Method::GET) && !allow.contains(&Method::HEAD) {
            allow.push(Method::HEAD);
        }
        allow.sort_by(|left, right| order(left).cmp(&order(right)));
        Lookup::WrongMethod { allow, values }
    }
}

impl<T> Route<T> {
    /// The parameters' names; only for plain routes, where each takes a whole segment.
    fn names(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Parameter(name) => Some(name.as_str()),
            Segment::Literal(_) | Segment::Mixed(_) => None,
        })
    }
}

impl Table {
    fn new(method: Method) -> Self {
        Self {
            method,
            tree: matchit::Router::new(),
            skeletons: HashMap::new(),
            slots: Vec::new(),
            ordered: Vec::new(),
        }
    }

    fn enter<T>(&mut self, index: usize, skeleton: String, routes: &[Route<T>]) {
        let slot = *self.skeletons.entry(skeleton).or_insert_with_key(|skeleton| {
            self.tree.insert(skeleton.as_str(), self.slots.len()).expect(
                "skeletons differ, and static and parameter segments may stand side by side",
            );
            self.slots.push(Vec::new());
            self.slots.len() - 1
        });
        for list in [&mut self.slots[slot], &mut self.ordered] {
            let concreteness = concreteness(&routes[index].segments);
            let at = list.partition_point(|other| {
                self::concreteness(&routes[*other].segments) <= concreteness
            });
            list.insert(at, index);
        }
    }
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

fn parse(template: &str) -> Result<Vec<Segment>, Refusal> {
    let Some(path) = template.strip_prefix('/') else {
        return Err(Refusal::NoSlash(template.to_owned()));
    };
    let mut depth = 0_usize;
    for character in path.chars() {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            '?' | '#' if depth == 0 => return Err(Refusal::NotOnlyPath(template.to_owned())),
            _ => {}
        }
    }
    let mut names: Vec<&str> = Vec::new();
    let mut segments = Vec::new();
    for segment in path.split('/') {
        segments.push(parse_segment(template, segment, &mut names)?);
    }
    Ok(segments)
}

fn parse_segment<'t>(
    template: &str,
    segment: &'t str,
    names: &mut Vec<&'t str>,
) -> Result<Segment, Refusal> {
    let braces = || Refusal::Braces { template: template.to_owned(), segment: segment.to_owned() };
    let mut pieces = Vec::new();
    let mut rest = segment;
    while !rest.is_empty() {
        let (text, after) = rest.split_once('{').unwrap_or((rest, ""));
        if text.contains('}') || (after.is_empty() && text.len() < rest.len()) {
            return Err(braces());
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(text.to_owned()));
        }
        if text.len() == rest.len() {
            break;
        }
        let (name, after) = after.split_once('}').ok_or_else(braces)?;
        if name.is_empty() || name.contains('{') {
            return Err(braces());
        }
        if names.contains(&name) {
            return Err(Refusal::Repeated { template: template.to_owned(), name: name.to_owned() });
        }
        if matches!(pieces.last(), Some(Piece::Parameter(_))) {
            return Err(Refusal::Adjacent {
                template: template.to_owned(),
                segment: segment.to_owned(),
            });
        }
        names.push(name);
        pieces.push(Piece::Parameter(name.to_owned()));
        rest = after;
    }
    Ok(match pieces.as_slice() {
        [] => Segment::Literal(Vec::new()),
        [Piece::Text(text)] => Segment::Literal(percent_decode_str(text).collect()),
        [Piece::Parameter(name)] => Segment::Parameter(name.clone()),
        _ => Segment::Mixed(pieces),
    })
}

/// The template as the tree knows it: every segment with a parameter is one, and carries no name.
fn skeleton(template: &str) -> String {
    let mut skeleton = String::with_capacity(template.len());
    for (index, segment) in template.split('/').enumerate() {
        if index > 0 {
            skeleton.push('/');
        }
        // A template was parsed before, so braces here always hold a parameter.
        if segment.contains('{') {
            skeleton.push_str("{_");
            skeleton.push_str(&index.to_string());
            skeleton.push('}');
        } else {
            skeleton.push_str(segment);
        }
    }
    skeleton
}

/// The method and each segment, texts with their lengths so that no two can be taken for one.
fn shape(method: &Method, segments: &[Segment]) -> Shape {
    let mut shape = method.as_str().as_bytes().to_vec();
    let mut push = |kind: u8, text: &[u8]| {
        shape.push(kind);
        shape.extend_from_slice(&text.len().to_le_bytes());
        shape.extend_from_slice(text);
    };
    for segment in segments {
        match segment {
            Segment::Literal(text) => push(b'/', text),
            Segment::Parameter(_) => push(b'{', b""),
            Segment::Mixed(pieces) => {
                push(b'+', b"");
                for piece in pieces {
                    match piece {
                        Piece::Text(text) => push(b't', text.as_bytes()),
                        Piece::Parameter(_) => push(b'p', b""),
                    }
                }
            }
        }
    }
    shape
}

/// Sorts concrete templates before templated ones: leftmost segment first; text, then mixed (with more text
/// first), then parameter.
fn concreteness(segments: &[Segment]) -> Vec<(u8, Reverse<usize>)> {
    segments
        .iter()
        .map(|segment| match segment {
            Segment::Literal(_) => (0, Reverse(0)),
            Segment::Mixed(pieces) => {
                let text = pieces.iter().map(|piece| match piece {
                    Piece::Text(text) => text.len(),
                    Piece::Parameter(_) => 0,
                });
                (1, Reverse(text.sum()))
            }
            Segment::Parameter(_) => (2, Reverse(0)),
        })
        .collect()
}

/// The parameters of a template in a raw path, if it fits.
fn capture<'r, 'p>(segments: &'r [Segment], path: &'p str) -> Option<Vec<(&'r str, &'p str)>> {
    let mut params = Vec::new();
    let mut sent = path.strip_prefix('/')?.split('/');
    for segment in segments {
        let sent = sent.next()?;
        match segment {
            Segment::Literal(text) => {
                if !percent_decode_str(sent).eq(text.iter().copied()) {
                    return None;
                }
            }
            Segment::Parameter(name) => {
                if sent.is_empty() {
                    return None;
                }
                params.push((name.as_str(), sent));
            }
            Segment::Mixed(pieces) => capture_pieces(pieces, sent, &mut params)?,
        }
    }
    sent.next().is_none().then_some(params)
}

/// Each parameter takes at least one character and as few as it can; the last one takes what is left.
fn capture_pieces<'r, 'p>(
    pieces: &'r [Piece],
    sent: &'p str,
    params: &mut Vec<(&'r str, &'p str)>,
) -> Option<()> {
    let mut rest = sent;
    let mut pending: Option<&str> = None;
    for (index, piece) in pieces.iter().enumerate() {
        match (piece, pending) {
            (Piece::Parameter(name), _) => pending = Some(name),
            (Piece::Text(text), None) => rest = rest.strip_prefix(text.as_str())?,
            (Piece::Text(text), Some(name)) => {
                let skip = rest.chars().next()?.len_utf8();
                let last = index + 1 == pieces.len();
                let at = if last {
                    rest.strip_suffix(text.as_str())?.len()
                } else {
                    skip + rest[skip..].find(text.as_str())?
                };
                if at < skip {
                    return None;
                }
                params.push((name, &rest[..at]));
                rest = &rest[at + text.len()..];
                pending = None;
            }
        }
    }
    match pending {
        Some(name) if !rest.is_empty() => params.push((name, rest)),
        None if rest.is_empty() => {}
        _ => return None,
    }
    Some(())
}

/// How far a path is from a template, in steps: a segment that is not there costs most, a wrong method least.
fn distance(segments: &[Segment], path: &[&str], same_method: bool) -> usize {
    const LENGTH: usize = 10;
    const TEXT: usize = 8;
    const PARAMETER: usize = 3;
    let mut steps = usize::from(!same_method);
    let segments: Vec<&Segment> = segments
        .iter()
        .filter(|segment| !matches!(segment, Segment::Literal(text) if text.is_empty()))
        .collect();
    steps += LENGTH * segments.len().abs_diff(path.len());
    for (segment, sent) in segments.iter().zip(path) {
        steps += match segment {
            Segment::Literal(text) => {
                let text = String::from_utf8_lossy(text);
                let longest = text.chars().count().max(sent.chars().count()).max(1);
                TEXT * strsim::damerau_levenshtein(&text, sent) / longest
            }
            Segment::Parameter(_) | Segment::Mixed(_) => PARAMETER,
        };
    }
    steps
}

#[cfg(test)]
mod tests {
    use expect_test::Expect;
    use expect_test::expect;
    use proptest::prelude::*;

    use super::*;

    fn built(entries: &[(&'static str, &'static str)]) -> Router<&'static str> {
        let mut router = Router::new();
        for (method, template) in entries {
            router.insert(method.parse().unwrap(), template, *template).unwrap();
        }
        router
    }

    fn ask(router: &Router<&'static str>, method: &str, path: &str) -> String {
        match router.find(&method.parse().unwrap(), path) {
            Lookup::Found(found) => {
                let params: Vec<String> =
                    found.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
                format!("{} [{}]", found.value, params.join(" "))
            }
            Lookup::WrongMethod { allow, .. } => {
                let allow: Vec<&str> = allow.iter().map(Method::as_str).collect();
                format!("only {}", allow.join(", "))
            }
            Lookup::NotFound => "nothing".to_owned(),
        }
    }

    fn check(entries: &[(&'static str, &'static str)], asked: &[(&str, &str)], expected: &Expect) {
        let router = built(entries);
        let answers: Vec<String> = asked
            .iter()
            .map(|(method, path)| {
                format!("{method} {path} -> {}", ask(&router, method, path)).trim_end().to_owned()
            })
            .collect();
        expected.assert_eq(&answers.join("\n"));
    }

    #[test]
    fn the_method_decides_before_the_concrete_path_does() {
        check(
            &[
                ("POST", "/v1/organizations/delete"),
                ("DELETE", "/v1/organizations/{organizationId}"),
                ("GET", "/v1/organizations/{id}"),
                ("GET", "/v1/organizations/mine"),
            ],
            &[
                ("DELETE", "/v1/organizations/delete"),
                ("POST", "/v1/organizations/delete"),
                ("POST", "/v1/organizations/other"),
                ("GET", "/v1/organizations/mine"),
                ("GET", "/v1/organizations/yours"),
                ("PUT", "/v1/organizations/delete"),
                ("GET", "/v1/nothing"),
            ],
            &expect![[r#"
                DELETE /v1/organizations/delete -> /v1/organizations/{organizationId} [organizationId=delete]
                POST /v1/organizations/delete -> /v1/organizations/delete []
                POST /v1/organizations/other -> only GET, HEAD, DELETE
                GET /v1/organizations/mine -> /v1/organizations/mine []
                GET /v1/organizations/yours -> /v1/organizations/{id} [id=yours]
                PUT /v1/organizations/delete -> only GET, HEAD, POST, DELETE
                GET /v1/nothing -> nothing"#]],
        );
    }

    #[test]
    fn segments_may_mix_text_and_parameters_and_names_may_differ() {
        check(
            &[
                ("GET", "/a/{b}.json"),
                ("GET", "/a/{b}"),
                ("GET", "/a/{other}/x"),
                ("GET", "/a/{b}:verb"),
                ("GET", "/r/{x}-{y}"),
                ("GET", "/r/lit/{q}.json"),
                ("GET", "/r/{any}/{thing}"),
                ("GET", "/p/v{major}.{minor}/end"),
            ],
            &[
                ("GET", "/a/1.json"),
                ("GET", "/a/1"),
                ("GET", "/a/1/x"),
                ("GET", "/a/1:verb"),
                ("GET", "/a/.json"),
                ("GET", "/r/a-b-c"),
                ("GET", "/r/-b"),
                ("GET", "/r/a-"),
                ("GET", "/r/a"),
                ("GET", "/r/lit/1.json"),
                ("GET", "/r/lit/1.xml"),
                ("GET", "/p/v1.2/end"),
                ("GET", "/p/v1/end"),
            ],
            &expect![[r#"
                GET /a/1.json -> /a/{b}.json [b=1]
                GET /a/1 -> /a/{b} [b=1]
                GET /a/1/x -> /a/{other}/x [other=1]
                GET /a/1:verb -> /a/{b}:verb [b=1]
                GET /a/.json -> /a/{b} [b=.json]
                GET /r/a-b-c -> /r/{x}-{y} [x=a y=b-c]
                GET /r/-b -> nothing
                GET /r/a- -> nothing
                GET /r/a -> nothing
                GET /r/lit/1.json -> /r/lit/{q}.json [q=1]
                GET /r/lit/1.xml -> /r/{any}/{thing} [any=lit thing=1.xml]
                GET /p/v1.2/end -> /p/v{major}.{minor}/end [major=1 minor=2]
                GET /p/v1/end -> nothing"#]],
        );
    }

    #[test]
    fn paths_are_matched_as_sent() {
        check(
            &[("GET", "/a/{b}"), ("GET", "/a/{b}/c"), ("GET", "/plain/x y"), ("GET", "/")],
            &[
                ("GET", "/a/1%2F2"),
                ("GET", "/a/1%2fc"),
                ("GET", "/%61/1"),
                ("GET", "/plain/x%20y"),
                ("GET", "/a/%"),
                ("GET", "/a/%FF"),
                ("GET", "/a/"),
                ("GET", "/a"),
                ("GET", "/a//c"),
                ("GET", "/a/%31/"),
                ("GET", "/a/1/"),
                ("GET", "//a/1"),
                ("GET", "/A/1"),
                ("GET", "/"),
                ("GET", ""),
                ("GET", "*"),
                ("HEAD", "/a/1"),
            ],
            &expect![[r#"
                GET /a/1%2F2 -> /a/{b} [b=1%2F2]
                GET /a/1%2fc -> /a/{b} [b=1%2fc]
                GET /%61/1 -> /a/{b} [b=1]
                GET /plain/x%20y -> /plain/x y []
                GET /a/% -> /a/{b} [b=%]
                GET /a/%FF -> /a/{b} [b=%FF]
                GET /a/ -> nothing
                GET /a -> nothing
                GET /a//c -> nothing
                GET /a/%31/ -> nothing
                GET /a/1/ -> nothing
                GET //a/1 -> nothing
                GET /A/1 -> nothing
                GET / -> / []
                GET  -> nothing
                GET * -> nothing
                HEAD /a/1 -> /a/{b} [b=1]"#]],
        );
    }

    #[test]
    fn a_template_that_cannot_be_entered_says_why() {
        let mut router = built(&[("GET", "/a/{b}"), ("GET", "/m/{x}-{y}")]);
        let mut refuse = |template: &str| {
            router.insert(Method::GET, template, "").expect_err("it is refused").to_string()
        };
        let refusals = [
            "a",
            "/a?b=c",
            "/a/{b",
            "/a/b}",
            "/a/{}",
            "/a/{{b}}",
            "/a/{b}{c}",
            "/{a}/{a}",
            "/a/{c}",
            "/m/{p}-{q}",
            "/a/x{",
        ]
        .map(&mut refuse);
        expect![[r#"
            path template `a` does not begin with `/`
            path template `/a?b=c` holds a query or a fragment: declare query parameters under `parameters`
            path template `/a/{b` has unpaired or empty braces in `{b`
            path template `/a/b}` has unpaired or empty braces in `b}`
            path template `/a/{}` has unpaired or empty braces in `{}`
            path template `/a/{{b}}` has unpaired or empty braces in `{{b}}`
            path template `/a/{b}{c}` has two parameters with nothing between them in `{b}{c}`, so nobody can tell where one ends
            path template `/{a}/{a}` names parameter `a` twice
            `GET /a/{c}` matches the same paths as `GET /a/{b}`
            `GET /m/{p}-{q}` matches the same paths as `GET /m/{x}-{y}`
            path template `/a/x{` has unpaired or empty braces in `x{`"#]]
        .assert_eq(&refusals.join("\n"));
    }

    #[test]
    fn near_templates_are_listed_for_a_path_that_fits_none() {
        let router = built(&[
            ("DELETE", "/org/{org_id}"),
            ("POST", "/v1/organizations/delete"),
            ("DELETE", "/organizations/{id}"),
            ("DELETE", "/v1/organizations/{organizationId}"),
        ]);
        let near = |method: Method, path: &str| -> Vec<String> {
            router
                .near(&method, path, 2)
                .iter()
                .map(|near| format!("{} {}", near.method, near.template))
                .collect()
        };
        expect![[r#"
            [
                "DELETE /organizations/{id}",
                "DELETE /org/{org_id}",
            ]
        "#]]
        .assert_debug_eq(&near(Method::DELETE, "/organisations/42"));
        expect![[r#"
            [
                "POST /v1/organizations/delete",
                "DELETE /v1/organizations/{organizationId}",
            ]
        "#]]
        .assert_debug_eq(&near(Method::POST, "/v1/organization/delete"));
    }

    #[test]
    fn templates_are_found_by_their_shape() {
        let router = built(&[("GET", "/a/{b}")]);
        assert_eq!(router.get(&Method::GET, "/a/{other}"), Some(&"/a/{b}"));
        assert_eq!(router.get(&Method::PUT, "/a/{other}"), None);
        assert_eq!(router.get(&Method::GET, "/a/b"), None);
    }

    proptest! {
        #[test]
        fn no_path_and_no_template_panics(
            templates in prop::collection::vec("/[ab{}/%.x-]{0,12}", 0..8),
            paths in prop::collection::vec("[/ab{}%.x2F\u{e9}-]{0,16}", 0..8),
        ) {
            let mut router = Router::new();
            for template in &templates {
                let _ = router.insert(Method::GET, template, template.clone());
            }
            for path in &paths {
                let _ = router.find(&Method::GET, path);
                let _ = router.find(&Method::PUT, path);
                let _ = router.near(&Method::GET, path, 3);
            }
        }

        #[test]
        fn the_tree_agrees_with_trying_each_template(
            templates in prop::collection::vec("(/(a|b|[{]p[}]|[{]p[}]-[{]q[}]|x[{]p[}]|)){1,3}", 1..8),
            path in "(/(a|b|xa|a-b|c|)){1,3}",
        ) {
            let mut router = Router::new();
            for template in &templates {
                let _ = router.insert(Method::GET, template, template.clone());
            }
            let tried = router
                .tables
                .first()
                .and_then(|table| router.first_of(&table.ordered, &path));
            let found = router.under(&Method::GET, &path);
            prop_assert_eq!(found, tried);
        }
    }
}
