use std::sync::Arc;

use super::*;
use crate::archive::body::context::SiteContext;
use crate::archive::body::tests::{context, site};
use crate::config::{Config, Overrides};

fn shown_with(source: &str, site: &SiteContext) -> (String, Vec<Defect>) {
    let (mut literals, mut defects) = (Literals::default(), Vec::new());
    let text = resolve(source, &context(site), TextForm::Markup, &mut literals, &mut defects);
    (literals.plain(&text), defects)
}

fn shown(source: &str) -> String {
    shown_with(source, &site()).0
}

#[test]
fn known_liquid_tags_are_resolved_unknown_ones_stay() {
    for (source, expected) in [
        ("无标签 { a } {", "无标签 { a } {"),
        ("{% raw %}{{ y }}{% endraw %}", "{{ y }}"),
        ("{{ site.url }}{{site.baseurl}}|{{ page.title }}", "https://news.example/base|题目"),
        ("{{ '/a.png' | relative_url }}", "/base/a.png"),
        ("{{ \"a.png\" | absolute_url }}", "https://news.example/base/a.png"),
        ("{% post_url 2024-01-02-a %}", "/base/2024/01/02/a.html"),
        ("{% post_url 2024-01-02-none %}", "{% post_url 2024-01-02-none %}"),
        ("{% link _posts/2024-01-02-a.md %} {% link about.md %}", "/base/2024/01/02/a.html /base/about.html"),
        ("{% link /assets/a.pdf %}", "/base/assets/a.pdf"),
        ("{% post_url assets/a.pdf %}", "{% post_url assets/a.pdf %}"),
        ("甲{% comment %}私{% endcomment %}乙", "甲乙"),
        ("甲{% comment %}乙", "甲{% comment %}乙"),
        ("{{ nope | upcase }}{% if x %}", "{{ nope | upcase }}{% if x %}"),
        (
            "{% highlight rb %}\n{% raw %}{{ <x> }}{% endraw %}\n{% endhighlight %}",
            "<pre><code class=\"language-rb\">{{ &lt;x&gt; }}</code></pre>",
        ),
        (
            "甲 {% highlight C++ linenos %}{{ page.foo }}{% endhighlight %}",
            "甲 <pre><code class=\"language-c--\">bar</code></pre>",
        ),
        ("{% highlight <x> %}a{% endhighlight %}", "<pre><code>a</code></pre>"),
        ("{% highlight x %}a", "{% highlight x %}a"),
        (
            "{% comment %}{% raw %}{% endcomment %}{% endraw %}私{% endcomment %}乙{% endif %}",
            "乙{% endif %}",
        ),
        ("{{ 未完\n\n}}", "{{ 未完\n\n}}"),
    ] {
        assert_eq!(shown(source), expected, "{source}");
    }
    let (text, defects) = shown_with("甲\n{% include x.html a=1 %}正文", &site());
    assert_eq!(
        (text.as_str(), defects[0].code, defects[0].line),
        ("甲\n正文", Code::IncludeDropped, Some(2))
    );
}

#[test]
fn hyphens_trim_the_white_space_around_a_tag() {
    for (source, expected) in [
        ("a {%- comment -%} x {%- endcomment %} b", "a b"),
        ("a\n {{- page.foo -}} \n\tb", "abarb"),
        ("a {{- page.foo }} b", "abar b"),
        ("a {%- raw -%} {{ x }} {%- endraw -%} b", "a{{ x }}b"),
        ("甲　{{- page.foo -}}　乙", "甲　bar　乙"),
        ("a {{- nope -}} b", "a {{- nope -}} b"),
        (
            "x {% highlight y %} {{- page.foo }}{% endhighlight -%} z",
            "x <pre><code class=\"language-y\">bar</code></pre>z",
        ),
    ] {
        assert_eq!(shown(source), expected, "{source}");
    }
}

