//! The content around the posts: files, pages of every type, collections, and the pages that lists replace.

use std::path::Path;
use std::sync::Arc;

use finews::archive::jekyll::files::{FileStatus, PublishedFiles};
use finews::web::App;

use crate::support::{Site, config, folder, load, post};

const CONFIG: &str = "title: Case\nurl: https://news.example\npermalink: /:title.html\n";
const POST: (&str, &str) = ("_posts/2024-01-01-a.md", "---\ntitle: A\n---\nText.\n");

/// A site with the usual configuration, one post and these files.
fn site(files: &[(&str, &str)]) -> Site {
    Site::from_files(&[&[("_config.yml", CONFIG), POST], files].concat())
}

/// Path and code of each problem of a site with these files.
fn problems(files: &[(&str, &str)]) -> Vec<(String, String)> {
    let folder = folder(&[&[POST], files].concat());
    let problems = load(&config(folder.path())).problems();
    problems.iter().map(|problem| (problem.path.to_string(), problem.code.to_string())).collect()
}

#[test]
fn site_with_config_serves_the_files_that_jekyll_copies() {
    let files = [
        ("wp-content/uploads/2015/a.png", "x"),
        ("downloads/r.pdf", "x"),
        ("css/s.css", "b{}"),
        ("google16a62.html", "x"),
        ("keybase.txt", "x"),
        ("favicon.png", "x"),
        ("中文 图/图.png", "x"),
    ];
    let site = site(&files);
    for (path, text) in files {
        let path = format!("/{path}").replace(' ', "%20").replace("中文", "%E4%B8%AD%E6%96%87");
        let path = path.replace('图', "%E5%9B%BE");
        let response = site.get(&path);
        assert_eq!((response.status.as_u16(), response.text().as_str()), (200, text), "{path}");
    }
    let escaped =
        self::site(&[("img/%E5%9B%BE.png", "escaped"), ("img/图b.png", "b"), ("img/%E5%9B%BEb.png", "x")]);
    assert_eq!(escaped.get("/img/%E5%9B%BE.png").text(), "escaped");
    assert_eq!(escaped.get("/img/%25E5%259B%25BE.png").text(), "escaped");
    assert_eq!(escaped.get("/img/%E5%9B%BEb.png").text(), "b");
    escaped.assert_status("/img/%E5%9B%BEc.png", 404);
    let bare = Site::from_files(&[POST, ("downloads/r.pdf", "x"), ("images/a.png", "x")]);
    bare.assert_status("/downloads/r.pdf", 404);
    bare.assert_status("/images/a.png", 200);
}

#[test]
fn html_files_are_found_as_on_a_static_host() {
    let site = site(&[
        ("plain.html", "<p>plain</p>"),
        ("docs/index.html", "<p>docs</p>"),
        ("docs/data.json", "{}"),
        ("sitemap.md", "---\npermalink: /map\n---\nMap.\n"),
    ]);
    for (path, text) in [
        ("/plain.html", "<p>plain</p>"),
        ("/plain", "<p>plain</p>"),
        ("/docs/", "<p>docs</p>"),
        ("/docs/index.html", "<p>docs</p>"),
        ("/docs/data.json", "{}"),
    ] {
        assert_eq!(site.get(path).text(), text, "{path}");
    }
    site.assert_moved("/docs", "/docs/");
    site.assert_moved("/PLAIN.html", "/plain.html");
    assert_eq!(site.page("/map"), site.page("/map.html"));
    let urls = site.get("/sitemap/lists.xml").text();
    assert!(
        urls.contains("/plain.html<") && urls.contains("/docs/<") && !urls.contains("data.json"),
        "{urls}"
    );
}

