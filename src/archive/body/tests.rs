use super::*;

pub(super) fn site() -> SiteContext {
    SiteContext {
        url: "https://news.example".to_owned(),
        baseurl: "/base".to_owned(),
        title: "某站".to_owned(),
        host: Some("news.example".to_owned()),
        legacy_hosts: vec!["old.example".to_owned()],
        quote: "行情",
    }
}

fn post(name: &str) -> Option<String> {
    (name == "2024-01-02-a").then(|| "/2024/01/02/a.html".to_owned())
}

pub(super) fn context(site: &SiteContext) -> Context<'_> {
    Context { site, title: "题目", url: "/2024/01/02/b.html", posts: &post, is_listed: true }
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
            "<p class=\"ta-center\"><a href=\"http://q.example/106.AB\" rel=\"noopener nofollow ugc\">",
            "<img src=\"https://w.example/a.png?b&amp;c\" alt=\"\" width=\"578\" height=\"276\" ",
            "loading=\"lazy\" decoding=\"async\" referrerpolicy=\"no-referrer\"></a></p>\n",
            "<p>　　据<a href=\"/base/stock/600001.SH.html\">甲股份</a><a href=\"http://q.example/1.600001\" class=\"quote\" ",
            "title=\"行情\" rel=\"noopener nofollow ugc\"></a>与<a href=\"/base/stock/AB.US.html\">乙</a>公告。</p>"
        )
    );
    assert_eq!(body.digest.as_deref(), Some("某公司宣布增产。"));
    assert_eq!(body.excerpt, "某公司宣布增产。");
    assert_eq!(body.source_url.as_deref(), Some("http://src.example/n,1.html"));
    assert_eq!(body.source_name.as_deref(), Some("某证券报"));
    assert_eq!(codes(&body), [("AB.US", "乙"), ("600001.SH", "甲股份"), ("BK0001", "证券")]);
    assert_eq!((body.text_len, body.defects.len()), (9, 0));
}

#[test]
fn security_mentions_link_to_the_security_page() {
    let quote = |code: &str| {
        format!(
            "<a href=\"http://q.example/{code}\" class=\"quote\" title=\"行情\" rel=\"noopener nofollow ugc\"></a>"
        )
    };
    let table = [
        (
            "<p><span class=em_stock_key_common data-code=\"90,BK0493\">新能源</span></p>",
            "<p><a href=\"/base/board/BK0493.html\">新能源</a></p>".to_owned(),
        ),
        (
            "<p><span href=\"http://q.example/1\" class=em_stock_key_common data-code=\"1,600001\"><b>甲</b></span></p>",
            format!("<p><a href=\"/base/stock/600001.SH.html\"><b>甲</b></a>{}</p>", quote("1")),
        ),
        // A mention within a link, or without a name, does not become a link.
        (
            "<p><a href=\"/x\">见<span class=keytip data-code=\"1,600001\">甲</span></a></p>",
            "<p><a href=\"/x\">见甲</a></p>".to_owned(),
        ),
        (
            "<p><span class=keytip data-code=\"1,600001\">甲<a href=\"/x\">乙</a></span>丙</p>",
            "<p><a href=\"/base/stock/600001.SH.html\">甲乙</a>丙</p>".to_owned(),
        ),
        (
            "<p>空<span class=keytip data-code=\"1,600001\" href=\"http://q.example/1\"> </span>的</p>",
            "<p>空的</p>".to_owned(),
        ),
        ("<p><span class=keytip data-code=\"1,6\">丁</span></p>", "<p>丁</p>".to_owned()),
        // A mention between cells gets a cell of its own.
        (
            "<table><tr><span class=keytip data-code=\"1,600001\">甲</span><td>乙</td></tr></table>",
            "<table><tbody><tr><td><a href=\"/base/stock/600001.SH.html\">甲</a></td><td>乙</td></tr></tbody></table>"
                .to_owned(),
        ),
    ];
    for (source, expected) in table {
        assert_eq!(markdown(source).html.as_str(), expected, "{source}");
    }
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
    let body = markdown(
        "> 跨\n> 行的 **摘\n> 要**\n> 第一段\n>\n> 第二段<br>换行\n\n正\n**文**\n_字_ word\nword\n\n段",
    );
    assert_eq!(body.digest.as_deref(), Some("跨行的 摘要第一段 第二段 换行"));
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
            "<p>A {{ \"x\" | upcase }} {{ y }} {{ nope }} <em>题目</em></p>",
        ),
        (
            "{% highlight x %}\na *b* < c\n\n d\n{% endhighlight %}\n\n**后**",
            "<pre><code>a *b* &lt; c\n\n d</code></pre>\n<p><strong>后</strong></p>",
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
