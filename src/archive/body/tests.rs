use chrono::TimeZone;
use chrono_tz::Asia::Shanghai;

use super::*;
use crate::config::{ChartMode, SettingValue, TocLevels};

pub(super) fn site() -> SiteContext {
    SiteContext {
        url: "https://news.example".to_owned(),
        baseurl: "/base".to_owned(),
        title: "某站".to_owned(),
        host: Some("news.example".to_owned()),
        legacy_hosts: vec!["old.example".to_owned()],
        task_states: ["未完成", "已完成"],
        timezone: Shanghai,
        ..SiteContext::default()
    }
}

fn post(name: &str) -> Option<String> {
    (name == "2024-01-02-a").then(|| "/2024/01/02/a.html".to_owned())
}

fn file(path: &str) -> Option<String> {
    (path == "assets/a.pdf").then(|| "/assets/a.pdf".to_owned())
}

/// The values of `page` in the tests.
fn variable(path: &[&str]) -> Option<LiquidValue> {
    match path {
        ["foo"] => Some(LiquidValue::Plain("bar".to_owned())),
        ["flag"] => Some(LiquidValue::Plain("false".to_owned())),
        ["switch"] => Some(LiquidValue::Plain("Yes".to_owned())),
        ["empty"] => Some(LiquidValue::Nil),
        ["date"] => Shanghai.with_ymd_and_hms(2024, 2, 3, 4, 5, 6).single().map(LiquidValue::Time),
        ["missing"] => Some(LiquidValue::Absent),
        _ => None,
    }
}

pub(super) fn context(site: &SiteContext) -> Context<'_> {
    Context {
        site,
        title: "题目",
        url: "/2024/01/02/b.html",
        page: &variable,
        posts: &post,
        files: &file,
        line: 1,
        is_listed: true,
        is_page: false,
    }
}

fn markdown(source: &str) -> Body {
    read(source, MarkupFormat::Markdown, &context(&site()))
}

fn codes(body: &Body) -> Vec<(&str, &str)> {
    body.securities.iter().map(|security| (security.code.as_str(), security.name.as_str())).collect()
}

#[test]
fn scraped_post_fields_are_extracted() {
    let body = markdown(concat!(
        "> 某公司\n宣布增产。\n\n",
        "<p style=\"display:none;height:1px\"><br /></p><!-- x --><p style=\"text-align:center;\">",
        "<a href=\"http://q.example/106.AB\" data-code=\"AB|106|7\" class=\"EmImageRemark\">",
        "<img src=\"http://w.example/a.png?b&c\" width=\"578\" height=\"276\" data-code=\"K AB|106|7\" style=\"border:1px\"></a></p>",
        "<p>　　据<span id=\"stock_1.600001\"><a href=\"http://q.example/1.600001\" class=\"keytip\" data-code=\"1,600001\">甲股份</a></span>",
        "<span id=\"quote_1.600001\"></span>与<span class=\"em_stock_key_common\" data-code=\"106,AB\">乙</span>公告。</p>\n",
        " <p class=\"em_media\">（文章来源：某<span><a class=\"keytip\" data-code=\"90,BK0001\" href=\"http://q.example\">证券</a></span>报）</p>\n\n",
        "<http://src.example/n,1.html>\n\n",
        "[返回某栏](//old.example/category/Some Thing.html)｜[返回首页](//old.example/)",
    ));
    assert_eq!(
        body.html.as_str(),
        concat!(
            "<p class=\"quote-chart\"><a href=\"http://q.example/106.AB\" rel=\"noopener nofollow ugc\">",
            "<img src=\"https://w.example/a.png?b&amp;c\" alt=\"\" width=\"578\" height=\"276\" ",
            "loading=\"lazy\" decoding=\"async\" referrerpolicy=\"no-referrer\"></a></p>\n",
            "<p>　　据<a href=\"/base/stock/600001.SH.html\">甲股份</a>与<a href=\"/base/stock/AB.US.html\">乙</a>公告。</p>"
        )
    );
    assert_eq!(body.digest.as_deref(), Some("某公司宣布增产。"));
    assert_eq!(body.excerpt, "某公司宣布增产。");
    assert_eq!(body.source_url.as_deref(), Some("http://src.example/n,1.html"));
    assert_eq!(body.source_name.as_deref(), Some("某证券报"));
    // The sector in the source's name is no mention.
    assert_eq!(codes(&body), [("AB.US", "乙"), ("600001.SH", "甲股份")]);
    let quotes: Vec<_> = body.securities.iter().map(|security| security.quote.as_deref()).collect();
    assert_eq!(quotes, [Some("http://q.example/106.AB"), Some("http://q.example/1.600001")]);
    assert_eq!((body.text_len, body.defects.len()), (9, 0));
}

#[test]
fn security_mentions_link_to_the_security_page() {
    let table = [
        (
            "<p><span class=em_stock_key_common data-code=\"90,BK0493\">新能源</span></p>",
            "<p><a href=\"/base/board/BK0493.html\">新能源</a></p>",
        ),
        (
            "<p><span href=\"http://q.example/1\" class=em_stock_key_common data-code=\"1,600001\"><b>甲</b></span></p>",
            "<p><a href=\"/base/stock/600001.SH.html\"><b>甲</b></a></p>",
        ),
        // A mention within a link, or without a name, does not become a link.
        (
            "<p><a href=\"/x\">见<span class=keytip data-code=\"1,600001\">甲</span></a></p>",
            "<p><a href=\"/x\">见甲</a></p>",
        ),
        (
            "<p><span class=keytip data-code=\"1,600001\">甲<a href=\"/x\">乙</a></span>丙</p>",
            "<p><a href=\"/base/stock/600001.SH.html\">甲乙</a>丙</p>",
        ),
        (
            "<p>空<span class=keytip data-code=\"1,600001\" href=\"http://q.example/1\"> </span>的</p>",
            "<p>空的</p>",
        ),
        ("<p><span class=keytip data-code=\"1,6\">丁</span></p>", "<p>丁</p>"),
        // A mention between cells gets a cell of its own.
        (
            "<table><tr><span class=keytip data-code=\"1,600001\">甲</span><td>乙</td></tr></table>",
            "<table><tbody><tr><td><a href=\"/base/stock/600001.SH.html\">甲</a></td><td>乙</td></tr></tbody></table>",
        ),
        // A keyword of the scraper's site is plain text, unless it is the name of a stock.
        (
            "<p>募集<a class=infokey href=\"http://q.example/funds/\">基金</a>，\
             <a class=infokey href=\"http://q.example/r/0.399006\">指数</a>，\
             <a class=infokey href=\"http://q.example/r/1.600001\">甲</a></p>",
            "<p>募集基金，指数，<a href=\"/base/stock/600001.SH.html\">甲</a></p>",
        ),
        // In the source line a name belongs to the source.
        (
            "<p>文。（文章来源：某<a class=keytip data-code=\"90,BK0001\" href=\"http://q.example\">证券</a>报）</p>",
            "<p>文。（文章来源：某证券报）</p>",
        ),
        // The end of a longer word is no sector.
        (
            "<p>北岸<a class=keytip data-code=\"90,BK0001\" href=\"http://q.example\">证券</a>与\
             <span class=em_stock_key_common data-code=\"90,BK0001\">证券</span>。\
             自主<span class=em_stock_key_common data-code=\"90,BK0002\">知识产权</span></p>",
            "<p>北岸证券与<a href=\"/base/board/BK0001.html\">证券</a>。自主知识产权</p>",
        ),
        (
            "<p>其中<a class=keytip data-code=\"90,BK0001\">证券</a><a class=keytip data-code=\"90,BK0002\">水务</a><br>\
             <a class=keytip data-code=\"90,BK0003\">电力</a>、看好<a class=keytip data-code=\"1,600001\">甲</a></p>",
            "<p>其中<a href=\"/base/board/BK0001.html\">证券</a><a href=\"/base/board/BK0002.html\">水务</a><br>\
             <a href=\"/base/board/BK0003.html\">电力</a>、看好<a href=\"/base/stock/600001.SH.html\">甲</a></p>",
        ),
    ];
    for (source, expected) in table {
        assert_eq!(markdown(source).html.as_str(), expected, "{source}");
    }
}