#[test]
fn files_that_jekyll_would_publish_are_served_or_reported() {
    let files = [
        ("_config.yml", "include: [.htaccess]\nfinews:\n  posts: [news, _posts]\n"),
        ("keys/site.pem", "x"),
        ("data/news.sqlite3", "x"),
        ("keys/id_rsa", "x"),
        ("data/dump.sql.gz", "x"),
        ("page.md.bak", "---\n---\nx"),
        (".htaccess", "x"),
        ("news/2024-01-02-b.md", "---\n---\nx"),
        ("news/chart.png", "x"),
        ("news/plain.html", "x"),
        // Jekyll does not publish these.
        (".git/config", "x"),
        ("_drafts/x.md", "---\n---\nx"),
        ("_posts/chart.png", "x"),
        ("notes~", "x"),
    ];
    let skipped = [
        ".htaccess",
        "data/dump.sql.gz",
        "data/news.sqlite3",
        "keys/id_rsa",
        "keys/site.pem",
        "news/chart.png",
        "news/plain.html",
        "page.md.bak",
    ];
    let expected: Vec<_> =
        skipped.iter().map(|path| ((*path).to_owned(), "file-skipped".to_owned())).collect();
    assert_eq!(problems(&files), expected);
    let site = Site::from_files(&[&[POST], &files[..]].concat());
    for (path, _) in files.iter().filter(|(path, _)| !path.starts_with("news/2024")) {
        site.assert_status(&format!("/{path}"), 404);
    }
    site.assert_status("/page.md.html", 404);
}

#[test]
fn files_in_archives_of_posts_are_not_served() {
    let files = [
        ("_config.yml", CONFIG),
        ("old_post/2023-01-01-b.md", "---\ntitle: B\n---\nText.\n"),
        ("old_post/chart.png", "x"),
        ("images/chart.png", "x"),
    ];
    assert_eq!(problems(&files), [("old_post/chart.png".to_owned(), "file-skipped".to_owned())]);
    let site = Site::from_files(&[&[POST], &files[..]].concat());
    site.assert_status("/old_post/chart.png", 404);
    site.assert_status("/images/chart.png", 200);
}

#[test]
fn files_of_a_site_without_config_are_named_if_not_served() {
    let files = [("downloads/r.pdf", "x"), ("images/a.png", "x"), ("robots.txt", "x"), ("notes.md", "x")];
    let skipped = ["downloads/r.pdf", "notes.md"].map(|path| (path.to_owned(), "file-skipped".to_owned()));
    assert_eq!(problems(&files), skipped);
}

#[test]
fn links_out_of_the_site_are_not_followed() {
    const PAGE: &str = "---\ntitle: Hidden\n---\nno\n";
    let outside = folder(&[("secret.txt", "no"), ("page.html", "no"), ("about.md", PAGE)]);
    let inside = folder(&[
        ("_config.yml", CONFIG),
        POST,
        ("a.txt", "yes"),
        ("_drafts/draft.md", PAGE),
        ("..data/note.txt", "yes"),
    ]);
    let link =
        |to: &Path, from: &str| std::os::unix::fs::symlink(to, inside.path().join(from)).expect("a link");
    link(outside.path(), "out");
    link(&outside.path().join("page.html"), "page.html");
    link(Path::new("a.txt"), "near.txt");
    link(Path::new("_config.yml"), "settings.txt");
    link(&outside.path().join("about.md"), "about.md");
    link(Path::new("_drafts/draft.md"), "draft.md");
    // Kubernetes publishes the files of a ConfigMap in this way.
    link(Path::new("..data/note.txt"), "note.txt");
    let site = Site::from_folder(inside.path());
    for (path, status) in [
        ("/out/secret.txt", 404),
        ("/out/page.html", 404),
        ("/page.html", 404),
        ("/settings.txt", 404),
        ("/about.html", 404),
        ("/out/about.html", 404),
        ("/draft.html", 404),
        ("/note.txt", 200),
        ("/near.txt", 200),
    ] {
        site.assert_status(path, status);
    }
    let problems = load(&config(inside.path())).problems();
    let paths: Vec<_> = problems.iter().map(|problem| &*problem.path).collect();
    let expected = [
        "about.md",
        "draft.md",
        "out/about.md",
        "out/page.html",
        "out/secret.txt",
        "page.html",
        "settings.txt",
    ];
    assert_eq!(paths, expected);
}

