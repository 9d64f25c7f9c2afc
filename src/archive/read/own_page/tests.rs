use super::*;
use crate::archive::problem::Problem;
use crate::config::{Config, Overrides};

const NOTHING: ReservedPaths =
    ReservedPaths { always: |_| false, list_like: |_| false, in_archive: |_, _| false, group_at: |_| None };

/// Reads a file of a site with a configuration. Returns the page and the problems.
fn read_text(config: &str, path: &str, text: &str) -> (Option<OwnPage>, Vec<Problem>) {
    let site = tempfile::tempdir().expect("a folder");
    let file = site.path().join(path);
    std::fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
    std::fs::write(&file, text).expect("a file");
    std::fs::write(site.path().join("_config.yml"), config).expect("a file");
    let config = Config::read(site.path(), &Overrides::default(), &|_| None).expect("valid");
    let reader = Reader::new(&config).expect("a reader");
    let read = read_file(&reader, NOTHING, &SiteFile::from_path(path), &|_| None);
    (read.page, read.problems.1)
}

/// Reads a file of a site with a configuration. Returns the page and the codes of its problems.
fn read_codes(config: &str, path: &str, text: &str) -> (Option<OwnPage>, Vec<Code>) {
    let (page, problems) = read_text(config, path, text);
    (page, problems.into_iter().map(|problem| problem.code).collect())
}

fn lines_of(problems: &[Problem]) -> Vec<u32> {
    problems.iter().filter_map(|problem| problem.line).collect()
}

#[test]
fn pages_of_each_type_have_their_url_and_body() {
    const CONFIG: &str = "permalink: pretty\nurl: https://news.example\ncollections: {docs: {output: true}}\n\
                          defaults: [{scope: {type: docs}, values: {sitemap: false}}]\n";
    let table = [
        ("about.md", "---\n---\n*A*", "/about/", "html"),
        ("a/index.html", "---\n---\nA", "/a/", "html"),
        ("search.json", "---\n---\n[]", "/search.json", "text"),
        ("llms.txt", "---\n---\n{{ site.url }}", "/llms.txt", "text"),
        ("CNAME", "---\n---\nx", "/CNAME", "text"),
        ("robots.md", "---\npermalink: /robots.txt\n---\nx", "/robots.txt", "text"),
        ("api.json", "---\npermalink: /api/\n---\n{}", "/api/", "text"),
        ("release-1.2.md", "---\npermalink: /release-1.2\n---\nx", "/release-1.2", "html"),
        ("plain.html", "<p>x</p>", "/plain.html", "file"),
        ("docs/index.html", "<p>x</p>", "/docs/", "file"),
        ("_docs/start.md", "---\n---\nx", "/docs/start/", "html"),
        ("_docs/data.csv", "---\n---\nx", "/docs/data/", "text"),
        ("_docs/img/a.png", "x", "/docs/img/a.png", "file"),
    ];
    for (path, text, url, kind) in table {
        let (page, codes) = read_codes(CONFIG, path, text);
        let page = page.expect(path);
        let found = match page.body {
            PageBody::Html(_) => "html",
            PageBody::Text(_) => "text",
            PageBody::File => "file",
            PageBody::RedirectTo(_) => "redirect",
            PageBody::ReplacedBy(_) => "list",
        };
        assert_eq!((&*page.url, found, codes.len()), (url, kind, 0), "{path}");
    }
    let (page, _) = read_codes(CONFIG, "_docs/get-it.md", "---\n---\nx");
    let page = page.expect("a page");
    assert_eq!((&*page.title, page.in_sitemap), ("Get It", false));
}

#[test]
fn pages_know_their_path_and_collection() {
    const CONFIG: &str = "collections: {docs: {output: true}}\n";
    let table = [
        ("a/b.txt", "---\npath: x\n---\n{{ page.path }}", "a/b.txt"),
        ("_docs/c.txt", "---\n---\n{{ page.path }} {{ page.collection }}", "_docs/c.txt docs"),
    ];
    for (path, text, expected) in table {
        let (page, codes) = read_codes(CONFIG, path, text);
        assert_eq!(page.map(|page| page.body), Some(PageBody::Text(expected.into())), "{path}");
        assert_eq!(codes, [], "{path}");
    }
}