#[test]
fn long_runs_of_mentions_become_plain_text() {
    let name = |n: usize| {
        format!("<a class=keytip data-code=\"1,60000{n}\" href=\"http://q.example/{n}\">股{n}</a>")
    };
    let link = |n: usize| format!("<a href=\"/base/stock/60000{n}.SH.html\">股{n}</a>");
    let joined =
        |part: &dyn Fn(usize) -> String, marks: &str| (1..5).map(part).collect::<Vec<_>>().join(marks);
    for (source, expected) in [
        (format!("{}涨停", joined(&name, "、")), "股1、股2、股3、股4涨停".to_owned()),
        (format!("{}涨停", joined(&name, "涨，")), format!("{}涨停", joined(&link, "涨，"))),
        (
            format!("{}和{}", [1, 2, 3].map(name).concat(), [1, 2].map(name).join("。")),
            format!("股1股2股3和股1。{}", link(2)),
        ),
    ] {
        let body = markdown(&format!("<p>{source}</p>"));
        assert_eq!(body.html.as_str(), format!("<p>{expected}</p>"), "{source}");
        assert!(body.securities.len() >= 3 && body.securities[0].name == "股1", "{source}");
    }
}

#[test]
fn codes_in_text_are_mentions_outside_the_source_line() {
    for (source, expected) in [
        (
            "<p>河滩股份(699001.SH)、<b>云岫造纸</b>（009927.SZ）与北岸港口（08991.HK）回应。\
             <img src=\"https://q.example/pic?nid=1.699001\" data-code=\"K 699001|1|6\"></p>\
             <p class=\"em_media\">（文章来源：中国<span><a href=\"https://q.example/90.BK0473\" class=keytip \
             data-code=\"90,BK0473\">证券</a></span>报）</p>",
            vec![("699001.SH", "河滩股份"), ("009927.SZ", "云岫造纸"), ("08991.HK", "北岸港口")],
        ),
        ("河滩股份(600001)公告", vec![("600001.SH", "河滩股份")]),
        ("<p>开头</p>河滩股份(600001.SH)<p>结尾</p>", vec![("600001.SH", "河滩股份")]),
        ("<div><p>前文</p><p>河滩股份(600001.SH)</p></div>", vec![("600001.SH", "河滩股份")]),
        ("<table><tr><td>前文<td>河滩股份(600001.SH)</table>", vec![("600001.SH", "河滩股份")]),
        ("<p>前文<br>河滩股份(600001.SH)</p>", vec![("600001.SH", "河滩股份")]),
        ("<p style=\"display:none\">河滩股份(600001.SH)</p><p>文</p>", vec![]),
        ("<p>文<span style=\"display:none\">河滩股份(600001.SH)</span></p>", vec![]),
        ("<p>文。（文章来源：河滩(600001.SH)报）</p>", vec![]),
        ("<p>北岸<a class=keytip data-code=\"90,BK0001\">证券</a>称</p>", vec![]),
        ("<p>北岸称<a class=keytip data-code=\"1,600001\">河滩</a></p>", vec![("600001.SH", "河滩")]),
        ("<p>北岸</p><p><a class=keytip data-code=\"90,BK0001\">证券</a></p>", vec![("BK0001", "证券")]),
        // A line break of the source is no space.
        ("<p>公告：河滩\n股份(600001.SH)</p>", vec![("600001.SH", "河滩股份")]),
        (
            "<p>文。（文章来源：某\n<a class=keytip data-code=\"90,BK0001\" href=\"http://q.example\">证券</a>报）</p>",
            vec![],
        ),
    ] {
        assert_eq!(codes(&markdown(source)), expected, "{source}");
    }
    let site = site();
    let cx = Context { title: "机构：维持河滩股份(600001.SH)评级", ..context(&site) };
    assert_eq!(codes(&read("正文", MarkupFormat::Markdown, &cx)), [("600001.SH", "河滩股份")]);
}

#[test]
fn leading_charts_are_marked_or_left_out() {
    let chart = "<p style=\"text-align:center\"><a href=\"http://q.example/1.600001\" class=EmImageRemark \
                 data-code=\"600001|1|2\"><img src=\"https://q.example/k.png\" data-code=\"K 600001|1|2\"></a></p>";
    let picture = "<center><img src=\"https://q.example/a.png\"></center>";
    let off = SiteContext { charts: ChartMode::Off, ..site() };
    for (source, marked) in [
        (format!("{chart}<p>文</p>"), 1),
        (format!("> 摘要\n\n<p style=\"display:none\"><br></p>{chart}{chart}<p>文</p>"), 2),
        (format!("<center>{chart}</center><p>文</p>"), 1),
        (format!("<p>文</p>{chart}"), 0),
        (format!("{picture}<p>文</p>"), 0),
        (format!("{picture}{chart}<p>文</p>"), 0),
        (format!("<blockquote>{chart}</blockquote><p>文</p>"), 0),
    ] {
        let html = markdown(&source).html;
        assert_eq!(html.as_str().matches(" class=\"quote-chart\"").count(), marked, "{source}");
        let body = read(&source, MarkupFormat::Markdown, &context(&off));
        let pictures = html.as_str().matches("<img").count();
        assert_eq!(body.html.as_str().matches("<img").count(), pictures - marked, "{source}");
        let has_code = codes(&body).iter().any(|(code, _)| *code == "600001.SH");
        assert_eq!(has_code, source.contains("600001"), "{source}");
    }
}

#[test]
fn digest_that_repeats_the_text_is_left_out() {
    for (source, digest) in [
        (
            "> 云岫造纸去年营收首次超过百亿元。（河滩晨报）\n\n<p>云岫造纸去年营收首次超过百亿元。</p><p>后文。</p>",
            None,
        ),
        ("> 云岫造纸去年营收首次超过百亿元。\n\n云岫造纸去年营收首次\n超过百亿元！（某网）\n\n后文。", None),
        (
            "> 云岫造纸去年营收首次超过百亿元，包装纸占六成。（河滩晨报）\n\n\
             <p>云岫造纸去年营收首次超过百亿元，包装纸占六成。公司称今年继续扩产。</p>",
            None,
        ),
        (
            "> 云岫造纸营收过百亿元。\n\n<p>云岫造纸去年营收首次超过百亿元。</p>",
            Some("云岫造纸营收过百亿元。"),
        ),
    ] {
        let body = markdown(source);
        assert_eq!(body.digest.as_deref(), digest, "{source}");
        // Lists show the digest in either case.
        assert!(body.excerpt.starts_with("云岫造纸"), "{source}");
        assert!(!body.html.as_str().contains("<blockquote>"), "{source}");
    }
}

