//! Feeds in Atom and in JSON.

use std::collections::BTreeSet;
use std::fs;

use crate::support::{Site, element_texts as elements, json_lines};

/// The targets of all links with this relation, in the feed and in its entries.
fn links(xml: &str, relation: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(xml).unwrap_or_else(|error| panic!("{error}: {xml}"));
    let links = document.descendants().filter(|node| node.attribute("rel") == Some(relation));
    links.filter_map(|node| node.attribute("href")).map(str::to_owned).collect()
}

/// A site of `posts` posts that alternate between two sources.
fn site_with_posts(posts: usize, config: &str) -> Site {
    let posts: Vec<(String, String)> = (0..posts)
        .map(|n| {
            let (source, tag) = if n % 2 == 0 { ("hetan", "河滩新闻") } else { ("jiangkou", "江口新闻") };
            let day = n / 24 + 1;
            let text = format!(
                "---\ntitle: 第 {n} 条\ndate: 2024-01-{day:02} {:02}:00:00 +0000\ncategories: {source}\ntags: [{tag}, t]\n---\n\
                 <p><a href=\"/about/\">正文</a> {n} <span class=\"keytip\" data-code=\"1,600160\">甲</span></p>\n",
                n % 24
            );
            (format!("_posts/2024-01-01-p{n}.md"), text)
        })
        .collect();
    let posts = posts.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    Site::from_files(&[("_config.yml", config)].into_iter().chain(posts).collect::<Vec<_>>())
}

const CONFIG: &str = "title: 河滩 & 江口\nurl: https://news.example\nbaseurl: /b\nlang: zh-CN\n";

#[test]
fn feed_entries_have_the_ids_of_jekyll_feed() {
    let site = crate::support::fixture("oddities");
    let copy = tempfile::tempdir().expect("a folder");
    let copied = std::process::Command::new("cp").arg("-r").arg(&site).arg(copy.path()).status();
    assert!(copied.expect("cp").success());
    let root = copy.path().join("oddities");
    let mut config = fs::read_to_string(root.join("_config.yml")).expect("a configuration");
    config.push_str("feed:\n  posts_limit: 200\n");
    fs::write(root.join("_config.yml"), config).expect("a file");
    let xml = Site::from_folder(&root).get("/feed.xml").text();
    let (ids, links) = (elements(&xml, "id"), links(&xml, "alternate"));
    let ours: BTreeSet<(String, String)> = ids.into_iter().zip(links).skip(1).collect();
    let expected = fs::read_to_string(crate::support::fixture("oddities.feed.ndjson")).expect("a fixture");
    let field = |line: &serde_json::Value, name: &str| line[name].as_str().expect("a text").to_owned();
    let theirs: BTreeSet<(String, String)> =
        json_lines(&expected).iter().map(|line| (field(line, "id"), field(line, "link"))).collect();
    // Jekyll leaves the `?` of a category name in the URL, where it begins a query, so no client can request
    // that page. finews escapes it, so its URL differs.
    let is_sound = |(id, _): &&(String, String)| !id.contains("/a?b") && !id.contains("/a%3Fb");
    let missing: Vec<_> = theirs.difference(&ours).filter(is_sound).collect();
    let added: Vec<_> = ours.difference(&theirs).filter(is_sound).collect();
    assert_eq!(theirs.len(), 59, "two of the 60 posts have one address");
    assert!(missing.is_empty() && added.is_empty(), "missing {missing:#?}, added {added:#?}");
}