#[test]
fn documents_of_collections_with_output_are_pages() {
    let config = format!(
        "{CONFIG}collections:\n  pages: {{output: true, permalink: \"/:name\"}}\n  docs: {{output: true}}\n  \
         parts: {{output: false}}\n  posts: {{output: true}}\n"
    );
    let site = Site::from_files(&[
        ("_config.yml", config.as_str()),
        POST,
        ("_pages/team.md", "---\ntitle: Team\n---\nOur team.\n"),
        ("_docs/start.md", "---\ntitle: Start\n---\nFirst [steps]({% link _docs/deep/next-step.md %}).\n"),
        ("_docs/deep/next-step.md", "---\n---\nThen.\n"),
        ("_docs/hidden.md", "---\npublished: false\n---\nx\n"),
        ("_docs/later.md", "---\ndate: 2999-01-01\n---\nx\n"),
        ("_docs/_part.md", "---\n---\nx\n"),
        ("_docs/index.md", "---\n---\nAll documents.\n"),
        ("_docs/data.json", "---\n---\n[1]"),
        ("_docs/old.htm", "---\n---\nOld.\n"),
        ("x.xhtml", "---\n---\n<p>X.</p>\n"),
        ("_docs/img/a.png", "x"),
        ("_parts/b.md", "---\n---\nx\n"),
    ]);
    assert!(site.page("/team").contains("Our team."));
    let start = site.page("/docs/start.html");
    assert!(start.contains("href=\"/docs/deep/next-step\""), "{start}");
    assert!(site.page("/docs/deep/next-step").contains("Next Step"), "a title from the file name");
    assert_eq!(site.get("/docs/img/a.png").header("content-type"), "image/png");
    for (path, kind, text) in [
        ("/docs/data.json", "application/json; charset=utf-8", "[1]"),
        ("/docs/old.htm", "text/html; charset=utf-8", "Old."),
        ("/docs/old", "text/html; charset=utf-8", "Old."),
        ("/x.xhtml", "text/html; charset=utf-8", "<p>X.</p>"),
        ("/docs/", "text/html; charset=utf-8", "All documents."),
    ] {
        let response = site.get(path);
        assert_eq!((response.status.as_u16(), response.header("content-type")), (200, kind), "{path}");
        assert!(response.text().contains(text), "{path}");
    }
    site.assert_moved("/docs", "/docs/");
    for path in
        ["/docs/hidden", "/docs/later", "/docs/_part", "/parts/b.html", "/_docs/start.md", "/_docs/img/a.png"]
    {
        site.assert_status(path, 404);
    }
    site.assert_status("/a.html", 200);
    let urls = site.get("/sitemap/lists.xml").text();
    assert!(urls.contains("https://news.example/team<") && urls.contains("/docs/start<"), "{urls}");
}

#[test]
fn pages_of_other_types_keep_their_type() {
    let site = site(&[
        (
            "robots.txt",
            "---\nlayout: null\n---\nUser-agent: *\nSitemap: {{ site.url | append: site.baseurl }}/sitemap.xml\n",
        ),
        ("manifest.json", "---\n---\n{\"name\": \"{{ site.title }}\"}"),
        ("manifest.webmanifest", "---\n---\n{\"short_name\": \"{{ site.title }}\"}"),
        ("llms.txt", "---\n---\n{{ site.title }}"),
        ("search.json", "---\n---\n[\"{{ site.title }}\"]"),
        ("css/main.css", "---\n---\nb { color: red }"),
        ("css/theme.scss", "---\n---\nb { i { color: red } }"),
        ("broken.xml", "---\n---\n<a>{% include x.xml %}</a>"),
        ("api/list.json", "---\n---\n[{% for post in site.posts %}{}{% endfor %}]"),
    ]);
    let table = [
        (
            "/robots.txt",
            "text/plain; charset=utf-8",
            "User-agent: *\nSitemap: https://news.example/sitemap.xml\n",
        ),
        ("/manifest.json", "application/json; charset=utf-8", "{\"name\": \"Case\"}"),
        ("/manifest.webmanifest", "application/manifest+json; charset=utf-8", "{\"short_name\": \"Case\"}"),
        ("/llms.txt", "text/plain; charset=utf-8", "Case"),
        ("/search.json", "application/json; charset=utf-8", "[\"Case\"]"),
        ("/css/main.css", "text/css; charset=utf-8", "b { color: red }"),
    ];
    for (path, kind, text) in table {
        let response = site.get(path);
        assert_eq!((response.header("content-type"), response.text().as_str()), (kind, text), "{path}");
        site.assert_conditional(path);
    }
    for path in ["/css/theme.scss", "/css/theme.css", "/broken.xml", "/api/list.json"] {
        site.assert_status(path, 404);
    }
}

