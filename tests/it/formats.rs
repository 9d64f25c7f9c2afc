//! Machine-readable formats stay valid, whatever text a post or the configuration contains.

use proptest::prelude::*;
use serde_json::Value;

use crate::support::{Site, element_texts, folder, json_lines};

/// A site with this title and one post, whose file has this content.
fn site_with_post(title: &str, post: &[u8]) -> Site {
    let folder = folder(&[("_posts/2024-01-02-a.md", "")]);
    let config = format!("title: {}\nurl: https://news.example\nlang: zh-CN\n", yaml_string(title));
    std::fs::write(folder.path().join("_config.yml"), config).expect("a file");
    std::fs::write(folder.path().join("_posts/2024-01-02-a.md"), post).expect("a file");
    Site::from_folder(folder.path())
}

/// A text as YAML: a JSON string, with escapes for the characters that YAML forbids.
fn yaml_string(text: &str) -> String {
    let json = serde_json::to_string(text).expect("a text");
    let is_taken =
        |c: char| !matches!(c, '\u{7F}'..='\u{9F}' | '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}'..);
    json.chars()
        .map(|c| match c {
            _ if is_taken(c) => c.to_string(),
            '\u{10000}'.. => c.to_string(),
            _ => format!("\\u{:04x}", u32::from(c)),
        })
        .collect()
}

/// A post with the current date, so that the news sitemap lists it.
fn post(title: &str, body: &str) -> String {
    let (title, now) = (yaml_string(title), chrono::Utc::now().format("%Y-%m-%d %H:%M:%S +0000"));
    format!(
        "---\ntitle: {title}\ndate: {now}\ncategories: [x]\ntags: [{title}]\nauthor: {title}\npermalink: /a.html\n---\n{body}\n"
    )
}

/// Parses all machine-readable output of a site with one post; returns the title of the post in each format.
fn parse_all(site: &Site) -> Vec<String> {
    let json = |text: &str| -> Value {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
    };
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let mut titles = Vec::new();
    for feed in ["/feed", "/feed/x"] {
        let xml = site.get(&format!("{feed}.xml")).text();
        assert_eq!(element_texts(&xml, "entry").len(), 1, "{xml}");
        // The first title is that of the feed, the second that of the entry.
        titles.push(element_texts(&xml, "title").remove(1));
        titles.push(text(&json(&site.get(&format!("{feed}.json")).text())["items"][0]["title"]));
    }
    let news = site.get("/news-sitemap.xml").text();
    titles.extend(element_texts(&news, "title"));
    assert_eq!(element_texts(&news, "loc"), ["https://news.example/a.html"]);
    for file in element_texts(&site.get("/sitemap.xml").text(), "loc") {
        assert!(
            !element_texts(&site.get(&file.replace("https://news.example", "")).text(), "loc").is_empty()
        );
    }
    let html = site.page("/a.html");
    let (_, data) = html.split_once("<script type=\"application/ld+json\">").expect("data");
    titles.push(text(&json(data.split_once("</script>").expect("an end").0)["@graph"][0]["headline"]));
    let index = json(&site.get("/archive/index.json").text());
    let month = text(&index["months"][0]["url"]).replace("https://news.example", "");
    let lines = json_lines(&site.get(&month).text());
    assert_eq!(lines.len(), 1);
    let written = text(&lines[0]["title"]);
    // Pages show other words for an empty title.
    titles.push(if written.trim().is_empty() { titles[1].clone() } else { written });
    assert_eq!(element_texts(&site.get("/opensearch.xml").text(), "ShortName").len(), 1);
    json(&site.get("/manifest.webmanifest").text());
    titles
}

/// The part of a text that every format shows: no control characters and no characters that XML cannot
/// represent (<https://www.w3.org/TR/xml/#charsets>), with white space folded.
fn visible_text(text: &str) -> String {
    let is_shown = |c: &char| match c {
        '\t' | '\n' | '\r' => true,
        '\u{FFFE}' | '\u{FFFF}' => false,
        _ => !c.is_control(),
    };
    let text: String = text.chars().filter(is_shown).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn special_characters_round_trip_in_every_format() {
    let long = "长".repeat(10_000);
    let table = [
        "<a href=\"x\">&amp;</a> ]]> <![CDATA[",
        "</script><script>alert(1)</script>",
        "tab\tand \u{1}\u{8}\u{B}\u{7F}\u{85} \u{FFFE}\u{FFFF}",
        "\u{202E}evil\u{2028}\u{2029}",
        "{{ x }} {% y %} {searchTerms}",
        long.as_str(),
    ];
    for title in table {
        let titles = parse_all(&site_with_post(title, post(title, title).as_bytes()));
        assert!(titles.iter().all(|read| visible_text(read) == visible_text(title)), "{title}: {titles:?}");
    }
}

#[test]
fn invalid_utf8_is_replaced_in_every_format() {
    // Each half of a surrogate pair alone, and a truncated sequence.
    let broken: [&[u8]; 3] = [b"\xED\xA0\x80", b"\xED\xBF\xBF", b"\xF0\x9F\x98"];
    for bytes in broken {
        let text = post("before MARK after", "Body MARK.");
        let parts: Vec<&[u8]> = text.split("MARK").map(str::as_bytes).collect();
        let titles = parse_all(&site_with_post("T", &parts.join(bytes)));
        let is_whole = |title: &String| title.starts_with("before ") && title.ends_with(" after");
        assert!(titles.iter().all(is_whole), "{titles:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_text_round_trips_in_every_format(
        title in "[\\PC\\p{Cc}]{0,60}",
        body in "[\\PC\\p{Cc}]{0,200}",
        site in "[\\PC\\p{Cc}]{1,40}",
    ) {
        let titles = parse_all(&site_with_post(&site, post(&title, &body).as_bytes()));
        let first = visible_text(&titles[0]);
        prop_assert!(titles.iter().all(|title| visible_text(title) == first), "{:?}", titles);
        if !visible_text(&title).is_empty() {
            prop_assert_eq!(first, visible_text(&title));
        }
    }
}
