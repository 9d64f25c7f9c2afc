//! Rewrites the links and images of a post body as absolute URLs, for feed readers and link previews.

use url::Url;

use crate::archive::body::{BodyHtml, CHART_CLASS, HtmlPiece, HtmlTag};

/// The attributes that hold a URL.
const URLS: [&str; 4] = ["href", "src", "cite", "poster"];

/// Returns a body with its URLs resolved against the URL of its page. If `page` is not an absolute URL, the
/// body is returned unchanged.
pub(crate) fn body(html: &BodyHtml, page: &str) -> String {
    let Ok(page) = Url::parse(page) else { return html.as_str().to_owned() };
    let mut out = String::with_capacity(html.as_str().len() + html.as_str().len() / 8);
    for piece in html.pieces() {
        match piece {
            HtmlPiece::Text(text) => out.push_str(text),
            HtmlPiece::Tag(tag) => write_tag(tag, &page, &mut out),
        }
    }
    out
}

/// Returns the URL of the first image of a body that is no chart of a quote site, resolved against the URL of its page.
pub(crate) fn first_image(html: &BodyHtml, page: &str) -> Option<String> {
    let page = Url::parse(page).ok()?;
    // The name of the chart's block, and the number of open elements of that name from the block on.
    let (mut chart, mut depth) = ("", 0_usize);
    for piece in html.pieces() {
        let HtmlPiece::Tag(tag) = piece else { continue };
        if depth > 0 {
            if tag.name == chart {
                depth = if tag.closes { depth - 1 } else { depth + 1 };
            }
        } else if tag.get("class") == Some(CHART_CLASS) {
            (chart, depth) = (tag.name, 1);
        } else if tag.name == "img"
            && let Some(src) = tag.get("src")
        {
            return whole("src", src, &page).map(Into::into);
        }
    }
    None
}

/// Writes a tag with resolved URLs.
fn write_tag(tag: HtmlTag<'_>, page: &Url, out: &mut String) {
    if tag.attributes().next().is_none() {
        out.push_str(tag.html);
        return;
    }
    out.extend(["<", tag.name]);
    for (name, value) in tag.attributes() {
        let url = whole(name, value, page).map(|url| url.as_str().replace('&', "&amp;"));
        out.extend([" ", name, "=\"", url.as_deref().unwrap_or(value), "\""]);
    }
    out.push('>');
}

/// Resolves the value of an attribute that holds a URL. Returns `None` for other attributes and invalid URLs.
fn whole(name: &str, value: &str, page: &Url) -> Option<Url> {
    if !URLS.contains(&name) {
        return None;
    }
    page.join(&value.replace("&quot;", "\"").replace("&amp;", "&")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_image_is_no_chart() {
        let table = [
            ("<p>甲</p>", None),
            ("<p>甲<img src=\"/a.png\"><img src=\"b.png\"></p>", Some("https://news.example/a.png")),
            ("<p><img alt=\"\"><img src=\"b.png\"></p>", Some("https://news.example/x/b.png")),
            (
                "<p class=\"quote-chart\"><a><img src=\"k.png\"></a><img src=\"k.png\"></p>\
                 <p class=\"ta-center\"><img src=\"a.png\"></p>",
                Some("https://news.example/x/a.png"),
            ),
            (
                "<div class=\"quote-chart\"><div><p></p></div><img src=\"k.png\"></div><img src=\"/a.png\">",
                Some("https://news.example/a.png"),
            ),
            ("<p class=\"quote-chart\"><img src=\"k.png\"></p><p>甲</p>", None),
        ];
        for (html, expected) in table {
            let body = BodyHtml::from_stored(html.to_owned());
            assert_eq!(first_image(&body, "https://news.example/x/1.html").as_deref(), expected, "{html}");
        }
    }

    #[test]
    fn relative_links_and_images_become_absolute() {
        let absolute = |html: &str, page| body(&BodyHtml::from_stored(html.to_owned()), page);
        let page = "https://news.example/base/emnews/2021/12/09/1.html";
        let table = [
            (
                "<a href=\"/base/stock/600160.SH.html\">甲</a>",
                "<a href=\"https://news.example/base/stock/600160.SH.html\">甲</a>",
            ),
            (
                "<a href=\"../x/\" class=\"q\">返</a>",
                "<a href=\"https://news.example/base/emnews/2021/12/x/\" class=\"q\">返</a>",
            ),
            (
                "<a href=\"#ui\">脚</a>",
                "<a href=\"https://news.example/base/emnews/2021/12/09/1.html#ui\">脚</a>",
            ),
            (
                "<img src=\"//e.example/a.png?b&amp;c\" alt=\"a &gt; b\">",
                "<img src=\"https://e.example/a.png?b&amp;c\" alt=\"a &gt; b\">",
            ),
            (
                "<video controls=\"\" poster=\"/p.png\"><source src=\"a.mp4\" type=\"video/mp4\"></video>",
                "<video controls=\"\" poster=\"https://news.example/p.png\">\
                 <source src=\"https://news.example/base/emnews/2021/12/09/a.mp4\" type=\"video/mp4\"></video>",
            ),
            ("<p title=\"href=\">1 < 2</p>", "<p title=\"href=\">1 < 2</p>"),
            ("<a href=\"mailto:a@b.example\">信</a>", "<a href=\"mailto:a@b.example\">信</a>"),
            ("<a href=\"http://[\">坏</a>", "<a href=\"http://[\">坏</a>"),
        ];
        for (html, expected) in table {
            assert_eq!(absolute(html, page), expected);
        }
        assert_eq!(absolute("<a href=\"/x\">x</a>", "/base/1.html"), "<a href=\"/x\">x</a>");
    }
}
