//! The archive of a scraper as readers see it: two files of one story, links between articles, and the parts of
//! an article page that scraped bodies have.

use serde_json::json;

use crate::support::{Site, element_texts, json_lines};

const CONFIG: &str = "title: 样例\nurl: https://news.example\nlang: zh-CN\ntimezone: Asia/Shanghai\n";
const OWN_URL: &str = "/hetan/2024/01/05/NW202401052200000003.html";
const OTHER_URL: &str = "/emnews/2024/01/05/202401052200000003.html";

/// The source's own article.
const OWN: (&str, &str) = (
    "_posts/2024-01-05-NW202401052200000003.md",
    "---\ntitle: 河滩股份：一季度签约三亿元\ndate: 2024-01-05 09:00:00 +0800\ncategories: hetan\ntags: 河滩新闻\n---\n\
     <p><img src=\"https://q.example/k.png\" data-code=\"K 600001|1|2\"></p>\
     <p>河滩股份公告，一季度签约三亿元，同比持平。</p><p>（文章来源：河滩晨报）</p>\n",
);
/// The same story in the aggregator's list.
const OTHER: (&str, &str) = (
    "_posts/2024-01-05-202401052200000003.md",
    "---\ntitle: 河滩股份：一季度签约三亿元\ndate: 2024-01-05 09:00:00 +0800\ncategories: emnews\ntags: 滚动新闻\n---\n\
     > 河滩股份公告，一季度签约三亿元。（河滩晨报）\n\n\
     <p><a class=\"keytip\" data-code=\"1,600001\" href=\"https://q.example/1.600001\">河滩股份</a>公告，一季度签约三亿元，\
     同比持平。<a class=\"keytip\" data-code=\"90,BK0001\" href=\"https://q.example/90.BK0001\">造纸</a></p>\n",
);
const LONE: (&str, &str) = (
    "_posts/2024-01-04-202401042200000001.md",
    "---\ntitle: 云岫造纸扩产\ndate: 2024-01-04 09:00:00 +0800\ncategories: emnews\ntags: 滚动新闻\n---\n正文。\n",
);

fn site(more: &[(&str, &str)]) -> Site {
    Site::from_files(&[&[("_config.yml", CONFIG), OWN, OTHER, LONE], more].concat())
}

/// How often a page lists each of the two files.
fn entries(html: &str) -> [usize; 2] {
    [OWN_URL, OTHER_URL].map(|url| html.matches(&format!("class=\"entry-title\"><a href=\"{url}\"")).count())
}

#[test]
fn two_files_of_a_story_are_one_entry_in_every_list() {
    let site = site(&[]);
    let lists = [
        "/",
        "/category/hetan.html",
        "/category/emnews.html",
        "/tag/%E6%B2%B3%E6%BB%A9%E6%96%B0%E9%97%BB.html",
        "/tag/%E6%BB%9A%E5%8A%A8%E6%96%B0%E9%97%BB.html",
        "/2024/01/05/",
        "/stock/600001.SH.html",
        "/board/BK0001.html",
    ];
    for path in lists {
        assert_eq!(entries(&site.page(path)), [1, 0], "{path}");
    }
    assert!(site.page("/category/").contains("emnews"), "the source of the follower stays");
    for (feed, count) in [("/feed.xml", 2), ("/feed/emnews.xml", 2), ("/feed/hetan.xml", 1)] {
        let ids = element_texts(&site.get(feed).text(), "id");
        let of_story = |id: &&String| id.ends_with("202401052200000003");
        assert_eq!(ids.iter().filter(of_story).count(), 1, "{feed}: {ids:?}");
        assert!(ids.iter().any(|id| id.ends_with("/NW202401052200000003")), "{feed}: {ids:?}");
        assert_eq!(site.get(feed).text().matches("<entry").count(), count, "{feed}");
    }
    let sitemap = site.get("/sitemap/2024-01.xml").text();
    assert!(sitemap.contains(OWN_URL) && !sitemap.contains(OTHER_URL), "{sitemap}");
}

