//! The names of sources: from their tags, from pages of the site and from the configuration. A name of a source is
//! never an author.

use finews::archive::snapshot::GroupKind;

use crate::support::{Site, config, element_texts, folder, load};

const CONFIG: &str = "title: T\nurl: https://news.example\nlang: zh-CN\n";

/// A site with this configuration, these other files, and posts: for each row their number, categories and tags.
fn files(config: &str, posts: &[(usize, &str, &str)], others: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut files = vec![("_config.yml".to_owned(), config.to_owned())];
    for (row, (count, categories, tags)) in posts.iter().enumerate() {
        for number in 0..*count {
            let text = format!("---\ntitle: A\ncategories: {categories}\ntags: {tags}\n---\nText.\n");
            files.push((format!("_posts/2024-01-02-{row}-{number}.md"), text));
        }
    }
    files.extend(others.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())));
    files
}

fn borrowed(files: &[(String, String)]) -> Vec<(&str, &str)> {
    files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect()
}

/// The sources of such a site in order, each as `name=label`, or as its name if that is its label.
fn labels(config_text: &str, posts: &[(usize, &str, &str)], others: &[(&str, &str)]) -> Vec<String> {
    let files = files(config_text, posts, others);
    let folder = folder(&borrowed(&files));
    let archive = load(&config(folder.path()));
    let mut labels: Vec<String> = archive
        .groups(GroupKind::Source)
        .iter()
        .map(|group| match (archive.name(group.name()), group.label()) {
            (name, label) if name == label => name.to_owned(),
            (name, label) => format!("{name}={label}"),
        })
        .collect();
    labels.sort_unstable();
    labels
}

fn site(posts: &[(usize, &str, &str)], others: &[(&str, &str)]) -> Site {
    Site::from_files(&borrowed(&files(CONFIG, posts, others)))
}

