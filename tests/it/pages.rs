//! Snapshots of each kind of page on a small site, and rules that hold for all pages.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::support::Site;

const CONFIG: &str = "title: 例行财讯\ndescription: 一份样例。\nurl: https://news.example\nlang: zh-CN\n\
                      timezone: Asia/Shanghai\nfinews:\n  source: true\n  footer: <p>备案号 <b>0</b></p><script>x</script>\n";

const A: &str = "---\ntitle: 盘后短讯\ndate: 2024-03-01 15:30:00 +0800\ncategories: hetan\ntags: 河滩新闻\n---\n\
                 收盘，两市成交持平。\n\n<https://source.example/a>\n\n[返回河滩新闻](../hetan/)\n[返回首页](../)\n";
const B: &str = "---\ntitle: \"\"\ndate: 2024-03-01 08:00:00 +0800\ncategories: hetan\ntags: 河滩新闻\n---\n\
                 > 晨间摘要一句。\n\n<p style=\"display:none\"><br /></p><p>早间<span id=\"stock_1.699001\"><a href=\"http://q.example/1.699001\" \
                 class=\"keytip\" data-code=\"1,699001\">河滩股份</a></span>公告。</p><p class=\"em_media\">（文章来源：河滩晨报）</p>\n\n\
                 <https://source.example/b>\n\n[返回河滩新闻](//news.example/category/hetan.html)｜[返回首页](//news.example/)";
const C: &str = "---\ntitle: 长江口 <航运> & \"指数\"\ndate: 2024-02-28 09:00:00 +0800\ncategories: jiangkou\ntags: [江口新闻, 航运]\n---\n\
                 <p>运价平稳。</p><h2 id=\"x\">分项</h2><table><tr><td>1</td></tr></table>\n\n<https://source.example/c>";

const FILES: [(&str, &str); 6] = [
    ("_config.yml", CONFIG),
    ("_posts/2024-03-01-a.md", A),
    ("_posts/2024-03-01-b.md", B),
    ("_posts/2024-02-28-c.md", C),
    ("_posts/2024-02-27-gone.md", "---\ntitle: 撤\npublished: false\n---\n文\n"),
    ("about.md", "---\ntitle: 关于\npermalink: /about/\n---\n**关于**本站。\n"),
];

fn site() -> Site {
    Site::from_files(&FILES)
}

/// The main part of a page; the frame around it has a test of its own. A run of days without posts is
/// replaced by its length.
fn main_of(html: &str) -> String {
    static EMPTY_DAYS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"(<rect x="\d+" y="\d+"/>)+"#).expect("a pattern"));
    let start = html.find("<main").expect("a main part");
    let end = html.find("</main>").expect("its end");
    let main = &html[start..end + "</main>".len()];
    let count = |days: &Captures| format!("({} quiet days)", days[0].matches("<rect").count());
    EMPTY_DAYS.replace_all(main, count).into_owned()
}

/// Replaces the hashes that change with every style sheet.
fn without_hashes(html: &str) -> String {
    static HASH: LazyLock<Regex> = LazyLock::new(|| Regex::new("-[0-9a-f]{16}\\.").expect("a pattern"));
    HASH.replace_all(html, "-HASH.").into_owned()
}

#[test]
fn page_frame_matches_its_snapshot() {
    let html = without_hashes(&site().page("/about/"));
    insta::assert_snapshot!("frame", html);
}

#[test]
fn page_kinds_match_their_snapshots() {
    let site = site();
    let kinds = [
        ("home", "/"),
        ("article_shape_a", "/hetan/2024/03/01/a.html"),
        ("article_shape_b", "/hetan/2024/03/01/b.html"),
        ("article_shape_c", "/jiangkou/2024/02/28/c.html"),
        ("sources", "/category/"),
        ("source", "/category/hetan.html"),
        ("source_numbered", "/category/hetan/1.html"),
        ("tags", "/tag/"),
        ("tag", "/tag/%E8%88%AA%E8%BF%90.html"),
        ("year", "/2024/"),
        ("month", "/2024/02/"),
        ("day", "/2024/03/01/"),
        ("securities", "/stock/"),
        ("security", "/stock/699001.SH.html"),
        ("not_found", "/nowhere"),
        ("gone", "/2024/02/27/gone.html"),
    ];
    for (name, path) in kinds {
        insta::assert_snapshot!(name, main_of(&site.get(path).text()));
    }
    let site = Site::with_index(&FILES);
    for (name, path) in [
        ("search", "/search?q=%E6%B2%B3%E6%BB%A9"),
        ("search_of_nothing", "/search"),
        ("search_in_vain", "/search?q=%E6%B2%B3%E6%BB%A9+%E6%97%A0%E6%AD%A4"),
    ] {
        insta::assert_snapshot!(name, main_of(&site.get(path).text()));
    }
}