#[test]
fn files_that_are_not_pages_are_left_out_or_reported() {
    const CONFIG: &str = "collections: {docs: {output: true, permalink: '/:nothing/'}}\n";
    let table: [(&str, &str, &[Code]); 7] = [
        ("hidden.md", "---\npublished: false\n---\nx", &[]),
        ("css/main.scss", "---\n---\nb {}", &[Code::PageSkipped]),
        ("feed.xml", "---\n---\n{% include x.xml %}", &[Code::PageSkipped]),
        ("empty.html", "", &[]),
        ("notes.txt", "no front matter", &[]),
        ("_docs/later.md", "---\ndate: 2999-01-01\n---\nx", &[]),
        ("_docs/hidden.md", "---\npublished: false\n---\nx", &[]),
    ];
    for (path, text, expected) in table {
        let (page, codes) = read_codes(CONFIG, path, text);
        assert!(page.is_none(), "{path}");
        assert_eq!(codes, expected, "{path}");
    }
    let (page, codes) = read_codes(CONFIG, "_docs/a.md", "---\ndate: never\n---\nx");
    assert_eq!(page.map(|page| page.url).as_deref(), Some("/docs/a.html"));
    assert_eq!(codes, [Code::DateInvalid, Code::PermalinkInvalid]);
}

#[test]
fn pages_that_only_list_posts_are_replaced_by_a_list() {
    const POSTS: &str = "{% for post in site.posts %}{{ post.title }}{% endfor %}";
    const INCLUDE: &str = "{% include list.html %}";
    const DATA: &str = "{% for link in site.data.links %}{{ link.name }}{% endfor %}";
    let table = [
        ("blog/index.html", format!("---\n---\n{POSTS}"), PostList::Newest),
        ("archives.md", "---\nlayout: archives\n---\n".to_owned(), PostList::Years),
        ("x.md", "---\nlayout: tags\n---\n\n".to_owned(), PostList::Tags),
        ("rss/all.xml", format!("---\n---\n<rss>{POSTS}</rss>"), PostList::Feed),
        ("blog/index.html", format!("---\n---\n{INCLUDE}\n"), PostList::Newest),
        ("blog/index.html", format!("---\n---\n{{% assign a = 1 %}}\n{INCLUDE}\n"), PostList::Newest),
        ("tags.md", format!("---\ntitle: Tags\n---\n\n{INCLUDE}\n"), PostList::Tags),
        ("archives.html", format!("---\n---\n<div class=\"a\">\n{INCLUDE}\n</div>"), PostList::Years),
        ("blog/index.html", format!("---\n---\n<h1>Blog</h1>{INCLUDE}"), PostList::Newest),
        (
            "tags.md",
            format!("---\n---\n# All our tags and more\n\nSee below.\n\n{INCLUDE}\n"),
            PostList::Tags,
        ),
        (
            "archives/index.md",
            format!("---\n---\n# Archive\n\n[Feed](/feed.xml)\n\n{INCLUDE}\n"),
            PostList::Years,
        ),
        ("archives.md", format!("---\n---\n# Archive\n\n{DATA}\n"), PostList::Years),
        ("categories.md", format!("---\n---\n# Archive\n\n{INCLUDE}\n\n{DATA}\n"), PostList::Sources),
        ("news.html", format!("---\n---\n<h1>News</h1>\n<p>{DATA}</p>"), PostList::Newest),
        ("archives.md", "---\nlayout: list\n---\n# Archive\n".to_owned(), PostList::Years),
    ];
    for (path, text, list) in table {
        let (page, codes) = read_codes("", path, &text);
        assert_eq!(page.map(|page| page.body), Some(PageBody::ReplacedBy(list.into())), "{path}");
        assert_eq!(codes, [Code::PageSkipped], "{path}");
    }
    let of_itself = [
        ("gallery.md", "---\nlayout: gallery\n---\n".to_owned()),
        ("team.html", format!("---\n---\n{INCLUDE}")),
        ("blog.html", format!("---\n---\n<p>{TEXT}</p>{INCLUDE}")),
        ("blog.md", "---\nlayout: page\n---\nText.\n".to_owned()),
        ("news.html", format!("---\n---\n<img src=\"/a.png\">{INCLUDE}")),
        ("tags.html", "---\n---\n".to_owned()),
    ];
    for (path, text) in of_itself {
        let (page, _) = read_codes("", path, &text);
        assert!(page.expect(path).html().is_some(), "{path}");
    }
}