#[test]
fn digest_of_several_blocks_keeps_them() {
    for (quote, expected) in [
        ("> 第一段。\n>\n> 第二段。", "<blockquote><p>第一段。</p><p>第二段。</p></blockquote>"),
        ("> - 甲\n> - 乙", "<blockquote><ul><li>甲</li><li>乙</li></ul></blockquote>"),
        ("<blockquote><h2>甲</h2><p>乙</p></blockquote>", "<blockquote><h2>甲</h2><p>乙</p></blockquote>"),
    ] {
        let body = markdown(&format!("{quote}\n\n正文。\n\n[返回](//old.example/)"));
        assert_eq!(body.html.as_str().replace('\n', ""), format!("{expected}<p>正文。</p>"), "{quote}");
        assert_eq!(body.digest, None, "{quote}");
    }
    // The text repeats the paragraphs.
    let body = markdown("> 第一段。\n>\n> 第二段。\n\n第一段。\n\n第二段。");
    assert_eq!((body.html.as_str(), body.digest), ("<p>第一段。</p>\n<p>第二段。</p>", None));
    assert_eq!((body.excerpt.as_str(), body.text_len), ("第一段。 第二段。", 8));
}

#[test]
fn lazy_image_shows_its_address_and_not_the_placeholder() {
    for (source, src) in [
        ("<img src=\"/load.gif\" data-original=\"https://a.example/b.jpg\">", "https://a.example/b.jpg"),
        ("<img data-src=\"//a.example/b.jpg\">", "https://a.example/b.jpg"),
        ("<img src=\"/a.png\" data-src=\"javascript:x\">", "/a.png"),
    ] {
        let html = markdown(source).html;
        assert!(html.as_str().contains(&format!("<img src=\"{src}\"")), "{source}: {}", html.as_str());
    }
}

#[test]
fn image_sizes_come_from_attributes_and_file_names() {
    for (source, expected) in [
        ("<img src=\"https://a.example/D1_w506h907.jpg\" width=\"506\">", "width=\"506\" height=\"907\""),
        ("<img src=\"https://a.example/D1_w506h907.jpg\">", "width=\"506\" height=\"907\""),
        ("<img src=\"https://a.example/D1_w506h907.jpg\" width=\"50%\">", "width=\"506\" height=\"907\""),
        ("<img src=\"https://a.example/D1_w506h907.jpg\" width=467>", "width=\"467\" height=\"837\""),
        ("<img src=\"https://a.example/D1_w506h907.jpg\" width=5 height=6>", "width=\"5\" height=\"6\""),
        ("<img src=\"https://a.example/D1.jpg\" width=5px>", "width=\"5\""),
    ] {
        let html = html(source);
        assert!(html.contains(&format!(" alt=\"\" {expected} loading=")), "{source}: {html}");
    }
}

#[test]
fn image_text_that_names_no_content_is_empty() {
    for (alt, expected) in [
        ("image", ""),
        (" Image ", ""),
        ("图片", ""),
        ("K图 BK0001_0", ""),
        ("D1_w506h907.jpg", ""),
        ("截图 1.PNG", ""),
        ("https://a.example/1.webp", ""),
        ("图片新闻", "图片新闻"),
        ("K图分析", "K图分析"),
        ("营收增长3.5", "营收增长3.5"),
        ("表 图", "表 图"),
    ] {
        for source in [
            format!("<img src=\"https://a.example/1.jpg\" alt=\"{alt}\">"),
            format!("<img src=\"https://a.example/1.jpg\" alt=\"{alt}\" data-code=\"K BK0001|90|1\">"),
        ] {
            let html = html(&source);
            assert!(html.contains(&format!(" alt=\"{expected}\" ")), "{source}: {html}");
        }
    }
}

#[test]
fn source_url_is_rewritten_and_linked_articles_are_found() {
    let pairs = [(r"infoCode=NW(\d+)".to_owned(), "https://new.example/a/$1".to_owned())];
    let site = SiteContext { original_urls: OriginalUrls::from_pairs(&pairs), ..site() };
    let source = "<p>见<a href=\"https://f.example/a/202205302396506117.html\">全文</a>与\
                  <a href=\"https://f.example/a/202205302396506117.html\">全文</a>。</p>\n\n\
                  <http://proxy.example/share?infoCode=NW202205302396671645>\n\n[返回](//old.example/)";
    let body = read(source, MarkupFormat::Markdown, &context(&site));
    assert_eq!(body.source_url.as_deref(), Some("https://new.example/a/202205302396671645"));
    assert_eq!(body.linked, ArticleId::from_url("202205302396506117").into_iter().collect::<Vec<_>>());
}

#[test]
fn unlisted_post_mentions_are_not_linked_to_security_pages() {
    let source = "<p><span class=keytip data-code=\"1,600001\">甲</span>、\
                  <a class=keytip data-code=\"1,600002\" href=\"http://q.example/2\">乙</a></p>";
    let body = read(source, MarkupFormat::Markdown, &Context { is_listed: false, ..context(&site()) });
    let expected = "<p>甲、<a href=\"http://q.example/2\" rel=\"noopener nofollow ugc\">乙</a></p>";
    assert_eq!(body.html.as_str(), expected);
    assert_eq!(codes(&body), [("600001.SH", "甲"), ("600002.SH", "乙")]);
}

#[test]
fn only_leading_and_trailing_parts_are_lifted() {
    for (source, html, digest, url) in [
        ("正文\n\n[返回](../x/)\n[返回首页](../)", "<p>正文</p>", None, None),
        ("正文\n\n<>\n\n[返回](../x/)", "<p>正文</p>", None, None),
        ("[返回](../x/)\n\n正文", "<p><a href=\"../x/\">返回</a></p>\n<p>正文</p>", None, None),
        ("正文 [返回](../x/)", "<p>正文 <a href=\"../x/\">返回</a></p>", None, None),
        (
            "<p>甲</p>\n<http://s.example/a>\n[返回](//old.example/)",
            "<p>甲</p>",
            None,
            Some("http://s.example/a"),
        ),
        (
            "> 甲\n\n> 乙\n\n丙",
            "<blockquote>\n<p>甲</p>\n</blockquote>\n<blockquote>\n<p>乙</p>\n</blockquote>\n<p>丙</p>",
            None,
            None,
        ),
        ("> 甲\n\n丙", "<p>丙</p>", Some("甲"), None),
        (
            "> [甲](https://a.example/)\n\n丙",
            "<blockquote>\n<p><a href=\"https://a.example/\" rel=\"noopener nofollow ugc\">甲</a></p>\n</blockquote>\n<p>丙</p>",
            None,
            None,
        ),
        (
            "> 甲:\n>\n>     code\n\n丙",
            "<blockquote>\n<p>甲:</p>\n<pre><code>code\n</code></pre>\n</blockquote>\n<p>丙</p>",
            None,
            None,
        ),
        ("> 甲\n\n[返回](/)", "<blockquote>\n<p>甲</p>\n</blockquote>", None, None),
        (
            "甲\n\n<http://s.example/a>\n\n<http://s.example/b>",
            "<p>甲</p>\n<p><a href=\"http://s.example/a\" rel=\"noopener nofollow ugc\">http://s.example/a</a></p>",
            None,
            Some("http://s.example/b"),
        ),
        (
            "甲\n\n[返回舱着陆](http://s.example/a)\n\n[返回](//any.example/)",
            "<p>甲</p>\n<p><a href=\"http://s.example/a\" rel=\"noopener nofollow ugc\">返回舱着陆</a></p>",
            None,
            None,
        ),
        ("（记者 甲）乙。（文章来源：某报）", "<p>（记者 甲）乙。（文章来源：某报）</p>", None, None),
        ("plain text, no markup at all", "<p>plain text, no markup at all</p>", None, None),
    ] {
        let body = markdown(source);
        assert_eq!(body.html.as_str(), html, "{source}");
        assert_eq!((body.digest.as_deref(), body.source_url.as_deref()), (digest, url), "{source}");
    }
    assert_eq!(markdown("正文。（文章来源：某报）").source_name.as_deref(), Some("某报"));
}