#[test]
fn front_matter_after_white_space_makes_a_page_of_any_type() {
    let files = [
        ("robots.txt", "\n---\nlayout: null\n---\nSitemap: {{ site.url }}/sitemap.xml\n"),
        ("about.html", " \n---\npermalink: /pp/\n---\nAbout us.\n"),
        ("hidden.txt", "\n---\npublished: false\n---\nx\n"),
        ("rule.txt", "\n---\nSome text.\n---\n"),
    ];
    let site = site(&files);
    assert_eq!(site.get("/robots.txt").text(), "Sitemap: https://news.example/sitemap.xml\n");
    assert!(site.page("/pp/").contains("About us."));
    assert_eq!(site.get("/rule.txt").text(), files[3].1);
    for path in ["/hidden.txt", "/about.html"] {
        site.assert_status(path, 404);
    }
    let invalid = |path: &str| (path.to_owned(), "front-matter-invalid".to_owned());
    let found = problems(&[&[("_config.yml", CONFIG)], &files[..]].concat());
    assert_eq!(found, ["about.html", "hidden.txt", "robots.txt"].map(invalid));
}

#[test]
fn robots_txt_keeps_the_lines_that_resolve() {
    let text = "---\n---\nUser-agent: *\n{% for page in site.pages %}\nDisallow: {{ page.url }}\n{% endfor %}\n\
                Disallow: /drafts/\nSitemap: {{ site.url }}/sitemap.xml\n";
    let files = [("robots.txt", text)];
    assert_eq!(
        site(&files).get("/robots.txt").text(),
        "User-agent: *\nDisallow: /drafts/\nSitemap: https://news.example/sitemap.xml\n"
    );
    let found = problems(&[&[("_config.yml", CONFIG)], &files[..]].concat());
    assert_eq!(found, [("robots.txt".to_owned(), "liquid-unresolved".to_owned())]);
}

#[test]
fn robots_txt_with_unknown_liquid_is_replaced_by_ours() {
    let files =
        [("robots.txt", "---\n---\n{% for page in site.pages %}Disallow: {{ page.url }}\n{% endfor %}")];
    let text = site(&files).get("/robots.txt").text();
    assert!(text.starts_with("User-agent: *\n") && !text.contains('{'), "{text}");
    assert_eq!(problems(&files), [("robots.txt".to_owned(), "page-skipped".to_owned())]);
}

#[test]
fn pages_that_only_list_posts_lead_to_our_lists() {
    let list =
        |of: &str| format!("---\ntitle: List\n---\n{{% for x in {of} %}}{{{{ x.title }}}}{{% endfor %}}\n");
    let (blog, archives, tags) = (list("paginator.posts"), list("site.posts"), list("site.tags"));
    let site = Site::from_files(&[
        ("_config.yml", "paginate: 1\npaginate_path: /journal/:num/\n"),
        POST,
        ("_posts/2024-02-01-b.md", "---\ntitle: B\n---\nText.\n"),
        ("blog/index.html", &blog),
        ("archives.html", &archives),
        ("topics.html", &tags),
        ("sections.md", "---\nlayout: categories\n---\n"),
        ("rss/all.xml", "---\n---\n<rss>{% for post in site.posts %}<item/>{% endfor %}</rss>"),
    ]);
    for (from, to) in [
        ("/blog/", "/"),
        ("/blog", "/"),
        ("/blog/page2/", "/2024/01/01/"),
        ("/blog/page/2/", "/2024/01/01/"),
        ("/journal/2/", "/2024/01/01/"),
        ("/archives.html", "/2024/"),
        ("/archives", "/2024/"),
        ("/archives/page2/", "/2024/"),
        ("/topics.html", "/tag/"),
        ("/sections.html", "/category/"),
        ("/tags/", "/tag/"),
        ("/categories/", "/category/"),
        ("/rss/all.xml", "/feed.xml"),
    ] {
        site.assert_moved(from, to);
    }
}

#[test]
fn page_of_the_site_precedes_the_data_files_without_slash() {
    let list = "---\ntitle: List\n---\n{% for post in site.posts %}{{ post.title }}{% endfor %}\n";
    let replaced = site(&[("archive.html", list)]);
    replaced.assert_moved("/archive", "/2024/");
    replaced.assert_moved("/archive.html", "/2024/");
    let own = site(&[("archive.html", "---\ntitle: Own\n---\n<p>Kept by hand.</p>\n")]);
    assert!(own.page("/archive").contains("Kept by hand."));
    let without = site(&[]);
    without.assert_moved("/archive", "/archive/");
    for site in [replaced, own, without] {
        assert!(site.page("/archive/").contains("/archive/index.json"), "the data files stay");
    }
}

