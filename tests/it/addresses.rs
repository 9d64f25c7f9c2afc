//! Every URL keeps working: old forms of Jekyll, its plugins and this archive redirect to the current one.

use crate::support::{Site, fixture};

fn post(categories: &str, tags: &str) -> String {
    format!("---\ntitle: A\ncategories: {categories}\ntags: {tags}\n---\nText.\n")
}

fn site(config: &str) -> Site {
    let plain = post("emnews", "红网新闻");
    let joined = post("Career In touxingPEVC", "Deep Tech");
    let other = post("Career 21Tech", "x");
    Site::from_files(&[
        ("_config.yml", config),
        ("_posts/2021-12-09-a.md", &plain),
        ("_posts/2021-12-10-b.md", &joined),
        ("_posts/2021-12-11-c.md", &other),
        (
            "_posts/2021-12-12-moved.md",
            "---\ntitle: M\npermalink: /docs/moved/\nredirect_from: [/was/here.html, old]\n---\nText.\n",
        ),
        (
            "_posts/2021-12-13-away.md",
            "---\ntitle: Away\nredirect_to: https://elsewhere.example/x\n---\nText.\n",
        ),
        ("about.md", "---\ntitle: About\npermalink: /about/\nredirect_from: /impressum/\n---\nText.\n"),
    ])
}

#[test]
fn old_url_forms_redirect_to_the_current_page() {
    let site = site("title: T\npaginate: 2\n");
    let table = [
        // Return links in the archive's articles, and `../emnews/` as browsers resolve it there.
        ("/emnews/", "/category/emnews.html"),
        ("/emnews", "/category/emnews.html"),
        ("/emnews/2021/12/emnews/", "/category/emnews.html"),
        // Folders above an article.
        ("/emnews/2021/12/09/", "/2021/12/09/"),
        ("/emnews/2021/12/", "/2021/12/"),
        ("/emnews/2021/", "/2021/"),
        // GitHub Pages.
        ("/docs/moved", "/docs/moved/"),
        ("/about", "/about/"),
        ("/category", "/category/"),
        ("/tag", "/tag/"),
        ("/2021", "/2021/"),
        ("/2021/12", "/2021/12/"),
        ("/2021/12/09", "/2021/12/09/"),
        // jekyll-paginate.
        ("/page1/", "/"),
        ("/page2/", "/2021/12/11/"),
        ("/page3", "/2021/12/09/"),
        ("/page9/", "/2021/12/09/"),
        // jekyll-archives.
        ("/category/emnews/", "/category/emnews.html"),
        ("/category/touxingpevc/", "/category/touxingPEVC.html"),
        ("/category/21tech/", "/category/21Tech.html"),
        ("/tag/x/", "/tag/x.html"),
        ("/tag/%E7%BA%A2%E7%BD%91%E6%96%B0%E9%97%BB/", "/tag/%E7%BA%A2%E7%BD%91%E6%96%B0%E9%97%BB.html"),
        // jekyll-redirect-from.
        ("/was/here.html", "/docs/moved/"),
        ("/old", "/docs/moved/"),
        ("/impressum/", "/about/"),
    ];
    for (from, to) in table {
        site.assert_moved(from, to);
    }
}

#[test]
fn post_with_redirect_to_redirects_to_another_site() {
    site("title: T").assert_moved("/2021/12/13/away.html", "https://elsewhere.example/x");
}

#[test]
fn alternative_spellings_serve_the_same_page() {
    let site = site("title: T");
    let table = [
        ("/emnews/2021/12/09/a", "/emnews/2021/12/09/a.html"),
        ("/index.html", "/"),
        ("/category/index.html", "/category/"),
        ("/category/emnews", "/category/emnews.html"),
        ("/2021/12/index.html", "/2021/12/"),
        ("/docs/moved/index.html", "/docs/moved/"),
        ("/about/index.html", "/about/"),
    ];
    for (spelling, path) in table {
        assert_eq!(site.page(spelling), site.page(path), "{spelling}");
    }
}

#[test]
fn joined_category_page_shows_posts_with_all_of_them() {
    let site = site("title: T");
    let page = site.page("/category/Career%20In%20touxingPEVC.html");
    assert!(page.contains("/2021/12/10/b.html"));
    assert!(!page.contains("/2021/12/11/c.html"));
    site.assert_status("/category/Career%20In%20nowhere.html", 404);
}

#[test]
fn source_url_in_other_case_redirects() {
    let site = site("title: T");
    site.assert_status("/category/21Tech.html", 200);
    // No other source has that name, so the reader means this one.
    site.assert_moved("/category/21tech.html", "/category/21Tech.html");
}

#[test]
fn base_url_prefixes_every_link_and_path() {
    let site = site("title: T\nbaseurl: /archive\n");
    site.assert_moved("/", "/archive/");
    site.assert_moved("/archive", "/archive/");
    site.assert_moved("/archive/emnews/", "/archive/category/emnews.html");
    site.assert_status("/archive/emnews/2021/12/09/a.html", 200);
    site.assert_status("/emnews/2021/12/09/a.html", 404);
    site.assert_status("/archives/", 404);
    let home = site.page("/archive/");
    let article = site.page("/archive/emnews/2021/12/09/a.html");
    let source = site.page("/archive/category/emnews.html");
    for href in [home, article, source].iter().flat_map(|html| html.split("href=\"").skip(1)) {
        let href = href.split('"').next().expect("a quote");
        assert!(href.starts_with("/archive/") || href.starts_with('#'), "{href}");
    }
}