#[test]
fn tag_names_a_source_only_if_it_is_the_name_of_no_other() {
    type Row<'a> = (&'a [(usize, &'a str, &'a str)], &'a [&'a str]);
    let table: [Row<'_>; 35] = [
        (&[(1, "hongwang", "红网新闻")], &["hongwang=红网"]),
        (&[(1, "meiri", "每日经济新闻新闻")], &["meiri=每日经济新闻"]),
        (&[(1, "news", "新闻")], &["news=新闻"]),
        (&[(2, "anxin(xianggang)", "[安信（香港）]")], &["anxin(xianggang)=安信（香港）"]),
        // A tag of nine in ten posts is enough, one of eight is not.
        (&[(9, "hetan", "河滩新闻"), (1, "hetan", "收盘")], &["hetan=河滩"]),
        (&[(8, "hetan", "河滩新闻"), (2, "hetan", "收盘")], &["hetan"]),
        (&[(1, "hetan", "河滩新闻"), (1, "hetan", "[]")], &["hetan"]),
        // A tag with and without the ending is one name.
        (&[(5, "hetan", "河滩新闻"), (5, "hetan", "河滩")], &["hetan=河滩"]),
        (&[(9, "hetan", "河滩"), (1, "hetan", "河滩新闻")], &["hetan=河滩"]),
        (&[(5, "hetan", "[河滩, 河滩新闻]"), (5, "hetan", "收盘")], &["hetan"]),
        (&[(1, "hetan", "河滩新闻"), (1, "jiangkou", "河滩")], &["hetan", "jiangkou"]),
        // The tag belongs to several sources, wherever it stands.
        (&[(3, "[Board]", "[Acme]"), (3, "[能工巧匠集]", "[Acme, swift]")], &["Board", "能工巧匠集"]),
        (&[(3, "[Board]", "[Acme]"), (3, "[能工巧匠集]", "[swift, Acme]")], &["Board", "能工巧匠集"]),
        (&[(1, "TechWeb", "TechWeb新闻"), (1, "Techweb", "TechWeb新闻")], &["TechWeb", "Techweb"]),
        (&[(1, "hongwang", "红网新闻"), (1, "红网", "x")], &["hongwang", "红网"]),
        (&[(1, "[a, b, c]", "甲新闻")], &["a", "b", "c"]),
        // Two tags of a post belong to its two sources in order.
        (&[(1, "hetan  yunxiu", "河滩  云岫新闻")], &["hetan=河滩", "yunxiu=云岫"]),
        (
            &[(1, "hetan yunxiu", "河滩 云岫新闻"), (5, "hetan", "河滩新闻"), (5, "yunxiu", "云岫新闻")],
            &["hetan=河滩", "yunxiu=云岫"],
        ),
        // Without the usual ending at the last tag alone, the order may be another one: two posts must agree.
        (&[(1, "hetan yunxiu", "云岫 河滩")], &["hetan", "yunxiu"]),
        (&[(1, "hetan yunxiu", "云岫新闻 河滩")], &["hetan", "yunxiu"]),
        (&[(1, "hetan yunxiu", "云岫新闻 河滩新闻")], &["hetan", "yunxiu"]),
        (&[(2, "hetan yunxiu", "河滩 云岫")], &["hetan=河滩", "yunxiu=云岫"]),
        (&[(1, "hetan yunxiu", "Hetan 云岫")], &["hetan=Hetan", "yunxiu=云岫"]),
        (&[(1, "hetan yunxiu", "河滩 云岫"), (1, "yunxiu", "云岫新闻")], &["hetan", "yunxiu=云岫"]),
        (&[(1, "hetan yunxiu", "河滩 云岫"), (1, "hetan yunxiu", "云岫 河滩")], &["hetan", "yunxiu"]),
        // Three and more belong to their sources in order, if the last tag has the usual ending.
        (&[(1, "a b c", "甲 乙 丙新闻")], &["a=甲", "b=乙", "c=丙"]),
        (&[(1, "a b c d", "甲 乙 丙 丁新闻"), (5, "b", "乙新闻")], &["a=甲", "b=乙", "c=丙", "d=丁"]),
        (&[(1, "a b c", "甲 乙 丙")], &["a", "b", "c"]),
        (&[(1, "a b c", "甲 乙 丙 丁新闻")], &["a", "b", "c"]),
        // All posts carry both tags, and only a tag with the usual ending is a name.
        (&[(1, "news", "first start")], &["news"]),
        (&[(3, "news", "[start, first]")], &["news"]),
        (&[(2, "hetan", "[收盘, 河滩新闻, 航运]")], &["hetan=河滩"]),
        (&[(1, "hetan", "[收盘新闻, 河滩新闻]")], &["hetan"]),
        // Only a slug needs another name.
        (&[(1, "[Machine Learning]", "[AI]")], &["Machine Learning"]),
        (&[(1, "[红网]", "[湖南]")], &["红网"]),
    ];
    for (posts, expected) in table {
        assert_eq!(labels(CONFIG, posts, &[]), expected, "{posts:?}");
    }
}

#[test]
fn configuration_and_pages_name_sources() {
    let page = |title: &str, body: &str| format!("---\ntitle: {title}\n---\n{body}");
    let loop_over_posts = "{% for post in site.categories.hetan %}{{ post.title }}{% endfor %}\n";
    let posts = [(1, "hetan", "河滩新闻")];
    let table = [
        ("category/hetan.html", page("河滩晚报", ""), "hetan=河滩晚报"),
        ("category/hetan.md", page("河滩晚报", "About us.\n"), "hetan=河滩晚报"),
        ("category/hetan.html", page("河滩晚报", loop_over_posts), "hetan=河滩晚报"),
        ("categories/hetan/index.html", page("河滩晚报", ""), "hetan=河滩晚报"),
        ("hetan.md", page("河滩晚报\npermalink: /category/hetan", ""), "hetan=河滩晚报"),
        // The titles of generated pages: the capitalised name, and the tag.
        ("category/hetan.html", page("Hetan", ""), "hetan=河滩"),
        ("category/hetan.html", page("河滩新闻", ""), "hetan=河滩"),
        ("category/hetan.html", page("''", ""), "hetan=河滩"),
        ("tags/hetan.html", page("河滩晚报", ""), "hetan=河滩"),
    ];
    for (path, text, expected) in table {
        assert_eq!(labels(CONFIG, &posts, &[(path, &text)]), [expected], "{path} {text}");
    }
    let configured = format!("{CONFIG}finews: {{names: {{hetan: 滩报}}}}\n");
    let titled = page("河滩晚报", "");
    assert_eq!(labels(&configured, &posts, &[("category/hetan.html", &titled)]), ["hetan=滩报"]);
    // A name that the operator gives is taken.
    let taken = format!("{CONFIG}finews: {{names: {{jiangkou: 河滩}}}}\n");
    let posts = [(1, "hetan", "河滩新闻"), (1, "jiangkou", "[]")];
    assert_eq!(labels(&taken, &posts, &[]), ["hetan", "jiangkou=河滩"]);
}

