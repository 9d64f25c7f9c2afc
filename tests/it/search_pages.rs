//! The search as readers use it: its page, suggestions and feeds.

use axum::http::StatusCode;

use crate::support::Site;

/// Percent-encodes a text as a form does.
fn url_encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn search_page(site: &Site, query: &str) -> String {
    site.page(&format!("/search?q={}", url_encoded(query)))
}

/// The URLs of the links whose text contains `text`.
fn links(html: &str, text: &str) -> Vec<String> {
    let links = html.split("<a ").skip(1).filter_map(|link| link.split_once("</a>"));
    let found = links.filter(|(link, _)| link.contains(text));
    let href = |link: &str| {
        link.split_once("href=\"")?
            .1
            .split_once('"')
            .map(|(href, _)| href.replace("&amp;", "&").replace("&#38;", "&"))
    };
    found.filter_map(|(link, _)| href(link)).collect()
}

/// Posts of two sources and three months, each with a mention of a security.
fn market_site() -> Site {
    let mut files = vec![(
        "_config.yml".to_owned(),
        "title: 财讯\nlang: zh-CN\nurl: https://news.example\ntimezone: Asia/Shanghai\n".to_owned(),
    )];
    for number in 1..=50 {
        let (month, day) = (number % 3 + 1, number % 28 + 1);
        let source = if number % 5 == 0 { "hongwang" } else { "emnews" };
        let tag = if number % 5 == 0 { "红网新闻" } else { "东方财富新闻" };
        let code = if number % 2 == 0 { "600160\">巨化股份" } else { "600519\">贵州茅台" };
        files.push((
            format!("_posts/2024-{month:02}-{day:02}-p{number}.html"),
            format!("---\ntitle: 第{number}号公告\ncategories: {source}\ntags: {tag}\n---\n<p>今日<span class=\"keytip\" data-code=\"1,{code}</span>公告 &lt;降准&gt;，版本3.6.{number}。</p>\n"),
        ));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    Site::with_index(&files)
}

#[test]
fn search_lists_posts_sources_securities_and_marks_terms() {
    let site = market_site();
    let html = search_page(&site, "降准");
    assert!(html.contains("共 50 篇"), "{html}");
    assert!(html.contains("&#60;<mark>降准</mark>&#62;"), "{html}");
    assert!(html.contains("name=\"robots\" content=\"noindex\""));
    // The query in GBK, and the query with the beginning of another character.
    for query in ["%BD%B5%D7%BC", "%E9%99%8D%E5%87%86%E5", "%E9%99%8D%E5%87%86%E5%8"] {
        assert!(site.page(&format!("/search?q={query}")).contains("共 50 篇"), "{query}");
    }
    assert!(search_page(&site, "红网").contains("/category/hongwang.html"));
    assert!(search_page(&site, "巨化").contains("/stock/600160.SH.html"));
    assert!(
        search_page(&site, "第7号").contains("第<mark>7</mark>号公告")
            || search_page(&site, "第7号").contains("<mark>第7号</mark>公告")
    );
    assert!(search_page(&site, "3.6.7").contains("共 1 篇"), "and no 3.6.17");
    for path in [
        "/search",
        "/search?q=",
        "/search?q=%00",
        "/search?q=%ff",
        "/search?q=%3Cscript%3E",
        "/search?q=a&after=x&order=y",
    ] {
        assert!(!site.page(path).contains("<script>"), "{path}");
    }
    assert_eq!(site.get("/search?q=a").header("x-robots-tag"), "noindex");
    site.assert_conditional("/search?q=a");
}

#[test]
fn code_of_a_security_finds_its_posts() {
    let site = market_site();
    // The page also offers the security if the query has no other word.
    for (query, has_link) in [("600160", true), ("600160.SH", true), ("600160 公告", false)] {
        let html = search_page(&site, query);
        assert!(html.contains("共 25 篇"), "{query}: {html}");
        assert_eq!(html.contains("/stock/600160.SH.html"), has_link, "{query}: {html}");
    }
}

#[test]
fn search_that_finds_names_or_pages_only_says_so() {
    let site = Site::with_index(&[
        ("_config.yml", "title: 财讯\nlang: zh-CN\n"),
        ("soup.md", "---\ntitle: Soup\n---\nWarm soup.\n"),
        ("_posts/2024-01-02-a.md", "---\ntitle: A\ncategories: rolling\ntags: 河滩滚动新闻\n---\nText.\n"),
    ]);
    for (query, found) in [("河滩滚动", "/category/rolling.html"), ("soup", "/soup.html")] {
        let html = search_page(&site, query);
        assert!(html.contains(found) && html.contains("没有文章含有这些词。"), "{query}: {html}");
        assert!(!html.contains("没有找到"), "{query}: {html}");
    }
    assert!(search_page(&site, "无此").contains("没有找到"));
}

#[test]
fn search_finds_the_names_in_the_byline() {
    let site = Site::with_index(&[
        ("_config.yml", "title: 财讯\nlang: zh-CN\n"),
        (
            "_posts/2024-01-02-a.md",
            "---\ntitle: A\nauthor: 云岫\n---\n<p>正文。</p>\n<p>（文章来源：河滩晨报）</p>\n",
        ),
    ]);
    for query in ["河滩晨报", "云岫"] {
        assert!(search_page(&site, query).contains("共 1 篇"), "{query}");
    }
}

#[test]
fn filter_links_narrow_and_widen_the_search() {
    let site = market_site();
    let html = search_page(&site, "公告");
    for (name, count) in [("红网", 10), ("巨化股份", 25), ("2024年2月", 17)] {
        let found = links(&html, name);
        let narrower = found
            .iter()
            .find(|href| href.starts_with("/search"))
            .unwrap_or_else(|| panic!("{name}: {found:?}"));
        let html = site.page(narrower);
        assert!(html.contains(&format!("共 {count} 篇")), "{name}: {html}");
        let wider = links(&html, "×");
        assert_eq!(wider.len(), 1, "{name}");
        assert!(site.page(&wider[0]).contains("共 50 篇"), "{name}");
    }
}

#[test]
fn month_filter_stays_within_the_given_date_range() {
    let site = market_site();
    let html = search_page(&site, "公告 from:2024-01-10 to:2024-02-20");
    for month in ["2024年1月", "2024年2月"] {
        let narrower = links(&html, month).pop().expect("a link");
        let count = html.split(&format!("{month}</a> <span class=\"count\">")).nth(1).expect("a count");
        let count = count.split('<').next().expect("a number");
        assert!(site.page(&narrower).contains(&format!("共 {count} 篇")), "{narrower}: {count}");
    }
}

#[test]
fn overlong_query_shows_a_notice_and_keeps_filters() {
    let site = market_site();
    let many: String = (0..20).map(|number| format!(" -z{number}")).collect();
    for query in
        [format!("公告{many}"), format!("公告 -{}", "x".repeat(450)), format!("公告{}", " -x".repeat(1400))]
    {
        let html = search_page(&site, &query);
        assert!(html.contains("搜索词太长"), "{html}");
        let narrower = links(&html, "红网").into_iter().find(|href| href.contains("source")).expect("a link");
        assert!(site.page(&narrower).contains("共 10 篇"), "{narrower}");
    }
    assert!(!search_page(&site, "公告").contains("搜索词太长"));
}

#[test]
fn any_white_space_separates_query_words() {
    let site = market_site();
    for query in ["今日 降准", "今日\t降准", "今日\n降准", "今日\u{3000}降准"] {
        assert!(search_page(&site, query).contains("共 50 篇"), "{query:?}");
    }
    assert!(search_page(&site, "今日降准").contains("没有找到"));
}

#[test]
fn source_filter_accepts_names_with_special_characters() {
    let names = ["a\\\"b", "“x”y", "tail ", "a\\tb"];
    let files: Vec<(String, String)> = (names.iter().enumerate())
        .map(|(number, name)| {
            (
                format!("_posts/2024-01-0{}-p.md", number + 1),
                format!("---\ntitle: 公告\ncategories: [\"{name}\"]\n---\nx\n"),
            )
        })
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let site = Site::with_index(&files);
    let html = search_page(&site, "公告");
    let narrower: Vec<&str> = html.split("href=\"").filter(|link| link.contains("source%3A")).collect();
    assert_eq!(narrower.len(), names.len(), "{html}");
    for link in narrower {
        let href = link.split('"').next().expect("an address").replace("&amp;", "&").replace("&#38;", "&");
        assert!(site.page(&href).contains("1 post<"), "{href}");
    }
}

#[test]
fn result_pages_contain_each_post_once_in_both_orders() {
    let site = market_site();
    for order in ["", "&order=newest"] {
        let mut next = Some(format!("/search?q={}{order}", url_encoded("公告")));
        let (mut seen, mut pages) = (Vec::new(), 0);
        while let Some(path) = next {
            let html = site.page(&path);
            let list = html
                .split_once("<ol class=\"entries\">")
                .expect("results")
                .1
                .split_once("</ol>")
                .expect("an end")
                .0;
            seen.extend(links(list, "公告"));
            next = links(&html, "下一页").pop();
            pages += 1;
        }
        assert_eq!((pages, seen.len()), (3, 50), "{order}");
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 50, "{order}");
    }
    let newest = site.page(&format!("/search?q={}&order=newest", url_encoded("公告")));
    let first = newest.split("<time datetime=\"").nth(1).expect("a time");
    assert!(first.starts_with("2024-03-27"), "{first}");
}