#[test]
fn line_break_between_han_characters_is_no_space() {
    let body = markdown("> 跨\n> 行的 **摘\n> 要**\n> 一段<br>换行\n\n正\n**文**\n_字_ word\nword\n\n段");
    assert_eq!(body.digest.as_deref(), Some("跨行的 摘要一段 换行"));
    assert_eq!(body.html.as_str(), "<p>正<strong>文</strong><em>字</em> word\nword</p>\n<p>段</p>");
    assert_eq!(text(&body.html), "正文字 word word\n段");
    assert_eq!(html("<p>甲\n　乙，\n丙</p>"), "<p>甲　乙，丙</p>");
    let body = markdown("预计全年净利润同比增长一成以上，\n主要由于销量增加。");
    assert_eq!(body.excerpt, "预计全年净利润同比增长一成以上，主要由于销量增加。");
    assert_eq!(markdown("正文。（文章来源：某\n报）").source_name.as_deref(), Some("某报"));
}

#[test]
fn disallowed_html_is_removed_or_rewritten() {
    for (source, expected) in [
        ("<script>x</script><p onclick=\"x\" style=\"color:red\" class=\"z\" id=\"i\">甲</p>", "<p>甲</p>"),
        ("<script>甲", "甲"),
        ("<form><input>甲</form><svg><p>x</p></svg><iframe>x</iframe>乙", "<div>甲</div>乙"),
        (
            "<center>甲</center><p align=right>乙",
            "<div class=\"ta-center\">甲</div><p class=\"ta-right\">乙</p>",
        ),
        ("<a href=\"javascript:x\">甲</a><a name=x>乙</a>", "甲乙"),
        ("<a href=\"mailto:a@b.example\">甲</a>", "<a href=\"mailto:a@b.example\">甲</a>"),
        ("<a href=\"http://old.example//x y\">甲</a>", "<a href=\"/base/x%20y\">甲</a>"),
        ("<h2 id=\"ui-a\">甲</h2><h2 id=\"b\">乙</h2><p id=\"c\">", "<h2>甲</h2><h2 id=\"b\">乙</h2>"),
        ("<img src=\"data:x\"><img>甲", "甲"),
        // Dropped attributes do not change the order of the others.
        (
            "<img src=/a width height=9px>",
            "<img src=\"/a\" alt=\"\" height=\"9\" loading=\"lazy\" decoding=\"async\" referrerpolicy=\"no-referrer\">",
        ),
        (
            "<table><td title=x colspan=2 rowspan=3>甲</table>",
            "<table><tbody><tr><td colspan=\"2\" rowspan=\"3\">甲</td></tr></tbody></table>",
        ),
        ("<p style=\"Display : none\">x<p>甲<span style=display:none>y</span>", "<p>甲</p>"),
        (
            "<table><td align=center>甲<b>乙<tr>丙</table>丁",
            "<table><tbody><tr><td class=\"ta-center\">甲<b>乙</b></td></tr><tr><td>丙</td></tr></tbody></table>丁",
        ),
        (
            "<p style=\"text-align:-webkit-center\">甲</p><p style=\"text-align: CENTER !important\">乙</p>",
            "<p class=\"ta-center\">甲</p><p class=\"ta-center\">乙</p>",
        ),
        (
            "<p class=\"x has-text-align-center\">甲</p><figure class=aligncenter>乙</figure><b class=center>丙</b>",
            "<p class=\"ta-center\">甲</p><figure class=\"ta-center\">乙</figure><b>丙</b>",
        ),
        (
            "<div class=text-center style=\"text-align:right\">甲</div><section class=center>乙</section>",
            "<div class=\"ta-right\">甲</div><div class=\"ta-center\">乙</div>",
        ),
        ("<b>甲<p>乙", "<b>甲<p>乙</p></b>"),
        ("<article>甲</article><section>乙</section>", "<div>甲</div><div>乙</div>"),
    ] {
        assert_eq!(html(source), expected.to_owned(), "{source}");
    }
}

#[test]
fn unclosed_elements_and_comments_do_not_hide_later_text() {
    for (source, from_html, from_markdown) in [
        ("甲<svg>乙\n\n丙", "甲乙\n\n丙", "<p>甲乙</p>\n<p>丙</p>"),
        ("<video>甲\n\n<p>乙", "甲\n\n<p>乙</p>", "甲\n<p>乙</p>"),
        ("甲<b><textarea>乙</b>", "甲<b>乙</b>", "<p>甲<b>乙</b></p>"),
        ("<div><!-- 甲</div>\n\n乙", "<div>&lt;!-- 甲</div>\n\n乙", "<div>&lt;!-- 甲</div>\n<p>乙</p>"),
        ("<ul><li style=display:none>甲</ul>乙", "乙", "<p>乙</p>"),
        (
            "<p>甲<div style=display:none>乙</p>丙",
            "<p>甲</p><div>乙丙</div>",
            "<p>甲</p><div>乙\n<p>丙</p>\n</div>",
        ),
    ] {
        assert_eq!(html(source), from_html, "{source}");
        assert_eq!(markdown(source).html.as_str(), from_markdown, "{source}");
    }
}

#[test]
fn rendered_body_size_is_limited() {
    let site = SiteContext { title: "题".repeat(10_000), ..site() };
    let body = read(&"{{ site.title }}".repeat(1000), MarkupFormat::Markdown, &context(&site));
    assert!(body.html.as_str().len() < 5 << 20);
    let wide = format!("{}\n{}\n{}", "|a".repeat(1000), "|-".repeat(1000), "|a\n".repeat(1000));
    assert!(markdown(&wide).html.as_str().len() < 64 * wide.len());
}

#[test]
fn footnotes_and_headings_get_kramdown_ids() {
    let body = markdown("## 标 题 A\n\n## 标 题 A\n\n文[^n]\n\n[^n]: 注");
    for part in [
        "<h2 id=\"标-题-a\">",
        "<h2 id=\"标-题-a-1\">",
        "<sup id=\"fnref:n\" role=\"doc-noteref\"><a href=\"#fn:n\" class=\"footnote\">1</a></sup>",
        "<li id=\"fn:n\" role=\"doc-endnote\">",
        "<a href=\"#fnref:n\" class=\"reversefootnote\" role=\"doc-backlink\">↩</a>",
    ] {
        assert!(body.html.as_str().contains(part), "{part} in {}", body.html.as_str());
    }
}

#[test]
fn liquid_and_attribute_lists_in_markdown_render_correctly() {
    for (source, expected) in [
        (
            "A {{ \"x\" | upcase }} {% raw %}{{ y }}{% endraw %} {{ nope }} *{{ page.title }}*",
            "<p>A X {{ y }} {{ nope }} <em>题目</em></p>",
        ),
        (
            "{% highlight x %}\na *b* < c\n\n d\n{% endhighlight %}\n\n**后**",
            "<pre><code class=\"language-x\">a *b* &lt; c\n\n d</code></pre>\n<p><strong>后</strong></p>",
        ),
        ("甲{% comment %}私{% endcomment %}乙{% include x.html %}", "<p>甲乙</p>"),
        ("# 甲\n{: .c}\n\n段{: .d}\n{: #e}", "<h1 id=\"甲\">甲</h1>\n<p>段{: .d}</p>"),
        (
            "<a title=\"{{ x | y }}\" href=\"/{{ z }}\">甲</a>",
            "<p><a href=\"/{{%20z%20}}\" title=\"{{ x | y }}\">甲</a></p>",
        ),
    ] {
        assert_eq!(markdown(source).html.as_str(), expected, "{source}");
    }
    assert_eq!(markdown("{% include x.html %}").defects[0].code, Code::IncludeDropped);
}

