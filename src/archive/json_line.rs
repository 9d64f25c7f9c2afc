//! A post as a line of JSON, for programs: `finews list` and the monthly files of the whole archive.

use std::collections::HashSet;
use std::io;

use serde::Serialize;

use crate::archive::compressed::ArticleContent;
use crate::archive::head_fields::HeadFields;
use crate::archive::post::{Post, PostId};
use crate::archive::snapshot::Snapshot;

/// The content of a line beyond the metadata of the post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineContent {
    /// The metadata only.
    Nothing,
    /// The cleaned body, as HTML.
    Body,
    /// The plain text of the article.
    Text,
}

/// One line. `url` and `id` are Jekyll's, without `baseurl`, and so is the path of an `image` of the site. Dates are
/// RFC 3339 in the site's zone. `source_name` stands only where the body names the original publisher, the fields from
/// `authors` to `canonical_url` only where the front matter has them, and `story` only where the story has other posts.
#[derive(Debug, Serialize)]
pub struct JsonLine<'a> {
    path: &'a str,
    url: &'a str,
    id: &'a str,
    title: &'a str,
    date: String,
    categories: Vec<&'a str>,
    tags: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_modified_at: Option<String>,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    image: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    canonical_url: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    story: Vec<StoryField<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// Another post of the story of a line.
#[derive(Debug, Serialize)]
struct StoryField<'a> {
    path: &'a str,
    url: &'a str,
    /// The lines of its text that the text of the line lacks.
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
}

impl<'a> StoryField<'a> {
    /// Creates the fields of the other posts of a story. They have texts only if the text of the post is given.
    fn from_story(archive: &'a Snapshot, post: &Post, text: Option<&str>) -> io::Result<Vec<Self>> {
        let Some(id) = archive.at_file(post.path()) else { return Ok(Vec::new()) };
        let story = archive.story(id);
        let others = story.posts().filter(|other| *other != id);
        let field = |other: PostId| {
            let other = archive.post(other);
            let text = match text {
                Some(text) => lines_beside(&archive.article(other)?.text(), text),
                None => String::new(),
            };
            io::Result::Ok(Self { path: other.path(), url: other.url(), text })
        };
        others.map(field).collect()
    }
}

/// The lines of a text that another text lacks.
fn lines_beside(text: &str, other: &str) -> String {
    let known: HashSet<&str> = other.lines().collect();
    let lines: Vec<&str> = text.lines().filter(|line| !known.contains(line)).collect();
    lines.join("\n")
}

impl<'a> JsonLine<'a> {
    /// Creates the line of a post; decompresses the article only if `with` needs it.
    ///
    /// # Errors
    /// Returns an error if the stored article is damaged.
    pub fn new(archive: &'a Snapshot, post: &'a Post, with: LineContent) -> io::Result<Self> {
        let names = |ids: &[_]| ids.iter().map(|id| archive.name(*id)).collect();
        let own = |field: fn(&HeadFields) -> &str| post.head().map(field).unwrap_or_default();
        let article = if with == LineContent::Nothing { None } else { Some(archive.article(post)?) };
        let text = article.as_ref().filter(|_| with == LineContent::Text).map(ArticleContent::text);
        Ok(Self {
            path: post.path(),
            url: post.url(),
            id: post.id(),
            title: post.title(),
            date: post.date.to_rfc3339(archive.zone()),
            categories: names(post.categories()),
            tags: names(post.tags()),
            source_name: post.source_name.map(|name| archive.name(name)),
            authors: archive.authors(post).map(|author| author.name).collect(),
            last_modified_at: post.modified().map(|at| at.to_rfc3339(archive.zone())),
            description: own(|head| &head.description),
            image: own(|head| &head.image),
            canonical_url: own(|head| &head.canonical_url),
            story: StoryField::from_story(archive, post, text.as_deref())?,
            body: article
                .filter(|_| with == LineContent::Body)
                .map(|article| article.html.as_str().to_owned()),
            text,
        })
    }

    /// Writes the line and its line feed.
    ///
    /// # Errors
    /// Returns the errors of the writer.
    pub fn write(&self, mut to: impl io::Write) -> io::Result<()> {
        serde_json::to_writer(&mut to, self)?;
        to.write_all(b"\n")
    }
}