#[test]
fn search_without_results_offers_alternatives() {
    let site = market_site();
    let html = search_page(&site, "公告 独角兽");
    let offered = links(&html, "公告 (50)");
    assert!(site.page(&offered[0]).contains("共 50 篇"));
    let html = search_page(&site, "今日巨化股份大涨");
    assert!(site.page(&links(&html, "今日巨化股份 (25)")[0]).contains("共 25 篇"), "{html}");
    assert!(search_page(&site, "独角兽").contains("href=\"/category/\""));
}

#[test]
fn suggestions_match_names_pinyin_codes_and_titles() {
    let site = market_site();
    let suggested = |typed: &str| {
        let response = site.get(&format!("/search/suggest?q={}", url_encoded(typed)));
        assert_eq!(response.header("content-type"), "application/x-suggestions+json; charset=utf-8");
        let value: serde_json::Value = serde_json::from_str(&response.text()).expect("JSON");
        let columns = value.as_array().expect("columns").clone();
        assert_eq!((columns.len(), columns[0].as_str()), (4, Some(typed)));
        let columns: Vec<Vec<String>> = columns[1..]
            .iter()
            .map(|column| {
                column
                    .as_array()
                    .expect("a column")
                    .iter()
                    .map(|text| text.as_str().expect("a text").to_owned())
                    .collect()
            })
            .collect();
        assert!(columns.iter().all(|column| column.len() == columns[0].len()));
        columns[0].iter().cloned().zip(columns[2].iter().cloned()).collect::<Vec<_>>()
    };
    let table = [
        ("hw", "红网", "/category/hongwang.html"),
        ("hongw", "红网", "/category/hongwang.html"),
        ("红", "红网", "/category/hongwang.html"),
        ("gzmt", "贵州茅台", "/stock/600519.SH.html"),
        ("600519", "贵州茅台", "/stock/600519.SH.html"),
        ("茅台", "贵州茅台", "/stock/600519.SH.html"),
    ];
    for (typed, text, href) in table {
        assert_eq!(suggested(typed)[0], (text.to_owned(), href.to_owned()), "{typed}");
    }
    let titles = suggested("第7号");
    assert!(
        titles.len() == 1 && titles[0].0 == "第7号公告" && titles[0].1.ends_with("p7.html"),
        "{titles:?}"
    );
    assert!(suggested("").is_empty() && suggested("独角兽").is_empty());
}