#[test]
fn page_of_a_source_without_posts_is_an_empty_list() {
    let page = |title: &str, more: &str| format!("---\nlayout: category\ntitle: {title}\n{more}---\n");
    let (yunxiu, shan) = (page("云岫新闻", "redirect_from: /cloud/\n"), page("山报", ""));
    let (wind, tag) = (page("风报", "permalink: /categories/feng/\n"), page("雨", ""));
    let snow = page("雪报", "permalink: /category/xue\n");
    let site = site(
        &[(1, "hetan", "河滩新闻"), (1, "Shan", "[]")],
        &[
            ("category/yunxiu.html", &yunxiu),
            ("category/shan.html", &shan),
            ("feng.html", &wind),
            ("tag/yu.html", &tag),
            ("xue.html", &snow),
            ("category/about.html", "---\ntitle: About us\n---\nWho we are.\n"),
        ],
    );
    let html = site.page("/category/yunxiu.html");
    assert!(html.contains("<h1>云岫新闻</h1>") && html.contains("这里还没有文章"), "{html}");
    assert!(!html.contains("<article") && !html.contains("/feed/yunxiu"), "{html}");
    site.assert_conditional("/category/yunxiu.html");
    site.assert_status("/category/yunxiu/1.html", 404);
    let list = site.page("/category/");
    assert!(
        list.contains("<a href=\"/category/yunxiu.html\">云岫新闻</a> <i>yunxiu</i> <b>0</b></li>"),
        "{list}"
    );
    assert_eq!(list.matches("<b>0</b>").count(), 3, "{list}");
    assert!(list.contains("5 个来源"), "every listed source counts: {list}");
    assert!(site.page("/category/?q=%E4%BA%91").contains("/category/yunxiu.html"));
    assert!(!site.page("/category/?q=hetan").contains("/category/yunxiu.html"));
    assert!(site.page("/category/feng.html").contains("<h1>风报</h1>"));
    assert!(site.page("/tag/yu.html").contains("<h1>yu</h1>"));
    assert_eq!(site.page("/category/xue"), site.page("/category/xue.html"));
    for (from, to) in [
        ("/category/yunxiu/", "/category/yunxiu.html"),
        ("/yunxiu/", "/category/yunxiu.html"),
        ("/cloud/", "/category/yunxiu.html"),
        ("/categories/feng/", "/category/feng.html"),
        // A slug of a source with posts.
        ("/category/shan.html", "/category/Shan.html"),
    ] {
        site.assert_moved(from, to);
    }
    // A page with content is an article as long as the source has no posts.
    assert!(site.page("/category/about.html").contains("Who we are."));
}

#[test]
fn only_page_with_content_behind_a_list_is_reported() {
    let page = |body: &str| format!("---\ntitle: 河滩晚报\n---\n{body}");
    for (body, expected) in [("", None), ("About us.\n", Some("category/hetan.html: warning[page-skipped]"))]
    {
        let files = files(CONFIG, &[(1, "hetan", "河滩新闻")], &[("category/hetan.html", &page(body))]);
        let folder = folder(&borrowed(&files));
        let problems = load(&config(folder.path())).problems();
        let found: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(found.len(), expected.iter().count(), "{found:?}");
        assert!(expected.iter().all(|start| found[0].starts_with(start)), "{found:?}");
        let site = Site::from_folder(folder.path());
        let lists = element_texts(&site.get("/sitemap/lists.xml").text(), "loc");
        let count = lists.iter().filter(|url| *url == "https://news.example/category/hetan.html").count();
        assert_eq!(count, 1, "{lists:?}");
    }
}