#[test]
fn local_redirect_to_stays_below_the_base_url() {
    for (to, location) in [("/b.html", "/archive/b.html"), ("b.html", "/archive/b.html")] {
        let text = format!("---\ntitle: A\nredirect_to: {to}\n---\nText.\n");
        let site =
            Site::from_files(&[("_config.yml", "baseurl: /archive\n"), ("_posts/2021-12-09-a.md", &text)]);
        site.assert_moved("/archive/2021/12/09/a.html", location);
    }
}

#[test]
fn base_url_with_non_ascii_text_is_accepted() {
    let site = site("title: T\nbaseurl: /新闻\n");
    site.assert_moved("/", "/%E6%96%B0%E9%97%BB/");
    site.assert_status("/%E6%96%B0%E9%97%BB/", 200);
}

#[test]
fn url_with_too_many_names_is_not_found() {
    let site = site("title: T");
    site.assert_status("/category/Career%20Career.html", 404);
    site.assert_status(&format!("/category/{}.html", "Career%20In%20".repeat(2000)), 404);
    site.assert_status("/page3689348814741910324/", 404);
}

#[test]
fn index_html_permalink_also_serves_its_folder() {
    let site = Site::from_files(&[(
        "_posts/2021-12-09-a.md",
        "---\ntitle: A\npermalink: /foo/index.html\n---\nText.\n",
    )]);
    assert_eq!(site.page("/foo/"), site.page("/foo/index.html"));
}

#[test]
fn redirect_never_leads_to_a_host_from_the_path() {
    let site = site("title: T");
    for path in ["//evil.example/emnews/", "/\\evil.example/emnews/", "/emnews/..//evil.example/emnews/"] {
        let response = site.get(path);
        assert!(
            response.header("location").is_empty() || response.header("location").starts_with("/category/"),
            "{path}"
        );
    }
}

#[test]
fn unknown_path_gets_404_with_the_nearest_day() {
    let site = site("title: T");
    let response = site.get("/nowhere/2021/12/08/x.html");
    assert_eq!(response.status.as_u16(), 404);
    assert!(response.text().contains("href=\"/2021/12/09/\""), "the nearest day");
}

#[test]
fn post_at_a_reserved_path_is_reported() {
    let table = [
        // Paths of finews itself: the post is not served.
        ("permalink: /tag/", "/tag/", Some("path-reserved"), "All tags"),
        ("permalink: /feed.xml", "/feed.xml", Some("path-reserved"), "<feed "),
        // Paths of finews only if such a tag or day exists.
        ("permalink: /tag/x.html", "/tag/x.html", None, "Text."),
        ("permalink: /tag/x.html\ntags: x", "/tag/x.html", Some("path-reserved"), "1 post"),
        ("permalink: /2021/12/08/7/", "/2021/12/08/7/", None, "Text."),
        // A category may have the name of a finews folder.
        ("categories: stock", "/stock/2021/12/09/a.html", None, "Text."),
        ("categories: tag", "/tag/2021/12/09/a.html", None, "Text."),
    ];
    for (field, path, code, shown) in table {
        let text = format!("---\ntitle: A\n{field}\n---\nText.\n");
        let files = [("_posts/2021-12-09-a.md", text.as_str())];
        let folder = crate::support::folder(&files);
        let archive = crate::support::load(&crate::support::config(folder.path()));
        let codes: Vec<_> = archive.problems().iter().map(|problem| problem.code.to_string()).collect();
        assert_eq!(codes, code.into_iter().collect::<Vec<_>>(), "{field}");
        assert!(Site::from_files(&files).get(path).text().contains(shown), "{field}");
    }
}

#[test]
fn utc_day_of_a_local_naive_date_redirects() {
    let site = Site::from_files(&[
        ("_config.yml", "timezone: Asia/Shanghai\nfinews:\n  naive_dates: local\n"),
        ("_posts/2021-12-08-a.md", "---\ntitle: A\ndate: 2021-12-08 16:41:23\n---\nText.\n"),
    ]);
    site.assert_status("/2021/12/08/a.html", 200);
    site.assert_moved("/2021/12/09/a.html", "/2021/12/08/a.html");
}

/// Requests every path that real Jekyll publishes of the fixture, and compares the status.
#[test]
fn jekyll_site_paths_have_the_expected_status() {
    let site = Site::fixture("jekyll-site");
    let table = std::fs::read_to_string(fixture("jekyll-site.pages.txt")).expect("a fixture");
    let mut checked = 0;
    for line in table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let [path, status, _] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        site.assert_status(path, status.parse().expect("a status"));
        checked += 1;
    }
    assert!(checked > 30, "{checked}");
}
