//! Posts with damaged or unusual front matter are served as their authors mean them, and reported.

use std::path::Path;

use serde_json::Value;

use crate::support::{Site, finews, folder, json_lines, stdout_json};

const CONFIG: &str = "title: Case\nurl: https://news.example\nbaseurl: /b\npermalink: /:title.html\n\
                      finews:\n  legacy_hosts: [old.news.example]\n";

/// The problems of a site, as `finews check --json` prints them.
fn problems(site: &Path) -> Vec<Value> {
    let output = finews(&["check", "--json", &site.to_string_lossy()]);
    json_lines(&String::from_utf8(output.stdout).expect("UTF-8"))
}

/// Loads a site with one post of these bytes. Returns its post, if it is served, and the code and line of each problem.
fn one_post(bytes: &[u8]) -> (Option<Value>, Vec<(String, Option<u64>)>) {
    let site = folder(&[("_config.yml", CONFIG), ("_posts/.keep", "")]);
    std::fs::write(site.path().join("_posts/2024-01-05-a.md"), bytes).expect("a file");
    let post = stdout_json(&["list", "--body", &site.path().to_string_lossy()]).pop();
    let problem =
        |problem: &Value| (problem["code"].as_str().expect("a code").to_owned(), problem["line"].as_u64());
    (post, problems(site.path()).iter().map(problem).collect())
}

fn utf16(text: &str, mark: [u8; 2], bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    mark.into_iter().chain(text.encode_utf16().flat_map(bytes)).collect()
}

#[test]
fn damaged_front_matter_is_read_and_reported_with_its_line() {
    let proper = "---\ntitle: 标题\ndate: 2015-03-01\n---\n正文。\n";
    let table: [(&str, Vec<u8>, &str, u64); 9] = [
        ("UTF-16LE", utf16(proper, [0xFF, 0xFE], u16::to_le_bytes), "encoding-invalid", 1),
        ("UTF-16BE", utf16(proper, [0xFE, 0xFF], u16::to_be_bytes), "encoding-invalid", 1),
        ("blank line", format!("\n{proper}").into(), "front-matter-invalid", 1),
        ("blank lines", format!(" \n\t\r\n\n{proper}").into(), "front-matter-invalid", 1),
        ("mark and blank line", format!("\u{FEFF}\n{proper}").into(), "front-matter-invalid", 1),
        ("spaces", format!("  {proper}").into(), "front-matter-invalid", 1),
        ("full-width colons", proper.replace(": ", "：").into(), "front-matter-invalid", 2),
        ("one full-width colon", proper.replace("date: ", "date：").into(), "front-matter-invalid", 3),
        ("full-width space", proper.replace("title: ", "title:\u{3000}").into(), "front-matter-invalid", 2),
    ];
    for (name, bytes, code, line) in table {
        let (post, problems) = one_post(&bytes);
        let post = post.unwrap_or_else(|| panic!("{name}: {problems:?}"));
        assert_eq!(post["title"], "标题", "{name}");
        assert_eq!(&post["date"].as_str().expect("a date")[..10], "2015-03-01", "{name}");
        assert_eq!(post["url"], "/a.html", "{name}");
        assert_eq!(post["body"].as_str().expect("a body").trim(), "<p>正文。</p>", "{name}");
        assert_eq!(problems, [(code.to_owned(), Some(line))], "{name}");
    }
}

#[test]
fn horizontal_rules_after_a_blank_line_stay_in_the_body() {
    for text in ["\n---\n甲\n\n---\n乙\n", "\n甲\n\n---\ntitle: 乙\n---\n", "\n---\n乙: 甲\n\n---\n"] {
        let (post, problems) = one_post(text.as_bytes());
        let post = post.expect("a post");
        assert_eq!(post["title"], "A", "{text:?}");
        let body = post["body"].as_str().expect("a body");
        assert!(body.contains("甲") && body.contains("乙"), "{text:?}: {body}");
        assert!(problems.is_empty(), "{text:?}: {problems:?}");
    }
}

