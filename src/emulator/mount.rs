//! Mounting: which provider a path belongs to, by its first segment, by the host, or by itself.
//!
//! Must not know what providers answer.

use std::collections::HashSet;
use std::sync::Arc;

use http::Method;

use crate::finding::Finding;
use crate::openapi::{Contract, Operation, RouteCondition, ServerEntry};
use crate::router;
use crate::router::{ConditionValues, Lookup, Near, Router, TemplateRefusal};

/// Paths that begin like this are ours, so no provider can be named so.
const RESERVED_STARTS: [&str; 2] = ["@", "__"];

/// Routes of one provider at most, each operation's first base path aside: operations and base paths multiply.
const ROUTES_MAX: usize = 200_000;

/// Target of a method and a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum RouteTarget {
    /// An operation of a provider, by their numbers.
    Operation { provider: usize, operation: usize },
    /// An operation that the real service has and the sandbox has not.
    NotEmulated { provider: usize, number: usize },
}

impl RouteTarget {
    pub(super) fn provider(self) -> usize {
        match self {
            Self::Operation { provider, .. } | Self::NotEmulated { provider, .. } => provider,
        }
    }
}

/// Why no provider among these contracts can have that name.
pub fn refusal(name: &str, contracts: &[&Contract]) -> Option<String> {
    if RESERVED_STARTS.iter().any(|start| name.starts_with(start)) {
        return Some(format!(
            "no provider can be named `{name}`: paths that begin so are the sandbox's own"
        ));
    }
    let paths = contracts.iter().flat_map(|contract| {
        contract.operations.iter().flat_map(|operation| {
            let bases = base_paths(contract, operation).into_iter();
            bases.map(|base| format!("{base}{}", operation.template))
        })
    });
    let clash = paths.into_iter().find(|path| first_segment(path) == name)?;
    Some(format!(
        "no provider can be named `{name}` beside the path `{clash}`: both begin with `/{name}`"
    ))
}

/// The routes of all providers.
#[derive(Debug)]
pub(super) struct Mounts {
    names: Vec<Box<str>>,
    hosts: Vec<(Box<str>, usize)>,
    /// By provider: its paths, with each base path and without.
    own: Vec<Router<RouteTarget>>,
    /// By provider: its documented paths, base paths included, where others have none of them.
    root: Vec<Router<RouteTarget>>,
}

/// A path as that part of the service sees it which it is addressed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Address<'p> {
    /// The provider that is addressed by prefix or host; `None` where the path has to say.
    pub(super) provider: Option<usize>,
    /// The path without the prefix.
    pub(super) path: &'p str,
}

impl Mounts {
    /// Mounts these contracts by their providers' names. What of them cannot be mounted goes to `findings`.
    pub(super) fn new(providers: &[(&str, &Contract)], findings: &mut Vec<Finding>) -> Self {
        let mut mounts =
            Self { names: Vec::new(), hosts: Vec::new(), own: Vec::new(), root: Vec::new() };
        for (number, (name, contract)) in providers.iter().enumerate() {
            mounts.add_hosts(number, name, contract, findings);
            mounts.own.push(own_paths(number, contract, findings));
            mounts.names.push((*name).into());
        }
        // One alone has all paths to itself.
        if providers.len() == 1 {
            return mounts;
        }
        let contracts = providers.iter().map(|(_, contract)| *contract);
        mounts.mount_at_root(&contracts.collect::<Vec<_>>(), findings);
        mounts
    }

    fn add_hosts(
        &mut self,
        provider: usize,
        name: &str,
        contract: &Contract,
        findings: &mut Vec<Finding>,
    ) {
        let of_operations = contract.operations.iter().flat_map(|operation| {
            let place = (&operation.file, operation.line, &*operation.pointer);
            operation.servers.iter().map(move |server| (server, place))
        });
        let place = (&contract.file, contract.servers_line, "/servers");
        let servers = contract.servers.iter().map(|server| (server, place)).chain(of_operations);
        let vendor = servers.filter_map(|(server, place)| Some((server.host.clone()?, place)));
        for (host, place) in vendor.chain([(format!("{name}.localhost"), place)]) {
            match self.hosts.iter().find(|(known, _)| known.eq_ignore_ascii_case(&host)) {
                None => self.hosts.push((host.into(), provider)),
                Some((_, other)) if *other == provider => {}
                Some((_, other)) => {
                    let other = &self.names[*other];
                    let message =
                        format!("the host `{host}` is that of `{other}` already, and leads there");
                    let (file, line, pointer) = place;
                    findings.push(Finding::warning(file, line, pointer, message));
                }
            }
        }
    }