#[test]
fn page_language_follows_site_and_post_lang() {
    let site = Site::from_files(&[
        ("_config.yml", "title: T\nlang: en-GB\n"),
        ("_posts/2024-03-01-a.md", "---\ntitle: A\ncategories: news\n---\nText.\n"),
    ]);
    let html = site.page("/");
    assert!(html.contains("<html lang=\"en-GB\">"));
    assert!(html.contains("Friday, 1 March 2024"));
    let site = Site::from_files(&[
        ("_config.yml", "lang: zh_CN\n"),
        ("_posts/2024-03-01-a.md", "---\ntitle: A\nlang: en_GB\n---\nText.\n"),
    ]);
    let article = site.page("/2024/03/01/a.html");
    assert!(article.contains("<html lang=\"zh-CN\">"));
    assert!(
        article.contains("<h1 lang=\"en-GB\">") && article.contains("<div class=\"body\" lang=\"en-GB\">")
    );
    let han = html.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).count();
    assert_eq!(han, 0);
}

#[test]
fn pages_have_landmarks_title_and_canonical_link() {
    let site = site();
    let paths = [
        "/",
        "/hetan/2024/03/01/b.html",
        "/category/",
        "/category/hetan.html",
        "/tag/",
        "/2024/",
        "/2024/03/",
        "/2024/03/01/",
        "/about/",
        "/nowhere",
    ];
    for path in paths {
        let html = site.get(path).text();
        for once in ["<h1", "<main", "<header class=\"site-header\"", "<footer class=\"site-footer\""] {
            assert_eq!(html.matches(once).count(), 1, "{path}: {once}");
        }
        // Charts have titles of their own.
        let (head, _) = html.split_once("</head>").expect("a head");
        assert_eq!(head.matches("<title>").count(), 1, "{path}");
        assert!(html.contains("class=\"skip\" href=\"#ui-main\""), "{path}");
        assert!(html.contains("lang=\"zh-CN\""), "{path}");
        let canonical = html.matches("<link rel=\"canonical\" href=\"https://news.example/").count();
        assert_eq!(canonical, usize::from(path != "/nowhere"), "{path}");
    }
}

#[test]
fn list_pages_are_numbered_from_the_oldest_post() {
    let posts: Vec<(String, String)> = (0..120)
        .map(|n| {
            let text = format!("---\ntitle: Post {n}\ndate: 2024-01-01 {:02}:{:02}:00 +0000\ncategories: news\n---\nText {n}.\n", n / 60, n % 60);
            (format!("_posts/2024-01-01-p{n}.md"), text)
        })
        .collect();
    let files: Vec<(&str, &str)> = posts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let site = Site::from_files(&files);
    type PageOf = fn(usize) -> String;
    let lists: [(&str, PageOf); 2] = [
        ("/category/news.html", |n| format!("/category/news/{n}.html")),
        ("/2024/01/01/", |n| format!("/2024/01/01/{n}/")),
    ];
    for (plain, page) in lists {
        let shows = |path: &str, n: usize| site.page(path).contains(&format!("/p{n}.html\""));
        // The unnumbered page shows posts 70 to 119, so the next older post, 69, is on page 2.
        assert!(shows(plain, 119) && shows(plain, 70) && !shows(plain, 69), "{plain}");
        assert!(site.page(plain).contains(&format!("rel=\"next\" href=\"{}\"", page(2))), "{plain}");
        assert!(shows(&page(1), 0) && shows(&page(1), 49) && !shows(&page(1), 50), "{plain}");
        assert!(shows(&page(2), 50) && shows(&page(2), 99), "{plain}");
        assert!(shows(&page(3), 100) && shows(&page(3), 119), "{plain}");
        site.assert_status(&page(4), 404);
        site.assert_status(&page(0), 404);
    }
    // The home page continues on the page of the day with the next older post, 69.
    assert!(site.page("/").contains("rel=\"next\" href=\"/2024/01/01/2/\""));
    site.assert_moved("/page8/", "/2024/01/01/1/");
}