#[test]
fn pages_and_documents_with_redirect_to_redirect() {
    let to = |target: &str| format!("---\ntitle: Moved\nredirect_to: {target}\n---\n");
    let (away, local) = (to("https://elsewhere.example/x"), to("about.html"));
    let (same, case) = (to("/same.html"), to("/case/"));
    let files = [
        ("_config.yml", "url: https://news.example\ncollections: {docs: {output: true}}\n"),
        ("old/index.md", away.as_str()),
        ("_docs/guide.md", local.as_str()),
        ("same.md", same.as_str()),
        ("Case.html", case.as_str()),
        ("about.md", "---\ntitle: About\n---\nText.\n"),
    ];
    let site = Site::with_index(&[&[POST], &files[..]].concat());
    site.assert_moved("/old/", "https://elsewhere.example/x");
    site.assert_moved("/old", "/old/");
    site.assert_moved("/docs/guide.html", "/about.html");
    site.assert_moved("/docs/guide", "/about.html");
    site.assert_moved("/Case.html", "/case/");
    site.assert_status("/case/", 404);
    site.assert_status("/same.html", 200);
    assert_eq!(problems(&files), [("same.md".to_owned(), "permalink-invalid".to_owned())]);
    let sitemap = site.get("/sitemap/lists.xml").text();
    assert!(sitemap.contains("/about.html") && !sitemap.contains("/old/"), "{sitemap}");
    assert!(!site.page("/search?q=Moved").contains("/docs/guide.html"), "a redirect is no page");
}

#[test]
fn site_without_posts_lists_its_pages_on_home() {
    let pages: Vec<(String, String)> = (10..70)
        .map(|n| (format!("p{n}.md"), format!("---\ntitle: Page {n}\n---\nHarbour {n}.\n")))
        .collect();
    let mut files: Vec<(&str, &str)> =
        pages.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    files.extend([
        ("_config.yml", "title: T\n"),
        ("404.md", "---\ntitle: Lost\n---\nText.\n"),
        ("a.md", "---\n---\nHarbour.\n"),
        ("hidden.md", "---\ntitle: Hidden\nsitemap: false\n---\nText.\n"),
    ]);
    let site = Site::with_index(&files);
    let home = site.page("/");
    assert!(home.contains("<a href=\"/a.html\">/a.html</a>"), "{home}");
    assert!(home.contains("<a href=\"/p10.html\">Page 10</a>"), "{home}");
    assert_eq!(home.matches("<li><a href=\"/p").count(), 49, "{home}");
    for absent in ["Lost", "Hidden", "There are no posts yet."] {
        assert!(!home.contains(absent), "{absent}");
    }
    let found = site.page("/search?q=harbour");
    assert!(found.contains("href=\"/p10.html\"") && !found.contains("No results"), "{found}");
    assert!(site.page("/search?q=lighthouse").contains("No results"));
    assert!(Site::from_files(&[("_config.yml", "title: T\n")]).page("/").contains("There are no posts yet."));
}

#[test]
fn page_has_the_language_of_its_front_matter() {
    let files = [
        ("_config.yml", "lang: en\ndefaults: [{scope: {path: de}, values: {lang: de}}]\n"),
        ("fr.md", "---\ntitle: F\nlang: fr_CA\n---\nTexte.\n"),
        ("de/a.md", "---\ntitle: D\n---\nText.\n"),
        ("b.md", "---\ntitle: B\nlang: not a tag\n---\nText.\n"),
    ];
    let site = Site::from_files(&files);
    for (path, article) in [
        ("/fr.html", "<article class=\"article\" lang=\"fr-CA\">"),
        ("/de/a.html", "<article class=\"article\" lang=\"de\">"),
        ("/b.html", "<article class=\"article\">"),
    ] {
        let html = site.page(path);
        assert!(html.contains(article) && html.contains("<html lang=\"en\">"), "{path}: {html}");
    }
}

