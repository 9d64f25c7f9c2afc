//! Compares bodies with kramdown: Markdown gives the same page in finews as kramdown's HTML after finews's
//! cleaner, except for the differences listed here with their reason.

use finews::archive::body::{Body, Context, MarkupFormat, SiteContext, read};

use crate::support::{fixture, json_lines, stdout_json};

/// Inputs of the oracle, and in `MORE_CASES` further ones, each with the output of kramdown.
const CASES: &str = include_str!("../fixtures/kramdown.txt");
const MORE_CASES: &str = include_str!("../fixtures/kramdown_more.txt");

/// Case, reason, and the HTML that finews renders instead.
const DIFFERENCES: &[(&str, &str, &str)] = &[
    ("badattr", "quotes stay as they are typed", "<p>&lt;p class=\"a\"class=b onclick&gt;a&lt;/p&gt;</p>"),
    ("hr", "dashes stay as they are typed", "<p>甲 *** 乙 --- 丙</p>"),
    ("star", "*ST is a stock exchange's warning, no emphasis", "<p>*ST海航、*ST金科 两家 *ST</p>"),
    ("pipeinline", "no table without a delimiter row", "<p>早报 | 央行降准</p>"),
    ("shapeB", "quotes stay as they are typed (in the digest)", "<p>甲</p><p>乙</p>"),
    (
        "shapeA",
        "quotes, dashes and dots stay as they are typed",
        "<p>上证指数\"收涨\"，-- 资金...净买入 <em>100</em> 亿 3<em>4</em>5 a_b_c <del>删</del> \\(x^2\\)。</p>",
    ),
    (
        "unclosed",
        "an unclosed tag ends at the blank line instead of swallowing the rest, source link included",
        "<p>甲<br>乙</p><p>丙</p><p>后文 <strong>粗</strong></p>",
    ),
    (
        "lists",
        "a list keeps its first number",
        "<p>1、甲 2、乙</p><ol><li>甲</li><li>乙</li></ol><ul><li>x</li><li>y</li><li>z</li></ul>\
         <ol start=\"2024\"><li>年报</li></ol>",
    ),
    (
        "quotes",
        "quotes, dashes and dots stay as they are typed",
        "<p>\"甲\"说'乙'，《\"丙\"》 it's -- --- ... &lt;&lt; &gt;&gt;</p>",
    ),
    (
        "heading-ids",
        "`--` counts as the dash that Jekyll's options make of it; this answer was made without",
        "<h1 id=\"甲-乙-丙-丁\">甲 <em>乙</em> <code>丙</code> <a href=\"x\">丁</a></h1>\
         <h2 id=\"a--b--c-d-e\">A &amp; B -- c \"d\" (e)!</h2><h2 id=\"a--b--c-d-e-1\">A &amp; B -- c \"d\" (e)!</h2>\
         <h3 id=\"结尾\">结尾</h3><h4 id=\"my-id\">id</h4>",
    ),
    ("abbreviation", "abbreviations stay plain text", "<p>HTML 好</p>"),
    (
        "number-after-text",
        "a list keeps its first number",
        "<ol><li>甲</li></ol><p>文</p><ol start=\"2\"><li>乙</li></ol>",
    ),
    (
        "numbers-from-three",
        "a list keeps its first number",
        "<p>2021年1月1日 12月. 3</p><ol start=\"3\"><li>三</li><li>四</li></ol>",
    ),
    (
        "stray-close-in-block",
        "a close without its tag is dropped inside HTML, as browsers do",
        "<p>甲乙</p><p>后</p>",
    ),
    (
        "list-without-closes",
        "an unclosed tag does not swallow the rest",
        "<ul><li>甲</li><li>乙</li></ul><blockquote>丙</blockquote>",
    ),
    ("pipes-two-lines", "no table without a delimiter row", "<p>甲 | 乙丙 | 丁</p>"),
    ("pipe-in-item", "no table without a delimiter row", "<ul><li>甲 | 乙</li></ul>"),
    ("three-tildes", "only two tildes strike out", "<p><del>甲 乙</del> ~~ 丙~~ ~~~丁~~~ ~戊~</p>"),
    (
        "unquoted-link",
        "HTML's attributes need no quotes",
        "<p><a href=\"http://x.example\" rel=\"noopener nofollow ugc\">乙</a> \
         <a href=\"http://y.example\" rel=\"noopener nofollow ugc\">丙</a></p>",
    ),
    ("unquoted-style", "HTML's attributes need no quotes", "<p class=\"ta-center\">甲</p>"),
];