#[test]
fn hidden_posts_have_a_page_but_are_in_no_list() {
    let site = Site::from_files(&[
        ("_posts/2024-03-01-a.md", "---\ntitle: A\nhidden: true\ncategories: news\n---\nText.\n"),
        ("_posts/2024-03-02-b.md", "---\ntitle: B\ncategories: news\n---\nText.\n"),
    ]);
    site.assert_status("/news/2024/03/01/a.html", 200);
    for path in ["/", "/category/news.html", "/2024/03/"] {
        assert!(!site.page(path).contains("2024/03/01/a.html"), "{path}");
    }
}

#[test]
fn internal_error_is_500_and_not_stored() {
    let config = crate::support::config(std::path::Path::new(env!("CARGO_MANIFEST_DIR")));
    let reply = finews::web::pages::error::failed(&finews::web::view::site::Site::new(&config));
    assert_eq!(reply.status().as_u16(), 500);
    assert_eq!(reply.headers()["cache-control"], "no-store");
}

#[test]
fn source_name_comes_from_its_tags() {
    let site = site();
    let html = site.page("/category/");
    assert!(html.contains(">河滩</a> <i>hetan</i>"), "without 新闻, which all its tags end in");
    assert!(html.contains(">江口</a> <i>jiangkou</i>"));
}

#[test]
fn default_navigation_hides_securities_without_mentions() {
    let mention = "<p><span class=\"keytip\" data-code=\"1,600160\">甲</span></p>\n";
    let site = |config: &str, text: &str| {
        Site::from_files(&[("_config.yml", config), ("_posts/2024-01-02-a.md", text)])
    };
    let own = "finews: {nav: [{label: S, url: /stock/}]}\n";
    for (config, text, expected) in [("", "Text.\n", 0), ("", mention, 1), (own, "Text.\n", 1)] {
        let site = site(config, text);
        for path in ["/", "/2024/01/02/a.html", "/category/", "/search", "/nowhere"] {
            let html = site.get(path).text();
            let (nav, _) = html.split_once("</nav>").expect("a navigation");
            assert_eq!(nav.matches("href=\"/stock/\"").count(), expected, "{path}: {config} {text}");
        }
    }
    let tag = |text: &str| site("", text).get("/tag/").header("etag").to_owned();
    assert_ne!(tag("Text.\n"), tag(mention), "the header is part of the page");
}

#[test]
fn post_without_title_and_text_is_titled_by_day_and_source() {
    let empty =
        |categories: &str| format!("---\ntitle: \"\"\ndate: 2024-03-01 08:00:00 +0800\n{categories}---\n");
    let site = Site::from_files(&[
        ("_config.yml", CONFIG),
        ("_posts/2024-03-01-a.md", &empty("categories: hetan\ntags: 河滩新闻\n")),
        ("_posts/2024-03-01-b.md", &empty("")),
    ]);
    assert!(site.page("/hetan/2024/03/01/a.html").contains("<h1>2024年3月1日 · 河滩</h1>"));
    assert!(site.page("/2024/03/01/b.html").contains("<h1>2024年3月1日</h1>"));
    let feed = site.get("/feed.xml").text();
    for path in ["/", "/2024/03/01/", "/category/hetan.html"] {
        assert!(site.page(path).contains(">2024年3月1日 · 河滩</a>"), "{path}");
    }
    assert!(
        feed.contains("<title>2024年3月1日 · 河滩</title>") && feed.contains("<title>2024年3月1日</title>")
    );
}