#[test]
fn pages_that_list_one_group_lead_to_its_list() {
    let one = |of: &str, named: &str| {
        format!(
            "---\ntitle: List\n---\n{{% for x in {of} %}}{{% if {named} %}}{{{{ x[1] }}}}{{% endif %}}{{% endfor %}}\n"
        )
    };
    let tag = |name: &str| one("site.tags", &format!("x[0] == \"{name}\""));
    let (of_tag, gone) = (tag("航运"), tag("无"));
    let category = one("site.categories", "x[0] == 'hetan'");
    let property = "---\n---\n{% for post in site.tags.航运 %}{{ post.title }}{% endfor %}\n";
    let rss = "---\n---\n<rss>{% for post in site.posts %}<item/>{% endfor %}</rss>";
    let site = Site::from_files(&[
        ("_config.yml", "title: T\n"),
        ("_posts/2024-01-01-a.md", "---\ntitle: A\ncategories: hetan\ntags: 航运\n---\nText.\n"),
        ("hetan.md", &of_tag),
        ("Shipping/index.md", &of_tag),
        ("ships.md", property),
        ("blog.md", &category),
        ("archives.md", &gone),
        ("none.md", &gone),
        ("rss/hetan.xml", rss),
        ("category/hetan/feed.xml", rss),
        ("hetan/rss.xml", rss),
        ("tags/航运/feed.xml", rss),
        ("category/none/feed.xml", rss),
    ]);
    let (list, of_tag) = ("/category/hetan.html", "/tag/%E8%88%AA%E8%BF%90.html");
    for (from, to) in [
        ("/hetan.html", list),
        ("/hetan/", list),
        ("/hetan", list),
        ("/hetan/index.html", list),
        ("/hetan/page2/", list),
        ("/Shipping/", of_tag),
        ("/shipping", of_tag),
        ("/ships.html", of_tag),
        ("/blog.html", list),
        ("/archives.html", "/2024/"),
        ("/none.html", "/tag/"),
        ("/rss/hetan.xml", "/feed.xml"),
        ("/category/hetan/feed.xml", "/feed/hetan.xml"),
        ("/hetan/rss.xml", "/feed/hetan.xml"),
        ("/tags/%E8%88%AA%E8%BF%90/feed.xml", "/feed/by_tag/%E8%88%AA%E8%BF%90.xml"),
        ("/category/none/feed.xml", "/feed.xml"),
    ] {
        site.assert_moved(from, to);
    }
}

#[test]
fn feed_addresses_of_other_programs_lead_to_the_feed() {
    let other = site(&[("feed/index.xml", "---\n---\n{{ site.title }}")]);
    for path in
        ["/feed/", "/feed", "/rss.xml", "/atom.xml", "/index.xml", "/rss/", "/feed/index.xml", "/feed/atom/"]
    {
        other.assert_moved(path, "/feed.xml");
    }
    let groups =
        site(&[("_posts/2024-01-02-b.md", "---\ntitle: B\ncategories: Hetan\ntags: 航运\n---\nText.\n")]);
    for (from, to) in [
        ("/feed/rdf/", "/feed.xml"),
        ("/blog/feed/", "/feed.xml"),
        ("/blog/rss.xml", "/feed.xml"),
        ("/posts/index.xml", "/feed.xml"),
        ("/blog/feed/rss2/", "/feed.xml"),
        ("/category/Hetan/feed/", "/feed/Hetan.xml"),
        ("/categories/hetan/index.xml", "/feed/Hetan.xml"),
        ("/category/hetan/feed/atom/", "/feed/Hetan.xml"),
        ("/hetan/feed/", "/feed/Hetan.xml"),
        ("/tag/%E8%88%AA%E8%BF%90/feed/", "/feed/by_tag/%E8%88%AA%E8%BF%90.xml"),
    ] {
        groups.assert_moved(from, to);
    }
    for path in ["/category/nothing/feed/", "/nothing/feed/", "/nothing/rss.xml"] {
        groups.assert_status(path, 404);
    }
    // A page or file of the site has precedence.
    let own =
        site(&[("rss.xml", "---\n---\n<rss/>"), ("atom.xml", "<feed/>"), ("rss/index.md", "---\n---\nx")]);
    for path in ["/rss.xml", "/atom.xml", "/rss/"] {
        own.assert_status(path, 200);
    }
}

