use chrono::TimeZone;
use chrono_tz::Asia::Shanghai;
use proptest::prelude::*;

use super::*;

#[test]
fn file_names_are_recognised() {
    let cases = [
        ("2024-01-02-a.md", Some((Some((2024, 1, 2)), "a", ".md"))),
        ("2024-1-2-short.md", Some((Some((2024, 1, 2)), "short", ".md"))),
        ("24-01-02-yy.md", Some((Some((2024, 1, 2)), "yy", ".md"))),
        ("69-01-02-yy.md", Some((Some((1969, 1, 2)), "yy", ".md"))),
        ("202-1-2-x.md", Some((Some((202, 1, 2)), "x", ".md"))),
        ("2024-13-45-invalid.md", Some((Some((2024, 13, 45)), "invalid", ".md"))),
        ("2024-01-02-a.b-c.d.html", Some((Some((2024, 1, 2)), "a.b-c.d", ".html"))),
        ("2024-01-02-a...md", Some((Some((2024, 1, 2)), "a", ".md"))),
        ("2024-01-02-.md", Some((Some((2024, 1, 2)), "", ".md"))),
        ("2024-01-02-中文 标题！.md", Some((Some((2024, 1, 2)), "中文 标题！", ".md"))),
        ("-202205262391921712.md", Some((None, "202205262391921712", ".md"))),
        ("-.md", None),
        ("2024-01-02-noext", None),
        ("2024-01-02-a.", None),
        ("2024-01-02.md", None),
        ("12024-01-02-a.md", None),
        ("2-01-02-a.md", None),
        ("2024-001-02-a.md", None),
        ("2024-01-x2-a.md", None),
        ("a.md", None),
        ("_2024-01-02-a.md", None),
        (".2024-01-02-a.md", None),
        ("#2024-01-02-a.md", None),
        ("2024-01-02-a.md~", None),
        ("", None),
    ];
    for (name, expected) in cases {
        let expected =
            expected.map(|(date, slug, ext)| FileName { date, slug: slug.into(), ext: ext.into() });
        assert_eq!(file_name(name), expected, "{name}");
    }
}

fn url(template: &str, slug: &str, fm_slug: Option<&str>, categories: &[&str]) -> String {
    let categories: Vec<String> = categories.iter().map(|&name| name.into()).collect();
    let template: Template = template.parse().expect("the template is good");
    template.expand(&UrlParts {
        collection: "posts",
        path: "market/_posts/sub/2024-01-02-A b.c.md",
        basename: "2024-01-02-A b.c",
        slug,
        fm_slug,
        categories: &categories,
        date: &Shanghai.with_ymd_and_hms(2024, 12, 30, 3, 4, 5).unwrap(),
        output_ext: ".html",
    })
}

#[test]
fn styles_and_placeholders_match_jekyll() {
    let cases = [
        ("date", "/c/2024/12/30/A-b.html"),
        ("pretty", "/c/2024/12/30/A-b/"),
        ("ordinal", "/c/2024/365/A-b.html"),
        ("weekdate", "/c/2024/W01/Mon/A-b.html"),
        ("none", "/c/A-b.html"),
        ("/:collection/:path/:name/:slug", "/posts/market/sub/2024-01-02-A%20b.c/2024-01-02-a-b-c/a-b"),
        ("/:i_month-:i_day/:hour:minute:second:output_ext", "/12-30/030405.html"),
        (
            "/:short_month_:short_year/:long_month/:w_year/:w_day/:short_day/:long_day/",
            "/Dec_24/December/2025/1/Mon/Monday/",
        ),
        (":title.:output_ext", "/A-b/html"),
        ("/../:title/./a//b", "/A-b/a/b"),
        ("/中文/:Title/::year/", "/中文/:Title/:2024/"),
        ("/a?b#c/:title", "/a%3Fb%23c/A-b"),
        ("/\\host/:title", "/%5Chost/A-b"),
        ("/\t/host\n/:title", "/%09/host%0A/A-b"),
        ("/a/%2e%2E/.%2e/:title", "/a/A-b"),
        ("/100%/%2:title/%E7%BA%A2", "/100%25/%252A-b/%E7%BA%A2"),
        ("/2018/x/\n", "/2018/x/"),
        (" \t/2018/:title/\r\n", "/2018/A-b/"),
        ("\u{3000}/x.html\u{A0}", "/x.html"),
        (" pretty\n", "/c/2024/12/30/A-b/"),
        ("/x ./", "/x"),
        ("", "/"),
    ];
    for (template, expected) in cases {
        assert_eq!(url(template, "A b", None, &["C"]), expected, "{template}");
    }
}

