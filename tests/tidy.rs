//! What holds for every source file: headers, layers, and what does not belong.
//!
//! A rule that is not checked does not hold; these read the files as text and need no library.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Below this layer nothing waits, and nothing reads or writes files or sockets.
const IO_FROM: u8 = 7;

struct Source {
    path: PathBuf,
    /// Its place below the folder, as a path of modules.
    file: Vec<String>,
    text: String,
}

impl Source {
    /// The text without the tests at its end.
    fn program(&self) -> &str {
        self.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default()
    }

    fn is_test(&self) -> bool {
        self.path.file_name().is_some_and(|name| name == "tests.rs")
    }
}

fn sources(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut sources = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let inside = path.strip_prefix(&root).unwrap().with_extension("");
                let names = inside.iter().map(|name| name.to_string_lossy().into_owned());
                let file = names.filter(|name| name != "mod").collect();
                let text = fs::read_to_string(&path).unwrap();
                sources.push(Source { path, file, text });
            }
        }
    }
    assert!(!sources.is_empty());
    sources
}

/// The layers of the modules, from the table in `lib.rs`.
fn layers() -> BTreeMap<String, u8> {
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let mut layers = BTreeMap::from([("lib".to_owned(), 10), ("main".to_owned(), 10)]);
    for row in text.lines().filter_map(|line| line.strip_prefix("//! | ")) {
        let mut cells = row.split(" | ");
        let Some(layer) = cells.next().and_then(|layer| layer.parse().ok()) else { continue };
        let names = cells.next().unwrap().split('`').skip(1).step_by(2);
        layers.extend(names.map(|name| (name.to_owned(), layer)));
    }
    assert!(layers.len() > 30, "{layers:?}");
    layers
}

fn check(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn every_file_says_what_it_owns_and_every_module_what_it_must_not_know() {
    let mut problems = Vec::new();
    for source in sources("src") {
        let header = source.text.lines().take_while(|line| line.starts_with("//!"));
        let header = header.map(|line| &line[3..]).collect::<String>();
        let place = source.path.display();
        if header.is_empty() {
            problems.push(format!("{place}: no header"));
        }
        let is_module = source.file.len() == 1 && !["lib", "main"].contains(&&*source.file[0]);
        if is_module && !header.contains("ust not ") {
            problems.push(format!("{place}: the header does not say what it must not know"));
        }
    }
    check(&problems);
}

#[test]
fn every_module_of_the_page_says_what_it_is_and_loads_nothing_from_elsewhere() {
    const LINES_MAX: usize = 300;
    let mut problems = Vec::new();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("page")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let place = path.display();
        let is_module = path.extension().is_some_and(|extension| extension == "js");
        if is_module && !text.starts_with("// ") {
            problems.push(format!("{place}: no header"));
        }
        if is_module && text.lines().count() > LINES_MAX {
            problems.push(format!("{place}: more than {LINES_MAX} lines"));
        }
        // A namespace is a name and no place.
        let text = text.replace("http://www.w3.org/2000/svg", "");
        if ["http://", "https://", "innerHTML", "eval("].iter().any(|part| text.contains(part)) {
            problems
                .push(format!("{place}: loads from elsewhere, or makes markup or code of text"));
        }
    }
    check(&problems);
}

/// The code of a source a line, without comments, each name of a grouped `use` on a line of its own.
fn lines(source: &Source) -> Vec<String> {
    let mut lines = Vec::new();
    let mut program = source.program().lines().filter(|line| !line.trim_start().starts_with("//"));
    while let Some(line) = program.next() {
        let is_use = line.split_once("use ").is_some_and(|(before, _)| {
            ["", "pub", "pub(crate)", "pub(super)"].contains(&before.trim())
        });
        let mut whole = line.to_owned();
        while is_use && !whole.ends_with(';') {
            whole.push_str(program.next().unwrap().trim());
        }
        match whole.trim_end_matches("};").split_once('{') {
            Some((before, names)) if is_use => {
                let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
                lines.extend(names.map(|name| format!("{before}{name};")));
            }
            _ => lines.push(whole),
        }
    }
    lines
}

/// The paths in a source: each from the crate's root, and whether it is a use and not a name that is handed on.
fn paths(source: &Source) -> Vec<(Vec<String>, bool)> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let names = |rest: &str| {
        let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        rest[..end].split("::").map(str::to_owned).collect::<Vec<_>>()
    };
    let mut paths = Vec::new();
    for line in lines(source) {
        for (start, root) in [("crate::", 0), ("super::", source.file.len() - 1)] {
            for (at, _) in line.match_indices(start) {
                let rest = names(&line[at + start.len()..]);
                paths.push((source.file[..root].iter().cloned().chain(rest).collect(), true));
            }
        }
        // A module's own file names its children without a root.
        if let Some(rest) = line.strip_prefix("pub use ").or_else(|| line.strip_prefix("use ")) {
            let rest = names(rest.trim_start_matches("self::"));
            let path = source.file.iter().cloned().chain(rest).collect();
            paths.push((path, !line.starts_with("pub")));
        }
    }
    paths
}

