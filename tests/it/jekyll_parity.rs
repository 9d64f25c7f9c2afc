//! finews reads posts as Jekyll 4.3.1 does, except where Jekyll loses data. The fixtures have its output.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{finews, fixture, folder, json_lines, stdout_json};

const FIELDS: [&str; 7] = ["path", "url", "id", "title", "date", "categories", "tags"];

fn lines(path: &Path) -> Vec<Value> {
    json_lines(&std::fs::read_to_string(path).expect("a fixture"))
}

fn list(site: &Path) -> Vec<Value> {
    stdout_json(&["list", &site.to_string_lossy()])
}

/// Jekyll's output, with the intended improvements of finews.
fn with_improvements(mut post: Value) -> Value {
    match post["path"].as_str() {
        // The categories contain numbers and null.
        Some(path) if path.ends_with("-catnumlist.md") => post["categories"] = json!(["36", "36kr"]),
        // A duplicate tag is shown once, and a number is read as text.
        Some(path) if path.ends_with("-tagdup.md") => post["tags"] = json!(["a", "5"]),
        // An unescaped `?` would end the path.
        Some(path) if path.ends_with("-catdot.md") => {
            for field in ["url", "id"] {
                if let Some(text) = post[field].as_str() {
                    post[field] = text.replace('?', "%3F").into();
                }
            }
        }
        _ => {}
    }
    post
}

/// Keeps the first of all posts with the same URL.
fn without_duplicates(posts: Vec<Value>) -> Vec<Value> {
    let mut seen = HashSet::new();
    posts.into_iter().filter(|post| seen.insert(post["url"].to_string())).collect()
}

fn select_fields(post: &Value, fields: &[&str]) -> Value {
    fields.iter().map(|field| ((*field).to_owned(), post[field].clone())).collect()
}

fn assert_same(actual: &[Value], expected: &[Value], fields: &[&str]) {
    for (actual, expected) in actual.iter().zip(expected) {
        assert_eq!(select_fields(actual, fields), select_fields(expected, fields));
    }
    assert_eq!(actual.len(), expected.len());
}

#[test]
fn odd_posts_are_listed_as_in_jekyll() {
    let expected = lines(&fixture("oddities/expected.ndjson")).into_iter().map(with_improvements).collect();
    assert_same(&list(&fixture("oddities")), &without_duplicates(expected), &FIELDS);
}

#[test]
fn permalink_styles_give_the_urls_of_jekyll() {
    let mut by_style: HashMap<String, Vec<Value>> = HashMap::new();
    for line in lines(&fixture("oddities/permalinks.ndjson")) {
        let style = line["permalink"].as_str().expect("a style").to_owned();
        by_style.entry(style).or_default().push(with_improvements(line));
    }
    assert_eq!(by_style.len(), 6);
    for (style, expected) in by_style {
        let site = folder(&[]);
        copy(&fixture("oddities"), site.path());
        let config = site.path().join("_config.yml");
        let text = std::fs::read_to_string(&config).expect("a configuration");
        std::fs::write(&config, format!("{text}\npermalink: \"{style}\"\n")).expect("a file");
        assert_same(&list(site.path()), &without_duplicates(expected), &["path", "url"]);
    }
}

#[test]
fn broken_posts_keep_valid_fields_and_are_reported() {
    let listed: HashMap<String, Value> = list(&fixture("broken"))
        .into_iter()
        .map(|post| (post["path"].as_str().expect("a path").to_owned(), post))
        .collect();
    let output = finews(&["check", "--json", &fixture("broken").to_string_lossy()]);
    let problems = json_lines(&String::from_utf8(output.stdout).expect("UTF-8"));
    let expected = lines(&fixture("broken/expected.ndjson"));
    let served = expected.iter().filter(|post| !post["url"].is_null()).count();
    assert_eq!(listed.len(), served);
    for post in expected {
        let path = post["path"].as_str().expect("a path");
        let codes: Vec<_> = problems
            .iter()
            .filter(|problem| problem["path"] == path)
            .map(|problem| &problem["code"])
            .collect();
        match post["problem"].as_str() {
            Some(code) => assert_eq!(codes, [code], "{path}"),
            None => assert!(codes.is_empty(), "{path}: {codes:?}"),
        }
        let Some(found) = listed.get(path) else {
            assert!(post["url"].is_null(), "{path} is not served");
            continue;
        };
        assert_eq!(found["url"], post["url"]);
        assert_eq!(found["categories"], post["categories"], "{path}");
        assert_eq!(&found["date"].as_str().expect("a date")[..10], post["day"], "{path}");
        if !post["title"].is_null() {
            assert_eq!(found["title"], post["title"], "{path}");
        }
    }
}