    /// Enters the documented paths of all providers. What two of them claim belongs to neither.
    fn mount_at_root(&mut self, contracts: &[&Contract], findings: &mut Vec<Finding>) {
        let mut entries: Vec<(MountedRoute<'_>, String)> = Vec::new();
        for (provider, contract) in contracts.iter().enumerate() {
            for mut route in routes(provider, contract) {
                let bases = std::mem::take(&mut route.bases);
                for base in bases {
                    entries.push((route.clone(), format!("{base}{}", route.template)));
                }
            }
        }
        // What is entered is the number of the entry.
        let mut claimed: Router<usize> = Router::new();
        let mut disputed = HashSet::new();
        for (number, (route, path)) in entries.iter().enumerate() {
            let MountedRoute { method, conditions, target, .. } = route;
            if let Err(TemplateRefusal::Taken { template, existing, .. }) =
                claimed.insert(method.clone(), path, conditions, number)
                && let Some(first) = claimed.get(method, path, conditions)
                && let other = entries[*first].0.target.provider()
                && other != target.provider()
            {
                let other = &self.names[other];
                let message = format!(
                    "`{method} {template}` is also `{method} {existing}` of `{other}`: neither answers there \
                     without its prefix"
                );
                findings.push(route.warning(message));
                disputed.insert(*first);
            }
        }
        self.root.resize_with(contracts.len(), Router::new);
        for (MountedRoute { method, conditions, target, .. }, path) in entries {
            let first = claimed.get(&method, &path, conditions);
            if !first.is_some_and(|first| disputed.contains(first)) {
                // What is refused here was reported where the provider's own paths were entered.
                let _ = self.root[target.provider()].insert(method, &path, conditions, target);
            }
        }
        for (provider, contract) in contracts.iter().enumerate() {
            for (route, path) in slash_spellings(provider, contract, &[]) {
                let MountedRoute { method, conditions, target, .. } = route;
                if claimed.get(&method, &path, conditions).is_none() {
                    let _ = self.root[provider].insert(method, &path, conditions, target);
                }
            }
        }
    }

    /// Whom a request addresses, by its host and its raw path.
    pub(super) fn locate<'p>(&self, host: Option<&str>, path: &'p str) -> Address<'p> {
        let (first, rest) = split_first(path);
        if let Some(provider) = self.names.iter().position(|name| **name == *first) {
            return Address {
                provider: Some(provider),
                path: if rest.is_empty() { "/" } else { rest },
            };
        }
        let provider = match self.names.len() {
            // Whatever comes is for the only one there is.
            1 => Some(0),
            _ => host.and_then(|host| self.by_host(host)),
        };
        Address { provider, path }
    }

    fn by_host(&self, host: &str) -> Option<usize> {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        let found = self.hosts.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, provider)| *provider)
    }

    /// The paths that an address can lead to.
    fn tables(&self, address: Address<'_>) -> &[Router<RouteTarget>] {
        address.provider.map_or(&self.root, |provider| std::slice::from_ref(&self.own[provider]))
    }

    /// What a request leads to. Among several providers the method decides first: a path that one of them has under
    /// other methods may be a record of another.
    pub(super) fn find<'m, 'p>(
        &'m self,
        address: Address<'p>,
        method: &Method,
        sent: &ConditionValues<'_>,
    ) -> Lookup<'m, 'p, RouteTarget> {
        router::find(self.tables(address), method, address.path, sent)
    }

    /// At most `count` templates of what is wanted that are nearest to a request that none takes, the nearest first; each operation once,
    /// however many base paths it has.
    pub(super) fn near(
        &self,
        address: Address<'_>,
        method: &Method,
        sent: &ConditionValues<'_>,
        is_wanted: impl Fn(RouteTarget) -> bool,
        count: usize,
    ) -> Vec<Near<'_, RouteTarget>> {
        let mut seen = HashSet::new();
        let near = router::near(self.tables(address), method, address.path, sent);
        let is_new = |near: &Near<'_, RouteTarget>| seen.insert(*near.value);
        near.filter(|near| is_wanted(*near.value)).filter(is_new).take(count).collect()
    }

    /// Returns true if operations have the path of an address, and each asks for something beside.
    pub(super) fn has_path(&self, address: Address<'_>) -> bool {
        self.tables(address).iter().any(|table| table.has_path(address.path))
    }

    /// The host names that lead to a provider.
    pub(super) fn hosts_of(&self, provider: usize) -> impl Iterator<Item = &str> {
        self.hosts.iter().filter(move |(_, of)| *of == provider).map(|(host, _)| &**host)
    }

    /// Returns true if an operation of a provider answers at that path without its prefix.
    pub(super) fn is_at_root(&self, operation: &Operation, path: &str, provider: usize) -> bool {
        let table = if self.names.len() == 1 { &self.own[0] } else { &self.root[provider] };
        table.get(&operation.method, path, &operation.conditions).is_some()
    }

    /// Returns true if an operation of a provider, by its number, answers at its path behind its prefix.
    pub(super) fn is_mounted(&self, operation: &Operation, number: usize, provider: usize) -> bool {
        let own = &self.own[provider];
        own.get(&operation.method, &operation.template, &operation.conditions)
            == Some(&RouteTarget::Operation { provider, operation: number })
    }
}