fn body(source: &str, format: MarkupFormat) -> Body {
    let site = SiteContext::default();
    let context = Context {
        site: &site,
        title: "",
        url: "",
        page: &|_| None,
        posts: &|_| None,
        files: &|_| None,
        line: 1,
        is_listed: true,
        is_page: false,
    };
    read(source, format, &context)
}

/// The values to compare: the HTML tree, and the fields extracted from it.
fn compared_fields(body: &Body) -> (String, Option<&str>, Option<&str>, Option<&str>, Vec<String>) {
    let codes = body.securities.iter().map(|security| security.code.as_str().to_owned()).collect();
    (
        normalized_html(body.html.as_str()),
        body.digest.as_deref(),
        body.source_url.as_deref(),
        body.source_name.as_deref(),
        codes,
    )
}

/// HTML without the white space of its layout. ammonia serializes equal trees to equal text, so comparing the
/// text compares the trees.
fn normalized_html(html: &str) -> String {
    let mut out = String::new();
    let mut in_pre = false;
    for piece in html.split_inclusive('>') {
        let (text, tag) = piece.split_at(piece.find('<').unwrap_or(piece.len()));
        if in_pre {
            out.push_str(text);
        } else {
            let is_loose = out.ends_with('>') && ends_with_block_tag(&out);
            let lead = text.starts_with(|c: char| c.is_ascii_whitespace()) && !is_loose && !out.is_empty();
            let words = text.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
            let trail = text.ends_with(|c: char| c.is_ascii_whitespace()) && !words.is_empty();
            out.extend([if lead { " " } else { "" }, &words, if trail { " " } else { "" }]);
            if is_block(tag) && out.ends_with(' ') {
                out.pop();
            }
        }
        in_pre = tag == "<pre>" || (in_pre && tag != "</pre>");
        out.push_str(tag);
    }
    out.trim().to_owned()
}

fn ends_with_block_tag(html: &str) -> bool {
    html.rfind('<').is_some_and(|at| is_block(&html[at..]))
}

fn is_block(tag: &str) -> bool {
    let name = tag.trim_start_matches(['<', '/']).split([' ', '>']).next().unwrap_or_default();
    !matches!(
        name,
        "a" | "em"
            | "strong"
            | "b"
            | "i"
            | "u"
            | "del"
            | "code"
            | "sup"
            | "sub"
            | "img"
            | "mark"
            | "small"
            | "kbd"
    )
}

#[test]
fn markdown_body_matches_kramdown_except_listed_cases() {
    let mut listed = DIFFERENCES.to_vec();
    for case in [CASES, MORE_CASES].iter().flat_map(|cases| cases.split("##### ").skip(1)) {
        let (name, rest) = case.split_once('\n').expect("a name");
        let (input, html) = rest.split_once("----->\n").expect("an answer");
        let (ours, theirs) = (body(input, MarkupFormat::Markdown), body(html, MarkupFormat::Html));
        match listed.iter().position(|(case, ..)| *case == name) {
            Some(at) => {
                let (_, reason, expected) = listed.remove(at);
                assert_eq!(compared_fields(&ours).0, expected, "{name}: {reason}");
                assert_ne!(
                    compared_fields(&ours),
                    compared_fields(&theirs),
                    "{name} is no difference any more"
                );
            }
            None => assert_eq!(compared_fields(&ours), compared_fields(&theirs), "{name}:\n{input}"),
        }
    }
    assert!(listed.is_empty(), "differences without their case: {listed:?}");
}

/// Posts of the `oddities` fixture whose body differs from Jekyll's, with the reason.
const ODDITY_DIFFERENCES: [(&str, &str); 1] = [(
    "_posts/2024-01-02-liq.md",
    "no table without a delimiter row; `raw` marks vanish, the filter and the title are resolved",
)];

#[test]
fn oddities_bodies_match_jekyll_except_listed_posts() {
    let expected =
        json_lines(&std::fs::read_to_string(fixture("oddities/expected.ndjson")).expect("a fixture"));
    let site = fixture("oddities");
    let mut compared = 0;
    for post in stdout_json(&["list", "--body", &site.to_string_lossy()]) {
        let path = post["path"].as_str().expect("a path");
        let jekyll =
            expected.iter().find(|other| other["path"] == post["path"]).expect("Jekyll has the post too");
        let jekyll = body(jekyll["body"].as_str().expect("a body"), MarkupFormat::Html);
        let same =
            normalized_html(post["body"].as_str().expect("a body")) == normalized_html(jekyll.html.as_str());
        let differs = ODDITY_DIFFERENCES.iter().find(|(other, _)| *other == path);
        assert_eq!(same, differs.is_none(), "{path}: {post}");
        compared += 1;
    }
    assert_eq!(compared, 59);
}