#[test]
fn variables_and_filters_resolve_as_in_liquid() {
    for (expression, expected) in [
        ("page.foo", Some("bar")),
        ("page['foo']", Some("bar")),
        ("page.empty", Some("")),
        ("page.empty | default: 'x'", Some("x")),
        ("page.missing", None),
        ("page.missing | default: \"x\"", Some("x")),
        ("page.missing | default: page.title | append: '！'", Some("题目！")),
        ("page.missing | upcase | default: 'x'", None),
        ("page.list | default: 'x'", None),
        ("page.flag", Some("false")),
        ("page.flag | default: 1", Some("1")),
        ("'false' | default: 1", Some("false")),
        ("'' | default", Some("")),
        ("page", None),
        ("page.foo.bar", None),
        ("page.foo | append: 'x' | prepend: \"y\" | upcase", Some("YBARX")),
        ("'a|b: c, d' | append: \"'\"", Some("a|b: c, d'")),
        ("\"ÄB\" | downcase", Some("äb")),
        ("'ÄB cD' | capitalize", Some("Äb cd")),
        ("' \ta\n' | strip", Some("a")),
        ("'a-b-c' | replace: '-', '+'", Some("a+b+c")),
        ("'a-b-c' | replace: '-'", Some("abc")),
        ("'<a href=\"x\">&\\'' | escape", None),
        ("'<a href=\"x\">&' | escape", Some("&lt;a href=&quot;x&quot;&gt;&amp;")),
        ("\"it's\" | escape", Some("it&#39;s")),
        ("'*a*' | markdownify", Some("<p><em>a</em></p>\n")),
        ("nil | relative_url", Some("")),
        ("'' | relative_url", Some("/base")),
        ("'https://x.example/a' | absolute_url", Some("https://x.example/a")),
        ("'mailto:a@x.example' | relative_url", Some("mailto:a@x.example")),
        ("'tel:+1' | absolute_url", Some("tel:+1")),
        ("'//x.example/a' | relative_url", Some("//x.example/a")),
        ("'/a?from=https://x.example' | relative_url", Some("/base/a?from=https://x.example")),
        ("'/a:b' | relative_url", Some("/base/a:b")),
        ("'题:目' | relative_url", Some("/base/题:目")),
        ("page.date", Some("2024-02-03 04:05:06 +0800")),
        ("page.date | date: '%Y年%-m月%-d日'", Some("2024年2月3日")),
        ("page.date | date: \"%Q\"", None),
        ("page.date | date: ''", Some("2024-02-03 04:05:06 +0800")),
        ("'2024-02-03T04:05:06Z' | date: '%F %H'", Some("2024-02-03 12")),
        ("'no date' | date: '%F'", Some("no date")),
        ("'now' | date: '%F'", None),
        ("0 | date: '%F %T'", Some("1970-01-01 08:00:00")),
        ("-1.5 | append: ''", Some("-1.5")),
        ("page.foo | size", None),
        ("page.foo | append", None),
        ("page.foo | append: a: 1", None),
        ("page.foo || upcase", None),
        ("page.foo page.foo", None),
        ("site.missing | default: 'x'", None),
        ("site.data", None),
        ("", None),
    ] {
        let source = format!("{{{{ {expression} }}}}");
        assert_eq!(shown(&source), expected.unwrap_or(&source), "{source}");
    }
}

#[test]
fn site_scalars_resolve_secrets_and_lists_stay() {
    let folder = tempfile::tempdir().expect("a folder");
    let config =
        "title: T\nversion: 4.2\nowner: {name: A, api_key: K}\nlist: [a]\nnone:\nfinews: {footer: F}\n";
    std::fs::write(folder.path().join("_config.yml"), config).expect("a file");
    std::fs::create_dir(folder.path().join("_data")).expect("a folder");
    std::fs::write(folder.path().join("_data/desk.yml"), "phone: 12\nmain desk: {head: B}\n")
        .expect("a file");
    let config = Config::read(folder.path(), &Overrides::default(), &|_| None).expect("a configuration");
    let site = SiteContext { variables: Arc::clone(&config.variables), ..site() };
    for (expression, expected) in [
        ("site.version", Some("4.2")),
        ("site.owner.name | upcase", Some("A")),
        ("site.none", Some("")),
        ("site.data.desk.phone", Some("12")),
        ("site.data.desk[\"main desk\"].head", Some("B")),
        ("site.owner", None),
        ("site.owner.api_key", None),
        ("site.list", None),
        ("site.finews.footer", None),
        ("site.time", None),
    ] {
        let source = format!("{{{{ {expression} }}}}");
        assert_eq!(shown_with(&source, &site).0, expected.unwrap_or(&source), "{source}");
    }
}