#[test]
fn values_are_escaped_and_categories_deduplicated() {
    let cases: [(&[&str], &str); 7] = [
        (&["Foo Bar", "foo bar"], "/foo%20bar/x.html"),
        (&["a/b", "红网"], "/a/b/%E7%BA%A2%E7%BD%91/x.html"),
        (&["../x", "a?b#c", "p%q"], "/x/a%3Fb%23c/p%25q/x.html"),
        (&["安(香港)", "a:b", "[x]\\"], "/%E5%AE%89(%E9%A6%99%E6%B8%AF)/a:b/%5Bx%5D%5C/x.html"),
        (&["ÜNÏ"], "/%C3%BCn%C3%AF/x.html"),
        (&[""], "/x.html"),
        (&[], "/x.html"),
    ];
    for (categories, expected) in cases {
        assert_eq!(url("none", "x", None, categories), expected);
    }
    assert_eq!(url("/:slugified_categories/", "x", None, &["A b!", "a-B", "C"]), "/a-b/c/");
}

#[test]
fn front_matter_slug_overrides_the_file_name() {
    assert_eq!(url("none", "x", Some("My Slug"), &[]), "/My-Slug.html");
    assert_eq!(url("/:slug/:title", "x", Some("My Slug"), &[]), "/my-slug/My-Slug");
}

#[test]
fn unknown_placeholder_is_named_in_the_error() {
    for (template, name) in
        [("/:nope/", ":nope"), ("/:day_x", ":day_x"), ("/:month__", ":month__"), ("/:_", ":_")]
    {
        let error = template.parse::<Template>().map_err(|error| error.to_string());
        let message = error.expect_err(template);
        assert!(
            message.starts_with(&format!("unknown placeholder `{name}`; expected one of :collection :path")),
            "{message}"
        );
    }
}

#[test]
fn word_that_is_no_style_is_an_error() {
    for setting in ["7", "Pretty", "true", "blog.html", " x\n"] {
        assert_eq!(setting.parse::<Template>(), Err(InvalidPermalink::Style), "{setting}");
        assert_eq!(Template::from_settings(setting, None), Err(InvalidPermalink::Style), "{setting}");
    }
    for setting in ["/x", ":title", "blog/:title", "/"] {
        assert!(setting.parse::<Template>().is_ok(), "{setting}");
    }
}

#[test]
fn post_permalink_is_not_read_as_a_style() {
    let pretty = post_permalink("pretty").expect("it has no placeholder");
    assert_eq!(
        pretty,
        Template { pieces: vec![TemplatePart::Text("pretty".into())], page_suffix: PageSuffix::None }
    );
}

#[test]
fn page_urls_follow_the_permalink_style() {
    let cases = [
        ("date", "/", "about", ".html", None, "/about.html"),
        ("pretty", "/", "about", ".html", None, "/about/"),
        ("weekdate", "/", "about", ".html", None, "/about"),
        ("/:title/", "/docs/", "a b", ".html", None, "/docs/a%20b/"),
        ("date", "docs", "index", ".html", None, "/docs/"),
        ("pretty", "docs/深", "feed", ".xml", None, "/docs/%E6%B7%B1/feed.xml"),
        ("pretty", "", "x..", ".htm", None, "/x/"),
        ("pretty", "a", "b", ".html", Some("/foo/:basename:output_ext"), "/foo/b.html"),
        ("date", "a", "b", ".html", Some("about/:title/:path"), "/about/:title/a"),
        ("date", "a", "b", ".html", Some("/\\host?/:path"), "/%5Chost%3F/a"),
        ("date", "a", "b", ".html", Some("/c/\n"), "/c/"),
    ];
    for (style, dir, basename, ext, permalink, expected) in cases {
        let style = style.parse().expect("the style is good");
        assert_eq!(page_url(dir, basename, ext, &style, permalink), expected);
    }
}

