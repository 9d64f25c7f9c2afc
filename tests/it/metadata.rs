//! Metadata of pages, for search engines and for programs that show previews of links.

use serde_json::{Value, json};

use crate::support::{Site, element_texts, folder, stdout_json};

const CONFIG: &str =
    "title: 河滩 & 江口\nurl: https://news.example\nbaseurl: /b\nlang: zh-CN\nlogo: /assets/logo.png\n";
const POST: &str = "---\ntitle: \"</script><b>甲 & 乙\"\ndate: 2024-01-02 03:04:05 +0000\ncategories: hetan\n\
                    last_modified_at: 2024-01-03 00:00:00 +0000\n---\n\
                    <p><span class=\"keytip\" data-code=\"1,600160\">甲股份</span>公告。</p>\
                    <p><img src=\"https://e.example/a.png?b&c\"></p>\n\n<https://src.example/1.html>\n";

/// Parses the JSON-LD of a page.
fn data(html: &str) -> Value {
    let (_, data) = html.split_once("<script type=\"application/ld+json\">").expect("data");
    let (data, _) = data.split_once("</script>").expect("its end");
    serde_json::from_str(data).unwrap_or_else(|error| panic!("{error}: {data}"))
}

fn property<'h>(html: &'h str, name: &str) -> Option<&'h str> {
    let (_, rest) = html.split_once(&format!("<meta property=\"{name}\" content=\""))?;
    rest.split('"').next()
}

#[test]
fn article_has_json_ld_and_open_graph_data() {
    let site = Site::from_files(&[("_config.yml", CONFIG), ("_posts/2024-01-02-a.md", POST)]);
    let html = site.page("/b/hetan/2024/01/02/a.html");
    let data = data(&html);
    let news = &data["@graph"][0];
    let address = "https://news.example/b/hetan/2024/01/02/a.html";
    assert_eq!(data["@context"], "https://schema.org");
    assert_eq!(news["@type"], "NewsArticle");
    assert_eq!(news["headline"], "</script><b>甲 & 乙");
    assert_eq!(news["url"], address);
    assert_eq!(news["datePublished"], "2024-01-02T03:04:05+00:00");
    assert_eq!(news["dateModified"], "2024-01-03T00:00:00+00:00");
    assert_eq!(news["image"], json!(["https://e.example/a.png?b&c"]));
    assert_eq!(news["author"], json!([news["publisher"]]), "the name of a source is no author");
    assert_eq!(news["publisher"]["name"], "河滩 & 江口");
    assert_eq!(news["publisher"]["logo"]["url"], "https://news.example/b/assets/logo.png");
    assert_eq!(news["isBasedOn"], "https://src.example/1.html");
    assert_eq!(news["mentions"][0]["name"], "甲股份");
    assert_eq!(news["mentions"][0]["url"], "https://news.example/b/stock/600160.SH.html");
    let crumbs = data["@graph"][1]["itemListElement"].as_array().expect("crumbs");
    let items: Vec<_> = crumbs.iter().map(|crumb| crumb["item"].as_str().expect("an address")).collect();
    assert_eq!(items, ["https://news.example/b/", "https://news.example/b/category/hetan.html", address]);
    assert_eq!(property(&html, "og:type"), Some("article"));
    assert_eq!(property(&html, "og:url"), Some(address));
    assert_eq!(property(&html, "og:image"), Some("https://e.example/a.png?b&#38;c"));
    assert!(html.contains("<meta name=\"twitter:card\" content=\"summary_large_image\">"));
    site.assert_conditional("/b/hetan/2024/01/02/a.html");
}

#[test]
fn both_files_of_a_story_have_its_url_and_mentions() {
    let text = |category: &str, data: &str, name: &str| {
        format!(
            "---\ntitle: A\ndate: 2024-01-02 03:04:05 +0000\ncategories: {category}\n---\n\
             <p><span class=\"keytip\" data-code=\"{data}\">{name}</span>公告。</p>\n"
        )
    };
    let (own, other) = (text("hetan", "1,600160", "甲股份"), text("emnews", "90,BK0001", "造纸"));
    let site = Site::from_files(&[
        ("_config.yml", CONFIG),
        ("_posts/2024-01-02-NW202401020000000001.md", &own),
        ("_posts/2024-01-02-202401020000000001.md", &other),
    ]);
    let leader = "https://news.example/b/hetan/2024/01/02/NW202401020000000001.html";
    for path in
        ["/b/hetan/2024/01/02/NW202401020000000001.html", "/b/emnews/2024/01/02/202401020000000001.html"]
    {
        let html = site.page(path);
        let data = data(&html);
        let news = &data["@graph"][0];
        assert_eq!((&news["url"], &news["mainEntityOfPage"]), (&json!(leader), &json!(leader)), "{path}");
        assert_eq!(property(&html, "og:url"), Some(leader), "{path}");
        let mentions = news["mentions"].as_array().expect("mentions");
        let codes: Vec<_> =
            mentions.iter().map(|mention| mention["alternateName"].as_str().expect("a code")).collect();
        assert_eq!(codes, ["600160.SH", "BK0001"], "{path}");
    }
}