/// Follows every internal link of the sample archive.
#[test]
fn sample_archive_has_no_broken_links() {
    let site = Site::sample();
    let mut waiting = vec!["/".to_owned()];
    let mut seen = std::collections::BTreeSet::new();
    while let Some(path) = waiting.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let response = site.get(&path);
        assert_eq!(response.status.as_u16(), 200, "{path}");
        if !response.header("content-type").starts_with("text/html") {
            continue;
        }
        let html = response.text();
        let links = html.split(['"', '\'']).zip(html.split(['"', '\'']).skip(1));
        for (before, link) in
            links.filter(|(before, _)| before.ends_with("href=") || before.ends_with("src="))
        {
            let link = link.split('#').next().unwrap_or("").replace("&#38;", "&").replace("&amp;", "&");
            assert!(!link.starts_with("../"), "a relative link on {path}: {before} {link}");
            if link.starts_with('/') && !link.starts_with("//") {
                waiting.push(link);
            }
        }
    }
    assert!(seen.len() > 100, "{}", seen.len());
}

#[test]
fn full_list_page_is_unchanged_by_new_posts() {
    let posts = |count: usize| -> Vec<(String, String)> {
        let post = |n: usize| {
            let text = format!(
                "---\ntitle: Post {n}\ndate: 2024-01-{:02} 08:00:00 +0000\ncategories: news\n---\nText.\n",
                n / 10 + 1
            );
            (format!("_posts/2024-01-01-p{n}.md"), text)
        };
        (0..count).map(post).collect()
    };
    let site = |count: usize| {
        let posts = posts(count);
        Site::from_files(&posts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect::<Vec<_>>())
    };
    let (before, after) = (site(120), site(140));
    for page in ["/category/news/1.html", "/category/news/2.html"] {
        assert_eq!(before.get(page).header("etag"), after.get(page).header("etag"), "{page}");
        assert_eq!(before.page(page), after.page(page), "{page}");
        assert_eq!(before.get(page).header("cache-control"), "max-age=86400");
    }
    let filling = before.get("/category/news/3.html");
    assert_eq!(filling.header("cache-control"), "no-cache", "newer posts still change it");
    assert_ne!(filling.header("etag"), after.get("/category/news/3.html").header("etag"));
}

#[test]
fn reading_time_counts_han_characters_and_other_words() {
    let time = |lang: &str, text: &str| {
        let post = format!("---\ntitle: A\npermalink: /a.html\n---\n{text}\n");
        let site = Site::from_files(&[
            ("_config.yml", &format!("title: T\nlang: {lang}\n")),
            ("_posts/2024-01-02-a.md", &post),
        ]);
        let page = site.page("/a.html");
        let found = Regex::new("(约 [0-9]+ 分钟读完|[0-9]+ min read)").expect("a pattern").find(&page);
        found.expect("a reading time").as_str().to_owned()
    };
    let (words, han) = ("meanwhile ".repeat(400), "涨".repeat(800));
    for (text, minutes) in [(&words, 2), (&han, 2), (&format!("{words}{han}"), 4), (&"word".to_owned(), 1)] {
        assert_eq!(time("en", text), format!("{minutes} min read"));
        assert_eq!(time("zh-CN", text), format!("约 {minutes} 分钟读完"));
    }
}

/// The ETag of an article covers everything that the article shows, whatever its origin.
#[test]
fn article_etag_covers_all_shown_content() {
    let post = "---\ntitle: A\npermalink: /a.html\ndate: 2024-01-02 03:04:05\n---\nSee {% post_url 2024-01-03-b %}.\n";
    let with = |config: &str, other: &str| {
        let site = Site::from_files(&[
            ("_config.yml", config),
            ("_posts/2024-01-02-a.md", post),
            ("_posts/2024-01-03-b.md", other),
        ]);
        site.get("/a.html").header("etag").to_owned()
    };
    let plain = with("title: T\n", "---\ntitle: B\n---\nText.\n");
    assert_eq!(plain, with("title: T\n", "---\ntitle: B\n---\nText.\n"));
    let changed = [
        (
            "title: T\ndefaults:\n  - scope: {path: ''}\n    values: {author: Ann}\n",
            "---\ntitle: B\n---\nText.\n",
        ),
        ("title: T\ntimezone: Asia/Tokyo\n", "---\ntitle: B\n---\nText.\n"),
        ("title: T\n", "---\ntitle: B\npermalink: /moved.html\n---\nText.\n"),
    ];
    for (config, other) in changed {
        assert_ne!(plain, with(config, other), "{config} {other}");
    }
}

