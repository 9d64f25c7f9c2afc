//! Metadata of pages, for search engines and for programs that show previews of links.

use serde_json::{Value, json};

use crate::support::{Site, element_texts};

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
    assert_eq!(
        news["author"],
        json!([{ "@type": "Organization", "name": "hetan", "url": "https://news.example/b/category/hetan.html" }])
    );
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