#[test]
fn jekyll_site_is_listed_as_in_jekyll() {
    let expected = lines(&fixture("jekyll-site.expected.ndjson"));
    assert_same(&list(&fixture("jekyll-site")), &expected, &FIELDS);
}

/// Each row is Jekyll's output: a configuration, and the URLs of the posts that it reads.
#[test]
fn folder_settings_select_the_same_posts_as_jekyll() {
    const POST: &str = "---\ntitle: T\n---\nbody\n";
    let paths = ["_posts/_s/2024-03-01-a.md", "_posts/s/_s/2024-03-02-b.md", "_posts/s/.s/2024-03-03-c.md"];
    let more =
        ["old_posts/_posts/2024-03-04-d.md", "docs/_posts/2024-03-05-e.md", "_x/_posts/2024-03-06-f.md"];
    let table: [(&str, &[&str]); 6] = [
        ("", &["docs/e", "old/d", "b"]),
        ("exclude: ['**/docs', '{docs}', './docs', '*/_posts']", &["docs/e", "old/d", "b"]),
        ("exclude: [doc, '_posts/*-b.md']", &["old/d"]),
        ("include: ['_?', docs/nothing]", &["_x/f", "docs/e", "old/d", "b"]),
        ("collections_dir: docs", &["e"]),
        ("source: docs", &["e"]),
    ];
    for (config, expected) in table {
        let config = format!("permalink: /:categories/:title\n{config}\n");
        let mut files = vec![("_config.yml", config.as_str())];
        files.extend(paths.iter().chain(&more).map(|path| (*path, POST)));
        let site = folder(&files);
        let urls: Vec<_> = list(site.path()).into_iter().map(|post| post["url"].clone()).collect();
        let expected: Vec<_> = expected.iter().map(|url| json!(format!("/{url}"))).collect();
        assert_eq!(urls, expected, "{config}");
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&target).expect("a folder");
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).expect("a copy");
            // Keep the old time: finews waits for files that changed recently, as they may be half-written.
            let changed = entry.metadata().and_then(|meta| meta.modified()).expect("a time");
            let copy = std::fs::File::options().write(true).open(target).expect("the copy");
            copy.set_modified(changed).expect("a time");
        }
    }
}

#[test]
fn configured_posts_folder_follows_the_same_ignore_rules() {
    let post = "---\ntitle: t\n---\nText.\n";
    let site = folder(&[
        ("_config.yml", "exclude: [posts/private]\nfinews:\n  posts: [posts]\n"),
        ("posts/2024-01-02-a.md", post),
        ("posts/deep/_posts/2024-01-03-b.md", post),
        ("posts/private/2024-01-04-no.md", post),
        ("posts/.trash/2024-01-04-no.md", post),
        ("posts/_drafts/2024-01-04-no.md", post),
        ("posts/~2024-01-04-no.md", post),
        ("_posts/2024-01-04-no.md", post),
    ]);
    let paths: Vec<_> =
        list(site.path()).iter().map(|post| post["path"].as_str().unwrap().to_owned()).collect();
    assert_eq!(paths, ["posts/deep/_posts/2024-01-03-b.md", "posts/2024-01-02-a.md"]);
}

/// The targets of `post_url`, `link` and the URL filters, as real Jekyll printed them.
#[test]
fn liquid_links_have_the_targets_of_jekyll() {
    let site = fixture("jekyll-site");
    let posts = stdout_json(&["list", "--body", &site.to_string_lossy()]);
    let post = posts.iter().find(|post| post["path"] == "_posts/2026-05-05-links.md").expect("the post");
    let body = post["body"].as_str().expect("a body");
    let links: Vec<_> = body.split("href=\"").skip(1).filter_map(|part| part.split('"').next()).collect();
    assert_eq!(
        links,
        [
            "/archive/harbour/news/2026/01/15/harbour-opens/",
            "/archive/team/people/desk/2026/05/20/new-desk/",
            "/archive/about/",
            "/archive/assets/paper.pdf",
            "/archive/contact/",
            "https://tide.example.org/archive/contact/",
        ]
    );
}
