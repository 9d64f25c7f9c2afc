//! Properties that hold for every body, whatever its bytes.

use proptest::prelude::*;

use super::*;
use crate::archive::body::tests::{context, is_mark, site};

pub(crate) const PIECES: &[&str] = &[
    "<p>",
    "</p>",
    "<div>",
    "</div>",
    "<b>",
    "</b>",
    "<i>",
    "</i>",
    "<a href=\"http://x.example\">",
    "</a>",
    "<a>",
    "<table>",
    "</table>",
    "<tr>",
    "</tr>",
    "<td>",
    "</td>",
    "<th>",
    "<tbody>",
    "</tbody>",
    "<caption>",
    "</caption>",
    "<colgroup>",
    "<col>",
    "<ul>",
    "</ul>",
    "<li>",
    "</li>",
    "<dl>",
    "<dt>",
    "<dd>",
    "</dl>",
    "<h1 id=x>",
    "</h2>",
    "<pre>",
    "</pre>",
    "<pre>\n\n",
    "<blockquote>",
    "</blockquote>",
    "<span style=display:none>",
    "</span>",
    "<center>",
    "</center>",
    "<svg>",
    "</svg>",
    "<math>",
    "<mi>",
    "<annotation-xml>",
    "<foreignObject>",
    "</math>",
    "<select>",
    "<option>",
    "</select>",
    "<script>",
    "</script>",
    "<style>",
    "</style>",
    "<iframe>",
    "<iframe src=\"//x.example/a\" title=t>",
    "</iframe>",
    "<video>",
    "<video src=\"/a.mp4\">",
    "</video>",
    "<audio>",
    "</audio>",
    "<source src=x>",
    "<embed src=/x>",
    "<object data=/x>",
    "<input type=checkbox disabled>",
    "<input>",
    "<area href=x>",
    "<track>",
    "<script type=math/tex>",
    "<ul id=markdown-toc>",
    "<code class=\"language-x\">",
    "<textarea>",
    "</textarea>",
    "<title>",
    "</title>",
    "<noscript>",
    "</noscript>",
    "<template>",
    "</template>",
    "<button>",
    "</button>",
    "<form>",
    "</form>",
    "<img src=x onerror=alert(1)>",
    "<img src=\"javascript:x\">",
    "<a href=\"javascript:x\">",
    "<a href=\" jAvA\tscript:x\">",
    "<br>",
    "</br>",
    "<hr>",
    "<p style=\"display:none\">",
    "<p style=\"text-align:center\">",
    "<ruby>",
    "<rt>",
    "</rt>",
    "<details>",
    "<summary>",
    "<figure>",
    "<figcaption>",
    "<object>",
    "</object>",
    "<marquee>",
    "<applet>",
    "<font>",
    "<nobr>",
    "<code>",
    "</code>",
    "<em>",
    "</em>",
    "<strong>",
    "</strong>",
    "<!-- ",
    " -->",
    "<!--",
    "<![CDATA[",
    "]]>",
    "<?x ",
    "<!doctype html>",
    "<html>",
    "<body>",
    "<head>",
    "<plaintext>",
    "<xmp>",
    "</xmp>",
    "<noembed>",
    "<frameset>",
    "<image>",
    "<isindex>",
    "<x-y>",
    "</x-y>",
    "&lt;script&gt;",
    "&amp;",
    "&#106;",
    "&nbsp;",
    "\u{0}",
    "\u{A0}",
    "\u{FDD0}",
    "\u{FDD5}0\u{FDD6}",
    "文",
    "text ",
    " ",
    "\n",
    "\n\n",
    "\"",
    "'",
    "<",
    ">",
    "/>",
    "<a href=\"x\" title='\">'>",
    "<sup id=\"fnref:1\">",
    "</sup>",
    "<p onclick=\"x\">",
    "<sub/>",
    "<q>",
    "</q>",
];
const MARKS: &[&str] = &[
    "*",
    "**",
    "_",
    "`",
    "```\n",
    "~~",
    "~",
    "# ",
    "> ",
    "- ",
    "1. ",
    "2024. ",
    "    ",
    "\t",
    "|",
    "|---|---|\n",
    "---\n",
    "===\n",
    "[",
    "](",
    ")",
    "![",
    "[^1]",
    "[^1]: ",
    "[a]: http://x.example\n",
    "{: #i}",
    "{: .c}\n",
    "{:toc}\n",
    "{:toc #i}\n",
    "{:.no_toc}\n",
    "{::options toc_levels=\"2\" /}\n",
    "{: width=\"1\"}",
    "[x] ",
    "{::comment}",
    "{:/}",
    "{::nomarkdown}\n",
    "$$",
    "\\",
    "<http://x.example>",
    "<>",
    ": ",
    "^\n",
    "*[A]: b\n",
    "{{ x }}",
    "{% raw %}",
    "{% endraw %}",
    "{% comment %}",
    "{% endcomment %}",
    "{% highlight x %}",
    "{% endhighlight %}",
    "{{ '/a' | relative_url }}",
    "{% include x %}",
    "{{ page.foo | upcase }}",
    "{{- page.empty -}}",
    "{% if x %}",
    "{{",
    "{%",
    "}}",
    "%}",
    "<div markdown=\"1\">",
    "<p markdown=1>",
    "*ST",
    "（文章来源：某报）",
    "[返回](//old.example/a b)",
    "　　",
];

