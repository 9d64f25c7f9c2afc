//! Bodies as a reader or a program gets them: Liquid, embedded content, and what `check` reports about both.

use std::path::Path;

use axum::http::Method;
use serde_json::Value;

use crate::support::{Site, element_texts, finews, folder, json_lines, stdout_json};

fn listed(site: &Path) -> Vec<Value> {
    stdout_json(&["list", "--body", &site.to_string_lossy()])
}

/// Paths, lines and codes of the problems that `check` prints.
fn problems(site: &Path) -> Vec<(String, Option<u64>, String)> {
    let output = finews(&["check", "--json", &site.to_string_lossy()]);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let problems = json_lines(&String::from_utf8(output.stdout).expect("UTF-8"));
    problems.iter().map(|it| (text(&it["path"]), it["line"].as_u64(), text(&it["code"]))).collect()
}

#[test]
fn liquid_in_posts_resolves_or_is_reported_with_its_line() {
    let site = folder(&[
        (
            "_config.yml",
            "title: T\nurl: https://news.example\nrepository: https://r.example/a\nversion: 4.2\ntimezone: Asia/Shanghai\n",
        ),
        ("_data/desk.yml", "phone: 12\nclient_secret: never\n"),
        (
            "_posts/2024-01-01-a.md",
            "---\ntitle: A\nfoo: bar\nsub: {name: N}\nempty:\n---\n\n[repo]({{ site.repository }}) {{ site.version }} {{ page.foo }} \
             {{ page.sub.name }}{{ page.empty }} {{ page.date | date: \"%Y\" }} {{ site.data.desk.phone }}\n\n\
             {% if page.foo %}yes{% endif %} {% gist 123 %} {{ site.data.desk.client_secret }}\n",
        ),
        (
            "_posts/2024-01-02-b.md",
            "---\ntitle: B\nexcerpt: '{{ page.title }} of {{ site.title }}'\n---\n{{ page.title | downcase }}\n",
        ),
    ]);
    let posts = listed(site.path());
    assert_eq!(
        posts[1]["body"],
        "<p><a href=\"https://r.example/a\" rel=\"noopener nofollow ugc\">repo</a> 4.2 bar N 2024 12</p>\n\
         <p>{% if page.foo %}yes{% endif %} {% gist 123 %} {{ site.data.desk.client_secret }}</p>"
    );
    assert_eq!(posts[0]["body"], "<p>b</p>");
    assert!(Site::from_folder(site.path()).page("/2024/01/02/b.html").contains("content=\"B of T\""));
    let expected = ("_posts/2024-01-01-a.md".to_owned(), Some(10), "liquid-unresolved".to_owned());
    assert_eq!(problems(site.path()), [expected]);
}

#[test]
fn secrets_in_defaults_have_no_value_in_posts() {
    let site = folder(&[
        (
            "_config.yml",
            "keywords: news\ndefaults:\n- {scope: {path: ''}, values: {api_token: never, deploy: {password: never, keywords: k}}}\n",
        ),
        (
            "_posts/2024-01-01-a.md",
            "{{ page.api_token }} {{ page.deploy.password }} {{ page.deploy.keywords }} {{ site.keywords }}\n",
        ),
    ]);
    assert_eq!(
        listed(site.path())[0]["body"],
        "<p>{{ page.api_token }} {{ page.deploy.password }} k news</p>"
    );
}

#[test]
fn broken_data_files_are_problems_with_path_and_line() {
    let post = "---\ntitle: A\n---\n{{ site.data.good.a }} {{ site.data.bad.a }}\n";
    let site = folder(&[
        ("_data/bad.yml", "a: b\nc: [d\n"),
        ("_data/good.json", "{\"a\": \"b\"}"),
        ("_posts/2024-01-01-a.md", post),
    ]);
    let found = problems(site.path());
    assert_eq!(found[0].0, "_data/bad.yml");
    assert!(found[0].1.is_some() && found[0].2 == "data-invalid", "{found:?}");
    assert_eq!(found[1], ("_posts/2024-01-01-a.md".into(), Some(4), "liquid-unresolved".into()));
    assert_eq!(listed(site.path())[0]["body"], "<p>b {{ site.data.bad.a }}</p>");
}

#[test]
fn missing_links_are_reported_until_their_post_exists() {
    let link = "---\ntitle: A\n---\n[b]({% post_url 2024-01-02-b %})\n";
    let site = folder(&[("_posts/2024-01-01-a.md", link)]);
    let expected = ("_posts/2024-01-01-a.md".to_owned(), Some(4), "liquid-unresolved".to_owned());
    assert_eq!(problems(site.path()), [expected]);
    let site =
        folder(&[("_posts/2024-01-01-a.md", link), ("_posts/2024-01-02-b.md", "---\ntitle: B\n---\nb\n")]);
    assert_eq!(problems(site.path()), []);
}