#[test]
fn chart_of_a_quote_site_is_no_preview_image() {
    let chart = "<p><img src=\"https://q.example/k.png\" data-code=\"K 600160|1|2\"></p>\n";
    let picture = "<p>文<img src=\"https://e.example/a.png\"></p>\n";
    for (body, expected) in [
        (format!("{chart}{picture}"), "https://e.example/a.png"),
        (format!("{chart}<p>文</p>\n"), "https://news.example/b/assets/logo.png"),
    ] {
        let text = format!("---\ntitle: A\n---\n{body}");
        let site = Site::from_files(&[("_config.yml", CONFIG), ("_posts/2024-01-02-a.md", &text)]);
        let html = site.page("/b/2024/01/02/a.html");
        assert!(html.contains("quote-chart"), "{html}");
        assert_eq!(property(&html, "og:image"), Some(expected), "{body}");
        assert_eq!(data(&html)["@graph"][0]["image"], json!([expected]), "{body}");
    }
}

#[test]
fn home_page_lists_and_site_pages_have_json_ld() {
    let about = ("about.md", "---\ntitle: About\npermalink: /about/\n---\nWho we are.\n");
    let site = Site::from_files(&[("_config.yml", CONFIG), ("_posts/2024-01-02-a.md", POST), about]);
    let own = &data(&site.page("/b/about/"))["@graph"][0];
    assert_eq!((&own["@type"], &own["description"]), (&json!("WebPage"), &json!("Who we are.")));
    let home = data(&site.page("/b/"));
    assert_eq!((&home["@type"], &home["url"]), (&json!("WebSite"), &json!("https://news.example/b/")));
    let target = &home["potentialAction"]["target"]["urlTemplate"];
    assert_eq!(*target, "https://news.example/b/search?q={search_term_string}");
    for (page, above) in [
        ("/b/category/hetan.html", vec!["/b/category/"]),
        ("/b/stock/600160.SH.html", vec!["/b/stock/"]),
        ("/b/category/", vec![]),
        ("/b/tag/", vec![]),
        ("/b/stock/", vec![]),
        ("/b/2024/", vec![]),
        ("/b/2024/01/", vec!["/b/2024/"]),
        ("/b/2024/01/02/", vec!["/b/2024/", "/b/2024/01/"]),
    ] {
        let html = site.page(page);
        let data = data(&html);
        let way: Vec<&str> = [vec!["/b/"], above, vec![page]].concat();
        let crumbs = data["@graph"][1]["itemListElement"].as_array().expect("crumbs");
        let items = crumbs.iter().map(|crumb| crumb["item"].as_str().expect("an address"));
        assert!(items.eq(way.iter().map(|path| format!("https://news.example{path}"))), "{page}: {crumbs:?}");
        let list = &data["@graph"][0];
        assert_eq!(
            (&list["@type"], &list["url"]),
            (&json!("CollectionPage"), &json!(format!("https://news.example{page}")))
        );
        assert_eq!(property(&html, "og:image"), Some("https://news.example/b/assets/logo.png"));
    }
}

#[test]
fn site_has_opensearch_description_and_web_manifest() {
    let site = Site::from_files(&[("_config.yml", CONFIG), ("_posts/2024-01-02-a.md", POST)]);
    let html = site.page("/b/");
    assert!(html.contains("href=\"/b/opensearch.xml\"") && html.contains("href=\"/b/manifest.webmanifest\""));
    let response = site.get("/b/opensearch.xml");
    assert_eq!(response.header("content-type"), "application/opensearchdescription+xml; charset=utf-8");
    let xml = response.text();
    assert_eq!(element_texts(&xml, "ShortName"), ["河滩 & 江口"]);
    assert!(xml.contains("template=\"https://news.example/b/search?q={searchTerms}\""), "{xml}");
    let response = site.get("/b/manifest.webmanifest");
    let manifest: Value = serde_json::from_str(&response.text()).expect("JSON");
    assert_eq!((&manifest["name"], &manifest["start_url"]), (&json!("河滩 & 江口"), &json!("/b/")));
    for path in ["/b/opensearch.xml", "/b/manifest.webmanifest"] {
        site.assert_conditional(path);
    }
    let long = Site::from_files(&[("_config.yml", "title: 一二三四五六七八九十一二三四五六七八九十\n")]);
    assert_eq!(
        element_texts(&long.get("/opensearch.xml").text(), "ShortName"),
        ["一二三四五六七八九十一二三四五六"]
    );
}