#[test]
fn page_etag_covers_content_from_other_posts() {
    let tag =
        |path: &str, files: &[(&str, &str)]| Site::from_files(files).get(path).header("etag").to_owned();
    let hidden = ("_posts/2024-01-02-a.md", "---\nhidden: true\ntags: t\n---\nText.\n");
    let other = |tag| ("_posts/2024-01-03-b.md", if tag { "---\ntags: t\n---\n" } else { "---\n---\n" });
    let article = "/2024/01/02/a.html";
    assert_ne!(tag(article, &[hidden, other(true)]), tag(article, &[hidden, other(false)]), "tags of hidden");
    let chart = (
        "_posts/2024-01-02-a.md",
        "<p><img src=\"https://e.example/c.png\" data-code=\"K NIO|106|7\"></p>\n",
    );
    let namer = |name: &str| format!("<p><span class=\"keytip\" data-code=\"106,NIO\">{name}</span></p>\n");
    let named = |name: &str| tag(article, &[chart, ("_posts/2024-06-03-b.md", &namer(name))]);
    assert_ne!(named("甲"), named("乙"), "the name of a security that only others name");
    let post = ("_posts/2024-01-02-a.md", "Text.\n");
    let year = |others: &[(&str, &str)]| tag("/2024/", &[&[post], others].concat());
    let before = [("_posts/2023-01-02-a.md", "Text.\n"), ("_posts/2023-01-03-b.md", "Text.\n")];
    assert_ne!(year(&[]), year(&before[..1]), "other years are named");
    assert_eq!(year(&before[..1]), year(&before), "but not counted");
    assert_ne!(tag("/", &[post]), tag("/", &[post, ("favicon.ico", "icon")]), "the icon");
    // The home page links to the day of the first post that it does not show.
    let names: Vec<String> = (0..50).map(|n| format!("_posts/2024-01-02-{n}.md")).collect();
    let home = |oldest: &str| {
        let files: Vec<_> =
            names.iter().map(|name| (name.as_str(), "x\n")).chain([(oldest, "y\n")]).collect();
        let home = Site::from_files(&files).get("/");
        (home.header("etag").to_owned(), home.text())
    };
    let (one, other) = (home("_posts/2023-01-05-old.md"), home("_posts/2023-01-06-old.md"));
    assert!(one.1.contains("/2023/01/05/") && other.1.contains("/2023/01/06/"), "{}", one.1);
    assert_ne!(one.0, other.0);
}

#[test]
fn page_has_one_h1_and_no_skipped_heading_level() {
    let site = Site::from_files(&[
        ("_posts/2024-01-02-a.md", "---\ntitle: A\n---\n# One\n\n# Two\n\nText.\n"),
        ("titled.md", "---\ntitle: T\n---\n# One\n"),
        ("headed.md", "---\nlayout: x\n---\n# One\n"),
        ("bare.md", "---\nlayout: x\n---\nText.\n"),
    ]);
    for path in
        ["/2024/01/02/a.html", "/titled.html", "/headed.html", "/bare.html", "/2024/01/02/", "/2024/01/"]
    {
        let html = site.page(path);
        assert_eq!(html.matches("<h1").count(), 1, "{path}");
        let levels: Vec<u32> =
            html.split("<h").filter_map(|part| part.chars().next()?.to_digit(10)).collect();
        let skips = levels.windows(2).any(|pair| pair[1] > pair[0] + 1);
        assert!(!skips, "{path}: {levels:?}");
    }
    assert!(site.page("/2024/01/02/a.html").contains("<h2 id=\"two\">"), "old fragments still lead there");
}

#[test]
fn hidden_post_does_not_link_to_missing_lists() {
    let site = Site::from_files(&[(
        "_posts/2024-01-02-a.md",
        "---\ntitle: A\nhidden: true\ncategories: solo\ntags: lonely\n---\nText.\n",
    )]);
    let html = site.page("/solo/2024/01/02/a.html");
    assert!(!html.contains("/category/solo.html") && !html.contains("/tag/lonely.html"), "{html}");
}

