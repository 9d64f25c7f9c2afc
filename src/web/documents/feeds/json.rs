//! Writes a feed as JSON Feed 1.1.

use serde::Serialize;

use crate::config::Author;
use crate::web::documents::feeds::document::{Feed, FeedEntry};

#[derive(Serialize)]
struct JsonFeed<'a> {
    version: &'static str,
    title: &'a str,
    home_page_url: &'a str,
    feed_url: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    /// The format has a link in one direction only: to older posts.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<&'a str>,
    language: &'a str,
    authors: Vec<FeedAuthor<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hubs: Option<[Hub<'a>; 1]>,
    items: Vec<JsonFeedItem<'a>>,
}

#[derive(Serialize)]
struct Hub<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    url: &'a str,
}

#[derive(Serialize)]
struct JsonFeedItem<'a> {
    id: &'a str,
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_url: Option<&'a str>,
    title: &'a str,
    /// Every item needs this or `content_text`.
    #[serde(skip_serializing_if = "Option::is_none")]
    content_html: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_text: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    summary: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    date_published: &'a str,
    date_modified: &'a str,
    /// Without authors, those of the feed count.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<FeedAuthor<'a>>,
    tags: &'a [&'a str],
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
}

#[derive(Serialize)]
struct FeedAuthor<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    url: &'a str,
}

pub(crate) fn write(feed: &Feed<'_>) -> Vec<u8> {
    let document = JsonFeed {
        version: "https://jsonfeed.org/version/1.1",
        title: &feed.title,
        home_page_url: &feed.about,
        feed_url: &feed.this,
        description: &feed.site.description,
        next_url: feed.older.as_deref(),
        language: &feed.site.lang,
        authors: feed_authors(&feed.authors),
        hubs: feed.hub.map(|url| [Hub { kind: "WebSub", url }]),
        items: feed.entries.iter().map(item).collect(),
    };
    // Serializing text and lists of text does not fail.
    serde_json::to_vec(&document).unwrap_or_default()
}

fn feed_authors<'a>(authors: &[Author<'a>]) -> Vec<FeedAuthor<'a>> {
    authors.iter().map(|author| FeedAuthor { name: author.name, url: author.uri }).collect()
}

fn item<'a>(entry: &'a FeedEntry<'a>) -> JsonFeedItem<'a> {
    JsonFeedItem {
        id: &entry.id,
        url: &entry.url,
        external_url: entry.original.as_deref(),
        title: &entry.title,
        content_html: entry.content.as_deref(),
        content_text: entry.content.is_none().then_some(entry.summary),
        summary: entry.summary,
        image: entry.image.as_deref(),
        date_published: &entry.published,
        date_modified: &entry.updated,
        authors: feed_authors(&entry.authors),
        tags: &entry.terms,
        language: entry.lang,
    }
}
