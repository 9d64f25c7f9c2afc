//! Old and damaged links find their page: each URL below is in a bookmark, a message or another site, and
//! must redirect to the current URL of its page.

use crate::support::{Site, element_texts};

const CONFIG: &str = "title: T\nfeed: {path: atom/all.xml}\ntimezone: Asia/Shanghai\nfinews:\n  naive_dates: local\n  legacy_hosts: [old.news.example]\n";

fn post(fields: &str) -> String {
    format!("---\ntitle: T\n{fields}\n---\nText.\n")
}

fn site() -> Site {
    let posts = [
        ("_posts/2021-12-09-NW202112092206805832.md", "categories: emnews\ntags: 红网新闻"),
        ("_posts/2022-05-26-202205262391921712.md", "categories: hongwang"),
        ("_posts/2021-12-10-Market-Close.md", "categories: Emnews\ndate: 2021-12-10 16:41:23"),
        ("_posts/2021-12-11-央行降准.md", "categories: hongwang"),
        // The same slug on three days.
        ("_posts/2021-12-01-morning.md", "categories: emnews"),
        ("_posts/2021-12-20-morning.md", "categories: hongwang"),
        ("_posts/2022-05-20-morning.md", "categories: emnews"),
        ("_posts/2021-12-12-file-name.md", "permalink: /docs/moved/\nredirect_from: [/was/here.html, old]"),
        ("_posts/2021-12-13-away.md", "redirect_to: https://elsewhere.example/x"),
        ("_posts/2021-12-14-joined.md", "categories: Career In touxingPEVC"),
        ("_posts/2021-12-15-gone.md", "published: false"),
    ];
    site_with_posts(&posts, &[("_config.yml", CONFIG), ABOUT])
}

const ABOUT: (&str, &str) = ("about.md", "---\npermalink: /about/\n---\nText.\n");

/// A site of posts with these front matter fields, and of other files.
fn site_with_posts(posts: &[(&str, &str)], others: &[(&str, &str)]) -> Site {
    let posts: Vec<(&str, String)> = posts.iter().map(|(path, fields)| (*path, post(fields))).collect();
    let posts = posts.iter().map(|(path, text)| (*path, text.as_str()));
    Site::from_files(&posts.chain(others.iter().copied()).collect::<Vec<_>>())
}