#[test]
fn page_without_content_of_its_own_is_reported() {
    use Code::{IncludeDropped, PageSkipped};
    const CONFIG: &str = "defaults: [{scope: {path: given}, values: {layout: page}}]\n";
    let table: [(&str, &str, &[Code]); 9] = [
        ("index.md", "---\nlayout: index\ntitle: T\n---\n", &[PageSkipped]),
        ("people.md", "---\nlayout: people\n---\n\n# People\n", &[PageSkipped]),
        ("given/a.html", "---\n---\n<div class=\"map\"></div>", &[PageSkipped]),
        ("map.html", "---\n---\n{% include map.html %}", &[PageSkipped, IncludeDropped]),
        ("a.md", "---\nlayout: people\n---\nText.\n", &[]),
        ("a.md", "---\nlayout: people\n---\n[a](/a)\n", &[]),
        ("a.md", "---\nlayout: people\n---\n![](/a.png)\n", &[]),
        ("a.md", "---\nlayout: none\n---\n", &[]),
        ("a.md", "---\ntitle: T\n---\n", &[]),
    ];
    for (path, text, expected) in table {
        let (page, codes) = read_codes(CONFIG, path, text);
        assert!(page.expect(path).html().is_some(), "{path}");
        assert_eq!(codes, expected, "{path}: {text}");
    }
}

#[test]
fn nothing_is_lifted_out_of_pages() {
    const CONFIG: &str = "collections: {docs: {output: true}}\n";
    let table = [
        ("> Intro.\n\nText.\n", "<blockquote>"),
        ("Text.\n\n<https://source.example/a>\n", "https://source.example/a</a>"),
        ("Text.\n\n（文章来源：某报）\n", "（文章来源：某报）"),
        ("Text.\n\n[返回首页](/)\n", "返回首页</a>"),
        ("[返回首页](/)\n", "返回首页</a>"),
    ];
    for (text, part) in table {
        for path in ["a.md", "_docs/a.md"] {
            let (page, codes) = read_codes(CONFIG, path, &format!("---\ntitle: T\n---\n{text}"));
            let page = page.expect(path);
            assert!(page.html().is_some_and(|html| html.as_str().contains(part)), "{path}: {text}");
            assert_eq!(codes, [], "{path}: {text}");
        }
    }
}

#[test]
fn redirects_and_languages_of_pages_are_read() {
    const CONFIG: &str = "url: https://news.example\ncollections: {docs: {output: true}}\n";
    let table = [
        ("/b/", Some("/b/")),
        ("b.html", Some("/b.html")),
        ("https://b.example/x", Some("https://b.example/x")),
        ("[https://b.example/x, /c]", Some("https://b.example/x")),
        ("javascript:x", None),
        ("//b.example/", None),
        ("/a", None),
        ("/a.html", None),
        ("https://news.example/a?b=c", None),
    ];
    for (to, expected) in table {
        let (page, codes) = read_codes(CONFIG, "a.md", &format!("---\nredirect_to: {to}\n---\nText.\n"));
        let page = page.expect(to);
        assert_eq!((page.redirect_to(), page.in_sitemap), (expected, expected.is_none()), "{to}");
        assert_eq!(codes.is_empty(), expected.is_some(), "{to}: {codes:?}");
    }
    let (page, codes) = read_codes(CONFIG, "_docs/a.md", "---\nredirect_to: /b\n---\n{% include a %}");
    assert_eq!((page.expect("a page").redirect_to(), codes.len()), (Some("/b"), 0));
    let languages = [("zh_TW", Some("zh-TW")), ("' en '", Some("en")), ("English text", None), ("7", None)];
    for (lang, expected) in languages {
        let (page, _) = read_codes(CONFIG, "a.md", &format!("---\nlang: {lang}\n---\nText.\n"));
        assert_eq!(page.expect(lang).lang.as_deref(), expected, "{lang}");
    }
}