#[test]
fn other_letters_before_the_digits_make_a_story_too() {
    for (letters, count) in [("CJ", 1), ("A", 1), ("nw", 1), ("abc", 2), ("ABCDE", 2)] {
        let own = OWN.0.replace("NW", letters);
        let site = Site::from_files(&[("_config.yml", CONFIG), (&own, OWN.1), OTHER]);
        let feed = site.get("/feed.xml").text();
        assert_eq!(feed.matches("<entry").count(), count, "{letters}: {feed}");
        let leads = feed.contains(&format!("/{letters}202401052200000003"));
        assert!(leads, "{letters}: {feed}");
    }
}

#[test]
fn both_urls_of_a_story_answer_and_name_each_other() {
    let site = site(&[]);
    let (own, other) = (site.page(OWN_URL), site.page(OTHER_URL));
    assert!(own.contains(&format!("<a href=\"{OTHER_URL}\">")), "{own}");
    assert!(other.contains(&format!("<a href=\"{OWN_URL}\">")), "{other}");
    let canonical = format!("<link rel=\"canonical\" href=\"https://news.example{OWN_URL}\">");
    assert!(own.contains(&canonical) && other.contains(&canonical));
    let also = format!("<p class=\"also\">同一报道另见：<a href=\"{OTHER_URL}\">");
    assert!(own.contains(&also), "{own}");
    for html in [&own, &other] {
        assert!(html.contains("<p class=\"digest\">") && html.contains("三亿元。（河滩晨报）"), "{html}");
        // The chart names the security by its code only; the other file has the name and the quote page.
        assert!(html.contains("河滩股份 <span class=\"code\">600001.SH</span>"), "{html}");
        assert!(html.contains("href=\"https://q.example/1.600001\" title=\"行情\""), "{html}");
        assert!(html.contains("造纸 <span class=\"code\">BK0001</span>"), "{html}");
    }
    site.assert_conditional(OWN_URL);
    site.assert_conditional(OTHER_URL);
    assert_ne!(site.get(OWN_URL).header("etag"), site.get(OTHER_URL).header("etag"));
}

#[test]
fn related_news_follow_the_mentions_of_both_files() {
    let sector = (
        "_posts/2024-01-06-paper.md",
        "---\ntitle: 造纸板块\ndate: 2024-01-06 09:00:00 +0800\ncategories: jiangkou\n---\n\
         <a class=\"keytip\" data-code=\"90,BK0001\">造纸</a>走强。\n",
    );
    let site = site(&[sector]);
    for url in [OWN_URL, OTHER_URL] {
        let html = site.page(url);
        let (_, around) = html.split_once("class=\"around\"").expect("related news");
        assert!(around.contains("相关消息") && around.contains("/paper.html"), "{url}: {around}");
    }
}

#[test]
fn data_line_has_the_text_of_both_files() {
    let lines = |files: &[(&str, &str)]| {
        let site = Site::from_files(&[&[("_config.yml", CONFIG)], files].concat());
        let month = site.get("/archive/2024-01.ndjson");
        (json_lines(&month.text()), month.header("etag").to_owned())
    };
    let (both, both_tag) = lines(&[LONE, OWN, OTHER]);
    let (one, one_tag) = lines(&[LONE, OWN]);
    assert_eq!((both.len(), one.len()), (2, 2));
    assert!(both[0]["story"].is_null() && one[1]["story"].is_null(), "{both:?}");
    let text = both[1]["text"].as_str().expect("a text");
    assert!(text.contains("同比持平") && !text.contains("（河滩晨报）"), "{text}");
    let story = both[1]["story"].as_array().expect("the other file");
    assert_eq!((story.len(), &story[0]["path"], &story[0]["url"]), (1, &json!(OTHER.0), &json!(OTHER_URL)));
    let more = story[0]["text"].as_str().expect("a text");
    assert!(more.contains("三亿元。（河滩晨报）"), "{more}");
    assert!(more.lines().all(|line| text.lines().all(|other| other != line)), "{more}");
    assert_ne!(both_tag, one_tag);
}

