//! Links to original articles become links to their posts. A body is stored with its links as they
//! are, since posts come and go.

use crate::archive::article_id::ArticleId;
use crate::archive::body::html::clean::BodyHtml;
use crate::archive::body::html::pieces::{HtmlPiece, HtmlTag};
use crate::archive::body::kramdown::literal::escape_html;
use crate::config::names_host;

impl BodyHtml {
    /// Replaces the target of each link to another host for whose article id `local` returns an address.
    pub(crate) fn with_local_links(&self, local: impl Fn(ArticleId) -> Option<String>) -> Self {
        let mut html = String::with_capacity(self.as_str().len());
        for piece in self.pieces() {
            match piece {
                HtmlPiece::Text(text) => html.push_str(text),
                HtmlPiece::Tag(tag) => match linked_article(tag).and_then(&local) {
                    Some(href) => write_link(tag, &href, &mut html),
                    None => html.push_str(tag.html),
                },
            }
        }
        Self::from_stored(html)
    }
}

/// The id of the article that a link to another host names.
fn linked_article(tag: HtmlTag<'_>) -> Option<ArticleId> {
    if tag.name != "a" || tag.closes {
        return None;
    }
    let href = tag.get("href")?;
    if names_host(href) { ArticleId::from_url(href) } else { None }
}

fn write_link(tag: HtmlTag<'_>, href: &str, html: &mut String) {
    html.push_str("<a href=\"");
    escape_html(href, html);
    if let Some(title) = tag.get("title") {
        html.extend(["\" title=\"", title]);
    }
    html.push_str("\">");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_known_articles_become_local() {
        let id = ArticleId::from_url("202205302396506117").expect("an id");
        let local = |other: ArticleId| (other == id).then(|| "/base/a&b.html".to_owned());
        for (html, expected) in [
            (
                "<p>见<a href=\"https://f.example/a/202205302396506117.html\" rel=\"nofollow\">全文</a></p>",
                "<p>见<a href=\"/base/a&amp;b.html\">全文</a></p>",
            ),
            (
                "<a href=\"//f.example/?i=NW202205302396506117\" title=\"甲 &gt; 乙\">全文</a>",
                "<a href=\"/base/a&amp;b.html\" title=\"甲 &gt; 乙\">全文</a>",
            ),
            (
                "<a href=\"/a/202205302396506117.html\">甲</a>",
                "<a href=\"/a/202205302396506117.html\">甲</a>",
            ),
            (
                "<a href=\"https://f.example/202205302396506118\">甲</a>202205302396506117",
                "<a href=\"https://f.example/202205302396506118\">甲</a>202205302396506117",
            ),
        ] {
            let body = BodyHtml::from_stored(html.to_owned()).with_local_links(local);
            assert_eq!(body.as_str(), expected, "{html}");
        }
    }
}