#[test]
fn skipped_page_at_a_url_of_ours_names_its_replacement() {
    const OURS: ReservedPaths = ReservedPaths { always: |path| path == "/feed.json", ..NOTHING };
    let site = tempfile::tempdir().expect("a folder");
    std::fs::write(site.path().join("feed.json"), "---\n---\n{% for x in site.docs %}{% endfor %}")
        .expect("a file");
    std::fs::write(site.path().join("_config.yml"), "title: T\n").expect("a file");
    let config = Config::read(site.path(), &Overrides::default(), &|_| None).expect("valid");
    let reader = Reader::new(&config).expect("a reader");
    let read = read_file(&reader, OURS, &SiteFile::from_path("feed.json"), &|_| None);
    let message = &read.problems.1[0].message;
    assert!(message.ends_with("; finews serves a page of its own at the URL"), "{message}");
}

/// A paragraph with more text than [`LEAST_OWN_TEXT`].
const TEXT: &str = "本站每天收集各家媒体的财经新闻。读者可以按来源、日期和公司查找文章，也可以订阅更新。";

#[test]
fn page_with_own_text_lacks_only_unsupported_liquid() {
    let table = [
        ("{% for link in site.data.links %}\n- x\n{% endfor %}\n", "", vec![6]),
        ("{% capture a %}b{% endcapture %}{{ a | markdownify }}\n", "", vec![6, 6]),
        ("Updated: {{ site.time }}\n", "Updated:", vec![6]),
        ("- [{{ site.time }}](/a/{{ site.time }})\n- b\n", "<li>b", vec![6, 6]),
        ("{{ assets_base_url }}{{ page.nothing }}\n", "", vec![]),
        ("{% assign a = 1 %}\n{% if a == 1 %}\nb\n{% endif %}\n", "", vec![7]),
        ("{% if page.title %}yes{% else %}{{ no }}{% endif %}\n", "yes", vec![]),
        ("{% unless page.title %}{{ no }}{% endunless %}\n", "", vec![]),
        ("{% case page.title %}{% when 'x' %}b{% endcase %}\n", "", vec![6]),
        ("{% note %}\nb\n{% endnote %}\n", "b", vec![6]),
    ];
    for (liquid, rest, lines) in table {
        let text = format!("---\ntitle: T\n---\n{TEXT}\n\n{liquid}");
        let (page, problems) = read_text("", "a.md", &text);
        let page = page.expect(liquid);
        let html = page.html().expect(liquid).as_str();
        let (own, after) = html.split_once("</p>").expect(liquid);
        assert!(own.ends_with(TEXT), "{liquid}: {html}");
        assert!(after.contains(rest) && (!rest.is_empty() || after.trim().is_empty()), "{liquid}: {html}");
        assert!(!html.contains(['{', '}']), "{liquid}: {html}");
        assert_eq!(lines_of(&problems), lines, "{liquid}: {problems:?}");
        assert!(problems.iter().all(|problem| problem.code == Code::LiquidUnresolved), "{liquid}");
    }
}