#[test]
fn links_to_missing_files_are_reported_until_the_file_exists() {
    let config = ("_config.yml", "title: T\n");
    let link = "---\ntitle: A\n---\n[b]({% link none.md %})\n\n[c]({% link assets/c.pdf %}) [d]({% link about.md %})\n";
    let problem = |line| ("_posts/2024-01-01-a.md".to_owned(), Some(line), "liquid-unresolved".to_owned());
    let site = folder(&[config, ("_posts/2024-01-01-a.md", link)]);
    assert_eq!(problems(site.path()), [problem(4), problem(6), problem(6)]);
    let site = folder(&[
        config,
        ("_posts/2024-01-01-a.md", link),
        ("assets/c.pdf", "x"),
        ("about.md", "---\npermalink: /us/\n---\nb\n"),
    ]);
    assert_eq!(problems(site.path()), [problem(4)]);
    assert_eq!(
        listed(site.path())[0]["body"],
        "<p><a href=\"/none.html\">b</a></p>\n<p><a href=\"/assets/c.pdf\">c</a> <a href=\"/us/\">d</a></p>"
    );
}

#[test]
fn pages_are_served_if_all_their_liquid_resolves() {
    let site = folder(&[
        ("_config.yml", "title: T\nemail: desk@news.example\n"),
        (
            "about.md",
            "---\ntitle: About\nrole: desk\n---\nWrite to {{ site.email | upcase }}, {{ page.role | default: 'us' }}.\n",
        ),
        ("list.md", "---\ntitle: List\n---\n\ntext\n\n{% for link in site.data.links %}x{% endfor %}\n"),
        ("_posts/2024-01-01-a.md", "---\ntitle: A\n---\na\n"),
    ]);
    let pages = Site::from_folder(site.path());
    assert!(pages.page("/about.html").contains("Write to DESK@NEWS.EXAMPLE, desk."));
    pages.assert_status("/list.html", 404);
    assert_eq!(problems(site.path()), [("list.md".to_owned(), Some(7), "page-skipped".to_owned())]);
}

#[test]
fn page_with_own_text_is_served_without_its_loop() {
    const TEXT: &str =
        "We report on tides, boats and harbours of the whole coast, from the first light to the last ferry.";
    let about = format!(
        "---\ntitle: About\n---\n\n{TEXT}\n\n## Team\n\n\
         {{% for member in site.data.team %}}\n- {{{{ member.name }}}}\n{{% endfor %}}\n\n\
         {{% unless site.motto %}}None.{{% else %}}{{{{ site.motto }}}}{{% endunless %}}\n"
    );
    let site = folder(&[("_config.yml", "title: T\nmotto: Daily news.\n"), ("about.md", &about)]);
    let html = Site::from_folder(site.path()).page("/about.html");
    assert!(html.contains(TEXT) && html.contains("<p>Daily news.</p>"), "{html}");
    assert!(!html.contains("{%") && !html.contains("{{") && !html.contains("None."), "{html}");
    assert_eq!(problems(site.path()), [("about.md".to_owned(), Some(9), "liquid-unresolved".to_owned())]);
}

#[test]
fn page_shows_nothing_in_place_of_removed_liquid() {
    let about = "---\ntitle: About\n---\n\n\
         We report on tides, boats and harbours of the whole coast, from the first light to the last ferry.\n\n\
         ## Tides {%- for tide in site.data.tides -%}x{%- endfor -%}\n\nHigh water.\n\n\
         ## Crew\n\n| Name | Birthplace |\n|---|---|\n\
         {% for member in site.data.team %}| {{ member.name }} | {{ member.place }} |\n{% endfor %}\n\n\
         ## Contact\n\n[Write]({{ site.time }}) to us{{ note }}{{ site.note }}{{ page.note }}.\n";
    let site = folder(&[("_config.yml", "title: T\n"), ("about.md", about)]);
    let html = Site::from_folder(site.path()).page("/about.html");
    for part in [">Tides</h2>", "<p>High water.</p>", ">Contact</h2>", "<p>Write to us.</p>"] {
        assert!(html.contains(part), "{part}: {html}");
    }
    assert!(!html.contains("Crew") && !html.contains("Birthplace"), "{html}");
    let problem = |line| ("about.md".to_owned(), Some(line), "liquid-unresolved".to_owned());
    assert_eq!(problems(site.path()), [7, 15, 20].map(problem));
}

