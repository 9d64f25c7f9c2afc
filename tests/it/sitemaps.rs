//! Sitemaps and `robots.txt`, for search engines.

use crate::support::{Site, element_texts};

const CONFIG: &str = "title: 河滩\nurl: https://news.example\nbaseurl: /b\nlang: zh-CN\n";

/// The URLs in a sitemap, as paths if they are of this site.
fn url_paths(xml: &str) -> Vec<String> {
    element_texts(xml, "loc").into_iter().map(|url| url.replace("https://news.example", "")).collect()
}

fn site() -> Site {
    Site::from_files(&[
        ("_config.yml", CONFIG),
        ("about.md", "---\ntitle: 关于\npermalink: /about/\n---\n文\n"),
        // Sitemaps must not list these pages.
        ("404.html", "---\npermalink: /404.html\n---\n文\n"),
        ("secret.md", "---\nsitemap: false\n---\n文\n"),
        ("ours.md", "---\npermalink: /feed/ours.xml\n---\n文\n"),
        ("_posts/2024-02-01-f.md", "---\ndate: 2024-02-01 10:00:00 +0000\nsitemap: false\n---\n文\n"),
        (
            "_posts/2023-12-31-a.md",
            "---\ndate: 2023-12-31 10:00:00 +0000\ncategories: x\nlast_modified_at: 2024-05-06 07:08:09 +0000\n---\n文\n",
        ),
        (
            "_posts/2024-01-02-b.md",
            "---\ndate: 2024-01-02 10:00:00 +0000\ncategories: x\ntags: 河 & 滩\n---\n文\n",
        ),
        ("_posts/2024-01-03-c.md", "---\ndate: 2024-01-03 10:00:00 +0000\nsitemap: false\n---\n文\n"),
        ("_posts/2024-01-04-d.md", "---\ndate: 2024-01-04 10:00:00 +0000\nhidden: true\n---\n文\n"),
        (
            "_posts/2024-01-05-e.md",
            "---\ndate: 2024-01-05 10:00:00 +0000\nredirect_to: https://other.example/\n---\n文\n",
        ),
    ])
}

#[test]
fn sitemap_index_leads_to_every_indexable_page() {
    let site = site();
    let files = url_paths(&site.get("/b/sitemap.xml").text());
    assert_eq!(files, ["/b/sitemap/lists.xml", "/b/sitemap/2023-12.xml", "/b/sitemap/2024-01.xml"]);
    let pages: Vec<String> = files.iter().flat_map(|file| url_paths(&site.get(file).text())).collect();
    assert_eq!(
        pages,
        [
            "/b/",
            "/b/category/",
            "/b/category/x.html",
            "/b/tag/",
            "/b/tag/%26.html",
            "/b/tag/%E6%B2%B3.html",
            "/b/tag/%E6%BB%A9.html",
            "/b/2023/",
            "/b/2023/12/",
            "/b/2024/",
            "/b/2024/01/",
            "/b/2024/02/",
            "/b/about/",
            "/b/x/2023/12/31/a.html",
            "/b/x/2024/01/02/b.html"
        ]
        .map(str::to_owned)
        .to_vec()
    );
    for page in pages {
        site.assert_status(&page, 200);
    }
}

#[test]
fn sitemap_month_has_its_last_modification_date() {
    let site = site();
    let xml = site.get("/b/sitemap.xml").text();
    let times = element_texts(&xml, "lastmod");
    assert_eq!(times[1], "2024-05-06T07:08:09+00:00", "{xml}");
    assert_eq!(
        element_texts(&site.get("/b/sitemap/2023-12.xml").text(), "lastmod"),
        ["2024-05-06T07:08:09+00:00"]
    );
    for path in ["/b/sitemap.xml", "/b/sitemap/2024-01.xml", "/b/sitemap/lists.xml"] {
        site.assert_conditional(path);
        assert_eq!(site.get(path).header("content-type"), "application/xml; charset=utf-8");
    }
    for path in
        ["/b/sitemap/2024-02.xml", "/b/sitemap/2024-01-2.xml", "/b/sitemap/1.xml", "/b/sitemap/lists-2.xml"]
    {
        site.assert_status(path, 404);
    }
}

#[test]
fn robots_txt_names_the_sitemap() {
    let text = site().get("/b/robots.txt").text();
    let searches = "Disallow: /b/search?\nDisallow: /b/search.xml?\nDisallow: /b/search.json?\n";
    assert_eq!(
        text,
        format!("User-agent: *\n{searches}Allow: /\nSitemap: https://news.example/b/sitemap.xml\n")
    );
    let own = Site::from_files(&[("_config.yml", CONFIG), ("robots.txt", "User-agent: x\n")]);
    assert_eq!(own.get("/b/robots.txt").text(), "User-agent: x\n");
    let ours =
        "User-agent: *\nDisallow: /search?\nDisallow: /search.xml?\nDisallow: /search.json?\nAllow: /\n";
    assert_eq!(Site::from_files(&[]).get("/robots.txt").text(), ours);
}

#[test]
fn news_sitemap_lists_the_last_48_hours() {
    let now = chrono::Utc::now();
    let post = |hours: i64| {
        let date = now - chrono::TimeDelta::hours(hours);
        let text = format!(
            "---\ntitle: 前 {hours} 小时 & 更\ndate: {}\n---\n文\n",
            date.format("%Y-%m-%d %H:%M:%S +0000")
        );
        (format!("_posts/{}-p{hours}.md", date.format("%Y-%m-%d")), text)
    };
    let posts = [1, 47, 49].map(post);
    let files =
        posts.iter().map(|(path, text)| (path.as_str(), text.as_str())).chain([("_config.yml", CONFIG)]);
    let xml = Site::from_files(&files.collect::<Vec<_>>()).get("/b/news-sitemap.xml").text();
    assert_eq!(element_texts(&xml, "title"), ["前 1 小时 & 更", "前 47 小时 & 更"]);
    assert_eq!(element_texts(&xml, "language"), ["zh-cn", "zh-cn"]);
    assert_eq!(element_texts(&xml, "name"), ["河滩", "河滩"]);
}

#[test]
fn tags_that_repeat_sources_are_not_in_the_sitemap() {
    let post = |number: usize| {
        let text = "---\ncategories: hetan\ntags: 河滩新闻\n---\n文\n";
        (format!("_posts/2024-01-02-{number}.md"), text)
    };
    let posts = [1, 2].map(post);
    let files = posts.iter().map(|(path, text)| (path.as_str(), *text)).chain([("_config.yml", CONFIG)]);
    let site = Site::from_files(&files.collect::<Vec<_>>());
    let pages = url_paths(&site.get("/b/sitemap/lists.xml").text());
    assert_eq!(pages, ["/b/", "/b/category/", "/b/category/hetan.html", "/b/2024/", "/b/2024/01/"]);
    for path in ["/b/tag/", "/b/tag/%E6%B2%B3%E6%BB%A9%E6%96%B0%E9%97%BB.html"] {
        site.assert_status(path, 200);
    }
    let missing = site.get("/b/nowhere").text();
    assert!(missing.contains("全部来源</a>") && !missing.contains("全部标签</a>"), "{missing}");
}