#[test]
fn unresolved_tags_are_reported_once_with_the_first_line() {
    let source = "甲{{ page.foo }}\n\n{% if page.foo %}\n{{ nope }}{% endif %}";
    let (_, defects) = shown_with(source, &site());
    let found: Vec<_> = defects.iter().map(|defect| (defect.code, defect.line)).collect();
    assert_eq!(found, [(Code::LiquidUnresolved, Some(3))]);
    assert_eq!(
        defects[0].message,
        "Liquid that finews does not support stays as written: `{% if page.foo %}`, and 2 more"
    );
    let long = format!("{{{{ {} }}}}", "x ".repeat(200));
    assert!(shown_with(&long, &site()).1[0].message.ends_with("…`"));
}

#[test]
fn links_to_unknown_files_are_reported_with_their_lines() {
    let source = "甲\n{% link none.md %} {% link _posts/2024-01-02-a.md %}\n{% link /b/none.pdf %}\n\
                  {% post_url none %}{% link _posts/none.md %}{% link _posts/2024-01-02-a.md %}";
    let (text, defects) = shown_with(source, &site());
    assert_eq!(
        text,
        "甲\n/base/none.html /base/2024/01/02/a.html\n/base/b/none.pdf\n\
         {% post_url none %}{% link _posts/none.md %}/base/2024/01/02/a.html"
    );
    let found: Vec<_> = defects.iter().map(|defect| (defect.code, defect.line)).collect();
    assert_eq!(found, [2, 3, 4].map(|line| (Code::LiquidUnresolved, Some(line))));
    assert_eq!(defects[0].message, "`{% link none.md %}` names no page or file that is served");
    assert_eq!(
        defects[2].message,
        "Liquid that names no post or file stays as written: `{% post_url none %}`, and 1 more"
    );
}

#[test]
fn first_unresolved_liquid_tag_is_returned() {
    let table = [
        ("text", None),
        ("{{ site.baseurl }}/x {{ \"/y\" | relative_url }}", None),
        ("{% raw %}{{ anything }}{% endraw %} after", None),
        ("{% post_url none %}{% include x.html %}", None),
        ("a\n{% for post in site.posts %}b{{ post.url }}", Some(("{% for post in site.posts %}", 2))),
        ("a {{ content }}", Some(("{{ content }}", 1))),
        ("{{ page.title | upcase }}", None),
        ("{{ page.title | slugify }}", Some(("{{ page.title | slugify }}", 1))),
        ("never closed {{ site.url", None),
    ];
    let site = site();
    for (source, expected) in table {
        let found = unresolved_liquid(source, &context(&site)).map(|found| (found.tag, found.line));
        let expected = expected.map(|(tag, line)| (tag.to_owned(), line));
        assert_eq!(found, expected, "{source}");
    }
}

#[test]
fn values_cannot_forge_the_marks_of_literals() {
    let site = SiteContext { title: "\u{FDD5}0\u{FDD6}<b>".to_owned(), ..site() };
    let (text, _) = shown_with("{{ nope }}{{ site.title }}", &site);
    assert_eq!(text, "{{ nope }}0<b>");
    let mut defects = Vec::new();
    let text = resolve_liquid("{{ site.title }}\u{FDD5}{{ nope }}", &context(&site), &mut defects);
    assert_eq!((text.as_str(), defects.len()), ("0<b>{{ nope }}", 1));
}

#[test]
fn values_of_all_expressions_have_a_limited_length() {
    let site = SiteContext { title: "题".repeat(MAX_LEN / 4), ..site() };
    let source = "{{ site.title | replace: '题', '题目题目题目题目' }}";
    assert_eq!(shown_with(source, &site).0, source);
    let source = "{{ site.title | replace: site.title, '' }}".repeat(100);
    assert!(shown_with(&source, &site).0.ends_with("'' }}"));
}

/// The text of a page in Markdown, and the lines and messages of its defects.
fn shown_in_page(source: &str) -> (String, Vec<(u32, String)>) {
    let site = site();
    let (mut literals, mut defects) = (Literals::default(), Vec::new());
    let context = Context { is_page: true, ..context(&site) };
    let text = resolve(source, &context, TextForm::Markup, &mut literals, &mut defects);
    let defects = defects.into_iter().map(|defect| (defect.line.unwrap_or(0), defect.message));
    (literals.plain(&text), defects.collect())
}