#[test]
fn search_results_are_available_as_feeds() {
    let site = market_site();
    let atom = site.get(&format!("/search.xml?q={}", url_encoded("source:红网 降准")));
    assert_eq!(
        (atom.status, atom.header("content-type")),
        (StatusCode::OK, "application/xml; charset=utf-8")
    );
    assert_eq!(atom.header("access-control-allow-origin"), "*");
    let text = atom.text();
    let document = roxmltree::Document::parse(&text).expect("XML");
    assert_eq!(
        document
            .descendants()
            .filter(|node| node.has_tag_name("entry") || node.tag_name().name() == "entry")
            .count(),
        10
    );
    assert!(
        text.contains(
            "rel=\"self\" type=\"application/atom+xml\" href=\"https://news.example/search.xml?q=source"
        ),
        "{text}"
    );
    let json: serde_json::Value =
        serde_json::from_str(&site.get(&format!("/search.json?q={}", url_encoded("第7号"))).text())
            .expect("JSON");
    assert_eq!(json["items"].as_array().map(Vec::len), Some(1));
    assert!(search_page(&site, "降准").contains("type=\"application/atom+xml\""));
    site.assert_status("/search.xml", 404);
    let own = "---\npermalink: /search.json\n---\nOwn.\n";
    let own = Site::with_index(&[("find.md", own), ("_posts/2024-01-01-a.md", "a")]);
    assert!(own.get("/search.json?q=a").text().contains("Own."), "what the site has goes before");
}