/// A post that mentions securities, each by its code as the quote site spells it and by its name.
fn post_mentioning(title: &str, date: &str, mentions: &[(&str, &str)]) -> String {
    let links = mentions.iter().map(|(code, name)| {
        format!("<a class=\"keytip\" data-code=\"{code}\" href=\"http://q.example/\">{name}</a>")
    });
    format!(
        "---\ntitle: {title}\ndate: {date}\ncategories: news\n---\n<p>{}</p>\n",
        links.collect::<String>()
    )
}

fn site_with_securities() -> Site {
    let posts = [
        post_mentioning("A", "2024-03-01 08:00:00 +0800", &[("1,600160", "甲股份"), ("90,BK0493", "新能源")]),
        post_mentioning("B", "2024-03-02 09:00:00 +0800", &[("1,600160", "甲"), ("0,000700", "乙")]),
        post_mentioning("C", "2024-03-03 10:00:00 +0800", &[("1,600160", "甲股份"), ("116,700", "丙")]),
        post_mentioning("D", "2024-03-20 10:00:00 +0800", &[("105,000700", "丁")]),
    ];
    Site::from_files(&[
        ("_config.yml", CONFIG),
        ("_posts/2024-03-01-a.md", &posts[0]),
        ("_posts/2024-03-02-b.md", &posts[1]),
        ("_posts/2024-03-03-c.md", &posts[2]),
        ("_posts/2024-03-20-d.md", &posts[3]),
    ])
}

#[test]
fn security_page_lists_every_post_that_mentions_it() {
    let site = site_with_securities();
    let html = site.page("/stock/600160.SH.html");
    assert!(
        html.contains("<h1>甲股份</h1>") && html.contains("甲股份 · 甲"),
        "the name seen most, and all seen"
    );
    for post in ["a", "b", "c"] {
        assert!(
            html.contains(&format!("/news/2024/03/0{}/{post}.html", post.as_bytes()[0] - b'a' + 1)),
            "{post}"
        );
    }
    assert!(!html.contains("/d.html"));
    assert!(site.page("/board/BK0493.html").contains("<h1>新能源</h1>"));
    site.assert_status("/stock/600160.SH/1.html", 200);
    site.assert_status("/stock/600160.SH/2.html", 404);
    site.assert_moved("/stock/BK0493.html", "/board/BK0493.html");
    site.assert_moved("/board/600160.SH.html", "/stock/600160.SH.html");
    site.assert_status("/stock/600519.SH.html", 404);
    site.assert_conditional("/stock/600160.SH.html");
    site.assert_conditional("/stock/");
}

#[test]
fn bare_security_code_redirects_or_offers_a_choice() {
    let site = site_with_securities();
    site.assert_moved("/stock/600160", "/stock/600160.SH.html");
    site.assert_moved("/stock/600160.html", "/stock/600160.SH.html");
    site.assert_moved("/stock/700.html", "/stock/00700.HK.html");
    site.assert_moved("/stock/700.hk.html", "/stock/00700.HK.html");
    let html = site.page("/stock/000700.html");
    assert!(html.contains("/stock/000700.SZ.html") && html.contains("/stock/000700.US.html"), "{html}");
    site.assert_status("/stock/1.html", 404);
    site.assert_moved("/stock/600160.sh.html", "/stock/600160.SH.html");
    site.assert_moved("/stock/600160/1.html", "/stock/600160.SH/1.html");
    site.assert_status("/stock/600160/2.html", 404);
}

#[test]
fn securities_are_ranked_by_recent_mentions() {
    let site = site_with_securities();
    let html = site.page("/stock/");
    let week = html.split("<section>").nth(1).expect("a ranking");
    assert!(week.contains("近 7 天") && week.contains("000700.US") && !week.contains("600160.SH"), "{week}");
    let month = html.split("<section>").nth(2).expect("another");
    let first = month.find("600160.SH").expect("the one mentioned most");
    assert!(month.find("00700.HK").is_some_and(|other| first < other), "{month}");
    assert!(site.page("/stock/?q=%E7%94%B2").contains("600160.SH"), "by a name");
    assert!(site.page("/stock/?q=00700.h").contains("00700.HK"), "by a code, in any case");
    assert!(!site.page("/stock/?q=00700.h").contains("600160.SH"));
}

