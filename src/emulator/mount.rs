//! Mounting: which provider a path belongs to, by its first segment, by the host, or by itself.
//!
//! Must not know what providers answer.

use http::Method;

use crate::openapi::Contract;
use crate::openapi::Operation;
use crate::openapi::Server;
use crate::router::Refusal;
use crate::router::Router;

/// Paths that begin like this are ours, so no provider can be named so.
const RESERVED_STARTS: [&str; 2] = ["@", "__"];

/// What a method and a path lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// An operation of a provider, by their numbers.
    Operation { provider: usize, operation: usize },
    /// An operation that the real service has and the sandbox has not.
    NotEmulated { provider: usize },
}

impl Target {
    pub(super) fn provider(self) -> usize {
        match self {
            Self::Operation { provider, .. } | Self::NotEmulated { provider } => provider,
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

/// Where every provider answers.
#[derive(Debug)]
pub(super) struct Mounts {
    names: Vec<Box<str>>,
    hosts: Vec<(Box<str>, usize)>,
    /// By provider: its paths, with each base path and without.
    own: Vec<Router<Target>>,
    /// The documented paths of all providers, base paths included.
    root: Router<Target>,
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
    /// Mounts these contracts by their providers' names. Texts say what of them cannot be mounted, with the
    /// number of the provider.
    pub(super) fn new(providers: &[(&str, &Contract)]) -> (Self, Vec<(usize, String)>) {
        let mut mounts =
            Self { names: Vec::new(), hosts: Vec::new(), own: Vec::new(), root: Router::new() };
        let mut problems = Vec::new();
        for (number, (name, contract)) in providers.iter().enumerate() {
            mounts.add_hosts(number, name, contract, &mut problems);
            mounts.own.push(own_paths(number, contract, &mut problems));
            mounts.names.push((*name).into());
        }
        // One alone has all paths to itself.
        if providers.len() == 1 {
            return (mounts, problems);
        }
        let contracts = providers.iter().map(|(_, contract)| *contract);
        mounts.mount_at_root(&contracts.collect::<Vec<_>>(), &mut problems);
        (mounts, problems)
    }

    fn add_hosts(
        &mut self,
        provider: usize,
        name: &str,
        contract: &Contract,
        problems: &mut Vec<(usize, String)>,
    ) {
        let own = contract.operations.iter().flat_map(|operation| &operation.servers);
        let vendor = contract.servers.iter().chain(own).filter_map(|server| server.host.clone());
        for host in vendor.chain([format!("{name}.localhost")]) {
            match self.hosts.iter().find(|(known, _)| known.eq_ignore_ascii_case(&host)) {
                None => self.hosts.push((host.into(), provider)),
                Some((_, other)) if *other == provider => {}
                Some((_, other)) => {
                    let other = &self.names[*other];
                    let message =
                        format!("the host `{host}` is that of `{other}` already, and leads there");
                    problems.push((provider, message));
                }
            }
        }
    }

    /// Enters the documented paths of all providers in one table. What two of them claim belongs to neither.
    fn mount_at_root(&mut self, contracts: &[&Contract], problems: &mut Vec<(usize, String)>) {
        let mut entries: Vec<(Method, String, Target)> = Vec::new();
        for (provider, contract) in contracts.iter().enumerate() {
            for (method, template, target, bases) in targets(provider, contract) {
                let paths = bases.into_iter().map(|base| format!("{base}{template}"));
                entries.extend(paths.map(|path| (method.clone(), path, target)));
            }
        }
        let mut claimed: Router<Target> = Router::new();
        let mut disputed = Vec::new();
        for (method, template, target) in &entries {
            if let Err(Refusal::Taken { existing, .. }) =
                claimed.insert(method.clone(), template, *target)
                && let Some(other) = claimed.get(method, template)
                && other.provider() != target.provider()
            {
                let other = &self.names[other.provider()];
                let message = format!(
                    "`{method} {template}` is also `{method} {existing}` of `{other}`: neither answers there \
                     without its prefix"
                );
                problems.push((target.provider(), message));
                disputed.push((method.clone(), existing));
            }
        }
        for (method, template, target) in entries {
            let is_disputed = disputed.iter().any(|(of, existing)| {
                *of == method && claimed.get(&method, &template) == claimed.get(of, existing)
            });
            if !is_disputed {
                // What is refused here was reported where the provider's own paths were entered.
                let _ = self.root.insert(method, &template, target);
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
    pub(super) fn router(&self, address: Address<'_>) -> &Router<Target> {
        address.provider.map_or(&self.root, |provider| &self.own[provider])
    }

    /// The host names that lead to a provider.
    pub(super) fn hosts_of(&self, provider: usize) -> impl Iterator<Item = &str> {
        self.hosts.iter().filter(move |(_, of)| *of == provider).map(|(host, _)| &**host)
    }

    /// Whether a provider answers there without its prefix.
    pub(super) fn is_at_root(&self, method: &Method, template: &str, provider: usize) -> bool {
        let table = if self.names.len() == 1 { &self.own[0] } else { &self.root };
        table.get(method, template).is_some_and(|target| target.provider() == provider)
    }
}

/// A provider's paths with each of its base paths, and without.
fn own_paths(
    provider: usize,
    contract: &Contract,
    problems: &mut Vec<(usize, String)>,
) -> Router<Target> {
    let mut router = Router::new();
    for (method, template, target, mut bases) in targets(provider, contract) {
        if !bases.contains(&"") {
            bases.push("");
        }
        for base in &bases {
            match router.insert(method.clone(), &format!("{base}{template}"), target) {
                Err(refusal) if *base == bases[0] => problems.push((provider, refusal.to_string())),
                _ => {}
            }
        }
    }
    router
}

/// The different base paths of an operation's servers, which are the contract's unless it has its own.
pub(super) fn base_paths<'c>(contract: &'c Contract, operation: &'c Operation) -> Vec<&'c str> {
    let own = &operation.servers;
    base_paths_of(if own.is_empty() { &contract.servers } else { own })
}

/// Without servers, the one base path that `OpenAPI` supposes: `/`.
fn base_paths_of(servers: &[Server]) -> Vec<&str> {
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

/// What leads where: method, template, target and base paths.
fn targets(provider: usize, contract: &Contract) -> Vec<(Method, &str, Target, Vec<&str>)> {
    let operations = contract.operations.iter().enumerate().map(|(number, operation)| {
        let target = Target::Operation { provider, operation: number };
        let bases = base_paths(contract, operation);
        (operation.method.clone(), operation.template.as_str(), target, bases)
    });
    let others = contract.not_emulated.iter().map(|other| {
        let (target, bases) = (Target::NotEmulated { provider }, base_paths_of(&contract.servers));
        (other.method.clone(), other.template.as_str(), target, bases)
    });
    operations.chain(others).collect()
}

/// The first segment of a path, and the rest with its slash.
fn split_first(path: &str) -> (&str, &str) {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.split_at(path.find('/').unwrap_or(path.len()))
}

fn first_segment(path: &str) -> &str {
    split_first(path).0
}