#[test]
fn players_and_frames_are_shown_to_readers() {
    let post = "---\ntitle: A\npermalink: /a.html\n---\nBefore.\n\n\
                <video src=\"/media/a.mp4\" poster=\"https://x.example/p.png\" controls></video>\n\n\
                <iframe src=\"https://v.example/embed/abc\"></iframe>\n\n<canvas></canvas>\n\nAfter.\n";
    for (config, has_poster) in [("", true), ("finews:\n  images: click\n", false)] {
        let folder = folder(&[("_config.yml", config), ("_posts/2024-01-01-a.md", post)]);
        let site = Site::from_folder(folder.path());
        let response = site.request(Method::GET, "/a.html", &[]);
        let html = response.text();
        assert!(html.contains("<video controls=\"\" preload=\"none\" src=\"/media/a.mp4\""), "{html}");
        assert_eq!(html.contains("poster="), has_poster, "{html}");
        assert!(html.contains(">v.example</a>") && !html.contains("<iframe"), "{html}");
        let policy = response.header("content-security-policy");
        assert!(policy.contains("media-src 'self' https:;") && policy.contains("frame-ancestors 'none'"));
        let expected = ("_posts/2024-01-01-a.md".to_owned(), Some(11), "embed-dropped".to_owned());
        assert_eq!(problems(folder.path()), [expected]);
    }
}

#[test]
fn scripts_are_reported_and_embeds_become_links() {
    let post = "---\ntitle: A\npermalink: /a.html\n---\nBefore.\n\n\
                <script src=\"https://datawrapper.dwcdn.net/x/embed.js\"></script>\n";
    let other = "---\ntitle: B\n---\nBefore.\n\n<script src=\"https://w.example/poll.js\"></script>\n";
    let folder =
        folder(&[("_config.yml", ""), ("_posts/2024-01-01-a.md", post), ("_posts/2024-01-01-b.md", other)]);
    let html = Site::from_folder(folder.path()).page("/a.html");
    assert!(html.contains("<a href=\"https://datawrapper.dwcdn.net/x/\" class=\"embed\""), "{html}");
    let expected = ("_posts/2024-01-01-b.md".to_owned(), Some(6), "embed-dropped".to_owned());
    assert_eq!(problems(folder.path()), [expected]);
}

#[test]
fn front_matter_with_a_damaged_fence_is_no_text() {
    let posts = [
        ("_posts/2024-01-01-a.md", "title: First\npermalink: /a.html\n---\nText.\n"),
        ("_posts/2024-01-01-b.md", "----\ntitle: First\npermalink: /b.html\n----\nText.\n"),
        ("_posts/2024-01-01-c.md", "--- # c\ntitle: First\npermalink: /c.html\n---\nText.\n"),
    ];
    let folder = folder(&posts);
    let site = Site::from_folder(folder.path());
    for path in ["/a.html", "/b.html", "/c.html"] {
        let html = site.page(path);
        assert!(html.contains("<p>Text.</p>") && html.contains("First"), "{path}: {html}");
        assert!(!html.contains("permalink:"), "{path}: {html}");
    }
    let expected = posts.map(|(path, _)| (path.to_owned(), Some(1), "front-matter-invalid".to_owned()));
    assert_eq!(problems(folder.path()), expected);
}

#[test]
fn contents_boxes_and_formulas_are_shown_controls_reported() {
    let post = "---\ntitle: A\n---\n* x\n{:toc}\n\n# One\n\n## Two\n\n<input type=\"checkbox\" checked> done\n\n\
                <form><button>Send</button></form>\n\n<script type=\"math/tex; mode=display\">a < b</script>\n";
    let site = folder(&[
        ("_config.yml", "lang: en\nkramdown:\n  toc_levels: 2..2\n"),
        ("_posts/2024-01-01-a.md", post),
    ]);
    let posts = listed(site.path());
    let body = posts[0]["body"].as_str().expect("a body");
    for part in
        ["href=\"#two\"", "<abbr title=\"Done\" class=\"task\">☑</abbr>  done", "Send", "\\[a &lt; b\\]"]
    {
        assert!(body.contains(part), "{part}: {body}");
    }
    assert!(!body.contains("href=\"#one\""), "{body}");
    let expected = ("_posts/2024-01-01-a.md".to_owned(), Some(13), "embed-dropped".to_owned());
    assert_eq!(problems(site.path()), [expected]);
}

#[test]
fn footnote_marks_are_no_part_of_descriptions_and_summaries() {
    let post = "---\ntitle: A\npermalink: /a.html\n---\n营收达到10亿元[^1]，同比增长。\n\n[^1]: 未经审计\n";
    let site = Site::from_files(&[
        ("_config.yml", "url: https://news.example\nfeed: {excerpt_only: true}\n"),
        ("_posts/2024-01-01-a.md", post),
    ]);
    let html = site.page("/a.html");
    assert!(html.contains("<meta name=\"description\" content=\"营收达到10亿元，同比增长。\">"), "{html}");
    assert_eq!(element_texts(&site.get("/feed.xml").text(), "summary"), ["营收达到10亿元，同比增长。"]);
}