#[test]
fn old_and_damaged_urls_redirect_to_the_current_url() {
    const NUMBERED: &str = "/emnews/2021/12/09/NW202112092206805832.html";
    const BARE: &str = "/hongwang/2022/05/26/202205262391921712.html";
    const CLOSE: &str = "/emnews/2021/12/10/Market-Close.html";
    const HAN: &str = "/hongwang/2021/12/11/%E5%A4%AE%E8%A1%8C%E9%99%8D%E5%87%86.html";
    let table = [
        // Under another category, or without one.
        ("/hongwang/2021/12/09/NW202112092206805832.html", NUMBERED),
        ("/2021/12/09/NW202112092206805832.html", NUMBERED),
        ("/NW202112092206805832.html", NUMBERED),
        ("/news/archive/Market-Close.html", CLOSE),
        // On another day: the day of the same date read as UTC, and wrong days.
        ("/emnews/2021/12/11/Market-Close.html", CLOSE),
        ("/emnews/2021/12/08/NW202112092206805832.html", NUMBERED),
        ("/emnews/2021/12/32/NW202112092206805832.html", NUMBERED),
        // In another letter case.
        ("/Emnews/2021/12/10/market-close.html", CLOSE),
        ("/EMNEWS/2021/12/10/MARKET-CLOSE.HTML", CLOSE),
        ("/About/", "/about/"),
        ("/ABOUT.html", "/about/"),
        // Without `.html` under another day or category, or with a different ending.
        ("/2021/12/10/Market-Close", CLOSE),
        ("/emnews/2021/12/10/Market-Close/", CLOSE),
        ("/emnews/2021/12/10/Market-Close.html/", CLOSE),
        ("/hongwang/Market-Close/index.html", CLOSE),
        ("/emnews/2021/12/10/Market-Close.htm", CLOSE),
        // Characters that messaging programs include in a link, or escape twice.
        ("/emnews/2021/12/10/Market-Close.html)", CLOSE),
        ("/emnews/2021/12/10/Market-Close.html%E3%80%82", CLOSE),
        ("/hongwang/2021/12/11/%25E5%25A4%25AE%25E8%25A1%258C%25E9%2599%258D%25E5%2587%2586.html", HAN),
        ("/%E5%A4%AE%E8%A1%8C%E9%99%8D%E5%87%86", HAN),
        // Numeric IDs with an added `NW`, or without their own.
        ("/emnews/2021/12/09/202112092206805832.html", NUMBERED),
        ("/202112092206805832", NUMBERED),
        ("/hongwang/2022/05/26/NW202205262391921712.html", BARE),
        ("/nw202205262391921712.html", BARE),
        // The same slug on several days: the nearest day, or the newest post if the URL has no day.
        ("/x/2021/12/03/morning.html", "/emnews/2021/12/01/morning.html"),
        ("/x/2021/12/19/morning.html", "/hongwang/2021/12/20/morning.html"),
        ("/2023/01/01/morning", "/emnews/2022/05/20/morning.html"),
        ("/morning.html", "/emnews/2022/05/20/morning.html"),
        // Return links: from the archive's first years, as browsers resolved them, and with the old host.
        ("/emnews/", "/category/emnews.html"),
        ("/emnews/2021/12/emnews/", "/category/emnews.html"),
        ("/category/emnews/", "/category/emnews.html"),
        ("/category/HONGWANG.html", "/category/hongwang.html"),
        ("/Category/hongwang.html", "/category/hongwang.html"),
        ("/old.news.example/category/hongwang.html", "/category/hongwang.html"),
        ("//old.news.example/emnews/", "/category/emnews.html"),
        ("/category/emnews/page/2/", "/category/emnews.html"),
        ("/category/Career%20In%20touxingPEVC/", "/category/Career%20In%20touxingPEVC.html"),
        // Redirects that the operator configured.
        ("/was/here.html", "/docs/moved/"),
        ("/old", "/docs/moved/"),
        ("/2021/12/13/away.html", "https://elsewhere.example/x"),
        // A post that received its permalink later.
        ("/2021/12/12/file-name.html", "/docs/moved/"),
        ("/docs/MOVED", "/docs/moved/"),
        // Days in another notation, and folders of an article.
        ("/2021/12/9/", "/2021/12/09/"),
        ("/2021-12-09", "/2021/12/09/"),
        ("/hongwang/2021/12/", "/2021/12/"),
        ("/feed.xml/", "/feed.xml"),
        ("/atom/all.xml", "/feed.xml"),
        ("//", "/"),
    ];
    let site = site();
    for (from, to) in table {
        site.assert_moved(from, to);
        if to.starts_with('/') {
            site.assert_status(to, 200);
        }
    }
}

#[test]
fn cut_and_gbk_links_redirect_to_the_post() {
    const FOLDER: &str = "/%E8%B4%A2%E7%BB%8F/2024/12/30/";
    const HAN: &str = "/%E8%B4%A2%E7%BB%8F/2024/12/30/%E4%B8%AD%E6%96%87%E6%A0%87%E9%A2%98.html";
    let posts = [
        ("_posts/2024-12-30-中文标题.md", "categories: [财经]"),
        ("_posts/2024-12-30-中国.md", "categories: [财经]"),
        ("_posts/2024-12-31-中文标题.md", "categories: [财经]"),
        ("_posts/2024-12-31-公告.md", "permalink: /公告全文/"),
        ("_posts/2024-12-31-Two-Words.md", "permalink: /two-words/"),
    ];
    let site = site_with_posts(&posts, &[ABOUT]);
    for end in [
        // Inside a character or an escape.
        "%E4%B8%AD%E6%96%87%E6%A0%87%E9%A2",
        "%E4%B8%AD%E6%96%87%E6%A0%87%E9%A",
        "%E4%B8%AD%E6%96%87%E6%A0%87%E9%",
        "%E4%B8%AD%E6%96%87%E6",
        "%E4%B8%AD%E6%96%87%E",
        "%E4%B8%AD%E6%96%87%",
        // Between two characters.
        "%E4%B8%AD%E6%96%87%E6%A0%87",
        "%E4%B8%AD%E6%96%87",
        // In the extension, or behind it.
        "%E4%B8%AD%E6%96%87%E6%A0%87%E9%A2%98%",
        "%E4%B8%AD%E6%96%87%E6%A0%87%E9%A2%98.html%",
        // As programs shorten what they show.
        "%E4%B8%AD%E6%96%87%E6...",
        "%E4%B8%AD%E6%96%87...",
        "%E4%B8%AD%E6%96%87%E2%80%A6",
    ] {
        site.assert_moved(&format!("{FOLDER}{end}"), HAN);
    }
    for (from, to) in [
        ("/%B2%C6%BE%AD/2024/12/30/%D6%D0%CE%C4%B1%EA%CC%E2.html", HAN),
        ("/%B2%C6%BE%AD/2024/12/30/%D6%D0%CE%C4%B1%EA%CC%E2", HAN),
        ("/x/2024/12/30/%D6%D0%CE%C4%B1%EA%CC%E2.html", HAN),
        ("/%B2%C6%BE%AD/2024/12/30/%D6%D0%CE%C4%B1%EA%CC", HAN),
        ("/%B2%C6%BE%AD/2024/12/30/%D6%D0%CE%C4%B1%E", HAN),
        ("/category/%B2%C6%BE%AD.html", "/category/%E8%B4%A2%E7%BB%8F.html"),
        ("/%B9%AB%B8%E6%C8%AB%CE%C4/", "/%E5%85%AC%E5%91%8A%E5%85%A8%E6%96%87/"),
        // Without a day in the path.
        ("/%E5%85%AC%E5%91%8A%E5", "/%E5%85%AC%E5%91%8A%E5%85%A8%E6%96%87/"),
        ("/two-words%", "/two-words/"),
        ("/two-w%", "/two-words/"),
    ] {
        site.assert_moved(from, to);
        site.assert_status(to, 200);
    }
    // Several posts begin so, or none.
    let ambiguous = ["%E4%B8%AD%E6%96", "%E5%85"].map(|end| format!("{FOLDER}{end}"));
    for path in ambiguous.iter().map(String::as_str).chain(["/%E4", "/%", "/%zz", "/%ff"]) {
        site.assert_status(path, 404);
    }
}