#[test]
fn invalid_dates_are_reported_with_their_line() {
    let invalid = "---\ntitle: t\ndate: never\nlast_modified_at: later\n---\nText.\n";
    let site = folder(&[
        ("_config.yml", "title: x\ndefaults:\n  - {scope: {path: _posts/sub}, values: {date: never}}\n"),
        ("_posts/2024-01-05-dated.md", invalid),
        ("_posts/-none.md", invalid),
        ("_posts/-null.md", "---\ntitle: t\ndate:\n---\n"),
        ("_posts/-absent.md", "---\ntitle: t\n---\n"),
        ("_posts/2024-13-45-wrong.md", "---\ndate: [2024]\n---\n"),
        ("_posts/sub/-given.md", "---\ntitle: t\n---\n"),
    ]);
    let found: Vec<_> = problems(site.path())
        .iter()
        .map(|problem| {
            let text = |key: &str| problem[key].as_str().expect("a text").to_owned();
            (text("path"), problem["line"].as_u64(), text("severity"), text("code"))
        })
        .collect();
    let expected = [
        ("_posts/-absent.md", None, "error", "date-missing"),
        ("_posts/-none.md", Some(3), "error", "date-invalid"),
        ("_posts/-null.md", Some(3), "error", "date-invalid"),
        ("_posts/2024-01-05-dated.md", Some(3), "warning", "date-invalid"),
        ("_posts/2024-01-05-dated.md", Some(4), "warning", "date-invalid"),
        ("_posts/2024-13-45-wrong.md", Some(2), "error", "date-invalid"),
        ("_posts/sub/-given.md", None, "error", "date-invalid"),
    ];
    let expected = expected
        .map(|(path, line, severity, code)| (path.to_owned(), line, severity.to_owned(), code.to_owned()));
    assert_eq!(found, expected);
}

#[test]
fn permalinks_are_trimmed_and_own_urls_become_paths() {
    let table = [
        (">\n  /2018/04/20/x/", "/2018/04/20/x/", None),
        ("|\n  /2018/:title/\n", "/2018/a/", None),
        ("\" /2018/x.html \"", "/2018/x.html", None),
        ("\"  \"", "/a.html", None),
        ("https://news.example/2018/04/05/y/", "/2018/04/05/y/", None),
        ("http://NEWS.example/b/2018/:title.html", "/2018/a.html", None),
        (">\n  https://old.news.example/z/", "/z/", None),
        ("//old.news.example/z.html", "/z.html", None),
        ("https://other.example/2018/", "/a.html", Some("permalink-invalid")),
        ("//other.example/2018/", "/a.html", Some("permalink-invalid")),
        ("/:nope/", "/a.html", Some("permalink-invalid")),
    ];
    for (permalink, url, code) in table {
        let text = format!("---\ntitle: t\npermalink: {permalink}\n---\nText.\n");
        let (post, problems) = one_post(text.as_bytes());
        assert_eq!(post.expect("a post")["url"], url, "{permalink}");
        let expected: Vec<(String, Option<u64>)> =
            code.map(|code| (code.to_owned(), Some(3))).into_iter().collect();
        assert_eq!(problems, expected, "{permalink}");
    }
}

#[test]
fn own_urls_of_pages_and_redirects_are_their_paths() {
    let site = Site::from_files(&[
        ("_config.yml", &CONFIG.replace("baseurl: /b\n", "")),
        ("about.md", "---\ntitle: About\npermalink: https://news.example/us/\n---\nText.\n"),
        ("else.md", "---\ntitle: Else\npermalink: https://other.example/us/\n---\nText.\n"),
        (
            "_posts/2024-01-05-a.md",
            "---\ntitle: A\nredirect_from: ['https://news.example/was/', '//old.news.example/once.html']\n---\nText.\n",
        ),
        (
            "_posts/2024-01-06-b.md",
            "---\ntitle: B\nredirect_to: >\n  https://elsewhere.example/b\n---\nText.\n",
        ),
    ]);
    assert!(site.page("/us/").contains("About"));
    assert!(site.page("/else").contains("Else"));
    site.assert_moved("/was/", "/a.html");
    site.assert_moved("/once.html", "/a.html");
    site.assert_moved("/b.html", "https://elsewhere.example/b");
}