#[test]
fn page_with_own_text_is_served_without_its_list_of_posts() {
    const POSTS: &str = "{% for post in site.posts %}{{ post.title }}{% endfor %}";
    const PAGES: &str = "{% for post in paginator.posts %}{{ post.title }}{% endfor %}";
    const GROUP: &str = "{% for post in site.tags.x %}{{ post.title }}{% endfor %}";
    let table = [
        ("about.html", TEXT, POSTS, true),
        ("company/index.html", TEXT, POSTS, true),
        ("about.html", "Few words.", POSTS, false),
        ("news/index.html", TEXT, POSTS, false),
        ("journal.html", TEXT, PAGES, false),
        ("ships.html", TEXT, GROUP, false),
    ];
    for (path, text, list, is_served) in table {
        let (page, codes) = read_codes("", path, &format!("---\n---\n<p>{text}</p>\n{list}\n"));
        let page = page.expect(path);
        let html = page.html().map(|html| html.as_str().trim().to_owned());
        assert_eq!(html, is_served.then(|| format!("<p>{text}</p>")), "{path}");
        let code = if is_served { Code::LiquidUnresolved } else { Code::PageSkipped };
        assert_eq!(codes, [code], "{path}");
    }
}

#[test]
fn condition_over_a_value_that_jekyll_computes_is_left_out() {
    const CONFIG: &str = "collections: {docs: {output: true}}\n\
                          defaults: [{scope: {path: ''}, values: {sidebar: true, layout: page}}]\n";
    let table = [
        ("a.md", "page.sidebar", None),
        ("a.md", "page.layout", Some("<p>yes</p>")),
        ("a.md", "page.nothing", Some("")),
        ("a.md", "page.tags", None),
        ("_docs/a.md", "page.sidebar", Some("<p>yes</p>")),
        ("_docs/a.md", "page.date", None),
        ("a.md", "page.date", Some("")),
    ];
    for (path, condition, expected) in table {
        let text = format!("---\n---\n{TEXT}\n\n{{% if {condition} %}}yes{{% endif %}}\n");
        let (page, problems) = read_text(CONFIG, path, &text);
        let page = page.expect(condition);
        let html = page.html().expect(condition).as_str();
        let (_, after) = html.split_once("</p>").expect(condition);
        assert_eq!(after.trim(), expected.unwrap_or_default(), "{path} {condition}");
        assert_eq!(problems.len(), usize::from(expected.is_none()), "{path} {condition}: {problems:?}");
    }
}

#[test]
fn page_that_is_mainly_a_loop_is_skipped() {
    const LOOP: &str = "{% for link in site.data.links %}{{ link.name }} {% endfor %}";
    let table = [
        ("links.md", format!("## Links of friends and colleagues\n\n{LOOP}")),
        ("links.md", format!("> Few words.\n\n{LOOP}")),
        ("links.html", format!("<ul><li><a href=\"/\">{TEXT}</a></li>{LOOP}</ul>")),
        ("links.html", format!("<script>let a = '{TEXT}';</script>{LOOP}")),
        ("search.json", format!("[{LOOP}\"{TEXT}\"]")),
        ("main.css", format!("/* {TEXT} */ {LOOP}")),
        ("robots.txt", LOOP.to_owned()),
    ];
    for (path, text) in table {
        let (page, codes) = read_codes("", path, &format!("---\n---\n{text}"));
        assert_eq!((page.is_none(), codes), (true, vec![Code::PageSkipped]), "{path}: {text}");
    }
}

#[test]
fn text_page_keeps_the_lines_that_resolve() {
    let table = [
        (
            "User-agent: *\n{% for page in site.pages %}\nDisallow: {{ page.url }}\n{% endfor %}\nAllow: /a\n",
            "User-agent: *\nAllow: /a\n",
            vec![4],
        ),
        (
            "Sitemap: {{ site.url }}/s.xml\nHost: {{ site.host }}\n",
            "Sitemap: https://n.example/s.xml\n",
            vec![4],
        ),
        ("{% include a.txt %}\na\n", "a\n", vec![3]),
        ("a\n{% if site.url %}\nb\n{% endif %}", "a\n\nb\n", vec![]),
        ("a\nb {% post_url none %}\nc", "a\nc", vec![4]),
    ];
    for (text, expected, lines) in table {
        let text = format!("---\n---\n{text}");
        let (page, problems) = read_text("url: https://n.example\n", "robots.txt", &text);
        assert_eq!(page.map(|page| page.body), Some(PageBody::Text(expected.into())), "{text}");
        assert_eq!(lines_of(&problems), lines, "{text}: {problems:?}");
    }
}
