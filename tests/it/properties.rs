//! Properties that hold for any input.

use chrono_tz::Tz;
use finews::archive::body::{self, Context, MarkupFormat, SiteContext};
use finews::archive::jekyll::{date, front_matter, permalink, slug};
use finews::config::NaiveDates;
use proptest::prelude::*;

fn site() -> SiteContext {
    SiteContext {
        url: "https://news.example".into(),
        baseurl: String::new(),
        title: "T".into(),
        host: Some("news.example".into()),
        legacy_hosts: vec!["old.example".into()],
        ..SiteContext::default()
    }
}

/// Text built from pieces that are common in bodies and in attacks.
fn markup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("<p>"),
        Just("</p>"),
        Just("<div>"),
        Just("</div>"),
        Just("<a href=\"javascript:x\">"),
        Just("</a>"),
        Just("<img src=x onerror=\"x\">"),
        Just("<script>"),
        Just("</script>"),
        Just("<style>"),
        Just("</style>"),
        Just("<svg>"),
        Just("<math>"),
        Just("<mtext>"),
        Just("<noscript>"),
        Just("<template>"),
        Just("<table>"),
        Just("<tr>"),
        Just("<td>"),
        Just("<b>"),
        Just("<i>"),
        Just("<pre>\n"),
        Just("</pre>"),
        Just("\n\n"),
        Just("> "),
        Just("- "),
        Just("1. "),
        Just("**"),
        Just("|"),
        Just("---"),
        Just("[a](b c)"),
        Just("[x]: /y"),
        Just("[^1]"),
        Just("[^1]: z"),
        Just("{{ x }}"),
        Just("{% raw %}"),
        Just("{: #i}"),
        Just("<!--"),
        Just("-->"),
        Just("&lt;"),
        Just("&#x3c;"),
        Just("\0"),
        Just("正文"),
        Just("（文章来源：报）"),
        Just("<http://x.example/>"),
        Just("<>"),
        Just("`"),
        Just("```\n"),
        Just("# 题\n"),
        Just("<p style=\"text-align:center\">"),
        Just("<center>"),
        Just("</center>"),
        Just("<blockquote>"),
        Just("</blockquote>"),
        Just("<span class=keytip data-code=\"1,600000\">"),
        Just("</span>"),
        Just("<h2 id=a>"),
        Just("</h2>"),
        Just("<iframe src=x>"),
        Just("<video poster=x src=\"javascript:x\" onplay=x autoplay>"),
        Just("<audio src=x onerror=x>"),
        Just("</audio>"),
        Just("</video>"),
        Just("<source src=\"data:x\" onerror=x>"),
        Just("<object data=\"javascript:x\">"),
        Just("<embed src=x>"),
        Just("<form action=x>"),
        Just("<input autofocus onfocus=x>"),
        Just(" "),
        Just("\n"),
        Just("a"),
        Just("<a href=\"data:text/html,x\">"),
        Just("<a href=\" java\tscript:x\">"),
    ];
    prop_oneof![
        4 => prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat()),
        1 => "\\PC{0,80}",
        1 => any::<Vec<u8>>().prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
    ]
}

fn clean(source: &str, format: MarkupFormat) -> String {
    let site = site();
    let context = Context {
        site: &site,
        title: "T",
        url: "/x.html",
        page: &|_| None,
        posts: &|_| None,
        files: &|_| None,
        line: 1,
        is_listed: true,
        is_page: false,
    };
    body::read(source, format, &context).html.as_str().to_owned()
}

/// The elements of clean HTML with their attributes. Text escapes every `<`, so each one opens a tag; quotes
/// decide where a tag ends.
fn elements(html: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut elements = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let mut quoted = false;
        let tag = &rest[start + 1..];
        let end = tag.find(|c| {
            quoted ^= c == '"';
            c == '>' && !quoted
        });
        let end = end.expect("clean HTML closes its tags");
        let (name, attributes) = tag[..end].split_once(' ').unwrap_or((&tag[..end], ""));
        let mut parts = attributes.split('"');
        let mut pairs = Vec::new();
        while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
            pairs.push((name.trim().trim_end_matches('=').to_owned(), value.to_owned()));
        }
        elements.push((name.trim_start_matches('/').to_owned(), pairs));
        rest = &tag[end + 1..];
    }
    elements
}

/// All elements and attributes that may remain in a body.
const ELEMENTS: &str = "a abbr audio b bdi bdo blockquote br caption center cite code col colgroup dd del details dfn div dl \
                        dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s \
                        samp section small source span strike strong sub summary sup table tbody td tfoot th thead time tr \
                        tt u ul var video wbr";
const ATTRIBUTES: &str = "href src alt title width height loading decoding referrerpolicy rel class id colspan rowspan \
                          scope start reversed type value lang dir datetime cite span align headers abbr role open controls poster preload";

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn front_matter_reader_does_not_panic_on_any_bytes(bytes in any::<Vec<u8>>(), text in "\n?(---\n)?[a-z: \"'\\[\\]{}&*!|>%@`#,\t\n-]{0,60}(---\n)?") {
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            let (text, _) = front_matter::decode(bytes);
            let split = front_matter::split(&text);
            let _ = split.front_matter();
            let _ = front_matter::parse(&text);
        }
    }

    #[test]
    fn date_permalink_and_slug_parsers_do_not_panic(text in "\\PC{0,40}", quoted in any::<bool>()) {
        let _ = date::parse(&text, quoted, Tz::America__New_York, NaiveDates::Utc);
        let _ = permalink::file_name(&text);
        let _ = slug::slugify(&text, slug::SlugMode::Default, false);
        let _ = permalink::post_permalink(&text);
    }

    #[test]
    fn cleaned_html_contains_no_active_content(source in markup()) {
        for format in [MarkupFormat::Markdown, MarkupFormat::Html] {
            let html = clean(&source, format);
            for (element, attributes) in elements(&html) {
                prop_assert!(ELEMENTS.split_whitespace().any(|known| known == element), "<{element}> in {html}");
                for (name, value) in attributes {
                    prop_assert!(ATTRIBUTES.split_whitespace().any(|known| known == name), "{name} in {html}");
                    let is_link = matches!(name.as_str(), "href" | "src" | "cite" | "poster");
                    let scheme = value.split_once(':').map(|(scheme, _)| scheme).filter(|scheme| !scheme.contains(['/', '?', '#']));
                    let allowed = scheme.is_none_or(|scheme| matches!(scheme, "http" | "https" | "mailto"));
                    prop_assert!(!is_link || allowed, "{value} in {html}");
                }
            }
        }
    }

    #[test]
    fn cleaning_is_idempotent(source in markup()) {
        for format in [MarkupFormat::Markdown, MarkupFormat::Html] {
            let once = body::clean_fragment(&clean(&source, format), &site());
            let twice = body::clean_fragment(once.as_str(), &site());
            prop_assert_eq!(once.as_str(), twice.as_str());
        }
    }
}