#[test]
fn logo_path_without_leading_slash_is_resolved() {
    let config = CONFIG.replace("logo: /assets", "logo: assets");
    let site = Site::from_files(&[("_config.yml", &config), ("_posts/2024-01-02-a.md", POST)]);
    let html = site.page("/b/category/hetan.html");
    assert_eq!(property(&html, "og:image"), Some("https://news.example/b/assets/logo.png"));
    assert!(html.contains("src=\"/b/assets/logo.png\""), "{html}");
}

#[test]
fn share_image_takes_precedence_over_logo() {
    let config = format!("{CONFIG}finews: {{share_image: 'https://i.example/share.png'}}\n");
    let plain = ("_posts/2024-01-02-a.md", "---\ntitle: A\n---\n文\n");
    let html = Site::from_files(&[("_config.yml", &config), plain]).page("/b/2024/01/02/a.html");
    assert_eq!(property(&html, "og:image"), Some("https://i.example/share.png"));
    assert!(html.contains("<meta name=\"twitter:card\" content=\"summary\">"));
}

/// The values of all `<meta>` elements with a name.
fn named<'h>(html: &'h str, name: &str) -> Vec<&'h str> {
    let start = format!("<meta name=\"{name}\" content=\"");
    html.split(&start).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// A site whose two posts have the front matter of jekyll-seo-tag, and whose third has none.
fn site_with_front_matter(authors: (&str, &str)) -> Site {
    let config = "title: T\nurl: https://news.example\nbaseurl: /b\npermalink: /:title.html\n\
                  author: {name: Desk, email: d@news.example}\n";
    Site::from_files(&[
        ("_config.yml", config),
        authors,
        (
            "_posts/2024-01-03-a.md",
            "---\ntitle: A\ndescription: A summary **written** by hand\nimage: /images/封面.png\n\
             canonical_url: https://origin.example/a\nauthors: [ann, Bob & Co]\nlast_modified_at: 2024-01-04\n---\n\
             First words of the body. ![x](/images/other.png)\n",
        ),
        (
            "_posts/2024-01-02-b.md",
            "---\ntitle: B\nauthor: {name: Zhang, url: 'https://z.example/'}\n\
             image: {path: images/cover.png, alt: A \"cover\"}\nsummary: S\n---\nBody.\n",
        ),
        ("_posts/2024-01-01-c.md", "---\ntitle: C\ncategories: hetan\n---\nBody.\n"),
        (
            "about.md",
            "---\ntitle: About\ndescription: Who we are\nimage: //i.example/us.png\nauthor: ann\n\
             permalink: /about/\n---\nText.\n",
        ),
    ])
}