#[test]
fn each_list_has_an_atom_and_a_json_feed() {
    let site = site_with_posts(3, CONFIG);
    for (page, feed, entries, title) in [
        ("/b/", "/b/feed", 3, "河滩 & 江口"),
        ("/b/category/hetan.html", "/b/feed/hetan", 2, "河滩 & 江口 | 河滩"),
        ("/b/tag/t.html", "/b/feed/by_tag/t", 3, "河滩 & 江口 | t"),
        ("/b/stock/600160.SH.html", "/b/feed/stock/600160.SH", 3, "河滩 & 江口 | 甲"),
    ] {
        let html = site.page(page);
        for (extension, kind, sent) in [
            ("xml", "application/atom+xml", "application/xml"),
            ("json", "application/feed+json", "application/feed+json"),
        ] {
            let path = format!("{feed}.{extension}");
            assert!(
                html.contains(&format!("type=\"{kind}\"")) && html.contains(&format!("href=\"{path}\"")),
                "{page}"
            );
            let response = site.get(&path);
            assert_eq!(response.header("content-type"), format!("{sent}; charset=utf-8"));
            assert_eq!(response.header("access-control-allow-origin"), "*");
            assert_eq!(response.header("cache-control"), "no-cache");
            site.assert_conditional(&path);
        }
        let xml = site.get(&format!("{feed}.xml")).text();
        assert_eq!(elements(&xml, "entry").len(), entries, "{feed}");
        assert_eq!(elements(&xml, "title")[0], title);
        assert_eq!(links(&xml, "self"), [format!("https://news.example{feed}.xml")]);
        assert_eq!(links(&xml, "alternate")[0], format!("https://news.example{page}"));
        let json: serde_json::Value =
            serde_json::from_str(&site.get(&format!("{feed}.json")).text()).expect("JSON");
        assert_eq!(json["version"], "https://jsonfeed.org/version/1.1");
        assert_eq!(json["items"].as_array().map(Vec::len), Some(entries));
        assert_eq!(
            (json["title"].as_str(), json["feed_url"].as_str()),
            (Some(title), Some(&*format!("https://news.example{feed}.json")))
        );
    }
    for path in
        ["/b/feed/nobody.xml", "/b/feed/by_tag/none.json", "/b/feed/stock/600519.SH.xml", "/b/feed/hetan.rss"]
    {
        site.assert_status(path, 404);
    }
}

#[test]
fn entry_contains_the_whole_post_with_absolute_urls() {
    let xml = site_with_posts(1, CONFIG).get("/b/feed.xml").text();
    let content = elements(&xml, "content");
    assert!(content[0].contains("<a href=\"https://news.example/about/\">正文</a>"), "{content:?}");
    assert!(content[0].contains("href=\"https://news.example/b/stock/600160.SH.html\""), "{content:?}");
    assert_eq!(elements(&xml, "published"), ["2024-01-01T00:00:00+00:00"]);
    let short =
        site_with_posts(1, &format!("{CONFIG}feed: {{excerpt_only: true}}\n")).get("/b/feed.xml").text();
    assert!(elements(&short, "content").is_empty() && elements(&short, "summary") == ["正文 0 甲"]);
}

#[test]
fn prev_archive_links_lead_to_the_oldest_post() {
    let site = site_with_posts(47, CONFIG);
    let mut seen = BTreeSet::new();
    let mut next = Some("/b/feed.xml".to_owned());
    let mut documents = 0;
    while let Some(path) = next {
        let response = site.get(&path);
        let policy = if documents == 0 { "no-cache" } else { "max-age=86400" };
        assert_eq!(response.header("cache-control"), policy, "{path}");
        let xml = response.text();
        seen.extend(elements(&xml, "id").split_off(1));
        next = links(&xml, "prev-archive").first().map(|url| url.replace("https://news.example", ""));
        documents += 1;
    }
    assert_eq!((documents, seen.len()), (5, 47));
    for path in ["/b/feed.xml?page=5", "/b/feed.xml?page=0", "/b/feed.xml?page=x", "/b/feed.json?page=-1"] {
        site.assert_status(path, 404);
    }
    let json: serde_json::Value = serde_json::from_str(&site.get("/b/feed.json").text()).expect("JSON");
    assert_eq!(json["next_url"], "https://news.example/b/feed.json?page=4");
}

#[test]
fn feed_updated_is_the_date_of_its_newest_entry() {
    // Clocks in Berlin were set back between these two posts.
    let post = |time: &str| format!("---\ndate: 2021-10-31 {time} +0000\n---\nText.\n");
    let (first, second) = (post("00:30:00"), post("01:10:00"));
    let site = Site::from_files(&[
        ("_config.yml", "timezone: Europe/Berlin\n"),
        ("_posts/2021-10-31-a.md", &first),
        ("_posts/2021-10-31-b.md", &second),
    ]);
    assert_eq!(elements(&site.get("/feed.xml").text(), "updated")[0], "2021-10-31T02:10:00+01:00");
}

#[test]
fn empty_site_has_an_empty_feed() {
    let site = Site::from_files(&[("_config.yml", CONFIG)]);
    let xml = site.get("/b/feed.xml").text();
    assert_eq!(elements(&xml, "updated"), ["1970-01-01T00:00:00+00:00"]);
    assert!(elements(&xml, "entry").is_empty());
}