#[test]
fn permalink_with_an_odd_escape_is_served() {
    let posts = [
        ("_posts/2021-12-01-a.md", "permalink: /q%ff/"),
        ("_posts/2021-12-02-b.md", "permalink: /50%-off/"),
        ("_posts/2021-12-03-c.md", "permalink: /100%"),
    ];
    let site = site_with_posts(&posts, &[]);
    for path in ["/q%ff/", "/q%FF/", "/50%-off/", "/50%25-off/", "/100%", "/100%25"] {
        site.assert_status(path, 200);
    }
    site.assert_moved("/q%ff", "/q%ff/");
    site.assert_status("/r%ff/", 404);
}

#[test]
fn ambiguous_url_redirects_to_the_closest_match() {
    let posts = [
        ("_posts/2021-12-09-123456789012.md", ""),
        ("_posts/2021-12-09-NW123456789012.md", "categories: x"),
        ("_posts/2021-12-10-close.md", ""),
        ("_posts/2021-12-10-Close.md", "categories: x"),
        ("_posts/2021-12-11-7.md", ""),
        ("_posts/2021-12-12-about.md", ""),
        ("_posts/2100-01-01-close.md", ""),
        // Two posts with the same day and slug.
        ("_posts/2021-01-01-plain.md", "categories: a\ndate: 2021-01-01 08:00:00 +0000"),
        ("b/_posts/2021-01-01-plain.md", "date: 2021-01-01 09:00:00 +0000"),
    ];
    let site = site_with_posts(&posts, &[ABOUT]);
    for (from, to) in [
        ("/y/2021/12/09/123456789012.html", "/2021/12/09/123456789012.html"),
        ("/y/2021/12/09/NW123456789012.html", "/x/2021/12/09/NW123456789012.html"),
        ("/y/2021/12/10/close.html", "/2021/12/10/close.html"),
        ("/y/2021/12/10/Close.html", "/x/2021/12/10/Close.html"),
        ("/y/2021/12/11/7.html", "/2021/12/11/7.html"),
        ("/a/2021/01/01/PLAIN.html", "/a/2021/01/01/plain.html"),
        ("/A/2021/1/1/plain.htm", "/a/2021/01/01/plain.html"),
        ("/b/plain.html&ref=x", "/b/2021/01/01/plain.html"),
        ("/a/plain.html%EF%BC%8C%E5%A4%A7%E5%AE%B6", "/a/2021/01/01/plain.html"),
        ("/About/", "/about/"),
        ("/category?q=x", "/category/?q=x"),
        ("/search/?q=%E5%A4%AE&x=1", "/search?q=%E5%A4%AE&x=1"),
    ] {
        site.assert_moved(from, to);
    }
    // A slug that could be a page number, and a post with a future date.
    for path in ["/7.html", "/y/2021/12/12/7.html", "/tag/nobody/page/7/", "/2100/01/01/close.html"] {
        site.assert_status(path, 404);
    }
}