#[test]
fn home_shows_a_story_below_its_own_source_only() {
    let column = |site: &Site| {
        let home = site.page("/");
        let (_, column) = home.split_once("class=\"home-side\"").expect("a column");
        column.split_once("</aside>").expect("its end").0.to_owned()
    };
    let side = column(&site(&[]));
    assert!(side.contains("/category/hetan.html") && side.contains("/category/emnews.html"), "{side}");
    assert_eq!(side.matches(&format!("href=\"{OWN_URL}\"")).count(), 1, "{side}");
    // A source without an article of its own stays, without a list.
    let side = column(&Site::from_files(&[("_config.yml", CONFIG), OWN, OTHER]));
    assert!(side.contains("/category/emnews.html"), "{side}");
    assert_eq!(side.matches("<ul>").count(), 1, "{side}");
}

#[test]
fn search_finds_a_story_once_by_either_file() {
    let site = Site::with_index(&[("_config.yml", CONFIG), OWN, OTHER, LONE]);
    let filters = ["", "source:emnews", "source:hetan", "tag:%E6%BB%9A%E5%8A%A8%E6%96%B0%E9%97%BB"];
    for filter in filters {
        let query = format!("%E7%AD%BE%E7%BA%A6+{filter}");
        let html = site.page(&format!("/search?q={query}"));
        assert!(html.contains(&format!("href=\"{OWN_URL}\"")), "{query}: {html}");
        assert!(!html.contains(OTHER_URL), "{query}: {html}");
    }
}

#[test]
fn follower_alone_is_listed_like_any_post() {
    let hidden = OWN.1.replace("---\ntitle", "---\nhidden: true\ntitle");
    for files in [vec![OTHER], vec![OTHER, (OWN.0, hidden.as_str())]] {
        let site = Site::from_files(&[&[("_config.yml", CONFIG)], &*files].concat());
        assert_eq!(entries(&site.page("/")), [0, 1]);
        assert!(!site.page(OTHER_URL).contains(OWN_URL));
    }
}

#[test]
fn links_to_articles_of_the_archive_become_local() {
    let linking = (
        "_posts/2024-01-06-202401062200000009.md",
        "---\ntitle: 解读\ndate: 2024-01-06 09:00:00 +0800\ncategories: emnews\n---\n\
         见<a href=\"https://f.example/a/202401052200000003.html\">全文</a>、\
         <a href=\"https://f.example/a/202401052200000004.html\">另文</a>与\
         <a href=\"https://f.example/a/202401062200000009.html\">本文</a>。\n",
    );
    let url = "/emnews/2024/01/06/202401062200000009.html";
    let with = site(&[linking]);
    let html = with.page(url);
    assert!(html.contains(&format!("<a href=\"{OWN_URL}\">全文</a>")), "{html}");
    for external in ["202401052200000004", "202401062200000009"] {
        assert!(html.contains(&format!("<a href=\"https://f.example/a/{external}.html\" rel=")), "{html}");
    }
    let content = element_texts(&with.get("/feed.xml").text(), "content");
    let local = format!("href=\"https://news.example{OWN_URL}\"");
    assert!(content.iter().any(|content| content.contains(&local)), "{content:?}");
    let without = Site::from_files(&[("_config.yml", CONFIG), LONE, linking]);
    assert!(without.page(url).contains("<a href=\"https://f.example/a/202401052200000003.html\" rel="));
    assert_ne!(with.get(url).header("etag"), without.get(url).header("etag"));
}

#[test]
fn security_without_a_name_shows_its_code_once() {
    let text = "---\ntitle: A\ndate: 2024-01-05 09:00:00 +0800\ncategories: hetan\n---\n\
                <p><img src=\"https://q.example/k.png\" data-code=\"K 600010|1|2\"></p><p>\
                <a class=\"keytip\" data-code=\"1,600011\">河滩股份</a>。</p>\n";
    let site = Site::from_files(&[("_config.yml", CONFIG), ("_posts/2024-01-05-a.md", text)]);
    let article = site.page("/hetan/2024/01/05/a.html");
    assert!(article.contains("<a href=\"/stock/600010.SH.html\">600010.SH</a>"), "{article}");
    assert!(article.contains("河滩股份 <span class=\"code\">600011.SH</span></a>"), "{article}");
    let ranking = site.page("/stock/");
    assert!(ranking.contains("<a href=\"/stock/600010.SH.html\">600010.SH</a></th>"), "{ranking}");
    assert!(ranking.contains("河滩股份</a> <span class=\"code\">600011.SH</span></th>"), "{ranking}");
}