#[test]
fn highlighted_code_is_kept_wherever_it_stands() {
    let code = "{% highlight sh %}\nls | wc\n\n# *x*\n{% endhighlight %}";
    let block = "<pre><code class=\"language-sh\">ls | wc\n\n# *x*</code></pre>";
    for (source, expected) in [
        (format!("1. Run {code}\n2. next"), format!("<ol>\n<li>Run {block}</li>\n<li>next</li>\n</ol>")),
        (format!("- {code}\n- b"), format!("<ul>\n<li>{block}</li>\n<li>b</li>\n</ul>")),
        (format!("- a\n\n  {code}\n\n  b"), format!("<ul>\n<li>\n<p>a</p>\n{block}\n<p>b</p>\n</li>\n</ul>")),
        (format!("a\n{code}\nb"), format!("<p>a</p>\n{block}\n<p>b</p>")),
        (format!("a {code} b"), format!("<p>a </p>{block} b")),
        (format!("a\n\n> {code}"), format!("<p>a</p>\n<blockquote>\n{block}\n</blockquote>")),
        (format!("a {code}"), format!("<p>a </p>{block}")),
    ] {
        assert_eq!(compact(markdown(&source).html.as_str()), compact(&expected), "{source}");
    }
    for around in [
        "| a | b |\n|---|---|\n| CODE | c |",
        "<b>CODE</b>",
        "<div>CODE</div>",
        "<div>\n\nCODE\n\n</div>",
        "<td>CODE",
        "[CODE](/x)",
        "![CODE](/x.png) CODE",
        "# CODE",
        "`CODE`",
        "``` x\nCODE\n```",
        "    CODE",
        "<code>CODE</code>",
        "$$ CODE $$",
        "**CODE** *a CODE*",
        "a[^1]\n\n[^1]: CODE",
        "CODE\n: CODE",
        "{::nomarkdown}\nCODE\n{:/}",
        "{% raw %}CODE",
        "{% highlight x %}CODE",
        "CODE CODE",
        "<video>CODE</video>CODE",
        "CODE{: #a}",
    ] {
        let source = around.replace("CODE", code);
        for body in [markdown(&source), read(&source, MarkupFormat::Html, &context(&site()))] {
            let html = body.html.as_str();
            assert!(html.contains("ls | wc"), "{source}: {html}");
            assert!(!html.contains(is_mark), "{source}: {html}");
            assert!(!body.excerpt.contains(is_mark), "{source}");
        }
    }
    let raw = markdown(&format!("{{% raw %}}{code}{{% endraw %}}"));
    assert!(raw.html.as_str().contains("{% highlight sh %}"), "{}", raw.html.as_str());
}

/// HTML without the line breaks beside its tags.
fn compact(html: &str) -> String {
    html.replace(">\n", ">").replace("\n<", "<")
}

/// Returns whether a character is a mark of the conversion.
pub(super) fn is_mark(c: char) -> bool {
    ('\u{FDD0}'..='\u{FDD6}').contains(&c)
}

#[test]
fn left_liquid_shows_as_written_in_every_place() {
    for around in [
        "X",
        "`X`",
        "<code>X</code>",
        "$$ X $$",
        "$$\nX\n$$",
        "# X",
        "[X](/a)",
        "<a title=\"X\" href=\"/\">b</a>",
        "| a |\n|---|\n| X |",
        "- [ ] X",
        "a[^1]\n\n[^1]: X",
        "* TOC\n{:toc}\n\n## X",
    ] {
        let source = around.replace('X', "{% x a | b %}");
        for format in [MarkupFormat::Markdown, MarkupFormat::Html] {
            let body = read(&source, format, &context(&site()));
            assert!(body.html.as_str().contains("{% x a | b %}"), "{source}: {}", body.html.as_str());
            assert!(!body.html.as_str().contains(is_mark), "{source}: {}", body.html.as_str());
            assert_eq!(body.defects[0].code, Code::LiquidUnresolved, "{source}");
        }
    }
}

#[test]
fn players_stay_with_their_sources() {
    let rel = "rel=\"noopener nofollow ugc\"";
    for (source, expected) in [
        (
            "<video src=\"/a.mp4\" controls autoplay loop onplay=x width=320 height=\"0\">Your browser <b>fails</b></video>",
            "<video controls=\"\" preload=\"none\" src=\"/a.mp4\" width=\"320\"></video>".to_owned(),
        ),
        (
            "<p>甲<audio controls><source src=\"http://x.example/b.mp3\" type=\"audio/mpeg\"><source src=\"b.ogg\">无</audio>乙</p>",
            "<p>甲<audio controls=\"\" preload=\"none\"><source src=\"https://x.example/b.mp3\" type=\"audio/mpeg\">\
             <source src=\"b.ogg\"></audio>乙</p>"
                .to_owned(),
        ),
        (
            "<video poster=\"//x.example/p.png\" src=\"https://old.example/a.mp4\"></video>",
            "<video controls=\"\" preload=\"none\" src=\"/base/a.mp4\" poster=\"https://x.example/p.png\"></video>"
                .to_owned(),
        ),
        ("<video src=\"/a.mp4\">甲", "<video controls=\"\" preload=\"none\" src=\"/a.mp4\"></video>甲".to_owned()),
        ("甲<video src=\"/a.mp4\" style=\"display:none\"></video>乙", "甲乙".to_owned()),
        ("<picture><source srcset=\"/a\"><img src=\"/b\"></picture>甲<source src=\"/c\">", format!("{}甲", image("/b"))),
        (
            "<table><video src=\"/a.mp4\"></video></table>",
            "<table><tbody><tr><td><video controls=\"\" preload=\"none\" src=\"/a.mp4\"></video></td></tr></tbody></table>"
                .to_owned(),
        ),
        (
            "<iframe src=\"https://v.example/embed/1\" title=\" 一段\n视频 \">无</iframe>",
            format!("<p><a href=\"https://v.example/embed/1\" class=\"embed\" {rel}>一段 视频</a></p>"),
        ),
        (
            "<div>甲<iframe src=\"//v.example/1\"></iframe></div>",
            format!("<div>甲<a href=\"//v.example/1\" class=\"embed\" {rel}>v.example</a></div>"),
        ),
        (
            "<iframe data-src=\"/own.html\" src=\"about:blank\"></iframe>",
            "<p><a href=\"/own.html\" class=\"embed\">/own.html</a></p>".to_owned(),
        ),
        (
            "<object data=\"/a.pdf\" title=\"A\">甲<embed src=\"/b.pdf\"></object>乙",
            "<p><a href=\"/a.pdf\" class=\"embed\">A</a></p>乙".to_owned(),
        ),
        (
            "<p><object><param name=x>甲<embed src=\"/b.pdf\"></object></p>",
            "<p>甲<a href=\"/b.pdf\" class=\"embed\">/b.pdf</a></p>".to_owned(),
        ),
        (
            "<p><script src=\"https://gist.github.com/a/1.js\"></script></p>",
            format!("<p><a href=\"https://gist.github.com/a/1\" class=\"embed\" {rel}>gist.github.com</a></p>"),
        ),
        (
            "<p><script src=\"//asciinema.org/a/14.js\" id=\"asciicast-14\" async></script></p>",
            format!("<p><a href=\"//asciinema.org/a/14\" class=\"embed\" {rel}>asciinema.org</a></p>"),
        ),
        (
            "<script src=\"https://datawrapper.dwcdn.net/x/embed.js?v=1\" data-target=\"#c\"></script>",
            format!("<p><a href=\"https://datawrapper.dwcdn.net/x/\" class=\"embed\" {rel}>datawrapper.dwcdn.net</a></p>"),
        ),
        ("<a href=\"/x\"><iframe src=\"/y\" title=\"甲\"></iframe></a>", "<a href=\"/x\">甲</a>".to_owned()),
        ("<iframe width=1 height=1 src=\"https://count.example/\"></iframe>甲", "甲".to_owned()),
        ("<iframe src=\"/a\">甲", "<p><a href=\"/a\" class=\"embed\">/a</a></p>甲".to_owned()),
    ] {
        assert_eq!(html(source), expected, "{source}");
    }
    let body = markdown(
        "甲\n\n<video src=\"/media/a.mp4\" controls></video>\n\n<iframe src=\"https://v.example/\"></iframe>\n\n乙",
    );
    assert_eq!(
        body.html.as_str(),
        format!(
            "<p>甲</p>\n<video controls=\"\" preload=\"none\" src=\"/media/a.mp4\"></video>\n\
             <p><a href=\"https://v.example/\" class=\"embed\" {rel}>v.example</a></p>\n<p>乙</p>"
        )
    );
    assert_eq!((body.excerpt.as_str(), body.defects.len()), ("甲", 0));
}

