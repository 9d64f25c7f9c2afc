//! Module dependencies lead one way, `main → web → search → archive` and `main → bucket → archive`, and `config` uses
//! none of them. No files import one another in a circle, except the parsers of kramdown's blocks.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::module_graph::{self, sources};

/// Lists the files of a module that mention any of the words outside comments.
fn files_mentioning(module: &str, words: &[&str]) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let file = root.join(format!("{module}.rs"));
    let mut files = if root.join(module).is_dir() { sources(&root.join(module)) } else { Vec::new() };
    files.extend(file.is_file().then_some(file));
    assert!(!files.is_empty(), "{module} is gone: this test must follow it");
    let mut found = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a source file");
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            if let Some(word) = words.iter().find(|word| line.contains(*word)) {
                found.push(format!("{}: {word}", file.display()));
            }
        }
    }
    found
}

#[test]
fn only_block_parsers_form_an_import_circle() {
    let imports = module_graph::imports();
    let count: usize = imports.values().map(BTreeSet::len).sum();
    assert!(
        imports.len() > 150 && count > 500,
        "{} modules, {count} imports: the graph lost some",
        imports.len()
    );
    // Blocks hold blocks, so their parsers call one another.
    let block_parsers = |circle: &BTreeSet<String>| {
        circle.iter().all(|module| module.starts_with("archive::body::kramdown::"))
    };
    let mut circles = module_graph::circles(&imports);
    assert!(circles.iter().any(block_parsers), "the parsers of blocks import one another");
    circles.retain(|circle| !block_parsers(circle));
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn archive_does_not_depend_on_web() {
    let words = [
        "axum",
        "askama",
        "tower",
        "hyper",
        "crate::web",
        "crate::search",
        "crate::bucket",
        "crate::commands",
    ];
    assert_eq!(files_mentioning("archive", &words), [""; 0]);
}

#[test]
fn search_does_not_depend_on_web() {
    let words = ["axum", "askama", "tower", "hyper", "crate::web", "crate::bucket", "crate::commands"];
    assert_eq!(files_mentioning("search", &words), [""; 0]);
}

#[test]
fn config_depends_on_no_other_module() {
    assert_eq!(
        files_mentioning(
            "config",
            &["crate::archive", "crate::web", "crate::search", "crate::bucket", "axum"]
        ),
        [""; 0]
    );
}

#[test]
fn bucket_does_not_depend_on_web_and_search() {
    let words = ["axum", "askama", "tower", "clap", "crate::web", "crate::search", "crate::commands"];
    assert_eq!(files_mentioning("bucket", &words), [""; 0]);
}

#[test]
fn web_does_not_depend_on_buckets_and_command_line() {
    assert_eq!(files_mentioning("web", &["clap", "crate::bucket", "crate::commands"]), [""; 0]);
}

#[test]
fn yaml_is_parsed_in_front_matter_and_config_only() {
    let all = files_mentioning("archive", &["serde_yaml::", "use serde_yaml"]);
    let outside: Vec<_> = all.iter().filter(|place| !place.contains("front_matter")).collect();
    assert_eq!(outside, Vec::<&String>::new());
    assert_eq!(files_mentioning("web", &["serde_yaml"]), [""; 0]);
}

#[test]
fn unescaped_html_comes_from_the_sanitiser_only() {
    let html = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/view/html.rs");
    let elsewhere: Vec<_> = files_mentioning("web", &["HtmlSafe"])
        .into_iter()
        .filter(|place| !place.contains(&*html.to_string_lossy()))
        .collect();
    assert_eq!(elsewhere, [""; 0]);
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    for folder in ["pages", "parts", ""] {
        for entry in fs::read_dir(templates.join(folder))
            .expect("templates")
            .map(|entry| entry.expect("an entry").path())
        {
            if entry.is_file() {
                let text = fs::read_to_string(&entry).expect("a template");
                assert!(!text.contains("|safe") && !text.contains("| safe"), "{}", entry.display());
            }
        }
    }
}

#[test]
fn docker_copy_sources_are_in_the_build_context() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |file: &str| fs::read_to_string(root.join(file)).expect("a file");
    let (steps, ignored) = (read("Dockerfile"), read(".dockerignore"));
    let is_sent = |source: &&str| {
        let top = source.split('/').next().unwrap_or_default();
        root.join(source).exists() && ignored.lines().any(|line| line == format!("!{top}"))
    };
    let copies = steps.lines().filter_map(|line| line.strip_prefix("COPY "));
    let copies = copies.filter(|copy| !copy.starts_with("--from"));
    let sources: Vec<&str> = copies
        .flat_map(|copy| {
            let mut words: Vec<&str> = copy.split(' ').collect();
            words.pop();
            words
        })
        .collect();
    assert!(sources.len() > 5, "{sources:?}");
    assert_eq!(sources.iter().filter(|source| !is_sent(source)).collect::<Vec<_>>(), [&""; 0]);
}