#[test]
fn redirects_do_not_form_a_loop() {
    let site = Site::from_files(&[
        ("_posts/2021-12-13-away.md", "---\nredirect_to: /new/away.html\n---\nText.\n"),
        ("podcast.md", "---\npermalink: /feed/podcast.xml\nredirect_from: /pod.xml\n---\nText.\n"),
        ("_posts/2021-12-14-self.md", "---\npermalink: /self/\nredirect_to: /self/\n---\nText.\n"),
        ("_config.yml", "feed: {path: feed.xml}\n"),
    ]);
    site.assert_moved("/2021/12/13/away.html", "/new/away.html");
    site.assert_status("/self/", 200);
    for path in
        ["/new/away.html", "/pod.xml", "/feed/podcast.xml", "/feed.xml?page=999", "/sitemap/2099-01.xml/"]
    {
        site.assert_status(path, 404);
    }
}

#[test]
fn symbol_names_match_nothing_and_case_beats_slug() {
    let posts = [
        ("_posts/2021-12-01-p1.md", "categories: [📈]"),
        ("_posts/2021-12-02-p2.md", "categories: [C++]"),
        ("_posts/2021-12-03-p3.md", "categories: [C]"),
        ("_posts/2021-12-04-p4.md", "categories: ['C#']"),
    ];
    let site = site_with_posts(&posts, &[]);
    site.assert_moved("/category/c++/", "/category/C++.html");
    site.assert_moved("/category/c/page/2/", "/category/C.html");
    for path in ["/%F0%9F%98%80", "/x/---", "/category/%F0%9F%8E%89/"] {
        site.assert_status(path, 404);
    }
}

#[test]
fn permalink_with_backslash_or_space_stays_on_the_site() {
    let site = Site::from_files(&[
        ("_config.yml", "url: https://news.example\n"),
        ("_posts/2021-12-09-a.md", "---\npermalink: \"/\\\\evil.example/p/\"\n---\nText.\n"),
        ("_posts/2021-12-10-b.md", "---\npermalink: \"/a b/中文 页/\"\n---\nText.\n"),
    ]);
    site.assert_moved("/x/p", "/%5Cevil.example/p/");
    site.assert_status("/%5Cevil.example/p/", 200);
    let address = "/a%20b/%E4%B8%AD%E6%96%87%20%E9%A1%B5/";
    site.assert_status(address, 200);
    site.assert_moved("/2021/12/10/b.html", address);
    let address = format!("https://news.example{address}");
    assert!(element_texts(&site.get("/sitemap/2021-12.xml").text(), "loc").contains(&address));
    let feed: serde_json::Value = serde_json::from_str(&site.get("/feed.json").text()).expect("JSON");
    assert_eq!(feed["items"][0]["url"], address.as_str());
    let home = site.page("/");
    assert!(home.contains("href=\"/%5Cevil.example/p/\"") && !home.contains("href=\"/\\"), "{home}");
}

#[test]
fn withdrawn_and_unknown_urls_are_not_redirected() {
    let site = site();
    site.assert_status("/2021/12/15/gone.html", 410);
    for path in [
        "/emnews/2021/12/15/gone.html",
        "/emnews/2021/12/09/nothing.html",
        "/category/morning.html",
        "/tag/morning.html",
        "/feed/morning.xml",
        "/2021/12/morning.css",
        "/_finews/morning.html",
        "/.html",
    ] {
        site.assert_status(path, 404);
    }
}

#[test]
fn not_found_page_offers_nearest_day_and_search() {
    let site = site();
    for (path, day, words) in [
        ("/nowhere/2021/12/08/two-words.html", "/2021/12/09/", "two words"),
        ("/%E5%A4%AE%E8%A1%8C/%E5%8A%A0%E6%81%AF", "/2022/05/26/", "加息"),
        ("/%E5%A4%AE%E8%A1%8C/%E5%8A%A0%E6%81", "/2022/05/26/", "加"),
        ("/%E5%A4%AE%E8%A1%8C/%E5%8A%A0%E6%81%AF%", "/2022/05/26/", "加息"),
        ("/%D1%EB%D0%D0/%BC%D3%CF%A2", "/2022/05/26/", "加息"),
        ("/2021/12/17/20211217.html", "/2021/12/14/", ""),
    ] {
        let response = site.get(path);
        assert_eq!(response.status.as_u16(), 404);
        let html = response.text();
        assert!(html.contains(&format!("value=\"{words}\"")), "{path}: {html}");
        assert!(html.contains(&format!("href=\"{day}\"")), "{path}: {html}");
    }
}