/// A provider's paths with each of its base paths, and without.
fn own_paths(
    provider: usize,
    contract: &Contract,
    findings: &mut Vec<Finding>,
) -> Router<RouteTarget> {
    let mut router = Router::new();
    if bases_max(contract) < most_bases(contract) {
        let message = format!(
            "the base paths of `servers` make more than {ROUTES_MAX} routes; the last base paths are left out"
        );
        let line = contract.servers_line;
        findings.push(Finding::warning(&contract.file, line, "/servers", message));
    }
    for mut route in routes(provider, contract) {
        if !route.bases.contains(&"") {
            route.bases.push("");
        }
        for base in &route.bases {
            let path = format!("{base}{}", route.template);
            let inserted =
                router.insert(route.method.clone(), &path, route.conditions, route.target);
            if let Err(refusal) = inserted
                && *base == route.bases[0]
            {
                findings.push(route.warning(refusal.to_string()));
            }
        }
    }
    for (route, path) in slash_spellings(provider, contract, &[""]) {
        // What is documented so itself, or by another, stays what it is.
        let _ = router.insert(route.method, &path, route.conditions, route.target);
    }
    router
}

/// The routes of a contract whose paths are taken with and without a slash at their end, each with the spellings that are
/// not written in it: below its base paths, and `more`.
fn slash_spellings<'c>(
    provider: usize,
    contract: &'c Contract,
    more: &[&str],
) -> Vec<(MountedRoute<'c>, String)> {
    let mut spellings = Vec::new();
    if !contract.trailing_slash_is_optional {
        return spellings;
    }
    for route in routes(provider, contract) {
        let other = match route.template.strip_suffix('/') {
            Some("") => continue,
            Some(without) => without.to_owned(),
            None => format!("{}/", route.template),
        };
        let bases = route.bases.iter().chain(more);
        spellings.extend(bases.map(|base| (route.clone(), format!("{base}{other}"))));
    }
    spellings
}

/// The different base paths of an operation's servers, which are the contract's unless it has its own.
pub(super) fn base_paths<'c>(contract: &'c Contract, operation: &'c Operation) -> Vec<&'c str> {
    let own = &operation.servers;
    base_paths_of(if own.is_empty() { &contract.servers } else { own })
}

/// Without servers, the one base path that `OpenAPI` supposes: `/`.
fn base_paths_of(servers: &[ServerEntry]) -> Vec<&str> {
    let mut bases: Vec<&str> = Vec::new();
    for server in servers {
        if !bases.contains(&server.base_path.as_str()) {
            bases.push(&server.base_path);
        }
    }
    if bases.is_empty() {
        bases.push("");
    }
    bases
}

/// Maximum number of base paths of an operation.
fn bases_max(contract: &Contract) -> usize {
    let routes = contract.operations.len() + contract.not_emulated.len();
    (ROUTES_MAX / routes.max(1)).max(1)
}

/// Largest number of base paths of an operation in a contract.
fn most_bases(contract: &Contract) -> usize {
    let bases = contract.operations.iter().map(|operation| base_paths(contract, operation).len());
    bases.max().unwrap_or_default()
}

/// A route and its target.
#[derive(Clone)]
struct MountedRoute<'c> {
    method: Method,
    template: &'c str,
    conditions: &'c [RouteCondition],
    target: RouteTarget,
    bases: Vec<&'c str>,
    file: &'c Arc<str>,
    line: u32,
    pointer: &'c str,
}

impl MountedRoute<'_> {
    /// A finding about the operation that the route leads to.
    fn warning(&self, message: String) -> Finding {
        Finding::warning(self.file, self.line, self.pointer, message)
    }
}

/// Routes to the operations of a contract.
fn routes<'c>(provider: usize, contract: &'c Contract) -> Vec<MountedRoute<'c>> {
    let operations =
        contract.operations.iter().enumerate().map(|(number, operation)| MountedRoute {
            method: operation.method.clone(),
            template: &operation.template,
            conditions: &operation.conditions,
            target: RouteTarget::Operation { provider, operation: number },
            bases: base_paths(contract, operation),
            file: &operation.file,
            line: operation.line,
            pointer: &operation.pointer,
        });
    let others = contract.not_emulated.iter().enumerate().map(|(number, other)| MountedRoute {
        method: other.method.clone(),
        template: &other.template,
        conditions: &other.conditions,
        target: RouteTarget::NotEmulated { provider, number },
        bases: base_paths_of(&contract.servers),
        file: &contract.file,
        line: other.line,
        pointer: "/x-not-emulated",
    });
    let max = bases_max(contract);
    let cut = |mut route: MountedRoute<'c>| {
        route.bases.truncate(max);
        route
    };
    operations.chain(others).map(cut).collect()
}

/// The first segment of a path, and the rest with its slash.
fn split_first(path: &str) -> (&str, &str) {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.split_at(path.find('/').unwrap_or(path.len()))
}

fn first_segment(path: &str) -> &str {
    split_first(path).0
}