#[test]
fn text_of_controls_stays() {
    for (source, expected) in [
        ("<p>甲<button type=submit>乙 <b>丙</b></button></p>", "<p>甲乙 <b>丙</b></p>"),
        ("<p>甲<textarea rows=2>\n乙 &lt;b&gt;\n</textarea>丙</p>", "<p>甲乙 &lt;b&gt;丙</p>"),
        ("<form action=/a>甲<input value=x></form>", "<div>甲</div>"),
        ("<p>甲<textarea style=display:none>乙</textarea></p>", "<p>甲</p>"),
        ("<p>甲<select><option>乙</select></p>", "<p>甲</p>"),
    ] {
        assert_eq!(html(source), expected, "{source}");
    }
}

#[test]
fn formulas_in_scripts_show_their_tex() {
    for (source, expected) in [
        (
            "甲 <script type=\"math/tex\">a_1*b*_2 < \\\\c</script> 乙",
            "<p>甲 \\(a_1*b*_2 &lt; \\\\c\\) 乙</p>",
        ),
        (
            "<p>甲</p>\n<script type=\"math/tex; mode=display\">% <![CDATA[\na < b %]]></script>\n<p>乙</p>",
            "<p>甲</p>\n\\[a &lt; b\\]\n<p>乙</p>",
        ),
        ("<p>甲<script type=math/tex> </script><script type=math/mml>x</script></p>", "<p>甲</p>"),
        ("<p>甲<script type='text/x' src=math/tex>x</script></p>", "<p>甲</p>"),
    ] {
        let body = markdown(source);
        assert_eq!((body.html.as_str(), body.defects.len()), (expected, 0), "{source}");
    }
}

#[test]
fn text_of_scripts_and_styles_is_never_shown() {
    for source in [
        "甲\n<script>\nhidden();\n\nhidden();\n</script>\n乙",
        "甲 <script>hidden;\n\nhidden</script> 乙",
        "甲 `x` <script>hidden;\n\nhidden</script> 乙",
        "甲 <script>let a = `hidden</script> ` 乙",
        "甲 <script>hidden('<b *a* <p> [x](y) $$');</script> 乙",
        "甲<SCRIPT>hidden</SCRIPT>乙",
        "<script src=a></script>甲<script async>hidden</script >乙",
        "<style>\n.hidden {}\n\n.hidden {}\n</style>\n\n甲 乙",
        "甲\n<style>\n.hidden {}\n\n.hidden {}\n</style>乙",
        "甲 <style>.hidden {}\n\n.hidden {}</style>乙",
        "* x\n{:toc}\n\n## 甲<script>hidden</script>\n\n乙",
        "![甲<script>hidden</script>](/a.png) 乙",
        "[甲<script>hidden</script>](/a) 乙",
        "- 甲\n  <script>\n  hidden\n\n  hidden\n  </script>\n- 乙",
        "- 甲\n- 乙\n<script>\nhidden\n\nhidden\n</script>",
        "甲\n\n> 乙\n<script>\nhidden\n\nhidden\n</script>",
        "甲\n\n> 乙\n> <script>hidden\n>\n> hidden</script>",
        "| 甲 | <script>hidden</script>乙 |\n|---|---|\n| a | b |",
        "<div markdown=\"1\">\n甲\n<script>\nhidden\n\nhidden\n</script>\n乙\n</div>",
        "<p>甲<noscript><style>.hidden {}</style></noscript>乙</p>",
        "甲<svg><style>.hidden {}</style></svg>乙",
        "<table><tr><style>.hidden {}</style><td>甲<script>hidden</script></table>乙",
        "甲<script><!-- <script> hidden</script> hidden --></script>乙",
        "甲[^1] 乙\n\n[^1]: 注 <script>hidden</script>",
    ] {
        for format in [MarkupFormat::Markdown, MarkupFormat::Html] {
            let body = read(source, format, &context(&site()));
            let shown = body.html.as_str();
            assert!(shown.contains('甲') && shown.contains('乙'), "{format:?} {source}: {shown}");
            assert!(!shown.contains("hidden") && !shown.contains("script"), "{format:?} {source}: {shown}");
            assert!(!body.excerpt.contains("hidden"), "{format:?} {source}: {}", body.excerpt);
        }
    }
    // A tag in code is text, and does not reach the end tag of another paragraph.
    let body = markdown("甲 `<script>` 乙\n\n丙 `</script>` 丁");
    assert_eq!(text(&body.html), "甲 <script> 乙\n丙 </script> 丁");
}

fn image(src: &str) -> String {
    format!("<img src=\"{src}\" alt=\"\" loading=\"lazy\" decoding=\"async\" referrerpolicy=\"no-referrer\">")
}

#[test]
fn dropped_embeds_are_reported_once_with_their_line() {
    for (source, expected) in [
        ("甲\n\n<svg><p>x</p></svg>\n\n<math></math>", Some((Some(3), "`<svg>`, and 1 more"))),
        ("甲 <video controls></video>", Some((Some(1), "`<video>`"))),
        ("<VIDEO src=\"javascript:x\"></VIDEO>", Some((Some(1), "`<video>`"))),
        ("<iframe src=\"/a\"></iframe>\n<iframe src=\"data:x\"></iframe>", Some((None, "`<iframe>`"))),
        ("<iframe srcdoc=\"x\"></iframe>", Some((Some(1), "`<iframe>`"))),
        ("<canvas>甲</canvas>", Some((Some(1), "`<canvas>`"))),
        ("甲<svg>乙\n\n丙", Some((Some(1), "`<svg>`"))),
        ("<iframe></iframe><style>y</style><form>甲</form>", None),
        ("<script>x</script>\n<script src=/a.js></script>", Some((Some(1), "were removed"))),
        ("甲\n\n<script src=\"//w.example/embed.js\"></script>", Some((Some(3), "from w.example"))),
        (
            "<script src=https://w.example/7.js></script><script src=//W.example/8.js></script>\
             <script async src=http://x.example/a></script><script>y</script>",
            Some((Some(1), "from w.example, x.example")),
        ),
        (
            "<script type=application/ld+json>{}</script><div style=display:none><script>x</script></div>",
            None,
        ),
        ("<script src=\"https://gist.github.com/a/1.js\"></script>", None),
        ("<script src=\"https://gist.github.com/.js\"></script>", Some((Some(1), "from gist.github.com"))),
        ("甲\n\n<form>\n<input name=q> <button>乙</button></form>", Some((Some(4), "`<input>`, and 1 more"))),
        ("<select><option>甲</select>", Some((Some(1), "`<select>`"))),
        ("<textarea>甲</textarea>", Some((Some(1), "`<textarea>`"))),
        ("<input type=hidden><input type=checkbox><input type=text style=display:none>", None),
        ("<p style=display:none><button>甲</button><input><textarea>x</textarea></p>乙", None),
        ("<map name=m><area href=/a alt=甲><area nohref></map>", Some((None, "`<area>`"))),
        ("<video src=/a.mp4><track src=/a.vtt><canvas></canvas></video>", Some((Some(1), "`<track>`"))),
        ("<video src=/a.mp4 style=display:none><track src=/a.vtt></video><track>", None),
        ("<object><param name=movie value=/a.swf></object>", Some((Some(1), "`<object>`"))),
        ("<object><embed src=/a.swf></object><object>甲</object><object data=/a.pdf></object>", None),
        ("<object data=/a.pdf>", None),
        ("<frameset><frame src=\"javascript:x\"></frameset>", Some((None, "`<frame>`"))),
        ("<div style=\"display:none\"><svg></svg><iframe src=\"javascript:x\"></iframe></div>", None),
    ] {
        let defects = markdown(source).defects;
        let found: Vec<_> = defects.iter().map(|defect| (defect.code, defect.line)).collect();
        let (line, end) = expected.unwrap_or_default();
        let reported: Vec<_> = expected.iter().map(|_| (Code::EmbedDropped, line)).collect();
        assert_eq!(found, reported, "{source}");
        assert!(defects.iter().all(|defect| defect.message.ends_with(end)), "{source}: {defects:?}");
    }
}