/// Which file each file uses; names that a module hands on are those of the file that has them.
fn uses(sources: &[Source]) -> BTreeMap<&[String], BTreeSet<&[String]>> {
    let files: BTreeSet<&[String]> = sources.iter().map(|source| &*source.file).collect();
    let home = |path: &[String]| {
        (1..=path.len()).rev().find_map(|length| files.get(&path[..length]).copied())
    };
    let mut handed_on = BTreeMap::new();
    for source in sources {
        for (path, _) in paths(source).into_iter().filter(|(_, counts)| !counts) {
            let (Some(of), Some(name)) = (home(&path), path.last()) else { continue };
            handed_on.insert((&*source.file, name.clone()), of);
        }
    }
    let mut uses: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for source in sources {
        let of = uses.entry(&*source.file).or_default();
        for (path, _) in paths(source).into_iter().filter(|(_, counts)| *counts) {
            let Some(mut other) = home(&path) else { continue };
            if let Some(name) = path.get(other.len()) {
                other = handed_on.get(&(other, name.clone())).copied().unwrap_or(other);
            }
            if other != &*source.file {
                of.insert(other);
            }
        }
    }
    uses
}

/// The nodes of a graph that lead back to themselves.
fn in_circles<N: Copy + Ord>(graph: &BTreeMap<N, BTreeSet<N>>) -> BTreeSet<N> {
    let reached = |from: N| {
        let (mut reached, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(node) = open.pop() {
            open.extend(graph.get(&node).into_iter().flatten().filter(|to| reached.insert(**to)));
        }
        reached
    };
    graph.keys().copied().filter(|node| reached(*node).contains(node)).collect()
}

#[test]
fn modules_use_only_lower_layers_and_files_use_each_other_in_no_circle() {
    let (sources, layers) = (sources("src"), layers());
    let sources: Vec<Source> = sources.into_iter().filter(|source| !source.is_test()).collect();
    let uses = uses(&sources);
    let mut problems = Vec::new();
    let mut modules: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (file, other) in uses.iter().flat_map(|(file, all)| all.iter().map(move |one| (file, one)))
    {
        let (module, other) = (&*file[0], &*other[0]);
        match (layers.get(module), layers.get(other)) {
            (Some(own), Some(layer)) if own < layer => {
                problems.push(format!("{}: `{module}` must not use `{other}`", file.join("/")));
            }
            (Some(_), Some(_)) => {}
            (own, _) => {
                let missing = if own.is_none() { module } else { other };
                problems.push(format!("`{missing}` has no layer in the table of lib.rs"));
            }
        }
        if module != other {
            modules.entry(module).or_default().insert(other);
        }
    }
    for module in in_circles(&modules) {
        problems.push(format!("module `{module}` uses itself through others"));
    }
    for file in in_circles(&uses) {
        problems.push(format!("`{}` uses itself through others", file.join("/")));
    }
    check(&problems);
}

#[test]
fn nothing_waits_or_touches_the_world_below_the_admin_api() {
    let words = [
        "async fn",
        ".await;",
        ".await?",
        "tokio::",
        "hyper::",
        "std::fs",
        "std::net::Tcp",
        "std::thread",
        "std::env",
    ];
    let mut problems = Vec::new();
    let layers = layers();
    for source in sources("src") {
        if layers[&source.file[0]] >= IO_FROM || source.is_test() {
            continue;
        }
        for word in words.iter().filter(|word| source.program().contains(**word)) {
            problems.push(format!("{}: `{word}`", source.path.display()));
        }
    }
    check(&problems);
}

#[test]
fn no_provider_is_named_in_the_program() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs");
    let folders = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let names: Vec<String> = folders
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(names.len(), 4);
    let mut problems = Vec::new();
    for source in sources("src") {
        let text = source.text.to_lowercase();
        for name in names.iter().filter(|name| text.contains(name.as_str())) {
            problems.push(format!("{}: `{name}`", source.path.display()));
        }
    }
    check(&problems);
}

#[test]
fn nothing_is_ignored_expected_to_panic_or_left_unfinished() {
    // Put together here, so that this file is not one of those that have them.
    let words = [
        concat!("#[ign", "ore"),
        concat!("#[should", "_panic"),
        concat!("#[al", "low("),
        concat!("FIX", "ME"),
    ];
    let mut problems = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")).chain(sources("benches")) {
        for word in words.iter().filter(|word| source.text.contains(**word)) {
            problems.push(format!("{}: `{word}`", source.path.display()));
        }
    }
    check(&problems);
}