#[test]
fn ids_consist_of_url_folder_and_slug() {
    let cases = [
        ("/d/2024/01/02/x.html", "x", "/d/2024/01/02/x"),
        ("/x/2024/perm/", "perm", "/x/2024/perm"),
        ("/x/nosuffix", "perm2", "/x/perm2"),
        ("/x.html", "中 文！", "/中 文！"),
        ("/", "a", "/a"),
    ];
    for (url, slug, id) in cases {
        assert_eq!(jekyll_id(url, slug), id, "{url}");
    }
}

proptest! {
    #[test]
    fn expanded_urls_are_rooted_without_parent_segments(
        template in "(/|:title|:categories|:path|:nope|\\.|\\.\\.|[a-z_:?]|中){0,12}",
        slug in "\\PC{0,12}",
        name in "\\PC{0,12}",
    ) {
        file_name(&name);
        if let Ok(template) = template.parse::<Template>() {
            let date = Shanghai.with_ymd_and_hms(2024, 1, 2, 3, 4, 5).unwrap();
            let categories = [name.clone()];
            let parts = UrlParts {
                collection: "posts", path: &name, basename: &name, slug: &slug, fm_slug: None,
                categories: &categories, date: &date, output_ext: ".html",
            };
            let url = template.expand(&parts);
            prop_assert!(url.starts_with('/') && !url.contains("//") && !url.contains(['?', '#']));
            prop_assert!(url.split('/').all(|part| part != ".."));
            jekyll_id(&url, &slug);
        }
    }
}

#[test]
fn collection_urls_follow_their_template_or_the_site_style() {
    let date = Shanghai.with_ymd_and_hms(2024, 1, 2, 0, 0, 0).single().expect("a time");
    let table = [
        ("date", None, "/docs/sub/Get%20it.html"),
        ("pretty", None, "/docs/sub/Get%20it/"),
        ("/:title.html", None, "/docs/sub/Get%20it"),
        ("date", Some("/:name"), "/get-it"),
        ("date", Some("/:collection/:title/"), "/docs/Get-it/"),
        ("pretty", Some("/x/:path:output_ext"), "/x/sub/Get%20it.html"),
    ];
    for (style, permalink, expected) in table {
        let site: Template = style.parse().expect("a style");
        let url = site.for_collection(permalink).expect("a template").expand(&UrlParts {
            collection: "docs",
            path: "_docs/sub/Get it.md",
            basename: "Get it",
            slug: "Get it",
            fm_slug: None,
            categories: &[],
            date: &date,
            output_ext: ".html",
        });
        assert_eq!(url, expected, "{style} {permalink:?}");
    }
}

#[test]
fn file_urls_are_escaped_and_indexes_are_at_their_folder() {
    let table = [
        ("a b/中.pdf", "/a%20b/%E4%B8%AD.pdf"),
        ("docs/index.html", "/docs/"),
        ("index.html", "/"),
        ("myindex.html", "/myindex.html"),
        ("q?.html", "/q%3F.html"),
    ];
    for (path, expected) in table {
        assert_eq!(file_url(path), expected, "{path}");
    }
}

#[test]
fn post_template_does_not_apply_to_pages() {
    let template = Template::from_settings("pretty", Some("none")).expect("a template");
    let date = Shanghai.with_ymd_and_hms(2024, 1, 2, 0, 0, 0).single().expect("a time");
    let parts = UrlParts {
        collection: "posts",
        path: "_posts/2024-01-02-a.md",
        basename: "2024-01-02-a",
        slug: "a",
        fm_slug: None,
        categories: &[],
        date: &date,
        output_ext: ".html",
    };
    // The name of a style is plain text here.
    assert_eq!(template.expand(&parts), "/none");
    assert_eq!(page_url("", "about", ".html", &template, None), "/about/");
}