#[test]
fn files_at_urls_of_our_pages_are_reported() {
    let files = [
        ("_config.yml", CONFIG),
        ("category/index.html", "x"),
        ("2024/index.html", "x"),
        ("feed.xml", "<feed/>"),
        ("index.html", "x"),
        ("a.html", "x"),
    ];
    let paths = ["2024/index.html", "a.html", "category/index.html", "feed.xml", "index.html"];
    assert_eq!(problems(&files), paths.map(|path| (path.to_owned(), "file-skipped".to_owned())));
    let folder = folder(&[&[POST], &files[..]].concat());
    let messages: Vec<String> =
        load(&config(folder.path())).problems().into_iter().map(|problem| problem.message).collect();
    let is_replaced = |message: &&String| message.ends_with("which is served instead of the file");
    assert_eq!(messages.iter().filter(is_replaced).count(), 4, "{messages:?}");
    let site = Site::from_files(&[&[POST], &files[..]].concat());
    for path in ["/category/", "/2024/", "/", "/a.html"] {
        assert!(site.page(path).contains("<main"), "{path}");
    }
}

#[test]
fn own_404_page_is_shown_for_missing_pages() {
    for (path, text) in [
        ("404.html", "---\ntitle: Lost\npermalink: /404.html\n---\n<p>Ask the <b>desk</b>.</p>\n"),
        ("404.md", "---\ntitle: Lost\n---\nAsk the **desk**.\n"),
    ] {
        let site = site(&[(path, text)]);
        let response = site.get("/nowhere/2024/01/02/x.html");
        assert_eq!(response.status.as_u16(), 404);
        let html = response.text();
        assert!(html.contains("<h1>Lost</h1>") && html.contains("Ask the <"), "{html}");
        assert!(html.contains("href=\"/2024/01/01/\"") && html.contains("name=\"q\""), "{html}");
        assert!(!site.get("/sitemap/lists.xml").text().contains("404"), "{path}");
    }
}

#[test]
fn file_in_posts_is_withheld_while_the_folder_holds_posts() {
    let folder = folder(&[("_config.yml", CONFIG), POST, ("posts/pic.png", "x")]);
    let config = config(folder.path());
    let app = App::new(&config);
    let site = Site::from_app(Arc::clone(&app));
    let added = folder.path().join("posts/2024-01-03-b.md");
    for has_post in [false, true, false] {
        if has_post {
            std::fs::write(&added, post("b", "2024-01-03 08:00", "x")).expect("a file");
        } else if added.exists() {
            std::fs::remove_file(&added).expect("a file");
        }
        app.publish(Arc::new(load(&config)));
        site.assert_status("/posts/pic.png", if has_post { 404 } else { 200 });
    }
}

#[test]
fn search_finds_own_pages_and_documents() {
    let site = Site::with_index(&[
        ("_config.yml", "collections: {docs: {output: true}}\n"),
        POST,
        ("about.md", "---\ntitle: About\n---\nThe harbour desk writes this.\n"),
        ("_docs/harbour.md", "---\ntitle: Harbour guide\n---\nTides.\n"),
        ("404.md", "---\n---\nNo harbour here.\n"),
        ("harbour.json", "---\n---\n[\"harbour\"]"),
    ]);
    let html = site.page("/search?q=harbour");
    let place = |href: &str| html.find(&format!("href=\"{href}\""));
    let (about, guide) =
        (place("/about.html").expect("a page"), place("/docs/harbour.html").expect("a document"));
    assert!(guide < about, "a match in the title comes first");
    assert_eq!((place("/404.html"), place("/harbour.json")), (None, None));
    assert!(!site.page("/search?q=harbour+tag:x").contains("/about.html"), "filters are about posts");
}

/// The root of the repository is the sample site, so its `exclude` must cover everything else.
#[test]
fn sample_site_publishes_no_source_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let rule = PublishedFiles::new(&config(root));
    for entry in std::fs::read_dir(root).expect("a folder").map(|entry| entry.expect("an entry")) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != "posts" {
            let path = if entry.path().is_dir() { format!("{name}/file.txt") } else { name };
            assert_ne!(rule.status(&path), FileStatus::Served, "{path} is missing in `exclude`");
        }
    }
    assert_eq!(rule.status("posts/images/logo.svg"), FileStatus::Served);
}