#[test]
fn task_boxes_show_their_state() {
    let (open, done) = (
        "<abbr title=\"未完成\" class=\"task\">☐</abbr> ",
        "<abbr title=\"已完成\" class=\"task\">☑</abbr> ",
    );
    for (source, expected) in [
        (
            "- [x] 甲\n- [ ] **乙**\n- [X] 丙",
            format!("<ul>\n<li>{done}甲</li>\n<li>{open}<strong>乙</strong></li>\n<li>{done}丙</li>\n</ul>"),
        ),
        ("1. [x] 甲", format!("<ol>\n<li>{done}甲</li>\n</ol>")),
        ("- [y] 甲\n- [x]乙", "<ul>\n<li>[y] 甲</li>\n<li>[x]乙</li>\n</ul>".to_owned()),
        (
            "<p><input type=\"checkbox\" disabled checked>甲<input type=checkbox>乙</p>",
            format!("<p>{done}甲{open}乙</p>"),
        ),
        ("<label><input type=CheckBox checked> 甲</label>", format!("<p>{done} 甲</p>")),
        (
            "<p><input type=checkbox style=display:none>甲<input type=radio checked>乙</p>",
            "<p>甲乙</p>".to_owned(),
        ),
    ] {
        assert_eq!(compact(markdown(source).html.as_str()), compact(&expected), "{source}");
    }
    assert_eq!(markdown("- [x] 甲\n- [ ] 乙").excerpt, "甲");
}

#[test]
fn tables_of_contents_link_to_the_headings() {
    let source = "* 目录\n{:toc}\n\n# 一 *二*\n\n## 三[^1] {#own}\n\n## 三\n{:.no_toc}\n\n{: .no_toc}\n## 四\n\n### 五\n\n[^1]: 注\n\n1. TOC\n{:toc}";
    let html = markdown(source).html.as_str().replace('\n', "");
    let toc = "<ul id=\"markdown-toc\"><li><a href=\"#一-二\">一 二</a><ul><li><a href=\"#own\">三</a>\
               <ul><li><a href=\"#五\">五</a></li></ul></li></ul></li></ul><h1 id=\"一-二\">";
    assert!(html.starts_with(toc), "{html}");
    assert!(html.contains("<h2 id=\"三\">三</h2>") && html.contains("<ol><li>TOC</li></ol>"), "{html}");
    let numbered = markdown("{:toc}\n1. x\n\n## 甲\n\n正文").html.as_str().replace('\n', "");
    assert_eq!(
        numbered,
        "<ol id=\"markdown-toc\"><li><a href=\"#甲\">甲</a></li></ol><h2 id=\"甲\">甲</h2><p>正文</p>"
    );
    assert_eq!(markdown("* x\n{:toc}\n\n正文").html.as_str(), "<p>正文</p>");
    assert_eq!(markdown("* x\n{:toc}\n\n## 甲\n\n正文").excerpt, "正文");
}

#[test]
fn tables_of_contents_hold_the_chosen_levels() {
    let headings = "# a\n\n## b\n\n### c\n\n## d\n{:.no_toc}\n";
    let two = SiteContext { toc_levels: TocLevels::from_text("2..3").expect("levels"), ..site() };
    let option = |levels: &str| format!("{{::options toc_levels=\"{levels}\" /}}\n\n");
    for (site, options, expected) in [
        (site(), String::new(), "a b c"),
        (two.clone(), String::new(), "b c"),
        (two, option("1,3"), "a c"),
        (site(), option("2"), "b"),
        (site(), option("2..9"), "a b c"),
        (site(), "{::options auto_ids=\"true\" /}\n\n".to_owned(), "a b c"),
        (site(), option("5..6"), ""),
    ] {
        for list in ["* x\n{:toc}", "{:.x toc}\n1. x"] {
            let source = format!("{options}{list}\n\n{headings}");
            let html = read(&source, MarkupFormat::Markdown, &context(&site)).html;
            let entries = html.as_str().split("href=\"#").skip(1);
            let entries: Vec<_> = entries.filter_map(|entry| entry.split('"').next()).collect();
            assert_eq!(entries.join(" "), expected, "{source}");
        }
    }
    // The option may follow the table.
    let source = format!("* x\n{{:toc}}\n\n{headings}\n{}", option("3"));
    assert_eq!(markdown(&source).html.as_str().matches("<li>").count(), 1);
}

#[test]
fn table_of_contents_keeps_its_own_id() {
    for (list, opening) in [
        ("* x\n{:toc #own .side}", "<ul id=\"own\" class=\"toc\">"),
        ("1. x\n{: #own toc}", "<ol id=\"own\" class=\"toc\">"),
        ("* x\n{:toc .side}", "<ul id=\"markdown-toc\">"),
        ("* x\n{:toc #ui-x}", "<ul class=\"toc\">"),
        ("* x\n{: #own}", "<ul>"),
    ] {
        let body = markdown(&format!("{list}\n\n## 甲\n\n正文"));
        assert!(body.html.as_str().starts_with(opening), "{list}: {}", body.html.as_str());
        let is_toc = list.contains("toc");
        assert_eq!(body.excerpt, if is_toc { "正文" } else { "x" }, "{list}");
    }
    assert_eq!(
        html("<ul id=x><li>甲</ul><ol id=y class=list><li>乙</ol>"),
        "<ul><li>甲</li></ul><ol><li>乙</li></ol>"
    );
}

#[test]
fn code_languages_and_image_sizes_of_attribute_lists_stay() {
    let sized = |size: &str| image("/a.png").replace(" loading", &format!("{size} loading"));
    for (source, expected) in [
        ("```rust\nx\n```", "<pre><code class=\"language-rust\">x\n</code></pre>".to_owned()),
        (
            "~~~\nx\n~~~\n{: .language-rust .y}",
            "<pre><code class=\"language-rust\">x\n</code></pre>".to_owned(),
        ),
        (
            "{: class=\"y language-c++\"}\n    x",
            "<pre><code class=\"language-c++\">x\n</code></pre>".to_owned(),
        ),
        (
            "![](/a.png){: width=\"10\" height=\"20px\" .c}后",
            format!("<p>{}后</p>", sized(" width=\"10\" height=\"20\"")),
        ),
        ("![](/a.png){: width=\"50%\"}", format!("<p>{}</p>", sized(""))),
    ] {
        let html = markdown(source).html.as_str().to_owned();
        assert!(html == expected || html == format!("<p>{expected}</p>"), "{source}: {html}");
    }
}