#[test]
fn head_and_json_ld_use_the_front_matter_of_jekyll_seo_tag() {
    let site =
        site_with_front_matter(("_data/authors.yml", "ann: {name: Ann Ash, uri: 'https://a.example/'}\n"));
    let html = site.page("/b/a.html");
    assert_eq!(named(&html, "description"), ["A summary written by hand"]);
    assert_eq!(property(&html, "og:description"), Some("A summary written by hand"));
    assert_eq!(named(&html, "author"), ["Ann Ash", "Bob &#38; Co"]);
    let image = "https://news.example/b/images/%E5%B0%81%E9%9D%A2.png";
    assert_eq!(property(&html, "og:image"), Some(image));
    assert_eq!(named(&html, "twitter:card"), ["summary_large_image"]);
    assert!(html.contains("<link rel=\"canonical\" href=\"https://origin.example/a\">"), "{html}");
    assert_eq!(property(&html, "og:url"), Some("https://origin.example/a"));
    assert_eq!(property(&html, "article:modified_time"), Some("2024-01-04T00:00:00+00:00"));
    assert!(html.contains("<span>Ann Ash</span> <span>Bob &#38; Co</span>"), "the by-line: {html}");
    let news = &data(&html)["@graph"][0];
    assert_eq!(news["url"], "https://origin.example/a");
    assert_eq!(news["description"], "A summary written by hand");
    assert_eq!(news["image"], json!([image]));
    let people = json!([
        { "@type": "Person", "name": "Ann Ash", "url": "https://a.example/" },
        { "@type": "Person", "name": "Bob & Co" },
    ]);
    assert_eq!(news["author"], people);
    let html = site.page("/b/b.html");
    assert_eq!((named(&html, "description"), named(&html, "author")), (vec!["S"], vec!["Zhang"]));
    assert_eq!(property(&html, "og:image"), Some("https://news.example/b/images/cover.png"));
    assert_eq!(property(&html, "og:image:alt"), Some("A &#34;cover&#34;"));
    assert!(html.contains("<link rel=\"canonical\" href=\"https://news.example/b/b.html\">"), "{html}");
    assert_eq!(named(&site.page("/b/"), "author"), ["Desk"], "the home page");
    let html = site.page("/b/c.html");
    assert_eq!((named(&html, "description"), named(&html, "author")), (vec!["Body."], vec!["Desk"]));
    assert_eq!(data(&html)["@graph"][0]["author"], json!([{ "@type": "Person", "name": "Desk" }]));
    assert!(!html.contains("<span>Desk</span>"), "no by-line");
    let html = site.page("/b/about/");
    assert_eq!((named(&html, "description"), named(&html, "author")), (vec!["Who we are"], vec!["Ann Ash"]));
    assert_eq!(property(&html, "og:image"), Some("https://i.example/us.png"));
}

#[test]
fn feed_entries_have_the_authors_of_posts_else_of_the_site() {
    let site = site_with_front_matter((
        "_data/authors.json",
        "{\"ann\": {\"name\": \"Ann Ash\", \"email\": \"a@a.example\"}}",
    ));
    let xml = site.get("/b/feed.xml").text();
    assert_eq!(element_texts(&xml, "name"), ["Desk", "Ann Ash", "Bob & Co", "Zhang", "Desk"]);
    assert_eq!(element_texts(&xml, "email"), ["d@news.example", "a@a.example", "d@news.example"]);
    assert_eq!(element_texts(&xml, "uri"), ["https://z.example/"]);
    assert_eq!(element_texts(&xml, "summary"), ["A summary written by hand", "S", "Body."]);
    assert!(xml.contains("medium=\"image\" url=\"https://news.example/b/images/cover.png\""), "{xml}");
    let feed: Value = serde_json::from_str(&site.get("/b/feed.json").text()).expect("JSON");
    assert_eq!(feed["authors"], json!([{ "name": "Desk" }]));
    assert_eq!(feed["items"][0]["authors"], json!([{ "name": "Ann Ash" }, { "name": "Bob & Co" }]));
    assert_eq!(feed["items"][1]["authors"], json!([{ "name": "Zhang", "url": "https://z.example/" }]));
    assert_eq!(feed["items"][1]["image"], "https://news.example/b/images/cover.png");
    // Without authors of posts and of the site, only the feed has one, and it is not the name of a source.
    let post = ("_posts/2024-01-01-c.md", "---\ntitle: C\ncategories: hetan\ntags: 河滩新闻\n---\nBody.\n");
    let site = Site::from_files(&[("_config.yml", "title: T\nurl: https://news.example\n"), post]);
    assert_eq!(element_texts(&site.get("/feed.xml").text(), "name"), ["T"]);
    let feed: Value = serde_json::from_str(&site.get("/feed.json").text()).expect("JSON");
    assert_eq!((&feed["authors"], &feed["items"][0]["authors"]), (&json!([{ "name": "T" }]), &Value::Null));
}

#[test]
fn data_lines_have_the_front_matter_of_the_post() {
    let folder = folder(&[(
        "_posts/2024-01-02-a.md",
        "---\ntitle: A\nauthors: [Ann, Bob]\ndescription: D\nimage: /a.png\ncanonical_url: https://o.example/a\n\
         last_modified_at: 2024-01-03 00:00:00 +0000\n---\nText.\n",
    )]);
    let lines = stdout_json(&["list", &folder.path().to_string_lossy()]);
    let line = &lines[0];
    assert_eq!(line["authors"], json!(["Ann", "Bob"]));
    assert_eq!((&line["description"], &line["image"]), (&json!("D"), &json!("/a.png")));
    assert_eq!(line["canonical_url"], "https://o.example/a");
    assert_eq!(line["last_modified_at"], "2024-01-03T00:00:00+00:00");
}