#[test]
fn article_follows_the_settings_of_the_scraped_archive() {
    let mention = |n: usize| format!("<a class=\"keytip\" data-code=\"1,6000{n}\">股{n}</a>。");
    let mentions: String = (10..24).map(mention).collect();
    let text = format!(
        "---\ntitle: A\ndate: 2024-01-05 09:08:07 +0800\ncategories: hetan\n---\n\
         <p><img src=\"https://q.example/k.png\" data-code=\"K 600010|1|2\"></p><p>{mentions}</p>\
         <center><img src=\"https://a.example/D1_w506h907.jpg\" width=\"506\"></center><p>图下文字。</p>\n\n\
         <http://proxy.example/share.html?infoCode=NW202401052200000003>\n\n[返回](//news.example/)\n"
    );
    let file = ("_posts/2024-01-05-a.md", text.as_str());
    let plain = Site::from_files(&[("_config.yml", CONFIG), file]).page("/hetan/2024/01/05/a.html");
    assert!(plain.contains("<p class=\"quote-chart\">"), "{plain}");
    assert!(plain.contains("title=\"2024-01-05 09:08:07 +08:00\""), "{plain}");
    let (shown, folded) =
        plain.split_once("<details><summary>其余 2 个</summary>").expect("folded securities");
    assert!(shown.contains("600021.SH</span>") && !shown.contains("600022.SH</span>"), "{shown}");
    assert!(folded.contains("600022.SH</span>") && folded.contains("600023.SH</span>"), "{folded}");
    assert!(plain.contains("<a class=\"full-image\" href=\"https://a.example/D1_w506h907.jpg\""), "{plain}");
    assert!(plain.contains("width=\"506\" height=\"907\""), "{plain}");
    assert!(!plain.contains("class=\"disclaimer\""));
    let config = format!(
        "{CONFIG}finews:\n  charts: off\n  disclaimer: 不构成<b>投资</b>建议。<script>x</script>\n  original_url:\n    \
         'proxy\\.example/.*infoCode=NW(\\d+)': https://f.example/a/$1.html\n"
    );
    let set = Site::from_files(&[("_config.yml", config.as_str()), file]).page("/hetan/2024/01/05/a.html");
    assert!(!set.contains("quote-chart") && !set.contains("k.png"), "{set}");
    assert!(set.contains("<div class=\"disclaimer\">不构成<b>投资</b>建议。</div>"), "{set}");
    assert!(set.contains("href=\"https://f.example/a/202401052200000003.html\""), "{set}");
}

#[test]
fn tags_that_repeat_sources_are_left_out() {
    let post = |n: usize, tags: &str| {
        let text = format!("---\ntitle: P{n}\ncategories: s{n}\ntags: [{tags}]\n---\nText.\n");
        (format!("_posts/2024-01-0{n}-p.md"), text)
    };
    let page = |posts: &[(String, String)], path: &str| {
        let files: Vec<_> = posts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        Site::from_files(&files).page(path)
    };
    let repeated = [post(1, "t1"), post(2, "t2")];
    let mixed = [post(1, "t1"), post(2, "t1, t2")];
    let has_tags = |html: &str| (html.contains("<a href=\"/tag/\">"), html.contains("rel=\"tag\""));
    assert_eq!(has_tags(&page(&repeated, "/s1/2024/01/01/p.html")), (false, false));
    assert_eq!(has_tags(&page(&mixed, "/s1/2024/01/01/p.html")), (true, true));
    // The list itself stays.
    assert!(page(&repeated, "/tag/").contains("/tag/t1.html"));
    let own_nav = ("_config.yml".to_owned(), "finews:\n  nav: [{label: T, url: /tag/}]\n".to_owned());
    let [one, two] = repeated;
    assert!(page(&[own_nav, one, two], "/s1/2024/01/01/p.html").contains("<a href=\"/tag/\">T</a>"));
}