#[test]
fn article_links_posts_published_within_a_week() {
    let posts = [("a", "03-01"), ("b", "03-02"), ("c", "03-03"), ("d", "03-08"), ("e", "03-20")].map(
        |(name, day)| {
            let date = format!("2024-{day} 08:00:00 +0800");
            (format!("_posts/2024-{day}-{name}.md"), post_mentioning(name, &date, &[("1,600160", "甲股份")]))
        },
    );
    let mut files = vec![("_config.yml", CONFIG)];
    files.extend(posts.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let site = Site::from_files(&files);
    let html = site.page("/news/2024/03/02/b.html");
    let around = html.split("class=\"around\"").nth(1).expect("posts around");
    // A and C are already linked as neighbours in the source; E is weeks later.
    assert!(around.contains("/d.html"), "{around}");
    assert!(["/a.html", "/c.html", "/e.html"].iter().all(|other| !around.contains(other)), "{around}");
    let html = site.page("/news/2024/03/20/e.html");
    assert!(html.contains("/d.html") && !html.contains("class=\"around\""), "D is only a neighbour");
}

#[test]
fn posts_around_an_article_are_named_by_what_they_share() {
    let mut files = vec![("_config.yml".to_owned(), CONFIG.to_owned())];
    for day in 1..=5 {
        let mention: &[(&str, &str)] = if matches!(day, 1 | 5) { &[("1,600160", "甲股份")] } else { &[] };
        let date = format!("2024-03-0{day} 08:00:00 +0800");
        files.push((format!("_posts/2024-03-0{day}-p{day}.md"), post_mentioning("A", &date, mention)));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let html = Site::from_files(&files).page("/news/2024/03/01/p1.html");
    let sections: Vec<&str> = html.split("class=\"around\"").skip(1).collect();
    let [related, same_source] = sections[..] else { panic!("two sections: {html}") };
    // The second post is linked as the next one of the source.
    for (section, heading, posts) in
        [(related, "相关消息", &["p5"][..]), (same_source, "同来源近期消息", &["p3", "p4"][..])]
    {
        assert!(section.contains(heading), "{section}");
        for post in ["p1", "p2", "p3", "p4", "p5"] {
            let link = format!("/{post}.html");
            assert_eq!(section.contains(&link), posts.contains(&post), "{heading} {post}: {section}");
        }
    }
}

#[test]
fn newer_stands_before_older_on_every_page() {
    let site = site_with_securities();
    for (path, newer, older) in [
        ("/news/2024/03/02/b.html", "/news/2024/03/03/c.html", "/news/2024/03/01/a.html"),
        ("/2024/03/02/", "/2024/03/03/", "/2024/03/01/"),
    ] {
        let html = site.page(path);
        let place = |link: &str| html.find(link).unwrap_or_else(|| panic!("no {link} in {html}"));
        let newer = place(&format!("<a rel=\"prev\" href=\"{newer}\"><span>更新</span>"));
        assert!(newer < place(&format!("<a rel=\"next\" href=\"{older}\"><span>更早</span>")), "{path}");
    }
}

#[test]
fn only_post_of_a_source_leads_to_other_pages() {
    let post = "---\ntitle: A\ncategories: solo\n---\nText.\n";
    let site = Site::from_files(&[
        ("_config.yml", CONFIG),
        ("_posts/2024-01-02-a.md", post),
        ("_posts/2024-01-03-b.md", "---\ntitle: B\n---\nText.\n"),
    ]);
    let ways = |path: &str| {
        let html = site.page(path);
        let footer = html.split("class=\"article-footer\"").nth(1).expect("a footer").to_owned();
        footer.split("</footer>").next().unwrap_or_default().to_owned()
    };
    let html = ways("/solo/2024/01/02/a.html");
    for href in ["/category/solo.html", "/2024/01/02/", "/"] {
        assert!(html.contains(&format!("<a href=\"{href}\">")), "{href}: {html}");
    }
    assert!(ways("/2024/01/03/b.html").contains("<a href=\"/2024/01/03/\">"), "a post without source");
}

#[test]
fn footer_of_the_site_keeps_links_to_data_and_feed() {
    for footer in ["", "finews:\n  footer: <p>Own</p>\n"] {
        let config = format!("title: T\nbaseurl: /b\n{footer}");
        let html =
            Site::from_files(&[("_config.yml", &config), ("_posts/2024-01-01-a.md", "A\n")]).page("/b/");
        let end = html.split("class=\"site-footer\"").nth(1).expect("a footer");
        assert!(end.contains("href=\"/b/archive/\"") && end.contains("href=\"/b/feed.xml\""), "{end}");
        assert_eq!(end.contains("Own"), !footer.is_empty());
    }
}

#[test]
fn source_list_filter_works_without_script() {
    let site = site();
    for query in ["%E6%B2%B3", "HET", "+hetan+"] {
        let html = site.page(&format!("/category/?q={query}"));
        assert!(
            html.contains("/category/hetan.html") && !html.contains("/category/jiangkou.html"),
            "{query}"
        );
    }
    assert!(site.page("/category/?q=%00%ff%3Cx%3E").contains("没有这样的名称"));
    assert!(site.page("/category/?q=wang+%E6%B2%B3").contains("没有这样的名称"), "each word must be held");
    assert_ne!(site.get("/category/").header("etag"), site.get("/category/?q=hetan").header("etag"));
}

/// A typing error in a year must not stretch the chart over two millennia.
#[test]
fn mistyped_year_does_not_stretch_the_chart() {
    let post = |date: &str| format!("---\ndate: {date} 10:00:00 +0000\ncategories: news\n---\nText.\n");
    let (typo, right) = (post("0204-05-05"), post("2024-05-05"));
    let site = Site::from_files(&[("_posts/2024-05-05-a.md", &typo), ("_posts/2024-05-05-b.md", &right)]);
    let html = site.page("/category/news.html");
    assert!(html.len() < 100_000, "{} bytes", html.len());
}

#[test]
fn control_characters_are_removed_from_names() {
    let post = "---\ntitle: \"a\\0b\\x01\"\ncategories: [\"n\\0x\"]\n---\nText.\n";
    let site = Site::from_files(&[("_posts/2024-05-05-a.md", post)]);
    assert!(site.page("/nx/2024/05/05/a.html").contains("<h1>ab</h1>"));
    assert!(site.page("/category/nx.html").contains("<h1>nx</h1>"));
}

#[test]
fn group_named_index_has_its_own_page() {
    let site = Site::from_files(&[(
        "_posts/2024-05-05-a.md",
        "---\ncategories: [index]\ntags: [index]\n---\nText.\n",
    )]);
    for kind in ["category", "tag"] {
        let path = format!("/{kind}/%69ndex.html");
        assert!(site.page(&format!("/{kind}/")).contains(&format!("href=\"{path}\"")));
        assert!(site.page(&path).contains("<h1>index</h1>"));
    }
}

#[test]
fn source_chart_day_links_to_its_posts() {
    // Seven posts per day, so that some days span two pages.
    let posts: Vec<(String, String)> = (0..130)
        .map(|n| {
            let day = n / 7 + 1;
            let text = format!(
                "---\ntitle: Post {n}.\ndate: 2024-01-{day:02} {:02}:00:00\ncategories: news\n---\nText.\n",
                n % 7
            );
            (format!("_posts/2024-01-01-p{n}.md"), text)
        })
        .collect();
    let site = Site::from_files(
        &posts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect::<Vec<_>>(),
    );
    let html = site.page("/category/news.html");
    let days: Vec<&str> = html
        .split("href=\"")
        .skip(1)
        .filter_map(|part| part.split('"').next())
        .filter(|href| href.contains("#ui-2024"))
        .collect();
    assert_eq!(days.len(), 2 * 19, "in the picture, and in its table");
    for href in days {
        let (path, id) = href.split_once('#').expect("a fragment");
        let page = site.page(path);
        assert!(page.contains(&format!("id=\"{id}\"")), "{href}");
        let day: usize = id.rsplit('-').next().expect("a day").parse().expect("a number");
        let newest = (day * 7 - 1).min(129);
        assert!(page.contains(&format!(">Post {newest}.<")), "{href} shows the day's newest");
    }
}