#[test]
fn page_decides_conditions_and_lacks_other_liquid() {
    let table = [
        ("a{% if page.foo %}b{% endif %}c", "abc", vec![]),
        ("a {%- if page.foo -%} b {%- else -%} c {%- endif -%} d", "abd", vec![]),
        ("{% if page.flag %}a{% elsif page.foo == 'bar' %}b{% else %}c{% endif %}", "b", vec![]),
        ("{% unless page.flag %}a{% else %}b{% endunless %}", "a", vec![]),
        ("{% if page.foo %}{% if page.flag %}a{% else %}b{% endif %}c{% endif %}", "bc", vec![]),
        ("{% if page.flag %}{% raw %}{% endif %}{% endraw %}a{% endif %}b", "b", vec![]),
        ("a{% if content %}b{% else %}c{% endif %}d", "ad", vec![1]),
        ("a{% if nope %}b{% else %}c{% endif %}d{{ nope.x }}/{{ site.nope }}", "acd/", vec![]),
        ("{% assign nope = 1 %}{{ nope }}{% include a.html %}{{ other }}", "", vec![1, 1, 1]),
        ("{{ page.missing }}{{ page.missing | upcase }}a", "a", vec![]),
        ("a {{ site.posts }} b", "a  b", vec![1]),
        (
            "a\n{% for x in y %}{% for z in x %}{{ z }}{% endfor %}{% else %}{% endfor %}\nb",
            "a\n\nb",
            vec![2],
        ),
        (
            "a {{ content }} b\n{{ content }}\n<p>{{ content }}</p>\n<p>{{ content }}",
            "a  b\n\n\n<p>",
            vec![1, 2, 3, 4],
        ),
        (
            "![]({{ content }})\n<img src=\"{{ content }}.png\">\n[a]({{ content }}/b)",
            "\n<img >\na",
            vec![1, 2, 3],
        ),
        ("[a]({% post_url none %})", "[a]({% post_url none %})", vec![1]),
        ("{% include a.html %}\nb", "\nb", vec![1]),
        ("{% endif %}a{% else %}", "a", vec![]),
        ("{% post_url none %}", "{% post_url none %}", vec![1]),
    ];
    for (source, expected, lines) in table {
        let (text, defects) = shown_in_page(source);
        assert_eq!(text, expected, "{source}");
        assert_eq!(defects.iter().map(|(line, _)| *line).collect::<Vec<_>>(), lines, "{source}: {defects:?}");
    }
    let (_, defects) = shown_in_page("a\n{% for x in y %}b{% endfor %}");
    assert_eq!(
        defects,
        [(2, "the Liquid block `{% for x in y %}` is not supported and was removed".to_owned())]
    );
}

#[test]
fn white_space_beside_removed_liquid_stays() {
    let table = [
        ("## One {%- include a.html -%}\n\nText.", "## One \n\nText."),
        ("- a {%- include a.html -%}\n- b", "- a \n- b"),
        ("Text.\n{%- for x in y -%}b{%- endfor -%}\n## C", "Text.\n\n## C"),
        ("# A\n{%- include a.html -%}\n{%- if page.foo -%}\nText{% endif %}", "# A\n\nText"),
        ("# A {%- if page.foo -%}{%- include a.html -%}{%- endif -%}\n\nText", "# A\n\nText"),
        ("a {%- if page.foo -%} b {%- endif -%} c", "abc"),
    ];
    for (source, expected) in table {
        assert_eq!(shown_in_page(source).0, expected, "{source}");
    }
    assert_eq!(shown("## One {%- include a.html -%}\n\nText."), "## One \n\nText.");
}

#[test]
fn many_unsupported_tags_and_deep_conditions_are_bounded() {
    let (text, defects) = shown_in_page(&"{{ content }}".repeat(MOST_REPORTED + 2));
    assert_eq!((text.as_str(), defects.len()), ("", MOST_REPORTED + 1));
    assert_eq!(defects[MOST_REPORTED].1, "2 more tags of Liquid were removed or name no file");
    for tag in ["{% link none.md %}", "{% include none.html %}"] {
        let (_, defects) = shown_with(&tag.repeat(MOST_REPORTED + 2), &site());
        assert_eq!(defects.len(), MOST_REPORTED + 1, "{tag}");
    }
    let deep =
        |count: usize| format!("{}a{}", "{% if page.foo %}".repeat(count), "{% endif %}".repeat(count));
    assert_eq!(shown_in_page(&deep(MAX_CONDITIONS)).0, "a");
    let (text, defects) = shown_in_page(&deep(10_000));
    assert_eq!((text.as_str(), defects.len()), ("", 1));
    let (text, _) = shown_in_page(&format!("{}a", "{% if page.foo %}".repeat(10_000)));
    assert_eq!(text, "a");
}