#[test]
fn styles_of_attribute_lists_align_paragraphs_and_headings() {
    let centred = |text: &str| format!("<p class=\"ta-center\">{text}</p>");
    for (source, expected) in [
        ("图注\n{: style=\"text-align:center\"}", centred("图注")),
        ("图注\n{: .c style='color:red; text-align: center !important'}", centred("图注")),
        ("{:style=\"text-align:-webkit-center\"}\n图注", centred("图注")),
        ("图注\n{: align=\"center\"}", centred("图注")),
        ("图注\n{: .center}", centred("图注")),
        ("{:.x .text-center #y}\n图注", centred("图注")),
        ("图注\n{: class=\"x aligncenter\"}", centred("图注")),
        ("## a\n{: .center style=\"text-align:right\"}", "<h2 id=\"a\" class=\"ta-right\">a</h2>".to_owned()),
        ("图注\n{: .centre}", "<p>图注</p>".to_owned()),
        (
            "图 *注*\n{: style=\"text-align:center\"}\n\n后",
            format!("{}\n<p>后</p>", centred("图 <em>注</em>")),
        ),
        ("## a\n{: style=\"text-align:right\"}", "<h2 id=\"a\" class=\"ta-right\">a</h2>".to_owned()),
        ("图注\n{: style=\"color:red\"}", "<p>图注</p>".to_owned()),
        ("图注\n{: data-style=\"text-align:center\"}", "<p>图注</p>".to_owned()),
    ] {
        assert_eq!(markdown(source).html.as_str(), expected, "{source}");
    }
}

#[test]
fn footnote_marks_are_no_part_of_texts() {
    let body = markdown(
        "> 营收10亿元[^1]。\n\n营收达到10亿元[^1]，同比增长。\n\n[^1]: 未经审计的数字，以公司日后正式公布的年度报告为准。",
    );
    assert_eq!(body.digest.as_deref(), Some("营收10亿元。"));
    assert_eq!(body.excerpt, "营收10亿元。");
    let body = markdown(
        "营收达到10亿元[^1]，同比增长。\n\n[^1]: 未经审计的数字，以公司日后正式公布的年度报告为准。",
    );
    assert_eq!(body.excerpt, "营收达到10亿元，同比增长。");
    assert!(text(&body.html).starts_with("营收达到10亿元，同比增长。\n"), "{}", text(&body.html));
}

#[test]
fn linked_numbers_in_sup_are_footnote_marks() {
    let site = site();
    for (mark, shown) in [
        ("<sup><a href=\"#fn:1\" class=\"footnote\">1</a></sup>", ""),
        ("<sup id=\"fnref1\"><a href=\"#fn1\" rel=\"footnote\">1</a></sup>", ""),
        ("<sup id=\"fnref:1\"><a href=\"#fn:1\">1</a></sup>", ""),
        ("<sup><a href=\"#_ftn1\">[1]</a></sup>", ""),
        ("<sup>[<a href=\"#cite_note-12\">12</a>]</sup>", ""),
        ("<sup data-fn=x class=fn><a href=\"#x\" id=\"x-link\"> 3 </a></sup>", ""),
        ("<a href=\"#_ftn1\" name=\"_ftnref1\"><sup>[1]</sup></a>", ""),
        ("<a href=\"#_ftn1\" name=\"_ftnref1\" title=\"a > b\">[1]</a>", ""),
        ("<a href=\"#fn:1\">1</a>", ""),
        ("<b><a class=footnote href=\" #note-12\">（12）</a></b>", ""),
        ("<a href=\"#user-content-fn-1\">†</a>", ""),
        ("<a href=\"#footnote1\">[注①]</a>", ""),
        ("<a href=\"#fn1\" role=\"doc-noteref\"><sup>1</sup></a>", ""),
        ("<sup><b><a href=\"#fn1\">1</a></b></sup>", ""),
        ("<a href=\"#_ftnref1\">[1]</a>", "[1]"),
        ("<a href=\"#fn:1\">注</a>", "注"),
        ("<a href=\"#fn:1\">2024</a>", "2024"),
        ("<a href=\"#place\">1</a>", "1"),
        ("<a href=\"/a#fn1\">1</a>", "1"),
        ("<sup>2</sup>", "2"),
        ("<sup><a href=\"/a\">2</a></sup>", "2"),
        ("<sup><a href=\"#\">2</a></sup>", "2"),
        ("<sup><a href=\"#a\">注</a></sup>", "注"),
        ("<sup><a href=\"#a\">1</a>2</sup>", "12"),
        ("<a href=\"#a\">m<sup>2</sup></a>", "m2"),
    ] {
        let source = format!("<p>营收达到10亿元{mark}，同比增长。</p>");
        let body = read(&source, MarkupFormat::Html, &context(&site));
        let expected = format!("营收达到10亿元{shown}，同比增长。");
        assert_eq!(body.excerpt, expected, "{mark}");
        assert_eq!(text(&body.html), expected, "{mark}");
    }
    assert_eq!(
        html("<p>甲<sup id=\"fnref:1\"><a href=\"#fn:1\">1</a></sup></p>"),
        "<p>甲<sup id=\"fnref:1\" role=\"doc-noteref\"><a href=\"#fn:1\">1</a></sup></p>"
    );
    let link = "<p>甲<a href=\"#fn:1\" class=\"footnote\" title=\"t\" role=\"doc-noteref\">1</a></p>";
    assert_eq!(html("<p>甲<a title=t class=footnote href=\"#fn:1\">1</a></p>"), link);
    assert_eq!(html(link), link);
}

#[test]
fn oversized_bodies_keep_their_text_and_report_a_defect() {
    let deep = format!("{}甲 &lt;乙{}丙", "<div>".repeat(257), "</div>".repeat(257));
    let long = format!("<p>甲</p>\n<script>x</script>{}", "文字 ".repeat(700_000));
    for (source, start) in
        [(deep.as_str(), "<p>甲 &lt;乙</p>\n<p>丙</p>"), (long.as_str(), "<p>甲</p>\n<p>文字 文字")]
    {
        let body = markdown(source);
        assert!(body.html.as_str().starts_with(start), "{}", &body.html.as_str()[..60]);
        assert_eq!(body.defects[0].code, Code::TooLarge);
        assert!(body.text_len >= 3);
    }
    let site = site();
    let near = format!("{}甲{}", "<div>".repeat(256), "</div>".repeat(256));
    assert!(read(&near, MarkupFormat::Html, &context(&site)).defects.is_empty());
    assert!(read(&"<b></b><p>x<i>".repeat(300), MarkupFormat::Html, &context(&site)).defects.is_empty());
    assert_eq!(read(&"<b>".repeat(257), MarkupFormat::Html, &context(&site)).defects[0].code, Code::TooLarge);
}

#[test]
fn file_extension_determines_the_format() {
    for (ext, format) in [
        (".md", MarkupFormat::Markdown),
        ("MARKDOWN", MarkupFormat::Markdown),
        (".html", MarkupFormat::Html),
        ("", MarkupFormat::Html),
        (".txt", MarkupFormat::Html),
    ] {
        assert_eq!(MarkupFormat::from_extension(ext), format, "{ext}");
    }
}

fn html(source: &str) -> String {
    read(source, MarkupFormat::Html, &context(&site())).html.as_str().to_owned()
}
