//! What holds for every source file: headers, layers, and what does not belong.
//!
//! A rule that is not checked does not hold; these read the files as text and need no library.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// The layer of each module: it may use only those of lower layers, and itself. A new edge is a change of design.
const LAYERS: [(&str, u8); 40] = [
    ("blocking", 0),
    ("clock", 0),
    ("finding", 0),
    ("ids", 0),
    ("json", 0),
    ("memory", 0),
    ("message", 0),
    ("problem", 0),
    ("numbers", 0),
    ("printable", 0),
    ("expression", 1),
    ("jobs", 1),
    ("openapi", 1),
    ("yaml", 1),
    ("coverage", 2),
    ("cors", 2),
    ("faults", 2),
    ("media", 2),
    ("prefer", 2),
    ("response", 2),
    ("router", 2),
    ("sample", 2),
    ("security", 2),
    ("store", 2),
    ("validation", 2),
    ("behavior", 3),
    ("documented", 3),
    ("journal", 3),
    ("sandbox", 4),
    ("emulator", 5),
    ("control", 6),
    ("admin", 7),
    ("catalog", 7),
    ("server", 8),
    ("cli", 9),
    ("config", 9),
    ("embedded", 9),
    ("main", 10),
    ("lib", 10),
    ("tests", 10),
];

/// The ways in which modules of a layer use each other.
const WITHIN_LAYER: [(&str, &str); 10] = [
    ("cli", "config"),
    ("cors", "media"),
    ("json", "numbers"),
    ("openapi", "yaml"),
    ("response", "media"),
    ("response", "router"),
    ("response", "sample"),
    ("response", "security"),
    ("response", "validation"),
    ("validation", "media"),
];

/// Below this layer nothing waits, and nothing reads or writes files or sockets.
const IO_FROM: u8 = 7;

struct Source {
    path: PathBuf,
    module: String,
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
                let inside = path.strip_prefix(&root).unwrap();
                let module = inside.components().next().unwrap().as_os_str().to_string_lossy();
                let module = module.trim_end_matches(".rs").to_owned();
                let text = fs::read_to_string(&path).unwrap();
                sources.push(Source { path, module, text });
            }
        }
    }
    assert!(!sources.is_empty());
    sources
}

fn layer(module: &str) -> u8 {
    let found = LAYERS.iter().find(|(name, _)| *name == module);
    found
        .unwrap_or_else(|| {
            panic!("`{module}` has no layer: give it one in tests/tidy.rs and in lib.rs")
        })
        .1
}

fn check(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn every_file_says_what_it_owns_and_what_it_must_not_know() {
    let mut problems = Vec::new();
    for source in sources("src") {
        if !source.text.starts_with("//!") {
            problems.push(format!("{}: no header", source.path.display()));
        }
        let header: String = source
            .text
            .lines()
            .take_while(|line| line.starts_with("//!"))
            .map(|line| &line[3..])
            .collect();
        let tells =
            ["ust not", "The `tombstone` program"].iter().any(|words| header.contains(words));
        if !tells && !source.is_test() && source.module != "lib" {
            problems.push(format!(
                "{}: the header does not say what it must not know",
                source.path.display()
            ));
        }
    }
    check(&problems);
}

#[test]
fn modules_use_only_lower_layers() {
    let mut problems = Vec::new();
    for source in sources("src") {
        let own = layer(&source.module);
        for (number, line) in source.text.lines().enumerate() {
            if line.trim_start().starts_with("//") {
                continue;
            }
            for used in line.split("crate::").skip(1) {
                let name: String =
                    used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let place = format!("{}:{}", source.path.display(), number + 1);
                if name.is_empty() {
                    problems.push(format!("{place}: one `use` a line, no `crate::{{…}}`"));
                } else if name != source.module
                    && layer(&name) >= own
                    && !WITHIN_LAYER.contains(&(source.module.as_str(), name.as_str()))
                {
                    problems.push(format!("{place}: `{}` must not use `{name}`", source.module));
                }
            }
            if line.contains("super::super") {
                problems.push(format!("{}:{}: `super::super`", source.path.display(), number + 1));
            }
        }
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
    for source in sources("src") {
        if layer(&source.module) >= IO_FROM || source.is_test() {
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