pub(crate) fn soup(pieces: Vec<&'static str>) -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(pieces), 0..40).prop_map(|pieces| pieces.concat())
}

fn check(source: &str) {
    for format in [MarkupFormat::Markdown, MarkupFormat::Html] {
        let site = site();
        let body = read(source, format, &context(&site));
        assert_safe(body.html.as_str());
        assert!(!body.html.as_str().contains(is_mark), "{format:?} {source:?}");
        let again = clean_fragment(body.html.as_str(), &site);
        assert_eq!(
            without_pre_newlines(again.as_str()),
            without_pre_newlines(body.html.as_str()),
            "{format:?} {source:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cleaning_any_text_is_safe_and_idempotent(source in any::<String>()) {
        check(&source);
    }

    #[test]
    fn cleaning_any_bytes_is_safe_and_idempotent(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        check(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn cleaning_random_tags_is_safe_and_idempotent(source in soup(PIECES.to_vec())) {
        check(&source);
    }

    #[test]
    fn cleaning_random_markup_is_safe_and_idempotent(source in soup([PIECES, MARKS, MARKS].concat())) {
        check(&source);
    }
}

/// Removes the newlines at the start of each `pre`: HTML parsers drop the first.
fn without_pre_newlines(html: &str) -> String {
    let mut parts = html.split("<pre>");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| out + "<pre>" + part.trim_start_matches('\n'))
}

/// Asserts that clean HTML holds nothing that a browser would run.
fn assert_safe(html: &str) {
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        let mut quoted = false;
        let end = rest
            .bytes()
            .position(|b| {
                quoted ^= b == b'"';
                b == b'>' && !quoted
            })
            .expect("a tag that ends");
        let tag = rest[1..end].to_ascii_lowercase();
        let name = tag.trim_start_matches('/').split(' ').next().unwrap_or_default();
        assert!(element::is_kept(name), "{tag}");
        for (i, part) in tag.split('"').enumerate() {
            if i % 2 == 0 {
                let attribute = part.rsplit(' ').next().unwrap_or_default();
                assert!(!attribute.starts_with("on") && !attribute.starts_with("style"), "{tag}");
            } else {
                let is_url = tag
                    .split('"')
                    .nth(i - 1)
                    .is_some_and(|before| before.ends_with("href=") || before.ends_with("src="));
                assert!(!is_url || !part.trim_start().starts_with("javascript:"), "{tag}");
            }
        }
        rest = &rest[end..];
    }
}
